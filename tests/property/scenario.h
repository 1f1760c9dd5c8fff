/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_TESTS_SCENARIO_H
#define CGBURST_TESTS_SCENARIO_H

/*
 * Random lives for worlds: who is there, what they want, who comes and goes. Everything is thrown from the dice alone, so
 * two worlds that are given equal dice live equal lives.
 */

#include "world.h"

#define SECOND_USEC ((uint64_t)1000000)

/* Any law that the options permit, within what a machine might be run with. */
struct cgb_policy_options scenario_options(struct dice *dice, uint32_t capacity);

/* A tree of @levels levels of accounts, at most @most of them; on the lower levels every pool has children. */
void scenario_populate(struct world *world, struct dice *dice, unsigned levels, unsigned most);

/* Some change their mind about what they want: nothing, a part of a CPU, or many. */
void scenario_wants(struct world *world, struct dice *dice);

/* Now and then somebody joins, leaves, or is given another share. No pool loses its last account. */
void scenario_churn(struct world *world, struct dice *dice);

/* The same without mercy: whole pools come to be and cease to be, at any depth. */
void scenario_rebuild(struct world *world, struct dice *dice);

/*
 * A twin is a second policy that is shown the same machine. Group i of a world is group @map[i] of its twin, and the same
 * group if @map is NULL.
 */

/* @to lives what @from has just lived: counters, pressure and clock. */
void scenario_mirror(const struct world *from, struct world *to, const size_t map[]);

/*
 * The groups of @from join @to, which is empty: with the balances they have or as newcomers, in their order or in reverse.
 */
void scenario_copy_groups(const struct world *from, struct world *to, size_t map[], bool balances, bool backwards);

/* The same round for both: the twin lives what the world has just lived, and both decide. */
void scenario_twins_round(struct world *world, struct world *twin, const size_t map[]);

/* Both hold the same, to the last nanosecond. */
void scenario_twins_agree(const struct world *world, const struct world *twin, const size_t map[]);

#endif
