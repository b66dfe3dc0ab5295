// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: the unit that is fuzzed: what it sees of the world, and what it
 * must never do there.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/*
 * More than any one step needs: a nested walk of five levels that starts again
 * eight times, each use of a cached entry compared; commands by the ring.
 */
#define ACCESSES_MAX	200000

/* what ends at an address that fits may begin below it: rings, device maps */
#define STRUCTURE_MAX	BIT_ULL(28)

void die_at(struct fuzz *f, const char *where, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", where);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (%td bytes of input left)\n", f->end - f->at);
	abort();
}

/* all that is visible outside goes in: two runs that should be alike are compared by it */
void mix(struct fuzz *f, uint64_t val)
{
	f->hash = (f->hash ^ val) * 0x9e3779b97f4a7c15ULL;
	f->hash ^= f->hash >> 29;
}

/* -- memory ------------------------------------------------------------ */

uint64_t *fuzz_dword(struct fuzz *f, uint64_t pa, uint8_t refuses)
{
	if (pa - OWN_BASE < OWN_SIZE)
		return &f->own[(pa - OWN_BASE) / 8];
	return world_dword(&f->w, pa, refuses);
}

uint64_t fuzz_get(struct fuzz *f, uint64_t pa)
{
	uint64_t *p = fuzz_dword(f, pa & ~7ULL, 0);

	return p ? le64toh(*p) : 0;
}

void fuzz_put(struct fuzz *f, uint64_t pa, uint64_t val)
{
	uint64_t *p = fuzz_dword(f, pa & ~7ULL, 0);

	if (p)
		*p = htole64(val);
}

/* every access of the unit comes by here */
static void access_check(struct fuzz *f, uint64_t addr, size_t len, size_t align, bool write)
{
	if ((addr & (align - 1)) || !len || len > 64 || (addr & 4095) + len > 4096)
		die(f, "%zu bytes at %#" PRIx64 " are no access of a unit", len, addr);
	if (addr >> f->oas && (addr - STRUCTURE_MAX) >> f->oas)
		die(f, "%#" PRIx64 " does not fit %u bits", addr, f->oas);
	if (write && f->sealed)
		die(f, "a question that must change nothing writes at %#" PRIx64, addr);
	if (++f->accesses > ACCESSES_MAX)
		die(f, "one step takes more than %d accesses to memory", ACCESSES_MAX);
}

static bool oracle_reads(void *opaque, uint64_t addr, uint64_t *dwords, unsigned int n)
{
	struct fuzz *f = opaque;
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint64_t *p = fuzz_dword(f, addr + 8 * i, PAGE_NO_READ);

		if (!p)
			return false;
		dwords[i] = le64toh(*p);
	}
	return true;
}

static bool oracle_writable(void *opaque, uint64_t addr)
{
	return fuzz_dword(opaque, addr, PAGE_NO_WRITE);
}

static int op_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
	struct fuzz *f = opaque;
	size_t i;

	access_check(f, addr, len, 8, false);
	for (i = 0; i < len; i += 8) {
		uint64_t *p = fuzz_dword(f, addr + i, PAGE_NO_READ);

		if (!p)
			return -1;
		memcpy((char *)buf + i, p, 8);
	}
	return 0;
}

/* what a write tells about faults */
static void books_write(struct fuzz *f, uint64_t addr, const void *buf, size_t len)
{
	uint64_t base = reg64(f, CORDON_REG_FQ_BASE), tail = reg32(f, CORDON_REG_FQ_TAIL);
	uint64_t mask = (1ULL << GET(CORDON_QBASE_LOG2, base)) - 1, val, lost;

	if (len != 8)
		return;
	memcpy(&val, buf, 8);
	val = le64toh(val);
	if ((base & CORDON_QBASE_ADDR) &&
	    addr == (base & CORDON_QBASE_ADDR) + 64 * (tail & mask)) {
		f->books.written += GET(CORDON_FAULT_COUNT, val);
		f->books.seen = reg64(f, CORDON_REG_FQ_LOST);
		return;
	}
	if (addr - OWN_BLOCKS >= 64 * OWN_NR_BLOCKS || (addr & 63))
		return;
	/* lost for another reason, if the unit's own count has grown as well */
	lost = reg64(f, CORDON_REG_FQ_LOST);
	if (lost == f->books.seen)
		f->books.blocks += (uint32_t)(GET(CORDON_FB_LOST, val) -
					      GET(CORDON_FB_LOST, fuzz_get(f, addr)));
	f->books.seen = lost;
}

