// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cordon reference model: a small world for its tests: memory with holes, a
 * clock that stands still, structures as software would build them.
 */
#include "harness.h"

struct world w;

static unsigned int cases, failures, bad;
static const char *current;

/* surroundings of the model */

static bool aborts(uint64_t addr, size_t len, bool write)
{
	if (addr + len > MEMORY || addr + len < addr)
		return true;
	if (w.abort_writes_only && !write)
		return false;
	return w.abort_last && addr <= w.abort_last && addr + len > w.abort_first;
}

static int op_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
	(void)opaque;
	if (aborts(addr, len, false))
		return -1;
	memcpy(buf, w.mem + addr, len);
	return 0;
}

static int op_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
	(void)opaque;
	if (aborts(addr, len, true))
		return -1;
	memcpy(w.mem + addr, buf, len);
	return 0;
}

static int op_cas(void *opaque, uint64_t addr, uint64_t *old, uint64_t val)
{
	uint64_t cur;

	(void)opaque;
	if (aborts(addr, 8, true))
		return -1;
	if (w.races && addr == w.race_at) {
		w.races--;
		w.race_val ^= BIT_ULL(58);	/* a bit that hardware ignores */
		w64(addr, w.race_val);
	}
	cur = r64(addr);
	if (cur == *old)
		w64(addr, val);
	else
		*old = cur;
	return 0;
}

static int op_or8(void *opaque, uint64_t addr, uint8_t bits)
{
	(void)opaque;
	if (aborts(addr, 1, true))
		return -1;
	w.mem[addr] |= bits;
	return 0;
}

static void op_irq(void *opaque, unsigned int line, bool level)
{
	(void)opaque;
	w.wires = (w.wires & ~BIT(line)) | (level ? BIT(line) : 0);
}

static int op_msi(void *opaque, uint64_t addr, uint32_t data)
{
	(void)opaque;
	w.msis++;
	w.msi_addr = addr;
	w.msi_data = data;
	return addr == 0xdead0000 ? -1 : 0;
}

static uint64_t op_now(void *opaque)
{
	(void)opaque;
	return w.now;
}

static bool op_atc(void *opaque, uint32_t devid, bool pv, uint32_t pasid, bool global,
		   uint64_t first, uint64_t last, uint32_t tag)
{
	(void)opaque;
	(void)devid;
	(void)pv;
	(void)pasid;
	(void)global;
	w.atc_tag = tag;
	w.atc_asked++;
	w.atc_first = first;
	w.atc_last = last;
	if (w.atc_answers)
		cordon_model_atc_done(w.m, tag, true);
	return w.atc_present;
}

static void op_response(void *opaque, uint32_t devid, bool pv, uint32_t pasid, uint32_t group,
			uint32_t code)
{
	(void)opaque;
	(void)devid;
	(void)pv;
	(void)pasid;
	(void)group;
	w.responses++;
	w.response_code = code;
}

static void op_invalidated(void *opaque, bool all, uint32_t devid, uint64_t first, uint64_t last)
{
	(void)opaque;
	(void)all;
	(void)devid;
	(void)first;
	(void)last;
	w.told++;
}

static void op_violation(void *opaque, enum cordon_violation kind, const char *text)
{
	(void)opaque;
	(void)kind;
	snprintf(w.text, sizeof(w.text), "%s", text);
}

static const struct cordon_ops ops = {
	.read = op_read, .write = op_write, .cas = op_cas, .or8 = op_or8, .irq = op_irq,
	.msi = op_msi, .now = op_now, .atc_invalidate = op_atc, .page_response = op_response,
	.invalidated = op_invalidated, .violation = op_violation,
};

/* a world without a model yet: @w.cfg may be changed */
void world_new(void)
{
	free(w.m);
	free(w.mem);
	memset(&w, 0, sizeof(w));
	w.mem = calloc(1, MEMORY);
	w.next_page = 0x100000;
	w.now = 1000;
	w.atc_present = true;
	cordon_model_default_config(&w.cfg);
	w.cfg.check_stale = true;
}

