// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stress test's workers that map, unmap and attach with the test engine,
 * and look where each transfer went.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stress.h"

#define DEFAULT	CORDON_ENGINE_DOMAIN_DEFAULT
#define A	CORDON_ENGINE_DOMAIN_A
#define B	CORDON_ENGINE_DOMAIN_B

#define READABLE	CORDON_ENGINE_PROT_READ
#define RW		(CORDON_ENGINE_PROT_READ | CORDON_ENGINE_PROT_WRITE)

/*
 * Bus addresses that workers map with the IOMMU API, each its own. The DMA API
 * gives out addresses from 4 GiB down, and does not get here.
 */
#define WINDOW(w)	(0x20000000ULL + 4 * BLOCK * (w)->nr)
#define ATTACHED_IOVA	0x40000000ULL

#define COPY_MAX	(BLOCK + 16 * PAGE)
#define ATTACHED_SIZE	(48ULL * PAGE)

/**
 * struct mapper - a worker that maps
 * @w: the worker
 * @e: its engine, open
 * @bound: the engine's driver may go at any time: calls may fail, but what
 *	succeeds must be right
 * @own: two buffers of a block each, for windows
 * @data: room for as much as a transfer has
 * @value: no transfer's data are like another's
 */
struct mapper {
	struct worker *w;
	struct engine e;
	bool bound;
	struct buf own[2];
	uint8_t *data;
	uint64_t value;
};

/* A call failed: false if that may be. */
static bool bad_call(struct mapper *m, int ret, const char *what)
{
	if (!ret || m->bound)
		return false;
	wrong(m->w, "%s returned %d", what, ret);
	return true;
}

/* Every byte of @b must be what the copy made of it. */
static void check_copy(struct mapper *m, struct buf *b, uint64_t to, uint64_t len, uint64_t from)
{
	size_t i, bad;
	int ret;

	ret = buf_try_read(&m->e, b, 0, m->data, b->size);
	if (ret) {
		bad_call(m, ret, "reading a buffer");
		return;
	}
	for (i = 0; i < to && !m->data[i]; i++)
		;
	if (i < to) {
		wrong(m->w, "byte %#zx before the copy at +%#llx was written", i,
		      (unsigned long long)to);
		return;
	}
	bad = pattern_check(m->data + to, len, m->value, from);
	if (bad < len) {
		wrong(m->w, "byte %#zx of a copy of %#llx is %#x, not %#x", bad,
		      (unsigned long long)len, m->data[to + bad],
		      pattern(m->value, from + bad));
		return;
	}
	for (i = to + len; i < b->size && !m->data[i]; i++)
		;
	if (i < b->size)
		wrong(m->w, "byte %#zx behind a copy of %#llx at +%#llx was written", i,
		      (unsigned long long)len, (unsigned long long)to);
}

static int map_for_copy(struct mapper *m, struct buf *b, uint32_t kind, uint32_t dir)
{
	if (kind == CORDON_ENGINE_COHERENT)
		return 0;
	if (!random_of(m->w, 4))
		dir = CORDON_ENGINE_BOTH;
	return buf_map(&m->e, b, dir, 0, b->size);
}

/* One copy between two mapped buffers. */
static void copy_between(struct mapper *m, struct buf *src, struct buf *dst)
{
	uint64_t from = random_of(m->w, src->size);
	uint64_t len = 1 + random_of(m->w, src->size - from);
	uint64_t to = random_of(m->w, dst->size - len + 1);
	struct cordon_engine_op op = {
		.cmd = CORDON_ENGINE_OP_COPY, .src = src->iova + from, .dst = dst->iova + to,
		.len = len, .flags = random_of(m->w, 8) ? 0 : CORDON_ENGINE_WAIT_IRQ,
		.timeout_ms = 60000,
	};
	int ret;

	note(m->w, "copy %#llx from %#llx to %#llx", (unsigned long long)len, op.src, op.dst);
	ret = engine_run(&m->e, &op);
	if (bad_call(m, ret, "an operation"))
		return;
	if (ret)
		return;
	if (op_good(&op))
		check_copy(m, dst, to, len, from);
	else if (!m->bound)
		wrong(m->w, "copy of %#llx from %#llx to %#llx: status %#x, bad %#llx",
		      (unsigned long long)len, op.src, op.dst, op.status, op.bad);
}

