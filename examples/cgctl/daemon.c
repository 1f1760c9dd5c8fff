/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl daemon - manages all workspaces below the parent, until it is told to stop
 *
 * In the foreground, as service managers like it. Whatever ends the loop, everything is put back before the process ends.
 */

#include <stdio.h>
#include <string.h>

#include "config-report.h"
#include "events.h"
#include "fleet.h"
#include "manager.h"
#include "message.h"
#include "notify.h"
#include "options.h"
#include "report.h"
#include "signals.h"

#define USEC_PER_SEC 1000000

/* What cgb_options allows. */
#define STEP_MIN_USEC 10000
#define STEP_MAX_USEC (60 * USEC_PER_SEC)
#define DEPTH_MAX 8
#define CALLS_MAX 1000

enum {
        OPTION_CONFIG = OPTION_OF_VERB,
        OPTION_STEP,
        OPTION_DEPTH,
        OPTION_MEMORY,
        OPTION_CALLS,
        OPTION_DRY_RUN,
        OPTION_VERBOSE,
};

struct daemon {
        struct common_options common;
        const char *config;        /* NULL: one parent, all of its children */
        uint64_t step_usec;        /* 0: the library's default */
        uint32_t depth;            /* the same */
        uint64_t calls_per_second; /* the same */
        bool memory;
        bool dry_run;
        bool verbose;

        struct cgb *cgb;
        struct signals signals;
        struct manager manager;
};

/* -------------------------------------------------------------------------------- the command line */

static const char daemon_help[] =
        "Usage: cgctl daemon [OPTION...]\n\n"
        "Manages all workspaces below the parent, in the foreground, until SIGTERM or Ctrl-C; then puts everything back.\n"
        "What happens is told on standard error.\n\n"
        "  --config FILE     manage what the rules in it name, each parent by itself; SIGHUP reads it again\n"
        "                    (see cgctl check-config; not with --parent and --depth; its step comes before --step)\n"
        "  --step SEC        time between two decisions: 0.01..60, default 1\n"
        "  --depth N         levels of groups below the parent that have accounts: 1..8, default 1\n"
        "  --memory          also keep the memory law: ask back what sleepers and hogs hold while memory is short\n"
        "  --calls-per-second N\n"
        "                    with --backend systemd: at most so many calls to change units: 1..1000, default 25\n"
        "  --dry-run         decide and tell, write nothing (and cgctl status has nobody to ask)\n"
        "  --verbose         tell every weight that is written, too\n" OPTIONS_COMMON_HELP "\nExamples:\n"
        "  cgctl daemon                                   (as a service; cgctl status asks it)\n"
        "  cgctl daemon --config " CONFIG_DEFAULT "\n"
        "  cgctl daemon --dry-run --verbose --parent user.slice\n\n"
        "Exit status: 0 stopped, and everything put back; 1 failed; 2 bad command line; 3 somebody else manages the\n"
        "parent already.\n";

static int parse_number(const char *option, uint64_t scale, uint64_t min, uint64_t max, uint64_t *ret)
{
        return options_parse_decimal(option, optarg, scale, min, max, ret) < 0 ? options_usage_error(&verb_daemon) : -1;
}

static int parse_depth(struct daemon *daemon)
{
        uint64_t depth = 0;
        int r = parse_number("--depth", 1, 1, DEPTH_MAX, &depth);

        daemon->depth = (uint32_t)depth;
        return r;
}

static int take_option(struct daemon *daemon, int option)
{
        switch (option) {
        case OPTION_CONFIG:
                daemon->config = optarg;
                return -1;
        case OPTION_STEP:
                return parse_number("--step", USEC_PER_SEC, STEP_MIN_USEC, STEP_MAX_USEC, &daemon->step_usec);
        case OPTION_DEPTH:
                return parse_depth(daemon);
        case OPTION_CALLS:
                return parse_number("--calls-per-second", 1, 1, CALLS_MAX, &daemon->calls_per_second);
        case OPTION_MEMORY:
                daemon->memory = true;
                return -1;
        case OPTION_DRY_RUN:
                daemon->dry_run = true;
                return -1;
        case OPTION_VERBOSE:
                daemon->verbose = true;
                return -1;
        default:
                return options_common(&daemon->common, &verb_daemon, option);
        }
}

static int parse(struct daemon *daemon, int argc, char **argv)
{
        static const struct option options[] = {
                {"config", required_argument, NULL, OPTION_CONFIG},
                {"step", required_argument, NULL, OPTION_STEP},
                {"depth", required_argument, NULL, OPTION_DEPTH},
                {"memory", no_argument, NULL, OPTION_MEMORY},
                {"calls-per-second", required_argument, NULL, OPTION_CALLS},
                {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
                {"verbose", no_argument, NULL, OPTION_VERBOSE},
                OPTIONS_COMMON,
                OPTIONS_END,
        };

        for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) >= 0;) {
                int r = take_option(daemon, option);

                if (r >= 0)
                        return r;
        }
        if (daemon->config && (daemon->common.parent || daemon->depth)) {
                report_line(NULL, "--config: its rules say which groups are managed, so neither --parent nor --depth can");
                return options_usage_error(&verb_daemon);
        }
        return options_refuse_operands(&verb_daemon, argc, argv);
}

