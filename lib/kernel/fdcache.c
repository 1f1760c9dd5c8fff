/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fdcache.c - a budget of open files, shared by everybody who would like to keep some
 *
 * To use one is only to mark it, for that happens some thousand times a step. A hand goes round the slots when one has to be
 * closed: it takes marks away, and closes the first that has none, which was not used since the hand came by the last time
 * ("second chance"). Slot 0 is nobody's, so that an owner's zeros fit nothing.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kernel/fdcache.h"

/* More gain nothing: eight hot files of each of 10,000 groups, and some. */
#define CAPACITY_MAX 100000u

/* What is before it is the owners' zero. */
#define FIRST_SLOT 1u

struct slot {
        uint64_t owner; /* 0: free */
        uint32_t file;
        int modes;
        int fd;
        bool used; /* since the hand came by */
        uint32_t next_free;
};

struct cgb_fd_cache {
        uint64_t owners; /* numbers given out so far */
        uint32_t capacity;
        uint32_t count;
        uint32_t hand;
        uint32_t first_free;
        struct slot slots[];
};

uint32_t cgb_fd_cache_default_capacity(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 2 > CAPACITY_MAX)
                return CAPACITY_MAX;
        return limit.rlim_cur < 2 ? 1 : (uint32_t)(limit.rlim_cur / 2);
}

int cgb_fd_cache_new(struct cgb_fd_cache **ret, uint32_t capacity)
{
        struct cgb_fd_cache *cache;

        if (capacity == 0)
                capacity = cgb_fd_cache_default_capacity();
        if (capacity > CAPACITY_MAX)
                capacity = CAPACITY_MAX;
        cache = calloc(1, sizeof(*cache) + ((size_t)capacity + FIRST_SLOT) * sizeof(struct slot));
        if (cache == NULL)
                return -ENOMEM;
        cache->capacity = capacity;
        cache->hand = cache->first_free = FIRST_SLOT;
        for (uint32_t i = FIRST_SLOT; i < capacity; i++)
                cache->slots[i].next_free = i + 1; /* and the last one has none */
        *ret = cache;
        return 0;
}

struct cgb_fd_cache *cgb_fd_cache_free(struct cgb_fd_cache *cache)
{
        if (cache != NULL)
                while (cgb_fd_cache_shrink(cache))
                        ;
        free(cache);
        return NULL;
}

uint32_t cgb_fd_cache_capacity(const struct cgb_fd_cache *cache)
{
        return cache->capacity;
}

uint32_t cgb_fd_cache_count(const struct cgb_fd_cache *cache)
{
        return cache->count;
}

uint64_t cgb_fd_cache_new_owner(struct cgb_fd_cache *cache)
{
        return ++cache->owners;
}

static bool belongs_to(const struct cgb_fd_cache *cache, cgb_fd_slot slot, uint64_t owner, uint32_t file)
{
        return slot >= FIRST_SLOT && cache->slots[slot].owner == owner && cache->slots[slot].file == file;
}

int cgb_fd_cache_get(struct cgb_fd_cache *cache, cgb_fd_slot slot, uint64_t owner, uint32_t file, int modes)
{
        if (!belongs_to(cache, slot, owner, file) || (cache->slots[slot].modes & modes) != modes)
                return -1;
        cache->slots[slot].used = true;
        return cache->slots[slot].fd;
}

cgb_fd_slot cgb_fd_cache_put(struct cgb_fd_cache *cache, uint64_t owner, uint32_t file, int fd, int modes)
{
        uint32_t i;

        if (cache->count == cache->capacity)
                cgb_fd_cache_shrink(cache);
        i = cache->first_free;
        cache->first_free = cache->slots[i].next_free;
        cache->slots[i] = (struct slot){.owner = owner, .file = file, .fd = fd, .modes = modes};
        cache->count++;
        return i;
}

static void release(struct cgb_fd_cache *cache, uint32_t i)
{
        close(cache->slots[i].fd);
        cache->slots[i] = (struct slot){.next_free = cache->first_free};
        cache->first_free = i;
        cache->count--;
}

void cgb_fd_cache_drop(struct cgb_fd_cache *cache, cgb_fd_slot slot, uint64_t owner, uint32_t file)
{
        if (belongs_to(cache, slot, owner, file))
                release(cache, slot);
}

/* Moves the hand on by one. @return where it was. */
static uint32_t move_hand(struct cgb_fd_cache *cache)
{
        uint32_t at = cache->hand;

        cache->hand = at < cache->capacity ? at + 1 : FIRST_SLOT;
        return at;
}

bool cgb_fd_cache_shrink(struct cgb_fd_cache *cache)
{
        if (cache->count == 0)
                return false;
        for (;;) {
                uint32_t i = move_hand(cache);

                if (cache->slots[i].owner != 0 && !cache->slots[i].used) {
                        release(cache, i);
                        return true;
                }
                cache->slots[i].used = false;
        }
}
