// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: taking and carrying out commands (spec 5.3 to 5.6).
 */
#include "internal.h"

/* A command as read, with what the checks found out about it */
struct cm_cmd {
	uint64_t op, target, first, last;
	unsigned int code;
	uint32_t vmtag, dtag, devid, pasid;
};

/*
 * spec 5.4: for each operation, the bits that it names and who may use it. The
 * fields of target overlap, so what they mean is said apart.
 */
struct cm_op_rule {
	uint64_t target;
	uint64_t first, last;
	bool vmtag, dtag, devid, pasid;
	bool guest;
};

#define CM_LEAF_SIZE	(CORDON_TGT_LEAF | CORDON_TGT_PGSIZE)
#define CM_TAGS		(CORDON_TGT_VMTAG | CORDON_TGT_DTAG)
#define CM_SPACE	(CORDON_TGT_DEVID | CORDON_TGT_PASID | CORDON_TGT_PV)

static const struct cm_op_rule cm_op_rules[] = {
	[CORDON_OP_SYNC] = { .guest = true },
	[CORDON_OP_INV_ALL] = { 0 },
	[CORDON_OP_INV_DEVICE] = { .target = CORDON_TGT_LEAF, .first = ~0ULL, .last = ~0ULL },
	[CORDON_OP_INV_PROCESS] = {
		.target = CORDON_TGT_DEVID | CORDON_TGT_LEAF, .first = ~0ULL, .last = ~0ULL,
		.devid = true, .guest = true,
	},
	[CORDON_OP_INV_RANGE] = {
		.target = CM_TAGS | CM_LEAF_SIZE, .first = ~0ULL, .last = ~0ULL,
		.vmtag = true, .dtag = true, .guest = true,
	},
	[CORDON_OP_INV_DTAG] = { .target = CM_TAGS, .vmtag = true, .dtag = true, .guest = true },
	[CORDON_OP_INV_VMTAG] = { .target = CORDON_TGT_VMTAG, .vmtag = true },
	[CORDON_OP_INV_S2RANGE] = {
		.target = CORDON_TGT_VMTAG | CM_LEAF_SIZE, .first = ~0ULL, .last = ~0ULL,
		.vmtag = true,
	},
	[CORDON_OP_INV_ATC] = {
		.target = CM_SPACE | CORDON_TGT_GLOBAL, .first = ~0ULL, .last = ~0ULL,
		.devid = true, .pasid = true, .guest = true,
	},
	[CORDON_OP_RESPOND] = {
		.target = CM_SPACE, .first = CORDON_RESPOND_GROUP | CORDON_RESPOND_CODE,
		.devid = true, .pasid = true, .guest = true,
	},
};

static bool cm_has_op(const struct cordon_model *m, const struct cm_cmd *c)
{
	switch (c->code) {
	case CORDON_OP_SYNC:
	case CORDON_OP_INV_ALL:
	case CORDON_OP_INV_DEVICE:
	case CORDON_OP_INV_RANGE:
	case CORDON_OP_INV_DTAG:
	case CORDON_OP_INV_VMTAG:
		return true;
	case CORDON_OP_INV_PROCESS:
		return m->caps.pasid;
	case CORDON_OP_INV_S2RANGE:
		return cm_cap(m, CORDON_CAP1_S2);
	case CORDON_OP_INV_ATC:
		return cm_cap(m, CORDON_CAP1_ATS);
	case CORDON_OP_RESPOND:
		return cm_cap(m, CORDON_CAP1_PRI);
	default:
		return false;
	}
}

