// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: command queues (spec 5).
 *
 * Each CPU has a queue of its own where the hardware has enough of them.  A
 * command's completion is a word in memory that its waiter alone looks at; its
 * value is the command's index.  Neither room in the ring, nor completion, nor
 * failure costs a read of a register.
 */
#include <linux/delay.h>
#include <linux/iopoll.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "cordon.h"
#include "issue.h"
#include "trace.h"

/* Ring of a queue: enough for every CPU that may share it. */
#define CORDON_CMDQ_LOG2	8

/* A queue that fails again so soon after it was reset is not reset any more. */
#define CORDON_RESET_INTERVAL	(60 * HZ)

/**
 * cordon_cmd_sync() - encode SYNC (spec 5.4.1)
 *
 * Return: the command.
 */
struct cordon_cmd cordon_cmd_sync(void)
{
	return (struct cordon_cmd) {
		.op = cpu_to_le64(FIELD_PREP(CORDON_CMD_OP, CORDON_OP_SYNC)),
	};
}
EXPORT_SYMBOL_IF_KUNIT(cordon_cmd_sync);

/**
 * cordon_cmd_inv_all() - encode INV_ALL (spec 5.4.2)
 *
 * Return: the command.
 */
struct cordon_cmd cordon_cmd_inv_all(void)
{
	return (struct cordon_cmd) {
		.op = cpu_to_le64(FIELD_PREP(CORDON_CMD_OP, CORDON_OP_INV_ALL)),
	};
}
EXPORT_SYMBOL_IF_KUNIT(cordon_cmd_inv_all);

/**
 * cordon_cmd_inv_device() - encode INV_DEVICE (spec 5.4.3)
 * @first: first DeviceID
 * @last: last DeviceID, inclusive
 * @leaf: no page of the directory was unlinked
 *
 * Return: the command.
 */
struct cordon_cmd cordon_cmd_inv_device(u32 first, u32 last, bool leaf)
{
	return (struct cordon_cmd) {
		.op = cpu_to_le64(FIELD_PREP(CORDON_CMD_OP,
					     CORDON_OP_INV_DEVICE)),
		.target = cpu_to_le64(leaf ? CORDON_TGT_LEAF : 0),
		.first = cpu_to_le64(first),
		.last = cpu_to_le64(last),
	};
}
EXPORT_SYMBOL_IF_KUNIT(cordon_cmd_inv_device);

/**
 * cordon_cmd_inv_dtag() - encode INV_DTAG (spec 5.4.6)
 * @vmtag: VM tag
 * @dtag: domain tag
 *
 * Return: the command.
 */
struct cordon_cmd cordon_cmd_inv_dtag(u16 vmtag, u32 dtag)
{
	return (struct cordon_cmd) {
		.op = cpu_to_le64(FIELD_PREP(CORDON_CMD_OP, CORDON_OP_INV_DTAG)),
		.target = cpu_to_le64(FIELD_PREP(CORDON_TGT_VMTAG, vmtag) |
				      FIELD_PREP(CORDON_TGT_DTAG, dtag)),
	};
}
EXPORT_SYMBOL_IF_KUNIT(cordon_cmd_inv_dtag);

/**
 * cordon_cmd_inv_vmtag() - encode INV_VMTAG (spec 5.4.7)
 * @vmtag: VM tag
 *
 * Return: the command.
 */
struct cordon_cmd cordon_cmd_inv_vmtag(u16 vmtag)
{
	return (struct cordon_cmd) {
		.op = cpu_to_le64(FIELD_PREP(CORDON_CMD_OP,
					     CORDON_OP_INV_VMTAG)),
		.target = cpu_to_le64(FIELD_PREP(CORDON_TGT_VMTAG, vmtag)),
	};
}
EXPORT_SYMBOL_IF_KUNIT(cordon_cmd_inv_vmtag);

/**
 * cordon_completion_done() - is a command over?
 * @word: its completion word
 * @index: its index
 *
 * A word that was written is never zero.  A value beyond @index is that of a
 * later command with the same slot, and commands complete in order.
 *
 * Return: true if it is over, well or not.
 */
