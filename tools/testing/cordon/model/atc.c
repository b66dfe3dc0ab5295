// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: invalidation of devices' own TLBs (spec 5.4.9).
 */
#include "internal.h"

/* A tag is the entry, and a number that tells its uses apart */
#define CM_TAG_ENTRY	GENMASK(7, 0)
#define CM_TAG_SERIAL	GENMASK(31, 8)

static struct cm_atc *cm_atc_free(struct cordon_model *m)
{
	unsigned int i;

	for (i = 0; i < CM_ATC_MAX; i++)
		if (!m->atc[i].used)
			return &m->atc[i];
	return NULL;
}

/* May another INV_ATC be outstanding? One of each device is kept for the host */
static bool cm_atc_room(struct cordon_model *m, struct cm_queue *q, uint32_t devid)
{
	unsigned int i, mine = q->guest ? 1 : 0;

	for (i = 0; m->atc_out && i < CM_ATC_MAX; i++)
		mine += m->atc[i].used && m->atc[i].devid == devid;
	return mine < m->caps.atc_device && q->atc < m->caps.atc_queue && cm_atc_free(m);
}

static void cm_atc_complete(struct cordon_model *m, struct cm_queue *q, uint64_t op,
			    unsigned int status, uint64_t began)
{
	if (!cm_complete(m, q, op, status, began) && q->state != CORDON_QSTATE_STOPPED) {
		q->done = false;
		q->has_copy = false;
		cm_queue_enter(m, q, CORDON_QSTATE_STOPPED, CORDON_QREASON_WRITE);
	}
}

static void cm_atc_end(struct cordon_model *m, struct cm_atc *a, unsigned int status)
{
	struct cm_queue *q = &m->queue[a->queue];

	a->used = false;
	m->atc_out--;
	q->atc--;
	if (status == CORDON_COMPLETION_TIMEOUT)
		cm_count_n(m, CORDON_EVENT_ATC_TIMEOUTS, NULL, a->devid, true, 1);
	cm_atc_complete(m, q, a->op, status, a->start);
	cm_queue_settle(m, q);
}

/**
 * cm_atc_start() - carry out INV_ATC
 * @m: model
 * @q: its queue; there is room
 * @op: first dword of the command
 * @target: second dword
 * @devid: DeviceID, after the device map
 * @first: first address
 * @last: last address
 * @began: when the command was fetched
 */
void cm_atc_start(struct cordon_model *m, struct cm_queue *q, uint64_t op, uint64_t target,
		  uint32_t devid, uint64_t first, uint64_t last, uint64_t began)
{
	struct cm_atc *a;
	uint32_t tag;

	if (!cm_device_has(m, devid, CORDON_DC_ATS)) {
		cm_atc_complete(m, q, op, CORDON_COMPLETION_REFUSED, began);
		return;
	}
	if (!cm_atc_room(m, q, devid)) {
		cm_atc_complete(m, q, op, CORDON_COMPLETION_BUSY, began);
		return;
	}
	a = cm_atc_free(m);
	a->used = true;
	a->queue = (uint8_t)(q - m->queue);
	a->serial = ++m->atc_serial & cm_mask(24);
	a->devid = devid;
	a->op = op;
	a->start = began;
	a->deadline = began + cm_ticks(m, m->atc_timeout);
	m->atc_out++;
	q->atc++;
	tag = cm_put(CM_TAG_SERIAL, a->serial) | cm_put(CM_TAG_ENTRY, a - m->atc);
	/* no such device: nobody answers, and the time-out tells */
	if (m->ops.atc_invalidate)
		m->ops.atc_invalidate(m->opaque, devid, target & CORDON_TGT_PV,
				      cm_get(CORDON_TGT_PASID, target),
				      target & CORDON_TGT_GLOBAL, first & ~cm_mask(12),
				      last | cm_mask(12), tag);
}

/**
 * cordon_model_atc_done() - a device answered an invalidation
 * @m: model
 * @tag: as given to &cordon_ops.atc_invalidate
 * @ok: it has dropped its translations. If not, it may hold them still: the
 *	command ends as TIMEOUT at once, which is what software has to assume
 */
void cordon_model_atc_done(struct cordon_model *m, uint32_t tag, bool ok)
{
	struct cm_atc *a = &m->atc[cm_get(CM_TAG_ENTRY, tag)];

	if (!a->used || a->serial != cm_get(CM_TAG_SERIAL, tag) || m->inject.gone)
		return;
	cm_atc_end(m, a, ok ? CORDON_COMPLETION_OK : CORDON_COMPLETION_TIMEOUT);
	cm_serve(m);
}

/**
 * cm_atc_abandon() - a queue is disabled
 * @m: model
 * @q: number of the queue
 */
void cm_atc_abandon(struct cordon_model *m, unsigned int q)
{
	unsigned int i;

	for (i = 0; m->atc_out && i < CM_ATC_MAX; i++) {
		if (!m->atc[i].used || m->atc[i].queue != q)
			continue;
		m->atc[i].used = false;
		m->atc_out--;
		m->queue[q].atc--;
	}
}

/**
 * cm_atc_tick() - end what a device has not answered in time
 * @m: model
 *
 * Return: when the next one ends, or CM_NEVER.
 */
uint64_t cm_atc_tick(struct cordon_model *m)
{
	uint64_t now, next = CM_NEVER;
	bool ended = false;
	unsigned int i;

	if (!m->atc_out)
		return CM_NEVER;
	now = cm_now(m);
	for (i = 0; i < CM_ATC_MAX; i++) {
		struct cm_atc *a = &m->atc[i];

		if (!a->used || a->deadline > now)
			continue;
		cm_atc_end(m, a, CORDON_COMPLETION_TIMEOUT);
		ended = true;
	}
	if (ended)
		cm_serve(m);
	for (i = 0; i < CM_ATC_MAX; i++)
		if (m->atc[i].used && m->atc[i].deadline < next)
			next = m->atc[i].deadline;
	return next;
}
