/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_RUN_SCOPE_H
#define CGCTL_RUN_SCOPE_H

/*
 * What cgctl run does differently with --systemd: the workspace is a scope, and its parent a slice of systemd's.
 */

#include <cgburst/scope.h>

struct run_scope {
        bool wanted;      /* --systemd */
        const char *lane; /* --lane: where the command begins; NULL: in the scope itself */
        const char *lanes[3];
        struct cgb_scope_options options;
        char *parent; /* the slice's group; for free() */
};

/* Finds the parent. Returns 0 or a negative errno, which it has reported. */
int run_scope_prepare(struct run_scope *scope, const char *name, uint32_t share_permille);

/*
 * Puts the process, which waits, into the scope; with @join into one that is there, if it is. Returns and reports likewise.
 */
int run_scope_put(const struct run_scope *scope, pid_t pid, bool join);

/* The groups of lanes that there may be. */
#define RUN_LANES_HELP "interactive or batch"

/* Of a workspace that is there, when sizes are asked for. */
#define RUN_SIZES_REFUSED "%s: it exists, and keeps the sizes that it has: --memory-floor and --memory-max are for a new one"
#define RUN_SIZES_REMEDY "leave them out, or choose another --name"

bool run_scope_is_lane(const char *name);

#endif
