// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of suspend and resume (spec 12.5), against the reference model,
 * which keeps its power, loses it, or does not come back.
 */
#include <kunit/device.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

#include "model_test.h"

#define PA_A		0x0000080000000000ULL
#define PA_B		0x0000090000000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)

/* spec 6.1 */
#define NO_ROOT		0x01
#define ABSENT		0x04
#define BLOCKED		0x1b
#define NOT_MAPPED	0x22

/* spec 10.2: CAP1.QUIESCE */
#define QUIESCE		BIT_ULL(23)

struct scene {
	struct model_unit *m;
	struct iommu_domain *domain;
	struct cordon_device *cdev;
};

/* A device with a page mapped, which hardware knows. */
static void scene_start(struct kunit *test, struct scene *s)
{
	model_start_prepared(s->m);
	s->domain = model_domain(s->m);
	s->cdev = model_device1(s->m, "device", MODEL_DEVID);
	KUNIT_ASSERT_EQ(test, cordon_attach(s->cdev, s->domain), 0);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(s->domain, 0, PA_A, SZ_4K, RW, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, iommu_map(s->domain, SZ_2M, PA_B, SZ_2M, RW, GFP_KERNEL));
	EXPECT_PASS(s->m, MODEL_DEVID, 0, MODEL_READ, PA_A);
	EXPECT_PASS(s->m, MODEL_DEVID, SZ_2M, MODEL_READ, PA_B);
}

static void scene(struct kunit *test, struct scene *s)
{
	s->m = model_prepare(test, "unit");
	scene_start(test, s);
}

/*
 * Everything that may go on while the unit is asleep: no call waits or fails,
 * and memory is all that changes.
 */
static void change_all(struct kunit *test, struct scene *s)
{
	struct iommu_domain *other;
	struct cordon_device *cdev;
	unsigned int commands = s->m->commands;

	/* strictly unmapped, with a table unlinked, and flushed as a whole */
	KUNIT_EXPECT_EQ(test, iommu_unmap(s->domain, 0, SZ_4K), SZ_4K);
	KUNIT_EXPECT_EQ(test, iommu_unmap(s->domain, SZ_2M, SZ_2M), SZ_2M);
	iommu_flush_iotlb_all(s->domain);
	KUNIT_EXPECT_EQ(test, 0, iommu_map(s->domain, SZ_4K, PA_B, SZ_4K, RW, GFP_KERNEL));

	/* a device comes, and with it a level of the directory */
	other = cordon_domain_alloc(s->m->unit, CORDON_STAGE1, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_EXPECT_EQ(test, 0, iommu_map(other, 0, PA_B, SZ_4K, RW, GFP_KERNEL));
	cdev = model_device1(s->m, "late-device", MODEL_DEVID3);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, other), 0);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, s->domain), 0);
	iommu_domain_free(other);

	/* one goes again */
	cdev = cordon_device_add(s->m->unit, s->m->dev, &(u32) { MODEL_DEVID2 }, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cdev));
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, s->domain), 0);
	cordon_device_remove(cdev);

	KUNIT_EXPECT_EQ(test, s->m->commands, commands);
}

/* What change_all() changed is what holds, from the first request on. */
static void expect_changed(struct model_unit *m)
{
	EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID, SZ_2M, MODEL_READ, NOT_MAPPED);
	EXPECT_PASS(m, MODEL_DEVID, SZ_4K, MODEL_WRITE, PA_B);
	EXPECT_PASS(m, MODEL_DEVID3, SZ_4K, MODEL_WRITE, PA_B);
	EXPECT_FAULT(m, MODEL_DEVID2, SZ_4K, MODEL_READ, ABSENT);
}

