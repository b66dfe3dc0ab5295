/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon's DMA test engine on PCIe: BAR 0 registers and buffer, BAR 1 MSI-X.
 *
 * Behind a Cordon unit it speaks to the unit itself, once for each request, so
 * that a refusal is one fault and a request can carry a PASID. With
 * x-bus-dma=on, and behind anything else, it goes through the PCI core like any
 * other device, which asks the IOMMU again for every four bytes of what is
 * refused and cannot carry a PASID.
 *
 * With hostile=on it obeys nobody: see cordon_engine.h.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "hw/cordon/cordon-iommu.h"
#include "migration/vmstate.h"
#include "system/dma.h"
#include "engine-shell.h"
#include "trace.h"

#define TYPE_CORDON_ENGINE "cordon-engine"
OBJECT_DECLARE_SIMPLE_TYPE(CordonEnginePci, CORDON_ENGINE)

#define ENGINE_VECTORS 2
#define ENGINE_VECTOR_DONE 0

struct CordonEnginePci {
    PCIDevice parent_obj;
    MemoryRegion mmio;
    struct cordon_engine core;
    QEMUTimer *timer;
    bool bus_dma;
    bool hostile;
    bool stepping;
    bool unit_known;
    AddressSpace *unit;
    Notifier step;
};

static bool engine_is_master(const CordonEnginePci *s, const PCIDevice *dev)
{
    return s->hostile ||
           pci_get_word(dev->config + PCI_COMMAND) & PCI_COMMAND_MASTER;
}

/*
 * The unit's address space, or NULL if requests go through the PCI core. All
 * units are there before the first request, but not when engines are made;
 * from then on what is in front of a device stays.
 */
static AddressSpace *engine_unit(CordonEnginePci *s)
{
    if (!s->unit_known) {
        AddressSpace *as = pci_device_iommu_address_space(PCI_DEVICE(s));

        s->unit = !s->bus_dma && cordon_iommu_in_front(as) ? as : NULL;
        s->unit_known = true;
    }
    return s->unit;
}

static int engine_dma(void *opaque, uint32_t pasid, uint64_t addr, void *buf,
                      uint32_t len, bool write)
{
    CordonEnginePci *s = opaque;
    PCIDevice *dev = PCI_DEVICE(s);
    AddressSpace *unit = engine_unit(s);
    MemTxAttrs attrs = { .requester_id = pci_requester_id(dev) };
    MemTxResult result;

    if (!engine_is_master(s, dev)) {
        result = MEMTX_ACCESS_ERROR;
    } else if (unit) {
        CordonDma dma = cordon_engine_request(pasid);

        result = cordon_iommu_dma(unit, &dma, attrs, addr, buf, len, write);
    } else {
        result = dma_memory_rw(pci_get_address_space(dev), addr, buf, len,
                               write ? DMA_DIRECTION_FROM_DEVICE
                                     : DMA_DIRECTION_TO_DEVICE, attrs);
    }
    trace_cordon_engine_dma(dev->name, write ? "write" : "read", addr, len,
                            pasid, result);
    return result;
}

static int engine_fetch_add(void *opaque, uint32_t pasid, uint64_t addr,
                            uint64_t add, uint64_t *old)
{
    CordonEnginePci *s = opaque;
    AddressSpace *as = pci_device_iommu_address_space(PCI_DEVICE(s));
    CordonDma dma = cordon_engine_request(pasid);

    /* the PCI core has no atomics to offer */
    if (!engine_is_master(s, PCI_DEVICE(s)) || !cordon_iommu_in_front(as)) {
        return -EOPNOTSUPP;
    }
    return cordon_iommu_fetch_add(as, &dma, addr, add, old);
}

static bool engine_can_pasid(void *opaque)
{
    return engine_unit(opaque);
}

/* Behind whatever else, DMA need not wait. */
static bool engine_held(void *opaque)
{
    AddressSpace *unit = engine_unit(opaque);

    return unit && cordon_iommu_held(unit);
}

static void engine_wake(void *opaque, uint64_t ns)
{
    CordonEnginePci *s = opaque;

    cordon_engine_arm(s->timer, ns);
}

static void engine_stop(void *opaque)
{
    CordonEnginePci *s = opaque;

    timer_del(s->timer);
}

