// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: random memory for the oracle's tests.
 *
 * What is built is meant to be right, and world_corrupt() then makes some of it
 * wrong; what it means is the oracle's and the model's affair. So nothing here
 * decides whether a request passes.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <linux/cordon_hw.h>

#include "world.h"

#define MAIN_BASE	0x80000000ULL
#define MAIN_SIZE	(12ULL << 20)
#define HIGH_SIZE	(2ULL << 20)

static const unsigned int ps_bits[] = { 32, 36, 40, 42, 44, 48, 52 };
static const unsigned int tg_bits[] = { 12, 16, 14 };

/* -- chance ------------------------------------------------------------ */

uint64_t rnd(struct world *w)
{
	uint64_t z = w->rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint64_t below(struct world *w, uint64_t limit)
{
	return limit ? rnd(w) % limit : 0;
}

bool chance(struct world *w, unsigned int percent)
{
	return below(w, 100) < percent;
}

/* -- memory ------------------------------------------------------------ */

static struct window *window_of(struct world *w, uint64_t pa)
{
	unsigned int i;

	for (i = 0; i < WORLD_WINDOWS; i++)
		if (pa - w->win[i].base < w->win[i].size)
			return &w->win[i];
	return NULL;
}

uint64_t *world_dword(struct world *w, uint64_t pa, uint8_t refuses)
{
	struct window *win = window_of(w, pa);

	if (!win || (win->flags[(pa - win->base) / 4096] & refuses))
		return NULL;
	win->flags[(pa - win->base) / 4096] |= PAGE_TOUCHED;
	return &win->mem[(pa - win->base) / 8];
}

uint64_t world_get(struct world *w, uint64_t pa)
{
	uint64_t *p = world_dword(w, pa, 0);

	return p ? le64toh(*p) : 0;
}

static void poke(struct world *w, uint64_t pa, uint64_t value)
{
	uint64_t *p = world_dword(w, pa, 0);

	if (!p)
		return;
	if (w->changing)
		w->changing(w->opaque, pa, le64toh(*p));
	*p = htole64(value);
}

void world_put(struct world *w, uint64_t pa, uint64_t value)
{
	poke(w, pa, value);
	if (w->nr_dwords < WORLD_DWORDS)
		w->dwords[w->nr_dwords++] = pa;
	else
		w->dwords[below(w, WORLD_DWORDS)] = pa;
}

static void break_page(struct world *w, uint64_t pa, uint8_t refuses)
{
	struct window *win = window_of(w, pa);

	if (win)
		win->flags[(pa - win->base) / 4096] |= refuses;
}

/* aligned memory from either window; 0 if there is none left */
static uint64_t alloc(struct world *w, uint64_t size, uint64_t align)
{
	unsigned int first = chance(w, 25), i;

	for (i = 0; i < WORLD_WINDOWS; i++) {
		struct window *win = &w->win[(first + i) % WORLD_WINDOWS];
		uint64_t at = (win->used + align - 1) & -align;

		if (at + size <= win->size) {
			win->used = at + size;
			return win->base + at;
		}
	}
	return 0;
}

/* -- VMs: IPAs that are memory ----------------------------------------- */

static bool space_map(struct world *w, struct space *s, uint64_t va, int leaf, uint64_t out,
		      uint64_t bits);
static uint64_t leaf_bits(struct world *w, struct space *s, bool plain);

uint64_t world_pa(struct world *w, int vm, uint64_t ipa)
{
	struct vm *v;
	uint64_t slot;

	if (vm < 0)
		return ipa;
	v = &w->vms[vm];
	if (v->linear)
		return ipa - v->base + w->win[0].base;
	slot = (ipa - v->base) >> v->s2.g;
	if (slot >= v->nr_slots)
		return 0;
	return v->slot[slot] | (ipa & ((1ULL << v->s2.g) - 1));
}

uint64_t world_alloc(struct world *w, int vm, uint64_t size, uint64_t align)
{
	struct vm *v;
	uint64_t pa, chunk, first, i;

	if (vm < 0)
		return alloc(w, size, align);
	v = &w->vms[vm];
	if (v->linear) {
		struct window *win = &w->win[0];
		uint64_t at = (win->used + align - 1) & -align;

		if (at + size > win->size)
			return 0;
		win->used = at + size;
		return v->base + at;
	}
	chunk = 1ULL << v->s2.g;
	first = v->nr_slots;
	while ((v->base + (first << v->s2.g)) & (align - 1))
		first++;
	if (first + (size + chunk - 1) / chunk > WORLD_SLOTS)
		return 0;
	while (v->nr_slots < first)
		v->slot[v->nr_slots++] = 0;
	for (i = 0; i < size; i += chunk) {
		pa = alloc(w, chunk, chunk);
		if (!pa)
			return 0;
		space_map(w, &v->s2, v->base + ((uint64_t)v->nr_slots << v->s2.g), 3, pa,
			  leaf_bits(w, &v->s2, true));
		v->slot[v->nr_slots++] = pa;
	}
	return v->base + (first << v->s2.g);
}

/* -- tables ------------------------------------------------------------ */

static uint64_t encode(const struct space *s, uint64_t out)
{
	uint64_t d = out & GENMASK_ULL(47, 12);

	if (s->ds)
		d = (out & GENMASK_ULL(49, 12)) | (out >> 50 & 3) << 8;
	else if (s->far)
		d |= (out >> 48 & 15) << 12;
	return d;
}

static uint64_t decode(const struct space *s, uint64_t d)
{
	uint64_t out = d & (s->ds ? GENMASK_ULL(49, 12) : GENMASK_ULL(47, 12));

	out &= -(1ULL << s->g);
	if (s->ds)
		out |= (d >> 8 & 3) << 50;
	else if (s->far)
		out |= (d >> 12 & 15) << 48;
	return out;
}

static unsigned int level_shift(const struct space *s, int level)
{
	return s->g + (3 - level) * s->b;
}

/* a table for a level: a new one, or one that is in use elsewhere */
static uint64_t table_for(struct world *w, struct space *s, int level)
{
	unsigned int i, first = below(w, s->nr_tables);
	bool share = chance(w, 12);
	uint64_t at = 0;

	if (!share)
		at = world_alloc(w, s->vm, 1ULL << s->g, 1ULL << s->g);
	if (at) {
		if (s->nr_tables < WORLD_TABLES) {
			s->tables[s->nr_tables].at = at;
			s->tables[s->nr_tables++].level = level;
		}
		return at;
	}
	for (i = 0; i < s->nr_tables; i++)
		if (s->tables[(first + i) % s->nr_tables].level == level)
			return s->tables[(first + i) % s->nr_tables].at;
	return share ? world_alloc(w, s->vm, 1ULL << s->g, 1ULL << s->g) : 0;
}

static uint64_t table_bits(struct world *w, const struct space *s)
{
	uint64_t bits = 3;

	if (chance(w, 80))
		bits |= BIT_ULL(10);
	if (chance(w, 10) && s->stage == 1)
		bits |= BIT_ULL(59 + below(w, 4));
	if (chance(w, 10))
		bits |= BIT_ULL(63) | BIT_ULL(55 + below(w, 4));
	return bits;
}

/* random but plausible bits of a block or page; plain: memory of the unit's own */
static uint64_t leaf_bits(struct world *w, struct space *s, bool plain)
{
	static const uint8_t memattr[] = { 0xf, 0xf, 0xf, 0x6, 0x5, 0x7, 0x1, 0x2, 0xa };
	uint64_t bits = BIT_ULL(0);

	if (chance(w, s->ha ? 60 : 92))
		bits |= BIT_ULL(10);
	if (s->stage == 1) {
		bits |= below(w, 8) << 2 | below(w, 4) << 6;
		if (chance(w, 30))
			bits |= BIT_ULL(6);
	} else if (plain && chance(w, 90)) {
		bits |= (s->fwb ? 0x6 : 0xf) << 2 | 3 << 6;
		if (chance(w, 15))
			bits ^= BIT_ULL(7);
	} else {
		bits |= (uint64_t)memattr[below(w, sizeof(memattr))] << 2 | below(w, 4) << 6;
		if (chance(w, 50))
			bits |= 3 << 6;
	}
	if (chance(w, s->hd ? 50 : 15))
		bits |= BIT_ULL(51);
	if (chance(w, 20))
		bits |= BIT_ULL(53);
	if (chance(w, 20))
		bits |= BIT_ULL(54);
	if (chance(w, 15))
		bits |= BIT_ULL(11) | BIT_ULL(5) * (s->stage == 1) | BIT_ULL(55 + below(w, 4));
	if (!s->ds && chance(w, 20))
		bits |= 3 << 8;
	return bits;
}

static uint64_t *slot_of(struct world *w, struct space *s, uint64_t at)
{
	return world_dword(w, world_pa(w, s->vm, at), 0);
}

static bool space_map(struct world *w, struct space *s, uint64_t va, int leaf, uint64_t out,
		      uint64_t bits)
{
	static const unsigned int group[4][4] = {
		{ 4, 4, 4, 4 }, { 0, 5, 5, 5 }, { 0, 0, 5, 7 },
	};
	uint64_t table = s->root, at, d, next;
	unsigned int shift, log2, i;
	int level;

	if (leaf < s->start)
		return false;
	for (level = s->start;; level++) {
		shift = level_shift(s, level);
		at = va >> shift;
		if (level != s->start)
			at &= (1ULL << s->b) - 1;
		at = table + 8 * at;
		if (!slot_of(w, s, at))
			return false;
		if (level == leaf)
			break;
		d = world_get(w, world_pa(w, s->vm, at));
		if (!(d & 1)) {
			next = table_for(w, s, level + 1);
			if (!next)
				return false;
			d = encode(s, next) | table_bits(w, s);
			world_put(w, world_pa(w, s->vm, at), d);
		} else if (!(d & 2)) {
			return false;
		}
		table = decode(s, d);
	}

	bits |= level == 3 ? 2 : 0;
	log2 = 0;
	/* a group, at times one that disagrees with itself, or one lone hint */
	if (group[s->tg][level] && level > s->start && chance(w, 20)) {
		bits |= BIT_ULL(52);
		if (chance(w, 80))
			log2 = group[s->tg][level];
	}
	at &= ~((8ULL << log2) - 1);
	out &= ~((1ULL << (shift + log2)) - 1);
	for (i = 0; i < 1U << log2; i++) {
		d = encode(s, (out + ((uint64_t)i << shift)) & -(1ULL << shift)) | bits;
		if (log2 && chance(w, 5))
			d ^= BIT_ULL(chance(w, 50) ? 10 : 7);
		if (log2 && chance(w, 1))
			d = chance(w, 50) ? 0 : d ^ 1ULL << (shift + log2);
		if (slot_of(w, s, at + 8 * i))
			world_put(w, world_pa(w, s->vm, at + 8 * i), d);
	}
	i = s->nr_maps < WORLD_MAPS ? s->nr_maps++ : below(w, WORLD_MAPS);
	s->maps[i].addr = va & -(1ULL << (shift + log2));
	s->maps[i].log2 = shift + log2;
	return true;
}

static uint64_t low(struct world *w, unsigned int bits)
{
	return rnd(w) & (bits >= 64 ? ~0ULL : (1ULL << bits) - 1);
}

/* where a leaf may point: memory, most times */
static uint64_t target(struct world *w, struct space *s)
{
	unsigned int dice = below(w, 100);

	if (dice < 70 && s->vm >= 0) {
		struct space *s2 = &w->vms[s->vm].s2;

		if (s2->nr_maps) {
			struct place *p = &s2->maps[below(w, s2->nr_maps)];

			return p->addr + low(w, p->log2);
		}
	}
	if (dice < 70) {
		struct window *win = &w->win[chance(w, 20)];

		return win->base + below(w, win->size);
	}
	if (dice < 95)
		return low(w, ps_bits[s->ps]);
	return low(w, 52);
}

static void space_fill(struct world *w, struct space *s)
{
	uint64_t va = low(w, s->n), old;
	unsigned int i;
	int level;

	/* near one already there, so that tables fill */
	if (s->nr_maps && chance(w, 70)) {
		old = s->maps[below(w, s->nr_maps)].addr;
		va = old + (below(w, 40) << (chance(w, 70) ? s->g : s->g + s->b));
	} else if (chance(w, 10)) {
		va = (1ULL << s->n) - 1;
	}
	va &= (1ULL << s->n) - 1;
	level = chance(w, 65) ? 3 : 1 + (int)below(w, 3);
	if (s->ds && s->tg == CORDON_TG_4K && chance(w, 5))
		level = 0;
	for (i = 0; i < 3 && level < 3 && level < s->start; i++)
		level++;
	space_map(w, s, va, level, target(w, s), leaf_bits(w, s, false));
}

void world_map(struct world *w)
{
	if (w->nr_spaces && chance(w, 75))
		space_fill(w, &w->spaces[below(w, w->nr_spaces)]);
	else if (w->nr_vms)
		space_fill(w, &w->vms[below(w, w->nr_vms)].s2);
}

static bool cap1(struct world *w, uint64_t cap)
{
	return w->caps[2] & cap;
}

/* a format that the capabilities allow; false if chance found none */
static bool space_format(struct world *w, struct space *s, bool nested)
{
	unsigned int ias = GET(CORDON_CAP0_IAS, w->caps[1]), root, lo, hi;
	unsigned int tgs = s->stage == 1 ? GET(CORDON_CAP0_S1TG, w->caps[1]) :
		GET(CORDON_CAP0_S2TG, w->caps[1]);
	static const int starts[3][5] = {
		{ 2, 1, 0, 9, -1 }, { 3, 2, 1, 9, 9 }, { 3, 2, 1, 0, 9 },
	};
	unsigned int sl = 0;
	bool wide;

	s->tg = below(w, 3);
	if (!(tgs >> s->tg & 1))
		return false;
	s->g = tg_bits[s->tg];
	s->b = s->g - 3;
	s->ds = s->tg != CORDON_TG_64K && cap1(w, CORDON_CAP1_DS) && chance(w, 40);
	wide = s->ds || (s->tg == CORDON_TG_64K && cap1(w, CORDON_CAP1_LVA64K));
	s->ps = below(w, (s->stage == 1 && nested) ? 7 : GET(CORDON_CAP0_OAS, w->caps[1]) + 1);
	if (chance(w, 40))
		s->ps = GET(CORDON_CAP0_OAS, w->caps[1]);
	if (s->ps == CORDON_PS_52 && !wide)
		s->ps = CORDON_PS_48;
	s->far = s->ds || (s->tg == CORDON_TG_64K && s->ps == CORDON_PS_52);
	lo = 25;
	hi = wide ? 52 : 48;
	if (hi > ias)
		hi = ias;
	if (s->stage == 2) {
		sl = below(w, 5);
		s->start = starts[s->tg][sl];
		if (s->start == 9 || ((sl == 4 || (s->tg == CORDON_TG_16K && sl == 3)) && !s->ds))
			return false;
		if (lo < s->g + (3 - s->start) * s->b + 1)
			lo = s->g + (3 - s->start) * s->b + 1;
		if (hi > s->g + (4 - s->start) * s->b + 4)
			hi = s->g + (4 - s->start) * s->b + 4;
	}
	if (lo > hi)
		return false;
	s->n = lo + below(w, hi - lo + 1);
	if (chance(w, 20))
		s->n = hi;
	if (s->stage == 1)
		s->start = 4 - (int)((s->n - s->g + s->b - 1) / s->b);
	s->ha = cap1(w, CORDON_CAP1_HA) && chance(w, 60);
	s->hd = s->ha && cap1(w, CORDON_CAP1_HD) && chance(w, 60);
	s->haft = s->ha && cap1(w, CORDON_CAP1_HAFT) && chance(w, 40);
	s->fwb = s->stage == 2 && cap1(w, CORDON_CAP1_FWB) && chance(w, 50);
	s->fmt = PUT(CORDON_S1FMT_T0SZ, 64 - s->n) | PUT(CORDON_S1FMT_TG, s->tg) |
		PUT(CORDON_S1FMT_PS, s->ps) | (s->ha ? CORDON_S1FMT_HA : 0) |
		(s->hd ? CORDON_S1FMT_HD : 0) | (s->haft ? CORDON_S1FMT_HAFT : 0) |
		(s->ds ? CORDON_S1FMT_DS : 0);
	if (s->stage == 1)
		s->fmt |= PUT(CORDON_S1FMT_MAIR, below(w, 4));
	else
		s->fmt = s->fmt << 32 | PUT(CORDON_S2FMT_SL0, sl) |
			(sl >> 2 ? CORDON_S2FMT_SL2 : 0) | (s->fwb ? CORDON_S2FMT_FWB : 0);
	root = 3 + s->n - level_shift(s, s->start);
	if (root < 6)
		root = 6;
	/* sixteen roots of 64K would be all the memory there is */
	if (root > 17)
		return false;
	s->root = world_alloc(w, s->vm, 1ULL << root, 1ULL << root);
	return s->root && !(s->root >> ps_bits[s->ps]);
}

static bool space_build(struct world *w, struct space *s, unsigned int stage, int vm, bool nested)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->stage = stage;
	s->vm = vm;
	for (i = 0; i < 40; i++)
		if (space_format(w, s, nested))
			return true;
	return false;
}

