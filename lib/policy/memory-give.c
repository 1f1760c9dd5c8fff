/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Giving: who is asked to give, how much, and what happens when it turns out that it was needed.
 *
 * The main danger is the cure, so everything here is small and slow: a hundredth a step, after six steps without pressure,
 * from who sleeps before who works, and only until there is enough. Who is awake and within its fair share is never asked.
 */
#include "memory-state.h"

/*
 * After joining, or after its limit had to be raised, a workspace is left alone: what it does then it does for the first
 * time.
 */
#define GRACE_USEC (30 * SECOND_USEC)

/* Who is asleep may be asked as soon as less is free than is kept ready; who has been so for ten minutes, always. */
#define IDLE_USEC (600 * SECOND_USEC)

/* Who used no CPU for so long does not work: no build and no test pauses for that. */
#define AT_REST_USEC (5 * SECOND_USEC)

/* A reclaim that takes longer stands still. */
#define HANGS_USEC (10 * SECOND_USEC)

/* As Meta's senpai found for thousands of hosts: a hundredth of what could go, after six quiet looks. */
#define CALM_STEPS 6
#define STEP_PART 100

/*
 * A larger reclaim holds the kernel's LRU locks and the swap for longer than anybody should notice. A kernel that is not
 * exact takes up to 60 % more than it is asked for.
 */
#define STEP_MAX_BYTES (32 * MIB)
#define STEP_MAX_INEXACT_BYTES (16 * MIB)

/* Below what the kernel reclaims at once (SWAP_CLUSTER_MAX pages, twice) asking costs more than it brings. */
#define STEP_MIN_BYTES (256 * 1024ull)

/* Asked at once: the worker is one, and each of them has its own step. */
#define DONORS_PER_STEP 4

/* More than a quarter came back: that was no cold memory. Below a MiB it is noise. */
#define REFAULT_PART 4
#define REFAULT_MIN_BYTES MIB
#define GIVE_BACK_FACTOR 2
#define BACKOFF_MIN_USEC (30 * SECOND_USEC)
#define BACKOFF_MAX_USEC (3600 * SECOND_USEC)

/*
 * Who works has cold pages among those it uses, and only generations know which. From the two lists of active and inactive
 * pages the kernel takes any: it looks whether a page was used just after it has cleared the mark that says so.
 */
static bool finds_cold_pages(const struct cgb_memory *law)
{
        return law->options.reclaims_exactly;
}

/* By then all who stopped working are asleep and were asked: what is missing now is missing for good. */
static bool stays_short(const struct cgb_memory *law)
{
        return law->contended && law->clock_usec - law->contended_since_usec >= ASLEEP_USEC;
}

enum cgb_memory_reason cgb_memory_may_give(const struct cgb_memory *law, const struct cgb_rights *rights)
{
        uint64_t quiet_usec = law->clock_usec - rights->last_active_usec;

        if (!law->options.can_reclaim || law->clock_usec < rights->grace_until_usec || rights->frozen)
                return CGB_MEMORY_REASON_NONE;
        if (quiet_usec >= IDLE_USEC)
                return CGB_MEMORY_REASON_IDLE;
        if (cgb_memory_is_asleep(law, rights) && (law->contended || law->pool.free_bytes < law->ready_bytes))
                return CGB_MEMORY_REASON_ASLEEP;
        if (rights->usage_bytes > rights->fair_bytes && stays_short(law) && finds_cold_pages(law) &&
                law->resting_bytes < cgb_minus(law->ready_bytes, law->pool.free_bytes))
                return CGB_MEMORY_REASON_OVER_SHARE;
        return CGB_MEMORY_REASON_NONE;
}

/* A step's time with the window open moves it on; what is older than both halves is forgiven, and so is half of the wait. */
static void move_window(struct cgb_memory *law, struct cgb_guard *guard)
{
        while (law->clock_usec - guard->begin_usec >= WINDOW_HALF_USEC) {
                if (guard->reclaimed_bytes[0] == 0 && guard->reclaimed_bytes[1] == 0 && guard->refaulted_bytes[0] == 0 &&
                        guard->refaulted_bytes[1] == 0) {
                        guard->begin_usec = law->clock_usec;
                        return;
                }
                if (guard->reclaimed_bytes[1] > 0)
                        guard->backoff_usec = cgb_max_u64(BACKOFF_MIN_USEC, guard->backoff_usec / 2);
                guard->begin_usec += WINDOW_HALF_USEC;
                guard->reclaimed_bytes[1] = guard->reclaimed_bytes[0];
                guard->refaulted_bytes[1] = guard->refaulted_bytes[0];
                guard->reclaimed_bytes[0] = guard->refaulted_bytes[0] = 0;
        }
}

