/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

/* The clocks of the measurements: in microseconds, and in nanoseconds where the name says so. */

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)

uint64_t clock_usec(clockid_t clock);

/* CLOCK_MONOTONIC. */
uint64_t now_usec(void);
uint64_t now_nsec(void);

/* CPU time that the calling thread has had, as the kernel accounts it. */
uint64_t thread_cpu_usec(void);

/* CPU time of another process; 0 if it is gone. */
uint64_t process_cpu_usec(pid_t pid);

/* Sleeps until now_usec() is @when, through signals. */
void sleep_until_usec(uint64_t when);

#endif
