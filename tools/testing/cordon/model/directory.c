// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: finding device and process contexts (spec 4.2, 4.3).
 */
#include "internal.h"

/* One directory, and one identifier looked for in it */
struct cm_dir {
	enum cm_kind kind;
	uint64_t root;
	uint32_t devid;
	uint32_t id;
	bool guest;
	uint8_t fetch, absent, malformed;	/* reasons */
};

static bool cm_is_guest(const struct cm_op *op)
{
	return op->dc && (op->dc->cfg & CORDON_DC_GUEST);
}

/*
 * Read a pointer or a context; a guest's through stage 2. Tells its PA. False
 * with the fault noted if stage 2 refuses or the read aborts with @reason.
 */
static bool cm_dir_read(struct cm_op *op, bool guest, uint64_t addr, uint64_t *val,
			unsigned int n, uint8_t reason, uint64_t *where)
{
	enum cordon_abort what = n == 1 ? CORDON_ABORT_DIRECTORY : CORDON_ABORT_CONTEXT;
	struct cordon_model *m = op->m;
	struct cm_text t;
	struct cm_out out;

	if (guest) {
		if (!cm_stage2(op, addr, true, false, false, true, &out))
			return false;
		addr = out.addr;
	}
	*where = addr;
	if (!op->exact && cm_injected(m, what)) {
		if (!op->quiet && !guest)
			cm_error(m, CORDON_ERROR_FETCH, addr);
		return cm_deny(op, reason, 0, CORDON_LEVEL_NONE, addr);
	}
	if (!cm_read64s(m, addr, val, n))
		return true;
	if (!op->quiet && !guest) {
		cm_error(m, CORDON_ERROR_FETCH, addr);
		cm_text_init(&t, "Reading a directory or context");
		cm_text_hex(&t, " at ", addr);
		cm_text_hex(&t, " for DeviceID ", op->req->devid);
		cm_text_str(&t, " aborted.");
		cm_violation(m, CORDON_VIOLATION_STRUCTURE, &t);
	}
	return cm_deny(op, reason, 0, CORDON_LEVEL_NONE, addr);
}

static void cm_malformed(struct cm_op *op, const char *what, uint64_t where, unsigned int check)
{
	struct cm_text t;

	if (op->quiet || cm_is_guest(op))
		return;
	cm_text_init(&t, "The ");
	cm_text_str(&t, what);
	cm_text_hex(&t, " at ", where);
	cm_text_hex(&t, " for DeviceID ", op->req->devid);
	cm_text_str(&t, " is malformed");
	if (check)
		cm_text_dec(&t, ": check ", check);
	cm_text_str(&t, ".");
	cm_violation(op->m, CORDON_VIOLATION_STRUCTURE, &t);
}

/*
 * Walk a directory down to @stop and tell the pointer there. With caches, from
 * the deepest pointer that is cached.
 */
static bool cm_dir_walk(struct cm_op *op, const struct cm_dir *d, unsigned int stop,
			uint64_t *ptr);

/* Does memory still have the pointer? */
static bool cm_ptr_stale(struct cm_op *op, const struct cm_dir *d, unsigned int level,
			 const struct cm_ptr_entry *e)
{
	struct cm_op fresh;
	uint64_t ptr;

	cm_op_init(&fresh, op->m, op->req);
	fresh.quiet = true;
	fresh.exact = true;
	fresh.dc = op->dc;
	return !cm_dir_walk(&fresh, d, level, &ptr) || ptr != e->ptr;
}

