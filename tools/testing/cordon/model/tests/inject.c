// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Errors that the model makes on purpose: struct cordon_inject */
#include "harness.h"

#define STATUS(q)	reg(CORDON_PAGE_GUEST(q) + CORDON_REG_Q_STATUS)
#define STATE(q)	cm_get(CORDON_STATUS_STATE, STATUS(q))
#define REASON(q)	cm_get(CORDON_STATUS_REASON, STATUS(q))
#define HEAD(q)		cm_get(CORDON_STATUS_HEAD, STATUS(q))
#define CTRL(q)		(CORDON_PAGE_HOST(q) + CORDON_REG_Q_CTRL)
#define ACK(q)		reg32(CORDON_PAGE_HOST(q) + CORDON_REG_Q_ACK)
#define RESUME		(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME)
#define INJECTED	(cordon_model_stats(w.m)->injected)
#define OK		CORDON_COMPLETION_OK

static const struct cordon_inject none;

static void inject(struct cordon_inject in)
{
	cordon_model_inject(w.m, &in);
}

static unsigned int do_sync(void)
{
	return command(CORDON_OP_SYNC, 0, 0, 0);
}

static unsigned int last_word(void)
{
	return cm_get(CORDON_COMPLETION_STATUS, r64(w.slots + 56));
}

/* a second queue, whose commands follow its ring of two */
static uint64_t ring1, slots1;
static uint32_t tail1;

static void second_queue(void)
{
	uint64_t status = page();

	ring1 = page();
	slots1 = page();
	tail1 = 0;
	w64(w.qtable + 64 + 8, ring1);
	w64(w.qtable + 64 + 16, slots1);
	w64(w.qtable + 64 + 24, status);
	queue_up(1, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 1));
}

static bool second_works(void)
{
	uint64_t at = ring1 + 32 * (tail1 & 1);

	w64(slots1, 0);
	tail1++;
	w64(at, CORDON_OP_SYNC | CORDON_CMD_COMPLETE |
	    cm_put(CORDON_CMD_VALUE, tail1));
	set32(CORDON_PAGE_GUEST(1) + CORDON_REG_Q_TAIL, tail1);
	return r64(slots1) == (tail1 | BIT_ULL(32));
}

/* a device with one page */
static struct table t;

static void device(void)
{
	uint64_t d[8] = { 0 };

	t = table_new(12, 39, 1);
	context_s1(d, &t);
	publish(DEV, d);
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW);
}

static void stalled_queue(void)
{
	boot();
	second_queue();
	inject((struct cordon_inject) { .stall = 1 });
	EXPECT_EQ(do_sync(), 0);
	EXPECT_EQ(STATE(0), CORDON_QSTATE_RUNNING);
	EXPECT_EQ(HEAD(0), 0);
	EXPECT(second_works());
	/* disabling is acknowledged, and cures nothing */
	set32(CTRL(0), 0);
	EXPECT_EQ(ACK(0), 0);
	set32(CTRL(0), CORDON_Q_EN);
	w.tail = 0;
	EXPECT_EQ(do_sync(), 0);
	EXPECT(second_works());
	inject(none);
	EXPECT_EQ(last_word(), OK);
	EXPECT_EQ(do_sync(), OK);
	EXPECT_EQ(violations(), 0);
}

static void hung_queue(void)
{
	boot();
	second_queue();
	inject((struct cordon_inject) { .hang = 3 });
	EXPECT_EQ(do_sync(), 0);
	set32(CTRL(0), 0);
	EXPECT_EQ(cordon_model_injected(w.m)->hang, 2);
	set32(CTRL(0), CORDON_Q_EN);
	w.tail = 0;
	EXPECT_EQ(do_sync(), OK);
	EXPECT(!second_works());
	/* so does a reset of the whole */
	cordon_model_reset(w.m);
	EXPECT_EQ(cordon_model_injected(w.m)->hang, 0);
	EXPECT_EQ(violations(), 0);
}

