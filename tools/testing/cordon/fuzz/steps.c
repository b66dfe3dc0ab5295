// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon IOMMU: from bytes to what software and devices do with the fuzzed unit.
 *
 * Every byte string is a run. Where a value matters, it comes from what is there
 * (a device, a mapping, a register, a queue), so that most of a run gets deep.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static uint64_t take(struct fuzz *f, unsigned int bytes)
{
	uint64_t val = 0;

	while (bytes--)
		val = val << 8 | (f->at < f->end ? *f->at++ : 0);
	return val;
}

static unsigned int pick(struct fuzz *f, unsigned int limit)
{
	return limit ? take(f, limit > 256 ? 2 : 1) % limit : 0;
}

/* -- requests ---------------------------------------------------------- */

static uint64_t address(struct fuzz *f, const struct space *s)
{
	uint8_t how = take(f, 1);
	uint64_t low = take(f, 2);

	if ((how & 0xf0) == 0xf0)
		return take(f, 8);
	if (!s || !s->nr_maps)
		return f->w.win[0].base + (low << 6);
	how %= 4 * WORLD_MAPS;
	return s->maps[how % s->nr_maps].addr +
		(how & 0x80 ? -low : low << (how & 0x40 ? 12 : 0));
}

static void choose_request(struct fuzz *f, struct cordon_request *q)
{
	const struct space *s = NULL;
	const struct device *dev = &f->w.devices[pick(f, f->w.nr_devices)];
	uint8_t how = take(f, 1), access = take(f, 1);
	int space = dev->space;

	memset(q, 0, sizeof(*q));
	q->devid = dev->devid;
	if ((how & 0x1f) == 0x1f)
		q->devid = take(f, 3);
	if (how & 0x20 && dev->pdir >= 0) {
		const struct pdir *p = &f->w.pdirs[dev->pdir];
		unsigned int i = pick(f, p->nr + 1);

		q->pv = true;
		q->pasid = i < p->nr ? p->pasid[i] : take(f, 3) & 0xfffff;
		space = i < p->nr ? p->space[i] : -1;
	}
	if (space >= 0)
		s = &f->w.spaces[space];
	if ((how & 0xc0) == 0xc0)
		q->type = CORDON_TYPE_TRANSLATED;
	if ((q->type || space < 0) && dev->vm >= 0)
		s = &f->w.vms[dev->vm].s2;
	q->addr = address(f, s);
	q->atomic = (access & 0xf0) == 0xf0;
	q->read = q->atomic || access & 1;
	q->write = q->atomic || access & 2;
	q->exec = !q->atomic && access & 4;
	q->priv = access & 8;
}

/* -- commands ---------------------------------------------------------- */

