// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Table walks: formats, permissions, flags, both stages, the dirty log (spec 4.4 to 4.7) */
#include "harness.h"

struct shape { unsigned int g, n; int start; uint64_t ds, ps; };

static void every_format(void)
{
	static const struct shape shapes[] = {
		{ 12, 25, 2, 0, 5 }, { 12, 30, 2, 0, 5 }, { 12, 31, 1, 0, 5 }, { 12, 39, 1, 0, 5 },
		{ 12, 48, 0, 0, 5 }, { 12, 52, -1, 1, 6 }, { 14, 25, 3, 0, 5 },
		{ 14, 36, 2, 0, 5 }, { 14, 47, 1, 0, 5 }, { 14, 48, 0, 0, 5 }, { 14, 52, 0, 1, 6 },
		{ 16, 29, 3, 0, 5 }, { 16, 42, 2, 0, 5 }, { 16, 48, 1, 0, 5 }, { 16, 52, 1, 0, 6 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *s = &shapes[i];
		struct table t;
		uint64_t d[8] = { 0 }, va, pa = 0x560000;

		world_new();
		boot();
		t = table_new(s->g, s->n, s->start);
		context_s1(d, &t);
		d[2] = (d[2] & ~CORDON_S1FMT_PS) | cm_put(CORDON_S1FMT_PS, s->ps) |
		       cm_put(CORDON_S1FMT_DS, s->ds);
		publish(DEV, d);
		va = (cm_mask(s->n) & 0xabcdef123456789ull & ~cm_mask(s->g)) | 0x123;
		table_put(&t, va, 3, (pa & ~cm_mask(s->g)) | PAGE_RW);
		EXPECT_EQ(ask(DEV, va, W).reason, 0);
		EXPECT_EQ(ask(DEV, va, W).addr, (pa & ~cm_mask(s->g)) | 0x123);
		EXPECT_EQ(ask(DEV, va, R).span_log2, s->g);
		EXPECT(ask(DEV, va, R).hit);
		EXPECT_EQ(ask(DEV, va + BIT_ULL(s->g), R).reason, CORDON_REASON_TRANSLATION);
		EXPECT_EQ(ask(DEV, va + BIT_ULL(s->g), R).level, 4);
		EXPECT_EQ(ask(DEV, BIT_ULL(s->n), R).reason, CORDON_REASON_INPUT_SIZE);
		EXPECT_EQ(ask(DEV, va | BIT_ULL(63), R).reason, CORDON_REASON_INPUT_SIZE);
	}
}

static void blocks(void)
{
	static const struct { unsigned int g; int level; uint64_t ds, ps; bool ok; } b[] = {
		{ 12, 0, 0, 5, false }, { 12, 1, 0, 5, true }, { 12, 2, 0, 5, true },
		{ 12, 0, 1, 6, true }, { 14, 1, 0, 5, false }, { 14, 2, 0, 5, true },
		{ 14, 1, 1, 6, true }, { 16, 1, 0, 5, false }, { 16, 2, 0, 5, true },
		{ 16, 1, 0, 6, true }, { 12, 3, 0, 5, false },
	};
	unsigned int i, log2;

	for (i = 0; i < ARRAY_SIZE(b); i++) {
		struct cordon_answer a;
		struct table t;
		uint64_t d[8] = { 0 }, va = 0x123456789abull, out = 0x800000000000ull;

		world_new();
		boot();
		t = table_new(b[i].g, 48, b[i].g == 16 ? 1 : 0);
		context_s1(d, &t);
		d[2] = (d[2] & ~CORDON_S1FMT_PS) | cm_put(CORDON_S1FMT_PS, b[i].ps) |
		       cm_put(CORDON_S1FMT_DS, b[i].ds);
		publish(DEV, d);
		log2 = b[i].g + (3 - b[i].level) * (b[i].g - 3);
		table_put(&t, va, b[i].level, out | BLOCK | AF | AP_USER);
		a = ask(DEV, va, R);
		EXPECT_EQ(a.reason, b[i].ok ? 0 : CORDON_REASON_TRANSLATION);
		if (!b[i].ok) {
			EXPECT_EQ(a.level, b[i].level + 1);
			continue;
		}
		EXPECT_EQ(a.span_log2, log2);
		EXPECT_EQ(a.addr, out | (va & cm_mask(log2)));
		EXPECT(ask(DEV, va ^ 0x1000, R).hit);
	}
}

static void output_size(void)
{
	struct table t;
	uint64_t d[8] = { 0 };

	boot();
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	d[2] &= ~CORDON_S1FMT_PS;		/* 32 bits */
	publish(DEV, d);
	table_put(&t, 0x1000, 3, BIT_ULL(32) | PAGE_RW);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_OUTPUT_SIZE);
	EXPECT_EQ(ask(DEV, 0x1000, R).where, table_at(&t, 0x1000, 3));
	/* of a block, what lies below its size is ignored; the result has to fit */
	table_put(&t, 0x200000, 2, 0x12345000 | BLOCK | AF | AP_USER);
	EXPECT_EQ(ask(DEV, 0x200010, R).addr, 0x12200010);
	table_put(&t, 0x40000000, 1, BIT_ULL(40) | TABLE);
	EXPECT_EQ(ask(DEV, 0x40000000, R).reason, CORDON_REASON_OUTPUT_SIZE);
	EXPECT_EQ(ask(DEV, 0x40000000, R).level, 2);
	table_put(&t, 0x80000000, 1, 0xf0000000 | TABLE);
	EXPECT_EQ(ask(DEV, 0x80000000, R).reason, CORDON_REASON_TABLE_FETCH);
	EXPECT_EQ(ask(DEV, 0x80000000, R).level, 3);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FETCH);
}

