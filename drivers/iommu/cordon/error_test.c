// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what goes wrong: commands that are refused, units that do not
 * answer, units that are live already or are none, and memory that is short.
 */
#include <kunit/device.h>
#include <linux/kthread.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "model_test.h"

#define PA_A		0x0000080000000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)

/* spec 6.1 */
#define ABSENT		0x04
#define BLOCKED		0x1b
#define NOT_MAPPED	0x22

KUNIT_ARRAY_PARAM(tables, model_kinds_4k, model_tables_desc);

static const struct cordon_cmd bad_op = { .op = cpu_to_le64(0x7f) };

/* A ring that wraps many times, filled by two threads at once. */
struct filler {
	struct cordon_queue *q;
	u32 seed;
	unsigned int commands;
	struct completion done;
	int ret;
};

static int filler_thread(void *data)
{
	struct filler *f = data;
	struct cordon_cmd cmds[16];

	for (unsigned int i = 0; i < ARRAY_SIZE(cmds); i++)
		cmds[i] = cordon_cmd_inv_range(0, f->seed, i * SZ_4K,
					       i * SZ_4K, true, 12);
	for (unsigned int i = 0; i < 600; i++) {
		unsigned int nr = 1 + (i * 7 + f->seed) % ARRAY_SIZE(cmds);

		f->ret = cordon_queue_run(f->q, cmds, nr);
		if (f->ret)
			break;
		f->commands += nr;
	}
	complete(&f->done);
	return 0;
}

static void fill_ring(struct kunit *test, struct model_unit *m)
{
	struct cordon_queue *q = &m->unit->queues[0];
	unsigned int since = m->commands;
	struct filler fillers[2] = { };

	for (unsigned int i = 0; i < ARRAY_SIZE(fillers); i++) {
		struct task_struct *thread;

		fillers[i].q = q;
		fillers[i].seed = i + 1;
		init_completion(&fillers[i].done);
		thread = kthread_run(filler_thread, &fillers[i], "cordon-fill");
		KUNIT_EXPECT_FALSE(test, IS_ERR(thread));
		if (IS_ERR(thread))
			complete(&fillers[i].done);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(fillers); i++) {
		wait_for_completion(&fillers[i].done);
		KUNIT_EXPECT_EQ(test, fillers[i].ret, 0);
	}
	/* Each command was taken once; the ring wrapped many times. */
	KUNIT_EXPECT_EQ(test, m->commands - since,
			fillers[0].commands + fillers[1].commands);
	KUNIT_EXPECT_EQ(test, q->tail, fillers[0].commands + fillers[1].commands);
	KUNIT_EXPECT_GT(test, q->tail, 16 * (q->mask + 1));
	KUNIT_EXPECT_FALSE(test, q->broken);
}

static void ring_wraps(struct kunit *test)
{
	fill_ring(test, model_start(test, "unit"));
}

static void ring_wraps_slowly(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "slow-unit");

	model_latency(m, 1);
	model_start_prepared(m);
	fill_ring(test, m);
}

/* The smallest ring: two commands (CAP2.CMDQ_LOG2, bits 12:8). */
static void smallest_ring(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "small-unit");
	struct cordon_cmd cmd = cordon_cmd_sync();
	struct cordon_queue *q;

	m->config.cap[3] = (m->config.cap[3] & ~0x1f00ULL) | 0x100;
	/* CAP2.SLOTS_LOG2: 512 slots */
	m->config.cap[3] = (m->config.cap[3] & ~(0x1fULL << 32)) | 9ULL << 32;
	model_latency(m, 1);
	model_start_prepared(m);
	q = &m->unit->queues[0];
	KUNIT_EXPECT_EQ(test, q->mask, 1);
	for (unsigned int i = 0; i < 1200; i++)
		KUNIT_ASSERT_EQ(test, cordon_queue_run(q, &cmd, 1), 0);
	KUNIT_EXPECT_EQ(test, q->tail, 1200);
}

/* A unit with one queue for all CPUs (CAP2.CMDQS, bits 6:0). */
static void one_queue(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "unit");
	struct iommu_domain *domain;
	struct cordon_device *cdev;

	m->config.cap[3] = (m->config.cap[3] & ~0x7fULL) | 1;
	model_reconfigure(m);
	model_start_prepared(m);
	KUNIT_EXPECT_EQ(test, m->unit->nr_queues, 1);
	domain = model_domain(m);
	cdev = model_device1(m, "device", MODEL_DEVID);
	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW, GFP_KERNEL));
	EXPECT_PASS(m, MODEL_DEVID, 0, MODEL_READ, PA_A);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, SZ_4K), SZ_4K);
	EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
}

