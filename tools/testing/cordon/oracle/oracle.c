// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: the oracle. Chapter 4 of the specification, read once from top
 * to bottom for each request: no cache, no short cut, nothing remembered.
 *
 * Each function returns true to go on and false after it has put a fault into
 * the answer, so that the order of the code is the order of the checks.
 */
#include <string.h>

#include <linux/cordon_hw.h>

#include "cordon_model.h"
#include "oracle.h"

/* one field of a word, moved down to bit 0 */
#define GET(mask, word)		(((word) & (mask)) / ((mask) & -(mask)))

/* spec 3.3.1: what a process context has too, the fields marked P */
#define CFG_P	(CORDON_DC_V | CORDON_DC_S1 | CORDON_DC_SILENT | CORDON_DC_RAZWI | \
		 CORDON_DC_EXEC | CORDON_DC_PRIV | CORDON_DC_NOWALK)
/* spec 3.3.3 */
#define FMT_S1	GENMASK_ULL(16, 0)
#define FMT_S2	GENMASK_ULL(50, 32)

/* spec 4.4 and 4.5: bits of descriptors */
#define D_VALID		BIT_ULL(0)
#define D_TABLE		BIT_ULL(1)
#define D_ATTRINDX	GENMASK_ULL(4, 2)
#define D_MEMATTR	GENMASK_ULL(5, 2)
#define D_AP1		BIT_ULL(6)
#define D_AP2		BIT_ULL(7)
#define D_S2R		BIT_ULL(6)
#define D_S2W		BIT_ULL(7)
#define D_AF		BIT_ULL(10)
#define D_DBM		BIT_ULL(51)
#define D_CONT		BIT_ULL(52)
#define D_PXN		BIT_ULL(53)
#define D_UXN		BIT_ULL(54)
#define D_PXNTABLE	BIT_ULL(59)
#define D_UXNTABLE	BIT_ULL(60)
#define D_APTABLE0	BIT_ULL(61)
#define D_APTABLE1	BIT_ULL(62)

/* spec 3.3.3: PS */
static const unsigned int ps_bits[8] = { 32, 36, 40, 42, 44, 48, 52, 64 };

#define NOT	(-9)	/* no such start level */
#define DSL	16	/* added to a start level that needs DS */

/**
 * struct granule - the tables of spec 4.4 and 4.5, one row for each value of TG
 * @shift: log2 of the granule
 * @cap: the capability that 52 bits need
 * @block: the topmost level where blocks are allowed
 * @block52: the same, with DS or (64K) with PS = 6
 * @start: start levels of stage 2 by SL2:SL0
 * @group: log2 of the entries of a contiguous group, at levels 0 to 3
 */
struct granule {
	unsigned int shift;
	uint64_t cap;
	int block;
	int block52;
	int start[8];
	unsigned int group[4];
};

static const struct granule granules[4] = {
	[CORDON_TG_4K] = {
		12, CORDON_CAP1_DS, 1, 0,
		{ 2, 1, 0, NOT, DSL - 1, NOT, NOT, NOT }, { 4, 4, 4, 4 },
	},
	[CORDON_TG_64K] = {
		16, CORDON_CAP1_LVA64K, 2, 1,
		{ 3, 2, 1, NOT, NOT, NOT, NOT, NOT }, { 0, 5, 5, 5 },
	},
	[CORDON_TG_16K] = {
		14, CORDON_CAP1_DS, 2, 1,
		{ 3, 2, 1, DSL + 0, NOT, NOT, NOT, NOT }, { 0, 0, 5, 7 },
	},
};

/* memory attributes from weak to strong (spec 4.6) */
enum attr { DEVICE, NONCACHEABLE, WRITEBACK };

/* a stage's format and root, taken apart */
struct form {
	bool bad;
	unsigned int stage;
	unsigned int n;
	unsigned int g;
	unsigned int b;
	unsigned int out;
	int start;
	bool far;		/* 52-bit descriptors: DS, or 64K with PS = 6 */
	const struct granule *granule;
	bool ha, hd, haft, ds, fwb;
	unsigned int mair;
	uint64_t root;
	uint64_t context;	/* PA of the context that says all this */
};

struct access {
	bool read, write, exec, priv;
};

/* what a walk ends in */
struct leaf {
	uint64_t addr;
	unsigned int span;
	bool read, write, exec, clean;
	enum attr attr;
};

/* one request on its way */
struct run {
	const struct oracle_machine *m;
	const struct cordon_request *q;
	struct oracle_answer *a;
	uint64_t dc[8], dc_at;
	uint64_t pc[8], pc_at;
	struct access want;
	unsigned int lost;
};

static uint64_t cap0(const struct run *r)
{
	return r->m->caps[1];
}

static bool has(const struct run *r, uint64_t capability)
{
	return r->m->caps[2] & capability;
}

static bool fits(uint64_t value, unsigned int bits)
{
	return bits >= 64 || !(value >> bits);
}

