// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one device does is nothing to another: its faults, however many, and its
 * messages, whatever they say.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bar.h"
#include "tests.h"

#define MILLION		1000000ULL
#define FLOOD_PAGES	1000ULL
/*
 * Records of one device that the driver takes at most: 1024, and 64, which is the
 * limit of its records outstanding, every 50 ms.
 */
#define RECORDS_A_SECOND (1024ULL + 64 * 20)
#define DISK_BYTES	1048576
#define BASELINE_MS	2000

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

/* A good neighbour's work */

struct work {
	uint64_t rounds;
	uint64_t us;
	uint64_t worst_us;	/* of an unmap */
	uint64_t disk;		/* times that the disk was read, and was right */
};

/* Map, copy by DMA, look at what arrived, unmap. */
static enum verdict work_once(struct engine *e, struct buf *from, struct buf *to,
			      struct work *w)
{
	struct cordon_engine_op op;
	uint64_t start;

	EXPECT(!buf_map(e, from, CORDON_ENGINE_TO_DEVICE, 0, from->size) &&
	       !buf_map(e, to, CORDON_ENGINE_FROM_DEVICE, 0, to->size), "mapping");
	engine_dma_copy(e, to->iova, from->iova, to->size, &op);
	EXPECT(op_good(&op), "status %#x, bad %#llx", op.status, op.bad);
	start = now_us();
	buf_unmap(e, from);
	start = now_us() - start;
	buf_unmap(e, to);
	EXPECT(buf_has(e, to, 0, to->size, 7, 0), "copied wrongly");
	if (start > w->worst_us)
		w->worst_us = start;
	w->rounds++;
	return PASS;
}

/* One megabyte of the disk, past the page cache, is as it was the first time. */
static enum verdict read_disk(struct work *w)
{
	static uint8_t *first, *again;
	int fd = open("/dev/nvme0n1", O_RDONLY | O_DIRECT | O_CLOEXEC);
	uint8_t **to = first ? &again : &first;

	if (!*to && posix_memalign((void **)to, 0x10000, DISK_BYTES))
		die("memory");
	EXPECT(fd >= 0, "no disk");
	EXPECT(pread(fd, *to, DISK_BYTES, 0) == DISK_BYTES, "reading the disk: %s",
	       strerror(errno));
	close(fd);
	EXPECT(!again || !memcmp(first, again, DISK_BYTES), "the disk was read wrongly");
	w->disk++;
	return PASS;
}

/* Work until the time is over, or @regs say that the flood is. */
static enum verdict work_on(struct engine *e, struct buf bufs[2], uint64_t us,
			    volatile uint8_t *regs, struct work *w)
{
	uint64_t start = now_us();

	do {
		TRY(work_once(e, &bufs[0], &bufs[1], w));
		if (!(w->rounds % 64))
			TRY(read_disk(w));
	} while (now_us() - start < us &&
		 (!regs || get32(regs, CORDON_ENGINE_STATUS) & CORDON_ENGINE_STATUS_BUSY));
	w->us += now_us() - start;
	return PASS;
}

