// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: debugfs: what units, queues and domains hold, and what would
 * become of a request.
 *
 * Nothing here changes what devices can reach.  What is shown is read with the
 * lock of the unit held, so that devices, contexts and attachments stay; tables
 * change meanwhile, but what is linked is not freed: see cordon_tables_hold().
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "walk.h"

/* Memory may change between two looks at it: a difference counts if it stays. */
#define CORDON_LOOKS	5

/* A question is no longer than this. */
#define CORDON_QUESTION	96

/**
 * struct cordon_debugfs - a unit in debugfs
 * @unit: the unit
 * @dir: its directory
 * @lock: protects @asked and @question
 * @asked: @question is one
 * @question: what was last written to "walk"
 */
struct cordon_debugfs {
	struct cordon_unit *unit;
	struct dentry *dir;
	struct mutex lock; /* the question */
	bool asked;
	struct cordon_question question;
};

static struct dentry *cordon_debugfs_root;

static const char *cordon_s1_name(unsigned int s1)
{
	switch (s1) {
	case CORDON_S1_BLOCK:
		return "BLOCK";
	case CORDON_S1_BYPASS:
		return "BYPASS";
	case CORDON_S1_TABLE:
		return "TABLE";
	default:
		return "PASID0";
	}
}

static const char *cordon_granule_name(unsigned int tg)
{
	switch (tg) {
	case CORDON_TG_4K:
		return "4K";
	case CORDON_TG_16K:
		return "16K";
	case CORDON_TG_64K:
		return "64K";
	default:
		return "no";
	}
}

struct cordon_flag {
	u64 bit;
	const char *name;
};

static void cordon_show_flags(struct seq_file *s, u64 value,
			      const struct cordon_flag *flags, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (value & flags[i].bit)
			seq_printf(s, ", %s", flags[i].name);
	}
}

static void cordon_show_cfg(struct seq_file *s, u64 cfg)
{
	static const struct cordon_flag flags[] = {
		{ CORDON_DC_S2, "S2" },
		{ CORDON_DC_SILENT, "SILENT" },
		{ CORDON_DC_RAZWI, "RAZWI" },
		{ CORDON_DC_ATS, "ATS" },
		{ CORDON_DC_PRI, "PRI" },
		{ CORDON_DC_EXEC, "EXEC" },
		{ CORDON_DC_PRIV, "PRIV" },
		{ CORDON_DC_SNOOP, "SNOOP" },
		{ CORDON_DC_DIRTY, "DIRTY" },
		{ CORDON_DC_GUEST, "GUEST" },
		{ CORDON_DC_FAULT, "FAULT" },
		{ CORDON_DC_NOWALK, "NOWALK" },
	};
	static const char * const translated[] = {
		"denied", "trusted", "by stage 2", "malformed",
	};

	seq_printf(s, "  cfg    0x%016llx: %svalid, S1 %s", cfg,
		   cfg & CORDON_DC_V ? "" : "not ",
		   cordon_s1_name(FIELD_GET(CORDON_DC_S1, cfg)));
	cordon_show_flags(s, cfg, flags, ARRAY_SIZE(flags));
	seq_printf(s, ", translated requests %s\n",
		   translated[FIELD_GET(CORDON_DC_TRANSLATED, cfg)]);
}

