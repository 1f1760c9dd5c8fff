/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/path.h"
#include "kernel/process.h"
#include "kernel/verbs.h"
#include "lanes/lanes.h"
#include "lanes/sort-batch.h"

/*
 * A process is first seen perhaps between fork and exec, under its parent's name: so it is looked at again in the next step.
 * After that it seldom changes its name; some of the old ones are looked at in turn.
 */
#define LOOKS_OF_NEW 2
#define OLD_LOOKS_PER_LANE 4

/* Nobody nests deeper on purpose; it ends the walk should /proc show a circle while parents end. */
#define ANCESTORS_MAX 32

struct cgb_known_process {
        pid_t pid;
        int looks;
        bool is_batch; /* in a dry run, which leaves it where it is: it was told of */
};

/* A process that was judged, in the workspace that is looked at now. */
struct verdict {
        pid_t pid;
        bool is_batch;
};

struct cgb_sort_batch {
        const struct cgb_tree *tree;
        const char *state_name;
        int proc_fd;
        struct cgb_sorting *sortings[CGB_SORTINGS_PER_BATCH];
        size_t n_sortings;

        pthread_t thread;
        bool is_started;
        atomic_bool is_done;

        size_t looks;
        struct cgb_sorting *sorting; /* that is looked at now */
        struct verdict verdicts[CGB_LOOKS_PER_BATCH];
        size_t n_verdicts;
};

/* ------------------------------------------------------------------------- where a process belongs */

/*
 * Is the process in this group of the workspace? "" is the workspace itself. The kernel's paths begin at our namespace's
 * root, the tree's at the mount.
 */
static bool is_in(const struct cgb_sort_batch *batch, const char *kernel_path, const char *lane)
{
        char path[PATH_MAX];
        size_t n, whole = strlen(kernel_path);

        if (cgb_path_join(path, sizeof path, batch->sorting->path, lane) < 0)
                return false;
        n = strlen(path);
        return whole >= n && strcmp(kernel_path + whole - n, path) == 0 && (whole == n || kernel_path[whole - n - 1] == '/');
}

static bool remember(struct cgb_sort_batch *batch, pid_t pid, bool is_batch)
{
        if (batch->n_verdicts < CGB_LOOKS_PER_BATCH)
                batch->verdicts[batch->n_verdicts++] = (struct verdict){pid, is_batch};
        return is_batch;
}

static int by_pid(const void *a, const void *b)
{
        pid_t x = ((const struct cgb_known_process *)a)->pid, y = ((const struct cgb_known_process *)b)->pid;

        return (x > y) - (x < y);
}

static struct cgb_known_process *find_known(const struct cgb_sorting *sorting, pid_t pid)
{
        struct cgb_known_process key = {.pid = pid};

        return sorting->n_known > 0 ? bsearch(&key, sorting->known, sorting->n_known, sizeof key, by_pid) : NULL;
}

static bool is_known_as_batch(const struct cgb_sorting *sorting, pid_t pid)
{
        const struct cgb_known_process *known = find_known(sorting, pid);

        return known != NULL && known->is_batch;
}

static bool is_batch(struct cgb_sort_batch *batch, pid_t pid, int ancestors);

/* By its own facts, and its parents' in the same workspace, who may have been found at the same time. */
static bool judge(struct cgb_sort_batch *batch, pid_t pid, int ancestors)
{
        const struct cgb_rule *rule = batch->sorting->rule;
        struct cgb_process *process = malloc(sizeof *process); /* large, and this calls itself */
        bool result = false;

        batch->looks++;
        if (process != NULL && cgb_process_read(process, batch->proc_fd, pid, cgb_rule_process_parts(rule)) == 0)
                result = cgb_lane_choose(rule, process,
                                 ancestors < ANCESTORS_MAX && is_batch(batch, process->parent, ancestors + 1)) ==
                         CGB_LANE_BATCH;
        free(process);
        return result;
}

