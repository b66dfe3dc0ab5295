/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of engine-test, which run with an engine open and nothing mapped. */
#ifndef CORDON_GUEST_TESTS_H
#define CORDON_GUEST_TESTS_H

#include <pthread.h>

#include "engine.h"
#include "ktap.h"
#include "watch.h"

#define PIECE	4096ULL		/* what an engine moves at once, and faults are merged by */
#define BLOCK	(2ULL << 20)	/* what one level-2 descriptor of 4K tables covers */

/* where tests map with the IOMMU API: the DMA API starts at 4 GiB and goes down */
#define FREE_IOVA	0x20000000ULL

#define RW	(CORDON_ENGINE_PROT_READ | CORDON_ENGINE_PROT_WRITE)

/* the engine of the running test, and the N of its /dev/cordon-engineN */
extern struct engine eng;
extern unsigned int eng_nr;

/* a repeatable random number below @limit */
uint64_t random_below(uint64_t limit);

/*
 * Each of these does DMA at @addr of the engine and wants it terminated at
 * that byte, with nothing moved.
 */
enum verdict blocked_write(uint64_t addr, uint64_t len);
enum verdict blocked_read(uint64_t addr, uint64_t len);

/* test-dma.c */
enum verdict test_copy(void);
enum verdict test_interrupt(void);
enum verdict test_atomic(void);
enum verdict test_never_mapped(void);
enum verdict test_beyond_mapping(void);
enum verdict test_read_only(void);
enum verdict test_gather(void);
enum verdict test_reset(void);

/* test-unmap.c */
enum verdict test_unmap(void);
enum verdict test_unmap_pages(void);
enum verdict test_remap_dma(void);
enum verdict test_remap_iommu(void);
enum verdict test_read_only_after_write(void);
enum verdict test_blocks_and_tables(void);

/* test-domain.c */
enum verdict test_domains(void);
enum verdict test_switch_under_dma(void);
enum verdict test_fault_handler(void);
enum verdict test_map_under_dma(void);

/* an operation that runs beside the test until it is ended */
struct background {
	pthread_t thread;
	struct engine engine;
	struct cordon_engine_op op;
	int ret;
};

/* run @b->op by engine @n, and end it */
void background_begin(struct background *b, unsigned int n);
void background_finish(struct background *b);

/* test-units.c */
enum verdict test_shared_domain(void);
enum verdict test_shared_under_dma(void);
enum verdict test_unit_dies(void);

/* test-report.c */
enum verdict test_report(void);
enum verdict test_each_fault_once(void);
enum verdict test_flood(void);

/* test-race.c, of security-test */
enum verdict test_unmap_always(void);
enum verdict test_replace(void);

/* test-apart.c, of security-test */
enum verdict test_million(void);
enum verdict test_one_fault(void);
enum verdict test_messages(void);

/* test-load.c */
enum verdict test_load(void);

#endif /* CORDON_GUEST_TESTS_H */
