// SPDX-License-Identifier: GPL-2.0-only
/* Domains of a test's own, and changes while DMA is under way. */
#include <errno.h>
#include <stdlib.h>

#include "tests.h"

#define DEFAULT	CORDON_ENGINE_DOMAIN_DEFAULT
#define A	CORDON_ENGINE_DOMAIN_A
#define B	CORDON_ENGINE_DOMAIN_B

/* Fill one dword by DMA and see in which buffer it arrives: @to, and no other. */
static enum verdict lands_in(uint64_t iova, struct buf *bufs, int n, int to)
{
	static uint64_t value = 0x1000;
	struct cordon_engine_op op = {
		.cmd = CORDON_ENGINE_OP_FILL, .dst = iova, .len = 8, .data = ++value,
	};
	uint64_t seen;
	int i;

	EXPECT(!engine_run(&eng, &op) && op_good(&op), "status %#x, bad %#llx", op.status, op.bad);
	for (i = 0; i < n; i++) {
		buf_read(&eng, &bufs[i], 0, &seen, sizeof(seen));
		EXPECT((seen == value) == (i == to), "meant for buffer %d, buffer %d has %#llx",
		       to, i, (unsigned long long)seen);
	}
	return PASS;
}

/* One address, mapped to another page in each domain: the domain decides. */
enum verdict test_domains(void)
{
	struct buf bufs[3];
	int i;

	for (i = 0; i < 3; i++) {
		buf_alloc(&eng, &bufs[i], CORDON_ENGINE_PAGES, PAGE);
		EXPECT(!iommu_map(&eng, &bufs[i], i, FREE_IOVA, 0, PAGE, RW), "mapping");
	}
	for (i = 0; i < 60; i++) {
		int which = i % 3;

		EXPECT(!engine_attach(&eng, which), "attaching");
		TRY(lands_in(FREE_IOVA, bufs, 3, which));
		TRY(blocked_write(FREE_IOVA + PAGE, 8));
	}
	/* nor does anything of a domain outlive its time on the device */
	EXPECT(!engine_attach(&eng, A), "attaching");
	TRY(lands_in(FREE_IOVA, bufs, 3, A));
	EXPECT(!iommu_unmap(&eng, &bufs[A], A, FREE_IOVA, PAGE), "unmapping");
	TRY(blocked_write(FREE_IOVA, 8));
	EXPECT(!engine_attach(&eng, DEFAULT), "attaching");
	EXPECT(!iommu_map(&eng, &bufs[A], A, FREE_IOVA, 0, PAGE, CORDON_ENGINE_PROT_READ),
	       "mapping");
	EXPECT(!engine_attach(&eng, A), "attaching");
	TRY(blocked_write(FREE_IOVA, 8));
	return PASS;
}

static void *run_background(void *arg)
{
	struct background *b = arg;

	b->ret = engine_run(&b->engine, &b->op);
	return NULL;
}

void background_begin(struct background *b, unsigned int n)
{
	/* a file of its own, so that nothing of ours is in its way */
	if (!engine_open(&b->engine, n))
		die("opening the engine again");
	if (pthread_create(&b->thread, NULL, run_background, b))
		die("pthread_create");
}

void background_finish(struct background *b)
{
	engine_end(&b->engine);
	pthread_join(b->thread, NULL);
	engine_close(&b->engine);
}

/* What the engine has added up in a buffer. */
static uint64_t sum_in(const struct buf *b)
{
	uint64_t sum;

	buf_read(&eng, b, 0, &sum, sizeof(sum));
	return sum;
}

/* From the return of attaching on, all goes to @to and nothing to @from. */
static enum verdict adds_to(const struct buf *to, const struct buf *from)
{
	uint64_t left = sum_in(from), before = sum_in(to), end = now_ms() + 10000;

	while (sum_in(to) == before)
		EXPECT(now_ms() < end, "the engine does not go on");
	EXPECT(sum_in(from) == left, "%llu times more in the domain that it has left",
	       (unsigned long long)(sum_in(from) - left));
	return PASS;
}

/*
 * The address where the engine adds is mapped in the default domain and in the
 * one that it goes to, so each time is allowed at every moment. It is mapped
 * nowhere else: one that is refused saw a context that was neither the old nor
 * the new one, but what was in its memory before.
 */
static enum verdict go_and_return(struct buf *bufs, int which)
{
	EXPECT(!iommu_map(&eng, &bufs[which], which, FREE_IOVA, 0, PAGE, RW), "mapping");
	EXPECT(!engine_attach(&eng, which), "attaching");
	TRY(adds_to(&bufs[which], &bufs[DEFAULT]));
	EXPECT(!engine_attach(&eng, DEFAULT), "attaching");
	TRY(adds_to(&bufs[DEFAULT], &bufs[which]));
	EXPECT(!iommu_unmap(&eng, &bufs[which], which, FREE_IOVA, PAGE), "unmapping");
	return PASS;
}

