// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stress test's workers that take devices from their drivers and give them
 * back, change the types of their domains, remove them, and take CPUs away.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "raw.h"
#include "stress.h"

/* addresses that no memory, no message and no mapping of the DMA API has */
#define WILD	0x4000000000ULL

#define PCI	"/sys/bus/pci/devices/"

static bool exists(const char *bdf, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), PCI "%s/%s", bdf, name);
	return !access(path, F_OK);
}

static bool unbind_driver(struct worker *w, const char *bdf)
{
	int ret;

	note(w, "unbind %s", bdf);
	ret = write_file(bdf, PCI "%s/driver/unbind", bdf);
	if (!ret && !exists(bdf, "driver"))
		return true;
	wrong(w, "unbinding %s returned %d", bdf, ret);
	return false;
}

static bool bind_driver(struct worker *w, const char *bdf)
{
	int ret;

	note(w, "bind %s", bdf);
	ret = write_file(bdf, "/sys/bus/pci/drivers_probe");
	if (!ret && exists(bdf, "driver"))
		return true;
	wrong(w, "binding %s returned %d", bdf, ret);
	return false;
}

/* The type of the domain of a device without a driver. */
static bool set_type(struct worker *w, const char *bdf, const char *type)
{
	int ret;

	note(w, "%s to %s", bdf, type);
	ret = write_file(type, PCI "%s/iommu_group/type", bdf);
	if (!ret)
		return true;
	wrong(w, "changing the domain of %s to %s returned %d", bdf, type, ret);
	return false;
}

/* The driver goes, the type changes some times, the driver comes back. */
static bool rebind(struct worker *w, const char *bdf, unsigned int changes)
{
	static const char *const types[] = { "DMA", "DMA-FQ", "identity", "auto" };

	if (!unbind_driver(w, bdf))
		return false;
	while (changes--)
		if (!set_type(w, bdf, types[random_of(w, 4)]))
			return false;
	return bind_driver(w, bdf);
}

/* In the end a device has its first domain type again. */
static void put_back(struct worker *w, const char *bdf)
{
	if (unbind_driver(w, bdf) && set_type(w, bdf, "auto"))
		bind_driver(w, bdf);
}

void work_bind_engine(struct worker *w)
{
	const char *bdf = engine_bdf[w->arg];

	while (!stress_over() && rebind(w, bdf, random_of(w, 4))) {
		random_sleep(w, 300000);
		did_round(w);
	}
	put_back(w, bdf);
}

void work_bind_disk(struct worker *w)
{
	const char *bdf = disk_bdf[w->arg];

	while (!stress_over() && rebind(w, bdf, random_of(w, 3))) {
		random_sleep(w, 900000);
		did_round(w);
	}
	put_back(w, bdf);
}

/* Put up the network interface of a card, so that it has buffers mapped. */
static void put_up(struct worker *w, const char *bdf)
{
	struct ifreq request = { };
	struct dirent *entry;
	char path[96];
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), PCI "%s/net", bdf);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(request.ifr_name, sizeof(request.ifr_name), "%.15s",
				 entry->d_name);
	if (dir)
		closedir(dir);
	if (!request.ifr_name[0]) {
		wrong(w, "%s has no interface", bdf);
		return;
	}
	note(w, "put %s up", request.ifr_name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		wrong(w, "%s: %s", request.ifr_name, strerror(errno));
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		wrong(w, "putting %s up: %s", request.ifr_name, strerror(errno));
	close(fd);
}

void work_bind_card(struct worker *w)
{
	while (!stress_over() && rebind(w, card_bdf, random_of(w, 3))) {
		put_up(w, card_bdf);
		random_sleep(w, 900000);
		did_round(w);
	}
	put_back(w, card_bdf);
}

/*
 * An engine without a driver is at work when it is removed: it goes on, and is
 * refused, while there is no context for it, and after it has been found again,
 * until its driver ends it. Removal drains a queue that it fills.
 */
static bool run_wild(struct worker *w, const char *bdf)
{
	uint16_t command;
	struct raw raw;
	int ret;

	ret = raw_let_go(bdf, &command);
	if (!ret)
		ret = raw_open(&raw, bdf);
	if (ret) {
		wrong(w, "%s without a driver: %d", bdf, ret);
		return false;
	}
	note(w, "let %s go", bdf);
	raw_start(&raw, CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_KEEP_GOING,
		  WILD + (random_of(w, WILD) & ~7ULL), 8, 1ULL << 40, 5000 + random_of(w, 100000));
	ret = raw_get32(&raw, CORDON_ENGINE_STATUS);
	raw_close(&raw);
	if (ret & CORDON_ENGINE_STATUS_BUSY)
		return true;
	wrong(w, "it does not run: status %#x", ret);
	return false;
}

