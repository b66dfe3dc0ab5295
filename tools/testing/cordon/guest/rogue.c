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
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

#define PAGE		4096
#define PCI_COMMAND	4
#define PCI_COMMAND_GO	0x6	/* memory and bus master */
#define SECRET		"no other device may touch this. "

static volatile uint8_t *regs;

static int open_attribute(const char *bdf, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, name);
	fd = open(path, O_RDWR | O_SYNC);
	if (fd < 0)
		die(path);
	return fd;
}

/* Let the device decode its registers and master the bus; returns what was set. */
static uint16_t let_go(const char *bdf)
{
	int fd = open_attribute(bdf, "config");
	uint16_t old, command;

	if (pread(fd, &old, sizeof(old), PCI_COMMAND) != sizeof(old))
		die("configuration space");
	command = old | PCI_COMMAND_GO;
	if (pwrite(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		die("configuration space");
	close(fd);
	return old;
}

/* Undo let_go(). */
static void rein_in(const char *bdf, uint16_t command)
{
	int fd = open_attribute(bdf, "config");

	if (pwrite(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		die("configuration space");
	close(fd);
}

/* An engine with a driver, whichever. */
static void open_other(struct engine *e)
{
	unsigned int n;

	for (n = 0; n < 16; n++)
		if (engine_open(e, n))
			return;
	die("no engine with a driver");
}

static uint32_t get32(unsigned int offset)
{
	return *(volatile uint32_t *)(regs + offset);
}

static uint64_t get64(unsigned int offset)
{
	return *(volatile uint64_t *)(regs + offset);
}

static void set32(unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(regs + offset) = value;
}

static void set64(unsigned int offset, uint64_t value)
{
	*(volatile uint64_t *)(regs + offset) = value;
}

static void save(const char *path, const void *page)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(page, PAGE, 1, file) != 1 || fclose(file))
		die(path);
}

/* The status at the end of an operation. */
static uint32_t run(uint32_t op, uint64_t addr)
{
	struct timespec tick = { .tv_nsec = 1000000 };
	unsigned int tries = 0;

	set64(CORDON_ENGINE_SRC, addr);
	set64(CORDON_ENGINE_DST, addr);
	set64(CORDON_ENGINE_LEN, PAGE);
	set64(CORDON_ENGINE_COUNT, 1);
	set64(CORDON_ENGINE_DELAY, 0);
	set32(CORDON_ENGINE_PASID, 0);
	set32(CORDON_ENGINE_CMD, op);
	while (get32(CORDON_ENGINE_STATUS) & CORDON_ENGINE_STATUS_BUSY) {
		if (++tries > 5000) {
			errno = ETIMEDOUT;
			die("the engine does not end");
		}
		nanosleep(&tick, NULL);
	}
	return get32(CORDON_ENGINE_STATUS);
}

static void fill_secret(char *page)
{
	size_t i;

	for (i = 0; i < PAGE; i++)
		page[i] = SECRET[i % (sizeof(SECRET) - 1)];
}

/* The engine's buffer gets bytes that no secret has. */
static void fill_engine(uint8_t byte)
{
	unsigned int i;

	for (i = 0; i < CORDON_ENGINE_BUFFER_SIZE; i += 8)
		set64(CORDON_ENGINE_BUFFER + i, byte * 0x0101010101010101ULL);
}

static int engine_is(const char *page)
{
	unsigned int i;
	uint64_t want;

	for (i = 0; i < PAGE; i += 8) {
		memcpy(&want, page + i, 8);
		if (get64(CORDON_ENGINE_BUFFER + i) != want)
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

/* Map the registers of the engine that is to run wild. */
static void open_rogue(const char *bdf)
{
	int fd = open_attribute(bdf, "resource0");

	regs = mmap(NULL, CORDON_ENGINE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (regs == MAP_FAILED)
		die("the engine's registers");
	close(fd);
	if (get32(CORDON_ENGINE_ID) != CORDON_ENGINE_MAGIC) {
		errno = ENODEV;
		die("not a test engine");
	}
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
	char before[PAGE], after[PAGE], junk[PAGE];
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
	buf_alloc(&other, &victim, CORDON_ENGINE_PAGES, PAGE);
	fill_secret(before);
	buf_write(&other, &victim, 0, before, PAGE);
	if (buf_map(&other, &victim, CORDON_ENGINE_BOTH, 0, PAGE))
		die("mapping memory for the other engine");
	addr = bus ? victim.iova : victim.phys;
	memset(junk, 0xee, PAGE);

	command = let_go(argv[1]);
	open_rogue(argv[1]);
	fill_engine(0xee);
	status = run(write ? CORDON_ENGINE_OP_WRITE : CORDON_ENGINE_OP_READ, addr);
	rein_in(argv[1], command);

	buf_read(&other, &victim, 0, after, PAGE);
	if (write)
		result = verdict(status, memcmp(after, before, PAGE), !memcmp(after, junk, PAGE));
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