static void cordon_show_fmt(struct seq_file *s, u64 cfg, u64 fmt)
{
	static const struct cordon_flag s1[] = {
		{ CORDON_S1FMT_HA, "HA" }, { CORDON_S1FMT_HD, "HD" },
		{ CORDON_S1FMT_HAFT, "HAFT" }, { CORDON_S1FMT_DS, "DS" },
	};
	static const struct cordon_flag s2[] = {
		{ CORDON_S2FMT_HA, "HA" }, { CORDON_S2FMT_HD, "HD" },
		{ CORDON_S2FMT_HAFT, "HAFT" }, { CORDON_S2FMT_DS, "DS" },
		{ CORDON_S2FMT_FWB, "FWB" },
	};

	seq_printf(s, "  fmt    0x%016llx:", fmt);
	if (FIELD_GET(CORDON_DC_S1, cfg) == CORDON_S1_TABLE) {
		seq_printf(s, " stage 1: %llu bits in, %u out, granule %s, MAIR %llu",
			   64 - FIELD_GET(CORDON_S1FMT_T0SZ, fmt),
			   cordon_ps_bits(FIELD_GET(CORDON_S1FMT_PS, fmt)),
			   cordon_granule_name(FIELD_GET(CORDON_S1FMT_TG, fmt)),
			   FIELD_GET(CORDON_S1FMT_MAIR, fmt));
		cordon_show_flags(s, fmt, s1, ARRAY_SIZE(s1));
	}
	if (cfg & CORDON_DC_S2) {
		seq_printf(s, " stage 2: %llu bits in, %u out, granule %s, SL %llu",
			   64 - FIELD_GET(CORDON_S2FMT_T0SZ, fmt),
			   cordon_ps_bits(FIELD_GET(CORDON_S2FMT_PS, fmt)),
			   cordon_granule_name(FIELD_GET(CORDON_S2FMT_TG, fmt)),
			   FIELD_GET(CORDON_S2FMT_SL0, fmt) |
			   FIELD_GET(CORDON_S2FMT_SL2, fmt) << 2);
		cordon_show_flags(s, fmt, s2, ARRAY_SIZE(s2));
	}
	if (FIELD_GET(CORDON_DC_S1, cfg) != CORDON_S1_TABLE &&
	    !(cfg & CORDON_DC_S2))
		seq_puts(s, " no tables");
	seq_putc(s, '\n');
}

/**
 * cordon_show_context() - a device context, field by field (spec 3.3)
 * @s: where to write it
 * @dc: the context
 */
void cordon_show_context(struct seq_file *s, const struct cordon_dc *dc)
{
	u64 cfg = le64_to_cpu(dc->cfg);
	u64 tags = le64_to_cpu(dc->tags);
	u64 pdroot = le64_to_cpu(dc->pdroot);
	u64 dlroot = le64_to_cpu(dc->dlroot);

	cordon_show_cfg(s, cfg);
	seq_printf(s, "  tags   0x%016llx: VM tag %llu, domain tag %llu, at most %llu fault records and %llu page requests\n",
		   tags, FIELD_GET(CORDON_TAGS_VMTAG, tags),
		   FIELD_GET(CORDON_TAGS_DTAG, tags),
		   FIELD_GET(CORDON_TAGS_FLIMIT, tags),
		   FIELD_GET(CORDON_TAGS_PLIMIT, tags));
	cordon_show_fmt(s, cfg, le64_to_cpu(dc->fmt));
	seq_printf(s, "  s1root 0x%016llx\n", le64_to_cpu(dc->s1root));
	seq_printf(s, "  pdroot 0x%016llx: %llu levels\n", pdroot,
		   FIELD_GET(CORDON_ROOT_LEVELS, pdroot));
	seq_printf(s, "  s2root 0x%016llx\n", le64_to_cpu(dc->s2root));
	seq_printf(s, "  fault  0x%016llx\n", le64_to_cpu(dc->fault));
	seq_printf(s, "  dlroot 0x%016llx: %llu levels\n", dlroot,
		   FIELD_GET(CORDON_ROOT_LEVELS, dlroot));
}
EXPORT_SYMBOL_IF_KUNIT(cordon_show_context);

/* A domain has one of them: that of the stage of its tables. */
static void cordon_show_tags(struct seq_file *s, struct cordon_tags tags)
{
	if (tags.vmtag)
		seq_printf(s, " VM tag %u", tags.vmtag);
	if (tags.dtag)
		seq_printf(s, " tag %u", tags.dtag);
}

