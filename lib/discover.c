/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups come and go: found once by listing, and after that by inotify, which cgroup trees support for directories. Nothing is
 * looked for in vain.
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

static void full_path(const struct cgb *cgb, const struct cgb_group *pool, char *ret, size_t size)
{
        cgb_tree_name(ret, size, &cgb->tree, pool->dir.path, "");
}

static bool is_known(struct cgb *cgb, const struct cgb_group *pool, const char *name)
{
        char path[PATH_MAX];

        return cgb_path_join(path, sizeof path, pool->name, name) < 0 || cgb_group_find(cgb, path) != NULL;
}

static int found_child(void *userdata, const char *name, uint64_t inode)
{
        struct listing *listing = userdata;

        (void)inode;
        if (listing->pool->dir.path != NULL && !is_known(listing->cgb, listing->pool, name))
                cgb_group_add(listing->cgb, listing->pool, name); /* a group that fails never stops the others; it is reported there */
        return 0;
}

int cgb_discover(struct cgb *cgb, struct cgb_group *pool)
{
        return cgb_tree_list(&cgb->tree, pool->dir.path, found_child, &(struct listing){.cgb = cgb, .pool = pool});
}

void cgb_watch(struct cgb *cgb, struct cgb_group *pool)
{
        char path[PATH_MAX];

        full_path(cgb, pool, path, sizeof path);
        pool->watch = inotify_add_watch(cgb->inotify_fd, path, IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ONLYDIR);
        if (pool->watch < 0) {
                struct cgb_fault fault;

                cgb_fault_set(&fault, -errno, path, "new groups here will not be noticed", "raise fs.inotify.max_user_watches");
                cgb_report(cgb, CGB_EVENT_ERROR, pool, &(struct cgb_event){.fault = &fault});
        }
}

void cgb_unwatch(struct cgb *cgb)
{
        char buffer[4096];

        for (size_t i = 0; i < cgb->n_pools; i++)
                if (cgb->pools[i]->watch >= 0)
                        inotify_rm_watch(cgb->inotify_fd, cgb->pools[i]->watch);
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

/* A removed group may have been made again meanwhile under the same name: then the old one goes and the new one comes. */
static void child_changed(struct cgb *cgb, struct cgb_group *pool, const char *name)
{
        char path[PATH_MAX];
        struct cgb_group *group;
        uint64_t inode;

        if (cgb_path_join(path, sizeof path, pool->name, name) < 0)
                return;
        group = cgb_group_find(cgb, path);
        if (group != NULL && (cgb_tree_find(&inode, &cgb->tree, group->dir.path) < 0 || inode != group->dir.inode)) {
                cgb_group_drop(cgb, group);
                group = NULL;
        }
        if (group == NULL && cgb_path_join(path, sizeof path, pool->dir.path, name) == 0
            && cgb_tree_find(NULL, &cgb->tree, path) == 0)
                cgb_group_add(cgb, pool, name);
}

void cgb_discover_changes(struct cgb *cgb)
{
        _Alignas(struct inotify_event) char buffer[16 * 1024];
        ssize_t n;

        while ((n = read(cgb->inotify_fd, buffer, sizeof buffer)) > 0) {
                for (char *at = buffer; at < buffer + n;) {
                        const struct inotify_event *event = (const struct inotify_event *)(void *)at;
                        struct cgb_group *pool;

                        at += sizeof *event + event->len;
                        if ((event->mask & IN_Q_OVERFLOW) != 0) {
                                cgb_discover_again(cgb); /* the kernel could not tell us of every change */
                                continue;
                        }
                        pool = find_pool(cgb, event->wd);
                        if (pool != NULL && (event->mask & IN_ISDIR) != 0 && event->len > 0)
                                child_changed(cgb, pool, event->name);
                }
        }
}
