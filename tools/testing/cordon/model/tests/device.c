// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Device TLBs, page requests, guests' queues and structures (spec 4.8, 5.4.9, 7, 13) */
#include "harness.h"

static struct table t;

static void ats_device(uint64_t translated, uint64_t cfg)
{
	uint64_t d[8] = { 0 };

	t = table_new(12, 39, 1);
	context_s1(d, &t);
	d[0] |= CORDON_DC_ATS | cm_put(CORDON_DC_TRANSLATED, translated) | cfg;
	if (cfg & CORDON_DC_PRI) {
		d[0] |= CORDON_DC_FAULT;
		d[1] |= cm_put(CORDON_TAGS_PLIMIT, 3);
		d[6] = w.anon + 64;
	}
	publish(DEV, d);
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RO);
}

static void translation_requests(void)
{
	struct cordon_request req = request(DEV, 0x1000, R | W);
	struct cordon_answer a;

	boot();
	ats_device(CORDON_TRANSLATED_TRUST, 0);
	req.type = CORDON_TYPE_ATS;
	a = answer(&req);
	EXPECT_EQ(a.ats_status, 0);
	EXPECT(a.read && !a.write);
	EXPECT_EQ(a.addr, 0x5000);
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW);	/* the cached entry does not deny */
	EXPECT(answer(&req).write);
	req.write = false;
	EXPECT(!answer(&req).write);			/* no-write */
	req.addr = 0x9000;
	a = answer(&req);
	EXPECT_EQ(a.reason, 0);
	EXPECT_EQ(a.ats_status, 0);
	EXPECT(!a.read && !a.write);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 0);
	req.type = CORDON_TYPE_TRANSLATED;
	req.addr = 0x123456;
	EXPECT_EQ(answer(&req).addr, 0x123456);
	req.devid = 0x999;
	req.type = CORDON_TYPE_ATS;
	EXPECT_EQ(answer(&req).ats_status, 1);
	req.devid = DEV;
	table_put(&t, 0x40000000, 1, 0xf0000000 | TABLE);
	req.addr = 0x40000000;
	EXPECT_EQ(answer(&req).ats_status, 4);
	EXPECT_EQ(stale(), 0);
}

static void inv_atc(void)
{
	unsigned int i;

	w.cfg.cap[4] = (w.cfg.cap[4] & ~CORDON_CAP3_ATC_DEVICE) | cm_put(CORDON_CAP3_ATC_DEVICE, 2);
	boot();
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0x1000, 0x1000), CORDON_COMPLETION_REFUSED);
	EXPECT_EQ(w.atc_asked, 0);
	ats_device(CORDON_TRANSLATED_TRUST, 0);
	w.atc_answers = true;
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0x1234, 0x1234), CORDON_COMPLETION_OK);
	EXPECT_EQ(w.atc_first, 0x1000);
	EXPECT_EQ(w.atc_last, 0x1fff);
	w.atc_answers = false;
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0, ~0ull), 0);
	/* later commands do not wait */
	w64(w.slots + 8 * 9, 0);
	submit(CORDON_OP_SYNC | CORDON_CMD_COMPLETE | cm_put(CORDON_CMD_SLOT, 9), 0, 0, 0);
	EXPECT_EQ(r64(w.slots + 8 * 9), BIT_ULL(32));
	cordon_model_atc_done(w.m, w.atc_tag, true);
	EXPECT_EQ(cm_get(CORDON_COMPLETION_STATUS, r64(w.slots + 56)), CORDON_COMPLETION_OK);
	cordon_model_atc_done(w.m, w.atc_tag, false);		/* twice: ignored */
	EXPECT_EQ(cm_get(CORDON_COMPLETION_STATUS, r64(w.slots + 56)), CORDON_COMPLETION_OK);
	/* more than may be outstanding */
	for (i = 0; i < 2; i++)
		EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0, 0), 0);
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0, 0), CORDON_COMPLETION_BUSY);
	/* nobody answers */
	w64(w.slots + 56, 0);
	w.now += 62500ull * 1048576 / 1000;
	EXPECT_EQ(cordon_model_tick(w.m), CM_NEVER);
	EXPECT_EQ(cm_get(CORDON_COMPLETION_STATUS, r64(w.slots + 56)), CORDON_COMPLETION_TIMEOUT);
	/* FREEZE waits for what was taken */
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0, 0), 0);
	set32(CORDON_PAGE_HOST(0), CORDON_Q_EN | CORDON_Q_FREEZE);
	EXPECT_EQ(reg32(CORDON_PAGE_HOST(0) + 4), CORDON_Q_EN);
	cordon_model_atc_done(w.m, w.atc_tag, true);
	EXPECT_EQ(reg32(CORDON_PAGE_HOST(0) + 4), CORDON_Q_EN | CORDON_Q_FREEZE);
	/* disabling abandons: no later write */
	set32(CORDON_PAGE_HOST(0), CORDON_Q_EN);
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0, 0), 0);
	set32(CORDON_PAGE_HOST(0), 0);
	cordon_model_atc_done(w.m, w.atc_tag, true);
	EXPECT_EQ(r64(w.slots + 56), 0);
}

