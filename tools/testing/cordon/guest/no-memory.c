// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory runs out, at each allocation of the driver in turn.
 *
 * Usage: no-memory [NAME|-NAME...]
 *
 * Each test does one thing again and again; the first time the driver's first
 * allocation fails, then its second, until there is none left to fail. Fault
 * injection counts those allocations that have a function of the driver on the
 * stack. Each time, what failed must have left all as it was, and must succeed
 * when it is tried again.
 *
 * The script of the same name sets fault injection up, and looks for what has
 * been leaked in the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine.h"
#include "ktap.h"
#include "raw.h"

#define BLOCK		(2ULL << 20)
#define PCI		"/sys/bus/pci/"
#define UNIT		"c000000.iommu"
#define FREE_IOVA	0x20000000ULL
#define RW		(CORDON_ENGINE_PROT_READ | CORDON_ENGINE_PROT_WRITE)
#define A		CORDON_ENGINE_DOMAIN_A
#define DEFAULT		CORDON_ENGINE_DOMAIN_DEFAULT

/* where the board's memory is; a device that is let through can read there */
#define SOME_MEMORY	0x48000000ULL

/* the last engine: its driver comes and goes */
static char bdf[16];

/* IOMMU pages that are in use when nothing is under way */
static long pages_before;

/**
 * struct attempt - something that is tried while memory runs out
 * @name: what it is, for messages
 * @nth: which allocation of the driver fails in this attempt
 * @ret: what it returned: 0 or a negative errno
 * @injected: an allocation has failed
 * @failures: attempts in which that made it fail, so far
 * @which: which those were
 */
struct attempt {
	const char *name;
	unsigned int nth;
	int ret;
	bool injected;
	unsigned int failures;
	char which[400];
};

static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int write_of_device(const char *name, const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), PCI "devices/%s/%s", bdf, name);
	return write_to(path, text);
}

static bool device_has(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), PCI "devices/%s/%s", bdf, name);
	return !access(path, F_OK);
}

/* The kernel's counts are brought up to date, and one of them is read. */
static long iommu_pages(void)
{
	long pages = -1;
	char line[80];
	FILE *file;

	write_to("/proc/sys/vm/stat_refresh", "1");
	file = fopen("/proc/vmstat", "re");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "nr_iommu_pages %ld", &pages);
	if (file)
		fclose(file);
	return pages;
}

static int fail_nth = -1;

/* The @a->nth allocation of the driver from here on fails. */
static void begin(struct attempt *a)
{
	char text[12];
	int len = snprintf(text, sizeof(text), "%u", a->nth);

	if (pwrite(fail_nth, text, len, 0) != len)
		die("fail-nth");
}

/* No more do, and it is noted how it went. */
static void end(struct attempt *a, int ret)
{
	char text[12] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0 || pwrite(fail_nth, "0", 1, 0) != 1)
		die("fail-nth");
	a->ret = ret;
	a->injected = !atoi(text);
	if (!a->injected || !ret)
		return;
	a->failures++;
	snprintf(a->which + strlen(a->which), sizeof(a->which) - strlen(a->which), " %u", a->nth);
}

/*
 * Which code's allocations fail: that of the module as it is loaded now, or, if
 * it is not, whatever is there where it was or near it, but not the kernel.
 */
struct range {
	unsigned long first;
	unsigned long end;
};

static struct range module_text;
static unsigned long kernel_text;

/*
 * Not what kmemleak wants for itself, which has a reserve.  Nor what the ITS's
 * driver of Linux 6.12 calls for: each time that it cannot map the page that
 * messages go to, it loses a vector for good.
 */
static struct range kmemleak_text, its_text;

/* A function ends where the next one begins; kallsyms is in order of addresses. */
static void find_function(struct range *r, const char *name, const char *symbol,
			  unsigned long at)
{
	if (r->first && !r->end && at > r->first)
		r->end = at;
	if (!strcmp(name, symbol))
		r->first = at;
}

