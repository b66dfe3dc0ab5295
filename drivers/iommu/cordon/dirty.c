// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: which pages devices have written, for live migration.
 *
 * In domains of stage 2 the unit sets a bit for each 4 KiB that is written in a
 * dirty log (spec 4.7), whatever the size of the block that maps it.  In those
 * of stage 1 it marks the descriptor (spec 4.4, dirty state), which io-pgtable
 * reads.
 *
 * The log has a leaf of bits for each 128 MiB in which anything is mapped, made
 * by the mapping, since a write that finds none is refused.  Leaves stay until
 * the domain goes, so that bits are read and cleared without a lock, whatever
 * is mapped and unmapped meanwhile.
 *
 * Once a bit has been set hardware may leave it at that, until an invalidation
 * (spec 4.7): what is cleared here is gathered, and iommufd has all of it
 * invalidated by one command, after which each page that had its bit cleared
 * has all that was written to it before, and every later write sets it anew.
 */
#include <linux/atomic.h>
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/kmemleak.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "cordon.h"
#include "trace.h"

/* A leaf of the log: a bit for each 4 KiB (spec 4.7) */
#define CORDON_LOG_PAGE_LG2	12
#define CORDON_LOG_LEAF_LG2	27
#define CORDON_LOG_LEAF		BIT_ULL(CORDON_LOG_LEAF_LG2)

/* What a dword of it stands for */
#define CORDON_LOG_WORD_LG2	(CORDON_LOG_PAGE_LG2 + 6)

static u32 cordon_log_id(u64 iova)
{
	return iova >> CORDON_LOG_LEAF_LG2;
}

/*
 * A page of the log: 4 KiB, whatever the size of the kernel's pages.  It is found
 * by physical addresses alone.
 */
static __le64 *cordon_log_page(struct cordon_domain *domain, gfp_t gfp)
{
	__le64 *page = kzalloc_node(CORDON_DIR_PAGE_SIZE, gfp, domain->node);

	if (!page)
		return NULL;
	if (virt_to_phys(page) >> domain->oas_bits) {
		kfree(page);
		return NULL;
	}
	kmemleak_ignore(page);
	atomic_long_add(CORDON_DIR_PAGE_SIZE, &domain->table_bytes);
	return page;
}

static void cordon_log_page_free(struct cordon_domain *domain, __le64 *page)
{
	atomic_long_sub(CORDON_DIR_PAGE_SIZE, &domain->table_bytes);
	kfree(page);
}

/* What @entry leads to, made if need be; NULL without memory. */
static __le64 *cordon_log_extend(struct cordon_domain *domain, __le64 *entry,
				 gfp_t gfp)
{
	__le64 *page = cordon_log_page(domain, gfp);
	__le64 pointer, was;

	if (!page)
		return NULL;
	/* The zeroes before the pointer to them (spec 11.3). */
	dma_wmb();
	pointer = cpu_to_le64(cordon_pointer_page(virt_to_phys(page)));
	was = (__force __le64)cmpxchg((__force u64 *)entry, 0,
				      (__force u64)pointer);
	if (!was)
		return page;
	/* Another CPU maps something near by. */
	cordon_log_page_free(domain, page);
	return phys_to_virt(le64_to_cpu(was) & CORDON_PTR_PAGE);
}

/*
 * The leaf of an address; NULL if there is none, or with @make if there is no
 * memory for one.
 */
static __le64 *cordon_log_leaf(struct cordon_domain *domain, u64 iova,
			       bool make, gfp_t gfp)
{
	__le64 *page = domain->log;

	for (int level = domain->log_levels - 1; page && level >= 0; level--) {
		__le64 *entry = &page[cordon_dir_index(cordon_log_id(iova), level)];
		u64 ptr = le64_to_cpu(READ_ONCE(*entry));

		if (ptr & CORDON_PTR_V)
			page = phys_to_virt(ptr & CORDON_PTR_PAGE);
		else
			page = make ? cordon_log_extend(domain, entry, gfp) : NULL;
	}
	return page;
}

