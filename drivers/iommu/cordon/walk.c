// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: what would become of a request, by chapter 4 of the
 * specification, from memory alone and with every step kept.
 *
 * It is a function of its arguments: memory is read by a callback, nothing is
 * written, no lock is taken.  Whoever calls it sees to it that what it may read
 * stays.  What is not looked at: whether a context is well-formed beyond what
 * the walk needs (the unit says so, with the number of the check), the dirty
 * log, and whether flags could be set.
 */
#include <linux/bitfield.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "walk.h"

/* bits of descriptors (spec 4.4, 4.5) */
#define CORDON_D_ATTR		GENMASK_ULL(4, 2)
#define CORDON_D_MEMATTR	GENMASK_ULL(5, 2)
#define CORDON_D_UNPRIV		BIT_ULL(6)	/* AP[1] */
#define CORDON_D_READONLY	BIT_ULL(7)	/* AP[2] */
#define CORDON_D_S2READ		BIT_ULL(6)
#define CORDON_D_S2WRITE	BIT_ULL(7)
#define CORDON_D_AF		BIT_ULL(10)
#define CORDON_D_DBM		BIT_ULL(51)
#define CORDON_D_PXN		BIT_ULL(53)
#define CORDON_D_UXN		BIT_ULL(54)	/* stage 2: XN */
#define CORDON_D_LIMITS		GENMASK_ULL(62, 59)

/* memory attributes as the port gives them (spec 9.1) */
#define CORDON_ATTR_DEVICE	0x04
#define CORDON_ATTR_NC		0x44
#define CORDON_ATTR_WB		0xff

/**
 * struct cordon_format - a format of tables (spec 3.3.3)
 * @stage: 1 or 2
 * @g: log2 of the granule
 * @n: input bits
 * @out: output bits
 * @start: level of the root table
 * @ds: 52-bit descriptors for granules of 4K and 16K
 * @ha: hardware sets the access flag
 * @hd: hardware sets dirty state
 * @fwb: stage 2: MemAttr is read as forced write-back
 * @mair: stage 1: the attributes
 */
struct cordon_format {
	u8 stage;
	u8 g;
	u8 n;
	u8 out;
	s8 start;
	bool ds;
	bool ha;
	bool hd;
	bool fwb;
	u64 mair;
};

/**
 * struct cordon_walker - a walk under way
 * @env: what it is made in
 * @walk: where its steps and its result go
 * @access: what is wanted, after policy
 * @priv: it is privileged, after policy
 * @s2: format of stage 2, if that takes part
 * @s2root: its table
 */
struct cordon_walker {
	const struct cordon_walk_env *env;
	struct cordon_walk *walk;
	u8 access;
	bool priv;
	struct cordon_format s2;
	u64 s2root;
};

/**
 * struct cordon_leaf - what a table gives for an address
 * @addr: address that results
 * @user: CORDON_MAY_* of unprivileged requests
 * @priv: of privileged ones
 * @span: log2 of what is translated alike
 * @attr: attribute of stage 1, or MemAttr of stage 2
 */
struct cordon_leaf {
	u64 addr;
	u8 user;
	u8 priv;
	u8 span;
	u8 attr;
};

static u64 cordon_low(unsigned int bits)
{
	return bits ? GENMASK_ULL(bits - 1, 0) : 0;
}

static bool cordon_fits(u64 addr, unsigned int bits)
{
	return !(addr & ~cordon_low(bits));
}

/* Note a fault.  Return: false, so that callers can return it. */
static bool cordon_walk_fault(struct cordon_walker *w, unsigned int reason,
			      unsigned int stage, int level, u64 where)
{
	struct cordon_verdict *v = &w->walk->verdict;

	v->reason = reason;
	v->stage = stage;
	v->level = level;
	v->where = where;
	return false;
}

static struct cordon_step *cordon_walk_step(struct cordon_walker *w,
					    const struct cordon_step *step)
{
	struct cordon_walk *walk = w->walk;

	/* It cannot be more; but this is where a mistake would hurt. */
	if (WARN_ON_ONCE(walk->nr == ARRAY_SIZE(walk->steps)))
		return &walk->steps[walk->nr - 1];
	walk->steps[walk->nr] = *step;
	return &walk->steps[walk->nr++];
}

