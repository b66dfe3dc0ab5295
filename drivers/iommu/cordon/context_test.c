// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of directories and device contexts (spec 3).
 *
 * What is expected was put together by hand from the tables of the
 * specification: nothing here is computed by the macros that the driver uses.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "cordon.h"

struct index_case {
	const char *name;
	u32 id;
	unsigned int index[3];
	unsigned int levels;
};

/* spec 3.1: level n is indexed by bits 9n+8 : 9n */
static const struct index_case index_cases[] = {
	{ "zero", 0x000000, { 0x000, 0x000, 0x000 }, 1 },
	{ "last of one level", 0x0001ff, { 0x1ff, 0x000, 0x000 }, 1 },
	{ "first of two levels", 0x000200, { 0x000, 0x001, 0x000 }, 2 },
	{ "last of a PCI segment", 0x00ffff, { 0x1ff, 0x07f, 0x000 }, 2 },
	{ "last of two levels", 0x03ffff, { 0x1ff, 0x1ff, 0x000 }, 2 },
	{ "first of three levels", 0x040000, { 0x000, 0x000, 0x001 }, 3 },
	{ "all levels differ", 0x123456, { 0x056, 0x11a, 0x004 }, 3 },
	{ "last of all", 0xffffff, { 0x1ff, 0x1ff, 0x03f }, 3 },
};

static void index_desc(const struct index_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(index, index_cases, index_desc);

static void directory_index(struct kunit *test)
{
	const struct index_case *c = test->param_value;

	for (unsigned int level = 0; level < 3; level++)
		KUNIT_EXPECT_EQ(test, cordon_dir_index(c->id, level),
				c->index[level]);
	KUNIT_EXPECT_EQ(test, cordon_dir_levels(c->id), c->levels);
}

/* spec 3.1: V is bit 0, the address is bits 55:12 or 55:6, the rest is zero */
static void directory_pointers(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, cordon_pointer_page(0x1000), 0x1001ULL);
	KUNIT_EXPECT_EQ(test, cordon_pointer_page(0xfffffffff000),
			0xfffffffff001ULL);
	KUNIT_EXPECT_EQ(test, cordon_pointer_page(0xedcba98765000),
			0xedcba98765001ULL);
	KUNIT_EXPECT_EQ(test, cordon_pointer_context(0x40), 0x41ULL);
	KUNIT_EXPECT_EQ(test, cordon_pointer_context(0xffffffffffc0),
			0xffffffffffc1ULL);
	KUNIT_EXPECT_EQ(test, cordon_pointer_context(0xedcba98765440),
			0xedcba98765441ULL);
}

/* spec 3.2: levels are bits 1:0, the address is bits 55:12 */
static void directory_root(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, cordon_root_word(0x1000, 1), 0x1001ULL);
	KUNIT_EXPECT_EQ(test, cordon_root_word(0xfffffffff000, 2),
			0xfffffffff002ULL);
	KUNIT_EXPECT_EQ(test, cordon_root_word(0xedcba98765000, 3),
			0xedcba98765003ULL);
}

struct dc_case {
	const char *name;
	struct cordon_dc_values values;
	u64 image[8];
};

/*
 * spec 3.3: cfg, tags, fmt, s1root, pdroot, s2root, fault, dlroot.
 *
 * In cfg (3.3.1): V is 0x1, S1 counts in units of 0x2, S2 is 0x8, EXEC 0x400,
 * PRIV 0x800, SNOOP 0x1000, DIRTY 0x2000, FAULT 0x8000.  In tags (3.3.2): the VM tag is bits
 * 15:0, the domain tag bits 39:16, FLIMIT bits 51:40.
 */
