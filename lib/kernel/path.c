/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * path.c - which names and paths of groups are taken
 */

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "kernel/path.h"

/* Linux takes longer paths only piecewise; what is left over here has room for the longest file name. */
#define PATH_ROOM (PATH_MAX - NAME_MAX - 2)

static bool is_dots(const char *name, size_t n)
{
        return (n == 1 && name[0] == '.') || (n == 2 && name[0] == '.' && name[1] == '.');
}

/* The kernel puts its files beside the child groups and does not keep their names apart (admin-guide/cgroup-v2.rst). */
bool cgb_name_is_kernel_file(const char *name)
{
        static const char *const prefixes[] = {
                "cgroup.",
                "cpu.",
                "cpuset.",
                "memory.",
                "io.",
                "pids.",
                "hugetlb.",
                "rdma.",
                "misc.",
                "perf_event.",
                "dmem.",
                "irq.",
                "debug.",
        };

        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
                if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        return false;
}

bool cgb_name_is_valid(const char *name)
{
        size_t n = name != NULL ? strlen(name) : 0;

        if (n == 0 || n > NAME_MAX || is_dots(name, n) || cgb_name_is_kernel_file(name))
                return false;
        for (size_t i = 0; i < n; i++)
                if (name[i] == '/' || (unsigned char)name[i] < ' ' || name[i] == 0x7f)
                        return false;
        return true;
}

bool cgb_path_is_valid(const char *path)
{
        if (path == NULL || strlen(path) > PATH_ROOM)
                return false;
        while (*path != '\0') {
                size_t n = strcspn(path, "/");

                if (n == 0 || n > NAME_MAX || is_dots(path, n))
                        return false;
                path += n;
                if (*path == '/' && *++path == '\0')
                        return false;
        }
        return true;
}

int cgb_path_join(char *ret, size_t size, const char *path, const char *name)
{
        size_t n = strlen(path), m = strlen(name);
        size_t slash = n > 0 && m > 0 ? 1 : 0;

        if (n + slash + m >= size)
                return -ENAMETOOLONG;
        memmove(ret, path, n);
        if (slash)
                ret[n] = '/';
        memcpy(ret + n + slash, name, m + 1);
        return 0;
}

bool cgb_path_cut(char *path)
{
        char *slash = strrchr(path, '/');

        if (*path == '\0')
                return false;
        *(slash != NULL ? slash : path) = '\0';
        return true;
}
