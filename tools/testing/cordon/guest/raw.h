/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test engine without a driver: its registers, by way of its PCI device.
 *
 * For DMA that no driver asked for.
 */
#ifndef CORDON_GUEST_RAW_H
#define CORDON_GUEST_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/cordon_engine.h"

/* registers of an engine, mapped: they may be in the midst of one of the kernel's pages */
struct raw {
	volatile uint8_t *regs;
	void *map;
	size_t map_size;
	char bdf[16];
};

/* 0 or a negative errno; -ENODEV also if it is no engine */
int raw_open(struct raw *r, const char *bdf);
void raw_close(struct raw *r);

/*
 * Let the device decode its registers and master the bus, and undo that: what
 * was set before goes to, and comes from, @command.  0 or a negative errno.
 */
int raw_let_go(const char *bdf, uint16_t *command);
int raw_rein_in(const char *bdf, uint16_t command);

uint32_t raw_get32(const struct raw *r, unsigned int offset);
uint64_t raw_get64(const struct raw *r, unsigned int offset);
void raw_set32(struct raw *r, unsigned int offset, uint32_t value);
void raw_set64(struct raw *r, unsigned int offset, uint64_t value);

/* Start an operation that is @len bytes at @addr, @count times, @delay ns between pages. */
void raw_start(struct raw *r, uint32_t cmd, uint64_t addr, uint64_t len, uint64_t count,
	       uint64_t delay);

/* Its status at its end, or -ETIMEDOUT after some seconds. */
int raw_wait(struct raw *r);

#endif /* CORDON_GUEST_RAW_H */
