/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_CGBURST_H
#define CGBURST_CGBURST_H

/**
 * cgburst/cgburst.h - the scheduler: the policy joined to a cgroup v2 tree
 *
 * A context manages the groups ("workspaces") below one parent group. Once a step it reads who used the CPU, lets the policy
 * decide, and writes the cpu.weight files that have to change. What they held before is kept in a journal on disk and put
 * back by cgb_stop(), by cgb_free(), by the next cgb_start() after a crash, or by cgb_restore().
 *
 *     cgb_new(&cgb, &options, &fault);
 *     cgb_create(cgb, &workspace);  cgb_attach(cgb, "alice", pid);     only if the groups are yours to make
 *     cgb_start(cgb);
 *     for (;;) { poll(cgb_get_fd(cgb)); cgb_dispatch(cgb); while (cgb_next_event(cgb, &event)) ... }
 *     cgb_free(cgb);
 *
 * Only the policy wanted, with sensors and actuators of your own? See <cgburst/policy.h>.
 *
 * Errors are negative errno values, and leave out-parameters as they were; the fault tells file and remedy. Where options, a
 * name or a callback are missing (NULL) that is -EINVAL; a context and the place for a result have to be there. The library has
 * no global state, installs no signal handler and prints nothing; its only threads are those that wait for memory.reclaim
 * and for memory pressure, and one that moves processes between lanes; they take no signals. A context belongs to one thread
 * at a time; contexts are independent of each other.
 */

#include <sys/types.h>

#include <cgburst/memory.h>
#include <cgburst/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The longest name of a workspace, as the kernel limits a directory name (NAME_MAX), its end included. */
#define CGB_NAME_SIZE 256

struct cgb;

/** What went wrong, where, and what to do about it. All strings are empty while nothing has. */
struct cgb_fault {
        int code;          /**< the negative errno that was returned */
        char file[512];    /**< the file or the option at fault */
        char message[256]; /**< what is wrong with it */
        char remedy[256];  /**< what helps; may be empty */
};

enum cgb_log_level {
        CGB_LOG_ERROR,
        CGB_LOG_WARNING,
        CGB_LOG_INFO,
        CGB_LOG_DEBUG,
};

/** Actions are decided and reported as events, and nothing is written to the tree or to the journal. */
#define CGB_DRY_RUN (1u << 0)

/**
 * Which groups below the parent are workspaces. Patterns are paths below the parent; each name in them may have "*", "?" and
 * "[a-z]" as in a shell, and "**" stands for any number of names (once a pattern, and not at its end): "user-*.slice", "**"
 * "/docker-*.scope".
 */
struct cgb_rule {
        const char *name;  /**< for people: told as struct cgb_workspace's rule; NULL: "" */
        const char *match; /**< the pattern; the first rule that takes a group has it */
        const char *const
                *exclude; /**< patterns of groups that are left out with all below them, NULL at the end; NULL: none */
        uint32_t share_permille; /**< of each workspace, 10..100000; 0: the weight that it has when it is found */
        uint32_t flags;          /**< CGB_DRY_RUN: what this rule finds is measured and decided on, and not written; or 0 */
        uint64_t memory_floor_bytes; /**< of each workspace, for the memory law alone (no file has it); 0: its memory.low */
        /**
         * Which processes of a workspace go into which of its lanes: patterns as "comm:vim", "exe:/usr/bin/" "*",
         * "cmdline:*-j*" with wildcards over the whole text, or "terminal:foreground" (background, none); NULL at the end,
         * NULL: none. With one of either list each workspace of the rule gets two groups inside, "interactive" and "batch",
         * with an account each. Children of a batch process are batch; else an interactive pattern comes before a batch one,
         * and who has neither is interactive. Nobody comes back from batch, or leaves the workspace. At the end the
         * processes return and the lanes go. A group with groups of its own, or of a unit of systemd's without Delegate=,
         * gets none.
         */
        const char *const *interactive;
        const char *const *batch;
};

/**
 * The memory law is on, for every group that has the memory controller, which the parent passes on from then on if it can.
 * Without this no memory file is read or written: a limit that is wrong costs far more than a weight that is, so memory is
 * not touched unless it is asked for.
 */
