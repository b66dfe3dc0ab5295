// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: a unit that is suspended, and what is left of it after that
 * (spec 12.5).
 *
 * All lasting state is in memory: directory, contexts, tables.  So there is
 * nothing to save, and a unit that kept its power is treated like one that lost
 * it: it is started again with the structures that are there.
 *
 * Between the two the unit counts as stopped.  Nothing passes, and nothing is
 * cached, so whoever unmaps, flushes or attaches meanwhile changes memory and is
 * done; no register is touched.
 */
#include <linux/bitfield.h>
#include <linux/device.h>
#include <linux/pm.h>

#include "cordon.h"

/**
 * cordon_unit_suspend() - have a unit ready to lose its power
 * @unit: the unit; the devices behind it are suspended
 *
 * Requests that come nevertheless wait, where the unit has a place for them.
 * What it has to tell is told first: faults, errors, queues that stopped.  May
 * sleep.
 *
 * It does not fail: a unit that does not answer keeps nobody awake.  It is dead
 * then, which has been logged.
 */
void cordon_unit_suspend(struct cordon_unit *unit)
{
	if (cordon_unit_state(unit) != CORDON_UNIT_RUNNING)
		return;

	cordon_unit_hold(unit);
	/* Their interrupts do not come any more. */
	cordon_handle_command(unit);
	cordon_handle_error(unit);
	/* Drivers sleep: their fault handlers are not for now. */
	cordon_unit_close(unit, false);
	if (cordon_unit_state(unit) == CORDON_UNIT_STOPPED)
		unit->asleep = true;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_suspend);

/**
 * cordon_unit_resume() - put a unit to use again
 * @unit: a unit after cordon_unit_suspend(), whether it lost its power or not
 *
 * When this returns 0 the devices behind it are attached as they were, or as
 * they were changed to meanwhile.  May sleep.
 *
 * Return: 0, also for a unit that was not in use; or -ENODEV, -ETIMEDOUT or
 * -EIO for one that does not come back: then it is dead, its devices stay
 * blocked, and that has been logged.
 */
int cordon_unit_resume(struct cordon_unit *unit)
{
	u64 id;
	int ret;

	if (!unit->asleep)
		return 0;
	unit->asleep = false;

	/* Not the same: no power, no clock, or another unit. */
	id = cordon_readq(unit, CORDON_REG_ID);
	ret = id == unit->regs.id ? cordon_unit_open(unit, true) : -ENODEV;
	if (!ret)
		return 0;

	cordon_unit_lost(unit);
	dev_err(unit->dev,
		"did not come back after it was suspended (ID 0x%016llx, was 0x%016llx): %pe; it is not used any more, and its devices stay blocked\n",
		id, unit->regs.id, ERR_PTR(ret));
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_unit_resume);

static int cordon_suspend(struct device *dev)
{
	cordon_unit_suspend(dev_get_drvdata(dev));
	return 0;
}

static int cordon_resume(struct device *dev)
{
	return cordon_unit_resume(dev_get_drvdata(dev));
}

/*
 * The last phase before interrupts, timers and clocks stop, and the first after:
 * a device behind a unit, which is linked to it, has been suspended by then in
 * each phase, and is resumed later.
 */
const struct dev_pm_ops cordon_pm_ops = {
	NOIRQ_SYSTEM_SLEEP_PM_OPS(cordon_suspend, cordon_resume)
};
