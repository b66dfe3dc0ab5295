/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: the emulated device without a guest.
 *
 * Each test boots a machine whose CPUs never run, builds the structures of the
 * specification in its memory, and lets the DMA test engine make requests.
 */
#include "qemu/osdep.h"
#include "cordon-util.h"

static void test_identity(void)
{
    static const uint64_t zero64[] = {
        CORDON_REG_ROOT, CORDON_REG_ROOTACK, CORDON_REG_QTABLE,
        CORDON_REG_MAIR(0), CORDON_REG_MAIR(1), CORDON_REG_MAIR(2),
        CORDON_REG_MAIR(3), CORDON_REG_ERRADDR, CORDON_REG_CMDPEND,
        CORDON_REG_MSI_ADDR(0), CORDON_REG_MSI_ADDR(4), CORDON_REG_FQ_BASE,
        CORDON_REG_FQ_LOST, CORDON_REG_FQ_ANON, CORDON_REG_PRQ_BASE,
        CORDON_REG_TR_ADDR, CORDON_REG_TR_REQ,
        CORDON_PAGE_GUEST(0) + CORDON_REG_Q_STATUS,
        CORDON_PAGE_GUEST(7) + CORDON_REG_Q_STATUS,
    };
    static const uint64_t zero32[] = {
        CORDON_REG_CTRL, CORDON_REG_CTRLACK, CORDON_REG_ERROR,
        CORDON_REG_IPEND, CORDON_REG_FQ_HEAD, CORDON_REG_FQ_TAIL,
        CORDON_REG_FQ_ANON_LIMIT, CORDON_REG_FQ_MERGE,
        CORDON_PAGE_GUEST(7) + CORDON_REG_Q_TAIL,
        CORDON_PAGE_HOST(7) + CORDON_REG_Q_CTRL,
        CORDON_PAGE_HOST(7) + CORDON_REG_Q_ACK,
    };
    uint64_t id, cap4, before;
    Unit u;

    boot(&u, UNIT ENGINE);
    id = read64(&u, CORDON_REG_ID);
    g_assert_cmphex(field(CORDON_ID_MAGIC, id), ==, CORDON_MAGIC);
    g_assert_cmpuint(field(CORDON_ID_MAJOR, id), ==, CORDON_MAJOR);
    g_assert_cmphex(read32(&u, CORDON_REG_ID + 4), ==, CORDON_MAGIC);
    g_assert_cmpuint(field(CORDON_CAP2_CMDQS, read64(&u, CORDON_REG_CAP2)), ==,
                     8);
    g_assert(read64(&u, CORDON_REG_CAP1) & CORDON_CAP1_S1);
    cap4 = read64(&u, CORDON_REG_CAP4);
    g_assert_cmpuint(field(CORDON_CAP4_PAGE_LOG2, cap4), ==, 16);
    for (int i = 0; i < ARRAY_SIZE(zero64); i++) {
        g_assert_cmphex(read64(&u, zero64[i]), ==, 0);
    }
    for (int i = 0; i < ARRAY_SIZE(zero32); i++) {
        g_assert_cmphex(read32(&u, zero32[i]), ==, 0);
    }
    g_assert_cmphex(read32(&u, CORDON_REG_IMASK), ==, 0x1f);

    before = read64(&u, CORDON_REG_TIME);
    qtest_clock_step(u.qts, 1000000000);
    g_assert_cmpuint(read64(&u, CORDON_REG_TIME) - before, ==,
                     field(CORDON_CAP4_TIME_HZ, cap4));

    /* spec 10.1: what is read only stays, what breaks the rules is told */
    write64(&u, CORDON_REG_ID, 0);
    g_assert_cmphex(read64(&u, CORDON_REG_ID), ==, id);
    g_assert_cmpuint(violations(&u), ==, 0);
    g_assert_cmphex(qtest_readb(u.qts, u.base + CORDON_REG_ID), ==, 0);
    g_assert_cmphex(read32(&u, CORDON_REG_ERROR), ==, CORDON_ERROR_ACCESS);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "violations-access"), ==, 1);
    write32(&u, CORDON_REG_ERROR, CORDON_ERROR_ACCESS);
    g_assert_cmphex(read32(&u, CORDON_REG_ERROR), ==, 0);
    qtest_quit(u.qts);
}

static void test_capabilities(void)
{
    uint64_t cap0;
    Unit u;

    boot(&u, UNIT ",queues=2,ias=39,stage2=off,nested=off,guest=off,"
         "guest-queues=off,translated-stage2=off,dirty-log=off,fwb=off,"
         "vmtag-bits=0,s2-granules=0,devmap-log2=0,coherent=on,devid-bits=16"
         ENGINE);
    cap0 = read64(&u, CORDON_REG_CAP0);
    g_assert_cmpuint(field(CORDON_CAP0_IAS, cap0), ==, 39);
    g_assert_cmpuint(field(CORDON_CAP0_DEVID, cap0), ==, 16);
    g_assert_cmphex(read64(&u, CORDON_REG_CAP1) &
                    (CORDON_CAP1_S2 | CORDON_CAP1_S1), ==, CORDON_CAP1_S1);
    g_assert_cmpuint(field(CORDON_CAP2_CMDQS, read64(&u, CORDON_REG_CAP2)), ==,
                     2);
    qtest_quit(u.qts);
}

