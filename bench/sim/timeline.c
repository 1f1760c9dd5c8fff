/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

#define TIMES_ROOM 256

int timeline_init(struct timeline *ret, const struct sim_machine *machine, uint64_t every_usec)
{
        struct timeline timeline = {.every_usec = every_usec};

        if (every_usec == 0) {
                *ret = timeline;
                return 0;
        }
        timeline.names = calloc(machine->n_groups, sizeof(*timeline.names));
        for (uint32_t i = SIM_ROOT + 1; i < machine->n_groups && timeline.names; i++) {
                timeline.names[timeline.n_groups] = strdup(machine->groups[i].name);
                if (!timeline.names[timeline.n_groups++])
                        break;
        }
        if (!timeline.names || (timeline.n_groups > 0 && !timeline.names[timeline.n_groups - 1])) {
                timeline_free(&timeline);
                return -ENOMEM;
        }
        *ret = timeline;
        return 0;
}

void timeline_free(struct timeline *timeline)
{
        for (size_t i = 0; i < timeline->n_groups; i++)
                free(timeline->names[i]);
        free(timeline->names);
        free(timeline->points);
        *timeline = (struct timeline){0};
}

static int make_room(struct timeline *timeline)
{
        size_t room = timeline->room ? 2 * timeline->room : TIMES_ROOM;
        struct timeline_point *larger;

        if (timeline->n < timeline->room)
                return 0;
        larger = reallocarray(timeline->points, room * (timeline->n_groups + 1), sizeof(*larger));
        if (!larger)
                return -ENOMEM;
        timeline->points = larger;
        timeline->room = room;
        return 0;
}

/* Times that lie within one step have the same point. */
int timeline_take(struct timeline *timeline, const struct sim_machine *machine, const struct sim_policy *policy, void *state,
        uint64_t now_usec)
{
        while (timeline->every_usec > 0 && (timeline->n + 1) * timeline->every_usec <= now_usec) {
                if (make_room(timeline) < 0)
                        return -ENOMEM;
                for (uint32_t i = 0; i < timeline->n_groups; i++) {
                        const struct sim_group *group = &machine->groups[i + 1];
                        struct timeline_point point = {
                                .weight = group->present ? group->knobs.weight : 0, .credit = {.slow = NAN, .fast = NAN}};

                        if (group->present && policy->credit)
                                policy->credit(state, i + 1, &point.credit);
                        timeline->points[timeline->n * timeline->n_groups + i] = point;
                }
                timeline->n++;
        }
        return 0;
}
