/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: platform masters, and several units on one board, without a guest.
 */
#include "qemu/osdep.h"
#include "cordon-util.h"

/*
 * The platform bus gives each device the first hole that is aligned to the
 * power of two in which it fits: masters are behind the first unit, and so is a
 * unit with one queue.
 */
#define SMALL_UNIT_BASE 0x0c140000
#define MASTER_BASE(n) (0x0c120000 + CORDON_ENGINE_SIZE * (n))
#define MASTER_PATH "/machine/peripheral/master0"
#define MASTER_DEVID 0x4321
#define MASTER \
    " -device cordon-engine-platform,id=master0,iommu=iommu0,devid=0x4321"

/* Two more units, the second of them a small one, with a master each */
#define MORE_UNITS \
    " -device cordon-iommu,id=iommu1" \
    " -device cordon-iommu,id=iommu2,queues=1,dtag-bits=8,ias=39,devid-bits=16"
#define MORE_MASTERS \
    " -device cordon-engine-platform,id=master1,iommu=iommu1,devid=0x20" \
    " -device cordon-engine-platform,id=master2,iommu=iommu2,devid=0x20"

static void boot_master(Unit *u, const char *more)
{
    *u = (Unit) {
        .base = UNIT_BASE(0), .next = RAM_FREE, .engine = MASTER_BASE(0),
        .devid = MASTER_DEVID,
    };
    u->qts = qtest_initf(MACHINE "%s", more);
    g_assert_cmphex(qtest_readl(u->qts, u->engine + CORDON_ENGINE_ID), ==,
                    CORDON_ENGINE_MAGIC);
}

/* Registers, all operations, and what refusals leave behind */
static void test_dma(void)
{
    const uint64_t len = 2 * 4096 + 123;
    g_autofree uint8_t *out = g_malloc(4096), *back = g_malloc(4096);
    uint64_t pa, ro;
    Unit u;

    boot_master(&u, UNIT MASTER);
    pa = alloc(&u, 4 * 4096);
    qtest_writeq(u.qts, pa, 0x600df00d);
    dma_refused(&u, CORDON_ENGINE_OP_WRITE, pa);
    dma_refused(&u, CORDON_ENGINE_OP_READ, pa);
    dma_refused(&u, CORDON_ENGINE_OP_COPY, pa);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, pa);
    dma_refused(&u, CORDON_ENGINE_OP_ATOMIC, pa);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 0x600df00d);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "faults"), ==, 5);

    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    ro = alloc(&u, 4096);
    for (int i = 0; i < 4; i++) {
        map(&u, IOVA + 4096 * i, pa + 4096 * (3 - i), DESC_RW);
    }
    map(&u, IOVA + 4 * 4096, ro, DESC_RW | DESC_RO);
    dma_write(&u, IOVA + 8, 0xc0ffee);
    g_assert_cmphex(qtest_readq(u.qts, pa + 3 * 4096 + 8), ==, 0xc0ffee);
    qtest_writeq(u.qts, ro + 8, 0x1234);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_COPY, IOVA + 4 * 4096 + 8,
                               IOVA + 3, 8), ==, CORDON_ENGINE_STATUS_DONE);
    g_assert_cmphex(qtest_readw(u.qts, pa + 3 * 4096 + 3), ==, 0x1234);
    qtest_writeq(u.qts, pa + 3 * 4096 + 16, 0xfffffff0);
    engine_set(&u, CORDON_ENGINE_DATA, 0x20);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_ATOMIC, 0, IOVA + 16, 0),
                    ==, CORDON_ENGINE_STATUS_DONE);
    g_assert_cmphex(qtest_readq(u.qts, pa + 3 * 4096 + 16), ==, 0x100000010);
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_DATA), ==, 0xfffffff0);
    /* three times the same is added, not what was found */
    engine_set(&u, CORDON_ENGINE_DATA, 0x20);
    engine_set(&u, CORDON_ENGINE_COUNT, 3);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_ATOMIC, 0, IOVA + 16, 0),
                    ==, CORDON_ENGINE_STATUS_DONE);
    g_assert_cmphex(qtest_readq(u.qts, pa + 3 * 4096 + 16), ==, 0x100000070);
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_DATA), ==, 0x100000050);
    engine_set(&u, CORDON_ENGINE_COUNT, 0);

    /* any length and alignment, over pages that lie the other way round */
    for (int i = 0; i < 4096; i++) {
        out[i] = i * 7 + (i >> 8);
    }
    qtest_memwrite(u.qts, u.engine + CORDON_ENGINE_BUFFER, out, 4096);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_WRITE, 0, IOVA + 77, len),
                    ==, CORDON_ENGINE_STATUS_DONE);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_MOVED), ==, len);
    qtest_memread(u.qts, pa + 3 * 4096 + 77, back, 4096 - 77);
    g_assert_cmpmem(out, 4096 - 77, back, 4096 - 77);
    qtest_memread(u.qts, pa + 2 * 4096, back, 4096);
    g_assert_cmpmem(out + 4096 - 77, 77, back, 77);
    g_assert_cmpmem(out, 4096 - 77, back + 77, 4096 - 77);
    qtest_memread(u.qts, pa + 4096, back, 77 + 123);
    g_assert_cmpmem(out + 4096 - 77, 77, back, 77);
    g_assert_cmpmem(out, 123, back + 77, 123);
    g_assert_cmphex(qtest_readb(u.qts, pa + 4096 + 77 + 123), ==, 0);
    no_fault(&u);

    dma_refused(&u, CORDON_ENGINE_OP_READ, IOVA + 5 * 4096 + 0x18);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 4, CORDON_FAULT_READ,
                 IOVA + 5 * 4096 + 0x18, descriptor(&u, IOVA + 5 * 4096, 3));
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_FILL, 0,
                               IOVA + 4 * 4096 - 8, 16), ==,
                    CORDON_ENGINE_STATUS_DONE | CORDON_ENGINE_STATUS_ERROR);
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_BAD), ==, IOVA + 4 * 4096);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_MOVED), ==, 8);
    stage1_fault(&u, CORDON_REASON_PERMISSION, 4, CORDON_FAULT_WRITE,
                 IOVA + 4 * 4096, descriptor(&u, IOVA + 4 * 4096, 3));
    g_assert_cmphex(qtest_readq(u.qts, ro), ==, 0);
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

