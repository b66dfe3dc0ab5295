/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cordon IOMMU: what the driver's files share.
 *
 * The hardware is described in Documentation/iommu/cordon/specification.rst,
 * whose sections the comments cite ("spec 4.2").
 *
 * Locks, outermost first:
 *
 * - the group mutex of the IOMMU core: attach and release of one group
 * - &cordon_domain.dirty_lock: turning a domain's dirty tracking on and off
 * - &cordon_unit.lock: directory, streams and attachments of one unit, and
 *   the time in which a fault is told to a device's driver
 * - &cordon_unit.port_lock: one question to the unit, and its answer
 * - &cordon_domain.lock: the list of units that a domain is attached to
 * - &cordon_queue.lock: the ring of one command queue
 * - &cordon_unit.root_lock: writing ROOT and waiting for it
 *
 * Mapping and unmapping take none of them but the lock of the queue of the
 * CPU that they run on.
 */
#ifndef _CORDON_H
#define _CORDON_H

#include <linux/bitfield.h>
#include <linux/cordon_hw.h>
#include <linux/device.h>
#include <linux/io.h>
#include <linux/io-pgtable.h>
#include <linux/iommu.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "compat.h"

struct cordon_debugfs;
struct cordon_unit;

/**
 * enum cordon_stage - stages of translation, as indices
 * @CORDON_STAGE1: named by domain tags
 * @CORDON_STAGE2: named by VM tags
 * @CORDON_STAGES: how many there are
 */
enum cordon_stage {
	CORDON_STAGE1,
	CORDON_STAGE2,
	CORDON_STAGES,
};

/* The MSI doorbell's window in the address space of each device. */
#define CORDON_MSI_IOVA_BASE	0x8000000
#define CORDON_MSI_IOVA_LENGTH	0x100000

/* Fault records that a device, or all unknown ones, may have outstanding. */
#define CORDON_FAULT_LIMIT	64

/* Tables that a domain keeps back before it pays for a flush of its own. */
#define CORDON_DEFERRED_TABLES	64

/**
 * struct cordon_mmio - registers that are not memory-mapped
 * @read32: read a 32-bit register
 * @read64: read a 64-bit register
 * @write32: write a 32-bit register
 * @write64: write a 64-bit register
 * @opaque: handed to each of them
 *
 * With this KUnit runs the driver against the reference model.
 */
struct cordon_mmio {
	u32 (*read32)(void *opaque, u32 offset);
	u64 (*read64)(void *opaque, u32 offset);
	void (*write32)(void *opaque, u32 offset, u32 value);
	void (*write64)(void *opaque, u32 offset, u64 value);
	void *opaque;
};

/**
 * struct cordon_cap_regs - the identification registers, as read (spec 10.2)
 * @id: CORDON_REG_ID
 * @cap0: CORDON_REG_CAP0
 * @cap1: CORDON_REG_CAP1
 * @cap2: CORDON_REG_CAP2
 * @cap3: CORDON_REG_CAP3
 * @cap4: CORDON_REG_CAP4
 */
struct cordon_cap_regs {
	u64 id;
	u64 cap0;
	u64 cap1;
	u64 cap2;
	u64 cap3;
	u64 cap4;
};

/**
 * struct cordon_caps - what a unit can do (spec 10.2)
 * @features: CORDON_CAP1_*
 * @pgsizes: page and block sizes of each stage; 0 if this driver cannot use it
 * @time_hz: frequency of time stamps
 * @unit_devid: DeviceID of the unit's own accesses
 * @merge: entries of the table that merges faults
 * @implementation: the implementer's own number
 * @minor: minor version
 * @devid_bits: width of DeviceIDs
 * @pasid_bits: width of PASIDs
 * @vmtag_bits: width of VM tags
 * @dtag_bits: width of domain tags
 * @s1tg: granules of stage 1, bit n for the granule with TG value n
 * @s2tg: granules of stage 2
 * @oas_bits: width of physical addresses
 * @ias_bits: greatest width of input addresses
 * @cmdqs: command queues
 * @cmdq_log2: log2 of the longest command queue
 * @fq_log2: log2 of the longest fault queue
 * @prq_log2: log2 of the longest page-request queue
 * @slots_log2: log2 of the largest completion area
 * @merge_time_max: greatest value of CORDON_REG_FQ_MERGE
 */
struct cordon_caps {
	u64 features;
	u64 pgsizes[CORDON_STAGES];
	u32 time_hz;
	u32 unit_devid;
	u16 merge;
	u16 implementation;
	u8 minor;
	u8 devid_bits;
	u8 pasid_bits;
	u8 vmtag_bits;
	u8 dtag_bits;
	u8 s1tg;
	u8 s2tg;
	u8 oas_bits;
	u8 ias_bits;
	u8 cmdqs;
	u8 cmdq_log2;
	u8 fq_log2;
	u8 prq_log2;
	u8 slots_log2;
	u8 merge_time_max;
};