static void failing_commands(void)
{
	unsigned int i;

	boot();
	inject((struct cordon_inject) { .fail_every = 3 });
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(do_sync(), OK);
		EXPECT_EQ(do_sync(), OK);
		EXPECT_EQ(do_sync(), 0);
		EXPECT_EQ(STATE(0), CORDON_QSTATE_STOPPED);
		EXPECT_EQ(REASON(0), CORDON_QREASON_FETCH);
		EXPECT_EQ(HEAD(0), w.tail - 1);
		EXPECT_EQ(reg(CORDON_REG_CMDPEND), 1);
		set(CORDON_REG_CMDPEND, 1);
		/* tried again, it counts as another command */
		set32(RESUME, CORDON_RESUME_RETRY);
		EXPECT_EQ(last_word(), OK);
		inject((struct cordon_inject) { .fail_every = 3 });
	}
	/* all of them, for a reason that leaves a word */
	inject((struct cordon_inject) {
		.fail_every = 1, .fail_reason = CORDON_QREASON_OPERAND, .lose_every = 1,
	});
	EXPECT_EQ(do_sync(), 0);
	EXPECT_EQ(REASON(0), CORDON_QREASON_OPERAND);
	set32(RESUME, CORDON_RESUME_RETRY);
	EXPECT_EQ(STATE(0), CORDON_QSTATE_STOPPED);
	set32(RESUME, CORDON_RESUME_SKIP);
	EXPECT_EQ(last_word(), CORDON_COMPLETION_SKIPPED);
	EXPECT_EQ(STATE(0), CORDON_QSTATE_RUNNING);
	EXPECT_EQ(INJECTED, 6);
	EXPECT_EQ(violations(), 0);
	/* software's own mistakes are counted as ever */
	inject(none);
	EXPECT_EQ(command(0, 0, 0, 0), 0);
	EXPECT_EQ(cordon_model_stats(w.m)->violations[CORDON_VIOLATION_COMMAND], 1);
}

static void lost_completions(void)
{
	boot();
	device();
	inject((struct cordon_inject) { .lose_every = 2 });
	EXPECT_EQ(do_sync(), OK);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
	EXPECT(ask(DEV, 0x1000, R).hit);
	w64(table_at(&t, 0x1000, 3), 0);
	/* it has taken effect, the head tells so, and the queue goes on */
	EXPECT_EQ(command(CORDON_OP_INV_RANGE, tags(0, DTAG) | CORDON_TGT_LEAF, 0x1000, 0x1fff), 0);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(HEAD(0), 2);
	EXPECT_EQ(do_sync(), OK);
	EXPECT_EQ(do_sync(), 0);
	EXPECT_EQ(INJECTED, 2);
	EXPECT_EQ(stale() + violations(), 0);
}

/* reads on behalf of a request: which reason, and that nothing else follows */
static void aborted_reads(void)
{
	static const struct { enum cordon_abort what; uint8_t reason; } kinds[] = {
		{ CORDON_ABORT_DIRECTORY, CORDON_REASON_DD_FETCH },
		{ CORDON_ABORT_CONTEXT, CORDON_REASON_DC_FETCH },
		{ CORDON_ABORT_TABLE, CORDON_REASON_TABLE_FETCH },
	};
	unsigned int i;

	boot();
	device();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		inject((struct cordon_inject) { .aborts = BIT(kinds[i].what) });
		EXPECT_EQ(ask(DEV, 0x1000, R).reason, kinds[i].reason);
		EXPECT_EQ(port(DEV, 0x1000, R, false).reason, kinds[i].reason);
		EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FETCH);
		set32(CORDON_REG_ERROR, ~0u);
		inject(none);
		EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
		/* what is cached serves, and is not stale for being out of reach */
		inject((struct cordon_inject) { .aborts = BIT(kinds[i].what) });
		EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
		EXPECT(ask(DEV, 0x1000, R).hit);
		if (kinds[i].what == CORDON_ABORT_TABLE) {
			/* nor is the table that a descriptor leads to */
			EXPECT_EQ(ask(DEV, 0x2000, R).reason, CORDON_REASON_TABLE_FETCH);
			EXPECT_EQ(stale(), 0);
		}
		cordon_model_drop_caches(w.m);
	}
	EXPECT_EQ(stale() + violations(), 0);
}

