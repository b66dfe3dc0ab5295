// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts what mapping and unmapping for DMA costs, beside the kernel's own
 * dma_map_benchmark: a number of rounds that is known beforehand, scatterlists,
 * and several CPUs at once on one device or on one each.  It knows no IOMMU.
 *
 * The devices are test engines that driver_override gives to it.  A line that is
 * written to /sys/kernel/debug/cordon_bench/run is carried out at once, and what
 * came of it is read there:
 *
 *	single PAGES ROUNDS THREADS DEVICES	dma_map_single()
 *	sg ENTRIES ROUNDS THREADS DEVICES	dma_map_sg(), an entry is a page
 *	engine PAGES ROUNDS 1 1			an engine reads 8 bytes of one page, or
 *						all of several, one after the other
 *
 * With DEVICES 1 all threads use the same device, else each one of its own.  More
 * than 1,024 pages of the engine's are 1,024 in fact, each of which is mapped several
 * times, so that no two that follow each other are one block.
 * Times are in ns; under QEMU's -icount they are instructions.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "../../engine/cordon_engine.h"

#define BENCH_DEVICES	8
#define BENCH_WARM	1024	/* rounds that are not counted: caches fill, a lazy queue too */
#define BENCH_POOL	1024	/* pages in a row */
#define BENCH_PAGES	65536
#define BENCH_PATIENCE	60000	/* ms in which an engine must be done */

static struct pci_dev *bench_devices[BENCH_DEVICES];
static unsigned int bench_nr;
static DEFINE_MUTEX(bench_lock);	/* the devices, and what is run on them */
static struct dentry *bench_dir;
static char bench_result[256];

enum bench_what { BENCH_SINGLE, BENCH_SG, BENCH_ENGINE };

/**
 * struct bench_job - what all threads of one line share
 * @what: which call is measured
 * @size: pages of a buffer, or entries of a scatterlist
 * @rounds: how often each thread maps and unmaps
 * @threads: how many there are
 * @warm: how many are through with the rounds that are not counted
 * @running: how many are at work still
 * @begin: when the last one was warm, in ns
 * @end: when the last one was done
 * @error: first errno that anybody met
 */
struct bench_job {
	enum bench_what what;
	unsigned int size;
	unsigned int rounds;
	unsigned int threads;
	atomic_t warm;
	atomic_t running;
	u64 begin;
	u64 end;
	int error;
};

struct bench_thread {
	struct bench_job *job;
	struct device *dev;
	struct task_struct *task;
	struct sg_table sgt;
	void *buf;
	u64 map;
	u64 unmap;
};

static int bench_single(struct bench_thread *t)
{
	size_t len = t->job->size * PAGE_SIZE;
	u64 before, between, after;
	dma_addr_t addr;

	before = ktime_get_ns();
	addr = dma_map_single(t->dev, t->buf, len, DMA_BIDIRECTIONAL);
	between = ktime_get_ns();
	if (dma_mapping_error(t->dev, addr))
		return -ENOMEM;
	t->map += between - before;

	before = ktime_get_ns();
	dma_unmap_single(t->dev, addr, len, DMA_BIDIRECTIONAL);
	after = ktime_get_ns();
	t->unmap += after - before;
	return 0;
}

static int bench_sg(struct bench_thread *t)
{
	u64 before, after;
	int ret;

	before = ktime_get_ns();
	ret = dma_map_sgtable(t->dev, &t->sgt, DMA_BIDIRECTIONAL, 0);
	after = ktime_get_ns();
	if (ret)
		return ret;
	t->map += after - before;

	before = ktime_get_ns();
	dma_unmap_sgtable(t->dev, &t->sgt, DMA_BIDIRECTIONAL, 0);
	after = ktime_get_ns();
	t->unmap += after - before;
	return 0;
}

static int bench_round(struct bench_thread *t)
{
	return t->job->what == BENCH_SG ? bench_sg(t) : bench_single(t);
}

