// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the walk by software (spec 4): tables put together by hand,
 * and random ones, for which the reference model's port must say the same.
 */
#include <kunit/device.h>
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "model_test.h"
#include "walk.h"

#define R	CORDON_MAY_READ
#define W	CORDON_MAY_WRITE
#define X	CORDON_MAY_EXEC

/* Memory of a few dwords, each at its address. */
struct word {
	u64 at;
	u64 value;
};

struct memory {
	struct {
		const struct word *words;
		unsigned int nr;
	} parts[5];
};

static int memory_read(void *opaque, u64 pa, void *buf, size_t len)
{
	const struct memory *m = opaque;
	__le64 *out = buf;

	memset(buf, 0, len);
	/* There is none above that, and the rest is zero. */
	if (pa >= 0x1000000)
		return -EFAULT;
	for (unsigned int i = 0; i < ARRAY_SIZE(m->parts); i++) {
		for (unsigned int j = 0; j < m->parts[i].nr; j++) {
			const struct word *w = &m->parts[i].words[j];

			if (w->at >= pa && w->at < pa + len)
				out[(w->at - pa) / 8] = cpu_to_le64(w->value);
		}
	}
	return 0;
}

static const struct cordon_caps caps = {
	.features = CORDON_CAP1_S1 | CORDON_CAP1_S2 | CORDON_CAP1_NESTED,
	.devid_bits = 24, .pasid_bits = 20, .vmtag_bits = 16, .dtag_bits = 24,
	.s1tg = 7, .s2tg = 7, .oas_bits = 52, .ias_bits = 52,
	.unit_devid = 0xffff,
};

/*
 * What most cases have.  DeviceID 0x208 is index 8 of the page at 0x2000, which
 * index 1 of the root page at 0x1000 leads to; its context is at 0x3000.  cfg: S1
 * is TABLE 0x5, BYPASS 0x3, BLOCK 0x1; S2 0x8, EXEC 0x400, PRIV 0x800.  fmt: 4K,
 * 48 bits in and out 0x510; 16K 0x590; 64K 0x550.
 */
#define ROOT		0x1002
#define DEVID		0x208

static const struct word directory[] = {
	{ 0x1008, 0x2001 }, { 0x2040, 0x3001 },
};

static const struct word table[] = {
	{ 0x3010, 0x510 }, { 0x3018, 0x10000 },
};

/* 0x123456789abc: indices 0x24, 0xd1, 0xb3, 0x189 (4K) */
#define ADDR		0x123456789abcULL

static const struct word upper[] = {
	{ 0x10120, 0x11003 }, { 0x11688, 0x12003 }, { 0x12598, 0x13003 },
};

#define DIR		BIT(0)
#define TABLE		(DIR | BIT(1))
#define UPPER		(TABLE | BIT(2))

struct walk_case {
	const char *name;
	unsigned int with;
	u64 cfg;
	struct word words[10];
	u64 root;
	struct cordon_question q;
	struct cordon_verdict want;
};

#define ASK(what)	{ .addr = ADDR, .devid = DEVID, .access = (what) }
#define PASS(pa, may, lg2, at)	{ .out = (pa), .access = (may), .span = (lg2), \
				  .attr = (at), .level = -2 }
#define FAULT(why, st, lv, pa)	{ .reason = (why), .stage = (st), .level = (lv), \
				  .where = (pa) }

