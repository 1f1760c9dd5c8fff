/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The door's own promises: wrong arguments are refused with the documented error and change nothing, room that is used up
 * is said to be, and a node's number that is given out again brings nothing of its last owner along.
 */

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <cgburst/policy.h>

#include "dice.h"

#define CAPACITY 8
#define SECOND_USEC ((uint64_t)1000000)
#define NOBODY ((cgb_node)5)

static struct cgb_policy_options defaults(void)
{
        struct cgb_policy_options options;

        memset(&options, 0xa5, sizeof(options));
        cgb_policy_options_init(&options, SECOND_USEC, CAPACITY);
        return options;
}

static int setup(void **state)
{
        struct cgb_policy_options options = defaults();
        size_t size = cgb_policy_memory_size(&options);
        void *memory = malloc(size);
        struct cgb_policy *policy;

        assert_non_null(memory);
        assert_int_equal(cgb_policy_init(&policy, memory, size, &options), 0);
        assert_ptr_equal(policy, memory);
        *state = policy;
        return 0;
}

static int teardown(void **state)
{
        free(*state);
        return 0;
}

static int join(struct cgb_policy *policy, cgb_node parent, uint32_t share_permille, cgb_node *ret)
{
        const struct cgb_account_options options = {
                .size = sizeof(options),
                .parent = parent,
                .share_permille = share_permille,
        };

        return cgb_policy_join(policy, &options, ret);
}

static cgb_node must_join(struct cgb_policy *policy, cgb_node parent)
{
        cgb_node node;

        assert_int_equal(join(policy, parent, 1000, &node), 0);
        return node;
}

/* One round in which every account has used @used_usec[node] in all. */
static void live_a_round(struct cgb_policy *policy, const uint64_t used_usec[], uint64_t now_usec)
{
        const struct cgb_pool_sample sample = {
                .usage_usec = CGB_UNKNOWN,
                .stalled_usec = CGB_UNKNOWN,
                .machine_usec = CGB_UNKNOWN,
                .cpus_permille = 1000,
        };
        cgb_node node;

        assert_int_equal(cgb_policy_observe_pool(policy, CGB_NODE_ROOT, &sample), 0);
        while (cgb_policy_next_to_read(policy, CGB_NODE_ROOT, &node)) {
                struct cgb_account_sample account = {.usage_usec = used_usec[node]};

                assert_int_equal(cgb_policy_observe(policy, node, &account), 0);
        }
        cgb_policy_step(policy, now_usec);
}

static void check_option(struct cgb_policy_options options, bool valid)
{
        char memory[64];
        struct cgb_policy *policy = (struct cgb_policy *)memory;

        if (valid) {
                assert_int_not_equal(cgb_policy_memory_size(&options), 0);
                return;
        }
        assert_int_equal(cgb_policy_memory_size(&options), 0);
        assert_int_equal(cgb_policy_init(&policy, memory, sizeof(memory), &options), -EINVAL);
        assert_ptr_equal(policy, memory);
}

#define check(field, value, valid)                              \
        do {                                                    \
                struct cgb_policy_options options = defaults(); \
                options.field = (value);                        \
                check_option(options, valid);                   \
        } while (0)

static void options_out_of_range_are_refused(void **state)
{
        const uint64_t day_usec = 24 * 3600 * SECOND_USEC;

        (void)state;
        check_option(defaults(), true);
        check(capacity, 0, false);
        check(capacity, 1, true);
        check(capacity, 1048576, true);
        check(capacity, 1048577, false);
        check(slow_depth_usec, 999, false);
        check(slow_depth_usec, 1000, true);
        check(slow_depth_usec, day_usec, true);
        check(slow_depth_usec, day_usec + 1, false);
        check(floor_permille, 1000, true);
        check(floor_permille, 1001, false);
        check(reach_permille, 999, false);
        check(reach_permille, 1000, true);
        check(reach_permille, 1000000, true);
        check(reach_permille, 1000001, false);
        check(hysteresis_permille, 1000, true);
        check(hysteresis_permille, 1001, false);
        check(beside_others, 1, true);
        check(beside_others, 2, false);
        check(slow_strength_permille, 12001, false);
        check(debt_strength_permille, 0, true);
        check(debt_strength_permille, 12001 - defaults().fast_strength_permille, false);
        check(debt_strength_permille, 12000 - defaults().fast_strength_permille, true);
        check(debt_strength_permille, UINT32_MAX, false);
        check(fast_strength_permille, 12001, false);
        check(fast_strength_permille, UINT32_MAX, false);
        check(slow_strength_permille, 12001 - defaults().fast_strength_permille, false);
        check(slow_strength_permille, 12000 - defaults().fast_strength_permille, true);
}

