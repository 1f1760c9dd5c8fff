/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory law on a real kernel: half a GiB for two, of which one holds more than its share and leaves it alone. Needs the
 * memory controller, passed on at the top of the tree, memory.reclaim and swap.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"

#define MIB (1ull << 20)
#define POOL_BYTES (512 * MIB)
#define HOG_BYTES (400 * MIB)
#define MODEST_BYTES (60 * MIB)
#define THRASH_BYTES (96 * MIB)

/* Grace, six calm looks, and some. */
#define SECONDS_UNTIL_LOWERED 60

/* What a kernel may take beyond what it is asked for, in percent: before 6.12, and from then on. */
#define TAKES_MORE_PERCENT 60
#define TAKES_MORE_PERCENT_612 5

/* And it takes huge pages whole. */
#define HUGE_PAGE_BYTES (2 * MIB)

static pid_t holders[2];
static uint64_t asked_bytes, times_asked; /* of the hog, since the manager began */

static uint64_t number(const struct ground *ground, const char *group, const char *file)
{
        char text[64];

        ground_read(ground, group, file, text, sizeof text);
        return strncmp(text, "max", 3) == 0 ? CGB_MEMORY_MAX : strtoull(text, NULL, 10);
}

static uint64_t events_high(const struct ground *ground, const char *group)
{
        char text[512];

        ground_read(ground, group, "memory.events", text, sizeof text);
        return strtoull(strstr(text, "high ") + strlen("high "), NULL, 10);
}

/* Words that compress well, and huge pages as the host has them. */
static void fill(uint64_t *memory, uint64_t bytes)
{
        for (uint64_t i = 0; i < bytes / sizeof *memory; i += 8)
                memory[i] = i * 0x9e3779b97f4a7c15u;
}

static int setup(void **state)
{
        struct ground *ground;
        char path[512];

        ground_setup(state);
        ground = *state;
        ground->options.flags = CGB_MEMORY;
        ground_make(ground, ground->top);
        ground_write(ground, "", "cgroup.subtree_control", "+cpu +memory");
        ground_write(ground, ground->top, "cgroup.subtree_control", "+cpu +memory");
        ground_write(ground, ground->top, "memory.max", "536870912");
        ground_make(ground, ground_below(ground, "hog", path));
        holders[0] = ground_hold(ground, path, HOG_BYTES, fill);
        ground_make(ground, ground_below(ground, "modest", path));
        holders[1] = ground_hold(ground, path, MODEST_BYTES, fill);
        return 0;
}

static int teardown(void **state)
{
        for (int i = 0; i < 2; i++) {
                kill(holders[i], SIGKILL);
                waitpid(holders[i], NULL, 0);
        }
        return ground_teardown(state);
}

static void note_asked(const struct cgb_event *event)
{
        if (event->memory.type != CGB_MEMORY_RECLAIM)
                return;
        asked_bytes += event->memory.bytes;
        times_asked++;
}

static void count_asked(struct cgb *cgb)
{
        struct cgb_event event;

        while (ground_take_event(cgb, CGB_EVENT_MEMORY, "hog", &event))
                note_asked(&event);
}

static uint64_t takes_more_percent(void)
{
        struct utsname name;
        int major, minor;

        assert_int_equal(uname(&name), 0);
        assert_int_equal(sscanf(name.release, "%d.%d", &major, &minor), 2);
        return major > 6 || (major == 6 && minor >= 12) ? TAKES_MORE_PERCENT_612 : TAKES_MORE_PERCENT;
}

/* As whoever operates the host does it, if there is a cgctl. @return whether it went well. */
static bool restore(const struct ground *ground)
{
        const char *cgctl = getenv("CGCTL");
        struct cgb_fault fault;
        char command[1024];

        if (cgctl == NULL)
                return cgb_restore(&ground->options, &fault) >= 1;
        snprintf(command, sizeof command, "%s restore --parent %s --state-dir %s", cgctl, ground->top, ground->state);
        return system(command) == 0;
}

/* Manages; every write of a limit is held to usage + headroom when it is told. @return when @name's limit was lowered. */
static bool manage_until_lowered(struct ground *ground, struct cgb *cgb)
{
        char hog[512];
        struct cgb_event event;

        ground_below(ground, "hog", hog);
        for (int i = 0; i < SECONDS_UNTIL_LOWERED * 10; i++) {
                ground_manage(cgb, 0.1);
                while (cgb_next_event(cgb, &event)) {
                        uint64_t usage;

                        if (event.type == CGB_EVENT_MEMORY)
                                note_asked(&event);
                        if (event.type != CGB_EVENT_MEMORY || event.memory.type == CGB_MEMORY_RECLAIM)
                                continue;
                        usage = number(ground, hog, "memory.current");
                        assert_string_equal(event.name, "hog");
                        assert_true(event.memory.bytes >= usage + 64 * MIB);
                        assert_int_equal(number(ground, hog, "memory.high"), event.memory.bytes);
                        return event.memory.type == CGB_MEMORY_LOWER;
                }
        }
        return false;
}

