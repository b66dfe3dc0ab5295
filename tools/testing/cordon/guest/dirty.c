// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages a device has written, as the VMM of a migrating machine learns it,
 * and what iommufd tells of the hardware.
 *
 * Usage: dirty log|state UNIT ENGINE ENGINE [NAME|-NAME...]
 *
 * UNIT is the name of the IOMMU, each ENGINE one behind it that is bound to vfio-pci,
 * by its PCI address. The first word is how the unit tracks writes: by a log, or in
 * the descriptors of its tables.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cordon.h>
#include <linux/iommufd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "passed.h"

#define IOVA		0x40000000ULL
#define SIZE		(8ULL << 20)
#define GIGABYTE	0x40000000ULL
#define HUGE		(2ULL << 20)
#define LOG_PAGE	4096ULL		/* what the log has a bit for */
#define PAGES_MAX	(GIGABYTE / LOG_PAGE)

#define TRACK		IOMMU_HWPT_ALLOC_DIRTY_TRACKING
#define PARENT		IOMMU_HWPT_ALLOC_NEST_PARENT
#define KEEP		IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR

static bool has_log;
static const char *unit, *names[2];
static struct passed engines[2] = { { .device = -1 }, { .device = -1 } };
static int iommufd = -1;
static uint32_t ioas;
static uint64_t page;
static uint8_t *memory;
static uint64_t memory_size;
static uint64_t bitmap[PAGES_MAX / 64];

/* the pages that should be dirty, and how large they are taken to be */
static uint64_t want[PAGES_MAX / 64];
static uint64_t grain;

static bool has_bit(const uint64_t *bits, uint64_t n)
{
	return bits[n / 64] >> n % 64 & 1;
}

static int set_tracking(uint32_t hwpt, bool on)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd), .hwpt_id = hwpt,
		.flags = on ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
	};

	return ioctl(iommufd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd) ? -errno : 0;
}

/* Bits of pages of @grain. */
static int read_range(uint32_t hwpt, uint32_t flags, uint64_t iova, uint64_t length)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd), .hwpt_id = hwpt, .flags = flags, .iova = iova,
		.length = length, .page_size = grain, .data = (uintptr_t)bitmap,
	};

	memset(bitmap, 0, (length / grain + 63) / 64 * 8);
	return ioctl(iommufd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd) ? -errno : 0;
}

/* @leaf: what a descriptor maps there */
static void wrote(uint64_t iova, uint64_t len, uint64_t leaf)
{
	uint64_t span = has_log ? LOG_PAGE : leaf, at;

	if (span < grain)
		span = grain;
	for (at = iova / span * span; at < (iova + len + span - 1) / span * span; at += grain)
		want[(at - IOVA) / grain / 64] |= 1ULL << (at - IOVA) / grain % 64;
}

static enum verdict write_at(struct passed *p, uint64_t iova, uint64_t len)
{
	uint32_t status;

	passed_start(p, CORDON_ENGINE_OP_FILL, 0, iova, len, 0x5a5a, 1, 0);
	status = passed_end(p);
	EXPECT(status == CORDON_ENGINE_STATUS_DONE, "status %#x at %#llx", status,
	       (unsigned long long)iova);
	return PASS;
}

static unsigned int count(const uint64_t *bits, uint64_t size)
{
	unsigned int n = 0;
	uint64_t i;

	for (i = 0; i < size / grain; i++)
		n += has_bit(bits, i);
	return n;
}

/* The bitmap is what it should be; what should be is forgotten. */
static enum verdict right(uint64_t size)
{
	uint64_t i;

	for (i = 0; i < size / grain; i++)
		EXPECT(has_bit(bitmap, i) == has_bit(want, i),
		       "page %#llx is %s; %u pages are dirty, %u should be",
		       (unsigned long long)(IOVA + i * grain),
		       has_bit(bitmap, i) ? "dirty" : "not dirty", count(bitmap, size),
		       count(want, size));
	memset(want, 0, sizeof(want));
	return PASS;
}

