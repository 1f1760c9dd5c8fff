/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "config-report.h"
#include "events.h"
#include "fleet.h"
#include "manager.h"
#include "message.h"
#include "notify.h"
#include "report.h"
#include "signals.h"
#include "verb.h"

/*
 * How often a parent that could not be managed is tried again: another manager may have ended, a controller may have come.
 */
#define RETRY_MSEC 10000

/* A parent and its manager. */
struct member {
        const struct config_parent *parent;
        struct cgb *cgb;
        struct manager manager; /* .cgb is NULL while it waits */
        int error;              /* why it waits, as it was last told */
};

struct fleet {
        const struct fleet_options *options;
        struct config config;
        struct member *members; /* one for each parent of the configuration */
        int inotify_fd;         /* looks at where parents that are waited for would come */
        struct signals signals;
};

/* ---------------------------------------------------------------------------------------- a member */

static int open_member(const struct fleet *fleet, struct member *member)
{
        struct cgb_options options = *fleet->options->library;
        struct cgb_fault fault = {0};

        options.parent = member->parent->path;
        options.rules = member->parent->rules;
        options.n_rules = member->parent->n_rules;
        if (fleet->config.step_usec)
                options.step_usec = fleet->config.step_usec;

        int r = cgb_new(&member->cgb, &options, &fault);
        if (r < 0)
                report_fault(&fault, r, member->parent->path);
        return r;
}

/* Looks at the nearest group above the parent that is there, for one change; whoever is told of it looks again. */
static void watch_for(const struct fleet *fleet, const struct member *member)
{
        struct cgb_overview overview = {.size = sizeof overview};
        char path[PATH_MAX];

        cgb_get_overview(member->cgb, &overview);
        snprintf(path, sizeof(path), "%s/%s", overview.mount, member->parent->path);
        while (strlen(path) > strlen(overview.mount)) {
                *strrchr(path, '/') = '\0';
                if (inotify_add_watch(fleet->inotify_fd, path, IN_CREATE | IN_MOVED_TO | IN_ONESHOT | IN_ONLYDIR) >= 0)
                        return;
        }
}

/* Once for each reason, not once for each try. */
static void tell_error(struct member *member, int error)
{
        if (error == member->error)
                return;
        member->error = error;
        if (error == -ENOENT)
                message_print(&(struct message){.kind = "waiting", .parent = member->parent->path},
                        "%s is not there; it is waited for", member->parent->path);
        else
                report_fault(cgb_get_fault(member->cgb), error, member->parent->path);
}

static void start_member(const struct fleet *fleet, struct member *member)
{
        struct cgb_overview overview = {.size = sizeof overview};
        bool is_dry = fleet->options->library->flags & CGB_DRY_RUN;

        watch_for(fleet, member);

        int r = manager_start(&member->manager, member->cgb, !is_dry);
        if (r < 0) {
                tell_error(member, r);
                return;
        }
        member->error = 0;
        if (member->manager.server_error < 0)
                report_error("status socket", member->manager.server_error, "managing goes on; cgctl status cannot ask");
        cgb_get_overview(member->cgb, &overview);
        message_print(&(struct message){.kind = "managed", .parent = overview.parent},
                "%s on %s is managed%s: %u workspaces", overview.parent, overview.mount,
                is_dry ? " (dry run: nothing is written)" : "", overview.workspaces);
}

/* Puts back what it wrote. Returns what that returned. */
static int stop_member(const struct fleet *fleet, struct member *member)
{
        int r = manager_stop(&member->manager);

        if (r < 0)
                report_fault(cgb_get_fault(member->cgb), r, member->parent->path);
        events_print(member->cgb, fleet->options->verbose);
        return r;
}

static int close_member(const struct fleet *fleet, struct member *member)
{
        int r = member->cgb ? stop_member(fleet, member) : 0;

        member->cgb = cgb_free(member->cgb);
        return r;
}

/* --------------------------------------------------------------------------------- all, and reload */

