/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_TESTS_DICE_H
#define CGBURST_TESTS_DICE_H

/*
 * Repeatable chance: the same seed throws the same scenario on every machine, so a failure can be seen again from the seed
 * that it printed. The generator is splitmix64 (Steele, Lea, Flood 2014).
 */

#include <stdbool.h>
#include <stdint.h>

struct dice {
        uint64_t state;
};

static inline uint64_t dice_bits(struct dice *dice)
{
        uint64_t z = dice->state += 0x9e3779b97f4a7c15u;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

/* A whole number of [low, high]. */
static inline uint64_t dice_between(struct dice *dice, uint64_t low, uint64_t high)
{
        uint64_t span = high - low + 1;

        return low + (span ? dice_bits(dice) % span : dice_bits(dice));
}

/* A real number of [low, high). */
static inline double dice_real(struct dice *dice, double low, double high)
{
        return low + (high - low) * ((double)(dice_bits(dice) >> 11) / 9007199254740992.0);
}

static inline bool dice_percent(struct dice *dice, unsigned percent)
{
        return dice_bits(dice) % 100 < percent;
}

#endif
