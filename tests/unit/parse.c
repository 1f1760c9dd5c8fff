/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Parsers of cgroup files. Texts are as kernels print them; every parser gets its bytes in memory of exactly that size,
 * so that a sanitizer sees one read too many.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/parse.h"

/* The bytes of a text without its NUL. */
static char *bytes_of(const char *text, size_t n)
{
        char *bytes = malloc(n > 0 ? n : 1);

        assert_non_null(bytes);
        memcpy(bytes, text, n);
        return bytes;
}

/* Calls a parser on a string. */
#define PARSE_N(parse, ret, text, n)              \
        ({                                        \
                char *bytes_ = bytes_of(text, n); \
                int r_ = parse(ret, bytes_, n);   \
                free(bytes_);                     \
                r_;                               \
        })
#define PARSE(parse, ret, text) PARSE_N(parse, ret, text, strlen(text))

#define CPU_STAT                         \
        "usage_usec 5551234\n"           \
        "user_usec 3000000\n"            \
        "system_usec 2551234\n"          \
        "nice_usec 0\n"                  \
        "core_sched.force_idle_usec 0\n" \
        "nr_periods 7\n"                 \
        "nr_throttled 3\n"               \
        "throttled_usec 91\n"            \
        "nr_bursts 2\n"                  \
        "burst_usec 5\n"

static void cpu_stat_gives_every_counter_its_value(void **state)
{
        struct cgb_cpu_stat stat;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_cpu_stat, &stat, CPU_STAT), 0);
        assert_int_equal(stat.usage_usec, 5551234);
        assert_int_equal(stat.user_usec, 3000000);
        assert_int_equal(stat.system_usec, 2551234);
        assert_int_equal(stat.nr_periods, 7);
        assert_int_equal(stat.nr_throttled, 3);
        assert_int_equal(stat.throttled_usec, 91);
        assert_int_equal(stat.nr_bursts, 2);
        assert_int_equal(stat.burst_usec, 5);
}

static void a_counter_that_the_kernel_lacks_is_unknown_and_not_zero(void **state)
{
        struct cgb_cpu_stat stat;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_cpu_stat, &stat, "usage_usec 1\nuser_usec 1\nsystem_usec 0\n"), 0);
        assert_int_equal(stat.system_usec, 0);
        assert_true(stat.nr_throttled == CGB_UNKNOWN);
        assert_true(stat.throttled_usec == CGB_UNKNOWN);
        assert_true(stat.burst_usec == CGB_UNKNOWN);
}

static void the_order_of_keys_does_not_matter(void **state)
{
        struct cgb_cpu_stat stat;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_cpu_stat, &stat, "system_usec 3\nusage_usec 5\nuser_usec 2\n"), 0);
        assert_int_equal(stat.usage_usec, 5);
        assert_int_equal(stat.user_usec, 2);
        assert_int_equal(stat.system_usec, 3);
}

static void unknown_keys_are_skipped_whatever_their_value(void **state)
{
        struct cgb_cpu_stat stat;

        (void)state;
        assert_int_equal(
                PARSE(cgb_parse_cpu_stat, &stat,
                        "new.key a=1 b=2\nusage_usec 5\nusage_usec_too 99999999999999999999999\nuser_usec 2\nsystem_usec 3\n"),
                0);
        assert_int_equal(stat.usage_usec, 5);
}

