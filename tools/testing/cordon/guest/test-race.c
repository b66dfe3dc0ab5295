// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmapping and replacing under DMA that never pauses.
 *
 * Each CPU has an engine and a process of its own. The engine is driven by its
 * registers, past its driver, so that nothing lies between the return of a call
 * and the question of what has been written since.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bar.h"
#include "tests.h"

#define ROUNDS	200
#define GAP_NS	3000	/* between pieces */
#define OWNERS	0x0a0a0a0a0a0a0a0aULL

/* how memory is mapped */
enum way {
	WAY_PAGE,	/* dma_map_page() of one page */
	WAY_PAGES,	/* of 64 KiB */
	WAY_BLOCK,	/* of 2 MiB */
	WAY_LIST,	/* dma_map_sgtable(), no two pages neighbours */
	WAY_IOMMU,	/* iommu_map() of 64 KiB */
	WAY_IOMMU_BLOCK,/* of 2 MiB */
	WAYS
};

static const struct {
	const char *name;
	uint32_t kind;
	uint64_t size;
	unsigned int rounds;
	bool iommu;
} ways[WAYS] = {
	[WAY_PAGE] = { "one page", CORDON_ENGINE_PAGES, PIECE, 3 * ROUNDS, false },
	[WAY_PAGES] = { "64 KiB", CORDON_ENGINE_PAGES, 16 * PIECE, ROUNDS, false },
	[WAY_BLOCK] = { "2 MiB", CORDON_ENGINE_PAGES, BLOCK, ROUNDS / 25, false },
	[WAY_LIST] = { "a list of pages", CORDON_ENGINE_SCATTERED, 64 * PIECE, ROUNDS / 5, false },
	[WAY_IOMMU] = { "64 KiB by the IOMMU API", CORDON_ENGINE_PAGES, 16 * PIECE, ROUNDS, true },
	[WAY_IOMMU_BLOCK] = { "2 MiB by the IOMMU API", CORDON_ENGINE_PAGES, BLOCK, ROUNDS / 25,
			      true },
};

/* what a way's rounds have seen */
struct race {
	volatile uint8_t *regs;
	uint64_t iova;
	unsigned int close;	/* rounds in which it wrote while the call was under way */
};

static uint64_t register_of(const struct race *r, unsigned int offset)
{
	return get64(r->regs, offset);
}

/*
 * Until a register is at least @want; false if it takes too long. Whoever reads
 * registers without a pause keeps QEMU from the DMA that it waits for.
 */
