// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: what the model says beside what the oracle says: answers, the
 * port's answers, fault records, and every dword of memory that was written.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* -- one tag, one table (spec 2) --------------------------------------- */

static bool tag_is(struct test *t, uint64_t key, uint64_t root, uint64_t fmt)
{
	unsigned int i;

	for (i = 0; i < t->nr_tags; i++)
		if (t->tags[i].key == key)
			return t->tags[i].root == root && t->tags[i].fmt == fmt;
	if (t->nr_tags == sizeof(t->tags) / sizeof(*t->tags))
		return false;
	t->tags[t->nr_tags++] = (struct tag){ key, root, fmt };
	return true;
}

/* false: corruption has made software break its word, and all bets are off */
static bool lawful(struct test *t, const struct oracle_answer *a)
{
	if (!a->found)
		return true;
	if (a->fault)
		return false;
	if (a->vmtag && !tag_is(t, BIT_ULL(63) | a->vmtag, a->s2root, a->s2fmt))
		return false;
	return !a->tabled || tag_is(t, (uint64_t)a->vmtag << 32 | a->dtag, a->s1root, a->s1fmt);
}

static bool clashes(const struct oracle_read *r, uint64_t addr, uint8_t kind)
{
	bool context = r->kind == ORACLE_DC || r->kind == ORACLE_PC;

	return addr - r->addr < (context ? 64 : 8) && r->kind != kind;
}

/*
 * A dword that hardware updates and that is something else as well: what it
 * then is depends on how often hardware looked, which spec 4.1 leaves to it.
 */
static bool tangled(const struct test *t, const struct oracle_answer *a)
{
	unsigned int i, j;
	uint64_t addr;
	uint8_t kind;

	for (i = 0; i < a->nr_updates; i++) {
		addr = a->updates[i].addr;
		for (j = 0; j < a->nr_reads && a->reads[j].addr != addr; j++)
			;
		if (j == a->nr_reads)
			continue;
		kind = a->reads[j].kind;
		for (j = 0; j < a->nr_reads; j++)
			if (clashes(&a->reads[j], addr, kind))
				return true;
		for (j = 0; j < SOURCES; j++)
			if (t->sources[j].used && clashes(&t->sources[j].r, addr, kind))
				return true;
	}
	return false;
}

/* the tables that were built have the first claim to their tags */
void claim_tags(struct test *t)
{
	struct world *w = &t->w;
	unsigned int i;

	for (i = 0; i < w->nr_vms; i++)
		tag_is(t, BIT_ULL(63) | w->vms[i].vmtag, w->vms[i].s2.root, w->vms[i].s2.fmt);
	for (i = 0; i < w->nr_spaces; i++) {
		struct space *s = &w->spaces[i];
		uint64_t vmtag = s->vm < 0 ? 0 : w->vms[s->vm].vmtag;

		tag_is(t, vmtag << 32 | s->dtag, s->root, s->fmt);
	}
}

/* -- comparing --------------------------------------------------------- */

