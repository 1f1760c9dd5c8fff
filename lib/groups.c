/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of the groups that are managed: in the order of joining, and by the policy's number.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "context.h"
#include "kernel/parse.h"
#include "kernel/path.h"

int cgb_groups_init(struct cgb *cgb)
{
        size_t size = cgb_policy_memory_size(&cgb->policy_options);
        void *memory = malloc(size);

        cgb->by_node = calloc(cgb->policy_options.capacity, sizeof *cgb->by_node);
        cgb->pools = calloc(1, sizeof *cgb->pools);
        cgb->top = (struct cgb_group){.name = (char *)"", .node = CGB_NODE_ROOT, .watch = -1};
        if (memory == NULL || cgb->by_node == NULL || cgb->pools == NULL) {
                free(memory);
                return cgb_fail(cgb, -ENOMEM, cgb->options.parent, "out of memory", NULL);
        }
        cgb->pools[cgb->n_pools++] = &cgb->top;
        return cgb_policy_init(&cgb->policy, memory, size, &cgb->policy_options);
}

static void group_free(struct cgb *cgb, struct cgb_group *group)
{
        cgb_group_dir_close(&group->dir, cgb->fds);
        cgb_sort_forget(group);
        free(group->name);
        free(group);
}

void cgb_groups_clear(struct cgb *cgb)
{
        cgb_unwatch(cgb);
        for (size_t i = 0; i < cgb->n_groups; i++)
                group_free(cgb, cgb->groups[i]);
        cgb_group_dir_close(&cgb->top.dir, cgb->fds);
        cgb_group_dir_close(&cgb->machine, cgb->fds);
        free(cgb->groups);
        free(cgb->pools);
        free(cgb->by_node);
        free(cgb->policy);
        free(cgb->actions);
        cgb->actions = NULL;
        cgb->n_actions = cgb->actions_room = 0;
        cgb->groups = NULL;
        cgb->pools = NULL;
        cgb->by_node = NULL;
        cgb->policy = NULL;
        cgb->n_groups = cgb->n_pools = 0;
        cgb->top = (struct cgb_group){.watch = -1};
        cgb->machine = (struct cgb_group_dir){0};
}

/* Doubles the room in the policy, and in the tables that are as large. */
static int grow(struct cgb *cgb)
{
        struct cgb_policy_options larger = cgb->policy_options;
        struct cgb_group **by_node;
        void *memory, *old = cgb->policy;
        int r;

        larger.capacity *= 2;
        memory = malloc(cgb_policy_memory_size(&larger));
        by_node = realloc(cgb->by_node, larger.capacity * sizeof *by_node);
        if (by_node != NULL)
                cgb->by_node = by_node;
        if (memory == NULL || by_node == NULL) {
                free(memory);
                return -ENOMEM;
        }
        r = cgb_policy_grow(&cgb->policy, memory, cgb_policy_memory_size(&larger), larger.capacity);
        if (r < 0) {
                free(memory);
                return r;
        }
        free(old);
        cgb->policy_options = larger;
        return 0;
}

/* Makes room for one more in a list whose length is a power of two whenever it is full. */
static int append(struct cgb_group ***list, size_t *n, struct cgb_group *group)
{
        if ((*n & (*n - 1)) == 0) {
                struct cgb_group **larger = realloc(*list, (*n == 0 ? 1 : 2 * *n) * sizeof *larger);

                if (larger == NULL)
                        return -ENOMEM;
                *list = larger;
        }
        (*list)[(*n)++] = group;
        return 0;
}

static void take_out(struct cgb_group **list, size_t *n, const struct cgb_group *group)
{
        for (size_t i = 0; i < *n; i++) {
                if (list[i] != group)
                        continue;
                memmove(&list[i], &list[i + 1], (*n - i - 1) * sizeof *list);
                (*n)--;
                return;
        }
}

bool cgb_group_is_dry(const struct cgb *cgb, const struct cgb_group *group)
{
        return ((cgb->options.flags | (group->rule != NULL ? group->rule->flags : 0)) & CGB_DRY_RUN) != 0;
}

/*
 * systemd keeps the cpu controller in a slice only while a unit there has a weight or is delegated, and takes it away with
 * the last of these, whoever had enabled it. So a unit without the file has the default, and gets the file when systemd is
 * asked to set a weight.
 */