#define CGB_MEMORY (1u << 1)

/** Set by cgb_options_init(). Strings are copied by the calls that take this. */
struct cgb_options {
        size_t size; /**< sizeof(struct cgb_options) */
        /**
         * where cgroup v2 is mounted, or a folder laid out like it; NULL: found in /proc, or by libcgroup if that is the
         * backend
         */
        const char *mount;
        const char *parent;    /**< the managed group, relative to the mount; NULL: cgb_default_parent() */
        const char *state_dir; /**< for journal and lock; NULL: /run/cgburst, or $XDG_RUNTIME_DIR/cgburst without root */
        /**
         * Who writes. "auto" and NULL: of each group whoever has to, as cgb_get_owner() tells it. "cgroupfs" and
         * "libcgroup": they alone, whatever that says; "systemd" is asked for the attributes of units' own groups as with
         * "auto", while all else is written as by "cgroupfs".
         */
        const char *backend;
        /** at most, to systemd to change units, 1..1000; 0: 25. The largest changes come first. */
        uint32_t calls_per_second;
        uint64_t step_usec; /**< 10 ms..60 s; 1 s */
        uint32_t depth;     /**< levels of groups below the parent that have accounts, 1..8; 1; no meaning with rules */
        /** which groups are workspaces, and groups on the way to them have accounts; NULL: all down to depth */
        const struct cgb_rule *rules;
        size_t n_rules; /**< how many; 0 */
        uint32_t flags; /**< CGB_DRY_RUN, CGB_MEMORY, or 0 */
        /** NULL: the defaults for step_usec; its capacity is a start, not a limit */
        const struct cgb_policy_options *policy;
        /** NULL: silence. Called from within calls on the context, by their thread; @message is one line, good until it returns. */
        void (*log)(void *userdata, enum cgb_log_level level, const char *message);
        /**
         * NULL: CLOCK_BOOTTIME; tests and replays set their own. With one the fd does not wake for steps: such a loop calls
         * cgb_dispatch() when the clock has come to cgb_get_deadline_usec().
         */
        uint64_t (*now_usec)(void *userdata);
        void *userdata; /**< for the two callbacks */
};

/** Whose a group is: see <cgburst/owner.h>. */
enum cgb_owner_type {
        CGB_OWNER_NOBODY, /**< no manager knows this group: whoever may write its files, does */
        CGB_OWNER_UNIT,   /**< the own group of a unit of systemd's, delegated or not: its attributes are the manager's */
        CGB_OWNER_INSIDE, /**< below a unit without delegation: no other writer, but the manager may take the controllers away */
        CGB_OWNER_DELEGATED, /**< below a unit with delegation */
        CGB_OWNER_LIBCGROUP, /**< named in cgconfig.conf or cgrules.conf, and no unit */
};

/** A workspace to be made by cgb_create(). */
struct cgb_workspace_options {
        size_t size;             /**< sizeof(struct cgb_workspace_options) */
        const char *name;        /**< a directory name below the parent, without "/", not "." or ".." */
        uint32_t share_permille; /**< becomes its first cpu.weight, share * 100, which is how managers learn it */
        /** becomes its memory.low, which is how managers learn it: what it is sure of; 0: none */
        uint64_t memory_floor_bytes;
        /** becomes its memory.max, never written again: above it the kernel kills; 0: no limit */
        uint64_t memory_max_bytes;
};

/** A workspace as it stands. */
struct cgb_workspace {
        size_t size;      /**< sizeof(struct cgb_workspace), set by the caller */
        const char *name; /**< path below the parent; good until the next cgb_dispatch(), cgb_remove() or cgb_stop() */
        uint32_t depth;   /**< 1 for a child of the parent */
        bool foreign;     /**< somebody else wrote its weight: it is measured, and left alone */
        bool dry_run;     /**< measured and decided on, not written: the context's or the rule's CGB_DRY_RUN */
        const char *rule; /**< the rule that found it; "" without rules and on the way to one; good as long as the context */
        struct cgb_account_state account;
        bool has_memory; /**< the memory law has it; else .memory is zeros */
        struct cgb_memory_state memory;
        /** whose it is; below a unit of a user's own manager CGB_OWNER_INSIDE, for that is not asked in the loop */
        enum cgb_owner_type owner;
        /**
         * who writes its files: a backend's name; NULL: a manager that cannot be asked from here, so it is measured and left
         * alone. Static.
         */
        const char *writer;
};