static void find_text(void)
{
	char line[256], type, name[128], module[64];
	unsigned long at;
	FILE *file = fopen("/proc/kallsyms", "re");

	module_text.first = -1UL;
	while (file && fgets(line, sizeof(line), file)) {
		int n = sscanf(line, "%lx %c %127s [%63[^]]]", &at, &type, name, module);

		if (n == 3) {
			if (!strcmp(name, "_text"))
				kernel_text = at;
			find_function(&kmemleak_text, "kmemleak_alloc", name, at);
			find_function(&its_text, "its_irq_domain_alloc", name, at);
		}
		if (n != 4 || strcmp(module, "cordon") || (type != 't' && type != 'T'))
			continue;
		if (at < module_text.first)
			module_text.first = at;
		if (at + PAGE > module_text.end)
			module_text.end = at + PAGE;
	}
	if (file)
		fclose(file);
	if (!kernel_text || !module_text.end) {
		errno = ENOENT;
		die("the module's symbols");
	}
}

/* 2 has the kernel show where each allocation is that fails; for people */
static unsigned long verbose;

/*
 * @margin: how far around the module; @not: functions whose allocations do not
 * fail; @depth: how many callers are looked at
 */
static void set_up_injection(unsigned long margin, const struct range *not, unsigned long depth)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc" };
	unsigned long first = module_text.first - margin, end = module_text.end + margin;
	char path[80], value[24];
	unsigned int i, j;

	/* the kernel is above its modules */
	if (kernel_text > module_text.first && end > kernel_text)
		end = kernel_text;
	for (i = 0; i < 2; i++) {
		struct {
			const char *name;
			unsigned long value;
			const char *format;
		} settings[] = {
			{ "require-start", first, "0x%lx" },
			{ "require-end", end, "0x%lx" },
			{ "reject-start", not->first, "0x%lx" },
			{ "reject-end", not->end, "0x%lx" },
			{ "stacktrace-depth", depth, "%lu" },
			{ "verbose", verbose, "%lu" },
			/* allocations that may wait fail as well */
			{ "ignore-gfp-wait", 0, "%lu" },
		};

		for (j = 0; j < sizeof(settings) / sizeof(*settings); j++) {
			snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", kinds[i],
				 settings[j].name);
			snprintf(value, sizeof(value), settings[j].format, settings[j].value);
			if (write_to(path, value))
				die(path);
		}
	}
	if (write_to("/sys/kernel/debug/fail_page_alloc/min-order", "0"))
		die("min-order");
}

/*
 * Whether an attempt ended as it may: what fails, fails for want of memory and
 * because of it.  (Without memory for a module's directory of drivers, the core
 * has it that an argument was invalid.)
 */
static enum verdict judge(const struct attempt *a)
{
	EXPECT(!a->ret || (a->injected && (a->ret == -ENOMEM || a->ret == -EINVAL)),
	       "%s with allocation %u: %d", a->name, a->nth, a->ret);
	EXPECT(a->nth < 2000, "%s has no end", a->name);
	return PASS;
}

/* Attempts end when none is left to fail; there must have been some. */
static enum verdict judge_all(const struct attempt *a, unsigned int at_least)
{
	say("%s: %u allocations, of which %u cannot be done without:%s", a->name, a->nth - 1,
	    a->failures, a->which);
	EXPECT(a->failures >= at_least, "only %u attempts failed", a->failures);
	return PASS;
}

static enum verdict no_pages_lost(const char *what)
{
	long now = iommu_pages();

	EXPECT(now == pages_before, "%s: %ld IOMMU pages, %ld before", what, now, pages_before);
	return PASS;
}

/* A read of memory by the engine, without its driver, is stopped. */
static enum verdict blocked_raw(void)
{
	uint16_t command;
	struct raw raw;
	int status;

	EXPECT(!raw_let_go(bdf, &command) && !raw_open(&raw, bdf), "no registers");
	raw_start(&raw, CORDON_ENGINE_OP_READ, SOME_MEMORY, PAGE, 1, 0);
	status = raw_wait(&raw);
	raw_close(&raw);
	raw_rein_in(bdf, command);
	EXPECT(status == (CORDON_ENGINE_STATUS_DONE | CORDON_ENGINE_STATUS_ERROR),
	       "it was let through: status %#x", status);
	return PASS;
}

