// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what debugfs and sysfs show, against the reference model.
 */
#include <kunit/device.h>
#include <linux/cleanup.h>
#include <linux/kthread.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>

#include "model_test.h"
#include "walk.h"

#define PA_A		0x0000080000000000ULL
#define RW		(IOMMU_READ | IOMMU_WRITE)

/* spec 6.1 */
#define NOT_MAPPED	0x22

#ifdef CONFIG_DEBUG_FS

/* A file that nobody has opened: text goes to memory. */
struct page_of_text {
	struct seq_file s;
	char text[8192];
};

static struct seq_file *blank(struct kunit *test)
{
	struct page_of_text *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->s.buf = p->text;
	p->s.size = sizeof(p->text) - 1;
	return &p->s;
}

static void shown(struct kunit *test, const struct seq_file *s,
		  const char *what)
{
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(s->buf, what),
				  "no \"%s\" in:\n%s", what, s->buf);
}

static void not_shown(struct kunit *test, const struct seq_file *s,
		      const char *what)
{
	KUNIT_EXPECT_NULL_MSG(test, strstr(s->buf, what), "\"%s\" in:\n%s",
			      what, s->buf);
}

/* By DeviceID: names of KUnit's devices have the test's before them. */
static struct seq_file *ask(struct kunit *test, struct cordon_unit *unit,
			    const char *words)
{
	struct seq_file *s = blank(test);
	struct cordon_question q;
	char text[96];

	strscpy(text, words, sizeof(text));
	KUNIT_ASSERT_EQ(test, cordon_question_parse(unit, text, &q), 0);
	cordon_show_walk(s, unit, &q);
	return s;
}

struct scene {
	struct model_unit *m;
	struct iommu_domain *domain;
	struct cordon_device *cdev;
};

static void scene_attach(struct kunit *test, struct scene *s)
{
	s->domain = model_domain(s->m);
	s->cdev = model_device1(s->m, "device", MODEL_DEVID);
	KUNIT_ASSERT_EQ(test, cordon_attach(s->cdev, s->domain), 0);
}

static void scene(struct kunit *test, struct scene *s)
{
	s->m = model_start(test, "unit");
	scene_attach(test, s);
}

static void map(struct kunit *test, struct scene *s, u64 iova, u64 pa,
		size_t size, int prot)
{
	KUNIT_ASSERT_EQ(test, 0, iommu_map(s->domain, iova, pa, size, prot,
					   GFP_KERNEL));
}

/* Where the page's entry is, by the walk itself. */
static __le64 *entry_of(struct kunit *test, struct scene *s, u64 iova)
{
	struct seq_file *text;
	const char *at;
	char words[32];
	u64 where = 0;

	snprintf(words, sizeof(words), "8 %llx", iova);
	text = ask(test, s->m->unit, words);
	at = strstr(text->buf, "stage 1 level 3");

	KUNIT_ASSERT_NOT_NULL(test, at);
	if (sscanf(at, "stage 1 level 3 index %*u at 0x%llx:", &where) != 1)
		KUNIT_FAIL_AND_ABORT(test, "no address in: %s", at);
	return phys_to_virt(where);
}

struct question_case {
	const char *text;
	int ret;
	struct cordon_question q;
};

static const struct question_case question_cases[] = {
	{ "D 1000", 0, { .devid = MODEL_DEVID, .addr = 0x1000, .access = 1 } },
	{ "D 0x1000 w", 0,
	  { .devid = MODEL_DEVID, .addr = 0x1000, .access = 2 } },
	{ "0x110 fffff000 rwx\n", 0,
	  { .devid = 0x110, .addr = 0xfffff000, .access = 7 } },
	{ "  8\t5 ffffffffffffffff  xp ", 0,
	  { .devid = 8, .pv = true, .pasid = 5, .addr = ~0ULL, .access = 4,
	    .priv = true } },
	{ "0xffffff 0xfffff 0", 0,
	  { .devid = 0xffffff, .pv = true, .pasid = 0xfffff, .access = 1 } },
	{ "", -EINVAL }, { "D", -EINVAL }, { "D r", -EINVAL },
	{ "D 1000 rr", -EINVAL }, { "D 1000 p", -EINVAL },
	{ "D 1000 rq", -EINVAL }, { "D 1 2 r x", -EINVAL },
	{ "D 1 2 r x y", -EINVAL }, { "D 1g", -EINVAL },
	{ "D 1 10000000000000000", -ERANGE },
	{ "D -1", -EINVAL }, { "D 0x100000 0", -ERANGE },
	{ "D -1 0", -EINVAL }, { "devic 1000", -ENODEV },
	{ "-1 1000", -ENODEV }, { "0x1000000 1000", -ERANGE },
	{ "0x100000000 1000", -ENODEV },
};

