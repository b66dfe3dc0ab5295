// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: the tracepoints' bodies.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
