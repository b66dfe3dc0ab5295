// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: table walks of stage 1 and stage 2 (spec 4.4 to 4.6)
 * and the dirty log (spec 4.7).
 */
#include "internal.h"

/* bits of descriptors */
#define CM_D_VALID		BIT_ULL(0)
#define CM_D_TABLE		BIT_ULL(1)
#define CM_D_ATTRINDX		GENMASK_ULL(4, 2)
#define CM_D_MEMATTR		GENMASK_ULL(5, 2)
#define CM_D_AP1		BIT_ULL(6)	/* stage 1: unprivileged access */
#define CM_D_AP2		BIT_ULL(7)	/* stage 1: read-only, or clean */
#define CM_D_S2R		BIT_ULL(6)
#define CM_D_S2W		BIT_ULL(7)
#define CM_D_AF			BIT_ULL(10)
#define CM_D_DBM		BIT_ULL(51)
#define CM_D_PXN		BIT_ULL(53)
#define CM_D_UXN		BIT_ULL(54)	/* stage 2: XN */

/* limits of table descriptors, from bit 59 up */
#define CM_D_LIMITS		GENMASK_ULL(62, 59)
#define CM_LIMIT_PXN		0x1
#define CM_LIMIT_UXN		0x2
#define CM_LIMIT_UNPRIV		0x4
#define CM_LIMIT_WRITE		0x8

#define CM_LEVELS		5

/* A table to walk, and what is wanted of it */
struct cm_table {
	const struct cm_fmt *f;
	enum cm_kind kind;
	uint8_t stage;
	bool nested;		/* descriptors are read through stage 2 */
	bool walk;		/* the unit's own access, on behalf of the request */
	bool r, w, x, priv;
	bool any;		/* a read of zero length: either right is enough */
	bool partial;		/* some of what is wanted is enough (ATS) */
	uint16_t fmt;		/* what entries are keyed by beside tags (spec 11.1) */
	uint32_t vmtag, dtag;
	uint64_t root;
	uint64_t context;	/* PA of the context that names it */
};

static bool cm_walk(struct cm_op *op, const struct cm_table *t, uint64_t addr,
		    struct cm_out *out);

/* A descriptor on the way: @ipa is its address as the walker knows it */
struct cm_step {
	uint64_t ipa, pa, desc;
	uint64_t table;
	unsigned int span;
	uint8_t limits;
	bool set_af;
};

/**
 * cm_deny() - note a fault
 * @op: request
 * @reason: CORDON_REASON_*
 * @stage: 0 to 2
 * @level: as CORDON_FAULT_LEVEL: level plus one, or CORDON_LEVEL_NONE
 * @where: PA of what decided
 *
 * Return: false, so that callers can return it.
 */
bool cm_deny(struct cm_op *op, uint8_t reason, uint8_t stage, int level, uint64_t where)
{
	op->reason = reason;
	op->stage = stage;
	op->level = (uint8_t)level;
	op->where = where;
	return false;
}

static bool cm_walk_deny(struct cm_op *op, const struct cm_table *t, uint64_t addr,
			 uint8_t reason, int level, uint64_t where)
{
	if (t->stage == 2) {
		op->ipa = addr;
		op->have_ipa = true;
		op->walk = t->walk;
	}
	return cm_deny(op, reason, t->stage, level, where);
}

static bool cm_block_allowed(const struct cm_fmt *f, int level)
{
	switch (f->g) {
	case 12:
		return level == 1 || level == 2 || (level == 0 && f->ds);
	case 14:
		return level == 2 || (level == 1 && f->ds);
	default:
		return level == 2 || (level == 1 && f->out_bits == 52);
	}
}

static uint64_t cm_desc_addr(const struct cm_fmt *f, uint64_t d)
{
	if (f->ds)
		return (d & GENMASK_ULL(49, 12) & ~cm_mask(f->g)) | (d >> 8 & 3) << 50;
	if (f->g == 16 && f->out_bits == 52)
		return (d & GENMASK_ULL(47, 16)) | (d >> 12 & 0xf) << 48;
	return d & GENMASK_ULL(47, 12) & ~cm_mask(f->g);
}

