// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: domains.
 *
 * A paging domain is a table of io-pgtable, of stage 1 or of stage 2, and a tag.
 * It can be attached to any number of devices, behind any number of units that
 * can use its tables.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/dma-mapping.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "cordon.h"
#include "trace.h"

/* All paging domains, for those who want to look at them. */
static LIST_HEAD(cordon_domains);
static DEFINE_MUTEX(cordon_domains_lock);

/**
 * cordon_domain_name() - type of a domain in words
 * @domain: the domain, or NULL
 *
 * Return: the words.
 */
const char *cordon_domain_name(const struct iommu_domain *domain)
{
	if (!domain)
		return "none";
	switch (domain->type) {
	case IOMMU_DOMAIN_BLOCKED:
		return "blocked";
	case IOMMU_DOMAIN_IDENTITY:
		return "identity";
	case IOMMU_DOMAIN_DMA:
		return "DMA";
	case IOMMU_DOMAIN_DMA_FQ:
		return "DMA-FQ";
	case IOMMU_DOMAIN_UNMANAGED:
		return "unmanaged";
	default:
		return "other";
	}
}

/**
 * cordon_domains_each() - look at each paging domain
 * @each: called for each of them, which does not go meanwhile
 * @data: handed to it
 *
 * May sleep; so may @each.
 */
void cordon_domains_each(void (*each)(struct cordon_domain *domain, void *data),
			 void *data)
{
	struct cordon_domain *domain;

	guard(mutex)(&cordon_domains_lock);
	list_for_each_entry(domain, &cordon_domains, list)
		each(domain, data);
}

/**
 * cordon_s1fmt() - format of stage-1 tables (spec 3.3.3)
 * @cfg: what io-pgtable made of them
 *
 * The encodings of granule and output size are those of TCR_EL1.
 *
 * Return: CORDON_S1FMT_*.
 */
u64 cordon_s1fmt(const struct io_pgtable_cfg *cfg)
{
	return FIELD_PREP(CORDON_S1FMT_T0SZ, cfg->arm_lpae_s1_cfg.tcr.tsz) |
	       FIELD_PREP(CORDON_S1FMT_TG, cfg->arm_lpae_s1_cfg.tcr.tg) |
	       FIELD_PREP(CORDON_S1FMT_PS, cfg->arm_lpae_s1_cfg.tcr.ips) |
	       FIELD_PREP(CORDON_S1FMT_MAIR, 0) |
	       (cfg->quirks & IO_PGTABLE_QUIRK_ARM_HD ?
		CORDON_S1FMT_HA | CORDON_S1FMT_HD : 0);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_s1fmt);

/**
 * cordon_s2fmt() - format of stage-2 tables (spec 3.3.3, 4.5)
 * @cfg: what io-pgtable made of them
 *
 * The encodings of granule, output size and start level are those of VTCR_EL2.
 * No table of io-pgtable begins at level -1, for which SL2 would be needed.
 *
 * Return: CORDON_S2FMT_*.
 */
u64 cordon_s2fmt(const struct io_pgtable_cfg *cfg)
{
	u64 fmt = FIELD_PREP(CORDON_S2FMT_T0SZ, cfg->arm_lpae_s2_cfg.vtcr.tsz) |
		  FIELD_PREP(CORDON_S2FMT_TG, cfg->arm_lpae_s2_cfg.vtcr.tg) |
		  FIELD_PREP(CORDON_S2FMT_PS, cfg->arm_lpae_s2_cfg.vtcr.ps) |
		  FIELD_PREP(CORDON_S2FMT_SL0, cfg->arm_lpae_s2_cfg.vtcr.sl);

	if (cfg->quirks & CORDON_QUIRK_S2FWB)
		fmt |= CORDON_S2FMT_FWB;
	return fmt;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_s2fmt);

/**
 * cordon_table_bits() - how wide the addresses of io-pgtable's tables can be
 * @caps: capabilities of the unit that walks them
 * @stage: stage of the tables
 *
 * Above 48 bits granules of 4K and 16K would need descriptors of another format
 * (spec 4.4, DS), which io-pgtable does not make.  It takes 64K where that is
 * the size of the kernel's pages.
 *
 * Return: bits, of input and of output.
 */
