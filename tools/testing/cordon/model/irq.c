// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: interrupts (spec 8) and errors of the unit (spec 10.4).
 */
#include "internal.h"

#define CM_LATCHED	(BIT(CORDON_INT_FAULT) | BIT(CORDON_INT_REQUEST))

/**
 * cm_irq_pending() - value of CORDON_REG_IPEND
 * @m: model
 *
 * Return: one bit for each source.
 */
uint32_t cm_irq_pending(const struct cordon_model *m)
{
	uint32_t pend = m->latched;
	unsigned int i;

	if (m->cmdpend)
		pend |= BIT(CORDON_INT_COMMAND);
	for (i = 0; m->overflow && i < m->caps.counters; i++)
		if ((m->overflow >> i & 1) && (m->counter[i].event & CORDON_EVENT_INTERRUPT))
			pend |= BIT(CORDON_INT_COUNTER);
	if (m->error)
		pend |= BIT(CORDON_INT_ERROR);
	return pend;
}

static bool cm_irq_messages(const struct cordon_model *m, unsigned int i)
{
	return cm_cap(m, CORDON_CAP1_MSI) && (m->msi_addr[i] & CORDON_MSI_ADDR_EN);
}

static void cm_irq_message(struct cordon_model *m, unsigned int i)
{
	uint64_t addr = m->msi_addr[i] & CORDON_MSI_ADDR_ADDR;

	m->stats.irqs++;
	if (cm_injected(m, CORDON_ABORT_MESSAGE) ||
	    (m->ops.msi && m->ops.msi(m->opaque, addr, m->msi_data[i])))
		cm_error(m, CORDON_ERROR_MSI, addr);
}

/**
 * cm_irq_update() - drive outputs and send messages after a change of any register
 *	that interrupts depend on
 * @m: model
 */
void cm_irq_update(struct cordon_model *m)
{
	uint32_t active = m->inject.gone ? 0 : cm_irq_pending(m) & ~m->imask;
	uint32_t rising = active & ~m->active, wires = 0, changed;
	unsigned int i;

	m->active = active;
	for (i = 0; i < CORDON_INTS; i++)
		if ((active & BIT(i)) && !cm_irq_messages(m, i))
			wires |= BIT(i);
	changed = wires ^ m->wires;
	m->wires = wires;
	for (i = 0; i < CORDON_INTS; i++) {
		if (changed & BIT(i)) {
			if (wires & BIT(i))
				m->stats.irqs++;
			if (m->ops.irq)
				m->ops.irq(m->opaque, i, wires & BIT(i));
		}
		if ((rising & BIT(i)) && cm_irq_messages(m, i))
			cm_irq_message(m, i);
	}
}

/**
 * cm_irq_resend() - after a write of a register that spec 8 names: update, and repeat
 *	the messages that are still due
 * @m: model
 */
void cm_irq_resend(struct cordon_model *m)
{
	uint32_t was = m->active;
	unsigned int i;

	cm_irq_update(m);
	for (i = 0; i < CORDON_INTS; i++)
		if ((was & m->active & BIT(i)) && cm_irq_messages(m, i))
			cm_irq_message(m, i);
}

/**
 * cm_irq_source() - the address of a source's message was written
 * @m: model
 * @i: source
 *
 * The wire falls or rises; a message that is due is written.
 */
void cm_irq_source(struct cordon_model *m, unsigned int i)
{
	cm_irq_update(m);
	if ((m->active & BIT(i)) && cm_irq_messages(m, i))
		cm_irq_message(m, i);
}

/**
 * cm_ring_told() - a record was lost because its queue was full
 * @m: model
 * @r: the queue
 * @source: CORDON_INT_FAULT or CORDON_INT_REQUEST
 */
void cm_ring_told(struct cordon_model *m, struct cm_ring *r, unsigned int source)
{
	if (r->told)
		return;
	r->told = true;
	cm_irq_latch(m, source);
}

/**
 * cm_irq_latch() - a record was written or lost
 * @m: model
 * @source: CORDON_INT_FAULT or CORDON_INT_REQUEST
 */
void cm_irq_latch(struct cordon_model *m, unsigned int source)
{
	m->latched |= BIT(source) & CM_LATCHED;
	cm_irq_update(m);
}

/**
 * cm_error() - note an error of the unit (spec 10.4)
 * @m: model
 * @bit: CORDON_ERROR_*
 * @addr: address of the access, or offset of the register
 */
void cm_error(struct cordon_model *m, uint32_t bit, uint64_t addr)
{
	if (!m->error)
		m->erraddr = addr;
	if (m->error & bit)
		return;
	m->error |= bit;
	cm_irq_update(m);
}