static void cordon_show_device(struct seq_file *s,
			       const struct cordon_device *cdev)
{
	struct iommu_group *group = iommu_group_get(cdev->dev);

	scoped_guard(rcu)
		seq_printf(s, " %s, driver %s, ", dev_name(cdev->dev),
			   cordon_driver_name(cdev->dev) ?: "none");
	if (group)
		seq_printf(s, "group %d, ", iommu_group_id(group));
	else
		seq_puts(s, "no group, ");
	iommu_group_put(group);
	seq_printf(s, "domain %s", cordon_domain_name(cdev->domain));
	if (cdev->domain && cdev->domain->type & __IOMMU_DOMAIN_PAGING)
		cordon_show_tags(s, cordon_domain_tags(cdev->domain));
	if (cdev->untrusted)
		seq_puts(s, ", untrusted");
	seq_putc(s, '\n');
}

/* Only what the driver made is looked at, wherever the pointer leads. */
static void cordon_show_pointer(struct seq_file *s,
				const struct cordon_stream *stream)
{
	u64 pointer = le64_to_cpu(READ_ONCE(*stream->slot));
	u64 meant = stream->dc ?
		    cordon_pointer_context(virt_to_phys(stream->dc)) : 0;

	seq_printf(s, "  pointer 0x%llx", pointer);
	if (pointer != meant) {
		seq_printf(s, ": OVERWRITTEN, the driver wrote 0x%llx\n",
			   meant);
		return;
	}
	if (!stream->dc) {
		seq_puts(s, ": absent\n");
		return;
	}
	seq_puts(s, ": context there:\n");
	cordon_show_context(s, stream->dc);
}

static void cordon_show_stream(struct seq_file *s, struct cordon_unit *unit,
			       const struct cordon_stream *stream)
{
	u64 faults = le64_to_cpu(READ_ONCE(stream->fault->faults));
	const struct cordon_device *cdev;

	seq_printf(s, "DeviceID 0x%x:", stream->devid);
	if (!stream->owner)
		seq_puts(s, " regions of firmware's, until a device is attached\n");
	list_for_each_entry(cdev, &unit->devices, list) {
		for (unsigned int i = 0; i < cdev->nr_streams; i++) {
			if (cdev->streams[i] == stream)
				cordon_show_device(s, cdev);
		}
	}
	cordon_show_pointer(s, stream);
	seq_printf(s, "  faults: %llu records written, %u handled, %llu lost\n",
		   FIELD_GET(CORDON_FB_PRODUCED, faults),
		   (u32)le64_to_cpu(READ_ONCE(stream->fault->faults_consumed)),
		   FIELD_GET(CORDON_FB_LOST, faults));
}

/**
 * cordon_show_contexts() - each DeviceID of a unit, as memory has it
 * @s: where to write it
 * @unit: the unit
 *
 * May sleep.
 */
void cordon_show_contexts(struct seq_file *s, struct cordon_unit *unit)
{
	struct cordon_stream *stream;
	unsigned long devid;
	size_t bytes = 0;

	guard(mutex)(&unit->lock);
	seq_printf(s, "root 0x%llx, %s\n", READ_ONCE(unit->root),
		   cordon_state_name(cordon_unit_state(unit)));
	xa_for_each(&unit->streams, devid, stream) {
		cordon_show_stream(s, unit, stream);
		bytes += sizeof(*stream->blocked) + sizeof(stream->contexts[0][0]) *
			 ARRAY_SIZE(stream->contexts) + sizeof(*stream->fault);
	}
	seq_printf(s, "%zu bytes for DeviceIDs, %zu for the directory\n",
		   bytes, list_count_nodes(&unit->dir.pages) * CORDON_DIR_PAGE_SIZE);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_show_contexts);