static void questions(struct kunit *test)
{
	struct scene s;

	scene(test, &s);
	for (unsigned int i = 0; i < ARRAY_SIZE(question_cases); i++) {
		const struct question_case *c = &question_cases[i];
		struct cordon_question q = { .devid = 77 };
		char text[64];

		/* D stands for its name. */
		snprintf(text, sizeof(text), "%s%s",
			 c->text[0] == 'D' ? dev_name(s.cdev->dev) : "",
			 c->text + (c->text[0] == 'D'));
		KUNIT_EXPECT_EQ_MSG(test, c->ret,
				    cordon_question_parse(s.m->unit, text, &q),
				    "\"%s\"", c->text);
		if (c->ret) {
			KUNIT_EXPECT_EQ_MSG(test, q.devid, 77, "\"%s\"",
					    c->text);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, q.devid, c->q.devid, "\"%s\"", c->text);
		KUNIT_EXPECT_EQ_MSG(test, q.pv, c->q.pv, "\"%s\"", c->text);
		KUNIT_EXPECT_EQ_MSG(test, q.pasid, c->q.pasid, "\"%s\"", c->text);
		KUNIT_EXPECT_EQ_MSG(test, q.addr, c->q.addr, "\"%s\"", c->text);
		KUNIT_EXPECT_EQ_MSG(test, q.access, c->q.access, "\"%s\"",
				    c->text);
		KUNIT_EXPECT_EQ_MSG(test, q.priv, c->q.priv, "\"%s\"", c->text);
	}
}

/* What is mapped, what is not, and what is not permitted, told by both. */
static void walk_agrees(struct kunit *test)
{
	struct seq_file *t;
	struct scene s;

	scene(test, &s);
	map(test, &s, 0x20000000, PA_A, PAGE_SIZE, IOMMU_READ);
	t = ask(test, s.m->unit, "8 20000123 r");
	shown(test, t, "DeviceID 0x8: r at 0x20000123\n");
	shown(test, t, ", no group, domain unmanaged ");
	shown(test, t, "device directory level 1 index 0 at 0x");
	shown(test, t, "device directory level 0 index 8 at 0x");
	shown(test, t, ": valid, S1 TABLE");
	shown(test, t, "stage 1 level 3 index ");
	shown(test, t, ": page at 0x80000000000, unprivileged r-x");
	shown(test, t, "memory: passes to 0x80000000123, r-x, ");
	shown(test, t,
	      "hardware, past its caches: passes to 0x80000000123, r-x, ");
	shown(test, t,
	      "hardware, as DMA is served: passes to 0x80000000123, r-x, ");
	not_shown(test, t, "from its cache");
	shown(test, t, "\nall agree\n");

	EXPECT_PASS(s.m, MODEL_DEVID, 0x20000000, MODEL_READ, PA_A);
	t = ask(test, s.m->unit, "8 20000123 r");
	shown(test, t, "from its cache\nall agree\n");

	t = ask(test, s.m->unit, "8 20000123 w");
	shown(test, t,
	      "memory: blocked: not permitted (stage 1 level 3), decided at 0x");
	shown(test, t,
	      "hardware, as DMA is served: blocked: not permitted (stage 1 level 3)");
	shown(test, t, "\nall agree\n");

	t = ask(test, s.m->unit, "8 7fff00000000 w");
	shown(test, t,
	      ": absent\nmemory: blocked: not mapped (stage 1 level 0)");
	shown(test, t, "\nall agree\n");

	t = ask(test, s.m->unit, "0x110 1000");
	shown(test, t, "memory: blocked: device not set up");
	shown(test, t, "\nall agree\n");

	t = ask(test, s.m->unit, "8 5 1000");
	shown(test, t, "DeviceID 0x8 PASID 5: r at 0x1000\n");
	shown(test, t, "memory: blocked: no PASIDs set up");
	shown(test, t, "\nall agree\n");

	KUNIT_ASSERT_EQ(test, 0, cordon_attach(s.cdev, cordon_ops.identity_domain));
	t = ask(test, s.m->unit, "8 12345000 w");
	shown(test, t, ", domain identity\n");
	shown(test, t, "S1 BYPASS");
	shown(test, t, " no tables\n");
	shown(test, t,
	      "memory: passes to 0x12345000, rwx, Write-Back, untranslated\n");
	shown(test, t, "\nall agree\n");
	/* No question was a request. */
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 0);
}