/* -- directories ------------------------------------------------------- */

/* the PA of the pointer at level 0; pages are made where they lack */
static uint64_t dir_slot(struct world *w, int vm, uint64_t root, uint64_t id)
{
	int level = root & CORDON_ROOT_LEVELS;
	uint64_t page = root & CORDON_ROOT_ADDR, at, ptr;

	while (level--) {
		at = world_pa(w, vm, page + 8 * ((id >> (9 * level)) & 511));
		if (!level)
			return at;
		ptr = world_get(w, at);
		if (!(ptr & CORDON_PTR_V)) {
			page = world_alloc(w, vm, 4096, 4096);
			if (!page)
				return 0;
			ptr = page | CORDON_PTR_V;
			world_put(w, at, ptr);
		}
		page = ptr & CORDON_PTR_PAGE;
	}
	return 0;
}

static uint64_t dir_root(struct world *w, int vm, unsigned int levels)
{
	uint64_t page = world_alloc(w, vm, 4096, 4096);

	return page ? page | levels : 0;
}

static uint64_t context_words(struct world *w, int vm, const uint64_t *words)
{
	uint64_t at = world_alloc(w, vm, 64, 64), flip = 0;
	unsigned int i, bad = below(w, 8);

	/* one bit wrong: each check of spec 3.3.5 and 3.4 has to be met */
	if (!w->sound && chance(w, 6))
		flip = BIT_ULL(below(w, bad ? 64 : 20));
	if (at)
		for (i = 0; i < 8; i++)
			world_put(w, world_pa(w, vm, at) + 8 * i, words[i] ^ (i == bad ? flip : 0));
	return at;
}

