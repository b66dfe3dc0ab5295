// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile engine, and the memory that it is after. It has no driver, and
 * perhaps no device that Linux knows of: it is named by the physical address of
 * its registers.
 *
 * Usage: hostile REGISTERS begin write|read FIRST BYTES NANOSECONDS
 *        hostile REGISTERS end
 *        hostile REGISTERS counts	(prints: bytes moved, accesses terminated)
 *        hostile REGISTERS try write|read ADDRESS...
 *        hostile REGISTERS signal ADDRESS FIRST LAST
 *        hostile tally REGISTERS...	(prints: REGISTERS=ACCESSES-TERMINATED...)
 *        hostile held ADDRESS REGISTERS=ACCESSES-TERMINATED...
 *        hostile fill ADDRESS | whole ADDRESS
 *        hostile address BDF		(prints where its registers are)
 *        hostile get ADDRESS		(prints a dword)
 *
 * BEGIN has it go over the range again and again, a page every so often, for
 * ever. TRY does 4 bytes at each address, once; its exit status is 0 if all were
 * terminated, and 1 if one was not. SIGNAL writes each of these numbers there, as
 * a device does with a message. FILL fills a page with a pattern, WHOLE has
 * exit status 0 if that is still all there. HELD has it if so, if each of the
 * engines has tried at least 20 times since the tally, and if none has moved a
 * byte since it began.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bar.h"
#include "engine.h"

#define PIECE	4096
#define TRIES	20ULL

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*end || end == text) {
		errno = EINVAL;
		die(text);
	}
	return value;
}

/* what belongs at byte @i of the page at @addr, the same in every kernel */
static uint64_t belongs(uint64_t addr, unsigned int i)
{
	return (addr + i) * 0x9e3779b97f4a7c15ULL ^ 0x7365637265747321ULL;
}

static int fill(uint64_t addr)
{
	volatile uint8_t *page = phys_map(addr, PIECE);
	unsigned int i;

	for (i = 0; i < PIECE; i += 8)
		set64(page, i, belongs(addr, i));
	return 0;
}

static int whole(uint64_t addr)
{
	volatile uint8_t *page = phys_map(addr, PIECE);
	unsigned int i;

	for (i = 0; i < PIECE; i += 8) {
		if (get64(page, i) != belongs(addr, i)) {
			printf("0x%llx has 0x%llx\n", (unsigned long long)addr + i,
			       (unsigned long long)get64(page, i));
			return 1;
		}
	}
	return 0;
}

static void end(volatile uint8_t *regs)
{
	set32(regs, CORDON_ENGINE_STOP, CORDON_ENGINE_STOP_HOSTILE);
	if (get32(regs, CORDON_ENGINE_STATUS) & CORDON_ENGINE_STATUS_BUSY) {
		errno = EBUSY;
		die("it does not end");
	}
}

static void aim(volatile uint8_t *regs, uint64_t addr, uint64_t len, uint64_t count,
		uint64_t delay)
{
	set64(regs, CORDON_ENGINE_SRC, addr);
	set64(regs, CORDON_ENGINE_DST, addr);
	set64(regs, CORDON_ENGINE_LEN, len);
	set64(regs, CORDON_ENGINE_COUNT, count);
	set64(regs, CORDON_ENGINE_DELAY, delay);
	set32(regs, CORDON_ENGINE_PASID, 0);
}

static int begin(volatile uint8_t *regs, uint32_t op, char **argv)
{
	unsigned int i;

	end(regs);
	for (i = 0; i < CORDON_ENGINE_BUFFER_SIZE; i += 8)
		set64(regs, CORDON_ENGINE_BUFFER + i, 0xeeeeeeeeeeeeeeeeULL);
	aim(regs, number(argv[0]), number(argv[1]), 1ULL << 60, number(argv[2]));
	set32(regs, CORDON_ENGINE_CMD, op | CORDON_ENGINE_CMD_KEEP_GOING);
	return 0;
}

static int try(volatile uint8_t *regs, uint32_t op, char **argv)
{
	int through = 0;
	uint32_t status;

	end(regs);
	for (; *argv; argv++) {
		aim(regs, number(*argv), 4, 1, 0);
		set32(regs, CORDON_ENGINE_CMD, op);
		status = get32(regs, CORDON_ENGINE_STATUS);
		if (status != (CORDON_ENGINE_STATUS_DONE | CORDON_ENGINE_STATUS_ERROR) ||
		    get64(regs, CORDON_ENGINE_MOVED)) {
			printf("%s: status 0x%x, %llu bytes moved\n", *argv, status,
			       (unsigned long long)get64(regs, CORDON_ENGINE_MOVED));
			through = 1;
		}
	}
	return through;
}

