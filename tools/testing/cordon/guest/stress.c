// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once, for a set time.
 *
 * Usage: stress SECONDS SEED PID
 *
 * PID is a process in the network namespace of the second of the two network
 * cards that are cabled to each other. Exit status 0: all transfers were right
 * and all workers got to work.
 *
 * The same seed gives each worker the same things to do; when it does them is up
 * to the scheduler.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

/* a worker that does nothing for so long hangs */
#define PATIENCE	120

char engine_bdf[ENGINES][16];
char disk_bdf[DISKS][16];
char card_bdf[16];
int net_there;

/* Those that could take all CPUs for themselves let the others go first. */
static struct worker workers[] = {
	{ "map 1", .run = work_map, .arg = ENGINE_STEADY, .nice = 5, .needed = 10 },
	{ "map 2", .run = work_map, .arg = ENGINE_STEADY, .nice = 5, .needed = 10 },
	{ "map 3", .run = work_map, .arg = ENGINE_STEADY, .nice = 5, .needed = 10 },
	{ "map 4", .run = work_map, .arg = ENGINE_STEADY, .nice = 5, .needed = 10 },
	{ "map 5", .run = work_map, .arg = ENGINE_STEADY, .nice = 5, .needed = 10 },
	{ "attach", .run = work_attach, .arg = ENGINE_ATTACHED, .nice = 5, .needed = 20 },
	{ "copy under attach", .run = work_under_attach, .arg = ENGINE_ATTACHED, .nice = 5,
	  .needed = 5 },
	{ "map beside attach", .run = work_map_beside_attach, .arg = ENGINE_ATTACHED, .nice = 5,
	  .needed = 20 },
	{ "map under bind 1", .run = work_map, .arg = ENGINE_BOUND, .nice = 5, .needed = 2 },
	{ "map under bind 2", .run = work_map, .arg = ENGINE_BOUND, .nice = 5, .needed = 2 },
	{ "bind engine", .run = work_bind_engine, .arg = ENGINE_BOUND, .needed = 2 },
	{ "run wild", .run = work_run_wild, .arg = ENGINE_REMOVED, .needed = 2 },
	{ "disk", .run = work_disk, .arg = DISK_STEADY, .needed = 5 },
	{ "disk under bind", .run = work_disk, .arg = DISK_BOUND, .needed = 2 },
	{ "bind disk", .run = work_bind_disk, .arg = DISK_BOUND, .needed = 1 },
	{ "bind card", .run = work_bind_card, .needed = 1 },
	{ "echo", .run = work_echo, .needed = 2 },
	{ "send", .run = work_send, .needed = 2 },
	{ "cpus", .run = work_cpus, .needed = 1 },
	{ "sysfs", .run = work_read_sysfs, .nice = 5, .needed = 1 },
};

#define WORKERS	(sizeof(workers) / sizeof(*workers))

static struct timespec started;
static uint64_t seed;
static atomic_bool over, failed;
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;

static long ms_since_start(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - started.tv_sec) * 1000 +
	       (now.tv_nsec - started.tv_nsec) / 1000000;
}

bool stress_over(void)
{
	return atomic_load(&over) || atomic_load(&failed);
}

/* xorshift64* */
uint64_t random_of(struct worker *w, uint64_t limit)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (w->random * 0x2545f4914f6cdd1d >> 16) % limit;
}

void random_sleep(struct worker *w, unsigned int us)
{
	struct timespec t = { .tv_nsec = random_of(w, us) * 1000L };

	t.tv_sec = t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	nanosleep(&t, NULL);
}

void note(struct worker *w, const char *format, ...)
{
	va_list args;
	unsigned int i;

	pthread_mutex_lock(&w->lock);
	i = w->noted++ % NOTES;
	w->notes[i].ms = ms_since_start();
	va_start(args, format);
	vsnprintf(w->notes[i].text, sizeof(w->notes[i].text), format, args);
	va_end(args);
	pthread_mutex_unlock(&w->lock);
}

static void tell_notes(struct worker *w)
{
	unsigned int i;

	pthread_mutex_lock(&w->lock);
	printf("# %s: %lu rounds, %lu lost; last:\n", w->name, w->rounds, w->lost);
	for (i = w->noted < NOTES ? 0 : w->noted - NOTES; i < w->noted; i++)
		printf("#   %6ld ms %s\n", w->notes[i % NOTES].ms, w->notes[i % NOTES].text);
	pthread_mutex_unlock(&w->lock);
}

void wrong(struct worker *w, const char *format, ...)
{
	va_list args;
	size_t i;

	pthread_mutex_lock(&telling);
	if (!atomic_exchange(&failed, true)) {
		printf("# after %ld ms, seed %llu: %s: ", ms_since_start(),
		       (unsigned long long)seed, w->name);
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		printf("\n");
		for (i = 0; i < WORKERS; i++)
			tell_notes(&workers[i]);
		fflush(stdout);
	}
	pthread_mutex_unlock(&telling);
}

void did_round(struct worker *w)
{
	__atomic_add_fetch(&w->rounds, 1, __ATOMIC_RELAXED);
}

void lost_round(struct worker *w)
{
	__atomic_add_fetch(&w->lost, 1, __ATOMIC_RELAXED);
	random_sleep(w, 20000);
}

