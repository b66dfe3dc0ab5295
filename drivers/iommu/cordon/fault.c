// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: faults (spec 6): from records to sentences, to drivers and to
 * tracepoints.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/iopoll.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "cordon.h"
#include "trace.h"

/* Records of the fault queue, where the hardware can have that many. */
#define CORDON_FQ_LOG2		9

/* Repeats are collected for 2 ^ this microseconds (spec 6.3). */
#define CORDON_MERGE_LOG2	16

/* Faults that were not shown are summed up this much later. */
#define CORDON_REMAINDER_DELAY	(5 * HZ)

/*
 * A device that has more records than this in a second gets its credit back
 * later, so that it is the hardware that counts the rest of its faults, which
 * costs no CPU anything.
 */
#define CORDON_CREDIT_BURST	1024
#define CORDON_CREDIT_DELAY	msecs_to_jiffies(50)

/**
 * cordon_fault_reason_text() - why a request was stopped, in plain words
 * @reason: enum cordon_reason
 *
 * Return: the words.
 */
const char *cordon_fault_reason_text(unsigned int reason)
{
	switch (reason) {
	case CORDON_REASON_NONE:
		return "no reason given";
	case CORDON_REASON_NO_ROOT:
		return "no device directory";
	case CORDON_REASON_DEVID_RANGE:
		return "DeviceID beyond the directory";
	case CORDON_REASON_DD_FETCH:
		return "device directory unreadable";
	case CORDON_REASON_DD_ABSENT:
		return "device not set up";
	case CORDON_REASON_DD_MALFORMED:
		return "malformed device directory";
	case CORDON_REASON_DC_FETCH:
		return "device context unreadable";
	case CORDON_REASON_DC_ABSENT:
		return "device context not valid";
	case CORDON_REASON_DC_MALFORMED:
		return "malformed device context";
	case CORDON_REASON_TRANSLATED:
		return "translated requests not allowed";
	case CORDON_REASON_ATS_OFF:
		return "ATS off";
	case CORDON_REASON_PRI_OFF:
		return "page requests off";
	case CORDON_REASON_NO_PASID:
		return "no PASIDs set up";
	case CORDON_REASON_PASID_RANGE:
		return "PASID beyond the directory";
	case CORDON_REASON_PD_FETCH:
		return "process directory unreadable";
	case CORDON_REASON_PD_ABSENT:
		return "PASID not set up";
	case CORDON_REASON_PD_MALFORMED:
		return "malformed process directory";
	case CORDON_REASON_PC_FETCH:
		return "process context unreadable";
	case CORDON_REASON_PC_ABSENT:
		return "process context not valid";
	case CORDON_REASON_PC_MALFORMED:
		return "malformed process context";
	case CORDON_REASON_BLOCKED:
		return "device blocked";
	case CORDON_REASON_NOWALK:
		return "address space gone";
	case CORDON_REASON_INPUT_SIZE:
		return "address too large";
	case CORDON_REASON_TABLE_FETCH:
		return "table unreadable";
	case CORDON_REASON_TRANSLATION:
		return "not mapped";
	case CORDON_REASON_OUTPUT_SIZE:
		return "mapped to an address too large";
	case CORDON_REASON_ACCESS_FLAG:
		return "access flag clear";
	case CORDON_REASON_PERMISSION:
		return "not permitted";
	case CORDON_REASON_TABLE_UPDATE:
		return "table not updatable";
	case CORDON_REASON_DL_FETCH:
		return "dirty log unreadable";
	case CORDON_REASON_DL_ABSENT:
		return "not in the dirty log";
	case CORDON_REASON_DL_MALFORMED:
		return "malformed dirty log";
	case CORDON_REASON_DL_UPDATE:
		return "dirty log not updatable";
	default:
		return "reason unknown to this driver";
	}
}
EXPORT_SYMBOL_IF_KUNIT(cordon_fault_reason_text);

/**
 * cordon_fault_stage_text() - where in its tables a request was stopped
 * @buf: where to write
 * @size: of @buf
 * @stage: 1 or 2
 * @level: level of the table, or CORDON_FAULT_NO_LEVEL
 * @walk: it was an access to a table, not the request's own
 * @ipa: address that stage 2 was asked for
 *
 * Return: how many characters were written.
 */
