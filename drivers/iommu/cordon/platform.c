// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: a unit from probe to removal: what it can do, its start and
 * stop, its interrupts.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of_address.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/slab.h>

#include "cordon.h"

/* How long hardware may take to answer. */
unsigned int cordon_timeout_ms = 1000;
EXPORT_SYMBOL_IF_KUNIT(cordon_timeout_ms);

/*
 * Some waits have interrupts off, and two of them may follow each other, for a
 * queue and for ROOT: not so long that the lockup detectors bite.
 */
static int cordon_timeout_set(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;
	int ret = kstrtouint(val, 0, &ms);

	if (!ret)
		WRITE_ONCE(cordon_timeout_ms, clamp(ms, 1, 4000));
	return ret;
}

static const struct kernel_param_ops param_ops_cordon_timeout = {
	.set = cordon_timeout_set,
	.get = param_get_uint,
};

#define param_check_cordon_timeout(name, p) \
	__param_check(name, p, unsigned int)

module_param_named(cmdq_timeout_ms, cordon_timeout_ms, cordon_timeout, 0644);
MODULE_PARM_DESC(cmdq_timeout_ms,
		 "Milliseconds to wait for a command or an acknowledgment, at most 4000 (default 1000)");

/* All units that devices can be behind. */
static LIST_HEAD(cordon_units);
static DEFINE_MUTEX(cordon_units_lock);

/* Interrupts that this driver uses; the others stay masked. */
#define CORDON_INTS_USED	(BIT(CORDON_INT_COMMAND) | \
				 BIT(CORDON_INT_FAULT) | \
				 BIT(CORDON_INT_ERROR))

static const char * const cordon_int_names[CORDON_INTS] = {
	[CORDON_INT_COMMAND] = "command",
	[CORDON_INT_FAULT] = "fault",
	[CORDON_INT_REQUEST] = "request",
	[CORDON_INT_COUNTER] = "counter",
	[CORDON_INT_ERROR] = "error",
};

/**
 * cordon_timeout_us() - how long hardware may take to answer
 *
 * Return: microseconds, never 0, which would mean for ever.
 */
u64 cordon_timeout_us(void)
{
	return READ_ONCE(cordon_timeout_ms) * (u64)USEC_PER_MSEC;
}

/**
 * cordon_ps_bits() - width that an output size stands for (spec 3.3.3)
 * @ps: CORDON_PS_*
 *
 * Return: bits, or 0 if @ps is none.
 */
unsigned int cordon_ps_bits(unsigned int ps)
{
	static const u8 bits[] = {
		[CORDON_PS_32] = 32, [CORDON_PS_36] = 36, [CORDON_PS_40] = 40,
		[CORDON_PS_42] = 42, [CORDON_PS_44] = 44, [CORDON_PS_48] = 48,
		[CORDON_PS_52] = 52,
	};

	return ps < ARRAY_SIZE(bits) ? bits[ps] : 0;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_ps_bits);

/* Sizes of pages and blocks that come with a granule (spec 4.4). */
static u64 cordon_granule_pgsizes(u8 granules, bool lva64k)
{
	u64 sizes = 0;

	if (granules & BIT(CORDON_TG_4K))
		sizes |= SZ_4K | SZ_2M | SZ_1G;
	if (granules & BIT(CORDON_TG_16K))
		sizes |= SZ_16K | SZ_32M;
	if (granules & BIT(CORDON_TG_64K))
		sizes |= SZ_64K | SZ_512M | (lva64k ? BIT_ULL(42) : 0);
	return sizes;
}

/* Of granules that are all larger than the kernel's pages none can be used. */
static u64 cordon_stage_pgsizes(const struct cordon_caps *caps, u64 feature,
				u8 granules)
{
	u64 sizes = cordon_granule_pgsizes(granules,
					   caps->features & CORDON_CAP1_LVA64K);

	if (!(caps->features & feature) || !(sizes & ((PAGE_SIZE << 1) - 1)))
		return 0;
	return sizes;
}

/**
 * cordon_caps_tag_bits() - width of the tags of a stage (spec 2)
 * @caps: capabilities
 * @stage: the stage
 *
 * Return: bits.
 */
unsigned int cordon_caps_tag_bits(const struct cordon_caps *caps,
				  enum cordon_stage stage)
{
	return stage == CORDON_STAGE1 ? caps->dtag_bits : caps->vmtag_bits;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_caps_tag_bits);

