/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: what QEMU's own files need to know of it.
 */
#ifndef HW_CORDON_FDT_H
#define HW_CORDON_FDT_H

#include "hw/platform-bus.h"

#define TYPE_CORDON_IOMMU           "cordon-iommu"
#define TYPE_CORDON_ENGINE_PLATFORM "cordon-engine-platform"
#define TYPE_CORDON_PL330           "cordon-pl330"

/**
 * cordon_add_fdt_node() - Describe a Cordon device in the device tree
 * @sbdev: device of one of the types above
 * @fdt: device tree of the machine
 * @pbus: platform bus that the device is linked to
 * @pbus_node: path of the bus's node
 * @irq_start: interrupt number (SPI) of the bus's first line
 *
 * Returns 0; a failure is fatal and reported.
 */
int cordon_add_fdt_node(SysBusDevice *sbdev, void *fdt, PlatformBusDevice *pbus,
                        const char *pbus_node, int irq_start);

#endif