static void who_holds_too_much_gives_and_is_never_stalled(void **state)
{
        struct ground *ground = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb = ground_started(ground);
        char hog[512], modest[512];
        uint64_t before, least;

        ground_below(ground, "hog", hog);
        ground_below(ground, "modest", modest);
        before = number(ground, hog, "memory.current");
        asked_bytes = times_asked = 0;
        least = number(ground, modest, "memory.current");
        assert_true(manage_until_lowered(ground, cgb));
        ground_manage(cgb, 10);
        count_asked(cgb);
        print_message("usage of the hog: %llu MiB, before %llu\n",
                (unsigned long long)(number(ground, hog, "memory.current") / MIB), (unsigned long long)(before / MIB));
        assert_true(number(ground, hog, "memory.current") < before - 10 * MIB);
        assert_true(number(ground, modest, "memory.current") >= least - MIB);
        assert_int_equal(events_high(ground, hog), 0);
        assert_int_equal(number(ground, modest, "memory.high"), CGB_MEMORY_MAX);
        assert_int_equal(number(ground, ground->top, "memory.max"), POOL_BYTES);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        print_message("reclaimed %llu MiB, the longest dispatch took %.1f ms\n",
                (unsigned long long)(overview.memory.reclaimed_bytes / MIB), (double)overview.longest_dispatch_usec / 1000);
        print_message(
                "asked for %.1f MiB in %llu steps\n", (double)asked_bytes / (double)MIB, (unsigned long long)times_asked);
        assert_true(asked_bytes > 0);
        assert_true(overview.memory.reclaimed_bytes <=
                    asked_bytes + asked_bytes * takes_more_percent() / 100 + times_asked * HUGE_PAGE_BYTES);
        ground_end(ground, cgb);
        assert_int_equal(number(ground, hog, "memory.high"), CGB_MEMORY_MAX);
}

/*
 * One that hangs is killed by its watchdog, and what runs after it is a restore: cgburst.service. While it is there nobody
 * works beside it.
 */
static void a_manager_that_hangs_and_is_killed_leaves_no_squeeze_behind_a_restore(void **state)
{
        struct ground *ground = *state;
        char hog[512];
        struct cgb_fault fault;
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                if (manage_until_lowered(ground, ground_started(ground)))
                        raise(SIGSTOP);
                _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
        assert_true(WIFSTOPPED(status));
        ground_below(ground, "hog", hog);
        assert_true(number(ground, hog, "memory.high") < CGB_MEMORY_MAX);
        assert_int_equal(cgb_restore(&ground->options, &fault), -EBUSY);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(number(ground, hog, "memory.high") < CGB_MEMORY_MAX);
        assert_true(restore(ground));
        assert_int_equal(number(ground, hog, "memory.high"), CGB_MEMORY_MAX);
}

/* Its processes do not run; its memory is as good as anybody's who sleeps. */
static void a_frozen_group_gives_like_any_other_and_thaws_unharmed(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb;
        char hog[512];

        ground_write(ground, ground_below(ground, "hog", hog), "cgroup.freeze", "1");
        cgb = ground_started(ground);
        assert_true(manage_until_lowered(ground, cgb));
        ground_write(ground, hog, "cgroup.freeze", "0");
        ground_manage(cgb, 2);
        assert_int_equal(events_high(ground, hog), 0);
        ground_end(ground, cgb);
        assert_int_equal(number(ground, hog, "memory.high"), CGB_MEMORY_MAX);
}

static void a_limit_that_somebody_else_writes_is_theirs(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_started(ground);
        char hog[512];
        struct cgb_event event;

        ground_below(ground, "hog", hog);
        assert_true(manage_until_lowered(ground, cgb));
        ground_write(ground, hog, "memory.high", "500000000");
        for (int i = 0; i < 60 && !ground_take_event(cgb, CGB_EVENT_FOREIGN_LIMIT, "hog", &event); i++)
                ground_manage(cgb, 1);
        assert_true(number(ground, hog, "memory.high") <= 500000000 && number(ground, hog, "memory.high") > 499000000);
        ground_end(ground, cgb);
        assert_true(number(ground, hog, "memory.high") > 499000000 && number(ground, hog, "memory.high") <= 500000000);
}

