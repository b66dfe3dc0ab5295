// SPDX-License-Identifier: GPL-2.0-only
/* Test engines that were passed to this program: see passed.h. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "passed.h"

#define PCI_COMMAND	4
#define PCI_COMMAND_GO	0x6	/* memory and bus master */

/* Not mapped: the registers are smaller than a page of 64 KiB. */
uint32_t passed_get32(struct passed *p, unsigned int offset)
{
	uint32_t value = ~0U;

	if (pread(p->device, &value, sizeof(value), p->bar + offset) != sizeof(value))
		return ~0U;
	return value;
}

uint64_t passed_get64(struct passed *p, unsigned int offset)
{
	return passed_get32(p, offset) | (uint64_t)passed_get32(p, offset + 4) << 32;
}

void passed_set32(struct passed *p, unsigned int offset, uint32_t value)
{
	if (pwrite(p->device, &value, sizeof(value), p->bar + offset) != sizeof(value))
		abort();
}

static void set64(struct passed *p, unsigned int offset, uint64_t value)
{
	passed_set32(p, offset, value);
	passed_set32(p, offset + 4, value >> 32);
}

int passed_take(struct passed *p)
{
	struct vfio_region_info bar = {
		.argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	struct vfio_region_info config = {
		.argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command = PCI_COMMAND_GO;

	if (ioctl(p->device, VFIO_DEVICE_GET_REGION_INFO, &bar) ||
	    ioctl(p->device, VFIO_DEVICE_GET_REGION_INFO, &config) ||
	    pwrite(p->device, &command, 2, config.offset + PCI_COMMAND) != 2)
		return -errno;
	p->bar = bar.offset;
	return passed_get32(p, CORDON_ENGINE_ID) == CORDON_ENGINE_MAGIC ? 0 : -ENXIO;
}

/* The file of the device, wherever VFIO has it. */
static int open_device(const char *bdf)
{
	char pattern[100], path[100];
	int fd = -ENODEV;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/vfio-dev/vfio*", bdf);
	if (glob(pattern, 0, NULL, &found))
		return fd;
	if (found.gl_pathc == 1) {
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
			 strrchr(found.gl_pathv[0], '/') + 1);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	globfree(&found);
	return fd;
}

int passed_open(struct passed *p, const char *bdf, int iommufd)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind), .iommufd = iommufd,
	};
	int ret;

	p->device = open_device(bdf);
	if (p->device < 0)
		return p->device;
	if (ioctl(p->device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		ret = -errno;
	else
		ret = passed_take(p);
	p->dev_id = bind.out_devid;
	if (ret)
		passed_close(p);
	return ret;
}

void passed_close(struct passed *p)
{
	if (p->device >= 0)
		close(p->device);
	p->device = -1;
}

int passed_attach(struct passed *p, uint32_t pt_id)
{
	struct vfio_device_attach_iommufd_pt cmd = { .argsz = sizeof(cmd), .pt_id = pt_id };

	return ioctl(p->device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd) ? -errno : 0;
}

void passed_start(struct passed *p, uint32_t cmd, uint64_t src, uint64_t dst, uint64_t len,
		  uint64_t data, uint64_t count, uint64_t delay)
{
	set64(p, CORDON_ENGINE_SRC, src);
	set64(p, CORDON_ENGINE_DST, dst);
	set64(p, CORDON_ENGINE_LEN, len);
	set64(p, CORDON_ENGINE_DATA, data);
	set64(p, CORDON_ENGINE_COUNT, count);
	set64(p, CORDON_ENGINE_DELAY, delay);
	passed_set32(p, CORDON_ENGINE_PASID, 0);
	passed_set32(p, CORDON_ENGINE_CMD, cmd);
}

uint32_t passed_end(struct passed *p)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < 5000; i++) {
		if (!(passed_get32(p, CORDON_ENGINE_STATUS) & CORDON_ENGINE_STATUS_BUSY))
			break;
		nanosleep(&pause, NULL);
	}
	return passed_get32(p, CORDON_ENGINE_STATUS);
}

uint32_t passed_stop(struct passed *p)
{
	passed_set32(p, CORDON_ENGINE_STOP, 1);
	return passed_end(p);
}

int ioas_alloc(int iommufd, uint32_t *id)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &cmd))
		return -errno;
	*id = cmd.out_ioas_id;
	return 0;
}

int ioas_map(int iommufd, uint32_t ioas, void *memory, uint64_t length, uint64_t iova)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .user_va = (uintptr_t)memory,
		.length = length, .iova = iova,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
	};

	return ioctl(iommufd, IOMMU_IOAS_MAP, &cmd) ? -errno : 0;
}

int ioas_unmap(int iommufd, uint32_t ioas, uint64_t iova, uint64_t length)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .iova = iova, .length = length,
	};

	if (ioctl(iommufd, IOMMU_IOAS_UNMAP, &cmd))
		return -errno;
	return cmd.length == length ? 0 : -EIO;
}

int ioas_huge_pages(int iommufd, uint32_t ioas, int on)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd), .option_id = IOMMU_OPTION_HUGE_PAGES,
		.op = IOMMU_OPTION_OP_SET, .object_id = ioas, .val64 = on,
	};

	return ioctl(iommufd, IOMMU_OPTION, &cmd) ? -errno : 0;
}

int hwpt_alloc(int iommufd, uint32_t dev_id, uint32_t flags, uint32_t parent, uint32_t *id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd), .flags = flags, .dev_id = dev_id, .pt_id = parent,
	};

	if (ioctl(iommufd, IOMMU_HWPT_ALLOC, &cmd))
		return -errno;
	*id = cmd.out_hwpt_id;
	return 0;
}
