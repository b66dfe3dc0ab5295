// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Clauses of the specification that range over all values of something, or take
 * several parts of a unit at once.
 */
#include "harness.h"

#define STATUS(q)	reg(CORDON_PAGE_GUEST(q) + CORDON_REG_Q_STATUS)
#define STATE(q)	cm_get(CORDON_STATUS_STATE, STATUS(q))
#define REASON(q)	cm_get(CORDON_STATUS_REASON, STATUS(q))

/* Stage 2: each granule, each level at which it has blocks or pages, 48 and 52 bits (spec 4.5) */
static void stage2_every_size(void)
{
	static const struct { unsigned int g, n; int start, level; bool wide, ok; } b[] = {
		{ 12, 48, 0, 3, false, true }, { 12, 48, 0, 2, false, true },
		{ 12, 48, 0, 1, false, true }, { 12, 48, 0, 0, false, false },
		{ 12, 52, -1, 3, true, true }, { 12, 52, -1, 2, true, true },
		{ 12, 52, -1, 1, true, true }, { 12, 52, -1, 0, true, true },
		{ 12, 52, -1, -1, true, false },
		{ 14, 48, 1, 3, false, true }, { 14, 48, 1, 2, false, true },
		{ 14, 48, 1, 1, false, false },
		{ 14, 52, 0, 3, true, true }, { 14, 52, 0, 2, true, true },
		{ 14, 52, 0, 1, true, true }, { 14, 52, 0, 0, true, false },
		{ 16, 48, 1, 3, false, true }, { 16, 48, 1, 2, false, true },
		{ 16, 48, 1, 1, false, false },
		{ 16, 52, 1, 3, true, true }, { 16, 52, 1, 2, true, true },
		{ 16, 52, 1, 1, true, true },
	};
	unsigned int i, log2;

	for (i = 0; i < ARRAY_SIZE(b); i++) {
		uint64_t d[8] = { 0 }, ipa, out, desc;
		struct cordon_answer a;
		struct table t;
		bool ds = b[i].wide && b[i].g != 16;

		world_new();
		boot();
		t = table_new(b[i].g, b[i].n, b[i].start);
		context_s2(d, &t);
		if (b[i].wide)
			d[2] = (d[2] & ~CORDON_S2FMT_PS) | cm_put(CORDON_S2FMT_PS, CORDON_PS_52);
		if (ds)
			d[2] |= CORDON_S2FMT_DS;
		if (b[i].start < 0)
			d[2] = (d[2] & ~CORDON_S2FMT_SL0) | CORDON_S2FMT_SL2;
		d[0] |= cm_put(CORDON_DC_S1, CORDON_S1_BYPASS);
		publish(DEV, d);
		log2 = b[i].g + (3 - b[i].level) * (b[i].g - 3);
		ipa = 0xa56789abcdef8ull & cm_mask(b[i].n);
		/* the highest output bit that the format has, by its own rule for it */
		out = b[i].wide ? BIT_ULL(51) : BIT_ULL(47);
		desc = !b[i].wide ? out : ds ? BIT_ULL(9) : BIT_ULL(15);
		if (log2 >= 52)
			out = desc = 0;
		table_put(&t, ipa, b[i].level, desc | (b[i].level == 3 ? LEAF : BLOCK) | AF | 0xfc);
		a = ask(DEV, ipa, W);
		EXPECT_EQ(a.reason, b[i].ok ? 0 : CORDON_REASON_TRANSLATION);
		if (!b[i].ok) {
			EXPECT_EQ(a.stage, 2);
			EXPECT_EQ(a.level, b[i].level + 1);
			continue;
		}
		EXPECT_EQ(a.span_log2, log2);
		EXPECT_EQ(a.addr, out | (ipa & cm_mask(log2)));
		EXPECT(ask(DEV, ipa ^ 8, R).hit);
		w64(table_at(&t, ipa, b[i].level), 0);
		command(CORDON_OP_INV_S2RANGE, tags(VMTAG, 0) | CORDON_TGT_LEAF, ipa, ipa);
		EXPECT_EQ(ask(DEV, ipa, R).reason, CORDON_REASON_TRANSLATION);
		EXPECT_EQ(stale() + violations(), 0);
	}
}

