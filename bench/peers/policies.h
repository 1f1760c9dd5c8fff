/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_POLICIES_H
#define BENCH_PEERS_POLICIES_H

/* The peers as policies of the simulated node, each in policy-NAME.c: nothing of a law is in there. */

#include "../sim/policy.h"

extern const struct sim_policy sim_policy_arbiter2;
extern const struct sim_policy sim_policy_ec2;
extern const struct sim_policy sim_policy_gitpod1;
extern const struct sim_policy sim_policy_gitpod2;
extern const struct sim_policy sim_policy_karma;
extern const struct sim_policy sim_policy_koordinator;
extern const struct sim_policy sim_policy_quota;
extern const struct sim_policy sim_policy_quota_burst;
extern const struct sim_policy sim_policy_uresourced;

#endif
