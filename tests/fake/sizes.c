/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Floors and limits of memory that a workspace is made with: they need the memory controller on the way down, and floors
 * need room in every group above. Both go away again with the last workspace that needs them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "context.h"
#include "fake.h"

#define MIB (1ull << 20)

static int create(struct cgb *cgb, const char *name, uint64_t floor_bytes, uint64_t max_bytes)
{
        return cgb_create(cgb, &(struct cgb_workspace_options){.size = sizeof(struct cgb_workspace_options),
                                       .name = name,
                                       .share_permille = 1000,
                                       .memory_floor_bytes = floor_bytes,
                                       .memory_max_bytes = max_bytes});
}

/* Everything above the workspaces is ours to make. */
static int setup_bare(void **state)
{
        struct fake *fake;

        fake_setup(state);
        fake = *state;
        fake_write(fake, "", "cgroup.subtree_control", "\n");
        fake->options.parent = "new/deep";
        return 0;
}

/* "work" is somebody else's, and protects 100 MiB. */
static int setup_theirs(void **state)
{
        fake_setup(state);
        fake_write(*state, "work", "memory.low", "104857600\n");
        fake_write(*state, "work", "memory.max", "max\n");
        return 0;
}

static uint64_t number(const struct fake *fake, const char *group, const char *file)
{
        char *text = fake_read(fake, group, file);
        uint64_t value = strncmp(text, "max", 3) == 0 ? CGB_MEMORY_MAX : strtoull(text, NULL, 10);

        free(text);
        return value;
}

static void a_workspace_has_its_sizes_and_what_they_need_goes_with_it(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake), *list;
        struct cgb *cgb = fake_manager(fake);

        assert_int_equal(create(cgb, "alice", 64 * MIB, 128 * MIB), 0);
        assert_true(number(fake, "new/deep/alice", "memory.low") == 64 * MIB);
        assert_true(number(fake, "new/deep/alice", "memory.max") == 128 * MIB);
        assert_true(number(fake, "new/deep/alice", "memory.high") == CGB_MEMORY_MAX);
        list = fake_read(fake, "new/deep", "cgroup.subtree_control");
        assert_string_equal(list, "cpu memory\n");
        free(list);
        assert_int_equal(cgb_remove(cgb, "alice"), 0);
        fake_assert_picture(fake, before);
        assert_null(fake_read_state(fake, "new-deep.setup"));
        free(before);
}

static char written_names[256];

static int write_and_remember(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        size_t n = strlen(written_names);

        snprintf(written_names + n, sizeof written_names - n, "%s/%s ", group->path, cgb_file_to_string(file));
        return cgb_group_write_u64(backend->host->fds, backend->host->tree, group, file, value);
}

/* Two writers on one file never happen, from the first value on. */
static void a_workspaces_first_values_are_written_by_the_backend_that_writes_it_later(void **state)
{
        static const struct cgb_backend_type remembering = {.name = "remembering", .write = write_and_remember};
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);

        cgb->backend_type = &remembering;
        cgb->chooses_writers = false;
        assert_int_equal(create(cgb, "alice", 64 * MIB, 128 * MIB), 0);
        assert_string_equal(written_names, "new/deep/alice/cpu.weight new/deep/alice/memory.max new/deep/alice/memory.low ");
        assert_true(number(fake, "new/deep/alice", "memory.low") == 64 * MIB);
        assert_int_equal(cgb_remove(cgb, "alice"), 0);
}

static void who_asks_for_no_memory_switches_no_controller_on(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);
        char *list;

        assert_int_equal(create(cgb, "alice", 0, 0), 0);
        list = fake_read(fake, "new/deep", "cgroup.subtree_control");
        assert_string_equal(list, "cpu\n");
        free(list);
}

static void a_caller_that_does_not_know_sizes_has_none(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);
        struct cgb_workspace_options options = {.name = "alice", .share_permille = 1000, .memory_max_bytes = 1};

        options.size = offsetof(struct cgb_workspace_options, memory_floor_bytes);
        assert_int_equal(cgb_create(cgb, &options), 0);
        options.size--;
        options.name = "bob";
        assert_int_equal(cgb_create(cgb, &options), -EINVAL);
}