static const struct walk_case walk_cases[] = {
	{ "no directory", 0, 0, { }, 0, ASK(R), FAULT(0x01, 0, -2, 0) },
	{ "silent root", 0, 0, { }, 4, ASK(R), FAULT(0x01, 0, -2, 0) },
	{ "DeviceID beyond two levels", DIR, 0, { }, ROOT,
	  { .devid = 0x40000, .access = R }, FAULT(0x02, 0, -2, 0) },
	{ "DeviceID of the unit", DIR, 0, { }, ROOT,
	  { .devid = 0xffff, .access = R }, FAULT(0x02, 0, -2, 0) },
	{ "directory unreadable", 0, 0, { }, 0x2000002, ASK(R),
	  FAULT(0x03, 0, -2, 0x2000008) },
	{ "directory page absent", 0, 0, { }, ROOT, ASK(R),
	  FAULT(0x04, 0, -2, 0x1008) },
	{ "device absent", 0, 0, { { 0x1008, 0x2001 } }, ROOT, ASK(R),
	  FAULT(0x04, 0, -2, 0x2040) },
	{ "reserved bit in a pointer", 0, 0,
	  { { 0x1008, 0x2003 } }, ROOT, ASK(R),
	  FAULT(0x05, 0, -2, 0x1008) },
	{ "reserved bit at level 0", 0, 0,
	  { { 0x1008, 0x2001 }, { 0x2040, 0x3021 } }, ROOT, ASK(R),
	  FAULT(0x05, 0, -2, 0x2040) },
	{ "context unreadable", 0, 0,
	  { { 0x1008, 0x2001 }, { 0x2040, 0x3000001 } }, ROOT, ASK(R),
	  FAULT(0x06, 0, -2, 0x3000000) },
	{ "context not valid", DIR, 0, { }, ROOT, ASK(R),
	  FAULT(0x07, 0, -2, 0x3000) },
	{ "blocked", DIR, 0x1, { }, ROOT, ASK(R),
	  FAULT(0x1b, 0, -2, 0x3000) },
	{ "bypass", DIR, 0x3, { }, ROOT, ASK(W),
	  PASS(ADDR, R | W | X, 63, 0xff) },
	{ "bypass beyond memory", DIR, 0x3, { }, ROOT,
	  { .addr = 1ULL << 52, .devid = DEVID, .access = R },
	  FAULT(0x20, 1, -2, 0x3000) },
	{ "no process directory", TABLE, 0x5, { }, ROOT,
	  { .devid = DEVID, .pv = true, .pasid = 5, .access = R },
	  FAULT(0x13, 0, -2, 0x3000) },
	{ "walks forbidden", TABLE, 0x10005, { }, ROOT, ASK(R),
	  FAULT(0x1c, 0, -2, 0x3000) },
	{ "address too large", TABLE, 0x5, { }, ROOT,
	  { .addr = 1ULL << 48, .devid = DEVID, .access = R },
	  FAULT(0x20, 1, -2, 0x3000) },
	{ "nothing at level 0", TABLE, 0x5, { }, ROOT, ASK(R),
	  FAULT(0x22, 1, 0, 0x10120) },
	{ "no block at level 0", TABLE, 0x5, { { 0x10120, 0x401 } }, ROOT,
	  ASK(R), FAULT(0x22, 1, 0, 0x10120) },
	{ "table unreadable", TABLE, 0x5,
	  { { 0x10120, 0x1000003 } }, ROOT, ASK(R),
	  FAULT(0x21, 1, 1, 0x1000688) },
	{ "nothing at level 3", UPPER, 0x5, { }, ROOT, ASK(R),
	  FAULT(0x22, 1, 3, 0x13c48) },
	{ "01 at level 3", UPPER, 0x5, { { 0x13c48, 0x441 } }, ROOT,
	  ASK(R), FAULT(0x22, 1, 3, 0x13c48) },
	{ "page", UPPER, 0x5, { { 0x13c48, 0xabcde443 } }, ROOT, ASK(W),
	  PASS(0xabcdeabc, R | W | X, 12, 0x44) },
	{ "page for privileged ones alone", UPPER, 0x5,
	  { { 0x13c48, 0xabcde403 } }, ROOT, ASK(R),
	  FAULT(0x25, 1, 3, 0x13c48) },
	{ "privileged, and it counts", UPPER, 0x805,
	  { { 0x13c48, 0xabcde403 } }, ROOT,
	  { .addr = ADDR, .devid = DEVID, .access = W, .priv = true },
	  PASS(0xabcdeabc, R | W | X, 12, 0x44) },
	{ "privileged, and it does not count", UPPER, 0x5,
	  { { 0x13c48, 0xabcde403 } }, ROOT,
	  { .addr = ADDR, .devid = DEVID, .access = R, .priv = true },
	  FAULT(0x25, 1, 3, 0x13c48) },
	{ "read-only page, read", UPPER, 0x5,
	  { { 0x13c48, 0xabcde4c3 } }, ROOT, ASK(R),
	  PASS(0xabcdeabc, R | X, 12, 0x44) },
	{ "read-only page, write", UPPER, 0x5,
	  { { 0x13c48, 0xabcde4c3 } }, ROOT, ASK(W),
	  FAULT(0x25, 1, 3, 0x13c48) },
	{ "execution forbidden", UPPER, 0x405,
	  { { 0x13c48, 0x00400000abcde443 } }, ROOT,
	  ASK(X), FAULT(0x25, 1, 3, 0x13c48) },
	{ "execution that is a read", UPPER, 0x5,
	  { { 0x13c48, 0x00400000abcde443 } }, ROOT,
	  ASK(X), PASS(0xabcdeabc, R | W, 12, 0x44) },
	{ "a table takes writing away", TABLE, 0x5,
	  { { 0x10120, 0x4000000000011003 }, { 0x11688, 0x12003 },
	    { 0x12598, 0x13003 }, { 0x13c48, 0xabcde443 } }, ROOT, ASK(W),
	  FAULT(0x25, 1, 3, 0x13c48) },
	{ "a table takes unprivileged access away", TABLE, 0x5,
	  { { 0x10120, 0x2000000000011003 }, { 0x11688, 0x12003 },
	    { 0x12598, 0x13003 }, { 0x13c48, 0xabcde443 } }, ROOT, ASK(R),
	  FAULT(0x25, 1, 3, 0x13c48) },
	{ "access flag clear", UPPER, 0x5,
	  { { 0x13c48, 0xabcde043 } }, ROOT, ASK(R),
	  FAULT(0x24, 1, 3, 0x13c48) },
	{ "access flag clear, hardware sets it", DIR | BIT(2), 0x5,
	  { { 0x3010, 0xd10 }, { 0x3018, 0x10000 }, { 0x13c48, 0xabcde043 } },
	    ROOT, ASK(R),
	  PASS(0xabcdeabc, R | W | X, 12, 0x44) },
	{ "clean page, written", DIR | BIT(2), 0x5,
	  { { 0x3010, 0x1d10 }, { 0x3018, 0x10000 },
	    { 0x13c48, 0x00080000abcde4c3 } }, ROOT,
	  ASK(W), PASS(0xabcdeabc, R | W | X, 12, 0x44) },
	{ "block at level 2, attribute 1", TABLE, 0x5,
	  { { 0x10120, 0x11003 }, { 0x11688, 0x12003 },
	    { 0x12598, 0x40200445 } }, ROOT, ASK(R),
	  PASS(0x40389abc, R | W | X, 21, 0xff) },
	{ "block at level 1, attribute 2", TABLE, 0x5,
	  { { 0x10120, 0x11003 }, { 0x11688, 0x40000449 } }, ROOT,
	  ASK(R), PASS(0x56789abc, R | W | X, 30, 0x04) },
	{ "output too large", DIR | BIT(2), 0x5,
	  { { 0x3010, 0x010 }, { 0x3018, 0x10000 }, { 0x13c48, 0x1abcde443 } },
	    ROOT, ASK(R),
	  FAULT(0x23, 1, 3, 0x13c48) },
	{ "16K: page, indices 0, 0x123, 0x22b, 0x1e2", DIR, 0x5,
	  { { 0x3010, 0x590 }, { 0x3018, 0x10000 }, { 0x10000, 0x14003 },
	    { 0x14000 + 8 * 0x123, 0x18003 }, { 0x18000 + 8 * 0x22b, 0x1c003 },
	    { 0x1c000 + 8 * 0x1e2, 0xabcd8443 } }, ROOT, ASK(R),
	  PASS(0xabcd9abc, R | W | X, 14, 0x44) },
	{ "64K: block of 512M, indices 4, 0x11a2", DIR, 0x5,
	  { { 0x3010, 0x550 }, { 0x3018, 0x10000 },
	    { 0x10000 + 8 * 4, 0x20003 },
	    { 0x20000 + 8 * 0x11a2, 0x40000441 } }, ROOT, ASK(R),
	  PASS(0x56789abc, R | W | X, 29, 0x44) },
	/* stage 2: 40 bits in, 48 out, 4K, from level 1 (two tables): SL0 is 1 */
	{ "stage 2 alone: page", DIR, 0xb,
	  { { 0x3008, 0x1 }, { 0x3010, 0x0000851800000000 },
	    { 0x3028, 0x10000 }, { 0x10000 + 8 * 0x3ff, 0x12003 },
	    { 0x12000 + 8 * 0x1fe, 0x13003 },
	    { 0x13000 + 8 * 0x0ab, 0xabcde4ff } }, ROOT,
	  { .addr = 0xffffcab123, .devid = DEVID, .access = R | W },
	  { .out = 0xabcde123, .ipa = 0xffffcab123, .access = R | W | X,
	    .span = 12, .attr = 0xff, .level = -2 } },
	{ "stage 2 alone: read-only", DIR, 0xb,
	  { { 0x3008, 0x1 }, { 0x3010, 0x0000851800000000 },
	    { 0x3028, 0x10000 }, { 0x10000 + 8 * 0x3ff, 0x12003 },
	    { 0x12000 + 8 * 0x1fe, 0x13003 },
	    { 0x13000 + 8 * 0x0ab, 0xabcde47f } }, ROOT,
	  { .addr = 0xffffcab123, .devid = DEVID, .access = R | W },
	  { .reason = 0x25, .stage = 2, .level = 3, .where = 0x13558,
	    .ipa = 0xffffcab123 } },
	{ "stage 2 alone: too large", DIR, 0xb,
	  { { 0x3008, 0x1 }, { 0x3010, 0x0000851800000000 },
	    { 0x3028, 0x10000 } }, ROOT,
	  { .addr = 1ULL << 40, .devid = DEVID, .access = R },
	  { .reason = 0x20, .stage = 2, .level = -2, .where = 0x3000,
	    .ipa = 1ULL << 40 } },
	{ "stage 1 through stage 2 that refuses it", DIR, 0xd,
	  { { 0x3008, 0x10001 }, { 0x3010, 0x0000851800000510 },
	    { 0x3018, 0x10000 }, { 0x3028, 0x20000 } }, ROOT, ASK(R),
	  { .reason = 0x22, .stage = 2, .level = 1, .where = 0x20000,
	    .ipa = 0x10120, .walk = true } },
	{ "a process, by its directory", DIR, 0x1,
	  { { 0x3020, 0x4001 }, { 0x4028, 0x5001 }, { 0x5000, 0x5 },
	    { 0x5010, 0x510 }, { 0x5018, 0x10000 }, { 0x10120, 0x11003 },
	    { 0x11688, 0x40000441 } }, ROOT,
	  { .addr = ADDR, .devid = DEVID, .pv = true, .pasid = 5, .access = R },
	  PASS(0x56789abc, R | W | X, 30, 0x44) },
	{ "a process that is absent", DIR, 0x1, { { 0x3020, 0x4001 } }, ROOT,
	  { .addr = ADDR, .devid = DEVID, .pv = true, .pasid = 5, .access = R },
	  FAULT(0x16, 0, -2, 0x4028) },
	{ "a process beyond the directory", DIR, 0x1,
	  { { 0x3020, 0x4001 } }, ROOT,
	  { .addr = ADDR, .devid = DEVID, .pv = true, .pasid = 512,
	    .access = R }, FAULT(0x14, 0, -2, 0x3000) },
};

