/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files -> the memory law: what the host has, who ran, and of each group only the files that the law asks for, all of one
 * kind before the next.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "kernel/mount.h"
#include "kernel/parse.h"

#define MEMINFO "/proc/meminfo"

static ssize_t read_text(struct cgb *cgb, struct cgb_group_dir *dir, enum cgb_file file, char ret[static CGB_READ_SIZE])
{
        return cgb_group_read(cgb->fds, &cgb->tree, dir, file, ret, CGB_READ_SIZE);
}

int cgb_memory_read_limit(struct cgb *cgb, struct cgb_group *group, enum cgb_file file, uint64_t *ret)
{
        char text[CGB_READ_SIZE];
        ssize_t n = read_text(cgb, &group->dir, file, text);

        return n < 0 ? (int)n : cgb_parse_limit(ret, text, (size_t)n);
}

int cgb_memory_read_usage(struct cgb *cgb, struct cgb_group *group, uint64_t *ret)
{
        char text[CGB_READ_SIZE];
        ssize_t n = read_text(cgb, &group->dir, CGB_FILE_MEMORY_CURRENT, text);

        return n < 0 ? (int)n : cgb_parse_u64(ret, text, (size_t)n);
}

/* "MemTotal:       16316412 kB"; 0 if it is not there. */
static uint64_t meminfo_bytes(const char *text, const char *key)
{
        const char *at = strstr(text, key);
        uint64_t kib;

        return at != NULL && sscanf(at + strlen(key), ": %" SCNu64, &kib) == 1 ? kib * 1024 : 0;
}

uint64_t cgb_memory_host_bytes(void)
{
        uint64_t bytes;
        char *text;
        size_t n;

        if (cgb_mount_read_text(&text, &n, MEMINFO) < 0)
                return 0;
        bytes = meminfo_bytes(text, "MemTotal");
        free(text);
        return bytes;
}

