// SPDX-License-Identifier: GPL-2.0-only
/* The stress test's workers that keep disks and network cards at work. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stress.h"

/* what a disk worker works on: pieces of a disk, from a place on */
#define PIECE		4096ULL
#define PIECES		2048
#define FIRST_PIECE	16
#define PIECES_AT_ONCE	32

/**
 * struct disk - a worker's disk
 * @w: the worker
 * @bound: the disk's driver may go at any time
 * @fd: the disk, open, or -1
 * @data: memory for a transfer
 * @written: what each piece has: number of the write, 0 if that is not known
 * @writes: writes so far
 */
struct disk {
	struct worker *w;
	bool bound;
	int fd;
	uint8_t *data;
	uint32_t *written;
	uint32_t writes;
};

static bool disk_open(struct disk *d)
{
	char path[160];
	glob_t found;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/nvme/nvme*/nvme*n1",
		 disk_bdf[d->w->arg]);
	if (glob(path, 0, NULL, &found))
		return false;
	snprintf(path, sizeof(path), "/dev%s", strrchr(found.gl_pathv[0], '/'));
	globfree(&found);
	d->fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	return d->fd >= 0;
}

/* A transfer went wrong: that may be if the disk's driver goes. */
static void disk_lost(struct disk *d, const char *what, ssize_t done)
{
	if (!d->bound)
		wrong(d->w, "%s returned %zd: %s", what, done, strerror(errno));
	close(d->fd);
	d->fd = -1;
}

/* Every piece says which write of which worker it is from, and where it belongs. */
static uint64_t piece_seed(struct disk *d, unsigned int piece, uint32_t write)
{
	return (uint64_t)d->w->nr << 56 | (uint64_t)piece << 32 | write;
}

static void disk_write(struct disk *d, unsigned int first, unsigned int n)
{
	ssize_t done;
	unsigned int i;

	d->writes++;
	for (i = 0; i < n; i++) {
		pattern_make(d->data + i * PIECE, PIECE,
			     piece_seed(d, first + i, d->writes), 0);
		d->written[first + i] = 0;
	}
	note(d->w, "write %u: pieces %u to %u", d->writes, first, first + n - 1);
	done = pwrite(d->fd, d->data, n * PIECE, (FIRST_PIECE + first) * PIECE);
	if (done != (ssize_t)(n * PIECE)) {
		disk_lost(d, "writing", done);
		return;
	}
	for (i = 0; i < n; i++)
		d->written[first + i] = d->writes;
}

static void disk_read(struct disk *d, unsigned int first, unsigned int n)
{
	ssize_t done;
	unsigned int i;

	note(d->w, "read: pieces %u to %u", first, first + n - 1);
	memset(d->data, 0xee, n * PIECE);
	done = pread(d->fd, d->data, n * PIECE, (FIRST_PIECE + first) * PIECE);
	if (done != (ssize_t)(n * PIECE)) {
		disk_lost(d, "reading", done);
		return;
	}
	for (i = 0; i < n; i++) {
		size_t bad;

		if (!d->written[first + i])
			continue;
		bad = pattern_check(d->data + i * PIECE, PIECE,
				    piece_seed(d, first + i, d->written[first + i]), 0);
		if (bad < PIECE)
			wrong(d->w, "byte %#zx of piece %u, written %u, is %#x", bad, first + i,
			      d->written[first + i], d->data[i * PIECE + bad]);
	}
}

void work_disk(struct worker *w)
{
	struct disk d = { .w = w, .bound = w->arg == DISK_BOUND, .fd = -1 };

	d.data = aligned_alloc(PIECE, PIECES_AT_ONCE * PIECE);
	d.written = calloc(PIECES, sizeof(*d.written));
	if (!d.data || !d.written) {
		wrong(w, "out of memory");
		return;
	}
	while (!stress_over()) {
		unsigned int n = 1 + random_of(w, PIECES_AT_ONCE);
		/* mostly where something has been written before */
		unsigned int first = random_of(w, random_of(w, 4) ? 64 : PIECES - n);

		if (d.fd < 0 && !disk_open(&d)) {
			if (!d.bound)
				wrong(w, "%s has no disk", disk_bdf[w->arg]);
			lost_round(w);
			continue;
		}
		if (random_of(w, 2))
			disk_write(&d, first, n);
		if (d.fd >= 0)
			disk_read(&d, first, n);
		if (d.fd >= 0)
			did_round(w);
		else
			lost_round(w);
	}
	if (d.fd >= 0)
		close(d.fd);
	free(d.written);
	free(d.data);
}