static void walk_case_name(const struct walk_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(walk, walk_cases, walk_case_name);

static void walk_by_hand(struct kunit *test)
{
	const struct walk_case *c = test->param_value;
	const struct word cfg = { 0x3000, c->cfg };
	struct memory memory = {
		.parts = {
			{ &cfg, 1 },
			{ directory, c->with & DIR ? ARRAY_SIZE(directory) : 0 },
			{ table, c->with & BIT(1) ? ARRAY_SIZE(table) : 0 },
			{ upper, c->with & BIT(2) ? ARRAY_SIZE(upper) : 0 },
			{ c->words, ARRAY_SIZE(c->words) },
		},
	};
	const struct cordon_walk_env env = {
		.caps = &caps,
		.root = c->root,
		.mair = 0xf404ff44,
		.read = memory_read,
		.opaque = &memory,
	};
	struct cordon_walk *walk = kunit_kzalloc(test, sizeof(*walk),
						 GFP_KERNEL);
	const struct cordon_verdict *v = &walk->verdict;

	KUNIT_ASSERT_NOT_NULL(test, walk);
	cordon_walk(&env, &c->q, walk);
	KUNIT_EXPECT_EQ(test, v->reason, c->want.reason);
	KUNIT_EXPECT_EQ(test, v->stage, c->want.stage);
	KUNIT_EXPECT_EQ(test, v->level, c->want.level);
	KUNIT_EXPECT_EQ(test, v->where, c->want.where);
	KUNIT_EXPECT_EQ(test, v->walk, c->want.walk);
	KUNIT_EXPECT_EQ(test, v->ipa, c->want.ipa);
	KUNIT_EXPECT_EQ(test, v->out, c->want.out);
	KUNIT_EXPECT_EQ(test, v->access, c->want.access);
	KUNIT_EXPECT_EQ(test, v->span, c->want.span);
	KUNIT_EXPECT_EQ(test, v->attr, c->want.attr);
	KUNIT_EXPECT_TRUE(test, cordon_verdict_agrees(v, &c->want));
}

/*
 * Random tables.  Of each table only the entries that one address leads to are
 * made; what was made for earlier ones stays around them.
 */
struct maker {
	struct kunit *test;
	struct model_unit *m;
	struct rnd_state rnd;
	u64 roots[2];		/* 1 MiB each, for the two stages */
	u64 pool;		/* 256 KiB, tables of every granule */
	__le64 *dir;		/* a process directory of one level */
	struct cordon_pc *pc;
	struct cordon_dc *dc;
	unsigned int passed, blocked;
	void *pages[5];
	unsigned int orders[5];
	bool learning;
	unsigned long above[4];	/* pages of the directory that lead to @dc */
	unsigned int nr_above;
};

struct form {
	unsigned int stage, g, n, ps;
	int start;
	bool ds;
	u64 fmt;
};

static u64 rnd64(struct maker *k)
{
	return (u64)prandom_u32_state(&k->rnd) << 32 |
	       prandom_u32_state(&k->rnd);
}

static u32 below(struct maker *k, u32 limit)
{
	return prandom_u32_state(&k->rnd) % limit;
}

static bool one_in(struct maker *k, u32 n)
{
	return !below(k, n);
}

static void free_maker(void *data)
{
	struct maker *k = data;

	k->m->reaches = NULL;
	for (unsigned int i = 0; i < ARRAY_SIZE(k->pages); i++)
		free_pages((unsigned long)k->pages[i], k->orders[i]);
}

static void *make_pages(struct maker *k, unsigned int i, size_t size)
{
	k->orders[i] = get_order(size);
	k->pages[i] = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO |
					       __GFP_NOWARN, k->orders[i]);
	if (!k->pages[i])
		kunit_skip(k->test, "no memory");
	return k->pages[i];
}