static unsigned int oas(const struct run *r)
{
	return ps_bits[GET(CORDON_CAP0_OAS, cap0(r))];
}

/* words of a context, by the offsets of struct cordon_dc */
enum { CFG, TAGS, FMT, S1ROOT, PDROOT, S2ROOT, FAULT, DLROOT };

/* -- memory ------------------------------------------------------------ */

static void note(struct run *r, enum oracle_kind kind, int level, uint64_t addr, uint64_t input)
{
	struct oracle_read *read = &r->a->reads[r->a->nr_reads];

	if (r->a->nr_reads == ORACLE_READS)
		return;
	*read = (struct oracle_read){ .kind = kind, .level = level, .addr = addr, .input = input };
	r->a->nr_reads++;
}

/* memory as this request sees it: with its own updates */
static bool fetch(struct run *r, uint64_t addr, uint64_t *dwords, unsigned int n)
{
	unsigned int i;

	if (!r->m->read(r->m->opaque, addr, dwords, n))
		return false;
	for (i = 0; i < r->a->nr_updates; i++) {
		const struct oracle_update *u = &r->a->updates[i];

		if (u->addr - addr < 8 * n) {
			uint64_t *d = &dwords[(u->addr - addr) / 8];

			*d = (*d & ~u->clear) | u->set;
		}
	}
	return true;
}

/* false: it aborts. A question changes nothing, so nothing of it can abort. */
static bool store(struct run *r, uint64_t addr, uint64_t clear, uint64_t set)
{
	if (r->q->probe)
		return true;
	if (!r->m->writable(r->m->opaque, addr))
		return false;
	if (r->a->nr_updates < ORACLE_UPDATES)
		r->a->updates[r->a->nr_updates++] = (struct oracle_update){ addr, clear, set };
	return true;
}

/* -- faults (spec 6.2) ------------------------------------------------- */

static bool fault(struct run *r, unsigned int reason, unsigned int stage, uint64_t where)
{
	r->a->reason = reason;
	r->a->stage = stage;
	r->a->level = CORDON_LEVEL_NONE;
	r->a->walk = false;
	r->a->ipa = 0;
	r->a->where = where;
	return false;
}

static bool fault_level(struct run *r, unsigned int reason, unsigned int stage, int level,
			uint64_t where)
{
	fault(r, reason, stage, where);
	r->a->level = level + 1;
	return false;
}

/* -- formats (spec 3.3.4, 4.4, 4.5) ------------------------------------ */

static unsigned int root_log2(const struct form *f)
{
	unsigned int log2 = 3 + f->n - (f->g + (3 - f->start) * f->b);

	return log2 < 6 ? 6 : log2;
}

/*
 * The fields of stage 2 lie 32 bits above those of stage 1, but for what only
 * one of them has.
 */
static struct form form_of(const struct run *r, unsigned int stage, bool both, uint64_t fmt,
			   uint64_t root, uint64_t context)
{
	uint64_t v = stage == 1 ? fmt : fmt >> 32;
	unsigned int tg = GET(CORDON_S1FMT_TG, v);
	unsigned int ps = GET(CORDON_S1FMT_PS, v);
	unsigned int sl = GET(CORDON_S2FMT_SL0, fmt) + 4 * GET(CORDON_S2FMT_SL2, fmt);
	unsigned int tgs = GET(stage == 1 ? CORDON_CAP0_S1TG : CORDON_CAP0_S2TG, cap0(r));
	struct form f = {
		.stage = stage,
		.n = 64 - GET(CORDON_S1FMT_T0SZ, v),
		.granule = &granules[tg],
		.g = granules[tg].shift,
		.b = granules[tg].shift - 3,
		.out = ps_bits[ps],
		.ha = v & CORDON_S1FMT_HA,
		.hd = v & CORDON_S1FMT_HD,
		.haft = v & CORDON_S1FMT_HAFT,
		.ds = v & CORDON_S1FMT_DS,
		.fwb = stage == 2 && (fmt & CORDON_S2FMT_FWB),
		.mair = GET(CORDON_S1FMT_MAIR, fmt),
		.root = root & CORDON_TTB_ADDR,
		.context = context,
		.bad = true,
	};
	bool is64k = tg == CORDON_TG_64K;

	if (tg == 3 || !(tgs >> tg & 1))
		return f;
	if (ps == 7 || (ps > GET(CORDON_CAP0_OAS, cap0(r)) && !(stage == 1 && both)))
		return f;
	if (f.n < 25 || f.n > GET(CORDON_CAP0_IAS, cap0(r)))
		return f;
	if (f.n > 48 && !(is64k ? has(r, CORDON_CAP1_LVA64K) : f.ds))
		return f;
	if (ps == CORDON_PS_52 && !(is64k ? has(r, CORDON_CAP1_LVA64K) : f.ds))
		return f;
	if ((f.ha && !has(r, CORDON_CAP1_HA)) || (f.hd && !has(r, CORDON_CAP1_HD)) ||
	    (f.haft && !has(r, CORDON_CAP1_HAFT)) || (f.ds && !has(r, CORDON_CAP1_DS)))
		return f;
	if ((f.hd || f.haft) && !f.ha)
		return f;
	if (f.ds && is64k)
		return f;
	f.far = f.ds || (is64k && ps == CORDON_PS_52);
	if (stage == 1) {
		f.start = 4 - (int)((f.n - f.g + f.b - 1) / f.b);
	} else {
		f.start = f.granule->start[sl];
		if (f.start == NOT)
			return f;
		if (f.start >= DSL - 1) {
			if (!f.ds)
				return f;
			f.start -= DSL;
		}
		if (f.fwb && !has(r, CORDON_CAP1_FWB))
			return f;
		if (f.n < f.g + (3 - f.start) * f.b + 1 ||
		    f.n > f.g + (4 - f.start) * f.b + 4)
			return f;
	}
	f.bad = false;
	return f;
}

