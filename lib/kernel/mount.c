/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * mount.c - where the tree is, where the caller sits in it, what of it is the caller's, and how many CPUs that has
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/mount.h"
#include "kernel/parse.h"
#include "kernel/path.h"

/* A piece of a text that is not ours. */
struct span {
        const char *at;
        size_t n;
};

/* Cuts off what stands before the next @separator, or all of it; the separator is eaten. */
static struct span cut(struct span *rest, char separator)
{
        const char *end = rest->n > 0 ? memchr(rest->at, separator, rest->n) : NULL;
        struct span piece = {.at = rest->at, .n = end != NULL ? (size_t)(end - rest->at) : rest->n};
        size_t eaten = piece.n + (end != NULL);

        if (eaten > 0)
                *rest = (struct span){.at = rest->at + eaten, .n = rest->n - eaten};
        return piece;
}

static bool span_is(struct span span, const char *text)
{
        return span.n == strlen(text) && memcmp(span.at, text, span.n) == 0;
}

static bool is_octal3(const char *at)
{
        for (int i = 0; i < 3; i++)
                if (at[i] < '0' || at[i] > '7')
                        return false;
        return true;
}

/* Undoes mountinfo's \040 for a space and its like. @return false if the result does not fit, or has a NUL. */
static bool unescape(char *ret, size_t size, struct span in)
{
        size_t n = 0;

        for (size_t i = 0; i < in.n; i++) {
                char byte = in.at[i];

                if (byte == '\\' && in.n - i > 3 && is_octal3(in.at + i + 1)) {
                        byte = (char)((in.at[i + 1] - '0') << 6 | (in.at[i + 2] - '0') << 3 | (in.at[i + 3] - '0'));
                        i += 3;
                }
                if (byte == '\0' || n + 1 >= size)
                        return false;
                ret[n++] = byte;
        }
        ret[n] = '\0';
        return n > 0;
}

/*
 * One line of mountinfo (proc_pid_mountinfo(5)): id, parent, device, root, mount point, options, any number of optional
 * fields, "-", type, source, super options.
 *
 * @return 1 and the mount if it is cgroup2; 0 if it is another; -EBADMSG
 */
static int parse_mount(struct cgb_mount *ret, struct span line)
{
        struct span root, point;

        for (int i = 0; i < 3; i++)
                cut(&line, ' ');
        root = cut(&line, ' ');
        point = cut(&line, ' ');
        while (line.n > 0)
                if (span_is(cut(&line, ' '), "-"))
                        break;
        if (line.n == 0)
                return -EBADMSG;
        if (!span_is(cut(&line, ' '), "cgroup2"))
                return 0;
        if (!unescape(ret->root, sizeof(ret->root), root) || !unescape(ret->point, sizeof(ret->point), point))
                return -EBADMSG;
        return 1;
}

static bool has_cpu(const struct cgb_mount *mount, const char *prefix)
{
        char file[PATH_MAX];
        char *text;
        size_t n;
        bool found;

        if ((size_t)snprintf(file, sizeof(file), "%s%s/cgroup.controllers", prefix, mount->point) >= sizeof(file) ||
                cgb_mount_read_text(&text, &n, file) < 0)
                return false;
        found = cgb_list_has_word(text, n, "cpu");
        free(text);
        return found;
}

/* How good a mount is, from 1 on: the controller counts most, then that nothing of the tree is hidden. */
static int rate(const struct cgb_mount *mount)
{
        return 1 + (mount->has_cpu ? 2 : 0) + (strcmp(mount->root, "/") == 0 ? 1 : 0);
}

int cgb_mount_find(struct cgb_mount *ret, const char *mountinfo, size_t n, const char *prefix)
{
        struct span rest = {.at = mountinfo, .n = n};
        struct cgb_mount best = {0}, mount;
        int best_rate = 0;

        while (rest.n > 0) {
                int r = parse_mount(&mount, cut(&rest, '\n'));

                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                mount.has_cpu = has_cpu(&mount, prefix);
                if (rate(&mount) > best_rate) {
                        best = mount;
                        best_rate = rate(&mount);
                }
        }
        if (best_rate == 0)
                return -ENOENT;
        *ret = best;
        return 0;
}

/* Takes the group that is the mount's top off a path of the whole tree. @return false if the path is not below it. */
static bool strip_root(struct span *path, const char *root)
{
        size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);

        if (path->n < n || memcmp(path->at, root, n) != 0 || (path->n > n && path->at[n] != '/'))
                return false;
        while (n < path->n && path->at[n] == '/')
                n++;
        *path = (struct span){.at = path->at + n, .n = path->n - n};
        return true;
}

