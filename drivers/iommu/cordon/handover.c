// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: devices that firmware left at work (spec 12.3).
 *
 * A device whose node in the device tree names reserved memory, by
 * memory-region, which that memory's iommu-addresses give to the device, may be
 * at work when the unit is found live: a display that shows the boot logo, say.
 * It gets a context in the driver's own directory, before that is in force, that
 * maps these regions one to one and nothing else.  What firmware mapped is not
 * looked at.
 *
 * When the device is attached for the first time, to a domain in which the IOMMU
 * core has mapped the same regions, that is one store as ever, and the handover
 * ends.  If no driver comes, it lasts until the unit is stopped: the memory is
 * reserved for the device, and nobody else's.
 */
#include <linux/cleanup.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_pci.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "cordon.h"

/**
 * struct cordon_handover - a device that nobody has attached yet
 * @list: in &cordon_unit.handovers
 * @np: its node
 * @domain: maps its regions and nothing else
 * @cdev: takes part in its streams; in no list, and has no &struct device
 */
struct cordon_handover {
	struct list_head list;
	struct device_node *np;
	struct iommu_domain *domain;
	struct cordon_device *cdev;
};

/**
 * struct cordon_keeping - a handover in the making
 * @unit: the unit
 * @np: the device's node
 * @domain: where its regions are mapped
 * @prot: with these IOMMU_* permissions
 * @kept: how many there are
 */
struct cordon_keeping {
	struct cordon_unit *unit;
	struct device_node *np;
	struct iommu_domain *domain;
	int prot;
	unsigned int kept;
};

typedef void (*cordon_region_fn)(struct cordon_keeping *keeping,
				 struct device_node *region, phys_addr_t iova,
				 size_t length);

static void cordon_region_bad(struct device *dev, struct device_node *np,
			      struct device_node *region, const char *what)
{
	dev_err(dev, "%pOF: reserved region %pOFn %s\n", np, region, what);
}

/*
 * One entry of a region's iommu-addresses: a phandle, then an address and a
 * length as the bus of the device that it names writes them.  *@maps is moved
 * behind it.  *@length is 0 if the entry is for another device than @np.
 */
static int cordon_region_parse(struct device *dev, struct device_node *np,
			       struct device_node *region, const __be32 **maps,
			       const __be32 *end, phys_addr_t *iova,
			       size_t *length)
{
	const __be32 *next = *maps + 1;
	struct device_node *who;
	const char *what = NULL;

	who = of_find_node_by_phandle(be32_to_cpup(*maps));
	if (!who) {
		what = "has iommu-addresses of no device";
	} else if (end - next < of_n_addr_cells(who) + of_n_size_cells(who)) {
		what = "has iommu-addresses that end too early";
	} else {
		next = of_translate_dma_region(who, next, iova, length);
		if (!next || next > end)
			what = "has iommu-addresses that its bus cannot have";
	}
	if (who != np)
		*length = 0;
	else if (!what && !*length)
		what = "has no length";
	of_node_put(who);

	*maps = next;
	if (!what)
		return 0;
	cordon_region_bad(dev, np, region, what);
	return -EINVAL;
}

/*
 * Goes over the regions of @np as of_iommu_get_resv_regions() does, but reads
 * nothing that is not there.
 */
static int cordon_regions_walk(struct device *dev, struct device_node *np,
			       cordon_region_fn take,
			       struct cordon_keeping *keeping)
{
	struct of_phandle_iterator it;
	int err, size, ret = 0;

	of_for_each_phandle(&it, err, np, "memory-region", NULL, 0) {
		const __be32 *maps = of_get_property(it.node, "iommu-addresses",
						     &size);
		const __be32 *end = maps ? maps + size / sizeof(*maps) : NULL;
		phys_addr_t iova;
		size_t length;

		while (maps < end) {
			/* Where the next entry is, nobody knows then. */
			ret = cordon_region_parse(dev, np, it.node, &maps, end,
						  &iova, &length);
			if (ret) {
				of_node_put(it.node);
				return ret;
			}
			if (length && take)
				take(keeping, it.node, iova, length);
		}
	}
	return 0;
}

