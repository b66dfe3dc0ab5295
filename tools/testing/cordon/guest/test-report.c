// SPDX-License-Identifier: GPL-2.0-only
/* Each fault is told of, once, with what one needs to know of it. */
#include <stdio.h>
#include <string.h>

#include "tests.h"

#define NOT_MAPPED	0x22	/* CORDON_REASON_TRANSLATION */
#define NOT_PERMITTED	0x25	/* CORDON_REASON_PERMISSION */

/* faults of the engine in a range, as the tracepoint gave them */
struct tally {
	uint64_t first, last;
	unsigned int events;
	uint64_t count;
	struct fault_event latest;
};

static void add_up(const struct fault_event *event, void *arg)
{
	struct tally *t = arg;

	if (strcmp(event->device, eng.bdf) || event->addr < t->first || event->addr > t->last)
		return;
	t->events++;
	t->count += event->count;
	t->latest = *event;
}

static unsigned long tally_of(struct tally *t)
{
	t->events = 0;
	t->count = 0;
	return watch_events(add_up, t);
}

/* Wait until @want faults have been told of, then long enough for one too many. */
static enum verdict wait_for(struct tally *t, uint64_t want)
{
	unsigned int tries = 0;

	do {
		EXPECT(!tally_of(t), "the trace buffer was too small");
		if (t->count >= want)
			break;
		pause_ms(20);
	} while (++tries < 250);
	pause_ms(200);
	tally_of(t);
	EXPECT(t->count == want, "%llu faults, the tracepoint told of %llu",
	       (unsigned long long)want, (unsigned long long)t->count);
	return PASS;
}

/* whether a test of this file has ended with each fault in the log */
static bool all_told;

/*
 * The log leaves out what comes too fast and owns up to it within five seconds:
 * let that pass, so that the sums of a test are its own.
 */
static enum verdict quiet(void)
{
	if (!all_told)
		pause_ms(6000);
	all_told = false;
	EXPECT(watch_start(), "there is no tracepoint cordon:cordon_fault");
	return PASS;
}

static enum verdict line_has(const char *line, const char *what)
{
	EXPECT(strstr(line, what), "no \"%s\" in the line \"%s\"", what, line);
	return PASS;
}

/* One fault of each common kind: the line and the event name everything. */
enum verdict test_report(void)
{
	static const struct {
		bool write;
		uint64_t addr;
		unsigned int reason;
		const char *words;
	} cases[] = {
		{ true, FREE_IOVA + BLOCK + 0x128, NOT_MAPPED, "not mapped" },
		{ false, FREE_IOVA + BLOCK + 0x1240, NOT_MAPPED, "not mapped" },
		{ true, FREE_IOVA + 0x450, NOT_PERMITTED, "not permitted" },
	};
	struct fault_log log;
	char address[32];
	struct buf b;
	size_t i;

	TRY(quiet());
	buf_alloc(&eng, &b, CORDON_ENGINE_PAGES, PAGE);
	EXPECT(!iommu_map(&eng, &b, CORDON_ENGINE_DOMAIN_DEFAULT, FREE_IOVA, 0, PAGE,
			  CORDON_ENGINE_PROT_READ), "mapping");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tally t = { .first = cases[i].addr, .last = cases[i].addr };

		if (cases[i].write)
			TRY(blocked_write(cases[i].addr, 8));
		else
			TRY(blocked_read(cases[i].addr, 8));
		TRY(wait_for(&t, 1));
		EXPECT(t.latest.write == cases[i].write && t.latest.reason == cases[i].reason,
		       "the event says %s, reason %#x", t.latest.write ? "write" : "read",
		       t.latest.reason);
		watch_log(eng.bdf, &log);
		EXPECT(log.lines == i + 1, "%u lines after %zu faults", log.lines, i + 1);
		snprintf(address, sizeof(address), "%#llx", (unsigned long long)cases[i].addr);
		TRY(line_has(log.last, eng.bdf));
		TRY(line_has(log.last, "cordon-engine"));
		TRY(line_has(log.last, cases[i].write ? " write" : " read"));
		TRY(line_has(log.last, address));
		TRY(line_has(log.last, cases[i].words));
		TRY(line_has(log.last, "domain"));
	}
	all_told = true;
	return PASS;
}

/* Faults at different addresses, and the same one again and again: none more, none less. */
enum verdict test_each_fault_once(void)
{
	struct tally pages = { .first = FREE_IOVA, .last = FREE_IOVA + 40 * PIECE - 1 };
	struct tally one = { .first = FREE_IOVA + BLOCK, .last = FREE_IOVA + BLOCK + PIECE - 1 };
	int i;

	TRY(quiet());
	for (i = 0; i < 40; i++)
		TRY(blocked_write(FREE_IOVA + i * PIECE, 8));
	TRY(wait_for(&pages, 40));
	for (i = 0; i < 100; i++)
		TRY(blocked_write(FREE_IOVA + BLOCK + 8, 8));
	TRY(wait_for(&one, 100));
	return PASS;
}

/* Many faults at once: the log stays readable, and its sums come out. */
enum verdict test_flood(void)
{
	struct cordon_engine_op op = {
		.cmd = CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_KEEP_GOING,
		.dst = FREE_IOVA, .len = 1000 * PIECE, .count = 10, .timeout_ms = 30000,
	};
	struct tally t = { .first = FREE_IOVA, .last = FREE_IOVA + 1000 * PIECE - 1 };
	struct fault_log log;
	unsigned int tries;

	TRY(quiet());
	EXPECT(!engine_run(&eng, &op) && op_blocked(&op), "status %#x", op.status);
	EXPECT(op.errors == 10000, "%llu accesses were refused", op.errors);
	for (tries = 0; tries < 150; tries++) {
		watch_log(eng.bdf, &log);
		if (log.shown + log.hidden + log.lost >= op.errors)
			break;
		pause_ms(100);
	}
	pause_ms(500);
	watch_log(eng.bdf, &log);
	EXPECT(!tally_of(&t), "the trace buffer was too small");
	say("log: %u lines, shown %llu, hidden %llu, lost %llu; tracepoint: %u events, %llu faults",
	    log.lines, (unsigned long long)log.shown, (unsigned long long)log.hidden,
	    (unsigned long long)log.lost, t.events, (unsigned long long)t.count);
	EXPECT(log.shown + log.hidden + log.lost == op.errors, "the log's sum is not %llu",
	       op.errors);
	EXPECT(t.count + log.lost == op.errors, "events and losses do not make %llu", op.errors);
	EXPECT(log.lines <= 60, "%u lines", log.lines);
	return PASS;
}