static void test_denied(void)
{
    uint64_t pa;
    Unit u;

    boot(&u, UNIT ENGINE);
    pa = alloc(&u, 4096);
    qtest_writeq(u.qts, pa, 0x600df00d);
    engine_set(&u, CORDON_ENGINE_BUFFER, 0x5afe);
    dma_refused(&u, CORDON_ENGINE_OP_WRITE, pa);
    dma_refused(&u, CORDON_ENGINE_OP_READ, pa);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, pa);
    dma_refused(&u, CORDON_ENGINE_OP_COPY, pa);
    dma_refused(&u, CORDON_ENGINE_OP_ATOMIC, pa);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 0x600df00d);
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_BUFFER), ==, 0x5afe);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "faults"), ==, 5);
    /* nobody had enabled the fault queue */
    g_assert_cmpuint(read64(&u, CORDON_REG_FQ_LOST), ==, 5);

    enable_faults(&u, FQ_LOG2);
    dma_refused(&u, CORDON_ENGINE_OP_READ, pa);
    fault_is(&u, &(Fault) {
        .reason = CORDON_REASON_NO_ROOT, .level = CORDON_LEVEL_NONE,
        .access = CORDON_FAULT_READ, .addr = pa, .devid = ENGINE_RID,
        .source = CORDON_SRC_ANON,
    });
    dma_refused(&u, CORDON_ENGINE_OP_ATOMIC, pa);
    fault_is(&u, &(Fault) {
        .reason = CORDON_REASON_NO_ROOT, .level = CORDON_LEVEL_NONE,
        .access = CORDON_FAULT_READ | CORDON_FAULT_WRITE | CORDON_FAULT_ATOMIC,
        .addr = pa, .devid = ENGINE_RID, .source = CORDON_SRC_ANON,
    });
    g_assert_cmpuint(qtest_readq(u.qts, u.anonymous), ==, 2);

    /* the address of what decided is in the record */
    u.directory = alloc(&u, CORDON_DIR_PAGE_SIZE);
    set_root(&u, u.directory | 1);
    dma_refused(&u, CORDON_ENGINE_OP_WRITE, pa);
    fault_is(&u, &(Fault) {
        .reason = CORDON_REASON_DD_ABSENT, .level = CORDON_LEVEL_NONE,
        .access = CORDON_FAULT_WRITE, .addr = pa, .devid = ENGINE_RID,
        .where = u.directory + 8 * ENGINE_RID, .source = CORDON_SRC_ANON,
    });

    /* no record of what a silent root terminates */
    set_root(&u, CORDON_ROOT_SILENT);
    dma_refused(&u, CORDON_ENGINE_OP_WRITE, pa);
    no_fault(&u);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 0x600df00d);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

static void test_bypass(void)
{
    const uint64_t len = 2 * 4096 + 123;
    g_autofree uint8_t *out = g_malloc(len), *back = g_malloc(len);
    uint64_t from, to;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    from = alloc(&u, 4 * 4096) + 77;
    to = alloc(&u, 4 * 4096) + 3;
    for (uint64_t i = 0; i < len; i++) {
        out[i] = i * 7 + (i >> 8);
    }
    qtest_memwrite(u.qts, from, out, len);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_COPY, from, to, len), ==,
                    CORDON_ENGINE_STATUS_DONE);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_MOVED), ==, len);
    qtest_memread(u.qts, to, back, len);
    g_assert_cmpmem(out, len, back, len);
    g_assert_cmphex(qtest_readb(u.qts, to - 1), ==, 0);
    g_assert_cmphex(qtest_readb(u.qts, to + len), ==, 0);
    no_fault(&u);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

static void stage1(const char *more)
{
    uint64_t pa, ro, block = RAM_BASE + 0x200000;
    Unit u;

    boot(&u, more);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    pa = alloc(&u, 4096);
    ro = alloc(&u, 4096);
    map(&u, IOVA, pa, DESC_RW);
    map(&u, IOVA + 4096, ro, DESC_RW | DESC_RO);

    dma_write(&u, IOVA + 8, 0xc0ffee);
    g_assert_cmphex(qtest_readq(u.qts, pa + 8), ==, 0xc0ffee);
    qtest_writeq(u.qts, ro, 0x1234);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_READ, IOVA + 4096, 0, 8),
                    ==, CORDON_ENGINE_STATUS_DONE);
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_BUFFER), ==, 0x1234);
    no_fault(&u);

    /* a block of 2 MiB, of which each page is another request */
    qtest_writeq(u.qts, descriptor(&u, 0x40000000, 2),
                 block | DESC_BLOCK | DESC_RW);
    dma_write(&u, 0x40000000 + 0x123450, 0xb10c);
    g_assert_cmphex(qtest_readq(u.qts, block + 0x123450), ==, 0xb10c);

    /* from absent to present needs no invalidation (spec 11.1) */
    map(&u, IOVA + 8192, pa, DESC_RW);
    dma_write(&u, IOVA + 8192, 0xadd);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 0xadd);
    no_fault(&u);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

static void test_stage1(void)
{
    stage1(UNIT ENGINE);
}

/* Through the PCI core's address space, as a device that knows nothing of us */
static void test_stage1_bus(void)
{
    stage1(UNIT ENGINE ",x-bus-dma=on");
}

static void test_stage1_faults(void)
{
    uint64_t pa, ro;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    pa = alloc(&u, 4096);
    ro = alloc(&u, 4096);
    map(&u, IOVA, pa, DESC_RW);
    map(&u, IOVA + 4096, ro, DESC_RW | DESC_RO);
    map(&u, IOVA + 3 * 4096, pa, DESC_UNPRIV);
    map(&u, IOVA + 4 * 4096, pa, DESC_AF);
    qtest_writeq(u.qts, ro, 0x1234);
    qtest_writeq(u.qts, pa, 0x5678);

    dma_refused(&u, CORDON_ENGINE_OP_WRITE, IOVA + 4096);
    stage1_fault(&u, CORDON_REASON_PERMISSION, 4, CORDON_FAULT_WRITE,
                 IOVA + 4096, descriptor(&u, IOVA + 4096, 3));
    dma_refused(&u, CORDON_ENGINE_OP_ATOMIC, IOVA + 4096);
    stage1_fault(&u, CORDON_REASON_PERMISSION, 4, CORDON_FAULT_READ |
                 CORDON_FAULT_WRITE | CORDON_FAULT_ATOMIC, IOVA + 4096,
                 descriptor(&u, IOVA + 4096, 3));
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA + 2 * 4096 + 0x18);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 4, CORDON_FAULT_READ,
                 IOVA + 2 * 4096 + 0x18, descriptor(&u, IOVA + 2 * 4096, 3));
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA + 3 * 4096);
    stage1_fault(&u, CORDON_REASON_ACCESS_FLAG, 4, CORDON_FAULT_READ,
                 IOVA + 3 * 4096, descriptor(&u, IOVA + 3 * 4096, 3));
    /* privileged pages are not for devices (spec 4.4) */
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA + 4 * 4096);
    stage1_fault(&u, CORDON_REASON_PERMISSION, 4, CORDON_FAULT_READ,
                 IOVA + 4 * 4096, descriptor(&u, IOVA + 4 * 4096, 3));
    dma_refused(&u, CORDON_ENGINE_OP_READ, 0x7000000000);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 2, CORDON_FAULT_READ,
                 0x7000000000, u.table + 8 * 448);
    dma_refused(&u, CORDON_ENGINE_OP_READ, 1ull << 39);
    stage1_fault(&u, CORDON_REASON_INPUT_SIZE, CORDON_LEVEL_NONE,
                 CORDON_FAULT_READ, 1ull << 39, u.context);

    /* an operation stops at the first page that is refused, and says where */
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_WRITE, 0, IOVA + 4000, 200),
                    ==, CORDON_ENGINE_STATUS_DONE | CORDON_ENGINE_STATUS_ERROR);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_MOVED), ==, 96);
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_BAD), ==, IOVA + 4096);
    stage1_fault(&u, CORDON_REASON_PERMISSION, 4, CORDON_FAULT_WRITE,
                 IOVA + 4096, descriptor(&u, IOVA + 4096, 3));

    g_assert_cmphex(qtest_readq(u.qts, ro), ==, 0x1234);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 0x5678);
    g_assert_cmpuint(field(CORDON_FB_PRODUCED,
                           qtest_readq(u.qts, u.fault_block)), ==, 8);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