static void aborted_queues(void)
{
	boot();
	inject((struct cordon_inject) { .aborts = BIT(CORDON_ABORT_COMMAND) });
	EXPECT_EQ(do_sync(), 0);
	EXPECT_EQ(REASON(0), CORDON_QREASON_FETCH);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FETCH);
	inject((struct cordon_inject) { .aborts = BIT(CORDON_ABORT_COMPLETION) });
	set32(RESUME, CORDON_RESUME_RETRY);
	EXPECT_EQ(REASON(0), CORDON_QREASON_WRITE);
	inject((struct cordon_inject) { .aborts = BIT(CORDON_ABORT_STATUS) });
	set32(RESUME, CORDON_RESUME_SKIP);
	EXPECT_EQ(REASON(0), CORDON_QREASON_WRITE);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FETCH | CORDON_ERROR_STATUS_WRITE);
	inject((struct cordon_inject) { .aborts = BIT(CORDON_ABORT_QDESC) });
	set32(CTRL(0), 0);
	set32(CTRL(0), CORDON_Q_EN);
	EXPECT_EQ(ACK(0), cm_put(CORDON_Q_REASON, CORDON_QREASON_DESC_FETCH));
	inject(none);
	set32(CTRL(0), 0);
	set32(CTRL(0), CORDON_Q_EN);
	w.tail = 0;
	EXPECT_EQ(do_sync(), OK);
	EXPECT_EQ(violations(), 0);
	/* a descriptor that is not there is software's mistake, whatever was before */
	set32(CTRL(0), 0);
	w64(w.qtable, 0);
	set32(CTRL(0), CORDON_Q_EN);
	EXPECT_EQ(cordon_model_stats(w.m)->violations[CORDON_VIOLATION_STRUCTURE], 1);
}

static void aborted_records(void)
{
	uint64_t lost;

	boot();
	inject((struct cordon_inject) { .aborts = BIT(CORDON_ABORT_FAULT) });
	ask(0x999, 0, R);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 0);
	lost = reg(CORDON_REG_FQ_LOST);
	EXPECT_EQ(lost, 1);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_FQ_WRITE);
	inject((struct cordon_inject) { .aborts = BIT(CORDON_ABORT_BLOCK) });
	ask(0x999, 0, R);		/* recorded, uncharged (spec 6.4) */
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 1);
	EXPECT_EQ(r64(w.fq + 8), 0x999);
	set32(CORDON_REG_ERROR, ~0u);
	set32(CORDON_REG_IPEND, ~0u);
	inject((struct cordon_inject) { .aborts = BIT(CORDON_ABORT_MESSAGE) });
	set(CORDON_REG_MSI_ADDR(CORDON_INT_FAULT), 0x9000 | CORDON_MSI_ADDR_EN);
	EXPECT_EQ(w.msis, 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_MSI);
	EXPECT_EQ(violations(), 0);
}

static void gone(void)
{
	struct cordon_answer a;

	boot();
	device();
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
	EXPECT_EQ(ask(DEV, 0x2000, R).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_FAULT));
	inject((struct cordon_inject) { .gone = true });
	EXPECT_EQ(w.wires, 0);
	EXPECT_EQ(reg(CORDON_REG_ID), ~0ull);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), 0xffffffff);
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), ~0ull);
	EXPECT_EQ(cordon_model_mmio_read(w.m, 0x1b0, 2), 0xffff);	/* nor are there rules */
	/* nothing passes, not even what is cached; nothing is counted or recorded */
	a = ask(DEV, 0x1000, R);
	EXPECT(a.reason && !a.razwi);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), ~0u);
	EXPECT_EQ(do_sync(), 0);
	set(CORDON_REG_ROOT, 0);
	w.now += 1000000;
	EXPECT_EQ(cordon_model_tick(w.m), CM_NEVER);
	/* it comes back as it was: what was written meanwhile is lost */
	inject(none);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_FAULT));
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), w.dir | 2);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 1);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
	EXPECT_EQ(HEAD(0), 0);
	w.tail = 0;
	EXPECT_EQ(do_sync(), OK);
	EXPECT_EQ(stale() + violations(), 0);
}

static void mute_root(void)
{
	boot();
	device();
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);
	inject((struct cordon_inject) { .mutes = BIT(CORDON_MUTE_ROOT) });
	set(CORDON_REG_ROOT, CORDON_ROOT_SILENT);
	EXPECT_EQ(reg(CORDON_REG_ROOT), CORDON_ROOT_SILENT);
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), w.dir | 2 | CORDON_ROOT_BUSY);
	w.now += 1000000;
	cordon_model_tick(w.m);
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), w.dir | 2 | CORDON_ROOT_BUSY);
	/* the old one is in force, and its caches */
	EXPECT(ask(DEV, 0x1000, R).hit);
	set(CORDON_REG_ROOT, 0);
	inject(none);
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), 0);		/* the last one */
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_NO_ROOT);
	EXPECT_EQ(INJECTED, 2);
	EXPECT_EQ(violations(), 0);
}