/**
 * cordon_caps_parse() - what a unit says it can do (spec 10.2)
 * @regs: the registers
 * @caps: what they say
 * @why: on failure, what is wrong, in words
 *
 * Return: 0; -ENODEV if this is no Cordon unit; -EOPNOTSUPP for one that this
 * driver cannot drive; -EINVAL for one that contradicts the specification.
 */
int cordon_caps_parse(const struct cordon_cap_regs *regs,
		      struct cordon_caps *caps, const char **why)
{
	*caps = (struct cordon_caps) {
		.features = regs->cap1,
		.minor = FIELD_GET(CORDON_ID_MINOR, regs->id),
		.implementation = FIELD_GET(CORDON_ID_IMPLEMENTATION, regs->id),
		.devid_bits = FIELD_GET(CORDON_CAP0_DEVID, regs->cap0),
		.pasid_bits = FIELD_GET(CORDON_CAP0_PASID, regs->cap0),
		.vmtag_bits = FIELD_GET(CORDON_CAP0_VMTAG, regs->cap0),
		.dtag_bits = FIELD_GET(CORDON_CAP0_DTAG, regs->cap0),
		.s1tg = FIELD_GET(CORDON_CAP0_S1TG, regs->cap0),
		.s2tg = FIELD_GET(CORDON_CAP0_S2TG, regs->cap0),
		.oas_bits = cordon_ps_bits(FIELD_GET(CORDON_CAP0_OAS,
						     regs->cap0)),
		.ias_bits = FIELD_GET(CORDON_CAP0_IAS, regs->cap0),
		.cmdqs = FIELD_GET(CORDON_CAP2_CMDQS, regs->cap2),
		.cmdq_log2 = FIELD_GET(CORDON_CAP2_CMDQ_LOG2, regs->cap2),
		.fq_log2 = FIELD_GET(CORDON_CAP2_FQ_LOG2, regs->cap2),
		.prq_log2 = FIELD_GET(CORDON_CAP2_PRQ_LOG2, regs->cap2),
		.slots_log2 = FIELD_GET(CORDON_CAP2_SLOTS_LOG2, regs->cap2),
		.merge = FIELD_GET(CORDON_CAP2_MERGE, regs->cap2),
		.merge_time_max = FIELD_GET(CORDON_CAP3_MERGE_TIME_MAX,
					    regs->cap3),
		.time_hz = FIELD_GET(CORDON_CAP4_TIME_HZ, regs->cap4),
		.unit_devid = FIELD_GET(CORDON_CAP4_UNIT_DEVID, regs->cap4),
	};
	caps->pgsizes[CORDON_STAGE1] =
		cordon_stage_pgsizes(caps, CORDON_CAP1_S1, caps->s1tg);
	caps->pgsizes[CORDON_STAGE2] =
		cordon_stage_pgsizes(caps, CORDON_CAP1_S2, caps->s2tg);

	if (regs->id == U64_MAX) {
		*why = "registers read as all ones: no power, no clock or no unit";
		return -ENODEV;
	}
	if (FIELD_GET(CORDON_ID_MAGIC, regs->id) != CORDON_MAGIC) {
		*why = "bad magic: not a Cordon unit";
		return -ENODEV;
	}
	if (FIELD_GET(CORDON_ID_MAJOR, regs->id) != CORDON_MAJOR) {
		*why = "unknown major version";
		return -EOPNOTSUPP;
	}
	if (FIELD_GET(CORDON_CAP4_PAGE_LOG2, regs->cap4) !=
	    ilog2(CORDON_PAGE_SIZE)) {
		*why = "register pages are not of 64 KiB";
		return -EINVAL;
	}
	if (!caps->cmdqs) {
		*why = "no command queues";
		return -EINVAL;
	}
	if (caps->cmdqs > CORDON_CMDQ_MAX || !caps->cmdq_log2 ||
	    caps->cmdq_log2 > 20 || caps->slots_log2 < 9 ||
	    caps->slots_log2 > 16) {
		*why = "command queues of impossible number or size";
		return -EINVAL;
	}
	if (!caps->fq_log2 || caps->fq_log2 > 20) {
		*why = "fault queue of impossible size";
		return -EINVAL;
	}
	if (!caps->devid_bits || caps->devid_bits > CORDON_DEVID_MAX_BITS ||
	    caps->dtag_bits < 8 || caps->dtag_bits > CORDON_DTAG_MAX_BITS ||
	    caps->vmtag_bits > CORDON_VMTAG_MAX_BITS ||
	    (caps->features & CORDON_CAP1_S2 && !caps->vmtag_bits)) {
		*why = "identifiers of impossible width";
		return -EINVAL;
	}
	if (!caps->oas_bits || caps->ias_bits < 32 || caps->ias_bits > 52) {
		*why = "addresses of impossible width";
		return -EINVAL;
	}
	if (!(caps->features & (CORDON_CAP1_S1 | CORDON_CAP1_S2))) {
		*why = "neither stage 1 nor stage 2";
		return -EOPNOTSUPP;
	}
	if (!caps->pgsizes[CORDON_STAGE1] && !caps->pgsizes[CORDON_STAGE2]) {
		*why = "no granule of either stage as small as the kernel's pages";
		return -EOPNOTSUPP;
	}
	if (!(caps->features & CORDON_CAP1_COHERENT)) {
		*why = "not coherent with the CPUs' caches, which this driver does not support";
		return -EOPNOTSUPP;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_caps_parse);

/**
 * cordon_caps_region() - how large the registers are (spec 10.1)
 * @caps: capabilities
 *
 * Return: bytes.
 */
u32 cordon_caps_region(const struct cordon_caps *caps)
{
	return (2 + 2 * caps->cmdqs) * CORDON_PAGE_SIZE;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_caps_region);

/* They count with the tables, as nr_iommu_pages in /proc/vmstat. */
static void cordon_account_pages(void *pages, size_t size, int sign)
{
	mod_node_page_state(page_pgdat(virt_to_page(pages)), NR_IOMMU_PAGES,
			    sign * (long)(PAGE_ALIGN(size) >> PAGE_SHIFT));
}

/**
 * cordon_alloc_pages() - memory that a unit reads or writes
 * @unit: the unit
 * @size: bytes
 *
 * Return: zeroed memory that begins a page, within the unit's reach, or NULL.
 */
void *cordon_alloc_pages(struct cordon_unit *unit, size_t size)
{
	void *pages = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO);

