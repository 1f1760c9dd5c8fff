/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backends that a context has open, and which of them writes a group's files: named once, when the group is adopted, so
 * that there are never two writers of one file.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "context.h"

/* A call keeps systemd busy for some 2 ms, and on a slow machine for 15: this is a twentieth of its time, or a third. */
#define CALLS_PER_SECOND 25

/* Groups are few enough, and answers rare enough, to look for it. */
static struct cgb_group *find(struct cgb *cgb, uint64_t inode)
{
        for (size_t i = 0; i < cgb->n_groups; i++)
                if (cgb->groups[i]->dir.inode == inode)
                        return cgb->groups[i];
        return NULL;
}

/* A write that was under way has ended. */
static void written_late(void *userdata, const struct cgb_backend_result *result)
{
        struct cgb *cgb = userdata;
        struct cgb_group *group;

        if (cgb->putting_back != NULL) {
                cgb_put_back_done(cgb->putting_back, result);
                return;
        }
        group = find(cgb, result->inode);
        if (group != NULL && result->file == CGB_FILE_CPU_WEIGHT)
                cgb_weight_done(cgb, group, result);
        else if (group != NULL)
                cgb_memory_limit_done(cgb, group, result);
}

static void adopted(void *userdata, uint64_t inode, bool weight_is_unset)
{
        struct cgb *cgb = userdata;
        struct cgb_group *group = find(cgb, inode);

        if (group == NULL || !group->is_asked)
                return;
        group->is_asked = false;
        group->found_is_unset = weight_is_unset;
        if (!weight_is_unset)
                return;
        /* the file may still hold what it was given before, as right after a manager of ours was killed */
        group->found_weight = CGB_WEIGHT_DEFAULT;
        cgb_policy_set_share(cgb->policy, group->node, cgb_group_share(group));
}

static void absent(void *userdata, int code)
{
        struct cgb *cgb = userdata;
        struct cgb_fault fault;

        if (code == 0) {
                cgb_log(cgb, CGB_LOG_INFO, "systemd answers again");
                return;
        }
        cgb_fault_set(&fault, code, "org.freedesktop.systemd1",
                "systemd does not answer; what it is to set is sent when it does again", "systemctl status dbus");
        cgb_log(cgb, CGB_LOG_WARNING, "%s: %s (%s)", fault.file, fault.message, strerror(-code));
        cgb_report(cgb, CGB_EVENT_ERROR, NULL, &(struct cgb_event){.fault = &fault});
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
        cgb->writers.host = (struct cgb_backend_host){
                .fds = cgb->fds,
                .tree = &cgb->tree,
                .calls_per_second = cgb->options.calls_per_second != 0 ? cgb->options.calls_per_second : CALLS_PER_SECOND,
                .userdata = cgb,
                .done = written_late,
                .adopted = adopted,
                .absent = absent,
        };
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

int cgb_writer_of_units(struct cgb *cgb, struct cgb_backend **ret)
{
        const struct cgb_backend_type *type =
                cgb->backend_type->asks_manager ? cgb->backend_type : cgb_backend_find("systemd");

        return type != NULL ? cgb_writer_get(cgb, type, ret) : -EOPNOTSUPP;
}

static int know_owners(struct cgb *cgb)
{
        int r = cgb->knows_owners ? 0 : cgb_owner_host_open(&cgb->owners, "", &cgb->tree);

        if (r < 0)
                return r;
        cgb->owners.has_systemd &= cgb->tree.is_cgroup2; /* a folder of files is nobody's */
        cgb->knows_owners = true;
        return 0;
}

/*
 * The one rule. A unit's own group is its manager's to write, unless raw writing or libcgroup was chosen for all; what
 * nobody here may write is NULL's. Of a manager that this build cannot ask its groups are written raw, as ever: what it
 * undoes is noticed.
 */
static const struct cgb_backend_type *type_for(const struct cgb *cgb, const struct cgb_owner *owner)
{
        const struct cgb_backend_type *type;

        if (!cgb->chooses_writers && !cgb->backend_type->asks_manager)
                return cgb->backend_type;
        if (owner->writer == NULL)
                return NULL;
        type = cgb_backend_find(owner->writer);
        return type != NULL && (cgb->chooses_writers || type->asks_manager) ? type : &cgb_backend_cgroupfs;
}

/* Of groups that the embedder makes, fills and removes. */
int cgb_writer_of_path(struct cgb *cgb, const char *path, bool *ret_is_unit, struct cgb_backend **ret)
{
        const struct cgb_backend_type *type;
        struct cgb_owner owner;
        int r = know_owners(cgb);

        if (r < 0)
                return r;
        cgb_owner_find(&cgb->owners, path, &owner);
        type = type_for(cgb, &owner);
        *ret_is_unit = type == NULL || type->asks_manager;
        return cgb_writer_get(cgb, *ret_is_unit ? &cgb_backend_cgroupfs : type, ret);
}

/* What is measured only has a writer as well, who is never asked. */
int cgb_writer_choose(struct cgb *cgb, struct cgb_group *group)
{
        const struct cgb_backend_type *type;
        struct cgb_owner owner;
        int r = know_owners(cgb);

        if (r < 0)
                return r;
        cgb_owner_find(&cgb->owners, group->dir.path, &owner);
        type = type_for(cgb, &owner);
        group->owner = owner.type;
        group->is_anothers = group->foreign = type == NULL;
        if (type == NULL)
                cgb_log(cgb, CGB_LOG_WARNING, "%s is measured and left alone: %s; remedy: %s", group->name, owner.why,
                        owner.remedy);
        return cgb_writer_get(cgb, type != NULL ? type : &cgb_backend_cgroupfs, &group->writer);
}

void cgb_writers_count(const struct cgb *cgb, struct cgb_overview *ret)
{
        for (size_t i = 0; i < cgb->writers.n; i++)
                ret->calls += cgb->writers.backends[i]->calls;
        for (size_t i = 0; i < cgb->n_groups; i++)
                ret->under_way += (uint32_t)cgb->groups[i]->is_pending + cgb->groups[i]->memory.is_pending;
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
        if (cgb->knows_owners)
                cgb_owner_host_close(&cgb->owners);
        cgb->knows_owners = false;
}
