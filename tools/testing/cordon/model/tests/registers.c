// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Registers: reset values, access rules, interrupts, counters (spec 8 to 10) */
#include "harness.h"

static void reset_values(void)
{
	static const uint64_t zero64[] = {
		CORDON_REG_ROOT, CORDON_REG_ROOTACK, CORDON_REG_QTABLE, CORDON_REG_MAIR(0),
		CORDON_REG_MAIR(3), CORDON_REG_ERRADDR, CORDON_REG_CMDPEND, CORDON_REG_MSI_ADDR(0),
		CORDON_REG_MSI_ADDR(4), CORDON_REG_FQ_BASE, CORDON_REG_FQ_LOST, CORDON_REG_FQ_ANON,
		CORDON_REG_PRQ_BASE, CORDON_REG_PRQ_LOST, CORDON_REG_TR_ADDR, CORDON_REG_TR_REQ,
		CORDON_REG_TR_RESULT, CORDON_REG_TR_OUT, CORDON_REG_TR_IPA, CORDON_REG_TR_WHERE,
		CORDON_REG_COUNTER_VALUE(0), CORDON_REG_COUNTER_EVENT(7),
		CORDON_REG_COUNTER_FILTER(15), CORDON_REG_COUNTER_OVERFLOW,
		CORDON_REG_COUNTER_FREEZE, CORDON_PAGE_GUEST(15) + CORDON_REG_Q_STATUS,
	};
	static const uint64_t zero32[] = {
		CORDON_REG_CTRL, CORDON_REG_CTRLACK, CORDON_REG_ERROR, CORDON_REG_IPEND,
		CORDON_REG_MSI_DATA(0), CORDON_REG_FQ_HEAD, CORDON_REG_FQ_TAIL,
		CORDON_REG_FQ_ANON_LIMIT, CORDON_REG_FQ_MERGE, CORDON_REG_PRQ_HEAD,
		CORDON_REG_PRQ_TAIL, CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL,
		CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME,
		CORDON_PAGE_HOST(0) + CORDON_REG_Q_CTRL, CORDON_PAGE_HOST(15) + CORDON_REG_Q_ACK,
	};
	unsigned int i, pass;

	world_init();
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < 6; i++)
			EXPECT_EQ(reg(8 * i), w.m->cfg.cap[i]);
		for (i = 0; i < ARRAY_SIZE(zero64); i++)
			EXPECT_EQ(reg(zero64[i]), 0);
		for (i = 0; i < ARRAY_SIZE(zero32); i++)
			EXPECT_EQ(reg32(zero32[i]), 0);
		EXPECT_EQ(reg32(CORDON_REG_IMASK), 0x1f);
		EXPECT_EQ(reg32(CORDON_REG_ATC_TIMEOUT), 20);
		EXPECT_EQ(reg(CORDON_REG_TIME), w.now);
		EXPECT_EQ(reg(CORDON_REG_COUNTER_EVENTS), 0x1fffe);
		EXPECT_EQ(violations(), 0);
		/* spoil everything that can be written, then reset */
		for (i = 0; i < 0x200; i += 8)
			set(i, 0x1000);
		for (i = 0; i < 0x200; i += 4)
			set32(i, 0x6);
		set(CORDON_REG_COUNTER_VALUE(0), 5);
		set(CORDON_REG_COUNTER_FREEZE, ~0ull);
		cordon_model_reset(w.m);
		memset(&w.m->stats, 0, sizeof(w.m->stats));
	}
	EXPECT_EQ(ask(DEV, 0x1000, R).reason, CORDON_REASON_NO_ROOT);
}