/* spec 3.3.4; the format is good */
static bool bad_ttb(const struct form *f, uint64_t word)
{
	return (word & ~CORDON_TTB_ADDR) || !fits(word, f->out) ||
	       (word & ((1ULL << root_log2(f)) - 1));
}

static struct form s1form(struct run *r, const uint64_t *c, uint64_t at)
{
	return form_of(r, 1, r->dc[CFG] & CORDON_DC_S2, c[FMT], c[S1ROOT], at);
}

static struct form s2form(struct run *r)
{
	return form_of(r, 2, false, r->dc[FMT], r->dc[S2ROOT], r->dc_at);
}

/* -- contexts (spec 3.3.5, 3.4) ---------------------------------------- */

/* a root in a context: the bits of spec 3.2 that are reserved there */
static bool bad_root(uint64_t root)
{
	return root & ~(CORDON_ROOT_LEVELS | CORDON_ROOT_ADDR);
}

/* the check that fails, or 0 */
static unsigned int check_dc(struct run *r)
{
	const uint64_t *c = r->dc;
	uint64_t cfg = c[CFG];
	unsigned int s1 = GET(CORDON_DC_S1, cfg);
	unsigned int translated = GET(CORDON_DC_TRANSLATED, cfg);
	bool s2 = cfg & CORDON_DC_S2;
	bool ats = cfg & CORDON_DC_ATS;
	bool guest = cfg & CORDON_DC_GUEST;
	bool table = s1 == CORDON_S1_TABLE;
	bool pasids = GET(CORDON_ROOT_LEVELS, c[PDROOT]);
	struct form f;

	/* 1 */
	if (cfg & ~GENMASK_ULL(16, 0))
		return 1;
	/* 2 */
	if (!fits(GET(CORDON_TAGS_VMTAG, c[TAGS]), GET(CORDON_CAP0_VMTAG, cap0(r))) ||
	    !fits(GET(CORDON_TAGS_DTAG, c[TAGS]), GET(CORDON_CAP0_DTAG, cap0(r))))
		return 2;
	/* 3 */
	if (c[FMT] & ~(FMT_S1 | FMT_S2))
		return 3;
	/* 4 */
	if ((table || pasids) && !has(r, CORDON_CAP1_S1))
		return 4;
	if (s2 && !has(r, CORDON_CAP1_S2))
		return 4;
	if (s2 && (table || pasids) && !has(r, CORDON_CAP1_NESTED))
		return 4;
	/* 5 */
	if (s2 != !!GET(CORDON_TAGS_VMTAG, c[TAGS]))
		return 5;
	/* 6 */
	if (translated == 3)
		return 6;
	if (translated == CORDON_TRANSLATED_TRUST && (!has(r, CORDON_CAP1_TRUST) || guest))
		return 6;
	if (translated == CORDON_TRANSLATED_STAGE2 && (!has(r, CORDON_CAP1_T_STAGE2) || !s2))
		return 6;
	if (translated != CORDON_TRANSLATED_DENY && !ats)
		return 6;
	if (ats && guest && translated != CORDON_TRANSLATED_STAGE2)
		return 6;
	/* 7 */
	if (ats && !has(r, CORDON_CAP1_ATS))
		return 7;
	if ((cfg & CORDON_DC_PRI) && (!has(r, CORDON_CAP1_PRI) || !ats))
		return 7;
	/* 8 */
	if (((cfg & CORDON_DC_EXEC) && !has(r, CORDON_CAP1_EXEC)) ||
	    ((cfg & CORDON_DC_PRIV) && !has(r, CORDON_CAP1_PRIV)) ||
	    ((cfg & CORDON_DC_SNOOP) && !has(r, CORDON_CAP1_SNOOP)) ||
	    ((cfg & CORDON_DC_RAZWI) && !has(r, CORDON_CAP1_RAZWI)))
		return 8;
	/* 9 */
	if (cfg & CORDON_DC_DIRTY) {
		if (!has(r, CORDON_CAP1_DIRTY) || !s2 || !GET(CORDON_ROOT_LEVELS, c[DLROOT]))
			return 9;
	} else if (c[DLROOT]) {
		return 9;
	}
	if (bad_root(c[DLROOT]) || !fits(c[DLROOT] & CORDON_ROOT_ADDR, oas(r)))
		return 9;
	/* 10 */
	if (guest && (!has(r, CORDON_CAP1_GUEST) || !s2))
		return 10;
	/* 11 */
	if (cfg & CORDON_DC_FAULT) {
		if ((c[FAULT] & ~CORDON_PTR_CONTEXT) || !c[FAULT] || !fits(c[FAULT], oas(r)))
			return 11;
	} else if (c[FAULT]) {
		return 11;
	}
	/* 12 */
	if (!(cfg & CORDON_DC_FAULT) &&
	    (GET(CORDON_TAGS_FLIMIT, c[TAGS]) || GET(CORDON_TAGS_PLIMIT, c[TAGS])))
		return 12;
	if ((cfg & CORDON_DC_PRI) && !GET(CORDON_TAGS_PLIMIT, c[TAGS]))
		return 12;
	/* 13 */
	if (bad_root(c[PDROOT]))
		return 13;
	if (!pasids && (c[PDROOT] & CORDON_ROOT_ADDR))
		return 13;
	if (pasids && !GET(CORDON_CAP0_PASID, cap0(r)))
		return 13;
	if (s1 == CORDON_S1_PASID0 && !pasids)
		return 13;
	if (!fits(c[PDROOT] & CORDON_ROOT_ADDR,
		  guest ? 64 - GET(CORDON_S2FMT_T0SZ, c[FMT]) : oas(r)))
		return 13;
	/* 14, 15 */
	if (table) {
		f = s1form(r, c, 0);
		if (f.bad)
			return 14;
		if (bad_ttb(&f, c[S1ROOT]))
			return 15;
	} else {
		if ((c[FMT] & FMT_S1) || GET(CORDON_TAGS_DTAG, c[TAGS]))
			return 14;
		if (c[S1ROOT])
			return 15;
	}
	/* 16, 17 */
	if (s2) {
		f = s2form(r);
		if (f.bad)
			return 16;
		if (bad_ttb(&f, c[S2ROOT]))
			return 17;
	} else {
		if (c[FMT] & FMT_S2)
			return 16;
		if (c[S2ROOT])
			return 17;
	}
	return 0;
}

