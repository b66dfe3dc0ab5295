/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: -device cordon-iommu, the reference model as a device of a machine.
 *
 * The hardware is in the model; here are its registers' place, its interrupts,
 * its clock and its life: reset and migration.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/memalign.h"
#include "exec/address-spaces.h"
#include "hw/core/cpu.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "cordon-internal.h"
#include "trace.h"

#define CORDON_DEFAULT_HZ NANOSECONDS_PER_SECOND

const char *cordon_name(const CordonIommu *s)
{
    const DeviceState *dev = DEVICE(s);

    return dev->id ?: dev->canonical_path ?: TYPE_CORDON_IOMMU;
}

/* The system counter (spec 1.5), as the CPUs' generic timers derive it. */
static uint64_t cordon_now(void *opaque)
{
    CordonIommu *s = opaque;

    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) / s->period_ns;
}

/* Called with the lock held; cordon_settle() carries it out. */
static void cordon_set_output(void *opaque, unsigned int line, bool level)
{
    CordonIommu *s = opaque;

    s->outputs = deposit32(s->outputs, line, 1, level);
}

/*
 * A message may be for a device that takes the BQL, which is not to be taken
 * here, so it is sent by cordon_settle(); whether there is anybody to send it
 * to is known now.
 */
static int cordon_send_message(void *opaque, uint64_t addr, uint32_t data)
{
    CordonIommu *s = opaque;
    CordonMsi msi = { .addr = addr, .data = data };

    if (!address_space_access_valid(&address_space_memory, addr, 4, true,
                                    MEMTXATTRS_UNSPECIFIED)) {
        return -EFAULT;
    }
    g_array_append_val(s->messages, msi);
    return 0;
}

static void cordon_violation(void *opaque, enum cordon_violation kind,
                             const char *text)
{
    CordonIommu *s = opaque;

    qemu_log_mask(LOG_GUEST_ERROR, "cordon: %s: %s\n", cordon_name(s), text);
    trace_cordon_violation(cordon_name(s), kind, text);
    g_free(s->last_violation);
    s->last_violation = g_strdup(text);
}

static __attribute__((noinline))
void cordon_trace_one(CordonIommu *s, enum cordon_trace event, uint64_t a,
                      uint64_t b, uint64_t c, uint64_t d)
{
    const char *name = cordon_name(s);

    switch (event) {
    case CORDON_TRACE_COMMAND:
        trace_cordon_command(name, a, b, c, d);
        break;
    case CORDON_TRACE_COMPLETE:
        trace_cordon_completion(name, a, b, c);
        break;
    case CORDON_TRACE_TRANSLATE:
        trace_cordon_translate(name, a, b, c, d);
        break;
    case CORDON_TRACE_FAULT:
        trace_cordon_fault(name, a, b, c, d);
        break;
    case CORDON_TRACE_ROOT:
        trace_cordon_root(name, a);
        break;
    case CORDON_TRACE_QUEUE:
        trace_cordon_queue(name, a, b, c);
        break;
    }
}

static void cordon_trace(void *opaque, enum cordon_trace event, uint64_t a,
                         uint64_t b, uint64_t c, uint64_t d)
{
    /* the one that comes with each request, and is seldom wanted */
    if (event != CORDON_TRACE_TRANSLATE ||
        trace_event_get_state_backends(TRACE_CORDON_TRANSLATE)) {
        cordon_trace_one(opaque, event, a, b, c, d);
    }
}

static const struct cordon_ops cordon_model_ops = {
    .read = cordon_memory_read,
    .write = cordon_memory_write,
    .cas = cordon_memory_cas,
    .or8 = cordon_memory_or8,
    .irq = cordon_set_output,
    .msi = cordon_send_message,
    .now = cordon_now,
    .invalidated = cordon_dma_invalidated,
    .violation = cordon_violation,
    .trace = cordon_trace,
};

/* Called with the BQL held, and the lock not. */
static void cordon_drive(CordonIommu *s)
{
    g_autoptr(GArray) messages = NULL;
    uint32_t outputs;

    qemu_mutex_lock(&s->lock);
    outputs = s->outputs;
    if (s->messages->len) {
        messages = s->messages;
        s->messages = g_array_new(false, false, sizeof(CordonMsi));
    }
    if (s->deadline == UINT64_MAX) {
        timer_del(s->timer);
    } else {
        uint64_t latest = INT64_MAX / s->period_ns;

        timer_mod(s->timer, MIN(s->deadline, latest) * s->period_ns);
    }
    qemu_mutex_unlock(&s->lock);

    for (int i = 0; i < CORDON_INTS; i++) {
        qemu_set_irq(s->irq[i], extract32(outputs, i, 1));
    }
    for (guint i = 0; messages && i < messages->len; i++) {
        const CordonMsi *msi = &g_array_index(messages, CordonMsi, i);
        MemTxAttrs attrs = {
            .requester_id = extract64(s->cfg.cap[5], 32, 24),
        };

        trace_cordon_message(cordon_name(s), msi->addr, msi->data);
        address_space_stl_le(&address_space_memory, msi->addr, msi->data,
                             attrs, NULL);
    }
}

