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

#define LEAF		0x400000000000ULL

KUNIT_ARRAY_PARAM(tables, model_kinds, model_tables_desc);

/* A unit in use, with the kind of tables that the case is for. */
static struct model_unit *start(struct kunit *test)
{
	return model_start_with(test, "unit", test->param_value);
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
	model_attach(test, cdev, cordon_ops.blocked_domain);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, BLOCKED);
	EXPECT_FAULT(m, MODEL_DEVID, 0, MODEL_WRITE, BLOCKED);
}

static void identity(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	model_attach(test, cdev, cordon_ops.identity_domain);
	EXPECT_PASS(m, MODEL_DEVID, 0, MODEL_READ, 0);
	EXPECT_PASS(m, MODEL_DEVID, 0x123456789abcULL, MODEL_WRITE,
		    0x123456789abcULL);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x1000, MODEL_READ, ABSENT);

	model_attach(test, cdev, cordon_ops.blocked_domain);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, BLOCKED);
	model_attach(test, cdev, cordon_ops.identity_domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_READ, 0x1000);
}

static void map_and_unmap(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	const size_t page = m->tables->page;
	const u64 iova = 16 * page;
	unsigned int since;
	u64 target;

	KUNIT_ASSERT_EQ(test, __ffs(domain->pgsize_bitmap), __ffs(page));
	model_attach(test, cdev, domain);
	EXPECT_FAULT(m, MODEL_DEVID, iova, MODEL_READ, NOT_MAPPED);

	/* From absent to valid needs no command (spec 11.2). */
	since = m->commands;
	model_map(test, domain, iova, PA_A, 2 * page, RW);
	KUNIT_EXPECT_EQ(test, m->commands, since);
	EXPECT_PASS(m, MODEL_DEVID, iova, MODEL_READ, PA_A);
	EXPECT_PASS(m, MODEL_DEVID, iova + 0xffc, MODEL_WRITE, PA_A + 0xffc);
	EXPECT_PASS(m, MODEL_DEVID, iova + page, MODEL_WRITE, PA_A + page);
	EXPECT_FAULT(m, MODEL_DEVID, iova - 0x1000, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID, iova + 2 * page, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID, BIT_ULL(m->tables->bits) | iova,
		     MODEL_READ, INPUT_SIZE);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, iova + page + 4),
			PA_A + page + 4);

	/* One command for any range, that of pages names no tables. */
	since = m->commands;
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova, 2 * page), 2 * page);
	KUNIT_EXPECT_EQ(test, m->commands - since, 1);
	KUNIT_EXPECT_TRUE(test, model_saw(m, since, m->tables->range, &target));
	KUNIT_EXPECT_EQ(test, target & LEAF, LEAF);
	EXPECT_FAULT(m, MODEL_DEVID, iova, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID, iova + page, MODEL_WRITE, NOT_MAPPED);

	/* The same address leads elsewhere. */
	model_map(test, domain, iova, PA_B, page, RW);
	EXPECT_PASS(m, MODEL_DEVID, iova + 8, MODEL_WRITE, PA_B + 8);
}

/*
 * Lazy: however much is unmapped, nothing is asked of hardware until all of it
 * is flushed, by one command.  As the DMA API does, without a sync: newer cores
 * gather for a driver that does not.
 */
static void lazy(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	struct iommu_iotlb_gather gather;
	unsigned int since;
	u64 writes;

	model_attach(test, cdev, domain);
	for (u64 iova = SZ_1M; iova < SZ_2M; iova += SZ_64K) {
		model_map(test, domain, iova, PA_A + iova, SZ_64K, RW);
		EXPECT_PASS(m, MODEL_DEVID, iova, MODEL_READ, PA_A + iova);
	}

	since = m->commands;
	writes = cordon_model_stats(m->model)->reg_writes;
	for (u64 iova = SZ_1M; iova < SZ_2M; iova += SZ_64K) {
		iommu_iotlb_gather_init(&gather);
		gather.queued = true;
		KUNIT_EXPECT_EQ(test, SZ_64K,
				iommu_unmap_fast(domain, iova, SZ_64K, &gather));
	}
	KUNIT_EXPECT_EQ(test, m->commands, since);
	KUNIT_EXPECT_EQ(test, cordon_model_stats(m->model)->reg_writes, writes);

	domain->ops->flush_iotlb_all(domain);
	KUNIT_EXPECT_EQ(test, m->commands - since, 1);
	KUNIT_EXPECT_EQ(test, cordon_model_stats(m->model)->reg_writes,
			writes + 1);
	for (u64 iova = SZ_1M; iova < SZ_2M; iova += SZ_64K)
		EXPECT_FAULT(m, MODEL_DEVID, iova, MODEL_READ, NOT_MAPPED);
}

