// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of dirty tracking and of enforced cache coherency, against the
 * reference model.
 *
 * Bitmaps are read as iommufd reads them.  Of what it has cached the model does
 * all that the specification allows: a page whose bit was cleared without an
 * invalidation is not marked again.
 */
#include <kunit/device.h>
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/iova_bitmap.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/of.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "model_test.h"
#include "walk.h"

/* Memory that DMA is led to: nothing is ever read or written there. */
#define PA_A		0x0000080000000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)
#define DIRTY		IOMMU_HWPT_ALLOC_DIRTY_TRACKING

/* spec 6.1 */
#define NOT_MAPPED	0x22

/* bit of a command's target (spec 5.4) */
#define LEAF		0x400000000000ULL

/* The unit of all bitmaps here: that of the log (spec 4.7) */
#define BIT_LG2		12

KUNIT_ARRAY_PARAM(tables, model_kinds, model_tables_desc);
KUNIT_ARRAY_PARAM(small, model_kinds_4k, model_tables_desc);

/* Those with a log alone. */
static const struct model_tables log_cases[] = {
	MODEL_STAGE2(4K, SZ_4K, SZ_2M, 48),
#if PAGE_SHIFT >= 16
	MODEL_STAGE2(64K, SZ_64K, SZ_512M, 52),
#endif
};

KUNIT_ARRAY_PARAM(log, log_cases, model_tables_desc);

/**
 * struct track - a domain whose writes are tracked, and what should be seen of it
 * @test: the test
 * @m: the unit
 * @domain: the domain
 * @base: start of the range that is read
 * @bits: how many pages of 4 KiB that has
 * @leaf: what maps it: of stage 1 all of it becomes dirty at once
 * @want: what has been written, bit by bit
 * @got: what was read last
 * @user: where it was read to
 * @commands: how many that took
 * @target: target of one of them
 */
struct track {
	struct kunit *test;
	struct model_unit *m;
	struct iommu_domain *domain;
	u64 base;
	unsigned long bits;
	size_t leaf;
	unsigned long *want;
	unsigned long *got;
	u64 __user *user;
	unsigned int commands;
	u64 target;
};

static void track_start(struct kunit *test, struct track *t,
			struct model_unit *m, u64 base, size_t size,
			size_t leaf)
{
	unsigned long addr;

	*t = (struct track) {
		.test = test, .m = m, .base = base, .bits = size >> BIT_LG2,
		.leaf = leaf,
	};
	t->want = kunit_kcalloc(test, BITS_TO_LONGS(t->bits), sizeof(long),
				GFP_KERNEL);
	t->got = kunit_kcalloc(test, BITS_TO_LONGS(t->bits), sizeof(long),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->want);
	KUNIT_ASSERT_NOT_NULL(test, t->got);
	if (!IS_ENABLED(CONFIG_IOMMUFD_DRIVER))
		kunit_skip(test, "without CONFIG_IOMMUFD_DRIVER nothing can be read");
	addr = kunit_vm_mmap(test, NULL, 0,
			     PAGE_ALIGN(BITS_TO_LONGS(t->bits) * sizeof(long)),
			     PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL((void *)addr));
	t->user = (u64 __user *)addr;

	t->domain = model_domain_with(m, m->tables->stage, DIRTY);
}

static bool has_log(const struct track *t)
{
	return t->m->tables->stage == CORDON_STAGE2;
}

/**
 * struct reading - one read of a bitmap
 * @domain: whose
 * @flags: IOMMU_DIRTY_*
 * @dirty: where to
 */
struct reading {
	struct iommu_domain *domain;
	unsigned long flags;
	struct iommu_dirty_bitmap dirty;
};

static int collect(struct iova_bitmap *bitmap, unsigned long iova,
		   size_t length, void *opaque)
{
	struct reading *r = opaque;

	return r->domain->dirty_ops->read_and_clear_dirty(r->domain, iova,
							  length, r->flags,
							  &r->dirty);
}

/* Read some of the range, as iommufd does; the rest of @t->got is zero. */
static void read_part(struct track *t, u64 iova, size_t size,
		      unsigned long flags)
{
	struct reading r = { .domain = t->domain, .flags = flags };
	size_t bytes = BITS_TO_LONGS(t->bits) * sizeof(long);
	struct iommu_iotlb_gather gather;
	unsigned int since = t->m->commands;
	struct iova_bitmap *bitmap;

	KUNIT_ASSERT_EQ(t->test, clear_user(t->user, bytes), 0);
	bitmap = iova_bitmap_alloc(t->base, t->bits << BIT_LG2, SZ_4K, t->user);
	KUNIT_ASSERT_FALSE(t->test, IS_ERR_OR_NULL(bitmap));
	iommu_dirty_bitmap_init(&r.dirty, bitmap, &gather);
	KUNIT_EXPECT_EQ(t->test, collect(bitmap, iova, size, &r), 0);
	if (!(flags & IOMMU_DIRTY_NO_CLEAR))
		iommu_iotlb_sync(t->domain, &gather);
	iova_bitmap_free(bitmap);
	KUNIT_ASSERT_EQ(t->test, copy_from_user(t->got, t->user, bytes), 0);
	t->commands = t->m->commands - since;
	model_saw(t->m, since, t->m->tables->range, &t->target);
}

