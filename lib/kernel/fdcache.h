/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * fdcache.h - a budget of open files, shared by everybody who would like to keep some
 *
 * An owner remembers for each file of its own the number of the slot in which the fd was put. The slot remembers whose it
 * is. So nobody has to be told when a slot is taken away: who comes back finds another's name on it, and opens anew. Owners
 * may therefore be moved in memory or forgotten. Every call is O(1), on average; an fd that was not used for long is closed
 * first.
 */

#include <stdbool.h>
#include <stdint.h>

struct cgb_fd_cache;

/* What an owner has to remember; all zeros say "never had one". */
typedef uint32_t cgb_fd_slot;

/* @capacity: how many fds to keep at most; 0: cgb_fd_cache_default_capacity(). @return 0; -ENOMEM. */
int cgb_fd_cache_new(struct cgb_fd_cache **ret, uint32_t capacity);

/* Closes all of them. Returns NULL. */
struct cgb_fd_cache *cgb_fd_cache_free(struct cgb_fd_cache *cache);

/* Half of RLIMIT_NOFILE, for the program around us opens files too. */
uint32_t cgb_fd_cache_default_capacity(void);

uint32_t cgb_fd_cache_capacity(const struct cgb_fd_cache *cache);

/* How many are open now. */
uint32_t cgb_fd_cache_count(const struct cgb_fd_cache *cache);

/* A new owner's number, never given twice. */
uint64_t cgb_fd_cache_new_owner(struct cgb_fd_cache *cache);

/* The fd of @owner's @file, which counts as used now; -1 if it has none that was put with all these @modes, which are bits. */
int cgb_fd_cache_get(struct cgb_fd_cache *cache, cgb_fd_slot slot, uint64_t owner, uint32_t file, int modes);

/* Keeps @fd, which is the cache's from now on. @modes: what it was opened for. */
cgb_fd_slot cgb_fd_cache_put(struct cgb_fd_cache *cache, uint64_t owner, uint32_t file, int fd, int modes);

/* Closes @owner's @file, if it is kept. */
void cgb_fd_cache_drop(struct cgb_fd_cache *cache, cgb_fd_slot slot, uint64_t owner, uint32_t file);

/* Closes one that was not used for long, for somebody who needs an fd now. @return false if there is none left. */
bool cgb_fd_cache_shrink(struct cgb_fd_cache *cache);