static void permissions(void)
{
	/* by AP[2:1]: R, W for unprivileged, privileged */
	static const uint8_t want[4] = { 0x30, 0xf0 >> 4 | 0x30, 0x10, 0x11 };
	unsigned int ap, xn, lim;
	struct table t;
	uint64_t d[8] = { 0 };

	boot();
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	d[0] |= CORDON_DC_EXEC | CORDON_DC_PRIV;
	publish(DEV, d);
	for (ap = 0; ap < 4; ap++) {
		for (xn = 0; xn < 4; xn++) {
			for (lim = 0; lim < 16; lim++) {
				bool ur = want[ap] & 1, uw = want[ap] & 2, pw = want[ap] & 0x20;
				bool ux, px;

				ur = ur && !(lim & 4);
				uw = uw && !(lim & 12);
				pw = pw && !(lim & 8);
				ux = ur && !(xn & 2) && !(lim & 2);
				px = !(xn & 1) && !(lim & 1) && !uw;
				table_put(&t, 0x1000, 3, 0x5000 | LEAF | AF | (uint64_t)ap << 6 |
					  (uint64_t)xn << 53);
				w64(table_at(&t, 0x1000, 2), (r64(table_at(&t, 0x1000, 2)) &
				    ~GENMASK_ULL(62, 59)) | (uint64_t)lim << 59);
				command(CORDON_OP_INV_ALL, 0, 0, 0);
				EXPECT_EQ(!ask(DEV, 0x1000, R).reason, ur);
				EXPECT_EQ(!ask(DEV, 0x1000, W).reason, uw);
				EXPECT_EQ(!ask(DEV, 0x1000, X).reason, ux);
				EXPECT_EQ(!ask(DEV, 0x1000, R | P).reason, true);
				EXPECT_EQ(!ask(DEV, 0x1000, W | P).reason, pw);
				EXPECT_EQ(!ask(DEV, 0x1000, X | P).reason, px);
				EXPECT_EQ(!ask(DEV, 0x1000, R | W | P).reason, pw);
			}
		}
	}
	EXPECT_EQ(stale(), 0);
}