/* A form that is well-formed, but for the width of the addresses in it. */
static void make_form(struct maker *k, unsigned int stage, bool flags,
		      struct form *f)
{
	static const u8 granules[] = { 12, 16, 14 };
	unsigned int tg = below(k, 3), b, low, high, sl = 0;

	f->stage = stage;
	f->g = granules[tg];
	b = f->g - 3;
	f->ds = tg != CORDON_TG_64K && one_in(k, 3);
	low = 25;
	high = f->ds || tg == CORDON_TG_64K ? 52 : 48;
	if (stage == 2) {
		if (tg == CORDON_TG_4K) {
			sl = f->ds && one_in(k, 2) ? 4 : below(k, 3);
			f->start = sl == 4 ? -1 : 2 - (int)sl;
		} else {
			sl = tg == CORDON_TG_16K && f->ds ? below(k, 4) :
							    below(k, 3);
			f->start = 3 - (int)sl;
		}
		low = max(low, f->g + (3 - f->start) * b + 1);
		high = min(high, f->g + (4 - f->start) * b + 4);
	}
	f->n = low + below(k, high - low + 1);
	if (stage == 1)
		f->start = 4 - (int)DIV_ROUND_UP(f->n - f->g, b);
	f->ps = below(k, f->ds || tg == CORDON_TG_64K ? 7 : 6);
	/* T0SZ, TG, PS; HA, HD and DS; SL0 and SL2; FWB (spec 3.3.3) */
	f->fmt = (64 - f->n) | tg << 6 | f->ps << 8 | (f->ds ? 0x4000 : 0);
	if (flags && one_in(k, 3))
		f->fmt |= one_in(k, 2) ? 0x800 : 0x1800;
	if (stage == 2)
		f->fmt = (f->fmt | (sl & 3) << 15 | (sl >> 2) << 17 |
			  (one_in(k, 2) ? 0x40000 : 0)) << 32;
}