static void permissions(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	bool stage2 = m->tables->stage == CORDON_STAGE2;
	const size_t page = m->tables->page, block = m->tables->block;

	model_attach(test, cdev, domain);
	model_map(test, domain, page, PA_A, page, IOMMU_READ);
	model_map(test, domain, 2 * page, PA_A, page, RW);
	model_map(test, domain, 3 * page, PA_A, page,
		  IOMMU_READ | IOMMU_NOEXEC);
	model_map(test, domain, 4 * page, PA_A, page, RW | IOMMU_PRIV);
	model_map(test, domain, 5 * page, PA_A, page, IOMMU_WRITE);
	model_map(test, domain, block, PA_A, block, IOMMU_READ | IOMMU_NOEXEC);

	EXPECT_PASS(m, MODEL_DEVID, page, MODEL_READ, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID, page, MODEL_WRITE, PERMISSION);
	EXPECT_FAULT(m, MODEL_DEVID, page, MODEL_READ | MODEL_WRITE,
		     PERMISSION);
	EXPECT_PASS(m, MODEL_DEVID, page, MODEL_EXEC, PA_A);

	EXPECT_PASS(m, MODEL_DEVID, 2 * page, MODEL_READ | MODEL_WRITE, PA_A);

	EXPECT_PASS(m, MODEL_DEVID, 3 * page, MODEL_READ, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID, 3 * page, MODEL_EXEC, PERMISSION);

	/* Stage 2 knows no privileges (spec 4.5)... */
	if (stage2)
		EXPECT_PASS(m, MODEL_DEVID, 4 * page, MODEL_READ, PA_A);
	else
		EXPECT_FAULT(m, MODEL_DEVID, 4 * page, MODEL_READ, PERMISSION);
	EXPECT_PASS(m, MODEL_DEVID, 4 * page, MODEL_READ | MODEL_PRIV, PA_A);
	EXPECT_PASS(m, MODEL_DEVID, 4 * page, MODEL_WRITE | MODEL_PRIV, PA_A);

	/* ... and stage 1 no writing without reading (spec 4.4). */
	EXPECT_PASS(m, MODEL_DEVID, 5 * page, MODEL_WRITE, PA_A);
	if (stage2)
		EXPECT_FAULT(m, MODEL_DEVID, 5 * page, MODEL_READ, PERMISSION);
	else
		EXPECT_PASS(m, MODEL_DEVID, 5 * page, MODEL_READ, PA_A);

	EXPECT_PASS(m, MODEL_DEVID, block + 0x12345, MODEL_READ,
		    PA_A + 0x12345);
	EXPECT_FAULT(m, MODEL_DEVID, block + 0x12345, MODEL_WRITE, PERMISSION);
	EXPECT_FAULT(m, MODEL_DEVID, block + 0x12345, MODEL_EXEC, PERMISSION);

	/* More rights need no command, fewer take effect at once. */
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, page, page), page);
	model_map(test, domain, page, PA_A, page, RW);
	EXPECT_PASS(m, MODEL_DEVID, page, MODEL_WRITE, PA_A);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, page, page), page);
	model_map(test, domain, page, PA_A, page, IOMMU_READ);
	EXPECT_FAULT(m, MODEL_DEVID, page, MODEL_WRITE, PERMISSION);
}

/* Where privilege makes no difference, what is for the privileged is for all. */
static void without_privilege(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "unit");
	struct iommu_domain *domain;

	/* CAP1 */
	m->config.cap[2] &= ~CORDON_CAP1_PRIV;
	model_reconfigure(m);
	model_start_prepared(m);
	domain = model_domain(m);
	model_attach(test, model_device1(m, "device", MODEL_DEVID), domain);
	model_map(test, domain, 0x10000, PA_A, SZ_64K, RW | IOMMU_PRIV);
	EXPECT_PASS(m, MODEL_DEVID, 0x10000, MODEL_WRITE, PA_A);
	EXPECT_PASS(m, MODEL_DEVID, 0x10000, MODEL_READ | MODEL_PRIV, PA_A);
}

/*
 * Ranges that hold whole tables: these are unlinked, and must neither be
 * walked by hardware afterwards nor kept for ever by the driver.
 */
static void tables_go(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	const size_t page = m->tables->page, block = m->tables->block;
	/* a table of tables, where that is not too much */
	const size_t many = block == SZ_2M ? SZ_1G : 4 * block;
	unsigned int since;
	u64 target;

	model_attach(test, cdev, domain);
	for (unsigned int i = 0; i < 4 * CORDON_DEFERRED_TABLES; i++) {
		u64 iova = SZ_1G + (i % 3) * block;

		/* too odd for a block */
		model_map(test, domain, iova, PA_A + page, block, RW);
		EXPECT_PASS(m, MODEL_DEVID, iova, MODEL_READ, PA_A + page);
		EXPECT_PASS(m, MODEL_DEVID, iova + block - page, MODEL_WRITE,
			    PA_A + block);

		since = m->commands;
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova, block), block);
		KUNIT_EXPECT_EQ(test, m->commands - since, 1);
		/* a table went: not leaf only, or all of the domain */
		if (model_saw(m, since, m->tables->range, &target))
			KUNIT_EXPECT_EQ(test, target & LEAF, 0);
		else
			KUNIT_EXPECT_TRUE(test, model_saw(m, since,
							  m->tables->all, NULL));
		EXPECT_FAULT(m, MODEL_DEVID, iova, MODEL_READ, NOT_MAPPED);
		EXPECT_FAULT(m, MODEL_DEVID, iova + block - page, MODEL_READ,
			     NOT_MAPPED);
		KUNIT_EXPECT_LE(test,
				atomic_read(&to_cordon_domain(domain)->nr_deferred),
				CORDON_DEFERRED_TABLES + 1);
	}

	/* many tables in one go */
	model_map(test, domain, 4ULL * SZ_1G, PA_A + page, many, RW);
	for (u64 at = 0; at < many; at += many / 16)
		EXPECT_PASS(m, MODEL_DEVID, 4ULL * SZ_1G + at, MODEL_READ,
			    PA_A + page + at);
	since = m->commands;
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 4ULL * SZ_1G, many), many);
	KUNIT_EXPECT_EQ(test, m->commands - since, 1);
	for (u64 at = 0; at < many; at += many / 16)
		EXPECT_FAULT(m, MODEL_DEVID, 4ULL * SZ_1G + at, MODEL_READ,
			     NOT_MAPPED);
}

