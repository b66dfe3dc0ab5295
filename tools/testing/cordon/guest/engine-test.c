// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of Cordon by its DMA test engine. Usage: engine-test [NAME|-NAME...]
 *
 * The engine's driver must be bound to one.
 */
#include <stdlib.h>

#include "tests.h"

struct engine eng = { .fd = -1 };

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
	{ "remap_dma", test_remap_dma },
	{ "remap_iommu", test_remap_iommu },
	{ "read_only_after_write", test_read_only_after_write },
	{ "blocks_and_tables", test_blocks_and_tables },
	{ "domains", test_domains },
	{ "switch_under_dma", test_switch_under_dma },
	{ "map_under_dma", test_map_under_dma },
	{ "fault_handler", test_fault_handler },
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
	EXPECT(engine_open(&eng, 0), "no engine with its driver");
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
