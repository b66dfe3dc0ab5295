// SPDX-License-Identifier: GPL-2.0-only
/* One domain on devices behind several units. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define DEFAULT	CORDON_ENGINE_DOMAIN_DEFAULT
#define SHARED	CORDON_ENGINE_DOMAIN_SHARED
#define ROUNDS	50

/* the other engine of a pair, behind another unit; its own is eng */
static struct engine far = { .fd = -1 };
static unsigned int far_nr;

/* Fill one dword and see it arrive. */
static enum verdict reaches(struct engine *e, uint64_t iova, const struct buf *b)
{
	static uint64_t value = 0x2000;
	struct cordon_engine_op op = {
		.cmd = CORDON_ENGINE_OP_FILL, .dst = iova, .len = 8, .data = ++value,
	};
	uint64_t seen;

	EXPECT(!engine_run(e, &op) && op_good(&op), "%s: status %#x, bad %#llx", e->bdf,
	       op.status, op.bad);
	buf_read(&eng, b, 0, &seen, sizeof(seen));
	EXPECT(seen == value, "%s wrote %#llx, memory has %#llx", e->bdf,
	       (unsigned long long)value, (unsigned long long)seen);
	return PASS;
}

static enum verdict is_blocked(struct engine *e, uint64_t iova)
{
	struct cordon_engine_op op;

	engine_dma_write(e, iova, 8, &op);
	EXPECT(op_blocked(&op) && op.bad == iova && !op.moved, "%s: status %#x, bad %#llx",
	       e->bdf, op.status, op.bad);
	return PASS;
}

/*
 * Both enter the shared domain, which is made for the first one's unit. Where
 * that is more than the other's can do, that one is refused and stays where it
 * was; a domain for its own unit then does for both.
 */
static enum verdict both_enter(bool *refused)
{
	int ret;

	*refused = false;
	EXPECT(!engine_attach(&eng, SHARED), "%s does not enter its own domain", eng.bdf);
	ret = engine_attach(&far, SHARED);
	if (!ret)
		return PASS;
	EXPECT(ret == -EINVAL, "%s does not enter: %d", far.bdf, ret);
	*refused = true;
	TRY(is_blocked(&far, FREE_IOVA));
	/* the domain goes with the last file, and is made again for the other unit */
	engine_close(&far);
	engine_close(&eng);
	EXPECT(engine_open(&far, far_nr) && engine_open(&eng, eng_nr), "opening them again");
	EXPECT(!engine_attach(&far, SHARED), "%s does not enter its own domain", far.bdf);
	EXPECT(!engine_attach(&eng, SHARED), "%s is refused as well", eng.bdf);
	return PASS;
}

/* Mapped once, both reach it; unmapped once, neither does, from that moment on. */
static enum verdict map_for_both(struct buf *b)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct buf *to = &b[i & 1];

		EXPECT(!iommu_map(&eng, to, SHARED, FREE_IOVA, 0, PAGE, RW), "mapping");
		TRY(reaches(&eng, FREE_IOVA, to));
		TRY(reaches(&far, FREE_IOVA, to));
		EXPECT(!iommu_unmap(&eng, to, SHARED, FREE_IOVA, PAGE), "unmapping");
		TRY(is_blocked(&eng, FREE_IOVA));
		TRY(is_blocked(&far, FREE_IOVA));
	}
	return PASS;
}

/* One comes and goes, and the other does not mind. */
static enum verdict come_and_go(struct buf *b)
{
	int i;

	EXPECT(!iommu_map(&eng, b, SHARED, FREE_IOVA, 0, PAGE, RW), "mapping");
	for (i = 0; i < ROUNDS; i++) {
		struct engine *goes = i & 1 ? &eng : &far, *stays = i & 1 ? &far : &eng;

		EXPECT(!engine_attach(goes, DEFAULT), "%s does not leave", goes->bdf);
		TRY(is_blocked(goes, FREE_IOVA));
		TRY(reaches(stays, FREE_IOVA, b));
		/* what changes while it is away, it does not know when it is back */
		EXPECT(!iommu_unmap(&eng, b, SHARED, FREE_IOVA, PAGE), "unmapping");
		EXPECT(!engine_attach(goes, SHARED), "%s does not come back", goes->bdf);
		TRY(is_blocked(goes, FREE_IOVA));
		TRY(is_blocked(stays, FREE_IOVA));
		EXPECT(!iommu_map(&eng, b, SHARED, FREE_IOVA, 0, PAGE, RW), "mapping again");
		TRY(reaches(goes, FREE_IOVA, b));
	}
	EXPECT(!iommu_unmap(&eng, b, SHARED, FREE_IOVA, PAGE), "unmapping");
	return PASS;
}

static enum verdict share(void)
{
	struct buf b[2];
	bool refused;

	TRY(both_enter(&refused));
	buf_alloc(&eng, &b[0], CORDON_ENGINE_PAGES, PAGE);
	buf_alloc(&eng, &b[1], CORDON_ENGINE_PAGES, PAGE);
	TRY(map_for_both(b));
	TRY(come_and_go(b));
	say("%s behind %s, %s behind %s%s", eng.bdf, eng.unit, far.bdf, far.unit,
	    refused ? ", in a domain for the second's unit" : "");
	return PASS;
}

/* Do @what with each engine that is behind another unit than the test's. */
static enum verdict with_each_far(enum verdict (*what)(void))
{
	unsigned int pairs = 0;
	enum verdict verdict = PASS;