/* CPU time of the interrupt threads of units, in milliseconds */
static uint64_t thread_ms(void)
{
	unsigned long user, kernel;
	uint64_t ticks = 0;
	char path[300], name[64];
	struct dirent *d;
	FILE *file;
	DIR *proc = opendir("/proc");

	if (!proc)
		die("/proc");
	while ((d = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/stat", d->d_name);
		file = d->d_name[0] >= '1' && d->d_name[0] <= '9' ? fopen(path, "re") : NULL;
		if (!file)
			continue;
		if (fscanf(file,
			   "%*d (%63[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			   name, &user, &kernel) == 3 &&
		    !strncmp(name, "irq/", 4) && strstr(name, "-c000000"))
			ticks += user + kernel;
		fclose(file);
	}
	closedir(proc);
	return ticks * 1000 / sysconf(_SC_CLK_TCK);
}

/* Faults of one device in a range, as the tracepoint tells of them */

struct heard {
	const char *device;
	uint64_t first, last;
	uint64_t count;
	unsigned int events;
};

static void hear_of(const struct fault_event *event, void *arg)
{
	struct heard *h = arg;

	if (strcmp(event->device, h->device) || event->addr < h->first || event->addr > h->last)
		return;
	h->count += event->count;
	h->events++;
}

static unsigned long listen_to(struct heard *h)
{
	h->count = 0;
	h->events = 0;
	return watch_events(hear_of, h);
}

/* One fault of @e is in the log within two seconds, as one. */
static enum verdict one_fault(struct engine *e, uint64_t addr)
{
	struct cordon_engine_op op;
	struct fault_log log;
	char address[32];
	uint64_t start = now_us();

	engine_dma_write(e, addr, 8, &op);
	EXPECT(op_blocked(&op) && !op.moved, "status %#x", op.status);
	do {
		watch_log(e->bdf, &log);
		pause_ms(10);
	} while (!log.lines && now_us() - start < 10000000);
	start = now_us() - start;
	snprintf(address, sizeof(address), "%#llx: ", (unsigned long long)addr);
	EXPECT(log.lines == 1 && log.shown == 1 && !log.hidden && !log.lost &&
	       strstr(log.last, address),
	       "%u lines, shown %llu, hidden %llu, lost %llu; the last: %s", log.lines,
	       (unsigned long long)log.shown, (unsigned long long)log.hidden,
	       (unsigned long long)log.lost, log.last);
	EXPECT(start < 2000000, "it took %llu us", (unsigned long long)start);
	say("one fault of %s was in the log after %llu us", e->bdf, (unsigned long long)start);
	return PASS;
}

enum verdict test_one_fault(void)
{
	EXPECT(watch_start(), "there is no tracepoint cordon:cordon_fault");
	return one_fault(&eng, FREE_IOVA + 5 * PIECE);
}

/* @pages pages at @iova, one by one, @count times */
static void start_flood(volatile uint8_t *regs, uint64_t iova, uint64_t pages, uint64_t count)
{
	set64(regs, CORDON_ENGINE_DST, iova);
	set64(regs, CORDON_ENGINE_LEN, pages * PIECE);
	set64(regs, CORDON_ENGINE_DATA, 0);
	set64(regs, CORDON_ENGINE_COUNT, count);
	/* each by itself, so that QEMU has time for others between them */
	set64(regs, CORDON_ENGINE_DELAY, 1);
	set32(regs, CORDON_ENGINE_PASID, 0);
	set32(regs, CORDON_ENGINE_CMD, CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_KEEP_GOING);
}

/*
 * What was shown, left out and lost makes all that there was; and the CPU was
 * asked to look at some of it only.
 */
static enum verdict sums_are_right(uint64_t errors, uint64_t us)
{
	struct heard all = { .device = eng.bdf, .last = ~0ULL };
	uint64_t start = now_us();
	struct fault_log log;
	unsigned long missed;

	do {
		pause_ms(200);
		watch_log(eng.bdf, &log);
	} while (log.shown + log.hidden + log.lost < errors && now_us() - start < 20000000);
	pause_ms(500);
	watch_log(eng.bdf, &log);
	missed = listen_to(&all);
	say("log: %u lines, shown %llu, hidden %llu, lost %llu; traced: %lu events, %llu faults",
	    log.lines, (unsigned long long)log.shown, (unsigned long long)log.hidden,
	    (unsigned long long)log.lost, all.events + missed, (unsigned long long)all.count);
	EXPECT(all.events + missed <= RECORDS_A_SECOND * (us / 1000000 + 2),
	       "%lu records in %llu ms", all.events + missed, (unsigned long long)us / 1000);
	EXPECT(!missed, "the trace buffer was too small");
	EXPECT(log.shown + log.hidden + log.lost == errors, "the log's sum is not %llu",
	       (unsigned long long)errors);
	EXPECT(all.count + log.lost == errors, "events and losses do not make %llu",
	       (unsigned long long)errors);
	return PASS;
}

/*
 * A million faults of one engine, while the other one and the disk work. What
 * the emulator's time is worth to the one is taken from the other, so the
 * others' pace is compared with what it is beside as much DMA that is allowed.
 * That shows only whether they starve: host CPUs that are shared blur the rest.
 * What the faults may cost is a number of records, which no host changes.
 */
enum verdict test_million(void)
{
	volatile uint8_t *regs = phys_map(bar_address(eng.bdf, 0), CORDON_ENGINE_SIZE);
	struct work before = { }, during = { };
	struct engine other;
	struct buf bufs[2], target;
	struct fault_log log;
	uint64_t errors, cpu, took, allowed;
	double ratio;
	int i;

	EXPECT(engine_open_pci(&other, CORDON_ENGINE_DEVICE, 1), "no second engine");
	EXPECT(watch_start(), "there is no tracepoint cordon:cordon_fault");
	for (i = 0; i < 2; i++)
		buf_alloc(&other, &bufs[i], CORDON_ENGINE_PAGES, 4 * PIECE);
	buf_fill(&other, &bufs[0], 7);
	buf_alloc(&eng, &target, CORDON_ENGINE_PAGES, 64 * PIECE);
	EXPECT(!buf_map(&eng, &target, CORDON_ENGINE_BOTH, 0, target.size), "mapping");
	start_flood(regs, target.iova, 64, 1ULL << 40);
	TRY(work_on(&other, bufs, BASELINE_MS * 1000, NULL, &before));
	set32(regs, CORDON_ENGINE_STOP, 1);
	allowed = get64(regs, CORDON_ENGINE_MOVED) / PIECE * 1000000 / before.us;
	buf_unmap(&eng, &target);

	watch_log(eng.bdf, &log);
	errors = get64(regs, CORDON_ENGINE_ERRORS);
	cpu = thread_ms();
	took = now_us();
	start_flood(regs, FREE_IOVA, FLOOD_PAGES, MILLION / FLOOD_PAGES);
	TRY(work_on(&other, bufs, BASELINE_MS * 1000, regs, &during));
	EXPECT(get32(regs, CORDON_ENGINE_STATUS) & CORDON_ENGINE_STATUS_BUSY,
	       "the flood was over before its time");
	TRY(one_fault(&other, FREE_IOVA + 3 * PIECE));
	TRY(work_on(&other, bufs, 120000000, regs, &during));
	took = now_us() - took;
	cpu = thread_ms() - cpu;
	errors = get64(regs, CORDON_ENGINE_ERRORS) - errors;
	EXPECT(errors == MILLION && !get64(regs, CORDON_ENGINE_MOVED), "%llu faults",
	       (unsigned long long)errors);

	ratio = (double)during.rounds / during.us * before.us / before.rounds;
	say("%llu pages/s were let through, %llu/s were not", (unsigned long long)allowed,
	    (unsigned long long)(MILLION * 1000000 / took));
	say("%llu ms for a million; work %.0f/s before, %.0f/s meanwhile (%.0f %%)",
	    (unsigned long long)took / 1000, 1e6 * before.rounds / before.us,
	    1e6 * during.rounds / during.us, 100 * ratio);
	say("longest unmap %llu us before, %llu us then; disk read %llu times; threads %llu ms",
	    (unsigned long long)before.worst_us, (unsigned long long)during.worst_us,
	    (unsigned long long)during.disk, (unsigned long long)cpu);
	EXPECT(ratio > 0.1, "the other's work went at %.0f %% of its pace", 100 * ratio);
	EXPECT(during.disk, "the disk was not read");
	TRY(sums_are_right(errors, took));
	engine_close(&other);
	return PASS;
}

/* Messages */

#define VECTORS		2

/* The first interrupt of a device, by its number in Linux */
static unsigned int interrupt_of(const struct engine *e)
{
	unsigned int irq = 0;
	struct dirent *d;
	char path[96];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msi_irqs", e->bdf);
	dir = opendir(path);
	if (!dir)
		die(path);
	while ((d = readdir(dir)))
		if (*d->d_name != '.')
			irq = strtoul(d->d_name, NULL, 10);
	closedir(dir);
	return irq;
}

/* How often all message interrupts came, and that of @irq alone */
static uint64_t interrupts(unsigned int irq, uint64_t *alone)
{
	uint64_t sum = 0, line_sum;
	char line[512], *at;
	unsigned int n;
	FILE *file = fopen("/proc/interrupts", "re");

	if (!file)
		die("/proc/interrupts");
	*alone = 0;
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, "ITS") || sscanf(line, " %u:", &n) != 1)
			continue;
		line_sum = 0;
		at = strchr(line, ':') + 1;
		for (;;) {
			char *end;
			uint64_t count = strtoull(at, &end, 10);

			if (end == at)
				break;
			line_sum += count;
			at = end;
		}
		sum += line_sum;
		if (n == irq)
			*alone = line_sum;
	}
	fclose(file);
	return sum;
}