/* An entry that changes without an invalidation is found. */
static void walk_finds_stale(struct kunit *test)
{
	struct seq_file *t;
	__le64 *entry, was;
	struct scene s;

	scene(test, &s);
	map(test, &s, 0x20000000, PA_A, PAGE_SIZE, IOMMU_READ);
	entry = entry_of(test, &s, 0x20000000);
	was = *entry;
	EXPECT_PASS(s.m, MODEL_DEVID, 0x20000000, MODEL_READ, PA_A);

	*entry = 0;
	t = ask(test, s.m->unit, "8 20000000");
	shown(test, t, "memory: blocked: not mapped (stage 1 level 3)");
	shown(test, t,
	      "past its caches: blocked: not mapped (stage 1 level 3)");
	shown(test, t, "as DMA is served: passes to 0x80000000000, r-x");
	shown(test, t, "\nSTALE: ");
	not_shown(test, t, "all agree");
	not_shown(test, t, "DIFFERENT");

	/* Fewer rights in the cache are no harm: AP[2] is bit 7. */
	*entry = was & ~cpu_to_le64(0x80);
	t = ask(test, s.m->unit, "8 20000000");
	shown(test, t, "\nfewer rights are cached");
	not_shown(test, t, "STALE");
	not_shown(test, t, "all agree");
	*entry = was;
	shown(test, ask(test, s.m->unit, "8 20000000"), "\nall agree\n");

	KUNIT_EXPECT_EQ(test, iommu_unmap(s.domain, 0x20000000, PAGE_SIZE),
			PAGE_SIZE);
	t = ask(test, s.m->unit, "8 20000000");
	shown(test, t, "as DMA is served: blocked: not mapped");
	shown(test, t, "\nall agree\n");
}

/* CAP1.TRPORT is bit 21. */
static void walk_without_port(struct kunit *test)
{
	struct seq_file *t;
	struct scene s;

	s.m = model_prepare(test, "unit");
	s.m->config.cap[2] &= ~BIT_ULL(21);
	model_reconfigure(s.m);
	model_start_prepared(s.m);
	scene_attach(test, &s);
	map(test, &s, 0x20000000, PA_A, PAGE_SIZE, RW);
	t = ask(test, s.m->unit, "8 20000000");
	shown(test, t, "memory: passes to 0x80000000000, rw");
	shown(test, t, "\nhardware: this unit has no port to ask\n");
}

static void be_patient(void *timeout)
{
	cordon_timeout_ms = (uintptr_t)timeout;
}

static void walk_of_silent_unit(struct kunit *test)
{
	uintptr_t timeout = cordon_timeout_ms;
	struct seq_file *t;
	struct scene s;

	scene(test, &s);
	map(test, &s, 0x20000000, PA_A, PAGE_SIZE, RW);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, be_patient,
						  (void *)timeout));
	cordon_timeout_ms = 5;
	s.m->gone = true;
	t = ask(test, s.m->unit, "8 20000000");
	s.m->gone = false;
	cordon_timeout_ms = timeout;
	shown(test, t, "memory: passes to 0x80000000000, rw");
	shown(test, t, "\nhardware: does not answer\n");

	cordon_unit_stop(s.m->unit);
	t = ask(test, s.m->unit, "8 20000000");
	shown(test, t, "memory: blocked: no device directory\n");
	shown(test, t, "\nhardware: is not in use\n");
	KUNIT_ASSERT_EQ(test, cordon_unit_start(s.m->unit), 0);
	shown(test, ask(test, s.m->unit, "8 20000000"), "\nall agree\n");
}