/* Two new buffers, mapped with the DMA API, and a copy from one to the other. */
static void round_copy(struct mapper *m)
{
	static const uint32_t kinds[] = {
		CORDON_ENGINE_PAGES, CORDON_ENGINE_SCATTERED, CORDON_ENGINE_COHERENT,
	};
	uint32_t skind = kinds[random_of(m->w, 3)], dkind = kinds[random_of(m->w, 3)];
	uint64_t size = random_of(m->w, 32) ? (1 + random_of(m->w, 24)) * PAGE : COPY_MAX;
	struct buf src, dst;
	int ret;

	if (m->bound) {
		/* its domain may be identity: one range only if it is one in memory */
		size = (1 + random_of(m->w, 8)) * PAGE;
		skind = skind == CORDON_ENGINE_SCATTERED ? CORDON_ENGINE_PAGES : skind;
		dkind = dkind == CORDON_ENGINE_SCATTERED ? CORDON_ENGINE_PAGES : dkind;
	} else if (size == COPY_MAX) {
		/* contiguous pages of that size cannot be had every time */
		skind = CORDON_ENGINE_SCATTERED;
		dkind = CORDON_ENGINE_SCATTERED;
	}
	note(m->w, "allocate %#llx twice, kinds %u and %u", (unsigned long long)size, skind,
	     dkind);
	ret = buf_try_alloc(&m->e, &src, skind, size);
	if (ret) {
		bad_call(m, ret, "allocating");
		return;
	}
	ret = buf_try_alloc(&m->e, &dst, dkind, size);
	if (ret) {
		bad_call(m, ret, "allocating");
		buf_try_free(&m->e, &src);
		return;
	}
	pattern_make(m->data, size, m->value, 0);
	ret = buf_try_write(&m->e, &src, 0, m->data, size);
	if (!ret)
		ret = map_for_copy(m, &src, skind, CORDON_ENGINE_TO_DEVICE);
	if (!ret)
		ret = map_for_copy(m, &dst, dkind, CORDON_ENGINE_FROM_DEVICE);
	if (!bad_call(m, ret, "writing and mapping") && !ret)
		copy_between(m, &src, &dst);
	if (!ret && random_of(m->w, 2) && skind != CORDON_ENGINE_COHERENT)
		bad_call(m, buf_try_unmap(&m->e, &src), "unmapping");
	/* what is still mapped is unmapped */
	bad_call(m, buf_try_free(&m->e, &dst), "freeing");
	bad_call(m, buf_try_free(&m->e, &src), "freeing");
}

/* DMA to @iova must be refused at its first byte. */
static bool refused(struct mapper *m, uint64_t iova, const char *when)
{
	struct cordon_engine_op op;
	int ret = engine_dma_write(&m->e, iova, 8, &op);

	if (bad_call(m, ret < 0 ? ret : 0, "an operation"))
		return false;
	if (op_blocked(&op) && !op.moved && op.bad == iova)
		return true;
	wrong(m->w, "%s, DMA to %#llx was not refused: status %#x, %llu bytes moved", when,
	      (unsigned long long)iova, op.status, op.moved);
	return false;
}

/* Fill a part of a window and see it arrive in @to, and not in @other. */
static bool fill_window(struct mapper *m, uint64_t iova, uint64_t len, struct buf *to,
			struct buf *other)
{
	uint64_t offset = random_of(m->w, len / 8) * 8;
	uint64_t bytes = 8 * (1 + random_of(m->w, (len - offset < 64 * 1024 ? len - offset :
						   64 * 1024) / 8));
	struct cordon_engine_op op = {
		.cmd = CORDON_ENGINE_OP_FILL, .dst = iova + offset, .len = bytes,
		.data = m->value, .timeout_ms = 60000,
	};
	uint64_t at, seen, gone[2];
	int ret = engine_run(&m->e, &op);

