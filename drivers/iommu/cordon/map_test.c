// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of attaching, mapping and unmapping, against the reference model.
 *
 * The model checks every use of what it has cached against memory; a use of a
 * stale entry fails the test, wherever it happens (see model_finish()).
 */
#include <kunit/device.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "model_test.h"

/* Memory that DMA is led to: nothing is ever read or written there. */
#define PA_A		0x0000080000000000ULL
#define PA_B		0x0000090000000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)

/* spec 6.1 */
#define ABSENT		0x04
#define RANGE		0x02
#define BLOCKED		0x1b
#define INPUT_SIZE	0x20
#define NOT_MAPPED	0x22
#define PERMISSION	0x25

static void map(struct kunit *test, struct iommu_domain *domain, u64 iova,
		u64 pa, size_t size, int prot)
{
	KUNIT_ASSERT_EQ(test, 0,
			iommu_map(domain, iova, pa, size, prot, GFP_KERNEL));
}

static void attach(struct kunit *test, struct cordon_device *cdev,
		   struct iommu_domain *domain)
{
	KUNIT_ASSERT_EQ(test, 0, cordon_attach(cdev, domain));
}

/* Out of reset and before anything is attached, nothing passes. */
static void blocked_until_attached(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "unit");
	struct cordon_device *cdev;

	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, 0x01);
	model_start_prepared(m);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, ABSENT);
	EXPECT_FAULT(m, MODEL_DEVID3, 0x1000, MODEL_READ, RANGE);

	cdev = model_device1(m, "device", MODEL_DEVID);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, ABSENT);
	attach(test, cdev, cordon_ops.blocked_domain);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, BLOCKED);
	EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_WRITE, BLOCKED);
}

static void identity(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	attach(test, cdev, cordon_ops.identity_domain);
	EXPECT_PASS(m, MODEL_DEVID, 0, MODEL_READ, 0);
	EXPECT_PASS(m, MODEL_DEVID, 0x123456789abcULL, MODEL_WRITE,
		    0x123456789abcULL);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x1000, MODEL_READ, ABSENT);

	attach(test, cdev, cordon_ops.blocked_domain);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, BLOCKED);
	attach(test, cdev, cordon_ops.identity_domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_READ, 0x1000);
}

static void map_and_unmap(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	unsigned int since;
	u64 target;

	attach(test, cdev, domain);
	EXPECT_FAULT(m, MODEL_DEVID, 0x10000, MODEL_READ, NOT_MAPPED);

	/* From absent to valid needs no command (spec 11.2). */
	since = m->commands;
	map(test, domain, 0x10000, PA_A, SZ_8K, RW);
	KUNIT_EXPECT_EQ(test, m->commands, since);
	EXPECT_PASS(m, MODEL_DEVID, 0x10000, MODEL_READ, PA_A);
	EXPECT_PASS(m, MODEL_DEVID, 0x10ffc, MODEL_WRITE, PA_A + 0xffc);
	EXPECT_PASS(m, MODEL_DEVID, 0x11000, MODEL_WRITE, PA_A + 0x1000);
	EXPECT_FAULT(m, MODEL_DEVID, 0xf000, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID, 0x12000, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID, BIT_ULL(48) | 0x10000, MODEL_READ,
		     INPUT_SIZE);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 0x11004),
			PA_A + 0x1004);

	/* One command for any range, that of pages names no tables. */
	since = m->commands;
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x10000, SZ_8K), SZ_8K);
	KUNIT_EXPECT_EQ(test, m->commands - since, 1);
	KUNIT_EXPECT_TRUE(test, model_saw(m, since, 0x05, &target));
	KUNIT_EXPECT_EQ(test, target & 0x400000000000, 0x400000000000ULL);
	EXPECT_FAULT(m, MODEL_DEVID, 0x10000, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID, 0x11000, MODEL_WRITE, NOT_MAPPED);

	/* The same address leads elsewhere. */
	map(test, domain, 0x10000, PA_B, SZ_4K, RW);
	EXPECT_PASS(m, MODEL_DEVID, 0x10008, MODEL_WRITE, PA_B + 8);
}

