/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_POLICIES_H
#define BENCH_SIM_POLICIES_H

/* Each in a file of its name, policy-NAME.c. A new one is declared here, and gets a line in registry.c. */

#include "policy.h"

extern const struct sim_policy sim_policy_equal;
extern const struct sim_policy sim_policy_oracle;
extern const struct sim_policy sim_policy_cgburst;

#endif