/* What cpu.stat must not look like. */
static const char *const bad_cpu_stats[] = {
        "",
        "\n",
        "usage_usec 1\nuser_usec 1\n",                              /* a mandatory key is missing */
        "usage_usec 1\nuser_usec 1\nsystem_usec 0",                 /* cut off: could be 0 or 01234 */
        "usage_usec 1\nuser_usec 1\nsystem_usec 0\nusage_usec 2\n", /* twice */
        "usage_usec 1\nuser_usec 1\nsystem_usec 0\nnr_bursts 2\nnr_bursts 2\n",
        "usage_usec 1\r\nuser_usec 1\r\nsystem_usec 0\r\n",
        "usage_usec -1\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec +1\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec 0x1\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec 01\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec 1.0\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec  1\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec\t1\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec 1 \nuser_usec 1\nsystem_usec 0\n",
        "usage_usec\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec \nuser_usec 1\nsystem_usec 0\n",
        " usage_usec 1\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec 1\n\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec 1\nuser_usec 1\nsystem_usec 0\nnew_key\n",
        "usage_usec 1\nuser_usec 1\nsystem_usec 0\nnew_key \n",
        "usage_usec 1\nuser_usec 1\nsystem_usec 0\nnew\001key 1\n",
        "usage_usec 18446744073709551616\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec 99999999999999999999\nuser_usec 1\nsystem_usec 0\n",
        "usage_usec 184467440737095516150\nuser_usec 1\nsystem_usec 0\n",
};

static void cpu_stat_refuses_what_the_kernel_would_not_write(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(bad_cpu_stats) / sizeof(bad_cpu_stats[0]); i++) {
                struct cgb_cpu_stat stat = {.usage_usec = 42};

                if (PARSE(cgb_parse_cpu_stat, &stat, bad_cpu_stats[i]) != -EBADMSG)
                        fail_msg("taken: %s", bad_cpu_stats[i]);
                assert_int_equal(stat.usage_usec, 42);
        }
}

static void a_usage_is_told_from_the_first_line_alone(void **state)
{
        uint64_t usage_usec = 0;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_usage, &usage_usec, CPU_STAT), 0);
        assert_int_equal(usage_usec, 5551234);
        assert_int_equal(PARSE(cgb_parse_usage, &usage_usec, "usage_usec 18446744073709551615\nwhatever"), 0);
        assert_true(usage_usec == UINT64_MAX);
}

static void a_usage_is_found_in_any_order_of_lines(void **state)
{
        uint64_t usage_usec = 0;

        (void)state;
        assert_int_equal(
                PARSE(cgb_parse_usage, &usage_usec, "usage_usec_too 9\nsystem_usec 3\nusage_usec 5\nuser_usec 2\n"), 0);
        assert_int_equal(usage_usec, 5);
}

static void a_usage_that_is_cut_off_or_none_is_refused(void **state)
{
        static const char *const bad[] = {
                "",
                "usage_usec",
                "usage_usec ",
                "usage_usec 12",
                "usage_usec 12 \n",
                "usage_usec 012\n",
                "usage_usec -1\n",
                "usage_usec 18446744073709551616\n",
                "xusage_usec 1\n",
                "user_usec 1\nsystem_usec 1\n",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                uint64_t usage_usec = 42;

                if (PARSE(cgb_parse_usage, &usage_usec, bad[i]) != -EBADMSG)
                        fail_msg("taken: %s", bad[i]);
                assert_int_equal(usage_usec, 42);
        }
}

static void a_nul_byte_is_junk(void **state)
{
        struct cgb_cpu_stat stat;
        uint64_t value;

        (void)state;
        assert_int_equal(PARSE_N(cgb_parse_cpu_stat, &stat, CPU_STAT, sizeof(CPU_STAT)), -EBADMSG);
        assert_int_equal(PARSE_N(cgb_parse_u64, &value, "12", 3), -EBADMSG);
}

/* A value is the whole file's, or it is not given: never that of a number which was cut off. */
static void assert_whole_or_unknown(uint64_t got, uint64_t whole)
{
        assert_true(got == whole || got == CGB_UNKNOWN);
}

