// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the hand-over from firmware (spec 12.3), against the reference
 * model and with device trees that are put together here.
 */
#include <kunit/device.h>
#include <linux/of.h>
#include <linux/sizes.h>

#include "model_test.h"

#ifdef CONFIG_OF_DYNAMIC

/* Where no memory is: 8 TiB on */
#define REGION_HI	0x800
#define REGION		0x0000080000000000ULL
#define REGION_SIZE	SZ_2M
#define SECOND		0x0000080010000000ULL
#define OUTSIDE		0x0000080020000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)

/* spec 6.1 */
#define NO_ROOT		0x01
#define ABSENT		0x04
#define NOT_MAPPED	0x22

/* spec 10.2: CAP1.QUIESCE */
#define QUIESCE		BIT_ULL(23)

/* Phandles, which nobody else has. */
#define UNIT		0x7c0d0001
#define MASTER		0x7c0d0002
#define FUNCTION	0x7c0d0003
#define REGION0		0x7c0d0010
#define REGION1		0x7c0d0011

/* A platform master with two DeviceIDs, and PCI function 1.0 from 0x40000 on. */
#define MASTER_ID	0x110
#define MASTER_ID2	0x40123
#define FUNCTION_ID	0x40008

struct tree {
	struct kunit *test;
	struct of_changeset changes;
	struct device_node *top;
	struct device_node *unit;
	struct device_node *master;
	struct device_node *function;
	struct device_node *regions[2];
};

static struct device_node *tree_node(struct tree *t, struct device_node *parent,
				     const char *name)
{
	struct device_node *np = of_changeset_create_node(&t->changes, parent,
							  name);

	KUNIT_ASSERT_NOT_NULL(t->test, np);
	return np;
}

static void tree_cells_of(struct tree *t, struct device_node *np,
			  const char *name, const u32 *cells, unsigned int nr)
{
	KUNIT_ASSERT_EQ(t->test, 0,
			of_changeset_add_prop_u32_array(&t->changes, np, name,
							cells, nr));
}

#define tree_cells(t, np, name, ...)					\
	tree_cells_of(t, np, name, (const u32 []) { __VA_ARGS__ },	\
		      sizeof((const u32 []) { __VA_ARGS__ }) / sizeof(u32))

static void tree_revert(void *tree)
{
	struct tree *t = tree;

	of_changeset_revert(&t->changes);
	of_changeset_destroy(&t->changes);
}

/* All but the regions' iommu-addresses, which each test has its own idea of. */
static struct tree *tree_start(struct kunit *test, struct model_unit *m)
{
	struct tree *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct device_node *root __free(device_node) = of_find_node_by_path("/");
	struct device_node *host;

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_NOT_NULL(test, root);
	t->test = test;
	of_changeset_init(&t->changes);
	t->top = tree_node(t, root, "cordon-test");
	/* No device is made of it. */
	of_node_set_flag(t->top, OF_POPULATED);
	tree_cells(t, t->top, "#address-cells", 2);
	tree_cells(t, t->top, "#size-cells", 2);
	KUNIT_ASSERT_EQ(test, 0, of_changeset_add_prop_bool(&t->changes, t->top,
							    "ranges"));

	t->unit = tree_node(t, t->top, "iommu");
	tree_cells(t, t->unit, "#iommu-cells", 1);

	t->master = tree_node(t, t->top, "master");
	tree_cells(t, t->master, "iommus", UNIT, MASTER_ID, UNIT, MASTER_ID2,
		   UNIT, MASTER_ID);
	tree_cells(t, t->master, "memory-region", REGION0, REGION1);

	host = tree_node(t, t->top, "pcie");
	KUNIT_ASSERT_EQ(test, 0, of_changeset_add_prop_string(&t->changes, host,
							      "device_type", "pci"));
	tree_cells(t, host, "#address-cells", 3);
	tree_cells(t, host, "#size-cells", 2);
	tree_cells(t, host, "iommu-map", 0, UNIT, 0x40000, 0x10000);
	t->function = tree_node(t, host, "display@1,0");
	tree_cells(t, t->function, "reg", 0x800, 0, 0, 0, 0);
	tree_cells(t, t->function, "memory-region", REGION1);