static const struct dc_case dc_cases[] = {
	{
		.name = "blocked, no fault block",
		.values = { .s1 = CORDON_S1_BLOCK },
		.image = { 0x1 },
	}, {
		.name = "blocked, with a fault block",
		.values = {
			.s1 = CORDON_S1_BLOCK,
			.fault = 0x4567890ac0,
			.flimit = 64,
		},
		.image = { 0x8001, 0x0000400000000000, 0, 0, 0, 0,
			   0x0000004567890ac0 },
	}, {
		.name = "bypass",
		.values = {
			.s1 = CORDON_S1_BYPASS,
			.exec = true,
			.priv = true,
			.snoop = true,
			.fault = 0xffffffffffc0,
			.flimit = 0xfff,
		},
		.image = { 0x9c03, 0x000fff0000000000, 0, 0, 0, 0,
			   0x0000ffffffffffc0 },
	}, {
		.name = "table, everything else clear",
		.values = {
			.s1 = CORDON_S1_TABLE,
			.tags.dtag = 1,
			.fmt = 0x510,
			.s1root = 0x80001000,
		},
		.image = { 0x5, 0x0000000000010000, 0x510, 0x80001000 },
	}, {
		.name = "table, everything set",
		.values = {
			.s1 = CORDON_S1_TABLE,
			.exec = true,
			.priv = true,
			.snoop = true,
			.tags.dtag = 0xabcdef,
			.fmt = 0x1b5d9,
			.s1root = 0xfedcba987640,
			.fault = 0x123456789ac0,
			.flimit = 0xabc,
		},
		.image = { 0x9c05, 0x000abcabcdef0000, 0x1b5d9,
			   0x0000fedcba987640, 0, 0, 0x0000123456789ac0 },
	}, {
		.name = "table, execute only",
		.values = { .s1 = CORDON_S1_TABLE, .exec = true, .tags.dtag = 0xffffff,
			    .fmt = 0x519, .s1root = 0x40 },
		.image = { 0x405, 0x000000ffffff0000, 0x519, 0x40 },
	}, {
		.name = "table, privileged only",
		.values = { .s1 = CORDON_S1_TABLE, .priv = true, .tags.dtag = 0x800000,
			    .fmt = 0x520, .s1root = 0x1000 },
		.image = { 0x805, 0x0000008000000000, 0x520, 0x1000 },
	}, {
		.name = "table, snooping only",
		.values = { .s1 = CORDON_S1_TABLE, .snoop = true, .tags.dtag = 2,
			    .fmt = 0x520, .s1root = 0x1000 },
		.image = { 0x1005, 0x0000000000020000, 0x520, 0x1000 },
	}, {
		.name = "stage 2, everything else clear",
		.values = { .s1 = CORDON_S1_BYPASS, .s2 = true, .tags.vmtag = 1,
			    .fmt = 0x0001051000000000, .s2root = 0x80001000 },
		.image = { 0xb, 0x1, 0x0001051000000000, 0, 0, 0x80001000 },
	}, {
		.name = "stage 2, everything set",
		.values = {
			.s1 = CORDON_S1_BYPASS,
			.exec = true,
			.priv = true,
			.snoop = true,
			.s2 = true,
			.tags.vmtag = 0xfedc,
			.fmt = 0x0005835900000000,
			.s2root = 0xfedcba987640,
			.fault = 0x123456789ac0,
			.flimit = 0xabc,
		},
		.image = { 0x9c0b, 0x000abc000000fedc, 0x0005835900000000, 0, 0,
			   0x0000fedcba987640, 0x0000123456789ac0 },
	}, {
		.name = "stage 2, with a dirty log",
		.values = { .s1 = CORDON_S1_BYPASS, .s2 = true, .tags.vmtag = 3,
			    .fmt = 0x0001051000000000, .s2root = 0x80001000,
			    .dlroot = 0x00fedcba98765003 },
		.image = { 0x200b, 0x3, 0x0001051000000000, 0, 0, 0x80001000, 0,
			   0x00fedcba98765003 },
	}, {
		.name = "both stages",
		.values = {
			.s1 = CORDON_S1_TABLE,
			.s2 = true,
			.tags = { 0xfedc, 0xabcdef },
			.fmt = 0x0001051000000510,
			.s1root = 0x80002000,
			.s2root = 0x80001000,
		},
		.image = { 0xd, 0x000000abcdeffedc, 0x0001051000000510,
			   0x80002000, 0, 0x80001000 },
	}, {
		/* 3.3.5, checks 5, 16 and 17 */
		.name = "stage 1, with what only stage 2 needs",
		.values = { .s1 = CORDON_S1_TABLE, .tags = { 0xffff, 1 },
			    .fmt = 0xffffffff00000510, .s1root = 0x80002000,
			    .s2root = 0x80001000 },
		.image = { 0x5, 0x10000, 0x510, 0x80002000 },
	}, {
		.name = "stage 2, with what only stage 1 needs",
		.values = { .s1 = CORDON_S1_BYPASS, .s2 = true,
			    .tags = { 2, 0xffffff },
			    .fmt = 0x00010510ffffffff, .s1root = 0x80002000,
			    .s2root = 0x80001000 },
		.image = { 0xb, 0x2, 0x0001051000000000, 0, 0, 0x80001000 },
	}, {
		/* 3.3.5, checks 14 and 15: what the mode does not use is zero */
		.name = "bypass, with what only a table needs",
		.values = { .s1 = CORDON_S1_BYPASS, .tags.dtag = 0x123456,
			    .fmt = 0x510, .s1root = 0x80001000 },
		.image = { 0x3 },
	}, {
		.name = "blocked, with what only a table needs",
		.values = { .s1 = CORDON_S1_BLOCK, .tags.dtag = 0x123456,
			    .fmt = 0x510, .s1root = 0x80001000 },
		.image = { 0x1 },
	}, {
		/* 3.3.5, check 12: without a fault block FLIMIT is zero */
		.name = "a limit without a fault block",
		.values = { .s1 = CORDON_S1_BLOCK, .flimit = 64 },
		.image = { 0x1 },
	},
};

