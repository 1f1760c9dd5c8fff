/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's files, written by ourselves: for a subtree that is delegated to us. About a microsecond a write.
 */
#include "backend/backend.h"

static int write_value(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        return cgb_group_write_u64(backend->host->fds, backend->host->tree, group, file, value);
}

const struct cgb_backend_type cgb_backend_cgroupfs = {
        .name = "cgroupfs",
        .write = write_value,
};