static unsigned int check_pc(struct run *r)
{
	const uint64_t *c = r->pc;
	unsigned int s1 = GET(CORDON_DC_S1, c[CFG]);
	struct form f;

	if (c[CFG] & ~CFG_P)
		return 1;
	if ((c[TAGS] & ~CORDON_TAGS_DTAG) ||
	    !fits(GET(CORDON_TAGS_DTAG, c[TAGS]), GET(CORDON_CAP0_DTAG, cap0(r))))
		return 2;
	if (c[FMT] & ~FMT_S1)
		return 3;
	if (s1 == CORDON_S1_PASID0 || (s1 == CORDON_S1_TABLE && !has(r, CORDON_CAP1_S1)))
		return 4;
	if (((c[CFG] & CORDON_DC_EXEC) && !has(r, CORDON_CAP1_EXEC)) ||
	    ((c[CFG] & CORDON_DC_PRIV) && !has(r, CORDON_CAP1_PRIV)) ||
	    ((c[CFG] & CORDON_DC_RAZWI) && !has(r, CORDON_CAP1_RAZWI)))
		return 5;
	if (s1 == CORDON_S1_TABLE) {
		f = s1form(r, c, 0);
		if (f.bad)
			return 6;
		if (bad_ttb(&f, c[S1ROOT]))
			return 7;
	} else {
		if (c[FMT] || GET(CORDON_TAGS_DTAG, c[TAGS]))
			return 6;
		if (c[S1ROOT])
			return 7;
	}
	if (c[4] || c[5] || c[6] || c[7])
		return 8;
	return 0;
}

/* -- dirty log (spec 4.7) ---------------------------------------------- */

static bool dl_fault(struct run *r, unsigned int reason, uint64_t ipa, bool own, uint64_t where)
{
	fault(r, reason, 2, where);
	r->a->walk = own;
	r->a->ipa = ipa;
	return false;
}

