// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: which change needs which invalidation (spec 11.2).
 *
 * Absent entries are never cached, so mapping and granting need no command.
 * Whatever takes something away needs one command, that carries its own
 * completion:
 *
 *						stage 1		stage 2
 *
 *	a device's pointer changes		INV_DEVICE with LEAF
 *	pages are unmapped, with LEAF		INV_RANGE	INV_S2RANGE
 *	tables are unlinked, without LEAF	INV_RANGE	INV_S2RANGE
 *	anything of a domain may have changed	INV_DTAG	INV_S2RANGE of all
 *	a domain leaves a unit			INV_DTAG	INV_VMTAG
 *
 * A queue that fails is no reason to break a promise: writing ROOT drops
 * everything that is cached and waits for all that was under way (spec 10.3).
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/smp.h>

#include "cordon.h"
#include "issue.h"
#include "trace.h"

/* Commands that are issued together. */
#define CORDON_BATCH	16

/**
 * cordon_inv_domain() - the command for any change of a table
 * @tags: tags of the table
 *
 * For stage 2 it is not INV_VMTAG, which keeps what a guest's process directory
 * made known (spec 5.4.7, 5.4.8).
 *
 * Return: the command.
 */
struct cordon_cmd cordon_inv_domain(struct cordon_tags tags)
{
	if (tags.dtag)
		return cordon_cmd_inv_dtag(tags.vmtag, tags.dtag);
	return cordon_cmd_inv_s2range(tags.vmtag, 0, U64_MAX, false, 0);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_inv_domain);

/**
 * cordon_inv_tags() - the command for tags that go out of use
 * @tags: tags that no context names any more
 *
 * Spec 11.2: "domain tag to be used for another table", and VM tag likewise.
 *
 * Return: the command.
 */
struct cordon_cmd cordon_inv_tags(struct cordon_tags tags)
{
	if (tags.dtag)
		return cordon_cmd_inv_dtag(tags.vmtag, tags.dtag);
	return cordon_cmd_inv_vmtag(tags.vmtag);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_inv_tags);

/**
 * cordon_unit_become() - a unit is in another state from now on
 * @unit: the unit
 * @state: enum cordon_unit_state
 *
 * Any context but NMI.
 */
void cordon_unit_become(struct cordon_unit *unit, int state)
{
	int was = cordon_unit_state(unit);

	WRITE_ONCE(unit->state, state);
	if (state != was)
		trace_cordon_state(unit->dev, was, state);
}

static int cordon_root_wait(struct cordon_unit *unit)
{
	ktime_t deadline = ktime_add_us(ktime_get(), cordon_timeout_us());

	for (;;) {
		/* The time first: whatever kept this CPU away, it looks again. */
		bool late = ktime_after(ktime_get(), deadline);
		u64 ack = cordon_readq(unit, CORDON_REG_ROOTACK);

		if (!(ack & CORDON_ROOT_BUSY))
			return 0;
		/* No root has reserved bits: there is nobody to wait for. */
		if (ack == U64_MAX &&
		    cordon_readq(unit, CORDON_REG_ID) == U64_MAX)
			return -ENODEV;
		if (late)
			return -ETIMEDOUT;
		udelay(1);
	}
}

/*
 * Write ROOT and wait.  The caller holds @unit->root_lock.  A unit that does
 * not answer is told to block everything, in case it listens.
 */
static int cordon_root_write_locked(struct cordon_unit *unit, u64 root)
{
	int ret;

	lockdep_assert_held(&unit->root_lock);

	unit->root = root;
	cordon_writeq(unit, CORDON_REG_ROOT, root);
	ret = cordon_root_wait(unit);
	if (!ret)
		return 0;

	cordon_unit_become(unit, CORDON_UNIT_DEAD);
	unit->root = CORDON_ROOT_SILENT;
	cordon_writeq(unit, CORDON_REG_ROOT, unit->root);
	return ret;
}

/* Not under @unit->root_lock: the console may be slow. */
static void cordon_root_complain(const struct cordon_unit *unit, int ret)
{
	if (ret == -ENODEV)
		dev_err(unit->dev,
			"registers read as ones: the unit has gone and is not used any more; its tables and contexts are not freed\n");
	else
		dev_err(unit->dev,
			"no acknowledgment of a root in %u ms: the unit is not used any more; its tables and contexts are not freed, but pages that are unmapped from now on may still be in its devices' reach\n",
			cordon_timeout_ms);
}