static void access_flag(void)
{
	struct table t;
	uint64_t d[8] = { 0 }, at, up;

	boot();
	t = table_new(12, 39, 1);
	at = table_put(&t, 0x1000, 3, 0x5000 | LEAF | AP_USER);
	up = table_at(&t, 0x1000, 2);
	w64(up, r64(up) & ~AF);
	context_s1(d, &t);
	publish(DEV, d);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_ACCESS_FLAG);
	EXPECT(!(r64(at) & AF));
	d[2] |= CORDON_S1FMT_HA | CORDON_S1FMT_HAFT;
	publish(DEV, d);
	command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV);
	/* neither the port nor a refused request sets anything */
	EXPECT_EQ(port(DEV, 0x1000, R, false).reason, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R | X).reason, 0);
	w64(at, 0x5000 | LEAF | AP_USER | AP_RO);
	w64(up, r64(up) & ~AF);
	command(CORDON_OP_INV_ALL, 0, 0, 0);
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, CORDON_REASON_PERMISSION);
	EXPECT(!(r64(at) & AF));
	EXPECT(!(r64(up) & AF));
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
	EXPECT(r64(at) & AF);
	EXPECT(r64(up) & AF);
	EXPECT_EQ(stale(), 0);
}

static void dirty_state(void)
{
	struct table t;
	uint64_t d[8] = { 0 }, at;

	boot();
	t = table_new(12, 39, 1);
	at = table_put(&t, 0x1000, 3, 0x5000 | PAGE_RO | DBM);
	context_s1(d, &t);
	d[2] |= CORDON_S1FMT_HA | CORDON_S1FMT_HD;
	publish(DEV, d);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
	EXPECT(!ask(DEV, 0x1000, R).write);
	EXPECT(port(DEV, 0x1000, R, false).write);
	EXPECT(r64(at) & AP_RO);
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, 0);	/* the clean entry does not deny */
	EXPECT(!(r64(at) & AP_RO));
	EXPECT(ask(DEV, 0x1000, W).hit);
	/* cleaned, invalidated: dirty again */
	w64(at, r64(at) | AP_RO);
	command(CORDON_OP_INV_RANGE, tags(0, DTAG) | CORDON_TGT_LEAF, 0x1000, 0x1fff);
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, 0);
	EXPECT(!(r64(at) & AP_RO));
	EXPECT_EQ(stale(), 0);
	/* cleaned and forgotten */
	w64(at, r64(at) | AP_RO);
	ask(DEV, 0x1000, W);
	EXPECT_EQ(stale(), 1);
	/* a CPU that wins the race: walk again, but not for ever */
	command(CORDON_OP_INV_ALL, 0, 0, 0);
	w64(at, 0x5000 | PAGE_RO | DBM);
	w.race_at = at;
	w.race_val = 0x5000 | PAGE_RO | DBM;
	w.races = 8;
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, 0);
	EXPECT(!(r64(at) & AP_RO));
	w64(at, 0x5000 | PAGE_RO | DBM);
	command(CORDON_OP_INV_ALL, 0, 0, 0);
	w.races = 1000;
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, CORDON_REASON_TABLE_UPDATE);
	EXPECT_EQ(w.races, 1000 - 9);
	w.races = 0;
	w.abort_first = at;
	w.abort_last = at + 7;
	w.abort_writes_only = true;
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, CORDON_REASON_TABLE_UPDATE);
	EXPECT_EQ(ask(DEV, 0x1000, W).where, at);
}

