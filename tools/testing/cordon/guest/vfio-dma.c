// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a user's that a device reaches by VFIO: by a container of type 1 and
 * by iommufd, in small and in huge pages.  Usage:
 * vfio-dma BDF GROUP QUEUES [NAME|-NAME...]
 *
 * The device is an engine that is bound to vfio-pci, GROUP the number of its
 * group, and QUEUES the unit's file of that name in debugfs: the commands that
 * mapping and unmapping cost are counted there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "passed.h"

#define MIB		0x100000ULL
#define SIZE		(64 * MIB)
#define HUGE		(2 * MIB)
#define IOVA		0x40000000ULL
#define MSI_WINDOW	0x8000000ULL
#define SECRET		0x1122334455667788ULL

static const char *bdf, *group_name, *queues;
static struct passed engine = { .device = -1 };
static int group = -1, container = -1, iommufd = -1;
static uint32_t ioas;

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

/* Commands that all queues of the unit have been given. */
static unsigned long issued(void)
{
	unsigned long sum = 0;
	char line[512], *at;
	FILE *file = fopen(queues, "re");

	if (!file) {
		perror(queues);
		exit(2);
	}
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, " commands issued");
		while (at && at > line && at[-1] >= '0' && at[-1] <= '9')
			at--;
		if (at)
			sum += strtoul(at, NULL, 10);
	}
	fclose(file);
	return sum;
}

/* 0 or a negative errno; an IOVA that the kernel refuses is one */
static int map(uint64_t iova, void *at, uint64_t size)
{
	struct vfio_iommu_type1_dma_map type1 = {
		.argsz = sizeof(type1), .size = size, .iova = iova, .vaddr = (uintptr_t)at,
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	};

	if (container < 0)
		return ioas_map(iommufd, ioas, at, size, iova);
	return ioctl(container, VFIO_IOMMU_MAP_DMA, &type1) ? -errno : 0;
}

static int unmap(uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap type1 = {
		.argsz = sizeof(type1), .size = size, .iova = iova,
	};

	if (container < 0)
		return ioas_unmap(iommufd, ioas, iova, size);
	if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &type1))
		return -errno;
	return type1.size == size ? 0 : -EIO;
}

static enum verdict open_type1(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[64];
	int ret;

	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	EXPECT(container >= 0, "%s", strerror(errno));
	snprintf(path, sizeof(path), "/dev/vfio/%s", group_name);
	group = open(path, O_RDWR | O_CLOEXEC);
	EXPECT(group >= 0, "%s: %s", path, strerror(errno));
	EXPECT(!ioctl(group, VFIO_GROUP_GET_STATUS, &status) &&
	       status.flags & VFIO_GROUP_FLAGS_VIABLE, "the group is not viable");
	EXPECT(!ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "%s", strerror(errno));
	EXPECT(!ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "%s", strerror(errno));
	engine.device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	EXPECT(engine.device >= 0, "%s", strerror(errno));
	EXPECT(!(ret = passed_take(&engine)), "%s", strerror(-ret));
	return PASS;
}

static enum verdict open_iommufd(void)
{
	int ret;

	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	EXPECT(iommufd >= 0, "%s", strerror(errno));
	EXPECT(!(ret = passed_open(&engine, bdf, iommufd)), "%s: %s", bdf, strerror(-ret));
	EXPECT(!(ret = ioas_alloc(iommufd, &ioas)), "%s", strerror(-ret));
	EXPECT(!(ret = passed_attach(&engine, ioas)), "%s", strerror(-ret));
	return PASS;
}

static enum verdict after(void)
{
	passed_close(&engine);
	for (int **fd = (int *[]){ &group, &container, &iommufd, NULL }; *fd; fd++) {
		if (**fd >= 0)
			close(**fd);
		**fd = -1;
	}
	return PASS;
}

/* The status of a write of 8 bytes at @iova. */
static int dma_write(uint64_t iova)
{
	passed_start(&engine, CORDON_ENGINE_OP_FILL, 0, iova, 8, SECRET, 1, 0);
	return passed_end(&engine);
}

/*
 * Small pages are taken in an order that leaves few of them side by side, which is
 * the worst that a machine's memory can be.
 */
static void *memory(bool huge)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (huge ? MAP_HUGETLB : 0);
	uint8_t *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
	uint64_t page, n = SIZE / 4096;

	if (at == MAP_FAILED)
		return NULL;
	if (!huge)
		madvise(at, SIZE, MADV_NOHUGEPAGE);
	for (page = 0; page < n; page++)
		at[page * 4097 % n * 4096] = 1;
	return at;
}

