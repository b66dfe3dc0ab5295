// SPDX-License-Identifier: GPL-2.0-only
/* KTAP for static programs on the board: see ktap.h. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ktap.h"

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("# ", stdout);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
}

/* Names choose; names after a minus sign leave out. */
static bool wanted(const char *name, char *const *only)
{
	bool chosen = true;

	if (!only)
		return true;
	for (; *only; only++) {
		if (**only == '-' && !strcmp(name, *only + 1))
			return false;
		if (!strcmp(name, *only))
			return true;
		if (**only != '-')
			chosen = false;
	}
	return chosen;
}

static enum verdict run_one(const struct test *t, enum verdict (*before)(void),
			    enum verdict (*after)(void))
{
	enum verdict verdict = before ? before() : PASS;
	enum verdict late;

	if (verdict == PASS)
		verdict = t->run();
	late = after ? after() : PASS;
	return late == PASS ? verdict : late;
}

int ktap_run(const struct test *tests, size_t n, char *const *only,
	     enum verdict (*before)(void), enum verdict (*after)(void))
{
	unsigned int nr = 0, planned = 0;
	bool failed = false;
	size_t i;

	for (i = 0; i < n; i++)
		planned += wanted(tests[i].name, only);
	printf("KTAP version 1\n1..%u\n", planned);
	for (i = 0; i < n; i++) {
		enum verdict verdict;

		if (!wanted(tests[i].name, only))
			continue;
		verdict = run_one(&tests[i], before, after);
		failed |= verdict == FAIL;
		printf("%s %u %s%s\n", verdict == FAIL ? "not ok" : "ok", ++nr,
		       tests[i].name, verdict == SKIP ? " # SKIP" : "");
		fflush(stdout);
	}
	/* a name that matches nothing must not look like success */
	return failed || !planned;
}
