// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver of Cordon's DMA test engine: on PCI.
 */
#include <linux/io.h>

#include "driver.h"

static int engine_pci_reset(struct engine *e)
{
	/* not the form that waits for the device lock: removal holds that and waits for us */
	return pci_try_reset_function(to_pci_dev(e->dev));
}

static const struct engine_shell engine_pci_shell = {
	.reset = engine_pci_reset,
};

static int engine_setup_irq(struct engine *e, struct pci_dev *pdev)
{
	int ret;

	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSIX);
	if (ret < 0)
		return dev_err_probe(e->dev, ret, "no MSI-X vector\n");
	ret = request_irq(pci_irq_vector(pdev, 0), engine_interrupt, 0, e->name, e);
	if (ret) {
		pci_free_irq_vectors(pdev);
		return dev_err_probe(e->dev, ret, "no interrupt\n");
	}
	return 0;
}

static int engine_setup_regs(struct engine *e, struct pci_dev *pdev)
{
	int ret;

	ret = pci_request_region(pdev, 0, "cordon-engine");
	if (ret)
		return dev_err_probe(e->dev, ret, "BAR 0 is taken\n");
	e->regs = pci_iomap(pdev, 0, CORDON_ENGINE_SIZE);
	if (!e->regs) {
		ret = -ENOMEM;
		goto release;
	}
	ret = engine_check(e);
	if (ret)
		goto unmap;
	return 0;

unmap:
	pci_iounmap(pdev, e->regs);
release:
	pci_release_region(pdev, 0);
	return ret;
}

static int engine_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct engine *e = engine_new(&pdev->dev, &engine_pci_shell);
	int ret;

	if (!e)
		return -ENOMEM;
	ret = pci_enable_device(pdev);
	if (ret)
		goto put;
	ret = engine_setup_regs(e, pdev);
	if (ret)
		goto disable;
	pci_set_master(pdev);
	ret = engine_setup_irq(e, pdev);
	if (ret)
		goto clear_master;
	pci_set_drvdata(pdev, e);
	ret = engine_show(e);
	if (ret)
		goto free_irq;
	return 0;

free_irq:
	free_irq(pci_irq_vector(pdev, 0), e);
	pci_free_irq_vectors(pdev);
clear_master:
	pci_clear_master(pdev);
	pci_iounmap(pdev, e->regs);
	pci_release_region(pdev, 0);
disable:
	pci_disable_device(pdev);
put:
	engine_put(e);
	return ret;
}

static void engine_pci_remove(struct pci_dev *pdev)
{
	struct engine *e = pci_get_drvdata(pdev);

	engine_hide(e);
	free_irq(pci_irq_vector(pdev, 0), e);
	pci_free_irq_vectors(pdev);
	pci_clear_master(pdev);
	pci_iounmap(pdev, e->regs);
	pci_release_region(pdev, 0);
	pci_disable_device(pdev);
	engine_put(e);
}

static const struct pci_device_id engine_ids[] = {
	{ PCI_DEVICE(CORDON_ENGINE_VENDOR, CORDON_ENGINE_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, engine_ids);

struct pci_driver engine_pci_driver = {
	.name = "cordon-engine",
	.id_table = engine_ids,
	.probe = engine_pci_probe,
	.remove = engine_pci_remove,
};
