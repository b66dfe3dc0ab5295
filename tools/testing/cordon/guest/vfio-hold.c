// SPDX-License-Identifier: GPL-2.0-only
/*
 * Take a device as VFIO's users do, say whether its accesses are coherent whatever
 * they want, map a page for it, reset it, give it back.
 *
 * Usage: vfio-hold BDF GROUP
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE	0x10000

static int complain(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .size = SIZE, .iova = 0x10000000,
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	};
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int container, group, device;
	char path[64];
	void *page;

	if (argc != 3) {
		fputs("usage: vfio-hold BDF GROUP\n", stderr);
		return 2;
	}
	container = open("/dev/vfio/vfio", O_RDWR);
	if (container < 0)
		return complain("/dev/vfio/vfio");
	snprintf(path, sizeof(path), "/dev/vfio/%s", argv[2]);
	group = open(path, O_RDWR);
	if (group < 0)
		return complain(path);
	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status) ||
	    !(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return complain("the group is not viable");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		return complain("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return complain("VFIO_SET_IOMMU");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[1]);
	if (device < 0)
		return complain("VFIO_GROUP_GET_DEVICE_FD");

	printf("cache coherency: %s\n",
	       ioctl(container, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU) == 1 ? "enforced" :
	       "not enforced");

	page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return complain("mmap");
	map.vaddr = (unsigned long)page;
	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
		return complain("VFIO_IOMMU_MAP_DMA");
	if (ioctl(device, VFIO_DEVICE_RESET))
		return complain("VFIO_DEVICE_RESET");
	return 0;
}