/* spec 5.6: a bad command stops its queue, is skipped, and later ones go on. */
static void bad_command(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct cordon_cmd sync = cordon_cmd_sync();
	struct cordon_cmd reserved = cordon_cmd_sync();
	struct cordon_cmd backwards = cordon_cmd_inv_device(2, 1, true);
	struct cordon_queue *q = &m->unit->queues[0];

	m->expected = BIT(CORDON_VIOLATION_COMMAND);
	reserved.op |= cpu_to_le64(BIT(12));

	KUNIT_EXPECT_EQ(test, cordon_queue_run(q, &sync, 1), 0);
	KUNIT_EXPECT_EQ(test, cordon_queue_run(q, &bad_op, 1), -EIO);
	KUNIT_EXPECT_EQ(test, q->skips, 1);
	KUNIT_EXPECT_EQ(test, cordon_queue_run(q, &sync, 1), 0);
	KUNIT_EXPECT_EQ(test, cordon_queue_run(q, &reserved, 1), -EIO);
	KUNIT_EXPECT_EQ(test, cordon_queue_run(q, &backwards, 1), -EIO);
	KUNIT_EXPECT_EQ(test, q->skips, 3);
	for (unsigned int i = 0; i < 600; i++)
		KUNIT_ASSERT_EQ(test, cordon_queue_run(q, &sync, 1), 0);
	KUNIT_EXPECT_EQ(test, q->skips, 3);
	KUNIT_EXPECT_FALSE(test, q->broken);

	/* Nobody waits: the interrupt finds it. */
	KUNIT_EXPECT_FALSE(test, cordon_queue_recover(q));
}

/* Of several commands one was skipped: that is no success. */
static void bad_command_in_batch(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct cordon_cmd cmds[3] = {
		cordon_cmd_sync(), bad_op, cordon_cmd_sync(),
	};
	struct cordon_queue *q = &m->unit->queues[0];

	m->expected = BIT(CORDON_VIOLATION_COMMAND);
	KUNIT_EXPECT_EQ(test, cordon_queue_run(q, cmds, 3), -EIO);
	KUNIT_EXPECT_EQ(test, q->skips, 1);
	KUNIT_EXPECT_EQ(test, cordon_queue_run(q, cmds, 1), 0);
}

/*
 * What a bad command should have invalidated is out of use nevertheless when
 * the call returns: the root is written again (spec 10.3).
 */
static void skipped_invalidation(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	struct io_pgtable_ops *pgtbl;

	m->expected = BIT(CORDON_VIOLATION_COMMAND);
	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW, GFP_KERNEL));
	EXPECT_PASS(m, MODEL_DEVID, 0, MODEL_READ, PA_A);
	pgtbl = to_cordon_domain(domain)->pgtbl;
	KUNIT_EXPECT_EQ(test, pgtbl->unmap_pages(pgtbl, 0, SZ_4K, 1, NULL), SZ_4K);
	KUNIT_EXPECT_EQ(test, cordon_unit_run(m->unit, &bad_op, 1), 0);
	KUNIT_EXPECT_EQ(test, m->unit->state, CORDON_UNIT_RUNNING);
	EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
}

static void set_broken(struct model_unit *m, bool swallow, bool gone)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock) {
		m->swallow = swallow;
		m->gone = gone;
	}
}

/* Doorbells are lost: bounded, and made good by another way. */
static void lost_doorbells(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	ktime_t start;

	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW, GFP_KERNEL));
	EXPECT_PASS(m, MODEL_DEVID, 0, MODEL_READ, PA_A);

	set_broken(m, true, false);
	start = ktime_get();
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, SZ_4K), SZ_4K);
	/* one time-out, with much to spare: spec has no bound, a second is ours */
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 10000LL);
	EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, m->unit->state, CORDON_UNIT_RUNNING);

	/* No queue is waited for twice. */
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW, GFP_KERNEL));
	EXPECT_PASS(m, MODEL_DEVID, 0, MODEL_READ, PA_A);
	for (unsigned int i = 0; i < 20; i++) {
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, SZ_4K), SZ_4K);
		EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
		KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW,
						   GFP_KERNEL));
		EXPECT_PASS(m, MODEL_DEVID, 0, MODEL_READ, PA_A);
	}
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 30000LL);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, cordon_ops.blocked_domain), 0);
	EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_READ, BLOCKED);
	set_broken(m, false, false);
}

