// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what a unit says it can do (spec 10.2).
 *
 * The registers were put together by hand from the tables of the
 * specification: nothing here is computed by the macros that the driver uses.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "cordon.h"

/* A unit that is in order, in which no two fields are alike. */
static const struct cordon_cap_regs good = {
	.id = 0x434f5244beef0107,	/* magic, implementation, 1.7 */
	.cap0 = 0x0030051f180e1416,	/* IAS 48, OAS 48, S2TG 3, S1TG 7, ... */
	.cap1 = 0x00000000001f7c0f,
	.cap2 = 0x0040000c0a0b0910,	/* merge 64, slots 12, PRQ 10, FQ 11, 9, 16 */
	.cap3 = 0x0011140408104020,	/* merge time 17, ... */
	.cap4 = 0x1000ffff03b9aca0,	/* pages of 2^16, DeviceID, 62.5 MHz */
};

static void capabilities(struct kunit *test)
{
	const char *why = NULL;
	struct cordon_caps caps;

	KUNIT_ASSERT_EQ(test, cordon_caps_parse(&good, &caps, &why), 0);
	KUNIT_EXPECT_EQ(test, caps.minor, 7);
	KUNIT_EXPECT_EQ(test, caps.implementation, 0xbeef);
	KUNIT_EXPECT_EQ(test, caps.features, 0x1f7c0fULL);
	KUNIT_EXPECT_EQ(test, caps.devid_bits, 22);
	KUNIT_EXPECT_EQ(test, caps.pasid_bits, 20);
	KUNIT_EXPECT_EQ(test, caps.vmtag_bits, 14);
	KUNIT_EXPECT_EQ(test, caps.dtag_bits, 24);
	KUNIT_EXPECT_EQ(test, caps.s1tg, 7);
	KUNIT_EXPECT_EQ(test, caps.s2tg, 3);
	KUNIT_EXPECT_EQ(test, caps.oas_bits, 48);
	KUNIT_EXPECT_EQ(test, caps.ias_bits, 48);
	KUNIT_EXPECT_EQ(test, caps.cmdqs, 16);
	KUNIT_EXPECT_EQ(test, caps.cmdq_log2, 9);
	KUNIT_EXPECT_EQ(test, caps.fq_log2, 11);
	KUNIT_EXPECT_EQ(test, caps.prq_log2, 10);
	KUNIT_EXPECT_EQ(test, caps.slots_log2, 12);
	KUNIT_EXPECT_EQ(test, caps.merge, 64);
	KUNIT_EXPECT_EQ(test, caps.merge_time_max, 17);
	KUNIT_EXPECT_EQ(test, caps.time_hz, 62500000);
	KUNIT_EXPECT_EQ(test, caps.unit_devid, 0xffff);
	KUNIT_EXPECT_EQ(test, caps.pgsizes[CORDON_STAGE1],
			(u64)(SZ_4K | SZ_2M | SZ_1G | SZ_16K | SZ_32M | SZ_64K |
			      SZ_512M));
	KUNIT_EXPECT_EQ(test, caps.pgsizes[CORDON_STAGE2],
			(u64)(SZ_4K | SZ_2M | SZ_1G | SZ_64K | SZ_512M));
	KUNIT_EXPECT_EQ(test, cordon_caps_tag_bits(&caps, CORDON_STAGE1), 24);
	KUNIT_EXPECT_EQ(test, cordon_caps_tag_bits(&caps, CORDON_STAGE2), 14);
	/* spec 10.1: two pages and two for each queue, of 64 KiB */
	KUNIT_EXPECT_EQ(test, cordon_caps_region(&caps), 0x220000);
}

/* One register changed: bits of @mask become those of @value. */
struct caps_case {
	const char *name;
	unsigned int reg;
	u64 mask;
	u64 value;
	int ret;
	const char *why;
};

#define QUEUES	"command queues of impossible number or size"
#define FAULTQ	"fault queue of impossible size"
#define IDS	"identifiers of impossible width"
#define ADDRS	"addresses of impossible width"
#define STAGES	"neither stage 1 nor stage 2"
#define GRANULE	"no granule of either stage as small as the kernel's pages"

