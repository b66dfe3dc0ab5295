// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: the translation-request port (spec 9.1, 10.9): what would
 * become of a request, by the unit itself.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/iopoll.h>

#include "walk.h"

static u64 cordon_port_request(const struct cordon_question *q, bool cached)
{
	u64 req = CORDON_TR_REQ_GO | FIELD_PREP(CORDON_TR_REQ_DEVID, q->devid) |
		  FIELD_PREP(CORDON_TR_REQ_TYPE, CORDON_TYPE_UNTRANSLATED);

	if (q->pv)
		req |= CORDON_TR_REQ_PV |
		       FIELD_PREP(CORDON_TR_REQ_PASID, q->pasid);
	if (q->access & CORDON_MAY_READ)
		req |= CORDON_TR_REQ_READ;
	if (q->access & CORDON_MAY_WRITE)
		req |= CORDON_TR_REQ_WRITE;
	if (q->access & CORDON_MAY_EXEC)
		req |= CORDON_TR_REQ_EXEC;
	if (q->priv)
		req |= CORDON_TR_REQ_PRIV;
	if (cached)
		req |= CORDON_TR_REQ_CACHED;
	return req;
}

static void cordon_port_result(struct cordon_unit *unit,
			       struct cordon_verdict *v)
{
	u64 result = cordon_readq(unit, CORDON_REG_TR_RESULT);
	unsigned int level = FIELD_GET(CORDON_TR_RESULT_LEVEL, result);

	*v = (struct cordon_verdict) {
		.reason = FIELD_GET(CORDON_TR_RESULT_REASON, result),
		.level = CORDON_FAULT_NO_LEVEL,
		.ipa = cordon_readq(unit, CORDON_REG_TR_IPA),
	};
	if (v->reason) {
		v->stage = FIELD_GET(CORDON_TR_RESULT_STAGE, result);
		v->detail = FIELD_GET(CORDON_TR_RESULT_DETAIL, result);
		v->walk = FIELD_GET(CORDON_TR_RESULT_WALK, result);
		v->where = cordon_readq(unit, CORDON_REG_TR_WHERE);
		if (level != CORDON_LEVEL_NONE)
			v->level = (int)level - 1;
		return;
	}
	v->out = cordon_readq(unit, CORDON_REG_TR_OUT);
	v->span = FIELD_GET(CORDON_TR_RESULT_PGSIZE, result);
	v->attr = FIELD_GET(CORDON_TR_RESULT_ATTR, result);
	v->hit = FIELD_GET(CORDON_TR_RESULT_HIT, result);
	if (result & CORDON_TR_RESULT_READ)
		v->access |= CORDON_MAY_READ;
	if (result & CORDON_TR_RESULT_WRITE)
		v->access |= CORDON_MAY_WRITE;
	if (result & CORDON_TR_RESULT_EXEC)
		v->access |= CORDON_MAY_EXEC;
}

/**
 * cordon_port_ask() - ask the unit what would become of a request
 * @unit: the unit; its lock is held, so that it is not stopped meanwhile
 * @question: the request
 * @cached: by what it has cached, as a DMA would; otherwise from memory
 * @verdict: the answer
 *
 * The unit records nothing, counts nothing, caches nothing.  The port has one
 * owner at a time.  May sleep; cordon_timeout_ms at most.
 *
 * Return: 0; -EOPNOTSUPP if the unit has no port; -EIO if it is not in use;
 * -ETIMEDOUT if it does not answer.
 */
int cordon_port_ask(struct cordon_unit *unit,
		    const struct cordon_question *question, bool cached,
		    struct cordon_verdict *verdict)
{
	u64 req;
	int ret;

	lockdep_assert_held(&unit->lock);

	if (!(unit->caps.features & CORDON_CAP1_TRPORT))
		return -EOPNOTSUPP;
	if (cordon_unit_state(unit) != CORDON_UNIT_RUNNING)
		return -EIO;

	guard(mutex)(&unit->port_lock);
	/* Writes are ignored while it is at an earlier question. */
	ret = read_poll_timeout(cordon_readq, req, !(req & CORDON_TR_REQ_GO), 1,
				cordon_timeout_us(), false, unit,
				CORDON_REG_TR_REQ);
	if (ret)
		return ret;
	cordon_writeq(unit, CORDON_REG_TR_ADDR, question->addr);
	cordon_writeq(unit, CORDON_REG_TR_REQ,
		      cordon_port_request(question, cached));
	ret = read_poll_timeout(cordon_readq, req, !(req & CORDON_TR_REQ_GO), 1,
				cordon_timeout_us(), false, unit,
				CORDON_REG_TR_REQ);
	if (ret)
		return ret;
	cordon_port_result(unit, verdict);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_port_ask);