static void dc_desc(const struct dc_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(dc, dc_cases, dc_desc);

/* All 64 bytes, in memory's byte order, whatever was there before. */
static void device_context(struct kunit *test)
{
	const struct dc_case *c = test->param_value;
	struct cordon_dc dc;
	u8 expected[64];

	for (unsigned int i = 0; i < sizeof(expected); i++)
		expected[i] = c->image[i / 8] >> (i % 8 * 8);

	memset(&dc, 0xff, sizeof(dc));
	cordon_dc_make(&dc, &c->values);
	KUNIT_EXPECT_EQ(test, sizeof(dc), sizeof(expected));
	KUNIT_EXPECT_MEMEQ(test, &dc, expected, sizeof(expected));
}

/* A format word for each granule and size that io-pgtable can name (3.3.3). */
static void table_format(struct kunit *test)
{
	struct io_pgtable_cfg cfg = { };

	/* 48 bits in, 48 out, 4K */
	cfg.arm_lpae_s1_cfg.tcr.tsz = 16;
	cfg.arm_lpae_s1_cfg.tcr.tg = 0;
	cfg.arm_lpae_s1_cfg.tcr.ips = 5;
	KUNIT_EXPECT_EQ(test, cordon_s1fmt(&cfg), 0x510ULL);

	/* 39 bits in, 40 out, 64K */
	cfg.arm_lpae_s1_cfg.tcr.tsz = 25;
	cfg.arm_lpae_s1_cfg.tcr.tg = 1;
	cfg.arm_lpae_s1_cfg.tcr.ips = 2;
	KUNIT_EXPECT_EQ(test, cordon_s1fmt(&cfg), 0x259ULL);

	/* 32 bits in, 32 out, 16K; what is not of the format is left out */
	cfg.arm_lpae_s1_cfg.tcr.tsz = 32;
	cfg.arm_lpae_s1_cfg.tcr.tg = 2;
	cfg.arm_lpae_s1_cfg.tcr.ips = 0;
	cfg.arm_lpae_s1_cfg.tcr.sh = 3;
	cfg.arm_lpae_s1_cfg.tcr.irgn = 1;
	cfg.arm_lpae_s1_cfg.tcr.orgn = 1;
	KUNIT_EXPECT_EQ(test, cordon_s1fmt(&cfg), 0x0a0ULL);
}

/* The same of stage 2, with the level where the tables begin (3.3.3, 4.5). */
static void table_format2(struct kunit *test)
{
	struct io_pgtable_cfg cfg = { };

	/* 48 bits in, 48 out, 4K, from level 0 */
	cfg.arm_lpae_s2_cfg.vtcr.tsz = 16;
	cfg.arm_lpae_s2_cfg.vtcr.tg = 0;
	cfg.arm_lpae_s2_cfg.vtcr.ps = 5;
	cfg.arm_lpae_s2_cfg.vtcr.sl = 2;
	KUNIT_EXPECT_EQ(test, cordon_s2fmt(&cfg), 0x0001051000000000ULL);

	/* 39 bits in, 40 out, 64K, from level 2 */
	cfg.arm_lpae_s2_cfg.vtcr.tsz = 25;
	cfg.arm_lpae_s2_cfg.vtcr.tg = 1;
	cfg.arm_lpae_s2_cfg.vtcr.ps = 2;
	cfg.arm_lpae_s2_cfg.vtcr.sl = 1;
	KUNIT_EXPECT_EQ(test, cordon_s2fmt(&cfg), 0x0000825900000000ULL);

	/* 32 bits in, 32 out, 16K, SL0 3; what is not of the format is left out */
	cfg.arm_lpae_s2_cfg.vtcr.tsz = 32;
	cfg.arm_lpae_s2_cfg.vtcr.tg = 2;
	cfg.arm_lpae_s2_cfg.vtcr.ps = 0;
	cfg.arm_lpae_s2_cfg.vtcr.sl = 3;
	cfg.arm_lpae_s2_cfg.vtcr.sh = 3;
	cfg.arm_lpae_s2_cfg.vtcr.irgn = 1;
	cfg.arm_lpae_s2_cfg.vtcr.orgn = 1;
	KUNIT_EXPECT_EQ(test, cordon_s2fmt(&cfg), 0x000180a000000000ULL);

	/* FWB is bit 50, where the kernel's tables can be made for it */
	cfg.quirks = CORDON_QUIRK_S2FWB;
	KUNIT_EXPECT_EQ(test, cordon_s2fmt(&cfg),
			0x000180a000000000ULL |
			(CORDON_QUIRK_S2FWB ? 0x4000000000000ULL : 0));
}

/*
 * Stage 1 by default and stage 2 for what others are put on, as far as the unit
 * has them; for what tracks writes, stage 2 with a log, or stage 1.  Of
 * IOMMU_HWPT_ALLOC_*, 1 is NEST_PARENT, 2 DIRTY_TRACKING; of CAP1, HA and HD are
 * 0x30, DIRTY is 0x200.
 */
static void stage_choice(struct kunit *test)
{
	struct cordon_caps both = { .pgsizes = { SZ_4K, SZ_4K }, .features = 0x7 };
	struct cordon_caps apart = { .pgsizes = { SZ_4K, SZ_4K }, .features = 0x3 };
	struct cordon_caps one = { .pgsizes = { SZ_4K, 0 }, .features = 0x1 };
	struct cordon_caps two = { .pgsizes = { 0, SZ_4K }, .features = 0x2 };

	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 0), CORDON_STAGE1);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&apart, 0), CORDON_STAGE1);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&one, 0), CORDON_STAGE1);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&two, 0), CORDON_STAGE2);

	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 1), CORDON_STAGE2);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&apart, 1), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&one, 1), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&two, 1), -EOPNOTSUPP);

	/* the log, the descriptors of stage 1, or nothing */
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 2), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 3), -EOPNOTSUPP);
	both.features = 0x17;
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 2), -EOPNOTSUPP);
	both.features = 0x37;
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 2), CORDON_STAGE1);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 3), -EOPNOTSUPP);
	both.features = 0x237;
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 2), CORDON_STAGE2);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 3), CORDON_STAGE2);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 0), CORDON_STAGE1);
	both.features = 0x207;
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 2), CORDON_STAGE2);
	both.features = 0x7;

	/* granules of stage 2 that are too large for the kernel */
	both.pgsizes[CORDON_STAGE2] = 0;
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&both, 1), -EOPNOTSUPP);

	for (unsigned int bit = 1; bit < 32; bit++)
		KUNIT_EXPECT_EQ(test, cordon_stage_choose(&apart, BIT(bit)),
				-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, cordon_stage_choose(&apart, 3), -EOPNOTSUPP);
}