static const struct caps_case caps_cases[] = {
	{ "all ones", 0, ~0ULL, ~0ULL, -ENODEV,
	  "registers read as all ones: no power, no clock or no unit" },
	{ "all zero", 0, ~0ULL, 0, -ENODEV, "bad magic: not a Cordon unit" },
	{ "one bit of the magic", 0, BIT_ULL(63), BIT_ULL(63), -ENODEV,
	  "bad magic: not a Cordon unit" },
	{ "major 0", 0, 0xff00, 0x0000, -EOPNOTSUPP, "unknown major version" },
	{ "major 2", 0, 0xff00, 0x0200, -EOPNOTSUPP, "unknown major version" },
	{ "minor 255", 0, 0xff, 0xff, 0, NULL },
	{ "pages of 4 KiB", 5, 0xffULL << 56, 12ULL << 56, -EINVAL,
	  "register pages are not of 64 KiB" },
	{ "no command queues", 3, 0x7f, 0, -EINVAL, "no command queues" },
	{ "one command queue", 3, 0x7f, 1, 0, NULL },
	{ "64 command queues", 3, 0x7f, 64, 0, NULL },
	{ "65 command queues", 3, 0x7f, 65, -EINVAL, QUEUES },
	{ "command queues of one entry", 3, 0x1f00, 0, -EINVAL, QUEUES },
	{ "command queues of two entries", 3, 0x1f00, 0x100, 0, NULL },
	{ "command queues of 2^20", 3, 0x1f00, 0x1400, 0, NULL },
	{ "command queues of 2^21", 3, 0x1f00, 0x1500, -EINVAL, QUEUES },
	{ "256 slots", 3, 0x1fULL << 32, 8ULL << 32, -EINVAL, QUEUES },
	{ "512 slots", 3, 0x1fULL << 32, 9ULL << 32, 0, NULL },
	{ "2^17 slots", 3, 0x1fULL << 32, 17ULL << 32, -EINVAL, QUEUES },
	{ "fault queue of one entry", 3, 0x1f0000, 0, -EINVAL, FAULTQ },
	{ "fault queue of two entries", 3, 0x1f0000, 0x10000, 0, NULL },
	{ "fault queue of 2^21", 3, 0x1f0000, 0x150000, -EINVAL, FAULTQ },
	{ "no merging", 3, 0xffffULL << 48, 0, 0, NULL },
	{ "no DeviceIDs", 1, 0x1f, 0, -EINVAL, IDS },
	{ "DeviceIDs of one bit", 1, 0x1f, 1, 0, NULL },
	{ "DeviceIDs of 24 bits", 1, 0x1f, 24, 0, NULL },
	{ "DeviceIDs of 25 bits", 1, 0x1f, 25, -EINVAL, IDS },
	{ "domain tags of 7 bits", 1, 0x1fULL << 24, 7ULL << 24, -EINVAL, IDS },
	{ "domain tags of 8 bits", 1, 0x1fULL << 24, 8ULL << 24, 0, NULL },
	{ "domain tags of 25 bits", 1, 0x1fULL << 24, 25ULL << 24, -EINVAL,
	  IDS },
	{ "no PASIDs", 1, 0x1f00, 0, 0, NULL },
	{ "OAS of 32 bits", 1, 7ULL << 40, 0, 0, NULL },
	{ "OAS of 52 bits", 1, 7ULL << 40, 6ULL << 40, 0, NULL },
	{ "OAS of value 7", 1, 7ULL << 40, 7ULL << 40, -EINVAL, ADDRS },
	{ "IAS of 31 bits", 1, 0x3fULL << 48, 31ULL << 48, -EINVAL, ADDRS },
	{ "IAS of 32 bits", 1, 0x3fULL << 48, 32ULL << 48, 0, NULL },
	{ "IAS of 53 bits", 1, 0x3fULL << 48, 53ULL << 48, -EINVAL, ADDRS },
	{ "no VM tags", 1, 0x1f << 16, 0, -EINVAL, IDS },
	{ "VM tags of one bit", 1, 0x1f << 16, 1 << 16, 0, NULL },
	{ "VM tags of 16 bits", 1, 0x1f << 16, 16 << 16, 0, NULL },
	{ "VM tags of 17 bits", 1, 0x1f << 16, 17 << 16, -EINVAL, IDS },
	{ "no stage 1", 2, 0x1, 0, 0, NULL },
	{ "no stage 2", 2, 0x2, 0, 0, NULL },
	{ "no stage", 2, 0x3, 0, -EOPNOTSUPP, STAGES },
	{ "no granule of stage 1", 1, 7ULL << 32, 0, 0, NULL },
	{ "no granule of stage 2", 1, 7ULL << 35, 0, 0, NULL },
	{ "no granule", 1, 0x3fULL << 32, 0, -EOPNOTSUPP, GRANULE },
	{ "not coherent", 2, 0x4000, 0, -EOPNOTSUPP,
	  "not coherent with the CPUs' caches, which this driver does not support" },
};

