// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: devices, and what the IOMMU core asks for.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/dma-map-ops.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <uapi/linux/cordon.h>
#include <uapi/linux/iommufd.h>

#include "cordon.h"
#include "trace.h"

/*
 * The core puts it down in the device only after the IOMMU has been asked about
 * the device: look where it will look, at the node of the device, or of a PCI
 * device's host bridge.
 */
static bool cordon_is_coherent(struct device *dev)
{
	struct device *told = dev;

	if (dev_is_dma_coherent(dev))
		return true;
	if (dev_is_pci(dev))
		told = pci_find_host_bridge(to_pci_dev(dev)->bus)->dev.parent;
	return told && told->of_node && of_dma_is_coherent(told->of_node);
}

/*
 * Behind a port that faces outwards, where anybody may plug in anything.  Not
 * all kernels mark what is there: some do on x86 alone.  The port itself counts
 * too: without ACS it is in one group with what is behind it, and comes first.
 */
static bool cordon_is_untrusted(struct device *dev)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(dev))
		return false;
	if (to_pci_dev(dev)->untrusted)
		return true;
	for (pdev = to_pci_dev(dev); pdev; pdev = pci_upstream_bridge(pdev)) {
		if (pdev->external_facing)
			return true;
	}
	return false;
}

/**
 * cordon_device_add() - have a unit know a device
 * @unit: the unit
 * @dev: the device
 * @ids: its DeviceIDs, which may repeat
 * @nr: how many
 *
 * The device stays blocked until it is attached to a domain.  May sleep.
 *
 * Return: the device, or ERR_PTR: -ERANGE if the unit has no such DeviceID,
 * -EBUSY for one that is the unit's own, -ENOMEM, or -ETIMEDOUT or -EIO if the
 * unit is dead.
 */
struct cordon_device *cordon_device_add(struct cordon_unit *unit,
					struct device *dev, const u32 *ids,
					unsigned int nr)
{
	struct cordon_device *cdev;
	struct cordon_stream *stream;
	unsigned int i, j;

	if (cordon_unit_state(unit) == CORDON_UNIT_DEAD)
		return ERR_PTR(-EIO);

	cdev = kzalloc(struct_size(cdev, streams, nr), GFP_KERNEL);
	if (!cdev)
		return ERR_PTR(-ENOMEM);
	cdev->unit = unit;
	cdev->dev = dev;
	/* Only what is coherent with the CPUs' caches anyway may be forced so. */
	cdev->snoop = cordon_is_coherent(dev) &&
		      unit->caps.features & CORDON_CAP1_SNOOP;
	cdev->untrusted = cordon_is_untrusted(dev);
	cordon_tally_init(&cdev->tally);

	mutex_lock(&unit->lock);
	for (i = 0; i < nr; i++) {
		for (j = 0; j < cdev->nr_streams; j++) {
			if (cdev->streams[j]->devid == ids[i])
				break;
		}
		if (j < cdev->nr_streams)
			continue;
		if (ids[i] == unit->caps.unit_devid)
			stream = ERR_PTR(-EBUSY);
		else
			stream = cordon_stream_get(unit, ids[i], cdev);
		if (IS_ERR(stream))
			goto err;
		cdev->nr_streams++;
		cdev->streams[j] = stream;
	}
	list_add_tail(&cdev->list, &unit->devices);
	mutex_unlock(&unit->lock);
	return cdev;

err:
	dev_err(dev, "DeviceID 0x%x cannot be used behind %s: %pe\n", ids[i],
		dev_name(unit->dev), stream);
	for (j = 0; j < cdev->nr_streams; j++)
		cordon_stream_put(cdev->streams[j], cdev);
	mutex_unlock(&unit->lock);
	kfree(cdev);
	return ERR_CAST(stream);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_device_add);

/**
 * cordon_device_remove() - the reverse of cordon_device_add()
 * @cdev: the device
 *
 * It is blocked from then on.  May sleep.
 */
