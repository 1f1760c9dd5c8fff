/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Fixed-point arithmetic, the same on every compiler. 128 bits are used for products only: a 128-bit division would call
 * into the compiler's runtime, and the policy calls nobody.
 */
#include <stdint.h>

__extension__ typedef __int128 cgb_i128;
__extension__ typedef unsigned __int128 cgb_u128;

/** Ratios and prices: 1.0 is 65536. */
#define CGB_Q16_ONE 65536

/** Raw weights: 1.0 is 2^20, which leaves 2^-12..2^12 eight bits and more of precision. */
#define CGB_Q20_ONE (1u << 20)

/**
 * round(@scale * @part / @whole) for 0 <= @part <= @whole, @whole > 0, @scale < 2^17, without overflow: low bits of large
 * numbers go.
 */
static inline uint64_t cgb_scale_part(uint64_t part, uint64_t whole, uint64_t scale)
{
        while (whole >> 46 != 0) {
                whole >>= 1;
                part >>= 1;
        }
        return (part * scale + whole / 2) / whole;
}

/**
 * 2^@exponent_q16 in Q20, for exponents of -12.0..12.0. Never falls while the exponent rises; within 4e-5 of the true value.
 */
uint64_t cgb_exp2_q20(int32_t exponent_q16);

static inline cgb_i128 cgb_clamp_i128(cgb_i128 value, cgb_i128 low, cgb_i128 high)
{
        return value < low ? low : value > high ? high : value;
}

static inline uint64_t cgb_min_u64(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

static inline uint64_t cgb_max_u64(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}
