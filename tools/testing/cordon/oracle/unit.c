// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: a model in a world: its callbacks, its registers, its queue.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

struct totals totals;

void fail(struct test *t, const char *format, ...)
{
	va_list args;

	t->failed = true;
	printf("# SEED=%" PRIu64 " step %u: ", t->seed, t->step);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* -- what the model sees of the world ---------------------------------- */

/*
 * Requests reach only what faults need; nothing but the unit's own queues and
 * registers reaches the rest.
 */
static uint64_t *own_dword(struct test *t, uint64_t pa, bool write)
{
	if (pa - OWN_BASE >= OWN_SIZE)
		return NULL;
	if (t->own || pa - OWN_ANON < 64 || (write && pa - OWN_FQ < (64 << FQ_LOG2)))
		return &t->own_mem[(pa - OWN_BASE) / 8];
	return NULL;
}

/* the oracle never sees what belongs to the unit */
static bool oracle_reads(void *opaque, uint64_t addr, uint64_t *dwords, unsigned int n)
{
	struct test *t = opaque;
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint64_t *p = world_dword(&t->w, addr + 8 * i, PAGE_NO_READ);

		if (!p)
			return false;
		dwords[i] = le64toh(*p);
	}
	return true;
}

static bool oracle_writable(void *opaque, uint64_t addr)
{
	struct test *t = opaque;

	return world_dword(&t->w, addr, PAGE_NO_WRITE);
}

static int op_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
	struct test *t = opaque;
	size_t i;

	if ((addr | len) & 7)
		fail(t, "read of %zu bytes at %#" PRIx64, len, addr);
	for (i = 0; i < len; i += 8) {
		uint64_t *p = own_dword(t, addr + i, false);

		if (!p)
			p = world_dword(&t->w, addr + i, PAGE_NO_READ);
		if (!p)
			return -1;
		memcpy((char *)buf + i, p, len - i < 8 ? len - i : 8);
	}
	return 0;
}

void changed(struct test *t, uint64_t pa, uint64_t old)
{
	if (t->nr_changes < CHANGES)
		t->changes[t->nr_changes++] = (struct change){ .pa = pa, .old = old };
}

static int op_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
	struct test *t = opaque;
	size_t i;

	if ((addr | len) & 7)
		fail(t, "write of %zu bytes at %#" PRIx64, len, addr);
	for (i = 0; i < len; i += 8) {
		uint64_t *p = own_dword(t, addr + i, true);

		if (!p) {
			p = world_dword(&t->w, addr + i, PAGE_NO_WRITE);
			if (!p)
				return -1;
			changed(t, addr + i, le64toh(*p));
		}
		memcpy(p, (const char *)buf + i, len - i < 8 ? len - i : 8);
	}
	return 0;
}

static int op_cas(void *opaque, uint64_t addr, uint64_t *old, uint64_t val)
{
	struct test *t = opaque;
	uint64_t *p = own_dword(t, addr, true), is;

	if (!p) {
		p = world_dword(&t->w, addr, PAGE_NO_WRITE);
		if (!p)
			return -1;
		if (t->losses) {
			/* somebody else changes a bit that means nothing (spec 4.4) */
			t->losses--;
			changed(t, addr, le64toh(*p));
			*p ^= htole64(BIT_ULL(55));
		}
	}
	is = le64toh(*p);
	if (is != *old) {
		*old = is;
		return 0;
	}
	if (!own_dword(t, addr, true))
		changed(t, addr, is);
	*p = htole64(val);
	return 0;
}

static int op_or8(void *opaque, uint64_t addr, uint8_t bits)
{
	struct test *t = opaque;
	uint64_t *p = world_dword(&t->w, addr & ~7ULL, PAGE_NO_WRITE);

	if (!p)
		return -1;
	changed(t, addr & ~7ULL, le64toh(*p));
	((uint8_t *)p)[addr & 7] |= bits;
	return 0;
}

static uint64_t op_now(void *opaque)
{
	return ((struct test *)opaque)->now;
}

/* malformed structures are what this test is made of; nothing else is allowed */
static void op_violation(void *opaque, enum cordon_violation kind, const char *text)
{
	struct test *t = opaque;

	if (kind != CORDON_VIOLATION_STRUCTURE)
		fail(t, "violation %d: %s", kind, text);
}

static const struct cordon_ops ops = {
	.read = op_read,
	.write = op_write,
	.cas = op_cas,
	.or8 = op_or8,
	.now = op_now,
	.violation = op_violation,
};

/* -- registers and commands -------------------------------------------- */

uint64_t reg_read(struct test *t, uint64_t reg)
{
	return cordon_model_mmio_read(t->m, reg, 8);
}

void reg_write(struct test *t, uint64_t reg, uint64_t value)
{
	t->own = true;
	cordon_model_mmio_write(t->m, reg, value, 8);
	t->own = false;
}

void reg_write32(struct test *t, uint64_t reg, uint32_t value)
{
	t->own = true;
	cordon_model_mmio_write(t->m, reg, value, 4);
	t->own = false;
}