static void what_we_made_protects_the_sum_of_the_floors_below(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);

        assert_int_equal(create(cgb, "alice", 64 * MIB, 0), 0);
        assert_int_equal(create(cgb, "bob", 32 * MIB, 0), 0);
        assert_int_equal(create(cgb, "carol", 0, 0), 0);
        assert_true(number(fake, "new/deep", "memory.low") == 96 * MIB);
        assert_true(number(fake, "new", "memory.low") == 96 * MIB);
        assert_int_equal(cgb_remove(cgb, "alice"), 0);
        assert_true(number(fake, "new/deep", "memory.low") == 32 * MIB);
        assert_true(number(fake, "new", "memory.low") == 32 * MIB);
        assert_int_equal(create(cgb, "bob", 64 * MIB, 0), -EEXIST);
        assert_true(number(fake, "new/deep", "memory.low") == 32 * MIB);
        assert_true(number(fake, "new/deep/bob", "memory.low") == 32 * MIB);
}

static void floors_beyond_what_somebody_elses_parent_protects_are_refused_with_the_numbers(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);
        const struct cgb_fault *fault = cgb_get_fault(cgb);

        assert_int_equal(create(cgb, "alice", 60 * MIB, 0), 0);
        assert_int_equal(create(cgb, "bob", 50 * MIB, 0), -ENOSPC);
        fake_assert_fault_names(fault, -ENOSPC, "work/memory.low");
        assert_non_null(strstr(fault->message, " 110 MiB"));
        assert_non_null(strstr(fault->message, " 100 MiB"));
        assert_non_null(strstr(fault->remedy, "10485760 bytes less"));
        assert_non_null(strstr(fault->remedy, "115343360"));
        assert_false(fake_exists(fake, "work/bob"));
        assert_true(number(fake, "work", "memory.low") == 100 * MIB);
        assert_int_equal(create(cgb, "bob", 40 * MIB, 0), 0);
        assert_int_equal(create(cgb, "carol", 1, 0), -ENOSPC);
        assert_non_null(strstr(fault->message, " 101 MiB"));
}

/* A parent of ours in a group that protects 100 MiB, 80 of them for a neighbour. */
static void floors_need_room_in_every_group_above(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        fake_group(fake, "work/neighbour", 100);
        fake_write(fake, "work/neighbour", "memory.low", "83886080\n");
        fake->options.parent = "work/ours";
        cgb = fake_manager(fake);
        assert_int_equal(create(cgb, "alice", 21 * MIB, 0), -ENOSPC);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOSPC, "work/memory.low");
        assert_false(fake_exists(fake, "work/ours"));
        assert_int_equal(create(cgb, "alice", 20 * MIB, 0), 0);
        assert_true(number(fake, "work/ours", "memory.low") == 20 * MIB);
}

static void floors_beyond_the_parents_limit_or_the_host_are_refused(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);

        fake_write(fake, "work", "memory.max", "52428800\n");
        assert_int_equal(create(cgb, "alice", 60 * MIB, 0), -ENOSPC);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOSPC, "work/memory.max");
        fake_write(fake, "work", "memory.max", "max\n");
        fake_write(fake, "work", "memory.low", "max\n");
        assert_int_equal(create(cgb, "alice", 1ull << 60, 0), -ENOSPC);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOSPC, "/proc/meminfo");
}

static void a_floor_above_the_limit_is_refused_with_both(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);

        assert_int_equal(create(cgb, "alice", 20 * MIB, 10 * MIB), -EINVAL);
        fake_assert_fault_names(cgb_get_fault(cgb), -EINVAL, "memory_floor_bytes");
        assert_non_null(strstr(cgb_get_fault(cgb)->message, "20971520"));
        assert_non_null(strstr(cgb_get_fault(cgb)->message, "10485760"));
        assert_false(fake_exists(fake, "work/alice"));
}

static void without_the_memory_controller_sizes_are_refused_and_nothing_stays(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);
        char *before = fake_picture(fake);

        fake_write(fake, "", "cgroup.controllers", "cpu\n");
        assert_int_equal(create(cgb, "alice", 0, 10 * MIB), -EOPNOTSUPP);
        fake_assert_fault_names(cgb_get_fault(cgb), -EOPNOTSUPP, "cgroup.controllers");
        fake_assert_picture(fake, before);
        free(before);
}

static uint64_t floor_of(struct cgb *cgb, const char *name)
{
        struct cgb_workspace workspace;

        assert_true(fake_find(cgb, name, &workspace));
        assert_true(workspace.has_memory);
        return workspace.memory.floor_bytes;
}

static void a_floor_reaches_a_manager_in_another_process(void **state)
{
        struct fake *fake = *state;
        struct cgb *maker = fake_manager(fake), *manager;

        assert_int_equal(create(maker, "early", 64 * MIB, 0), 0);
        fake->options.flags = CGB_MEMORY;
        manager = fake_started(fake);
        assert_int_equal(create(maker, "late", 32 * MIB, 0), 0);
        fake_step(fake, manager);
        assert_true(floor_of(manager, "early") == 64 * MIB);
        assert_true(floor_of(manager, "late") == 32 * MIB);
        fake_write(fake, "new/deep/late", "memory.low", "1048576\n"); /* by hand, or a moment after the group was seen */
        fake_step(fake, manager);
        assert_true(floor_of(manager, "late") == MIB);
}

