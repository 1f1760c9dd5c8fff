/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/files.h"
#include "../kernel/usage.h"
#include "crowd.h"

#define STATE_TEMPLATE "/tmp/cgburst-bench-XXXXXX"

/* On the context's clock. Short, so that many steps are made in little CPU time. */
#define STEP_USEC (100 * USEC_PER_MSEC)

/* The law calls active who used a thousandth of a CPU; those of the load who use least use half of the mean. */
#define ACTIVE_MEAN_PER_STEP 500

/* A signal is looked for after so many groups. */
#define LOOK_EVERY 64

static uint64_t crowd_clock(void *userdata)
{
        return ((const struct crowd *)userdata)->clock_usec;
}

/* Six files a group are kept open: four of ours and two of the library, which takes half of what it may have. */
static int raise_file_limit(size_t groups)
{
        struct rlimit limit;
        size_t wanted = groups * 6 + 256;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return complain(-errno, "RLIMIT_NOFILE");
        if (limit.rlim_max < wanted)
                return complain(-EMFILE,
                        "%zu groups want %zu open files, and the hard limit is %ju: raise it (ulimit -Hn), or take fewer groups",
                        groups, wanted, (uintmax_t)limit.rlim_max);
        limit.rlim_cur = limit.rlim_max;
        return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? complain(-errno, "RLIMIT_NOFILE") : 0;
}

static int make_groups(struct crowd *crowd)
{
        for (size_t i = 0; i < crowd->plan.registered; i++) {
                char name[24];
                int error;

                if (i % LOOK_EVERY == 0 && interrupted(crowd->interrupt))
                        return -EINTR;
                snprintf(name, sizeof(name), "w%zu", i);
                error = groups_add(&crowd->groups, name, CGB_WEIGHT_DEFAULT);
                if (error < 0)
                        return error;
        }
        return 0;
}

static int start_workers(struct crowd *crowd)
{
        for (size_t i = 0; i < crowd->plan.active; i++) {
                int error;

                if (i % LOOK_EVERY == 0 && interrupted(crowd->interrupt))
                        return -EINTR;
                error = workers_add(&crowd->workers, &crowd->groups, i);
                if (error < 0)
                        return error;
        }
        return 0;
}

static int complain_of(const struct crowd *crowd, int error, const char *call)
{
        const struct cgb_fault *fault = cgb_get_fault(crowd->cgb);

        return complain(error, "%s: %s: %s; %s", call, fault->file, fault->message, fault->remedy);
}

/*
 * Where the load is settled credit counts for nothing: the law is gone through in full, and every weight stays its share's.
 */
static int start_context(struct crowd *crowd)
{
        struct cgb_options options;
        struct cgb_policy_options policy;
        struct cgb_fault fault = {0};
        int error;

        cgb_policy_options_init(&policy, STEP_USEC, (uint32_t)crowd->plan.registered + 1);
        if (crowd->plan.load == CROWD_SETTLED)
                policy.slow_strength_permille = policy.debt_strength_permille = policy.fast_strength_permille = 0;
        crowd->forgotten_usec = 2 * policy.fast_depth_usec + STEP_USEC;
        cgb_options_init(&options);
        options.mount = crowd->groups.mount;
        options.parent = crowd->groups.parent;
        options.state_dir = crowd->state_dir;
        options.step_usec = STEP_USEC;
        options.policy = &policy;
        options.now_usec = crowd_clock;
        options.userdata = crowd;
        error = cgb_new(&crowd->cgb, &options, &fault);
        if (error < 0)
                return complain(error, "cgb_new: %s: %s; %s", fault.file, fault.message, fault.remedy);
        error = cgb_start(crowd->cgb);
        return error < 0 ? complain_of(crowd, error, "cgb_start") : 0;
}

static int make_all(struct crowd *crowd, const struct groups *place)
{
        struct groups groups = *place;
        int error;

        crowd->written = calloc(crowd->plan.registered, sizeof(*crowd->written));
        crowd->changes = calloc(crowd->plan.registered, sizeof(*crowd->changes));
        if (!crowd->written || !crowd->changes)
                return complain(-ENOMEM, "a table of %zu groups", crowd->plan.registered);
        error = groups_open(&groups);
        if (error < 0)
                return error;
        crowd->groups = groups;
        error = make_groups(crowd);
        if (error >= 0)
                error = workers_open(&crowd->workers, crowd->plan.active);
        if (error >= 0)
                error = start_workers(crowd);
        if (error >= 0)
                error = bare_open(&crowd->bare, &crowd->groups, crowd->plan.active);
        return error < 0 ? error : start_context(crowd);
}