bool cordon_completion_done(u64 word, u32 index)
{
	return FIELD_GET(CORDON_COMPLETION_STATUS, word) &&
	       (s32)(FIELD_GET(CORDON_COMPLETION_VALUE, word) - index) >= 0;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_completion_done);

/**
 * cordon_completion_error() - how a command ended
 * @word: its completion word
 *
 * Return: 0, or -EIO if it was skipped, -ETIMEDOUT if a device did not answer,
 * -ENXIO if the device's ATS is off, -EBUSY if too many were under way.
 */
int cordon_completion_error(u64 word)
{
	switch (FIELD_GET(CORDON_COMPLETION_STATUS, word)) {
	case CORDON_COMPLETION_OK:
		return 0;
	case CORDON_COMPLETION_TIMEOUT:
		return -ETIMEDOUT;
	case CORDON_COMPLETION_REFUSED:
		return -ENXIO;
	case CORDON_COMPLETION_BUSY:
		return -EBUSY;
	default:
		return -EIO;
	}
}
EXPORT_SYMBOL_IF_KUNIT(cordon_completion_error);

/**
 * cordon_queue_reason_text() - why a queue stopped, in words
 * @reason: enum cordon_queue_reason
 *
 * Return: the words.
 */
const char *cordon_queue_reason_text(unsigned int reason)
{
	switch (reason) {
	case CORDON_QREASON_NONE:
		return "no reason";
	case CORDON_QREASON_OPCODE:
		return "unknown or absent operation";
	case CORDON_QREASON_RESERVED:
		return "reserved bit set";
	case CORDON_QREASON_OPERAND:
		return "operand out of bounds";
	case CORDON_QREASON_SLOT:
		return "slot outside the completion area";
	case CORDON_QREASON_FORBIDDEN:
		return "not allowed in a guest's queue";
	case CORDON_QREASON_VDEV:
		return "device not in the guest's device map";
	case CORDON_QREASON_FETCH:
		return "command could not be read";
	case CORDON_QREASON_WRITE:
		return "completion or status could not be written";
	case CORDON_QREASON_TAIL:
		return "tail out of bounds";
	case CORDON_QREASON_DESC_FETCH:
		return "descriptor could not be read";
	case CORDON_QREASON_DESC_ABSENT:
		return "no descriptor";
	case CORDON_QREASON_DESC_MALFORMED:
		return "malformed descriptor";
	default:
		return "reason unknown to this driver";
	}
}
EXPORT_SYMBOL_IF_KUNIT(cordon_queue_reason_text);

static const char *cordon_opcode_name(unsigned int op)
{
	switch (op) {
	case CORDON_OP_SYNC:
		return "SYNC";
	case CORDON_OP_INV_ALL:
		return "INV_ALL";
	case CORDON_OP_INV_DEVICE:
		return "INV_DEVICE";
	case CORDON_OP_INV_PROCESS:
		return "INV_PROCESS";
	case CORDON_OP_INV_RANGE:
		return "INV_RANGE";
	case CORDON_OP_INV_DTAG:
		return "INV_DTAG";
	case CORDON_OP_INV_VMTAG:
		return "INV_VMTAG";
	case CORDON_OP_INV_S2RANGE:
		return "INV_S2RANGE";
	case CORDON_OP_INV_ATC:
		return "INV_ATC";
	case CORDON_OP_RESPOND:
		return "RESPOND";
	default:
		return "unknown operation";
	}
}

/**
 * cordon_cmd_describe() - a command in words
 * @cmd: the command
 * @buf: where to write them
 * @size: how much there is room for
 *
 * Return: length of the text.
 */