/*
 * The module.  Most of what it allocates is in sysfs, far from the driver: fewer
 * callers leave what the driver allocates itself, or asks for nearly so.
 */
static unsigned long load_depth;

static int load_module(const char *name)
{
	struct utsname uts;
	char path[160];
	int fd, ret;

	uname(&uts);
	snprintf(path, sizeof(path), "/lib/modules/%s/%s.ko", uts.release, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static int unload_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/* A unit that is in use has an entry of its own. */
static bool has_unit(void)
{
	return !access("/sys/class/iommu/" UNIT, F_OK);
}

/*
 * No device has a driver. Loading the module finds the unit and puts it to use,
 * or fails, or leaves the unit alone; then it can be had by looking for it again.
 */
static enum verdict test_load(void)
{
	struct attempt a = { .name = "loading" };
	unsigned int without = 0;
	bool loaded;

	EXPECT(has_unit() && !unload_module("cordon") && !has_unit(), "unloading");
	/* it is loaded near where it was; no other module allocates meanwhile */
	set_up_injection(32 << 20, &kmemleak_text, load_depth);
	pages_before = iommu_pages();
	do {
		a.nth++;
		begin(&a);
		end(&a, load_module("cordon"));
		TRY(judge(&a));
		loaded = !access("/sys/module/cordon", F_OK);
		EXPECT(loaded == !a.ret, "allocation %u: %d, but loaded: %d", a.nth, a.ret, loaded);
		TRY(blocked_raw());
		if (loaded && !has_unit()) {
			EXPECT(a.injected, "allocation %u: the unit is not in use", a.nth);
			without++;
			TRY(no_pages_lost("after a probe that failed"));
			EXPECT(!write_to("/sys/bus/platform/drivers_probe", UNIT) && has_unit(),
			       "allocation %u: trying again", a.nth);
		}
		EXPECT(has_unit() == loaded, "allocation %u: the unit's entry", a.nth);
		if (loaded)
			EXPECT(!unload_module("cordon"), "allocation %u: unloading", a.nth);
		TRY(no_pages_lost("after unloading"));
	} while (a.injected);
	say("%u times the module was there, and drove no unit", without);
	EXPECT(without >= 20, "only %u probes failed", without);
	return judge_all(&a, 1);
}

/* The module is there, and has been kept from the unit. */
static enum verdict load_without_unit(void)
{
	static const char override[] = "/sys/bus/platform/devices/" UNIT "/driver_override";

	EXPECT(!write_to(override, "none") && !load_module("cordon") &&
	       !write_to(override, "\n") && !has_unit(), "loading");
	return PASS;
}

/* The same for the unit alone: much of it is over as soon as it has failed. */
static enum verdict test_probe(void)
{
	struct attempt a = { .name = "probing" };

	EXPECT(has_unit() && !unload_module("cordon") && !has_unit(), "unloading");
	set_up_injection(32 << 20, &kmemleak_text, load_depth);
	TRY(load_without_unit());
	pages_before = iommu_pages();
	do {
		a.nth++;
		begin(&a);
		/* that a driver refused a device is not told to who has it looked for */
		end(&a, write_to("/sys/bus/platform/drivers_probe", UNIT));
		EXPECT(!a.ret, "allocation %u: %d", a.nth, a.ret);
		TRY(blocked_raw());
		if (has_unit()) {
			EXPECT(!unload_module("cordon"), "allocation %u: unloading", a.nth);
			TRY(load_without_unit());
		} else {
			EXPECT(a.injected, "allocation %u: the unit is not in use", a.nth);
			a.failures++;
		}
		TRY(no_pages_lost("after a probe"));
		EXPECT(a.nth < 2000, "no end");
	} while (a.injected);
	EXPECT(!unload_module("cordon"), "unloading");
	return judge_all(&a, 20);
}

/* The device */

/* The device goes; it comes back, and its driver with it, when it is looked for. */
static enum verdict gone_device(void)
{
	if (device_has("driver"))
		EXPECT(!write_of_device("driver/unbind", bdf), "unbinding");
	EXPECT(!write_of_device("remove", "1") && !device_has(""), "removing");
	return PASS;
}

static int look_for_device(void)
{
	return write_to(PCI "rescan", "1");
}

/*
 * A copy between two pages. If it has not come to a group, the kernel goes on
 * without the IOMMU, and the device is blocked.
 */
static enum verdict copy_is(bool works)
{
	uint8_t in[256], out[256] = { 0 };
	struct cordon_engine_op op;
	struct buf src, dst;
	struct engine e;
	unsigned int i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = pattern(1, i);
	EXPECT(engine_open_bdf(&e, bdf), "no engine");
	buf_alloc(&e, &src, CORDON_ENGINE_PAGES, PAGE);
	buf_alloc(&e, &dst, CORDON_ENGINE_PAGES, PAGE);
	buf_write(&e, &src, 0, in, sizeof(in));
	EXPECT(!buf_map(&e, &src, CORDON_ENGINE_BOTH, 0, PAGE) &&
	       !buf_map(&e, &dst, CORDON_ENGINE_BOTH, 0, PAGE), "mapping");
	engine_dma_copy(&e, dst.iova, src.iova, sizeof(in), &op);
	buf_read(&e, &dst, 0, out, sizeof(out));
	engine_close(&e);
	EXPECT(works ? op_good(&op) : op_blocked(&op), "status %#x", op.status);
	EXPECT(!memcmp(in, out, sizeof(in)) == works, "a copy that is %s",
	       works ? "wrong" : "not stopped");
	return PASS;
}

static enum verdict test_bind(void)
{
	struct attempt a = { .name = "binding" };
	unsigned int without = 0;

	TRY(gone_device());
	pages_before = iommu_pages();
	do {
		a.nth++;
		begin(&a);
		end(&a, look_for_device());
		TRY(judge(&a));
		EXPECT(device_has(""), "allocation %u: no device", a.nth);
		if (!device_has("driver") || !device_has("iommu_group")) {
			EXPECT(a.injected, "it has no group or no driver");
			without++;
			EXPECT(device_has("driver"), "allocation %u: no driver", a.nth);
			TRY(copy_is(false));
			/* the next try is the core's: when a driver comes */
			EXPECT(!write_of_device("driver/unbind", bdf) &&
			       !write_to(PCI "drivers_probe", bdf), "trying again");
		}
		EXPECT(device_has("driver") && device_has("iommu_group"),
		       "allocation %u: no group or no driver", a.nth);
		TRY(copy_is(true));
		TRY(gone_device());
		TRY(no_pages_lost("after removal"));
	} while (a.injected);
	a.failures = without;
	EXPECT(!look_for_device() && device_has("driver"), "looking for it");
	/* the device, its stream, four contexts, a domain and its tables */
	return judge_all(&a, 6);
}

/* An engine is in its default domain: a mapping there leads to its buffer. */
static enum verdict in_default(struct engine *e, struct buf *b)
{
	static uint64_t value = 0x5a5a0000;
	struct cordon_engine_op op = {
		.cmd = CORDON_ENGINE_OP_FILL, .dst = b->iova, .len = 8, .data = ++value,
	};
	uint64_t seen;

	EXPECT(!engine_run(e, &op) && op_good(&op), "status %#x", op.status);
	buf_read(e, b, 0, &seen, sizeof(seen));
	EXPECT(seen == value, "it went elsewhere");
	return PASS;
}

static enum verdict test_attach(void)
{
	struct attempt a = { .name = "a domain and attaching" };
	struct cordon_engine_op op;
	struct engine e;
	struct buf b;

	pages_before = iommu_pages();
	do {
		a.nth++;
		EXPECT(engine_open_bdf(&e, bdf), "no engine");
		buf_alloc(&e, &b, CORDON_ENGINE_PAGES, PAGE);
		EXPECT(!buf_map(&e, &b, CORDON_ENGINE_BOTH, 0, PAGE), "mapping");
		/* tables of the default domain stay */
		if (a.nth == 1)
			pages_before = iommu_pages();
		begin(&a);
		end(&a, engine_attach(&e, A));
		TRY(judge(&a));
		if (a.ret) {
			TRY(in_default(&e, &b));
			EXPECT(!engine_attach(&e, A), "allocation %u: trying again", a.nth);
		}
		engine_dma_write(&e, b.iova, 8, &op);
		EXPECT(op_blocked(&op), "it has not left the default domain: %#x", op.status);
		EXPECT(!engine_attach(&e, DEFAULT), "back");
		TRY(in_default(&e, &b));
		engine_close(&e);
		TRY(no_pages_lost("after the domain has gone"));
	} while (a.injected);
	/*
	 * The domain, its io-pgtable, its root: but one of them may be missed, where
	 * the slab wants a page for itself in one attempt and not in the next.
	 */
	return judge_all(&a, 2);
}

/*
 * What takes something away cannot fail, whatever memory the kernel would like to
 * have for it.
 */
static enum verdict cannot_fail(const struct attempt *a)
{
	EXPECT(!a->ret, "%s with allocation %u: %d", a->name, a->nth, a->ret);
	return PASS;
}

/* Tables of all levels are missing, and there are several of the last. */
static enum verdict test_map(void)
{
	struct attempt a = { .name = "mapping" }, none = { .name = "taking it away" };
	struct cordon_engine_op op;
	uint64_t at, len = 2 * BLOCK, phys;
	struct engine e;
	struct buf b;
	int ret;

	pages_before = iommu_pages();
	do {
		a.nth++;
		EXPECT(engine_open_bdf(&e, bdf), "no engine");
		buf_alloc(&e, &b, CORDON_ENGINE_SCATTERED, len);
		EXPECT(!engine_attach(&e, A), "attaching");
		begin(&a);
		end(&a, iommu_map(&e, &b, A, FREE_IOVA + PAGE, 0, len, RW));
		TRY(judge(&a));
		if (a.ret) {
			for (at = 0; at < len; at += PAGE) {
				ret = iommu_try_lookup(&e, A, FREE_IOVA + PAGE + at, &phys);
				EXPECT(!ret && !phys, "allocation %u: +%#llx is mapped", a.nth,
				       (unsigned long long)at);
			}
			engine_dma_write(&e, FREE_IOVA + PAGE, 8, &op);
			EXPECT(op_blocked(&op), "allocation %u: it is mapped", a.nth);
			ret = iommu_map(&e, &b, A, FREE_IOVA + PAGE, 0, len, RW);
			EXPECT(!ret, "allocation %u: trying again: %d", a.nth, ret);
		}
		op = (struct cordon_engine_op){
			.cmd = CORDON_ENGINE_OP_FILL, .dst = FREE_IOVA + PAGE, .len = len,
			.data = a.nth,
		};
		EXPECT(!engine_run(&e, &op) && op_good(&op), "status %#x, bad %#llx", op.status,
		       op.bad);
		none.nth = a.nth;
		begin(&none);
		end(&none, iommu_unmap(&e, &b, A, FREE_IOVA + PAGE, len));
		TRY(cannot_fail(&none));
		begin(&none);
		end(&none, engine_attach(&e, DEFAULT));
		TRY(cannot_fail(&none));
		engine_close(&e);
		TRY(no_pages_lost("after the domain has gone"));
	} while (a.injected);
	/* levels 1 and 2, and three tables of level 3, or one that covers all */
	return judge_all(&a, PAGE == 4096 ? 5 : 2);
}

/* The DMA API, which may not wait for memory: at least two tables of the last level. */
static enum verdict test_dma_api(void)
{
	struct attempt a = { .name = "the DMA API" }, none = { .name = "taking it away" };
	struct cordon_engine_op op;
	struct engine e;
	struct buf b;

	do {
		a.nth++;
		/* a domain without tables below its root: that of a new device */
		TRY(gone_device());
		EXPECT(!look_for_device() && device_has("driver"), "looking for it");
		EXPECT(engine_open_bdf(&e, bdf), "no engine");
		buf_alloc(&e, &b, CORDON_ENGINE_SCATTERED, 3 * BLOCK);
		begin(&a);
		end(&a, buf_map(&e, &b, CORDON_ENGINE_BOTH, 0, b.size));
		TRY(judge(&a));
		if (a.ret)
			EXPECT(!buf_map(&e, &b, CORDON_ENGINE_BOTH, 0, b.size), "trying again");
		op = (struct cordon_engine_op){
			.cmd = CORDON_ENGINE_OP_FILL, .dst = b.iova, .len = b.size, .data = a.nth,
		};
		EXPECT(!engine_run(&e, &op) && op_good(&op), "status %#x, bad %#llx", op.status,
		       op.bad);
		none.nth = a.nth;
		begin(&none);
		end(&none, buf_try_unmap(&e, &b));
		TRY(cannot_fail(&none));
		engine_dma_write(&e, b.iova, 8, &op);
		EXPECT(op_blocked(&op), "it is still mapped");
		engine_close(&e);
	} while (a.injected);
	if (PAGE != 4096 && !a.failures)
		SKIP_BECAUSE("messages need the one table of 64 KiB, too, and have made it");
	return judge_all(&a, 2);
}

static bool type_is(const char *type)
{
	char path[96], now[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), PCI "devices/%s/iommu_group/type", bdf);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%15s", now) != 1)
		now[0] = '\0';
	if (file)
		fclose(file);
	return !strcmp(now, type);
}

/* The type of the default domain is changed in sysfs: to one that needs a new domain. */
static enum verdict change_type(const char *from, const char *to)
{
	struct attempt a = { .name = to };

	do {
		a.nth++;
		EXPECT(!write_of_device("iommu_group/type", from) && type_is(from), "to %s", from);
		begin(&a);
		end(&a, write_of_device("iommu_group/type", to));
		TRY(judge(&a));
		if (a.ret) {
			EXPECT(type_is(from), "allocation %u: it is not %s", a.nth, from);
			if (strcmp(from, "identity"))
				TRY(blocked_raw());
			EXPECT(!write_of_device("iommu_group/type", to), "trying again");
		}
		EXPECT(type_is(to), "allocation %u: it is not %s", a.nth, to);
		TRY(blocked_raw());
	} while (a.injected);
	return judge_all(&a, 2);
}

static enum verdict test_type(void)
{
	EXPECT(!write_of_device("driver/unbind", bdf), "unbinding");
	TRY(change_type("identity", "DMA"));
	TRY(change_type("identity", "DMA-FQ"));
	TRY(change_type("DMA-FQ", "DMA"));
	EXPECT(!write_to(PCI "drivers_probe", bdf), "binding");
	return copy_is(true);
}

/* A device that goes does so in any case. */
static enum verdict test_remove(void)
{
	struct attempt a = { .name = "removing" };

	do {
		a.nth++;
		EXPECT(!write_of_device("driver/unbind", bdf), "unbinding");
		begin(&a);
		end(&a, write_of_device("remove", "1"));
		TRY(cannot_fail(&a));
		EXPECT(!device_has(""), "allocation %u: it is still there", a.nth);
		EXPECT(!look_for_device() && device_has("driver"), "looking for it");
	} while (a.injected);
	return copy_is(true);
}

static const struct test tests[] = {
	{ "load", test_load },
	{ "probe", test_probe },
	{ "bind", test_bind },
	{ "attach", test_attach },
	{ "map", test_map },
	{ "dma_api", test_dma_api },
	{ "type", test_type },
	{ "remove", test_remove },
};

static enum verdict nothing(void)
{
	return PASS;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("usage: no-memory-test BDF [NAME|-NAME...]\n", stderr);
		return 2;
	}
	snprintf(bdf, sizeof(bdf), "%s", argv[1]);
	verbose = getenv("VERBOSE") ? strtoul(getenv("VERBOSE"), NULL, 0) : 0;
	load_depth = getenv("DEPTH") ? strtoul(getenv("DEPTH"), NULL, 0) : 32;
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		die("fail-nth");
	find_text();
	set_up_injection(0, &its_text, 32);
	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argv + 2, nothing, nothing);
}
