// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* The fault queue: records, wrap, losses, limits, merging (spec 6) */
#include "harness.h"

#define REC(i, n)	r64(w.fq + 64 * (i) + 8 * (n))
#define TAIL		reg32(CORDON_REG_FQ_TAIL)
#define LOST		reg(CORDON_REG_FQ_LOST)

static struct table t;
static uint64_t block;

/* a device with a table, a fault block and a limit */
static void device(uint32_t devid, uint64_t fb, unsigned int limit, uint64_t cfg)
{
	uint64_t d[8] = { 0 };

	context_s1(d, &t);
	d[0] |= cfg | (fb ? CORDON_DC_FAULT : 0);
	d[1] |= cm_put(CORDON_TAGS_FLIMIT, limit);
	d[6] = fb;
	publish(devid, d);
}

static void start(unsigned int log2, unsigned int merge, unsigned int limit, uint64_t cfg)
{
	boot_off();
	t = table_new(12, 39, 1);
	block = page();
	set(CORDON_REG_FQ_BASE, w.fq | log2);
	set32(CORDON_REG_FQ_MERGE, merge);
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	queue_up(0, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 5));
	set(CORDON_REG_ROOT, w.dir | 2);
	device(DEV, block, limit, cfg);
}

static void record(void)
{
	struct cordon_request req;
	uint64_t at;

	start(3, 0, 0, CORDON_DC_PRIV);
	at = table_at(&t, 0x7123, 3);
	req = request(DEV, 0x7123, W | P);
	answer(&req);
	EXPECT_EQ(TAIL, 1);
	EXPECT_EQ(REC(0, 0), CORDON_FAULT_PHASE | cm_put(CORDON_FAULT_STAGE, 1) |
		  cm_put(CORDON_FAULT_LEVEL, 4) |
		  cm_put(CORDON_FAULT_REASON, CORDON_REASON_TRANSLATION) | CORDON_FAULT_WRITE |
		  CORDON_FAULT_PRIV | cm_put(CORDON_FAULT_COUNT, 1));
	EXPECT_EQ(REC(0, 1), DEV | CORDON_SRC_CHARGED);
	EXPECT_EQ(REC(0, 2), 0x7123);
	EXPECT_EQ(REC(0, 3), 0);
	EXPECT_EQ(REC(0, 4), cm_put(CORDON_TAGS_DTAG, DTAG));
	EXPECT_EQ(REC(0, 5), w.now);
	EXPECT_EQ(REC(0, 6), at);
	EXPECT_EQ(REC(0, 7), 0);
	EXPECT_EQ(r64(block), 1);
	ask(0x999, 0, R);			/* nobody's */
	EXPECT_EQ(REC(1, 1), 0x999 | CORDON_SRC_ANON);
	EXPECT_EQ(REC(1, 4), 0);
	EXPECT_EQ(r64(w.anon), 1);
	/* a probe leaves no trace */
	req.probe = true;
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(TAIL, 2);
}

static void wrap(void)
{
	unsigned int i;

	start(2, 0, 0, 0);
	for (i = 0; i < 50; i++) {
		ask(DEV, 0x1000 * i, R);
		EXPECT_EQ(TAIL, i + 1);
		EXPECT_EQ(REC(i & 3, 2), 0x1000 * i);
		EXPECT_EQ(REC(i & 3, 0) & CORDON_FAULT_PHASE, !(i >> 2 & 1));
		set32(CORDON_REG_FQ_HEAD, i + 1);
	}
	EXPECT_EQ(LOST, 0);
	set32(CORDON_REG_FQ_HEAD, 49);		/* behind, and ahead: ignored */
	set32(CORDON_REG_FQ_HEAD, 51);
	EXPECT_EQ(reg32(CORDON_REG_FQ_HEAD), 50);
}