/* Range, identifiers and codes (reason OPERAND) */
static bool cm_operands_ok(const struct cordon_model *m, const struct cm_queue *q,
			   const struct cm_cmd *c)
{
	const struct cm_op_rule *rule = &cm_op_rules[c->code];
	uint64_t code;

	if (!cm_fits(c->vmtag, m->caps.vmtag) || !cm_fits(c->dtag, m->caps.dtag))
		return false;
	/* a guest's DeviceIDs are indices of its device map, which has its own reason */
	if (rule->devid && !q->guest && !cm_fits(c->devid, m->caps.devid))
		return false;
	if (rule->pasid &&
	    !cm_fits(c->pasid, c->target & CORDON_TGT_PV ? m->caps.pasid : 0))
		return false;
	switch (c->code) {
	case CORDON_OP_INV_DEVICE:
		return c->first <= c->last && cm_fits(c->last, m->caps.devid);
	case CORDON_OP_INV_PROCESS:
		return c->first <= c->last && cm_fits(c->last, m->caps.pasid);
	case CORDON_OP_INV_RANGE:
	case CORDON_OP_INV_S2RANGE:
		return c->first <= c->last;
	case CORDON_OP_INV_ATC:
		return c->first <= c->last &&
		       (c->op & (CORDON_CMD_COMPLETE | CORDON_CMD_INTERRUPT)) &&
		       !((c->target & CORDON_TGT_GLOBAL) && (c->target & CORDON_TGT_PV));
	case CORDON_OP_RESPOND:
		code = cm_get(CORDON_RESPOND_CODE, c->first);
		return code == CORDON_RESPONSE_SUCCESS || code == CORDON_RESPONSE_INVALID ||
		       code == CORDON_RESPONSE_FAILURE;
	default:
		return true;
	}
}

/* spec 5.1.1: from a guest's DeviceID to the device */
static uint8_t cm_map_device(struct cordon_model *m, struct cm_queue *q, struct cm_cmd *c)
{
	uint64_t entry, addr = q->devmap + 8ULL * c->devid;

	if (!cm_fits(c->devid, q->devmap_log2))
		return CORDON_QREASON_VDEV;
	q->forced = cm_injected(m, CORDON_ABORT_COMMAND);
	if (q->forced || cm_read64(m, addr, &entry))
		return CORDON_QREASON_FETCH;
	if (!(entry & CORDON_VDEV_V) || (entry & ~(CORDON_VDEV_V | CORDON_VDEV_DEVID)))
		return CORDON_QREASON_VDEV;
	c->devid = cm_get(CORDON_VDEV_DEVID, entry);
	return cm_fits(c->devid, m->caps.devid) ? CORDON_QREASON_NONE : CORDON_QREASON_VDEV;
}

static bool cm_slot_ok(const struct cm_queue *q, uint64_t op)
{
	return !(op & CORDON_CMD_COMPLETE) || cm_fits(cm_get(CORDON_CMD_SLOT, op), q->slots_log2);
}

/* The checks of a command, in the order of spec 5.6 */
static uint8_t cm_check(struct cordon_model *m, struct cm_queue *q, struct cm_cmd *c)
{
	const struct cm_op_rule *rule;

	c->code = cm_get(CORDON_CMD_OP, c->op);
	if (!cm_slot_ok(q, c->op))
		return CORDON_QREASON_SLOT;
	if (!cm_has_op(m, c))
		return CORDON_QREASON_OPCODE;
	rule = &cm_op_rules[c->code];
	if (q->guest && (!rule->guest || (c->op & (CORDON_CMD_INTERRUPT | CORDON_CMD_FLUSH))))
		return CORDON_QREASON_FORBIDDEN;
	if ((c->op & (c->code == CORDON_OP_INV_ATC ?
		      GENMASK_ULL(15, 12) | CORDON_CMD_FLUSH | CORDON_CMD_REQUESTS :
		      GENMASK_ULL(15, 12))) || (c->target & ~rule->target) ||
	    (c->first & ~rule->first) || (c->last & ~rule->last))
		return CORDON_QREASON_RESERVED;
	c->vmtag = 0;
	c->dtag = 0;
	if (rule->vmtag)
		c->vmtag = q->guest ? q->vmtag : cm_get(CORDON_TGT_VMTAG, c->target);
	if (rule->dtag)
		c->dtag = cm_get(CORDON_TGT_DTAG, c->target);
	c->devid = cm_get(CORDON_TGT_DEVID, c->target);
	c->pasid = cm_get(CORDON_TGT_PASID, c->target);
	if (!cm_operands_ok(m, q, c))
		return CORDON_QREASON_OPERAND;
	if (q->guest && rule->devid)
		return cm_map_device(m, q, c);
	return CORDON_QREASON_NONE;
}