/* spec 3.3.3; false if it is malformed beyond what a walk can use */
static bool cordon_format_of(const struct cordon_walk_env *env, u64 fmt,
			     unsigned int stage, struct cordon_format *f)
{
	static const u8 granules[] = {
		[CORDON_TG_4K] = 12, [CORDON_TG_64K] = 16, [CORDON_TG_16K] = 14,
	};
	/* start level by SL2:SL0; 9 is malformed (spec 4.5) */
	static const s8 starts[][5] = {
		[CORDON_TG_4K] = { 2, 1, 0, 9, -1 },
		[CORDON_TG_64K] = { 3, 2, 1, 9, 9 },
		[CORDON_TG_16K] = { 3, 2, 1, 0, 9 },
	};
	unsigned int tg, ps, sl, b;

	if (stage == 2) {
		tg = FIELD_GET(CORDON_S2FMT_TG, fmt);
		ps = FIELD_GET(CORDON_S2FMT_PS, fmt);
		f->n = 64 - FIELD_GET(CORDON_S2FMT_T0SZ, fmt);
		f->ds = fmt & CORDON_S2FMT_DS;
		f->ha = fmt & CORDON_S2FMT_HA;
		f->hd = fmt & CORDON_S2FMT_HD;
		f->fwb = fmt & CORDON_S2FMT_FWB;
		f->mair = 0;
	} else {
		tg = FIELD_GET(CORDON_S1FMT_TG, fmt);
		ps = FIELD_GET(CORDON_S1FMT_PS, fmt);
		f->n = 64 - FIELD_GET(CORDON_S1FMT_T0SZ, fmt);
		f->ds = fmt & CORDON_S1FMT_DS;
		f->ha = fmt & CORDON_S1FMT_HA;
		f->hd = fmt & CORDON_S1FMT_HD;
		f->fwb = false;
		f->mair = FIELD_GET(CORDON_S1FMT_MAIR, fmt) ? 0 : env->mair;
	}
	f->stage = stage;
	f->out = cordon_ps_bits(ps);
	if (tg >= ARRAY_SIZE(granules) || !f->out || f->n < 25 || f->n > 52)
		return false;
	f->g = granules[tg];
	b = f->g - 3;
	if (stage == 1) {
		f->start = 4 - DIV_ROUND_UP(f->n - f->g, b);
		return f->start >= (f->ds ? -1 : 0);
	}

	sl = FIELD_GET(CORDON_S2FMT_SL0, fmt);
	if (fmt & CORDON_S2FMT_SL2)
		sl += 4;
	if (sl >= ARRAY_SIZE(starts[0]) || starts[tg][sl] == 9)
		return false;
	f->start = starts[tg][sl];
	if (f->start == (tg == CORDON_TG_4K ? -1 : 0) && !f->ds &&
	    tg != CORDON_TG_64K)
		return false;
	return f->n >= f->g + (3 - f->start) * b + 1 &&
	       f->n <= f->g + (4 - f->start) * b + 4;
}

/* log2 of what one entry at @level covers */
static unsigned int cordon_format_span(const struct cordon_format *f, int level)
{
	return f->g + (3 - level) * (f->g - 3);
}

static bool cordon_format_has_block(const struct cordon_format *f, int level)
{
	switch (f->g) {
	case 12:
		return level == 1 || level == 2 || (!level && f->ds);
	case 14:
		return level == 2 || (level == 1 && f->ds);
	default:
		return level == 2 || (level == 1 && f->out == 52);
	}
}

/* What a valid descriptor is. */
static enum cordon_step_is cordon_descriptor_is(const struct cordon_format *f,
						u64 d, int level)
{
	if (d & CORDON_D_TABLE)
		return level == 3 ? CORDON_STEP_PAGE : CORDON_STEP_TABLE;
	return cordon_format_has_block(f, level) ? CORDON_STEP_BLOCK :
						   CORDON_STEP_ABSENT;
}

static u64 cordon_format_addr(const struct cordon_format *f, u64 d)
{
	if (f->ds)
		return (d & GENMASK_ULL(49, f->g)) | (d >> 8 & 3) << 50;
	if (f->g == 16 && f->out == 52)
		return (d & GENMASK_ULL(47, 16)) | (d >> 12 & 0xf) << 48;
	return d & GENMASK_ULL(47, f->g);
}