/* A refusal through the PCI core: no exact count, but nothing gets through. */
static void test_bus_refused(void)
{
    uint64_t pa;
    Unit u;

    boot(&u, UNIT ENGINE ",x-bus-dma=on");
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    pa = alloc(&u, 4096);
    map(&u, IOVA, pa, DESC_RW | DESC_RO);
    qtest_writeq(u.qts, pa, 0x5678);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA);
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA + 4096);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 0x5678);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "faults"), >=, 2);
    g_assert_cmpuint(read32(&u, CORDON_REG_FQ_TAIL), >=, 2);
    qtest_quit(u.qts);
}

static void test_razwi(void)
{
    uint64_t pa;
    Unit u;

    for (int bus = 0; bus < 2; bus++) {
        boot(&u, bus ? UNIT ENGINE ",x-bus-dma=on" : UNIT ENGINE);
        set_up(&u, value(CORDON_DC_S1, CORDON_S1_BLOCK) | CORDON_DC_RAZWI |
               CORDON_DC_SILENT);
        pa = alloc(&u, 4096);
        qtest_writeq(u.qts, pa, 0x5678);
        engine_set(&u, CORDON_ENGINE_BUFFER, 0x9abc);
        dma_write(&u, pa, 0xbad);
        g_assert_cmphex(qtest_readq(u.qts, pa), ==, 0x5678);
        g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_READ, pa, 0, 8), ==,
                        CORDON_ENGINE_STATUS_DONE);
        g_assert_cmphex(engine_get(&u, CORDON_ENGINE_BUFFER), ==, 0);
        no_fault(&u);
        qtest_quit(u.qts);
    }
}

static void test_atomic(void)
{
    uint64_t pa;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    pa = alloc(&u, 4096);
    map(&u, IOVA, pa, DESC_RW);
    qtest_writeq(u.qts, pa + 16, 0xfffffff0);
    engine_set(&u, CORDON_ENGINE_DATA, 0x20);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_ATOMIC, 0, IOVA + 16, 0),
                    ==, CORDON_ENGINE_STATUS_DONE);
    g_assert_cmphex(qtest_readq(u.qts, pa + 16), ==, 0x100000010);
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_DATA), ==, 0xfffffff0);
    qtest_quit(u.qts);
}

static void test_commands(void)
{
    const unsigned size = 1 << RING_LOG2;
    Unit u;

    boot(&u, UNIT ENGINE);
    enable_queue(&u, 3);
    for (unsigned i = 0; i < 5 * size; i++) {
        post(&u, completing(CORDON_OP_SYNC, i % 16, 0x100 + i), 0, 0, 0);
        if (i % 3 == 2 || i == 5 * size - 1) {
            ring_doorbell(&u, 3);
            slot_is(&u, i % 16, 0x100 + i, CORDON_COMPLETION_OK);
        }
    }
    g_assert_cmphex(qtest_readq(u.qts, u.status), ==,
                    value(CORDON_STATUS_HEAD, 5 * size) |
                    value(CORDON_STATUS_STATE, CORDON_QSTATE_RUNNING));
    g_assert_cmphex(qtest_readq(u.qts, u.status), ==,
                    read64(&u, CORDON_PAGE_GUEST(3) + CORDON_REG_Q_STATUS));
    g_assert_cmpuint(counted(&u, UNIT_PATH, "commands"), ==, 5 * size);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "syncs"), ==, 5 * size);

    /* a tail at or behind the current one is ignored */
    write32(&u, CORDON_PAGE_GUEST(3) + CORDON_REG_Q_TAIL, u.tail - 1);
    g_assert_cmpuint(read32(&u, CORDON_PAGE_GUEST(3) + CORDON_REG_Q_TAIL), ==,
                     u.tail);

    /* once it is off it writes nothing */
    write32(&u, CORDON_PAGE_HOST(3) + CORDON_REG_Q_CTRL, 0);
    g_assert_cmphex(read32(&u, CORDON_PAGE_HOST(3) + CORDON_REG_Q_ACK), ==, 0);
    post(&u, completing(CORDON_OP_SYNC, 15, 0xdead), 0, 0, 0);
    ring_doorbell(&u, 3);
    g_assert_cmphex(qtest_readq(u.qts, u.slots + 8 * 15), !=,
                    value(CORDON_COMPLETION_VALUE, 0xdead) |
                    value(CORDON_COMPLETION_STATUS, CORDON_COMPLETION_OK));
    g_assert_cmpuint(counted(&u, UNIT_PATH, "commands"), ==, 5 * size);
    qtest_quit(u.qts);
}

static void test_stale(void)
{
    uint64_t old, new, at;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    old = alloc(&u, 4096);
    new = alloc(&u, 4096);
    at = descriptor(&u, IOVA, 3);
    map(&u, IOVA, old, DESC_RW);
    dma_write(&u, IOVA, 1);

    /* remapped, and the invalidation forgotten */
    map(&u, IOVA, new, DESC_RW);
    dma_write(&u, IOVA, 2);
    g_assert_cmphex(qtest_readq(u.qts, old), ==, 2);
    g_assert_cmphex(qtest_readq(u.qts, new), ==, 0);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "stale"), ==, 1);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "violations-stale"), ==, 1);

    /* an invalidation of something else does not help */
    invalidate(&u, IOVA + 4096, IOVA + 2 * 4096 - 1);
    dma_write(&u, IOVA, 3);
    g_assert_cmphex(qtest_readq(u.qts, old), ==, 3);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "stale"), ==, 2);

    invalidate(&u, IOVA, IOVA + 4095);
    dma_write(&u, IOVA, 4);
    g_assert_cmphex(qtest_readq(u.qts, old), ==, 3);
    g_assert_cmphex(qtest_readq(u.qts, new), ==, 4);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "stale"), ==, 2);

    /* unmapped, invalidated: gone */
    qtest_writeq(u.qts, at, 0);
    invalidate(&u, 0, (1ull << 39) - 1);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 4, CORDON_FAULT_WRITE, IOVA,
                 at);
    g_assert_cmphex(qtest_readq(u.qts, new), ==, 4);

    /* the same for a context */
    qtest_writeq(u.qts, at, new | DESC_PAGE | DESC_RW);
    dma_write(&u, IOVA, 5);
    publish(&u, u.directory, 2, ENGINE_RID,
            make_context(&u, value(CORDON_DC_S1, CORDON_S1_BLOCK), 0));
    dma_write(&u, IOVA, 6);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "stale"), ==, 3);
    command(&u, CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, ENGINE_RID, ENGINE_RID);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "stale"), ==, 3);
    qtest_quit(u.qts);
}