static void read_all(struct track *t, unsigned long flags)
{
	read_part(t, t->base, t->bits << BIT_LG2, flags);
}

/* As iommufd turns it on: what was written before does not count. */
static void track_on(struct track *t)
{
	read_all(t, 0);
	KUNIT_ASSERT_EQ(t->test, 0,
			t->domain->dirty_ops->set_dirty_tracking(t->domain, true));
}

static void track_off(struct track *t)
{
	KUNIT_EXPECT_EQ(t->test, 0,
			t->domain->dirty_ops->set_dirty_tracking(t->domain, false));
}

/* What a write to an address makes dirty. */
static void expect_dirty(struct track *t, u64 iova)
{
	size_t span = has_log(t) ? SZ_4K : t->leaf;

	bitmap_set(t->want, (round_down(iova, span) - t->base) >> BIT_LG2,
		   span >> BIT_LG2);
}

static void write_to(struct track *t, u32 devid, u64 iova)
{
	KUNIT_EXPECT_EQ_MSG(t->test, 0,
			    model_dma(t->m, devid, iova, MODEL_WRITE, NULL),
			    "DeviceID 0x%x at 0x%llx", devid, iova);
	expect_dirty(t, iova);
}

static void check(struct track *t, int line)
{
	unsigned long *got = t->got, *want = t->want;
	unsigned long bit;

	if (!bitmap_equal(got, want, t->bits)) {
		bit = 0;
		while (test_bit(bit, got) == test_bit(bit, want))
			bit++;
		KUNIT_FAIL(t->test,
			   "line %d: page 0x%llx is %s; %u pages are dirty, %u should be",
			   line, t->base + ((u64)bit << BIT_LG2),
			   test_bit(bit, got) ? "dirty" : "not dirty",
			   bitmap_weight(got, t->bits),
			   bitmap_weight(want, t->bits));
	}
	bitmap_zero(want, t->bits);
}

#define CHECK(t) check(t, __LINE__)

/*
 * What was written is read, and nothing else; once; and again when it is
 * written again.  One command makes good whatever was cleared, with LEAF; where
 * nothing was there is none.
 */
static void exactly(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	const size_t page = m->tables->page;
	const u64 base = SZ_1G + SZ_128M - 64 * page;
	struct cordon_device *cdev;
	unsigned int since;
	struct track t;

	/* across the border of two leaves */
	track_start(test, &t, m, base, 128 * page, page);
	cdev = model_device1(m, "device", MODEL_DEVID);
	model_map(test, t.domain, base, PA_A + page, 128 * page, RW);
	model_attach(test, cdev, t.domain);
	since = m->commands;
	track_on(&t);
	/* nothing remembered of an earlier time (spec 12.4) */
	if (has_log(&t))
		KUNIT_EXPECT_TRUE(test, model_saw(m, since, m->tables->all, NULL));

	read_all(&t, 0);
	CHECK(&t);
	KUNIT_EXPECT_EQ(test, t.commands, 0);
	for (unsigned int round = 0; round < 4; round++) {
		write_to(&t, MODEL_DEVID, base);
		write_to(&t, MODEL_DEVID, base + page);
		write_to(&t, MODEL_DEVID, base + 30 * page + 0xffc);
		for (unsigned int i = 62; i < 67; i++)
			write_to(&t, MODEL_DEVID, base + i * page);
		write_to(&t, MODEL_DEVID, base + 127 * page + page - 8);
		EXPECT_PASS(m, MODEL_DEVID, base + 40 * page, MODEL_READ,
			    PA_A + 41 * page);

		read_all(&t, 0);
		CHECK(&t);
		KUNIT_EXPECT_EQ(test, t.commands, 1);
		KUNIT_EXPECT_EQ(test, t.target & LEAF, LEAF);

		read_all(&t, 0);
		CHECK(&t);
		KUNIT_EXPECT_EQ(test, t.commands, 0);
	}
	track_off(&t);
}

