// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Directories and contexts: finding them, and each check of them (spec 3, 4.2, 4.3) */
#include "harness.h"

static void directory_levels(void)
{
	uint64_t d[8] = { CORDON_DC_V | cm_put(CORDON_DC_S1, CORDON_S1_BYPASS) };
	uint64_t l2 = 0, l1, ctx;

	boot();
	ctx = publish(DEV, d);
	EXPECT_EQ(ask(DEV, 0x1234, R | W).reason, 0);
	EXPECT_EQ(ask(DEV, 0x1234, R | W).addr, 0x1234);
	EXPECT_EQ(ask(DEV, 0x1234, R).span_log2, 63);
	EXPECT_EQ(ask(DEV + 1, 0, R).reason, CORDON_REASON_DD_ABSENT);
	EXPECT_EQ(ask(0x40000, 0, R).reason, CORDON_REASON_DEVID_RANGE);
	EXPECT_EQ(ask(w.m->caps.unit_devid, 0, R).reason, CORDON_REASON_DEVID_RANGE);
	/* growth: a new root page whose entry 0 is the old one */
	l2 = page();
	w64(l2, w.dir | CORDON_PTR_V);
	set(CORDON_REG_ROOT, l2 | 3);
	EXPECT_EQ(ask(DEV, 0x1234, R).reason, 0);
	EXPECT_EQ(ask(0x40000, 0, R).reason, CORDON_REASON_DD_ABSENT);
	l1 = page();
	w64(l2 + 8, l1 | CORDON_PTR_V);
	w64(l1, page() | CORDON_PTR_V);
	w64((r64(l1) & CORDON_PTR_PAGE) + 8 * 3, ctx | CORDON_PTR_V);
	EXPECT_EQ(ask(0x40003, 0x1234, R).reason, 0);
	/* one level */
	set(CORDON_REG_ROOT, (r64(w.dir) & CORDON_PTR_PAGE) | 1);
	EXPECT_EQ(ask(DEV, 0x1234, R).reason, 0);
	EXPECT_EQ(ask(0x200, 0, R).reason, CORDON_REASON_DEVID_RANGE);
	EXPECT_EQ(stale(), 0);
}

static void directory_errors(void)
{
	uint64_t d[8] = { CORDON_DC_V | cm_put(CORDON_DC_S1, CORDON_S1_BYPASS) };
	uint64_t ctx, at;
	unsigned int bit;

	w.cfg.cap[1] = (w.cfg.cap[1] & ~CORDON_CAP0_OAS) | cm_put(CORDON_CAP0_OAS, CORDON_PS_48);
	boot();
	ctx = publish(DEV, d);
	at = (r64(w.dir) & CORDON_PTR_PAGE) + 8 * DEV;
	for (bit = 1; bit < 64; bit++) {
		if (bit >= 6 && bit < 48)
			continue;
		w64(at, ctx | CORDON_PTR_V | BIT_ULL(bit));
		EXPECT_EQ(ask(DEV, 0, R).reason, CORDON_REASON_DD_MALFORMED);
		w64(at, BIT_ULL(bit));		/* absent: the rest is ignored */
		EXPECT_EQ(ask(DEV, 0, R).reason, CORDON_REASON_DD_ABSENT);
	}
	EXPECT_EQ(ask(DEV, 0, R).where, at);
	w64(at, 0xfffff0000000ull | CORDON_PTR_V);
	EXPECT_EQ(ask(DEV, 0, R).reason, CORDON_REASON_DC_FETCH);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FETCH);
	EXPECT_EQ(reg(CORDON_REG_ERRADDR), 0xfffff0000000ull);
	w64(at, ctx | CORDON_PTR_V);
	w64(ctx, d[0] & ~CORDON_DC_V);
	EXPECT_EQ(ask(DEV, 0, R).reason, CORDON_REASON_DC_ABSENT);
	w64(w.dir, r64(w.dir) | 2);
	EXPECT_EQ(ask(DEV, 0, R).reason, CORDON_REASON_DD_MALFORMED);
	w.abort_first = w.dir;
	w.abort_last = w.dir + 7;
	EXPECT_EQ(ask(DEV, 0, R).reason, CORDON_REASON_DD_FETCH);
}