/**
 * cordon_unit_ask() - is it there?
 * @unit: the unit
 *
 * If its registers read as ones it is dead from now on, which is logged, and
 * nobody waits for it.
 * Any context but NMI.
 */
void cordon_unit_ask(struct cordon_unit *unit)
{
	bool first = false;

	if (cordon_readq(unit, CORDON_REG_ID) != U64_MAX)
		return;
	scoped_guard(raw_spinlock_irqsave, &unit->root_lock) {
		if (cordon_unit_state(unit) == CORDON_UNIT_RUNNING) {
			WRITE_ONCE(unit->state, CORDON_UNIT_DEAD);
			first = true;
		}
	}
	if (first)
		cordon_root_complain(unit, -ENODEV);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_ask);

/**
 * cordon_root_write() - put a root in force and wait until it is
 * @unit: the unit
 * @root: CORDON_ROOT_*
 *
 * Whatever the value, nothing that was cached before is used afterwards, and
 * every DMA that used it is over (spec 10.3).  A root without levels blocks
 * everything and stops the unit.  One with levels is only written while the
 * unit is running, which is decided under @unit->root_lock: nothing opens a
 * unit again that has just been stopped, or has died.
 *
 * Any context but NMI; spins for cordon_timeout_ms at most.  A unit that does
 * not answer is dead from then on.
 *
 * Return: 0; -ETIMEDOUT, or -ENODEV if all registers read as ones, which have
 * been logged; -ESHUTDOWN if the unit is stopped, and -EIO if it is dead, and
 * then @root was not written.
 */
int cordon_root_write(struct cordon_unit *unit, u64 root)
{
	unsigned long flags;
	int ret, was;

	raw_spin_lock_irqsave(&unit->root_lock, flags);
	was = cordon_unit_state(unit);
	if (!FIELD_GET(CORDON_ROOT_LEVELS, root)) {
		ret = cordon_root_write_locked(unit, root);
		if (!ret)
			cordon_unit_become(unit, CORDON_UNIT_STOPPED);
	} else if (was == CORDON_UNIT_RUNNING) {
		ret = cordon_root_write_locked(unit, root);
	} else {
		ret = was == CORDON_UNIT_DEAD ? -EIO : -ESHUTDOWN;
	}
	raw_spin_unlock_irqrestore(&unit->root_lock, flags);

	if ((ret == -ETIMEDOUT || ret == -ENODEV) && was != CORDON_UNIT_DEAD)
		cordon_root_complain(unit, ret);
	return ret;
}

/**
 * cordon_unit_lost() - a unit is not to be used any more
 * @unit: the unit
 *
 * It is told to block everything, in case it listens.  Any context but NMI.
 */
void cordon_unit_lost(struct cordon_unit *unit)
{
	scoped_guard(raw_spinlock_irqsave, &unit->root_lock) {
		cordon_unit_become(unit, CORDON_UNIT_DEAD);
		unit->root = CORDON_ROOT_SILENT;
		cordon_writeq(unit, CORDON_REG_ROOT, unit->root);
	}
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_lost);

/*
 * Drop everything that is cached, without a command queue.
 *
 * Many CPUs may ask at once, and wait for the lock with interrupts off.  One
 * write serves all who had asked by then, so that each waits for two at most,
 * that which was under way and its own; and once the unit is dead, for none.
 */
static int cordon_root_refresh(struct cordon_unit *unit)
{
	/* A full barrier: what the caller has changed comes before it. */
	int ticket = atomic_inc_return(&unit->root_asked);
	unsigned long flags;
	int ret, serves;

	raw_spin_lock_irqsave(&unit->root_lock, flags);
	switch (cordon_unit_state(unit)) {
	case CORDON_UNIT_RUNNING:
		ret = 0;
		if (unit->root_served - ticket >= 0)
			break;
		serves = atomic_read(&unit->root_asked);
		/* What all of them have changed comes before the write. */
		dma_mb();
		ret = cordon_root_write_locked(unit, unit->root);
		if (!ret)
			unit->root_served = serves;
		break;
	case CORDON_UNIT_STOPPED:
		ret = 0;
		break;
	default:
		ret = -EIO;
		break;
	}
	raw_spin_unlock_irqrestore(&unit->root_lock, flags);

	if (ret == -ETIMEDOUT || ret == -ENODEV)
		cordon_root_complain(unit, ret);
	return ret;
}

/*
 * The queue of the CPU that this runs on: it may run on another one by the
 * time it takes the queue's lock, which is no matter.
 */