static void access_rules(void)
{
	boot_off();
	EXPECT_EQ(cordon_model_mmio_size(w.m), 34 * 0x10000);
	/* halves of a 64-bit register, but only for reading */
	EXPECT_EQ(reg32(CORDON_REG_ID + 4), CORDON_MAGIC);
	EXPECT_EQ(reg32(CORDON_REG_CAP4), 62500000);
	set32(CORDON_REG_TR_ADDR, 5);
	EXPECT_EQ(reg(CORDON_REG_TR_ADDR), 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
	EXPECT_EQ(reg(CORDON_REG_ERRADDR), CORDON_REG_TR_ADDR);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_ERROR));
	/* the first address stays */
	set(CORDON_REG_CTRL, 1);
	EXPECT_EQ(reg(CORDON_REG_ERRADDR), CORDON_REG_TR_ADDR);
	set32(CORDON_REG_ERROR, ~0u);
	EXPECT_EQ(w.wires, 0);
	EXPECT_EQ(cordon_model_mmio_read(w.m, CORDON_REG_IMASK, 8), 0);
	EXPECT_EQ(cordon_model_mmio_read(w.m, CORDON_REG_CTRL, 1), 0);
	EXPECT_EQ(cordon_model_mmio_read(w.m, CORDON_REG_ID + 2, 4), 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
	set32(CORDON_REG_ERROR, ~0u);
	/* nothing there */
	EXPECT_EQ(reg(0x1b0), 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
	EXPECT_EQ(reg(CORDON_REG_ERRADDR), 0x1b0);
	set32(CORDON_REG_ERROR, ~0u);
	/* a guest's page tells the host nothing */
	EXPECT_EQ(reg(CORDON_PAGE_GUEST(0) + 0x100), 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), 0);
	set32(CORDON_PAGE_HOST(0) + 0x100, 1);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
	set32(CORDON_REG_ERROR, ~0u);
	/* read-only registers, reserved bits */
	set(CORDON_REG_ID, ~0ull);
	EXPECT_EQ(reg(CORDON_REG_ID), w.m->cfg.cap[0]);
	set32(CORDON_REG_FQ_TAIL, 9);
	EXPECT_EQ(reg32(CORDON_REG_FQ_TAIL), 0);
	set32(CORDON_REG_IMASK, ~0u);
	EXPECT_EQ(reg32(CORDON_REG_IMASK), 0x1f);
	set32(CORDON_REG_FQ_ANON_LIMIT, ~0u);
	EXPECT_EQ(reg32(CORDON_REG_FQ_ANON_LIMIT), 0xfff);
	set32(CORDON_REG_FQ_MERGE, 31);
	EXPECT_EQ(reg32(CORDON_REG_FQ_MERGE), 24);
	set32(CORDON_REG_ATC_TIMEOUT, 31);
	EXPECT_EQ(reg32(CORDON_REG_ATC_TIMEOUT), 20);
	set32(CORDON_REG_ATC_TIMEOUT, 0);
	EXPECT_EQ(reg32(CORDON_REG_ATC_TIMEOUT), 4);
	set32(CORDON_REG_CTRL, ~6u);	/* all but FQEN and PRQEN */
	EXPECT_EQ(reg32(CORDON_REG_CTRL), CORDON_CTRL_QUIESCE);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), CORDON_CTRL_QUIESCE);
	set32(CORDON_REG_CTRL, 0);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), 0);
}

static void bad_bases(void)
{
	static const uint64_t regs[] = {
		CORDON_REG_QTABLE, CORDON_REG_FQ_BASE, CORDON_REG_PRQ_BASE, CORDON_REG_FQ_ANON,
		CORDON_REG_MSI_ADDR(2),
	};
	unsigned int i;

	cordon_model_default_config(&w.cfg);
	w.cfg.cap[1] = (w.cfg.cap[1] & ~CORDON_CAP0_OAS) | cm_put(CORDON_CAP0_OAS, CORDON_PS_48);
	boot_off();
	for (i = 0; i < 5; i++) {
		set(regs[i], 0x5000);
		EXPECT_EQ(reg(regs[i]), 0x5000);
		EXPECT_EQ(reg32(CORDON_REG_ERROR), 0);
		set(regs[i], 0x5000 | BIT_ULL(60));
		EXPECT_EQ(reg(regs[i]), 0);
		EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
		EXPECT_EQ(reg(CORDON_REG_ERRADDR), regs[i]);
		set32(CORDON_REG_ERROR, ~0u);
		set(regs[i], BIT_ULL(50));
		EXPECT_EQ(reg(regs[i]), 0);
		EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
		set32(CORDON_REG_ERROR, ~0u);
	}
	set(CORDON_REG_ROOT, w.dir | 2 | BIT_ULL(50) | CORDON_ROOT_SILENT);
	EXPECT_EQ(reg(CORDON_REG_ROOTACK), CORDON_ROOT_SILENT);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
	set(CORDON_REG_ROOT, w.dir | 2 | 8);
	EXPECT_EQ(reg(CORDON_REG_ROOT), 0);
	/* a fault queue without a size cannot be enabled */
	set32(CORDON_REG_ERROR, ~0u);
	set(CORDON_REG_FQ_BASE, w.fq);
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	EXPECT_EQ(reg32(CORDON_REG_CTRL), 0);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), 0);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
	set32(CORDON_REG_ERROR, ~0u);
	/* and must not change while it is on */
	set(CORDON_REG_FQ_BASE, w.fq | 2);
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	EXPECT_EQ(reg32(CORDON_REG_CTRLACK), CORDON_CTRL_FQEN);
	set(CORDON_REG_FQ_BASE, w.fq | 3);
	EXPECT_EQ(reg(CORDON_REG_FQ_BASE), w.fq | 2);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_ACCESS);
}