/**
 * struct cordon_queue - command queue (spec 5)
 * @unit: whose it is
 * @number: which of the unit's queues
 * @doorbell: offset of the queue's guest page
 * @lock: serialises writers of @ring, @tail and the registers of the queue
 * @tail: index after the last command written
 * @head: lower bound of the index that hardware has got to
 * @mask: size of @ring minus 1
 * @slot_mask: size of @slots minus 1; not less than @mask, so that a slot is
 *	not used again before its command is over
 * @ring: the commands
 * @slots: completion words: hardware writes, waiters read
 * @status: the status line: hardware writes its first dword
 * @skips: how many commands have been skipped after an error
 * @resets: how often it has been reset: indices and completion words of before
 *	mean nothing any more
 * @retried: index of the command that was tried again last, plus 1; 0 if none was
 * @reset_at: when that was last, in jiffies
 * @broken: it did not answer in time, and is not used until it has been reset
 * @retired: it is not even reset any more
 */
struct cordon_queue {
	struct cordon_unit *unit;
	unsigned int number;
	u32 doorbell;

	raw_spinlock_t lock;
	u32 tail;
	u32 head;
	u32 mask;
	u32 slot_mask;
	struct cordon_cmd *ring;
	__le64 *slots;
	__le64 *status;

	u32 skips;
	u32 resets;
	u64 retried;
	unsigned long reset_at;
	bool broken;
	bool retired;
} ____cacheline_aligned_in_smp;

/**
 * struct cordon_dir - the directory of device contexts (spec 3.1)
 * @root: root page
 * @levels: 1 to 3
 * @pages: all of its pages, linked by &struct cordon_dir_page
 */
struct cordon_dir {
	__le64 *root;
	unsigned int levels;
	struct list_head pages;
};

/**
 * struct cordon_fault_tally - what has not been told of a device's faults
 * @limit: keeps lines about them to a bearable rate
 * @suppressed: faults that were not shown
 * @lost: faults that hardware could not record
 */
struct cordon_fault_tally {
	struct ratelimit_state limit;
	u64 suppressed;
	u64 lost;
};

/**
 * struct cordon_fault_credit - what is given back to a fault block (spec 3.5)
 * @consumed: what was last written to its faults_consumed
 * @owed: records that were taken beyond that
 * @recent: records that were taken since @since
 * @since: in jiffies
 */
struct cordon_fault_credit {
	u32 consumed;
	u32 owed;
	u32 recent;
	unsigned long since;
};

/**
 * struct cordon_fault_queue - fault queue (spec 6)
 * @ring: the records: hardware writes
 * @log2: log2 of the records
 * @head: records taken in all
 * @lost: CORDON_REG_FQ_LOST when last looked at
 * @lost_told: what of @lost has been told
 * @total: requests that the records taken so far stand for
 * @total_lost: requests that hardware counted in fault blocks, and could not
 *	record
 * @total_full: those of them that found the queue full or disabled
 * @full: keeps lines about that to a bearable rate
 * @anon: fault block of requests without a usable context
 * @anon_credit: what it is given back
 * @anon_lost: what of its losses has been told
 * @device_limit: records that a device, or all unknown ones, may have in it
 * @tally: what has not been told of the faults of unknown devices
 * @remainder: tells later what has been suppressed
 * @repay: gives back later what is owed to fault blocks
 */
struct cordon_fault_queue {
	struct cordon_fault *ring;
	unsigned int log2;
	u32 head;
	u64 lost;
	u64 lost_told;
	u64 total;
	u64 total_lost;
	u64 total_full;
	struct ratelimit_state full;
	struct cordon_fault_block *anon;
	struct cordon_fault_credit anon_credit;
	u32 anon_lost;
	u16 device_limit;
	struct cordon_fault_tally tally;
	struct delayed_work remainder;
	struct delayed_work repay;
};

/**
 * enum cordon_unit_state - whether commands can be issued
 * @CORDON_UNIT_STOPPED: everything is blocked or waits, nothing is cached
 * @CORDON_UNIT_RUNNING: in use
 * @CORDON_UNIT_DEAD: it does not answer; what it has cached is unknown
 */
enum cordon_unit_state {
	CORDON_UNIT_STOPPED,
	CORDON_UNIT_RUNNING,
	CORDON_UNIT_DEAD,
};

/**
 * struct cordon_unit - one Cordon IOMMU
 * @dev: the unit's own device
 * @base: registers
 * @mmio: registers in KUnit, otherwise NULL
 * @caps: what it can do
 * @state: enum cordon_unit_state, see cordon_unit_state()
 * @quiet: the hardware has acknowledged that it uses no memory of ours
 * @asleep: suspended: registers may be out of power, and are left alone
 * @iommu: what the IOMMU core knows of it
 * @list: in the list of all units
 * @lock: protects @dir, @streams, @devices, what they lead to, and attachments
 * @dir: directory of device contexts
 * @streams: struct cordon_stream by DeviceID
 * @devices: struct cordon_device
 * @handovers: struct cordon_handover: devices that firmware left at work
 * @queues: command queues
 * @nr_queues: how many
 * @qtable: their descriptors (spec 5.1)
 * @repair: resets those that do not answer
 * @root_lock: serialises writes of ROOT with the wait for them, and changes of
 *	@state
 * @root: the word that ROOT holds
 * @root_asked: how often somebody has asked to have ROOT written again
 * @root_served: up to which of them it has been; protected by @root_lock
 * @fq: fault queue
 * @complaints: keeps lines about the unit itself to a bearable rate
 * @regs: the identification registers, as read at probe
 * @port_lock: the translation-request port has one owner at a time
 * @debugfs: its directory there, or NULL
 */