static void command(struct fuzz *f)
{
	static const uint8_t width[] = { 24, 20, 16, 12 };
	const struct device *dev = &f->w.devices[pick(f, f->w.nr_devices)];
	uint8_t op = take(f, 1), flags = take(f, 1), shape = take(f, 1);
	unsigned int q = flags & 3;
	uint64_t cmd[4], vmtag, dtag, pasid = 0;

	if (f->tidy) {
		/* a command of the host that is right */
		cmd[0] = CORDON_OP_INV_ALL | CORDON_CMD_COMPLETE |
			 PUT(CORDON_CMD_VALUE, ++f->value);
		cmd[1] = cmd[2] = cmd[3] = 0;
		if (op & 1) {
			cmd[0] ^= CORDON_OP_INV_ALL ^ CORDON_OP_SYNC;
			cmd[0] |= flags & 4 ? CORDON_CMD_FLUSH | CORDON_CMD_REQUESTS : 0;
		}
		ring_put(f, 0, cmd);
		set32(f, CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL, f->ring[0].tail);
		if (fuzz_get(f, OWN_SLOTS(0)) !=
		    (PUT(CORDON_COMPLETION_STATUS, CORDON_COMPLETION_OK) | f->value))
			die(f, "a command does not complete");
		return;
	}
	vmtag = dev->vm >= 0 ? f->w.vms[dev->vm].vmtag : 0;
	dtag = f->w.nr_spaces ? f->w.spaces[shape % f->w.nr_spaces].dtag : 0;
	if (dev->pdir >= 0 && f->w.pdirs[dev->pdir].nr)
		pasid = f->w.pdirs[dev->pdir].pasid[shape % f->w.pdirs[dev->pdir].nr];
	cmd[0] = (op & 0xf0) == 0xf0 ? op : 1 + op % 10;
	cmd[0] |= flags & 4 ? 0 : CORDON_CMD_COMPLETE;
	cmd[0] |= flags & 8 ? CORDON_CMD_INTERRUPT : 0;
	cmd[0] |= (flags & 0x30) == 0x30 ? CORDON_CMD_FLUSH : 0;
	cmd[0] |= (flags & 0xc0) == 0xc0 ? CORDON_CMD_REQUESTS : 0;
	cmd[0] |= PUT(CORDON_CMD_SLOT, op >> 4 == 14 ? 0xffff : shape) |
		  PUT(CORDON_CMD_VALUE, ++f->value);
	cmd[1] = 0;
	cmd[2] = 0;
	cmd[3] = 0;
	switch (cmd[0] & CORDON_CMD_OP) {
	case CORDON_OP_INV_DEVICE:
		cmd[1] = shape & 1 ? CORDON_TGT_LEAF : 0;
		cmd[2] = dev->devid & -(1ULL << (shape >> 4));
		cmd[3] = cmd[2] + (1ULL << (shape >> 4)) - 1;
		break;
	case CORDON_OP_INV_PROCESS:
		cmd[1] = PUT(CORDON_TGT_DEVID, dev->devid) | (shape & 1 ? CORDON_TGT_LEAF : 0);
		cmd[2] = pasid;
		cmd[3] = pasid + (shape >> 4);
		break;
	case CORDON_OP_INV_RANGE:
	case CORDON_OP_INV_S2RANGE:
	case CORDON_OP_INV_DTAG:
	case CORDON_OP_INV_VMTAG:
		cmd[1] = PUT(CORDON_TGT_VMTAG, vmtag);
		if ((cmd[0] & 0xff) == CORDON_OP_INV_RANGE || (cmd[0] & 0xff) == CORDON_OP_INV_DTAG)
			cmd[1] |= PUT(CORDON_TGT_DTAG, dtag);
		if ((cmd[0] & 0xff) == CORDON_OP_INV_DTAG || (cmd[0] & 0xff) == CORDON_OP_INV_VMTAG)
			break;
		cmd[1] |= (shape & 1 ? CORDON_TGT_LEAF : 0) | PUT(CORDON_TGT_PGSIZE, shape >> 2);
		cmd[2] = address(f, f->w.nr_spaces ? &f->w.spaces[shape % f->w.nr_spaces] : NULL);
		cmd[3] = cmd[2] | ((1ULL << width[shape & 3] << (shape >> 4)) - 1);
		break;
	case CORDON_OP_INV_ATC:
		cmd[2] = shape << 10;
		cmd[3] = cmd[2] + take(f, 2);
		if (shape & 1)
			cmd[1] = CORDON_TGT_GLOBAL;
		else if (shape & 2)
			cmd[1] = PUT(CORDON_TGT_PASID, pasid) | CORDON_TGT_PV;
		cmd[1] |= PUT(CORDON_TGT_DEVID, dev->devid);
		break;
	case CORDON_OP_RESPOND:
		cmd[1] = PUT(CORDON_TGT_DEVID, dev->devid);
		cmd[2] = PUT(CORDON_RESPOND_GROUP, shape) |
			PUT(CORDON_RESPOND_CODE, shape & 0x80 ? shape & 15 : shape & 1);
		break;
	}
	/* a guest knows its devices by the map */
	if (f->ring[q].vm >= 0 && (shape & 0x40))
		cmd[1] = (cmd[1] & ~CORDON_TGT_DEVID) | (dev - f->w.devices);
	if (op >> 4 == 13)
		cmd[shape & 3] ^= BIT_ULL(shape >> 2);
	ring_put(f, q, cmd);
	if (shape & 0x20 && op & 0x10)		/* a batch */
		return;
	set32(f, CORDON_PAGE_GUEST(q) + CORDON_REG_Q_TAIL,
	      op >> 4 == 12 ? f->ring[q].tail + shape : f->ring[q].tail);
}