	if (!pages)
		return NULL;
	if ((virt_to_phys(pages) + size - 1) >> unit->caps.oas_bits) {
		dev_err(unit->dev,
			"memory at %pap is beyond the unit's %u address bits\n",
			&(phys_addr_t) { virt_to_phys(pages) },
			unit->caps.oas_bits);
		free_pages_exact(pages, size);
		return NULL;
	}
	cordon_account_pages(pages, size, 1);
	return pages;
}

/**
 * cordon_free_pages() - free what cordon_alloc_pages() returned
 * @pages: may be NULL
 * @size: as it was
 */
void cordon_free_pages(void *pages, size_t size)
{
	if (!pages)
		return;
	cordon_account_pages(pages, size, -1);
	free_pages_exact(pages, size);
}

/* Write CTRL and wait until the bits of @mask have taken effect. */
static int cordon_ctrl_wait(struct cordon_unit *unit, u32 ctrl, u32 mask)
{
	u32 ack;
	int ret;

	cordon_writel(unit, CORDON_REG_CTRL, ctrl);
	ret = read_poll_timeout(cordon_readl, ack, !((ack ^ ctrl) & mask), 1,
				cordon_timeout_us(), false, unit,
				CORDON_REG_CTRLACK);
	if (ret)
		dev_err(unit->dev,
			"control 0x%x was not acknowledged: 0x%x instead\n",
			ctrl, ack);
	return ret;
}

/**
 * cordon_ctrl_write() - write CTRL and wait until it has taken effect
 * @unit: the unit
 * @ctrl: CORDON_CTRL_*
 *
 * May sleep.
 *
 * Return: 0 or -ETIMEDOUT, which has been logged.
 */
int cordon_ctrl_write(struct cordon_unit *unit, u32 ctrl)
{
	return cordon_ctrl_wait(unit, ctrl, U32_MAX);
}

static int cordon_unit_identify(struct cordon_unit *unit, resource_size_t size)
{
	struct cordon_cap_regs regs;
	const char *why;
	int ret;

	if (size < CORDON_PAGE_SIZE)
		return dev_err_probe(unit->dev, -EINVAL,
				     "%pa bytes of registers are less than one page of 64 KiB\n",
				     &size);

	regs.id = cordon_readq(unit, CORDON_REG_ID);
	regs.cap0 = cordon_readq(unit, CORDON_REG_CAP0);
	regs.cap1 = cordon_readq(unit, CORDON_REG_CAP1);
	regs.cap2 = cordon_readq(unit, CORDON_REG_CAP2);
	regs.cap3 = cordon_readq(unit, CORDON_REG_CAP3);
	regs.cap4 = cordon_readq(unit, CORDON_REG_CAP4);
	unit->regs = regs;
	ret = cordon_caps_parse(&regs, &unit->caps, &why);
	if (ret)
		return dev_err_probe(unit->dev, ret, "%s (ID 0x%016llx)\n", why,
				     regs.id);

	if (size < cordon_caps_region(&unit->caps))
		return dev_err_probe(unit->dev, -EINVAL,
				     "%pa bytes of registers are less than the 0x%x that %u command queues take\n",
				     &size, cordon_caps_region(&unit->caps),
				     unit->caps.cmdqs);
	return 0;
}