unsigned int cordon_table_bits(const struct cordon_caps *caps,
			       enum cordon_stage stage)
{
	if (caps->features & CORDON_CAP1_LVA64K && PAGE_SIZE == SZ_64K &&
	    caps->pgsizes[stage] & SZ_64K)
		return 52;
	return 48;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_table_bits);

/**
 * cordon_stage_choose() - which stage the tables of a new domain are of
 * @caps: capabilities of the unit that it is for
 * @flags: IOMMU_HWPT_ALLOC_*
 *
 * Stage 1 if the unit has it, unless others are to be put on top.  Writes are
 * tracked by a log if the unit has one, for that has a bit for each 4 KiB
 * within a block too; it belongs to stage 2 (spec 4.7).
 *
 * Return: an enum cordon_stage, or -EOPNOTSUPP.
 */
int cordon_stage_choose(const struct cordon_caps *caps, u32 flags)
{
	bool parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;

	if (flags & ~(IOMMU_HWPT_ALLOC_NEST_PARENT |
		      IOMMU_HWPT_ALLOC_DIRTY_TRACKING))
		return -EOPNOTSUPP;
	if (parent && (!caps->pgsizes[CORDON_STAGE2] ||
		       !(caps->features & CORDON_CAP1_NESTED)))
		return -EOPNOTSUPP;
	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) {
		if (cordon_dirty_capable(caps, CORDON_STAGE2))
			return CORDON_STAGE2;
		if (!parent && cordon_dirty_capable(caps, CORDON_STAGE1))
			return CORDON_STAGE1;
		return -EOPNOTSUPP;
	}
	return parent || !caps->pgsizes[CORDON_STAGE1] ? CORDON_STAGE2 :
							 CORDON_STAGE1;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_stage_choose);

/**
 * cordon_domain_tags() - what the tables of a domain are tagged with
 * @domain: the domain, or NULL
 *
 * Return: its tags, all zero if it has no tables.
 */
struct cordon_tags cordon_domain_tags(const struct iommu_domain *domain)
{
	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING))
		return (struct cordon_tags) { };
	return container_of_const(domain, struct cordon_domain, domain)->tags;
}

/**
 * cordon_domain_values() - what a domain adds to a context
 * @domain: the domain
 * @values: what the context is made from
 */
void cordon_domain_values(const struct cordon_domain *domain,
			  struct cordon_dc_values *values)
{
	values->tags = domain->tags;
	values->fmt = domain->fmt;
	if (domain->stage == CORDON_STAGE1) {
		values->s1 = CORDON_S1_TABLE;
		values->s1root = domain->root;
	} else {
		values->s1 = CORDON_S1_BYPASS;
		values->s2 = true;
		values->s2root = domain->root;
		if (READ_ONCE(domain->logging))
			values->dlroot = cordon_root_word(virt_to_phys(domain->log),
							  domain->log_levels);
	}
}

static int cordon_s1_take(struct cordon_domain *cdom, struct cordon_unit *unit,
			  const struct io_pgtable_cfg *cfg)
{
	/* Indices 0 to 3 are in use; what is above them is of no account. */
	if (lower_32_bits(cfg->arm_lpae_s1_cfg.mair) != CORDON_MAIR0) {
		dev_err(unit->dev,
			"tables use memory attributes 0x%x, the unit has 0x%x\n",
			lower_32_bits(cfg->arm_lpae_s1_cfg.mair), CORDON_MAIR0);
		return -EINVAL;
	}
	cdom->fmt = cordon_s1fmt(cfg);
	cdom->root = cfg->arm_lpae_s1_cfg.ttbr;
	return 0;
}

static int cordon_s2_take(struct cordon_domain *cdom, struct cordon_unit *unit,
			  const struct io_pgtable_cfg *cfg)
{
	cdom->fmt = cordon_s2fmt(cfg);
	cdom->root = cfg->arm_lpae_s2_cfg.vttbr;
	return 0;
}

/**
 * struct cordon_tag_pool - tags of tables
 * @used: which of them are in use
 * @next: where to look for the next one; of the second, beyond those that the
 *	narrowest unit can have
 * @name: what they are called
 *
 * They are unique across units, so that a tag in a log names one domain, and
 * are given out in turn: records of a domain's faults may wait in the queue when
 * the domain has gone, and must not be taken for the next one's.
 */
