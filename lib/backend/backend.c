/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "backend/backend.h"

static const struct cgb_backend *const backends[] = {
        &cgb_backend_cgroupfs,
#ifdef HAVE_LIBCGROUP
        &cgb_backend_libcgroup,
#endif
};

const struct cgb_backend *cgb_backend_find(const char *name)
{
        if (name == NULL)
                return &cgb_backend_cgroupfs;
        for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++)
                if (strcmp(backends[i]->name, name) == 0)
                        return backends[i];
        return NULL;
}