int cordon_fault_stage_text(char *buf, size_t size, unsigned int stage,
			    int level, bool walk, u64 ipa)
{
	int n = scnprintf(buf, size, " (stage %u", stage);

	if (level != CORDON_FAULT_NO_LEVEL)
		n += scnprintf(buf + n, size - n, " level %d", level);
	if (walk)
		n += scnprintf(buf + n, size - n, ", while walking");
	if (stage == 2)
		n += scnprintf(buf + n, size - n, ", IPA 0x%llx", ipa);
	return n + scnprintf(buf + n, size - n, ")");
}

/**
 * cordon_fault_decode() - take a fault record apart (spec 6.2)
 * @record: the record
 * @event: what it says
 */
void cordon_fault_decode(const struct cordon_fault *record,
			 struct cordon_fault_event *event)
{
	u64 info = le64_to_cpu(record->info);
	u64 source = le64_to_cpu(record->source);
	u64 tags = le64_to_cpu(record->tags);
	unsigned int level = FIELD_GET(CORDON_FAULT_LEVEL, info);

	*event = (struct cordon_fault_event) {
		.addr = le64_to_cpu(record->addr),
		.ipa = le64_to_cpu(record->ipa),
		.time = le64_to_cpu(record->time),
		.where = le64_to_cpu(record->where),
		.lost = le64_to_cpu(record->lost),
		.devid = FIELD_GET(CORDON_SRC_DEVID, source),
		.pasid = FIELD_GET(CORDON_SRC_PASID, source),
		.charged = FIELD_GET(CORDON_SRC_CHARGED, source),
		.anon = FIELD_GET(CORDON_SRC_ANON, source),
		.dtag = FIELD_GET(CORDON_TAGS_DTAG, tags),
		.vmtag = FIELD_GET(CORDON_TAGS_VMTAG, tags),
		.count = FIELD_GET(CORDON_FAULT_COUNT, info),
		.reason = FIELD_GET(CORDON_FAULT_REASON, info),
		.stage = FIELD_GET(CORDON_FAULT_STAGE, info),
		.level = level == CORDON_LEVEL_NONE ? CORDON_FAULT_NO_LEVEL :
						      (int)level - 1,
		.detail = FIELD_GET(CORDON_FAULT_DETAIL, info),
		.type = FIELD_GET(CORDON_FAULT_TYPE, info),
		.walk = FIELD_GET(CORDON_FAULT_WALK, info),
		.repeat = FIELD_GET(CORDON_FAULT_REPEAT, info),
		.read = FIELD_GET(CORDON_FAULT_READ, info),
		.write = FIELD_GET(CORDON_FAULT_WRITE, info),
		.exec = FIELD_GET(CORDON_FAULT_EXEC, info),
		.priv = FIELD_GET(CORDON_FAULT_PRIV, info),
		.atomic = FIELD_GET(CORDON_FAULT_ATOMIC, info),
		.pv = FIELD_GET(CORDON_FAULT_PV, info),
	};
}
EXPORT_SYMBOL_IF_KUNIT(cordon_fault_decode);

static const char *cordon_fault_access(const struct cordon_fault_event *event)
{
	if (event->atomic)
		return "atomic at";
	if (event->read && event->write)
		return "read and write to";
	if (event->write)
		return "write to";
	if (event->exec)
		return "execute at";
	if (event->read)
		return "read from";
	return "access to";
}

static const char *cordon_fault_type(const struct cordon_fault_event *event)
{
	switch (event->type) {
	case CORDON_TYPE_TRANSLATED:
		return "translated ";
	case CORDON_TYPE_ATS:
		return "ATS request to ";
	default:
		return "";
	}
}

/* Did the tables with these tags refuse the request? */
static bool cordon_fault_is_of(const struct cordon_fault_event *event,
			       struct cordon_tags tags)
{
	return event->dtag == tags.dtag && event->vmtag == tags.vmtag;
}