struct cordon_tag_pool {
	struct xarray used;
	u32 next[2];
	const char *name;
};

static struct cordon_tag_pool cordon_dtags = {
	.used = XARRAY_INIT(cordon_dtags.used, XA_FLAGS_ALLOC1),
	.name = "domain tags",
};

static struct cordon_tag_pool cordon_vmtags = {
	.used = XARRAY_INIT(cordon_vmtags.used, XA_FLAGS_ALLOC1),
	.name = "VM tags",
};

/**
 * struct cordon_stage_info - what differs between tables of the two stages
 * @pgtable: their format, for io-pgtable
 * @take: take from io-pgtable what contexts are to say of them
 * @tags: where their tags come from
 */
struct cordon_stage_info {
	enum io_pgtable_fmt pgtable;
	int (*take)(struct cordon_domain *cdom, struct cordon_unit *unit,
		    const struct io_pgtable_cfg *cfg);
	struct cordon_tag_pool *tags;
};

static const struct cordon_stage_info cordon_stages[CORDON_STAGES] = {
	[CORDON_STAGE1] = {
		.pgtable = ARM_64_LPAE_S1,
		.take = cordon_s1_take,
		.tags = &cordon_dtags,
	},
	[CORDON_STAGE2] = {
		.pgtable = ARM_64_LPAE_S2,
		.take = cordon_s2_take,
		.tags = &cordon_vmtags,
	},
};

/*
 * io-pgtable calls these where other hardware needs a flush.  What Cordon
 * needs is done once for all that was unmapped, by cordon_iotlb_sync(), and
 * tables are kept until then: see cordon_table_free().
 */
static void cordon_tlb_flush_all(void *cookie)
{
}

static void cordon_tlb_flush_walk(unsigned long iova, size_t size,
				  size_t granule, void *cookie)
{
}

static const struct iommu_flush_ops cordon_flush_ops = {
	.tlb_flush_all = cordon_tlb_flush_all,
	.tlb_flush_walk = cordon_tlb_flush_walk,
};

/* For cordon_iova_to_phys(): where its tables begin, and how deep they are. */
static void cordon_table_shape(struct cordon_domain *cdom)
{
	unsigned int bits, level;

	cdom->granule_lg2 = __ffs(cdom->granule);
	bits = cdom->granule_lg2 - 3;
	if (cdom->stage == CORDON_STAGE1)
		level = 4 - DIV_ROUND_UP(cdom->ias_bits - cdom->granule_lg2, bits);
	else
		/* SL0 counts from below: 0 is level 2 of 4K, or level 3 */
		level = (cdom->granule == SZ_4K ? 2 : 3) -
			FIELD_GET(CORDON_S2FMT_SL0, cdom->fmt);
	cdom->top_shift = cdom->granule_lg2 + (3 - level) * bits;
	cdom->table = phys_to_virt(cdom->root);
}

static int cordon_domain_tables(struct cordon_domain *cdom,
				struct cordon_unit *unit, u32 flags)
{
	const struct cordon_stage_info *info = &cordon_stages[cdom->stage];
	struct io_pgtable_cfg cfg = {
		/* What covers all input addresses is a table, not a block. */
		.pgsize_bitmap = unit->caps.pgsizes[cdom->stage] &
				 DMA_BIT_MASK(cdom->ias_bits),
		.ias = cdom->ias_bits,
		.oas = cdom->oas_bits,
		.coherent_walk = true,
		.tlb = &cordon_flush_ops,
		.iommu_dev = unit->dev,
		.alloc = cordon_table_alloc,
		.free = cordon_table_free,
	};
	int ret;