	for (far_nr = 0; far_nr < ENGINES_MAX && verdict == PASS; far_nr++) {
		if (!engine_open(&far, far_nr))
			continue;
		if (*far.unit && strcmp(far.unit, eng.unit)) {
			verdict = what();
			pairs++;
		}
		engine_close(&far);
		/* nothing of the pair is left: neither buffers nor their domain */
		engine_close(&eng);
		EXPECT(engine_open(&eng, eng_nr), "opening the engine again");
	}
	if (verdict == PASS && !pairs)
		SKIP_BECAUSE("all engines are behind one unit");
	return verdict;
}

enum verdict test_shared_domain(void)
{
	return with_each_far(share);
}

/* While the far engine writes, ours comes, goes, and has pages beside it mapped and unmapped. */
static enum verdict disturb(struct buf *steady, struct buf *moving)
{
	uint64_t beside = FREE_IOVA + PAGE;
	int i;

	for (i = 0; i < 10 * ROUNDS; i++) {
		EXPECT(!engine_attach(&eng, SHARED), "entering");
		TRY(reaches(&eng, FREE_IOVA, steady));
		EXPECT(!iommu_map(&eng, moving, SHARED, beside, 0, PAGE, RW), "mapping");
		TRY(reaches(&eng, beside, moving));
		EXPECT(!iommu_unmap(&eng, moving, SHARED, beside, PAGE), "unmapping");
		TRY(is_blocked(&eng, beside));
		EXPECT(!engine_attach(&eng, DEFAULT), "leaving");
	}
	return PASS;
}

static enum verdict share_under_dma(void)
{
	struct background bg = {
		.op = {
			.cmd = CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_KEEP_GOING,
			.dst = FREE_IOVA + 64, .len = PAGE - 64, .data = 0x55,
			.count = 1ULL << 40, .delay = 20000, .timeout_ms = 60000,
		},
	};
	struct buf steady, moving;
	enum verdict verdict;
	bool refused;

	TRY(both_enter(&refused));
	buf_alloc(&eng, &steady, CORDON_ENGINE_PAGES, PAGE);
	buf_alloc(&eng, &moving, CORDON_ENGINE_PAGES, PAGE);
	EXPECT(!iommu_map(&eng, &steady, SHARED, FREE_IOVA, 0, PAGE, RW), "mapping");
	background_begin(&bg, far_nr);
	verdict = disturb(&steady, &moving);
	background_finish(&bg);
	TRY(verdict);
	EXPECT(!bg.ret && bg.op.errors == 0, "returned %d; %llu of %llu writes were refused",
	       bg.ret, bg.op.errors, bg.op.done);
	EXPECT(bg.op.done >= 100, "only %llu writes: nothing was tested", bg.op.done);
	return PASS;
}

enum verdict test_shared_under_dma(void)
{
	return with_each_far(share_under_dma);
}

/* One time-out of a queue, one of ROOT, and much to spare: nobody waits twice. */
#define SOON_MS	5000

static enum verdict die_and_live(const char *kill)
{
	struct buf b[2];
	uint64_t began;
	bool refused;

	TRY(both_enter(&refused));
	buf_alloc(&eng, &b[0], CORDON_ENGINE_PAGES, PAGE);
	buf_alloc(&eng, &b[1], CORDON_ENGINE_PAGES, PAGE);
	EXPECT(!iommu_map(&eng, &b[0], SHARED, FREE_IOVA, 0, PAGE, RW), "mapping");
	TRY(reaches(&eng, FREE_IOVA, &b[0]));
	TRY(reaches(&far, FREE_IOVA, &b[0]));
	EXPECT(!system(kill), "the unit is not to be killed");

	began = now_ms();
	TRY(is_blocked(&far, FREE_IOVA));
	TRY(reaches(&eng, FREE_IOVA, &b[0]));
	EXPECT(!iommu_unmap(&eng, &b[0], SHARED, FREE_IOVA, PAGE), "unmapping");
	TRY(is_blocked(&eng, FREE_IOVA));
	EXPECT(!iommu_map(&eng, &b[1], SHARED, FREE_IOVA, 0, PAGE, RW), "mapping again");
	TRY(reaches(&eng, FREE_IOVA, &b[1]));

	/* it goes home, which nobody can refuse, and nowhere else any more */
	EXPECT(!engine_attach(&far, DEFAULT), "%s does not leave", far.bdf);
	TRY(is_blocked(&far, FREE_IOVA));
	EXPECT(engine_attach(&far, SHARED) == -EIO, "%s comes back to a dead unit", far.bdf);
	TRY(reaches(&eng, FREE_IOVA, &b[1]));

	EXPECT(!iommu_unmap(&eng, &b[1], SHARED, FREE_IOVA, PAGE), "unmapping again");
	TRY(is_blocked(&eng, FREE_IOVA));
	EXPECT(!engine_attach(&eng, DEFAULT), "leaving");
	EXPECT(!engine_attach(&eng, SHARED), "coming back");
	EXPECT(now_ms() - began < SOON_MS, "it took %llu ms",
	       (unsigned long long)(now_ms() - began));
	return PASS;
}

/*
 * The unit in front of the engine CORDON_VICTIM dies by the command CORDON_KILL.
 * Who is in the domain by another unit goes on, and what is unmapped is gone.
 */
enum verdict test_unit_dies(void)
{
	const char *victim = getenv("CORDON_VICTIM"), *kill = getenv("CORDON_KILL");
	enum verdict verdict;

	if (!victim || !kill)
		SKIP_BECAUSE("nobody says which, and how");
	EXPECT(engine_find(&far, victim, &far_nr), "there is no engine %s", victim);
	EXPECT(strcmp(far.unit, eng.unit), "%s is behind the same unit", victim);
	verdict = die_and_live(kill);
	engine_close(&far);
	return verdict;
}
