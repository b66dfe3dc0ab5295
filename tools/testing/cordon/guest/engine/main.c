// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver of Cordon's DMA test engine, for tests on the emulated board.
 *
 * It gives user space what no driver of a real device would: DMA at any
 * address whatever is mapped there, beside the DMA API and the IOMMU API to
 * say what is. It must not be loaded where that matters.
 *
 * Locks, outermost first: engine.life (for reading by every call, for writing
 * by removal), engine.files_lock, engine_file.lock, engine.domain_lock,
 * shared_lock.
 * engine.run_lock is taken inside life alone, so that mapping goes on beside DMA.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "driver.h"

#define ENGINE_BUF_MAX		SZ_64M
#define ENGINE_TIMEOUT_MS	10000

/**
 * struct engine_file - an open file
 * @engine: whose
 * @node: in &engine.files
 * @lock: protects @bufs and what is in it
 * @bufs: buffers by their id
 */
struct engine_file {
	struct engine *engine;
	struct list_head node;
	struct mutex lock;		/* protects @bufs */
	struct xarray bufs;
};

/**
 * struct engine_buf - a buffer
 * @kind: CORDON_ENGINE_PAGES, _SCATTERED or _COHERENT
 * @order: of the one allocation (PAGES)
 * @size: bytes, whole pages
 * @npages: pages
 * @pages: each of them; NULL for a coherent buffer
 * @coherent: CPU's address of a coherent buffer
 * @iova: bus address, if @mapped or coherent
 * @map_offset: what of it is mapped with the DMA API
 * @map_len: how many bytes
 * @dir: how
 * @mapped: the DMA API has it mapped
 * @sgt: all of it (SCATTERED, PAGES for the IOMMU API)
 * @windows: mappings made with the IOMMU API
 */
struct engine_buf {
	u32 kind;
	unsigned int order;
	size_t size;
	unsigned int npages;
	struct page **pages;
	void *coherent;
	dma_addr_t iova;
	size_t map_offset;
	size_t map_len;
	enum dma_data_direction dir;
	bool mapped;
	struct sg_table sgt;
	struct list_head windows;
};

/* a mapping made with the IOMMU API: it must go before its pages do */
struct engine_window {
	struct list_head node;
	unsigned int domain;
	u64 iova;
	u64 len;
};

static DEFINE_IDA(engine_ida);

static void engine_release(struct kref *refs)
{
	kfree(container_of(refs, struct engine, refs));
}

/* Domains */

/* The domain that engines share, made for the first that names it. */
static DEFINE_MUTEX(shared_lock);	/* protects both */
static struct iommu_domain *shared_domain;
static unsigned int shared_users;

/* The caller holds domain_lock, or excludes all calls. NULL: there is none. */
static struct iommu_domain *engine_domain(struct engine *e, unsigned int which)
{
	if (which >= CORDON_ENGINE_DOMAINS)
		return NULL;
	if (which != CORDON_ENGINE_DOMAIN_DEFAULT)
		return e->domains[which];
	/* while it is in another one, the default domain cannot be asked for */
	if (e->attached != CORDON_ENGINE_DOMAIN_DEFAULT)
		return NULL;
	return iommu_get_domain_for_dev(e->dev);
}

/* May be called in the IOMMU driver's interrupt thread. */
static int engine_fault(struct iommu_domain *domain, struct device *dev,
			unsigned long iova, int flags, void *token)
{
	struct engine_faults *f = token;
	unsigned long irq;

	spin_lock_irqsave(&f->lock, irq);
	f->count++;
	f->iova = iova;
	f->write = flags & IOMMU_FAULT_WRITE;
	spin_unlock_irqrestore(&f->lock, irq);
	/* it has been noted, and the report in the log is wanted as well */
	return -ENOSYS;
}

/* The caller holds domain_lock. */
static int engine_join_shared(struct engine *e)
{
	struct iommu_domain *domain;
	int ret = 0;

	mutex_lock(&shared_lock);
	if (!shared_domain) {
		domain = iommu_paging_domain_alloc(e->dev);
		if (IS_ERR(domain))
			ret = PTR_ERR(domain);
		else
			shared_domain = domain;
	}
	if (!ret) {
		shared_users++;
		e->domains[CORDON_ENGINE_DOMAIN_SHARED] = shared_domain;
	}
	mutex_unlock(&shared_lock);
	return ret;
}

