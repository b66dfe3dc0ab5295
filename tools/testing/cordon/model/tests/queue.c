// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Command queues (spec 5) */
#include "harness.h"

#define STATUS		r64(w.status)
#define STATE		cm_get(CORDON_STATUS_STATE, STATUS)
#define REASON		cm_get(CORDON_STATUS_REASON, STATUS)
#define HEAD		cm_get(CORDON_STATUS_HEAD, STATUS)
#define Q_TAIL		(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL)
#define Q_RESUME	(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME)
#define Q_STATUS	(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_STATUS)
#define Q_CTRL		(CORDON_PAGE_HOST(0) + CORDON_REG_Q_CTRL)
#define Q_ACK		(CORDON_PAGE_HOST(0) + CORDON_REG_Q_ACK)

static void sync_and_wrap(void)
{
	unsigned int i;

	boot();
	EXPECT_EQ(STATE, CORDON_QSTATE_RUNNING);
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
		EXPECT_EQ(HEAD, i + 1);
	}
	/* a whole ring at once; no completion without COMPLETE */
	for (i = 0; i < 32; i++)
		w64(w.ring + 32 * i, CORDON_OP_SYNC);
	w64(w.slots + 56, 0);
	set32(Q_TAIL, 132);
	EXPECT_EQ(HEAD, 132);
	EXPECT_EQ(r64(w.slots + 56), 0);
	EXPECT_EQ(reg32(Q_TAIL), 132);
	set32(Q_TAIL, 131);			/* behind: ignored */
	EXPECT_EQ(reg32(Q_TAIL), 132);
	EXPECT_EQ(violations(), 0);
	set32(Q_TAIL, 132 + 33);		/* too far */
	EXPECT_EQ(STATE, CORDON_QSTATE_STOPPED);
	EXPECT_EQ(REASON, CORDON_QREASON_TAIL);
	EXPECT_EQ(reg32(Q_TAIL), 132);
	EXPECT_EQ(reg(CORDON_REG_CMDPEND), 1);
	set32(Q_RESUME, CORDON_RESUME_SKIP);
	EXPECT_EQ(STATE, CORDON_QSTATE_RUNNING);
	EXPECT_EQ(HEAD, 132);
	w.tail = 132;
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
}

static void index_wrap(void)
{
	boot();
	/* free-running numbers wrap at 2^32; no test waits for that */
	w.m->queue[0].head = 0xfffffffe;
	w.m->queue[0].tail = 0xfffffffe;
	w.m->queue[0].said = 0xfffffffe;
	w.tail = 0xfffffffe;
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(HEAD, 0);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(HEAD, 1);
}

