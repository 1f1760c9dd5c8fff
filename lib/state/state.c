/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "kernel/mount.h"
#include "state/state.h"

/* A file that is to take another's place. */
#define NEXT ".new"

static const char *const remedy = "name a folder that you may write to (state_dir, --state-dir)";

void cgb_boot_id(char *ret, size_t size)
{
        char *text;
        size_t n;

        snprintf(ret, size, "unknown");
        if (cgb_mount_read_text(&text, &n, "/proc/sys/kernel/random/boot_id") < 0)
                return;
        snprintf(ret, size, "%.*s", (int)strcspn(text, "\n"), text);
        free(text);
}

char *cgb_state_name(const char *state_dir, const char *parent)
{
        size_t length = strlen(state_dir);
        char *name = malloc(length + 4 * strlen(parent) + sizeof "/root"), *end;

        if (name == NULL)
                return NULL;
        end = name + sprintf(name, "%s/", state_dir);
        for (const char *c = parent; *c != '\0'; c++) {
                if (*c == '-' || *c == '\\')
                        end += sprintf(end, "\\x%02x", (unsigned)*c);
                else
                        *end++ = *c == '/' ? '-' : *c;
        }
        *end = '\0';
        if (*parent == '\0')
                strcpy(end, "-"); /* the top of the tree */
        return name;
}

bool cgb_state_name_fits(const char *state_name)
{
        return strlen(strrchr(state_name, '/') + 1) + strlen(".journal" NEXT) <= NAME_MAX;
}

/* Makes the folder that @name is in; its own parent has to be there. */
static int make_folder(const char *name)
{
        char folder[PATH_MAX];

        if ((size_t)snprintf(folder, sizeof folder, "%s", name) >= sizeof folder)
                return -ENAMETOOLONG;
        *strrchr(folder, '/') = '\0';
        if (mkdir(folder, 0755) < 0 && errno != EEXIST)
                return -errno;
        return 0;
}

/* Opens "<state_name><suffix>", and tells its name in @path, of PATH_MAX bytes. */
static int open_lock(const char *state_name, const char *suffix, char *path, struct cgb_fault *fault)
{
        int fd, r;

        if (snprintf(path, PATH_MAX, "%s%s", state_name, suffix) >= PATH_MAX)
                return cgb_fault_set(fault, -ENAMETOOLONG, state_name, "the name is too long", remedy);
        r = make_folder(state_name);
        if (r < 0)
                return cgb_fault_set(fault, r, path, "the state folder cannot be made", remedy);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        return fd < 0 ? cgb_fault_set(fault, -errno, path, "the lock cannot be opened", remedy) : fd;
}

int cgb_lock_release(int fd)
{
        if (fd >= 0) {
                flock(fd, LOCK_UN);
                close(fd);
        }
        return -1;
}

int cgb_lock_wait(const char *state_name, const char *suffix, struct cgb_fault *fault)
{
        char path[PATH_MAX];
        int fd = open_lock(state_name, suffix, path, fault), r;

        if (fd < 0)
                return fd;
        while (flock(fd, LOCK_EX) < 0) {
                if (errno == EINTR)
                        continue;
                r = cgb_fault_set(fault, -errno, path, "it cannot be locked", NULL);
                close(fd);
                return r;
        }
        return fd;
}

int cgb_lock_take(const char *state_name, struct cgb_fault *fault)
{
        char path[PATH_MAX], holder[32] = "", message[128];
        int fd = open_lock(state_name, ".lock", path, fault), r;

        if (fd < 0)
                return fd;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (pread(fd, holder, sizeof holder - 1, 0) < 0)
                        holder[0] = '\0';
                holder[strcspn(holder, "\n")] = '\0';
                close(fd);
                snprintf(message, sizeof message, "another manager has this parent (pid %s)", holder);
                return cgb_fault_set(fault, -EBUSY, path, message, "stop it first, or name another parent");
        }
        if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
                r = -errno;
                close(fd);
                return cgb_fault_set(fault, r, path, "the lock cannot be written", remedy);
        }
        return fd;
}

static int write_all(int fd, const char *text, enum cgb_durability durability)
{
        size_t n = strlen(text);

        while (n > 0) {
                ssize_t written = write(fd, text, n);

                if (written < 0 && errno == EINTR)
                        continue;
                if (written < 0)
                        return -errno;
                text += written;
                n -= (size_t)written;
        }
        return durability == CGB_ON_DISK && fsync(fd) < 0 ? -errno : 0;
}

static int sync_folder(const char *path)
{
        char folder[PATH_MAX];
        int fd, r = 0;

        snprintf(folder, sizeof folder, "%s", path);
        *strrchr(folder, '/') = '\0';
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fsync(fd) < 0 && errno != EINVAL)
                r = -errno;
        close(fd);
        return r;
}

static int replace(const char *path, const char *text, enum cgb_durability durability)
{
        char next[PATH_MAX];
        int fd, r;

        if ((size_t)snprintf(next, sizeof next, "%s" NEXT, path) >= sizeof next)
                return -ENAMETOOLONG;
        r = make_folder(path);
        if (r < 0)
                return r;
        fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        r = write_all(fd, text, durability);
        close(fd);
        if (r == 0 && rename(next, path) < 0)
                r = -errno;
        if (r < 0) {
                unlink(next);
                return r;
        }
        return durability == CGB_ON_DISK ? sync_folder(path) : 0;
}

int cgb_state_write(const char *state_name, const char *suffix, const char *text, enum cgb_durability durability,
        struct cgb_fault *fault)
{
        char path[PATH_MAX];
        int r;

        if ((size_t)snprintf(path, sizeof path, "%s%s", state_name, suffix) >= sizeof path)
                return cgb_fault_set(fault, -ENAMETOOLONG, state_name, "the name is too long", remedy);
        if (text == NULL)
                r = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
        else
                r = replace(path, text, durability);
        return r < 0 ? cgb_fault_set(fault, r, path, "it cannot be written, and nothing is changed without it", remedy) : 0;
}

int cgb_state_read(char **ret, const char *state_name, const char *suffix)
{
        char path[PATH_MAX];
        size_t n;

        if ((size_t)snprintf(path, sizeof path, "%s%s", state_name, suffix) >= sizeof path)
                return -ENAMETOOLONG;
        return cgb_mount_read_text(ret, &n, path);
}