static bool guard_trips(const struct cgb_guard *guard)
{
        uint64_t reclaimed_bytes = guard->reclaimed_bytes[0] + guard->reclaimed_bytes[1];
        uint64_t refaulted_bytes = guard->refaulted_bytes[0] + guard->refaulted_bytes[1];

        return reclaimed_bytes > 0 && refaulted_bytes >= REFAULT_MIN_BYTES &&
               refaulted_bytes > reclaimed_bytes / REFAULT_PART;
}

/* Twice what came back is granted above usage, and the wait doubles from one time to the next. */
static void give_back(struct cgb_memory *law, uint32_t holder, struct cgb_guard *guard)
{
        struct cgb_rights *rights = &law->slots[holder].rights;
        uint64_t bytes = GIVE_BACK_FACTOR * (guard->refaulted_bytes[0] + guard->refaulted_bytes[1]);

        for_each_lane(law, holder, i)
                if (law->slots[i].refaults)
                        law->slots[i].give_back_bytes = bytes;
        guard->backoff_usec = cgb_max_u64(guard->backoff_usec, BACKOFF_MIN_USEC);
        rights->grace_until_usec = cgb_max_u64(rights->grace_until_usec, law->clock_usec + guard->backoff_usec);
        guard->backoff_usec = cgb_min_u64(2 * guard->backoff_usec, BACKOFF_MAX_USEC);
        guard->reclaimed_bytes[0] = guard->reclaimed_bytes[1] = guard->refaulted_bytes[0] = guard->refaulted_bytes[1] = 0;
}

void cgb_memory_guard(struct cgb_memory *law)
{
        for_each_workspace(law, i) {
                struct cgb_guard *guard = &law->slots[i].rights.guard;

                move_window(law, guard);
                guard->tripped = guard_trips(guard);
                if (guard->tripped)
                        give_back(law, i, guard);
        }
}

/* Every lane whose pressure was read in this round was calm, and one was read. */
static void count_calm(struct cgb_memory *law, uint32_t holder)
{
        struct cgb_rights *rights = &law->slots[holder].rights;
        bool read = false, calm = true;

        for_each_lane(law, holder, i) {
                if (!law->slots[i].pressure_read)
                        continue;
                read = true;
                calm &= law->slots[i].calm;
        }
        if (!read)
                return;
        if (!calm)
                rights->calm_steps = 0;
        else if (law->clock_usec - rights->calm_counted_usec >= law->options.step_usec) {
                rights->calm_steps++;
                rights->calm_counted_usec = law->clock_usec;
        }
}

/* A hundredth of what could go, within what a step may take. 0: not worth asking. */
static uint64_t step_bytes(const struct cgb_memory *law, const struct cgb_rights *rights)
{
        uint64_t most = law->options.reclaims_exactly ? STEP_MAX_BYTES : STEP_MAX_INEXACT_BYTES;
        uint64_t bytes = cgb_min_u64(cgb_minus(rights->usage_bytes, cgb_memory_least(rights)) / STEP_PART, most);

        return bytes >= STEP_MIN_BYTES ? bytes : 0;
}

/* Also its own pressure was looked at in this round: a lane does not give for the calm of another. */
static bool can_be_asked(const struct cgb_memory_slot *slot)
{
        return slot->children == 0 && !slot->foreign && slot->known && slot->pressure_read && slot->calm &&
               slot->asked_bytes == 0;
}

/* The lane with the most to drop; NOBODY if one of them has not answered yet, or none can. */
static uint32_t find_lane(const struct cgb_memory *law, uint32_t holder)
{
        uint32_t best = NOBODY;
        uint64_t most = 0;

        for_each_lane(law, holder, i) {
                const struct cgb_memory_slot *slot = &law->slots[i];
                uint64_t bytes = cgb_memory_droppable(law, slot);

                if (slot->asked_bytes > 0)
                        return NOBODY;
                if (can_be_asked(slot) && bytes > most) {
                        best = i;
                        most = bytes;
                }
        }
        return best;
}

/*
 * What those could drop who do not work, whether they may be asked for it now or not: when it is needed the kernel takes it,
 * and takes it from them. But who works and is asked for a little loses more: its generations have aged by that, and so the
 * kernel finds its pages among the oldest when it next takes from all. Who stands still in a reclaim drops nothing.
 */
static uint64_t held_by_resting(const struct cgb_memory *law)
{
        uint64_t bytes = 0;

        for_each_memory_slot(law, i) {
                const struct cgb_memory_slot *slot = &law->slots[i];
                const struct cgb_rights *rights = &law->slots[slot->holder].rights;
                bool hangs = slot->asked_bytes > 0 && law->clock_usec - rights->asked_usec >= HANGS_USEC;

                if (slot->children == 0 && !hangs && law->clock_usec - rights->last_active_usec >= AT_REST_USEC)
                        bytes += slot->stat_known ? cgb_min_u64(slot->usage_bytes, cgb_memory_droppable(law, slot))
                                                  : slot->usage_bytes;
        }
        return bytes;
}