/* Who only looks clears nothing, and asks nothing of hardware. */
static void keeps(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	const size_t page = m->tables->page;
	struct cordon_device *cdev;
	struct track t;

	track_start(test, &t, m, SZ_1G, 64 * page, page);
	cdev = model_device1(m, "device", MODEL_DEVID);
	model_map(test, t.domain, SZ_1G, PA_A + page, 64 * page, RW);
	model_attach(test, cdev, t.domain);
	track_on(&t);
	for (unsigned int round = 0; round < 3; round++) {
		write_to(&t, MODEL_DEVID, SZ_1G + 5 * page);
		write_to(&t, MODEL_DEVID, SZ_1G + 63 * page);
		read_all(&t, IOMMU_DIRTY_NO_CLEAR);
		CHECK(&t);
		KUNIT_EXPECT_EQ(test, t.commands, 0);
	}
	expect_dirty(&t, SZ_1G + 5 * page);
	expect_dirty(&t, SZ_1G + 63 * page);
	read_all(&t, 0);
	CHECK(&t);
	read_all(&t, 0);
	CHECK(&t);
}

/* What is beside the range that is read stays, in the same dword too. */
static void parts(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	const size_t page = m->tables->page;
	struct cordon_device *cdev;
	struct track t;

	track_start(test, &t, m, SZ_1G, 64 * page, page);
	cdev = model_device1(m, "device", MODEL_DEVID);
	model_map(test, t.domain, SZ_1G, PA_A + page, 64 * page, RW);
	model_attach(test, cdev, t.domain);
	track_on(&t);
	for (unsigned int i = 0; i < 64; i++)
		write_to(&t, MODEL_DEVID, SZ_1G + i * page);
	bitmap_zero(t.want, t.bits);
	for (unsigned int i = 10; i < 20; i++)
		expect_dirty(&t, SZ_1G + i * page);
	read_part(&t, SZ_1G + 10 * page, 10 * page, 0);
	CHECK(&t);

	for (unsigned int i = 0; i < 64; i++) {
		if (i < 10 || i >= 20)
			expect_dirty(&t, SZ_1G + i * page);
	}
	read_all(&t, 0);
	CHECK(&t);
	/* the part was invalidated, and so was the rest */
	for (unsigned int i = 0; i < 64; i++)
		write_to(&t, MODEL_DEVID, SZ_1G + i * page);
	read_all(&t, 0);
	CHECK(&t);
}

/*
 * Blocks: the log has a bit for each 4 KiB of them, a descriptor of stage 1 is
 * dirty as a whole.
 */
static void blocks(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	const size_t block = m->tables->block;
	struct cordon_device *cdev;
	struct track t;

	track_start(test, &t, m, 4ULL * SZ_1G, 4 * block, block);
	cdev = model_device1(m, "device", MODEL_DEVID);
	model_map(test, t.domain, t.base, PA_A, 4 * block, RW);
	model_attach(test, cdev, t.domain);
	track_on(&t);
	for (unsigned int round = 0; round < 3; round++) {
		write_to(&t, MODEL_DEVID, t.base + 0x3008);
		write_to(&t, MODEL_DEVID, t.base + 2 * block);
		write_to(&t, MODEL_DEVID, t.base + 4 * block - 8);
		read_all(&t, 0);
		CHECK(&t);
		KUNIT_EXPECT_EQ(test, t.commands, 1);
		read_all(&t, 0);
		CHECK(&t);
	}
}

/* A block of 1 GiB, and what it costs to read one. */
static void gigabyte(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	bool huge = m->tables->block == SZ_2M;
	struct cordon_device *cdev;
	struct track t;
	ktime_t start;

	track_start(test, &t, m, 8ULL * SZ_1G, SZ_1G,
		    huge ? SZ_1G : m->tables->block);
	cdev = model_device1(m, "device", MODEL_DEVID);
	model_map(test, t.domain, t.base, PA_A, SZ_1G, RW);
	model_attach(test, cdev, t.domain);
	track_on(&t);
	for (u64 at = 0; at < SZ_1G; at += SZ_16M + SZ_64K)
		write_to(&t, MODEL_DEVID, t.base + at);
	start = ktime_get();
	read_all(&t, 0);
	kunit_info(test, "1 GiB: %u of %lu pages dirty, %u command, %lld us\n",
		   bitmap_weight(t.got, t.bits), t.bits, t.commands,
		   ktime_us_delta(ktime_get(), start));
	CHECK(&t);
	KUNIT_EXPECT_EQ(test, t.commands, 1);
	KUNIT_EXPECT_EQ(test, t.target & LEAF, LEAF);
}

