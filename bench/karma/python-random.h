/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_KARMA_PYTHON_RANDOM_H
#define BENCH_KARMA_PYTHON_RANDOM_H

/* The numbers of Python's random.Random(seed), so that a trace made there is the same here. See python-random.c. */

#include <stddef.h>
#include <stdint.h>

#define MERSENNE_WORDS 624

struct python_random {
        uint32_t words[MERSENNE_WORDS];
        size_t at;
};

/* The state from @n words of key: what Python makes of an integer seed, least word first. */
void python_random_seed_key(struct python_random *random, const uint32_t *key, size_t n);

/* random.Random(@seed) */
void python_random_seed(struct python_random *random, uint64_t seed);

/* getrandbits(32) */
uint32_t python_random_word(struct python_random *random);

/* random(): 0 <= x < 1, of 53 bits */
double python_random_unit(struct python_random *random);

double python_random_uniform(struct python_random *random, double low, double high);

/* randint(): both ends are included; @low <= @high */
uint32_t python_random_int(struct python_random *random, uint32_t low, uint32_t high);

double python_random_lognormal(struct python_random *random, double mu, double sigma);

#endif