static void defaults_are_valid_for_any_step(void **state)
{
        (void)state;
        for (uint64_t step_usec = 1000; step_usec <= 600 * SECOND_USEC; step_usec *= 3) {
                struct cgb_policy_options options;

                memset(&options, 0xa5, sizeof(options));
                cgb_policy_options_init(&options, step_usec, 1);
                assert_int_equal(options.size, sizeof(options));
                assert_int_equal(options.capacity, 1);
                check_option(options, true);
        }
}

static void memory_that_is_too_small_is_refused(void **state)
{
        struct cgb_policy_options options = defaults();
        size_t size = cgb_policy_memory_size(&options);
        struct cgb_policy *policy = *state, *same = policy;
        char *memory = malloc(size);

        assert_non_null(memory);
        assert_int_equal(cgb_policy_init(&policy, memory, size - 1, &options), -ENOMEM);
        assert_ptr_equal(policy, same);
        assert_int_equal(cgb_policy_grow(&policy, memory, size - 1, CAPACITY), -ENOMEM);
        assert_ptr_equal(policy, same);
        assert_int_equal(cgb_policy_grow(&policy, memory, size, CAPACITY - 1), -EINVAL);
        assert_ptr_equal(policy, same);
        assert_int_equal(cgb_policy_grow(&policy, memory, size, 1048577), -EINVAL);
        assert_ptr_equal(policy, same);
        free(memory);
        must_join(policy, CGB_NODE_ROOT);
}

static void a_share_out_of_range_is_refused(void **state)
{
        cgb_node node = 77;

        assert_int_equal(join(*state, CGB_NODE_ROOT, 9, &node), -EINVAL);
        assert_int_equal(join(*state, CGB_NODE_ROOT, 0, &node), -EINVAL);
        assert_int_equal(join(*state, CGB_NODE_ROOT, 100001, &node), -EINVAL);
        assert_int_equal(node, 77);
        assert_int_equal(join(*state, CGB_NODE_ROOT, 10, &node), 0);
        assert_int_equal(cgb_policy_set_share(*state, node, 9), -EINVAL);
        assert_int_equal(cgb_policy_set_share(*state, node, 100001), -EINVAL);
        assert_int_equal(cgb_policy_set_share(*state, node, 100000), 0);
        assert_int_equal(cgb_policy_set_share(*state, node, 10), 0);
        assert_int_equal(join(*state, CGB_NODE_ROOT, 100000, &node), 0);
}

static void a_weight_that_no_file_can_hold_is_refused(void **state)
{
        struct cgb_account_options options = {.size = sizeof(options), .share_permille = 1000, .weight = 10001};
        cgb_node node = 77;

        assert_int_equal(cgb_policy_join(*state, &options, &node), -EINVAL);
        assert_int_equal(node, 77);
        options.weight = 10000;
        assert_int_equal(cgb_policy_join(*state, &options, &node), 0);
        assert_int_equal(cgb_policy_set_written(*state, node, 10001), -EINVAL);
        assert_int_equal(cgb_policy_set_written(*state, node, 10000), 0);
        assert_int_equal(cgb_policy_set_written(*state, node, 0), 0);
}

static void nobody_knows_nobody(void **state)
{
        struct cgb_account_state account, account_before;
        struct cgb_pool_state pool, pool_before;
        const cgb_node unknown[] = {NOBODY, CAPACITY, UINT32_MAX};
        uint32_t price_permille = 77;
        cgb_node node = 77;

        memset(&account, 0x5a, sizeof(account));
        memset(&pool, 0x5a, sizeof(pool));
        memcpy(&account_before, &account, sizeof(account));
        memcpy(&pool_before, &pool, sizeof(pool));
        for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
                assert_int_equal(join(*state, unknown[i], 1000, &node), -ENOENT);
                assert_int_equal(cgb_policy_leave(*state, unknown[i]), -ENOENT);
                assert_int_equal(cgb_policy_set_share(*state, unknown[i], 1000), -ENOENT);
                assert_int_equal(cgb_policy_set_written(*state, unknown[i], 100), -ENOENT);
                assert_int_equal(cgb_policy_observe(*state, unknown[i], &(struct cgb_account_sample){0}), -ENOENT);
                assert_int_equal(
                        cgb_policy_observe_pool(*state, unknown[i], &(struct cgb_pool_sample){.cpus_permille = 1}), -ENOENT);
                assert_int_equal(cgb_policy_get_account(*state, unknown[i], &account), -ENOENT);
                assert_int_equal(cgb_policy_get_pool(*state, unknown[i], &pool), -ENOENT);
                assert_int_equal(cgb_policy_get_price(*state, unknown[i], &price_permille), -ENOENT);
                assert_false(cgb_policy_next_to_read(*state, unknown[i], &node));
        }
        assert_int_equal(cgb_policy_get_account(*state, CGB_NODE_ROOT, &account), -ENOENT);
        assert_memory_equal(&account, &account_before, sizeof(account));
        assert_memory_equal(&pool, &pool_before, sizeof(pool));
        assert_int_equal(node, 77);
        assert_int_equal(price_permille, 77);
}

