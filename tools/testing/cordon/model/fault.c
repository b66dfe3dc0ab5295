// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: the fault queue (spec 6).
 */
#include "internal.h"

/* what makes two faults the same (spec 6.3), of the info dword */
#define CM_KEY_INFO	(CORDON_FAULT_REASON | CORDON_FAULT_STAGE | CORDON_FAULT_WALK | \
			 CORDON_FAULT_TYPE | CORDON_FAULT_READ | CORDON_FAULT_WRITE | \
			 CORDON_FAULT_EXEC | CORDON_FAULT_PV)
#define CM_KEY_SOURCE	(CORDON_SRC_DEVID | CORDON_SRC_PASID)

/**
 * cm_ring_full() - is a queue that hardware writes full?
 * @r: its registers
 *
 * Return: true if it is.
 */
bool cm_ring_full(const struct cm_ring *r)
{
	return r->tail - r->head >= BIT_ULL(cm_get(CORDON_QBASE_LOG2, r->base));
}

/**
 * cm_ring_ok() - may a queue with this base be enabled (spec 10.3)?
 * @r: its registers
 * @max: log2 of the longest
 *
 * Return: true if it may.
 */
bool cm_ring_ok(const struct cm_ring *r, unsigned int max)
{
	unsigned int log2 = cm_get(CORDON_QBASE_LOG2, r->base);

	return log2 >= 1 && log2 <= max;
}

/**
 * cm_block_abort() - a fault block could not be accessed
 * @m: model
 * @addr: address
 *
 * Return: false.
 */
bool cm_block_abort(struct cordon_model *m, uint64_t addr)
{
	struct cm_text t;

	cm_error(m, CORDON_ERROR_FAULT_BLOCK, addr);
	cm_text_init(&t, "Accessing a fault block");
	cm_text_hex(&t, " at ", addr);
	cm_text_str(&t, " aborted.");
	cm_violation(m, CORDON_VIOLATION_STRUCTURE, &t);
	return false;
}

/**
 * cm_block_charge() - charge one record to one half of a fault block (spec 6.4)
 * @m: model
 * @addr: of the half: produced and lost, then consumed
 * @limit: most records outstanding; 0: no limit
 * @over: set if the limit forbids the record; nothing is charged then
 *
 * Return: false if the block cannot be accessed.
 */
bool cm_block_charge(struct cordon_model *m, uint64_t addr, uint32_t limit, bool *over)
{
	uint64_t v[2];
	int32_t out;

	*over = false;
	if (cm_injected(m, CORDON_ABORT_BLOCK)) {
		cm_error(m, CORDON_ERROR_FAULT_BLOCK, addr);
		return false;
	}
	if (cm_read64(m, addr, &v[0]) || cm_read64(m, addr + 8, &v[1]))
		return cm_block_abort(m, addr);
	out = (int32_t)((uint32_t)v[0] - (uint32_t)v[1]);
	if (out < 0) {
		/* software says that it handled more than there was (spec 3.5) */
		cm_error(m, CORDON_ERROR_FAULT_BLOCK, addr + 8);
		out = 0;
	}
	if (limit && (uint32_t)out >= limit) {
		*over = true;
		return true;
	}
	v[0] = (v[0] & CORDON_FB_LOST) | (uint32_t)(v[0] + 1);
	return !cm_write64(m, addr, v[0]) || cm_block_abort(m, addr);
}

/**
 * cm_block_lost() - count losses in one half of a fault block
 * @m: model
 * @addr: of the half; 0: there is no block
 * @n: lost
 * @uncharge: the record had been charged
 */
void cm_block_lost(struct cordon_model *m, uint64_t addr, uint64_t n, bool uncharge)
{
	uint64_t v;

	if (!addr)
		return;
	if (cm_injected(m, CORDON_ABORT_BLOCK)) {
		cm_error(m, CORDON_ERROR_FAULT_BLOCK, addr);
		return;
	}
	if (cm_read64(m, addr, &v)) {
		cm_block_abort(m, addr);
		return;
	}
	v = cm_put(CORDON_FB_LOST, cm_get(CORDON_FB_LOST, v) + n) |
	    (uint32_t)(v - (uncharge ? 1 : 0));
	if (cm_write64(m, addr, v))
		cm_block_abort(m, addr);
}

