/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: what can be said of a unit on the command line, and asked of it.
 *
 * Each field of the capability registers (spec 10.2) is a property that can be
 * trimmed until the device is realized. Errors to be made on purpose can be
 * changed at any time, by the monitor's qom-set too. What the model counts is
 * read-only.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "cordon-internal.h"

typedef struct CordonCap {
    const char *name;
    int reg;
    uint64_t mask;
    const char *what;
} CordonCap;

/* Index of a register in cordon_config.cap */
enum { CAP0 = 1, CAP1, CAP2, CAP3, CAP4 };

static const CordonCap cordon_caps[] = {
    { "devid-bits", CAP0, CORDON_CAP0_DEVID, "bits of DeviceIDs" },
    { "pasid-bits", CAP0, CORDON_CAP0_PASID, "bits of PASIDs" },
    { "vmtag-bits", CAP0, CORDON_CAP0_VMTAG, "bits of VM tags" },
    { "dtag-bits", CAP0, CORDON_CAP0_DTAG, "bits of domain tags" },
    { "s1-granules", CAP0, CORDON_CAP0_S1TG, "sum of 1: 4K, 2: 64K, 4: 16K" },
    { "s2-granules", CAP0, CORDON_CAP0_S2TG, "as s1-granules" },
    { "oas", CAP0, CORDON_CAP0_OAS, "bits of PAs, encoded as PS" },
    { "ias", CAP0, CORDON_CAP0_IAS, "most input bits" },
    { "stage1", CAP1, CORDON_CAP1_S1, "stage 1" },
    { "stage2", CAP1, CORDON_CAP1_S2, "stage 2" },
    { "nested", CAP1, CORDON_CAP1_NESTED, "both stages at once" },
    { "guest", CAP1, CORDON_CAP1_GUEST, "process directories of guests" },
    { "ha", CAP1, CORDON_CAP1_HA, "hardware sets access flags" },
    { "hd", CAP1, CORDON_CAP1_HD, "hardware sets dirty state" },
    { "haft", CAP1, CORDON_CAP1_HAFT, "and access flags of tables" },
    { "lva64k", CAP1, CORDON_CAP1_LVA64K, "52 bits with 64K" },
    { "ds", CAP1, CORDON_CAP1_DS, "52 bits with 4K and 16K" },
    { "dirty-log", CAP1, CORDON_CAP1_DIRTY, "dirty log" },
    { "exec", CAP1, CORDON_CAP1_EXEC, "execute attribute" },
    { "priv", CAP1, CORDON_CAP1_PRIV, "privileged attribute" },
    { "atomic", CAP1, CORDON_CAP1_ATOMIC, "atomics of devices" },
    { "snoop", CAP1, CORDON_CAP1_SNOOP, "No-Snoop can be ignored" },
    { "coherent", CAP1, CORDON_CAP1_COHERENT, "coherent with CPUs' caches" },
    { "msi", CAP1, CORDON_CAP1_MSI, "message-signalled interrupts" },
    { "ats", CAP1, CORDON_CAP1_ATS, "ATS" },
    { "pri", CAP1, CORDON_CAP1_PRI, "page requests" },
    { "trust", CAP1, CORDON_CAP1_TRUST, "translated requests can be trusted" },
    { "translated-stage2", CAP1, CORDON_CAP1_T_STAGE2,
      "translated requests through stage 2" },
    { "guest-queues", CAP1, CORDON_CAP1_GUESTQ, "queues for guests" },
    { "port", CAP1, CORDON_CAP1_TRPORT, "translation-request port" },
    { "razwi", CAP1, CORDON_CAP1_RAZWI, "terminated without an error" },
    { "quiesce", CAP1, CORDON_CAP1_QUIESCE, "requests can be held" },
    { "fwb", CAP1, CORDON_CAP1_FWB, "forced write-back" },
    { "queues", CAP2, CORDON_CAP2_CMDQS, "command queues" },
    { "queue-log2", CAP2, CORDON_CAP2_CMDQ_LOG2, "log2 of their length" },
    { "fault-queue-log2", CAP2, CORDON_CAP2_FQ_LOG2, "of the fault queue's" },
    { "request-queue-log2", CAP2, CORDON_CAP2_PRQ_LOG2,
      "of the page-request queue's" },
    { "slots-log2", CAP2, CORDON_CAP2_SLOTS_LOG2, "of a completion area's" },
    { "devmap-log2", CAP2, CORDON_CAP2_DEVMAP_LOG2, "of a device map's" },
    { "merge-entries", CAP2, CORDON_CAP2_MERGE, "faults merged at once" },
    { "counters", CAP3, CORDON_CAP3_COUNTERS, "counters" },
    { "counter-bits", CAP3, CORDON_CAP3_COUNTER_BITS, "bits of a counter" },
    { "atc-device", CAP3, CORDON_CAP3_ATC_DEVICE,
      "invalidations outstanding for a device" },
    { "atc-queue", CAP3, CORDON_CAP3_ATC_QUEUE, "and for a queue" },
    { "atc-time-min", CAP3, CORDON_CAP3_ATC_TIME_MIN,
      "log2 of the shortest time-out in us" },
    { "atc-time-max", CAP3, CORDON_CAP3_ATC_TIME_MAX, "and of the longest" },
    { "merge-time-max", CAP3, CORDON_CAP3_MERGE_TIME_MAX,
      "log2 of the longest merging in us" },
    { "unit-devid", CAP4, CORDON_CAP4_UNIT_DEVID, "the unit's own DeviceID" },
};