/*
 * What is mapped anew has not been written, if there is a log; in stage 1 it is
 * dirty at first, which costs a copy and loses nothing.
 */
static void new_mapping(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	const size_t page = m->tables->page;
	struct cordon_device *cdev;
	struct track t;

	track_start(test, &t, m, SZ_1G, 4 * page, page);
	cdev = model_device1(m, "device", MODEL_DEVID);
	model_map(test, t.domain, t.base, PA_A + page, 4 * page, RW);
	model_attach(test, cdev, t.domain);
	track_on(&t);
	for (unsigned int round = 0; round < 3; round++) {
		write_to(&t, MODEL_DEVID, t.base + page);
		write_to(&t, MODEL_DEVID, t.base + 2 * page);
		KUNIT_EXPECT_EQ(test, page,
				iommu_unmap(t.domain, t.base + page, page));
		model_map(test, t.domain, t.base + page, PA_A, page, RW);
		if (has_log(&t))
			bitmap_clear(t.want, page >> BIT_LG2, page >> BIT_LG2);
		read_all(&t, 0);
		CHECK(&t);
		write_to(&t, MODEL_DEVID, t.base + page);
		read_all(&t, 0);
		CHECK(&t);
	}
	/* what cannot be written is not dirty */
	KUNIT_EXPECT_EQ(test, page, iommu_unmap(t.domain, t.base + page, page));
	model_map(test, t.domain, t.base + page, PA_A, page, IOMMU_READ);
	EXPECT_FAULT(m, MODEL_DEVID, t.base + page, MODEL_WRITE, 0x25);
	read_all(&t, 0);
	CHECK(&t);
}

/* Two devices in one domain, one of them behind another unit; one comes late. */
static void two_devices(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	struct model_unit *n = model_start_with(test, "other-unit", m->tables);
	const size_t page = m->tables->page;
	struct cordon_device *one, *two, *three;
	struct track t, u;

	track_start(test, &t, m, SZ_1G, 64 * page, page);
	one = model_device1(m, "one", MODEL_DEVID);
	two = model_device1(m, "two", MODEL_DEVID2);
	three = model_device1(n, "three", MODEL_DEVID);
	model_map(test, t.domain, t.base, PA_A + page, 64 * page, RW);
	model_attach(test, one, t.domain);
	model_attach(test, three, t.domain);
	track_on(&t);
	u = t;
	u.m = n;
	for (unsigned int round = 0; round < 3; round++) {
		/* comes while it is on, and writes at once */
		model_attach(test, two, t.domain);
		write_to(&t, MODEL_DEVID, t.base);
		write_to(&t, MODEL_DEVID2, t.base + page);
		write_to(&u, MODEL_DEVID, t.base + 2 * page);
		for (unsigned int i = 0; i < 3; i++)
			write_to(i ? &t : &u, MODEL_DEVID, t.base + 3 * page);
		read_all(&t, 0);
		CHECK(&t);
		/* each unit has been told */
		write_to(&t, MODEL_DEVID, t.base + 2 * page);
		write_to(&t, MODEL_DEVID2, t.base + 3 * page);
		write_to(&u, MODEL_DEVID, t.base);
		read_all(&u, 0);
		CHECK(&u);
		KUNIT_EXPECT_EQ(test, u.commands, 1);
		/* what it wrote before it went counts */
		write_to(&t, MODEL_DEVID2, t.base + 4 * page);
		model_attach(test, two, cordon_ops.blocked_domain);
		read_all(&t, 0);
		CHECK(&t);
	}

	/* Off and on again: all three know. */
	model_attach(test, two, t.domain);
	track_off(&t);
	if (has_log(&t)) {
		EXPECT_PASS(m, MODEL_DEVID, t.base, MODEL_WRITE, PA_A + page);
		EXPECT_PASS(m, MODEL_DEVID2, t.base, MODEL_WRITE, PA_A + page);
		EXPECT_PASS(n, MODEL_DEVID, t.base, MODEL_WRITE, PA_A + page);
		read_all(&t, 0);
		CHECK(&t);
	}
	track_on(&t);
	write_to(&t, MODEL_DEVID, t.base + page);
	write_to(&t, MODEL_DEVID2, t.base + 2 * page);
	write_to(&u, MODEL_DEVID, t.base + 3 * page);
	read_all(&t, 0);
	CHECK(&t);
}

static u64 hook_next;

/* The device writes one page after the other, at every step of hardware. */
static void write_next(struct model_unit *m)
{
	KUNIT_EXPECT_EQ(m->test, 0,
			model_dma_locked(m, MODEL_DEVID, hook_next, MODEL_WRITE,
					 NULL));
	hook_next += m->tables->page;
}

