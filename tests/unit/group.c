/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A group's hot files on kept fds, in a folder laid out like a tree: what comes and goes, and a budget smaller than the
 * tree.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/group.h"
#include "kernel/parse.h"
#include "scratch.h"

/* More than the budget of the tests that have a small one. */
#define MANY 60
#define SMALL_BUDGET 8

/* What most tests begin with: the tree, a cache, and the group "alice". */
struct world {
        struct cgb_tree tree;
        struct cgb_fd_cache *cache;
        struct cgb_group_dir alice;
};

static struct world open_world(void **state, uint32_t capacity)
{
        struct world world = {0};

        scratch_write(state, "alice/cpu.stat", "usage_usec 1\nuser_usec 1\nsystem_usec 0\n");
        scratch_write(state, "alice/cpu.weight", "100\n");
        assert_int_equal(cgb_tree_open(&world.tree, *state, NULL), 0);
        assert_int_equal(cgb_fd_cache_new(&world.cache, capacity), 0);
        assert_int_equal(cgb_group_dir_open(&world.alice, world.cache, &world.tree, "alice"), 0);
        return world;
}

static void close_world(struct world *world)
{
        cgb_group_dir_close(&world->alice, world->cache);
        cgb_fd_cache_free(world->cache);
        cgb_tree_close(&world->tree);
}

static ssize_t read_file(struct world *world, struct cgb_group_dir *group, enum cgb_file file, char *buffer)
{
        ssize_t n = cgb_group_read(world->cache, &world->tree, group, file, buffer, CGB_READ_SIZE);

        if (n >= 0)
                buffer[n] = '\0';
        return n;
}

static void assert_reads(struct world *world, enum cgb_file file, const char *text)
{
        char buffer[CGB_READ_SIZE];

        assert_int_equal(read_file(world, &world->alice, file, buffer), strlen(text));
        assert_string_equal(buffer, text);
}

static int write_weight(struct world *world, uint64_t weight)
{
        return cgb_group_write_u64(world->cache, &world->tree, &world->alice, CGB_FILE_CPU_WEIGHT, weight);
}

static void a_file_is_read_whole_and_stays_open(void **state)
{
        struct world world = open_world(state, 4);

        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "100\n");
        assert_int_equal(cgb_fd_cache_count(world.cache), 1);
        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "100\n");
        assert_int_equal(cgb_fd_cache_count(world.cache), 1);
        close_world(&world);
}

static void a_kept_file_shows_what_was_written_since(void **state)
{
        struct world world = open_world(state, 4);

        assert_reads(&world, CGB_FILE_CPU_STAT, "usage_usec 1\nuser_usec 1\nsystem_usec 0\n");
        scratch_write(state, "alice/cpu.stat", "usage_usec 200\nuser_usec 150\nsystem_usec 50\n");
        assert_reads(&world, CGB_FILE_CPU_STAT, "usage_usec 200\nuser_usec 150\nsystem_usec 50\n");
        close_world(&world);
}

static void a_write_leaves_exactly_the_value(void **state)
{
        struct world world = open_world(state, 4);

        assert_int_equal(write_weight(&world, 10000), 0);
        scratch_assert_text(state, "alice/cpu.weight", "10000");
        assert_int_equal(write_weight(&world, 7), 0);
        scratch_assert_text(state, "alice/cpu.weight", "7");
        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "7");
        assert_int_equal(cgb_fd_cache_count(world.cache), 1);
        close_world(&world);
}

static void no_limit_is_written_as_max(void **state)
{
        struct world world = open_world(state, 4);

        scratch_write(state, "alice/memory.high", "4096\n");
        assert_int_equal(cgb_group_write_u64(world.cache, &world.tree, &world.alice, CGB_FILE_MEMORY_HIGH, CGB_NO_LIMIT), 0);
        scratch_assert_text(state, "alice/memory.high", "max");
        close_world(&world);
}

static void a_file_that_is_only_written_need_not_be_readable(void **state)
{
        struct world world = open_world(state, 4);

        scratch_write(state, "alice/memory.reclaim", "");
        assert_int_equal(chmod(scratch_path(state, "alice/memory.reclaim"), 0222), 0);
        scratch_become_nobody();
        assert_int_equal(cgb_group_write(world.cache, &world.tree, &world.alice, CGB_FILE_MEMORY_RECLAIM, "4096", 4), 0);
        close_world(&world);
}