static void show(const struct test *t, const struct cordon_request *q,
		 const struct oracle_answer *o)
{
	static const char * const kinds[] = {
		"DD pointer", "DC", "PD pointer", "PC", "S1", "S2", "DL pointer", "DL bits"
	};
	struct test *world = (struct test *)t;
	unsigned int i;

	printf("#   request: device %#x pasid %d:%#x addr %#" PRIx64 " %s%s%s%s%s type %u\n",
	       q->devid, q->pv, q->pasid, q->addr, q->read ? "r" : "-", q->write ? "w" : "-",
	       q->exec ? "x" : "-", q->priv ? "p" : "-", q->atomic ? "a" : "-", q->type);
	printf("#   root %#" PRIx64 " caps %#" PRIx64 " %#" PRIx64 " losses %u\n", t->om.root,
	       t->om.caps[1], t->om.caps[2], t->om.cas_losses);
	printf("#   oracle: reason %#x stage %u level %u walk %d detail %u ipa %#" PRIx64
	       " where %#" PRIx64 " pa %#" PRIx64 " span %u %s%s%s%s%s attr %#x\n",
	       o->reason, o->stage, o->level, o->walk, o->detail, o->ipa, o->where, o->addr,
	       o->span_log2, o->read ? "r" : "-", o->write ? "w" : "-", o->exec ? "x" : "-",
	       o->clean ? " clean" : "", o->logs ? " logs" : "", o->attr);
	for (i = 0; i < o->nr_reads; i++) {
		const struct oracle_read *r = &o->reads[i];
		uint64_t v[8] = { 0 };
		unsigned int n = r->kind == ORACLE_DC || r->kind == ORACLE_PC ? 8 : 1, j;

		printf("#     %-10s level %2d at %#" PRIx64 " for %#" PRIx64 ":", kinds[r->kind],
		       r->level, r->addr, r->input);
		for (j = 0; j < n; j++) {
			v[j] = world_get(&world->w, r->addr + 8 * j);
			printf(" %#" PRIx64, v[j]);
		}
		printf("\n");
	}
	for (i = 0; i < o->nr_updates; i++)
		printf("#     update %#" PRIx64 " clear %#" PRIx64 " set %#" PRIx64 "\n",
		       o->updates[i].addr, o->updates[i].clear, o->updates[i].set);
}

#define DIFFER(what, has, wants) do {						\
	uint64_t has_ = (has), wants_ = (wants);				\
										\
	if (has_ != wants_) {							\
		fail(t, "%s: %s is %#" PRIx64 " and should be %#" PRIx64, kind,	\
		     what, has_, wants_);					\
		same = false;							\
	}									\
} while (0)

/* -- translation port (spec 9.1) --------------------------------------- */

static void ask_port(struct test *t, const struct cordon_request *q, struct oracle_answer *o,
		     bool cached)
{
	const char *kind = cached ? "port, cached" : "port";
	uint64_t req, res;
	bool same = true;
	unsigned int i;

	req = PUT(CORDON_TR_REQ_DEVID, q->devid) | PUT(CORDON_TR_REQ_PASID, q->pasid) |
		(q->pv ? CORDON_TR_REQ_PV : 0) | (q->read ? CORDON_TR_REQ_READ : 0) |
		(q->write ? CORDON_TR_REQ_WRITE : 0) | (q->exec ? CORDON_TR_REQ_EXEC : 0) |
		(q->priv ? CORDON_TR_REQ_PRIV : 0) | (q->atomic ? CORDON_TR_REQ_ATOMIC : 0) |
		PUT(CORDON_TR_REQ_TYPE, q->type) | (cached ? CORDON_TR_REQ_CACHED : 0) |
		CORDON_TR_REQ_GO;
	t->nr_changes = 0;
	cordon_model_mmio_write(t->m, CORDON_REG_TR_ADDR, q->addr, 8);
	cordon_model_mmio_write(t->m, CORDON_REG_TR_REQ, req, 8);
	for (i = 0; i < 1000 && (reg_read(t, CORDON_REG_TR_REQ) & CORDON_TR_REQ_GO); i++) {
		t->now += 100;
		cordon_model_tick(t->m);
	}
	totals.ports++;
	res = reg_read(t, CORDON_REG_TR_RESULT);
	DIFFER("reason", GET(CORDON_TR_RESULT_REASON, res), o->reason);
	DIFFER("changes of memory", t->nr_changes, 0);
	DIFFER("TR_IPA", reg_read(t, CORDON_REG_TR_IPA), o->ipa);
	if (o->reason) {
		DIFFER("stage", GET(CORDON_TR_RESULT_STAGE, res), o->stage);
		DIFFER("level", GET(CORDON_TR_RESULT_LEVEL, res), o->level);
		DIFFER("walk", GET(CORDON_TR_RESULT_WALK, res), o->walk);
		DIFFER("detail", GET(CORDON_TR_RESULT_DETAIL, res), o->detail);
		DIFFER("TR_WHERE", reg_read(t, CORDON_REG_TR_WHERE), o->where);
	} else {
		DIFFER("TR_OUT", reg_read(t, CORDON_REG_TR_OUT), o->addr);
		DIFFER("attribute", GET(CORDON_TR_RESULT_ATTR, res), o->attr);
		if (!cached || !t->quiet) {
			DIFFER("read", GET(CORDON_TR_RESULT_READ, res), o->read);
			DIFFER("exec", GET(CORDON_TR_RESULT_EXEC, res), o->exec);
		}
		if (!cached) {
			DIFFER("hit", GET(CORDON_TR_RESULT_HIT, res), 0);
			DIFFER("write", GET(CORDON_TR_RESULT_WRITE, res), o->write);
		}
		if (GET(CORDON_TR_RESULT_PGSIZE, res) > o->span_log2 ||
		    (o->span_log2 == 63 && GET(CORDON_TR_RESULT_PGSIZE, res) != 63))
			DIFFER("page size", GET(CORDON_TR_RESULT_PGSIZE, res), o->span_log2);
	}
	if (!same)
		show(t, q, o);
}