static void cordon_get_cap(Object *obj, Visitor *v, const char *name,
                           void *opaque, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    const CordonCap *cap = opaque;
    uint64_t val = (s->cfg.cap[cap->reg] & cap->mask) >> ctz64(cap->mask);

    if (is_power_of_2(cap->mask)) {
        bool flag = val;

        visit_type_bool(v, name, &flag, errp);
    } else {
        visit_type_uint64(v, name, &val, errp);
    }
}

static void cordon_set_cap(Object *obj, Visitor *v, const char *name,
                           void *opaque, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    const CordonCap *cap = opaque;
    int shift = ctz64(cap->mask);
    uint64_t val = 0;
    bool flag = false;

    if (DEVICE(obj)->realized) {
        error_setg(errp, "'%s' is fixed once the unit is there", name);
        return;
    }
    if (is_power_of_2(cap->mask)) {
        if (!visit_type_bool(v, name, &flag, errp)) {
            return;
        }
        val = flag;
    } else if (!visit_type_uint64(v, name, &val, errp)) {
        return;
    }
    if (val > cap->mask >> shift) {
        error_setg(errp, "'%s' is at most %" PRIu64, name, cap->mask >> shift);
        return;
    }
    s->cfg.cap[cap->reg] &= ~cap->mask;
    s->cfg.cap[cap->reg] |= val << shift;
}

typedef struct CordonInject {
    const char *name;
    size_t offset;
    uint64_t max;
    const char *what;
} CordonInject;

#define INJECT(name, field, max, what) \
    { name, offsetof(struct cordon_inject, field), max, what }

static const CordonInject cordon_injections[] = {
    INJECT("inject-stall", stall, UINT64_MAX,
           "queues that take no command: sum of 1 << queue"),
    INJECT("inject-hang", hang, UINT64_MAX,
           "the same, until the queue is disabled"),
    INJECT("inject-fail-every", fail_every, UINT64_MAX,
           "every so many commands one fails; 0: none"),
    INJECT("inject-fail-reason", fail_reason, CORDON_QREASON_FETCH,
           "why: a reason of the specification, 5.6; 0: FETCH"),
    INJECT("inject-lose-every", lose_every, UINT64_MAX,
           "every so many completion words one is not written; 0: none"),
    INJECT("inject-aborts", aborts, BIT(CORDON_ABORTS) - 1,
           "accesses to memory that abort: sum of 1: directories, "
           "2: contexts, 4: tables, 8: queue descriptors, 16: commands, "
           "32: completion words, 64: status lines, 128: fault records, "
           "256: fault blocks, 512: page requests, 1024: messages"),
    INJECT("inject-mutes", mutes, BIT(CORDON_MUTES) - 1,
           "acknowledgments that never come: sum of 1: ROOT, 2: CTRL, "
           "4: queues"),
    INJECT("inject-gone", gone, 1,
           "no power: registers read as ones, nothing passes"),
};