/* The address that a block or page gives; what lies below its size is ignored */
static uint64_t cm_leaf_addr(const struct cm_fmt *f, uint64_t d, uint64_t addr, int level)
{
	uint64_t mask = cm_mask(cm_span(f, level));

	return (cm_desc_addr(f, d) & ~mask) | (addr & mask);
}

/* spec 4.4, permissions */
static uint8_t cm_perm_s1(const struct cm_fmt *f, uint64_t d, uint8_t limits, bool *clean)
{
	bool dbm = f->hd && (d & CM_D_DBM);
	bool writable = (!(d & CM_D_AP2) || dbm) && !(limits & CM_LIMIT_WRITE);
	uint8_t perm = CM_PR;

	if ((d & CM_D_AP1) && !(limits & CM_LIMIT_UNPRIV))
		perm |= CM_UR;
	if (writable)
		perm |= perm & CM_UR ? CM_PW | CM_UW : CM_PW;
	if ((perm & CM_UR) && !(d & CM_D_UXN) && !(limits & CM_LIMIT_UXN))
		perm |= CM_UX;
	if (!(perm & CM_UW) && !(d & CM_D_PXN) && !(limits & CM_LIMIT_PXN))
		perm |= CM_PX;
	*clean = writable && dbm && (d & CM_D_AP2);
	return perm;
}

/* spec 4.5 */
static uint8_t cm_perm_s2(const struct cm_fmt *f, uint64_t d, bool *clean)
{
	bool dbm = f->hd && (d & CM_D_DBM);
	uint8_t perm = 0;

	if (d & CM_D_S2R)
		perm |= CM_UR | CM_PR;
	if ((d & CM_D_S2W) || dbm)
		perm |= CM_UW | CM_PW;
	if ((d & CM_D_S2R) && !(d & CM_D_UXN))
		perm |= CM_UX | CM_PX;
	*clean = dbm && !(d & CM_D_S2W);
	return perm;
}

static uint8_t cm_attr_s1(const struct cordon_model *m, const struct cm_fmt *f, uint64_t d)
{
	uint8_t attr = m->mair[f->mair] >> 8 * cm_get(CM_D_ATTRINDX, d);

	if (!(attr & 0xf0))
		return CM_ATTR_DEVICE;
	return attr == 0x44 ? CM_ATTR_NC : CM_ATTR_WB;
}

/**
 * cm_attr_combine() - memory attribute of two stages (spec 4.6)
 * @s1: that of stage 1, CM_ATTR_*
 * @memattr: MemAttr of stage 2
 * @fwb: MemAttr is forced write-back
 *
 * Return: CM_ATTR_*.
 */
uint8_t cm_attr_combine(uint8_t s1, uint8_t memattr, bool fwb)
{
	uint8_t s2;

	if (!(memattr & 0xc))
		s2 = CM_ATTR_DEVICE;
	else if (memattr == 0x5)
		s2 = CM_ATTR_NC;
	else
		s2 = CM_ATTR_WB;
	if (s2 == CM_ATTR_WB && fwb && memattr != 0x7)
		return CM_ATTR_WB;
	/* the values are in order of weakness */
	return s1 < s2 ? s1 : s2;
}

/* Is what is wanted there, or with @partial some of it? */
static __always_inline bool cm_wanted(const struct cm_table *t, bool partial, uint8_t perm)
{
	uint8_t r = t->priv ? CM_PR : CM_UR, w = t->priv ? CM_PW : CM_UW;
	uint8_t x = t->priv ? CM_PX : CM_UX;

	if (t->any)
		return perm & (r | w);
	if (partial)
		return (t->r && (perm & r)) || (t->w && (perm & w)) || (t->x && (perm & x));
	return (!t->r || (perm & r)) && (!t->w || (perm & w)) && (!t->x || (perm & x));
}

