// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of hardware that fails while it is in use: what it does not do is
 * made good by another way, in bounded time, and no other unit is concerned.
 * The errors are the model's own: see struct cordon_inject.
 */
#include <kunit/device.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

#include "model_test.h"

#define PA_A		0x0000080000000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)

/* spec 6.1 */
#define BLOCKED		0x1b
#define TABLE_FETCH	0x21
#define NOT_MAPPED	0x22

/* spec 5.6 */
#define FETCH		0x07
#define OPERAND		0x03

/* The time-out of these tests, and what they allow beyond it. */
#define TIMEOUT_MS	100
#define SLACK_MS	2000

static int recover_init(struct kunit *test)
{
	static unsigned int before;

	before = cordon_timeout_ms;
	test->priv = &before;
	WRITE_ONCE(cordon_timeout_ms, TIMEOUT_MS);
	return 0;
}

static void recover_exit(struct kunit *test)
{
	WRITE_ONCE(cordon_timeout_ms, *(unsigned int *)test->priv);
}

/* A unit with a device, and a page mapped that hardware knows. */
struct bench {
	struct model_unit *m;
	struct cordon_unit *unit;
	struct iommu_domain *domain;
	struct cordon_device *cdev;
};

static void map_again(struct kunit *test, struct bench *b)
{
	KUNIT_ASSERT_EQ(test, 0, iommu_map(b->domain, 0, PA_A, SZ_4K, RW,
					   GFP_KERNEL));
	EXPECT_PASS(b->m, MODEL_DEVID, 0, MODEL_READ, PA_A);
}

static struct bench bench_start(struct kunit *test)
{
	struct bench b = { .m = model_start(test, "unit") };

	b.unit = b.m->unit;
	b.domain = model_domain(b.m);
	b.cdev = model_device1(b.m, "device", MODEL_DEVID);
	KUNIT_ASSERT_EQ(test, cordon_attach(b.cdev, b.domain), 0);
	map_again(test, &b);
	return b;
}

/* An unmap keeps its promise, within the time that one time-out takes. */
static void unmap_holds(struct kunit *test, struct bench *b)
{
	ktime_t start = ktime_get();

	KUNIT_EXPECT_EQ(test, iommu_unmap(b->domain, 0, SZ_4K), SZ_4K);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start),
			(s64)TIMEOUT_MS + SLACK_MS);
	EXPECT_FAULT(b->m, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
}

static int sync_through(struct cordon_queue *q)
{
	struct cordon_cmd cmd = cordon_cmd_sync();

	return cordon_queue_run(q, &cmd, 1);
}

/* spec 10.11: a queue that hangs is reset alone, and comes back. */
static void queue_is_reset(struct kunit *test)
{
	struct bench b = bench_start(test);
	struct cordon_queue *q = &b.unit->queues[1];

	if (b.unit->nr_queues < 2)
		kunit_skip(test, "needs two CPUs");
	for (unsigned int i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, sync_through(q), 0);
	model_inject(b.m, (struct cordon_inject) { .hang = BIT(1) });
	KUNIT_EXPECT_EQ(test, sync_through(q), -ETIMEDOUT);
	/* The others do not notice. */
	KUNIT_EXPECT_EQ(test, sync_through(&b.unit->queues[0]), 0);
	flush_work(&b.unit->repair);
	KUNIT_EXPECT_FALSE(test, q->broken);
	KUNIT_EXPECT_FALSE(test, q->retired);
	KUNIT_EXPECT_EQ(test, q->resets, 1);
	/* It began anew, and wraps as ever. */
	KUNIT_EXPECT_EQ(test, q->tail, 1);
	for (unsigned int i = 0; i < 600; i++)
		KUNIT_ASSERT_EQ(test, sync_through(q), 0);
	KUNIT_EXPECT_EQ(test, b.unit->queues[0].resets, 0);
	unmap_holds(test, &b);
	KUNIT_EXPECT_EQ(test, b.unit->state, CORDON_UNIT_RUNNING);
}

