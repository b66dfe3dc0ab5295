/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cordon IOMMU: the model under a fuzzer: one unit in one of the oracle's worlds,
 * and what has to hold whatever software and devices do.
 */
#ifndef CORDON_FUZZ_H
#define CORDON_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/cordon_hw.h>

#include "cordon_model.h"
#include "oracle.h"
#include "world.h"

/* the unit's own structures: their memory, and where each is */
#define OWN_BASE	0x9a65430000ULL
#define OWN_SIZE	0x20000
#define OWN_QTABLE	(OWN_BASE + 0x00000)
#define OWN_BLOCKS	(OWN_BASE + 0x01000)	/* the first is the anonymous one */
#define OWN_STATUS(q)	(OWN_BASE + 0x02000 + 64 * (q))
#define OWN_DEVMAP	(OWN_BASE + 0x03000)
#define OWN_SLOTS(q)	(OWN_BASE + 0x04000 + 0x1000 * (q))
#define OWN_RING(q)	(OWN_BASE + 0x08000 + 0x1000 * (q))
#define OWN_FQ		(OWN_BASE + 0x0c000)
#define OWN_PRQ		(OWN_BASE + 0x10000)
#define OWN_QUEUES	4
#define OWN_NR_BLOCKS	9
#define OWN_RING_LOG2	5
#define OWN_SLOTS_LOG2	9

#define FUZZ_TAGS	32	/* INV_ATC that devices have not answered */
#define FUZZ_TABLES	64

/* the harness's own counters are the last two */
enum { COUNT_FAULTS, COUNT_REQUESTS, COUNTS };

/**
 * struct books - faults have to add up (spec 6.3)
 * @written: COUNT of all records
 * @blocks: lost by the limit of a fault block, and by that alone
 * @lost: CORDON_REG_FQ_LOST when the books were opened
 * @seen: the same when a fault block was written last
 * @requests: requests that were made
 * @lost_track: software wrote where it must not, and the books are closed
 * @poked: it did so in memory, which no reset puts right
 */
struct books {
	uint64_t written, blocks, lost, seen, requests;
	bool lost_track, poked;
};

/**
 * struct ring - where commands of a queue go, as its descriptor was written
 * @base: PA or IPA
 * @vm: whose IPA, or -1
 * @tail: of the commands written
 */
struct ring {
	uint64_t base;
	int vm;
	uint32_t tail;
};

struct table {
	uint64_t key, root, fmt;
};

/**
 * struct fuzz - one run
 * @at: next byte of the input
 * @end: end of it
 * @tidy: software does nothing wrong: no violation may be reported
 * @twin: 0: once; 1: caches are dropped where 2 saves and loads the state
 * @answers: what a device does about INV_ATC: 0 nothing, 1 at once, 2 later
 * @losses: compare-and-swaps still to be lost
 * @sealed: nothing may be written or driven now
 * @accesses: to memory, in this step
 * @hash: of all that can be seen from outside
 * @now: the system counter
 * @wires: levels of the outputs
 * @w: memory, and what was built there
 * @own: memory of the unit's own structures
 * @m: the model
 * @cfg: its configuration, as it reads back
 * @om: what the oracle is asked about
 * @oas: bits of physical addresses
 * @nr_counters: counters of the unit
 * @books: faults, counted twice
 * @ring: the command queues
 * @value: of the last command's completion
 * @nr_tags: how many of @tag
 * @tag: INV_ATC that devices will answer
 * @nr_tables: how many of @tables
 * @tables: what each tag stands for, once it has been used (spec 2)
 * @nr_changes: how many of @changes
 * @changes: PAs that a walk or the dirty log has written, in this request
 * @state: room for a saved state
 * @again: room for another
 * @state_room: bytes in each
 */
struct fuzz {
	const uint8_t *at, *end;
	bool tidy;
	unsigned int twin;
	unsigned int answers;
	unsigned int losses;
	bool sealed;
	uint64_t accesses;
	uint64_t hash;
	uint64_t now;
	uint32_t wires;
	struct world w;
	uint64_t own[OWN_SIZE / 8];
	struct cordon_model *m;
	struct cordon_config cfg;
	struct oracle_machine om;
	unsigned int oas;
	unsigned int nr_counters;
	struct books books;
	struct ring ring[OWN_QUEUES];
	uint32_t value;
	unsigned int nr_tags;
	uint32_t tag[FUZZ_TAGS];
	unsigned int nr_tables;
	struct table tables[FUZZ_TABLES];
	unsigned int nr_changes;
	uint64_t changes[256];
	uint8_t *state, *again;
	size_t state_room;
};

#define die(f, ...) die_at(f, __func__, __VA_ARGS__)
void __attribute__((format(printf, 3, 4), noreturn))
die_at(struct fuzz *f, const char *where, const char *format, ...);

/* unit.c */
void mix(struct fuzz *f, uint64_t val);
uint64_t *fuzz_dword(struct fuzz *f, uint64_t pa, uint8_t refuses);
uint64_t fuzz_get(struct fuzz *f, uint64_t pa);
void fuzz_put(struct fuzz *f, uint64_t pa, uint64_t val);
uint64_t reg64(struct fuzz *f, uint64_t reg);
uint32_t reg32(struct fuzz *f, uint64_t reg);
void set64(struct fuzz *f, uint64_t reg, uint64_t val);
void set32(struct fuzz *f, uint64_t reg, uint32_t val);
void books_open(struct fuzz *f);
void books_check(struct fuzz *f);
void registers_check(struct fuzz *f);
void unit_up(struct fuzz *f, uint8_t how);
bool unit_start(struct fuzz *f, uint64_t seed, const uint8_t *choice);
/* put one command into a ring; the doorbell is not rung */
void ring_put(struct fuzz *f, unsigned int q, const uint64_t *cmd);
void queue_on(struct fuzz *f, unsigned int q, int vm, uint32_t ctrl, uint64_t flip);

/* check.c */
void request(struct fuzz *f, const struct cordon_request *q);
void page_request(struct fuzz *f, const struct cordon_request *q, uint32_t group, bool last);
void ask_port(struct fuzz *f, const struct cordon_request *q, bool cached);

/* steps.c */
void fuzz_steps(struct fuzz *f);

/* model.c */
int fuzz_run(const uint8_t *data, size_t size);

#endif /* CORDON_FUZZ_H */
