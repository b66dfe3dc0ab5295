// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: page requests (spec 7).
 */
#include "internal.h"

/* The half of the device's fault block that counts page requests; the state dword */
static uint64_t cm_request_block(const struct cm_op *op)
{
	return op->dc->fault + offsetof(struct cordon_fault_block, requests);
}

static uint64_t cm_request_state(const struct cm_op *op)
{
	return op->dc->fault + offsetof(struct cordon_fault_block, state);
}

/* A request is lost: count it, and remember that the device's next record has to say so */
static void cm_request_lost(struct cordon_model *m, const struct cm_op *op, bool uncharge)
{
	uint64_t state;

	m->prq.lost++;
	if (!(m->ctrlack & CORDON_CTRL_PRQEN))
		return;
	cm_block_lost(m, cm_request_block(op), 1, uncharge);
	if (cm_read64(m, cm_request_state(op), &state) ||
	    cm_write64(m, cm_request_state(op), state | CORDON_FB_LOSS))
		cm_block_abort(m, cm_request_state(op));
}

/* Does the record have to say that others were lost? */
static bool cm_request_loss(struct cordon_model *m, const struct cm_op *op)
{
	uint64_t state;

	if (cm_read64(m, cm_request_state(op), &state))
		return cm_block_abort(m, cm_request_state(op));
	if (!(state & CORDON_FB_LOSS))
		return false;
	if (cm_write64(m, cm_request_state(op), state & ~CORDON_FB_LOSS))
		cm_block_abort(m, cm_request_state(op));
	return true;
}

/* Write a record; false if the request is lost */
static bool cm_request_record(struct cordon_model *m, const struct cm_op *op, uint32_t group,
			      bool last)
{
	unsigned int log2 = cm_get(CORDON_QBASE_LOG2, m->prq.base);
	const struct cordon_request *req = op->req;
	bool over = false, charged;
	uint64_t info, source, addr;
	uint8_t buf[32];

	if (!(m->ctrlack & CORDON_CTRL_PRQEN) || cm_ring_full(&m->prq)) {
		cm_request_lost(m, op, false);
		if (m->ctrlack & CORDON_CTRL_PRQEN)
			cm_ring_told(m, &m->prq, CORDON_INT_REQUEST);
		return false;
	}
	charged = cm_block_charge(m, cm_request_block(op), op->dc->plimit, &over);
	if (over) {
		cm_request_lost(m, op, false);
		return false;
	}
	info = cm_put(CORDON_PR_GROUP, group) | (m->prq.tail >> log2 & 1 ? 0 : CORDON_PR_PHASE) |
	       (last ? CORDON_PR_LAST : 0) | (op->r ? CORDON_PR_READ : 0) |
	       (op->w ? CORDON_PR_WRITE : 0) | (op->x ? CORDON_PR_EXEC : 0) |
	       (op->priv ? CORDON_PR_PRIV : 0) | (req->pv ? CORDON_PR_PV : 0);
	if (cm_request_loss(m, op))
		info |= CORDON_PR_LOSS;
	source = cm_put(CORDON_SRC_DEVID, req->devid) |
		 cm_put(CORDON_SRC_PASID, req->pv ? req->pasid : 0) |
		 (charged ? CORDON_SRC_CHARGED : 0);
	cm_put_le64(buf, info);
	cm_put_le64(buf + 8, source);
	cm_put_le64(buf + 16, req->addr & ~cm_mask(12));
	cm_put_le64(buf + 24, cm_now(m));
	addr = (m->prq.base & CORDON_QBASE_ADDR) + (m->prq.tail & cm_mask(log2)) * sizeof(buf);
	if (cm_injected(m, CORDON_ABORT_REQUEST) ||
	    m->ops.write(m->opaque, addr + 8, buf + 8, sizeof(buf) - 8) ||
	    m->ops.write(m->opaque, addr, buf, 8)) {
		cm_error(m, CORDON_ERROR_PRQ_WRITE, addr);
		cm_request_lost(m, op, charged);
		return false;
	}
	m->prq.tail++;
	cm_irq_latch(m, CORDON_INT_REQUEST);
	return true;
}

/**
 * cordon_model_page_request() - a page request of a device (spec 7.2)
 * @m: model
 * @req: the request; its access is what is wanted
 * @group: group index
 * @last: last of its group
 * @code: CORDON_RESPONSE_* if the unit answers itself
 *
 * A page request is a request like others: it is not made while they wait.
 *
 * Return: false if the group was answered at once, with *@code.
 */
bool cordon_model_page_request(struct cordon_model *m, const struct cordon_request *req,
			       uint32_t group, bool last, uint32_t *code)
{
	/* a stop marker is never answered */
	bool due = last && (req->read || req->write || req->exec);
	struct cordon_request as_ats = *req;
	struct cm_op op;

	as_ats.type = CORDON_TYPE_ATS;
	*code = CORDON_RESPONSE_FAILURE;
	if (m->inject.gone)
		return !due;
	if (cordon_model_held(m)) {
		/* of a caller that did not keep it: the device tries again */
		*code = CORDON_RESPONSE_SUCCESS;
		return !due;
	}
	if (cm_find_policy(m, &as_ats, &op) && !(op.dc->cfg & CORDON_DC_PRI)) {
		/* a cached context may be older than memory, and must not refuse */
		cm_op_init(&op, m, &as_ats);
		op.fill = true;
		if (cm_find_dc(&op) && !(op.dc->cfg & CORDON_DC_PRI))
			cm_deny(&op, CORDON_REASON_PRI_OFF, 0, CORDON_LEVEL_NONE,
				op.dc->own.where);
	}
	cm_count_n(m, CORDON_EVENT_PAGE_REQUESTS, &op, req->devid, true, 1);
	if (op.reason) {
		cm_fault_raise(m, &op);
		return !due;
	}
	if (cm_request_record(m, &op, group, last))
		return true;
	/* the device tries again: nothing hangs */
	*code = CORDON_RESPONSE_SUCCESS;
	return !due;
}

/**
 * cm_request_respond() - software answers a group (spec 5.4.10)
 * @m: model
 * @devid: DeviceID
 * @pv: it has a PASID
 * @pasid: PASID
 * @group: group index
 * @code: CORDON_RESPONSE_*
 *
 * Return: false if the device has no page requests, and nothing was sent.
 */
bool cm_request_respond(struct cordon_model *m, uint32_t devid, bool pv, uint32_t pasid,
			uint32_t group, uint32_t code)
{
	if (!cm_device_has(m, devid, CORDON_DC_PRI))
		return false;
	if (m->ops.page_response)
		m->ops.page_response(m->opaque, devid, pv, pasid, group, code);
	return true;
}

/**
 * cm_request_enable() - CORDON_CTRL_PRQEN was written (spec 10.3)
 * @m: model
 * @on: its new value; the base is good
 */
void cm_request_enable(struct cordon_model *m, bool on)
{
	if (!on) {
		m->ctrlack &= ~CORDON_CTRL_PRQEN;
		return;
	}
	m->prq.head = 0;
	m->prq.tail = 0;
	m->prq.told = false;
	m->ctrlack |= CORDON_CTRL_PRQEN;
}