static void page_requests(void)
{
	struct cordon_request req = request(DEV, 0x7123, R | W);
	uint64_t prq, fb;
	uint32_t code;
	unsigned int i;

	boot();
	prq = page();
	set(CORDON_REG_PRQ_BASE, prq | 2);
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN | CORDON_CTRL_PRQEN);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), CORDON_CTRL_FQEN | CORDON_CTRL_PRQEN);
	EXPECT(!cordon_model_page_request(w.m, &req, 1, true, &code));
	EXPECT_EQ(code, CORDON_RESPONSE_FAILURE);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 1);
	EXPECT_EQ(cm_get(CORDON_FAULT_TYPE, r64(w.fq)), CORDON_TYPE_ATS);
	ats_device(CORDON_TRANSLATED_TRUST, CORDON_DC_PRI);
	fb = w.anon + 64;
	EXPECT(cordon_model_page_request(w.m, &req, 5, true, &code));
	EXPECT_EQ(r64(prq), CORDON_PR_PHASE | CORDON_PR_LAST | CORDON_PR_READ | CORDON_PR_WRITE |
		  cm_put(CORDON_PR_GROUP, 5));
	EXPECT_EQ(r64(prq + 8), DEV | CORDON_SRC_CHARGED);
	EXPECT_EQ(r64(prq + 16), 0x7000);
	EXPECT_EQ(r64(fb + 16), 1);
	EXPECT_EQ(w.wires & BIT(CORDON_INT_REQUEST), BIT(CORDON_INT_REQUEST));
	EXPECT_EQ(command(CORDON_OP_RESPOND, DEV, 5, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(w.responses, 1);
	EXPECT_EQ(command(CORDON_OP_RESPOND, DEV + 1, 5, 0), CORDON_COMPLETION_REFUSED);
	EXPECT_EQ(w.responses, 1);
	/* three may be outstanding; what is lost is answered, counted and told */
	for (i = 0; i < 2; i++)
		EXPECT(cordon_model_page_request(w.m, &req, 6, false, &code));
	EXPECT(cordon_model_page_request(w.m, &req, 6, false, &code));
	EXPECT(!cordon_model_page_request(w.m, &req, 6, true, &code));
	EXPECT_EQ(code, CORDON_RESPONSE_SUCCESS);
	EXPECT_EQ(r64(fb + 16), cm_put(CORDON_FB_LOST, 2) | 3);
	EXPECT_EQ(r64(fb + 32), CORDON_FB_LOSS);
	EXPECT_EQ(reg(CORDON_REG_PRQ_LOST), 2);
	w64(fb + 24, 3);
	EXPECT(cordon_model_page_request(w.m, &req, 7, false, &code));
	EXPECT_EQ(r64(prq + 96) & CORDON_PR_LOSS, CORDON_PR_LOSS);
	EXPECT_EQ(r64(fb + 32), 0);
	EXPECT(!cordon_model_page_request(w.m, &req, 8, true, &code));	/* full */
	EXPECT_EQ(code, CORDON_RESPONSE_SUCCESS);
	set32(CORDON_REG_PRQ_HEAD, 4);
	req.read = false;
	req.write = false;		/* a stop marker is never answered */
	EXPECT(cordon_model_page_request(w.m, &req, 9, true, &code));
	EXPECT_EQ(r64(prq) & (CORDON_PR_PHASE | CORDON_PR_READ | CORDON_PR_LOSS), CORDON_PR_LOSS);
}

/* the command at index @i stops the queue for @why, and is skipped */
static void guest_command(uint64_t ring, uint64_t status, unsigned int i, uint64_t op,
			  uint64_t target, unsigned int why)
{
	w64(ring + 32 * i, op);
	w64(ring + 32 * i + 8, target);
	set32(CORDON_PAGE_GUEST(1), i + 1);
	EXPECT_EQ(cm_get(CORDON_STATUS_REASON, r64(status)), why);
	set32(CORDON_PAGE_GUEST(1) + 4, CORDON_RESUME_SKIP);
}

static void guest_queue(void)
{
	uint64_t qd, ring, slots, status, map, at;
	struct table s2;

	boot();
	s2 = table_new(12, 40, 1);
	ring = page();
	slots = page();
	status = page();
	map = page();
	table_put(&s2, 0x10000, 3, ring | S2_RO);
	table_put(&s2, 0x11000, 3, slots | S2_RW);
	table_put(&s2, 0x12000, 3, status | S2_RW);
	w64(map + 8, CORDON_VDEV_V | DEV);
	qd = w.qtable + 64;
	w64(qd + 8, 0x10000);
	w64(qd + 16, 0x11000 | 4);
	w64(qd + 24, 0x12000);
	w64(qd + 32, map | 2);
	w64(qd + 40, s2.root);
	w64(qd + 48, cm_put(CORDON_S2FMT_T0SZ, 24) | cm_put(CORDON_S2FMT_SL0, 1) |
	    cm_put(CORDON_S2FMT_PS, CORDON_PS_48));
	queue_up(1, CORDON_QD_V | CORDON_QD_GUEST | cm_put(CORDON_QD_LOG2SIZE, 4) |
		 cm_put(CORDON_QD_VMTAG, VMTAG));
	EXPECT_EQ(reg32(CORDON_PAGE_HOST(1) + 4), CORDON_Q_EN);
	EXPECT_EQ(r64(status), cm_put(CORDON_STATUS_STATE, CORDON_QSTATE_RUNNING));
	w64(ring, CORDON_OP_SYNC | CORDON_CMD_COMPLETE);
	set32(CORDON_PAGE_GUEST(1), 1);
	EXPECT_EQ(r64(slots), BIT_ULL(32));
	guest_command(ring, status, 1, CORDON_OP_INV_ALL, 0, CORDON_QREASON_FORBIDDEN);
	EXPECT_EQ(reg(CORDON_REG_CMDPEND), 2);
	set(CORDON_REG_CMDPEND, 2);
	guest_command(ring, status, 2, CORDON_OP_INV_DEVICE, 0, CORDON_QREASON_FORBIDDEN);
	EXPECT_EQ(reg(CORDON_REG_CMDPEND), 0);	/* at most once between writes of Q_CTRL */
	guest_command(ring, status, 3, CORDON_OP_SYNC | CORDON_CMD_INTERRUPT, 0,
		      CORDON_QREASON_FORBIDDEN);
	guest_command(ring, status, 4, CORDON_OP_INV_VMTAG, 0, CORDON_QREASON_FORBIDDEN);
	guest_command(ring, status, 5, CORDON_OP_INV_PROCESS, 0, CORDON_QREASON_VDEV);
	guest_command(ring, status, 6, CORDON_OP_INV_PROCESS, 4, CORDON_QREASON_VDEV);
	guest_command(ring, status, 7, CORDON_OP_INV_PROCESS, 1, CORDON_QREASON_NONE);
	guest_command(ring, status, 8, CORDON_OP_INV_RANGE, 0xffff, CORDON_QREASON_NONE);
	/* the guest's memory is unmapped under it */
	at = table_put(&s2, 0x10000, 3, 0);
	command(CORDON_OP_INV_S2RANGE, tags(VMTAG, 0), 0x10000, 0x10fff);
	set32(CORDON_PAGE_GUEST(1), 10);
	EXPECT_EQ(cm_get(CORDON_STATUS_REASON, r64(status)), CORDON_QREASON_FETCH);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), 0);
	EXPECT(at != 0);
	EXPECT_EQ(stale(), 0);
}

