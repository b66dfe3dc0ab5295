// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: what becomes of a request (spec 4.1, 4.3, 4.8).
 */
#include "internal.h"

/* spans that are answered where no table limits them */
#define CM_SPAN_ALL		63
#define CM_SPAN_ATS_BYPASS	21
#define CM_SPAN_PAGE		12

#define CM_ATS_OK		0
#define CM_ATS_UNSUPPORTED	1
#define CM_ATS_ABORT		4

/**
 * cm_op_init() - begin to handle a request
 * @op: state; no caches, no side effects but reports
 * @m: model
 * @req: request
 */
void cm_op_init(struct cm_op *op, struct cordon_model *m, const struct cordon_request *req)
{
	op->m = m;
	op->req = req;
	op->cached = false;
	op->fill = false;
	op->update = false;
	op->quiet = false;
	op->used = false;
	op->hit = false;
	op->walked = false;
	op->r = req->read;
	op->w = req->write;
	op->x = req->exec;
	op->priv = req->priv;
	op->have_ipa = false;
	op->foresee = false;
	op->peek = false;
	op->exact = false;
	op->restarts = 0;
	op->dc = NULL;
	op->pc = NULL;
	op->reason = CORDON_REASON_NONE;
	op->stage = 0;
	op->level = CORDON_LEVEL_NONE;
	op->detail = 0;
	op->walk = false;
	op->ipa = 0;
	op->where = 0;
}

/* spec 4.3: policy(); false with the fault noted */
static __always_inline bool cm_policy(struct cm_op *op)
{
	const struct cm_dc *dc = op->dc;

	if (op->req->type == CORDON_TYPE_TRANSLATED &&
	    cm_get(CORDON_DC_TRANSLATED, dc->cfg) == CORDON_TRANSLATED_DENY)
		return cm_deny(op, CORDON_REASON_TRANSLATED, 0, CORDON_LEVEL_NONE, dc->own.where);
	if (op->req->type == CORDON_TYPE_ATS && !(dc->cfg & CORDON_DC_ATS))
		return cm_deny(op, CORDON_REASON_ATS_OFF, 0, CORDON_LEVEL_NONE, dc->own.where);
	/* what the device got could not be used (spec 4.8) */
	if (op->req->type == CORDON_TYPE_ATS &&
	    cm_get(CORDON_DC_TRANSLATED, dc->cfg) == CORDON_TRANSLATED_DENY)
		return cm_deny(op, CORDON_REASON_TRANSLATED, 0, CORDON_LEVEL_NONE, dc->own.where);
	if (!(dc->cfg & CORDON_DC_EXEC) && op->x) {
		op->x = false;
		op->r = true;
	}
	if (!(dc->cfg & CORDON_DC_PRIV))
		op->priv = false;
	return true;
}

static void cm_out_direct(struct cm_out *out, uint64_t addr)
{
	out->addr = addr;
	out->ipa = addr;
	out->where = 0;
	out->size = CM_SPAN_ALL;
	out->perm = CM_ALL;
	out->attr = CM_ATTR_WB;
	out->clean = false;
	out->direct = true;
}

static bool cm_second(struct cm_op *op, uint64_t ipa, struct cm_out *out)
{
	const struct cm_dc *dc = op->dc;

	if (!(dc->cfg & CORDON_DC_S2)) {
		cm_out_direct(out, ipa);
		return true;
	}
	if (!cm_stage2(op, ipa, op->r, op->w, op->x, false, out))
		return false;
	out->ipa = ipa;
	op->ipa = ipa;
	op->have_ipa = true;
	return true;
}