static void test_unchecked(void)
{
    uint64_t old, new;
    Unit u;

    boot(&u, UNIT ",check=off" ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    old = alloc(&u, 4096);
    new = alloc(&u, 4096);
    map(&u, IOVA, old, DESC_RW);
    dma_write(&u, IOVA, 1);
    map(&u, IOVA, new, DESC_RW);
    dma_write(&u, IOVA, 2);
    g_assert_cmphex(qtest_readq(u.qts, old), ==, 2);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

static void test_stopped(void)
{
    Unit u;

    boot(&u, UNIT ENGINE);
    qtest_irq_intercept_out_named(u.qts, UNIT_PATH, "sysbus-irq");
    enable_queue(&u, 0);
    write32(&u, CORDON_REG_IMASK, 0x1f & ~BIT(CORDON_INT_COMMAND));
    g_assert_false(qtest_get_irq(u.qts, CORDON_INT_COMMAND));

    post(&u, completing(CORDON_OP_SYNC, 0, 1), 0, 0, 0);
    post(&u, completing(0xee, 1, 2), 0, 0, 0);
    post(&u, completing(CORDON_OP_SYNC, 2, 3), 0, 0, 0);
    ring_doorbell(&u, 0);
    slot_is(&u, 0, 1, CORDON_COMPLETION_OK);
    g_assert_cmphex(qtest_readq(u.qts, u.slots + 8), ==, 0);
    g_assert_cmphex(qtest_readq(u.qts, u.slots + 16), ==, 0);
    g_assert_cmphex(qtest_readq(u.qts, u.status), ==,
                    value(CORDON_STATUS_HEAD, 1) |
                    value(CORDON_STATUS_STATE, CORDON_QSTATE_STOPPED) |
                    value(CORDON_STATUS_REASON, CORDON_QREASON_OPCODE));
    g_assert_cmphex(read64(&u, CORDON_REG_CMDPEND), ==, 1);
    g_assert_true(qtest_get_irq(u.qts, CORDON_INT_COMMAND));
    g_assert_cmpuint(counted(&u, UNIT_PATH, "violations-command"), ==, 1);
    write64(&u, CORDON_REG_CMDPEND, 1);
    g_assert_false(qtest_get_irq(u.qts, CORDON_INT_COMMAND));

    write32(&u, CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME, CORDON_RESUME_SKIP);
    slot_is(&u, 1, 2, CORDON_COMPLETION_SKIPPED);
    slot_is(&u, 2, 3, CORDON_COMPLETION_OK);
    g_assert_cmphex(qtest_readq(u.qts, u.status), ==,
                    value(CORDON_STATUS_HEAD, 3) |
                    value(CORDON_STATUS_STATE, CORDON_QSTATE_RUNNING));

    /* mended in place, and tried again */
    post(&u, completing(CORDON_OP_SYNC, 3, 4), BIT_ULL(63), 0, 0);
    ring_doorbell(&u, 0);
    g_assert_cmpuint(field(CORDON_STATUS_REASON,
                           qtest_readq(u.qts, u.status)), ==,
                     CORDON_QREASON_RESERVED);
    u.tail--;
    post(&u, completing(CORDON_OP_SYNC, 3, 4), 0, 0, 0);
    write32(&u, CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME,
            CORDON_RESUME_RETRY);
    slot_is(&u, 3, 4, CORDON_COMPLETION_OK);

    /* a tail further than the ring is long */
    write32(&u, CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL, u.tail + 5);
    g_assert_cmpuint(field(CORDON_STATUS_REASON,
                           qtest_readq(u.qts, u.status)), ==,
                     CORDON_QREASON_TAIL);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "violations-command"), ==, 3);
    qtest_quit(u.qts);
}

static void test_fault_interrupt(void)
{
    Unit u;

    boot(&u, UNIT ENGINE);
    qtest_irq_intercept_out_named(u.qts, UNIT_PATH, "sysbus-irq");
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA);
    /* masked, and kept */
    g_assert_false(qtest_get_irq(u.qts, CORDON_INT_FAULT));
    write32(&u, CORDON_REG_IMASK, 0x1f & ~BIT(CORDON_INT_FAULT));
    g_assert_true(qtest_get_irq(u.qts, CORDON_INT_FAULT));
    g_assert_false(qtest_get_irq(u.qts, CORDON_INT_COMMAND));
    g_assert_false(qtest_get_irq(u.qts, CORDON_INT_ERROR));
    /* cleared, with a record unread: set again at once */
    write32(&u, CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));
    g_assert_true(qtest_get_irq(u.qts, CORDON_INT_FAULT));
    u.fq_head++;
    write32(&u, CORDON_REG_FQ_HEAD, u.fq_head);
    write32(&u, CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));
    g_assert_false(qtest_get_irq(u.qts, CORDON_INT_FAULT));
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA);
    g_assert_true(qtest_get_irq(u.qts, CORDON_INT_FAULT));
    qtest_quit(u.qts);
}

static void test_fault_overflow(void)
{
    const unsigned size = 1 << FQ_LOG2, pages = size + 5;
    uint64_t block;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_FILL |
                               CORDON_ENGINE_CMD_KEEP_GOING, 0, IOVA,
                               pages * 4096), ==,
                    CORDON_ENGINE_STATUS_DONE | CORDON_ENGINE_STATUS_ERROR);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_ERRORS), ==, pages);
    g_assert_cmpuint(read32(&u, CORDON_REG_FQ_TAIL), ==, size);
    g_assert_cmpuint(read64(&u, CORDON_REG_FQ_LOST), ==, pages - size);
    block = qtest_readq(u.qts, u.fault_block);
    g_assert_cmpuint(field(CORDON_FB_PRODUCED, block), ==, size);
    g_assert_cmpuint(field(CORDON_FB_LOST, block), ==, pages - size);
    for (unsigned i = 0; i < size; i++) {
        g_assert_cmphex(qtest_readq(u.qts, u.fq + 64 * i + 16), ==,
                        IOVA + 4096 * i);
    }

    /* taken by software: the next goes on, with the other phase */
    u.fq_head = size;
    write32(&u, CORDON_REG_FQ_HEAD, size);
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA);
    g_assert_cmpuint(qtest_readq(u.qts, u.fq + 56), ==, pages - size);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 2, CORDON_FAULT_READ, IOVA,
                 u.table);
    qtest_quit(u.qts);
}