static bool same_text(const char *const *a, const char *const *b)
{
        for (; *a && *b; a++, b++)
                if (strcmp(*a, *b))
                        return false;
        return *a == *b;
}

static bool same_rule(const struct cgb_rule *a, const struct cgb_rule *b)
{
        return !strcmp(a->name, b->name) && !strcmp(a->match, b->match) && same_text(a->exclude, b->exclude) &&
               same_text(a->interactive, b->interactive) && same_text(a->batch, b->batch) &&
               a->share_permille == b->share_permille && a->memory_floor_bytes == b->memory_floor_bytes &&
               a->flags == b->flags;
}

static bool same_parent(const struct config_parent *a, const struct config_parent *b)
{
        bool same = !strcmp(a->path, b->path) && a->n_rules == b->n_rules;

        for (size_t i = 0; same && i < a->n_rules; i++)
                same = same_rule(&a->rules[i], &b->rules[i]);
        return same;
}

/* Gives a member of the old fleet to the new one, if nothing about it has changed. */
static void take_over(struct fleet *old, struct member *member, uint64_t step_usec)
{
        for (size_t i = 0; i < old->config.n_parents && old->config.step_usec == step_usec; i++) {
                struct member *candidate = &old->members[i];

                if (!candidate->cgb || !same_parent(candidate->parent, member->parent))
                        continue;
                const struct config_parent *parent = member->parent;

                *member = *candidate;
                member->parent = parent;
                *candidate = (struct member){0};
                return;
        }
}

/*
 * Makes @config, which is taken over, the one in force. What has changed is put back before it begins anew. Returns 0 or a
 * negative errno.
 */
static int use_config(struct fleet *fleet, struct config *config)
{
        struct member *members = calloc(config->n_parents, sizeof(*members));
        struct fleet old = *fleet;

        if (!members) {
                config_free(config);
                return -ENOMEM;
        }
        fleet->config = *config;
        fleet->members = members;
        for (size_t i = 0; i < config->n_parents; i++) {
                members[i].parent = &fleet->config.parents[i];
                take_over(&old, &members[i], config->step_usec);
        }
        for (size_t i = 0; i < old.config.n_parents; i++)
                close_member(fleet, &old.members[i]);
        free(old.members);
        config_free(&old.config);

        int r = 0;
        for (size_t i = 0; i < config->n_parents && r == 0; i++)
                if (!members[i].cgb) {
                        r = open_member(fleet, &members[i]);
                        if (r == 0)
                                start_member(fleet, &members[i]);
                }
        return r;
}

static void reload(struct fleet *fleet)
{
        struct config config;
        int r = config_report_load(&config, fleet->options->config);

        if (r < 0) {
                message_print(&(struct message){.kind = "config-refused"},
                        "%s is not used; the old configuration stays in force", fleet->options->config);
                return;
        }
        r = use_config(fleet, &config);
        if (r == 0)
                message_print(&(struct message){.kind = "config-used"}, "%s is in force", fleet->options->config);
        else
                report_error(fleet->options->config, r, "mend it, and send SIGHUP again");
}

static int close_fleet(struct fleet *fleet)
{
        int r = 0;

        for (size_t i = 0; i < fleet->config.n_parents; i++)
                if (close_member(fleet, &fleet->members[i]) < 0)
                        r = -EIO;
        free(fleet->members);
        config_free(&fleet->config);
        close(fleet->inotify_fd);
        return r;
}

/* ---------------------------------------------------------------------------------------- the loop */

static void retry(struct fleet *fleet)
{
        char buffer[4096];

        while (read(fleet->inotify_fd, buffer, sizeof(buffer)) > 0)
                ; /* what has changed does not matter: all that wait look again */
        for (size_t i = 0; i < fleet->config.n_parents; i++)
                if (fleet->members[i].cgb && !fleet->members[i].manager.cgb)
                        start_member(fleet, &fleet->members[i]);
}