static bool dirty_log(struct run *r, uint64_t ipa, bool own)
{
	int level = GET(CORDON_ROOT_LEVELS, r->dc[DLROOT]);
	uint64_t page = r->dc[DLROOT] & CORDON_ROOT_ADDR;
	uint64_t id = ipa >> 27, at = r->dc_at, ptr, bit;

	if (!fits(id, 9 * level))
		return dl_fault(r, CORDON_REASON_DL_ABSENT, ipa, own, r->dc_at);
	while (level--) {
		at = page + 8 * ((id >> (9 * level)) & 511);
		note(r, ORACLE_DL_POINTER, level, at, ipa);
		if (!fetch(r, at, &ptr, 1))
			return dl_fault(r, CORDON_REASON_DL_FETCH, ipa, own, at);
		if (!(ptr & CORDON_PTR_V))
			return dl_fault(r, CORDON_REASON_DL_ABSENT, ipa, own, at);
		if ((ptr & ~(CORDON_PTR_V | CORDON_PTR_PAGE)) || !fits(ptr, oas(r)))
			return dl_fault(r, CORDON_REASON_DL_MALFORMED, ipa, own, at);
		page = ptr & CORDON_PTR_PAGE;
	}
	bit = (ipa >> 12) & 32767;
	note(r, ORACLE_DL_BITS, 0, page + bit / 64 * 8, ipa);
	if (!store(r, page + bit / 64 * 8, 0, 1ULL << bit % 64))
		return dl_fault(r, CORDON_REASON_DL_UPDATE, ipa, own, page + bit / 8);
	return true;
}

/* -- the walk (spec 4.4, 4.5) ------------------------------------------ */

static bool stage2(struct run *r, uint64_t ipa, const struct access *want, bool own,
		   struct leaf *leaf);

/* the PA of a descriptor; those of stage 1 may lie behind stage 2 */
static bool descriptor_pa(struct run *r, const struct form *f, uint64_t at, bool write,
			  uint64_t *pa)
{
	struct access want = { .read = !write, .write = write };
	struct leaf leaf;

	*pa = at;
	if (f->stage == 2 || !(r->dc[CFG] & CORDON_DC_S2))
		return true;
	if (!stage2(r, at, &want, true, &leaf))
		return false;
	*pa = leaf.addr;
	if (write && (r->dc[CFG] & CORDON_DC_DIRTY))
		return dirty_log(r, at, true);
	return true;
}

static bool update(struct run *r, const struct form *f, int level, uint64_t at, uint64_t clear,
		   uint64_t set)
{
	uint64_t pa;

	if (!descriptor_pa(r, f, at, true, &pa))
		return false;
	/* spec 4.4: somebody else was faster; eight times is enough */
	while (!r->q->probe && r->lost < r->m->cas_losses) {
		if (++r->lost > 8)
			return fault_level(r, CORDON_REASON_TABLE_UPDATE, f->stage, level, pa);
	}
	if (!store(r, pa, clear, set))
		return fault_level(r, CORDON_REASON_TABLE_UPDATE, f->stage, level, pa);
	return true;
}

static enum attr mair_attr(const struct run *r, const struct form *f, uint64_t d)
{
	unsigned int byte = r->m->mair[f->mair] >> (8 * GET(D_ATTRINDX, d)) & 0xff;

	if (byte >> 4 == 0)
		return DEVICE;
	return byte == 0x44 ? NONCACHEABLE : WRITEBACK;
}

/* spec 4.6: what stage 2 makes of stage 1's attribute */
static enum attr combine(bool fwb, unsigned int memattr, enum attr s1)
{
	enum attr s2 = memattr < 4 ? DEVICE : memattr == 5 ? NONCACHEABLE : WRITEBACK;

	if (fwb && memattr == 7)
		return s1;
	if (fwb && s2 == WRITEBACK)
		return WRITEBACK;
	return s1 < s2 ? s1 : s2;
}

static bool permitted(const struct access *want, const struct leaf *leaf)
{
	if (!want->read && !want->write && !want->exec)
		return leaf->read || leaf->write;	/* spec 1.4: of zero length */
	return (!want->read || leaf->read) && (!want->write || leaf->write) &&
	       (!want->exec || leaf->exec);
}

/*
 * One walk of one stage. @s1 is the attribute that stage 2 gets from stage 1;
 * @own says that the unit itself asks, to reach a structure of its own.
 */