/* -- registers --------------------------------------------------------- */

static const struct { uint32_t reg; uint8_t size; } regs[] = {
	{ CORDON_REG_CTRL, 4 }, { CORDON_REG_ROOT, 8 }, { CORDON_REG_QTABLE, 8 },
	{ CORDON_REG_MAIR(0), 8 }, { CORDON_REG_ERROR, 4 }, { CORDON_REG_IPEND, 4 },
	{ CORDON_REG_IMASK, 4 }, { CORDON_REG_CMDPEND, 8 }, { CORDON_REG_MSI_ADDR(0), 8 },
	{ CORDON_REG_MSI_DATA(0), 4 }, { CORDON_REG_MSI_ADDR(1), 8 },
	{ CORDON_REG_MSI_ADDR(2), 8 }, { CORDON_REG_MSI_ADDR(3), 8 },
	{ CORDON_REG_MSI_ADDR(4), 8 }, { CORDON_REG_FQ_BASE, 8 }, { CORDON_REG_FQ_HEAD, 4 },
	{ CORDON_REG_FQ_ANON, 8 }, { CORDON_REG_FQ_ANON_LIMIT, 4 }, { CORDON_REG_FQ_MERGE, 4 },
	{ CORDON_REG_PRQ_BASE, 8 }, { CORDON_REG_PRQ_HEAD, 4 }, { CORDON_REG_ATC_TIMEOUT, 4 },
	{ CORDON_REG_TR_ADDR, 8 }, { CORDON_REG_TR_REQ, 8 }, { CORDON_REG_COUNTER_VALUE(0), 8 },
	{ CORDON_REG_COUNTER_EVENT(0), 8 }, { CORDON_REG_COUNTER_FILTER(0), 8 },
	{ CORDON_REG_COUNTER_VALUE(1), 8 }, { CORDON_REG_COUNTER_EVENT(1), 8 },
	{ CORDON_REG_COUNTER_OVERFLOW, 8 }, { CORDON_REG_COUNTER_FREEZE, 8 },
	{ CORDON_REG_FQ_TAIL, 4 }, { CORDON_REG_ROOTACK, 8 }, { CORDON_REG_CTRLACK, 4 },
	{ CORDON_REG_TIME, 8 }, { CORDON_REG_ID, 8 }, { CORDON_REG_ERRADDR, 8 },
};

#define NR_REGS	(sizeof(regs) / sizeof(*regs))

static uint64_t value(struct fuzz *f, uint64_t reg)
{
	uint8_t how = take(f, 1);

	switch (how >> 5) {
	case 0:
		return take(f, 8);
	case 1:
		return BIT_ULL(take(f, 1) & 63);
	case 2:
		return ~0ULL >> (take(f, 1) & 63);
	case 3:
		return OWN_BASE + ((uint64_t)how << 12 & 0x1f000) + take(f, 1);
	case 4:
		return reg64(f, reg) ^ BIT_ULL(take(f, 1) & 63);
	case 5:
		return CORDON_EVENT_EN | (how & 31) | (uint64_t)take(f, 1) << 8;
	default:
		return how & 31;
	}
}

/* the harness counts with counters of its own */
static uint64_t leave_ours(struct fuzz *f, uint64_t reg, uint64_t val)
{
	if (reg == CORDON_REG_COUNTER_FREEZE)
		val &= (1ULL << (f->nr_counters - COUNTS)) - 1;
	return val;
}

static bool is_ours(struct fuzz *f, uint64_t offset)
{
	return offset >= CORDON_REG_COUNTER_VALUE(f->nr_counters - COUNTS) &&
	       offset < CORDON_REG_COUNTER_VALUE(f->nr_counters);
}