/* A block takes the place of a table whose pages have gone one by one. */
static void block_over_table(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	const size_t page = m->tables->page, block = m->tables->block;

	model_attach(test, cdev, domain);
	for (unsigned int i = 0; i < 8; i++) {
		u64 iova = SZ_1G;

		model_map(test, domain, iova, PA_A, page, RW);
		model_map(test, domain, iova + 5 * page, PA_A, page, RW);
		EXPECT_PASS(m, MODEL_DEVID, iova, MODEL_READ, PA_A);
		EXPECT_PASS(m, MODEL_DEVID, iova + 5 * page, MODEL_READ, PA_A);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova, page), page);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova + 5 * page, page),
				page);

		model_map(test, domain, iova, PA_B, block, RW);
		EXPECT_PASS(m, MODEL_DEVID, iova, MODEL_READ, PA_B);
		EXPECT_PASS(m, MODEL_DEVID, iova + 5 * page, MODEL_WRITE,
			    PA_B + 5 * page);
		EXPECT_PASS(m, MODEL_DEVID, iova + block - page, MODEL_WRITE,
			    PA_B + block - page);

		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, iova, block), block);
		EXPECT_FAULT(m, MODEL_DEVID, iova, MODEL_READ, NOT_MAPPED);
		EXPECT_FAULT(m, MODEL_DEVID, iova + 5 * page, MODEL_READ,
			     NOT_MAPPED);
	}
}

/* The last page of the input addresses, and of those that it can lead to. */
static void last_page(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	const size_t page = m->tables->page;
	u64 end = domain->geometry.aperture_end, last = end - (page - 1);
	u64 pa = BIT_ULL(m->tables->bits) - page;

	model_attach(test, cdev, domain);
	KUNIT_EXPECT_EQ(test, end, BIT_ULL(m->tables->bits) - 1);
	model_map(test, domain, last, pa, page, RW);
	EXPECT_PASS(m, MODEL_DEVID, last + 0xff8, MODEL_WRITE, pa + 0xff8);
	EXPECT_PASS(m, MODEL_DEVID, end - 3, MODEL_READ, pa + page - 4);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, last + 8), pa + 8);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, last, page), page);
	EXPECT_FAULT(m, MODEL_DEVID, last, MODEL_READ, NOT_MAPPED);
}

/* What the DMA API asks at each unmapping is what io-pgtable says, or nothing. */
static void look_up(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct io_pgtable_ops *ops = to_cordon_domain(domain)->pgtbl;
	const size_t page = m->tables->page;
	u64 blocks = domain->pgsize_bitmap & ~(u64)page;
	u64 end = domain->geometry.aperture_end, size;

	model_map(test, domain, 16 * page, PA_A, page, RW);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 16 * page), PA_A);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 17 * page - 1),
			PA_A + page - 1);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 16 * page - 1), 0);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 17 * page), 0);
	/* far from any table, and from any input address */
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, end), 0);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 16 * page + end + 1), 0);
	iommu_unmap(domain, 16 * page, page);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 16 * page), 0);

	for (; blocks; blocks &= blocks - 1) {
		size = BIT_ULL(__ffs64(blocks));
		model_map(test, domain, size, 3 * size, size, RW);
		for (u64 at = 0; at < size; at += size / 8 + page + 4) {
			KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, size + at),
					3 * size + at);
			KUNIT_EXPECT_EQ(test, ops->iova_to_phys(ops, size + at),
					3 * size + at);
		}
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, size - 1), 0);
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 2 * size), 0);
		iommu_unmap(domain, size, size);
	}
}

/* The largest blocks that there are: 4 TiB, with 52 bits. */
static void largest_blocks(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	const u64 size = BIT_ULL(m->tables->bits == 52 ? 42 : 30);
	const u64 pa = BIT_ULL(m->tables->bits - 1) + size;
	unsigned int since;
	u64 target;

	if (m->tables->granule == MODEL_TG_16K)
		kunit_skip(test, "none at level 1 (spec 4.4)");
	KUNIT_EXPECT_TRUE(test, domain->pgsize_bitmap & size);
	model_attach(test, cdev, domain);
	model_map(test, domain, size, pa, size, RW);
	EXPECT_PASS(m, MODEL_DEVID, size, MODEL_READ, pa);
	EXPECT_PASS(m, MODEL_DEVID, 2 * size - 8, MODEL_WRITE, pa + size - 8);
	EXPECT_FAULT(m, MODEL_DEVID, 2 * size, MODEL_READ, NOT_MAPPED);
	since = m->commands;
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, size, size), size);
	KUNIT_EXPECT_EQ(test, m->commands - since, 1);
	KUNIT_EXPECT_TRUE(test, model_saw(m, since, m->tables->range, &target));
	EXPECT_FAULT(m, MODEL_DEVID, size, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID, 2 * size - 8, MODEL_READ, NOT_MAPPED);
}