static void guest_processes(void)
{
	struct cordon_request req = request(DEV, 0x1000, R);
	uint64_t d[8] = { 0 }, p[8] = { 0 }, pa, pd, ctx;
	struct cordon_answer a;
	struct table s1, s2;

	boot();
	s2 = table_new(12, 40, 1);
	s1 = table_new(12, 39, 1);
	for (pa = 0; pa < MEMORY / 2; pa += 4096)
		table_put(&s2, pa | BIT_ULL(32), 3, pa | S2_RW);
	pd = page();
	context_s2(d, &s2);
	d[0] |= CORDON_DC_GUEST;
	d[4] = pd | BIT_ULL(32) | 1;
	publish(DEV, d);
	/* the guest sees its memory from 4 GiB on */
	table_put(&s1, 0x1000, 3, 0x5000 | BIT_ULL(32) | PAGE_RW);
	w64(table_at(&s1, 0x1000, 1), r64(table_at(&s1, 0x1000, 1)) | BIT_ULL(32));
	w64(r64(s1.root) & 0xfffff000, r64(r64(s1.root) & 0xfffff000) | BIT_ULL(32));
	context_s1(p, &s1);
	p[3] |= BIT_ULL(32);
	p[0] |= CORDON_DC_SILENT | CORDON_DC_RAZWI;
	ctx = put_context(p);
	pd_point(pd, 2, ctx | BIT_ULL(32));
	req.pv = true;
	req.pasid = 2;
	a = answer(&req);
	EXPECT_EQ(a.reason, 0);
	EXPECT_EQ(a.addr, 0x5000);
	EXPECT(answer(&req).hit);
	/* its silence is for its own faults; a fault of stage 2 is the host's */
	req.addr = 0x3000;
	EXPECT(answer(&req).razwi);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 0);
	table_put(&s2, 0x5000 | BIT_ULL(32), 3, 0);
	command(CORDON_OP_INV_S2RANGE, tags(VMTAG, 0) | CORDON_TGT_LEAF, BIT_ULL(32), ~0ull);
	req.addr = 0x1000;
	a = answer(&req);
	EXPECT_EQ(a.reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(a.stage, 2);
	EXPECT(!a.razwi);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 1);
	/* a pointer to nowhere is a fault of stage 2 on the unit's own access */
	pd_point(pd, 3, 0x7000000);
	req.pasid = 3;
	a = answer(&req);
	EXPECT_EQ(a.reason, CORDON_REASON_TRANSLATION);
	EXPECT(a.walk);
	EXPECT_EQ(a.ipa, 0x7000000);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), 0);
	EXPECT_EQ(stale(), 0);
}

void tests_device(void)
{
	RUN(translation_requests);
	RUN(inv_atc);
	RUN(page_requests);
	RUN(guest_queue);
	RUN(guest_processes);
}
