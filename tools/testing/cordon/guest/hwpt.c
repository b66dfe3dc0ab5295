// SPDX-License-Identifier: GPL-2.0-only
/*
 * What iommufd can have of Cordon: an engine is used through VFIO, in domains
 * that this program asks for. Usage: hwpt /dev/vfio/devices/vfioN [NAME|-NAME...]
 *
 * The engine must be bound to vfio-pci.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../engine/cordon_engine.h"
#include "ktap.h"

#define PAGE		65536	/* of any kernel */
#define IOVA		0x20000000ULL
#define PCI_COMMAND	4
#define PCI_COMMAND_GO	0x6	/* memory and bus master */

static const char *path;
static int device = -1, iommufd = -1;
static uint32_t dev_id, ioas;
static volatile uint8_t *regs;
static uint64_t *page;

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

static void pause_us(unsigned int us)
{
	struct timespec t = { .tv_nsec = us * 1000L };

	nanosleep(&t, NULL);
}

/* A page-table object of @parent; 0 or a negative errno. */
static int hwpt_alloc(uint32_t flags, uint32_t parent, uint32_t *id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd), .flags = flags, .dev_id = dev_id, .pt_id = parent,
	};

	if (ioctl(iommufd, IOMMU_HWPT_ALLOC, &cmd))
		return -errno;
	*id = cmd.out_hwpt_id;
	return 0;
}

static int attach(uint32_t id)
{
	struct vfio_device_attach_iommufd_pt cmd = { .argsz = sizeof(cmd), .pt_id = id };

	return ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd) ? -errno : 0;
}

static int map_page(void)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .user_va = (uintptr_t)page,
		.length = PAGE, .iova = IOVA,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
	};

	return ioctl(iommufd, IOMMU_IOAS_MAP, &cmd) ? -errno : 0;
}

static int unmap_page(void)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .iova = IOVA, .length = PAGE,
	};

	return ioctl(iommufd, IOMMU_IOAS_UNMAP, &cmd) ? -errno : 0;
}

static void start(uint32_t op, uint64_t len, uint64_t data, uint64_t count, uint64_t delay)
{
	set64(CORDON_ENGINE_SRC, IOVA);
	set64(CORDON_ENGINE_DST, IOVA);
	set64(CORDON_ENGINE_LEN, len);
	set64(CORDON_ENGINE_DATA, data);
	set64(CORDON_ENGINE_COUNT, count);
	set64(CORDON_ENGINE_DELAY, delay);
	set32(CORDON_ENGINE_PASID, 0);
	set32(CORDON_ENGINE_CMD, op);
}

/* The status at the end of what was started. */
static uint32_t end(void)
{
	unsigned int i;

	for (i = 0; i < 5000 && get32(CORDON_ENGINE_STATUS) & CORDON_ENGINE_STATUS_BUSY; i++)
		pause_us(1000);
	return get32(CORDON_ENGINE_STATUS);
}

/* Fill one dword at IOVA; the status. */
static uint32_t fill(uint64_t value)
{
	start(CORDON_ENGINE_OP_FILL, 8, value, 1, 0);
	return end();
}

static enum verdict reaches(uint64_t value)
{
	uint32_t status = fill(value);

	EXPECT(status == CORDON_ENGINE_STATUS_DONE, "status %#x", status);
	EXPECT(*(volatile uint64_t *)page == value, "%#llx arrived",
	       *(unsigned long long *)page);
	return PASS;
}

static enum verdict stopped(void)
{
	uint64_t before = *(volatile uint64_t *)page;
	uint32_t status = fill(~before);

	EXPECT(status & CORDON_ENGINE_STATUS_ERROR, "status %#x", status);
	EXPECT(*(volatile uint64_t *)page == before, "it arrived");
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
	uint16_t command = PCI_COMMAND_GO;

	EXPECT(!ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar) &&
	       !ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config), "%s", strerror(errno));
	EXPECT(pwrite(device, &command, 2, config.offset + PCI_COMMAND) == 2, "%s",
	       strerror(errno));
	regs = mmap(NULL, CORDON_ENGINE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		    bar.offset);
	EXPECT(regs != MAP_FAILED, "%s", strerror(errno));
	EXPECT(get32(CORDON_ENGINE_ID) == CORDON_ENGINE_MAGIC, "this is no engine");
	return PASS;
}