static void stage2(void)
{
	static const struct shape shapes[] = {
		{ 12, 40, 1, 0, 5 }, { 12, 34, 2, 0, 5 }, { 12, 43, 1, 0, 5 }, { 12, 48, 0, 0, 5 },
		{ 14, 40, 2, 0, 5 }, { 14, 48, 1, 0, 5 }, { 16, 42, 2, 0, 5 }, { 16, 46, 2, 0, 5 },
		{ 16, 33, 3, 0, 5 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *s = &shapes[i];
		struct cordon_answer a;
		struct table t;
		uint64_t d[8] = { 0 }, ipa;

		world_new();
		boot();
		t = table_new(s->g, s->n, s->start);
		context_s2(d, &t);
		d[0] |= cm_put(CORDON_DC_S1, CORDON_S1_BYPASS) | CORDON_DC_EXEC;
		publish(DEV, d);
		ipa = (cm_mask(s->n) & ~cm_mask(s->g)) | 0x10;
		table_put(&t, ipa, 3, 0x560000 | S2_RO | BIT_ULL(53));
		a = ask(DEV, ipa, R);
		EXPECT_EQ(a.reason, 0);
		EXPECT_EQ(a.addr, 0x560010);
		EXPECT_EQ(a.ipa, ipa);
		EXPECT_EQ(ask(DEV, ipa, X).reason, 0);		/* bit 53 is ignored */
		a = ask(DEV, ipa, W);
		EXPECT_EQ(a.reason, CORDON_REASON_PERMISSION);
		EXPECT_EQ(a.stage, 2);
		EXPECT_EQ(a.ipa, ipa);
		EXPECT(!a.walk);
		table_put(&t, ipa, 3, 0x560000 | S2_RO | BIT_ULL(54));
		command(CORDON_OP_INV_S2RANGE, tags(VMTAG, 0), ipa, ipa);
		EXPECT_EQ(ask(DEV, ipa, X).reason, CORDON_REASON_PERMISSION);
		EXPECT_EQ(ask(DEV, BIT_ULL(s->n), R).reason, CORDON_REASON_INPUT_SIZE);
		EXPECT_EQ(stale(), 0);
	}
}

/* stage 1 at IPAs, stage 2 with an identity map of the tests' memory, page by page */
static void nest(uint64_t *d, struct table *s1, struct table *s2)
{
	uint64_t pa;

	*s2 = table_new(12, 40, 1);
	*s1 = table_new(12, 39, 1);
	memset(d, 0, 64);
	context_s1(d, s1);
	context_s2(d, s2);
	for (pa = 0; pa < MEMORY / 2; pa += 4096)
		table_put(s2, pa, 3, pa | S2_RW);
}

static void nested(void)
{
	struct cordon_answer a;
	struct table s1, s2;
	uint64_t d[8], at;

	boot();
	nest(d, &s1, &s2);
	d[2] |= CORDON_S1FMT_HA | CORDON_S2FMT_HA;
	at = table_put(&s1, 0x1000, 3, 0x7000000 | LEAF | AP_USER);
	publish(DEV, d);
	a = ask(DEV, 0x1008, R);
	EXPECT_EQ(a.reason, CORDON_REASON_TRANSLATION);		/* no such IPA */
	EXPECT_EQ(a.stage, 2);
	EXPECT(!a.walk);
	EXPECT_EQ(a.ipa, 0x7000008);
	EXPECT(r64(at) & AF);		/* stage 1 had passed */
	table_put(&s2, 0x7000000, 3, 0x9000 | S2_RO);
	a = ask(DEV, 0x1008, R);
	EXPECT_EQ(a.reason, 0);
	EXPECT_EQ(a.addr, 0x9008);
	EXPECT_EQ(a.ipa, 0x7000008);
	EXPECT(a.read && !a.write);
	EXPECT(ask(DEV, 0x1008, R).hit);
	EXPECT_EQ(ask(DEV, 0x1008, W).reason, CORDON_REASON_PERMISSION);
	EXPECT_EQ(ask(DEV, 0x1008, W).stage, 2);
	/* a table of stage 1 where stage 2 has no read permission, or Device memory */
	table_put(&s2, at, 3, (at & ~cm_mask(12)) | LEAF | AF | 0xbc);
	command(CORDON_OP_INV_S2RANGE, tags(VMTAG, 0) | CORDON_TGT_LEAF, 0, ~0ull);
	a = ask(DEV, 0x1008, R);
	EXPECT_EQ(a.reason, CORDON_REASON_PERMISSION);
	EXPECT_EQ(a.stage, 2);
	EXPECT(a.walk);
	EXPECT_EQ(a.ipa, at);
	table_put(&s2, at, 3, (at & ~cm_mask(12)) | LEAF | AF | 0xc4);
	a = ask(DEV, 0x1008, R);
	EXPECT_EQ(a.reason, CORDON_REASON_PERMISSION);
	EXPECT(a.walk);
	/* an update of stage 1 needs write permission in stage 2 */
	table_put(&s2, at, 3, (at & ~cm_mask(12)) | S2_RO);
	EXPECT_EQ(ask(DEV, 0x1008, R).reason, 0);
	w64(at, r64(at) & ~AF);
	command(CORDON_OP_INV_VMTAG, tags(VMTAG, 0), 0, 0);
	a = ask(DEV, 0x1008, R);
	EXPECT_EQ(a.reason, CORDON_REASON_PERMISSION);
	EXPECT_EQ(a.ipa, at);
	EXPECT_EQ(stale(), 0);
}

/* a block of a guest reaches only what the host's pages map, page by page */
static void combined_span(void)
{
	struct table s1, s2;
	uint64_t d[8];

	boot();
	nest(d, &s1, &s2);
	publish(DEV, d);
	table_put(&s1, 0x200000, 2, 0x7000000 | BLOCK | AF | AP_USER);
	table_put(&s2, 0x7000000, 3, 0x9000 | S2_RW);
	table_put(&s2, 0x7001000, 3, 0x3000 | S2_RW);
	EXPECT_EQ(ask(DEV, 0x200008, W).addr, 0x9008);
	EXPECT_EQ(ask(DEV, 0x200008, W).span_log2, 12);
	EXPECT_EQ(ask(DEV, 0x201008, W).addr, 0x3008);
	EXPECT_EQ(ask(DEV, 0x202000, W).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(stale(), 0);
}

static void attributes(void)
{
	struct table t;
	uint64_t d[8] = { 0 };

	boot();
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	publish(DEV, d);
	table_put(&t, 0x0000, 3, 0x5000 | PAGE_RW);
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW | 1 << 2);
	table_put(&t, 0x2000, 3, 0x5000 | PAGE_RW | 2 << 2);
	EXPECT_EQ(ask(DEV, 0x0000, R).attr, 0x04);
	EXPECT_EQ(ask(DEV, 0x1000, R).attr, 0xff);
	EXPECT_EQ(ask(DEV, 0x2000, R).attr, 0x44);
	EXPECT_EQ(cm_attr_combine(0xff, 0x5, false), 0x44);
	EXPECT_EQ(cm_attr_combine(0x44, 0xf, false), 0x44);
	EXPECT_EQ(cm_attr_combine(0xff, 0x1, false), 0x04);
	EXPECT_EQ(cm_attr_combine(0x04, 0x6, true), 0xff);
	EXPECT_EQ(cm_attr_combine(0x04, 0x5, true), 0x04);
	EXPECT_EQ(cm_attr_combine(0x44, 0x7, true), 0x44);
	EXPECT_EQ(cm_attr_combine(0xff, 0x3, true), 0x04);
}

static void dirty_log(void)
{
	struct table s1, s2;
	uint64_t d[8], log, leaf, at;
	struct cordon_answer a;

	boot();
	nest(d, &s1, &s2);
	log = page();
	leaf = page();
	d[0] |= CORDON_DC_DIRTY;
	d[7] = log | 1;
	d[2] |= CORDON_S1FMT_HA;
	at = table_put(&s1, 0x1000, 3, 0x5000 | LEAF | AP_USER);
	table_put(&s1, 0x2000, 3, 0x6000 | PAGE_RW);
	publish(DEV, d);
	/* no leaf: a write is denied, also the unit's own */
	a = ask(DEV, 0x1000, R);
	EXPECT_EQ(a.reason, CORDON_REASON_DL_ABSENT);
	EXPECT(a.walk);
	EXPECT_EQ(ask(DEV, 0x2000, R).reason, 0);
	EXPECT(!ask(DEV, 0x2000, R).write);
	a = ask(DEV, 0x2010, W);
	EXPECT_EQ(a.reason, CORDON_REASON_DL_ABSENT);
	EXPECT_EQ(a.ipa, 0x6010);
	EXPECT(!a.walk);
	EXPECT_EQ(port(DEV, 0x2010, W, false).reason, CORDON_REASON_DL_ABSENT);
	EXPECT(port(DEV, 0x1000, R, true).walk);
	w64(log, leaf | CORDON_PTR_V | 8);
	EXPECT_EQ(ask(DEV, 0x2000, W).reason, CORDON_REASON_DL_MALFORMED);
	w64(log, leaf | CORDON_PTR_V);
	EXPECT(ask(DEV, 0x2000, W).write);
	EXPECT_EQ(r64(leaf), BIT_ULL(6));
	/* the port looks, and sets nothing */
	EXPECT_EQ(port(DEV, 0x1000, R, false).reason, 0);
	EXPECT_EQ(r64(leaf + (at >> 18 << 3)), 0);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
	EXPECT_EQ(r64(leaf + (at >> 18 << 3)), BIT_ULL(at >> 12 & 63));
	/* collected with and without the invalidation */
	w64(leaf, 0);
	command(CORDON_OP_INV_S2RANGE, tags(VMTAG, 0) | CORDON_TGT_LEAF, 0, ~0ull);
	EXPECT_EQ(ask(DEV, 0x2000, W).reason, 0);
	EXPECT_EQ(r64(leaf), BIT_ULL(6));
	EXPECT_EQ(stale(), 0);
	w64(leaf, 0);
	ask(DEV, 0x2000, W);
	EXPECT_EQ(stale(), 1);
}

static void zero_length(void)
{
	struct table s2;
	uint64_t d[8] = { 0 };

	boot();
	s2 = table_new(12, 40, 1);
	context_s2(d, &s2);
	d[0] |= cm_put(CORDON_DC_S1, CORDON_S1_BYPASS);
	publish(DEV, d);
	table_put(&s2, 0x1000, 3, 0x5000 | LEAF | AF | 0xbc);	/* write only */
	table_put(&s2, 0x2000, 3, 0x5000 | LEAF | AF | 0x3c);	/* nothing */
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_PERMISSION);
	EXPECT_EQ(ask(DEV, 0x1000, 0).reason, 0);
	EXPECT_EQ(ask(DEV, 0x2000, 0).reason, CORDON_REASON_PERMISSION);
	EXPECT_EQ(port(DEV, 0x2000, 0, false).reason, CORDON_REASON_PERMISSION);
}

