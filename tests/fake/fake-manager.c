/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The context of fake.h: how a test drives it, and what it asks it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context.h"
#include "fake.h"

struct cgb *fake_manager(struct fake *fake)
{
        struct cgb_fault fault;
        struct cgb *cgb;

        size_t free_one = 0;

        while (free_one < FAKE_MANAGERS && fake->managers[free_one] != NULL)
                free_one++;
        assert_true(free_one < FAKE_MANAGERS);
        if (cgb_new(&cgb, &fake->options, &fault) < 0)
                fail_msg("cgb_new: %s: %s", fault.file, fault.message);
        fake->managers[free_one] = cgb;
        return cgb;
}

void fake_end(struct fake *fake, struct cgb *cgb)
{
        for (size_t i = 0; i < FAKE_MANAGERS; i++)
                if (fake->managers[i] == cgb)
                        fake->managers[i] = NULL;
        cgb_free(cgb);
}

static struct cgb *start(struct cgb *cgb)
{
        if (cgb_start(cgb) < 0)
                fail_msg("cgb_start: %s: %s", cgb_get_fault(cgb)->file, cgb_get_fault(cgb)->message);
        return cgb;
}

struct cgb *fake_started(struct fake *fake)
{
        return start(fake_manager(fake));
}

struct cgb *fake_started_with(struct fake *fake, const struct cgb_backend_type *type)
{
        struct cgb *cgb = fake_manager(fake);

        cgb->backend_type = type;
        cgb->chooses_writers = false;
        return start(cgb);
}

/* Twice: what a step asks a manager for is sent, and here answered, in the loop's next turn, which comes at once. */
void fake_step(struct fake *fake, struct cgb *cgb)
{
        fake->now_usec += fake->options.step_usec;
        for (int turn = 0; turn < 2; turn++)
                if (cgb_dispatch(cgb) < 0)
                        fail_msg("cgb_dispatch: %s: %s", cgb_get_fault(cgb)->file, cgb_get_fault(cgb)->message);
}

/* Somebody waits whenever the CPUs are full: PSI then says so for the whole step. */
void fake_run(struct fake *fake, struct cgb *cgb, int steps, const struct fake_load *loads)
{
        for (int i = 0; i < steps; i++) {
                uint32_t sum_permille = 0;

                for (const struct fake_load *load = loads; load->name != NULL; load++) {
                        char path[512];

                        snprintf(path, sizeof path, "work/%s", load->name);
                        fake_use(fake, path, fake->options.step_usec * load->cpu_permille / 1000);
                        sum_permille += load->cpu_permille;
                }
                if (sum_permille >= FAKE_CPUS * 1000)
                        fake_stall(fake, "work", fake->options.step_usec);
                fake_step(fake, cgb);
        }
}

void fake_crash(struct fake *fake, int steps, const struct fake_load *loads)
{
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                fake_run(fake, fake_started(fake), steps, loads);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

bool fake_take_event(struct cgb *cgb, enum cgb_event_type type, const char *name, struct cgb_event *ret)
{
        while (cgb_next_event(cgb, ret))
                if (ret->type == type && (name == NULL || strcmp(ret->name, name) == 0))
                        return true;
        return false;
}

size_t fake_count_events(struct cgb *cgb, enum cgb_event_type type, const char *name)
{
        struct cgb_event event;
        size_t n = 0;

        while (fake_take_event(cgb, type, name, &event))
                n++;
        return n;
}

bool fake_find(struct cgb *cgb, const char *name, struct cgb_workspace *ret)
{
        ret->size = sizeof *ret;
        for (size_t i = 0; cgb_get_workspace(cgb, i, ret) == 0; i++)
                if (strcmp(ret->name, name) == 0)
                        return true;
        return false;
}

void fake_assert_fault_names(const struct cgb_fault *fault, int code, const char *file)
{
        assert_int_equal(fault->code, code);
        if (strstr(fault->file, file) == NULL)
                fail_msg("the fault is about \"%s\" and not about \"%s\": %s", fault->file, file, fault->message);
        assert_string_not_equal(fault->message, "");
        assert_string_not_equal(fault->remedy, "");
}
