/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: what a master needs to know of the IOMMU in front of it.
 *
 * Every DMA of QEMU's own devices reaches the unit through the address space
 * that the PCI core hands out. These calls are for masters of ours, which can
 * say more of a request than a memory transaction carries, and which count
 * faults: the memory core asks again for each four bytes of a transfer that is
 * refused, these ask once.
 */
#ifndef HW_CORDON_IOMMU_H
#define HW_CORDON_IOMMU_H

#include "exec/memory.h"
#include "qemu/notify.h"

/**
 * struct CordonDma - what a request carries beside address and direction
 * @pasid: PASID, if @pv
 * @pv: the request has a PASID
 * @priv: it is privileged
 * @exec: a read is an instruction fetch
 */
typedef struct CordonDma {
    uint32_t pasid;
    bool pv;
    bool priv;
    bool exec;
} CordonDma;

/**
 * cordon_iommu_in_front() - Is the address space behind a Cordon unit?
 * @as: address space that the bus gave to a master
 *
 * Must be called with the BQL held.
 */
bool cordon_iommu_in_front(AddressSpace *as);

/**
 * cordon_iommu_held() - Do requests wait at the unit's inputs? (spec 10.3)
 * @as: the master's address space, for which cordon_iommu_in_front() holds
 *
 * A master that can wait asks before each request, and again later while this
 * is true. One that cannot is refused. Must be called with the BQL held.
 */
bool cordon_iommu_held(AddressSpace *as);

/**
 * cordon_iommu_dma() - One request of a master, with all that it carries
 * @as: the master's address space, for which cordon_iommu_in_front() holds
 * @dma: what the request carries
 * @attrs: transaction attributes downstream of the unit
 * @addr: address of the request
 * @buf: data
 * @len: length in bytes; [@addr, @addr + @len) stays within 4 KiB (spec 1.4)
 * @is_write: direction
 *
 * The unit is asked exactly once, so that a refusal is exactly one fault. Must
 * be called with the BQL held, which keeps the invalidations of other CPUs
 * between this request's translation and its use from completing.
 *
 * Returns MEMTX_OK, or an error if the unit or memory refused.
 */
MemTxResult cordon_iommu_dma(AddressSpace *as, const CordonDma *dma,
                             MemTxAttrs attrs, hwaddr addr, void *buf,
                             hwaddr len, bool is_write);

/**
 * cordon_iommu_fetch_add() - One atomic request of a master
 * @as: the master's address space
 * @dma: what the request carries
 * @addr: address, aligned to 8
 * @add: what to add to the little-endian dword there
 * @old: where to store what was there before
 *
 * As cordon_iommu_dma(); memory that is not RAM refuses atomics.
 */
MemTxResult cordon_iommu_fetch_add(AddressSpace *as, const CordonDma *dma,
                                   hwaddr addr, uint64_t add, uint64_t *old);

/**
 * cordon_iommu_add_step() - Be told of each step of software
 * @step: called before and after each access to a register of any unit, with
 *	the BQL held and no unit's lock; DMA may be done then
 */
void cordon_iommu_add_step(Notifier *step);

#endif
