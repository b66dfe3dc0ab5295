// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: errors that it makes on purpose, and how long it takes
 * to acknowledge (spec 10.3, 10.11).
 */
#include "internal.h"

/* How software sees a command that fails, unless another reason is chosen */
#define CM_FAIL_REASON	CORDON_QREASON_FETCH

/**
 * cm_injected() - is this access to memory to abort?
 * @m: model
 * @what: kind of the access
 *
 * Return: true if it is, and it has been counted.
 */
bool cm_injected(struct cordon_model *m, enum cordon_abort what)
{
	if (!(m->inject.aborts >> what & 1))
		return false;
	m->stats.injected++;
	return true;
}

static bool cm_every(struct cordon_model *m, uint64_t every, uint64_t *count)
{
	if (!every || ++*count < every)
		return false;
	*count = 0;
	m->stats.injected++;
	return true;
}

/**
 * cm_inject_fail() - is the command that was taken to fail?
 * @m: model
 * @reason: result: why
 *
 * Return: true if it is.
 */
bool cm_inject_fail(struct cordon_model *m, uint8_t *reason)
{
	if (!cm_every(m, m->inject.fail_every, &m->failures))
		return false;
	*reason = m->inject.fail_reason ? (uint8_t)m->inject.fail_reason : CM_FAIL_REASON;
	return true;
}

/**
 * cm_inject_lose() - is the completion word of this command never to be written?
 * @m: model
 *
 * Return: true if it is not.
 */
bool cm_inject_lose(struct cordon_model *m)
{
	return cm_every(m, m->inject.lose_every, &m->losses);
}

/**
 * cm_is_stalled() - does a queue take no commands?
 * @m: model
 * @q: its number
 *
 * Return: true if it takes none.
 */
bool cm_is_stalled(const struct cordon_model *m, unsigned int q)
{
	return (m->inject.stall | m->inject.hang) >> q & 1;
}

/**
 * cm_latency() - ticks that a command takes
 * @m: model
 *
 * Return: ticks; 0: it is done when the doorbell is.
 */
uint64_t cm_latency(const struct cordon_model *m)
{
	return m->cfg.command_latency + m->inject.slow;
}

/* When is what software has just written to be acknowledged? 0: at once */
static uint64_t cm_ack_due(struct cordon_model *m, enum cordon_mute what)
{
	if (m->inject.mutes >> what & 1) {
		m->stats.injected++;
		return CM_NEVER;
	}
	return m->inject.slow ? cm_now(m) + m->inject.slow : 0;
}

/**
 * cm_ack_later() - something was written that is to be acknowledged
 * @m: model
 * @what: which register
 * @ack: set to when, if that is not now
 *
 * Return: false if it takes effect now.
 */
bool cm_ack_later(struct cordon_model *m, enum cordon_mute what, struct cm_ack *ack)
{
	ack->due = cm_ack_due(m, what);
	ack->pending = ack->due;
	return ack->pending;
}

static bool cm_ack_now(struct cm_ack *ack, uint64_t now, uint64_t *next)
{
	if (!ack->pending)
		return false;
	if (ack->due > now) {
		if (ack->due < *next)
			*next = ack->due;
		return false;
	}
	ack->pending = false;
	return true;
}

/**
 * cm_ack_tick() - let take effect what is due
 * @m: model
 *
 * Return: when the next one is, or CM_NEVER.
 */
uint64_t cm_ack_tick(struct cordon_model *m)
{
	uint64_t now = cm_now(m), next = CM_NEVER;
	unsigned int i;

	if (cm_ack_now(&m->root_ack, now, &next))
		cm_root_apply(m);
	if (cm_ack_now(&m->ctrl_ack, now, &next))
		cm_ctrl_apply(m);
	for (i = 0; i < m->caps.cmdqs; i++)
		if (cm_ack_now(&m->queue[i].ctrl_ack, now, &next))
			cm_queue_apply(m, i);
	return next;
}

/* Those that wait are acknowledged now, or not at all */
static void cm_ack_again(struct cordon_model *m, enum cordon_mute what, struct cm_ack *ack)
{
	if (ack->pending)
		ack->due = m->inject.mutes >> what & 1 ? CM_NEVER : 0;
}

/**
 * cordon_model_inject() - from now on make these errors, and no others
 * @m: model
 * @inject: the errors; all zero: none
 *
 * What was held back and is not any more takes effect at once.
 */
void cordon_model_inject(struct cordon_model *m, const struct cordon_inject *inject)
{
	unsigned int i;

	m->inject = *inject;
	m->failures = 0;
	m->losses = 0;
	cm_ack_again(m, CORDON_MUTE_ROOT, &m->root_ack);
	cm_ack_again(m, CORDON_MUTE_CTRL, &m->ctrl_ack);
	for (i = 0; i < m->caps.cmdqs; i++) {
		cm_ack_again(m, CORDON_MUTE_QUEUE, &m->queue[i].ctrl_ack);
		m->queue[i].ready = CM_NEVER;
	}
	cm_irq_update(m);
	if (inject->gone)
		return;
	cm_ack_tick(m);
	cm_serve(m);
}

/**
 * cordon_model_injected() - the errors that a model makes
 * @m: model
 *
 * Return: what cordon_model_inject() was told, but for &cordon_inject.hang, of
 * which those queues are left that have not been reset since.
 */
const struct cordon_inject *cordon_model_injected(const struct cordon_model *m)
{
	return &m->inject;
}

/**
 * cm_is_injecting() - does the model make errors?
 * @m: model
 *
 * Return: true if its state is not that of a sound unit.
 */
bool cm_is_injecting(const struct cordon_model *m)
{
	const struct cordon_inject *in = &m->inject;

	return in->stall || in->hang || in->fail_every || in->lose_every || in->slow ||
	       in->aborts || in->mutes || in->gone;
}
