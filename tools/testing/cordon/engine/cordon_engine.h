/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cordon's DMA test engine: its registers.
 *
 * One core with a PCI shell (BAR 0 the registers, BAR 1 MSI-X) and a platform
 * shell (one register region, one wired interrupt). It does the DMA that real
 * devices cannot be made to do. All registers are little-endian; 64-bit ones
 * may be accessed in halves.
 *
 * An operation is set up in the registers and started by writing CMD. The
 * engine moves at most 4 KiB at a time and stops at the first error.
 */
#ifndef CORDON_ENGINE_H
#define CORDON_ENGINE_H

#define CORDON_ENGINE_VENDOR		0x1234
#define CORDON_ENGINE_DEVICE		0xc0d0
#define CORDON_ENGINE_HOSTILE		0xc0d1	/* PCI device ID of a hostile one, below */
#define CORDON_ENGINE_COMPATIBLE	"cordon,dma-test-engine"
#define CORDON_ENGINE_SIZE		0x2000	/* registers, then the buffer */

#define CORDON_ENGINE_ID		0x00	/* 32, RO: CORDON_ENGINE_MAGIC */
#define CORDON_ENGINE_MAGIC		0x43444d41
#define CORDON_ENGINE_CMD		0x04	/* 32, WO: CORDON_ENGINE_OP_*, CMD_* */
#define CORDON_ENGINE_CMD_IRQ		0x100	/* interrupt (MSI-X vector 0) when done */
#define CORDON_ENGINE_STATUS		0x08	/* 32, RO: CORDON_ENGINE_STATUS_* */
#define CORDON_ENGINE_STATUS_BUSY	0x1
#define CORDON_ENGINE_STATUS_DONE	0x2	/* since the last command */
#define CORDON_ENGINE_STATUS_ERROR	0x4	/* an access was terminated: see BAD, MOVED */
#define CORDON_ENGINE_STATUS_REFUSED	0x8	/* the command made no sense; nothing was done */
#define CORDON_ENGINE_IRQ		0x0c	/* 32, W1C: bit 0: done */
#define CORDON_ENGINE_SRC		0x10	/* 64: bus address to read from */
#define CORDON_ENGINE_DST		0x18	/* 64: bus address to write to */
#define CORDON_ENGINE_LEN		0x20	/* 64: bytes, any number and alignment */
#define CORDON_ENGINE_DATA		0x28	/* 64: pattern of FILL; operand of ATOMIC,
						 * of each time that it is repeated,
						 * then the value that it found
						 */
#define CORDON_ENGINE_MOVED		0x30	/* 64, RO: bytes moved so far */
#define CORDON_ENGINE_BAD		0x38	/* 64, RO: first address that was terminated */
#define CORDON_ENGINE_COUNT		0x40	/* 64: times to repeat the operation, 0 = 1 */
#define CORDON_ENGINE_DELAY		0x48	/* 64: ns of guest time between pieces of
						 * 4 KiB; 0: all at once, in the write of CMD
						 */
#define CORDON_ENGINE_DONE		0x50	/* 64, RO: repetitions done */
#define CORDON_ENGINE_PASID		0x58	/* 32: CORDON_ENGINE_PASID_* */
#define CORDON_ENGINE_PASID_VALID	0x80000000
#define CORDON_ENGINE_PASID_PRIV	0x40000000
#define CORDON_ENGINE_PASID_EXEC	0x20000000
#define CORDON_ENGINE_ERRORS		0x60	/* 64, RO: accesses terminated since reset */
#define CORDON_ENGINE_STOP		0x68	/* 32, WO: ends a running operation */
#define CORDON_ENGINE_STOP_HOSTILE	0x686f6c74	/* all that a hostile one obeys */
#define CORDON_ENGINE_CLEAR		0x6c	/* 32, WO: all becomes as after power-on */

/*
 * A hostile engine (property hostile=on of the PCI shell) is a device that has
 * been taken over. What it was once told to do it goes on with, whatever the
 * host does to it: bus mastering is switched off, the function is reset, a
 * driver writes STOP or CLEAR. Beside its own pace it does a piece before and after each
 * access to a register of a unit, so that there is DMA between any two steps
 * that software takes with the hardware.
 */

/*
 * With KEEP_GOING in CMD an error is counted and the operation goes on: for
 * floods of faults.
 */
#define CORDON_ENGINE_CMD_KEEP_GOING	0x200

/* operations; the buffer repeats where LEN is longer than it */
#define CORDON_ENGINE_OP_READ		1	/* SRC to buffer */
#define CORDON_ENGINE_OP_WRITE		2	/* buffer to DST */
#define CORDON_ENGINE_OP_COPY		3	/* SRC to DST, ascending, 4 KiB at a time */
#define CORDON_ENGINE_OP_FILL		4	/* DATA, repeated from DST on, to DST */
#define CORDON_ENGINE_OP_ATOMIC		5	/* fetch-and-add of DATA to the dword at DST */

#define CORDON_ENGINE_BUFFER		0x1000	/* 4 KiB, RW, bytes */
#define CORDON_ENGINE_BUFFER_SIZE	0x1000

#endif /* CORDON_ENGINE_H */