/* One that fails again at once is not worth the time of those who wait for it. */
static void queue_fails_again(struct kunit *test)
{
	struct bench b = bench_start(test);
	struct cordon_queue *q = &b.unit->queues[0];

	for (unsigned int i = 0; i < 2; i++) {
		model_inject(b.m, (struct cordon_inject) { .hang = BIT(0) });
		KUNIT_EXPECT_EQ(test, sync_through(q), -ETIMEDOUT);
		flush_work(&b.unit->repair);
		KUNIT_EXPECT_EQ(test, q->retired, i == 1);
	}
	KUNIT_EXPECT_TRUE(test, q->broken);
	unmap_holds(test, &b);

	/* After a long time it is worth it again. */
	cordon_unit_stop(b.unit);
	KUNIT_ASSERT_EQ(test, cordon_unit_start(b.unit), 0);
	KUNIT_EXPECT_FALSE(test, q->broken);
	for (unsigned int i = 0; i < 2; i++) {
		model_inject(b.m, (struct cordon_inject) { .hang = BIT(0) });
		KUNIT_EXPECT_EQ(test, sync_through(q), -ETIMEDOUT);
		flush_work(&b.unit->repair);
		KUNIT_EXPECT_FALSE(test, q->broken);
		q->reset_at -= 61 * HZ;
	}
}

/* A reset does not help: it is not used any more, and nobody waits for it. */
static void queue_is_retired(struct kunit *test)
{
	struct bench b = bench_start(test);
	struct cordon_queue *q = &b.unit->queues[0];
	ktime_t start;

	model_inject(b.m, (struct cordon_inject) { .stall = BIT(0) });
	KUNIT_EXPECT_EQ(test, sync_through(q), -ETIMEDOUT);
	flush_work(&b.unit->repair);
	KUNIT_EXPECT_TRUE(test, q->retired);
	start = ktime_get();
	for (unsigned int i = 0; i < 50; i++)
		KUNIT_EXPECT_EQ(test, sync_through(q), -EIO);
	/* Had each waited, it would have taken twice as long. */
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start),
			50 * TIMEOUT_MS / 2);
	KUNIT_EXPECT_EQ(test, q->resets, 1);
	unmap_holds(test, &b);
	model_inject(b.m, (struct cordon_inject) { });
}

/* That it is disabled is not acknowledged: it may still use its memory. */
static void queue_cannot_be_reset(struct kunit *test)
{
	struct bench b = bench_start(test);
	struct cordon_queue *q = &b.unit->queues[0];

	model_inject(b.m, (struct cordon_inject) {
		.hang = BIT(0), .mutes = BIT(CORDON_MUTE_QUEUE),
	});
	KUNIT_EXPECT_EQ(test, sync_through(q), -ETIMEDOUT);
	flush_work(&b.unit->repair);
	KUNIT_EXPECT_TRUE(test, q->retired);
	unmap_holds(test, &b);
	map_again(test, &b);

	/* Nor is it when the unit stops: nothing of it may be freed then. */
	cordon_unit_stop(b.unit);
	KUNIT_EXPECT_FALSE(test, b.unit->quiet);
	model_inject(b.m, (struct cordon_inject) { });
	KUNIT_ASSERT_EQ(test, cordon_unit_start(b.unit), 0);
	KUNIT_EXPECT_EQ(test, sync_through(q), 0);
}

/* The words that a queue writes after it was reset mean nothing to who waited. */
struct waiter {
	struct cordon_queue *q;
	struct completion done;
	int ret;
};

static int waiter_thread(void *data)
{
	struct waiter *w = data;

	w->ret = sync_through(w->q);
	complete(&w->done);
	return 0;
}

static void waiter_is_not_deceived(struct kunit *test)
{
	struct bench b = bench_start(test);
	struct waiter w = { .q = &b.unit->queues[0] };
	u32 tail = w.q->tail;
	struct task_struct *thread;

	WRITE_ONCE(cordon_timeout_ms, 4000);
	model_inject(b.m, (struct cordon_inject) { .stall = BIT(0) });
	init_completion(&w.done);
	thread = kthread_run(waiter_thread, &w, "cordon-wait");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	for (unsigned int i = 0; i < 2000 && READ_ONCE(w.q->tail) == tail; i++)
		usleep_range(900, 1100);
	KUNIT_EXPECT_EQ(test, READ_ONCE(w.q->tail), tail + 1);
	/* What it waits for comes now, but from another life of the queue. */
	scoped_guard(raw_spinlock_irqsave, &w.q->lock)
		WRITE_ONCE(w.q->resets, w.q->resets + 1);
	model_inject(b.m, (struct cordon_inject) { });
	wait_for_completion(&w.done);
	KUNIT_EXPECT_EQ(test, w.ret, -EIO);
	KUNIT_EXPECT_FALSE(test, w.q->broken);
}

