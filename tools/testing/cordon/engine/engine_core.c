// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon's DMA test engine: the core, which knows no bus.
 */
#include <string.h>
#include "engine_core.h"

#define PIECE		4096u
#define CMD_OP		0xffu
#define CMD_BITS	(CMD_OP | CORDON_ENGINE_CMD_IRQ | CORDON_ENGINE_CMD_KEEP_GOING)
#define PASID_BITS	0xfffffu

static uint32_t at_most(uint32_t a, uint64_t b)
{
	return b < a ? (uint32_t)b : a;
}

static uint32_t to_boundary(uint64_t addr)
{
	return PIECE - (uint32_t)(addr & (PIECE - 1));
}

static void set_irq(struct cordon_engine *e, uint32_t irq)
{
	bool was = e->irq & 1;

	e->irq = irq & 1;
	if (was != (e->irq & 1))
		e->ops->irq(e->opaque, e->irq & 1);
}

static void end(struct cordon_engine *e, uint32_t status)
{
	e->status = status | CORDON_ENGINE_STATUS_DONE;
	if (e->cmd & CORDON_ENGINE_CMD_IRQ)
		set_irq(e, 1);
}

/* A terminated access. Returns true if the operation goes on all the same. */
static bool terminated(struct cordon_engine *e, uint64_t addr)
{
	if (!(e->status & CORDON_ENGINE_STATUS_ERROR))
		e->bad = addr;
	e->status |= CORDON_ENGINE_STATUS_ERROR;
	e->errors++;
	return e->cmd & CORDON_ENGINE_CMD_KEEP_GOING;
}

/*
 * The part of the buffer for byte @pos of the operation. The buffer repeats, so
 * a piece that would run over its end is cut there.
 */
static uint8_t *in_buffer(struct cordon_engine *e, uint32_t *len)
{
	uint32_t at = (uint32_t)(e->pos % CORDON_ENGINE_BUFFER_SIZE);

	*len = at_most(*len, CORDON_ENGINE_BUFFER_SIZE - at);
	return e->buffer + at;
}

/* The pattern, lowest byte first, from byte @pos of the operation on. */
static void fill(struct cordon_engine *e, uint8_t *buf, uint32_t len)
{
	uint8_t pattern[8];
	uint32_t i;

	for (i = 0; i < 8; i++)
		pattern[i] = (uint8_t)(e->data >> (8 * ((e->pos + i) % 8)));
	for (i = 0; i < len; i += 8)
		memcpy(buf + i, pattern, at_most(8, len - i));
}

/* COPY and FILL: what is written is not in the buffer. As move(). */
static uint32_t move_page(struct cordon_engine *e, uint32_t len, bool *failed, uint64_t *bad)
{
	uint64_t src = e->src + e->pos, dst = e->dst + e->pos;
	uint8_t page[PIECE];

	len = at_most(len, to_boundary(dst));
	if ((e->cmd & CMD_OP) == CORDON_ENGINE_OP_FILL) {
		fill(e, page, len);
	} else {
		len = at_most(len, to_boundary(src));
		if (e->ops->dma(e->opaque, e->pasid, src, page, len, false)) {
			*bad = src;
			*failed = true;
			return len;
		}
	}
	*failed = e->ops->dma(e->opaque, e->pasid, dst, page, len, true);
	return len;
}

/*
 * One piece of at most 4 KiB, within one page at each end. Returns its length,
 * and in *@bad the address of an access that was terminated.
 */
static uint32_t move(struct cordon_engine *e, bool *failed, uint64_t *bad)
{
	bool write = (e->cmd & CMD_OP) != CORDON_ENGINE_OP_READ;
	uint64_t addr = (write ? e->dst : e->src) + e->pos;
	uint32_t len = at_most(PIECE, e->len - e->pos);
	uint8_t *buf;

	*bad = addr;
	switch (e->cmd & CMD_OP) {
	case CORDON_ENGINE_OP_COPY:
	case CORDON_ENGINE_OP_FILL:
		return move_page(e, len, failed, bad);
	}
	len = at_most(len, to_boundary(addr));
	buf = in_buffer(e, &len);
	*failed = e->ops->dma(e->opaque, e->pasid, addr, buf, len, write);
	return len;
}