/* A unit that has gone: bounded, and nothing that it may use is freed. */
static void unit_gone(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	ktime_t start;

	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, SZ_2M, PA_A + SZ_4K, SZ_2M,
					   RW, GFP_KERNEL));
	EXPECT_PASS(m, MODEL_DEVID, SZ_2M, MODEL_READ, PA_A + SZ_4K);

	set_broken(m, false, true);
	start = ktime_get();
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, SZ_2M, SZ_2M), SZ_2M);
	KUNIT_EXPECT_EQ(test, m->unit->state, CORDON_UNIT_DEAD);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 20000LL);

	/* From now on nobody waits for it. */
	start = ktime_get();
	for (unsigned int i = 0; i < 100; i++) {
		KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW,
						   GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, SZ_4K), SZ_4K);
	}
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 1000LL);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, cordon_ops.blocked_domain), 0);
	KUNIT_EXPECT_PTR_EQ(test, cdev->domain, cordon_ops.blocked_domain);

	/* It walks the old tables still, for all that the driver knows. */
	KUNIT_EXPECT_TRUE(test, to_cordon_domain(domain)->leaked);
	m->expected = BIT(CORDON_VIOLATION_STALE);
	set_broken(m, false, false);
	model_dma(m, MODEL_DEVID, SZ_2M + SZ_4K, MODEL_READ, NULL);
	EXPECT_PASS(m, MODEL_DEVID, SZ_2M, MODEL_READ, PA_A + SZ_4K);
}

/* spec 12.6: a kernel takes over what another one left running. */
static void takes_over(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	struct cordon_unit *old = m->unit;
	struct cordon_cmd sync = cordon_cmd_sync();
	u64 status;

	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW, GFP_KERNEL));
	EXPECT_PASS(m, MODEL_DEVID, 0, MODEL_READ, PA_A);
	status = le64_to_cpu(old->queues[0].status[0]);

	model_start_prepared(m);
	KUNIT_ASSERT_PTR_NE(test, m->unit, old);
	/* All is blocked: nothing of the old directory, nothing cached. */
	EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_READ, ABSENT);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, ABSENT);
	/* Commands go through the new queues, and touch the old ones no more. */
	KUNIT_EXPECT_EQ(test, cordon_unit_run(m->unit, &sync, 1), 0);
	for (unsigned int i = 0; i < m->unit->nr_queues; i++)
		KUNIT_EXPECT_EQ(test,
				cordon_queue_run(&m->unit->queues[i], &sync, 1), 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(old->queues[0].status[0]), status);

	/* The old kernel is gone: what is left of it here must not reach out. */
	cordon_unit_stop(m->unit);
	cordon_unit_destroy(m->unit);
	WRITE_ONCE(old->state, CORDON_UNIT_STOPPED);
	m->unit = old;
}

/* What firmware left is neither parsed nor trusted (spec 12.3). */
static void firmware_was_here(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "unit");
	u64 *page = (u64 *)get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	/* a directory of one level; DeviceID 8 bypasses all */
	page[MODEL_DEVID] = (virt_to_phys(page) + 0x800) | 1;
	page[0x800 / 8] = 0x3;
	m->mmio.write64(m, CORDON_REG_ROOT, virt_to_phys(page) | 1);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_READ, 0x1000);

	model_start_prepared(m);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, ABSENT);
	memset(page, 0xff, PAGE_SIZE);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, ABSENT);
	free_page((unsigned long)page);
}

/* Stopped: all is blocked, and the memory is software's again (spec 12.2). */
static void stop_and_start(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW, GFP_KERNEL));
	for (unsigned int i = 0; i < 3; i++) {
		u64 tail;

		EXPECT_PASS(m, MODEL_DEVID, 0, MODEL_READ, PA_A);
		cordon_unit_stop(m->unit);
		EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_READ, 0x01);
		/* Changes need no answer of hardware that has stopped. */
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, SZ_4K), SZ_4K);
		tail = m->unit->queues[0].tail;
		KUNIT_EXPECT_EQ(test, cordon_unit_start(m->unit), 0);
		KUNIT_EXPECT_LE(test, m->unit->queues[0].tail, tail);
		EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
		KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW,
						   GFP_KERNEL));
	}
}

/* Registers that are no Cordon's, or of one that cannot be driven. */
struct refusal {
	const char *name;
	unsigned int reg;	/* 0: ID, 1 to 5: CAP0 to CAP4 */
	u64 mask;
	u64 value;
	u64 size;
	int ret;
};