static const char *cordon_queue_state(u64 status)
{
	switch (FIELD_GET(CORDON_STATUS_STATE, status)) {
	case CORDON_QSTATE_DISABLED:
		return "disabled";
	case CORDON_QSTATE_RUNNING:
		return "running";
	case CORDON_QSTATE_STOPPED:
		return "stopped";
	case CORDON_QSTATE_FROZEN:
		return "frozen";
	default:
		return "unknown";
	}
}

static void cordon_show_queue(struct seq_file *s, struct cordon_queue *q)
{
	u64 status = le64_to_cpu(READ_ONCE(*q->status));
	unsigned int cpu;

	seq_printf(s, "queue %u: %s, %u commands issued, %llu consumed, of %u at most waiting",
		   q->number, cordon_queue_state(status), READ_ONCE(q->tail),
		   FIELD_GET(CORDON_STATUS_HEAD, status), q->mask + 1);
	if (status & CORDON_STATUS_REASON)
		seq_printf(s, ", %s",
			   cordon_queue_reason_text(FIELD_GET(CORDON_STATUS_REASON,
							      status)));
	seq_printf(s, ", %u skipped", READ_ONCE(q->skips));
	if (READ_ONCE(q->broken))
		seq_puts(s, ", BROKEN: not used any more");
	seq_puts(s, ", CPUs");
	for_each_possible_cpu(cpu) {
		if (cpu % q->unit->nr_queues == q->number)
			seq_printf(s, " %u", cpu);
	}
	seq_putc(s, '\n');
}

/**
 * cordon_show_queues() - the queues of a unit, as memory has them
 * @s: where to write it
 * @unit: the unit
 *
 * Numbers are free-running, of 32 bits, and begin when the unit is started.  No
 * register is read.  May sleep.
 */
void cordon_show_queues(struct seq_file *s, struct cordon_unit *unit)
{
	guard(mutex)(&unit->lock);
	for (unsigned int i = 0; i < unit->nr_queues; i++)
		cordon_show_queue(s, &unit->queues[i]);
	seq_printf(s, "fault queue: %u records, %u taken; %llu faults told, %llu lost, %llu of them as it was full\n",
		   1U << unit->fq.log2, unit->fq.head, unit->fq.total,
		   unit->fq.total_lost, unit->fq.total_full);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_show_queues);

static void cordon_show_domain(struct cordon_domain *domain, void *data)
{
	long bytes = atomic_long_read(&domain->table_bytes);
	struct seq_file *s = data;
	struct cordon_bond *bond;

	seq_puts(s, "domain");
	cordon_show_tags(s, domain->tags);
	seq_printf(s, ": %s, made for %s, %ld bytes of tables in %ld pages, %d put aside",
		   cordon_domain_name(&domain->domain), domain->name ?: "-",
		   bytes, bytes / PAGE_SIZE,
		   atomic_read(&domain->nr_deferred));
	if (READ_ONCE(domain->untrusted))
		seq_puts(s, ", strict for an untrusted device");
	if (READ_ONCE(domain->leaked))
		seq_puts(s, ", tables are KEPT for a dead unit");
	/* A unit goes when nobody can have found it here any more. */
	guard(rcu)();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		seq_printf(s, ", %s: %u", dev_name(bond->unit->dev),
			   READ_ONCE(bond->users));
	seq_putc(s, '\n');
}

/**
 * cordon_show_domains() - each paging domain, and what it costs
 * @s: where to write it
 *
 * May sleep.
 */
void cordon_show_domains(struct seq_file *s)
{
	cordon_domains_each(cordon_show_domain, s);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_show_domains);

/*
 * Memory for a walk.  What is linked stays (see the head of the file), so this
 * can go wrong only where memory has been overwritten.
 */
static int cordon_debugfs_read(void *opaque, u64 pa, void *buf, size_t len)
{
	unsigned long pfn = PHYS_PFN(pa);

	if (PHYS_PFN(pa + len - 1) != pfn || !pfn_valid(pfn) ||
	    PageReserved(pfn_to_page(pfn)))
		return -EFAULT;
	return copy_from_kernel_nofault(buf, phys_to_virt(pa), len);
}

