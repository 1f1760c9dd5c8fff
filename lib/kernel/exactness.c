/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/exactness.h"
#include "kernel/mount.h"

/* Of the bits in it: the switch of it all, beside those of details. */
#define GENERATIONS_ON 1u

bool cgb_reclaims_exactly(const char *prefix)
{
        char file[PATH_MAX], *text;
        bool on;
        size_t n;

        if ((size_t)snprintf(file, sizeof(file), "%s/sys/kernel/mm/lru_gen/enabled", prefix) >= sizeof(file) ||
                cgb_mount_read_text(&text, &n, file) < 0)
                return false;
        on = (strtoul(text, NULL, 16) & GENERATIONS_ON) != 0;
        free(text);
        return on;
}
