// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Queues at the edges: guests', frozen ones, changed descriptors (spec 5.1, 10.11, 13.2) */
#include "harness.h"

#define Q_STATUS(q)	reg(CORDON_PAGE_GUEST(q) + CORDON_REG_Q_STATUS)
#define STATE(q)	cm_get(CORDON_STATUS_STATE, Q_STATUS(q))
#define REASON(q)	cm_get(CORDON_STATUS_REASON, Q_STATUS(q))
#define ACK(q)		reg32(CORDON_PAGE_HOST(q) + CORDON_REG_Q_ACK)
#define GUEST_CFG	(CORDON_QD_V | CORDON_QD_GUEST | cm_put(CORDON_QD_LOG2SIZE, 4) | \
			 cm_put(CORDON_QD_VMTAG, VMTAG))

static struct table s2;
static uint64_t ring, slots, status, map, qd;

/* ring, completion area and status line at IPAs from 64 KiB on */
static void guest_boot(void)
{
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
}

static void off(unsigned int q)
{
	set32(CORDON_PAGE_HOST(q) + CORDON_REG_Q_CTRL, 0);
}

/* with @val at @at of the descriptor it does not enable */
static void malformed(unsigned int at, uint64_t val)
{
	uint64_t was = r64(qd + at);

	w64(qd + at, val);
	queue_up(1, r64(qd));
	EXPECT_EQ(cm_get(CORDON_Q_REASON, ACK(1)), CORDON_QREASON_DESC_MALFORMED);
	EXPECT_EQ(STATE(1), CORDON_QSTATE_DISABLED);
	off(1);
	EXPECT_EQ(ACK(1), 0);
	w64(qd + at, was);
}

static void descriptors(void)
{
	uint64_t cfg = GUEST_CFG, log;

	guest_boot();
	w64(qd, cfg);
	malformed(0, cfg & ~CORDON_QD_VMTAG);		/* no VM tag */
	malformed(0, cfg | CORDON_QD_DIRTY);		/* no log */
	malformed(8, BIT_ULL(40));			/* beyond stage 2 */
	malformed(16, BIT_ULL(40) | 4);
	malformed(24, BIT_ULL(40));
	malformed(32, map | 1 << 5);			/* reserved */
	malformed(32, map | 25);			/* a map too long */
	malformed(40, s2.root | 1);
	malformed(48, r64(qd + 48) | 1);		/* a bit of stage 1 */
	malformed(48, r64(qd + 48) | CORDON_S2FMT_TG);
	malformed(56, page() | 1);			/* a log, and no DIRTY */
	log = page();
	w64(qd, cfg | CORDON_QD_DIRTY);
	malformed(56, log | 1 << 3);
	malformed(56, log);				/* no levels */
	malformed(56, BIT_ULL(53) | 1);
	w64(qd + 56, log | 1);
	w64(log, page() | CORDON_PTR_V);
	queue_up(1, r64(qd));
	EXPECT_EQ(ACK(1), CORDON_Q_EN);
	/* the status line was the guest's memory */
	EXPECT_EQ(r64((r64(log) & CORDON_PTR_PAGE)), BIT_ULL(0x12));
	/* what a guest's queue has is nothing to a host's */
	off(1);
	w64(qd, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 4));
	malformed(32, map);
}

/* a page of the log that is not there: the write is not made */
static void unlogged(void)
{
	uint64_t log, leaf;

	guest_boot();
	log = page();
	leaf = page();
	w64(qd + 56, log | 1);
	w64(log, leaf | CORDON_PTR_V);
	queue_up(1, GUEST_CFG | CORDON_QD_DIRTY);
	w64(log, 0);
	w64(ring, CORDON_OP_SYNC | CORDON_CMD_COMPLETE | cm_put(CORDON_CMD_VALUE, 7));
	set32(CORDON_PAGE_GUEST(1), 1);
	EXPECT_EQ(STATE(1), CORDON_QSTATE_STOPPED);
	EXPECT_EQ(REASON(1), CORDON_QREASON_WRITE);
	EXPECT_EQ(r64(slots), 0);
	/* neither recorded nor charged, and no error of the unit */
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), 0);
	/* the word is lost; with the log there, the next one is not */
	w64(log, leaf | CORDON_PTR_V);
	set32(CORDON_PAGE_GUEST(1) + CORDON_REG_Q_RESUME, CORDON_RESUME_RETRY);
	w64(ring + 32, CORDON_OP_SYNC | CORDON_CMD_COMPLETE | cm_put(CORDON_CMD_VALUE, 8));
	set32(CORDON_PAGE_GUEST(1), 2);
	EXPECT_EQ(r64(slots), 8 | BIT_ULL(32));
	EXPECT_EQ(r64(leaf) & (BIT_ULL(0x11) | BIT_ULL(0x12)), BIT_ULL(0x11) | BIT_ULL(0x12));
}

/* rights that were added need no command, for a queue's own accesses either */
static void cached_stage2(void)
{
	guest_boot();
	table_put(&s2, 0x11000, 3, slots | S2_RO);
	queue_up(1, GUEST_CFG);
	w64(ring, CORDON_OP_SYNC | CORDON_CMD_COMPLETE);
	set32(CORDON_PAGE_GUEST(1), 1);
	EXPECT_EQ(REASON(1), CORDON_QREASON_WRITE);
	table_put(&s2, 0x11000, 3, slots | S2_RW);
	set32(CORDON_PAGE_GUEST(1) + CORDON_REG_Q_RESUME, CORDON_RESUME_SKIP);
	w64(ring + 32, CORDON_OP_SYNC | CORDON_CMD_COMPLETE);
	set32(CORDON_PAGE_GUEST(1), 2);
	EXPECT_EQ(r64(slots), BIT_ULL(32));
	EXPECT_EQ(STATE(1), CORDON_QSTATE_RUNNING);
	EXPECT_EQ(stale(), 0);
}

