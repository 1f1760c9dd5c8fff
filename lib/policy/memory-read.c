/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading: who is to be read when, and what the readings mean.
 *
 * memory.current costs a microsecond and is read of who is awake in every step, of who is near its limit four times a
 * second, of a sleeper twice a minute. memory.stat makes the kernel add up what its CPUs have counted, so it is read only of
 * those that may have to give, or of whom something was taken a moment ago; pressure only of those that really have
 * something to give.
 */
#include <errno.h>

#include "memory-state.h"

/*
 * Near its limit a group is read this often, so that growth of up to 64 MiB in that time is seen before the kernel stalls
 * it; and who is frozen, so that a mistake does not last.
 */
#define NEAR_USEC 250000ull

/* A sleeper cannot grow; what may change is what it gives back. */
#define SLEEPER_USEC (30 * SECOND_USEC)

/* It is a sleeper's pace for whoever did not run for so long. */
#define DOZE_USEC (10 * SECOND_USEC)

/* Growth by so much between two readings is a sign of life, where nobody tells who used the CPU. */
#define LIFE_BYTES MIB

/*
 * A reserve of a tenth: less free is short. It is what a wave of wakers finds before anybody can give, and what the law
 * refills.
 */
#define RESERVE_PART 10

/* Memory is called short until it was not for so many steps. */
#define CALM_STEPS 6

/*
 * Calm is who waited for less than a thousandth of the time since it was looked at before: of one second that is a
 * millisecond, as for a page from a disk now and then, and less is no sign of anything; and of a long time ten, for who
 * waited for longer may have done so just now. The kernel's own average over ten seconds says the same, but remembers for a
 * minute that a heap was filled.
 */
#define CALM_PART 1000
#define CALM_MIN_USEC 1000
#define CALM_MAX_USEC 10000

/* A round counts as this at most: a suspend is no time in which anybody held anything from anybody. */
#define ELAPSED_MAX_USEC (60 * SECOND_USEC)

static uint64_t size_of(uint64_t bytes)
{
        return cgb_min_u64(bytes, SIZE_MAX_BYTES);
}

static void tick(struct cgb_memory *law, uint64_t now_usec)
{
        uint64_t passed_usec =
                law->begun && now_usec > law->now_usec ? cgb_min_u64(now_usec - law->now_usec, ELAPSED_MAX_USEC) : 0;

        law->begun = true;
        law->now_usec = now_usec;
        law->clock_usec += passed_usec;
        law->elapsed_usec = cgb_min_u64(law->elapsed_usec + passed_usec, ELAPSED_MAX_USEC);
}

static void wake_everybody(struct cgb_memory *law)
{
        for_each_memory_slot(law, i)
                law->slots[i].due_usec = law->clock_usec;
}

/* Short at once, and no more only after a while with half as much again: so that it is not short and calm by turns. */
static void judge_pool(struct cgb_memory *law)
{
        bool was = law->contended;

        if (law->pool.free_bytes < law->reserve_bytes || law->pool.pressed) {
                law->contended = true;
                law->short_usec = law->clock_usec;
        } else if (law->pool.free_bytes < law->reserve_bytes + law->reserve_bytes / 2) {
                law->short_usec = law->contended ? law->clock_usec : law->short_usec;
        } else if (law->clock_usec - law->short_usec >= CALM_STEPS * law->options.step_usec) {
                law->contended = false;
        }
        if (law->contended && !was)
                law->contended_since_usec = law->clock_usec;
        if ((law->contended && !was) || law->pool.pressed)
                wake_everybody(law);
}

void cgb_memory_observe_pool(struct cgb_memory *law, const struct cgb_memory_pool_sample *sample, uint64_t now_usec)
{
        tick(law, now_usec);
        law->pool = (struct cgb_memory_pool_sample){
                .size_bytes = size_of(sample->size_bytes),
                .free_bytes = size_of(sample->free_bytes),
                .swap_free_bytes = size_of(sample->swap_free_bytes),
                .pressed = sample->pressed,
        };
        law->reserve_bytes = law->pool.size_bytes / RESERVE_PART;
        judge_pool(law);
        for (int file = 0; file < CGB_MEMORY_FILES; file++)
                law->cursor[file] = 1;
        for_each_memory_slot(law, i) {
                struct cgb_memory_slot *slot = &law->slots[i];

                slot->read = slot->hit = slot->refaults = slot->pressure_read = slot->calm = false;
                slot->give_back_bytes = 0;
        }
}

int cgb_memory_wake(struct cgb_memory *law, cgb_node node)
{
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);
        uint64_t next_usec;

        if (slot == NULL)
                return -ENOENT;
        cgb_memory_rights(law, node)->last_active_usec = law->clock_usec;
        next_usec = slot->usage_usec + law->options.step_usec;
        slot->due_usec = cgb_min_u64(slot->due_usec, next_usec);
        return 0;
}

