// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: registers (spec 10).
 */
#include "internal.h"

#define CM_ROOT_BITS	(CORDON_ROOT_LEVELS | CORDON_ROOT_SILENT | CORDON_ROOT_ADDR)
#define CM_MASK5	GENMASK(4, 0)

/* What a register page is for */
enum cm_page { CM_PAGE_MAIN, CM_PAGE_COUNTERS, CM_PAGE_GUEST, CM_PAGE_HOST };

static enum cm_page cm_page_of(uint64_t offset, unsigned int *q)
{
	uint64_t page = offset / CORDON_PAGE_SIZE;

	*q = 0;
	if (page < 2)
		return page ? CM_PAGE_COUNTERS : CM_PAGE_MAIN;
	*q = (unsigned int)(page / 2 - 1);
	return page & 1 ? CM_PAGE_HOST : CM_PAGE_GUEST;
}

/* Width in bytes of the register that begins at @offset of page 0, or 0 */
static unsigned int cm_main_width(uint64_t offset)
{
	unsigned int i;

	for (i = 0; i < CORDON_INTS; i++) {
		if (offset == CORDON_REG_MSI_ADDR(i))
			return 8;
		if (offset == CORDON_REG_MSI_DATA(i))
			return 4;
	}
	for (i = 0; i < CORDON_MAIRS; i++)
		if (offset == CORDON_REG_MAIR(i))
			return 8;
	switch (offset) {
	case CORDON_REG_CTRL:
	case CORDON_REG_CTRLACK:
	case CORDON_REG_ERROR:
	case CORDON_REG_IPEND:
	case CORDON_REG_IMASK:
	case CORDON_REG_FQ_HEAD:
	case CORDON_REG_FQ_TAIL:
	case CORDON_REG_FQ_ANON_LIMIT:
	case CORDON_REG_FQ_MERGE:
	case CORDON_REG_PRQ_HEAD:
	case CORDON_REG_PRQ_TAIL:
	case CORDON_REG_ATC_TIMEOUT:
		return 4;
	case CORDON_REG_ID:
	case CORDON_REG_CAP0:
	case CORDON_REG_CAP1:
	case CORDON_REG_CAP2:
	case CORDON_REG_CAP3:
	case CORDON_REG_CAP4:
	case CORDON_REG_ROOT:
	case CORDON_REG_ROOTACK:
	case CORDON_REG_QTABLE:
	case CORDON_REG_ERRADDR:
	case CORDON_REG_CMDPEND:
	case CORDON_REG_TIME:
	case CORDON_REG_FQ_BASE:
	case CORDON_REG_FQ_LOST:
	case CORDON_REG_FQ_ANON:
	case CORDON_REG_PRQ_BASE:
	case CORDON_REG_PRQ_LOST:
	case CORDON_REG_TR_ADDR:
	case CORDON_REG_TR_REQ:
	case CORDON_REG_TR_RESULT:
	case CORDON_REG_TR_OUT:
	case CORDON_REG_TR_IPA:
	case CORDON_REG_TR_WHERE:
		return 8;
	default:
		return 0;
	}
}

/* Which counter's register this is; its offset in that counter's in *@reg */
static unsigned int cm_counter_of(uint64_t offset, uint64_t *reg)
{
	*reg = (offset - CORDON_PAGE_COUNTERS) % 0x20;
	return (unsigned int)((offset - CORDON_PAGE_COUNTERS) / 0x20);
}

