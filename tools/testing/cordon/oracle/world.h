/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cordon IOMMU: random memory for the oracle's tests: a few MiB with holes, and
 * in it directories, contexts, translation tables and dirty logs, most of them
 * well-formed.
 */
#ifndef CORDON_ORACLE_WORLD_H
#define CORDON_ORACLE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* one field of a word, moved down to bit 0, and back */
#define GET(mask, word)		(((word) & (mask)) / ((mask) & -(mask)))
#define PUT(mask, value)	(((uint64_t)(value) * ((mask) & -(mask))) & (mask))

#define WORLD_WINDOWS	2
#define WORLD_DEVICES	10
#define WORLD_VMS	3
#define WORLD_SPACES	10
#define WORLD_PDIRS	6
#define WORLD_DWORDS	4096
#define WORLD_MAPS	48
#define WORLD_TABLES	48
#define WORLD_SLOTS	128
#define WORLD_PASIDS	6

/* what a 4 KiB page of memory refuses, and whether anyone has looked at it */
#define PAGE_NO_READ	1
#define PAGE_NO_WRITE	2
#define PAGE_TOUCHED	4

/**
 * struct window - a piece of memory
 * @base: PA
 * @size: bytes
 * @used: bytes given away
 * @mem: contents, in little-endian dwords
 * @flags: PAGE_*, one byte a page
 */
struct window {
	uint64_t base;
	uint64_t size;
	uint64_t used;
	uint64_t *mem;
	uint8_t *flags;
};

/* somewhere that a request may aim at: 2^log2 bytes */
struct place {
	uint64_t addr;
	unsigned int log2;
};

/* a translation table of either stage */
struct space {
	unsigned int stage;
	unsigned int tg, g, b, n, ps;
	int start;
	bool ds, far, ha, hd, haft, fwb;
	uint64_t fmt;
	uint64_t root;
	uint32_t dtag;
	int vm;				/* whose IPAs this table lies at, or -1 */
	unsigned int nr_maps;
	struct place maps[WORLD_MAPS];
	unsigned int nr_tables;
	struct {
		uint64_t at;
		int level;
	} tables[WORLD_TABLES];
};

/* a stage 2 and the memory behind it */
struct vm {
	uint32_t vmtag;
	struct space s2;
	bool linear;
	uint64_t base;			/* IPA of slot 0; linear: IPA of window 0 */
	unsigned int nr_slots;		/* of 2^g bytes */
	uint64_t slot[WORLD_SLOTS];	/* PA */
	uint64_t dlroot;
};

/* a process directory */
struct pdir {
	int vm;				/* its tables are this VM's, or -1 */
	bool guest;			/* it lies at IPAs */
	uint64_t root;
	unsigned int nr;
	uint32_t pasid[WORLD_PASIDS];
	int space[WORLD_PASIDS];	/* -1: none */
};

struct device {
	uint32_t devid;
	uint64_t pointer;		/* PA of the pointer at level 0 */
	uint64_t context;		/* PA */
	int space, pdir, vm;		/* -1: none */
};

struct world {
	uint64_t rng;
	const uint64_t *caps;		/* ID, CAP0 to CAP4 */
	unsigned int oas;
	bool sound;			/* no context is made with a bit that is wrong */
	struct window win[WORLD_WINDOWS];
	uint64_t root;
	unsigned int nr_vms, nr_spaces, nr_pdirs, nr_devices, nr_dwords;
	struct vm vms[WORLD_VMS];
	struct space spaces[WORLD_SPACES];
	struct pdir pdirs[WORLD_PDIRS];
	struct device devices[WORLD_DEVICES];
	uint64_t dwords[WORLD_DWORDS];	/* PAs of what was built */
	/* told of each change before it is made, if not NULL */
	void (*changing)(void *opaque, uint64_t pa, uint64_t old);
	void *opaque;
};

uint64_t rnd(struct world *w);
uint64_t below(struct world *w, uint64_t limit);
bool chance(struct world *w, unsigned int percent);

/* NULL where there is no memory */
uint64_t *world_dword(struct world *w, uint64_t pa, uint8_t refuses);
uint64_t world_get(struct world *w, uint64_t pa);
/* change one dword of a structure */
void world_put(struct world *w, uint64_t pa, uint64_t value);

void world_build(struct world *w);
/* aligned memory of a VM (an IPA) or of the host (vm < 0); 0 if there is none left */
uint64_t world_alloc(struct world *w, int vm, uint64_t size, uint64_t align);
/* where an IPA that world_alloc() gave is in memory */
uint64_t world_pa(struct world *w, int vm, uint64_t ipa);
/* one more mapping in a random table */
void world_map(struct world *w);
/* a device context of random kind for a device, at a new place; its PA or 0 */
uint64_t world_context(struct world *w, struct device *dev);
void world_corrupt(struct world *w, unsigned int bits);
void world_break_pages(struct world *w);
void world_grow(struct world *w);
void world_init(struct world *w, uint64_t seed);
/* the same from another seed; only what was touched costs time */
void world_again(struct world *w, uint64_t seed);
void world_free(struct world *w);

#endif /* CORDON_ORACLE_WORLD_H */
