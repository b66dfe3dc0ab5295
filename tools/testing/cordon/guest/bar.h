/* SPDX-License-Identifier: GPL-2.0-only */
/* Physical addresses, for programs on the board: registers and reserved memory. */
#ifndef CORDON_GUEST_BAR_H
#define CORDON_GUEST_BAR_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"

/* map @size bytes of physical addresses, by /dev/mem; ends the program if it cannot */
volatile uint8_t *phys_map(uint64_t addr, size_t size);

/*
 * Open the engine whose driver is bound and that is the one after @skip others of
 * this PCI device ID; false if there is none.
 */
bool engine_open_pci(struct engine *e, unsigned int id, unsigned int skip);

/* physical address of BAR @bar of the PCI device @bdf, as sysfs says */
uint64_t bar_address(const char *bdf, unsigned int bar);

static inline uint32_t get32(volatile uint8_t *regs, unsigned int offset)
{
	return *(volatile uint32_t *)(regs + offset);
}

static inline uint64_t get64(volatile uint8_t *regs, unsigned int offset)
{
	return *(volatile uint64_t *)(regs + offset);
}

static inline void set32(volatile uint8_t *regs, unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(regs + offset) = value;
}

static inline void set64(volatile uint8_t *regs, unsigned int offset, uint64_t value)
{
	*(volatile uint64_t *)(regs + offset) = value;
}

#endif /* CORDON_GUEST_BAR_H */
