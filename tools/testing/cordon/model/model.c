// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: configuration, reset, time, and what is told to the
 * caller.
 */
#include "internal.h"

#define CM_CAP1_ALL	GENMASK_ULL(24, 0)

/* What needs coherent, atomic updates (spec 1.3) */
#define CM_CAP1_ATOMICS	(CORDON_CAP1_HA | CORDON_CAP1_HD | CORDON_CAP1_HAFT | CORDON_CAP1_DIRTY)

/* memory */

/**
 * cm_read64s() - read aligned dwords
 * @m: model
 * @addr: PA
 * @val: result
 * @n: how many, at most 8
 *
 * Return: 0, or non-zero if the read aborted.
 */
int cm_read64s(struct cordon_model *m, uint64_t addr, uint64_t *val, unsigned int n)
{
	uint8_t buf[64];
	unsigned int i;

	if (m->ops.read(m->opaque, addr, buf, 8 * n))
		return -1;
	for (i = 0; i < n; i++)
		val[i] = cm_le64(buf + 8 * i);
	return 0;
}

/**
 * cm_read64() - read one aligned dword
 * @m: model
 * @addr: PA
 * @val: result
 *
 * Return: 0, or non-zero if the read aborted.
 */
int cm_read64(struct cordon_model *m, uint64_t addr, uint64_t *val)
{
	return cm_read64s(m, addr, val, 1);
}

/**
 * cm_write64() - write one aligned dword
 * @m: model
 * @addr: PA
 * @val: dword
 *
 * Return: 0, or non-zero if the write aborted.
 */
int cm_write64(struct cordon_model *m, uint64_t addr, uint64_t val)
{
	uint8_t buf[8];

	cm_put_le64(buf, val);
	return m->ops.write(m->opaque, addr, buf, sizeof(buf));
}

/**
 * cm_ticks() - 2 ^ @log2_us microseconds in ticks of the system counter
 * @m: model
 * @log2_us: exponent, at most 31
 *
 * Return: the ticks, one at least.
 */
uint64_t cm_ticks(const struct cordon_model *m, unsigned int log2_us)
{
	uint64_t t = ((uint64_t)m->caps.hz << log2_us) / 1000000;

	return t ? t : 1;
}

/* sentences */

void cm_text_str(struct cm_text *t, const char *s)
{
	while (*s && t->len + 1 < sizeof(t->buf))
		t->buf[t->len++] = *s++;
	t->buf[t->len] = '\0';
}

void cm_text_init(struct cm_text *t, const char *s)
{
	t->len = 0;
	cm_text_str(t, s);
}

