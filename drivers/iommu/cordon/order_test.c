// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of order: what is published is complete, what is taken away is
 * out of use before it is freed, and nobody goes on before that.
 *
 * Here the model takes its time: commands are carried out by a timer, and DMA
 * goes on until they are (spec 5.5, 11.2, 11.3).
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

#include "model_test.h"

#define PA_A		0x0000080000000000ULL
#define PA_B		0x0000090000000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)

/* spec 6.1 */
#define BLOCKED		0x1b
#define NOT_MAPPED	0x22

KUNIT_ARRAY_PARAM(tables, model_kinds_4k, model_tables_desc);

/*
 * Rounds of what races: many, but on a machine that is slow or busy only as
 * many as fit into some seconds.
 */
static bool go_on(ktime_t start, unsigned int round, unsigned int rounds)
{
	if (round >= rounds)
		return false;
	return round < rounds / 20 ||
	       ktime_ms_delta(ktime_get(), start) < 2 * MSEC_PER_SEC;
}

static struct model_unit *slow_unit(struct kunit *test)
{
	struct model_unit *m = model_prepare_with(test, "slow-unit",
						  test->param_value ?:
						  &model_stage1);

	model_latency(m, 1);
	model_start_prepared(m);
	return m;
}

/* When unmapping returns, no DMA uses what was mapped: at once, every time. */
static void unmap_waits(struct kunit *test)
{
	struct model_unit *m = slow_unit(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	for (unsigned int i = 0; i < 200; i++) {
		model_map(test, domain, 0x10000, PA_A, SZ_8K, RW);
		EXPECT_PASS(m, MODEL_DEVID, 0x10000, MODEL_WRITE, PA_A);
		EXPECT_PASS(m, MODEL_DEVID, 0x11000, MODEL_WRITE,
			    PA_A + SZ_4K);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x10000, SZ_8K), SZ_8K);
		EXPECT_FAULT(m, MODEL_DEVID, 0x10000, MODEL_WRITE, NOT_MAPPED);
		EXPECT_FAULT(m, MODEL_DEVID, 0x11000, MODEL_WRITE, NOT_MAPPED);
	}
	model_settle(m);
	EXPECT_FAULT(m, MODEL_DEVID, 0x10000, MODEL_WRITE, NOT_MAPPED);
}

/* The same for what is attached. */
static void attach_waits(struct kunit *test)
{
	struct model_unit *m = slow_unit(test);
	struct iommu_domain *a = model_domain(m);
	struct iommu_domain *b = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	model_map(test, a, 0x1000, PA_A, SZ_4K, RW);
	model_map(test, b, 0x1000, PA_B, SZ_4K, RW);
	model_watch(m, cdev);
	for (unsigned int i = 0; i < 100; i++) {
		KUNIT_ASSERT_EQ(test, cordon_attach(cdev, a), 0);
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
		KUNIT_ASSERT_EQ(test, cordon_attach(cdev, b), 0);
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_B);
		KUNIT_ASSERT_EQ(test,
				cordon_attach(cdev, cordon_ops.blocked_domain), 0);
		EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, BLOCKED);
	}
}

/* DMA at the last moment before commands take effect, by what is cached. */
static void last_moment(struct model_unit *m)
{
	for (u64 at = 0; at < SZ_2M; at += 17 * SZ_4K)
		model_dma_locked(m, MODEL_DEVID, SZ_1G + at, MODEL_READ, NULL);
}

/*
 * Tables are walked until they are invalidated, and freed afterwards: KASAN
 * sees the model walk a table that was freed.
 */