/* spec 4.4, permissions */
static void cordon_leaf_s1(const struct cordon_format *f, u64 d, u8 limits,
			   struct cordon_leaf *leaf)
{
	bool writes = (!(d & CORDON_D_READONLY) ||
		       (f->hd && d & CORDON_D_DBM)) &&
		      !(limits & CORDON_LIMIT_WRITE);
	u8 attr = f->mair >> 8 * FIELD_GET(CORDON_D_ATTR, d);

	leaf->priv = CORDON_MAY_READ | (writes ? CORDON_MAY_WRITE : 0);
	leaf->user = 0;
	if (d & CORDON_D_UNPRIV && !(limits & CORDON_LIMIT_UNPRIV))
		leaf->user = leaf->priv;
	if (leaf->user & CORDON_MAY_READ && !(d & CORDON_D_UXN) &&
	    !(limits & CORDON_LIMIT_UXN))
		leaf->user |= CORDON_MAY_EXEC;
	if (!(leaf->user & CORDON_MAY_WRITE) && !(d & CORDON_D_PXN) &&
	    !(limits & CORDON_LIMIT_PXN))
		leaf->priv |= CORDON_MAY_EXEC;

	if (!(attr & 0xf0))
		leaf->attr = CORDON_ATTR_DEVICE;
	else
		leaf->attr = attr == 0x44 ? CORDON_ATTR_NC : CORDON_ATTR_WB;
}

/* spec 4.5 */
static void cordon_leaf_s2(const struct cordon_format *f, u64 d,
			   struct cordon_leaf *leaf)
{
	leaf->user = 0;
	if (d & CORDON_D_S2READ)
		leaf->user |= CORDON_MAY_READ;
	if (d & CORDON_D_S2WRITE || (f->hd && d & CORDON_D_DBM))
		leaf->user |= CORDON_MAY_WRITE;
	if (d & CORDON_D_S2READ && !(d & CORDON_D_UXN))
		leaf->user |= CORDON_MAY_EXEC;
	leaf->priv = leaf->user;
	leaf->attr = FIELD_GET(CORDON_D_MEMATTR, d);
}

/* spec 4.6; the values are in order of weakness */
static u8 cordon_attr_combine(u8 s1, u8 memattr, bool fwb)
{
	u8 s2;

	if (!(memattr & 0xc))
		s2 = CORDON_ATTR_DEVICE;
	else
		s2 = memattr == 0x5 ? CORDON_ATTR_NC : CORDON_ATTR_WB;
	if (fwb && s2 == CORDON_ATTR_WB && memattr != 0x7)
		return CORDON_ATTR_WB;
	return min(s1, s2);
}

static int cordon_walk_read(struct cordon_walker *w, u64 addr, void *buf,
			    size_t len, bool nested, u64 *pa);

/*
 * One table (spec 4.4, 4.5).  @own: the access is the unit's own, a read on
 * behalf of the request.  False with the fault noted.
 */