static void bad_commands(void)
{
	static const struct { uint64_t op, target, first, last; uint8_t reason; } bad[] = {
		{ 0x00, 0, 0, 0, CORDON_QREASON_OPCODE },
		{ 0x0b, 0, 0, 0, CORDON_QREASON_OPCODE },
		{ 0xff, 0, 0, 0, CORDON_QREASON_OPCODE },
		{ CORDON_OP_SYNC | BIT(12), 0, 0, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_SYNC, 1, 0, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_SYNC, 0, 1, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_INV_ALL, 0, 0, 1, CORDON_QREASON_RESERVED },
		{ CORDON_OP_INV_DEVICE, 1, 0, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_INV_DEVICE, 0, 2, 1, CORDON_QREASON_OPERAND },
		{ CORDON_OP_INV_DEVICE, 0, 0, BIT_ULL(24), CORDON_QREASON_OPERAND },
		{ CORDON_OP_INV_PROCESS, BIT_ULL(24), 0, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_INV_PROCESS, 0, 0, BIT_ULL(20), CORDON_QREASON_OPERAND },
		{ CORDON_OP_INV_RANGE, CORDON_TGT_GLOBAL, 0, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_INV_RANGE, 0, 1, 0, CORDON_QREASON_OPERAND },
		{ CORDON_OP_INV_RANGE, BIT_ULL(36), 0, 0, CORDON_QREASON_OPERAND },
		{ CORDON_OP_INV_RANGE, BIT_ULL(15), 0, 0, CORDON_QREASON_OPERAND },
		{ CORDON_OP_INV_DTAG, CORDON_TGT_LEAF, 0, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_INV_VMTAG, BIT_ULL(16), 0, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_INV_S2RANGE, BIT_ULL(16), 0, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_INV_ATC | CORDON_CMD_FLUSH, 0, 0, 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_INV_ATC, BIT_ULL(24), 0, 0, CORDON_QREASON_OPERAND },
		{ CORDON_OP_INV_ATC, CORDON_TGT_GLOBAL | CORDON_TGT_PV, 0, 0,
		  CORDON_QREASON_OPERAND },
		{ CORDON_OP_RESPOND, 0, BIT_ULL(9), 0, CORDON_QREASON_RESERVED },
		{ CORDON_OP_RESPOND, 0, 0, 1, CORDON_QREASON_RESERVED },
		{ CORDON_OP_RESPOND, 0, 2 << 16, 0, CORDON_QREASON_OPERAND },
	};
	unsigned int i;

	w.cfg.cap[1] = (w.cfg.cap[1] & ~(CORDON_CAP0_VMTAG | CORDON_CAP0_DTAG)) |
		       cm_put(CORDON_CAP0_VMTAG, 8) | cm_put(CORDON_CAP0_DTAG, 16);
	boot();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(command(bad[i].op, bad[i].target, bad[i].first, bad[i].last), 0);
		EXPECT_EQ(STATE, CORDON_QSTATE_STOPPED);
		EXPECT_EQ(REASON, bad[i].reason);
		EXPECT_EQ(HEAD, w.tail - 1);
		/* RETRY reads it again, and fails again */
		set32(Q_RESUME, CORDON_RESUME_RETRY);
		EXPECT_EQ(REASON, bad[i].reason);
		set32(Q_RESUME, 3);
		EXPECT_EQ(STATE, CORDON_QSTATE_STOPPED);
		set32(Q_RESUME, CORDON_RESUME_SKIP);
		EXPECT_EQ(STATE, CORDON_QSTATE_RUNNING);
		EXPECT_EQ(HEAD, w.tail);
		EXPECT_EQ(cm_get(CORDON_COMPLETION_STATUS, r64(w.slots + 56)),
			  CORDON_COMPLETION_SKIPPED);
		EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	}
	/* the fields of target overlap: each is judged as what it is */
	EXPECT_EQ(command(CORDON_OP_INV_PROCESS, 0xfffffe, 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(command(CORDON_OP_INV_RANGE, tags(0xff, 0xffff), 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(command(CORDON_OP_INV_ATC, 0xfffffe | CORDON_TGT_PV | CORDON_TGT_PASID, 0, 0),
		  CORDON_COMPLETION_REFUSED);
	/* the order of checks: slot first; nothing is written for a slot out of bounds */
	submit(0xff | BIT(12) | CORDON_CMD_COMPLETE | cm_put(CORDON_CMD_SLOT, 512), 0, 0, 0);
	EXPECT_EQ(REASON, CORDON_QREASON_SLOT);
	/* mended in place */
	w64(w.ring + 32 * ((w.tail - 1) % 32), CORDON_OP_SYNC);
	set32(Q_RESUME, CORDON_RESUME_RETRY);
	EXPECT_EQ(HEAD, w.tail);
	/* a SLOT without COMPLETE is ignored */
	submit(CORDON_OP_SYNC | cm_put(CORDON_CMD_SLOT, 0xffff), 0, 0, 0);
	EXPECT_EQ(HEAD, w.tail);
	EXPECT_EQ(cordon_model_stats(w.m)->stale, 0);
}

static void earlier_complete_later_wait(void)
{
	boot();
	w64(w.ring, CORDON_OP_SYNC | CORDON_CMD_COMPLETE | cm_put(CORDON_CMD_VALUE, 1));
	w64(w.ring + 32, 0xee);
	w64(w.ring + 64, CORDON_OP_SYNC | CORDON_CMD_COMPLETE | cm_put(CORDON_CMD_SLOT, 2) |
	    cm_put(CORDON_CMD_VALUE, 3));
	set32(Q_TAIL, 3);
	EXPECT_EQ(r64(w.slots), 1 | BIT_ULL(32));
	EXPECT_EQ(r64(w.slots + 16), 0);
	EXPECT_EQ(HEAD, 1);
	set32(Q_RESUME, CORDON_RESUME_SKIP);
	EXPECT_EQ(r64(w.slots + 16), 3 | BIT_ULL(32));
}

static void aborts(void)
{
	boot();
	w.abort_first = w.ring;
	w.abort_last = w.ring + 31;
	submit(CORDON_OP_SYNC, 0, 0, 0);
	EXPECT_EQ(REASON, CORDON_QREASON_FETCH);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FETCH);
	w.abort_last = 0;
	set32(Q_RESUME, CORDON_RESUME_SKIP);	/* no copy: it is consumed unseen */
	EXPECT_EQ(HEAD, 1);
	EXPECT_EQ(STATE, CORDON_QSTATE_RUNNING);
	set32(CORDON_REG_ERROR, ~0u);
	w.abort_first = w.slots;
	w.abort_last = w.slots + 4095;
	EXPECT_EQ(command(CORDON_OP_INV_ALL, 0, 0, 0), 0);
	EXPECT_EQ(REASON, CORDON_QREASON_WRITE);
	EXPECT_EQ(HEAD, 1);
	w.abort_last = 0;
	set32(Q_RESUME, CORDON_RESUME_RETRY);	/* behind it; the word stays lost */
	EXPECT_EQ(HEAD, 2);
	EXPECT_EQ(r64(w.slots + 56), 0);
	w.abort_first = w.status;
	w.abort_last = w.status + 7;
	submit(CORDON_OP_SYNC, 0, 0, 0);
	EXPECT_EQ(cm_get(CORDON_STATUS_STATE, reg(Q_STATUS)), CORDON_QSTATE_STOPPED);
	EXPECT_EQ(cm_get(CORDON_STATUS_REASON, reg(Q_STATUS)), CORDON_QREASON_WRITE);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_STATUS_WRITE);
	w.abort_last = 0;
	set32(Q_RESUME, CORDON_RESUME_SKIP);
	EXPECT_EQ(HEAD, 3);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
}

static void enable_and_disable(void)
{
	uint64_t good = CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 5);
	unsigned int i;

	boot_off();
	EXPECT_EQ(reg(Q_STATUS), 0);
	set32(Q_TAIL, 1);			/* ignored, and told */
	EXPECT_EQ(cordon_model_stats(w.m)->violations[CORDON_VIOLATION_RULE], 1);
#define REFUSED(why) do {						\
		set32(Q_CTRL, CORDON_Q_EN);				\
		EXPECT_EQ(reg32(Q_ACK), cm_put(CORDON_Q_REASON, (why)));	\
		set32(Q_CTRL, 0);					\
		EXPECT_EQ(reg32(Q_ACK), 0);				\
	} while (0)
	REFUSED(CORDON_QREASON_DESC_ABSENT);
	w64(w.qtable, CORDON_QD_V);
	REFUSED(CORDON_QREASON_DESC_MALFORMED);
	w64(w.qtable, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 17));
	REFUSED(CORDON_QREASON_DESC_MALFORMED);
	for (i = 7; i < 64; i++) {
		w64(w.qtable, good | BIT_ULL(i));
		REFUSED(CORDON_QREASON_DESC_MALFORMED);
	}
	w64(w.qtable, good);
	for (i = 4; i < 8; i++) {
		w64(w.qtable + 8 * i, 1);
		REFUSED(CORDON_QREASON_DESC_MALFORMED);
		w64(w.qtable + 8 * i, 0);
	}
	w64(w.qtable + 8, w.ring | 1);
	REFUSED(CORDON_QREASON_DESC_MALFORMED);
	w64(w.qtable + 8, w.ring);
	w64(w.qtable + 16, w.slots | 17);
	REFUSED(CORDON_QREASON_DESC_MALFORMED);
	w64(w.qtable + 16, w.slots | 9);
	w64(w.qtable + 24, w.status | 8);
	REFUSED(CORDON_QREASON_DESC_MALFORMED);
	w64(w.qtable + 24, w.status);
	w.abort_first = w.qtable;
	w.abort_last = w.qtable;
	REFUSED(CORDON_QREASON_DESC_FETCH);
	w.abort_last = 0;
	set32(Q_CTRL, CORDON_Q_EN);
	EXPECT_EQ(reg32(Q_ACK), CORDON_Q_EN);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	/* the table must not move under it */
	set(CORDON_REG_QTABLE, 0);
	EXPECT_EQ(reg(CORDON_REG_QTABLE), w.qtable | CORDON_QTABLE_V);
	/* off: no access any more, whatever the state; DISABLED is not written */
	set32(Q_CTRL, 0);
	EXPECT_EQ(reg32(Q_ACK), 0);
	EXPECT_EQ(STATE, CORDON_QSTATE_RUNNING);
	EXPECT_EQ(reg(Q_STATUS), 0);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), 0);
	set32(Q_CTRL, CORDON_Q_EN);
	EXPECT_EQ(reg32(Q_TAIL), 0);
	EXPECT_EQ(HEAD, 0);
}

