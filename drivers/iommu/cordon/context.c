// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: the directory and the contexts in it (spec 3).
 *
 * A context is made, published by one store of a pointer, and never changed
 * while it can be reached: what replaces it is another one.  The old one is
 * used again, or freed, when an invalidation of its DeviceID is complete.
 */
#include <linux/bitfield.h>
#include <linux/slab.h>

#include "cordon.h"

/* Which half of a context's formats is whose (spec 3.3.3) */
#define CORDON_S1FMT	GENMASK_ULL(31, 0)
#define CORDON_S2FMT	GENMASK_ULL(63, 32)

/**
 * struct cordon_dir_page - a page of the directory
 * @list: in &cordon_dir.pages
 * @entries: the page
 */
struct cordon_dir_page {
	struct list_head list;
	__le64 *entries;
};

/**
 * cordon_context_alloc() - memory for a context or a fault block
 * @unit: the unit that is to read it
 *
 * They are aligned to their 64 bytes (spec 3.3, 3.5), as kmalloc() aligns all
 * powers of two.  No cache of the driver's own, which could not go with the
 * module once a dead unit has made it keep a context.
 *
 * Return: 64 zeroed bytes within the unit's reach, or NULL.
 */
void *cordon_context_alloc(struct cordon_unit *unit)
{
	struct cordon_dc *context = kzalloc(sizeof(*context), GFP_KERNEL);

	BUILD_BUG_ON(sizeof(struct cordon_dc) != 64);
	BUILD_BUG_ON(sizeof(struct cordon_fault_block) != 64);

	if (context && virt_to_phys(context) >> unit->caps.oas_bits) {
		kfree(context);
		return NULL;
	}
	return context;
}

/**
 * cordon_context_free() - free what cordon_context_alloc() returned
 * @context: may be NULL
 */
void cordon_context_free(void *context)
{
	kfree(context);
}

/**
 * cordon_dc_make() - make a device context (spec 3.3)
 * @dc: the context, not reachable yet
 * @values: what it is to say
 *
 * Fields that the mode does not use are zero, as spec 3.3.5 demands.
 */
void cordon_dc_make(struct cordon_dc *dc, const struct cordon_dc_values *values)
{
	u64 cfg = CORDON_DC_V | FIELD_PREP(CORDON_DC_S1, values->s1);
	u64 tags = 0, fmt = 0;

	if (values->s2)
		cfg |= CORDON_DC_S2;
	if (values->exec)
		cfg |= CORDON_DC_EXEC;
	if (values->priv)
		cfg |= CORDON_DC_PRIV;
	if (values->snoop)
		cfg |= CORDON_DC_SNOOP;
	if (values->dlroot)
		cfg |= CORDON_DC_DIRTY;
	if (values->fault) {
		cfg |= CORDON_DC_FAULT;
		tags |= FIELD_PREP(CORDON_TAGS_FLIMIT, values->flimit);
	}

	*dc = (struct cordon_dc) {
		.cfg = cpu_to_le64(cfg),
		.fault = cpu_to_le64(values->fault & CORDON_PTR_CONTEXT),
		.dlroot = cpu_to_le64(values->dlroot),
	};
	if (values->s1 == CORDON_S1_TABLE) {
		tags |= FIELD_PREP(CORDON_TAGS_DTAG, values->tags.dtag);
		fmt |= values->fmt & CORDON_S1FMT;
		dc->s1root = cpu_to_le64(values->s1root & CORDON_TTB_ADDR);
	}
	if (values->s2) {
		tags |= FIELD_PREP(CORDON_TAGS_VMTAG, values->tags.vmtag);
		fmt |= values->fmt & CORDON_S2FMT;
		dc->s2root = cpu_to_le64(values->s2root & CORDON_TTB_ADDR);
	}
	dc->tags = cpu_to_le64(tags);
	dc->fmt = cpu_to_le64(fmt);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_dc_make);

