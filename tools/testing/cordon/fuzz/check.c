// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: what devices ask of the fuzzed unit, and what it has to say.
 *
 * Software may do anything here, so a cached entry may be stale. In checking mode
 * the model says so itself, each time that it uses one. Where it does not, its
 * answer has to be the oracle's, which looks at memory alone.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* how often software was told that a cached entry is stale, or made from another table */
static uint64_t told(struct fuzz *f)
{
	const struct cordon_stats *s = cordon_model_stats(f->m);

	return s->violations[CORDON_VIOLATION_STALE] + s->violations[CORDON_VIOLATION_RULE];
}

static uint64_t counted_faults(struct fuzz *f)
{
	return reg64(f, CORDON_REG_COUNTER_VALUE(f->nr_counters - COUNTS + COUNT_FAULTS));
}

static void machine_now(struct fuzz *f)
{
	unsigned int i;

	/* the one in force */
	f->om.root = reg64(f, CORDON_REG_ROOTACK) & ~CORDON_ROOT_BUSY;
	for (i = 0; i < 4; i++)
		f->om.mair[i] = reg64(f, CORDON_REG_MAIR(i));
	f->om.cas_losses = 0;
}

/*
 * A dword that this request updates and that is something else as well: what it
 * then is depends on how often hardware looked, which spec 4.1 leaves to it.
 */
static bool tangled(const struct oracle_answer *o)
{
	unsigned int i, j;

	for (i = 0; i < o->nr_updates; i++) {
		uint8_t kind = 0xff;

		for (j = 0; j < o->nr_reads; j++)
			if (o->reads[j].addr == o->updates[i].addr)
				kind = o->reads[j].kind;
		for (j = 0; j < o->nr_reads; j++) {
			const struct oracle_read *r = &o->reads[j];
			bool context = r->kind == ORACLE_DC || r->kind == ORACLE_PC;

			if (o->updates[i].addr - r->addr < (context ? 64 : 8) &&
			    (context || r->kind != kind))
				return true;
		}
	}
	return false;
}

/* -- a lawful use of tags ---------------------------------------------- */

static bool tag_is(struct fuzz *f, uint64_t key, uint64_t root, uint64_t fmt)
{
	unsigned int i;

	for (i = 0; i < f->nr_tables; i++)
		if (f->tables[i].key == key)
			return f->tables[i].root == root && f->tables[i].fmt == fmt;
	if (f->nr_tables == FUZZ_TABLES)
		return false;
	f->tables[f->nr_tables++] = (struct table){ key, root, fmt };
	return true;
}

/* software that does nothing wrong does not use a tag for two tables (spec 2) */
static bool lawful(struct fuzz *f, const struct oracle_answer *o)
{
	if (!o->found)
		return true;
	if (o->vmtag && !tag_is(f, BIT_ULL(63) | o->vmtag, o->s2root, o->s2fmt))
		return false;
	return !o->tabled || tag_is(f, (uint64_t)o->vmtag << 32 | o->dtag, o->s1root, o->s1fmt);
}

/* -- requests ---------------------------------------------------------- */

#define SAME(what, has, wants) do {						\
	uint64_t has_ = (has), wants_ = (wants);				\
										\
	if (has_ != wants_)							\
		die(f, "device %#x pasid %d:%#x address %#" PRIx64		\
		    " %s%s%s%s type %u: %s is %#" PRIx64 " and should be %#" PRIx64, \
		    q->devid, q->pv, q->pasid, q->addr, q->read ? "r" : "",	\
		    q->write ? "w" : "", q->exec ? "x" : "", q->priv ? "p" : "",	\
		    q->type, what, has_, wants_);				\
} while (0)

static void check_refused(struct fuzz *f, const struct cordon_request *q,
			  const struct cordon_answer *a, const struct oracle_answer *o)
{
	SAME("reason", a->reason, o->reason);
	SAME("stage", a->stage, o->stage);
	SAME("level", a->level, o->level);
	SAME("walk", a->walk, o->walk);
	SAME("detail", a->detail, o->detail);
	SAME("ipa", a->ipa, o->ipa);
	SAME("where", a->where, o->where);
	SAME("razwi", a->razwi, o->razwi);
}

