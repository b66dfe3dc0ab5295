/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cordon reference model: what its tests share: a memory, a table builder, and
 * TAP.
 */
#ifndef CORDON_MODEL_TESTS_HARNESS_H
#define CORDON_MODEL_TESTS_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include "../internal.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#endif

#define MEMORY		(32u << 20)
#define DEV		0x108u
#define DTAG		5u
#define VMTAG		3u

/* accesses of a request */
#define R		1u
#define W		2u
#define X		4u
#define P		8u

/* bits of leaf descriptors that the tests use */
#define LEAF		0x3ull
#define BLOCK		0x1ull
#define TABLE		0x3ull
#define AF		BIT_ULL(10)
#define AP_USER		BIT_ULL(6)
#define AP_RO		BIT_ULL(7)
#define DBM		BIT_ULL(51)
#define PAGE_RW		(LEAF | AF | AP_USER)
#define PAGE_RO		(LEAF | AF | AP_USER | AP_RO)
#define S2_RW		(LEAF | AF | 0xfcull)
#define S2_RO		(LEAF | AF | 0x7cull)

struct world {
	uint8_t *mem;
	struct cordon_model *m;
	struct cordon_config cfg;
	uint64_t next_page;
	uint64_t now;
	uint64_t abort_first, abort_last;	/* reads and writes there abort */
	bool abort_writes_only;
	uint64_t race_at, race_val;		/* CPU store that beats the next CAS there */
	unsigned int races;
	uint32_t wires;
	unsigned int msis;
	uint64_t msi_addr;
	uint32_t msi_data;
	bool atc_answers, atc_present;
	uint32_t atc_tag;
	unsigned int atc_asked;
	uint64_t atc_first, atc_last;
	unsigned int responses;
	uint32_t response_code;
	unsigned int told;
	char text[200];
	/* structures of boot() */
	uint64_t dir, qtable, ring, slots, status, fq, anon;
	uint32_t tail, value;
};

extern struct world w;

/* a translation table to fill */
struct table {
	uint64_t root;
	unsigned int g, n;
	int start;
};

void world_new(void);
void world_init(void);
void boot(void);
void boot_off(void);
uint64_t page(void);
uint64_t pages(unsigned int n);
uint64_t r64(uint64_t pa);
void w64(uint64_t pa, uint64_t val);
uint64_t reg(uint64_t offset);
uint32_t reg32(uint64_t offset);
void set(uint64_t offset, uint64_t val);
void set32(uint64_t offset, uint32_t val);
uint64_t put_context(const uint64_t *d);
void point(uint32_t devid, uint64_t context);
uint64_t publish(uint32_t devid, const uint64_t *d);
void pd_point(uint64_t root, uint32_t pasid, uint64_t context);
struct table table_new(unsigned int g, unsigned int n, int start);
uint64_t table_put(const struct table *t, uint64_t va, int level, uint64_t desc);
uint64_t table_at(const struct table *t, uint64_t va, int level);
void context_s1(uint64_t *d, const struct table *t);
void context_s2(uint64_t *d, const struct table *t);
struct cordon_request request(uint32_t devid, uint64_t addr, unsigned int access);
struct cordon_answer ask(uint32_t devid, uint64_t addr, unsigned int access);
struct cordon_answer answer(const struct cordon_request *req);
struct cordon_answer port(uint32_t devid, uint64_t addr, unsigned int access, bool cached);
void submit(uint64_t op, uint64_t target, uint64_t first, uint64_t last);
unsigned int command(uint64_t op, uint64_t target, uint64_t first, uint64_t last);
void queue_up(unsigned int q, uint64_t cfg);
uint64_t tags(uint32_t vmtag, uint32_t dtag);
uint64_t stale(void);
uint64_t violations(void);

void test_begin(const char *name);
void test_end(void);
void expect(bool ok, const char *what, const char *file, int line);
int plan(void);

#define EXPECT(c)	expect((c), #c, __FILE__, __LINE__)
#define EXPECT_EQ(a, b)	expect_eq((uint64_t)(a), (uint64_t)(b), #a " == " #b, __FILE__, __LINE__)
void expect_eq(uint64_t a, uint64_t b, const char *what, const char *file, int line);

#define RUN(f) do { test_begin(#f); f(); test_end(); } while (0)

void tests_registers(void);
void tests_context(void);
void tests_walk(void);
void tests_cache(void);
void tests_queue(void);
void tests_fault(void);
void tests_device(void);
void tests_ats(void);
void tests_guest(void);
void tests_random(void);
void tests_state(void);
void tests_clauses(void);
void tests_inject(void);

#endif /* CORDON_MODEL_TESTS_HARNESS_H */