static uint64_t policy(struct world *w)
{
	uint64_t cfg = CORDON_DC_V;

	if (chance(w, 15))
		cfg |= CORDON_DC_SILENT;
	if (chance(w, 15) && cap1(w, CORDON_CAP1_RAZWI))
		cfg |= CORDON_DC_RAZWI;
	if (chance(w, 60) && cap1(w, CORDON_CAP1_EXEC))
		cfg |= CORDON_DC_EXEC;
	if (chance(w, 60) && cap1(w, CORDON_CAP1_PRIV))
		cfg |= CORDON_DC_PRIV;
	if (chance(w, 4))
		cfg |= CORDON_DC_NOWALK;
	return cfg;
}

/* a random stage-1 table of a VM, or of the host; -1 if there is none */
static int space_of(struct world *w, int vm)
{
	unsigned int i, first = below(w, w->nr_spaces);

	for (i = 0; i < w->nr_spaces; i++)
		if (w->spaces[(first + i) % w->nr_spaces].vm == vm)
			return (first + i) % w->nr_spaces;
	return -1;
}

static int stage1_words(struct world *w, int vm, uint64_t *words)
{
	int space = chance(w, 75) ? space_of(w, vm) : -1;

	if (space < 0) {
		words[0] |= PUT(CORDON_DC_S1, chance(w, 85) ? CORDON_S1_BYPASS : CORDON_S1_BLOCK);
		return -1;
	}
	words[0] |= PUT(CORDON_DC_S1, CORDON_S1_TABLE);
	words[1] |= PUT(CORDON_TAGS_DTAG, w->spaces[space].dtag);
	words[2] |= w->spaces[space].fmt;
	words[3] = w->spaces[space].root;
	return space;
}