/* a context with everything in it, and then one thing wrong at a time */
static void full(uint64_t *d, const struct table *s1, const struct table *s2)
{
	memset(d, 0, 64);
	context_s1(d, s1);
	context_s2(d, s2);
	d[0] |= CORDON_DC_FAULT | CORDON_DC_DIRTY | CORDON_DC_ATS | CORDON_DC_PRI |
		CORDON_DC_GUEST | CORDON_DC_EXEC | CORDON_DC_PRIV | CORDON_DC_SNOOP |
		CORDON_DC_RAZWI |
		cm_put(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_STAGE2);
	d[1] |= cm_put(CORDON_TAGS_PLIMIT, 4);
	d[4] = 0x6000 | 1;
	d[6] = w.anon + 64;
	d[7] = 0x7000 | 1;
}

static unsigned int check(const uint64_t *d, uint64_t without)
{
	struct cm_caps caps = w.m->caps;
	struct cm_dc dc;

	caps.cap1 &= ~without;
	return cm_dc_decode(&caps, d, &dc);
}

static void device_checks(void)
{
	struct table s1, s2;
	uint64_t d[8], ok[8];
	unsigned int i;

	w.cfg.cap[1] = (w.cfg.cap[1] & ~(CORDON_CAP0_VMTAG | CORDON_CAP0_DTAG | CORDON_CAP0_OAS)) |
		       cm_put(CORDON_CAP0_VMTAG, 8) | cm_put(CORDON_CAP0_DTAG, 16) |
		       cm_put(CORDON_CAP0_OAS, CORDON_PS_48);
	boot();
	s1 = table_new(12, 48, 0);
	s2 = table_new(12, 40, 1);
	full(ok, &s1, &s2);
	EXPECT_EQ(check(ok, 0), 0);
#define WRONG(number, without, ...) do {				\
		memcpy(d, ok, sizeof(d));				\
		__VA_ARGS__;						\
		EXPECT_EQ(check(d, (without)), (number));		\
	} while (0)
	for (i = 17; i < 64; i++)
		WRONG(1, 0, d[0] |= BIT_ULL(i));
	WRONG(2, 0, d[1] |= BIT_ULL(8));
	WRONG(2, 0, d[1] |= BIT_ULL(32));
	for (i = 17; i < 64; i++)
		if (i < 32 || i > 50)
			WRONG(3, 0, d[2] |= BIT_ULL(i));
	WRONG(4, CORDON_CAP1_S1, (void)0);
	WRONG(4, CORDON_CAP1_S2, (void)0);
	WRONG(4, CORDON_CAP1_NESTED, (void)0);
	WRONG(5, 0, d[1] &= ~CORDON_TAGS_VMTAG);
	WRONG(5, 0, d[0] &= ~(CORDON_DC_S2 | CORDON_DC_GUEST));
	WRONG(6, 0, d[0] |= CORDON_DC_TRANSLATED);
	WRONG(6, 0, d[0] &= ~CORDON_DC_ATS);
	WRONG(6, 0, d[0] &= ~CORDON_DC_TRANSLATED);
	WRONG(6, CORDON_CAP1_T_STAGE2, (void)0);
	WRONG(6, 0, d[0] = (d[0] & ~CORDON_DC_TRANSLATED) | cm_put(CORDON_DC_TRANSLATED, 1));
	WRONG(6, CORDON_CAP1_TRUST, d[0] = (d[0] & ~(CORDON_DC_TRANSLATED | CORDON_DC_GUEST)) |
	      cm_put(CORDON_DC_TRANSLATED, 1));
	WRONG(7, CORDON_CAP1_ATS, (void)0);
	WRONG(7, CORDON_CAP1_PRI, (void)0);
	WRONG(7, 0, d[0] &= ~(CORDON_DC_ATS | CORDON_DC_TRANSLATED));
	WRONG(8, CORDON_CAP1_EXEC, (void)0);
	WRONG(8, CORDON_CAP1_PRIV, (void)0);
	WRONG(8, CORDON_CAP1_SNOOP, (void)0);
	WRONG(8, CORDON_CAP1_RAZWI, (void)0);
	WRONG(9, CORDON_CAP1_DIRTY, (void)0);
	WRONG(9, 0, d[7] = 0);
	WRONG(9, 0, d[0] &= ~CORDON_DC_DIRTY);
	WRONG(9, 0, d[7] |= CORDON_ROOT_SILENT);
	WRONG(9, 0, d[7] |= CORDON_ROOT_BUSY);
	WRONG(9, 0, d[7] |= BIT_ULL(48));
	WRONG(10, CORDON_CAP1_GUEST, (void)0);
	WRONG(11, 0, d[6] = 0);
	WRONG(11, 0, d[6] |= 1);
	WRONG(11, 0, d[6] |= BIT_ULL(48));
	WRONG(11, 0, d[0] &= ~CORDON_DC_FAULT);
	WRONG(12, 0, d[0] &= ~CORDON_DC_FAULT; d[6] = 0);
	WRONG(12, 0, d[1] &= ~CORDON_TAGS_PLIMIT);
	WRONG(12, 0, d[0] &= ~(CORDON_DC_FAULT | CORDON_DC_PRI); d[6] = 0;
	      d[1] = (d[1] & ~CORDON_TAGS_PLIMIT) | cm_put(CORDON_TAGS_FLIMIT, 1));
	WRONG(13, 0, d[4] |= CORDON_ROOT_SILENT);
	WRONG(13, 0, d[4] &= ~CORDON_ROOT_LEVELS);
	WRONG(13, 0, d[4] |= BIT_ULL(41));		/* beyond the IPAs */
	WRONG(13, 0, d[0] |= CORDON_DC_S1; d[4] = 0);
	WRONG(14, 0, d[0] &= ~CORDON_DC_S1);
	WRONG(14, 0, d[2] |= CORDON_S1FMT_TG);
	WRONG(14, 0, d[2] |= CORDON_S1FMT_PS);
	WRONG(14, 0, d[2] |= CORDON_S1FMT_T0SZ);
	WRONG(14, 0, d[2] &= ~CORDON_S1FMT_T0SZ);
	WRONG(14, 0, d[2] |= CORDON_S1FMT_HD);
	WRONG(14, 0, d[2] |= CORDON_S1FMT_HAFT);
	WRONG(14, CORDON_CAP1_HA, d[2] |= CORDON_S1FMT_HA);
	WRONG(14, CORDON_CAP1_HD, d[2] |= CORDON_S1FMT_HA | CORDON_S1FMT_HD);
	WRONG(14, CORDON_CAP1_HAFT, d[2] |= CORDON_S1FMT_HA | CORDON_S1FMT_HAFT);
	WRONG(14, CORDON_CAP1_DS, d[2] |= CORDON_S1FMT_DS);
	WRONG(14, 0, d[2] |= CORDON_S1FMT_DS | cm_put(CORDON_S1FMT_TG, CORDON_TG_64K));
	WRONG(15, 0, d[3] |= 1);
	WRONG(15, 0, d[3] |= 0x800);
	WRONG(15, 0, d[3] |= BIT_ULL(48));
	WRONG(15, 0, d[0] &= ~CORDON_DC_S1; d[2] &= ~GENMASK_ULL(31, 0);
	      d[1] &= ~CORDON_TAGS_DTAG);
	WRONG(16, 0, d[2] |= CORDON_S2FMT_TG);
	WRONG(16, 0, d[2] |= CORDON_S2FMT_HD);
	WRONG(16, 0, d[2] |= CORDON_S2FMT_SL2);
	WRONG(16, 0, d[2] |= CORDON_S2FMT_SL0);
	WRONG(16, CORDON_CAP1_FWB, d[2] |= CORDON_S2FMT_FWB);
	WRONG(16, 0, d[2] = (d[2] & ~CORDON_S2FMT_PS) | cm_put(CORDON_S2FMT_PS, CORDON_PS_52));
	WRONG(16, 0, d[2] = (d[2] & ~CORDON_S2FMT_T0SZ) | cm_put(CORDON_S2FMT_T0SZ, 20));
	WRONG(17, 0, d[5] |= 0x1000);			/* two concatenated tables */
	WRONG(17, 0, d[5] |= BIT_ULL(63));
	/* without stage 2 its fields are zero */
	memset(ok, 0, sizeof(ok));
	context_s1(ok, &s1);
	EXPECT_EQ(check(ok, 0), 0);
	WRONG(5, 0, d[1] |= 1);
	WRONG(9, 0, d[7] = 1);
	WRONG(16, 0, d[2] |= CORDON_S2FMT_HA);
	WRONG(17, 0, d[5] = 0x1000);
	WRONG(13, 0, d[4] = 0x1000);
}