static void tables_outlive_walks(struct kunit *test)
{
	struct model_unit *m = slow_unit(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	for (unsigned int i = 0; i < CORDON_DEFERRED_TABLES + 8; i++) {
		model_map(test, domain, SZ_1G, PA_A + SZ_4K, SZ_2M, RW);
		/* The walk is cached, of all translations but one none is. */
		EXPECT_PASS(m, MODEL_DEVID, SZ_1G, MODEL_READ, PA_A + SZ_4K);
		scoped_guard(raw_spinlock_irqsave, &m->lock)
			m->before = last_moment;
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, SZ_1G, SZ_2M), SZ_2M);
		scoped_guard(raw_spinlock_irqsave, &m->lock)
			m->before = NULL;
		EXPECT_FAULT(m, MODEL_DEVID, SZ_1G, MODEL_READ, NOT_MAPPED);
		EXPECT_FAULT(m, MODEL_DEVID, SZ_1G + 17 * SZ_4K, MODEL_READ,
			     NOT_MAPPED);
	}
}

/* A domain that goes as soon as it is detached: so do its tables. */
static void domains_outlive_walks(struct kunit *test)
{
	struct model_unit *m = slow_unit(test);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	model_watch(m, cdev);
	for (unsigned int i = 0; i < 50; i++) {
		struct iommu_domain *domain;

		domain = cordon_domain_alloc(m->unit, m->tables->stage, 0);
		KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
		model_map(test, domain, SZ_1G, PA_A + SZ_4K, SZ_2M, RW);
		KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
		EXPECT_PASS(m, MODEL_DEVID, SZ_1G, MODEL_READ, PA_A + SZ_4K);
		scoped_guard(raw_spinlock_irqsave, &m->lock)
			m->before = last_moment;
		KUNIT_ASSERT_EQ(test,
				cordon_attach(cdev, cordon_ops.blocked_domain), 0);
		iommu_domain_free(domain);
		scoped_guard(raw_spinlock_irqsave, &m->lock)
			m->before = NULL;
		EXPECT_FAULT(m, MODEL_DEVID, SZ_1G, MODEL_READ, BLOCKED);
	}
}

/**
 * struct walker - hardware that looks at a device's context all the time
 * @m: the unit
 * @slot: the pointer
 * @images: what a context may say
 * @pa: where a DMA to 0x1000 may lead
 * @walks: contexts read
 * @seen: how often each of @images was
 * @malformed: contexts that said something else
 * @bad: one of them
 * @astray: DMA that did not get to one of @pa
 */
struct walker {
	struct model_unit *m;
	const __le64 *slot;
	struct cordon_dc images[2];
	u64 pa[2];
	unsigned long walks;
	unsigned long seen[2];
	unsigned long malformed;
	struct cordon_dc bad;
	unsigned long astray;
};

/*
 * Pointer and context are read under the model's lock: no invalidation can
 * complete in between, so that the context must not have been freed.
 */
static void walker_look(struct walker *w)
{
	struct cordon_dc dc;
	u64 pointer;

	scoped_guard(raw_spinlock_irqsave, &w->m->lock) {
		pointer = le64_to_cpu(READ_ONCE(*w->slot));
		if (!(pointer & CORDON_PTR_V))
			return;
		dc = *(const struct cordon_dc *)
		      phys_to_virt(pointer & CORDON_PTR_CONTEXT);
	}
	w->walks++;
	for (unsigned int i = 0; i < ARRAY_SIZE(w->images); i++) {
		if (!memcmp(&dc, &w->images[i], sizeof(dc))) {
			w->seen[i]++;
			return;
		}
	}
	if (!w->malformed++)
		w->bad = dc;
}

static void walker_dma(struct walker *w)
{
	u64 pa = 0;

	scoped_guard(raw_spinlock_irqsave, &w->m->lock) {
		cordon_model_drop_caches(w->m->model);
		if (!model_dma_locked(w->m, MODEL_DEVID, 0x1000, MODEL_READ,
				      &pa) &&
		    (pa == w->pa[0] || pa == w->pa[1]))
			return;
	}
	w->astray++;
}

static int walker_thread(void *data)
{
	struct walker *w = data;

	/* What KASAN sees here fails the test. */
	current->kunit_test = w->m->test;
	while (!kthread_should_stop()) {
		for (unsigned int i = 0; i < 64; i++)
			walker_look(w);
		walker_dma(w);
		cond_resched();
	}
	return 0;
}