/* Through the memory core, as a master that knows nothing of us */
static void test_bus(void)
{
    uint64_t pa;
    Unit u;

    boot_master(&u, UNIT MASTER ",x-bus-dma=on");
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    pa = alloc(&u, 4096);
    map(&u, IOVA, pa, DESC_RW);
    dma_write(&u, IOVA + 8, 0xc0ffee);
    g_assert_cmphex(qtest_readq(u.qts, pa + 8), ==, 0xc0ffee);
    no_fault(&u);
    dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA + 4096);
    g_assert_cmpuint(counted(&u, UNIT_PATH, "faults"), >=, 1);
    g_assert_cmpuint(read32(&u, CORDON_REG_FQ_TAIL), >=, 1);

    /* it has nothing to carry a PASID or an attribute with */
    qtest_writel(u.qts, u.engine + CORDON_ENGINE_PASID,
                 CORDON_ENGINE_PASID_PRIV);
    g_assert_cmphex(engine_run(&u, CORDON_ENGINE_OP_FILL, 0, IOVA, 8) &
                    CORDON_ENGINE_STATUS_REFUSED, !=, 0);
    qtest_quit(u.qts);
}

static uint32_t run_as(Unit *u, uint32_t attributes, uint32_t op, uint64_t addr)
{
    qtest_writel(u->qts, u->engine + CORDON_ENGINE_PASID, attributes);
    return engine_run(u, op, addr, addr, 8);
}

/*
 * Privileged and execute count for a platform master without a PASID, and not
 * for a PCI one, whose bus cannot say so (spec 1.4).
 */
