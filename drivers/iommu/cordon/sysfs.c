// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cordon IOMMU: attributes of a unit, /sys/class/iommu/UNIT/cordon/.
 *
 * Each is described in Documentation/ABI/testing/sysfs-class-iommu-cordon.
 */
#include <linux/bitfield.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/sysfs.h>

#include "cordon.h"

/* What a value comes from: the unit whose attribute is read. */
struct cordon_attribute {
	struct device_attribute attr;
	u64 (*value)(struct cordon_unit *unit);
};

/*
 * NULL before the entry is complete and after it has begun to go.  As long as an
 * attribute is read the entry stays, and the unit goes after its entry.
 */
static struct cordon_unit *cordon_unit_of(struct device *dev)
{
	struct iommu_device *iommu = dev_get_drvdata(dev);

	return iommu ? container_of(iommu, struct cordon_unit, iommu) : NULL;
}

static ssize_t cordon_show_number(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	const struct cordon_attribute *a =
		container_of(attr, struct cordon_attribute, attr);
	struct cordon_unit *unit = cordon_unit_of(dev);

	return unit ? sysfs_emit(buf, "%llu\n", a->value(unit)) : -ENODEV;
}

static ssize_t cordon_show_register(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	const struct cordon_attribute *a =
		container_of(attr, struct cordon_attribute, attr);
	struct cordon_unit *unit = cordon_unit_of(dev);

	return unit ? sysfs_emit(buf, "0x%016llx\n", a->value(unit)) : -ENODEV;
}

#define CORDON_ATTRIBUTE(name, show, expression)			\
	static u64 name##_value(struct cordon_unit *unit)		\
	{								\
		return expression;					\
	}								\
	static struct cordon_attribute name##_attribute = {		\
		.attr = __ATTR(name, 0444, show, NULL),			\
		.value = name##_value,					\
	}

#define CORDON_NUMBER(name, expression) \
	CORDON_ATTRIBUTE(name, cordon_show_number, expression)

#define CORDON_REGISTER(name, expression) \
	CORDON_ATTRIBUTE(name, cordon_show_register, expression)

CORDON_REGISTER(id, unit->regs.id);
CORDON_REGISTER(cap0, unit->regs.cap0);
CORDON_REGISTER(cap1, unit->regs.cap1);
CORDON_REGISTER(cap2, unit->regs.cap2);
CORDON_REGISTER(cap3, unit->regs.cap3);
CORDON_REGISTER(cap4, unit->regs.cap4);
CORDON_NUMBER(command_queues, unit->caps.cmdqs);
CORDON_NUMBER(command_queues_used, unit->nr_queues);
CORDON_NUMBER(deviceid_bits, unit->caps.devid_bits);
CORDON_NUMBER(pasid_bits, unit->caps.pasid_bits);
CORDON_NUMBER(vm_tag_bits, unit->caps.vmtag_bits);
CORDON_NUMBER(domain_tag_bits, unit->caps.dtag_bits);
CORDON_NUMBER(input_address_bits, unit->caps.ias_bits);
CORDON_NUMBER(physical_address_bits, unit->caps.oas_bits);
CORDON_NUMBER(faults, cordon_fault_totals(unit).total);
CORDON_NUMBER(faults_lost, cordon_fault_totals(unit).lost);
CORDON_NUMBER(faults_queue_full, cordon_fault_totals(unit).full);

static ssize_t version_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct cordon_unit *unit = cordon_unit_of(dev);

	if (!unit)
		return -ENODEV;
	return sysfs_emit(buf, "%llu.%u\n",
			  FIELD_GET(CORDON_ID_MAJOR, unit->regs.id),
			  unit->caps.minor);
}
static DEVICE_ATTR_RO(version);

static ssize_t implementation_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	struct cordon_unit *unit = cordon_unit_of(dev);

	if (!unit)
		return -ENODEV;
	return sysfs_emit(buf, "0x%04x\n", unit->caps.implementation);
}
static DEVICE_ATTR_RO(implementation);