/* ------------------------------------------------------------------------------------- start, stop */

static int fail(const struct daemon *daemon, int error)
{
        report_fault(cgb_get_fault(daemon->cgb), error, "daemon");
        return report_exit_code(error);
}

static struct cgb_overview overview_of(const struct daemon *daemon)
{
        struct cgb_overview overview = {.size = sizeof overview};

        cgb_get_overview(daemon->cgb, &overview);
        return overview;
}

static struct cgb_options library_options(const struct daemon *daemon)
{
        struct cgb_options options;

        options_apply(&daemon->common, &options);
        if (daemon->step_usec)
                options.step_usec = daemon->step_usec;
        options.calls_per_second = (uint32_t)daemon->calls_per_second;
        if (daemon->depth)
                options.depth = daemon->depth;
        if (daemon->memory)
                options.flags |= CGB_MEMORY;
        if (daemon->dry_run)
                options.flags |= CGB_DRY_RUN;
        return options;
}

static int start(struct daemon *daemon)
{
        /* A dry run has no lock, and must not sit where the parent's real manager answers. */
        int r = manager_start(&daemon->manager, daemon->cgb, !daemon->dry_run);

        if (r < 0)
                return fail(daemon, r);
        if (daemon->manager.server_error < 0)
                report_error("status socket", daemon->manager.server_error, "managing goes on; cgctl status cannot ask");

        struct cgb_overview overview = overview_of(daemon);

        message_print(&(struct message){.kind = "managed", .parent = overview.parent},
                "%s on %s is managed%s: %u workspaces, a step every %.2fs", overview.parent, overview.mount,
                daemon->dry_run ? " (dry run: nothing is written)" : "", overview.workspaces,
                (double)overview.step_usec / USEC_PER_SEC);
        notify_ready();
        return EXIT_OK;
}

static int stop(struct daemon *daemon)
{
        notify_stopping();

        int r = manager_stop(&daemon->manager);

        events_print(daemon->cgb, daemon->verbose);
        if (r < 0)
                return fail(daemon, r);
        message_print(
                &(struct message){.kind = "stopped"}, "%s", daemon->dry_run ? "stopped" : "stopped; everything is put back");
        return EXIT_OK;
}

/* ---------------------------------------------------------------------------------------- the loop */

/* Once a step, which is as often as it can change. */
static void tell_status(const struct daemon *daemon, uint64_t *told_step)
{
        struct cgb_overview overview = overview_of(daemon);

        if (overview.steps != *told_step)
                notify_status(&overview);
        *told_step = overview.steps;
}

/* Until a signal (EXIT_OK), or until nothing can go on. */
static int manage(struct daemon *daemon)
{
        uint64_t told_step = UINT64_MAX;

        for (;;) {
                struct pollfd fds[MANAGER_FDS_MAX + 1];
                int timeout_msec = notify_watchdog_msec();
                size_t n = manager_prepare(&daemon->manager, fds, &timeout_msec);

                fds[n] = (struct pollfd){.fd = daemon->signals.fd, .events = POLLIN};
                if (poll(fds, n + 1, timeout_msec) < 0)
                        continue;
                if (signals_next(&daemon->signals))
                        return EXIT_OK;

                int r = manager_handle(&daemon->manager, fds, n);

                events_print(daemon->cgb, daemon->verbose);
                if (r < 0)
                        return fail(daemon, r);
                tell_status(daemon, &told_step);
                notify_alive();
        }
}

static int start_manage_stop(struct daemon *daemon)
{
        static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, 0};
        int r = signals_take(&daemon->signals, wanted);

        if (r < 0) {
                report_error("signalfd", r, NULL);
                return EXIT_FAILED;
        }

        int exit_code = start(daemon);
        if (exit_code != EXIT_OK)
                return exit_code;

        exit_code = manage(daemon);
        r = stop(daemon);
        return exit_code == EXIT_OK ? r : exit_code;
}

static int daemon_main(int argc, char **argv)
{
        struct daemon daemon = {0};

        options_init(&daemon.common);

        int r = parse(&daemon, argc, argv);
        if (r >= 0)
                return r;

        struct cgb_options options = library_options(&daemon);

        if (daemon.config)
                return fleet_run(&(struct fleet_options){&options, daemon.config, daemon.verbose});
        r = options_open(&options, &daemon.cgb);
        if (r < 0)
                return report_exit_code(r);

        int exit_code = start_manage_stop(&daemon);

        cgb_free(daemon.cgb);
        return exit_code;
}

const struct verb verb_daemon = {
        .name = "daemon",
        .summary = "manages all workspaces below the parent",
        .help = daemon_help,
        .run = daemon_main,
};
