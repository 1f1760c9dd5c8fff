/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <string.h>

#include "../common/files.h"
#include "witness.h"

uint64_t witness_number(const char *text, const char *key)
{
        size_t length = strlen(key);

        for (const char *at = text; (at = strstr(at, key)); at += length)
                if ((at == text || at[-1] == '\n' || at[-1] == ' ') && (at[length] == ' ' || at[length] == '='))
                        return strtoull(at + length + 1, NULL, 10);
        return 0;
}

static void read_events(int dir_fd, struct witness *ret)
{
        char text[1024];

        if (read_at(dir_fd, "memory.events", text, sizeof(text)) < 0)
                return;
        ret->high = witness_number(text, "high");
        ret->max = witness_number(text, "max");
        ret->oom_kill = witness_number(text, "oom_kill");
}

static void read_stat(int dir_fd, struct witness *ret)
{
        char text[8192];

        if (read_at(dir_fd, "memory.stat", text, sizeof(text)) >= 0)
                ret->refault_pages =
                        witness_number(text, "workingset_refault_anon") + witness_number(text, "workingset_refault_file");
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and the same for full */
static void read_pressure(int dir_fd, struct witness *ret)
{
        char text[1024];
        const char *full;

        if (read_at(dir_fd, "memory.pressure", text, sizeof(text)) < 0)
                return;
        ret->some_usec = witness_number(text, "total");
        full = strstr(text, "full ");
        ret->full_usec = full ? witness_number(full, "total") : 0;
}

static void read_cpu(int dir_fd, struct witness *ret)
{
        char text[1024];

        if (read_at(dir_fd, "cpu.stat", text, sizeof(text)) < 0)
                return;
        ret->cpu_usec = witness_number(text, "usage_usec");
        ret->system_usec = witness_number(text, "system_usec");
        ret->throttled_usec = witness_number(text, "throttled_usec");
}

static uint64_t read_bytes(int dir_fd, const char *file)
{
        char text[64];

        return read_at(dir_fd, file, text, sizeof(text)) < 0 ? 0 : strtoull(text, NULL, 10);
}

struct witness witness_now(int dir_fd)
{
        struct witness witness = {0};

        read_events(dir_fd, &witness);
        read_stat(dir_fd, &witness);
        read_pressure(dir_fd, &witness);
        read_cpu(dir_fd, &witness);
        witness.usage_bytes = read_bytes(dir_fd, "memory.current");
        witness.peak_bytes = read_bytes(dir_fd, "memory.peak");
        return witness;
}

struct witness witness_between(const struct witness *earlier, const struct witness *later)
{
        return (struct witness){
                .high = later->high - earlier->high,
                .max = later->max - earlier->max,
                .oom_kill = later->oom_kill - earlier->oom_kill,
                .refault_pages = later->refault_pages - earlier->refault_pages,
                .some_usec = later->some_usec - earlier->some_usec,
                .full_usec = later->full_usec - earlier->full_usec,
                .cpu_usec = later->cpu_usec - earlier->cpu_usec,
                .system_usec = later->system_usec - earlier->system_usec,
                .throttled_usec = later->throttled_usec - earlier->throttled_usec,
                .usage_bytes = later->usage_bytes,
                .peak_bytes = later->peak_bytes,
        };
}

void witness_add(struct witness *sum, const struct witness *witness)
{
        sum->high += witness->high;
        sum->max += witness->max;
        sum->oom_kill += witness->oom_kill;
        sum->refault_pages += witness->refault_pages;
        sum->some_usec += witness->some_usec;
        sum->full_usec += witness->full_usec;
        sum->cpu_usec += witness->cpu_usec;
        sum->system_usec += witness->system_usec;
        sum->throttled_usec += witness->throttled_usec;
        sum->usage_bytes += witness->usage_bytes;
        sum->peak_bytes += witness->peak_bytes;
}