static void a_cut_off_cpu_stat_is_refused_or_has_no_wrong_number(void **state)
{
        static const char text[] = CPU_STAT;
        size_t mandatory = (size_t)(strstr(text, "nice_usec") - text);
        unsigned taken = 0;

        (void)state;
        for (size_t n = 0; n < strlen(text); n++) {
                bool ends_a_line = n > 0 && text[n - 1] == '\n';
                struct cgb_cpu_stat stat;
                int r = PARSE_N(cgb_parse_cpu_stat, &stat, text, n);

                assert_int_equal(r, ends_a_line && n >= mandatory ? 0 : -EBADMSG);
                if (r < 0)
                        continue;
                taken++;
                assert_int_equal(stat.usage_usec, 5551234);
                assert_whole_or_unknown(stat.nr_periods, 7);
                assert_whole_or_unknown(stat.throttled_usec, 91);
                assert_whole_or_unknown(stat.burst_usec, 5);
        }
        /* After each of the lines from the third to the last but one. */
        assert_int_equal(taken, 7);
}

#define PRESSURE                                                   \
        "some avg10=12.34 avg60=0.05 avg300=100.00 total=987654\n" \
        "full avg10=0.00 avg60=1.00 avg300=0.10 total=18446744073709551614\n"

static void pressure_averages_are_hundredths_of_a_percent(void **state)
{
        struct cgb_pressure pressure;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_pressure, &pressure, PRESSURE), 0);
        assert_int_equal(pressure.some.avg10_permyriad, 1234);
        assert_int_equal(pressure.some.avg60_permyriad, 5);
        assert_int_equal(pressure.some.avg300_permyriad, 10000);
        assert_int_equal(pressure.some.total_usec, 987654);
        assert_int_equal(pressure.full.avg60_permyriad, 100);
        assert_int_equal(pressure.full.avg300_permyriad, 10);
        assert_true(pressure.full.total_usec == UINT64_MAX - 1);
}

static void pressure_without_full_has_an_unknown_total_there(void **state)
{
        struct cgb_pressure pressure;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_pressure, &pressure, "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"), 0);
        assert_int_equal(pressure.some.total_usec, 0);
        assert_true(pressure.full.total_usec == CGB_UNKNOWN);
}

static void a_third_line_of_pressure_is_news_and_skipped(void **state)
{
        struct cgb_pressure pressure;

        (void)state;
        assert_int_equal(
                PARSE(cgb_parse_pressure, &pressure, PRESSURE "most avg10=1.00 avg60=1.00 avg300=1.00 total=5\n"), 0);
        assert_int_equal(pressure.some.total_usec, 987654);
}

static const char *const bad_pressures[] = {
        "",
        "some\n",
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", /* `some` is missing */
        "some avg10=0.0 avg60=0.00 avg300=0.00 total=0\n",
        "some avg10=0.000 avg60=0.00 avg300=0.00 total=0\n",
        "some avg10=0,00 avg60=0.00 avg300=0.00 total=0\n",
        "some avg10=.00 avg60=0.00 avg300=0.00 total=0\n",
        "some avg10=-1.00 avg60=0.00 avg300=0.00 total=0\n",
        "some avg10=00.00 avg60=0.00 avg300=0.00 total=0\n",
        "some avg10=42949672.96 avg60=0.00 avg300=0.00 total=0\n", /* 2^32 permyriad */
        "some avg10=18446744073709551616.00 avg60=0.00 avg300=0.00 total=0\n",
        "some avg60=0.00 avg10=0.00 avg300=0.00 total=0\n",
        "some avg10=0.00 avg60=0.00 avg300=0.00\n",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=0",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\r\n",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=18446744073709551616\n",
        PRESSURE "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        PRESSURE "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        PRESSURE "x",
};

static void pressure_refuses_what_the_kernel_would_not_write(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(bad_pressures) / sizeof(bad_pressures[0]); i++) {
                struct cgb_pressure pressure = {.some.total_usec = 42};

                if (PARSE(cgb_parse_pressure, &pressure, bad_pressures[i]) != -EBADMSG)
                        fail_msg("taken: %s", bad_pressures[i]);
                assert_int_equal(pressure.some.total_usec, 42);
        }
}

