// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* What is cached, what each command drops, and that a forgotten one is seen (spec 11) */
#include "harness.h"

static struct table t;
static uint64_t d[8];

static void mapped(void)
{
	boot();
	t = table_new(12, 39, 1);
	memset(d, 0, sizeof(d));
	context_s1(d, &t);
	publish(DEV, d);
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW);
	EXPECT_EQ(ask(DEV, 0x1000, R | W).addr, 0x5000);
	EXPECT(ask(DEV, 0x1000, R | W).hit);
}

static void unmap_forgotten(void)
{
	mapped();
	table_put(&t, 0x1000, 3, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);	/* it is cached: memory says no */
	EXPECT_EQ(stale(), 1);
	EXPECT(strstr(w.text, "0x108") && strstr(w.text, "0x1000"));
	EXPECT_EQ(port(DEV, 0x1000, R, true).reason, 0);
	EXPECT_EQ(port(DEV, 0x1000, R, false).reason, CORDON_REASON_TRANSLATION);
	command(CORDON_OP_INV_RANGE, tags(0, DTAG) | CORDON_TGT_LEAF, 0x1fff, 0x1fff);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(stale(), 1);
}

static void remap_and_rights_forgotten(void)
{
	mapped();
	table_put(&t, 0x1000, 3, 0x6000 | PAGE_RW);
	ask(DEV, 0x1000, R);
	EXPECT_EQ(stale(), 1);
	command(CORDON_OP_INV_DTAG, tags(0, DTAG), 0, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0x6000);
	table_put(&t, 0x1000, 3, 0x6000 | PAGE_RO);
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, 0);
	EXPECT_EQ(stale(), 2);
	/* the wrong range, the wrong tag */
	command(CORDON_OP_INV_RANGE, tags(0, DTAG), 0x2000, ~0ull);
	command(CORDON_OP_INV_DTAG, tags(0, DTAG + 1), 0, 0);
	command(CORDON_OP_INV_DEVICE, 0, 0, 0xffffff);
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, 0);
	EXPECT_EQ(stale(), 3);
	command(CORDON_OP_INV_RANGE, tags(0, DTAG), 0, ~0ull);
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, CORDON_REASON_PERMISSION);
	EXPECT_EQ(stale(), 3);
}

static void never_denied_from_cache(void)
{
	mapped();
	table_put(&t, 0x2000, 3, 0x6000 | PAGE_RO);
	EXPECT_EQ(ask(DEV, 0x2000, R).reason, 0);
	EXPECT_EQ(ask(DEV, 0x2000, W).reason, CORDON_REASON_PERMISSION);
	table_put(&t, 0x2000, 3, 0x6000 | PAGE_RW);	/* rights added: no command */
	EXPECT_EQ(ask(DEV, 0x2000, W).reason, 0);
	EXPECT_EQ(ask(DEV, 0x3000, R).reason, CORDON_REASON_TRANSLATION);
	table_put(&t, 0x3000, 3, 0x7000 | PAGE_RW);	/* page mapped: no command */
	EXPECT_EQ(ask(DEV, 0x3000, R).addr, 0x7000);
	/* a context that blocks is not believed either */
	d[0] = CORDON_DC_V;
	memset(&d[1], 0, 24);
	publish(DEV + 1, d);
	EXPECT_EQ(ask(DEV + 1, 0x1000, R).reason, CORDON_REASON_BLOCKED);
	d[0] |= cm_put(CORDON_DC_S1, CORDON_S1_BYPASS);
	publish(DEV + 1, d);
	w.m->cfg.check_stale = false;
	EXPECT_EQ(ask(DEV + 1, 0x1000, R).reason, 0);
}

/*
 * One root and one domain tag in two formats, as a guest may have it: each device
 * gets what its own format says (spec 11.1). A table of 4 KiB's that is not read to
 * its end is a page of 64 KiB.
 */
static void format_is_part_of_the_key(void)
{
	uint64_t next, last;

	boot();
	t = (struct table){ .root = pages(16), .g = 12, .n = 39, .start = 1 };
	next = pages(16);
	last = pages(16);
	w64(t.root, next | TABLE);
	w64(next, last | PAGE_RW);
	w64(last + 8, 0x100005000 | PAGE_RW);
	memset(d, 0, sizeof(d));
	context_s1(d, &t);
	publish(DEV, d);
	d[2] |= cm_put(CORDON_S1FMT_TG, CORDON_TG_64K);
	publish(DEV + 1, d);
	d[2] &= ~(CORDON_S1FMT_TG | CORDON_S1FMT_PS);
	publish(DEV + 2, d);

	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0x100005000);
	EXPECT(ask(DEV, 0x1000, R).hit);
	EXPECT_EQ(ask(DEV + 1, 0x1000, R).addr, last + 0x1000);
	EXPECT_EQ(ask(DEV + 1, 0x1000, R).addr, last + 0x1000);
	/* 32 bits of output, while the entry of 48 is there */
	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0x100005000);
	EXPECT(ask(DEV, 0x1000, R).hit);
	EXPECT_EQ(ask(DEV + 2, 0x1000, R).reason, CORDON_REASON_OUTPUT_SIZE);
	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0x100005000);
	EXPECT(ask(DEV, 0x1000, R).hit);
}

