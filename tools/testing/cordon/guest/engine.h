/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test engine and the kernel's reports of faults, for programs on the board.
 *
 * Calls that cannot fail unless the board is broken end the program.
 */
#ifndef CORDON_GUEST_ENGINE_H
#define CORDON_GUEST_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/cordon_engine.h"
#include "engine/uapi.h"

/* an engine whose driver is bound, open */
struct engine {
	int fd;
	char bdf[32];		/* the device: 0000:00:00.0, or c120000.dma-test-engine */
	char bus[16];		/* pci or platform */
	char unit[32];		/* of the IOMMU in front of it; empty if there is none */
};

/* a buffer of the engine's driver */
struct buf {
	uint32_t id;
	size_t size;
	uint64_t phys;		/* of the first byte; 0 for a coherent one */
	uint64_t iova;		/* of the first mapped byte */
	uint64_t ranges;	/* that the mapping has */
};

/* bytes of a page of this kernel, and the smallest that can be mapped */
uint64_t page_size(void);
#define PAGE	page_size()

/* say what failed, with errno, and end the program */
void die(const char *what) __attribute__((noreturn));

/* numbers of engines are below this */
#define ENGINES_MAX	16

/* open /dev/cordon-engine@n; false if it is not there */
bool engine_open(struct engine *e, unsigned int n);
/* the same for the engine at a PCI address; false if it has no driver now */
bool engine_open_bdf(struct engine *e, const char *bdf);
/*
 * Open the first engine that @word names: its number, its bus (pci, platform) or its
 * device; false if there is none. @n becomes its number.
 */
bool engine_find(struct engine *e, const char *word, unsigned int *n);
void engine_close(struct engine *e);

/* buffers; those that return int return 0 or a negative errno */
void buf_alloc(struct engine *e, struct buf *b, uint32_t kind, size_t size);
void buf_free(struct engine *e, struct buf *b);
int buf_map(struct engine *e, struct buf *b, uint32_t dir, uint64_t offset, uint64_t len);
void buf_unmap(struct engine *e, struct buf *b);
int buf_try_alloc(struct engine *e, struct buf *b, uint32_t kind, size_t size);
int buf_try_free(struct engine *e, struct buf *b);
int buf_try_unmap(struct engine *e, struct buf *b);

/* a buffer's memory, as the CPU sees it */
void buf_write(struct engine *e, const struct buf *b, uint64_t offset, const void *data,
	       size_t len);
void buf_read(struct engine *e, const struct buf *b, uint64_t offset, void *data, size_t len);
int buf_try_write(struct engine *e, const struct buf *b, uint64_t offset, const void *data,
		  size_t len);
int buf_try_read(struct engine *e, const struct buf *b, uint64_t offset, void *data, size_t len);
void own_write(struct engine *e, uint64_t offset, const void *data, size_t len);
void own_read(struct engine *e, uint64_t offset, void *data, size_t len);

/*
 * Patterns: byte i of pattern @seed is a function of both, so that bytes that
 * are missing, doubled or in the wrong place show.
 */
uint8_t pattern(uint64_t seed, uint64_t i);
void buf_fill(struct engine *e, const struct buf *b, uint64_t seed);

/* true if bytes @offset.. are bytes @from.. of the pattern; says where they are not */
bool buf_has(struct engine *e, const struct buf *b, uint64_t offset, size_t len,
	     uint64_t seed, uint64_t from);

/* run @op and wait; 0 or a negative errno */
int engine_run(struct engine *e, struct cordon_engine_op *op);
/* the simple ones: each returns the status, or a negative errno */
int engine_dma_read(struct engine *e, uint64_t src, uint64_t len, struct cordon_engine_op *op);
int engine_dma_write(struct engine *e, uint64_t dst, uint64_t len, struct cordon_engine_op *op);
int engine_dma_copy(struct engine *e, uint64_t dst, uint64_t src, uint64_t len,
		    struct cordon_engine_op *op);

/* true if @op ended without, or with, a terminated access */
bool op_good(const struct cordon_engine_op *op);
bool op_blocked(const struct cordon_engine_op *op);

int engine_end(struct engine *e);
int engine_reset(struct engine *e);

/* domains and the IOMMU API; 0 or a negative errno */
int engine_attach(struct engine *e, uint32_t domain);
int iommu_map(struct engine *e, const struct buf *b, uint32_t domain, uint64_t iova,
	      uint64_t offset, uint64_t len, uint32_t prot);
int iommu_unmap(struct engine *e, const struct buf *b, uint32_t domain, uint64_t iova,
		uint64_t len);
/* physical address that @iova has in @domain, 0 if none */
uint64_t iommu_lookup(struct engine *e, uint32_t domain, uint64_t iova);
int iommu_try_lookup(struct engine *e, uint32_t domain, uint64_t iova, uint64_t *phys);
struct cordon_engine_faults engine_faults(struct engine *e, uint32_t domain);

#endif /* CORDON_GUEST_ENGINE_H */
