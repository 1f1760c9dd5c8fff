/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * MT19937, the generator of Matsumoto and Nishimura (1998; seeded by an array, 2002), and what Python's random module makes
 * of its words: floats of 53 bits, integers by rejection, normal variates by the ratio of uniforms of Kinderman and Monahan
 * (1977).
 */

#include <math.h>

#include "python-random.h"

#define MIDDLE 397
#define TWIST UINT32_C(0x9908b0df)
#define UPPER_BIT UINT32_C(0x80000000)
#define ARRAY_SEED UINT32_C(19650218)

/* sqrt(2 / e) * 2: the width of the rectangle that normal variates are drawn from */
#define NORMAL_WIDTH (4 * exp(-0.5) / sqrt(2.0))

static uint32_t scramble(uint32_t previous, uint32_t factor)
{
        return (previous ^ previous >> 30) * factor;
}

static void seed_word(struct python_random *random, uint32_t seed)
{
        random->words[0] = seed;
        for (uint32_t i = 1; i < MERSENNE_WORDS; i++)
                random->words[i] = scramble(random->words[i - 1], UINT32_C(1812433253)) + i;
        random->at = MERSENNE_WORDS;
}

/* The word after @i; behind the last one comes the second, and the first becomes a copy of the last. */
static size_t next_word(uint32_t *words, size_t i)
{
        if (++i < MERSENNE_WORDS)
                return i;
        words[0] = words[MERSENNE_WORDS - 1];
        return 1;
}

void python_random_seed_key(struct python_random *random, const uint32_t *key, size_t n)
{
        uint32_t *words = random->words;
        size_t i = 1, rounds = n > MERSENNE_WORDS ? n : MERSENNE_WORDS;

        seed_word(random, ARRAY_SEED);
        for (size_t k = 0; k < rounds; k++) {
                words[i] = (words[i] ^ scramble(words[i - 1], 1664525)) + key[k % n] + (uint32_t)(k % n);
                i = next_word(words, i);
        }
        for (size_t k = 1; k < MERSENNE_WORDS; k++) {
                words[i] = (words[i] ^ scramble(words[i - 1], 1566083941)) - (uint32_t)i;
                i = next_word(words, i);
        }
        words[0] = UPPER_BIT;
}

void python_random_seed(struct python_random *random, uint64_t seed)
{
        uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};

        python_random_seed_key(random, key, key[1] ? 2 : 1);
}

static void refill(struct python_random *random)
{
        uint32_t *words = random->words;

        for (size_t i = 0; i < MERSENNE_WORDS; i++) {
                uint32_t joined = (words[i] & UPPER_BIT) | (words[(i + 1) % MERSENNE_WORDS] & ~UPPER_BIT);

                words[i] = words[(i + MIDDLE) % MERSENNE_WORDS] ^ joined >> 1 ^ (joined & 1 ? TWIST : 0);
        }
        random->at = 0;
}

uint32_t python_random_word(struct python_random *random)
{
        uint32_t word;

        if (random->at == MERSENNE_WORDS)
                refill(random);
        word = random->words[random->at++];
        word ^= word >> 11;
        word ^= word << 7 & UINT32_C(0x9d2c5680);
        word ^= word << 15 & UINT32_C(0xefc60000);
        return word ^ word >> 18;
}

double python_random_unit(struct python_random *random)
{
        uint32_t high = python_random_word(random) >> 5, low = python_random_word(random) >> 6;

        return (high * 0x1p26 + low) * 0x1p-53;
}

double python_random_uniform(struct python_random *random, double low, double high)
{
        return low + (high - low) * python_random_unit(random);
}

uint32_t python_random_int(struct python_random *random, uint32_t low, uint32_t high)
{
        uint32_t n = high - low + 1, drawn;
        int bits = 32 - __builtin_clz(n);

        do
                drawn = python_random_word(random) >> (32 - bits);
        while (drawn >= n);
        return low + drawn;
}

double python_random_lognormal(struct python_random *random, double mu, double sigma)
{
        double z, height;

        do {
                double x = python_random_unit(random);

                height = 1 - python_random_unit(random);
                z = NORMAL_WIDTH * (x - 0.5) / height;
        } while (z * z / 4 > -log(height));
        return exp(mu + z * sigma);
}