/**
 * cordon_unit_destroy() - free a unit
 * @unit: a unit that was stopped, or never started
 *
 * Memory that the hardware might still use is not freed.
 */
void cordon_unit_destroy(struct cordon_unit *unit)
{
	/* Its device goes, whether its memory does or not. */
	cordon_fault_end(unit);
	/* Whoever found it in the list of a domain's bonds is done with it. */
	synchronize_rcu();
	cordon_queues_end(unit);
	if (!unit->quiet) {
		dev_err(unit->dev, "keeps its memory: the unit may use it\n");
		return;
	}
	cordon_handovers_free(unit);
	cordon_queues_free(unit);
	cordon_fault_exit(unit);
	cordon_dir_destroy(unit);
	xa_destroy(&unit->streams);
	mutex_destroy(&unit->port_lock);
	mutex_destroy(&unit->lock);
	kfree(unit);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_destroy);

/**
 * cordon_unit_create() - look at a unit and get what it takes to start it
 * @dev: its device
 * @base: its registers
 * @size: their size
 * @mmio: how to reach them instead of by @base, in KUnit; else NULL
 *
 * Changes nothing in the hardware.  May sleep.
 *
 * Return: the unit, or ERR_PTR: see cordon_caps_parse(), or -ENOMEM; the reason
 * has been logged.
 */
struct cordon_unit *cordon_unit_create(struct device *dev, void __iomem *base,
				       resource_size_t size,
				       const struct cordon_mmio *mmio)
{
	struct cordon_unit *unit = kzalloc(sizeof(*unit), GFP_KERNEL);
	int ret;

	if (!unit)
		return ERR_PTR(-ENOMEM);
	unit->dev = dev;
	unit->base = base;
	unit->mmio = mmio;
	unit->quiet = true;
	INIT_LIST_HEAD(&unit->list);
	INIT_LIST_HEAD(&unit->dir.pages);
	INIT_LIST_HEAD(&unit->devices);
	INIT_LIST_HEAD(&unit->handovers);
	mutex_init(&unit->lock);
	mutex_init(&unit->port_lock);
	xa_init(&unit->streams);
	raw_spin_lock_init(&unit->root_lock);
	ratelimit_default_init(&unit->complaints);

	ret = cordon_unit_identify(unit, size);
	if (ret) {
		kfree(unit);
		return ERR_PTR(ret);
	}

	ret = cordon_fault_init(unit);
	if (!ret)
		ret = cordon_queues_alloc(unit);
	if (!ret)
		ret = cordon_dir_init(unit);
	if (ret) {
		dev_err_probe(dev, ret, "no memory for queues and directory\n");
		cordon_unit_destroy(unit);
		return ERR_PTR(ret);
	}
	return unit;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_create);

/*
 * Have a unit use no memory but what ROOT leads to: mask interrupts, disable all
 * queues, whosever they are (spec 12.1, step 2), and send no messages any more.
 *
 * If requests wait at the inputs they go on waiting: they must not get through
 * by the root of a former owner (spec 12.6).  A change of QUIESCE may be under
 * way for as long as they are stuck, so it is not waited for.
 */
static int cordon_unit_silence(struct cordon_unit *unit)
{
	u32 ctrl = cordon_readl(unit, CORDON_REG_CTRL) & CORDON_CTRL_QUIESCE;
	int ret, ret2;

	cordon_writel(unit, CORDON_REG_IMASK, BIT(CORDON_INTS) - 1);
	ret = cordon_ctrl_wait(unit, ctrl, CORDON_CTRL_FQEN | CORDON_CTRL_PRQEN);
	ret2 = cordon_queues_disable(unit);

	/* Masked as they are, they would be sent when they are unmasked. */
	if (unit->caps.features & CORDON_CAP1_MSI) {
		for (unsigned int i = 0; i < CORDON_INTS; i++)
			cordon_writeq(unit, CORDON_REG_MSI_ADDR(i), 0);
	}
	return ret ?: ret2;
}

