/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A command in a scope: started by systemd around a process of ours that waits.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "run-scope.h"

static const char *const lane_names[] = {"interactive", "batch"};

bool run_scope_is_lane(const char *name)
{
        return !strcmp(name, lane_names[0]) || !strcmp(name, lane_names[1]);
}

/* The command's own lane first: there it begins. */
static void set_lanes(struct run_scope *scope)
{
        bool is_second = !strcmp(scope->lane, lane_names[1]);

        scope->lanes[0] = lane_names[is_second];
        scope->lanes[1] = lane_names[!is_second];
        scope->options.lanes = scope->lanes;
}

int run_scope_prepare(struct run_scope *scope, const char *name, uint32_t share_permille)
{
        struct cgb_fault fault = {0};

        cgb_scope_options_init(&scope->options);
        scope->options.name = name;
        scope->options.share_permille = share_permille;
        if (scope->lane)
                set_lanes(scope);

        int r = cgb_scope_parent(&scope->options, &scope->parent, &fault);

        if (r < 0)
                report_fault(&fault, r, "--systemd");
        return r;
}

int run_scope_put(const struct run_scope *scope, pid_t pid, bool join)
{
        struct cgb_scope started = {.size = sizeof(started)};
        struct cgb_fault fault = {0};
        int r = cgb_scope_start(&scope->options, &pid, 1, &started, &fault);

        if (r == -EEXIST && join && (scope->options.memory_floor_bytes || scope->options.memory_max_bytes)) {
                report_line(RUN_SIZES_REMEDY, RUN_SIZES_REFUSED, scope->options.name);
                return r;
        }
        if (r == -EEXIST && join)
                r = cgb_scope_attach(&scope->options, NULL, pid, &fault);
        else if (r == -EEXIST)
                snprintf(fault.remedy, sizeof(fault.remedy), "run in it with --join, or choose another --name");
        if (r < 0)
                report_fault(&fault, r, scope->options.name);
        return r;
}