static void wires_and_masks(void)
{
	boot();
	ask(DEV, 0x1000, R);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_FAULT));
	EXPECT_EQ(reg32(CORDON_REG_IPEND), BIT(CORDON_INT_FAULT));
	set32(CORDON_REG_IMASK, BIT(CORDON_INT_FAULT));
	EXPECT_EQ(w.wires, 0);
	set32(CORDON_REG_IMASK, 0);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_FAULT));
	/* unread records set it again */
	set32(CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));
	EXPECT_EQ(w.wires, BIT(CORDON_INT_FAULT));
	set32(CORDON_REG_FQ_HEAD, 1);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_FAULT));
	set32(CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));
	EXPECT_EQ(w.wires, 0);
	submit(CORDON_OP_SYNC | CORDON_CMD_INTERRUPT, 0, 0, 0);
	EXPECT_EQ(reg(CORDON_REG_CMDPEND), 1);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_COMMAND));
	set32(CORDON_REG_IPEND, BIT(CORDON_INT_COMMAND));
	EXPECT_EQ(w.wires, BIT(CORDON_INT_COMMAND));
	set(CORDON_REG_CMDPEND, 1);
	EXPECT_EQ(w.wires, 0);
}

static void messages(void)
{
	boot();
	set(CORDON_REG_MSI_ADDR(CORDON_INT_FAULT), 0x8000040 | CORDON_MSI_ADDR_EN);
	set32(CORDON_REG_MSI_DATA(CORDON_INT_FAULT), 77);
	ask(DEV, 0x1000, R);
	EXPECT_EQ(w.wires, 0);
	EXPECT_EQ(w.msis, 1);
	EXPECT_EQ(w.msi_addr, 0x8000040);
	EXPECT_EQ(w.msi_data, 77);
	ask(DEV, 0x2000, R);			/* pending already */
	EXPECT_EQ(w.msis, 1);
	set32(CORDON_REG_FQ_HEAD, 1);		/* one is left: none is lost */
	EXPECT_EQ(w.msis, 2);
	set32(CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));
	EXPECT_EQ(w.msis, 3);
	set32(CORDON_REG_FQ_HEAD, 2);
	set32(CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));
	EXPECT_EQ(w.msis, 4);			/* the head's write; then it is clear */
	EXPECT_EQ(reg32(CORDON_REG_IPEND), 0);
	set32(CORDON_REG_IMASK, 0x1f);
	ask(DEV, 0x3000, R);
	EXPECT_EQ(w.msis, 4);
	set32(CORDON_REG_IMASK, 0);
	EXPECT_EQ(w.msis, 5);
	/* the message is switched off: the wire takes over, and back */
	set(CORDON_REG_MSI_ADDR(CORDON_INT_FAULT), 0);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_FAULT));
	set(CORDON_REG_MSI_ADDR(CORDON_INT_FAULT), 0xdead0000 | CORDON_MSI_ADDR_EN);
	EXPECT_EQ(w.msis, 6);
	EXPECT_EQ(reg32(CORDON_REG_ERROR), CORDON_ERROR_MSI);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_ERROR));
}

static void counters(void)
{
	struct table t;
	uint64_t d[8] = { 0 };
	int i;

	cordon_model_default_config(&w.cfg);
	w.cfg.cap[4] = (w.cfg.cap[4] & ~CORDON_CAP3_COUNTER_BITS) |
		       cm_put(CORDON_CAP3_COUNTER_BITS, 32);
	boot();
	t = table_new(12, 39, 1);
	context_s1(d, &t);
	publish(DEV, d);
	table_put(&t, 0x1000, 3, 0x5000 | PAGE_RW);
	for (i = 1; i <= 12; i++)
		set(CORDON_REG_COUNTER_EVENT(i), CORDON_EVENT_EN | i);
	set(CORDON_REG_COUNTER_EVENT(13), CORDON_EVENT_EN | CORDON_EVENT_TLB_HITS |
	    CORDON_EVENT_BY_DEVID | cm_put(CORDON_EVENT_DEVID, DEV + 1));
	set(CORDON_REG_COUNTER_EVENT(14), CORDON_EVENT_EN | CORDON_EVENT_TLB_HITS |
	    CORDON_EVENT_BY_DTAG | CORDON_EVENT_BY_VMTAG);
	set(CORDON_REG_COUNTER_FILTER(14), cm_put(CORDON_FILTER_DTAG, DTAG));
	ask(DEV, 0x1000, R);
	ask(DEV, 0x1000, R);
	ask(DEV, 0x1000, W);
	command(CORDON_OP_SYNC, 0, 0, 0);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(1)), 3);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(2)), 2);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(3)), 1);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(4)), 2);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(5)), 1);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(8)), 1);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(9)), 3);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(10)), 0);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(11)), 1);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(12)), 1);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(13)), 0);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(14)), 2);
	/* the port counts nothing */
	port(DEV, 0x1000, R, true);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(1)), 3);
	/* wrap, interrupt, freeze */
	set(CORDON_REG_COUNTER_EVENT(1), CORDON_EVENT_EN | CORDON_EVENT_INTERRUPT |
	    CORDON_EVENT_REQUESTS);
	set(CORDON_REG_COUNTER_VALUE(1), ~0ull);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(1)), 0xffffffff);
	ask(DEV, 0x1000, R);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(1)), 0);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_OVERFLOW), 2);
	EXPECT_EQ(w.wires, BIT(CORDON_INT_COUNTER));
	set(CORDON_REG_COUNTER_OVERFLOW, 2);
	EXPECT_EQ(w.wires, 0);
	set(CORDON_REG_COUNTER_FREEZE, 2);
	ask(DEV, 0x1000, R);
	EXPECT_EQ(reg(CORDON_REG_COUNTER_VALUE(1)), 0);
}