static void context_texts(struct kunit *test)
{
	const struct cordon_dc dc = {
		.cfg = cpu_to_le64(0x1fd45), .tags = cpu_to_le64(0x0050400000070009),
		.fmt = cpu_to_le64(0x0003c51800000590), .s1root = cpu_to_le64(0x1000),
		.pdroot = cpu_to_le64(0x2002), .s2root = cpu_to_le64(0x3000),
		.fault = cpu_to_le64(0x4040), .dlroot = cpu_to_le64(0x5001),
	};
	struct seq_file *t = blank(test);

	cordon_show_context(t, &dc);
	shown(test, t,
	      "  cfg    0x000000000001fd45: valid, S1 TABLE, ATS, EXEC, PRIV, SNOOP, DIRTY, GUEST, FAULT, NOWALK, translated requests trusted\n");
	shown(test, t,
	      "  tags   0x0050400000070009: VM tag 9, domain tag 7, at most 64 fault records and 5 page requests\n");
	shown(test, t, " stage 1: 48 bits in, 48 out, granule 16K, MAIR 0\n");
	shown(test, t, "  s1root 0x0000000000001000\n");
	shown(test, t, "  pdroot 0x0000000000002002: 2 levels\n");
	shown(test, t, "  fault  0x0000000000004040\n");
	shown(test, t, "  dlroot 0x0000000000005001: 1 levels\n");
}

static void contexts(struct kunit *test)
{
	struct seq_file *t = blank(test);
	struct scene s;
	__le64 was;

	scene(test, &s);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x1000, MODEL_READ, NOT_MAPPED);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x2000, MODEL_READ, NOT_MAPPED);
	cordon_show_contexts(t, s.m->unit);
	shown(test, t, ", running\nDeviceID 0x8: ");
	shown(test, t, ", no group, domain unmanaged ");
	shown(test, t, ": context there:\n");
	shown(test, t, ", S1 TABLE");
	shown(test, t, "  faults: 2 records written, 0 handled, 0 lost\n");
	shown(test, t, "\n256 bytes for DeviceIDs, 8192 for the directory\n");
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(s.m->unit), 2);
	t = blank(test);
	cordon_show_contexts(t, s.m->unit);
	shown(test, t, "  faults: 2 records written, 2 handled, 0 lost\n");

	/* What is not the driver's own is not followed. */
	was = *s.cdev->streams[0]->slot;
	*s.cdev->streams[0]->slot = cpu_to_le64(0xdead000000000041);
	t = blank(test);
	cordon_show_contexts(t, s.m->unit);
	*s.cdev->streams[0]->slot = was;
	shown(test, t,
	      "  pointer 0xdead000000000041: OVERWRITTEN, the driver wrote 0x");
}

static void queues(struct kunit *test)
{
	struct seq_file *t = blank(test);
	struct cordon_cmd cmds[3] = { cordon_cmd_sync(), cordon_cmd_sync(),
				      cordon_cmd_sync() };
	char line[64];
	struct scene s;

	scene(test, &s);
	KUNIT_ASSERT_EQ(test, cordon_queue_run(&s.m->unit->queues[0], cmds, 3), 0);
	snprintf(line, sizeof(line),
		 "queue 0: running, %u commands issued, %u consumed",
		 s.m->unit->queues[0].tail, s.m->unit->queues[0].tail);
	EXPECT_FAULT(s.m, MODEL_DEVID, 0x1000, MODEL_READ, NOT_MAPPED);
	cordon_fault_drain(s.m->unit);
	cordon_show_queues(t, s.m->unit);
	shown(test, t, line);
	shown(test, t, ", 0 skipped, CPUs 0");
	shown(test, t,
	      "fault queue: 512 records, 1 taken; 1 faults told, 0 lost, 0 of them as it was full\n");
	not_shown(test, t, "BROKEN");
}