static void tell(const char *what, bool huge, uint64_t us, unsigned long cost)
{
	say("note: %s, %s pages: %llu MiB %s in %llu us, %lu commands",
	    container >= 0 ? "type1" : "iommufd", huge ? "2 MiB" : "4 KiB", SIZE / MIB, what,
	    (unsigned long long)us, cost);
}

/*
 * Map all of it, let the engine write to it, and unmap it; at the end all that the
 * engine still wants there is refused.
 */
static enum verdict whole(bool huge, unsigned long most)
{
	static const uint64_t places[] = { 0, 4096 * 511, HUGE, SIZE / 2 + 4096, SIZE - 8 };
	uint8_t *at = memory(huge);
	unsigned long cost[3];
	uint64_t time[4];
	unsigned int i;
	int ret;

	EXPECT(at, "no memory: %s", strerror(errno));
	cost[0] = issued();
	time[0] = now_us();
	ret = map(IOVA, at, SIZE);
	time[1] = now_us();
	cost[1] = issued();
	EXPECT(!ret, "map: %s", strerror(-ret));
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		ret = dma_write(IOVA + places[i]);
		EXPECT(ret == CORDON_ENGINE_STATUS_DONE, "at %#llx: status %#x",
		       (unsigned long long)places[i], ret);
		EXPECT(*(volatile uint64_t *)(at + places[i]) == SECRET, "nothing came");
		*(volatile uint64_t *)(at + places[i]) = ~SECRET;
	}
	EXPECT(dma_write(IOVA - 8) & CORDON_ENGINE_STATUS_ERROR, "it reaches what is before");
	EXPECT(dma_write(IOVA + SIZE) & CORDON_ENGINE_STATUS_ERROR, "or behind");

	time[2] = now_us();
	ret = unmap(IOVA, SIZE);
	time[3] = now_us();
	cost[2] = issued();
	EXPECT(!ret, "unmap: %s", strerror(-ret));
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		EXPECT(dma_write(IOVA + places[i]) & CORDON_ENGINE_STATUS_ERROR,
		       "it still reaches %#llx", (unsigned long long)places[i]);
		EXPECT(*(volatile uint64_t *)(at + places[i]) == ~SECRET, "something came");
	}
	munmap(at, SIZE);
	tell("mapped", huge, time[1] - time[0], cost[1] - cost[0]);
	tell("unmapped", huge, time[3] - time[2], cost[2] - cost[1]);
	EXPECT(cost[1] == cost[0], "mapping needs no command");
	EXPECT(cost[2] > cost[1] && cost[2] - cost[1] <= most, "unmapping needs %lu at most",
	       most);
	return PASS;
}

/* What the kernel itself puts into each domain is nobody else's. */
static enum verdict refuses_window(void)
{
	void *at = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	int ret;

	EXPECT(at != MAP_FAILED, "%s", strerror(errno));
	ret = map(MSI_WINDOW, at, MIB);
	EXPECT(ret == -EINVAL, "all of it: %d", ret);
	ret = map(MSI_WINDOW + MIB - 4096, at, 8192);
	EXPECT(ret == -EINVAL, "its end: %d", ret);
	ret = map(MSI_WINDOW - MIB, at, MIB);
	EXPECT(!ret, "below it: %s", strerror(-ret));
	ret = map(MSI_WINDOW + MIB, at, MIB);
	EXPECT(!ret, "above it: %s", strerror(-ret));
	munmap(at, 2 * MIB);
	return PASS;
}

/* VFIO waits once for 512 pieces that are not side by side. */
static enum verdict type1_small(void)
{
	TRY(open_type1());
	return whole(false, SIZE / 4096 / 512 + 2);
}

static enum verdict type1_huge(void)
{
	TRY(open_type1());
	return whole(true, 2);
}

static enum verdict type1_window(void)
{
	TRY(open_type1());
	return refuses_window();
}

static enum verdict iommufd_small(void)
{
	TRY(open_iommufd());
	return whole(false, SIZE / 4096 / 512 + 2);
}

static enum verdict iommufd_huge(void)
{
	TRY(open_iommufd());
	return whole(true, 2);
}

static enum verdict iommufd_window(void)
{
	TRY(open_iommufd());
	return refuses_window();
}

static const struct test tests[] = {
	{ "type1_small", type1_small },
	{ "type1_huge", type1_huge },
	{ "type1_window", type1_window },
	{ "iommufd_small", iommufd_small },
	{ "iommufd_huge", iommufd_huge },
	{ "iommufd_window", iommufd_window },
};

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: vfio-dma BDF GROUP QUEUES [NAME|-NAME...]\n", stderr);
		return 2;
	}
	bdf = argv[1];
	group_name = argv[2];
	queues = argv[3];
	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argv + 4, NULL, after);
}