/**
 * struct cordon_look - one look at what would become of a request
 * @walk: by memory
 * @fresh: by the hardware, past its caches
 * @cached: by the hardware, as DMA is served
 * @asked: 0, or why the hardware was not asked or did not answer
 */
struct cordon_look {
	struct cordon_walk walk;
	struct cordon_verdict fresh;
	struct cordon_verdict cached;
	int asked;
};

static bool cordon_look_differs(const struct cordon_look *look)
{
	return !look->asked &&
	       (!cordon_verdict_agrees(&look->walk.verdict, &look->fresh) ||
		!cordon_verdict_agrees(&look->fresh, &look->cached));
}

static void cordon_look_at(struct cordon_unit *unit,
			   const struct cordon_question *question,
			   struct cordon_look *look)
{
	struct cordon_walk_env env = {
		.caps = &unit->caps,
		.root = READ_ONCE(unit->root),
		.mair = CORDON_MAIR0,
		.read = cordon_debugfs_read,
	};

	lockdep_assert_held(&unit->lock);

	for (unsigned int i = 0; i < CORDON_LOOKS; i++) {
		cordon_tables_hold();
		cordon_walk(&env, question, &look->walk);
		cordon_tables_drop();
		look->asked = cordon_port_ask(unit, question, false,
					      &look->fresh);
		if (!look->asked)
			look->asked = cordon_port_ask(unit, question, true,
						      &look->cached);
		if (!cordon_look_differs(look))
			break;
	}
}

static void cordon_show_steps(struct seq_file *s, const struct cordon_walk *walk)
{
	bool context = false;
	char line[200];

	for (unsigned int i = 0; i < walk->nr; i++) {
		const struct cordon_step *step = &walk->steps[i];

		if (walk->context && !context &&
		    step->of != CORDON_STEP_DEVICE) {
			seq_printf(s, "device context at 0x%llx:\n",
				   walk->context);
			cordon_show_context(s, &walk->dc);
			context = true;
		}
		cordon_step_describe(step, line, sizeof(line));
		seq_printf(s, "%s\n", line);
	}
	if (walk->context && !context) {
		seq_printf(s, "device context at 0x%llx:\n", walk->context);
		cordon_show_context(s, &walk->dc);
	}
}

static void cordon_show_verdict(struct seq_file *s, const char *who,
				const struct cordon_verdict *verdict)
{
	char line[200];

	cordon_verdict_describe(verdict, line, sizeof(line));
	seq_printf(s, "%s: %s%s\n", who, line,
		   verdict->hit ? ", from its cache" : "");
}

static void cordon_show_look(struct seq_file *s, const struct cordon_look *look)
{
	cordon_show_steps(s, &look->walk);
	cordon_show_verdict(s, "memory", &look->walk.verdict);
	switch (look->asked) {
	case 0:
		break;
	case -EOPNOTSUPP:
		seq_puts(s, "hardware: this unit has no port to ask\n");
		return;
	case -ETIMEDOUT:
		seq_puts(s, "hardware: does not answer\n");
		return;
	default:
		seq_puts(s, "hardware: is not in use\n");
		return;
	}
	cordon_show_verdict(s, "hardware, past its caches", &look->fresh);
	cordon_show_verdict(s, "hardware, as DMA is served", &look->cached);

	if (!cordon_look_differs(look))
		seq_puts(s, "all agree\n");
	if (!cordon_verdict_agrees(&look->walk.verdict, &look->fresh))
		seq_puts(s, "DIFFERENT: driver and hardware do not understand the same memory alike, or it was changed all the time\n");
	if (cordon_verdict_exceeds(&look->cached, &look->fresh))
		seq_puts(s, "STALE: hardware still uses what is not in memory any more; in a lazy domain (DMA-FQ) that ends with the next flush, otherwise an invalidation is missing\n");
	else if (!cordon_verdict_agrees(&look->fresh, &look->cached))
		seq_puts(s, "fewer rights are cached than memory gives: hardware looks again before it refuses\n");
}