/**
 * cordon_pointer_page() - pointer to a page of a directory (spec 3.1)
 * @page: its address
 *
 * Return: the pointer.
 */
u64 cordon_pointer_page(phys_addr_t page)
{
	return (page & CORDON_PTR_PAGE) | CORDON_PTR_V;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_pointer_page);

/**
 * cordon_pointer_context() - pointer to a context (spec 3.1)
 * @context: its address
 *
 * Return: the pointer.
 */
u64 cordon_pointer_context(phys_addr_t context)
{
	return (context & CORDON_PTR_CONTEXT) | CORDON_PTR_V;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_pointer_context);

/**
 * cordon_root_word() - word that names a directory (spec 3.2)
 * @page: address of its root page
 * @levels: 1 to 3
 *
 * Return: the word.
 */
u64 cordon_root_word(phys_addr_t page, unsigned int levels)
{
	return (page & CORDON_ROOT_ADDR) | FIELD_PREP(CORDON_ROOT_LEVELS, levels);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_root_word);

/**
 * cordon_dir_index() - where an identifier is in a page of its directory
 * @id: the identifier
 * @level: level of the page, 0 to 2
 *
 * Return: the index of the pointer (spec 3.1).
 */
unsigned int cordon_dir_index(u32 id, unsigned int level)
{
	return (id >> (level * CORDON_DIR_BITS)) & (CORDON_DIR_ENTRIES - 1);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_dir_index);

/**
 * cordon_dir_levels() - how many levels it takes to hold an identifier
 * @id: the identifier
 *
 * Return: 1 to 3.
 */
unsigned int cordon_dir_levels(u32 id)
{
	return max(1, DIV_ROUND_UP(fls(id), CORDON_DIR_BITS));
}
EXPORT_SYMBOL_IF_KUNIT(cordon_dir_levels);

/**
 * cordon_publish() - let hardware see what a pointer leads to
 * @slot: where the pointer goes
 * @pointer: the pointer, or 0 for none
 *
 * One store, ordered after all that made what it points to (spec 11.3).
 */
void cordon_publish(__le64 *slot, u64 pointer)
{
	dma_wmb();
	WRITE_ONCE(*slot, cpu_to_le64(pointer));
}
EXPORT_SYMBOL_IF_KUNIT(cordon_publish);

static __le64 *cordon_dir_page(struct cordon_unit *unit)
{
	struct cordon_dir_page *page = kzalloc(sizeof(*page), GFP_KERNEL);

	if (!page)
		return NULL;
	page->entries = cordon_alloc_pages(unit, CORDON_DIR_PAGE_SIZE);
	if (!page->entries) {
		kfree(page);
		return NULL;
	}
	list_add(&page->list, &unit->dir.pages);
	return page->entries;
}

/**
 * cordon_dir_init() - make an empty directory
 * @unit: the unit
 *
 * One level if that holds all DeviceIDs of the unit, else two, which hold a
 * PCI segment.
 *
 * Return: 0 or -ENOMEM.
 */
int cordon_dir_init(struct cordon_unit *unit)
{
	INIT_LIST_HEAD(&unit->dir.pages);
	unit->dir.levels = unit->caps.devid_bits <= CORDON_DIR_BITS ? 1 : 2;
	unit->dir.root = cordon_dir_page(unit);
	return unit->dir.root ? 0 : -ENOMEM;
}

/**
 * cordon_dir_destroy() - free the directory
 * @unit: a unit that does not use it any more
 */
void cordon_dir_destroy(struct cordon_unit *unit)
{
	struct cordon_dir_page *page, *next;

	list_for_each_entry_safe(page, next, &unit->dir.pages, list) {
		cordon_free_pages(page->entries, CORDON_DIR_PAGE_SIZE);
		kfree(page);
	}
	INIT_LIST_HEAD(&unit->dir.pages);
	unit->dir.root = NULL;
}

/*
 * One more level: a new root whose first entry is the old one (spec 3.2).
 * Both say the same of every DeviceID that the old one holds.
 */