/* Registers, of which the doorbell of one queue has somebody count a reset. */
struct meddler {
	const struct cordon_mmio *mmio;
	struct cordon_queue *q;
};

static void meddle_write32(void *opaque, u32 offset, u32 value)
{
	struct meddler *meddler = opaque;
	struct cordon_queue *q = meddler->q;

	meddler->mmio->write32(meddler->mmio->opaque, offset, value);
	if (offset == q->doorbell + CORDON_REG_Q_TAIL)
		WRITE_ONCE(q->resets, q->resets + 1);
}

/* The same where the word is there at the first look. */
static void quick_waiter_is_not_deceived(struct kunit *test)
{
	struct bench b = bench_start(test);
	struct meddler meddler = {
		.mmio = b.unit->mmio, .q = &b.unit->queues[0],
	};
	const struct cordon_mmio mmio = {
		.write32 = meddle_write32, .opaque = &meddler,
	};

	KUNIT_EXPECT_EQ(test, sync_through(meddler.q), 0);
	b.unit->mmio = &mmio;
	KUNIT_EXPECT_EQ(test, sync_through(meddler.q), -EIO);
	b.unit->mmio = meddler.mmio;
	KUNIT_EXPECT_FALSE(test, meddler.q->broken);
	KUNIT_EXPECT_EQ(test, sync_through(meddler.q), 0);
}

/* No queue is left: each invalidation writes ROOT. */
static void all_queues_stall(struct kunit *test)
{
	struct bench b = bench_start(test);
	ktime_t start;

	model_inject(b.m, (struct cordon_inject) { .stall = U64_MAX });
	for (unsigned int i = 0; i < b.unit->nr_queues; i++)
		sync_through(&b.unit->queues[i]);
	flush_work(&b.unit->repair);
	for (unsigned int i = 0; i < b.unit->nr_queues; i++)
		KUNIT_EXPECT_TRUE(test, b.unit->queues[i].retired);
	start = ktime_get();
	for (unsigned int i = 0; i < 20; i++) {
		unmap_holds(test, &b);
		map_again(test, &b);
	}
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), SLACK_MS);
	KUNIT_EXPECT_EQ(test, cordon_attach(b.cdev, cordon_ops.blocked_domain), 0);
	EXPECT_FAULT(b.m, MODEL_DEVID, 0, MODEL_READ, BLOCKED);
	KUNIT_EXPECT_EQ(test, b.unit->state, CORDON_UNIT_RUNNING);
	model_inject(b.m, (struct cordon_inject) { });
}

/* A command that cannot be read is tried again, and then nothing is amiss. */
static void command_is_retried(struct kunit *test)
{
	struct bench b = bench_start(test);
	struct cordon_queue *q = &b.unit->queues[0];
	struct cordon_cmd cmds[4] = {
		cordon_cmd_sync(), cordon_cmd_sync(),
		cordon_cmd_sync(), cordon_cmd_sync(),
	};

	model_inject(b.m, (struct cordon_inject) {
		.fail_every = 3, .fail_reason = FETCH,
	});
	for (unsigned int i = 0; i < 300; i++)
		KUNIT_ASSERT_EQ(test, cordon_queue_run(q, cmds, 1 + i % 4), 0);
	KUNIT_EXPECT_EQ(test, q->skips, 0);
	KUNIT_EXPECT_FALSE(test, q->broken);

	/* Once. One that cannot be read at all is skipped, without a word. */
	model_inject(b.m, (struct cordon_inject) {
		.fail_every = 1, .fail_reason = FETCH,
	});
	KUNIT_EXPECT_EQ(test, sync_through(q), -EIO);
	KUNIT_EXPECT_EQ(test, q->skips, 1);
	unmap_holds(test, &b);
	KUNIT_EXPECT_EQ(test, b.unit->state, CORDON_UNIT_RUNNING);
}

/* All that is refused is skipped, and its waiter writes ROOT. */
static void command_is_skipped(struct kunit *test)
{
	struct bench b = bench_start(test);

	model_inject(b.m, (struct cordon_inject) {
		.fail_every = 1, .fail_reason = OPERAND,
	});
	for (unsigned int i = 0; i < 10; i++) {
		unmap_holds(test, &b);
		map_again(test, &b);
	}
	for (unsigned int i = 0; i < b.unit->nr_queues; i++)
		KUNIT_EXPECT_FALSE(test, b.unit->queues[i].broken);
}

