/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cordon IOMMU: one unit under test: the model, its memory, and the oracle.
 */
#ifndef CORDON_ORACLE_UNIT_H
#define CORDON_ORACLE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/cordon_hw.h>

#include "cordon_model.h"
#include "oracle.h"
#include "world.h"

#define HOT		64
#define SOURCES		8192
#define CHANGES		512
#define COMMANDS	160

/* the unit's own structures, apart from what devices' tables can name by chance */
#define OWN_BASE	0x9a65430000ULL
#define OWN_SIZE	0x10000
#define OWN_QTABLE	(OWN_BASE + 0x0000)
#define OWN_RING	(OWN_BASE + 0x2000)
#define OWN_SLOTS	(OWN_BASE + 0x4000)
#define OWN_STATUS	(OWN_BASE + 0x6000)
#define OWN_FQ		(OWN_BASE + 0x8000)
#define OWN_ANON	(OWN_BASE + 0xa000)
#define RING_LOG2	6
#define FQ_LOG2		4

struct change {
	uint64_t pa;
	uint64_t old;
	bool quiet;			/* it needs no command (spec 11.2) */
};

/*
 * A structure that something in a cache may come from: what a request read, and
 * the names that a command must use to have it dropped. It stays until such a
 * command: translations outlive the contexts that led to them (spec 5.4.3).
 */
struct source {
	struct oracle_read r;
	uint32_t devid;
	uint32_t dtag;
	uint16_t vmtag;
	bool used;
};

/* a request worth repeating, and what its answer hung on */
struct hot {
	struct cordon_request q;
	struct oracle_read last;
	uint64_t updated;
};

/* what a tag stands for: software must not use it twice (spec 2) */
struct tag {
	uint64_t key;
	uint64_t root;
	uint64_t fmt;
};

struct test {
	uint64_t seed;
	unsigned int step;
	bool verbose;
	bool failed;
	struct world w;
	struct cordon_model *m;
	void *mem;
	struct oracle_machine om;
	uint64_t now;
	bool own;			/* the unit's own structures can be reached */
	uint64_t own_mem[OWN_SIZE / 8];
	uint32_t tail, value, fq_head;
	bool anon;
	unsigned int losses;		/* compare-and-swaps still to be lost */
	bool quiet;			/* rights were added without a command */
	unsigned int nr_changes;
	struct change changes[CHANGES];
	unsigned int nr_hot;
	struct hot hot[HOT];
	unsigned int nr_sources;
	struct source sources[SOURCES];
	unsigned int nr_tags;
	struct tag tags[256];
	unsigned int nr_cmds;
	struct cordon_cmd cmds[COMMANDS];
	unsigned int nr_saved;
	struct change saved[64];
};

struct totals {
	uint64_t requests, faults, hits, updates, commands, ports, reasons[256];
	uint64_t ats, grants, pages;
	uint64_t dc_checks[256], pc_checks[256];
};

extern struct totals totals;

/* unit.c */
#ifndef __printf
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#endif
void __printf(2, 3) fail(struct test *t, const char *format, ...);
void changed(struct test *t, uint64_t pa, uint64_t old);
uint64_t reg_read(struct test *t, uint64_t reg);
void reg_write(struct test *t, uint64_t reg, uint64_t value);
void reg_write32(struct test *t, uint64_t reg, uint32_t value);
void set_root(struct test *t, uint64_t root);
void set_mair(struct test *t, unsigned int n);
/* nothing is cached any more */
void forget(struct test *t);
/* put a command into the batch, and the batch into the ring; wait for the last one */
void command(struct test *t, uint64_t op, uint64_t target, uint64_t first, uint64_t last);
void submit(struct test *t);
/* false, with a message, if there is no model or no world */
bool start(struct test *t);

/* compare.c */
void claim_tags(struct test *t);
/* a request to the model, the port and the oracle */
void request(struct test *t, const struct cordon_request *q);
/* an ATS translation request, and a page request, likewise */
void ats_request(struct test *t, const struct cordon_request *q);
void page_request(struct test *t, const struct cordon_request *q);

#endif /* CORDON_ORACLE_UNIT_H */