static void pdir_build(struct world *w, struct pdir *p, int vm)
{
	unsigned int bits = GET(CORDON_CAP0_PASID, w->caps[1]), levels, i;

	memset(p, 0, sizeof(*p));
	p->vm = vm;
	p->guest = vm >= 0 && cap1(w, CORDON_CAP1_GUEST) && chance(w, 50);
	levels = 1 + below(w, 3);
	p->root = dir_root(w, p->guest ? vm : -1, levels);
	if (!p->root)
		return;
	if (bits > 9 * levels)
		bits = 9 * levels;
	for (i = 0; i < WORLD_PASIDS; i++) {
		uint64_t words[8] = { policy(w) }, at, context;

		p->pasid[i] = i ? low(w, chance(w, 50) ? bits : bits / 2) : 0;
		p->space[i] = stage1_words(w, vm, words);
		context = context_words(w, p->guest ? vm : -1, words);
		at = dir_slot(w, p->guest ? vm : -1, p->root, p->pasid[i]);
		if (!context || !at)
			break;
		world_put(w, at, context | CORDON_PTR_V);
		p->nr++;
	}
}

uint64_t world_context(struct world *w, struct device *dev)
{
	unsigned int dice = below(w, 100);
	uint64_t words[8] = { policy(w) };
	unsigned int i, first;
	struct vm *vm = NULL;

	dev->vm = w->nr_vms && chance(w, 60) ? (int)below(w, w->nr_vms) : -1;
	if (dev->vm >= 0 && !cap1(w, CORDON_CAP1_NESTED))
		dice = 99;
	if (dev->vm >= 0)
		vm = &w->vms[dev->vm];
	dev->pdir = -1;
	dev->space = -1;
	if (w->nr_pdirs && dice < 60) {
		first = below(w, w->nr_pdirs);
		for (i = 0; i < w->nr_pdirs; i++)
			if (w->pdirs[(first + i) % w->nr_pdirs].vm == dev->vm)
				dev->pdir = (first + i) % w->nr_pdirs;
	}
	if (dev->pdir >= 0) {
		words[4] = w->pdirs[dev->pdir].root;
		if (w->pdirs[dev->pdir].guest)
			words[0] |= CORDON_DC_GUEST;
	}
	if (dev->pdir >= 0 && dice < 20)
		words[0] |= PUT(CORDON_DC_S1, CORDON_S1_PASID0);
	else if (dice < 90 && cap1(w, CORDON_CAP1_S1))
		dev->space = stage1_words(w, dev->vm, words);
	else
		words[0] |= PUT(CORDON_DC_S1, chance(w, 90) ? CORDON_S1_BYPASS : CORDON_S1_BLOCK);
	if (chance(w, 30) && cap1(w, CORDON_CAP1_SNOOP))
		words[0] |= CORDON_DC_SNOOP;
	if (chance(w, 10))
		words[0] ^= CORDON_DC_SILENT;
	if (vm) {
		words[0] |= CORDON_DC_S2;
		words[1] |= PUT(CORDON_TAGS_VMTAG, vm->vmtag);
		words[2] |= vm->s2.fmt;
		words[5] = vm->s2.root;
		if (vm->dlroot && chance(w, 50)) {
			words[0] |= CORDON_DC_DIRTY;
			words[7] = vm->dlroot;
		}
	}
	if (cap1(w, CORDON_CAP1_ATS) && chance(w, 30)) {
		words[0] |= CORDON_DC_ATS;
		if (vm && cap1(w, CORDON_CAP1_T_STAGE2))
			words[0] |= PUT(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_STAGE2);
		else if (cap1(w, CORDON_CAP1_TRUST))
			words[0] |= PUT(CORDON_DC_TRANSLATED, CORDON_TRANSLATED_TRUST);
	}
	dev->context = context_words(w, -1, words);
	return dev->context;
}

