// SPDX-License-Identifier: GPL-2.0-only
/* All CPUs map, do DMA and unmap at once. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests.h"

#define SECONDS		2
#define BUFFERS		4

static enum verdict check_one(struct buf *b, uint64_t value)
{
	struct cordon_engine_op op;
	uint64_t len = 8 + 8 * random_below(b->size / 8 - 1);
	uint64_t seen[2];

	EXPECT(!buf_map(&eng, b, CORDON_ENGINE_BOTH, 0, b->size), "mapping");
	op = (struct cordon_engine_op){
		.cmd = CORDON_ENGINE_OP_FILL, .dst = b->iova, .len = len, .data = value,
	};
	EXPECT(!engine_run(&eng, &op) && op_good(&op), "status %#x, bad %#llx", op.status, op.bad);
	buf_read(&eng, b, 0, &seen[0], 8);
	buf_read(&eng, b, len - 8, &seen[1], 8);
	EXPECT(seen[0] == value && seen[1] == value, "%#llx, %#llx instead of %#llx",
	       (unsigned long long)seen[0], (unsigned long long)seen[1],
	       (unsigned long long)value);
	buf_unmap(&eng, b);
	return PASS;
}

/* What others map is not ours to know: only that our data arrives, and nobody else's. */
static enum verdict work(unsigned int worker, unsigned int *rounds)
{
	static const uint32_t kinds[] = { CORDON_ENGINE_PAGES, CORDON_ENGINE_SCATTERED };
	struct buf bufs[BUFFERS];
	time_t end = time(NULL) + SECONDS;
	unsigned int i;

	for (i = 0; i < BUFFERS; i++)
		buf_alloc(&eng, &bufs[i], kinds[i & 1], (i & 2 ? 1 : 40) * PAGE);
	for (*rounds = 0; time(NULL) < end; (*rounds)++)
		TRY(check_one(&bufs[*rounds % BUFFERS], (uint64_t)worker << 32 | *rounds));
	return PASS;
}

static void worker_main(unsigned int worker)
{
	enum verdict verdict;
	unsigned int rounds;

	/* buffers belong to an open file: each worker has its own */
	if (!engine_open(&eng, eng_nr))
		die("opening the engine");
	srandom(worker);
	verdict = work(worker, &rounds);
	say("worker %u: %u rounds", worker, rounds);
	_exit(verdict == PASS && rounds ? 0 : 1);
}

enum verdict test_load(void)
{
	long workers = 2 * sysconf(_SC_NPROCESSORS_ONLN);
	int failed = 0, status;
	long i;

	fflush(stdout);
	for (i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			worker_main(i);
	}
	for (i = 0; i < workers; i++) {
		if (wait(&status) < 0)
			die("wait");
		failed += !WIFEXITED(status) || WEXITSTATUS(status);
	}
	EXPECT(!failed, "%d workers", failed);
	return PASS;
}
