// SPDX-License-Identifier: GPL-2.0-only
/*
 * One operation of the DMA test engine, by hand. Exit status: 0 done, 1 terminated,
 * 2 not done.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define BUFFER_MAX	(64UL << 20)

static const char usage[] =
	"usage: dma ENGINE read|write|copy|fill|atomic [WORD=VALUE...]\n"
	"\n"
	"ENGINE is a number, a bus (pci, platform) or a device's name. Words:\n"
	"  src=WHERE, dst=WHERE  a bus address, or mapped[+N], physical[+N]: byte N of a\n"
	"                        buffer of the tool's, where the DMA API has mapped it,\n"
	"                        or where it is in memory\n"
	"  len=N                 bytes (8)\n"
	"  data=N                pattern of fill; what atomic adds\n"
	"  count=N               repetitions (1)\n"
	"  delay=N               ns of guest time between pieces of 4 KiB (0)\n"
	"  pasid=N               the PASID of all requests (none)\n"
	"  attr=pe               they are privileged (p), reads execute (e)\n"
	"  wait=irq              for the interrupt, instead of asking again and again\n"
	"  on-error=go           count it and go on\n"
	"  buffer=N              bytes of the buffer (65536)\n"
	"  dir=to|from|both      what the engine may do: read it, write it (both)\n"
	"  show=N                bytes to print: of the buffer from dst on, or, after\n"
	"                        read, of the engine's own\n"
	"\n"
	"Both buffers begin as bytes 00, 01 ... ff, again and again.\n";

static struct engine eng;
static struct buf buf;

/* an address, and where that is in the buffer, if it is */
struct where {
	uint64_t addr;
	uint64_t offset;
};

static void __attribute__((noreturn)) refuse(const char *what, const char *word)
{
	fprintf(stderr, "dma: %s: %s\n", what, word);
	exit(2);
}

static uint64_t number(const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-')
		refuse("not a number", text);
	return value;
}

/* what follows "NAME=" among the words, or NULL */
static const char *word(char **words, const char *name)
{
	size_t len = strlen(name);

	for (; *words; words++)
		if (!strncmp(*words, name, len) && (*words)[len] == '=')
			return *words + len + 1;
	return NULL;
}

static uint64_t number_of(char **words, const char *name, uint64_t otherwise)
{
	const char *text = word(words, name);

	return text ? number(text) : otherwise;
}