/*
 * On and off, and from domain to domain, while the device writes: each write
 * passes, and each that it made while tracking was on is seen.
 */
static void on_and_off(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	const size_t page = m->tables->page;
	struct iommu_domain *other = model_domain(m);
	struct cordon_device *cdev;
	unsigned long *all;
	struct track t;
	u64 from, end;

	track_start(test, &t, m, SZ_1G, 1024 * page, page);
	all = kunit_kcalloc(test, BITS_TO_LONGS(t.bits), sizeof(long),
			    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, all);
	cdev = model_device1(m, "device", MODEL_DEVID);
	model_map(test, t.domain, t.base, PA_A + page, 1024 * page, RW);
	model_map(test, other, t.base, PA_A + page, 1024 * page, RW);
	model_attach(test, cdev, t.domain);
	model_watch(m, cdev);
	hook_next = t.base;
	/* It goes on until the commands have been taken. */
	m->expected = BIT(CORDON_VIOLATION_STALE);
	m->before = write_next;
	for (unsigned int round = 0; round < 20; round++) {
		track_on(&t);
		bitmap_zero(all, t.bits);
		from = hook_next;
		for (unsigned int i = 0; i < 4; i++) {
			write_to(&t, MODEL_DEVID, t.base + 900 * page);
			read_all(&t, 0);
			bitmap_or(all, all, t.got, t.bits);
		}
		KUNIT_EXPECT_EQ(test, t.commands, 1);
		end = hook_next;
		/* and to a domain that tracks nothing */
		if (round % 4 == 3)
			model_attach(test, cdev, other);
		else
			track_off(&t);
		read_all(&t, 0);
		bitmap_or(all, all, t.got, t.bits);
		for (u64 at = from; at < end; at += page)
			KUNIT_EXPECT_TRUE_MSG(test,
					      test_bit((at - t.base) >> BIT_LG2, all),
					      "round %u: 0x%llx is lost", round, at);
		if (round % 4 == 3) {
			track_off(&t);
			model_attach(test, cdev, t.domain);
		}
	}
	m->before = NULL;
	KUNIT_EXPECT_LT(test, hook_next, t.base + 900 * page);
}

/* A unit that cannot track what a domain tracks refuses it, and changes nothing. */
static void unfit(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	struct model_unit *n = model_prepare_with(test, "unable-unit", m->tables);
	const size_t page = m->tables->page;
	struct iommu_domain *plain;
	struct cordon_device *cdev;
	struct track t;

	track_start(test, &t, m, SZ_1G, page, page);
	/* CAP1: HD is bit 5, DIRTY bit 9 */
	n->config.cap[2] &= ~(has_log(&t) ? BIT_ULL(9) : BIT_ULL(5));
	model_reconfigure(n);
	model_start_prepared(n);
	plain = model_domain(n);
	cdev = model_device1(n, "device", MODEL_DEVID);
	model_map(test, plain, SZ_1G, PA_A, page, RW);
	model_attach(test, cdev, plain);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, t.domain), -EINVAL);
	EXPECT_PASS(n, MODEL_DEVID, SZ_1G, MODEL_WRITE, PA_A);
	KUNIT_EXPECT_TRUE(test, list_empty(&to_cordon_domain(t.domain)->bonds));
	/* while a domain that tracks nothing can be shared */
	model_attach(test, model_device1(m, "other-device", MODEL_DEVID),
		     plain);
	EXPECT_PASS(m, MODEL_DEVID, SZ_1G, MODEL_WRITE, PA_A);
}

/*
 * A unit of the domain that has died: writes there cannot be vouched for, so
 * tracking is not turned on; for the others it is as it was.
 */
static void dead_unit(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	struct model_unit *n = model_start_with(test, "dead-unit", m->tables);
	const size_t page = m->tables->page;
	struct cordon_device *one, *two;
	struct track t;

	track_start(test, &t, m, SZ_1G, 4 * page, page);
	one = model_device1(m, "one", MODEL_DEVID);
	two = model_device1(n, "two", MODEL_DEVID);
	model_map(test, t.domain, t.base, PA_A + page, 4 * page, RW);
	model_attach(test, one, t.domain);
	model_attach(test, two, t.domain);
	model_inject(n, (struct cordon_inject) { .gone = true });
	cordon_unit_ask(n->unit);
	KUNIT_EXPECT_EQ(test, n->unit->state, CORDON_UNIT_DEAD);
	KUNIT_EXPECT_EQ(test, -EIO,
			t.domain->dirty_ops->set_dirty_tracking(t.domain, true));
	EXPECT_PASS(m, MODEL_DEVID, t.base, MODEL_WRITE, PA_A + page);
	read_all(&t, 0);
	CHECK(&t);
	/* Without that unit's device it can. */
	model_attach(test, two, cordon_ops.blocked_domain);
	KUNIT_EXPECT_TRUE(test, to_cordon_domain(t.domain)->leaked);
	track_on(&t);
	write_to(&t, MODEL_DEVID, t.base + page);
	read_all(&t, 0);
	CHECK(&t);
	n->expected = BIT(CORDON_VIOLATION_STALE);
	model_inject(n, (struct cordon_inject) { });
}