/** A context as it stands. Counts are since cgb_start(). */
struct cgb_overview {
        size_t size;        /**< sizeof(struct cgb_overview), set by the caller */
        const char *mount;  /**< good as long as the context */
        const char *parent; /**< good as long as the context */
        /** "<state_dir>/<parent>": for files of the embedder's own beside the journal; good as long as the context */
        const char *state_name;
        bool started;
        uint32_t workspaces;
        uint32_t cpus_permille; /**< CPUs the parent may use */
        uint64_t step_usec;
        uint64_t steps;
        uint64_t weights_written;
        uint64_t longest_dispatch_usec; /**< on the wall, of cgb_dispatch() */
        uint64_t events_lost;           /**< thrown away because nobody took them */
        struct cgb_pool_state pool;     /**< the parent's ledger */
        /** zero groups: the memory law is off, or no group has the memory controller */
        struct cgb_memory_pool_state memory;
        bool memory_can_reclaim; /**< memory.reclaim is there; without it the law only watches */
        uint64_t limits_written; /**< memory.high */
        uint32_t reclaims_late;  /**< that did not come back from the kernel in time */
        uint64_t calls;          /**< to systemd, to change units */
        /** values that systemd was asked to set, or is to be asked, and has not said yet that they are */
        uint32_t under_way;
};

enum cgb_event_type {
        CGB_EVENT_ADDED,         /**< a group came and has an account now */
        CGB_EVENT_GONE,          /**< a group vanished; its balance is the bank's */
        CGB_EVENT_WEIGHT,        /**< a weight was written, or would be in a dry run: see .action */
        CGB_EVENT_BOOSTED,       /**< it has credit now and comes first when it wakes */
        CGB_EVENT_SPENT,         /**< its credit is used up */
        CGB_EVENT_PRESSURE,      /**< contention began (price_permille > 0) or ended (0) */
        CGB_EVENT_FOREIGN_WRITE, /**< somebody else wrote its cpu.weight: left alone from now on */
        CGB_EVENT_RESTORED,      /**< the values of a manager that died were put back at the start */
        CGB_EVENT_ERROR,         /**< this workspace failed, the others go on: see .fault */
        CGB_EVENT_UNDONE, /**< its cpu.weight was what it had been before us, as after a reload of systemd: written again, this once */
        CGB_EVENT_MEMORY, /**< memory.high was written or memory asked back, or would be in a dry run: see .memory */
        CGB_EVENT_FROZEN, /**< grows without end while memory is short: its memory.high stays where it is, see .memory */
        CGB_EVENT_FOREIGN_LIMIT, /**< somebody else wrote its memory.high, see .memory.bytes: left alone from now on */
        CGB_EVENT_LANES,         /**< it has lanes now, and its processes are in them; or would have in a dry run */
        CGB_EVENT_SORTED, /**< a process of it, see .pid, was moved from its interactive lane to its batch lane, or would be in a dry run */
        CGB_EVENT_GROWING, /**< grows without end, above its rights; memory is short, or will be if it grows by as much again: see .memory.bytes, its usage */
};

/** Something that happened. Pointers are good until the next call on the same context. */
struct cgb_event {
        enum cgb_event_type type;
        const char *name;         /**< the workspace; empty where it is not about one */
        struct cgb_action action; /**< for CGB_EVENT_WEIGHT, CGB_EVENT_BOOSTED and CGB_EVENT_SPENT */
        uint32_t price_permille;  /**< for CGB_EVENT_PRESSURE */
        uint32_t weight;          /**< for CGB_EVENT_FOREIGN_WRITE and CGB_EVENT_UNDONE: what was found */
        struct cgb_memory_action
                memory;    /**< for CGB_EVENT_MEMORY, CGB_EVENT_FROZEN, CGB_EVENT_GROWING and CGB_EVENT_FOREIGN_LIMIT */
        uint32_t restored; /**< for CGB_EVENT_RESTORED: how many files */
        pid_t pid;         /**< for CGB_EVENT_SORTED */
        const struct cgb_fault *fault; /**< for CGB_EVENT_ERROR; else NULL */
};

