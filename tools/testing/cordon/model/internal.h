/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cordon reference model: what its files share.
 *
 * One file for each part of the hardware; everything here is private to the
 * model. The caller of the model serialises, so there are no locks.
 */
#ifndef CORDON_MODEL_INTERNAL_H
#define CORDON_MODEL_INTERNAL_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/stddef.h>
#else
#include <string.h>
#endif
#include <linux/cordon_hw.h>
#include "cordon_model.h"

#define CM_NEVER		(~0ULL)

/*
 * Of a large variable that each request has: a compiler that is told to clear all
 * variables (QEMU's is) need not clear this one, whose fields are set before use.
 */
#ifdef __has_attribute
#if __has_attribute(__uninitialized__)
#define CM_UNINIT		__attribute__((__uninitialized__))
#endif
#endif
#ifndef CM_UNINIT
#define CM_UNINIT
#endif

/* What each request does is one function, where kernel or C library can say so */
#ifndef __always_inline
#define __always_inline		inline
#endif

/*
 * Geometry of the caches: sets of CM_WAYS entries, as log2 of the sets. Small ones
 * are for fuzzers: entries are replaced, and there is little to clear.
 */
#define CM_WAYS			4
#ifndef CM_SMALL_CACHES
#define CM_TLB_LOG2		12
#define CM_WALK_LOG2		10
#define CM_DC_LOG2		8
#define CM_PC_LOG2		8
#define CM_PTR_LOG2		9
#define CM_LOGGED_LOG2		9
#else
#define CM_TLB_LOG2		4
#define CM_WALK_LOG2		3
#define CM_DC_LOG2		1
#define CM_PC_LOG2		1
#define CM_PTR_LOG2		2
#define CM_LOGGED_LOG2		2
#endif
#define CM_SIZED		4	/* translations and walk entries, of two stages */

/* Most that a configuration may ask for */
#define CM_MERGE_MAX		256
#define CM_COUNTERS_MAX		64
#define CM_ATC_MAX		256

/* How often the walks of one request start again (spec 4.4) */
#define CM_RESTARTS		8

/* Kinds of cached entries, low bits of the second half of a key */
enum cm_kind {
	CM_KIND_FREE,
	CM_KIND_S1,		/* stage 1, combined with stage 2 if the VM tag is not zero */
	CM_KIND_S2,
	CM_KIND_DC,
	CM_KIND_PC,
	CM_KIND_DD_PTR,
	CM_KIND_PD_PTR,
	CM_KIND_LOGGED,
};

/* Permissions as tables give them */
#define CM_UR			0x01
#define CM_UW			0x02
#define CM_UX			0x04
#define CM_PR			0x08
#define CM_PW			0x10
#define CM_PX			0x20
#define CM_ALL			0x3f

/* A type of request beside CORDON_TYPE_*: a guest queue's own access (spec 13.2) */
#define CM_TYPE_UNIT		3

/* Bits of registers that can be written; TR_REQ has GO beside them (spec 10.9, 10.10) */
#define CM_TR_BITS		GENMASK_ULL(52, 0)
#define CM_EVENT_BITS		(GENMASK_ULL(12, 0) | CORDON_EVENT_DEVID)
#define CM_FILTER_BITS		GENMASK_ULL(39, 0)

/* Memory attribute bytes (spec 9.1) */
#define CM_ATTR_DEVICE		0x04
#define CM_ATTR_NC		0x44
#define CM_ATTR_WB		0xff

/*
 * struct cm_caps - the capability registers, decoded
 *
 * Widths are in bits, not exponents, where the register has an exponent that is
 * always used as one.
 */
struct cm_caps {
	uint64_t cap1;
	uint32_t hz;
	uint32_t unit_devid;
	uint16_t merge;
	uint8_t devid, pasid, vmtag, dtag;
	uint8_t s1tg, s2tg, oas, oas_bits, ias;
	uint8_t cmdqs, cmdq_log2, fq_log2, prq_log2, slots_log2, devmap_log2;
	uint8_t counters, counter_bits;
	uint8_t atc_device, atc_queue, atc_min, atc_max, merge_max;
};

