// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of commands and their completion (spec 5).
 *
 * What is expected was put together by hand from the tables of the
 * specification: nothing here is computed by the macros that the driver uses.
 */
#include <kunit/test.h>

#include "cordon.h"

static void expect_cmd(struct kunit *test, struct cordon_cmd cmd, u64 op,
		       u64 target, u64 first, u64 last)
{
	const u64 dwords[4] = { op, target, first, last };
	u8 expected[32];

	for (unsigned int i = 0; i < sizeof(expected); i++)
		expected[i] = dwords[i / 8] >> (i % 8 * 8);

	KUNIT_EXPECT_EQ(test, sizeof(cmd), sizeof(expected));
	KUNIT_EXPECT_MEMEQ(test, &cmd, expected, sizeof(expected));
}

/*
 * spec 5.4: LEAF is bit 46 of target, PGSIZE counts from bit 47, the VM tag is
 * bits 15:0, the domain tag bits 39:16.
 */
static void commands(struct kunit *test)
{
	expect_cmd(test, cordon_cmd_sync(), 0x01, 0, 0, 0);
	expect_cmd(test, cordon_cmd_inv_all(), 0x02, 0, 0, 0);

	expect_cmd(test, cordon_cmd_inv_device(0x10, 0x20, false),
		   0x03, 0, 0x10, 0x20);
	expect_cmd(test, cordon_cmd_inv_device(0, 0xffffff, true),
		   0x03, 0x400000000000, 0, 0xffffff);

	expect_cmd(test, cordon_cmd_inv_range(0, 1, 0x1000, 0x1fff, false, 0),
		   0x05, 0x10000, 0x1000, 0x1fff);
	expect_cmd(test, cordon_cmd_inv_range(0xbeef, 0xabcdef,
					      0x123456789abc,
					      0xfedcba987654, true, 12),
		   0x05, 0x000640abcdefbeef, 0x123456789abc, 0xfedcba987654);
	expect_cmd(test, cordon_cmd_inv_range(0xffff, 0xffffff, 0, ~0ULL,
					      false, 52),
		   0x05, 0x001a00ffffffffff, 0, 0xffffffffffffffff);

	expect_cmd(test, cordon_cmd_inv_dtag(0, 0xffffff),
		   0x06, 0xffffff0000, 0, 0);
	expect_cmd(test, cordon_cmd_inv_dtag(0x1234, 0x56789a),
		   0x06, 0x56789a1234, 0, 0);

	expect_cmd(test, cordon_cmd_inv_vmtag(1), 0x07, 1, 0, 0);
	expect_cmd(test, cordon_cmd_inv_vmtag(0xffff), 0x07, 0xffff, 0, 0);

	expect_cmd(test, cordon_cmd_inv_s2range(1, 0x1000, 0x1fff, false, 0),
		   0x08, 0x1, 0x1000, 0x1fff);
	expect_cmd(test, cordon_cmd_inv_s2range(0xbeef, 0x123456789abc,
						0xfedcba987654, true, 16),
		   0x08, 0x000840000000beef, 0x123456789abc, 0xfedcba987654);
	expect_cmd(test, cordon_cmd_inv_s2range(0xffff, 0, ~0ULL, false, 52),
		   0x08, 0x001a00000000ffff, 0, 0xffffffffffffffff);
}

/* spec 5.3.1: COMPLETE is bit 8, SLOT bits 31:16, VALUE bits 63:32 */
static void command_completes(struct kunit *test)
{
	struct cordon_cmd cmd = cordon_cmd_sync();

	cmd.op |= cordon_cmd_completion(0x1234, 0xdeadbeef);
	expect_cmd(test, cmd, 0xdeadbeef12340101, 0, 0, 0);

	cmd = cordon_cmd_sync();
	cmd.op |= cordon_cmd_completion(0, 0);
	expect_cmd(test, cmd, 0x101, 0, 0, 0);

	cmd = cordon_cmd_inv_range(0, 5, 0x1000, 0x2fff, true, 12);
	cmd.op |= cordon_cmd_completion(0xffff, 0xffffffff);
	expect_cmd(test, cmd, 0xffffffffffff0105, 0x0006400000050000, 0x1000,
		   0x2fff);
}

/* spec 5.5: bits 31:0 are the value, 39:32 the status; OK is 1 */
#define OK(value)	(0x100000000 | (u32)(value))

struct done_case {
	const char *name;
	u64 word;
	u32 index;
	bool done;
};

static const struct done_case done_cases[] = {
	{ "never written, index 0", 0, 0, false },
	{ "never written, index before the wrap", 0, 0xffffffff, false },
	{ "a value without a status", 5, 5, false },
	{ "this one", OK(5), 5, true },
	{ "index 0", OK(0), 0, true },
	{ "an earlier one with the same slot", OK(5), 6, false },
	{ "a later one with the same slot", OK(1029), 5, true },
	{ "the last before the wrap", OK(0xffffffff), 0xffffffff, true },
	{ "after the wrap, waiting for before", OK(2), 0xfffffffe, true },
	{ "before the wrap, waiting for after", OK(0xfffffffe), 2, false },
	{ "as far behind as can be told", OK(0x80000004), 5, true },
	{ "one further", OK(0x80000005), 5, false },
	{ "skipped", 0x200000005, 5, true },
	{ "timed out", 0x300000005, 5, true },
	{ "refused", 0x400000005, 5, true },
	{ "too many", 0x500000005, 5, true },
};

