/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: platform masters, which are behind a unit and on no bus that could
 * tell which.
 *
 * On the command line a master names its unit, which comes before it, and the
 * DeviceID by which that knows it: iommu=ID,devid=N. Its node in the device tree
 * says the same.
 */
#ifndef HW_CORDON_MASTER_H
#define HW_CORDON_MASTER_H

#include "cordon-internal.h"

#define TYPE_CORDON_MASTER "cordon-master"
OBJECT_DECLARE_TYPE(CordonMaster, CordonMasterClass, CORDON_MASTER)

/**
 * struct CordonMaster - a platform master
 * @unit: property "iommu": the unit in front of it
 * @devid: property: DeviceID
 * @space: what it does its DMA in, from cordon_master_init() on
 */
struct CordonMaster {
    SysBusDevice parent_obj;
    CordonIommu *unit;
    uint32_t devid;
    CordonSpace *space;
};

/**
 * struct CordonMasterClass - a kind of platform masters
 * @node: name of its nodes in the device tree
 * @describe: adds properties to a node, "compatible" among them; those of every
 *            master are there
 */
struct CordonMasterClass {
    SysBusDeviceClass parent_class;
    const char *node;
    void (*describe)(CordonMaster *m, void *fdt, const char *node);
};

/**
 * cordon_master_init() - Put a master behind its unit
 * @m: master, being realized
 * @priv: as in cordon_space_new_master()
 * @errp: set if no unit was named
 */
bool cordon_master_init(CordonMaster *m, bool priv, Error **errp);

#endif