/* One command of queue @q at @index; the ring is of 2 ^ @log2 */
static bool one_command(unsigned int q, uint64_t ring, uint64_t slots, unsigned int log2,
			uint32_t index)
{
	uint64_t at = ring + 32 * (index & cm_mask(log2));

	w64(slots, 0);
	w64(at, CORDON_OP_SYNC | CORDON_CMD_COMPLETE | cm_put(CORDON_CMD_VALUE, index));
	set32(CORDON_PAGE_GUEST(q) + CORDON_REG_Q_TAIL, index + 1);
	return r64(slots) == (index | BIT_ULL(32));
}

/* Queues of every legal size, and one beyond; the ring ends where it says (spec 5.1, 5.3) */
static void every_queue_size(void)
{
	unsigned int log2;

	w.cfg.cap[3] = (w.cfg.cap[3] & ~CORDON_CAP2_CMDQ_LOG2) | cm_put(CORDON_CAP2_CMDQ_LOG2, 20);
	boot();
	/* at address 0 the longest ends where memory does; the rest is out of its way */
	w64(w.qtable + 8, 0);
	for (log2 = 1; log2 <= 20; log2++) {
		uint32_t last = (uint32_t)cm_mask(log2);
		uint64_t saved = r64(32 * (uint64_t)last);

		set32(CORDON_PAGE_HOST(0) + CORDON_REG_Q_CTRL, 0);
		queue_up(0, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, log2));
		EXPECT_EQ(reg32(CORDON_PAGE_HOST(0) + CORDON_REG_Q_ACK), CORDON_Q_EN);
		EXPECT(one_command(0, 0, w.slots, log2, 0));
		w.m->queue[0].head = last;
		w.m->queue[0].tail = last;
		EXPECT(one_command(0, 0, w.slots, log2, last));
		EXPECT(one_command(0, 0, w.slots, log2, last + 1));
		/* full is full: a tail one beyond stops it, and it goes on from there */
		set32(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL, last + 2 + last + 2);
		EXPECT_EQ(REASON(0), CORDON_QREASON_TAIL);
		set32(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME, CORDON_RESUME_RETRY);
		EXPECT(one_command(0, 0, w.slots, log2, last + 2));
		w64(32 * (uint64_t)last, saved);
	}
	EXPECT_EQ(violations(), 20);
	set32(CORDON_PAGE_HOST(0) + CORDON_REG_Q_CTRL, 0);
	queue_up(0, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 21));
	EXPECT_EQ(reg32(CORDON_PAGE_HOST(0) + CORDON_REG_Q_ACK),
		  cm_put(CORDON_Q_REASON, CORDON_QREASON_DESC_MALFORMED));
}

/* Units of 1 to 64 queues: the last one works, and there is none beyond it (spec 10.1) */
static void every_number_of_queues(void)
{
	unsigned int n;

	for (n = 1; n <= 64; n++) {
		uint64_t ring, slots, status;

		world_new();
		w.cfg.cap[3] = (w.cfg.cap[3] & ~CORDON_CAP2_CMDQS) | cm_put(CORDON_CAP2_CMDQS, n);
		boot_off();
		EXPECT_EQ(cordon_model_mmio_size(w.m), (2 + 2 * n) * 0x10000);
		EXPECT_EQ(cm_get(CORDON_CAP2_CMDQS, reg(CORDON_REG_CAP2)), n);
		ring = page();
		slots = page();
		status = page();
		w64(w.qtable + 64 * (n - 1) + 8, ring);
		w64(w.qtable + 64 * (n - 1) + 16, slots);
		w64(w.qtable + 64 * (n - 1) + 24, status);
		queue_up(n - 1, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 2));
		EXPECT(one_command(n - 1, ring, slots, 2, 0));
		set32(CORDON_PAGE_HOST(n) + CORDON_REG_Q_CTRL, CORDON_Q_EN);
		EXPECT_EQ(reg32(CORDON_PAGE_HOST(n) + CORDON_REG_Q_ACK), 0);
		EXPECT_EQ(violations(), 0);
	}
}