static int cordon_dir_grow(struct cordon_unit *unit)
{
	struct cordon_dir *dir = &unit->dir;
	__le64 *root = cordon_dir_page(unit);
	int ret;

	if (!root)
		return -ENOMEM;
	cordon_publish(&root[0], cordon_pointer_page(virt_to_phys(dir->root)));
	dir->root = root;
	dir->levels++;
	ret = cordon_root_write(unit, cordon_root_word(virt_to_phys(dir->root),
						       dir->levels));
	/* A unit that is stopped gets it when it is started. */
	return ret == -ESHUTDOWN ? 0 : ret;
}

/**
 * cordon_dir_slot() - where the pointer to a device's context is
 * @unit: the unit; its lock is held
 * @devid: DeviceID
 *
 * Makes the pages on the way, and more levels, as needed.  They stay until the
 * unit goes: a directory has one page for 512 devices.
 *
 * Return: the slot, or ERR_PTR: -ERANGE, -ENOMEM, or -ETIMEDOUT or -EIO of a
 * unit that is dead.
 */
__le64 *cordon_dir_slot(struct cordon_unit *unit, u32 devid)
{
	struct cordon_dir *dir = &unit->dir;
	unsigned int level;
	__le64 *page, *next;
	u64 ptr;
	int ret;

	lockdep_assert_held(&unit->lock);

	if (devid >> unit->caps.devid_bits)
		return ERR_PTR(-ERANGE);

	while (dir->levels < cordon_dir_levels(devid)) {
		ret = cordon_dir_grow(unit);
		if (ret)
			return ERR_PTR(ret);
	}

	page = dir->root;
	for (level = dir->levels - 1; level; level--) {
		__le64 *entry = &page[cordon_dir_index(devid, level)];

		ptr = le64_to_cpu(*entry);
		if (ptr & CORDON_PTR_V) {
			page = phys_to_virt(ptr & CORDON_PTR_PAGE);
			continue;
		}
		next = cordon_dir_page(unit);
		if (!next)
			return ERR_PTR(-ENOMEM);
		cordon_publish(entry, cordon_pointer_page(virt_to_phys(next)));
		page = next;
	}
	return &page[cordon_dir_index(devid, 0)];
}

static void cordon_stream_free(struct cordon_stream *stream)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(stream->contexts); i++)
		cordon_context_free(stream->contexts[i]);
	cordon_context_free(stream->blocked);
	cordon_context_free(stream->fault);
	kfree(stream);
}

/**
 * cordon_stream_get() - take part in a DeviceID
 * @unit: the unit; its lock is held
 * @devid: the DeviceID
 * @owner: the device, or NULL for a handover
 *
 * A new stream has no context: it is blocked.
 *
 * Return: the stream, or ERR_PTR: see cordon_dir_slot().
 */
struct cordon_stream *cordon_stream_get(struct cordon_unit *unit, u32 devid,
					struct cordon_device *owner)
{
	struct cordon_stream *stream;
	bool complete;
	int ret;

	lockdep_assert_held(&unit->lock);

	stream = xa_load(&unit->streams, devid);
	if (stream) {
		stream->users++;
		if (!stream->owner)
			stream->owner = owner;
		return stream;
	}

	stream = kzalloc(sizeof(*stream), GFP_KERNEL);
	if (!stream)
		return ERR_PTR(-ENOMEM);
	stream->unit = unit;
	stream->devid = devid;
	stream->users = 1;
	stream->owner = owner;
	INIT_LIST_HEAD(&stream->touched);
	stream->blocked = cordon_context_alloc(unit);
	stream->fault = cordon_context_alloc(unit);
	complete = stream->blocked && stream->fault;
	for (unsigned int i = 0; i < ARRAY_SIZE(stream->contexts); i++) {
		stream->contexts[i] = cordon_context_alloc(unit);
		complete = complete && stream->contexts[i];
	}
	if (!complete) {
		ret = -ENOMEM;
		goto err;
	}
	cordon_dc_make(stream->blocked, &(struct cordon_dc_values) {
		.s1 = CORDON_S1_BLOCK,
		.fault = virt_to_phys(stream->fault),
		.flimit = unit->fq.device_limit,
	});

