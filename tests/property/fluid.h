/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_TESTS_FLUID_H
#define CGBURST_TESTS_FLUID_H

/*
 * CPUs as a fluid: what a perfect fair scheduler would give, without time slices, run queues or rounding. Among siblings it
 * is the weighted max-min division: nobody gets more than it wants, and whoever gets less than that has no less per unit of
 * weight than anybody else.
 */

#include <stdbool.h>
#include <stddef.h>

/* Divides @capacity CPUs among @n siblings that want @wants[] each. */
void fluid_divide(double capacity, size_t n, const double weight[], const double wants[], double got[]);

/* One group of a tree in an array; number 0 is the root. */
struct fluid_group {
        bool there;
        size_t parent;
        double weight;
        double limit; /* CPUs that its tasks may use */
        double wants; /* of a group with children: computed from them */
        double got;
        bool inner; /* has children; computed */
        bool waits; /* some task in it got less than it wanted */
};

/* Divides the root's limit down the tree. */
void fluid_tree(struct fluid_group *groups, size_t n);

#endif