/* It takes effect, but its word never comes. */
static void completion_is_lost(struct kunit *test)
{
	struct bench b = bench_start(test);

	model_inject(b.m, (struct cordon_inject) { .lose_every = 3 });
	for (unsigned int i = 0; i < 12; i++) {
		unmap_holds(test, &b);
		map_again(test, &b);
	}
	flush_work(&b.unit->repair);
	KUNIT_EXPECT_EQ(test, b.unit->state, CORDON_UNIT_RUNNING);
	model_inject(b.m, (struct cordon_inject) { });
	unmap_holds(test, &b);
}

/* Tables that cannot be read: the device is stopped, and only as long. */
static void tables_cannot_be_read(struct kunit *test)
{
	struct bench b = bench_start(test);

	model_inject(b.m, (struct cordon_inject) {
		.aborts = BIT(CORDON_ABORT_TABLE),
	});
	/* What is cached serves. */
	EXPECT_PASS(b.m, MODEL_DEVID, 0, MODEL_READ, PA_A);
	EXPECT_FAULT(b.m, MODEL_DEVID, SZ_4K, MODEL_READ, TABLE_FETCH);
	KUNIT_EXPECT_TRUE(test, b.m->irqs & BIT(CORDON_INT_ERROR));
	cordon_handle_error(b.unit);
	KUNIT_EXPECT_FALSE(test, b.m->irqs & BIT(CORDON_INT_ERROR));
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(b.unit), 1);
	model_inject(b.m, (struct cordon_inject) { });
	KUNIT_ASSERT_EQ(test, 0, iommu_map(b.domain, SZ_4K, PA_A, SZ_4K, RW,
					   GFP_KERNEL));
	EXPECT_PASS(b.m, MODEL_DEVID, SZ_4K, MODEL_READ, PA_A);
}

/* Writes of ROOT are counted, on their way to the model. */
static atomic_t root_writes;
static void (*model_write64)(void *opaque, u32 offset, u64 value);

static void count_write64(void *opaque, u32 offset, u64 value)
{
	if (offset == CORDON_REG_ROOT)
		atomic_inc(&root_writes);
	model_write64(opaque, offset, value);
}

/* One write of ROOT serves all who asked for it before. */
static void root_serves_all(struct kunit *test)
{
	struct bench b = bench_start(test);
	struct cordon_cmd bad = { .op = cpu_to_le64(0x7f) };
	int asked;

	b.m->expected = BIT(CORDON_VIOLATION_COMMAND);
	model_write64 = b.m->mmio.write64;
	b.m->mmio.write64 = count_write64;
	atomic_set(&root_writes, 0);

	KUNIT_EXPECT_EQ(test, cordon_unit_run(b.unit, &bad, 1), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&root_writes), 1);
	/* Two others have asked, and wait. */
	asked = atomic_add_return(2, &b.unit->root_asked);
	KUNIT_EXPECT_EQ(test, cordon_unit_run(b.unit, &bad, 1), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&root_writes), 2);
	KUNIT_EXPECT_EQ(test, b.unit->root_served, asked + 1);
	/* It has been written since this one asked. */
	b.unit->root_served = asked + 2;
	KUNIT_EXPECT_EQ(test, cordon_unit_run(b.unit, &bad, 1), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&root_writes), 2);
	KUNIT_EXPECT_EQ(test, cordon_unit_run(b.unit, &bad, 1), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&root_writes), 3);
	b.m->mmio.write64 = model_write64;
}

