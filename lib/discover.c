/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups come and go: found once by listing, and after that by inotify, which cgroup trees support for directories. Nothing
 * is looked for in vain.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "context.h"
#include "kernel/path.h"

struct listing {
        struct cgb *cgb;
        struct cgb_group *pool;
};

static bool is_known(struct cgb *cgb, const struct cgb_group *pool, const char *name)
{
        char path[PATH_MAX];

        return cgb_path_join(path, sizeof path, pool->name, name) < 0 || cgb_group_find(cgb, path) != NULL;
}

/* A new child of a pool: without rules a workspace, with rules perhaps one, or on the way to one. */
static void found(struct cgb *cgb, struct cgb_group *pool, const char *name)
{
        char path[PATH_MAX];

        if (cgb->rules.n == 0)
                cgb_group_add(cgb, pool, name, NULL);
        else if (cgb_path_join(path, sizeof path, pool->name, name) == 0)
                cgb_scout_found(cgb, path);
}

static int found_child(void *userdata, const char *name, uint64_t inode)
{
        struct listing *listing = userdata;

        (void)inode;
        if (listing->pool->dir.path != NULL && !is_known(listing->cgb, listing->pool, name))
                found(listing->cgb, listing->pool,
                        name); /* a group that fails never stops the others; it is reported there */
        return 0;
}

int cgb_discover(struct cgb *cgb, struct cgb_group *pool)
{
        return cgb_tree_list(&cgb->tree, pool->dir.path, found_child, &(struct listing){.cgb = cgb, .pool = pool});
}

int cgb_watch_path(struct cgb *cgb, const char *path, const struct cgb_group *group)
{
        char name[PATH_MAX];
        int watch;

        cgb_tree_name(name, sizeof name, &cgb->tree, path, "");
        watch = inotify_add_watch(cgb->inotify_fd, name, IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ONLYDIR);
        if (watch < 0 && errno != ENOENT) {
                struct cgb_fault fault;

                cgb_fault_set(
                        &fault, -errno, name, "new groups here will not be noticed", "raise fs.inotify.max_user_watches");
                cgb_report(cgb, CGB_EVENT_ERROR, group, &(struct cgb_event){.fault = &fault});
        }
        return watch;
}

void cgb_watch(struct cgb *cgb, struct cgb_group *pool)
{
        pool->watch = cgb_watch_path(cgb, pool->dir.path, pool);
}

void cgb_unwatch(struct cgb *cgb)
{
        char buffer[4096];

        for (size_t i = 0; i < cgb->n_pools; i++)
                if (cgb->pools[i]->watch >= 0)
                        inotify_rm_watch(cgb->inotify_fd, cgb->pools[i]->watch);
        cgb_scouts_clear(cgb);
        while (read(cgb->inotify_fd, buffer, sizeof buffer) > 0)
                ; /* what is left concerns nobody, and would keep the fd readable */
}

void cgb_discover_again(struct cgb *cgb)
{
        for (size_t i = 0; i < cgb->n_groups; i++) {
                uint64_t inode;

                if (cgb_tree_find(&inode, &cgb->tree, cgb->groups[i]->dir.path) < 0 || inode != cgb->groups[i]->dir.inode)
                        cgb_group_lost(cgb, cgb->groups[i], CGB_FILE_CPU_STAT);
        }
        cgb_groups_drop_gone(cgb);
        cgb->list_again = false;
        cgb->listing_again = true;
        for (size_t i = 0; i < cgb->n_pools; i++)
                cgb_discover(cgb, cgb->pools[i]);
        cgb->listing_again = false;
        cgb->listed_usec = cgb_now_usec(cgb);
}

static struct cgb_group *find_pool(struct cgb *cgb, int watch)
{
        for (size_t i = 0; i < cgb->n_pools; i++)
                if (cgb->pools[i]->watch == watch)
                        return cgb->pools[i];
        return NULL;
}

/* Below what a watch looks at: a pool, or a scout. @return NULL for a watch that has just been given up. */
static const char *name_of_watch(struct cgb *cgb, int watch)
{
        const struct cgb_group *pool = find_pool(cgb, watch);
        const struct cgb_scout *scout = pool == NULL ? cgb_scout_of_watch(cgb, watch) : NULL;

        return pool != NULL ? pool->name : scout != NULL ? scout->name : NULL;
}

/* A removed group may have been made again meanwhile under the same name: then the old one goes and the new one comes. */
static void child_changed(struct cgb *cgb, int watch, const char *name)
{
        const char *above = name_of_watch(cgb, watch);
        char path[PATH_MAX], below[PATH_MAX];
        struct cgb_group *group;
        uint64_t inode = 0;

        if (above == NULL || cgb_path_join(below, sizeof below, above, name) < 0 ||
                cgb_path_join(path, sizeof path, cgb->options.parent, below) < 0)
                return;
        cgb_tree_find(&inode, &cgb->tree, path);
        group = cgb_group_find(cgb, below);
        if (group != NULL && group->dir.inode == inode)
                return;
        if (group != NULL)
                cgb_group_drop(cgb, group);
        cgb_scout_gone(cgb, below);
        if (inode != 0 && find_pool(cgb, watch) != NULL)
                found(cgb, find_pool(cgb, watch), name);
        else if (inode != 0)
                cgb_scout_found(cgb, below);
}

void cgb_discover_changes(struct cgb *cgb)
{
        _Alignas(struct inotify_event) char buffer[16 * 1024];
        ssize_t n;

        while ((n = read(cgb->inotify_fd, buffer, sizeof buffer)) > 0) {
                for (char *at = buffer; at < buffer + n;) {
                        const struct inotify_event *event = (const struct inotify_event *)(void *)at;

                        at += sizeof *event + event->len;
                        if ((event->mask & IN_Q_OVERFLOW) != 0) {
                                cgb_discover_again(cgb); /* the kernel could not tell us of every change */
                                continue;
                        }
                        if ((event->mask & IN_ISDIR) != 0 && event->len > 0)
                                child_changed(cgb, event->wd, event->name);
                }
        }
}
