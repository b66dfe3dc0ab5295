// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of Cordon by its DMA test engine. Usage: engine-test [@ENGINE] [NAME|-NAME...]
 *
 * ENGINE is the N of /dev/cordon-engineN, a bus (pci, platform) or a device's name;
 * otherwise it is engine 0. Engines need their driver.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests.h"

struct engine eng = { .fd = -1 };
unsigned int eng_nr;

static const struct test tests[] = {
	{ "copy", test_copy },
	{ "interrupt", test_interrupt },
	{ "atomic", test_atomic },
	{ "never_mapped", test_never_mapped },
	{ "beyond_mapping", test_beyond_mapping },
	{ "read_only", test_read_only },
	{ "gather", test_gather },
	{ "reset", test_reset },
	{ "unmap", test_unmap },
	{ "unmap_pages", test_unmap_pages },
	{ "remap_dma", test_remap_dma },
	{ "remap_iommu", test_remap_iommu },
	{ "read_only_after_write", test_read_only_after_write },
	{ "blocks_and_tables", test_blocks_and_tables },
	{ "domains", test_domains },
	{ "switch_under_dma", test_switch_under_dma },
	{ "map_under_dma", test_map_under_dma },
	{ "fault_handler", test_fault_handler },
	{ "shared_domain", test_shared_domain },
	{ "shared_under_dma", test_shared_under_dma },
	{ "unit_dies", test_unit_dies },
	{ "load", test_load },
	{ "report", test_report },
	{ "each_fault_once", test_each_fault_once },
	{ "flood", test_flood },
};

uint64_t random_below(uint64_t limit)
{
	return (((uint64_t)random() << 31) | random()) % limit;
}

static enum verdict before(void)
{
	srandom(1);
	EXPECT(engine_open(&eng, eng_nr), "no engine %u with its driver", eng_nr);
	return PASS;
}

static enum verdict after(void)
{
	watch_stop();
	engine_close(&eng);
	return PASS;
}

/* The engine of that name becomes the tests' engine. */
static bool choose(const char *word)
{
	struct engine e;

	if (!engine_find(&e, word, &eng_nr))
		return false;
	engine_close(&e);
	return true;
}

int main(int argc, char **argv)
{
	char **names = argv + 1;

	if (argc > 1 && *argv[1] == '@') {
		if (!choose(argv[1] + 1)) {
			printf("Bail out! there is no engine %s\n", argv[1] + 1);
			return 2;
		}
		names++;
	}
	return ktap_run(tests, sizeof(tests) / sizeof(*tests), names, before, after);
}