/* spec 4.1: false with the fault noted */
static __always_inline bool cm_handle(struct cm_op *op, struct cm_out *out)
{
	const struct cordon_request *req = op->req;
	const struct cm_dc *dc;

	out->direct = false;
	if (!cm_find_dc(op) || !cm_policy(op))
		return false;
	dc = op->dc;
	if (req->type == CORDON_TYPE_TRANSLATED) {
		if (cm_get(CORDON_DC_TRANSLATED, dc->cfg) == CORDON_TRANSLATED_TRUST) {
			if (!cm_fits(req->addr, op->m->caps.oas_bits))
				return cm_deny(op, CORDON_REASON_INPUT_SIZE, 1, CORDON_LEVEL_NONE,
					       dc->own.where);
			cm_out_direct(out, req->addr);
			return true;
		}
		if (!cm_second(op, req->addr, out))
			return false;
	} else {
		if (!cm_find_pc(op))
			return false;
		switch (cm_get(CORDON_DC_S1, op->pc->cfg)) {
		case CORDON_S1_BYPASS:
			if (!(dc->cfg & CORDON_DC_S2) &&
			    !cm_fits(req->addr, op->m->caps.oas_bits))
				return cm_deny(op, CORDON_REASON_INPUT_SIZE, 1, CORDON_LEVEL_NONE,
					       op->pc->where);
			if (!cm_second(op, req->addr, out))
				return false;
			break;
		case CORDON_S1_TABLE:
			if (op->pc->cfg & CORDON_DC_NOWALK)
				return cm_deny(op, CORDON_REASON_NOWALK, 0, CORDON_LEVEL_NONE,
					       op->pc->where);
			if (!cm_stage1(op, req->addr, out))
				return false;
			break;
		default:
			return cm_deny(op, CORDON_REASON_BLOCKED, 0, CORDON_LEVEL_NONE,
				       op->pc->where);
		}
	}
	if (!(dc->cfg & CORDON_DC_DIRTY) || !op->w)
		return true;
	/* an ATS answer without write permission is no write */
	if (req->type == CORDON_TYPE_ATS && !(out->perm & (op->priv ? CM_PW : CM_UW)))
		return true;
	return cm_log(op, out->ipa, false);
}

/* Does an ATS answer lack a right that was asked for? */
static bool cm_lacks(const struct cm_op *op, uint8_t perm)
{
	return (op->r && !(perm & (op->priv ? CM_PR : CM_UR))) ||
	       (op->w && !(perm & (op->priv ? CM_PW : CM_UW))) ||
	       (op->x && !(perm & (op->priv ? CM_PX : CM_UX)));
}

/* spec 4.8: a fault that is an answer; true if it is none to record */
static bool cm_ats_refused(const struct cm_op *op, struct cordon_answer *ans)
{
	ans->ats_status = CM_ATS_ABORT;
	if (op->walk)
		return false;
	switch (op->reason) {
	case CORDON_REASON_TRANSLATED:
	case CORDON_REASON_INPUT_SIZE:
	case CORDON_REASON_NO_PASID:
	case CORDON_REASON_PASID_RANGE:
	case CORDON_REASON_PD_ABSENT:
	case CORDON_REASON_PC_ABSENT:
	case CORDON_REASON_BLOCKED:
	case CORDON_REASON_NOWALK:
	case CORDON_REASON_TRANSLATION:
	case CORDON_REASON_ACCESS_FLAG:
	case CORDON_REASON_PERMISSION:
		ans->ats_status = CM_ATS_OK;
		ans->span_log2 = CM_SPAN_PAGE;
		ans->addr = 0;
		return true;
	case CORDON_REASON_NO_ROOT:
	case CORDON_REASON_DEVID_RANGE:
	case CORDON_REASON_DD_ABSENT:
	case CORDON_REASON_DC_ABSENT:
	case CORDON_REASON_ATS_OFF:
		ans->ats_status = CM_ATS_UNSUPPORTED;
		return false;
	default:
		return false;
	}
}

/* An ATS answer whose write could not be logged is given without write */
static bool cm_ats_unlogged(const struct cm_op *op)
{
	return op->req->type == CORDON_TYPE_ATS && !op->walk &&
	       op->reason >= CORDON_REASON_DL_FETCH && op->reason <= CORDON_REASON_DL_UPDATE;
}

/**
 * cm_policy_cfg() - cfg of the context whose SILENT and RAZWI hold (spec 4.3)
 * @op: request with a fault noted
 *
 * Return: zero before a context was found.
 */