/* One piece; returns false when the operation has ended. */
static bool step(struct cordon_engine *e)
{
	bool atomic = (e->cmd & CMD_OP) == CORDON_ENGINE_OP_ATOMIC;
	uint64_t len = atomic ? 8 : e->len;
	uint64_t bad = e->dst;
	uint32_t moved = 0;
	bool failed = false;
	uint64_t old;

	if (atomic) {
		failed = e->ops->fetch_add(e->opaque, e->pasid, e->dst, e->operand, &old);
		if (!failed)
			e->data = old;
		moved = 8;
	} else if (len) {
		moved = move(e, &failed, &bad);
	}
	if (failed && !terminated(e, bad)) {
		end(e, CORDON_ENGINE_STATUS_ERROR);
		return false;
	}
	if (!failed)
		e->moved += moved;
	e->pos += moved;
	if (e->pos < len)
		return true;
	e->pos = 0;
	e->done++;
	if (e->done < e->count)
		return true;
	end(e, e->status & CORDON_ENGINE_STATUS_ERROR);
	return false;
}

/**
 * cordon_engine_run() - Go on with the running operation
 * @e: engine
 *
 * Moves one piece if there is a delay between pieces, else all, but in bursts
 * of CORDON_ENGINE_BURST so that no register write takes for ever. A piece whose
 * requests have to wait is not begun.
 */
void cordon_engine_run(struct cordon_engine *e)
{
	unsigned int burst = e->delay ? 1 : CORDON_ENGINE_BURST;

	if (!(e->status & CORDON_ENGINE_STATUS_BUSY))
		return;
	while (burst--) {
		if (e->ops->held && e->ops->held(e->opaque)) {
			e->ops->wake(e->opaque, at_most(CORDON_ENGINE_HELD, e->delay ? e->delay :
							CORDON_ENGINE_HELD));
			return;
		}
		if (!step(e))
			return;
	}
	e->ops->wake(e->opaque, e->delay ? e->delay : 1);
}

static bool sensible(struct cordon_engine *e, uint32_t cmd)
{
	if (cmd & ~CMD_BITS || e->status & CORDON_ENGINE_STATUS_BUSY)
		return false;
	if (e->pasid && !e->ops->can_pasid(e->opaque))
		return false;
	switch (cmd & CMD_OP) {
	case CORDON_ENGINE_OP_ATOMIC:
		return !(e->dst & 7);
	case CORDON_ENGINE_OP_READ:
	case CORDON_ENGINE_OP_WRITE:
	case CORDON_ENGINE_OP_COPY:
	case CORDON_ENGINE_OP_FILL:
		return true;
	}
	return false;
}

static void start(struct cordon_engine *e, uint32_t cmd)
{
	if (!sensible(e, cmd)) {
		/* a running operation goes on, and keeps its status */
		e->status |= CORDON_ENGINE_STATUS_REFUSED;
		return;
	}
	e->cmd = cmd;
	e->status = CORDON_ENGINE_STATUS_BUSY;
	e->moved = 0;
	e->bad = 0;
	e->done = 0;
	e->pos = 0;
	e->operand = e->data;
	cordon_engine_run(e);
}

static void stop(struct cordon_engine *e)
{
	if (!(e->status & CORDON_ENGINE_STATUS_BUSY))
		return;
	e->ops->stop(e->opaque);
	end(e, e->status & CORDON_ENGINE_STATUS_ERROR);
}

/* The 64-bit register that contains @offset, and whether software writes it. */
static uint64_t *wide(struct cordon_engine *e, uint64_t offset, bool *writable)
{
	*writable = true;
	switch (offset & ~7ull) {
	case CORDON_ENGINE_SRC:
		return &e->src;
	case CORDON_ENGINE_DST:
		return &e->dst;
	case CORDON_ENGINE_LEN:
		return &e->len;
	case CORDON_ENGINE_DATA:
		return &e->data;
	case CORDON_ENGINE_COUNT:
		return &e->count;
	case CORDON_ENGINE_DELAY:
		return &e->delay;
	}
	*writable = false;
	switch (offset & ~7ull) {
	case CORDON_ENGINE_MOVED:
		return &e->moved;
	case CORDON_ENGINE_BAD:
		return &e->bad;
	case CORDON_ENGINE_DONE:
		return &e->done;
	case CORDON_ENGINE_ERRORS:
		return &e->errors;
	}
	return NULL;
}