static unsigned int cm_width(const struct cordon_model *m, uint64_t offset)
{
	uint64_t reg, n;
	unsigned int q;

	switch (cm_page_of(offset, &q)) {
	case CM_PAGE_MAIN:
		return cm_main_width(offset);
	case CM_PAGE_COUNTERS:
		if (offset == CORDON_REG_COUNTER_EVENTS || offset == CORDON_REG_COUNTER_OVERFLOW ||
		    offset == CORDON_REG_COUNTER_FREEZE)
			return 8;
		n = cm_counter_of(offset, &reg);
		return n < m->caps.counters && reg <= 0x10 && !(reg & 7) ? 8 : 0;
	case CM_PAGE_GUEST:
		switch (offset % CORDON_PAGE_SIZE) {
		case CORDON_REG_Q_TAIL:
		case CORDON_REG_Q_RESUME:
			return 4;
		case CORDON_REG_Q_STATUS:
			return 8;
		default:
			return 0;
		}
	default:
		n = offset % CORDON_PAGE_SIZE;
		return n == CORDON_REG_Q_CTRL || n == CORDON_REG_Q_ACK ? 4 : 0;
	}
}

/* spec 10.1: an access that no register takes */
static void cm_bad_access(struct cordon_model *m, uint64_t offset, unsigned int size,
			  const char *how)
{
	struct cm_text t;
	unsigned int q;

	if (cm_page_of(offset, &q) != CM_PAGE_GUEST)
		cm_error(m, CORDON_ERROR_ACCESS, offset);
	cm_text_init(&t, "A ");
	cm_text_str(&t, how);
	cm_text_dec(&t, " of ", size);
	cm_text_hex(&t, " bytes at register offset ", offset);
	cm_text_str(&t, " is against the rules.");
	cm_violation(m, CORDON_VIOLATION_ACCESS, &t);
}

/* Writes that the rules let hardware ignore, but that tell of a mistake */
static void cm_bad_write(struct cordon_model *m, uint64_t offset)
{
	struct cm_text t;

	cm_error(m, CORDON_ERROR_ACCESS, offset);
	cm_text_init(&t, "Register");
	cm_text_hex(&t, " ", offset);
	cm_text_str(&t, " was written while it must not change, or with a bad base.");
	cm_violation(m, CORDON_VIOLATION_ACCESS, &t);
}

static uint64_t cm_read_main(struct cordon_model *m, uint64_t offset)
{
	if (offset >= CORDON_REG_MAIR(0) && offset < CORDON_REG_MAIR(CORDON_MAIRS))
		return m->mair[(offset - CORDON_REG_MAIR(0)) / 8];
	if (offset >= CORDON_REG_MSI_ADDR(0) && offset < CORDON_REG_MSI_ADDR(CORDON_INTS)) {
		unsigned int i = (unsigned int)((offset - CORDON_REG_MSI_ADDR(0)) / 16);

		return offset == CORDON_REG_MSI_DATA(i) ? m->msi_data[i] : m->msi_addr[i];
	}
	switch (offset) {
	case CORDON_REG_ID:
	case CORDON_REG_CAP0:
	case CORDON_REG_CAP1:
	case CORDON_REG_CAP2:
	case CORDON_REG_CAP3:
	case CORDON_REG_CAP4:
		return m->cfg.cap[offset / 8];
	case CORDON_REG_CTRL:
		return m->ctrl;
	case CORDON_REG_CTRLACK:
		return m->ctrlack;
	case CORDON_REG_ROOT:
		return m->root_asked;
	case CORDON_REG_ROOTACK:
		return m->root | (m->root_ack.pending ? CORDON_ROOT_BUSY : 0);
	case CORDON_REG_QTABLE:
		return m->qtable;
	case CORDON_REG_ERROR:
		return m->error;
	case CORDON_REG_ERRADDR:
		return m->erraddr;
	case CORDON_REG_IPEND:
		return cm_irq_pending(m);
	case CORDON_REG_IMASK:
		return m->imask;
	case CORDON_REG_CMDPEND:
		return m->cmdpend;
	case CORDON_REG_TIME:
		return cm_now(m);
	case CORDON_REG_FQ_BASE:
		return m->fq.base;
	case CORDON_REG_FQ_HEAD:
		return m->fq.head;
	case CORDON_REG_FQ_TAIL:
		return m->fq.tail;
	case CORDON_REG_FQ_LOST:
		return m->fq.lost;
	case CORDON_REG_FQ_ANON:
		return m->fq_anon;
	case CORDON_REG_FQ_ANON_LIMIT:
		return m->fq_anon_limit;
	case CORDON_REG_FQ_MERGE:
		return m->fq_merge;
	case CORDON_REG_PRQ_BASE:
		return m->prq.base;
	case CORDON_REG_PRQ_HEAD:
		return m->prq.head;
	case CORDON_REG_PRQ_TAIL:
		return m->prq.tail;
	case CORDON_REG_PRQ_LOST:
		return m->prq.lost;
	case CORDON_REG_ATC_TIMEOUT:
		return m->atc_timeout;
	case CORDON_REG_TR_ADDR:
		return m->tr_addr;
	case CORDON_REG_TR_REQ:
		return m->tr_req;
	case CORDON_REG_TR_RESULT:
		return m->tr_result;
	case CORDON_REG_TR_OUT:
		return m->tr_out;
	case CORDON_REG_TR_IPA:
		return m->tr_ipa;
	case CORDON_REG_TR_WHERE:
		return m->tr_where;
	default:
		return 0;
	}
}