/* In use as ever: commands, faults, and each change at once. */
static void expect_works(struct kunit *test, struct scene *s)
{
	struct cordon_cmd sync = cordon_cmd_sync();
	struct cordon_unit *unit = s->m->unit;

	KUNIT_EXPECT_EQ(test, unit->state, CORDON_UNIT_RUNNING);
	for (unsigned int i = 0; i < unit->nr_queues; i++)
		KUNIT_EXPECT_EQ(test, cordon_queue_run(&unit->queues[i], &sync, 1), 0);
	KUNIT_EXPECT_EQ(test, 0, iommu_map(s->domain, SZ_1G, PA_A, SZ_4K, RW, GFP_KERNEL));
	EXPECT_PASS(s->m, MODEL_DEVID, SZ_1G, MODEL_READ, PA_A);
	KUNIT_EXPECT_EQ(test, iommu_unmap(s->domain, SZ_1G, SZ_4K), SZ_4K);
	cordon_fault_drain(unit);
	EXPECT_FAULT(s->m, MODEL_DEVID, SZ_1G, MODEL_READ, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(unit), 1);
	KUNIT_EXPECT_EQ(test, cordon_attach(s->cdev, cordon_ops.blocked_domain), 0);
	EXPECT_FAULT(s->m, MODEL_DEVID, SZ_4K, MODEL_READ, BLOCKED);
	KUNIT_EXPECT_EQ(test, cordon_attach(s->cdev, s->domain), 0);
}

static void without_power(struct kunit *test)
{
	struct scene s;

	scene(test, &s);
	cordon_unit_suspend(s.m->unit);
	model_power(s.m, false);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0, MODEL_READ, CORDON_ANSWER_HELD);
	change_all(test, &s);
	KUNIT_EXPECT_EQ(test, s.m->touched, 0);

	/* With power again all is blocked, until the directory is in force. */
	model_power(s.m, true);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0, MODEL_READ, NO_ROOT);
	EXPECT_FAULT(s.m, MODEL_DEVID, SZ_4K, MODEL_READ, NO_ROOT);
	EXPECT_FAULT(s.m, MODEL_DEVID3, SZ_4K, MODEL_READ, NO_ROOT);
	KUNIT_EXPECT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	expect_changed(s.m);
	expect_works(test, &s);
}

/* Requests wait: none is lost, and none is handled by what was there before. */
static void with_power(struct kunit *test)
{
	struct scene s;

	scene(test, &s);
	cordon_unit_suspend(s.m->unit);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0, MODEL_READ, CORDON_ANSWER_HELD);
	change_all(test, &s);
	EXPECT_FAULT(s.m, MODEL_DEVID, SZ_4K, MODEL_READ, CORDON_ANSWER_HELD);
	EXPECT_FAULT(s.m, MODEL_DEVID2, SZ_4K, MODEL_READ, CORDON_ANSWER_HELD);
	KUNIT_EXPECT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	expect_changed(s.m);
	expect_works(test, &s);
}

/* A unit that has no place for them terminates them meanwhile. */
static void with_power_unheld(struct kunit *test)
{
	struct scene s = { .m = model_prepare(test, "unit") };

	s.m->config.cap[2] &= ~QUIESCE;
	model_reconfigure(s.m);
	scene_start(test, &s);
	cordon_unit_suspend(s.m->unit);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0, MODEL_READ, NO_ROOT);
	change_all(test, &s);
	EXPECT_FAULT(s.m, MODEL_DEVID, SZ_4K, MODEL_READ, NO_ROOT);
	KUNIT_EXPECT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	expect_changed(s.m);
	expect_works(test, &s);
}

/*
 * The requests that wait are let in when the directory is in force, and not
 * before: whatever the driver does on its way there, each access of a register
 * finds them waiting, blocked or right.
 */
struct observer {
	struct cordon_mmio mmio;
	struct model_unit *m;
	unsigned int held;
	unsigned int right;
	unsigned int wrong;
};

static void observe(struct observer *o)
{
	u64 pa = 0;

	switch (model_dma(o->m, MODEL_DEVID, SZ_4K, MODEL_READ, &pa)) {
	case 0:
		if (pa == PA_B)
			o->right++;
		else
			o->wrong++;
		break;
	case CORDON_ANSWER_HELD:
		o->held++;
		break;
	default:
		o->wrong++;
	}
}

static void observed_write32(void *opaque, u32 offset, u32 value)
{
	struct observer *o = opaque;

	o->m->mmio.write32(o->m, offset, value);
	observe(o);
}