static void overflow(void)
{
	unsigned int i;

	start(2, 0, 0, 0);
	for (i = 0; i < 4; i++)
		ask(DEV, 0x1000 * i, R);
	set32(CORDON_REG_IPEND, ~0u);
	for (i = 0; i < 6; i++)
		ask(DEV, 0x10000, R);
	EXPECT_EQ(TAIL, 4);
	EXPECT_EQ(LOST, 6);
	EXPECT_EQ(r64(block), cm_put(CORDON_FB_LOST, 6) | 4);
	EXPECT_EQ(REC(0, 2), 0);		/* records are never overwritten */
	set32(CORDON_REG_FQ_HEAD, 4);
	ask(DEV, 0x10000, R);
	EXPECT_EQ(REC(0, 7), 6);
	EXPECT_EQ(cordon_model_stats(w.m)->faults, 11);
	/* off: counted in the queue alone */
	set32(CORDON_REG_CTRL, 0);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), 0);
	ask(DEV, 0x10000, R);
	EXPECT_EQ(LOST, 7);
	EXPECT_EQ(r64(block), cm_put(CORDON_FB_LOST, 6) | 5);
	/* on again: from the start, losses go on */
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	EXPECT_EQ(TAIL, 0);
	EXPECT_EQ(LOST, 7);
}

static void first_loss_interrupts(void)
{
	unsigned int i;

	start(2, 0, 0, 0);
	for (i = 0; i < 4; i++)
		ask(DEV, 0x1000 * i, R);
	set32(CORDON_REG_FQ_HEAD, 0);
	w.m->latched = 0;
	cm_irq_update(w.m);
	ask(DEV, 0, R);
	EXPECT_EQ(reg32(CORDON_REG_IPEND), BIT(CORDON_INT_FAULT));
	w.m->latched = 0;
	ask(DEV, 0, R);
	EXPECT_EQ(reg32(CORDON_REG_IPEND), 0);	/* only the first since HEAD was written */
	set32(CORDON_REG_FQ_HEAD, 0);
	ask(DEV, 0, R);
	EXPECT_EQ(reg32(CORDON_REG_IPEND), BIT(CORDON_INT_FAULT));
}

static void limits(void)
{
	unsigned int i;

	start(6, 0, 2, 0);
	for (i = 0; i < 5; i++)
		ask(DEV, 0x1000 * i, R);
	EXPECT_EQ(TAIL, 2);
	EXPECT_EQ(LOST, 0);
	EXPECT_EQ(r64(block), cm_put(CORDON_FB_LOST, 3) | 2);
	w64(block + 8, 1);
	ask(DEV, 0, R);
	ask(DEV, 0, R);
	EXPECT_EQ(TAIL, 3);
	/* another device is not hindered */
	device(DEV + 1, 0, 0, 0);
	ask(DEV + 1, 0, R);
	EXPECT_EQ(TAIL, 4);
	EXPECT_EQ(cm_get(CORDON_SRC_CHARGED | CORDON_SRC_ANON, REC(3, 1)), 0);
	/* anonymous ones share eight */
	for (i = 0; i < 20; i++)
		ask(0x2000 + i, 0, R);
	EXPECT_EQ(TAIL, 12);
	EXPECT_EQ(r64(w.anon), cm_put(CORDON_FB_LOST, 12) | 8);
	EXPECT_EQ(LOST, 0);
	/* software that says it handled more than there was */
	w64(block + 8, 9);
	ask(DEV, 0, R);
	EXPECT_EQ(TAIL, 13);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FAULT_BLOCK);
	/* a block that is not there: recorded, uncharged */
	w.abort_first = block;
	w.abort_last = block + 63;
	ask(DEV, 0, R);
	EXPECT_EQ(TAIL, 14);
	EXPECT_EQ(REC(13, 1), DEV);
}

