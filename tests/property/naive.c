/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Follows docs/algorithm.md from its first line to its last; the sections below bear the page's names. What the page leaves
 * to be understood is read like this:
 *
 * - The first step after a pool was first observed has nothing to be compared with, so its price is 0.
 * - Where a parent is not observed in a step, its last fullness stands.
 * - A pool's own usage is what its counter says; where that is not known, the sum of its accounts'.
 * - A step in which fewer than two were active is one in which only one was.
 * - `reach` has nobody to hold against the first of the awake, so it holds from the second on.
 * - The weights that the floor is a part of are those after `reach` and after the floor itself, or nobody would have what
 * the floor promises; and the promise holds with weights that are off by one hysteresis either way.
 * - Where caps have shrunk and the price is 0, what is above its cap may be cut off at once, or be kept, unseen, until a
 * step that has a price: the doubt covers both.
 */

#include <math.h>
#include <stdlib.h>

#include "naive.h"

/*
 * A price in 2^-16, made from a fullness in 2^-16 by a ramp that rises 2.5 times as fast; and whole nanoseconds, in each
 * step.
 */
#define PRICE_GRAIN 7e-5
#define STEP_GRAIN_NSEC 2.0

/* Virtual time and caps are whole nanoseconds per permille of share. */
#define SHARE_GRAINS 2.0

/* Two values of raw nearer than this may come in either order from a table of powers. */
#define RAW_GRAIN 2e-3

struct naive *naive_new(const struct cgb_policy_options *options, size_t room)
{
        struct naive *naive = calloc(1, sizeof(*naive));

        if (!naive || !(naive->nodes = calloc(room, sizeof(*naive->nodes))))
                abort();
        naive->options = *options;
        naive->room = room;
        naive->nodes[0].there = true;
        naive->nodes[0].share = 1;
        return naive;
}

void naive_free(struct naive *naive)
{
        if (naive)
                free(naive->nodes);
        free(naive);
}

/* A pool's next account after @at; 0 when there is none left. Begin with 0. */
static size_t next_account(const struct naive *naive, size_t pool, size_t at)
{
        for (size_t i = at + 1; i < naive->room; i++)
                if (naive->nodes[i].there && naive->nodes[i].parent == pool)
                        return i;
        return 0;
}

static double sum_of_shares(const struct naive *naive, size_t pool)
{
        double sum = 0;

        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i))
                sum += naive->nodes[i].share;
        return sum;
}

static double sum_of_those_who_count(const struct naive *naive, size_t pool)
{
        double sum = 0;

        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i))
                if (naive->nodes[i].counts)
                        sum += naive->nodes[i].share;
        return sum;
}

static double largest_share(const struct naive *naive, size_t pool)
{
        double largest = 0;

        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i))
                largest = fmax(largest, naive->nodes[i].share);
        return largest;
}

void naive_join(struct naive *naive, size_t at, size_t parent, uint32_t share_permille, struct cgb_balance balance)
{
        struct naive_node *pool = &naive->nodes[parent], *a = &naive->nodes[at];

        *a = (struct naive_node){
                .there = true,
                .parent = parent,
                .share = share_permille / 1000.0,
                .slow = (double)balance.slow_nsec,
                .fast = (double)balance.fast_nsec,
                .fresh = true,
                .counts = true,
        };
        a->slow_doubt =
                SHARE_GRAINS * share_permille + STEP_GRAIN_NSEC + pool->carried * a->share / sum_of_shares(naive, parent);
        a->fast_doubt = a->slow_doubt;
        pool->children++;
        pool->bank -= (double)balance.slow_nsec;
}

/* What did not yet divide by the shares waits, and is divided by others when they have changed. */
static void doubt_remainder(struct naive *naive, size_t pool, double share)
{
        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i)) {
                naive->nodes[i].slow_doubt += share * 1000;
                naive->nodes[i].fast_doubt += share * 1000;
        }
}

void naive_set_share(struct naive *naive, size_t at, uint32_t share_permille)
{
        doubt_remainder(naive, naive->nodes[at].parent, fmax(naive->nodes[at].share, share_permille / 1000.0));
        naive->nodes[at].share = share_permille / 1000.0;
        naive->nodes[at].fresh = naive->nodes[at].counts = true;
        naive->nodes[at].slow_doubt += SHARE_GRAINS * share_permille;
        naive->nodes[at].fast_doubt += SHARE_GRAINS * share_permille;
}

void naive_leave(struct naive *naive, size_t at)
{
        struct naive_node *pool = &naive->nodes[naive->nodes[at].parent];

        doubt_remainder(naive, naive->nodes[at].parent, naive->nodes[at].share);
        pool->children--;
        pool->bank += naive->nodes[at].slow;
        pool->bank_doubt += naive->nodes[at].slow_doubt;
        naive->nodes[at].there = false;
}

/* -- The ledger of one pool -- */

static double clamp(double x, double cap)
{
        return fmax(-cap, fmin(cap, x));
}