/* The unit's own accesses go to Normal memory only (spec 1.3) */
static bool cm_own_device(const struct cm_table *t, uint8_t memattr)
{
	return t->stage == 2 && t->walk &&
	       cm_attr_combine(CM_ATTR_WB, memattr, t->f->fwb) == CM_ATTR_DEVICE;
}

/* Read a descriptor, through stage 2 if that takes part */
static bool cm_desc_read(struct cm_op *op, const struct cm_table *t, uint64_t input,
			 uint64_t addr, int level, struct cm_step *s)
{
	struct cordon_model *m = op->m;
	struct cm_text text;
	struct cm_out out;

	s->ipa = addr;
	s->pa = addr;
	if (t->nested) {
		if (!cm_stage2(op, addr, true, false, false, true, &out))
			return false;
		s->pa = out.addr;
	}
	if (!op->quiet)
		cm_count(m, CORDON_EVENT_WALK_READS, op);
	if (!op->exact && cm_injected(m, CORDON_ABORT_TABLE)) {
		if (!op->quiet && !t->nested)
			cm_error(m, CORDON_ERROR_FETCH, s->pa);
		return cm_walk_deny(op, t, input, CORDON_REASON_TABLE_FETCH, level + 1, s->pa);
	}
	if (!cm_read64(m, s->pa, &s->desc))
		return true;
	if (!op->quiet && !t->nested) {
		cm_error(m, CORDON_ERROR_FETCH, s->pa);
		cm_text_init(&text, "Reading a table descriptor");
		cm_text_hex(&text, " at ", s->pa);
		cm_text_hex(&text, " for DeviceID ", op->req->devid);
		cm_text_str(&text, " aborted.");
		cm_violation(m, CORDON_VIOLATION_STRUCTURE, &text);
	}
	return cm_walk_deny(op, t, input, CORDON_REASON_TABLE_FETCH, level + 1, s->pa);
}

/*
 * Replace a descriptor by @val (spec 4.4, updates). Returns false with the fault
 * noted; *@again if it has changed meanwhile.
 */
static bool cm_desc_update(struct cm_op *op, const struct cm_table *t, uint64_t input,
			   const struct cm_step *s, uint64_t val, int level, bool *again)
{
	uint64_t pa = s->pa, old = s->desc;
	struct cm_out out;

	if (val == s->desc)
		return true;
	if (t->nested) {
		if (!cm_stage2(op, s->ipa, false, true, false, true, &out))
			return false;
		if ((op->dc->cfg & CORDON_DC_DIRTY) && !cm_log(op, s->ipa, true))
			return false;
		pa = out.addr;
	}
	if (!op->update)
		return true;
	if (op->m->ops.cas(op->m->opaque, pa, &old, val))
		return cm_walk_deny(op, t, input, CORDON_REASON_TABLE_UPDATE, level + 1, pa);
	if (old == s->desc)
		return true;
	if (op->restarts++ >= CM_RESTARTS)
		return cm_walk_deny(op, t, input, CORDON_REASON_TABLE_UPDATE, level + 1, pa);
	*again = true;
	return true;
}

/* What a search for a table descriptor, in place of a leaf, met */
enum cm_met { CM_MET_NOTHING, CM_MET_TABLE, CM_MET_LEAF };

/* Walk from memory to the table descriptor at @level: which table does it name? */
static enum cm_met cm_table_at(struct cm_op *op, const struct cm_table *t, uint64_t addr,
			       int level, uint64_t *table)
{
	const struct cm_fmt *f = t->f;
	struct cm_step s;
	int l;

	*table = t->root & CORDON_TTB_ADDR;
	for (l = f->start; l <= level; l++) {
		uint64_t index = addr >> cm_span(f, l);

		if (l != f->start)
			index &= cm_mask(f->b);
		if (!cm_desc_read(op, t, addr, *table + 8 * index, l, &s) ||
		    !(s.desc & CM_D_VALID))
			return CM_MET_NOTHING;
		if (!(s.desc & CM_D_TABLE))
			return cm_block_allowed(f, l) ? CM_MET_LEAF : CM_MET_NOTHING;
		*table = cm_desc_addr(f, s.desc);
	}
	return CM_MET_TABLE;
}

