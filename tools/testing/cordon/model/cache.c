// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: caches (spec 11.1) and what drops entries (spec 5.4).
 *
 * Everything that hardware may keep is kept, and nothing is thrown out but by
 * a collision: an invalidation that software forgets is then seen soon.
 */
#include "internal.h"

/* Indices of cm_caches.sizes, beside CM_SIZED_TLB() */
#define CM_SIZED_WALK(kind)	(2 + ((kind) == CM_KIND_S2))

/* Ranges of more probes than this are dropped by looking at each entry */
#define CM_PROBES_MAX		4096

#define CM_KEY_KIND		GENMASK_ULL(7, 0)
#define CM_KEY_SIZE		GENMASK_ULL(15, 8)
#define CM_KEY_VMTAG		GENMASK_ULL(31, 16)
#define CM_KEY_DTAG		GENMASK_ULL(55, 32)
/* of pointers: the size is the level, and this the device */
#define CM_KEY_DEVID		GENMASK_ULL(55, 32)

/* The entry of a key; else a free one of its set; else any of its set */
static void *cm_room(struct cm_caches *c, void *base, size_t size, unsigned int log2, uint64_t a,
		     uint64_t b)
{
	uint8_t *set = cm_set(base, size, log2, a, b), *p = cm_find(base, size, log2, a, b);
	unsigned int i;

	for (i = 0; !p && i < CM_WAYS; i++)
		if (!((struct cm_key *)(set + i * size))->b)
			p = set + i * size;
	if (!p)
		p = set + c->victim++ % CM_WAYS * size;
	return p;
}

static void cm_take(struct cm_key *key, uint64_t a, uint64_t b)
{
	key->a = a;
	key->b = b;
	key->stale_since = 0;
}

/* Translations and walk entries: count spans, so that look-ups need not guess */
static void cm_sized_free(struct cm_caches *c, unsigned int which, struct cm_key *key)
{
	unsigned int size = cm_get(CM_KEY_SIZE, key->b);

	if (!key->b)
		return;
	if (which < 2)
		which = CM_SIZED_TLB(cm_get(CM_KEY_KIND, key->b));
	else
		which = CM_SIZED_WALK(cm_get(CM_KEY_KIND, key->b));
	if (!--c->count[which][size])
		c->sizes[which] &= ~BIT_ULL(size);
	key->b = 0;
}

static void cm_sized_take(struct cm_caches *c, unsigned int which, struct cm_key *key, uint64_t a,
			  uint64_t b)
{
	unsigned int size = cm_get(CM_KEY_SIZE, b);

	cm_sized_free(c, which, key);
	cm_take(key, a, b);
	c->count[which][size]++;
	c->sizes[which] |= BIT_ULL(size);
}

void cm_tlb_fill(struct cordon_model *m, enum cm_kind kind, uint32_t vmtag, uint32_t dtag,
		 uint64_t addr, uint64_t root, uint16_t fmt, const struct cm_out *out)
{
	uint64_t a = addr & ~cm_mask(out->size);
	uint64_t b = cm_key_b(kind, out->size, vmtag, dtag);
	struct cm_caches *c = &m->caches;
	struct cm_tlb_entry *e;
	unsigned int size;

	/*
	 * A block that became pages, or pages that became a block: of several
	 * entries for one address exactly one is used (spec 4.4).
	 */
	while ((e = cm_tlb_find(m, kind, vmtag, dtag, addr, &size)))
		cm_sized_free(c, CM_SIZED_TLB(kind), &e->key);
	e = cm_room(c, c->tlb, sizeof(*e), CM_TLB_LOG2, a, b);
	cm_sized_take(c, CM_SIZED_TLB(kind), &e->key, a, b);
	e->out = out->addr & ~cm_mask(out->size);
	e->ipa = out->ipa & ~cm_mask(out->size);
	e->root = root;
	e->fmt = fmt;
	e->perm = out->perm;
	e->attr = out->attr;
	e->memattr = out->memattr;
	e->clean = out->clean;
}

struct cm_walk_entry *cm_walk_find(struct cordon_model *m, enum cm_kind kind, uint32_t vmtag,
				   uint32_t dtag, uint64_t addr, unsigned int span)
{
	if (!(m->caches.sizes[CM_SIZED_WALK(kind)] >> span & 1))
		return NULL;
	return cm_find(m->caches.walk, sizeof(struct cm_walk_entry), CM_WALK_LOG2,
		       addr & ~cm_mask(span), cm_key_b(kind, span, vmtag, dtag));
}

