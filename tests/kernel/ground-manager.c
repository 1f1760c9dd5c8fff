/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The context of ground.h: how a test drives it in real time, and what it asks it.
 */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ground.h"

static uint64_t longest_usec; /* of CPU time, since it was printed */

struct cgb *ground_manager(struct ground *ground)
{
        struct cgb_fault fault;
        struct cgb *cgb;
        size_t free_one = 0;

        while (free_one < GROUND_MANAGERS && ground->managers[free_one] != NULL)
                free_one++;
        assert_true(free_one < GROUND_MANAGERS);
        if (cgb_new(&cgb, &ground->options, &fault) < 0)
                fail_msg("cgb_new: %s: %s", fault.file, fault.message);
        ground->managers[free_one] = cgb;
        return cgb;
}

struct cgb *ground_started(struct ground *ground)
{
        struct cgb *cgb = ground_manager(ground);

        if (cgb_start(cgb) < 0)
                fail_msg("cgb_start: %s: %s", cgb_get_fault(cgb)->file, cgb_get_fault(cgb)->message);
        return cgb;
}

void ground_end(struct ground *ground, struct cgb *cgb)
{
        for (size_t i = 0; i < GROUND_MANAGERS; i++)
                if (ground->managers[i] == cgb)
                        ground->managers[i] = NULL;
        cgb_free(cgb);
}

void ground_create(struct cgb *cgb, const char *name, uint32_t share_permille)
{
        struct cgb_workspace_options options = {.size = sizeof options, .name = name, .share_permille = share_permille};

        if (cgb_create(cgb, &options) < 0)
                fail_msg("cgb_create: %s: %s", cgb_get_fault(cgb)->file, cgb_get_fault(cgb)->message);
}

static uint64_t read_clock(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t ground_now_usec(void)
{
        return read_clock(CLOCK_MONOTONIC);
}

static int dispatch(struct cgb *cgb)
{
        uint64_t before_usec = read_clock(CLOCK_THREAD_CPUTIME_ID), took_usec;
        int r = cgb_dispatch(cgb);

        took_usec = read_clock(CLOCK_THREAD_CPUTIME_ID) - before_usec;
        if (took_usec > longest_usec)
                longest_usec = took_usec;
        return r;
}

void ground_print_longest_dispatch(struct cgb *cgb)
{
        struct cgb_overview overview = {.size = sizeof overview};

        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        print_message("the longest dispatch: %.1f ms, of its own CPU time %.1f ms\n",
                (double)overview.longest_dispatch_usec / 1000, (double)longest_usec / 1000);
        longest_usec = 0;
}

void ground_manage(struct cgb *cgb, double seconds)
{
        uint64_t now_usec = ground_now_usec(), end_usec = now_usec + (uint64_t)(seconds * 1e6);

        for (; now_usec < end_usec; now_usec = ground_now_usec()) {
                struct pollfd poll_fd = {.fd = cgb_get_fd(cgb), .events = POLLIN};

                poll(&poll_fd, 1, (int)((end_usec - now_usec + 999) / 1000));
                if (dispatch(cgb) < 0)
                        fail_msg("cgb_dispatch: %s: %s", cgb_get_fault(cgb)->file, cgb_get_fault(cgb)->message);
        }
}

bool ground_find(struct cgb *cgb, const char *name, struct cgb_workspace *ret)
{
        ret->size = sizeof *ret;
        for (size_t i = 0; cgb_get_workspace(cgb, i, ret) == 0; i++)
                if (strcmp(ret->name, name) == 0)
                        return true;
        return false;
}

bool ground_take_event(struct cgb *cgb, enum cgb_event_type type, const char *name, struct cgb_event *ret)
{
        while (cgb_next_event(cgb, ret))
                if (ret->type == type && (name == NULL || strcmp(ret->name, name) == 0))
                        return true;
        return false;
}

size_t ground_count_events(struct cgb *cgb, enum cgb_event_type type, const char *name)
{
        struct cgb_event event;
        size_t n = 0;

        while (ground_take_event(cgb, type, name, &event))
                n++;
        return n;
}

void ground_assert_fault_names(const struct cgb_fault *fault, int code, const char *file)
{
        if (fault->code != code)
                fail_msg("the code is %d (%s) and not %d; %s: %s", fault->code, strerror(-fault->code), code, fault->file,
                        fault->message);
        if (strstr(fault->file, file) == NULL)
                fail_msg("the fault is about \"%s\" and not about \"%s\": %s", fault->file, file, fault->message);
        assert_string_not_equal(fault->message, "");
        assert_string_not_equal(fault->remedy, "");
}

void ground_assert_near(const char *what, double value, double wanted, double percent)
{
        print_message("%s: %.4g, wanted %.4g within %.0f %%\n", what, value, wanted, percent);
        if (fabs(value - wanted) > fabs(wanted) * percent / 100)
                fail_msg("%s is %.4g and not within %.0f %% of %.4g", what, value, percent, wanted);
}
