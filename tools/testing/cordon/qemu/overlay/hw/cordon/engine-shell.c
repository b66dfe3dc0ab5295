/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon's DMA test engine: what its shells have in common.
 */
#include "qemu/osdep.h"
#include "engine-shell.h"

CordonDma cordon_engine_request(uint32_t pasid)
{
    return (CordonDma) {
        .pasid = pasid & 0xfffff,
        .pv = pasid & CORDON_ENGINE_PASID_VALID,
        .priv = pasid & CORDON_ENGINE_PASID_PRIV,
        .exec = pasid & CORDON_ENGINE_PASID_EXEC,
    };
}

static void cordon_engine_due(void *core)
{
    cordon_engine_run(core);
}

QEMUTimer *cordon_engine_timer(struct cordon_engine *core)
{
    return timer_new_ns(QEMU_CLOCK_VIRTUAL, cordon_engine_due, core);
}

void cordon_engine_arm(QEMUTimer *timer, uint64_t ns)
{
    timer_mod(timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                     MIN(ns, NANOSECONDS_PER_SECOND * 3600ull));
}

const VMStateDescription vmstate_cordon_engine = {
    .name = "cordon-engine/core",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(src, struct cordon_engine),
        VMSTATE_UINT64(dst, struct cordon_engine),
        VMSTATE_UINT64(len, struct cordon_engine),
        VMSTATE_UINT64(data, struct cordon_engine),
        VMSTATE_UINT64(moved, struct cordon_engine),
        VMSTATE_UINT64(bad, struct cordon_engine),
        VMSTATE_UINT64(count, struct cordon_engine),
        VMSTATE_UINT64(delay, struct cordon_engine),
        VMSTATE_UINT64(done, struct cordon_engine),
        VMSTATE_UINT64(errors, struct cordon_engine),
        VMSTATE_UINT32(pasid, struct cordon_engine),
        VMSTATE_UINT32(cmd, struct cordon_engine),
        VMSTATE_UINT32(status, struct cordon_engine),
        VMSTATE_UINT32(irq, struct cordon_engine),
        VMSTATE_UINT64(pos, struct cordon_engine),
        VMSTATE_UINT64(operand, struct cordon_engine),
        VMSTATE_UINT8_ARRAY(buffer, struct cordon_engine,
                            CORDON_ENGINE_BUFFER_SIZE),
        VMSTATE_END_OF_LIST()
    },
};