static int op_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
	struct fuzz *f = opaque;
	uint64_t val;
	size_t i;

	access_check(f, addr, len, 8, true);
	for (i = 0; i < len; i += 8)
		if (!fuzz_dword(f, addr + i, PAGE_NO_WRITE))
			return -1;
	books_write(f, addr, buf, len);
	mix(f, addr);
	for (i = 0; i < len; i += 8) {
		memcpy(&val, (const char *)buf + i, 8);
		mix(f, val);
		memcpy(fuzz_dword(f, addr + i, 0), &val, 8);
	}
	return 0;
}

static void changed(struct fuzz *f, uint64_t pa)
{
	if (f->nr_changes < sizeof(f->changes) / sizeof(*f->changes))
		f->changes[f->nr_changes++] = pa;
}

static int op_cas(void *opaque, uint64_t addr, uint64_t *old, uint64_t val)
{
	struct fuzz *f = opaque;
	uint64_t *p, is;

	access_check(f, addr, 8, 8, true);
	p = fuzz_dword(f, addr, PAGE_NO_WRITE);
	if (!p)
		return -1;
	if (f->losses) {
		/* a CPU was faster, if with a bit that means nothing (spec 4.4) */
		f->losses--;
		*p ^= htole64(BIT_ULL(58));
	}
	is = le64toh(*p);
	if (is != *old) {
		*old = is;
		return 0;
	}
	changed(f, addr);
	mix(f, addr);
	mix(f, val);
	*p = htole64(val);
	return 0;
}

static int op_or8(void *opaque, uint64_t addr, uint8_t bits)
{
	struct fuzz *f = opaque;
	uint64_t *p;

	access_check(f, addr, 1, 1, true);
	p = fuzz_dword(f, addr & ~7ULL, PAGE_NO_WRITE);
	if (!p)
		return -1;
	if (!bits || (bits & (bits - 1)))
		die(f, "%#x is not one bit of a dirty log", bits);
	changed(f, addr & ~7ULL);
	mix(f, addr);
	mix(f, bits);
	((uint8_t *)p)[addr & 7] |= bits;
	return 0;
}

/* -- the rest of the machine ------------------------------------------- */

static void op_irq(void *opaque, unsigned int line, bool level)
{
	struct fuzz *f = opaque;

	if (line >= CORDON_INTS || f->sealed)
		die(f, "output %u is driven", line);
	if ((f->wires >> line & 1) == level)
		die(f, "output %u is %d already", line, level);
	f->wires ^= BIT(line);
}

static int op_msi(void *opaque, uint64_t addr, uint32_t data)
{
	struct fuzz *f = opaque;

	if (f->sealed || !(f->cfg.cap[2] & CORDON_CAP1_MSI) || (addr & 3) || addr >> f->oas)
		die(f, "message to %#" PRIx64, addr);
	mix(f, addr);
	mix(f, data);
	return addr & 0x1000 ? -1 : 0;
}

static uint64_t op_now(void *opaque)
{
	return ((struct fuzz *)opaque)->now;
}

static bool op_atc(void *opaque, uint32_t devid, bool pv, uint32_t pasid, bool global,
		   uint64_t first, uint64_t last, uint32_t tag)
{
	struct fuzz *f = opaque;

	if (f->sealed || first > last || (first & 4095) || (last & 4095) != 4095 ||
	    (!pv && pasid) || (global && pv) || pasid >> GET(CORDON_CAP0_PASID, f->cfg.cap[1]) ||
	    devid >> GET(CORDON_CAP0_DEVID, f->cfg.cap[1]))
		die(f, "invalidation of device %#x, PASID %d:%#x, %#" PRIx64 " to %#" PRIx64,
		    devid, pv, pasid, first, last);
	mix(f, devid | (uint64_t)pasid << 32);
	mix(f, first);
	mix(f, last);
	if (f->answers == 1)
		cordon_model_atc_done(f->m, tag, true);
	else if (f->nr_tags < FUZZ_TAGS)
		f->tag[f->nr_tags++] = tag;
	return f->answers;
}