static enum verdict get_memory(uint64_t size, int flags)
{
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (memory == MAP_FAILED) {
		memory = NULL;
		EXPECT(false, "%llu bytes: %s", (unsigned long long)size, strerror(errno));
	}
	memory_size = size;
	memset(memory, 0x11, size);
	return PASS;
}

/* A domain that tracks writes, with memory and both engines in it. */
static enum verdict prepare(uint32_t flags, uint32_t *hwpt)
{
	int ret, i;

	EXPECT(!(ret = hwpt_alloc(iommufd, engines[0].dev_id, flags, ioas, hwpt)), "%s",
	       strerror(-ret));
	for (i = 0; i < 2; i++)
		EXPECT(!(ret = passed_attach(&engines[i], *hwpt)), "%s", strerror(-ret));
	return PASS;
}

static enum verdict prepare_pages(uint32_t flags, uint32_t *hwpt)
{
	int ret;

	TRY(get_memory(SIZE, 0));
	EXPECT(!(ret = ioas_huge_pages(iommufd, ioas, 0)), "%s", strerror(-ret));
	TRY(prepare(flags, hwpt));
	EXPECT(!(ret = ioas_map(iommufd, ioas, memory, SIZE, IOVA)), "%s", strerror(-ret));
	EXPECT(!(ret = set_tracking(*hwpt, true)), "%s", strerror(-ret));
	return PASS;
}

/*
 * Chosen pages: these are dirty and no others, once; and again when they are written
 * again, for which hardware has to have been told.
 */
static enum verdict chosen_pages(uint32_t flags)
{
	static const unsigned int pages[] = { 0, 1, 7, 63, 64, 100 };
	uint32_t hwpt;
	unsigned int i, round;
	int ret;

	TRY(prepare_pages(flags, &hwpt));
	EXPECT(!(ret = read_range(hwpt, 0, IOVA, SIZE)), "%s", strerror(-ret));
	TRY(right(SIZE));
	for (round = 0; round < 5; round++) {
		for (i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
			TRY(write_at(&engines[0], IOVA + pages[i] * page + 8 * i, 8));
			wrote(IOVA + pages[i] * page + 8 * i, 8, page);
		}
		/* and from the middle of one into another */
		TRY(write_at(&engines[0], IOVA + SIZE - 2 * page - 24, page + 48));
		wrote(IOVA + SIZE - 2 * page - 24, page + 48, page);
		/* reading is not writing */
		passed_start(&engines[0], CORDON_ENGINE_OP_READ, IOVA + 50 * page, 0, page, 0, 1,
			     0);
		EXPECT(passed_end(&engines[0]) == CORDON_ENGINE_STATUS_DONE, "it cannot read");
		EXPECT(!(ret = read_range(hwpt, KEEP, IOVA, SIZE)), "%s", strerror(-ret));
		EXPECT(count(bitmap, SIZE) == count(want, SIZE), "%u", count(bitmap, SIZE));
		EXPECT(!(ret = read_range(hwpt, 0, IOVA, SIZE)), "%s", strerror(-ret));
		TRY(right(SIZE));
		EXPECT(!(ret = read_range(hwpt, 0, IOVA, SIZE)), "%s", strerror(-ret));
		TRY(right(SIZE));
	}
	return PASS;
}

static enum verdict exactly(void)
{
	return chosen_pages(TRACK);
}

static enum verdict parent(void)
{
	uint32_t id;
	int ret;

	if (has_log)
		return chosen_pages(TRACK | PARENT);
	/* A parent is of stage 2, which needs a log. */
	ret = hwpt_alloc(iommufd, engines[0].dev_id, TRACK | PARENT, ioas, &id);
	EXPECT(ret == -EOPNOTSUPP, "%d", ret);
	return PASS;
}

/* Both devices are in one domain. */
static enum verdict two_devices(void)
{
	unsigned int round;
	uint32_t hwpt;
	int ret;

	TRY(prepare_pages(TRACK, &hwpt));
	for (round = 0; round < 5; round++) {
		TRY(write_at(&engines[0], IOVA + 3 * page, 8));
		TRY(write_at(&engines[1], IOVA + 4 * page, 8));
		TRY(write_at(&engines[round & 1], IOVA + 9 * page, 8));
		wrote(IOVA + 3 * page, 8, page);
		wrote(IOVA + 4 * page, 8, page);
		wrote(IOVA + 9 * page, 8, page);
		EXPECT(!(ret = read_range(hwpt, 0, IOVA, SIZE)), "%s", strerror(-ret));
		TRY(right(SIZE));
	}
	return PASS;
}