/* Adds @due to a credit and cuts it to @cap. Who is surely at the cap is in no doubt any more: what was cut off is. */
static void add(double *credit, double *doubt, double due, double cap, double grain, double *cut, double *cut_doubt)
{
        double sum = *credit + due;

        *credit = clamp(sum, cap);
        *cut += sum - *credit;
        if (fabs(sum) <= cap + *doubt + grain)
                return;
        *cut_doubt += *doubt;
        *doubt = 2 * grain;
}

/* Who does not count has all that one can have. */
static void settle_fast(struct naive_node *a, double price, double due, double grain)
{
        double nowhere = 0;

        if (!a->counts) {
                a->fast = a->fast_cap;
                a->fast_doubt = grain;
        } else if (price > 0) {
                add(&a->fast, &a->fast_doubt, price * due, a->fast_cap, grain, &nowhere, &nowhere);
        } else {
                a->fast_doubt += fmax(0, fabs(a->fast) - a->fast_cap);
        }
}

static void settle(struct naive *naive, size_t pool, double used, double shares)
{
        struct naive_node *p = &naive->nodes[pool];
        double counting = sum_of_those_who_count(naive, pool), largest = largest_share(naive, pool);

        if (p->price > 0)
                p->carried = shares * 1000;
        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i)) {
                struct naive_node *a = &naive->nodes[i];
                double due = (a->share / shares * used - a->ran_usec) * 1000, grain = SHARE_GRAINS * a->share * 1000;
                double fast_due = counting > 0 ? (a->share / counting * used - a->ran_usec) * 1000 : -a->ran_usec * 1000;
                double lost = PRICE_GRAIN * fabs(due) + STEP_GRAIN_NSEC;

                a->slow_cap = (double)naive->options.slow_depth_usec * 1000 * p->cpus * a->share / shares;
                a->fast_cap = (double)naive->options.fast_depth_usec * 1000 * p->cpus * a->share / fmax(counting, largest);
                a->slow_doubt += lost;
                a->fast_doubt += PRICE_GRAIN * fabs(fast_due) + STEP_GRAIN_NSEC;
                p->bank_doubt += lost;
                settle_fast(a, p->price, fast_due, grain);
                if (p->price <= 0) {
                        a->slow_doubt += fmax(0, fabs(a->slow) - a->slow_cap);
                        continue;
                }
                add(&a->slow, &a->slow_doubt, p->slow_price * due, a->slow_cap, grain, &p->bank, &p->bank_doubt);
        }
}

/* -- The price -- */

static double ramp(double x)
{
        return fmax(0, fmin(1, (x - 0.5) / 0.4));
}

static void set_price(struct naive *naive, size_t pool, double used, double step, size_t active)
{
        struct naive_node *p = &naive->nodes[pool];

        p->price = p->slow_price = 0;
        p->full = step > 0 ? ramp(fmax(p->used_usec < 0 ? used : p->used_usec, p->machine_usec) / (p->cpus * step)) : 0;
        if (pool != 0)
                p->full = fmax(p->full, naive->nodes[p->parent].full);
        if (step <= 0)
                return;
        p->price = p->stalled_usec < 0 ? p->full : fmin(fmin(1, p->stalled_usec / step), p->full);
        p->slow_price = active < 2 ? 0 : p->price;
}

/* -- From credit to weight -- */

static size_t mark_activity(struct naive *naive, size_t pool, double now, double step)
{
        size_t active = 0;

        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i)) {
                struct naive_node *a = &naive->nodes[i];

                a->active = step > 0 && a->ran_usec * 1000 >= step;
                if (a->active) {
                        a->ever_active = true;
                        a->active_at = now;
                        active++;
                }
                if (a->active || a->fresh)
                        a->noticed_at = now;
                a->fresh = false;
                if (a->active && !a->counts) {
                        doubt_remainder(naive, pool, a->share);
                        a->counts = true;
                }
                a->awake = a->ever_active && now - a->active_at <= 2 * (double)naive->options.fast_depth_usec;
        }
        return active;
}

/* Of the slow account: credit and debt may weigh differently. */
static double slow_strength(const struct cgb_policy_options *options, double slow)
{
        return (slow < 0 ? options->debt_strength_permille : options->slow_strength_permille) / 1000.0;
}

double naive_doubt(const struct naive *naive, size_t at)
{
        const struct naive_node *a = &naive->nodes[at];

        /* near zero nobody knows on which side it is */
        return fmax(slow_strength(&naive->options, a->slow - a->slow_doubt),
                       slow_strength(&naive->options, a->slow + a->slow_doubt)) *
                       a->slow_doubt / a->slow_cap +
               naive->options.fast_strength_permille / 1000.0 * a->fast_doubt / a->fast_cap;
}

/* The awake account of smallest raw above what was taken; 0 when all are taken. */
static size_t next_in_rising_order(const struct naive *naive, size_t pool, const bool taken[])
{
        size_t best = 0;

        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i))
                if (naive->nodes[i].awake && !taken[i] && (!best || naive->nodes[i].raw < naive->nodes[best].raw))
                        best = i;
        return best;
}

