/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

#define SHARE_PERMILLE 1000
#define PERMILLE_PER_WEIGHT 10 /* cpu.weight 100 is one share */

/* A lane that is an account of its own has half a share: nobody knows beforehand which of the two will need it. */
#define SIBLING_SHARE_PERMILLE (SHARE_PERMILLE / 2)

static const char *const lane_names[] = {[LANES_NONE] = "none", [LANES_NESTED] = "nested", [LANES_SIBLINGS] = "siblings"};

const char *lanes_name(enum lanes lanes)
{
        return lane_names[lanes];
}

int lanes_parse(const char *name, enum lanes *ret)
{
        for (size_t i = 0; i < sizeof(lane_names) / sizeof(lane_names[0]); i++)
                if (!strcmp(lane_names[i], name)) {
                        *ret = (enum lanes)i;
                        return 0;
                }
        return -EINVAL;
}

/* What is known while the groups are made. */
struct maker {
        struct layout *layout;
        const struct trace *trace;
        enum lanes lanes;
        int error;
};

static uint32_t add_group(
        struct maker *maker, uint32_t parent, uint32_t workspace, enum sim_role role, uint32_t share, char *name)
{
        struct sim_machine *machine = &maker->layout->machine;
        struct sim_group *group = &machine->groups[machine->n_groups];

        if (!name)
                maker->error = -ENOMEM;
        *group = (struct sim_group){
                .name = name,
                .parent = parent,
                .workspace = workspace,
                .role = role,
                .present = true,
                .share_permille = share,
                .truth = SIM_TRUTH_HOG, /* until something shows that it is not */
                .knobs =
                        {
                                .weight = share / PERMILLE_PER_WEIGHT,
                                .quota_usec = SIM_MAX,
                                .period_usec = SIM_PERIOD_USEC,
                                .memory_high_bytes = SIM_MAX,
                                .memory_max_bytes = SIM_MAX,
                        },
        };
        return machine->n_groups++;
}

static char *join(const char *name, const char *lane)
{
        char *joined;

        return asprintf(&joined, "%s.%s", name, lane) < 0 ? NULL : joined;
}

/* The group of the tenant that @workspace belongs to, made if it is the first; or the root. */
static uint32_t find_tenant(struct maker *maker, const char *workspace)
{
        const struct sim_machine *machine = &maker->layout->machine;
        const char *slash = strchr(workspace, '/');
        size_t n = slash ? (size_t)(slash - workspace) : 0;

        if (!slash)
                return SIM_ROOT;
        for (uint32_t i = 1; i < machine->n_groups; i++)
                if (machine->groups[i].workspace == UINT32_MAX && !strncmp(machine->groups[i].name, workspace, n) &&
                        machine->groups[i].name[n] == 0)
                        return i;
        return add_group(maker, SIM_ROOT, UINT32_MAX, SIM_PARENT, SHARE_PERMILLE, strndup(workspace, n));
}

static void add_workspace(struct maker *maker, uint32_t number)
{
        uint32_t *lanes = maker->layout->lanes[number];
        const char *name = maker->trace->workspaces[number];
        uint32_t parent = find_tenant(maker, name), share = SHARE_PERMILLE;

        if (maker->lanes == LANES_NONE) {
                lanes[0] = lanes[1] = add_group(maker, parent, number, SIM_WORKSPACE, SHARE_PERMILLE, strdup(name));
                return;
        }
        if (maker->lanes == LANES_NESTED)
                parent = add_group(maker, parent, number, SIM_PARENT, SHARE_PERMILLE, strdup(name));
        else
                share = SIBLING_SHARE_PERMILLE;
        lanes[0] = add_group(maker, parent, number, SIM_LANE_INTERACTIVE, share, join(name, "interactive"));
        lanes[1] = add_group(maker, parent, number, SIM_LANE_BATCH, share, join(name, "batch"));
}

static enum sim_truth truth_of(const struct trace_job *job, const char *kind)
{
        if (trace_kind_is_interactive(kind))
                return SIM_TRUTH_INTERACTIVE;
        return isinf(job->cpu_sec) ? SIM_TRUTH_HOG : SIM_TRUTH_BATCH;
}

/* A group and those above it are as urgent as the most urgent of their jobs. */
static void note_truth(struct sim_machine *machine, uint32_t group, enum sim_truth truth)
{
        for (uint32_t i = group;; i = machine->groups[i].parent) {
                if (truth < machine->groups[i].truth)
                        machine->groups[i].truth = truth;
                if (i == SIM_ROOT)
                        return;
        }
}

static void add_hog(struct maker *maker, uint32_t number)
{
        uint32_t workspace = (uint32_t)maker->trace->n_workspaces + number;
        uint32_t share = maker->lanes == LANES_SIBLINGS ? SIBLING_SHARE_PERMILLE : SHARE_PERMILLE;
        char *name;

        if (asprintf(&name, "hog%u", number + 1) < 0)
                name = NULL;
        add_group(maker, SIM_ROOT, workspace, SIM_WORKSPACE, share, name);
}

uint32_t layout_group_of(const struct layout *layout, const struct trace *trace, const struct trace_job *job)
{
        return layout->lanes[job->workspace][trace_kind_is_interactive(trace->kinds[job->kind]) ? 0 : 1];
}

static void note_truths(struct layout *layout, const struct trace *trace)
{
        for (size_t i = 0; i < trace->n_jobs; i++) {
                const struct trace_job *job = &trace->jobs[i];

                note_truth(&layout->machine, layout_group_of(layout, trace, job), truth_of(job, trace->kinds[job->kind]));
        }
}

static int make_room(struct layout *layout, const struct trace *trace, unsigned hogs)
{
        /* the root; at most a tenant, a parent and two lanes for each */
        layout->machine.groups = calloc(1 + 4 * trace->n_workspaces + hogs, sizeof(*layout->machine.groups));
        layout->lanes = calloc(trace->n_workspaces + 1, sizeof(*layout->lanes));
        return layout->machine.groups && layout->lanes ? 0 : -ENOMEM;
}

int layout_make(struct layout *ret, const struct trace *trace, unsigned cpus, enum lanes lanes, unsigned hogs)
{
        struct layout layout = {.machine.cpus = cpus, .hogs = hogs};
        struct maker maker = {.layout = &layout, .trace = trace, .lanes = lanes};

        maker.error = make_room(&layout, trace, hogs);
        if (maker.error == 0)
                add_group(&maker, SIM_ROOT, UINT32_MAX, SIM_PARENT, SHARE_PERMILLE, strdup("root"));
        for (uint32_t i = 0; i < trace->n_workspaces && maker.error == 0; i++)
                add_workspace(&maker, i);
        layout.first_hog = layout.machine.n_groups;
        for (uint32_t i = 0; i < hogs && maker.error == 0; i++)
                add_hog(&maker, i);
        if (maker.error < 0) {
                layout_free(&layout);
                return maker.error;
        }
        note_truths(&layout, trace);
        *ret = layout;
        return 0;
}

void layout_free(struct layout *layout)
{
        for (uint32_t i = 0; i < layout->machine.n_groups; i++)
                free((char *)layout->machine.groups[i].name);
        free(layout->machine.groups);
        free(layout->lanes);
        *layout = (struct layout){0};
}