static bool cm_dir_walk(struct cm_op *op, const struct cm_dir *d, unsigned int stop,
			uint64_t *ptr)
{
	unsigned int level = d->root & CORDON_ROOT_LEVELS;
	uint64_t page = d->root & CORDON_ROOT_ADDR;
	uint64_t p = 0, mask, where;
	struct cm_ptr_entry *e;
	unsigned int i;

	for (i = stop; op->cached && i < level; i++) {
		e = cm_ptr_find(op->m, d->kind, d->devid, d->id, i);
		if (!e)
			continue;
		op->used = true;
		if (op->m->cfg.check_stale)
			cm_stale(op, &e->key, cm_ptr_stale(op, d, i, e),
				 d->kind == CM_KIND_DD_PTR ? "pointer of the device directory" :
				 "pointer of a process directory", d->id);
		p = e->ptr;
		page = p & (i ? CORDON_PTR_PAGE : CORDON_PTR_CONTEXT);
		level = i;
		break;
	}
	while (level > stop) {
		level--;
		mask = level ? CORDON_PTR_PAGE : CORDON_PTR_CONTEXT;
		where = page + 8 * (d->id >> (CORDON_DIR_BITS * level) & (CORDON_DIR_ENTRIES - 1));
		if (!cm_dir_read(op, d->guest, where, &p, 1, d->fetch, &where))
			return false;
		if (!(p & CORDON_PTR_V))
			return cm_deny(op, d->absent, 0, CORDON_LEVEL_NONE, where);
		/* a guest's is an IPA, which stage 2 judges */
		if (!cm_ptr_ok(p, mask, d->guest ? 64 : op->m->caps.oas_bits)) {
			cm_malformed(op, "pointer", where, 0);
			return cm_deny(op, d->malformed, 0, CORDON_LEVEL_NONE, where);
		}
		if (op->fill) {
			e = cm_ptr_fill(op->m, d->kind, d->devid, d->id, level);
			e->ptr = p;
			e->guest = d->guest;
			e->vmtag = d->kind == CM_KIND_PD_PTR ? op->dc->vmtag : 0;
		}
		page = p & mask;
	}
	*ptr = p;
	return true;
}

/* Find and read a context; false with the fault noted */
static bool cm_context_read(struct cm_op *op, const struct cm_dir *d, uint64_t *raw,
			    uint64_t *where)
{
	bool device = d->kind == CM_KIND_DD_PTR;
	uint64_t ptr;

	if (!cm_dir_walk(op, d, 0, &ptr))
		return false;
	if (!cm_dir_read(op, d->guest, ptr & CORDON_PTR_CONTEXT, raw, 8,
			 device ? CORDON_REASON_DC_FETCH : CORDON_REASON_PC_FETCH, where))
		return false;
	if (!(raw[0] & CORDON_DC_V))
		return cm_deny(op, device ? CORDON_REASON_DC_ABSENT : CORDON_REASON_PC_ABSENT, 0,
			       CORDON_LEVEL_NONE, *where);
	return true;
}

/* Is a cached context different from what memory holds? */
static bool cm_context_stale(struct cm_op *op, const struct cm_dir *d, const uint64_t *raw,
			     uint64_t where)
{
	struct cm_op fresh;
	uint64_t now[8], at;

	cm_op_init(&fresh, op->m, op->req);
	fresh.quiet = true;
	fresh.exact = true;
	fresh.dc = op->dc;
	return !cm_context_read(&fresh, d, now, &at) || at != where ||
	       memcmp(now, raw, sizeof(now));
}

static void cm_dir_of_devices(const struct cm_op *op, struct cm_dir *d)
{
	d->kind = CM_KIND_DD_PTR;
	d->root = op->m->root;
	d->devid = 0;
	d->id = op->req->devid;
	d->guest = false;
	d->fetch = CORDON_REASON_DD_FETCH;
	d->absent = CORDON_REASON_DD_ABSENT;
	d->malformed = CORDON_REASON_DD_MALFORMED;
}

/**
 * cm_device_check() - compare a cached device context with memory
 * @op: the request that uses it
 * @e: the entry
 */
void cm_device_check(struct cm_op *op, struct cm_dc_entry *e)
{
	struct cm_dir d;

	cm_dir_of_devices(op, &d);
	cm_stale(op, &e->key, cm_context_stale(op, &d, e->raw, e->dc.own.where), "device context",
		 e->dc.own.where);
}

/**
 * cm_find_device() - find a device context that is not cached (spec 4.2)
 * @op: the request; @op->dc is set
 *
 * Return: false with the fault noted in @op.
 */