/* Newer kernels, 7.3 for one, do not tell that a read met a hole. */
static bool met_a_hole(int ret)
{
	struct utsname kernel;

	return ret == -EINVAL ||
	       (!ret && !uname(&kernel) && atoi(kernel.release) >= 7);
}

/* What cannot be read is refused: holes, and what is not a number of pages. */
static enum verdict refused(void)
{
	uint32_t hwpt, other;
	int ret;

	TRY(prepare_pages(TRACK, &hwpt));
	ret = read_range(hwpt, 0, IOVA + SIZE, page);
	EXPECT(met_a_hole(ret), "a hole: %d", ret);
	ret = read_range(hwpt, 0, IOVA + SIZE - page, 2 * page);
	EXPECT(met_a_hole(ret), "into a hole: %d", ret);
	ret = read_range(hwpt, 0, IOVA + 24, page);
	EXPECT(ret == -EINVAL, "crooked: %d", ret);
	ret = read_range(hwpt, 1U << 31, IOVA, page);
	EXPECT(ret == -EOPNOTSUPP, "an unknown flag: %d", ret);
	EXPECT(!(ret = hwpt_alloc(iommufd, engines[0].dev_id, 0, ioas, &other)), "%s",
	       strerror(-ret));
	ret = set_tracking(other, true);
	EXPECT(ret == -EOPNOTSUPP, "a domain that tracks nothing: %d", ret);
	return PASS;
}

/* A file of the unit's. */
static FILE *debugfs(const char *file, const char *mode)
{
	char path[300];

	snprintf(path, sizeof(path), "/sys/kernel/debug/iommu/cordon/%s/%s", unit, file);
	return fopen(path, mode);
}

/* Is there a block at IOVA? The driver's own walk tells. */
static bool is_block(void)
{
	bool block = false;
	char line[300];
	FILE *f = debugfs("walk", "w");

	if (!f)
		return false;
	fprintf(f, "%s %llx w\n", names[0], IOVA);
	fclose(f);
	f = debugfs("walk", "r");
	while (f && fgets(line, sizeof(line), f))
		block |= strstr(line, "block") && !strstr(line, "blocked");
	if (f)
		fclose(f);
	return block;
}

/* Blocks of 2 MiB: the log knows each 4 KiB of them, a descriptor all or nothing. */
static enum verdict huge(void)
{
	unsigned int round;
	uint32_t hwpt;
	int ret;

	if (page != LOG_PAGE)
		SKIP_BECAUSE("blocks are of 512 MiB with pages of 64 KiB");
	TRY(get_memory(4 * HUGE, MAP_HUGETLB));
	TRY(prepare(TRACK, &hwpt));
	EXPECT(!(ret = ioas_map(iommufd, ioas, memory, 4 * HUGE, IOVA)), "%s", strerror(-ret));
	EXPECT(is_block(), "no block maps it");
	EXPECT(!(ret = set_tracking(hwpt, true)), "%s", strerror(-ret));
	for (round = 0; round < 5; round++) {
		TRY(write_at(&engines[0], IOVA + 5 * page, 8));
		TRY(write_at(&engines[0], IOVA + 2 * HUGE, 3 * page));
		TRY(write_at(&engines[1], IOVA + 4 * HUGE - 8, 8));
		wrote(IOVA + 5 * page, 8, HUGE);
		wrote(IOVA + 2 * HUGE, 3 * page, HUGE);
		wrote(IOVA + 4 * HUGE - 8, 8, HUGE);
		EXPECT(!(ret = read_range(hwpt, KEEP, IOVA, 4 * HUGE)), "%s", strerror(-ret));
		if (!round)
			say("3 writes of 5 pages: %u pages of 4 KiB are dirty",
			    count(bitmap, 4 * HUGE));
		EXPECT(!(ret = read_range(hwpt, 0, IOVA, 4 * HUGE)), "%s", strerror(-ret));
		TRY(right(4 * HUGE));
	}
	return PASS;
}

