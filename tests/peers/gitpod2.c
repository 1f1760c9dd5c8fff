/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "../../bench/peers/gitpod2.h"
#include "../../bench/peers/max-min.h"

#define WORKSPACES 6
#define STEPS 1000
#define STEP_SEC 10 /* its own tests took 10 s */
#define STEP_USEC (STEP_SEC * UINT64_C(1000000))
#define PERIODS (STEP_SEC * 10)

/* A node of gitpod2_published.total, and eaters that always want the same. */
struct node {
        struct gitpod2_workspace workspaces[WORKSPACES], *order[WORKSPACES];
        double used_sec[WORKSPACES];
};

/* Eaters of 1 to 6 CPUs: 21 in all, of which 12 can be had. Limits cut, then the node divides what is left fairly. */
static void run_step(struct node *node)
{
        struct max_min_user users[WORKSPACES], *order[WORKSPACES];

        for (int i = 0; i < WORKSPACES; i++) {
                double limit = (double)node->workspaces[i].limit / 1000, wanted = i + 1;

                users[i] = (struct max_min_user){.demand = wanted < limit ? wanted : limit, .weight = 1};
                if (wanted > limit)
                        node->workspaces[i].nr_throttled += PERIODS;
        }
        max_min(users, WORKSPACES, (double)gitpod2_published.total / 1000, order);
        for (int i = 0; i < WORKSPACES; i++) {
                node->used_sec[i] += users[i].allocated * STEP_SEC;
                node->workspaces[i].usage_usec = (uint64_t)(node->used_sec[i] * 1e6 + .5);
        }
        gitpod2_step(&gitpod2_published, node->workspaces, WORKSPACES, STEP_USEC, node->order);
}

static struct node new_node(void)
{
        struct node node = {0};

        for (int i = 0; i < WORKSPACES; i++)
                node.workspaces[i].limit = gitpod2_published.base;
        return node;
}

static size_t count_bursts(const struct node *node)
{
        size_t n = 0;

        for (int i = 0; i < WORKSPACES; i++)
                n += node->workspaces[i].limit == gitpod2_published.burst;
        return n;
}

static void the_first_throttling_is_not_seen(void **state)
{
        struct node node = new_node();

        (void)state;
        run_step(&node);
        assert_int_equal(count_bursts(&node), 0);
        run_step(&node);
        assert_int_equal(count_bursts(&node), 1);
}

/* At the base 1 + 5 * 2 of 12 CPUs are used. One burst counts 6: no more than one is given. */
static void of_those_throttled_the_one_that_used_least_in_its_life_gets_the_burst(void **state)
{
        struct node node = new_node();

        (void)state;
        for (int i = 2; i < WORKSPACES; i++)
                node.used_sec[i] = 1000 - 10 * i; /* the last has used least */
        run_step(&node);
        run_step(&node);
        assert_int_equal(count_bursts(&node), 1);
        assert_int_equal(node.workspaces[WORKSPACES - 1].limit, gitpod2_published.burst);
}

/* A step with a burst fills the node, so the next one has none: 11 and 12 CPUs in turn. */
static void bursts_come_every_other_step(void **state)
{
        struct node node = new_node();

        (void)state;
        run_step(&node);
        for (int i = 0; i < STEPS; i++) {
                run_step(&node);
                assert_int_equal(count_bursts(&node), 1 - i % 2);
        }
}

static void who_comes_later_gets_the_bursts_until_it_has_used_as_much(void **state)
{
        struct node node = new_node();

        (void)state;
        for (int i = 0; i < WORKSPACES - 1; i++)
                node.used_sec[i] = 36000;
        for (int i = 0; i < STEPS; i++) {
                run_step(&node);
                for (int k = 0; k < WORKSPACES - 1; k++)
                        assert_int_equal(node.workspaces[k].limit, gitpod2_published.base);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_throttling_is_not_seen),
                cmocka_unit_test(of_those_throttled_the_one_that_used_least_in_its_life_gets_the_burst),
                cmocka_unit_test(bursts_come_every_other_step),
                cmocka_unit_test(who_comes_later_gets_the_bursts_until_it_has_used_as_much),
        };

        return cmocka_run_group_tests_name("gitpod2", tests, NULL, NULL);
}
