/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cordon IOMMU: reference model, a freestanding C library.
 *
 * The hardware of Documentation/iommu/cordon/specification.rst with memory,
 * interrupts and time left to the caller. It allocates nothing, keeps no
 * globals and takes no locks: the caller serialises all calls on one model.
 */
#ifndef CORDON_MODEL_H
#define CORDON_MODEL_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

struct cordon_model;

/**
 * enum cordon_violation - what a model reports about the software that drives it
 * @CORDON_VIOLATION_STALE: a request used a cached entry that memory no longer
 *	backs (only with &cordon_config.check_stale)
 * @CORDON_VIOLATION_ACCESS: a register access against spec 10.1
 * @CORDON_VIOLATION_COMMAND: a command queue stopped (spec 5.6)
 * @CORDON_VIOLATION_STRUCTURE: a malformed structure, or one that aborted
 * @CORDON_VIOLATION_RULE: another duty of software neglected
 * @CORDON_VIOLATIONS: how many kinds there are
 */
enum cordon_violation {
	CORDON_VIOLATION_STALE,
	CORDON_VIOLATION_ACCESS,
	CORDON_VIOLATION_COMMAND,
	CORDON_VIOLATION_STRUCTURE,
	CORDON_VIOLATION_RULE,
	CORDON_VIOLATIONS
};

/**
 * enum cordon_trace - what a model can tell of its inner life
 * @CORDON_TRACE_COMMAND: a command was taken: a = queue, b = index, c = op, d = target
 * @CORDON_TRACE_COMPLETE: a completion word was written: a = queue, b = slot, c = word
 * @CORDON_TRACE_TRANSLATE: a request passed: a = DeviceID, b = address, c = PA, d = span
 * @CORDON_TRACE_FAULT: a request was terminated: a = DeviceID, b = address, c = fault info
 *	dword (spec 6.2), d = where
 * @CORDON_TRACE_ROOT: ROOT took effect: a = root
 * @CORDON_TRACE_QUEUE: a queue changed state: a = queue, b = state, c = reason
 */
enum cordon_trace {
	CORDON_TRACE_COMMAND,
	CORDON_TRACE_COMPLETE,
	CORDON_TRACE_TRANSLATE,
	CORDON_TRACE_FAULT,
	CORDON_TRACE_ROOT,
	CORDON_TRACE_QUEUE,
};

/**
 * struct cordon_ops - what a model needs of its surroundings
 * @read: copy @len bytes at PA @addr to @buf; 0, or non-zero if it aborts
 * @write: copy @len bytes from @buf to PA @addr, aligned dwords as a whole and
 *	visible in order; 0, or non-zero if it aborts
 * @cas: atomic compare-and-swap of the little-endian dword at PA @addr: if it is
 *	*@old store @val, else put what is there into *@old; 0, or non-zero on abort.
 *	Values are in the host's byte order
 * @or8: atomically OR @bits into the byte at PA @addr; 0, or non-zero on abort
 * @irq: drive wired output @line (CORDON_INT_*) to @level
 * @msi: write the 32-bit message @data to @addr; 0, or non-zero on abort
 * @now: the system counter (spec 1.5), in ticks of &cordon_config.time_hz
 * @atc_invalidate: ask device @devid to drop [@first, @last] (spec 5.4.9); true if
 *	the device has ATS and will answer through cordon_model_atc_done(@tag), which
 *	it may call before it returns; false if no such device is there
 * @page_response: deliver an answer (spec 5.4.10) to the device
 * @invalidated: translations in [@first, @last] of requests from @devid, or of all
 *	devices with @all_devices, are no longer valid: a caller that keeps some
 *	must drop them. Called before the completion word is written
 * @violation: software broke a rule; @text is a whole sentence
 * @trace: something happened
 *
 * Any but @read, @write, @cas, @or8 and @now may be NULL.
 */
struct cordon_ops {
	int (*read)(void *opaque, uint64_t addr, void *buf, size_t len);
	int (*write)(void *opaque, uint64_t addr, const void *buf, size_t len);
	int (*cas)(void *opaque, uint64_t addr, uint64_t *old, uint64_t val);
	int (*or8)(void *opaque, uint64_t addr, uint8_t bits);
	void (*irq)(void *opaque, unsigned int line, bool level);
	int (*msi)(void *opaque, uint64_t addr, uint32_t data);
	uint64_t (*now)(void *opaque);
	bool (*atc_invalidate)(void *opaque, uint32_t devid, bool pv, uint32_t pasid,
			       bool global, uint64_t first, uint64_t last, uint32_t tag);
	void (*page_response)(void *opaque, uint32_t devid, bool pv, uint32_t pasid,
			      uint32_t group, uint32_t code);
	void (*invalidated)(void *opaque, bool all_devices, uint32_t devid,
			    uint64_t first, uint64_t last);
	void (*violation)(void *opaque, enum cordon_violation kind, const char *text);
	void (*trace)(void *opaque, enum cordon_trace event, uint64_t a, uint64_t b,
		      uint64_t c, uint64_t d);
};