/**
 * cordon_fault_describe() - a fault in one line
 * @event: the fault
 * @names: what those concerned are called
 * @buf: where to write the line, without a line break
 * @size: how much there is room for
 *
 * Return: length of the line.
 */
int cordon_fault_describe(const struct cordon_fault_event *event,
			  const struct cordon_fault_names *names, char *buf,
			  size_t size)
{
	int n;

	n = scnprintf(buf, size, "blocked DMA: %s ",
		      names->driver ?: "no driver");
	if (names->device)
		n += scnprintf(buf + n, size - n, "%s", names->device);
	else
		n += scnprintf(buf + n, size - n, "DeviceID 0x%x",
			       event->devid);
	if (event->pv)
		n += scnprintf(buf + n, size - n, " PASID %u", event->pasid);

	n += scnprintf(buf + n, size - n, " %s%s%s 0x%llx: %s",
		       cordon_fault_type(event),
		       event->priv ? "privileged " : "",
		       cordon_fault_access(event), event->addr,
		       cordon_fault_reason_text(event->reason));

	if (event->reason == CORDON_REASON_DC_MALFORMED ||
	    event->reason == CORDON_REASON_PC_MALFORMED)
		n += scnprintf(buf + n, size - n, " (check %u)", event->detail);
	if (event->stage)
		n += cordon_fault_stage_text(buf + n, size - n, event->stage,
					     event->level, event->walk,
					     event->ipa);

	n += scnprintf(buf + n, size - n, ", domain");
	if (event->dtag)
		n += scnprintf(buf + n, size - n, " %u", event->dtag);
	if (event->vmtag)
		n += scnprintf(buf + n, size - n, " of VM tag %u",
			       event->vmtag);
	if (!event->dtag && !event->vmtag)
		n += scnprintf(buf + n, size - n, " %s",
			       names->domain ?: "none");
	else if (cordon_fault_is_of(event, names->tags))
		n += scnprintf(buf + n, size - n, " (%s)",
			       names->domain ?: "none");
	else
		n += scnprintf(buf + n, size - n, " (left since)");

	n += scnprintf(buf + n, size - n, ", %u %s%s", event->count,
		       event->repeat ? "more " : "",
		       event->count == 1 ? "time" : "times");
	if (names->suppressed)
		n += scnprintf(buf + n, size - n,
			       "; %llu earlier ones not shown",
			       names->suppressed);
	if (names->lost)
		n += scnprintf(buf + n, size - n, "; %llu earlier ones lost",
			       names->lost);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_fault_describe);

/**
 * cordon_fault_ready() - has hardware written a record? (spec 6.2)
 * @record: where the record is to be
 * @index: its index, free-running
 * @log2: log2 of the records in the ring
 *
 * The phase is 1 on odd passes round the ring, of which the first is one.
 *
 * Return: true if it is whole; a read barrier must come before it is read.
 */
bool cordon_fault_ready(const struct cordon_fault *record, u32 index,
			unsigned int log2)
{
	bool phase = le64_to_cpu(READ_ONCE(record->info)) & CORDON_FAULT_PHASE;

	return phase == !((index >> log2) & 1);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_fault_ready);

/* What is not shown at once is summed up later. */
static void cordon_fault_later(struct cordon_unit *unit)
{
	schedule_delayed_work(&unit->fq.remainder, CORDON_REMAINDER_DELAY);
}

/**
 * cordon_driver_name() - who drives a device
 * @dev: the device
 *
 * Drivers come and go meanwhile.  Unbinding clears the pointer, and the memory of
 * a module goes a grace period later: the name is good for as long as the
 * caller holds rcu_read_lock().
 *
 * Return: the name of its driver now, or NULL.
 */
const char *cordon_driver_name(const struct device *dev)
{
	const struct device_driver *drv = READ_ONCE(dev->driver);

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "the driver may go");
	return drv ? drv->name : NULL;
}