	/* A guest's stage 1 must not make memory less coherent than it is. */
	if (flags & IOMMU_HWPT_ALLOC_NEST_PARENT &&
	    unit->caps.features & CORDON_CAP1_FWB)
		cfg.quirks |= CORDON_QUIRK_S2FWB;
	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING &&
	    cdom->stage == CORDON_STAGE1)
		cfg.quirks |= IO_PGTABLE_QUIRK_ARM_HD;

	cdom->pgtbl = alloc_io_pgtable_ops(info->pgtable, &cfg, cdom);
	if (!cdom->pgtbl)
		return -ENOMEM;
	ret = info->take(cdom, unit, &cfg);
	if (ret)
		return ret;

	cdom->ias_bits = cfg.ias;
	cdom->oas_bits = cfg.oas;
	cdom->granule = 1UL << __ffs(cfg.pgsize_bitmap);
	cordon_table_shape(cdom);
	cdom->domain.pgsize_bitmap = cfg.pgsize_bitmap;
	cdom->domain.geometry.aperture_start = 0;
	cdom->domain.geometry.aperture_end = DMA_BIT_MASK(cfg.ias);
	cdom->domain.geometry.force_aperture = true;
	return 0;
}

/*
 * 0 is what a context without the stage has (spec 3.3.5, checks 5 and 14).  Tags
 * that the narrowest unit can have are few: who can, takes one beyond them.
 */
static int cordon_tag_alloc(struct cordon_domain *cdom, struct cordon_unit *unit)
{
	struct cordon_tag_pool *pool = cordon_stages[cdom->stage].tags;
	unsigned int bits = cordon_caps_tag_bits(&unit->caps, cdom->stage);
	unsigned int narrow = cordon_units_tag_bits(cdom->stage);
	unsigned int last = BIT(bits) - 1;
	int ret = -EBUSY;
	u32 tag;

	if (narrow < bits)
		ret = xa_alloc_cyclic(&pool->used, &tag, xa_mk_value(0),
				      XA_LIMIT(BIT(narrow), last),
				      &pool->next[1], GFP_KERNEL);
	if (ret == -EBUSY)
		ret = xa_alloc_cyclic(&pool->used, &tag, xa_mk_value(0),
				      XA_LIMIT(1, last), &pool->next[0],
				      GFP_KERNEL);
	if (ret == -EBUSY) {
		dev_err(unit->dev, "all %u %s are in use\n", last, pool->name);
		return -ENOSPC;
	}
	if (ret < 0)
		return ret;

	if (cdom->stage == CORDON_STAGE1)
		cdom->tags.dtag = tag;
	else
		cdom->tags.vmtag = tag;
	return 0;
}

static void cordon_tag_free(const struct cordon_domain *cdom)
{
	xa_erase(&cordon_stages[cdom->stage].tags->used,
		 cdom->tags.dtag ?: cdom->tags.vmtag);
}

static void cordon_domain_free(struct iommu_domain *domain)
{
	struct cordon_domain *cdom = to_cordon_domain(domain);

	/*
	 * Nothing is attached.  cordon_bond_put() has invalidated the tag on
	 * each unit that was, or has found that unit dead.
	 */
	WARN_ON_ONCE(!list_empty(&cdom->bonds));
	scoped_guard(mutex, &cordon_domains_lock)
		list_del(&cdom->list);
	if (cdom->leaked)
		pr_err("cordon: tables with VM tag %u and domain tag %u are kept: a unit that died may walk them\n",
		       cdom->tags.vmtag, cdom->tags.dtag);
	cordon_tables_release(cdom);
	cdom->private = true;
	free_io_pgtable_ops(cdom->pgtbl);
	cordon_log_free(cdom);
	if (!cdom->leaked)
		cordon_tag_free(cdom);
	mutex_destroy(&cdom->dirty_lock);
	kfree(cdom->name);
	kfree(cdom);
}

/**
 * cordon_domain_alloc() - make a paging domain
 * @unit: unit of the first device that it is for
 * @stage: a stage that the driver can use there
 * @flags: IOMMU_HWPT_ALLOC_*; see cordon_stage_choose()
 *
 * Return: the domain, or ERR_PTR: -ENOMEM, -ENOSPC if all tags are in use, or
 * -EINVAL.
 */
struct iommu_domain *cordon_domain_alloc(struct cordon_unit *unit,
					 enum cordon_stage stage, u32 flags)
{
	unsigned int bits = cordon_table_bits(&unit->caps, stage);
	struct cordon_domain *cdom = kzalloc(sizeof(*cdom), GFP_KERNEL);
	int ret;