/* -- fault records (spec 6.2) ------------------------------------------ */

static void check_record(struct test *t, const struct cordon_request *q,
			 const struct oracle_answer *o)
{
	uint64_t *rec = &t->own_mem[(OWN_FQ - OWN_BASE) / 8 +
				    8 * (t->fq_head & ((1U << FQ_LOG2) - 1))];
	uint64_t phase = (t->fq_head >> FQ_LOG2 & 1) ^ 1, info = le64toh(rec[0]);
	uint64_t *anon = &t->own_mem[(OWN_ANON - OWN_BASE) / 8];
	bool wanted = o->reason && !o->silent && (o->found || t->anon), same = true;
	const char *kind = "record";

	DIFFER("presence", (info & CORDON_FAULT_PHASE) == phase, wanted);
	if (!wanted || !same) {
		if (!same)
			show(t, q, o);
		return;
	}
	DIFFER("repeat", GET(CORDON_FAULT_REPEAT, info), 0);
	DIFFER("stage", GET(CORDON_FAULT_STAGE, info), o->stage);
	DIFFER("level", GET(CORDON_FAULT_LEVEL, info), o->level);
	DIFFER("walk", GET(CORDON_FAULT_WALK, info), o->walk);
	DIFFER("reason", GET(CORDON_FAULT_REASON, info), o->reason);
	/* a read of zero length is a read (spec 1.4); ATS may ask for nothing */
	DIFFER("read", GET(CORDON_FAULT_READ, info), o->acc_read ||
	       (q->type != CORDON_TYPE_ATS && !o->acc_write && !o->acc_exec));
	DIFFER("write", GET(CORDON_FAULT_WRITE, info), o->acc_write);
	DIFFER("exec", GET(CORDON_FAULT_EXEC, info), o->acc_exec);
	DIFFER("priv", GET(CORDON_FAULT_PRIV, info), o->acc_priv);
	DIFFER("atomic", GET(CORDON_FAULT_ATOMIC, info), q->atomic);
	DIFFER("type", GET(CORDON_FAULT_TYPE, info), q->type);
	DIFFER("pv", GET(CORDON_FAULT_PV, info), q->pv);
	DIFFER("detail", GET(CORDON_FAULT_DETAIL, info), o->detail);
	DIFFER("count", GET(CORDON_FAULT_COUNT, info), 1);
	DIFFER("source", le64toh(rec[1]),
	       PUT(CORDON_SRC_DEVID, q->devid) | (q->pv ? PUT(CORDON_SRC_PASID, q->pasid) : 0) |
	       (o->found ? 0 : CORDON_SRC_ANON));
	DIFFER("addr", le64toh(rec[2]), q->addr);
	DIFFER("ipa", le64toh(rec[3]), o->ipa);
	DIFFER("tags", le64toh(rec[4]),
	       PUT(CORDON_TAGS_VMTAG, o->vmtag) | PUT(CORDON_TAGS_DTAG, o->dtag));
	DIFFER("where", le64toh(rec[6]), o->where);
	if (!same)
		show(t, q, o);
	t->fq_head++;
	reg_write32(t, CORDON_REG_FQ_HEAD, t->fq_head);
	if (!o->found)
		anon[1] = htole64(le64toh(anon[1]) + 1);
}