/* A parent that is gone, or cannot be read any more, is waited for again. */
static void handle_member(const struct fleet *fleet, struct member *member, const struct pollfd *fds, size_t n)
{
        int r = manager_handle(&member->manager, fds, n);

        events_print(member->cgb, fleet->options->verbose);
        if (r >= 0)
                return;
        tell_error(member, r);
        stop_member(fleet, member);
        watch_for(fleet, member);
}

static bool some_wait(const struct fleet *fleet)
{
        for (size_t i = 0; i < fleet->config.n_parents; i++)
                if (!fleet->members[i].manager.cgb && fleet->members[i].error != -ENOENT)
                        return true;
        return false;
}

static void tell_status(const struct fleet *fleet)
{
        struct cgb_overview sum = {.size = sizeof(sum)};

        for (size_t i = 0; i < fleet->config.n_parents; i++) {
                struct cgb_overview overview = {.size = sizeof overview};

                if (!fleet->members[i].cgb || cgb_get_overview(fleet->members[i].cgb, &overview) < 0)
                        continue;
                sum.workspaces += overview.workspaces;
                sum.pool.awake += overview.pool.awake;
                if (overview.pool.price_permille > sum.pool.price_permille)
                        sum.pool.price_permille = overview.pool.price_permille;
        }
        notify_status(&sum);
}

/* Waits once, and does what there is to do. */
static void wait_and_handle(struct fleet *fleet, struct pollfd *fds, size_t *counts)
{
        int timeout_msec = notify_watchdog_msec();
        size_t n = 2;

        if (some_wait(fleet) && (timeout_msec < 0 || timeout_msec > RETRY_MSEC))
                timeout_msec = RETRY_MSEC;
        fds[0] = (struct pollfd){.fd = fleet->signals.fd, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = fleet->inotify_fd, .events = POLLIN};
        for (size_t i = 0; i < fleet->config.n_parents; i++)
                n += counts[i] = manager_prepare(&fleet->members[i].manager, fds + n, &timeout_msec);

        int ready = poll(fds, n, timeout_msec);

        n = 2;
        for (size_t i = 0; ready > 0 && i < fleet->config.n_parents; n += counts[i++])
                if (counts[i] > 0)
                        handle_member(fleet, &fleet->members[i], fds + n, counts[i]);
        if (ready == 0 || (ready > 0 && fds[1].revents))
                retry(fleet);
        tell_status(fleet);
        notify_alive();
}

/* Until a signal that ends it. Returns 0 or -ENOMEM. */
static int manage(struct fleet *fleet)
{
        for (int number = 0; number == 0 || number == SIGHUP; number = signals_next(&fleet->signals)) {
                if (number == SIGHUP)
                        reload(fleet);

                size_t room = fleet->config.n_parents;
                struct pollfd *fds = calloc(2 + room * MANAGER_FDS_MAX, sizeof(*fds));
                size_t *counts = calloc(room, sizeof(*counts));

                if (fds && counts)
                        wait_and_handle(fleet, fds, counts);
                free(counts);
                free(fds);
                if (!fds || !counts)
                        return -ENOMEM;
        }
        return 0;
}

static int start_manage_stop(struct fleet *fleet, struct config *config)
{
        int r = use_config(fleet, config);

        if (r == 0) {
                notify_ready();
                r = manage(fleet);
        }
        notify_stopping();

        int closed = close_fleet(fleet);

        if (r == 0 && closed == 0)
                message_print(&(struct message){.kind = "stopped"}, "stopped; everything is put back");
        return r == 0 && closed == 0 ? EXIT_OK : EXIT_FAILED;
}

int fleet_run(const struct fleet_options *options)
{
        static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, 0};
        struct fleet fleet = {.options = options};
        struct config config;
        int r = config_report_load(&config, options->config);

        if (r < 0)
                return report_exit_code(r);
        fleet.inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        r = fleet.inotify_fd < 0 ? -errno : signals_take(&fleet.signals, wanted);
        if (r < 0) {
                report_error("signalfd, inotify", r, NULL);
                config_free(&config);
                return EXIT_FAILED;
        }
        return start_manage_stop(&fleet, &config);
}