static void set_reach(struct naive *naive, size_t pool, double shares)
{
        struct naive_node *p = &naive->nodes[pool];
        double reach = naive->options.reach_permille / 1000.0, sum = 0, last = 0, doubt = RAW_GRAIN;
        bool *taken = calloc(naive->room, sizeof(*taken));

        if (!taken)
                abort();
        p->top = INFINITY;
        p->at_the_edge = false;
        for (size_t i; (i = next_in_rising_order(naive, pool, taken)) != 0;) {
                double raw = naive->nodes[i].raw;

                doubt = fmax(doubt, RAW_GRAIN + 2 * naive_doubt(naive, i));
                p->at_the_edge |= fabs(raw / p->top - 1) < doubt;
                if (raw > p->top)
                        break;
                taken[i] = true;
                last = raw;
                sum += naive->nodes[i].share * raw;
                p->top = reach * fmax(sum / (shares / (double)p->children), last);
        }
        free(taken);
}

/* What the active weigh per share if nobody weighs less than @floor. */
static double mean_of_active(const struct naive *naive, size_t pool, double floor)
{
        double weights = 0, shares = 0;

        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i))
                if (naive->nodes[i].active) {
                        weights += naive->nodes[i].share * fmax(floor, fmin(naive->nodes[i].raw, naive->nodes[pool].top));
                        shares += naive->nodes[i].share;
                }
        return shares > 0 ? weights / shares : 0;
}

static void set_floor(struct naive *naive, size_t pool)
{
        double alpha = naive->options.floor_permille / 1000.0, margin = 2 * naive->options.hysteresis_permille / 1000.0;
        double floor = 0, next;

        alpha = fmin(1, alpha * (1 + margin));
        while ((next = alpha * mean_of_active(naive, pool, floor)) > floor * (1 + 1e-12))
                floor = next;
        naive->nodes[pool].floor = floor;
}

static void set_weights(struct naive *naive, size_t pool, double shares)
{
        const struct cgb_policy_options *o = &naive->options;
        struct naive_node *p = &naive->nodes[pool];

        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i)) {
                struct naive_node *a = &naive->nodes[i];

                a->raw = exp2(slow_strength(o, a->slow) * a->slow / a->slow_cap +
                              o->fast_strength_permille / 1000.0 * a->fast / a->fast_cap);
        }
        set_reach(naive, pool, shares);
        set_floor(naive, pool);
        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i)) {
                struct naive_node *a = &naive->nodes[i];

                a->pull = fmin(a->active ? fmax(a->raw, p->floor) : a->raw, p->top);
        }
}

/* A multiple of the fast depth that the page names. */
#define COUNTS_FAST_DEPTHS 60

static void forget(struct naive *naive, size_t pool, double now)
{
        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i)) {
                struct naive_node *a = &naive->nodes[i];

                if (!a->counts || a->fresh ||
                        now - a->noticed_at <= COUNTS_FAST_DEPTHS * (double)naive->options.fast_depth_usec)
                        continue;
                doubt_remainder(naive, pool, a->share);
                a->counts = false;
                a->fast = a->fast_cap;
                a->fast_doubt = SHARE_GRAINS * a->share * 1000;
        }
}

static void step_pool(struct naive *naive, size_t pool, double now)
{
        struct naive_node *p = &naive->nodes[pool];
        double step = p->priced ? now - p->observed_at : 0, used = 0, shares = sum_of_shares(naive, pool);

        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i))
                used += naive->nodes[i].ran_usec;
        if (p->observed && p->children > 0) {
                set_price(naive, pool, used, step, mark_activity(naive, pool, now, step));
                settle(naive, pool, used, shares);
                forget(naive, pool, now);
                set_weights(naive, pool, shares);
                p->priced = true;
                p->observed_at = now;
        }
        p->observed = false;
        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i))
                if (naive->nodes[i].children > 0)
                        step_pool(naive, i, now);
}

double naive_slow(const struct naive *naive, size_t at)
{
        return clamp(naive->nodes[at].slow, naive->nodes[at].slow_cap);
}

double naive_fast(const struct naive *naive, size_t at)
{
        return clamp(naive->nodes[at].fast, naive->nodes[at].fast_cap);
}

double naive_bank(const struct naive *naive, size_t pool)
{
        double bank = naive->nodes[pool].bank;

        for (size_t i = next_account(naive, pool, 0); i; i = next_account(naive, pool, i))
                bank += naive->nodes[i].slow - naive_slow(naive, i);
        return bank;
}

void naive_step(struct naive *naive, uint64_t now_usec)
{
        step_pool(naive, 0, (double)now_usec);
        for (size_t i = 0; i < naive->room; i++)
                naive->nodes[i].ran_usec = 0;
}

double naive_weight(const struct naive *naive, size_t at, double scale)
{
        return scale * naive->nodes[at].share * naive->nodes[at].pull;
}