/* -- requests ---------------------------------------------------------- */

/* every dword that the model wrote, and every one that the oracle expects */
static bool check_memory(struct test *t, const struct oracle_answer *o)
{
	uint64_t mask = o->nr_updates && t->om.cas_losses ? ~BIT_ULL(55) : ~0ULL;
	const char *kind = "memory";
	unsigned int i, j, n = t->nr_changes;
	bool same = true;
	char what[40];

	/* what the oracle expects, in place of what was there */
	for (i = 0; i < o->nr_updates; i++) {
		for (j = 0; j < n; j++)
			if (t->changes[j].pa == o->updates[i].addr)
				break;
		if (j == n && n < CHANGES)
			t->changes[n++] = (struct change){
				.pa = o->updates[i].addr,
				.old = world_get(&t->w, o->updates[i].addr),
			};
		if (j < CHANGES)
			t->changes[j].old = (t->changes[j].old & ~o->updates[i].clear) |
				o->updates[i].set;
	}
	for (i = 0; i < n; i++) {
		/* of several changes of one dword the first has what was there */
		for (j = 0; j < i; j++)
			if (t->changes[j].pa == t->changes[i].pa)
				break;
		if (j < i)
			continue;
		snprintf(what, sizeof(what), "dword at %#" PRIx64, t->changes[i].pa);
		if (o->reason == CORDON_REASON_TABLE_UPDATE && t->om.cas_losses)
			mask = ~BIT_ULL(55);
		DIFFER(what, world_get(&t->w, t->changes[i].pa) & mask, t->changes[i].old & mask);
	}
	totals.updates += o->nr_updates;
	return same;
}

/* the whole of the span has to be translated as the answer says */
static bool check_span(struct test *t, const struct cordon_request *q,
		       const struct cordon_answer *a)
{
	static struct oracle_answer o;
	struct cordon_request other = *q;
	const char *kind = "inside the span";
	uint64_t mask = (1ULL << a->span_log2) - 1;
	bool same = true;
	unsigned int i;

	for (i = 0; i < 3 && same; i++) {
		other.addr = (q->addr & ~mask) | (rnd(&t->w) & mask);
		if (chance(&t->w, 40))
			other.addr = (q->addr & ~mask) | (rnd(&t->w) & mask & ~0xfffULL);
		other.read = a->read && !a->write;
		other.write = a->write;
		other.exec = false;
		oracle_translate(&t->om, &other, &o);
		DIFFER("reason", o.reason, 0);
		DIFFER("PA", o.addr, (a->addr & ~mask) | (other.addr & mask));
		DIFFER("attribute", o.attr, a->attr);
		DIFFER("missing write", a->write && (!o.write || o.clean), 0);
		DIFFER("missing read", a->read && !o.read, 0);
		DIFFER("missing exec", a->exec && !o.exec, 0);
		if (!same)
			show(t, &other, &o);
	}
	return same;
}

static void remember(struct test *t, const struct cordon_request *q,
		     const struct oracle_answer *o)
{
	unsigned int i, n;

	for (i = 0; i < o->nr_reads; i++) {
		struct source s = {
			.r = o->reads[i],
			.devid = q->devid, .dtag = o->dtag, .vmtag = o->vmtag, .used = true,
		};

		n = (s.r.addr / 8 + s.r.input * 31 + s.r.kind * 7 + s.devid) % SOURCES;
		while (t->sources[n].used) {
			const struct source *is = &t->sources[n];

			if (is->r.addr == s.r.addr && is->r.input == s.r.input &&
			    is->r.kind == s.r.kind && is->r.level == s.r.level &&
			    is->devid == s.devid && is->dtag == s.dtag && is->vmtag == s.vmtag)
				break;
			n = (n + 1) % SOURCES;
		}
		t->nr_sources += !t->sources[n].used;
		t->sources[n] = s;
	}
	if (t->nr_sources > SOURCES * 3 / 4) {
		command(t, CORDON_OP_INV_ALL, 0, 0, 0);
		submit(t);
		forget(t);
	}
	if (!o->nr_reads)
		return;
	n = t->nr_hot < HOT ? t->nr_hot++ : below(&t->w, HOT);
	t->hot[n].q = *q;
	t->hot[n].last = o->reads[o->nr_reads - 1];
	t->hot[n].updated = o->nr_updates ?
		o->updates[below(&t->w, o->nr_updates)].addr : t->hot[n].last.addr;
}