static bool is_batch(struct cgb_sort_batch *batch, pid_t pid, int ancestors)
{
        char group[PATH_MAX];

        for (size_t i = 0; i < batch->n_verdicts; i++)
                if (batch->verdicts[i].pid == pid)
                        return batch->verdicts[i].is_batch;
        if (pid <= 0 || cgb_process_group(group, sizeof group, batch->proc_fd, pid) < 0)
                return false;
        if (is_in(batch, group, cgb_lane_to_string(CGB_LANE_BATCH)) || is_known_as_batch(batch->sorting, pid))
                return remember(batch, pid, true);
        if (!is_in(batch, group, "") && !is_in(batch, group, cgb_lane_to_string(CGB_LANE_INTERACTIVE)))
                return remember(batch, pid, false); /* outside, as the parent of the first of them */
        return remember(batch, pid, judge(batch, pid, ancestors));
}

/* ------------------------------------------------------------------------------------ making lanes */

/* All of a group's processes have to be judged at once, so this counts no looks. */
static int choose(void *userdata, pid_t pid)
{
        struct cgb_sort_batch *batch = userdata;
        char group[PATH_MAX];

        if (cgb_process_group(group, sizeof group, batch->proc_fd, pid) < 0 || !is_in(batch, group, ""))
                return -ESRCH;
        if (batch->n_verdicts == CGB_LOOKS_PER_BATCH)
                batch->n_verdicts = 0;
        return is_batch(batch, pid, 0) ? CGB_LANE_BATCH : CGB_LANE_INTERACTIVE;
}

/* ------------------------------------------------------------------------------------ who appeared */

/* Makes @sorting know these processes and no others; those that it knew keep their looks. */
static int know(struct cgb_sorting *sorting, const pid_t *pids, size_t n)
{
        struct cgb_known_process *known = calloc(n + 1, sizeof *known);

        if (known == NULL)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const struct cgb_known_process *before = find_known(sorting, pids[i]);

                known[i] = before != NULL ? *before : (struct cgb_known_process){.pid = pids[i]};
        }
        qsort(known, n, sizeof *known, by_pid);
        free(sorting->known);
        sorting->known = known;
        sorting->n_known = n;
        return 0;
}

/*
 * Moves one process within its workspace, where it still is. What cannot be moved because it has ended, or all of its group
 * is gone, is no error.
 */
static void move_to_batch(struct cgb_sort_batch *batch, pid_t pid)
{
        struct cgb_sorting *sorting = batch->sorting;
        char group[PATH_MAX], path[PATH_MAX];
        int r;

        if (cgb_process_group(group, sizeof group, batch->proc_fd, pid) < 0 ||
                !is_in(batch, group, cgb_lane_to_string(CGB_LANE_INTERACTIVE)) ||
                cgb_lane_path(path, sizeof path, sorting->path, CGB_LANE_BATCH) < 0)
                return;
        r = cgb_tree_attach(batch->tree, path, pid, &sorting->fault);
        if (r == 0 && sorting->n_moved < CGB_LOOKS_PER_BATCH)
                sorting->moved[sorting->n_moved++] = pid;
        else if (r < 0 && r != -ESRCH && r != -ENOENT)
                sorting->result = r;
}

/* In a dry run: once for each process. */
static void tell_of_batch(struct cgb_sorting *sorting, struct cgb_known_process *known)
{
        if (known->is_batch || sorting->n_moved == CGB_LOOKS_PER_BATCH)
                return;
        known->is_batch = true;
        sorting->moved[sorting->n_moved++] = known->pid;
}

static bool look_at(struct cgb_sort_batch *batch, struct cgb_known_process *known)
{
        if (batch->looks >= CGB_LOOKS_PER_BATCH || batch->sorting->result < 0)
                return false;
        known->looks += known->looks < LOOKS_OF_NEW;
        if (is_batch(batch, known->pid, 0)) {
                if (batch->sorting->is_dry)
                        tell_of_batch(batch->sorting, known);
                else
                        move_to_batch(batch, known->pid);
        }
        return true;
}

static void look_at_all(struct cgb_sort_batch *batch)
{
        struct cgb_sorting *sorting = batch->sorting;

        for (size_t i = 0; i < sorting->n_known; i++)
                if (sorting->known[i].looks < LOOKS_OF_NEW && !look_at(batch, &sorting->known[i]))
                        return;
        for (size_t i = 0; i < OLD_LOOKS_PER_LANE && i < sorting->n_known; i++)
                if (!look_at(batch, &sorting->known[sorting->next_old++ % sorting->n_known]))
                        return;
}

