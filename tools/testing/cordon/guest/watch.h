/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of faults: its log, and the tracepoint cordon:cordon_fault. */
#ifndef CORDON_GUEST_WATCH_H
#define CORDON_GUEST_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* one event of the tracepoint */
struct fault_event {
	char device[32];
	bool write;
	uint64_t addr;
	unsigned int reason;
	unsigned int count;
};

/* what the log says of one device's faults, summed up */
struct fault_log {
	unsigned int lines;	/* that describe a fault */
	uint64_t shown;		/* faults that these lines stand for */
	uint64_t hidden;	/* faults that the log owns up to have left out */
	uint64_t lost;		/* faults that hardware could not record */
	char last[512];		/* the newest of the lines */
};

/* forget what was, and watch from now on; false if the tracepoint is not there */
bool watch_start(void);
void watch_stop(void);

/*
 * Call @each for each event since watch_start(), oldest first. Returns how many
 * events the kernel had no room for.
 */
unsigned long watch_events(void (*each)(const struct fault_event *event, void *arg), void *arg);

/*
 * What the log says of faults of @device, of a few at most, since watch_start()
 * or, if that is later, since the first call that names it.
 */
void watch_log(const char *device, struct fault_log *log);

/* milliseconds of a clock that only goes on */
uint64_t now_ms(void);

/* sleep for @ms milliseconds */
void pause_ms(unsigned int ms);

#endif /* CORDON_GUEST_WATCH_H */