/* It has its driver again: end what it does, and see that it was never let through. */
static bool rein_in(struct worker *w, const char *bdf)
{
	struct cordon_engine_op op = { .cmd = CORDON_ENGINE_OP_READ };
	unsigned int tries = 0;
	struct engine e;
	int ret;

	note(w, "rein %s in", bdf);
	while (!engine_open_bdf(&e, bdf)) {
		if (++tries > 200) {
			wrong(w, "%s has no driver", bdf);
			return false;
		}
		random_sleep(w, 50000);
	}
	ret = engine_end(&e);
	if (!ret)
		ret = engine_run(&e, &op);
	engine_close(&e);
	if (ret)
		wrong(w, "ending %s returned %d", bdf, ret);
	return !ret;
}

void work_run_wild(struct worker *w)
{
	const char *bdf = engine_bdf[w->arg];
	int ret;

	while (!stress_over()) {
		/* never identity: there it would be let through */
		const char *type = random_of(w, 2) ? "DMA" : "DMA-FQ";

		if (!unbind_driver(w, bdf) || !run_wild(w, bdf))
			return;
		random_sleep(w, 20000);
		if (random_of(w, 4)) {
			note(w, "remove %s", bdf);
			ret = write_file("1", PCI "%s/remove", bdf);
			if (ret || exists(bdf, "")) {
				wrong(w, "removing %s returned %d", bdf, ret);
				return;
			}
			random_sleep(w, 20000);
			note(w, "look for it");
			ret = write_file("1", "/sys/bus/pci/rescan");
			if (ret || !exists(bdf, "driver")) {
				wrong(w, "finding %s returned %d", bdf, ret);
				return;
			}
		} else if (!set_type(w, bdf, type) || !bind_driver(w, bdf)) {
			return;
		}
		random_sleep(w, 20000);
		if (!rein_in(w, bdf))
			return;
		did_round(w);
	}
}

/* While a driver is told of its PCI device, no CPU may come or go: try again. */
static bool set_cpu(struct worker *w, unsigned int cpu, bool on)
{
	int ret;

	note(w, "CPU %u %s", cpu, on ? "on" : "off");
	for (;;) {
		ret = write_file(on ? "1" : "0", "/sys/devices/system/cpu/cpu%u/online", cpu);
		if (!ret)
			return true;
		if (ret != -EBUSY) {
			wrong(w, "CPU %u %s: %d", cpu, on ? "on" : "off", ret);
			return false;
		}
		lost_round(w);
	}
}

/* Each CPU but the first goes and comes, with its command queue. */
void work_cpus(struct worker *w)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	while (!stress_over()) {
		unsigned int cpu = 1 + random_of(w, cpus - 1);

		if (!set_cpu(w, cpu, false))
			return;
		random_sleep(w, 300000);
		if (!set_cpu(w, cpu, true))
			return;
		random_sleep(w, 300000);
		did_round(w);
	}
}

/* Read what is there, whatever it says, and whether it is still there. */
static void read_all(struct worker *w, const char *path, unsigned int depth)
{
	char below[PATH_MAX], text[4096];
	struct dirent *entry;
	struct stat st;
	DIR *dir;
	int fd;

	if (stress_over() || (depth < 2 ? stat(path, &st) : lstat(path, &st)))
		return;
	if (S_ISREG(st.st_mode) && st.st_mode & 0444) {
		note(w, "read %s", path);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		while (fd >= 0 && read(fd, text, sizeof(text)) > 0)
			;
		if (fd >= 0)
			close(fd);
	}
	if (!S_ISDIR(st.st_mode) || depth > 6)
		return;
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		read_all(w, below, depth + 1);
	}
	if (dir)
		closedir(dir);
}

void work_read_sysfs(struct worker *w)
{
	static const char *const trees[] = {
		"/sys/kernel/iommu_groups", "/sys/class/iommu", "/sys/kernel/debug/iommu",
		"/sys/module/cordon",
	};

	while (!stress_over()) {
		read_all(w, trees[w->rounds % 4], 0);
		random_sleep(w, 100000);
		did_round(w);
	}
}
