/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: nodes in the machine's device tree.
 */
#include "qemu/osdep.h"
#include "hw/cordon/cordon-fdt.h"
#include "trace.h"

int cordon_add_fdt_node(SysBusDevice *sbdev, void *fdt, PlatformBusDevice *pbus,
                        const char *pbus_node, int irq_start)
{
    trace_cordon_fdt_node(object_get_typename(OBJECT(sbdev)), pbus_node);
    return 0;
}
