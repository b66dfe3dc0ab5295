// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: the reference model against the oracle, on random memory.
 *
 * Each seed makes a unit with random capabilities and a memory full of
 * directories, contexts and tables. Then, by turns, devices make requests, which
 * the model answers with all its caches in the way and the oracle from memory,
 * and memory changes, followed by the commands that spec 11.2 asks for and by no
 * others. Answers, fault records, the port's answers and every dword that the
 * model writes have to be what the oracle says.
 *
 * SEED=n runs that seed alone, with its trace; SEEDS=n so many of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define BATCH		50	/* seeds a TAP line */
#define ROUNDS		24	/* of requests, then changes */
#define REQUESTS	24	/* a round */

static uint64_t near(struct world *w, const struct space *s)
{
	const struct place *p;
	uint64_t addr;

	if (!s->nr_maps)
		return rnd(w) & ((1ULL << s->n) - 1);
	p = &s->maps[below(w, s->nr_maps)];
	addr = p->addr + (rnd(w) & ((1ULL << p->log2) - 1));
	switch (below(w, 10)) {
	case 0:
		return p->addr - 1 - below(w, 8192);
	case 1:
		return p->addr + (1ULL << p->log2) + below(w, 8192);
	case 2:
		return p->addr;
	}
	return addr;
}

static void random_request(struct test *t, struct cordon_request *q)
{
	struct world *w = &t->w;
	struct space *s = NULL;
	struct device *dev;
	unsigned int dice, i;
	int space;

	memset(q, 0, sizeof(*q));
	/* again what was asked before, now that caches know it */
	if (t->nr_hot && chance(w, 45)) {
		*q = t->hot[below(w, t->nr_hot)].q;
		if (chance(w, 50))
			return;
		if (chance(w, 50))
			q->addr ^= below(w, 1ULL << (12 + below(w, 20)));
	} else {
		dev = &w->devices[below(w, w->nr_devices)];
		q->devid = dev->devid;
		space = dev->space;
		if (chance(w, 3))
			q->devid = rnd(w) & 0xffffff;
		else if (chance(w, 1))
			q->devid = GET(CORDON_CAP4_UNIT_DEVID, t->om.caps[5]);
		if (dev->pdir >= 0 && chance(w, 60)) {
			struct pdir *p = &w->pdirs[dev->pdir];

			i = below(w, p->nr);
			q->pv = true;
			q->pasid = p->pasid[i];
			space = p->space[i];
			if (chance(w, 5))
				q->pasid = rnd(w) & 0xfffff;
		} else if (chance(w, 2)) {
			q->pv = true;
			q->pasid = below(w, 3);
		}
		if (space >= 0)
			s = &w->spaces[space];
		else if (dev->vm >= 0)
			s = &w->vms[dev->vm].s2;
		if (chance(w, world_get(w, dev->context) & CORDON_DC_TRANSLATED ? 30 : 3)) {
			q->type = CORDON_TYPE_TRANSLATED;
			if (dev->vm >= 0)
				s = &w->vms[dev->vm].s2;
		} else if (chance(w, world_get(w, dev->context) & CORDON_DC_ATS ? 30 : 2)) {
			q->type = CORDON_TYPE_ATS;
		}
		q->addr = s ? near(w, s) : w->win[0].base + below(w, w->win[0].size);
		dice = below(w, 100);
		if (dice < 3)
			q->addr = rnd(w);
		else if (dice < 6)
			q->addr ^= BIT_ULL(below(w, 64));
		else if (dice < 9 && s)
			q->addr = (1ULL << s->n) - 1 + below(w, 3);
	}
	dice = below(w, 100);
	q->atomic = dice < 5 && q->type != CORDON_TYPE_ATS;
	q->read = dice < 48;
	q->write = dice < 10 || (dice >= 48 && dice < 85);
	q->exec = dice >= 85 && dice < 96;
	q->priv = chance(w, 30);
}

/* -- changes, and the commands they need (spec 11.2) ------------------- */

static void on_change(void *opaque, uint64_t pa, uint64_t old)
{
	changed(opaque, pa, old);
}

static uint64_t range_of(struct test *t, uint64_t addr, uint64_t *last)
{
	unsigned int log2 = chance(&t->w, 60) ? 12 : chance(&t->w, 50) ? 0 : below(&t->w, 30);

	*last = addr | ((1ULL << log2) - 1);
	return addr & ~((1ULL << log2) - 1);
}