/* -- the whole --------------------------------------------------------- */

static void vm_log(struct world *w, struct vm *v)
{
	unsigned int i, levels = 1 + below(w, 3);
	uint64_t at, page;

	if (!cap1(w, CORDON_CAP1_DIRTY))
		return;
	if (v->s2.n > 36 && chance(w, 70))
		levels = v->s2.n > 45 ? 3 : 2;
	v->dlroot = dir_root(w, -1, levels);
	if (!v->dlroot)
		return;
	for (i = 0; i < v->s2.nr_maps; i++) {
		uint64_t id = (v->s2.maps[i].addr + low(w, v->s2.maps[i].log2)) >> 27;

		if (id >> (9 * levels) || chance(w, 10))
			continue;
		at = dir_slot(w, -1, v->dlroot, id);
		page = alloc(w, 4096, 4096);
		if (at && page && !world_get(w, at))
			world_put(w, at, page | CORDON_PTR_V);
		if (page && chance(w, 4))
			break_page(w, page, PAGE_NO_WRITE);
	}
	if (chance(w, 4))
		break_page(w, v->dlroot, PAGE_NO_READ);
}

static bool vm_build(struct world *w, int index)
{
	struct vm *v = &w->vms[index];
	unsigned int top, i, shift;
	int level;

	memset(v, 0, sizeof(*v));
	if (!space_build(w, &v->s2, 2, -1, false))
		return false;
	v->vmtag = index + 1;
	if (v->vmtag >> GET(CORDON_CAP0_VMTAG, w->caps[1]))
		return false;
	top = v->s2.n < 32 ? v->s2.n : 32;
	/* linear: window 0 by blocks, at an IPA of the same alignment */
	level = v->s2.tg == CORDON_TG_4K ? 1 + (int)chance(w, 70) : 2;
	shift = level_shift(&v->s2, level);
	if (chance(w, 40) && level >= v->s2.start && top > shift + 1 && top > 24 &&
	    (v->s2.ps > 0 || w->oas == 32)) {
		uint64_t size = shift < 24 ? 1ULL << 24 : 1ULL << shift;

		v->linear = true;
		v->base = below(w, 1ULL << (top - 1)) & -size;
		for (i = 0; (uint64_t)i << shift < w->win[0].size; i++)
			space_map(w, &v->s2, v->base + ((uint64_t)i << shift), level,
				  w->win[0].base + ((uint64_t)i << shift),
				  leaf_bits(w, &v->s2, true) | BIT_ULL(7));
		return true;
	}
	v->base = below(w, (1ULL << top) - (WORLD_SLOTS << v->s2.g)) & ~0xffffULL;
	return true;
}

