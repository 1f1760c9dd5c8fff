/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Water filling. Every sibling is a vessel as wide as its weight and as tall as what it wants; water rises to one level in
 * all that are not yet full. Each pass fills at least one vessel to the brim or is the last one.
 *
 * In a tree a group wants what its children want together, within its limit (counted upwards), and its children divide what
 * it got (poured downwards). The kernel does the same: weights count among siblings only.
 */

#include <math.h>
#include <stdlib.h>

#include "fluid.h"

/* Fills every vessel that is full at @level; tells how many. */
static size_t fill_to_the_brim(
        double level, size_t n, const double weight[], const double wants[], double got[], bool full[])
{
        size_t count = 0;

        for (size_t i = 0; i < n; i++)
                if (!full[i] && wants[i] <= level * weight[i]) {
                        got[i] = wants[i];
                        full[i] = true;
                        count++;
                }
        return count;
}

void fluid_divide(double capacity, size_t n, const double weight[], const double wants[], double got[])
{
        bool *full = calloc(n + 1, sizeof(*full));

        if (!full)
                abort();
        for (;;) {
                double left = capacity, width = 0;

                for (size_t i = 0; i < n; i++) {
                        left -= full[i] ? got[i] : 0;
                        width += full[i] ? 0 : weight[i];
                }
                if (width <= 0)
                        break;
                left = fmax(left, 0);
                if (fill_to_the_brim(left / width, n, weight, wants, got, full) > 0)
                        continue;
                for (size_t i = 0; i < n; i++)
                        if (!full[i])
                                got[i] = left * weight[i] / width;
                break;
        }
        free(full);
}

static bool is_child(const struct fluid_group *groups, size_t i, size_t parent)
{
        return i != 0 && groups[i].there && groups[i].parent == parent;
}

static double count_upwards(struct fluid_group *groups, size_t n, size_t at)
{
        double sum = 0;

        if (groups[at].inner) {
                for (size_t i = 1; i < n; i++)
                        if (is_child(groups, i, at))
                                sum += count_upwards(groups, n, i);
                groups[at].wants = sum;
        }
        return fmin(groups[at].wants, groups[at].limit);
}

static void pour_downwards(struct fluid_group *groups, size_t n, size_t at)
{
        size_t *child, count = 0;
        double *weight, *wants, *got;

        groups[at].waits = groups[at].got < groups[at].wants - 1e-9;
        if (!groups[at].inner)
                return;
        child = calloc(n, sizeof(*child));
        weight = calloc(n, sizeof(*weight));
        wants = calloc(n, sizeof(*wants));
        got = calloc(n, sizeof(*got));
        if (!child || !weight || !wants || !got)
                abort();
        for (size_t i = 1; i < n; i++)
                if (is_child(groups, i, at)) {
                        weight[count] = groups[i].weight;
                        wants[count] = fmin(groups[i].wants, groups[i].limit);
                        child[count++] = i;
                }
        fluid_divide(groups[at].got, count, weight, wants, got);
        for (size_t i = 0; i < count; i++) {
                groups[child[i]].got = got[i];
                pour_downwards(groups, n, child[i]);
                groups[at].waits |= groups[child[i]].waits;
        }
        free(child);
        free(weight);
        free(wants);
        free(got);
}

void fluid_tree(struct fluid_group *groups, size_t n)
{
        for (size_t i = 0; i < n; i++)
                groups[i].inner = false;
        for (size_t i = 1; i < n; i++)
                if (groups[i].there)
                        groups[groups[i].parent].inner = true;
        groups[0].got = count_upwards(groups, n, 0);
        pour_downwards(groups, n, 0);
}