struct cordon_unit {
	struct device *dev;
	void __iomem *base;
	const struct cordon_mmio *mmio;
	struct cordon_caps caps;
	int state;
	bool quiet;
	bool asleep;

	struct iommu_device iommu;
	struct list_head list;

	struct mutex lock; /* directory, streams, attachments */
	struct cordon_dir dir;
	struct xarray streams;
	struct list_head devices;
	struct list_head handovers;

	struct cordon_queue *queues;
	unsigned int nr_queues;
	struct cordon_qdesc *qtable;
	struct work_struct repair;

	raw_spinlock_t root_lock;
	u64 root;
	atomic_t root_asked;
	int root_served;

	struct cordon_fault_queue fq;
	struct ratelimit_state complaints;

	struct cordon_cap_regs regs;
	struct mutex port_lock; /* registers of the port */
	struct cordon_debugfs *debugfs;
};

/**
 * struct cordon_stream - one DeviceID of a unit
 * @unit: whose DeviceID
 * @devid: the DeviceID
 * @users: devices that requests with this DeviceID may come from; more than
 *	one behind a bridge that hides them, all in one group
 * @owner: one of them, or NULL if there is none, but @handover
 * @handover: a user too: keeps regions mapped until a device is attached
 * @slot: the pointer at level 0 of the directory
 * @dc: the context that @slot points to, or NULL
 * @blocked: the context that blocks
 * @contexts: two for all else: one may be in force, the other is free to be made
 *	into the next one; all are there from the start, so that no attach,
 *	not even one back to where a device was, can fail for want of memory
 * @next: while attaching: the context to publish
 * @fault: fault block
 * @credit: what it is given back
 * @lost: what of its losses has been told
 * @touched: while the fault queue is drained: a record was its
 *
 * Protected by &cordon_unit.lock.
 */
struct cordon_stream {
	struct cordon_unit *unit;
	u32 devid;
	unsigned int users;
	struct cordon_device *owner;
	struct cordon_handover *handover;
	__le64 *slot;
	struct cordon_dc *dc;
	struct cordon_dc *blocked;
	struct cordon_dc *contexts[2];
	struct cordon_dc *next;
	struct cordon_fault_block *fault;
	struct cordon_fault_credit credit;
	u32 lost;
	struct list_head touched;
};

/**
 * struct cordon_device - a device behind a unit
 * @unit: the unit
 * @list: in &cordon_unit.devices
 * @dev: the device
 * @domain: what it is attached to, NULL before the first attach; protected
 *	by &cordon_unit.lock
 * @told: what the core was last told that it is attached to; the same, unless
 *	the unit is dead.  This and the next two are compared, and not followed
 * @before: what it was told of before that, on a dead unit if it is blocked
 * @home: the last of these that is the core's default domain
 * @snoop: its contexts ignore No-Snoop
 * @untrusted: it sits in a port that anybody may plug something into
 * @named: the log says that it stays blocked, for the unit is dead
 * @logged: type of domain that the log was last told of, or 0
 * @tally: what has not been told of its faults
 * @nr_streams: DeviceIDs: its own and those of the bridges above it
 * @streams: one for each DeviceID
 */
struct cordon_device {
	struct cordon_unit *unit;
	struct list_head list;
	struct device *dev;
	struct iommu_domain *domain;
	const struct iommu_domain *told;
	const struct iommu_domain *before;
	const struct iommu_domain *home;
	bool snoop;
	bool untrusted;
	bool named;
	unsigned int logged;
	struct cordon_fault_tally tally;
	unsigned int nr_streams;
	struct cordon_stream *streams[] __counted_by(nr_streams);
};

/**
 * struct cordon_bond - a unit that a domain is attached to
 * @list: in &cordon_domain.bonds
 * @rcu: for freeing
 * @unit: the unit
 * @users: devices of @unit in the domain; protected by &cordon_unit.lock
 * @logging: &cordon_domain.logging as the unit has been told of it; written
 *	under &cordon_unit.lock
 */
struct cordon_bond {
	struct list_head list;
	struct rcu_head rcu;
	struct cordon_unit *unit;
	unsigned int users;
	bool logging;
};

/**
 * struct cordon_tags - what cached translations of a table are tagged with (spec 2)
 * @vmtag: VM tag, 0 if stage 2 takes no part
 * @dtag: domain tag, 0 if stage 1 takes no part
 *
 * All zero where no table takes part.
 */