static void make_tables(struct maker *k, const struct form *f, u64 table,
			u64 addr, u64 leaf, const struct form *s2);

/* If stage 2 takes part, @addr leads to itself there, mostly. */
static void make_word(struct maker *k, const struct form *s2, u64 addr,
		      u64 value)
{
	*(__le64 *)phys_to_virt(addr) = cpu_to_le64(value);
	if (s2 && !(addr >> s2->n))
		make_tables(k, s2, k->roots[1], addr, addr, NULL);
}

/* The entries that lead @addr to @leaf, mostly. */
static void make_tables(struct maker *k, const struct form *f, u64 table,
			u64 addr, u64 leaf, const struct form *s2)
{
	for (int level = f->start; level <= 3; level++) {
		unsigned int span = f->g + (3 - level) * (f->g - 3);
		u64 index = addr >> span, next = 0;
		/* attributes, permissions, flags, and what is ignored */
		u64 d = rnd64(k) & 0x07f8000000000ffcULL;

		if (level != f->start)
			index &= BIT_ULL(f->g - 3) - 1;
		if (!one_in(k, 10))
			d |= f->stage == 2 ? 0x4fc : 0x440;
		/* With DS they are bits 51:50 of the address. */
		if (!one_in(k, 8))
			d &= ~0x300ULL;
		if (level < 3 && !one_in(k, 8)) {
			next = k->pool + below(k, 4) * SZ_64K;
			d = (d & 0x0780000000000000ULL) | next | 3;
			if (one_in(k, 6))
				d |= rnd64(k) & 0x7800000000000000ULL;
			if (one_in(k, 24))
				d |= BIT_ULL(40 + below(k, 8));
		} else {
			d |= (leaf & GENMASK_ULL(47, 12)) | 1;
			if (level == 3 && !one_in(k, 16))
				d |= 2;
			if (one_in(k, 12))
				d |= rnd64(k) & 0x0003fffffffff000ULL;
		}
		if (one_in(k, 24))
			d &= ~1ULL;
		make_word(k, s2, table + 8 * index, d);
		if (!next)
			return;
		table = next;
	}
}