static void a_cut_off_pressure_is_refused_but_for_a_missing_full(void **state)
{
        static const char text[] = PRESSURE;
        size_t first_line = (size_t)(strchr(text, '\n') - text) + 1;

        (void)state;
        for (size_t n = 0; n < strlen(text); n++) {
                struct cgb_pressure pressure;

                assert_int_equal(PARSE_N(cgb_parse_pressure, &pressure, text, n), n == first_line ? 0 : -EBADMSG);
        }
}

static void memory_events_need_all_but_the_newest_counter(void **state)
{
        struct cgb_memory_events events;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_memory_events, &events, "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n"), 0);
        assert_int_equal(events.low, 1);
        assert_int_equal(events.high, 2);
        assert_int_equal(events.max, 3);
        assert_int_equal(events.oom, 4);
        assert_int_equal(events.oom_kill, 5);
        assert_true(events.oom_group_kill == CGB_UNKNOWN);
        assert_int_equal(
                PARSE(cgb_parse_memory_events, &events, "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n"), 0);
        assert_int_equal(events.oom_group_kill, 6);
        assert_int_equal(PARSE(cgb_parse_memory_events, &events, "low 1\nhigh 2\nmax 3\noom 4\n"), -EBADMSG);
}

#define MEMORY_STAT                                                   \
        "anon 4096\nfile 8192\nkernel 100\nkernel_stack 50\n"         \
        "shmem 12\nfile_mapped 1\ninactive_anon 13\nactive_anon 14\n" \
        "inactive_file 15\nactive_file 16\nunevictable 17\n"          \
        "slab_reclaimable 18\nslab_unreclaimable 3\nslab 21\n"

static void memory_stat_gives_sizes_and_leaves_what_is_newer_unknown(void **state)
{
        struct cgb_memory_stat stat;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_memory_stat, &stat, MEMORY_STAT), 0);
        assert_int_equal(stat.anon_bytes, 4096);
        assert_int_equal(stat.file_bytes, 8192);
        assert_int_equal(stat.shmem_bytes, 12);
        assert_int_equal(stat.inactive_anon_bytes, 13);
        assert_int_equal(stat.active_anon_bytes, 14);
        assert_int_equal(stat.inactive_file_bytes, 15);
        assert_int_equal(stat.active_file_bytes, 16);
        assert_int_equal(stat.unevictable_bytes, 17);
        assert_int_equal(stat.slab_reclaimable_bytes, 18);
        assert_true(stat.workingset_restore_anon == CGB_UNKNOWN);
}

static void memory_stat_tells_the_workingset_counters_apart(void **state)
{
        struct cgb_memory_stat stat;

        (void)state;
        assert_int_equal(
                PARSE(cgb_parse_memory_stat, &stat,
                        MEMORY_STAT
                        "workingset_refault_anon 1\nworkingset_refault_file 2\nworkingset_activate_anon 3\n"
                        "workingset_activate_file 4\nworkingset_restore_anon 5\nworkingset_restore_file 6\npgscan 9\npgsteal 7\n"),
                0);
        assert_int_equal(stat.workingset_refault_anon, 1);
        assert_int_equal(stat.workingset_refault_file, 2);
        assert_int_equal(stat.workingset_activate_anon, 3);
        assert_int_equal(stat.workingset_activate_file, 4);
        assert_int_equal(stat.workingset_restore_anon, 5);
        assert_int_equal(stat.workingset_restore_file, 6);
        assert_int_equal(stat.pgsteal, 7);
}

static void cgroup_events_are_zero_or_one(void **state)
{
        struct cgb_cgroup_events events;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_cgroup_events, &events, "populated 1\nfrozen 0\n"), 0);
        assert_int_equal(events.populated, 1);
        assert_int_equal(events.frozen, 0);
        assert_int_equal(PARSE(cgb_parse_cgroup_events, &events, "populated 0\n"), 0);
        assert_int_equal(events.populated, 0);
        assert_true(events.frozen == CGB_UNKNOWN);
        assert_int_equal(PARSE(cgb_parse_cgroup_events, &events, "populated 2\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_cgroup_events, &events, "populated 1\nfrozen 2\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_cgroup_events, &events, "frozen 1\n"), -EBADMSG);
}

