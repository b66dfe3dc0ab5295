// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: the reference model as hardware for the driver's tests.
 *
 * The model reads and writes the kernel's memory wherever the driver's
 * structures lead it, so that KASAN sees each access to what was freed.
 * It is not made for threads: all calls are made under one lock.
 */
#include <kunit/device.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>

#include "model_test.h"

/* What tests use that are not about tables: any kernel can have pages of 4K. */
const struct model_tables model_stage1 =
	MODEL_STAGE1(4K, SZ_4K, SZ_2M, 48);
const struct model_tables model_stage2 =
	MODEL_STAGE2(4K, SZ_4K, SZ_2M, 48);

/* What is about tables. */
const struct model_tables model_kinds_4k[MODEL_KINDS_4K] = {
	MODEL_STAGE1(4K, SZ_4K, SZ_2M, 48),
	MODEL_STAGE2(4K, SZ_4K, SZ_2M, 48),
};

const struct model_tables model_kinds[MODEL_KINDS] = {
	MODEL_STAGE1(4K, SZ_4K, SZ_2M, 48),
	MODEL_STAGE2(4K, SZ_4K, SZ_2M, 48),
#if PAGE_SHIFT >= 14
	MODEL_STAGE1(16K, SZ_16K, SZ_32M, 48),
	MODEL_STAGE2(16K, SZ_16K, SZ_32M, 48),
#endif
#if PAGE_SHIFT >= 16
	MODEL_STAGE1(64K, SZ_64K, SZ_512M, 52),
	MODEL_STAGE2(64K, SZ_64K, SZ_512M, 52),
#endif
};

/* The timer's step of real time, and how many commands it takes in one. */
#define MODEL_STEP_NS		(100 * NSEC_PER_USEC)
#define MODEL_STEP_COMMANDS	16

/*
 * Where the model's physical address is, or NULL if that is no memory of the
 * kernel.  A violation of the driver's, that the interconnect would refuse.
 */
static void *model_memory(struct model_unit *m, u64 addr, size_t len)
{
	unsigned long pfn = PHYS_PFN(addr);

	if (len > PAGE_SIZE - offset_in_page(addr) || !pfn_valid(pfn) ||
	    PageReserved(pfn_to_page(pfn)) ||
	    (m->reaches && !m->reaches(m->reaches_data, addr))) {
		m->outside++;
		return NULL;
	}
	return phys_to_virt(addr);
}

static int model_read(void *opaque, u64 addr, void *buf, size_t len)
{
	const char *p = model_memory(opaque, addr, len);

	if (!p)
		return -EFAULT;
	for (; len >= 8 && IS_ALIGNED(addr, 8); len -= 8, addr += 8) {
		put_unaligned(READ_ONCE(*(const u64 *)p), (u64 *)buf);
		p += 8;
		buf += 8;
	}
	memcpy(buf, p, len);
	return 0;
}

static int model_write(void *opaque, u64 addr, const void *buf, size_t len)
{
	char *p = model_memory(opaque, addr, len);

	if (!p)
		return -EFAULT;
	for (; len >= 8 && IS_ALIGNED(addr, 8); len -= 8, addr += 8) {
		/* Visible in order (spec 6.2): pairs with the driver's dma_rmb(). */
		smp_store_release((u64 *)p, get_unaligned((const u64 *)buf));
		p += 8;
		buf += 8;
	}
	memcpy(p, buf, len);
	return 0;
}

/* Values are little-endian in memory, as this machine's own are. */
static int model_cas(void *opaque, u64 addr, u64 *old, u64 val)
{
	u64 *p = model_memory(opaque, addr, sizeof(*p));

	BUILD_BUG_ON(IS_ENABLED(CONFIG_CPU_BIG_ENDIAN));
	if (!p)
		return -EFAULT;
	*old = cmpxchg(p, *old, val);
	return 0;
}

static int model_or8(void *opaque, u64 addr, u8 bits)
{
	u64 *p = model_memory(opaque, round_down(addr, 8), sizeof(*p));
	u64 old;

	if (!p)
		return -EFAULT;
	do {
		old = READ_ONCE(*p);
	} while (cmpxchg(p, old, old | (u64)bits << (addr % 8 * 8)) != old);
	return 0;
}