static enum verdict before(void)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	device = open(path, O_RDWR);
	EXPECT(device >= 0, "%s: %s", path, strerror(errno));
	iommufd = open("/dev/iommu", O_RDWR);
	EXPECT(iommufd >= 0, "%s", strerror(errno));
	bind.iommufd = iommufd;
	EXPECT(!ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind), "%s", strerror(errno));
	dev_id = bind.out_devid;
	EXPECT(!ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc), "%s", strerror(errno));
	ioas = alloc.out_ioas_id;
	page = aligned_alloc(PAGE, PAGE);
	EXPECT(page, "no memory");
	memset(page, 0xee, PAGE);
	return open_engine();
}

static enum verdict after(void)
{
	if (regs && regs != MAP_FAILED)
		munmap((void *)regs, CORDON_ENGINE_SIZE);
	regs = NULL;
	if (device >= 0)
		close(device);
	if (iommufd >= 0)
		close(iommufd);
	device = -1;
	iommufd = -1;
	free(page);
	page = NULL;
	return PASS;
}

/* Each of the domains that can be had: what is mapped is reached, and no more. */
static enum verdict one_domain(uint32_t flags)
{
	uint32_t id;
	int ret = hwpt_alloc(flags, ioas, &id);

	EXPECT(!ret, "%s", strerror(-ret));
	ret = attach(id);
	EXPECT(!ret, "%s", strerror(-ret));
	EXPECT(!(ret = map_page()), "%s", strerror(-ret));
	TRY(reaches(0x1234));
	EXPECT(!(ret = unmap_page()), "%s", strerror(-ret));
	return stopped();
}

static enum verdict usual(void)
{
	return one_domain(0);
}

static enum verdict parent(void)
{
	return one_domain(IOMMU_HWPT_ALLOC_NEST_PARENT);
}

static enum verdict no_parent(void)
{
	uint32_t id;
	int ret = hwpt_alloc(IOMMU_HWPT_ALLOC_NEST_PARENT, ioas, &id);

	EXPECT(ret == -EOPNOTSUPP, "%d", ret);
	return PASS;
}

/* What the driver does not have yet is refused, and nothing comes of it. */
static enum verdict refused(void)
{
	uint32_t id, other;
	int ret = hwpt_alloc(IOMMU_HWPT_ALLOC_DIRTY_TRACKING, ioas, &id);

	EXPECT(ret == -EOPNOTSUPP, "%d", ret);
	ret = hwpt_alloc(1U << 31, ioas, &id);
	EXPECT(ret == -EOPNOTSUPP, "%d", ret);
	ret = hwpt_alloc(0, ioas, &id);
	EXPECT(!ret, "%s", strerror(-ret));
	ret = hwpt_alloc(0, id, &other);
	EXPECT(ret, "a domain on top of one that is no parent");
	return usual();
}

/*
 * From stage 1 to stage 2 and back while the engine writes: the page is mapped
 * in both domains, so each write is allowed at every moment.
 */
static enum verdict switch_stage(void)
{
	uint64_t done, errors;
	uint32_t ids[2];
	int i, ret;

	ret = hwpt_alloc(0, ioas, &ids[0]);
	EXPECT(!ret, "%s", strerror(-ret));
	ret = hwpt_alloc(IOMMU_HWPT_ALLOC_NEST_PARENT, ioas, &ids[1]);
	EXPECT(!ret, "%s", strerror(-ret));
	EXPECT(!(ret = map_page()), "%s", strerror(-ret));
	EXPECT(!(ret = attach(ids[0])), "%s", strerror(-ret));
	TRY(reaches(1));
	errors = get64(CORDON_ENGINE_ERRORS);
	start(CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_KEEP_GOING, 4096, 0x55, 1ULL << 40,
	      20000);
	for (i = 1; i <= 400 && !ret; i++)
		ret = attach(ids[i & 1]);
	done = get64(CORDON_ENGINE_DONE);
	set32(CORDON_ENGINE_STOP, 1);
	EXPECT(!(end() & CORDON_ENGINE_STATUS_BUSY), "the engine does not stop");
	EXPECT(!ret, "the %dth time: %s", i, strerror(-ret));
	errors = get64(CORDON_ENGINE_ERRORS) - errors;
	EXPECT(!errors, "%llu of %llu writes were refused", (unsigned long long)errors,
	       (unsigned long long)done);
	EXPECT(done >= 100, "only %llu writes: nothing was tested", (unsigned long long)done);
	say("%llu writes while the device changed its stage 400 times",
	    (unsigned long long)done);
	TRY(reaches(2));
	EXPECT(!(ret = unmap_page()), "%s", strerror(-ret));
	return stopped();
}

static const struct test tests[] = {
	{ "usual", usual },
	{ "parent", parent },
	{ "no_parent", no_parent },
	{ "refused", refused },
	{ "switch_stage", switch_stage },
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	path = argv[1];
	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argv + 2, before, after);
}