static void cm_same_table(struct cm_op *op, const char *what, uint32_t vmtag, uint32_t dtag)
{
	struct cm_text t;

	cm_text_init(&t, "DeviceID");
	cm_text_hex(&t, " ", op->req->devid);
	cm_text_str(&t, " uses a ");
	cm_text_str(&t, what);
	cm_text_hex(&t, " of VM tag ", vmtag);
	cm_text_hex(&t, " domain tag ", dtag);
	cm_text_str(&t, " that was made from another table: tags are shared, or were reused.");
	cm_violation(op->m, CORDON_VIOLATION_RULE, &t);
}

/* The deepest cached table descriptor; in checking mode, compared with memory */
static struct cm_walk_entry *cm_walk_start(struct cm_op *op, const struct cm_table *t,
					   uint64_t addr, int *level, bool *stale)
{
	struct cm_walk_entry *e;
	struct cm_op fresh;
	enum cm_met met;
	uint64_t table;
	int l;

	for (l = 2; l >= t->f->start; l--) {
		e = cm_walk_find(op->m, t->kind, t->vmtag, t->dtag, addr, cm_span(t->f, l));
		if (!e || e->fmt != t->fmt)
			continue;
		op->used = true;
		*level = l + 1;
		if (!op->m->cfg.check_stale || op->quiet)
			return e;
		if (e->root != t->root) {
			cm_same_table(op, "table descriptor", t->vmtag, t->dtag);
			return e;
		}
		cm_op_init(&fresh, op->m, op->req);
		fresh.quiet = true;
		fresh.exact = true;
		fresh.dc = op->dc;
		fresh.pc = op->pc;
		met = cm_table_at(&fresh, t, addr, l, &table);
		/* a block in its place may be equivalent: the leaf will tell */
		*stale = met == CM_MET_NOTHING || (met == CM_MET_TABLE && table != e->table);
		return e;
	}
	return NULL;
}

/* Is a cached translation more than what memory gives? */
static bool cm_more(uint64_t addr, uint8_t perm, bool clean, const struct cm_out *now)
{
	return addr != now->addr || (perm & ~now->perm) || (!clean && now->clean);
}

/* What this table gives for an address, past the caches and without side effects */
static bool cm_walk_fresh(struct cm_op *op, const struct cm_table *t, uint64_t addr,
			  bool both, struct cm_out *now)
{
	struct cm_table all = *t;
	struct cm_op fresh;
	struct cm_out s2;

	cm_op_init(&fresh, op->m, op->req);
	fresh.quiet = true;
	fresh.peek = true;
	fresh.exact = true;
	fresh.dc = op->dc;
	fresh.pc = op->pc;
	all.r = false;
	all.w = false;
	all.x = false;
	all.any = false;
	all.partial = false;
	if (!cm_walk(&fresh, &all, addr, now))
		return false;
	if (!both || !t->nested)
		return true;
	if (!cm_stage2(&fresh, now->addr, false, false, false, false, &s2))
		return false;
	now->addr = s2.addr;
	now->perm &= s2.perm;
	now->clean = (now->clean || s2.clean) && (now->perm & (CM_UW | CM_PW));
	return true;
}

/* The leaf that was found: check it, set flags, and say what it gives */
static bool cm_walk_leaf(struct cm_op *op, const struct cm_table *t, uint64_t addr, int level,
			 struct cm_step *steps, unsigned int n, struct cm_out *out, bool *again)
{
	const struct cm_fmt *f = t->f;
	struct cm_step *s = &steps[n - 1];
	uint64_t d = s->desc, val = d;
	unsigned int i;