static void register_write(struct fuzz *f)
{
	unsigned int i = pick(f, NR_REGS + 8);
	uint64_t reg, val;

	if (i < NR_REGS) {
		reg = regs[i].reg;
		val = leave_ours(f, reg, value(f, reg));
		if (reg == CORDON_REG_FQ_ANON || reg == CORDON_REG_FQ_BASE)
			f->books.lost_track = true;
		cordon_model_mmio_write(f->m, reg, val, regs[i].size);
		return;
	}
	/* anything anywhere */
	reg = take(f, 3) % (cordon_model_mmio_size(f->m) + 64);
	i = 1U << (take(f, 1) & 3);
	val = leave_ours(f, reg, take(f, 8));
	if (reg < CORDON_PAGE_SIZE)
		f->books.lost_track = true;
	if (!is_ours(f, reg))
		cordon_model_mmio_write(f->m, reg, val, i);
}

static void register_read(struct fuzz *f)
{
	unsigned int i = pick(f, NR_REGS + 8);
	uint64_t reg, size;

	if (i < NR_REGS) {
		mix(f, cordon_model_mmio_read(f->m, regs[i].reg, regs[i].size));
		if (regs[i].size == 8)
			mix(f, reg32(f, regs[i].reg + 4));
		return;
	}
	reg = take(f, 3) % (cordon_model_mmio_size(f->m) + 64);
	size = 1U << (take(f, 1) & 3);
	if (!f->tidy)
		mix(f, cordon_model_mmio_read(f->m, reg, size));
}

static void queue_registers(struct fuzz *f)
{
	uint8_t how = take(f, 1);
	unsigned int q = how & 3;
	int vm = -1;

	switch (how >> 2 & 7) {
	case 0: case 1:
		if (f->w.nr_vms && how & 0x80)
			vm = (how >> 5 & 3) % f->w.nr_vms;
		queue_on(f, q, vm, how & 0x40 ? CORDON_Q_EN | CORDON_Q_FREEZE : CORDON_Q_EN,
			 take(f, 2));
		break;
	case 2:
		set32(f, CORDON_PAGE_HOST(q) + CORDON_REG_Q_CTRL, CORDON_Q_EN);
		break;
	case 3:
		set32(f, CORDON_PAGE_HOST(q) + CORDON_REG_Q_CTRL, CORDON_Q_EN | CORDON_Q_FREEZE);
		break;
	case 4:
		set32(f, CORDON_PAGE_HOST(q) + CORDON_REG_Q_CTRL, how >> 5);
		break;
	case 5:
		set32(f, CORDON_PAGE_GUEST(q) + CORDON_REG_Q_TAIL, take(f, 4));
		break;
	default:
		set32(f, CORDON_PAGE_GUEST(q) + CORDON_REG_Q_RESUME,
		      how & 0x80 ? CORDON_RESUME_SKIP : CORDON_RESUME_RETRY);
		/* the harness goes on behind whatever tail was taken */
		f->ring[q].tail = reg32(f, CORDON_PAGE_GUEST(q) + CORDON_REG_Q_TAIL);
		break;
	}
}

/* -- memory ------------------------------------------------------------ */

static void poke(struct fuzz *f)
{
	uint8_t how = take(f, 1);
	uint64_t pa, old;

	f->books.lost_track = true;
	f->books.poked = true;
	if (how & 0x80)
		pa = OWN_BASE + (take(f, 3) & (OWN_SIZE - 8));
	else
		pa = f->w.nr_dwords ? f->w.dwords[take(f, 2) % f->w.nr_dwords] : 0;
	old = fuzz_get(f, pa);
	switch (how & 7) {
	case 0: case 1: case 2:
		fuzz_put(f, pa, old ^ BIT_ULL(take(f, 1) & 63));
		break;
	case 3:
		fuzz_put(f, pa, old & ~1ULL);
		break;
	case 4:
		fuzz_put(f, pa, take(f, 8));
		break;
	case 5:
		fuzz_put(f, pa, fuzz_get(f, (pa & ~0xfffULL) | (take(f, 2) & 0xff8)));
		break;
	default:
		fuzz_put(f, pa, old ^ (how & 0x40 ? BIT_ULL(10) : BIT_ULL(7)));
		break;
	}
}

static void flush(struct fuzz *f)
{
	uint64_t cmd[4] = {
		CORDON_OP_INV_ALL | CORDON_CMD_COMPLETE | PUT(CORDON_CMD_VALUE, ++f->value),
	};

	ring_put(f, 0, cmd);
	set32(f, CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL, f->ring[0].tail);
}

