// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: command queues as structures in memory: descriptor,
 * ring, status line, completion area (spec 5.1, 5.2, 5.5, 13.2).
 */
#include "internal.h"

static unsigned int cm_queue_index(const struct cordon_model *m, const struct cm_queue *q)
{
	return (unsigned int)(q - m->queue);
}

static bool cm_addr_bad(uint64_t dword, uint64_t mask, uint64_t others, unsigned int bits)
{
	return (dword & ~(mask | others)) || !cm_fits(dword & mask, bits);
}

/**
 * cm_queue_decode() - check and decode the descriptor of a queue (spec 5.1)
 * @m: model
 * @q: queue, with its descriptor read; V is set
 *
 * Return: false if it is malformed.
 */
bool cm_queue_decode(struct cordon_model *m, struct cm_queue *q)
{
	uint64_t cfg = q->desc[0];
	unsigned int bits = m->caps.oas_bits;

	q->log2 = cm_get(CORDON_QD_LOG2SIZE, cfg);
	q->guest = cfg & CORDON_QD_GUEST;
	q->dirty = cfg & CORDON_QD_DIRTY;
	q->vmtag = cm_get(CORDON_QD_VMTAG, cfg);
	q->base = q->desc[1] & CORDON_QD_BASE_ADDR;
	q->slots = q->desc[2] & CORDON_QD_SLOTS_ADDR;
	q->slots_log2 = cm_get(CORDON_QD_SLOTS_LOG2, q->desc[2]);
	q->status = q->desc[3] & CORDON_QD_STATUS_ADDR;
	q->devmap = q->desc[4] & CORDON_QD_DEVMAP_ADDR;
	q->devmap_log2 = cm_get(CORDON_QD_DEVMAP_LOG2, q->desc[4]);
	q->s2root = q->desc[5];
	q->dlroot = q->desc[7];

	if (cfg & ~(CORDON_QD_V | CORDON_QD_LOG2SIZE | CORDON_QD_GUEST | CORDON_QD_DIRTY |
		    CORDON_QD_VMTAG))
		return false;
	if (!q->log2 || q->log2 > m->caps.cmdq_log2 || q->slots_log2 > m->caps.slots_log2)
		return false;
	if (!q->guest) {
		if (q->dirty || q->vmtag || q->desc[4] || q->s2root || q->desc[6] || q->dlroot)
			return false;
	} else {
		if (!cm_cap(m, CORDON_CAP1_GUESTQ) || !q->vmtag ||
		    !cm_fits(q->vmtag, m->caps.vmtag) || q->devmap_log2 > m->caps.devmap_log2 ||
		    cm_addr_bad(q->desc[4], CORDON_QD_DEVMAP_ADDR, CORDON_QD_DEVMAP_LOG2, bits))
			return false;
		if ((q->desc[6] & ~GENMASK_ULL(50, 32)) ||
		    !cm_fmt_s2(&m->caps, q->desc[6], &q->s2) || !cm_ttb_ok(&q->s2, q->s2root))
			return false;
		if (!q->dirty ? q->dlroot != 0 :
		    !cm_cap(m, CORDON_CAP1_DIRTY) || !(q->dlroot & CORDON_ROOT_LEVELS) ||
		    !cm_dirroot_ok(q->dlroot, bits))
			return false;
		bits = q->s2.n;
	}
	return !cm_addr_bad(q->desc[1], CORDON_QD_BASE_ADDR, 0, bits) &&
	       !cm_addr_bad(q->desc[2], CORDON_QD_SLOTS_ADDR, CORDON_QD_SLOTS_LOG2, bits) &&
	       !cm_addr_bad(q->desc[3], CORDON_QD_STATUS_ADDR, 0, bits);
}

/* A guest queue's access goes through stage 2 (spec 13.2) */
static bool cm_guest_addr(struct cordon_model *m, struct cm_queue *q, uint64_t addr, bool write,
			  uint64_t *pa)
{
	struct cordon_request req = {
		.addr = addr, .devid = m->caps.unit_devid, .read = !write, .write = write,
		.type = CM_TYPE_UNIT,
	};
	struct cm_out out;
	struct cm_op op;
	bool cached = true, ok;

	/* refusals are neither recorded nor charged */
	for (;;) {
		cm_op_init(&op, m, &req);
		memset(&op.room_dc, 0, sizeof(op.room_dc));
		op.room_dc.cfg = CORDON_DC_V | CORDON_DC_S2;
		if (q->dirty)
			op.room_dc.cfg |= CORDON_DC_DIRTY;
		op.room_dc.vmtag = q->vmtag;
		op.room_dc.s2 = q->s2;
		op.room_dc.s2root = q->s2root;
		op.room_dc.dlroot = q->dlroot;
		op.dc = &op.room_dc;
		op.cached = cached;
		op.fill = true;
		op.update = true;
		ok = cm_stage2(&op, addr, !write, write, false, true, &out) &&
		     (!write || !q->dirty || cm_log(&op, addr, true));
		if (ok || !op.used)
			break;
		cached = false;
	}
	if (ok)
		*pa = out.addr;
	return ok;
}

/**
 * cm_queue_read() - read memory of a queue
 * @m: model
 * @q: queue
 * @addr: address, an IPA in a guest's queue; within one 4 KiB page
 * @val: result
 * @n: dwords
 *
 * Return: false if it aborted or stage 2 refused.
 */
