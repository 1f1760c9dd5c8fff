/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Karma (OSDI 2023). n users, f slices each in every quantum, of which alpha * f are guaranteed; the rest is shared.
 *
 *     everybody earns (1 - alpha) * f credits and gets min(demand, alpha * f)
 *     while somebody wants more and has credit, and anything is left:
 *         the borrower with the most credits pays one and gets one slice,
 *         of the donor with the fewest credits, who earns one; when no donor is left, of the shared slices
 *
 * Among equals the one with the lowest number comes first.
 *
 * Why that needs no loop over slices: a borrower wants more than its guarantee and a donor less, so nobody is both, and what
 * donors earn changes nothing for borrowers. How many slices move is therefore known at once. A borrower with c credits who
 * can take k stands in line with the run of values c, c-1, ... c-k+1, and to take the richest each time is to take the
 * highest values of all runs. One threshold tells them: all values above it are taken, and of those equal to it as many as
 * are left, by number. Donors are the same with the sign turned. The threshold lies on an edge of a line that bends 2 n
 * times: sort and walk.
 */

#include <stdlib.h>

#include "karma.h"

static int64_t min_i64(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

/* What both forms begin with. @return the slices that are shared. */
static int64_t begin(const struct karma *karma, struct karma_user *users, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                struct karma_user *user = &users[i];

                user->credits += karma->fair - karma->guaranteed;
                user->allocated = min_i64(user->demand, karma->guaranteed);
                user->donated = karma->guaranteed - user->allocated;
        }
        return (int64_t)n * (karma->fair - karma->guaranteed);
}

static struct karma_user *richest_borrower(struct karma_user *users, size_t n)
{
        struct karma_user *found = NULL;

        for (size_t i = 0; i < n; i++)
                if (users[i].allocated < users[i].demand && users[i].credits > 0 &&
                        (!found || users[i].credits > found->credits))
                        found = &users[i];
        return found;
}

static struct karma_user *poorest_donor(struct karma_user *users, size_t n)
{
        struct karma_user *found = NULL;

        for (size_t i = 0; i < n; i++)
                if (users[i].donated > 0 && (!found || users[i].credits < found->credits))
                        found = &users[i];
        return found;
}

void karma_quantum_naive(const struct karma *karma, struct karma_user *users, size_t n)
{
        int64_t shared = begin(karma, users, n);
        struct karma_user *borrower, *donor;

        while ((borrower = richest_borrower(users, n))) {
                donor = poorest_donor(users, n);
                if (donor) {
                        donor->donated--;
                        donor->credits++;
                } else if (shared-- == 0) {
                        break;
                }
                borrower->allocated++;
                borrower->credits--;
        }
}

static int falling(const void *a, const void *b)
{
        const struct karma_edge *left = a, *right = b;

        return (right->value > left->value) - (right->value < left->value);
}

/* The lowest value such that no more than @slices values of all runs lie above it; how many do is in *@above. */
static int64_t find_threshold(
        const struct karma_run *runs, size_t n, int64_t slices, struct karma_edge *edges, int64_t *above)
{
        int64_t value, slope = 0;

        /* over every value the count grows by the number of runs that are open there */
        for (size_t i = 0; i < n; i++) {
                edges[2 * i] = (struct karma_edge){runs[i].first, 1};
                edges[2 * i + 1] = (struct karma_edge){runs[i].first - runs[i].length, -1};
        }
        qsort(edges, 2 * n, sizeof(*edges), falling);

        *above = 0;
        value = edges[0].value;
        for (size_t i = 0; i < 2 * n; i++) {
                int64_t step = value - edges[i].value;

                if (slope > 0 && step > (slices - *above) / slope) {
                        step = (slices - *above) / slope;
                        *above += slope * step;
                        return value - step;
                }
                *above += slope * step;
                value = edges[i].value;
                slope += edges[i].slope;
        }
        return value;
}

/* Takes the @slices highest values of all runs; there are that many. Runs are in the order of their users. */
static void take_highest(struct karma_run *runs, size_t n, int64_t slices, struct karma_edge *edges)
{
        int64_t above, threshold, left;

        if (n == 0)
                return;
        threshold = find_threshold(runs, n, slices, edges, &above);
        left = slices - above;
        for (size_t i = 0; i < n; i++) {
                struct karma_run *run = &runs[i];

                run->taken = run->first > threshold ? min_i64(run->first - threshold, run->length) : 0;
                if (left > 0 && run->first >= threshold && run->taken < run->length) {
                        run->taken++;
                        left--;
                }
        }
}

static size_t list_borrowers(const struct karma_user *users, size_t n, struct karma_run *runs, int64_t *wanted)
{
        size_t n_runs = 0;

        *wanted = 0;
        for (size_t i = 0; i < n; i++) {
                int64_t length = min_i64(users[i].demand - users[i].allocated, users[i].credits);

                if (length <= 0)
                        continue;
                runs[n_runs++] = (struct karma_run){.first = users[i].credits, .length = length, .user = i};
                *wanted += length;
        }
        return n_runs;
}

static size_t list_donors(const struct karma_user *users, size_t n, struct karma_run *runs)
{
        size_t n_runs = 0;

        for (size_t i = 0; i < n; i++)
                if (users[i].donated > 0)
                        runs[n_runs++] =
                                (struct karma_run){.first = -users[i].credits, .length = users[i].donated, .user = i};
        return n_runs;
}

static int64_t sum_donated(const struct karma_user *users, size_t n)
{
        int64_t sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += users[i].donated;
        return sum;
}

void karma_quantum(
        const struct karma *karma, struct karma_user *users, size_t n, struct karma_run *runs, struct karma_edge *edges)
{
        int64_t shared = begin(karma, users, n), donated = sum_donated(users, n), wanted, moved;
        size_t n_runs = list_borrowers(users, n, runs, &wanted);

        moved = min_i64(wanted, donated + shared);
        take_highest(runs, n_runs, moved, edges);
        for (size_t i = 0; i < n_runs; i++) {
                users[runs[i].user].allocated += runs[i].taken;
                users[runs[i].user].credits -= runs[i].taken;
        }
        n_runs = list_donors(users, n, runs);
        take_highest(runs, n_runs, min_i64(moved, donated), edges);
        for (size_t i = 0; i < n_runs; i++) {
                users[runs[i].user].donated -= runs[i].taken;
                users[runs[i].user].credits += runs[i].taken;
        }
}

int64_t karma_newcomer(const struct karma_user *users, size_t n, int64_t initial)
{
        int64_t sum = 0;

        if (n == 0)
                return initial;
        for (size_t i = 0; i < n; i++)
                sum += users[i].credits;
        return sum / (int64_t)n;
}
