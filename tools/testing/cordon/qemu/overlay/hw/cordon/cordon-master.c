/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: platform masters.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/qdev-properties.h"
#include "cordon-master.h"

bool cordon_master_init(CordonMaster *m, bool priv, Error **errp)
{
    g_autofree char *name = g_strdup_printf("%s-%x",
                                            object_get_typename(OBJECT(m)),
                                            m->devid);

    if (!m->unit) {
        error_setg(errp, "iommu=ID has to name the unit in front of it");
        return false;
    }
    m->space = cordon_space_new_master(m->unit, m->devid, priv, name);
    return true;
}

static const Property master_properties[] = {
    DEFINE_PROP_LINK("iommu", CordonMaster, unit, TYPE_CORDON_IOMMU,
                     CordonIommu *),
    DEFINE_PROP_UINT32("devid", CordonMaster, devid, 0),
};

static void master_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->hotpluggable = false;
    dc->user_creatable = true;
    device_class_set_props(dc, master_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    object_class_property_set_description(klass, "iommu",
        "the unit in front of the device");
    object_class_property_set_description(klass, "devid",
        "DeviceID by which the unit knows the device");
}

static const TypeInfo master_info = {
    .name = TYPE_CORDON_MASTER,
    .parent = TYPE_DYNAMIC_SYS_BUS_DEVICE,
    .abstract = true,
    .instance_size = sizeof(CordonMaster),
    .class_size = sizeof(CordonMasterClass),
    .class_init = master_class_init,
};

static void master_register_types(void)
{
    type_register_static(&master_info);
}

type_init(master_register_types)
