/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A manager of twenty busy workspaces dies in the middle of its steps, ten times; whoever comes next, the next manager or a
 * restore, puts every cpu.weight and every cgroup.subtree_control back.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ground.h"

#define WORKSPACES 20
#define ROUNDS 10
#define STEP_USEC 50000

/* Long enough for weights to have moved, and then up to so much longer. */
#define SHORTEST_LIFE_USEC 400000
#define LONGEST_LIFE_USEC 1500000

/* Messages of the log until the child kills itself; 0 if its parent does. */
static int messages_left;

/* Every weight that is written is logged just after, so this is between two writes. */
static void die_between_two_writes(void *userdata, enum cgb_log_level level, const char *message)
{
        (void)userdata;
        (void)level;
        (void)message;
        if (messages_left > 0 && --messages_left == 0)
                kill(getpid(), SIGKILL);
}

static void manage_for_ever(struct ground *ground)
{
        ground->options.log = die_between_two_writes;
        ground_manage(ground_started(ground), 3600);
        _exit(1);
}

/* In every other round somewhere within a step, else at any moment at all. */
static void let_a_manager_die(struct ground *ground, int round)
{
        pid_t pid;
        int status;

        messages_left = round % 2 == 0 ? WORKSPACES + 1 + (int)(random() % 60) : 0;
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                manage_for_ever(ground);
        if (round % 2 == 1) {
                usleep((useconds_t)(SHORTEST_LIFE_USEC + random() % (LONGEST_LIFE_USEC - SHORTEST_LIFE_USEC)));
                kill(pid, SIGKILL);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void put_back(struct ground *ground, int round)
{
        struct cgb_fault fault;

        if (round / 2 % 2 == 0)
                ground_end(ground, ground_started(ground));
        else if (cgb_restore(&ground->options, &fault) < 0)
                fail_msg("cgb_restore: %s: %s", fault.file, fault.message);
}

static void check_rounds(struct ground *ground)
{
        char *before = ground_picture(ground), *after;
        int changed = 0;

        ground->options.step_usec = STEP_USEC;
        for (int round = 0; round < ROUNDS; round++) {
                let_a_manager_die(ground, round);
                after = ground_picture(ground);
                changed += strcmp(before, after) != 0;
                free(after);
                put_back(ground, round);
                after = ground_picture(ground);
                assert_string_equal(after, before);
                free(after);
        }
        print_message("%d of %d deaths left something behind\n", changed, ROUNDS);
        assert_true(changed > ROUNDS / 2);
        free(before);
}

/* With shares of their own, which the controller that was enabled for them keeps. */
static void workspaces_that_were_made_for_us_have_their_weights_again(void **state)
{
        struct ground *ground = *state;
        struct cgb *maker = ground_manager(ground);

        for (int i = 0; i < WORKSPACES; i++) {
                char name[16], path[512];

                snprintf(name, sizeof name, "g%d", i);
                ground_create(maker, name, (uint32_t)(500 + 100 * i));
                ground_loop(ground, ground_below(ground, name, path), 1);
        }
        check_rounds(ground);
}

/* By somebody who did not even want the controller: it goes again. */
static void groups_that_were_there_are_as_they_were(void **state)
{
        struct ground *ground = *state;
        char path[512];

        ground_make(ground, ground->top);
        ground_make(ground, ground_below(ground, "inner", path));
        for (int i = 0; i < WORKSPACES; i++) {
                char name[32];

                snprintf(name, sizeof name, "inner/g%d", i);
                ground_make(ground, ground_below(ground, name, path));
                ground_loop(ground, path, 1);
        }
        ground->options.parent = ground_below(ground, "inner", path);
        check_rounds(ground);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        workspaces_that_were_made_for_us_have_their_weights_again, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(groups_that_were_there_are_as_they_were, ground_setup, ground_teardown),
        };

        if (ground_is_missing())
                return GROUND_SKIP;
        srandom((unsigned)time(NULL));
        return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
