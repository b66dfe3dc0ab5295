/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test engines that were passed to this program, through VFIO.
 *
 * What returns int returns 0 or a negative errno.
 */
#ifndef CORDON_GUEST_PASSED_H
#define CORDON_GUEST_PASSED_H

#include <stdint.h>

#include "../engine/cordon_engine.h"

/* an engine that is bound to vfio-pci */
struct passed {
	int device;
	uint32_t dev_id;	/* in the iommufd that it is bound to */
	uint64_t bar;		/* where its registers are in the file of the device */
};

/* open an engine by its PCI address, bind it to an iommufd, and take it */
int passed_open(struct passed *p, const char *bdf, int iommufd);
/* find the registers of an engine whose file is open, and let it master the bus */
int passed_take(struct passed *p);
void passed_close(struct passed *p);
int passed_attach(struct passed *p, uint32_t pt_id);

uint32_t passed_get32(struct passed *p, unsigned int offset);
uint64_t passed_get64(struct passed *p, unsigned int offset);
void passed_set32(struct passed *p, unsigned int offset, uint32_t value);

/* start an operation: CORDON_ENGINE_OP_* and CMD_*, registers by their names */
void passed_start(struct passed *p, uint32_t cmd, uint64_t src, uint64_t dst, uint64_t len,
		  uint64_t data, uint64_t count, uint64_t delay);
/* wait for its end, 5 seconds at most; the status */
uint32_t passed_end(struct passed *p);
/* stop it; the status */
uint32_t passed_stop(struct passed *p);

/* objects of an iommufd */
int ioas_alloc(int iommufd, uint32_t *id);
int ioas_map(int iommufd, uint32_t ioas, void *memory, uint64_t length, uint64_t iova);
int ioas_unmap(int iommufd, uint32_t ioas, uint64_t iova, uint64_t length);
int ioas_huge_pages(int iommufd, uint32_t ioas, int on);
int hwpt_alloc(int iommufd, uint32_t dev_id, uint32_t flags, uint32_t parent, uint32_t *id);

#endif /* CORDON_GUEST_PASSED_H */