int cgb_group_read_weight(struct cgb *cgb, struct cgb_group *group, uint32_t *ret)
{
        char text[64];
        ssize_t n = cgb_group_read(cgb->fds, &cgb->tree, &group->dir, CGB_FILE_CPU_WEIGHT, text, sizeof text);

        if (n == -ENOENT && group->owner == CGB_OWNER_UNIT) {
                *ret = CGB_WEIGHT_DEFAULT;
                return 0;
        }
        return n < 0 ? (int)n : cgb_parse_weight(ret, text, (size_t)n);
}

int cgb_read_usage(struct cgb *cgb, struct cgb_group_dir *dir, uint64_t *ret_usec)
{
        char text[CGB_READ_SIZE];
        ssize_t n = cgb_group_read(cgb->fds, &cgb->tree, dir, CGB_FILE_CPU_STAT, text, sizeof text);

        return n < 0 ? (int)n : cgb_parse_usage(ret_usec, text, (size_t)n);
}

void cgb_group_file(const struct cgb *cgb, const struct cgb_group *group, enum cgb_file file, char *ret, size_t size)
{
        cgb_tree_name(ret, size, &cgb->tree, group->dir.path, cgb_file_to_string(file));
}

/* A rule's shares are the workspace's; its lanes divide what it gets. */
uint32_t cgb_group_share(const struct cgb_group *group)
{
        if (group->rule != NULL && group->rule->share_permille != 0 && group->up->lanes != CGB_LANES_MADE)
                return group->rule->share_permille;
        return group->found_weight * (CGB_SHARE_DEFAULT_PERMILLE / CGB_WEIGHT_DEFAULT);
}

static int join_policy(struct cgb *cgb, struct cgb_group *group, uint32_t weight)
{
        struct cgb_account_options account = {
                .size = sizeof account,
                .parent = group->up->node,
                .share_permille = cgb_group_share(group),
                .identity = group->dir.inode,
                .weight = weight,
                .balance = cgb_credits_find(&cgb->saved, group->dir.inode),
        };
        int r = cgb_read_usage(cgb, &group->dir, &account.usage_usec);

        if (r < 0)
                return r;
        r = cgb_policy_join(cgb->policy, &account, &group->node);
        if (r == -ENOSPC) {
                r = grow(cgb);
                if (r == 0)
                        r = cgb_policy_join(cgb->policy, &account, &group->node);
        }
        return r;
}

/* A weight that a dead manager wrote and that could not be put back is not what was found here. */
static void use_inherited_weight(const struct cgb *cgb, struct cgb_group *group)
{
        for (size_t i = 0; i < cgb->inherited.n; i++) {
                const struct cgb_journal_entry *entry = &cgb->inherited.entries[i];

                if (entry->inode != group->dir.inode || !cgb_journal_is_weight(entry->file))
                        continue;
                group->found_is_unset = entry->value == CGB_WEIGHT_UNSET;
                group->found_weight = group->found_is_unset ? CGB_WEIGHT_DEFAULT : (uint32_t)entry->value;
                group->is_asked = false;
        }
}

/*
 * Reads what is needed to manage @group, and enters it into the tables. On error the policy does not know it, and *@ret_file
 * is at fault.
 */
static int adopt(struct cgb *cgb, struct cgb_group *group, const char *name, enum cgb_file *ret_file)
{
        char path[PATH_MAX];
        uint32_t weight;
        int r;

        r = cgb_path_join(path, sizeof path, group->up->dir.path, name);
        if (r == 0)
                r = cgb_group_dir_open(&group->dir, cgb->fds, &cgb->tree, path);
        if (r == 0)
                r = cgb_path_join(path, sizeof path, group->up->name, name);
        if (r < 0)
                return r;
        group->name = strdup(path);
        if (group->name == NULL)
                return -ENOMEM;
        r = cgb_writer_choose(cgb, group);
        if (r == 0)
                r = cgb_group_read_weight(cgb, group, &weight);
        if (r < 0)
                return r;
        group->found_weight = weight;
        group->is_asked = group->writer->type->adopt != NULL && !cgb_group_is_dry(cgb, group);
        use_inherited_weight(cgb, group);
        *ret_file = CGB_FILE_CPU_STAT;
        r = join_policy(cgb, group, weight);
        if (r < 0)
                return r;
        r = append(&cgb->groups, &cgb->n_groups, group);
        if (r == 0 && group->is_pool) {
                r = append(&cgb->pools, &cgb->n_pools, group);
                if (r < 0)
                        take_out(cgb->groups, &cgb->n_groups, group);
        }
        if (r < 0)
                cgb_policy_leave(cgb->policy, group->node);
        return r;
}