static u64 model_now(void *opaque)
{
	struct model_unit *m = opaque;

	return m->clock;
}

static void model_irq(void *opaque, unsigned int line, bool level)
{
	struct model_unit *m = opaque;

	if (level)
		m->irqs |= BIT(line);
	else
		m->irqs &= ~BIT(line);
}

static void model_violation(void *opaque, enum cordon_violation kind,
			    const char *text)
{
	struct model_unit *m = opaque;

	if (m->expected & BIT(kind))
		return;
	if (!m->violations[kind]++)
		dev_err(m->dev, "model: %s\n", text);
}

static void model_trace(void *opaque, enum cordon_trace event, u64 a, u64 b,
			u64 c, u64 d)
{
	struct model_unit *m = opaque;

	if (event != CORDON_TRACE_COMMAND)
		return;
	m->log[m->commands % MODEL_LOG].op = c;
	m->log[m->commands % MODEL_LOG].target = d;
	m->commands++;
}

static const struct cordon_ops model_ops = {
	.read = model_read,
	.write = model_write,
	.cas = model_cas,
	.or8 = model_or8,
	.irq = model_irq,
	.now = model_now,
	.violation = model_violation,
	.trace = model_trace,
};

/* Hardware may look at any time: what it finds, it may know from now on. */
static void model_look(struct model_watch *w)
{
	u64 pointer = le64_to_cpu(READ_ONCE(*w->slot));
	const struct cordon_dc *dc;

	if (!(pointer & CORDON_PTR_V))
		return;
	dc = phys_to_virt(pointer & CORDON_PTR_CONTEXT);
	for (unsigned int i = 0; i < w->nr; i++) {
		if (w->known[i].dc == dc)
			return;
	}
	if (w->nr == ARRAY_SIZE(w->known))
		memmove(&w->known[0], &w->known[1],
			sizeof(w->known[0]) * --w->nr);
	w->known[w->nr].dc = dc;
	w->known[w->nr++].copy = *dc;
}

/*
 * What hardware knows must be there: KASAN sees what has been freed, the
 * comparison what has been changed.
 */
static void model_check(struct model_unit *m, const struct model_known *known)
{
	u64 fault = le64_to_cpu(known->copy.fault);
	u64 s1root = le64_to_cpu(known->copy.s1root);
	u64 s2root = le64_to_cpu(known->copy.s2root);

	if (memcmp(known->dc, &known->copy, sizeof(known->copy)))
		m->damaged++;
	if (fault)
		(void)READ_ONCE(*(const u64 *)phys_to_virt(fault));
	if (s1root)
		(void)READ_ONCE(*(const u64 *)phys_to_virt(s1root));
	if (s2root)
		(void)READ_ONCE(*(const u64 *)phys_to_virt(s2root));
}

/* Commands may be taken at any moment now, and have not been. */
static void model_before(struct model_unit *m)
{
	for (unsigned int i = 0; i < m->nr_watches; i++) {
		struct model_watch *w = &m->watches[i];

		model_look(w);
		for (unsigned int j = 0; j < w->nr; j++)
			model_check(m, &w->known[j]);
	}
	if (m->before)
		m->before(m);
}

/* Commands have been taken: what have they made hardware forget? */
static void model_after(struct model_unit *m, unsigned int since)
{
	bool forget = false;

	for (; since != m->commands; since++) {
		switch (m->log[since % MODEL_LOG].op & 0xff) {
		case CORDON_OP_INV_ALL:
		case CORDON_OP_INV_DEVICE:
			forget = true;
		}
	}
	for (unsigned int i = 0; forget && i < m->nr_watches; i++) {
		m->watches[i].nr = 0;
		model_look(&m->watches[i]);
	}
}

static bool model_is_doorbell(u32 offset)
{
	return offset >= CORDON_PAGE_GUEST(0) &&
	       (offset - CORDON_PAGE_GUEST(0)) % (2 * CORDON_PAGE_SIZE) <
	       CORDON_PAGE_SIZE;
}