static void test_attributes(void)
{
    const uint32_t bad = CORDON_ENGINE_STATUS_DONE | CORDON_ENGINE_STATUS_ERROR;
    uint64_t pa, own = IOVA + 4096;
    Unit u;

    for (int pci = 0; pci < 2; pci++) {
        if (pci) {
            boot(&u, UNIT ENGINE);
        } else {
            boot_master(&u, UNIT MASTER);
        }
        set_up(&u, value(CORDON_DC_S1, CORDON_S1_TABLE) | CORDON_DC_PRIV |
               CORDON_DC_EXEC);
        pa = alloc(&u, 4096);
        map(&u, IOVA, pa, DESC_RW | DESC_UXN);
        map(&u, own, pa, DESC_AF);

        g_assert_cmphex(run_as(&u, 0, CORDON_ENGINE_OP_READ, own), ==, bad);
        stage1_fault(&u, CORDON_REASON_PERMISSION, 4, CORDON_FAULT_READ, own,
                     descriptor(&u, own, 3));
        g_assert_cmphex(run_as(&u, 0, CORDON_ENGINE_OP_READ, IOVA), ==,
                        CORDON_ENGINE_STATUS_DONE);
        g_assert_cmphex(run_as(&u, CORDON_ENGINE_PASID_PRIV,
                               CORDON_ENGINE_OP_WRITE, own), ==,
                        pci ? bad : CORDON_ENGINE_STATUS_DONE);
        if (pci) {
            stage1_fault(&u, CORDON_REASON_PERMISSION, 4, CORDON_FAULT_WRITE,
                         own, descriptor(&u, own, 3));
        }
        g_assert_cmphex(run_as(&u, CORDON_ENGINE_PASID_EXEC,
                               CORDON_ENGINE_OP_READ, IOVA), ==,
                        pci ? CORDON_ENGINE_STATUS_DONE : bad);
        if (!pci) {
            stage1_fault(&u, CORDON_REASON_PERMISSION, 4, CORDON_FAULT_READ |
                         CORDON_FAULT_EXEC, IOVA, descriptor(&u, IOVA, 3));
        }
        /* an atomic is no fetch of instructions */
        g_assert_cmphex(run_as(&u, CORDON_ENGINE_PASID_EXEC,
                               CORDON_ENGINE_OP_ATOMIC, IOVA), ==,
                        CORDON_ENGINE_STATUS_DONE);
        no_fault(&u);
        /* a PASID where the context has none is refused, whatever its bus */
        g_assert_cmphex(run_as(&u, CORDON_ENGINE_PASID_VALID | 5,
                               CORDON_ENGINE_OP_READ, IOVA), ==, bad);
        g_assert_cmpuint(violations(&u), ==, 0);
        qtest_quit(u.qts);
    }
}

/* The interrupt is high from the end of an operation until it is cleared. */
static void test_interrupt(void)
{
    uint64_t pa;
    Unit u;

    boot_master(&u, UNIT MASTER);
    qtest_irq_intercept_out_named(u.qts, MASTER_PATH, "sysbus-irq");
    set_up(&u, value(CORDON_DC_S1, CORDON_S1_BYPASS));
    pa = alloc(&u, 2 * 4096);
    dma_write(&u, pa, 1);
    g_assert_false(qtest_get_irq(u.qts, 0));
    engine_set(&u, CORDON_ENGINE_DELAY, 1000);
    engine_run(&u, CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_IRQ, 0, pa,
               2 * 4096);
    g_assert_false(qtest_get_irq(u.qts, 0));
    qtest_clock_step(u.qts, 1000);
    g_assert_true(qtest_get_irq(u.qts, 0));
    qtest_writel(u.qts, u.engine + CORDON_ENGINE_IRQ, 1);
    g_assert_false(qtest_get_irq(u.qts, 0));
    qtest_quit(u.qts);
}

static void is_clear(Unit *u, uint64_t pa)
{
    static const uint64_t regs[] = {
        CORDON_ENGINE_SRC, CORDON_ENGINE_DST, CORDON_ENGINE_LEN,
        CORDON_ENGINE_DATA, CORDON_ENGINE_MOVED, CORDON_ENGINE_BAD,
        CORDON_ENGINE_COUNT, CORDON_ENGINE_DELAY, CORDON_ENGINE_DONE,
        CORDON_ENGINE_ERRORS, CORDON_ENGINE_BUFFER,
    };

    g_assert_cmphex(qtest_readl(u->qts, u->engine + CORDON_ENGINE_STATUS), ==,
                    0);
    g_assert_cmphex(qtest_readl(u->qts, u->engine + CORDON_ENGINE_IRQ), ==, 0);
    g_assert_cmphex(qtest_readl(u->qts, u->engine + CORDON_ENGINE_PASID), ==,
                    0);
    for (int i = 0; i < ARRAY_SIZE(regs); i++) {
        g_assert_cmphex(engine_get(u, regs[i]), ==, 0);
    }
    /* what was under way is not */
    qtest_clock_step(u->qts, 100000);
    g_assert_cmphex(qtest_readq(u->qts, pa + 4096), ==, 0);
}

