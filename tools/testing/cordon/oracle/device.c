// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: the oracle on what chapter 4 says beside the translation: the
 * answers to ATS translation requests (4.8), and who may ask for pages (7.2).
 */
#include <string.h>

#include <linux/cordon_hw.h>

#include "cordon_model.h"
#include "oracle.h"

#define GET(mask, word)		(((word) & (mask)) / ((mask) & -(mask)))

enum verdict {
	GRANTED, UNLOGGED, FORBIDDEN,	/* of one right; the rest are of the request */
	NOTHING, UNSUPPORTED, ABORT,
};

/* spec 4.8, the list of answers */
static enum verdict verdict_of(const struct oracle_answer *o)
{
	if (!o->reason)
		return GRANTED;
	if (o->walk)
		return ABORT;
	switch (o->reason) {
	case CORDON_REASON_NO_PASID:
	case CORDON_REASON_PASID_RANGE:
	case CORDON_REASON_PD_ABSENT:
	case CORDON_REASON_PC_ABSENT:
	case CORDON_REASON_BLOCKED:
	case CORDON_REASON_NOWALK:
	case CORDON_REASON_INPUT_SIZE:
	case CORDON_REASON_TRANSLATION:
	case CORDON_REASON_ACCESS_FLAG:
	case CORDON_REASON_TRANSLATED:
		return NOTHING;
	case CORDON_REASON_PERMISSION:
		return FORBIDDEN;
	case CORDON_REASON_DL_FETCH:
	case CORDON_REASON_DL_ABSENT:
	case CORDON_REASON_DL_MALFORMED:
	case CORDON_REASON_DL_UPDATE:
		return UNLOGGED;
	case CORDON_REASON_NO_ROOT:
	case CORDON_REASON_DEVID_RANGE:
	case CORDON_REASON_DD_ABSENT:
	case CORDON_REASON_DC_ABSENT:
	case CORDON_REASON_ATS_OFF:
		return UNSUPPORTED;
	default:
		return ABORT;
	}
}

/* spec 4.8: the device gets the IPA where it has to come back with it */
static uint64_t device_cfg(const struct oracle_machine *machine, const struct oracle_answer *o)
{
	uint64_t cfg;
	unsigned int i;

	for (i = 0; i < o->nr_reads; i++)
		if (o->reads[i].kind == ORACLE_DC &&
		    machine->read(machine->opaque, o->reads[i].addr, &cfg, 1))
			return cfg;
	return 0;
}

/* one right alone */
static enum verdict one_right(const struct oracle_machine *machine,
			      const struct cordon_request *request, char right,
			      struct oracle_ats *ats)
{
	static struct oracle_answer o;
	struct cordon_request one = *request;
	enum verdict v;

	one.read = right == 'r';
	one.write = right == 'w';
	one.exec = right == 'x';
	oracle_translate(machine, &one, &o);
	v = verdict_of(&o);
	ats->silent = o.silent;
	ats->exec_counts = o.acc_exec;
	if (v == GRANTED)
		ats->addr = GET(CORDON_DC_TRANSLATED, device_cfg(machine, &o)) ==
			CORDON_TRANSLATED_STAGE2 ? o.ipa : o.addr;
	return v;
}

/**
 * oracle_ats() - how an ATS translation request is answered (spec 4.8)
 * @machine: memory and registers
 * @request: the request, of type ATS
 * @ats: the answer
 *
 * Each right is asked for by itself: what is permitted is given, what is not is
 * left out, and of a request of which nothing is permitted nothing is given.
 */
void oracle_ats(const struct oracle_machine *machine, const struct cordon_request *request,
		struct oracle_ats *ats)
{
	bool any = false, unlogged = false, exec = false, write = false;
	enum verdict v, worst = GRANTED;
	const char *p;

	memset(ats, 0, sizeof(*ats));
	ats->sure = request->read || request->write || request->exec;
	for (p = "rwx"; *p; p++) {
		if (!(*p == 'r' ? request->read : *p == 'w' ? request->write : request->exec))
			continue;
		v = one_right(machine, request, *p, ats);
		if (v > worst)
			worst = v;
		unlogged |= v == UNLOGGED;
		any |= v == GRANTED || v == UNLOGGED;
		write |= v == GRANTED && *p == 'w';
		exec |= v == GRANTED && *p == 'x' && ats->exec_counts;
	}
	if (worst >= NOTHING || !any) {
		ats->status = worst == ABORT ? 4 : worst == UNSUPPORTED ? 1 : 0;
		ats->recorded = ats->status && !ats->silent;
		return;
	}
	ats->write = write;
	ats->exec = exec;
	/* the tables may give a read that nobody asked for */
	ats->read = one_right(machine, request, 'r', ats) == GRANTED;
	ats->recorded = unlogged && !ats->silent;
}

/**
 * oracle_page_request() - may a device ask for pages (spec 7.2)?
 * @machine: memory and registers
 * @request: the request
 * @answer: if not: why, as a fault record says it
 *
 * Return: CORDON_REASON_NONE if it may.
 */
uint8_t oracle_page_request(const struct oracle_machine *machine,
			    const struct cordon_request *request, struct oracle_answer *answer)
{
	struct cordon_request probe = *request;
	uint64_t cfg;
	unsigned int i;

	probe.type = CORDON_TYPE_UNTRANSLATED;
	probe.probe = true;
	oracle_translate(machine, &probe, answer);
	if (!answer->found)
		return answer->reason;
	for (i = 0; i < answer->nr_reads && answer->reads[i].kind != ORACLE_DC; i++)
		;
	answer->reason = CORDON_REASON_NONE;
	cfg = device_cfg(machine, answer);
	answer->silent = cfg & CORDON_DC_SILENT;
	if (cfg & CORDON_DC_PRI)
		return CORDON_REASON_NONE;
	answer->reason = CORDON_REASON_PRI_OFF;
	answer->detail = 0;
	answer->where = answer->reads[i].addr;
	return CORDON_REASON_PRI_OFF;
}