static void freeze(void)
{
	boot();
	set32(Q_CTRL, CORDON_Q_EN | CORDON_Q_FREEZE);
	EXPECT_EQ(reg32(Q_ACK), CORDON_Q_EN | CORDON_Q_FREEZE);
	EXPECT_EQ(STATE, CORDON_QSTATE_FROZEN);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), 0);
	EXPECT_EQ(reg32(Q_TAIL), 1);		/* the tail is taken */
	set32(Q_CTRL, CORDON_Q_EN);
	EXPECT_EQ(STATE, CORDON_QSTATE_RUNNING);
	EXPECT_EQ(HEAD, 1);
	EXPECT_EQ(cm_get(CORDON_COMPLETION_STATUS, r64(w.slots + 56)), CORDON_COMPLETION_OK);
	/* a descriptor that went bad meanwhile */
	set32(Q_CTRL, CORDON_Q_EN | CORDON_Q_FREEZE);
	w64(w.qtable + 56, 1);
	set32(Q_CTRL, CORDON_Q_EN);
	EXPECT_EQ(STATE, CORDON_QSTATE_STOPPED);
	EXPECT_EQ(REASON, CORDON_QREASON_DESC_MALFORMED);
	w64(w.qtable + 56, 0);
	set32(Q_RESUME, CORDON_RESUME_RETRY);
	EXPECT_EQ(STATE, CORDON_QSTATE_RUNNING);
	/* stopped stays stopped; started frozen */
	submit(0, 0, 0, 0);
	set32(Q_CTRL, CORDON_Q_EN | CORDON_Q_FREEZE);
	EXPECT_EQ(STATE, CORDON_QSTATE_STOPPED);
	set32(Q_CTRL, 0);
	set32(Q_CTRL, CORDON_Q_EN | CORDON_Q_FREEZE);
	EXPECT_EQ(STATE, CORDON_QSTATE_FROZEN);
	EXPECT_EQ(reg32(Q_ACK), CORDON_Q_EN | CORDON_Q_FREEZE);
}