/* What a device's first vector sends, and where to */
struct message {
	uint64_t addr;
	uint32_t data;
};

static struct message message_of(const struct engine *e)
{
	volatile uint8_t *table = phys_map(bar_address(e->bdf, 1), 16 * VECTORS);

	return (struct message){
		.addr = (uint64_t)get32(table, 4) << 32 | get32(table, 0),
		.data = get32(table, 8),
	};
}

static int send(struct engine *e, uint64_t addr, uint32_t data, struct cordon_engine_op *op)
{
	own_write(e, 0, &data, sizeof(data));
	return engine_dma_write(e, addr, sizeof(data), op);
}

/*
 * Whatever number a device sends to where its messages go, interrupts come that
 * are its own or none. That those counts are looked at rightly is seen by what
 * the device's own number does.
 */
enum verdict test_messages(void)
{
	struct cordon_engine_op op;
	struct message own, others;
	uint64_t all, mine, all_after, mine_after;
	unsigned int irq = interrupt_of(&eng);
	struct engine other;
	uint32_t n;

	EXPECT(engine_open_pci(&other, CORDON_ENGINE_DEVICE, 1), "no second engine");
	own = message_of(&eng);
	others = message_of(&other);
	say("%s sends %#x to %#llx, %s sends %#x to %#llx", eng.bdf, own.data,
	    (unsigned long long)own.addr, other.bdf, others.data,
	    (unsigned long long)others.addr);