/* Repeats are counted, and told when their time is up (spec 6.3). */
static void test_fault_merging(void)
{
    const unsigned repeats = 4;
    uint64_t info;
    Unit u;

    boot(&u, UNIT ENGINE);
    write32(&u, CORDON_REG_FQ_MERGE, 10);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 2, CORDON_FAULT_READ, IOVA,
                 u.table);
    for (unsigned i = 0; i < repeats; i++) {
        dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA + 8 * i);
        no_fault(&u);
    }
    /* another kind of access is another fault */
    dma_refused(&u, CORDON_ENGINE_OP_WRITE, IOVA);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 2, CORDON_FAULT_WRITE, IOVA,
                 u.table);
    qtest_clock_step(u.qts, 1000 << 10);
    g_assert_cmpuint(read32(&u, CORDON_REG_FQ_TAIL), ==, 3);
    info = qtest_readq(u.qts, u.fq + 2 * sizeof(struct cordon_fault));
    g_assert(info & CORDON_FAULT_REPEAT);
    g_assert_cmpuint(field(CORDON_FAULT_COUNT, info), ==, repeats);
    g_assert_cmphex(qtest_readq(u.qts, u.fq + 2 * sizeof(struct cordon_fault) +
                                offsetof(struct cordon_fault, addr)), ==,
                    IOVA + 8 * (repeats - 1));
    qtest_quit(u.qts);
}

/* A message instead of a wire (spec 8) */
static void test_messages(void)
{
    uint64_t to;
    Unit u;

    boot(&u, UNIT ENGINE);
    qtest_irq_intercept_out_named(u.qts, UNIT_PATH, "sysbus-irq");
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    to = alloc(&u, 4096);
    write64(&u, CORDON_REG_MSI_ADDR(CORDON_INT_FAULT), to | CORDON_MSI_ADDR_EN);
    write32(&u, CORDON_REG_MSI_DATA(CORDON_INT_FAULT), 0xfa017);
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA);
    g_assert_cmphex(qtest_readl(u.qts, to), ==, 0);
    write32(&u, CORDON_REG_IMASK, 0x1f & ~BIT(CORDON_INT_FAULT));
    g_assert_cmphex(qtest_readl(u.qts, to), ==, 0xfa017);
    g_assert_false(qtest_get_irq(u.qts, CORDON_INT_FAULT));

    /* sent again while records are unread, and not after */
    qtest_writel(u.qts, to, 0);
    write32(&u, CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));
    g_assert_cmphex(qtest_readl(u.qts, to), ==, 0xfa017);
    write32(&u, CORDON_REG_FQ_HEAD, 1);
    qtest_writel(u.qts, to, 0);
    write32(&u, CORDON_REG_IPEND, BIT(CORDON_INT_FAULT));
    g_assert_cmphex(qtest_readl(u.qts, to), ==, 0);

    /* where nobody answers: an error, not a lost interrupt without a word */
    write64(&u, CORDON_REG_MSI_ADDR(CORDON_INT_FAULT),
            0x5000000000 | CORDON_MSI_ADDR_EN);
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA);
    g_assert_cmphex(read32(&u, CORDON_REG_ERROR), ==, CORDON_ERROR_MSI);
    qtest_quit(u.qts);
}

static void test_levels(void)
{
    static const struct {
        unsigned levels;
        uint32_t devid_base;
        bool passes;
    } cases[] = {
        { 1, 0, true }, { 2, 0, true }, { 3, 0, true },
        { 1, 0x10000, false }, { 2, 0x10000, true }, { 3, 0x10000, true },
        { 1, 0x40000, false }, { 2, 0x40000, false }, { 3, 0x40000, true },
    };

    for (int i = 0; i < ARRAY_SIZE(cases); i++) {
        uint32_t devid = cases[i].devid_base + ENGINE_RID;
        g_autofree char *more = g_strdup_printf(UNIT ",devid-base=%u" ENGINE,
                                                cases[i].devid_base);
        uint64_t pa;
        Unit u;

        boot(&u, more);
        enable_faults(&u, FQ_LOG2);
        u.directory = alloc(&u, CORDON_DIR_PAGE_SIZE);
        u.context = make_context(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS), 0);
        publish(&u, u.directory, cases[i].levels, devid, u.context);
        set_root(&u, u.directory | cases[i].levels);
        pa = alloc(&u, 4096);
        if (cases[i].passes) {
            dma_write(&u, pa, 0x1e5e1);
            g_assert_cmphex(qtest_readq(u.qts, pa), ==, 0x1e5e1);
            no_fault(&u);
        } else {
            dma_refused(&u, CORDON_ENGINE_OP_FILL, pa);
            fault_is(&u, &(Fault) {
                .reason = CORDON_REASON_DEVID_RANGE,
                .level = CORDON_LEVEL_NONE, .access = CORDON_FAULT_WRITE,
                .addr = pa, .devid = devid, .source = CORDON_SRC_ANON,
            });
        }
        qtest_quit(u.qts);
    }
}

/* A directory grows by one store of a root above the old one (spec 3.2). */
static void test_growth(void)
{
    uint64_t pa, above;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    pa = alloc(&u, 4096);
    dma_write(&u, pa, 1);
    above = alloc(&u, CORDON_DIR_PAGE_SIZE);
    qtest_writeq(u.qts, above, u.directory | CORDON_PTR_V);
    set_root(&u, above | 3);
    dma_write(&u, pa, 2);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 2);
    no_fault(&u);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