	if (ret || !op_good(&op)) {
		wrong(m->w, "filling %#llx at %#llx: returned %d, status %#x, bad %#llx",
		      (unsigned long long)bytes, op.dst, ret, op.status, op.bad);
		return false;
	}
	ret = buf_try_read(&m->e, to, offset, m->data, bytes);
	if (!ret)
		ret = buf_try_read(&m->e, other, offset, &gone[0], 8);
	if (!ret)
		ret = buf_try_read(&m->e, other, offset + bytes - 8, &gone[1], 8);
	if (ret) {
		wrong(m->w, "reading a buffer returned %d", ret);
		return false;
	}
	for (at = 0; at < bytes; at += 8) {
		memcpy(&seen, m->data + at, 8);
		if (seen == m->value)
			continue;
		wrong(m->w, "DMA to %#llx left %#llx in its page, not %#llx",
		      (unsigned long long)(op.dst + at), (unsigned long long)seen,
		      (unsigned long long)m->value);
		return false;
	}
	if (gone[0] == m->value || gone[1] == m->value) {
		wrong(m->w, "DMA to %#llx went to the page that was there before", op.dst);
		return false;
	}
	return true;
}

/* A window with the IOMMU API: it leads where it says, and then nowhere. */
static void round_window(struct mapper *m)
{
	unsigned int which = m->value & 1;
	struct buf *to = &m->own[which], *other = &m->own[!which];
	uint64_t len, iova = WINDOW(m->w);
	uint32_t prot = random_of(m->w, 8) ? RW : READABLE;
	int ret;

	switch (random_of(m->w, 4)) {
	case 0:
		len = BLOCK;		/* a block, or pages where it does not fit */
		iova += random_of(m->w, 2) * (1 + random_of(m->w, BLOCK / PAGE - 1)) * PAGE;
		break;
	case 1:
		len = PAGE;
		iova += random_of(m->w, 2 * BLOCK / PAGE) * PAGE;
		break;
	default:
		len = (1 + random_of(m->w, 32)) * PAGE;
		iova += random_of(m->w, BLOCK / PAGE) * PAGE;
		break;
	}
	note(m->w, "window of %#llx at %#llx, %s", (unsigned long long)len,
	     (unsigned long long)iova, prot == RW ? "rw" : "ro");
	ret = iommu_map(&m->e, to, DEFAULT, iova, 0, len, prot);
	if (ret) {
		wrong(m->w, "mapping %#llx at %#llx returned %d", (unsigned long long)len,
		      (unsigned long long)iova, ret);
		return;
	}
	if (prot != RW) {
		if (!refused(m, iova + len - 8, "read-only"))
			return;
	} else if (!fill_window(m, iova, len, to, other)) {
		return;
	}
	note(m->w, "unmap it");
	ret = iommu_unmap(&m->e, to, DEFAULT, iova, len);
	if (ret) {
		wrong(m->w, "unmapping %#llx at %#llx returned %d", (unsigned long long)len,
		      (unsigned long long)iova, ret);
		return;
	}
	if (refused(m, iova, "unmapped"))
		refused(m, iova + random_of(m->w, len / 8) * 8, "unmapped");
}

/* Open the engine, and get what lasts. */
static bool mapper_open(struct mapper *m)
{
	unsigned int i;
	int ret;

	if (!engine_open_bdf(&m->e, engine_bdf[m->w->arg])) {
		if (!m->bound)
			wrong(m->w, "%s has no driver", engine_bdf[m->w->arg]);
		return false;
	}
	for (i = 0; i < 2 && !m->bound; i++) {
		ret = buf_try_alloc(&m->e, &m->own[i], CORDON_ENGINE_PAGES, BLOCK);
		if (ret) {
			wrong(m->w, "allocating %#llx returned %d", BLOCK, ret);
			return false;
		}
	}
	return true;
}

