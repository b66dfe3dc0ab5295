// SPDX-License-Identifier: GPL-2.0-only
/* The test engine, for programs on the board: see engine.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine.h"
#include "ktap.h"

void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(2);
}

uint64_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* 0 or a negative errno */
static int call(struct engine *e, unsigned long request, void *arg)
{
	return ioctl(e->fd, request, arg) < 0 ? -errno : 0;
}

/* The name of what an attribute of engine @n's device links to; false if it links nowhere. */
static bool name_of(unsigned int n, const char *link, char *name, size_t size)
{
	char path[64], target[PATH_MAX];

	*name = '\0';
	snprintf(path, sizeof(path), "/sys/class/misc/cordon-engine%u/device%s", n, link);
	if (!realpath(path, target))
		return false;
	snprintf(name, size, "%s", basename(target));
	return true;
}

bool engine_open(struct engine *e, unsigned int n)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/cordon-engine%u", n);
	e->fd = open(path, O_RDWR | O_CLOEXEC);
	if (e->fd < 0)
		return false;
	if (!name_of(n, "", e->bdf, sizeof(e->bdf)) ||
	    !name_of(n, "/subsystem", e->bus, sizeof(e->bus)))
		die(path);
	name_of(n, "/iommu", e->unit, sizeof(e->unit));
	return true;
}

bool engine_open_bdf(struct engine *e, const char *bdf)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/misc", bdf);
	dir = opendir(path);
	e->fd = -1;
	while (dir && e->fd < 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		e->fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	snprintf(e->bdf, sizeof(e->bdf), "%s", bdf);
	return e->fd >= 0;
}

bool engine_find(struct engine *e, const char *word, unsigned int *n)
{
	char number[16];

	for (*n = 0; *n < ENGINES_MAX; (*n)++) {
		if (!engine_open(e, *n))
			continue;
		snprintf(number, sizeof(number), "%u", *n);
		if (!strcmp(word, number) || !strcmp(word, e->bus) || !strcmp(word, e->bdf))
			return true;
		engine_close(e);
	}
	return false;
}

void engine_close(struct engine *e)
{
	close(e->fd);
	e->fd = -1;
}

int buf_try_alloc(struct engine *e, struct buf *b, uint32_t kind, size_t size)
{
	struct cordon_engine_alloc arg = { .kind = kind, .size = size };
	int ret = call(e, CORDON_ENGINE_ALLOC, &arg);

	*b = (struct buf){
		.id = arg.id, .size = size, .phys = arg.phys, .iova = arg.iova,
	};
	return ret;
}

void buf_alloc(struct engine *e, struct buf *b, uint32_t kind, size_t size)
{
	if (buf_try_alloc(e, b, kind, size))
		die("allocating a buffer");
}

int buf_try_free(struct engine *e, struct buf *b)
{
	return call(e, CORDON_ENGINE_FREE, (void *)(unsigned long)b->id);
}

void buf_free(struct engine *e, struct buf *b)
{
	if (buf_try_free(e, b))
		die("freeing a buffer");
}

int buf_map(struct engine *e, struct buf *b, uint32_t dir, uint64_t offset, uint64_t len)
{
	struct cordon_engine_map arg = {
		.id = b->id, .dir = dir, .offset = offset, .len = len,
	};
	int ret = call(e, CORDON_ENGINE_MAP, &arg);

	b->iova = arg.iova;
	b->ranges = arg.ranges;
	return ret;
}

int buf_try_unmap(struct engine *e, struct buf *b)
{
	return call(e, CORDON_ENGINE_UNMAP, (void *)(unsigned long)b->id);
}

void buf_unmap(struct engine *e, struct buf *b)
{
	if (buf_try_unmap(e, b))
		die("unmapping a buffer");
}

static int try_access(struct engine *e, uint32_t id, bool write, uint64_t offset,
		      const void *data, size_t len)
{
	struct cordon_engine_access arg = {
		.id = id, .write = write, .offset = offset, .len = len,
		.data = (uintptr_t)data,
	};

	return call(e, CORDON_ENGINE_ACCESS, &arg);
}

static void access_memory(struct engine *e, uint32_t id, bool write, uint64_t offset,
			  const void *data, size_t len)
{
	if (try_access(e, id, write, offset, data, len))
		die("reading or writing a buffer");
}

int buf_try_write(struct engine *e, const struct buf *b, uint64_t offset, const void *data,
		  size_t len)
{
	return try_access(e, b->id, true, offset, data, len);
}

int buf_try_read(struct engine *e, const struct buf *b, uint64_t offset, void *data, size_t len)
{
	return try_access(e, b->id, false, offset, data, len);
}

void buf_write(struct engine *e, const struct buf *b, uint64_t offset, const void *data,
	       size_t len)
{
	access_memory(e, b->id, true, offset, data, len);
}

void buf_read(struct engine *e, const struct buf *b, uint64_t offset, void *data, size_t len)
{
	access_memory(e, b->id, false, offset, data, len);
}

void own_write(struct engine *e, uint64_t offset, const void *data, size_t len)
{
	access_memory(e, CORDON_ENGINE_OWN_BUFFER, true, offset, data, len);
}