/* a device gets another context, with a fault block at times */
static void context(struct fuzz *f)
{
	struct device *dev = &f->w.devices[pick(f, f->w.nr_devices)];
	uint8_t how = take(f, 1);
	uint64_t at = world_context(&f->w, dev), cfg;

	if (!at)
		return;
	cfg = fuzz_get(f, at);
	/* a block belongs to one DeviceID, and two devices may have the same */
	if (how & 1 && dev - f->w.devices < OWN_NR_BLOCKS - 1) {
		fuzz_put(f, at + 48, OWN_BLOCKS + 64 * (1 + (dev - f->w.devices)));
		cfg |= CORDON_DC_FAULT;
		fuzz_put(f, at + 8, fuzz_get(f, at + 8) | PUT(CORDON_TAGS_FLIMIT, how >> 1 & 3) |
			 PUT(CORDON_TAGS_PLIMIT, 1 + (how >> 3 & 3)));
		if (cfg & CORDON_DC_ATS && f->cfg.cap[2] & CORDON_CAP1_PRI)
			cfg |= CORDON_DC_PRI;
	}
	fuzz_put(f, at, cfg);
	world_put(&f->w, dev->pointer, at | CORDON_PTR_V);
	if (f->tidy || how & 0x80)
		flush(f);
}

/* software has handled what a device owes */
static void consume(struct fuzz *f)
{
	uint8_t how = take(f, 1);
	uint64_t block = OWN_BLOCKS + 64 * (how % OWN_NR_BLOCKS);

	fuzz_put(f, block + 8, fuzz_get(f, block) & 0xffffffff);
	fuzz_put(f, block + 24, fuzz_get(f, block + 16) & 0xffffffff);
	if (how & 0x80)
		set32(f, CORDON_REG_FQ_HEAD, reg32(f, CORDON_REG_FQ_TAIL));
	if (how & 0x40)
		set32(f, CORDON_REG_PRQ_HEAD, reg32(f, CORDON_REG_PRQ_TAIL));
}

/* -- state ------------------------------------------------------------- */

static void books_again(struct fuzz *f)
{
	uint64_t ours = ((1ULL << COUNTS) - 1) << (f->nr_counters - COUNTS);

	set64(f, CORDON_REG_COUNTER_FREEZE, reg64(f, CORDON_REG_COUNTER_FREEZE) & ~ours);
	set64(f, CORDON_REG_COUNTER_OVERFLOW, ours);
	books_open(f);
	f->books.lost_track = true;
}

static void state(struct fuzz *f)
{
	size_t size = cordon_model_state_size(f->m);
	uint8_t how = take(f, 1);
	unsigned int i, n;

	if (!size)
		return;
	if (f->twin == 1) {
		cordon_model_drop_caches(f->m);
		return;
	}
	cordon_model_save(f->m, f->state);
	if (!(how & 1) || f->twin || f->tidy) {
		if (cordon_model_load(f->m, f->state, size))
			die(f, "what was saved cannot be loaded");
		cordon_model_save(f->m, f->again);
		if (memcmp(f->state, f->again, size))
			die(f, "what was loaded is not what was saved");
		return;
	}
	n = 1 + (how >> 1 & 3);
	for (i = 0; i < n; i++) {
		size_t at = take(f, 3);

		if (how & 0x80)
			at = 64 + at % (size - 64);
		f->state[at % size] ^= 1U << (take(f, 1) & 7);
		if (how & 0x40)
			f->state[at % size] = take(f, 1);
	}
	if (how == 1)
		size--;
	if (cordon_model_load(f->m, f->state, size)) {
		if (reg64(f, CORDON_REG_ROOT) || reg32(f, CORDON_REG_CTRLACK))
			die(f, "a state that is refused leaves the unit as it was");
		unit_up(f, how);
		return;
	}
	cordon_model_save(f->m, f->again);
	if (memcmp(f->state, f->again, size))
		die(f, "a state is taken for another");
	books_again(f);
}

/* -- errors on purpose ------------------------------------------------- */