/* Neither queues nor ROOT answer: the unit is dead, after two time-outs. */
static void nothing_answers(struct kunit *test)
{
	struct bench b = bench_start(test);
	ktime_t start = ktime_get();

	model_inject(b.m, (struct cordon_inject) {
		.stall = U64_MAX, .mutes = BIT(CORDON_MUTE_ROOT),
	});
	KUNIT_EXPECT_EQ(test, iommu_unmap(b.domain, 0, SZ_4K), SZ_4K);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start),
			2LL * TIMEOUT_MS + SLACK_MS);
	KUNIT_EXPECT_EQ(test, b.unit->state, CORDON_UNIT_DEAD);
	/* Nobody waits any more, and nothing is repaired. */
	start = ktime_get();
	for (unsigned int i = 0; i < 100; i++) {
		iommu_map(b.domain, 0, PA_A, SZ_4K, RW, GFP_KERNEL);
		iommu_unmap(b.domain, 0, SZ_4K);
	}
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), SLACK_MS);
	KUNIT_EXPECT_EQ(test, cordon_attach(b.cdev, cordon_ops.identity_domain),
			-EIO);
	/* What the core believes must not fail, lest it warn. */
	KUNIT_EXPECT_EQ(test, cordon_attach(b.cdev, b.domain), 0);
	KUNIT_EXPECT_EQ(test, cordon_attach(b.cdev, cordon_ops.blocked_domain),
			0);
	KUNIT_EXPECT_PTR_EQ(test, b.cdev->domain, cordon_ops.blocked_domain);
	KUNIT_EXPECT_TRUE(test, to_cordon_domain(b.domain)->leaked);
	b.m->expected = BIT(CORDON_VIOLATION_STALE);
	model_inject(b.m, (struct cordon_inject) { });
}

/* Registers read as ones: the first to see it says so, and nobody waits. */
static void unit_is_lost(struct kunit *test)
{
	struct bench b = bench_start(test);
	ktime_t start;

	WRITE_ONCE(cordon_timeout_ms, 2 * SLACK_MS);
	model_inject(b.m, (struct cordon_inject) { .gone = true });
	cordon_handle_error(b.unit);
	KUNIT_EXPECT_EQ(test, b.unit->state, CORDON_UNIT_DEAD);
	start = ktime_get();
	KUNIT_EXPECT_EQ(test, iommu_unmap(b.domain, 0, SZ_4K), SZ_4K);
	KUNIT_EXPECT_EQ(test, cordon_attach(b.cdev, cordon_ops.identity_domain),
			-EIO);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), SLACK_MS);
	WRITE_ONCE(cordon_timeout_ms, TIMEOUT_MS);
	/* A loss of faults is nothing that a unit without registers tells of. */
	cordon_fault_drain(b.unit);
	KUNIT_EXPECT_NE(test, b.unit->fq.lost, U64_MAX);
	b.m->expected = BIT(CORDON_VIOLATION_STALE);
	model_inject(b.m, (struct cordon_inject) { });
}

/* An interrupt whose register reads as ones, from a unit that is there. */
static void all_bits_set(struct kunit *test)
{
	struct bench b = bench_start(test);

	cordon_unit_ask(b.unit);
	KUNIT_EXPECT_EQ(test, b.unit->state, CORDON_UNIT_RUNNING);
	unmap_holds(test, &b);
}

/* One domain on two units, of which one goes: the other keeps its promises. */
static void other_unit_works(struct kunit *test)
{
	struct model_unit *near = model_start(test, "near-unit");
	struct model_unit *far = model_start(test, "far-unit");
	struct iommu_domain *domain = model_domain(near);
	struct cordon_device *near_dev, *far_dev;
	ktime_t start;

	near_dev = model_device1(near, "near-device", MODEL_DEVID);
	far_dev = model_device1(far, "far-device", MODEL_DEVID);
	KUNIT_ASSERT_EQ(test, cordon_attach(near_dev, domain), 0);
	KUNIT_ASSERT_EQ(test, cordon_attach(far_dev, domain), 0);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW, GFP_KERNEL));
	EXPECT_PASS(near, MODEL_DEVID, 0, MODEL_READ, PA_A);
	EXPECT_PASS(far, MODEL_DEVID, 0, MODEL_READ, PA_A);

	model_inject(near, (struct cordon_inject) { .gone = true });
	start = ktime_get();
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, SZ_4K), SZ_4K);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start),
			2LL * TIMEOUT_MS + SLACK_MS);
	EXPECT_FAULT(far, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, near->unit->state, CORDON_UNIT_DEAD);
	KUNIT_EXPECT_EQ(test, far->unit->state, CORDON_UNIT_RUNNING);
	for (unsigned int i = 0; i < 20; i++) {
		KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, 0, PA_A, SZ_4K, RW,
						   GFP_KERNEL));
		EXPECT_PASS(far, MODEL_DEVID, 0, MODEL_WRITE, PA_A);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, SZ_4K), SZ_4K);
		EXPECT_FAULT(far, MODEL_DEVID, 0, MODEL_WRITE, NOT_MAPPED);
	}
	KUNIT_EXPECT_EQ(test, cordon_attach(far_dev, cordon_ops.blocked_domain), 0);
	EXPECT_FAULT(far, MODEL_DEVID, 0, MODEL_READ, BLOCKED);
	near->expected = BIT(CORDON_VIOLATION_STALE);
	model_inject(near, (struct cordon_inject) { });
}