static void check_passed(struct fuzz *f, const struct cordon_request *q,
			 const struct cordon_answer *a, const struct oracle_answer *o)
{
	unsigned int i;

	SAME("reason of memory", 0, o->reason);
	SAME("PA", a->addr, o->addr);
	SAME("a right that was wanted", (q->write && !a->write && !o->logs) ||
	     (o->acc_read && !a->read) || (o->acc_exec && !a->exec), 0);
	SAME("a right that is not there", (a->read && !o->read) || (a->exec && !o->exec) ||
	     (a->write && (!o->write || o->clean)), 0);
	/* what has to be set is set before the access (spec 4.4, 4.7) */
	for (i = 0; i < o->nr_updates; i++) {
		uint64_t is = fuzz_get(f, o->updates[i].addr);

		SAME("a flag that has to be set", o->updates[i].set & ~is, 0);
		SAME("a flag that has to be clear", o->updates[i].clear & is, 0);
	}
}

/* nothing but what the oracle expects is written to tables and logs */
static void check_changes(struct fuzz *f, const struct cordon_request *q,
			  const struct oracle_answer *o)
{
	unsigned int i, j;

	for (i = 0; i < f->nr_changes; i++) {
		for (j = 0; j < o->nr_updates && o->updates[j].addr != f->changes[i]; j++)
			;
		SAME("a write that is not due at", f->changes[i],
		     j < o->nr_updates ? f->changes[i] : 0);
	}
}

static void check_ats(struct fuzz *f, const struct cordon_request *q,
		      const struct cordon_answer *a, const struct oracle_ats *ats,
		      uint64_t faults)
{
	if (!ats->sure)
		return;
	if (a->ats_status != ats->status)
		die(f, "ATS status is %u and should be %u, reason %#x of stage %u, walk %d",
		    a->ats_status, ats->status, a->reason, a->stage, a->walk);
	SAME("read", a->read, ats->read);
	SAME("write", a->write, ats->write);
	SAME("exec", a->exec, ats->exec);
	SAME("faults", faults, ats->recorded);
	if (a->read || a->write || a->exec)
		SAME("address", a->addr, ats->addr);
}

static void request_probe(struct fuzz *f, const struct cordon_request *q)
{
	struct cordon_answer a;

	f->sealed = true;
	cordon_model_save(f->m, f->state);
	cordon_model_translate(f->m, q, &a);
	cordon_model_save(f->m, f->again);
	f->sealed = false;
	if (memcmp(f->state, f->again, cordon_model_state_size(f->m)))
		die(f, "a probe changes the unit");
	mix(f, a.reason);
	mix(f, a.addr);
}

/* errors on purpose refuse what would pass, and never the reverse */
static void request_injected(struct fuzz *f, const struct cordon_request *q)
{
	static struct oracle_answer o;
	bool gone = cordon_model_injected(f->m)->gone, raced = f->losses;
	uint64_t before = told(f);
	struct cordon_answer a;

	if (!gone) {
		machine_now(f);
		oracle_translate(&f->om, q, &o);
	}
	f->sealed = gone;
	cordon_model_translate(f->m, q, &a);
	f->sealed = false;
	f->losses = 0;
	if (a.reason == CORDON_ANSWER_HELD)
		return;
	if (q->type == CORDON_TYPE_ATS) {
		if (gone && (!a.ats_status || a.read || a.write || a.exec))
			die(f, "a unit without power grants something");
	} else if (!a.reason && (gone || (o.reason && !q->probe && !raced && told(f) == before &&
					  !tangled(&o)))) {
		/* a probe does not tell whether what it used is stale */
		die(f, "an injected error lets pass what reason %#x of stage %u forbids",
		    o.reason, o.stage);
	}
}

