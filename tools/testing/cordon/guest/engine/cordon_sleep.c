// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend to memory on a board whose firmware cannot.
 *
 * The kernel goes all the way: devices in each of their phases, all CPUs but one
 * off, timekeeping and interrupts stopped. What firmware would do then, this CPU
 * does: nothing, for a while. Meanwhile QEMU's monitor can take the power away
 * from whatever loses it in such a sleep.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/suspend.h>

static unsigned int seconds = 2;
module_param(seconds, uint, 0644);
MODULE_PARM_DESC(seconds, "how long it sleeps");

static int sleep_enter(suspend_state_t state)
{
	mdelay(1000 * seconds);
	return 0;
}

static const struct platform_suspend_ops sleep_ops = {
	.valid = suspend_valid_only_mem,
	.enter = sleep_enter,
};

/* The kernel keeps "deep" as a way to sleep: so this stays as well. */
static int __init sleep_init(void)
{
	suspend_set_ops(&sleep_ops);
	return 0;
}
module_init(sleep_init);

MODULE_DESCRIPTION("Sleep for tests of Cordon");
MODULE_LICENSE("GPL");