static volatile bool stirring;

/* The source of what the engine copies changes all the time. */
static void *stir(void *source)
{
	uint64_t *words = source, n = 0;

	while (stirring) {
		words[n * 64 % (SIZE / 16)] = n;
		n++;
	}
	return NULL;
}

/*
 * A migration: the engines write into the second half of the memory for as long as
 * pages that became dirty are copied.  When they have stopped and the rest has been
 * copied, nothing may be missing.
 */
static enum verdict migration(uint32_t flags)
{
	const uint64_t half = SIZE / 2;
	unsigned long long copied = 0, rounds = 0, errors[2];
	struct timespec start, now;
	uint8_t *copy;
	pthread_t thread;
	uint32_t hwpt;
	uint64_t i;
	int ret, last;

	TRY(prepare_pages(flags, &hwpt));
	copy = malloc(half);
	EXPECT(copy, "no memory");
	memcpy(copy, memory + half, half);
	stirring = true;
	EXPECT(!pthread_create(&thread, NULL, stir, memory), "no thread");
	for (i = 0; i < 2; i++)
		errors[i] = passed_get64(&engines[i], CORDON_ENGINE_ERRORS);
	passed_start(&engines[0], CORDON_ENGINE_OP_COPY | CORDON_ENGINE_CMD_KEEP_GOING, IOVA,
		     IOVA + half + page, half - page, 0, 1ULL << 40, 2000);
	passed_start(&engines[1], CORDON_ENGINE_OP_ATOMIC | CORDON_ENGINE_CMD_KEEP_GOING, 0,
		     IOVA + half, 8, 1, 1ULL << 40, 3000);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (last = 0; last < 2; ) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (last || now.tv_sec - start.tv_sec >= 4)
			last++;
		if (last == 1) {
			stirring = false;
			pthread_join(thread, NULL);
			passed_stop(&engines[0]);
			passed_stop(&engines[1]);
		}
		ret = read_range(hwpt, 0, IOVA + half, half);
		EXPECT(!ret, "%s", strerror(-ret));
		for (i = 0; i < half / grain; i++) {
			if (!has_bit(bitmap, i))
				continue;
			memcpy(copy + i * grain, memory + half + i * grain, grain);
			copied++;
		}
		rounds++;
	}
	say("%llu pieces written, %llu pages copied in %llu rounds",
	    (unsigned long long)passed_get64(&engines[0], CORDON_ENGINE_MOVED) / 4096, copied,
	    rounds);
	for (i = 0; i < 2; i++)
		EXPECT(errors[i] == passed_get64(&engines[i], CORDON_ENGINE_ERRORS),
		       "engine %llu was refused something", (unsigned long long)i);
	for (i = 0; i < half && copy[i] == memory[half + i]; )
		i++;
	free(copy);
	EXPECT(i == half, "what was written to %#llx is lost",
	       (unsigned long long)(IOVA + half + i));
	EXPECT(rounds > 10 && copied > 10, "nothing was tested");
	return PASS;
}

static enum verdict migrate(void)
{
	return migration(TRACK);
}

static enum verdict migrate_parent(void)
{
	return has_log ? migration(TRACK | PARENT) : PASS;
}

/* On, off, to another domain and back, while both engines write: none is refused. */
static enum verdict on_and_off(void)
{
	unsigned long long errors[2];
	uint32_t hwpt, other;
	int ret, i;

