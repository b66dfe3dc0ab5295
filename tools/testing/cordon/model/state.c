// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: its state as a byte string, for migration.
 */
#include "internal.h"

#define CM_STATE_MAGIC		0x4d43524443ULL
#define CM_STATE_VERSION	1

/*
 * One description of the state serves to measure, save and load it, and to tell
 * whether what was loaded is what was there: a field may be narrower than a dword.
 */
struct cm_cursor {
	uint8_t *out;
	const uint8_t *in;
	const uint8_t *was;
	bool differs;
	size_t len;
};

static void cm_x(struct cm_cursor *c, uint64_t *val)
{
	if (c->out)
		cm_put_le64(c->out + c->len, *val);
	else if (c->in)
		*val = cm_le64(c->in + c->len);
	else if (c->was)
		c->differs |= *val != cm_le64(c->was + c->len);
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

/*
 * What was loaded comes from elsewhere: it has to be something that the unit could
 * have come to by itself. So no index is out of bounds, no address too wide, and no
 * reserved bit set.
 */
static bool cm_sane_addr(const struct cordon_model *m, uint64_t val, uint64_t addr, uint64_t flags)
{
	return !(val & ~(addr | flags)) && cm_fits(val & addr, m->caps.oas_bits);
}

/* a queue that hardware writes */
static bool cm_sane_ring(const struct cordon_model *m, const struct cm_ring *r, uint32_t enable,
			 unsigned int max)
{
	return cm_sane_addr(m, r->base, CORDON_QBASE_ADDR, CORDON_QBASE_LOG2) &&
	       (!(m->ctrlack & enable) || (cm_ring_ok(r, max) && (!cm_ring_full(r) ||
		r->tail - r->head == BIT_ULL(cm_get(CORDON_QBASE_LOG2, r->base)))));
}

static bool cm_sane_absent(const struct cordon_model *m)
{
	unsigned int i;

	if (!cm_cap(m, CORDON_CAP1_PRI) &&
	    (m->prq.base || m->prq.head || m->prq.tail || m->prq.lost || m->prq.told))
		return false;
	for (i = 0; !cm_cap(m, CORDON_CAP1_S1) && i < CORDON_MAIRS; i++)
		if (m->mair[i])
			return false;
	for (i = 0; !cm_cap(m, CORDON_CAP1_MSI) && i < CORDON_INTS; i++)
		if (m->msi_addr[i] || m->msi_data[i])
			return false;
	return cm_cap(m, CORDON_CAP1_TRPORT) ||
	       !(m->tr_addr | m->tr_req | m->tr_result | m->tr_out | m->tr_ipa | m->tr_where);
}

static bool cm_sane_registers(const struct cordon_model *m)
{
	uint32_t ctrl = CORDON_CTRL_FQEN, latched = BIT(CORDON_INT_FAULT);
	unsigned int i;

	if (cm_cap(m, CORDON_CAP1_PRI)) {
		ctrl |= CORDON_CTRL_PRQEN;
		latched |= BIT(CORDON_INT_REQUEST);
	}
	if (cm_cap(m, CORDON_CAP1_QUIESCE))
		ctrl |= CORDON_CTRL_QUIESCE;
	if ((m->ctrl & ~ctrl) || m->ctrlack != m->ctrl)
		return false;
	if (!cm_sane_addr(m, m->root, CORDON_ROOT_ADDR, CORDON_ROOT_LEVELS | CORDON_ROOT_SILENT) ||
	    !cm_sane_addr(m, m->qtable, CORDON_QTABLE_ADDR, CORDON_QTABLE_V) ||
	    !cm_sane_addr(m, m->fq_anon, CORDON_FQ_ANON_ADDR, CORDON_FQ_ANON_V) ||
	    !cm_sane_ring(m, &m->fq, CORDON_CTRL_FQEN, m->caps.fq_log2) ||
	    !cm_sane_ring(m, &m->prq, CORDON_CTRL_PRQEN, m->caps.prq_log2))
		return false;
	for (i = 0; i < CORDON_INTS; i++)
		if (!cm_sane_addr(m, m->msi_addr[i], CORDON_MSI_ADDR_ADDR, CORDON_MSI_ADDR_EN))
			return false;
	if (!cm_fits(m->error, 7) || (m->latched & ~latched) || !cm_fits(m->imask, CORDON_INTS) ||
	    !cm_fits(m->cmdpend, m->caps.cmdqs) || !cm_fits(m->fq_anon_limit, 12) ||
	    m->fq_merge > (m->caps.merge ? m->caps.merge_max : 0))
		return false;
	if (cm_cap(m, CORDON_CAP1_ATS) ?
	    m->atc_timeout < m->caps.atc_min || m->atc_timeout > m->caps.atc_max : m->atc_timeout)
		return false;
	return !(m->tr_req & ~CM_TR_BITS) && cm_fits(m->tr_result, 40) && cm_sane_absent(m);
}

static bool cm_sane_counters(const struct cordon_model *m)
{
	const struct cm_counter *c = m->counter;
	unsigned int i;

	for (i = 0; i < m->caps.counters; i++, c++)
		if (!cm_fits(c->value, m->caps.counter_bits) || (c->event & ~CM_EVENT_BITS) ||
		    (c->filter & ~CM_FILTER_BITS))
			return false;
	return cm_fits(m->overflow | m->freeze, m->caps.counters);
}

/* States, and what of a queue has a meaning in each */
static bool cm_sane_state(const struct cm_queue *q)
{
	bool on = q->ack & CORDON_Q_EN, frozen = q->ack & CORDON_Q_FREEZE;
	bool desc = q->reason >= CORDON_QREASON_DESC_FETCH &&
		    q->reason <= CORDON_QREASON_DESC_MALFORMED;
	uint8_t why = cm_get(CORDON_Q_REASON, q->ack);

	if ((q->ctrl | q->ack) & ~(CORDON_Q_EN | CORDON_Q_FREEZE | CORDON_Q_REASON) ||
	    (q->ctrl & CORDON_Q_REASON))
		return false;
	if (!on)
		return q->state == CORDON_QSTATE_DISABLED && !q->reason &&
		       (!why || (q->ctrl & CORDON_Q_EN && !frozen &&
				 why >= CORDON_QREASON_DESC_FETCH &&
				 why <= CORDON_QREASON_DESC_MALFORMED));
	if (!(q->ctrl & CORDON_Q_EN) || why || (frozen && !(q->ctrl & CORDON_Q_FREEZE)))
		return false;
	switch (q->state) {
	case CORDON_QSTATE_RUNNING:
		return !frozen && !q->reason && !q->done && !q->has_copy;
	case CORDON_QSTATE_FROZEN:
		return frozen && !q->reason && !q->done && !q->has_copy;
	case CORDON_QSTATE_STOPPED:
		return desc || (q->reason && q->reason <= CORDON_QREASON_TAIL);
	default:
		return false;
	}
}

static bool cm_sane_queues(struct cordon_model *m)
{
	unsigned int i;

	for (i = 0; i < m->caps.cmdqs; i++) {
		struct cm_queue *q = &m->queue[i];

		if (!cm_sane_state(q))
			return false;
		if ((q->ack & CORDON_Q_EN) &&
		    (!cm_queue_decode(m, q) || q->tail - q->head > BIT_ULL(q->log2)))
			return false;
	}
	return true;
}

static bool cm_sane_atc(struct cordon_model *m)
{
	struct cm_atc *a = m->atc;
	struct cm_queue *q;
	unsigned int i;

	for (i = 0; i < CM_ATC_MAX; i++, a++) {
		if (!a->used)
			continue;
		if (a->queue >= m->caps.cmdqs)
			return false;
		q = &m->queue[a->queue];
		/* one that is frozen has none under way */
		if (!(q->ack & CORDON_Q_EN) || (q->ack & CORDON_Q_FREEZE) ||
		    !cm_fits(a->devid, m->caps.devid) ||
		    cm_get(CORDON_CMD_OP, a->op) != CORDON_OP_INV_ATC ||
		    ((a->op & CORDON_CMD_INTERRUPT) && q->guest) ||
		    ((a->op & CORDON_CMD_COMPLETE) &&
		     !cm_fits(cm_get(CORDON_CMD_SLOT, a->op), q->slots_log2)))
			return false;
		q->atc++;
		m->atc_out++;
	}
	return true;
}

/* What a record is made of, but for what is added when it is written */
static bool cm_sane_merge(struct cordon_model *m)
{
	const uint64_t added = CORDON_FAULT_PHASE | CORDON_FAULT_REPEAT | CORDON_FAULT_COUNT;
	struct cm_merge *e = m->merge;
	unsigned int i;

	for (i = 0; i < m->caps.merge; i++, e++) {
		if (!e->used)
			continue;
		if ((e->fault.info & added) || e->fault.limit > 0xfff ||
		    (e->fault.source & ~(CORDON_SRC_DEVID | CORDON_SRC_PASID)) ||
		    !cm_sane_addr(m, e->fault.block, CORDON_PTR_CONTEXT, 0))
			return false;
		m->merged++;
	}
	/* they are written out before the queue is off (spec 6.3) */
	return !m->merged || (m->ctrlack & CORDON_CTRL_FQEN);
}

static bool cm_sane(struct cordon_model *m)
{
	return cm_sane_registers(m) && cm_sane_counters(m) && cm_sane_queues(m) &&
	       cm_sane_atc(m) && cm_sane_merge(m);
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
	struct cm_cursor c = { .in = buf }, again = { .was = buf };
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
	again.len = 8 * sizeof(uint64_t);
	cm_x_all(&again, m);
	if (again.differs || !cm_sane(m)) {
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
