/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

#define JOBS_ROOM 1024
#define WORKSPACES_ROOM 64

struct named {
        int number;
        char name[];
};

static int compare_named(const void *a, const void *b)
{
        return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

bool trace_kind_is_interactive(const char *kind)
{
        return !strcmp(kind, "edit") || !strcmp(kind, "open");
}

/* Room for one more element of @size bytes. */
static int make_room(void *array, size_t n, size_t *room, size_t first, size_t size)
{
        void *larger, **at = array;

        if (n < *room)
                return 0;
        larger = reallocarray(*at, *room ? 2 * *room : first, size);
        if (!larger)
                return -ENOMEM;
        *at = larger;
        *room = *room ? 2 * *room : first;
        return 0;
}

static struct named *new_named(const char *name, int number)
{
        struct named *named = malloc(sizeof(*named) + strlen(name) + 1);

        if (named) {
                named->number = number;
                strcpy(named->name, name);
        }
        return named;
}

int trace_workspace(struct trace *trace, const char *name)
{
        struct named *key = new_named(name, (int)trace->n_workspaces);
        struct named **found;

        if (!key || make_room(&trace->workspaces, trace->n_workspaces, &trace->workspaces_room, WORKSPACES_ROOM,
                            sizeof(char *)) < 0) {
                free(key);
                return -ENOMEM;
        }
        found = tsearch(key, &trace->workspaces_by_name, compare_named);
        if (!found || *found != key)
                free(key);
        if (!found)
                return -ENOMEM;
        if (*found == key)
                trace->workspaces[trace->n_workspaces++] = key->name;
        return (*found)->number;
}

int trace_kind(struct trace *trace, const char *name)
{
        for (size_t i = 0; i < trace->n_kinds; i++)
                if (!strcmp(trace->kinds[i], name))
                        return (int)i;
        if (trace->n_kinds == TRACE_KINDS_MAX)
                return -E2BIG;
        if (strlen(name) >= TRACE_KIND_SIZE)
                return -ENAMETOOLONG;
        strcpy(trace->kinds[trace->n_kinds], name);
        return (int)trace->n_kinds++;
}

int trace_add(struct trace *trace, const struct trace_job *job)
{
        if (make_room(&trace->jobs, trace->n_jobs, &trace->jobs_room, JOBS_ROOM, sizeof(*job)) < 0)
                return -ENOMEM;
        trace->jobs[trace->n_jobs++] = *job;
        if (job->arrival_sec > trace->span_sec)
                trace->span_sec = job->arrival_sec;
        return 0;
}

static int compare_arrival(const void *a, const void *b)
{
        const struct trace_job *left = a, *right = b;

        return (left->arrival_sec > right->arrival_sec) - (left->arrival_sec < right->arrival_sec);
}

/* Merges two sorted halves; what is equal comes from the left. */
static void merge(
        struct trace_job *out, const struct trace_job *left, size_t n_left, const struct trace_job *right, size_t n_right)
{
        while (n_left > 0 || n_right > 0) {
                if (n_right == 0 || (n_left > 0 && compare_arrival(left, right) <= 0)) {
                        *out++ = *left++;
                        n_left--;
                } else {
                        *out++ = *right++;
                        n_right--;
                }
        }
}

static void sort_stable(struct trace_job *jobs, struct trace_job *spare, size_t n)
{
        size_t half = n / 2;

        if (n < 2)
                return;
        sort_stable(jobs, spare, half);
        sort_stable(jobs + half, spare, n - half);
        merge(spare, jobs, half, jobs + half, n - half);
        memcpy(jobs, spare, n * sizeof(*jobs));
}

int trace_sort(struct trace *trace)
{
        struct trace_job *spare = calloc(trace->n_jobs + 1, sizeof(*spare));

        if (!spare)
                return -ENOMEM;
        sort_stable(trace->jobs, spare, trace->n_jobs);
        free(spare);
        return 0;
}

void trace_free(struct trace *trace)
{
        tdestroy(trace->workspaces_by_name, free);
        free(trace->workspaces);
        free(trace->jobs);
        free(trace->name);
        *trace = (struct trace){0};
}