static void walker_image(struct kunit *test, struct walker *w, unsigned int i)
{
	u64 pointer = le64_to_cpu(*w->slot);

	KUNIT_ASSERT_TRUE(test, pointer & CORDON_PTR_V);
	w->images[i] = *(const struct cordon_dc *)
			phys_to_virt(pointer & CORDON_PTR_CONTEXT);
}

static const enum cordon_stage other_stages[] = {
	CORDON_STAGE1, CORDON_STAGE2,
};

static void other_stage_desc(const enum cordon_stage *stage, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "from stage 1 to stage %u",
		 *stage == CORDON_STAGE1 ? 1 : 2);
}

KUNIT_ARRAY_PARAM(other_stage, other_stages, other_stage_desc);

/*
 * From one domain to another and back, a thousand times, under hardware that
 * walks all the time: it finds one context or the other, whole, and each DMA
 * gets through (spec 3.3, "a request uses one version wholly").
 */
static void contexts_are_whole(struct kunit *test)
{
	const enum cordon_stage *stage = test->param_value;
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *a = model_domain(m);
	struct iommu_domain *b = model_domain_of(m, *stage);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	struct walker *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct task_struct *thread;
	ktime_t start;
	int failed = 0;

	KUNIT_ASSERT_NOT_NULL(test, w);
	model_map(test, a, 0x1000, PA_A, SZ_4K, RW);
	model_map(test, b, 0x1000, PA_B, SZ_4K, RW);
	w->m = m;
	w->slot = cdev->streams[0]->slot;
	w->pa[0] = PA_A;
	w->pa[1] = PA_B;
	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, a), 0);
	walker_image(test, w, 0);
	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, b), 0);
	walker_image(test, w, 1);
	KUNIT_ASSERT_MEMNEQ(test, &w->images[0], &w->images[1],
			    sizeof(w->images[0]));
	model_watch(m, cdev);

	thread = kthread_run(walker_thread, w, "cordon-walker");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	start = ktime_get();
	for (unsigned int i = 0; go_on(start, i, 1000); i++) {
		failed |= cordon_attach(cdev, a);
		failed |= cordon_attach(cdev, b);
		if (!(i % 64))
			cond_resched();
	}
	/* On one CPU the walker has not had its turn yet, perhaps. */
	for (unsigned int i = 0; i < 200 && !(w->seen[0] && w->seen[1]); i++) {
		failed |= cordon_attach(cdev, i & 1 ? a : b);
		usleep_range(1000, 2000);
	}
	kthread_stop(thread);

	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_EQ_MSG(test, w->malformed, 0,
			    "cfg 0x%llx, tags 0x%llx, fmt 0x%llx, s1root 0x%llx",
			    le64_to_cpu(w->bad.cfg), le64_to_cpu(w->bad.tags),
			    le64_to_cpu(w->bad.fmt),
			    le64_to_cpu(w->bad.s1root));
	KUNIT_EXPECT_EQ(test, w->astray, 0);
	KUNIT_EXPECT_GT(test, w->seen[0], 0);
	KUNIT_EXPECT_GT(test, w->seen[1], 0);
	kunit_info(test, "%lu contexts read, %lu and %lu of each kind\n",
		   w->walks, w->seen[0], w->seen[1]);
}

/**
 * struct mapper - a device that uses one address all the time
 * @m: the unit
 * @passed: DMA that got to the right place
 * @refused: DMA that found nothing mapped
 * @astray: everything else
 * @reason: of the last of these
 */
struct mapper {
	struct model_unit *m;
	unsigned long passed;
	unsigned long refused;
	unsigned long astray;
	int reason;
};

static int mapper_thread(void *data)
{
	struct mapper *t = data;

	current->kunit_test = t->m->test;
	while (!kthread_should_stop()) {
		u64 pa = 0;
		int reason = model_dma(t->m, MODEL_DEVID, SZ_1G + SZ_4K,
				       MODEL_READ, &pa);

		if (!reason && pa == PA_A + SZ_4K) {
			t->passed++;
		} else if (reason == NOT_MAPPED) {
			t->refused++;
		} else {
			t->astray++;
			t->reason = reason;
		}
		cond_resched();
	}
	return 0;
}