/*
 * struct cm_fmt - a table format (spec 4.4, 4.5), decoded
 * @n: input bits
 * @g: log2 of the granule
 * @b: bits of index at each level
 * @out_bits: output bits
 * @start: level of the root, -1 to 3
 * @key: what of it decides what its entries mean, by which they are cached
 */
struct cm_fmt {
	uint8_t n, g, b, out_bits;
	int8_t start;
	uint16_t key;
	bool ha, hd, haft, ds, fwb;
	uint8_t mair;
};

/*
 * struct cm_pc - what requests of one address space get: a process context
 *	(spec 3.4), or the same fields of a device context
 * @where: PA of the context
 */
struct cm_pc {
	uint64_t where;
	uint64_t cfg;
	uint64_t s1root;
	uint32_t dtag;
	struct cm_fmt s1;
};

/*
 * struct cm_dc - a device context (spec 3.3), decoded
 * @own: what requests get that have no process context
 */
struct cm_dc {
	struct cm_pc own;
	uint64_t cfg;
	uint64_t pdroot, s2root, fault, dlroot;
	uint16_t vmtag, flimit, plimit;
	struct cm_fmt s2;
};

/* Every cached entry begins with this; @b is zero if it is free */
struct cm_key {
	uint64_t a;
	uint64_t b;
	uint64_t stale_since;
};

/*
 * struct cm_tlb_entry - a translation
 * @out: output address of the first byte of the span
 * @ipa: IPA of it, if stage 2 took part
 * @root: root of the table that it came from
 * @fmt: its granule, input and output size
 * @perm: CM_UR and so on
 * @attr: memory attribute of stage 1
 * @memattr: MemAttr of stage 2
 * @clean: a write has to walk again, for dirty state
 */
struct cm_tlb_entry {
	struct cm_key key;
	uint64_t out;
	uint64_t ipa;
	uint64_t root;
	uint16_t fmt;
	uint8_t perm;
	uint8_t attr;
	uint8_t memattr;
	bool clean;
};

/*
 * struct cm_walk_entry - a table descriptor
 * @table: address of the next table: an IPA in stage 1 under stage 2
 * @root: root of the table that it came from
 * @fmt: its granule, input and output size
 * @limits: APTable, UXNTable, PXNTable met on the way
 */
struct cm_walk_entry {
	struct cm_key key;
	uint64_t table;
	uint64_t root;
	uint16_t fmt;
	uint8_t limits;
};

struct cm_dc_entry {
	struct cm_key key;
	uint64_t raw[8];
	struct cm_dc dc;
};

struct cm_pc_entry {
	struct cm_key key;
	uint16_t vmtag;
	bool guest;
	uint64_t raw[8];
	struct cm_pc pc;
};

struct cm_ptr_entry {
	struct cm_key key;
	uint64_t ptr;
	uint16_t vmtag;
	bool guest;
};

struct cm_logged_entry {
	struct cm_key key;
	uint64_t dlroot;
};

/*
 * struct cm_caches - everything that hardware may cache (spec 11.1)
 * @sizes: for translations and walk entries of each stage, the set of log2 spans in use
 * @count: and how many entries of each
 * @victim: next way to replace
 */
struct cm_caches {
	struct cm_tlb_entry tlb[CM_WAYS << CM_TLB_LOG2];
	struct cm_walk_entry walk[CM_WAYS << CM_WALK_LOG2];
	struct cm_dc_entry dc[CM_WAYS << CM_DC_LOG2];
	struct cm_pc_entry pc[CM_WAYS << CM_PC_LOG2];
	struct cm_ptr_entry ptr[CM_WAYS << CM_PTR_LOG2];
	struct cm_logged_entry logged[CM_WAYS << CM_LOGGED_LOG2];
	uint64_t sizes[CM_SIZED];
	uint32_t count[CM_SIZED][64];
	unsigned int victim;
};

/*
 * struct cm_fault - a fault on its way to the queue
 * @block: fault block to charge, or zero
 * @limit: most records outstanding, or zero
 * @anon: there was no usable context
 */
struct cm_fault {
	uint64_t info, source, addr, ipa, tags, where;
	uint64_t block;
	uint32_t limit;
	bool anon;
};

/* spec 6.3: an entry of the merge table */
struct cm_merge {
	bool used;
	uint32_t added;
	uint64_t taken;
	struct cm_fault fault;
};