/*
 * Input addresses of each width that a unit can have.  Their tables begin at
 * any level, and those of stage 2 with up to 16 roots in a row (spec 4.5).
 */
static void input_widths(struct kunit *test)
{
	static const u8 widths[] = { 32, 34, 36, 39, 40, 42, 43, 44, 47, 48, 52 };
	const struct model_tables *t = test->param_value;
	struct device *dev = kunit_device_register(test, "device");
	static const u32 id = MODEL_DEVID;

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	for (unsigned int i = 0; i < ARRAY_SIZE(widths); i++) {
		unsigned int bits = min(widths[i], t->bits);
		u64 last = BIT_ULL(bits) - t->page;
		struct iommu_domain *domain;
		struct cordon_device *cdev;
		struct model_unit *m;
		char name[16];

		snprintf(name, sizeof(name), "unit-%u", i);
		m = model_prepare_with(test, name, t);
		/* CAP0.IAS is bits 53:48 */
		m->config.cap[1] &= ~(0x3fULL << 48);
		m->config.cap[1] |= (u64)bits << 48;
		model_reconfigure(m);
		model_start_prepared(m);
		domain = cordon_domain_alloc(m->unit, t->stage, 0);
		KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
		KUNIT_EXPECT_EQ(test, domain->geometry.aperture_end,
				BIT_ULL(bits) - 1);
		KUNIT_EXPECT_LT(test, __fls(domain->pgsize_bitmap), bits);
		cdev = cordon_device_add(m->unit, dev, &id, 1);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cdev));
		model_attach(test, cdev, domain);
		model_map(test, domain, 0, PA_A, t->page, RW);
		model_map(test, domain, last, PA_B, t->page, IOMMU_READ);
		model_map(test, domain, BIT_ULL(bits - 1), PA_A, t->page, RW);
		EXPECT_PASS(m, MODEL_DEVID, 8, MODEL_WRITE, PA_A + 8);
		EXPECT_PASS(m, MODEL_DEVID, last, MODEL_READ, PA_B);
		EXPECT_FAULT(m, MODEL_DEVID, last, MODEL_WRITE, PERMISSION);
		EXPECT_PASS(m, MODEL_DEVID, BIT_ULL(bits - 1), MODEL_READ, PA_A);
		EXPECT_FAULT(m, MODEL_DEVID, BIT_ULL(bits), MODEL_READ,
			     INPUT_SIZE);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, last, t->page),
				t->page);
		EXPECT_FAULT(m, MODEL_DEVID, last, MODEL_READ, NOT_MAPPED);
		cordon_device_remove(cdev);
		iommu_domain_free(domain);
		model_finish(m);
	}
}

/* From domain to domain: a device gets what its domain says and no more. */
static void domain_switch(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *a = model_domain(m);
	struct iommu_domain *b = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	const struct cordon_tags tags = to_cordon_domain(a)->tags;
	const size_t page = m->tables->page;
	unsigned int since;
	u64 target;

	model_map(test, a, page, PA_A, page, RW);
	model_map(test, a, 2 * page, PA_A, page, RW);
	model_map(test, b, page, PA_B, page, IOMMU_READ);
	model_map(test, b, 3 * page, PA_B, page, RW);

	for (unsigned int i = 0; i < 16; i++) {
		model_attach(test, cdev, a);
		model_watch(m, cdev);
		EXPECT_PASS(m, MODEL_DEVID, page, MODEL_WRITE, PA_A);
		EXPECT_PASS(m, MODEL_DEVID, 2 * page, MODEL_WRITE, PA_A);
		EXPECT_FAULT(m, MODEL_DEVID, 3 * page, MODEL_WRITE, NOT_MAPPED);

		since = m->commands;
		model_attach(test, cdev, b);
		/* spec 11.2: INV_DEVICE with LEAF, and the tag of a */
		KUNIT_EXPECT_TRUE(test, model_saw(m, since, 0x03, &target));
		KUNIT_EXPECT_EQ(test, target, LEAF);
		KUNIT_EXPECT_TRUE(test, model_saw(m, since, m->tables->retire,
						  &target));
		KUNIT_EXPECT_EQ(test, target, tags.vmtag | (u64)tags.dtag << 16);
		EXPECT_PASS(m, MODEL_DEVID, page, MODEL_READ, PA_B);
		EXPECT_FAULT(m, MODEL_DEVID, page, MODEL_WRITE, PERMISSION);
		EXPECT_FAULT(m, MODEL_DEVID, 2 * page, MODEL_WRITE, NOT_MAPPED);
		EXPECT_PASS(m, MODEL_DEVID, 3 * page, MODEL_WRITE, PA_B);

		/* What changes in a domain that is not attached... */
		KUNIT_EXPECT_EQ(test, iommu_unmap(a, 2 * page, page), page);
		model_map(test, a, 2 * page, PA_A, page, RW);

		model_attach(test, cdev, cordon_ops.blocked_domain);
		EXPECT_FAULT(m, MODEL_DEVID, page, MODEL_READ, BLOCKED);
		EXPECT_FAULT(m, MODEL_DEVID, 3 * page, MODEL_READ, BLOCKED);
		m->nr_watches = 0;
	}
}