	t->regions[0] = tree_node(t, t->top, "region0");
	t->regions[1] = tree_node(t, t->top, "region1");
	m->dev->of_node = t->unit;
	return t;
}

static void tree_apply(struct tree *t)
{
	KUNIT_ASSERT_EQ(t->test, 0, of_changeset_apply(&t->changes));
	KUNIT_ASSERT_EQ(t->test, 0,
			kunit_add_action_or_reset(t->test, tree_revert, t));
	t->unit->phandle = UNIT;
	t->master->phandle = MASTER;
	t->function->phandle = FUNCTION;
	t->regions[0]->phandle = REGION0;
	t->regions[1]->phandle = REGION1;
}

/* The two regions as they should be. */
static void tree_regions(struct tree *t)
{
	tree_cells(t, t->regions[0], "reg", REGION_HI, 0, 0, REGION_SIZE);
	tree_cells(t, t->regions[0], "iommu-addresses",
		   MASTER, REGION_HI, 0, 0, REGION_SIZE);
	/* one for both, each of which has its own number of cells */
	tree_cells(t, t->regions[1], "reg", REGION_HI, 0x10000000, 0, REGION_SIZE);
	tree_cells(t, t->regions[1], "iommu-addresses",
		   FUNCTION, 0, REGION_HI, 0x10000000, 0, REGION_SIZE,
		   MASTER, REGION_HI, 0x10000000, 0, REGION_SIZE);
}

/*
 * What firmware left: a directory of one level of which some DeviceIDs bypass
 * all, and memory attributes of its own.
 */
static void firmware_was_here(struct kunit *test, struct model_unit *m, u64 mair)
{
	static const u32 ids[] = { MASTER_ID, MASTER_ID2, FUNCTION_ID, MODEL_DEVID };
	u64 *root = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	u64 *mid[2], *leaf[3];

	KUNIT_ASSERT_NOT_NULL(test, root);
	for (unsigned int i = 0; i < ARRAY_SIZE(mid); i++)
		mid[i] = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	for (unsigned int i = 0; i < ARRAY_SIZE(leaf); i++)
		leaf[i] = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, mid[0] && mid[1] && leaf[0] && leaf[1] && leaf[2]);
	/* IDs 26:18, 17:9 and 8:0 */
	root[0] = virt_to_phys(mid[0]) | 1;
	root[1] = virt_to_phys(mid[1]) | 1;
	mid[0][0] = virt_to_phys(leaf[0]) | 1;
	mid[1][0] = virt_to_phys(leaf[1]) | 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		leaf[ids[i] >> 18][ids[i] & 0x1ff] = virt_to_phys(leaf[2]) | 1;
	/* valid, stage 1 bypassed */
	leaf[2][0] = 0x3;
	m->mmio.write64(m, CORDON_REG_MAIR(0), mair);
	m->mmio.write64(m, CORDON_REG_ROOT, virt_to_phys(root) | 3);
	EXPECT_PASS(m, MASTER_ID, OUTSIDE, MODEL_WRITE, OUTSIDE);
	EXPECT_PASS(m, FUNCTION_ID, OUTSIDE, MODEL_WRITE, OUTSIDE);
}

/*
 * Who watches each step of the driver: firmware's devices are at work all the
 * time, in their regions and, against the rules, outside.
 */
struct watcher {
	struct cordon_mmio mmio;
	struct model_unit *m;
	bool replaced;
	unsigned int held;
	unsigned int kept;
	unsigned int lost;
	unsigned int escaped;
};

static void watch_one(struct watcher *w, u32 devid, u64 addr)
{
	u64 pa = 0;

	switch (model_dma(w->m, devid, addr, MODEL_WRITE, &pa)) {
	case 0:
		w->kept++;
		break;
	case CORDON_ANSWER_HELD:
		w->held++;
		break;
	default:
		w->lost++;
	}
	/* Firmware's directory lets it pass, ours does not. */
	if (!model_dma(w->m, devid, OUTSIDE, MODEL_WRITE, &pa) && w->replaced)
		w->escaped++;
}