int cordon_cmd_describe(const struct cordon_cmd *cmd, char *buf, size_t size)
{
	u64 op = le64_to_cpu(cmd->op);
	u64 target = le64_to_cpu(cmd->target);
	u64 first = le64_to_cpu(cmd->first);
	u64 last = le64_to_cpu(cmd->last);
	unsigned int opcode = FIELD_GET(CORDON_CMD_OP, op);
	const char *name = cordon_opcode_name(opcode);
	const char *leaf = target & CORDON_TGT_LEAF ? ", leaf only" : "";

	switch (opcode) {
	case CORDON_OP_INV_DEVICE:
		return scnprintf(buf, size, "%s of DeviceIDs 0x%llx to 0x%llx%s",
				 name, first, last, leaf);
	case CORDON_OP_INV_PROCESS:
		return scnprintf(buf, size,
				 "%s of DeviceID 0x%llx, PASIDs 0x%llx to 0x%llx%s",
				 name, FIELD_GET(CORDON_TGT_DEVID, target),
				 first, last, leaf);
	case CORDON_OP_INV_RANGE:
	case CORDON_OP_INV_S2RANGE:
		return scnprintf(buf, size,
				 "%s of VM %llu, domain %llu, 0x%llx to 0x%llx%s",
				 name, FIELD_GET(CORDON_TGT_VMTAG, target),
				 FIELD_GET(CORDON_TGT_DTAG, target), first,
				 last, leaf);
	case CORDON_OP_INV_DTAG:
	case CORDON_OP_INV_VMTAG:
		return scnprintf(buf, size, "%s of VM %llu, domain %llu", name,
				 FIELD_GET(CORDON_TGT_VMTAG, target),
				 FIELD_GET(CORDON_TGT_DTAG, target));
	case CORDON_OP_INV_ATC:
	case CORDON_OP_RESPOND:
		return scnprintf(buf, size,
				 "%s of DeviceID 0x%llx, 0x%llx to 0x%llx",
				 name, FIELD_GET(CORDON_TGT_DEVID, target),
				 first, last);
	case CORDON_OP_SYNC:
	case CORDON_OP_INV_ALL:
		return scnprintf(buf, size, "%s", name);
	default:
		return scnprintf(buf, size, "%s 0x%x (%016llx %016llx %016llx %016llx)",
				 name, opcode, op, target, first, last);
	}
}
EXPORT_SYMBOL_IF_KUNIT(cordon_cmd_describe);

static void cordon_queues_repair(struct work_struct *work);

static void cordon_queue_free(struct cordon_queue *q)
{
	cordon_free_pages(q->ring, (q->mask + 1) * sizeof(*q->ring));
	cordon_free_pages(q->slots, (q->slot_mask + 1) * sizeof(*q->slots));
	cordon_free_pages(q->status, CORDON_STATUS_SIZE);
}

static int cordon_queue_alloc(struct cordon_queue *q)
{
	struct cordon_unit *unit = q->unit;

	raw_spin_lock_init(&q->lock);
	q->mask = BIT(min(CORDON_CMDQ_LOG2, unit->caps.cmdq_log2)) - 1;
	/* CAP2.SLOTS_LOG2 is 9 at least (spec 10.2), CORDON_CMDQ_LOG2 less */
	q->slot_mask = BIT(unit->caps.slots_log2 > 9 ? 10 : 9) - 1;
	q->ring = cordon_alloc_pages(unit, (q->mask + 1) * sizeof(*q->ring));
	q->slots = cordon_alloc_pages(unit,
				      (q->slot_mask + 1) * sizeof(*q->slots));
	q->status = cordon_alloc_pages(unit, CORDON_STATUS_SIZE);
	if (!q->ring || !q->slots || !q->status)
		return -ENOMEM;
	return 0;
}

/**
 * cordon_queues_end() - no queue is repaired any more
 * @unit: a unit that nobody issues commands to
 *
 * May sleep.
 */
void cordon_queues_end(struct cordon_unit *unit)
{
	if (unit->queues)
		disable_work_sync(&unit->repair);
}

/**
 * cordon_queues_free() - give back what cordon_queues_alloc() took
 * @unit: a unit whose queues are disabled, and not repaired
 */
