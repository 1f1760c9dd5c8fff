/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory law on a tree in a folder: what is read and written, and what is put back. The parent has a memory.max of a
 * GiB, so the host's own memory plays no part. A kernel that reclaims is played by the test.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "context.h"
#include "fake.h"

#define MIB (1ull << 20)

/* Grace, six calm looks, and some. */
#define STEPS_UNTIL_ASKED 60

/* What a loop may take of its own time, with what the test itself writes. */
#define LONGEST_STEP_USEC 50000

static void write_number(struct fake *fake, const char *group, const char *file, uint64_t number)
{
        char text[32];

        snprintf(text, sizeof text, "%llu\n", (unsigned long long)number);
        fake_write(fake, group, file, text);
}

/* All of it file pages. */
static void set_usage(struct fake *fake, const char *group, uint64_t bytes)
{
        char text[256];

        snprintf(text, sizeof text,
                "anon 0\nfile %llu\nshmem 0\ninactive_anon 0\nactive_anon 0\ninactive_file %llu\nactive_file 0\n"
                "unevictable 0\nslab_reclaimable 0\nworkingset_refault_anon 0\nworkingset_restore_file 0\n",
                (unsigned long long)bytes, (unsigned long long)bytes);
        fake_write(fake, group, "memory.stat", text);
        write_number(fake, group, "memory.current", bytes);
}

