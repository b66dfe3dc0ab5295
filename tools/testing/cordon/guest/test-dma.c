// SPDX-License-Identifier: GPL-2.0-only
/* What is mapped can be reached, and nothing else. */
#include <errno.h>
#include <string.h>

#include "tests.h"

enum verdict blocked_write(uint64_t addr, uint64_t len)
{
	struct cordon_engine_op op;

	engine_dma_write(&eng, addr, len, &op);
	EXPECT(op_blocked(&op), "write to %#llx: status %#x", (unsigned long long)addr,
	       op.status);
	EXPECT(op.bad == addr && op.moved == 0, "write to %#llx: bad %#llx, moved %#llx",
	       (unsigned long long)addr, op.bad, op.moved);
	return PASS;
}

enum verdict blocked_read(uint64_t addr, uint64_t len)
{
	struct cordon_engine_op op;

	engine_dma_read(&eng, addr, len, &op);
	EXPECT(op_blocked(&op), "read of %#llx: status %#x", (unsigned long long)addr,
	       op.status);
	EXPECT(op.bad == addr && op.moved == 0, "read of %#llx: bad %#llx, moved %#llx",
	       (unsigned long long)addr, op.bad, op.moved);
	return PASS;
}

/* Copy @len bytes between offsets of two pages, and look at the bytes around them too. */
static enum verdict copy_one(struct buf *src, struct buf *dst, uint64_t from, uint64_t to,
			     uint64_t len)
{
	struct cordon_engine_op op;

	buf_fill(&eng, dst, 2);
	EXPECT(!buf_map(&eng, src, CORDON_ENGINE_TO_DEVICE, from, len), "mapping the source");
	EXPECT(!buf_map(&eng, dst, CORDON_ENGINE_FROM_DEVICE, to, len), "mapping the target");
	engine_dma_copy(&eng, dst->iova, src->iova, len, &op);
	buf_unmap(&eng, src);
	buf_unmap(&eng, dst);
	EXPECT(op_good(&op) && op.moved == len,
	       "%llu bytes from +%llu to +%llu: status %#x, moved %llu, bad %#llx",
	       (unsigned long long)len, (unsigned long long)from, (unsigned long long)to,
	       op.status, op.moved, op.bad);
	EXPECT(buf_has(&eng, dst, 0, to, 2, 0), "bytes before the target changed");
	EXPECT(buf_has(&eng, dst, to, len, 1, from), "the copy is not the source");
	EXPECT(buf_has(&eng, dst, to + len, dst->size - to - len, 2, to + len),
	       "bytes after the target changed");
	return PASS;
}

enum verdict test_copy(void)
{
	const struct {
		uint64_t from, to, len;
	} cases[] = {
		{ 0, 0, 1 }, { 5, 3, 7 }, { 0, 0, PAGE }, { PAGE - 1, 1, 2 },
		{ 1, PAGE - 1, PAGE + 1 },
		{ 0, PAGE, 16 * PAGE + 3 }, { 100, 200, 300000 }, { 0, 0, BLOCK },
		{ 12, 34, BLOCK + 17 },
	};
	struct buf src, dst;
	size_t i;

	buf_alloc(&eng, &src, CORDON_ENGINE_PAGES, 2 * BLOCK);
	buf_alloc(&eng, &dst, CORDON_ENGINE_PAGES, 2 * BLOCK);
	buf_fill(&eng, &src, 1);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		TRY(copy_one(&src, &dst, cases[i].from, cases[i].to, cases[i].len));
	return PASS;
}

/* The engine's message is a write too, and has to find its way through Cordon. */
enum verdict test_interrupt(void)
{
	struct cordon_engine_op op;
	struct buf dst;
	int i, ret;

	buf_alloc(&eng, &dst, CORDON_ENGINE_PAGES, PAGE);
	EXPECT(!buf_map(&eng, &dst, CORDON_ENGINE_FROM_DEVICE, 0, PAGE), "mapping");
	for (i = 0; i < 100; i++) {
		op = (struct cordon_engine_op){
			.cmd = CORDON_ENGINE_OP_FILL, .flags = CORDON_ENGINE_WAIT_IRQ,
			.dst = dst.iova, .len = PAGE, .data = i,
		};
		ret = engine_run(&eng, &op);
		EXPECT(!ret && op_good(&op), "%d: returned %d, status %#x", i, ret, op.status);
	}
	return PASS;
}