static const struct refusal refusals[] = {
	{ "as it is", 0, 0, 0, ~0ULL, 0 },
	{ "all ones", 0, ~0ULL, ~0ULL, ~0ULL, -ENODEV },
	{ "bad magic", 0, BIT_ULL(34), 0, ~0ULL, -ENODEV },
	{ "major 2", 0, 0xff00, 0x200, ~0ULL, -EOPNOTSUPP },
	{ "no command queues", 3, 0x7f, 0, ~0ULL, -EINVAL },
	{ "not coherent", 2, BIT_ULL(14), 0, ~0ULL, -EOPNOTSUPP },
	{ "neither stage", 2, BIT_ULL(0) | BIT_ULL(1), 0, ~0ULL, -EOPNOTSUPP },
	{ "stage 2 alone", 2, BIT_ULL(0), 0, ~0ULL, 0 },
	{ "no granule of either", 1, 0x3fULL << 32, 0, ~0ULL, -EOPNOTSUPP },
	{ "no granule of stage 1", 1, 7ULL << 32, 0, ~0ULL, 0 },
	{ "no registers", 0, 0, 0, 0, -EINVAL },
	{ "half a page of registers", 0, 0, 0, 0x8000, -EINVAL },
	{ "registers but no queues", 0, 0, 0, 0x20000, -EINVAL },
	{ "one page too few", 0, 0, 0, 0x210000, -EINVAL },
	{ "just enough", 0, 0, 0, 0x220000, 0 },
};

static void refusal_desc(const struct refusal *r, char *desc)
{
	strscpy(desc, r->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refusal, refusals, refusal_desc);

static const struct refusal *refusal_now;

static u64 refusal_read64(void *opaque, u32 offset)
{
	struct model_unit *m = opaque;
	u64 value = m->mmio.read64(m, offset);

	if (offset == 8 * refusal_now->reg)
		value = (value & ~refusal_now->mask) | refusal_now->value;
	return value;
}

static void refused(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "unit");
	const struct cordon_mmio mmio = {
		.read32 = m->mmio.read32,
		.read64 = refusal_read64,
		.write32 = m->mmio.write32,
		.write64 = m->mmio.write64,
		.opaque = m,
	};
	u64 writes = cordon_model_stats(m->model)->reg_writes;
	struct cordon_unit *unit;

	/* 16 queues: 34 pages of registers */
	KUNIT_ASSERT_EQ(test, cordon_model_mmio_size(m->model), 0x220000);
	refusal_now = test->param_value;
	unit = cordon_unit_create(m->dev, NULL, refusal_now->size, &mmio);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(unit), refusal_now->ret);
	/* Looking at a unit changes nothing. */
	KUNIT_EXPECT_EQ(test, cordon_model_stats(m->model)->reg_writes, writes);
	if (!IS_ERR(unit))
		cordon_unit_destroy(unit);
}

#ifdef CONFIG_FAULT_INJECTION
/*
 * Each allocation in turn fails, until none is left.  That takes fault
 * injection that also hits allocations that may wait: ignore-gfp-wait of
 * failslab and fail_page_alloc.
 */
static bool can_fail(void)
{
	void *p;

	WRITE_ONCE(current->fail_nth, 1);
	p = kmalloc(64, GFP_KERNEL | __GFP_NOWARN);
	WRITE_ONCE(current->fail_nth, 0);
	kfree(p);
	return !p;
}

static void no_memory_to_create(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "unit");
	unsigned int left = 0, failed = 0;

	if (!can_fail())
		kunit_skip(test, "fault injection does not reach GFP_KERNEL");
	for (unsigned int nth = 1; !left; nth++) {
		struct cordon_unit *unit;

		KUNIT_ASSERT_LT(test, nth, 1000);
		WRITE_ONCE(current->fail_nth, nth);
		unit = cordon_unit_create(m->dev, NULL,
					  cordon_model_mmio_size(m->model),
					  &m->mmio);
		left = READ_ONCE(current->fail_nth);
		WRITE_ONCE(current->fail_nth, 0);
		/* Debugging aids of the kernel allocate too, and bear failure. */
		if (!IS_ERR(unit)) {
			cordon_unit_destroy(unit);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(unit), -ENOMEM,
				    "allocation %u", nth);
		failed++;
	}
	/* unit, faults, table, directory; ring, slots and status of a queue */
	KUNIT_EXPECT_GE(test, failed, 9);
	model_start_prepared(m);
}

