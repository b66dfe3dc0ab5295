/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything at once, for a set time: see stress.c.
 *
 * A worker is a thread that does one kind of thing again and again. What it
 * does next is decided by random numbers of its own, which follow from the seed
 * and its number. It notes what it does, and the last notes of all workers are
 * printed if one of them finds that something is wrong.
 */
#ifndef CORDON_GUEST_STRESS_H
#define CORDON_GUEST_STRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <pthread.h>

#include "engine.h"

#define BLOCK	(2ULL << 20)

#define NOTES	8

/**
 * struct worker - a thread of the stress test
 * @name: what it does
 * @nr: its number
 * @arg: number of the engine, disk... that it works on; what else it may mean is
 *	the business of @run
 * @run: does it, until stress_over()
 * @nice: how much it lets others go first
 * @needed: rounds without which nothing was tested
 * @rounds: how often it has been done
 * @lost: how often it could not be done because what it works with was gone
 * @random: state of its random numbers
 * @lock: protects the notes
 * @notes: what it did last
 * @noted: how many notes there have been
 * @thread: the thread
 */
struct worker {
	const char *name;
	unsigned int nr;
	unsigned int arg;
	void (*run)(struct worker *w);
	int nice;
	unsigned int needed;
	unsigned long rounds;
	unsigned long lost;
	uint64_t random;
	pthread_mutex_t lock;
	struct {
		long ms;
		char text[88];
	} notes[NOTES];
	unsigned int noted;
	pthread_t thread;
};

/* the time is over, or a worker has failed */
bool stress_over(void);

/* a random number below @limit, by this worker's own seed */
uint64_t random_of(struct worker *w, uint64_t limit);
/* sleep for up to @us microseconds */
void random_sleep(struct worker *w, unsigned int us);

/* what is about to be done; printf-like */
void note(struct worker *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* something is wrong: say what, and the last notes of all; the first one counts */
void wrong(struct worker *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* a round is done; or could not be done */
void did_round(struct worker *w);
void lost_round(struct worker *w);

/* @len bytes of a pattern from byte @from on: see pattern() */
void pattern_make(void *data, size_t len, uint64_t seed, uint64_t from);
/* offset of the first byte that is wrong, or @len */
size_t pattern_check(const void *data, size_t len, uint64_t seed, uint64_t from);

/* write to a file of sysfs or procfs; 0 or a negative errno */
int write_file(const char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* the PCI devices of the board, by role */
enum engine_role {
	ENGINE_STEADY,		/* keeps its driver and its domain */
	ENGINE_ATTACHED,	/* keeps its driver, changes domains */
	ENGINE_BOUND,		/* loses its driver, changes the type of its domain */
	ENGINE_REMOVED,		/* runs wild, and goes */
	ENGINES,
};

enum disk_role { DISK_STEADY, DISK_BOUND, DISKS };

extern char engine_bdf[ENGINES][16];
extern char disk_bdf[DISKS][16];
extern char card_bdf[16];
/* process whose network namespace has the other end of the cable */
extern int net_there;

/* workers; arg is a role or a number */
void work_map(struct worker *w);
void work_attach(struct worker *w);
void work_under_attach(struct worker *w);
void work_map_beside_attach(struct worker *w);
void work_bind_engine(struct worker *w);
void work_run_wild(struct worker *w);
void work_disk(struct worker *w);
void work_bind_disk(struct worker *w);
void work_bind_card(struct worker *w);
void work_echo(struct worker *w);
void work_send(struct worker *w);
void work_cpus(struct worker *w);
void work_read_sysfs(struct worker *w);

#endif /* CORDON_GUEST_STRESS_H */