/* Leaves it in the middle of an operation, with an error behind it. */
static uint64_t start_long(Unit *u)
{
    uint64_t pa;

    set_up(u, value(CORDON_DC_S1, CORDON_S1_TABLE));
    pa = alloc(u, 2 * 4096);
    map(u, IOVA, pa, DESC_RW);
    map(u, IOVA + 4096, pa + 4096, DESC_RW);
    engine_set(u, CORDON_ENGINE_BUFFER, 0xfeed);
    dma_refused(u, CORDON_ENGINE_OP_READ, IOVA + 2 * 4096);
    engine_set(u, CORDON_ENGINE_DATA, ~0ull);
    engine_run(u, CORDON_ENGINE_OP_FILL | CORDON_ENGINE_CMD_IRQ, 0, IOVA, 8);
    g_assert_cmphex(qtest_readl(u->qts, u->engine + CORDON_ENGINE_IRQ), ==, 1);
    engine_set(u, CORDON_ENGINE_DELAY, 1000);
    g_assert_cmphex(engine_run(u, CORDON_ENGINE_OP_FILL, 0, IOVA, 2 * 4096), ==,
                    CORDON_ENGINE_STATUS_BUSY);
    g_assert_cmphex(qtest_readq(u->qts, pa), ==, ~0ull);
    g_assert_cmphex(qtest_readq(u->qts, pa + 4096), ==, 0);
    return pa;
}

static void test_reset(void)
{
    uint64_t pa;
    Unit u;

    for (int machine = 0; machine < 2; machine++) {
        boot_master(&u, UNIT MASTER);
        qtest_irq_intercept_out_named(u.qts, MASTER_PATH, "sysbus-irq");
        pa = start_long(&u);
        g_assert_true(qtest_get_irq(u.qts, 0));
        if (machine) {
            qtest_system_reset(u.qts);
        } else {
            qtest_writel(u.qts, u.engine + CORDON_ENGINE_CLEAR, 1);
        }
        g_assert_false(qtest_get_irq(u.qts, 0));
        is_clear(&u, pa);
        if (machine) {
            dma_refused(&u, CORDON_ENGINE_OP_FILL, IOVA);
        } else {
            dma_write(&u, IOVA, 3);
        }
        qtest_quit(u.qts);
    }
}

/* A function-level reset: on PCIe the engine has no other. */
static void test_function_reset(void)
{
    uint64_t pa, config = ECAM_BASE + (ENGINE_RID << 12);
    unsigned cap;
    Unit u;

    boot(&u, UNIT ENGINE);
    for (cap = qtest_readb(u.qts, config + PCI_CAPABILITY_LIST);
         qtest_readb(u.qts, config + cap) != PCI_CAP_ID_EXP;
         cap = qtest_readb(u.qts, config + cap + 1)) {
        g_assert_cmphex(cap, !=, 0);
    }
    g_assert(qtest_readl(u.qts, config + cap + PCI_EXP_DEVCAP) &
             PCI_EXP_DEVCAP_FLR);
    pa = start_long(&u);
    qtest_writew(u.qts, config + cap + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
    /* it has forgotten where its registers are, and that it may do DMA */
    g_assert_cmphex(qtest_readw(u.qts, config + PCI_COMMAND), ==, 0);
    u.engine = engine_init(u.qts, ENGINE_RID, 0);
    is_clear(&u, pa);
    /* what the unit knows of it is no business of the reset */
    dma_write(&u, IOVA, 3);
    g_assert_cmphex(qtest_readq(u.qts, pa), ==, 3);
    qtest_quit(u.qts);
}

static void test_migration(void)
{
    g_autofree char *dir = g_dir_make_tmp("cordon-test-XXXXXX", NULL);
    g_autofree char *file = g_strdup_printf("%s/state", dir);
    g_autofree char *uri = g_strdup_printf("file:%s", file);
    uint64_t pa;
    Unit u;

    boot_master(&u, UNIT MASTER);
    qtest_irq_intercept_out_named(u.qts, MASTER_PATH, "sysbus-irq");
    pa = start_long(&u);
    g_assert_true(qtest_get_irq(u.qts, 0));
    qtest_qmp_assert_success(u.qts, "{'execute': 'migrate',"
                             " 'arguments': {'uri': %s}}", uri);
    wait_for_migration(u.qts);
    qtest_quit(u.qts);

    u.qts = qtest_initf(MACHINE UNIT MASTER " -incoming defer");
    qtest_irq_intercept_out_named(u.qts, MASTER_PATH, "sysbus-irq");
    qtest_qmp_assert_success(u.qts, "{'execute': 'migrate-incoming',"
                             " 'arguments': {'uri': %s}}", uri);
    wait_for_migration(u.qts);
    unlink(file);
    rmdir(dir);

    g_assert_true(qtest_get_irq(u.qts, 0));
    g_assert_cmphex(engine_get(&u, CORDON_ENGINE_BUFFER), ==, 0xfeed);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_ERRORS), ==, 1);
    g_assert_cmphex(qtest_readl(u.qts, u.engine + CORDON_ENGINE_STATUS), ==,
                    CORDON_ENGINE_STATUS_BUSY);
    /* it goes on where it was */
    qtest_clock_step(u.qts, 1000000);
    g_assert_cmphex(qtest_readq(u.qts, pa + 4096), ==, ~0ull);
    g_assert_cmphex(qtest_readl(u.qts, u.engine + CORDON_ENGINE_STATUS), ==,
                    CORDON_ENGINE_STATUS_DONE);
    g_assert_cmpuint(engine_get(&u, CORDON_ENGINE_MOVED), ==, 2 * 4096);
    stage1_fault(&u, CORDON_REASON_TRANSLATION, 4, CORDON_FAULT_READ,
                 IOVA + 2 * 4096, descriptor(&u, IOVA + 2 * 4096, 3));
    g_assert_cmpuint(violations(&u), ==, 0);
    qtest_quit(u.qts);
}

