/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cordon's DMA test engine: the core, which knows no bus.
 *
 * Registers in, DMA and interrupts out through callbacks. It keeps no globals,
 * allocates nothing and takes no locks: its shell serialises. All of its state
 * is in struct cordon_engine, so that a shell can save it.
 */
#ifndef CORDON_ENGINE_CORE_H
#define CORDON_ENGINE_CORE_H

#include <stdbool.h>
#include <stdint.h>
#include "cordon_engine.h"

/* Nanoseconds after which a request that waits is tried again, at the latest */
#define CORDON_ENGINE_HELD	100000

/* Pieces done without a pause: bounds what one register write can cost */
#define CORDON_ENGINE_BURST	16384

/**
 * struct cordon_engine_ops - what a core needs of its shell
 * @dma: move @len bytes, which do not cross a 4 KiB boundary, between @buf and bus
 *	address @addr, as one request; @pasid is CORDON_ENGINE_PASID_*. 0, or
 *	non-zero if it was terminated
 * @fetch_add: atomically add @add to the little-endian dword at @addr and store
 *	what was there before; as @dma
 * @can_pasid: the bus can carry PASID, privileged and execute
 * @held: requests wait: none is to be made now; may be NULL
 * @wake: call cordon_engine_run() after @ns nanoseconds of guest time
 * @stop: forget the last @wake
 * @irq: bit 0 of CORDON_ENGINE_IRQ became @level
 */
struct cordon_engine_ops {
	int (*dma)(void *opaque, uint32_t pasid, uint64_t addr, void *buf,
		   uint32_t len, bool write);
	int (*fetch_add)(void *opaque, uint32_t pasid, uint64_t addr, uint64_t add,
			 uint64_t *old);
	bool (*can_pasid)(void *opaque);
	bool (*held)(void *opaque);
	void (*wake)(void *opaque, uint64_t ns);
	void (*stop)(void *opaque);
	void (*irq)(void *opaque, bool level);
};

/**
 * struct cordon_engine - an engine
 * @ops: the shell
 * @opaque: first argument of each of @ops
 * @src: CORDON_ENGINE_SRC
 * @dst: CORDON_ENGINE_DST
 * @len: CORDON_ENGINE_LEN
 * @data: CORDON_ENGINE_DATA
 * @moved: CORDON_ENGINE_MOVED
 * @bad: CORDON_ENGINE_BAD
 * @count: CORDON_ENGINE_COUNT
 * @delay: CORDON_ENGINE_DELAY
 * @done: CORDON_ENGINE_DONE
 * @errors: CORDON_ENGINE_ERRORS
 * @pasid: CORDON_ENGINE_PASID
 * @cmd: the command that runs, or ran last
 * @status: CORDON_ENGINE_STATUS
 * @irq: CORDON_ENGINE_IRQ
 * @pos: bytes of the running repetition that are behind it
 * @operand: of ATOMIC: what @data was when the operation began
 * @buffer: CORDON_ENGINE_BUFFER
 */
struct cordon_engine {
	const struct cordon_engine_ops *ops;
	void *opaque;
	uint64_t src;
	uint64_t dst;
	uint64_t len;
	uint64_t data;
	uint64_t moved;
	uint64_t bad;
	uint64_t count;
	uint64_t delay;
	uint64_t done;
	uint64_t errors;
	uint32_t pasid;
	uint32_t cmd;
	uint32_t status;
	uint32_t irq;
	uint64_t pos;
	uint64_t operand;
	uint8_t buffer[CORDON_ENGINE_BUFFER_SIZE];
};

/* the state after power-on or a function-level reset; @ops is kept */
void cordon_engine_reset(struct cordon_engine *e);

/* a register access that breaks the rules reads zero and writes nothing */
uint64_t cordon_engine_read(struct cordon_engine *e, uint64_t offset, unsigned int size);
void cordon_engine_write(struct cordon_engine *e, uint64_t offset, uint64_t val,
			 unsigned int size);

/* go on with the running operation, if there is one */
void cordon_engine_run(struct cordon_engine *e);

#endif /* CORDON_ENGINE_CORE_H */