struct cordon_tags {
	u16 vmtag;
	u32 dtag;
};

/**
 * struct cordon_domain - paging domain
 * @domain: what the IOMMU core knows of it
 * @stage: which stage its tables are of
 * @pgtbl: its tables
 * @fmt: &struct cordon_dc.fmt of contexts that name it
 * @root: &struct cordon_dc.s1root or .s2root of contexts that name it
 * @tags: its tag: a domain tag for stage 1, a VM tag for stage 2
 * @granule: its smallest page
 * @table: its root table
 * @granule_lg2: log2 of @granule
 * @top_shift: log2 of what an entry of @table covers
 * @prot_mask: IOMMU_* permissions that the unit can tell apart
 * @node: NUMA node for the tables
 * @ias_bits: width of its input addresses
 * @oas_bits: width of the addresses that it leads to, and that tables may have
 * @bonds: units that it is attached to; readers hold rcu_read_lock()
 * @lock: serialises writers of @bonds, and @snoopless, @enforced and
 *	@untrusted
 * @snoopless: devices attached for which No-Snoop counts
 * @enforced: no such device may be attached any more
 * @untrusted: untrusted devices attached: while there are any, unmapping is
 *	strict whatever the type of the domain is
 * @deferred: tables that were unlinked, and may still be walked
 * @nr_deferred: how many they are, roughly
 * @private: no hardware can walk the tables: they are freed at once
 * @leaked: a unit that died may still walk the tables: they are never freed;
 *	set while others map and unmap, and never cleared
 * @dirty_lock: serialises changes of @logging, until all units know them
 * @log: root page of the dirty log (spec 4.7), or NULL
 * @log_levels: levels of its directory
 * @logging: devices' writes are logged there
 * @list: in the list of all paging domains
 * @name: name of the device that it was made for, or NULL
 * @table_bytes: memory of its tables, those put aside included, and of its log
 */
struct cordon_domain {
	struct iommu_domain domain;
	enum cordon_stage stage;
	struct io_pgtable_ops *pgtbl;
	u64 fmt;
	u64 root;
	struct cordon_tags tags;
	size_t granule;
	const u64 *table;
	unsigned int granule_lg2;
	unsigned int top_shift;
	int prot_mask;
	int node;
	unsigned int ias_bits;
	unsigned int oas_bits;

	struct list_head bonds;
	spinlock_t lock; /* writers of the list of bonds */
	unsigned int snoopless;
	bool enforced;
	unsigned int untrusted;

	struct llist_head deferred;
	atomic_t nr_deferred;
	bool private;
	bool leaked;

	struct mutex dirty_lock; /* turning the log on and off */
	__le64 *log;
	unsigned int log_levels;
	bool logging;

	struct list_head list;
	const char *name;
	atomic_long_t table_bytes;
};

/**
 * struct cordon_fault_event - a fault record, decoded (spec 6.2)
 * @addr: address that the device used
 * @ipa: intermediate address, of faults of stage 2
 * @time: time stamp
 * @where: address of what decided
 * @lost: faults that the unit had lost by then
 * @devid: DeviceID
 * @pasid: PASID, if @pv
 * @dtag: domain tag
 * @count: requests that it stands for
 * @vmtag: VM tag
 * @reason: enum cordon_reason
 * @stage: 0, 1 or 2
 * @level: level of the table, -1 to 3, or CORDON_FAULT_NO_LEVEL
 * @detail: number of the check that failed
 * @type: CORDON_TYPE_*
 * @walk: the access was the unit's own, for the request
 * @repeat: counts repeats of an earlier record
 * @read: the request reads
 * @write: the request writes
 * @exec: the request executes
 * @priv: the request is privileged
 * @atomic: the request is atomic
 * @pv: the request has a PASID
 * @charged: counts in the device's fault block
 * @anon: counts in the anonymous fault block
 */
struct cordon_fault_event {
	u64 addr;
	u64 ipa;
	u64 time;
	u64 where;
	u64 lost;
	u32 devid;
	u32 pasid;
	u32 dtag;
	u32 count;
	u16 vmtag;
	u8 reason;
	u8 stage;
	s8 level;
	u8 detail;
	u8 type;
	bool walk : 1;
	bool repeat : 1;
	bool read : 1;
	bool write : 1;
	bool exec : 1;
	bool priv : 1;
	bool atomic : 1;
	bool pv : 1;
	bool charged : 1;
	bool anon : 1;
};

/* MAIR(0): attributes by index as io-pgtable uses them (spec 4.4) */
#define CORDON_MAIR0		0xf404ff44

#define CORDON_FAULT_NO_LEVEL	(-2)

/**
 * struct cordon_fault_names - what a fault's line calls those concerned
 * @driver: name of the device's driver, or NULL
 * @device: name of the device, or NULL if nobody knows the DeviceID
 * @domain: name of the type of the domain it is attached to, or NULL
 * @tags: tags of that domain, all zero if it has none
 * @suppressed: earlier faults of the device that were not shown
 * @lost: earlier faults of the device that were not recorded
 */