static void cordon_fault_show(struct cordon_unit *unit,
			      struct cordon_device *cdev,
			      const struct cordon_fault_event *event)
{
	struct cordon_fault_tally *tally = cdev ? &cdev->tally :
						  &unit->fq.tally;
	struct cordon_fault_names names = { };
	char line[320];

	if (!__ratelimit(&tally->limit)) {
		tally->suppressed += event->count;
		cordon_fault_later(unit);
		return;
	}

	names.suppressed = tally->suppressed;
	names.lost = tally->lost;
	tally->suppressed = 0;
	tally->lost = 0;

	rcu_read_lock();
	if (cdev) {
		names.driver = cordon_driver_name(cdev->dev);
		names.device = dev_name(cdev->dev);
		names.domain = cordon_domain_name(cdev->domain);
		names.tags = cordon_domain_tags(cdev->domain);
	}
	cordon_fault_describe(event, &names, line, sizeof(line));
	rcu_read_unlock();
	dev_err(unit->dev, "%s\n", line);
}

/*
 * A driver that asked to be told, and says that all is well, is believed.  Its
 * handler runs with the unit's lock held: it may map and unmap, but not attach.
 */
static bool cordon_fault_report(struct cordon_device *cdev,
				const struct cordon_fault_event *event)
{
	struct iommu_domain *domain = cdev->domain;

	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING) || event->pv ||
	    !cordon_fault_is_of(event, cordon_domain_tags(domain)))
		return false;
	return !report_iommu_fault(domain, cdev->dev, event->addr,
				   event->write ? IOMMU_FAULT_WRITE :
						  IOMMU_FAULT_READ);
}

/* Tell hardware how many records have been handled (spec 3.5). */
static void cordon_fault_give(struct cordon_fault_block *block,
			      struct cordon_fault_credit *credit, u32 records)
{
	credit->consumed += records;
	WRITE_ONCE(block->faults_consumed, cpu_to_le64(credit->consumed));
}

/*
 * A record has been handled.  What is owed keeps its device from having as many
 * records outstanding as its limit says.
 */
static void cordon_fault_consume(struct cordon_unit *unit,
				 struct cordon_fault_block *block,
				 struct cordon_fault_credit *credit)
{
	if (!credit->recent || time_after(jiffies, credit->since + HZ)) {
		credit->since = jiffies;
		credit->recent = 0;
	}
	if (++credit->recent <= CORDON_CREDIT_BURST && !credit->owed) {
		cordon_fault_give(block, credit, 1);
		return;
	}
	credit->owed++;
	schedule_delayed_work(&unit->fq.repay, CORDON_CREDIT_DELAY);
}

static void cordon_fault_handle(struct cordon_unit *unit,
				const struct cordon_fault_event *event,
				struct list_head *touched, bool report)
{
	struct cordon_stream *stream = xa_load(&unit->streams, event->devid);
	struct cordon_device *cdev = stream ? stream->owner : NULL;

	trace_cordon_fault(unit->dev, cdev ? dev_name(cdev->dev) : "-", event);
	unit->fq.total += event->count;

	if (event->anon)
		cordon_fault_consume(unit, unit->fq.anon, &unit->fq.anon_credit);
	if (event->charged && stream) {
		cordon_fault_consume(unit, stream->fault, &stream->credit);
		if (list_empty(&stream->touched))
			list_add(&stream->touched, touched);
	}
	if (!cdev || !report || !cordon_fault_report(cdev, event))
		cordon_fault_show(unit, cdev, event);
}

static u32 cordon_fault_losses(const struct cordon_fault_block *block, u32 *told)
{
	u32 lost = FIELD_GET(CORDON_FB_LOST,
			     le64_to_cpu(READ_ONCE(block->faults)));
	u32 fresh = lost - *told;

	*told = lost;
	return fresh;
}

static void cordon_stream_losses(struct cordon_stream *stream)
{
	u32 fresh = cordon_fault_losses(stream->fault, &stream->lost);

	if (!fresh)
		return;
	if (stream->owner)
		stream->owner->tally.lost += fresh;
	else
		stream->unit->fq.tally.lost += fresh;
	stream->unit->fq.total_lost += fresh;
	cordon_fault_later(stream->unit);
}

