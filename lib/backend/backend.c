/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "kernel/verbs.h"

static const struct cgb_backend_type *const types[] = {
        &cgb_backend_cgroupfs,
#ifdef HAVE_LIBCGROUP
        &cgb_backend_libcgroup,
#endif
#ifdef HAVE_LIBSYSTEMD
        &cgb_backend_systemd,
#endif
};

const struct cgb_backend_type *cgb_backend_find(const char *name)
{
        if (name == NULL || strcmp(name, CGB_BACKEND_AUTO) == 0)
                return &cgb_backend_cgroupfs;
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
                if (strcmp(types[i]->name, name) == 0)
                        return types[i];
        return NULL;
}

int cgb_backend_open(struct cgb_backend **ret, const struct cgb_backend_type *type, const struct cgb_backend_host *host)
{
        struct cgb_backend *backend = calloc(1, type->size != 0 ? type->size : sizeof *backend);
        int r;

        if (backend == NULL)
                return -ENOMEM;
        backend->type = type;
        backend->host = host;
        backend->fd = -1;
        r = type->open != NULL ? type->open(backend) : 0;
        if (r < 0) {
                free(backend);
                return r;
        }
        *ret = backend;
        return 0;
}

struct cgb_backend *cgb_backend_close(struct cgb_backend *backend)
{
        if (backend != NULL && backend->type->close != NULL)
                backend->type->close(backend);
        free(backend);
        return NULL;
}

int cgb_backend_adopt(struct cgb_backend *backend, struct cgb_group_dir *group)
{
        return backend->type->adopt != NULL ? backend->type->adopt(backend, group) : 0;
}

int cgb_backend_write(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        return backend->type->write(backend, group, file, value);
}

void cgb_backend_process(struct cgb_backend *backend)
{
        if (backend->type->process != NULL)
                backend->type->process(backend);
}

void cgb_backend_flush(struct cgb_backend *backend, uint64_t timeout_usec)
{
        if (backend->type->flush != NULL)
                backend->type->flush(backend, timeout_usec);
}

void cgb_backend_forget(struct cgb_backend *backend, uint64_t inode)
{
        if (backend->type->forget != NULL)
                backend->type->forget(backend, inode);
}

int cgb_backend_make(struct cgb_backend *backend, const char *path, struct cgb_fault *fault)
{
        return backend->type->make != NULL ? backend->type->make(backend, path, fault)
                                           : cgb_tree_make(backend->host->tree, path, fault);
}

int cgb_backend_attach(struct cgb_backend *backend, const char *path, pid_t pid, struct cgb_fault *fault)
{
        return backend->type->attach != NULL ? backend->type->attach(backend, path, pid, fault)
                                             : cgb_tree_attach(backend->host->tree, path, pid, fault);
}

int cgb_backend_remove(struct cgb_backend *backend, const char *path, struct cgb_fault *fault)
{
        return backend->type->remove != NULL ? backend->type->remove(backend, path, fault)
                                             : cgb_tree_remove(backend->host->tree, path, fault);
}