static void cm_tell(struct cordon_model *m, bool all, uint32_t devid, uint64_t first,
		    uint64_t last)
{
	if (m->ops.invalidated)
		m->ops.invalidated(m->opaque, all, devid, first, last);
}

/* What a command does, but for INV_ATC; returns how it completes */
static unsigned int cm_carry_out(struct cordon_model *m, const struct cm_cmd *c)
{
	unsigned int status = CORDON_COMPLETION_OK;
	bool leaf = c->target & CORDON_TGT_LEAF;

	switch (c->code) {
	case CORDON_OP_INV_ALL:
		cm_fault_flush(m);
		cm_inv_all(m);
		cm_tell(m, true, 0, 0, ~0ULL);
		break;
	case CORDON_OP_INV_DEVICE:
		cm_fault_flush_devices(m, c->first, c->last);
		cm_inv_device(m, c->first, c->last, leaf);
		cm_tell(m, c->first != c->last, c->first, 0, ~0ULL);
		break;
	case CORDON_OP_INV_PROCESS:
		cm_inv_process(m, c->devid, c->first, c->last, leaf);
		cm_tell(m, false, c->devid, 0, ~0ULL);
		break;
	case CORDON_OP_INV_RANGE:
		cm_inv_range(m, c->vmtag, c->dtag, c->first, c->last, leaf);
		cm_tell(m, true, 0, c->first, c->last);
		break;
	case CORDON_OP_INV_DTAG:
		cm_inv_range(m, c->vmtag, c->dtag, 0, ~0ULL, false);
		cm_tell(m, true, 0, 0, ~0ULL);
		break;
	case CORDON_OP_INV_VMTAG:
		cm_inv_vmtag(m, c->vmtag);
		cm_tell(m, true, 0, 0, ~0ULL);
		break;
	case CORDON_OP_INV_S2RANGE:
		cm_inv_s2range(m, c->vmtag, c->first, c->last, leaf);
		/* what rests on these IPAs can have any input address */
		cm_tell(m, true, 0, 0, ~0ULL);
		break;
	case CORDON_OP_RESPOND:
		if (!cm_request_respond(m, c->devid, c->target & CORDON_TGT_PV, c->pasid,
					cm_get(CORDON_RESPOND_GROUP, c->first),
					cm_get(CORDON_RESPOND_CODE, c->first)))
			status = CORDON_COMPLETION_REFUSED;
		break;
	default:
		break;
	}
	if (c->op & CORDON_CMD_FLUSH)
		cm_fault_flush(m);
	return status;
}

/* A command was consumed: is the status line due? */
static void cm_progress(struct cordon_model *m, struct cm_queue *q)
{
	if (q->state == CORDON_QSTATE_RUNNING &&
	    (q->head == q->tail || (q->head - q->said) << 2 >= BIT_ULL(q->log2)))
		cm_queue_say(m, q);
}

static bool cm_fetch(struct cordon_model *m, struct cm_queue *q, struct cm_cmd *c)
{
	uint64_t raw[4];

	if (!cm_queue_read(m, q, q->base + (q->head & cm_mask(q->log2)) * sizeof(raw), raw, 4))
		return false;
	c->op = raw[0];
	c->target = raw[1];
	c->first = raw[2];
	c->last = raw[3];
	return true;
}

static void cm_fail(struct cordon_model *m, struct cm_queue *q, uint8_t reason, bool done)
{
	q->done = done;
	cm_queue_enter(m, q, CORDON_QSTATE_STOPPED, reason);
}

/* Take the command at the head */
static void cm_take_command(struct cordon_model *m, struct cm_queue *q, uint64_t began)
{
	unsigned int index = (unsigned int)(q - m->queue), status;
	struct cm_cmd c;
	uint8_t reason;

	q->has_copy = false;
	if (!cm_fetch(m, q, &c)) {
		cm_fail(m, q, CORDON_QREASON_FETCH, false);
		return;
	}
	q->forced = cm_inject_fail(m, &reason);
	if (!q->forced)
		reason = cm_check(m, q, &c);
	if (reason) {
		/* what SKIP completes; after FETCH there is none (spec 5.6) */
		q->copy = c.op;
		q->has_copy = reason != CORDON_QREASON_FETCH;
		cm_fail(m, q, reason, false);
		return;
	}
	m->stats.commands++;
	cm_count(m, CORDON_EVENT_COMMANDS, NULL);
	cm_trace(m, CORDON_TRACE_COMMAND, index, q->head, c.op, c.target);
	if (c.code == CORDON_OP_INV_ATC) {
		/* it is consumed when it has been taken, whatever becomes of it (spec 5.2) */
		q->head++;
		cm_atc_start(m, q, c.op, c.target, c.devid, c.first, c.last, began);
		cm_progress(m, q);
		return;
	}
	status = cm_carry_out(m, &c);
	if (!cm_complete(m, q, c.op, status, began)) {
		cm_fail(m, q, CORDON_QREASON_WRITE, true);
		return;
	}
	q->head++;
	cm_progress(m, q);
}

