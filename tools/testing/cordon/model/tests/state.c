// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Save and load */
#include "harness.h"

static void save_and_load(void)
{
	struct table t;
	uint64_t d[8] = { 0 };
	uint8_t *buf, *again;
	size_t len, i;

	boot();
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	publish(DEV, d);
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW);
	ask(DEV, 0x1000, R);
	ask(DEV, 0x2000, R);
	submit(0xee, 0, 0, 0);
	set(CORDON_REG_COUNTER_EVENT(3), CORDON_EVENT_EN | CORDON_EVENT_REQUESTS);
	len = cordon_model_state_size(w.m);
	buf = malloc(len);
	again = malloc(len);
	cordon_model_save(w.m, buf);
	cordon_model_reset(w.m);
	EXPECT_EQ(w.wires, 0);
	EXPECT_EQ(cordon_model_load(w.m, buf, len), 0);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_FAULT) | BIT(CORDON_INT_COMMAND));
	cordon_model_save(w.m, again);
	EXPECT(!memcmp(buf, again, len));
	EXPECT(!ask(DEV, 0x1000, R).hit);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(3)), 1);
	set32(CORDON_PAGE_GUEST(0) + 4, CORDON_RESUME_SKIP);
	EXPECT_EQ(command(CORDON_OP_SYNC, 0, 0, 0), CORDON_COMPLETION_OK);
	/* what does not fit resets */
	EXPECT(cordon_model_load(w.m, buf, len - 8));
	EXPECT_EQ(reg(CORDON_REG_ROOT), 0);
	buf[8] ^= 1;
	EXPECT(cordon_model_load(w.m, buf, len));
	buf[8] ^= 1;
	/* no spoiled state does harm: every byte in turn */
	for (i = 64; i < len && i < 4000; i++) {
		buf[i] ^= 0xff;
		if (!cordon_model_load(w.m, buf, len)) {
			ask(DEV, 0x1000, R);
			set32(CORDON_PAGE_GUEST(0), 2);
			cordon_model_tick(w.m);
		}
		buf[i] ^= 0xff;
	}
	free(buf);
	free(again);
}

/* a second directory, in which @devid has @d */
static uint64_t directory(uint32_t devid, const uint64_t *d)
{
	uint64_t root = page(), leaf = page();

	w64(root + 8 * (devid >> 9), leaf | CORDON_PTR_V);
	w64(leaf + 8 * (devid & 0x1ff), put_context(d) | CORDON_PTR_V);
	return root | 2;
}

/* spec 10.3: while requests wait, all else goes on */
static void held(void)
{
	uint64_t d[8] = { 0 }, faults;
	struct cordon_request req;
	struct table t;
	uint32_t code;

	boot();
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	publish(DEV, d);
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW);
	EXPECT(!cordon_model_held(w.m));
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, 0);

	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN | CORDON_CTRL_QUIESCE);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), CORDON_CTRL_FQEN | CORDON_CTRL_QUIESCE);
	EXPECT(cordon_model_held(w.m));
	faults = cordon_model_stats(w.m)->faults;
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_ANSWER_HELD);
	EXPECT_EQ(ask(DEV, 0x2000, R).reason, CORDON_ANSWER_HELD);
	EXPECT_EQ(ask(DEV + 1, 0x1000, W).reason, CORDON_ANSWER_HELD);
	EXPECT_EQ(cordon_model_stats(w.m)->faults, faults);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 0);
	/* who only asks makes no request; commands are carried out */
	EXPECT_EQ(port(DEV, 0x1000, R, true).reason, 0);
	req = request(DEV, 0x1000, R);
	req.probe = true;
	EXPECT_EQ(answer(&req).addr, 0x5000);
	EXPECT_EQ(command(CORDON_OP_INV_ALL, 0, 0, 0), CORDON_COMPLETION_OK);
	/* no page request is made, and none of a device's is left without answer */
	req = request(DEV, 0x1000, R);
	EXPECT(!cordon_model_page_request(w.m, &req, 1, true, &code));
	EXPECT_EQ(code, CORDON_RESPONSE_SUCCESS);
	EXPECT_EQ(reg(CORDON_REG_PRQ_LOST), 0);

	/* what waited is handled by what is in force by then */
	table_put(&t, 0x2000, 3, 0x6000 | PAGE_RW);
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	EXPECT(!cordon_model_held(w.m));
	EXPECT_EQ(ask(DEV, 0x2000, R).addr, 0x6000);
	EXPECT_EQ(violations(), 0);
}