/* The host has swap, and this group none of it: its heap cannot go anywhere. */
static void who_may_not_swap_has_no_more_to_give_than_its_file_pages(void **state)
{
        struct ground *ground = *state;
        struct cgb_workspace workspace = {0};
        struct cgb *cgb;
        char hog[512];

        ground_write(ground, ground_below(ground, "hog", hog), "memory.swap.max", "0");
        cgb = ground_started(ground);
        for (int i = 0; i < SECONDS_UNTIL_LOWERED && !workspace.memory.droppable_known; i++) {
                ground_manage(cgb, 1);
                assert_true(ground_find(cgb, "hog", &workspace));
        }
        assert_true(workspace.memory.droppable_known);
        assert_true(workspace.memory.droppable_bytes < HOG_BYTES / 10);
        assert_true(workspace.memory.least_bytes > workspace.memory.workspace_usage_bytes);
        ground_end(ground, cgb);
}

/* One sum, one floor, one credit: the lanes that are made in it have no memory controller. */
static void a_workspace_with_lanes_is_one_to_the_memory_law(void **state)
{
        static const char *const all[] = {"comm:*", NULL};
        static const struct cgb_rule rule = {.name = "test", .match = "hog", .batch = all};
        struct ground *ground = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb_workspace workspace;
        struct cgb_event event;
        struct cgb *cgb;

        ground->options.rules = &rule;
        ground->options.n_rules = 1;
        ground->options.step_usec = 100000;
        cgb = ground_started(ground);
        for (int i = 0; i < 100 && !ground_take_event(cgb, CGB_EVENT_LANES, "hog", &event); i++)
                ground_manage(cgb, 0.2);
        ground_manage(cgb, 1);
        assert_true(ground_find(cgb, "hog/batch", &workspace));
        assert_false(workspace.has_memory);
        assert_true(ground_find(cgb, "hog", &workspace));
        assert_true(workspace.has_memory && workspace.memory.workspace_usage_bytes >= HOG_BYTES);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.memory.groups, 1);
        ground_end(ground, cgb);
}

/* Fills more than it may have and goes over it again and again: what it may have is short for itself. */
static pid_t thrash(const struct ground *ground, const char *group)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        ground_write(ground, group, "cgroup.procs", "0");
        for (volatile uint64_t *memory =
                        mmap(NULL, THRASH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                ;)
                for (uint64_t i = 0; i < THRASH_BYTES / sizeof *memory; i += 512)
                        memory[i] = memory[i] + i * 0x9e3779b97f4a7c15u;
}

/* A step of a minute: nothing but the trigger can wake the loop, and the round that it wakes finds memory short. */
static void pressure_is_answered_when_it_comes_and_not_at_the_next_step(void **state)
{
        struct ground *ground = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        char path[512];
        struct cgb *cgb;
        uint64_t begin_usec;
        pid_t pid;

        ground_make(ground, ground_below(ground, "thrasher", path));
        ground_write(ground, path, "memory.max", "33554432");
        ground_write(ground, ground->top, "memory.max", "max");
        ground->options.step_usec = 60000000;
        cgb = ground_started(ground);
        ground_manage(cgb, 1); /* the first step, which finds enough */
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_false(overview.memory.contended);
        pid = thrash(ground, path);
        begin_usec = ground_now_usec();
        while (!overview.memory.contended && ground_now_usec() - begin_usec < 30000000) {
                ground_manage(cgb, 0.1);
                assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        }
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        print_message("noticed after %.1f s\n", (double)(ground_now_usec() - begin_usec) / 1e6);
        assert_true(overview.memory.contended);
        assert_true(overview.steps <= 1);
        ground_end(ground, cgb);
}

#define on_the_ground(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                on_the_ground(who_holds_too_much_gives_and_is_never_stalled),
                on_the_ground(a_manager_that_hangs_and_is_killed_leaves_no_squeeze_behind_a_restore),
                on_the_ground(a_frozen_group_gives_like_any_other_and_thaws_unharmed),
                on_the_ground(a_limit_that_somebody_else_writes_is_theirs),
                on_the_ground(who_may_not_swap_has_no_more_to_give_than_its_file_pages),
                on_the_ground(a_workspace_with_lanes_is_one_to_the_memory_law),
                on_the_ground(pressure_is_answered_when_it_comes_and_not_at_the_next_step),
        };

        if (ground_is_missing() || ground_memory_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