/* A device that uses a page while it is mapped and unmapped all the time. */
static void map_under_dma(struct kunit *test)
{
	struct model_unit *m = slow_unit(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	struct mapper *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct task_struct *thread;
	ktime_t start;
	int failed = 0;

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	t->m = m;
	thread = kthread_run(mapper_thread, t, "cordon-dma");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	start = ktime_get();
	/* On one CPU the device has not had its turn yet, perhaps. */
	for (unsigned int i = 0; go_on(start, i, 1000) ||
	     (!READ_ONCE(t->passed) && i < 20000); i++) {
		/* pages one time, a block in place of their table the next */
		size_t size = i & 1 ? SZ_2M : SZ_8K;

		failed |= iommu_map(domain, SZ_1G, PA_A, size, RW, GFP_KERNEL);
		if (!(i % 16))
			usleep_range(100, 200);
		failed |= iommu_unmap(domain, SZ_1G, size) != size;
		failed |= model_dma(m, MODEL_DEVID, SZ_1G + SZ_4K, MODEL_READ,
				    NULL) != NOT_MAPPED;
	}
	kthread_stop(thread);
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_EQ_MSG(test, t->astray, 0, "reason 0x%x", t->reason);
	KUNIT_EXPECT_GT(test, t->passed, 0);
	kunit_info(test, "%lu passed, %lu refused\n", t->passed, t->refused);
}

/**
 * struct unmapper - one who maps and unmaps a page all the time
 * @m: the unit
 * @domain: the domain
 * @stale: DMA that got through after the page was unmapped
 */
struct unmapper {
	struct model_unit *m;
	struct iommu_domain *domain;
	unsigned long stale;
};

static int unmapper_thread(void *data)
{
	struct unmapper *t = data;
	int failed = 0;

	current->kunit_test = t->m->test;
	while (!kthread_should_stop()) {
		failed |= iommu_map(t->domain, SZ_2M, PA_A, SZ_4K, RW, GFP_KERNEL);
		usleep_range(50, 100);
		failed |= iommu_unmap(t->domain, SZ_2M, SZ_4K) != SZ_4K;
		t->stale += !model_dma(t->m, MODEL_DEVID, SZ_2M, MODEL_READ, NULL);
		cond_resched();
	}
	return failed;
}

/*
 * Mapping and unmapping while the domain comes and goes: whichever comes
 * first, the unit has forgotten what was unmapped (see cordon_bond_get()).
 */
static void unmap_under_attach(struct kunit *test)
{
	struct model_unit *m = slow_unit(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	struct unmapper t = { .m = m, .domain = domain };
	struct task_struct *thread;
	unsigned long passed = 0;
	ktime_t start;

	thread = kthread_run(unmapper_thread, &t, "cordon-unmap");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	start = ktime_get();
	/* as above, on one CPU */
	for (unsigned int i = 0; go_on(start, i, 500) ||
	     (!passed && i < 20000); i++) {
		KUNIT_EXPECT_EQ(test, cordon_attach(cdev, domain), 0);
		passed += !model_dma(m, MODEL_DEVID, SZ_2M, MODEL_READ, NULL);
		if (!(i % 8))
			usleep_range(50, 150);
		passed += !model_dma(m, MODEL_DEVID, SZ_2M, MODEL_READ, NULL);
		KUNIT_EXPECT_EQ(test,
				cordon_attach(cdev, cordon_ops.blocked_domain), 0);
	}
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, domain), 0);
	KUNIT_EXPECT_EQ(test, kthread_stop(thread), 0);
	KUNIT_EXPECT_EQ(test, t.stale, 0);
	KUNIT_EXPECT_GT(test, passed, 0);
	/* All has been unmapped by now. */
	EXPECT_FAULT(m, MODEL_DEVID, SZ_2M, MODEL_READ, NOT_MAPPED);
}