void cordon_queues_free(struct cordon_unit *unit)
{
	for (unsigned int i = 0; i < unit->nr_queues; i++)
		cordon_queue_free(&unit->queues[i]);
	cordon_free_pages(unit->qtable,
			  CORDON_CMDQ_MAX * sizeof(*unit->qtable));
	unit->qtable = NULL;
	kfree(unit->queues);
	unit->queues = NULL;
	unit->nr_queues = 0;
}

/**
 * cordon_queues_alloc() - memory for the command queues
 * @unit: the unit
 *
 * Takes a queue for each CPU, or all that there are.
 *
 * Return: 0 or -ENOMEM, and then nothing is left to free.
 */
int cordon_queues_alloc(struct cordon_unit *unit)
{
	unsigned int nr = min_t(unsigned int, nr_cpu_ids, unit->caps.cmdqs);

	INIT_WORK(&unit->repair, cordon_queues_repair);
	unit->queues = kcalloc(nr, sizeof(*unit->queues), GFP_KERNEL);
	unit->qtable = cordon_alloc_pages(unit, CORDON_CMDQ_MAX *
					  sizeof(*unit->qtable));
	if (!unit->queues || !unit->qtable)
		goto err;

	for (; unit->nr_queues < nr; unit->nr_queues++) {
		struct cordon_queue *q = &unit->queues[unit->nr_queues];

		q->unit = unit;
		q->number = unit->nr_queues;
		q->doorbell = CORDON_PAGE_GUEST(q->number);
		if (cordon_queue_alloc(q)) {
			cordon_queue_free(q);
			goto err;
		}
	}
	return 0;

err:
	cordon_queues_free(unit);
	return -ENOMEM;
}

static void cordon_queue_describe(struct cordon_queue *q)
{
	struct cordon_qdesc *desc = &q->unit->qtable[q->number];

	*desc = (struct cordon_qdesc) {
		.cfg = cpu_to_le64(CORDON_QD_V |
				   FIELD_PREP(CORDON_QD_LOG2SIZE,
					      ilog2(q->mask + 1))),
		.base = cpu_to_le64(virt_to_phys(q->ring)),
		.slots = cpu_to_le64(virt_to_phys(q->slots) |
				     FIELD_PREP(CORDON_QD_SLOTS_LOG2,
						ilog2(q->slot_mask + 1))),
		.status = cpu_to_le64(virt_to_phys(q->status)),
	};
}

/* Enable a queue that is disabled, and that nobody uses. */
static int cordon_queue_enable(struct cordon_queue *q)
{
	struct cordon_unit *unit = q->unit;
	u32 page = CORDON_PAGE_HOST(q->number);
	u32 ack;
	int ret;

	/*
	 * Old completions must not be taken for new ones.  Who was about to issue
	 * a command when it was disabled may still hold the lock.
	 */
	scoped_guard(raw_spinlock_irqsave, &q->lock) {
		memset(q->slots, 0, (q->slot_mask + 1) * sizeof(*q->slots));
		memset(q->status, 0, CORDON_STATUS_SIZE);
		q->tail = 0;
		q->head = 0;
		q->retried = 0;
	}
	cordon_queue_describe(q);

	cordon_writel(unit, page + CORDON_REG_Q_CTRL, CORDON_Q_EN);
	ret = read_poll_timeout(cordon_readl, ack,
				ack & (CORDON_Q_EN | CORDON_Q_REASON), 1,
				cordon_timeout_us(), false, unit,
				page + CORDON_REG_Q_ACK);
	if (ret)
		return dev_err_probe(unit->dev, ret,
				     "command queue %u: enabling was not acknowledged\n",
				     q->number);
	if (!(ack & CORDON_Q_EN))
		return dev_err_probe(unit->dev, -EIO,
				     "command queue %u cannot be enabled: %s\n",
				     q->number,
				     cordon_queue_reason_text(FIELD_GET(CORDON_Q_REASON, ack)));
	return 0;
}

/**
 * cordon_queues_enable() - start the command queues (spec 12.1, step 3)
 * @unit: a unit all of whose queues are disabled
 *
 * Return: 0, -ETIMEDOUT or -EIO; the reason has been logged.
 */
