// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: its state as a byte string, for migration.
 */
#include "internal.h"

#define CM_STATE_MAGIC		0x4d43524443ULL
#define CM_STATE_VERSION	1

/* One description of the state serves to measure, save and load it */
struct cm_cursor {
	uint8_t *out;
	const uint8_t *in;
	size_t len;
};

static void cm_x(struct cm_cursor *c, uint64_t *val)
{
	if (c->out)
		cm_put_le64(c->out + c->len, *val);
	else if (c->in)
		*val = cm_le64(c->in + c->len);
	c->len += 8;
}

/* a field of another width travels as a dword too; returns what it is from now on */
static uint64_t cm_x_value(struct cm_cursor *c, uint64_t val)
{
	cm_x(c, &val);
	return val;
}

static void cm_x_fault(struct cm_cursor *c, struct cm_fault *f)
{
	cm_x(c, &f->info);
	cm_x(c, &f->source);
	cm_x(c, &f->addr);
	cm_x(c, &f->ipa);
	cm_x(c, &f->tags);
	cm_x(c, &f->where);
	cm_x(c, &f->block);
	f->limit = cm_x_value(c, f->limit);
	f->anon = cm_x_value(c, f->anon);
}

static void cm_x_ring(struct cm_cursor *c, struct cm_ring *r)
{
	cm_x(c, &r->base);
	r->head = cm_x_value(c, r->head);
	r->tail = cm_x_value(c, r->tail);
	cm_x(c, &r->lost);
	r->told = cm_x_value(c, r->told);
}

static void cm_x_registers(struct cm_cursor *c, struct cordon_model *m)
{
	unsigned int i;

	m->ctrl = cm_x_value(c, m->ctrl);
	m->ctrlack = cm_x_value(c, m->ctrlack);
	cm_x(c, &m->root);
	cm_x(c, &m->qtable);
	for (i = 0; i < CORDON_MAIRS; i++)
		cm_x(c, &m->mair[i]);
	m->error = cm_x_value(c, m->error);
	cm_x(c, &m->erraddr);
	m->latched = cm_x_value(c, m->latched);
	m->imask = cm_x_value(c, m->imask);
	cm_x(c, &m->cmdpend);
	for (i = 0; i < CORDON_INTS; i++) {
		cm_x(c, &m->msi_addr[i]);
		m->msi_data[i] = cm_x_value(c, m->msi_data[i]);
	}
	cm_x_ring(c, &m->fq);
	cm_x_ring(c, &m->prq);
	cm_x(c, &m->fq_anon);
	m->fq_anon_limit = cm_x_value(c, m->fq_anon_limit);
	m->fq_merge = cm_x_value(c, m->fq_merge);
	m->atc_timeout = cm_x_value(c, m->atc_timeout);
	cm_x(c, &m->tr_addr);
	cm_x(c, &m->tr_req);
	cm_x(c, &m->tr_result);
	cm_x(c, &m->tr_out);
	cm_x(c, &m->tr_ipa);
	cm_x(c, &m->tr_where);
	for (i = 0; i < m->caps.counters; i++) {
		cm_x(c, &m->counter[i].value);
		cm_x(c, &m->counter[i].event);
		cm_x(c, &m->counter[i].filter);
	}
	cm_x(c, &m->overflow);
	cm_x(c, &m->freeze);
}

static void cm_x_queue(struct cm_cursor *c, struct cm_queue *q)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		cm_x(c, &q->desc[i]);
	q->ctrl = cm_x_value(c, q->ctrl);
	q->ack = cm_x_value(c, q->ack);
	q->head = cm_x_value(c, q->head);
	q->tail = cm_x_value(c, q->tail);
	q->said = cm_x_value(c, q->said);
	q->state = cm_x_value(c, q->state);
	q->reason = cm_x_value(c, q->reason);
	cm_x(c, &q->ready);
	cm_x(c, &q->copy);
	q->has_copy = cm_x_value(c, q->has_copy);
	q->done = cm_x_value(c, q->done);
	q->told = cm_x_value(c, q->told);
}

static void cm_x_tables(struct cm_cursor *c, struct cordon_model *m)
{
	unsigned int i;

	for (i = 0; i < m->caps.merge; i++) {
		m->merge[i].used = cm_x_value(c, m->merge[i].used);
		m->merge[i].added = cm_x_value(c, m->merge[i].added);
		cm_x(c, &m->merge[i].taken);
		cm_x_fault(c, &m->merge[i].fault);
	}
	for (i = 0; i < CM_ATC_MAX; i++) {
		m->atc[i].used = cm_x_value(c, m->atc[i].used);
		m->atc[i].queue = cm_x_value(c, m->atc[i].queue);
		m->atc[i].serial = cm_x_value(c, m->atc[i].serial);
		m->atc[i].devid = cm_x_value(c, m->atc[i].devid);
		cm_x(c, &m->atc[i].op);
		cm_x(c, &m->atc[i].start);
		cm_x(c, &m->atc[i].deadline);
	}
	m->atc_serial = cm_x_value(c, m->atc_serial);
}