static void no_memory_to_attach(struct kunit *test)
{
	static const u32 ids[] = { MODEL_DEVID, MODEL_DEVID3 };
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	struct device *dev = kunit_device_register(test, "device");
	struct cordon_device *cdev = NULL;
	struct iommu_domain *domain = NULL;
	unsigned int left = 0, nth;
	int ret;

	if (!can_fail())
		kunit_skip(test, "fault injection does not reach GFP_KERNEL");
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));

	for (nth = 1; !left; nth++) {
		KUNIT_ASSERT_LT(test, nth, 100);
		WRITE_ONCE(current->fail_nth, nth);
		domain = cordon_domain_alloc(m->unit, m->tables->stage, 0);
		left = READ_ONCE(current->fail_nth);
		WRITE_ONCE(current->fail_nth, 0);
		if (IS_ERR(domain))
			KUNIT_EXPECT_EQ(test, PTR_ERR(domain), -ENOMEM);
		else if (!left)
			iommu_domain_free(domain);
	}
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_EXPECT_GT(test, nth, 3);

	left = 0;
	for (nth = 1; !left; nth++) {
		KUNIT_ASSERT_LT(test, nth, 100);
		WRITE_ONCE(current->fail_nth, nth);
		cdev = cordon_device_add(m->unit, dev, ids, ARRAY_SIZE(ids));
		left = READ_ONCE(current->fail_nth);
		WRITE_ONCE(current->fail_nth, 0);
		if (left)
			break;
		/* The xarray tries again by itself where it fails at first. */
		if (!IS_ERR(cdev))
			cordon_device_remove(cdev);
		else
			KUNIT_EXPECT_EQ(test, PTR_ERR(cdev), -ENOMEM);
		KUNIT_EXPECT_TRUE(test, xa_empty(&m->unit->streams));
	}
	KUNIT_ASSERT_FALSE(test, IS_ERR(cdev));
	KUNIT_EXPECT_GT(test, nth, 5);

	/* No attach can fail for want of memory: the core could not go back. */
	ret = cordon_attach(cdev, cordon_ops.identity_domain);
	KUNIT_EXPECT_EQ(test, ret, 0);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_READ, 0x1000);
	EXPECT_PASS(m, MODEL_DEVID3, 0x1000, MODEL_READ, 0x1000);
	WRITE_ONCE(current->fail_nth, 1);
	ret = cordon_attach(cdev, domain);
	WRITE_ONCE(current->fail_nth, 0);
	KUNIT_EXPECT_EQ(test, ret, 0);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID3, 0x1000, MODEL_READ, NOT_MAPPED);

	/* Blocking takes no memory at all. */
	WRITE_ONCE(current->fail_nth, 1);
	ret = cordon_attach(cdev, cordon_ops.blocked_domain);
	WRITE_ONCE(current->fail_nth, 0);
	KUNIT_EXPECT_EQ(test, ret, 0);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, BLOCKED);

	cordon_device_remove(cdev);
	iommu_domain_free(domain);
}

/*
 * What cannot be mapped for want of a table is not mapped in part, in a context
 * that may not wait for memory.
 */
static void no_memory_to_map(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	const size_t page = m->tables->page, block = m->tables->block;
	/* pages in three tables: no block fits, for physical addresses are askew */
	const u64 at[] = { 0, page, page + block };
	const size_t size = page + block + page;
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	unsigned int left = 0, failed = 0;
	u64 iova = 0;
	int ret;

	if (!can_fail())
		kunit_skip(test, "fault injection does not reach GFP_KERNEL");
	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	for (unsigned int nth = 1; !left; nth++) {
		KUNIT_ASSERT_LT(test, nth, 100);
		/* where no tables are yet */
		iova += 64ULL * SZ_1G;
		WRITE_ONCE(current->fail_nth, nth);
		ret = iommu_map(domain, iova - page, PA_A, size, RW, GFP_ATOMIC);
		left = READ_ONCE(current->fail_nth);
		WRITE_ONCE(current->fail_nth, 0);
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
				EXPECT_FAULT(m, MODEL_DEVID, iova - page + at[i],
					     MODEL_READ, NOT_MAPPED);
			KUNIT_EXPECT_EQ(test, 0, iommu_map(domain, iova - page, PA_A,
							   size, RW, GFP_ATOMIC));
			failed++;
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
			EXPECT_PASS(m, MODEL_DEVID, iova - page + at[i],
				    MODEL_WRITE, PA_A + at[i]);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova - page, size), size);
		for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
			EXPECT_FAULT(m, MODEL_DEVID, iova - page + at[i], MODEL_READ,
				     NOT_MAPPED);
	}
	KUNIT_EXPECT_GE(test, failed, 3);
}

