// SPDX-License-Identifier: GPL-2.0-only
/* Physical addresses, for programs on the board: see bar.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bar.h"
#include "tests.h"

volatile uint8_t *phys_map(uint64_t addr, size_t size)
{
	uint64_t skip = addr & (page_size() - 1);
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	uint8_t *at;

	if (fd < 0)
		die("/dev/mem");
	at = mmap(NULL, skip + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, addr - skip);
	if (at == MAP_FAILED)
		die("mapping physical addresses");
	close(fd);
	return at + skip;
}

bool engine_open_pci(struct engine *e, unsigned int id, unsigned int skip)
{
	unsigned int n, found;
	char path[96];
	FILE *file;

	for (n = 0; n < ENGINES_MAX; n++) {
		if (!engine_open(e, n))
			continue;
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/device", e->bdf);
		file = fopen(path, "re");
		if (file) {
			if (fscanf(file, "%x", &found) != 1)
				die(path);
			fclose(file);
			if (found == id && !skip--)
				return true;
		}
		engine_close(e);
	}
	return false;
}

uint64_t bar_address(const char *bdf, unsigned int bar)
{
	unsigned long long start = 0;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", bdf);
	file = fopen(path, "re");
	if (!file)
		die(path);
	do {
		if (fscanf(file, "%llx %*x %*x", &start) != 1)
			break;
	} while (bar--);
	fclose(file);
	if (!start) {
		errno = ENXIO;
		die(path);
	}
	return start;
}
