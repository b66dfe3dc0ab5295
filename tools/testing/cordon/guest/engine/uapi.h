/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What tests ask of the driver of Cordon's DMA test engine, /dev/cordon-engineN.
 *
 * Buffers belong to the open file and go when it is closed. Every call returns
 * 0 or a negative errno. Addresses that name no mapping are allowed where DMA
 * is started: that is what the engine is for.
 */
#ifndef CORDON_ENGINE_UAPI_H
#define CORDON_ENGINE_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* values of cordon_engine_alloc.kind */
#define CORDON_ENGINE_PAGES	0	/* contiguous pages, mapped by MAP */
#define CORDON_ENGINE_SCATTERED	1	/* pages of which no two are neighbours, mapped by MAP */
#define CORDON_ENGINE_COHERENT	2	/* dma_alloc_coherent(), mapped from the start */

/**
 * struct cordon_engine_alloc - allocate a buffer of zeroes
 * @kind: CORDON_ENGINE_PAGES, _SCATTERED or _COHERENT
 * @id: out: names the buffer
 * @size: bytes
 * @phys: out: physical address of the first byte; zero for a coherent buffer
 * @iova: out: bus address of a coherent buffer
 */
struct cordon_engine_alloc {
	__u32 kind;
	__u32 id;
	__u64 size;
	__u64 phys;
	__u64 iova;
};

/* values of cordon_engine_map.dir: who moves data, as in enum dma_data_direction */
#define CORDON_ENGINE_BOTH	0
#define CORDON_ENGINE_TO_DEVICE	1	/* the device may only read */
#define CORDON_ENGINE_FROM_DEVICE 2	/* the device may only write */

/**
 * struct cordon_engine_map - map a buffer with the DMA API
 * @id: the buffer
 * @dir: CORDON_ENGINE_BOTH, _TO_DEVICE or _FROM_DEVICE
 * @offset: first byte to map; zero for a scattered buffer
 * @len: bytes; the whole of a scattered buffer
 * @iova: out: bus address of the first byte
 * @ranges: out: address ranges that the mapping has
 */
struct cordon_engine_map {
	__u32 id;
	__u32 dir;
	__u64 offset;
	__u64 len;
	__u64 iova;
	__u64 ranges;
};

/**
 * struct cordon_engine_access - read or write memory as the CPU
 * @id: the buffer, or CORDON_ENGINE_OWN_BUFFER for the one in the engine
 * @write: 1: from @data to the buffer; 0: from the buffer to @data
 * @offset: first byte
 * @len: bytes
 * @data: user's memory
 */
struct cordon_engine_access {
	__u32 id;
	__u32 write;
	__u64 offset;
	__u64 len;
	__u64 data;
};

#define CORDON_ENGINE_OWN_BUFFER	0xffffffff

/**
 * struct cordon_engine_op - run an operation and wait for its end
 * @cmd: CORDON_ENGINE_OP_*, and CORDON_ENGINE_CMD_KEEP_GOING
 * @flags: CORDON_ENGINE_WAIT_IRQ: wait for the interrupt, otherwise ask STATUS
 * @src: bus address
 * @dst: bus address
 * @len: bytes
 * @data: pattern or operand; out: an atomic's old value
 * @count: repetitions, 0 is 1
 * @delay: ns between pieces of 4 KiB
 * @pasid: CORDON_ENGINE_PASID_*
 * @timeout_ms: stop it and return -ETIMEDOUT after so long; 0 is 10 s
 * @status: out: CORDON_ENGINE_STATUS_*
 * @reserved: zero
 * @moved: out: bytes moved
 * @bad: out: first address that was terminated
 * @done: out: repetitions done
 * @errors: out: accesses that were terminated
 */
struct cordon_engine_op {
	__u32 cmd;
	__u32 flags;
	__u64 src;
	__u64 dst;
	__u64 len;
	__u64 data;
	__u64 count;
	__u64 delay;
	__u32 pasid;
	__u32 timeout_ms;
	__u32 status;
	__u32 reserved;
	__u64 moved;
	__u64 bad;
	__u64 done;
	__u64 errors;
};

