// SPDX-License-Identifier: GPL-2.0-only
/*
 * What user space pays for mapping: a piece of memory at a time, by VFIO's own
 * interface and by iommufd, and the kernel's dma_map_benchmark.
 *
 * Usage: mapper dma PAGES SECONDS
 *	  mapper vfio|iommufd PCI-ADDRESS map|unmap PIECE BYTES [COMMAND]
 *	  mapper vfio|iommufd PCI-ADDRESS whole PIECE BYTES [COMMAND]
 *
 * map and unmap: BYTES are mapped in PIECEs and unmapped in PIECEs, and the one
 * that is named is timed.  whole: they are mapped in PIECEs and unmapped at once,
 * which is timed.  The memory is one huge page.  COMMAND is run just before and
 * just after what is timed.  Times are in ns; under QEMU's -icount they are
 * instructions.  The device must be bound to vfio-pci.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/types.h>
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

#define GIB	0x40000000ULL
#define IOVA	(4 * GIB)

/* linux/map_benchmark.h is no header for user space */
struct map_benchmark {
	uint64_t avg_map_100ns, map_stddev, avg_unmap_100ns, unmap_stddev;
	uint32_t threads, seconds;
	int32_t node;
	uint32_t dma_bits, dma_dir, dma_trans_ns, granule;
	uint8_t expansion[76];
};

#define DMA_MAP_BENCHMARK	_IOWR('d', 1, struct map_benchmark)

static int container = -1;	/* VFIO's, or iommufd */
static uint32_t ioas;
static bool is_iommufd;

static void die(const char *what)
{
	fprintf(stderr, "mapper: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int must_open(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		die(path);
	return fd;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int dma(unsigned int pages, unsigned int seconds)
{
	struct map_benchmark b = {
		.threads = 1, .seconds = seconds, .node = -1, .dma_bits = 32,
		.granule = pages,
	};
	int fd = must_open("/sys/kernel/debug/dma_map_benchmark");

	if (ioctl(fd, DMA_MAP_BENCHMARK, &b))
		die("dma_map_benchmark");
	printf("map=%llu unmap=%llu\n", (unsigned long long)b.avg_map_100ns * 100,
	       (unsigned long long)b.avg_unmap_100ns * 100);
	return 0;
}

/* The number at the end of where a link of the device's leads. */
static int number_of(const char *bdf, const char *link)
{
	char path[128], target[256];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, link);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		die(path);
	target[len] = '\0';
	return atoi(strrchr(target, '/') + 1);
}

static void open_vfio(const char *bdf)
{
	char path[64];
	int group;

	container = must_open("/dev/vfio/vfio");
	snprintf(path, sizeof(path), "/dev/vfio/%d", number_of(bdf, "iommu_group"));
	group = must_open(path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ||
	    ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf) < 0)
		die("VFIO");
}

static void open_iommufd(const char *node)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int device = must_open(node);

	container = must_open("/dev/iommu");
	bind.iommufd = container;
	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(container, IOMMU_IOAS_ALLOC, &alloc))
		die("iommufd");
	ioas = alloc.out_ioas_id;
	attach.pt_id = ioas;
	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		die("attach");
}

static void map(void *at, uint64_t iova, uint64_t len)
{
	struct vfio_iommu_type1_dma_map v = {
		.argsz = sizeof(v), .vaddr = (uintptr_t)at, .iova = iova, .size = len,
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	};
	struct iommu_ioas_map i = {
		.size = sizeof(i), .ioas_id = ioas, .user_va = (uintptr_t)at,
		.iova = iova, .length = len,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
	};

	if (is_iommufd ? ioctl(container, IOMMU_IOAS_MAP, &i) :
			 ioctl(container, VFIO_IOMMU_MAP_DMA, &v))
		die("map");
}

static void unmap(uint64_t iova, uint64_t len)
{
	struct vfio_iommu_type1_dma_unmap v = {
		.argsz = sizeof(v), .iova = iova, .size = len,
	};
	struct iommu_ioas_unmap i = {
		.size = sizeof(i), .ioas_id = ioas, .iova = iova, .length = len,
	};

	if (is_iommufd ? ioctl(container, IOMMU_IOAS_UNMAP, &i) :
			 ioctl(container, VFIO_IOMMU_UNMAP_DMA, &v))
		die("unmap");
	if ((is_iommufd ? i.length : v.size) != len)
		die("not all was mapped");
}

static void map_all(uint8_t *memory, uint64_t piece, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += piece)
		map(memory + at, IOVA + at, piece);
}

static void unmap_all(uint64_t piece, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += piece)
		unmap(IOVA + at, piece);
}

static void between(const char *command)
{
	if (command && system(command))
		die(command);
}

/* Pages of the kernel that hold the tables of all IOMMUs. */
static long table_pages(void)
{
	FILE *f = fopen("/proc/vmstat", "r");
	char line[128];
	long pages = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "nr_iommu_pages %ld", &pages) == 1)
			break;
	if (f)
		fclose(f);
	return pages;
}

static int pieces(const char *what, uint64_t piece, uint64_t bytes, const char *command)
{
	bool is_map = !strcmp(what, "map");
	uint64_t begin, end;
	long tables;
	void *memory;

	memory = mmap(NULL, GIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 30 << MAP_HUGE_SHIFT |
		      MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		die("no huge page of 1 GiB");

	/* once, so that what is allocated at the first use is there */
	map(memory, IOVA, piece);
	unmap(IOVA, piece);

	tables = table_pages();
	if (is_map) {
		between(command);
		begin = now();
		map_all(memory, piece, bytes);
		end = now();
		between(command);
		tables = table_pages() - tables;
		unmap_all(piece, bytes);
	} else {
		map_all(memory, piece, bytes);
		tables = table_pages() - tables;
		if (!strcmp(what, "whole"))
			piece = bytes;
		between(command);
		begin = now();
		unmap_all(piece, bytes);
		end = now();
		between(command);
	}
	printf("ns=%llu rounds=%llu tables=%ld\n", (unsigned long long)(end - begin),
	       (unsigned long long)(bytes / piece), tables);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "dma"))
		return dma(atoi(argv[2]), atoi(argv[3]));
	if (argc != 6 && argc != 7) {
		fprintf(stderr, "mapper: see the comment at the head of its source\n");
		return 1;
	}
	is_iommufd = !strcmp(argv[1], "iommufd");
	if (is_iommufd)
		open_iommufd(argv[2]);
	else
		open_vfio(argv[2]);
	return pieces(argv[3], strtoull(argv[4], NULL, 0), strtoull(argv[5], NULL, 0), argv[6]);
}
