/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * sort-batch.h - workspaces that a thread looks at: which of their processes are batch, and moves these
 *
 * What a thread works on belongs to it until it is done. It knows the tree, the rule and the path of a workspace, and
 * nothing that changes in a context.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <cgburst/cgburst.h>

#include "kernel/tree.h"

/** As many processes are looked at in one batch, each with up to four files of /proc: some milliseconds. */
#define CGB_LOOKS_PER_BATCH 128

/**
 * Workspaces in one batch; who is not reached is the first in the next. Of these so many may get their lanes: each takes a
 * write that reaches the disk.
 */
#define CGB_SORTINGS_PER_BATCH 64
#define CGB_LANES_PER_BATCH 4

struct cgb_known_process;

/** A workspace, and what is remembered of the processes of its interactive lane. */
struct cgb_sorting {
        char *path;                      /* below the mount */
        const struct cgb_rule *rule;     /* good as long as the context */
        struct cgb_known_process *known; /* by pid */
        size_t n_known, next_old;
        uint64_t usage_usec; /* of the lane at the last look; the loop's */
        bool is_busy;        /* in a batch; the loop's */
        bool is_orphan;      /* its group went meanwhile; the loop's */

        /** What the batch was asked to do, and has done. */
        bool make;   /* its lanes */
        bool is_dry; /* only say what would be done */
        int result;  /* 0; a negative errno, in .fault */
        struct cgb_fault fault;
        bool look_again; /* some are new */
        pid_t moved[CGB_LOOKS_PER_BATCH];
        size_t n_moved;
};

/** A workspace for cgb_sorting_free(). @return NULL without memory. */
struct cgb_sorting *cgb_sorting_new(const char *path, const struct cgb_rule *rule);
struct cgb_sorting *cgb_sorting_free(struct cgb_sorting *sorting);

/** A batch that is being put together. @return NULL without memory. */
struct cgb_sort_batch *cgb_sort_batch_new(const struct cgb_tree *tree, const char *state_name, int proc_fd);

/** @return false if there is no more room. */
bool cgb_sort_batch_add(struct cgb_sort_batch *batch, struct cgb_sorting *sorting);
size_t cgb_sort_batch_size(const struct cgb_sort_batch *batch);
struct cgb_sorting *cgb_sort_batch_get(const struct cgb_sort_batch *batch, size_t i);

/** Begins in a thread. @return 0; a negative errno, and nothing has begun. */
int cgb_sort_batch_start(struct cgb_sort_batch *batch);

/** Is it done? Never waits. */
bool cgb_sort_batch_is_done(const struct cgb_sort_batch *batch);

/** Waits until it is done, if it was started, and frees it; its workspaces are the caller's again. Returns NULL. */
struct cgb_sort_batch *cgb_sort_batch_free(struct cgb_sort_batch *batch);
