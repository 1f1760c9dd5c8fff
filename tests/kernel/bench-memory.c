/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgburst-bench memory, all scenarios in half a minute: the figures of so short a run mean nothing, so what is tested is
 * that they are there, that they can be read, and that nothing stays behind. The program is named by the environment
 * variable BENCH.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"

#define OUTPUT_SIZE 65536

/* An emulated machine may take its time. */
#define PATIENCE_LOOKS 400
#define LOOK_EVERY_USEC 50000

static const char *program;

/* Starts it with small sizes. Its standard output can be read from *@ret_fd. */
static pid_t start(const struct ground *ground, const char *scenarios, const char *settle, int *ret_fd)
{
        int output[2];
        pid_t pid;

        assert_int_equal(pipe(output), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                dup2(output[1], STDOUT_FILENO);
                close(output[0]);
                execl(program, program, "memory", "--json", "--parent", ground->top, "--mount", ground->mount, "--scenario",
                        scenarios, "--policy", "kubernetes,cgburst", "--settle", settle, "--measure", "3", "--leak", "3",
                        "--wave", "5", "--pool", "256", "--compiler", "none", "--table", "60000", "--small-files", "1",
                        "--patience", "60", (char *)NULL);
                _exit(124);
        }
        close(output[1]);
        *ret_fd = output[0];
        return pid;
}

/* Until it ends. @return its wait status. */
static int read_all(pid_t pid, int fd, char ret[static OUTPUT_SIZE])
{
        size_t used = 0;
        ssize_t n;
        int status;

        while ((n = read(fd, ret + used, OUTPUT_SIZE - 1 - used)) > 0)
                used += (size_t)n;
        ret[used] = '\0';
        close(fd);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

/* The median of a figure: that of the first policy named @policy after "scenario":"@scenario". */
static double median_of(const char *json, const char *scenario, const char *policy, const char *figure)
{
        char text[64];
        const char *at;

        snprintf(text, sizeof text, "\"scenario\":\"%s\"", scenario);
        at = strstr(json, text);
        assert_non_null(at);
        snprintf(text, sizeof text, "\"policy\":\"%s\"", policy);
        at = strstr(at, text);
        assert_non_null(at);
        snprintf(text, sizeof text, "\"%s\":", figure);
        at = strstr(at, text);
        assert_non_null(at);
        return strtod(at + strlen(text), NULL);
}

static void a_short_run_has_the_figures_of_all_scenarios_and_leaves_nothing_behind(void **state)
{
        struct ground *ground = *state;
        char *before = ground_picture(ground), *json = calloc(1, OUTPUT_SIZE);
        int fd, status;
        pid_t pid;

        assert_non_null(json);
        pid = start(ground, "sandbox,crowd,leak,wave", "1", &fd);
        status = read_all(pid, fd, json);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_true(median_of(json, "sandbox", "cgburst", "finished") == 1);
        assert_true(median_of(json, "sandbox", "kubernetes", "high") > 0); /* its limit was really set */
        assert_true(median_of(json, "crowd", "kubernetes", "probe_p99_msec") > 0);
        assert_true(median_of(json, "crowd", "cgburst", "probe_p99_msec") > 0);
        assert_true(median_of(json, "leak", "cgburst", "leaker_mib") > 0);
        assert_true(median_of(json, "wave", "cgburst", "growth_max_msec") > 0);
        free(json);
        ground_assert_as_before(ground, before);
}

static void interrupted_it_tells_what_it_has_and_leaves_nothing_behind(void **state)
{
        struct ground *ground = *state;
        char *before = ground_picture(ground), *json = calloc(1, OUTPUT_SIZE), group[512];
        int fd, status, looks = 0;
        pid_t pid;

        assert_non_null(json);
        pid = start(ground, "crowd", "600", &fd);
        while (!ground_exists(ground, ground_below(ground, "asleep-4", group)) && looks++ < PATIENCE_LOOKS)
                usleep(LOOK_EVERY_USEC);
        assert_true(looks < PATIENCE_LOOKS);
        usleep(LOOK_EVERY_USEC);
        assert_int_equal(kill(pid, SIGINT), 0);
        status = read_all(pid, fd, json);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
        assert_non_null(strstr(json, "\"probe_p99_msec\":null"));
        free(json);
        ground_assert_as_before(ground, before);
}

static bool bench_is_missing(void)
{
        program = getenv("BENCH");
        if (program == NULL || access(program, X_OK) < 0)
                printf("no cgburst-bench: BENCH names it\n");
        return program == NULL || access(program, X_OK) < 0;
}

#define on_the_ground(test) cmocka_unit_test_setup_teardown(test, ground_setup, ground_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                on_the_ground(a_short_run_has_the_figures_of_all_scenarios_and_leaves_nothing_behind),
                on_the_ground(interrupted_it_tells_what_it_has_and_leaves_nothing_behind),
        };

        if (ground_is_missing() || bench_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("bench memory", tests, NULL, NULL);
}