	stream->slot = cordon_dir_slot(unit, devid);
	if (IS_ERR(stream->slot)) {
		ret = PTR_ERR(stream->slot);
		goto err;
	}
	ret = xa_err(xa_store(&unit->streams, devid, stream, GFP_KERNEL));
	if (ret)
		goto err;
	return stream;

err:
	cordon_stream_free(stream);
	return ERR_PTR(ret);
}

/**
 * cordon_stream_publish() - change what a DeviceID's requests get
 * @stream: the stream; its unit's lock is held
 * @dc: the new context, or NULL for none
 *
 * Return: the old context, which is not to be touched until an invalidation of
 * the DeviceID is complete; NULL if there was none, and then no invalidation is
 * needed.
 */
struct cordon_dc *cordon_stream_publish(struct cordon_stream *stream,
					struct cordon_dc *dc)
{
	struct cordon_dc *old = stream->dc;

	lockdep_assert_held(&stream->unit->lock);

	stream->dc = dc;
	cordon_publish(stream->slot,
		       dc ? cordon_pointer_context(virt_to_phys(dc)) : 0);
	return old;
}

/**
 * cordon_stream_unused() - a context to be made into the next one
 * @stream: the stream; its unit's lock is held, and what it had before
 *	&cordon_stream.dc has been invalidated
 *
 * Return: a context that hardware does not know.
 */
struct cordon_dc *cordon_stream_unused(const struct cordon_stream *stream)
{
	lockdep_assert_held(&stream->unit->lock);
	return stream->contexts[stream->dc == stream->contexts[0]];
}

static bool cordon_device_has(const struct cordon_device *cdev,
			      const struct cordon_stream *stream)
{
	for (unsigned int i = 0; i < cdev->nr_streams; i++) {
		if (cdev->streams[i] == stream)
			return true;
	}
	return false;
}

/**
 * cordon_stream_other() - who else uses a stream
 * @stream: the stream; its unit's lock is held
 * @user: one of its users
 *
 * Return: another user, one that is not blocked if there is one; or NULL.
 */
struct cordon_device *cordon_stream_other(const struct cordon_stream *stream,
					  const struct cordon_device *user)
{
	struct cordon_device *cdev, *other = NULL;

	lockdep_assert_held(&stream->unit->lock);

	list_for_each_entry(cdev, &stream->unit->devices, list) {
		if (cdev == user || !cordon_device_has(cdev, stream))
			continue;
		other = cdev;
		if (cdev->domain && cdev->domain->type != IOMMU_DOMAIN_BLOCKED)
			break;
	}
	return other;
}

/**
 * cordon_stream_put() - the reverse of cordon_stream_get()
 * @stream: the stream; its unit's lock is held
 * @user: the device that gives it up
 *
 * When the last user goes, the DeviceID has no context: it is blocked.
 */
void cordon_stream_put(struct cordon_stream *stream, struct cordon_device *user)
{
	struct cordon_unit *unit = stream->unit;
	int ret = 0;

	lockdep_assert_held(&unit->lock);

	if (--stream->users) {
		if (stream->owner == user)
			stream->owner = cordon_stream_other(stream, user);
		return;
	}

	if (cordon_stream_publish(stream, NULL))
		ret = cordon_invalidate_streams(unit, &stream, 1);
	/*
	 * The records of faults before that are visible (spec 5.5, 6.3), and
	 * the unit does not access the fault block any more.
	 */
	cordon_fault_drain_locked(unit);
	xa_erase(&unit->streams, stream->devid);
	if (ret) {
		dev_err(unit->dev, "keeps the contexts of DeviceID 0x%x\n",
			stream->devid);
		return;
	}
	cordon_stream_free(stream);
}
