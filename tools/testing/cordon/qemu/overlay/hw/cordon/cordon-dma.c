/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: requests of devices.
 *
 * Each master gets an address space of one IOMMU region. The memory core asks
 * that region for each use; the unit's caches are the model's, so that an
 * invalidation which software forgets is seen.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "exec/address-spaces.h"
#include "hw/pci/pci_bus.h"
#include "system/dma.h"
#include "hw/cordon/cordon-iommu.h"
#include "cordon-internal.h"
#include "trace.h"

/* all units; protected by the BQL, and fixed once the machine is there */
static QLIST_HEAD(, CordonIommu) cordon_units =
    QLIST_HEAD_INITIALIZER(cordon_units);

static uint32_t cordon_space_devid(const CordonSpace *sp)
{
    if (!sp->bus) {
        return sp->devid;
    }
    return sp->unit->devid_base +
           PCI_BUILD_BDF(pci_bus_num(sp->bus), sp->devfn);
}

static void cordon_ask(CordonIommu *s, const struct cordon_request *req,
                       struct cordon_answer *ans)
{
    qemu_mutex_lock(&s->lock);
    cordon_model_translate(s->model, req, ans);
    qemu_mutex_unlock(&s->lock);
    if (ans->reason && !req->probe) {
        /* a fault record interrupts, and its merging ends by time */
        cordon_settle(s);
    }
}

/*
 * Where a request goes that the unit has let through: never to registers of a
 * unit, whatever its context says (spec 14.1). It is the bus that terminates
 * it, so there is no record of it.
 */
static bool cordon_is_registers(hwaddr addr)
{
    CordonIommu *unit;

    QLIST_FOREACH(unit, &cordon_units, next) {
        if (addr - unit->mmio_at < unit->mmio_size) {
            return true;
        }
    }
    return false;
}

void cordon_dma_reset(CordonIommu *s)
{
    MemoryRegion *mr = &s->mmio;

    /* as deep as the board puts them: a bus in the system's memory */
    s->mmio_at = 0;
    for (; mr && mr != get_system_memory(); mr = mr->container) {
        s->mmio_at += mr->addr;
    }
    s->mmio_size = mr ? memory_region_size(&s->mmio) : 0;
}

/*
 * An access of IOMMU_NONE asks for permissions and is no request: the one that
 * has any of them wins, and nothing is recorded.
 */
static IOMMUAccessFlags cordon_probe(CordonIommu *s, struct cordon_request *req,
                                     struct cordon_answer *ans)
{
    req->probe = true;
    req->read = true;
    cordon_ask(s, req, ans);
    if (ans->reason) {
        req->read = false;
        req->write = true;
        cordon_ask(s, req, ans);
    }
    return ans->reason ? IOMMU_NONE : IOMMU_ACCESS_FLAG(ans->read, ans->write);
}

static IOMMUTLBEntry cordon_translate(IOMMUMemoryRegion *iommu, hwaddr addr,
                                      IOMMUAccessFlags flag, int iommu_idx)
{
    CordonSpace *sp = container_of(iommu, CordonSpace, iommu);
    CordonIommu *s = sp->unit;
    struct cordon_request req = {
        .addr = addr,
        .devid = cordon_space_devid(sp),
        .read = flag & IOMMU_RO,
        .write = flag & IOMMU_WO,
        .priv = sp->priv,
        .type = CORDON_TYPE_UNTRANSLATED,
    };
    struct cordon_answer ans;
    IOMMUTLBEntry entry = {
        .target_as = &address_space_memory,
        .iova = addr & ~CORDON_REQUEST_MASK,
        .translated_addr = addr & ~CORDON_REQUEST_MASK,
        /*
         * Never the span of the translation: each 4 KiB is a request of its
         * own, which is counted, logged and checked.
         */
        .addr_mask = CORDON_REQUEST_MASK,
        .perm = IOMMU_NONE,
    };

    if (flag == IOMMU_NONE) {
        entry.perm = cordon_probe(s, &req, &ans);
    } else {
        cordon_ask(s, &req, &ans);
        if (!ans.reason) {
            entry.perm = IOMMU_ACCESS_FLAG(ans.read, ans.write);
        }
    }
    if (ans.reason == CORDON_ANSWER_HELD) {
        qemu_log_mask(LOG_GUEST_ERROR, "cordon: %s: DeviceID 0x%x was at work"
                      " while requests wait, and cannot\n", cordon_name(s),
                      req.devid);
    }
    if (!ans.reason) {
        entry.translated_addr = ans.addr & ~CORDON_REQUEST_MASK;
        if (cordon_is_registers(ans.addr)) {
            entry.perm = IOMMU_NONE;
        }
    } else if (ans.razwi && flag != IOMMU_NONE) {
        entry.target_as = &s->razwi_as;
        entry.perm = IOMMU_RW;
    }
    return entry;
}