/* From one stage to the other and back, by one store each time. */
static void stage_switch(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *one = model_domain_of(m, CORDON_STAGE1);
	struct iommu_domain *two = model_domain_of(m, CORDON_STAGE2);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);

	KUNIT_EXPECT_EQ(test, to_cordon_domain(one)->tags.vmtag, 0);
	KUNIT_EXPECT_EQ(test, to_cordon_domain(two)->tags.dtag, 0);
	model_map(test, one, 0x1000, PA_A, SZ_4K, RW);
	model_map(test, two, 0x1000, PA_B, SZ_4K, RW);
	model_map(test, two, 0x2000, PA_B, SZ_4K, RW);
	model_attach(test, cdev, one);
	model_watch(m, cdev);
	for (unsigned int i = 0; i < 16; i++) {
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
		EXPECT_FAULT(m, MODEL_DEVID, 0x2000, MODEL_WRITE, NOT_MAPPED);
		model_attach(test, cdev, two);
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_B);
		EXPECT_PASS(m, MODEL_DEVID, 0x2000, MODEL_WRITE, PA_B);

		/* Neither is told of the other's changes. */
		KUNIT_EXPECT_EQ(test, iommu_unmap(one, 0x1000, SZ_4K), SZ_4K);
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_B);
		model_map(test, one, 0x1000, PA_A, SZ_4K, RW);

		/* Identity in between is no table at all. */
		model_attach(test, cdev, cordon_ops.identity_domain);
		EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, 0x1000);
		model_attach(test, cdev, one);
	}
}

/* A table that changes while its domain is attached nowhere. */
static void change_while_detached(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	const size_t page = m->tables->page, block = m->tables->block;

	model_map(test, domain, page, PA_A, page, RW);
	model_map(test, domain, block, PA_A + page, block, RW);
	model_attach(test, cdev, domain);
	EXPECT_PASS(m, MODEL_DEVID, page, MODEL_WRITE, PA_A);
	EXPECT_PASS(m, MODEL_DEVID, block, MODEL_WRITE, PA_A + page);
	model_attach(test, cdev, cordon_ops.blocked_domain);

	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, page, page), page);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, block, block), block);
	model_map(test, domain, page, PA_B, page, IOMMU_READ);

	model_attach(test, cdev, domain);
	EXPECT_PASS(m, MODEL_DEVID, page, MODEL_READ, PA_B);
	EXPECT_FAULT(m, MODEL_DEVID, page, MODEL_WRITE, PERMISSION);
	EXPECT_FAULT(m, MODEL_DEVID, block, MODEL_WRITE, NOT_MAPPED);
}

/*
 * A unit with few tags.  CAP0: VMTAG is bits 20:16, DTAG bits 28:24, which has 8
 * at least.
 */
static struct model_unit *start_with_few_tags(struct kunit *test)
{
	struct model_unit *m = model_prepare_with(test, "unit", test->param_value);

	m->config.cap[1] &= ~(0x1fULL << 16 | 0x1fULL << 24);
	m->config.cap[1] |= 4ULL << 16 | 8ULL << 24;
	model_reconfigure(m);
	model_start_prepared(m);
	return m;
}

static unsigned int few_tags(const struct model_tables *t)
{
	return t->stage == CORDON_STAGE2 ? 16 : 256;
}

/*
 * A tag that goes from domain to domain, each in its turn: what was cached of the
 * one is never used for the other, whose table has another root.
 */
static void tag_used_again(struct kunit *test)
{
	const unsigned int nr = few_tags(test->param_value) + 8;
	u32 *tags = kunit_kcalloc(test, nr, sizeof(*tags), GFP_KERNEL);
	struct model_unit *m = start_with_few_tags(test);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	const size_t page = m->tables->page;
	unsigned int again = 0;

	KUNIT_ASSERT_NOT_NULL(test, tags);
	for (unsigned int i = 0; i < nr; i++) {
		u64 pa = PA_A + i * page;
		struct iommu_domain *domain;
		struct cordon_domain *cdom;

		domain = cordon_domain_alloc(m->unit, m->tables->stage, 0);
		KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
		cdom = to_cordon_domain(domain);
		tags[i] = cdom->tags.dtag ?: cdom->tags.vmtag;
		for (unsigned int j = 0; j < i; j++) {
			if (tags[j] != tags[i])
				continue;
			again++;
			/* Not before most others have had their turn. */
			KUNIT_EXPECT_GE(test, i - j, nr - 16);
		}
		model_map(test, domain, page, pa, page, RW);
		if (i & 1)
			model_map(test, domain, 2 * page, pa, page, RW);
		model_attach(test, cdev, domain);
		EXPECT_PASS(m, MODEL_DEVID, page, MODEL_WRITE, pa);
		if (i & 1)
			EXPECT_PASS(m, MODEL_DEVID, 2 * page, MODEL_READ, pa);
		else
			EXPECT_FAULT(m, MODEL_DEVID, 2 * page, MODEL_READ,
				     NOT_MAPPED);
		model_attach(test, cdev, cordon_ops.blocked_domain);
		iommu_domain_free(domain);
	}
	KUNIT_EXPECT_GE(test, again, 8);
}