	TRY(prepare_pages(TRACK, &hwpt));
	EXPECT(!(ret = hwpt_alloc(iommufd, engines[0].dev_id, 0, ioas, &other)), "%s",
	       strerror(-ret));
	for (i = 0; i < 2; i++) {
		errors[i] = passed_get64(&engines[i], CORDON_ENGINE_ERRORS);
		passed_start(&engines[i], CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_KEEP_GOING, 0,
			     IOVA + i * page, 8, 0x77, 1ULL << 40, 5000);
	}
	for (i = 0; i < 100; i++) {
		EXPECT(!(ret = set_tracking(hwpt, i & 1)), "%s", strerror(-ret));
		if (i % 10 == 7)
			ret = passed_attach(&engines[1], other);
		if (i % 10 == 9)
			ret = passed_attach(&engines[1], hwpt);
		EXPECT(!ret, "%s", strerror(-ret));
		EXPECT(!(ret = read_range(hwpt, 0, IOVA, SIZE)), "%s", strerror(-ret));
	}
	/* It is on by now, and both are there. */
	for (i = 0; i < 2; i++) {
		passed_stop(&engines[i]);
		EXPECT(errors[i] == passed_get64(&engines[i], CORDON_ENGINE_ERRORS),
		       "engine %d was refused something", i);
	}
	EXPECT(!(ret = read_range(hwpt, 0, IOVA, SIZE)), "%s", strerror(-ret));
	for (i = 0; i < 2; i++) {
		TRY(write_at(&engines[i], IOVA + (i + 10) * page, 8));
		wrote(IOVA + (i + 10) * page, 8, page);
	}
	EXPECT(!(ret = read_range(hwpt, 0, IOVA, SIZE)), "%s", strerror(-ret));
	TRY(right(SIZE));
	if (!has_log)
		return PASS;
	/* Off is off. */
	EXPECT(!(ret = set_tracking(hwpt, false)), "%s", strerror(-ret));
	TRY(write_at(&engines[0], IOVA + 20 * page, 8));
	EXPECT(!(ret = read_range(hwpt, 0, IOVA, SIZE)), "%s", strerror(-ret));
	return right(SIZE);
}

/* Commands that all queues of the unit have been given. */
static unsigned long long commands(void)
{
	unsigned long long sum = 0, n;
	FILE *f = debugfs("queues", "r");
	char line[300];
	const char *at;

	while (f && fgets(line, sizeof(line), f)) {
		at = strchr(line, ',');
		if (!strncmp(line, "queue ", 6) && at && sscanf(at + 1, "%llu commands", &n) == 1)
			sum += n;
	}
	if (f)
		fclose(f);
	return sum;
}

static long long us_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000000LL + (now.tv_nsec - start->tv_nsec) / 1000;
}

/*
 * What a read of 1 GiB costs. The same memory is mapped again and again. Others' DMA
 * takes commands too: the least counts.
 */
static enum verdict cost(void)
{
	const uint64_t piece = 4 * SIZE;
	unsigned long long before, took, least = ~0ULL;
	struct timespec start;
	uint64_t at;
	uint32_t hwpt;
	long long us;
	int ret, i;

	TRY(get_memory(piece, 0));
	TRY(prepare(TRACK, &hwpt));
	for (at = 0; at < GIGABYTE; at += piece)
		EXPECT(!(ret = ioas_map(iommufd, ioas, memory, piece, IOVA + at)), "%s",
		       strerror(-ret));
	EXPECT(!(ret = set_tracking(hwpt, true)), "%s", strerror(-ret));
	for (i = 0; i < 4; i++) {
		for (at = 0; at < GIGABYTE && i < 3; at += piece + page)
			TRY(write_at(&engines[0], IOVA + at, 8));
		before = commands();
		clock_gettime(CLOCK_MONOTONIC, &start);
		EXPECT(!(ret = read_range(hwpt, 0, IOVA, GIGABYTE)), "%s", strerror(-ret));
		us = us_since(&start);
		took = commands() - before;
		say("1 GiB in pages of %llu KiB: %u dirty, %llu command%s, %lld us",
		    (unsigned long long)grain >> 10, count(bitmap, GIGABYTE), took,
		    took == 1 ? "" : "s", us);
		if (i < 3 && took < least)
			least = took;
		if (i == 3)
			EXPECT(!count(bitmap, GIGABYTE), "dirty when nothing was written");
	}
	EXPECT(least == 1, "it took %llu commands", least);
	return PASS;
}

static unsigned long long attribute(const char *name)
{
	unsigned long long value = 0;
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/iommu/%s/cordon/%s", unit, name);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%llx", &value) != 1)
		say("%s: %s", path, strerror(errno));
	if (f)
		fclose(f);
	return value;
}