static int cordon_notify_flag_changed(IOMMUMemoryRegion *iommu,
                                      IOMMUNotifierFlag old,
                                      IOMMUNotifierFlag new, Error **errp)
{
    CordonSpace *sp = container_of(iommu, CordonSpace, iommu);

    if (new & ~IOMMU_NOTIFIER_UNMAP) {
        error_setg(errp, "%s: mapping is not announced (an absent entry is"
                   " never cached), so %s cannot shadow it",
                   cordon_name(sp->unit),
                   memory_region_name(MEMORY_REGION(iommu)));
        return -EINVAL;
    }
    if (old == IOMMU_NOTIFIER_NONE) {
        QLIST_INSERT_HEAD(&sp->unit->notified, sp, notified);
    } else if (new == IOMMU_NOTIFIER_NONE) {
        QLIST_REMOVE(sp, notified);
    }
    return 0;
}

/* Nobody who wants to know of mappings gets this far. */
static void cordon_replay(IOMMUMemoryRegion *iommu, IOMMUNotifier *notifier)
{
}

static void cordon_notify_one(IOMMUNotifier *n, uint64_t first, uint64_t last)
{
    first = MAX(first, n->start);
    last = MIN(last, n->end);
    while (first <= last) {
        uint64_t mask = dma_aligned_pow2_mask(first, last, 64);
        IOMMUTLBEvent event = {
            .type = IOMMU_NOTIFIER_UNMAP,
            .entry = {
                .target_as = &address_space_memory,
                .iova = first,
                .addr_mask = mask,
                .perm = IOMMU_NONE,
            },
        };

        memory_region_notify_iommu_one(n, &event);
        if (last - first == mask) {
            break;
        }
        first += mask + 1;
    }
}

void cordon_dma_invalidated(void *opaque, bool all_devices, uint32_t devid,
                            uint64_t first, uint64_t last)
{
    CordonIommu *s = opaque;
    CordonSpace *sp;

    QLIST_FOREACH(sp, &s->notified, notified) {
        IOMMUNotifier *n;

        if (!all_devices && cordon_space_devid(sp) != devid) {
            continue;
        }
        IOMMU_NOTIFIER_FOREACH(n, &sp->iommu) {
            cordon_notify_one(n, first, last);
        }
    }
}

static CordonSpace *cordon_space_new(CordonIommu *s, const char *name)
{
    CordonSpace *sp = g_new0(CordonSpace, 1);

    sp->unit = s;
    memory_region_init_iommu(&sp->iommu, sizeof(sp->iommu),
                             TYPE_CORDON_MEMORY_REGION, OBJECT(s), name,
                             UINT64_MAX);
    address_space_init(&sp->as, MEMORY_REGION(&sp->iommu), name);
    trace_cordon_space(cordon_name(s), name);
    return sp;
}

CordonSpace *cordon_space_new_master(CordonIommu *s, uint32_t devid, bool priv,
                                     const char *name)
{
    g_autofree char *full = g_strdup_printf("%s-%s", cordon_name(s), name);
    CordonSpace *sp = cordon_space_new(s, full);

    sp->devid = devid;
    sp->priv = priv;
    return sp;
}

static AddressSpace *cordon_get_address_space(PCIBus *bus, void *opaque,
                                              int devfn)
{
    CordonIommu *s = opaque;
    CordonSpace **of_bus = g_hash_table_lookup(s->spaces, bus);
    CordonSpace *sp;

    if (!of_bus) {
        of_bus = g_new0(CordonSpace *, PCI_DEVFN_MAX);
        g_hash_table_insert(s->spaces, bus, of_bus);
    }
    sp = of_bus[devfn];
    if (!sp) {
        g_autofree char *name = g_strdup_printf("%s-%s-%02x.%x", cordon_name(s),
                                                BUS(bus)->name,
                                                PCI_SLOT(devfn),
                                                PCI_FUNC(devfn));

        sp = cordon_space_new(s, name);
        sp->bus = bus;
        sp->devfn = devfn;
        of_bus[devfn] = sp;
    }
    return &sp->as;
}

static const PCIIOMMUOps cordon_pci_ops = {
    .get_address_space = cordon_get_address_space,
};

