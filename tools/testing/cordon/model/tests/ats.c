// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Answers to translation requests, page requests that go wrong, INV_ATC (spec 4.8, 5.4.9, 7) */
#include "harness.h"

#define TAIL	reg32(CORDON_REG_FQ_TAIL)
#define LOST	reg(CORDON_REG_PRQ_LOST)

static struct table t, s2;
static uint64_t block;

static struct cordon_request ats(uint64_t addr, unsigned int access)
{
	struct cordon_request req = request(DEV, addr, access);

	req.type = CORDON_TYPE_ATS;
	return req;
}

/* success, and nothing with it; nothing is recorded */
static void gives_nothing(const struct cordon_request *req)
{
	uint32_t tail = TAIL;
	struct cordon_answer a = answer(req);

	EXPECT_EQ(a.ats_status, 0);
	EXPECT(!a.read && !a.write && !a.exec);
	EXPECT_EQ(a.reason, 0);
	EXPECT_EQ(TAIL, tail);
}

static void is_refused(const struct cordon_request *req, unsigned int status, unsigned int reason)
{
	uint32_t tail = TAIL;
	struct cordon_answer a = answer(req);

	EXPECT_EQ(a.ats_status, status);
	EXPECT(!a.read && !a.write && !a.exec);
	EXPECT_EQ(a.reason, reason);
	EXPECT_EQ(TAIL, tail + 1);
	EXPECT_EQ(cm_get(CORDON_FAULT_REASON, r64(w.fq + 64ull * (tail & 63))), reason);
}

static void publish_now(const uint64_t *d)
{
	publish(DEV, d);
	command(CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, DEV, DEV);
}

static void answers(void)
{
	struct cordon_request req = ats(0x1000, R | W);
	uint64_t d[8] = { 0 };

	boot();
	is_refused(&req, 1, CORDON_REASON_DD_ABSENT);
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	publish_now(d);
	is_refused(&req, 1, CORDON_REASON_ATS_OFF);
	/* what the device got could not be used */
	d[0] |= CORDON_DC_ATS;
	publish_now(d);
	gives_nothing(&req);
	d[0] |= cm_put(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_TRUST);
	publish_now(d);
	gives_nothing(&req);			/* not mapped */
	table_put(&t, 0x1000, 3, 0x5000 | (PAGE_RW & ~AF));
	gives_nothing(&req);			/* access flag */
	table_put(&t, 0x1000, 3, 0x5000 | (PAGE_RW & ~AP_USER));
	gives_nothing(&req);			/* nothing that was asked for is permitted */
	req.addr = BIT_ULL(40);
	gives_nothing(&req);			/* input size */
	req.addr = 0x1000;
	req.pv = true;
	gives_nothing(&req);			/* no process directory */
	d[4] = page() | 1;
	publish_now(d);
	gives_nothing(&req);			/* no pointer */
	req.pasid = 512;
	gives_nothing(&req);			/* beyond the directory */
	req.pasid = 0;
	pd_point(d[4] & ~1ull, 0, page());
	gives_nothing(&req);			/* no process context */
	pd_point(d[4] & ~1ull, 0, BIT_ULL(52));
	is_refused(&req, 4, CORDON_REASON_PD_MALFORMED);
	req.pv = false;
	d[0] |= CORDON_DC_NOWALK;
	publish_now(d);
	gives_nothing(&req);
	memset(d + 1, 0, sizeof(d) - 8);
	d[0] = CORDON_DC_V | CORDON_DC_ATS;
	d[0] |= cm_put(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_TRUST);
	publish_now(d);
	gives_nothing(&req);			/* blocks */
	d[0] |= BIT_ULL(40);
	publish_now(d);
	is_refused(&req, 4, CORDON_REASON_DC_MALFORMED);
}