static void a_number_of_cpus_out_of_range_is_refused(void **state)
{
        struct cgb_pool_sample sample = {0};

        must_join(*state, CGB_NODE_ROOT);
        assert_int_equal(cgb_policy_observe_pool(*state, CGB_NODE_ROOT, &sample), -EINVAL);
        sample.cpus_permille = 8192001;
        assert_int_equal(cgb_policy_observe_pool(*state, CGB_NODE_ROOT, &sample), -EINVAL);
        sample.cpus_permille = 8192000;
        assert_int_equal(cgb_policy_observe_pool(*state, CGB_NODE_ROOT, &sample), 0);
}

static void nothing_to_do_leaves_the_out_parameter_alone(void **state)
{
        struct cgb_action action = {.node = 77, .weight = 78};
        cgb_node node = 77;

        assert_false(cgb_policy_next_action(*state, &action));
        assert_int_equal(action.node, 77);
        assert_int_equal(action.weight, 78);
        assert_false(cgb_policy_next_to_read(*state, CGB_NODE_ROOT, &node));
        assert_int_equal(node, 77);
}

static void when_the_capacity_is_used_up_nobody_joins_until_somebody_leaves_or_it_grows(void **state)
{
        struct cgb_policy_options options = defaults();
        cgb_node last = 0, node = 77;
        void *memory, *old = *state;

        for (unsigned i = 1; i < CAPACITY; i++)
                last = must_join(*state, CGB_NODE_ROOT);
        assert_int_equal(join(*state, CGB_NODE_ROOT, 1000, &node), -ENOSPC);
        assert_int_equal(join(*state, last, 1000, &node), -ENOSPC);
        assert_int_equal(node, 77);
        assert_int_equal(cgb_policy_leave(*state, last), 0);
        assert_int_equal(join(*state, CGB_NODE_ROOT, 1000, &node), 0);
        assert_int_equal(join(*state, CGB_NODE_ROOT, 1000, &node), -ENOSPC);

        options.capacity = CAPACITY + 1;
        memory = malloc(cgb_policy_memory_size(&options));
        assert_non_null(memory);
        assert_int_equal(
                cgb_policy_grow((struct cgb_policy **)state, memory, cgb_policy_memory_size(&options), CAPACITY + 1), 0);
        assert_ptr_equal(*state, memory);
        free(old);
        assert_int_equal(join(*state, CGB_NODE_ROOT, 1000, &node), 0);
        assert_int_equal(join(*state, CGB_NODE_ROOT, 1000, &node), -ENOSPC);
}

static void a_pool_with_children_cannot_leave(void **state)
{
        cgb_node pool = must_join(*state, CGB_NODE_ROOT), child = must_join(*state, pool);

        assert_int_equal(cgb_policy_leave(*state, pool), -EBUSY);
        assert_int_equal(cgb_policy_leave(*state, child), 0);
        assert_int_equal(cgb_policy_leave(*state, child), -ENOENT);
        assert_int_equal(cgb_policy_leave(*state, pool), 0);
        assert_int_equal(cgb_policy_leave(*state, pool), -ENOENT);
}

