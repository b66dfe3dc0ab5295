/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: qtests of the errors that the emulated device makes on purpose: each
 * is a property that can be set at any time.
 */
#include "qemu/osdep.h"
#include "cordon-util.h"

#define Q0_TAIL (CORDON_PAGE_GUEST(0) + CORDON_REG_Q_TAIL)
#define Q0_RESUME (CORDON_PAGE_GUEST(0) + CORDON_REG_Q_RESUME)
#define Q0_CTRL (CORDON_PAGE_HOST(0) + CORDON_REG_Q_CTRL)
#define Q0_ACK (CORDON_PAGE_HOST(0) + CORDON_REG_Q_ACK)

/* Abort by kind, as the property's description has them */
enum {
    DIRECTORIES = 1, CONTEXTS = 2, TABLES = 4, DESCRIPTORS = 8, COMMANDS = 16,
    COMPLETIONS = 32, STATUS_LINES = 64, RECORDS = 128, BLOCKS = 256,
    MESSAGES = 1024,
};

enum { ROOT = 1, CTRL = 2, QUEUES = 4 };

static void inject(Unit *u, const char *name, uint64_t val)
{
    qtest_qmp_assert_success(u->qts, "{'execute': 'qom-set', 'arguments':"
                             " {'path': %s, 'property': %s, 'value': %"
                             PRId64 "}}", UNIT_PATH, name, (int64_t)val);
}

static void power(Unit *u, bool on)
{
    qtest_qmp_assert_success(u->qts, "{'execute': 'qom-set', 'arguments':"
                             " {'path': %s, 'property': 'inject-gone',"
                             " 'value': %i}}", UNIT_PATH, !on);
}

/* A unit with one page mapped, whose interrupts are seen */
static uint64_t begin(Unit *u)
{
    uint64_t pa;

    boot(u, UNIT ENGINE);
    qtest_irq_intercept_out_named(u->qts, UNIT_PATH, "sysbus-irq");
    set_up(u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    write32(u, CORDON_REG_IMASK, 0);
    pa = alloc(u, 4096);
    map(u, IOVA, pa, DESC_RW);
    return pa;
}

static void end(Unit *u)
{
    g_assert_cmpuint(violations(u), ==, 0);
    qtest_quit(u->qts);
}

static void drop_caches(Unit *u)
{
    set_root(u, u->directory | 2);
}

static void post_sync(Unit *u)
{
    post(u, completing(CORDON_OP_SYNC, 1, 0x2000 + u->tail), 0, 0, 0);
    ring_doorbell(u, 0);
}

static bool completed(Unit *u)
{
    return field(CORDON_COMPLETION_VALUE, qtest_readq(u->qts, u->slots + 8)) ==
           0x2000 + u->tail - 1;
}

/* Disabled and enabled: head and tail are zero (spec 10.11). */
static void reset_queue(Unit *u)
{
    write32(u, Q0_CTRL, 0);
    g_assert_cmphex(read32(u, Q0_ACK), ==, 0);
    write32(u, Q0_CTRL, CORDON_Q_EN);
    g_assert_cmphex(read32(u, Q0_ACK), ==, CORDON_Q_EN);
    u->tail = 0;
}

static void test_stall(void)
{
    Unit u;

    begin(&u);
    inject(&u, "inject-stall", 1);
    post_sync(&u);
    g_assert_false(completed(&u));
    reset_queue(&u);
    post_sync(&u);
    g_assert_false(completed(&u));
    g_assert_cmphex(counted(&u, UNIT_PATH, "inject-stall"), ==, 1);
    inject(&u, "inject-stall", 0);
    g_assert_true(completed(&u));
    end(&u);
}

static void test_hang(void)
{
    Unit u;

    begin(&u);
    inject(&u, "inject-hang", 1);
    post_sync(&u);
    g_assert_false(completed(&u));
    reset_queue(&u);
    g_assert_cmphex(counted(&u, UNIT_PATH, "inject-hang"), ==, 0);
    post_sync(&u);
    g_assert_true(completed(&u));
    end(&u);
}

static void test_fail(void)
{
    Unit u;

    begin(&u);
    inject(&u, "inject-fail-every", 2);
    post_sync(&u);
    g_assert_true(completed(&u));
    post_sync(&u);
    g_assert_false(completed(&u));
    g_assert_cmphex(qtest_readq(u.qts, u.status), ==,
                    value(CORDON_STATUS_HEAD, 1) |
                    value(CORDON_STATUS_STATE, CORDON_QSTATE_STOPPED) |
                    value(CORDON_STATUS_REASON, CORDON_QREASON_FETCH));
    g_assert_true(qtest_get_irq(u.qts, CORDON_INT_COMMAND));
    write32(&u, Q0_RESUME, CORDON_RESUME_RETRY);
    g_assert_true(completed(&u));
    inject(&u, "inject-fail-every", 1);
    inject(&u, "inject-fail-reason", CORDON_QREASON_OPERAND);
    post_sync(&u);
    g_assert_cmphex(field(CORDON_STATUS_REASON,
                          qtest_readq(u.qts, u.status)), ==,
                    CORDON_QREASON_OPERAND);
    write32(&u, Q0_RESUME, CORDON_RESUME_SKIP);
    slot_is(&u, 1, 0x2000 + u.tail - 1, CORDON_COMPLETION_SKIPPED);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "injected"), ==, 2);
    end(&u);
}

