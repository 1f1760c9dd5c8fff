/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cgburst/cgburst.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/files.h"
#include "crew.h"
#include "manager.h"

#define STATE_TEMPLATE "/tmp/cgburst-bench-XXXXXX"

/* What the process of the manager knows. */
struct session {
        const struct groups *groups;
        struct manager_memory *memory;
        struct cgb *cgb;
        int control_fd;
};

static int find_group(const struct groups *groups, const char *name)
{
        for (size_t i = 0; i < groups->n; i++)
                if (!strcmp(groups->group[i].name, name))
                        return (int)i;
        return -1;
}

static void log_write(struct session *session, const struct cgb_event *event, uint64_t at_usec)
{
        int group = find_group(session->groups, event->name);
        uint32_t n = atomic_load(&session->memory->n_writes);

        if (group < 0 || n == WEIGHT_LOG_MAX)
                return;
        session->memory->writes[n] = (struct weight_write){
                .at_usec = at_usec,
                .group = (uint32_t)group,
                .weight = event->action.weight,
        };
        atomic_store(&session->memory->n_writes, n + 1);
}

static void log_growing(struct session *session, const char *name, uint64_t at_usec)
{
        int group = find_group(session->groups, name);

        if (group < 0)
                return;
        if (!atomic_load(&session->memory->growing_told))
                atomic_store(&session->memory->growing_at_usec, at_usec);
        atomic_fetch_or(&session->memory->growing_told, UINT64_C(1) << group);
}

static void take_events(struct session *session)
{
        struct cgb_event event;
        uint64_t now = now_usec();

        while (cgb_next_event(session->cgb, &event)) {
                if (event.type == CGB_EVENT_WEIGHT)
                        log_write(session, &event, now);
                else if (event.type == CGB_EVENT_GROWING)
                        log_growing(session, event.name, now);
                else if (event.type == CGB_EVENT_ERROR)
                        complain(event.fault->code, "%s: %s", event.fault->file, event.fault->message);
                else if (event.type == CGB_EVENT_FOREIGN_WRITE)
                        complain(0, "%s: somebody else wrote its weight, %u", event.name, event.weight);
        }
}

/* Whom `status` would show as growing without end. */
static void note_growing(struct session *session)
{
        struct cgb_workspace workspace = {.size = sizeof(workspace)};

        for (size_t i = 0; cgb_get_workspace(session->cgb, i, &workspace) >= 0; i++) {
                int group = workspace.memory.growing ? find_group(session->groups, workspace.name) : -1;

                if (group >= 0)
                        atomic_fetch_or(&session->memory->growing_shown, UINT64_C(1) << group);
        }
}

static void note_figures(struct session *session)
{
        struct cgb_overview overview = {.size = sizeof(overview)};

        if (cgb_get_overview(session->cgb, &overview) < 0)
                return;
        atomic_store(&session->memory->steps, overview.steps);
        atomic_store(&session->memory->longest_dispatch_usec, overview.longest_dispatch_usec);
        atomic_store(&session->memory->limits_written, overview.limits_written);
        atomic_store(&session->memory->reclaimed_bytes, overview.memory.reclaimed_bytes);
        if (overview.memory.groups)
                note_growing(session);
}

static int manage(struct session *session)
{
        struct pollfd poll_fds[] = {
                {.fd = session->control_fd, .events = POLLIN},
                {.fd = cgb_get_fd(session->cgb), .events = POLLIN},
        };

        for (;;) {
                int error;

                if (poll(poll_fds, 2, -1) < 0 && errno != EINTR)
                        return -errno;
                if (poll_fds[0].revents)
                        return 0;
                if (!poll_fds[1].revents)
                        continue;
                error = cgb_dispatch(session->cgb);
                if (error < 0)
                        return complain(error, "cgb_dispatch: %s", cgb_get_fault(session->cgb)->message);
                take_events(session);
                note_figures(session);
        }
}

