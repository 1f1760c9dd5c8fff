/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>

#include "clock.h"

uint64_t clock_usec(clockid_t clock)
{
        struct timespec time;

        if (clock_gettime(clock, &time) < 0)
                return 0;
        return (uint64_t)time.tv_sec * USEC_PER_SEC + (uint64_t)time.tv_nsec / 1000;
}

uint64_t now_usec(void)
{
        return clock_usec(CLOCK_MONOTONIC);
}

uint64_t now_nsec(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t thread_cpu_usec(void)
{
        return clock_usec(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t process_cpu_usec(pid_t pid)
{
        clockid_t clock;

        return clock_getcpuclockid(pid, &clock) ? 0 : clock_usec(clock);
}

void sleep_until_usec(uint64_t when)
{
        struct timespec time = {
                .tv_sec = (time_t)(when / USEC_PER_SEC),
                .tv_nsec = (long)(when % USEC_PER_SEC * 1000),
        };

        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
                ;
}
