/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A manager is killed at a moment that nobody chose, again and again; whoever comes next puts everything back. Its process
 * does nothing but steps, so that most of the moments are in the middle of one.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"

#define GROUPS 20
#define ROUNDS 30

/* A child needs some milliseconds to start; the moments are spread over so many after that. */
#define LONGEST_LIFE_USEC 60000

static const char *const group_names[] = {"plain", " blank", "back\\slash", "new\nline"};

static void group_path(char *ret, size_t size, int i)
{
        snprintf(ret, size, "work/%s%d", group_names[i % 4], i);
}

/* Somebody else has all of the CPUs in each step, so that every step has weights to write. */
static void step_for_ever(struct fake *fake)
{
        struct cgb *cgb = fake_started(fake);

        for (int i = 0;; i = (i + 1) % GROUPS) {
                char path[64];

                group_path(path, sizeof path, i);
                for (int j = 0; j < 3; j++) {
                        fake_use(fake, path, FAKE_CPUS * FAKE_STEP_USEC);
                        fake_stall(fake, "work", FAKE_STEP_USEC);
                        fake_step(fake, cgb);
                }
        }
}

/* Uses all of the life of a context over and over. */
static void come_and_go_for_ever(struct fake *fake)
{
        struct cgb *cgb = fake_manager(fake);
        struct cgb_workspace_options options = {.size = sizeof options, .name = "alice", .share_permille = 1000};

        for (;;) {
                assert_int_equal(cgb_create(cgb, &options), 0);
                assert_int_equal(cgb_start(cgb), 0);
                for (int i = 0; i < 5; i++) {
                        fake_use(fake, "new/deep/alice", FAKE_CPUS * FAKE_STEP_USEC);
                        fake_stall(fake, "new/deep", FAKE_STEP_USEC);
                        fake_step(fake, cgb);
                }
                if (random() % 2 == 0)
                        assert_int_equal(cgb_stop(cgb), 0);
                assert_int_equal(cgb_remove(cgb, "alice"), 0);
                assert_int_equal(cgb_stop(cgb), 0);
        }
}

static void kill_at_some_moment(struct fake *fake, void (*life)(struct fake *fake))
{
        long usec = random() % LONGEST_LIFE_USEC;
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                life(fake);
                _exit(1);
        }
        nanosleep(&(struct timespec){.tv_nsec = usec * 1000}, NULL);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Usage is written by the child as well, and may be torn. */
static void mend_usage(const struct fake *fake, const char *group)
{
        fake_write(fake, group, "cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n");
        fake_write(fake, group, "cpu.pressure",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
                "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
}

/* In half of the rounds by restore, in the other half by the next manager. */
static void put_back(struct fake *fake, int round)
{
        struct cgb_fault fault;

        if (round % 2 == 0)
                fake_end(fake, fake_started(fake));
        else if (cgb_restore(&fake->options, &fault) < 0)
                fail_msg("round %d: %s: %s", round, fault.file, fault.message);
}

static void weights_come_back_whenever_their_manager_is_killed(void **state)
{
        struct fake *fake = *state;
        int changed = 0;
        char *before, *after;

        for (int i = 0; i < GROUPS; i++) {
                char path[64];

                group_path(path, sizeof path, i);
                fake_group(fake, path, (uint32_t)(10 + 40 * i));
        }
        before = fake_picture(fake);
        for (int round = 0; round < ROUNDS; round++) {
                kill_at_some_moment(fake, step_for_ever);
                mend_usage(fake, "");
                mend_usage(fake, "work");
                for (int i = 0; i < GROUPS; i++) {
                        char path[64];

                        group_path(path, sizeof path, i);
                        mend_usage(fake, path);
                }
                after = fake_picture(fake);
                changed += strcmp(before, after) != 0;
                free(after);
                put_back(fake, round);
                fake_assert_picture(fake, before);
        }
        print_message("%d of %d kills found weights changed\n", changed, ROUNDS);
        assert_true(changed > 0); /* else this test says nothing */
        free(before);
}

/* A kill between mkdir and the files of a folder, or between those and rmdir, leaves what no kernel ever would. */
static void finish_removal(const struct fake *fake, const char *group)
{
        char *weight = fake_path(fake, group, "cpu.weight"), *procs = fake_path(fake, group, "cgroup.procs");

        if (fake_exists(fake, group) && (access(weight, F_OK) < 0 || access(procs, F_OK) < 0))
                fake_remove(fake, group);
        free(weight);
        free(procs);
}

static void what_was_set_up_goes_away_whenever_its_maker_is_killed(void **state)
{
        struct fake *fake = *state;
        int changed = 0;
        char *before, *after;

        fake_write(fake, "", "cgroup.subtree_control", "\n");
        fake->options.parent = "new/deep";
        before = fake_picture(fake);
        for (int round = 0; round < ROUNDS; round++) {
                struct cgb *cgb;

                kill_at_some_moment(fake, come_and_go_for_ever);
                mend_usage(fake, "");
                finish_removal(fake, "new/deep/alice");
                finish_removal(fake, "new/deep");
                finish_removal(fake, "new");
                after = fake_picture(fake);
                changed += strcmp(before, after) != 0;
                free(after);
                put_back(fake, round);
                cgb = fake_manager(fake);
                if (fake_exists(fake, "new/deep/alice")) {
                        assert_int_equal(fake_weight(fake, "new/deep/alice"), 100);
                        assert_int_equal(cgb_remove(cgb, "alice"), 0);
                }
                fake_end(fake, cgb);
                fake_assert_picture(fake, before);
        }
        print_message("%d of %d kills found something set up\n", changed, ROUNDS);
        assert_true(changed > 0);
        free(before);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        weights_come_back_whenever_their_manager_is_killed, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        what_was_set_up_goes_away_whenever_its_maker_is_killed, fake_setup, fake_teardown),
        };
        const char *seed = getenv("CGBURST_TEST_SEED");
        unsigned number = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)time(NULL);

        print_message("CGBURST_TEST_SEED=%u\n", number);
        srandom(number);
        return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
