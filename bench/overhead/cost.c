/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>

#include "../common/complain.h"
#include "../common/stats.h"
#include "cost.h"

/* Everybody's weight has been written once by then, and so is in the journal, which is synced to disk for a first write. */
#define WARMUP_STEPS (2 * CROWD_PHASE)

/*
 * And where some sleep: they are asleep by then, their fast credit has filled, which takes a hundred steps of the crowd's
 * clock, and each has been visited twice since, which takes 32. Before that every visit finds another weight.
 */
#define WARMUP_SLEEPERS 164

/* What is measured by turns. */
enum {
        STEP,
        BARE,
        BARE_LOOK,
        KINDS,
};

/* One of each, every one after a turn of the load. The bare ones repeat what the step has changed. */
static int measure_once(struct crowd *crowd, double nsec[KINDS], struct cost *sums)
{
        struct crowd_step step;
        int error = crowd_work(crowd);

        if (error >= 0)
                error = crowd_step(crowd, &step);
        if (error < 0)
                return error;
        nsec[STEP] = (double)step.nsec;
        sums->reads += (double)step.reads;
        sums->writes += (double)step.writes;
        for (int kind = BARE; kind <= BARE_LOOK; kind++) {
                int64_t took_nsec;

                error = crowd_work(crowd);
                if (error < 0)
                        return error;
                took_nsec = bare_step(&crowd->bare, crowd->changes, crowd->n_changes, kind == BARE_LOOK);
                if (took_nsec < 0)
                        return (int)took_nsec;
                nsec[kind] = (double)took_nsec;
        }
        return 0;
}

static int warm_up(struct crowd *crowd)
{
        size_t steps = WARMUP_STEPS + (crowd->plan.registered > crowd->plan.active ? WARMUP_SLEEPERS : 0);
        int error = 0;

        for (size_t i = 0; i < steps && error >= 0; i++) {
                struct cost sums = {0};
                double nsec[KINDS];

                if (i == WARMUP_STEPS && crowd->plan.registered > crowd->plan.active)
                        crowd_let_sleep(crowd);
                error = measure_once(crowd, nsec, &sums);
        }
        return error;
}

static int measure(struct crowd *crowd, double *nsec[KINDS], struct cost *cost)
{
        int error = warm_up(crowd);

        for (size_t i = 0; i < cost->repeats && error >= 0; i++) {
                double once[KINDS];

                error = measure_once(crowd, once, cost);
                for (int kind = 0; kind < KINDS && error >= 0; kind++)
                        nsec[kind][i] = once[kind];
        }
        return error;
}

/* Of each step over the bare calls that repeat it: what slows the machine down for a second slows down both. */
static double median_ratio(const double *over, const double *under, size_t n, double *quotients)
{
        for (size_t i = 0; i < n; i++)
                quotients[i] = over[i] / under[i];
        return median(quotients, n);
}

static void sum_up(struct cost *cost, double *nsec[KINDS], double *scratch)
{
        cost->step_to_bare = median_ratio(nsec[STEP], nsec[BARE], cost->repeats, scratch);
        cost->step_to_bare_look = median_ratio(nsec[STEP], nsec[BARE_LOOK], cost->repeats, scratch);
        cost->step_nsec = median(nsec[STEP], cost->repeats);
        cost->bare_nsec = median(nsec[BARE], cost->repeats);
        cost->bare_look_nsec = median(nsec[BARE_LOOK], cost->repeats);
        cost->reads /= (double)cost->repeats;
        cost->writes /= (double)cost->repeats;
}

int cost_measure(struct cost *ret, const struct groups *place, const struct crowd_plan *plan, size_t repeats,
        struct interrupt *interrupt)
{
        struct cost cost = {.plan = *plan, .repeats = repeats};
        double *values = calloc(repeats * (KINDS + 1), sizeof(*values));
        double *nsec[KINDS] = {values, values + repeats, values + 2 * repeats};
        struct crowd crowd;
        int error;

        if (!values)
                return complain(-ENOMEM, "the list of times");
        error = crowd_open(&crowd, place, plan, interrupt);
        if (error >= 0) {
                error = measure(&crowd, nsec, &cost);
                crowd_close(&crowd);
        }
        if (error >= 0) {
                sum_up(&cost, nsec, values + KINDS * repeats);
                *ret = cost;
        }
        free(values);
        return error;
}

void cost_print_header(FILE *file)
{
        fprintf(file, "%10s %7s %-9s %10s %10s %10s %10s %10s %9s %8s %8s\n", "registered", "active", "load", "step, us",
                "bare, us", "+looks, us", "step/bare", "step/looks", "us/active", "reads", "writes");
}

void cost_print(FILE *file, const struct cost *cost)
{
        fprintf(file, "%10zu %7zu %-9s %10.0f %10.0f %10.0f %10.2f %10.2f %9.2f %8.1f %8.1f\n", cost->plan.registered,
                cost->plan.active, crowd_load_to_string(cost->plan.load), cost->step_nsec / 1e3, cost->bare_nsec / 1e3,
                cost->bare_look_nsec / 1e3, cost->step_to_bare, cost->step_to_bare_look,
                cost->step_nsec / 1e3 / (double)cost->plan.active, cost->reads, cost->writes);
        fflush(file);
}

void cost_write_json(FILE *file, const struct cost *cost)
{
        fprintf(file,
                "{\"what\":\"step\",\"registered\":%zu,\"active\":%zu,\"load\":\"%s\",\"repeats\":%zu,\"step_nsec\":%.0f,\"bare_nsec\":%.0f,"
                "\"bare_look_nsec\":%.0f,\"step_to_bare\":%.4f,\"step_to_bare_look\":%.4f,\"reads\":%.2f,\"writes\":%.2f}",
                cost->plan.registered, cost->plan.active, crowd_load_to_string(cost->plan.load), cost->repeats,
                cost->step_nsec, cost->bare_nsec, cost->bare_look_nsec, cost->step_to_bare, cost->step_to_bare_look,
                cost->reads, cost->writes);
}
