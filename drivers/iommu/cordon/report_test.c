// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of faults on their way from the hardware to whoever is to know
 * of them, against the reference model (spec 6).
 */
#include <kunit/device.h>
#include <linux/bitfield.h>
#include <linux/sizes.h>

#include "model_test.h"

#define PA_A		0x0000080000000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)

/* spec 6.1 */
#define ABSENT		0x04
#define NOT_MAPPED	0x22
#define PERMISSION	0x25

/* What the fault handler of a device's driver has been told. */
struct told {
	struct device *dev;
	unsigned long iova;
	int flags;
};

struct ear {
	struct told told[1024];
	unsigned int nr;
	int answer;
};

static int hear(struct iommu_domain *domain, struct device *dev,
		unsigned long iova, int flags, void *token)
{
	struct ear *ear = token;

	if (ear->nr < ARRAY_SIZE(ear->told)) {
		ear->told[ear->nr] = (struct told) {
			.dev = dev, .iova = iova, .flags = flags,
		};
	}
	ear->nr++;
	return ear->answer;
}

struct scene {
	struct model_unit *m;
	struct iommu_domain *domain;
	struct cordon_device *cdev;
	struct ear *ear;
};

static void scene_attach(struct kunit *test, struct scene *s)
{
	s->ear = kunit_kzalloc(test, sizeof(*s->ear), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s->ear);
	s->domain = model_domain(s->m);
	iommu_set_fault_handler(s->domain, hear, s->ear);
	s->cdev = model_device1(s->m, "device", MODEL_DEVID);
	KUNIT_ASSERT_EQ(test, cordon_attach(s->cdev, s->domain), 0);
}

static void scene_with(struct kunit *test, struct scene *s,
		       const struct model_tables *tables)
{
	s->m = model_start_with(test, "unit", tables);
	scene_attach(test, s);
}

static void scene(struct kunit *test, struct scene *s)
{
	scene_with(test, s, &model_stage1);
}

KUNIT_ARRAY_PARAM(tables, model_kinds_4k, model_tables_desc);

/* A fault queue of 8 records: CAP2.FQ_LOG2 is bits 20:16; no merging. */
static void small_scene(struct kunit *test, struct scene *s)
{
	s->m = model_prepare(test, "unit");
	s->m->config.cap[3] = (s->m->config.cap[3] & ~0x1f0000ULL) | 0x30000;
	s->m->config.cap[3] &= ~(0xffffULL << 48);
	model_reconfigure(s->m);
	model_start_prepared(s->m);
	KUNIT_ASSERT_EQ(test, s->m->unit->fq.log2, 3);
	scene_attach(test, s);
}

static u32 fault_lost(const struct cordon_fault_block *block)
{
	return le64_to_cpu(block->faults) >> 32;
}

static u32 fault_produced(const struct cordon_fault_block *block)
{
	return le64_to_cpu(block->faults);
}

static u32 fault_consumed(const struct cordon_fault_block *block)
{
	return le64_to_cpu(block->faults_consumed);
}

static u64 queue_lost(struct model_unit *m)
{
	return m->mmio.read64(m, CORDON_REG_FQ_LOST);
}