static void no_anonymous_budget(void)
{
	start(6, 0, 0, 0);
	set32(CORDON_REG_CTRL, 0);
	set(CORDON_REG_FQ_ANON, 0);
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	set(CORDON_REG_FQ_ANON, w.anon | CORDON_FQ_ANON_V);	/* too late: ignored */
	EXPECT_EQ(reg(CORDON_REG_FQ_ANON), 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
	ask(0x999, 0, R);
	EXPECT_EQ(TAIL, 0);
	EXPECT_EQ(LOST, 1);
}

static void silence(void)
{
	start(6, 0, 0, CORDON_DC_SILENT);
	EXPECT_EQ(ask(DEV, 0, R).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(TAIL, 0);
	EXPECT_EQ(LOST, 0);
	set(CORDON_REG_ROOT, CORDON_ROOT_SILENT);
	EXPECT_EQ(ask(DEV, 0, R).reason, CORDON_REASON_NO_ROOT);
	EXPECT_EQ(TAIL, 0);
	set(CORDON_REG_ROOT, 0);
	ask(DEV, 0, R);
	EXPECT_EQ(TAIL, 1);
}

static void queue_write_aborts(void)
{
	start(6, 0, 0, 0);
	w.abort_first = w.fq;
	w.abort_last = w.fq + 63;
	ask(DEV, 0, R);
	EXPECT_EQ(TAIL, 0);
	EXPECT_EQ(LOST, 1);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FQ_WRITE);
	EXPECT_EQ(r64(block), cm_put(CORDON_FB_LOST, 1));
}

/* the sum over all records and losses is the number of faults */
static uint64_t accounted(unsigned int records)
{
	uint64_t sum = LOST;
	unsigned int i;

	for (i = 0; i < records; i++)
		sum += cm_get(CORDON_FAULT_COUNT, REC(i, 0));
	return sum;
}

static void merging(void)
{
	unsigned int i;

	start(6, 10, 0, 0);			/* 1024 us */
	for (i = 0; i < 10; i++)
		ask(DEV, 0x1000 + i, R);
	EXPECT_EQ(TAIL, 1);
	ask(DEV, 0x1000, W);			/* another kind, another page */
	ask(DEV, 0x2000, R);
	EXPECT_EQ(TAIL, 3);
	EXPECT_EQ(cordon_model_tick(w.m), w.now + 64000);
	w.now += 64000;
	EXPECT_EQ(cordon_model_tick(w.m), CM_NEVER);
	EXPECT_EQ(TAIL, 4);			/* entries without repeats leave none */
	EXPECT_EQ(REC(3, 0) & CORDON_FAULT_REPEAT, CORDON_FAULT_REPEAT);
	EXPECT_EQ(cm_get(CORDON_FAULT_COUNT, REC(3, 0)), 9);
	EXPECT_EQ(REC(3, 2), 0x1009);		/* of the latest */
	EXPECT_EQ(r64(block), 4);
	EXPECT_EQ(accounted(4), 12);
	/* FLUSH, and disabling */
	for (i = 0; i < 3; i++)
		ask(DEV, 0x5000, R);
	EXPECT_EQ(TAIL, 5);
	command(CORDON_OP_SYNC | CORDON_CMD_FLUSH, 0, 0, 0);
	EXPECT_EQ(TAIL, 6);
	EXPECT_EQ(accounted(6), 15);
	for (i = 0; i < 3; i++)
		ask(DEV, 0x5000, R);
	/* the context goes, and its block with it: written out before that */
	command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV);
	EXPECT_EQ(TAIL, 8);
	EXPECT_EQ(accounted(8), 18);
	for (i = 0; i < 3; i++)
		ask(DEV, 0x5000, R);
	set32(CORDON_REG_CTRL, 0);
	EXPECT_EQ(TAIL, 10);
	EXPECT_EQ(accounted(10), 21);
}

static void merge_quota(void)
{
	unsigned int i, n;

	w.cfg.cap[3] = (w.cfg.cap[3] & ~CORDON_CAP2_MERGE) | cm_put(CORDON_CAP2_MERGE, 8);
	start(6, 20, 0, 0);
	for (n = 0; n < 2; n++)
		for (i = 0; i < 4; i++, w.now++)
			ask(DEV, 0x1000 * i, R);
	/* two entries of its own: each fault evicted the oldest before it could repeat */
	EXPECT_EQ(TAIL, 8);
	device(DEV + 1, 0, 0, 0);
	ask(DEV + 1, 0x1000, R);
	ask(DEV + 1, 0x1000, R);
	EXPECT_EQ(TAIL, 9);
	for (i = 0; i < 4; i++, w.now++)
		ask(DEV, 0x1000 * i, R);	/* does not evict another's */
	ask(DEV + 1, 0x1000, R);
	EXPECT_EQ(TAIL, 13);
	/* fill the table, then one that has none evicts one of who has most */
	for (i = 2; i < 8; i++) {
		device(DEV + i, 0, 0, 0);
		ask(DEV + i, 0x1000, R);
		ask(DEV + i, 0x1000, R);
	}
	EXPECT_EQ(w.m->merged, 8);
	EXPECT_EQ(cm_get(CORDON_SRC_DEVID, REC(TAIL - 1, 1)), DEV + 7);
	set32(CORDON_REG_CTRL, 0);
	EXPECT_EQ(accounted(TAIL), cordon_model_stats(w.m)->faults);
}

