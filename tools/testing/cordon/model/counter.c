// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: counters (spec 9.2).
 */
#include "internal.h"

/**
 * cm_counter_events() - value of CORDON_REG_COUNTER_EVENTS
 * @m: model
 *
 * Return: one bit for each kind of event.
 */
uint64_t cm_counter_events(const struct cordon_model *m)
{
	uint64_t events = GENMASK_ULL(CORDON_EVENT_SYNC_TIME, CORDON_EVENT_REQUESTS);

	if (!m->caps.counters)
		return 0;
	if (!m->caps.pasid)
		events &= ~(BIT_ULL(CORDON_EVENT_PC_HITS) | BIT_ULL(CORDON_EVENT_PC_MISSES));
	if (cm_cap(m, CORDON_CAP1_ATS))
		events |= BIT_ULL(CORDON_EVENT_ATS_REQUESTS) | BIT_ULL(CORDON_EVENT_ATC_TIMEOUTS);
	if (cm_cap(m, CORDON_CAP1_PRI))
		events |= BIT_ULL(CORDON_EVENT_PAGE_REQUESTS);
	return events;
}

/**
 * cm_counters_changed() - software wrote to the counters' registers
 * @m: model
 */
void cm_counters_changed(struct cordon_model *m)
{
	uint64_t event;
	unsigned int i;

	m->counting = 0;
	for (i = 0; i < m->caps.counters; i++) {
		event = cm_get(CORDON_EVENT_ID, m->counter[i].event);
		if ((m->counter[i].event & CORDON_EVENT_EN) && !(m->freeze >> i & 1) &&
		    event < 64)
			m->counting |= BIT_ULL(event);
	}
	m->counting &= cm_counter_events(m);
}

/* An event passes a filter only if it has the property (spec 9.2) */
static bool cm_counter_passes(const struct cm_counter *c, const struct cm_op *op, uint32_t devid,
			      bool has_devid)
{
	if ((c->event & CORDON_EVENT_BY_DEVID) &&
	    (!has_devid || devid != cm_get(CORDON_EVENT_DEVID, c->event)))
		return false;
	if ((c->event & CORDON_EVENT_BY_VMTAG) &&
	    (!op || !op->dc || op->dc->vmtag != cm_get(CORDON_FILTER_VMTAG, c->filter)))
		return false;
	return !(c->event & CORDON_EVENT_BY_DTAG) ||
	       (op && op->pc && op->pc->dtag == cm_get(CORDON_FILTER_DTAG, c->filter));
}

/**
 * cm_count_n() - count an event
 * @m: model
 * @event: CORDON_EVENT_*
 * @op: the request that it belongs to, or NULL
 * @devid: DeviceID
 * @has_devid: the event has one
 * @n: how many
 */
void cm_count_n(struct cordon_model *m, enum cordon_event event, const struct cm_op *op,
		uint32_t devid, bool has_devid, uint64_t n)
{
	uint64_t old, wrapped = 0, mask = cm_mask(m->caps.counter_bits);
	struct cm_counter *c = m->counter;
	unsigned int i;

	if (!(m->counting >> event & 1))
		return;
	for (i = 0; i < m->caps.counters; i++, c++) {
		if (cm_get(CORDON_EVENT_ID, c->event) != event ||
		    !(c->event & CORDON_EVENT_EN) || (m->freeze >> i & 1) ||
		    !cm_counter_passes(c, op, devid, has_devid))
			continue;
		old = c->value;
		c->value = (old + n) & mask;
		if (c->value < old)
			wrapped |= BIT_ULL(i);
	}
	if (wrapped & ~m->overflow) {
		m->overflow |= wrapped;
		cm_irq_update(m);
	}
}
