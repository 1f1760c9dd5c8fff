/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Karma's fast form is held to the published rule, and both to cases that one can do by hand. */

#include "test.h"

#include "../../bench/peers/karma.h"
#include "../../bench/karma/python-random.h"

#define USERS_MAX 24
#define QUANTA 16000

struct scratch {
        struct karma_run runs[USERS_MAX];
        struct karma_edge edges[2 * USERS_MAX];
};

static int64_t draw(struct python_random *random, int64_t low, int64_t high)
{
        return low + (int64_t)python_random_int(random, 0, (uint32_t)(high - low));
}

/* Few credits and close together in every other quantum, so that ties and empty purses are common; debts are there too. */
static size_t make_quantum(struct python_random *random, struct karma *karma, struct karma_user *users)
{
        size_t n = (size_t)draw(random, 1, USERS_MAX);
        int64_t richest = draw(random, 0, 1) ? 6 : 400;

        karma->fair = draw(random, 1, 12);
        karma->guaranteed = draw(random, 0, karma->fair);
        for (size_t i = 0; i < n; i++)
                users[i] = (struct karma_user){
                        .credits = draw(random, -3, richest),
                        .demand = draw(random, 0, 2) ? draw(random, 0, 3 * karma->fair) : 0,
                };
        return n;
}

static void the_fast_form_gives_each_user_what_the_naive_one_gives_in_16000_quanta(void **state)
{
        int64_t moved = 0;

        (void)state;
        for (uint64_t seed = 0; seed < QUANTA; seed++) {
                struct python_random random;
                struct karma karma;
                struct karma_user naive[USERS_MAX] = {0}, fast[USERS_MAX] = {0};
                struct scratch scratch;
                size_t n;

                python_random_seed(&random, seed);
                n = make_quantum(&random, &karma, naive);
                for (size_t i = 0; i < n; i++)
                        fast[i] = naive[i];
                karma_quantum_naive(&karma, naive, n);
                karma_quantum(&karma, fast, n, scratch.runs, scratch.edges);
                for (size_t i = 0; i < n; i++) {
                        assert_int_equal(fast[i].allocated, naive[i].allocated);
                        assert_int_equal(fast[i].credits, naive[i].credits);
                        assert_int_equal(fast[i].donated, naive[i].donated);
                        moved += naive[i].allocated > karma.guaranteed;
                }
        }
        assert_true(moved > QUANTA); /* borrowing is what was compared */
}

/* f = 2, alpha = 1/2. The first wants nothing and lends its guarantee of 1; 3 slices are shared. */
static void donated_slices_go_before_shared_ones_and_earn_their_donor_a_credit(void **state)
{
        const struct karma karma = {.fair = 2, .guaranteed = 1};
        struct karma_user users[] = {{.credits = 0, .demand = 0}, {.credits = 5, .demand = 2}, {.credits = 0, .demand = 1}};
        struct scratch scratch;

        (void)state;
        karma_quantum(&karma, users, N_OF(users), scratch.runs, scratch.edges);
        assert_int_equal(users[0].credits, 2);
        assert_int_equal(users[0].allocated, 0);
        assert_int_equal(users[1].credits, 5);
        assert_int_equal(users[1].allocated, 2);
        assert_int_equal(users[2].credits, 1);
        assert_int_equal(users[2].allocated, 1);
}

/*
 * f = 2, alpha = 0: 4 slices for two who want 4 each; they have 6 and 3 credits by then. The richer gets 3, is even, and
 * gets the tie.
 */
static void the_richer_borrower_goes_first_until_both_have_the_same(void **state)
{
        const struct karma karma = {.fair = 2, .guaranteed = 0};
        struct karma_user users[] = {{.credits = 4, .demand = 4}, {.credits = 1, .demand = 4}};
        struct scratch scratch;

        (void)state;
        karma_quantum(&karma, users, N_OF(users), scratch.runs, scratch.edges);
        assert_int_equal(users[0].allocated, 4);
        assert_int_equal(users[0].credits, 2);
        assert_int_equal(users[1].allocated, 0);
        assert_int_equal(users[1].credits, 3);
}

static void without_credit_nobody_borrows(void **state)
{
        const struct karma karma = {.fair = 3, .guaranteed = 3};
        struct karma_user users[] = {{.credits = 0, .demand = 9}, {.credits = 0, .demand = 0}};
        struct scratch scratch;

        (void)state;
        karma_quantum(&karma, users, N_OF(users), scratch.runs, scratch.edges);
        assert_int_equal(users[0].allocated, 3);
        assert_int_equal(users[1].credits, 0);
}

static void a_newcomer_gets_the_mean_credit(void **state)
{
        struct karma_user users[] = {{.credits = 1}, {.credits = 2}, {.credits = 9}};

        (void)state;
        assert_int_equal(karma_newcomer(users, N_OF(users), 50), 4);
        assert_int_equal(karma_newcomer(users, 0, 50), 50);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_fast_form_gives_each_user_what_the_naive_one_gives_in_16000_quanta),
                cmocka_unit_test(donated_slices_go_before_shared_ones_and_earn_their_donor_a_credit),
                cmocka_unit_test(the_richer_borrower_goes_first_until_both_have_the_same),
                cmocka_unit_test(without_credit_nobody_borrows),
                cmocka_unit_test(a_newcomer_gets_the_mean_credit),
        };

        return cmocka_run_group_tests_name("karma", tests, NULL, NULL);
}