static struct cordon_queue *cordon_unit_queue(struct cordon_unit *unit)
{
	unsigned int cpu = raw_smp_processor_id();

	if (unlikely(cpu >= unit->nr_queues))
		cpu %= unit->nr_queues;
	return &unit->queues[cpu];
}

/* The next queue that works, where that of this CPU does not answer. */
static struct cordon_queue *cordon_unit_other_queue(struct cordon_unit *unit,
						    unsigned int number)
{
	for (unsigned int i = 1; i < unit->nr_queues; i++) {
		struct cordon_queue *q =
			&unit->queues[(number + i) % unit->nr_queues];

		if (!READ_ONCE(q->broken))
			return q;
	}
	return NULL;
}

/**
 * cordon_unit_run() - invalidate, and wait until it has happened
 * @unit: the unit
 * @cmds: invalidations, without CORDON_CMD_COMPLETE, or a SYNC
 * @nr: how many, 1 at least
 *
 * Once it has returned 0, what the commands name is in no cache of the unit
 * and every DMA that used it is over (spec 5.5).  Any context but NMI; spins
 * for a bounded time.
 *
 * Return: 0, or -EIO if the unit is dead.
 */
int cordon_unit_run(struct cordon_unit *unit, const struct cordon_cmd *cmds,
		    unsigned int nr)
{
	struct cordon_queue *q = cordon_unit_queue(unit);
	int state = cordon_unit_state(unit);

	/* Stopped, nothing is cached, and nothing passes (spec 12.2). */
	if (unlikely(state != CORDON_UNIT_RUNNING))
		return state == CORDON_UNIT_STOPPED ? 0 : -EIO;

	if (unlikely(READ_ONCE(q->broken)))
		q = cordon_unit_other_queue(unit, q->number);
	if (likely(q && !cordon_queue_run(q, cmds, nr)))
		return 0;

	return cordon_root_refresh(unit) ? -EIO : 0;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_run);

/* cordon_queue_issue() has returned @ret. */
static noinline int cordon_unit_run_after(struct cordon_unit *unit,
					  struct cordon_cmd cmd, int ret)
{
	if (ret == -EAGAIN)
		return cordon_unit_run(unit, &cmd, 1);
	return cordon_root_refresh(unit) ? -EIO : 0;
}

/* cordon_unit_run() of one command. */
static __always_inline int cordon_unit_run_one(struct cordon_unit *unit,
					       struct cordon_cmd cmd)
{
	int ret = cordon_queue_issue(cordon_unit_queue(unit), cmd);

	if (likely(!ret))
		return 0;
	return cordon_unit_run_after(unit, cmd, ret);
}

/**
 * cordon_invalidate_streams() - after device pointers have changed
 * @unit: the unit
 * @streams: streams whose pointers have changed
 * @nr: how many
 *
 * Spec 11.2: "device's pointer to another context, or to absent".
 *
 * Return: 0, or -EIO if the unit is dead.
 */
int cordon_invalidate_streams(struct cordon_unit *unit,
			      struct cordon_stream * const *streams,
			      unsigned int nr)
{
	struct cordon_cmd cmds[CORDON_BATCH];
	unsigned int batch = min(ARRAY_SIZE(cmds),
				 (unit->queues[0].mask + 1) / 2);
	unsigned int n = 0;
	int ret;

	for (unsigned int i = 0; i < nr; i++) {
		cmds[n++] = cordon_cmd_inv_device(streams[i]->devid,
						  streams[i]->devid, true);
		if (n < batch && i + 1 < nr)
			continue;
		ret = cordon_unit_run(unit, cmds, n);
		if (ret)
			return ret;
		n = 0;
	}
	return 0;
}

/**
 * cordon_invalidate_tags() - after the last context with these tags has gone
 * @unit: the unit
 * @tags: the tags
 *
 * Return: 0, or -EIO if the unit is dead.
 */
int cordon_invalidate_tags(struct cordon_unit *unit, struct cordon_tags tags)
{
	struct cordon_cmd cmd = cordon_inv_tags(tags);

	return cordon_unit_run(unit, &cmd, 1);
}

static noinline void cordon_domain_trace(const struct cordon_domain *domain,
					 const struct cordon_unit *unit,
					 struct cordon_cmd cmd)
{
	trace_cordon_invalidate(unit->dev, domain->tags, domain->name ?: "-",
				&cmd);
}

