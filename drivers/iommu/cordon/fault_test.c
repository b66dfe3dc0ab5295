// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of fault records, from bits to sentences (spec 6).
 *
 * What is expected was put together by hand from the tables of the
 * specification: nothing here is computed by the macros that the driver uses.
 */
#include <kunit/test.h>

#include "cordon.h"

/* One field of struct cordon_fault_event, and where it is in the record. */
struct field_case {
	const char *name;
	unsigned int dword;
	unsigned int low;
	unsigned int high;
};

#define FIELD(name_, dword_, high_, low_)	\
	{ .name = #name_, .dword = dword_, .low = low_, .high = high_ }

/* spec 6.2, in the order of struct cordon_fault */
static const struct field_case field_cases[] = {
	FIELD(repeat, 0, 1, 1),
	FIELD(stage, 0, 3, 2),
	FIELD(level, 0, 6, 4),
	FIELD(walk, 0, 7, 7),
	FIELD(reason, 0, 15, 8),
	FIELD(read, 0, 16, 16),
	FIELD(write, 0, 17, 17),
	FIELD(exec, 0, 18, 18),
	FIELD(priv, 0, 19, 19),
	FIELD(atomic, 0, 20, 20),
	FIELD(type, 0, 22, 21),
	FIELD(pv, 0, 23, 23),
	FIELD(detail, 0, 31, 24),
	FIELD(count, 0, 63, 32),
	FIELD(devid, 1, 23, 0),
	FIELD(pasid, 1, 43, 24),
	FIELD(charged, 1, 44, 44),
	FIELD(anon, 1, 45, 45),
	FIELD(addr, 2, 63, 0),
	FIELD(ipa, 3, 63, 0),
	FIELD(vmtag, 4, 15, 0),
	FIELD(dtag, 4, 39, 16),
	FIELD(time, 5, 63, 0),
	FIELD(where, 6, 63, 0),
	FIELD(lost, 7, 63, 0),
};

static u64 event_field(const struct cordon_fault_event *event, unsigned int i)
{
	const u64 values[] = {
		event->repeat, event->stage,
		/* as in the record: the level plus one, or 7 for none */
		event->level == CORDON_FAULT_NO_LEVEL ? 7 : event->level + 1,
		event->walk, event->reason, event->read, event->write,
		event->exec, event->priv, event->atomic, event->type, event->pv,
		event->detail, event->count, event->devid, event->pasid,
		event->charged, event->anon, event->addr, event->ipa,
		event->vmtag, event->dtag, event->time, event->where,
		event->lost,
	};

	static_assert(ARRAY_SIZE(values) == ARRAY_SIZE(field_cases));
	return values[i];
}

static void decode(const u64 *dwords, struct cordon_fault_event *event)
{
	struct cordon_fault record;
	u8 bytes[64];

	static_assert(sizeof(record) == sizeof(bytes));
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = dwords[i / 8] >> (i % 8 * 8);
	memcpy(&record, bytes, sizeof(record));
	memset(event, 0xa5, sizeof(*event));
	cordon_fault_decode(&record, event);
}

/*
 * Bit by bit: each of the 512 bits of a record is in the field that the
 * specification names, at its place, and in no other.
 */
static void fault_bits(struct kunit *test)
{
	for (unsigned int bit = 0; bit < 512; bit++) {
		struct cordon_fault_event event;
		u64 dwords[8] = { };

		dwords[bit / 64] = BIT_ULL(bit % 64);
		decode(dwords, &event);
		for (unsigned int i = 0; i < ARRAY_SIZE(field_cases); i++) {
			const struct field_case *f = &field_cases[i];
			u64 expected = 0;

			if (f->dword == bit / 64 && f->low <= bit % 64 &&
			    f->high >= bit % 64)
				expected = BIT_ULL(bit % 64 - f->low);
			KUNIT_EXPECT_EQ_MSG(test, event_field(&event, i),
					    expected, "field %s, bit %u of dword %u",
					    f->name, bit % 64, bit / 64);
		}
	}
}

/* Fields as wide as they are, all at once. */
static void fault_fields(struct kunit *test)
{
	const u64 dwords[8] = {
		0x12345678a59a25ce, 0x00003abcdef54321, 0xfedcba9876543210,
		0x0000123456789abc, 0x000000a1b2c3d4e5, 0x1122334455667788,
		0x0000aabbccddeef0, 0xffffffffffffffff,
	};
	struct cordon_fault_event event;

	decode(dwords, &event);
	/* 0xa59a25ce: 10100101 1001 1010 00100101 1 100 11 1 0 */
	KUNIT_EXPECT_TRUE(test, event.repeat);
	KUNIT_EXPECT_EQ(test, event.stage, 3);
	KUNIT_EXPECT_EQ(test, event.level, 3);
	KUNIT_EXPECT_TRUE(test, event.walk);
	KUNIT_EXPECT_EQ(test, event.reason, 0x25);
	KUNIT_EXPECT_FALSE(test, event.read);
	KUNIT_EXPECT_TRUE(test, event.write);
	KUNIT_EXPECT_FALSE(test, event.exec);
	KUNIT_EXPECT_TRUE(test, event.priv);
	KUNIT_EXPECT_TRUE(test, event.atomic);
	KUNIT_EXPECT_EQ(test, event.type, 0);
	KUNIT_EXPECT_TRUE(test, event.pv);
	KUNIT_EXPECT_EQ(test, event.detail, 0xa5);
	KUNIT_EXPECT_EQ(test, event.count, 0x12345678);
	KUNIT_EXPECT_EQ(test, event.devid, 0xf54321);
	KUNIT_EXPECT_EQ(test, event.pasid, 0xabcde);
	KUNIT_EXPECT_TRUE(test, event.charged);
	KUNIT_EXPECT_TRUE(test, event.anon);
	KUNIT_EXPECT_EQ(test, event.addr, 0xfedcba9876543210);
	KUNIT_EXPECT_EQ(test, event.ipa, 0x0000123456789abcULL);
	KUNIT_EXPECT_EQ(test, event.vmtag, 0xd4e5);
	KUNIT_EXPECT_EQ(test, event.dtag, 0xa1b2c3);
	KUNIT_EXPECT_EQ(test, event.time, 0x1122334455667788ULL);
	KUNIT_EXPECT_EQ(test, event.where, 0xaabbccddeef0ULL);
	KUNIT_EXPECT_EQ(test, event.lost, U64_MAX);
}

/* LEVEL is the level plus one, from level -1; 7 is none. */
static void fault_levels(struct kunit *test)
{
	static const int levels[] = { -1, 0, 1, 2, 3 };

	for (unsigned int i = 0; i < ARRAY_SIZE(levels); i++) {
		const u64 dwords[8] = { i << 4 };
		struct cordon_fault_event event;

		decode(dwords, &event);
		KUNIT_EXPECT_EQ(test, event.level, levels[i]);
	}
}

struct line_case {
	const char *name;
	struct cordon_fault_event event;
	struct cordon_fault_names names;
	const char *line[5];	/* in parts */
};

static const struct line_case line_cases[] = {
	{
		.name = "not mapped",
		.event = {
			.addr = 0xfffff000, .devid = 8, .dtag = 3, .count = 1,
			.reason = 0x22, .stage = 1, .level = 3, .write = true,
		},
		.names = {
			.driver = "nvme", .device = "0000:00:01.0",
			.domain = "DMA", .tags.dtag = 3,
		},
		.line = {
			"blocked DMA: nvme 0000:00:01.0 write to 0xfffff000",
			": not mapped (stage 1 level 3)",
			", domain 3 (DMA), 1 time",
		},
	}, {
		.name = "not permitted, again and again",
		.event = {
			.addr = 0x1000, .devid = 0x110, .dtag = 0xffffff,
			.count = 4096, .reason = 0x25, .stage = 1, .level = 2,
			.read = true, .write = true, .repeat = true,
		},
		.names = {
			.driver = "vfio-pci", .device = "0000:02:00.0",
			.domain = "unmanaged", .tags.dtag = 0xffffff,
			.suppressed = 17, .lost = 5,
		},
		.line = {
			"blocked DMA: vfio-pci 0000:02:00.0 read and write to 0x1000",
			": not permitted (stage 1 level 2)",
			", domain 16777215 (unmanaged), 4096 more times",
			"; 17 earlier ones not shown; 5 earlier ones lost",
		},
	}, {
		.name = "of a domain that the device has left",
		.event = {
			.addr = 0x2000, .devid = 8, .dtag = 3, .count = 1,
			.reason = 0x22, .stage = 1, .level = 0, .read = true,
		},
		.names = {
			.driver = "nvme", .device = "0000:00:01.0",
			.domain = "DMA", .tags.dtag = 4,
		},
		.line = {
			"blocked DMA: nvme 0000:00:01.0 read from 0x2000",
			": not mapped (stage 1 level 0)",
			", domain 3 (left since), 1 time",
		},
	}, {
		.name = "blocked, without a driver",
		.event = {
			.addr = 0, .devid = 8, .count = 1, .reason = 0x1b,
			.level = CORDON_FAULT_NO_LEVEL, .read = true,
		},
		.names = { .device = "0000:00:01.0", .domain = "blocked" },
		.line = {
			"blocked DMA: no driver 0000:00:01.0 read from 0x0",
			": device blocked",
			", domain blocked, 1 time",
		},
	}, {
		.name = "nobody's DeviceID",
		.event = {
			.addr = 0xdeadbeef000, .devid = 0xabcdef, .count = 2,
			.reason = 0x04, .level = CORDON_FAULT_NO_LEVEL,
			.exec = true, .anon = true,
		},
		.line = {
			"blocked DMA: no driver DeviceID 0xabcdef execute at 0xdeadbeef000",
			": device not set up",
			", domain none, 2 times",
		},
	}, {
		.name = "malformed context",
		.event = {
			.addr = 0x10, .devid = 8, .count = 1, .reason = 0x08,
			.detail = 14, .level = CORDON_FAULT_NO_LEVEL,
			.atomic = true, .read = true, .write = true,
		},
		.names = { .driver = "igb", .device = "0000:00:02.0" },
		.line = {
			"blocked DMA: igb 0000:00:02.0 atomic at 0x10",
			": malformed device context (check 14)",
			", domain none, 1 time",
		},
	}, {
		.name = "a process",
		.event = {
			.addr = 0xffff80001000, .devid = 8, .pasid = 0xfffff,
			.pv = true, .dtag = 9, .count = 1, .reason = 0x23,
			.stage = 1, .level = -1, .priv = true, .read = true,
		},
		.names = {
			.driver = "igb", .device = "0000:00:02.0",
			.domain = "DMA-FQ", .tags.dtag = 9,
		},
		.line = {
			"blocked DMA: igb 0000:00:02.0 PASID 1048575 privileged read from 0xffff80001000",
			": mapped to an address too large (stage 1 level -1)",
			", domain 9 (DMA-FQ), 1 time",
		},
	}, {
		.name = "stage 2, of a walk of stage 1",
		.event = {
			.addr = 0x5000, .ipa = 0x7000, .devid = 8, .vmtag = 1,
			.dtag = 9, .count = 1, .reason = 0x22, .stage = 2,
			.level = 1, .walk = true, .write = true,
		},
		.names = {
			.driver = "vfio-pci", .device = "0000:00:02.0",
			.domain = "other", .tags = { 1, 9 },
		},
		.line = {
			"blocked DMA: vfio-pci 0000:00:02.0 write to 0x5000",
			": not mapped (stage 2 level 1, while walking, IPA 0x7000)",
			", domain 9 of VM tag 1 (other), 1 time",
		},
	}, {
		.name = "stage 2 alone",
		.event = {
			.addr = 0x5000, .ipa = 0x5000, .devid = 8, .vmtag = 7,
			.count = 1, .reason = 0x25, .stage = 2, .level = 3,
			.write = true,
		},
		.names = {
			.driver = "nvme", .device = "0000:00:01.0",
			.domain = "DMA", .tags.vmtag = 7,
		},
		.line = {
			"blocked DMA: nvme 0000:00:01.0 write to 0x5000",
			": not permitted (stage 2 level 3, IPA 0x5000)",
			", domain of VM tag 7 (DMA), 1 time",
		},
	}, {
		.name = "stage 2 that the device has left for stage 1",
		.event = {
			.addr = 0x5000, .ipa = 0x5000, .devid = 8, .vmtag = 7,
			.count = 1, .reason = 0x22, .stage = 2, .level = 3,
			.read = true,
		},
		.names = {
			.driver = "nvme", .device = "0000:00:01.0",
			.domain = "DMA", .tags.dtag = 7,
		},
		.line = {
			"blocked DMA: nvme 0000:00:01.0 read from 0x5000",
			": not mapped (stage 2 level 3, IPA 0x5000)",
			", domain of VM tag 7 (left since), 1 time",
		},
	}, {
		.name = "an ATS translation request",
		.event = {
			.addr = 0x5000, .devid = 8, .count = 1, .reason = 0x11,
			.level = CORDON_FAULT_NO_LEVEL, .type = 2, .read = true,
		},
		.names = { .device = "0000:00:02.0", .domain = "identity" },
		.line = {
			"blocked DMA: no driver 0000:00:02.0 ATS request to read from 0x5000",
			": ATS off",
			", domain identity, 1 time",
		},
	}, {
		.name = "a translated request of zero length",
		.event = {
			.addr = 0x5000, .devid = 8, .count = 1, .reason = 0x10,
			.level = CORDON_FAULT_NO_LEVEL, .type = 1,
		},
		.names = { .device = "0000:00:02.0", .domain = "identity" },
		.line = {
			"blocked DMA: no driver 0000:00:02.0 translated access to 0x5000",
			": translated requests not allowed",
			", domain identity, 1 time",
		},
	},
};

static void line_desc(const struct line_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(line, line_cases, line_desc);

static void fault_line(struct kunit *test)
{
	const struct line_case *c = test->param_value;
	char expected[320] = "", line[320], small[40];
	int n;

	for (unsigned int i = 0; i < ARRAY_SIZE(c->line) && c->line[i]; i++)
		strlcat(expected, c->line[i], sizeof(expected));
	n = cordon_fault_describe(&c->event, &c->names, line, sizeof(line));
	KUNIT_EXPECT_STREQ(test, line, expected);
	KUNIT_EXPECT_EQ(test, n, strlen(expected));

	/* What does not fit is cut, and ends. */
	memset(small, 'x', sizeof(small));
	cordon_fault_describe(&c->event, &c->names, small, sizeof(small) - 1);
	KUNIT_EXPECT_EQ(test, strnlen(small, sizeof(small)), sizeof(small) - 2);
	KUNIT_EXPECT_EQ(test, small[sizeof(small) - 1], 'x');
}

/* Every reason of spec 6.1 has words of its own, every other value has none. */
static void fault_reasons(struct kunit *test)
{
	static const u8 reasons[] = {
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x10,
		0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a,
		0x1b, 0x1c, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x30,
		0x31, 0x32, 0x33,
	};
	const char *unknown = cordon_fault_reason_text(0xff);
	unsigned int known = 0;

	for (unsigned int i = 0; i < 256; i++) {
		if (known < ARRAY_SIZE(reasons) && reasons[known] == i) {
			const char *text = cordon_fault_reason_text(i);

			KUNIT_EXPECT_STRNEQ(test, text, unknown);
			for (unsigned int j = 0; j < known; j++)
				KUNIT_EXPECT_STRNEQ(test, text,
						    cordon_fault_reason_text(reasons[j]));
			known++;
		} else {
			KUNIT_EXPECT_STREQ(test, cordon_fault_reason_text(i),
					   unknown);
		}
	}
	KUNIT_EXPECT_EQ(test, known, ARRAY_SIZE(reasons));
}

/*
 * spec 6.2: the phase is 1 on odd passes round the ring.  Several passes, and
 * the wrap of the free-running index.
 */
static void fault_ready(struct kunit *test)
{
	static const u32 starts[] = { 0, 0x7ffffff0, 0xffffffe0 };
	const unsigned int log2 = 3;

	for (unsigned int s = 0; s < ARRAY_SIZE(starts); s++) {
		for (u32 i = 0; i < 64; i++) {
			u32 index = starts[s] + i;
			bool odd = index / 8 % 2 == 0;	/* the first is odd */
			struct cordon_fault record = { };

			/* as the pass before left it, or as it was zeroed */
			record.info = cpu_to_le64(odd ? 0x2200 : 0x2201);
			KUNIT_EXPECT_FALSE_MSG(test,
					       cordon_fault_ready(&record, index, log2),
					       "index 0x%x, old", index);
			record.info = cpu_to_le64(odd ? 0x2201 : 0x2200);
			KUNIT_EXPECT_TRUE_MSG(test,
					      cordon_fault_ready(&record, index, log2),
					      "index 0x%x, new", index);
		}
	}
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(fault_bits),
	KUNIT_CASE(fault_fields),
	KUNIT_CASE(fault_levels),
	KUNIT_CASE_PARAM(fault_line, line_gen_params),
	KUNIT_CASE(fault_reasons),
	KUNIT_CASE(fault_ready),
	{ }
};

static struct kunit_suite fault_suite = {
	.name = "cordon_fault",
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