static void check_words(char **words)
{
	static const char *const known[] = {
		"src", "dst", "len", "data", "count", "delay", "pasid", "attr", "wait",
		"on-error", "buffer", "dir", "show",
	};
	size_t i, len;

	for (; *words; words++) {
		len = strcspn(*words, "=");
		for (i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (strlen(known[i]) == len && !strncmp(*words, known[i], len) &&
			    (*words)[len])
				break;
		if (i == sizeof(known) / sizeof(*known))
			refuse("no such word", *words);
	}
}

static struct where where(char **words, const char *name)
{
	const char *text = word(words, name), *plus;
	struct where w = { };

	if (!text)
		return w;
	plus = strchr(text, '+');
	if (!strncmp(text, "mapped", 6) && (!text[6] || plus == text + 6)) {
		w.addr = buf.iova;
	} else if (!strncmp(text, "physical", 8) && (!text[8] || plus == text + 8)) {
		w.addr = buf.phys;
	} else {
		w.addr = number(text);
		return w;
	}
	w.offset = plus ? number(plus + 1) : 0;
	w.addr += w.offset;
	return w;
}

static uint32_t operation(const char *name)
{
	static const char *const names[] = {
		[CORDON_ENGINE_OP_READ] = "read", [CORDON_ENGINE_OP_WRITE] = "write",
		[CORDON_ENGINE_OP_COPY] = "copy", [CORDON_ENGINE_OP_FILL] = "fill",
		[CORDON_ENGINE_OP_ATOMIC] = "atomic",
	};
	uint32_t i;

	for (i = 1; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return i;
	refuse("no such operation", name);
}

static uint32_t carried(char **words)
{
	const char *attr = word(words, "attr");
	uint32_t pasid = 0;

	if (word(words, "pasid"))
		pasid = CORDON_ENGINE_PASID_VALID | number_of(words, "pasid", 0);
	for (; attr && *attr; attr++) {
		if (*attr == 'p')
			pasid |= CORDON_ENGINE_PASID_PRIV;
		else if (*attr == 'e')
			pasid |= CORDON_ENGINE_PASID_EXEC;
		else
			refuse("no such attribute", attr);
	}
	return pasid;
}

static uint32_t direction(char **words)
{
	const char *dir = word(words, "dir");

	if (!dir || !strcmp(dir, "both"))
		return CORDON_ENGINE_BOTH;
	if (!strcmp(dir, "to"))
		return CORDON_ENGINE_TO_DEVICE;
	if (!strcmp(dir, "from"))
		return CORDON_ENGINE_FROM_DEVICE;
	refuse("no such direction", dir);
}

static void fill_buffers(void)
{
	uint8_t *bytes = malloc(buf.size);
	size_t i;

	if (!bytes)
		die("memory");
	for (i = 0; i < buf.size; i++)
		bytes[i] = i;
	buf_write(&eng, &buf, 0, bytes, buf.size);
	own_write(&eng, 0, bytes, CORDON_ENGINE_BUFFER_SIZE);
	free(bytes);
}

static void show(const struct where *w, uint32_t op, uint64_t len)
{
	bool own = op == CORDON_ENGINE_OP_READ;
	uint64_t size = own ? CORDON_ENGINE_BUFFER_SIZE : buf.size;
	uint64_t from = own ? 0 : w->offset, i;
	uint8_t byte;

	for (i = 0; i < len && from + i < size; i++) {
		if (own)
			own_read(&eng, from + i, &byte, 1);
		else
			buf_read(&eng, &buf, from + i, &byte, 1);
		printf("%s%02x", i % 16 ? " " : i ? "\n" : "", byte);
	}
	printf("\n");
}

static int report(const struct cordon_engine_op *op, int ret)
{
	if (ret && ret != -ETIMEDOUT) {
		printf("not done: %s\n", strerror(-ret));
		return 2;
	}
	if (op->status & CORDON_ENGINE_STATUS_REFUSED) {
		printf("not done: the engine refused it\n");
		return 2;
	}
	printf("%s: moved %llu bytes, did it %llu times", ret ? "ended after a while" :
	       op->status & CORDON_ENGINE_STATUS_ERROR ? "terminated" : "done",
	       op->moved, op->done);
	if (op->errors)
		printf(", %llu requests terminated, the first at 0x%llx", op->errors, op->bad);
	printf("\n");
	return ret ? 2 : !!(op->status & CORDON_ENGINE_STATUS_ERROR);
}

int main(int argc, char **argv)
{
	struct cordon_engine_op op = { };
	const char *wait, *on_error;
	struct where src, dst;
	char **words = argv + 3;
	unsigned int n;
	int ret;

	if (argc < 3) {
		fputs(usage, stderr);
		return 2;
	}
	check_words(words);
	op.cmd = operation(argv[2]);
	wait = word(words, "wait");
	if (wait && strcmp(wait, "irq"))
		refuse("nothing to wait for", wait);
	on_error = word(words, "on-error");
	if (on_error && strcmp(on_error, "go"))
		refuse("nothing to do on an error", on_error);
	op.flags = wait ? CORDON_ENGINE_WAIT_IRQ : 0;
	op.cmd |= on_error ? CORDON_ENGINE_CMD_KEEP_GOING : 0;
	op.len = number_of(words, "len", 8);
	op.data = number_of(words, "data", 0);
	op.count = number_of(words, "count", 1);
	op.delay = number_of(words, "delay", 0);
	op.pasid = carried(words);
	op.timeout_ms = 60000;

	if (!engine_find(&eng, argv[1], &n))
		refuse("no such engine", argv[1]);
	if (number_of(words, "buffer", 65536) > BUFFER_MAX || !number_of(words, "buffer", 65536))
		refuse("no such buffer", word(words, "buffer"));
	buf_alloc(&eng, &buf, CORDON_ENGINE_PAGES, number_of(words, "buffer", 65536));
	fill_buffers();
	if (buf_map(&eng, &buf, direction(words), 0, buf.size))
		die("mapping the buffer");
	src = where(words, "src");
	dst = where(words, "dst");
	op.src = src.addr;
	op.dst = dst.addr;
	ret = engine_run(&eng, &op);
	ret = report(&op, ret);
	if (op.cmd == CORDON_ENGINE_OP_ATOMIC && !ret)
		printf("it was 0x%llx\n", op.data);
	if (word(words, "show"))
		show(&dst, op.cmd & 0xff, number_of(words, "show", 0));
	return ret;
}