static void blocks_and_pages(void)
{
	uint64_t at, table, i;

	mapped();
	table_put(&t, 0x200000, 2, 0x800000 | BLOCK | AF | AP_USER);
	EXPECT_EQ(ask(DEV, 0x201000, W).addr, 0x801000);
	/* split into equivalent pages: nothing for correctness */
	at = table_at(&t, 0x200000, 2);
	table = page();
	for (i = 0; i < 512; i++)
		w64(table + 8 * i, (0x800000 + 4096 * i) | PAGE_RW);
	w64(at, table | TABLE);
	EXPECT_EQ(ask(DEV, 0x201000, W).addr, 0x801000);
	EXPECT_EQ(ask(DEV, 0x3ff000, W).addr, 0x9ff000);
	EXPECT_EQ(stale(), 0);
	command(CORDON_OP_INV_RANGE, tags(0, DTAG) | CORDON_TGT_LEAF, 0x200000, 0x200000);
	EXPECT(!ask(DEV, 0x3ff000, W).hit);		/* any part of a block: all of it */
	EXPECT_EQ(ask(DEV, 0x201000, W).addr, 0x801000);
	/* joined again; the walk entry of the old table is left */
	w64(at, 0x800000 | BLOCK | AF | AP_USER);
	EXPECT_EQ(ask(DEV, 0x202000, W).addr, 0x802000);
	EXPECT_EQ(stale(), 0);
	/* the old table is freed and used anew, without the invalidation */
	for (i = 0; i < 512; i++)
		w64(table + 8 * i, (0xa00000 + 4096 * i) | PAGE_RW);
	ask(DEV, 0x203000, W);
	EXPECT(stale() >= 1);
}

static void table_forgotten(void)
{
	uint64_t table, i;

	mapped();
	table = page();
	for (i = 0; i < 512; i++)
		w64(table + 8 * i, (0xa00000 + 4096 * i) | PAGE_RW);
	/* another table in its place; only leaves are invalidated */
	w64(table_at(&t, 0x1000, 2), table | TABLE);
	command(CORDON_OP_INV_RANGE, tags(0, DTAG) | CORDON_TGT_LEAF, 0, ~0ull);
	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0x5000);
	EXPECT(stale() >= 1);
	command(CORDON_OP_INV_RANGE, tags(0, DTAG), 0, 0x1fffff);
	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0xa01000);
}

static void context_forgotten(void)
{
	uint64_t e[8] = { CORDON_DC_V | cm_put(CORDON_DC_S1, CORDON_S1_BYPASS) };

	mapped();
	publish(DEV, e);
	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0x5000);
	EXPECT_EQ(stale(), 1);
	EXPECT(strstr(w.text, "device context"));
	command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV + 1, 0xffff);
	ask(DEV, 0x1000, R);
	EXPECT_EQ(stale(), 2);
	command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV);
	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0x1000);
	EXPECT_EQ(stale(), 2);
	/* a context freed too early */
	w64(r64((r64(w.dir) & CORDON_PTR_PAGE) + 8 * DEV) & CORDON_PTR_CONTEXT, 0x55);
	ask(DEV, 0x1000, R);
	EXPECT_EQ(stale(), 3);
	command(CORDON_OP_INV_ALL, 0, 0, 0);
	EXPECT(ask(DEV, 0x1000, R).reason);
	EXPECT_EQ(stale(), 3);
}

static void directory_page_forgotten(void)
{
	uint64_t e[8] = { CORDON_DC_V | cm_put(CORDON_DC_S1, CORDON_S1_BYPASS) };
	uint64_t l0;

	mapped();
	l0 = page();
	memcpy(w.mem + l0, w.mem + (r64(w.dir) & CORDON_PTR_PAGE), 4096);
	w64(w.dir, l0 | CORDON_PTR_V);
	publish(DEV + 1, e);
	command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, 0, 511);
	ask(DEV, 0x1000, R);
	EXPECT_EQ(stale(), 1);		/* the pointer above was left */
	command(CORDON_OP_INV_DEVICE, 0, 0, 511);
	EXPECT_EQ(ask(DEV + 1, 0x1000, R).reason, 0);
	EXPECT_EQ(stale(), 1);
}

