// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device out of control: DMA by a test engine that no driver is bound to, at
 * memory of another one, whose driver is.
 *
 * Usage: rogue BDF write|read physical|bus [BEFORE AFTER]
 *
 * It aims at the memory's physical address, or at the bus address at which the
 * other engine reaches it. It says what happened; the memory's contents before
 * and after go to the two files. Exit status 0: the DMA was stopped and changed
 * nothing; 1: it got through; 2: it could not be tried, or half of it happened.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "raw.h"

#define PIECE		4096
#define SECRET		"no other device may touch this. "

static struct raw raw;

/* An engine with a driver, whichever. */
static void open_other(struct engine *e)
{
	unsigned int n;

	for (n = 0; n < 16; n++)
		if (engine_open(e, n))
			return;
	die("no engine with a driver");
}

static void save(const char *path, const void *page)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(page, PIECE, 1, file) != 1 || fclose(file))
		die(path);
}

/* The status at the end of an operation. */
static uint32_t run(uint32_t op, uint64_t addr)
{
	int status;

	raw_start(&raw, op, addr, PIECE, 1, 0);
	status = raw_wait(&raw);
	if (status < 0) {
		errno = -status;
		die("the engine does not end");
	}
	return status;
}

static void fill_secret(char *page)
{
	size_t i;

	for (i = 0; i < PIECE; i++)
		page[i] = SECRET[i % (sizeof(SECRET) - 1)];
}

/* The engine's buffer gets bytes that no secret has. */
static void fill_engine(uint8_t byte)
{
	unsigned int i;

	for (i = 0; i < CORDON_ENGINE_BUFFER_SIZE; i += 8)
		raw_set64(&raw, CORDON_ENGINE_BUFFER + i, byte * 0x0101010101010101ULL);
}

static int engine_is(const char *page)
{
	unsigned int i;
	uint64_t want;

	for (i = 0; i < PIECE; i += 8) {
		memcpy(&want, page + i, 8);
		if (raw_get64(&raw, CORDON_ENGINE_BUFFER + i) != want)
			return 0;
	}
	return 1;
}

/* 0 stopped, 1 got through, 2 neither */
static int verdict(uint32_t status, int changed, int complete)
{
	if (status & CORDON_ENGINE_STATUS_ERROR && !changed)
		return 0;
	if (status == CORDON_ENGINE_STATUS_DONE && complete)
		return 1;
	return 2;
}

/* 0 or a negative errno: end the program unless it is 0 */
static void must(int ret, const char *what)
{
	if (!ret)
		return;
	errno = -ret;
	die(what);
}

static int usage(void)
{
	fputs("usage: rogue BDF write|read physical|bus [BEFORE AFTER]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const char *const words[] = {
		"stopped, nothing moved", "got through", "half of it happened",
	};
	char before[PIECE], after[PIECE], junk[PIECE];
	struct engine other;
	struct buf victim;
	bool write, bus;
	uint16_t command;
	uint32_t status;
	uint64_t addr;
	int result;

	if (argc != 4 && argc != 6)
		return usage();
	write = !strcmp(argv[2], "write");
	bus = !strcmp(argv[3], "bus");
	if ((!write && strcmp(argv[2], "read")) || (!bus && strcmp(argv[3], "physical")))
		return usage();

	open_other(&other);
	buf_alloc(&other, &victim, CORDON_ENGINE_PAGES, PIECE);
	fill_secret(before);
	buf_write(&other, &victim, 0, before, PIECE);
	if (buf_map(&other, &victim, CORDON_ENGINE_BOTH, 0, PIECE))
		die("mapping memory for the other engine");
	addr = bus ? victim.iova : victim.phys;
	memset(junk, 0xee, PIECE);

	must(raw_let_go(argv[1], &command), "configuration space");
	must(raw_open(&raw, argv[1]), "the engine's registers");
	fill_engine(0xee);
	status = run(write ? CORDON_ENGINE_OP_WRITE : CORDON_ENGINE_OP_READ, addr);
	must(raw_rein_in(argv[1], command), "configuration space");

	buf_read(&other, &victim, 0, after, PIECE);
	if (write)
		result = verdict(status, memcmp(after, before, PIECE), !memcmp(after, junk, PIECE));
	else
		result = verdict(status, !engine_is(junk), engine_is(before));
	printf("%s by %s %s 0x%llx, memory of %s: %s\n", argv[2], argv[1],
	       write ? "to" : "from", (unsigned long long)addr, other.bdf, words[result]);
	if (argc == 6) {
		save(argv[4], before);
		save(argv[5], after);
	}
	return result;
}
