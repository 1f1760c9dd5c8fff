/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl run - a command in a workspace of its own
 *
 * The hard idea: no daemon is needed. Each run tries to manage the parent; the kernel's lock lets one of them. The others
 * keep asking, so that when it ends another follows within RETRY_MSEC. Where a daemon manages, none of them ever does.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "manager.h"
#include "options.h"
#include "report.h"
#include "run-scope.h"
#include "text.h"

/* How long nobody may manage after a manager has ended. Asking costs one attempt at a file lock. */
#define RETRY_MSEC 2000

/*
 * Ctrl-C ends a whole pipeline, and its last processes may outlive the first by some milliseconds: wait for them that
 * long.
 */
#define REMOVE_TRIES 25
#define REMOVE_PAUSE_MSEC 10

/* cpu.weight is an integer, and 100 stands for a share of 1. */
#define SHARES_SCALE 100
#define SHARE_PERMILLE_PER_HUNDREDTH 10

/* Levels of accounts below cgburst.slice. */
#define SCOPE_AND_LANE 2

enum {
        OPTION_SHARES = OPTION_OF_VERB,
        OPTION_NAME,
        OPTION_JOIN,
        OPTION_MEMORY_FLOOR,
        OPTION_MEMORY_MAX,
        OPTION_SYSTEMD,
        OPTION_LANE,
};

struct run {
        struct common_options common;
        uint32_t share_permille;
        uint64_t memory_floor_bytes, memory_max_bytes; /* 0: none */
        const char *name;
        bool join;
        struct run_scope scope;
        char **argv; /* the command */

        char default_name[CGB_NAME_SIZE];
        struct cgb *cgb;
        struct signals signals;
        struct command command;
        struct manager manager;
        bool made;  /* the workspace is ours to remove */
        bool retry; /* somebody else manages: ask again */
};

/* -------------------------------------------------------------------------------- the command line */

static const char run_help[] =
        "Usage: cgctl run [OPTION...] [--] COMMAND [ARGUMENT...]\n\n"
        "Runs a command in a workspace of its own, and removes the workspace when the command has ended. While nobody\n"
        "else manages the parent, this does; so any number of them work together, with a daemon or without.\n\n"
        "  --shares N        what the workspace is entitled to, against the others': 0.01..100, default 1\n"
        "  --name NAME       name of the workspace (default: the command's, with the process id)\n"
        "  --join            if a workspace of that name exists, run in it; it keeps its share, and is not removed\n"
        "  --memory-floor SIZE\n"
        "                    memory that it is sure of: nobody takes it away below that (memory.low), such as 512M\n"
        "  --memory-max SIZE memory that it may have: above, the kernel ends it (memory.max), such as 2G\n"
        "  --systemd         the workspace is a scope of systemd's in cgburst.slice; without root, of your own manager\n"
        "  --lane NAME       the scope has the lanes interactive and batch, and the command begins in this one\n" OPTIONS_COMMON_HELP
        "\nExamples:\n"
        "  cgctl run make -j8\n"
        "  cgctl run --memory-floor 512M --memory-max 4G -- make -j8\n"
        "  cgctl run --shares 4 --name editor -- code-server --port 8080\n"
        "  cgctl run --name editor --join -- bash\n"
        "  cgctl run --systemd --name editor --lane interactive -- code-server\n"
        "  cgctl run --systemd --name editor --join --lane batch -- make -j8\n\n"
        "Exit status: the command's own; 128+N if signal N ended it; 127 if it was not found; 126 if it cannot be\n"
        "executed; 125 if cgctl failed; 2 for a bad command line.\n";

/* The command's last path component and the process id, in characters that need no quoting. */
static void make_default_name(struct run *run)
{
        const char *slash = strrchr(run->argv[0], '/');
        char pid[24];
        int digits = snprintf(pid, sizeof(pid), "-%d", (int)getpid());
        int room = (int)sizeof(run->default_name) - 1 - digits;
        const char *base = slash && slash[1] ? slash + 1 : run->argv[0];

        snprintf(run->default_name, sizeof(run->default_name), "%.*s%s", room, base, pid);
        for (char *c = run->default_name; *c; c++)
                if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_@.", *c) ||
                        (*c == '.' && c == run->default_name))
                        *c = '_';
        run->name = run->default_name;
}

static int parse_shares(struct run *run, const char *text)
{
        uint64_t hundredths;
        int r = options_parse_decimal("--shares", text, SHARES_SCALE, CGB_SHARE_MIN_PERMILLE / SHARE_PERMILLE_PER_HUNDREDTH,
                CGB_SHARE_MAX_PERMILLE / SHARE_PERMILLE_PER_HUNDREDTH, &hundredths);

        if (r < 0)
                return options_usage_error(&verb_run);
        run->share_permille = (uint32_t)hundredths * SHARE_PERMILLE_PER_HUNDREDTH;
        return -1;
}

