// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what becomes of unmapped ranges (spec 5.4.5, 11.2).
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "cordon.h"

struct gather_range {
	unsigned long iova;
	size_t size;
	size_t pgsize;
};

struct gather_case {
	const char *name;
	struct gather_range range[4];
	size_t granule;
	bool none;
	/* of the command: target has LEAF in bit 46, PGSIZE from bit 47 */
	u64 target;
	u64 first;
	u64 last;
};

static const struct cordon_tags tags = { .dtag = 0x123 };
static const struct cordon_tags tags2 = { .vmtag = 0x456 };
static const struct cordon_tags nested = { .vmtag = 0x456, .dtag = 0x123 };

/* The domain's tag is 0x123, in bits 39:16 of target. */
#define TARGET(bits)	(0x1230000 | (bits))

static const struct gather_case gather_cases[] = {
	{
		.name = "nothing",
		.granule = SZ_4K,
		.none = true,
	}, {
		.name = "one page",
		.range = { { 0x10000, SZ_4K, SZ_4K } },
		.granule = SZ_4K,
		.target = TARGET(0x6400000000000),
		.first = 0x10000,
		.last = 0x10fff,
	}, {
		.name = "page zero",
		.range = { { 0, SZ_4K, SZ_4K } },
		.granule = SZ_4K,
		.target = TARGET(0x6400000000000),
		.first = 0,
		.last = 0xfff,
	}, {
		.name = "pages in a row",
		.range = { { 0x10000, 7 * SZ_4K, SZ_4K } },
		.granule = SZ_4K,
		.target = TARGET(0x6400000000000),
		.first = 0x10000,
		.last = 0x16fff,
	}, {
		.name = "far apart, backwards: one range that holds both",
		.range = {
			{ 0x7fff00000000, SZ_4K, SZ_4K },
			{ 0x1000, SZ_4K, SZ_4K },
		},
		.granule = SZ_4K,
		.target = TARGET(0x6400000000000),
		.first = 0x1000,
		.last = 0x7fff00000fff,
	}, {
		.name = "a block: a table may have gone with it",
		.range = { { SZ_2M, SZ_2M, SZ_2M } },
		.granule = SZ_4K,
		.target = TARGET(0xa800000000000),
		.first = 0x200000,
		.last = 0x3fffff,
	}, {
		.name = "pages and a block: smallest page, not leaf only",
		.range = {
			{ SZ_2M - SZ_4K, SZ_4K, SZ_4K },
			{ SZ_2M, SZ_2M, SZ_2M },
		},
		.granule = SZ_4K,
		.target = TARGET(0x6000000000000),
		.first = 0x1ff000,
		.last = 0x3fffff,
	}, {
		.name = "granule of 64K",
		.range = { { 0x10000, SZ_64K, SZ_64K } },
		.granule = SZ_64K,
		.target = TARGET(0x8400000000000),
		.first = 0x10000,
		.last = 0x1ffff,
	}, {
		.name = "1 GiB blocks",
		.range = { { SZ_1G, 3UL * SZ_1G, SZ_1G } },
		.granule = SZ_4K,
		.target = TARGET(0xf000000000000),
		.first = 0x40000000,
		.last = 0xffffffff,
	}, {
		.name = "up to the end of all addresses",
		.range = { { -SZ_4K, SZ_4K, SZ_4K } },
		.granule = SZ_4K,
		.target = TARGET(0x6400000000000),
		.first = 0xfffffffffffff000,
		.last = 0xffffffffffffffff,
	}, {
		.name = "the first and the last page",
		.range = {
			{ -SZ_4K, SZ_4K, SZ_4K },
			{ 0, SZ_4K, SZ_4K },
		},
		.granule = SZ_4K,
		.target = TARGET(0x6400000000000),
		.first = 0,
		.last = 0xffffffffffffffff,
	}, {
		.name = "up to the end of 48 bits",
		.range = { { 0xffffffe00000, SZ_2M, SZ_2M } },
		.granule = SZ_4K,
		.target = TARGET(0xa800000000000),
		.first = 0xffffffe00000,
		.last = 0xffffffffffff,
	},
};