void cordon_device_remove(struct cordon_device *cdev)
{
	struct cordon_unit *unit = cdev->unit;

	mutex_lock(&unit->lock);
	if (cdev->domain)
		cordon_attach_locked(cdev, &cordon_blocked_domain);
	for (unsigned int i = 0; i < cdev->nr_streams; i++)
		cordon_stream_put(cdev->streams[i], cdev);
	list_del(&cdev->list);
	cordon_fault_device_gone(cdev);
	mutex_unlock(&unit->lock);
	kfree(cdev);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_device_remove);

static bool cordon_is_paging(const struct iommu_domain *domain)
{
	return domain && (domain->type & __IOMMU_DOMAIN_PAGING);
}

/* A context for each stream, which nobody sees yet. */
static void cordon_attach_prepare(struct cordon_device *cdev,
				  struct iommu_domain *domain)
{
	struct cordon_unit *unit = cdev->unit;
	struct cordon_dc_values values = {
		.s1 = CORDON_S1_BYPASS,
		.flimit = unit->fq.device_limit,
	};

	if (cordon_is_paging(domain)) {
		values.exec = unit->caps.features & CORDON_CAP1_EXEC;
		/* It says itself that it is privileged: who would believe it? */
		values.priv = unit->caps.features & CORDON_CAP1_PRIV &&
			      !cdev->untrusted;
		values.snoop = cdev->snoop;
		cordon_domain_values(to_cordon_domain(domain), &values);
	}

	for (unsigned int i = 0; i < cdev->nr_streams; i++) {
		struct cordon_stream *stream = cdev->streams[i];

		if (domain->type == IOMMU_DOMAIN_BLOCKED) {
			stream->next = stream->blocked;
			continue;
		}
		stream->next = cordon_stream_unused(stream);
		values.fault = virt_to_phys(stream->fault);
		cordon_dc_make(stream->next, &values);
	}
}

/*
 * A DeviceID that several devices share belongs to those of them that are not
 * blocked, so that one of them can go without the others' losing it.
 */
static bool cordon_stream_is_shared(const struct cordon_stream *stream,
				    const struct cordon_device *cdev)
{
	const struct cordon_device *other;

	if (likely(stream->users == 1))
		return false;
	other = cordon_stream_other(stream, cdev);
	return other && other->domain &&
	       other->domain->type != IOMMU_DOMAIN_BLOCKED;
}

/*
 * Publish what was prepared for each stream, and wait until no hardware knows
 * what was there before.
 */
static int cordon_attach_publish(struct cordon_device *cdev)
{
	bool replaced = false;

	for (unsigned int i = 0; i < cdev->nr_streams; i++) {
		struct cordon_stream *stream = cdev->streams[i];

		if (stream->next == stream->blocked &&
		    cordon_stream_is_shared(stream, cdev))
			continue;
		if (cordon_stream_publish(stream, stream->next))
			replaced = true;
	}
	/* From absent to valid needs nothing (spec 11.2). */
	if (!replaced)
		return 0;
	return cordon_invalidate_streams(cdev->unit, cdev->streams,
					 cdev->nr_streams);
}

static int cordon_domain_join(struct cordon_device *cdev,
			      struct cordon_domain *cdom)
{
	struct cordon_bond *bond;
	bool first = false;
	int ret;

	ret = cordon_domain_fits(cdom, cdev->unit);
	if (ret)
		return ret;

	/*
	 * When the core takes a device back to the domain that it was in, it
	 * frees the other one whatever is returned: that must not fail for
	 * want of a few bytes.
	 */
	bond = kzalloc(sizeof(*bond), GFP_KERNEL | __GFP_NOFAIL);

	scoped_guard(spinlock, &cdom->lock) {
		if (!cdev->snoop && cdom->enforced)
			ret = -EINVAL;
		else if (!cdev->snoop)
			cdom->snoopless++;
		if (!ret && cdev->untrusted) {
			first = !cdom->untrusted;
			WRITE_ONCE(cdom->untrusted, cdom->untrusted + 1);
		}
	}
	if (!ret)
		bond = cordon_bond_get(cdom, cdev->unit, bond);
	kfree(bond);
	/* What others unmapped lazily is out of its reach, too. */
	if (first)
		cordon_domain_flush(cdom);
	return ret;
}