static uint32_t narrow_read(struct cordon_engine *e, uint64_t offset)
{
	switch (offset) {
	case CORDON_ENGINE_ID:
		return CORDON_ENGINE_MAGIC;
	case CORDON_ENGINE_STATUS:
		return e->status;
	case CORDON_ENGINE_IRQ:
		return e->irq;
	case CORDON_ENGINE_PASID:
		return e->pasid;
	}
	return 0;
}

static void narrow_write(struct cordon_engine *e, uint64_t offset, uint32_t val)
{
	switch (offset) {
	case CORDON_ENGINE_CMD:
		start(e, val);
		break;
	case CORDON_ENGINE_IRQ:
		set_irq(e, e->irq & ~val);
		break;
	case CORDON_ENGINE_PASID:
		if (e->status & CORDON_ENGINE_STATUS_BUSY)
			break;
		e->pasid = val & (PASID_BITS | CORDON_ENGINE_PASID_VALID |
				  CORDON_ENGINE_PASID_PRIV | CORDON_ENGINE_PASID_EXEC);
		break;
	case CORDON_ENGINE_STOP:
		stop(e);
		break;
	case CORDON_ENGINE_CLEAR:
		cordon_engine_reset(e);
		break;
	}
}

static bool in_buffer_space(uint64_t offset, unsigned int size)
{
	return offset >= CORDON_ENGINE_BUFFER &&
	       offset + size <= CORDON_ENGINE_BUFFER + CORDON_ENGINE_BUFFER_SIZE;
}

/**
 * cordon_engine_read() - Software reads a register or the buffer
 * @e: engine
 * @offset: offset in the region of CORDON_ENGINE_SIZE bytes
 * @size: 1 to 8 bytes; registers know 4 and 8, aligned
 *
 * Returns the value, little-endian bytes as a number.
 */
uint64_t cordon_engine_read(struct cordon_engine *e, uint64_t offset, unsigned int size)
{
	uint64_t *reg, val = 0;
	bool writable;
	unsigned int i;

	if (in_buffer_space(offset, size)) {
		for (i = 0; i < size; i++)
			val |= (uint64_t)e->buffer[offset - CORDON_ENGINE_BUFFER + i] << (8 * i);
		return val;
	}
	if ((size != 4 && size != 8) || offset % size)
		return 0;
	reg = wide(e, offset, &writable);
	if (!reg)
		return size == 4 ? narrow_read(e, offset) : 0;
	return size == 8 ? *reg : (uint32_t)(*reg >> (8 * (offset & 4)));
}

/**
 * cordon_engine_write() - Software writes a register or the buffer
 * @e: engine
 * @offset: as cordon_engine_read()
 * @val: value
 * @size: as cordon_engine_read()
 *
 * A write of CORDON_ENGINE_CMD does the operation before it returns, unless
 * there is a delay or it is longer than a burst. While an operation runs its
 * parameters cannot be written.
 */
void cordon_engine_write(struct cordon_engine *e, uint64_t offset, uint64_t val,
			 unsigned int size)
{
	unsigned int i, shift;
	uint64_t *reg;
	bool writable;

	if (in_buffer_space(offset, size)) {
		for (i = 0; i < size; i++)
			e->buffer[offset - CORDON_ENGINE_BUFFER + i] = (uint8_t)(val >> (8 * i));
		return;
	}
	if ((size != 4 && size != 8) || offset % size)
		return;
	reg = wide(e, offset, &writable);
	if (!reg) {
		if (size == 4)
			narrow_write(e, offset, (uint32_t)val);
		return;
	}
	if (!writable || e->status & CORDON_ENGINE_STATUS_BUSY)
		return;
	if (size == 8) {
		*reg = val;
		return;
	}
	shift = 8 * (offset & 4);
	*reg &= ~(0xffffffffull << shift);
	*reg |= (val & 0xffffffff) << shift;
}

/**
 * cordon_engine_reset() - The state after power-on or a function-level reset
 * @e: engine; its ops and opaque are kept
 */
void cordon_engine_reset(struct cordon_engine *e)
{
	const struct cordon_engine_ops *ops = e->ops;
	void *opaque = e->opaque;

	ops->stop(opaque);
	set_irq(e, 0);
	memset(e, 0, sizeof(*e));
	e->ops = ops;
	e->opaque = opaque;
}