#define CORDON_ENGINE_WAIT_IRQ		0x1

/*
 * Domains: the default one, which the DMA API maps in, two that a test owns,
 * and one that all engines share. A device is in one of them at a time and may
 * have an address mapped in each, so that a test can move a device while it
 * does DMA there. The shared one is made for the unit of the first engine that
 * maps something in it or enters it, and goes with the files of the last.
 */
#define CORDON_ENGINE_DOMAIN_DEFAULT	0
#define CORDON_ENGINE_DOMAIN_A		1
#define CORDON_ENGINE_DOMAIN_B		2
#define CORDON_ENGINE_DOMAIN_SHARED	3
#define CORDON_ENGINE_DOMAINS		4

/* values of cordon_engine_iommu.prot */
#define CORDON_ENGINE_PROT_READ		0x1
#define CORDON_ENGINE_PROT_WRITE	0x2

/**
 * struct cordon_engine_iommu - map and unmap with the IOMMU API, at chosen addresses
 * @domain: CORDON_ENGINE_DOMAIN_*
 * @id: the buffer (MAP)
 * @prot: CORDON_ENGINE_PROT_* (MAP)
 * @reserved: zero
 * @iova: bus address
 * @offset: first byte of the buffer (MAP)
 * @len: bytes; out, of UNMAP: bytes unmapped
 * @phys: out, of LOOKUP: physical address that @iova has, or zero
 */
struct cordon_engine_iommu {
	__u32 domain;
	__u32 id;
	__u32 prot;
	__u32 reserved;
	__u64 iova;
	__u64 offset;
	__u64 len;
	__u64 phys;
};

/**
 * struct cordon_engine_faults - what the fault handler of a test's domain saw
 * @domain: CORDON_ENGINE_DOMAIN_A or _B
 * @write: out: the last fault was a write
 * @count: out: calls since the domain was made
 * @iova: out: address of the last
 */
struct cordon_engine_faults {
	__u32 domain;
	__u32 write;
	__u64 count;
	__u64 iova;
};

#define CORDON_ENGINE_IOC	0xc0
#define CORDON_ENGINE_ALLOC	_IOWR(CORDON_ENGINE_IOC, 0, struct cordon_engine_alloc)
#define CORDON_ENGINE_FREE	_IO(CORDON_ENGINE_IOC, 1)	/* argument: buffer */
#define CORDON_ENGINE_MAP	_IOWR(CORDON_ENGINE_IOC, 2, struct cordon_engine_map)
#define CORDON_ENGINE_UNMAP	_IO(CORDON_ENGINE_IOC, 3)	/* argument: buffer */
#define CORDON_ENGINE_ACCESS	_IOW(CORDON_ENGINE_IOC, 4, struct cordon_engine_access)
#define CORDON_ENGINE_RUN	_IOWR(CORDON_ENGINE_IOC, 5, struct cordon_engine_op)
#define CORDON_ENGINE_END	_IO(CORDON_ENGINE_IOC, 6)	/* end what runs */
#define CORDON_ENGINE_RESET	_IO(CORDON_ENGINE_IOC, 7)	/* on PCI, function-level */
#define CORDON_ENGINE_ATTACH	_IO(CORDON_ENGINE_IOC, 8)	/* argument: domain */
#define CORDON_ENGINE_IOMMU_MAP	_IOW(CORDON_ENGINE_IOC, 9, struct cordon_engine_iommu)
#define CORDON_ENGINE_IOMMU_UNMAP _IOWR(CORDON_ENGINE_IOC, 10, struct cordon_engine_iommu)
#define CORDON_ENGINE_LOOKUP	_IOWR(CORDON_ENGINE_IOC, 11, struct cordon_engine_iommu)
#define CORDON_ENGINE_FAULTS	_IOWR(CORDON_ENGINE_IOC, 12, struct cordon_engine_faults)

#endif /* CORDON_ENGINE_UAPI_H */