/**
 * cordon_domain_leave() - a domain need not know a device any more
 * @cdev: the device, which no context of leads to the domain; the lock of its
 *	unit is held
 * @cdom: the domain
 */
void cordon_domain_leave(struct cordon_device *cdev, struct cordon_domain *cdom)
{
	cordon_bond_put(cdom, cdev->unit);
	scoped_guard(spinlock, &cdom->lock) {
		if (!cdev->snoop)
			cdom->snoopless--;
		if (cdev->untrusted)
			WRITE_ONCE(cdom->untrusted, cdom->untrusted - 1);
	}
}

/**
 * cordon_attach_locked() - cordon_attach() for those that hold the unit's lock
 * @cdev: the device
 * @domain: the domain
 *
 * Prepare, then commit; the commit fails only if the unit is dead.  Of what a
 * dead unit knows nothing is changed or freed: a device there can be blocked
 * at the most, and leaves its domain in any case, since the core may free it.
 *
 * Return: see cordon_attach().
 */
int cordon_attach_locked(struct cordon_device *cdev,
			 struct iommu_domain *domain)
{
	struct iommu_domain *old = cdev->domain;
	bool dead = cordon_unit_state(cdev->unit) == CORDON_UNIT_DEAD;
	int ret;

	lockdep_assert_held(&cdev->unit->lock);

	/* It may come late, into a group that has such a domain (hotplug). */
	if (unlikely(cdev->untrusted &&
		     domain->type == IOMMU_DOMAIN_IDENTITY)) {
		dev_err(cdev->dev,
			"untrusted: it is not let near memory untranslated\n");
		return -EPERM;
	}

	if (unlikely(dead))
		domain = &cordon_blocked_domain;

	/* The new domain invalidates this unit before the unit knows it... */
	if (cordon_is_paging(domain)) {
		ret = cordon_domain_join(cdev, to_cordon_domain(domain));
		if (ret)
			return ret;
	}

	cordon_attach_prepare(cdev, domain);
	cdev->domain = domain;
	ret = cordon_attach_publish(cdev);
	/* What firmware's regions needed is no hardware's any more. */
	cordon_handover_end(cdev);
	/* If it is dead it may know the old contexts for ever. */
	if (ret && cordon_is_paging(old))
		WRITE_ONCE(to_cordon_domain(old)->leaked, true);

	/* ... and the old one until the unit has forgotten it. */
	if (cordon_is_paging(old))
		cordon_domain_leave(cdev, to_cordon_domain(old));

	if (ret && domain->type != IOMMU_DOMAIN_BLOCKED)
		cordon_attach_locked(cdev, &cordon_blocked_domain);
	return dead || ret ? -EIO : 0;
}

/**
 * cordon_renew_locked() - make the contexts of a domain's devices anew
 * @unit: the unit; its lock is held
 * @domain: a paging domain, which has changed in what it adds to contexts
 *
 * One store for each DeviceID, as when a device is attached: its DMA is handled
 * by the old context or the new one.  When this returns 0, no DMA uses the old
 * ones any more.
 *
 * Return: 0, or -EIO if the unit is dead; of what a dead unit knows nothing is
 * changed.
 */
int cordon_renew_locked(struct cordon_unit *unit, struct iommu_domain *domain)
{
	struct cordon_device *cdev;
	int ret;

	lockdep_assert_held(&unit->lock);

	list_for_each_entry(cdev, &unit->devices, list) {
		if (cdev->domain != domain)
			continue;
		if (cordon_unit_state(unit) == CORDON_UNIT_DEAD)
			return -EIO;
		cordon_attach_prepare(cdev, domain);
		ret = cordon_attach_publish(cdev);
		if (ret)
			return ret;
	}
	return 0;
}

/* Say once what a device has got by default, and again if that changes. */
static void cordon_attach_tell(struct cordon_device *cdev,
			       struct iommu_domain *domain)
{
	const char *how = cdev->untrusted ? "strict, untrusted" : "strict";
	struct cordon_tags tags = cordon_domain_tags(domain);