bool cm_queue_read(struct cordon_model *m, struct cm_queue *q, uint64_t addr, uint64_t *val,
		   unsigned int n)
{
	if (q->guest && !cm_guest_addr(m, q, addr, false, &addr))
		return false;
	q->forced = cm_injected(m, CORDON_ABORT_COMMAND);
	if (!q->forced && !cm_read64s(m, addr, val, n))
		return true;
	if (!q->guest)
		cm_error(m, CORDON_ERROR_FETCH, addr);
	return false;
}

/**
 * cm_queue_write() - write a dword of a queue
 * @m: model
 * @q: queue
 * @addr: address, an IPA in a guest's queue
 * @val: dword
 *
 * Return: false if it aborted or stage 2 refused.
 */
bool cm_queue_write(struct cordon_model *m, struct cm_queue *q, uint64_t addr, uint64_t val)
{
	if (q->guest && !cm_guest_addr(m, q, addr, true, &addr))
		return false;
	return !cm_write64(m, addr, val);
}

/**
 * cm_queue_status() - the status word (spec 5.2)
 * @q: queue
 *
 * Return: the word.
 */
uint64_t cm_queue_status(const struct cm_queue *q)
{
	if (q->state == CORDON_QSTATE_DISABLED)
		return 0;
	return cm_put(CORDON_STATUS_HEAD, q->head) | cm_put(CORDON_STATUS_STATE, q->state) |
	       cm_put(CORDON_STATUS_REASON, q->reason);
}

static void cm_queue_stopped(struct cordon_model *m, struct cm_queue *q)
{
	struct cm_text t;

	cm_text_init(&t, "Command queue");
	cm_text_dec(&t, " ", cm_queue_index(m, q));
	cm_text_dec(&t, " stopped at command ", q->head);
	cm_text_hex(&t, " with reason ", q->reason);
	cm_text_str(&t, ".");
	if (!q->forced)
		cm_violation(m, CORDON_VIOLATION_COMMAND, &t);
	if (q->guest && q->told)
		return;
	q->told = true;
	m->cmdpend |= BIT_ULL(cm_queue_index(m, q));
	cm_irq_update(m);
}

/**
 * cm_queue_say() - write the status line (spec 5.2)
 * @m: model
 * @q: queue
 *
 * A line that cannot be written stops the queue (spec 5.6).
 */
void cm_queue_say(struct cordon_model *m, struct cm_queue *q)
{
	bool forced;

	q->said = q->head;
	if (q->state == CORDON_QSTATE_DISABLED)
		return;
	forced = cm_injected(m, CORDON_ABORT_STATUS);
	if (!forced && cm_queue_write(m, q, q->status, cm_queue_status(q)))
		return;
	if (!q->guest)
		cm_error(m, CORDON_ERROR_STATUS_WRITE, q->status);
	if (q->state == CORDON_QSTATE_STOPPED)
		return;
	q->forced = forced;
	q->done = false;
	q->has_copy = false;
	q->state = CORDON_QSTATE_STOPPED;
	q->reason = CORDON_QREASON_WRITE;
	cm_queue_stopped(m, q);
}

/**
 * cm_queue_enter() - change the state of a queue
 * @m: model
 * @q: queue
 * @state: CORDON_QSTATE_*
 * @reason: CORDON_QREASON_*
 */
void cm_queue_enter(struct cordon_model *m, struct cm_queue *q, uint8_t state, uint8_t reason)
{
	q->state = state;
	q->reason = reason;
	cm_trace(m, CORDON_TRACE_QUEUE, cm_queue_index(m, q), state, reason, 0);
	cm_queue_say(m, q);
	if (state == CORDON_QSTATE_STOPPED)
		cm_queue_stopped(m, q);
}

/**
 * cm_complete() - complete a command (spec 5.5)
 * @m: model
 * @q: its queue
 * @op: its first dword; the slot is in bounds
 * @status: CORDON_COMPLETION_*
 * @began: when it was fetched
 *
 * Return: false if the word could not be written.
 */
bool cm_complete(struct cordon_model *m, struct cm_queue *q, uint64_t op, unsigned int status,
		 uint64_t began)
{
	uint64_t slot = cm_get(CORDON_CMD_SLOT, op);
	uint64_t word = cm_put(CORDON_COMPLETION_VALUE, cm_get(CORDON_CMD_VALUE, op)) |
			cm_put(CORDON_COMPLETION_STATUS, status);

	if (op & CORDON_CMD_COMPLETE) {
		if (status != CORDON_COMPLETION_SKIPPED && cm_inject_lose(m))
			return true;
		q->forced = cm_injected(m, CORDON_ABORT_COMPLETION);
		if (q->forced || !cm_queue_write(m, q, q->slots + 8 * slot, word))
			return false;
		m->stats.syncs++;
		cm_trace(m, CORDON_TRACE_COMPLETE, cm_queue_index(m, q), slot, word, 0);
		cm_count(m, CORDON_EVENT_COMPLETIONS, NULL);
		if (m->counting >> CORDON_EVENT_SYNC_TIME & 1)
			cm_count_n(m, CORDON_EVENT_SYNC_TIME, NULL, 0, false, cm_now(m) - began);
	}
	if ((op & CORDON_CMD_INTERRUPT) && status != CORDON_COMPLETION_SKIPPED) {
		m->cmdpend |= BIT_ULL(cm_queue_index(m, q));
		cm_irq_update(m);
	}
	return true;
}