/**
 * cordon_unit_hold() - have requests wait at the unit's inputs
 * @unit: the unit
 *
 * When this returns true no request is inside, and all that those before did
 * is visible (spec 10.3: QUIESCE).  May sleep.
 *
 * Return: false if the unit cannot, or does not answer.
 */
bool cordon_unit_hold(struct cordon_unit *unit)
{
	u32 ctrl, ack;

	if (!(unit->caps.features & CORDON_CAP1_QUIESCE))
		return false;
	/* What is on its way down must have arrived before it is set again. */
	ctrl = cordon_readl(unit, CORDON_REG_CTRL);
	if (read_poll_timeout(cordon_readl, ack,
			      !((ack ^ ctrl) & CORDON_CTRL_QUIESCE), 1,
			      cordon_timeout_us(), false, unit,
			      CORDON_REG_CTRLACK))
		return false;
	return !cordon_ctrl_wait(unit, ctrl | CORDON_CTRL_QUIESCE,
				 CORDON_CTRL_QUIESCE);
}

/**
 * cordon_unit_close() - block everything, and have no memory used (spec 12.2)
 * @unit: the unit
 * @report: faults that are still there are for the handlers of devices' drivers
 *	too, and not for the log alone
 *
 * Invalidations that come later succeed at once: nothing is cached, and
 * nothing passes.  Requests that wait go on waiting.  May sleep.
 */
void cordon_unit_close(struct cordon_unit *unit, bool report)
{
	int ret, ret2;

	/* First the root: once nothing passes, no command is needed. */
	ret = cordon_root_write(unit, CORDON_ROOT_SILENT);
	ret2 = cordon_unit_silence(unit);
	cordon_fault_flush(unit, report);

	/* Not before the fault queue is off (spec 10.6). */
	if (!ret2)
		cordon_writeq(unit, CORDON_REG_FQ_ANON, 0);
	unit->quiet = !ret && !ret2;
}

/**
 * cordon_unit_stop() - block everything and give the unit back (spec 12.2)
 * @unit: the unit
 *
 * See cordon_unit_close().
 */
void cordon_unit_stop(struct cordon_unit *unit)
{
	cordon_unit_close(unit, true);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_stop);

/*
 * Can the old root stay in force until it is replaced, without requests having
 * to wait (spec 12.3)?  Only if none can be handled by a mixture of old and new,
 * and not after a crash, where what it lets through must end at once.  Where they
 * could have waited, something was not acknowledged.
 */
static bool cordon_unit_replaceable(struct cordon_unit *unit)
{
	/* without stage 1 there is no MAIR */
	bool same = !(unit->caps.features & CORDON_CAP1_S1) ||
		    cordon_readq(unit, CORDON_REG_MAIR(0)) == CORDON_MAIR0;

	return same && !is_kdump_kernel() &&
	       !(unit->caps.features & CORDON_CAP1_QUIESCE);
}

/**
 * cordon_unit_open() - put the unit's directory in force (spec 12.1)
 * @unit: a unit that is stopped, or whose owner is somebody else
 * @keep: requests are to be lost as little as possible (spec 12.3, 12.5)
 *
 * With @keep they wait until they can be handled by the directory, where the
 * unit has a place for them.  Otherwise, and if they cannot, what a former owner
 * let through is blocked first.  May sleep.
 *
 * Return: 0, -ETIMEDOUT or -EIO, which have been logged; then it is stopped, or
 * has been told to block everything if it does not answer.
 */
int cordon_unit_open(struct cordon_unit *unit, bool keep)
{
	u32 hold = 0;
	int ret, ret2;

	ret = cordon_unit_silence(unit);
	if (keep && !ret && cordon_unit_hold(unit))
		hold = CORDON_CTRL_QUIESCE;
	if (ret || (!hold && !(keep && cordon_unit_replaceable(unit)))) {
		/*
		 * Whatever of it fails, all is blocked; and only then are the
		 * requests let in that the former owner had stopped, if any.
		 */
		ret2 = cordon_root_write(unit, CORDON_ROOT_SILENT);
		if (!ret)
			ret = ret2;
		if (!ret)
			ret = cordon_ctrl_write(unit, 0);
		if (ret)
			return ret;
	}

	/* From here on it is told of memory of ours. */
	unit->quiet = false;
	cordon_writel(unit, CORDON_REG_ERROR, U32_MAX);
	cordon_writeq(unit, CORDON_REG_CMDPEND, U64_MAX);
	/* A root that is in force uses it still. */
	if (cordon_readq(unit, CORDON_REG_MAIR(0)) != CORDON_MAIR0)
		cordon_writeq(unit, CORDON_REG_MAIR(0), CORDON_MAIR0);
	ret = cordon_fault_enable(unit, hold);
	if (!ret)
		ret = cordon_queues_enable(unit);
	if (ret)
		goto err;

	/* The directory does not grow between the two. */
	scoped_guard(mutex, &unit->lock) {
		cordon_unit_become(unit, CORDON_UNIT_RUNNING);
		ret = cordon_root_write(unit,
					cordon_root_word(virt_to_phys(unit->dir.root),
							 unit->dir.levels));
	}
	if (!ret && hold)
		ret = cordon_ctrl_write(unit, CORDON_CTRL_FQEN);
	if (ret)
		goto err;
	cordon_writel(unit, CORDON_REG_IMASK,
		      (BIT(CORDON_INTS) - 1) & ~CORDON_INTS_USED);
	return 0;

err:
	cordon_unit_stop(unit);
	/* Blocked, they need not wait any longer for what will not come. */
	if (unit->quiet)
		cordon_ctrl_write(unit, 0);
	return ret;
}