	all = interrupts(irq, &mine);
	send(&eng, own.addr, own.data, &op);
	EXPECT(op_good(&op), "status %#x", op.status);
	pause_ms(100);
	all_after = interrupts(irq, &mine_after);
	EXPECT(mine_after == mine + 1 && all_after == all + 1,
	       "its own message: %llu interrupts, %llu of them its own",
	       (unsigned long long)(all_after - all), (unsigned long long)(mine_after - mine));

	/* the other's, by the other's address, and all that could be anybody's */
	all = interrupts(irq, &mine);
	for (n = 0; n < 64; n++)
		send(&eng, n ? own.addr : others.addr, n ? n : others.data, &op);
	pause_ms(200);
	all_after = interrupts(irq, &mine_after);
	EXPECT(all_after - all == mine_after - mine,
	       "%llu interrupts, of which %llu are its own",
	       (unsigned long long)(all_after - all), (unsigned long long)(mine_after - mine));
	say("64 numbers made %llu interrupts, all its own",
	    (unsigned long long)(mine_after - mine));

	/* in a domain where nobody has mapped the place, it is an address like any */
	EXPECT(!engine_attach(&eng, CORDON_ENGINE_DOMAIN_A), "attaching");
	all = interrupts(irq, &mine);
	TRY(blocked_write(own.addr, 4));
	TRY(blocked_write(others.addr, 4));
	EXPECT(!engine_attach(&eng, CORDON_ENGINE_DOMAIN_DEFAULT), "attaching");
	all_after = interrupts(irq, &mine_after);
	EXPECT(all_after == all, "%llu interrupts", (unsigned long long)(all_after - all));
	engine_close(&other);
	return PASS;
}