static void permissions(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	attach(test, cdev, domain);
	map(test, domain, 0x1000, PA_A, SZ_4K, IOMMU_READ);
	map(test, domain, 0x2000, PA_A, SZ_4K, RW);
	map(test, domain, 0x3000, PA_A, SZ_4K, IOMMU_READ | IOMMU_NOEXEC);
	map(test, domain, 0x4000, PA_A, SZ_4K, RW | IOMMU_PRIV);
	map(test, domain, SZ_2M, PA_A, SZ_2M, IOMMU_READ | IOMMU_NOEXEC);

	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_READ, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PERMISSION);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ | MODEL_WRITE,
		     PERMISSION);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_EXEC, PA_A);

	EXPECT_PASS(m, MODEL_DEVID, 0x2000, MODEL_READ | MODEL_WRITE, PA_A);

	EXPECT_PASS(m, MODEL_DEVID, 0x3000, MODEL_READ, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID, 0x3000, MODEL_EXEC, PERMISSION);

	EXPECT_FAULT(m, MODEL_DEVID, 0x4000, MODEL_READ, PERMISSION);
	EXPECT_PASS(m, MODEL_DEVID, 0x4000, MODEL_READ | MODEL_PRIV, PA_A);
	EXPECT_PASS(m, MODEL_DEVID, 0x4000, MODEL_WRITE | MODEL_PRIV, PA_A);

	EXPECT_PASS(m, MODEL_DEVID, SZ_2M + 0x12345, MODEL_READ,
		    PA_A + 0x12345);
	EXPECT_FAULT(m, MODEL_DEVID, SZ_2M + 0x12345, MODEL_WRITE, PERMISSION);
	EXPECT_FAULT(m, MODEL_DEVID, SZ_2M + 0x12345, MODEL_EXEC, PERMISSION);

	/* More rights need no command, fewer take effect at once. */
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x1000, SZ_4K), SZ_4K);
	map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x1000, SZ_4K), SZ_4K);
	map(test, domain, 0x1000, PA_A, SZ_4K, IOMMU_READ);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PERMISSION);
}

/*
 * Ranges that hold whole tables: these are unlinked, and must neither be
 * walked by hardware afterwards nor kept for ever by the driver.
 */
static void tables_go(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	unsigned int since;
	u64 target;

	attach(test, cdev, domain);
	for (unsigned int i = 0; i < 4 * CORDON_DEFERRED_TABLES; i++) {
		u64 iova = SZ_1G + (i % 3) * SZ_2M;

		/* too odd for a block */
		map(test, domain, iova, PA_A + SZ_4K, SZ_2M, RW);
		EXPECT_PASS(m, MODEL_DEVID, iova, MODEL_READ, PA_A + SZ_4K);
		EXPECT_PASS(m, MODEL_DEVID, iova + SZ_2M - SZ_4K, MODEL_WRITE,
			    PA_A + SZ_2M);

		since = m->commands;
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova, SZ_2M), SZ_2M);
		KUNIT_EXPECT_EQ(test, m->commands - since, 1);
		/* a table went: not leaf only, or all of the domain */
		if (model_saw(m, since, 0x05, &target))
			KUNIT_EXPECT_EQ(test, target & 0x400000000000, 0);
		else
			KUNIT_EXPECT_TRUE(test, model_saw(m, since, 0x06, NULL));
		EXPECT_FAULT(m, MODEL_DEVID, iova, MODEL_READ, NOT_MAPPED);
		EXPECT_FAULT(m, MODEL_DEVID, iova + SZ_2M - SZ_4K, MODEL_READ,
			     NOT_MAPPED);
		KUNIT_EXPECT_LE(test,
				atomic_read(&to_cordon_domain(domain)->nr_deferred),
				CORDON_DEFERRED_TABLES + 1);
	}

	/* 1 GiB of tables in one go */
	map(test, domain, 4ULL * SZ_1G, PA_A + SZ_4K, SZ_1G, RW);
	for (u64 at = 0; at < SZ_1G; at += SZ_64M)
		EXPECT_PASS(m, MODEL_DEVID, 4ULL * SZ_1G + at, MODEL_READ,
			    PA_A + SZ_4K + at);
	since = m->commands;
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 4ULL * SZ_1G, SZ_1G), SZ_1G);
	KUNIT_EXPECT_EQ(test, m->commands - since, 1);
	for (u64 at = 0; at < SZ_1G; at += SZ_64M)
		EXPECT_FAULT(m, MODEL_DEVID, 4ULL * SZ_1G + at, MODEL_READ,
			     NOT_MAPPED);
}