/* The unit's registers as sysfs has them, whatever room there is for them. */
static enum verdict hw_info(void)
{
	struct iommu_hw_info_cordon info[2];
	struct iommu_hw_info cmd = { .size = sizeof(cmd), .dev_id = engines[0].dev_id };
	const uint8_t *byte = (const uint8_t *)info;
	size_t i;

	EXPECT(!ioctl(iommufd, IOMMU_GET_HW_INFO, &cmd), "%s", strerror(errno));
	EXPECT(cmd.data_len == sizeof(*info), "%u", cmd.data_len);
	EXPECT(cmd.out_data_type == IOMMU_HW_INFO_TYPE_CORDON, "%#x", cmd.out_data_type);
	EXPECT(cmd.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING, "%#llx",
	       (unsigned long long)cmd.out_capabilities);

	memset(info, 0xff, sizeof(info));
	cmd.data_len = sizeof(info);
	cmd.data_uptr = (uintptr_t)info;
	EXPECT(!ioctl(iommufd, IOMMU_GET_HW_INFO, &cmd), "%s", strerror(errno));
	EXPECT(!info->flags && !info->__reserved, "%#x", info->flags);
	EXPECT(info->id == attribute("id"), "%#llx", (unsigned long long)info->id);
	EXPECT(info->cap0 == attribute("cap0"), "%#llx", (unsigned long long)info->cap0);
	EXPECT(info->cap1 == attribute("cap1"), "%#llx", (unsigned long long)info->cap1);
	EXPECT(info->cap2 == attribute("cap2"), "%#llx", (unsigned long long)info->cap2);
	EXPECT(info->cap3 == attribute("cap3"), "%#llx", (unsigned long long)info->cap3);
	EXPECT(info->cap4 == attribute("cap4"), "%#llx", (unsigned long long)info->cap4);
	for (i = sizeof(*info); i < sizeof(info); i++)
		EXPECT(!byte[i], "byte %zu: %#x", i, byte[i]);

	memset(info, 0xff, sizeof(info));
	cmd.data_len = 16;
	EXPECT(!ioctl(iommufd, IOMMU_GET_HW_INFO, &cmd), "%s", strerror(errno));
	EXPECT(cmd.data_len == sizeof(*info), "%u", cmd.data_len);
	EXPECT(info->id == attribute("id"), "%#llx", (unsigned long long)info->id);
	EXPECT(info->cap0 == ~0ULL, "more was written than there was room for");
	return PASS;
}

static enum verdict before(void)
{
	int ret, i;

	page = sysconf(_SC_PAGESIZE);
	grain = page;
	memset(want, 0, sizeof(want));
	iommufd = open("/dev/iommu", O_RDWR);
	EXPECT(iommufd >= 0, "%s", strerror(errno));
	for (i = 0; i < 2; i++) {
		ret = passed_open(&engines[i], names[i], iommufd);
		EXPECT(!ret, "%s: %s", names[i], strerror(-ret));
	}
	EXPECT(!(ret = ioas_alloc(iommufd, &ioas)), "%s", strerror(-ret));
	return PASS;
}

static enum verdict after(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (engines[i].device >= 0)
			passed_stop(&engines[i]);
		passed_close(&engines[i]);
	}
	if (iommufd >= 0)
		close(iommufd);
	iommufd = -1;
	if (memory)
		munmap(memory, memory_size);
	memory = NULL;
	return PASS;
}

static const struct test tests[] = {
	{ "exactly", exactly },
	{ "parent", parent },
	{ "two_devices", two_devices },
	{ "refused", refused },
	{ "huge", huge },
	{ "migrate", migrate },
	{ "migrate_parent", migrate_parent },
	{ "on_and_off", on_and_off },
	{ "cost", cost },
	{ "hw_info", hw_info },
};

int main(int argc, char **argv)
{
	if (argc < 5) {
		fputs("usage: dirty log|state UNIT ENGINE ENGINE [NAME|-NAME...]\n", stderr);
		return 2;
	}
	has_log = !strcmp(argv[1], "log");
	unit = argv[2];
	names[0] = argv[3];
	names[1] = argv[4];
	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argv + 5, before, after);
}