static void watch(struct watcher *w)
{
	watch_one(w, MASTER_ID, REGION);
	watch_one(w, MASTER_ID2, REGION + REGION_SIZE - 8);
	watch_one(w, MASTER_ID, SECOND);
	watch_one(w, FUNCTION_ID, SECOND);
}

static void watched_write32(void *opaque, u32 offset, u32 value)
{
	struct watcher *w = opaque;

	w->m->mmio.write32(w->m, offset, value);
	watch(w);
}

static void watched_write64(void *opaque, u32 offset, u64 value)
{
	struct watcher *w = opaque;

	w->m->mmio.write64(w->m, offset, value);
	if (offset == CORDON_REG_ROOT)
		w->replaced = true;
	watch(w);
}

static u32 watched_read32(void *opaque, u32 offset)
{
	struct watcher *w = opaque;

	return w->m->mmio.read32(w->m, offset);
}

static u64 watched_read64(void *opaque, u32 offset)
{
	struct watcher *w = opaque;

	return w->m->mmio.read64(w->m, offset);
}

static void take_over(struct kunit *test, struct model_unit *m, struct watcher *w)
{
	*w = (struct watcher) {
		.mmio = {
			.read32 = watched_read32,
			.read64 = watched_read64,
			.write32 = watched_write32,
			.write64 = watched_write64,
			.opaque = w,
		},
		.m = m,
	};
	m->unit = cordon_unit_create(m->dev, NULL,
				     cordon_model_mmio_size(m->model), &w->mmio);
	KUNIT_ASSERT_FALSE(test, IS_ERR(m->unit));
	KUNIT_EXPECT_TRUE(test, cordon_unit_is_live(m->unit));
	cordon_handover_prepare(m->unit);
	KUNIT_EXPECT_EQ(test, cordon_unit_start(m->unit), 0);
	m->unit->mmio = &m->mmio;
}

/* The regions and nothing else, by the devices that have them and no others. */
static void expect_kept(struct model_unit *m)
{
	static const u32 ids[] = { MASTER_ID, MASTER_ID2, FUNCTION_ID };

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_PASS(m, ids[i], SECOND, MODEL_WRITE, SECOND);
		EXPECT_FAULT(m, ids[i], SECOND - 1, MODEL_READ, NOT_MAPPED);
		EXPECT_FAULT(m, ids[i], SECOND + REGION_SIZE, MODEL_READ, NOT_MAPPED);
		EXPECT_FAULT(m, ids[i], OUTSIDE, MODEL_READ, NOT_MAPPED);
	}
	EXPECT_PASS(m, MASTER_ID, REGION, MODEL_READ, REGION);
	EXPECT_PASS(m, MASTER_ID2, REGION + REGION_SIZE - 1, MODEL_WRITE,
		    REGION + REGION_SIZE - 1);
	EXPECT_FAULT(m, MASTER_ID, REGION + REGION_SIZE, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, FUNCTION_ID, REGION, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(m, MODEL_DEVID, REGION, MODEL_READ, ABSENT);
}

static void scene(struct kunit *test, struct model_unit **m, struct tree **t)
{
	*m = model_prepare(test, "unit");
	*t = tree_start(test, *m);
}

/* With a tree that has nothing wrong, after firmware with memory attributes @mair. */
static void sound_scene(struct kunit *test, struct model_unit **m, u64 mair,
			bool unheld)
{
	struct tree *t;

	scene(test, m, &t);
	tree_regions(t);
	tree_apply(t);
	if (unheld) {
		(*m)->config.cap[2] &= ~QUIESCE;
		model_reconfigure(*m);
	}
	firmware_was_here(test, *m, mair);
}

/*
 * From firmware's directory to ours.  Without a place where requests can wait it
 * is the old root until it is replaced; but not if addresses would be of one kind
 * by one and another by the other.
 */
struct change {
	const char *name;
	bool unheld;
	u64 mair;
	bool loses;
};

static const struct change changes[] = {
	{ "requests wait" },
	{ "they cannot", .unheld = true, .mair = CORDON_MAIR0 },
	{ "they cannot, with other attributes", .unheld = true, .mair = 0x4444,
	  .loses = true },
};

