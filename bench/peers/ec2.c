/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Amazon EC2, burstable instances T2 and T3 in standard mode. An instance earns credits all the time, up to those of 24
 * hours, and spends one for each minute of a vCPU. With none left its vCPUs run at the baseline, which is what it earns. A
 * T2 begins with 30 credits a vCPU that are spent first and lie outside of the cap.
 *
 * The credit is absolute: it is spent on an empty machine as well, and without it CPUs idle beside somebody who waits.
 */

#include <string.h>

#include "ec2.h"

#define MINUTE_SEC 60.0
#define HOUR_SEC 3600.0

const struct ec2_type ec2_types[] = {
        {"t2.micro", 6, 144, 1, .10},
        {"t3.nano", 6, 144, 2, .05},
        {"t3.micro", 12, 288, 2, .10},
        {"t3.small", 24, 576, 2, .20},
        {"t3.medium", 24, 576, 2, .20},
        {"t3.large", 36, 864, 2, .30},
        {"t3.xlarge", 96, 2304, 4, .40},
        {"t3.2xlarge", 192, 4608, 8, .40},
};
const size_t ec2_n_types = sizeof(ec2_types) / sizeof(ec2_types[0]);

const struct ec2_type *ec2_find_type(const char *name)
{
        for (size_t i = 0; i < ec2_n_types; i++)
                if (!strcmp(ec2_types[i].name, name))
                        return &ec2_types[i];
        return NULL;
}

struct ec2 ec2_launch(const struct ec2_type *type)
{
        bool is_t2 = !strncmp(type->name, "t2.", 3);

        return (struct ec2){.launch = is_t2 ? EC2_LAUNCH_CREDITS_PER_VCPU * type->vcpus : 0};
}

static double at_least_0(double number)
{
        return number > 0 ? number : 0;
}

void ec2_step(struct ec2 *state, const struct ec2_type *type, double used_sec, double elapsed_sec)
{
        double spent = used_sec / MINUTE_SEC, from_launch = spent < state->launch ? spent : state->launch;

        state->launch -= from_launch;
        state->earned = at_least_0(state->earned + type->earned_per_hour * elapsed_sec / HOUR_SEC - (spent - from_launch));
        if (state->earned > type->cap)
                state->earned = type->cap;
}

double ec2_credits(const struct ec2 *state)
{
        return state->launch + state->earned;
}

double ec2_limit(const struct ec2 *state, const struct ec2_type *type)
{
        return ec2_credits(state) > 0 ? type->vcpus : type->vcpus * type->baseline;
}