/* 52 bits with tables of 64K alone, which the kernel must want (4.4). */
static void table_width(struct kunit *test)
{
	const unsigned int wide = PAGE_SHIFT == 16 ? 52 : 48;
	/* CAP1.LVA64K is bit 7 */
	struct cordon_caps caps = {
		.pgsizes = { SZ_64K | SZ_512M, SZ_4K | SZ_2M | SZ_1G },
		.features = 0x80,
	};

	KUNIT_EXPECT_EQ(test, cordon_table_bits(&caps, CORDON_STAGE1), wide);
	KUNIT_EXPECT_EQ(test, cordon_table_bits(&caps, CORDON_STAGE2), 48);
	caps.pgsizes[CORDON_STAGE2] |= SZ_64K;
	KUNIT_EXPECT_EQ(test, cordon_table_bits(&caps, CORDON_STAGE2), wide);
	caps.features = 0xffffff7f;
	KUNIT_EXPECT_EQ(test, cordon_table_bits(&caps, CORDON_STAGE1), 48);
}

/* One store: the whole pointer, nothing beside it (spec 3.1, 11.3). */
static void publish(struct kunit *test)
{
	__le64 slots[3] = { };

	memset(slots, 0xa5, sizeof(slots));
	cordon_publish(&slots[1], 0x123456789ac1);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(slots[0]), 0xa5a5a5a5a5a5a5a5ULL);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(slots[1]), 0x123456789ac1ULL);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(slots[2]), 0xa5a5a5a5a5a5a5a5ULL);
	cordon_publish(&slots[1], 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(slots[1]), 0ULL);
}

static struct kunit_case context_cases[] = {
	KUNIT_CASE_PARAM(directory_index, index_gen_params),
	KUNIT_CASE(directory_pointers),
	KUNIT_CASE(directory_root),
	KUNIT_CASE_PARAM(device_context, dc_gen_params),
	KUNIT_CASE(table_format),
	KUNIT_CASE(table_format2),
	KUNIT_CASE(stage_choice),
	KUNIT_CASE(table_width),
	KUNIT_CASE(publish),
	{ }
};

static struct kunit_suite context_suite = {
	.name = "cordon_context",
	.test_cases = context_cases,
};

kunit_test_suite(context_suite);

MODULE_DESCRIPTION("KUnit tests of the Cordon IOMMU driver");
MODULE_LICENSE("GPL");
