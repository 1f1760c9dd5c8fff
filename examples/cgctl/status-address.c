/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The hard idea: sun_path has room for 108 bytes, and a state folder below XDG_RUNTIME_DIR with the name of a deep parent
 * in it needs more. So the folder is opened, and called /proc/self/fd/N.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "status-address.h"

static int open_folder(const char *path, size_t length)
{
        char folder[PATH_MAX];

        if (length >= sizeof(folder))
                return -ENAMETOOLONG;
        snprintf(folder, sizeof(folder), "%.*s", (int)length, path);

        int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int status_address_open(struct status_address *ret, const char *state_name)
{
        struct status_address address = {.name.sun_family = AF_UNIX};
        size_t size = sizeof(address.name.sun_path);
        const char *slash = strrchr(state_name, '/');

        if (!slash)
                return -EINVAL;
        address.directory = open_folder(state_name, (size_t)(slash - state_name));
        if (address.directory < 0)
                return address.directory;

        if ((size_t)snprintf(address.name.sun_path, size, "/proc/self/fd/%d%s.sock", address.directory, slash) >= size) {
                status_address_close(&address);
                return -ENAMETOOLONG;
        }
        *ret = address;
        return 0;
}

void status_address_close(struct status_address *address)
{
        close(address->directory);
}
