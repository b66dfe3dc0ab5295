// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what keeps devices apart, by two engines on PCI whose driver is bound.
 * Usage: security-test NAME...
 */
#include <stdlib.h>

#include "bar.h"
#include "tests.h"

struct engine eng = { .fd = -1 };
unsigned int eng_nr;

static const struct test tests[] = {
	{ "million", test_million },
	{ "messages", test_messages },
	{ "unmap_always", test_unmap_always },
	/* of hostile-tests, which sees to the state that they want */
	{ "one_fault", test_one_fault },
	{ "replace", test_replace },
};

uint64_t random_below(uint64_t limit)
{
	return (((uint64_t)random() << 31) | random()) % limit;
}

static enum verdict before(void)
{
	srandom(1);
	EXPECT(engine_open_pci(&eng, CORDON_ENGINE_DEVICE, 0), "no engine with its driver");
	return PASS;
}

static enum verdict after(void)
{
	watch_stop();
	engine_close(&eng);
	return PASS;
}

int main(int argc, char **argv)
{
	(void)argc;
	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argv + 1, before, after);
}