void own_read(struct engine *e, uint64_t offset, void *data, size_t len)
{
	access_memory(e, CORDON_ENGINE_OWN_BUFFER, false, offset, data, len);
}

uint8_t pattern(uint64_t seed, uint64_t i)
{
	uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15 + (i >> 3) * 0xd1b54a32d192ed03;

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9;
	x ^= x >> 32;
	return x >> (8 * (i & 7));
}

void buf_fill(struct engine *e, const struct buf *b, uint64_t seed)
{
	uint8_t *data = malloc(b->size);
	size_t i;

	if (!data)
		die("out of memory");
	for (i = 0; i < b->size; i++)
		data[i] = pattern(seed, i);
	buf_write(e, b, 0, data, b->size);
	free(data);
}

bool buf_has(struct engine *e, const struct buf *b, uint64_t offset, size_t len,
	     uint64_t seed, uint64_t from)
{
	uint8_t *data;
	size_t i;

	if (!len)
		return true;
	data = malloc(len);
	if (!data)
		die("out of memory");
	buf_read(e, b, offset, data, len);
	for (i = 0; i < len; i++)
		if (data[i] != pattern(seed, from + i))
			break;
	if (i < len)
		say("byte %#llx of buffer %u is %#x, not %#x",
		    (unsigned long long)(offset + i), b->id, data[i],
		    pattern(seed, from + i));
	free(data);
	return i == len;
}

int engine_run(struct engine *e, struct cordon_engine_op *op)
{
	return call(e, CORDON_ENGINE_RUN, op);
}

static int run_simple(struct engine *e, struct cordon_engine_op *op)
{
	int ret = engine_run(e, op);

	return ret ? ret : (int)op->status;
}

int engine_dma_read(struct engine *e, uint64_t src, uint64_t len, struct cordon_engine_op *op)
{
	*op = (struct cordon_engine_op){
		.cmd = CORDON_ENGINE_OP_READ, .src = src, .len = len,
	};
	return run_simple(e, op);
}

int engine_dma_write(struct engine *e, uint64_t dst, uint64_t len, struct cordon_engine_op *op)
{
	*op = (struct cordon_engine_op){
		.cmd = CORDON_ENGINE_OP_WRITE, .dst = dst, .len = len,
	};
	return run_simple(e, op);
}

int engine_dma_copy(struct engine *e, uint64_t dst, uint64_t src, uint64_t len,
		    struct cordon_engine_op *op)
{
	*op = (struct cordon_engine_op){
		.cmd = CORDON_ENGINE_OP_COPY, .dst = dst, .src = src, .len = len,
	};
	return run_simple(e, op);
}

bool op_good(const struct cordon_engine_op *op)
{
	return op->status == CORDON_ENGINE_STATUS_DONE;
}

bool op_blocked(const struct cordon_engine_op *op)
{
	return op->status == (CORDON_ENGINE_STATUS_DONE | CORDON_ENGINE_STATUS_ERROR);
}

int engine_end(struct engine *e)
{
	return call(e, CORDON_ENGINE_END, NULL);
}

int engine_reset(struct engine *e)
{
	return call(e, CORDON_ENGINE_RESET, NULL);
}

int engine_attach(struct engine *e, uint32_t domain)
{
	return call(e, CORDON_ENGINE_ATTACH, (void *)(unsigned long)domain);
}

int iommu_map(struct engine *e, const struct buf *b, uint32_t domain, uint64_t iova,
	      uint64_t offset, uint64_t len, uint32_t prot)
{
	struct cordon_engine_iommu arg = {
		.domain = domain, .id = b->id, .prot = prot, .iova = iova,
		.offset = offset, .len = len,
	};

	return call(e, CORDON_ENGINE_IOMMU_MAP, &arg);
}

int iommu_unmap(struct engine *e, const struct buf *b, uint32_t domain, uint64_t iova,
		uint64_t len)
{
	struct cordon_engine_iommu arg = {
		.domain = domain, .id = b->id, .iova = iova, .len = len,
	};
	int ret = call(e, CORDON_ENGINE_IOMMU_UNMAP, &arg);

	if (!ret && arg.len != len) {
		say("only %#llx of %#llx bytes were unmapped", arg.len, (unsigned long long)len);
		return -EIO;
	}
	return ret;
}

int iommu_try_lookup(struct engine *e, uint32_t domain, uint64_t iova, uint64_t *phys)
{
	struct cordon_engine_iommu arg = { .domain = domain, .iova = iova };
	int ret = call(e, CORDON_ENGINE_LOOKUP, &arg);

	*phys = arg.phys;
	return ret;
}

uint64_t iommu_lookup(struct engine *e, uint32_t domain, uint64_t iova)
{
	uint64_t phys;

	if (iommu_try_lookup(e, domain, iova, &phys))
		die("looking an address up");
	return phys;
}

struct cordon_engine_faults engine_faults(struct engine *e, uint32_t domain)
{
	struct cordon_engine_faults arg = { .domain = domain };

	if (call(e, CORDON_ENGINE_FAULTS, &arg))
		die("asking for the fault handler's notes");
	return arg;
}
