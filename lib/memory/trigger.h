/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A PSI trigger that wakes a loop. The hard idea: the kernel tells an event of a trigger to whoever polls it first, and then
 * never again. In an epoll that is itself polled, that is the embedder's poll(): dispatch would find nothing left. So a
 * thread of its own waits for the trigger and tells it through an eventfd, which stays readable until it was read.
 */
#include <stdbool.h>

struct cgb_trigger;

/**
 * Waits on @fd, a pressure file to which a trigger was written; it belongs to the trigger from now on if this succeeds.
 *
 * @return 0; -ENOMEM, -EAGAIN, -EMFILE, ...
 */
int cgb_trigger_new(struct cgb_trigger **ret, int fd);

/** Never blocks. NULL is allowed. */
void cgb_trigger_free(struct cgb_trigger *trigger);

/** Readable from an event on until cgb_trigger_take(). */
int cgb_trigger_fd(const struct cgb_trigger *trigger);

/** Did it fire since the last time? */
bool cgb_trigger_take(struct cgb_trigger *trigger);