/* spec 12.3: a device with a reserved region loses nothing, others get nothing */
static void handed_over(void)
{
	uint64_t d[8] = { 0 }, mine[8] = { 0 };
	struct table t, region;
	uint32_t i;

	boot();
	t = table_new(12, 39, 1);		/* firmware's, with more than the region */
	context_s1(d, &t);
	publish(DEV, d);
	publish(DEV + 1, d);
	table_put(&t, 0x5000, 3, 0x5000 | PAGE_RW);
	table_put(&t, 0x6000, 3, 0x6000 | PAGE_RW);
	region = table_new(12, 39, 1);
	context_s1(mine, &region);
	table_put(&region, 0x5000, 3, 0x5000 | PAGE_RW);
	EXPECT_EQ(ask(DEV, 0x5000, W).reason, 0);
	EXPECT_EQ(ask(DEV, 0x6000, W).reason, 0);

	/* 12.1, step 2 */
	set32(CORDON_REG_IMASK, 0x1f);
	set32(CORDON_REG_CTRL, 0);
	for (i = 0; i < 16; i++)
		set32(CORDON_PAGE_HOST(i), 0);
	EXPECT_EQ(ask(DEV, 0x5000, W).reason, 0);
	set32(CORDON_REG_CTRL, CORDON_CTRL_QUIESCE);
	EXPECT_EQ(ask(DEV, 0x5000, W).reason, CORDON_ANSWER_HELD);
	set(CORDON_REG_MAIR(0), 0xffff);
	set(CORDON_REG_ROOT, directory(DEV, mine));
	EXPECT_EQ(ask(DEV, 0x5000, W).reason, CORDON_ANSWER_HELD);
	set32(CORDON_REG_CTRL, 0);
	EXPECT_EQ(ask(DEV, 0x5000, W).reason, 0);
	EXPECT_EQ(ask(DEV, 0x6000, W).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(ask(DEV + 1, 0x5000, R).reason, CORDON_REASON_DD_ABSENT);
	EXPECT_EQ(stale(), 0);
}

/* spec 12.5: asleep nothing is cached; a power cycle leaves everything blocked */
static void asleep(void)
{
	uint64_t d[8] = { 0 }, root;
	struct table t;
	uint64_t leaf;

	boot();
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	publish(DEV, d);
	leaf = table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW);
	EXPECT_EQ(ask(DEV, 0x1000, R).addr, 0x5000);
	root = reg(CORDON_REG_ROOT);

	/* with power: no command for what software takes away meanwhile */
	set32(CORDON_REG_CTRL, CORDON_CTRL_QUIESCE | CORDON_CTRL_FQEN);
	set(CORDON_REG_ROOT, CORDON_ROOT_SILENT);
	set32(CORDON_REG_CTRL, CORDON_CTRL_QUIESCE);
	w64(leaf, 0);
	table_put(&t, 0x2000, 3, 0x6000 | PAGE_RW);
	set(CORDON_REG_ROOT, root);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_ANSWER_HELD);
	set32(CORDON_REG_CTRL, 0);
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_TRANSLATION);
	EXPECT_EQ(ask(DEV, 0x2000, R).addr, 0x6000);
	EXPECT_EQ(stale(), 0);

	/* without: reset, and blocked until the root is back */
	set32(CORDON_REG_CTRL, CORDON_CTRL_QUIESCE);
	cordon_model_reset(w.m);
	EXPECT(!cordon_model_held(w.m));
	EXPECT_EQ(ask(DEV, 0x2000, R).reason, CORDON_REASON_NO_ROOT);
	set(CORDON_REG_ROOT, root);
	EXPECT_EQ(ask(DEV, 0x2000, R).addr, 0x6000);
}

/*
 * No dword of a state may be something that the unit could not have come to by
 * itself: it is refused, or it is a value like any other, and saved again as it is.
 */
