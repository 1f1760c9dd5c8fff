/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * 100 users over 900 quanta, each on and off by a chain of two states: some are seldom on, some often, in short stretches or
 * long ones. Over the trace all want the same, their fair share; so a rule that remembers can make them equal, and one that
 * forgets cannot.
 */

#include "credit-trace.h"
#include "python-random.h"

#define DUTY_MIN .15
#define DUTY_MAX .7
#define STRETCH_MIN 3 /* quanta for which a user stays on, in the mean */
#define STRETCH_MAX 30
#define DEMAND_SIGMA .5 /* of the logarithm */

static void make_user(double *demand, struct python_random *random)
{
        double duty = python_random_uniform(random, DUTY_MIN, DUTY_MAX), sum = 0;
        double stretch = python_random_int(random, STRETCH_MIN, STRETCH_MAX);
        double leave_on = 1 / stretch, leave_off = duty / (1 - duty) / stretch;
        int on = python_random_unit(random) < duty;

        for (int i = 0; i < CREDIT_QUANTA; i++) {
                if (python_random_unit(random) < (on ? leave_on : leave_off))
                        on = !on;
                demand[i] = on ? python_random_lognormal(random, 0, DEMAND_SIGMA) : 0;
                sum += demand[i];
        }
        for (int i = 0; i < CREDIT_QUANTA && sum > 0; i++)
                demand[i] *= CREDIT_FAIR * CREDIT_QUANTA / sum;
}

void credit_trace_make(struct credit_trace *trace, uint64_t seed)
{
        struct python_random random;

        python_random_seed(&random, seed);
        for (int user = 0; user < CREDIT_USERS; user++)
                make_user(trace->demand[user], &random);
}