static void op_response(void *opaque, uint32_t devid, bool pv, uint32_t pasid, uint32_t group,
			uint32_t code)
{
	struct fuzz *f = opaque;

	if (f->sealed || group > 511 || (!pv && pasid) ||
	    (code != CORDON_RESPONSE_SUCCESS && code != CORDON_RESPONSE_INVALID &&
	     code != CORDON_RESPONSE_FAILURE))
		die(f, "answer %u to group %u", code, group);
	mix(f, devid | (uint64_t)pasid << 32);
	mix(f, group | code << 16);
}

static void op_invalidated(void *opaque, bool all, uint32_t devid, uint64_t first, uint64_t last)
{
	struct fuzz *f = opaque;

	if (f->sealed || first > last)
		die(f, "invalidated %#" PRIx64 " to %#" PRIx64, first, last);
	mix(f, (uint64_t)all << 32 | devid);
}

static void op_violation(void *opaque, enum cordon_violation kind, const char *text)
{
	struct fuzz *f = opaque;
	size_t len = strlen(text);

	if (f->sealed && kind != CORDON_VIOLATION_ACCESS)
		die(f, "a question is answered by a violation: %s", text);
	if (kind >= CORDON_VIOLATIONS || !len || text[len - 1] != '.' || len > 190)
		die(f, "violation %d is no sentence: %s", kind, text);
	if (f->tidy && kind != CORDON_VIOLATION_STRUCTURE)
		die(f, "software did nothing wrong, and yet: %s", text);
	mix(f, kind);
}

static void op_trace(void *opaque, enum cordon_trace event, uint64_t a, uint64_t b, uint64_t c,
		     uint64_t d)
{
	struct fuzz *f = opaque;

	/* what is lost from now on is this fault's */
	if (event == CORDON_TRACE_FAULT)
		f->books.seen = reg64(f, CORDON_REG_FQ_LOST);
	mix(f, event);
	mix(f, a);
	mix(f, b);
	mix(f, c);
	mix(f, d);
}

static const struct cordon_ops ops = {
	.read = op_read, .write = op_write, .cas = op_cas, .or8 = op_or8, .irq = op_irq,
	.msi = op_msi, .now = op_now, .atc_invalidate = op_atc, .page_response = op_response,
	.invalidated = op_invalidated, .violation = op_violation, .trace = op_trace,
};

/* -- registers --------------------------------------------------------- */

uint64_t reg64(struct fuzz *f, uint64_t reg)
{
	return cordon_model_mmio_read(f->m, reg, 8);
}

uint32_t reg32(struct fuzz *f, uint64_t reg)
{
	return cordon_model_mmio_read(f->m, reg, 4);
}

void set64(struct fuzz *f, uint64_t reg, uint64_t val)
{
	cordon_model_mmio_write(f->m, reg, val, 8);
}

void set32(struct fuzz *f, uint64_t reg, uint32_t val)
{
	cordon_model_mmio_write(f->m, reg, val, 4);
}