/* What a limit of swap leaves. */
static uint64_t swap_room(struct cgb *cgb, struct cgb_group *group, uint64_t limit_bytes)
{
        char text[CGB_READ_SIZE];
        uint64_t used_bytes;
        ssize_t n;

        if (limit_bytes == CGB_MEMORY_MAX)
                return CGB_MEMORY_MAX;
        n = read_text(cgb, &group->dir, CGB_FILE_MEMORY_SWAP_CURRENT, text);
        if (n < 0 || cgb_parse_u64(&used_bytes, text, (size_t)n) < 0 || used_bytes > limit_bytes)
                return 0;
        return limit_bytes - used_bytes;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

/*
 * The host's, or within the parent's memory.max where that is less: file pages nobody uses there count as free, as
 * MemAvailable counts them.
 */
static void read_pool(struct cgb *cgb, struct cgb_memory_pool_sample *sample)
{
        struct cgb_memory_stat stat = {0};
        uint64_t limit, used;
        char *text, file[CGB_READ_SIZE];
        size_t n;
        ssize_t length;

        uint64_t swap_max;

        *sample = (struct cgb_memory_pool_sample){.pressed = cgb->memory.is_pressed};
        cgb->memory.is_pressed = false;
        if (cgb_mount_read_text(&text, &n, MEMINFO) == 0) {
                sample->size_bytes = meminfo_bytes(text, "MemTotal");
                sample->free_bytes = meminfo_bytes(text, "MemAvailable");
                sample->swap_free_bytes = meminfo_bytes(text, "SwapFree");
                free(text);
        }
        if (cgb_memory_read_limit(cgb, &cgb->top, CGB_FILE_MEMORY_SWAP_MAX, &swap_max) == 0)
                sample->swap_free_bytes = smaller(sample->swap_free_bytes, swap_room(cgb, &cgb->top, swap_max));
        if (cgb_memory_read_limit(cgb, &cgb->top, CGB_FILE_MEMORY_MAX, &limit) < 0 || limit >= sample->size_bytes ||
                cgb_memory_read_usage(cgb, &cgb->top, &used) < 0)
                return;
        length = read_text(cgb, &cgb->top.dir, CGB_FILE_MEMORY_STAT, file);
        if (length < 0 || cgb_parse_memory_stat(&stat, file, (size_t)length) < 0 || stat.inactive_file_bytes == CGB_UNKNOWN)
                stat.inactive_file_bytes = 0;
        used = used > stat.inactive_file_bytes ? used - stat.inactive_file_bytes : 0;
        sample->size_bytes = limit;
        used = limit > used ? limit - used : 0;
        sample->free_bytes = smaller(sample->free_bytes, used);
}

static uint64_t known(uint64_t value)
{
        return value == CGB_UNKNOWN ? 0 : value;
}

static int observe_events(struct cgb *cgb, struct cgb_group *group, const char *text, size_t n)
{
        struct cgb_memory_events events;
        int r = cgb_parse_memory_events(&events, text, n);

        return r < 0 ? r : cgb_memory_observe_events(cgb->memory.law, group->memory.node, events.high);
}

/* Of the group and of those above it; the parent's limit is the pool's. */
static uint64_t swap_room_of(struct cgb *cgb, struct cgb_group *group)
{
        uint64_t bytes = CGB_MEMORY_MAX;

        for (; group != NULL && group->memory.known; group = group->up)
                bytes = smaller(bytes, swap_room(cgb, group, group->memory.swap_max_bytes));
        return bytes;
}

static int observe_stat(struct cgb *cgb, struct cgb_group *group, const char *text, size_t n)
{
        const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
        struct cgb_memory_stat stat;
        struct cgb_memory_stat_sample sample;
        int r = cgb_parse_memory_stat(&stat, text, n);

        if (r < 0)
                return r;
        sample = (struct cgb_memory_stat_sample){
                .file_bytes = known(stat.active_file_bytes) + known(stat.inactive_file_bytes),
                .anon_bytes = known(stat.anon_bytes),
                .refaulted_bytes = (known(stat.workingset_refault_anon) + known(stat.workingset_restore_file)) * page_bytes,
                .reclaimed_bytes = known(stat.pgsteal) * page_bytes,
                .swap_room_bytes = swap_room_of(cgb, group),
        };
        return cgb_memory_observe_stat(cgb->memory.law, group->memory.node, &sample);
}

/* CGB_UNKNOWN where PSI is off. */
static uint64_t read_waits_usec(struct cgb *cgb, struct cgb_group *group, enum cgb_file file)
{
        struct cgb_pressure pressure;
        char text[CGB_READ_SIZE];
        ssize_t n = read_text(cgb, &group->dir, file, text);

        return n < 0 || cgb_parse_pressure(&pressure, text, (size_t)n) < 0 ? CGB_UNKNOWN : pressure.some.total_usec;
}

static int observe_pressure(struct cgb *cgb, struct cgb_group *group)
{
        uint64_t memory_usec = read_waits_usec(cgb, group, CGB_FILE_MEMORY_PRESSURE);
        uint64_t io_usec = read_waits_usec(cgb, group, CGB_FILE_IO_PRESSURE);

        return cgb_memory_observe_pressure(cgb->memory.law, group->memory.node, memory_usec, io_usec);
}

static const enum cgb_file files[CGB_MEMORY_FILES] = {
        [CGB_MEMORY_CURRENT] = CGB_FILE_MEMORY_CURRENT,
        [CGB_MEMORY_EVENTS] = CGB_FILE_MEMORY_EVENTS,
        [CGB_MEMORY_STAT] = CGB_FILE_MEMORY_STAT,
        [CGB_MEMORY_PRESSURE] = CGB_FILE_MEMORY_PRESSURE,
};

static int read_file(struct cgb *cgb, struct cgb_group *group, enum cgb_memory_file file)
{
        char text[CGB_READ_SIZE];
        uint64_t usage_bytes;
        ssize_t n;
        int r;

        if (file == CGB_MEMORY_PRESSURE)
                return observe_pressure(cgb, group);
        n = read_text(cgb, &group->dir, files[file], text);
        if (n < 0)
                return (int)n;
        if (file == CGB_MEMORY_EVENTS)
                return observe_events(cgb, group, text, (size_t)n);
        if (file == CGB_MEMORY_STAT)
                return observe_stat(cgb, group, text, (size_t)n);
        r = cgb_parse_u64(&usage_bytes, text, (size_t)n);
        return r < 0 ? r : cgb_memory_observe_current(cgb->memory.law, group->memory.node, usage_bytes, group->dir.inode);
}

/* Who vanished is found by the CPU's sensors; a file that cannot be read is said once and is not observed. */
static void read_all(struct cgb *cgb, enum cgb_memory_file file)
{
        cgb_node node;

        while (cgb_memory_next_to_read(cgb->memory.law, file, &node)) {
                struct cgb_group *group = cgb->memory.by_node[node];
                int r = read_file(cgb, group, file);

                if (r < 0 && r != -ENODEV && r != -ENOENT)
                        cgb_report_error(cgb, group, files[file], r, "it cannot be read");
                else if (r == 0)
                        cgb_report_works_again(group, files[file]);
        }
}

/* The CPU's ledger knows who ran. */
static void wake_the_active(struct cgb *cgb)
{
        struct cgb_account_state account;

        for (size_t i = 0; i < cgb->n_groups; i++)
                if (cgb->groups[i]->memory.known &&
                        cgb_policy_get_account(cgb->policy, cgb->groups[i]->node, &account) == 0 && account.active)
                        cgb_memory_wake(cgb->memory.law, cgb->groups[i]->memory.node);
}

void cgb_memory_sense(struct cgb *cgb, uint64_t now_usec)
{
        struct cgb_memory_pool_sample pool;

        read_pool(cgb, &pool);
        cgb_memory_observe_pool(cgb->memory.law, &pool, now_usec);
        wake_the_active(cgb);
        for (int file = 0; file < CGB_MEMORY_FILES; file++)
                read_all(cgb, (enum cgb_memory_file)file);
}