static void bypass(void)
{
	struct cordon_request req = ats(0x345678, R | W | X);
	uint64_t d[8] = { CORDON_DC_V | CORDON_DC_ATS | CORDON_DC_EXEC |
			  cm_put(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_TRUST) |
			  cm_put(CORDON_DC_S1, CORDON_S1_BYPASS) };
	struct cordon_answer a;

	boot();
	publish(DEV, d);
	a = answer(&req);
	EXPECT_EQ(a.addr, 0x345678);
	EXPECT(a.read && a.write && a.exec);
	EXPECT_EQ(a.span_log2, 21);
	req.addr = BIT_ULL(52);
	gives_nothing(&req);
	/* the same addresses without ATS */
	req.type = CORDON_TYPE_UNTRANSLATED;
	a = answer(&req);
	EXPECT_EQ(a.reason, CORDON_REASON_INPUT_SIZE);
	EXPECT_EQ(a.stage, 1);
	req.type = CORDON_TYPE_TRANSLATED;
	EXPECT_EQ(answer(&req).reason, CORDON_REASON_INPUT_SIZE);
	req.addr = 0x1000;
	req.write = false;
	req.exec = false;
	EXPECT_EQ(answer(&req).addr, 0x1000);
	/* execute is a read where policy says so, and then there is none to give */
	d[0] &= ~CORDON_DC_EXEC;
	publish_now(d);
	req = ats(0x1000, X);
	a = answer(&req);
	EXPECT(a.read && !a.exec);
}

static void second_stage(uint64_t cfg, uint64_t dlroot)
{
	uint64_t d[8] = { 0 };

	s2 = table_new(12, 40, 1);
	context_s2(d, &s2);
	d[0] |= CORDON_DC_ATS | cfg | cm_put(CORDON_DC_S1, CORDON_S1_BYPASS) |
		cm_put(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_STAGE2);
	d[7] = dlroot;
	publish(DEV, d);
}

static void intermediate(void)
{
	struct cordon_request req = ats(0x1234, R | W);
	struct cordon_answer a;

	boot();
	second_stage(0, 0);
	table_put(&s2, 0x1000, 3, 0x5000 | S2_RW);
	/* the device gets the IPA and comes back with it */
	a = answer(&req);
	EXPECT_EQ(a.addr, 0x1234);
	EXPECT(a.read && a.write);
	EXPECT_EQ(a.span_log2, 12);
	req.type = CORDON_TYPE_TRANSLATED;
	a = answer(&req);
	EXPECT_EQ(a.addr, 0x5234);
	EXPECT(a.hit);
	req.addr = 0x9000;
	a = answer(&req);
	EXPECT_EQ(a.reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(a.stage, 2);
	EXPECT_EQ(a.ipa, 0x9000);
	EXPECT_EQ(stale(), 0);
}

/* what one stage gives and the other does not is not given, nor is it prepared for */
static void two_stages(void)
{
	struct cordon_request req = ats(0x1000, W | X);
	uint64_t d[8] = { 0 }, at;
	struct cordon_answer a;

	boot();
	t = table_new(12, 39, 1);
	s2 = table_new(12, 40, 1);
	context_s1(d, &t);
	context_s2(d, &s2);
	d[0] |= CORDON_DC_ATS | CORDON_DC_EXEC |
		cm_put(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_STAGE2);
	d[2] |= CORDON_S2FMT_HA | CORDON_S2FMT_HD;
	publish(DEV, d);
	table_put(&s2, 0x100000, 1, 0 | (S2_RW & ~2ull));
	table_put(&t, 0x1000, 3, 0x40005000 | PAGE_RO);
	at = table_put(&s2, 0x40005000, 3, 0x5000 | (S2_RO & ~AF) | AF | DBM | BIT_ULL(54));
	/* execute by stage 1 alone, write by stage 2 alone: nothing, and no dirty state */
	gives_nothing(&req);
	EXPECT_EQ(r64(at) & BIT_ULL(7), 0);
	/* with execute in both stages there is a right, and read with it */
	w64(at, r64(at) & ~BIT_ULL(54));
	a = answer(&req);
	EXPECT(a.read && a.exec && !a.write);
	EXPECT_EQ(r64(at) & BIT_ULL(7), 0);
	EXPECT_EQ(a.addr, 0x40005000);
	EXPECT_EQ(stale(), 0);
}

static void logged(void)
{
	struct cordon_request req = ats(0x201000, R | W);
	uint64_t root, leaf;
	struct cordon_answer a;

	boot();
	root = page();
	leaf = page();
	second_stage(CORDON_DC_DIRTY, root | 1);
	table_put(&s2, 0x200000, 2, 0x400000 | (S2_RW & ~2ull));
	/* write is left out where it cannot be logged, and that is recorded */
	a = answer(&req);
	EXPECT_EQ(a.ats_status, 0);
	EXPECT(a.read && !a.write);
	EXPECT_EQ(TAIL, 1);
	EXPECT_EQ(cm_get(CORDON_FAULT_REASON, r64(w.fq)), CORDON_REASON_DL_ABSENT);
	w64(root, leaf | CORDON_PTR_V);
	a = answer(&req);
	EXPECT(a.read && a.write);
	EXPECT_EQ(a.span_log2, 12);			/* one page, of a block */
	EXPECT_EQ(r64(leaf + 64), 2);			/* bit 513 */
	req.write = false;
	a = answer(&req);
	EXPECT(!a.write);
	EXPECT_EQ(a.span_log2, 21);
	/* of a write that stage 2 does not permit there is nothing to log */
	table_put(&s2, 0x400000, 2, 0x400000 | (S2_RO & ~2ull));
	req = ats(0x400000, R | W);
	a = answer(&req);
	EXPECT(a.read && !a.write);
	EXPECT_EQ(r64(leaf + 128), 0);
	EXPECT_EQ(TAIL, 1);
}

static void snoop(void)
{
	uint64_t d[8] = { 0 };

	boot();
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	publish(DEV, d);
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW | 2 << 2);
	table_put(&t, 0x2000, 3, 0x5000 | PAGE_RW | 0 << 2);
	EXPECT_EQ(ask(DEV, 0x1000, R).attr, 0x44);
	d[0] |= CORDON_DC_SNOOP;
	publish_now(d);
	/* policy applies after the lookup; Device memory stays what it is */
	EXPECT(ask(DEV, 0x1000, R).hit);
	EXPECT_EQ(ask(DEV, 0x1000, R).attr, 0xff);
	EXPECT_EQ(ask(DEV, 0x2000, R).attr, 0x04);
}

