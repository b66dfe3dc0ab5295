// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: the translation-request port (spec 9.1).
 */
#include "internal.h"

/**
 * cm_port_go() - CORDON_REG_TR_REQ was written with GO
 * @m: model
 *
 * The answer is there before the write returns.
 */
void cm_port_go(struct cordon_model *m)
{
	uint64_t r = m->tr_req;
	struct cordon_request req = {
		.addr = m->tr_addr,
		.devid = cm_get(CORDON_TR_REQ_DEVID, r),
		.pasid = cm_get(CORDON_TR_REQ_PASID, r),
		.pv = r & CORDON_TR_REQ_PV,
		.read = r & (CORDON_TR_REQ_READ | CORDON_TR_REQ_ATOMIC),
		.write = r & (CORDON_TR_REQ_WRITE | CORDON_TR_REQ_ATOMIC),
		.exec = r & CORDON_TR_REQ_EXEC,
		.priv = r & CORDON_TR_REQ_PRIV,
		.atomic = r & CORDON_TR_REQ_ATOMIC,
		.type = cm_get(CORDON_TR_REQ_TYPE, r),
		.probe = true,
	};
	struct cordon_answer a;

	if (req.type == CM_TYPE_UNIT)
		req.type = CORDON_TYPE_UNTRANSLATED;
	cm_translate(m, &req, r & CORDON_TR_REQ_CACHED, &a);
	m->tr_result = cm_put(CORDON_TR_RESULT_REASON, a.reason);
	m->tr_out = 0;
	m->tr_where = 0;
	m->tr_ipa = a.ipa;
	if (a.reason) {
		m->tr_result |= cm_put(CORDON_TR_RESULT_STAGE, a.stage) |
				cm_put(CORDON_TR_RESULT_LEVEL, a.level) |
				cm_put(CORDON_TR_RESULT_DETAIL, a.detail) |
				cm_put(CORDON_TR_RESULT_WALK, a.walk);
		m->tr_where = a.where;
	} else {
		m->tr_result |= cm_put(CORDON_TR_RESULT_READ, a.read) |
				cm_put(CORDON_TR_RESULT_WRITE, a.write) |
				cm_put(CORDON_TR_RESULT_EXEC, a.exec) |
				cm_put(CORDON_TR_RESULT_HIT, a.hit) |
				cm_put(CORDON_TR_RESULT_PGSIZE, a.span_log2) |
				cm_put(CORDON_TR_RESULT_ATTR, a.attr);
		m->tr_out = a.addr;
	}
	m->tr_req &= ~CORDON_TR_REQ_GO;
}
