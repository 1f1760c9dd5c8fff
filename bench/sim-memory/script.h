/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_MEMORY_SCRIPT_H
#define BENCH_SIM_MEMORY_SCRIPT_H

/*
 * What runs in a group, as a list of things it does one after another, each from its time on or from the end of the one
 * before. What it would take with memory for everybody is known; what it takes is measured.
 */

#include <stddef.h>
#include <stdint.h>

#include "node.h"

enum mem_verb {
        MEM_WORK,  /* for .sec, touching every hot page once a second */
        MEM_GROW,  /* the same, while .pages become more, evenly, and hot */
        MEM_TOUCH, /* .pages cold ones once each: somebody comes back to what was there */
        MEM_COOL,  /* .pages are hot no more */
        MEM_DROP,  /* .pages hot ones are given back */
};

struct mem_deed {
        enum mem_verb verb;
        double at_sec;
        double sec; /* MEM_TOUCH: pages at a microsecond each */
        uint64_t pages;
        int kind; /* for the table, see scenario.h; -1: not told */
};

/* A script being played. */
struct mem_actor {
        size_t group;
        const struct mem_deed *deeds;
        size_t n;
        size_t at; /* the one being done, or to be done next */
        bool doing;
        double began_sec;
        double done_sec;         /* of its own time */
        double stall_sec;        /* still to be stood */
        double grown, refaulted; /* pages, the fractions too */
};

/* A deed that has ended, or that ends with the run or with the group. */
struct mem_outcome {
        int kind;
        double wanted_sec;
        double took_sec;
        bool unfinished;
};

/*
 * Lets it act from node->now_usec on for @tick_sec.
 *
 * @return true if a deed that is told has ended in it, with *@ret
 */
bool mem_act(struct mem_actor *actor, struct mem_node *node, double tick_sec, struct mem_outcome *ret);

/* @return true if it is in the middle of something that is told, with how far it came until now. */
bool mem_give_up(const struct mem_actor *actor, const struct mem_node *node, struct mem_outcome *ret);

#endif