/* SYNC by interrupt, by wire and by message, masked and not (spec 5.3.1, 8) */
static void sync_by_interrupt(void)
{
	boot();
	set32(CORDON_REG_IMASK, BIT(CORDON_INT_COMMAND));
	submit(CORDON_OP_SYNC | CORDON_CMD_INTERRUPT, 0, 0, 0);
	EXPECT_EQ(reg(CORDON_REG_CMDPEND), 1);
	EXPECT_EQ(reg32(CORDON_REG_IPEND), BIT(CORDON_INT_COMMAND));
	EXPECT_EQ(w.wires, 0);
	set32(CORDON_REG_IMASK, 0);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_COMMAND));
	/* it follows CMDPEND: its own bit clears nothing */
	set32(CORDON_REG_IPEND, BIT(CORDON_INT_COMMAND));
	EXPECT_EQ(w.wires, BIT(CORDON_INT_COMMAND));
	set(CORDON_REG_CMDPEND, 1);
	EXPECT_EQ(w.wires, 0);
	set32(CORDON_REG_MSI_DATA(CORDON_INT_COMMAND), 0x51);
	set(CORDON_REG_MSI_ADDR(CORDON_INT_COMMAND), 0x9000 | CORDON_MSI_ADDR_EN);
	EXPECT_EQ(w.msis, 0);
	/* word and interrupt: the word first, for the message tells of it */
	EXPECT_EQ(command(CORDON_OP_SYNC | CORDON_CMD_INTERRUPT, 0, 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(w.msis, 1);
	EXPECT_EQ(w.msi_data, 0x51);
	EXPECT_EQ(w.wires, 0);
	/* one that takes its time interrupts when it is over, not when it is rung for */
	set(CORDON_REG_CMDPEND, 1);
	w.m->cfg.command_latency = 10;
	submit(CORDON_OP_SYNC | CORDON_CMD_INTERRUPT, 0, 0, 0);
	EXPECT_EQ(w.msis, 1);
	w.now += 10;
	cordon_model_tick(w.m);
	EXPECT_EQ(w.msis, 2);
	EXPECT_EQ(violations(), 0);
}

/* A stopped queue says where and why; reset alone it starts anew, unseen by others (spec 5.6) */
static void reset_alone(void)
{
	uint64_t ring, slots, status;

	boot();
	ring = page();
	slots = page();
	status = page();
	w64(w.qtable + 64 + 8, ring);
	w64(w.qtable + 64 + 16, slots);
	w64(w.qtable + 64 + 24, status);
	queue_up(1, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 3));
	EXPECT(one_command(1, ring, slots, 3, 0));
	command(CORDON_OP_SYNC, 0, 0, 0);
	command(0xee, 0, 0, 0);
	EXPECT_EQ(r64(w.status), 1 | cm_put(CORDON_STATUS_STATE, CORDON_QSTATE_STOPPED) |
		  cm_put(CORDON_STATUS_REASON, CORDON_QREASON_OPCODE));
	EXPECT(one_command(1, ring, slots, 3, 1));
	/* stopped, it takes tails, and writes nothing until it is told to go on (spec 5.2) */
	w64(w.slots + 56, 0x5a);
	w64(w.status, 0x5a);
	submit(CORDON_OP_SYNC, 0, 0, 0);
	EXPECT_EQ(reg32(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL), w.tail);
	EXPECT_EQ(r64(w.status), 0x5a);
	set32(CORDON_PAGE_HOST(0) + CORDON_REG_Q_CTRL, 0);
	EXPECT_EQ(reg32(CORDON_PAGE_HOST(0) + CORDON_REG_Q_ACK), 0);
	EXPECT_EQ(reg(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_STATUS), 0);
	EXPECT(one_command(1, ring, slots, 3, 2));
	/* from the acknowledgment on it writes nothing */
	EXPECT_EQ(r64(w.slots + 56), 0x5a);
	EXPECT_EQ(r64(w.status), 0x5a);
	set32(CORDON_PAGE_HOST(0) + CORDON_REG_Q_CTRL, CORDON_Q_EN);
	EXPECT_EQ(r64(w.status), cm_put(CORDON_STATUS_STATE, CORDON_QSTATE_RUNNING));
	EXPECT_EQ(reg32(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL), 0);
	w.tail = 0;
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	EXPECT(one_command(1, ring, slots, 3, 3));
	EXPECT_EQ(STATE(1), CORDON_QSTATE_RUNNING);
	EXPECT_EQ(violations(), 1);
}

