/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cordon IOMMU: tracepoints.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cordon

#if !defined(_CORDON_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _CORDON_TRACE_H

#include <linux/tracepoint.h>

#include "cordon.h"

#define cordon_show_state(state)				\
	__print_symbolic(state,					\
			 { CORDON_UNIT_STOPPED, "stopped" },	\
			 { CORDON_UNIT_RUNNING, "running" },	\
			 { CORDON_UNIT_DEAD, "dead" })

/* A device was attached to a domain, or could not be. */
TRACE_EVENT(cordon_attach,
	    TP_PROTO(struct device *unit, struct device *dev, const char *type,
		     struct cordon_tags tags, int ret),
	    TP_ARGS(unit, dev, type, tags, ret),
	    TP_STRUCT__entry(__string(unit, dev_name(unit))
			     __string(dev, dev_name(dev))
			     __string(type, type)
			     __field(u32, dtag)
			     __field(u16, vmtag)
			     __field(int, ret)),
	    TP_fast_assign(__assign_str(unit);
			   __assign_str(dev);
			   __assign_str(type);
			   __entry->dtag = tags.dtag;
			   __entry->vmtag = tags.vmtag;
			   __entry->ret = ret;),
	    TP_printk("%s: %s to %s domain, vmtag=%u dtag=%u ret=%d",
		      __get_str(unit), __get_str(dev), __get_str(type),
		      __entry->vmtag, __entry->dtag, __entry->ret)
);

/* Writes of a domain's devices are logged from now on, or are not (spec 12.4). */
TRACE_EVENT(cordon_dirty_tracking,
	    TP_PROTO(struct cordon_tags tags, const char *name, bool on, int ret),
	    TP_ARGS(tags, name, on, ret),
	    TP_STRUCT__entry(__field(u32, dtag)
			     __field(u16, vmtag)
			     __string(name, name)
			     __field(bool, on)
			     __field(int, ret)),
	    TP_fast_assign(__entry->dtag = tags.dtag;
			   __entry->vmtag = tags.vmtag;
			   __assign_str(name);
			   __entry->on = on;
			   __entry->ret = ret;),
	    TP_printk("vmtag=%u dtag=%u (%s) on=%d ret=%d", __entry->vmtag,
		      __entry->dtag, __get_str(name), __entry->on, __entry->ret)
);

/* Pages were mapped, or only some of them (spec 11.2: no command follows). */
TRACE_EVENT(cordon_map,
	    TP_PROTO(struct cordon_tags tags, const char *name, u64 iova, u64 paddr, u64 size,
		     int prot, int ret),
	    TP_ARGS(tags, name, iova, paddr, size, prot, ret),
	    TP_STRUCT__entry(__field(u32, dtag)
			     __field(u16, vmtag)
			     __string(name, name)
			     __field(u64, iova)
			     __field(u64, paddr)
			     __field(u64, size)
			     __field(int, prot)
			     __field(int, ret)),
	    TP_fast_assign(__entry->dtag = tags.dtag;
			   __entry->vmtag = tags.vmtag;
			   __assign_str(name);
			   __entry->iova = iova;
			   __entry->paddr = paddr;
			   __entry->size = size;
			   __entry->prot = prot;
			   __entry->ret = ret;),
	    TP_printk("vmtag=%u dtag=%u (%s) iova=0x%llx paddr=0x%llx size=0x%llx prot=%s ret=%d",
		      __entry->vmtag, __entry->dtag, __get_str(name), __entry->iova,
		      __entry->paddr, __entry->size,
		      __print_flags(__entry->prot, "|",
				    { IOMMU_READ, "read" },
				    { IOMMU_WRITE, "write" },
				    { IOMMU_CACHE, "cache" },
				    { IOMMU_NOEXEC, "noexec" },
				    { IOMMU_MMIO, "mmio" },
				    { IOMMU_PRIV, "priv" }),
		      __entry->ret)
);

/* Pages were unmapped; their invalidation follows, or comes later if lazy. */
TRACE_EVENT(cordon_unmap,
	    TP_PROTO(struct cordon_tags tags, const char *name, u64 iova, u64 size, bool lazy),
	    TP_ARGS(tags, name, iova, size, lazy),
	    TP_STRUCT__entry(__field(u32, dtag)
			     __field(u16, vmtag)
			     __string(name, name)
			     __field(u64, iova)
			     __field(u64, size)
			     __field(bool, lazy)),
	    TP_fast_assign(__entry->dtag = tags.dtag;
			   __entry->vmtag = tags.vmtag;
			   __assign_str(name);
			   __entry->iova = iova;
			   __entry->size = size;
			   __entry->lazy = lazy;),
	    TP_printk("vmtag=%u dtag=%u (%s) iova=0x%llx size=0x%llx lazy=%d",
		      __entry->vmtag, __entry->dtag, __get_str(name), __entry->iova,
		      __entry->size, __entry->lazy)
);

