/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: nodes in the machine's device tree.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/pci/pci_bus.h"
#include "system/device_tree.h"
#include "cordon-internal.h"
#include "cordon-master.h"
#include "trace.h"

/* Cells of an interrupt of the GIC */
#define GIC_SPI 0
#define GIC_LEVEL_HIGH 4

#define PCI_HOST_COMPATIBLE "pci-host-ecam-generic"

static const char * const cordon_irq_names[CORDON_INTS] = {
    [CORDON_INT_COMMAND] = "command",
    [CORDON_INT_FAULT] = "fault",
    [CORDON_INT_REQUEST] = "request",
    [CORDON_INT_COUNTER] = "counter",
    [CORDON_INT_ERROR] = "error",
};

/* Nodes may refer to each other in any order, so a handle is made on demand. */
static uint32_t cordon_phandle(CordonIommu *s, void *fdt)
{
    if (!s->phandle) {
        s->phandle = qemu_fdt_alloc_phandle(fdt);
    }
    return s->phandle;
}

/* The unit in front of a root bus: its own, or that of the bus it hangs on */
static CordonIommu *cordon_of_bus(PCIBus *bus)
{
    while (bus && !bus->iommu_ops && bus->parent_dev) {
        bus = pci_get_bus(bus->parent_dev);
    }
    return bus && bus->iommu_ops
           ? (CordonIommu *)object_dynamic_cast(bus->iommu_opaque,
                                                TYPE_CORDON_IOMMU)
           : NULL;
}

typedef struct CordonHost {
    int number;
    CordonIommu *unit;
} CordonHost;

static gint cordon_host_order(gconstpointer a, gconstpointer b)
{
    return ((const CordonHost *)a)->number - ((const CordonHost *)b)->number;
}

/*
 * One host node describes the root bus and its expanders, each of which owns
 * the bus numbers from its own up to the next one's, and may have a unit of its
 * own.
 */
static void cordon_map_requesters(void *fdt, const char *host, PCIBus *root)
{
    g_autoptr(GArray) hosts = g_array_new(false, false, sizeof(CordonHost));
    g_autoptr(GArray) map = g_array_new(false, false, sizeof(uint32_t));
    CordonHost own = { pci_bus_num(root), cordon_of_bus(root) };
    PCIBus *child;

    g_array_append_val(hosts, own);
    QLIST_FOREACH(child, &root->child, sibling) {
        if (pci_bus_is_root(child)) {
            CordonHost h = { pci_bus_num(child), cordon_of_bus(child) };

            g_array_append_val(hosts, h);
        }
    }
    g_array_sort(hosts, cordon_host_order);
    for (guint i = 0; i < hosts->len; i++) {
        const CordonHost *h = &g_array_index(hosts, CordonHost, i);
        uint32_t first = h->number << 8, end = CORDON_PCI_DEVIDS;
        uint32_t cells[4];

        if (i + 1 < hosts->len) {
            end = g_array_index(hosts, CordonHost, i + 1).number << 8;
        }
        if (!h->unit || first == end) {
            continue;
        }
        cells[0] = cpu_to_be32(first);
        cells[1] = cpu_to_be32(cordon_phandle(h->unit, fdt));
        cells[2] = cpu_to_be32(h->unit->devid_base + first);
        cells[3] = cpu_to_be32(end - first);
        g_array_append_vals(map, cells, ARRAY_SIZE(cells));
    }
    qemu_fdt_setprop(fdt, host, "iommu-map", map->data,
                     map->len * sizeof(uint32_t));
}

static void cordon_map_host(CordonIommu *s, void *fdt)
{
    g_auto(GStrv) hosts = qemu_fdt_node_path(fdt, NULL, PCI_HOST_COMPATIBLE,
                                             &error_fatal);
    PCIBus *root = s->primary_bus;

    while (root->parent_dev) {
        root = pci_get_bus(root->parent_dev);
    }
    if (hosts && hosts[0]) {
        cordon_map_requesters(fdt, hosts[0], root);
    }
}