static void test_two_units(void)
{
    const unsigned port_rid = 0x800, far_rid = 0x900;
    Unit a, b;
    uint64_t pa;

    boot(&a, "-device pxb-pcie,id=far,bus_nr=8,bus=pcie.0 "
         "-device pcie-root-port,id=rp,bus=far,chassis=1 "
         UNIT " -device cordon-iommu,id=iommu1,primary-bus=far" ENGINE
         " -device cordon-engine,id=engine1,bus=rp");
    b = a;
    b.base = UNIT_BASE(1);
    b.next = RAM_BASE + 128 * MiB;
    /* the number of the bus behind the port, and so the DeviceID, comes now */
    port_init(a.qts, port_rid, far_rid >> 8, 1);
    b.engine = engine_init(a.qts, far_rid, 1);
    g_assert_cmphex(field(CORDON_ID_MAGIC, read64(&b, CORDON_REG_ID)), ==,
                    CORDON_MAGIC);
    enable_faults(&a, FQ_LOG2);
    enable_faults(&b, FQ_LOG2);
    b.directory = alloc(&b, CORDON_DIR_PAGE_SIZE);
    b.context = make_context(&b, value(CORDON_DC_S1, CORDON_S1_BYPASS), 0);
    publish(&b, b.directory, 2, far_rid, b.context);
    set_root(&b, b.directory | 2);

    pa = alloc(&b, 4096);
    dma_write(&b, pa, 0xb);
    g_assert_cmphex(qtest_readq(a.qts, pa), ==, 0xb);
    dma_refused(&a, CORDON_ENGINE_OP_FILL, pa);
    fault_is(&a, &(Fault) {
        .reason = CORDON_REASON_NO_ROOT, .level = CORDON_LEVEL_NONE,
        .access = CORDON_FAULT_WRITE, .addr = pa, .devid = ENGINE_RID,
        .source = CORDON_SRC_ANON,
    });
    no_fault(&b);
    g_assert_cmphex(qtest_readq(a.qts, pa), ==, 0xb);
    g_assert_cmpuint(counted(&a, "/machine/peripheral/iommu1", "faults"), ==,
                     0);
    qtest_quit(a.qts);
}

static uint64_t ask(Unit *u, uint64_t addr, uint64_t what)
{
    write64(u, CORDON_REG_TR_ADDR, addr);
    write64(u, CORDON_REG_TR_REQ, ENGINE_RID | what | CORDON_TR_REQ_GO);
    g_assert_false(read64(u, CORDON_REG_TR_REQ) & CORDON_TR_REQ_GO);
    return read64(u, CORDON_REG_TR_RESULT);
}

static void test_port(void)
{
    uint64_t old, new, result;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    old = alloc(&u, 4096);
    new = alloc(&u, 4096);
    map(&u, IOVA, old, DESC_RW);
    result = ask(&u, IOVA + 0x123, CORDON_TR_REQ_READ | CORDON_TR_REQ_WRITE);
    g_assert_cmphex(field(CORDON_TR_RESULT_REASON, result), ==, 0);
    g_assert_cmpuint(field(CORDON_TR_RESULT_PGSIZE, result), ==, 12);
    g_assert(result & CORDON_TR_RESULT_READ);
    g_assert(result & CORDON_TR_RESULT_WRITE);
    g_assert_false(result & CORDON_TR_RESULT_HIT);
    g_assert_cmphex(read64(&u, CORDON_REG_TR_OUT), ==, old + 0x123);

    result = ask(&u, IOVA + 4096, CORDON_TR_REQ_READ);
    g_assert_cmphex(field(CORDON_TR_RESULT_REASON, result), ==,
                    CORDON_REASON_TRANSLATION);
    g_assert_cmpuint(field(CORDON_TR_RESULT_STAGE, result), ==, 1);
    g_assert_cmpuint(field(CORDON_TR_RESULT_LEVEL, result), ==, 4);
    g_assert_cmphex(read64(&u, CORDON_REG_TR_WHERE), ==,
                    descriptor(&u, IOVA + 4096, 3));

    /* two answers that differ show a stale entry */
    dma_write(&u, IOVA, 1);
    map(&u, IOVA, new, DESC_RW);
    result = ask(&u, IOVA, CORDON_TR_REQ_READ | CORDON_TR_REQ_CACHED);
    g_assert(result & CORDON_TR_RESULT_HIT);
    g_assert_cmphex(read64(&u, CORDON_REG_TR_OUT), ==, old);
    result = ask(&u, IOVA, CORDON_TR_REQ_READ);
    g_assert_false(result & CORDON_TR_RESULT_HIT);
    g_assert_cmphex(read64(&u, CORDON_REG_TR_OUT), ==, new);

    /* and none of it was a request */
    no_fault(&u);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "faults"), ==, 0);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

/* A device's message is a write like any other (spec 4.9). */
static void test_msix(void)
{
    uint64_t pa, config, vector;
    unsigned cap;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    pa = alloc(&u, 4096);
    config = ECAM_BASE + (ENGINE_RID << 12);
    for (cap = qtest_readb(u.qts, config + PCI_CAPABILITY_LIST);
         qtest_readb(u.qts, config + cap) != PCI_CAP_ID_MSIX;
         cap = qtest_readb(u.qts, config + cap + 1)) {
        g_assert_cmphex(cap, !=, 0);
    }
    g_assert_cmpuint(qtest_readl(u.qts, config + cap + PCI_MSIX_TABLE) &
                     PCI_MSIX_TABLE_BIR, ==, 1);
    vector = PCI_WINDOW + 0x10000;
    qtest_writel(u.qts, vector + PCI_MSIX_ENTRY_LOWER_ADDR, IOVA + 0x40);
    qtest_writel(u.qts, vector + PCI_MSIX_ENTRY_UPPER_ADDR, 0);
    qtest_writel(u.qts, vector + PCI_MSIX_ENTRY_DATA, 0x77);
    qtest_writel(u.qts, vector + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    qtest_writew(u.qts, config + cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);

    engine_run(&u, CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_IRQ, 0, IOVA, 0);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 2, CORDON_FAULT_WRITE,
                 IOVA + 0x40, u.table);
    map(&u, IOVA, pa, DESC_RW);
    qtest_writel(u.qts, u.engine + CORDON_ENGINE_IRQ, 1);
    engine_run(&u, CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_IRQ, 0, IOVA, 0);
    g_assert_cmphex(qtest_readq(u.qts, pa + 0x40), ==, 0x77);
    no_fault(&u);
    qtest_quit(u.qts);
}

/*
 * A context that lets everything through, and a table that leads there, do not
 * make a device reach the registers of a unit, its own or another (spec 14.1).
 */
