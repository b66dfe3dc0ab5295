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
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "raw.h"

#define MIB		0x100000ULL
#define SIZE		(64 * MIB)
#define HUGE		(2 * MIB)
#define IOVA		0x40000000ULL
#define MSI_WINDOW	0x8000000ULL
#define SECRET		0x1122334455667788ULL

static const char *bdf, *group_name, *queues;
static struct raw raw;
static int device = -1, group = -1, container = -1, iommufd = -1;
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
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .user_va = (uintptr_t)at,
		.length = size, .iova = iova,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
	};

	if (container >= 0)
		return ioctl(container, VFIO_IOMMU_MAP_DMA, &type1) ? -errno : 0;
	return ioctl(iommufd, IOMMU_IOAS_MAP, &cmd) ? -errno : 0;
}

static int unmap(uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap type1 = {
		.argsz = sizeof(type1), .size = size, .iova = iova,
	};
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .iova = iova, .length = size,
	};
	uint64_t done;
	int ret;

	if (container >= 0) {
		ret = ioctl(container, VFIO_IOMMU_UNMAP_DMA, &type1);
		done = type1.size;
	} else {
		ret = ioctl(iommufd, IOMMU_IOAS_UNMAP, &cmd);
		done = cmd.length;
	}
	if (ret)
		return -errno;
	return done == size ? 0 : -EIO;
}

static enum verdict open_type1(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[64];

	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	EXPECT(container >= 0, "%s", strerror(errno));
	snprintf(path, sizeof(path), "/dev/vfio/%s", group_name);
	group = open(path, O_RDWR | O_CLOEXEC);
	EXPECT(group >= 0, "%s: %s", path, strerror(errno));
	EXPECT(!ioctl(group, VFIO_GROUP_GET_STATUS, &status) &&
	       status.flags & VFIO_GROUP_FLAGS_VIABLE, "the group is not viable");
	EXPECT(!ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "%s", strerror(errno));
	EXPECT(!ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "%s", strerror(errno));
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	EXPECT(device >= 0, "%s", strerror(errno));
	return PASS;
}

/* /dev/vfio/devices/vfioN of the device */
static int open_cdev(void)
{
	struct dirent *entry;
	char path[320];
	int fd = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	return fd;
}

static enum verdict open_iommufd(void)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };

	device = open_cdev();
	EXPECT(device >= 0, "%s has no /dev/vfio/devices", bdf);
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	EXPECT(iommufd >= 0, "%s", strerror(errno));
	bind.iommufd = iommufd;
	EXPECT(!ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind), "%s", strerror(errno));
	EXPECT(!ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc), "%s", strerror(errno));
	ioas = alloc.out_ioas_id;
	attach.pt_id = ioas;
	EXPECT(!ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach), "%s", strerror(errno));
	return PASS;
}

/* The engine's registers, and leave to master the bus. */
static enum verdict open_engine(void)
{
	struct vfio_region_info bar = {
		.argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	struct vfio_region_info config = {
		.argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command = 0x6;
	void *regs;

	EXPECT(!ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar) &&
	       !ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config), "%s", strerror(errno));
	EXPECT(pwrite(device, &command, 2, config.offset + 4) == 2, "%s", strerror(errno));
	regs = mmap(NULL, CORDON_ENGINE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		    bar.offset);
	EXPECT(regs != MAP_FAILED, "%s", strerror(errno));
	raw.map = regs;
	raw.map_size = CORDON_ENGINE_SIZE;
	raw.regs = regs;
	EXPECT(raw_get32(&raw, CORDON_ENGINE_ID) == CORDON_ENGINE_MAGIC, "this is no engine");
	return PASS;
}

static enum verdict after(void)
{
	if (raw.regs)
		raw_close(&raw);
	for (int **fd = (int *[]){ &device, &group, &container, &iommufd, NULL }; *fd; fd++) {
		if (**fd >= 0)
			close(**fd);
		**fd = -1;
	}
	return PASS;
}

/* The status of a write of 8 bytes at @iova. */
static int dma_write(uint64_t iova)
{
	raw_set64(&raw, CORDON_ENGINE_BUFFER, SECRET);
	raw_start(&raw, CORDON_ENGINE_OP_WRITE, iova, 8, 1, 0);
	return raw_wait(&raw);
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
	TRY(open_engine());
	return whole(false, SIZE / 4096 / 512 + 2);
}

static enum verdict type1_huge(void)
{
	TRY(open_type1());
	TRY(open_engine());
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
	TRY(open_engine());
	return whole(false, SIZE / 4096 / 512 + 2);
}

static enum verdict iommufd_huge(void)
{
	TRY(open_iommufd());
	TRY(open_engine());
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