static void cordon_add_unit(CordonIommu *s, void *fdt, PlatformBusDevice *pbus,
                            const char *pbus_node, int irq_start)
{
    SysBusDevice *sbdev = SYS_BUS_DEVICE(s);
    uint64_t base = platform_bus_get_mmio_addr(pbus, sbdev, 0);
    g_autofree char *node = g_strdup_printf("%s/iommu@%" PRIx64, pbus_node,
                                            base);
    uint32_t interrupts[3 * CORDON_INTS];

    qemu_fdt_add_subnode(fdt, node);
    qemu_fdt_setprop_string(fdt, node, "compatible", "cordon,iommu-v1");
    qemu_fdt_setprop_cells(fdt, node, "reg", base,
                           memory_region_size(&s->mmio));
    for (int i = 0; i < CORDON_INTS; i++) {
        int spi = irq_start + platform_bus_get_irqn(pbus, sbdev, i);

        interrupts[3 * i] = cpu_to_be32(GIC_SPI);
        interrupts[3 * i + 1] = cpu_to_be32(spi);
        interrupts[3 * i + 2] = cpu_to_be32(GIC_LEVEL_HIGH);
    }
    qemu_fdt_setprop(fdt, node, "interrupts", interrupts, sizeof(interrupts));
    qemu_fdt_setprop_string_array(fdt, node, "interrupt-names",
                                  (char **)cordon_irq_names, CORDON_INTS);
    qemu_fdt_setprop_cell(fdt, node, "#iommu-cells", 1);
    if (s->cfg.cap[2] & CORDON_CAP1_COHERENT) {
        qemu_fdt_setprop(fdt, node, "dma-coherent", NULL, 0);
    }
    qemu_fdt_setprop_cell(fdt, node, "phandle", cordon_phandle(s, fdt));
    if (s->primary_bus) {
        cordon_map_host(s, fdt);
    }
    trace_cordon_fdt_node(TYPE_CORDON_IOMMU, node);
}

/*
 * Masters do their DMA in the same memory as the CPUs, and see it as they do,
 * whatever the unit in front of them says of itself.
 */
static void cordon_add_master(CordonMaster *m, void *fdt,
                              PlatformBusDevice *pbus, const char *pbus_node,
                              int irq_start)
{
    const CordonMasterClass *mc = CORDON_MASTER_GET_CLASS(m);
    g_autoptr(GArray) interrupts = g_array_new(false, false, sizeof(uint32_t));
    SysBusDevice *sbdev = SYS_BUS_DEVICE(m);
    uint64_t base = platform_bus_get_mmio_addr(pbus, sbdev, 0);
    g_autofree char *node = g_strdup_printf("%s/%s@%" PRIx64, pbus_node,
                                            mc->node, base);

    qemu_fdt_add_subnode(fdt, node);
    qemu_fdt_setprop_cells(fdt, node, "reg", base, memory_region_size(
                           sysbus_mmio_get_region(sbdev, 0)));
    for (int i = 0; sysbus_has_irq(sbdev, i); i++) {
        int spi = irq_start + platform_bus_get_irqn(pbus, sbdev, i);
        uint32_t cells[] = {
            cpu_to_be32(GIC_SPI), cpu_to_be32(spi), cpu_to_be32(GIC_LEVEL_HIGH),
        };

        g_array_append_vals(interrupts, cells, ARRAY_SIZE(cells));
    }
    qemu_fdt_setprop(fdt, node, "interrupts", interrupts->data,
                     interrupts->len * sizeof(uint32_t));
    qemu_fdt_setprop_cells(fdt, node, "iommus", cordon_phandle(m->unit, fdt),
                           m->devid);
    qemu_fdt_setprop(fdt, node, "dma-coherent", NULL, 0);
    mc->describe(m, fdt, node);
    trace_cordon_fdt_node(object_get_typename(OBJECT(m)), node);
}

int cordon_add_fdt_node(SysBusDevice *sbdev, void *fdt, PlatformBusDevice *pbus,
                        const char *pbus_node, int irq_start)
{
    if (object_dynamic_cast(OBJECT(sbdev), TYPE_CORDON_IOMMU)) {
        cordon_add_unit(CORDON_IOMMU(sbdev), fdt, pbus, pbus_node, irq_start);
    } else {
        cordon_add_master(CORDON_MASTER(sbdev), fdt, pbus, pbus_node,
                          irq_start);
    }
    return 0;
}