/**
 * cordon_unit_is_live() - has somebody left a directory in force? (spec 12.1)
 * @unit: a unit that has not been started
 *
 * Return: true if so.
 */
bool cordon_unit_is_live(struct cordon_unit *unit)
{
	return FIELD_GET(CORDON_ROOT_LEVELS,
			 cordon_readq(unit, CORDON_REG_ROOTACK));
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_is_live);

/**
 * cordon_unit_start() - put a unit to use (spec 12.1)
 * @unit: a unit that is stopped
 *
 * What a former owner left is stopped first, and not looked at: from that
 * moment until devices are attached, nothing passes (spec 12.6), except to the
 * reserved regions of devices for which cordon_handover_prepare() found some
 * (spec 12.3).  It is done in the same way if there was none.  May sleep.
 *
 * Return: see cordon_unit_open().
 */
int cordon_unit_start(struct cordon_unit *unit)
{
	bool live = cordon_unit_is_live(unit);
	bool keep = live && !list_empty(&unit->handovers);

	if (keep)
		dev_info(unit->dev,
			 "unit is live: taking it over, with reserved regions mapped and all else blocked\n");
	else if (live)
		dev_info(unit->dev,
			 "unit is live: taking it over, with all devices blocked\n");
	return cordon_unit_open(unit, keep);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_start);

/**
 * cordon_handle_command() - serve the command interrupt
 * @unit: the unit
 *
 * The driver asks no command for an interrupt: it means that queues stopped.
 */
void cordon_handle_command(struct cordon_unit *unit)
{
	u64 pending = cordon_readq(unit, CORDON_REG_CMDPEND);

	if (pending == U64_MAX)
		cordon_unit_ask(unit);
	cordon_writeq(unit, CORDON_REG_CMDPEND, pending);
	for (unsigned int i = 0; i < unit->nr_queues; i++) {
		if (pending & BIT_ULL(i))
			cordon_queue_recover(&unit->queues[i]);
	}
}
EXPORT_SYMBOL_IF_KUNIT(cordon_handle_command);

/**
 * cordon_handle_error() - serve the error interrupt (spec 10.4)
 * @unit: the unit
 */
void cordon_handle_error(struct cordon_unit *unit)
{
	static const char * const texts[] = {
		"register accessed against the rules",
		"structure in memory could not be read",
		"fault record could not be written",
		"page request could not be written",
		"interrupt message could not be written",
		"fault block could not be accessed or is inconsistent",
		"status line could not be written",
	};
	u32 error = cordon_readl(unit, CORDON_REG_ERROR);
	u64 addr = cordon_readq(unit, CORDON_REG_ERRADDR);

	if (error == U32_MAX) {
		cordon_unit_ask(unit);
		return;
	}
	cordon_writel(unit, CORDON_REG_ERROR, error);
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++) {
		if (error & BIT(i) && __ratelimit(&unit->complaints))
			dev_err(unit->dev, "error: %s (first at 0x%llx)\n",
				texts[i], addr);
	}
}
EXPORT_SYMBOL_IF_KUNIT(cordon_handle_error);

static irqreturn_t cordon_command_irq(int irq, void *data)
{
	cordon_handle_command(data);
	return IRQ_HANDLED;
}

/*
 * The bit is cleared after the queue has been drained: it is set again at once
 * if there are unread records (spec 8).
 */
static irqreturn_t cordon_fault_irq(int irq, void *data)
{
	struct cordon_unit *unit = data;

	cordon_fault_drain(unit);
	cordon_writel(unit, CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));
	return IRQ_HANDLED;
}