/* A context, tables below it, and a question about them. */
static void make_world(struct maker *k, struct cordon_question *q)
{
	bool nested, two = one_in(k, 2), one = !two || one_in(k, 2);
	struct form s1 = { }, s2 = { };
	const struct form *through;
	u64 cfg = 1, leaf = rnd64(k) >> (16 + below(k, 24));
	bool guest = false;

	nested = one && two;
	make_form(k, 1, !nested, &s1);
	make_form(k, 2, !nested, &s2);
	through = two ? &s2 : NULL;
	*q = (struct cordon_question) {
		.devid = MODEL_DEVID,
		.access = 1 + below(k, 7),
		.priv = one_in(k, 3),
		.addr = rnd64(k) & GENMASK_ULL((one ? s1.n : s2.n) - 1, 0),
	};
	if (one_in(k, 40))
		q->addr = rnd64(k);
	q->pv = one && one_in(k, 3);

	memset(k->dc, 0, sizeof(*k->dc));
	memset(k->pc, 0, sizeof(*k->pc));
	cfg |= one && !q->pv ? 0x4 : 0x2;
	cfg |= (two ? 0x8 : 0) | (one_in(k, 2) ? 0x400 : 0) |
	       (one_in(k, 2) ? 0x800 : 0) | (one_in(k, 4) ? 0x1000 : 0);
	if (one && one_in(k, 40))
		cfg |= 0x10000;
	if (q->pv) {
		guest = two && s2.n >= 40 && one_in(k, 2);
		cfg |= guest ? 0x4000 : 0;
		q->pasid = below(k, 512);
		k->dc->pdroot = cpu_to_le64(virt_to_phys(k->dir) | 1);
		make_word(k, guest ? &s2 : NULL,
			  virt_to_phys(&k->dir[q->pasid]),
			  one_in(k, 20) ? 0 : virt_to_phys(k->pc) | 1);
		if (guest)
			make_tables(k, &s2, k->roots[1], virt_to_phys(k->pc),
				    virt_to_phys(k->pc), NULL);
		k->pc->cfg = cpu_to_le64(5 | (cfg & 0xc00));
		k->pc->tags = cpu_to_le64(0x70000);
		k->pc->fmt = cpu_to_le64(s1.fmt);
		k->pc->s1root = cpu_to_le64(k->roots[0]);
	} else if (one) {
		k->dc->tags = cpu_to_le64(0x60000);
		k->dc->fmt = cpu_to_le64(s1.fmt);
		k->dc->s1root = cpu_to_le64(k->roots[0]);
	}
	if (two) {
		k->dc->tags |= cpu_to_le64(1);
		k->dc->fmt |= cpu_to_le64(s2.fmt);
		k->dc->s2root = cpu_to_le64(k->roots[1]);
	}
	k->dc->cfg = cpu_to_le64(cfg);

	if (one && !(q->addr >> s1.n))
		make_tables(k, &s1, k->roots[0], q->addr, leaf, through);
	if (nested && !(leaf >> s2.n))
		make_tables(k, &s2, k->roots[1], leaf, rnd64(k) >> 16, NULL);
	else if (two && !one && !(q->addr >> s2.n))
		make_tables(k, &s2, k->roots[1], q->addr, leaf, NULL);
}

/*
 * Tables that are somebody's may be led to, but neither side reads what is not
 * the test's: it may change, or be gone.  What leads to the test's own is learned
 * from the first question.
 */
static bool reaches(void *data, u64 pa)
{
	struct maker *k = data;

	for (unsigned int i = 0; i < ARRAY_SIZE(k->pages); i++) {
		if (pa - virt_to_phys(k->pages[i]) < PAGE_SIZE << k->orders[i])
			return true;
	}
	for (unsigned int i = 0; i < k->nr_above; i++) {
		if (PHYS_PFN(pa) == k->above[i])
			return true;
	}
	if (!k->learning || k->nr_above == ARRAY_SIZE(k->above))
		return false;
	k->above[k->nr_above++] = PHYS_PFN(pa);
	return true;
}

static void learn(struct maker *k)
{
	struct model_unit *m = k->m;
	const struct cordon_question q = {
		.devid = MODEL_DEVID, .access = R,
	};
	struct cordon_verdict v;
	int ret;

	m->reaches_data = k;
	m->reaches = reaches;
	k->learning = true;
	scoped_guard(mutex, &m->unit->lock)
		ret = cordon_port_ask(m->unit, &q, false, &v);
	k->learning = false;
	KUNIT_ASSERT_EQ(k->test, ret, 0);
	KUNIT_ASSERT_EQ(k->test, v.reason, CORDON_REASON_DD_ABSENT);
}

static int direct_read(void *opaque, u64 pa, void *buf, size_t len)
{
	if (!reaches(opaque, pa))
		return -EFAULT;
	memcpy(buf, phys_to_virt(pa), len);
	return 0;
}

static void compare(struct maker *k, const struct cordon_question *q,
		    struct cordon_walk *walk, unsigned int round)
{
	struct model_unit *m = k->m;
	const struct cordon_walk_env env = {
		.caps = &m->unit->caps,
		.root = m->unit->root,
		.mair = 0xf404ff44,
		.read = direct_read,
		.opaque = k,
	};
	struct cordon_verdict fresh;
	char soft[160], hard[160];
	int ret;