void world_init(void)
{
	const char *why = "";
	void *mem = calloc(1, cordon_model_size(&w.cfg));

	w.m = cordon_model_init(mem, &w.cfg, &ops, NULL, &why);
	if (!w.m) {
		printf("# %s\n", why);
		free(mem);
		exit(1);
	}
}

uint64_t pages(unsigned int n)
{
	uint64_t p = w.next_page, align = 4096;

	while (align < 4096ull * n)
		align *= 2;
	p = (p + align - 1) & ~(align - 1);
	w.next_page = p + 4096ull * n;
	if (w.next_page > MEMORY) {
		printf("Bail out! the tests' memory is too small\n");
		exit(1);
	}
	return p;
}

uint64_t page(void)
{
	return pages(1);
}

uint64_t r64(uint64_t pa)
{
	return cm_le64(w.mem + pa);
}

void w64(uint64_t pa, uint64_t val)
{
	cm_put_le64(w.mem + pa, val);
}

uint64_t reg(uint64_t offset)
{
	return cordon_model_mmio_read(w.m, offset, 8);
}

uint32_t reg32(uint64_t offset)
{
	return (uint32_t)cordon_model_mmio_read(w.m, offset, 4);
}

void set(uint64_t offset, uint64_t val)
{
	cordon_model_mmio_write(w.m, offset, val, 8);
}

void set32(uint64_t offset, uint32_t val)
{
	cordon_model_mmio_write(w.m, offset, val, 4);
}

/* write a descriptor of a queue and enable it */
void queue_up(unsigned int q, uint64_t cfg)
{
	uint64_t d = w.qtable + 64ull * q;

	w64(d, cfg);
	set32(CORDON_PAGE_HOST(q) + CORDON_REG_Q_CTRL, CORDON_Q_EN);
}

/* queues are there, nothing else */
void boot_off(void)
{
	world_init();
	w.dir = page();
	w.qtable = page();
	w.ring = page();
	w.slots = page();
	w.status = page();
	w.fq = page();
	w.anon = page();
	w64(w.qtable + 8, w.ring);
	w64(w.qtable + 16, w.slots | 9);
	w64(w.qtable + 24, w.status);
	set(CORDON_REG_QTABLE, w.qtable | CORDON_QTABLE_V);
	set(CORDON_REG_MAIR(0), 0x44ff04);	/* 0 Device, 1 Write-Back, 2 Non-cacheable */
	set(CORDON_REG_FQ_BASE, w.fq | 6);
	set(CORDON_REG_FQ_ANON, w.anon | CORDON_FQ_ANON_V);
	set32(CORDON_REG_FQ_ANON_LIMIT, 8);
	set32(CORDON_REG_IMASK, 0);
}

/* a unit as software leaves it after its probe */
void boot(void)
{
	boot_off();
	set32(CORDON_REG_CTRL, CORDON_CTRL_FQEN);
	queue_up(0, CORDON_QD_V | cm_put(CORDON_QD_LOG2SIZE, 5));
	set(CORDON_REG_ROOT, w.dir | 2);
}

uint64_t put_context(const uint64_t *d)
{
	uint64_t pa = page();
	int i;

	for (i = 0; i < 8; i++)
		w64(pa + 8 * i, d[i]);
	return pa;
}

void point(uint32_t devid, uint64_t context)
{
	uint64_t at = w.dir + 8 * (devid >> 9);

	if (!r64(at))
		w64(at, page() | CORDON_PTR_V);
	w64((r64(at) & CORDON_PTR_PAGE) + 8 * (devid & 511), context ? context | CORDON_PTR_V : 0);
}

uint64_t publish(uint32_t devid, const uint64_t *d)
{
	uint64_t pa = put_context(d);

	point(devid, pa);
	return pa;
}