struct cordon_fault_names {
	const char *driver;
	const char *device;
	const char *domain;
	struct cordon_tags tags;
	u64 suppressed;
	u64 lost;
};

/**
 * struct cordon_fault_totals - requests that a unit has blocked since probe
 * @total: how many the records taken so far stand for
 * @lost: how many hardware counted and could not record
 * @full: how many of them found the queue full
 */
struct cordon_fault_totals {
	u64 total;
	u64 lost;
	u64 full;
};

/**
 * struct cordon_dc_values - what a device context is made from (spec 3.3)
 * @s1: CORDON_S1_BLOCK, CORDON_S1_BYPASS or CORDON_S1_TABLE
 * @exec: the execute attribute counts
 * @priv: the privileged attribute counts
 * @snoop: No-Snoop does not count
 * @s2: stage 2 takes part
 * @tags: domain tag for CORDON_S1_TABLE, VM tag for @s2
 * @fmt: CORDON_S1FMT_* for CORDON_S1_TABLE, CORDON_S2FMT_* for @s2
 * @s1root: address of the root table of stage 1, for CORDON_S1_TABLE
 * @s2root: address of the root table of stage 2, for @s2
 * @dlroot: CORDON_ROOT_* of the dirty log, or 0
 * @fault: address of the fault block, or 0
 * @flimit: fault records that the device may have outstanding
 */
struct cordon_dc_values {
	unsigned int s1;
	bool exec;
	bool priv;
	bool snoop;
	bool s2;
	struct cordon_tags tags;
	u64 fmt;
	u64 s1root;
	u64 s2root;
	u64 dlroot;
	u64 fault;
	u16 flimit;
};

static inline struct cordon_domain *to_cordon_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct cordon_domain, domain);
}

/*
 * Registers.  The driver's hot paths read none.
 */

static inline bool cordon_is_modelled(const struct cordon_unit *unit)
{
	return IS_ENABLED(CONFIG_CORDON_KUNIT_TEST) && unlikely(unit->mmio);
}

static inline u32 cordon_readl(const struct cordon_unit *unit, u32 offset)
{
	if (cordon_is_modelled(unit))
		return unit->mmio->read32(unit->mmio->opaque, offset);
	return readl(unit->base + offset);
}

static inline u64 cordon_readq(const struct cordon_unit *unit, u32 offset)
{
	if (cordon_is_modelled(unit))
		return unit->mmio->read64(unit->mmio->opaque, offset);
	return readq(unit->base + offset);
}

/* All stores to memory that come before it are visible before it. */
static inline void cordon_writel(const struct cordon_unit *unit, u32 offset,
				 u32 value)
{
	if (cordon_is_modelled(unit))
		unit->mmio->write32(unit->mmio->opaque, offset, value);
	else
		writel(value, unit->base + offset);
}

/* All stores to memory that come before it are visible before it. */
static inline void cordon_writeq(const struct cordon_unit *unit, u32 offset,
				 u64 value)
{
	if (cordon_is_modelled(unit))
		unit->mmio->write64(unit->mmio->opaque, offset, value);
	else
		writeq(value, unit->base + offset);
}

/**
 * cordon_unit_state() - whether commands can be issued
 * @unit: the unit
 *
 * Return: an enum cordon_unit_state.
 */
static inline int cordon_unit_state(const struct cordon_unit *unit)
{
	return READ_ONCE(unit->state);
}

/* What descriptors of tables begin with (spec 4.4). */
#define CORDON_D_VALID		BIT_ULL(0)
#define CORDON_D_TABLE		BIT_ULL(1)

/*
 * What every unmapping does is here, so that it is no call.
 */

/**
 * cordon_cmd_inv_range() - encode INV_RANGE (spec 5.4.5)
 * @vmtag: VM tag
 * @dtag: domain tag
 * @first: first address
 * @last: last address, inclusive
 * @leaf: no table was unlinked
 * @pgsize_lg2: log2 of the smallest page in the range, 0 if unknown
 *
 * Return: the command.
 */
static inline struct cordon_cmd
cordon_cmd_inv_range(u16 vmtag, u32 dtag, u64 first, u64 last, bool leaf,
		     unsigned int pgsize_lg2)
{
	return (struct cordon_cmd) {
		.op = cpu_to_le64(FIELD_PREP(CORDON_CMD_OP,
					     CORDON_OP_INV_RANGE)),
		.target = cpu_to_le64(FIELD_PREP(CORDON_TGT_VMTAG, vmtag) |
				      FIELD_PREP(CORDON_TGT_DTAG, dtag) |
				      FIELD_PREP(CORDON_TGT_PGSIZE, pgsize_lg2) |
				      (leaf ? CORDON_TGT_LEAF : 0)),
		.first = cpu_to_le64(first),
		.last = cpu_to_le64(last),
	};
}

