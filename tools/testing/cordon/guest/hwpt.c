// SPDX-License-Identifier: GPL-2.0-only
/*
 * What iommufd can have of Cordon: an engine is used through VFIO, in domains
 * that this program asks for. Usage: hwpt BDF [NAME|-NAME...]
 *
 * BDF is the engine's PCI address. It must be bound to vfio-pci.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "passed.h"

#define PAGE		65536	/* of any kernel */
#define IOVA		0x20000000ULL

static const char *bdf;
static struct passed engine = { .device = -1 };
static int iommufd = -1;
static uint32_t ioas;
static uint64_t *page;

/* A page-table object of @parent; 0 or a negative errno. */
static int alloc(uint32_t flags, uint32_t parent, uint32_t *id)
{
	return hwpt_alloc(iommufd, engine.dev_id, flags, parent, id);
}

static int map_page(void)
{
	return ioas_map(iommufd, ioas, page, PAGE, IOVA);
}

static int unmap_page(void)
{
	return ioas_unmap(iommufd, ioas, IOVA, PAGE);
}

/* Fill one dword at IOVA; the status. */
static uint32_t fill(uint64_t value)
{
	passed_start(&engine, CORDON_ENGINE_OP_FILL, 0, IOVA, 8, value, 1, 0);
	return passed_end(&engine);
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

static enum verdict before(void)
{
	int ret;

	iommufd = open("/dev/iommu", O_RDWR);
	EXPECT(iommufd >= 0, "%s", strerror(errno));
	ret = passed_open(&engine, bdf, iommufd);
	EXPECT(!ret, "%s: %s", bdf, strerror(-ret));
	EXPECT(!(ret = ioas_alloc(iommufd, &ioas)), "%s", strerror(-ret));
	page = aligned_alloc(PAGE, PAGE);
	EXPECT(page, "no memory");
	memset(page, 0xee, PAGE);
	return PASS;
}

static enum verdict after(void)
{
	passed_close(&engine);
	if (iommufd >= 0)
		close(iommufd);
	iommufd = -1;
	free(page);
	page = NULL;
	return PASS;
}

/* Each of the domains that can be had: what is mapped is reached, and no more. */
static enum verdict one_domain(uint32_t flags)
{
	uint32_t id;
	int ret = alloc(flags, ioas, &id);

	EXPECT(!ret, "%s", strerror(-ret));
	ret = passed_attach(&engine, id);
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
	int ret = alloc(IOMMU_HWPT_ALLOC_NEST_PARENT, ioas, &id);

	EXPECT(ret == -EOPNOTSUPP, "%d", ret);
	return PASS;
}

/* What nobody knows is refused, and nothing comes of it. */
static enum verdict refused(void)
{
	uint32_t id, other;
	int ret = alloc(1U << 31, ioas, &id);

	EXPECT(ret == -EOPNOTSUPP, "%d", ret);
	ret = alloc(0, ioas, &id);
	EXPECT(!ret, "%s", strerror(-ret));
	ret = alloc(0, id, &other);
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

	ret = alloc(0, ioas, &ids[0]);
	EXPECT(!ret, "%s", strerror(-ret));
	ret = alloc(IOMMU_HWPT_ALLOC_NEST_PARENT, ioas, &ids[1]);
	EXPECT(!ret, "%s", strerror(-ret));
	EXPECT(!(ret = map_page()), "%s", strerror(-ret));
	EXPECT(!(ret = passed_attach(&engine, ids[0])), "%s", strerror(-ret));
	TRY(reaches(1));
	errors = passed_get64(&engine, CORDON_ENGINE_ERRORS);
	passed_start(&engine, CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_KEEP_GOING, 0, IOVA, 4096,
		     0x55, 1ULL << 40, 20000);
	for (i = 1; i <= 400 && !ret; i++)
		ret = passed_attach(&engine, ids[i & 1]);
	done = passed_get64(&engine, CORDON_ENGINE_DONE);
	EXPECT(!(passed_stop(&engine) & CORDON_ENGINE_STATUS_BUSY), "the engine does not stop");
	EXPECT(!ret, "the %dth time: %s", i, strerror(-ret));
	errors = passed_get64(&engine, CORDON_ENGINE_ERRORS) - errors;
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
	bdf = argv[1];
	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argv + 2, before, after);
}