/* the registers of capabilities are there already */
void world_build(struct world *w)
{
	unsigned int bits = GET(CORDON_CAP0_DEVID, w->caps[1]), levels, i;
	bool s1 = cap1(w, CORDON_CAP1_S1), s2 = cap1(w, CORDON_CAP1_S2);
	bool nested = cap1(w, CORDON_CAP1_NESTED);

	w->oas = ps_bits[GET(CORDON_CAP0_OAS, w->caps[1])];
	w->win[0].base = MAIN_BASE;
	w->win[1].base = 1ULL << (w->oas - 2);
	for (i = 0; s2 && i < 1 + below(w, WORLD_VMS); i++)
		if (vm_build(w, w->nr_vms))
			w->nr_vms++;
	for (i = 0; s1 && i < 3 + below(w, WORLD_SPACES - 3); i++) {
		int vm = nested && w->nr_vms && chance(w, 60) ? (int)below(w, w->nr_vms) : -1;

		if (!space_build(w, &w->spaces[w->nr_spaces], 1, vm, vm >= 0))
			continue;
		/* tag 0 is a domain like any other */
		w->spaces[w->nr_spaces].dtag = w->nr_spaces;
		w->nr_spaces++;
	}
	for (i = 0; i < 30 * w->nr_vms; i++)
		space_fill(w, &w->vms[below(w, w->nr_vms)].s2);
	for (i = 0; i < 40 * w->nr_spaces; i++)
		space_fill(w, &w->spaces[below(w, w->nr_spaces)]);
	for (i = 0; i < w->nr_vms; i++)
		vm_log(w, &w->vms[i]);
	if (s1 && GET(CORDON_CAP0_PASID, w->caps[1])) {
		for (i = 0; i < WORLD_PDIRS; i++) {
			int vm = nested && w->nr_vms && chance(w, 60) ?
				(int)below(w, w->nr_vms) : -1;

			pdir_build(w, &w->pdirs[w->nr_pdirs], vm);
			if (w->pdirs[w->nr_pdirs].nr)
				w->nr_pdirs++;
		}
	}

	levels = 1 + below(w, 3);
	w->root = dir_root(w, -1, levels);
	if (bits > 9 * levels)
		bits = 9 * levels;
	for (i = 0; i < WORLD_DEVICES && w->root; i++) {
		struct device *dev = &w->devices[w->nr_devices];

		dev->devid = low(w, chance(w, 60) ? bits : bits / 2 + 1);
		dev->devid &= (1U << bits) - 1;
		dev->pointer = dir_slot(w, -1, w->root, dev->devid);
		if (!dev->pointer || !world_context(w, dev))
			break;
		world_put(w, dev->pointer, dev->context | CORDON_PTR_V);
		w->nr_devices++;
	}
}

