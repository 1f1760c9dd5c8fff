/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_EC2_H
#define BENCH_PEERS_EC2_H

/* CPU credits of Amazon's T2 and T3 instances, standard mode. See ec2.c. */

#include <stdbool.h>
#include <stddef.h>

/* A credit is one vCPU for a minute. */
struct ec2_type {
        const char *name;
        double earned_per_hour;
        double cap; /* 24 h of earning */
        unsigned vcpus;
        double baseline; /* part of each vCPU that is left without credit */
};

extern const struct ec2_type ec2_types[];
extern const size_t ec2_n_types;

#define EC2_LAUNCH_CREDITS_PER_VCPU 30 /* T2 alone */

struct ec2 {
        double launch; /* credits */
        double earned;
};

/* NULL if there is no such type. */
const struct ec2_type *ec2_find_type(const char *name);

struct ec2 ec2_launch(const struct ec2_type *type);

/* @used_sec: CPU seconds since the last step, over all vCPUs. */
void ec2_step(struct ec2 *state, const struct ec2_type *type, double used_sec, double elapsed_sec);

double ec2_credits(const struct ec2 *state);

/* CPUs that may be used from now on. */
double ec2_limit(const struct ec2 *state, const struct ec2_type *type);

#endif