enum cgb_check_result {
        CGB_CHECK_OK,
        CGB_CHECK_DEGRADED, /**< cgburst works, less well */
        CGB_CHECK_FAILED,   /**< cgburst cannot work here */
};

/** One thing that cgburst uses, and whether this kernel, mount and permission allow it. */
struct cgb_check {
        enum cgb_check_result result;
        char name[48];    /**< "cpu controller", "pressure stall information", ... */
        char found[256];  /**< what is there */
        char remedy[256]; /**< how to mend it; empty if there is nothing to mend */
};

/** Room for every check that there is. */
#define CGB_CHECKS_MAX 24

/** Sets every field of @options to its default. */
CGB_PUBLIC void cgb_options_init(struct cgb_options *options);

/** Can this be a rule? @return 0; -EINVAL with what is wrong in @fault, which may be NULL. Needs no context. */
CGB_PUBLIC int cgb_rule_check(const struct cgb_rule *rule, struct cgb_fault *fault);

/**
 * The group that is managed if no other is named: "cgburst" at the top of the tree for root; without root, "cgburst" below
 * the highest ancestor of the caller's own group that is delegated to the caller.
 *
 * @mount: as in struct cgb_options
 * @ret: a string for free()
 * @return 0; -ENOENT without cgroup v2; -EACCES if nothing is delegated; -ENOMEM. @fault may be NULL.
 */
CGB_PUBLIC int cgb_default_parent(const char *mount, char **ret, struct cgb_fault *fault);

/**
 * Opens the tree. Nothing is read or written below the parent before one of the calls that follow.
 *
 * @fault: told what is wrong if this fails; may be NULL
 * @return 0 and a context for cgb_free(); -EINVAL for an option out of range or of another version; -ENAMETOOLONG for a parent
 * after which no file of the state can be called; -ENOENT if there is no cgroup v2; -ENOTDIR; -EACCES; -EMFILE; -ENOMEM
 */
CGB_PUBLIC int cgb_new(struct cgb **ret, const struct cgb_options *options, struct cgb_fault *fault);

/** cgb_stop(), then frees everything. NULL is allowed. Always returns NULL. */
CGB_PUBLIC struct cgb *cgb_free(struct cgb *cgb);

/** What the last call on @cgb that failed had to say; good until the next call. */
CGB_PUBLIC const struct cgb_fault *cgb_get_fault(const struct cgb *cgb);

/**
 * Makes a workspace: the parent if it is missing, the cpu controller on the way down to it, the group, its first weight.
 * With sizes of memory that controller as well. The groups that were made for it get the sum of the floors below them as
 * their own memory.low. Works with and without cgb_start(), and whoever manages the parent sees the new group by itself.
 *
 * Its first values are written by whoever writes it later. A group that would look like a unit where systemd keeps its own
 * is not made: see <cgburst/scope.h>.
 *
 * @return 0; -EINVAL for a name, share or sizes that cannot be; -EEXIST; -EACCES; -ENOTEMPTY if the parent, or a group on
 *         the way to it, has processes of its own; -EOPNOTSUPP if a controller is not to be had; -ENOSPC at the kernel's
 *         limit of groups, or if the floors below a group come to more than its memory.low or memory.max, or the host's
 *         memory: the fault has the numbers
 */
CGB_PUBLIC int cgb_create(struct cgb *cgb, const struct cgb_workspace_options *options);

/**
 * Moves a process into a workspace. @pid 0 is the caller.
 *
 * @return 0; -EINVAL for a name that cannot be, or a process that cannot be moved; -ENOENT without such a workspace; -ESRCH
 * without such a process; -EACCES; -EBUSY if groups below the workspace have its controllers
 */