void request(struct test *t, const struct cordon_request *q)
{
	static struct oracle_answer o, p;
	struct cordon_request probe = *q;
	struct cordon_answer a;
	const char *kind = "answer";
	bool same = true;

	t->om.cas_losses = chance(&t->w, 4) ? 1 + below(&t->w, 10) : 0;
	oracle_translate(&t->om, q, &o);
	if (!lawful(t, &o) || tangled(t, &o))
		return;
	probe.probe = true;
	oracle_translate(&t->om, &probe, &p);
	if ((t->om.caps[2] & CORDON_CAP1_TRPORT) && chance(&t->w, 30))
		ask_port(t, q, &p, chance(&t->w, 30));
	if (t->failed)
		return;
	if (t->verbose) {
		printf("# --- step %u\n", t->step);
		show(t, q, &o);
	}

	remember(t, q, &o);
	t->nr_changes = 0;
	t->losses = t->om.cas_losses;
	memset(&a, 0xa5, sizeof(a));
	cordon_model_translate(t->m, q, &a);
	t->losses = 0;
	totals.requests++;
	totals.reasons[o.reason]++;
	if (o.reason == CORDON_REASON_DC_MALFORMED)
		totals.dc_checks[o.detail]++;
	if (o.reason == CORDON_REASON_PC_MALFORMED)
		totals.pc_checks[o.detail]++;
	totals.faults += !!o.reason;
	if (o.reason) {
		DIFFER("reason", a.reason, o.reason);
		DIFFER("stage", a.stage, o.stage);
		DIFFER("level", a.level, o.level);
		DIFFER("walk", a.walk, o.walk);
		DIFFER("detail", a.detail, o.detail);
		DIFFER("ipa", a.ipa, o.ipa);
		DIFFER("where", a.where, o.where);
		DIFFER("razwi", a.razwi, o.razwi);
	} else {
		totals.hits += a.hit;
		DIFFER("reason", a.reason, 0);
		DIFFER("PA", a.addr, o.addr);
		DIFFER("attribute", a.attr, o.attr);
		DIFFER("ipa", a.ipa, o.ipa);
		/* an entry may have fewer rights than memory, once rights were added */
		if (!t->quiet) {
			DIFFER("read", a.read, o.read);
			DIFFER("exec", a.exec, o.exec);
			if (!o.logs && !a.hit)
				DIFFER("write", a.write, o.write && !o.clean);
		}
		DIFFER("right that is missing", (q->write && !a.write && !o.logs) ||
		       (o.acc_read && !a.read) || (o.acc_exec && !a.exec), 0);
		DIFFER("right that is not there", (a.read && !o.read) || (a.exec && !o.exec) ||
		       (a.write && (!o.write || o.clean)), 0);
		if (a.span_log2 > o.span_log2 || (o.span_log2 == 63 && a.span_log2 != 63))
			DIFFER("span", a.span_log2, o.span_log2);
		if (same && o.logs && a.write)
			DIFFER("span that is not logged",
			       (a.span_log2 > 12) || !q->write, 0);
	}
	same &= check_memory(t, &o);
	if (same && !o.reason && o.span_log2 < 63)
		same &= check_span(t, q, &a);
	if (!same)
		show(t, q, &o);
	if (!t->failed)
		check_record(t, q, &o);
}

/* -- ATS (spec 4.8) and page requests (spec 7.2) ----------------------- */