#define PORT		9100
#define HERE		"192.0.2.1"
#define THERE		"192.0.2.2"
#define CHUNK_MAX	(64 * 1024)
#define NET_PATIENCE	60		/* seconds */

static bool all_sent(int fd, const uint8_t *data, size_t len)
{
	ssize_t done;

	for (; len; data += done, len -= done) {
		done = send(fd, data, len, MSG_NOSIGNAL);
		if (done <= 0)
			return false;
	}
	return true;
}

static bool all_got(int fd, uint8_t *data, size_t len)
{
	return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

static void be_patient(int fd)
{
	struct timeval patience = { .tv_sec = NET_PATIENCE };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static int wait_for_call(struct worker *w)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int on = 1, fd, conn;

	inet_pton(AF_INET, THERE, &addr.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	be_patient(fd);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1)) {
		wrong(w, "listening: %s", strerror(errno));
		close(fd);
		return -1;
	}
	conn = accept(fd, NULL, NULL);
	if (conn < 0)
		wrong(w, "accept: %s", strerror(errno));
	else
		be_patient(conn);
	close(fd);
	return conn;
}

/* In the other network namespace: sends back whatever comes. */
void work_echo(struct worker *w)
{
	uint8_t *data = malloc(CHUNK_MAX);
	char path[40];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", net_there);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!data || fd < 0 || setns(fd, CLONE_NEWNET)) {
		wrong(w, "entering the other namespace: %s", strerror(errno));
		return;
	}
	close(fd);
	fd = wait_for_call(w);
	if (fd < 0)
		return;
	/* the caller's end of the stream is the end */
	while ((got = recv(fd, data, CHUNK_MAX, 0)) > 0) {
		note(w, "send back %zd bytes", got);
		if (!all_sent(fd, data, got)) {
			wrong(w, "sending back: %s", strerror(errno));
			break;
		}
		did_round(w);
	}
	if (got < 0)
		wrong(w, "receiving: %s", strerror(errno));
	close(fd);
	free(data);
}

static int call_there(struct worker *w)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	unsigned int tries = 0;
	int fd;

	inet_pton(AF_INET, THERE, &addr.sin_addr);
	for (;;) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		be_patient(fd);
		if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
			return fd;
		close(fd);
		/* perhaps nobody listens yet */
		if (errno != ECONNREFUSED || ++tries > 500) {
			wrong(w, "connecting: %s", strerror(errno));
			return -1;
		}
		random_sleep(w, 20000);
	}
}

/* Chunks go to the other side and come back. */
void work_send(struct worker *w)
{
	uint8_t *data = malloc(CHUNK_MAX);
	uint64_t which = (uint64_t)w->nr << 56;
	int fd = call_there(w);

	while (data && fd >= 0 && !stress_over()) {
		size_t len = 1 + random_of(w, CHUNK_MAX), bad;

		pattern_make(data, len, ++which, 0);
		note(w, "send %zu bytes", len);
		if (!all_sent(fd, data, len)) {
			wrong(w, "sending: %s", strerror(errno));
			break;
		}
		memset(data, 0, len);
		note(w, "get them back");
		if (!all_got(fd, data, len)) {
			wrong(w, "they did not come back: %s", strerror(errno));
			break;
		}
		bad = pattern_check(data, len, which, 0);
		if (bad < len)
			wrong(w, "byte %zu of %zu came back as %#x", bad, len, data[bad]);
		did_round(w);
	}
	if (fd >= 0)
		close(fd);
	free(data);
}