/* A register was written, and is acknowledged later */
struct cm_ack {
	bool pending;
	uint64_t due;
};

/*
 * struct cm_queue - a command queue (spec 5)
 * @desc: its descriptor as read
 * @ctrl: CORDON_REG_Q_CTRL
 * @ack: CORDON_REG_Q_ACK
 * @applied: what of @ctrl has taken effect
 * @ctrl_ack: when the rest does
 * @said: head in the status line
 * @ready: when the command at the head is done; CM_NEVER if none was taken
 * @atc: INV_ATC outstanding
 * @copy: first dword of the command that stopped the queue
 * @has_copy: it was read
 * @done: the command at the head has taken effect
 * @told: CMDPEND was set for an error since Q_CTRL was last written
 * @forced: it was stopped by an injected error
 */
struct cm_queue {
	uint64_t desc[8];
	uint32_t ctrl, ack, applied;
	struct cm_ack ctrl_ack;
	uint32_t head, tail, said;
	uint8_t state, reason;
	uint64_t ready;
	uint32_t atc;
	uint64_t copy;
	bool has_copy, done, told, forced;
	/* from the descriptor */
	uint8_t log2, slots_log2, devmap_log2;
	bool guest, dirty;
	uint16_t vmtag;
	uint64_t base, slots, status, devmap, s2root, dlroot;
	struct cm_fmt s2;
};

/* spec 5.4.9: an INV_ATC under way; slots of this table are the tags */
struct cm_atc {
	bool used;
	uint8_t queue;
	uint32_t serial;
	uint32_t devid;
	uint64_t op;
	uint64_t start;
	uint64_t deadline;
};

/* spec 6 and 7: a queue that hardware writes */
struct cm_ring {
	uint64_t base;
	uint32_t head, tail;
	uint64_t lost;
	bool told;		/* of a loss, since the head was last written */
};

struct cm_counter {
	uint64_t value, event, filter;
};

struct cordon_model {
	struct cordon_config cfg;
	struct cordon_ops ops;
	void *opaque;
	struct cm_caps caps;
	struct cordon_stats stats;
	struct cordon_inject inject;

	/* registers; what is above survives a reset */
	uint32_t ctrl, ctrlack;
	struct cm_ack ctrl_ack;
	uint64_t root;			/* in force */
	uint64_t root_asked;		/* CORDON_REG_ROOT */
	struct cm_ack root_ack;
	uint64_t qtable;
	uint64_t mair[CORDON_MAIRS];
	uint32_t error;
	uint64_t erraddr;
	uint32_t latched;		/* IPEND bits that no other register holds */
	uint32_t imask;
	uint64_t cmdpend;
	uint64_t msi_addr[CORDON_INTS];
	uint32_t msi_data[CORDON_INTS];
	struct cm_ring fq, prq;
	uint64_t fq_anon;
	uint32_t fq_anon_limit, fq_merge, atc_timeout;
	uint64_t tr_addr, tr_req, tr_result, tr_out, tr_ipa, tr_where;
	struct cm_counter counter[CM_COUNTERS_MAX];
	uint64_t overflow, freeze;

	/* derived from registers */
	uint32_t active;		/* sources pending and not masked */
	uint32_t wires;			/* levels of wired outputs */
	uint64_t counting;		/* events that some counter counts */

	/* since an injected error was last made */
	uint64_t failures, losses;

	struct cm_queue queue[CORDON_CMDQ_MAX];
	uint32_t next_queue;
	bool serving;
	bool serve_again;

	struct cm_merge merge[CM_MERGE_MAX];
	uint32_t merged;		/* entries in use */

	struct cm_atc atc[CM_ATC_MAX];
	uint32_t atc_out;
	uint32_t atc_serial;

	struct cm_caches caches;
};

/*
 * struct cm_op - one request on its way through chapter 4
 * @cached: caches may be used
 * @fill: caches may be filled
 * @update: flags may be set and writes logged
 * @quiet: nothing is reported: a probe, the port, or a comparison
 * @used: something cached was used
 * @hit: the translation was cached
 * @walked: a stage took part
 * @r: reads; and so on, after policy
 * @have_ipa: @ipa is known
 * @foresee: nothing is set, but what setting it would need is checked
 * @peek: no right is wanted of stage 2: a comparison
 * @exact: a comparison, which no injected error disturbs
 * @restarts: how often a walk has started again
 * @dc: the device context, once it is found
 * @pc: what the address space gets, once it is found
 * @room_dc: where @dc is, if not in the cache
 * @reason: why it was refused; and the rest of a fault
 */