static void add_memory(struct fake *fake, const char *group, uint64_t usage_bytes)
{
        fake_write(fake, group, "memory.high", "max\n");
        fake_write(fake, group, "memory.max", "max\n");
        fake_write(fake, group, "memory.low", "0\n");
        fake_write(fake, group, "memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
        fake_write(fake, group, "memory.reclaim", "");
        set_usage(fake, group, usage_bytes);
}

/* Memory is short: one that has more than its share, and one that has less. */
static void make_crowd(struct fake *fake)
{
        fake->options.flags = CGB_MEMORY;
        fake_write(fake, "work", "memory.max", "1073741824\n");
        write_number(fake, "work", "memory.current", 1010 * MIB);
        fake_group(fake, "work/hog", 100);
        add_memory(fake, "work/hog", 800 * MIB);
        fake_group(fake, "work/modest", 100);
        add_memory(fake, "work/modest", 200 * MIB);
}

static bool holds(struct fake *fake, const char *group, const char *file, const char *text)
{
        char *now = fake_read(fake, group, file);
        bool same = strcmp(now, text) == 0;

        free(now);
        return same;
}

/* In the place of the host's. */
bool __wrap_cgb_reclaims_exactly(const char *prefix);

bool __wrap_cgb_reclaims_exactly(const char *prefix)
{
        assert_string_equal(prefix, "");
        return true;
}

/* Both use the CPU, so nobody is asleep. */
static void step(struct fake *fake, struct cgb *cgb)
{
        fake_run(fake, cgb, 1, (const struct fake_load[]){{"hog", 500}, {"modest", 500}, {0}});
}

/* Steps until the thread has asked the kernel for something of the hog. */
static uint64_t wait_until_asked(struct fake *fake, struct cgb *cgb)
{
        for (int i = 0; i < STEPS_UNTIL_ASKED; i++) {
                char *text;
                uint64_t bytes;

                step(fake, cgb);
                poll(&(struct pollfd){.fd = cgb_get_fd(cgb), .events = POLLIN}, 1, 20);
                text = fake_read(fake, "work/hog", "memory.reclaim");
                bytes = strtoull(text, NULL, 10);
                free(text);
                if (bytes > 0)
                        return bytes;
        }
        fail_msg("nothing was asked for");
        return 0;
}

/* Until its limit is lowered as well. */
static void live_until_lowered(struct fake *fake, struct cgb *cgb)
{
        wait_until_asked(fake, cgb);
        set_usage(fake, "work/hog", 790 * MIB);
        for (int i = 0; i < 20 && holds(fake, "work/hog", "memory.high", "max\n"); i++) {
                step(fake, cgb);
                usleep(2000);
        }
        assert_false(holds(fake, "work/hog", "memory.high", "max\n"));
}

static void who_has_more_than_its_share_is_asked_and_its_limit_follows(void **state)
{
        struct fake *fake = *state;
        struct cgb_event event;
        struct cgb *cgb;
        uint64_t high;
        char *text;

        make_crowd(fake);
        cgb = fake_started(fake);
        assert_in_range(wait_until_asked(fake, cgb), MIB, 8 * MIB);
        assert_true(holds(fake, "work/hog", "memory.high", "max\n"));
        assert_true(fake_take_event(cgb, CGB_EVENT_MEMORY, "hog", &event));
        assert_int_equal(event.memory.type, CGB_MEMORY_RECLAIM);
        assert_int_equal(event.memory.reason, CGB_MEMORY_REASON_OVER_SHARE);
        live_until_lowered(fake, cgb);
        text = fake_read(fake, "work/hog", "memory.high");
        high = strtoull(text, NULL, 10);
        free(text);
        assert_in_range(
                high, (790 + 64) * MIB, (800 + 66) * MIB); /* it may have been read before or after the test played kernel */
        assert_true(holds(fake, "work/modest", "memory.high", "max\n"));
        assert_true(holds(fake, "work/modest", "memory.reclaim", ""));
        assert_true(holds(fake, "work/hog", "memory.max", "max\n"));
}

static void every_limit_is_put_back_at_the_end(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        make_crowd(fake);
        cgb = fake_started(fake);
        live_until_lowered(fake, cgb);
        fake_end(fake, cgb);
        assert_true(holds(fake, "work/hog", "memory.high", "max"));
        assert_null(fake_read_state(fake, "work.journal"));
}

static void a_crash_leaves_no_squeeze_behind_a_restore(void **state)
{
        struct fake *fake = *state;
        struct cgb_fault fault;
        pid_t pid;

        make_crowd(fake);
        pid = fork();
        if (pid == 0) {
                live_until_lowered(fake, fake_started(fake));
                _exit(0);
        }
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_false(holds(fake, "work/hog", "memory.high", "max\n"));
        assert_true(cgb_restore(&fake->options, &fault) >= 1);
        assert_true(holds(fake, "work/hog", "memory.high", "max"));
}

static void a_limit_that_somebody_else_writes_is_theirs(void **state)
{
        struct fake *fake = *state;
        struct cgb_event event;
        struct cgb_workspace hog;
        struct cgb *cgb;

        make_crowd(fake);
        cgb = fake_started(fake);
        live_until_lowered(fake, cgb);
        fake_write(fake, "work/hog", "memory.high", "838860800\n");
        set_usage(fake, "work/hog", 795 * MIB); /* a need: the law would raise */
        for (int i = 0; i < 5; i++)
                step(fake, cgb);
        assert_true(holds(fake, "work/hog", "memory.high", "838860800\n"));
        assert_true(fake_take_event(cgb, CGB_EVENT_FOREIGN_LIMIT, "hog", &event));
        assert_int_equal(event.memory.bytes, 838860800);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_LIMIT, NULL), 0);
        assert_true(fake_find(cgb, "hog", &hog));
        assert_true(hog.has_memory && hog.memory.foreign);
        fake_end(fake, cgb);
        assert_true(holds(fake, "work/hog", "memory.high", "838860800\n"));
}

/* Nothing is to be written to it, and it is noticed all the same. */
static void a_foreign_limit_is_noticed_without_a_need(void **state)
{
        struct fake *fake = *state;
        struct cgb_event event;
        struct cgb *cgb;

        make_crowd(fake);
        cgb = fake_started(fake);
        live_until_lowered(fake, cgb);
        write_number(fake, "work", "memory.current", 100 * MIB);
        fake_write(fake, "work/hog", "memory.high", "max\n");
        step(fake, cgb);
        step(fake, cgb);
        assert_true(fake_take_event(cgb, CGB_EVENT_FOREIGN_LIMIT, "hog", &event));
        assert_true(event.memory.bytes == CGB_MEMORY_MAX);
}

