/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cordon IOMMU: the oracle, a second opinion about chapter 4.
 *
 * One pure function of memory, registers and a request, written from
 * Documentation/iommu/cordon/specification.rst and include/linux/cordon_hw.h
 * alone, by someone who did not read the reference model. It keeps nothing
 * between two calls and changes nothing: what hardware would write is listed in
 * the answer. Where oracle and model differ, one of them misreads the text, or
 * the text can be read in two ways.
 */
#ifndef CORDON_ORACLE_H
#define CORDON_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

struct cordon_request;

#define ORACLE_UPDATES	96
#define ORACLE_READS	640

/**
 * struct oracle_machine - what a request meets
 * @root: CORDON_REG_ROOT, as it reads back
 * @caps: CORDON_REG_ID, then CORDON_REG_CAP0 to CORDON_REG_CAP4, as they read back
 * @mair: CORDON_REG_MAIR(0) to (3)
 * @cas_losses: how many compare-and-swap operations of this request find that
 *	somebody else has changed an ignored bit of the descriptor (spec 4.4)
 * @read: copy @n dwords from @addr, in the CPU's byte order; false if it aborts
 * @writable: whether a write of the dword at @addr would not abort
 * @opaque: handed to the callbacks
 */
struct oracle_machine {
	uint64_t root;
	uint64_t caps[6];
	uint64_t mair[4];
	unsigned int cas_losses;
	bool (*read)(void *opaque, uint64_t addr, uint64_t *dwords, unsigned int n);
	bool (*writable)(void *opaque, uint64_t addr);
	void *opaque;
};

/**
 * struct oracle_update - a change of memory: dword = (dword & ~clear) | set
 * @addr: PA of the dword
 * @clear: bits that become zero
 * @set: bits that become one
 */
struct oracle_update {
	uint64_t addr;
	uint64_t clear;
	uint64_t set;
};

/* what a dword that the oracle read was */
enum oracle_kind {
	ORACLE_DD_POINTER,	/* @level of the directory */
	ORACLE_DC,
	ORACLE_PD_POINTER,
	ORACLE_PC,
	ORACLE_S1,		/* descriptor; @input is the IOVA */
	ORACLE_S2,		/* descriptor; @input is the IPA */
	ORACLE_DL_POINTER,	/* @input is the IPA */
	ORACLE_DL_BITS,
};

/**
 * struct oracle_read - one structure that took part in the decision
 * @kind: enum oracle_kind
 * @level: level of the descriptor or of the directory page
 * @addr: PA
 * @input: what it helped to translate
 */
struct oracle_read {
	uint8_t kind;
	int8_t level;
	uint64_t addr;
	uint64_t input;
};

/**
 * struct oracle_answer - what becomes of the request, as the fault record and the port say it
 * @reason: CORDON_REASON_*; zero: it passes
 * @stage: spec 6.2
 * @level: spec 6.2
 * @walk: spec 6.2
 * @detail: spec 6.2
 * @ipa: spec 6.2 and 9.1
 * @where: spec 6.2
 * @addr: PA; of an ATS translation request with STAGE2 the IPA
 * @span_log2: log2 of the greatest span that hardware may translate alike, or 63
 * @read: the tables permit reads
 * @write: the tables permit writes
 * @exec: the tables permit execution
 * @clean: a write would have to set dirty state first
 * @logs: a write would have to be logged first
 * @attr: spec 9.1
 * @silent: spec 6.5; it says SILENT of the context or of ROOT
 * @razwi: spec 3.3.1
 * @acc_read: the request reads, after policy
 * @acc_write: the request writes
 * @acc_exec: the request executes, after policy
 * @acc_priv: the request is privileged, after policy
 * @found: a device context was found, and the members below are valid
 * @tabled: stage 1 is TABLE, and @dtag, @s1root and @s1fmt name its table
 * @vmtag: VM tag
 * @dtag: domain tag in force (spec 6.2)
 * @s1root: stage-1 table
 * @s1fmt: its format
 * @s2root: stage-2 table, if @vmtag
 * @s2fmt: its format
 * @fault: fault block of the device context, or zero
 * @nr_updates: how many of @updates are there
 * @updates: what hardware writes, in order
 * @nr_reads: how many of @reads are there
 * @reads: what the decision was made from
 */
struct oracle_answer {
	uint8_t reason;
	uint8_t stage;
	uint8_t level;
	bool walk;
	uint8_t detail;
	uint64_t ipa;
	uint64_t where;
	uint64_t addr;
	uint8_t span_log2;
	bool read;
	bool write;
	bool exec;
	bool clean;
	bool logs;
	uint8_t attr;
	bool silent;
	bool razwi;
	bool acc_read;
	bool acc_write;
	bool acc_exec;
	bool acc_priv;
	bool found;
	bool tabled;
	uint16_t vmtag;
	uint32_t dtag;
	uint64_t s1root;
	uint64_t s1fmt;
	uint64_t s2root;
	uint64_t s2fmt;
	uint64_t fault;
	unsigned int nr_updates;
	struct oracle_update updates[ORACLE_UPDATES];
	unsigned int nr_reads;
	struct oracle_read reads[ORACLE_READS];
};

/**
 * struct oracle_ats - an answer to an ATS translation request (spec 4.8)
 * @status: 0 success, 1 Unsupported Request, 4 Completer Abort
 * @read: may be read; and so on
 * @write: may be written
 * @exec: may be executed
 * @exec_counts: policy lets execute count
 * @silent: the context in force is silent
 * @recorded: a fault is recorded
 * @sure: something was asked for; otherwise what is given is left open
 * @addr: where it leads, if there is a right
 */
struct oracle_ats {
	uint8_t status;
	bool read, write, exec;
	bool exec_counts;
	bool silent;
	bool recorded;
	bool sure;
	uint64_t addr;
};

void oracle_ats(const struct oracle_machine *machine, const struct cordon_request *request,
		struct oracle_ats *ats);
uint8_t oracle_page_request(const struct oracle_machine *machine,
			    const struct cordon_request *request, struct oracle_answer *answer);
void oracle_translate(const struct oracle_machine *machine, const struct cordon_request *request,
		      struct oracle_answer *answer);

#endif /* CORDON_ORACLE_H */
