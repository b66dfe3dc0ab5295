/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Driver of Cordon's DMA test engine: the engine, and its shells.
 */
#ifndef CORDON_ENGINE_DRIVER_H
#define CORDON_ENGINE_DRIVER_H

#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/iommu.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/rwsem.h>

#include "../../engine/cordon_engine.h"
#include "uapi.h"

struct engine;

/**
 * struct engine_shell - what differs from bus to bus
 * @reset: everything but the bus's own settings as after power-on; 0 or a
 *	negative errno, -EAGAIN if somebody else is at it. Called inside run_lock
 */
struct engine_shell {
	int (*reset)(struct engine *e);
};

/**
 * struct engine - one test engine
 * @refs: one for the binding, one for each open file
 * @dev: the device that does DMA; valid while @dead is not set
 * @shell: its bus
 * @regs: its registers
 * @misc: /dev/cordon-engineN
 * @name: the last part of that
 * @nr: N
 * @life: see the top of main.c; protects @dead
 * @dead: the driver has been unbound
 * @files_lock: protects @files
 * @files: open files
 * @run_lock: protects the operation registers
 * @ended: the engine has interrupted
 * @domain_lock: protects @domains, @faults and @attached; not what is mapped in
 *	domains
 * @domains: domains of the test's own; the default one's place is empty
 * @faults: what their fault handlers saw
 * @attached: CORDON_ENGINE_DOMAIN_* that the device is in
 */
struct engine {
	struct kref refs;
	struct device *dev;
	const struct engine_shell *shell;
	void __iomem *regs;
	struct miscdevice misc;
	char name[24];
	int nr;
	struct rw_semaphore life;
	bool dead;
	struct mutex files_lock;	/* protects @files */
	struct list_head files;
	struct mutex run_lock;		/* one operation at a time */
	struct completion ended;
	struct mutex domain_lock;	/* protects @domains */
	struct iommu_domain *domains[CORDON_ENGINE_DOMAINS];
	struct engine_faults {
		/* protects the others against the fault handler */
		spinlock_t lock;
		u64 count;
		u64 iova;
		bool write;
	} faults[CORDON_ENGINE_DOMAINS];
	unsigned int attached;
};

/* main.c */
struct engine *engine_new(struct device *dev, const struct engine_shell *shell);
void engine_put(struct engine *e);
int engine_check(struct engine *e);
int engine_show(struct engine *e);
void engine_hide(struct engine *e);
irqreturn_t engine_interrupt(int irq, void *data);

extern struct pci_driver engine_pci_driver;
extern struct platform_driver engine_platform_driver;

#endif /* CORDON_ENGINE_DRIVER_H */