static void one_number_goes_up_to_the_largest_of_64_bits(void **state)
{
        uint64_t value;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_u64, &value, "0\n"), 0);
        assert_int_equal(value, 0);
        assert_int_equal(PARSE(cgb_parse_u64, &value, "123"), 0);
        assert_int_equal(value, 123);
        assert_int_equal(PARSE(cgb_parse_u64, &value, "18446744073709551615\n"), 0);
        assert_true(value == UINT64_MAX);
}

static void one_number_is_nothing_else(void **state)
{
        static const char *const bad[] = {
                "",
                "\n",
                "max\n",
                "1\n\n",
                "1\r\n",
                " 1\n",
                "1 \n",
                "1 2\n",
                "-1\n",
                "1k\n",
                "00\n",
                "18446744073709551616\n",
                "18446744073709551620\n",
                "99999999999999999999\n",
                "184467440737095516159\n",
        };
        uint64_t value = 42;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (PARSE(cgb_parse_u64, &value, bad[i]) != -EBADMSG)
                        fail_msg("taken: %s", bad[i]);
        assert_int_equal(value, 42);
}

static void a_limit_is_a_number_or_max(void **state)
{
        uint64_t limit = 42;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_limit, &limit, "ma\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_limit, &limit, "maximum\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_limit, &limit, "max 1\n"), -EBADMSG);
        assert_int_equal(limit, 42);
        assert_int_equal(PARSE(cgb_parse_limit, &limit, "max\n"), 0);
        assert_true(limit == CGB_NO_LIMIT);
        assert_int_equal(PARSE(cgb_parse_limit, &limit, "4096"), 0);
        assert_int_equal(limit, 4096);
}

static void a_weight_is_within_the_kernels_range(void **state)
{
        uint32_t weight = 42;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_weight, &weight, "0\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_weight, &weight, "10001\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_weight, &weight, "4294967297\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_weight, &weight, "idle\n"), -EBADMSG);
        assert_int_equal(weight, 42);
        assert_int_equal(PARSE(cgb_parse_weight, &weight, "1\n"), 0);
        assert_int_equal(weight, 1);
        assert_int_equal(PARSE(cgb_parse_weight, &weight, "10000"), 0);
        assert_int_equal(weight, 10000);
}