int cordon_queues_enable(struct cordon_unit *unit)
{
	int ret;

	cordon_writeq(unit, CORDON_REG_QTABLE,
		      virt_to_phys(unit->qtable) | CORDON_QTABLE_V);
	for (unsigned int i = 0; i < unit->nr_queues; i++) {
		struct cordon_queue *q = &unit->queues[i];

		ret = cordon_queue_enable(q);
		if (ret)
			return ret;
		q->reset_at = 0;
		q->retired = false;
		WRITE_ONCE(q->broken, false);
	}
	return 0;
}

/* Once it returns 0 the queue reads and writes no memory (spec 10.11). */
static int cordon_queue_disabled(struct cordon_unit *unit, unsigned int number)
{
	u32 ack;
	int ret;

	ret = read_poll_timeout(cordon_readl, ack, !(ack & CORDON_Q_EN), 1,
				cordon_timeout_us(), false, unit,
				CORDON_PAGE_HOST(number) + CORDON_REG_Q_ACK);
	if (ret)
		dev_err_probe(unit->dev, ret,
			      "command queue %u: disabling was not acknowledged\n",
			      number);
	return ret;
}

/**
 * cordon_queues_disable() - stop all command queues, also those of others
 * @unit: a unit that is not running, so that no queue is reset meanwhile
 *
 * Once it returns 0 no queue reads or writes memory any more (spec 10.11).  May
 * sleep.
 *
 * Return: 0 or -ETIMEDOUT, which has been logged.
 */
int cordon_queues_disable(struct cordon_unit *unit)
{
	int ret;

	cancel_work_sync(&unit->repair);
	/*
	 * Who found the unit running before it was stopped has written to its
	 * queue's page when the lock is free; who comes later does not write.
	 */
	for (unsigned int i = 0; i < unit->nr_queues; i++) {
		raw_spin_lock_irq(&unit->queues[i].lock);
		raw_spin_unlock_irq(&unit->queues[i].lock);
	}

	for (unsigned int i = 0; i < unit->caps.cmdqs; i++)
		cordon_writel(unit, CORDON_PAGE_HOST(i) + CORDON_REG_Q_CTRL, 0);
	for (unsigned int i = 0; i < unit->caps.cmdqs; i++) {
		ret = cordon_queue_disabled(unit, i);
		if (ret)
			return ret;
	}
	return 0;
}

static u64 cordon_queue_status(const struct cordon_queue *q)
{
	return le64_to_cpu(READ_ONCE(*q->status));
}

static bool cordon_status_stopped(u64 status)
{
	return FIELD_GET(CORDON_STATUS_STATE, status) == CORDON_QSTATE_STOPPED;
}

/*
 * A SYNC through a queue that has just been enabled, and that nobody else uses:
 * does it work?
 */
static int cordon_queue_prove(struct cordon_queue *q)
{
	struct cordon_cmd cmd = cordon_cmd_sync();
	u64 word;
	int ret;

	cmd.op |= cordon_cmd_completion(0, 0);
	q->ring[0] = cmd;
	q->tail = 1;
	cordon_writel(q->unit, q->doorbell + CORDON_REG_Q_TAIL, 1);
	ret = read_poll_timeout(cordon_slot_word, word,
				cordon_completion_done(word, 0), 10,
				cordon_timeout_us(), false, q->slots);
	return ret ?: cordon_completion_error(word);
}

/*
 * Reset a queue that did not answer, alone (spec 10.11), while the others work.
 * Nobody uses it.  Those who still wait for a command of before are told by
 * @q->resets not to believe what they find from now on.
 */
static int cordon_queue_reset(struct cordon_queue *q)
{
	struct cordon_unit *unit = q->unit;
	bool again = q->reset_at && time_before(jiffies, q->reset_at +
						CORDON_RESET_INTERVAL);
	int ret;

	scoped_guard(raw_spinlock_irqsave, &q->lock)
		WRITE_ONCE(q->resets, q->resets + 1);
	q->reset_at = jiffies ?: 1;

	/* It orders the count before what the new life of the queue writes. */
	cordon_writel(unit, CORDON_PAGE_HOST(q->number) + CORDON_REG_Q_CTRL, 0);
	ret = cordon_queue_disabled(unit, q->number);
	if (ret)
		return ret;
	if (again)
		return -EAGAIN;
	ret = cordon_queue_enable(q);
	if (!ret)
		ret = cordon_queue_prove(q);
	return ret;
}