/* one level of a process directory, rooted at @root */
void pd_point(uint64_t root, uint32_t pasid, uint64_t context)
{
	w64(root + 8 * pasid, context ? context | CORDON_PTR_V : 0);
}

struct table table_new(unsigned int g, unsigned int n, int start)
{
	struct table t = { .g = g, .n = n, .start = start };
	unsigned int log2 = n - (g + (3 - start) * (g - 3)) + 3;

	t.root = pages(log2 > 12 ? 1u << (log2 - 12) : 1);
	return t;
}

/* where the descriptor of @va at @level is, with the tables above it there */
uint64_t table_at(const struct table *t, uint64_t va, int level)
{
	uint64_t table = t->root, at, index;
	int l;

	for (l = t->start;; l++) {
		index = va >> (t->g + (3 - l) * (t->g - 3));
		if (l != t->start)
			index &= (1u << (t->g - 3)) - 1;
		at = table + 8 * index;
		if (l == level)
			return at;
		if ((r64(at) & 3) != TABLE)
			w64(at, pages(1u << (t->g - 12)) | TABLE | AF);
		table = r64(at) & GENMASK_ULL(47, 12);
	}
}

uint64_t table_put(const struct table *t, uint64_t va, int level, uint64_t desc)
{
	uint64_t at = table_at(t, va, level);

	w64(at, desc);
	return at;
}

static uint64_t tg(unsigned int g)
{
	return g == 12 ? CORDON_TG_4K : g == 14 ? CORDON_TG_16K : CORDON_TG_64K;
}

void context_s1(uint64_t *d, const struct table *t)
{
	d[0] |= CORDON_DC_V | cm_put(CORDON_DC_S1, CORDON_S1_TABLE);
	d[1] |= cm_put(CORDON_TAGS_DTAG, DTAG);
	d[2] |= cm_put(CORDON_S1FMT_T0SZ, 64 - t->n) | cm_put(CORDON_S1FMT_TG, tg(t->g)) |
		cm_put(CORDON_S1FMT_PS, CORDON_PS_48);
	d[3] = t->root;
}

void context_s2(uint64_t *d, const struct table *t)
{
	unsigned int sl = t->g == 12 ? 2 - t->start : 3 - t->start;

	d[0] |= CORDON_DC_V | CORDON_DC_S2;
	d[1] |= VMTAG;
	d[2] |= cm_put(CORDON_S2FMT_T0SZ, 64 - t->n) | cm_put(CORDON_S2FMT_TG, tg(t->g)) |
		cm_put(CORDON_S2FMT_PS, CORDON_PS_48) | cm_put(CORDON_S2FMT_SL0, sl);
	d[5] = t->root;
}

struct cordon_request request(uint32_t devid, uint64_t addr, unsigned int access)
{
	struct cordon_request req = {
		.devid = devid, .addr = addr, .read = access & R, .write = access & W,
		.exec = access & X, .priv = access & P,
	};

	return req;
}

struct cordon_answer answer(const struct cordon_request *req)
{
	struct cordon_answer a;

	cordon_model_translate(w.m, req, &a);
	return a;
}

struct cordon_answer ask(uint32_t devid, uint64_t addr, unsigned int access)
{
	struct cordon_request req = request(devid, addr, access);

	return answer(&req);
}

struct cordon_answer port(uint32_t devid, uint64_t addr, unsigned int access, bool cached)
{
	struct cordon_answer a = { 0 };
	uint64_t res;