	scoped_guard(mutex, &m->unit->lock)
		ret = cordon_port_ask(m->unit, q, false, &fresh);
	KUNIT_ASSERT_EQ(k->test, ret, 0);
	cordon_walk(&env, q, walk);
	if (fresh.reason)
		k->blocked++;
	else
		k->passed++;
	if (cordon_verdict_agrees(&walk->verdict, &fresh) &&
	    (fresh.reason || walk->verdict.span == fresh.span))
		return;
	/*
	 * Stage 2 may have led a guest's process context astray, to one of the
	 * tables; whether that passes for a context, only hardware checks.
	 */
	if (fresh.reason == CORDON_REASON_PC_MALFORMED &&
	    fresh.where != virt_to_phys(k->pc))
		return;
	cordon_verdict_describe(&walk->verdict, soft, sizeof(soft));
	cordon_verdict_describe(&fresh, hard, sizeof(hard));
	KUNIT_FAIL(k->test,
		   "round %u, cfg 0x%llx fmt 0x%llx, 0x%llx access %u priv %d: driver %s; model %s",
		   round, le64_to_cpu(k->dc->cfg),
		   le64_to_cpu(k->dc->fmt) | le64_to_cpu(k->pc->fmt), q->addr,
		   q->access, q->priv, soft, hard);
}

/* Whatever is in memory, driver and model understand it alike. */
static void walk_random(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "unit");
	struct cordon_device *cdev;
	struct maker *k = kunit_kzalloc(test, sizeof(*k), GFP_KERNEL);
	struct cordon_question q;
	struct cordon_walk *walk;

	/* All granules; CAP0: S1TG is bits 34:32, S2TG bits 37:35. */
	m->config.cap[1] |= 0x3fULL << 32;
	model_reconfigure(m);
	model_start_prepared(m);
	cdev = model_device1(m, "device", MODEL_DEVID);
	/* Tables that lead nowhere are what this is about. */
	m->expected = BIT(CORDON_VIOLATION_STRUCTURE);
	walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, walk);
	KUNIT_ASSERT_NOT_NULL(test, k);
	k->test = test;
	k->m = m;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_maker, k));
	prandom_seed_state(&k->rnd, 20261126);
	k->roots[0] = virt_to_phys(make_pages(k, 0, SZ_1M));
	k->roots[1] = virt_to_phys(make_pages(k, 1, SZ_1M));
	k->pool = virt_to_phys(make_pages(k, 2, SZ_256K));
	k->dir = make_pages(k, 3, SZ_4K);
	k->dc = make_pages(k, 4, SZ_4K);
	k->pc = (void *)(k->dc + 1);

	cordon_publish(cdev->streams[0]->slot, 0);
	learn(k);
	cordon_publish(cdev->streams[0]->slot,
		       cordon_pointer_context(virt_to_phys(k->dc)));
	for (unsigned int round = 0; round < 4000; round++) {
		make_world(k, &q);
		compare(k, &q, walk, round);
	}
	cordon_publish(cdev->streams[0]->slot, 0);
	kunit_info(test, "%u passed, %u blocked", k->passed, k->blocked);
	/* Neither is so rare that nothing would have been tested. */
	KUNIT_EXPECT_GT(test, k->passed, 400);
	KUNIT_EXPECT_GT(test, k->blocked, 400);
}

static void verdicts(struct kunit *test)
{
	const struct cordon_verdict rw = { .out = 0x1000, .access = R | W };
	const struct cordon_verdict ro = { .out = 0x1000, .access = R };
	const struct cordon_verdict other = { .out = 0x2000, .access = R };
	const struct cordon_verdict fault = { .reason = 0x22, .stage = 1 };

	KUNIT_EXPECT_TRUE(test, cordon_verdict_exceeds(&rw, &ro));
	KUNIT_EXPECT_TRUE(test, cordon_verdict_exceeds(&ro, &fault));
	KUNIT_EXPECT_TRUE(test, cordon_verdict_exceeds(&ro, &other));
	KUNIT_EXPECT_FALSE(test, cordon_verdict_exceeds(&ro, &rw));
	KUNIT_EXPECT_FALSE(test, cordon_verdict_exceeds(&rw, &rw));
	KUNIT_EXPECT_FALSE(test, cordon_verdict_exceeds(&fault, &rw));
	KUNIT_EXPECT_FALSE(test, cordon_verdict_agrees(&ro, &rw));
	KUNIT_EXPECT_FALSE(test, cordon_verdict_agrees(&ro, &other));
	KUNIT_EXPECT_FALSE(test, cordon_verdict_agrees(&ro, &fault));
	KUNIT_EXPECT_TRUE(test, cordon_verdict_agrees(&fault, &fault));
}