static bool wait_for(struct test *t, uint64_t reg, uint64_t mask, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		if ((cordon_model_mmio_read(t->m, reg, 4) & mask) == value)
			return true;
		t->now += 100;
		t->own = true;
		cordon_model_tick(t->m);
		t->own = false;
	}
	fail(t, "register %#" PRIx64 " does not become %#" PRIx64, reg, value);
	return false;
}

void forget(struct test *t)
{
	t->nr_sources = 0;
	t->quiet = false;
	memset(t->sources, 0, sizeof(t->sources));
}

void set_root(struct test *t, uint64_t root)
{
	reg_write(t, CORDON_REG_ROOT, root);
	wait_for(t, CORDON_REG_ROOTACK + 4, BIT_ULL(31), 0);
	t->om.root = reg_read(t, CORDON_REG_ROOT);
	forget(t);
}

void command(struct test *t, uint64_t op, uint64_t target, uint64_t first, uint64_t last)
{
	if (t->nr_cmds < COMMANDS)
		t->cmds[t->nr_cmds++] = (struct cordon_cmd){ op, target, first, last };
}

void submit(struct test *t)
{
	uint64_t *slot = &t->own_mem[(OWN_SLOTS - OWN_BASE) / 8], *entry;
	unsigned int i, done = 0, n;

	while (done < t->nr_cmds && !t->failed) {
		*slot = 0;
		t->value++;
		n = t->nr_cmds - done;
		if (n > 1U << RING_LOG2)
			n = 1U << RING_LOG2;
		for (i = 0; i < n; i++) {
			struct cordon_cmd *c = &t->cmds[done + i];

			entry = &t->own_mem[(OWN_RING - OWN_BASE) / 8 +
					    4 * (t->tail & ((1U << RING_LOG2) - 1))];
			if (i == n - 1)
				c->op |= CORDON_CMD_COMPLETE | PUT(CORDON_CMD_VALUE, t->value);
			if (t->verbose)
				printf("# command %#llx %#llx %#llx %#llx\n",
				       (unsigned long long)c->op, (unsigned long long)c->target,
				       (unsigned long long)c->first, (unsigned long long)c->last);
			entry[0] = htole64(c->op);
			entry[1] = htole64(c->target);
			entry[2] = htole64(c->first);
			entry[3] = htole64(c->last);
			t->tail++;
		}
		done += n;
		totals.commands += n;
		reg_write32(t, CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL, t->tail);
		for (i = 0; i < 1000 && !*slot; i++) {
			t->now += 100;
			t->own = true;
			cordon_model_tick(t->m);
			t->own = false;
		}
		if (le64toh(*slot) != (PUT(CORDON_COMPLETION_STATUS, CORDON_COMPLETION_OK) |
				       t->value))
			fail(t, "completion %#" PRIx64 ", queue status %#" PRIx64,
			     le64toh(*slot),
			     reg_read(t, CORDON_PAGE_GUEST(0) + CORDON_REG_Q_STATUS));
	}
	t->nr_cmds = 0;
}

/* -- starting a unit --------------------------------------------------- */

static void random_caps(struct test *t, struct cordon_config *cfg)
{
	struct world *w = &t->w;
	uint64_t c0 = cfg->cap[1], c1 = cfg->cap[2];
	static const unsigned int ias[] = { 32, 36, 39, 40, 42, 44, 47, 48, 49, 52 };
	uint64_t v;
	unsigned int i;

	if (chance(w, 25))
		return;
	for (i = 0; i < 25; i++)
		if (chance(w, 8))
			c1 &= ~BIT_ULL(i);
	c1 |= cfg->cap[2] & (CORDON_CAP1_COHERENT | CORDON_CAP1_TRPORT);
	if (!(c1 & CORDON_CAP1_S1) || !(c1 & CORDON_CAP1_S2))
		c1 &= ~(CORDON_CAP1_NESTED | CORDON_CAP1_GUEST);
	if (!(c1 & CORDON_CAP1_S2)) {
		c1 &= ~(CORDON_CAP1_DIRTY | CORDON_CAP1_T_STAGE2 | CORDON_CAP1_GUESTQ |
			CORDON_CAP1_FWB);
		c0 &= ~(CORDON_CAP0_VMTAG | CORDON_CAP0_S2TG);
	}
	if (!(c1 & CORDON_CAP1_NESTED))
		c1 &= ~CORDON_CAP1_GUEST;
	if (!(c1 & CORDON_CAP1_S1))
		c0 &= ~CORDON_CAP0_S1TG;
	if (!(c1 & CORDON_CAP1_HA))
		c1 &= ~(CORDON_CAP1_HD | CORDON_CAP1_HAFT);
	if (!(c1 & CORDON_CAP1_ATS))
		c1 &= ~(CORDON_CAP1_PRI | CORDON_CAP1_TRUST | CORDON_CAP1_T_STAGE2);
	if (chance(w, 40)) {
		v = GET(CORDON_CAP0_OAS, c0) - below(w, 2);	/* spec 10.2: 48 or 52 */
		c0 = (c0 & ~CORDON_CAP0_OAS) | PUT(CORDON_CAP0_OAS, v);
	}
	if (chance(w, 40)) {
		v = ias[below(w, sizeof(ias) / sizeof(*ias))];
		if (v < GET(CORDON_CAP0_IAS, c0))
			c0 = (c0 & ~CORDON_CAP0_IAS) | PUT(CORDON_CAP0_IAS, v);
	}
	if (chance(w, 20) && (c0 & CORDON_CAP0_S1TG))
		c0 &= ~PUT(CORDON_CAP0_S1TG, BIT_ULL(below(w, 3)));
	if (chance(w, 20) && (c0 & CORDON_CAP0_S2TG))
		c0 &= ~PUT(CORDON_CAP0_S2TG, BIT_ULL(below(w, 3)));
	if (chance(w, 30)) {
		v = 4 + below(w, GET(CORDON_CAP0_DEVID, c0) - 3);
		c0 = (c0 & ~CORDON_CAP0_DEVID) | PUT(CORDON_CAP0_DEVID, v);
	}
	if (chance(w, 30)) {
		v = below(w, GET(CORDON_CAP0_PASID, c0) + 1);
		c0 = (c0 & ~CORDON_CAP0_PASID) | PUT(CORDON_CAP0_PASID, v);
	}
	if (chance(w, 20) && (c0 & CORDON_CAP0_VMTAG))
		c0 = (c0 & ~CORDON_CAP0_VMTAG) | PUT(CORDON_CAP0_VMTAG, 1 + below(w, 15));
	if (chance(w, 20))
		c0 = (c0 & ~CORDON_CAP0_DTAG) | PUT(CORDON_CAP0_DTAG, 8);
	cfg->cap[1] = c0;
	cfg->cap[2] = c1;
}