/**
 * cordon_show_walk() - what would become of a request, explained
 * @s: where to write it
 * @unit: the unit
 * @question: the request
 *
 * May sleep.
 */
void cordon_show_walk(struct seq_file *s, struct cordon_unit *unit,
		      const struct cordon_question *question)
{
	struct cordon_look *look = kzalloc(sizeof(*look), GFP_KERNEL);
	struct cordon_stream *stream;

	if (!look) {
		seq_puts(s, "no memory\n");
		return;
	}
	scoped_guard(mutex, &unit->lock) {
		seq_printf(s, "DeviceID 0x%x", question->devid);
		if (question->pv)
			seq_printf(s, " PASID %u", question->pasid);
		seq_printf(s, ": %s%s%s%s at 0x%llx\n",
			   question->priv ? "privileged " : "",
			   question->access & CORDON_MAY_READ ? "r" : "",
			   question->access & CORDON_MAY_WRITE ? "w" : "",
			   question->access & CORDON_MAY_EXEC ? "x" : "",
			   question->addr);
		stream = xa_load(&unit->streams, question->devid);
		if (stream && stream->owner) {
			seq_puts(s, "device");
			cordon_show_device(s, stream->owner);
		}
		cordon_look_at(unit, question, look);
	}
	cordon_show_look(s, look);
	kfree(look);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_show_walk);

/* Letters of r, w, x and p, each once at the most. */
static int cordon_access_parse(const char *word, struct cordon_question *q)
{
	static const char letters[] = "rwxp";
	u8 seen = 0;

	for (; *word; word++) {
		const char *letter = strchr(letters, *word);

		if (!letter || seen & BIT(letter - letters))
			return -EINVAL;
		seen |= BIT(letter - letters);
	}
	q->access = seen & 7;
	q->priv = seen & 8;
	return q->access ? 0 : -EINVAL;
}

static int cordon_device_parse(struct cordon_unit *unit, const char *word,
			       u32 *devid)
{
	const struct cordon_device *cdev;

	scoped_guard(mutex, &unit->lock) {
		list_for_each_entry(cdev, &unit->devices, list) {
			if (strcmp(dev_name(cdev->dev), word))
				continue;
			*devid = cdev->streams[0]->devid;
			return 0;
		}
	}
	if (kstrtou32(word, 0, devid))
		return -ENODEV;
	return *devid >> CORDON_DEVID_MAX_BITS ? -ERANGE : 0;
}

/**
 * cordon_question_parse() - from words to a question
 * @unit: the unit
 * @text: "DEVICE [PASID] ADDRESS [ACCESS]": DEVICE by its name or its DeviceID,
 *	ADDRESS hexadecimal, ACCESS of r, w, x and p; it is taken apart
 * @question: where to put the question, if it is one
 *
 * May sleep.
 *
 * Return: 0; -EINVAL if this is no question; -ENODEV if no device behind the
 * unit has that name; -ERANGE if a number is too large.
 */
int cordon_question_parse(struct cordon_unit *unit, char *text,
			  struct cordon_question *question)
{
	struct cordon_question q = { .access = CORDON_MAY_READ };
	char *words[5], *word;
	unsigned int nr = 0;
	int ret;