static irqreturn_t cordon_error_irq(int irq, void *data)
{
	cordon_handle_error(data);
	return IRQ_HANDLED;
}

/* One line for all sources. */
static irqreturn_t cordon_combined_irq(int irq, void *data)
{
	struct cordon_unit *unit = data;
	u32 pending = cordon_readl(unit, CORDON_REG_IPEND) & CORDON_INTS_USED;

	if (!pending)
		return IRQ_NONE;
	if (pending & BIT(CORDON_INT_COMMAND))
		cordon_command_irq(irq, data);
	if (pending & BIT(CORDON_INT_FAULT))
		cordon_fault_irq(irq, data);
	if (pending & BIT(CORDON_INT_ERROR))
		cordon_error_irq(irq, data);
	return IRQ_HANDLED;
}

static int cordon_request_irq(struct platform_device *pdev, int irq,
			      irq_handler_t thread, const char *name)
{
	struct device *dev = &pdev->dev;
	int ret;

	if (irq < 0)
		return dev_err_probe(dev, irq, "no %s interrupt\n", name);
	name = devm_kasprintf(dev, GFP_KERNEL, "%s %s", dev_name(dev), name);
	if (!name)
		return -ENOMEM;
	ret = devm_request_threaded_irq(dev, irq, NULL, thread, IRQF_ONESHOT,
					name, platform_get_drvdata(pdev));
	if (ret)
		return dev_err_probe(dev, ret, "interrupt %s refused\n", name);
	return 0;
}

