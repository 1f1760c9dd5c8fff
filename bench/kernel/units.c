/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cgburst/scope.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "crew.h"
#include "units.h"

/* systemd hears of an empty group at once, and may be busy. */
#define GONE_TRIES 500
#define GONE_PAUSE_USEC (10 * USEC_PER_MSEC)

extern char **environ;

int units_find(const char *slice, char *ret, size_t size)
{
        struct cgb_scope_options options;
        struct cgb_fault fault = {0};
        char *path;
        int error;

        cgb_scope_options_init(&options);
        options.slice = slice;
        error = cgb_scope_parent(&options, &path, &fault);
        if (error < 0)
                return complain(error, "%s: %s; %s", fault.file, fault.message, fault.remedy);
        snprintf(ret, size, "%s", path);
        free(path);
        return 0;
}

static pid_t start_sleeper(void)
{
        pid_t pid, parent = getpid();

        fflush(NULL);
        pid = fork();
        if (pid == 0) {
                die_with_parent(parent);
                for (;;)
                        pause();
        }
        return pid < 0 ? complain(-errno, "fork") : pid;
}

int units_start(const char *slice, const char *name, unsigned weight, struct group *ret)
{
        struct cgb_scope scope = {.size = sizeof(scope)};
        struct cgb_scope_options options;
        struct cgb_fault fault = {0};
        pid_t pid = start_sleeper();
        int error;

        if (pid < 0)
                return pid;
        cgb_scope_options_init(&options);
        options.slice = slice;
        options.name = name;
        options.share_permille = weight * (CGB_SHARE_DEFAULT_PERMILLE / CGB_WEIGHT_DEFAULT);
        error = cgb_scope_start(&options, &pid, 1, &scope, &fault);
        if (error < 0) {
                kill(pid, SIGKILL);
                waitpid(pid, NULL, 0);
                return complain(error, "%s: %s; %s", fault.file, fault.message, fault.remedy);
        }
        snprintf(ret->name, sizeof(ret->name), "%.*s", (int)sizeof(ret->name) - 1, scope.unit);
        ret->sleeper = pid;
        return 0;
}

void units_wait_gone(const struct groups *groups, struct group *group)
{
        if (group->sleeper <= 0)
                return;
        kill(group->sleeper, SIGKILL);
        waitpid(group->sleeper, NULL, 0);
        group->sleeper = 0;
        for (int tries = 0; tries < GONE_TRIES && faccessat(groups->parent_fd, group->name, F_OK, 0) == 0; tries++)
                sleep_until_usec(now_usec() + GONE_PAUSE_USEC);
}

void units_stop_slice(const char *slice)
{
        char *arguments[] = {"systemctl", geteuid() == 0 ? "--system" : "--user", "stop", (char *)slice, NULL};
        pid_t pid;
        int error = posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environ), status;

        if (error != 0 || waitpid(pid, &status, 0) < 0 || status != 0)
                complain(-error, "%s: systemctl stop has failed; it is left", slice);
}