static bool cordon_walk_table(struct cordon_walker *w,
			      const struct cordon_format *f, u64 root, u64 addr,
			      u8 want, bool own, struct cordon_leaf *leaf)
{
	struct cordon_verdict *v = &w->walk->verdict;
	bool nested = f->stage == 1 && w->s2.stage;
	u64 table = root & CORDON_TTB_ADDR;
	struct cordon_step step;
	u8 limits = 0, have;
	int level, ret;
	__le64 raw;

	if (f->stage == 2) {
		v->ipa = addr;
		v->walk = own;
	}
	if (!cordon_fits(addr, f->n))
		return cordon_walk_fault(w, CORDON_REASON_INPUT_SIZE, f->stage,
					 CORDON_FAULT_NO_LEVEL,
					 w->walk->context);

	for (level = f->start; ; level++) {
		unsigned int span = cordon_format_span(f, level);

		step = (struct cordon_step) {
			.of = f->stage == 2 ? CORDON_STEP_S2 : CORDON_STEP_S1,
			.level = level,
			.index = addr >> span,
			.is = CORDON_STEP_UNREADABLE,
		};
		if (level != f->start)
			step.index &= cordon_low(f->g - 3);
		ret = cordon_walk_read(w, table + 8 * step.index, &raw,
				       sizeof(raw), nested, &step.where);
		if (ret == -EACCES)
			return false;
		step.value = ret ? 0 : le64_to_cpu(raw);
		if (!ret) {
			step.is = CORDON_STEP_ABSENT;
			step.leads = cordon_format_addr(f, step.value);
			if (step.value & CORDON_D_VALID)
				step.is = cordon_descriptor_is(f, step.value,
							       level);
		}
		if (step.is == CORDON_STEP_TABLE && f->stage == 1)
			step.limits = FIELD_GET(CORDON_D_LIMITS, step.value);
		if (step.is == CORDON_STEP_BLOCK ||
		    step.is == CORDON_STEP_PAGE) {
			step.leads &= ~cordon_low(span);
			step.accessed = step.value & CORDON_D_AF;
			leaf->addr = step.leads | (addr & cordon_low(span));
			/* A block may reach beyond the output size. */
			leaf->span = min_t(unsigned int, span, f->out);
			if (f->stage == 1)
				cordon_leaf_s1(f, step.value, limits, leaf);
			else
				cordon_leaf_s2(f, step.value, leaf);
			step.user = leaf->user;
			step.priv = leaf->priv;
			step.attr = leaf->attr;
		}
		if (!own)
			cordon_walk_step(w, &step);

		switch (step.is) {
		case CORDON_STEP_UNREADABLE:
			return cordon_walk_fault(w, CORDON_REASON_TABLE_FETCH,
						 f->stage, level, step.where);
		case CORDON_STEP_ABSENT:
			return cordon_walk_fault(w, CORDON_REASON_TRANSLATION,
						 f->stage, level, step.where);
		case CORDON_STEP_TABLE:
			if (!cordon_fits(step.leads, f->out))
				return cordon_walk_fault(w,
							 CORDON_REASON_OUTPUT_SIZE,
							 f->stage, level,
							 step.where);
			limits |= step.limits;
			table = step.leads;
			continue;
		}
		break;
	}

	if (!cordon_fits(leaf->addr, f->out))
		return cordon_walk_fault(w, CORDON_REASON_OUTPUT_SIZE, f->stage,
					 level, step.where);
	if (!step.accessed && !f->ha)
		return cordon_walk_fault(w, CORDON_REASON_ACCESS_FLAG, f->stage,
					 level, step.where);
	have = w->priv ? leaf->priv : leaf->user;
	if ((want & have) != want ||
	    (own && cordon_attr_combine(CORDON_ATTR_WB, leaf->attr, f->fwb) ==
	     CORDON_ATTR_DEVICE))
		return cordon_walk_fault(w, CORDON_REASON_PERMISSION, f->stage,
					 level, step.where);
	v->walk = false;
	return true;
}

/*
 * Read memory, through stage 2 if @nested.
 *
 * Return: 0; -EACCES if stage 2 refused, which is noted; -EFAULT if there is no
 * memory at *@pa.
 */
static int cordon_walk_read(struct cordon_walker *w, u64 addr, void *buf,
			    size_t len, bool nested, u64 *pa)
{
	struct cordon_leaf leaf;

	*pa = addr;
	if (nested) {
		if (!cordon_walk_table(w, &w->s2, w->s2root, addr,
				       CORDON_MAY_READ, true, &leaf))
			return -EACCES;
		*pa = leaf.addr;
	}
	return w->env->read(w->env->opaque, *pa, buf, len) ? -EFAULT : 0;
}

/**
 * struct cordon_tree - a directory to find a context in (spec 3.1)
 * @of: CORDON_STEP_DEVICE or CORDON_STEP_PROCESS
 * @nested: pointers are read through stage 2
 * @fetch: reason if a pointer cannot be read
 * @absent: reason if there is none
 * @malformed: reason if it is malformed
 * @context: reason if the context cannot be read
 */
struct cordon_tree {
	u8 of;
	bool nested;
	u8 fetch;
	u8 absent;
	u8 malformed;
	u8 context;
};

