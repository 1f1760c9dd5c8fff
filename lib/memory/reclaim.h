/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * memory.reclaim, in threads of our own: the kernel reclaims in the writer, and may take seconds or, where a disk hangs, for
 * ever. One reclaim is under way at a time. One that passes its deadline is cancelled, which the kernel answers with EINTR
 * and part of the work done; where not even that helps it is left to itself, and the next one begins beside it. Beyond a few
 * of those nothing more is begun.
 *
 * Cancelling is pthread_cancel(), whose signal is the C library's own: we install no handler, and the threads take nobody's
 * signals.
 */
#include <cgburst/policy.h>

#include "kernel/tree.h"

struct cgb_reclaimer;

/** A reclaim that has ended. */
struct cgb_reclaimed {
        cgb_node node;
        uint64_t inode;
        int code;             /* 0; -EAGAIN, -EINTR: partly; -ENODEV, -ENOENT: gone; others */
        uint64_t usage_bytes; /* memory.current after it; CGB_UNKNOWN if it cannot be read */
};

/** @deadline_usec: how long one may take. @return 0; -errno. The tree is copied as far as it is needed. */
int cgb_reclaimer_new(struct cgb_reclaimer **ret, const struct cgb_tree *tree, uint64_t deadline_usec);

/**
 * Waits for nobody: threads that still hang keep what they need and free it when they end. NULL is allowed. Returns NULL.
 */
struct cgb_reclaimer *cgb_reclaimer_free(struct cgb_reclaimer *reclaimer);

/** Readable when something has ended. */
int cgb_reclaimer_fd(const struct cgb_reclaimer *reclaimer);

/** Queues a reclaim. @return 0; -ENOMEM. */
int cgb_reclaimer_ask(struct cgb_reclaimer *reclaimer, cgb_node node, const char *path, uint64_t inode, uint64_t bytes);

/** Begins what can begin and cancels what is late. Never blocks. */
void cgb_reclaimer_tend(struct cgb_reclaimer *reclaimer);

/** Takes the next result. @return false if there is none. */
bool cgb_reclaimer_next(struct cgb_reclaimer *reclaimer, struct cgb_reclaimed *ret);

/** How many did not come back from their deadline yet. */
uint32_t cgb_reclaimer_late(const struct cgb_reclaimer *reclaimer);