void work_map(struct worker *w)
{
	struct mapper m = { .w = w, .e.fd = -1, .bound = w->arg == ENGINE_BOUND };
	struct cordon_engine_op none = { .cmd = CORDON_ENGINE_OP_READ };

	m.data = malloc(COPY_MAX);
	if (!m.data) {
		wrong(w, "out of memory");
		return;
	}
	m.value = (uint64_t)w->nr << 56;
	while (!stress_over()) {
		if (m.e.fd < 0 && !mapper_open(&m)) {
			lost_round(w);
			continue;
		}
		m.value++;
		if (m.bound || random_of(w, 3))
			round_copy(&m);
		else
			round_window(&m);
		/* does it still have its driver? */
		if (m.bound && engine_run(&m.e, &none)) {
			engine_close(&m.e);
			lost_round(w);
			continue;
		}
		did_round(w);
	}
	if (m.e.fd >= 0)
		engine_close(&m.e);
	free(m.data);
}

/*
 * One engine, four domains. Source and target of a copy are mapped at the same
 * addresses in all of them, so that the copy must come off whichever the engine
 * is in, and while it goes from one to another. They are mapped by
 * work_under_attach(), which then lets the others begin.
 */
static int attach_ready;

void work_attach(struct worker *w)
{
	struct engine e;
	uint32_t domain;
	int ret;

	while (!__atomic_load_n(&attach_ready, __ATOMIC_ACQUIRE) && !stress_over())
		random_sleep(w, 10000);
	if (stress_over())
		return;
	if (!engine_open_bdf(&e, engine_bdf[w->arg])) {
		wrong(w, "%s has no driver", engine_bdf[w->arg]);
		return;
	}
	while (!stress_over()) {
		domain = random_of(w, CORDON_ENGINE_DOMAINS);
		note(w, "attach to %u", domain);
		ret = engine_attach(&e, domain);
		if (ret)
			wrong(w, "attaching to domain %u returned %d", domain, ret);
		if (!random_of(w, 4))
			random_sleep(w, 3000);
		did_round(w);
	}
	engine_close(&e);
}

void work_under_attach(struct worker *w)
{
	struct mapper m = { .w = w };
	struct buf src, dst;
	uint32_t domain;
	int ret = 0;

	if (!engine_open_bdf(&m.e, engine_bdf[w->arg])) {
		wrong(w, "%s has no driver", engine_bdf[w->arg]);
		return;
	}
	m.data = malloc(ATTACHED_SIZE);
	if (!m.data || buf_try_alloc(&m.e, &src, CORDON_ENGINE_SCATTERED, ATTACHED_SIZE) ||
	    buf_try_alloc(&m.e, &dst, CORDON_ENGINE_SCATTERED, ATTACHED_SIZE))
		ret = -ENOMEM;
	src.iova = ATTACHED_IOVA;
	dst.iova = ATTACHED_IOVA + 2 * BLOCK;
	for (domain = 0; domain < CORDON_ENGINE_DOMAINS && !ret; domain++) {
		ret = iommu_map(&m.e, &src, domain, src.iova, 0, src.size, READABLE);
		if (!ret)
			ret = iommu_map(&m.e, &dst, domain, dst.iova, 0, dst.size, RW);
	}
	if (ret)
		wrong(w, "mapping in each domain returned %d", ret);
	__atomic_store_n(&attach_ready, 1, __ATOMIC_RELEASE);

	m.value = (uint64_t)w->nr << 56;
	while (!stress_over()) {
		struct cordon_engine_op op = {
			.cmd = CORDON_ENGINE_OP_COPY, .src = src.iova, .dst = dst.iova,
			.len = ATTACHED_SIZE, .delay = random_of(w, 200000), .timeout_ms = 60000,
		};

		m.value++;
		pattern_make(m.data, ATTACHED_SIZE, m.value, 0);
		ret = buf_try_write(&m.e, &src, 0, m.data, ATTACHED_SIZE);
		note(w, "copy %#llx, %llu ns a page", ATTACHED_SIZE, op.delay);
		if (!ret)
			ret = engine_run(&m.e, &op);
		if (!ret && !op_good(&op)) {
			wrong(w, "a copy under attach: status %#x, bad %#llx, %#llx bytes moved",
			      op.status, op.bad, op.moved);
			break;
		}
		if (ret) {
			wrong(w, "a copy under attach returned %d", ret);
			break;
		}
		check_copy(&m, &dst, 0, ATTACHED_SIZE, 0);
		did_round(w);
	}
	engine_close(&m.e);
	free(m.data);
}

