/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * Cordon IOMMU: registers, records and commands.
 *
 * The one set of definitions that the driver, the reference model and the
 * tests share. It follows the order of the hardware specification,
 * Documentation/iommu/cordon/specification.rst, whose sections the comments
 * cite; a test holds the tables of that document against this file.
 *
 * Everything in memory is little-endian (spec 1.3).
 */
#ifndef _LINUX_CORDON_HW_H
#define _LINUX_CORDON_HW_H

#include <linux/bits.h>
#include <linux/types.h>

/* spec 2: identifiers and limits of the architecture */
#define CORDON_DEVID_MAX_BITS		24
#define CORDON_PASID_MAX_BITS		20
#define CORDON_VMTAG_MAX_BITS		16
#define CORDON_DTAG_MAX_BITS		24
#define CORDON_CMDQ_MAX			64

/* spec 3.1: directory pages and the pointers in them */
#define CORDON_DIR_PAGE_SIZE		4096
#define CORDON_DIR_BITS			9
#define CORDON_DIR_ENTRIES		512
#define CORDON_DIR_MAX_LEVELS		3
#define CORDON_PTR_V			BIT_ULL(0)
#define CORDON_PTR_PAGE			GENMASK_ULL(55, 12)
#define CORDON_PTR_CONTEXT		GENMASK_ULL(55, 6)

/* spec 3.2: a root: the ROOT register, and the root fields of contexts */
#define CORDON_ROOT_LEVELS		GENMASK_ULL(1, 0)
#define CORDON_ROOT_SILENT		BIT_ULL(2)
#define CORDON_ROOT_ADDR		GENMASK_ULL(55, 12)
#define CORDON_ROOT_BUSY		BIT_ULL(63)

/**
 * struct cordon_dc - device context (spec 3.3)
 * @cfg: CORDON_DC_*: what happens to this device's requests
 * @tags: CORDON_TAGS_*: cache tags and limits
 * @fmt: CORDON_S1FMT_* and CORDON_S2FMT_*: formats of the tables
 * @s1root: stage-1 table for requests without a PASID
 * @pdroot: process directory, CORDON_ROOT_*, for requests with a PASID
 * @s2root: stage-2 table
 * @fault: fault block, CORDON_PTR_CONTEXT
 * @dlroot: dirty log, CORDON_ROOT_*
 */
struct cordon_dc {
	__le64 cfg;
	__le64 tags;
	__le64 fmt;
	__le64 s1root;
	__le64 pdroot;
	__le64 s2root;
	__le64 fault;
	__le64 dlroot;
};

/* spec 3.3.1: cfg, of device contexts and (where marked P) process contexts */
#define CORDON_DC_V			BIT_ULL(0)		/* P */
#define CORDON_DC_S1			GENMASK_ULL(2, 1)	/* P */
#define CORDON_DC_S2			BIT_ULL(3)
#define CORDON_DC_SILENT		BIT_ULL(4)		/* P */
#define CORDON_DC_RAZWI			BIT_ULL(5)		/* P */
#define CORDON_DC_ATS			BIT_ULL(6)
#define CORDON_DC_PRI			BIT_ULL(7)
#define CORDON_DC_TRANSLATED		GENMASK_ULL(9, 8)
#define CORDON_DC_EXEC			BIT_ULL(10)		/* P */
#define CORDON_DC_PRIV			BIT_ULL(11)		/* P */
#define CORDON_DC_SNOOP			BIT_ULL(12)
#define CORDON_DC_DIRTY			BIT_ULL(13)
#define CORDON_DC_GUEST			BIT_ULL(14)
#define CORDON_DC_FAULT			BIT_ULL(15)
#define CORDON_DC_NOWALK		BIT_ULL(16)		/* P */

/* values of CORDON_DC_S1 */
#define CORDON_S1_BLOCK			0
#define CORDON_S1_BYPASS		1
#define CORDON_S1_TABLE			2
#define CORDON_S1_PASID0		3

/* values of CORDON_DC_TRANSLATED */
#define CORDON_TRANSLATED_DENY		0
#define CORDON_TRANSLATED_TRUST		1
#define CORDON_TRANSLATED_STAGE2	2

/* spec 3.3.2: tags */
#define CORDON_TAGS_VMTAG		GENMASK_ULL(15, 0)
#define CORDON_TAGS_DTAG		GENMASK_ULL(39, 16)	/* P */
#define CORDON_TAGS_FLIMIT		GENMASK_ULL(51, 40)
#define CORDON_TAGS_PLIMIT		GENMASK_ULL(63, 52)

