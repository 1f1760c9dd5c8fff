/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "run.h"

/* A burst that has not come back after so long has met a machine that does not work. */
#define BURST_PATIENCE_USEC (300 * USEC_PER_SEC)

static int make_groups(struct run *run)
{
        const struct policy *policy = run->plan->policy;
        int error;

        run->groups = *run->plan->place;
        error = groups_open(&run->groups);
        if (error >= 0)
                error = groups_add(&run->groups, "interactive", policy->interactive_weight);
        for (size_t i = 0; i < run->plan->hog_groups && error >= 0; i++) {
                char name[32];

                snprintf(name, sizeof(name), "load-%zu", i + 1);
                error = groups_add(&run->groups, name, policy->load_weight);
        }
        return error < 0 ? error : 0;
}

static int start_manager(struct run *run)
{
        const struct manager_options options = {
                .step_usec = run->plan->policy->step_usec,
                .reach_permille = run->plan->reach_permille,
                .backend = run->plan->policy->backend,
        };

        if (run->plan->policy->kind != POLICY_CGBURST)
                return 0;
        return manager_start(&run->manager, &run->groups, &options);
}

static int start_loops(struct run *run, const struct spinner *spinner)
{
        if (run->plan->policy->kind == POLICY_ALONE)
                return 0;
        run->loops = share_memory(sizeof(*run->loops));
        if (!run->loops)
                return -ENOMEM;
        run->loops->spinner = *spinner;
        for (size_t i = 0; i < run->plan->hog_groups * run->plan->hogs_per_group; i++) {
                pid_t pid = crew_start(
                        &run->crew, &run->groups, FIRST_LOAD + i % run->plan->hog_groups, spin_for_ever, run->loops);

                if (pid < 0)
                        return pid;
        }
        return 0;
}

static int start_probe(struct run *run, const struct spinner *spinner)
{
        int wake[2];

        if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
                return complain(-errno, "pipe2");
        run->probe = probe_new(&run->plan->probe, spinner, wake[1]);
        if (run->probe)
                run->probe_pid = crew_start(&run->crew, &run->groups, INTERACTIVE, probe_work, run->probe);
        close(wake[1]); /* the probe alone holds it now: end-of-file says that it died */
        run->wake_fd = wake[0];
        if (!run->probe)
                return -ENOMEM;
        return run->probe_pid < 0 ? run->probe_pid : 0;
}

int run_begin(struct run *ret, const struct run_plan *plan, struct interrupt *interrupt, const struct spinner *spinner)
{
        int error;

        *ret = (struct run){.plan = plan, .interrupt = interrupt, .wake_fd = -1, .measured_from_usec = UINT64_MAX};
        ret->groups.mount_fd = ret->groups.parent_fd = ret->groups.usage_fd = -1;
        error = make_groups(ret);
        if (error >= 0)
                error = start_manager(ret);
        if (error >= 0)
                error = start_loops(ret, spinner);
        if (error >= 0)
                error = start_probe(ret, spinner);
        if (error < 0)
                run_end(ret);
        return error;
}

/* Takes the bytes that the probe sent, which only wake us up. */
static int take_wakeups(struct run *run)
{
        char bytes[64];
        ssize_t got;

        do
                got = read(run->wake_fd, bytes, sizeof(bytes));
        while (got > 0);
        return got == 0 ? complain(-EPIPE, "the probe has died") : 0;
}

static int check_manager(const struct run *run)
{
        if (run->manager.pid && wait_until(run->interrupt, run->manager.alive_fd, -1, 0) == 1)
                return complain(-EPIPE, "cgburst has ended in the middle of a run");
        return 0;
}

/* @return 0 when it is time; 1 after a burst; a negative errno */
static int wait_for_burst(struct run *run, uint64_t until_usec)
{
        int alive_fd = run->manager.pid ? run->manager.alive_fd : -1, result;

        result = wait_until(run->interrupt, run->wake_fd, alive_fd, until_usec);
        if (result <= 0)
                return result;
        result = check_manager(run);
        if (result >= 0)
                result = take_wakeups(run);
        return result < 0 ? result : 1;
}

int run_wait(struct run *run, uint64_t until_usec)
{
        int result;

        do
                result = wait_for_burst(run, until_usec);
        while (result > 0);
        return result;
}

/* Bursts that were due at @from_usec or later and are done. */
static size_t count_since(const struct probe *probe, uint64_t from_usec)
{
        size_t n = atomic_load(&probe->n), count = 0;

        while (n > count && probe->bursts[n - count - 1].due_usec >= from_usec)
                count++;
        return count;
}

static int wait_for_measured(struct run *run)
{
        while (count_since(run->probe, run->measured_from_usec) < run->plan->bursts) {
                int result = wait_for_burst(run, now_usec() + BURST_PATIENCE_USEC);

                if (result == 0)
                        return complain(-ETIMEDOUT, "no burst was done in %llu s",
                                (unsigned long long)(BURST_PATIENCE_USEC / USEC_PER_SEC));
                if (result < 0)
                        return result;
        }
        return 0;
}

uint64_t run_elsewhere_usec(const struct probe_burst *burst)
{
        uint64_t known = burst->burst.cpu_usec + burst->run_delay_usec;

        return burst->response_usec > known ? burst->response_usec - known : 0;
}

uint64_t run_machine_usec(const struct run *run, const struct probe_burst *burst)
{
        uint64_t end = burst->due_usec + burst->response_usec, under_loops = 0, elsewhere = run_elsewhere_usec(burst);

        if (run->loops)
                under_loops = stalled_between(run->loops, burst->burst.last_cpu, burst->due_usec, end);
        return burst->burst.cpu_usec - run->plan->probe.burst_usec + (under_loops > elsewhere ? under_loops : elsewhere);
}