static void registers_refused(const char *more)
{
    uint64_t tail = CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL;
    Unit u;

    boot(&u, more);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    write64(&u, CORDON_REG_MAIR(0), 0x44);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, UNIT_BASE(0) + CORDON_REG_MAIR(0));
    dma_refused(&u, CORDON_ENGINE_OP_READ, UNIT_BASE(0) + CORDON_REG_MAIR(0));
    dma_refused(&u, CORDON_ENGINE_OP_FILL, UNIT_BASE(0) + tail);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, UNIT_BASE(1) + CORDON_REG_ROOT);
    g_assert_cmphex(read64(&u, CORDON_REG_MAIR(0)), ==, 0x44);
    g_assert_cmphex(read32(&u, tail), ==, 0);
    g_assert_cmphex(qtest_readq(u.qts, UNIT_BASE(1) + CORDON_REG_ROOT), ==, 0);

    u.table = alloc(&u, 4096);
    map(&u, IOVA, UNIT_BASE(0), DESC_RW);
    publish(&u, u.directory, 2, ENGINE_RID,
            make_context(&u, value(CORDON_DC_S1, CORDON_S1_TABLE), u.table));
    command(&u, CORDON_OP_INV_DEVICE, CORDON_TGT_LEAF, ENGINE_RID, ENGINE_RID);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA + CORDON_REG_MAIR(0));
    g_assert_cmphex(read64(&u, CORDON_REG_MAIR(0)), ==, 0x44);
    /* the bus refused it, not the unit */
    no_fault(&u);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

static void test_registers_refused(void)
{
    registers_refused(UNIT " -device cordon-iommu" ENGINE);
    registers_refused(UNIT " -device cordon-iommu" ENGINE ",x-bus-dma=on");
}

/* Its DMA ends for nobody, and comes between any two accesses to registers. */
static void test_hostile(void)
{
    uint64_t pa, done, errors;
    Unit u;

    boot(&u, UNIT ENGINE ",hostile=on");
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    pa = alloc(&u, 4096);
    engine_set(&u, CORDON_ENGINE_COUNT, 1ull << 40);
    engine_set(&u, CORDON_ENGINE_DELAY, 1000);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_FILL |
                               CORDON_ENGINE_CMD_KEEP_GOING, 0, pa, 8), ==,
                    CORDON_ENGINE_STATUS_BUSY);
    qtest_writew(u.qts, ECAM_BASE + (ENGINE_RID << 12) + PCI_COMMAND,
                 PCI_COMMAND_MEMORY);
    qtest_writel(u.qts, u.engine + CORDON_ENGINE_STOP, 1);
    done = engine_get(&u, CORDON_ENGINE_DONE);
    qtest_clock_step(u.qts, 1000);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_DONE), ==, done + 1);
    read32(&u, CORDON_REG_IMASK);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_DONE), ==, done + 3);
    write32(&u, CORDON_REG_IMASK, 1);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_DONE), ==, done + 5);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_MOVED), ==, 8 * (done + 5));

    /* the new root is in force when the write of the register has been done */
    write64(&u, CORDON_REG_ROOT, CORDON_ROOT_SILENT);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_MOVED), ==, 8 * (done + 6));
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_ERRORS), ==, 1);

    qtest_system_reset(u.qts);
    engine_init(u.qts, ENGINE_RID, 0);
    errors = engine_get(&u, CORDON_ENGINE_ERRORS);
    qtest_clock_step(u.qts, 1000);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_ERRORS), ==, errors + 1);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_MOVED), ==, 8 * (done + 6));
    qtest_writel(u.qts, u.engine + CORDON_ENGINE_STOP,
                 CORDON_ENGINE_STOP_HOSTILE);
    g_assert_cmphex(qtest_readl(u.qts, u.engine + CORDON_ENGINE_STATUS), ==,
                    CORDON_ENGINE_STATUS_DONE | CORDON_ENGINE_STATUS_ERROR);
    qtest_quit(u.qts);
}

static void test_reset(void)
{
    uint64_t pa;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    pa = alloc(&u, 4096);
    dma_write(&u, pa, 1);
    qtest_system_reset(u.qts);
    engine_init(u.qts, ENGINE_RID, 0);
    g_assert_cmphex(read64(&u, CORDON_REG_ROOTACK), ==, 0);
    g_assert_cmphex(read32(&u, CORDON_REG_CTRLACK), ==, 0);
    g_assert_cmphex(read32(&u, CORDON_PAGE_HOST(0) + CORDON_REG_Q_ACK), ==, 0);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, pa);
    qtest_quit(u.qts);
}

/* An operation with a delay goes on with guest time, a page at a time. */
static void test_engine_delay(void)
{
    uint64_t pa;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    pa = alloc(&u, 4 * 4096);
    engine_set(&u, CORDON_ENGINE_DATA, ~0ull);
    engine_set(&u, CORDON_ENGINE_DELAY, 1000);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_FILL, 0, pa, 3 * 4096), ==,
                    CORDON_ENGINE_STATUS_BUSY);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, ~0ull);
    g_assert_cmphex(qtest_readq(u.qts, pa + 4096), ==, 0);
    qtest_clock_step(u.qts, 1000);
    g_assert_cmphex(qtest_readq(u.qts, pa + 4096), ==, ~0ull);
    g_assert_cmphex(qtest_readq(u.qts, pa + 8192), ==, 0);
    qtest_clock_step(u.qts, 1000);
    g_assert_cmphex(qtest_readq(u.qts, pa + 8192), ==, ~0ull);
    g_assert_cmphex(qtest_readl(u.qts, u.engine + CORDON_ENGINE_STATUS), ==,
                    CORDON_ENGINE_STATUS_DONE);
    qtest_quit(u.qts);
}