/* As many domains as there are tags, and then no more. */
static void tags_run_out(struct kunit *test)
{
	const struct model_tables *t = test->param_value;
	const unsigned int max = few_tags(t);
	struct iommu_domain **domains = kunit_kcalloc(test, max, sizeof(*domains),
						      GFP_KERNEL);
	struct model_unit *m = start_with_few_tags(test);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	unsigned int nr, again;

	KUNIT_ASSERT_NOT_NULL(test, domains);
	for (nr = 0; nr < max; nr++) {
		domains[nr] = cordon_domain_alloc(m->unit, t->stage, 0);
		if (IS_ERR(domains[nr]))
			break;
	}
	/* Other tests may have left some with units that died. */
	KUNIT_ASSERT_GE(test, nr, max - 8);
	KUNIT_ASSERT_LT(test, nr, max);
	KUNIT_EXPECT_EQ(test, PTR_ERR(domains[nr]), -ENOSPC);

	/* The last of them works as the first does. */
	model_map(test, domains[nr - 1], t->page, PA_A, t->page, RW);
	model_attach(test, cdev, domains[nr - 1]);
	EXPECT_PASS(m, MODEL_DEVID, t->page, MODEL_WRITE, PA_A);

	again = nr / 2;
	iommu_domain_free(domains[again]);
	domains[again] = cordon_domain_alloc(m->unit, t->stage, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(domains[again]));
	model_attach(test, cdev, cordon_ops.blocked_domain);
	while (nr--) {
		if (!IS_ERR(domains[nr]))
			iommu_domain_free(domains[nr]);
	}
}

static void two_devices(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *one = model_device1(m, "one", MODEL_DEVID);
	struct cordon_device *two = model_device1(m, "two", MODEL_DEVID2);

	model_map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	model_attach(test, one, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, ABSENT);
	model_attach(test, two, domain);
	EXPECT_PASS(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, PA_A);

	/* Unmapping still reaches the one that stays. */
	model_attach(test, one, cordon_ops.blocked_domain);
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
	model_map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	model_attach(test, cdev, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_PASS(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, PA_A);
	model_attach(test, cdev, cordon_ops.blocked_domain);
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
	model_map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	for (unsigned int round = 0; round < 3; round++) {
		model_attach(test, cdev, domain);
		for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
			EXPECT_PASS(m, ids[i], 0x1000, MODEL_WRITE, PA_A);
		model_attach(test, cdev, cordon_ops.blocked_domain);
		for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
			EXPECT_FAULT(m, ids[i], 0x1000, MODEL_WRITE, BLOCKED);
	}
}

/* A domain that two units know: each forgets what is unmapped. */
static void two_units(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct model_unit *n = model_start_with(test, "other-unit", m->tables);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *one = model_device1(m, "one", MODEL_DEVID);
	struct cordon_device *two = model_device1(n, "two", MODEL_DEVID);
	const size_t page = m->tables->page;

	model_attach(test, one, domain);
	model_attach(test, two, domain);
	for (unsigned int i = 0; i < 4; i++) {
		model_map(test, domain, page, PA_A, page, RW);
		EXPECT_PASS(m, MODEL_DEVID, page, MODEL_WRITE, PA_A);
		EXPECT_PASS(n, MODEL_DEVID, page, MODEL_WRITE, PA_A);
		KUNIT_EXPECT_EQ(test, iommu_unmap(domain, page, page), page);
		EXPECT_FAULT(m, MODEL_DEVID, page, MODEL_WRITE, NOT_MAPPED);
		EXPECT_FAULT(n, MODEL_DEVID, page, MODEL_WRITE, NOT_MAPPED);
	}

	model_attach(test, two, cordon_ops.blocked_domain);
	model_map(test, domain, page, PA_A, page, RW);
	EXPECT_PASS(m, MODEL_DEVID, page, MODEL_WRITE, PA_A);
	EXPECT_FAULT(n, MODEL_DEVID, page, MODEL_WRITE, BLOCKED);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, page, page), page);
	EXPECT_FAULT(m, MODEL_DEVID, page, MODEL_WRITE, NOT_MAPPED);
}

/**
 * struct unfit_case - a unit that cannot use the domains of another
 * @name: what it lacks
 * @stage2: the domains are of stage 2
 * @reg: index of the capability register that differs
 * @mask: which bits of it
 * @value: what they are
 * @pages64k: it matters where pages of 64 KiB are used
 */
struct unfit_case {
	const char *name;
	bool stage2;
	unsigned int reg;
	u64 mask;
	u64 value;
	bool pages64k;
};