/* One command of one queue, if it is due */
static bool cm_serve_queue(struct cordon_model *m, struct cm_queue *q)
{
	uint64_t latency = cm_latency(m), now, began;

	if (q->state != CORDON_QSTATE_RUNNING || (q->ctrl & CORDON_Q_FREEZE) ||
	    q->head == q->tail || cm_is_stalled(m, (unsigned int)(q - m->queue)))
		return false;
	now = cm_now(m);
	if (!latency) {
		cm_take_command(m, q, now);
		return true;
	}
	if (q->ready == CM_NEVER)
		q->ready = now + latency;
	if (now < q->ready)
		return false;
	began = q->ready - latency;
	cm_take_command(m, q, began);
	q->ready = q->head == q->tail ? CM_NEVER : q->ready + latency;
	return true;
}

/**
 * cm_serve() - carry out commands that are due, one of each queue in turn (spec 10.11)
 * @m: model
 *
 * A device that answers an INV_ATC at once calls in again; the outer call then
 * goes on.
 */
void cm_serve(struct cordon_model *m)
{
	unsigned int i;
	bool again;

	if (m->inject.gone)
		return;
	if (m->serving) {
		m->serve_again = true;
		return;
	}
	m->serving = true;
	do {
		again = m->serve_again;
		m->serve_again = false;
		for (i = 0; i < m->caps.cmdqs; i++)
			again |= cm_serve_queue(m, &m->queue[i]);
	} while (again);
	m->serving = false;
}

/**
 * cm_queue_next() - when does a delayed command become due?
 * @m: model
 *
 * Return: that counter value, or CM_NEVER.
 */
uint64_t cm_queue_next(struct cordon_model *m)
{
	uint64_t next = CM_NEVER;
	unsigned int i;

	if (!cm_latency(m))
		return CM_NEVER;
	for (i = 0; i < m->caps.cmdqs; i++) {
		struct cm_queue *q = &m->queue[i];

		if (q->state == CORDON_QSTATE_RUNNING && q->head != q->tail && q->ready < next &&
		    !cm_is_stalled(m, i))
			next = q->ready;
	}
	return next;
}

static void cm_rule(struct cordon_model *m, const char *what, unsigned int q)
{
	struct cm_text t;

	cm_text_init(&t, what);
	cm_text_dec(&t, " ", q);
	cm_text_str(&t, ", which is not enabled.");
	cm_violation(m, CORDON_VIOLATION_RULE, &t);
}

/**
 * cm_queue_doorbell() - CORDON_REG_Q_TAIL was written (spec 5.3)
 * @m: model
 * @q: number of the queue
 * @tail: value
 */
void cm_queue_doorbell(struct cordon_model *m, unsigned int q, uint32_t tail)
{
	struct cm_queue *queue = &m->queue[q];

	if (!(queue->ack & CORDON_Q_EN)) {
		cm_rule(m, "A doorbell was rung for command queue", q);
		return;
	}
	if ((int32_t)(tail - queue->tail) <= 0)
		return;
	if (tail - queue->head > BIT_ULL(queue->log2)) {
		/* one that is stopped already keeps the reason that RESUME has to heed */
		if (queue->state != CORDON_QSTATE_STOPPED) {
			queue->forced = false;
			cm_queue_enter(m, queue, CORDON_QSTATE_STOPPED, CORDON_QREASON_TAIL);
		}
		return;
	}
	queue->tail = tail;
	cm_serve(m);
}

