/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a context is made of, and which file of lib/ does what with it:
 *
 *     context.c    its life, options and getters         workspace.c  groups that the embedder makes
 *     manage.c     start, dispatch, stop                 events.c     what happened
 *     discover.c   groups come and go                    scout.c      the way to what a rule names
 *     groups.c     the table of groups                   writers.c    who writes which group
 *     sense.c      files -> policy                       apply.c      policy -> files
 *
 *     state/       what is kept on disk, and why nothing is lost: the journal of what files held before, controllers and parents
 *                  that were made, credits, the lock
 *     lanes/       the groups of lanes, and which process goes into which of them: looked at and moved in a thread
 *     memory/      the memory law on these files; memory.reclaim in threads, and what wakes the loop when memory is short
 *     owner/       whose a group is
 */
#include <cgburst/cgburst.h>

#include "backend/backend.h"
#include "events.h"
#include "fault.h"
#include "kernel/fdcache.h"
#include "kernel/group.h"
#include "kernel/tree.h"
#include "lanes/sort.h"
#include "memory/control.h"
#include "owner/owner.h"
#include "rules/rules.h"
#include "state/credits.h"
#include "state/journal.h"
#include "state/state.h"

/** A group that is managed, or the parent itself, which has no account and depth 0. */
struct cgb_group {
        char *name; /* below the parent */
        struct cgb_group_dir dir;
        cgb_node node;
        uint32_t failing; /* bit i: the failure of file i (enum cgb_file) was reported, and it has not worked since */
        uint32_t depth;
        struct cgb_group *up;
        bool is_pool;                  /* its children have accounts, too */
        const struct cgb_rule *rule;   /* that found it; NULL without rules, and on the way to one */
        int watch;                     /* of its children; -1 where they are not ours */
        struct cgb_pool_sample sample; /* of a pool, when it was last read; without CPUs: not yet */
        bool is_sensed;                /* in this step */
        uint64_t cpus_read_step;
        struct cgb_backend *writer; /* of its files, see writers.c */
        enum cgb_owner_type owner;
        bool is_anothers;      /* a manager's whom we cannot ask: measured, and never written */
        uint32_t found_weight; /* to be put back */
        bool found_is_unset;   /* and to its manager it is no weight at all, which to the kernel is the default */
        bool is_asked;         /* whether that is so; until then nothing is written */
        uint32_t asked_weight; /* that its writer was last asked to write */
        /* that the file had before the last answer "done", which may be there for one look yet; 0: none */
        uint32_t replaced_weight;
        bool is_pending; /* that is under way, for .pending; its file may hold the one or the other */
        struct cgb_action pending;
        bool journalled;
        bool touched; /* we have written its weight */
        bool undone;  /* what we wrote was undone, and written again: the next time it is left alone */
        bool foreign;
        uint64_t came_usec; /* 0: it was there when we started, or is not new any more */
        bool boosted;
        bool gone;
        struct cgb_group_memory memory;
        enum cgb_lanes_state lanes;  /* its children are lanes, or will be */
        struct cgb_sorting *sorting; /* of a workspace with lanes */
};

/** A group without an account on the way to groups that a rule may name: it is watched. */
struct cgb_scout {
        char *name; /* below the parent */
        uint64_t inode;
        int watch;
};

/** Backends that a context can have open: one of each type that there is. */
#define CGB_WRITERS_MAX 4

/**
 * What is under way at the end is waited for this long: a host so busy that its service manager needs more is not served by
 * waiting.
 */
#define CGB_FLUSH_USEC 10000000ull

/** Those that it has. */
struct cgb_writers {
        struct cgb_backend_host host;
        struct cgb_backend *backends[CGB_WRITERS_MAX];
        size_t n;
};

struct cgb {
        struct cgb_options options; /* strings are ours; policy is not used, see policy_options */
        struct cgb_policy_options policy_options;
        struct cgb_rules rules;
        struct cgb_fault fault;
        char *state_name; /* "<state_dir>/<parent>", to which suffixes are added */

        struct cgb_tree tree;
        struct cgb_fd_cache *fds;
        const struct cgb_backend_type *backend_type;
        bool chooses_writers;         /* by owner; else it is backend_type */
        struct cgb_owner_host owners; /* good while knows_owners */
        bool knows_owners;
        struct cgb_writers writers;
        int epoll_fd, timer_fd, inotify_fd;

        struct cgb_policy *policy;
        struct cgb_group top;         /* the parent */
        struct cgb_group_dir machine; /* the top of the tree: everybody's usage */
        struct cgb_group **groups;    /* in the order of joining */
        size_t n_groups;
        bool some_are_gone;
        struct cgb_group **pools; /* those whose children have accounts, parents first; the parent is the first */
        size_t n_pools;
        struct cgb_scout *scouts;
        size_t n_scouts;
        struct cgb_group **by_node; /* as many as the policy's capacity */