#define cordon_show_op(op)						\
	__print_symbolic((op) & CORDON_CMD_OP,				\
			 { CORDON_OP_SYNC, "SYNC" },			\
			 { CORDON_OP_INV_ALL, "INV_ALL" },		\
			 { CORDON_OP_INV_DEVICE, "INV_DEVICE" },	\
			 { CORDON_OP_INV_PROCESS, "INV_PROCESS" },	\
			 { CORDON_OP_INV_RANGE, "INV_RANGE" },		\
			 { CORDON_OP_INV_DTAG, "INV_DTAG" },		\
			 { CORDON_OP_INV_VMTAG, "INV_VMTAG" },		\
			 { CORDON_OP_INV_S2RANGE, "INV_S2RANGE" },	\
			 { CORDON_OP_INV_ATC, "INV_ATC" },		\
			 { CORDON_OP_RESPOND, "RESPOND" })

/* What was taken from a domain is invalidated on one unit (spec 11.2). */
TRACE_EVENT(cordon_invalidate,
	    TP_PROTO(struct device *unit, struct cordon_tags tags, const char *name,
		     const struct cordon_cmd *cmd),
	    TP_ARGS(unit, tags, name, cmd),
	    TP_STRUCT__entry(__string(unit, dev_name(unit))
			     __field(u32, dtag)
			     __field(u16, vmtag)
			     __string(name, name)
			     __field(u64, op)
			     __field(u64, target)
			     __field(u64, first)
			     __field(u64, last)),
	    TP_fast_assign(__assign_str(unit);
			   __entry->dtag = tags.dtag;
			   __entry->vmtag = tags.vmtag;
			   __assign_str(name);
			   __entry->op = le64_to_cpu(cmd->op);
			   __entry->target = le64_to_cpu(cmd->target);
			   __entry->first = le64_to_cpu(cmd->first);
			   __entry->last = le64_to_cpu(cmd->last);),
	    TP_printk("%s: vmtag=%u dtag=%u (%s) op=%s first=0x%llx last=0x%llx leaf=%d",
		      __get_str(unit), __entry->vmtag, __entry->dtag, __get_str(name),
		      cordon_show_op(__entry->op),
		      __entry->first, __entry->last,
		      !!(__entry->target & CORDON_TGT_LEAF))
);

/* A command was written to a queue (spec 5.3). */
TRACE_EVENT(cordon_command,
	    TP_PROTO(struct device *unit, unsigned int queue, u32 index,
		     const struct cordon_cmd *cmd),
	    TP_ARGS(unit, queue, index, cmd),
	    TP_STRUCT__entry(__string(unit, dev_name(unit))
			     __field(u32, queue)
			     __field(u32, index)
			     __field(u64, op)
			     __field(u64, target)
			     __field(u64, first)
			     __field(u64, last)),
	    TP_fast_assign(__assign_str(unit);
			   __entry->queue = queue;
			   __entry->index = index;
			   __entry->op = le64_to_cpu(cmd->op);
			   __entry->target = le64_to_cpu(cmd->target);
			   __entry->first = le64_to_cpu(cmd->first);
			   __entry->last = le64_to_cpu(cmd->last);),
	    TP_printk("%s: queue %u index %u op=%s target=0x%llx first=0x%llx last=0x%llx",
		      __get_str(unit), __entry->queue, __entry->index,
		      cordon_show_op(__entry->op),
		      __entry->target, __entry->first, __entry->last)
);

/* The last of some commands is complete, or was given up (spec 5.5). */
TRACE_EVENT(cordon_completion,
	    TP_PROTO(struct device *unit, unsigned int queue, u32 index,
		     unsigned int commands, u64 latency, int ret),
	    TP_ARGS(unit, queue, index, commands, latency, ret),
	    TP_STRUCT__entry(__string(unit, dev_name(unit))
			     __field(u32, queue)
			     __field(u32, index)
			     __field(u32, commands)
			     __field(u64, latency)
			     __field(int, ret)),
	    TP_fast_assign(__assign_str(unit);
			   __entry->queue = queue;
			   __entry->index = index;
			   __entry->commands = commands;
			   __entry->latency = latency;
			   __entry->ret = ret;),
	    TP_printk("%s: queue %u index %u commands=%u latency=%llu ret=%d",
		      __get_str(unit), __entry->queue, __entry->index,
		      __entry->commands, __entry->latency, __entry->ret)
);