int crowd_open(struct crowd *ret, const struct groups *place, const struct crowd_plan *plan, struct interrupt *interrupt)
{
        int error = raise_file_limit(plan->registered);

        if (error < 0)
                return error;
        *ret = (struct crowd){
                .plan = *plan,
                .interrupt = interrupt,
                .groups = {.mount_fd = -1, .parent_fd = -1, .usage_fd = -1},
                .bare = {.pool_fds = {-1, -1, -1}},
                .clock_usec = USEC_PER_SEC,
                .state_dir = STATE_TEMPLATE,
        };
        if (!mkdtemp(ret->state_dir))
                return complain(-errno, STATE_TEMPLATE);
        error = make_all(ret, place);
        if (error < 0)
                crowd_close(ret);
        return error;
}

/* In the mean over all: the CPUs are full, and everybody is active. */
static uint64_t mean_usec_per_step(const struct crowd_plan *plan)
{
        uint64_t fair_usec = STEP_USEC * count_cpus() / plan->active, active_usec = STEP_USEC / ACTIVE_MEAN_PER_STEP;

        return fair_usec > active_usec ? fair_usec : active_usec;
}

int crowd_work(struct crowd *crowd)
{
        uint64_t half_usec = mean_usec_per_step(&crowd->plan) / CROWD_TURNS / 2;

        for (size_t i = 0; i < crowd->plan.active; i++)
                workers_order(&crowd->workers, i, half_usec * crowd_part(crowd->plan.load, i, crowd->turns / CROWD_TURNS));
        crowd->turns++;
        return workers_round(&crowd->workers, crowd->interrupt);
}

struct io {
        uint64_t reads, writes;
};

static int read_io(struct io *ret)
{
        char text[512];
        const char *reads, *writes;
        int error = read_at(AT_FDCWD, "/proc/self/io", text, sizeof(text));

        if (error < 0)
                return complain(error, "/proc/self/io");
        reads = strstr(text, "syscr: ");
        writes = strstr(text, "syscw: ");
        if (!reads || !writes)
                return complain(-EPROTO, "/proc/self/io: no syscr and syscw");
        *ret = (struct io){.reads = strtoull(reads + 7, NULL, 10), .writes = strtoull(writes + 7, NULL, 10)};
        return 0;
}

static int complain_of_event(const struct cgb_event *event)
{
        if (event->type == CGB_EVENT_ERROR)
                return complain(event->fault->code, "%s: %s", event->fault->file, event->fault->message);
        return complain(-EBUSY, "%s: somebody else wrote its weight, %u", event->name, event->weight);
}

static int take_events(struct crowd *crowd)
{
        struct cgb_event event;

        while (cgb_next_event(crowd->cgb, &event))
                if (event.type == CGB_EVENT_ERROR || event.type == CGB_EVENT_FOREIGN_WRITE)
                        return complain_of_event(&event);
        return 0;
}

static void note_change(struct crowd *crowd, size_t group, uint32_t weight)
{
        uint32_t before = crowd->written[group];

        crowd->written[group] = weight;
        if (before == 0 || before == weight)
                return;
        struct bare_change *change = &crowd->changes[crowd->n_changes++];

        change->group = group;
        snprintf(change->now, sizeof(change->now), "%" PRIu32, weight);
        snprintf(change->before, sizeof(change->before), "%" PRIu32, before);
}

static int note_changes(struct crowd *crowd)
{
        struct cgb_workspace workspace = {.size = sizeof(workspace)};

        crowd->n_changes = 0;
        for (size_t i = 0; cgb_get_workspace(crowd->cgb, i, &workspace) == 0; i++) {
                size_t group = strtoul(workspace.name + 1, NULL, 10);

                if (group >= crowd->plan.registered)
                        return complain(-EPROTO, "%s: is not a group of the bench", workspace.name);
                note_change(crowd, group, workspace.account.written);
        }
        return 0;
}

int crowd_step(struct crowd *crowd, struct crowd_step *ret)
{
        struct io before, after;
        uint64_t begin_nsec;
        int error;

        crowd->clock_usec += STEP_USEC;
        error = read_io(&before);
        if (error < 0)
                return error;
        begin_nsec = now_nsec();
        error = cgb_dispatch(crowd->cgb);
        if (error < 0)
                return complain_of(crowd, error, "cgb_dispatch");
        error = take_events(crowd);
        ret->nsec = now_nsec() - begin_nsec;
        if (error >= 0)
                error = read_io(&after);
        if (error < 0)
                return error;
        ret->reads = after.reads - before.reads - 1; /* the first look at the count is in it */
        ret->writes = after.writes - before.writes;
        return note_changes(crowd);
}

void crowd_let_sleep(struct crowd *crowd)
{
        crowd->clock_usec += crowd->forgotten_usec;
}

void crowd_close(struct crowd *crowd)
{
        cgb_free(crowd->cgb);
        bare_close(&crowd->bare);
        workers_close(&crowd->workers);
        groups_close(&crowd->groups);
        remove_folder(crowd->state_dir);
        free(crowd->written);
        free(crowd->changes);
        *crowd = (struct crowd){0};
}