static void change_desc(const struct change *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(change, changes, change_desc);

/* Nothing escapes, and what can be kept is not lost. */
static void root_changes(struct kunit *test)
{
	const struct change *c = test->param_value;
	struct model_unit *m;
	struct watcher w;

	sound_scene(test, &m, c->mair, c->unheld);
	take_over(test, m, &w);
	KUNIT_EXPECT_EQ(test, w.escaped, 0);
	KUNIT_EXPECT_EQ(test, w.lost > 0, c->loses);
	KUNIT_EXPECT_EQ(test, w.held > 0, !c->unheld);
	KUNIT_EXPECT_GT(test, w.kept, 0);
	expect_kept(m);
}

/* The first attach is one store; from then on the domain alone counts. */
static unsigned int attach_lost;

static void attach_watch(struct model_unit *m)
{
	attach_lost += !!model_dma_locked(m, MASTER_ID, REGION, MODEL_WRITE, NULL);
	attach_lost += !!model_dma_locked(m, MASTER_ID2, SECOND, MODEL_WRITE, NULL);
}

static void driver_comes(struct kunit *test)
{
	struct iommu_domain *domain;
	struct cordon_device *cdev;
	struct model_unit *m;
	struct watcher w;

	sound_scene(test, &m, 0, false);
	take_over(test, m, &w);
	domain = model_domain(m);
	/* as the IOMMU core does it for a device with such regions */
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, REGION, REGION, REGION_SIZE, RW, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, SECOND, SECOND, REGION_SIZE, RW, GFP_KERNEL));

	/* A device that comes and goes without being attached changes nothing. */
	cdev = cordon_device_add(m->unit, m->dev,
				 (u32 []) { MASTER_ID, MASTER_ID2 }, 2);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cdev));
	cordon_device_remove(cdev);
	expect_kept(m);

	attach_lost = 0;
	cdev = model_device(m, "master", (u32 []) { MASTER_ID, MASTER_ID2 }, 2);
	model_watch(m, cdev);
	attach_watch(m);
	m->before = attach_watch;
	/* Until the invalidation is complete either context may be used. */
	m->expected = BIT(CORDON_VIOLATION_STALE);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, domain), 0);
	m->expected = 0;
	m->before = NULL;
	KUNIT_EXPECT_EQ(test, attach_lost, 0);
	/* what is the function's is kept on */
	KUNIT_EXPECT_TRUE(test, list_is_singular(&m->unit->handovers));
	EXPECT_PASS(m, FUNCTION_ID, SECOND, MODEL_WRITE, SECOND);
	EXPECT_FAULT(m, FUNCTION_ID, REGION, MODEL_WRITE, NOT_MAPPED);

	EXPECT_PASS(m, MASTER_ID, REGION, MODEL_WRITE, REGION);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, REGION, REGION_SIZE), REGION_SIZE);
	EXPECT_FAULT(m, MASTER_ID, REGION, MODEL_WRITE, NOT_MAPPED);
	EXPECT_FAULT(m, MASTER_ID2, REGION, MODEL_WRITE, NOT_MAPPED);
	KUNIT_EXPECT_EQ(test, cordon_attach(cdev, cordon_ops.blocked_domain), 0);
	KUNIT_EXPECT_NE(test, model_dma(m, MASTER_ID, SECOND, MODEL_WRITE, NULL), 0);
}

/* No driver comes: it lasts over suspend, and until the unit is stopped. */
static void driver_does_not_come(struct kunit *test)
{
	struct model_unit *m;
	struct watcher w;

	sound_scene(test, &m, 0, false);
	take_over(test, m, &w);
	for (u64 addr = OUTSIDE; addr < OUTSIDE + 100 * SZ_4K; addr += SZ_4K)
		EXPECT_FAULT(m, MASTER_ID, addr, MODEL_READ, NOT_MAPPED);
	KUNIT_EXPECT_GT(test, cordon_fault_drain(m->unit), 0);

	cordon_unit_suspend(m->unit);
	model_power(m, false);
	model_power(m, true);
	EXPECT_FAULT(m, MASTER_ID, REGION, MODEL_READ, NO_ROOT);
	KUNIT_EXPECT_EQ(test, cordon_unit_resume(m->unit), 0);
	expect_kept(m);
	cordon_unit_stop(m->unit);
	EXPECT_FAULT(m, MASTER_ID, REGION, MODEL_READ, NO_ROOT);
	EXPECT_FAULT(m, FUNCTION_ID, SECOND, MODEL_READ, NO_ROOT);
	KUNIT_EXPECT_FALSE(test, cordon_unit_is_live(m->unit));
}