/*
 * Firmware left a device at work: its directory is replaced by one write, under
 * which no transfer is lost, and its queue is taken over (spec 12.3).
 */
static void hand_over(void)
{
	uint64_t fw_status, fw_slots, fw_dir, dir, leaf, d[8] = { 0 };
	struct table fw, t;

	boot();
	fw = table_new(12, 39, 1);
	context_s1(d, &fw);
	publish(DEV, d);
	table_put(&fw, 0x5000, 3, 0x5000 | PAGE_RW);
	table_put(&fw, 0x6000, 3, 0x6000 | PAGE_RW);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(ask(DEV, 0x5000, W).addr, 0x5000);
	EXPECT_EQ(ask(DEV, 0x6000, W).addr, 0x6000);
	fw_status = w.status;
	fw_slots = w.slots;
	fw_dir = w.dir;

	/* live: ROOTACK has levels. Its queues go first; QTABLE is locked until then */
	EXPECT(reg(CORDON_REG_ROOTACK) & CORDON_ROOT_LEVELS);
	set32(CORDON_PAGE_HOST(0) + CORDON_REG_Q_CTRL, 0);
	EXPECT_EQ(reg32(CORDON_PAGE_HOST(0) + CORDON_REG_Q_ACK), 0);
	w.qtable = page();
	w.ring = page();
	w.slots = page();
	w.status = page();
	w.tail = 0;
	w64(w.qtable + 8, w.ring);
	w64(w.qtable + 16, w.slots | 9);
	w64(w.qtable + 24, w.status);
	set(CORDON_REG_QTABLE, w.qtable | CORDON_QTABLE_V);
	queue_up(0, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 5));
	w64(fw_status, 0x5a);
	w64(fw_slots + 56, 0x5a);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(ask(DEV, 0x5000, W).addr, 0x5000);	/* the device never noticed */

	/* a directory of its own, with the reserved region and nothing else */
	dir = page();
	leaf = page();
	t = table_new(12, 39, 1);
	memset(d, 0, sizeof(d));
	context_s1(d, &t);
	d[1] = cm_put(CORDON_TAGS_DTAG, DTAG + 1);
	table_put(&t, 0x5000, 3, 0x5000 | PAGE_RW);
	w64(dir + 8 * (DEV >> 9), leaf | CORDON_PTR_V);
	w64(leaf + 8 * (DEV & 511), put_context(d) | CORDON_PTR_V);
	set(CORDON_REG_ROOT, dir | 2);
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), dir | 2);
	EXPECT_EQ(ask(DEV, 0x5000, W).addr, 0x5000);
	EXPECT_EQ(ask(DEV, 0x6000, W).reason, CORDON_REASON_TRANSLATION);

	/* what firmware left is not looked at any more, whatever becomes of it */
	memset(w.mem + fw_dir, 0xff, 4096);
	memset(w.mem + fw.root, 0xff, 4096);
	EXPECT_EQ(ask(DEV, 0x5000, W).addr, 0x5000);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	EXPECT_EQ(r64(fw_status), 0x5a);
	EXPECT_EQ(r64(fw_slots + 56), 0x5a);
	EXPECT_EQ(stale() + violations(), 0);
}

/* @bit alone, with @addr; it interrupts until it is cleared, and then does not */
static void error_is(uint32_t bit, uint64_t addr)
{
	EXPECT_EQ(reg32(CORDON_REG_ERROR), bit);
	EXPECT_EQ(reg(CORDON_REG_ERRADDR), addr);
	EXPECT(w.wires & BIT(CORDON_INT_ERROR));
	set32(CORDON_REG_IPEND, BIT(CORDON_INT_ERROR));
	EXPECT(w.wires & BIT(CORDON_INT_ERROR));
	set32(CORDON_REG_ERROR, ~bit);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), bit);
	set32(CORDON_REG_ERROR, bit);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), 0);
	EXPECT(!(w.wires & BIT(CORDON_INT_ERROR)));
}