	/* a block may reach beyond the output size: no answer does */
	out->size = cm_span(f, level);
	if (out->size > f->out_bits)
		out->size = f->out_bits;
	out->where = s->pa;
	out->addr = cm_leaf_addr(f, d, addr, level);
	out->ipa = t->stage == 2 ? addr : 0;
	if (t->stage == 1) {
		out->perm = cm_perm_s1(f, d, s->limits, &out->clean);
		out->attr = cm_attr_s1(op->m, f, d);
		out->memattr = 0;
	} else {
		out->perm = cm_perm_s2(f, d, &out->clean);
		out->attr = CM_ATTR_WB;
		out->memattr = cm_get(CM_D_MEMATTR, d);
	}
	if (!(d & CM_D_AF) && !f->ha)
		return cm_walk_deny(op, t, addr, CORDON_REASON_ACCESS_FLAG, level + 1, s->pa);
	if (!cm_wanted(t, t->partial, out->perm) || cm_own_device(t, out->memattr))
		return cm_walk_deny(op, t, addr, CORDON_REASON_PERMISSION, level + 1, s->pa);
	if (op->update || op->foresee) {
		for (i = 0; i + 1 < n; i++)
			if (steps[i].set_af &&
			    (!cm_desc_update(op, t, addr, &steps[i], steps[i].desc | CM_D_AF,
					     level - (int)(n - 1 - i), again) || *again))
				return !op->reason;
		if (f->ha)
			val |= CM_D_AF;
		if (t->w && out->clean && (out->perm & (t->priv ? CM_PW : CM_UW)))
			val = t->stage == 1 ? val & ~CM_D_AP2 : val | CM_D_S2W;
		if (!cm_desc_update(op, t, addr, s, val, level, again))
			return false;
		if (*again)
			return true;
		if (op->update && ((val ^ d) & CM_D_AP2))
			out->clean = false;
	}
	/*
	 * The contiguous hint is not taken: one entry for the group may not say more
	 * than all its descriptors agree on (spec 11.1), and reading them costs more
	 * than it saves.
	 */
	return true;
}

/* spec 4.4 and 4.5: one walk; false with the fault noted */
static bool cm_walk_once(struct cm_op *op, const struct cm_table *t, uint64_t addr,
			 struct cm_out *out, bool *again)
{
	const struct cm_fmt *f = t->f;
	uint64_t table = t->root & CORDON_TTB_ADDR, index;
	struct cm_step steps[CM_LEVELS], *s;
	struct cm_walk_entry *e = NULL;
	unsigned int n = 0, i;
	int level = f->start;
	uint8_t limits = 0;
	bool stale = false, leaf;

	if (op->cached)
		e = cm_walk_start(op, t, addr, &level, &stale);
	if (e) {
		table = e->table;
		limits = e->limits;
	}
	for (;; level++) {
		s = &steps[n++];
		index = addr >> cm_span(f, level);
		if (level != f->start)
			index &= cm_mask(f->b);
		if (!cm_desc_read(op, t, addr, table + 8 * index, level, s))
			return false;
		if (!(s->desc & CM_D_VALID) ||
		    (!(s->desc & CM_D_TABLE) && !cm_block_allowed(f, level)))
			return cm_walk_deny(op, t, addr, CORDON_REASON_TRANSLATION, level + 1,
					    s->pa);
		leaf = level == 3 || !(s->desc & CM_D_TABLE);
		/* of a leaf the address that results has to fit, not the one of its span */
		if (!cm_fits(leaf ? cm_leaf_addr(f, s->desc, addr, level) :
			     cm_desc_addr(f, s->desc), f->out_bits))
			return cm_walk_deny(op, t, addr, CORDON_REASON_OUTPUT_SIZE, level + 1,
					    s->pa);
		s->limits = limits;
		if (leaf)
			break;
		if (t->stage == 1)
			limits |= cm_get(CM_D_LIMITS, s->desc);
		s->limits = limits;
		s->set_af = f->haft && !(s->desc & CM_D_AF);
		s->span = cm_span(f, level);
		s->table = cm_desc_addr(f, s->desc);
		table = s->table;
	}
	if (!cm_walk_leaf(op, t, addr, level, steps, n, out, again))
		return false;
	if (*again)
		return true;
	/* what was reached through a cached table descriptor may no longer be there */
	if (e && op->m->cfg.check_stale && !op->quiet && e->root == t->root) {
		struct cm_out now;

		stale = stale || !cm_walk_fresh(op, t, addr, false, &now) ||
			cm_more(out->addr, out->perm, out->clean, &now);
		cm_stale(op, &e->key, stale, "table descriptor", e->table);
	}
	if (!op->fill)
		return true;
	for (i = 0; i + 1 < n; i++)
		cm_walk_fill(op->m, t->kind, t->vmtag, t->dtag, addr, steps[i].span, t->root,
			     steps[i].table, steps[i].limits, t->fmt);
	return true;
}