static int start_context(struct session *session, const struct manager_options *options, const char *state_dir)
{
        struct cgb_options context;
        struct cgb_policy_options policy;
        struct cgb_fault fault = {0};
        int error;

        cgb_options_init(&context);
        context.mount = session->groups->mount;
        context.parent = session->groups->parent;
        context.state_dir = state_dir;
        context.step_usec = options->step_usec;
        context.backend = options->backend;
        cgb_policy_options_init(&policy, options->step_usec, GROUPS_MAX);
        if (options->memory_alone) {
                context.flags = CGB_MEMORY;
                policy.slow_strength_permille = policy.debt_strength_permille = policy.fast_strength_permille = 0;
        }
        if (options->reach_permille)
                policy.reach_permille = options->reach_permille;
        context.policy = &policy;
        error = cgb_new(&session->cgb, &context, &fault);
        if (error < 0)
                return complain(error, "%s: %s; %s", fault.file, fault.message, fault.remedy);
        error = cgb_start(session->cgb);
        if (error < 0) {
                const struct cgb_fault *why = cgb_get_fault(session->cgb);

                complain(error, "%s: %s; %s", why->file, why->message, why->remedy);
                cgb_free(session->cgb);
        }
        return error;
}

/* The child. A byte on @alive_fd says that it manages; its closing, that it has ended. */
static void work(struct session *session, const struct manager_options *options, const char *state_dir, int alive_fd)
{
        int error;

        error = start_context(session, options, state_dir);
        if (error < 0)
                _exit(1);
        if (write(alive_fd, "s", 1) == 1)
                error = manage(session);
        cgb_free(session->cgb);
        _exit(error < 0);
}

static int wait_for_start(struct manager *manager)
{
        char byte;

        if (read(manager->alive_fd, &byte, 1) == 1)
                return 0;
        manager_stop(manager);
        return complain(-EIO, "cgburst could not be started");
}

int manager_start(struct manager *ret, const struct groups *groups, const struct manager_options *options)
{
        struct manager manager = {0};
        int control[2], alive[2];

        manager.memory = share_memory(sizeof(*manager.memory));
        if (!manager.memory)
                return -ENOMEM;
        strcpy(manager.state_dir, STATE_TEMPLATE);
        if (!mkdtemp(manager.state_dir))
                return complain(-errno, STATE_TEMPLATE);
        if (pipe2(control, O_CLOEXEC) < 0 || pipe2(alive, O_CLOEXEC) < 0)
                return complain(-errno, "pipe2");
        fflush(NULL);
        manager.pid = fork();
        if (manager.pid < 0)
                return complain(-errno, "fork");
        if (manager.pid == 0) {
                struct session session = {.groups = groups, .memory = manager.memory, .control_fd = control[0]};

                close(control[1]);
                close(alive[0]);
                work(&session, options, manager.state_dir, alive[1]);
        }
        close(control[0]);
        close(alive[1]);
        manager.control_fd = control[1];
        manager.alive_fd = alive[0];
        *ret = manager;
        return wait_for_start(ret);
}

void manager_stop(struct manager *manager)
{
        if (!manager->pid)
                return;
        close(manager->control_fd);
        waitpid(manager->pid, NULL, 0);
        close(manager->alive_fd);
        remove_folder(manager->state_dir);
        unshare_memory(manager->memory, sizeof(*manager->memory));
        *manager = (struct manager){0};
}

uint32_t manager_weight_at(const struct manager_memory *memory, size_t group, uint32_t first, uint64_t at_usec)
{
        uint32_t weight = first;

        for (uint32_t i = 0; i < atomic_load(&memory->n_writes) && memory->writes[i].at_usec <= at_usec; i++)
                if (memory->writes[i].group == group)
                        weight = memory->writes[i].weight;
        return weight;
}

uint64_t manager_last_write_usec(const struct manager_memory *memory, uint64_t at_usec)
{
        uint64_t last = 0;

        for (uint32_t i = 0; i < atomic_load(&memory->n_writes) && memory->writes[i].at_usec <= at_usec; i++)
                last = memory->writes[i].at_usec;
        return last;
}
