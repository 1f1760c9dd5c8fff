/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backends that a context has open, and which of them writes a group's files: named once, when the group is adopted, so that there are never
 * two writers of one file.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "context.h"

/* A write that was under way has ended. Groups are few enough, and such ends rare enough, to look for it. */
static void written_late(void *userdata, const struct cgb_backend_result *result)
{
        struct cgb *cgb = userdata;

        for (size_t i = 0; i < cgb->n_groups; i++) {
                struct cgb_group *group = cgb->groups[i];

                if (group->dir.inode != result->inode)
                        continue;
                if (result->file == CGB_FILE_CPU_WEIGHT)
                        cgb_weight_done(cgb, group, result);
                else
                        cgb_memory_limit_done(cgb, group, result);
                return;
        }
}

static int watch(struct cgb *cgb, const struct cgb_backend *backend)
{
        struct epoll_event event = {.events = EPOLLIN};

        return backend->fd < 0 || epoll_ctl(cgb->epoll_fd, EPOLL_CTL_ADD, backend->fd, &event) == 0 ? 0 : -errno;
}

int cgb_writer_get(struct cgb *cgb, const struct cgb_backend_type *type, struct cgb_backend **ret)
{
        struct cgb_backend *backend;
        int r;

        for (size_t i = 0; i < cgb->writers.n; i++)
                if (cgb->writers.backends[i]->type == type) {
                        *ret = cgb->writers.backends[i];
                        return 0;
                }
        if (cgb->writers.n == CGB_WRITERS_MAX)
                return -ENOSPC;
        cgb->writers.host = (struct cgb_backend_host){.fds = cgb->fds, .tree = &cgb->tree, .userdata = cgb, .done = written_late};
        r = cgb_backend_open(&backend, type, &cgb->writers.host);
        if (r < 0)
                return r;
        r = watch(cgb, backend);
        if (r < 0) {
                cgb_backend_close(backend);
                return r;
        }
        *ret = cgb->writers.backends[cgb->writers.n++] = backend;
        return 0;
}

int cgb_writer_choose(struct cgb *cgb, struct cgb_group *group)
{
        return cgb_writer_get(cgb, cgb->backend_type, &group->writer);
}

void cgb_writers_process(struct cgb *cgb)
{
        for (size_t i = 0; i < cgb->writers.n; i++)
                cgb_backend_process(cgb->writers.backends[i]);
}

void cgb_writers_flush(struct cgb *cgb, uint64_t timeout_usec)
{
        for (size_t i = 0; i < cgb->writers.n; i++)
                cgb_backend_flush(cgb->writers.backends[i], timeout_usec);
}

void cgb_writers_close(struct cgb *cgb)
{
        for (size_t i = 0; i < cgb->writers.n; i++) {
                struct cgb_backend *backend = cgb->writers.backends[i];

                if (backend->fd >= 0)
                        epoll_ctl(cgb->epoll_fd, EPOLL_CTL_DEL, backend->fd, NULL);
                cgb_backend_close(backend);
        }
        cgb->writers.n = 0;
}