static void cordon_anon_losses(struct cordon_unit *unit)
{
	struct cordon_fault_queue *fq = &unit->fq;
	u32 fresh = cordon_fault_losses(fq->anon, &fq->anon_lost);

	if (!fresh)
		return;
	fq->tally.lost += fresh;
	fq->total_lost += fresh;
	cordon_fault_later(unit);
}

static void cordon_fault_tell_full(struct cordon_unit *unit)
{
	struct cordon_fault_queue *fq = &unit->fq;

	if (fq->lost == fq->lost_told)
		return;
	dev_err(unit->dev, "fault queue was full: %llu faults lost\n",
		fq->lost - fq->lost_told);
	fq->lost_told = fq->lost;
}

/*
 * What was lost: a device at its limit has records in the queue, so whoever
 * loses any for that reason comes by here, or is owed credit, and is looked at
 * when it is given back; a full queue is seen by its own count, and then all
 * devices are looked at.
 */
static void cordon_fault_check_losses(struct cordon_unit *unit,
				      struct list_head *touched)
{
	struct cordon_fault_queue *fq = &unit->fq;
	struct cordon_stream *stream, *next;
	unsigned long devid;
	u64 lost;

	list_for_each_entry_safe(stream, next, touched, touched) {
		list_del_init(&stream->touched);
		cordon_stream_losses(stream);
	}

	cordon_anon_losses(unit);

	if (unit->asleep)
		return;
	lost = cordon_readq(unit, CORDON_REG_FQ_LOST);
	/* All ones are nobody's answer. */
	if (lost == fq->lost || lost == U64_MAX)
		return;
	fq->total_full += lost - fq->lost;
	fq->lost = lost;
	xa_for_each(&unit->streams, devid, stream)
		cordon_stream_losses(stream);
	if (__ratelimit(&fq->full))
		cordon_fault_tell_full(unit);
	else
		cordon_fault_later(unit);
}

/**
 * cordon_fault_totals() - how many requests were blocked since probe
 * @unit: the unit
 *
 * May sleep.
 *
 * Return: the numbers.
 */
struct cordon_fault_totals cordon_fault_totals(struct cordon_unit *unit)
{
	LIST_HEAD(none);
	struct cordon_stream *stream;
	unsigned long devid;

	guard(mutex)(&unit->lock);
	if (cordon_unit_state(unit) == CORDON_UNIT_RUNNING) {
		xa_for_each(&unit->streams, devid, stream)
			cordon_stream_losses(stream);
		cordon_fault_check_losses(unit, &none);
	}
	return (struct cordon_fault_totals) {
		.total = unit->fq.total,
		.lost = unit->fq.total_lost,
		.full = unit->fq.total_full,
	};
}
EXPORT_SYMBOL_IF_KUNIT(cordon_fault_totals);

/* Give back what is owed, and see what was lost in the meantime. */
static void cordon_fault_repay_locked(struct cordon_unit *unit)
{
	struct cordon_fault_queue *fq = &unit->fq;
	struct cordon_stream *stream;
	unsigned long devid;

	lockdep_assert_held(&unit->lock);

	xa_for_each(&unit->streams, devid, stream) {
		if (!stream->credit.owed)
			continue;
		cordon_fault_give(stream->fault, &stream->credit,
				  stream->credit.owed);
		stream->credit.owed = 0;
		cordon_stream_losses(stream);
	}
	if (fq->anon_credit.owed) {
		cordon_fault_give(fq->anon, &fq->anon_credit,
				  fq->anon_credit.owed);
		fq->anon_credit.owed = 0;
		cordon_anon_losses(unit);
	}
}

static void cordon_fault_repay(struct work_struct *work)
{
	struct cordon_unit *unit = container_of(to_delayed_work(work),
						struct cordon_unit, fq.repay);

	mutex_lock(&unit->lock);
	cordon_fault_repay_locked(unit);
	mutex_unlock(&unit->lock);
}

/*
 * Give records back.  They have been read before hardware may write over them:
 * writing a register orders earlier stores only.
 */
static void cordon_fault_advance(struct cordon_unit *unit)
{
	dma_mb();
	if (!unit->asleep)
		cordon_writel(unit, CORDON_REG_FQ_HEAD, unit->fq.head);
}