/* Find and read the 64 bytes of a context.  False with the fault noted. */
static bool cordon_walk_directory(struct cordon_walker *w,
				  const struct cordon_tree *tree, u64 root,
				  u32 id, void *context, u64 *where)
{
	unsigned int level = FIELD_GET(CORDON_ROOT_LEVELS, root);
	u64 page = root & CORDON_ROOT_ADDR;
	__le64 raw;
	int ret;

	while (level--) {
		u64 field = level ? CORDON_PTR_PAGE : CORDON_PTR_CONTEXT;
		struct cordon_step step = {
			.of = tree->of,
			.is = CORDON_STEP_UNREADABLE,
			.level = level,
			.index = cordon_dir_index(id, level),
		};

		ret = cordon_walk_read(w, page + 8 * step.index, &raw,
				       sizeof(raw), tree->nested, &step.where);
		if (ret == -EACCES)
			return false;
		if (!ret) {
			step.value = le64_to_cpu(raw);
			step.leads = step.value & field;
			if (!(step.value & CORDON_PTR_V))
				step.is = CORDON_STEP_ABSENT;
			else if (step.value & ~(field | CORDON_PTR_V) ||
				 (!tree->nested &&
				  !cordon_fits(step.leads,
					       w->env->caps->oas_bits)))
				step.is = CORDON_STEP_MALFORMED;
			else
				step.is = CORDON_STEP_POINTER;
		}
		cordon_walk_step(w, &step);
		switch (step.is) {
		case CORDON_STEP_UNREADABLE:
			return cordon_walk_fault(w, tree->fetch, 0,
						 CORDON_FAULT_NO_LEVEL,
						 step.where);
		case CORDON_STEP_ABSENT:
			return cordon_walk_fault(w, tree->absent, 0,
						 CORDON_FAULT_NO_LEVEL,
						 step.where);
		case CORDON_STEP_MALFORMED:
			return cordon_walk_fault(w, tree->malformed, 0,
						 CORDON_FAULT_NO_LEVEL,
						 step.where);
		}
		page = step.leads;
	}

	ret = cordon_walk_read(w, page, context, sizeof(struct cordon_dc),
			       tree->nested, where);
	if (ret == -EFAULT)
		cordon_walk_fault(w, tree->context, 0, CORDON_FAULT_NO_LEVEL,
				  *where);
	return !ret;
}

/* spec 4.2 */
static bool cordon_walk_device(struct cordon_walker *w, u32 devid)
{
	static const struct cordon_tree tree = {
		.of = CORDON_STEP_DEVICE,
		.fetch = CORDON_REASON_DD_FETCH,
		.absent = CORDON_REASON_DD_ABSENT,
		.malformed = CORDON_REASON_DD_MALFORMED,
		.context = CORDON_REASON_DC_FETCH,
	};
	unsigned int levels = FIELD_GET(CORDON_ROOT_LEVELS, w->env->root);
	const struct cordon_caps *caps = w->env->caps;
	struct cordon_walk *walk = w->walk;
	u64 cfg, fmt, where;

	if (!levels)
		return cordon_walk_fault(w, CORDON_REASON_NO_ROOT, 0,
					 CORDON_FAULT_NO_LEVEL, 0);
	if (devid >> caps->devid_bits || devid == caps->unit_devid ||
	    (u64)devid >> levels * CORDON_DIR_BITS)
		return cordon_walk_fault(w, CORDON_REASON_DEVID_RANGE, 0,
					 CORDON_FAULT_NO_LEVEL, 0);
	if (!cordon_walk_directory(w, &tree, w->env->root, devid, &walk->dc,
				   &where))
		return false;
	cfg = le64_to_cpu(walk->dc.cfg);
	fmt = le64_to_cpu(walk->dc.fmt);
	walk->context = where;
	if (!(cfg & CORDON_DC_V))
		return cordon_walk_fault(w, CORDON_REASON_DC_ABSENT, 0,
					 CORDON_FAULT_NO_LEVEL, where);
	if ((cfg & CORDON_DC_S2 && !cordon_format_of(w->env, fmt, 2, &w->s2))) {
		w->s2.stage = 0;
		return cordon_walk_fault(w, CORDON_REASON_DC_MALFORMED, 0,
					 CORDON_FAULT_NO_LEVEL, where);
	}
	w->s2root = le64_to_cpu(walk->dc.s2root);
	return true;
}

/* spec 4.3, policy() */
static void cordon_walk_policy(struct cordon_walker *w, u64 cfg)
{
	if (!(cfg & CORDON_DC_EXEC) && w->access & CORDON_MAY_EXEC) {
		w->access &= ~CORDON_MAY_EXEC;
		w->access |= CORDON_MAY_READ;
	}
	if (!(cfg & CORDON_DC_PRIV))
		w->priv = false;
}