/* The bits of the dword that begins at @word which are those of the range. */
static u64 cordon_log_mask(u64 word, u64 first, u64 last)
{
	u64 end = word + BIT_ULL(CORDON_LOG_WORD_LG2) - 1;

	first = max(first, word) - word;
	last = min(last, end) - word;
	return GENMASK_ULL(last >> CORDON_LOG_PAGE_LG2,
			   first >> CORDON_LOG_PAGE_LG2);
}

/*
 * Take bits out of a dword.  Hardware and other readers may do something to it
 * at the same time: each bit that was set goes to one of them.
 */
static u64 cordon_log_take(__le64 *word, u64 mask)
{
	u64 bits = le64_to_cpu(READ_ONCE(*word)) & mask;

	if (!bits)
		return 0;
	bits = atomic64_fetch_andnot((__force s64)cpu_to_le64(mask),
				     (atomic64_t *)word);
	return le64_to_cpu((__force __le64)bits) & mask;
}

/**
 * struct cordon_log_run - pages that were written, one after the other
 * @dirty: who wants to know
 * @start: first address
 * @end: the address after the last, or @start if there is none
 */
struct cordon_log_run {
	struct iommu_dirty_bitmap *dirty;
	u64 start;
	u64 end;
};

static void cordon_log_run_end(struct cordon_log_run *run)
{
	if (run->end != run->start)
		iommu_dirty_bitmap_record(run->dirty, run->start,
					  run->end - run->start);
	run->start = 0;
	run->end = 0;
}

/* The pages of a dword's bits. */
static void cordon_log_run_add(struct cordon_log_run *run, u64 word, u64 bits)
{
	while (bits) {
		unsigned int first = __ffs64(bits);
		u64 from = word + ((u64)first << CORDON_LOG_PAGE_LG2);
		unsigned int nr;

		bits >>= first;
		nr = ~bits ? __ffs64(~bits) : 64;
		bits = nr == 64 ? 0 : bits >> nr;
		word = from + ((u64)nr << CORDON_LOG_PAGE_LG2);
		if (run->end != from) {
			cordon_log_run_end(run);
			run->start = from;
		}
		run->end = word;
	}
}

/* Read, and unless @keep clear, the bits of a range within one leaf. */
static void cordon_log_collect(__le64 *leaf, u64 first, u64 last, bool keep,
			       struct cordon_log_run *run)
{
	u64 base = round_down(first, CORDON_LOG_LEAF);
	u64 word = round_down(first, BIT_ULL(CORDON_LOG_WORD_LG2));

	for (; word <= last; word += BIT_ULL(CORDON_LOG_WORD_LG2)) {
		__le64 *at = &leaf[(word - base) >> CORDON_LOG_WORD_LG2];
		u64 mask = cordon_log_mask(word, first, last), bits;

		if (keep)
			bits = le64_to_cpu(READ_ONCE(*at)) & mask;
		else
			bits = cordon_log_take(at, mask);
		if (run)
			cordon_log_run_add(run, word, bits);
	}
}

/**
 * cordon_log_cover() - let hardware log writes to a range, none of which it has
 * @domain: the domain
 * @iova: start of the range, in which nothing is mapped
 * @size: its length in bytes, not 0
 * @gfp: how to allocate
 *
 * To be called before the range is mapped: a write that finds no leaf is refused
 * (spec 4.7).  What was written to former pages there is forgotten.  Hardware
 * remembers none of it, for these pages have been invalidated.  No lock.
 *
 * Return: 0 or -ENOMEM, and then there are a few leaves more at the most.
 */
