// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: the reference model under libFuzzer.
 *
 * An input is 16 bytes that make a unit and a world, then steps. With bit 0 of
 * the first byte clear and bit 1 set, software does nothing wrong. With bit 2 set
 * the input is run twice, once with its states saved and loaded.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define HEAD	16

static uint64_t run(const uint8_t *data, size_t size, unsigned int twin)
{
	static struct world world;
	static uint8_t *state, *again;
	static struct fuzz f;
	static size_t room;
	uint64_t seed;

	if (!world.win[0].mem)
		world_init(&world, 0);
	memset(&f, 0, sizeof(f));
	f.w = world;
	f.state = state;
	f.again = again;
	f.state_room = room;
	f.at = data + HEAD;
	f.end = data + size;
	f.tidy = (data[0] & 3) == 2;
	f.twin = twin;
	f.answers = data[0] >> 6;
	memcpy(&seed, data + 1, 4);
	seed &= 0xffffffff;
	if (unit_start(&f, seed, data + 8)) {
		fuzz_steps(&f);
		books_check(&f);
		registers_check(&f);
	}
	state = f.state;
	again = f.again;
	room = f.state_room;
	world = f.w;
	return f.hash;
}

int fuzz_run(const uint8_t *data, size_t size)
{
	struct fuzz f = { .at = data, .end = data };

	if (size <= HEAD)
		return -1;
	if (!(data[0] & 4))
		run(data, size, 0);
	else if (run(data, size, 1) != run(data, size, 2))
		die(&f, "saved and loaded, the unit behaves otherwise");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_run(data, size);
}
