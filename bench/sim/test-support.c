/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "test-support.h"

/* A tenth of the microsecond in which a kernel counts. */
#define NEAR 1e-7

void put(
        struct trace *trace, double arrival_sec, const char *workspace, const char *kind, double cpu_sec, double parallelism)
{
        struct trace_job job = {
                .arrival_sec = arrival_sec, .cpu_sec = cpu_sec, .parallelism = parallelism, .stop_sec = INFINITY};
        int owner = trace_workspace(trace, workspace), number = trace_kind(trace, kind);

        assert_true(owner >= 0 && number >= 0);
        job.workspace = (uint32_t)owner;
        job.kind = (uint32_t)number;
        assert_int_equal(trace_add(trace, &job), 0);
}

struct sim_result run_under(
        struct trace *trace, const struct sim_policy *policy, unsigned cpus, enum lanes lanes, unsigned hogs)
{
        struct sim_choice choice = {.policy = policy, .name = "under test"};
        struct sim_plan plan = {.trace = trace, .choice = &choice, .cpus = cpus, .lanes = lanes, .hogs = hogs};
        struct sim_result result = {0};

        assert_int_equal(sim_run(&result, &plan), 0);
        trace_free(trace);
        return result;
}

double response_of(const struct sim_result *result, size_t kind)
{
        assert_int_equal(result->kinds[kind].response_sec.n, 1);
        return result->kinds[kind].response_sec.mean;
}

void assert_near(double found, double expected)
{
        if (!(fabs(found - expected) <= NEAR))
                fail_msg("%.9g is not %.9g", found, expected);
}

int open_nothing(void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        (void)machine, (void)step_usec, (void)arguments;
        *ret_state = NULL;
        return 0;
}