/**
 * cordon_cmd_inv_s2range() - encode INV_S2RANGE (spec 5.4.8)
 * @vmtag: VM tag
 * @first: first IPA
 * @last: last IPA, inclusive
 * @leaf: no table was unlinked
 * @pgsize_lg2: log2 of the smallest page in the range, 0 if unknown
 *
 * Return: the command.
 */
static inline struct cordon_cmd
cordon_cmd_inv_s2range(u16 vmtag, u64 first, u64 last, bool leaf,
		       unsigned int pgsize_lg2)
{
	return (struct cordon_cmd) {
		.op = cpu_to_le64(FIELD_PREP(CORDON_CMD_OP,
					     CORDON_OP_INV_S2RANGE)),
		.target = cpu_to_le64(FIELD_PREP(CORDON_TGT_VMTAG, vmtag) |
				      FIELD_PREP(CORDON_TGT_PGSIZE, pgsize_lg2) |
				      (leaf ? CORDON_TGT_LEAF : 0)),
		.first = cpu_to_le64(first),
		.last = cpu_to_le64(last),
	};
}

/**
 * cordon_cmd_completion() - have a command write its completion (spec 5.5)
 * @slot: slot of the completion area
 * @value: what to write there
 *
 * Return: what to add to &cordon_cmd.op.
 */
static inline __le64 cordon_cmd_completion(u16 slot, u32 value)
{
	return cpu_to_le64(CORDON_CMD_COMPLETE |
			   FIELD_PREP(CORDON_CMD_SLOT, slot) |
			   FIELD_PREP(CORDON_CMD_VALUE, value));
}

/**
 * cordon_gather_add() - remember what has been unmapped
 * @gather: collects ranges until the next sync
 * @iova: start of the range
 * @size: its length in bytes, not 0
 * @pgsize: size of the pages in it
 *
 * Since a range of any length costs one command, nothing is ever flushed here:
 * the collected range grows.  @gather->pgsize holds every size that was seen.
 */
static inline void cordon_gather_add(struct iommu_iotlb_gather *gather,
				     unsigned long iova, size_t size,
				     size_t pgsize)
{
	unsigned long last = iova + size - 1;

	if (gather->start > iova)
		gather->start = iova;
	if (gather->end < last)
		gather->end = last;
	gather->pgsize |= pgsize;
}

/**
 * cordon_inv_pages() - the command for entries of a table that changed
 * @tags: tags of the table
 * @first: first address
 * @last: last address, inclusive
 * @leaf: no table was unlinked
 * @pgsize_lg2: log2 of the smallest page in the range, 0 if unknown
 *
 * Spec 11.2: "page unmapped", "table unlinked" and "stage-2 entry changed".
 *
 * Return: the command.
 */
static inline struct cordon_cmd cordon_inv_pages(struct cordon_tags tags,
						 u64 first, u64 last, bool leaf,
						 unsigned int pgsize_lg2)
{
	if (tags.dtag)
		return cordon_cmd_inv_range(tags.vmtag, tags.dtag, first, last,
					    leaf, pgsize_lg2);
	return cordon_cmd_inv_s2range(tags.vmtag, first, last, leaf, pgsize_lg2);
}

/**
 * cordon_gather_has_any() - has anything been gathered?
 * @gather: what was unmapped
 *
 * Return: true if it has.
 */
static inline bool
cordon_gather_has_any(const struct iommu_iotlb_gather *gather)
{
	return gather->start <= gather->end;
}

/**
 * cordon_gather_cmd() - the command that makes good what was gathered
 * @gather: what was unmapped; not empty
 * @tags: in the domain with these tags
 * @granule: whose smallest page this is
 *
 * Tables are only unlinked by unmapping entries of a level above them, which
 * are larger than the granule: with smaller ones alone, LEAF is enough (spec
 * 11.2).
 *
 * Return: the command.
 */
static inline struct cordon_cmd
cordon_gather_cmd(const struct iommu_iotlb_gather *gather,
		  struct cordon_tags tags, size_t granule)
{
	return cordon_inv_pages(tags, gather->start, gather->end,
				gather->pgsize == granule,
				gather->pgsize ? __ffs(gather->pgsize) : 0);
}

/* platform.c */
extern unsigned int cordon_timeout_ms;

u64 cordon_timeout_us(void);
int cordon_caps_parse(const struct cordon_cap_regs *regs,
		      struct cordon_caps *caps, const char **why);
unsigned int cordon_ps_bits(unsigned int ps);
u32 cordon_caps_region(const struct cordon_caps *caps);
struct cordon_unit *cordon_unit_create(struct device *dev, void __iomem *base,
				       resource_size_t size,
				       const struct cordon_mmio *mmio);