static void done_desc(const struct done_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(done, done_cases, done_desc);

static void completion_is_done(struct kunit *test)
{
	const struct done_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, cordon_completion_done(c->word, c->index),
			c->done);
}

static void completion_error(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, cordon_completion_error(OK(0)), 0);
	KUNIT_EXPECT_EQ(test, cordon_completion_error(OK(~0)), 0);
	KUNIT_EXPECT_EQ(test, cordon_completion_error(0x200000001), -EIO);
	KUNIT_EXPECT_EQ(test, cordon_completion_error(0x300000001),
			-ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, cordon_completion_error(0x400000001), -ENXIO);
	KUNIT_EXPECT_EQ(test, cordon_completion_error(0x500000001), -EBUSY);
	/* what a later version of the hardware may say is no success */
	KUNIT_EXPECT_EQ(test, cordon_completion_error(0x600000001), -EIO);
	KUNIT_EXPECT_EQ(test, cordon_completion_error(0xff00000001), -EIO);
}

struct reason_case {
	unsigned int reason;
	const char *text;
};

/* spec 5.6 */
static const struct reason_case reason_cases[] = {
	{ 0x00, "no reason" },
	{ 0x01, "unknown or absent operation" },
	{ 0x02, "reserved bit set" },
	{ 0x03, "operand out of bounds" },
	{ 0x04, "slot outside the completion area" },
	{ 0x05, "not allowed in a guest's queue" },
	{ 0x06, "device not in the guest's device map" },
	{ 0x07, "command could not be read" },
	{ 0x08, "completion or status could not be written" },
	{ 0x09, "tail out of bounds" },
	{ 0x0a, "reason unknown to this driver" },
	{ 0x10, "descriptor could not be read" },
	{ 0x11, "no descriptor" },
	{ 0x12, "malformed descriptor" },
	{ 0xff, "reason unknown to this driver" },
};

static void reason_desc(const struct reason_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "0x%02x", c->reason);
}

KUNIT_ARRAY_PARAM(reason, reason_cases, reason_desc);

static void queue_reason(struct kunit *test)
{
	const struct reason_case *c = test->param_value;

	KUNIT_EXPECT_STREQ(test, cordon_queue_reason_text(c->reason), c->text);
}

struct words_case {
	struct cordon_cmd cmd;
	const char *words;
};

#define CMD(op_, target_, first_, last_)		\
	{						\
		.op = cpu_to_le64(op_),			\
		.target = cpu_to_le64(target_),		\
		.first = cpu_to_le64(first_),		\
		.last = cpu_to_le64(last_),		\
	}

#define UNKNOWN	"unknown operation 0x"
#define ZEROS	"00000000000000"

static const struct words_case words_cases[] = {
	{ CMD(0x01, 0, 0, 0), "SYNC" },
	{ CMD(0x02, 0, 0, 0), "INV_ALL" },
	{ CMD(0x03, 0, 0x10, 0x20),
	  "INV_DEVICE of DeviceIDs 0x10 to 0x20" },
	{ CMD(0x03, 0x400000000000, 0x8, 0x8),
	  "INV_DEVICE of DeviceIDs 0x8 to 0x8, leaf only" },
	{ CMD(0x04, 0xabcdef, 1, 2),
	  "INV_PROCESS of DeviceID 0xabcdef, PASIDs 0x1 to 0x2" },
	{ CMD(0x12300000105, 0x640000030000, 0x1000, 0x2fff),
	  "INV_RANGE of VM 0, domain 3, 0x1000 to 0x2fff, leaf only" },
	{ CMD(0x06, 0x50004, 0, 0), "INV_DTAG of VM 4, domain 5" },
	{ CMD(0x07, 0x4, 0, 0), "INV_VMTAG of VM 4, domain 0" },
	{ CMD(0x08, 0x4, 0, ~0ULL),
	  "INV_S2RANGE of VM 4, domain 0, 0x0 to 0xffffffffffffffff" },
	{ CMD(0x09, 0x8, 0, 0xfff), "INV_ATC of DeviceID 0x8, 0x0 to 0xfff" },
	{ CMD(0x0a, 0x8, 0x1, 0), "RESPOND of DeviceID 0x8, 0x1 to 0x0" },
	{ CMD(0x77, 0x123456789abcdef0, ~0ULL, 0x3),
	  UNKNOWN "77 (" ZEROS "77 123456789abcdef0 ffffffffffffffff " ZEROS "03)" },
};

static void words_desc(const struct words_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", c->words);
}

KUNIT_ARRAY_PARAM(words, words_cases, words_desc);

static void command_words(struct kunit *test)
{
	const struct words_case *c = test->param_value;
	char buf[128], small[8];

	cordon_cmd_describe(&c->cmd, buf, sizeof(buf));
	KUNIT_EXPECT_STREQ(test, buf, c->words);

	/* What does not fit is cut, and ends. */
	memset(small, 'x', sizeof(small));
	cordon_cmd_describe(&c->cmd, small, sizeof(small) - 1);
	KUNIT_EXPECT_LT(test, strnlen(small, sizeof(small)), sizeof(small) - 1);
	KUNIT_EXPECT_EQ(test, small[sizeof(small) - 1], 'x');
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(commands),
	KUNIT_CASE(command_completes),
	KUNIT_CASE_PARAM(completion_is_done, done_gen_params),
	KUNIT_CASE(completion_error),
	KUNIT_CASE_PARAM(queue_reason, reason_gen_params),
	KUNIT_CASE_PARAM(command_words, words_gen_params),
	{ }
};

static struct kunit_suite queue_suite = {
	.name = "cordon_queue",
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);
