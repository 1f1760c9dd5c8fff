/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "script.h"

static double now_sec(const struct mem_node *node)
{
        return (double)node->now_usec / 1e6;
}

/* The whole pages of @pages; the fraction stays in *@carry for the next time. */
static uint64_t whole(double *carry, double pages)
{
        double sum = *carry + pages, floored = floor(sum + 1e-9);

        *carry = sum - floored;
        return (uint64_t)floored;
}

/* Each hot page once a second, those in swap as well. */
static double touch_hot(struct mem_actor *actor, struct mem_node *node, double sec)
{
        const struct mem_group *group = &node->groups[actor->group];

        return mem_refault(
                node, actor->group, MEM_HOT, whole(&actor->refaulted, (double)group->swapped[MEM_HOT] * fmin(sec, 1)));
}

/* Those touched already are resident: what is in swap is among the rest, and evenly. */
static double touch_cold(struct mem_actor *actor, struct mem_node *node, const struct mem_deed *deed, double sec)
{
        const struct mem_group *group = &node->groups[actor->group];
        double per_sec = (double)deed->pages / deed->sec, rest;

        rest = (double)(group->resident[MEM_COLD] + group->swapped[MEM_COLD]) - per_sec * actor->done_sec;
        return mem_refault(node, actor->group, MEM_COLD,
                whole(&actor->refaulted, per_sec * sec * (double)group->swapped[MEM_COLD] / fmax(rest, 1)));
}

/* Does @sec of the deed. @return for how long it has to stand still for that. */
static double do_some(struct mem_actor *actor, struct mem_node *node, const struct mem_deed *deed, double sec)
{
        double stall_sec = 0;

        if (deed->verb == MEM_TOUCH)
                return touch_cold(actor, node, deed, sec);
        if (deed->verb == MEM_GROW)
                stall_sec =
                        mem_grow(node, actor->group, MEM_HOT, whole(&actor->grown, (double)deed->pages * sec / deed->sec));
        return stall_sec + touch_hot(actor, node, sec);
}

static void change_heat(struct mem_actor *actor, struct mem_node *node, const struct mem_deed *deed)
{
        if (deed->verb == MEM_COOL)
                mem_cool(node, actor->group, deed->pages);
        else
                mem_drop(node, actor->group, MEM_HOT, deed->pages);
}

static void begin(struct mem_actor *actor, const struct mem_node *node)
{
        actor->doing = true;
        actor->began_sec = now_sec(node);
        actor->done_sec = actor->grown = actor->refaulted = 0;
}

/* Takes from the tick what it has still to stand. @return what is left of the tick. */
static double stand(struct mem_actor *actor, struct mem_node *node, double tick_sec)
{
        double sec = fmin(actor->stall_sec, tick_sec);

        actor->stall_sec -= sec;
        if (sec > 0)
                mem_note_stall(node, actor->group, sec);
        return tick_sec - sec;
}

/* What costs no time is done at once. @return whether there is something left to do now. */
static bool find_work(struct mem_actor *actor, struct mem_node *node)
{
        while (!actor->doing) {
                const struct mem_deed *deed = &actor->deeds[actor->at];

                if (actor->at == actor->n || deed->at_sec > now_sec(node))
                        return false;
                if (deed->verb == MEM_COOL || deed->verb == MEM_DROP) {
                        change_heat(actor, node, deed);
                        actor->at++;
                } else {
                        begin(actor, node);
                }
        }
        return true;
}

bool mem_act(struct mem_actor *actor, struct mem_node *node, double tick_sec, struct mem_outcome *ret)
{
        struct mem_group *group = &node->groups[actor->group];
        const struct mem_deed *deed;
        double left_sec, sec;

        if (group->killed || !find_work(actor, node))
                return false;
        deed = &actor->deeds[actor->at];
        group->facts.ran = true;
        group->ran_usec = node->now_usec;
        left_sec = stand(actor, node, tick_sec);
        sec = fmin(left_sec, deed->sec - actor->done_sec);
        if (sec > 0) {
                actor->stall_sec += do_some(actor, node, deed, sec);
                actor->done_sec += sec;
                left_sec = stand(actor, node, left_sec - sec);
        }
        /* it ends when the last of it has been paid for */
        if (actor->done_sec < deed->sec - 1e-9 || actor->stall_sec > 0 || group->killed)
                return false;
        *ret = (struct mem_outcome){.kind = deed->kind,
                .wanted_sec = deed->sec,
                .took_sec = now_sec(node) + tick_sec - left_sec - actor->began_sec};
        actor->doing = false;
        actor->at++;
        return deed->kind >= 0;
}

bool mem_give_up(const struct mem_actor *actor, const struct mem_node *node, struct mem_outcome *ret)
{
        const struct mem_deed *deed = &actor->deeds[actor->at];

        if (!actor->doing || deed->kind < 0)
                return false;
        *ret = (struct mem_outcome){.kind = deed->kind,
                .wanted_sec = deed->sec,
                .took_sec = now_sec(node) - actor->began_sec,
                .unfinished = true};
        return true;
}
