/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: what its qtests build machines, structures and commands with.
 */
#ifndef CORDON_UTIL_H
#define CORDON_UTIL_H

#include "qemu/host-utils.h"
#include "qemu/units.h"
#include "libqtest.h"
#include "qobject/qdict.h"
#include "hw/pci/pci_regs.h"
#include "hw/cordon/model/include/linux/bits.h"
#include "hw/cordon/include/linux/cordon_hw.h"
#include "hw/cordon/engine/cordon_engine.h"

/* -M virt: platform bus, and PCI as it is with highmem-ecam=off */
#define UNIT_BASE(n) (0x0c000000 + 0x200000 * (n))
#define UNIT_PATH "/machine/peripheral/iommu0"
#define ECAM_BASE 0x3f000000
#define PCI_WINDOW 0x10000000
#define PCI_WINDOW_STEP 0x100000
#define RAM_BASE 0x40000000
#define RAM_FREE 0x42000000

#define MACHINE \
    "-M virt,gic-version=3,highmem-ecam=off -cpu max -m 256 -nodefaults " \
    "-display none -net none "
#define UNIT "-device cordon-iommu,id=iommu0,primary-bus=pcie.0"
#define ENGINE " -device cordon-engine,id=engine0,bus=pcie.0,addr=4"
#define ENGINE_RID 0x20

#define DTAG 5
#define FLIMIT 64
#define RING_LOG2 2
#define SLOTS_LOG2 4
#define FQ_LOG2 3
#define IOVA 0x12345000ull

/* Descriptors (spec 4.4) */
#define DESC_TABLE 3ull
#define DESC_PAGE 3ull
#define DESC_BLOCK 1ull
#define DESC_AF BIT_ULL(10)
#define DESC_UNPRIV BIT_ULL(6)
#define DESC_RO BIT_ULL(7)
#define DESC_UXN BIT_ULL(54)
#define DESC_RW (DESC_AF | DESC_UNPRIV)

typedef struct Unit {
    QTestState *qts;
    uint64_t base;
    uint64_t next;
    uint64_t directory;
    uint64_t context;
    uint64_t table;
    uint64_t fault_block;
    uint64_t anonymous;
    uint64_t qtable;
    uint64_t ring;
    uint64_t slots;
    uint64_t status;
    uint32_t tail;
    uint64_t fq;
    uint32_t fq_head;
    uint64_t engine;
    uint32_t devid;
} Unit;

static inline uint64_t field(uint64_t mask, uint64_t word)
{
    return (word & mask) >> ctz64(mask);
}

static inline uint64_t value(uint64_t mask, uint64_t val)
{
    return (val << ctz64(mask)) & mask;
}

static inline uint64_t read64(Unit *u, uint64_t offset)
{
    return qtest_readq(u->qts, u->base + offset);
}

static inline uint32_t read32(Unit *u, uint64_t offset)
{
    return qtest_readl(u->qts, u->base + offset);
}

static inline void write64(Unit *u, uint64_t offset, uint64_t val)
{
    qtest_writeq(u->qts, u->base + offset, val);
}

static inline void write32(Unit *u, uint64_t offset, uint32_t val)
{
    qtest_writel(u->qts, u->base + offset, val);
}

/* Memory of a fresh machine is zero, and nothing is ever freed. */
static inline uint64_t alloc(Unit *u, uint64_t size)
{
    uint64_t addr = u->next;

    u->next += QEMU_ALIGN_UP(size, 4096);
    g_assert_cmphex(u->next, <, RAM_BASE + 256 * MiB);
    return addr;
}

/* What the unit at the QOM path has counted */
static inline uint64_t counted(Unit *u, const char *path, const char *name)
{
    QDict *rsp = qtest_qmp(u->qts, "{'execute': 'qom-get', 'arguments':"
                           " {'path': %s, 'property': %s}}", path, name);
    uint64_t val;

    g_assert(qdict_haskey(rsp, "return"));
    val = qdict_get_int(rsp, "return");
    qobject_unref(rsp);
    return val;
}

static inline uint64_t violations(Unit *u)
{
    return counted(u, UNIT_PATH, "violations");
}