/**
 * struct latecomer - one who wants to use a queue
 * @q: the queue
 * @ret: what came of it
 * @done: it has come back
 */
struct latecomer {
	struct cordon_queue *q;
	int ret;
	struct completion done;
};

static int latecomer_thread(void *data)
{
	struct cordon_cmd cmd = cordon_cmd_sync();
	struct latecomer *late = data;

	late->ret = cordon_queue_run(late->q, &cmd, 1);
	complete(&late->done);
	return 0;
}

/* What the status line says: the queue runs, and has got to @head. */
static void status_line(struct cordon_queue *q, u32 head)
{
	WRITE_ONCE(*q->status,
		   cpu_to_le64(FIELD_PREP(CORDON_STATUS_STATE,
					  CORDON_QSTATE_RUNNING) |
			       FIELD_PREP(CORDON_STATUS_HEAD, head)));
}

/*
 * Whenever there is room in a small ring, somebody else takes it, for longer than
 * hardware may take to answer.  But it does answer: the queue is not broken.
 * The test is both, the hardware and the others.
 */
static void crowded_ring(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "crowded-unit");
	struct latecomer *late = kunit_kzalloc(test, sizeof(*late), GFP_KERNEL);
	struct task_struct *thread;
	struct cordon_queue *q;
	u32 index;

	KUNIT_ASSERT_NOT_NULL(test, late);
	/* CAP2.CMDQ_LOG2, bits 12:8 */
	m->config.cap[3] = (m->config.cap[3] & ~0x1f00ULL) | 0x100;
	model_reconfigure(m);
	model_start_prepared(m);
	q = &m->unit->queues[0];
	KUNIT_ASSERT_EQ(test, q->mask, 1);
	scoped_guard(raw_spinlock_irqsave, &m->lock)
		m->swallow = true;
	scoped_guard(raw_spinlock_irqsave, &q->lock) {
		status_line(q, 0);
		q->tail = 2;
	}
	late->q = q;
	init_completion(&late->done);
	thread = kthread_run(latecomer_thread, late, "cordon-late");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));

	for (unsigned int i = 0; i < cordon_timeout_ms / 20 * 3 / 2; i++) {
		msleep(20);
		scoped_guard(raw_spinlock_irqsave, &q->lock)
			status_line(q, ++q->tail - 2);
	}
	KUNIT_EXPECT_FALSE(test, try_wait_for_completion(&late->done));
	KUNIT_EXPECT_FALSE(test, q->broken);

	/* At last there is room for it: its command is taken, and complete. */
	scoped_guard(raw_spinlock_irqsave, &q->lock) {
		index = q->tail;
		status_line(q, index);
		WRITE_ONCE(q->slots[index & q->slot_mask],
			   cpu_to_le64(FIELD_PREP(CORDON_COMPLETION_STATUS,
						  CORDON_COMPLETION_OK) |
				       FIELD_PREP(CORDON_COMPLETION_VALUE,
						  index)));
	}
	wait_for_completion(&late->done);
	KUNIT_EXPECT_EQ(test, late->ret, 0);
	KUNIT_EXPECT_EQ(test, q->tail, index + 1);
	scoped_guard(raw_spinlock_irqsave, &m->lock)
		m->swallow = false;
}

static struct kunit_case order_cases[] = {
	KUNIT_CASE_PARAM(unmap_waits, tables_gen_params),
	KUNIT_CASE(attach_waits),
	KUNIT_CASE_PARAM(tables_outlive_walks, tables_gen_params),
	KUNIT_CASE_PARAM(domains_outlive_walks, tables_gen_params),
	KUNIT_CASE_PARAM_ATTR(contexts_are_whole, other_stage_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(map_under_dma),
	KUNIT_CASE_SLOW(unmap_under_attach),
	KUNIT_CASE_SLOW(crowded_ring),
	{ }
};

static struct kunit_suite order_suite = {
	.name = "cordon_order",
	.test_cases = order_cases,
};

kunit_test_suite(order_suite);