static void inject(struct fuzz *f)
{
	uint8_t how = take(f, 1), with = take(f, 1);
	struct cordon_inject in = { .slow = how & 0x40 ? with : 0 };

	if (f->twin)
		return;
	switch (how & 7) {
	case 0:
		in.stall = with;
		break;
	case 1:
		in.hang = with;
		break;
	case 2:
		in.fail_every = 1 + (with & 7);
		in.fail_reason = with >> 3 & 7;
		break;
	case 3:
		in.lose_every = 1 + (with & 7);
		break;
	case 4:
		in.aborts = with << (how >> 3 & 3);
		break;
	case 5:
		in.mutes = with & 7;
		break;
	case 6:
		in.gone = with & 1;
		break;
	}
	f->books.lost_track = true;
	cordon_model_inject(f->m, &in);
	/* a unit whose power came back has not been reset */
	if (!in.gone && how & 0x80)
		cordon_model_inject(f->m, &(struct cordon_inject){ 0 });
}

/* -- the steps --------------------------------------------------------- */

static void atc_answer(struct fuzz *f)
{
	uint8_t how = take(f, 1);
	unsigned int i;
	uint32_t tag;

	f->answers = how >> 6;
	if ((how & 0x30) == 0x30) {
		cordon_model_atc_done(f->m, take(f, 4), how & 1);
		return;
	}
	if (!f->nr_tags)
		return;
	i = (how & 15) % f->nr_tags;
	tag = f->tag[i];
	f->tag[i] = f->tag[--f->nr_tags];
	cordon_model_atc_done(f->m, tag, how & 0x20);
}

static void step(struct fuzz *f)
{
	uint8_t code = take(f, 1) & 63;
	struct cordon_request q;
	uint8_t how;

	if (code < 36) {
		choose_request(f, &q);
		if (code >= 20 && code < 26)
			q.type = CORDON_TYPE_ATS;
		if (code >= 20)
			q.atomic = false;
		if (code < 26) {
			request(f, &q);
		} else if (code < 30) {
			how = take(f, 1);
			page_request(f, &q, how * 2, how & 1);
		} else if (code < 34) {
			ask_port(f, &q, code & 1);
		} else {
			q.probe = true;
			request(f, &q);
		}
		return;
	}
	switch (code) {
	case 36: case 37: case 38: case 39:
		command(f);
		return;
	case 40:
		world_map(&f->w);
		if (f->tidy)
			flush(f);
		return;
	case 41: case 42:
		context(f);
		return;
	case 43:
		f->now += take(f, 2);
		mix(f, cordon_model_tick(f->m));
		return;
	case 44:
		f->now += 1ULL << (take(f, 1) & 31);
		cordon_model_tick(f->m);
		return;
	case 45:
		atc_answer(f);
		return;
	case 46:
		state(f);
		return;
	case 47:
		cordon_model_drop_caches(f->m);
		return;
	case 48: case 49:
		consume(f);
		return;
	case 50: case 51:
		register_read(f);
		return;
	}
	if (f->tidy)
		return;
	switch (code) {
	case 52: case 53: case 54:
		register_write(f);
		return;
	case 55: case 56:
		poke(f);
		return;
	case 57: case 58:
		queue_registers(f);
		return;
	case 59:
		how = take(f, 1);
		if (how & 0x80)
			world_break_pages(&f->w);
		else
			f->losses = how & 15;
		return;
	case 60:
		if (take(f, 1) & 1)
			world_grow(&f->w);
		set64(f, CORDON_REG_ROOT, f->w.root);
		return;
	case 61:
		fuzz_put(f, OWN_DEVMAP + 8 * pick(f, 16), take(f, 8));
		return;
	case 62:
		if (take(f, 1) < 250)
			return;
		cordon_model_inject(f->m, &(struct cordon_inject){ 0 });
		cordon_model_reset(f->m);
		unit_up(f, take(f, 1));
		return;
	case 63:
		inject(f);
		return;
	}
}

void fuzz_steps(struct fuzz *f)
{
	while (f->at < f->end) {
		f->accesses = 0;
		f->books.seen = reg64(f, CORDON_REG_FQ_LOST);
		step(f);
		mix(f, f->wires);
		registers_check(f);
	}
}