static u64 model_mmio_read(struct model_unit *m, u32 offset, unsigned int size)
{
	u64 value = ~0ULL;

	scoped_guard(raw_spinlock_irqsave, &m->lock) {
		m->clock++;
		if (m->off)
			m->touched++;
		else if (!m->gone)
			value = cordon_model_mmio_read(m->model, offset, size);
	}
	return value;
}

static void model_write_locked(struct model_unit *m, u32 offset, u64 value,
			       unsigned int size)
{
	bool doorbell = model_is_doorbell(offset);
	unsigned int commands;

	m->clock++;
	if (m->off)
		m->touched++;
	if (m->off || m->gone || (m->swallow && doorbell))
		return;
	if (doorbell)
		model_before(m);
	commands = m->commands;
	cordon_model_mmio_write(m->model, offset, value, size);
	model_after(m, commands);
	/* Without a directory hardware knows no context. */
	if (offset == CORDON_REG_ROOT && !(value & CORDON_ROOT_LEVELS))
		m->nr_watches = 0;
}

static void model_mmio_write(struct model_unit *m, u32 offset, u64 value,
			     unsigned int size)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock)
		model_write_locked(m, offset, value, size);
}

static u32 model_read32(void *opaque, u32 offset)
{
	return model_mmio_read(opaque, offset, 4);
}

static u64 model_read64(void *opaque, u32 offset)
{
	return model_mmio_read(opaque, offset, 8);
}

static void model_write32(void *opaque, u32 offset, u32 value)
{
	model_mmio_write(opaque, offset, value, 4);
}

static void model_write64(void *opaque, u32 offset, u64 value)
{
	model_mmio_write(opaque, offset, value, 8);
}

static enum hrtimer_restart model_timer(struct hrtimer *timer)
{
	struct model_unit *m = container_of(timer, struct model_unit, timer);

	scoped_guard(raw_spinlock, &m->lock) {
		unsigned int commands = m->commands;

		model_before(m);
		m->clock += MODEL_STEP_COMMANDS * m->config.command_latency;
		cordon_model_tick(m->model);
		model_after(m, commands);
	}
	hrtimer_forward_now(timer, ns_to_ktime(MODEL_STEP_NS));
	return HRTIMER_RESTART;
}

/**
 * model_finish() - no more of a unit, and nothing that the test has not named
 * @m: the unit; may be called twice
 */
void model_finish(struct model_unit *m)
{
	struct kunit *test = m->test;

	if (!m->memory)
		return;
	if (m->unit) {
		cordon_unit_stop(m->unit);
		cordon_unit_destroy(m->unit);
		m->unit = NULL;
	}
	if (m->running)
		hrtimer_cancel(&m->timer);
	for (unsigned int i = 0; i < CORDON_VIOLATIONS; i++)
		KUNIT_EXPECT_EQ_MSG(test, m->violations[i], 0,
				    "violations of kind %u", i);
	if (!(m->expected & BIT(CORDON_VIOLATION_STRUCTURE)))
		KUNIT_EXPECT_EQ(test, m->outside, 0);
	KUNIT_EXPECT_EQ_MSG(test, m->damaged, 0,
			    "contexts changed or freed while hardware knew them");
	KUNIT_EXPECT_EQ_MSG(test, m->touched, 0,
			    "registers used while there was no power");
	vfree(m->memory);
	m->memory = NULL;
}

static void model_finish_action(void *m)
{
	model_finish(m);
}

/**
 * model_reconfigure() - make the model from &model_unit.config, out of reset
 * @m: a unit that the driver has not been told of
 */
void model_reconfigure(struct model_unit *m)
{
	const char *why = "";

	memset(m->memory, 0, cordon_model_size(&m->config));
	m->model = cordon_model_init(m->memory, &m->config, &model_ops, m, &why);
	KUNIT_ASSERT_NOT_NULL_MSG(m->test, m->model, "%s", why);
}

/**
 * model_prepare_with() - a model that the driver has not been told of yet
 * @test: the test
 * @name: of the unit's device
 * @tables: kind of tables of its domains
 *
 * With all that the model can do but other granules, and its checking mode on.
 *
 * Return: the unit, which goes with the test.
 */