static void spoil(unsigned int dwords, unsigned int *refused)
{
	static const uint64_t flip[4] = { 1, BIT_ULL(9), BIT_ULL(40), ~0ull };
	size_t len = cordon_model_state_size(w.m);
	uint8_t *good = malloc(len), *bad = malloc(len), *again = malloc(len);
	unsigned int i, k;

	cordon_model_save(w.m, good);
	for (i = 8; i < dwords && 8 * i < len; i++) {
		for (k = 0; k < 4; k++) {
			memcpy(bad, good, len);
			cm_put_le64(bad + 8 * i, cm_le64(good + 8 * i) ^ flip[k]);
			if (cordon_model_load(w.m, bad, len)) {
				++*refused;
				EXPECT_EQ(reg(CORDON_REG_ROOT), 0);
				EXPECT_EQ(reg32(CORDON_REG_CTRLACK), 0);
				continue;
			}
			cordon_model_save(w.m, again);
			EXPECT(!memcmp(bad, again, len));
		}
	}
	EXPECT_EQ(cordon_model_load(w.m, good, len), 0);
	free(good);
	free(bad);
	free(again);
}

static void small(void)
{
	w.cfg.cap[3] = (w.cfg.cap[3] & ~(CORDON_CAP2_CMDQS | CORDON_CAP2_MERGE)) |
		       cm_put(CORDON_CAP2_CMDQS, 3) | cm_put(CORDON_CAP2_MERGE, 4);
	w.cfg.cap[4] = (w.cfg.cap[4] & ~(CORDON_CAP3_COUNTERS | CORDON_CAP3_COUNTER_BITS)) |
		       cm_put(CORDON_CAP3_COUNTERS, 8) | cm_put(CORDON_CAP3_COUNTER_BITS, 40);
}

/* one of everything that can be under way */
static void under_way(void)
{
	uint64_t d[8] = { CORDON_DC_V | CORDON_DC_ATS | CORDON_DC_FAULT |
			  cm_put(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_TRUST) };
	unsigned int refused = 0, i;
	uint64_t word;

	small();
	boot_off();
	d[6] = page();
	publish(DEV, d);
	set32(CORDON_REG_FQ_MERGE, 12);
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	queue_up(0, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 5));
	set(CORDON_REG_ROOT, w.dir | 2);
	/* repeats that are merged; one queue stopped, one frozen */
	for (i = 0; i < 5; i++)
		ask(DEV, 0x1000, R);
	for (i = 1; i < 3; i++) {
		w64(w.qtable + 64 * i, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 5));
		w64(w.qtable + 64 * i + 8, page());
		w64(w.qtable + 64 * i + 16, page());
		w64(w.qtable + 64 * i + 24, w.status + 64 * i);
	}
	set32(CORDON_PAGE_HOST(1), CORDON_Q_EN);
	set32(CORDON_PAGE_GUEST(1), 1);
	set32(CORDON_PAGE_HOST(2), CORDON_Q_EN | CORDON_Q_FREEZE);
	/* and an INV_ATC that nobody has answered */
	EXPECT_EQ(command(CORDON_OP_INV_ATC, DEV, 0, 0xfff), 0);
	spoil(300, &refused);
	EXPECT(refused > 400);
	/* what was under way goes on */
	cordon_model_atc_done(w.m, w.atc_tag, true);
	EXPECT_EQ(cm_get(CORDON_COMPLETION_STATUS, r64(w.slots + 56)), CORDON_COMPLETION_OK);
	word = reg(CORDON_PAGE_GUEST(1) + CORDON_REG_Q_STATUS);
	EXPECT_EQ(cm_get(CORDON_STATUS_STATE, word), CORDON_QSTATE_STOPPED);
	EXPECT_EQ(cm_get(CORDON_STATUS_REASON, word), CORDON_QREASON_OPCODE);
	EXPECT_EQ(reg32(CORDON_PAGE_HOST(2) + 4), CORDON_Q_EN | CORDON_Q_FREEZE);
	w.now += cm_ticks(w.m, 12);
	cordon_model_tick(w.m);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 2);
	EXPECT_EQ(cm_get(CORDON_FAULT_COUNT, r64(w.fq + 64)), 4);
}

/* registers of features that are absent hold nothing */
static void absent(void)
{
	static const uint64_t without[4] = {
		CORDON_CAP1_S1, CORDON_CAP1_ATS, CORDON_CAP1_MSI, CORDON_CAP1_TRPORT,
	};
	unsigned int i, with = 0, refused;

	small();
	boot();
	spoil(110, &with);
	for (i = 0; i < 4; i++) {
		world_new();
		small();
		w.cfg.cap[2] &= ~without[i];
		boot();
		refused = 0;
		spoil(110, &refused);
		EXPECT(refused > with);
	}
}

void tests_state(void)
{
	RUN(held);
	RUN(handed_over);
	RUN(asleep);
	RUN(save_and_load);
	RUN(under_way);
	RUN(absent);
}
