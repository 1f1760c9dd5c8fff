/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who does the writing. Reading is always our own, on kept fds; a backend only knows how a value gets into a file of a group: by
 * writing it, or by asking whoever owns the tree.
 */
#include "kernel/group.h"

struct cgb_backend {
        const char *name;

        /** Puts @value into @group's @file. @return 0; -ENODEV if the group is gone; the errno of the file else. */
        int (*write)(struct cgb_fd_cache *fds, const struct cgb_tree *tree, struct cgb_group_dir *group, enum cgb_file file,
                uint64_t value);
};

extern const struct cgb_backend cgb_backend_cgroupfs;
extern const struct cgb_backend cgb_backend_libcgroup;

/** By name, NULL being the default, cgroupfs. @return NULL if there is none of that name in this build. */
const struct cgb_backend *cgb_backend_find(const char *name);