/* A block takes the place of a table whose pages have gone one by one. */
static void block_over_table(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	attach(test, cdev, domain);
	for (unsigned int i = 0; i < 8; i++) {
		u64 iova = SZ_1G;

		map(test, domain, iova, PA_A, SZ_4K, RW);
		map(test, domain, iova + 0x5000, PA_A, SZ_4K, RW);
		EXPECT_PASS(m, MODEL_DEVID, iova, MODEL_READ, PA_A);
		EXPECT_PASS(m, MODEL_DEVID, iova + 0x5000, MODEL_READ, PA_A);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova, SZ_4K), SZ_4K);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova + 0x5000, SZ_4K),
				SZ_4K);

		map(test, domain, iova, PA_B, SZ_2M, RW);
		EXPECT_PASS(m, MODEL_DEVID, iova, MODEL_READ, PA_B);
		EXPECT_PASS(m, MODEL_DEVID, iova + 0x5000, MODEL_WRITE,
			    PA_B + 0x5000);
		EXPECT_PASS(m, MODEL_DEVID, iova + 0x1ff000, MODEL_WRITE,
			    PA_B + 0x1ff000);

		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova, SZ_2M), SZ_2M);
		EXPECT_FAULT(m, MODEL_DEVID, iova, MODEL_READ, NOT_MAPPED);
		EXPECT_FAULT(m, MODEL_DEVID, iova + 0x5000, MODEL_READ,
			     NOT_MAPPED);
	}
}

/* The last page of the input addresses. */
static void last_page(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	u64 last = domain->geometry.aperture_end & PAGE_MASK;

	attach(test, cdev, domain);
	KUNIT_EXPECT_EQ(test, last, BIT_ULL(48) - PAGE_SIZE);
	map(test, domain, last, PA_A, SZ_4K, RW);
	EXPECT_PASS(m, MODEL_DEVID, last + 0xff8, MODEL_WRITE, PA_A + 0xff8);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, last, SZ_4K), SZ_4K);
	EXPECT_FAULT(m, MODEL_DEVID, last, MODEL_READ, NOT_MAPPED);
}

/* From domain to domain: a device gets what its domain says and no more. */
static void domain_switch(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *a = model_domain(m);
	struct iommu_domain *b = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	unsigned int since;
	u64 target;

	map(test, a, 0x1000, PA_A, SZ_4K, RW);
	map(test, a, 0x2000, PA_A, SZ_4K, RW);
	map(test, b, 0x1000, PA_B, SZ_4K, IOMMU_READ);
	map(test, b, 0x3000, PA_B, SZ_4K, RW);

	for (unsigned int i = 0; i < 16; i++) {
		attach(test, cdev, a);
		model_watch(m, cdev);
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
		EXPECT_PASS(m, MODEL_DEVID, 0x2000, MODEL_WRITE, PA_A);
		EXPECT_FAULT(m, MODEL_DEVID, 0x3000, MODEL_WRITE, NOT_MAPPED);

		since = m->commands;
		attach(test, cdev, b);
		/* spec 11.2: INV_DEVICE with LEAF, and the tag of a */
		KUNIT_EXPECT_TRUE(test, model_saw(m, since, 0x03, &target));
		KUNIT_EXPECT_EQ(test, target, 0x400000000000ULL);
		KUNIT_EXPECT_TRUE(test, model_saw(m, since, 0x06, &target));
		KUNIT_EXPECT_EQ(test, target,
				(u64)to_cordon_domain(a)->tag << 16);
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_READ, PA_B);
		EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PERMISSION);
		EXPECT_FAULT(m, MODEL_DEVID, 0x2000, MODEL_WRITE, NOT_MAPPED);
		EXPECT_PASS(m, MODEL_DEVID, 0x3000, MODEL_WRITE, PA_B);

		/* What changes in a domain that is not attached... */
		KUNIT_EXPECT_EQ(test, iommu_unmap(a, 0x2000, SZ_4K), SZ_4K);
		map(test, a, 0x2000, PA_A, SZ_4K, RW);

		attach(test, cdev, cordon_ops.blocked_domain);
		EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, BLOCKED);
		EXPECT_FAULT(m, MODEL_DEVID, 0x3000, MODEL_READ, BLOCKED);
		m->nr_watches = 0;
	}
}