static void abort_at(uint64_t addr, unsigned int len)
{
	w.abort_first = addr;
	w.abort_last = len ? addr + len - 1 : 0;
}

/* Every bit of the error register, from every source that it has (spec 10.4) */
static void every_error(void)
{
	struct cordon_request req = request(DEV, 0x7000, R);
	uint64_t d[8] = { 0 }, at, prq, fb, context;
	struct table t;
	uint32_t code;

	boot();
	prq = page();
	fb = page();
	set(CORDON_REG_PRQ_BASE, prq | 2);
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN | CORDON_CTRL_PRQEN);
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	d[0] |= CORDON_DC_FAULT | CORDON_DC_ATS | CORDON_DC_PRI |
		cm_put(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_TRUST);
	d[1] |= cm_put(CORDON_TAGS_PLIMIT, 3);
	d[6] = fb;
	context = publish(DEV, d);
	at = table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW);

	reg(0x1b0);
	error_is(CORDON_ERROR_ACCESS, 0x1b0);

	/* FETCH: directory, context, table, queue descriptor, command */
	abort_at(w.dir, 8);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_DD_FETCH);
	error_is(CORDON_ERROR_FETCH, w.dir);
	abort_at(context, 64);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_DC_FETCH);
	error_is(CORDON_ERROR_FETCH, context);
	abort_at(at, 8);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_TABLE_FETCH);
	error_is(CORDON_ERROR_FETCH, at);
	abort_at(w.ring, 32);
	submit(CORDON_OP_SYNC, 0, 0, 0);
	error_is(CORDON_ERROR_FETCH, w.ring);
	abort_at(w.qtable + 64, 64);
	set32(CORDON_PAGE_HOST(1) + CORDON_REG_Q_CTRL, CORDON_Q_EN);
	error_is(CORDON_ERROR_FETCH, w.qtable + 64);

	abort_at(w.fq + 64ull * reg32(CORDON_REG_FQ_TAIL), 64);
	ask(DEV, 0x9000, R);
	error_is(CORDON_ERROR_FQ_WRITE, w.abort_first);

	abort_at(prq, 32);
	EXPECT(!cordon_model_page_request(w.m, &req, 1, true, &code));
	EXPECT_EQ(code, CORDON_RESPONSE_SUCCESS);
	error_is(CORDON_ERROR_PRQ_WRITE, prq);

	set32(CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));		/* unread records: due at once */
	set(CORDON_REG_MSI_ADDR(CORDON_INT_FAULT), 0xdead0000 | CORDON_MSI_ADDR_EN);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_MSI);
	set(CORDON_REG_MSI_ADDR(CORDON_INT_FAULT), 0);
	error_is(CORDON_ERROR_MSI, 0xdead0000);

	/* FAULT_BLOCK: out of reach, and with more consumed than produced */
	abort_at(fb, 64);
	ask(DEV, 0x9000, R);
	error_is(CORDON_ERROR_FAULT_BLOCK, fb);
	abort_at(0, 0);
	w64(fb + 8, (uint32_t)r64(fb) + 5);
	ask(DEV, 0x9000, R);
	error_is(CORDON_ERROR_FAULT_BLOCK, fb + 8);
	w64(fb + 8, (uint32_t)r64(fb));

	abort_at(w.status, 8);
	set32(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME, CORDON_RESUME_SKIP);
	error_is(CORDON_ERROR_STATUS_WRITE, w.status);

	/* several at once: the address is the first one's */
	abort_at(at, 8);
	cordon_model_drop_caches(w.m);
	ask(DEV, 0x1000, R);
	reg(0x1b0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FETCH | CORDON_ERROR_ACCESS);
	EXPECT_EQ(reg(CORDON_REG_ERRADDR), at);
	set32(CORDON_REG_ERROR, CORDON_ERROR_FETCH);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
}

void tests_clauses(void)
{
	RUN(stage2_every_size);
	RUN(every_queue_size);
	RUN(every_number_of_queues);
	RUN(sync_by_interrupt);
	RUN(reset_alone);
	RUN(hand_over);
	RUN(every_error);
}