static void configurations(void)
{
	static const struct { int cap; uint64_t mask, val; } wrong[] = {
		{ 0, CORDON_ID_MAGIC, 0 }, { 0, CORDON_ID_MAJOR, 2 }, { 1, CORDON_CAP0_DEVID, 25 },
		{ 1, CORDON_CAP0_DEVID, 0 }, { 1, CORDON_CAP0_PASID, 21 },
		{ 1, CORDON_CAP0_VMTAG, 0 }, { 1, CORDON_CAP0_DTAG, 7 },
		{ 1, CORDON_CAP0_S1TG, 0 }, { 1, CORDON_CAP0_OAS, CORDON_PS_44 },
		{ 1, CORDON_CAP0_IAS, 31 }, { 3, CORDON_CAP2_CMDQS, 65 },
		{ 3, CORDON_CAP2_FQ_LOG2, 21 }, { 3, CORDON_CAP2_SLOTS_LOG2, 8 },
		{ 3, CORDON_CAP2_MERGE, 3 }, { 4, CORDON_CAP3_COUNTERS, 7 },
		{ 4, CORDON_CAP3_COUNTER_BITS, 31 }, { 4, CORDON_CAP3_ATC_DEVICE, 1 },
		{ 5, CORDON_CAP4_TIME_HZ, 0 }, { 5, CORDON_CAP4_PAGE_LOG2, 12 },
	};
	struct cordon_ops none = { 0 };
	struct cordon_config cfg;
	const char *why;
	unsigned int i;
	void *mem;

	world_init();
	mem = calloc(1, cordon_model_size(&w.cfg));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		cordon_model_default_config(&cfg);
		cfg.cap[wrong[i].cap] &= ~wrong[i].mask;
		cfg.cap[wrong[i].cap] |= cm_put(wrong[i].mask, wrong[i].val);
		why = NULL;
		EXPECT(!cordon_model_init(mem, &cfg, &w.m->ops, NULL, &why));
		EXPECT(why && why[0]);
	}
	cordon_model_default_config(&cfg);
	EXPECT(!cordon_model_init(mem, &cfg, &none, NULL, &why));
	/* what hangs on an absent feature goes with it */
	cfg.cap[2] &= ~(CORDON_CAP1_S2 | CORDON_CAP1_COHERENT | CORDON_CAP1_ATS);
	EXPECT(cordon_model_init(mem, &cfg, &w.m->ops, NULL, &why) == mem);
	EXPECT_EQ(((struct cordon_model *)mem)->cfg.cap[2] &
		  (CORDON_CAP1_NESTED | CORDON_CAP1_GUEST | CORDON_CAP1_GUESTQ | CORDON_CAP1_DIRTY |
		   CORDON_CAP1_HA | CORDON_CAP1_HD | CORDON_CAP1_HAFT | CORDON_CAP1_PRI |
		   CORDON_CAP1_TRUST | CORDON_CAP1_T_STAGE2 | CORDON_CAP1_FWB), 0);
	EXPECT_EQ(cm_get(CORDON_CAP0_VMTAG, ((struct cordon_model *)mem)->cfg.cap[1]), 0);
	free(mem);
}

void tests_registers(void)
{
	RUN(reset_values);
	RUN(access_rules);
	RUN(bad_bases);
	RUN(wires_and_masks);
	RUN(messages);
	RUN(counters);
	RUN(configurations);
}