/* spec 3.3.3: fmt */
#define CORDON_S1FMT_T0SZ		GENMASK_ULL(5, 0)	/* P */
#define CORDON_S1FMT_TG			GENMASK_ULL(7, 6)	/* P */
#define CORDON_S1FMT_PS			GENMASK_ULL(10, 8)	/* P */
#define CORDON_S1FMT_HA			BIT_ULL(11)		/* P */
#define CORDON_S1FMT_HD			BIT_ULL(12)		/* P */
#define CORDON_S1FMT_HAFT		BIT_ULL(13)		/* P */
#define CORDON_S1FMT_DS			BIT_ULL(14)		/* P */
#define CORDON_S1FMT_MAIR		GENMASK_ULL(16, 15)	/* P */
#define CORDON_S2FMT_T0SZ		GENMASK_ULL(37, 32)
#define CORDON_S2FMT_TG			GENMASK_ULL(39, 38)
#define CORDON_S2FMT_PS			GENMASK_ULL(42, 40)
#define CORDON_S2FMT_HA			BIT_ULL(43)
#define CORDON_S2FMT_HD			BIT_ULL(44)
#define CORDON_S2FMT_HAFT		BIT_ULL(45)
#define CORDON_S2FMT_DS			BIT_ULL(46)
#define CORDON_S2FMT_SL0		GENMASK_ULL(48, 47)
#define CORDON_S2FMT_SL2		BIT_ULL(49)
#define CORDON_S2FMT_FWB		BIT_ULL(50)

/* values of CORDON_S1FMT_TG and CORDON_S2FMT_TG */
#define CORDON_TG_4K			0
#define CORDON_TG_64K			1
#define CORDON_TG_16K			2

/* values of CORDON_S1FMT_PS, CORDON_S2FMT_PS and CORDON_CAP0_OAS */
#define CORDON_PS_32			0
#define CORDON_PS_36			1
#define CORDON_PS_40			2
#define CORDON_PS_42			3
#define CORDON_PS_44			4
#define CORDON_PS_48			5
#define CORDON_PS_52			6

/* spec 3.3.4: roots of translation tables */
#define CORDON_TTB_ADDR			GENMASK_ULL(55, 6)

/**
 * struct cordon_pc - process context (spec 3.4)
 * @cfg: the CORDON_DC_* fields marked P
 * @tags: CORDON_TAGS_DTAG
 * @fmt: CORDON_S1FMT_*
 * @s1root: stage-1 table
 * @reserved: zero
 */
struct cordon_pc {
	__le64 cfg;
	__le64 tags;
	__le64 fmt;
	__le64 s1root;
	__le64 reserved[4];
};

/**
 * struct cordon_fault_block - what one device owes and is owed (spec 3.5)
 * @faults: CORDON_FB_PRODUCED and CORDON_FB_LOST; written by hardware alone
 * @faults_consumed: low 32 bits: fault records handled; written by software
 * @requests: the same as @faults for page requests; written by hardware alone
 * @requests_consumed: low 32 bits: page requests handled; written by software
 * @state: CORDON_FB_LOSS; written by hardware alone
 * @reserved: zero
 */
struct cordon_fault_block {
	__le64 faults;
	__le64 faults_consumed;
	__le64 requests;
	__le64 requests_consumed;
	__le64 state;
	__le64 reserved[3];
};

#define CORDON_FB_PRODUCED		GENMASK_ULL(31, 0)
#define CORDON_FB_LOST			GENMASK_ULL(63, 32)
#define CORDON_FB_LOSS			BIT_ULL(0)

/* spec 5: command queues */

/**
 * struct cordon_qdesc - queue descriptor (spec 5.1)
 * @cfg: CORDON_QD_*
 * @base: ring of commands
 * @slots: completion area and its size
 * @status: status line
 * @devmap: guest queues: table from virtual DeviceIDs to DeviceIDs
 * @s2root: guest queues: stage-2 table that @base, @slots and @status go through
 * @s2fmt: guest queues: CORDON_S2FMT_* of @s2root
 * @dlroot: guest queues: dirty log of what this queue writes, CORDON_ROOT_*
 */
struct cordon_qdesc {
	__le64 cfg;
	__le64 base;
	__le64 slots;
	__le64 status;
	__le64 devmap;
	__le64 s2root;
	__le64 s2fmt;
	__le64 dlroot;
};