/* Says that a limit is written, and leaves that to the test. */
struct slow {
        struct cgb_backend backend;
        struct cgb_backend_result asked;
};

static int ask_slowly(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        struct slow *slow = (struct slow *)backend;

        if (file != CGB_FILE_MEMORY_HIGH)
                return cgb_group_write_u64(backend->host->fds, backend->host->tree, group, file, value);
        slow->asked = (struct cgb_backend_result){group->inode, file, value, 0};
        return 1;
}

static void say_done(struct cgb_backend *backend)
{
        struct slow *slow = (struct slow *)backend;

        if (slow->asked.inode != 0)
                backend->host->done(backend->host->userdata, &slow->asked);
        slow->asked.inode = 0;
}

static void say_done_at_last(struct cgb_backend *backend, uint64_t timeout_usec)
{
        (void)timeout_usec;
        say_done(backend);
}

static const struct cgb_backend_type slow_type = {
        .name = "slow",
        .size = sizeof(struct slow),
        .write = ask_slowly,
        .process = say_done,
        .flush = say_done_at_last,
};

static void a_limit_that_is_written_after_the_answer_is_nobody_elses(void **state)
{
        struct fake *fake = *state;
        struct cgb_event event;
        uint64_t bytes = 0;
        struct cgb *cgb;

        make_crowd(fake);
        cgb = fake_started_with(fake, &slow_type);
        wait_until_asked(fake, cgb);
        set_usage(fake, "work/hog", 790 * MIB);
        for (int i = 0; i < 20 && bytes == 0; i++) {
                step(fake, cgb);
                usleep(2000);
                while (cgb_next_event(cgb, &event))
                        if (event.type == CGB_EVENT_MEMORY && event.memory.type == CGB_MEMORY_LOWER)
                                bytes = event.memory.bytes;
        }
        assert_true(bytes != 0);
        step(fake, cgb);
        write_number(fake, "work/hog", "memory.high", bytes);
        step(fake, cgb);
        step(fake, cgb);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_LIMIT, NULL), 0);
}

static int64_t credit_of(struct cgb *cgb, const char *name)
{
        struct cgb_workspace workspace;

        assert_true(fake_find(cgb, name, &workspace));
        return workspace.memory.credit_byte_seconds;
}

static void credits_outlive_a_restart(void **state)
{
        struct fake *fake = *state;
        int64_t hog, modest;
        struct cgb *cgb;

        make_crowd(fake);
        cgb = fake_started(fake);
        for (int i = 0; i < 20; i++)
                step(fake, cgb);
        hog = credit_of(cgb, "hog");
        modest = credit_of(cgb, "modest");
        assert_true(hog < -(int64_t)MIB && modest > (int64_t)MIB);
        fake_end(fake, cgb);
        cgb = fake_started(fake);
        assert_true(credit_of(cgb, "hog") == hog);
        assert_true(credit_of(cgb, "modest") == modest);
}

static void a_credit_belongs_to_a_group_and_not_to_its_name(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        make_crowd(fake);
        cgb = fake_started(fake);
        for (int i = 0; i < 20; i++)
                step(fake, cgb);
        fake_end(fake, cgb);
        fake_recreate(fake, "work/hog", 100);
        add_memory(fake, "work/hog", 800 * MIB);
        cgb = fake_started(fake);
        assert_true(credit_of(cgb, "hog") == 0);
}

/* What the law has written is not written again: the file is not even opened for that. */
static void equal_values_are_not_written(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview before = {.size = sizeof before}, after = before;
        struct stat st;
        struct timespec written;
        struct cgb *cgb;
        char *path;

        make_crowd(fake);
        cgb = fake_started(fake);
        live_until_lowered(fake, cgb);
        write_number(fake, "work", "memory.current", 100 * MIB); /* nothing is short any more, and usage stays */
        for (int i = 0; i < 10; i++)
                step(fake, cgb);
        assert_int_equal(cgb_get_overview(cgb, &before), 0);
        path = fake_path(fake, "work/hog", "memory.high");
        assert_int_equal(stat(path, &st), 0);
        written = st.st_mtim;
        for (int i = 0; i < 50; i++)
                step(fake, cgb);
        assert_int_equal(cgb_get_overview(cgb, &after), 0);
        assert_true(after.limits_written == before.limits_written);
        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_mtim.tv_sec == written.tv_sec && st.st_mtim.tv_nsec == written.tv_nsec);
        free(path);
}