/* Read the descriptor; tells why it will not do, or NONE */
static uint8_t cm_desc_read(struct cordon_model *m, struct cm_queue *q, uint64_t *desc)
{
	uint64_t addr = (m->qtable & CORDON_QTABLE_ADDR) + (q - m->queue) * sizeof(q->desc);

	q->forced = false;
	if (!(m->qtable & CORDON_QTABLE_V))
		return CORDON_QREASON_DESC_ABSENT;
	q->forced = cm_injected(m, CORDON_ABORT_QDESC);
	if (q->forced || cm_read64s(m, addr, desc, 8)) {
		cm_error(m, CORDON_ERROR_FETCH, addr);
		return CORDON_QREASON_DESC_FETCH;
	}
	return desc[0] & CORDON_QD_V ? CORDON_QREASON_NONE : CORDON_QREASON_DESC_ABSENT;
}

/* Thawed: what a host changes under a running guest is read again (spec 10.11) */
static uint8_t cm_desc_again(struct cordon_model *m, struct cm_queue *q)
{
	uint64_t mask = CORDON_QD_DIRTY | CORDON_QD_VMTAG, desc[8];
	struct cm_queue old = *q;
	uint8_t reason;

	reason = cm_desc_read(m, q, desc);
	if (reason)
		return reason;
	q->desc[0] = (q->desc[0] & ~mask) | (desc[0] & mask);
	q->desc[5] = desc[5];
	q->desc[6] = desc[6];
	q->desc[7] = desc[7];
	if (cm_queue_decode(m, q))
		return CORDON_QREASON_NONE;
	*q = old;
	return CORDON_QREASON_DESC_MALFORMED;
}

static bool cm_is_desc(uint8_t reason)
{
	return reason >= CORDON_QREASON_DESC_FETCH;
}

/* A queue that may go on does; one that is to freeze does so when nothing is under way */
static void cm_go_on(struct cordon_model *m, struct cm_queue *q)
{
	q->ready = CM_NEVER;
	if (q->state != CORDON_QSTATE_RUNNING)
		cm_queue_enter(m, q, CORDON_QSTATE_RUNNING, CORDON_QREASON_NONE);
	cm_queue_settle(m, q);
	cm_serve(m);
}

/**
 * cm_queue_settle() - acknowledge FREEZE once the last command taken is complete
 * @m: model
 * @q: queue
 */
void cm_queue_settle(struct cordon_model *m, struct cm_queue *q)
{
	if (!(q->ack & CORDON_Q_EN) || !(q->ctrl & CORDON_Q_FREEZE) || q->atc)
		return;
	if (q->state == CORDON_QSTATE_RUNNING)
		cm_queue_enter(m, q, CORDON_QSTATE_FROZEN, CORDON_QREASON_NONE);
	/* no access to memory from now on */
	q->ack |= CORDON_Q_FREEZE;
}

/**
 * cm_queue_resume() - CORDON_REG_Q_RESUME was written (spec 5.6)
 * @m: model
 * @q: number of the queue
 * @how: value
 */
void cm_queue_resume(struct cordon_model *m, unsigned int q, uint32_t how)
{
	struct cm_queue *queue = &m->queue[q];
	bool skip = how == CORDON_RESUME_SKIP;
	uint8_t reason;

	if (!(queue->ack & CORDON_Q_EN)) {
		cm_rule(m, "RESUME was written to command queue", q);
		return;
	}
	if (queue->state != CORDON_QSTATE_STOPPED || (!skip && how != CORDON_RESUME_RETRY))
		return;
	switch (queue->reason) {
	case CORDON_QREASON_TAIL:
		break;
	case CORDON_QREASON_WRITE:
		/* it has taken effect, and the lost word is not written again */
		if (queue->done)
			queue->head++;
		break;
	case CORDON_QREASON_DESC_FETCH:
	case CORDON_QREASON_DESC_ABSENT:
	case CORDON_QREASON_DESC_MALFORMED:
		reason = cm_desc_again(m, queue);
		if (reason) {
			queue->reason = reason;
			return;
		}
		break;
	default:
		if (!skip)
			break;
		/* a word that aborts is dropped; while frozen there is no access */
		if (queue->has_copy && cm_slot_ok(queue, queue->copy) &&
		    !(queue->ack & CORDON_Q_FREEZE))
			cm_complete(m, queue, queue->copy & ~CORDON_CMD_INTERRUPT,
				    CORDON_COMPLETION_SKIPPED, cm_now(m));
		queue->head++;
		break;
	}
	queue->done = false;
	queue->has_copy = false;
	if (queue->ack & CORDON_Q_FREEZE) {
		/* its status line tells when it thaws */
		queue->state = CORDON_QSTATE_FROZEN;
		queue->reason = CORDON_QREASON_NONE;
		return;
	}
	cm_go_on(m, queue);
}