	if (domain->type == cdev->logged)
		return;
	switch (domain->type) {
	case IOMMU_DOMAIN_IDENTITY:
		dev_info(cdev->dev,
			 "identity domain: DMA passes untranslated, to all memory\n");
		break;
	case IOMMU_DOMAIN_DMA:
		dev_info(cdev->dev, "DMA domain (VM tag %u, domain tag %u): translated, %s\n",
			 tags.vmtag, tags.dtag, how);
		break;
	case IOMMU_DOMAIN_DMA_FQ:
		dev_info(cdev->dev, "DMA-FQ domain (VM tag %u, domain tag %u): translated, %s\n",
			 tags.vmtag, tags.dtag, cdev->untrusted ? how : "lazy");
		break;
	default:
		return;
	}
	cdev->logged = domain->type;
}

/* Whoever gets the device next wonders why nothing works. */
static void cordon_attach_tell_dead(struct cordon_device *cdev,
				    const struct iommu_domain *domain)
{
	if (domain->type == IOMMU_DOMAIN_BLOCKED || cdev->named)
		return;
	dev_err(cdev->dev, "stays blocked: %s is dead\n",
		dev_name(cdev->unit->dev));
	cdev->named = true;
}

static bool cordon_is_default(const struct iommu_domain *domain)
{
	return domain->type == IOMMU_DOMAIN_IDENTITY ||
	       domain->type & __IOMMU_DOMAIN_DMA_API;
}

/*
 * Where a device may always go, since nobody can do anything about a failure and
 * the core warns of one: it is blocked; it goes home to the default domain when
 * a driver or VFIO has done with it; or it is taken back after a failure, its own
 * or that of another device of its group, or after a reset.  On a dead unit that
 * changes nothing.  Whoever wants something else of one hears that there is none.
 */
static bool cordon_attach_returns(const struct cordon_device *cdev,
				  const struct iommu_domain *domain)
{
	return domain->type == IOMMU_DOMAIN_BLOCKED || domain == cdev->home ||
	       domain == cdev->told || domain == cdev->before;
}

/**
 * cordon_attach() - attach a device to a domain
 * @cdev: the device
 * @domain: a paging domain, cordon_identity_domain or cordon_blocked_domain
 *
 * Each DeviceID goes from the old domain to the new one by one store: its DMA
 * is handled by either, at any moment.  When this returns 0, no DMA uses the
 * old one any more.  May sleep.
 *
 * Return: 0; -EINVAL if the unit cannot use the domain's tables, or -EPERM if an
 * untrusted device was to pass untranslated, and then the device stays where it
 * is; or -EIO if the unit is dead, and then it has left its domain and is
 * blocked, for what that is worth.  It is blocked as well where the core is told
 * 0 of a dead unit: see cordon_attach_returns().
 */
int cordon_attach(struct cordon_device *cdev, struct iommu_domain *domain)
{
	struct cordon_unit *unit = cdev->unit;
	int ret;

	scoped_guard(mutex, &unit->lock) {
		ret = cordon_attach_locked(cdev, domain);
		if (!ret) {
			cdev->before = cdev->told;
			cdev->told = domain;
			if (cordon_is_default(domain))
				cdev->home = domain;
			cordon_attach_tell(cdev, domain);
		} else if (ret == -EIO && cordon_attach_returns(cdev, domain)) {
			/* A reset blocks a device, and takes it back after that. */
			if (domain->type != IOMMU_DOMAIN_BLOCKED)
				cdev->before = NULL;
			else if (cdev->told != domain)
				cdev->before = cdev->told;
			cdev->told = domain;
			cordon_attach_tell_dead(cdev, domain);
			ret = 0;
		}
	}

	trace_cordon_attach(unit->dev, cdev->dev, cordon_domain_name(domain),
			    cordon_domain_tags(domain), ret);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_attach);

/**
 * cordon_attach_dev() - &struct iommu_domain_ops.attach_dev of all domains
 * @domain: the domain
 * @dev: the device; its group's mutex is held
 * @old: what it leaves, which the driver knows itself
 *
 * Return: see cordon_attach().
 */