uint64_t cm_policy_cfg(const struct cm_op *op)
{
	if (!op->dc)
		return 0;
	/* a guest does not decide about faults of the host's tables */
	if (!op->pc || ((op->dc->cfg & CORDON_DC_GUEST) && op->stage == 2))
		return op->dc->cfg;
	return op->pc->cfg;
}

static void cm_answer_fault(const struct cm_op *op, struct cordon_answer *ans)
{
	ans->reason = op->reason;
	ans->razwi = op->req->type != CORDON_TYPE_ATS && (cm_policy_cfg(op) & CORDON_DC_RAZWI);
	ans->stage = op->stage;
	ans->level = op->level;
	ans->walk = op->walk;
	ans->detail = op->reason == CORDON_REASON_DC_MALFORMED ||
		      op->reason == CORDON_REASON_PC_MALFORMED ? op->detail : 0;
	ans->ipa = op->stage == 2 ? op->ipa : 0;
	ans->where = op->where;
}

static __always_inline void cm_answer_pass(const struct cm_op *op, const struct cm_out *out,
					   struct cordon_answer *ans)
{
	const struct cordon_request *req = op->req;
	uint64_t cfg = op->dc->cfg;

	ans->addr = out->addr;
	ans->span_log2 = out->size;
	ans->read = out->perm & (op->priv ? CM_PR : CM_UR);
	ans->write = out->perm & (op->priv ? CM_PW : CM_UW);
	ans->exec = out->perm & (op->priv ? CM_PX : CM_UX);
	ans->hit = op->hit;
	ans->attr = out->attr;
	if ((cfg & CORDON_DC_S2) && !out->direct)
		ans->attr = cm_attr_combine(cfg & CORDON_DC_GUEST ? CM_ATTR_WB : out->attr,
					    out->memattr, op->dc->s2.fwb);
	/* No-Snoop ignored (spec 4.6): Device memory stays what it is */
	if ((cfg & CORDON_DC_SNOOP) && ans->attr == CM_ATTR_NC)
		ans->attr = CM_ATTR_WB;
	ans->ipa = op->have_ipa ? op->ipa : 0;
	if (req->type == CORDON_TYPE_ATS) {
		ans->write = ans->write && req->write;
		ans->exec = ans->exec && op->x;
		if (out->size == CM_SPAN_ALL)
			ans->span_log2 = CM_SPAN_ATS_BYPASS;
		if (cm_get(CORDON_DC_TRANSLATED, cfg) == CORDON_TRANSLATED_STAGE2)
			ans->addr = out->ipa;
	}
	if (req->probe)
		return;
	if (out->clean)
		ans->write = false;
	if ((cfg & CORDON_DC_DIRTY) && !out->direct) {
		/* the log has been told of one page, and only of a write */
		if (!op->w)
			ans->write = false;
		else if (ans->span_log2 > CM_SPAN_PAGE)
			ans->span_log2 = CM_SPAN_PAGE;
	}
}

/* The same again from memory, past the caches */
static bool cm_handle_again(struct cm_op *op, struct cm_out *out)
{
	const struct cordon_request *req = op->req;
	uint8_t restarts = op->restarts;

	cm_op_init(op, op->m, req);
	op->restarts = restarts;
	op->quiet = req->probe;
	op->fill = !req->probe;
	op->update = !req->probe;
	op->foresee = req->probe;
	return cm_handle(op, out);
}

/**
 * cm_translate() - handle a request (spec 4.1)
 * @m: model
 * @req: request
 * @cached: caches may be used
 * @ans: what becomes of it
 */
void cm_translate(struct cordon_model *m, const struct cordon_request *req, bool cached,
		  struct cordon_answer *ans)
{
	struct cm_out out CM_UNINIT;
	struct cm_op op CM_UNINIT;
	bool ok;

