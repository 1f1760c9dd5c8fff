/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixed.h"

/* 2^(i/64) in Q30 for i = 0..64, rounded to nearest; tests/unit/fixed.c holds each to exp2(). */
static const uint32_t exp2_table_q30[65] = {
        0x40000000,
        0x40b268fa,
        0x4166c34c,
        0x421d1462,
        0x42d561b4,
        0x438fb0cb,
        0x444c0740,
        0x450a6abb,
        0x45cae0f2,
        0x468d6fae,
        0x47521cc6,
        0x4818ee22,
        0x48e1e9ba,
        0x49ad1598,
        0x4a7a77d4,
        0x4b4a169c,
        0x4c1bf829,
        0x4cf022ca,
        0x4dc69cdd,
        0x4e9f6cd4,
        0x4f7a9930,
        0x50582888,
        0x51382182,
        0x521a8ad7,
        0x52ff6b55,
        0x53e6c9da,
        0x54d0ad5a,
        0x55bd1cdb,
        0x56ac1f75,
        0x579dbc57,
        0x5891fac1,
        0x5988e209,
        0x5a82799a,
        0x5b7ec8f2,
        0x5c7dd7a4,
        0x5d7fad59,
        0x5e8451d0,
        0x5f8bccdb,
        0x60962665,
        0x61a3666d,
        0x62b39509,
        0x63c6ba64,
        0x64dcdec3,
        0x65f60a7f,
        0x6712460b,
        0x683199ed,
        0x69540ec9,
        0x6a79ad56,
        0x6ba27e65,
        0x6cce8ae1,
        0x6dfddbcc,
        0x6f307a41,
        0x70666f76,
        0x719fc4b9,
        0x72dc8374,
        0x741cb528,
        0x75606374,
        0x76a7980f,
        0x77f25cce,
        0x7940bb9e,
        0x7a92be8b,
        0x7be86fba,
        0x7d41d96e,
        0x7e9f0606,
        0x80000000,
};

uint64_t cgb_exp2_q20(int32_t exponent_q16)
{
        int32_t whole =
                exponent_q16 >> 16; /* rounds down, also below zero: every compiler we build with shifts signed numbers so */
        uint32_t fraction = (uint32_t)exponent_q16 & 0xffff;
        uint64_t low = exp2_table_q30[fraction >> 10];
        uint64_t high = exp2_table_q30[(fraction >> 10) + 1];
        uint64_t mantissa_q30 = low + (((high - low) * (fraction & 0x3ff)) >> 10);

        return whole <= 10 ? mantissa_q30 >> (10 - whole) : mantissa_q30 << (whole - 10);
}
