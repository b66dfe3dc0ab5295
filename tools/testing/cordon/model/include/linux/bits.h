/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What include/linux/cordon_hw.h needs of the kernel's <linux/bits.h>, for
 * builds of the reference model outside the kernel.
 *
 * Each macro is guarded, and spelled so that a second definition by another
 * library's header is the same text and hence no error.
 */
#ifndef CORDON_MODEL_LINUX_BITS_H
#define CORDON_MODEL_LINUX_BITS_H

#ifndef BIT
#define BIT(nr)                 (1UL << (nr))
#endif
#ifndef BIT_ULL
#define BIT_ULL(nr)             (1ULL << (nr))
#endif
#ifndef GENMASK
#define GENMASK(h, l)           ((~0UL << (l)) & (~0UL >> (8 * sizeof(long) - 1 - (h))))
#endif
#ifndef GENMASK_ULL
#define GENMASK_ULL(h, l)       ((~0ULL << (l)) & (~0ULL >> (63 - (h))))
#endif

#endif /* CORDON_MODEL_LINUX_BITS_H */