static void process_forgotten(void)
{
	struct cordon_request req = request(DEV, 0x1000, R);
	uint64_t p[8], pd;

	mapped();
	memcpy(p, d, sizeof(p));
	pd = page();
	memset(d, 0, sizeof(d));
	d[0] = CORDON_DC_V;
	d[4] = pd | 1;
	publish(DEV, d);
	pd_point(pd, 3, put_context(p));
	command(CORDON_OP_INV_DEVICE, 0, DEV, DEV);
	req.pv = true;
	req.pasid = 3;
	EXPECT_EQ(answer(&req).addr, 0x5000);
	pd_point(pd, 3, 0);
	EXPECT_EQ(answer(&req).addr, 0x5000);
	EXPECT_EQ(stale(), 1);
	command(CORDON_OP_INV_PROCESS, DEV | CORDON_TGT_LEAF, 4, 5);
	command(CORDON_OP_INV_PROCESS, (DEV + 1) | CORDON_TGT_LEAF, 3, 3);
	answer(&req);
	EXPECT_EQ(stale(), 2);
	command(CORDON_OP_INV_PROCESS, DEV | CORDON_TGT_LEAF, 3, 3);
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_PD_ABSENT);
	EXPECT_EQ(stale(), 2);
	/* dropping the device drops its processes */
	pd_point(pd, 3, put_context(p));
	EXPECT_EQ(answer(&req).reason, 0);
	pd_point(pd, 3, 0);
	command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV);
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_PD_ABSENT);
	EXPECT_EQ(stale(), 2);
}

static void stage2_forgotten(void)
{
	struct table s2;

	boot();
	s2 = table_new(12, 40, 1);
	memset(d, 0, sizeof(d));
	context_s2(d, &s2);
	d[0] |= cm_put(CORDON_DC_S1, CORDON_S1_BYPASS);
	publish(DEV, d);
	table_put(&s2, 0x1000, 3, 0x5000 | S2_RW);
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, 0);
	table_put(&s2, 0x1000, 3, 0);
	command(CORDON_OP_INV_RANGE, tags(VMTAG, 0), 0, ~0ull);	/* names stage 1 */
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, 0);
	EXPECT_EQ(stale(), 1);
	command(CORDON_OP_INV_S2RANGE, tags(VMTAG, 0) | CORDON_TGT_LEAF, 0x1000, 0x1000);
	EXPECT_EQ(ask(DEV, 0x1000, W).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(stale(), 1);
}

static void root_drops_everything(void)
{
	mapped();
	table_put(&t, 0x1000, 3, 0);
	set(CORDON_REG_ROOT, w.dir | 2);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), w.dir | 2);
	set(CORDON_REG_ROOT, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_NO_ROOT);
	EXPECT_EQ(stale(), 0);
}

static void shared_tags(void)
{
	struct table other;
	uint64_t e[8] = { 0 };

	mapped();
	other = table_new(12, 39, 1);
	table_put(&other, 0x1000, 3, 0x9000 | PAGE_RW);
	context_s1(e, &other);
	publish(DEV + 1, e);
	ask(DEV + 1, 0x1000, R);
	EXPECT(cordon_model_stats(w.m)->violations[CORDON_VIOLATION_RULE]);
	EXPECT_EQ(stale(), 0);
}

static void grace(void)
{
	w.cfg.stale_grace = 100;
	mapped();
	table_put(&t, 0x1000, 3, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
	w.now += 100;
	ask(DEV, 0x1000, R);
	EXPECT_EQ(stale(), 0);
	w.now++;
	ask(DEV, 0x1000, R);
	EXPECT_EQ(stale(), 1);
}

static void many(void)
{
	uint64_t va, hits = 0;

	mapped();
	for (va = 0; va < 4096; va++)
		table_put(&t, va << 12, 3, (va << 12) | PAGE_RW);
	command(CORDON_OP_INV_ALL, 0, 0, 0);
	for (va = 0; va < 4096; va++)
		EXPECT_EQ(ask(DEV, va << 12, R).addr, va << 12);
	/* a few collide */
	for (va = 0; va < 4096; va++)
		hits += ask(DEV, va << 12, R).hit;
	EXPECT(hits > 4000);
	ask(DEV, 0xff000, R);
	ask(DEV, 0x800000, R);
	command(CORDON_OP_INV_RANGE, tags(0, DTAG) | CORDON_TGT_LEAF, 0x100000, 0x7fffff);
	EXPECT(ask(DEV, 0xff000, R).hit);
	EXPECT(ask(DEV, 0x800000, R).hit);
	EXPECT(!ask(DEV, 0x100000, R).hit);
	EXPECT(!ask(DEV, 0x7ff000, R).hit);
	/* too long for probes */
	command(CORDON_OP_INV_RANGE, tags(0, DTAG) | CORDON_TGT_LEAF, 0, ~0ull);
	for (va = 0; va < 4096; va++)
		EXPECT(!ask(DEV, va << 12, R).hit);
	EXPECT_EQ(stale(), 0);
}

void tests_cache(void)
{
	RUN(unmap_forgotten);
	RUN(remap_and_rights_forgotten);
	RUN(never_denied_from_cache);
	RUN(format_is_part_of_the_key);
	RUN(blocks_and_pages);
	RUN(table_forgotten);
	RUN(context_forgotten);
	RUN(directory_page_forgotten);
	RUN(process_forgotten);
	RUN(stage2_forgotten);
	RUN(root_drops_everything);
	RUN(shared_tags);
	RUN(grace);
	RUN(many);
}