/* Those of the interactive lane, or of the workspace that in a dry run has none. */
static void sort_processes(struct cgb_sort_batch *batch)
{
        struct cgb_sorting *sorting = batch->sorting;
        char path[PATH_MAX];
        pid_t *pids;
        ssize_t n = sorting->is_dry ? cgb_path_join(path, sizeof path, sorting->path, "")
                                    : cgb_lane_path(path, sizeof path, sorting->path, CGB_LANE_INTERACTIVE);

        if (n == 0)
                n = cgb_process_list(&pids, batch->tree, path, CGB_LANE_PROCESSES_MAX);
        if (n < 0)
                return;
        if (know(sorting, pids, (size_t)n) == 0)
                look_at_all(batch);
        free(pids);
        for (size_t i = 0; i < sorting->n_known; i++)
                sorting->look_again |= sorting->known[i].looks < LOOKS_OF_NEW;
}

/* -------------------------------------------------------------------------------------- the thread */

static void work_on(struct cgb_sort_batch *batch, struct cgb_sorting *sorting)
{
        batch->sorting = sorting;
        batch->n_verdicts = 0;
        if (sorting->make && sorting->is_dry)
                sorting->result = cgb_lanes_check(batch->tree, sorting->path, &sorting->fault);
        else if (sorting->make)
                sorting->result =
                        cgb_lanes_make(batch->tree, batch->state_name, sorting->path, choose, batch, &sorting->fault);
        if (sorting->result == 0 && (sorting->is_dry || !sorting->make))
                sort_processes(batch);
}

static void *run(void *userdata)
{
        struct cgb_sort_batch *batch = userdata;

        for (size_t i = 0; i < batch->n_sortings; i++)
                work_on(batch, batch->sortings[i]);
        atomic_store(&batch->is_done, true);
        return NULL;
}

struct cgb_sort_batch *cgb_sort_batch_new(const struct cgb_tree *tree, const char *state_name, int proc_fd)
{
        struct cgb_sort_batch *batch = calloc(1, sizeof *batch);

        if (batch == NULL)
                return NULL;
        batch->tree = tree;
        batch->state_name = state_name;
        batch->proc_fd = proc_fd;
        return batch;
}

bool cgb_sort_batch_add(struct cgb_sort_batch *batch, struct cgb_sorting *sorting)
{
        if (batch->n_sortings == CGB_SORTINGS_PER_BATCH)
                return false;
        sorting->result = 0;
        sorting->fault = (struct cgb_fault){0};
        sorting->look_again = false;
        sorting->n_moved = 0;
        batch->sortings[batch->n_sortings++] = sorting;
        return true;
}

size_t cgb_sort_batch_size(const struct cgb_sort_batch *batch)
{
        return batch->n_sortings;
}

struct cgb_sorting *cgb_sort_batch_get(const struct cgb_sort_batch *batch, size_t i)
{
        return batch->sortings[i];
}

/* Signals are the embedder's affair, and its threads'. */
int cgb_sort_batch_start(struct cgb_sort_batch *batch)
{
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&batch->thread, NULL, run, batch);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        batch->is_started = r == 0;
        return -r;
}

bool cgb_sort_batch_is_done(const struct cgb_sort_batch *batch)
{
        return atomic_load(&batch->is_done);
}

struct cgb_sort_batch *cgb_sort_batch_free(struct cgb_sort_batch *batch)
{
        if (batch->is_started)
                pthread_join(batch->thread, NULL);
        free(batch);
        return NULL;
}

struct cgb_sorting *cgb_sorting_new(const char *path, const struct cgb_rule *rule)
{
        struct cgb_sorting *sorting = calloc(1, sizeof *sorting);

        if (sorting == NULL)
                return NULL;
        sorting->rule = rule;
        sorting->path = strdup(path);
        return sorting->path != NULL ? sorting : cgb_sorting_free(sorting);
}

struct cgb_sorting *cgb_sorting_free(struct cgb_sorting *sorting)
{
        free(sorting->known);
        free(sorting->path);
        free(sorting);
        return NULL;
}