/* Eight bytes of a pattern at a time: pattern() has the same for each. */
static uint64_t pattern_word(uint64_t which, uint64_t i)
{
	uint64_t x = (which + 1) * 0x9e3779b97f4a7c15 + i * 0xd1b54a32d192ed03;

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9;
	x ^= x >> 32;
	return x;
}

void pattern_make(void *data, size_t len, uint64_t which, uint64_t from)
{
	uint8_t *at = data;
	uint64_t word;
	size_t i = 0;

	while (i < len) {
		if (!((from + i) & 7) && len - i >= 8) {
			word = pattern_word(which, (from + i) >> 3);
			memcpy(at + i, &word, 8);
			i += 8;
		} else {
			at[i] = pattern(which, from + i);
			i++;
		}
	}
}

size_t pattern_check(const void *data, size_t len, uint64_t which, uint64_t from)
{
	const uint8_t *at = data;
	uint64_t word;
	size_t i = 0;

	while (i < len) {
		if (!((from + i) & 7) && len - i >= 8) {
			word = pattern_word(which, (from + i) >> 3);
			if (!memcmp(at + i, &word, 8)) {
				i += 8;
				continue;
			}
		}
		if (at[i] != pattern(which, from + i))
			break;
		i++;
	}
	return i;
}

int write_file(const char *text, const char *format, ...)
{
	size_t len = strlen(text);
	char path[256];
	va_list args;
	int fd, ret;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, len) == (ssize_t)len ? 0 : -errno;
	close(fd);
	return ret;
}

static uint32_t read_id(const char *bdf, const char *name)
{
	uint32_t id = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, name);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%i", (int *)&id) != 1)
		id = 0;
	if (file)
		fclose(file);
	return id;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The devices, in the order of their addresses. */
static void find_devices(void)
{
	unsigned int engines = 0, disks = 0;
	struct dirent **list;
	int n, i;

	n = scandir("/sys/bus/pci/devices", &list, NULL, by_name);
	for (i = 0; i < n; i++) {
		const char *bdf = list[i]->d_name;
		char *to = NULL;

		switch (read_id(bdf, "vendor") << 16 | read_id(bdf, "device")) {
		case CORDON_ENGINE_VENDOR << 16 | CORDON_ENGINE_DEVICE:
			if (engines < ENGINES)
				to = engine_bdf[engines++];
			break;
		case 0x1b360010:	/* NVMe */
			if (disks < DISKS)
				to = disk_bdf[disks++];
			break;
		case 0x808610c9:	/* igb: the first is cabled to nothing of ours */
			if (!card_bdf[0])
				to = card_bdf;
			break;
		}
		if (to)
			snprintf(to, sizeof(card_bdf), "%.15s", bdf);
	}
	if (engines < ENGINES || disks < DISKS || !card_bdf[0]) {
		errno = ENODEV;
		die("the board lacks devices");
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	/* of this thread alone */
	if (w->nice && nice(w->nice) == -1)
		wrong(w, "nice: %s", strerror(errno));
	w->run(w);
	return NULL;
}

static void start_workers(void)
{
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &started);
	for (i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		w->nr = i;
		w->random = (seed + 1) * 0x9e3779b97f4a7c15 + (i + 1) * 0xbf58476d1ce4e5b9;
		pthread_mutex_init(&w->lock, NULL);
	}
	for (i = 0; i < WORKERS; i++)
		if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]))
			die("pthread_create");
}

/*
 * Each worker goes on, or something hangs. On a slow machine it takes longer until
 * all have done enough.
 */
static void watch_workers(unsigned int seconds)
{
	unsigned long last[WORKERS] = { 0 };
	long since[WORKERS] = { 0 };
	unsigned int i, missing;

	while (!stress_over()) {
		sleep(1);
		missing = 0;
		for (i = 0; i < WORKERS; i++) {
			unsigned long now = __atomic_load_n(&workers[i].rounds, __ATOMIC_RELAXED) +
					    __atomic_load_n(&workers[i].lost, __ATOMIC_RELAXED);

			missing += __atomic_load_n(&workers[i].rounds, __ATOMIC_RELAXED) <
				   workers[i].needed;
			if (now != last[i])
				since[i] = ms_since_start();
			last[i] = now;
			if (ms_since_start() - since[i] > PATIENCE * 1000)
				wrong(&workers[i], "it has done nothing for %d s", PATIENCE);
		}
		if (ms_since_start() >= seconds * 1000L && !missing)
			atomic_store(&over, true);
	}
}

/* Wait for the end of each, but not for ever. */
static void end_workers(void)
{
	struct timespec end;
	unsigned int i;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE;
	for (i = 0; i < WORKERS; i++) {
		if (!pthread_timedjoin_np(workers[i].thread, NULL, &end))
			continue;
		wrong(&workers[i], "it does not end");
		fflush(stdout);
		_exit(1);
	}
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc != 4) {
		fputs("usage: stress SECONDS SEED PID\n", stderr);
		return 2;
	}
	seed = strtoull(argv[2], NULL, 0);
	net_there = atoi(argv[3]);
	printf("# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	find_devices();
	start_workers();
	watch_workers(atoi(argv[1]));
	end_workers();
	for (i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		printf("# %-18s %7lu rounds, %5lu lost\n", w->name, w->rounds, w->lost);
		if (w->rounds < w->needed)
			wrong(w, "%lu rounds: nothing was tested", w->rounds);
	}
	fflush(stdout);
	return atomic_load(&failed);
}
