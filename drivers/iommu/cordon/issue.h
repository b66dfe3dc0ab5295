/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cordon IOMMU: one command, issued and waited for, where it is no call.
 *
 * Every unmapping comes this way, so what is here is only what has to be done when
 * all is well.  What is not is left to queue.c and invalidate.c.
 */
#ifndef _CORDON_ISSUE_H
#define _CORDON_ISSUE_H

#include "cordon.h"
#include "trace.h"

/* A waiter looks at its completion word this often before it looks further. */
#define CORDON_SPINS		64

static inline u64 cordon_slot_word(const __le64 *slot)
{
	return le64_to_cpu(READ_ONCE(*slot));
}

/**
 * cordon_queue_issue() - issue a command and wait until it is complete
 * @q: the queue
 * @cmd: the command, without CORDON_CMD_COMPLETE; in registers, for nobody takes
 *	its address
 *
 * The usual case of cordon_queue_run(), with the same promise: one queue that
 * works, that has room, and nobody who traces it.
 *
 * Return: as cordon_queue_run(), or -EAGAIN if the case is another one, and
 * nothing was issued.
 */
static __always_inline int cordon_queue_issue(struct cordon_queue *q,
					      struct cordon_cmd cmd)
{
	struct cordon_unit *unit = q->unit;
	unsigned int spins = CORDON_SPINS;
	u32 index, skips, resets;
	struct cordon_cmd *to;
	const __le64 *slot;
	unsigned long flags;
	u64 good;

	if (trace_cordon_command_enabled() || trace_cordon_completion_enabled())
		return -EAGAIN;

	raw_spin_lock_irqsave(&q->lock, flags);
	index = q->tail;
	/* Stopped, it may be without power: see cordon_queues_disable(). */
	if (unlikely(q->broken || index - q->head > q->mask ||
		     cordon_unit_state(unit) != CORDON_UNIT_RUNNING)) {
		raw_spin_unlock_irqrestore(&q->lock, flags);
		return -EAGAIN;
	}
	q->tail = index + 1;
	skips = q->skips;
	resets = q->resets;
	to = &q->ring[index & q->mask];
	to->op = cmd.op | cordon_cmd_completion(index & q->slot_mask, index);
	to->target = cmd.target;
	to->first = cmd.first;
	to->last = cmd.last;
	/* It orders what cordon_queue_run_any() says before the doorbell. */
	cordon_writel(unit, q->doorbell + CORDON_REG_Q_TAIL, index + 1);
	raw_spin_unlock_irqrestore(&q->lock, flags);

	slot = &q->slots[index & q->slot_mask];
	good = FIELD_PREP(CORDON_COMPLETION_STATUS, CORDON_COMPLETION_OK) |
	       FIELD_PREP(CORDON_COMPLETION_VALUE, index);
	while (unlikely(cordon_slot_word(slot) != good)) {
		if (!spins--)
			return cordon_queue_wait_on(q, index, skips, resets);
		cpu_relax();
	}
	/*
	 * As in cordon_queue_wait(), which judges what is unusual.  The word
	 * names this very command, which has not been skipped, then; but it may
	 * be of another life of the queue.
	 */
	dma_rmb();
	if (unlikely(READ_ONCE(q->resets) != resets))
		return cordon_queue_wait_on(q, index, skips, resets);
	return 0;
}

#endif /* _CORDON_ISSUE_H */