static const struct unfit_case unfit_cases[] = {
	/* CAP0.IAS, bits 53:48: 39 bits in */
	{ "input, stage 1", false, 1, 0x3fULL << 48, 39ULL << 48 },
	{ "input, stage 2", true, 1, 0x3fULL << 48, 39ULL << 48 },
	/* CAP0.OAS, bits 42:40: 48 bits out */
	{ "output, stage 1", false, 1, 7ULL << 40, 5ULL << 40, true },
	{ "output, stage 2", true, 1, 7ULL << 40, 5ULL << 40, true },
	/* CAP1.S1 and S2 */
	{ "stage 1", false, 2, 1, 0 },
	{ "stage 2", true, 2, 2, 0 },
	/* CAP1.PRIV: what is privileged must not be open to all */
	{ "privileges", false, 2, 0x800, 0 },
	/* CAP1.LVA64K */
	{ "52 bits, stage 1", false, 2, 0x80, 0, true },
	{ "52 bits, stage 2", true, 2, 0x80, 0, true },
};

static void unfit_desc(const struct unfit_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(unfit, unfit_cases, unfit_desc);

/* A unit that cannot use a domain's tables says so, and changes nothing. */
static void unfit_unit(struct kunit *test)
{
	const struct unfit_case *c = test->param_value;
	static const struct model_tables pages64k[] = {
		MODEL_STAGE1(64K, SZ_64K, SZ_512M, 52),
		MODEL_STAGE2(64K, SZ_64K, SZ_512M, 52),
	};
	const struct model_tables *t = c->stage2 ? &model_stage2 : &model_stage1;
	struct iommu_domain *wide, *narrow;
	struct model_unit *m, *n;
	struct cordon_device *cdev;

	if (c->pages64k && PAGE_SIZE != SZ_64K)
		kunit_skip(test, "for pages of 64 KiB");
	if (c->pages64k)
		t = &pages64k[c->stage2];

	m = model_start_with(test, "unit", t);
	n = model_prepare_with(test, "narrow-unit", t);
	wide = model_domain(m);
	n->config.cap[c->reg] = (n->config.cap[c->reg] & ~c->mask) | c->value;
	model_reconfigure(n);
	model_start_prepared(n);
	narrow = model_domain_of(n, cordon_stage_choose(&n->unit->caps, 0));
	cdev = model_device1(n, "device", MODEL_DEVID);

	model_map(test, narrow, t->page, 0x10000, t->page, RW);
	model_attach(test, cdev, narrow);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, wide), -EINVAL);
	EXPECT_PASS(n, MODEL_DEVID, t->page, MODEL_WRITE, 0x10000);
	KUNIT_EXPECT_TRUE(test, list_empty(&to_cordon_domain(wide)->bonds));
	KUNIT_EXPECT_EQ(test, iommu_unmap(narrow, t->page, t->page), t->page);
	EXPECT_FAULT(n, MODEL_DEVID, t->page, MODEL_WRITE, NOT_MAPPED);
}

/* The same of tags that are too wide, and of pages of another size. */
static void unfit_domain(struct kunit *test)
{
	const struct model_tables *t = test->param_value;
	struct model_unit *m = model_start_with(test, "unit", t);
	struct model_unit *n = model_prepare_with(test, "narrow-unit", t);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_domain *cdom = to_cordon_domain(domain);
	struct cordon_tags tags = cdom->tags;
	size_t granule = cdom->granule;
	struct cordon_device *cdev;

	/* CAP0: VMTAG is bits 20:16, DTAG bits 28:24 */
	n->config.cap[1] &= ~(0x1fULL << 16 | 0x1fULL << 24);
	n->config.cap[1] |= 9ULL << 16 | 9ULL << 24;
	model_reconfigure(n);
	model_start_prepared(n);
	cdev = model_device1(n, "device", MODEL_DEVID);

	if (t->stage == CORDON_STAGE1)
		cdom->tags.dtag = 0x200;
	else
		cdom->tags.vmtag = 0x200;
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, domain), -EINVAL);
	cdom->tags = tags;

	cdom->granule = t->page == SZ_4K ? SZ_64K : SZ_4K;
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, domain), -EINVAL);
	cdom->granule = granule;
	model_attach(test, cdev, domain);
}

/* A DeviceID beyond two levels: the directory grows under a live device. */
static void directory_grows(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *one = model_device1(m, "one", MODEL_DEVID);
	struct cordon_device *far;

	model_map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	model_attach(test, one, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID3, 0x1000, MODEL_WRITE, RANGE);

	far = model_device1(m, "far", MODEL_DEVID3);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID3, 0x1000, MODEL_WRITE, ABSENT);
	model_attach(test, far, domain);
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
	model_map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	for (unsigned int i = 0; i < 8; i++) {
		struct cordon_device *cdev;

		cdev = cordon_device_add(m->unit, dev, &id, 1);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cdev));
		EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_WRITE, ABSENT);
		model_attach(test, cdev, domain);
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

	model_map(test, domain, 0x1000, PA_A, SZ_4K, RW);
	model_attach(test, one, domain);
	model_attach(test, two, domain);
	EXPECT_PASS(m, MODEL_DEVID, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_PASS(m, MODEL_DEVID + 1, 0x1000, MODEL_WRITE, PA_A);
	EXPECT_PASS(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, PA_A);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0x1000, SZ_4K), SZ_4K);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x1000, MODEL_WRITE, NOT_MAPPED);
}