/* What of a domain is on this unit, by the list that unmapping goes by. */
static bool is_told(struct iommu_domain *domain, const struct cordon_unit *unit)
{
	const struct cordon_bond *bond;

	guard(rcu)();
	list_for_each_entry_rcu(bond, &to_cordon_domain(domain)->bonds, list) {
		if (bond->unit == unit)
			return true;
	}
	return false;
}

/* As a driver that had a domain of its own, or VFIO, gives a device back. */
struct leaving {
	const char *name;
	bool identity;
	bool dies_first;
};

static const struct leaving leavings[] = {
	{ "to a DMA domain", .dies_first = true },
	{ "to identity", .identity = true, .dies_first = true },
	{ "while the unit dies of it" },
};

static void leaving_desc(const struct leaving *l, char *desc)
{
	strscpy(desc, l->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(leaving, leavings, leaving_desc);

/*
 * A device leaves a domain that lives on in another unit, and its own is dead.
 * Everything that the core cannot do without succeeds, and the device is in no
 * domain; everything else fails.
 */
static void leaves_dead_unit(struct kunit *test)
{
	const struct leaving *l = test->param_value;
	struct model_unit *near = model_start(test, "near-unit");
	struct model_unit *far = model_start(test, "far-unit");
	struct iommu_domain *shared = model_domain(near);
	struct iommu_domain *own = model_domain(near);
	struct iommu_domain *home = l->identity ? cordon_ops.identity_domain :
						  model_domain(near);
	struct cordon_device *near_dev, *far_dev;
	struct cordon_domain *cdom = to_cordon_domain(shared);
	long kept;

	if (!l->identity)
		home->type = IOMMU_DOMAIN_DMA;
	near_dev = model_device1(near, "near-device", MODEL_DEVID);
	far_dev = model_device1(far, "far-device", MODEL_DEVID);
	/* as the core does it: the default domain, ownership, a domain, another */
	KUNIT_ASSERT_EQ(test, cordon_attach(near_dev, home), 0);
	KUNIT_ASSERT_EQ(test, cordon_attach(near_dev, cordon_ops.blocked_domain), 0);
	KUNIT_ASSERT_EQ(test, cordon_attach(near_dev, own), 0);
	KUNIT_ASSERT_EQ(test, cordon_attach(near_dev, shared), 0);
	KUNIT_ASSERT_EQ(test, cordon_attach(far_dev, shared), 0);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(shared, 0, PA_A, SZ_4K, RW, GFP_KERNEL));
	EXPECT_PASS(near, MODEL_DEVID, 0, MODEL_READ, PA_A);
	/* A table that nothing leads to any more, but what the unit may know. */
	KUNIT_ASSERT_EQ(test, 0, iommu_map(shared, SZ_2M, PA_A, SZ_4K, RW, GFP_KERNEL));
	EXPECT_PASS(near, MODEL_DEVID, SZ_2M, MODEL_READ, PA_A);
	KUNIT_ASSERT_EQ(test, iommu_unmap(shared, SZ_2M, SZ_4K), SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(shared, SZ_2M, PA_A, SZ_2M, RW, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, atomic_read(&cdom->nr_deferred), 1);
	kept = atomic_long_read(&cdom->table_bytes);

	model_inject(near, (struct cordon_inject) { .gone = true });
	if (l->dies_first) {
		cordon_unit_ask(near->unit);
		KUNIT_EXPECT_EQ(test, near->unit->state, CORDON_UNIT_DEAD);
	}
	/* another device of its group could not follow */
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, own), 0);
	KUNIT_EXPECT_EQ(test, near->unit->state, CORDON_UNIT_DEAD);
	KUNIT_EXPECT_PTR_EQ(test, near_dev->domain, cordon_ops.blocked_domain);
	KUNIT_EXPECT_FALSE(test, is_told(shared, near->unit));
	KUNIT_EXPECT_FALSE(test, is_told(own, near->unit));
	KUNIT_EXPECT_TRUE(test, cdom->leaked);
	/* Nor is it freed when all units that are left have been told. */
	KUNIT_EXPECT_EQ(test, cordon_domain_flush(cdom), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&cdom->nr_deferred), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cdom->table_bytes), kept);
	/* A reset blocks it, and takes it back. */
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, cordon_ops.blocked_domain), 0);
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, cordon_ops.blocked_domain), 0);
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, own), 0);
	KUNIT_EXPECT_PTR_EQ(test, near_dev->domain, cordon_ops.blocked_domain);
	/* back to ownership, and home */
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, cordon_ops.blocked_domain), 0);
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, home), 0);
	KUNIT_EXPECT_TRUE(test, near_dev->named);
	KUNIT_EXPECT_PTR_EQ(test, near_dev->domain, cordon_ops.blocked_domain);
	if (!l->identity)
		KUNIT_EXPECT_FALSE(test, is_told(home, near->unit));
	/* Whoever wants it for something is told. */
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, own), -EIO);
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, cordon_ops.blocked_domain), 0);
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, shared), -EIO);
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, model_domain(far)), -EIO);
	KUNIT_EXPECT_EQ(test, cordon_attach(near_dev, l->identity ? own :
					    cordon_ops.identity_domain), -EIO);

	KUNIT_EXPECT_EQ(test, far->unit->state, CORDON_UNIT_RUNNING);
	EXPECT_PASS(far, MODEL_DEVID, 0, MODEL_WRITE, PA_A);
	KUNIT_EXPECT_EQ(test, iommu_unmap(shared, 0, SZ_4K), SZ_4K);
	EXPECT_FAULT(far, MODEL_DEVID, 0, MODEL_WRITE, NOT_MAPPED);
	near->expected = BIT(CORDON_VIOLATION_STALE);
	model_inject(near, (struct cordon_inject) { });
}