/**
 * struct cordon_config - the implementation's own choices (spec 10.2)
 * @cap: the read-only registers CORDON_REG_ID and CAP0 to CAP4, in order. A
 *	capability that the model does not have is cleared by cordon_model_init()
 * @check_stale: checking mode: every use of a cached entry is compared with a fresh
 *	walk of memory, and a difference is a violation
 * @stale_grace: ticks for which an entry may be used after it was first seen stale
 *	before that is a violation; for tests that race on purpose
 * @command_latency: ticks that each command takes; 0: it is done before the write of
 *	the doorbell returns. Otherwise cordon_model_tick() carries commands out
 */
struct cordon_config {
	uint64_t cap[6];
	bool check_stale;
	uint64_t stale_grace;
	uint64_t command_latency;
};

/**
 * enum cordon_abort - accesses of the unit to memory that can be made to abort
 * @CORDON_ABORT_DIRECTORY: reads of pointers of directories
 * @CORDON_ABORT_CONTEXT: reads of device and process contexts
 * @CORDON_ABORT_TABLE: reads of descriptors of translation tables
 * @CORDON_ABORT_QDESC: reads of queue descriptors
 * @CORDON_ABORT_COMMAND: reads of commands and device maps
 * @CORDON_ABORT_COMPLETION: writes of completion words
 * @CORDON_ABORT_STATUS: writes of status lines
 * @CORDON_ABORT_FAULT: writes of fault records
 * @CORDON_ABORT_BLOCK: accesses to fault blocks
 * @CORDON_ABORT_REQUEST: writes of page requests
 * @CORDON_ABORT_MESSAGE: messages
 * @CORDON_ABORTS: how many there are
 */
enum cordon_abort {
	CORDON_ABORT_DIRECTORY,
	CORDON_ABORT_CONTEXT,
	CORDON_ABORT_TABLE,
	CORDON_ABORT_QDESC,
	CORDON_ABORT_COMMAND,
	CORDON_ABORT_COMPLETION,
	CORDON_ABORT_STATUS,
	CORDON_ABORT_FAULT,
	CORDON_ABORT_BLOCK,
	CORDON_ABORT_REQUEST,
	CORDON_ABORT_MESSAGE,
	CORDON_ABORTS
};

/**
 * enum cordon_mute - acknowledgments that can be held back
 * @CORDON_MUTE_ROOT: ROOTACK stays BUSY, with the old root in force
 * @CORDON_MUTE_CTRL: CTRLACK stays as it is
 * @CORDON_MUTE_QUEUE: Q_ACK of every queue stays as it is
 * @CORDON_MUTES: how many there are
 *
 * What is not acknowledged does not take effect either, which is the worst that
 * software has to expect.
 */
enum cordon_mute {
	CORDON_MUTE_ROOT,
	CORDON_MUTE_CTRL,
	CORDON_MUTE_QUEUE,
	CORDON_MUTES
};

/**
 * struct cordon_inject - errors that a model makes on purpose
 * @stall: queues that take no command any more, by bit
 * @hang: the same, but disabling a queue cures it
 * @fail_every: every N-th command that is taken stops its queue; 0: none
 * @fail_reason: why, one of the reasons before WRITE; 0: FETCH
 * @lose_every: the completion word of every N-th command is never written, though
 *	the command takes effect; 0: none
 * @slow: ticks that each command takes beyond &cordon_config.command_latency, and
 *	each acknowledgment
 * @aborts: accesses to memory that abort, a bit for each of enum cordon_abort
 * @mutes: acknowledgments that never come, a bit for each of enum cordon_mute
 * @gone: not 0: the unit has no power: registers read as ones, nothing passes, nothing
 *	is written, no interrupt comes
 *
 * None of them is a violation of software's, nor is what follows from it at
 * once: a queue that stops, a request that is terminated.
 */
struct cordon_inject {
	uint64_t stall;
	uint64_t hang;
	uint64_t fail_every;
	uint64_t lose_every;
	uint64_t slow;
	uint64_t aborts;
	uint64_t mutes;
	uint64_t fail_reason;
	uint64_t gone;
};

/**
 * struct cordon_request - a request of a device (spec 1.4)
 * @addr: input address; the request does not cross a 4 KiB boundary
 * @devid: DeviceID
 * @pasid: PASID, if @pv
 * @pv: has a PASID
 * @read: reads
 * @write: writes
 * @exec: executes
 * @priv: is privileged
 * @atomic: is atomic; @read and @write are set too
 * @type: CORDON_TYPE_*
 * @probe: answer only: record nothing, set nothing, cache nothing
 */
struct cordon_request {
	uint64_t addr;
	uint32_t devid;
	uint32_t pasid;
	bool pv;
	bool read;
	bool write;
	bool exec;
	bool priv;
	bool atomic;
	uint8_t type;
	bool probe;
};

/*
 * The request waits at the unit's input (CORDON_CTRL_QUIESCE): nothing has been
 * done, nothing moves, and the caller makes the same request again later.
 */