#define CORDON_QD_V			BIT_ULL(0)
#define CORDON_QD_LOG2SIZE		GENMASK_ULL(5, 1)
#define CORDON_QD_GUEST			BIT_ULL(6)
#define CORDON_QD_DIRTY			BIT_ULL(7)
#define CORDON_QD_VMTAG			GENMASK_ULL(31, 16)
#define CORDON_QD_BASE_ADDR		GENMASK_ULL(55, 12)
#define CORDON_QD_SLOTS_LOG2		GENMASK_ULL(4, 0)
#define CORDON_QD_SLOTS_ADDR		GENMASK_ULL(55, 12)
#define CORDON_QD_STATUS_ADDR		GENMASK_ULL(55, 6)
#define CORDON_QD_DEVMAP_LOG2		GENMASK_ULL(4, 0)
#define CORDON_QD_DEVMAP_ADDR		GENMASK_ULL(55, 12)

/* spec 5.1.1: an entry of the device map */
#define CORDON_VDEV_V			BIT_ULL(63)
#define CORDON_VDEV_DEVID		GENMASK_ULL(23, 0)

/* spec 5.2: the status word, first of a 64-byte status line */
#define CORDON_STATUS_HEAD		GENMASK_ULL(31, 0)
#define CORDON_STATUS_STATE		GENMASK_ULL(39, 32)
#define CORDON_STATUS_REASON		GENMASK_ULL(47, 40)
#define CORDON_STATUS_SIZE		64

/* values of CORDON_STATUS_STATE */
enum cordon_queue_state {
	CORDON_QSTATE_DISABLED	= 0,
	CORDON_QSTATE_RUNNING	= 1,
	CORDON_QSTATE_STOPPED	= 2,
	CORDON_QSTATE_FROZEN	= 3,
};

/* spec 5.6: why a queue stopped or could not be enabled */
enum cordon_queue_reason {
	CORDON_QREASON_NONE		= 0x00,
	CORDON_QREASON_OPCODE		= 0x01,
	CORDON_QREASON_RESERVED		= 0x02,
	CORDON_QREASON_OPERAND		= 0x03,
	CORDON_QREASON_SLOT		= 0x04,
	CORDON_QREASON_FORBIDDEN	= 0x05,
	CORDON_QREASON_VDEV		= 0x06,
	CORDON_QREASON_FETCH		= 0x07,
	CORDON_QREASON_WRITE		= 0x08,
	CORDON_QREASON_TAIL		= 0x09,
	CORDON_QREASON_DESC_FETCH	= 0x10,
	CORDON_QREASON_DESC_ABSENT	= 0x11,
	CORDON_QREASON_DESC_MALFORMED	= 0x12,
};

/**
 * struct cordon_cmd - command (spec 5.3)
 * @op: CORDON_CMD_*: operation, flags and completion
 * @target: what the command is about, by operation
 * @first: first address or identifier
 * @last: last address or identifier, inclusive
 */
struct cordon_cmd {
	__le64 op;
	__le64 target;
	__le64 first;
	__le64 last;
};

/* spec 5.3.1: op */
#define CORDON_CMD_OP			GENMASK_ULL(7, 0)
#define CORDON_CMD_COMPLETE		BIT_ULL(8)
#define CORDON_CMD_INTERRUPT		BIT_ULL(9)
#define CORDON_CMD_FLUSH		BIT_ULL(10)
#define CORDON_CMD_REQUESTS		BIT_ULL(11)
#define CORDON_CMD_SLOT			GENMASK_ULL(31, 16)
#define CORDON_CMD_VALUE		GENMASK_ULL(63, 32)

/* spec 5.4: values of CORDON_CMD_OP */
enum cordon_opcode {
	CORDON_OP_SYNC		= 0x01,
	CORDON_OP_INV_ALL	= 0x02,
	CORDON_OP_INV_DEVICE	= 0x03,
	CORDON_OP_INV_PROCESS	= 0x04,
	CORDON_OP_INV_RANGE	= 0x05,
	CORDON_OP_INV_DTAG	= 0x06,
	CORDON_OP_INV_VMTAG	= 0x07,
	CORDON_OP_INV_S2RANGE	= 0x08,
	CORDON_OP_INV_ATC	= 0x09,
	CORDON_OP_RESPOND	= 0x0a,
};