static uint64_t *cordon_inject_field(struct cordon_inject *inject,
                                     const CordonInject *what)
{
    return (uint64_t *)((char *)inject + what->offset);
}

/* Called with the lock held. */
static struct cordon_inject cordon_injected(CordonIommu *s)
{
    return s->model ? *cordon_model_injected(s->model) : s->inject;
}

static void cordon_do_inject(CordonIommu *s, const struct cordon_inject *inject)
{
    s->inject = *inject;
    if (s->model) {
        cordon_model_inject(s->model, inject);
    }
}

static void cordon_get_inject(Object *obj, Visitor *v, const char *name,
                              void *opaque, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    const CordonInject *what = opaque;
    struct cordon_inject inject;
    uint64_t val;
    bool flag;

    qemu_mutex_lock(&s->lock);
    inject = cordon_injected(s);
    qemu_mutex_unlock(&s->lock);
    val = *cordon_inject_field(&inject, what);
    if (what->max == 1) {
        flag = val;
        visit_type_bool(v, name, &flag, errp);
    } else {
        visit_type_uint64(v, name, &val, errp);
    }
}

static void cordon_set_inject(Object *obj, Visitor *v, const char *name,
                              void *opaque, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    const CordonInject *what = opaque;
    struct cordon_inject inject;
    uint64_t val = 0;
    bool flag = false;

    if (what->max == 1) {
        if (!visit_type_bool(v, name, &flag, errp)) {
            return;
        }
        val = flag;
    } else if (!visit_type_uint64(v, name, &val, errp)) {
        return;
    }
    if (val > what->max) {
        error_setg(errp, "'%s' is at most %" PRIu64, name, what->max);
        return;
    }
    qemu_mutex_lock(&s->lock);
    inject = cordon_injected(s);
    *cordon_inject_field(&inject, what) = val;
    cordon_do_inject(s, &inject);
    qemu_mutex_unlock(&s->lock);
    if (s->model) {
        cordon_settle(s);
    }
}

/* The model's ticks are not known until the device is realized. */
static void cordon_get_slow(Object *obj, Visitor *v, const char *name,
                            void *opaque, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);

    visit_type_uint64(v, name, &s->inject_slow, errp);
}

static void cordon_set_slow(Object *obj, Visitor *v, const char *name,
                            void *opaque, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    struct cordon_inject inject;
    uint64_t val;

    if (!visit_type_uint64(v, name, &val, errp)) {
        return;
    }
    s->inject_slow = val;
    if (!s->model) {
        return;
    }
    qemu_mutex_lock(&s->lock);
    inject = cordon_injected(s);
    inject.slow = val / s->period_ns;
    cordon_do_inject(s, &inject);
    qemu_mutex_unlock(&s->lock);
    cordon_settle(s);
}

/*
 * Without power a unit does nothing at all, and what it knew is lost: with power
 * again it is as out of reset (spec 12.5, 14.4).
 */
static bool cordon_get_power(Object *obj, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    bool gone;

    qemu_mutex_lock(&s->lock);
    gone = cordon_injected(s).gone;
    qemu_mutex_unlock(&s->lock);
    return !gone;
}

static void cordon_set_power(Object *obj, bool on, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    struct cordon_inject inject;

    if (!s->model) {
        error_setg(errp, "'power' is there when the device is");
        return;
    }
    qemu_mutex_lock(&s->lock);
    inject = cordon_injected(s);
    inject.gone = !on;
    cordon_model_reset(s->model);
    s->outputs = 0;
    g_array_set_size(s->messages, 0);
    cordon_do_inject(s, &inject);
    qemu_mutex_unlock(&s->lock);
    cordon_settle(s);
}

typedef struct CordonStat {
    const char *name;
    size_t offset;
    const char *what;
} CordonStat;

#define STAT(name, field, what) \
    { name, offsetof(struct cordon_stats, field), what }
#define VIOLATION(name, kind, what) \
    { name, offsetof(struct cordon_stats, violations[kind]), what }