static void engine_leave_shared(void)
{
	mutex_lock(&shared_lock);
	if (!--shared_users) {
		iommu_domain_free(shared_domain);
		shared_domain = NULL;
	}
	mutex_unlock(&shared_lock);
}

/* The caller holds domain_lock. */
static int engine_make_domain(struct engine *e, unsigned int which)
{
	struct iommu_domain *domain;

	if (e->domains[which])
		return 0;
	if (which == CORDON_ENGINE_DOMAIN_SHARED)
		return engine_join_shared(e);
	domain = iommu_paging_domain_alloc(e->dev);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	e->faults[which].count = 0;
	e->faults[which].iova = 0;
	e->faults[which].write = false;
	iommu_set_fault_handler(domain, engine_fault, &e->faults[which]);
	e->domains[which] = domain;
	return 0;
}

/* The caller holds domain_lock. By way of the default domain, as the core wants. */
static int engine_attach(struct engine *e, unsigned int which)
{
	int ret;

	if (which >= CORDON_ENGINE_DOMAINS)
		return -EINVAL;
	if (e->attached == which)
		return 0;
	if (e->attached != CORDON_ENGINE_DOMAIN_DEFAULT) {
		iommu_detach_device(e->domains[e->attached], e->dev);
		e->attached = CORDON_ENGINE_DOMAIN_DEFAULT;
	}
	if (which == CORDON_ENGINE_DOMAIN_DEFAULT)
		return 0;
	ret = engine_make_domain(e, which);
	if (!ret)
		ret = iommu_attach_device(e->domains[which], e->dev);
	if (!ret)
		e->attached = which;
	return ret;
}

/* Nothing may be mapped in them any more. The caller excludes all calls. */
static void engine_drop_domains(struct engine *e)
{
	unsigned int i;

	mutex_lock(&e->domain_lock);
	engine_attach(e, CORDON_ENGINE_DOMAIN_DEFAULT);
	for (i = 0; i < CORDON_ENGINE_DOMAINS; i++) {
		if (e->domains[i] && i == CORDON_ENGINE_DOMAIN_SHARED)
			engine_leave_shared();
		else if (e->domains[i])
			iommu_domain_free(e->domains[i]);
		e->domains[i] = NULL;
	}
	mutex_unlock(&e->domain_lock);
}

/* Buffers */

static int engine_get_pages(struct engine_buf *buf)
{
	struct page *page;
	unsigned int i;

	buf->order = get_order(buf->size);
	if (buf->order > MAX_PAGE_ORDER)
		return -EINVAL;
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, buf->order);
	if (!page)
		return -ENOMEM;
	for (i = 0; i < buf->npages; i++)
		buf->pages[i] = page + i;
	return 0;
}

static void engine_put_scattered(struct engine_buf *buf)
{
	unsigned int i;

	for (i = 0; i < buf->npages && buf->pages[i]; i++)
		__free_page(buf->pages[i]);
}

/* A page that follows its predecessor in memory is put by and another taken. */
static int engine_get_scattered(struct engine_buf *buf)
{
	struct page *page, *next;
	LIST_HEAD(refused);
	unsigned int i = 0;

	while (i < buf->npages) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
		if (!page)
			break;
		if (i && page_to_pfn(page) == page_to_pfn(buf->pages[i - 1]) + 1)
			list_add(&page->lru, &refused);
		else
			buf->pages[i++] = page;
	}
	list_for_each_entry_safe(page, next, &refused, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
	if (i == buf->npages)
		return 0;
	engine_put_scattered(buf);
	return -ENOMEM;
}

static void engine_unmap(struct engine *e, struct engine_buf *buf)
{
	if (!buf->mapped)
		return;
	if (buf->kind == CORDON_ENGINE_SCATTERED)
		dma_unmap_sgtable(e->dev, &buf->sgt, buf->dir, 0);
	else
		dma_unmap_page(e->dev, buf->iova, buf->map_len, buf->dir);
	buf->mapped = false;
}