/**
 * cordon_regions_sound() - can the reserved regions of a device be read?
 * @dev: who says so if not
 * @np: the device's node
 *
 * Return: false if the device tree is malformed there, which has been logged.
 */
bool cordon_regions_sound(struct device *dev, struct device_node *np)
{
	return !cordon_regions_walk(dev, np, NULL, NULL);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_regions_sound);

/*
 * Memory that the kernel hands out is reserved for nobody, whatever the device
 * tree says: a region that overlaps with the kernel's own, or one that it may
 * use until its driver comes ("reusable").
 */
static bool cordon_region_is_lent(phys_addr_t start, phys_addr_t last)
{
	unsigned long pfn = PHYS_PFN(start);

	while (pfn <= PHYS_PFN(last)) {
		if (!pfn_valid(pfn))
			pfn = ALIGN(pfn + 1, PHYS_PFN(SZ_2M));
		else if (PageReserved(pfn_to_page(pfn)))
			pfn++;
		else
			return true;
		cond_resched();
	}
	return false;
}

/* What is wrong with a region as one to be kept, or NULL. */
static const char *cordon_region_wrong(const struct cordon_keeping *keeping,
				       struct device_node *region,
				       phys_addr_t iova, size_t length)
{
	const struct cordon_domain *cdom = to_cordon_domain(keeping->domain);
	phys_addr_t last = iova + length - 1;
	struct resource res;

	if (of_address_to_resource(region, 0, &res))
		return "has a malformed reg";
	if (iova != res.start || last != res.end)
		return "has other addresses on the bus than in memory";
	if (last < iova || last > cdom->domain.geometry.aperture_end ||
	    last >> cdom->oas_bits)
		return "is beyond the unit's addresses";
	if (!IS_ALIGNED(iova | length, cdom->granule))
		return "does not begin and end with a page";
	if (cordon_region_is_lent(iova, last))
		return "is memory that the kernel uses";
	return NULL;
}

/* Map what is not mapped yet of a region. */
static int cordon_region_map(struct cordon_keeping *keeping, phys_addr_t start,
			     size_t length, bool *overlaps)
{
	size_t granule = to_cordon_domain(keeping->domain)->granule;
	phys_addr_t end = start + length;
	int ret = 0;

	for (phys_addr_t addr = start; addr < end && !ret; addr += granule) {
		/* The rest of a region that begins with what is mapped. */
		if (iommu_iova_to_phys(keeping->domain, addr)) {
			*overlaps = true;
			start = addr + granule;
			continue;
		}
		if (addr + granule < end &&
		    !iommu_iova_to_phys(keeping->domain, addr + granule))
			continue;
		ret = iommu_map(keeping->domain, start, start,
				addr + granule - start, keeping->prot,
				GFP_KERNEL);
		start = addr + granule;
	}
	return ret;
}

static void cordon_region_keep(struct cordon_keeping *keeping,
			       struct device_node *region, phys_addr_t iova,
			       size_t length)
{
	struct device *dev = keeping->unit->dev;
	phys_addr_t last = iova + length - 1;
	bool overlaps = false;
	const char *what;

	/* Only keeps addresses from being used (see the binding). */
	if (!of_property_present(region, "reg"))
		return;

	what = cordon_region_wrong(keeping, region, iova, length);
	if (!what && cordon_region_map(keeping, iova, length, &overlaps))
		what = "cannot be mapped";
	if (what) {
		dev_err(dev, "%pOF: reserved region %pOFn (%pap to %pap) %s: not kept\n",
			keeping->np, region, &iova, &last, what);
		return;
	}
	if (overlaps)
		cordon_region_bad(dev, keeping->np, region,
				  "overlaps with another one of the device");
	keeping->kept++;
	dev_info(dev, "%pOF keeps %pap to %pap until its driver comes\n",
		 keeping->np, &iova, &last);
}

