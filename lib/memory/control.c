/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of the memory law in a context: when it is there, who it has, when it has its turn. What is missing switches it
 * off and says so in the overview and in `cgctl doctor`; it never stops the CPU's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "context.h"
#include "kernel/exactness.h"
#include "kernel/path.h"
#include "memory/reclaim.h"
#include "memory/trigger.h"

/*
 * A reclaim of 32 MiB takes milliseconds; one that takes this long waits for a disk, and is worth more cancelled than done.
 */
#define RECLAIM_DEADLINE_USEC 2000000ull

/* The parent's trigger: 150 ms of waiting in two seconds, the shortest window that needs no privilege. */
#define TRIGGER "some 150000 2000000"

static int watch(struct cgb *cgb, int fd)
{
        struct epoll_event event = {.events = EPOLLIN};

        return epoll_ctl(cgb->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int write_trigger(struct cgb *cgb)
{
        char path[PATH_MAX];
        int fd, r = cgb_path_join(path, sizeof path, cgb->options.parent, "memory.pressure");

        if (r < 0)
                return r;
        fd = openat(cgb->tree.fd, path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = write(fd, TRIGGER, sizeof TRIGGER) < 0 ? -errno : cgb_trigger_new(&cgb->memory.trigger, fd);
        if (r < 0)
                close(fd);
        return r;
}

/* On the parent alone: it has all that is below. Without one, pressure is seen a step late, by how little is free. */
static void open_trigger(struct cgb *cgb)
{
        char file[512];
        int r = cgb->tree.is_cgroup2 ? write_trigger(cgb) : -EOPNOTSUPP;

        if (r == 0)
                r = watch(cgb, cgb_trigger_fd(cgb->memory.trigger));
        if (r == 0)
                return;
        cgb_trigger_free(cgb->memory.trigger);
        cgb->memory.trigger = NULL;
        cgb_tree_name(file, sizeof file, &cgb->tree, cgb->options.parent, "memory.pressure");
        cgb_log(cgb, CGB_LOG_INFO,
                "%s: no trigger can be set there (%s): memory pressure is answered in the next step, and not at once", file,
                strerror(-r));
}

static int open_reclaimer(struct cgb *cgb)
{
        int r = cgb_reclaimer_new(&cgb->memory.reclaimer, &cgb->tree, RECLAIM_DEADLINE_USEC);

        return r < 0 ? r : watch(cgb, cgb_reclaimer_fd(cgb->memory.reclaimer));
}

int cgb_memory_open(struct cgb *cgb)
{
        struct cgb_memory_control *memory = &cgb->memory;
        void *block;
        size_t size;
        int r;

        if ((cgb->options.flags & CGB_MEMORY) == 0)
                return 0;
        cgb_memory_options_init(&memory->options, cgb->options.step_usec, cgb->policy_options.capacity);
        memory->options.can_reclaim = false; /* until a group shows that it can */
        memory->options.reclaims_exactly = cgb_reclaims_exactly("");
        size = cgb_memory_size(&memory->options);
        block = malloc(size);
        memory->by_node = calloc(memory->options.capacity, sizeof *memory->by_node);
        if (block == NULL || memory->by_node == NULL) {
                free(block);
                return cgb_fail(cgb, -ENOMEM, cgb->options.parent, "out of memory", NULL);
        }
        r = cgb_memory_init(&memory->law, block, size, &memory->options);
        if (r == 0 && (cgb->options.flags & CGB_DRY_RUN) == 0)
                r = open_reclaimer(cgb);
        if (r < 0)
                return cgb_fail(cgb, r, cgb->options.parent, "the memory law cannot begin", NULL);
        memory->due_usec = UINT64_MAX;
        open_trigger(cgb);
        return 0;
}

void cgb_memory_close(struct cgb *cgb)
{
        struct cgb_memory_control *memory = &cgb->memory;

        if (memory->reclaimer != NULL)
                epoll_ctl(cgb->epoll_fd, EPOLL_CTL_DEL, cgb_reclaimer_fd(memory->reclaimer), NULL);
        cgb_reclaimer_free(memory->reclaimer);
        if (memory->trigger != NULL)
                epoll_ctl(cgb->epoll_fd, EPOLL_CTL_DEL, cgb_trigger_fd(memory->trigger), NULL);
        cgb_trigger_free(memory->trigger);
        free(memory->law);
        free(memory->by_node);
        *memory = (struct cgb_memory_control){0};
}

static int grow(struct cgb_memory_control *memory)
{
        struct cgb_memory_options larger = memory->options;
        struct cgb_group **by_node;
        void *block, *old = memory->law;
        int r;

        larger.capacity *= 2;
        block = malloc(cgb_memory_size(&larger));
        by_node = realloc(memory->by_node, larger.capacity * sizeof *by_node);
        if (by_node != NULL)
                memory->by_node = by_node;
        r = block == NULL || by_node == NULL
                    ? -ENOMEM
                    : cgb_memory_grow(&memory->law, block, cgb_memory_size(&larger), larger.capacity);
        if (r < 0) {
                free(block);
                return r;
        }
        free(old);
        memory->options = larger;
        return 0;
}

/* What a dead manager wrote and could not put back is not what was found here. */
static void use_inherited_limit(const struct cgb *cgb, const struct cgb_group *group, uint64_t *bytes)
{
        for (size_t i = 0; i < cgb->inherited.n; i++)
                if (cgb->inherited.entries[i].inode == group->dir.inode &&
                        !cgb_journal_is_weight(cgb->inherited.entries[i].file))
                        *bytes = cgb->inherited.entries[i].value;
}

/* Is there anything in this kernel that takes memory back? One group's file answers for all. */
static void find_reclaim(struct cgb *cgb, const struct cgb_group *group)
{
        if (!cgb->memory.options.can_reclaim && cgb_tree_may_write(&cgb->tree, group->dir.path, "memory.reclaim") == 0) {
                cgb->memory.options.can_reclaim = true;
                cgb_memory_set_can_reclaim(cgb->memory.law, true);
        }
}

static int read_rights(struct cgb *cgb, struct cgb_group *group, uint64_t *floor_bytes, uint64_t *cap_bytes)
{
        int r = cgb_memory_read_limit(cgb, group, CGB_FILE_MEMORY_MAX, cap_bytes);

        if (r < 0)
                return r;
        if (cgb_memory_read_limit(cgb, group, CGB_FILE_MEMORY_SWAP_MAX, &group->memory.swap_max_bytes) < 0)
                group->memory.swap_max_bytes = CGB_MEMORY_MAX; /* a kernel that does not account for swap */
        *floor_bytes = group->rule != NULL ? group->rule->memory_floor_bytes : 0;
        if (*floor_bytes == 0 && cgb_memory_read_limit(cgb, group, CGB_FILE_MEMORY_LOW, floor_bytes) < 0)
                *floor_bytes = 0;
        return 0;
}

void cgb_memory_look_at_rights(struct cgb *cgb, struct cgb_group *group)
{
        struct cgb_account_state account;
        uint64_t floor_bytes, cap_bytes;

        if (!group->memory.known || read_rights(cgb, group, &floor_bytes, &cap_bytes) < 0 ||
                (floor_bytes == group->memory.floor_bytes && cap_bytes == group->memory.cap_bytes) ||
                cgb_policy_get_account(cgb->policy, group->node, &account) < 0 ||
                cgb_memory_set_rights(cgb->memory.law, group->memory.node, account.share_permille, floor_bytes, cap_bytes) <
                        0)
                return;
        group->memory.floor_bytes = floor_bytes;
        group->memory.cap_bytes = cap_bytes;
}

static int join(struct cgb *cgb, struct cgb_group *group, uint64_t high_bytes)
{
        struct cgb_account_state account;
        struct cgb_memory_group options = {
                .size = sizeof options,
                .credit_byte_seconds = cgb_credits_find_memory(&cgb->saved, group->dir.inode),
                .parent = group->up->memory.known ? group->up->memory.node : CGB_NODE_ROOT,
                .identity = group->dir.inode,
                .floor_bytes = group->memory.floor_bytes,
                .cap_bytes = group->memory.cap_bytes,
                .high_bytes = group->memory.found_bytes,
        };
        int r = cgb_policy_get_account(cgb->policy, group->node, &account);

        if (r < 0)
                return r;
        options.share_permille = account.share_permille;
        r = cgb_memory_join(cgb->memory.law, &options, &group->memory.node);
        if (r == -ENOSPC) {
                r = grow(&cgb->memory);
                if (r == 0)
                        r = cgb_memory_join(cgb->memory.law, &options, &group->memory.node);
        }
        if (r == 0 && high_bytes != group->memory.found_bytes)
                cgb_memory_set_written(cgb->memory.law, group->memory.node, high_bytes);
        return r;
}

void cgb_memory_adopt(struct cgb *cgb, struct cgb_group *group)
{
        uint64_t high_bytes;

        if (cgb->memory.law == NULL || group->is_anothers || (group->up->depth > 0 && !group->up->memory.known))
                return;
        if (cgb_memory_read_limit(cgb, group, CGB_FILE_MEMORY_HIGH, &high_bytes) < 0 ||
                read_rights(cgb, group, &group->memory.floor_bytes, &group->memory.cap_bytes) < 0)
                return; /* the controller is not here */
        group->memory.found_bytes = high_bytes;
        use_inherited_limit(cgb, group, &group->memory.found_bytes);
        if (join(cgb, group, high_bytes) < 0)
                return;
        group->memory.known = true;
        cgb->memory.by_node[group->memory.node] = group;
        find_reclaim(cgb, group);
}

void cgb_memory_drop(struct cgb *cgb, struct cgb_group *group)
{
        if (!group->memory.known)
                return;
        cgb_memory_leave(cgb->memory.law, group->memory.node);
        cgb->memory.by_node[group->memory.node] = NULL;
        group->memory.known = false;
}

void cgb_memory_forget_foreign(struct cgb *cgb)
{
        for (size_t i = 0; i < cgb->n_groups; i++) {
                struct cgb_group *group = cgb->groups[i];
                uint64_t bytes;

                group->memory.journalled &= group->memory.touched;
                if (group->memory.known && group->memory.touched &&
                        cgb_memory_read_limit(cgb, group, CGB_FILE_MEMORY_HIGH, &bytes) == 0 &&
                        !cgb_memory_limit_is_ours(cgb, group, bytes))
                        group->memory.foreign = true;
        }
}

/* What threads have to say. A group that was replaced meanwhile has another inode, and nothing was asked of it. */
static void take_results(struct cgb *cgb)
{
        struct cgb_reclaimed result;

        if (cgb->memory.reclaimer == NULL)
                return;
        while (cgb_reclaimer_next(cgb->memory.reclaimer, &result)) {
                struct cgb_group *group = cgb->memory.by_node[result.node];

                if (group == NULL || group->dir.inode != result.inode)
                        continue;
                if (result.code < 0 && result.code != -EAGAIN && result.code != -EINTR && result.code != -ENODEV)
                        cgb_report_error(cgb, group, CGB_FILE_MEMORY_RECLAIM, result.code, "its memory cannot be reclaimed");
                if (result.usage_bytes != CGB_UNKNOWN)
                        cgb_memory_reclaimed(cgb->memory.law, result.node, result.usage_bytes);
        }
        cgb_reclaimer_tend(cgb->memory.reclaimer);
}

/* Sooner than the next step by a quarter of one, or with it. */
static void find_due(struct cgb *cgb)
{
        uint64_t due_usec = cgb_memory_due_usec(cgb->memory.law);

        cgb->memory.due_usec = due_usec + cgb->options.step_usec / 4 < cgb->deadline_usec ? due_usec : UINT64_MAX;
}

void cgb_memory_dispatch(struct cgb *cgb, uint64_t now_usec, bool is_step)
{
        struct cgb_memory_pool_state pool;

        if (cgb->memory.law == NULL)
                return;
        take_results(cgb);
        cgb->memory.is_pressed |= cgb->memory.trigger != NULL && cgb_trigger_take(cgb->memory.trigger);
        cgb_memory_get_pool(cgb->memory.law, &pool);
        if (pool.groups == 0 || (!is_step && !cgb->memory.is_pressed && now_usec < cgb->memory.due_usec))
                return;
        cgb_memory_sense(cgb, now_usec);
        cgb_memory_step(cgb->memory.law);
        cgb_memory_apply(cgb);
        if (cgb->memory.reclaimer != NULL)
                cgb_reclaimer_tend(cgb->memory.reclaimer);
        find_due(cgb);
}