/* A loops beside B until it is in debt, with a weight to be written; then it leaves, and C joins and may get A's number. */
static void a_number_given_out_again_brings_nothing_along(void **state)
{
        cgb_node a = must_join(*state, CGB_NODE_ROOT), b = must_join(*state, CGB_NODE_ROOT), c;
        uint64_t used_usec[CAPACITY] = {0};
        struct cgb_account_state account;
        struct cgb_action action;
        bool seen = false;

        for (unsigned i = 1; i <= 10; i++) {
                used_usec[a] = i * 900000;
                used_usec[b] = i * 100000;
                live_a_round(*state, used_usec, i * SECOND_USEC);
        }
        assert_int_equal(cgb_policy_get_account(*state, a, &account), 0);
        assert_true(account.balance.slow_nsec < 0 && account.active);
        assert_int_equal(cgb_policy_leave(*state, a), 0);
        c = must_join(*state, CGB_NODE_ROOT);
        assert_int_not_equal(c, b);
        assert_int_equal(cgb_policy_get_account(*state, c, &account), 0);
        assert_int_equal(account.balance.slow_nsec, 0);
        assert_int_equal(account.balance.fast_nsec, 0);
        assert_int_equal(account.written, 0);
        assert_int_equal(account.usage_usec, 0);
        assert_false(account.active);
        /* What was still to be written was written for A. */
        while (cgb_policy_next_action(*state, &action))
                assert_int_equal(action.node, b);
        used_usec[c] = 0;
        live_a_round(*state, used_usec, 11 * SECOND_USEC);
        while (cgb_policy_next_action(*state, &action))
                if (action.node == c) {
                        assert_int_equal(action.previous, 0);
                        seen = true;
                }
        assert_true(seen);
}

/* Whoever leaves takes its action along, wherever that stands among those that nobody has taken yet. */
static void actions_that_are_not_taken_wait_in_order_for_those_who_stay(void **state)
{
        uint64_t used_usec[CAPACITY] = {0};
        cgb_node nodes[5];
        struct cgb_action action;

        for (unsigned i = 0; i < 5; i++)
                nodes[i] = must_join(*state, CGB_NODE_ROOT);
        live_a_round(*state, used_usec, SECOND_USEC);
        assert_int_equal(cgb_policy_leave(*state, nodes[1]), 0);
        assert_int_equal(cgb_policy_leave(*state, nodes[4]), 0); /* joined last, so it is listed first */
        assert_int_equal(cgb_policy_leave(*state, nodes[0]), 0);
        assert_true(cgb_policy_next_action(*state, &action));
        assert_int_equal(action.node, nodes[3]);
        nodes[0] = must_join(*state, CGB_NODE_ROOT);
        live_a_round(*state, used_usec, 2 * SECOND_USEC);
        assert_true(cgb_policy_next_action(*state, &action));
        assert_int_equal(action.node, nodes[2]);
        assert_true(cgb_policy_next_action(*state, &action));
        assert_int_equal(action.node, nodes[0]);
        assert_false(cgb_policy_next_action(*state, &action));
}

/* After a write that failed, or one by somebody else, the difference is seen anew. */
static void what_the_kernel_really_holds_is_believed(void **state)
{
        cgb_node a = must_join(*state, CGB_NODE_ROOT), b = must_join(*state, CGB_NODE_ROOT);
        uint64_t used_usec[CAPACITY] = {0};
        struct cgb_action action;
        bool seen = false;

        for (unsigned i = 1; i <= 40; i++) {
                used_usec[a] = used_usec[b] = i * 500000;
                live_a_round(*state, used_usec, i * SECOND_USEC);
                while (i <= 39 && cgb_policy_next_action(*state, &action))
                        ;
                if (i == 39)
                        assert_int_equal(cgb_policy_set_written(*state, a, 7777), 0);
        }
        while (cgb_policy_next_action(*state, &action))
                if (action.node == a) {
                        assert_int_equal(action.previous, 7777);
                        seen = true;
                }
        assert_true(seen);
}

#define contract_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_weight_that_no_file_can_hold_is_refused, setup, teardown),
                cmocka_unit_test(options_out_of_range_are_refused),
                cmocka_unit_test(defaults_are_valid_for_any_step),
                contract_test(memory_that_is_too_small_is_refused),
                contract_test(a_share_out_of_range_is_refused),
                contract_test(nobody_knows_nobody),
                contract_test(a_number_of_cpus_out_of_range_is_refused),
                contract_test(nothing_to_do_leaves_the_out_parameter_alone),
                contract_test(when_the_capacity_is_used_up_nobody_joins_until_somebody_leaves_or_it_grows),
                contract_test(a_pool_with_children_cannot_leave),
                contract_test(a_number_given_out_again_brings_nothing_along),
                contract_test(actions_that_are_not_taken_wait_in_order_for_those_who_stay),
                contract_test(what_the_kernel_really_holds_is_believed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