static void observed_write64(void *opaque, u32 offset, u64 value)
{
	struct observer *o = opaque;

	o->m->mmio.write64(o->m, offset, value);
	observe(o);
}

static u32 observed_read32(void *opaque, u32 offset)
{
	struct observer *o = opaque;

	return o->m->mmio.read32(o->m, offset);
}

static u64 observed_read64(void *opaque, u32 offset)
{
	struct observer *o = opaque;

	return o->m->mmio.read64(o->m, offset);
}

static void nothing_is_lost(struct kunit *test)
{
	struct observer o = {
		.mmio = {
			.read32 = observed_read32,
			.read64 = observed_read64,
			.write32 = observed_write32,
			.write64 = observed_write64,
			.opaque = &o,
		},
	};
	struct scene s;

	scene(test, &s);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(s.domain, SZ_4K, PA_B, SZ_4K, RW, GFP_KERNEL));
	o.m = s.m;
	s.m->unit->mmio = &o.mmio;
	for (unsigned int i = 0; i < 3; i++) {
		cordon_unit_suspend(s.m->unit);
		KUNIT_EXPECT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	}
	s.m->unit->mmio = &s.m->mmio;
	KUNIT_EXPECT_EQ(test, o.wrong, 0);
	KUNIT_EXPECT_GT(test, o.held, 20);
	KUNIT_EXPECT_GT(test, o.right, 0);
}

static u32 fault_count(const struct cordon_fault_block *block)
{
	return lower_32_bits(le64_to_cpu(block->faults));
}

static int hear(struct iommu_domain *domain, struct device *dev,
		unsigned long iova, int flags, void *token)
{
	(*(unsigned int *)token)++;
	return 0;
}

/* A fault just before is told just after; drivers that sleep are not. */
static void fault_before(struct kunit *test)
{
	const struct cordon_fault_block *block;
	unsigned int heard = 0;
	struct scene s;

	scene(test, &s);
	iommu_set_fault_handler(s.domain, hear, &heard);
	block = s.cdev->streams[0]->fault;
	/* one record, and one for the repeats, which no timer has written yet */
	for (unsigned int i = 0; i < 5; i++)
		EXPECT_FAULT(s.m, MODEL_DEVID, 0x7000, MODEL_WRITE, NOT_MAPPED);
	cordon_unit_suspend(s.m->unit);
	KUNIT_EXPECT_EQ(test, s.m->unit->fq.head, 2);
	KUNIT_EXPECT_EQ(test, fault_count(block), 2);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(block->faults_consumed), 2);
	KUNIT_EXPECT_EQ(test, heard, 0);
	KUNIT_EXPECT_EQ(test, s.m->unit->fq.lost, 0);

	/* The queue and the counts begin anew where they must, and only there. */
	model_power(s.m, false);
	model_power(s.m, true);
	KUNIT_ASSERT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 0);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x7000, MODEL_WRITE, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 1);
	KUNIT_EXPECT_EQ(test, heard, 1);
	KUNIT_EXPECT_EQ(test, fault_count(block), 3);
}

/* A queue that has stopped, and that nobody waits for, is told of and goes on. */
static void stopped_queue_before(struct kunit *test)
{
	struct cordon_queue *q;
	struct scene s;

	scene(test, &s);
	s.m->expected = BIT(CORDON_VIOLATION_COMMAND);
	q = &s.m->unit->queues[0];
	q->ring[q->tail & q->mask] = (struct cordon_cmd) {
		.op = cpu_to_le64(0x7f),
	};
	q->tail++;
	s.m->mmio.write32(s.m, q->doorbell + CORDON_REG_Q_TAIL, q->tail);
	KUNIT_EXPECT_EQ(test, q->skips, 0);
	cordon_unit_suspend(s.m->unit);
	KUNIT_EXPECT_EQ(test, q->skips, 1);
	model_power(s.m, false);
	model_power(s.m, true);
	KUNIT_ASSERT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	expect_works(test, &s);
}