struct text_case {
	const char *name;
	struct cordon_step step;
	const char *text;
};

static const struct text_case text_cases[] = {
	{ "pointer",
	  { .of = CORDON_STEP_DEVICE, .is = CORDON_STEP_POINTER, .level = 1,
	    .index = 3, .where = 0x1018, .value = 0x2001, .leads = 0x2000 },
	  "device directory level 1 index 3 at 0x1018: 0x2001: leads to 0x2000" },
	{ "absent",
	  { .of = CORDON_STEP_S1, .is = CORDON_STEP_ABSENT, .level = 2,
	    .index = 5, .where = 0x3028 },
	  "stage 1 level 2 index 5 at 0x3028: 0x0: absent" },
	{ "table",
	  { .of = CORDON_STEP_S1, .is = CORDON_STEP_TABLE, .level = 0,
	    .where = 0x4000, .value = 0x5003, .leads = 0x5000,
	    .limits = CORDON_LIMIT_WRITE | CORDON_LIMIT_PXN },
	  "stage 1 level 0 index 0 at 0x4000: 0x5003: table at 0x5000, no writing, no privileged execution",
	},
	{ "page",
	  { .of = CORDON_STEP_S1, .is = CORDON_STEP_PAGE, .level = 3,
	    .index = 1, .where = 0x4008, .value = 0x6443, .leads = 0x6000,
	    .user = R | W, .priv = R | X, .accessed = true, .attr = 0xff },
	  "stage 1 level 3 index 1 at 0x4008: 0x6443: page at 0x6000, unprivileged rw-, privileged r-x, Write-Back",
	},
	{ "block of stage 2",
	  { .of = CORDON_STEP_S2, .is = CORDON_STEP_BLOCK, .level = 2,
	    .where = 0x4000, .value = 0x200000fd, .leads = 0x20000000,
	    .user = R | W | X, .attr = 0xf },
	  "stage 2 level 2 index 0 at 0x4000: 0x200000fd: block at 0x20000000, rwx, MemAttr 0xf, access flag clear",
	},
	{ "unreadable",
	  { .of = CORDON_STEP_PROCESS, .is = CORDON_STEP_UNREADABLE,
	    .where = 0x4000 },
	  "process directory level 0 index 0 at 0x4000: unreadable" },
};

static void step_texts(struct kunit *test)
{
	char line[200];

	for (unsigned int i = 0; i < ARRAY_SIZE(text_cases); i++) {
		int n = cordon_step_describe(&text_cases[i].step, line,
					     sizeof(line));

		KUNIT_EXPECT_STREQ(test, line, text_cases[i].text);
		KUNIT_EXPECT_EQ(test, n, strlen(line));
	}
}

static void verdict_texts(struct kunit *test)
{
	static const struct {
		struct cordon_verdict v;
		const char *text;
	} cases[] = {
		{ { .out = 0x80001000, .access = R | W, .attr = 0xff, .span = 12 },
		  "passes to 0x80001000, rw-, Write-Back, 0x1000 bytes alike" },
		{ { .out = 0x1000, .access = R | W | X, .attr = 0xff,
		    .span = 63 },
		  "passes to 0x1000, rwx, Write-Back, untranslated" },
		{ { .out = 0x1000, .ipa = 0x5000, .access = R, .attr = 0x44,
		    .span = 21 },
		  "passes to 0x1000, r--, Non-cacheable, by IPA 0x5000, 0x200000 bytes alike" },
		{ { .reason = 0x22, .stage = 1, .level = 3, .where = 0x4008 },
		  "blocked: not mapped (stage 1 level 3), decided at 0x4008" },
		{ { .reason = 0x08, .detail = 14, .level = -2, .where = 0x40 },
		  "blocked: malformed device context (check 14), decided at 0x40" },
		{ { .reason = 0x25, .stage = 2, .level = 1, .walk = true,
		    .ipa = 0x7000 },
		  "blocked: not permitted (stage 2 level 1, while walking, IPA 0x7000)" },
	};
	char line[200];

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		int n = cordon_verdict_describe(&cases[i].v, line, sizeof(line));

		KUNIT_EXPECT_STREQ(test, line, cases[i].text);
		KUNIT_EXPECT_EQ(test, n, strlen(line));
	}
}

static struct kunit_case walk_test_cases[] = {
	KUNIT_CASE_PARAM(walk_by_hand, walk_gen_params),
	KUNIT_CASE(walk_random),
	KUNIT_CASE(verdicts),
	KUNIT_CASE(step_texts),
	KUNIT_CASE(verdict_texts),
	{ }
};

static struct kunit_suite walk_suite = {
	.name = "cordon_walk",
	.test_cases = walk_test_cases,
};

kunit_test_suite(walk_suite);
