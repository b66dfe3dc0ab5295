/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon's DMA test engine: what its shells have in common.
 */
#ifndef HW_CORDON_ENGINE_SHELL_H
#define HW_CORDON_ENGINE_SHELL_H

#include "hw/cordon/cordon-iommu.h"
#include "migration/vmstate.h"
#include "qemu/timer.h"
#include "engine/engine_core.h"

/* the state of a struct cordon_engine */
extern const VMStateDescription vmstate_cordon_engine;

/**
 * cordon_engine_request() - What requests of an engine carry
 * @pasid: CORDON_ENGINE_PASID_*
 */
CordonDma cordon_engine_request(uint32_t pasid);

/**
 * cordon_engine_timer() - A timer that has an engine go on
 * @core: the engine
 */
QEMUTimer *cordon_engine_timer(struct cordon_engine *core);

/**
 * cordon_engine_arm() - Have an engine go on later
 * @timer: of cordon_engine_timer()
 * @ns: nanoseconds of guest time from now; more than an hour becomes one
 */
void cordon_engine_arm(QEMUTimer *timer, uint64_t ns);

#endif