static void test_lose(void)
{
    uint64_t pa;
    Unit u;

    pa = begin(&u);
    dma_write(&u, IOVA, 1);
    inject(&u, "inject-lose-every", 1);
    qtest_writeq(u.qts, descriptor(&u, IOVA, 3), 0);
    post(&u, completing(CORDON_OP_INV_RANGE, 1, 0x77),
         value(CORDON_TGT_DTAG, DTAG) | CORDON_TGT_LEAF, IOVA, IOVA + 4095);
    ring_doorbell(&u, 0);
    /* it has taken effect, and only the word of it is lost */
    g_assert_cmphex(qtest_readq(u.qts, u.slots + 8), ==, 0);
    g_assert_cmphex(field(CORDON_STATUS_HEAD, qtest_readq(u.qts, u.status)),
                    ==, 1);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 1);
    inject(&u, "inject-lose-every", 0);
    post_sync(&u);
    g_assert_true(completed(&u));
    end(&u);
}

static void error_is(Unit *u, uint32_t bit)
{
    g_assert_cmphex(read32(u, CORDON_REG_ERROR), ==, bit);
    g_assert_true(qtest_get_irq(u->qts, CORDON_INT_ERROR));
    inject(u, "inject-aborts", 0);
    write32(u, CORDON_REG_ERROR, bit);
    g_assert_false(qtest_get_irq(u->qts, CORDON_INT_ERROR));
}

/* What is read for a request: named in the fault, and over with the error */
static void test_abort_reads(void)
{
    static const struct {
        unsigned kind, reason;
    } reads[] = {
        { DIRECTORIES, CORDON_REASON_DD_FETCH },
        { CONTEXTS, CORDON_REASON_DC_FETCH },
        { TABLES, CORDON_REASON_TABLE_FETCH },
    };
    Unit u;

    begin(&u);
    for (int i = 0; i < ARRAY_SIZE(reads); i++) {
        drop_caches(&u);
        inject(&u, "inject-aborts", reads[i].kind);
        dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA);
        g_assert_cmpuint(read32(&u, CORDON_REG_FQ_TAIL), ==, i + 1);
        g_assert_cmphex(field(CORDON_FAULT_REASON,
                              qtest_readq(u.qts, u.fq + 64 * i)), ==,
                        reads[i].reason);
        error_is(&u, CORDON_ERROR_FETCH);
        dma_write(&u, IOVA, i);
    }
    end(&u);
}

static void test_abort_queues(void)
{
    Unit u;

    begin(&u);
    inject(&u, "inject-aborts", COMMANDS);
    post_sync(&u);
    error_is(&u, CORDON_ERROR_FETCH);
    write32(&u, Q0_RESUME, CORDON_RESUME_RETRY);
    g_assert_true(completed(&u));

    inject(&u, "inject-aborts", COMPLETIONS);
    post_sync(&u);
    g_assert_false(completed(&u));
    g_assert_cmphex(field(CORDON_STATUS_REASON, qtest_readq(u.qts, u.status)),
                    ==, CORDON_QREASON_WRITE);
    g_assert_cmphex(read32(&u, CORDON_REG_ERROR), ==, 0);
    inject(&u, "inject-aborts", STATUS_LINES);
    write32(&u, Q0_RESUME, CORDON_RESUME_SKIP);
    error_is(&u, CORDON_ERROR_STATUS_WRITE);

    write32(&u, Q0_CTRL, 0);
    inject(&u, "inject-aborts", DESCRIPTORS);
    write32(&u, Q0_CTRL, CORDON_Q_EN);
    g_assert_cmphex(read32(&u, Q0_ACK), ==,
                    value(CORDON_Q_REASON, CORDON_QREASON_DESC_FETCH));
    error_is(&u, CORDON_ERROR_FETCH);
    reset_queue(&u);
    post_sync(&u);
    g_assert_true(completed(&u));
    end(&u);
}