struct model_unit *model_prepare_with(struct kunit *test, const char *name,
				      const struct model_tables *tables)
{
	struct model_unit *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	raw_spin_lock_init(&m->lock);
	hrtimer_setup(&m->timer, model_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	m->mmio = (struct cordon_mmio) {
		.read32 = model_read32,
		.read64 = model_read64,
		.write32 = model_write32,
		.write64 = model_write64,
		.opaque = m,
	};
	m->dev = kunit_device_register(test, name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(m->dev));

	cordon_model_default_config(&m->config);
	m->config.check_stale = true;
	/* CAP0: S1TG is bits 34:32, S2TG bits 37:35 */
	m->config.cap[1] &= ~(0x3fULL << 32);
	m->config.cap[1] |= (u64)tables->granule << 32 |
			    (u64)tables->granule << 35;
	m->tables = tables;
	m->memory = vzalloc(cordon_model_size(&m->config));
	KUNIT_ASSERT_NOT_NULL(test, m->memory);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, model_finish_action, m));
	model_reconfigure(m);
	return m;
}

/**
 * model_prepare() - model_prepare_with() tables of stage 1
 * @test: the test
 * @name: of the unit's device
 *
 * Return: the unit, which goes with the test.
 */
struct model_unit *model_prepare(struct kunit *test, const char *name)
{
	return model_prepare_with(test, name, &model_stage1);
}

/**
 * model_start_prepared() - have the driver take a unit into use
 * @m: from model_prepare()
 */
void model_start_prepared(struct model_unit *m)
{
	struct cordon_unit *unit;

	unit = cordon_unit_create(m->dev, NULL,
				  cordon_model_mmio_size(m->model), &m->mmio);
	if (IS_ERR(unit))
		KUNIT_FAIL_AND_ABORT(m->test, "cannot be created: %pe", unit);
	m->unit = unit;
	KUNIT_ASSERT_EQ(m->test, cordon_unit_start(m->unit), 0);
}

/**
 * model_start() - a unit in use
 * @test: the test
 * @name: of the unit's device
 *
 * Return: the unit, which goes with the test.
 */
struct model_unit *model_start(struct kunit *test, const char *name)
{
	return model_start_with(test, name, &model_stage1);
}

/**
 * model_start_with() - a unit in use
 * @test: the test
 * @name: of the unit's device
 * @tables: kind of tables of its domains
 *
 * Return: the unit, which goes with the test.
 */
struct model_unit *model_start_with(struct kunit *test, const char *name,
				    const struct model_tables *tables)
{
	struct model_unit *m = model_prepare_with(test, name, tables);

	model_start_prepared(m);
	return m;
}

/**
 * model_tables_desc() - for KUNIT_ARRAY_PARAM
 * @t: kind of tables
 * @desc: where to write its name
 */
void model_tables_desc(const struct model_tables *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}

/**
 * model_latency() - from now on commands take time
 * @m: the unit
 * @ticks: how long, of the model's time
 *
 * Uses of stale entries are no violation while an invalidation may be under
 * way: see MODEL_GRACE and model_settle().
 */
void model_latency(struct model_unit *m, u64 ticks)
{
	KUNIT_ASSERT_NULL_MSG(m->test, m->unit, "too late");
	m->config.command_latency = ticks;
	m->config.stale_grace = MODEL_GRACE;
	model_reconfigure(m);
	m->running = true;
	hrtimer_start(&m->timer, ns_to_ktime(MODEL_STEP_NS),
		      HRTIMER_MODE_REL_HARD);
}

static void model_device_remove(void *cdev)
{
	cordon_device_remove(cdev);
}

KUNIT_DEFINE_ACTION_WRAPPER(model_domain_free, iommu_domain_free,
			    struct iommu_domain *);

/**
 * model_device() - a device behind a unit
 * @m: the unit
 * @name: of the device
 * @ids: its DeviceIDs
 * @nr: how many
 *
 * Return: the device, which goes with the test.
 */