/* faults recorded since they were looked at last; each is taken */
static unsigned int records(struct test *t, uint64_t *info)
{
	uint64_t *anon = &t->own_mem[(OWN_ANON - OWN_BASE) / 8], *rec;
	unsigned int n = 0;

	for (;; n++) {
		rec = &t->own_mem[(OWN_FQ - OWN_BASE) / 8 +
				  8 * (t->fq_head & ((1U << FQ_LOG2) - 1))];
		if ((le64toh(rec[0]) & CORDON_FAULT_PHASE) == (t->fq_head >> FQ_LOG2 & 1))
			break;
		*info = le64toh(rec[0]);
		if (le64toh(rec[1]) & CORDON_SRC_ANON)
			anon[1] = htole64(le64toh(anon[1]) + 1);
		t->fq_head++;
	}
	reg_write32(t, CORDON_REG_FQ_HEAD, t->fq_head);
	return n;
}

/*
 * The answer, against the rights that the oracle finds one by one. Walks may set
 * the access flag and dirty state of what they grant, which request() compares for
 * requests of other types; here only what was asked of memory is remembered.
 */
void ats_request(struct test *t, const struct cordon_request *q)
{
	static struct oracle_answer o;
	static struct oracle_ats ats;
	const char *kind = "ATS answer";
	struct cordon_request one = *q;
	struct cordon_answer a;
	uint64_t info = 0;
	bool same = true;
	unsigned int i;

	t->om.cas_losses = 0;
	/* what it may lead to, right by right, has to be lawful and untangled */
	for (i = 0; i < 4; i++) {
		one.read = i == 0 || (i == 3 && q->read);
		one.write = q->write && (i == 1 || i == 3);
		one.exec = q->exec && (i == 2 || i == 3);
		oracle_translate(&t->om, &one, &o);
		if (!lawful(t, &o) || tangled(t, &o))
			return;
		remember(t, &one, &o);
	}
	oracle_ats(&t->om, q, &ats);
	if (!ats.sure)
		return;
	if (t->verbose) {
		printf("# --- step %u\n", t->step);
		show(t, q, &o);
	}
	cordon_model_translate(t->m, q, &a);
	totals.ats++;
	totals.reasons[o.reason]++;
	totals.grants += a.read || a.write || a.exec;
	DIFFER("status", a.ats_status, ats.status);
	/* an entry that lacks what was asked for is walked again, but not what was not */
	if (!t->quiet || q->read)
		DIFFER("read", a.read, ats.read);
	DIFFER("write", a.write, ats.write);
	DIFFER("exec", a.exec, ats.exec);
	if (ats.read || ats.write || ats.exec)
		DIFFER("address", a.addr, ats.addr);
	DIFFER("records", records(t, &info), ats.recorded && (o.found || t->anon));
	if (a.write && o.logs)
		DIFFER("span of what is logged", a.span_log2 > 12, 0);
	if (!same)
		show(t, q, &o);
}

/* nobody takes page requests here: each is lost or a fault */
void page_request(struct test *t, const struct cordon_request *q)
{
	static struct oracle_answer o;
	const char *kind = "page request";
	uint64_t info = 0, lost = reg_read(t, CORDON_REG_PRQ_LOST);
	uint32_t code = 0xff;
	bool same = true, waits;
	uint8_t reason;

	if (!(t->om.caps[2] & CORDON_CAP1_PRI))
		return;
	t->om.cas_losses = 0;
	reason = oracle_page_request(&t->om, q, &o);
	if (!lawful(t, &o))
		return;
	remember(t, q, &o);
	t->nr_changes = 0;
	waits = cordon_model_page_request(t->m, q, 3, true, &code);
	totals.pages++;
	DIFFER("an answer that is due", waits, !q->read && !q->write && !q->exec);
	if (!waits)
		DIFFER("code", code, reason ? CORDON_RESPONSE_FAILURE : CORDON_RESPONSE_SUCCESS);
	DIFFER("losses", reg_read(t, CORDON_REG_PRQ_LOST) - lost, !reason);
	DIFFER("changes of memory", t->nr_changes, 0);
	DIFFER("records", records(t, &info), reason && !o.silent && (o.found || t->anon));
	if (info) {
		DIFFER("reason", GET(CORDON_FAULT_REASON, info), reason);
		DIFFER("type", GET(CORDON_FAULT_TYPE, info), CORDON_TYPE_ATS);
		DIFFER("detail", GET(CORDON_FAULT_DETAIL, info), o.detail);
	}
	if (!same)
		show(t, q, &o);
}
