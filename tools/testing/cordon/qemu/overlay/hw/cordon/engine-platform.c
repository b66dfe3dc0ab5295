/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon's DMA test engine as a platform master: one region of registers and
 * buffer, one interrupt that is high while CORDON_ENGINE_IRQ is.
 *
 * It speaks to the unit itself, once for each request, so that a refusal is one
 * fault. Its requests carry PASID, privileged and execute, the last two also
 * without a PASID (spec 1.4). With x-bus-dma=on it goes through the memory core
 * like any other master, and carries nothing.
 */
#include "qemu/osdep.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "system/device_tree.h"
#include "system/dma.h"
#include "cordon-master.h"
#include "engine-shell.h"
#include "trace.h"

OBJECT_DECLARE_SIMPLE_TYPE(CordonEnginePlatform, CORDON_ENGINE_PLATFORM)

#define ENGINE_PASID_BITS 20

struct CordonEnginePlatform {
    CordonMaster parent_obj;
    MemoryRegion mmio;
    qemu_irq irq;
    struct cordon_engine core;
    QEMUTimer *timer;
    bool bus_dma;
};

static int engine_dma(void *opaque, uint32_t pasid, uint64_t addr, void *buf,
                      uint32_t len, bool write)
{
    CordonEnginePlatform *s = opaque;
    CordonMaster *m = CORDON_MASTER(s);
    MemTxAttrs attrs = { .requester_id = m->devid };
    MemTxResult result;

    if (s->bus_dma) {
        result = dma_memory_rw(&m->space->as, addr, buf, len,
                               write ? DMA_DIRECTION_FROM_DEVICE
                                     : DMA_DIRECTION_TO_DEVICE, attrs);
    } else {
        CordonDma dma = cordon_engine_request(pasid);

        result = cordon_iommu_dma(&m->space->as, &dma, attrs, addr, buf, len,
                                  write);
    }
    trace_cordon_engine_dma(TYPE_CORDON_ENGINE_PLATFORM,
                            write ? "write" : "read", addr, len, pasid, result);
    return result;
}

static int engine_fetch_add(void *opaque, uint32_t pasid, uint64_t addr,
                            uint64_t add, uint64_t *old)
{
    CordonDma dma = cordon_engine_request(pasid);

    return cordon_iommu_fetch_add(&CORDON_MASTER(opaque)->space->as, &dma, addr,
                                  add, old);
}

static bool engine_can_pasid(void *opaque)
{
    return !CORDON_ENGINE_PLATFORM(opaque)->bus_dma;
}

/* On the bus alone, DMA need not wait. */
static bool engine_held(void *opaque)
{
    CordonEnginePlatform *s = opaque;

    return !s->bus_dma &&
           cordon_iommu_held(&CORDON_MASTER(s)->space->as);
}

static void engine_wake(void *opaque, uint64_t ns)
{
    CordonEnginePlatform *s = opaque;

    cordon_engine_arm(s->timer, ns);
}

static void engine_stop(void *opaque)
{
    CordonEnginePlatform *s = opaque;

    timer_del(s->timer);
}

static void engine_irq(void *opaque, bool level)
{
    CordonEnginePlatform *s = opaque;

    qemu_set_irq(s->irq, level);
}

static const struct cordon_engine_ops engine_ops = {
    .dma = engine_dma,
    .fetch_add = engine_fetch_add,
    .can_pasid = engine_can_pasid,
    .held = engine_held,
    .wake = engine_wake,
    .stop = engine_stop,
    .irq = engine_irq,
};

static uint64_t engine_mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    CordonEnginePlatform *s = opaque;

    return cordon_engine_read(&s->core, addr, size);
}

static void engine_mmio_write(void *opaque, hwaddr addr, uint64_t val,
                              unsigned size)
{
    CordonEnginePlatform *s = opaque;

    cordon_engine_write(&s->core, addr, val, size);
}

static const MemoryRegionOps engine_mmio_ops = {
    .read = engine_mmio_read,
    .write = engine_mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

static void engine_realize(DeviceState *dev, Error **errp)
{
    CordonEnginePlatform *s = CORDON_ENGINE_PLATFORM(dev);

    if (!cordon_master_init(CORDON_MASTER(s), false, errp)) {
        return;
    }
    memory_region_init_io(&s->mmio, OBJECT(s), &engine_mmio_ops, s,
                          TYPE_CORDON_ENGINE_PLATFORM, CORDON_ENGINE_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(s), &s->mmio);
    sysbus_init_irq(SYS_BUS_DEVICE(s), &s->irq);
    s->timer = cordon_engine_timer(&s->core);
    s->core.ops = &engine_ops;
    s->core.opaque = s;
}

static void engine_reset(DeviceState *dev)
{
    cordon_engine_reset(&CORDON_ENGINE_PLATFORM(dev)->core);
}

static void engine_describe(CordonMaster *m, void *fdt, const char *node)
{
    qemu_fdt_setprop_string(fdt, node, "compatible", CORDON_ENGINE_COMPATIBLE);
    qemu_fdt_setprop_cell(fdt, node, "pasid-num-bits", ENGINE_PASID_BITS);
}

static int engine_post_load(void *opaque, int version_id)
{
    CordonEnginePlatform *s = opaque;

    qemu_set_irq(s->irq, s->core.irq & 1);
    return 0;
}

static const VMStateDescription vmstate_engine = {
    .name = TYPE_CORDON_ENGINE_PLATFORM,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = engine_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(core, CordonEnginePlatform, 1, vmstate_cordon_engine,
                       struct cordon_engine),
        VMSTATE_TIMER_PTR(timer, CordonEnginePlatform),
        VMSTATE_END_OF_LIST()
    },
};

static const Property engine_properties[] = {
    DEFINE_PROP_BOOL("x-bus-dma", CordonEnginePlatform, bus_dma, false),
};

static void engine_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    CordonMasterClass *mc = CORDON_MASTER_CLASS(klass);

    dc->desc = "Cordon's DMA test engine as a platform master";
    dc->realize = engine_realize;
    dc->vmsd = &vmstate_engine;
    device_class_set_legacy_reset(dc, engine_reset);
    device_class_set_props(dc, engine_properties);
    mc->node = "dma-test-engine";
    mc->describe = engine_describe;
}

static const TypeInfo engine_info = {
    .name = TYPE_CORDON_ENGINE_PLATFORM,
    .parent = TYPE_CORDON_MASTER,
    .instance_size = sizeof(CordonEnginePlatform),
    .class_init = engine_class_init,
};

static void engine_register_types(void)
{
    type_register_static(&engine_info);
}

type_init(engine_register_types)