/* Write one record, or count its faults as lost; true if it was written */
static bool cm_record(struct cordon_model *m, const struct cm_fault *f, uint32_t count, bool repeat)
{
	unsigned int log2 = cm_get(CORDON_QBASE_LOG2, m->fq.base);
	uint64_t addr, info = f->info, source = f->source;
	bool over = false, charged = false;
	uint8_t buf[64];

	/* no fault block is accessed while the queue is off (spec 6.4) */
	if (!(m->ctrlack & CORDON_CTRL_FQEN) || (f->anon && !f->block)) {
		m->fq.lost += count;
		return false;
	}
	if (cm_ring_full(&m->fq)) {
		m->fq.lost += count;
		cm_block_lost(m, f->block, count, false);
		cm_ring_told(m, &m->fq, CORDON_INT_FAULT);
		return false;
	}
	if (f->block)
		charged = cm_block_charge(m, f->block, f->limit, &over);
	if (over) {
		cm_block_lost(m, f->block, count, false);
		return false;
	}
	if (charged)
		source |= f->anon ? CORDON_SRC_ANON : CORDON_SRC_CHARGED;
	info |= cm_put(CORDON_FAULT_COUNT, count);
	if (repeat)
		info |= CORDON_FAULT_REPEAT;
	if (!(m->fq.tail >> log2 & 1))
		info |= CORDON_FAULT_PHASE;
	cm_put_le64(buf, info);
	cm_put_le64(buf + 8, source);
	cm_put_le64(buf + 16, f->addr);
	cm_put_le64(buf + 24, f->ipa);
	cm_put_le64(buf + 32, f->tags);
	cm_put_le64(buf + 40, cm_now(m));
	cm_put_le64(buf + 48, f->where);
	cm_put_le64(buf + 56, m->fq.lost);
	addr = (m->fq.base & CORDON_QBASE_ADDR) + (m->fq.tail & cm_mask(log2)) * sizeof(buf);
	/* the phase tells that the record is whole, so it comes last (spec 6.2) */
	if (cm_injected(m, CORDON_ABORT_FAULT) ||
	    m->ops.write(m->opaque, addr + 8, buf + 8, sizeof(buf) - 8) ||
	    m->ops.write(m->opaque, addr, buf, 8)) {
		cm_error(m, CORDON_ERROR_FQ_WRITE, addr);
		m->fq.lost += count;
		if (charged || !f->block)
			cm_block_lost(m, f->block, count, charged);
		return false;
	}
	m->fq.tail++;
	cm_irq_latch(m, CORDON_INT_FAULT);
	return true;
}

static bool cm_same(const struct cm_fault *a, const struct cm_fault *b)
{
	return !((a->info ^ b->info) & CM_KEY_INFO) &&
	       !((a->source ^ b->source) & CM_KEY_SOURCE) && a->tags == b->tags &&
	       a->addr >> 12 == b->addr >> 12;
}

static void cm_merge_emit(struct cordon_model *m, struct cm_merge *e)
{
	uint32_t added = e->added;

	e->used = false;
	m->merged--;
	if (added)
		cm_record(m, &e->fault, added, true);
}

static bool cm_same_holder(const struct cm_fault *a, const struct cm_fault *b)
{
	if (a->anon || b->anon)
		return a->anon && b->anon;
	return !((a->source ^ b->source) & CORDON_SRC_DEVID);
}

/* How many entries does the holder of this one have, and which is the oldest? */
static unsigned int cm_merge_held(struct cordon_model *m, const struct cm_fault *f,
				  struct cm_merge **oldest)
{
	unsigned int i, held = 0;
	struct cm_merge *e;

	*oldest = NULL;
	for (i = 0, e = m->merge; i < m->caps.merge; i++, e++) {
		if (!e->used || !cm_same_holder(&e->fault, f))
			continue;
		held++;
		if (!*oldest || e->taken < (*oldest)->taken)
			*oldest = e;
	}
	return held;
}

/* The oldest entry of the holder that has most */
static struct cm_merge *cm_merge_greediest(struct cordon_model *m)
{
	struct cm_merge *oldest, *victim = NULL;
	unsigned int i, held, most = 0;

	for (i = 0; i < m->caps.merge; i++) {
		if (!m->merge[i].used)
			continue;
		held = cm_merge_held(m, &m->merge[i].fault, &oldest);
		if (held > most) {
			most = held;
			victim = oldest;
		}
	}
	return victim;
}

/* An entry of the merge table for a first fault (spec 6.3), or NULL */
static struct cm_merge *cm_merge_room(struct cordon_model *m, const struct cm_fault *f)
{
	unsigned int quota = m->caps.merge / (f->anon ? 8 : 4), held, i;
	struct cm_merge *victim;

	held = cm_merge_held(m, f, &victim);
	if (held < (quota ? quota : 1)) {
		for (i = 0; i < m->caps.merge; i++)
			if (!m->merge[i].used)
				return &m->merge[i];
	}
	if (!held)
		victim = cm_merge_greediest(m);
	if (victim)
		cm_merge_emit(m, victim);
	return victim;
}

static void cm_fault_take(struct cordon_model *m, const struct cm_fault *f)
{
	bool merge = m->fq_merge && m->caps.merge && (m->ctrlack & CORDON_CTRL_FQEN);
	struct cm_merge *e;
	unsigned int i;

	for (i = 0, e = m->merge; merge && m->merged && i < m->caps.merge; i++, e++) {
		if (!e->used || !cm_same(&e->fault, f))
			continue;
		e->fault = *f;
		if (++e->added == ~0U)
			cm_merge_emit(m, e);
		return;
	}
	if (!cm_record(m, f, 1, false) || !merge)
		return;
	e = cm_merge_room(m, f);
	if (!e)
		return;
	e->used = true;
	e->added = 0;
	e->taken = cm_now(m);
	e->fault = *f;
	m->merged++;
}

