/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: the device around the reference model.
 *
 * The model is single-threaded. @lock serialises the calls into it; it nests
 * inside the BQL and is never held where the BQL could be taken:
 *
 * - registers, timers and bottom halves come with the BQL held;
 * - a device's DMA may come without it. What the model then wants of the rest
 *   of the machine, an interrupt or a call at a later time, is left to a bottom
 *   half (cordon_settle()).
 */
#ifndef HW_CORDON_INTERNAL_H
#define HW_CORDON_INTERNAL_H

#include "hw/sysbus.h"
#include "hw/pci/pci.h"
#include "qemu/queue.h"
#include "qemu/thread.h"
#include "qemu/timer.h"
#include "qom/object.h"
#include "hw/cordon/cordon-fdt.h"
#include "model/include/linux/bits.h"
#include "include/linux/cordon_hw.h"
#include "model/cordon_model.h"

OBJECT_DECLARE_SIMPLE_TYPE(CordonIommu, CORDON_IOMMU)

#define TYPE_CORDON_MEMORY_REGION "cordon-iommu-memory-region"

/* Device IDs of a PCI segment (spec 2) */
#define CORDON_PCI_DEVIDS 0x10000

/* The granularity at which requests reach the unit (spec 1.4) */
#define CORDON_REQUEST_MASK 0xfffull

/**
 * struct CordonSpace - a master's view of memory
 * @iommu: the region that asks the unit
 * @as: what the master does its DMA in
 * @unit: the unit
 * @bus: PCI bus of the master, whose number may change until it is used; NULL
 *       for a platform master
 * @devfn: device and function of a PCI master
 * @devid: DeviceID of a platform master
 * @priv: what comes through the memory core is privileged (platform masters)
 * @notified: in CordonIommu.notified while somebody keeps translations
 */
typedef struct CordonSpace {
    IOMMUMemoryRegion iommu;
    AddressSpace as;
    CordonIommu *unit;
    PCIBus *bus;
    int devfn;
    uint32_t devid;
    bool priv;
    QLIST_ENTRY(CordonSpace) notified;
} CordonSpace;

typedef struct CordonMsi {
    uint64_t addr;
    uint32_t data;
} CordonMsi;

/**
 * struct CordonIommu - one unit
 * @mmio: registers
 * @mmio_at: where the board has put them; known once the machine has been reset
 * @mmio_size: bytes of @mmio, or 0 if they are not in memory
 * @razwi: what terminated requests with RAZWI reach (spec 3.3.1)
 * @razwi_as: address space of @razwi
 * @irq: the wired outputs (spec 8)
 * @primary_bus: property: root bus that the unit is in front of, or NULL
 * @devid_base: property: DeviceID of requester ID 0
 * @cfg: capabilities, which properties trim until the device is realized
 * @check_grace: property: cordon_config.stale_grace in nanoseconds
 * @command_latency: property: cordon_config.command_latency in nanoseconds
 * @inject: properties: errors to make, until the device is realized; from then
 *     on they are the model's
 * @inject_slow: property: cordon_inject.slow in nanoseconds
 * @period_ns: nanoseconds in a tick of the system counter
 * @lock: serialises the model; nests inside the BQL
 * @model: the model; protected by @lock, as is all that follows up to @bh
 * @outputs: level that the model wants each output to have, by bit
 * @messages: messages that the model has sent and memory has not got yet
 * @deadline: counter value at which the model wants to be called
 * @last_violation: text of the newest violation
 * @bh: settles what a request without the BQL has left to do
 * @timer: calls the model at @deadline
 * @spaces: PCIBus * to an array of CordonSpace * by devfn; protected by the BQL
 * @notified: spaces with notifiers; protected by the BQL
 * @next: in the list of all units
 * @phandle: of the unit's node in the device tree
 * @state: model's state while a migration is under way
 * @state_len: bytes in @state
 */
struct CordonIommu {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    hwaddr mmio_at;
    hwaddr mmio_size;
    MemoryRegion razwi;
    AddressSpace razwi_as;
    qemu_irq irq[CORDON_INTS];

    PCIBus *primary_bus;
    uint32_t devid_base;
    struct cordon_config cfg;
    uint64_t check_grace;
    uint64_t command_latency;
    struct cordon_inject inject;
    uint64_t inject_slow;
    uint32_t period_ns;

    QemuMutex lock;
    struct cordon_model *model;
    uint32_t outputs;
    GArray *messages;
    uint64_t deadline;
    char *last_violation;

    QEMUBH *bh;
    QEMUTimer *timer;
    GHashTable *spaces;
    QLIST_HEAD(, CordonSpace) notified;
    QLIST_ENTRY(CordonIommu) next;
    uint32_t phandle;
    uint8_t *state;
    uint32_t state_len;
};

const char *cordon_name(const CordonIommu *s);

/**
 * cordon_settle() - Do what the model has asked for
 * @s: unit; its lock not held
 *
 * With the BQL held drives outputs, sends messages and arms the timer; without
 * it schedules a bottom half that does, after a call of cordon_model_tick().
 */
void cordon_settle(CordonIommu *s);

/* cordon-memory.c: the model's accesses to memory; see struct cordon_ops */
int cordon_memory_read(void *opaque, uint64_t addr, void *buf, size_t len);
int cordon_memory_write(void *opaque, uint64_t addr, const void *buf,
                        size_t len);
int cordon_memory_cas(void *opaque, uint64_t addr, uint64_t *old, uint64_t val);
int cordon_memory_or8(void *opaque, uint64_t addr, uint8_t bits);

/**
 * cordon_memory_fetch_add() - Atomically add to a little-endian dword in RAM
 * @addr: PA, aligned to 8
 * @add: what to add
 * @old: where to store what was there before
 *
 * Returns 0, or -EFAULT where there is no RAM that can be written.
 */
int cordon_memory_fetch_add(uint64_t addr, uint64_t add, uint64_t *old);

/* cordon-dma.c */

/**
 * cordon_dma_init() - Stand in front of the primary bus
 * @s: unit, being realized
 * @errp: set if the bus has an IOMMU already
 */
bool cordon_dma_init(CordonIommu *s, Error **errp);

/**
 * cordon_dma_reset() - See where the board has put the registers
 * @s: unit; the machine is made, and no device has done DMA
 */
void cordon_dma_reset(CordonIommu *s);

/**
 * cordon_dma_invalidated() - Tell those who keep translations
 *
 * Called with the lock held, which is right: a completion must not be visible
 * before the notifiers have run, and those for unmapping never translate.
 */
void cordon_dma_invalidated(void *opaque, bool all_devices, uint32_t devid,
                            uint64_t first, uint64_t last);

/**
 * cordon_space_new_master() - A platform master's view of memory
 * @s: unit that the master is behind
 * @devid: DeviceID by which the unit knows it
 * @priv: its requests through the memory core, which cannot carry that, are
 *        privileged
 * @name: what to call it
 *
 * The space lives as long as the unit. Must be called with the BQL held.
 */
CordonSpace *cordon_space_new_master(CordonIommu *s, uint32_t devid, bool priv,
                                     const char *name);

/* cordon-properties.c */

/**
 * cordon_add_properties() - Capabilities to trim, errors to inject, statistics
 * @klass: class of the unit
 */
void cordon_add_properties(ObjectClass *klass);

#endif