/* most times the identifier alone, else some beside it */
static uint64_t ids_of(struct test *t, uint64_t id, uint64_t width, uint64_t *last)
{
	uint64_t max = (1ULL << GET(width, t->om.caps[1])) - 1, before = 0, after = 0;

	if (chance(&t->w, 20)) {
		before = below(&t->w, 32);
		after = below(&t->w, 32);
	}
	*last = id + after < max ? id + after : max;
	return id > before ? id - before : 0;
}

/* one structure that a cached entry was made from has changed */
static void invalidate(struct test *t, const struct source *s, uint64_t old)
{
	const struct oracle_read *r = &s->r;
	uint64_t vm = PUT(CORDON_TGT_VMTAG, s->vmtag), first, last;
	uint64_t leaf = r->level ? 0 : CORDON_TGT_LEAF;

	switch (r->kind) {
	case ORACLE_DD_POINTER:
	case ORACLE_DC:
		first = ids_of(t, r->input, CORDON_CAP0_DEVID, &last);
		command(t, CORDON_OP_INV_DEVICE, leaf, first, last);
		break;
	case ORACLE_PD_POINTER:
	case ORACLE_PC:
		first = ids_of(t, r->input, CORDON_CAP0_PASID, &last);
		if (chance(&t->w, 10))	/* which drops what depends on it, too */
			command(t, CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, s->devid, s->devid);
		else
			command(t, CORDON_OP_INV_PROCESS, leaf | PUT(CORDON_TGT_DEVID, s->devid),
				first, last);
		break;
	case ORACLE_S1:
		leaf = r->level == 3 || !(old & 2) ? CORDON_TGT_LEAF : 0;
		first = range_of(t, r->input, &last);
		if (chance(&t->w, 8))
			command(t, CORDON_OP_INV_DTAG, vm | PUT(CORDON_TGT_DTAG, s->dtag), 0, 0);
		else if (chance(&t->w, 4))
			command(t, CORDON_OP_INV_VMTAG, vm, 0, 0);
		else
			command(t, CORDON_OP_INV_RANGE,
				leaf | vm | PUT(CORDON_TGT_DTAG, s->dtag) |
				PUT(CORDON_TGT_PGSIZE, below(&t->w, 64)), first, last);
		break;
	case ORACLE_S2:
		leaf = r->level == 3 || !(old & 2) ? CORDON_TGT_LEAF : 0;
		first = range_of(t, r->input, &last);
		command(t, CORDON_OP_INV_S2RANGE,
			leaf | vm | PUT(CORDON_TGT_PGSIZE, below(&t->w, 64)), first, last);
		break;
	case ORACLE_DL_POINTER:
	case ORACLE_DL_BITS:
		command(t, CORDON_OP_INV_S2RANGE, vm | CORDON_TGT_LEAF, r->input, r->input);
		break;
	}
}

static bool concerns(struct test *t, const struct oracle_read *r, const struct change *c)
{
	if (c->quiet)
		return false;
	switch (r->kind) {
	case ORACLE_DC:
	case ORACLE_PC:
		return c->pa - r->addr < 64;
	case ORACLE_DL_BITS:
		return c->pa == r->addr;
	}
	/* what was absent was not cached */
	return c->pa == r->addr && ((c->old & 1) || chance(&t->w, 5));
}

/*
 * Rights that a leaf gets for nothing: no command, and yet what was refused
 * before passes now (spec 4.1, 11.1). False if there is no such leaf.
 */
static bool add_rights(struct test *t)
{
	const struct oracle_read *r, *other;
	uint64_t old, new;
	unsigned int i;

	if (!t->nr_hot)
		return false;
	r = &t->hot[below(&t->w, t->nr_hot)].last;
	if (r->kind != ORACLE_S1 && r->kind != ORACLE_S2)
		return false;
	/* not if it is something else besides */
	for (i = 0; i < SOURCES; i++) {
		other = &t->sources[i].r;
		if (!t->sources[i].used)
			continue;
		if (r->addr - other->addr < 64 &&
		    (other->kind == ORACLE_DC || other->kind == ORACLE_PC))
			return false;
		if (other->addr == r->addr &&
		    (other->kind != r->kind || other->level != r->level))
			return false;
	}
	old = world_get(&t->w, r->addr);
	if (!(old & 1) || (r->level < 3 && (old & 2)))
		return false;
	new = r->kind == ORACLE_S2 ? old | 3 << 6 : old;
	new &= ~(BIT_ULL(54) | (r->kind == ORACLE_S1 ? BIT_ULL(53) : 0));
	if (new == old)
		return false;
	world_put(&t->w, r->addr, new);
	t->changes[t->nr_changes - 1].quiet = true;
	t->quiet = true;
	return true;
}