/* -- page requests ----------------------------------------------------- */

static uint64_t paging(uint64_t cfg)
{
	uint64_t d[8] = { CORDON_DC_V | CORDON_DC_ATS | CORDON_DC_FAULT | cfg |
			  cm_put(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_TRUST),
			  cm_put(CORDON_TAGS_PLIMIT, 8) };

	d[6] = block;
	return publish(DEV, d);
}

static bool wants(bool last, uint32_t *code)
{
	struct cordon_request req = request(DEV, 0x7123, R);

	return cordon_model_page_request(w.m, &req, 5, last, code);
}

static uint64_t paging_boot(void)
{
	uint64_t prq;

	boot();
	prq = page();
	block = page();
	set(CORDON_REG_PRQ_BASE, prq | 3);
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN | CORDON_CTRL_PRQEN);
	return prq;
}

static void page_requests_off(void)
{
	uint32_t code;

	paging_boot();
	paging(0);
	/* a group is answered with its last request only */
	EXPECT(wants(false, &code));
	EXPECT(!wants(true, &code));
	EXPECT_EQ(code, CORDON_RESPONSE_FAILURE);
	EXPECT_EQ(TAIL, 2);
	EXPECT_EQ(cm_get(CORDON_FAULT_REASON, r64(w.fq)), CORDON_REASON_PRI_OFF);
	EXPECT_EQ(reg32(CORDON_REG_PRQ_TAIL), 0);
	/* a context that is cached does not refuse, be the command missing or not */
	paging(CORDON_DC_PRI);
	EXPECT(wants(true, &code));
	EXPECT_EQ(reg32(CORDON_REG_PRQ_TAIL), 1);
	EXPECT_EQ(TAIL, 2);
	/* nothing is written while the queue is off */
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), CORDON_CTRL_FQEN);
	EXPECT(!wants(true, &code));
	EXPECT_EQ(code, CORDON_RESPONSE_SUCCESS);
	EXPECT_EQ(LOST, 1);
	EXPECT_EQ(r64(block + 16), 1);
	EXPECT_EQ(r64(block + 32), 0);
}

static void page_requests_abort(void)
{
	uint64_t prq = paging_boot();
	uint32_t code;

	paging(CORDON_DC_PRI);
	/* its queue: counted as lost, answered, and no longer charged */
	w.abort_first = prq;
	w.abort_last = prq + 31;
	EXPECT(!wants(true, &code));
	EXPECT_EQ(code, CORDON_RESPONSE_SUCCESS);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_PRQ_WRITE);
	EXPECT_EQ(LOST, 1);
	EXPECT_EQ(r64(block + 16), cm_put(CORDON_FB_LOST, 1));
	EXPECT_EQ(r64(block + 32), CORDON_FB_LOSS);
	/* its fault block: the record is written uncharged */
	set32(CORDON_REG_ERROR, ~0u);
	w.abort_first = block;
	w.abort_last = block + 63;
	EXPECT(wants(true, &code));
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FAULT_BLOCK);
	EXPECT_EQ(r64(prq + 8), DEV);
	EXPECT_EQ(r64(prq) & CORDON_PR_LOSS, 0);
	/* only its writes */
	w.abort_writes_only = true;
	EXPECT(wants(true, &code));
	EXPECT_EQ(r64(prq + 32 + 8), DEV);
	EXPECT_EQ(r64(prq + 32) & CORDON_PR_LOSS, CORDON_PR_LOSS);
	/* lost, and the block cannot be told */
	set32(CORDON_REG_ERROR, ~0u);
	w.abort_first = prq;		/* the block is on the next page */
	EXPECT(!wants(true, &code));
	EXPECT_EQ(LOST, 2);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FAULT_BLOCK | CORDON_ERROR_PRQ_WRITE);
}