static void engine_irq(void *opaque, bool level)
{
    PCIDevice *dev = PCI_DEVICE(opaque);

    if (level && msix_enabled(dev)) {
        msix_notify(dev, ENGINE_VECTOR_DONE);
    }
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

/* Software is about to take a step, or has taken one: a piece of DMA. */
static void engine_step(Notifier *n, void *unit)
{
    CordonEnginePci *s = container_of(n, CordonEnginePci, step);

    /* one without a delay is done with all by now, or goes in bursts */
    if (s->core.delay && !s->stepping) {
        s->stepping = true;
        cordon_engine_run(&s->core);
        s->stepping = false;
    }
}

static uint64_t engine_mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    CordonEnginePci *s = opaque;

    return cordon_engine_read(&s->core, addr, size);
}

static void engine_mmio_write(void *opaque, hwaddr addr, uint64_t val,
                              unsigned size)
{
    CordonEnginePci *s = opaque;

    if (s->hostile && (addr == CORDON_ENGINE_CLEAR ||
                       (addr == CORDON_ENGINE_STOP &&
                        val != CORDON_ENGINE_STOP_HOSTILE))) {
        return;
    }
    cordon_engine_write(&s->core, addr, val, size);
}

static const MemoryRegionOps engine_mmio_ops = {
    .read = engine_mmio_read,
    .write = engine_mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

static void engine_realize(PCIDevice *dev, Error **errp)
{
    CordonEnginePci *s = CORDON_ENGINE(dev);

    if (pcie_endpoint_cap_init(dev, 0) < 0) {
        error_setg(errp, "no room for the PCIe capability");
        return;
    }
    pcie_cap_flr_init(dev);
    memory_region_init_io(&s->mmio, OBJECT(s), &engine_mmio_ops, s,
                          TYPE_CORDON_ENGINE, CORDON_ENGINE_SIZE);
    pci_register_bar(dev, 0, PCI_BASE_ADDRESS_SPACE_MEMORY, &s->mmio);
    if (msix_init_exclusive_bar(dev, ENGINE_VECTORS, 1, errp) < 0) {
        return;
    }
    for (int i = 0; i < ENGINE_VECTORS; i++) {
        msix_vector_use(dev, i);
    }
    if (s->hostile) {
        pci_config_set_device_id(dev->config, CORDON_ENGINE_HOSTILE);
        s->step.notify = engine_step;
        cordon_iommu_add_step(&s->step);
    }
    s->timer = cordon_engine_timer(&s->core);
    s->core.ops = &engine_ops;
    s->core.opaque = s;
}

static void engine_exit(PCIDevice *dev)
{
    CordonEnginePci *s = CORDON_ENGINE(dev);

    if (s->hostile) {
        notifier_remove(&s->step);
    }
    timer_free(s->timer);
    msix_unuse_all_vectors(dev);
    msix_uninit_exclusive_bar(dev);
    pcie_cap_exit(dev);
}

static void engine_reset(DeviceState *dev)
{
    CordonEnginePci *s = CORDON_ENGINE(dev);

    if (!s->hostile) {
        cordon_engine_reset(&s->core);
    }
}

static void engine_config_write(PCIDevice *dev, uint32_t addr, uint32_t val,
                                int len)
{
    pci_default_write_config(dev, addr, val, len);
    pcie_cap_flr_write_config(dev, addr, val, len);
}

static const VMStateDescription vmstate_engine = {
    .name = TYPE_CORDON_ENGINE,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, CordonEnginePci),
        VMSTATE_MSIX(parent_obj, CordonEnginePci),
        VMSTATE_STRUCT(core, CordonEnginePci, 1, vmstate_cordon_engine,
                       struct cordon_engine),
        VMSTATE_TIMER_PTR(timer, CordonEnginePci),
        VMSTATE_END_OF_LIST()
    },
};

static const Property engine_properties[] = {
    DEFINE_PROP_BOOL("x-bus-dma", CordonEnginePci, bus_dma, false),
    DEFINE_PROP_BOOL("hostile", CordonEnginePci, hostile, false),
};

static void engine_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "Cordon's DMA test engine";
    dc->vmsd = &vmstate_engine;
    device_class_set_legacy_reset(dc, engine_reset);
    device_class_set_props(dc, engine_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    pc->realize = engine_realize;
    pc->exit = engine_exit;
    pc->config_write = engine_config_write;
    pc->vendor_id = CORDON_ENGINE_VENDOR;
    pc->device_id = CORDON_ENGINE_DEVICE;
    pc->class_id = PCI_CLASS_OTHERS;
}

static const TypeInfo engine_info = {
    .name = TYPE_CORDON_ENGINE,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(CordonEnginePci),
    .class_init = engine_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { }
    },
};

static void engine_register_types(void)
{
    type_register_static(&engine_info);
}

type_init(engine_register_types)