static bool guard_is_open(const struct cgb_guard *guard)
{
        return guard->reclaimed_bytes[0] + guard->reclaimed_bytes[1] > 0;
}

/* Reading it may lead to something: it may be asked, and has something to give or was not looked at yet. */
static bool is_donor(struct cgb_memory *law, uint32_t node)
{
        const struct cgb_rights *rights = cgb_memory_rights(law, node);

        return cgb_memory_may_give(law, rights) != CGB_MEMORY_REASON_NONE &&
               (!law->slots[node].stat_known || rights->usage_bytes > cgb_memory_least(rights));
}

static uint64_t near_usec(const struct cgb_memory *law)
{
        return cgb_min_u64(NEAR_USEC, law->options.step_usec);
}

/* What is it that grows, and what could its limit take if it were frozen? */
static bool is_suspect(const struct cgb_memory *law, const struct cgb_rights *rights)
{
        return rights->usage_bytes > rights->ceiling_bytes && cgb_memory_runs_short(law, rights);
}

static bool wants_stat(struct cgb_memory *law, uint32_t node)
{
        const struct cgb_memory_slot *slot = &law->slots[node];
        const struct cgb_rights *rights = cgb_memory_rights(law, node);

        if (slot->foreign || slot->children > 0)
                return false;
        if (slot->stat_known &&
                law->clock_usec - slot->stat_usec < (rights->frozen ? near_usec(law) : law->options.step_usec))
                return false;
        return cgb_memory_is_managed(slot) || guard_is_open(&rights->guard) || is_suspect(law, rights) ||
               cgb_memory_may_give(law, rights) != CGB_MEMORY_REASON_NONE;
}

static bool wants_pressure(struct cgb_memory *law, uint32_t node)
{
        const struct cgb_memory_slot *slot = &law->slots[node];
        const struct cgb_rights *rights = cgb_memory_rights(law, node);

        return slot->stat_known && !slot->foreign && slot->children == 0 &&
               cgb_memory_may_give(law, rights) != CGB_MEMORY_REASON_NONE;
}

static bool is_wanted(struct cgb_memory *law, uint32_t node, enum cgb_memory_file file)
{
        const struct cgb_memory_slot *slot = &law->slots[node];

        switch (file) {
        case CGB_MEMORY_CURRENT:
                return !slot->known || slot->due_usec <= law->clock_usec ||
                       (cgb_memory_rights(law, node)->frozen && !slot->limit_is_frozen) ||
                       (law->clock_usec - slot->usage_usec >= law->options.step_usec && is_donor(law, node));
        case CGB_MEMORY_EVENTS:
                return slot->read && cgb_memory_is_managed(slot);
        case CGB_MEMORY_STAT:
                return slot->read && wants_stat(law, node);
        case CGB_MEMORY_PRESSURE:
                return slot->read && wants_pressure(law, node);
        }
        return false;
}

bool cgb_memory_next_to_read(struct cgb_memory *law, enum cgb_memory_file file, cgb_node *ret)
{
        uint32_t *cursor = &law->cursor[file];

        for (; *cursor < law->used; ++*cursor) {
                uint32_t node = *cursor;

                if (!law->slots[node].taken || !is_wanted(law, node, file))
                        continue;
                ++*cursor;
                *ret = node;
                return true;
        }
        return false;
}

/* Halves from one reading to the next unless it is outdone: a compiler that pauses will go on. */
static void follow_growth(const struct cgb_memory *law, struct cgb_memory_slot *slot, uint64_t usage_bytes)
{
        uint64_t passed_usec = law->clock_usec - slot->usage_usec,
                 grown_kib = cgb_minus(usage_bytes, slot->usage_bytes) / 1024;

        if (passed_usec == 0)
                return;
        slot->growth_bytes = cgb_max_u64(grown_kib * SECOND_USEC / passed_usec * 1024, slot->growth_bytes / 2);
}

static void forget_the_past(struct cgb_memory_slot *slot)
{
        slot->known = slot->events_known = slot->stat_known = slot->pressure_known = slot->follow = false;
        slot->growth_bytes = slot->refaulted_bytes = slot->reclaimed_bytes = slot->asked_bytes = 0;
}

static uint64_t interval_usec(struct cgb_memory *law, uint32_t node)
{
        const struct cgb_memory_slot *slot = &law->slots[node];
        const struct cgb_rights *rights = cgb_memory_rights(law, node);
        uint64_t step_usec = law->options.step_usec;

        if (rights->frozen || (cgb_memory_is_managed(slot) && slot->growth_bytes > 0 &&
                                      slot->usage_bytes + 2 * cgb_memory_headroom(slot->usage_bytes) > slot->high_bytes))
                return near_usec(law);
        if (law->clock_usec - rights->last_active_usec < DOZE_USEC || guard_is_open(&rights->guard) || slot->children > 0)
                return step_usec;
        return cgb_max_u64(SLEEPER_USEC, step_usec);
}