static void gather_desc(const struct gather_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(gather, gather_cases, gather_desc);

static void gather_to_command(struct kunit *test)
{
	const struct gather_case *c = test->param_value;
	struct iommu_iotlb_gather gather;
	struct cordon_cmd cmd;

	iommu_iotlb_gather_init(&gather);
	for (unsigned int i = 0; i < ARRAY_SIZE(c->range); i++) {
		if (c->range[i].size)
			cordon_gather_add(&gather, c->range[i].iova,
					  c->range[i].size, c->range[i].pgsize);
	}

	KUNIT_ASSERT_EQ(test, cordon_gather_has_any(&gather), !c->none);
	if (c->none)
		return;
	cmd = cordon_gather_cmd(&gather, tags, c->granule);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.op), 0x05ULL);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.target), c->target);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.first), c->first);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.last), c->last);

	/* Of stage 2: INV_S2RANGE, with the VM tag in bits 15:0. */
	cmd = cordon_gather_cmd(&gather, tags2, c->granule);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.op), 0x08ULL);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.target),
			(c->target & ~0xffffffffffULL) | 0x456);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.first), c->first);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.last), c->last);
}

/* The core sets start and end by itself (iommu_dma): the size is unknown. */
static void gather_without_size(struct kunit *test)
{
	struct iommu_iotlb_gather gather;
	struct cordon_cmd cmd;

	iommu_iotlb_gather_init(&gather);
	gather.start = 0x5000;
	gather.end = 0x8fff;
	KUNIT_ASSERT_TRUE(test, cordon_gather_has_any(&gather));
	cmd = cordon_gather_cmd(&gather, tags, SZ_4K);
	/* neither LEAF, for a table may have gone, nor a hint */
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.target), TARGET(0ULL));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.first), 0x5000ULL);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.last), 0x8fffULL);
}

static void expect(struct kunit *test, struct cordon_cmd cmd, u64 op, u64 target,
		   u64 first, u64 last)
{
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.op), op);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.target), target);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.first), first);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.last), last);
}

/* The table of spec 11.2, for tables of either stage and for both at once. */
static void commands_by_tags(struct kunit *test)
{
	expect(test, cordon_inv_pages(tags, 0x1000, 0x2fff, true, 12),
	       0x05, 0x0006400001230000, 0x1000, 0x2fff);
	expect(test, cordon_inv_pages(nested, 0x1000, 0x2fff, true, 12),
	       0x05, 0x0006400001230456, 0x1000, 0x2fff);
	expect(test, cordon_inv_pages(tags2, 0x1000, 0x2fff, false, 0),
	       0x08, 0x456, 0x1000, 0x2fff);

	expect(test, cordon_inv_domain(tags), 0x06, 0x1230000, 0, 0);
	expect(test, cordon_inv_domain(nested), 0x06, 0x1230456, 0, 0);
	expect(test, cordon_inv_domain(tags2), 0x08, 0x456, 0, ~0ULL);

	expect(test, cordon_inv_tags(tags), 0x06, 0x1230000, 0, 0);
	expect(test, cordon_inv_tags(nested), 0x06, 0x1230456, 0, 0);
	expect(test, cordon_inv_tags(tags2), 0x07, 0x456, 0, 0);
}

static struct kunit_case gather_test_cases[] = {
	KUNIT_CASE_PARAM(gather_to_command, gather_gen_params),
	KUNIT_CASE(gather_without_size),
	KUNIT_CASE(commands_by_tags),
	{ }
};

static struct kunit_suite gather_suite = {
	.name = "cordon_gather",
	.test_cases = gather_test_cases,
};

kunit_test_suite(gather_suite);