/* what the widths of chapter 10 leave no room for reads zero */
void registers_check(struct fuzz *f)
{
	static const struct { uint64_t reg; unsigned int size; uint64_t bits; } regs[] = {
		{ CORDON_REG_CTRL, 4, 7 },
		{ CORDON_REG_CTRLACK, 4, 7 },
		{ CORDON_REG_ROOT, 8, CORDON_ROOT_LEVELS | CORDON_ROOT_SILENT | CORDON_ROOT_ADDR },
		{ CORDON_REG_ROOTACK, 8, CORDON_ROOT_LEVELS | CORDON_ROOT_SILENT |
			CORDON_ROOT_ADDR | CORDON_ROOT_BUSY },
		{ CORDON_REG_QTABLE, 8, CORDON_QTABLE_V | CORDON_QTABLE_ADDR },
		{ CORDON_REG_ERROR, 4, 0x7f },
		{ CORDON_REG_IPEND, 4, 0x1f },
		{ CORDON_REG_IMASK, 4, 0x1f },
		{ CORDON_REG_FQ_BASE, 8, CORDON_QBASE_LOG2 | CORDON_QBASE_ADDR },
		{ CORDON_REG_FQ_ANON, 8, CORDON_FQ_ANON_V | CORDON_FQ_ANON_ADDR },
		{ CORDON_REG_FQ_ANON_LIMIT, 4, 0xfff },
		{ CORDON_REG_FQ_MERGE, 4, 0x1f },
		{ CORDON_REG_PRQ_BASE, 8, CORDON_QBASE_LOG2 | CORDON_QBASE_ADDR },
		{ CORDON_REG_ATC_TIMEOUT, 4, 0x1f },
		{ CORDON_REG_TR_REQ, 8, GENMASK_ULL(52, 0) },
	};
	unsigned int i, n = GET(CORDON_CAP2_CMDQS, f->cfg.cap[3]);
	uint64_t val;

	if (cordon_model_injected(f->m)->gone)
		return;
	for (i = 0; i < sizeof(regs) / sizeof(*regs); i++) {
		val = cordon_model_mmio_read(f->m, regs[i].reg, regs[i].size);
		if (val & ~regs[i].bits)
			die(f, "register %#" PRIx64 " is %#" PRIx64, regs[i].reg, val);
	}
	if (n < 64 && reg64(f, CORDON_REG_CMDPEND) >> n)
		die(f, "CMDPEND is %#" PRIx64, reg64(f, CORDON_REG_CMDPEND));
	if ((reg64(f, CORDON_REG_COUNTER_OVERFLOW) | reg64(f, CORDON_REG_COUNTER_FREEZE)) >>
	    f->nr_counters)
		die(f, "a counter overflows that is not there");
	for (i = 0; i < n; i++) {
		uint32_t ctrl = reg32(f, CORDON_PAGE_HOST(i) + CORDON_REG_Q_CTRL);
		uint32_t ack = reg32(f, CORDON_PAGE_HOST(i) + CORDON_REG_Q_ACK);
		uint64_t state;

		val = reg64(f, CORDON_PAGE_GUEST(i) + CORDON_REG_Q_STATUS);
		state = GET(CORDON_STATUS_STATE, val);
		if ((ctrl & ~3U) || (ack & ~0xff03U) || state > CORDON_QSTATE_FROZEN)
			die(f, "queue %u: CTRL %#x, ACK %#x, status %#" PRIx64, i, ctrl, ack, val);
		if (!!(ack & CORDON_Q_EN) != !!state)
			die(f, "queue %u: ACK %#x in state %" PRIu64, i, ack, state);
		if ((ack & CORDON_Q_FREEZE) && state == CORDON_QSTATE_RUNNING)
			die(f, "queue %u is frozen and runs", i);
		if (state != CORDON_QSTATE_STOPPED && GET(CORDON_STATUS_REASON, val))
			die(f, "queue %u has a reason in state %" PRIu64, i, state);
	}
}

/* -- books of faults --------------------------------------------------- */

static uint64_t counter_of(struct fuzz *f, unsigned int which)
{
	return CORDON_REG_COUNTER_VALUE(f->nr_counters - COUNTS + which);
}

void books_open(struct fuzz *f)
{
	static const uint8_t event[COUNTS] = { CORDON_EVENT_FAULTS, CORDON_EVENT_REQUESTS };
	bool poked = f->books.poked;
	unsigned int i;

	for (i = 0; i < COUNTS; i++) {
		set64(f, counter_of(f, i), 0);
		set64(f, counter_of(f, i) + 8, CORDON_EVENT_EN | event[i]);
	}
	memset(&f->books, 0, sizeof(f->books));
	f->books.lost = reg64(f, CORDON_REG_FQ_LOST);
	f->books.seen = f->books.lost;
	f->books.lost_track = poked;
	f->books.poked = poked;
}

/* what is merged is written out first, by turning the queue off */
void books_check(struct fuzz *f)
{
	uint64_t requests, faults, lost;
	const struct cordon_inject none = { 0 };
	uint64_t mask = ~0ULL >> (64 - GET(CORDON_CAP3_COUNTER_BITS, f->cfg.cap[4]));

	cordon_model_inject(f->m, &none);
	requests = reg64(f, counter_of(f, COUNT_REQUESTS));
	if (!f->books.lost_track && requests != (f->books.requests & mask))
		die(f, "%" PRIu64 " requests were made, %" PRIu64 " counted", f->books.requests,
		    requests);
	set32(f, CORDON_REG_CTRL, reg32(f, CORDON_REG_CTRL) & ~CORDON_CTRL_FQEN);
	if (f->books.lost_track)
		return;
	faults = reg64(f, counter_of(f, COUNT_FAULTS));
	lost = reg64(f, CORDON_REG_FQ_LOST) - f->books.lost;
	if (((f->books.written + f->books.blocks + lost) ^ faults) & mask)
		die(f, "of %" PRIu64 " faults %" PRIu64 " are in records, %" PRIu64
		    " and %" PRIu64 " were lost", faults, f->books.written, lost, f->books.blocks);
}

/* -- queues ------------------------------------------------------------ */