/* Let the model do what time has made due. Called with the BQL held. */
static void cordon_tick(void *opaque)
{
    CordonIommu *s = opaque;

    qemu_mutex_lock(&s->lock);
    s->deadline = cordon_model_tick(s->model);
    qemu_mutex_unlock(&s->lock);
    cordon_drive(s);
}

void cordon_settle(CordonIommu *s)
{
    if (bql_locked()) {
        cordon_tick(s);
    } else {
        qemu_bh_schedule(s->bh);
    }
}

static NotifierList cordon_steps = NOTIFIER_LIST_INITIALIZER(cordon_steps);

void cordon_iommu_add_step(Notifier *step)
{
    notifier_list_add(&cordon_steps, step);
}

static uint64_t cordon_mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    CordonIommu *s = opaque;
    uint64_t val;

    notifier_list_notify(&cordon_steps, s);
    qemu_mutex_lock(&s->lock);
    val = cordon_model_mmio_read(s->model, addr, size);
    qemu_mutex_unlock(&s->lock);
    trace_cordon_reg_read(cordon_name(s), addr, size, val);
    /* reading breaks a rule if there is no register, which may interrupt */
    cordon_settle(s);
    notifier_list_notify(&cordon_steps, s);
    return val;
}

static void cordon_mmio_write(void *opaque, hwaddr addr, uint64_t val,
                              unsigned size)
{
    CordonIommu *s = opaque;

    notifier_list_notify(&cordon_steps, s);
    trace_cordon_reg_write(cordon_name(s), addr, size, val);
    qemu_mutex_lock(&s->lock);
    cordon_model_mmio_write(s->model, addr, val, size);
    qemu_mutex_unlock(&s->lock);
    cordon_settle(s);
    notifier_list_notify(&cordon_steps, s);
}

