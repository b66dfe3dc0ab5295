// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: contexts, formats and capabilities as values.
 *
 * Pure functions: from dwords and capabilities to decoded structures, or to the
 * number of the check that failed (spec 3.3.5, 3.4).
 */
#include "internal.h"

/* cfg: fields marked P in spec 3.3.1 */
#define CM_PC_CFG	(CORDON_DC_V | CORDON_DC_S1 | CORDON_DC_SILENT | CORDON_DC_RAZWI | \
			 CORDON_DC_EXEC | CORDON_DC_PRIV | CORDON_DC_NOWALK)
#define CM_DC_CFG	GENMASK_ULL(16, 0)
#define CM_S1FMT	GENMASK_ULL(16, 0)
#define CM_S2FMT	GENMASK_ULL(50, 32)

static const uint8_t cm_ps_bits[8] = { 32, 36, 40, 42, 44, 48, 52, 0 };

/**
 * cm_caps_decode() - decode CORDON_REG_CAP0 to CAP4
 * @caps: result
 * @cap: the six registers ID and CAP0 to CAP4 (spec 10.2)
 */
void cm_caps_decode(struct cm_caps *caps, const uint64_t *cap)
{
	memset(caps, 0, sizeof(*caps));
	caps->devid = cm_get(CORDON_CAP0_DEVID, cap[1]);
	caps->pasid = cm_get(CORDON_CAP0_PASID, cap[1]);
	caps->vmtag = cm_get(CORDON_CAP0_VMTAG, cap[1]);
	caps->dtag = cm_get(CORDON_CAP0_DTAG, cap[1]);
	caps->s1tg = cm_get(CORDON_CAP0_S1TG, cap[1]);
	caps->s2tg = cm_get(CORDON_CAP0_S2TG, cap[1]);
	caps->oas = cm_get(CORDON_CAP0_OAS, cap[1]);
	caps->oas_bits = cm_ps_bits[caps->oas];
	caps->ias = cm_get(CORDON_CAP0_IAS, cap[1]);
	caps->cap1 = cap[2];
	caps->cmdqs = cm_get(CORDON_CAP2_CMDQS, cap[3]);
	caps->cmdq_log2 = cm_get(CORDON_CAP2_CMDQ_LOG2, cap[3]);
	caps->fq_log2 = cm_get(CORDON_CAP2_FQ_LOG2, cap[3]);
	caps->prq_log2 = cm_get(CORDON_CAP2_PRQ_LOG2, cap[3]);
	caps->slots_log2 = cm_get(CORDON_CAP2_SLOTS_LOG2, cap[3]);
	caps->devmap_log2 = cm_get(CORDON_CAP2_DEVMAP_LOG2, cap[3]);
	caps->merge = cm_get(CORDON_CAP2_MERGE, cap[3]);
	caps->counters = cm_get(CORDON_CAP3_COUNTERS, cap[4]);
	caps->counter_bits = cm_get(CORDON_CAP3_COUNTER_BITS, cap[4]);
	caps->atc_device = cm_get(CORDON_CAP3_ATC_DEVICE, cap[4]);
	caps->atc_queue = cm_get(CORDON_CAP3_ATC_QUEUE, cap[4]);
	caps->atc_min = cm_get(CORDON_CAP3_ATC_TIME_MIN, cap[4]);
	caps->atc_max = cm_get(CORDON_CAP3_ATC_TIME_MAX, cap[4]);
	caps->merge_max = cm_get(CORDON_CAP3_MERGE_TIME_MAX, cap[4]);
	caps->hz = cm_get(CORDON_CAP4_TIME_HZ, cap[5]);
	caps->unit_devid = cm_get(CORDON_CAP4_UNIT_DEVID, cap[5]);
}

/* spec 4.4: what the formats of both stages have in common */
static bool cm_fmt_common(const struct cm_caps *caps, unsigned int t0sz, unsigned int tg,
			  unsigned int ps, unsigned int tgs, unsigned int max_ps, bool ds,
			  struct cm_fmt *f)
{
	static const uint8_t log2[4] = { 12, 16, 14, 0 };
	bool lva64k = caps->cap1 & CORDON_CAP1_LVA64K;