struct cordon_device *model_device(struct model_unit *m, const char *name,
				   const u32 *ids, unsigned int nr)
{
	struct device *dev = kunit_device_register(m->test, name);
	struct cordon_device *cdev;

	KUNIT_ASSERT_FALSE(m->test, IS_ERR(dev));
	cdev = cordon_device_add(m->unit, dev, ids, nr);
	KUNIT_ASSERT_FALSE(m->test, IS_ERR(cdev));
	KUNIT_ASSERT_EQ(m->test, 0,
			kunit_add_action_or_reset(m->test, model_device_remove,
						  cdev));
	return cdev;
}

/**
 * model_device1() - a device with one DeviceID
 * @m: the unit
 * @name: of the device
 * @id: the DeviceID
 *
 * Return: the device, which goes with the test.
 */
struct cordon_device *model_device1(struct model_unit *m, const char *name,
				    u32 id)
{
	return model_device(m, name, &id, 1);
}

/**
 * model_domain() - a paging domain, with the tables that the unit is for
 * @m: unit that it is for
 *
 * To be called before the devices that it is attached to are made: what a test
 * takes goes in reverse order.
 *
 * Return: the domain, which goes with the test.
 */
struct iommu_domain *model_domain(struct model_unit *m)
{
	return model_domain_of(m, m->tables->stage);
}

/**
 * model_domain_of() - a paging domain of either stage
 * @m: unit that it is for
 * @stage: the stage
 *
 * Return: the domain, which goes with the test; see model_domain().
 */
struct iommu_domain *model_domain_of(struct model_unit *m,
				     enum cordon_stage stage)
{
	return model_domain_with(m, stage, 0);
}

/**
 * model_domain_with() - a paging domain that is asked to have something
 * @m: unit that it is for
 * @stage: the stage
 * @flags: IOMMU_HWPT_ALLOC_*
 *
 * Return: the domain, which goes with the test; see model_domain().
 */
struct iommu_domain *model_domain_with(struct model_unit *m,
				       enum cordon_stage stage, u32 flags)
{
	struct iommu_domain *domain = cordon_domain_alloc(m->unit, stage, flags);

	KUNIT_ASSERT_FALSE(m->test, IS_ERR(domain));
	KUNIT_ASSERT_EQ(m->test, 0,
			kunit_add_action_or_reset(m->test, model_domain_free,
						  domain));
	return domain;
}

/**
 * model_map() - iommu_map(), which must succeed
 * @test: the test
 * @domain: the domain
 * @iova: where
 * @pa: what
 * @size: how much of it
 * @prot: IOMMU_READ and so on
 */
void model_map(struct kunit *test, struct iommu_domain *domain, u64 iova,
	       u64 pa, size_t size, int prot)
{
	KUNIT_ASSERT_EQ(test, 0,
			iommu_map(domain, iova, pa, size, prot, GFP_KERNEL));
}

/**
 * model_attach() - cordon_attach(), which must succeed
 * @test: the test
 * @cdev: the device
 * @domain: the domain
 */
void model_attach(struct kunit *test, struct cordon_device *cdev,
		  struct iommu_domain *domain)
{
	KUNIT_ASSERT_EQ(test, 0, cordon_attach(cdev, domain));
}

/**
 * model_request() - a request of a device
 * @m: the unit
 * @req: the request
 * @ans: what becomes of it
 */
void model_request(struct model_unit *m, const struct cordon_request *req,
		   struct cordon_answer *ans)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock)
		cordon_model_translate(m->model, req, ans);
}

/**
 * model_dma_locked() - model_dma() for callers that hold the lock
 * @m: the unit
 * @devid: DeviceID
 * @addr: address
 * @access: MODEL_READ and so on
 * @pa: where it leads; may be NULL
 *
 * Return: 0, or CORDON_REASON_*.
 */
int model_dma_locked(struct model_unit *m, u32 devid, u64 addr,
		     unsigned int access, u64 *pa)
{
	const struct cordon_request req = {
		.addr = addr,
		.devid = devid,
		.read = access & MODEL_READ,
		.write = access & MODEL_WRITE,
		.exec = access & MODEL_EXEC,
		.priv = access & MODEL_PRIV,
	};
	struct cordon_answer ans;

	/* The bus is blocked (spec 12.5). */
	if (m->off)
		return CORDON_ANSWER_HELD;
	cordon_model_translate(m->model, &req, &ans);
	if (!ans.reason && pa)
		*pa = ans.addr;
	return ans.reason;
}