/* Each access reaches the model as it was made: spec 10.1 judges it. */
static const MemoryRegionOps cordon_mmio_ops = {
    .read = cordon_mmio_read,
    .write = cordon_mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static uint64_t cordon_razwi_read(void *opaque, hwaddr addr, unsigned size)
{
    return 0;
}

static void cordon_razwi_write(void *opaque, hwaddr addr, uint64_t val,
                               unsigned size)
{
}

static const MemoryRegionOps cordon_razwi_ops = {
    .read = cordon_razwi_read,
    .write = cordon_razwi_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* What the CPUs say in CNTFRQ_EL0; one without a generic timer says nothing. */
static uint32_t cordon_counter_hz(void)
{
    uint64_t hz = 0;

    if (first_cpu && object_property_find(OBJECT(first_cpu), "cntfrq")) {
        hz = object_property_get_uint(OBJECT(first_cpu), "cntfrq",
                                      &error_abort);
    }
    return hz && hz <= NANOSECONDS_PER_SECOND ? hz : CORDON_DEFAULT_HZ;
}

static bool cordon_make_model(CordonIommu *s, Error **errp)
{
    uint32_t hz = cordon_counter_hz();
    const char *why = "out of range";
    size_t size;
    void *mem;

    s->period_ns = NANOSECONDS_PER_SECOND / hz;
    s->cfg.cap[5] &= ~CORDON_CAP4_TIME_HZ;
    s->cfg.cap[5] |= hz;
    s->cfg.stale_grace = s->check_grace / s->period_ns;
    s->cfg.command_latency = s->command_latency / s->period_ns;
    size = cordon_model_size(&s->cfg);
    mem = qemu_memalign(64, size);
    memset(mem, 0, size);
    s->model = cordon_model_init(mem, &s->cfg, &cordon_model_ops, s, &why);
    if (!s->model) {
        error_setg(errp, "capabilities do not fit together: %s", why);
        qemu_vfree(mem);
        return false;
    }
    s->inject.slow = s->inject_slow / s->period_ns;
    cordon_model_inject(s->model, &s->inject);
    return true;
}

static void cordon_realize(DeviceState *dev, Error **errp)
{
    CordonIommu *s = CORDON_IOMMU(dev);

    s->deadline = UINT64_MAX;
    s->messages = g_array_new(false, false, sizeof(CordonMsi));
    if (!cordon_make_model(s, errp) || !cordon_dma_init(s, errp)) {
        return;
    }
    s->bh = qemu_bh_new_guarded(cordon_tick, s, &dev->mem_reentrancy_guard);
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, cordon_tick, s);
    memory_region_init_io(&s->mmio, OBJECT(s), &cordon_mmio_ops, s,
                          TYPE_CORDON_IOMMU, cordon_model_mmio_size(s->model));
    sysbus_init_mmio(SYS_BUS_DEVICE(s), &s->mmio);
    memory_region_init_io(&s->razwi, OBJECT(s), &cordon_razwi_ops, s,
                          TYPE_CORDON_IOMMU "-razwi", UINT64_MAX);
    address_space_init(&s->razwi_as, &s->razwi, TYPE_CORDON_IOMMU "-razwi");
}

static void cordon_instance_init(Object *obj)
{
    CordonIommu *s = CORDON_IOMMU(obj);

    qemu_mutex_init(&s->lock);
    cordon_model_default_config(&s->cfg);
    /* what a board can afford: the registers take 128 KiB for each queue */
    object_property_set_uint(obj, "queues", 8, &error_abort);
    /* a requester ID that no device of the machine has */
    object_property_set_uint(obj, "unit-devid", 0xffff, &error_abort);
    /* nobody on this machine asks for translations of its own */
    object_property_set_bool(obj, "ats", false, &error_abort);
    object_property_set_bool(obj, "pri", false, &error_abort);
    object_property_set_bool(obj, "trust", false, &error_abort);
    object_property_set_bool(obj, "translated-stage2", false, &error_abort);
    object_property_set_uint(obj, "request-queue-log2", 0, &error_abort);
    s->cfg.check_stale = true;
    for (int i = 0; i < CORDON_INTS; i++) {
        sysbus_init_irq(SYS_BUS_DEVICE(s), &s->irq[i]);
    }
}

/*
 * After the devices', which are quiet then: what one of them does while the
 * machine resets is no fault of the guest's.
 */
static void cordon_reset_exit(Object *obj, ResetType type)
{
    CordonIommu *s = CORDON_IOMMU(obj);

    cordon_dma_reset(s);
    qemu_mutex_lock(&s->lock);
    cordon_model_reset(s->model);
    s->outputs = 0;
    g_array_set_size(s->messages, 0);
    qemu_mutex_unlock(&s->lock);
    cordon_settle(s);
}

static int cordon_pre_save(void *opaque)
{
    CordonIommu *s = opaque;

    cordon_settle(s);
    qemu_mutex_lock(&s->lock);
    s->state_len = cordon_model_state_size(s->model);
    if (s->state_len) {
        s->state = g_malloc(s->state_len);
        cordon_model_save(s->model, s->state);
    }
    qemu_mutex_unlock(&s->lock);
    if (!s->state_len) {
        error_report("%s: a unit that makes errors on purpose cannot be moved",
                     cordon_name(s));
        return -EBUSY;
    }
    return 0;
}

static int cordon_post_save(void *opaque)
{
    CordonIommu *s = opaque;

    g_clear_pointer(&s->state, g_free);
    return 0;
}

static int cordon_post_load(void *opaque, int version_id)
{
    CordonIommu *s = opaque;
    uint32_t outputs = s->outputs;
    int err;

    qemu_mutex_lock(&s->lock);
    err = cordon_model_load(s->model, s->state, s->state_len);
    s->outputs = outputs;
    qemu_mutex_unlock(&s->lock);
    g_clear_pointer(&s->state, g_free);
    if (err) {
        error_report("%s: the state is not of a unit like this one",
                     cordon_name(s));
        return -EINVAL;
    }
    cordon_settle(s);
    return 0;
}

static const VMStateDescription vmstate_cordon = {
    .name = TYPE_CORDON_IOMMU,
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_IOMMU,
    .pre_save = cordon_pre_save,
    .post_save = cordon_post_save,
    .post_load = cordon_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(outputs, CordonIommu),
        VMSTATE_UINT32(state_len, CordonIommu),
        VMSTATE_VBUFFER_ALLOC_UINT32(state, CordonIommu, 1, NULL, state_len),
        VMSTATE_END_OF_LIST()
    },
};

static const Property cordon_properties[] = {
    DEFINE_PROP_LINK("primary-bus", CordonIommu, primary_bus, TYPE_PCI_BUS,
                     PCIBus *),
    DEFINE_PROP_UINT32("devid-base", CordonIommu, devid_base, 0),
    DEFINE_PROP_BOOL("check", CordonIommu, cfg.check_stale, true),
    DEFINE_PROP_UINT64("check-grace", CordonIommu, check_grace, 0),
    DEFINE_PROP_UINT64("command-latency", CordonIommu, command_latency, 0),
};

static void cordon_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Cordon IOMMU";
    dc->realize = cordon_realize;
    dc->vmsd = &vmstate_cordon;
    dc->hotpluggable = false;
    dc->user_creatable = true;
    rc->phases.exit = cordon_reset_exit;
    device_class_set_props(dc, cordon_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    object_class_property_set_description(klass, "primary-bus",
        "root bus that the unit is in front of");
    object_class_property_set_description(klass, "devid-base",
        "DeviceID of requester ID 0");
    object_class_property_set_description(klass, "check",
        "compare each use of a cached entry with memory");
    object_class_property_set_description(klass, "check-grace",
        "ns for which an entry that was seen stale may be used");
    object_class_property_set_description(klass, "command-latency",
        "ns that each command takes; 0: done when the doorbell is");
    cordon_add_properties(klass);
}

static const TypeInfo cordon_info = {
    .name = TYPE_CORDON_IOMMU,
    .parent = TYPE_DYNAMIC_SYS_BUS_DEVICE,
    .instance_size = sizeof(CordonIommu),
    .instance_init = cordon_instance_init,
    .class_init = cordon_class_init,
};

static void cordon_register_types(void)
{
    type_register_static(&cordon_info);
}

type_init(cordon_register_types)
