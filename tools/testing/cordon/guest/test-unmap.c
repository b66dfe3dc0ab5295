// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has been unmapped is out of reach when the call returns.
 *
 * Each test does DMA before it unmaps, so that Cordon has cached the
 * translation and an invalidation that was forgotten shows.
 */
#include "tests.h"

#define ROUNDS	1000

/* Write 64 bytes by DMA at three places of a mapping, of which two are its ends. */
static enum verdict touch(uint64_t iova, uint64_t len)
{
	uint64_t piece = len < 64 ? len : 64;
	uint64_t at[] = { 0, len - piece, random_below(len - piece + 1) };
	struct cordon_engine_op op;
	int i;

	for (i = 0; i < 3; i++) {
		engine_dma_write(&eng, iova + at[i], piece, &op);
		EXPECT(op_good(&op), "write to %#llx, +%#llx of %#llx: status %#x, bad %#llx",
		       (unsigned long long)(iova + at[i]), (unsigned long long)at[i],
		       (unsigned long long)len, op.status, op.bad);
	}
	return PASS;
}

static enum verdict out_of_reach(uint64_t iova, uint64_t len)
{
	TRY(blocked_write(iova, 1));
	TRY(blocked_write(iova + len - 1, 1));
	TRY(blocked_write(iova + random_below(len), 1));
	return PASS;
}

/* Lengths of a few bytes, of a few pages, of about a block, and of more. */
static uint64_t random_length(uint64_t size)
{
	switch (random_below(8)) {
	case 0:
		return 1 + random_below(PAGE);
	case 1:
		return size - random_below(PAGE);
	case 2:
		return BLOCK - PAGE + random_below(2 * PAGE);
	case 3:
		return PAGE << random_below(__builtin_ctzll(BLOCK / PAGE));
	default:
		return 1 + random_below(32 * PAGE);
	}
}

static enum verdict unmap_once(struct buf *b)
{
	uint64_t len = random_length(b->size);
	uint64_t offset = random_below(2) ? random_below(b->size - len + 1) : 0;

	EXPECT(!buf_map(&eng, b, CORDON_ENGINE_BOTH, offset, len), "mapping %#llx at +%#llx",
	       (unsigned long long)len, (unsigned long long)offset);
	TRY(touch(b->iova, len));
	buf_unmap(&eng, b);
	return out_of_reach(b->iova, len);
}

enum verdict test_unmap(void)
{
	struct buf b;
	int i;

	buf_alloc(&eng, &b, CORDON_ENGINE_PAGES, 2 * BLOCK);
	for (i = 0; i < ROUNDS; i++)
		TRY(unmap_once(&b));
	buf_fill(&eng, &b, 1);
	TRY(out_of_reach(b.iova, PAGE));
	EXPECT(buf_has(&eng, &b, 0, b.size, 1, 0), "memory was written");
	return PASS;
}

/*
 * Whole pages of the kernel's, which need no bouncing.  In a lazy domain of a
 * device that is trusted they stay in reach for a while.
 */
enum verdict test_unmap_pages(void)
{
	struct buf b;
	int i;

	buf_alloc(&eng, &b, CORDON_ENGINE_PAGES, 8 * PAGE);
	for (i = 0; i < 50; i++) {
		uint64_t len = PAGE << random_below(4);

		EXPECT(!buf_map(&eng, &b, CORDON_ENGINE_BOTH, 0, len), "mapping %#llx",
		       (unsigned long long)len);
		TRY(touch(b.iova, len));
		buf_unmap(&eng, &b);
		TRY(out_of_reach(b.iova, len));
	}
	return PASS;
}

/* Fill one page of @len through @iova, and see it arrive in @to and not in @other. */
static enum verdict fill_reaches(uint64_t iova, uint64_t len, const struct buf *to,
				 const struct buf *other)
{
	static uint64_t value = 1;
	struct cordon_engine_op op = {
		.cmd = CORDON_ENGINE_OP_FILL, .dst = iova, .len = len, .data = ++value,
	};
	uint64_t last = len - 8;
	uint64_t seen[2], gone[2];

	EXPECT(!engine_run(&eng, &op) && op_good(&op), "status %#x, bad %#llx", op.status, op.bad);
	buf_read(&eng, to, 0, &seen[0], 8);
	buf_read(&eng, to, last, &seen[1], 8);
	buf_read(&eng, other, 0, &gone[0], 8);
	buf_read(&eng, other, last, &gone[1], 8);
	EXPECT(gone[0] != value && gone[1] != value, "DMA to %#llx reached the old page",
	       (unsigned long long)iova);
	EXPECT(seen[0] == value && seen[1] == value, "DMA to %#llx did not reach its page",
	       (unsigned long long)iova);
	return PASS;
}

/* The DMA API gives an address out again soon: it must not lead to the old page. */
enum verdict test_remap_dma(void)
{
	unsigned int same = 0;
	struct buf b[2];
	uint64_t old;
	int i;