bool cm_find_device(struct cm_op *op)
{
	struct cordon_model *m = op->m;
	struct cm_dc_entry *e;
	struct cm_dir d;
	uint64_t raw[8], where;

	if (!op->quiet)
		cm_count(m, CORDON_EVENT_DC_MISSES, op);
	cm_dir_of_devices(op, &d);
	if (!cm_context_read(op, &d, raw, &where))
		return false;
	op->detail = cm_dc_decode(&m->caps, raw, &op->room_dc);
	if (op->detail) {
		cm_malformed(op, "device context", where, op->detail);
		return cm_deny(op, CORDON_REASON_DC_MALFORMED, 0, CORDON_LEVEL_NONE, where);
	}
	op->room_dc.own.where = where;
	op->dc = &op->room_dc;
	if (op->fill) {
		e = cm_dc_fill(m, op->req->devid);
		memcpy(e->raw, raw, sizeof(raw));
		e->dc = op->room_dc;
	}
	return true;
}

/* spec 4.3: policy of a process context, or of the device's for PASID 0 */
static bool cm_pc_policy(struct cm_op *op)
{
	if (!(op->pc->cfg & CORDON_DC_EXEC) && op->x) {
		op->x = false;
		op->r = true;
	}
	if (!(op->pc->cfg & CORDON_DC_PRIV))
		op->priv = false;
	return true;
}

/**
 * cm_find_process() - find a process context (spec 4.3)
 * @op: the request, of which it is known that it has one; @op->pc is set
 *
 * Return: false with the fault noted in @op.
 */
bool cm_find_process(struct cm_op *op)
{
	struct cordon_model *m = op->m;
	const struct cm_dc *dc = op->dc;
	unsigned int levels = dc->pdroot & CORDON_ROOT_LEVELS;
	uint32_t pasid = op->req->pv ? op->req->pasid : 0;
	struct cm_pc_entry *e;
	struct cm_dir d;
	uint64_t raw[8], where;

	if (!levels)
		return cm_deny(op, CORDON_REASON_NO_PASID, 0, CORDON_LEVEL_NONE, dc->own.where);
	if (!cm_fits(pasid, CORDON_DIR_BITS * levels) || !cm_fits(pasid, m->caps.pasid))
		return cm_deny(op, CORDON_REASON_PASID_RANGE, 0, CORDON_LEVEL_NONE,
			       dc->own.where);
	d.kind = CM_KIND_PD_PTR;
	d.root = dc->pdroot;
	d.devid = op->req->devid;
	d.id = pasid;
	d.guest = dc->cfg & CORDON_DC_GUEST;
	d.fetch = CORDON_REASON_PD_FETCH;
	d.absent = CORDON_REASON_PD_ABSENT;
	d.malformed = CORDON_REASON_PD_MALFORMED;
	e = op->cached ? cm_pc_find(m, d.devid, pasid) : NULL;
	if (e) {
		op->used = true;
		if (m->cfg.check_stale)
			cm_stale(op, &e->key, cm_context_stale(op, &d, e->raw, e->pc.where),
				 "process context", e->pc.where);
		op->pc = &e->pc;
		if (!op->quiet)
			cm_count(m, CORDON_EVENT_PC_HITS, op);
		return cm_pc_policy(op);
	}
	if (!op->quiet)
		cm_count(m, CORDON_EVENT_PC_MISSES, op);
	if (!cm_context_read(op, &d, raw, &where))
		return false;
	op->detail = cm_pc_decode(&m->caps, raw, dc->cfg & CORDON_DC_S2, &op->room_pc);
	if (op->detail) {
		cm_malformed(op, "process context", where, op->detail);
		return cm_deny(op, CORDON_REASON_PC_MALFORMED, 0, CORDON_LEVEL_NONE, where);
	}
	op->room_pc.where = where;
	op->pc = &op->room_pc;
	if (op->fill) {
		e = cm_pc_fill(m, d.devid, pasid);
		memcpy(e->raw, raw, sizeof(raw));
		e->vmtag = dc->vmtag;
		e->guest = d.guest;
		e->pc = op->room_pc;
	}
	return cm_pc_policy(op);
}
