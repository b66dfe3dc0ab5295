/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon's DMA test engine: what its shells have in common.
 */
#ifndef HW_CORDON_ENGINE_SHELL_H
#define HW_CORDON_ENGINE_SHELL_H

#include "hw/cordon/cordon-iommu.h"
#include "migration/vmstate.h"
#include "engine/engine_core.h"

/* the state of a struct cordon_engine */
extern const VMStateDescription vmstate_cordon_engine;

/**
 * cordon_engine_request() - What requests of an engine carry
 * @pasid: CORDON_ENGINE_PASID_*
 */
CordonDma cordon_engine_request(uint32_t pasid);

#endif