/* At most twice the size of the queue is taken at once. */
static unsigned int cordon_fault_take(struct cordon_unit *unit, bool report)
{
	struct cordon_fault_queue *fq = &unit->fq;
	u32 size = BIT(fq->log2);
	struct cordon_fault_event event;
	struct cordon_fault record;
	unsigned int taken = 0;
	LIST_HEAD(touched);

	lockdep_assert_held(&unit->lock);

	while (taken < 2 * size) {
		const struct cordon_fault *at = &fq->ring[fq->head & (size - 1)];

		if (!cordon_fault_ready(at, fq->head, fq->log2))
			break;
		/* The phase before the rest: hardware writes it last. */
		dma_rmb();
		record = *at;
		fq->head++;
		cordon_fault_decode(&record, &event);
		cordon_fault_handle(unit, &event, &touched, report);
		if (++taken % (size / 2) == 0)
			cordon_fault_advance(unit);
		cond_resched();
	}
	if (taken)
		cordon_fault_advance(unit);
	cordon_fault_check_losses(unit, &touched);
	return taken;
}

/**
 * cordon_fault_drain_locked() - take what is in the fault queue, while removing
 * @unit: the unit; its lock is held
 *
 * Each record becomes a line in the log and a trace event.  No fault handler is
 * called: a device is on its way out, and handlers of others, which may wait
 * for anything, have no business in that.  May sleep.
 *
 * Return: how many records there were.
 */
unsigned int cordon_fault_drain_locked(struct cordon_unit *unit)
{
	return cordon_fault_take(unit, false);
}

/**
 * cordon_fault_drain() - take what is in the fault queue
 * @unit: the unit
 *
 * Each record becomes a call of the device's fault handler or a line in the
 * log, and a trace event.  May sleep.
 *
 * Return: how many records there were.
 */
unsigned int cordon_fault_drain(struct cordon_unit *unit)
{
	unsigned int taken;

	mutex_lock(&unit->lock);
	taken = cordon_fault_take(unit, true);
	mutex_unlock(&unit->lock);
	return taken;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_fault_drain);

static void cordon_tally_show(struct cordon_unit *unit,
			      struct cordon_fault_tally *tally,
			      const struct device *dev)
{
	if (!tally->suppressed && !tally->lost)
		return;
	guard(rcu)();
	dev_err(unit->dev,
		"blocked DMA: %s %s: %llu more not shown, %llu more lost\n",
		dev ? (cordon_driver_name(dev) ?: "no driver") : "no driver",
		dev ? dev_name(dev) : "unknown DeviceIDs", tally->suppressed,
		tally->lost);
	tally->suppressed = 0;
	tally->lost = 0;
}

static void cordon_fault_remainder(struct work_struct *work)
{
	struct cordon_unit *unit = container_of(to_delayed_work(work),
						struct cordon_unit,
						fq.remainder);
	struct cordon_device *cdev;

	mutex_lock(&unit->lock);
	list_for_each_entry(cdev, &unit->devices, list)
		cordon_tally_show(unit, &cdev->tally, cdev->dev);
	cordon_tally_show(unit, &unit->fq.tally, NULL);
	cordon_fault_tell_full(unit);
	mutex_unlock(&unit->lock);
}

/**
 * cordon_tally_init() - start counting the faults of a device
 * @tally: the counts
 */
void cordon_tally_init(struct cordon_fault_tally *tally)
{
	*tally = (struct cordon_fault_tally) { };
	ratelimit_state_init(&tally->limit, 5 * HZ, 10);
	/* What is suppressed is counted and told here, in terms of faults. */
	ratelimit_set_flags(&tally->limit, RATELIMIT_MSG_ON_RELEASE);
}

/**
 * cordon_fault_device_gone() - tell what has not been told of a device
 * @cdev: the device; the lock of its unit is held
 */
void cordon_fault_device_gone(struct cordon_device *cdev)
{
	lockdep_assert_held(&cdev->unit->lock);
	cordon_tally_show(cdev->unit, &cdev->tally, cdev->dev);
}