static void caps_desc(const struct caps_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(caps, caps_cases, caps_desc);

static void capability(struct kunit *test)
{
	const struct caps_case *c = test->param_value;
	u64 regs[6] = { good.id, good.cap0, good.cap1, good.cap2, good.cap3,
			good.cap4 };
	struct cordon_caps caps;
	const char *why = NULL;

	regs[c->reg] = (regs[c->reg] & ~c->mask) | c->value;
	KUNIT_EXPECT_EQ(test, c->ret,
			cordon_caps_parse(&(struct cordon_cap_regs) {
				regs[0], regs[1], regs[2], regs[3], regs[4],
				regs[5],
			}, &caps, &why));
	if (c->why)
		KUNIT_EXPECT_STREQ(test, why, c->why);
}

/* The sizes that come with each granule (spec 4.4). */
static void granules(struct kunit *test)
{
	static const u64 sizes[8] = {
		[1] = SZ_4K | SZ_2M | SZ_1G,
		[2] = SZ_64K | SZ_512M,
		[3] = SZ_4K | SZ_2M | SZ_1G | SZ_64K | SZ_512M,
		[4] = SZ_16K | SZ_32M,
		[5] = SZ_4K | SZ_2M | SZ_1G | SZ_16K | SZ_32M,
		[6] = SZ_64K | SZ_512M | SZ_16K | SZ_32M,
		[7] = SZ_4K | SZ_2M | SZ_1G | SZ_64K | SZ_512M | SZ_16K |
		      SZ_32M,
	};

	/* each granule for one stage, and none for the other: CAP0.S1TG, S2TG */
	for (u64 tg = 1; tg < ARRAY_SIZE(sizes); tg++) {
		/* a granule no larger than the kernel's pages is needed */
		bool fits = __ffs(sizes[tg]) <= PAGE_SHIFT;

		for (unsigned int stage = 0; stage < 2; stage++) {
			struct cordon_cap_regs regs = good;
			struct cordon_caps caps;
			const char *why = NULL;

			regs.cap0 &= ~(0x3fULL << 32);
			regs.cap0 |= tg << (stage ? 35 : 32);
			KUNIT_EXPECT_EQ_MSG(test,
					    cordon_caps_parse(&regs, &caps, &why),
					    fits ? 0 : -EOPNOTSUPP,
					    "stage %u, TG %llu", stage + 1, tg);
			KUNIT_EXPECT_EQ(test, caps.pgsizes[stage],
					fits ? sizes[tg] : 0);
			KUNIT_EXPECT_EQ(test, caps.pgsizes[!stage], 0);

			/* with CAP1.LVA64K blocks of 4 TiB come with 64K */
			regs.cap1 |= 0x80;
			cordon_caps_parse(&regs, &caps, &why);
			KUNIT_EXPECT_EQ(test, caps.pgsizes[stage],
					!fits ? 0 :
					sizes[tg] | (tg & 2 ? BIT_ULL(42) : 0));
		}
	}
}

/* spec 3.3.3 */
static void output_sizes(struct kunit *test)
{
	static const unsigned int bits[] = { 32, 36, 40, 42, 44, 48, 52, 0, 0 };

	for (unsigned int ps = 0; ps < ARRAY_SIZE(bits); ps++)
		KUNIT_EXPECT_EQ(test, cordon_ps_bits(ps), bits[ps]);
}

static struct kunit_case caps_test_cases[] = {
	KUNIT_CASE(capabilities),
	KUNIT_CASE_PARAM(capability, caps_gen_params),
	KUNIT_CASE(granules),
	KUNIT_CASE(output_sizes),
	{ }
};

static struct kunit_suite caps_suite = {
	.name = "cordon_caps",
	.test_cases = caps_test_cases,
};

kunit_test_suite(caps_suite);