/* A root port to a bus of this number, with engine @n's memory behind it */
static inline void port_init(QTestState *qts, unsigned rid, unsigned bus,
                             unsigned n)
{
    uint64_t config = ECAM_BASE + (rid << 12);
    uint16_t window = (PCI_WINDOW + PCI_WINDOW_STEP * n) >> 16;

    qtest_writeb(qts, config + PCI_PRIMARY_BUS, rid >> 8);
    qtest_writeb(qts, config + PCI_SECONDARY_BUS, bus);
    qtest_writeb(qts, config + PCI_SUBORDINATE_BUS, bus);
    qtest_writew(qts, config + PCI_MEMORY_BASE, window);
    qtest_writew(qts, config + PCI_MEMORY_LIMIT, window);
    qtest_writew(qts, config + PCI_COMMAND,
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* The engine */

static inline uint64_t engine_init(QTestState *qts, unsigned rid, unsigned n)
{
    uint64_t config = ECAM_BASE + (rid << 12);
    uint64_t bar = PCI_WINDOW + PCI_WINDOW_STEP * n;
    uint16_t id = qtest_readw(qts, config + PCI_DEVICE_ID);

    g_assert_cmphex(qtest_readw(qts, config + PCI_VENDOR_ID), ==,
                    CORDON_ENGINE_VENDOR);
    g_assert(id == CORDON_ENGINE_DEVICE || id == CORDON_ENGINE_HOSTILE);
    qtest_writel(qts, config + PCI_BASE_ADDRESS_0, bar);
    qtest_writel(qts, config + PCI_BASE_ADDRESS_1, bar + 0x10000);
    qtest_writew(qts, config + PCI_COMMAND,
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    g_assert_cmphex(qtest_readl(qts, bar + CORDON_ENGINE_ID), ==,
                    CORDON_ENGINE_MAGIC);
    return bar;
}

static inline uint64_t engine_get(Unit *u, uint64_t reg)
{
    return qtest_readq(u->qts, u->engine + reg);
}

static inline void engine_set(Unit *u, uint64_t reg, uint64_t val)
{
    qtest_writeq(u->qts, u->engine + reg, val);
}

static inline uint32_t engine_run(Unit *u, uint32_t op, uint64_t src,
                                  uint64_t dst, uint64_t len)
{
    engine_set(u, CORDON_ENGINE_SRC, src);
    engine_set(u, CORDON_ENGINE_DST, dst);
    engine_set(u, CORDON_ENGINE_LEN, len);
    qtest_writel(u->qts, u->engine + CORDON_ENGINE_CMD, op);
    return qtest_readl(u->qts, u->engine + CORDON_ENGINE_STATUS);
}

/* Fills of 8 bytes that pass, and ones that are terminated */
static inline void dma_write(Unit *u, uint64_t addr, uint64_t val)
{
    engine_set(u, CORDON_ENGINE_DATA, val);
    g_assert_cmphex(engine_run(u, CORDON_ENGINE_OP_FILL, 0, addr, 8), ==,
                    CORDON_ENGINE_STATUS_DONE);
    g_assert_cmpuint(engine_get(u, CORDON_ENGINE_MOVED), ==, 8);
}

static inline void dma_refused(Unit *u, uint32_t op, uint64_t addr)
{
    uint64_t errors = engine_get(u, CORDON_ENGINE_ERRORS);

    g_assert_cmphex(engine_run(u, op, addr, addr, 8), ==,
                    CORDON_ENGINE_STATUS_DONE | CORDON_ENGINE_STATUS_ERROR);
    g_assert_cmphex(engine_get(u, CORDON_ENGINE_BAD), ==, addr);
    g_assert_cmpuint(engine_get(u, CORDON_ENGINE_MOVED), ==, 0);
    g_assert_cmpuint(engine_get(u, CORDON_ENGINE_ERRORS), ==, errors + 1);
}

static inline void wait_for_migration(QTestState *qts)
{
    for (int i = 0; i < 600; i++) {
        QDict *rsp = qtest_qmp(qts, "{'execute': 'query-migrate'}");
        QDict *info = qdict_get_qdict(rsp, "return");
        const char *status = qdict_get_try_str(info, "status");
        bool completed = !g_strcmp0(status, "completed");

        g_assert_cmpstr(status, !=, "failed");
        qobject_unref(rsp);
        if (completed) {
            return;
        }
        g_usleep(50000);
    }
    g_assert_not_reached();
}

/* Structures in memory (spec 3) */

static inline uint64_t make_context(Unit *u, uint64_t cfg, uint64_t s1root)
{
    uint64_t addr = alloc(u, sizeof(struct cordon_dc));
    uint64_t tags = value(CORDON_TAGS_FLIMIT, FLIMIT), fmt = 0;

    if (field(CORDON_DC_S1, cfg) == CORDON_S1_TABLE) {
        tags |= value(CORDON_TAGS_DTAG, DTAG);
        fmt = value(CORDON_S1FMT_T0SZ, 64 - 39) |
              value(CORDON_S1FMT_TG, CORDON_TG_4K) |
              value(CORDON_S1FMT_PS, CORDON_PS_40);
    }
    qtest_writeq(u->qts, addr + offsetof(struct cordon_dc, cfg),
                 CORDON_DC_V | CORDON_DC_FAULT | cfg);
    qtest_writeq(u->qts, addr + offsetof(struct cordon_dc, tags), tags);
    qtest_writeq(u->qts, addr + offsetof(struct cordon_dc, fmt), fmt);
    qtest_writeq(u->qts, addr + offsetof(struct cordon_dc, s1root), s1root);
    qtest_writeq(u->qts, addr + offsetof(struct cordon_dc, fault),
                 u->fault_block);
    return addr;
}

static inline unsigned index_of(uint32_t id, int level)
{
    return (id >> (9 * level)) & (CORDON_DIR_ENTRIES - 1);
}

/* One store publishes the context of @id (spec 3.1). */
static inline void publish(Unit *u, uint64_t root, int levels, uint32_t id,
                           uint64_t context)
{
    uint64_t page = root;

    for (int level = levels - 1; level > 0; level--) {
        uint64_t at = page + 8 * index_of(id, level);
        uint64_t ptr = qtest_readq(u->qts, at);

        if (!(ptr & CORDON_PTR_V)) {
            ptr = alloc(u, CORDON_DIR_PAGE_SIZE) | CORDON_PTR_V;
            qtest_writeq(u->qts, at, ptr);
        }
        page = ptr & CORDON_PTR_PAGE;
    }
    qtest_writeq(u->qts, page + 8 * index_of(id, 0), context | CORDON_PTR_V);
}

static inline void set_root(Unit *u, uint64_t root)
{
    write64(u, CORDON_REG_ROOT, root);
    g_assert_cmphex(read64(u, CORDON_REG_ROOTACK), ==, root);
}

/* Returns where the last descriptor for the IOVA is. */
static inline uint64_t descriptor(Unit *u, uint64_t iova, int last)
{
    uint64_t table = u->table;

    for (int level = 1; level < last; level++) {
        uint64_t at = table + 8 * ((iova >> (39 - 9 * level)) & 511);
        uint64_t desc = qtest_readq(u->qts, at);

        if (!(desc & 1)) {
            desc = alloc(u, 4096) | DESC_TABLE;
            qtest_writeq(u->qts, at, desc);
        }
        table = desc & ~0xfffull;
    }
    return table + 8 * ((iova >> (39 - 9 * last)) & 511);
}

static inline void map(Unit *u, uint64_t iova, uint64_t pa, uint64_t attrs)
{
    qtest_writeq(u->qts, descriptor(u, iova, 3), pa | DESC_PAGE | attrs);
}

/* A machine with one unit and one engine, nothing set up yet */
static inline void boot(Unit *u, const char *more)
{
    *u = (Unit) {
        .base = UNIT_BASE(0), .next = RAM_FREE, .devid = ENGINE_RID,
    };
    u->qts = qtest_initf(MACHINE "%s", more);
    u->engine = engine_init(u->qts, ENGINE_RID, 0);
}

static inline void enable_faults(Unit *u, unsigned log2)
{
    u->fq = alloc(u, sizeof(struct cordon_fault) << log2);
    u->anonymous = alloc(u, sizeof(struct cordon_fault_block));
    u->fault_block = alloc(u, sizeof(struct cordon_fault_block));
    u->fq_head = 0;
    write64(u, CORDON_REG_FQ_BASE, u->fq | log2);
    write64(u, CORDON_REG_FQ_ANON, u->anonymous | CORDON_FQ_ANON_V);
    write32(u, CORDON_REG_FQ_ANON_LIMIT, FLIMIT);
    write32(u, CORDON_REG_CTRL, CORDON_CTRL_FQEN);
    g_assert_cmphex(read32(u, CORDON_REG_CTRLACK), ==, CORDON_CTRL_FQEN);
}

static inline void enable_queue(Unit *u, unsigned q)
{
    uint64_t at;

    if (!u->qtable) {
        u->qtable = alloc(u, CORDON_CMDQ_MAX * sizeof(struct cordon_qdesc));
        write64(u, CORDON_REG_QTABLE, u->qtable | CORDON_QTABLE_V);
    }
    u->ring = alloc(u, sizeof(struct cordon_cmd) << RING_LOG2);
    u->slots = alloc(u, 8 << SLOTS_LOG2);
    u->status = alloc(u, CORDON_STATUS_SIZE);
    u->tail = 0;
    at = u->qtable + q * sizeof(struct cordon_qdesc);
    qtest_writeq(u->qts, at + offsetof(struct cordon_qdesc, cfg),
                 CORDON_QD_V | value(CORDON_QD_LOG2SIZE, RING_LOG2));
    qtest_writeq(u->qts, at + offsetof(struct cordon_qdesc, base), u->ring);
    qtest_writeq(u->qts, at + offsetof(struct cordon_qdesc, slots),
                 u->slots | value(CORDON_QD_SLOTS_LOG2, SLOTS_LOG2));
    qtest_writeq(u->qts, at + offsetof(struct cordon_qdesc, status), u->status);
    write32(u, CORDON_PAGE_HOST(q) + CORDON_REG_Q_CTRL, CORDON_Q_EN);
    g_assert_cmphex(read32(u, CORDON_PAGE_HOST(q) + CORDON_REG_Q_ACK), ==,
                    CORDON_Q_EN);
    g_assert_cmphex(qtest_readq(u->qts, u->status), ==,
                    value(CORDON_STATUS_STATE, CORDON_QSTATE_RUNNING));
}

/* Fault queue, queue 0, a directory of two levels and a stage-1 context */
static inline void set_up(Unit *u, uint64_t cfg)
{
    enable_faults(u, FQ_LOG2);
    enable_queue(u, 0);
    u->directory = alloc(u, CORDON_DIR_PAGE_SIZE);
    u->table = alloc(u, 4096);
    u->context = make_context(u, cfg,
                              field(CORDON_DC_S1, cfg) == CORDON_S1_TABLE ?
                              u->table : 0);
    publish(u, u->directory, 2, u->devid, u->context);
    set_root(u, u->directory | 2);
}

/* Commands (spec 5) */

static inline void post(Unit *u, uint64_t op, uint64_t target, uint64_t first,
                        uint64_t last)
{
    uint64_t at = u->ring + sizeof(struct cordon_cmd) *
                  (u->tail & ((1 << RING_LOG2) - 1));

    qtest_writeq(u->qts, at + offsetof(struct cordon_cmd, op), op);
    qtest_writeq(u->qts, at + offsetof(struct cordon_cmd, target), target);
    qtest_writeq(u->qts, at + offsetof(struct cordon_cmd, first), first);
    qtest_writeq(u->qts, at + offsetof(struct cordon_cmd, last), last);
    u->tail++;
}

static inline void ring_doorbell(Unit *u, unsigned q)
{
    write32(u, CORDON_PAGE_GUEST(q) + CORDON_REG_Q_TAIL, u->tail);
}

static inline uint64_t completing(uint64_t op, unsigned slot, uint32_t val)
{
    return op | CORDON_CMD_COMPLETE | value(CORDON_CMD_SLOT, slot) |
           value(CORDON_CMD_VALUE, val);
}

static inline void slot_is(Unit *u, unsigned slot, uint32_t val,
                           unsigned status)
{
    g_assert_cmphex(qtest_readq(u->qts, u->slots + 8 * slot), ==,
                    value(CORDON_COMPLETION_VALUE, val) |
                    value(CORDON_COMPLETION_STATUS, status));
}

static inline void command(Unit *u, uint64_t op, uint64_t target,
                           uint64_t first, uint64_t last)
{
    uint32_t sequence = 0x1000 + u->tail;

    post(u, completing(op, 1, sequence), target, first, last);
    ring_doorbell(u, 0);
    slot_is(u, 1, sequence, CORDON_COMPLETION_OK);
}

static inline void invalidate(Unit *u, uint64_t first, uint64_t last)
{
    command(u, CORDON_OP_INV_RANGE,
            value(CORDON_TGT_DTAG, DTAG) | CORDON_TGT_LEAF, first, last);
}

/* Faults (spec 6) */

typedef struct Fault {
    unsigned reason, stage, level;
    uint64_t access, addr, tags, where, source;
    uint32_t devid;
} Fault;

static inline void fault_is(Unit *u, const Fault *want)
{
    unsigned log2 = field(CORDON_QBASE_LOG2, read64(u, CORDON_REG_FQ_BASE));
    uint64_t at = u->fq + sizeof(struct cordon_fault) *
                  (u->fq_head & ((1 << log2) - 1));
    bool phase = !(u->fq_head >> log2 & 1);
    uint64_t rec[8];

    for (int i = 0; i < 8; i++) {
        rec[i] = qtest_readq(u->qts, at + 8 * i);
    }
    g_assert_cmpuint(read32(u, CORDON_REG_FQ_TAIL), ==, u->fq_head + 1);
    g_assert_cmpuint(field(CORDON_FAULT_PHASE, rec[0]), ==, phase);
    g_assert_cmpuint(field(CORDON_FAULT_REPEAT, rec[0]), ==, 0);
    g_assert_cmphex(field(CORDON_FAULT_REASON, rec[0]), ==, want->reason);
    g_assert_cmpuint(field(CORDON_FAULT_STAGE, rec[0]), ==, want->stage);
    g_assert_cmpuint(field(CORDON_FAULT_LEVEL, rec[0]), ==, want->level);
    g_assert_cmphex(rec[0] & (CORDON_FAULT_READ | CORDON_FAULT_WRITE |
                              CORDON_FAULT_EXEC | CORDON_FAULT_PRIV |
                              CORDON_FAULT_ATOMIC), ==, want->access);
    g_assert_cmpuint(field(CORDON_FAULT_TYPE, rec[0]), ==,
                     CORDON_TYPE_UNTRANSLATED);
    g_assert_cmpuint(field(CORDON_FAULT_COUNT, rec[0]), ==, 1);
    g_assert_cmphex(rec[1], ==, want->devid | want->source);
    g_assert_cmphex(rec[2], ==, want->addr);
    g_assert_cmphex(rec[3], ==, 0);
    g_assert_cmphex(rec[4], ==, want->tags);
    g_assert_cmphex(rec[6], ==, want->where);
    u->fq_head++;
    write32(u, CORDON_REG_FQ_HEAD, u->fq_head);
}

static inline void no_fault(Unit *u)
{
    g_assert_cmpuint(read32(u, CORDON_REG_FQ_TAIL), ==, u->fq_head);
}

static inline void stage1_fault(Unit *u, unsigned reason, unsigned level,
                                uint64_t access, uint64_t addr, uint64_t where)
{
    fault_is(u, &(Fault) {
        .reason = reason, .stage = 1, .level = level, .access = access,
        .addr = addr, .where = where, .devid = u->devid,
        .tags = value(CORDON_TAGS_DTAG, DTAG), .source = CORDON_SRC_CHARGED,
    });
}

#endif