/*
 * Can page @i of @nr from page @first on be unmapped with those before it?  Of
 * a block (bit 0 of @shadow) only the whole goes: @pages pages.
 */
static bool goes(const u64 *shadow, u32 first, u32 i, u32 nr, u32 pages)
{
	if (!(shadow[i] & 1))
		return shadow[i];
	if ((first + i) % pages)
		return i;
	return nr - i >= pages;
}

/* Anything, in any order; every page is as it should be, all the time. */
static void random_order(struct kunit *test)
{
	struct model_unit *m = start(test);
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = model_device1(m, "device", MODEL_DEVID);
	const size_t page = m->tables->page, block = m->tables->block;
	/* of a block, and of the four that are played with */
	const u32 per = block / page, pages = 4 * per;
	const u64 base = (512 - 2) * (u64)block;
	u64 *shadow = kunit_kcalloc(test, pages, sizeof(*shadow), GFP_KERNEL);
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, shadow);
	prandom_seed_state(&rnd, 20);
	model_attach(test, cdev, domain);

	for (unsigned int round = 0; round < 3000 * 512 / per; round++) {
		u32 r = prandom_u32_state(&rnd);
		u32 first = prandom_u32_state(&rnd) % pages;
		u32 nr = 1 + prandom_u32_state(&rnd) % (r & 0x300 ? 7 : pages);
		u64 pa = PA_A + ((u64)prandom_u32_state(&rnd) % BIT(28)) * page;

		/* whole tables now and then, aligned for blocks */
		if ((r & 0xc00) == 0xc00) {
			first = round_down(first, per);
			nr = per;
			if (r & 0x1000)
				pa = round_down(pa, block);
		}
		nr = min(nr, pages - first);

		if (r & 1) {
			while (nr && shadow[first])
				first++, nr--;
			for (u32 i = 0; i < nr; i++) {
				if (shadow[first + i])
					nr = i;
			}
			if (!nr)
				continue;
			model_map(test, domain, base + first * page, pa,
				  nr * page, RW);
			for (u32 i = 0; i < nr; i++) {
				bool whole = IS_ALIGNED(pa - first * page, block) &&
					     round_down(first + i, per) >= first &&
					     round_up(first + i + 1, per) <= first + nr;

				shadow[first + i] = (pa + i * page) | whole;
			}
		} else {
			u32 i = 0;

			while (i < nr && goes(&shadow[first], first, i, nr, per))
				i++;
			if (!i)
				continue;
			KUNIT_ASSERT_EQ(test,
					iommu_unmap(domain, base + first * page,
						    i * page),
					i * page);
			memset(&shadow[first], 0, i * sizeof(*shadow));
		}

		for (unsigned int k = 0; k < 8; k++) {
			u32 at = (first + k * k * 7) % pages;
			u64 out = 0;
			int reason = model_dma(m, MODEL_DEVID, base + at * page,
					       MODEL_WRITE, &out);

			KUNIT_ASSERT_EQ_MSG(test, reason,
					    shadow[at] ? 0 : NOT_MAPPED,
					    "round %u, page %u", round, at);
			KUNIT_ASSERT_EQ(test, out, shadow[at] & ~(page - 1));
		}
		if (!(r >> 24))
			model_forget(m);
	}
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE(blocked_until_attached),
	KUNIT_CASE(identity),
	KUNIT_CASE_PARAM(map_and_unmap, tables_gen_params),
	KUNIT_CASE_PARAM(lazy, tables_gen_params),
	KUNIT_CASE_PARAM(permissions, tables_gen_params),
	KUNIT_CASE(without_privilege),
	KUNIT_CASE_PARAM(tables_go, tables_gen_params),
	KUNIT_CASE_PARAM(block_over_table, tables_gen_params),
	KUNIT_CASE_PARAM(last_page, tables_gen_params),
	KUNIT_CASE_PARAM(look_up, tables_gen_params),
	KUNIT_CASE_PARAM(largest_blocks, tables_gen_params),
	KUNIT_CASE_PARAM(input_widths, tables_gen_params),
	KUNIT_CASE_PARAM(domain_switch, tables_gen_params),
	KUNIT_CASE(stage_switch),
	KUNIT_CASE_PARAM(change_while_detached, tables_gen_params),
	KUNIT_CASE_PARAM(tag_used_again, tables_gen_params),
	KUNIT_CASE_PARAM(tags_run_out, tables_gen_params),
	KUNIT_CASE(two_devices),
	KUNIT_CASE(aliases),
	KUNIT_CASE(many_aliases),
	KUNIT_CASE_PARAM(two_units, tables_gen_params),
	KUNIT_CASE_PARAM(unfit_unit, unfit_gen_params),
	KUNIT_CASE_PARAM(unfit_domain, tables_gen_params),
	KUNIT_CASE(directory_grows),
	KUNIT_CASE(bad_device_ids),
	KUNIT_CASE(device_comes_and_goes),
	KUNIT_CASE(shared_device_id),
	KUNIT_CASE_PARAM_ATTR(random_order, tables_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{ }
};

static struct kunit_suite map_suite = {
	.name = "cordon_map",
	.test_cases = map_cases,
};

kunit_test_suite(map_suite);