static int parse_size(uint64_t *ret, const char *option)
{
        return options_parse_size(option, optarg, ret) < 0 ? options_usage_error(&verb_run) : -1;
}

static int take_option(struct run *run, int option)
{
        switch (option) {
        case OPTION_SHARES:
                return parse_shares(run, optarg);
        case OPTION_NAME:
                run->name = optarg;
                return -1;
        case OPTION_JOIN:
                run->join = true;
                return -1;
        case OPTION_MEMORY_FLOOR:
                return parse_size(&run->memory_floor_bytes, "--memory-floor");
        case OPTION_MEMORY_MAX:
                return parse_size(&run->memory_max_bytes, "--memory-max");
        case OPTION_SYSTEMD:
                run->scope.wanted = true;
                return -1;
        case OPTION_LANE:
                run->scope.lane = optarg;
                return -1;
        default:
                return options_common(&run->common, &verb_run, option);
        }
}

static bool check_scope(const struct run *run)
{
        if (run->scope.lane && !run->scope.wanted)
                report_line(NULL, "--lane: only scopes have lanes: --systemd is missing");
        else if (run->scope.lane && !run_scope_is_lane(run->scope.lane))
                report_line(NULL, "--lane: \"%s\" is none: " RUN_LANES_HELP, run->scope.lane);
        else if (run->scope.wanted && run->common.parent)
                report_line("leave --parent and $CGBURST_PARENT out",
                        "--systemd: its parent is cgburst.slice, and cannot be chosen");
        else
                return true;
        return false;
}

static int parse(struct run *run, int argc, char **argv)
{
        static const struct option options[] = {
                {"shares", required_argument, NULL, OPTION_SHARES},
                {"name", required_argument, NULL, OPTION_NAME},
                {"join", no_argument, NULL, OPTION_JOIN},
                {"memory-floor", required_argument, NULL, OPTION_MEMORY_FLOOR},
                {"memory-max", required_argument, NULL, OPTION_MEMORY_MAX},
                {"systemd", no_argument, NULL, OPTION_SYSTEMD},
                {"lane", required_argument, NULL, OPTION_LANE},
                OPTIONS_COMMON,
                OPTIONS_END,
        };

        /* "+": the first word that is no option begins the command, whose own options are not ours. */
        for (int option; (option = getopt_long(argc, argv, "+h", options, NULL)) >= 0;) {
                int r = take_option(run, option);

                if (r >= 0)
                        return r;
        }

        run->argv = argv + optind;
        if (optind >= argc || !*run->argv[0])
                report_line(NULL, "run: no command given");
        else if (run->join && !run->name)
                report_line(NULL, "--join: which workspace? --name has to tell");
        else if (check_scope(run)) {
                if (!run->name)
                        make_default_name(run);
                return -1;
        }
        return options_usage_error(&verb_run);
}

/* ----------------------------------------------------------------------------------- the workspace */

static int fail(const struct run *run, int error)
{
        report_fault(cgb_get_fault(run->cgb), error, *run->name ? run->name : "--name");
        return error;
}

/* What was wrong on the command line is told from what went wrong. */
static int exit_code_for(int error)
{
        return error == -EINVAL ? EXIT_USAGE : EXIT_RUN_FAILED;
}

/* A scope is made by putting a process into it. */
static int make_workspace(struct run *run)
{
        const struct cgb_workspace_options options = {
                .size = sizeof(options),
                .name = run->name,
                .share_permille = run->share_permille,
                .memory_floor_bytes = run->memory_floor_bytes,
                .memory_max_bytes = run->memory_max_bytes,
        };
        int r = run->scope.wanted ? 0 : cgb_create(run->cgb, &options);

        run->made = r == 0 && !run->scope.wanted;
        if (r == -EEXIST && run->join && (run->memory_floor_bytes || run->memory_max_bytes)) {
                report_line(RUN_SIZES_REMEDY, RUN_SIZES_REFUSED, run->name);
                return r;
        }
        if (r == -EEXIST && run->join)
                return 0;
        if (r == -EEXIST) {
                report_line(
                        "run in it with --join, or choose another --name", "%s: a workspace of that name exists", run->name);
                return r;
        }
        return r < 0 ? fail(run, r) : 0;
}

/* Where the workspace is, for messages. */
static void format_path(const struct run *run, char *ret, size_t size)
{
        struct cgb_overview overview = {.size = sizeof(overview)};

        if (cgb_get_overview(run->cgb, &overview) < 0)
                snprintf(ret, size, "%s", run->name);
        else
                snprintf(ret, size, "%s/%s/%s", overview.mount, overview.parent + strspn(overview.parent, "/"), run->name);
}