/* each way in which a write cannot be logged, and what the record says (spec 4.7, 6.2) */
static void log_reasons(void)
{
	struct cordon_answer a;
	uint64_t d[8] = { 0 }, log, leaf;
	struct table s2;

	boot();
	s2 = table_new(12, 40, 1);
	log = page();
	leaf = page();
	context_s2(d, &s2);
	d[0] |= CORDON_DC_DIRTY | cm_put(CORDON_DC_S1, CORDON_S1_BYPASS);
	d[7] = log | 1;
	publish(DEV, d);
	table_put(&s2, 0x1000, 3, 0x5000 | S2_RW);
	table_put(&s2, BIT_ULL(36), 3, 0x6000 | S2_RW);
	/* an IPA that one level does not reach: the context bounds it */
	a = ask(DEV, BIT_ULL(36), W);
	EXPECT_EQ(a.reason, CORDON_REASON_DL_ABSENT);
	EXPECT_EQ(a.where, r64((r64(w.dir) & CORDON_PTR_PAGE) + 8 * DEV) & CORDON_PTR_CONTEXT);
	EXPECT_EQ(a.ipa, BIT_ULL(36));
	EXPECT_EQ(a.stage, 2);
	a = ask(DEV, 0x1000, W);
	EXPECT_EQ(a.reason, CORDON_REASON_DL_ABSENT);
	EXPECT_EQ(a.where, log);
	w64(log, leaf | CORDON_PTR_V);
	w.abort_first = log;
	w.abort_last = log + 7;
	a = ask(DEV, 0x1000, W);
	EXPECT_EQ(a.reason, CORDON_REASON_DL_FETCH);
	EXPECT_EQ(a.where, log);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FETCH);
	w.abort_first = leaf;
	w.abort_last = leaf + 7;
	a = ask(DEV, 0x1000, W);
	EXPECT_EQ(a.reason, CORDON_REASON_DL_UPDATE);
	EXPECT_EQ(a.where, leaf);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 4);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);	/* a read is not logged */
	w.abort_last = 0;
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, 0);
	EXPECT_EQ(r64(leaf), 2);
	/* remembered until an invalidation of its VM tag */
	w64(leaf, 0);
	command(CORDON_OP_INV_S2RANGE, VMTAG | CORDON_TGT_LEAF, 0x1000, 0x1000);
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, 0);
	EXPECT_EQ(r64(leaf), 2);
	EXPECT_EQ(stale(), 0);
}