static int bench_rounds(struct bench_thread *t, unsigned int rounds)
{
	int ret;

	while (rounds--) {
		ret = bench_round(t);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

static int bench_thread(void *data)
{
	struct bench_thread *t = data;
	struct bench_job *job = t->job;
	int ret = bench_rounds(t, BENCH_WARM);

	t->map = 0;
	t->unmap = 0;
	if (atomic_inc_return(&job->warm) == job->threads)
		WRITE_ONCE(job->begin, ktime_get_ns());
	while (!READ_ONCE(job->begin))
		cpu_relax();

	if (!ret)
		ret = bench_rounds(t, job->rounds);
	if (ret)
		WRITE_ONCE(job->error, ret);
	if (atomic_dec_and_test(&job->running))
		WRITE_ONCE(job->end, ktime_get_ns());

	/* for who waits with kthread_stop() */
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Pages that do not follow each other, so that nothing merges them. */
static int bench_sg_alloc(struct bench_thread *t)
{
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	ret = sg_alloc_table(&t->sgt, t->job->size, GFP_KERNEL);
	if (ret)
		return ret;
	for_each_sgtable_sg(&t->sgt, sg, i)
		sg_set_page(sg, virt_to_page(t->buf + 2 * i * PAGE_SIZE), PAGE_SIZE, 0);
	return 0;
}

static size_t bench_bytes(const struct bench_job *job)
{
	return (job->what == BENCH_SG ? 2 : 1) * job->size * PAGE_SIZE;
}

static int bench_thread_start(struct bench_thread *t, unsigned int cpu)
{
	int ret;

	t->buf = alloc_pages_exact(bench_bytes(t->job), GFP_KERNEL | __GFP_ZERO);
	if (!t->buf)
		return -ENOMEM;
	if (t->job->what == BENCH_SG) {
		ret = bench_sg_alloc(t);
		if (ret)
			return ret;
	}
	t->task = kthread_create(bench_thread, t, "cordon-bench/%u", cpu);
	if (IS_ERR(t->task)) {
		ret = PTR_ERR(t->task);
		t->task = NULL;
		return ret;
	}
	kthread_bind(t->task, cpu);
	return 0;
}

static void bench_thread_free(struct bench_thread *t)
{
	sg_free_table(&t->sgt);
	if (t->buf)
		free_pages_exact(t->buf, bench_bytes(t->job));
}

static int bench_map(struct bench_job *job, unsigned int devices)
{
	struct bench_thread *threads;
	u64 map = 0, unmap = 0;
	unsigned int i;
	int ret = 0;

	if (job->threads > num_online_cpus() || devices > bench_nr)
		return -EINVAL;
	threads = kcalloc(job->threads, sizeof(*threads), GFP_KERNEL);
	if (!threads)
		return -ENOMEM;
	for (i = 0; i < job->threads && !ret; i++) {
		threads[i].job = job;
		threads[i].dev = &bench_devices[i % devices]->dev;
		ret = bench_thread_start(&threads[i], i);
	}

	/* None that was made waits for one that was not. */
	if (!ret) {
		atomic_set(&job->running, job->threads);
		for (i = 0; i < job->threads; i++)
			wake_up_process(threads[i].task);
		while (!READ_ONCE(job->end))
			msleep(20);
		ret = job->error;
	}
	for (i = 0; i < job->threads; i++) {
		if (threads[i].task)
			kthread_stop(threads[i].task);
		if (threads[i].job)
			bench_thread_free(&threads[i]);
		map += threads[i].map;
		unmap += threads[i].unmap;
	}
	kfree(threads);
	if (!ret)
		scnprintf(bench_result, sizeof(bench_result),
			  "rounds=%u map=%llu unmap=%llu wall=%llu\n",
			  job->threads * job->rounds, map, unmap, job->end - job->begin);
	return ret;
}

/*
 * The engine reads as often as it is told to within one command, so nearly all of
 * the time is spent on its accesses.  With more than one page none of them is to
 * the page of the one before.
 */
static int bench_engine_read(void __iomem *regs, dma_addr_t addr, const struct bench_job *job,
			     u64 *ns)
{
	unsigned long late = jiffies + msecs_to_jiffies(BENCH_PATIENCE);
	u64 begin = ktime_get_ns();
	u32 status;

	writeq(addr, regs + CORDON_ENGINE_SRC);
	writeq((job->size - 1) * PAGE_SIZE + 8, regs + CORDON_ENGINE_LEN);
	writeq(job->rounds, regs + CORDON_ENGINE_COUNT);
	writeq(0, regs + CORDON_ENGINE_DELAY);
	writel(0, regs + CORDON_ENGINE_PASID);
	writel(CORDON_ENGINE_OP_READ, regs + CORDON_ENGINE_CMD);
	do {
		status = readl(regs + CORDON_ENGINE_STATUS);
		if (time_after(jiffies, late))
			return -ETIMEDOUT;
	} while (status & CORDON_ENGINE_STATUS_BUSY);
	*ns = ktime_get_ns() - begin;
	return status == CORDON_ENGINE_STATUS_DONE ? 0 : -EIO;
}

static int bench_engine_row(struct device *dev, void __iomem *regs, const struct bench_job *job,
			    u64 *ns)
{
	size_t size = job->size * PAGE_SIZE;
	dma_addr_t addr;
	void *buf;
	int ret;

	buf = dma_alloc_noncoherent(dev, size, &addr, DMA_BIDIRECTIONAL, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	ret = bench_engine_read(regs, addr, job, ns);
	dma_free_noncoherent(dev, size, buf, addr, DMA_BIDIRECTIONAL);
	return ret;
}

/* Is what was mapped one row of addresses? */
static bool bench_is_row(const struct sg_table *sgt)
{
	dma_addr_t next = sg_dma_address(sgt->sgl);
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (sg_dma_address(sg) != next)
			return false;
		next += sg_dma_len(sg);
	}
	return true;
}

static int bench_engine_scattered(struct device *dev, void __iomem *regs,
				  const struct bench_job *job, u64 *ns)
{
	struct scatterlist *sg;
	struct sg_table sgt;
	unsigned int i;
	void *pool;
	int ret;

	pool = alloc_pages_exact(BENCH_POOL * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!pool)
		return -ENOMEM;
	ret = sg_alloc_table(&sgt, job->size, GFP_KERNEL);
	if (ret)
		goto out_free;
	for_each_sgtable_sg(&sgt, sg, i)
		sg_set_page(sg, virt_to_page(pool + 5 * i % BENCH_POOL * PAGE_SIZE),
			    PAGE_SIZE, 0);
	ret = dma_map_sgtable(dev, &sgt, DMA_BIDIRECTIONAL, 0);
	if (ret)
		goto out_table;
	ret = -ENXIO;
	if (bench_is_row(&sgt))
		ret = bench_engine_read(regs, sg_dma_address(sgt.sgl), job, ns);
	dma_unmap_sgtable(dev, &sgt, DMA_BIDIRECTIONAL, 0);
out_table:
	sg_free_table(&sgt);
out_free:
	free_pages_exact(pool, BENCH_POOL * PAGE_SIZE);
	return ret;
}

static int bench_engine(const struct bench_job *job)
{
	struct pci_dev *pdev = bench_devices[0];
	void __iomem *regs;
	u64 ns;
	int ret;

	regs = pci_iomap(pdev, 0, CORDON_ENGINE_SIZE);
	if (!regs)
		return -ENOMEM;
	if (job->size <= BENCH_POOL)
		ret = bench_engine_row(&pdev->dev, regs, job, &ns);
	else
		ret = bench_engine_scattered(&pdev->dev, regs, job, &ns);
	pci_iounmap(pdev, regs);
	if (!ret)
		scnprintf(bench_result, sizeof(bench_result), "rounds=%llu wall=%llu\n",
			  (u64)job->rounds * job->size, ns);
	return ret;
}

static int bench_do(char *line)
{
	struct bench_job job = { };
	unsigned int devices;
	char what[8];

	if (sscanf(line, "%7s %u %u %u %u", what, &job.size, &job.rounds, &job.threads,
		   &devices) != 5)
		return -EINVAL;
	if (!job.size || job.size > BENCH_PAGES || !job.rounds || !job.threads || !devices)
		return -EINVAL;
	if (!bench_nr)
		return -ENODEV;
	if (!strcmp(what, "engine")) {
		job.what = BENCH_ENGINE;
		return bench_engine(&job);
	}
	if (job.size > BENCH_POOL)
		return -EINVAL;
	if (!strcmp(what, "sg"))
		job.what = BENCH_SG;
	else if (strcmp(what, "single"))
		return -EINVAL;
	return bench_map(&job, devices);
}

static ssize_t bench_run_write(struct file *file, const char __user *from, size_t len,
			       loff_t *pos)
{
	char line[64];
	int ret;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, len))
		return -EFAULT;
	line[len] = '\0';
	guard(mutex)(&bench_lock);
	bench_result[0] = '\0';
	ret = bench_do(line);
	return ret ? ret : len;
}

static ssize_t bench_run_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	guard(mutex)(&bench_lock);
	return simple_read_from_buffer(to, len, pos, bench_result, strlen(bench_result));
}