/* a block that cannot be accessed: the fault is recorded uncharged, or lost all the same */
static void block_aborts(void)
{
	start(1, 0, 0, 0);
	w.abort_first = block;
	w.abort_last = block + 63;
	ask(DEV, 0, R);
	EXPECT_EQ(TAIL, 1);
	EXPECT_EQ(REC(0, 1), DEV);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FAULT_BLOCK);
	EXPECT_EQ(reg(CORDON_REG_ERRADDR), block);
	w.abort_writes_only = true;
	ask(DEV, 0x1000, R);
	EXPECT_EQ(REC(1, 1), DEV);
	set32(CORDON_REG_ERROR, ~0u);
	ask(DEV, 0x2000, R);				/* full */
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FAULT_BLOCK);
	set32(CORDON_REG_ERROR, ~0u);
	w.abort_writes_only = false;
	ask(DEV, 0x3000, R);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FAULT_BLOCK);
	EXPECT_EQ(LOST, 2);
	EXPECT_EQ(r64(block), 0);
	/* software that has handled more than there was */
	w.abort_last = 0;
	set32(CORDON_REG_FQ_HEAD, 2);
	set32(CORDON_REG_ERROR, ~0u);
	w64(block + 8, 5);
	ask(DEV, 0x4000, R);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FAULT_BLOCK);
	EXPECT_EQ(r64(block), 1);
	EXPECT_EQ(REC(0, 1), DEV | CORDON_SRC_CHARGED);
}

/* requests without a usable context are one holder, whoever they claim to be */
static void anonymous_merging(void)
{
	struct cordon_request req = request(0x1ff, 0x1000, R | W);
	unsigned int i;

	w.cfg.cap[3] = (w.cfg.cap[3] & ~CORDON_CAP2_MERGE) | cm_put(CORDON_CAP2_MERGE, 8);
	start(6, 20, 0, 0);
	req.atomic = true;
	answer(&req);
	EXPECT_EQ(REC(0, 0) & CORDON_FAULT_ATOMIC, CORDON_FAULT_ATOMIC);
	EXPECT_EQ(REC(0, 1), 0x1ff | CORDON_SRC_ANON);
	for (i = 0; i < 3; i++)
		answer(&req);
	EXPECT_EQ(TAIL, 1);
	/* an eighth of eight entries is one: another identifier takes it over */
	req.devid = 0x1fe;
	answer(&req);
	EXPECT_EQ(TAIL, 3);
	EXPECT_EQ(REC(2, 0) & CORDON_FAULT_REPEAT, CORDON_FAULT_REPEAT);
	EXPECT_EQ(cm_get(CORDON_FAULT_COUNT, REC(2, 0)), 3);
	EXPECT_EQ(w.m->merged, 1);
	/* and a device has its own */
	ask(DEV, 0x1000, R);
	EXPECT_EQ(w.m->merged, 2);
	command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV);
	EXPECT_EQ(w.m->merged, 1);
	set32(CORDON_REG_CTRL, 0);
	EXPECT_EQ(accounted(TAIL), cordon_model_stats(w.m)->faults);
}

void tests_fault(void)
{
	RUN(record);
	RUN(wrap);
	RUN(overflow);
	RUN(first_loss_interrupts);
	RUN(limits);
	RUN(no_anonymous_budget);
	RUN(silence);
	RUN(queue_write_aborts);
	RUN(merging);
	RUN(merge_quota);
	RUN(block_aborts);
	RUN(anonymous_merging);
}
