/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_SCOPE_H
#define CGBURST_SCOPE_H

/**
 * cgburst/scope.h - workspaces as transient scopes of systemd's
 *
 * On a host that systemd runs, a workspace may be a unit like any other: listed by systemctl, ended with it, gone by itself
 * when its last process is. The processes are the caller's; systemd puts them into a scope in a slice of ours, which is then
 * the parent to be managed:
 *
 *     cgb_scope_parent(&options, &parent, &fault);                     "cgburst.slice"
 *     pid = fork() ...                                                 a process that waits before it begins
 *     cgb_scope_start(&options, &pid, 1, &scope, &fault);              "cgburst.slice/alice.scope"
 *
 * The scope's own attributes are the manager's. It is delegated, so that the groups below it, its lanes, are written raw.
 *
 * Each call connects to the bus, waits for the answer and disconnects: some 100 ms, and at most CGB_SCOPE_TIMEOUT_USEC for
 * each of its two or three questions. Not for a loop that must not wait. Functions may be called from any thread.
 */

#include <cgburst/owner.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The slice that scopes are put into. Made by systemd when it is first used. It goes with its last scope where its unit file
 * is installed (StopWhenUnneeded=), as it is with cgctl, and stays elsewhere: systemd itself stops no slice.
 */
#define CGB_SCOPE_SLICE "cgburst.slice"

/** So long is an answer waited for: a manager that is busy for longer has a trouble that waiting does not mend. */
#define CGB_SCOPE_TIMEOUT_USEC 10000000ull

/** Set by cgb_scope_options_init(). */
struct cgb_scope_options {
        size_t size; /**< sizeof(struct cgb_scope_options) */
        /** CGB_MANAGER_SYSTEM or CGB_MANAGER_USER; the first for root, the second for all others */
        enum cgb_manager manager;
        const char *slice;       /**< CGB_SCOPE_SLICE; another has to end in ".slice" */
        const char *name;        /**< of the workspace; the unit is "<name>.scope" */
        const char *description; /**< for people, in systemctl; NULL: the unit's name */
        uint32_t share_permille; /**< becomes CPUWeight=, share * 100, which is how managers of ours learn it; 1000 */
        /** becomes MemoryLow=: memory that it is sure of, which the slice's own MemoryLow= has to cover; 0: none */
        uint64_t memory_floor_bytes;
        uint64_t memory_max_bytes; /**< becomes MemoryMax=; 0: none */

        /**
         * Groups to be made in the scope, which pass the cpu controller on to each other's side: "interactive", "batch". The
         * processes begin in the first. Ended by NULL; NULL: none, and the processes are in the scope itself.
         */
        const char *const *lanes;
};

/** A scope that was started. */
struct cgb_scope {
        size_t size;              /**< sizeof(struct cgb_scope), set by the caller */
        char unit[CGB_NAME_SIZE]; /**< "alice.scope" */
        char path[4096];          /**< of its group, below the mount */
};

/** Sets every field to its default; the name is left to the caller. */
CGB_PUBLIC void cgb_scope_options_init(struct cgb_scope_options *options);

/**
 * Which group scopes of this manager and slice are made in: the parent for struct cgb_options. It need not exist yet.
 *
 * @ret: a path below the mount, for free()
 * @return 0; -EINVAL for a name that cannot be; -EOPNOTSUPP without systemd on this host, or in this build; -EACCES;
 * -ETIMEDOUT; other errors of the bus. @fault may be NULL.
 */
CGB_PUBLIC int cgb_scope_parent(const struct cgb_scope_options *options, char **ret, struct cgb_fault *fault);

/**
 * Starts a scope with these processes in it, and waits until it is started.
 *
 * @pids: the processes, which must be the caller's own, or anybody's for root
 * @n: how many, at least one
 * @return 0; -EEXIST if there is a unit of that name; -ENOSPC, with the numbers, if the floors would be more than the slice or
 * a group above it protects or may have, or than the host has; -EACCES if the manager refuses; -ESRCH if a process is gone; -EIO if
 * the start failed; and as cgb_scope_parent()
 */
CGB_PUBLIC int cgb_scope_start(const struct cgb_scope_options *options, const pid_t *pids, size_t n, struct cgb_scope *ret,
        struct cgb_fault *fault);

/**
 * Moves one more process into a scope that was started, by manager and name; across the borders of delegation, which a plain
 * move cannot cross.
 *
 * @lane: the group in it; NULL: the first of options->lanes, or the scope itself if there are none
 * @return 0; -ENOENT if there is no such scope; and as cgb_scope_start()
 */
CGB_PUBLIC int cgb_scope_attach(
        const struct cgb_scope_options *options, const char *lane, pid_t pid, struct cgb_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