static void a_weight_that_may_not_be_written_may_still_be_read(void **state)
{
        struct world world = open_world(state, 4);

        scratch_lock(state, "alice/cpu.weight");
        scratch_become_nobody();
        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "100\n");
        assert_int_equal(write_weight(&world, 200), -EACCES);
        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "100\n");
        close_world(&world);
}

static void a_write_after_a_read_only_opening_opens_anew(void **state)
{
        struct world world = open_world(state, 4);

        assert_int_equal(chmod(scratch_path(state, "alice/cpu.weight"), 0444), 0);
        scratch_become_nobody();
        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "100\n");
        if (getuid() == 0)
                assert_int_equal(seteuid(0), 0);
        assert_int_equal(chmod(scratch_path(state, "alice/cpu.weight"), 0666), 0);
        scratch_become_nobody();
        assert_int_equal(write_weight(&world, 200), 0);
        scratch_assert_text(state, "alice/cpu.weight", "200");
        close_world(&world);
}

static void a_group_that_vanished_is_enodev_for_kept_and_new_files(void **state)
{
        struct world world = open_world(state, 4);
        char buffer[CGB_READ_SIZE];

        assert_reads(&world, CGB_FILE_CPU_STAT, "usage_usec 1\nuser_usec 1\nsystem_usec 0\n");
        scratch_remove(state, "alice");
        assert_int_equal(read_file(&world, &world.alice, CGB_FILE_CPU_STAT, buffer), -ENODEV);
        assert_int_equal(read_file(&world, &world.alice, CGB_FILE_CPU_WEIGHT, buffer), -ENODEV);
        assert_int_equal(write_weight(&world, 200), -ENODEV);
        assert_int_equal(cgb_fd_cache_count(world.cache), 0);
        close_world(&world);
}

/* Puts a new group in the place of "alice". It is there before the old one goes, so that it cannot get its inode. */
static void recreate_alice(void **state)
{
        scratch_write(state, "new/cpu.stat", "usage_usec 9\nuser_usec 9\nsystem_usec 0\n");
        scratch_write(state, "new/cpu.weight", "900\n");
        scratch_remove(state, "alice");
        assert_int_equal(rename(scratch_path(state, "new"), scratch_path(state, "alice")), 0);
}

static void a_new_group_of_the_old_name_is_another(void **state)
{
        struct world world = open_world(state, 4);
        char buffer[CGB_READ_SIZE];
        unsigned before = scratch_open_files();

        assert_reads(&world, CGB_FILE_CPU_STAT, "usage_usec 1\nuser_usec 1\nsystem_usec 0\n");
        assert_true(cgb_group_dir_is_same(world.tree.fd, "alice", world.alice.inode));
        recreate_alice(state);
        assert_false(cgb_group_dir_is_same(world.tree.fd, "alice", world.alice.inode));
        assert_int_equal(read_file(&world, &world.alice, CGB_FILE_CPU_STAT, buffer), -ENODEV);
        assert_int_equal(write_weight(&world, 200), -ENODEV);
        scratch_assert_text(state, "alice/cpu.weight", "900\n");
        assert_int_equal(scratch_open_files(), before);

        cgb_group_dir_close(&world.alice, world.cache);
        assert_int_equal(cgb_group_dir_open(&world.alice, world.cache, &world.tree, "alice"), 0);
        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "900\n");
        close_world(&world);
}

static void a_file_that_is_missing_in_a_group_that_is_there_is_enoent(void **state)
{
        struct world world = open_world(state, 4);
        char buffer[CGB_READ_SIZE];

        assert_int_equal(read_file(&world, &world.alice, CGB_FILE_MEMORY_CURRENT, buffer), -ENOENT);
        close_world(&world);
}

