/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fdcache.c - a budget of open files, shared by everybody who would like to keep some
 *
 * Slots are on one of two rings, those in use (most recently used first) and those free, each closed by a sentinel of its
 * own. The sentinels have the numbers 0 and 1, so that an owner's zeros fit nothing.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kernel/fdcache.h"

/* More gain nothing: eight hot files of each of 10,000 groups, and some. */
#define CAPACITY_MAX 100000u

/* Slots 0 and 1 are the sentinels. */
#define RING_FREE 0u
#define RING_USED 1u
#define SENTINELS 2u

struct slot {
        uint64_t owner;                 /* 0: free */
        uint32_t file;
        int mode;
        int fd;
        uint32_t next;
        uint32_t previous;
};

struct cgb_fd_cache {
        uint64_t owners;                /* numbers given out so far */
        uint32_t capacity;
        uint32_t count;
        struct slot slots[];
};

static void unlink_slot(struct cgb_fd_cache *cache, uint32_t i)
{
        struct slot *slot = &cache->slots[i];

        cache->slots[slot->previous].next = slot->next;
        cache->slots[slot->next].previous = slot->previous;
}

static void link_first(struct cgb_fd_cache *cache, uint32_t ring, uint32_t i)
{
        struct slot *slot = &cache->slots[i];

        slot->previous = ring;
        slot->next = cache->slots[ring].next;
        cache->slots[slot->next].previous = i;
        cache->slots[ring].next = i;
}

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
        cache = calloc(1, sizeof(*cache) + ((size_t)capacity + SENTINELS) * sizeof(struct slot));
        if (cache == NULL)
                return -ENOMEM;
        cache->capacity = capacity;
        for (uint32_t ring = 0; ring < SENTINELS; ring++)
                cache->slots[ring].next = cache->slots[ring].previous = ring;
        for (uint32_t i = 0; i < capacity; i++)
                link_first(cache, RING_FREE, SENTINELS + i);
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
        return slot >= SENTINELS && cache->slots[slot].owner == owner && cache->slots[slot].file == file;
}

int cgb_fd_cache_get(struct cgb_fd_cache *cache, cgb_fd_slot slot, uint64_t owner, uint32_t file, int *mode)
{
        if (!belongs_to(cache, slot, owner, file))
                return -1;
        unlink_slot(cache, slot);
        link_first(cache, RING_USED, slot);
        *mode = cache->slots[slot].mode;
        return cache->slots[slot].fd;
}

cgb_fd_slot cgb_fd_cache_put(struct cgb_fd_cache *cache, uint64_t owner, uint32_t file, int fd, int mode)
{
        uint32_t i;

        if (cache->count == cache->capacity)
                cgb_fd_cache_shrink(cache);
        i = cache->slots[RING_FREE].next;
        unlink_slot(cache, i);
        cache->slots[i] = (struct slot){.owner = owner, .file = file, .fd = fd, .mode = mode};
        link_first(cache, RING_USED, i);
        cache->count++;
        return i;
}

static void release(struct cgb_fd_cache *cache, uint32_t i)
{
        close(cache->slots[i].fd);
        cache->slots[i].owner = 0;
        unlink_slot(cache, i);
        link_first(cache, RING_FREE, i);
        cache->count--;
}

void cgb_fd_cache_drop(struct cgb_fd_cache *cache, cgb_fd_slot slot, uint64_t owner, uint32_t file)
{
        if (belongs_to(cache, slot, owner, file))
                release(cache, slot);
}

bool cgb_fd_cache_shrink(struct cgb_fd_cache *cache)
{
        if (cache->count == 0)
                return false;
        release(cache, cache->slots[RING_USED].previous);
        return true;
}