/* Pages of the race below, and where it maps and unmaps beside them. */
#define RACE_PAGES	32

/**
 * struct race - a migration of what a device writes meanwhile
 * @t: what is read
 * @source: what the device has written to each page
 * @copy: what has been copied of it
 * @writes: how many in all
 */
struct race {
	struct track t;
	u32 source[RACE_PAGES];
	u32 copy[RACE_PAGES];
	unsigned long writes;
};

/* DMA and its data are one: a completion waits for both (spec 5.5). */
static int race_writes(void *data)
{
	struct race *r = data;
	struct model_unit *m = r->t.m;
	const size_t page = m->tables->page;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 4711);
	while (!kthread_should_stop()) {
		unsigned int i = prandom_u32_state(&rnd) % RACE_PAGES;

		scoped_guard(raw_spinlock_irqsave, &m->lock) {
			if (model_dma_locked(m, MODEL_DEVID, r->t.base + i * page,
					     MODEL_WRITE, NULL))
				r->source[i] = U32_MAX;
			else
				r->source[i]++;
			WRITE_ONCE(r->writes, r->writes + 1);
		}
		usleep_range(10, 50);
	}
	return 0;
}

/* Neighbours come and go, and the tables that they are in. */
static int race_maps(void *data)
{
	struct race *r = data;
	const struct model_tables *tables = r->t.m->tables;
	u64 beside = r->t.base + RACE_PAGES * tables->page;
	u64 far = r->t.base + tables->block;

	while (!kthread_should_stop()) {
		if (iommu_map(r->t.domain, beside, PA_A, 8 * tables->page, RW,
			      GFP_KERNEL) ||
		    iommu_map(r->t.domain, far, PA_A + tables->page,
			      2 * tables->page, RW, GFP_KERNEL))
			return -ENOMEM;
		iommu_unmap(r->t.domain, beside, 8 * tables->page);
		iommu_unmap(r->t.domain, far, 2 * tables->page);
		usleep_range(50, 100);
	}
	return 0;
}

/*
 * While a device writes and others map and unmap, each page that was read as
 * dirty is copied.  At the end the copy must be right: no write may be lost.
 */
static void migration(struct kunit *test)
{
	struct model_unit *m = model_prepare_with(test, "slow-unit",
						  test->param_value);
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct task_struct *writes, *maps;
	const size_t page = m->tables->page;
	unsigned int copied = 0, rounds = 0;
	struct cordon_device *cdev;
	ktime_t start = ktime_get();

	KUNIT_ASSERT_NOT_NULL(test, r);
	model_latency(m, 1);
	model_start_prepared(m);
	track_start(test, &r->t, m, SZ_1G, RACE_PAGES * page, page);
	cdev = model_device1(m, "device", MODEL_DEVID);
	model_map(test, r->t.domain, r->t.base, PA_A + page, RACE_PAGES * page,
		  RW);
	model_attach(test, cdev, r->t.domain);
	track_on(&r->t);

	writes = kthread_run(race_writes, r, "writer");
	KUNIT_ASSERT_FALSE(test, IS_ERR(writes));
	maps = kthread_run(race_maps, r, "mapper");
	for (; READ_ONCE(r->writes) < 1500 || rounds < 50; rounds++) {
		if (ktime_ms_delta(ktime_get(), start) > MSEC_PER_SEC)
			break;
		read_all(&r->t, 0);
		for (unsigned int i = 0; i < RACE_PAGES; i++) {
			if (!test_bit(i * (page >> BIT_LG2), r->t.got))
				continue;
			r->copy[i] = READ_ONCE(r->source[i]);
			copied++;
		}
	}
	kthread_stop(writes);
	if (!IS_ERR(maps))
		KUNIT_EXPECT_EQ(test, kthread_stop(maps), 0);
	read_all(&r->t, 0);
	for (unsigned int i = 0; i < RACE_PAGES; i++) {
		if (test_bit(i * (page >> BIT_LG2), r->t.got))
			r->copy[i] = r->source[i];
		KUNIT_EXPECT_EQ_MSG(test, r->copy[i], r->source[i], "page %u", i);
	}
	kunit_info(test, "%lu writes, %u pages copied in %u rounds\n", r->writes,
		   copied, rounds);
	KUNIT_EXPECT_GT(test, r->writes, 20);
	KUNIT_EXPECT_GT(test, rounds, 4);
}