static void cordon_handover_free(struct cordon_handover *handover)
{
	struct cordon_device *cdev = handover->cdev;

	for (unsigned int i = 0; i < cdev->nr_streams; i++) {
		cdev->streams[i]->handover = NULL;
		cordon_stream_put(cdev->streams[i], cdev);
	}
	/* Not before: the contexts lead to the domain. */
	if (cdev->domain)
		cordon_domain_leave(cdev, to_cordon_domain(cdev->domain));
	iommu_domain_free(handover->domain);
	kfree(cdev);
	of_node_put(handover->np);
	kfree(handover);
}

static int cordon_handover_streams(struct cordon_handover *handover,
				   const u32 *ids, unsigned int nr)
{
	struct cordon_device *cdev = handover->cdev;
	struct cordon_unit *unit = cdev->unit;
	struct cordon_stream *stream;

	for (unsigned int i = 0; i < nr; i++) {
		unsigned int j = 0;

		while (j < cdev->nr_streams && cdev->streams[j]->devid != ids[i])
			j++;
		if (j < cdev->nr_streams)
			continue;
		if (xa_load(&unit->streams, ids[i]) ||
		    ids[i] == unit->caps.unit_devid)
			return -EBUSY;
		stream = cordon_stream_get(unit, ids[i], NULL);
		if (IS_ERR(stream))
			return PTR_ERR(stream);
		cdev->nr_streams++;
		cdev->streams[j] = stream;
	}
	return 0;
}

/* Takes @domain, in which the regions are mapped. */
static int cordon_handover_make(struct cordon_unit *unit,
				struct device_node *np,
				struct iommu_domain *domain, const u32 *ids,
				unsigned int nr)
{
	struct cordon_handover *handover = kzalloc(sizeof(*handover), GFP_KERNEL);
	struct cordon_device *cdev;
	int ret;

	cdev = kzalloc(struct_size(cdev, streams, nr), GFP_KERNEL);
	if (!handover || !cdev) {
		iommu_domain_free(domain);
		kfree(handover);
		kfree(cdev);
		return -ENOMEM;
	}
	cdev->unit = unit;
	cdev->snoop = of_dma_is_coherent(np) &&
		      unit->caps.features & CORDON_CAP1_SNOOP;
	handover->np = of_node_get(np);
	handover->domain = domain;
	handover->cdev = cdev;

	guard(mutex)(&unit->lock);
	ret = cordon_handover_streams(handover, ids, nr);
	if (!ret)
		ret = cordon_attach_locked(cdev, domain);
	if (ret) {
		cordon_handover_free(handover);
		return ret;
	}
	for (unsigned int i = 0; i < cdev->nr_streams; i++)
		cdev->streams[i]->handover = handover;
	list_add_tail(&handover->list, &unit->handovers);
	return 0;
}

/* A device behind the unit, whose DeviceIDs are @ids. */
static void cordon_handover_add(struct cordon_unit *unit,
				struct device_node *np, const u32 *ids,
				unsigned int nr)
{
	struct cordon_keeping keeping = {
		.unit = unit,
		.np = np,
		.prot = IOMMU_READ | IOMMU_WRITE,
	};
	int ret = 0;

	/* As the core will do it. */
	if (of_dma_is_coherent(np))
		keeping.prot |= IOMMU_CACHE;
	keeping.domain = cordon_domain_alloc(unit,
					     cordon_stage_choose(&unit->caps, 0),
					     0);
	if (IS_ERR(keeping.domain)) {
		ret = PTR_ERR(keeping.domain);
		goto out;
	}

	/* What is wrong with one region has been said, and others are kept. */
	cordon_regions_walk(unit->dev, np, cordon_region_keep, &keeping);
	if (keeping.kept)
		ret = cordon_handover_make(unit, np, keeping.domain, ids, nr);
	else
		iommu_domain_free(keeping.domain);
out:
	if (ret)
		dev_err(unit->dev,
			"%pOF: its reserved regions cannot be kept: %pe\n", np,
			ERR_PTR(ret));
}