static void a_rules_floor_is_for_the_law_alone_and_goes_before_the_file(void **state)
{
        static const struct cgb_rule rules[] = {
                {.match = "sure", .memory_floor_bytes = 64 * MIB},
                {.match = "*"},
        };
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);

        assert_int_equal(create(cgb, "sure", 16 * MIB, 0), 0);
        assert_int_equal(create(cgb, "other", 16 * MIB, 0), 0);
        fake->options.rules = rules;
        fake->options.n_rules = 2;
        fake->options.flags = CGB_MEMORY;
        cgb = fake_started(fake);
        fake_step(fake, cgb);
        assert_true(floor_of(cgb, "sure") == 64 * MIB);
        assert_true(floor_of(cgb, "other") == 16 * MIB);
        assert_true(number(fake, "new/deep/sure", "memory.low") == 16 * MIB);
}

static void a_manager_with_the_memory_law_passes_the_controller_on_and_takes_it_back(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake), *list;
        struct cgb *cgb;

        fake->options.flags = CGB_MEMORY;
        cgb = fake_started(fake);
        list = fake_read(fake, "new/deep", "cgroup.subtree_control");
        assert_string_equal(list, "cpu memory\n");
        free(list);
        fake_end(fake, cgb);
        fake_assert_picture(fake, before);
        free(before);
}

static void a_limit_that_somebody_chose_keeps_the_controller(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;
        char *list;

        fake->options.parent = "work";
        fake->options.flags = CGB_MEMORY;
        cgb = fake_started(fake);
        fake_group(fake, "work/theirs", 100);
        fake_write(fake, "work/theirs", "memory.max", "10485760\n");
        fake_end(fake, cgb);
        list = fake_read(fake, "work", "cgroup.subtree_control");
        assert_non_null(strstr(list, "memory"));
        free(list);
        fake_write(fake, "work/theirs", "memory.max", "max\n");
        assert_int_equal(cgb_restore(&fake->options, NULL), 0);
        list = fake_read(fake, "work", "cgroup.subtree_control");
        assert_null(strstr(list, "memory"));
        free(list);
}

static void without_the_memory_controller_the_cpu_is_managed_all_the_same_and_it_is_said_once(void **state)
{
        struct fake *fake = *state;
        struct cgb_event event;
        struct cgb *cgb;

        fake_write(fake, "", "cgroup.controllers", "cpu\n");
        fake->options.flags = CGB_MEMORY;
        cgb = fake_started(fake);
        assert_true(fake_take_event(cgb, CGB_EVENT_ERROR, "", &event));
        fake_assert_fault_names(event.fault, -EOPNOTSUPP, "cgroup.controllers");
        assert_non_null(strstr(event.fault->message, "memory is left alone"));
        assert_int_equal(create(cgb, "alice", 0, 0), 0);
        fake_step(fake, cgb);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
}

#define on_bare(test) cmocka_unit_test_setup_teardown(test, setup_bare, fake_teardown)
#define on_theirs(test) cmocka_unit_test_setup_teardown(test, setup_theirs, fake_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                on_bare(a_workspace_has_its_sizes_and_what_they_need_goes_with_it),
                on_bare(a_workspaces_first_values_are_written_by_the_backend_that_writes_it_later),
                on_bare(who_asks_for_no_memory_switches_no_controller_on),
                on_bare(a_caller_that_does_not_know_sizes_has_none),
                on_bare(what_we_made_protects_the_sum_of_the_floors_below),
                on_theirs(floors_beyond_what_somebody_elses_parent_protects_are_refused_with_the_numbers),
                on_theirs(floors_need_room_in_every_group_above),
                on_theirs(floors_beyond_the_parents_limit_or_the_host_are_refused),
                on_theirs(a_floor_above_the_limit_is_refused_with_both),
                on_bare(without_the_memory_controller_sizes_are_refused_and_nothing_stays),
                on_bare(a_floor_reaches_a_manager_in_another_process),
                on_bare(a_rules_floor_is_for_the_law_alone_and_goes_before_the_file),
                on_bare(a_manager_with_the_memory_law_passes_the_controller_on_and_takes_it_back),
                on_bare(a_limit_that_somebody_chose_keeps_the_controller),
                on_bare(without_the_memory_controller_the_cpu_is_managed_all_the_same_and_it_is_said_once),
        };

        return cmocka_run_group_tests_name("sizes", tests, NULL, NULL);
}