/* spec 5.4: target, by operation */
#define CORDON_TGT_VMTAG		GENMASK_ULL(15, 0)
#define CORDON_TGT_DTAG			GENMASK_ULL(39, 16)
#define CORDON_TGT_DEVID		GENMASK_ULL(23, 0)
#define CORDON_TGT_PASID		GENMASK_ULL(43, 24)
#define CORDON_TGT_PV			BIT_ULL(44)
#define CORDON_TGT_GLOBAL		BIT_ULL(45)
#define CORDON_TGT_LEAF			BIT_ULL(46)
#define CORDON_TGT_PGSIZE		GENMASK_ULL(52, 47)

/* spec 5.4.10: first, of RESPOND */
#define CORDON_RESPOND_GROUP		GENMASK_ULL(8, 0)
#define CORDON_RESPOND_CODE		GENMASK_ULL(19, 16)

/* values of CORDON_RESPOND_CODE: the PCIe PRG response codes */
#define CORDON_RESPONSE_SUCCESS		0x0
#define CORDON_RESPONSE_INVALID		0x1
#define CORDON_RESPONSE_FAILURE		0xf

/* spec 5.5: the completion word */
#define CORDON_COMPLETION_VALUE		GENMASK_ULL(31, 0)
#define CORDON_COMPLETION_STATUS	GENMASK_ULL(39, 32)

/* values of CORDON_COMPLETION_STATUS */
enum cordon_completion {
	CORDON_COMPLETION_OK		= 1,
	CORDON_COMPLETION_SKIPPED	= 2,
	CORDON_COMPLETION_TIMEOUT	= 3,
	CORDON_COMPLETION_REFUSED	= 4,
	CORDON_COMPLETION_BUSY		= 5,
};

/* spec 6: faults */

/**
 * struct cordon_fault - fault record (spec 6.2)
 * @info: CORDON_FAULT_*: what happened, and how often
 * @source: CORDON_SRC_*: who did it
 * @addr: input address
 * @ipa: intermediate address, if stage 2 took part
 * @tags: CORDON_TAGS_VMTAG and CORDON_TAGS_DTAG in force
 * @time: time stamp (spec 1.5)
 * @where: physical address of the structure or descriptor that decided
 * @lost: faults that this unit had lost when the record was written
 */
struct cordon_fault {
	__le64 info;
	__le64 source;
	__le64 addr;
	__le64 ipa;
	__le64 tags;
	__le64 time;
	__le64 where;
	__le64 lost;
};

#define CORDON_FAULT_PHASE		BIT_ULL(0)
#define CORDON_FAULT_REPEAT		BIT_ULL(1)
#define CORDON_FAULT_STAGE		GENMASK_ULL(3, 2)
#define CORDON_FAULT_LEVEL		GENMASK_ULL(6, 4)
#define CORDON_FAULT_WALK		BIT_ULL(7)
#define CORDON_FAULT_REASON		GENMASK_ULL(15, 8)
#define CORDON_FAULT_READ		BIT_ULL(16)
#define CORDON_FAULT_WRITE		BIT_ULL(17)
#define CORDON_FAULT_EXEC		BIT_ULL(18)
#define CORDON_FAULT_PRIV		BIT_ULL(19)
#define CORDON_FAULT_ATOMIC		BIT_ULL(20)
#define CORDON_FAULT_TYPE		GENMASK_ULL(22, 21)
#define CORDON_FAULT_PV			BIT_ULL(23)
#define CORDON_FAULT_DETAIL		GENMASK_ULL(31, 24)
#define CORDON_FAULT_COUNT		GENMASK_ULL(63, 32)

/* CORDON_FAULT_LEVEL is the table level plus one, or this */
#define CORDON_LEVEL_NONE		7

/* values of CORDON_FAULT_TYPE and CORDON_TR_REQ_TYPE */
#define CORDON_TYPE_UNTRANSLATED	0
#define CORDON_TYPE_TRANSLATED		1
#define CORDON_TYPE_ATS			2

/* spec 6.2, 7.1 and 9.1: who made a request */
#define CORDON_SRC_DEVID		GENMASK_ULL(23, 0)
#define CORDON_SRC_PASID		GENMASK_ULL(43, 24)
#define CORDON_SRC_CHARGED		BIT_ULL(44)
#define CORDON_SRC_ANON			BIT_ULL(45)