enum verdict test_atomic(void)
{
	struct cordon_engine_op op = {
		.cmd = CORDON_ENGINE_OP_ATOMIC, .data = 0x100000001, .len = 8,
	};
	uint64_t value = 41;
	struct buf b;

	buf_alloc(&eng, &b, CORDON_ENGINE_COHERENT, PAGE);
	buf_write(&eng, &b, 64, &value, sizeof(value));
	op.dst = b.iova + 64;
	EXPECT(!engine_run(&eng, &op) && op_good(&op), "status %#x", op.status);
	EXPECT(op.data == 41, "old value %#llx", op.data);
	buf_read(&eng, &b, 64, &value, sizeof(value));
	EXPECT(value == 0x10000002a, "memory has %#llx", (unsigned long long)value);
	return PASS;
}

/*
 * The engine aims at the physical address of memory that it was never given:
 * without an IOMMU it would hit.
 */
enum verdict test_never_mapped(void)
{
	const uint64_t wild[] = {
		0x0, PAGE, 1ULL << 32, (1ULL << 47), (1ULL << 48) - PAGE, 1ULL << 48,
		1ULL << 52, ~0ULL << 12,
	};
	uint8_t before[64], after[64];
	struct buf canary;
	size_t i;

	buf_alloc(&eng, &canary, CORDON_ENGINE_PAGES, 4 * PAGE);
	buf_fill(&eng, &canary, 3);
	EXPECT(!iommu_lookup(&eng, CORDON_ENGINE_DOMAIN_DEFAULT, canary.phys),
	       "%#llx happens to be mapped", (unsigned long long)canary.phys);
	for (i = 0; i < sizeof(before); i++)
		before[i] = 0x5a ^ i;
	own_write(&eng, 0, before, sizeof(before));

	TRY(blocked_write(canary.phys, 64));
	TRY(blocked_write(canary.phys + 1, 3));
	TRY(blocked_write(canary.phys + 3 * PAGE - 8, 64));
	TRY(blocked_read(canary.phys, sizeof(before)));
	own_read(&eng, 0, after, sizeof(after));
	EXPECT(!memcmp(before, after, sizeof(after)), "the engine has read the memory");

	for (i = 0; i < sizeof(wild) / sizeof(*wild); i++) {
		TRY(blocked_read(wild[i], 8));
		TRY(blocked_write(wild[i], 8));
	}
	EXPECT(buf_has(&eng, &canary, 0, canary.size, 3, 0), "memory was written");
	return PASS;
}

/* DMA that begins in a mapping and runs out of it stops at the first page too far. */
enum verdict test_beyond_mapping(void)
{
	struct cordon_engine_op op;
	struct buf b;

	buf_alloc(&eng, &b, CORDON_ENGINE_PAGES, 4 * PAGE);
	buf_fill(&eng, &b, 4);
	EXPECT(!iommu_map(&eng, &b, CORDON_ENGINE_DOMAIN_DEFAULT, FREE_IOVA, PAGE, 2 * PAGE, RW),
	       "mapping");
	op = (struct cordon_engine_op){
		.cmd = CORDON_ENGINE_OP_FILL, .dst = FREE_IOVA + 8, .len = 4 * PAGE,
	};
	EXPECT(!engine_run(&eng, &op) && op_blocked(&op), "status %#x", op.status);
	EXPECT(op.bad == FREE_IOVA + 2 * PAGE && op.moved == 2 * PAGE - 8,
	       "bad %#llx, moved %#llx", op.bad, op.moved);
	TRY(blocked_write(FREE_IOVA - 8, 8));
	EXPECT(buf_has(&eng, &b, 0, PAGE + 8, 4, 0), "memory before it was written");
	EXPECT(buf_has(&eng, &b, 3 * PAGE, PAGE, 4, 3 * PAGE), "memory after it was written");
	return PASS;
}