static void test_abort_records(void)
{
    Unit u;

    begin(&u);
    inject(&u, "inject-aborts", RECORDS);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA + 4096);
    no_fault(&u);
    g_assert_cmpuint(read64(&u, CORDON_REG_FQ_LOST), ==, 1);
    error_is(&u, CORDON_ERROR_FQ_WRITE);

    inject(&u, "inject-aborts", BLOCKS);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA + 4096);
    g_assert_cmpuint(read32(&u, CORDON_REG_FQ_TAIL), ==, 1);
    error_is(&u, CORDON_ERROR_FAULT_BLOCK);

    inject(&u, "inject-aborts", MESSAGES);
    write64(&u, CORDON_REG_MSI_ADDR(CORDON_INT_FAULT),
            alloc(&u, 4096) | CORDON_MSI_ADDR_EN);
    error_is(&u, CORDON_ERROR_MSI);
    end(&u);
}

static void test_gone(void)
{
    uint64_t pa;
    Unit u;

    pa = begin(&u);
    dma_write(&u, IOVA, 1);
    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA + 4096);
    g_assert_true(qtest_get_irq(u.qts, CORDON_INT_FAULT));
    power(&u, false);
    g_assert_cmphex(read64(&u, CORDON_REG_ID), ==, UINT64_MAX);
    g_assert_cmphex(read32(&u, CORDON_REG_CTRLACK), ==, UINT32_MAX);
    g_assert_false(qtest_get_irq(u.qts, CORDON_INT_FAULT));
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 1);
    write64(&u, CORDON_REG_ROOT, CORDON_ROOT_SILENT);
    power(&u, true);
    g_assert_cmphex(read64(&u, CORDON_REG_ROOTACK), ==, u.directory | 2);
    g_assert_true(qtest_get_irq(u.qts, CORDON_INT_FAULT));
    g_assert_cmpuint(read32(&u, CORDON_REG_FQ_TAIL), ==, 1);
    dma_write(&u, IOVA, 2);
    end(&u);
}

static void test_mutes(void)
{
    Unit u;

    begin(&u);
    dma_write(&u, IOVA, 1);
    inject(&u, "inject-mutes", ROOT);
    write64(&u, CORDON_REG_ROOT, CORDON_ROOT_SILENT);
    qtest_clock_step(u.qts, 1000000000);
    g_assert_cmphex(read64(&u, CORDON_REG_ROOTACK), ==,
                    u.directory | 2 | CORDON_ROOT_BUSY);
    dma_write(&u, IOVA, 2);
    inject(&u, "inject-mutes", 0);
    g_assert_cmphex(read64(&u, CORDON_REG_ROOTACK), ==, CORDON_ROOT_SILENT);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA);
    drop_caches(&u);

    inject(&u, "inject-mutes", CTRL | QUEUES);
    write32(&u, CORDON_REG_CTRL, 0);
    write32(&u, Q0_CTRL, 0);
    qtest_clock_step(u.qts, 1000000000);
    g_assert_cmphex(read32(&u, CORDON_REG_CTRLACK), ==, CORDON_CTRL_FQEN);
    g_assert_cmphex(read32(&u, Q0_ACK), ==, CORDON_Q_EN);
    post_sync(&u);
    g_assert_true(completed(&u));
    inject(&u, "inject-mutes", 0);
    g_assert_cmphex(read32(&u, CORDON_REG_CTRLACK), ==, 0);
    g_assert_cmphex(read32(&u, Q0_ACK), ==, 0);
    end(&u);
}

