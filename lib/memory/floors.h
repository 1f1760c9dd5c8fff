/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Floors: memory.low of a workspace protects no more than what the groups above it are protected with themselves. Where
 * these are others', what they give is checked and nothing is written; where we made them, they get the sum of what is
 * below, and lose it again with it.
 */
#include <cgburst/cgburst.h>

#include "kernel/tree.h"

/**
 * Sees to it that @bytes more can be protected below @parent. Under the lock of the setup.
 *
 * @return 0; -ENOSPC, with the numbers, if the floors would be more than a group above protects or may have, or than the
 * host has; errors of the files
 */
int cgb_floors_reserve(
        const struct cgb_tree *tree, const char *state_name, const char *parent, uint64_t bytes, struct cgb_fault *fault);

/**
 * The same where nothing above is ours to raise: sees whether @bytes more would be protected below @parent. @return as above
 */
int cgb_floors_check(const struct cgb_tree *tree, const char *parent, uint64_t bytes, struct cgb_fault *fault);

/**
 * Do floors of @sum_bytes fit into the @low_bytes that are protected by @file, or by the unit of that name? @return 0;
 * -ENOSPC, with the numbers
 */
int cgb_floors_fit(const char *file, uint64_t sum_bytes, uint64_t low_bytes, struct cgb_fault *fault);

/** Takes back what the groups that we made protect beyond the floors below them. Under the lock of the setup. */
void cgb_floors_settle(const struct cgb_tree *tree, const char *state_name, const char *parent);