static uint64_t cm_read_reg(struct cordon_model *m, uint64_t offset)
{
	uint64_t reg;
	unsigned int q, n;

	switch (cm_page_of(offset, &q)) {
	case CM_PAGE_MAIN:
		return cm_read_main(m, offset);
	case CM_PAGE_COUNTERS:
		if (offset == CORDON_REG_COUNTER_EVENTS)
			return cm_counter_events(m);
		if (offset == CORDON_REG_COUNTER_OVERFLOW)
			return m->overflow;
		if (offset == CORDON_REG_COUNTER_FREEZE)
			return m->freeze;
		n = cm_counter_of(offset, &reg);
		return reg == 0 ? m->counter[n].value :
		       reg == 8 ? m->counter[n].event : m->counter[n].filter;
	case CM_PAGE_GUEST:
		switch (offset % CORDON_PAGE_SIZE) {
		case CORDON_REG_Q_TAIL:
			return m->queue[q].tail;
		case CORDON_REG_Q_STATUS:
			return cm_queue_status(&m->queue[q]);
		default:
			return 0;
		}
	default:
		return offset % CORDON_PAGE_SIZE == CORDON_REG_Q_CTRL ? m->queue[q].ctrl :
		       m->queue[q].ack;
	}
}

static void cm_write_root(struct cordon_model *m, uint64_t val)
{
	if ((val & ~CM_ROOT_BITS) || !cm_fits(val & CORDON_ROOT_ADDR, m->caps.oas_bits)) {
		cm_bad_write(m, CORDON_REG_ROOT);
		val &= CORDON_ROOT_SILENT;
	}
	m->root_asked = val;
	if (!cm_ack_later(m, CORDON_MUTE_ROOT, &m->root_ack))
		cm_root_apply(m);
}

/**
 * cm_root_apply() - what was written to CORDON_REG_ROOT is in force (spec 10.3)
 * @m: model
 *
 * It takes effect as a whole, and everything cached goes.
 */
void cm_root_apply(struct cordon_model *m)
{
	/* the contexts go, and software may free the fault blocks that they name */
	cm_fault_flush(m);
	cm_inv_all(m);
	m->root = m->root_asked;
	cm_trace(m, CORDON_TRACE_ROOT, m->root, 0, 0, 0);
	if (m->ops.invalidated)
		m->ops.invalidated(m->opaque, true, 0, 0, ~0ULL);
}