int cgb_group_add(struct cgb *cgb, struct cgb_group *up, const char *name, const struct cgb_rule *rule)
{
        struct cgb_group *group = calloc(1, sizeof *group);
        enum cgb_file file = CGB_FILE_CPU_WEIGHT;
        int r;

        if (group == NULL)
                return -ENOMEM;
        group->up = up;
        group->depth = up->depth + 1;
        group->rule = rule;
        group->is_pool = cgb->rules.n > 0 ? rule == NULL : group->depth < cgb->options.depth;
        group->lanes = cgb_sort_wants(group);
        group->watch = -1;
        group->came_usec = cgb->started ? cgb_now_usec(cgb) : 0;
        r = adopt(cgb, group, name, &file);
        if (r < 0) {
                /* without cpu.weight its parent does not pass the controller on, or not yet: not worth a word */
                if (group->name != NULL && r != -ENODEV && r != -ENOENT && !cgb->listing_again)
                        cgb_report_error(cgb, group, file, r, "this group cannot be managed");
                group_free(cgb, group);
                cgb->list_again = true;
                return r;
        }
        cgb->by_node[group->node] = group;
        if (group->is_asked)
                group->is_asked = cgb_backend_adopt(group->writer, &group->dir) == 1;
        cgb_memory_adopt(cgb, group);
        cgb_report(cgb, CGB_EVENT_ADDED, group, NULL);
        if (group->is_pool) {
                cgb_watch(cgb, group);
                cgb_discover(cgb, group);
        }
        return 0;
}

int cgb_group_become_pool(struct cgb *cgb, struct cgb_group *group)
{
        int r = append(&cgb->pools, &cgb->n_pools, group);

        if (r < 0)
                return r;
        group->is_pool = true;
        cgb_watch(cgb, group);
        return 0;
}

/* Those below go first: an inner pool can only leave when it is empty. */
static void drop_children(struct cgb *cgb, const struct cgb_group *group)
{
        for (size_t i = cgb->n_groups; i > 0; i--)
                if (i <= cgb->n_groups && cgb->groups[i - 1]->up == group)
                        cgb_group_drop(cgb, cgb->groups[i - 1]);
}

void cgb_group_drop(struct cgb *cgb, struct cgb_group *group)
{
        if (group->is_pool)
                drop_children(cgb, group);
        if (group->watch >= 0)
                inotify_rm_watch(cgb->inotify_fd, group->watch);
        cgb_memory_drop(cgb, group);
        cgb_backend_forget(group->writer, group->dir.inode);
        cgb_policy_leave(cgb->policy, group->node);
        cgb->by_node[group->node] = NULL;
        take_out(cgb->groups, &cgb->n_groups, group);
        take_out(cgb->pools, &cgb->n_pools, group);
        cgb_report(cgb, CGB_EVENT_GONE, group, NULL);
        group_free(cgb, group);
}

void cgb_groups_drop_gone(struct cgb *cgb)
{
        if (!cgb->some_are_gone)
                return;
        cgb->some_are_gone = false;
        for (size_t i = cgb->n_groups; i > 0; i--)
                if (i <= cgb->n_groups && cgb->groups[i - 1]->gone)
                        cgb_group_drop(cgb, cgb->groups[i - 1]);
}

struct cgb_group *cgb_group_find(struct cgb *cgb, const char *name)
{
        for (size_t i = 0; i < cgb->n_groups; i++)
                if (strcmp(cgb->groups[i]->name, name) == 0)
                        return cgb->groups[i];
        return NULL;
}

void cgb_group_lost(struct cgb *cgb, struct cgb_group *group, enum cgb_file file)
{
        uint64_t inode;

        if (cgb_tree_find(&inode, &cgb->tree, group->dir.path) == 0 && inode == group->dir.inode) {
                cgb_report_error(cgb, group, file, -ENOENT,
                        "the group is there and this file of it is not: the cpu controller was taken away");
                return;
        }
        group->gone = true;
        cgb->some_are_gone = true;
}