static void cordon_queues_repair(struct work_struct *work)
{
	struct cordon_unit *unit = container_of(work, struct cordon_unit,
						repair);

	for (unsigned int i = 0; i < unit->nr_queues; i++) {
		struct cordon_queue *q = &unit->queues[i];
		int ret;

		if (cordon_unit_state(unit) != CORDON_UNIT_RUNNING)
			return;
		if (!READ_ONCE(q->broken) || q->retired)
			continue;
		ret = cordon_queue_reset(q);
		if (ret) {
			q->retired = true;
			dev_err(unit->dev,
				"command queue %u is not used any more: %s\n",
				q->number, ret == -EAGAIN ?
				"it failed again soon after it was reset" :
				"it does not work after a reset");
			continue;
		}
		scoped_guard(raw_spinlock_irqsave, &q->lock)
			WRITE_ONCE(q->broken, false);
		dev_info(unit->dev,
			 "command queue %u was reset and works again\n",
			 q->number);
	}
}

/* The queue did not answer in the life that @resets counts. */
static void cordon_queue_break(struct cordon_queue *q, u32 resets)
{
	bool first = false;

	scoped_guard(raw_spinlock_irqsave, &q->lock) {
		if (q->resets == resets && !q->broken) {
			WRITE_ONCE(q->broken, true);
			first = true;
		}
	}
	if (!first)
		return;
	dev_err(q->unit->dev,
		"command queue %u did not complete a command in %u ms: others take its place until it is reset\n",
		q->number, cordon_timeout_ms);
	schedule_work(&q->unit->repair);
}

/**
 * cordon_queue_recover() - have a stopped queue go on
 * @q: the queue
 *
 * If the queue has stopped at a command (spec 5.6), says so.  A command that
 * could not be read is tried again, once; all others are skipped, and the
 * command's waiter gets an error.  Whoever sees the stop first does it: a waiter
 * or the interrupt.  Any context but NMI.
 *
 * Return: true if a command was tried again or skipped.
 */