static bool cm_walk(struct cm_op *op, const struct cm_table *t, uint64_t addr, struct cm_out *out)
{
	bool again;

	if (!cm_fits(addr, t->f->n))
		return cm_walk_deny(op, t, addr, CORDON_REASON_INPUT_SIZE, CORDON_LEVEL_NONE,
				    t->context);
	if (!op->quiet)
		cm_count(op->m, CORDON_EVENT_WALKS, op);
	/* a descriptor that is rewritten each time that it is read stops no request for long */
	do {
		again = false;
		if (!cm_walk_once(op, t, addr, out, &again))
			return false;
	} while (again);
	return true;
}

static void cm_tlb_check(struct cm_op *op, struct cm_tlb_entry *e, unsigned int size,
			 const struct cm_table *t, uint64_t addr)
{
	struct cm_out now;

	if (op->quiet)
		return;
	if (e->root != t->root) {
		cm_same_table(op, "translation", t->vmtag, t->dtag);
		return;
	}
	cm_stale(op, &e->key, !cm_walk_fresh(op, t, addr, true, &now) ||
		 cm_more(e->out | (addr & cm_mask(size)), e->perm, e->clean, &now),
		 t->stage == 1 ? "translation" : "translation of stage 2", addr);
}

/*
 * Look a translation up; false if there is none, or not with the rights that are
 * wanted. Inline, so that of a table that is not walked nothing need be in memory.
 */
static __always_inline bool cm_lookup(struct cm_op *op, const struct cm_table *t, uint64_t addr,
				      struct cm_out *out)
{
	struct cm_tlb_entry *e;
	unsigned int size;

	e = cm_tlb_find(op->m, t->kind, t->vmtag, t->dtag, addr, &size);
	if (!e || e->fmt != t->fmt)
		return false;
	/* what an entry does not grant, memory has to refuse, also to ATS */
	if (!cm_wanted(t, false, e->perm) || (t->w && e->clean) || cm_own_device(t, e->memattr))
		return false;
	op->used = true;
	if (op->m->cfg.check_stale) {
		struct cm_table walked = *t;

		cm_tlb_check(op, e, size, &walked, addr);
	}
	out->addr = e->out | (addr & cm_mask(size));
	out->ipa = e->ipa | (addr & cm_mask(size));
	out->where = 0;
	out->size = size;
	out->perm = e->perm;
	out->attr = e->attr;
	out->memattr = e->memattr;
	out->clean = e->clean;
	return true;
}

/**
 * cm_stage2() - translate an IPA (spec 4.5)
 * @op: request; @op->dc names the table
 * @ipa: IPA
 * @r: for reading
 * @w: for writing
 * @x: for execution
 * @walk: it is the unit's own access on behalf of the request
 * @out: result
 *
 * Return: false with the fault noted in @op.
 */