static void a_controller_that_went_off_and_on_has_new_files_in_the_old_group(void **state)
{
        struct world world = open_world(state, 4);
        char buffer[CGB_READ_SIZE];

        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "100\n");
        scratch_remove(state, "alice/cpu.weight");
        assert_int_equal(read_file(&world, &world.alice, CGB_FILE_CPU_WEIGHT, buffer), -ENOENT);
        scratch_write(state, "alice/cpu.weight", "50\n");
        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "50\n");
        scratch_remove(state, "alice/cpu.weight");
        scratch_write(state, "alice/cpu.weight", "60\n");
        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "60\n");
        close_world(&world);
}

static void a_file_that_fills_the_buffer_is_refused(void **state)
{
        struct world world = open_world(state, 4);
        char buffer[5];

        scratch_write(state, "alice/cpu.weight", "10000");
        assert_int_equal(cgb_group_read(world.cache, &world.tree, &world.alice, CGB_FILE_CPU_WEIGHT, buffer, 5), -EMSGSIZE);
        scratch_write(state, "alice/cpu.weight", "1000");
        assert_int_equal(cgb_group_read(world.cache, &world.tree, &world.alice, CGB_FILE_CPU_WEIGHT, buffer, 5), 4);
        close_world(&world);
}

static void a_group_is_opened_by_a_clean_path_to_a_folder(void **state)
{
        struct world world = open_world(state, 4);
        struct cgb_group_dir group = {.inode = 42};

        scratch_write(state, "file", "");
        assert_int_equal(cgb_group_dir_open(&group, world.cache, &world.tree, "../alice"), -EINVAL);
        assert_int_equal(cgb_group_dir_open(&group, world.cache, &world.tree, "/alice"), -EINVAL);
        assert_int_equal(cgb_group_dir_open(&group, world.cache, &world.tree, "bob"), -ENOENT);
        assert_int_equal(cgb_group_dir_open(&group, world.cache, &world.tree, "file"), -ENOTDIR);
        assert_int_equal(symlink("alice", scratch_path(state, "link")), 0);
        assert_int_equal(cgb_group_dir_open(&group, world.cache, &world.tree, "link"), -ENOTDIR);
        assert_int_equal(group.inode, 42);
        close_world(&world);
}

static void the_root_group_has_files_too(void **state)
{
        struct world world = open_world(state, 4);
        struct cgb_group_dir root;
        char buffer[CGB_READ_SIZE];

        scratch_write(state, "cpu.weight", "5");
        assert_int_equal(cgb_group_dir_open(&root, world.cache, &world.tree, ""), 0);
        assert_int_equal(read_file(&world, &root, CGB_FILE_CPU_WEIGHT, buffer), 1);
        assert_string_equal(buffer, "5");
        assert_true(cgb_group_dir_is_same(world.tree.fd, "", root.inode));
        cgb_group_dir_close(&root, world.cache);
        close_world(&world);
}

static void closing_closes_what_was_kept_and_may_be_repeated(void **state)
{
        struct world world = open_world(state, 4);

        assert_reads(&world, CGB_FILE_CPU_WEIGHT, "100\n");
        assert_int_equal(cgb_fd_cache_count(world.cache), 1);
        cgb_group_dir_close(&world.alice, world.cache);
        assert_int_equal(cgb_fd_cache_count(world.cache), 0);
        cgb_group_dir_close(&world.alice, world.cache);
        close_world(&world);
}

/* Opens MANY groups, each with a usage of its own. */
static void open_many(void **state, struct world *world, struct cgb_group_dir groups[MANY])
{
        char name[64], text[96];

        for (int i = 0; i < MANY; i++) {
                snprintf(name, sizeof(name), "tenant%d/w%d/cpu.stat", i % 7, i);
                snprintf(text, sizeof(text), "usage_usec %d\nuser_usec 0\nsystem_usec 0\n", 1000 + i);
                scratch_write(state, name, text);
                snprintf(name, sizeof(name), "tenant%d/w%d", i % 7, i);
                assert_int_equal(cgb_group_dir_open(&groups[i], world->cache, &world->tree, name), 0);
        }
}

static void assert_usage(struct world *world, struct cgb_group_dir *group, uint64_t usage_usec)
{
        char buffer[CGB_READ_SIZE];
        struct cgb_cpu_stat stat;
        ssize_t n = read_file(world, group, CGB_FILE_CPU_STAT, buffer);

        assert_true(n > 0);
        assert_int_equal(cgb_parse_cpu_stat(&stat, buffer, (size_t)n), 0);
        assert_int_equal(stat.usage_usec, usage_usec);
}