static void random_change(struct test *t)
{
	struct world *w = &t->w;
	const struct change *s;
	uint64_t pa, old;

	if (chance(w, 10) && add_rights(t))
		return;
	if (t->nr_hot && chance(w, 80)) {
		const struct hot *hot = &t->hot[below(w, t->nr_hot)];
		unsigned int n = below(w, SOURCES);

		pa = hot->last.addr;
		if (chance(w, 40))
			pa = hot->updated;
		/* or whatever else a cache may hold a part of */
		while (t->nr_sources && !t->sources[n].used)
			n = (n + 1) % SOURCES;
		if (t->nr_sources && chance(w, 40))
			pa = t->sources[n].r.addr;
	} else {
		pa = w->dwords[below(w, w->nr_dwords)];
	}
	old = world_get(w, pa);
	/* most damage is repaired some time, or all would soon be ruins */
	if (t->nr_saved && chance(w, 45)) {
		s = &t->saved[--t->nr_saved];
		world_put(w, s->pa, s->old);
		return;
	}
	if (t->nr_saved < sizeof(t->saved) / sizeof(*t->saved))
		t->saved[t->nr_saved++] = (struct change){ .pa = pa, .old = old };
	switch (below(w, 10)) {
	case 0: case 1: case 2: case 3:
		world_put(w, pa, old ^ BIT_ULL(below(w, 64)));
		break;
	case 4: case 5:
		world_put(w, pa, chance(w, 50) ? 0 : old & ~1ULL);
		break;
	case 6:
		world_put(w, pa, 0);
		break;
	case 7: case 8:
		world_put(w, pa, old ^ (chance(w, 50) ? BIT_ULL(10) : BIT_ULL(7)));
		break;
	case 9:
		world_put(w, pa, world_get(w, (pa & ~0xfffULL) | (rnd(w) & 0xff8)));
		break;
	}
}

static void change_memory(struct test *t)
{
	struct world *w = &t->w;
	unsigned int i, k, n = 1 + below(w, 3);
	bool all = false;

	t->nr_changes = 0;
	w->changing = on_change;
	w->opaque = t;
	while (n--) {
		struct device *dev = &w->devices[below(w, w->nr_devices)];

		switch (below(w, 10)) {
		case 0:
			world_map(w);
			break;
		case 1:
			if (world_context(w, dev))
				world_put(w, dev->pointer, dev->context | CORDON_PTR_V);
			break;
		default:
			random_change(t);
		}
	}
	w->changing = NULL;

	for (i = 0; i < SOURCES; i++)
		for (k = 0; k < t->nr_changes && t->sources[i].used; k++)
			if (concerns(t, &t->sources[i].r, &t->changes[k]))
				invalidate(t, &t->sources[i], t->changes[k].old);
	if (t->verbose)
		for (k = 0; k < t->nr_changes; k++)
			printf("# change of %#" PRIx64 ": %#" PRIx64 " to %#" PRIx64 "\n",
			       t->changes[k].pa, t->changes[k].old,
			       world_get(w, t->changes[k].pa));
	if (chance(w, 5)) {
		set_mair(t, below(w, 4));
		all = true;
	}
	if (all || t->nr_cmds == COMMANDS || t->nr_changes == CHANGES) {
		t->nr_cmds = 0;
		command(t, CORDON_OP_INV_ALL, 0, 0, 0);
		forget(t);
	}
	submit(t);
	if (chance(w, 5)) {
		cordon_model_drop_caches(t->m);
		forget(t);
	}
	if (chance(w, 4)) {
		world_grow(w);
		set_root(t, w->root);
	} else if (chance(w, 2)) {
		set_root(t, w->root ^ CORDON_ROOT_SILENT);
	} else if (chance(w, 2)) {
		set_root(t, rnd(w) & CORDON_ROOT_SILENT);
	} else if (t->om.root != w->root) {
		set_root(t, w->root);
	}
}