static const CordonStat cordon_stats[] = {
    STAT("commands", commands, "commands taken"),
    STAT("syncs", syncs, "completion words written"),
    STAT("reg-reads", reg_reads, "register reads"),
    STAT("reg-writes", reg_writes, "register writes"),
    STAT("irqs", irqs, "rising outputs and messages"),
    STAT("faults", faults, "requests terminated"),
    STAT("stale", stale, "uses of stale entries"),
    STAT("injected", injected, "errors made on purpose"),
    VIOLATION("violations-stale", CORDON_VIOLATION_STALE,
              "violations: uses of stale entries"),
    VIOLATION("violations-access", CORDON_VIOLATION_ACCESS,
              "violations: register accesses"),
    VIOLATION("violations-command", CORDON_VIOLATION_COMMAND,
              "violations: queues stopped"),
    VIOLATION("violations-structure", CORDON_VIOLATION_STRUCTURE,
              "violations: structures in memory"),
    VIOLATION("violations-rule", CORDON_VIOLATION_RULE, "violations: others"),
};

static void cordon_get_stat(Object *obj, Visitor *v, const char *name,
                            void *opaque, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    const CordonStat *stat = opaque;
    uint64_t val = 0;

    if (s->model) {
        qemu_mutex_lock(&s->lock);
        val = *(const uint64_t *)((const char *)cordon_model_stats(s->model) +
                                  stat->offset);
        qemu_mutex_unlock(&s->lock);
    }
    visit_type_uint64(v, name, &val, errp);
}

static void cordon_get_violations(Object *obj, Visitor *v, const char *name,
                                  void *opaque, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    uint64_t sum = 0;

    if (s->model) {
        qemu_mutex_lock(&s->lock);
        for (int i = 0; i < CORDON_VIOLATIONS; i++) {
            sum += cordon_model_stats(s->model)->violations[i];
        }
        qemu_mutex_unlock(&s->lock);
    }
    visit_type_uint64(v, name, &sum, errp);
}

static char *cordon_get_last_violation(Object *obj, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(obj);
    char *text;

    qemu_mutex_lock(&s->lock);
    text = g_strdup(s->last_violation ?: "");
    qemu_mutex_unlock(&s->lock);
    return text;
}

void cordon_add_properties(ObjectClass *klass)
{
    for (size_t i = 0; i < ARRAY_SIZE(cordon_caps); i++) {
        const CordonCap *cap = &cordon_caps[i];

        object_class_property_add(klass, cap->name,
                                  is_power_of_2(cap->mask) ? "bool" : "uint64",
                                  cordon_get_cap, cordon_set_cap, NULL,
                                  (void *)cap);
        object_class_property_set_description(klass, cap->name, cap->what);
    }
    for (size_t i = 0; i < ARRAY_SIZE(cordon_injections); i++) {
        const CordonInject *what = &cordon_injections[i];

        object_class_property_add(klass, what->name,
                                  what->max == 1 ? "bool" : "uint64",
                                  cordon_get_inject, cordon_set_inject, NULL,
                                  (void *)what);
        object_class_property_set_description(klass, what->name, what->what);
    }
    object_class_property_add_bool(klass, "power", cordon_get_power,
                                   cordon_set_power);
    object_class_property_set_description(klass, "power",
        "off: registers read as ones and are lost; on: out of reset");
    object_class_property_add(klass, "inject-slow", "uint64", cordon_get_slow,
                              cordon_set_slow, NULL, NULL);
    object_class_property_set_description(klass, "inject-slow",
        "ns more that each command and each acknowledgment takes");
    for (size_t i = 0; i < ARRAY_SIZE(cordon_stats); i++) {
        const CordonStat *stat = &cordon_stats[i];

        object_class_property_add(klass, stat->name, "uint64",
                                  cordon_get_stat, NULL, NULL, (void *)stat);
        object_class_property_set_description(klass, stat->name, stat->what);
    }
    object_class_property_add(klass, "violations", "uint64",
                              cordon_get_violations, NULL, NULL, NULL);
    object_class_property_set_description(klass, "violations",
                                          "rules that software broke");
    object_class_property_add_str(klass, "last-violation",
                                  cordon_get_last_violation, NULL);
    object_class_property_set_description(klass, "last-violation",
                                          "the newest of them, in words");
}
