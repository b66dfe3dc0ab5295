/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cordon IOMMU: what would become of a request: by the driver's own reading of
 * memory (walk.c), and by the unit itself (port.c).
 */
#ifndef _CORDON_WALK_H
#define _CORDON_WALK_H

#include <linux/seq_file.h>

#include "cordon.h"

/* What a request wants, and what tables permit. */
#define CORDON_MAY_READ		BIT(0)
#define CORDON_MAY_WRITE	BIT(1)
#define CORDON_MAY_EXEC		BIT(2)

/* CORDON_TR_RESULT_PGSIZE of what passes untranslated (spec 9.1) */
#define CORDON_SPAN_ALL		63

/**
 * struct cordon_question - a request to be thought through
 * @addr: the address
 * @devid: DeviceID
 * @pasid: PASID, if @pv
 * @pv: it has a PASID
 * @priv: it is privileged
 * @access: CORDON_MAY_*
 */
struct cordon_question {
	u64 addr;
	u32 devid;
	u32 pasid;
	bool pv;
	bool priv;
	u8 access;
};

/**
 * struct cordon_verdict - what becomes of it, as the port would say (spec 9.1)
 * @out: where it leads, if it passes
 * @ipa: intermediate address, if stage 2 took part
 * @where: address of what decided, of a fault
 * @reason: 0 if it passes, or enum cordon_reason
 * @stage: of a fault: 0, 1 or 2
 * @level: of a fault: -1 to 3, or CORDON_FAULT_NO_LEVEL
 * @detail: of a fault: number of the check that failed
 * @walk: of a fault: the access was the unit's own, for the request
 * @access: CORDON_MAY_*: what is permitted to this kind of request
 * @span: log2 of what is translated alike, or CORDON_SPAN_ALL
 * @attr: memory attribute
 * @hit: hardware used a cached translation
 */
struct cordon_verdict {
	u64 out;
	u64 ipa;
	u64 where;
	u8 reason;
	u8 stage;
	s8 level;
	u8 detail;
	bool walk;
	u8 access;
	u8 span;
	u8 attr;
	bool hit;
};

/**
 * enum cordon_step_of - whose entry a step is
 * @CORDON_STEP_DEVICE: of the device directory
 * @CORDON_STEP_PROCESS: of the process directory
 * @CORDON_STEP_S1: of the stage-1 table
 * @CORDON_STEP_S2: of the stage-2 table
 */
enum cordon_step_of {
	CORDON_STEP_DEVICE,
	CORDON_STEP_PROCESS,
	CORDON_STEP_S1,
	CORDON_STEP_S2,
};

/**
 * enum cordon_step_is - what the entry is
 * @CORDON_STEP_UNREADABLE: there is no memory that could be read
 * @CORDON_STEP_ABSENT: it says that there is nothing
 * @CORDON_STEP_MALFORMED: it breaks a rule
 * @CORDON_STEP_POINTER: it leads to a page or a context
 * @CORDON_STEP_TABLE: it leads to a table
 * @CORDON_STEP_BLOCK: it maps a block
 * @CORDON_STEP_PAGE: it maps a page
 */
enum cordon_step_is {
	CORDON_STEP_UNREADABLE,
	CORDON_STEP_ABSENT,
	CORDON_STEP_MALFORMED,
	CORDON_STEP_POINTER,
	CORDON_STEP_TABLE,
	CORDON_STEP_BLOCK,
	CORDON_STEP_PAGE,
};

/**
 * struct cordon_step - one entry that a walk has read
 * @where: its address
 * @value: what was there
 * @leads: the address in it
 * @index: which entry of its table
 * @of: enum cordon_step_of
 * @is: enum cordon_step_is
 * @level: level of its table
 * @user: of a block or page: CORDON_MAY_* of unprivileged requests, with all
 *	that the tables above took away
 * @priv: of privileged ones
 * @limits: of a table: CORDON_LIMIT_*
 * @accessed: of a block or page: its access flag is set
 * @attr: of a block or page: memory attribute
 */
struct cordon_step {
	u64 where;
	u64 value;
	u64 leads;
	u32 index;
	u8 of;
	u8 is;
	s8 level;
	u8 user;
	u8 priv;
	u8 limits;
	bool accessed;
	u8 attr;
};

/* What a table descriptor takes away: its bits 62:59 (spec 4.4). */
#define CORDON_LIMIT_PXN	BIT(0)
#define CORDON_LIMIT_UXN	BIT(1)
#define CORDON_LIMIT_UNPRIV	BIT(2)
#define CORDON_LIMIT_WRITE	BIT(3)

/* Two directories of three levels, two stages of five. */
#define CORDON_WALK_STEPS	16

/**
 * struct cordon_walk - all that a walk has seen
 * @verdict: its result
 * @context: address of the device context; 0 if none was found
 * @dc: the device context
 * @nr: steps
 * @steps: what was read, in order
 */
struct cordon_walk {
	struct cordon_verdict verdict;
	u64 context;
	struct cordon_dc dc;
	unsigned int nr;
	struct cordon_step steps[CORDON_WALK_STEPS];
};

/**
 * struct cordon_walk_env - what a walk is made in
 * @caps: the unit's capabilities
 * @root: CORDON_ROOT_*, as in the register
 * @mair: CORDON_REG_MAIR(0); the other such registers are zero
 * @read: read physical memory; 0, or an error if there is none
 * @opaque: handed to it
 */
struct cordon_walk_env {
	const struct cordon_caps *caps;
	u64 root;
	u64 mair;
	int (*read)(void *opaque, u64 pa, void *buf, size_t len);
	void *opaque;
};

/* walk.c */
void cordon_walk(const struct cordon_walk_env *env,
		 const struct cordon_question *question,
		 struct cordon_walk *walk);
bool cordon_verdict_exceeds(const struct cordon_verdict *cached,
			    const struct cordon_verdict *fresh);
bool cordon_verdict_agrees(const struct cordon_verdict *a,
			   const struct cordon_verdict *b);
int cordon_verdict_describe(const struct cordon_verdict *verdict, char *buf,
			    size_t size);
int cordon_step_describe(const struct cordon_step *step, char *buf, size_t size);

/* debugfs.c, for the tests too */
int cordon_question_parse(struct cordon_unit *unit, char *text,
			  struct cordon_question *question);
void cordon_show_context(struct seq_file *s, const struct cordon_dc *dc);
void cordon_show_contexts(struct seq_file *s, struct cordon_unit *unit);
void cordon_show_queues(struct seq_file *s, struct cordon_unit *unit);
void cordon_show_domains(struct seq_file *s);
void cordon_show_walk(struct seq_file *s, struct cordon_unit *unit,
		      const struct cordon_question *question);

/* port.c */
int cordon_port_ask(struct cordon_unit *unit,
		    const struct cordon_question *question, bool cached,
		    struct cordon_verdict *verdict);

#endif /* _CORDON_WALK_H */
