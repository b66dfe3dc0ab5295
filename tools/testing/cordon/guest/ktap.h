/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KTAP for static programs on the board.
 *
 * A test is a function that returns PASS, FAIL or SKIP; the macros below
 * return from it and say why.
 */
#ifndef CORDON_GUEST_KTAP_H
#define CORDON_GUEST_KTAP_H

#include <stddef.h>

enum verdict { PASS, FAIL, SKIP };

struct test {
	const char *name;
	enum verdict (*run)(void);
};

/* a line that explains; printf-like */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * ktap_run - run tests and print KTAP
 * @tests: what to run
 * @n: how many
 * @only: names of those wanted, or -NAME for all but that, ended by NULL; NULL for all
 * @before: run before each test; not PASS is the test's verdict
 * @after: run after each test; PASS leaves the test's verdict
 *
 * Return: exit status, 0 if nothing failed.
 */
int ktap_run(const struct test *tests, size_t n, char *const *only,
	     enum verdict (*before)(void), enum verdict (*after)(void));

/* end the test as failed unless @cond; the rest, printf-like, says what was seen */
#define EXPECT(cond, ...)						\
	do {								\
		if (!(cond)) {						\
			say("%s:%d: not so: %s", __FILE__, __LINE__, #cond); \
			say(__VA_ARGS__);				\
			return FAIL;					\
		}							\
	} while (0)

/* end the test with the verdict of @call unless it is PASS */
#define TRY(call)							\
	do {								\
		enum verdict try_verdict = (call);			\
									\
		if (try_verdict != PASS) {				\
			say("%s:%d: from %s", __FILE__, __LINE__, #call); \
			return try_verdict;				\
		}							\
	} while (0)

#define SKIP_BECAUSE(...)						\
	do {								\
		say(__VA_ARGS__);					\
		return SKIP;						\
	} while (0)

#endif /* CORDON_GUEST_KTAP_H */