	memset(ans, 0, sizeof(*ans));
	ans->level = CORDON_LEVEL_NONE;
	cm_op_init(&op, m, req);
	op.cached = cached;
	op.quiet = req->probe;
	op.fill = !req->probe;
	op.update = !req->probe;
	op.foresee = req->probe;
	ok = cm_handle(&op, &out);
	/*
	 * A cached entry never denies (spec 4.1). But what ran out of tries to update
	 * a descriptor was refused by memory, and gets no others.
	 */
	if (op.used && op.restarts <= CM_RESTARTS &&
	    (!ok || (req->type == CORDON_TYPE_ATS && cm_lacks(&op, out.perm))))
		ok = cm_handle_again(&op, &out);
	if (!req->probe) {
		cm_count(m, CORDON_EVENT_REQUESTS, &op);
		if (req->type == CORDON_TYPE_ATS)
			cm_count(m, CORDON_EVENT_ATS_REQUESTS, &op);
		if (op.walked)
			cm_count(m, op.hit ? CORDON_EVENT_TLB_HITS : CORDON_EVENT_TLB_MISSES, &op);
	}
	if (!ok && cm_ats_unlogged(&op) && !req->probe) {
		cm_fault_raise(m, &op);
		out.perm &= ~(CM_UW | CM_PW);
		ok = true;
	}
	if (ok) {
		cm_answer_pass(&op, &out, ans);
		if (!req->probe && m->ops.trace)
			m->ops.trace(m->opaque, CORDON_TRACE_TRANSLATE, req->devid, req->addr,
				     ans->addr, ans->span_log2);
		return;
	}
	if (req->type == CORDON_TYPE_ATS && cm_ats_refused(&op, ans) && !req->probe)
		return;
	cm_answer_fault(&op, ans);
	if (!req->probe)
		cm_fault_raise(m, &op);
}

/**
 * cordon_model_held() - do requests wait at the inputs? (spec 10.3)
 * @m: model
 *
 * Return: true while CORDON_CTRL_QUIESCE is acknowledged.
 */
bool cordon_model_held(const struct cordon_model *m)
{
	return m->ctrlack & CORDON_CTRL_QUIESCE;
}

/**
 * cordon_model_translate() - a request of a device (spec 4)
 * @m: model
 * @req: request
 * @ans: what becomes of it
 */
void cordon_model_translate(struct cordon_model *m, const struct cordon_request *req,
			    struct cordon_answer *ans)
{
	if (m->inject.gone) {
		memset(ans, 0, sizeof(*ans));
		ans->reason = CORDON_REASON_NO_ROOT;
		ans->ats_status = CM_ATS_UNSUPPORTED;
		return;
	}
	if (cordon_model_held(m) && !req->probe) {
		memset(ans, 0, sizeof(*ans));
		ans->reason = CORDON_ANSWER_HELD;
		ans->level = CORDON_LEVEL_NONE;
		return;
	}
	cm_translate(m, req, true, ans);
}

/**
 * cm_find_policy() - find a device context alone, as for a page request
 * @m: model
 * @req: request
 * @op: state, in which @op->dc is set
 *
 * Return: false with the fault noted in @op.
 */
bool cm_find_policy(struct cordon_model *m, const struct cordon_request *req, struct cm_op *op)
{
	cm_op_init(op, m, req);
	op->cached = true;
	op->fill = true;
	if (cm_find_dc(op))
		return true;
	if (!op->used)
		return false;
	cm_op_init(op, m, req);
	op->fill = true;
	return cm_find_dc(op);
}

/**
 * cm_device_has() - has the device a context with these bits of cfg?
 * @m: model
 * @devid: DeviceID
 * @cfg: CORDON_DC_ATS or CORDON_DC_PRI
 *
 * Return: true if it has, in memory at the latest.
 */
bool cm_device_has(struct cordon_model *m, uint32_t devid, uint64_t cfg)
{
	struct cordon_request req = { .devid = devid };
	struct cm_op op;

	if (cm_find_policy(m, &req, &op) && (op.dc->cfg & cfg))
		return true;
	/* again past the caches: a cached context never refuses */
	cm_op_init(&op, m, &req);
	op.quiet = true;
	return cm_find_dc(&op) && (op.dc->cfg & cfg);
}