static bool reaches(const struct race *r, unsigned int offset, uint64_t want)
{
	struct timespec pause = { .tv_nsec = 20000 };
	time_t end = time(NULL) + 10;

	while (register_of(r, offset) < want) {
		if (time(NULL) > end)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static void write_on(const struct race *r, uint64_t len, uint64_t value)
{
	set64(r->regs, CORDON_ENGINE_DST, r->iova);
	set64(r->regs, CORDON_ENGINE_LEN, len);
	set64(r->regs, CORDON_ENGINE_DATA, value);
	set64(r->regs, CORDON_ENGINE_COUNT, 1ULL << 60);
	set64(r->regs, CORDON_ENGINE_DELAY, GAP_NS);
	set32(r->regs, CORDON_ENGINE_PASID, 0);
	set32(r->regs, CORDON_ENGINE_CMD, CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_KEEP_GOING);
}

static int race_map(struct race *r, struct buf *b, enum way way)
{
	int ret;

	if (ways[way].iommu) {
		r->iova = FREE_IOVA;
		return iommu_map(&eng, b, CORDON_ENGINE_DOMAIN_DEFAULT, r->iova, 0, b->size, RW);
	}
	ret = buf_map(&eng, b, CORDON_ENGINE_BOTH, 0, b->size);
	r->iova = b->iova;
	return ret;
}

static int race_unmap(struct race *r, struct buf *b, enum way way)
{
	if (ways[way].iommu)
		return iommu_unmap(&eng, b, CORDON_ENGINE_DOMAIN_DEFAULT, r->iova, b->size);
	buf_unmap(&eng, b);
	return 0;
}

/* The memory is somebody else's now, who writes to some of its pages. */
static void hand_on(struct buf *b, uint64_t at[], unsigned int n)
{
	uint64_t theirs[8];
	unsigned int i;

	for (i = 0; i < 8; i++)
		theirs[i] = OWNERS;
	for (i = 0; i < n; i++) {
		at[i] = i ? random_below(b->size / sizeof(theirs)) * sizeof(theirs) : 0;
		buf_write(&eng, b, at[i], theirs, sizeof(theirs));
	}
}

static bool still_theirs(struct buf *b, const uint64_t at[], unsigned int n)
{
	uint64_t seen[8];
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		buf_read(&eng, b, at[i], seen, sizeof(seen));
		for (j = 0; j < 8; j++)
			if (seen[j] != OWNERS)
				return false;
	}
	return true;
}

static enum verdict race_once(struct race *r, struct buf *b, enum way way, unsigned int round)
{
	uint64_t pieces = b->size / PIECE, before, moved, errors, at[4];

	EXPECT(!race_map(r, b, way), "mapping");
	write_on(r, b->size, round);
	EXPECT(reaches(r, CORDON_ENGINE_MOVED, PIECE * (1 + random_below(8))),
	       "it does not write to %#llx", (unsigned long long)r->iova);
	before = register_of(r, CORDON_ENGINE_MOVED);
	EXPECT(!race_unmap(r, b, way), "unmapping");
	moved = register_of(r, CORDON_ENGINE_MOVED);
	r->close += moved != before;

	hand_on(b, at, 4);
	/* each of its pages once more, at least */
	errors = register_of(r, CORDON_ENGINE_ERRORS);
	EXPECT(reaches(r, CORDON_ENGINE_ERRORS, errors + pieces + 1),
	       "it does not try any more");
	EXPECT(register_of(r, CORDON_ENGINE_MOVED) == moved,
	       "round %u: %llu bytes were written after the return of unmap", round,
	       (unsigned long long)(register_of(r, CORDON_ENGINE_MOVED) - moved));
	EXPECT(still_theirs(b, at, 4), "round %u: a page changed after the return of unmap",
	       round);
	set32(r->regs, CORDON_ENGINE_STOP, 1);
	return PASS;
}

static enum verdict race_ways(unsigned int worker)
{
	struct race r = { .regs = phys_map(bar_address(eng.bdf, 0), CORDON_ENGINE_SIZE) };
	enum way way;
	struct buf b;
	unsigned int i;

	for (way = 0; way < WAYS; way++) {
		buf_alloc(&eng, &b, ways[way].kind, ways[way].size);
		r.close = 0;
		/* on a busy machine it takes longer until they meet */
		for (i = 0; i < ways[way].rounds || (!r.close && i < 50 * ways[way].rounds); i++)
			TRY(race_once(&r, &b, way, i + 1));
		say("CPU %u, %s: %u times, in %u it wrote while it was unmapped", worker,
		    ways[way].name, i, r.close);
		EXPECT(r.close, "nothing raced: nothing was tested");
		buf_free(&eng, &b);
	}
	return PASS;
}

static void race_worker(unsigned int worker)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(worker, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("sched_setaffinity");
	/* buffers belong to an open file: each worker has its own, and its own engine */
	if (!engine_open_pci(&eng, CORDON_ENGINE_DEVICE, worker))
		die("opening an engine");
	srandom(worker + 1);
	_exit(race_ways(worker) == PASS ? 0 : 1);
}

/* Two CPUs, each with its engine: never, in thousands of times. */
enum verdict test_unmap_always(void)
{
	int failed = 0, status;
	unsigned int i;

	fflush(stdout);
	for (i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			race_worker(i);
	}
	for (i = 0; i < 2; i++) {
		if (wait(&status) < 0)
			die("wait");
		failed += !WIFEXITED(status) || WEXITSTATUS(status);
	}
	EXPECT(!failed, "%d of 2 workers", failed);
	return PASS;
}

/*
 * While the engine goes on with what it was told before: whoever started it
 * sees whether anything got through.
 */
enum verdict test_replace(void)
{
	static const uint32_t order[] = {
		CORDON_ENGINE_DOMAIN_A, CORDON_ENGINE_DOMAIN_B, CORDON_ENGINE_DOMAIN_DEFAULT,
	};
	struct engine e;
	struct buf b;
	unsigned int i;

	EXPECT(engine_open_pci(&e, CORDON_ENGINE_HOSTILE, 0), "no hostile engine with its driver");
	buf_alloc(&e, &b, CORDON_ENGINE_PAGES, 16 * PIECE);
	for (i = 0; i < 300; i++) {
		uint32_t to = order[i % 3];

		bool own = to != CORDON_ENGINE_DOMAIN_DEFAULT;

		EXPECT(!own || !iommu_map(&e, &b, to, FREE_IOVA, 0, b.size, RW), "mapping");
		EXPECT(!engine_attach(&e, to), "attaching to %u", to);
		EXPECT(!own || !iommu_unmap(&e, &b, to, FREE_IOVA, b.size), "unmapping");
	}
	engine_close(&e);
	return PASS;
}