static const struct file_operations bench_run_fops = {
	.owner = THIS_MODULE,
	.write = bench_run_write,
	.read = bench_run_read,
	.llseek = default_llseek,
};

static int bench_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret;

	guard(mutex)(&bench_lock);
	/*
	 * Of very many it is measured how long it takes to get them.  QEMU has no
	 * room for the registers of a thousand.
	 */
	if (bench_nr == BENCH_DEVICES)
		return 0;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	pci_set_master(pdev);
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	if (ret)
		return ret;
	bench_devices[bench_nr++] = pdev;
	return 0;
}

static void bench_remove(struct pci_dev *pdev)
{
	unsigned int i;

	guard(mutex)(&bench_lock);
	for (i = 0; i < bench_nr && bench_devices[i] != pdev; i++)
		;
	if (i < bench_nr)
		bench_devices[i] = bench_devices[--bench_nr];
}

/* No device by itself: only those that driver_override or new_id names. */
static const struct pci_device_id bench_ids[] = {
	{ PCI_DEVICE_DRIVER_OVERRIDE(PCI_ANY_ID, PCI_ANY_ID, 1) },
	{ }
};

static struct pci_driver bench_driver = {
	.name = "cordon_bench",
	.id_table = bench_ids,
	.probe = bench_probe,
	.remove = bench_remove,
};

static int __init bench_init(void)
{
	int ret;

	bench_dir = debugfs_create_dir("cordon_bench", NULL);
	debugfs_create_file("run", 0600, bench_dir, NULL, &bench_run_fops);
	ret = pci_register_driver(&bench_driver);
	if (ret)
		debugfs_remove(bench_dir);
	return ret;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	debugfs_remove(bench_dir);
	pci_unregister_driver(&bench_driver);
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Cost of DMA mapping, for the Cordon IOMMU's benchmark");
MODULE_LICENSE("GPL");