static void a_group_made_again_under_its_name_begins_anew(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace hog;
        struct cgb *cgb;

        make_crowd(fake);
        cgb = fake_started(fake);
        live_until_lowered(fake, cgb);
        fake_recreate(fake, "work/hog", 100);
        add_memory(fake, "work/hog", 100 * MIB);
        for (int i = 0; i < 12; i++)
                fake_run(fake, cgb, 1, (const struct fake_load[]){{"modest", 500}, {0}});
        assert_true(fake_find(cgb, "hog", &hog));
        assert_true(hog.has_memory && hog.memory.high_bytes == CGB_MEMORY_MAX);
        fake_end(fake, cgb);
        assert_true(holds(fake, "work/hog", "memory.high", "max\n")); /* as it came: not even put back */
        assert_null(fake_read_state(fake, "work.journal"));
}

/* The kernel's averages remember for a minute that somebody waited; its totals say whether anybody does. */
static void who_waited_a_while_ago_is_asked_all_the_same(void **state)
{
        static const char pressure[] =
                "some avg10=9.00 avg60=9.00 avg300=9.00 total=123456789\nfull avg10=9.00 avg60=9.00 avg300=9.00 total=9\n";
        struct fake *fake = *state;

        make_crowd(fake);
        fake_write(fake, "work/hog", "memory.pressure", pressure);
        fake_write(fake, "work/hog", "io.pressure", pressure);
        assert_true(wait_until_asked(fake, fake_started(fake)) > 0);
}

static void who_waits_is_not_asked(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        make_crowd(fake);
        cgb = fake_started(fake);
        for (int i = 1; i <= STEPS_UNTIL_ASKED; i++) {
                char text[128];

                snprintf(text, sizeof text,
                        "some avg10=0.00 avg60=0.00 avg300=0.00 total=%d\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
                        2000 * i);
                fake_write(fake, "work/hog", "io.pressure", text);
                step(fake, cgb);
        }
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_MEMORY, "hog"), 0);
}

/* Of this thread alone: what others take of the machine is not the loop's. */
static uint64_t own_time_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A pipe without a reader: not even opening it comes back. */
static void a_reclaim_that_hangs_blocks_nobody(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb;
        char *path;

        make_crowd(fake);
        path = fake_path(fake, "work/hog", "memory.reclaim");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        cgb = fake_started(fake);
        for (int i = 0; i < STEPS_UNTIL_ASKED; i++) {
                uint64_t begin_usec = own_time_usec();

                step(fake, cgb);
                assert_true(own_time_usec() - begin_usec < LONGEST_STEP_USEC);
        }
        assert_true(fake_count_events(cgb, CGB_EVENT_MEMORY, "hog") > 0);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.steps, STEPS_UNTIL_ASKED);
        fake_end(fake, cgb);
        free(path);
}

static void nothing_of_memory_is_touched_when_it_is_not_wanted(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace hog;
        struct cgb *cgb;

        make_crowd(fake);
        fake->options.flags = 0;
        cgb = fake_started(fake);
        for (int i = 0; i < STEPS_UNTIL_ASKED; i++)
                step(fake, cgb);
        assert_true(holds(fake, "work/hog", "memory.reclaim", ""));
        assert_true(fake_find(cgb, "hog", &hog));
        assert_false(hog.has_memory);
}

static void a_dry_run_says_what_it_would_do_and_does_nothing(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        make_crowd(fake);
        fake->options.flags |= CGB_DRY_RUN;
        cgb = fake_started(fake);
        for (int i = 0; i < STEPS_UNTIL_ASKED; i++)
                step(fake, cgb);
        assert_true(holds(fake, "work/hog", "memory.reclaim", ""));
        assert_true(holds(fake, "work/hog", "memory.high", "max\n"));
        assert_true(fake_count_events(cgb, CGB_EVENT_MEMORY, "hog") > 0);
}

