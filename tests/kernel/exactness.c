/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much a kernel takes of a cold heap that it is asked for a part of, against what the library believes of it. Needs
 * memory.reclaim and swap.
 *
 * Prints all of it: tests/vm/guest --kernel 6.1 --swap 1024 -- build/tests/kernel/kernel-exactness
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"
#include "kernel/exactness.h"

#define KIB 1024ull
#define MIB (1ull << 20)

/* The law asks for a hundredth at most. */
#define HUNDREDTH 100
#define TIMES 5

/* What the law reckons with. */
#define EXACT_MOST 1.05
#define INEXACT_MOST 1.6

/* Random ordinary pages: they are not found again, and not taken 512 at once. */
static void fill(uint64_t *memory, uint64_t bytes)
{
        if (madvise(memory, bytes, MADV_NOHUGEPAGE) < 0 && errno != EINVAL)
                _exit(1);
        for (uint64_t i = 0; i < bytes / sizeof *memory; i++)
                memory[i] = i * 0x9e3779b97f4a7c15u >> (i & 31);
}

static uint64_t usage(const struct ground *ground)
{
        char text[64];

        ground_read(ground, ground->top, "memory.current", text, sizeof text);
        return strtoull(text, NULL, 10);
}

/* Of a new heap each time. @return the most that was taken, in multiples of what was asked for. */
static double ask(const struct ground *ground, uint64_t heap_bytes, uint64_t bytes)
{
        pid_t pid = ground_hold(ground, ground->top, heap_bytes, fill);
        double most = 0;
        char text[32];

        snprintf(text, sizeof text, "%llu", (unsigned long long)bytes);
        print_message("%3llu MiB, asked for %5llu KiB:", (unsigned long long)(heap_bytes / MIB),
                (unsigned long long)(bytes / KIB));
        for (int i = 0; i < TIMES; i++) {
                uint64_t before = usage(ground), begun_usec = ground_now_usec();
                double taken;
                int r = ground_try_write(ground, ground->top, "memory.reclaim", text);

                assert_true(r == 0 || r == -EAGAIN); /* EAGAIN: in part */
                taken = (double)(before - usage(ground)) / (double)bytes;
                most = taken > most ? taken : most;
                print_message(" %.2f (%.0f ms)", taken, (double)(ground_now_usec() - begun_usec) / 1000);
        }
        print_message("\n");
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return most;
}

static void of_a_hundredth_no_more_is_taken_than_the_law_reckons_with(void **state)
{
        static const uint64_t heaps[] = {250 * MIB, 100 * MIB}, more[] = {512 * KIB, 4 * MIB, 16 * MIB};
        struct ground *ground = *state;
        bool exact = cgb_reclaims_exactly("");

        ground_make(ground, ground->top);
        print_message("exact: %s\n", exact ? "yes" : "no");
        for (size_t i = 0; i < sizeof heaps / sizeof heaps[0]; i++) {
                double most = ask(ground, heaps[i], heaps[i] / HUNDREDTH);

                assert_true(most >= .9 && most <= (exact ? EXACT_MOST : INEXACT_MOST));
                for (size_t j = 0; j < sizeof more / sizeof more[0]; j++)
                        ask(ground, heaps[i], more[j]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        of_a_hundredth_no_more_is_taken_than_the_law_reckons_with, ground_setup, ground_teardown),
        };

        if (ground_is_missing() || ground_memory_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("exactness", tests, NULL, NULL);
}