int cordon_attach_dev(struct iommu_domain *domain, struct device *dev,
		      struct iommu_domain *old)
{
	return cordon_attach(dev_iommu_priv_get(dev), domain);
}

static bool cordon_capable(struct device *dev, enum iommu_cap cap)
{
	struct cordon_device *cdev = dev_iommu_priv_get(dev);
	u64 features = cdev->unit->caps.features;

	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		/* No descriptor makes a device look into caches. */
		return features & CORDON_CAP1_COHERENT &&
		       cordon_is_coherent(dev);
	case IOMMU_CAP_NOEXEC:
		return features & CORDON_CAP1_EXEC;
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return cdev->snoop;
	case IOMMU_CAP_DEFERRED_FLUSH:
		return true;
	case IOMMU_CAP_DIRTY_TRACKING:
		/* Without iommufd's drivers' part, what is read goes nowhere. */
		return IS_ENABLED(CONFIG_IOMMUFD_DRIVER) &&
		       cordon_stage_choose(&cdev->unit->caps,
					   IOMMU_HWPT_ALLOC_DIRTY_TRACKING) >= 0;
	default:
		return false;
	}
}

/**
 * cordon_domain_alloc_paging_flags() - op of &struct iommu_ops
 * @dev: device that the domain is for
 * @flags: IOMMU_HWPT_ALLOC_*
 * @user_data: must be NULL
 *
 * Return: the domain, or ERR_PTR: -EOPNOTSUPP for what the unit or this driver
 * does not have, or see cordon_domain_alloc().
 */
struct iommu_domain *
cordon_domain_alloc_paging_flags(struct device *dev, u32 flags,
				 const struct iommu_user_data *user_data)
{
	struct cordon_device *cdev = dev_iommu_priv_get(dev);
	int stage = cordon_stage_choose(&cdev->unit->caps, flags);
	struct iommu_domain *domain;

	if (user_data)
		return ERR_PTR(-EOPNOTSUPP);
	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING &&
	    !cordon_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		return ERR_PTR(-EOPNOTSUPP);
	if (stage < 0)
		return ERR_PTR(stage);
	domain = cordon_domain_alloc(cdev->unit, stage, flags);
	/* For those who read of it; it does without if there is no memory. */
	if (!IS_ERR(domain))
		to_cordon_domain(domain)->name = kstrdup(dev_name(dev),
							 GFP_KERNEL);
	return domain;
}

static struct iommu_device *cordon_probe_device(struct device *dev)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	struct cordon_device *cdev;
	struct cordon_unit *unit;

	if (!fwspec || !fwspec->num_ids)
		return ERR_PTR(-ENODEV);
	unit = cordon_unit_find(fwspec->iommu_fwnode);
	if (!unit)
		return ERR_PTR(-ENODEV);

	/*
	 * What is wrong has been said.  Of another error than this one Linux 7.3
	 * makes the failure of the unit to register, and of all its devices.
	 */
	cdev = cordon_device_add(unit, dev, fwspec->ids, fwspec->num_ids);
	if (IS_ERR(cdev))
		return ERR_PTR(-ENODEV);
	dev_iommu_priv_set(dev, cdev);
	return &unit->iommu;
}

static void cordon_release_device(struct device *dev)
{
	cordon_device_remove(dev_iommu_priv_get(dev));
}

/*
 * The group of those that a device shares DeviceIDs with; NULL if there is none.
 * A device that leaves has its group until it is out of the unit's list, for
 * which the lock is needed.
 */
static struct iommu_group *cordon_shared_group(struct cordon_device *cdev)
{
	struct iommu_group *group = NULL, *other_group;
	struct cordon_device *other;

	guard(mutex)(&cdev->unit->lock);
	for (unsigned int i = 0; i < cdev->nr_streams; i++) {
		other = cordon_stream_other(cdev->streams[i], cdev);
		other_group = other ? iommu_group_get(other->dev) : NULL;
		if (!other_group)
			continue;
		if (!group) {
			group = other_group;
			continue;
		}
		iommu_group_put(other_group);
		if (other_group != group) {
			dev_err(cdev->dev,
				"shares DeviceIDs with devices of different groups\n");
			iommu_group_put(group);
			/* that error, for the same reason */
			return ERR_PTR(-ENODEV);
		}
	}
	return group;
}