/**
 * cordon_fault_init() - memory for the fault queue
 * @unit: the unit
 *
 * Return: 0 or -ENOMEM; cordon_fault_exit() is due in either case.
 */
int cordon_fault_init(struct cordon_unit *unit)
{
	struct cordon_fault_queue *fq = &unit->fq;

	INIT_DELAYED_WORK(&fq->remainder, cordon_fault_remainder);
	INIT_DELAYED_WORK(&fq->repay, cordon_fault_repay);
	ratelimit_default_init(&fq->full);
	ratelimit_set_flags(&fq->full, RATELIMIT_MSG_ON_RELEASE);
	cordon_tally_init(&fq->tally);
	fq->log2 = min(CORDON_FQ_LOG2, unit->caps.fq_log2);
	/* One device must not be able to fill it. */
	fq->device_limit = min(CORDON_FAULT_LIMIT, BIT(fq->log2) / 2);
	fq->ring = cordon_alloc_pages(unit, sizeof(*fq->ring) << fq->log2);
	fq->anon = cordon_context_alloc(unit);
	return fq->ring && fq->anon ? 0 : -ENOMEM;
}

/**
 * cordon_fault_end() - no work of the fault queue runs any more
 * @unit: a unit whose queue is not drained any more
 *
 * May sleep.
 */
void cordon_fault_end(struct cordon_unit *unit)
{
	disable_delayed_work_sync(&unit->fq.repay);
	disable_delayed_work_sync(&unit->fq.remainder);
}

/**
 * cordon_fault_exit() - undo cordon_fault_init()
 * @unit: a unit that does not write faults any more
 */
void cordon_fault_exit(struct cordon_unit *unit)
{
	struct cordon_fault_queue *fq = &unit->fq;

	cordon_free_pages(fq->ring, sizeof(*fq->ring) << fq->log2);
	cordon_context_free(fq->anon);
}

/**
 * cordon_fault_enable() - start the fault queue (spec 12.1, step 3)
 * @unit: a unit whose fault queue is disabled
 * @ctrl: CORDON_CTRL_* that are to be set beside it
 *
 * Return: 0 or -ETIMEDOUT, which has been logged.
 */
int cordon_fault_enable(struct cordon_unit *unit, u32 ctrl)
{
	struct cordon_fault_queue *fq = &unit->fq;
	u32 merge = 0;

	memset(fq->ring, 0, sizeof(*fq->ring) << fq->log2);
	fq->head = 0;
	if (unit->caps.merge)
		merge = min(CORDON_MERGE_LOG2, unit->caps.merge_time_max);
	cordon_writeq(unit, CORDON_REG_FQ_BASE,
		      virt_to_phys(fq->ring) |
		      FIELD_PREP(CORDON_QBASE_LOG2, fq->log2));
	cordon_writeq(unit, CORDON_REG_FQ_ANON,
		      virt_to_phys(fq->anon) | CORDON_FQ_ANON_V);
	cordon_writel(unit, CORDON_REG_FQ_ANON_LIMIT, fq->device_limit);
	cordon_writel(unit, CORDON_REG_FQ_MERGE, merge);
	fq->lost = cordon_readq(unit, CORDON_REG_FQ_LOST);
	fq->lost_told = fq->lost;
	return cordon_ctrl_write(unit, ctrl | CORDON_CTRL_FQEN);
}

/**
 * cordon_fault_flush() - tell all that has not been told
 * @unit: a unit whose fault queue has just been disabled
 * @report: devices' fault handlers are asked, as by cordon_fault_drain(); not
 *	while their drivers are suspended
 *
 * May sleep.
 */
void cordon_fault_flush(struct cordon_unit *unit, bool report)
{
	scoped_guard(mutex, &unit->lock)
		cordon_fault_take(unit, report);
	cancel_delayed_work_sync(&unit->fq.repay);
	cordon_fault_repay(&unit->fq.repay.work);
	cancel_delayed_work_sync(&unit->fq.remainder);
	cordon_fault_remainder(&unit->fq.remainder.work);
}