static void remove_workspace(struct run *run)
{
        const struct timespec pause = {.tv_nsec = REMOVE_PAUSE_MSEC * 1000000};
        int r = cgb_remove(run->cgb, run->name);

        for (int i = 0; r == -EBUSY && i < REMOVE_TRIES; i++) {
                nanosleep(&pause, NULL);
                r = cgb_remove(run->cgb, run->name);
        }

        if (r == -EBUSY) {
                char path[8192];

                format_path(run, path, sizeof(path));
                report_line(
                        NULL, "%s still has processes, and is left; to end them: echo 1 > %s/cgroup.kill", run->name, path);
        } else if (r < 0 && r != -ENOENT)
                fail(run, r);
}

/* ----------------------------------------------------------------------------------- while it runs */

static void try_to_manage(struct run *run)
{
        int r = manager_start(&run->manager, run->cgb, true);

        run->retry = r == -EBUSY;
        if (r < 0 && r != -EBUSY) {
                report_line(NULL, "%s runs with its plain weight, since nobody manages its parent:", run->name);
                fail(run, r);
        }
}

/* What happens to the other workspaces is not for this command's terminal; cgctl status tells. */
static void manage(struct run *run, const struct pollfd *fds, size_t n)
{
        int r = manager_handle(&run->manager, fds, n);
        struct cgb_event event;

        while (run->manager.cgb && cgb_next_event(run->cgb, &event))
                ;
        if (r < 0) {
                fail(run, r);
                manager_stop(&run->manager);
        }
}

/*
 * The keyboard's signals reach the command by themselves: it is in the terminal's foreground as cgctl is, and may want to
 * survive them. Those that are sent to cgctl alone are meant for the command.
 */
static void forward_signals(const struct run *run)
{
        for (int number; (number = signals_next(&run->signals));)
                if (number != SIGINT && number != SIGQUIT && number != SIGCHLD)
                        kill(run->command.pid, number);
}

static int wait_for_command(struct run *run)
{
        int exit_code;

        while (!command_ended(&run->command, &exit_code)) {
                struct pollfd fds[MANAGER_FDS_MAX + 1];
                int timeout_msec = run->retry ? RETRY_MSEC : -1;
                size_t n = manager_prepare(&run->manager, fds, &timeout_msec);

                fds[n] = (struct pollfd){.fd = run->signals.fd, .events = POLLIN};

                int ready = poll(fds, n + 1, timeout_msec);
                if (ready < 0)
                        continue;
                manage(run, fds, n);
                forward_signals(run);
                if (ready == 0 && run->retry)
                        try_to_manage(run);
        }
        return exit_code;
}

/* ---------------------------------------------------------------------------------------- together */

static int put_into_workspace(struct run *run)
{
        if (run->scope.wanted)
                return run_scope_put(&run->scope, run->command.pid, run->join);

        int r = cgb_attach(run->cgb, run->name, run->command.pid);

        return r < 0 ? fail(run, r) : 0;
}

static int run_command(struct run *run)
{
        int r = command_hold(&run->command, run->argv, &run->signals);

        if (r < 0) {
                report_error(run->argv[0], r, NULL);
                return EXIT_RUN_FAILED;
        }
        r = put_into_workspace(run);
        if (r < 0) {
                command_abandon(&run->command);
                return run->scope.wanted ? exit_code_for(r) : EXIT_RUN_FAILED;
        }
        command_release(&run->command);
        try_to_manage(run);
        return wait_for_command(run);
}

static int run_in_workspace(struct run *run)
{
        static const int wanted[] = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, 0};
        int r = signals_take(&run->signals, wanted);

        if (r < 0) {
                report_error("signalfd", r, NULL);
                return EXIT_RUN_FAILED;
        }
        r = make_workspace(run);
        if (r < 0)
                return exit_code_for(r);

        int exit_code = run_command(run);

        if (run->made)
                remove_workspace(run);
        r = manager_stop(&run->manager);
        if (r < 0)
                fail(run, r);
        return exit_code;
}

/* The scopes in the slice have accounts, and their lanes, too. */
static int use_scope(struct run *run, struct cgb_options *options)
{
        int r = run_scope_prepare(&run->scope, run->name, run->share_permille);

        run->scope.options.memory_floor_bytes = run->memory_floor_bytes;
        run->scope.options.memory_max_bytes = run->memory_max_bytes;
        options->parent = run->scope.parent;
        options->depth = SCOPE_AND_LANE;
        return r;
}

static int run_main(int argc, char **argv)
{
        struct run run = {.share_permille = CGB_SHARE_DEFAULT_PERMILLE};
        struct cgb_options options;

        options_init(&run.common);

        int r = parse(&run, argc, argv);
        if (r >= 0)
                return r;

        options_apply(&run.common, &options);
        r = run.scope.wanted ? use_scope(&run, &options) : 0;
        if (r == 0)
                r = options_open(&options, &run.cgb);

        int exit_code = r < 0 ? exit_code_for(r) : run_in_workspace(&run);

        cgb_free(run.cgb);
        free(run.scope.parent);
        return exit_code;
}

const struct verb verb_run = {
        .name = "run",
        .summary = "runs a command in a workspace of its own",
        .help = run_help,
        .run = run_main,
};