/* The caller holds domain_lock. */
static void engine_close_window(struct engine *e, struct engine_window *w)
{
	struct iommu_domain *domain = engine_domain(e, w->domain);

	if (!domain) {
		/* only the default domain can be out of sight: go there */
		engine_attach(e, CORDON_ENGINE_DOMAIN_DEFAULT);
		domain = engine_domain(e, w->domain);
	}
	if (domain)
		iommu_unmap(domain, w->iova, w->len);
	list_del(&w->node);
	kfree(w);
}

/* The caller holds the file's lock, or excludes all calls. */
static void engine_free_buf(struct engine *e, struct engine_buf *buf)
{
	struct engine_window *w, *next;

	mutex_lock(&e->domain_lock);
	list_for_each_entry_safe(w, next, &buf->windows, node)
		engine_close_window(e, w);
	mutex_unlock(&e->domain_lock);
	engine_unmap(e, buf);

	if (buf->kind == CORDON_ENGINE_COHERENT) {
		dma_free_coherent(e->dev, buf->size, buf->coherent, buf->iova);
	} else {
		sg_free_table(&buf->sgt);
		if (buf->kind == CORDON_ENGINE_PAGES)
			__free_pages(buf->pages[0], buf->order);
		else
			engine_put_scattered(buf);
		kvfree(buf->pages);
	}
	kfree(buf);
}

static int engine_fill_pages(struct engine_buf *buf)
{
	int ret;

	buf->pages = kvcalloc(buf->npages, sizeof(*buf->pages), GFP_KERNEL);
	if (!buf->pages)
		return -ENOMEM;
	if (buf->kind == CORDON_ENGINE_PAGES)
		ret = engine_get_pages(buf);
	else
		ret = engine_get_scattered(buf);
	if (ret)
		goto free_array;
	ret = sg_alloc_table_from_pages(&buf->sgt, buf->pages, buf->npages, 0,
					buf->size, GFP_KERNEL);
	if (ret)
		goto free_pages;
	return 0;

free_pages:
	if (buf->kind == CORDON_ENGINE_PAGES)
		__free_pages(buf->pages[0], buf->order);
	else
		engine_put_scattered(buf);
free_array:
	kvfree(buf->pages);
	return ret;
}

static int engine_alloc(struct engine_file *f, struct cordon_engine_alloc *arg)
{
	struct engine *e = f->engine;
	struct engine_buf *buf;
	int ret;

	if (!arg->size || arg->size > ENGINE_BUF_MAX || arg->kind > CORDON_ENGINE_COHERENT)
		return -EINVAL;
	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	INIT_LIST_HEAD(&buf->windows);
	buf->kind = arg->kind;
	buf->size = PAGE_ALIGN(arg->size);
	buf->npages = buf->size >> PAGE_SHIFT;

	if (buf->kind == CORDON_ENGINE_COHERENT) {
		buf->coherent = dma_alloc_coherent(e->dev, buf->size, &buf->iova, GFP_KERNEL);
		ret = buf->coherent ? 0 : -ENOMEM;
	} else {
		ret = engine_fill_pages(buf);
	}
	if (ret) {
		kfree(buf);
		return ret;
	}

	ret = xa_alloc(&f->bufs, &arg->id, buf, XA_LIMIT(0, INT_MAX), GFP_KERNEL);
	if (ret) {
		engine_free_buf(e, buf);
		return ret;
	}
	arg->phys = buf->pages ? page_to_phys(buf->pages[0]) : 0;
	arg->iova = buf->iova;
	return 0;
}

static int engine_free(struct engine_file *f, u32 id)
{
	struct engine_buf *buf = xa_erase(&f->bufs, id);

	if (!buf)
		return -ENOENT;
	engine_free_buf(f->engine, buf);
	return 0;
}