/* What was mapped for the device to read cannot be written by it. */
enum verdict test_read_only(void)
{
	struct cordon_engine_op op;
	struct buf b;
	int i;

	buf_alloc(&eng, &b, CORDON_ENGINE_PAGES, 2 * BLOCK);
	buf_fill(&eng, &b, 5);
	for (i = 0; i < 2; i++) {
		if (i)
			EXPECT(!iommu_map(&eng, &b, CORDON_ENGINE_DOMAIN_DEFAULT, FREE_IOVA, 0,
					  b.size, CORDON_ENGINE_PROT_READ), "mapping");
		else
			EXPECT(!buf_map(&eng, &b, CORDON_ENGINE_TO_DEVICE, 0, b.size), "mapping");
		if (i)
			b.iova = FREE_IOVA;
		/* before and after a read has put the translation into the cache */
		TRY(blocked_write(b.iova + 16, 8));
		EXPECT(engine_dma_read(&eng, b.iova, 64, &op) == CORDON_ENGINE_STATUS_DONE,
		       "it cannot be read: status %#x", op.status);
		TRY(blocked_write(b.iova + 16, 8));
		TRY(blocked_write(b.iova + b.size - 8, 8));
		op = (struct cordon_engine_op){
			.cmd = CORDON_ENGINE_OP_ATOMIC, .dst = b.iova + 64, .data = 1, .len = 8,
		};
		EXPECT(!engine_run(&eng, &op) && op_blocked(&op), "atomic: status %#x", op.status);
		EXPECT(buf_has(&eng, &b, 0, b.size, 5, 0), "memory was written");
		if (!i)
			buf_unmap(&eng, &b);
	}
	return PASS;
}

/* Pages that lie apart in memory are one range to the device. */
enum verdict test_gather(void)
{
	struct cordon_engine_op op;
	struct buf src, dst;

	buf_alloc(&eng, &src, CORDON_ENGINE_PAGES, 256 * PAGE);
	buf_alloc(&eng, &dst, CORDON_ENGINE_SCATTERED, 256 * PAGE);
	buf_fill(&eng, &src, 6);
	EXPECT(!buf_map(&eng, &src, CORDON_ENGINE_TO_DEVICE, 0, src.size), "mapping the source");
	EXPECT(!buf_map(&eng, &dst, CORDON_ENGINE_FROM_DEVICE, 0, dst.size), "mapping the target");
	EXPECT(dst.ranges == 1, "%llu ranges", (unsigned long long)dst.ranges);
	engine_dma_copy(&eng, dst.iova, src.iova, src.size, &op);
	EXPECT(op_good(&op) && op.moved == src.size, "status %#x, moved %#llx, bad %#llx",
	       op.status, op.moved, op.bad);
	EXPECT(buf_has(&eng, &dst, 0, dst.size, 6, 0), "the copy is not the source");
	buf_unmap(&eng, &dst);
	TRY(blocked_write(dst.iova, 8));
	TRY(blocked_write(dst.iova + dst.size - 8, 8));
	return PASS;
}

/* A function-level reset ends DMA; what is mapped stays mapped. */
enum verdict test_reset(void)
{
	struct cordon_engine_op op;
	struct buf b;
	int ret, tries;

	buf_alloc(&eng, &b, CORDON_ENGINE_COHERENT, PAGE);
	/* whoever holds the device's lock, a scan of sysfs say, lets go of it soon */
	for (tries = 0; (ret = engine_reset(&eng)) == -EAGAIN && tries < 1000; tries++)
		;
	EXPECT(!ret, "reset: %d", ret);
	op = (struct cordon_engine_op){
		.cmd = CORDON_ENGINE_OP_FILL, .flags = CORDON_ENGINE_WAIT_IRQ,
		.dst = b.iova, .len = PAGE, .data = 7,
	};
	ret = engine_run(&eng, &op);
	EXPECT(!ret && op_good(&op), "after it: returned %d, status %#x", ret, op.status);
	return PASS;
}
