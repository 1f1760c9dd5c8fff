/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The memory law on the files of a tree: for every group that has the memory controller, next to its account of CPU time.
 * The law reads what it asks for; memory.high is written as cpu.weight is (journal first, foreign writes left alone), and
 * memory.reclaim in threads.
 *
 * A group's share is that of its CPU account; its floor is its memory.low, unless a rule has another, and its cap
 * memory.max. Both are read again now and then, since they are the operator's to change.
 */
#include <cgburst/memory.h>

#include "kernel/group.h"

struct cgb;
struct cgb_backend_result;
struct cgb_group;

/** What is known of a group. */
struct cgb_group_memory {
        bool known; /* the law has it, as .node */
        cgb_node node;
        uint64_t found_bytes;    /* memory.high, to be put back */
        uint64_t asked_bytes;    /* that its writer was last asked to write */
        uint64_t replaced_bytes; /* as replaced_weight of the group */
        bool is_pending;         /* that is under way, for .pending; its file may hold the one or the other */
        struct cgb_memory_action pending;
        uint64_t floor_bytes, cap_bytes; /* as the law was told last */
        uint64_t swap_max_bytes;
        bool journalled;
        bool touched; /* we have written it */
        bool foreign;
};

/** Of a context; all zeros while it is off. */
struct cgb_memory_control {
        struct cgb_memory *law;
        struct cgb_memory_options options;
        struct cgb_group **by_node;
        struct cgb_reclaimer *reclaimer;
        struct cgb_trigger *trigger; /* of the parent's memory.pressure; NULL: none */
        bool is_pressed;             /* it fired since the last round */
        uint64_t due_usec;           /* of a round between two steps; UINT64_MAX: the next step will do */
        uint64_t limits_written;
};

/** Begins, unless the options say no. What is missing is not an error: then there is no law. */
int cgb_memory_open(struct cgb *cgb);
void cgb_memory_close(struct cgb *cgb);

/** A group was adopted; the law takes it if it has the controller. */
void cgb_memory_adopt(struct cgb *cgb, struct cgb_group *group);
void cgb_memory_drop(struct cgb *cgb, struct cgb_group *group);

/** What threads have to say; and a round with every step of the CPU's, or sooner where the law wants one. Never blocks. */
void cgb_memory_dispatch(struct cgb *cgb, uint64_t now_usec, bool is_step);

/** What somebody else has written since stays: it leaves the journal. */
void cgb_memory_forget_foreign(struct cgb *cgb);

/** Floor and cap may have been changed by whoever made the group. */
void cgb_memory_look_at_rights(struct cgb *cgb, struct cgb_group *group);

/* sense.c */
/** What the host has; 0 if that cannot be told. */
uint64_t cgb_memory_host_bytes(void);
int cgb_memory_read_limit(struct cgb *cgb, struct cgb_group *group, enum cgb_file file, uint64_t *ret);
int cgb_memory_read_usage(struct cgb *cgb, struct cgb_group *group, uint64_t *ret);
void cgb_memory_sense(struct cgb *cgb, uint64_t now_usec);

/* apply.c */
void cgb_memory_apply(struct cgb *cgb);
void cgb_memory_limit_done(struct cgb *cgb, struct cgb_group *group, const struct cgb_backend_result *result);
bool cgb_memory_limit_is_ours(struct cgb *cgb, struct cgb_group *group, uint64_t bytes);
/** Has somebody else written its limit? */
void cgb_memory_look_at(struct cgb *cgb, struct cgb_group *group);