void cm_walk_fill(struct cordon_model *m, enum cm_kind kind, uint32_t vmtag, uint32_t dtag,
		  uint64_t addr, unsigned int span, uint64_t root, uint64_t table, uint8_t limits,
		  uint16_t fmt)
{
	uint64_t a = addr & ~cm_mask(span), b = cm_key_b(kind, span, vmtag, dtag);
	struct cm_caches *c = &m->caches;
	struct cm_walk_entry *e = cm_room(c, c->walk, sizeof(*e), CM_WALK_LOG2, a, b);

	cm_sized_take(c, CM_SIZED_WALK(kind), &e->key, a, b);
	e->root = root;
	e->table = table;
	e->fmt = fmt;
	e->limits = limits;
}

struct cm_dc_entry *cm_dc_fill(struct cordon_model *m, uint32_t devid)
{
	struct cm_caches *c = &m->caches;
	struct cm_dc_entry *e = cm_room(c, c->dc, sizeof(*e), CM_DC_LOG2, devid, CM_KIND_DC);

	cm_take(&e->key, devid, CM_KIND_DC);
	return e;
}

struct cm_pc_entry *cm_pc_find(struct cordon_model *m, uint32_t devid, uint32_t pasid)
{
	return cm_find(m->caches.pc, sizeof(struct cm_pc_entry), CM_PC_LOG2, pasid,
		       cm_key_b(CM_KIND_PC, 0, 0, devid));
}

struct cm_pc_entry *cm_pc_fill(struct cordon_model *m, uint32_t devid, uint32_t pasid)
{
	uint64_t b = cm_key_b(CM_KIND_PC, 0, 0, devid);
	struct cm_caches *c = &m->caches;
	struct cm_pc_entry *e = cm_room(c, c->pc, sizeof(*e), CM_PC_LOG2, pasid, b);

	cm_take(&e->key, pasid, b);
	return e;
}

struct cm_ptr_entry *cm_ptr_find(struct cordon_model *m, enum cm_kind kind, uint32_t devid,
				 uint32_t id, unsigned int level)
{
	return cm_find(m->caches.ptr, sizeof(struct cm_ptr_entry), CM_PTR_LOG2,
		       id >> (CORDON_DIR_BITS * level), cm_key_b(kind, level, 0, devid));
}

struct cm_ptr_entry *cm_ptr_fill(struct cordon_model *m, enum cm_kind kind, uint32_t devid,
				 uint32_t id, unsigned int level)
{
	uint64_t a = id >> (CORDON_DIR_BITS * level), b = cm_key_b(kind, level, 0, devid);
	struct cm_caches *c = &m->caches;
	struct cm_ptr_entry *e = cm_room(c, c->ptr, sizeof(*e), CM_PTR_LOG2, a, b);

	cm_take(&e->key, a, b);
	return e;
}

struct cm_logged_entry *cm_logged_find(struct cordon_model *m, uint32_t vmtag, uint64_t dlroot,
				       uint64_t ipa)
{
	struct cm_logged_entry *e;

	e = cm_find(m->caches.logged, sizeof(*e), CM_LOGGED_LOG2, ipa & ~cm_mask(12),
		    cm_key_b(CM_KIND_LOGGED, 12, vmtag, 0));
	return e && e->dlroot == dlroot ? e : NULL;
}

void cm_logged_fill(struct cordon_model *m, uint32_t vmtag, uint64_t dlroot, uint64_t ipa)
{
	uint64_t a = ipa & ~cm_mask(12), b = cm_key_b(CM_KIND_LOGGED, 12, vmtag, 0);
	struct cm_caches *c = &m->caches;
	struct cm_logged_entry *e = cm_room(c, c->logged, sizeof(*e), CM_LOGGED_LOG2, a, b);

	cm_take(&e->key, a, b);
	e->dlroot = dlroot;
}

/* Is anything between @lo and @lo + 2 ^ @size - 1 in [@first, @last]? */
static bool cm_meets(uint64_t lo, unsigned int size, uint64_t first, uint64_t last)
{
	return lo <= last && (lo | cm_mask(size)) >= first;
}

/* Drop what matches @val under @mask and meets the range, looking at each entry */
static void cm_sized_scan(struct cm_caches *c, unsigned int which, uint64_t mask, uint64_t val,
			  uint64_t first, uint64_t last)
{
	size_t size = which < 2 ? sizeof(c->tlb[0]) : sizeof(c->walk[0]);
	size_t n = which < 2 ? sizeof(c->tlb) / size : sizeof(c->walk) / size;
	uint8_t *p = which < 2 ? (uint8_t *)c->tlb : (uint8_t *)c->walk;
	struct cm_key *key;

	for (; n--; p += size) {
		key = (struct cm_key *)p;
		if (key->b && (key->b & mask) == val &&
		    cm_meets(key->a, cm_get(CM_KEY_SIZE, key->b), first, last))
			cm_sized_free(c, which, key);
	}
}