struct cm_op {
	struct cordon_model *m;
	const struct cordon_request *req;
	bool cached, fill, update, quiet;
	bool used, hit, walked;
	bool r, w, x, priv;
	bool have_ipa;
	bool foresee;
	bool peek;
	bool exact;
	uint8_t restarts;
	const struct cm_dc *dc;
	const struct cm_pc *pc;
	struct cm_dc room_dc;
	struct cm_pc room_pc;
	uint8_t reason, stage, level, detail;
	bool walk;
	uint64_t ipa, where;
};

/*
 * struct cm_out - where an address leads
 * @size: log2 of the span that is translated alike
 * @level: level of the descriptor
 * @where: PA of the descriptor
 * @attr: memory attribute of stage 1
 * @memattr: MemAttr of stage 2
 * @direct: no stage took part
 */
struct cm_out {
	uint64_t addr;
	uint64_t ipa;
	uint64_t where;
	uint8_t size;
	uint8_t perm;
	uint8_t attr;
	uint8_t memattr;
	bool clean;
	bool direct;
};

/* fields */
static inline uint64_t cm_get(uint64_t mask, uint64_t val)
{
	return (val & mask) >> __builtin_ctzll(mask);
}

static inline uint64_t cm_put(uint64_t mask, uint64_t val)
{
	return (val << __builtin_ctzll(mask)) & mask;
}

/* the low @bits bits; @bits up to 64 */
static inline uint64_t cm_mask(unsigned int bits)
{
	return bits >= 64 ? ~0ULL : (1ULL << bits) - 1;
}

static inline bool cm_fits(uint64_t val, unsigned int bits)
{
	return !(val & ~cm_mask(bits));
}

static inline bool cm_cap(const struct cordon_model *m, uint64_t bits)
{
	return (m->caps.cap1 & bits) == bits;
}