	set(CORDON_REG_TR_ADDR, addr);
	set(CORDON_REG_TR_REQ, CORDON_TR_REQ_GO | devid |
	    cm_put(CORDON_TR_REQ_READ, !!(access & R)) |
	    cm_put(CORDON_TR_REQ_WRITE, !!(access & W)) |
	    cm_put(CORDON_TR_REQ_EXEC, !!(access & X)) |
	    cm_put(CORDON_TR_REQ_PRIV, !!(access & P)) | cm_put(CORDON_TR_REQ_CACHED, cached));
	res = reg(CORDON_REG_TR_RESULT);
	a.reason = cm_get(CORDON_TR_RESULT_REASON, res);
	a.stage = cm_get(CORDON_TR_RESULT_STAGE, res);
	a.level = cm_get(CORDON_TR_RESULT_LEVEL, res);
	a.walk = cm_get(CORDON_TR_RESULT_WALK, res);
	a.detail = cm_get(CORDON_TR_RESULT_DETAIL, res);
	a.read = cm_get(CORDON_TR_RESULT_READ, res);
	a.write = cm_get(CORDON_TR_RESULT_WRITE, res);
	a.exec = cm_get(CORDON_TR_RESULT_EXEC, res);
	a.hit = cm_get(CORDON_TR_RESULT_HIT, res);
	a.span_log2 = cm_get(CORDON_TR_RESULT_PGSIZE, res);
	a.attr = cm_get(CORDON_TR_RESULT_ATTR, res);
	a.addr = reg(CORDON_REG_TR_OUT);
	a.ipa = reg(CORDON_REG_TR_IPA);
	a.where = reg(CORDON_REG_TR_WHERE);
	return a;
}

/* a command into queue 0, without a look at what becomes of it */
void submit(uint64_t op, uint64_t target, uint64_t first, uint64_t last)
{
	uint64_t at = w.ring + 32 * (w.tail++ % 32);

	w64(at, op);
	w64(at + 8, target);
	w64(at + 16, first);
	w64(at + 24, last);
	set32(CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL, w.tail);
}

/* its completion status; 0 if it did not complete */
unsigned int command(uint64_t op, uint64_t target, uint64_t first, uint64_t last)
{
	uint64_t word;

	w64(w.slots + 8 * 7, 0);
	w.value++;
	submit(op | CORDON_CMD_COMPLETE | cm_put(CORDON_CMD_SLOT, 7) |
	       cm_put(CORDON_CMD_VALUE, w.value), target, first, last);
	word = r64(w.slots + 8 * 7);
	if (word && cm_get(CORDON_COMPLETION_VALUE, word) != w.value)
		return 99;
	return cm_get(CORDON_COMPLETION_STATUS, word);
}

uint64_t tags(uint32_t vmtag, uint32_t dtag)
{
	return cm_put(CORDON_TGT_VMTAG, vmtag) | cm_put(CORDON_TGT_DTAG, dtag);
}

uint64_t stale(void)
{
	return cordon_model_stats(w.m)->stale;
}

uint64_t violations(void)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < CORDON_VIOLATIONS; i++)
		n += cordon_model_stats(w.m)->violations[i];
	return n;
}

/* TAP */

void test_begin(const char *name)
{
	current = name;
	bad = 0;
	world_new();
}

void test_end(void)
{
	cases++;
	failures += !!bad;
	printf("%s %u - %s\n", bad ? "not ok" : "ok", cases, current);
	fflush(stdout);
}

void expect(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	if (++bad < 10)
		printf("# %s:%d: expected %s\n", file, line, what);
}

void expect_eq(uint64_t a, uint64_t b, const char *what, const char *file, int line)
{
	if (a == b)
		return;
	if (++bad < 10)
		printf("# %s:%d: expected %s: 0x%llx, 0x%llx\n", file, line, what,
		       (unsigned long long)a, (unsigned long long)b);
}

int plan(void)
{
	printf("1..%u\n", cases);
	free(w.m);
	free(w.mem);
	return failures ? 1 : 0;
}

int main(void)
{
	tests_registers();
	tests_context();
	tests_walk();
	tests_cache();
	tests_queue();
	tests_fault();
	tests_device();
	tests_ats();
	tests_guest();
	tests_state();
	tests_clauses();
	tests_inject();
	tests_random();
	return plan();
}