/* a block that reaches beyond the output size: no answer does */
static void block_beyond(void)
{
	struct cordon_answer a;
	uint64_t d[8] = { 0 };
	struct table t;

	boot();
	t = table_new(16, 48, 1);
	context_s1(d, &t);
	d[2] = (d[2] & ~CORDON_S1FMT_PS) | cm_put(CORDON_S1FMT_PS, CORDON_PS_32);
	publish(DEV, d);
	table_put(&t, 0, 2, BLOCK | AF | AP_USER);
	a = ask(DEV, 0x1234, R);
	EXPECT_EQ(a.addr, 0x1234);
	EXPECT_EQ(a.span_log2, 29);
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	memset(d, 0, sizeof(d));
	context_s1(d, &t);
	d[2] = (d[2] & ~CORDON_S1FMT_PS) | cm_put(CORDON_S1FMT_PS, CORDON_PS_32);
	publish(DEV + 1, d);
	table_put(&t, 0xc0000000, 1, 0xc0000000 | BLOCK | AF | AP_USER);
	EXPECT_EQ(ask(DEV + 1, 0xffffffff, R).addr, 0xffffffff);
	EXPECT_EQ(ask(DEV + 1, 0x100000000, R).reason, CORDON_REASON_TRANSLATION);
}

/* policy of both contexts: what does not count in one does not count (spec 3.4) */
static void process_policy(void)
{
	struct cordon_request req = request(DEV, 0x1000, X);
	uint64_t d[8] = { 0 }, p[8] = { 0 }, pd;
	struct table t;

	boot();
	t = table_new(12, 39, 1);
	pd = page();
	d[0] = CORDON_DC_V | CORDON_DC_EXEC | CORDON_DC_PRIV;
	d[4] = pd | 1;
	publish(DEV, d);
	context_s1(p, &t);
	pd_point(pd, 3, put_context(p));
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW | BIT_ULL(54));	/* UXN */
	req.pv = true;
	req.pasid = 3;
	EXPECT_EQ(answer(&req).reason, 0);		/* a read */
	p[0] |= CORDON_DC_EXEC;
	pd_point(pd, 3, put_context(p));
	command(CORDON_OP_INV_PROCESS, DEV | CORDON_TGT_LEAF, 3, 3);
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_PERMISSION);
	EXPECT_EQ(r64(w.fq) & (CORDON_FAULT_READ | CORDON_FAULT_EXEC), CORDON_FAULT_EXEC);
}

void tests_walk(void)
{
	RUN(every_format);
	RUN(blocks);
	RUN(output_size);
	RUN(permissions);
	RUN(access_flag);
	RUN(dirty_state);
	RUN(stage2);
	RUN(nested);
	RUN(combined_span);
	RUN(attributes);
	RUN(dirty_log);
	RUN(log_reasons);
	RUN(block_beyond);
	RUN(process_policy);
	RUN(zero_length);
}