/* spec 6.1: reasons, in the order in which the checks are made */
enum cordon_reason {
	CORDON_REASON_NONE		= 0x00,
	/* finding the device context (spec 4.2) */
	CORDON_REASON_NO_ROOT		= 0x01,
	CORDON_REASON_DEVID_RANGE	= 0x02,
	CORDON_REASON_DD_FETCH		= 0x03,
	CORDON_REASON_DD_ABSENT		= 0x04,
	CORDON_REASON_DD_MALFORMED	= 0x05,
	CORDON_REASON_DC_FETCH		= 0x06,
	CORDON_REASON_DC_ABSENT		= 0x07,
	CORDON_REASON_DC_MALFORMED	= 0x08,
	/* policy of the device (spec 4.3) */
	CORDON_REASON_TRANSLATED	= 0x10,
	CORDON_REASON_ATS_OFF		= 0x11,
	CORDON_REASON_PRI_OFF		= 0x12,
	CORDON_REASON_NO_PASID		= 0x13,
	CORDON_REASON_PASID_RANGE	= 0x14,
	CORDON_REASON_PD_FETCH		= 0x15,
	CORDON_REASON_PD_ABSENT		= 0x16,
	CORDON_REASON_PD_MALFORMED	= 0x17,
	CORDON_REASON_PC_FETCH		= 0x18,
	CORDON_REASON_PC_ABSENT		= 0x19,
	CORDON_REASON_PC_MALFORMED	= 0x1a,
	CORDON_REASON_BLOCKED		= 0x1b,
	CORDON_REASON_NOWALK		= 0x1c,
	/* translation tables (spec 4.4 to 4.6) */
	CORDON_REASON_INPUT_SIZE	= 0x20,
	CORDON_REASON_TABLE_FETCH	= 0x21,
	CORDON_REASON_TRANSLATION	= 0x22,
	CORDON_REASON_OUTPUT_SIZE	= 0x23,
	CORDON_REASON_ACCESS_FLAG	= 0x24,
	CORDON_REASON_PERMISSION	= 0x25,
	CORDON_REASON_TABLE_UPDATE	= 0x26,
	/* dirty log (spec 4.7) */
	CORDON_REASON_DL_FETCH		= 0x30,
	CORDON_REASON_DL_ABSENT		= 0x31,
	CORDON_REASON_DL_MALFORMED	= 0x32,
	CORDON_REASON_DL_UPDATE		= 0x33,
};

/* spec 7: page requests */

/**
 * struct cordon_page_request - page-request record (spec 7.1)
 * @info: CORDON_PR_*
 * @source: CORDON_SRC_*
 * @addr: page address, low 12 bits zero
 * @time: time stamp (spec 1.5)
 */
struct cordon_page_request {
	__le64 info;
	__le64 source;
	__le64 addr;
	__le64 time;
};

#define CORDON_PR_PHASE			BIT_ULL(0)
#define CORDON_PR_LAST			BIT_ULL(1)
#define CORDON_PR_READ			BIT_ULL(2)
#define CORDON_PR_WRITE			BIT_ULL(3)
#define CORDON_PR_EXEC			BIT_ULL(4)
#define CORDON_PR_PRIV			BIT_ULL(5)
#define CORDON_PR_PV			BIT_ULL(6)
#define CORDON_PR_LOSS			BIT_ULL(7)
#define CORDON_PR_GROUP			GENMASK_ULL(16, 8)

/* spec 10: registers, page 0 */
#define CORDON_PAGE_SIZE		0x10000

/* spec 10.2: identification and capabilities */
#define CORDON_REG_ID			0x000
#define CORDON_ID_MINOR			GENMASK_ULL(7, 0)
#define CORDON_ID_MAJOR			GENMASK_ULL(15, 8)
#define CORDON_ID_IMPLEMENTATION	GENMASK_ULL(31, 16)
#define CORDON_ID_MAGIC			GENMASK_ULL(63, 32)
#define CORDON_MAGIC			0x434f5244
#define CORDON_MAJOR			1
#define CORDON_MINOR			0

#define CORDON_REG_CAP0			0x008
#define CORDON_CAP0_DEVID		GENMASK_ULL(4, 0)
#define CORDON_CAP0_PASID		GENMASK_ULL(12, 8)
#define CORDON_CAP0_VMTAG		GENMASK_ULL(20, 16)
#define CORDON_CAP0_DTAG		GENMASK_ULL(28, 24)
#define CORDON_CAP0_S1TG		GENMASK_ULL(34, 32)
#define CORDON_CAP0_S2TG		GENMASK_ULL(37, 35)
#define CORDON_CAP0_OAS			GENMASK_ULL(42, 40)
#define CORDON_CAP0_IAS			GENMASK_ULL(53, 48)