/* A queue that was given up is in use again after a reset. */
static void broken_queue_before(struct kunit *test)
{
	struct scene s;

	scene(test, &s);
	s.m->unit->queues[0].broken = true;
	cordon_unit_suspend(s.m->unit);
	model_power(s.m, false);
	model_power(s.m, true);
	KUNIT_ASSERT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	KUNIT_EXPECT_FALSE(test, s.m->unit->queues[0].broken);
	expect_works(test, &s);
}

/* How a unit may fail to come back. */
struct failure {
	const char *name;
	bool gone;
	bool other;
	u32 mutes;
	int ret;
};

static const struct failure failures[] = {
	{ "no power", .gone = true, .ret = -ENODEV },
	{ "another unit", .other = true, .ret = -ENODEV },
	{ "root not acknowledged", .mutes = BIT(CORDON_MUTE_ROOT), .ret = -ETIMEDOUT },
	{ "control not acknowledged", .mutes = BIT(CORDON_MUTE_CTRL), .ret = -ETIMEDOUT },
	{ "queues not acknowledged", .mutes = BIT(CORDON_MUTE_QUEUE), .ret = -ETIMEDOUT },
};

static void failure_desc(const struct failure *f, char *desc)
{
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(failure, failures, failure_desc);

static void set_failure(struct model_unit *m, const struct failure *f)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock) {
		struct cordon_inject inject = {
			.mutes = f ? f->mutes : 0,
		};

		m->gone = f && f->gone;
		cordon_model_inject(m->model, &inject);
	}
}

/* Bounded, named, contained: nobody waits for it, and nothing passes. */
static void does_not_come_back(struct kunit *test)
{
	const struct failure *f = test->param_value;
	unsigned int ms = cordon_timeout_ms;
	u64 id;
	struct model_unit *other = model_start(test, "other-unit");
	struct cordon_cmd sync = cordon_cmd_sync();
	struct scene s;
	ktime_t start;

	scene(test, &s);
	cordon_unit_suspend(s.m->unit);
	model_power(s.m, false);
	model_power(s.m, true);
	id = s.m->unit->regs.id;
	if (f->other)
		s.m->unit->regs.id ^= BIT_ULL(16);
	set_failure(s.m, f);

	cordon_timeout_ms = 50;
	start = ktime_get();
	KUNIT_EXPECT_EQ(test, cordon_unit_resume(s.m->unit), f->ret);
	/* a few time-outs, with much to spare */
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 2000LL);
	KUNIT_EXPECT_EQ(test, s.m->unit->state, CORDON_UNIT_DEAD);

	start = ktime_get();
	for (unsigned int i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, cordon_unit_run(s.m->unit, &sync, 1), -EIO);
	KUNIT_EXPECT_EQ(test, iommu_unmap(s.domain, 0, SZ_4K), SZ_4K);
	KUNIT_EXPECT_EQ(test, cordon_attach(s.cdev, model_domain(s.m)), -EIO);
	/* Later attempts do not bring it back to life. */
	cordon_unit_suspend(s.m->unit);
	KUNIT_EXPECT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	KUNIT_EXPECT_EQ(test, s.m->unit->state, CORDON_UNIT_DEAD);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 1000LL);

	/* Nothing passes, even if it works after all. */
	set_failure(s.m, NULL);
	KUNIT_EXPECT_NE(test, model_dma(s.m, MODEL_DEVID, SZ_2M, MODEL_READ, NULL), 0);
	KUNIT_EXPECT_EQ(test, cordon_unit_run(other->unit, &sync, 1), 0);
	cordon_timeout_ms = ms;
	s.m->unit->regs.id = id;
}

/* One that is dead already keeps nobody awake, and is left alone. */
static void dead_before(struct kunit *test)
{
	struct scene s;
	u64 writes;

	scene(test, &s);
	cordon_unit_lost(s.m->unit);
	writes = cordon_model_stats(s.m->model)->reg_writes;
	cordon_unit_suspend(s.m->unit);
	KUNIT_EXPECT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	KUNIT_EXPECT_EQ(test, cordon_model_stats(s.m->model)->reg_writes, writes);
	KUNIT_EXPECT_EQ(test, s.m->unit->state, CORDON_UNIT_DEAD);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0, MODEL_READ, NO_ROOT);
}