/* little-endian memory, whatever the host is */
static inline uint64_t cm_le64(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static inline void cm_put_le64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

static inline uint64_t cm_now(struct cordon_model *m)
{
	return m->ops.now(m->opaque);
}

/* model.c: memory, time and what is told to the caller */
int cm_read64(struct cordon_model *m, uint64_t addr, uint64_t *val);
int cm_read64s(struct cordon_model *m, uint64_t addr, uint64_t *val, unsigned int n);
int cm_write64(struct cordon_model *m, uint64_t addr, uint64_t val);
uint64_t cm_ticks(const struct cordon_model *m, unsigned int log2_us);
void cm_trace(struct cordon_model *m, enum cordon_trace event, uint64_t a, uint64_t b,
	      uint64_t c, uint64_t d);

/* A sentence, put together without a C library */
struct cm_text {
	char buf[192];
	unsigned int len;
};

void cm_text_init(struct cm_text *t, const char *s);
void cm_text_str(struct cm_text *t, const char *s);
void cm_text_hex(struct cm_text *t, const char *before, uint64_t val);
void cm_text_dec(struct cm_text *t, const char *before, uint64_t val);
void cm_violation(struct cordon_model *m, enum cordon_violation kind, struct cm_text *t);

/* inject.c: errors on purpose */
bool cm_injected(struct cordon_model *m, enum cordon_abort what);
bool cm_inject_fail(struct cordon_model *m, uint8_t *reason);
bool cm_inject_lose(struct cordon_model *m);
bool cm_is_stalled(const struct cordon_model *m, unsigned int q);
bool cm_is_injecting(const struct cordon_model *m);
uint64_t cm_latency(const struct cordon_model *m);
bool cm_ack_later(struct cordon_model *m, enum cordon_mute what, struct cm_ack *ack);
uint64_t cm_ack_tick(struct cordon_model *m);

/* regs.c: what was written takes effect */
void cm_root_apply(struct cordon_model *m);
void cm_ctrl_apply(struct cordon_model *m);

/* state.c */
bool cm_queue_decode(struct cordon_model *m, struct cm_queue *q);

/* context.c: pure functions */
void cm_caps_decode(struct cm_caps *caps, const uint64_t *cap);
bool cm_fmt_s1(const struct cm_caps *caps, uint64_t fmt, bool nested, struct cm_fmt *f);
bool cm_fmt_s2(const struct cm_caps *caps, uint64_t fmt, struct cm_fmt *f);
bool cm_ttb_ok(const struct cm_fmt *f, uint64_t root);
unsigned int cm_dc_decode(const struct cm_caps *caps, const uint64_t *raw, struct cm_dc *dc);
unsigned int cm_pc_decode(const struct cm_caps *caps, const uint64_t *raw, bool nested,
			  struct cm_pc *pc);
bool cm_ptr_ok(uint64_t ptr, uint64_t mask, unsigned int bits);
bool cm_dirroot_ok(uint64_t root, unsigned int bits);

/* directory.c: finding contexts */
bool cm_find_device(struct cm_op *op);
void cm_device_check(struct cm_op *op, struct cm_dc_entry *e);
bool cm_find_process(struct cm_op *op);

/* walk.c */
static inline unsigned int cm_span(const struct cm_fmt *f, int level)
{
	return f->g + (3 - level) * f->b;
}

bool cm_stage1(struct cm_op *op, uint64_t addr, struct cm_out *out);
bool cm_stage2(struct cm_op *op, uint64_t ipa, bool r, bool w, bool x, bool walk,
	       struct cm_out *out);
bool cm_log(struct cm_op *op, uint64_t ipa, bool walk);
bool cm_deny(struct cm_op *op, uint8_t reason, uint8_t stage, int level, uint64_t where);
uint8_t cm_attr_combine(uint8_t s1, uint8_t memattr, bool fwb);

/* cache.c; what each request looks up is here, so that it takes no call */

/* Index of cm_caches.sizes */
#define CM_SIZED_TLB(kind)	((kind) == CM_KIND_S2)

static inline uint64_t cm_key_b(enum cm_kind kind, unsigned int size, uint32_t vmtag, uint32_t dtag)
{
	return (uint64_t)kind | (uint64_t)size << 8 | (uint64_t)vmtag << 16 |
	       (uint64_t)dtag << 32;
}

static inline uint64_t cm_hash(uint64_t a, uint64_t b, unsigned int log2)
{
	uint64_t h = (a >> 12 ^ a << 40 ^ b) * 0x9e3779b97f4a7c15ULL;

	return (h ^ h >> 29) * 0xbf58476d1ce4e5b9ULL >> (64 - log2);
}

/* The first way of the set that a key belongs to */
static inline uint8_t *cm_set(void *base, size_t size, unsigned int log2, uint64_t a, uint64_t b)
{
	return (uint8_t *)base + cm_hash(a, b, log2) * CM_WAYS * size;
}

static __always_inline void *cm_find(void *base, size_t size, unsigned int log2, uint64_t a,
				     uint64_t b)
{
	uint8_t *p = cm_set(base, size, log2, a, b);
	unsigned int i;

	for (i = 0; i < CM_WAYS; i++, p += size) {
		struct cm_key *key = (struct cm_key *)p;

		if (key->b == b && key->a == a)
			return p;
	}
	return NULL;
}

static __always_inline struct cm_tlb_entry *
cm_tlb_find(struct cordon_model *m, enum cm_kind kind, uint32_t vmtag, uint32_t dtag,
	    uint64_t addr, unsigned int *size)
{
	uint64_t sizes = m->caches.sizes[CM_SIZED_TLB(kind)];
	struct cm_tlb_entry *e;
	unsigned int s;

	/* blocks first: few of them serve many addresses, so that their sets are at hand */
	for (; sizes; sizes ^= BIT_ULL(s)) {
		s = 63 - __builtin_clzll(sizes);
		e = cm_find(m->caches.tlb, sizeof(*e), CM_TLB_LOG2, addr & ~cm_mask(s),
			    cm_key_b(kind, s, vmtag, dtag));
		if (e) {
			*size = s;
			return e;
		}
	}
	return NULL;
}

static __always_inline struct cm_dc_entry *cm_dc_find(struct cordon_model *m, uint32_t devid)
{
	return cm_find(m->caches.dc, sizeof(struct cm_dc_entry), CM_DC_LOG2, devid, CM_KIND_DC);
}

void cm_tlb_fill(struct cordon_model *m, enum cm_kind kind, uint32_t vmtag, uint32_t dtag,
		 uint64_t addr, uint64_t root, uint16_t fmt, const struct cm_out *out);
struct cm_walk_entry *cm_walk_find(struct cordon_model *m, enum cm_kind kind, uint32_t vmtag,
				   uint32_t dtag, uint64_t addr, unsigned int span);
void cm_walk_fill(struct cordon_model *m, enum cm_kind kind, uint32_t vmtag, uint32_t dtag,
		  uint64_t addr, unsigned int span, uint64_t root, uint64_t table,
		  uint8_t limits, uint16_t fmt);
struct cm_dc_entry *cm_dc_fill(struct cordon_model *m, uint32_t devid);
struct cm_pc_entry *cm_pc_find(struct cordon_model *m, uint32_t devid, uint32_t pasid);
struct cm_pc_entry *cm_pc_fill(struct cordon_model *m, uint32_t devid, uint32_t pasid);
struct cm_ptr_entry *cm_ptr_find(struct cordon_model *m, enum cm_kind kind, uint32_t devid,
				 uint32_t id, unsigned int level);
struct cm_ptr_entry *cm_ptr_fill(struct cordon_model *m, enum cm_kind kind, uint32_t devid,
				 uint32_t id, unsigned int level);
struct cm_logged_entry *cm_logged_find(struct cordon_model *m, uint32_t vmtag, uint64_t dlroot,
				       uint64_t ipa);
void cm_logged_fill(struct cordon_model *m, uint32_t vmtag, uint64_t dlroot, uint64_t ipa);
void cm_inv_all(struct cordon_model *m);
void cm_inv_device(struct cordon_model *m, uint32_t first, uint32_t last, bool leaf);
void cm_inv_process(struct cordon_model *m, uint32_t devid, uint32_t first, uint32_t last,
		    bool leaf);
void cm_inv_range(struct cordon_model *m, uint32_t vmtag, uint32_t dtag, uint64_t first,
		  uint64_t last, bool leaf);
void cm_inv_vmtag(struct cordon_model *m, uint32_t vmtag);
void cm_inv_s2range(struct cordon_model *m, uint32_t vmtag, uint64_t first, uint64_t last,
		    bool leaf);
void cm_stale(struct cm_op *op, struct cm_key *key, bool stale, const char *what, uint64_t addr);

/* translate.c */
void cm_translate(struct cordon_model *m, const struct cordon_request *req, bool cached,
		  struct cordon_answer *ans);
uint64_t cm_policy_cfg(const struct cm_op *op);
bool cm_find_policy(struct cordon_model *m, const struct cordon_request *req, struct cm_op *op);
void cm_op_init(struct cm_op *op, struct cordon_model *m, const struct cordon_request *req);
bool cm_device_has(struct cordon_model *m, uint32_t devid, uint64_t cfg);

/* command.c */
void cm_queue_doorbell(struct cordon_model *m, unsigned int q, uint32_t tail);
void cm_queue_resume(struct cordon_model *m, unsigned int q, uint32_t how);
void cm_queue_ctrl(struct cordon_model *m, unsigned int q, uint32_t val);
void cm_queue_apply(struct cordon_model *m, unsigned int q);
uint64_t cm_queue_status(const struct cm_queue *q);
void cm_serve(struct cordon_model *m);
void cm_queue_settle(struct cordon_model *m, struct cm_queue *q);
uint64_t cm_queue_next(struct cordon_model *m);

/* queue.c: the memory of command queues */
bool cm_queue_read(struct cordon_model *m, struct cm_queue *q, uint64_t addr, uint64_t *val,
		   unsigned int n);
bool cm_queue_write(struct cordon_model *m, struct cm_queue *q, uint64_t addr, uint64_t val);
void cm_queue_enter(struct cordon_model *m, struct cm_queue *q, uint8_t state, uint8_t reason);
void cm_queue_say(struct cordon_model *m, struct cm_queue *q);
bool cm_complete(struct cordon_model *m, struct cm_queue *q, uint64_t op, unsigned int status,
		 uint64_t began);

/* atc.c */
void cm_atc_start(struct cordon_model *m, struct cm_queue *q, uint64_t op, uint64_t target,
		  uint32_t devid, uint64_t first, uint64_t last, uint64_t began);
void cm_atc_abandon(struct cordon_model *m, unsigned int q);
uint64_t cm_atc_tick(struct cordon_model *m);

/* fault.c */
void cm_fault_raise(struct cordon_model *m, const struct cm_op *op);
void cm_fault_flush(struct cordon_model *m);
void cm_fault_flush_devices(struct cordon_model *m, uint32_t first, uint32_t last);
void cm_fault_enable(struct cordon_model *m, bool on);
uint64_t cm_fault_tick(struct cordon_model *m);
bool cm_block_charge(struct cordon_model *m, uint64_t addr, uint32_t limit, bool *over);
bool cm_block_abort(struct cordon_model *m, uint64_t addr);
void cm_block_lost(struct cordon_model *m, uint64_t addr, uint64_t n, bool uncharge);
bool cm_ring_full(const struct cm_ring *r);
bool cm_ring_ok(const struct cm_ring *r, unsigned int max);

/* request.c: page requests */
void cm_request_enable(struct cordon_model *m, bool on);
bool cm_request_respond(struct cordon_model *m, uint32_t devid, bool pv, uint32_t pasid,
			uint32_t group, uint32_t code);

/* irq.c */
void cm_irq_latch(struct cordon_model *m, unsigned int source);
void cm_irq_update(struct cordon_model *m);
void cm_irq_resend(struct cordon_model *m);
void cm_irq_source(struct cordon_model *m, unsigned int i);
void cm_ring_told(struct cordon_model *m, struct cm_ring *r, unsigned int source);
uint32_t cm_irq_pending(const struct cordon_model *m);
void cm_error(struct cordon_model *m, uint32_t bit, uint64_t addr);

/* counter.c */
void cm_count_n(struct cordon_model *m, enum cordon_event event, const struct cm_op *op,
		uint32_t devid, bool has_devid, uint64_t n);
void cm_counters_changed(struct cordon_model *m);
uint64_t cm_counter_events(const struct cordon_model *m);

static inline void cm_count(struct cordon_model *m, enum cordon_event event,
			    const struct cm_op *op)
{
	if (m->counting >> event & 1)
		cm_count_n(m, event, op, op ? op->req->devid : 0, op, 1);
}

/* port.c */
void cm_port_go(struct cordon_model *m);

/* directory.c: what each request does */

/**
 * cm_find_dc() - find the device context (spec 4.2)
 * @op: the request; @op->dc is set
 *
 * Return: false with the fault noted in @op.
 */
static __always_inline bool cm_find_dc(struct cm_op *op)
{
	struct cordon_model *m = op->m;
	unsigned int levels = m->root & CORDON_ROOT_LEVELS;
	uint32_t devid = op->req->devid;
	struct cm_dc_entry *e;

	if (!levels)
		return cm_deny(op, CORDON_REASON_NO_ROOT, 0, CORDON_LEVEL_NONE, 0);
	if (!cm_fits(devid, CORDON_DIR_BITS * levels) || !cm_fits(devid, m->caps.devid) ||
	    devid == m->caps.unit_devid)
		return cm_deny(op, CORDON_REASON_DEVID_RANGE, 0, CORDON_LEVEL_NONE, 0);
	e = op->cached ? cm_dc_find(m, devid) : NULL;
	if (!e)
		return cm_find_device(op);
	op->used = true;
	if (m->cfg.check_stale)
		cm_device_check(op, e);
	op->dc = &e->dc;
	if (!op->quiet)
		cm_count(m, CORDON_EVENT_DC_HITS, op);
	return true;
}

/**
 * cm_find_pc() - find what the request's address space gets (spec 4.3)
 * @op: the request, whose device context has been found; @op->pc is set
 *
 * Return: false with the fault noted in @op.
 */
static __always_inline bool cm_find_pc(struct cm_op *op)
{
	if (op->req->pv || cm_get(CORDON_DC_S1, op->dc->cfg) == CORDON_S1_PASID0)
		return cm_find_process(op);
	op->pc = &op->dc->own;
	return true;
}

#endif /* CORDON_MODEL_INTERNAL_H */