static void map_aborts(void)
{
	guest_boot();
	queue_up(1, GUEST_CFG);
	w64(ring, CORDON_OP_INV_PROCESS | CORDON_CMD_COMPLETE);
	w64(ring + 8, 1);
	w.abort_first = map;
	w.abort_last = map + 4095;
	set32(CORDON_PAGE_GUEST(1), 1);
	EXPECT_EQ(REASON(1), CORDON_QREASON_FETCH);
	/* after FETCH there is no copy, and SKIP writes no word */
	set32(CORDON_PAGE_GUEST(1) + CORDON_REG_Q_RESUME, CORDON_RESUME_SKIP);
	EXPECT_EQ(STATE(1), CORDON_QSTATE_RUNNING);
	EXPECT_EQ(r64(slots), 0);
	/* an entry that names a device that cannot be */
	w.abort_last = 0;
	w64(map + 8, CORDON_VDEV_V | BIT_ULL(24));
	w64(ring + 32, CORDON_OP_INV_PROCESS);
	w64(ring + 40, 1);
	set32(CORDON_PAGE_GUEST(1), 2);
	EXPECT_EQ(REASON(1), CORDON_QREASON_VDEV);
}

/* a status line that cannot be written: the register tells */
static void no_status_line(void)
{
	guest_boot();
	table_put(&s2, 0x12000, 3, 0);
	queue_up(1, GUEST_CFG);
	EXPECT_EQ(STATE(1), CORDON_QSTATE_STOPPED);
	EXPECT_EQ(REASON(1), CORDON_QREASON_WRITE);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), 0);
	EXPECT_EQ(reg(CORDON_REG_CMDPEND), 2);
	table_put(&s2, 0x12000, 3, status | S2_RW);
	set32(CORDON_PAGE_GUEST(1) + CORDON_REG_Q_RESUME, CORDON_RESUME_RETRY);
	EXPECT_EQ(r64(status), cm_put(CORDON_STATUS_STATE, CORDON_QSTATE_RUNNING));
}

/* RESUME of what is frozen as well, and of what is not enabled */
static void resume_frozen(void)
{
	boot();
	set32(CORDON_PAGE_GUEST(1) + CORDON_REG_Q_RESUME, CORDON_RESUME_SKIP);
	EXPECT_EQ(ACK(1), 0);
	EXPECT_EQ(cordon_model_stats(w.m)->violations[CORDON_VIOLATION_RULE], 1);
	submit(0 | CORDON_CMD_COMPLETE, 0, 0, 0);
	EXPECT_EQ(REASON(0), CORDON_QREASON_OPCODE);
	set32(CORDON_PAGE_HOST(0), CORDON_Q_EN | CORDON_Q_FREEZE);
	EXPECT_EQ(ACK(0), CORDON_Q_EN | CORDON_Q_FREEZE);
	EXPECT_EQ(STATE(0), CORDON_QSTATE_STOPPED);
	w64(w.status, 0x55);
	set32(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME, CORDON_RESUME_SKIP);
	/* frozen there is no access: neither the word nor the line is written */
	EXPECT_EQ(STATE(0), CORDON_QSTATE_FROZEN);
	EXPECT_EQ(r64(w.slots), 0);
	EXPECT_EQ(r64(w.status), 0x55);
	set32(CORDON_PAGE_HOST(0), CORDON_Q_EN);
	EXPECT_EQ(STATE(0), CORDON_QSTATE_RUNNING);
	EXPECT_EQ(cm_get(CORDON_STATUS_HEAD, r64(w.status)), 1);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
}

/* thawed with a descriptor that is gone, until it is there again */
static void descriptor_gone(void)
{
	uint64_t desc;

	boot();
	desc = r64(w.qtable);
	set32(CORDON_PAGE_HOST(0), CORDON_Q_EN | CORDON_Q_FREEZE);
	w64(w.qtable, 0);
	set32(CORDON_PAGE_HOST(0), CORDON_Q_EN);
	EXPECT_EQ(REASON(0), CORDON_QREASON_DESC_ABSENT);
	w.abort_first = w.qtable;
	w.abort_last = w.qtable + 63;
	set32(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME, CORDON_RESUME_RETRY);
	EXPECT_EQ(STATE(0), CORDON_QSTATE_STOPPED);
	EXPECT_EQ(REASON(0), CORDON_QREASON_DESC_FETCH);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FETCH);
	/* or the freezing comes between */
	set32(CORDON_PAGE_HOST(0), CORDON_Q_EN | CORDON_Q_FREEZE);
	EXPECT_EQ(STATE(0), CORDON_QSTATE_STOPPED);
	w.abort_last = 0;
	w64(w.qtable, desc);
	set32(CORDON_PAGE_HOST(0), CORDON_Q_EN);
	EXPECT_EQ(STATE(0), CORDON_QSTATE_RUNNING);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	/* without a table of them none is enabled */
	off(0);
	set(CORDON_REG_QTABLE, 0);
	set32(CORDON_PAGE_HOST(0), CORDON_Q_EN);
	EXPECT_EQ(cm_get(CORDON_Q_REASON, ACK(0)), CORDON_QREASON_DESC_ABSENT);
}

void tests_guest(void)
{
	RUN(descriptors);
	RUN(unlogged);
	RUN(cached_stage2);
	RUN(map_aborts);
	RUN(no_status_line);
	RUN(resume_frozen);
	RUN(descriptor_gone);
}
