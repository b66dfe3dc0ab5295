/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cordon IOMMU: the driver's tests against the reference model.
 *
 * A &struct model_unit is the model as hardware: its registers are the driver's
 * through &struct cordon_mmio, its memory is the kernel's.  A test's DMA is a
 * call of model_dma(), which the model translates as a device's request.
 */
#ifndef _CORDON_MODEL_TEST_H
#define _CORDON_MODEL_TEST_H

#include <kunit/test.h>
#include <linux/hrtimer.h>
#include <linux/spinlock.h>

#include "cordon.h"
#include "cordon_model.h"

/* DeviceIDs: of two PCI functions, and one that needs three levels. */
#define MODEL_DEVID		0x0008
#define MODEL_DEVID2		0x0110
#define MODEL_DEVID3		0x40123

#define MODEL_READ		0x1
#define MODEL_WRITE		0x2
#define MODEL_EXEC		0x4
#define MODEL_PRIV		0x8

/* Commands that were taken, oldest forgotten. */
#define MODEL_LOG		64

/**
 * struct model_tables - kind of tables that a test is run with
 * @name: what the case is called
 * @stage: their stage
 * @granule: bit of CORDON_CAP0_S1TG and CORDON_CAP0_S2TG: the unit has no other
 * @page: bytes of a page
 * @block: bytes of a block one level up, which are also those of a table
 * @bits: of an address, where the unit has 52
 * @range: opcode of the command after pages have gone (spec 5.4)
 * @all: opcode of the command for all of a domain
 * @retire: opcode of the command after a domain has left the unit
 */
struct model_tables {
	const char *name;
	enum cordon_stage stage;
	unsigned int granule;
	size_t page;
	size_t block;
	unsigned int bits;
	u8 range;
	u8 all;
	u8 retire;
};

#define MODEL_STAGE1(granule_, page_, block_, bits_)			\
	{								\
		.name = "stage 1, " #granule_,				\
		.stage = CORDON_STAGE1, .granule = MODEL_TG_##granule_,	\
		.page = page_, .block = block_, .bits = bits_,		\
		.range = 0x05, .all = 0x06, .retire = 0x06,		\
	}
#define MODEL_STAGE2(granule_, page_, block_, bits_)			\
	{								\
		.name = "stage 2, " #granule_,				\
		.stage = CORDON_STAGE2, .granule = MODEL_TG_##granule_,	\
		.page = page_, .block = block_, .bits = bits_,		\
		.range = 0x08, .all = 0x08, .retire = 0x07,		\
	}
#define MODEL_TG_4K		0x1
#define MODEL_TG_64K		0x2
#define MODEL_TG_16K		0x4

extern const struct model_tables model_stage1, model_stage2;

/* For KUNIT_ARRAY_PARAM: those of 4K, and all that the kernel's pages allow. */
#define MODEL_KINDS_4K	2
#define MODEL_KINDS	(PAGE_SHIFT >= 16 ? 6 : PAGE_SHIFT >= 14 ? 4 : 2)
extern const struct model_tables model_kinds_4k[MODEL_KINDS_4K];
extern const struct model_tables model_kinds[MODEL_KINDS];

/**
 * struct model_known - a context that hardware may know
 * @dc: where it is
 * @copy: what it said when hardware may have read it first
 */
struct model_known {
	const struct cordon_dc *dc;
	struct cordon_dc copy;
};

/**
 * struct model_watch - the contexts that hardware may know of one DeviceID
 * @slot: the pointer at level 0 of the directory
 * @known: contexts that it has led to
 * @nr: how many
 *
 * From when a pointer is published until an invalidation of its DeviceID is
 * complete, hardware may read the context and what that leads to: all of it
 * must be there, and the context unchanged.
 */
struct model_watch {
	const __le64 *slot;
	struct model_known known[4];
	unsigned int nr;
};