static void cm_write_ctrl(struct cordon_model *m, uint32_t val)
{
	uint32_t can = CORDON_CTRL_FQEN;

	if (cm_cap(m, CORDON_CAP1_PRI))
		can |= CORDON_CTRL_PRQEN;
	if (cm_cap(m, CORDON_CAP1_QUIESCE))
		can |= CORDON_CTRL_QUIESCE;
	m->ctrl = val & can;
	if ((m->ctrl & ~m->ctrlack & CORDON_CTRL_FQEN) && !cm_ring_ok(&m->fq, m->caps.fq_log2)) {
		m->ctrl &= ~CORDON_CTRL_FQEN;
		cm_bad_write(m, CORDON_REG_CTRL);
	}
	if ((m->ctrl & ~m->ctrlack & CORDON_CTRL_PRQEN) &&
	    !cm_ring_ok(&m->prq, m->caps.prq_log2)) {
		m->ctrl &= ~CORDON_CTRL_PRQEN;
		cm_bad_write(m, CORDON_REG_CTRL);
	}
	m->ctrl_ack.pending = false;
	if (m->ctrl != m->ctrlack && !cm_ack_later(m, CORDON_MUTE_CTRL, &m->ctrl_ack))
		cm_ctrl_apply(m);
}

/**
 * cm_ctrl_apply() - what was written to CORDON_REG_CTRL takes effect
 * @m: model
 */
void cm_ctrl_apply(struct cordon_model *m)
{
	uint32_t changed = m->ctrl ^ m->ctrlack;

	if (changed & CORDON_CTRL_FQEN)
		cm_fault_enable(m, m->ctrl & CORDON_CTRL_FQEN);
	if (changed & CORDON_CTRL_PRQEN)
		cm_request_enable(m, m->ctrl & CORDON_CTRL_PRQEN);
	/* each request is handled within one call, so none is ever inside */
	m->ctrlack ^= changed & CORDON_CTRL_QUIESCE;
}

/* An address with flags: zero if it is bad (spec 10.3) */
static uint64_t cm_checked(struct cordon_model *m, uint64_t offset, uint64_t val, uint64_t addr,
			   uint64_t flags)
{
	if (!(val & ~(addr | flags)) && cm_fits(val & addr, m->caps.oas_bits))
		return val;
	cm_bad_write(m, offset);
	return 0;
}

/* Registers that must not change while their queue is on */
static bool cm_is_off(struct cordon_model *m, uint32_t enable, uint64_t offset)
{
	if (!((m->ctrl | m->ctrlack) & enable))
		return true;
	cm_bad_write(m, offset);
	return false;
}

static void cm_write_base(struct cordon_model *m, struct cm_ring *r, uint32_t enable,
			  uint64_t offset, uint64_t val)
{
	if (cm_is_off(m, enable, offset))
		r->base = cm_checked(m, offset, val, CORDON_QBASE_ADDR, CORDON_QBASE_LOG2);
}

static void cm_write_head(struct cordon_model *m, struct cm_ring *r, uint32_t val)
{
	if (val - r->head <= r->tail - r->head)
		r->head = val;
	r->told = false;
	cm_irq_resend(m);
}

static void cm_write_ipend(struct cordon_model *m, uint32_t val)
{
	m->latched &= ~val;
	/* unread records keep their interrupt (spec 8) */
	if ((val & BIT(CORDON_INT_FAULT)) && m->fq.tail != m->fq.head)
		m->latched |= BIT(CORDON_INT_FAULT);
	if ((val & BIT(CORDON_INT_REQUEST)) && m->prq.tail != m->prq.head)
		m->latched |= BIT(CORDON_INT_REQUEST);
	cm_irq_resend(m);
}

static void cm_write_qtable(struct cordon_model *m, uint64_t val)
{
	unsigned int i;

	for (i = 0; i < m->caps.cmdqs; i++) {
		if (m->queue[i].ack & CORDON_Q_EN) {
			cm_bad_write(m, CORDON_REG_QTABLE);
			return;
		}
	}
	m->qtable = cm_checked(m, CORDON_REG_QTABLE, val, CORDON_QTABLE_ADDR, CORDON_QTABLE_V);
}

static uint32_t cm_limit(uint32_t val, uint32_t min, uint32_t max)
{
	return val < min ? min : val > max ? max : val;
}

