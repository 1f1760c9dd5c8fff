/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the stories about the memory law begin with: a world, who is in it, and a while of living.
 */
#include "memory-world.h"

/* Two GiB: short below 204 MiB free, enough again from 307 MiB on. */
#define SIZE (2 * GIB)
#define SWAP (4 * GIB)

int story_setup(void **state);
int story_setup_inexact(void **state); /* a kernel that takes more than it is asked for */
int story_teardown(void **state);

#define in_a_world(test) cmocka_unit_test_setup_teardown(test, story_setup, story_teardown)
#define in_an_inexact_world(test) cmocka_unit_test_setup_teardown(test, story_setup_inexact, story_teardown)

cgb_node story_group(struct memory_world *world, uint64_t anon_bytes, bool active);

/* Rounds until @node has a limit of its own, lowered after a reclaim. */
void story_live_until_lowered(struct memory_world *world, cgb_node node);

/* Rounds until something is reclaimed from @node. @return how many. */
int story_live_until_asked(struct memory_world *world, cgb_node node, int most);

/* A crowd in which memory is short: one hog above its share, one within it. */
void story_crowd(struct memory_world *world, cgb_node *hog, cgb_node *modest);

void story_grow(struct memory_world *world, cgb_node node, int seconds, uint64_t bytes);