bool cordon_unit_hold(struct cordon_unit *unit);
int cordon_unit_open(struct cordon_unit *unit, bool keep);
void cordon_unit_close(struct cordon_unit *unit, bool report);
bool cordon_unit_is_live(struct cordon_unit *unit);
int cordon_unit_start(struct cordon_unit *unit);
void cordon_unit_stop(struct cordon_unit *unit);
void cordon_unit_destroy(struct cordon_unit *unit);
struct cordon_unit *cordon_unit_find(struct fwnode_handle *fwnode);
unsigned int cordon_caps_tag_bits(const struct cordon_caps *caps,
				  enum cordon_stage stage);
unsigned int cordon_units_tag_bits(enum cordon_stage stage);
int cordon_ctrl_write(struct cordon_unit *unit, u32 ctrl);
void *cordon_alloc_pages(struct cordon_unit *unit, size_t size);
void cordon_free_pages(void *pages, size_t size);
void cordon_handle_command(struct cordon_unit *unit);
void cordon_handle_error(struct cordon_unit *unit);

/* power.c */
extern const struct dev_pm_ops cordon_pm_ops;

void cordon_unit_suspend(struct cordon_unit *unit);
int cordon_unit_resume(struct cordon_unit *unit);

/* handover.c */
bool cordon_regions_sound(struct device *dev, struct device_node *np);
void cordon_handover_prepare(struct cordon_unit *unit);
void cordon_handover_end(struct cordon_device *cdev);
void cordon_handovers_free(struct cordon_unit *unit);

/* core.c */
extern const struct iommu_ops cordon_ops;

struct cordon_device *cordon_device_add(struct cordon_unit *unit,
					struct device *dev, const u32 *ids,
					unsigned int nr);
void cordon_device_remove(struct cordon_device *cdev);
int cordon_attach(struct cordon_device *cdev, struct iommu_domain *domain);
int cordon_attach_locked(struct cordon_device *cdev,
			 struct iommu_domain *domain);
int cordon_renew_locked(struct cordon_unit *unit, struct iommu_domain *domain);
void cordon_domain_leave(struct cordon_device *cdev,
			 struct cordon_domain *cdom);

/* domain.c */
extern struct iommu_domain cordon_identity_domain;
extern struct iommu_domain cordon_blocked_domain;
extern const struct iommu_domain_ops cordon_paging_ops;
extern const struct iommu_domain_ops cordon_limited_ops;

int cordon_stage_choose(const struct cordon_caps *caps, u32 flags);
struct iommu_domain *cordon_domain_alloc(struct cordon_unit *unit,
					 enum cordon_stage stage, u32 flags);
u64 cordon_s1fmt(const struct io_pgtable_cfg *cfg);
u64 cordon_s2fmt(const struct io_pgtable_cfg *cfg);
unsigned int cordon_table_bits(const struct cordon_caps *caps,
			       enum cordon_stage stage);
struct cordon_tags cordon_domain_tags(const struct iommu_domain *domain);
void cordon_domain_values(const struct cordon_domain *domain,
			  struct cordon_dc_values *values);
const char *cordon_domain_name(const struct iommu_domain *domain);
void cordon_domains_each(void (*each)(struct cordon_domain *domain, void *data),
			 void *data);
int cordon_domain_fits(const struct cordon_domain *domain,
		       const struct cordon_unit *unit);
struct cordon_bond *cordon_bond_find(struct cordon_domain *domain,
				     struct cordon_unit *unit);
struct cordon_bond *cordon_bond_get(struct cordon_domain *domain,
				    struct cordon_unit *unit,
				    struct cordon_bond *fresh);
void cordon_bond_put(struct cordon_domain *domain, struct cordon_unit *unit);

/* dirty.c */
extern const struct iommu_dirty_ops cordon_dirty_ops;

bool cordon_dirty_capable(const struct cordon_caps *caps,
			  enum cordon_stage stage);
bool cordon_dirty_fits(const struct cordon_domain *domain,
		       const struct cordon_caps *caps);
int cordon_log_init(struct cordon_domain *domain);
void cordon_log_free(struct cordon_domain *domain);
int cordon_log_cover(struct cordon_domain *domain, unsigned long iova,
		     size_t size, gfp_t gfp);

/* context.c */
void *cordon_context_alloc(struct cordon_unit *unit);
void cordon_context_free(void *context);
void cordon_dc_make(struct cordon_dc *dc, const struct cordon_dc_values *values);
u64 cordon_pointer_page(phys_addr_t page);
u64 cordon_pointer_context(phys_addr_t context);
u64 cordon_root_word(phys_addr_t page, unsigned int levels);
unsigned int cordon_dir_index(u32 id, unsigned int level);
unsigned int cordon_dir_levels(u32 id);
int cordon_dir_init(struct cordon_unit *unit);
void cordon_dir_destroy(struct cordon_unit *unit);
__le64 *cordon_dir_slot(struct cordon_unit *unit, u32 devid);
void cordon_publish(__le64 *slot, u64 pointer);
struct cordon_stream *cordon_stream_get(struct cordon_unit *unit, u32 devid,
					struct cordon_device *owner);
struct cordon_device *cordon_stream_other(const struct cordon_stream *stream,
					  const struct cordon_device *user);
