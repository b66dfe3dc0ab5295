// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of devices that nobody trusts, against the reference model.
 */
#include <kunit/device.h>
#include <linux/sizes.h>

#include "model_test.h"

#define PA_A		0x0000080000000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)

/* spec 5.4, 6.1 */
#define INV_RANGE	0x05
#define INV_DTAG	0x06
#define NOT_MAPPED	0x22
#define PERMISSION	0x25

static struct cordon_device *untrusted_device(struct model_unit *m,
					      const char *name, u32 id)
{
	struct cordon_device *cdev = model_device1(m, name, id);

	cdev->untrusted = true;
	return cdev;
}

static void map(struct kunit *test, struct iommu_domain *domain, u64 iova,
		int prot)
{
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, iova, PA_A, PAGE_SIZE, prot,
					   GFP_KERNEL));
}

/* Unmap as the DMA API does in lazy mode: the flush comes later. */
static void unmap_lazily(struct kunit *test, struct iommu_domain *domain,
			 u64 iova)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	gather.queued = true;
	KUNIT_ASSERT_EQ(test, iommu_unmap_fast(domain, iova, PAGE_SIZE, &gather),
			PAGE_SIZE);
}

static void never_untranslated(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *cdev = untrusted_device(m, "device", MODEL_DEVID);

	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, cordon_ops.identity_domain),
			-EPERM);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, 0x04);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, domain), 0);
	map(test, domain, 0x10000, RW);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, cordon_ops.identity_domain),
			-EPERM);
	/* It is where it was. */
	EXPECT_PASS(m, MODEL_DEVID, 0x10000, MODEL_WRITE, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID, 0x1000, MODEL_READ, NOT_MAPPED);
	KUNIT_EXPECT_PTR_EQ(test, cdev->domain, domain);
}

static void never_privileged(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *one = model_device1(m, "one", MODEL_DEVID);
	struct cordon_device *other = untrusted_device(m, "two", MODEL_DEVID2);

	KUNIT_ASSERT_EQ(test, cordon_attach(one, domain), 0);
	KUNIT_ASSERT_EQ(test, cordon_attach(other, domain), 0);
	map(test, domain, 0x10000, RW | IOMMU_PRIV);
	EXPECT_PASS(m, MODEL_DEVID, 0x10000, MODEL_WRITE | MODEL_PRIV, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x10000, MODEL_WRITE | MODEL_PRIV,
		     PERMISSION);
	/* To execute still takes more than to read. */
	map(test, domain, 0x80000, RW | IOMMU_NOEXEC);
	EXPECT_PASS(m, MODEL_DEVID2, 0x80000, MODEL_READ, PA_A);
	EXPECT_FAULT(m, MODEL_DEVID2, 0x80000, MODEL_EXEC, PERMISSION);
}

/* While it is in a domain, what is unmapped is out of reach, lazy or not. */
static void strict_in_lazy_domain(struct kunit *test)
{
	struct model_unit *m = model_start(test, "unit");
	struct iommu_domain *domain = model_domain(m);
	struct cordon_device *one = model_device1(m, "one", MODEL_DEVID);
	struct cordon_device *other = untrusted_device(m, "two", MODEL_DEVID2);
	unsigned int since;

	KUNIT_ASSERT_EQ(test, cordon_attach(one, domain), 0);

	/* Without it: lazy, no command until the flush. */
	map(test, domain, 0x10000, RW);
	EXPECT_PASS(m, MODEL_DEVID, 0x10000, MODEL_WRITE, PA_A);
	since = m->commands;
	unmap_lazily(test, domain, 0x10000);
	KUNIT_EXPECT_EQ(test, m->commands, since);

	/* It joins: what was unmapped before is dropped first. */
	KUNIT_ASSERT_EQ(test, cordon_attach(other, domain), 0);
	KUNIT_EXPECT_TRUE(test, model_saw(m, since, INV_DTAG, NULL));
	EXPECT_FAULT(m, MODEL_DEVID2, 0x10000, MODEL_WRITE, NOT_MAPPED);

	/* With it: strict. */
	map(test, domain, 0x10000, RW);
	EXPECT_PASS(m, MODEL_DEVID2, 0x10000, MODEL_WRITE, PA_A);
	since = m->commands;
	unmap_lazily(test, domain, 0x10000);
	KUNIT_EXPECT_TRUE(test, model_saw(m, since, INV_RANGE, NULL));
	EXPECT_FAULT(m, MODEL_DEVID2, 0x10000, MODEL_WRITE, NOT_MAPPED);

	/* It has left: lazy again. */
	KUNIT_ASSERT_EQ(test, cordon_attach(other, cordon_ops.blocked_domain), 0);
	map(test, domain, 0x10000, RW);
	since = m->commands;
	unmap_lazily(test, domain, 0x10000);
	KUNIT_EXPECT_EQ(test, m->commands, since);
	iommu_flush_iotlb_all(domain);
}

static struct kunit_case untrusted_cases[] = {
	KUNIT_CASE(never_untranslated),
	KUNIT_CASE(never_privileged),
	KUNIT_CASE(strict_in_lazy_domain),
	{ }
};

static struct kunit_suite untrusted_suite = {
	.name = "cordon_untrusted",
	.test_cases = untrusted_cases,
};

kunit_test_suite(untrusted_suite);