int cgb_mount_own_group(char *ret, const char *text, size_t n, const char *root)
{
        struct span rest = {.at = text, .n = n};

        while (rest.n > 0) {
                struct span path = cut(&rest, '\n');
                char own[PATH_MAX];

                /* "0::" is the unified hierarchy, "4:memory:" one of v1. */
                if (!span_is(cut(&path, ':'), "0") || cut(&path, ':').n > 0)
                        continue;
                if (!strip_root(&path, root) || path.n >= sizeof(own))
                        return -ENOENT;
                memcpy(own, path.at, path.n);
                own[path.n] = '\0';
                if (strlen(own) != path.n || !cgb_path_is_valid(own))
                        return -ENOENT;
                strcpy(ret, own);
                return 0;
        }
        return -ENOENT;
}

static bool is_delegated(const struct cgb_tree *tree, const char *path)
{
        return cgb_tree_may_write(tree, path, "") == 0 && cgb_tree_may_write(tree, path, "cgroup.procs") == 0 &&
               cgb_tree_may_write(tree, path, "cgroup.subtree_control") == 0;
}

int cgb_mount_delegated(char *ret, const struct cgb_tree *tree, const char *own)
{
        char path[PATH_MAX];
        bool found = false;

        if (cgb_path_join(path, sizeof(path), own, "") < 0)
                return -ENAMETOOLONG;
        do {
                if (is_delegated(tree, path)) {
                        strcpy(ret, path);
                        found = true;
                }
        } while (cgb_path_cut(path));
        return found ? 0 : -EACCES;
}

static uint32_t online_cpus(void)
{
        long n = sysconf(_SC_NPROCESSORS_ONLN);

        return n < 1 ? 1 : n > (long)CGB_CPUS_MAX ? CGB_CPUS_MAX : (uint32_t)n;
}

/* What one group says itself. A file that is not there says nothing, and is 0. */
static ssize_t read_if_any(const struct cgb_tree *tree, const char *path, const char *file, char *buffer, size_t size)
{
        ssize_t n = cgb_tree_read(tree, path, file, buffer, size);

        return n == -ENOENT || n == -ENODEV ? 0 : n;
}

/* CPUs of the group's own cpuset; 0 if it has none. */
static int cpuset_of(uint32_t *ret, const struct cgb_tree *tree, const char *path)
{
        char buffer[CGB_READ_SIZE];
        ssize_t n = read_if_any(tree, path, "cpuset.cpus.effective", buffer, sizeof(buffer));

        return n < 0 ? (int)n : cgb_parse_cpu_list_count(ret, buffer, (size_t)n);
}

/* Lowers *permille to the group's own quota, if it has one. */
static int cap_by_quota(uint32_t *permille, const struct cgb_tree *tree, const char *path)
{
        char buffer[CGB_READ_SIZE];
        struct cgb_cpu_max max;
        unsigned __int128 quota;
        ssize_t n = read_if_any(tree, path, "cpu.max", buffer, sizeof(buffer));
        int r;

        if (n <= 0)
                return (int)n;
        r = cgb_parse_cpu_max(&max, buffer, (size_t)n);
        if (r < 0 || max.quota_usec == CGB_NO_LIMIT)
                return r;
        quota = (unsigned __int128)max.quota_usec * 1000 / max.period_usec;
        if (quota < *permille)
                *permille = quota > 0 ? (uint32_t)quota : 1;
        return 0;
}

int cgb_mount_cpus_permille(uint32_t *ret, const struct cgb_tree *tree, const char *path)
{
        uint32_t cpus = 0, permille = CGB_CPUS_MAX * 1000;
        char group[PATH_MAX];

        if (cgb_path_join(group, sizeof(group), path, "") < 0)
                return -ENAMETOOLONG;
        do {
                int r = cpus == 0 ? cpuset_of(&cpus, tree, group) : 0;

                if (r == 0)
                        r = cap_by_quota(&permille, tree, group);
                if (r < 0)
                        return r;
        } while (cgb_path_cut(group));

        if (cpus == 0)
                cpus = online_cpus();
        *ret = cpus * 1000 < permille ? cpus * 1000 : permille;
        return 0;
}

int cgb_mount_read_text(char **ret, size_t *ret_n, const char *file)
{
        FILE *stream = fopen(file, "re");
        char *text = NULL;
        size_t n = 0, got;
        int r = 0;

        if (stream == NULL)
                return -errno;
        do {
                char *more = realloc(text, n + CGB_READ_SIZE + 1);

                if (more == NULL) {
                        r = -ENOMEM;
                        break;
                }
                text = more;
                got = fread(text + n, 1, CGB_READ_SIZE, stream);
                n += got;
        } while (got > 0);
        if (r == 0 && ferror(stream))
                r = -EIO;
        fclose(stream);
        if (r < 0) {
                free(text);
                return r;
        }
        text[n] = '\0';
        *ret = text;
        *ret_n = n;
        return 0;
}