/* The handler is told where, by whom and how; and nothing else happens. */
static void handler_is_told(struct kunit *test)
{
	struct scene s;

	scene_with(test, &s, test->param_value);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(s.domain, 0x4000, PA_A, SZ_4K,
					   IOMMU_READ, GFP_KERNEL));
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x12345678, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x87654000, MODEL_WRITE, NOT_MAPPED);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x4008, MODEL_WRITE, PERMISSION);
	KUNIT_EXPECT_TRUE(test, s.m->irqs & BIT(CORDON_INT_FAULT));

	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 3);
	KUNIT_ASSERT_EQ(test, s.ear->nr, 3);
	KUNIT_EXPECT_EQ(test, s.ear->told[0].iova, 0x12345678);
	KUNIT_EXPECT_EQ(test, s.ear->told[0].flags, IOMMU_FAULT_READ);
	KUNIT_EXPECT_PTR_EQ(test, s.ear->told[0].dev, s.cdev->dev);
	KUNIT_EXPECT_EQ(test, s.ear->told[1].iova, 0x87654000);
	KUNIT_EXPECT_EQ(test, s.ear->told[1].flags, IOMMU_FAULT_WRITE);
	KUNIT_EXPECT_EQ(test, s.ear->told[2].iova, 0x4008);
	KUNIT_EXPECT_EQ(test, s.ear->told[2].flags, IOMMU_FAULT_WRITE);

	/* What was handled has been given back, and the queue is empty. */
	KUNIT_EXPECT_EQ(test, fault_produced(s.cdev->streams[0]->fault), 3);
	KUNIT_EXPECT_EQ(test, fault_consumed(s.cdev->streams[0]->fault), 3);
	KUNIT_EXPECT_EQ(test, s.m->mmio.read32(s.m, CORDON_REG_FQ_HEAD), 3);
	KUNIT_EXPECT_EQ(test, s.m->mmio.read32(s.m, CORDON_REG_FQ_TAIL), 3);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 0);

	/* A pass is no fault. */
	EXPECT_PASS(s.m, MODEL_DEVID, 0x4000, MODEL_READ, PA_A);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 0);
}

/* A fault of a domain that the device has left is not the new one's. */
static void handler_of_old_domain(struct kunit *test)
{
	struct iommu_domain *other;
	struct scene s;

	scene_with(test, &s, test->param_value);
	other = model_domain(s.m);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x1000, MODEL_READ, NOT_MAPPED);
	/* It is still in the queue when the device leaves. */
	KUNIT_EXPECT_EQ(test, cordon_attach(s.cdev, other), 0);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x2000, MODEL_READ, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, cordon_attach(s.cdev, s.domain), 0);
	cordon_fault_drain(s.m->unit);
	KUNIT_EXPECT_EQ(test, s.ear->nr, 1);
	KUNIT_EXPECT_EQ(test, s.ear->told[0].iova, 0x1000);
	KUNIT_EXPECT_EQ(test, fault_consumed(s.cdev->streams[0]->fault),
			fault_produced(s.cdev->streams[0]->fault));
	KUNIT_EXPECT_EQ(test, cordon_attach(s.cdev, cordon_ops.blocked_domain), 0);
}

/* Nor is that of a domain that has gone: the new one has another tag. */
static void handler_of_freed_domain(struct kunit *test)
{
	const struct model_tables *t = test->param_value;
	struct iommu_domain *domain;
	struct scene s;

	scene_with(test, &s, t);
	for (unsigned int i = 0; i < 2; i++) {
		domain = cordon_domain_alloc(s.m->unit, t->stage, 0);
		KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
		if (i)
			iommu_set_fault_handler(domain, hear, s.ear);
		KUNIT_EXPECT_EQ(test, cordon_attach(s.cdev, domain), 0);
		if (!i)
			EXPECT_FAULT(s.m, MODEL_DEVID, 0x1000, MODEL_READ,
				     NOT_MAPPED);
		else
			cordon_fault_drain(s.m->unit);
		KUNIT_EXPECT_EQ(test, cordon_attach(s.cdev, s.domain), 0);
		iommu_domain_free(domain);
	}
	KUNIT_EXPECT_EQ(test, s.ear->nr, 0);
}

