/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "../common/stats.h"
#include "scenario.h"

#define MIB MEM_MIB_PAGES
#define GIB (1024 * MIB)

/* An editor: half a second of work every few seconds, on a working set of its own. */
#define EDIT_SEC .5
#define EDITOR_HOT (120 * MIB)
#define EDITOR_COLD (280 * MIB)

/* Back from a long sleep one wants a third of what one had. */
#define BACK_PART 3
#define TOUCH_SEC 1e-6

struct maker {
        struct mem_scenario *scenario;
        struct random random;
};

const char mem_scenario_help[] =
        "  sleepers   24 workspaces on 8 GiB, their heaps fill 9.4: four work, the others come back now and then; builds come and go\n"
        "  wave       6 builds of 1 GiB each at once, on 4 GiB, beside two who type\n"
        "  sandbox    one build of 4,000 MiB below a memory.max of 4 GiB, on 8 GiB: nobody else wants the memory\n"
        "  leak       one grows by 20 MiB a second without end, on 4 GiB, beside five who type\n";

const char *mem_kind_to_string(enum mem_kind kind)
{
        static const char *const names[MEM_KINDS] = {"edit", "back", "build"};

        return names[kind];
}

static double between(struct maker *maker, double low, double high)
{
        return low + (high - low) * (double)random_between(&maker->random, 0, 1000000) / 1e6;
}

static int add_workspace(struct maker *maker, const char *name, uint64_t hot, uint64_t cold, uint64_t max)
{
        struct mem_scenario *scenario = maker->scenario;
        struct mem_workspace *larger = realloc(scenario->workspaces, (scenario->n + 1) * sizeof(*larger)), *workspace;

        if (!larger)
                return -ENOMEM;
        scenario->workspaces = larger;
        workspace = &larger[scenario->n];
        *workspace = (struct mem_workspace){.hot_pages = hot,
                .cold_pages = cold,
                .max_pages = max,
                .deeds = calloc(MEM_DEEDS_MAX, sizeof(struct mem_deed))};
        if (!workspace->deeds)
                return -ENOMEM;
        snprintf(workspace->name, sizeof(workspace->name), "%s%zu", name, scenario->n);
        scenario->n++;
        return 0;
}

static void add_deed(struct maker *maker, struct mem_deed deed)
{
        struct mem_workspace *workspace = &maker->scenario->workspaces[maker->scenario->n - 1];

        if (workspace->n_deeds < MEM_DEEDS_MAX)
                workspace->deeds[workspace->n_deeds++] = deed;
}

/* @return when it stops */
static double type(struct maker *maker, double from_sec, double until_sec)
{
        double at = from_sec;

        while (at < until_sec) {
                add_deed(maker, (struct mem_deed){.verb = MEM_WORK, .at_sec = at, .sec = EDIT_SEC, .kind = MEM_KIND_EDIT});
                at += EDIT_SEC + between(maker, 1, 4);
        }
        return at;
}

/* Grows for half of the time, works on it for the other half, and ends. */
static void build(struct maker *maker, double at_sec, double sec, uint64_t pages)
{
        add_deed(maker, (struct mem_deed){
                                .verb = MEM_GROW, .at_sec = at_sec, .sec = sec / 2, .pages = pages, .kind = MEM_KIND_BUILD});
        add_deed(maker, (struct mem_deed){.verb = MEM_WORK, .at_sec = at_sec, .sec = sec / 2, .kind = MEM_KIND_BUILD});
        add_deed(maker, (struct mem_deed){.verb = MEM_DROP, .at_sec = at_sec, .pages = pages, .kind = -1});
}

static void come_back(struct maker *maker, double at_sec)
{
        const uint64_t pages = EDITOR_COLD / BACK_PART;

        add_deed(maker, (struct mem_deed){.verb = MEM_TOUCH,
                                .at_sec = at_sec,
                                .sec = TOUCH_SEC * (double)pages,
                                .pages = pages,
                                .kind = MEM_KIND_BACK});
}