/* spec 4.3, process_context() */
static bool cordon_walk_process(struct cordon_walker *w,
				const struct cordon_question *q,
				struct cordon_pc *pc, u64 *where)
{
	struct cordon_tree tree = {
		.of = CORDON_STEP_PROCESS,
		.fetch = CORDON_REASON_PD_FETCH,
		.absent = CORDON_REASON_PD_ABSENT,
		.malformed = CORDON_REASON_PD_MALFORMED,
		.context = CORDON_REASON_PC_FETCH,
	};
	const struct cordon_walk *walk = w->walk;
	u64 cfg = le64_to_cpu(walk->dc.cfg);
	u64 root = le64_to_cpu(walk->dc.pdroot);
	unsigned int levels = FIELD_GET(CORDON_ROOT_LEVELS, root);
	u32 pasid = q->pv ? q->pasid : 0;

	if (!q->pv && FIELD_GET(CORDON_DC_S1, cfg) != CORDON_S1_PASID0) {
		/* The fields that a process context has are in the same place. */
		*pc = (struct cordon_pc) {
			.cfg = walk->dc.cfg,
			.tags = walk->dc.tags,
			.fmt = walk->dc.fmt,
			.s1root = walk->dc.s1root,
		};
		*where = walk->context;
		return true;
	}
	if (!levels)
		return cordon_walk_fault(w, CORDON_REASON_NO_PASID, 0,
					 CORDON_FAULT_NO_LEVEL, walk->context);
	if (pasid >> w->env->caps->pasid_bits ||
	    (u64)pasid >> levels * CORDON_DIR_BITS)
		return cordon_walk_fault(w, CORDON_REASON_PASID_RANGE, 0,
					 CORDON_FAULT_NO_LEVEL, walk->context);
	tree.nested = cfg & CORDON_DC_GUEST;
	if (!cordon_walk_directory(w, &tree, root, pasid, pc, where))
		return false;
	if (!(le64_to_cpu(pc->cfg) & CORDON_DC_V))
		return cordon_walk_fault(w, CORDON_REASON_PC_ABSENT, 0,
					 CORDON_FAULT_NO_LEVEL, *where);
	cordon_walk_policy(w, le64_to_cpu(pc->cfg));
	return true;
}

/* spec 4.4; on success *@leaf holds the intermediate address */
static bool cordon_walk_stage1(struct cordon_walker *w,
			       const struct cordon_question *q,
			       struct cordon_leaf *leaf)
{
	struct cordon_walk *walk = w->walk;
	struct cordon_format f;
	struct cordon_pc pc;
	u64 cfg, where;

	if (!cordon_walk_process(w, q, &pc, &where))
		return false;
	cfg = le64_to_cpu(pc.cfg);
	switch (FIELD_GET(CORDON_DC_S1, cfg)) {
	case CORDON_S1_BYPASS:
		if (!w->s2.stage &&
		    !cordon_fits(q->addr, w->env->caps->oas_bits))
			return cordon_walk_fault(w, CORDON_REASON_INPUT_SIZE, 1,
						 CORDON_FAULT_NO_LEVEL, where);
		*leaf = (struct cordon_leaf) {
			.addr = q->addr,
			.user = CORDON_MAY_READ | CORDON_MAY_WRITE |
				CORDON_MAY_EXEC,
			.priv = CORDON_MAY_READ | CORDON_MAY_WRITE |
				CORDON_MAY_EXEC,
			.span = CORDON_SPAN_ALL,
			.attr = CORDON_ATTR_WB,
		};
		return true;
	case CORDON_S1_TABLE:
		break;
	default:
		return cordon_walk_fault(w, CORDON_REASON_BLOCKED, 0,
					 CORDON_FAULT_NO_LEVEL, where);
	}