/* A unit is put to use, is stopped, or does not answer any more. */
TRACE_EVENT(cordon_state,
	    TP_PROTO(struct device *unit, int from, int to),
	    TP_ARGS(unit, from, to),
	    TP_STRUCT__entry(__string(unit, dev_name(unit))
			     __field(int, from)
			     __field(int, to)),
	    TP_fast_assign(__assign_str(unit);
			   __entry->from = from;
			   __entry->to = to;),
	    TP_printk("%s: from=%s new=%s", __get_str(unit),
		      cordon_show_state(__entry->from),
		      cordon_show_state(__entry->to))
);

/* A fault record was taken from the queue (spec 6.2); none is left out. */
TRACE_EVENT(cordon_fault,
	    TP_PROTO(struct device *unit, const char *dev,
		     const struct cordon_fault_event *event),
	    TP_ARGS(unit, dev, event),
	    TP_STRUCT__entry(__string(unit, dev_name(unit))
			     __string(dev, dev)
			     __field(u64, addr)
			     __field(u64, ipa)
			     __field(u64, where)
			     __field(u64, time)
			     __field(u32, devid)
			     __field(u32, pasid)
			     __field(u32, dtag)
			     __field(u32, count)
			     __field(u16, vmtag)
			     __field(u8, reason)
			     __field(u8, stage)
			     __field(s8, level)
			     __field(u8, detail)
			     __field(u8, access)
			     __field(bool, pv)
			     __field(bool, repeat)),
	    TP_fast_assign(__assign_str(unit);
			   __assign_str(dev);
			   __entry->addr = event->addr;
			   __entry->ipa = event->ipa;
			   __entry->where = event->where;
			   __entry->time = event->time;
			   __entry->devid = event->devid;
			   __entry->pasid = event->pasid;
			   __entry->dtag = event->dtag;
			   __entry->count = event->count;
			   __entry->vmtag = event->vmtag;
			   __entry->reason = event->reason;
			   __entry->stage = event->stage;
			   __entry->level = event->level;
			   __entry->detail = event->detail;
			   __entry->access = event->read | event->write << 1 |
					     event->exec << 2 |
					     event->priv << 3 |
					     event->atomic << 4;
			   __entry->pv = event->pv;
			   __entry->repeat = event->repeat;),
	    TP_printk("%s: %s devid=0x%x pasid=%d access=%s addr=0x%llx ipa=0x%llx reason=0x%02x stage=%u level=%d detail=%u vmtag=%u dtag=%u count=%u%s where=0x%llx time=%llu",
		      __get_str(unit), __get_str(dev), __entry->devid,
		      __entry->pv ? (int)__entry->pasid : -1,
		      __print_flags(__entry->access, "|",
				    { 1, "read" }, { 2, "write" },
				    { 4, "exec" }, { 8, "priv" },
				    { 16, "atomic" }),
		      __entry->addr, __entry->ipa, __entry->reason,
		      __entry->stage, __entry->level, __entry->detail,
		      __entry->vmtag, __entry->dtag, __entry->count,
		      __entry->repeat ? " repeat" : "", __entry->where,
		      __entry->time)
);

/* A queue stopped at a command, which is skipped (spec 5.6). */
TRACE_EVENT(cordon_command_stopped,
	    TP_PROTO(struct device *unit, unsigned int queue, u32 index,
		     unsigned int reason, const struct cordon_cmd *cmd),
	    TP_ARGS(unit, queue, index, reason, cmd),
	    TP_STRUCT__entry(__string(unit, dev_name(unit))
			     __field(u32, queue)
			     __field(u32, index)
			     __field(u32, reason)
			     __field(u64, op)
			     __field(u64, target)
			     __field(u64, first)
			     __field(u64, last)),
	    TP_fast_assign(__assign_str(unit);
			   __entry->queue = queue;
			   __entry->index = index;
			   __entry->reason = reason;
			   __entry->op = le64_to_cpu(cmd->op);
			   __entry->target = le64_to_cpu(cmd->target);
			   __entry->first = le64_to_cpu(cmd->first);
			   __entry->last = le64_to_cpu(cmd->last);),
	    TP_printk("%s: queue %u index %u reason=0x%02x op=0x%llx target=0x%llx first=0x%llx last=0x%llx",
		      __get_str(unit), __entry->queue, __entry->index,
		      __entry->reason, __entry->op, __entry->target,
		      __entry->first, __entry->last)
);

#endif /* _CORDON_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