static void a_group_without_the_controller_has_its_cpu_managed_all_the_same(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace plain;
        struct cgb *cgb;

        make_crowd(fake);
        fake_group(fake, "work/plain", 100);
        cgb = fake_started(fake);
        step(fake, cgb);
        assert_true(fake_find(cgb, "plain", &plain));
        assert_false(plain.has_memory);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
}

static void a_group_that_vanishes_takes_its_part_along(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb;

        make_crowd(fake);
        cgb = fake_started(fake);
        live_until_lowered(fake, cgb);
        fake_remove(fake, "work/hog");
        fake_run(fake, cgb, 3, (const struct fake_load[]){{"modest", 500}, {0}});
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.memory.groups, 1);
}

/* By 20 MiB a step, none of it files. */
static void leak(struct fake *fake, struct cgb *cgb, uint64_t from_bytes, uint64_t to_bytes)
{
        for (uint64_t bytes = from_bytes; bytes <= to_bytes; bytes += 20 * MIB) {
                write_number(fake, "work/hog", "memory.current", bytes);
                write_number(fake, "work", "memory.current", bytes + 200 * MIB);
                step(fake, cgb);
        }
}

/* Of its 1024 MiB half is the fair share, and 922 may be used. */
static void who_grows_without_end_is_named_in_one_event_and_in_its_status(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace hog;
        struct cgb_event event;
        struct cgb *cgb;

        make_crowd(fake);
        set_usage(fake, "work/hog", 0);
        write_number(fake, "work", "memory.current", 200 * MIB);
        cgb = fake_started(fake);
        for (int i = 0; i < 31; i++)
                step(fake, cgb);
        leak(fake, cgb, 20 * MIB, 500 * MIB);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_GROWING, NULL), 0);
        assert_true(fake_find(cgb, "hog", &hog));
        assert_false(hog.memory.growing);
        leak(fake, cgb, 520 * MIB, 700 * MIB);
        assert_true(fake_take_event(cgb, CGB_EVENT_GROWING, "hog", &event));
        assert_in_range(event.memory.bytes, 520 * MIB, 700 * MIB);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_GROWING, NULL), 0);
        assert_true(fake_find(cgb, "hog", &hog));
        assert_true(hog.memory.growing);
        assert_true(holds(fake, "work/hog", "memory.high", "max\n"));
}

#define on_a_fake(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                on_a_fake(who_has_more_than_its_share_is_asked_and_its_limit_follows),
                on_a_fake(every_limit_is_put_back_at_the_end),
                on_a_fake(a_crash_leaves_no_squeeze_behind_a_restore),
                on_a_fake(a_limit_that_somebody_else_writes_is_theirs),
                on_a_fake(a_foreign_limit_is_noticed_without_a_need),
                on_a_fake(a_limit_that_is_written_after_the_answer_is_nobody_elses),
                on_a_fake(credits_outlive_a_restart),
                on_a_fake(a_credit_belongs_to_a_group_and_not_to_its_name),
                on_a_fake(equal_values_are_not_written),
                on_a_fake(a_group_made_again_under_its_name_begins_anew),
                on_a_fake(who_waited_a_while_ago_is_asked_all_the_same),
                on_a_fake(who_waits_is_not_asked),
                on_a_fake(a_reclaim_that_hangs_blocks_nobody),
                on_a_fake(nothing_of_memory_is_touched_when_it_is_not_wanted),
                on_a_fake(a_dry_run_says_what_it_would_do_and_does_nothing),
                on_a_fake(a_group_without_the_controller_has_its_cpu_managed_all_the_same),
                on_a_fake(a_group_that_vanishes_takes_its_part_along),
                on_a_fake(who_grows_without_end_is_named_in_one_event_and_in_its_status),
        };

        return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