/**
 * struct model_unit - the reference model as a unit of the driver
 * @test: the test
 * @dev: the unit's device
 * @unit: the driver's unit
 * @mmio: registers, for the driver
 * @lock: serialises calls of the model; taken with interrupts off
 * @model: the model
 * @memory: what it is made of
 * @config: its configuration
 * @tables: kind of tables of the domains that model_domain() makes
 * @clock: its system counter; goes on with each access of a register
 * @timer: carries out commands when &cordon_config.command_latency is not 0
 * @running: @timer has been started
 * @swallow: writes to doorbells and to RESUME are lost
 * @gone: all registers read as ones, writes are lost
 * @off: it has no power: registers must be left alone, requests go nowhere
 * @touched: accesses to registers while @off
 * @watches: contexts that are watched
 * @nr_watches: how many
 * @damaged: contexts that were changed or freed while hardware knew them
 * @before: called with @lock held before commands are handed to the model
 * @reaches: if set, whether an address is memory, for a test that invents some;
 *	called with @lock held
 * @reaches_data: what it is called with
 * @log: commands taken: op and target
 * @commands: how many in all
 * @violations: of software, by kind, that the test did not expect
 * @expected: kinds of violations that the test provokes, as bits
 * @outside: accesses to what is not memory
 * @irqs: levels of the interrupt lines, as bits
 */
struct model_unit {
	struct kunit *test;
	struct device *dev;
	struct cordon_unit *unit;
	struct cordon_mmio mmio;

	raw_spinlock_t lock;
	struct cordon_model *model;
	void *memory;
	struct cordon_config config;
	const struct model_tables *tables;
	u64 clock;
	struct hrtimer timer;
	bool running;

	bool swallow;
	bool gone;
	bool off;
	unsigned int touched;

	struct model_watch watches[8];
	unsigned int nr_watches;
	unsigned int damaged;
	void (*before)(struct model_unit *m);
	bool (*reaches)(void *data, u64 addr);
	void *reaches_data;

	struct {
		u64 op;
		u64 target;
	} log[MODEL_LOG];
	unsigned int commands;
	unsigned int violations[CORDON_VIOLATIONS];
	unsigned int expected;
	unsigned int outside;
	unsigned int irqs;
};

/*
 * With latency, how long a stale entry may be used: longer than any test takes
 * by itself, but shorter than what model_settle() lets pass.
 */
#define MODEL_GRACE		BIT_ULL(40)

struct model_unit *model_prepare(struct kunit *test, const char *name);
struct model_unit *model_start(struct kunit *test, const char *name);
struct model_unit *model_prepare_with(struct kunit *test, const char *name,
				      const struct model_tables *tables);
struct model_unit *model_start_with(struct kunit *test, const char *name,
				    const struct model_tables *tables);
void model_start_prepared(struct model_unit *m);
void model_reconfigure(struct model_unit *m);
void model_latency(struct model_unit *m, u64 ticks);
void model_finish(struct model_unit *m);

struct cordon_device *model_device(struct model_unit *m, const char *name,
				   const u32 *ids, unsigned int nr);
struct cordon_device *model_device1(struct model_unit *m, const char *name,
				    u32 id);
struct iommu_domain *model_domain(struct model_unit *m);
struct iommu_domain *model_domain_of(struct model_unit *m,
				     enum cordon_stage stage);
struct iommu_domain *model_domain_with(struct model_unit *m,
				       enum cordon_stage stage, u32 flags);
void model_map(struct kunit *test, struct iommu_domain *domain, u64 iova,
	       u64 pa, size_t size, int prot);
void model_attach(struct kunit *test, struct cordon_device *cdev,
		  struct iommu_domain *domain);
void model_tables_desc(const struct model_tables *t, char *desc);

void model_request(struct model_unit *m, const struct cordon_request *req,
		   struct cordon_answer *ans);
int model_dma(struct model_unit *m, u32 devid, u64 addr, unsigned int access,
	      u64 *pa);
int model_dma_locked(struct model_unit *m, u32 devid, u64 addr,
		     unsigned int access, u64 *pa);
void model_forget(struct model_unit *m);
void model_power(struct model_unit *m, bool on);
void model_advance(struct model_unit *m, u64 ticks);
void model_settle(struct model_unit *m);
void model_watch(struct model_unit *m, const struct cordon_device *cdev);
void model_inject(struct model_unit *m, struct cordon_inject inject);
bool model_saw(struct model_unit *m, unsigned int since, unsigned int opcode,
	       u64 *target);

void model_expect(struct model_unit *m, int line, u32 devid, u64 addr,
		  unsigned int access, int reason, u64 pa);

/* A DMA that passes, to @pa, and one that ends with @reason. */
#define EXPECT_PASS(m, devid, addr, access, pa)	\
	model_expect(m, __LINE__, devid, addr, access, 0, pa)
#define EXPECT_FAULT(m, devid, addr, access, reason) \
	model_expect(m, __LINE__, devid, addr, access, reason, 0)

#endif /* _CORDON_MODEL_TEST_H */