static int engine_map(struct engine_file *f, struct cordon_engine_map *arg)
{
	struct engine_buf *buf = xa_load(&f->bufs, arg->id);
	struct engine *e = f->engine;
	dma_addr_t iova;
	int ret;

	if (!buf)
		return -ENOENT;
	if (buf->mapped || buf->kind == CORDON_ENGINE_COHERENT)
		return -EBUSY;
	if (arg->dir > CORDON_ENGINE_FROM_DEVICE || !arg->len ||
	    arg->offset >= buf->size || arg->len > buf->size - arg->offset)
		return -EINVAL;

	if (buf->kind == CORDON_ENGINE_SCATTERED) {
		if (arg->offset || arg->len != buf->size)
			return -EINVAL;
		ret = dma_map_sgtable(e->dev, &buf->sgt, arg->dir, 0);
		if (ret)
			return ret;
		buf->iova = sg_dma_address(buf->sgt.sgl);
		arg->ranges = buf->sgt.nents;
	} else {
		iova = dma_map_page(e->dev, buf->pages[0], arg->offset, arg->len, arg->dir);
		if (dma_mapping_error(e->dev, iova))
			return -ENOMEM;
		buf->iova = iova;
		arg->ranges = 1;
	}
	buf->map_offset = arg->offset;
	buf->map_len = arg->len;
	buf->dir = arg->dir;
	buf->mapped = true;
	arg->iova = buf->iova;
	return 0;
}

static int engine_unmap_id(struct engine_file *f, u32 id)
{
	struct engine_buf *buf = xa_load(&f->bufs, id);

	if (!buf)
		return -ENOENT;
	if (!buf->mapped)
		return -EINVAL;
	engine_unmap(f->engine, buf);
	return 0;
}

static void engine_sync(struct engine *e, struct engine_buf *buf, bool for_cpu)
{
	if (!buf->mapped)
		return;
	if (buf->kind == CORDON_ENGINE_SCATTERED) {
		if (for_cpu)
			dma_sync_sgtable_for_cpu(e->dev, &buf->sgt, buf->dir);
		else
			dma_sync_sgtable_for_device(e->dev, &buf->sgt, buf->dir);
	} else if (for_cpu) {
		dma_sync_single_for_cpu(e->dev, buf->iova, buf->map_len, buf->dir);
	} else {
		dma_sync_single_for_device(e->dev, buf->iova, buf->map_len, buf->dir);
	}
}

static int engine_copy(void *mem, void __user *user, size_t len, bool write)
{
	if (write)
		return copy_from_user(mem, user, len) ? -EFAULT : 0;
	return copy_to_user(user, mem, len) ? -EFAULT : 0;
}