int cordon_log_cover(struct cordon_domain *domain, unsigned long iova,
		     size_t size, gfp_t gfp)
{
	u64 end = iova + size - 1;

	for (u64 first = iova, last; first <= end; first = last + 1) {
		__le64 *leaf = cordon_log_leaf(domain, first, true, gfp);

		if (!leaf)
			return -ENOMEM;
		last = min(end, first | (CORDON_LOG_LEAF - 1));
		cordon_log_collect(leaf, first, last, false, NULL);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_log_cover);

/**
 * cordon_log_init() - make an empty log
 * @domain: a domain of stage 2, whose input addresses are as wide as they will be
 *
 * Return: 0 or -ENOMEM.
 */
int cordon_log_init(struct cordon_domain *domain)
{
	u64 last = BIT_ULL(domain->ias_bits) - 1;

	domain->log_levels = cordon_dir_levels(cordon_log_id(last));
	domain->log = cordon_log_page(domain, GFP_KERNEL);
	return domain->log ? 0 : -ENOMEM;
}

static void cordon_log_free_level(struct cordon_domain *domain, __le64 *page,
				  unsigned int level)
{
	for (unsigned int i = 0; level && i < CORDON_DIR_ENTRIES; i++) {
		u64 ptr = le64_to_cpu(page[i]);

		if (ptr & CORDON_PTR_V)
			cordon_log_free_level(domain,
					      phys_to_virt(ptr & CORDON_PTR_PAGE),
					      level - 1);
	}
	cordon_log_page_free(domain, page);
}

/**
 * cordon_log_free() - free the log, if there is one
 * @domain: a domain that no unit can reach any more; if one that died may, the
 *	log is kept
 */
void cordon_log_free(struct cordon_domain *domain)
{
	if (domain->log && !domain->leaked)
		cordon_log_free_level(domain, domain->log, domain->log_levels);
}

/**
 * cordon_dirty_fits() - can a unit track writes in a domain that does?
 * @domain: the domain
 * @caps: capabilities of the unit
 *
 * Return: true if it can, or if the domain does not track any.
 */
bool cordon_dirty_fits(const struct cordon_domain *domain,
		       const struct cordon_caps *caps)
{
	if (!domain->domain.dirty_ops)
		return true;
	return cordon_dirty_capable(caps, domain->stage);
}

/**
 * cordon_dirty_capable() - can a unit track writes in domains of a stage?
 * @caps: capabilities of the unit
 * @stage: the stage
 *
 * Return: true if it can.
 */
bool cordon_dirty_capable(const struct cordon_caps *caps,
			  enum cordon_stage stage)
{
	const u64 needed[CORDON_STAGES] = {
		[CORDON_STAGE1] = CORDON_CAP1_HA | CORDON_CAP1_HD,
		[CORDON_STAGE2] = CORDON_CAP1_DIRTY,
	};

	return caps->pgsizes[stage] &&
	       (caps->features & needed[stage]) == needed[stage];
}

/*
 * Contexts of all devices in the domain that say what it has come to, and then
 * nothing that the unit remembers of the log (spec 12.4).
 */
static int cordon_dirty_tell_unit(struct cordon_domain *domain,
				  struct cordon_unit *unit)
{
	struct cordon_cmd cmd = cordon_inv_domain(domain->tags);
	struct cordon_bond *bond;
	int ret;

	lockdep_assert_held(&unit->lock);

	scoped_guard(rcu) {
		bond = cordon_bond_find(domain, unit);
		if (!bond)
			return 0;
		WRITE_ONCE(bond->logging, READ_ONCE(domain->logging));
	}
	ret = cordon_renew_locked(unit, &domain->domain);
	return ret ?: cordon_unit_run(unit, &cmd, 1);
}

/* A unit that does not know yet whether writes are to be logged. */
static struct cordon_unit *cordon_dirty_next(struct cordon_domain *domain)
{
	struct cordon_bond *bond;

	guard(rcu)();
	list_for_each_entry_rcu(bond, &domain->bonds, list) {
		if (READ_ONCE(bond->logging) != READ_ONCE(domain->logging))
			return bond->unit;
	}
	return NULL;
}

/*
 * Have all units know.  Each is asked once, for it is put down in its bond.  A
 * unit stays as long as the module, so nothing need hold it in between.
 */
static int cordon_dirty_tell(struct cordon_domain *domain)
{
	struct cordon_unit *unit;
	int ret = 0, err;

	/*
	 * The decision before the list of bonds is read: whoever attaches a
	 * device sees it, or has put a bond there.  Pairs with the barrier in
	 * cordon_bond_get().
	 */
	dma_mb();
	while ((unit = cordon_dirty_next(domain))) {
		guard(mutex)(&unit->lock);
		err = cordon_dirty_tell_unit(domain, unit);
		if (err)
			ret = err;
	}
	return ret;
}

/*
 * &struct iommu_dirty_ops.set_dirty_tracking, spec 12.4.  In domains of stage 1
 * hardware marks what is written at all times: an entry that is marked already,
 * as those of new mappings are, costs nothing.
 */
static int cordon_set_dirty_tracking(struct iommu_domain *domain, bool enabled)
{
	struct cordon_domain *cdom = to_cordon_domain(domain);
	int ret;

	if (!cdom->log)
		return 0;

	guard(mutex)(&cdom->dirty_lock);
	if (cdom->logging == enabled)
		return 0;
	WRITE_ONCE(cdom->logging, enabled);
	ret = cordon_dirty_tell(cdom);
	trace_cordon_dirty_tracking(cdom->tags, cdom->name ?: "-", enabled, ret);
	/* A unit that died writes nothing any more, as far as it listens. */
	if (!ret || !enabled)
		return 0;
	WRITE_ONCE(cdom->logging, false);
	cordon_dirty_tell(cdom);
	return ret;
}

/* The range is mapped, and iommufd sees to it that it stays so. */
static int cordon_state_collect(struct cordon_domain *cdom, unsigned long iova,
				size_t size, unsigned long flags,
				struct iommu_dirty_bitmap *dirty)
{
	int ret;

	/* Beside it others may go, and tables with them. */
	cordon_tables_hold();
	ret = cdom->pgtbl->read_and_clear_dirty(cdom->pgtbl, iova, size, flags,
						dirty);
	cordon_tables_drop();
	return ret;
}

static int cordon_log_read(struct cordon_domain *cdom, unsigned long iova,
			   size_t size, unsigned long flags,
			   struct iommu_dirty_bitmap *dirty)
{
	struct cordon_log_run run = { .dirty = dirty };
	u64 end = iova + size - 1;

	if (end < iova || end >> cdom->ias_bits)
		return -EINVAL;
	for (u64 first = iova, last; first <= end; first = last + 1) {
		__le64 *leaf = cordon_log_leaf(cdom, first, false, 0);

		last = min(end, first | (CORDON_LOG_LEAF - 1));
		if (leaf)
			cordon_log_collect(leaf, first, last,
					   flags & IOMMU_DIRTY_NO_CLEAR, &run);
		cond_resched();
	}
	cordon_log_run_end(&run);
	return 0;
}

/*
 * &struct iommu_dirty_ops.read_and_clear_dirty.  May sleep.  The caller
 * invalidates what has been gathered, by cordon_iotlb_sync(), before anybody
 * relies on it.
 */
static int cordon_read_and_clear_dirty(struct iommu_domain *domain,
				       unsigned long iova, size_t size,
				       unsigned long flags,
				       struct iommu_dirty_bitmap *dirty)
{
	struct cordon_domain *cdom = to_cordon_domain(domain);
	int ret;

	if (!size)
		return -EINVAL;
	if (cdom->log)
		ret = cordon_log_read(cdom, iova, size, flags, dirty);
	else
		ret = cordon_state_collect(cdom, iova, size, flags, dirty);
	/* No table went: LEAF is enough (spec 11.2). */
	if (dirty->gather && !(flags & IOMMU_DIRTY_NO_CLEAR))
		dirty->gather->pgsize |= cdom->granule;
	return ret;
}

const struct iommu_dirty_ops cordon_dirty_ops = {
	.set_dirty_tracking = cordon_set_dirty_tracking,
	.read_and_clear_dirty = cordon_read_and_clear_dirty,
};