bool cordon_queue_recover(struct cordon_queue *q)
{
	struct cordon_unit *unit = q->unit;
	struct cordon_cmd cmd;
	unsigned long flags;
	char text[96];
	u64 status;
	bool retry;
	u32 head;

	raw_spin_lock_irqsave(&q->lock, flags);
	status = cordon_queue_status(q);
	/* One that is broken is reset, whatever state it is in. */
	if (!cordon_status_stopped(status) || q->broken ||
	    cordon_unit_state(unit) != CORDON_UNIT_RUNNING) {
		raw_spin_unlock_irqrestore(&q->lock, flags);
		return false;
	}
	head = FIELD_GET(CORDON_STATUS_HEAD, status);
	cmd = q->ring[head & q->mask];
	retry = FIELD_GET(CORDON_STATUS_REASON, status) == CORDON_QREASON_FETCH &&
		q->retried != head + 1ULL;
	if (retry)
		q->retried = head + 1ULL;
	else
		WRITE_ONCE(q->skips, q->skips + 1);
	/*
	 * Nobody answers this stop again, and the next one can be told from it:
	 * hardware writes the line when it goes on, and not before (spec 5.2).
	 */
	WRITE_ONCE(*q->status, cpu_to_le64(FIELD_PREP(CORDON_STATUS_HEAD, head) |
					   FIELD_PREP(CORDON_STATUS_STATE,
						      CORDON_QSTATE_RUNNING)));
	cordon_writel(unit, q->doorbell + CORDON_REG_Q_RESUME,
		      retry ? CORDON_RESUME_RETRY : CORDON_RESUME_SKIP);
	raw_spin_unlock_irqrestore(&q->lock, flags);

	cordon_cmd_describe(&cmd, text, sizeof(text));
	trace_cordon_command_stopped(unit->dev, q->number, head,
				     FIELD_GET(CORDON_STATUS_REASON, status),
				     &cmd);
	if (__ratelimit(&unit->complaints))
		dev_err(unit->dev,
			"command queue %u stopped at command %u, %s: %s; %s\n",
			q->number, head, text,
			cordon_queue_reason_text(FIELD_GET(CORDON_STATUS_REASON, status)),
			retry ? "tried again" : "skipped");
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(cordon_queue_recover);

/* The caller holds @q->lock.  Is there room for @nr commands? */
static bool cordon_queue_room(struct cordon_queue *q, unsigned int nr)
{
	if (likely(q->tail + nr - q->head <= q->mask + 1))
		return true;
	q->head = FIELD_GET(CORDON_STATUS_HEAD, cordon_queue_status(q));
	return q->tail + nr - q->head <= q->mask + 1;
}

/*
 * A wait that has taken longer than a few loads: is it worth waiting on?
 * @deadline is 0 at first.  When it has passed, the caller looks once more
 * before it gives up: this CPU may have been away for all of that time.  Of a
 * queue that was reset since @resets nothing is to be expected.
 */
static int cordon_queue_patience(struct cordon_queue *q, u32 resets,
				 ktime_t *deadline)
{
	u64 status = cordon_queue_status(q);

	if (unlikely(cordon_status_stopped(status)))
		cordon_queue_recover(q);
	if (cordon_unit_state(q->unit) != CORDON_UNIT_RUNNING ||
	    READ_ONCE(q->broken) || READ_ONCE(q->resets) != resets)
		return -EIO;
	if (*deadline == KTIME_MAX)
		return -ETIMEDOUT;
	if (!*deadline)
		*deadline = ktime_add_us(ktime_get(), cordon_timeout_us());
	else if (ktime_after(ktime_get(), *deadline))
		*deadline = KTIME_MAX;
	cpu_relax();
	return 0;
}

/*
 * Wait for the command with @index, the last of @nr.  @skips is what q->skips
 * was before they were written.  If it has changed, one of the earlier ones may
 * be among those skipped, for they write no word; a word that tells of a later
 * command does not tell of this one; and none may come at all (spec 5.6: after
 * FETCH).  @resets likewise: no word is believed that a queue may have written
 * after it was reset.
 */
static int cordon_queue_wait(struct cordon_queue *q, u32 index, unsigned int nr,
			     u32 skips, u32 resets)
{
	const __le64 *slot = &q->slots[index & q->slot_mask];
	ktime_t deadline = 0;
	unsigned int spins = 0;
	u64 word;
	int ret;

	for (;;) {
		word = cordon_slot_word(slot);
		if (likely(cordon_completion_done(word, index)))
			break;
		if (spins++ < CORDON_SPINS) {
			cpu_relax();
			continue;
		}
		if (READ_ONCE(q->skips) != skips &&
		    (s32)(FIELD_GET(CORDON_STATUS_HEAD,
				    cordon_queue_status(q)) - index) > 0)
			return -EIO;
		ret = cordon_queue_patience(q, resets, &deadline);
		if (unlikely(ret))
			return ret;
	}

	/*
	 * What the caller reads next may have been written by a DMA that the
	 * completion promises to be over (spec 11.3).
	 */
	dma_rmb();

	/* Pairs with the write of Q_CTRL in cordon_queue_reset(). */
	if (unlikely(READ_ONCE(q->resets) != resets))
		return -EIO;
	if (unlikely(READ_ONCE(q->skips) != skips) &&
	    (nr > 1 || FIELD_GET(CORDON_COMPLETION_VALUE, word) != index))
		return -EIO;
	return cordon_completion_error(word);
}

/* cordon_queue_run() in all cases. */
static noinline int cordon_queue_run_any(struct cordon_queue *q,
					 const struct cordon_cmd *cmds,
					 unsigned int nr)
{
	struct cordon_unit *unit = q->unit;
	ktime_t deadline = 0;
	unsigned long flags;
	struct cordon_cmd cmd;
	unsigned int i;
	u32 index, skips, resets, head;
	u64 rung = 0;
	int ret;

	raw_spin_lock_irqsave(&q->lock, flags);
	resets = q->resets;
	head = q->head;
	while (unlikely(q->broken || !cordon_queue_room(q, nr))) {
		/* Others may be served first: a queue that moves is not broken. */
		if (q->head != head) {
			head = q->head;
			deadline = 0;
		}
		raw_spin_unlock_irqrestore(&q->lock, flags);
		ret = cordon_queue_patience(q, resets, &deadline);
		if (ret)
			goto err;
		raw_spin_lock_irqsave(&q->lock, flags);
	}
	/* Stopped, it may be without power: see cordon_queues_disable(). */
	if (unlikely(cordon_unit_state(unit) != CORDON_UNIT_RUNNING)) {
		raw_spin_unlock_irqrestore(&q->lock, flags);
		return -EIO;
	}

	index = q->tail;
	for (i = 0; i < nr - 1; i++)
		q->ring[index++ & q->mask] = cmds[i];
	cmd = cmds[i];
	cmd.op |= cordon_cmd_completion(index & q->slot_mask, index);
	q->ring[index & q->mask] = cmd;
	q->tail = index + 1;
	skips = q->skips;

	if (trace_cordon_command_enabled()) {
		for (i = 0; i < nr; i++)
			trace_cordon_command(unit->dev, q->number,
					     index - (nr - 1) + i, &cmds[i]);
	}
	if (trace_cordon_completion_enabled())
		rung = ktime_get_mono_fast_ns();

	/*
	 * The write of the register orders the commands, and the change of the
	 * structures that they are about, before the doorbell (spec 11.3).
	 */
	cordon_writel(unit, q->doorbell + CORDON_REG_Q_TAIL, index + 1);
	raw_spin_unlock_irqrestore(&q->lock, flags);

	ret = cordon_queue_wait(q, index, nr, skips, resets);
	if (unlikely(rung))
		trace_cordon_completion(unit->dev, q->number, index, nr,
					ktime_get_mono_fast_ns() - rung, ret);
	if (likely(!ret))
		return 0;
err:
	if (ret == -ETIMEDOUT)
		cordon_queue_break(q, resets);
	return ret;
}

/**
 * cordon_queue_wait_on() - wait for one command that is not over yet
 * @q: its queue
 * @index: its index
 * @skips: what @q->skips was before it was written
 * @resets: the same of @q->resets
 *
 * Any context but NMI; spins for cordon_timeout_ms at most.
 *
 * Return: as cordon_queue_run().
 */
int cordon_queue_wait_on(struct cordon_queue *q, u32 index, u32 skips,
			 u32 resets)
{
	int ret = cordon_queue_wait(q, index, 1, skips, resets);

	if (ret == -ETIMEDOUT)
		cordon_queue_break(q, resets);
	return ret;
}

/**
 * cordon_queue_run() - issue commands and wait until the last is complete
 * @q: the queue
 * @cmds: the commands, without CORDON_CMD_COMPLETE; at most half of the ring
 * @nr: how many, 1 at least
 *
 * All stores that come before the call are visible to the commands.  Any
 * context but NMI; spins for cordon_timeout_ms at most, once there is room:
 * while others' commands are taken, it waits for that.
 *
 * Return: 0, -EIO if a command was skipped, or the queue or the unit is not in
 * use, or -ETIMEDOUT; then @q is not used until it has been reset, which has
 * been logged.
 */
int cordon_queue_run(struct cordon_queue *q, const struct cordon_cmd *cmds,
		     unsigned int nr)
{
	int ret;

	if (nr == 1) {
		ret = cordon_queue_issue(q, *cmds);
		if (likely(ret != -EAGAIN))
			return ret;
	}
	return cordon_queue_run_any(q, cmds, nr);
}
EXPORT_SYMBOL_IF_KUNIT(cordon_queue_run);