/* -- seeds ------------------------------------------------------------- */

static bool run_seed(uint64_t seed, bool verbose)
{
	struct test *t = calloc(1, sizeof(*t));
	struct cordon_request q;
	unsigned int i, j;
	bool failed;

	if (!t)
		abort();
	t->seed = seed;
	t->verbose = verbose;
	t->now = 1000;
	world_init(&t->w, seed);
	if (start(t) && t->w.nr_devices) {
		claim_tags(t);
		for (i = 0; i < ROUNDS && !t->failed; i++) {
			for (j = 0; j < REQUESTS && !t->failed; j++) {
				t->step++;
				random_request(t, &q);
				if (q.type == CORDON_TYPE_ATS)
					ats_request(t, &q);
				else if (chance(&t->w, 2))
					page_request(t, &q);
				else
					request(t, &q);
			}
			if (!t->failed)
				change_memory(t);
		}
	}
	failed = t->failed;
	world_free(&t->w);
	free(t->mem);
	free(t);
	return !failed;
}

/* a test that never meets a reason, or a check of a context, does not test it */
static bool all_met(const char *what, const uint64_t *met, unsigned int first, unsigned int last)
{
	bool all = true;

	for (; first <= last; first++) {
		if (met[first])
			continue;
		printf("# %s %#x was not met\n", what, first);
		all = false;
	}
	return all;
}

static bool reasons_met(void)
{
	bool ok;

	/* that of page requests is no translation's */
	totals.reasons[CORDON_REASON_PRI_OFF]++;
	ok = all_met("reason", totals.reasons, CORDON_REASON_NO_ROOT,
		     CORDON_REASON_DC_MALFORMED);
	ok = all_met("reason", totals.reasons, CORDON_REASON_TRANSLATED,
		     CORDON_REASON_NOWALK) && ok;
	ok = all_met("reason", totals.reasons, CORDON_REASON_INPUT_SIZE,
		     CORDON_REASON_TABLE_UPDATE) && ok;
	ok = all_met("reason", totals.reasons, CORDON_REASON_DL_FETCH,
		     CORDON_REASON_DL_UPDATE) && ok;
	ok = all_met("check of a device context,", totals.dc_checks, 1, 17) && ok;
	return all_met("check of a process context,", totals.pc_checks, 1, 8) && ok;
}

int main(void)
{
	const char *seed = getenv("SEED"), *seeds = getenv("SEEDS");
	unsigned int n = seeds && *seeds ? strtoul(seeds, NULL, 0) : 1000;
	unsigned int i, bad, failed = 0, lines;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (seed && *seed) {
		printf("1..1\n");
		bad = !run_seed(strtoull(seed, NULL, 0), true);
		printf("%sok 1 - seed %s\n", bad ? "not " : "", seed);
		return bad;
	}
	lines = (n + BATCH - 1) / BATCH;
	printf("1..%u\n", lines + 1);
	for (i = 0; i < lines; i++) {
		uint64_t first = (uint64_t)i * BATCH + 1, s;

		bad = 0;
		for (s = first; s < first + BATCH && s <= n; s++)
			if (!run_seed(s, false) && ++bad > 3)
				break;
		printf("%sok %u - seeds %" PRIu64 " to %" PRIu64 " agree with the oracle\n",
		       bad ? "not " : "", i + 1, first, s - 1);
		failed += !!bad;
	}
	bad = !reasons_met();
	printf("%sok %u - every reason and every check was met\n", bad ? "not " : "", lines + 1);
	printf("# %" PRIu64 " requests, %" PRIu64 " faults, %" PRIu64 " hits, %" PRIu64
	       " updates, %" PRIu64 " questions to the port, %" PRIu64 " commands\n",
	       totals.requests, totals.faults, totals.hits, totals.updates, totals.ports,
	       totals.commands);
	printf("# %" PRIu64 " ATS requests, %" PRIu64 " that give something, %" PRIu64
	       " page requests\n", totals.ats, totals.grants, totals.pages);
	return failed || bad;
}
