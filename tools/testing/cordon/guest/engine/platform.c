// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver of Cordon's DMA test engine: as a platform device.
 */
#include <linux/io.h>
#include <linux/mod_devicetable.h>

#include "driver.h"

static int engine_platform_reset(struct engine *e)
{
	writel(1, e->regs + CORDON_ENGINE_CLEAR);
	return 0;
}

static const struct engine_shell engine_platform_shell = {
	.reset = engine_platform_reset,
};

static int engine_platform_probe(struct platform_device *pdev)
{
	struct engine *e;
	int irq, ret;

	irq = platform_get_irq(pdev, 0);
	if (irq < 0)
		return irq;
	e = engine_new(&pdev->dev, &engine_platform_shell);
	if (!e)
		return -ENOMEM;
	e->regs = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(e->regs)) {
		ret = PTR_ERR(e->regs);
		goto put;
	}
	ret = engine_check(e);
	if (ret)
		goto put;
	/* what ran before us ends, with its interrupt */
	writel(1, e->regs + CORDON_ENGINE_CLEAR);
	ret = request_irq(irq, engine_interrupt, 0, e->name, e);
	if (ret) {
		dev_err_probe(e->dev, ret, "no interrupt\n");
		goto put;
	}
	platform_set_drvdata(pdev, e);
	ret = engine_show(e);
	if (ret)
		goto free_irq;
	return 0;

free_irq:
	free_irq(irq, e);
put:
	engine_put(e);
	return ret;
}

static void engine_platform_remove(struct platform_device *pdev)
{
	struct engine *e = platform_get_drvdata(pdev);

	engine_hide(e);
	free_irq(platform_get_irq(pdev, 0), e);
	engine_put(e);
}

static const struct of_device_id engine_of_ids[] = {
	{ .compatible = CORDON_ENGINE_COMPATIBLE },
	{ }
};
MODULE_DEVICE_TABLE(of, engine_of_ids);

struct platform_driver engine_platform_driver = {
	.driver = {
		.name = "cordon-engine",
		.of_match_table = engine_of_ids,
	},
	.probe = engine_platform_probe,
	.remove = engine_platform_remove,
};