/*
 * Run a command on each unit that a domain is attached to.
 *
 * Attaching and unmapping may happen at once.  Attaching adds the unit to the
 * list, has a full barrier, and publishes a context; here the change of the
 * tables comes first, then a full barrier, then the list is read.  So either
 * the unit is seen here and invalidated, or whoever walks from that context
 * sees the tables after the change.  The barrier pairs with the one in
 * cordon_bond_get().
 */
static __always_inline int cordon_domain_run(struct cordon_domain *domain,
					     struct cordon_cmd cmd)
{
	struct cordon_bond *bond;
	int ret = 0;

	dma_mb();

	guard(rcu)();
	list_for_each_entry_rcu(bond, &domain->bonds, list) {
		if (trace_cordon_invalidate_enabled())
			cordon_domain_trace(domain, bond->unit, cmd);
		if (unlikely(cordon_unit_run_one(bond->unit, cmd)))
			ret = -EIO;
	}
	return ret;
}

/*
 * Tables that the hardware may still walk.
 *
 * io-pgtable wants a table's walk-cache entries dropped before it frees the
 * table, one flush for each.  Instead the tables are put aside, untouched, and
 * freed after an invalidation without LEAF that covers them.  The link is in
 * the page's descriptor, for the page itself is the hardware's.
 */

static struct llist_node *cordon_table_node(struct page *page)
{
	return (struct llist_node *)&page->lru;
}

static struct page *cordon_node_table(struct llist_node *node)
{
	return container_of((struct list_head *)node, struct page, lru);
}

static void cordon_table_put(struct cordon_domain *domain, struct page *page)
{
	unsigned int order = page_private(page);

	atomic_long_sub(PAGE_SIZE << order, &domain->table_bytes);
	set_page_private(page, 0);
	mod_node_page_state(page_pgdat(page), NR_IOMMU_PAGES, -(1 << order));
	__free_pages(page, order);
}

static void cordon_tables_put(struct cordon_domain *domain,
			      struct llist_node *list)
{
	struct llist_node *node, *next;

	llist_for_each_safe(node, next, list)
		cordon_table_put(domain, cordon_node_table(node));
}

/**
 * cordon_table_alloc() - &struct io_pgtable_cfg.alloc
 * @cookie: the domain
 * @size: bytes
 * @gfp: how to allocate
 *
 * Return: zeroed memory aligned to its size and within the unit's reach, or
 * NULL.
 */
void *cordon_table_alloc(void *cookie, size_t size, gfp_t gfp)
{
	struct cordon_domain *domain = cookie;
	unsigned int order = get_order(size);
	struct page *page;

	page = alloc_pages_node(domain->node, gfp | __GFP_ZERO, order);
	if (!page)
		return NULL;
	if ((page_to_phys(page) + size - 1) >> domain->oas_bits) {
		__free_pages(page, order);
		return NULL;
	}
	set_page_private(page, order);
	mod_node_page_state(page_pgdat(page), NR_IOMMU_PAGES, 1 << order);
	atomic_long_add(PAGE_SIZE << order, &domain->table_bytes);
	return page_address(page);
}

/**
 * cordon_table_free() - &struct io_pgtable_cfg.free
 * @cookie: the domain
 * @table: the table, which has just been unlinked
 * @size: its bytes
 */
void cordon_table_free(void *cookie, void *table, size_t size)
{
	struct cordon_domain *domain = cookie;
	struct page *page = virt_to_page(table);

	if (READ_ONCE(domain->leaked))
		return;
	if (domain->private) {
		cordon_table_put(domain, page);
		return;
	}
	/* Pairs with llist_del_all() in cordon_domain_flush(). */
	llist_add(cordon_table_node(page), &domain->deferred);
	atomic_inc(&domain->nr_deferred);
}

/* Who reads tables, beside the hardware: see cordon_tables_hold(). */
static atomic_t cordon_table_readers;

/**
 * cordon_tables_hold() - from now on tables that are unlinked are not freed
 *
 * For the reader of tables that may change meanwhile.  Until
 * cordon_tables_drop(), what it finds linked stays memory of the domain's.  The
 * domain itself must stay attached, for which the lock of its unit is enough.
 */
void cordon_tables_hold(void)
{
	atomic_inc(&cordon_table_readers);
	/*
	 * The reader is counted before it reads tables.  Pairs with the barrier
	 * in cordon_tables_are_read(): either that sees the reader, or the
	 * reader sees the table unlinked.
	 */
	smp_mb__after_atomic();
}
EXPORT_SYMBOL_IF_KUNIT(cordon_tables_hold);