static void cm_write_port(struct cordon_model *m, uint64_t offset, uint64_t val)
{
	if (!cm_cap(m, CORDON_CAP1_TRPORT))
		return;
	if (offset == CORDON_REG_TR_ADDR) {
		m->tr_addr = val;
		return;
	}
	m->tr_req = val & (CM_TR_BITS | CORDON_TR_REQ_GO);
	if (val & CORDON_TR_REQ_GO)
		cm_port_go(m);
}

static void cm_write_msi(struct cordon_model *m, uint64_t offset, uint64_t val)
{
	unsigned int i = (unsigned int)((offset - CORDON_REG_MSI_ADDR(0)) / 16);

	if (!cm_cap(m, CORDON_CAP1_MSI))
		return;
	if (offset == CORDON_REG_MSI_DATA(i)) {
		m->msi_data[i] = (uint32_t)val;
		return;
	}
	m->msi_addr[i] = cm_checked(m, offset, val, CORDON_MSI_ADDR_ADDR, CORDON_MSI_ADDR_EN);
	cm_irq_source(m, i);
}

static void cm_write_main(struct cordon_model *m, uint64_t offset, uint64_t val)
{
	if (offset >= CORDON_REG_MAIR(0) && offset < CORDON_REG_MAIR(CORDON_MAIRS)) {
		if (cm_cap(m, CORDON_CAP1_S1))
			m->mair[(offset - CORDON_REG_MAIR(0)) / 8] = val;
		return;
	}
	if (offset >= CORDON_REG_MSI_ADDR(0) && offset < CORDON_REG_MSI_ADDR(CORDON_INTS)) {
		cm_write_msi(m, offset, val);
		return;
	}
	switch (offset) {
	case CORDON_REG_CTRL:
		cm_write_ctrl(m, (uint32_t)val);
		break;
	case CORDON_REG_ROOT:
		cm_write_root(m, val);
		break;
	case CORDON_REG_QTABLE:
		cm_write_qtable(m, val);
		break;
	case CORDON_REG_ERROR:
		m->error &= ~(uint32_t)val;
		cm_irq_resend(m);
		break;
	case CORDON_REG_IPEND:
		cm_write_ipend(m, (uint32_t)val);
		break;
	case CORDON_REG_IMASK:
		m->imask = val & CM_MASK5;
		cm_irq_resend(m);
		break;
	case CORDON_REG_CMDPEND:
		m->cmdpend &= ~val;
		cm_irq_resend(m);
		break;
	case CORDON_REG_FQ_BASE:
		cm_write_base(m, &m->fq, CORDON_CTRL_FQEN, offset, val);
		break;
	case CORDON_REG_FQ_HEAD:
		cm_write_head(m, &m->fq, (uint32_t)val);
		break;
	case CORDON_REG_FQ_ANON:
		if (cm_is_off(m, CORDON_CTRL_FQEN, offset))
			m->fq_anon = cm_checked(m, offset, val, CORDON_FQ_ANON_ADDR,
						CORDON_FQ_ANON_V);
		break;
	case CORDON_REG_FQ_ANON_LIMIT:
		if (cm_is_off(m, CORDON_CTRL_FQEN, offset))
			m->fq_anon_limit = val & GENMASK(11, 0);
		break;
	case CORDON_REG_FQ_MERGE:
		if (m->caps.merge && cm_is_off(m, CORDON_CTRL_FQEN, offset))
			m->fq_merge = cm_limit(val & CM_MASK5, 0, m->caps.merge_max);
		break;
	case CORDON_REG_PRQ_BASE:
		if (cm_cap(m, CORDON_CAP1_PRI))
			cm_write_base(m, &m->prq, CORDON_CTRL_PRQEN, offset, val);
		break;
	case CORDON_REG_PRQ_HEAD:
		cm_write_head(m, &m->prq, (uint32_t)val);
		break;
	case CORDON_REG_ATC_TIMEOUT:
		if (cm_cap(m, CORDON_CAP1_ATS))
			m->atc_timeout = cm_limit(val & CM_MASK5, m->caps.atc_min,
						  m->caps.atc_max);
		break;
	case CORDON_REG_TR_ADDR:
	case CORDON_REG_TR_REQ:
		cm_write_port(m, offset, val);
		break;
	default:
		break;
	}
}

