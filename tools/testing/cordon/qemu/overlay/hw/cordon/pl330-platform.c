/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: a DMA controller of another maker behind a unit, Arm's PL330 as QEMU
 * has it.
 *
 * QEMU's PL330 takes the memory that it works in from who makes it. Here that is
 * the view that the unit gives of it, and nothing of the PL330 knows.
 *
 * A real one fetches its instructions by privileged reads, and Linux maps them so
 * that nothing else will do. QEMU's does not say which of its reads those are, so
 * all its requests are privileged: what unprivileged ones may, they may too
 * (spec 4.4).
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/qdev-properties.h"
#include "system/device_tree.h"
#include "cordon-master.h"

OBJECT_DECLARE_SIMPLE_TYPE(CordonPl330, CORDON_PL330)

/* The interrupts of its node: one for aborts and one for each event */
#define PL330_EVENTS 8

#define APB_CLOCK "/apb-pclk"

struct CordonPl330 {
    CordonMaster parent_obj;
    DeviceState *pl330;
};

static void pl330_realize(DeviceState *dev, Error **errp)
{
    CordonPl330 *s = CORDON_PL330(dev);
    CordonMaster *m = CORDON_MASTER(dev);
    SysBusDevice *inner = SYS_BUS_DEVICE(s->pl330);

    if (!cordon_master_init(m, true, errp)) {
        return;
    }
    object_property_set_link(OBJECT(inner), "memory", OBJECT(&m->space->iommu),
                             &error_abort);
    if (!sysbus_realize(inner, errp)) {
        return;
    }
    sysbus_init_mmio(SYS_BUS_DEVICE(dev), sysbus_mmio_get_region(inner, 0));
    sysbus_pass_irq(SYS_BUS_DEVICE(dev), inner);
}

static void pl330_instance_init(Object *obj)
{
    CordonPl330 *s = CORDON_PL330(obj);

    s->pl330 = qdev_new("pl330");
    object_property_add_child(obj, "pl330", OBJECT(s->pl330));
    object_unref(OBJECT(s->pl330));
    object_property_set_uint(OBJECT(s->pl330), "num_events", PL330_EVENTS,
                             &error_abort);
}

static void pl330_describe(CordonMaster *m, void *fdt, const char *node)
{
    static const char compatible[] = "arm,pl330\0arm,primecell";

    qemu_fdt_setprop(fdt, node, "compatible", compatible, sizeof(compatible));
    qemu_fdt_setprop_cell(fdt, node, "clocks",
                          qemu_fdt_get_phandle(fdt, APB_CLOCK));
    qemu_fdt_setprop_string(fdt, node, "clock-names", "apb_pclk");
    qemu_fdt_setprop_cell(fdt, node, "#dma-cells", 1);
}

static void pl330_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    CordonMasterClass *mc = CORDON_MASTER_CLASS(klass);

    dc->desc = "PL330 behind a Cordon IOMMU";
    dc->realize = pl330_realize;
    mc->node = "dma-controller";
    mc->describe = pl330_describe;
}

static const TypeInfo pl330_info = {
    .name = TYPE_CORDON_PL330,
    .parent = TYPE_CORDON_MASTER,
    .instance_size = sizeof(CordonPl330),
    .instance_init = pl330_instance_init,
    .class_init = pl330_class_init,
};

static void pl330_register_types(void)
{
    type_register_static(&pl330_info);
}

type_init(pl330_register_types)