void cm_text_hex(struct cm_text *t, const char *before, uint64_t val)
{
	int shift = 60;

	cm_text_str(t, before);
	cm_text_str(t, "0x");
	while (shift && !(val >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4) {
		char s[2] = { "0123456789abcdef"[val >> shift & 0xf], '\0' };

		cm_text_str(t, s);
	}
}

void cm_text_dec(struct cm_text *t, const char *before, uint64_t val)
{
	char buf[24];
	int i = sizeof(buf) - 1;

	buf[i] = '\0';
	do {
		buf[--i] = (char)('0' + val % 10);
		val /= 10;
	} while (val);
	cm_text_str(t, before);
	cm_text_str(t, buf + i);
}

/**
 * cm_violation() - software broke a rule
 * @m: model
 * @kind: which
 * @t: a whole sentence
 */
void cm_violation(struct cordon_model *m, enum cordon_violation kind, struct cm_text *t)
{
	m->stats.violations[kind]++;
	if (m->ops.violation)
		m->ops.violation(m->opaque, kind, t->buf);
}

void cm_trace(struct cordon_model *m, enum cordon_trace event, uint64_t a, uint64_t b,
	      uint64_t c, uint64_t d)
{
	if (m->ops.trace)
		m->ops.trace(m->opaque, event, a, b, c, d);
}

/**
 * cordon_model_default_config() - all that this model has
 * @cfg: result
 */
void cordon_model_default_config(struct cordon_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->cap[0] = cm_put(CORDON_ID_MAGIC, CORDON_MAGIC) |
		      cm_put(CORDON_ID_MAJOR, CORDON_MAJOR) |
		      cm_put(CORDON_ID_MINOR, CORDON_MINOR);
	cfg->cap[1] = cm_put(CORDON_CAP0_DEVID, 24) | cm_put(CORDON_CAP0_PASID, 20) |
		      cm_put(CORDON_CAP0_VMTAG, 16) | cm_put(CORDON_CAP0_DTAG, 24) |
		      cm_put(CORDON_CAP0_S1TG, 7) | cm_put(CORDON_CAP0_S2TG, 7) |
		      cm_put(CORDON_CAP0_OAS, CORDON_PS_52) | cm_put(CORDON_CAP0_IAS, 52);
	cfg->cap[2] = CM_CAP1_ALL;
	cfg->cap[3] = cm_put(CORDON_CAP2_CMDQS, 16) | cm_put(CORDON_CAP2_CMDQ_LOG2, 16) |
		      cm_put(CORDON_CAP2_FQ_LOG2, 16) | cm_put(CORDON_CAP2_PRQ_LOG2, 16) |
		      cm_put(CORDON_CAP2_SLOTS_LOG2, 16) | cm_put(CORDON_CAP2_DEVMAP_LOG2, 16) |
		      cm_put(CORDON_CAP2_MERGE, 64);
	cfg->cap[4] = cm_put(CORDON_CAP3_COUNTERS, 16) | cm_put(CORDON_CAP3_COUNTER_BITS, 64) |
		      cm_put(CORDON_CAP3_ATC_DEVICE, 32) | cm_put(CORDON_CAP3_ATC_QUEUE, 64) |
		      cm_put(CORDON_CAP3_ATC_TIME_MIN, 4) | cm_put(CORDON_CAP3_ATC_TIME_MAX, 20) |
		      cm_put(CORDON_CAP3_MERGE_TIME_MAX, 24);
	cfg->cap[5] = cm_put(CORDON_CAP4_TIME_HZ, 62500000) |
		      cm_put(CORDON_CAP4_UNIT_DEVID, 0xffff) | cm_put(CORDON_CAP4_PAGE_LOG2, 16);
}

/* Clear what depends on something that is not there, so that any subset is legal hardware */
static void cm_cap_legal(struct cordon_config *cfg)
{
	uint64_t c0 = cfg->cap[1], c1 = cfg->cap[2] & CM_CAP1_ALL, c2 = cfg->cap[3];
	bool wide = cm_get(CORDON_CAP0_OAS, c0) == CORDON_PS_52;

	if (!(c1 & CORDON_CAP1_COHERENT))
		c1 &= ~CM_CAP1_ATOMICS;
	if (!(c1 & CORDON_CAP1_HA))
		c1 &= ~(CORDON_CAP1_HD | CORDON_CAP1_HAFT);
	if (!(c1 & CORDON_CAP1_S1))
		c0 &= ~(CORDON_CAP0_S1TG | CORDON_CAP0_PASID);
	if (!(c1 & CORDON_CAP1_S2)) {
		c0 &= ~(CORDON_CAP0_S2TG | CORDON_CAP0_VMTAG);
		c1 &= ~(CORDON_CAP1_DIRTY | CORDON_CAP1_GUESTQ | CORDON_CAP1_T_STAGE2 |
			CORDON_CAP1_FWB);
	}
	if (!(c1 & CORDON_CAP1_S1) || !(c1 & CORDON_CAP1_S2))
		c1 &= ~CORDON_CAP1_NESTED;
	if (!(c1 & CORDON_CAP1_NESTED) || !cm_get(CORDON_CAP0_PASID, c0))
		c1 &= ~CORDON_CAP1_GUEST;
	if (!wide)
		c1 &= ~(CORDON_CAP1_LVA64K | CORDON_CAP1_DS);
	if (!(c1 & CORDON_CAP1_ATS))
		c1 &= ~(CORDON_CAP1_PRI | CORDON_CAP1_TRUST | CORDON_CAP1_T_STAGE2);
	if (!(c1 & CORDON_CAP1_PRI))
		c2 &= ~CORDON_CAP2_PRQ_LOG2;
	if (!(c1 & CORDON_CAP1_GUESTQ))
		c2 &= ~CORDON_CAP2_DEVMAP_LOG2;
	if (cm_get(CORDON_CAP2_MERGE, c2) > CM_MERGE_MAX)
		c2 = (c2 & ~CORDON_CAP2_MERGE) | cm_put(CORDON_CAP2_MERGE, CM_MERGE_MAX);
	cfg->cap[1] = c0;
	cfg->cap[2] = c1;
	cfg->cap[3] = c2;
}

static bool cm_within(unsigned int val, unsigned int min, unsigned int max)
{
	return val >= min && val <= max;
}

/* NULL, or why these capabilities are no hardware that spec 10.2 allows */
static const char *cm_cap_wrong(const struct cordon_config *cfg, const struct cm_caps *c)
{
	if (cm_get(CORDON_ID_MAGIC, cfg->cap[0]) != CORDON_MAGIC ||
	    cm_get(CORDON_ID_MAJOR, cfg->cap[0]) != CORDON_MAJOR)
		return "ID is not that of a Cordon of this version.";
	if (!cm_within(c->devid, 1, CORDON_DEVID_MAX_BITS))
		return "DeviceIDs have 1 to 24 bits.";
	if (c->pasid > CORDON_PASID_MAX_BITS)
		return "PASIDs have 0 to 20 bits.";
	if (c->vmtag > CORDON_VMTAG_MAX_BITS || (cfg->cap[2] & CORDON_CAP1_S2 && !c->vmtag))
		return "VM tags have 1 to 16 bits where there is a stage 2.";
	if (!cm_within(c->dtag, 8, CORDON_DTAG_MAX_BITS))
		return "Domain tags have 8 to 24 bits.";
	if ((cfg->cap[2] & CORDON_CAP1_S1 && !c->s1tg) ||
	    (cfg->cap[2] & CORDON_CAP1_S2 && !c->s2tg))
		return "A stage needs a granule.";
	if (c->oas < CORDON_PS_48 || !c->oas_bits || !cm_within(c->ias, 32, 52))
		return "OAS or IAS is out of range.";
	if (!cm_within(c->cmdqs, 1, CORDON_CMDQ_MAX) || !cm_within(c->cmdq_log2, 1, 20) ||
	    !cm_within(c->fq_log2, 1, 20) || c->prq_log2 > 20 ||
	    (cfg->cap[2] & CORDON_CAP1_PRI && !c->prq_log2))
		return "The number or the size of queues is out of range.";
	if (!cm_within(c->slots_log2, 9, 16) || c->devmap_log2 > CORDON_DEVID_MAX_BITS)
		return "The size of completion areas or device maps is out of range.";
	if (!cm_within(c->counters, 8, CM_COUNTERS_MAX) || !cm_within(c->counter_bits, 32, 64))
		return "There are 8 to 64 counters of 32 to 64 bits.";
	if (c->merge && c->merge < 4)
		return "There are no merge entries, or 4 at least.";
	if (cfg->cap[2] & CORDON_CAP1_ATS &&
	    (c->atc_device < 2 || !c->atc_queue || c->atc_min > c->atc_max))
		return "The limits of INV_ATC are out of range.";
	if (!c->hz || cm_get(CORDON_CAP4_PAGE_LOG2, cfg->cap[5]) != 16)
		return "TIME_HZ is zero, or PAGE_LOG2 is not 16.";
	return NULL;
}

/**
 * cordon_model_size() - bytes that a model needs
 * @cfg: its configuration
 *
 * Return: bytes.
 */
size_t cordon_model_size(const struct cordon_config *cfg)
{
	(void)cfg;
	return sizeof(struct cordon_model);
}

/**
 * cordon_model_init() - make a model out of reset
 * @mem: zeroed memory of cordon_model_size() bytes, aligned to 64
 * @cfg: configuration; what the model lacks is cleared from its copy
 * @ops: surroundings
 * @opaque: their first argument
 * @why: if not NULL, a sentence on failure
 *
 * Return: the model, or NULL.
 */
struct cordon_model *cordon_model_init(void *mem, const struct cordon_config *cfg,
				       const struct cordon_ops *ops, void *opaque,
				       const char **why)
{
	struct cordon_model *m = mem;
	const char *wrong;

	m->cfg = *cfg;
	m->ops = *ops;
	m->opaque = opaque;
	cm_cap_legal(&m->cfg);
	cm_caps_decode(&m->caps, m->cfg.cap);
	wrong = cm_cap_wrong(&m->cfg, &m->caps);
	if (!ops->read || !ops->write || !ops->cas || !ops->or8 || !ops->now)
		wrong = "An operation that the model cannot do without is missing.";
	if (wrong) {
		if (why)
			*why = wrong;
		return NULL;
	}
	cordon_model_reset(m);
	return m;
}

/**
 * cordon_model_reset() - reset (spec 14.4)
 * @m: model
 *
 * Statistics go on.
 */
void cordon_model_reset(struct cordon_model *m)
{
	struct cordon_stats stats = m->stats;
	size_t from = offsetof(struct cordon_model, ctrl);
	uint32_t wires = m->wires;
	unsigned int i;

	memset((uint8_t *)m + from, 0, sizeof(*m) - from);
	m->stats = stats;
	m->inject.hang = 0;
	m->imask = BIT(CORDON_INTS) - 1;
	if (cm_cap(m, CORDON_CAP1_ATS))
		m->atc_timeout = m->caps.atc_max;
	for (i = 0; i < m->caps.cmdqs; i++)
		m->queue[i].ready = CM_NEVER;
	for (i = 0; i < CORDON_INTS; i++)
		if ((wires & BIT(i)) && m->ops.irq)
			m->ops.irq(m->opaque, i, false);
}

/**
 * cordon_model_tick() - let time-outs, merge timers and delayed commands run
 * @m: model
 *
 * Return: when to call again, or UINT64_MAX.
 */
uint64_t cordon_model_tick(struct cordon_model *m)
{
	uint64_t next, t;

	if (m->inject.gone)
		return CM_NEVER;
	t = cm_ack_tick(m);
	if (cm_latency(m))
		cm_serve(m);
	next = cm_queue_next(m);
	if (t < next)
		next = t;
	t = cm_fault_tick(m);
	if (t < next)
		next = t;
	t = cm_atc_tick(m);
	return t < next ? t : next;
}

/**
 * cordon_model_stats() - what the model counts for tests
 * @m: model
 *
 * Return: the statistics, which go on changing.
 */
const struct cordon_stats *cordon_model_stats(const struct cordon_model *m)
{
	return &m->stats;
}

/**
 * cordon_model_drop_caches() - drop all caches, as hardware may at any time
 * @m: model
 */
void cordon_model_drop_caches(struct cordon_model *m)
{
	cm_inv_all(m);
}
