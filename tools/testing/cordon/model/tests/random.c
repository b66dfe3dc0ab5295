// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Random tables of stage 1, 4K: the model against a second evaluator that shares
 * nothing with it: it reads the tables top down into one verdict, straight from
 * the text of spec 4.4, for every request anew.
 */
#include "harness.h"

static uint64_t seed;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

static unsigned int below(unsigned int n)
{
	return rnd() % n;
}

struct verdict { unsigned int reason; uint64_t pa; };

/* n is 39 (root at level 1) or 48 (level 0); 40-bit output */
static struct verdict evaluate(uint64_t root, unsigned int n, uint64_t va, unsigned int access)
{
	struct verdict v = { 0, 0 };
	uint64_t table = root, e = 0, size = 0;
	int level = n == 39 ? 1 : 0;
	bool no_user = false, no_write = false, no_uxn = false, no_pxn = false;
	bool user, rd, wr, ex, uw;

	if (va >> n) {
		v.reason = CORDON_REASON_INPUT_SIZE;
		return v;
	}
	for (;; level++) {
		unsigned int shift = 39 - 9 * level;

		e = r64(table + ((va >> shift) % 512) * 8);
		size = 1ull << shift;
		if (e % 2 == 0)
			v.reason = CORDON_REASON_TRANSLATION;
		else if (level == 3 && (e & 3) != 3)
			v.reason = CORDON_REASON_TRANSLATION;
		else if (level == 0 && (e & 3) == 1)
			v.reason = CORDON_REASON_TRANSLATION;
		else if ((e & 0xfffffffff000ull) >> 40)
			v.reason = CORDON_REASON_OUTPUT_SIZE;
		if (v.reason)
			return v;
		if (level == 3 || (e & 3) == 1)
			break;
		no_pxn |= e >> 59 & 1;
		no_uxn |= e >> 60 & 1;
		no_user |= e >> 61 & 1;
		no_write |= e >> 62 & 1;
		table = e & 0xfffffffff000ull;
		if (table >= MEMORY) {
			v.reason = CORDON_REASON_TABLE_FETCH;
			return v;
		}
	}
	if (!(e >> 10 & 1)) {
		v.reason = CORDON_REASON_ACCESS_FLAG;
		return v;
	}
	user = (e >> 6 & 1) && !no_user;
	uw = user && !(e >> 7 & 1) && !no_write;
	if (access & P) {
		rd = true;
		wr = !(e >> 7 & 1) && !no_write;
		ex = !(e >> 53 & 1) && !no_pxn && !uw;
	} else {
		rd = user;
		wr = uw;
		ex = user && !(e >> 54 & 1) && !no_uxn;
	}
	if (((access & R) && !rd) || ((access & W) && !wr) || ((access & X) && !ex))
		v.reason = CORDON_REASON_PERMISSION;
	v.pa = (e & 0xfffffffff000ull) / size * size + va % size;
	return v;
}

static uint64_t tables[24];

static uint64_t some_entry(void)
{
	uint64_t e = (uint64_t)rnd() << 32 | rnd();

	e &= ~0xfffffffff000ull;
	switch (below(8)) {
	case 0:
		return e & ~1ull;
	case 1:
		return e | 3 | BIT_ULL(41);			/* too large */
	case 2:
		return e | 3 | 0xf0000000;			/* not there */
	case 3:
		return (e & ~3ull) | 1 | BIT_ULL(10) | (rnd() & 0xc0) | ((uint64_t)below(64) << 30);
	default:
		e |= 3 | tables[below(24)];
		if (below(4))
			e |= BIT_ULL(10) | BIT_ULL(6);
		if (below(2))
			e &= ~GENMASK_ULL(62, 59);
		return e;
	}
}

static uint64_t some_address(unsigned int n)
{
	uint64_t va = 0;
	int level;

	/* few indices are in use, so that tables and entries meet again */
	for (level = 0; level < 4; level++)
		va |= (uint64_t)(below(4) * 170) << (39 - 9 * level);
	va = (va & cm_mask(n)) | below(4096);
	return below(50) ? va : va | BIT_ULL(n + below(64 - n));
}

static void random_tables(void)
{
	unsigned int round, i, n, access;
	uint64_t d[8], va, root, passed = 0, hits = 0;
	struct table t = { .g = 12 };
	struct cordon_answer a;
	struct verdict v;

	for (round = 0; round < 40; round++) {
		n = round & 1 ? 39 : 48;
		seed = 0x9e3779b97f4a7c15ull * (round + 1);
		world_new();
		boot();
		for (i = 0; i < 24; i++)
			tables[i] = page();
		root = tables[0];
		for (i = 0; i < 24 * 4; i++)
			w64(tables[i / 4] + 8 * 170 * (i % 4), some_entry());
		t.root = root;
		t.n = n;
		memset(d, 0, sizeof(d));
		context_s1(d, &t);
		d[0] |= CORDON_DC_EXEC | CORDON_DC_PRIV;
		d[2] = (d[2] & ~CORDON_S1FMT_PS) | cm_put(CORDON_S1FMT_PS, CORDON_PS_40);
		publish(DEV, d);
		for (i = 0; i < 3000; i++) {
			if (i % 100 == 99) {
				w64(tables[below(24)] + 8 * 170 * below(4), some_entry());
				command(below(2) ? CORDON_OP_INV_DTAG : CORDON_OP_INV_RANGE,
					tags(0, DTAG), 0, 0);
				if (command(CORDON_OP_INV_RANGE, tags(0, DTAG), 0, ~0ull) != 1)
					break;
			}
			va = some_address(n);
			access = 1 + below(15);
			if (access == P)
				access |= R;
			v = evaluate(root, n, va, access);
			a = ask(DEV, va, access);
			EXPECT_EQ(a.reason, v.reason);
			if (!v.reason)
				EXPECT_EQ(a.addr, v.pa);
			passed += !v.reason;
			hits += a.hit;
			/* past the caches */
			a = port(DEV, va, access, false);
			EXPECT_EQ(a.reason, v.reason);
			if (!v.reason)
				EXPECT_EQ(a.addr, v.pa);
		}
		EXPECT_EQ(i, 3000);
		EXPECT_EQ(stale(), 0);
		EXPECT_EQ(cordon_model_stats(w.m)->violations[CORDON_VIOLATION_RULE], 0);
	}
	/* the tables are not all deserts */
	EXPECT(passed > 1000);
	EXPECT(hits > 500);
}

void tests_random(void)
{
	RUN(random_tables);
}