/* a larger root whose entry 0 is the old one (spec 3.2) */
void world_grow(struct world *w)
{
	unsigned int levels = w->root & CORDON_ROOT_LEVELS;
	uint64_t page;

	if (levels == CORDON_DIR_MAX_LEVELS)
		return;
	page = alloc(w, 4096, 4096);
	if (!page)
		return;
	world_put(w, page, (w->root & CORDON_ROOT_ADDR) | CORDON_PTR_V);
	w->root = page | (levels + 1);
}

void world_corrupt(struct world *w, unsigned int bits)
{
	while (bits-- && w->nr_dwords) {
		uint64_t at = w->dwords[below(w, w->nr_dwords)];

		poke(w, at, world_get(w, at) ^ BIT_ULL(below(w, 64)));
	}
}

/* pages that abort, among those in use */
void world_break_pages(struct world *w)
{
	unsigned int i = 1 + below(w, 2);

	while (i-- && w->nr_dwords)
		break_page(w, w->dwords[below(w, w->nr_dwords)],
			   chance(w, 75) ? PAGE_NO_WRITE : PAGE_NO_READ | PAGE_NO_WRITE);
}

void world_init(struct world *w, uint64_t seed)
{
	static const uint64_t size[] = { MAIN_SIZE, HIGH_SIZE };
	unsigned int i;

	memset(w, 0, sizeof(*w));
	w->rng = seed * 0x2545f4914f6cdd1dULL + 1;
	for (i = 0; i < WORLD_WINDOWS; i++) {
		w->win[i].size = size[i];
		w->win[i].mem = calloc(1, size[i]);
		w->win[i].flags = calloc(1, size[i] / 4096);
		if (!w->win[i].mem || !w->win[i].flags)
			abort();
	}
}

void world_again(struct world *w, uint64_t seed)
{
	struct window win[WORLD_WINDOWS];
	unsigned int i;
	uint64_t page;

	memcpy(win, w->win, sizeof(win));
	memset(w, 0, sizeof(*w));
	w->rng = seed * 0x2545f4914f6cdd1dULL + 1;
	for (i = 0; i < WORLD_WINDOWS; i++) {
		for (page = 0; page < win[i].size / 4096; page++)
			if (win[i].flags[page] & PAGE_TOUCHED)
				memset(win[i].mem + page * 512, 0, 4096);
		memset(win[i].flags, 0, win[i].size / 4096);
		win[i].used = 0;
		w->win[i] = win[i];
	}
}

void world_free(struct world *w)
{
	unsigned int i;

	for (i = 0; i < WORLD_WINDOWS; i++) {
		free(w->win[i].mem);
		free(w->win[i].flags);
	}
}