static bool walk(struct run *r, const struct form *f, uint64_t addr, const struct access *want,
		 bool own, enum attr s1, struct leaf *leaf)
{
	uint64_t table = f->root, table_at[5], limits = 0, d, at, pa, base, mask;
	bool af[5], user, writes, dbm, last;
	int level, i;

	if (!fits(addr, f->n))
		return fault(r, CORDON_REASON_INPUT_SIZE, f->stage, f->context);

	for (level = f->start;; level++) {
		unsigned int shift = f->g + (3 - level) * f->b;
		uint64_t index = addr >> shift;

		if (level != f->start)
			index &= (1ULL << f->b) - 1;
		at = table + 8 * index;
		if (!descriptor_pa(r, f, at, false, &pa))
			return false;
		note(r, f->stage == 1 ? ORACLE_S1 : ORACLE_S2, level, pa, addr);
		if (!fetch(r, pa, &d, 1))
			return fault_level(r, CORDON_REASON_TABLE_FETCH, f->stage, level, pa);
		if (!(d & D_VALID))
			return fault_level(r, CORDON_REASON_TRANSLATION, f->stage, level, pa);
		if (!(d & D_TABLE) &&
		    (level == 3 || level < (f->far ? f->granule->block52 : f->granule->block)))
			return fault_level(r, CORDON_REASON_TRANSLATION, f->stage, level, pa);

		/* the address: of a next table, or of 2^shift bytes */
		if (level == 3 || !(d & D_TABLE))
			mask = ~0ULL << shift;
		else
			mask = ~0ULL << f->g;
		if (f->ds) {
			base = d & GENMASK_ULL(49, 12) & mask;
			base |= (d >> 8 & 3) << 50;
		} else {
			base = d & GENMASK_ULL(47, 12) & mask;
			if (f->far)
				base |= (d >> 12 & 15) << 48;
		}
		/* of a block or page, the address that results */
		last = level == 3 || !(d & D_TABLE);
		if (!fits(last ? base | (addr & ~mask) : base, f->out))
			return fault_level(r, CORDON_REASON_OUTPUT_SIZE, f->stage, level, pa);
		if (last) {
			leaf->addr = base | (addr & ~mask);
			leaf->span = shift;
			if (d & D_CONT)
				leaf->span += f->granule->group[level];
			if (leaf->span > f->out)
				leaf->span = f->out;
			break;
		}
		table_at[level - f->start] = at;
		af[level - f->start] = d & D_AF;
		if (f->stage == 1)
			limits |= d & (D_APTABLE0 | D_APTABLE1 | D_UXNTABLE | D_PXNTABLE);
		table = base;
	}

	if (!(d & D_AF) && !f->ha)
		return fault_level(r, CORDON_REASON_ACCESS_FLAG, f->stage, level, pa);

	dbm = f->hd && (d & D_DBM);
	if (f->stage == 1) {
		user = (d & D_AP1) && !(limits & D_APTABLE0);
		writes = (!(d & D_AP2) || dbm) && !(limits & D_APTABLE1);
		leaf->clean = writes && (d & D_AP2);
		leaf->read = want->priv || user;
		leaf->write = writes && leaf->read;
		if (want->priv)
			leaf->exec = !(d & D_PXN) && !(limits & D_PXNTABLE) && !(user && writes);
		else
			leaf->exec = leaf->read && !(d & D_UXN) && !(limits & D_UXNTABLE);
		leaf->attr = mair_attr(r, f, d);
	} else {
		leaf->read = d & D_S2R;
		leaf->write = (d & D_S2W) || dbm;
		leaf->clean = leaf->write && !(d & D_S2W);
		leaf->exec = leaf->read && !(d & D_UXN);
		leaf->attr = combine(f->fwb, GET(D_MEMATTR, d), s1);
	}
	if (!permitted(want, leaf))
		return fault_level(r, CORDON_REASON_PERMISSION, f->stage, level, pa);
	/* spec 1.3: the unit does not touch Device memory */
	if (own && leaf->attr == DEVICE)
		return fault_level(r, CORDON_REASON_PERMISSION, f->stage, level, pa);

	for (i = 0; f->haft && i < level - f->start; i++)
		if (!af[i] && !update(r, f, f->start + i, table_at[i], 0, D_AF))
			return false;
	if (!(d & D_AF) && !update(r, f, level, at, 0, D_AF))
		return false;
	if (want->write && leaf->clean) {
		if (!update(r, f, level, at, f->stage == 1 ? D_AP2 : 0,
			    f->stage == 1 ? 0 : D_S2W))
			return false;
		leaf->clean = false;
	}
	return true;
}

static bool stage2_attr(struct run *r, uint64_t ipa, const struct access *want, bool own,
			enum attr s1, struct leaf *leaf)
{
	struct form f = s2form(r);

	if (walk(r, &f, ipa, want, own, s1, leaf))
		return true;
	r->a->walk = own;
	r->a->ipa = ipa;
	return false;
}

/* an access of the unit's own */
static bool stage2(struct run *r, uint64_t ipa, const struct access *want, bool own,
		   struct leaf *leaf)
{
	return stage2_attr(r, ipa, want, own, WRITEBACK, leaf);
}

/* -- directories (spec 4.2, 4.3) --------------------------------------- */

/*
 * Both directories have the same shape and the same reasons, in the same
 * order, from FETCH of a pointer to MALFORMED of the context.
 */