        struct cgb_saved_credits saved; /* of the manager before us, for groups that are adopted */
        struct cgb_event_queue events;
        int lock_fd;
        struct cgb_journal inherited;     /* of a dead manager: what could not be put back yet */
        struct cgb_journal *putting_back; /* whose entries are being answered */
        bool journal_is_ours;             /* it was read, so it may be replaced */
        int journal_error;                /* that was last reported */
        struct cgb_action *actions;       /* of one step */
        size_t n_actions, actions_room;
        bool list_again;    /* some group could not be adopted */
        bool listing_again; /* what fails now has been said */
        uint64_t listed_usec;
        size_t next_check;     /* the rotation of look_around() in apply.c */
        bool journal_is_stale; /* it names a weight that is not ours to put back any more */

        struct cgb_memory_control memory;
        struct cgb_sorter sorter;

        bool started;
        uint32_t price_permille;
        uint64_t deadline_usec;
        uint64_t credits_saved_usec;
        uint64_t steps, weights_written, longest_dispatch_usec;
};

/* context.c */
uint64_t cgb_now_usec(const struct cgb *cgb);
void cgb_log(const struct cgb *cgb, enum cgb_log_level level, const char *format, ...)
        __attribute__((__format__(__printf__, 3, 4)));
int cgb_fail(struct cgb *cgb, int code, const char *file, const char *message, const char *remedy);

/* groups.c */
int cgb_groups_init(struct cgb *cgb);
void cgb_groups_clear(struct cgb *cgb);
int cgb_group_add(struct cgb *cgb, struct cgb_group *up, const char *name, const struct cgb_rule *rule);
bool cgb_group_is_dry(const struct cgb *cgb, const struct cgb_group *group);
int cgb_group_become_pool(struct cgb *cgb, struct cgb_group *group);
void cgb_group_drop(struct cgb *cgb, struct cgb_group *group);
void cgb_group_lost(struct cgb *cgb, struct cgb_group *group, enum cgb_file file);
void cgb_groups_drop_gone(struct cgb *cgb);
struct cgb_group *cgb_group_find(struct cgb *cgb, const char *name);
uint32_t cgb_group_share(const struct cgb_group *group);
int cgb_group_read_weight(struct cgb *cgb, struct cgb_group *group, uint32_t *ret);
int cgb_read_usage(struct cgb *cgb, struct cgb_group_dir *dir, uint64_t *ret_usec);
void cgb_group_file(const struct cgb *cgb, const struct cgb_group *group, enum cgb_file file, char *ret, size_t size);

/* discover.c */
int cgb_discover(struct cgb *cgb, struct cgb_group *pool);
void cgb_discover_changes(struct cgb *cgb);
void cgb_discover_again(struct cgb *cgb);
void cgb_watch(struct cgb *cgb, struct cgb_group *pool);
void cgb_unwatch(struct cgb *cgb);
int cgb_watch_path(struct cgb *cgb, const char *path, const struct cgb_group *group);

/* scout.c */
void cgb_scout_found(struct cgb *cgb, const char *name);
void cgb_scout_gone(struct cgb *cgb, const char *name);
const struct cgb_scout *cgb_scout_of_watch(const struct cgb *cgb, int watch);
void cgb_scouts_clear(struct cgb *cgb);

/* sense.c, apply.c */
int cgb_sense(struct cgb *cgb);
void cgb_apply(struct cgb *cgb, uint64_t now_usec);
int cgb_journal_of(struct cgb *cgb, struct cgb_journal *ret);
int cgb_journal_write(struct cgb *cgb);

void cgb_weight_done(struct cgb *cgb, struct cgb_group *group, const struct cgb_backend_result *result);
bool cgb_weight_is_ours(struct cgb *cgb, struct cgb_group *group, uint32_t weight);

/* state/put-back.c */
int cgb_put_back(struct cgb *cgb, struct cgb_journal *journal, size_t *ret_count, struct cgb_fault *fault);
void cgb_put_back_done(struct cgb_journal *journal, const struct cgb_backend_result *result);

/* writers.c */
int cgb_writer_get(struct cgb *cgb, const struct cgb_backend_type *type, struct cgb_backend **ret);
int cgb_writer_of_units(struct cgb *cgb, struct cgb_backend **ret);
int cgb_writer_choose(struct cgb *cgb, struct cgb_group *group);
int cgb_writer_of_path(struct cgb *cgb, const char *path, bool *ret_is_unit, struct cgb_backend **ret);
void cgb_writers_count(const struct cgb *cgb, struct cgb_overview *ret);
void cgb_writers_process(struct cgb *cgb);
void cgb_writers_flush(struct cgb *cgb, uint64_t timeout_usec);
void cgb_writers_close(struct cgb *cgb);

/* events.c */
void cgb_report(struct cgb *cgb, enum cgb_event_type type, const struct cgb_group *group, const struct cgb_event *details);
static inline void cgb_report_works_again(struct cgb_group *group, enum cgb_file file)
{
        group->failing &= ~(1u << file);
}
void cgb_report_error(struct cgb *cgb, struct cgb_group *group, enum cgb_file file, int code, const char *message);