	while ((word = strsep(&text, " \t\n"))) {
		if (!*word)
			continue;
		if (nr == ARRAY_SIZE(words))
			return -EINVAL;
		words[nr++] = word;
	}
	/* No number begins with such a letter. */
	if (nr > 2 && strchr("rwxp", *words[nr - 1])) {
		ret = cordon_access_parse(words[--nr], &q);
		if (ret)
			return ret;
	}
	if (nr != 2 && nr != 3)
		return -EINVAL;
	ret = cordon_device_parse(unit, words[0], &q.devid);
	if (ret)
		return ret;
	if (nr == 3) {
		q.pv = true;
		ret = kstrtou32(words[1], 0, &q.pasid);
		if (ret)
			return ret;
		if (q.pasid >> CORDON_PASID_MAX_BITS)
			return -ERANGE;
	}
	ret = kstrtou64(words[nr - 1], 16, &q.addr);
	if (ret)
		return ret;
	*question = q;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_question_parse);

static int contexts_show(struct seq_file *s, void *data)
{
	cordon_show_contexts(s, s->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(contexts);

static int queues_show(struct seq_file *s, void *data)
{
	cordon_show_queues(s, s->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(queues);

static int domains_show(struct seq_file *s, void *data)
{
	cordon_show_domains(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(domains);

static int walk_show(struct seq_file *s, void *data)
{
	struct cordon_debugfs *d = s->private;
	struct cordon_question question;
	bool asked;

	scoped_guard(mutex, &d->lock) {
		asked = d->asked;
		question = d->question;
	}
	if (asked)
		cordon_show_walk(s, d->unit, &question);
	else
		seq_puts(s, "write \"DEVICE [PASID] ADDRESS [rwxp]\" first: DEVICE by name or DeviceID, ADDRESS hexadecimal\n");
	return 0;
}

static ssize_t walk_write(struct file *file, const char __user *user,
			  size_t count, loff_t *pos)
{
	struct seq_file *s = file->private_data;
	struct cordon_debugfs *d = s->private;
	struct cordon_question question;
	char text[CORDON_QUESTION];
	int ret;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, user, count))
		return -EFAULT;
	text[count] = '\0';
	ret = cordon_question_parse(d->unit, text, &question);
	if (ret)
		return ret;
	scoped_guard(mutex, &d->lock) {
		d->question = question;
		d->asked = true;
	}
	return count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(walk);

/**
 * cordon_debugfs_init() - a directory for all units
 *
 * Below that of the IOMMU core, where the kernel has one, or one of our own.
 */
void cordon_debugfs_init(void)
{
	struct dentry *parent = NULL;

#ifdef CONFIG_IOMMU_DEBUGFS
	parent = iommu_debugfs_dir;
#endif
	cordon_debugfs_root = debugfs_create_dir("cordon", parent);
	debugfs_create_file("domains", 0400, cordon_debugfs_root, NULL,
			    &domains_fops);
}

/**
 * cordon_debugfs_exit() - undo cordon_debugfs_init()
 *
 * Waits for those who read what is there.
 */
void cordon_debugfs_exit(void)
{
	debugfs_remove(cordon_debugfs_root);
}

/**
 * cordon_debugfs_add() - a directory for a unit
 * @unit: the unit
 *
 * A unit does without if it fails.  May sleep.
 */
void cordon_debugfs_add(struct cordon_unit *unit)
{
	struct cordon_debugfs *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return;
	d->unit = unit;
	mutex_init(&d->lock);
	d->dir = debugfs_create_dir(dev_name(unit->dev), cordon_debugfs_root);
	debugfs_create_file("contexts", 0400, d->dir, unit, &contexts_fops);
	debugfs_create_file("queues", 0400, d->dir, unit, &queues_fops);
	debugfs_create_file("walk", 0600, d->dir, d, &walk_fops);
	unit->debugfs = d;
}

/**
 * cordon_debugfs_remove() - undo cordon_debugfs_add()
 * @unit: a unit that still is all there
 *
 * Waits for those who read what is there.
 */
void cordon_debugfs_remove(struct cordon_unit *unit)
{
	struct cordon_debugfs *d = unit->debugfs;

	if (!d)
		return;
	unit->debugfs = NULL;
	debugfs_remove(d->dir);
	mutex_destroy(&d->lock);
	kfree(d);
}
