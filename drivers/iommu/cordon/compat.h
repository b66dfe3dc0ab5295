/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cordon IOMMU: what kernels older than the newest need, and nothing else.
 *
 * The driver is written to the newest kernel's interfaces.  The Makefile looks
 * into the headers of the kernel that it builds against and defines
 * CORDON_HAVE_* for what it finds there.
 */
#ifndef _CORDON_COMPAT_H
#define _CORDON_COMPAT_H

#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/hrtimer.h>
#include <linux/io-pgtable.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/of.h>

int cordon_attach_dev(struct iommu_domain *domain, struct device *dev,
		      struct iommu_domain *old);
struct iommu_domain *
cordon_domain_alloc_paging_flags(struct device *dev, u32 flags,
				 const struct iommu_user_data *user_data);
void *cordon_hw_info(struct device *dev, u32 *length, u32 *type);

/*
 * Declared in a header under drivers/iommu that a module built outside of the
 * kernel's tree does not get; exported on all kernels.
 */
#if IS_ENABLED(CONFIG_IOMMU_DMA)
void iommu_dma_get_resv_regions(struct device *dev, struct list_head *list);
#else
static inline void iommu_dma_get_resv_regions(struct device *dev,
					      struct list_head *list)
{
}
#endif

/* attach_dev() is told what the device leaves */
#ifdef CORDON_HAVE_ATTACH_OLD
#define cordon_op_attach_dev cordon_attach_dev
#else
static inline int cordon_op_attach_dev(struct iommu_domain *domain,
				       struct device *dev)
{
	return cordon_attach_dev(domain, dev, iommu_get_domain_for_dev(dev));
}
#endif

/*
 * domain_alloc_user(), which iommufd alone calls, became
 * domain_alloc_paging_flags(), which is called for all, and
 * domain_alloc_nested() where there is a parent.
 */
#ifdef CORDON_HAVE_ALLOC_PAGING_FLAGS
#define CORDON_OP_DOMAIN_ALLOC \
	.domain_alloc_paging_flags = cordon_domain_alloc_paging_flags
#else
static inline struct iommu_domain *cordon_op_domain_alloc(struct device *dev)
{
	/* The core asks without a device where any would do. */
	if (!dev)
		return ERR_PTR(-ENODEV);
	return cordon_domain_alloc_paging_flags(dev, 0, NULL);
}

static inline struct iommu_domain *
cordon_op_domain_alloc_user(struct device *dev, u32 flags,
			    struct iommu_domain *parent,
			    const struct iommu_user_data *user_data)
{
	if (parent)
		return ERR_PTR(-EOPNOTSUPP);
	return cordon_domain_alloc_paging_flags(dev, flags, user_data);
}

#define CORDON_OP_DOMAIN_ALLOC \
	.domain_alloc_paging = cordon_op_domain_alloc, \
	.domain_alloc_user = cordon_op_domain_alloc_user
#endif

/* "iommu-map" has a function of its own, which knows about #iommu-cells */
#ifndef CORDON_HAVE_MAP_IOMMU_ID
static inline int of_map_iommu_id(struct device_node *np, u32 id,
				  struct of_phandle_args *arg)
{
	arg->np = NULL;
	arg->args_count = 1;
	return of_map_id(np, id, "iommu-map", "iommu-map-mask", &arg->np,
			 arg->args);
}
#endif

/* The type of hw_info() became an enum, and says what is asked for. */
#ifdef CORDON_HAVE_HW_INFO_ENUM
static inline void *cordon_op_hw_info(struct device *dev, u32 *length,
				      enum iommu_hw_info_type *type)
{
	u32 value = *type;
	void *info = cordon_hw_info(dev, length, &value);

	*type = value;
	return info;
}
#else
static inline void *cordon_op_hw_info(struct device *dev, u32 *length, u32 *type)
{
	/* Whatever user space has left there. */
	*type = 0;
	return cordon_hw_info(dev, length, type);
}
#endif

/* hrtimer_init() left the function to its caller */
#ifndef CORDON_HAVE_HRTIMER_SETUP
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *timer),
	      clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/* tables of stage 2 with forced write-back (spec 4.6) */
#ifdef IO_PGTABLE_QUIRK_ARM_S2FWB
#define CORDON_QUIRK_S2FWB	IO_PGTABLE_QUIRK_ARM_S2FWB
#else
#define CORDON_QUIRK_S2FWB	0
#endif

/* the name of a namespace became a string */
#ifdef CORDON_HAVE_NAMESPACE_STRINGS
#define CORDON_IMPORT_NS(name) MODULE_IMPORT_NS(#name)
#else
#define CORDON_IMPORT_NS(name) MODULE_IMPORT_NS(name)
#endif

#endif /* _CORDON_COMPAT_H */