	if (!cdom)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&cdom->bonds);
	spin_lock_init(&cdom->lock);
	mutex_init(&cdom->dirty_lock);
	init_llist_head(&cdom->deferred);
	cdom->domain.ops = &cordon_paging_ops;
	cdom->domain.type = IOMMU_DOMAIN_UNMANAGED;
	cdom->stage = stage;
	cdom->node = dev_to_node(unit->dev);
	cdom->ias_bits = min_t(unsigned int, unit->caps.ias_bits, bits);
	cdom->oas_bits = min_t(unsigned int, unit->caps.oas_bits, bits);
	cdom->prot_mask = ~0;
	/* Stage 2 has one permission for all (spec 4.5). */
	if (stage == CORDON_STAGE2 ||
	    !(unit->caps.features & CORDON_CAP1_PRIV))
		cdom->prot_mask &= ~IOMMU_PRIV;

	ret = cordon_tag_alloc(cdom, unit);
	if (ret)
		goto err_free;

	ret = cordon_domain_tables(cdom, unit, flags);
	if (ret)
		goto err_tables;
	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) {
		cdom->domain.dirty_ops = &cordon_dirty_ops;
		ret = stage == CORDON_STAGE2 ? cordon_log_init(cdom) : 0;
		if (ret)
			goto err_tables;
	}
	if (cdom->log || !(cdom->prot_mask & IOMMU_PRIV))
		cdom->domain.ops = &cordon_limited_ops;
	scoped_guard(mutex, &cordon_domains_lock)
		list_add_tail(&cdom->list, &cordon_domains);
	return &cdom->domain;

err_tables:
	cdom->private = true;
	if (cdom->pgtbl)
		free_io_pgtable_ops(cdom->pgtbl);
	cordon_tables_release(cdom);
	cordon_tag_free(cdom);
err_free:
	mutex_destroy(&cdom->dirty_lock);
	kfree(cdom);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_domain_alloc);

/**
 * cordon_domain_fits() - can a unit use a domain's tables?
 * @domain: the domain, made for another unit perhaps
 * @unit: the unit
 *
 * Return: 0 or -EINVAL, for which the core looks for another domain.
 */
int cordon_domain_fits(const struct cordon_domain *domain,
		       const struct cordon_unit *unit)
{
	const struct cordon_caps *caps = &unit->caps;
	u32 tag = domain->tags.dtag ?: domain->tags.vmtag;
	unsigned int bits = cordon_table_bits(caps, domain->stage);

	if (!(caps->pgsizes[domain->stage] & domain->granule) ||
	    tag >> cordon_caps_tag_bits(caps, domain->stage) ||
	    domain->ias_bits > min(caps->ias_bits, bits) ||
	    domain->oas_bits > min(caps->oas_bits, bits))
		return -EINVAL;
	if (domain->fmt & CORDON_S2FMT_FWB &&
	    !(caps->features & CORDON_CAP1_FWB))
		return -EINVAL;
	/* It may be told to track writes at any time. */
	if (!cordon_dirty_fits(domain, caps))
		return -EINVAL;
	/* Pages that are privileged there would be open to all here. */
	if ((domain->prot_mask & IOMMU_PRIV) &&
	    !(caps->features & CORDON_CAP1_PRIV))
		return -EINVAL;
	return 0;
}

/**
 * cordon_bond_find() - what a domain has to do with a unit
 * @domain: the domain
 * @unit: the unit; its lock is held, and rcu_read_lock()
 *
 * Return: the bond, which stays as long as the unit's lock is held, or NULL.
 */
struct cordon_bond *cordon_bond_find(struct cordon_domain *domain,
				     struct cordon_unit *unit)
{
	struct cordon_bond *bond;

	/* Bonds of this unit come and go under its lock only. */
	list_for_each_entry_rcu(bond, &domain->bonds, list,
				lockdep_is_held(&unit->lock)) {
		if (bond->unit == unit)
			return bond;
	}
	return NULL;
}

/**
 * cordon_bond_get() - have a domain invalidate a unit from now on
 * @domain: the domain
 * @unit: the unit; its lock is held
 * @fresh: a bond to use if there is none yet
 *
 * To be called before a context that names the domain is published.
 *
 * Return: @fresh if it was not needed, else NULL.
 */