/* bits of CORDON_CAP0_S1TG and CORDON_CAP0_S2TG: 1 << CORDON_TG_* */

#define CORDON_REG_CAP1			0x010
#define CORDON_CAP1_S1			BIT_ULL(0)
#define CORDON_CAP1_S2			BIT_ULL(1)
#define CORDON_CAP1_NESTED		BIT_ULL(2)
#define CORDON_CAP1_GUEST		BIT_ULL(3)
#define CORDON_CAP1_HA			BIT_ULL(4)
#define CORDON_CAP1_HD			BIT_ULL(5)
#define CORDON_CAP1_HAFT		BIT_ULL(6)
#define CORDON_CAP1_LVA64K		BIT_ULL(7)
#define CORDON_CAP1_DS			BIT_ULL(8)
#define CORDON_CAP1_DIRTY		BIT_ULL(9)
#define CORDON_CAP1_EXEC		BIT_ULL(10)
#define CORDON_CAP1_PRIV		BIT_ULL(11)
#define CORDON_CAP1_ATOMIC		BIT_ULL(12)
#define CORDON_CAP1_SNOOP		BIT_ULL(13)
#define CORDON_CAP1_COHERENT		BIT_ULL(14)
#define CORDON_CAP1_MSI			BIT_ULL(15)
#define CORDON_CAP1_ATS			BIT_ULL(16)
#define CORDON_CAP1_PRI			BIT_ULL(17)
#define CORDON_CAP1_TRUST		BIT_ULL(18)
#define CORDON_CAP1_T_STAGE2		BIT_ULL(19)
#define CORDON_CAP1_GUESTQ		BIT_ULL(20)
#define CORDON_CAP1_TRPORT		BIT_ULL(21)
#define CORDON_CAP1_RAZWI		BIT_ULL(22)
#define CORDON_CAP1_QUIESCE		BIT_ULL(23)
#define CORDON_CAP1_FWB			BIT_ULL(24)

#define CORDON_REG_CAP2			0x018
#define CORDON_CAP2_CMDQS		GENMASK_ULL(6, 0)
#define CORDON_CAP2_CMDQ_LOG2		GENMASK_ULL(12, 8)
#define CORDON_CAP2_FQ_LOG2		GENMASK_ULL(20, 16)
#define CORDON_CAP2_PRQ_LOG2		GENMASK_ULL(28, 24)
#define CORDON_CAP2_SLOTS_LOG2		GENMASK_ULL(36, 32)
#define CORDON_CAP2_DEVMAP_LOG2		GENMASK_ULL(44, 40)
#define CORDON_CAP2_MERGE		GENMASK_ULL(63, 48)

#define CORDON_REG_CAP3			0x020
#define CORDON_CAP3_COUNTERS		GENMASK_ULL(6, 0)
#define CORDON_CAP3_COUNTER_BITS	GENMASK_ULL(14, 8)
#define CORDON_CAP3_ATC_DEVICE		GENMASK_ULL(23, 16)
#define CORDON_CAP3_ATC_QUEUE		GENMASK_ULL(31, 24)
#define CORDON_CAP3_ATC_TIME_MIN	GENMASK_ULL(36, 32)
#define CORDON_CAP3_ATC_TIME_MAX	GENMASK_ULL(44, 40)
#define CORDON_CAP3_MERGE_TIME_MAX	GENMASK_ULL(52, 48)

#define CORDON_REG_CAP4			0x028
#define CORDON_CAP4_TIME_HZ		GENMASK_ULL(31, 0)
#define CORDON_CAP4_UNIT_DEVID		GENMASK_ULL(55, 32)
#define CORDON_CAP4_PAGE_LOG2		GENMASK_ULL(63, 56)

/* spec 10.3: control */
#define CORDON_REG_CTRL			0x040
#define CORDON_REG_CTRLACK		0x044
#define CORDON_CTRL_QUIESCE		BIT(0)
#define CORDON_CTRL_FQEN		BIT(1)
#define CORDON_CTRL_PRQEN		BIT(2)