static void cm_queue_enable(struct cordon_model *m, struct cm_queue *q)
{
	uint8_t reason = cm_desc_read(m, q, q->desc);
	struct cm_text t;

	if (!reason && !cm_queue_decode(m, q))
		reason = CORDON_QREASON_DESC_MALFORMED;
	if (reason) {
		q->ack = cm_put(CORDON_Q_REASON, reason);
		cm_text_init(&t, "Command queue");
		cm_text_dec(&t, " ", (uint64_t)(q - m->queue));
		cm_text_hex(&t, " could not be enabled: reason ", reason);
		cm_text_str(&t, ".");
		if (!q->forced)
			cm_violation(m, CORDON_VIOLATION_STRUCTURE, &t);
		return;
	}
	q->head = 0;
	q->tail = 0;
	q->ready = CM_NEVER;
	q->done = false;
	q->has_copy = false;
	q->ack = q->ctrl;
	cm_queue_enter(m, q, q->ctrl & CORDON_Q_FREEZE ? CORDON_QSTATE_FROZEN :
		       CORDON_QSTATE_RUNNING, CORDON_QREASON_NONE);
}

static void cm_queue_thaw(struct cordon_model *m, struct cm_queue *q)
{
	uint8_t reason = cm_desc_again(m, q);

	q->ack &= ~CORDON_Q_FREEZE;
	if (reason) {
		q->done = false;
		q->has_copy = false;
		cm_queue_enter(m, q, CORDON_QSTATE_STOPPED, reason);
	} else if (q->state != CORDON_QSTATE_STOPPED) {
		cm_go_on(m, q);
	} else if (cm_is_desc(q->reason)) {
		cm_go_on(m, q);
	}
}

/**
 * cm_queue_ctrl() - CORDON_REG_Q_CTRL was written (spec 10.11)
 * @m: model
 * @q: number of the queue
 * @val: value
 */
void cm_queue_ctrl(struct cordon_model *m, unsigned int q, uint32_t val)
{
	struct cm_queue *queue = &m->queue[q];

	queue->ctrl = val & (CORDON_Q_EN | CORDON_Q_FREEZE);
	queue->told = false;
	if (!cm_ack_later(m, CORDON_MUTE_QUEUE, &queue->ctrl_ack))
		cm_queue_apply(m, q);
}

/**
 * cm_queue_apply() - what was written to CORDON_REG_Q_CTRL takes effect
 * @m: model
 * @q: number of the queue
 */
void cm_queue_apply(struct cordon_model *m, unsigned int q)
{
	struct cm_queue *queue = &m->queue[q];
	uint32_t was = queue->applied;

	queue->applied = queue->ctrl;
	if ((queue->ctrl & CORDON_Q_EN) && !(was & CORDON_Q_EN)) {
		cm_queue_enable(m, queue);
		return;
	}
	if (!(queue->ctrl & CORDON_Q_EN)) {
		if (queue->ack & CORDON_Q_EN) {
			cm_atc_abandon(m, q);
			cm_queue_enter(m, queue, CORDON_QSTATE_DISABLED, CORDON_QREASON_NONE);
		}
		queue->ack = queue->ctrl;
		m->inject.hang &= ~BIT_ULL(q);
		return;
	}
	if (!(queue->ack & CORDON_Q_EN) || !((queue->ctrl ^ was) & CORDON_Q_FREEZE))
		return;
	if (queue->ctrl & CORDON_Q_FREEZE)
		cm_queue_settle(m, queue);
	else
		cm_queue_thaw(m, queue);
}