	if (!cordon_format_of(w->env, le64_to_cpu(pc.fmt), 1, &f))
		return cordon_walk_fault(w, where == walk->context ?
					 CORDON_REASON_DC_MALFORMED :
					 CORDON_REASON_PC_MALFORMED, 0,
					 CORDON_FAULT_NO_LEVEL, where);
	if (cfg & CORDON_DC_NOWALK)
		return cordon_walk_fault(w, CORDON_REASON_NOWALK, 0,
					 CORDON_FAULT_NO_LEVEL, where);
	if (!cordon_walk_table(w, &f, le64_to_cpu(pc.s1root), q->addr,
			       w->access, false, leaf)) {
		if (walk->verdict.reason == CORDON_REASON_INPUT_SIZE &&
		    walk->verdict.stage == 1)
			walk->verdict.where = where;
		return false;
	}
	if (cfg & CORDON_DC_GUEST)
		leaf->attr = CORDON_ATTR_WB;
	return true;
}

/**
 * cordon_walk() - think a request through (spec 4.1)
 * @env: what it is made in; what @env->read may lead to does not go meanwhile
 * @question: the request, an untranslated one
 * @walk: its steps and what becomes of it
 *
 * Any context that @env->read may be called in.
 */
void cordon_walk(const struct cordon_walk_env *env,
		 const struct cordon_question *question,
		 struct cordon_walk *walk)
{
	struct cordon_walker w = {
		.env = env,
		.walk = walk,
		.access = question->access,
		.priv = question->priv,
	};
	struct cordon_verdict *v = &walk->verdict;
	struct cordon_leaf leaf, s2;
	u64 cfg;

	memset(walk, 0, sizeof(*walk));
	v->level = CORDON_FAULT_NO_LEVEL;
	if (!cordon_walk_device(&w, question->devid))
		return;
	cfg = le64_to_cpu(walk->dc.cfg);
	cordon_walk_policy(&w, cfg);
	if (!cordon_walk_stage1(&w, question, &leaf))
		goto out;
	if (w.s2.stage) {
		if (!cordon_walk_table(&w, &w.s2, w.s2root, leaf.addr, w.access,
				       false, &s2))
			goto out;
		leaf.addr = s2.addr;
		leaf.user &= s2.user;
		leaf.priv &= s2.priv;
		leaf.span = min(leaf.span, s2.span);
		leaf.attr = cordon_attr_combine(leaf.attr, s2.attr, w.s2.fwb);
	}
	if (cfg & CORDON_DC_SNOOP && leaf.attr == CORDON_ATTR_NC)
		leaf.attr = CORDON_ATTR_WB;
	v->out = leaf.addr;
	v->access = w.priv ? leaf.priv : leaf.user;
	v->span = leaf.span;
	v->attr = leaf.attr;
out:
	/* The port tells of it where stage 2 decided, or where it passes. */
	if (v->reason && v->stage != 2)
		v->ipa = 0;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_walk);

/**
 * cordon_verdict_agrees() - do two answers say the same?
 * @a: one answer
 * @b: the other
 *
 * How far around the address they hold, and whether a cache was used, may
 * differ; and only hardware knows which check of a context failed.
 *
 * Return: true if they do.
 */
bool cordon_verdict_agrees(const struct cordon_verdict *a,
			   const struct cordon_verdict *b)
{
	if (a->reason != b->reason)
		return false;
	if (a->reason)
		return a->stage == b->stage && a->level == b->level &&
		       a->walk == b->walk && a->where == b->where &&
		       a->ipa == b->ipa;
	return a->out == b->out && a->ipa == b->ipa && a->access == b->access &&
	       a->attr == b->attr;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_verdict_agrees);

/**
 * cordon_verdict_exceeds() - does hardware let through what memory does not?
 * @cached: its answer by what it has cached
 * @fresh: its answer by memory
 *
 * It may have fewer rights cached than memory gives, for it walks again before
 * it refuses (spec 4.1); and it never refuses by what it has cached.
 *
 * Return: true if it uses a stale entry.
 */
bool cordon_verdict_exceeds(const struct cordon_verdict *cached,
			    const struct cordon_verdict *fresh)
{
	if (cached->reason)
		return false;
	return fresh->reason || cached->out != fresh->out ||
	       cached->access & ~fresh->access;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_verdict_exceeds);

static const char *cordon_attr_text(u8 attr)
{
	switch (attr) {
	case CORDON_ATTR_DEVICE:
		return "Device";
	case CORDON_ATTR_NC:
		return "Non-cacheable";
	default:
		return "Write-Back";
	}
}

static const char *cordon_access_text(u8 access)
{
	static const char * const texts[] = {
		"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx",
	};

	return texts[access & 7];
}

