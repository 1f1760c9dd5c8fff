/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Managing: start, a step whenever one is due, stop.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "context.h"
#include "lanes/lanes.h"
#include "state/setup.h"

/* A crash forgets a minute of a quarter of an hour. */
#define SAVE_EVERY_USEC 60000000ull

/* How often groups that could not be adopted are tried again: their cpu.weight may come, or a limit may have been raised. */
#define LIST_EVERY_USEC 10000000ull

/* To set it makes it unreadable as well: that it has expired is not read. */
static void arm_timer(struct cgb *cgb)
{
        uint64_t due_usec = cgb_get_deadline_usec(cgb);
        struct itimerspec when = {
                .it_value.tv_sec = (time_t)(due_usec / 1000000),
                .it_value.tv_nsec = (long)(due_usec % 1000000) * 1000,
        };

        /* a clock of the embedder's own is not the timer's: such a loop goes by cgb_get_deadline_usec() */
        if (cgb->options.now_usec == NULL)
                timerfd_settime(cgb->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void disarm_timer(struct cgb *cgb)
{
        cgb->deadline_usec = UINT64_MAX;
        timerfd_settime(cgb->timer_fd, 0, &(struct itimerspec){0}, NULL);
}

/* Without it there is no memory law, which is told, and all else is as it is. */
static void pass_memory_on(struct cgb *cgb)
{
        struct cgb_fault fault = {0};
        char why[sizeof fault.message];

        if (cgb_setup_memory(&cgb->tree, cgb->state_name, cgb->options.parent, &fault) >= 0)
                return;
        memcpy(why, fault.message, sizeof why);
        snprintf(fault.message, sizeof fault.message, "memory is left alone: %.*s", (int)sizeof why / 2, why);
        cgb_report(cgb, CGB_EVENT_ERROR, NULL, &(struct cgb_event){.fault = &fault});
}

static int setup(struct cgb *cgb)
{
        int fd = cgb_setup_lock(cgb->state_name, &cgb->fault), r;

        if (fd < 0)
                return fd;
        r = cgb_setup_parent(&cgb->tree, cgb->state_name, cgb->options.parent, &cgb->fault);
        if (r == 0 && (cgb->options.flags & CGB_MEMORY) != 0)
                pass_memory_on(cgb);
        cgb_lock_release(fd);
        return r;
}

/* What a dead manager left. A weight that cannot be put back is reported, stays in the journal, and stops nobody. */
static int put_back_inherited(struct cgb *cgb)
{
        struct cgb_fault fault;
        size_t count;
        int r = cgb_journal_load(&cgb->inherited, cgb->state_name, &cgb->fault);

        if (r < 0)
                return r;
        cgb->journal_is_ours = true;
        r = cgb_put_back(cgb, &cgb->inherited, &count, &fault);
        if (r < 0)
                cgb_report(cgb, CGB_EVENT_ERROR, NULL, &(struct cgb_event){.fault = &fault});
        if (count > 0)
                cgb_report(cgb, CGB_EVENT_RESTORED, NULL, &(struct cgb_event){.restored = (uint32_t)count});
        return cgb_journal_save(&cgb->inherited, cgb->state_name, &cgb->fault);
}

/* Under the lock of the setup, whose holders take the manager's lock for a moment to see whether there is one. */
static int take_lock(struct cgb *cgb)
{
        int fd = cgb_setup_lock(cgb->state_name, &cgb->fault);

        if (fd < 0)
                return fd;
        cgb->lock_fd = cgb_lock_take(cgb->state_name, &cgb->fault);
        cgb_lock_release(fd);
        return cgb->lock_fd < 0 ? cgb->lock_fd : 0;
}

/* In a dry run none of this, for nothing is written. */
static int take_over(struct cgb *cgb)
{
        int r = take_lock(cgb);

        if (r == 0)
                r = put_back_inherited(cgb);
        return r < 0 ? r : setup(cgb);
}

/* Lanes of a dead manager's that cannot be undone stay written down, and stop nobody. */
static void open_sorter(struct cgb *cgb)
{
        struct cgb_fault fault;

        if (cgb_sort_open(cgb, &fault) < 0)
                cgb_report(cgb, CGB_EVENT_ERROR, NULL, &(struct cgb_event){.fault = &fault});
}

static int open_groups(struct cgb *cgb)
{
        char path[512];
        int r = cgb_groups_init(cgb);

        if (r < 0)
                return r;
        r = cgb_group_dir_open(&cgb->top.dir, cgb->fds, &cgb->tree, cgb->options.parent);
        if (r < 0) {
                cgb_tree_name(path, sizeof path, &cgb->tree, cgb->options.parent, "");
                return cgb_fail(cgb, r, path, "there is no such group", "make it with mkdir, or start without a dry run");
        }
        cgb_group_dir_open(&cgb->machine, cgb->fds, &cgb->tree, "");
        r = cgb_memory_open(cgb);
        if (r < 0)
                return r;
        cgb_credits_load(&cgb->saved, cgb->state_name);
        cgb_watch(cgb, &cgb->top);
        r = cgb_discover(cgb, &cgb->top);
        cgb_credits_free(&cgb->saved);
        cgb_tree_name(path, sizeof path, &cgb->tree, cgb->options.parent, "");
        return r < 0 ? cgb_fail(cgb, r, path, "its groups cannot be listed", NULL) : 0;
}

int cgb_start(struct cgb *cgb)
{
        int r = 0;

        if (cgb->started)
                return cgb_fail(cgb, -EALREADY, cgb->options.parent, "it is managed by this context already", NULL);
        if (cgb->rules.n > 0 && cgb_tree_find(NULL, &cgb->tree, cgb->options.parent) < 0)
                return cgb_fail(cgb, -ENOENT, cgb->options.parent,
                        "there is no such group, and rules find groups and make none", "start again when it has come");
        cgb->steps = cgb->weights_written = cgb->longest_dispatch_usec = cgb->events.lost = 0;
        cgb->price_permille = 0;
        cgb->journal_error = 0;
        if ((cgb->options.flags & CGB_DRY_RUN) == 0)
                r = take_over(cgb);
        if (r >= 0) {
                open_sorter(cgb);
                r = open_groups(cgb);
        }
        cgb->started = true;
        if (r < 0) {
                struct cgb_fault fault = cgb->fault;

                cgb_stop(cgb);
                cgb->fault = fault;
                return r;
        }
        cgb_writers_process(cgb); /* connects: nothing that the loop does takes as long, and here nobody waits for it */
        cgb->deadline_usec = cgb->credits_saved_usec = cgb_now_usec(cgb);
        arm_timer(cgb);
        return 0;
}

/* What we have not written, or somebody else has written since, stays as it is: it leaves the journal. */
static void forget_what_is_not_ours(struct cgb *cgb)
{
        for (size_t i = 0; i < cgb->n_groups; i++) {
                struct cgb_group *group = cgb->groups[i];
                uint32_t weight;

                group->journalled &= group->touched;
                if (group->touched && cgb_group_read_weight(cgb, group, &weight) == 0 &&
                        !cgb_weight_is_ours(cgb, group, weight))
                        group->foreign = true;
        }
}

/* Puts back what we wrote, and leaves exactly that in the journal which could not be put back. */
static int put_back(struct cgb *cgb)
{
        struct cgb_journal journal = {0};
        size_t count;
        int r, saved;

        forget_what_is_not_ours(cgb);
        cgb_memory_forget_foreign(cgb);
        r = cgb_journal_of(cgb, &journal);
        if (r == 0) {
                r = cgb_put_back(cgb, &journal, &count, &cgb->fault);
                if (r < 0)
                        cgb_report(cgb, CGB_EVENT_ERROR, NULL, &(struct cgb_event){.fault = &cgb->fault});
                saved = cgb_journal_save(&journal, cgb->state_name, r < 0 ? NULL : &cgb->fault);
                r = r < 0 ? r : saved;
        }
        cgb_journal_free(&journal);
        return r;
}

static int undo_setup(struct cgb *cgb, struct cgb_fault *fault)
{
        int fd = cgb_setup_lock(cgb->state_name, fault), r;

        if (fd < 0)
                return fd;
        r = cgb_setup_undo(&cgb->tree, cgb->state_name, fault);
        cgb_lock_release(fd);
        return r;
}

static void save_credits(struct cgb *cgb)
{
        int r = cgb->policy != NULL && cgb->lock_fd >= 0 ? cgb_credits_save(cgb) : 0;

        if (r < 0)
                cgb_log(cgb, CGB_LOG_WARNING, "%s: the credits cannot be saved: %s", cgb->state_name, strerror(-r));
        cgb->credits_saved_usec = cgb_now_usec(cgb);
}

int cgb_stop(struct cgb *cgb)
{
        int r = 0, undone = 0, sorted;

        if (!cgb->started)
                return 0;
        disarm_timer(cgb);
        sorted = cgb_sort_close(cgb, &cgb->fault);
        if (cgb->journal_is_ours) {
                save_credits(cgb);
                cgb_writers_flush(cgb, CGB_FLUSH_USEC);
                r = put_back(cgb);
                undone = undo_setup(cgb, r < 0 ? NULL : &cgb->fault);
        }
        cgb_memory_close(cgb);
        cgb_groups_clear(cgb);
        cgb_writers_close(cgb);
        cgb_journal_free(&cgb->inherited);
        cgb->lock_fd = cgb_lock_release(cgb->lock_fd);
        cgb->started = cgb->journal_is_ours = false;
        return r < 0 ? r : undone < 0 ? undone : sorted;
}

/* Contention begins above one half and ends below a tenth: in between it is what it was. */
static void report_pressure(struct cgb *cgb)
{
        uint32_t price_permille = 0;
        bool was = cgb->price_permille > 0;

        cgb_policy_get_price(cgb->policy, CGB_NODE_ROOT, &price_permille);
        if (!was && price_permille > 500)
                cgb->price_permille = price_permille;
        else if (was && price_permille < 100)
                cgb->price_permille = 0;
        else
                return;
        cgb_report(cgb, CGB_EVENT_PRESSURE, NULL, &(struct cgb_event){.price_permille = cgb->price_permille});
}

static int step(struct cgb *cgb, uint64_t now_usec)
{
        int r = cgb_sense(cgb);

        cgb->deadline_usec += cgb->options.step_usec;
        if (cgb->deadline_usec <= now_usec)
                cgb->deadline_usec = now_usec + cgb->options.step_usec; /* late by a step or more: do not catch up */
        if (r < 0) {
                char path[512];

                cgb_tree_name(path, sizeof path, &cgb->tree, cgb->options.parent, "cpu.stat");
                return cgb_fail(cgb, r == -ENOENT ? -ENODEV : r, path, "the parent itself cannot be read any more",
                        "if it was removed, start again");
        }
        cgb_policy_step(cgb->policy, now_usec);
        cgb_apply(cgb, now_usec);
        report_pressure(cgb);
        cgb_sort(cgb);
        cgb->steps++;
        if (now_usec - cgb->credits_saved_usec >= SAVE_EVERY_USEC)
                save_credits(cgb);
        return 0;
}

static uint64_t wall_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int cgb_dispatch(struct cgb *cgb)
{
        uint64_t begin_usec = wall_usec(), took_usec, now_usec;
        bool is_step;
        int r = 0;

        if (!cgb->started)
                return 0;
        cgb_writers_process(cgb);
        cgb_discover_changes(cgb);
        now_usec = cgb_now_usec(cgb);
        if (cgb->list_again && now_usec - cgb->listed_usec >= LIST_EVERY_USEC)
                cgb_discover_again(cgb);
        is_step = now_usec >= cgb->deadline_usec;
        if (is_step)
                r = step(cgb, now_usec);
        cgb_memory_dispatch(cgb, now_usec, is_step);
        arm_timer(cgb);
        took_usec = wall_usec() - begin_usec;
        if (took_usec > cgb->longest_dispatch_usec)
                cgb->longest_dispatch_usec = took_usec;
        return r;
}

/* A journal that cannot be read is left as it is: it may be readable the next time. */
static int restore_values(struct cgb *cgb, size_t *ret_count)
{
        int r = cgb_journal_load(&cgb->inherited, cgb->state_name, &cgb->fault), saved;

        if (r < 0)
                return r;
        r = cgb_put_back(cgb, &cgb->inherited, ret_count, &cgb->fault);
        saved = cgb_journal_save(&cgb->inherited, cgb->state_name, r < 0 ? NULL : &cgb->fault);
        cgb_journal_free(&cgb->inherited);
        return r < 0 ? r : saved;
}

/*
 * Under the manager's lock. What fails keeps nothing else from being undone. @return how many files were put back, or the
 * first failure.
 */
static int restore(struct cgb *cgb)
{
        size_t count = 0;
        int r = restore_values(cgb, &count), next;

        next = cgb_lanes_undo(&cgb->tree, cgb->state_name, r < 0 ? NULL : &cgb->fault);
        r = r < 0 ? r : next;
        next = undo_setup(cgb, r < 0 ? NULL : &cgb->fault);
        r = r < 0 ? r : next;
        return r < 0 ? r : (int)count;
}

int cgb_restore(const struct cgb_options *options, struct cgb_fault *fault)
{
        struct cgb *cgb;
        int r = cgb_new(&cgb, options, fault);

        if (r < 0)
                return r;
        r = take_lock(cgb);
        if (r == 0) {
                r = restore(cgb);
                cgb->lock_fd = cgb_lock_release(cgb->lock_fd);
        }
        if (r < 0 && fault != NULL)
                *fault = cgb->fault;
        cgb_free(cgb);
        return r;
}