/* spec 12.3, 12.5: what is at work waits for the new directory, and goes on */
static void test_held(void)
{
    uint64_t pa, other, context, dir;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    pa = alloc(&u, 4 * 4096);
    other = alloc(&u, 4096);
    engine_set(&u, CORDON_ENGINE_DATA, ~0ull);
    engine_set(&u, CORDON_ENGINE_DELAY, 1000);
    engine_run(&u, CORDON_ENGINE_OP_FILL, 0, pa, 3 * 4096);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, ~0ull);

    write32(&u, CORDON_REG_CTRL, CORDON_CTRL_FQEN | CORDON_CTRL_QUIESCE);
    g_assert_cmphex(read32(&u, CORDON_REG_CTRLACK), ==,
                    CORDON_CTRL_FQEN | CORDON_CTRL_QUIESCE);
    qtest_clock_step(u.qts, 1000000);
    g_assert_cmphex(qtest_readq(u.qts, pa + 4096), ==, 0);
    g_assert_cmphex(qtest_readl(u.qts, u.engine + CORDON_ENGINE_STATUS), ==,
                    CORDON_ENGINE_STATUS_BUSY);
    /* in the next directory the engine's addresses lead elsewhere */
    dir = alloc(&u, CORDON_DIR_PAGE_SIZE);
    context = make_context(&u, value(CORDON_DC_S1, CORDON_S1_TABLE),
                           u.table);
    publish(&u, dir, 1, ENGINE_RID, context);
    map(&u, pa + 4096, other, DESC_RW);
    map(&u, pa + 8192, pa + 8192, DESC_RW);
    set_root(&u, dir | 1);
    qtest_clock_step(u.qts, 1000000);
    g_assert_cmphex(qtest_readq(u.qts, other), ==, 0);

    write32(&u, CORDON_REG_CTRL, CORDON_CTRL_FQEN);
    qtest_clock_step(u.qts, 1000);
    g_assert_cmphex(qtest_readq(u.qts, other), ==, ~0ull);
    g_assert_cmphex(qtest_readq(u.qts, pa + 4096), ==, 0);
    qtest_clock_step(u.qts, 1000);
    g_assert_cmphex(qtest_readl(u.qts, u.engine + CORDON_ENGINE_STATUS), ==,
                    CORDON_ENGINE_STATUS_DONE);
    no_fault(&u);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

static void set_power(Unit *u, bool on)
{
    qtest_qmp_assert_success(u->qts, "{'execute': 'qom-set', 'arguments': "
                             "{'path': %s, 'property': 'power', 'value': %i}}",
                             UNIT_PATH, on);
}

/* spec 12.5, 14.4: without power nothing passes, and all is forgotten */
static void test_power(void)
{
    uint64_t pa, id;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    pa = alloc(&u, 4096);
    id = read64(&u, CORDON_REG_ID);
    dma_write(&u, pa, 1);
    set_power(&u, false);
    g_assert_cmphex(read64(&u, CORDON_REG_ID), ==, ~0ull);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, pa);
    set_power(&u, true);
    g_assert_cmphex(read64(&u, CORDON_REG_ID), ==, id);
    g_assert_cmphex(read64(&u, CORDON_REG_ROOTACK), ==, 0);
    g_assert_cmphex(read32(&u, CORDON_REG_CTRLACK), ==, 0);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, pa);
    set_root(&u, u.directory | 2);
    dma_write(&u, pa, 2);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

static void test_migration(void)
{
    g_autofree char *dir = g_dir_make_tmp("cordon-test-XXXXXX", NULL);
    g_autofree char *file = g_strdup_printf("%s/state", dir);
    g_autofree char *uri = g_strdup_printf("file:%s", file);
    g_autofree char *more = g_strdup_printf(UNIT ENGINE " -incoming defer");
    uint64_t pa;
    Unit u;

    boot(&u, UNIT ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    pa = alloc(&u, 4096);
    map(&u, IOVA, pa, DESC_RW);
    dma_write(&u, IOVA, 1);
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA + 4096);
    command(&u, CORDON_OP_SYNC, 0, 0, 0);
    write32(&u, CORDON_REG_IMASK, 0x1f & ~BIT(CORDON_INT_FAULT));
    engine_set(&u, CORDON_ENGINE_BUFFER + 8, 0xfeed);
    qtest_qmp_assert_success(u.qts, "{'execute': 'migrate',"
                             " 'arguments': {'uri': %s}}", uri);
    wait_for_migration(u.qts);
    qtest_quit(u.qts);

    u.qts = qtest_initf(MACHINE "%s", more);
    qtest_irq_intercept_out_named(u.qts, UNIT_PATH, "sysbus-irq");
    qtest_qmp_assert_success(u.qts, "{'execute': 'migrate-incoming',"
                             " 'arguments': {'uri': %s}}", uri);
    wait_for_migration(u.qts);

    g_assert_cmphex(read64(&u, CORDON_REG_ROOTACK), ==, u.directory | 2);
    g_assert_cmpuint(read32(&u, CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL), ==,
                     u.tail);
    g_assert_true(qtest_get_irq(u.qts, CORDON_INT_FAULT));
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_BUFFER + 8), ==, 0xfeed);
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_BAD), ==, IOVA + 4096);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 4, CORDON_FAULT_READ,
                 IOVA + 4096, descriptor(&u, IOVA + 4096, 3));
    dma_write(&u, IOVA, 2);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 2);
    invalidate(&u, IOVA, IOVA + 4095);
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA + 8192);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 4, CORDON_FAULT_READ,
                 IOVA + 8192, descriptor(&u, IOVA + 8192, 3));
    qtest_quit(u.qts);
    unlink(file);
    rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/cordon/identity", test_identity);
    qtest_add_func("/cordon/capabilities", test_capabilities);
    qtest_add_func("/cordon/denied", test_denied);
    qtest_add_func("/cordon/bypass", test_bypass);
    qtest_add_func("/cordon/stage1", test_stage1);
    qtest_add_func("/cordon/stage1-bus", test_stage1_bus);
    qtest_add_func("/cordon/stage1-faults", test_stage1_faults);
    qtest_add_func("/cordon/bus-refused", test_bus_refused);
    qtest_add_func("/cordon/razwi", test_razwi);
    qtest_add_func("/cordon/atomic", test_atomic);
    qtest_add_func("/cordon/commands", test_commands);
    qtest_add_func("/cordon/stale", test_stale);
    qtest_add_func("/cordon/unchecked", test_unchecked);
    qtest_add_func("/cordon/stopped", test_stopped);
    qtest_add_func("/cordon/fault-interrupt", test_fault_interrupt);
    qtest_add_func("/cordon/fault-overflow", test_fault_overflow);
    qtest_add_func("/cordon/fault-merging", test_fault_merging);
    qtest_add_func("/cordon/messages", test_messages);
    qtest_add_func("/cordon/levels", test_levels);
    qtest_add_func("/cordon/growth", test_growth);
    qtest_add_func("/cordon/two-units", test_two_units);
    qtest_add_func("/cordon/port", test_port);
    qtest_add_func("/cordon/msix", test_msix);
    qtest_add_func("/cordon/registers-refused", test_registers_refused);
    qtest_add_func("/cordon/hostile", test_hostile);
    qtest_add_func("/cordon/reset", test_reset);
    qtest_add_func("/cordon/engine-delay", test_engine_delay);
    qtest_add_func("/cordon/held", test_held);
    qtest_add_func("/cordon/power", test_power);
    qtest_add_func("/cordon/migration", test_migration);
    return g_test_run();
}