static void detail_in_fault(void)
{
	uint64_t d[8] = { CORDON_DC_V | BIT_ULL(20) };
	uint64_t pa;

	boot();
	pa = publish(DEV, d);
	EXPECT_EQ(ask(DEV, 0, R).reason, CORDON_REASON_DC_MALFORMED);
	EXPECT_EQ(ask(DEV, 0, R).detail, 1);
	EXPECT_EQ(ask(DEV, 0, R).where, pa);
	EXPECT_EQ(cm_get(CORDON_FAULT_DETAIL, r64(w.fq)), 1);
	EXPECT(cordon_model_stats(w.m)->violations[CORDON_VIOLATION_STRUCTURE]);
}

static void process_checks(void)
{
	struct table s1;
	uint64_t d[8], ok[8] = { 0 };
	struct cm_caps caps;
	struct cm_pc pc;
	unsigned int i;

	boot();
	s1 = table_new(12, 48, 0);
	context_s1(ok, &s1);
	ok[0] |= CORDON_DC_EXEC | CORDON_DC_PRIV | CORDON_DC_RAZWI | CORDON_DC_SILENT |
		 CORDON_DC_NOWALK;
	EXPECT_EQ(cm_pc_decode(&w.m->caps, ok, false, &pc), 0);
#define WRONG_PC(number, without, ...) do {				\
		memcpy(d, ok, sizeof(d));				\
		caps = w.m->caps;					\
		caps.dtag = 16;						\
		caps.cap1 &= ~(uint64_t)(without);			\
		__VA_ARGS__;						\
		EXPECT_EQ(cm_pc_decode(&caps, d, false, &pc), (number));	\
	} while (0)
	WRONG_PC(1, 0, d[0] |= CORDON_DC_S2);
	WRONG_PC(1, 0, d[0] |= CORDON_DC_ATS);
	WRONG_PC(1, 0, d[0] |= CORDON_DC_GUEST);
	for (i = 17; i < 64; i++)
		WRONG_PC(1, 0, d[0] |= BIT_ULL(i));
	WRONG_PC(2, 0, d[1] |= 1);
	WRONG_PC(2, 0, d[1] |= BIT_ULL(40));
	WRONG_PC(2, 0, d[1] |= BIT_ULL(39));
	for (i = 17; i < 64; i++)
		WRONG_PC(3, 0, d[2] |= BIT_ULL(i));
	WRONG_PC(4, 0, d[0] |= CORDON_DC_S1);
	WRONG_PC(4, CORDON_CAP1_S1, (void)0);
	WRONG_PC(5, CORDON_CAP1_EXEC, (void)0);
	WRONG_PC(5, CORDON_CAP1_PRIV, (void)0);
	WRONG_PC(5, CORDON_CAP1_RAZWI, (void)0);
	WRONG_PC(6, 0, d[2] |= CORDON_S1FMT_TG);
	WRONG_PC(6, 0, d[0] &= ~CORDON_DC_S1);
	WRONG_PC(7, 0, d[3] |= 0x20);
	WRONG_PC(7, 0, d[0] &= ~CORDON_DC_S1; d[1] = 0; d[2] = 0);
	for (i = 4; i < 8; i++)
		WRONG_PC(8, 0, d[i] = 1);
}