/* Repeats are counted and told together (spec 6.3). */
static void repeats_are_merged(struct kunit *test)
{
	const struct cordon_fault *ring;
	struct scene s;
	u32 count = 0;

	scene(test, &s);
	ring = s.m->unit->fq.ring;
	for (unsigned int i = 0; i < 1000; i++)
		EXPECT_FAULT(s.m, MODEL_DEVID, 0x5000 + i % 64 * 8, MODEL_READ,
			     NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 1);
	KUNIT_EXPECT_EQ(test, s.ear->nr, 1);

	/* a second of the model's time: longer than any repeat is held back */
	model_advance(s.m, 62500000);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 1);
	KUNIT_EXPECT_EQ(test, s.ear->nr, 2);
	KUNIT_EXPECT_EQ(test, s.ear->told[1].iova & ~(u64)0xfff, 0x5000);

	for (unsigned int i = 0; i < 2; i++)
		count += le64_to_cpu(ring[i].info) >> 32;
	KUNIT_EXPECT_EQ(test, count, 1000);
	KUNIT_EXPECT_EQ(test, fault_lost(s.cdev->streams[0]->fault), 0);
	KUNIT_EXPECT_EQ(test, fault_consumed(s.cdev->streams[0]->fault), 2);
}

/* Every record, in order, over many passes round a small ring. */
static void every_record_in_order(struct kunit *test)
{
	unsigned int sent = 0;
	struct scene s;

	small_scene(test, &s);
	for (unsigned int round = 0; round < 250; round++) {
		unsigned int nr = 1 + round % 4;

		for (unsigned int i = 0; i < nr; i++, sent++)
			EXPECT_FAULT(s.m, MODEL_DEVID, sent * SZ_4K, MODEL_READ,
				     NOT_MAPPED);
		KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), nr);
		KUNIT_EXPECT_EQ(test, s.ear->nr, sent);
	}
	KUNIT_ASSERT_LE(test, sent, ARRAY_SIZE(s.ear->told));
	for (unsigned int i = 0; i < sent; i++)
		KUNIT_EXPECT_EQ(test, s.ear->told[i].iova, i * SZ_4K);
	KUNIT_EXPECT_EQ(test, fault_lost(s.cdev->streams[0]->fault), 0);
	KUNIT_EXPECT_EQ(test, queue_lost(s.m), 0);
	KUNIT_EXPECT_EQ(test, fault_consumed(s.cdev->streams[0]->fault), sent);
}

/* A device at its limit loses its own faults alone, and they are counted. */
static void limit_of_a_device(struct kunit *test)
{
	struct cordon_fault_block *block;
	struct cordon_device *other;
	struct scene s;

	small_scene(test, &s);
	other = model_device1(s.m, "other", MODEL_DEVID2);
	KUNIT_ASSERT_EQ(test, cordon_attach(other, s.domain), 0);
	block = s.cdev->streams[0]->fault;

	/* half of the queue for one device */
	for (unsigned int i = 0; i < 20; i++)
		EXPECT_FAULT(s.m, MODEL_DEVID, i * SZ_4K, MODEL_READ, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, fault_produced(block), 4);
	KUNIT_EXPECT_EQ(test, fault_lost(block), 16);
	KUNIT_EXPECT_EQ(test, queue_lost(s.m), 0);
	EXPECT_FAULT(s.m, MODEL_DEVID2, 0xabc000, MODEL_WRITE, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, fault_lost(other->streams[0]->fault), 0);

	/* Not handled: it is shown as well. */
	s.ear->answer = -EIO;
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 5);
	KUNIT_ASSERT_EQ(test, s.ear->nr, 5);
	KUNIT_EXPECT_PTR_EQ(test, s.ear->told[4].dev, other->dev);
	KUNIT_EXPECT_EQ(test, s.ear->told[4].iova, 0xabc000);
	/* What was lost is known, and will be told. */
	KUNIT_EXPECT_EQ(test, s.cdev->tally.lost, 16);
	KUNIT_EXPECT_EQ(test, other->tally.lost, 0);

	/* There is room again. */
	for (unsigned int i = 0; i < 4; i++)
		EXPECT_FAULT(s.m, MODEL_DEVID, i * SZ_4K, MODEL_READ, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, fault_lost(block), 16);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 4);
	KUNIT_EXPECT_EQ(test, fault_consumed(block), 8);
	/* The next line of the device has told it. */
	KUNIT_EXPECT_EQ(test, s.cdev->tally.lost, 0);
}

/*
 * A device that has had 1,024 records in a second gets its credit back later:
 * until then hardware counts its faults, and nobody else's.
 */