void cordon_stream_put(struct cordon_stream *stream,
		       struct cordon_device *user);
struct cordon_dc *cordon_stream_publish(struct cordon_stream *stream,
					struct cordon_dc *dc);
struct cordon_dc *cordon_stream_unused(const struct cordon_stream *stream);

/* queue.c */
struct cordon_cmd cordon_cmd_sync(void);
struct cordon_cmd cordon_cmd_inv_all(void);
struct cordon_cmd cordon_cmd_inv_device(u32 first, u32 last, bool leaf);
struct cordon_cmd cordon_cmd_inv_dtag(u16 vmtag, u32 dtag);
struct cordon_cmd cordon_cmd_inv_vmtag(u16 vmtag);
bool cordon_completion_done(u64 word, u32 index);
int cordon_completion_error(u64 word);
int cordon_cmd_describe(const struct cordon_cmd *cmd, char *buf, size_t size);
const char *cordon_queue_reason_text(unsigned int reason);
int cordon_queues_alloc(struct cordon_unit *unit);
void cordon_queues_free(struct cordon_unit *unit);
void cordon_queues_end(struct cordon_unit *unit);
int cordon_queues_enable(struct cordon_unit *unit);
int cordon_queues_disable(struct cordon_unit *unit);
int cordon_queue_run(struct cordon_queue *q, const struct cordon_cmd *cmds,
		     unsigned int nr);
int cordon_queue_wait_on(struct cordon_queue *q, u32 index, u32 skips,
			 u32 resets);
bool cordon_queue_recover(struct cordon_queue *q);

/* invalidate.c */
struct cordon_cmd cordon_inv_domain(struct cordon_tags tags);
struct cordon_cmd cordon_inv_tags(struct cordon_tags tags);
int cordon_unit_run(struct cordon_unit *unit, const struct cordon_cmd *cmds,
		    unsigned int nr);
int cordon_root_write(struct cordon_unit *unit, u64 root);
void cordon_unit_lost(struct cordon_unit *unit);
void cordon_unit_ask(struct cordon_unit *unit);
int cordon_invalidate_streams(struct cordon_unit *unit,
			      struct cordon_stream * const *streams,
			      unsigned int nr);
int cordon_invalidate_tags(struct cordon_unit *unit, struct cordon_tags tags);
int cordon_domain_flush(struct cordon_domain *domain);
void cordon_iotlb_sync(struct iommu_domain *domain,
		       struct iommu_iotlb_gather *gather);
void cordon_flush_iotlb_all(struct iommu_domain *domain);
void cordon_unmap_strictly(struct cordon_domain *domain, unsigned long iova,
			   size_t size, size_t pgsize);
void *cordon_table_alloc(void *cookie, size_t size, gfp_t gfp);
void cordon_table_free(void *cookie, void *table, size_t size);
void cordon_tables_release(struct cordon_domain *domain);
void cordon_tables_hold(void);
void cordon_tables_drop(void);
void cordon_unit_become(struct cordon_unit *unit, int state);

/* fault.c */
int cordon_fault_init(struct cordon_unit *unit);
void cordon_fault_end(struct cordon_unit *unit);
void cordon_fault_exit(struct cordon_unit *unit);
int cordon_fault_enable(struct cordon_unit *unit, u32 ctrl);
void cordon_fault_flush(struct cordon_unit *unit, bool report);
void cordon_fault_decode(const struct cordon_fault *record,
			 struct cordon_fault_event *event);
int cordon_fault_describe(const struct cordon_fault_event *event,
			  const struct cordon_fault_names *names, char *buf,
			  size_t size);
const char *cordon_fault_reason_text(unsigned int reason);
int cordon_fault_stage_text(char *buf, size_t size, unsigned int stage,
			    int level, bool walk, u64 ipa);
bool cordon_fault_ready(const struct cordon_fault *record, u32 index,
			unsigned int log2);
unsigned int cordon_fault_drain(struct cordon_unit *unit);
unsigned int cordon_fault_drain_locked(struct cordon_unit *unit);
void cordon_tally_init(struct cordon_fault_tally *tally);
void cordon_fault_device_gone(struct cordon_device *cdev);
const char *cordon_driver_name(const struct device *dev);
struct cordon_fault_totals cordon_fault_totals(struct cordon_unit *unit);

/* sysfs.c */
extern const struct attribute_group *cordon_sysfs_groups[];

const char *cordon_state_name(int state);

/* debugfs.c */
#ifdef CONFIG_DEBUG_FS
void cordon_debugfs_init(void);
void cordon_debugfs_exit(void);
void cordon_debugfs_add(struct cordon_unit *unit);
void cordon_debugfs_remove(struct cordon_unit *unit);
#else
static inline void cordon_debugfs_init(void) { }
static inline void cordon_debugfs_exit(void) { }
static inline void cordon_debugfs_add(struct cordon_unit *unit) { }
static inline void cordon_debugfs_remove(struct cordon_unit *unit) { }
#endif

#endif /* _CORDON_H */