void request(struct fuzz *f, const struct cordon_request *q)
{
	static struct oracle_answer o;
	static struct oracle_ats ats;
	uint64_t before, faults;
	bool raced = f->losses, ask_ats = q->type == CORDON_TYPE_ATS;
	struct cordon_answer a;

	if (!cordon_model_state_size(f->m)) {
		request_injected(f, q);
		return;
	}
	if (q->probe) {
		request_probe(f, q);
		return;
	}
	if (cordon_model_held(f->m)) {
		/* it waits, and nothing happens */
		f->sealed = true;
		cordon_model_translate(f->m, q, &a);
		f->sealed = false;
		if (a.reason != CORDON_ANSWER_HELD || a.read || a.write || a.exec)
			die(f, "a request passes while requests wait");
		return;
	}
	machine_now(f);
	oracle_translate(&f->om, q, &o);
	if (f->tidy && !lawful(f, &o))
		return;
	if (ask_ats)
		oracle_ats(&f->om, q, &ats);
	before = told(f);
	faults = counted_faults(f);
	f->nr_changes = 0;
	f->books.requests++;
	memset(&a, 0xa5, sizeof(a));
	cordon_model_translate(f->m, q, &a);
	faults = counted_faults(f) - faults;
	mix(f, a.reason | a.ats_status << 8 | a.read << 16 | a.write << 17 | a.exec << 18 |
	    (uint64_t)a.attr << 32);
	mix(f, a.addr);
	f->losses = 0;
	if (faults > 1)
		die(f, "one request makes %" PRIu64 " faults", faults);
	if (!a.reason && !ask_ats && a.addr >> f->oas)
		die(f, "%#" PRIx64 " is no address of %u bits", a.addr, f->oas);
	if (raced || tangled(&o))
		return;
	if (told(f) != before) {
		/* what is stale may let a request pass, but never refuse it (spec 4.1) */
		if (!ask_ats && a.reason && !f->nr_changes && !o.reason)
			die(f, "reason %#x by a stale entry", a.reason);
		return;
	}
	if (ask_ats) {
		check_ats(f, q, &a, &ats, faults);
		return;
	}
	if (a.reason)
		check_refused(f, q, &a, &o);
	else
		check_passed(f, q, &a, &o);
	check_changes(f, q, &o);
	SAME("faults", faults, o.reason && !o.silent);
}

/* -- page requests (spec 7.2) ------------------------------------------ */

void page_request(struct fuzz *f, const struct cordon_request *q, uint32_t group, bool last)
{
	static struct oracle_answer o;
	uint64_t before = told(f), faults = counted_faults(f);
	uint64_t lost = reg64(f, CORDON_REG_PRQ_LOST);
	uint32_t tail = reg32(f, CORDON_REG_PRQ_TAIL), code = 0xffff;
	uint8_t reason;
	bool due = last && (q->read || q->write || q->exec), waits;

	if (!(f->cfg.cap[2] & CORDON_CAP1_PRI))
		return;
	if (!cordon_model_state_size(f->m) || cordon_model_held(f->m)) {
		cordon_model_page_request(f->m, q, group, last, &code);
		return;
	}
	machine_now(f);
	reason = oracle_page_request(&f->om, q, &o);
	f->nr_changes = 0;
	waits = cordon_model_page_request(f->m, q, group, last, &code);
	mix(f, code | (uint64_t)waits << 32);
	if (f->nr_changes)
		die(f, "a page request sets flags");
	faults = counted_faults(f) - faults;
	lost = reg64(f, CORDON_REG_PRQ_LOST) - lost;
	tail = reg32(f, CORDON_REG_PRQ_TAIL) - tail;
	if (!waits && !due)
		die(f, "an answer that is not due");
	if (tail + lost > 1 || (tail && lost) || (tail && !waits))
		die(f, "one page request is %u records and %" PRIu64 " losses", tail, lost);
	if (told(f) != before)
		return;
	SAME("requests taken or lost", tail + lost, !reason);
	SAME("faults", faults, reason && !o.silent);
	if (!tail)
		SAME("an answer", waits, !due);
	if (!waits)
		SAME("code", code, reason ? CORDON_RESPONSE_FAILURE : CORDON_RESPONSE_SUCCESS);
}