/**
 * cordon_tables_drop() - the reverse of cordon_tables_hold()
 */
void cordon_tables_drop(void)
{
	/* Pairs with the same: what has been read, before it may be freed. */
	smp_mb__before_atomic();
	atomic_dec(&cordon_table_readers);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_tables_drop);

/* May somebody still read tables that have been unlinked by now? */
static bool cordon_tables_are_read(void)
{
	/* They are unlinked before that: see cordon_tables_hold(). */
	smp_mb();
	return atomic_read_acquire(&cordon_table_readers);
}

/* For the next flush. */
static void cordon_tables_put_aside(struct cordon_domain *domain,
				    struct llist_node *list)
{
	struct llist_node *last = list;

	while (last->next)
		last = last->next;
	llist_add_batch(list, last, &domain->deferred);
}

/**
 * cordon_tables_release() - free what was put aside
 * @domain: a domain that no unit can walk any more
 */
void cordon_tables_release(struct cordon_domain *domain)
{
	struct llist_node *list = llist_del_all(&domain->deferred);

	if (!domain->leaked)
		cordon_tables_put(domain, list);
}

/**
 * cordon_domain_flush() - invalidate a whole domain
 * @domain: the domain
 *
 * Also frees the tables that were put aside by then.  Any context but NMI.
 *
 * Return: 0, or -EIO if a unit is dead.
 */
int cordon_domain_flush(struct cordon_domain *domain)
{
	struct cordon_cmd cmd = cordon_inv_domain(domain->tags);
	struct llist_node *list, *node;
	bool leaked;
	int nr = 0;
	int ret;

	/*
	 * The list first: what is on it was unlinked before it was added, so
	 * the invalidation covers it.
	 */
	list = llist_del_all(&domain->deferred);
	ret = cordon_domain_run(domain, cmd);
	if (!list)
		return ret;

	/*
	 * A unit that died may walk them still, and for ever: they are
	 * forgotten, and so is what follows, lest each call go over more of
	 * them.  If it is not in the list of units any more, it has been noted
	 * before it was removed: this pairs with cordon_bond_put().
	 */
	smp_rmb();
	leaked = ret || READ_ONCE(domain->leaked);

	/* Rare, and soon over: the next flush frees them. */
	if (!leaked && unlikely(cordon_tables_are_read())) {
		cordon_tables_put_aside(domain, list);
		return 0;
	}

	llist_for_each(node, list)
		nr++;
	if (likely(!leaked))
		cordon_tables_put(domain, list);
	else
		WRITE_ONCE(domain->leaked, true);
	atomic_sub(nr, &domain->nr_deferred);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_domain_flush);

/**
 * cordon_unmap_strictly() - invalidate at once what was unmapped lazily
 * @domain: a domain with an untrusted device in it
 * @iova: start of what was unmapped
 * @size: its length in bytes, not 0
 * @pgsize: size of the pages in it
 *
 * Any context but NMI.
 */
void cordon_unmap_strictly(struct cordon_domain *domain, unsigned long iova,
			   size_t size, size_t pgsize)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	cordon_gather_add(&gather, iova, size, pgsize);
	cordon_iotlb_sync(&domain->domain, &gather);
}

/**
 * cordon_iotlb_sync() - &struct iommu_domain_ops.iotlb_sync
 * @domain: the domain
 * @gather: what was unmapped; may be empty
 *
 * One command for each unit that the domain is attached to, no register read.
 * If many tables have been put aside, that command is one for the whole domain
 * and they are freed.
 */
void cordon_iotlb_sync(struct iommu_domain *domain,
		       struct iommu_iotlb_gather *gather)
{
	struct cordon_domain *cdom = to_cordon_domain(domain);

	if (unlikely(atomic_read(&cdom->nr_deferred) >= CORDON_DEFERRED_TABLES))
		cordon_domain_flush(cdom);
	else if (likely(cordon_gather_has_any(gather)))
		cordon_domain_run(cdom, cordon_gather_cmd(gather, cdom->tags,
							  cdom->granule));
}

/**
 * cordon_flush_iotlb_all() - &struct iommu_domain_ops.flush_iotlb_all
 * @domain: the domain
 */
void cordon_flush_iotlb_all(struct iommu_domain *domain)
{
	cordon_domain_flush(to_cordon_domain(domain));
}