static void many_groups_share_a_small_budget(void **state)
{
        struct world world = open_world(state, SMALL_BUDGET);
        struct cgb_group_dir groups[MANY];
        unsigned before = scratch_open_files();

        open_many(state, &world, groups);
        for (unsigned round = 0; round < 3; round++) {
                for (unsigned i = 0; i < MANY; i++) {
                        unsigned which = round == 1 ? MANY - 1 - i : i;

                        assert_usage(&world, &groups[which], 1000 + which);
                        assert_true(scratch_open_files() <= before + SMALL_BUDGET);
                }
        }
        assert_int_equal(cgb_fd_cache_count(world.cache), SMALL_BUDGET);
        for (unsigned i = 0; i < MANY; i++)
                cgb_group_dir_close(&groups[i], world.cache);
        close_world(&world);
        assert_true(scratch_open_files() < before);
}

static void a_budget_that_the_limit_does_not_allow_is_lived_with(void **state)
{
        struct world world = open_world(state, 1000);
        struct cgb_group_dir groups[MANY];
        struct rlimit before, limit;

        open_many(state, &world, groups);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        limit = before;
        limit.rlim_cur = scratch_open_files() + SMALL_BUDGET;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        for (unsigned i = 0; i < 2 * MANY; i++)
                assert_usage(&world, &groups[i % MANY], 1000 + i % MANY);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        /* How many precisely depends on fds above the limit that whoever started us has left open. */
        assert_in_range(cgb_fd_cache_count(world.cache), 1, MANY - 1);

        for (unsigned i = 0; i < MANY; i++)
                cgb_group_dir_close(&groups[i], world.cache);
        close_world(&world);
}

static void groups_may_be_moved_in_memory(void **state)
{
        struct world world = open_world(state, SMALL_BUDGET);
        struct cgb_group_dir groups[MANY], *moved = malloc(sizeof(groups));

        assert_non_null(moved);
        open_many(state, &world, groups);
        for (unsigned i = 0; i < MANY; i++)
                assert_usage(&world, &groups[i], 1000 + i);
        memcpy(moved, groups, sizeof(groups));
        memset(groups, 0xee, sizeof(groups));
        for (unsigned i = 0; i < MANY; i++)
                assert_usage(&world, &moved[i], 1000 + i);
        for (unsigned i = 0; i < MANY; i++)
                cgb_group_dir_close(&moved[i], world.cache);
        free(moved);
        close_world(&world);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_SCRATCH(a_file_is_read_whole_and_stays_open),
                WITH_SCRATCH(a_kept_file_shows_what_was_written_since),
                WITH_SCRATCH(a_write_leaves_exactly_the_value),
                WITH_SCRATCH(no_limit_is_written_as_max),
                WITH_SCRATCH(a_file_that_is_only_written_need_not_be_readable),
                WITH_SCRATCH(a_weight_that_may_not_be_written_may_still_be_read),
                WITH_SCRATCH(a_write_after_a_read_only_opening_opens_anew),
                WITH_SCRATCH(a_group_that_vanished_is_enodev_for_kept_and_new_files),
                WITH_SCRATCH(a_new_group_of_the_old_name_is_another),
                WITH_SCRATCH(a_file_that_is_missing_in_a_group_that_is_there_is_enoent),
                WITH_SCRATCH(a_controller_that_went_off_and_on_has_new_files_in_the_old_group),
                WITH_SCRATCH(a_file_that_fills_the_buffer_is_refused),
                WITH_SCRATCH(a_group_is_opened_by_a_clean_path_to_a_folder),
                WITH_SCRATCH(the_root_group_has_files_too),
                WITH_SCRATCH(closing_closes_what_was_kept_and_may_be_repeated),
                WITH_SCRATCH(many_groups_share_a_small_budget),
                WITH_SCRATCH(a_budget_that_the_limit_does_not_allow_is_lived_with),
                WITH_SCRATCH(groups_may_be_moved_in_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