/* Three units: the devices of one are nothing to the others. */

#define UNITS 3

static const char * const unit_paths[UNITS] = {
    UNIT_PATH, "/machine/peripheral/iommu1", "/machine/peripheral/iommu2",
};

/* The first has PCI in front of it, the others a master with the same DeviceID */
static void boot_units(Unit *u)
{
    boot(&u[0], UNIT MORE_UNITS ENGINE MORE_MASTERS);
    for (int i = 1; i < UNITS; i++) {
        u[i] = u[0];
        u[i].base = i == 2 ? SMALL_UNIT_BASE : UNIT_BASE(i);
        u[i].engine = MASTER_BASE(i - 1);
        u[i].next = RAM_FREE + 64 * MiB * i;
        g_assert_cmphex(field(CORDON_ID_MAGIC, read64(&u[i], CORDON_REG_ID)),
                        ==, CORDON_MAGIC);
        g_assert_cmphex(qtest_readl(u->qts, u[i].engine + CORDON_ENGINE_ID), ==,
                        CORDON_ENGINE_MAGIC);
    }
}

static void test_units(void)
{
    Unit u[UNITS];
    uint64_t pa;

    boot_units(u);
    g_assert_cmpuint(field(CORDON_CAP2_CMDQS, read64(&u[1], CORDON_REG_CAP2)),
                     ==, 8);
    g_assert_cmpuint(field(CORDON_CAP2_CMDQS, read64(&u[2], CORDON_REG_CAP2)),
                     ==, 1);
    g_assert_cmpuint(field(CORDON_CAP0_DTAG, read64(&u[2], CORDON_REG_CAP0)),
                     ==, 8);
    g_assert_cmpuint(field(CORDON_CAP0_IAS, read64(&u[2], CORDON_REG_CAP0)), ==,
                     39);
    pa = alloc(&u[0], 4096);
    for (int open = 0; open < UNITS; open++) {
        /* one after the other lets its device in, which opens no other */
        set_up(&u[open], value(CORDON_DC_S1, CORDON_S1_BYPASS));
        for (int i = 0; i < UNITS; i++) {
            uint64_t faults = counted(&u[i], unit_paths[i], "faults");

            if (i <= open) {
                dma_write(&u[i], pa, 0x1000 + i);
                g_assert_cmphex(qtest_readq(u->qts, pa), ==, 0x1000 + i);
            } else {
                dma_refused(&u[i], CORDON_ENGINE_OP_FILL, pa);
                faults++;
            }
            g_assert_cmpuint(counted(&u[i], unit_paths[i], "faults"), ==,
                             faults);
        }
    }
    /* nor does one that is reset take the others with it */
    set_root(&u[1], 0);
    dma_write(&u[0], pa, 1);
    dma_refused(&u[1], CORDON_ENGINE_OP_FILL, pa);
    dma_write(&u[2], pa, 2);
    for (int i = 0; i < UNITS; i++) {
        g_assert_cmpuint(counted(&u[i], unit_paths[i], "violations"), ==, 0);
    }
    qtest_quit(u->qts);
}