int cgb_memory_observe_current(struct cgb_memory *law, cgb_node node, uint64_t usage_bytes, uint64_t identity)
{
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);

        if (slot == NULL)
                return -ENOENT;
        usage_bytes = size_of(usage_bytes) / 1024 * 1024;
        if (identity != slot->identity) {
                forget_the_past(slot);
                slot->identity = identity;
        }
        if (slot->known) {
                if (usage_bytes >= slot->usage_bytes + LIFE_BYTES)
                        cgb_memory_rights(law, node)->last_active_usec = law->clock_usec;
                follow_growth(law, slot, usage_bytes);
        }
        slot->known = slot->read = true;
        slot->usage_bytes = usage_bytes;
        slot->usage_usec = law->clock_usec;
        slot->due_usec = law->clock_usec + interval_usec(law, node);
        return 0;
}

int cgb_memory_observe_events(struct cgb_memory *law, cgb_node node, uint64_t high)
{
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);

        if (slot == NULL)
                return -ENOENT;
        slot->hit = slot->events_known && high > slot->events_high;
        slot->events_high = high;
        slot->events_known = true;
        return 0;
}

/* What a limit of ours that is not raised any more takes was taken by us. */
static void watch_what_comes_back(struct cgb_memory *law, uint32_t node, uint64_t refaulted_bytes, uint64_t reclaimed_bytes)
{
        struct cgb_rights *rights = cgb_memory_rights(law, node);

        if (law->slots[node].limit_is_frozen)
                rights->guard.reclaimed_bytes[0] += reclaimed_bytes;
        rights->run_returned_bytes += refaulted_bytes;
        if (guard_is_open(&rights->guard))
                rights->guard.refaulted_bytes[0] += refaulted_bytes;
        law->slots[node].refaults = refaulted_bytes >= LIFE_BYTES;
}

int cgb_memory_observe_stat(struct cgb_memory *law, cgb_node node, const struct cgb_memory_stat_sample *sample)
{
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);

        if (slot == NULL)
                return -ENOENT;
        if (slot->stat_known)
                watch_what_comes_back(law, node, size_of(cgb_minus(sample->refaulted_bytes, slot->refaulted_bytes)),
                        size_of(cgb_minus(sample->reclaimed_bytes, slot->reclaimed_bytes)));
        slot->refaulted_bytes = sample->refaulted_bytes;
        slot->reclaimed_bytes = sample->reclaimed_bytes;
        slot->file_bytes = size_of(sample->file_bytes);
        slot->anon_bytes = size_of(sample->anon_bytes);
        slot->swap_room_bytes = sample->swap_room_bytes;
        slot->stat_known = true;
        slot->stat_usec = law->clock_usec;
        return 0;
}

static bool is_calm(uint64_t before_usec, uint64_t now_usec, uint64_t passed_usec)
{
        uint64_t most_usec = cgb_min_u64(cgb_max_u64(passed_usec / CALM_PART, CALM_MIN_USEC), CALM_MAX_USEC);

        return now_usec == CGB_UNKNOWN || before_usec == CGB_UNKNOWN || cgb_minus(now_usec, before_usec) < most_usec;
}

int cgb_memory_observe_pressure(struct cgb_memory *law, cgb_node node, uint64_t memory_usec, uint64_t io_usec)
{
        const uint64_t now_usec[CGB_MEMORY_WAITS] = {memory_usec, io_usec};
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);

        if (slot == NULL)
                return -ENOENT;
        slot->pressure_read = slot->pressure_known;
        slot->calm = true;
        for (int i = 0; i < CGB_MEMORY_WAITS; i++) {
                slot->calm &= is_calm(slot->waited_usec[i], now_usec[i], law->clock_usec - slot->pressure_usec);
                slot->waited_usec[i] = now_usec[i];
        }
        slot->pressure_known = true;
        slot->pressure_usec = law->clock_usec;
        return 0;
}

int cgb_memory_reclaimed(struct cgb_memory *law, cgb_node node, uint64_t usage_bytes)
{
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);
        uint64_t got_bytes;

        if (slot == NULL || slot->asked_bytes == 0)
                return -ENOENT;
        usage_bytes = size_of(usage_bytes) / 1024 * 1024;
        got_bytes = cgb_minus(slot->asked_at_bytes, usage_bytes);
        cgb_memory_rights(law, node)->guard.reclaimed_bytes[0] += got_bytes;
        law->reclaimed_bytes += got_bytes;
        slot->asked_bytes = 0;
        slot->usage_bytes = usage_bytes;
        slot->follow = true;
        slot->due_usec = law->clock_usec;
        return 0;
}
