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

void tests_state(void)
{
	RUN(save_and_load);
}