#define CORDON_REG_ROOT			0x048
#define CORDON_REG_ROOTACK		0x050
#define CORDON_REG_QTABLE		0x058
#define CORDON_QTABLE_V			BIT_ULL(0)
#define CORDON_QTABLE_ADDR		GENMASK_ULL(55, 12)
#define CORDON_REG_MAIR(n)		(0x060 + 8 * (n))
#define CORDON_MAIRS			4

/* spec 10.4: errors of the unit */
#define CORDON_REG_ERROR		0x080
#define CORDON_ERROR_ACCESS		BIT(0)
#define CORDON_ERROR_FETCH		BIT(1)
#define CORDON_ERROR_FQ_WRITE		BIT(2)
#define CORDON_ERROR_PRQ_WRITE		BIT(3)
#define CORDON_ERROR_MSI		BIT(4)
#define CORDON_ERROR_FAULT_BLOCK	BIT(5)
#define CORDON_ERROR_STATUS_WRITE	BIT(6)
#define CORDON_REG_ERRADDR		0x088

/* spec 8: interrupts, and spec 10.5 */
#define CORDON_REG_IPEND		0x090
#define CORDON_REG_IMASK		0x094
#define CORDON_REG_CMDPEND		0x098
#define CORDON_INT_COMMAND		0
#define CORDON_INT_FAULT		1
#define CORDON_INT_REQUEST		2
#define CORDON_INT_COUNTER		3
#define CORDON_INT_ERROR		4
#define CORDON_INTS			5
#define CORDON_REG_MSI_ADDR(n)		(0x0a0 + 16 * (n))
#define CORDON_REG_MSI_DATA(n)		(0x0a8 + 16 * (n))
#define CORDON_MSI_ADDR_EN		BIT_ULL(0)
#define CORDON_MSI_ADDR_ADDR		GENMASK_ULL(55, 2)

#define CORDON_REG_TIME			0x0f8

/* spec 10.6: fault queue */
#define CORDON_REG_FQ_BASE		0x100
#define CORDON_REG_FQ_HEAD		0x108
#define CORDON_REG_FQ_TAIL		0x10c
#define CORDON_REG_FQ_LOST		0x110
#define CORDON_REG_FQ_ANON		0x118
#define CORDON_FQ_ANON_ADDR		GENMASK_ULL(55, 6)
#define CORDON_FQ_ANON_V		BIT_ULL(0)
#define CORDON_REG_FQ_ANON_LIMIT	0x120
#define CORDON_REG_FQ_MERGE		0x124

/* spec 10.6 and 10.7: bases of the queues that hardware writes */
#define CORDON_QBASE_LOG2		GENMASK_ULL(4, 0)
#define CORDON_QBASE_ADDR		GENMASK_ULL(55, 12)

/* spec 10.7: page-request queue */
#define CORDON_REG_PRQ_BASE		0x140
#define CORDON_REG_PRQ_HEAD		0x148
#define CORDON_REG_PRQ_TAIL		0x14c
#define CORDON_REG_PRQ_LOST		0x150

/* spec 10.8: device TLBs */
#define CORDON_REG_ATC_TIMEOUT		0x160

/* spec 9.1 and 10.9: translation-request port */
#define CORDON_REG_TR_ADDR		0x180
#define CORDON_REG_TR_REQ		0x188
#define CORDON_TR_REQ_DEVID		GENMASK_ULL(23, 0)
#define CORDON_TR_REQ_PASID		GENMASK_ULL(43, 24)
#define CORDON_TR_REQ_PV		BIT_ULL(44)
#define CORDON_TR_REQ_READ		BIT_ULL(45)
#define CORDON_TR_REQ_WRITE		BIT_ULL(46)
#define CORDON_TR_REQ_EXEC		BIT_ULL(47)
#define CORDON_TR_REQ_PRIV		BIT_ULL(48)
#define CORDON_TR_REQ_ATOMIC		BIT_ULL(49)
#define CORDON_TR_REQ_TYPE		GENMASK_ULL(51, 50)
#define CORDON_TR_REQ_CACHED		BIT_ULL(52)
#define CORDON_TR_REQ_GO		BIT_ULL(63)
#define CORDON_REG_TR_RESULT		0x190
#define CORDON_TR_RESULT_REASON		GENMASK_ULL(7, 0)
#define CORDON_TR_RESULT_STAGE		GENMASK_ULL(9, 8)
#define CORDON_TR_RESULT_LEVEL		GENMASK_ULL(12, 10)
#define CORDON_TR_RESULT_WALK		BIT_ULL(13)
#define CORDON_TR_RESULT_READ		BIT_ULL(14)
#define CORDON_TR_RESULT_WRITE		BIT_ULL(15)
#define CORDON_TR_RESULT_EXEC		BIT_ULL(16)
#define CORDON_TR_RESULT_HIT		BIT_ULL(17)
#define CORDON_TR_RESULT_PGSIZE		GENMASK_ULL(23, 18)
#define CORDON_TR_RESULT_DETAIL		GENMASK_ULL(31, 24)
#define CORDON_TR_RESULT_ATTR		GENMASK_ULL(39, 32)
#define CORDON_REG_TR_OUT		0x198
#define CORDON_REG_TR_IPA		0x1a0
#define CORDON_REG_TR_WHERE		0x1a8