	buf_alloc(&eng, &b[0], CORDON_ENGINE_PAGES, 4 * PAGE);
	buf_alloc(&eng, &b[1], CORDON_ENGINE_PAGES, 4 * PAGE);
	for (i = 0; i < 200; i++) {
		struct buf *to = &b[i & 1], *other = &b[!(i & 1)];

		old = other->iova;
		EXPECT(!buf_map(&eng, to, CORDON_ENGINE_BOTH, 0, 4 * PAGE), "mapping");
		same += i && to->iova == old;
		TRY(fill_reaches(to->iova, 4 * PAGE, to, other));
		buf_unmap(&eng, to);
		TRY(blocked_write(to->iova, 8));
	}
	EXPECT(same, "no address was ever given out again: nothing was tested");
	say("%u of 200 mappings had their predecessor's address", same);
	return PASS;
}

enum verdict test_remap_iommu(void)
{
	const uint64_t sizes[] = { PAGE, 16 * PAGE, BLOCK };
	struct buf b[2];
	int i;

	buf_alloc(&eng, &b[0], CORDON_ENGINE_PAGES, BLOCK);
	buf_alloc(&eng, &b[1], CORDON_ENGINE_PAGES, BLOCK);
	for (i = 0; i < 300; i++) {
		uint64_t size = sizes[i % 3];
		struct buf *to = &b[i & 1], *other = &b[!(i & 1)];

		EXPECT(!iommu_map(&eng, to, CORDON_ENGINE_DOMAIN_DEFAULT, FREE_IOVA, 0, size, RW),
		       "mapping");
		TRY(fill_reaches(FREE_IOVA, size, to, other));
		EXPECT(!iommu_unmap(&eng, to, CORDON_ENGINE_DOMAIN_DEFAULT, FREE_IOVA, size),
		       "unmapping");
	}
	TRY(blocked_write(FREE_IOVA, 8));
	return PASS;
}

/* A translation that was cached with write permission does not outlive it. */
enum verdict test_read_only_after_write(void)
{
	struct cordon_engine_op op;
	struct buf b;
	int i;

	buf_alloc(&eng, &b, CORDON_ENGINE_PAGES, PAGE);
	for (i = 0; i < 50; i++) {
		EXPECT(!iommu_map(&eng, &b, CORDON_ENGINE_DOMAIN_DEFAULT, FREE_IOVA, 0, PAGE, RW),
		       "mapping");
		TRY(touch(FREE_IOVA, PAGE));
		EXPECT(!iommu_unmap(&eng, &b, CORDON_ENGINE_DOMAIN_DEFAULT, FREE_IOVA, PAGE),
		       "unmapping");
		EXPECT(!iommu_map(&eng, &b, CORDON_ENGINE_DOMAIN_DEFAULT, FREE_IOVA, 0, PAGE,
				  CORDON_ENGINE_PROT_READ), "mapping again");
		TRY(blocked_write(FREE_IOVA + 8, 8));
		engine_dma_read(&eng, FREE_IOVA, 64, &op);
		EXPECT(op_good(&op), "read: status %#x", op.status);
		EXPECT(!iommu_unmap(&eng, &b, CORDON_ENGINE_DOMAIN_DEFAULT, FREE_IOVA, PAGE),
		       "unmapping again");
	}
	return PASS;
}

/*
 * A range is mapped by blocks, then by pages, then by blocks again: each change
 * frees a table or needs one. A walk that still went through a freed table
 * would find what its memory is used for by then. Blocks of 64 KiB pages are 512
 * MiB, more than the board can give: there it is pages and scattered pages.
 */
enum verdict test_blocks_and_tables(void)
{
	uint32_t dom = CORDON_ENGINE_DOMAIN_DEFAULT;
	struct buf block, pages, churn;
	int i;

	buf_alloc(&eng, &block, CORDON_ENGINE_PAGES, 2 * BLOCK);
	buf_alloc(&eng, &pages, CORDON_ENGINE_SCATTERED, 2 * BLOCK);
	for (i = 0; i < 20; i++) {
		struct buf *to = i & 1 ? &pages : &block;
		struct buf *other = i & 1 ? &block : &pages;

		EXPECT(!iommu_map(&eng, to, dom, FREE_IOVA, 0, 2 * BLOCK, RW), "mapping");
		TRY(fill_reaches(FREE_IOVA, 2 * BLOCK, to, other));
		EXPECT(!iommu_unmap(&eng, to, dom, FREE_IOVA, 2 * BLOCK), "unmapping");
		TRY(out_of_reach(FREE_IOVA, 2 * BLOCK));
		/* let the freed tables be used for something else */
		buf_alloc(&eng, &churn, CORDON_ENGINE_SCATTERED, 64 * PAGE);
		buf_fill(&eng, &churn, i);
		TRY(out_of_reach(FREE_IOVA, 2 * BLOCK));
		buf_free(&eng, &churn);
	}
	return PASS;
}