static int signal_all(volatile uint8_t *regs, char **argv)
{
	uint64_t addr = number(argv[0]), first = number(argv[1]), last = number(argv[2]);

	end(regs);
	for (; first <= last; first++) {
		set32(regs, CORDON_ENGINE_BUFFER, first);
		aim(regs, addr, 4, 1, 0);
		set32(regs, CORDON_ENGINE_CMD, CORDON_ENGINE_OP_WRITE);
		if (get32(regs, CORDON_ENGINE_STATUS) != CORDON_ENGINE_STATUS_DONE)
			return 1;
	}
	return 0;
}

static volatile uint8_t *engine_at(const char *where)
{
	volatile uint8_t *regs = phys_map(number(where), CORDON_ENGINE_SIZE);

	if (get32(regs, CORDON_ENGINE_ID) != CORDON_ENGINE_MAGIC) {
		errno = ENODEV;
		die(where);
	}
	return regs;
}

static int tally(char **argv)
{
	for (; *argv; argv++)
		printf("%s=%llu ", *argv,
		       (unsigned long long)get64(engine_at(*argv), CORDON_ENGINE_ERRORS));
	putchar('\n');
	return 0;
}

static int held(const char *victim, char **argv)
{
	volatile uint8_t *regs;
	uint64_t tries, moved;
	int status = 0;
	char *errors;

	for (; *argv; argv++) {
		errors = strchr(*argv, '=');
		if (!errors) {
			errno = EINVAL;
			die(*argv);
		}
		*errors++ = '\0';
		regs = engine_at(*argv);
		tries = get64(regs, CORDON_ENGINE_ERRORS) - number(errors);
		moved = get64(regs, CORDON_ENGINE_MOVED);
		printf("%s: refused %llu times, moved %llu bytes\n", *argv,
		       (unsigned long long)tries, (unsigned long long)moved);
		if (tries < TRIES || moved)
			status = 1;
	}
	return whole(number(victim)) || status;
}

static int counts(volatile uint8_t *regs)
{
	printf("%llu %llu\n", (unsigned long long)get64(regs, CORDON_ENGINE_MOVED),
	       (unsigned long long)get64(regs, CORDON_ENGINE_ERRORS));
	return 0;
}

static int usage(void)
{
	fputs("usage: see the head of its source\n", stderr);
	return 2;
}

static uint32_t operation(const char *name)
{
	if (!strcmp(name, "write"))
		return CORDON_ENGINE_OP_WRITE;
	if (!strcmp(name, "read"))
		return CORDON_ENGINE_OP_READ;
	exit(usage());
}

static int about_memory(const char *what, const char *where)
{
	if (!strcmp(what, "fill"))
		return fill(number(where));
	if (!strcmp(what, "whole"))
		return whole(number(where));
	if (!strcmp(what, "address"))
		return printf("0x%llx\n", (unsigned long long)bar_address(where, 0)) < 0;
	if (!strcmp(what, "get"))
		return printf("0x%llx\n",
			      (unsigned long long)get64(phys_map(number(where), 8), 0)) < 0;
	return -1;
}

int main(int argc, char **argv)
{
	volatile uint8_t *regs;
	int ret;

	if (argc == 3) {
		ret = about_memory(argv[1], argv[2]);
		if (ret >= 0)
			return ret;
	}
	if (argc < 3)
		return usage();
	if (!strcmp(argv[1], "tally"))
		return tally(argv + 2);
	if (!strcmp(argv[1], "held"))
		return held(argv[2], argv + 3);
	regs = engine_at(argv[1]);
	if (!strcmp(argv[2], "counts") && argc == 3)
		return counts(regs);
	if (!strcmp(argv[2], "end") && argc == 3) {
		end(regs);
		return 0;
	}
	if (!strcmp(argv[2], "begin") && argc == 7)
		return begin(regs, operation(argv[3]), argv + 4);
	if (!strcmp(argv[2], "try") && argc > 4)
		return try(regs, operation(argv[3]), argv + 4);
	if (!strcmp(argv[2], "signal") && argc == 6)
		return signal_all(regs, argv + 3);
	return usage();
}