/* spec 9.2 and 10.10: counters, page 1 */
#define CORDON_PAGE_COUNTERS		0x10000
#define CORDON_REG_COUNTER_VALUE(n)	(CORDON_PAGE_COUNTERS + 0x20 * (n))
#define CORDON_REG_COUNTER_EVENT(n)	(CORDON_PAGE_COUNTERS + 0x20 * (n) + 0x08)
#define CORDON_REG_COUNTER_FILTER(n)	(CORDON_PAGE_COUNTERS + 0x20 * (n) + 0x10)
#define CORDON_REG_COUNTER_EVENTS	(CORDON_PAGE_COUNTERS + 0xff00)
#define CORDON_REG_COUNTER_OVERFLOW	(CORDON_PAGE_COUNTERS + 0xff08)
#define CORDON_REG_COUNTER_FREEZE	(CORDON_PAGE_COUNTERS + 0xff10)
#define CORDON_EVENT_ID			GENMASK_ULL(7, 0)
#define CORDON_EVENT_BY_DEVID		BIT_ULL(8)
#define CORDON_EVENT_BY_VMTAG		BIT_ULL(9)
#define CORDON_EVENT_BY_DTAG		BIT_ULL(10)
#define CORDON_EVENT_INTERRUPT		BIT_ULL(11)
#define CORDON_EVENT_EN			BIT_ULL(12)
#define CORDON_EVENT_DEVID		GENMASK_ULL(39, 16)
#define CORDON_FILTER_VMTAG		GENMASK_ULL(15, 0)
#define CORDON_FILTER_DTAG		GENMASK_ULL(39, 16)

/* spec 9.2: values of CORDON_EVENT_ID */
enum cordon_event {
	CORDON_EVENT_NONE		= 0,
	CORDON_EVENT_REQUESTS		= 1,
	CORDON_EVENT_TLB_HITS		= 2,
	CORDON_EVENT_TLB_MISSES		= 3,
	CORDON_EVENT_DC_HITS		= 4,
	CORDON_EVENT_DC_MISSES		= 5,
	CORDON_EVENT_PC_HITS		= 6,
	CORDON_EVENT_PC_MISSES		= 7,
	CORDON_EVENT_WALKS		= 8,
	CORDON_EVENT_WALK_READS		= 9,
	CORDON_EVENT_FAULTS		= 10,
	CORDON_EVENT_COMMANDS		= 11,
	CORDON_EVENT_COMPLETIONS	= 12,
	CORDON_EVENT_SYNC_TIME		= 13,
	CORDON_EVENT_ATS_REQUESTS	= 14,
	CORDON_EVENT_PAGE_REQUESTS	= 15,
	CORDON_EVENT_ATC_TIMEOUTS	= 16,
};

/* spec 10.11: queue pages: one that a guest may be given, one for the host */
#define CORDON_PAGE_GUEST(q)		(0x20000 + 0x20000 * (q))
#define CORDON_PAGE_HOST(q)		(0x30000 + 0x20000 * (q))
#define CORDON_REG_Q_TAIL		0x00
#define CORDON_REG_Q_RESUME		0x04
#define CORDON_REG_Q_STATUS		0x08
#define CORDON_RESUME_RETRY		1
#define CORDON_RESUME_SKIP		2
#define CORDON_REG_Q_CTRL		0x00
#define CORDON_REG_Q_ACK		0x04
#define CORDON_Q_EN			BIT(0)
#define CORDON_Q_FREEZE			BIT(1)
#define CORDON_Q_REASON			GENMASK(15, 8)

#endif /* _LINUX_CORDON_HW_H */