static int make_sleepers(struct maker *maker)
{
        int error = 0;

        *maker->scenario = (struct mem_scenario){.span_sec = 1800, .size_pages = 8 * GIB, .swap_pages = 8 * GIB};
        for (int i = 0; i < 4 && error == 0; i++) {
                error = add_workspace(maker, "typing", EDITOR_HOT, EDITOR_COLD, 4 * GIB);
                if (error == 0)
                        type(maker, 0, maker->scenario->span_sec);
        }
        for (int i = 0; i < 4 && error == 0; i++) {
                error = add_workspace(maker, "builds", EDITOR_HOT, EDITOR_COLD, 4 * GIB);
                for (int k = 0; k < 4 && error == 0; k++)
                        build(maker, 60 + 420 * k + between(maker, 0, 60) + 40 * i, 60, GIB);
        }
        for (int i = 0; i < 16 && error == 0; i++) {
                double at = between(maker, 300, 600);

                error = add_workspace(maker, "asleep", EDITOR_HOT, EDITOR_COLD, 4 * GIB);
                for (; at < maker->scenario->span_sec && error == 0; at += between(maker, 300, 600)) {
                        come_back(maker, at);
                        type(maker, at, at + 30);
                }
        }
        return error;
}

static int make_wave(struct maker *maker)
{
        int error = 0;

        *maker->scenario = (struct mem_scenario){.span_sec = 600, .size_pages = 4 * GIB, .swap_pages = 4 * GIB};
        for (int i = 0; i < 2 && error == 0; i++) {
                error = add_workspace(maker, "typing", EDITOR_HOT, EDITOR_COLD, 2 * GIB);
                if (error == 0)
                        type(maker, 0, maker->scenario->span_sec);
        }
        for (int i = 0; i < 6 && error == 0; i++) {
                error = add_workspace(maker, "builds", 60 * MIB, 60 * MIB, 2 * GIB);
                for (int k = 0; k < 3 && error == 0; k++)
                        build(maker, 60 + 180 * k, 60, GIB);
        }
        return error;
}

static int make_sandbox(struct maker *maker)
{
        int error;

        *maker->scenario = (struct mem_scenario){.span_sec = 1200, .size_pages = 8 * GIB, .swap_pages = 4 * GIB};
        error = add_workspace(maker, "sandbox", 60 * MIB, 0, 4 * GIB);
        if (error == 0)
                build(maker, 60, 120, 4000 * MIB);
        return error;
}

static int make_leak(struct maker *maker)
{
        int error;

        *maker->scenario = (struct mem_scenario){.span_sec = 600, .size_pages = 4 * GIB, .swap_pages = 2 * GIB};
        error = add_workspace(maker, "leaking", 60 * MIB, 0, 4 * GIB);
        /* hot for a moment only: what has leaked is never touched again */
        for (int second = 0; second < 600 && error == 0; second++) {
                add_deed(maker,
                        (struct mem_deed){.verb = MEM_GROW, .at_sec = 60 + second, .sec = 1, .pages = 20 * MIB, .kind = -1});
                add_deed(maker, (struct mem_deed){.verb = MEM_COOL, .at_sec = 60 + second, .pages = 20 * MIB, .kind = -1});
        }
        for (int i = 0; i < 5 && error == 0; i++) {
                error = add_workspace(maker, "typing", EDITOR_HOT, EDITOR_COLD, 4 * GIB);
                if (error == 0)
                        type(maker, 0, maker->scenario->span_sec);
        }
        return error;
}

int mem_scenario_make(struct mem_scenario *ret, const char *name, uint64_t seed, bool has_swap)
{
        static const struct {
                const char *name;
                int (*make)(struct maker *maker);
        } known[] = {{"sleepers", make_sleepers}, {"wave", make_wave}, {"sandbox", make_sandbox}, {"leak", make_leak}};
        struct maker maker = {.scenario = ret};

        *ret = (struct mem_scenario){0};
        random_seed(&maker.random, seed);
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                int error;

                if (strcmp(known[i].name, name))
                        continue;
                error = known[i].make(&maker);
                ret->name = known[i].name;
                if (!has_swap)
                        ret->swap_pages = 0;
                if (error < 0)
                        mem_scenario_free(ret);
                return error < 0 ? complain(error, "the scenario %s", name) : 0;
        }
        return complain(-EINVAL, "%s: no such scenario; see --help", name);
}

void mem_scenario_free(struct mem_scenario *scenario)
{
        for (size_t i = 0; i < scenario->n; i++)
                free(scenario->workspaces[i].deeds);
        free(scenario->workspaces);
        *scenario = (struct mem_scenario){0};
}