/* A mapping that cannot be logged for want of memory is none. */
static void no_memory_to_track(struct kunit *test)
{
	const u32 dirty = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	const size_t page = m->tables->page;
	struct iommu_domain *domain = NULL;
	unsigned int left = 0, nth;
	struct cordon_device *cdev;
	u64 iova = SZ_128M;
	int ret;

	if (!can_fail())
		kunit_skip(test, "fault injection does not reach GFP_KERNEL");
	for (nth = 1; !left; nth++) {
		KUNIT_ASSERT_LT(test, nth, 100);
		WRITE_ONCE(current->fail_nth, nth);
		domain = cordon_domain_alloc(m->unit, m->tables->stage, dirty);
		left = READ_ONCE(current->fail_nth);
		WRITE_ONCE(current->fail_nth, 0);
		if (IS_ERR(domain))
			KUNIT_EXPECT_EQ(test, PTR_ERR(domain), -ENOMEM);
		else if (!left)
			iommu_domain_free(domain);
	}
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	cdev = cordon_device_add(m->unit, m->dev, &(u32) { MODEL_DEVID }, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cdev));
	KUNIT_EXPECT_EQ(test, 0, cordon_attach(cdev, domain));

	/* Turning it on takes none. */
	WRITE_ONCE(current->fail_nth, 1);
	ret = domain->dirty_ops->set_dirty_tracking(domain, true);
	WRITE_ONCE(current->fail_nth, 0);
	KUNIT_EXPECT_EQ(test, ret, 0);

	for (nth = 1, left = 0; !left; nth++) {
		KUNIT_ASSERT_LT(test, nth, 100);
		/* tables and leaves of the log that are not there yet */
		iova += 64ULL * SZ_1G;
		WRITE_ONCE(current->fail_nth, nth);
		ret = iommu_map(domain, iova - page, 0x80000000000, 2 * page,
				IOMMU_READ | IOMMU_WRITE, GFP_KERNEL);
		left = READ_ONCE(current->fail_nth);
		WRITE_ONCE(current->fail_nth, 0);
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			EXPECT_FAULT(m, MODEL_DEVID, iova - page, MODEL_WRITE,
				     NOT_MAPPED);
			EXPECT_FAULT(m, MODEL_DEVID, iova, MODEL_WRITE, NOT_MAPPED);
			ret = iommu_map(domain, iova - page, 0x80000000000,
					2 * page, IOMMU_READ | IOMMU_WRITE,
					GFP_KERNEL);
			KUNIT_EXPECT_EQ(test, ret, 0);
		}
		EXPECT_PASS(m, MODEL_DEVID, iova - page, MODEL_WRITE,
			    0x80000000000);
		EXPECT_PASS(m, MODEL_DEVID, iova, MODEL_WRITE,
			    0x80000000000 + page);
	}
	KUNIT_EXPECT_GT(test, nth, m->tables->stage == CORDON_STAGE2 ? 6 : 3);
	cordon_device_remove(cdev);
	iommu_domain_free(domain);
}
#endif /* CONFIG_FAULT_INJECTION */

static struct kunit_case error_cases[] = {
	KUNIT_CASE(ring_wraps),
	KUNIT_CASE_SLOW(ring_wraps_slowly),
	KUNIT_CASE(smallest_ring),
	KUNIT_CASE(one_queue),
	KUNIT_CASE(bad_command),
	KUNIT_CASE(bad_command_in_batch),
	KUNIT_CASE(skipped_invalidation),
	KUNIT_CASE_SLOW(lost_doorbells),
	KUNIT_CASE_PARAM_ATTR(unit_gone, tables_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(takes_over),
	KUNIT_CASE(firmware_was_here),
	KUNIT_CASE(stop_and_start),
	KUNIT_CASE_PARAM(refused, refusal_gen_params),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(no_memory_to_create),
	KUNIT_CASE_PARAM(no_memory_to_attach, tables_gen_params),
	KUNIT_CASE_PARAM(no_memory_to_map, tables_gen_params),
	KUNIT_CASE_PARAM(no_memory_to_track, tables_gen_params),
#endif
	{ }
};

static struct kunit_suite error_suite = {
	.name = "cordon_error",
	.test_cases = error_cases,
};

kunit_test_suite(error_suite);