/* One domain: what is invalidated in one unit is still cached in the others. */
static void test_shared_domain(void)
{
    uint64_t old, new, at;
    Unit u[UNITS];

    boot_units(u);
    for (int i = 0; i < UNITS; i++) {
        set_up(&u[i], value(CORDON_DC_S1, CORDON_S1_TABLE));
        if (i) {
            /* the tables of the first */
            u[i].table = u[0].table;
            qtest_writeq(u->qts, u[i].context +
                         offsetof(struct cordon_dc, s1root), u->table);
        }
    }
    old = alloc(&u[0], 4096);
    new = alloc(&u[0], 4096);
    at = descriptor(&u[0], IOVA, 3);
    map(&u[0], IOVA, old, DESC_RW);
    for (int i = 0; i < UNITS; i++) {
        dma_write(&u[i], IOVA + 8 * i, i + 1);
        g_assert_cmpuint(qtest_readq(u->qts, old + 8 * i), ==, i + 1);
    }

    map(&u[0], IOVA, new, DESC_RW);
    for (int done = 0; done < UNITS; done++) {
        invalidate(&u[done], IOVA, IOVA + 4095);
        for (int i = 0; i < UNITS; i++) {
            dma_write(&u[i], IOVA + 8 * i, 0x100 * done + i + 1);
            g_assert_cmphex(qtest_readq(u->qts, (i <= done ? new : old) + 8 * i),
                            ==, 0x100 * done + i + 1);
            g_assert_cmpuint(counted(&u[i], unit_paths[i], "stale"), ==,
                             i <= done ? i : done + 1);
        }
    }
    qtest_writeq(u->qts, at, 0);
    for (int i = 0; i < UNITS; i++) {
        invalidate(&u[i], IOVA, IOVA + 4095);
        dma_refused(&u[i], CORDON_ENGINE_OP_FILL, IOVA);
        stage1_fault(&u[i], CORDON_REASON_TRANSLATION, 4, CORDON_FAULT_WRITE,
                     IOVA, at);
    }
    qtest_quit(u->qts);
}

/* What a small unit cannot do is an error of its own. */
static void test_small_unit(void)
{
    Unit u[UNITS];

    boot_units(u);
    for (int i = 0; i < UNITS; i++) {
        set_up(&u[i], value(CORDON_DC_S1, CORDON_S1_TABLE));
        /* a tag of more bits than the last unit has */
        qtest_writeq(u->qts, u[i].context + offsetof(struct cordon_dc, tags),
                     value(CORDON_TAGS_FLIMIT, FLIMIT) |
                     value(CORDON_TAGS_DTAG, 0x123));
        map(&u[i], IOVA, alloc(&u[i], 4096), DESC_RW);
        if (i < 2) {
            dma_write(&u[i], IOVA, 1);
        } else {
            dma_refused(&u[i], CORDON_ENGINE_OP_FILL, IOVA);
            g_assert_cmpuint(field(CORDON_FAULT_REASON,
                                   qtest_readq(u->qts, u[i].fq)), ==,
                             CORDON_REASON_DC_MALFORMED);
        }
        g_assert_cmpuint(counted(&u[i], unit_paths[i],
                                 "violations-structure"), ==, i == 2);
    }
    qtest_quit(u->qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/cordon/platform/dma", test_dma);
    qtest_add_func("/cordon/platform/bus", test_bus);
    qtest_add_func("/cordon/platform/attributes", test_attributes);
    qtest_add_func("/cordon/platform/interrupt", test_interrupt);
    qtest_add_func("/cordon/platform/reset", test_reset);
    qtest_add_func("/cordon/function-reset", test_function_reset);
    qtest_add_func("/cordon/platform/migration", test_migration);
    qtest_add_func("/cordon/units/isolation", test_units);
    qtest_add_func("/cordon/units/shared-domain", test_shared_domain);
    qtest_add_func("/cordon/units/small", test_small_unit);
    return g_test_run();
}
