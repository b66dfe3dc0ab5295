/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cordon: the unit's own accesses to memory.
 *
 * CPUs run in threads of their own and poll what is written here, so aligned
 * dwords are moved whole and in order (spec 1.3). Only RAM is reached: what any
 * other region would answer is an abort.
 */
#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "exec/memory.h"
#include "exec/address-spaces.h"
#include "cordon-internal.h"

/*
 * Called within an RCU critical section, which keeps the pointer valid. Returns
 * NULL if there is no RAM of this kind; *len is cut to what is contiguous.
 */
static void *cordon_ram(uint64_t addr, hwaddr *len, bool is_write,
                        MemoryRegion **mr)
{
    MemTxAttrs attrs = { .memory = 1 };
    hwaddr offset;

    *mr = address_space_translate(&address_space_memory, addr, &offset, len,
                                  is_write, attrs);
    if (!*len || !memory_access_is_direct(*mr, is_write, attrs)) {
        return NULL;
    }
    return qemu_map_ram_ptr((*mr)->ram_block, offset);
}

/* Tell the rest of QEMU that RAM has changed: translated code, migration. */
static void cordon_ram_written(MemoryRegion *mr, void *ram, hwaddr len)
{
    memory_region_ref(mr);
    address_space_unmap(&address_space_memory, ram, len, true, len);
}

static void copy_in(uint8_t *buf, const uint8_t *ram, size_t len)
{
    while (len) {
        if (len >= 8 && !((uintptr_t)ram & 7)) {
            uint64_t v = qatomic_load_acquire((const uint64_t *)ram);

            memcpy(buf, &v, 8);
            ram += 8, buf += 8, len -= 8;
        } else {
            *buf++ = qatomic_load_acquire(ram);
            ram++, len--;
        }
    }
}

static void copy_out(uint8_t *ram, const uint8_t *buf, size_t len)
{
    while (len) {
        if (len >= 8 && !((uintptr_t)ram & 7)) {
            uint64_t v;

            memcpy(&v, buf, 8);
            qatomic_store_release((uint64_t *)ram, v);
            ram += 8, buf += 8, len -= 8;
        } else if (len >= 4 && !((uintptr_t)ram & 3)) {
            uint32_t v;

            memcpy(&v, buf, 4);
            qatomic_store_release((uint32_t *)ram, v);
            ram += 4, buf += 4, len -= 4;
        } else {
            qatomic_store_release(ram, *buf);
            ram++, buf++, len--;
        }
    }
}

int cordon_memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    uint8_t *to = buf;

    RCU_READ_LOCK_GUARD();
    while (len) {
        hwaddr part = len;
        MemoryRegion *mr;
        void *ram = cordon_ram(addr, &part, false, &mr);

        if (!ram) {
            return -EFAULT;
        }
        /* QEMU's fuzzer puts something there; otherwise nothing */
        fuzz_dma_read_cb(addr, part, mr);
        copy_in(to, ram, part);
        addr += part, to += part, len -= part;
    }
    return 0;
}

int cordon_memory_write(void *opaque, uint64_t addr, const void *buf,
                        size_t len)
{
    const uint8_t *from = buf;

    RCU_READ_LOCK_GUARD();
    while (len) {
        hwaddr part = len;
        MemoryRegion *mr;
        void *ram = cordon_ram(addr, &part, true, &mr);

        if (!ram) {
            return -EFAULT;
        }
        copy_out(ram, from, part);
        cordon_ram_written(mr, ram, part);
        addr += part, from += part, len -= part;
    }
    return 0;
}

int cordon_memory_cas(void *opaque, uint64_t addr, uint64_t *old, uint64_t val)
{
    uint64_t expected = cpu_to_le64(*old), found;
    hwaddr part = 8;
    MemoryRegion *mr;
    void *ram;

    RCU_READ_LOCK_GUARD();
    ram = cordon_ram(addr, &part, true, &mr);
    if (!ram || part < 8 || ((uintptr_t)ram & 7)) {
        return -EFAULT;
    }
    found = qatomic_cmpxchg((uint64_t *)ram, expected, cpu_to_le64(val));
    if (found == expected) {
        cordon_ram_written(mr, ram, 8);
    } else {
        *old = le64_to_cpu(found);
    }
    return 0;
}

int cordon_memory_or8(void *opaque, uint64_t addr, uint8_t bits)
{
    hwaddr part = 1;
    MemoryRegion *mr;
    uint8_t *ram;

    RCU_READ_LOCK_GUARD();
    ram = cordon_ram(addr, &part, true, &mr);
    if (!ram) {
        return -EFAULT;
    }
    qatomic_or(ram, bits);
    cordon_ram_written(mr, ram, 1);
    return 0;
}

int cordon_memory_fetch_add(uint64_t addr, uint64_t add, uint64_t *old)
{
    uint64_t was;

    if (cordon_memory_read(NULL, addr, &was, sizeof(was))) {
        return -EFAULT;
    }
    was = le64_to_cpu(was);
    do {
        *old = was;
        if (cordon_memory_cas(NULL, addr, &was, *old + add)) {
            return -EFAULT;
        }
    } while (was != *old);
    return 0;
}