/* Each domain leads to a page of its own; what arrives there is what was sent. */
enum verdict test_switch_under_dma(void)
{
	struct background bg = {
		.op = {
			.cmd = CORDON_ENGINE_OP_ATOMIC | CORDON_ENGINE_CMD_KEEP_GOING,
			.dst = FREE_IOVA, .len = 8, .data = 1, .count = 1ULL << 40,
			.delay = 20000, .timeout_ms = 60000,
		},
	};
	enum verdict verdict = PASS;
	struct buf bufs[3];
	uint64_t sum = 0;
	int i;

	for (i = 0; i < 3; i++)
		buf_alloc(&eng, &bufs[i], CORDON_ENGINE_PAGES, PAGE);
	EXPECT(!iommu_map(&eng, &bufs[DEFAULT], DEFAULT, FREE_IOVA, 0, PAGE, RW), "mapping");
	background_begin(&bg, eng_nr);
	for (i = 0; i < 1000 && verdict == PASS; i++)
		verdict = go_and_return(bufs, i & 1 ? A : B);
	background_finish(&bg);
	EXPECT(verdict == PASS, "after %d times", i);
	EXPECT(!bg.ret && bg.op.errors == 0,
	       "returned %d; %llu of %llu times were refused, the first at %#llx",
	       bg.ret, bg.op.errors, bg.op.done, bg.op.bad);
	for (i = 0; i < 3; i++)
		sum += sum_in(&bufs[i]);
	EXPECT(sum == bg.op.done, "%llu times, of which %llu arrived", bg.op.done,
	       (unsigned long long)sum);
	say("%llu times added, none lost, while the device changed its domain 2000 times",
	    bg.op.done);
	return PASS;
}

/* A page beside the one in use comes and goes: that must not disturb its neighbour. */
enum verdict test_map_under_dma(void)
{
	struct background bg = {
		.op = {
			.cmd = CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_KEEP_GOING,
			.dst = FREE_IOVA, .len = PIECE, .data = 0x77, .count = 1ULL << 40,
			.delay = 20000, .timeout_ms = 60000,
		},
	};
	struct buf steady, moving;
	uint64_t end;
	int i;

	buf_alloc(&eng, &steady, CORDON_ENGINE_PAGES, PAGE);
	buf_alloc(&eng, &moving, CORDON_ENGINE_PAGES, BLOCK);
	EXPECT(!iommu_map(&eng, &steady, DEFAULT, FREE_IOVA, 0, PAGE, RW), "mapping");
	background_begin(&bg, eng_nr);
	end = now_ms() + 1000;
	for (i = 0; i < 1000 || now_ms() < end; i++) {
		uint64_t iova = FREE_IOVA + (i & 1 ? PAGE : BLOCK);
		uint64_t len = i & 1 ? PAGE : BLOCK;

		if (iommu_map(&eng, &moving, DEFAULT, iova, 0, len, RW) ||
		    iommu_unmap(&eng, &moving, DEFAULT, iova, len))
			break;
	}
	background_finish(&bg);
	EXPECT(i >= 1000 && now_ms() >= end, "mapping failed after %d times", i);
	EXPECT(!bg.ret && bg.op.errors == 0, "returned %d; %llu of %llu writes were refused",
	       bg.ret, bg.op.errors, bg.op.done);
	EXPECT(bg.op.done >= 100, "only %llu writes: nothing was tested", bg.op.done);
	return PASS;
}

/*
 * The owner of a domain hears of its faults.  A device that has just had very
 * many may be at its limit, and then a fault is only counted (spec 6.4), so
 * this one comes again until it is heard of.
 */
enum verdict test_fault_handler(void)
{
	struct cordon_engine_faults heard = { };
	unsigned int tries;
	struct buf b;

	buf_alloc(&eng, &b, CORDON_ENGINE_PAGES, PAGE);
	EXPECT(!iommu_map(&eng, &b, A, FREE_IOVA, 0, PAGE, CORDON_ENGINE_PROT_READ), "mapping");
	EXPECT(!engine_attach(&eng, A), "attaching");
	for (tries = 0; tries < 20 && !heard.count; tries++) {
		int i;

		TRY(blocked_write(FREE_IOVA + 0x18, 8));
		for (i = 0; i < 20 && !heard.count; i++) {
			pause_ms(10);
			heard = engine_faults(&eng, A);
		}
	}
	EXPECT(heard.count && heard.count <= tries, "%llu calls for %u faults",
	       heard.count, tries);
	EXPECT(heard.write && (heard.iova & ~(PAGE - 1)) == FREE_IOVA,
	       "it was told of a %s at %#llx", heard.write ? "write" : "read", heard.iova);
	return PASS;
}