/* A table that changes while its domain is attached nowhere. */
static void change_while_detached(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	map(test, domain, SZ_2M, PA_A + SZ_4K, SZ_2M, RW);
	attach(test, cdev, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_PASS(m, MODEL_DEVID, SZ_2M, MODEL_WRITE, PA_A + SZ_4K);
	attach(test, cdev, cordon_ops.blocked_domain);

	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x1000, SZ_4K), SZ_4K);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, SZ_2M, SZ_2M), SZ_2M);
	map(test, domain, 0x1000, PA_B, SZ_4K, IOMMU_READ);

	attach(test, cdev, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_READ, PA_B);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PERMISSION);
	EXPECT_FAULT(m, MODEL_DEVID, SZ_2M, MODEL_WRITE, NOT_MAPPED);
}

static void two_devices(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *one = model_device1(m, "one", MODEL_DEVID);
	struct cordon_device *two = model_device1(m, "two", MODEL_DEVID2);

	map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	attach(test, one, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, ABSENT);
	attach(test, two, domain);
	EXPECT_PASS(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, PA_A);

	/* Unmapping still reaches the one that stays. */
	attach(test, one, cordon_ops.blocked_domain);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, BLOCKED);
	EXPECT_PASS(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, PA_A);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x1000, SZ_4K), SZ_4K);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, NOT_MAPPED);
}

/* All DeviceIDs of a device change together; those that repeat count once. */
static void aliases(struct kunit *test)
{
	static const u32 ids[] = { MODEL_DEVID, MODEL_DEVID2, MODEL_DEVID };
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device(m, "device", ids,
						  ARRAY_SIZE(ids));

	KUNIT_EXPECT_EQ(test, cdev->nr_streams, 2);
	map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	attach(test, cdev, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_PASS(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, PA_A);
	attach(test, cdev, cordon_ops.blocked_domain);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, BLOCKED);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, BLOCKED);
}

/* More DeviceIDs than commands fit into one batch. */
static void many_aliases(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev;
	u32 ids[37];

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = 0x100 + i * 0x1f;
	cdev = model_device(m, "device", ids, ARRAY_SIZE(ids));
	map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	for (unsigned int round = 0; round < 3; round++) {
		attach(test, cdev, domain);
		for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
			EXPECT_PASS(m, ids[i], 0x1000, MODEL_WRITE, PA_A);
		attach(test, cdev, cordon_ops.blocked_domain);
		for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
			EXPECT_FAULT(m, ids[i], 0x1000, MODEL_WRITE, BLOCKED);
	}
}

/* A domain that two units know: each forgets what is unmapped. */
static void two_units(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct model_unit *n = model_start(test, "other-unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *one = model_device1(m, "one", MODEL_DEVID);
	struct cordon_device *two = model_device1(n, "two", MODEL_DEVID);

	attach(test, one, domain);
	attach(test, two, domain);
	for (unsigned int i = 0; i < 4; i++) {
		map(test, domain, 0x1000, PA_A, SZ_4K, RW);
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
		EXPECT_PASS(n, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x1000, SZ_4K), SZ_4K);
		EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, NOT_MAPPED);
		EXPECT_FAULT(n, MODEL_DEVID, 0x1000, MODEL_WRITE, NOT_MAPPED);
	}

	attach(test, two, cordon_ops.blocked_domain);
	map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_FAULT(n, MODEL_DEVID, 0x1000, MODEL_WRITE, BLOCKED);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x1000, SZ_4K), SZ_4K);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, NOT_MAPPED);
}