static uint64_t random_mair(struct test *t)
{
	static const uint8_t bytes[] = { 0x00, 0x04, 0x44, 0xf0, 0xff, 0xbb, 0x4f, 0x0c };
	uint64_t mair = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		mair = mair << 8 | (chance(&t->w, 90) ? bytes[below(&t->w, sizeof(bytes))] :
				    below(&t->w, 256));
	return mair;
}

void set_mair(struct test *t, unsigned int n)
{
	t->om.mair[n] = random_mair(t);
	reg_write(t, CORDON_REG_MAIR(n), t->om.mair[n]);
}

bool start(struct test *t)
{
	uint64_t *q = &t->own_mem[(OWN_QTABLE - OWN_BASE) / 8];
	struct cordon_config cfg;
	const char *why = "";
	unsigned int i;

	memset(&cfg, 0, sizeof(cfg));
	cordon_model_default_config(&cfg);
	random_caps(t, &cfg);
	cfg.check_stale = true;
	t->mem = aligned_alloc(64, (cordon_model_size(&cfg) + 63) & ~63ULL);
	if (!t->mem)
		abort();
	memset(t->mem, 0, cordon_model_size(&cfg));
	t->m = cordon_model_init(t->mem, &cfg, &ops, t, &why);
	if (!t->m) {
		fail(t, "no model: %s (CAP0 %#" PRIx64 ", CAP1 %#" PRIx64 ")", why, cfg.cap[1],
		     cfg.cap[2]);
		return false;
	}
	for (i = 0; i < 6; i++)
		t->om.caps[i] = reg_read(t, CORDON_REG_ID + 8 * i);
	t->om.read = oracle_reads;
	t->om.writable = oracle_writable;
	t->om.opaque = t;
	t->w.caps = t->om.caps;

	q[0] = htole64(CORDON_QD_V | PUT(CORDON_QD_LOG2SIZE, RING_LOG2));
	q[1] = htole64(OWN_RING);
	q[2] = htole64(OWN_SLOTS);
	q[3] = htole64(OWN_STATUS);
	for (i = 0; i < 4; i++)
		set_mair(t, i);
	reg_write(t, CORDON_REG_QTABLE, OWN_QTABLE | CORDON_QTABLE_V);
	reg_write32(t, CORDON_PAGE_HOST(0) + CORDON_REG_Q_CTRL, CORDON_Q_EN);
	wait_for(t, CORDON_PAGE_HOST(0) + CORDON_REG_Q_ACK, CORDON_Q_EN, CORDON_Q_EN);
	reg_write(t, CORDON_REG_FQ_BASE, OWN_FQ | PUT(CORDON_QBASE_LOG2, FQ_LOG2));
	t->anon = chance(&t->w, 70);
	if (t->anon) {
		reg_write(t, CORDON_REG_FQ_ANON, OWN_ANON | CORDON_FQ_ANON_V);
		reg_write32(t, CORDON_REG_FQ_ANON_LIMIT, 16);
	}
	reg_write32(t, CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	wait_for(t, CORDON_REG_CTRLACK, CORDON_CTRL_FQEN, CORDON_CTRL_FQEN);

	world_build(&t->w);
	if (chance(&t->w, 60))
		world_corrupt(&t->w, below(&t->w, chance(&t->w, 10) ? 100 : 10));
	if (chance(&t->w, 40))
		world_break_pages(&t->w);
	set_root(t, t->w.root);
	return !t->failed;
}