	if (tg == 3 || !(tgs >> tg & 1) || ps == 7 || ps > max_ps)
		return false;
	f->g = log2[tg];
	f->b = f->g - 3;
	f->n = 64 - t0sz;
	f->out_bits = cm_ps_bits[ps];
	f->ds = ds;
	f->key = (uint16_t)(f->n | f->g << 6 | ds << 11 | (f->out_bits >> 1 & 0xf) << 12);
	if (f->n < 25 || f->n > caps->ias)
		return false;
	if ((f->n > 48 || ps == CORDON_PS_52) && !(tg == CORDON_TG_64K ? lva64k : ds))
		return false;
	if ((f->ha && !(caps->cap1 & CORDON_CAP1_HA)) ||
	    (f->hd && !(caps->cap1 & CORDON_CAP1_HD)) ||
	    (f->haft && !(caps->cap1 & CORDON_CAP1_HAFT)) ||
	    (ds && !(caps->cap1 & CORDON_CAP1_DS)))
		return false;
	if ((f->hd || f->haft) && !f->ha)
		return false;
	return !ds || tg != CORDON_TG_64K;
}

/**
 * cm_fmt_s1() - decode a stage-1 format (spec 4.4)
 * @caps: capabilities
 * @fmt: dword with CORDON_S1FMT_*
 * @nested: stage 2 takes part
 * @f: result
 *
 * Return: false if the format is malformed.
 */
bool cm_fmt_s1(const struct cm_caps *caps, uint64_t fmt, bool nested, struct cm_fmt *f)
{
	memset(f, 0, sizeof(*f));
	f->ha = fmt & CORDON_S1FMT_HA;
	f->hd = fmt & CORDON_S1FMT_HD;
	f->haft = fmt & CORDON_S1FMT_HAFT;
	f->mair = cm_get(CORDON_S1FMT_MAIR, fmt);
	if (!cm_fmt_common(caps, cm_get(CORDON_S1FMT_T0SZ, fmt), cm_get(CORDON_S1FMT_TG, fmt),
			   cm_get(CORDON_S1FMT_PS, fmt), caps->s1tg,
			   nested ? CORDON_PS_52 : caps->oas, fmt & CORDON_S1FMT_DS, f))
		return false;
	f->start = 4 - (f->n - f->g + f->b - 1) / f->b;
	return true;
}

/* spec 4.5: the table of start levels; false if malformed */
static bool cm_s2_start(struct cm_fmt *f, unsigned int sl)
{
	switch (f->g) {
	case 12:
		if (sl == 3 || sl > 4 || (sl == 4 && !f->ds))
			return false;
		f->start = sl == 4 ? -1 : 2 - (int)sl;
		return true;
	case 14:
		if (sl > 3 || (sl == 3 && !f->ds))
			return false;
		f->start = 3 - (int)sl;
		return true;
	default:
		if (sl > 2)
			return false;
		f->start = 3 - (int)sl;
		return true;
	}
}

/**
 * cm_fmt_s2() - decode a stage-2 format (spec 4.5)
 * @caps: capabilities
 * @fmt: dword with CORDON_S2FMT_*
 * @f: result
 *
 * Return: false if the format is malformed.
 */
bool cm_fmt_s2(const struct cm_caps *caps, uint64_t fmt, struct cm_fmt *f)
{
	unsigned int sl = cm_get(CORDON_S2FMT_SL2, fmt) << 2 | cm_get(CORDON_S2FMT_SL0, fmt);
	unsigned int low;

	memset(f, 0, sizeof(*f));
	f->ha = fmt & CORDON_S2FMT_HA;
	f->hd = fmt & CORDON_S2FMT_HD;
	f->haft = fmt & CORDON_S2FMT_HAFT;
	f->fwb = fmt & CORDON_S2FMT_FWB;
	if (!cm_fmt_common(caps, cm_get(CORDON_S2FMT_T0SZ, fmt), cm_get(CORDON_S2FMT_TG, fmt),
			   cm_get(CORDON_S2FMT_PS, fmt), caps->s2tg, caps->oas,
			   fmt & CORDON_S2FMT_DS, f))
		return false;
	if (f->fwb && !(caps->cap1 & CORDON_CAP1_FWB))
		return false;
	if (!cm_s2_start(f, sl))
		return false;
	low = cm_span(f, f->start);
	return f->n >= low + 1 && f->n <= low + f->b + 4;
}

/**
 * cm_ttb_ok() - is the root of a translation table well-formed (spec 3.3.4)?
 * @f: the decoded format
 * @root: the dword
 *
 * Return: true if it is.
 */
bool cm_ttb_ok(const struct cm_fmt *f, uint64_t root)
{
	unsigned int align = f->n - cm_span(f, f->start) + 3;

	if (align < 6)
		align = 6;
	return !(root & ~CORDON_TTB_ADDR) && !(root & cm_mask(align)) &&
	       cm_fits(root, f->out_bits);
}

/**
 * cm_ptr_ok() - is a valid pointer of a directory well-formed (spec 3.1)?
 * @ptr: the pointer
 * @mask: bits of its address, by level
 * @bits: width of its address
 *
 * Return: true if it is.
 */