static void a_quota_has_a_period(void **state)
{
        struct cgb_cpu_max max = {.quota_usec = 42};

        (void)state;
        assert_int_equal(PARSE(cgb_parse_cpu_max, &max, "max\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_cpu_max, &max, "50000\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_cpu_max, &max, "50000 max\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_cpu_max, &max, "50000 0\n"), -EBADMSG);
        assert_int_equal(PARSE(cgb_parse_cpu_max, &max, "0 100000\n"), -EBADMSG);
        assert_int_equal(max.quota_usec, 42);
        assert_int_equal(PARSE(cgb_parse_cpu_max, &max, "50000 100000\n"), 0);
        assert_int_equal(max.quota_usec, 50000);
        assert_int_equal(max.period_usec, 100000);
        assert_int_equal(PARSE(cgb_parse_cpu_max, &max, "max 100000\n"), 0);
        assert_true(max.quota_usec == CGB_NO_LIMIT);
}

static void a_list_of_cpus_is_counted(void **state)
{
        uint32_t n = 42;

        (void)state;
        assert_int_equal(PARSE(cgb_parse_cpu_list_count, &n, "0-3,8\n"), 0);
        assert_int_equal(n, 5);
        assert_int_equal(PARSE(cgb_parse_cpu_list_count, &n, "0"), 0);
        assert_int_equal(n, 1);
        assert_int_equal(PARSE(cgb_parse_cpu_list_count, &n, "0-8191\n"), 0);
        assert_int_equal(n, 8192);
        assert_int_equal(PARSE(cgb_parse_cpu_list_count, &n, "1,3,5-6,8190-8191\n"), 0);
        assert_int_equal(n, 6);
        assert_int_equal(PARSE(cgb_parse_cpu_list_count, &n, "\n"), 0);
        assert_int_equal(n, 0);
}

static void a_list_of_cpus_rises_and_names_no_cpu_twice(void **state)
{
        static const char *const bad[] = {
                ",",
                "0,",
                ",0",
                "0,,1",
                "0-",
                "-1",
                "3-1",
                "0-3,3",
                "0-3,2",
                "4,0",
                "8192",
                "0-8192",
                "0-18446744073709551615",
                "0-3,18446744073709551616",
                "0-3 8",
                "all",
                "0-7:2/4",
                "0\n1\n",
        };
        uint32_t n = 42;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (PARSE(cgb_parse_cpu_list_count, &n, bad[i]) != -EBADMSG)
                        fail_msg("taken: %s", bad[i]);
        assert_int_equal(n, 42);
}

static bool has_word(const char *list, const char *word)
{
        char *bytes = bytes_of(list, strlen(list));
        bool found = cgb_list_has_word(bytes, strlen(list), word);

        free(bytes);
        return found;
}

static void a_word_is_found_whole_and_wherever_it_stands(void **state)
{
        (void)state;
        assert_true(has_word("cpuset cpu io memory\n", "cpu"));
        assert_true(has_word("cpuset cpu io memory\n", "cpuset"));
        assert_true(has_word("cpuset cpu io memory\n", "memory"));
        assert_true(has_word("cpu", "cpu"));
        assert_false(has_word("cpuset io memory\n", "cpu"));
        assert_false(has_word("xcpu cpux\n", "cpu"));
        assert_false(has_word("", "cpu"));
        assert_false(has_word("cp", "cpu"));
        assert_false(has_word("cpu  io\n", ""));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(cpu_stat_gives_every_counter_its_value),
                cmocka_unit_test(a_counter_that_the_kernel_lacks_is_unknown_and_not_zero),
                cmocka_unit_test(the_order_of_keys_does_not_matter),
                cmocka_unit_test(unknown_keys_are_skipped_whatever_their_value),
                cmocka_unit_test(cpu_stat_refuses_what_the_kernel_would_not_write),
                cmocka_unit_test(a_usage_is_told_from_the_first_line_alone),
                cmocka_unit_test(a_usage_is_found_in_any_order_of_lines),
                cmocka_unit_test(a_usage_that_is_cut_off_or_none_is_refused),
                cmocka_unit_test(a_nul_byte_is_junk),
                cmocka_unit_test(a_cut_off_cpu_stat_is_refused_or_has_no_wrong_number),
                cmocka_unit_test(pressure_averages_are_hundredths_of_a_percent),
                cmocka_unit_test(pressure_without_full_has_an_unknown_total_there),
                cmocka_unit_test(a_third_line_of_pressure_is_news_and_skipped),
                cmocka_unit_test(pressure_refuses_what_the_kernel_would_not_write),
                cmocka_unit_test(a_cut_off_pressure_is_refused_but_for_a_missing_full),
                cmocka_unit_test(memory_events_need_all_but_the_newest_counter),
                cmocka_unit_test(memory_stat_gives_sizes_and_leaves_what_is_newer_unknown),
                cmocka_unit_test(memory_stat_tells_the_workingset_counters_apart),
                cmocka_unit_test(cgroup_events_are_zero_or_one),
                cmocka_unit_test(one_number_goes_up_to_the_largest_of_64_bits),
                cmocka_unit_test(one_number_is_nothing_else),
                cmocka_unit_test(a_limit_is_a_number_or_max),
                cmocka_unit_test(a_weight_is_within_the_kernels_range),
                cmocka_unit_test(a_quota_has_a_period),
                cmocka_unit_test(a_list_of_cpus_is_counted),
                cmocka_unit_test(a_list_of_cpus_rises_and_names_no_cpu_twice),
                cmocka_unit_test(a_word_is_found_whole_and_wherever_it_stands),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