/* -- INV_ATC ----------------------------------------------------------- */

static uint64_t state(unsigned int q)
{
	return cm_get(CORDON_STATUS_STATE, reg(CORDON_PAGE_GUEST(q) + CORDON_REG_Q_STATUS));
}

static void late_word_aborts(void)
{
	boot();
	block = page();
	paging(0);
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0, 0xfff), 0);
	w.abort_first = w.slots;
	w.abort_last = w.slots + 4095;
	cordon_model_atc_done(w.m, w.atc_tag, true);
	EXPECT_EQ(state(0), CORDON_QSTATE_STOPPED);
	EXPECT_EQ(cm_get(CORDON_STATUS_REASON, reg(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_STATUS)),
		  CORDON_QREASON_WRITE);
	/* the head stays where it is: nothing is skipped by going on */
	EXPECT_EQ(cm_get(CORDON_STATUS_HEAD, reg(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_STATUS)), 1);
	w.abort_last = 0;
	set32(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME, CORDON_RESUME_SKIP);
	EXPECT_EQ(state(0), CORDON_QSTATE_RUNNING);
	EXPECT_EQ(r64(w.slots + 56), 0);		/* the lost word is lost */
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(cm_get(CORDON_STATUS_HEAD, r64(w.status)), 2);
}

static void two_queues_wait(void)
{
	uint64_t ring, slots;
	uint32_t tag;

	boot();
	block = page();
	paging(0);
	ring = page();
	slots = page();
	w64(w.qtable + 64 + 8, ring);
	w64(w.qtable + 64 + 16, slots);
	w64(w.qtable + 64 + 24, w.status + 64);
	queue_up(1, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 3));
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0, 0xfff), 0);
	tag = w.atc_tag;
	w64(ring, CORDON_OP_INV_ATC | CORDON_CMD_COMPLETE);
	w64(ring + 8, DEV);
	w.now += 10;
	set32(CORDON_PAGE_GUEST(1), 1);
	/* both time out, the older first */
	EXPECT_EQ(cordon_model_tick(w.m), w.now - 10 + cm_ticks(w.m, 20));
	/* disabling one queue abandons its own, and no other's */
	set32(CORDON_PAGE_HOST(1), 0);
	cordon_model_atc_done(w.m, w.atc_tag, true);
	EXPECT_EQ(r64(slots), 0);
	cordon_model_atc_done(w.m, tag, true);
	EXPECT_EQ(cm_get(CORDON_COMPLETION_STATUS, r64(w.slots + 56)), CORDON_COMPLETION_OK);
}

static void as_many_as_tags(void)
{
	unsigned int i;

	w.cfg.cap[4] |= CORDON_CAP3_ATC_DEVICE | CORDON_CAP3_ATC_QUEUE;
	boot();
	block = page();
	paging(0);
	point(DEV + 1, r64((r64(w.dir) & CORDON_PTR_PAGE) + 8 * DEV) & CORDON_PTR_CONTEXT);
	for (i = 0; i < 255; i++)
		EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0, 0), 0);
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV + 1, 0, 0), CORDON_COMPLETION_BUSY);
	cordon_model_atc_done(w.m, w.atc_tag, false);
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV + 1, 0, 0), 0);
	EXPECT_EQ(w.atc_asked, 256);
}

void tests_ats(void)
{
	RUN(answers);
	RUN(bypass);
	RUN(intermediate);
	RUN(two_stages);
	RUN(logged);
	RUN(snoop);
	RUN(page_requests_off);
	RUN(page_requests_abort);
	RUN(late_word_aborts);
	RUN(two_queues_wait);
	RUN(as_many_as_tags);
}