static void test_slow(void)
{
    Unit u;

    begin(&u);
    inject(&u, "inject-slow", 1000000);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "inject-slow"), ==, 1000000);
    post_sync(&u);
    write64(&u, CORDON_REG_ROOT, CORDON_ROOT_SILENT);
    qtest_clock_step(u.qts, 900000);
    g_assert_false(completed(&u));
    g_assert_cmphex(read64(&u, CORDON_REG_ROOTACK), ==,
                    u.directory | 2 | CORDON_ROOT_BUSY);
    qtest_clock_step(u.qts, 200000);
    g_assert_true(completed(&u));
    g_assert_cmphex(read64(&u, CORDON_REG_ROOTACK), ==, CORDON_ROOT_SILENT);
    end(&u);
}

/* Not an error, but as slow: the time that each command takes anyway */
static void test_latency(void)
{
    Unit u;

    boot(&u, UNIT ",command-latency=1000000" ENGINE);
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    post_sync(&u);
    post_sync(&u);
    for (int done = 0; done < 2; done++) {
        qtest_clock_step(u.qts, 900000);
        g_assert_cmpuint(field(CORDON_STATUS_HEAD,
                               qtest_readq(u.qts, u.status)), ==, done);
        g_assert_false(completed(&u));
        qtest_clock_step(u.qts, 100000);
    }
    g_assert_true(completed(&u));
    end(&u);
}

/* From the start, and past what there is */
static void test_properties(void)
{
    QDict *rsp;
    Unit u;

    boot(&u, UNIT ",inject-stall=1,inject-slow=2000,inject-mutes=4" ENGINE);
    g_assert_cmphex(counted(&u, UNIT_PATH, "inject-stall"), ==, 1);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "inject-slow"), ==, 2000);
    write32(&u, Q0_CTRL, CORDON_Q_EN);
    qtest_clock_step(u.qts, 10000);
    g_assert_cmphex(read32(&u, Q0_ACK), ==, 0);
    rsp = qtest_qmp(u.qts, "{'execute': 'qom-set', 'arguments':"
                    " {'path': %s, 'property': 'inject-mutes', 'value': 8}}",
                    UNIT_PATH);
    g_assert(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
    g_assert_cmphex(counted(&u, UNIT_PATH, "inject-mutes"), ==, 4);
    /* a reset ends no error */
    qtest_system_reset(u.qts);
    g_assert_cmphex(counted(&u, UNIT_PATH, "inject-mutes"), ==, 4);
    qtest_quit(u.qts);
}

static const char *migration_status(QTestState *qts, QDict **rsp)
{
    *rsp = qtest_qmp(qts, "{'execute': 'query-migrate'}");
    return qdict_get_try_str(qdict_get_qdict(*rsp, "return"), "status") ?: "";
}

/* What a unit holds back is no part of its state: it does not move. */
static void test_migration(void)
{
    bool failed = false;
    uint64_t pa;
    Unit u;

    pa = begin(&u);
    inject(&u, "inject-mutes", ROOT);
    qtest_qmp_assert_success(u.qts, "{'execute': 'migrate',"
                             " 'arguments': {'uri': 'exec:cat >/dev/null'}}");
    for (int i = 0; i < 600 && !failed; i++) {
        QDict *rsp;
        const char *status = migration_status(u.qts, &rsp);

        g_assert_cmpstr(status, !=, "completed");
        failed = !strcmp(status, "failed");
        qobject_unref(rsp);
        g_usleep(10000);
    }
    g_assert_true(failed);
    dma_write(&u, IOVA, 5);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 5);
    end(&u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/cordon/inject/stall", test_stall);
    qtest_add_func("/cordon/inject/hang", test_hang);
    qtest_add_func("/cordon/inject/fail", test_fail);
    qtest_add_func("/cordon/inject/lose", test_lose);
    qtest_add_func("/cordon/inject/abort-reads", test_abort_reads);
    qtest_add_func("/cordon/inject/abort-queues", test_abort_queues);
    qtest_add_func("/cordon/inject/abort-records", test_abort_records);
    qtest_add_func("/cordon/inject/gone", test_gone);
    qtest_add_func("/cordon/inject/mutes", test_mutes);
    qtest_add_func("/cordon/inject/slow", test_slow);
    qtest_add_func("/cordon/latency", test_latency);
    qtest_add_func("/cordon/inject/properties", test_properties);
    qtest_add_func("/cordon/inject/migration", test_migration);
    return g_test_run();
}