/*
 * Whoever left the root, and however: holding requests back, in the middle of
 * that, or with a unit that does not acknowledge it.
 */
struct former {
	const char *name;
	bool holds;
	u32 mutes;
	bool loses;
};

static const struct former formers[] = {
	{ "at work" },
	{ "holding requests back", .holds = true },
	{ "control not acknowledged", .mutes = BIT(CORDON_MUTE_CTRL), .loses = true },
};

static void former_desc(const struct former *f, char *desc)
{
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(former, formers, former_desc);

static void former_owner(struct kunit *test)
{
	const struct former *f = test->param_value;
	unsigned int ms = cordon_timeout_ms;
	struct model_unit *m;
	struct watcher w;

	sound_scene(test, &m, 0, false);
	if (f->holds)
		m->mmio.write32(m, CORDON_REG_CTRL, CORDON_CTRL_QUIESCE);
	model_inject(m, (struct cordon_inject) { .mutes = f->mutes });
	cordon_timeout_ms = 50;
	if (f->mutes) {
		/* Nothing works with such a unit: all is blocked, in bounded time. */
		m->unit = cordon_unit_create(m->dev, NULL,
					     cordon_model_mmio_size(m->model),
					     &m->mmio);
		KUNIT_ASSERT_FALSE(test, IS_ERR(m->unit));
		cordon_handover_prepare(m->unit);
		KUNIT_EXPECT_EQ(test, cordon_unit_start(m->unit), -ETIMEDOUT);
		EXPECT_FAULT(m, MASTER_ID, OUTSIDE, MODEL_READ, NO_ROOT);
		EXPECT_FAULT(m, MASTER_ID, REGION, MODEL_READ, NO_ROOT);
		model_inject(m, (struct cordon_inject) { });
	} else {
		take_over(test, m, &w);
		KUNIT_EXPECT_EQ(test, w.lost, 0);
		KUNIT_EXPECT_EQ(test, w.escaped, 0);
		expect_kept(m);
	}
	cordon_timeout_ms = ms;
}

/* The model's own way to registers, and what ROOT was made first. */
static struct cordon_mmio plain;
static u64 first_root;

static void unheld_write32(void *opaque, u32 offset, u32 value)
{
	if (offset == CORDON_REG_CTRL && value & CORDON_CTRL_QUIESCE)
		model_inject(opaque, (struct cordon_inject) {
			.mutes = BIT(CORDON_MUTE_CTRL),
		});
	plain.write32(opaque, offset, value);
}

static void unheld_write64(void *opaque, u32 offset, u64 value)
{
	if (offset == CORDON_REG_ROOT && first_root == U64_MAX) {
		first_root = value;
		model_inject(opaque, (struct cordon_inject) { });
	}
	plain.write64(opaque, offset, value);
}

/*
 * A unit that does not acknowledge that it holds requests back, and all else: what
 * the old root lets through ends before anything else is changed (spec 12.3).
 */
static void hold_not_acknowledged(struct kunit *test)
{
	unsigned int ms = cordon_timeout_ms;
	struct model_unit *m;
	struct watcher w;

	/* the attributes that the driver uses: they need no change */
	sound_scene(test, &m, CORDON_MAIR0, false);
	plain = m->mmio;
	first_root = U64_MAX;
	m->mmio.write32 = unheld_write32;
	m->mmio.write64 = unheld_write64;
	cordon_timeout_ms = 50;
	take_over(test, m, &w);
	cordon_timeout_ms = ms;
	m->mmio = plain;
	KUNIT_EXPECT_EQ(test, first_root, CORDON_ROOT_SILENT);
	KUNIT_EXPECT_EQ(test, w.escaped, 0);
	expect_kept(m);
}

/* A tree with something wrong in region 0; region 1 is kept nevertheless. */
struct flaw {
	const char *name;
	u32 reg[4];
	unsigned int reg_cells;
	u32 maps[10];
	unsigned int map_cells;
	bool sound;
};

static const struct flaw flaws[] = {
	{ "only keeps addresses free", {}, 0,
	  { MASTER, REGION_HI, 0, 0, REGION_SIZE }, 5, true },
	{ "malformed reg", { REGION_HI, 0, 0 }, 3,
	  { MASTER, REGION_HI, 0, 0, REGION_SIZE }, 5, true },
	{ "mapped elsewhere", { REGION_HI, 0, 0, REGION_SIZE }, 4,
	  { MASTER, REGION_HI, REGION_SIZE, 0, REGION_SIZE }, 5, true },
	{ "of another size", { REGION_HI, 0, 0, REGION_SIZE }, 4,
	  { MASTER, REGION_HI, 0, 0, 2 * REGION_SIZE }, 5, true },
	{ "no whole pages", { REGION_HI, 0, 0, 0x800 }, 4,
	  { MASTER, REGION_HI, 0, 0, 0x800 }, 5, true },
	{ "too high", { 0x100000, 0, 0, REGION_SIZE }, 4,
	  { MASTER, 0x100000, 0, 0, REGION_SIZE }, 5, true },
	{ "too long", { REGION_HI, 0, 0x100000, 0 }, 4,
	  { MASTER, REGION_HI, 0, 0x100000, 0 }, 5, true },
	{ "beyond the end", { 0xffffffff, 0xfffff000, 0, 0x2000 }, 4,
	  { MASTER, 0xffffffff, 0xfffff000, 0, 0x2000 }, 5, true },
	{ "no length", { REGION_HI, 0, 0, REGION_SIZE }, 4,
	  { MASTER, REGION_HI, 0, 0, 0 }, 5, false },
	{ "ends too early", { REGION_HI, 0, 0, REGION_SIZE }, 4,
	  { MASTER, REGION_HI, 0, 0 }, 4, false },
	{ "a phandle alone", { REGION_HI, 0, 0, REGION_SIZE }, 4,
	  { MASTER }, 1, false },
	{ "no such device", { REGION_HI, 0, 0, REGION_SIZE }, 4,
	  { 0x7c0dffff, REGION_HI, 0, 0, REGION_SIZE }, 5, false },
};

static void flaw_desc(const struct flaw *f, char *desc)
{
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flaw, flaws, flaw_desc);

static void flawed_tree(struct kunit *test)
{
	const struct flaw *f = test->param_value;
	struct model_unit *m;
	struct tree *t;

	scene(test, &m, &t);
	if (f->reg_cells)
		tree_cells_of(t, t->regions[0], "reg", f->reg, f->reg_cells);
	tree_cells_of(t, t->regions[0], "iommu-addresses", f->maps,
		      f->map_cells);
	tree_cells(t, t->regions[1], "reg", REGION_HI, 0x10000000, 0, REGION_SIZE);
	tree_cells(t, t->regions[1], "iommu-addresses",
		   FUNCTION, 0, REGION_HI, 0x10000000, 0, REGION_SIZE,
		   MASTER, REGION_HI, 0x10000000, 0, REGION_SIZE);
	tree_apply(t);
	firmware_was_here(test, m, 0);
	m->unit = cordon_unit_create(m->dev, NULL,
				     cordon_model_mmio_size(m->model), &m->mmio);
	KUNIT_ASSERT_FALSE(test, IS_ERR(m->unit));
	cordon_handover_prepare(m->unit);
	KUNIT_EXPECT_EQ(test, cordon_unit_start(m->unit), 0);

	/* The function has nothing to do with region 0. */
	EXPECT_PASS(m, FUNCTION_ID, SECOND, MODEL_WRITE, SECOND);
	KUNIT_EXPECT_TRUE(test, cordon_regions_sound(m->dev, t->function));
	/* Of what follows an entry without an end nobody knows where it is. */
	KUNIT_EXPECT_EQ(test, cordon_regions_sound(m->dev, t->master), f->sound);
	if (f->sound) {
		EXPECT_PASS(m, MASTER_ID, SECOND, MODEL_WRITE, SECOND);
		EXPECT_FAULT(m, MASTER_ID, REGION, MODEL_WRITE, NOT_MAPPED);
		EXPECT_FAULT(m, MASTER_ID, REGION + REGION_SIZE, MODEL_WRITE, NOT_MAPPED);
	} else {
		EXPECT_FAULT(m, MASTER_ID, SECOND, MODEL_WRITE, ABSENT);
		EXPECT_FAULT(m, MASTER_ID, REGION, MODEL_WRITE, ABSENT);
	}
}

/* Regions of one device that overlap are one; of two devices, each has its own. */
static void overlapping(struct kunit *test)
{
	struct model_unit *m;
	struct watcher w;
	struct tree *t;

	scene(test, &m, &t);
	tree_cells(t, t->regions[0], "reg", REGION_HI, 0, 0, 0x40000);
	tree_cells(t, t->regions[0], "iommu-addresses",
		   MASTER, REGION_HI, 0, 0, 0x40000);
	tree_cells(t, t->regions[1], "reg", REGION_HI, 0x20000, 0, 0x40000);
	tree_cells(t, t->regions[1], "iommu-addresses",
		   MASTER, REGION_HI, 0x20000, 0, 0x40000,
		   FUNCTION, 0, REGION_HI, 0x20000, 0, 0x40000);
	tree_apply(t);
	firmware_was_here(test, m, 0);
	take_over(test, m, &w);
	EXPECT_PASS(m, MASTER_ID, REGION, MODEL_WRITE, REGION);
	EXPECT_PASS(m, MASTER_ID, REGION + 0x30000, MODEL_WRITE, REGION + 0x30000);
	EXPECT_PASS(m, MASTER_ID, REGION + 0x5ffff, MODEL_WRITE, REGION + 0x5ffff);
	EXPECT_FAULT(m, MASTER_ID, REGION + 0x60000, MODEL_WRITE, NOT_MAPPED);
	EXPECT_FAULT(m, FUNCTION_ID, REGION, MODEL_WRITE, NOT_MAPPED);
	EXPECT_PASS(m, FUNCTION_ID, REGION + 0x20000, MODEL_WRITE, REGION + 0x20000);
}

/* Memory that the kernel hands out is never kept open. */
static void kernels_own_memory(struct kunit *test)
{
	void *mine = (void *)get_zeroed_page(GFP_KERNEL);
	u64 pa = virt_to_phys(mine);
	u32 reg[4] = { upper_32_bits(pa), lower_32_bits(pa), 0, PAGE_SIZE };
	u32 maps[5] = { MASTER, reg[0], reg[1], 0, PAGE_SIZE };
	struct model_unit *m;
	struct watcher w;
	struct tree *t;

	KUNIT_ASSERT_NOT_NULL(test, mine);
	scene(test, &m, &t);
	tree_cells_of(t, t->regions[0], "reg", reg, 4);
	tree_cells_of(t, t->regions[0], "iommu-addresses", maps, 5);
	tree_apply(t);
	firmware_was_here(test, m, 0);
	take_over(test, m, &w);
	EXPECT_FAULT(m, MASTER_ID, pa, MODEL_WRITE, ABSENT);
	KUNIT_EXPECT_TRUE(test, list_empty(&m->unit->handovers));
	free_page((unsigned long)mine);
}

static struct kunit_case handover_cases[] = {
	KUNIT_CASE_PARAM(root_changes, change_gen_params),
	KUNIT_CASE(driver_comes),
	KUNIT_CASE(driver_does_not_come),
	KUNIT_CASE_PARAM(former_owner, former_gen_params),
	KUNIT_CASE(hold_not_acknowledged),
	KUNIT_CASE_PARAM(flawed_tree, flaw_gen_params),
	KUNIT_CASE(overlapping),
	KUNIT_CASE(kernels_own_memory),
	{ }
};

static struct kunit_suite handover_suite = {
	.name = "cordon_handover",
	.test_cases = handover_cases,
};

kunit_test_suite(handover_suite);
#endif /* CONFIG_OF_DYNAMIC */
