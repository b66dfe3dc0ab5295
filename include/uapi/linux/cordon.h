/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Cordon IOMMU: what user space can learn of it through iommufd.
 */
#ifndef _UAPI_LINUX_CORDON_H
#define _UAPI_LINUX_CORDON_H

#include <linux/types.h>

/*
 * out_data_type of IOMMU_GET_HW_INFO for devices behind a Cordon unit: data_uptr
 * holds a struct iommu_hw_info_cordon.
 *
 * It is not one of enum iommu_hw_info_type in linux/iommufd.h, which only the
 * kernel's maintainers add to.  Those count upwards from 0, so this value, "cord"
 * with the highest bit set, does not come to mean anything else.
 */
#define IOMMU_HW_INFO_TYPE_CORDON	0xe36f7264U

/**
 * struct iommu_hw_info_cordon - what a Cordon unit says of itself
 * @flags: 0; others may come to have a meaning
 * @__reserved: 0
 * @id: register ID
 * @cap0: register CAP0: widths, granules
 * @cap1: register CAP1: features
 * @cap2: register CAP2: numbers and sizes of queues
 * @cap3: register CAP3: limits
 * @cap4: register CAP4: system counter, the unit's own DeviceID
 *
 * The registers are as hardware gives them: the specification, 10.2, tells what
 * they mean.  They say what the unit has, not what the driver makes use of; that is
 * in out_capabilities, and in which domains can be allocated.
 */
struct iommu_hw_info_cordon {
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 id;
	__aligned_u64 cap0;
	__aligned_u64 cap1;
	__aligned_u64 cap2;
	__aligned_u64 cap3;
	__aligned_u64 cap4;
};

#endif /* _UAPI_LINUX_CORDON_H */