/* A unit that cannot use a domain's tables says so, and changes nothing. */
static void unfit_unit(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct model_unit *n = model_prepare(test, "narrow-unit");
	struct iommu_domain *wide = model_domain(m);
	struct iommu_domain *narrow;
	struct cordon_device *cdev;

	/* CAP0.IAS, bits 53:48: 39 bits in */
	n->config.cap[1] = (n->config.cap[1] & ~(0x3fULL << 48)) | 39ULL << 48;
	model_reconfigure(n);
	model_start_prepared(n);
	narrow = model_domain(n);
	KUNIT_EXPECT_EQ(test, narrow->geometry.aperture_end,
			(dma_addr_t)BIT_ULL(39) - 1);
	cdev = model_device1(n, "device", MODEL_DEVID);

	map(test, narrow, 0x1000, PA_A, SZ_4K, RW);
	attach(test, cdev, narrow);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, wide), -EINVAL);
	EXPECT_PASS(n, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	KUNIT_EXPECT_EQ(test, iommu_unmap(narrow, 0x1000, SZ_4K), SZ_4K);
	EXPECT_FAULT(n, MODEL_DEVID, 0x1000, MODEL_WRITE, NOT_MAPPED);
}

/* A DeviceID beyond two levels: the directory grows under a live device. */
static void directory_grows(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *one = model_device1(m, "one", MODEL_DEVID);
	struct cordon_device *far;

	map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	attach(test, one, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID3, 0x1000, MODEL_WRITE, RANGE);

	far = model_device1(m, "far", MODEL_DEVID3);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID3, 0x1000, MODEL_WRITE, ABSENT);
	attach(test, far, domain);
	EXPECT_PASS(m, MODEL_DEVID3, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_FAULT(m, 0xffffff, 0x1000, MODEL_WRITE, ABSENT);
}

/* DeviceIDs that the unit does not have, or that are its own. */
static void bad_device_ids(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "unit");
	static const u32 own[] = { MODEL_DEVID, 0xffff };
	static const u32 beyond[] = { MODEL_DEVID, 0x10000 };
	struct device *dev;

	/* CAP0.DEVID: 16 bits; CAP4.UNIT_DEVID is 0xffff */
	m->config.cap[1] = (m->config.cap[1] & ~0x1fULL) | 16;
	model_reconfigure(m);
	model_start_prepared(m);
	dev = kunit_device_register(test, "device");
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));

	KUNIT_EXPECT_EQ(test, PTR_ERR(cordon_device_add(m->unit, dev, own, 2)),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, PTR_ERR(cordon_device_add(m->unit, dev, beyond, 2)),
			-ERANGE);
	KUNIT_EXPECT_TRUE(test, xa_empty(&m->unit->streams));
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, ABSENT);
}

/* A device that goes is blocked, and may come again. */
static void device_comes_and_goes(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct device *dev = kunit_device_register(test, "device");
	static const u32 id = MODEL_DEVID;

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	for (unsigned int i = 0; i < 8; i++) {
		struct cordon_device *cdev;

		cdev = cordon_device_add(m->unit, dev, &id, 1);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cdev));
		EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, ABSENT);
		attach(test, cdev, domain);
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
		cordon_device_remove(cdev);
		EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, ABSENT);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&to_cordon_domain(domain)->bonds));
}

/* Two functions behind a bridge that hides them share its DeviceID. */
static void shared_device_id(struct kunit *test)
{
	static const u32 ids1[] = { MODEL_DEVID, MODEL_DEVID2 };
	static const u32 ids2[] = { MODEL_DEVID + 1, MODEL_DEVID2 };
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *one = model_device(m, "one", ids1, 2);
	struct cordon_device *two = model_device(m, "two", ids2, 2);

	map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	attach(test, one, domain);
	attach(test, two, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_PASS(m, MODEL_DEVID + 1, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_PASS(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, PA_A);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x1000, SZ_4K), SZ_4K);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, NOT_MAPPED);
}

#define PAGES	2048