bool cm_stage2(struct cm_op *op, uint64_t ipa, bool r, bool w, bool x, bool walk,
	       struct cm_out *out)
{
	const struct cm_dc *dc = op->dc;
	struct cm_table t = {
		.f = &dc->s2, .kind = CM_KIND_S2, .stage = 2, .walk = walk, .r = r, .w = w, .x = x,
		.vmtag = dc->vmtag, .root = dc->s2root, .context = dc->own.where,
		.any = !r && !w && !x && !op->peek,
		.partial = !walk && op->req->type == CORDON_TYPE_ATS && (r || w || x),
		.fmt = dc->s2.key,
	};

	if (!walk)
		op->walked = true;
	if (op->cached && cm_lookup(op, &t, ipa, out)) {
		if (!walk)
			op->hit = true;
		return true;
	}
	if (!cm_walk(op, &t, ipa, out))
		return false;
	if (op->fill)
		cm_tlb_fill(op->m, CM_KIND_S2, dc->vmtag, 0, ipa, dc->s2root, t.fmt, out);
	return true;
}

static bool cm_goes_on(const struct cm_table *t, uint8_t perm, uint8_t user, uint8_t priv)
{
	return !t->partial || (perm & (t->priv ? priv : user));
}

/* Stage 2 of what stage 1 gave; false with the fault noted */
static bool cm_stage1_nested(struct cm_op *op, const struct cm_table *t, struct cm_out *out)
{
	struct cm_out s2;

	op->hit = false;
	/* of what ATS asks for, the rights that stage 1 gives go on to stage 2 */
	if (!cm_stage2(op, out->addr, op->r && cm_goes_on(t, out->perm, CM_UR, CM_PR),
		       op->w && cm_goes_on(t, out->perm, CM_UW, CM_PW),
		       op->x && cm_goes_on(t, out->perm, CM_UX, CM_PX), false, &s2))
		return false;
	op->hit = false;
	out->ipa = out->addr;
	out->addr = s2.addr;
	out->where = s2.where;
	if (s2.size < out->size)
		out->size = s2.size;
	out->perm &= s2.perm;
	out->clean = (out->clean || s2.clean) && (out->perm & (CM_UW | CM_PW));
	/* how they combine is the context's policy, and not cached */
	out->memattr = s2.memattr;
	op->ipa = out->ipa;
	op->have_ipa = true;
	return true;
}

static __always_inline struct cm_table cm_stage1_table(const struct cm_op *op)
{
	const struct cm_dc *dc = op->dc;

	return (struct cm_table) {
		.f = &op->pc->s1, .kind = CM_KIND_S1, .stage = 1,
		.nested = dc->cfg & CORDON_DC_S2, .r = op->r, .w = op->w, .x = op->x,
		.priv = op->priv, .vmtag = dc->vmtag, .dtag = op->pc->dtag,
		.root = op->pc->s1root, .context = op->pc->where,
		.any = !op->r && !op->w && !op->x,
		.partial = op->req->type == CORDON_TYPE_ATS,
		.fmt = op->pc->s1.key,
	};
}

/* What is not cached; false with the fault noted */
static bool cm_stage1_walk(struct cm_op *op, uint64_t addr, struct cm_out *out)
{
	struct cm_table t = cm_stage1_table(op);

	if (!cm_walk(op, &t, addr, out))
		return false;
	if (t.nested && !cm_stage1_nested(op, &t, out))
		return false;
	if (op->fill)
		cm_tlb_fill(op->m, CM_KIND_S1, t.vmtag, t.dtag, addr, t.root, t.fmt, out);
	return true;
}

/**
 * cm_stage1() - translate by stage 1, and by stage 2 if that takes part (spec 4.4, 4.5)
 * @op: request; @op->pc names the table
 * @addr: input address
 * @out: result; @out->ipa is the intermediate address
 *
 * Return: false with the fault noted in @op.
 */
bool cm_stage1(struct cm_op *op, uint64_t addr, struct cm_out *out)
{
	struct cm_table t = cm_stage1_table(op);

	op->walked = true;
	if (!op->cached || !cm_lookup(op, &t, addr, out))
		return cm_stage1_walk(op, addr, out);
	op->hit = true;
	op->ipa = out->ipa;
	op->have_ipa = t.nested;
	return true;
}