static void cm_x_all(struct cm_cursor *c, struct cordon_model *m)
{
	unsigned int i;

	cm_x_registers(c, m);
	for (i = 0; i < m->caps.cmdqs; i++)
		cm_x_queue(c, &m->queue[i]);
	cm_x_tables(c, m);
}

/* magic, version, capabilities */
static void cm_header(const struct cordon_model *m, uint64_t *h)
{
	h[0] = CM_STATE_MAGIC;
	h[1] = CM_STATE_VERSION;
	memcpy(&h[2], m->cfg.cap, sizeof(m->cfg.cap));
}

/**
 * cordon_model_state_size() - bytes that cordon_model_save() writes
 * @m: model
 *
 * Return: bytes; 0 while errors are injected: what the unit holds back then is
 * not part of the state.
 */
size_t cordon_model_state_size(const struct cordon_model *m)
{
	struct cm_cursor c = { .len = 8 * sizeof(uint64_t) };

	if (cm_is_injecting(m))
		return 0;
	/* measuring changes nothing */
	cm_x_all(&c, (struct cordon_model *)m);
	return c.len;
}

/**
 * cordon_model_save() - save the state
 * @m: model
 * @buf: room for cordon_model_state_size() bytes
 */
void cordon_model_save(const struct cordon_model *m, void *buf)
{
	struct cm_cursor c = { .out = buf };
	uint64_t h[8];
	unsigned int i;

	cm_header(m, h);
	for (i = 0; i < 8; i++)
		cm_x(&c, &h[i]);
	/* saving puts back what it reads */
	cm_x_all(&c, (struct cordon_model *)m);
}

/* What was loaded comes from elsewhere: every index has to be in bounds */
static bool cm_sane(struct cordon_model *m)
{
	unsigned int i, log2;

	for (i = 0; i < m->caps.cmdqs; i++) {
		struct cm_queue *q = &m->queue[i];

		if (q->state > CORDON_QSTATE_FROZEN)
			return false;
		if (!(q->ack & CORDON_Q_EN)) {
			if (q->state != CORDON_QSTATE_DISABLED)
				return false;
			continue;
		}
		if (!cm_queue_decode(m, q) || q->tail - q->head > BIT_ULL(q->log2))
			return false;
	}
	for (i = 0; i < CM_ATC_MAX; i++) {
		if (!m->atc[i].used)
			continue;
		if (m->atc[i].queue >= m->caps.cmdqs ||
		    !(m->queue[m->atc[i].queue].ack & CORDON_Q_EN))
			return false;
		log2 = m->queue[m->atc[i].queue].slots_log2;
		if ((m->atc[i].op & CORDON_CMD_COMPLETE) &&
		    !cm_fits(cm_get(CORDON_CMD_SLOT, m->atc[i].op), log2))
			return false;
		m->queue[m->atc[i].queue].atc++;
		m->atc_out++;
	}
	for (i = 0; i < m->caps.merge; i++)
		m->merged += m->merge[i].used;
	if (((m->ctrlack & CORDON_CTRL_FQEN) && !cm_ring_ok(&m->fq, m->caps.fq_log2)) ||
	    ((m->ctrlack & CORDON_CTRL_PRQEN) && !cm_ring_ok(&m->prq, m->caps.prq_log2)))
		return false;
	return m->atc_timeout <= 31 && m->fq_merge <= 31;
}

/**
 * cordon_model_load() - load a state
 * @m: model
 * @buf: what cordon_model_save() wrote for a model with the same capabilities
 * @len: its length
 *
 * Caches are empty afterwards, and outputs are driven anew; no message is sent
 * again.
 *
 * Return: 0, or non-zero and the model is reset.
 */
int cordon_model_load(struct cordon_model *m, const void *buf, size_t len)
{
	struct cm_cursor c = { .in = buf };
	uint64_t want[8], have;
	unsigned int i;

	cordon_model_reset(m);
	if (!len || len != cordon_model_state_size(m))
		return -1;
	cm_header(m, want);
	for (i = 0; i < 8; i++) {
		cm_x(&c, &have);
		if (have != want[i])
			return -1;
	}
	cm_x_all(&c, m);
	if (!cm_sane(m)) {
		cordon_model_reset(m);
		return -1;
	}
	m->root_asked = m->root;
	for (i = 0; i < m->caps.cmdqs; i++)
		m->queue[i].applied = m->queue[i].ctrl;
	cm_counters_changed(m);
	/* sources that were active have had their messages */
	m->active = cm_irq_pending(m) & ~m->imask;
	cm_irq_update(m);
	return 0;
}