static void processes(void)
{
	struct table t1, t2;
	uint64_t d[8] = { 0 }, p[8] = { 0 }, pd, ctx;
	struct cordon_request req;

	boot();
	t1 = table_new(12, 39, 1);
	t2 = table_new(12, 39, 1);
	table_put(&t1, 0x1000, 3, 0x5000 | PAGE_RW);
	table_put(&t2, 0x1000, 3, 0x6000 | PAGE_RO);
	pd = page();
	context_s1(d, &t1);
	d[4] = pd | 1;
	publish(DEV, d);
	context_s1(p, &t2);
	p[1] = cm_put(CORDON_TAGS_DTAG, 9);
	ctx = put_context(p);
	req = request(DEV, 0x1000, R);
	EXPECT_EQ(answer(&req).addr, 0x5000);
	req.pv = true;
	req.pasid = 4;
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_PD_ABSENT);
	pd_point(pd, 4, ctx);		/* from absent to valid: no command */
	EXPECT_EQ(answer(&req).addr, 0x6000);
	EXPECT_EQ(answer(&req).reason, 0);
	req.write = true;
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_PERMISSION);
	req.pasid = 512;
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_PASID_RANGE);
	/* PASID0: what has no PASID does as PASID 0 */
	memset(d, 0, sizeof(d));
	d[0] = CORDON_DC_V | CORDON_DC_S1;
	d[4] = pd | 1;
	publish(DEV, d);
	EXPECT_EQ(command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV), 1);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_PD_ABSENT);
	pd_point(pd, 0, ctx);
	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0x6000);
	/* process contexts that are bad */
	w64(ctx + 32, 1);
	EXPECT_EQ(command(CORDON_OP_INV_PROCESS, DEV | CORDON_TGT_LEAF, 0, 4), 1);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_PC_MALFORMED);
	EXPECT_EQ(ask(DEV, 0x1000, R).detail, 8);
	w64(ctx, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_PC_ABSENT);
	pd_point(pd, 0, 0xffffff0000ull << 8);
	EXPECT_EQ(command(CORDON_OP_INV_PROCESS, DEV | CORDON_TGT_LEAF, 0, 4), 1);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_PC_FETCH);
	w64(pd, 0x1002 | CORDON_PTR_V);
	EXPECT_EQ(command(CORDON_OP_INV_PROCESS, DEV | CORDON_TGT_LEAF, 0, 4), 1);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_PD_MALFORMED);
	/* no process directory at all */
	memset(d, 0, sizeof(d));
	d[0] = CORDON_DC_V | cm_put(CORDON_DC_S1, CORDON_S1_BYPASS);
	publish(DEV, d);
	EXPECT_EQ(command(CORDON_OP_INV_DEVICE, 0, DEV, DEV), 1);
	req.pasid = 4;
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_NO_PASID);
	EXPECT_EQ(stale(), 0);
}