struct cordon_bond *cordon_bond_get(struct cordon_domain *domain,
				    struct cordon_unit *unit,
				    struct cordon_bond *fresh)
{
	struct cordon_bond *bond;

	lockdep_assert_held(&unit->lock);

	scoped_guard(rcu)
		bond = cordon_bond_find(domain, unit);
	if (bond) {
		bond->users++;
	} else {
		bond = fresh;
		fresh = NULL;
		bond->unit = unit;
		bond->users = 1;
		scoped_guard(spinlock, &domain->lock)
			list_add_rcu(&bond->list, &domain->bonds);
	}

	/*
	 * The list is changed before the context is published.  Pairs with the
	 * barrier in cordon_domain_run(), between the change of a table and
	 * the reading of the list, and with that in cordon_dirty_tell().
	 */
	dma_mb();
	if (!fresh)
		WRITE_ONCE(bond->logging, READ_ONCE(domain->logging));
	return fresh;
}

/**
 * cordon_bond_put() - the reverse of cordon_bond_get()
 * @domain: the domain
 * @unit: the unit; its lock is held
 *
 * To be called when the context that named the domain is known to no hardware
 * any more.  The last one drops what is cached of the domain: its tables will
 * change without the unit's being told.
 */
void cordon_bond_put(struct cordon_domain *domain, struct cordon_unit *unit)
{
	struct cordon_bond *bond;

	lockdep_assert_held(&unit->lock);

	scoped_guard(rcu)
		bond = cordon_bond_find(domain, unit);
	if (WARN_ON_ONCE(!bond) || --bond->users)
		return;

	if (cordon_invalidate_tags(unit, domain->tags))
		WRITE_ONCE(domain->leaked, true);
	/* Who does not find it any more sees that: pairs with cordon_domain_flush(). */
	smp_wmb();
	scoped_guard(spinlock, &domain->lock)
		list_del_rcu(&bond->list);
	kfree_rcu(bond, rcu);
}

static noinline int cordon_map_traced(struct cordon_domain *cdom,
				      unsigned long iova, phys_addr_t paddr,
				      size_t pgsize, size_t pgcount, int prot,
				      gfp_t gfp, size_t *mapped)
{
	int ret = cdom->pgtbl->map_pages(cdom->pgtbl, iova, paddr, pgsize,
					 pgcount, prot, gfp, mapped);

	trace_cordon_map(cdom->tags, cdom->name ?: "-", iova, paddr, *mapped,
			 prot, ret);
	return ret;
}

static int cordon_map_pages(struct iommu_domain *domain, unsigned long iova,
			    phys_addr_t paddr, size_t pgsize, size_t pgcount,
			    int prot, gfp_t gfp, size_t *mapped)
{
	struct cordon_domain *cdom = to_cordon_domain(domain);

	if (trace_cordon_map_enabled())
		return cordon_map_traced(cdom, iova, paddr, pgsize, pgcount,
					 prot, gfp, mapped);
	return cdom->pgtbl->map_pages(cdom->pgtbl, iova, paddr, pgsize, pgcount,
				      prot, gfp, mapped);
}

/* Where there is a log to be made ready, or privilege makes no difference. */
static int cordon_map_limited(struct iommu_domain *domain, unsigned long iova,
			      phys_addr_t paddr, size_t pgsize, size_t pgcount,
			      int prot, gfp_t gfp, size_t *mapped)
{
	struct cordon_domain *cdom = to_cordon_domain(domain);

	if (cdom->log) {
		int ret = cordon_log_cover(cdom, iova, pgsize * pgcount, gfp);

		if (ret)
			return ret;
	}
	return cordon_map_pages(domain, iova, paddr, pgsize, pgcount,
				prot & cdom->prot_mask, gfp, mapped);
}

/* Does a lazy unmapping have to be a strict one? */
static bool cordon_domain_is_strict(const struct cordon_domain *cdom)
{
	/*
	 * An untrusted device that joins is counted, and what was cached before
	 * is dropped: so either it is seen here, or that drops what has just
	 * been unmapped.  Pairs with the barrier in cordon_bond_get().
	 */
	smp_mb();
	return READ_ONCE(cdom->untrusted);
}