static ssize_t features_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	static const struct {
		u64 bit;
		const char *name;
	} features[] = {
		{ CORDON_CAP1_S1, "stage1" },
		{ CORDON_CAP1_S2, "stage2" },
		{ CORDON_CAP1_NESTED, "nested" },
		{ CORDON_CAP1_GUEST, "guest" },
		{ CORDON_CAP1_HA, "access-flag" },
		{ CORDON_CAP1_HD, "dirty-state" },
		{ CORDON_CAP1_HAFT, "table-access-flag" },
		{ CORDON_CAP1_LVA64K, "52-bit-64k" },
		{ CORDON_CAP1_DS, "52-bit" },
		{ CORDON_CAP1_DIRTY, "dirty-log" },
		{ CORDON_CAP1_EXEC, "execute" },
		{ CORDON_CAP1_PRIV, "privileged" },
		{ CORDON_CAP1_ATOMIC, "atomic" },
		{ CORDON_CAP1_SNOOP, "force-snoop" },
		{ CORDON_CAP1_COHERENT, "coherent" },
		{ CORDON_CAP1_MSI, "msi" },
		{ CORDON_CAP1_ATS, "ats" },
		{ CORDON_CAP1_PRI, "pri" },
		{ CORDON_CAP1_TRUST, "trust-translated" },
		{ CORDON_CAP1_T_STAGE2, "stage2-translated" },
		{ CORDON_CAP1_GUESTQ, "guest-queues" },
		{ CORDON_CAP1_TRPORT, "port" },
		{ CORDON_CAP1_RAZWI, "read-zero" },
		{ CORDON_CAP1_QUIESCE, "quiesce" },
		{ CORDON_CAP1_FWB, "force-write-back" },
	};
	struct cordon_unit *unit = cordon_unit_of(dev);
	const char *blank = "";
	int n = 0;

	if (!unit)
		return -ENODEV;
	for (unsigned int i = 0; i < ARRAY_SIZE(features); i++) {
		if (!(unit->caps.features & features[i].bit))
			continue;
		n += sysfs_emit_at(buf, n, "%s%s", blank, features[i].name);
		blank = " ";
	}
	return n + sysfs_emit_at(buf, n, "\n");
}
static DEVICE_ATTR_RO(features);

static ssize_t cordon_show_granules(char *buf, u8 granules)
{
	int n = 0;

	if (granules & BIT(CORDON_TG_4K))
		n += sysfs_emit_at(buf, n, "4K");
	if (granules & BIT(CORDON_TG_16K))
		n += sysfs_emit_at(buf, n, "%s16K", n ? " " : "");
	if (granules & BIT(CORDON_TG_64K))
		n += sysfs_emit_at(buf, n, "%s64K", n ? " " : "");
	if (!n)
		n = sysfs_emit(buf, "none");
	return n + sysfs_emit_at(buf, n, "\n");
}

static ssize_t granules_stage1_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct cordon_unit *unit = cordon_unit_of(dev);

	return unit ? cordon_show_granules(buf, unit->caps.s1tg) : -ENODEV;
}
static DEVICE_ATTR_RO(granules_stage1);

static ssize_t granules_stage2_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct cordon_unit *unit = cordon_unit_of(dev);

	return unit ? cordon_show_granules(buf, unit->caps.s2tg) : -ENODEV;
}
static DEVICE_ATTR_RO(granules_stage2);

/**
 * cordon_state_name() - whether a unit is in use, in a word
 * @state: enum cordon_unit_state
 *
 * Return: the word.
 */
const char *cordon_state_name(int state)
{
	switch (state) {
	case CORDON_UNIT_STOPPED:
		return "stopped";
	case CORDON_UNIT_RUNNING:
		return "running";
	default:
		return "dead";
	}
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct cordon_unit *unit = cordon_unit_of(dev);

	if (!unit)
		return -ENODEV;
	return sysfs_emit(buf, "%s\n",
			  cordon_state_name(cordon_unit_state(unit)));
}
static DEVICE_ATTR_RO(state);

static struct attribute *cordon_attributes[] = {
	&dev_attr_version.attr,
	&dev_attr_implementation.attr,
	&dev_attr_features.attr,
	&id_attribute.attr.attr,
	&cap0_attribute.attr.attr,
	&cap1_attribute.attr.attr,
	&cap2_attribute.attr.attr,
	&cap3_attribute.attr.attr,
	&cap4_attribute.attr.attr,
	&command_queues_attribute.attr.attr,
	&command_queues_used_attribute.attr.attr,
	&deviceid_bits_attribute.attr.attr,
	&pasid_bits_attribute.attr.attr,
	&vm_tag_bits_attribute.attr.attr,
	&domain_tag_bits_attribute.attr.attr,
	&input_address_bits_attribute.attr.attr,
	&physical_address_bits_attribute.attr.attr,
	&dev_attr_granules_stage1.attr,
	&dev_attr_granules_stage2.attr,
	&dev_attr_state.attr,
	&faults_attribute.attr.attr,
	&faults_lost_attribute.attr.attr,
	&faults_queue_full_attribute.attr.attr,
	NULL
};

static const struct attribute_group cordon_sysfs_group = {
	.name = "cordon",
	.attrs = cordon_attributes,
};

const struct attribute_group *cordon_sysfs_groups[] = {
	&cordon_sysfs_group,
	NULL
};
EXPORT_SYMBOL_IF_KUNIT(cordon_sysfs_groups);
