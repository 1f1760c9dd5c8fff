/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "kernel/parse.h"
#include "kernel/path.h"
#include "memory/control.h"
#include "memory/floors.h"
#include "state/setup.h"

#define MIB (1024 * 1024)

struct sum {
        const struct cgb_tree *tree;
        const char *path;
        uint64_t bytes;
};

/* @return 0 and @otherwise where there is no such file: the controller is off there, or it is the root. */
static int read_limit(const struct cgb_tree *tree, const char *path, const char *file, uint64_t otherwise, uint64_t *ret)
{
        char text[64];
        ssize_t n = cgb_tree_read(tree, path, file, text, sizeof text);

        *ret = otherwise;
        if (n == -ENOENT)
                return 0;
        return n < 0 ? (int)n : cgb_parse_limit(ret, text, (size_t)n);
}

static int add_floor(void *userdata, const char *name, uint64_t inode)
{
        struct sum *sum = userdata;
        char path[PATH_MAX];
        uint64_t bytes;

        (void)inode;
        if (cgb_path_join(path, sizeof path, sum->path, name) == 0 &&
                read_limit(sum->tree, path, "memory.low", 0, &bytes) == 0 &&
                __builtin_add_overflow(sum->bytes, bytes, &sum->bytes))
                sum->bytes = UINT64_MAX;
        return 0;
}

/* What the children of a group are to be protected with, and @more. */
static uint64_t sum_of_floors(const struct cgb_tree *tree, const char *path, uint64_t more)
{
        struct sum sum = {tree, path, more};

        cgb_tree_list(tree, path, add_floor, &sum);
        return sum.bytes;
}

/* The numbers in MiB, rounded so that what is too much never looks as if it were enough; the remedy to the byte. */
static int refuse(const char *file, const char *what, uint64_t sum_bytes, uint64_t limit_bytes, struct cgb_fault *fault)
{
        char message[256], remedy[256];

        snprintf(message, sizeof message,
                "the floors below it, this one included, are %" PRIu64 " MiB, and %s %" PRIu64 " MiB",
                sum_bytes / MIB + (sum_bytes % MIB != 0), what, limit_bytes / MIB);
        snprintf(remedy, sizeof remedy, "ask for %" PRIu64 " bytes less, or see that this is at least %" PRIu64,
                sum_bytes - limit_bytes, sum_bytes);
        return cgb_fault_set(fault, -ENOSPC, file, message, remedy);
}

int cgb_floors_fit(const char *file, uint64_t sum_bytes, uint64_t low_bytes, struct cgb_fault *fault)
{
        uint64_t missing;

        return cgb_memory_check_floors(sum_bytes, low_bytes, &missing) == 0
                       ? 0
                       : refuse(file, "it protects", sum_bytes, low_bytes, fault);
}

/*
 * One group on the way up. @more: for its children; @return the same for the group itself, which is not 0 only if it is ours
 * to raise. @state_name: of whose groups are ours; NULL: none is.
 */
static int check_group(
        const struct cgb_tree *tree, const char *state_name, const char *path, uint64_t *more, struct cgb_fault *fault)
{
        uint64_t sum = sum_of_floors(tree, path, *more), low_bytes, max_bytes, missing;
        char file[512];
        int r = read_limit(tree, path, "memory.low", 0, &low_bytes);

        if (r == 0)
                r = read_limit(tree, path, "memory.max", CGB_NO_LIMIT, &max_bytes);
        cgb_tree_name(file, sizeof file, tree, path, "memory.max");
        if (r < 0)
                return cgb_fault_set(fault, r, file, "it cannot be read", NULL);
        if (sum > max_bytes)
                return refuse(file, "it may have no more than", sum, max_bytes, fault);
        *more = 0;
        if (cgb_memory_check_floors(sum, low_bytes, &missing) == 0)
                return 0;
        *more = missing;
        if (state_name != NULL && cgb_setup_has_made(state_name, path))
                return 0;
        cgb_tree_name(file, sizeof file, tree, path, "memory.low");
        return cgb_floors_fit(file, sum, low_bytes, fault);
}

static int check_host(const struct cgb_tree *tree, uint64_t more, struct cgb_fault *fault)
{
        uint64_t host_bytes = cgb_memory_host_bytes(), sum = sum_of_floors(tree, "", more);

        return host_bytes > 0 && sum > host_bytes
                       ? refuse("MemTotal of /proc/meminfo", "the host has", sum, host_bytes, fault)
                       : 0;
}

/* The groups from @parent up, and the host. */
static int check(
        const struct cgb_tree *tree, const char *state_name, const char *parent, uint64_t more, struct cgb_fault *fault)
{
        char path[PATH_MAX];
        int r = 0;

        snprintf(path, sizeof path, "%s", parent);
        for (; r == 0 && *path != '\0'; cgb_path_cut(path))
                r = check_group(tree, state_name, path, &more, fault);
        return r < 0 ? r : check_host(tree, more, fault);
}

/* From below, so that each finds in its children what they have got. */
static int write_floors(
        const struct cgb_tree *tree, const char *state_name, const char *parent, uint64_t more, struct cgb_fault *fault)
{
        char path[PATH_MAX], file[512], text[32];

        snprintf(path, sizeof path, "%s", parent);
        for (; *path != '\0' && cgb_setup_has_made(state_name, path); cgb_path_cut(path), more = 0) {
                uint64_t sum = sum_of_floors(tree, path, more), low_bytes;
                int r = read_limit(tree, path, "memory.low", 0, &low_bytes);

                if (r == 0 && low_bytes == sum)
                        continue;
                snprintf(text, sizeof text, "%" PRIu64, sum);
                if (r == 0)
                        r = cgb_tree_write(tree, path, "memory.low", text, strlen(text));
                cgb_tree_name(file, sizeof file, tree, path, "memory.low");
                if (r < 0)
                        return cgb_fault_set(fault, r, file,
                                "the floor of this group, which is made of those below it, cannot be written", NULL);
        }
        return 0;
}

int cgb_floors_reserve(
        const struct cgb_tree *tree, const char *state_name, const char *parent, uint64_t bytes, struct cgb_fault *fault)
{
        int r = check(tree, state_name, parent, bytes, fault);

        return r < 0 ? r : write_floors(tree, state_name, parent, bytes, fault);
}

int cgb_floors_check(const struct cgb_tree *tree, const char *parent, uint64_t bytes, struct cgb_fault *fault)
{
        return check(tree, NULL, parent, bytes, fault);
}

void cgb_floors_settle(const struct cgb_tree *tree, const char *state_name, const char *parent)
{
        write_floors(tree, state_name, parent, 0, NULL);
}