#define CORDON_ANSWER_HELD	0xff

/**
 * struct cordon_answer - what becomes of it
 * @reason: CORDON_REASON_*; zero if it passes; CORDON_ANSWER_HELD if it waits
 * @addr: PA (IPA for an ATS translation request with TRANSLATED_STAGE2)
 * @span_log2: log2 of the aligned span around the address that is translated alike
 * @read: the tables permit reads
 * @write: the tables permit writes, and a write needs no further walk for dirty state or log
 * @exec: the tables permit execution
 * @razwi: a terminated request reads zero and drops writes, with a good response
 * @hit: answered from a cached translation
 * @attr: memory attribute byte
 * @ats_status: ATS translation requests: 0 success, 1 Unsupported Request, 4 Completer Abort
 * @stage: of the fault
 * @level: of the fault, as CORDON_FAULT_LEVEL
 * @walk: of the fault
 * @detail: of the fault
 * @ipa: intermediate address, if there was one
 * @where: of the fault
 */
struct cordon_answer {
	uint8_t reason;
	uint8_t span_log2;
	bool read;
	bool write;
	bool exec;
	bool razwi;
	bool hit;
	uint8_t attr;
	uint8_t ats_status;
	uint8_t stage;
	uint8_t level;
	bool walk;
	uint8_t detail;
	uint64_t addr;
	uint64_t ipa;
	uint64_t where;
};

/**
 * struct cordon_stats - what the model counts for tests, beside the counters of spec 9.2
 * @commands: commands taken
 * @syncs: completion words written
 * @reg_reads: register reads
 * @reg_writes: register writes
 * @irqs: rising edges of outputs and messages
 * @faults: terminated requests
 * @stale: uses of stale entries, in checking mode
 * @injected: errors made on purpose: aborts, commands that failed, words and
 *	acknowledgments that were not given
 * @violations: violations by kind
 */
struct cordon_stats {
	uint64_t commands;
	uint64_t syncs;
	uint64_t reg_reads;
	uint64_t reg_writes;
	uint64_t irqs;
	uint64_t faults;
	uint64_t stale;
	uint64_t injected;
	uint64_t violations[CORDON_VIOLATIONS];
};

/* size and alignment (at most 64) of a model; the caller provides zeroed memory */
size_t cordon_model_size(const struct cordon_config *cfg);

/* the full set of capabilities that this model has, as registers */
void cordon_model_default_config(struct cordon_config *cfg);

/* returns NULL and leaves *why (if not NULL) pointing to a sentence on a bad configuration */
struct cordon_model *cordon_model_init(void *mem, const struct cordon_config *cfg,
				       const struct cordon_ops *ops, void *opaque,
				       const char **why);

void cordon_model_reset(struct cordon_model *m);

/* bytes of register space (spec 10.1) */
uint64_t cordon_model_mmio_size(const struct cordon_model *m);
uint64_t cordon_model_mmio_read(struct cordon_model *m, uint64_t offset, unsigned int size);
void cordon_model_mmio_write(struct cordon_model *m, uint64_t offset, uint64_t val,
			     unsigned int size);

/* spec 4; every use of memory by a device asks again: the model does the caching */
void cordon_model_translate(struct cordon_model *m, const struct cordon_request *req,
			    struct cordon_answer *ans);

/*
 * Let time-outs, merge timers and delayed commands run up to now(). Returns the
 * counter value at which it wants to be called next, or UINT64_MAX.
 */
uint64_t cordon_model_tick(struct cordon_model *m);

/* a device answered the invalidation @tag, or @ok is false: it will not (TIMEOUT) */
void cordon_model_atc_done(struct cordon_model *m, uint32_t tag, bool ok);

/* requests wait (CORDON_CTRL_QUIESCE): a caller that can keeps them back meanwhile */
bool cordon_model_held(const struct cordon_model *m);

/* spec 7: returns false if the group was answered at once, with *code; not while held */
bool cordon_model_page_request(struct cordon_model *m, const struct cordon_request *req,
			       uint32_t group, bool last, uint32_t *code);

const struct cordon_stats *cordon_model_stats(const struct cordon_model *m);

/* errors on purpose, from now until they are changed: a reset does not end them */
void cordon_model_inject(struct cordon_model *m, const struct cordon_inject *inject);
const struct cordon_inject *cordon_model_injected(const struct cordon_model *m);

/*
 * Migration: everything but the caches, which are dropped. The state is a
 * versioned little-endian byte string. There is none, and its size is zero,
 * while errors are injected.
 */
size_t cordon_model_state_size(const struct cordon_model *m);
void cordon_model_save(const struct cordon_model *m, void *buf);
/* 0, or non-zero and the model reset, if the state does not fit this model */
int cordon_model_load(struct cordon_model *m, const void *buf, size_t len);

/* drop all caches without a word: what hardware may do at any time */
void cordon_model_drop_caches(struct cordon_model *m);

#endif /* CORDON_MODEL_H */