static int cordon_request_irqs(struct platform_device *pdev)
{
	static const irq_handler_t threads[CORDON_INTS] = {
		[CORDON_INT_COMMAND] = cordon_command_irq,
		[CORDON_INT_FAULT] = cordon_fault_irq,
		[CORDON_INT_ERROR] = cordon_error_irq,
	};
	int ret;

	if (!device_property_present(&pdev->dev, "interrupt-names"))
		return cordon_request_irq(pdev, platform_get_irq(pdev, 0),
					  cordon_combined_irq, "combined");

	for (unsigned int i = 0; i < CORDON_INTS; i++) {
		if (!threads[i])
			continue;
		ret = cordon_request_irq(pdev,
					 platform_get_irq_byname(pdev, cordon_int_names[i]),
					 threads[i], cordon_int_names[i]);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * cordon_unit_find() - the unit that a firmware node describes
 * @fwnode: the node
 *
 * Return: the unit, or NULL if there is none yet.
 */
struct cordon_unit *cordon_unit_find(struct fwnode_handle *fwnode)
{
	struct cordon_unit *unit;

	guard(mutex)(&cordon_units_lock);
	list_for_each_entry(unit, &cordon_units, list) {
		if (dev_fwnode(unit->dev) == fwnode)
			return unit;
	}
	return NULL;
}

/**
 * cordon_units_tag_bits() - width of tags that all units with a stage have
 * @stage: the stage
 *
 * May sleep.
 *
 * Return: bits; CORDON_DTAG_MAX_BITS if there are no such units.
 */
unsigned int cordon_units_tag_bits(enum cordon_stage stage)
{
	unsigned int bits = CORDON_DTAG_MAX_BITS;
	struct cordon_unit *unit;

	guard(mutex)(&cordon_units_lock);
	list_for_each_entry(unit, &cordon_units, list) {
		if (unit->caps.pgsizes[stage])
			bits = min(bits,
				   cordon_caps_tag_bits(&unit->caps, stage));
	}
	return bits;
}

static void cordon_release(void *unit)
{
	cordon_unit_destroy(unit);
}

static void cordon_stop(void *unit)
{
	cordon_unit_stop(unit);
}

static void cordon_unregister(void *data)
{
	struct cordon_unit *unit = data;

	cordon_debugfs_remove(unit);
	iommu_device_unregister(&unit->iommu);
	iommu_device_sysfs_remove(&unit->iommu);
	scoped_guard(mutex, &cordon_units_lock)
		list_del_init(&unit->list);
}

static int cordon_register(struct cordon_unit *unit)
{
	struct device *dev = unit->dev;
	int ret;

	ret = iommu_device_sysfs_add(&unit->iommu, dev, cordon_sysfs_groups,
				     "%s", dev_name(dev));
	if (ret)
		return dev_err_probe(dev, ret, "no entry in sysfs\n");

	/* Clients may come as soon as it is registered: the list first. */
	scoped_guard(mutex, &cordon_units_lock)
		list_add_tail(&unit->list, &cordon_units);
	ret = iommu_device_register(&unit->iommu, &cordon_ops, dev);
	if (ret) {
		scoped_guard(mutex, &cordon_units_lock)
			list_del_init(&unit->list);
		iommu_device_sysfs_remove(&unit->iommu);
		return dev_err_probe(dev, ret, "not registered\n");
	}
	cordon_debugfs_add(unit);
	return devm_add_action_or_reset(dev, cordon_unregister, unit);
}

static int cordon_check_coherency(struct cordon_unit *unit)
{
	/* Units that are not coherent have been refused by then. */
	if (device_get_dma_attr(unit->dev) != DEV_DMA_COHERENT)
		return dev_err_probe(unit->dev, -EINVAL,
				     "the unit says that it is coherent, the device tree lacks dma-coherent\n");
	return 0;
}

static void cordon_announce(const struct cordon_unit *unit)
{
	const struct cordon_caps *caps = &unit->caps;

	const char *stages = "stages 1 and 2";

	if (!caps->pgsizes[CORDON_STAGE2])
		stages = "stage 1";
	else if (!caps->pgsizes[CORDON_STAGE1])
		stages = "stage 2";
	dev_info(unit->dev,
		 "version %u.%u, implementation 0x%x: %u of %u command queues; %s; DeviceIDs of %u bits, domain tags of %u, VM tags of %u, input addresses of %u, physical addresses of %u\n",
		 CORDON_MAJOR, caps->minor, caps->implementation,
		 unit->nr_queues, caps->cmdqs, stages, caps->devid_bits,
		 caps->dtag_bits, caps->vmtag_bits, caps->ias_bits,
		 caps->oas_bits);
	/* Strict or lazy is told with each device: it may differ. */
	dev_info(unit->dev, "default domain type: %s\n",
		 iommu_default_passthrough() ? "identity" : "DMA");
}

static int cordon_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct cordon_unit *unit;
	struct resource *res;
	void __iomem *base;
	int ret;

	base = devm_platform_get_and_ioremap_resource(pdev, 0, &res);
	if (IS_ERR(base))
		return dev_err_probe(dev, PTR_ERR(base), "no registers\n");

	unit = cordon_unit_create(dev, base, resource_size(res), NULL);
	if (IS_ERR(unit))
		return PTR_ERR(unit);
	ret = devm_add_action_or_reset(dev, cordon_release, unit);
	if (ret)
		return ret;
	platform_set_drvdata(pdev, unit);

	ret = cordon_check_coherency(unit);
	if (ret)
		return ret;
	/* They are masked in the unit until it is started, and again after. */
	cordon_writel(unit, CORDON_REG_IMASK, BIT(CORDON_INTS) - 1);
	ret = cordon_request_irqs(pdev);
	if (ret)
		return ret;

	/* Firmware may have a device at work, which loses nothing. */
	if (cordon_unit_is_live(unit))
		cordon_handover_prepare(unit);
	ret = cordon_unit_start(unit);
	if (ret)
		return ret;
	ret = devm_add_action_or_reset(dev, cordon_stop, unit);
	if (ret)
		return ret;
	cordon_announce(unit);
	return cordon_register(unit);
}

/* The next kernel finds a unit that lets nothing through. */
static void cordon_shutdown(struct platform_device *pdev)
{
	cordon_unit_stop(platform_get_drvdata(pdev));
}

static const struct of_device_id cordon_of_match[] = {
	{ .compatible = "cordon,iommu-v1" },
	{ }
};
MODULE_DEVICE_TABLE(of, cordon_of_match);

static struct platform_driver cordon_driver = {
	.driver = {
		.name = "cordon",
		.of_match_table = cordon_of_match,
		.pm = pm_sleep_ptr(&cordon_pm_ops),
		/* Devices cannot do without it while their drivers run. */
		.suppress_bind_attrs = true,
	},
	.probe = cordon_probe,
	.shutdown = cordon_shutdown,
};

static int __init cordon_init(void)
{
	int ret;

	cordon_debugfs_init();
	ret = platform_driver_register(&cordon_driver);
	if (ret)
		cordon_debugfs_exit();
	return ret;
}
module_init(cordon_init);

static void __exit cordon_exit(void)
{
	platform_driver_unregister(&cordon_driver);
	cordon_debugfs_exit();
}
module_exit(cordon_exit);

/* iova_bitmap_set(), by iommu_dirty_bitmap_record() */
CORDON_IMPORT_NS(IOMMUFD);
MODULE_DESCRIPTION("Cordon IOMMU");
MODULE_LICENSE("GPL");