bool cordon_dma_init(CordonIommu *s, Error **errp)
{
    QLIST_INSERT_HEAD(&cordon_units, s, next);
    s->spaces = g_hash_table_new(NULL, NULL);
    QLIST_INIT(&s->notified);
    if (!s->primary_bus) {
        return true;
    }
    if (!pci_bus_is_root(s->primary_bus)) {
        error_setg(errp, "'%s' is not a root bus",
                   BUS(s->primary_bus)->name);
        return false;
    }
    if (s->primary_bus->iommu_ops) {
        error_setg(errp, "bus '%s' is behind an IOMMU already",
                   BUS(s->primary_bus)->name);
        return false;
    }
    pci_setup_iommu(s->primary_bus, &cordon_pci_ops, s);
    return true;
}

bool cordon_iommu_in_front(AddressSpace *as)
{
    return object_dynamic_cast(OBJECT(as->root), TYPE_CORDON_MEMORY_REGION);
}

/* Of one for which cordon_iommu_in_front() holds */
static CordonSpace *cordon_space_of(AddressSpace *as)
{
    return container_of(as, CordonSpace, as);
}

bool cordon_iommu_held(AddressSpace *as)
{
    CordonIommu *s = cordon_space_of(as)->unit;

    /* what sets it, a register's write, holds the BQL too: no lock is needed */
    assert(bql_locked());
    return cordon_model_held(s->model);
}

/* What the bus of the master cannot carry is not there (spec 1.4). */
static void cordon_request_of(const CordonSpace *sp, const CordonDma *dma,
                              hwaddr addr, struct cordon_request *req)
{
    bool carried = dma->pv || !sp->bus;

    *req = (struct cordon_request) {
        .addr = addr,
        .devid = cordon_space_devid(sp),
        .pasid = dma->pv ? dma->pasid : 0,
        .pv = dma->pv,
        .exec = dma->exec && carried,
        .priv = dma->priv && carried,
        .type = CORDON_TYPE_UNTRANSLATED,
    };
}

MemTxResult cordon_iommu_dma(AddressSpace *as, const CordonDma *dma,
                             MemTxAttrs attrs, hwaddr addr, void *buf,
                             hwaddr len, bool is_write)
{
    CordonSpace *sp = cordon_space_of(as);
    struct cordon_request req;
    struct cordon_answer ans;

    assert(bql_locked());
    assert(!len || (addr & CORDON_REQUEST_MASK) + len - 1 <=
           CORDON_REQUEST_MASK);
    cordon_request_of(sp, dma, addr, &req);
    req.read = !is_write;
    req.write = is_write;
    req.exec = req.exec && !is_write;
    cordon_ask(sp->unit, &req, &ans);
    if (ans.reason && ans.razwi) {
        if (!is_write) {
            memset(buf, 0, len);
        }
        return MEMTX_OK;
    }
    if (ans.reason || cordon_is_registers(ans.addr)) {
        return MEMTX_ACCESS_ERROR;
    }
    return address_space_rw(&address_space_memory, ans.addr, attrs, buf, len,
                            is_write);
}

MemTxResult cordon_iommu_fetch_add(AddressSpace *as, const CordonDma *dma,
                                   hwaddr addr, uint64_t add, uint64_t *old)
{
    CordonSpace *sp = cordon_space_of(as);
    struct cordon_request req;
    struct cordon_answer ans;

    assert(bql_locked());
    cordon_request_of(sp, dma, addr, &req);
    req.read = true;
    req.write = true;
    req.exec = false;
    req.atomic = true;
    cordon_ask(sp->unit, &req, &ans);
    if (ans.reason && ans.razwi) {
        *old = 0;
        return MEMTX_OK;
    }
    if (ans.reason) {
        return MEMTX_ACCESS_ERROR;
    }
    return cordon_memory_fetch_add(ans.addr, add, old) ? MEMTX_DECODE_ERROR
                                                       : MEMTX_OK;
}

static void cordon_memory_region_class_init(ObjectClass *klass, void *data)
{
    IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_CLASS(klass);

    imrc->translate = cordon_translate;
    imrc->notify_flag_changed = cordon_notify_flag_changed;
    imrc->replay = cordon_replay;
}

static const TypeInfo cordon_memory_region_info = {
    .name = TYPE_CORDON_MEMORY_REGION,
    .parent = TYPE_IOMMU_MEMORY_REGION,
    .class_init = cordon_memory_region_class_init,
};

static void cordon_dma_register_types(void)
{
    type_register_static(&cordon_memory_region_info);
}

type_init(cordon_dma_register_types)