CGB_PUBLIC int cgb_attach(struct cgb *cgb, const char *name, pid_t pid);

/**
 * Removes a workspace without processes, and the parent if cgb_create() made it and it is empty.
 *
 * @return 0; -EINVAL for a name that cannot be; -ENOENT without such a workspace; -EBUSY while it has processes or groups;
 * -EACCES
 */
CGB_PUBLIC int cgb_remove(struct cgb *cgb, const char *name);

/**
 * Begins to manage: takes the parent's lock, puts back what a dead manager left behind, adopts every group found. The weight
 * that a group has when it is adopted is its share, unless a rule has another; whoever makes one later has a second to write
 * it. With rules the parent is never made.
 *
 * @return 0; -EALREADY; -EBUSY if another manager has the parent; -ENOENT if there are rules and no parent; -ENOTEMPTY,
 * -EACCES,
 *         -EOPNOTSUPP as in cgb_create()
 */
CGB_PUBLIC int cgb_start(struct cgb *cgb);

/**
 * Ends it: every file holds again what it held, groups and controllers that we added and nobody uses are removed, the lock
 * is free. A file that somebody else has written meanwhile stays as they left it.
 *
 * @return 0, also if it was not started; else the first error, after all the rest was put back. What could not be put back
 * stays in the journal.
 */
CGB_PUBLIC int cgb_stop(struct cgb *cgb);

/**
 * One fd, readable (POLLIN, EPOLLIN) while cgb_dispatch() has something to do. It stays the same, is the library's to read, and
 * is closed by cgb_free().
 */
CGB_PUBLIC int cgb_get_fd(const struct cgb *cgb);

/** When the next step is due, on the context's clock; for loops that have timers and no poll. UINT64_MAX: not started. */
CGB_PUBLIC uint64_t cgb_get_deadline_usec(const struct cgb *cgb);

/**
 * Does what is due, without ever blocking. @return 0; a negative errno only if nothing at all can go on, as -ENODEV when the
 * parent is gone.
 */
CGB_PUBLIC int cgb_dispatch(struct cgb *cgb);

/** Takes the oldest event. What nobody takes is kept, the last 4096. @return false when there is none. */
CGB_PUBLIC bool cgb_next_event(struct cgb *cgb, struct cgb_event *ret);

/**
 * The @index-th workspace in the order of joining, 0 first. @return 0; -ENOENT past the last one; -EINVAL for an unknown
 * size.
 */
CGB_PUBLIC int cgb_get_workspace(const struct cgb *cgb, size_t index, struct cgb_workspace *ret);

/** @return 0; -EINVAL for an unknown size. */
CGB_PUBLIC int cgb_get_overview(const struct cgb *cgb, struct cgb_overview *ret);

/**
 * Puts back what a manager that died left behind. Takes mount, parent and state_dir from @options.
 *
 * @return the number of files put back, 0 if there was nothing to do; -EBUSY while the manager lives; else the first error,
 * after all the rest was undone. @fault may be NULL.
 */
CGB_PUBLIC int cgb_restore(const struct cgb_options *options, struct cgb_fault *fault);

/**
 * Looks at everything that cgburst uses on this host, and changes nothing.
 *
 * @options: mount, parent and state_dir are used; NULL: the defaults
 * @checks: room for @n; CGB_CHECKS_MAX is always enough
 * @return how many were filled in
 */
CGB_PUBLIC size_t cgb_probe(const struct cgb_options *options, struct cgb_check *checks, size_t n);

/** "credit", "debt", ...: a word for people and for JSON; "unknown" for what is none. Static, as the next two. */
CGB_PUBLIC const char *cgb_reason_to_string(enum cgb_reason reason);

/** "near", "asleep", ...: why the memory law did something. */
CGB_PUBLIC const char *cgb_memory_reason_to_string(enum cgb_memory_reason reason);

/** "added", "gone", ... */
CGB_PUBLIC const char *cgb_event_type_to_string(enum cgb_event_type type);

#ifdef __cplusplus
}
#endif

#endif