static int engine_access_own(struct engine *e, const struct cordon_engine_access *arg)
{
	void __iomem *regs = e->regs + CORDON_ENGINE_BUFFER + arg->offset;
	void *bounce;
	int ret = 0;

	if (arg->offset >= CORDON_ENGINE_BUFFER_SIZE ||
	    arg->len > CORDON_ENGINE_BUFFER_SIZE - arg->offset)
		return -EINVAL;
	bounce = kmalloc(arg->len, GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	if (!arg->write)
		memcpy_fromio(bounce, regs, arg->len);
	ret = engine_copy(bounce, u64_to_user_ptr(arg->data), arg->len, arg->write);
	if (!ret && arg->write)
		memcpy_toio(regs, bounce, arg->len);
	kfree(bounce);
	return ret;
}

static int engine_access(struct engine_file *f, const struct cordon_engine_access *arg)
{
	struct engine_buf *buf;
	size_t done = 0;
	int ret = 0;

	if (!arg->len)
		return -EINVAL;
	if (arg->id == CORDON_ENGINE_OWN_BUFFER)
		return engine_access_own(f->engine, arg);
	buf = xa_load(&f->bufs, arg->id);
	if (!buf)
		return -ENOENT;
	if (arg->offset >= buf->size || arg->len > buf->size - arg->offset)
		return -EINVAL;
	if (buf->coherent)
		return engine_copy(buf->coherent + arg->offset,
				   u64_to_user_ptr(arg->data), arg->len, arg->write);

	engine_sync(f->engine, buf, true);
	while (!ret && done < arg->len) {
		size_t at = arg->offset + done;
		size_t piece = min_t(size_t, arg->len - done, PAGE_SIZE - offset_in_page(at));

		ret = engine_copy(page_address(buf->pages[at >> PAGE_SHIFT]) + offset_in_page(at),
				  u64_to_user_ptr(arg->data + done), piece, arg->write);
		done += piece;
	}
	engine_sync(f->engine, buf, false);
	return ret;
}

/* The IOMMU API */

/*
 * A domain stays until the last file is closed, or removal excludes all calls:
 * whoever maps and unmaps in it needs no lock, so that it can do so while the
 * device is attached to it, or leaves it.
 */
static int engine_get_domain(struct engine *e, unsigned int which, bool make,
			     struct iommu_domain **domain)
{
	int ret = 0;

	mutex_lock(&e->domain_lock);
	if (make && which != CORDON_ENGINE_DOMAIN_DEFAULT && which < CORDON_ENGINE_DOMAINS)
		ret = engine_make_domain(e, which);
	*domain = engine_domain(e, which);
	mutex_unlock(&e->domain_lock);
	if (!ret && !*domain)
		ret = -EINVAL;
	return ret;
}

static int engine_iommu_map(struct engine_file *f, const struct cordon_engine_iommu *arg)
{
	struct engine_buf *buf = xa_load(&f->bufs, arg->id);
	struct engine *e = f->engine;
	struct iommu_domain *domain;
	struct engine_window *w;
	int prot = IOMMU_CACHE;
	ssize_t mapped;
	int ret = 0;

	if (!buf)
		return -ENOENT;
	if (buf->kind == CORDON_ENGINE_COHERENT || !PAGE_ALIGNED(arg->offset | arg->len) ||
	    !arg->len || arg->offset >= buf->size || arg->len > buf->size - arg->offset)
		return -EINVAL;
	if (buf->kind == CORDON_ENGINE_SCATTERED && (arg->offset || arg->len != buf->size))
		return -EINVAL;
	if (arg->prot & CORDON_ENGINE_PROT_READ)
		prot |= IOMMU_READ;
	if (arg->prot & CORDON_ENGINE_PROT_WRITE)
		prot |= IOMMU_WRITE;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return -ENOMEM;

	ret = engine_get_domain(e, arg->domain, true, &domain);
	if (ret) {
		kfree(w);
		return ret;
	}
	if (buf->kind == CORDON_ENGINE_SCATTERED) {
		mapped = iommu_map_sg(domain, arg->iova, buf->sgt.sgl, buf->sgt.orig_nents,
				      prot, GFP_KERNEL);
		if (mapped < 0)
			ret = mapped;
	} else {
		ret = iommu_map(domain, arg->iova,
				page_to_phys(buf->pages[0]) + arg->offset, arg->len, prot,
				GFP_KERNEL);
	}
	if (ret) {
		kfree(w);
		return ret;
	}
	w->domain = arg->domain;
	w->iova = arg->iova;
	w->len = arg->len;
	list_add(&w->node, &buf->windows);
	return 0;
}

static struct engine_window *engine_find_window(struct engine_buf *buf,
						const struct cordon_engine_iommu *arg)
{
	struct engine_window *w;

	list_for_each_entry(w, &buf->windows, node)
		if (w->domain == arg->domain && w->iova == arg->iova && w->len == arg->len)
			return w;
	return NULL;
}

/* Only what was mapped as a whole is unmapped, so that every page stays accounted for. */
static int engine_iommu_unmap(struct engine_file *f, struct cordon_engine_iommu *arg)
{
	struct engine_buf *buf = xa_load(&f->bufs, arg->id);
	struct engine *e = f->engine;
	struct iommu_domain *domain;
	struct engine_window *w;
	int ret;

	if (!buf)
		return -ENOENT;
	ret = engine_get_domain(e, arg->domain, false, &domain);
	if (ret)
		return ret;
	w = engine_find_window(buf, arg);
	if (!w)
		return -EINVAL;
	arg->len = iommu_unmap(domain, w->iova, w->len);
	list_del(&w->node);
	kfree(w);
	return 0;
}

static int engine_lookup(struct engine *e, struct cordon_engine_iommu *arg)
{
	struct iommu_domain *domain;
	int ret = engine_get_domain(e, arg->domain, false, &domain);

	if (!ret)
		arg->phys = iommu_iova_to_phys(domain, arg->iova);
	return ret;
}

static int engine_get_faults(struct engine *e, struct cordon_engine_faults *arg)
{
	struct engine_faults *f;

	if (arg->domain != CORDON_ENGINE_DOMAIN_A && arg->domain != CORDON_ENGINE_DOMAIN_B)
		return -EINVAL;
	f = &e->faults[arg->domain];
	spin_lock_irq(&f->lock);
	arg->count = f->count;
	arg->iova = f->iova;
	arg->write = f->write;
	spin_unlock_irq(&f->lock);
	return 0;
}

/* Operations */

static bool engine_busy(struct engine *e)
{
	return readl(e->regs + CORDON_ENGINE_STATUS) & CORDON_ENGINE_STATUS_BUSY;
}

static int engine_wait(struct engine *e, const struct cordon_engine_op *op)
{
	unsigned long end = jiffies + msecs_to_jiffies(op->timeout_ms ?: ENGINE_TIMEOUT_MS);

	if (op->flags & CORDON_ENGINE_WAIT_IRQ) {
		if (wait_for_completion_timeout(&e->ended, end - jiffies))
			return 0;
		return -ETIMEDOUT;
	}
	while (engine_busy(e)) {
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		if (signal_pending(current))
			return -EINTR;
		usleep_range(20, 100);
	}
	return 0;
}

static int engine_run(struct engine *e, struct cordon_engine_op *op)
{
	void __iomem *regs = e->regs;
	u64 errors;
	u32 cmd;
	int ret;

	if (op->flags & ~CORDON_ENGINE_WAIT_IRQ || op->reserved)
		return -EINVAL;
	cmd = op->cmd & ~CORDON_ENGINE_CMD_IRQ;
	if (op->flags & CORDON_ENGINE_WAIT_IRQ)
		cmd |= CORDON_ENGINE_CMD_IRQ;

	mutex_lock(&e->run_lock);
	if (engine_busy(e)) {
		ret = -EBUSY;
		goto unlock;
	}
	reinit_completion(&e->ended);
	errors = readq(regs + CORDON_ENGINE_ERRORS);
	writeq(op->src, regs + CORDON_ENGINE_SRC);
	writeq(op->dst, regs + CORDON_ENGINE_DST);
	writeq(op->len, regs + CORDON_ENGINE_LEN);
	writeq(op->data, regs + CORDON_ENGINE_DATA);
	writeq(op->count, regs + CORDON_ENGINE_COUNT);
	writeq(op->delay, regs + CORDON_ENGINE_DELAY);
	writel(op->pasid, regs + CORDON_ENGINE_PASID);
	writel(cmd, regs + CORDON_ENGINE_CMD);
	ret = engine_wait(e, op);
	if (ret)
		writel(1, regs + CORDON_ENGINE_STOP);
	op->status = readl(regs + CORDON_ENGINE_STATUS);
	op->data = readq(regs + CORDON_ENGINE_DATA);
	op->moved = readq(regs + CORDON_ENGINE_MOVED);
	op->bad = readq(regs + CORDON_ENGINE_BAD);
	op->done = readq(regs + CORDON_ENGINE_DONE);
	op->errors = readq(regs + CORDON_ENGINE_ERRORS) - errors;
unlock:
	mutex_unlock(&e->run_lock);
	return ret;
}

irqreturn_t engine_interrupt(int irq, void *data)
{
	struct engine *e = data;

	if (!(readl(e->regs + CORDON_ENGINE_IRQ) & 1))
		return IRQ_NONE;
	writel(1, e->regs + CORDON_ENGINE_IRQ);
	complete(&e->ended);
	return IRQ_HANDLED;
}

static int engine_reset(struct engine *e)
{
	int ret;

	mutex_lock(&e->run_lock);
	ret = e->shell->reset(e);
	mutex_unlock(&e->run_lock);
	return ret;
}

/* The file */

static int engine_open(struct inode *inode, struct file *file)
{
	struct engine *e = container_of(file->private_data, struct engine, misc);
	struct engine_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	xa_init_flags(&f->bufs, XA_FLAGS_ALLOC);
	f->engine = e;

	/* the engine stays meanwhile: misc_deregister() waits for openers */
	mutex_lock(&e->files_lock);
	list_add(&f->node, &e->files);
	kref_get(&e->refs);
	mutex_unlock(&e->files_lock);
	file->private_data = f;
	return 0;
}

/* The caller excludes calls on this file: it is closed, or removal holds life for writing. */
static void engine_free_all(struct engine_file *f)
{
	struct engine_buf *buf;
	unsigned long id;

	xa_for_each(&f->bufs, id, buf)
		engine_free_buf(f->engine, buf);
	xa_destroy(&f->bufs);
}

static int engine_close(struct inode *inode, struct file *file)
{
	struct engine_file *f = file->private_data;
	struct engine *e = f->engine;

	down_read(&e->life);
	mutex_lock(&e->files_lock);
	list_del(&f->node);
	if (!e->dead) {
		engine_free_all(f);
		if (list_empty(&e->files))
			engine_drop_domains(e);
	}
	mutex_unlock(&e->files_lock);
	up_read(&e->life);
	kref_put(&e->refs, engine_release);
	kfree(f);
	return 0;
}

union engine_arg {
	struct cordon_engine_alloc alloc;
	struct cordon_engine_map map;
	struct cordon_engine_access access;
	struct cordon_engine_op op;
	struct cordon_engine_iommu iommu;
	struct cordon_engine_faults faults;
};

/* Calls about buffers. The caller holds life for reading and the file's lock. */
static int engine_buf_call(struct engine_file *f, unsigned int cmd, union engine_arg *arg,
			   u32 id)
{
	switch (cmd) {
	case CORDON_ENGINE_ALLOC:
		return engine_alloc(f, &arg->alloc);
	case CORDON_ENGINE_FREE:
		return engine_free(f, id);
	case CORDON_ENGINE_MAP:
		return engine_map(f, &arg->map);
	case CORDON_ENGINE_UNMAP:
		return engine_unmap_id(f, id);
	case CORDON_ENGINE_ACCESS:
		return engine_access(f, &arg->access);
	case CORDON_ENGINE_IOMMU_MAP:
		return engine_iommu_map(f, &arg->iommu);
	case CORDON_ENGINE_IOMMU_UNMAP:
		return engine_iommu_unmap(f, &arg->iommu);
	}
	return -ENOTTY;
}

/* The caller holds life for reading. */
static int engine_call(struct engine_file *f, unsigned int cmd, union engine_arg *arg, u32 id)
{
	struct engine *e = f->engine;
	int ret;

	switch (cmd) {
	case CORDON_ENGINE_RUN:
		return engine_run(e, &arg->op);
	case CORDON_ENGINE_END:
		writel(1, e->regs + CORDON_ENGINE_STOP);
		return 0;
	case CORDON_ENGINE_RESET:
		return engine_reset(e);
	case CORDON_ENGINE_ATTACH:
		mutex_lock(&e->domain_lock);
		ret = engine_attach(e, id);
		mutex_unlock(&e->domain_lock);
		return ret;
	case CORDON_ENGINE_LOOKUP:
		return engine_lookup(e, &arg->iommu);
	case CORDON_ENGINE_FAULTS:
		return engine_get_faults(e, &arg->faults);
	}
	mutex_lock(&f->lock);
	ret = engine_buf_call(f, cmd, arg, id);
	mutex_unlock(&f->lock);
	return ret;
}

static long engine_ioctl(struct file *file, unsigned int cmd, unsigned long param)
{
	struct engine_file *f = file->private_data;
	unsigned int size = _IOC_SIZE(cmd);
	union engine_arg arg = {};
	int ret;

	if (_IOC_TYPE(cmd) != CORDON_ENGINE_IOC || size > sizeof(arg))
		return -ENOTTY;
	if (size && copy_from_user(&arg, (void __user *)param, size))
		return -EFAULT;

	down_read(&f->engine->life);
	if (f->engine->dead)
		ret = -ENODEV;
	else
		ret = engine_call(f, cmd, &arg, param);
	up_read(&f->engine->life);

	/* also after an error: an operation that timed out says how far it got */
	if (_IOC_DIR(cmd) & _IOC_READ && copy_to_user((void __user *)param, &arg, size))
		return -EFAULT;
	return ret;
}

static const struct file_operations engine_fops = {
	.owner = THIS_MODULE,
	.open = engine_open,
	.release = engine_close,
	.unlocked_ioctl = engine_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* For the shells */

/**
 * engine_new() - An engine that nobody can see yet
 * @dev: the device that does DMA, being probed
 * @shell: what its bus can do
 *
 * The shell then sets regs, and has the interrupt call engine_interrupt() with
 * the engine as its data.
 *
 * Return: the engine, which ends by engine_put(), or NULL.
 */
struct engine *engine_new(struct device *dev, const struct engine_shell *shell)
{
	struct engine *e = kzalloc(sizeof(*e), GFP_KERNEL);
	unsigned int i;

	if (!e)
		return NULL;
	e->nr = ida_alloc(&engine_ida, GFP_KERNEL);
	if (e->nr < 0) {
		kfree(e);
		return NULL;
	}
	snprintf(e->name, sizeof(e->name), "cordon-engine%d", e->nr);
	kref_init(&e->refs);
	e->dev = dev;
	e->shell = shell;
	init_rwsem(&e->life);
	mutex_init(&e->files_lock);
	INIT_LIST_HEAD(&e->files);
	mutex_init(&e->run_lock);
	mutex_init(&e->domain_lock);
	init_completion(&e->ended);
	for (i = 0; i < CORDON_ENGINE_DOMAINS; i++)
		spin_lock_init(&e->faults[i].lock);
	return e;
}

/**
 * engine_put() - The shell has no more use for the engine
 * @e: engine, without its device
 */
void engine_put(struct engine *e)
{
	ida_free(&engine_ida, e->nr);
	kref_put(&e->refs, engine_release);
}

/**
 * engine_check() - Are the registers those of an engine?
 * @e: engine with its regs
 *
 * Return: 0 or -ENODEV, with a word in the log.
 */
int engine_check(struct engine *e)
{
	u32 id = readl(e->regs + CORDON_ENGINE_ID);

	if (id == CORDON_ENGINE_MAGIC)
		return 0;
	dev_err(e->dev, "not a test engine: it says %#x\n", id);
	return -ENODEV;
}

/**
 * engine_show() - Make /dev/cordon-engineN
 * @e: engine that can work
 *
 * Return: 0 or a negative errno.
 */
int engine_show(struct engine *e)
{
	int ret;

	ret = dma_set_mask_and_coherent(e->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	/* any number of pages may become one range */
	dma_set_max_seg_size(e->dev, UINT_MAX);

	e->misc.minor = MISC_DYNAMIC_MINOR;
	e->misc.name = e->name;
	e->misc.fops = &engine_fops;
	e->misc.parent = e->dev;
	ret = misc_register(&e->misc);
	if (!ret)
		dev_info(e->dev, "DMA test engine, /dev/%s\n", e->name);
	return ret;
}

/**
 * engine_hide() - The reverse of engine_show(); ends what runs
 * @e: engine
 *
 * Files stay open, and know no device any more.
 */
void engine_hide(struct engine *e)
{
	struct engine_file *f;

	misc_deregister(&e->misc);
	/* what runs ends, so that those who wait for it let go of life */
	writel(1, e->regs + CORDON_ENGINE_STOP);
	down_write(&e->life);
	e->dead = true;
	list_for_each_entry(f, &e->files, node)
		engine_free_all(f);
	engine_drop_domains(e);
	up_write(&e->life);
}

static int __init engine_init(void)
{
	int ret = pci_register_driver(&engine_pci_driver);

	if (ret)
		return ret;
	ret = platform_driver_register(&engine_platform_driver);
	if (ret)
		pci_unregister_driver(&engine_pci_driver);
	return ret;
}
module_init(engine_init);

static void __exit engine_exit(void)
{
	platform_driver_unregister(&engine_platform_driver);
	pci_unregister_driver(&engine_pci_driver);
}
module_exit(engine_exit);

MODULE_DESCRIPTION("Driver of Cordon's DMA test engine");
MODULE_LICENSE("GPL");
