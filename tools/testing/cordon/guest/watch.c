// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says of faults: see watch.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "watch.h"

#define TRACING	"/sys/kernel/tracing/"
#define EVENT	TRACING "events/cordon/cordon_fault/enable"

/* /dev/kmsg, at the first record after watch_start() */
static int kmsg = -1;

/* what the log has said of each device that was asked for since watch_start() */
static struct hearing {
	char device[32];
	struct fault_log log;
} heard[4];

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

void pause_ms(unsigned int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	size_t len = strlen(text);
	bool ok;

	if (fd < 0)
		return false;
	ok = !len || write(fd, text, len) == (ssize_t)len;
	close(fd);
	return ok;
}

bool watch_start(void)
{
	write_file(TRACING "buffer_size_kb", "8192");
	if (!write_file(EVENT, "1") || !write_file(TRACING "trace", ""))
		return false;
	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		die("/dev/kmsg");
	memset(heard, 0, sizeof(heard));
	return true;
}

void watch_stop(void)
{
	write_file(EVENT, "0");
}

static uint64_t number_after(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtoull(at + strlen(key), NULL, 0) : 0;
}

/* "... cordon_fault: UNIT: DEVICE devid=... access=... addr=... reason=... count=..." */
static bool parse_event(const char *line, struct fault_event *event)
{
	const char *at = strstr(line, " cordon_fault: ");
	const char *access;

	*event = (struct fault_event){ };
	if (!at || sscanf(at, " cordon_fault: %*s %31s", event->device) != 1)
		return false;
	access = strstr(at, "access=");
	event->write = access && !strncmp(access, "access=write", 12);
	event->addr = number_after(at, " addr=");
	event->reason = number_after(at, " reason=");
	event->count = number_after(at, " count=");
	return true;
}

unsigned long watch_events(void (*each)(const struct fault_event *event, void *arg), void *arg)
{
	unsigned long missed = 0, in_buffer, written;
	struct fault_event event;
	char line[1024];
	FILE *trace;

	trace = fopen(TRACING "trace", "re");
	if (!trace)
		die(TRACING "trace");
	while (fgets(line, sizeof(line), trace)) {
		if (sscanf(line, "# entries-in-buffer/entries-written: %lu/%lu", &in_buffer,
			   &written) == 2)
			missed = written - in_buffer;
		else if (parse_event(line, &event))
			each(&event, arg);
	}
	fclose(trace);
	return missed;
}

/* The number before @words, as in "; 12 earlier ones lost". */
static uint64_t number_before(const char *line, const char *words)
{
	const char *at = strstr(line, words);

	if (!at)
		return 0;
	while (at > line && at[-1] == ' ')
		at--;
	while (at > line && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return strtoull(at, NULL, 10);
}

static void hear(struct fault_log *log, const char *line)
{
	log->hidden += number_before(line, "earlier ones not shown") +
			number_before(line, "more not shown");
	log->lost += number_before(line, "earlier ones lost") +
		      number_before(line, "more lost");
	if (strstr(line, "more not shown"))
		return;
	log->lines++;
	log->shown += number_before(line, "time") + number_before(line, "more time");
	snprintf(log->last, sizeof(log->last), "%s", line);
}

/* a line of the driver about a fault of @device, or about those it left out */
static bool about(const char *line, const char *device)
{
	const char *at = strstr(line, "blocked DMA: ");

	return at && strstr(at, device);
}

/* Lines that come from now on are heard for this device too. */
static struct hearing *hearing_of(const char *device)
{
	struct hearing *h;

	for (h = heard; h < heard + sizeof(heard) / sizeof(*heard); h++) {
		if (!*h->device)
			snprintf(h->device, sizeof(h->device), "%s", device);
		if (!strcmp(h->device, device))
			return h;
	}
	errno = ENOSPC;
	die("watching the log");
}

void watch_log(const char *device, struct fault_log *log)
{
	struct hearing *asked = hearing_of(device), *h;
	char record[1024], *text, *end;
	ssize_t len;

	for (;;) {
		len = read(kmsg, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE)
			continue;	/* the ring has overtaken us: go on with what is there */
		if (len <= 0)
			break;
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		end = strchr(text, '\n');
		if (end)
			*end = '\0';
		for (h = heard; h < heard + sizeof(heard) / sizeof(*heard); h++)
			if (*h->device && about(text + 1, h->device))
				hear(&h->log, text + 1);
	}
	*log = asked->log;
}