static bool find(struct run *r, uint64_t root, uint64_t id, bool process, uint64_t *context,
		 uint64_t *context_at)
{
	unsigned int reason = process ? CORDON_REASON_PD_FETCH : CORDON_REASON_DD_FETCH;
	bool through = process && (r->dc[CFG] & CORDON_DC_GUEST);
	const struct access want = { .read = true };
	int level = GET(CORDON_ROOT_LEVELS, root);
	uint64_t at, ptr, target = root & CORDON_ROOT_ADDR;
	struct leaf leaf;

	while (level--) {
		uint64_t address = level ? CORDON_PTR_PAGE : CORDON_PTR_CONTEXT;

		at = target + 8 * ((id >> (9 * level)) & 511);
		if (through) {
			if (!stage2(r, at, &want, true, &leaf))
				return false;
			at = leaf.addr;
		}
		note(r, process ? ORACLE_PD_POINTER : ORACLE_DD_POINTER, level, at, id);
		if (!fetch(r, at, &ptr, 1))
			return fault(r, reason, 0, at);
		if (!(ptr & CORDON_PTR_V))
			return fault(r, reason + 1, 0, at);
		target = ptr & address;
		if ((ptr & ~(CORDON_PTR_V | address)) || (!through && !fits(target, oas(r))))
			return fault(r, reason + 2, 0, at);
	}
	at = target;
	if (through) {
		if (!stage2(r, at, &want, true, &leaf))
			return false;
		at = leaf.addr;
	}
	note(r, process ? ORACLE_PC : ORACLE_DC, 0, at, id);
	*context_at = at;
	if (!fetch(r, at, context, 8))
		return fault(r, reason + 3, 0, at);
	if (!(context[CFG] & CORDON_DC_V))
		return fault(r, reason + 4, 0, at);
	r->a->detail = process ? check_pc(r) : check_dc(r);
	if (r->a->detail)
		return fault(r, reason + 5, 0, at);
	return true;
}

static bool device_context(struct run *r)
{
	unsigned int levels = GET(CORDON_ROOT_LEVELS, r->m->root);
	uint64_t devid = r->q->devid;

	r->a->silent = r->m->root & CORDON_ROOT_SILENT;
	if (!levels)
		return fault(r, CORDON_REASON_NO_ROOT, 0, 0);
	if (!fits(devid, 9 * levels) || !fits(devid, GET(CORDON_CAP0_DEVID, cap0(r))) ||
	    devid == GET(CORDON_CAP4_UNIT_DEVID, r->m->caps[5]))
		return fault(r, CORDON_REASON_DEVID_RANGE, 0, 0);
	return find(r, r->m->root, devid, false, r->dc, &r->dc_at);
}

static void narrow(struct run *r, uint64_t cfg)
{
	if (!(cfg & CORDON_DC_EXEC) && r->want.exec) {
		r->want.exec = false;
		r->want.read = true;
	}
	if (!(cfg & CORDON_DC_PRIV))
		r->want.priv = false;
}

/* spec 4.3; pc is dc unless there is one */
static bool process_context(struct run *r)
{
	unsigned int levels = GET(CORDON_ROOT_LEVELS, r->dc[PDROOT]);
	uint64_t pasid = r->q->pv ? r->q->pasid : 0;

	if (!r->q->pv && GET(CORDON_DC_S1, r->dc[CFG]) != CORDON_S1_PASID0) {
		memcpy(r->pc, r->dc, sizeof(r->pc));
		r->pc_at = r->dc_at;
		return true;
	}
	if (!levels)
		return fault(r, CORDON_REASON_NO_PASID, 0, r->dc_at);
	if (!fits(pasid, 9 * levels) || !fits(pasid, GET(CORDON_CAP0_PASID, cap0(r))))
		return fault(r, CORDON_REASON_PASID_RANGE, 0, r->dc_at);
	if (!find(r, r->dc[PDROOT], pasid, true, r->pc, &r->pc_at))
		return false;
	narrow(r, r->pc[CFG]);
	return true;
}

/* -- the whole (spec 4.1) ---------------------------------------------- */

static void pass(struct run *r, const struct leaf *leaf, bool attributed)
{
	static const uint8_t byte[] = {
		[DEVICE] = 0x04, [NONCACHEABLE] = 0x44, [WRITEBACK] = 0xff
	};

	r->a->addr = leaf->addr;
	r->a->span_log2 = leaf->span;
	r->a->read = leaf->read;
	r->a->write = leaf->write;
	r->a->exec = leaf->exec;
	r->a->clean = leaf->clean;
	r->a->attr = attributed ? byte[leaf->attr] : 0xff;
	/* spec 4.6: coherent in any case; Device has no other kind */
	if ((r->dc[CFG] & CORDON_DC_SNOOP) && r->a->attr == 0x44)
		r->a->attr = 0xff;
	r->a->level = CORDON_LEVEL_NONE;
}