/* Of the first @n, those due at @from_usec or later and before @to_usec. @scratch has room for @n. */
static struct percentiles percentiles_between(
        const struct probe *probe, size_t n, uint64_t from_usec, uint64_t to_usec, uint64_t *scratch)
{
        size_t count = 0;

        for (size_t i = 0; i < n; i++)
                if (probe->bursts[i].due_usec >= from_usec && probe->bursts[i].due_usec < to_usec)
                        scratch[count++] = probe->bursts[i].response_usec;
        return percentiles_of(scratch, count);
}

/* @return how many. */
static size_t copy_measured(const struct run *run, size_t n, struct response *ret)
{
        size_t count = 0;

        for (size_t i = 0; i < n; i++) {
                const struct probe_burst *burst = &run->probe->bursts[i];

                if (burst->due_usec >= run->measured_from_usec)
                        ret[count++] = (struct response){burst->response_usec, run_machine_usec(run, burst)};
        }
        return count;
}

static struct percentiles net_percentiles(const struct response *responses, size_t n, uint64_t *scratch)
{
        for (size_t i = 0; i < n; i++) {
                uint64_t whole = responses[i].response_usec, machine = responses[i].machine_usec;

                scratch[i] = whole > machine ? whole - machine : 0;
        }
        return percentiles_of(scratch, n);
}

static double weight_ratio_at(const struct run *run, uint64_t at_usec)
{
        const struct policy *policy = run->plan->policy;
        const struct manager_memory *memory = run->manager.memory;
        double loads = 0;

        for (size_t i = 0; i < run->plan->hog_groups; i++)
                loads += manager_weight_at(memory, FIRST_LOAD + i, policy->load_weight, at_usec);
        return manager_weight_at(memory, INTERACTIVE, policy->interactive_weight, at_usec) * (double)run->plan->hog_groups /
               loads;
}

/* What the bursts met that were measured. */
static int note_weights(const struct run *run, size_t n, struct run_result *result)
{
        double *ratios = calloc(n + 1, sizeof(*ratios));
        size_t count = 0;

        if (!ratios)
                return complain(-ENOMEM, "the weights of all bursts");
        for (size_t i = 0; i < n; i++)
                if (run->probe->bursts[i].due_usec >= run->measured_from_usec)
                        ratios[count++] = weight_ratio_at(run, run->probe->bursts[i].due_usec);
        result->weight_ratio = count ? median(ratios, count) : 0;
        free(ratios);
        return 0;
}

static int note_responses(const struct run *run, struct run_result *result)
{
        size_t n = atomic_load(&run->probe->n); /* the probe goes on meanwhile */
        uint64_t *scratch = calloc(n + 1, sizeof(*scratch));
        int error = 0;

        result->responses = calloc(n + 1, sizeof(*result->responses));
        if (!scratch || !result->responses) {
                free(scratch);
                free(result->responses);
                return complain(-ENOMEM, "the responses of the probe");
        }
        result->cold = percentiles_between(run->probe, n, 0, run->measured_from_usec, scratch);
        result->measured = percentiles_between(run->probe, n, run->measured_from_usec, UINT64_MAX, scratch);
        result->net = net_percentiles(result->responses, copy_measured(run, n, result->responses), scratch);
        free(scratch);
        if (run->manager.pid)
                error = note_weights(run, n, result);
        if (error < 0)
                free(result->responses);
        return error;
}

static void note_usage(const struct run *run, const struct usage *usage, struct run_result *result)
{
        double capacity = usage_capacity_usec(usage), others = (double)usage_sum_from(usage, FIRST_LOAD);

        if (capacity <= 0)
                return;
        result->others_used_of_left = others / (capacity - (double)usage->group_usec[INTERACTIVE]);
        result->others_share_error = usage_share_error(usage, FIRST_LOAD);
        result->cpu_used_of_all = (double)usage->parent_usec / capacity;
        result->manager_used_of_all = (double)usage->manager_usec / capacity;
        if (run->manager.pid) {
                result->weights_written = atomic_load(&run->manager.memory->n_writes);
                result->longest_dispatch_usec = atomic_load(&run->manager.memory->longest_dispatch_usec);
        }
}

int run_measure(struct run *run, struct run_result *ret)
{
        struct usage start = usage_now(&run->groups, run->manager.pid), end, used;
        struct run_result result = {0};
        uint64_t stalled = 0;
        int error;

        error = run_wait(run, start.wall_usec + run->plan->warmup_usec);
        if (error < 0)
                return error;
        run->measured_from_usec = now_usec();
        if (run->loops)
                stalled = atomic_load(&run->loops->stalled_usec);
        if (run->plan->bursts > 0) { /* else what was used is told of the cold start */
                start = usage_now(&run->groups, run->manager.pid);
                error = wait_for_measured(run);
        }
        if (error < 0)
                return error;
        end = usage_now(&run->groups, run->manager.pid);
        used = usage_between(&start, &end);
        note_usage(run, &used, &result);
        if (run->loops && run->plan->bursts > 0)
                result.stalled_of_all =
                        (double)(atomic_load(&run->loops->stalled_usec) - stalled) / usage_capacity_usec(&used);
        error = note_responses(run, &result);
        if (error >= 0)
                *ret = result;
        return error;
}

/* Processes first: they hold copies of the manager's pipe, whose closing ends it. */
void run_end(struct run *run)
{
        crew_kill(&run->crew);
        manager_stop(&run->manager);
        if (run->probe)
                probe_free(run->probe);
        if (run->loops)
                unshare_memory(run->loops, sizeof(*run->loops));
        if (run->wake_fd >= 0)
                close(run->wake_fd);
        groups_close(&run->groups);
        run->probe = NULL;
        run->loops = NULL;
        run->wake_fd = -1;
}