static void sixty_four(void)
{
	unsigned int q;

	w.cfg.cap[3] = (w.cfg.cap[3] & ~CORDON_CAP2_CMDQS) | cm_put(CORDON_CAP2_CMDQS, 64);
	boot();
	for (q = 1; q < 64; q++) {
		uint64_t ring = page(), slots = page(), status = page();

		w64(w.qtable + 64 * q + 8, ring);
		w64(w.qtable + 64 * q + 16, slots);
		w64(w.qtable + 64 * q + 24, status);
		queue_up(q, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 1));
		w64(ring, CORDON_OP_SYNC | CORDON_CMD_COMPLETE | CORDON_CMD_INTERRUPT);
		set32(CORDON_PAGE_GUEST(q) + CORDON_REG_Q_TAIL, 1);
		EXPECT_EQ(r64(slots), BIT_ULL(32));
		EXPECT_EQ(r64(status), 1 | BIT_ULL(32));
	}
	EXPECT_EQ(reg(CORDON_REG_CMDPEND), ~1ull);
	/* one fails alone */
	submit(0, 0, 0, 0);
	EXPECT_EQ(STATE, CORDON_QSTATE_STOPPED);
	set32(CORDON_PAGE_GUEST(63) + CORDON_REG_Q_TAIL, 2);
	EXPECT_EQ(cm_get(CORDON_STATUS_STATE, reg(CORDON_PAGE_GUEST(62) + CORDON_REG_Q_STATUS)),
		  CORDON_QSTATE_RUNNING);
}

static void latency(void)
{
	w.cfg.command_latency = 50;
	boot();
	set(CORDON_REG_COUNTER_EVENT(0), CORDON_EVENT_EN | CORDON_EVENT_SYNC_TIME);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), 0);
	EXPECT_EQ(cordon_model_tick(w.m), w.now + 50);
	submit(CORDON_OP_SYNC, 0, 0, 0);
	w.now += 49;
	cordon_model_tick(w.m);
	EXPECT_EQ(r64(w.slots + 56), 0);
	w.now++;
	EXPECT_EQ(cordon_model_tick(w.m), w.now + 50);
	EXPECT(r64(w.slots + 56) != 0);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(0)), 50);
	w.now += 50;
	EXPECT_EQ(cordon_model_tick(w.m), CM_NEVER);
	EXPECT_EQ(HEAD, 2);
}

void tests_queue(void)
{
	RUN(sync_and_wrap);
	RUN(index_wrap);
	RUN(bad_commands);
	RUN(earlier_complete_later_wait);
	RUN(aborts);
	RUN(enable_and_disable);
	RUN(freeze);
	RUN(sixty_four);
	RUN(latency);
}