/**
 * cm_fault_raise() - a request was terminated (spec 6)
 * @m: model
 * @op: the request, with the fault noted
 */
void cm_fault_raise(struct cordon_model *m, const struct cm_op *op)
{
	const struct cordon_request *req = op->req;
	struct cm_fault f = { 0 };

	m->stats.faults++;
	f.info = cm_put(CORDON_FAULT_STAGE, op->stage) | cm_put(CORDON_FAULT_LEVEL, op->level) |
		 cm_put(CORDON_FAULT_REASON, op->reason) | cm_put(CORDON_FAULT_TYPE, req->type);
	if (op->walk)
		f.info |= CORDON_FAULT_WALK;
	/* what neither writes nor executes is a read, if of zero length */
	if (op->r || (!op->w && !op->x && req->type != CORDON_TYPE_ATS))
		f.info |= CORDON_FAULT_READ;
	if (op->w)
		f.info |= CORDON_FAULT_WRITE;
	if (op->x)
		f.info |= CORDON_FAULT_EXEC;
	if (op->priv)
		f.info |= CORDON_FAULT_PRIV;
	if (req->atomic)
		f.info |= CORDON_FAULT_ATOMIC;
	if (req->pv)
		f.info |= CORDON_FAULT_PV;
	if (op->reason == CORDON_REASON_DC_MALFORMED || op->reason == CORDON_REASON_PC_MALFORMED)
		f.info |= cm_put(CORDON_FAULT_DETAIL, op->detail);
	f.source = cm_put(CORDON_SRC_DEVID, req->devid) |
		   cm_put(CORDON_SRC_PASID, req->pv ? req->pasid : 0);
	f.addr = req->addr;
	f.ipa = op->stage == 2 ? op->ipa : 0;
	f.where = op->where;
	if (m->ops.trace)
		cm_trace(m, CORDON_TRACE_FAULT, req->devid, req->addr, f.info, f.where);

	/* spec 6.5 */
	if (!op->dc && (m->root & CORDON_ROOT_SILENT))
		return;
	if (cm_policy_cfg(op) & CORDON_DC_SILENT)
		return;
	cm_count(m, CORDON_EVENT_FAULTS, op);
	if (op->dc)
		f.tags = cm_put(CORDON_TAGS_VMTAG, op->dc->vmtag) |
			 cm_put(CORDON_TAGS_DTAG, op->pc ? op->pc->dtag : op->dc->own.dtag);
	f.anon = !op->dc;
	if (op->dc) {
		f.block = op->dc->fault;
		f.limit = op->dc->flimit;
	} else if ((m->fq_anon & CORDON_FQ_ANON_V) && m->fq_anon_limit) {
		f.block = m->fq_anon & CORDON_FQ_ANON_ADDR;
		f.limit = m->fq_anon_limit;
	}
	cm_fault_take(m, &f);
}

/**
 * cm_fault_flush_devices() - write out merged repeats of some devices
 * @m: model
 * @first: first DeviceID
 * @last: last DeviceID
 *
 * An entry of the merge table remembers the fault block of the context that was
 * in force. Once the context is dropped, software may free that block.
 */
void cm_fault_flush_devices(struct cordon_model *m, uint32_t first, uint32_t last)
{
	struct cm_merge *e;
	unsigned int i;

	for (i = 0, e = m->merge; m->merged && i < m->caps.merge; i++, e++) {
		uint32_t devid = cm_get(CORDON_SRC_DEVID, e->fault.source);

		if (e->used && devid >= first && devid <= last)
			cm_merge_emit(m, e);
	}
}

/**
 * cm_fault_flush() - write out all merged repeats (spec 6.3)
 * @m: model
 */
void cm_fault_flush(struct cordon_model *m)
{
	cm_fault_flush_devices(m, 0, ~0U);
}

/**
 * cm_fault_enable() - CORDON_CTRL_FQEN was written (spec 10.3)
 * @m: model
 * @on: its new value; the base is good
 */
void cm_fault_enable(struct cordon_model *m, bool on)
{
	if (!on) {
		cm_fault_flush(m);
		m->ctrlack &= ~CORDON_CTRL_FQEN;
		return;
	}
	m->fq.head = 0;
	m->fq.tail = 0;
	m->fq.told = false;
	m->ctrlack |= CORDON_CTRL_FQEN;
}

/**
 * cm_fault_tick() - write out repeats whose time is over (spec 6.3)
 * @m: model
 *
 * Return: when the next one is due, or CM_NEVER.
 */
uint64_t cm_fault_tick(struct cordon_model *m)
{
	uint64_t now, next = CM_NEVER, span;
	struct cm_merge *e;
	unsigned int i;

	if (!m->merged)
		return CM_NEVER;
	now = cm_now(m);
	span = cm_ticks(m, m->fq_merge);
	for (i = 0, e = m->merge; i < m->caps.merge; i++, e++) {
		if (!e->used)
			continue;
		if (now - e->taken >= span)
			cm_merge_emit(m, e);
		else if (e->taken + span < next)
			next = e->taken + span;
	}
	return next;
}