static bool cm_log_deny(struct cm_op *op, uint64_t ipa, bool walk, uint8_t reason, uint64_t where)
{
	struct cm_text t;

	op->ipa = ipa;
	op->have_ipa = true;
	op->walk = walk;
	if (!op->quiet && reason != CORDON_REASON_DL_ABSENT) {
		if (reason == CORDON_REASON_DL_FETCH)
			cm_error(op->m, CORDON_ERROR_FETCH, where);
		cm_text_init(&t, "The dirty log");
		cm_text_hex(&t, " at ", where);
		cm_text_hex(&t, " for DeviceID ", op->req->devid);
		cm_text_str(&t, reason == CORDON_REASON_DL_MALFORMED ? " is malformed." :
			    " cannot be accessed.");
		cm_violation(op->m, CORDON_VIOLATION_STRUCTURE, &t);
	}
	return cm_deny(op, reason, 2, CORDON_LEVEL_NONE, where);
}

/* Find the byte of the log that holds the bit of @ipa (spec 4.7) */
static bool cm_log_find(struct cm_op *op, uint64_t ipa, bool walk, uint64_t *byte)
{
	uint64_t root = op->dc->dlroot, page = root & CORDON_ROOT_ADDR, ptr, where;
	unsigned int level = root & CORDON_ROOT_LEVELS;
	uint64_t id = ipa >> 27;

	if (!cm_fits(id, CORDON_DIR_BITS * level))
		return cm_log_deny(op, ipa, walk, CORDON_REASON_DL_ABSENT, op->dc->own.where);
	while (level--) {
		where = page + 8 * (id >> (CORDON_DIR_BITS * level) & (CORDON_DIR_ENTRIES - 1));
		if (cm_read64(op->m, where, &ptr))
			return cm_log_deny(op, ipa, walk, CORDON_REASON_DL_FETCH, where);
		if (!(ptr & CORDON_PTR_V))
			return cm_log_deny(op, ipa, walk, CORDON_REASON_DL_ABSENT, where);
		if (!cm_ptr_ok(ptr, CORDON_PTR_PAGE, op->m->caps.oas_bits))
			return cm_log_deny(op, ipa, walk, CORDON_REASON_DL_MALFORMED, where);
		page = ptr & CORDON_PTR_PAGE;
	}
	*byte = page + (ipa >> 15 & (CORDON_DIR_PAGE_SIZE - 1));
	return true;
}

/**
 * cm_log() - log a write (spec 4.7)
 * @op: request, whose context logs
 * @ipa: IPA that is written
 * @walk: the write is the unit's own on behalf of the request
 *
 * Return: false with the fault noted in @op.
 */
bool cm_log(struct cm_op *op, uint64_t ipa, bool walk)
{
	struct cordon_model *m = op->m;
	struct cm_logged_entry *e = NULL;
	uint8_t bit = BIT(ipa >> 12 & 7);
	uint64_t byte, dword;

	if (!op->update && !op->foresee)
		return true;
	if (op->cached)
		e = cm_logged_find(m, op->dc->vmtag, op->dc->dlroot, ipa);
	if (e) {
		if (m->cfg.check_stale) {
			bool set = cm_log_find(op, ipa, walk, &byte) &&
				   !cm_read64(m, byte & ~7ULL, &dword) &&
				   dword >> 8 * (byte & 7) & bit;

			op->reason = CORDON_REASON_NONE;
			cm_stale(op, &e->key, !set, "bit of the dirty log", ipa);
		}
		return true;
	}
	if (!cm_log_find(op, ipa, walk, &byte))
		return false;
	if (!op->update)
		return true;
	if (m->ops.or8(m->opaque, byte, bit))
		return cm_log_deny(op, ipa, walk, CORDON_REASON_DL_UPDATE, byte);
	if (op->fill)
		cm_logged_fill(m, op->dc->vmtag, op->dc->dlroot, ipa);
	return true;
}