/*
 * Can page @i of @nr from page @first on be unmapped with those before it?  Of
 * a block (bit 0 of @shadow) only the whole goes.
 */
static bool goes(const u64 *shadow, u32 first, u32 i, u32 nr)
{
	if (!(shadow[i] & 1))
		return shadow[i];
	if ((first + i) % 512)
		return i;
	return nr - i >= 512;
}

/* Anything, in any order; every page is as it should be, all the time. */
static void random_order(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	u64 *shadow = kunit_kcalloc(test, PAGES, sizeof(*shadow), GFP_KERNEL);
	const u64 base = SZ_1G - SZ_4M;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, shadow);
	prandom_seed_state(&rnd, 20);
	attach(test, cdev, domain);

	for (unsigned int round = 0; round < 3000; round++) {
		u32 r = prandom_u32_state(&rnd);
		u32 first = prandom_u32_state(&rnd) % PAGES;
		u32 nr = 1 + prandom_u32_state(&rnd) % (r & 0x300 ? 7 : PAGES);
		u64 pa = PA_A + ((u64)prandom_u32_state(&rnd) << 12);

		/* whole tables now and then, aligned for blocks */
		if ((r & 0xc00) == 0xc00) {
			first = round_down(first, 512);
			nr = 512;
			if (r & 0x1000)
				pa = round_down(pa, SZ_2M);
		}
		nr = min(nr, PAGES - first);

		if (r & 1) {
			while (nr && shadow[first])
				first++, nr--;
			for (u32 i = 0; i < nr; i++) {
				if (shadow[first + i])
					nr = i;
			}
			if (!nr)
				continue;
			map(test, domain, base + first * PAGE_SIZE, pa,
			    nr * PAGE_SIZE, RW);
			for (u32 i = 0; i < nr; i++) {
				bool block = IS_ALIGNED(pa - first * PAGE_SIZE, SZ_2M) &&
					     round_down(first + i, 512) >= first &&
					     round_up(first + i + 1, 512) <= first + nr;

				shadow[first + i] = (pa + i * PAGE_SIZE) | block;
			}
		} else {
			u32 i = 0;

			while (i < nr && goes(&shadow[first], first, i, nr))
				i++;
			if (!i)
				continue;
			KUNIT_ASSERT_EQ(test,
					iommu_unmap(domain,
						    base + first * PAGE_SIZE,
						    i * PAGE_SIZE),
					i * PAGE_SIZE);
			memset(&shadow[first], 0, i * sizeof(*shadow));
		}

		for (unsigned int k = 0; k < 8; k++) {
			u32 at = (first + k * k * 7) % PAGES;
			u64 out = 0;
			int reason = model_dma(m, MODEL_DEVID,
					       base + at * PAGE_SIZE,
					       MODEL_WRITE, &out);

			KUNIT_ASSERT_EQ_MSG(test, reason,
					    shadow[at] ? 0 : NOT_MAPPED,
					    "round %u, page %u", round, at);
			KUNIT_ASSERT_EQ(test, out, shadow[at] & PAGE_MASK);
		}
		if (!(r >> 24))
			model_forget(m);
	}
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE(blocked_until_attached),
	KUNIT_CASE(identity),
	KUNIT_CASE(map_and_unmap),
	KUNIT_CASE(permissions),
	KUNIT_CASE(tables_go),
	KUNIT_CASE(block_over_table),
	KUNIT_CASE(last_page),
	KUNIT_CASE(domain_switch),
	KUNIT_CASE(change_while_detached),
	KUNIT_CASE(two_devices),
	KUNIT_CASE(aliases),
	KUNIT_CASE(many_aliases),
	KUNIT_CASE(two_units),
	KUNIT_CASE(unfit_unit),
	KUNIT_CASE(directory_grows),
	KUNIT_CASE(bad_device_ids),
	KUNIT_CASE(device_comes_and_goes),
	KUNIT_CASE(shared_device_id),
	KUNIT_CASE_SLOW(random_order),
	{ }
};

static struct kunit_suite map_suite = {
	.name = "cordon_map",
	.test_cases = map_cases,
};

kunit_test_suite(map_suite);