/* What tables cost, and that all of it is given back. */
static void domains(struct kunit *test)
{
	struct seq_file *t = blank(test);
	struct cordon_domain *cdom;
	long empty, full;
	char line[160];
	struct scene s;

	scene(test, &s);
	cdom = to_cordon_domain(s.domain);
	empty = atomic_long_read(&cdom->table_bytes);
	map(test, &s, 0x20000000, PA_A, PAGE_SIZE, RW);
	full = atomic_long_read(&cdom->table_bytes);
	KUNIT_EXPECT_GT(test, full, empty);
	cordon_show_domains(t);
	snprintf(line, sizeof(line),
		 "domain tag %u: unmanaged, made for -, %ld bytes of tables in %ld pages, 0 put aside, %s: 1\n",
		 cdom->tags.dtag, full, full / PAGE_SIZE, dev_name(s.m->dev));
	shown(test, t, line);
	KUNIT_EXPECT_EQ(test, empty % PAGE_SIZE, 0);
}

/* Tables that somebody reads are not freed, and are later. */
static void tables_held(struct kunit *test)
{
	size_t block = PAGE_SIZE * (PAGE_SIZE / 8);
	struct cordon_domain *cdom;
	struct scene s;
	long full;

	scene(test, &s);
	cdom = to_cordon_domain(s.domain);
	map(test, &s, block, PA_A, PAGE_SIZE, RW);
	full = atomic_long_read(&cdom->table_bytes);
	KUNIT_ASSERT_EQ(test, iommu_unmap(s.domain, block, PAGE_SIZE), PAGE_SIZE);
	/* A block in the table's place: the table is unlinked. */
	map(test, &s, block, PA_A, block, RW);
	KUNIT_ASSERT_EQ(test, atomic_read(&cdom->nr_deferred), 1);
	cordon_tables_hold();
	KUNIT_EXPECT_EQ(test, cordon_domain_flush(cdom), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&cdom->nr_deferred), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cdom->table_bytes), full);
	cordon_tables_drop();
	KUNIT_EXPECT_EQ(test, cordon_domain_flush(cdom), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&cdom->nr_deferred), 0);
	KUNIT_EXPECT_LT(test, atomic_long_read(&cdom->table_bytes), full);
}

/* Tables come and go while others look at them. */
struct mover {
	struct iommu_domain *domain;
	struct completion done;
	size_t block;
	unsigned int rounds;
	unsigned int failed;
	bool stop;
};

static void mover_moves(struct mover *m, size_t size)
{
	if (iommu_map(m->domain, m->block, PA_A, size, RW, GFP_KERNEL) ||
	    iommu_unmap(m->domain, m->block, size) != size)
		m->failed++;
}

static int mover_thread(void *data)
{
	struct mover *m = data;

	while (!READ_ONCE(m->stop)) {
		mover_moves(m, PAGE_SIZE);
		mover_moves(m, m->block);
		iommu_flush_iotlb_all(m->domain);
		m->rounds++;
		cond_resched();
	}
	complete(&m->done);
	return 0;
}

/* As debugfs reads, but where KASAN sees it. */
static int watched_read(void *opaque, u64 pa, void *buf, size_t len)
{
	memcpy(buf, phys_to_virt(pa), len);
	return 0;
}

