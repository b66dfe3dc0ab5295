// SPDX-License-Identifier: GPL-2.0-only
/* A test engine without a driver: see raw.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "raw.h"

#define PCI_COMMAND	4
#define PCI_COMMAND_GO	0x6	/* memory and bus master */

static int open_attribute(const char *bdf, const char *name, int mode)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, name);
	fd = open(path, mode | O_SYNC | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* How far into a page the first BAR begins: sysfs maps whole pages.  Or a negative errno. */
static long bar_skip(const char *bdf)
{
	int fd = open_attribute(bdf, "resource", O_RDONLY);
	char line[32] = "";
	ssize_t got;

	if (fd < 0)
		return fd;
	got = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (got <= 0)
		return -EIO;
	return strtoull(line, NULL, 16) & (page_size() - 1);
}

int raw_open(struct raw *r, const char *bdf)
{
	long skip = bar_skip(bdf);
	int fd;

	if (skip < 0)
		return skip;
	fd = open_attribute(bdf, "resource0", O_RDWR);
	if (fd < 0)
		return fd;
	r->map_size = skip + CORDON_ENGINE_SIZE;
	r->map = mmap(NULL, r->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (r->map == MAP_FAILED)
		return -errno;
	r->regs = (uint8_t *)r->map + skip;
	snprintf(r->bdf, sizeof(r->bdf), "%s", bdf);
	if (raw_get32(r, CORDON_ENGINE_ID) == CORDON_ENGINE_MAGIC)
		return 0;
	raw_close(r);
	return -ENODEV;
}

void raw_close(struct raw *r)
{
	munmap(r->map, r->map_size);
	r->regs = NULL;
}

int raw_let_go(const char *bdf, uint16_t *old)
{
	int fd = open_attribute(bdf, "config", O_RDWR);
	uint16_t command;
	int ret = 0;

	if (fd < 0)
		return fd;
	if (pread(fd, old, sizeof(*old), PCI_COMMAND) != sizeof(*old))
		ret = -EIO;
	command = *old | PCI_COMMAND_GO;
	if (!ret && pwrite(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		ret = -EIO;
	close(fd);
	return ret;
}

int raw_rein_in(const char *bdf, uint16_t command)
{
	int fd = open_attribute(bdf, "config", O_RDWR);
	int ret = 0;

	if (fd < 0)
		return fd;
	if (pwrite(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		ret = -EIO;
	close(fd);
	return ret;
}

uint32_t raw_get32(const struct raw *r, unsigned int offset)
{
	return *(const volatile uint32_t *)(r->regs + offset);
}

uint64_t raw_get64(const struct raw *r, unsigned int offset)
{
	return *(const volatile uint64_t *)(r->regs + offset);
}

void raw_set32(struct raw *r, unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(r->regs + offset) = value;
}

void raw_set64(struct raw *r, unsigned int offset, uint64_t value)
{
	*(volatile uint64_t *)(r->regs + offset) = value;
}

void raw_start(struct raw *r, uint32_t cmd, uint64_t addr, uint64_t len, uint64_t count,
	       uint64_t delay)
{
	raw_set64(r, CORDON_ENGINE_SRC, addr);
	raw_set64(r, CORDON_ENGINE_DST, addr);
	raw_set64(r, CORDON_ENGINE_LEN, len);
	raw_set64(r, CORDON_ENGINE_COUNT, count);
	raw_set64(r, CORDON_ENGINE_DELAY, delay);
	raw_set32(r, CORDON_ENGINE_PASID, 0);
	raw_set32(r, CORDON_ENGINE_CMD, cmd);
}

int raw_wait(struct raw *r)
{
	struct timespec tick = { .tv_nsec = 1000000 };
	unsigned int tries = 0;

	while (raw_get32(r, CORDON_ENGINE_STATUS) & CORDON_ENGINE_STATUS_BUSY) {
		if (++tries > 5000)
			return -ETIMEDOUT;
		nanosleep(&tick, NULL);
	}
	return raw_get32(r, CORDON_ENGINE_STATUS);
}