/* Drop a range of one pair of tags, by probes if they are few */
static void cm_sized_range(struct cm_caches *c, unsigned int which, enum cm_kind kind,
			   uint32_t vmtag, uint32_t dtag, uint64_t first, uint64_t last)
{
	uint64_t sizes, probes = 0, a, n;
	void *base = which < 2 ? (void *)c->tlb : (void *)c->walk;
	size_t size = which < 2 ? sizeof(c->tlb[0]) : sizeof(c->walk[0]);
	unsigned int log2 = which < 2 ? CM_TLB_LOG2 : CM_WALK_LOG2;
	struct cm_key *key;
	unsigned int s;

	for (sizes = c->sizes[which]; sizes; sizes &= sizes - 1) {
		s = __builtin_ctzll(sizes);
		probes += (last >> s) - (first >> s) + 1;
		if (probes > CM_PROBES_MAX) {
			cm_sized_scan(c, which, ~CM_KEY_SIZE, cm_key_b(kind, 0, vmtag, dtag),
				      first, last);
			return;
		}
	}
	for (sizes = c->sizes[which]; sizes; sizes &= sizes - 1) {
		s = __builtin_ctzll(sizes);
		n = (last >> s) - (first >> s) + 1;
		for (a = first & ~cm_mask(s); n--; a += BIT_ULL(s)) {
			key = cm_find(base, size, log2, a, cm_key_b(kind, s, vmtag, dtag));
			if (key)
				cm_sized_free(c, which, key);
		}
	}
}

static void cm_logged_drop(struct cm_caches *c, uint32_t vmtag)
{
	unsigned int i;

	for (i = 0; i < CM_WAYS << CM_LOGGED_LOG2; i++) {
		struct cm_key *key = &c->logged[i].key;

		if (key->b && cm_get(CM_KEY_VMTAG, key->b) == vmtag)
			key->b = 0;
	}
}

/**
 * cm_inv_all() - drop everything (spec 5.4.2, 10.3)
 * @m: model
 */
void cm_inv_all(struct cordon_model *m)
{
	memset(&m->caches, 0, sizeof(m->caches));
}

/* Drop process contexts and pointers of process directories that @drop picks */
static void cm_process_drop(struct cm_caches *c, uint32_t dev_first, uint32_t dev_last,
			    uint32_t first, uint32_t last, bool leaf)
{
	unsigned int i, level, shift;
	struct cm_key *key;
	uint64_t devid;

	for (i = 0; i < CM_WAYS << CM_PC_LOG2; i++) {
		key = &c->pc[i].key;
		devid = cm_get(CM_KEY_DEVID, key->b);
		if (key->b && devid >= dev_first && devid <= dev_last && key->a >= first &&
		    key->a <= last)
			key->b = 0;
	}
	for (i = 0; i < CM_WAYS << CM_PTR_LOG2; i++) {
		key = &c->ptr[i].key;
		devid = cm_get(CM_KEY_DEVID, key->b);
		level = cm_get(CM_KEY_SIZE, key->b);
		shift = CORDON_DIR_BITS * level;
		if (cm_get(CM_KEY_KIND, key->b) == CM_KIND_PD_PTR && devid >= dev_first &&
		    devid <= dev_last && (!level || !leaf) &&
		    cm_meets(key->a << shift, shift, first, last))
			key->b = 0;
	}
}

/**
 * cm_inv_device() - drop device contexts, and all process contexts of them (spec 5.4.3)
 * @m: model
 * @first: first DeviceID
 * @last: last DeviceID
 * @leaf: keep pointers above level 0
 */
void cm_inv_device(struct cordon_model *m, uint32_t first, uint32_t last, bool leaf)
{
	struct cm_caches *c = &m->caches;
	unsigned int i, level, shift;
	struct cm_key *key;

	for (i = 0; i < CM_WAYS << CM_DC_LOG2; i++) {
		key = &c->dc[i].key;
		if (key->b && key->a >= first && key->a <= last)
			key->b = 0;
	}
	for (i = 0; i < CM_WAYS << CM_PTR_LOG2; i++) {
		key = &c->ptr[i].key;
		level = cm_get(CM_KEY_SIZE, key->b);
		shift = CORDON_DIR_BITS * level;
		if (cm_get(CM_KEY_KIND, key->b) == CM_KIND_DD_PTR && (!level || !leaf) &&
		    cm_meets(key->a << shift, shift, first, last))
			key->b = 0;
	}
	cm_process_drop(c, first, last, 0, ~0U, false);
}

/**
 * cm_inv_process() - drop process contexts of a device (spec 5.4.4)
 * @m: model
 * @devid: DeviceID
 * @first: first PASID
 * @last: last PASID
 * @leaf: keep pointers above level 0
 */
void cm_inv_process(struct cordon_model *m, uint32_t devid, uint32_t first, uint32_t last,
		    bool leaf)
{
	cm_process_drop(&m->caches, devid, devid, first, last, leaf);
}