bool cm_ptr_ok(uint64_t ptr, uint64_t mask, unsigned int bits)
{
	return !(ptr & ~(mask | CORDON_PTR_V)) && cm_fits(ptr & mask, bits);
}

/**
 * cm_dirroot_ok() - is the root of a directory in a context well-formed (spec 3.2)?
 * @root: the dword; with levels 0 it must be all zero
 * @bits: width of its address
 *
 * Return: true if it is.
 */
bool cm_dirroot_ok(uint64_t root, unsigned int bits)
{
	if (root & ~(CORDON_ROOT_LEVELS | CORDON_ROOT_ADDR))
		return false;
	if (!(root & CORDON_ROOT_LEVELS))
		return !root;
	return cm_fits(root & CORDON_ROOT_ADDR, bits);
}

static bool cm_cfg_policy_bad(const struct cm_caps *caps, uint64_t cfg)
{
	return ((cfg & CORDON_DC_EXEC) && !(caps->cap1 & CORDON_CAP1_EXEC)) ||
	       ((cfg & CORDON_DC_PRIV) && !(caps->cap1 & CORDON_CAP1_PRIV)) ||
	       ((cfg & CORDON_DC_SNOOP) && !(caps->cap1 & CORDON_CAP1_SNOOP)) ||
	       ((cfg & CORDON_DC_RAZWI) && !(caps->cap1 & CORDON_CAP1_RAZWI));
}

/* check 4 */
static bool cm_dc_stages_bad(const struct cm_caps *caps, bool s1, bool s2)
{
	return (s1 && !(caps->cap1 & CORDON_CAP1_S1)) ||
	       (s2 && !(caps->cap1 & CORDON_CAP1_S2)) ||
	       (s1 && s2 && !(caps->cap1 & CORDON_CAP1_NESTED));
}

/* check 6 */
static bool cm_dc_translated_bad(const struct cm_caps *caps, uint64_t cfg)
{
	unsigned int policy = cm_get(CORDON_DC_TRANSLATED, cfg);
	bool ats = cfg & CORDON_DC_ATS, guest = cfg & CORDON_DC_GUEST;

	switch (policy) {
	case CORDON_TRANSLATED_DENY:
		return ats && guest;
	case CORDON_TRANSLATED_TRUST:
		return !(caps->cap1 & CORDON_CAP1_TRUST) || guest || !ats;
	case CORDON_TRANSLATED_STAGE2:
		return !(caps->cap1 & CORDON_CAP1_T_STAGE2) || !(cfg & CORDON_DC_S2) || !ats;
	default:
		return true;
	}
}

/* check 9 */
static bool cm_dc_dirty_bad(const struct cm_caps *caps, uint64_t cfg, uint64_t dlroot)
{
	if (!(cfg & CORDON_DC_DIRTY))
		return dlroot;
	if (!(caps->cap1 & CORDON_CAP1_DIRTY) || !(cfg & CORDON_DC_S2))
		return true;
	return !(dlroot & CORDON_ROOT_LEVELS) || !cm_dirroot_ok(dlroot, caps->oas_bits);
}

/* check 11 */
static bool cm_dc_fault_bad(const struct cm_caps *caps, uint64_t cfg, uint64_t fault)
{
	if (!(cfg & CORDON_DC_FAULT))
		return fault;
	return (fault & ~CORDON_PTR_CONTEXT) || !fault || !cm_fits(fault, caps->oas_bits);
}

/* check 13 */
static bool cm_dc_pdroot_bad(const struct cm_caps *caps, uint64_t cfg, uint64_t fmt,
			     uint64_t pdroot)
{
	unsigned int bits = caps->oas_bits;

	if (cfg & CORDON_DC_GUEST)
		bits = 64 - cm_get(CORDON_S2FMT_T0SZ, fmt);
	if (!cm_dirroot_ok(pdroot, bits))
		return true;
	if (pdroot & CORDON_ROOT_LEVELS)
		return !caps->pasid;
	return cm_get(CORDON_DC_S1, cfg) == CORDON_S1_PASID0;
}

/**
 * cm_dc_decode() - check and decode a device context (spec 3.3.5)
 * @caps: capabilities
 * @raw: its eight dwords; V is set
 * @dc: result, but for the address
 *
 * Return: 0, or the number of the first check that failed.
 */