/**
 * cordon_verdict_describe() - an answer in words
 * @verdict: the answer
 * @buf: where to write them
 * @size: how much there is room for
 *
 * Return: length of the text.
 */
int cordon_verdict_describe(const struct cordon_verdict *verdict, char *buf,
			    size_t size)
{
	int n;

	if (!verdict->reason) {
		n = scnprintf(buf, size, "passes to 0x%llx, %s, %s",
			      verdict->out, cordon_access_text(verdict->access),
			      cordon_attr_text(verdict->attr));
		if (verdict->ipa)
			n += scnprintf(buf + n, size - n, ", by IPA 0x%llx",
				       verdict->ipa);
		if (verdict->span == CORDON_SPAN_ALL)
			n += scnprintf(buf + n, size - n, ", untranslated");
		else
			n += scnprintf(buf + n, size - n, ", 0x%llx bytes alike",
				       BIT_ULL(verdict->span));
		return n;
	}
	n = scnprintf(buf, size, "blocked: %s",
		      cordon_fault_reason_text(verdict->reason));
	if (verdict->detail)
		n += scnprintf(buf + n, size - n, " (check %u)",
			       verdict->detail);
	if (verdict->stage)
		n += cordon_fault_stage_text(buf + n, size - n, verdict->stage,
					     verdict->level, verdict->walk,
					     verdict->ipa);
	if (verdict->where)
		n += scnprintf(buf + n, size - n, ", decided at 0x%llx",
			       verdict->where);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_verdict_describe);

static int cordon_step_leaf(const struct cordon_step *step, char *buf,
			    size_t size)
{
	int n;

	if (step->of == CORDON_STEP_S2)
		n = scnprintf(buf, size, ", %s, MemAttr 0x%x",
			      cordon_access_text(step->user), step->attr);
	else
		n = scnprintf(buf, size, ", unprivileged %s, privileged %s, %s",
			      cordon_access_text(step->user),
			      cordon_access_text(step->priv),
			      cordon_attr_text(step->attr));
	if (!step->accessed)
		n += scnprintf(buf + n, size - n, ", access flag clear");
	return n;
}

/**
 * cordon_step_describe() - one entry of a walk in words
 * @step: the entry
 * @buf: where to write them
 * @size: how much there is room for
 *
 * Return: length of the text.
 */
int cordon_step_describe(const struct cordon_step *step, char *buf, size_t size)
{
	static const char * const whose[] = {
		[CORDON_STEP_DEVICE] = "device directory",
		[CORDON_STEP_PROCESS] = "process directory",
		[CORDON_STEP_S1] = "stage 1",
		[CORDON_STEP_S2] = "stage 2",
	};
	static const char * const what[] = {
		[CORDON_STEP_ABSENT] = "absent",
		[CORDON_STEP_MALFORMED] = "malformed",
		[CORDON_STEP_POINTER] = "leads to",
		[CORDON_STEP_TABLE] = "table at",
		[CORDON_STEP_BLOCK] = "block at",
		[CORDON_STEP_PAGE] = "page at",
	};
	int n;

	n = scnprintf(buf, size, "%s level %d index %u at 0x%llx: ",
		      whose[step->of], step->level, step->index, step->where);
	if (step->is == CORDON_STEP_UNREADABLE)
		return n + scnprintf(buf + n, size - n, "unreadable");
	n += scnprintf(buf + n, size - n, "0x%llx: %s", step->value,
		       what[step->is]);
	if (step->is < CORDON_STEP_POINTER)
		return n;
	n += scnprintf(buf + n, size - n, " 0x%llx", step->leads);
	if (step->is == CORDON_STEP_BLOCK || step->is == CORDON_STEP_PAGE)
		return n + cordon_step_leaf(step, buf + n, size - n);
	if (step->limits & CORDON_LIMIT_UNPRIV)
		n += scnprintf(buf + n, size - n, ", nothing unprivileged");
	if (step->limits & CORDON_LIMIT_WRITE)
		n += scnprintf(buf + n, size - n, ", no writing");
	if (step->limits & CORDON_LIMIT_UXN)
		n += scnprintf(buf + n, size - n, ", no unprivileged execution");
	if (step->limits & CORDON_LIMIT_PXN)
		n += scnprintf(buf + n, size - n, ", no privileged execution");
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_step_describe);