/**
 * model_dma() - a DMA
 * @m: the unit
 * @devid: DeviceID
 * @addr: address
 * @access: MODEL_READ and so on
 * @pa: where it leads; may be NULL
 *
 * Return: 0, or CORDON_REASON_*.
 */
int model_dma(struct model_unit *m, u32 devid, u64 addr, unsigned int access,
	      u64 *pa)
{
	int reason;

	scoped_guard(raw_spinlock_irqsave, &m->lock)
		reason = model_dma_locked(m, devid, addr, access, pa);
	return reason;
}

/**
 * model_expect() - a DMA, and what is to become of it
 * @m: the unit
 * @line: where the test says so
 * @devid: DeviceID
 * @addr: address
 * @access: MODEL_READ and so on
 * @reason: 0, or CORDON_REASON_*
 * @pa: where it leads, if it passes
 */
void model_expect(struct model_unit *m, int line, u32 devid, u64 addr,
		  unsigned int access, int reason, u64 pa)
{
	u64 out = 0;

	KUNIT_EXPECT_EQ_MSG(m->test, reason,
			    model_dma(m, devid, addr, access, &out),
			    "line %d, DeviceID 0x%x at 0x%llx", line, devid,
			    addr);
	if (!reason)
		KUNIT_EXPECT_EQ_MSG(m->test, pa, out,
				    "line %d, DeviceID 0x%x at 0x%llx", line,
				    devid, addr);
}

/**
 * model_forget() - drop all that is cached, as hardware may at any time
 * @m: the unit
 */
void model_forget(struct model_unit *m)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock)
		cordon_model_drop_caches(m->model);
}

/**
 * model_power() - take a unit's power away, or give it back
 * @m: the unit
 * @on: give it back: it comes out of reset
 */
void model_power(struct model_unit *m, bool on)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock) {
		m->off = !on;
		m->nr_watches = 0;
		cordon_model_reset(m->model);
	}
}

/**
 * model_advance() - let time pass
 * @m: the unit
 * @ticks: how much of the model's time
 */
void model_advance(struct model_unit *m, u64 ticks)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock) {
		m->clock += ticks;
		cordon_model_tick(m->model);
	}
}

/**
 * model_settle() - every use of a stale entry is a violation from now on
 * @m: a unit with latency, with no command under way
 */
void model_settle(struct model_unit *m)
{
	model_advance(m, MODEL_GRACE + 1);
}

/**
 * model_watch() - watch the contexts of a device
 * @m: its unit
 * @cdev: the device
 */
void model_watch(struct model_unit *m, const struct cordon_device *cdev)
{
	for (unsigned int i = 0; i < cdev->nr_streams; i++) {
		scoped_guard(raw_spinlock_irqsave, &m->lock) {
			struct model_watch *w = &m->watches[m->nr_watches++];

			w->slot = cdev->streams[i]->slot;
			w->nr = 0;
			model_look(w);
		}
	}
}

/**
 * model_inject() - from now on the model makes these errors, and no others
 * @m: the unit
 * @inject: the errors
 */
void model_inject(struct model_unit *m, struct cordon_inject inject)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock)
		cordon_model_inject(m->model, &inject);
}

/**
 * model_saw() - has a command been taken?
 * @m: the unit
 * @since: look at commands from this number on
 * @opcode: its operation
 * @target: where to put its target; may be NULL
 *
 * Return: true if it has.
 */
bool model_saw(struct model_unit *m, unsigned int since, unsigned int opcode,
	       u64 *target)
{
	bool saw = false;

	scoped_guard(raw_spinlock_irqsave, &m->lock) {
		for (; since != m->commands && !saw; since++) {
			saw = (m->log[since % MODEL_LOG].op & 0xff) == opcode;
			if (saw && target)
				*target = m->log[since % MODEL_LOG].target;
		}
	}
	return saw;
}

CORDON_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
CORDON_IMPORT_NS(IOMMUFD);