/*
 * The log keeps no memory but its own: a page for 128 MiB, and those above it,
 * which go with the domain.  None is needed to turn it on.
 */
static void log_memory(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	struct cordon_domain *cdom;
	long before, with;
	struct track t;

	track_start(test, &t, m, SZ_1G, SZ_4K, SZ_4K);
	cdom = to_cordon_domain(t.domain);
	before = atomic_long_read(&cdom->table_bytes);
	KUNIT_EXPECT_EQ(test, 0, cordon_log_cover(cdom, SZ_1G, SZ_1G, GFP_KERNEL));
	with = atomic_long_read(&cdom->table_bytes);
	KUNIT_EXPECT_EQ(test, with - before, 2 * SZ_4K + 8 * SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, cordon_log_cover(cdom, SZ_1G + SZ_64K,
						  SZ_512M, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0,
			t.domain->dirty_ops->set_dirty_tracking(t.domain, true));
	KUNIT_EXPECT_EQ(test, with, atomic_long_read(&cdom->table_bytes));
	/* the last page that there is */
	KUNIT_EXPECT_EQ(test, 0,
			cordon_log_cover(cdom,
					 t.domain->geometry.aperture_end - SZ_64K + 1,
					 SZ_64K, GFP_KERNEL));
	track_off(&t);
}

/* Which attribute a DMA gets, past all caches. */
static u8 attribute(struct model_unit *m, u32 devid, u64 addr)
{
	const struct cordon_question question = {
		.addr = addr, .devid = devid, .access = CORDON_MAY_READ,
	};
	struct cordon_verdict verdict = { };

	scoped_guard(mutex, &m->unit->lock)
		KUNIT_EXPECT_EQ(m->test, 0,
				cordon_port_ask(m->unit, &question, false,
						&verdict));
	KUNIT_EXPECT_EQ(m->test, verdict.reason, 0);
	return verdict.attr;
}

/*
 * Devices that cannot but snoop, and others.  A domain in which coherency is
 * enforced takes only the former, whose every access to memory is Write-Back
 * (spec 4.6), whatever was mapped; one that has the latter cannot be enforced.
 */
static void coherency(struct kunit *test)
{
	struct model_unit *m = model_start_with(test, "unit", test->param_value);
	struct iommu_domain *strict = model_domain(m);
	struct iommu_domain *loose = model_domain(m);
	struct cordon_device *snoops = model_device1(m, "snoops", MODEL_DEVID);
	struct cordon_device *other = model_device1(m, "other", MODEL_DEVID2);
	const size_t page = m->tables->page;

	/* what cordon_device_add() finds out of the device and the unit */
	snoops->snoop = true;
	other->snoop = false;
	KUNIT_EXPECT_TRUE(test, strict->ops->enforce_cache_coherency(strict));
	model_map(test, strict, page, PA_A, page, RW);
	model_map(test, strict, 2 * page, PA_A, page, RW | IOMMU_CACHE);
	model_map(test, strict, 3 * page, PA_A, page, RW | IOMMU_MMIO);
	model_map(test, loose, page, PA_A, page, RW);
	model_attach(test, other, loose);
	KUNIT_EXPECT_EQ(test, attribute(m, MODEL_DEVID2, page), 0x44);
	KUNIT_EXPECT_FALSE(test, loose->ops->enforce_cache_coherency(loose));
	KUNIT_EXPECT_EQ(test, cordon_attach(other, strict), -EINVAL);
	EXPECT_PASS(m, MODEL_DEVID2, page, MODEL_WRITE, PA_A);

	model_attach(test, snoops, strict);
	KUNIT_EXPECT_EQ(test, attribute(m, MODEL_DEVID, page), 0xff);
	KUNIT_EXPECT_EQ(test, attribute(m, MODEL_DEVID, 2 * page), 0xff);
	KUNIT_EXPECT_EQ(test, attribute(m, MODEL_DEVID, 3 * page), 0x04);
	/* The other one goes: what is left can be enforced. */
	model_attach(test, snoops, loose);
	model_attach(test, other, cordon_ops.blocked_domain);
	KUNIT_EXPECT_TRUE(test, loose->ops->enforce_cache_coherency(loose));
	KUNIT_EXPECT_EQ(test, cordon_attach(other, loose), -EINVAL);
}

#ifdef CONFIG_OF_DYNAMIC
static void tree_revert(void *changes)
{
	of_changeset_revert(changes);
	of_changeset_destroy(changes);
}

/* A master of the device tree, in a node that says something of it. */
static struct device_node *tree_master(struct kunit *test,
				       struct of_changeset *changes,
				       const char *says)
{
	struct device_node *root __free(device_node) = of_find_node_by_path("/");
	struct device_node *np;

	np = of_changeset_create_node(changes, root, says);
	KUNIT_ASSERT_NOT_NULL(test, np);
	/* No device is made of it. */
	of_node_set_flag(np, OF_POPULATED);
	KUNIT_ASSERT_EQ(test, 0, of_changeset_add_prop_bool(changes, np, says));
	return np;
}

/* What the IOMMU core asks of a device. */
static bool is_capable(struct cordon_device *cdev, enum iommu_cap cap)
{
	struct dev_iommu known = { .priv = cdev };
	bool capable;

	cdev->dev->iommu = &known;
	capable = cordon_ops.capable(cdev->dev, cap);
	cdev->dev->iommu = NULL;
	return capable;
}

/*
 * A master that is coherent and one that is not, by the device tree.  User space
 * is promised coherency for the former alone, and that it cannot be left if the
 * unit can see to it: CAP1.SNOOP is bit 13.
 */
static void coherent_masters(struct kunit *test)
{
	static const char * const says[] = { "dma-coherent", "dma-noncoherent" };
	static const u32 ids[] = { MODEL_DEVID, MODEL_DEVID2 };
	struct of_changeset *changes = kunit_kzalloc(test, sizeof(*changes),
						     GFP_KERNEL);
	struct model_unit *units[2];
	struct device_node *np[2];

	KUNIT_ASSERT_NOT_NULL(test, changes);
	of_changeset_init(changes);
	for (unsigned int i = 0; i < 2; i++)
		np[i] = tree_master(test, changes, says[i]);
	KUNIT_ASSERT_EQ(test, 0, of_changeset_apply(changes));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, tree_revert,
							   changes));
	units[0] = model_start(test, "unit");
	units[1] = model_prepare(test, "loose-unit");
	units[1]->config.cap[2] &= ~BIT_ULL(13);
	model_reconfigure(units[1]);
	model_start_prepared(units[1]);

	for (unsigned int i = 0; i < 4; i++) {
		bool coherent = !(i & 1), strict = !(i & 2);
		struct model_unit *m = units[i / 2];
		struct iommu_domain *domain = model_domain(m);
		struct device *dev = kunit_device_register(test, says[i & 1]);
		struct cordon_device *cdev;

		KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
		dev->of_node = np[i & 1];
		cdev = cordon_device_add(m->unit, dev, &ids[i & 1], 1);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cdev));
		KUNIT_EXPECT_EQ(test, coherent,
				is_capable(cdev, IOMMU_CAP_CACHE_COHERENCY));
		KUNIT_EXPECT_EQ(test, coherent && strict,
				is_capable(cdev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY));
		KUNIT_EXPECT_EQ(test, cordon_attach(cdev, domain), 0);
		KUNIT_EXPECT_EQ(test, coherent && strict,
				domain->ops->enforce_cache_coherency(domain));
		cordon_device_remove(cdev);
		dev->of_node = NULL;
		kunit_device_unregister(test, dev);
	}
}
#endif /* CONFIG_OF_DYNAMIC */

static struct kunit_case dirty_cases[] = {
	KUNIT_CASE_PARAM(exactly, tables_gen_params),
	KUNIT_CASE_PARAM(keeps, tables_gen_params),
	KUNIT_CASE_PARAM(parts, tables_gen_params),
	KUNIT_CASE_PARAM(blocks, tables_gen_params),
	KUNIT_CASE_PARAM(gigabyte, tables_gen_params),
	KUNIT_CASE_PARAM(new_mapping, tables_gen_params),
	KUNIT_CASE_PARAM(two_devices, tables_gen_params),
	KUNIT_CASE_PARAM(on_and_off, log_gen_params),
	KUNIT_CASE_PARAM(unfit, tables_gen_params),
	KUNIT_CASE_PARAM(dead_unit, log_gen_params),
	KUNIT_CASE_PARAM_ATTR(migration, small_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM(log_memory, log_gen_params),
	KUNIT_CASE_PARAM(coherency, tables_gen_params),
#ifdef CONFIG_OF_DYNAMIC
	KUNIT_CASE(coherent_masters),
#endif
	{ }
};

static struct kunit_suite dirty_suite = {
	.name = "cordon_dirty",
	.test_cases = dirty_cases,
};

kunit_test_suite(dirty_suite);
