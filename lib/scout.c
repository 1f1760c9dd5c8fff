/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Discovery by rule. A rule may name groups several levels below the parent, and nobody knows when they come; so every group
 * on the way to where one could be is watched, as a scout. Only when a workspace is found do those above it get accounts of
 * their own: weights divide time between siblings, and a pod's containers get what the pod gets.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "context.h"
#include "kernel/path.h"

/* Deeper than any manager of containers goes; a tree that somebody made on purpose ends the search here. */
#define LEVELS_MAX 16

struct listing {
        struct cgb *cgb;
        const char *name;
};

static struct cgb_scout *find_scout(const struct cgb *cgb, const char *name)
{
        for (size_t i = 0; i < cgb->n_scouts; i++)
                if (strcmp(cgb->scouts[i].name, name) == 0)
                        return &cgb->scouts[i];
        return NULL;
}

const struct cgb_scout *cgb_scout_of_watch(const struct cgb *cgb, int watch)
{
        for (size_t i = 0; i < cgb->n_scouts; i++)
                if (cgb->scouts[i].watch == watch)
                        return &cgb->scouts[i];
        return NULL;
}

/* The watch stays: it is given up, or it has become a pool's. */
static void forget(struct cgb *cgb, struct cgb_scout *scout)
{
        free(scout->name);
        *scout = cgb->scouts[--cgb->n_scouts];
}

static int remember(struct cgb *cgb, const char *name, uint64_t inode, int watch)
{
        struct cgb_scout *scouts = realloc(cgb->scouts, (cgb->n_scouts + 1) * sizeof *scouts);
        char *copy = strdup(name);

        if (scouts != NULL)
                cgb->scouts = scouts;
        if (scouts == NULL || copy == NULL) {
                free(copy);
                return -ENOMEM;
        }
        scouts[cgb->n_scouts++] = (struct cgb_scout){copy, inode, watch};
        return 0;
}

void cgb_scout_gone(struct cgb *cgb, const char *name)
{
        struct cgb_scout *scout = find_scout(cgb, name);

        if (scout == NULL)
                return;
        inotify_rm_watch(cgb->inotify_fd, scout->watch);
        forget(cgb, scout);
}

void cgb_scouts_clear(struct cgb *cgb)
{
        while (cgb->n_scouts > 0) {
                inotify_rm_watch(cgb->inotify_fd, cgb->scouts[0].watch);
                forget(cgb, &cgb->scouts[0]);
        }
        free(cgb->scouts);
        cgb->scouts = NULL;
}

static int found_child(void *userdata, const char *name, uint64_t inode)
{
        const struct listing *listing = userdata;
        char path[PATH_MAX];

        (void)inode;
        if (cgb_path_join(path, sizeof path, listing->name, name) == 0)
                cgb_scout_found(listing->cgb, path);
        return 0;
}

static unsigned levels_of(const char *name)
{
        unsigned levels = 1;

        while ((name = strchr(name, '/')) != NULL) {
                name++;
                levels++;
        }
        return levels;
}

/* Watches a group without an account, then looks at what is in it already: in this order nothing is missed. */
static void look_below(struct cgb *cgb, const char *name)
{
        char path[PATH_MAX];
        uint64_t inode;
        int watch;

        if (levels_of(name) >= LEVELS_MAX || cgb_path_join(path, sizeof path, cgb->options.parent, name) < 0 ||
                cgb_tree_find(&inode, &cgb->tree, path) < 0)
                return;
        if (find_scout(cgb, name) != NULL && find_scout(cgb, name)->inode != inode)
                cgb_scout_gone(cgb, name);
        if (find_scout(cgb, name) == NULL) {
                watch = cgb_watch_path(cgb, path, NULL);
                if (watch < 0 || remember(cgb, name, inode, watch) < 0)
                        return;
        }
        cgb_tree_list(&cgb->tree, path, found_child, &(struct listing){cgb, name});
}

/*
 * The group @name, with an account and children that may have some; those above it first. @return NULL if it cannot be had.
 */
static struct cgb_group *make_pool(struct cgb *cgb, const char *name)
{
        struct cgb_group *group = *name == '\0' ? &cgb->top : cgb_group_find(cgb, name), *up;
        char above[PATH_MAX];
        struct cgb_scout *scout;

        if (group != NULL || strlen(name) >= sizeof above)
                return group;
        strcpy(above, name);
        cgb_path_cut(above);
        up = make_pool(cgb, above);
        /* a pool looks at its children when it is made: then this one may be there already */
        if (up == NULL || (group = cgb_group_find(cgb, name)) != NULL)
                return group;
        if (cgb_group_add(cgb, up, name + (*above == '\0' ? 0 : strlen(above) + 1), NULL) < 0)
                return NULL;
        scout = find_scout(cgb, name);
        if (scout != NULL)
                forget(cgb, scout);
        return cgb_group_find(cgb, name);
}

static void add_workspace(struct cgb *cgb, const char *name, const struct cgb_rule *rule)
{
        char above[PATH_MAX];
        struct cgb_group *up;

        if (strlen(name) >= sizeof above)
                return;
        strcpy(above, name);
        cgb_path_cut(above);
        up = make_pool(cgb, above);
        if (up != NULL && cgb_group_find(cgb, name) == NULL)
                cgb_group_add(cgb, up, name + (*above == '\0' ? 0 : strlen(above) + 1), rule);
}

void cgb_scout_found(struct cgb *cgb, const char *name)
{
        const struct cgb_rule *rule;

        if (cgb_group_find(cgb, name) != NULL)
                return;
        switch (cgb_rules_match(&cgb->rules, name, &rule)) {
        case CGB_GLOB_YES:
                add_workspace(cgb, name, rule);
                break;
        case CGB_GLOB_BELOW:
                look_below(cgb, name);
                break;
        case CGB_GLOB_NO:
                break;
        }
}