static void cm_write_counters(struct cordon_model *m, uint64_t offset, uint64_t val)
{
	uint64_t reg, n;

	if (offset == CORDON_REG_COUNTER_EVENTS)
		return;
	if (offset == CORDON_REG_COUNTER_OVERFLOW) {
		m->overflow &= ~val;
		cm_irq_resend(m);
	} else if (offset == CORDON_REG_COUNTER_FREEZE) {
		m->freeze = val & cm_mask(m->caps.counters);
	} else {
		n = cm_counter_of(offset, &reg);
		if (reg == 0)
			m->counter[n].value = val & cm_mask(m->caps.counter_bits);
		else if (reg == 8)
			m->counter[n].event = val & CM_EVENT_BITS;
		else
			m->counter[n].filter = val & CM_FILTER_BITS;
	}
	cm_counters_changed(m);
	cm_irq_update(m);
}

/**
 * cordon_model_mmio_size() - bytes of register space (spec 10.1)
 * @m: model
 *
 * Return: bytes.
 */
uint64_t cordon_model_mmio_size(const struct cordon_model *m)
{
	return (2 + 2ULL * m->caps.cmdqs) * CORDON_PAGE_SIZE;
}

/**
 * cordon_model_mmio_read() - read a register
 * @m: model
 * @offset: from the start of the register space
 * @size: bytes
 *
 * Return: its value; zero for an access against the rules.
 */
uint64_t cordon_model_mmio_read(struct cordon_model *m, uint64_t offset, unsigned int size)
{
	uint64_t base = offset, val;
	unsigned int width;

	m->stats.reg_reads++;
	if (m->inject.gone)
		return cm_mask(8 * size);
	if (offset >= cordon_model_mmio_size(m))
		return 0;
	/* the upper half of a 64-bit register */
	if (size == 4 && (offset & 7) == 4 && !cm_width(m, offset))
		base = offset - 4;
	width = cm_width(m, base);
	if (!(size == width && base == offset) && !(size == 4 && width == 8)) {
		cm_bad_access(m, offset, size, "read");
		return 0;
	}
	val = cm_read_reg(m, base);
	if (size == 4)
		val = (base == offset ? val : val >> 32) & 0xffffffff;
	return val;
}

/**
 * cordon_model_mmio_write() - write a register
 * @m: model
 * @offset: from the start of the register space
 * @val: value
 * @size: bytes
 *
 * What the write causes is done when it returns, but for commands with
 * &cordon_config.command_latency.
 */
void cordon_model_mmio_write(struct cordon_model *m, uint64_t offset, uint64_t val,
			     unsigned int size)
{
	unsigned int q;

	m->stats.reg_writes++;
	if (m->inject.gone || offset >= cordon_model_mmio_size(m))
		return;
	if (!size || cm_width(m, offset) != size) {
		cm_bad_access(m, offset, size, "write");
		return;
	}
	switch (cm_page_of(offset, &q)) {
	case CM_PAGE_MAIN:
		cm_write_main(m, offset, val);
		break;
	case CM_PAGE_COUNTERS:
		cm_write_counters(m, offset, val);
		break;
	case CM_PAGE_GUEST:
		if (offset % CORDON_PAGE_SIZE == CORDON_REG_Q_TAIL)
			cm_queue_doorbell(m, q, (uint32_t)val);
		else if (offset % CORDON_PAGE_SIZE == CORDON_REG_Q_RESUME)
			cm_queue_resume(m, q, (uint32_t)val);
		break;
	default:
		if (offset % CORDON_PAGE_SIZE == CORDON_REG_Q_CTRL)
			cm_queue_ctrl(m, q, (uint32_t)val);
		break;
	}
}