void ring_put(struct fuzz *f, unsigned int q, const uint64_t *cmd)
{
	struct ring *r = &f->ring[q];
	uint64_t at = r->base + 32 * (r->tail & ((1U << OWN_RING_LOG2) - 1));
	unsigned int i;

	r->tail++;
	for (i = 0; r->base && i < 4; i++)
		fuzz_put(f, world_pa(&f->w, r->vm, at) + 8 * i, cmd[i]);
}

/* write a descriptor, one bit of it wrong at times, and Q_CTRL */
void queue_on(struct fuzz *f, unsigned int q, int vm, uint32_t ctrl, uint64_t flip)
{
	struct ring *r = &f->ring[q];
	uint64_t desc[8] = { CORDON_QD_V | PUT(CORDON_QD_LOG2SIZE, OWN_RING_LOG2) };
	unsigned int i;

	r->vm = vm;
	r->tail = 0;
	if (vm < 0) {
		r->base = OWN_RING(q);
		desc[2] = OWN_SLOTS(q);
		desc[3] = OWN_STATUS(q);
	} else {
		struct vm *v = &f->w.vms[vm];

		r->base = world_alloc(&f->w, vm, 3 * 4096, 4096);
		desc[0] |= CORDON_QD_GUEST | PUT(CORDON_QD_VMTAG, v->vmtag);
		desc[2] = r->base ? r->base + 4096 : 0;
		desc[3] = r->base ? r->base + 8192 : 0;
		desc[4] = OWN_DEVMAP | PUT(CORDON_QD_DEVMAP_LOG2, 4);
		desc[5] = v->s2.root;
		desc[6] = v->s2.fmt;
		if (v->dlroot && (flip & 256)) {
			desc[0] |= CORDON_QD_DIRTY;
			desc[7] = v->dlroot;
		}
	}
	desc[1] = r->base;
	desc[2] |= PUT(CORDON_QD_SLOTS_LOG2, OWN_SLOTS_LOG2);
	for (i = 0; i < 8; i++)
		fuzz_put(f, OWN_QTABLE + 64 * q + 8 * i,
			 (flip & 0xc0) == 0xc0 && (flip >> 9 & 7) == i ?
			 desc[i] ^ BIT_ULL(flip & 63) : desc[i]);
	set32(f, CORDON_PAGE_HOST(q) + CORDON_REG_Q_CTRL, 0);
	set32(f, CORDON_PAGE_HOST(q) + CORDON_REG_Q_CTRL, ctrl);
}

/* -- start ------------------------------------------------------------- */

static void choose_caps(struct fuzz *f, const uint8_t *c)
{
	static const uint8_t merge[4] = { 0, 4, 9, 64 }, ias[4] = { 52, 48, 40, 36 };
	static const uint8_t counter[4] = { 64, 40, 32, 48 };
	uint64_t *cap = f->cfg.cap;

	cordon_model_default_config(&f->cfg);
	f->cfg.check_stale = true;
	f->cfg.command_latency = c[0] & 1 ? 500 : 0;
	if (f->tidy)
		f->cfg.command_latency = 0;
	/* a unit with everything, or one without a few things */
	if (c[0] & 2)
		cap[2] &= ~(BIT_ULL(c[1] % 25) | BIT_ULL(c[2] % 25));
	if (c[0] & 4)
		cap[1] = (cap[1] & ~(CORDON_CAP0_DEVID | CORDON_CAP0_PASID | CORDON_CAP0_VMTAG |
				     CORDON_CAP0_DTAG | CORDON_CAP0_IAS | CORDON_CAP0_OAS)) |
			PUT(CORDON_CAP0_DEVID, 1 + c[3] % 24) |
			PUT(CORDON_CAP0_PASID, c[4] % 21) |
			PUT(CORDON_CAP0_VMTAG, 1 + c[5] % 16) |
			PUT(CORDON_CAP0_DTAG, 8 + c[3] / 24 % 17) |
			PUT(CORDON_CAP0_IAS, ias[c[6] & 3]) |
			PUT(CORDON_CAP0_OAS, c[6] & 4 ? CORDON_PS_48 : CORDON_PS_52);
	cap[3] = PUT(CORDON_CAP2_CMDQS, OWN_QUEUES) | PUT(CORDON_CAP2_CMDQ_LOG2, 8) |
		 PUT(CORDON_CAP2_FQ_LOG2, 8) | PUT(CORDON_CAP2_PRQ_LOG2, 8) |
		 PUT(CORDON_CAP2_SLOTS_LOG2, OWN_SLOTS_LOG2) | PUT(CORDON_CAP2_DEVMAP_LOG2, 4) |
		 PUT(CORDON_CAP2_MERGE, merge[c[7] & 3]);
	cap[4] = PUT(CORDON_CAP3_COUNTERS, 8) |
		 PUT(CORDON_CAP3_COUNTER_BITS, counter[c[7] >> 2 & 3]) |
		 PUT(CORDON_CAP3_ATC_DEVICE, 2 + (c[7] >> 4 & 3)) |
		 PUT(CORDON_CAP3_ATC_QUEUE, 4) | PUT(CORDON_CAP3_ATC_TIME_MIN, 2) |
		 PUT(CORDON_CAP3_ATC_TIME_MAX, 10) | PUT(CORDON_CAP3_MERGE_TIME_MAX, 12);
	cap[5] = PUT(CORDON_CAP4_TIME_HZ, 1000000) | PUT(CORDON_CAP4_UNIT_DEVID, 0xffff) |
		 PUT(CORDON_CAP4_PAGE_LOG2, 16);
}