static void mute_ctrl(void)
{
	boot();
	inject((struct cordon_inject) { .mutes = BIT(CORDON_MUTE_CTRL) });
	set32(CORDON_REG_CTRL, 0);
	EXPECT_EQ(reg32(CORDON_REG_CTRL), 0);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), CORDON_CTRL_FQEN);
	/* the queue is on as long as that */
	ask(0x999, 0, R);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 1);
	inject(none);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), 0);
	ask(0x999, 0, R);
	EXPECT_EQ(reg(CORDON_REG_FQ_LOST), 1);
	/* taken back before it was acknowledged: nothing happened (spec 10.3) */
	inject((struct cordon_inject) { .mutes = BIT(CORDON_MUTE_CTRL) });
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	set32(CORDON_REG_CTRL, 0);
	inject(none);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), 0);
	EXPECT_EQ(violations(), 0);
}

static void mute_queue(void)
{
	boot();
	inject((struct cordon_inject) { .mutes = BIT(CORDON_MUTE_QUEUE) });
	set32(CTRL(0), 0);
	EXPECT_EQ(reg32(CTRL(0)), 0);
	EXPECT_EQ(ACK(0), CORDON_Q_EN);
	EXPECT_EQ(do_sync(), OK);		/* it may write memory until it says so */
	second_queue();
	EXPECT_EQ(ACK(1), 0);
	EXPECT(!second_works());
	inject(none);
	EXPECT_EQ(ACK(0), 0);
	EXPECT_EQ(ACK(1), CORDON_Q_EN);
	tail1 = 0;
	EXPECT(second_works());
	/* the doorbell of a queue that is not enabled is software's mistake */
	EXPECT_EQ(cordon_model_stats(w.m)->violations[CORDON_VIOLATION_RULE], 1);
}

static void slow_unit(void)
{
	boot();
	device();
	inject((struct cordon_inject) { .slow = 100 });
	EXPECT_EQ(do_sync(), 0);
	set(CORDON_REG_ROOT, CORDON_ROOT_SILENT);
	set32(CORDON_REG_CTRL, 0);
	EXPECT_EQ(cordon_model_tick(w.m), w.now + 100);
	w.now += 99;
	cordon_model_tick(w.m);
	EXPECT_EQ(last_word(), 0);
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), w.dir | 2 | CORDON_ROOT_BUSY);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), CORDON_CTRL_FQEN);
	w.now++;
	cordon_model_tick(w.m);
	EXPECT_EQ(last_word(), OK);
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), CORDON_ROOT_SILENT);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), 0);
	set32(CTRL(0), 0);
	EXPECT_EQ(ACK(0), CORDON_Q_EN);
	w.now += 100;
	EXPECT_EQ(cordon_model_tick(w.m), CM_NEVER);
	EXPECT_EQ(ACK(0), 0);
	/* a time that is taken away is over, and a new one begins anew */
	set32(CTRL(0), CORDON_Q_EN);
	inject(none);
	EXPECT_EQ(ACK(0), CORDON_Q_EN);
	w.tail = 0;
	EXPECT_EQ(do_sync(), OK);
	inject((struct cordon_inject) { .slow = 100 });
	EXPECT_EQ(do_sync(), 0);
	inject(none);
	EXPECT_EQ(last_word(), OK);
	w.now += 1000;
	inject((struct cordon_inject) { .slow = 100 });
	EXPECT_EQ(do_sync(), 0);
	EXPECT_EQ(cordon_model_tick(w.m), w.now + 100);
	EXPECT_EQ(violations(), 0);
}

/* a unit that makes errors has no state that could be moved elsewhere */
static void not_saved(void)
{
	uint8_t *buf;
	size_t len;

	boot();
	len = cordon_model_state_size(w.m);
	buf = malloc(len);
	cordon_model_save(w.m, buf);
	inject((struct cordon_inject) { .mutes = BIT(CORDON_MUTE_ROOT) });
	EXPECT_EQ(cordon_model_state_size(w.m), 0);
	EXPECT(cordon_model_load(w.m, buf, len));
	EXPECT(cordon_model_load(w.m, buf, 0));
	inject(none);
	EXPECT_EQ(cordon_model_state_size(w.m), len);
	EXPECT_EQ(cordon_model_load(w.m, buf, len), 0);
	EXPECT_EQ(reg(CORDON_REG_ROOT), w.dir | 2);
	set32(CTRL(0), 0);
	EXPECT_EQ(ACK(0), 0);
	free(buf);
}

void tests_inject(void)
{
	RUN(stalled_queue);
	RUN(hung_queue);
	RUN(failing_commands);
	RUN(lost_completions);
	RUN(aborted_reads);
	RUN(aborted_queues);
	RUN(aborted_records);
	RUN(gone);
	RUN(mute_root);
	RUN(mute_ctrl);
	RUN(mute_queue);
	RUN(slow_unit);
	RUN(not_saved);
}