static size_t cordon_unmap_pages(struct iommu_domain *domain,
				 unsigned long iova, size_t pgsize,
				 size_t pgcount,
				 struct iommu_iotlb_gather *gather)
{
	struct cordon_domain *cdom = to_cordon_domain(domain);
	size_t unmapped;

	/* Without a gather io-pgtable does not go over each page again. */
	unmapped = cdom->pgtbl->unmap_pages(cdom->pgtbl, iova, pgsize, pgcount,
					    NULL);
	if (!unmapped)
		return 0;
	trace_cordon_unmap(cdom->tags, cdom->name ?: "-", iova, unmapped,
			   iommu_iotlb_gather_queued(gather));
	if (!iommu_iotlb_gather_queued(gather))
		cordon_gather_add(gather, iova, unmapped, pgsize);
	else if (cordon_domain_is_strict(cdom))
		cordon_unmap_strictly(cdom, iova, unmapped, pgsize);
	return unmapped;
}

/*
 * The DMA API asks at each unmapping, so this is not left to io-pgtable, which
 * takes twice as long; but for addresses that are more than bits of a descriptor
 * in their place.
 */
static phys_addr_t cordon_iova_to_phys(struct iommu_domain *domain,
				       dma_addr_t iova)
{
	struct cordon_domain *cdom = to_cordon_domain(domain);
	unsigned int bits = cdom->granule_lg2 - 3, shift = cdom->top_shift;
	const u64 *table = cdom->table;
	u64 entry;

	if (unlikely(iova >> cdom->ias_bits))
		return 0;
	if (unlikely(cdom->oas_bits > 48))
		return cdom->pgtbl->iova_to_phys(cdom->pgtbl, iova);
	/* The root may be smaller than a table, or several of them in a row. */
	entry = READ_ONCE(table[iova >> shift]);
	while (entry & CORDON_D_VALID) {
		u64 addr = entry & GENMASK_ULL(47, 12);

		if (shift == cdom->granule_lg2 || !(entry & CORDON_D_TABLE))
			return (addr & GENMASK_ULL(47, shift)) |
			       (iova & (BIT_ULL(shift) - 1));
		shift -= bits;
		table = phys_to_virt(addr);
		entry = READ_ONCE(table[(iova >> shift) & (BIT(bits) - 1)]);
	}
	return 0;
}

static bool cordon_enforce_cache_coherency(struct iommu_domain *domain)
{
	struct cordon_domain *cdom = to_cordon_domain(domain);
	bool enforced;

	spin_lock(&cdom->lock);
	if (!cdom->snoopless)
		cdom->enforced = true;
	enforced = cdom->enforced;
	spin_unlock(&cdom->lock);
	return enforced;
}

const struct iommu_domain_ops cordon_paging_ops = {
	.attach_dev = cordon_op_attach_dev,
	.map_pages = cordon_map_pages,
	.unmap_pages = cordon_unmap_pages,
	.iova_to_phys = cordon_iova_to_phys,
	.iotlb_sync = cordon_iotlb_sync,
	.flush_iotlb_all = cordon_flush_iotlb_all,
	.enforce_cache_coherency = cordon_enforce_cache_coherency,
	.free = cordon_domain_free,
};

/* The usual ones ask for nothing before they map. */
const struct iommu_domain_ops cordon_limited_ops = {
	.attach_dev = cordon_op_attach_dev,
	.map_pages = cordon_map_limited,
	.unmap_pages = cordon_unmap_pages,
	.iova_to_phys = cordon_iova_to_phys,
	.iotlb_sync = cordon_iotlb_sync,
	.flush_iotlb_all = cordon_flush_iotlb_all,
	.enforce_cache_coherency = cordon_enforce_cache_coherency,
	.free = cordon_domain_free,
};

static const struct iommu_domain_ops cordon_static_ops = {
	.attach_dev = cordon_op_attach_dev,
};

struct iommu_domain cordon_identity_domain = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &cordon_static_ops,
};
EXPORT_SYMBOL_IF_KUNIT(cordon_identity_domain);

struct iommu_domain cordon_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &cordon_static_ops,
};
EXPORT_SYMBOL_IF_KUNIT(cordon_blocked_domain);