/* A platform master: its DeviceIDs are in its own node. */
static void cordon_handover_master(struct cordon_unit *unit,
				   struct device_node *np)
{
	u32 *ids __free(kfree) = NULL;
	struct of_phandle_args args;
	unsigned int nr = 0;
	int max;

	max = of_count_phandle_with_args(np, "iommus", "#iommu-cells");
	if (max <= 0)
		return;
	ids = kcalloc(max, sizeof(*ids), GFP_KERNEL);
	if (!ids)
		return;
	for (int i = 0; i < max; i++) {
		if (of_parse_phandle_with_args(np, "iommus", "#iommu-cells", i,
					       &args))
			break;
		if (args.np == unit->dev->of_node && args.args_count == 1)
			ids[nr++] = args.args[0];
		of_node_put(args.np);
	}
	if (nr)
		cordon_handover_add(unit, np, ids, nr);
}

/* A PCI function: its number is in its node, and the unit in its host's. */
static void cordon_handover_function(struct cordon_unit *unit,
				     struct device_node *host,
				     struct device_node *np, u32 bus)
{
	int devfn = of_pci_get_devfn(np);
	struct of_phandle_args args;

	if (devfn < 0 ||
	    of_map_iommu_id(host, PCI_DEVID(bus, devfn), &args))
		return;
	if (args.np == unit->dev->of_node && args.args_count == 1)
		cordon_handover_add(unit, np, args.args, 1);
	of_node_put(args.np);
}

static void cordon_handover_host(struct cordon_unit *unit,
				 struct device_node *host)
{
	u32 bus = 0;

	of_property_read_u32_index(host, "bus-range", 0, &bus);
	for_each_available_child_of_node_scoped(host, np) {
		if (of_property_present(np, "memory-region"))
			cordon_handover_function(unit, host, np, bus);
		for_each_available_child_of_node_scoped(np, below) {
			/* Linux numbers the buses anew, and its DeviceID with them. */
			if (of_property_present(below, "memory-region"))
				dev_warn(unit->dev,
					 "%pOF is behind a bridge: its reserved regions are not kept\n",
					 below);
		}
	}
}

/**
 * cordon_handover_prepare() - put into the directory what firmware left at work
 * @unit: a live unit, which has not been started
 *
 * What cannot be kept is blocked, and has been logged.  May sleep.
 */
void cordon_handover_prepare(struct cordon_unit *unit)
{
	struct device_node *np;

	for_each_node_with_property(np, "iommus") {
		if (of_property_present(np, "memory-region") &&
		    of_device_is_available(np))
			cordon_handover_master(unit, np);
	}
	for_each_node_with_property(np, "iommu-map") {
		if (of_device_is_available(np))
			cordon_handover_host(unit, np);
	}
}
EXPORT_SYMBOL_IF_KUNIT(cordon_handover_prepare);

/**
 * cordon_handover_end() - a device has been attached
 * @cdev: the device; its unit's lock is held, and no hardware knows what its
 *	DeviceIDs led to before
 */
void cordon_handover_end(struct cordon_device *cdev)
{
	lockdep_assert_held(&cdev->unit->lock);

	for (unsigned int i = 0; i < cdev->nr_streams; i++) {
		struct cordon_handover *handover = cdev->streams[i]->handover;

		if (likely(!handover))
			continue;
		list_del(&handover->list);
		cordon_handover_free(handover);
	}
}

/**
 * cordon_handovers_free() - no device will come for its regions any more
 * @unit: a unit that was stopped, or never started
 *
 * May sleep.
 */
void cordon_handovers_free(struct cordon_unit *unit)
{
	struct cordon_handover *handover, *next;

	guard(mutex)(&unit->lock);
	list_for_each_entry_safe(handover, next, &unit->handovers, list) {
		list_del(&handover->list);
		cordon_handover_free(handover);
	}
}