/* registers, as software sets them up after a reset */
void unit_up(struct fuzz *f, uint8_t how)
{
	unsigned int i;

	books_open(f);
	for (i = 0; i < 4; i++)
		set64(f, CORDON_REG_MAIR(i), 0xff44040cbbf0004fULL * (i + 1));
	set64(f, CORDON_REG_QTABLE, OWN_QTABLE | CORDON_QTABLE_V);
	queue_on(f, 0, -1, CORDON_Q_EN, 0);
	set64(f, CORDON_REG_FQ_BASE, OWN_FQ | PUT(CORDON_QBASE_LOG2, 3));
	if (how & 8) {
		set64(f, CORDON_REG_FQ_ANON, OWN_BLOCKS | CORDON_FQ_ANON_V);
		set32(f, CORDON_REG_FQ_ANON_LIMIT, 3);
	}
	set32(f, CORDON_REG_FQ_MERGE, how >> 4);
	set32(f, CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	if (f->cfg.cap[2] & CORDON_CAP1_PRI) {
		set64(f, CORDON_REG_PRQ_BASE, OWN_PRQ | PUT(CORDON_QBASE_LOG2, 2));
		set32(f, CORDON_REG_CTRL, CORDON_CTRL_FQEN | CORDON_CTRL_PRQEN);
	}
	set64(f, CORDON_REG_ROOT, f->w.root);
}

bool unit_start(struct fuzz *f, uint64_t seed, const uint8_t *choice)
{
	static void *mem;
	unsigned int i;
	size_t size;

	choose_caps(f, choice);
	size = cordon_model_size(&f->cfg);
	if (!mem)
		mem = aligned_alloc(64, (size + 63) & ~63ULL);
	if (!mem)
		abort();
	memset(mem, 0, size);
	f->wires = 0;
	f->now = 1000;
	f->m = cordon_model_init(mem, &f->cfg, &ops, f, NULL);
	if (!f->m)
		return false;
	for (i = 0; i < 6; i++)
		f->cfg.cap[i] = reg64(f, CORDON_REG_ID + 8 * i);
	f->oas = GET(CORDON_CAP0_OAS, f->cfg.cap[1]) == CORDON_PS_52 ? 52 : 48;
	f->nr_counters = GET(CORDON_CAP3_COUNTERS, f->cfg.cap[4]);
	f->om.read = oracle_reads;
	f->om.writable = oracle_writable;
	f->om.opaque = f;
	memcpy(f->om.caps, f->cfg.cap, sizeof(f->om.caps));
	size = cordon_model_state_size(f->m);
	if (size > f->state_room) {
		free(f->state);
		free(f->again);
		f->state = malloc(size);
		f->again = malloc(size);
		if (!f->state || !f->again)
			abort();
		f->state_room = size;
	}

	world_again(&f->w, seed);
	f->w.caps = f->om.caps;
	f->w.sound = f->tidy;
	world_build(&f->w);
	for (i = 0; i < 16; i++)
		fuzz_put(f, OWN_DEVMAP + 8 * i, i < f->w.nr_devices ?
			 f->w.devices[i].devid | CORDON_VDEV_V : i);
	unit_up(f, choice[0]);
	return f->w.nr_devices;
}