static void credit_comes_later(struct kunit *test)
{
	u32 produced, consumed, lost, tries = 0;
	struct cordon_fault_block *block;
	struct cordon_device *other;
	struct cordon_stream *stream;
	unsigned long before;
	struct scene s;

	small_scene(test, &s);
	other = model_device1(s.m, "other", MODEL_DEVID2);
	KUNIT_ASSERT_EQ(test, cordon_attach(other, s.domain), 0);
	stream = s.cdev->streams[0];
	block = stream->fault;

	for (unsigned int sent = 0; sent < 1024; sent++) {
		EXPECT_FAULT(s.m, MODEL_DEVID, sent * SZ_4K, MODEL_READ, NOT_MAPPED);
		KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 1);
		/* However long this takes, it is the same second. */
		stream->credit.since = jiffies + 100 * HZ;
	}
	KUNIT_EXPECT_EQ(test, fault_consumed(block), 1024);
	KUNIT_EXPECT_EQ(test, fault_lost(block), 0);

	/* What is owed is given back after 50 ms: look before. */
	do {
		flush_delayed_work(&s.m->unit->fq.repay);
		before = jiffies;
		for (unsigned int i = 0; i < 4; i++)
			EXPECT_FAULT(s.m, MODEL_DEVID, i * SZ_4K, MODEL_READ, NOT_MAPPED);
		cordon_fault_drain(s.m->unit);
		produced = fault_produced(block);
		consumed = fault_consumed(block);
		lost = fault_lost(block);
		EXPECT_FAULT(s.m, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
		lost = fault_lost(block) - lost;
	} while (time_after_eq(jiffies, before + msecs_to_jiffies(50)) &&
		 tries++ < 50);
	KUNIT_EXPECT_EQ(test, produced - consumed, 4);
	KUNIT_EXPECT_EQ(test, lost, 1);
	EXPECT_FAULT(s.m, MODEL_DEVID2, 0, MODEL_READ, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, fault_lost(other->streams[0]->fault), 0);

	flush_delayed_work(&s.m->unit->fq.repay);
	cordon_fault_drain(s.m->unit);
	flush_delayed_work(&s.m->unit->fq.repay);
	KUNIT_EXPECT_EQ(test, fault_consumed(block), fault_produced(block));

	/* The next second is another one. */
	stream->credit.since = jiffies - HZ - 1;
	produced = fault_produced(block);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0, MODEL_READ, NOT_MAPPED);
	cordon_fault_drain(s.m->unit);
	KUNIT_EXPECT_EQ(test, fault_produced(block), produced + 1);
	KUNIT_EXPECT_EQ(test, fault_consumed(block), produced + 1);
}

/*
 * Three devices at half of the queue each: it overflows, and the sum of what
 * was recorded and what was lost is what happened (spec 6.4).
 */
static void overflow_adds_up(struct kunit *test)
{
	static const u32 ids[] = { MODEL_DEVID2, MODEL_DEVID2 + 1 };
	struct cordon_device *devices[3];
	unsigned int faults[3] = { };
	unsigned int drained = 0;
	u32 lost = 0, consumed = 0;
	struct scene s;

	small_scene(test, &s);
	devices[0] = s.cdev;
	devices[1] = model_device1(s.m, "second", ids[0]);
	devices[2] = model_device1(s.m, "third", ids[1]);
	KUNIT_ASSERT_EQ(test, cordon_attach(devices[1], s.domain), 0);
	KUNIT_ASSERT_EQ(test, cordon_attach(devices[2], s.domain), 0);

	for (unsigned int round = 0; round < 60; round++) {
		for (unsigned int i = 0; i < 3; i++) {
			for (unsigned int k = 0; k < 3 + i; k++, faults[i]++)
				EXPECT_FAULT(s.m, devices[i]->streams[0]->devid,
					     (round * 64 + k) * SZ_4K,
					     MODEL_READ, NOT_MAPPED);
		}
		drained += cordon_fault_drain(s.m->unit);
		KUNIT_EXPECT_EQ(test, s.ear->nr, drained);
	}
	for (unsigned int i = 0; i < 3; i++) {
		const struct cordon_fault_block *block =
			devices[i]->streams[0]->fault;

		KUNIT_EXPECT_EQ(test, fault_produced(block) + fault_lost(block),
				faults[i]);
		KUNIT_EXPECT_EQ(test, fault_produced(block),
				fault_consumed(block));
		KUNIT_EXPECT_EQ(test, devices[i]->streams[0]->lost,
				fault_lost(block));
		lost += fault_lost(block);
		consumed += fault_consumed(block);
	}
	KUNIT_EXPECT_EQ(test, consumed, drained);
	KUNIT_EXPECT_EQ(test, drained + lost, faults[0] + faults[1] + faults[2]);
	/* The queue itself was full at times. */
	KUNIT_EXPECT_GT(test, queue_lost(s.m), 0);
	KUNIT_EXPECT_EQ(test, s.m->unit->fq.head, drained);
}