/* Stopped, or not started, in bounded time, whichever acknowledgment is missing. */
static void acknowledgments_missing(struct kunit *test)
{
	struct bench b = bench_start(test);

	for (unsigned int mute = 0; mute < CORDON_MUTES; mute++) {
		ktime_t start = ktime_get();

		model_inject(b.m, (struct cordon_inject) { .mutes = BIT(mute) });
		cordon_unit_stop(b.unit);
		KUNIT_EXPECT_FALSE(test, b.unit->quiet);
		KUNIT_EXPECT_NE(test, cordon_unit_start(b.unit), 0);
		KUNIT_EXPECT_NE(test, b.unit->state, CORDON_UNIT_RUNNING);
		KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start),
				6LL * TIMEOUT_MS + SLACK_MS);
		model_inject(b.m, (struct cordon_inject) { });
		cordon_unit_stop(b.unit);
		KUNIT_EXPECT_TRUE(test, b.unit->quiet);
		KUNIT_ASSERT_EQ(test, cordon_unit_start(b.unit), 0);
		EXPECT_PASS(b.m, MODEL_DEVID, 0, MODEL_READ, PA_A);
	}
}

static struct kunit_case recover_cases[] = {
	KUNIT_CASE(queue_is_reset),
	KUNIT_CASE(queue_fails_again),
	KUNIT_CASE(queue_is_retired),
	KUNIT_CASE(queue_cannot_be_reset),
	KUNIT_CASE(waiter_is_not_deceived),
	KUNIT_CASE(quick_waiter_is_not_deceived),
	KUNIT_CASE(all_queues_stall),
	KUNIT_CASE(command_is_retried),
	KUNIT_CASE(command_is_skipped),
	KUNIT_CASE(completion_is_lost),
	KUNIT_CASE(tables_cannot_be_read),
	KUNIT_CASE(root_serves_all),
	KUNIT_CASE(nothing_answers),
	KUNIT_CASE(unit_is_lost),
	KUNIT_CASE(all_bits_set),
	KUNIT_CASE(other_unit_works),
	KUNIT_CASE_PARAM(leaves_dead_unit, leaving_gen_params),
	KUNIT_CASE(acknowledgments_missing),
	{ }
};

static struct kunit_suite recover_suite = {
	.name = "cordon_recover",
	.init = recover_init,
	.exit = recover_exit,
	.test_cases = recover_cases,
};

kunit_test_suite(recover_suite);