/* -- the port (spec 9.1) ----------------------------------------------- */

void ask_port(struct fuzz *f, const struct cordon_request *ask, bool cached)
{
	static struct oracle_answer o;
	struct cordon_request probe = *ask;
	const struct cordon_request *q = &probe;
	struct cordon_stats was = *cordon_model_stats(f->m);
	const struct cordon_stats *is = cordon_model_stats(f->m);
	uint64_t req, res, faults = counted_faults(f);

	if (!(f->cfg.cap[2] & CORDON_CAP1_TRPORT) || !cordon_model_state_size(f->m))
		return;
	probe.probe = true;
	if (probe.atomic)
		probe.read = probe.write = true;
	req = PUT(CORDON_TR_REQ_DEVID, q->devid) | PUT(CORDON_TR_REQ_PASID, q->pasid) |
		(q->pv ? CORDON_TR_REQ_PV : 0) | (q->read ? CORDON_TR_REQ_READ : 0) |
		(q->write ? CORDON_TR_REQ_WRITE : 0) | (q->exec ? CORDON_TR_REQ_EXEC : 0) |
		(q->priv ? CORDON_TR_REQ_PRIV : 0) | (q->atomic ? CORDON_TR_REQ_ATOMIC : 0) |
		PUT(CORDON_TR_REQ_TYPE, q->type) | (cached ? CORDON_TR_REQ_CACHED : 0) |
		CORDON_TR_REQ_GO;
	machine_now(f);
	oracle_translate(&f->om, q, &o);
	set64(f, CORDON_REG_TR_ADDR, q->addr);
	f->sealed = true;
	set64(f, CORDON_REG_TR_REQ, req);
	f->sealed = false;
	res = reg64(f, CORDON_REG_TR_RESULT);
	mix(f, res);
	SAME("GO", reg64(f, CORDON_REG_TR_REQ) >> 63, 0);
	SAME("counted faults", counted_faults(f), faults);
	SAME("violations", memcmp(was.violations, is->violations, sizeof(was.violations)), 0);
	SAME("statistics", is->faults + is->stale + is->syncs + is->commands + is->irqs,
	     was.faults + was.stale + was.syncs + was.commands + was.irqs);
	/* with caches it says what a device would get, be that stale */
	if ((cached && !f->tidy) || q->type == CORDON_TYPE_ATS || (f->tidy && !lawful(f, &o)))
		return;
	SAME("reason", GET(CORDON_TR_RESULT_REASON, res), o.reason);
	SAME("TR_IPA", reg64(f, CORDON_REG_TR_IPA), o.ipa);
	if (o.reason) {
		SAME("stage", GET(CORDON_TR_RESULT_STAGE, res), o.stage);
		SAME("level", GET(CORDON_TR_RESULT_LEVEL, res), o.level);
		SAME("walk", GET(CORDON_TR_RESULT_WALK, res), o.walk);
		SAME("detail", GET(CORDON_TR_RESULT_DETAIL, res), o.detail);
		SAME("TR_WHERE", reg64(f, CORDON_REG_TR_WHERE), o.where);
		return;
	}
	SAME("TR_OUT", reg64(f, CORDON_REG_TR_OUT), o.addr);
	SAME("attribute", GET(CORDON_TR_RESULT_ATTR, res), o.attr);
	SAME("read", GET(CORDON_TR_RESULT_READ, res), o.read);
	SAME("exec", GET(CORDON_TR_RESULT_EXEC, res), o.exec);
	if (!cached) {
		SAME("hit", GET(CORDON_TR_RESULT_HIT, res), 0);
		SAME("write", GET(CORDON_TR_RESULT_WRITE, res), o.write);
	}
}