/* One that does not answer when it is to be suspended: bounded, then dead. */
static void dies_on_the_way(struct kunit *test)
{
	static const struct failure mute = {
		.mutes = BIT(CORDON_MUTE_ROOT) | BIT(CORDON_MUTE_CTRL),
	};
	unsigned int ms = cordon_timeout_ms;
	struct scene s;
	ktime_t start;

	scene(test, &s);
	set_failure(s.m, &mute);
	cordon_timeout_ms = 50;
	start = ktime_get();
	cordon_unit_suspend(s.m->unit);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 2000LL);
	KUNIT_EXPECT_EQ(test, s.m->unit->state, CORDON_UNIT_DEAD);
	KUNIT_EXPECT_EQ(test, cordon_unit_resume(s.m->unit), 0);
	cordon_timeout_ms = ms;
	set_failure(s.m, NULL);
}

/* CPUs that map and unmap all the time, suspended or not. */
struct worker {
	struct iommu_domain *domain;
	unsigned long iova;
	bool lazy;
	unsigned int rounds;
};

static int worker_thread(void *data)
{
	struct worker *w = data;

	while (!kthread_should_stop()) {
		if (iommu_map(w->domain, w->iova, PA_A, SZ_4K, RW, GFP_KERNEL))
			break;
		if (iommu_unmap(w->domain, w->iova, SZ_4K) != SZ_4K)
			break;
		if (w->lazy)
			iommu_flush_iotlb_all(w->domain);
		w->rounds++;
		cond_resched();
	}
	while (!kthread_should_stop())
		usleep_range(500, 1000);
	return 0;
}

static void under_load(struct kunit *test)
{
	struct worker workers[3] = { };
	struct task_struct *threads[3];
	unsigned int was[3];
	struct scene s;

	scene(test, &s);
	for (unsigned int i = 0; i < ARRAY_SIZE(workers); i++) {
		workers[i].domain = s.domain;
		workers[i].iova = SZ_1G + i * SZ_2M;
		workers[i].lazy = i == 0;
		threads[i] = kthread_run(worker_thread, &workers[i], "cordon-load");
		KUNIT_ASSERT_FALSE(test, IS_ERR(threads[i]));
	}
	for (unsigned int round = 0; round < 40; round++) {
		cordon_unit_suspend(s.m->unit);
		model_power(s.m, false);
		for (unsigned int i = 0; i < ARRAY_SIZE(workers); i++)
			was[i] = READ_ONCE(workers[i].rounds);
		usleep_range(500, 1000);
		model_power(s.m, true);
		KUNIT_EXPECT_EQ(test, cordon_unit_resume(s.m->unit), 0);
		EXPECT_PASS(s.m, MODEL_DEVID, 0, MODEL_READ, PA_A);
		usleep_range(500, 1000);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(workers); i++) {
		kthread_stop(threads[i]);
		KUNIT_EXPECT_GT(test, workers[i].rounds, 100);
		KUNIT_EXPECT_GT(test, workers[i].rounds, was[i]);
	}
	KUNIT_EXPECT_EQ(test, s.m->touched, 0);
	expect_works(test, &s);
}

static struct kunit_case power_cases[] = {
	KUNIT_CASE(without_power),
	KUNIT_CASE(with_power),
	KUNIT_CASE(with_power_unheld),
	KUNIT_CASE(nothing_is_lost),
	KUNIT_CASE(fault_before),
	KUNIT_CASE(stopped_queue_before),
	KUNIT_CASE(broken_queue_before),
	KUNIT_CASE_PARAM(does_not_come_back, failure_gen_params),
	KUNIT_CASE(dead_before),
	KUNIT_CASE(dies_on_the_way),
	KUNIT_CASE_SLOW(under_load),
	{ }
};

static struct kunit_suite power_suite = {
	.name = "cordon_power",
	.test_cases = power_cases,
};

kunit_test_suite(power_suite);