unsigned int cm_dc_decode(const struct cm_caps *caps, const uint64_t *raw, struct cm_dc *dc)
{
	uint64_t cfg = raw[0], tags = raw[1], fmt = raw[2];
	unsigned int s1 = cm_get(CORDON_DC_S1, cfg);
	bool s2 = cfg & CORDON_DC_S2;

	dc->cfg = cfg;
	dc->vmtag = cm_get(CORDON_TAGS_VMTAG, tags);
	dc->flimit = cm_get(CORDON_TAGS_FLIMIT, tags);
	dc->plimit = cm_get(CORDON_TAGS_PLIMIT, tags);
	dc->pdroot = raw[4];
	dc->s2root = raw[5];
	dc->fault = raw[6];
	dc->dlroot = raw[7];
	memset(&dc->own, 0, sizeof(dc->own));
	memset(&dc->s2, 0, sizeof(dc->s2));
	dc->own.cfg = cfg;
	dc->own.dtag = cm_get(CORDON_TAGS_DTAG, tags);
	dc->own.s1root = raw[3];

	if (cfg & ~CM_DC_CFG)
		return 1;
	if (!cm_fits(dc->vmtag, caps->vmtag) || !cm_fits(dc->own.dtag, caps->dtag))
		return 2;
	if (fmt & ~(CM_S1FMT | CM_S2FMT))
		return 3;
	if (cm_dc_stages_bad(caps, s1 == CORDON_S1_TABLE || (dc->pdroot & CORDON_ROOT_LEVELS), s2))
		return 4;
	if (s2 != !!dc->vmtag)
		return 5;
	if (cm_dc_translated_bad(caps, cfg))
		return 6;
	if (((cfg & CORDON_DC_ATS) && !(caps->cap1 & CORDON_CAP1_ATS)) ||
	    ((cfg & CORDON_DC_PRI) && (!(caps->cap1 & CORDON_CAP1_PRI) || !(cfg & CORDON_DC_ATS))))
		return 7;
	if (cm_cfg_policy_bad(caps, cfg))
		return 8;
	if (cm_dc_dirty_bad(caps, cfg, dc->dlroot))
		return 9;
	if ((cfg & CORDON_DC_GUEST) && (!(caps->cap1 & CORDON_CAP1_GUEST) || !s2))
		return 10;
	if (cm_dc_fault_bad(caps, cfg, dc->fault))
		return 11;
	if ((!(cfg & CORDON_DC_FAULT) && (dc->flimit || dc->plimit)) ||
	    ((cfg & CORDON_DC_PRI) && !dc->plimit))
		return 12;
	if (cm_dc_pdroot_bad(caps, cfg, fmt, dc->pdroot))
		return 13;
	if (s1 == CORDON_S1_TABLE) {
		if (!cm_fmt_s1(caps, fmt, s2, &dc->own.s1))
			return 14;
		if (!cm_ttb_ok(&dc->own.s1, dc->own.s1root))
			return 15;
	} else {
		if ((fmt & CM_S1FMT) || dc->own.dtag)
			return 14;
		if (dc->own.s1root)
			return 15;
	}
	if (s2) {
		if (!cm_fmt_s2(caps, fmt, &dc->s2))
			return 16;
		if (!cm_ttb_ok(&dc->s2, dc->s2root))
			return 17;
	} else {
		if (fmt & CM_S2FMT)
			return 16;
		if (dc->s2root)
			return 17;
	}
	return 0;
}

/**
 * cm_pc_decode() - check and decode a process context (spec 3.4)
 * @caps: capabilities
 * @raw: its eight dwords; V is set
 * @nested: stage 2 takes part
 * @pc: result, but for the address
 *
 * Return: 0, or the number of the first check that failed.
 */
unsigned int cm_pc_decode(const struct cm_caps *caps, const uint64_t *raw, bool nested,
			  struct cm_pc *pc)
{
	unsigned int s1 = cm_get(CORDON_DC_S1, raw[0]);

	memset(pc, 0, sizeof(*pc));
	pc->cfg = raw[0];
	pc->dtag = cm_get(CORDON_TAGS_DTAG, raw[1]);
	pc->s1root = raw[3];

	if (raw[0] & ~CM_PC_CFG)
		return 1;
	if ((raw[1] & ~CORDON_TAGS_DTAG) || !cm_fits(pc->dtag, caps->dtag))
		return 2;
	if (raw[2] & ~CM_S1FMT)
		return 3;
	if (s1 == CORDON_S1_PASID0 ||
	    (s1 == CORDON_S1_TABLE && !(caps->cap1 & CORDON_CAP1_S1)))
		return 4;
	if (cm_cfg_policy_bad(caps, raw[0]))
		return 5;
	if (s1 == CORDON_S1_TABLE) {
		if (!cm_fmt_s1(caps, raw[2], nested, &pc->s1))
			return 6;
		if (!cm_ttb_ok(&pc->s1, raw[3]))
			return 7;
	} else {
		if (raw[2] || pc->dtag)
			return 6;
		if (raw[3])
			return 7;
	}
	return raw[4] || raw[5] || raw[6] || raw[7] ? 8 : 0;
}
