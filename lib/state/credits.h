/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Credits outlive their manager: they are written down when it stops, and once a minute, so that a restart or an upgrade
 * does not make everybody a newcomer. Text, "<state_name>.credits":
 *
 *     boot 5d0c...
 *     credit 4711 -250000000 3000000     inode, slow and fast credit in nanoseconds of CPU time
 *     memory 4711 -7516192768            inode, credit of memory in byte seconds
 *
 * A group is known again by its inode, and only within the same boot.
 */
#include <stddef.h>
#include <stdint.h>

#include <cgburst/policy.h>

struct cgb;

struct cgb_saved_credit {
        uint64_t inode;
        struct cgb_balance balance;
        int64_t memory_byte_seconds;
};

/** What was saved, sorted by inode. */
struct cgb_saved_credits {
        struct cgb_saved_credit *entries;
        size_t n;
};

/**
 * Reads them. Where there are none, or none that can be used, the list is empty: credits are worth keeping, not worth
 * failing for.
 */
void cgb_credits_load(struct cgb_saved_credits *ret, const char *state_name);

void cgb_credits_free(struct cgb_saved_credits *saved);

/** The balance that the group with @inode had, or zeros. */
struct cgb_balance cgb_credits_find(const struct cgb_saved_credits *saved, uint64_t inode);

/** The same of memory, in byte seconds. */
int64_t cgb_credits_find_memory(const struct cgb_saved_credits *saved, uint64_t inode);

/** Writes down what every group of @cgb has now. @return 0 or a negative errno. */
int cgb_credits_save(const struct cgb *cgb);