static void handle(struct run *r)
{
	struct leaf first = {
		.addr = r->q->addr, .span = 63, .attr = WRITEBACK,
		.read = true, .write = true, .exec = true,
	};
	struct leaf second;
	bool s2, tabled = false, translated = r->q->type == CORDON_TYPE_TRANSLATED;
	struct form f;
	uint64_t cfg;

	if (!device_context(r))
		return;
	cfg = r->dc[CFG];
	s2 = cfg & CORDON_DC_S2;
	r->a->found = true;
	r->a->silent = cfg & CORDON_DC_SILENT;
	r->a->razwi = cfg & CORDON_DC_RAZWI;
	r->a->vmtag = GET(CORDON_TAGS_VMTAG, r->dc[TAGS]);
	r->a->dtag = GET(CORDON_TAGS_DTAG, r->dc[TAGS]);
	r->a->s2root = r->dc[S2ROOT];
	r->a->s2fmt = r->dc[FMT] & FMT_S2;
	r->a->fault = cfg & CORDON_DC_FAULT ? r->dc[FAULT] : 0;

	if (translated && GET(CORDON_DC_TRANSLATED, cfg) == CORDON_TRANSLATED_DENY) {
		fault(r, CORDON_REASON_TRANSLATED, 0, r->dc_at);
		return;
	}
	if (r->q->type == CORDON_TYPE_ATS && !(cfg & CORDON_DC_ATS)) {
		fault(r, CORDON_REASON_ATS_OFF, 0, r->dc_at);
		return;
	}
	/* spec 4.8: every ATS request while TRANSLATED is DENY */
	if (r->q->type == CORDON_TYPE_ATS &&
	    GET(CORDON_DC_TRANSLATED, cfg) == CORDON_TRANSLATED_DENY) {
		fault(r, CORDON_REASON_TRANSLATED, 0, r->dc_at);
		return;
	}
	narrow(r, cfg);

	if (translated) {
		if (GET(CORDON_DC_TRANSLATED, cfg) == CORDON_TRANSLATED_TRUST) {
			if (!fits(r->q->addr, oas(r)))
				fault(r, CORDON_REASON_INPUT_SIZE, 1, r->dc_at);
			else
				pass(r, &first, false);
			return;
		}
	} else {
		if (!process_context(r))
			return;
		r->a->dtag = GET(CORDON_TAGS_DTAG, r->pc[TAGS]);
		r->a->silent = r->pc[CFG] & CORDON_DC_SILENT;
		r->a->razwi = r->pc[CFG] & CORDON_DC_RAZWI;
		switch (GET(CORDON_DC_S1, r->pc[CFG])) {
		case CORDON_S1_BLOCK:
			fault(r, CORDON_REASON_BLOCKED, 0, r->pc_at);
			return;
		case CORDON_S1_BYPASS:
			if (!s2 && !fits(r->q->addr, oas(r))) {
				fault(r, CORDON_REASON_INPUT_SIZE, 1, r->pc_at);
				return;
			}
			break;
		case CORDON_S1_TABLE:
			r->a->tabled = true;
			r->a->s1root = r->pc[S1ROOT];
			r->a->s1fmt = r->pc[FMT] & FMT_S1;
			if (r->pc[CFG] & CORDON_DC_NOWALK) {
				fault(r, CORDON_REASON_NOWALK, 0, r->pc_at);
				return;
			}
			f = s1form(r, r->pc, r->pc_at);
			if (!walk(r, &f, r->q->addr, &r->want, false, WRITEBACK, &first))
				return;
			tabled = true;
			if (cfg & CORDON_DC_GUEST)
				first.attr = WRITEBACK;
			break;
		}
	}
	if (!s2) {
		pass(r, &first, tabled);
		return;
	}

	if (!stage2_attr(r, first.addr, &r->want, false, first.attr, &second))
		return;
	second.read = second.read && first.read;
	second.write = second.write && first.write;
	second.exec = second.exec && first.exec;
	second.clean = second.clean || first.clean;
	if (first.span < second.span)
		second.span = first.span;
	if (cfg & CORDON_DC_DIRTY) {
		r->a->logs = true;
		if (r->want.write && !dirty_log(r, first.addr, false))
			return;
	}
	pass(r, &second, true);
	r->a->ipa = first.addr;
}

/**
 * oracle_translate() - say what becomes of a request (spec 4)
 * @machine: memory and registers; not changed
 * @request: with a type other than CORDON_TYPE_ATS
 * @answer: filled in whole
 */
void oracle_translate(const struct oracle_machine *machine, const struct cordon_request *request,
		      struct oracle_answer *answer)
{
	struct run run = {
		.m = machine,
		.q = request,
		.a = answer,
		.want = {
			.read = request->read, .write = request->write,
			.exec = request->exec, .priv = request->priv,
		},
	};

	memset(answer, 0, sizeof(*answer));
	handle(&run);
	/* spec 4.3: a guest has no say in what its host's stage 2 refuses */
	if (answer->stage == 2 && (run.dc[CFG] & CORDON_DC_GUEST)) {
		answer->silent = run.dc[CFG] & CORDON_DC_SILENT;
		answer->razwi = run.dc[CFG] & CORDON_DC_RAZWI;
	}
	if (request->type == CORDON_TYPE_ATS)
		answer->razwi = false;
	answer->acc_read = run.want.read;
	answer->acc_write = run.want.write;
	answer->acc_exec = run.want.exec;
	answer->acc_priv = run.want.priv;
	if (answer->reason != CORDON_REASON_DC_MALFORMED &&
	    answer->reason != CORDON_REASON_PC_MALFORMED)
		answer->detail = 0;
}