/* Requests of nobody's: limited together, never charged to a device. */
static void unknown_devices(struct kunit *test)
{
	struct scene s;

	small_scene(test, &s);
	for (u32 i = 0; i < 30; i++)
		EXPECT_FAULT(s.m, 0x1000 + i, 0x1000, MODEL_WRITE, ABSENT);
	KUNIT_EXPECT_EQ(test, fault_produced(s.m->unit->fq.anon), 4);
	KUNIT_EXPECT_EQ(test, fault_lost(s.m->unit->fq.anon), 26);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x7000, MODEL_WRITE, NOT_MAPPED);

	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 5);
	KUNIT_EXPECT_EQ(test, s.ear->nr, 1);
	KUNIT_EXPECT_EQ(test, s.ear->told[0].iova, 0x7000);
	KUNIT_EXPECT_EQ(test, fault_consumed(s.m->unit->fq.anon), 4);
	KUNIT_EXPECT_EQ(test, fault_lost(s.cdev->streams[0]->fault), 0);

	/* There is room again, for a device that has not been set up too. */
	EXPECT_FAULT(s.m, 0x2000, 0x1000, MODEL_WRITE, ABSENT);
	KUNIT_EXPECT_EQ(test, fault_produced(s.m->unit->fq.anon), 5);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 1);
}

/* Restarting the queue: the phase begins anew, nothing old is read again. */
static void restart(struct kunit *test)
{
	struct scene s;

	small_scene(test, &s);
	for (unsigned int round = 0; round < 4; round++) {
		unsigned int told = s.ear->nr;

		for (unsigned int i = 0; i < 3; i++)
			EXPECT_FAULT(s.m, MODEL_DEVID, (i + 1) * SZ_4K,
				     MODEL_READ, NOT_MAPPED);
		/* What is in the queue is still told. */
		cordon_unit_stop(s.m->unit);
		KUNIT_EXPECT_EQ(test, s.ear->nr, told + 3);
		KUNIT_ASSERT_EQ(test, cordon_unit_start(s.m->unit), 0);
		KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 0);
	}
	KUNIT_EXPECT_EQ(test, fault_lost(s.cdev->streams[0]->fault), 0);
}

static struct kunit_case report_cases[] = {
	KUNIT_CASE_PARAM(handler_is_told, tables_gen_params),
	KUNIT_CASE_PARAM(handler_of_old_domain, tables_gen_params),
	KUNIT_CASE_PARAM(handler_of_freed_domain, tables_gen_params),
	KUNIT_CASE(repeats_are_merged),
	KUNIT_CASE(every_record_in_order),
	KUNIT_CASE(limit_of_a_device),
	KUNIT_CASE(credit_comes_later),
	KUNIT_CASE(overflow_adds_up),
	KUNIT_CASE(unknown_devices),
	KUNIT_CASE(restart),
	{ }
};

static struct kunit_suite report_suite = {
	.name = "cordon_report",
	.test_cases = report_cases,
};

kunit_test_suite(report_suite);