/**
 * cm_inv_range() - drop translations of a stage-1 table (spec 5.4.5)
 * @m: model
 * @vmtag: VM tag
 * @dtag: domain tag
 * @first: first input address
 * @last: last input address
 * @leaf: keep walk entries
 */
void cm_inv_range(struct cordon_model *m, uint32_t vmtag, uint32_t dtag, uint64_t first,
		  uint64_t last, bool leaf)
{
	struct cm_caches *c = &m->caches;

	cm_sized_range(c, CM_SIZED_TLB(CM_KIND_S1), CM_KIND_S1, vmtag, dtag, first, last);
	if (!leaf)
		cm_sized_range(c, CM_SIZED_WALK(CM_KIND_S1), CM_KIND_S1, vmtag, dtag, first, last);
}

/**
 * cm_inv_vmtag() - drop everything of a VM tag (spec 5.4.7)
 * @m: model
 * @vmtag: VM tag
 */
void cm_inv_vmtag(struct cordon_model *m, uint32_t vmtag)
{
	uint64_t val = cm_put(CM_KEY_VMTAG, vmtag);

	cm_sized_scan(&m->caches, 0, CM_KEY_VMTAG, val, 0, ~0ULL);
	cm_sized_scan(&m->caches, 2, CM_KEY_VMTAG, val, 0, ~0ULL);
	cm_logged_drop(&m->caches, vmtag);
}

/**
 * cm_inv_s2range() - drop translations of a stage-2 table and what rests on them (spec 5.4.8)
 * @m: model
 * @vmtag: VM tag
 * @first: first IPA
 * @last: last IPA
 * @leaf: keep walk entries of stage 2
 */
void cm_inv_s2range(struct cordon_model *m, uint32_t vmtag, uint64_t first, uint64_t last,
		    bool leaf)
{
	uint64_t val = cm_key_b(CM_KIND_S1, 0, vmtag, 0);
	struct cm_caches *c = &m->caches;
	unsigned int i;

	cm_sized_range(c, CM_SIZED_TLB(CM_KIND_S2), CM_KIND_S2, vmtag, 0, first, last);
	if (!leaf)
		cm_sized_range(c, CM_SIZED_WALK(CM_KIND_S2), CM_KIND_S2, vmtag, 0, first, last);
	/* without any of stage 1, as where software uses stage 2 alone, nothing rests on them */
	if (c->sizes[CM_SIZED_TLB(CM_KIND_S1)])
		cm_sized_scan(c, 0, CM_KEY_KIND | CM_KEY_VMTAG, val, 0, ~0ULL);
	if (c->sizes[CM_SIZED_WALK(CM_KIND_S1)])
		cm_sized_scan(c, 2, CM_KEY_KIND | CM_KEY_VMTAG, val, 0, ~0ULL);
	cm_logged_drop(c, vmtag);
	for (i = 0; i < CM_WAYS << CM_PC_LOG2; i++)
		if (c->pc[i].guest && c->pc[i].vmtag == vmtag)
			c->pc[i].key.b = 0;
	for (i = 0; i < CM_WAYS << CM_PTR_LOG2; i++)
		if (c->ptr[i].guest && c->ptr[i].vmtag == vmtag)
			c->ptr[i].key.b = 0;
}

/**
 * cm_stale() - a cached entry has been compared with memory
 * @op: the request that uses it
 * @key: the entry
 * @stale: memory no longer backs it
 * @what: what it is
 * @addr: of it
 *
 * A stale one is counted and reported, unless it has been stale for no longer
 * than &cordon_config.stale_grace ticks.
 */
void cm_stale(struct cm_op *op, struct cm_key *key, bool stale, const char *what, uint64_t addr)
{
	struct cordon_model *m = op->m;
	struct cm_text t;
	uint64_t now;

	if (op->quiet)
		return;
	if (!stale) {
		key->stale_since = 0;
		return;
	}
	now = cm_now(m);
	if (m->cfg.stale_grace) {
		/* zero means not stale */
		if (!key->stale_since)
			key->stale_since = now ? now : 1;
		if (now - key->stale_since <= m->cfg.stale_grace)
			return;
	}
	m->stats.stale++;
	cm_text_init(&t, "DeviceID");
	cm_text_hex(&t, " ", op->req->devid);
	if (op->req->pv)
		cm_text_hex(&t, " PASID ", op->req->pasid);
	cm_text_hex(&t, " at address ", op->req->addr);
	cm_text_str(&t, " used a cached ");
	cm_text_str(&t, what);
	cm_text_hex(&t, " (", addr);
	cm_text_str(&t, ") that memory no longer backs: an invalidation is missing.");
	cm_violation(m, CORDON_VIOLATION_STALE, &t);
}