static void policy(void)
{
	struct table t;
	uint64_t d[8] = { 0 };
	struct cordon_request req;

	boot();
	t = table_new(12, 39, 1);
	table_put(&t, 0x1000, 3, 0x5000 | LEAF | AF);			/* privileged only */
	table_put(&t, 0x2000, 3, 0x6000 | PAGE_RO | BIT_ULL(54));	/* UXN */
	context_s1(d, &t);
	publish(DEV, d);
	/* EXEC and PRIV off: execute is a read, privileged is not */
	EXPECT_EQ(ask(DEV, 0x2000, X).reason, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R | P).reason, CORDON_REASON_PERMISSION);
	d[0] |= CORDON_DC_EXEC | CORDON_DC_PRIV | CORDON_DC_RAZWI;
	publish(DEV, d);
	EXPECT_EQ(command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV), 1);
	EXPECT_EQ(ask(DEV, 0x2000, X).reason, CORDON_REASON_PERMISSION);
	EXPECT(ask(DEV, 0x2000, X).razwi);
	EXPECT_EQ(ask(DEV, 0x2000, X | P).reason, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R | P).reason, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_PERMISSION);
	EXPECT_EQ(ask(DEV, 0x1000, W | P).reason, 0);
	/* modes */
	d[0] |= CORDON_DC_NOWALK;
	publish(DEV, d);
	EXPECT_EQ(command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV), 1);
	EXPECT_EQ(ask(DEV, 0x1000, R | P).reason, CORDON_REASON_NOWALK);
	memset(d, 0, sizeof(d));
	d[0] = CORDON_DC_V;
	publish(DEV, d);
	EXPECT_EQ(command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV), 1);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_BLOCKED);
	req = request(DEV, 0x1000, R);
	req.type = CORDON_TYPE_TRANSLATED;
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_TRANSLATED);
	req.type = CORDON_TYPE_ATS;
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_ATS_OFF);
	EXPECT_EQ(answer(&req).ats_status, 1);
	EXPECT_EQ(stale(), 0);
}

void tests_context(void)
{
	RUN(directory_levels);
	RUN(directory_errors);
	RUN(device_checks);
	RUN(detail_in_fault);
	RUN(process_checks);
	RUN(processes);
	RUN(policy);
}