static bool is_enough(const struct cgb_memory *law, uint64_t coming_bytes)
{
        return law->pool.free_bytes + coming_bytes >= law->ready_bytes;
}

/* In this round: there are rounds between its readings, and one of those is not its turn. */
static bool may_be_asked_now(const struct cgb_memory *law, uint32_t holder, uint64_t coming_bytes)
{
        const struct cgb_rights *rights = &law->slots[holder].rights;
        enum cgb_memory_reason reason = cgb_memory_may_give(law, rights);

        return reason != CGB_MEMORY_REASON_NONE && (reason == CGB_MEMORY_REASON_IDLE || !is_enough(law, coming_bytes)) &&
               rights->calm_steps >= CALM_STEPS && law->clock_usec - rights->asked_usec >= law->options.step_usec &&
               step_bytes(law, rights) > 0 && find_lane(law, holder) != NOBODY;
}

/*
 * Is @a asked before @b? Who sleeps before who works, for it does not miss what it does not use, while pages of who works
 * come back at once and cost everybody a disk; and within each the one whose credit is the smaller part of what it may have.
 */
static bool gives_before(const struct cgb_memory *law, const struct cgb_rights *a, const struct cgb_rights *b)
{
        if (cgb_memory_is_asleep(law, a) != cgb_memory_is_asleep(law, b))
                return cgb_memory_is_asleep(law, a);
        return (cgb_i128)a->credit * cgb_memory_credit_cap(b) < (cgb_i128)b->credit * cgb_memory_credit_cap(a);
}

/* The next donor. Those already asked in this step have .asked_usec = now. */
static uint32_t find_donor(const struct cgb_memory *law, uint64_t coming_bytes)
{
        uint32_t best = NOBODY;

        for_each_workspace(law, i)
                if (may_be_asked_now(law, i, coming_bytes) &&
                        (best == NOBODY || gives_before(law, &law->slots[i].rights, &law->slots[best].rights)))
                        best = i;
        return best;
}

static void queue_reclaim(struct cgb_memory *law, uint32_t node, uint64_t bytes, enum cgb_memory_reason reason)
{
        struct cgb_memory_slot *slot = &law->slots[node];

        slot->asked_bytes = bytes;
        slot->asked_at_bytes = slot->usage_bytes;
        slot->reclaim_reason = reason;
        slot->next_reclaim = NOBODY;
        if (law->reclaims.last != NOBODY)
                law->slots[law->reclaims.last].next_reclaim = node;
        else
                law->reclaims.first = node;
        law->reclaims.last = node;
}

/* What is asked for and has not come yet. */
static uint64_t under_way(const struct cgb_memory *law)
{
        uint64_t bytes = 0;

        for_each_memory_slot(law, i)
                bytes += law->slots[i].asked_bytes;
        return bytes;
}

/*
 * What is to be free before anybody needs it: what is called short, and above it the headroom of who works, so that all of
 * them can grow by it at once and nobody has to wait until it is found. At least half as much again, since the next waker is
 * not among them yet, and at most twice: beyond that more would come from sleepers than is likely to be used before they
 * wake.
 */
static uint64_t ready(const struct cgb_memory *law)
{
        uint64_t headroom_bytes = 0;

        for_each_workspace(law, i) {
                const struct cgb_memory_slot *slot = &law->slots[i];

                if (slot->children == 0 && slot->known && !cgb_memory_is_asleep(law, &slot->rights))
                        headroom_bytes += cgb_memory_headroom(slot->rights.usage_bytes);
        }
        return law->reserve_bytes + cgb_min_u64(cgb_max_u64(headroom_bytes, law->reserve_bytes / 2), law->reserve_bytes);
}

void cgb_memory_ask(struct cgb_memory *law)
{
        uint64_t coming_bytes = under_way(law);

        law->ready_bytes = ready(law);
        law->resting_bytes = held_by_resting(law);
        for_each_workspace(law, i)
                count_calm(law, i);
        for (int n = 0; n < DONORS_PER_STEP; n++) {
                uint32_t donor = find_donor(law, coming_bytes), lane;
                struct cgb_rights *rights;

                if (donor == NOBODY)
                        break;
                rights = &law->slots[donor].rights;
                lane = find_lane(law, donor);
                rights->asked_usec = law->clock_usec;
                queue_reclaim(law, lane, step_bytes(law, rights), cgb_memory_may_give(law, rights));
                coming_bytes += law->slots[lane].asked_bytes;
        }
}