/*
 * Map and unmap in a domain that comes to the unit and goes: either the unit
 * hears of the unmap, or it has never known what was mapped. What is unmapped
 * is refused wherever the engine is by then, for it is mapped nowhere else.
 */
static void round_beside(struct mapper *m)
{
	uint32_t domain = random_of(m->w, 2) ? A : B;
	uint64_t len = (1 + random_of(m->w, 16)) * PAGE;
	uint64_t iova = WINDOW(m->w) + random_of(m->w, BLOCK / PAGE) * PAGE;
	struct cordon_engine_op op = {
		.cmd = CORDON_ENGINE_OP_FILL, .dst = iova, .len = 8, .data = m->value,
		.timeout_ms = 60000,
	};
	uint64_t seen = 0, phys;
	unsigned int tries;
	int ret;

	note(m->w, "map %#llx at %#llx of domain %u", (unsigned long long)len,
	     (unsigned long long)iova, domain);
	ret = iommu_map(&m->e, &m->own[0], domain, iova, 0, len, RW);
	if (!ret)
		ret = iommu_try_lookup(&m->e, domain, iova, &phys);
	if (!ret && phys != m->own[0].phys) {
		wrong(m->w, "%#llx of domain %u is at %#llx, not %#llx", (unsigned long long)iova,
		      domain, (unsigned long long)phys, (unsigned long long)m->own[0].phys);
		return;
	}
	for (tries = random_of(m->w, 4); tries && !ret; tries--) {
		ret = engine_run(&m->e, &op);
		if (ret == -EBUSY)		/* the copy is under way */
			ret = 0;
		else if (!ret && op_good(&op))
			ret = buf_try_read(&m->e, &m->own[0], 0, &seen, 8);
		else if (!ret && op_blocked(&op))
			continue;
		if (!ret && op_good(&op) && seen != m->value)
			wrong(m->w, "DMA to %#llx left %#llx in its page, not %#llx",
			      (unsigned long long)iova, (unsigned long long)seen,
			      (unsigned long long)m->value);
	}
	note(m->w, "unmap it");
	if (!ret)
		ret = iommu_unmap(&m->e, &m->own[0], domain, iova, len);
	if (ret)
		wrong(m->w, "map, lookup, DMA or unmap returned %d", ret);
	else
		refused(m, iova, "unmapped in a domain that comes and goes");
}

void work_map_beside_attach(struct worker *w)
{
	struct mapper m = { .w = w };
	int ret;

	while (!__atomic_load_n(&attach_ready, __ATOMIC_ACQUIRE) && !stress_over())
		random_sleep(w, 10000);
	if (stress_over())
		return;
	if (!engine_open_bdf(&m.e, engine_bdf[w->arg])) {
		wrong(w, "%s has no driver", engine_bdf[w->arg]);
		return;
	}
	ret = buf_try_alloc(&m.e, &m.own[0], CORDON_ENGINE_PAGES, 16 * PAGE);
	if (ret)
		wrong(w, "allocating returned %d", ret);
	m.value = (uint64_t)w->nr << 56;
	while (!stress_over()) {
		m.value++;
		round_beside(&m);
		did_round(w);
	}
	engine_close(&m.e);
}