static void walk_beside_changes(struct kunit *test)
{
	struct mover mover = { .block = PAGE_SIZE * (PAGE_SIZE / 8) };
	const struct cordon_question q = {
		.devid = MODEL_DEVID, .addr = mover.block, .access = 1,
	};
	struct cordon_walk_env env = { .mair = CORDON_MAIR0,
				       .read = watched_read };
	struct cordon_walk *walk;
	ktime_t start = ktime_get();
	struct task_struct *thread;
	/* blocks, pages of the tables' granule, nothing */
	unsigned int saw[3] = { };
	struct scene s;

	scene(test, &s);
	walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, walk);
	env.caps = &s.m->unit->caps;
	env.root = s.m->unit->root;
	mover.domain = s.domain;
	init_completion(&mover.done);
	thread = kthread_run(mover_thread, &mover, "cordon-mover");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	for (unsigned int i = 0; i < 20000 || !saw[0]; i++) {
		s64 ms = ktime_ms_delta(ktime_get(), start);

		/* On one CPU the other has not had its turn yet, perhaps. */
		if (ms > (saw[0] ? 3000 : 20000))
			break;
		scoped_guard(mutex, &s.m->unit->lock) {
			cordon_tables_hold();
			cordon_walk(&env, &q, walk);
			cordon_tables_drop();
		}
		if (!walk->verdict.reason)
			saw[walk->verdict.span == 12]++;
		else
			saw[2]++;
		/* Nothing but a page, a block or nothing is there. */
		if (walk->verdict.reason && walk->verdict.reason != NOT_MAPPED)
			KUNIT_FAIL(test, "reason 0x%x", walk->verdict.reason);
		cond_resched();
	}
	WRITE_ONCE(mover.stop, true);
	wait_for_completion(&mover.done);
	kunit_info(test, "%u rounds; %u blocks, %u pages, %u times nothing",
		   mover.rounds, saw[0], saw[1], saw[2]);
	KUNIT_EXPECT_GT(test, mover.rounds, 10);
	KUNIT_EXPECT_EQ(test, mover.failed, 0);
	KUNIT_EXPECT_GT(test, saw[0] + saw[1], 0);
}

#endif /* CONFIG_DEBUG_FS */

/* The counts of the attributes are those of the requests. */
static void fault_totals(struct kunit *test)
{
	struct model_unit *m = model_prepare(test, "unit");
	struct iommu_domain *domain;
	struct cordon_device *cdev;
	struct cordon_fault_totals totals;

	/* A fault queue of 8 records: CAP2.FQ_LOG2 is bits 20:16; no merging. */
	m->config.cap[3] = (m->config.cap[3] & ~0x1f0000ULL) | 0x30000;
	m->config.cap[3] &= ~(0xffffULL << 48);
	model_reconfigure(m);
	model_start_prepared(m);
	domain = model_domain(m);
	cdev = model_device1(m, "device", MODEL_DEVID);
	KUNIT_ASSERT_EQ(test, cordon_attach(cdev, domain), 0);
	/* A device may have half of the queue: 4; six are lost. */
	for (unsigned int i = 0; i < 10; i++)
		EXPECT_FAULT(m, MODEL_DEVID, i << 16, MODEL_READ, NOT_MAPPED);
	totals = cordon_fault_totals(m->unit);
	KUNIT_EXPECT_EQ(test, totals.total, 0);
	KUNIT_EXPECT_EQ(test, totals.lost, 6);
	KUNIT_EXPECT_EQ(test, totals.full, 0);
	KUNIT_EXPECT_EQ(test, cordon_fault_drain(m->unit), 4);
	totals = cordon_fault_totals(m->unit);
	KUNIT_EXPECT_EQ(test, totals.total, 4);
	KUNIT_EXPECT_EQ(test, totals.lost, 6);
}

static struct kunit_case look_cases[] = {
#ifdef CONFIG_DEBUG_FS
	KUNIT_CASE(questions),
	KUNIT_CASE(walk_agrees),
	KUNIT_CASE(walk_finds_stale),
	KUNIT_CASE(walk_without_port),
	KUNIT_CASE(walk_of_silent_unit),
	KUNIT_CASE(context_texts),
	KUNIT_CASE(contexts),
	KUNIT_CASE(queues),
	KUNIT_CASE(domains),
	KUNIT_CASE(tables_held),
	KUNIT_CASE(walk_beside_changes),
#endif
	KUNIT_CASE(fault_totals),
	{ }
};

static struct kunit_suite look_suite = {
	.name = "cordon_look",
	.test_cases = look_cases,
};

kunit_test_suite(look_suite);