/*
 * Devices that the unit or the bus cannot tell apart, or that can reach each
 * other without passing the unit, are one group.
 */
static struct iommu_group *cordon_device_group(struct device *dev)
{
	struct iommu_group *group = cordon_shared_group(dev_iommu_priv_get(dev));

	if (group)
		return group;
	if (dev_is_pci(dev))
		return pci_device_group(dev);
	return generic_device_group(dev);
}

static int cordon_of_xlate(struct device *dev,
			   const struct of_phandle_args *args)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);

	if (args->args_count != 1)
		return -EINVAL;
	/* One unit answers for a device; the IDs would be looked up in that. */
	if (fwspec && fwspec->iommu_fwnode != of_fwnode_handle(args->np)) {
		dev_err(dev, "is behind two units, which is not supported\n");
		return -EINVAL;
	}
	return iommu_fwspec_add_ids(dev, args->args, 1);
}

/**
 * cordon_hw_info() - op of &struct iommu_ops: what user space may know of a unit
 * @dev: a device behind it
 * @length: where to put the length of what is returned
 * @type: what is asked for, 0 for whatever there is; and where to put what it is
 *
 * Return: a struct iommu_hw_info_cordon, which the caller frees, or ERR_PTR:
 * -EOPNOTSUPP if it is not asked for, or -ENOMEM.
 */
void *cordon_hw_info(struct device *dev, u32 *length, u32 *type)
{
	struct cordon_device *cdev = dev_iommu_priv_get(dev);
	const struct cordon_cap_regs *regs = &cdev->unit->regs;
	struct iommu_hw_info_cordon *info;

	if (*type && *type != IOMMU_HW_INFO_TYPE_CORDON)
		return ERR_PTR(-EOPNOTSUPP);
	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return ERR_PTR(-ENOMEM);
	info->id = regs->id;
	info->cap0 = regs->cap0;
	info->cap1 = regs->cap1;
	info->cap2 = regs->cap2;
	info->cap3 = regs->cap3;
	info->cap4 = regs->cap4;
	*length = sizeof(*info);
	*type = IOMMU_HW_INFO_TYPE_CORDON;
	return info;
}

static void cordon_get_resv_regions(struct device *dev, struct list_head *head)
{
	struct iommu_resv_region *region;

	region = iommu_alloc_resv_region(CORDON_MSI_IOVA_BASE,
					 CORDON_MSI_IOVA_LENGTH,
					 IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO,
					 IOMMU_RESV_SW_MSI, GFP_KERNEL);
	if (!region)
		return;
	list_add_tail(&region->list, head);
	/* The core reads on where the device tree has ended. */
	if (!dev->of_node || cordon_regions_sound(dev, dev->of_node))
		iommu_dma_get_resv_regions(dev, head);
}

/* What the command line says is right for all but those that nobody trusts. */
static int cordon_def_domain_type(struct device *dev)
{
	struct cordon_device *cdev = dev_iommu_priv_get(dev);

	return cdev->untrusted ? IOMMU_DOMAIN_DMA : 0;
}

const struct iommu_ops cordon_ops = {
	.capable = cordon_capable,
	.hw_info = cordon_op_hw_info,
	CORDON_OP_DOMAIN_ALLOC,
	.probe_device = cordon_probe_device,
	.release_device = cordon_release_device,
	.device_group = cordon_device_group,
	.get_resv_regions = cordon_get_resv_regions,
	.of_xlate = cordon_of_xlate,
	.def_domain_type = cordon_def_domain_type,
	.default_domain_ops = &cordon_paging_ops,
	.identity_domain = &cordon_identity_domain,
	.blocked_domain = &cordon_blocked_domain,
	.release_domain = &cordon_blocked_domain,
	.owner = THIS_MODULE,
};
EXPORT_SYMBOL_IF_KUNIT(cordon_ops);
