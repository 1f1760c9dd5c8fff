/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each rule sees one quantum after the other, and never what comes next. What it gives is never more than
 * what is wanted, so all of it is useful and totals can be compared.
 */

#include <math.h>

#include "../peers/karma.h"
#include "../peers/max-min.h"
#include "rules.h"

/*
 * So many that nobody ever runs out: with 100 times less, users with an unlucky start are cut off, which is not compared
 * here.
 */
#define KARMA_INITIAL_CREDITS 1000000

struct outcome outcome_of(const double total[CREDIT_USERS])
{
        double sorted[CREDIT_USERS], sum = 0;

        for (int i = 0; i < CREDIT_USERS; i++)
                sum += sorted[i] = total[i];
        return (struct outcome){
                .fairness = fairness_of(sorted, CREDIT_USERS),
                .utilisation = sum / ((double)CREDIT_CAPACITY * CREDIT_QUANTA),
        };
}

struct outcome run_static(const struct credit_trace *trace)
{
        double total[CREDIT_USERS] = {0};

        for (int i = 0; i < CREDIT_USERS; i++)
                for (int t = 0; t < CREDIT_QUANTA; t++)
                        total[i] += fmin(trace->demand[i][t], CREDIT_FAIR);
        return outcome_of(total);
}

struct outcome run_max_min(const struct credit_trace *trace)
{
        struct max_min_user users[CREDIT_USERS], *order[CREDIT_USERS];
        double total[CREDIT_USERS] = {0};

        for (int t = 0; t < CREDIT_QUANTA; t++) {
                for (int i = 0; i < CREDIT_USERS; i++)
                        users[i] = (struct max_min_user){.demand = trace->demand[i][t], .weight = 1};
                max_min(users, CREDIT_USERS, CREDIT_CAPACITY, order);
                for (int i = 0; i < CREDIT_USERS; i++)
                        total[i] += users[i].allocated;
        }
        return outcome_of(total);
}

struct outcome run_karma(const struct credit_trace *trace, unsigned alpha_permille)
{
        const struct karma karma = {.fair = CREDIT_FAIR, .guaranteed = CREDIT_FAIR * alpha_permille / 1000};
        struct karma_user users[CREDIT_USERS] = {0};
        struct karma_run runs[CREDIT_USERS];
        struct karma_edge edges[2 * CREDIT_USERS];
        double total[CREDIT_USERS] = {0};

        for (int i = 0; i < CREDIT_USERS; i++)
                users[i].credits = KARMA_INITIAL_CREDITS;
        for (int t = 0; t < CREDIT_QUANTA; t++) {
                for (int i = 0; i < CREDIT_USERS; i++)
                        users[i].demand = llround(trace->demand[i][t]); /* its slices are whole */
                karma_quantum(&karma, users, CREDIT_USERS, runs, edges);
                for (int i = 0; i < CREDIT_USERS; i++)
                        total[i] += (double)users[i].allocated;
        }
        return outcome_of(total);
}
