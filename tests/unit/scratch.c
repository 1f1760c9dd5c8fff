/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * scratch.c - a folder for one test, and what one does in it
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"

/* The user that owns nothing, on every Linux (kernel.overflowuid). */
#define NOBODY 65534

/* Folders that nftw() may keep open; any number will do. */
#define WALK_FDS 8

#define PATHS 8

int scratch_setup(void **state)
{
        char path[] = "/tmp/cgburst-unit-XXXXXX";

        if (mkdtemp(path) == NULL || chmod(path, 0755) < 0)
                return -1;
        *state = strdup(path);
        return *state != NULL ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)st;
        (void)type;
        (void)where;
        return remove(path);
}

static int unlock_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)st;
        (void)where;
        return type == FTW_D ? chmod(path, 0755) : 0;
}

static int remove_all(const char *path)
{
        (void)nftw(path, unlock_entry, WALK_FDS, FTW_PHYS);
        return nftw(path, remove_entry, WALK_FDS, FTW_DEPTH | FTW_PHYS);
}

int scratch_teardown(void **state)
{
        int r;

        if (getuid() == 0 && seteuid(0) < 0)
                return -1;
        r = remove_all(*state);
        free(*state);
        return r;
}

const char *scratch_path(void **state, const char *name)
{
        static char paths[PATHS][PATH_MAX];
        static unsigned next;
        char *path = paths[next++ % PATHS];

        snprintf(path, PATH_MAX, "%s/%s", (const char *)*state, name);
        return path;
}

/* Makes all folders that end in a slash within the path, from behind the test's own on. */
static void make_folders(void **state, const char *name)
{
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", (const char *)*state, name);
        for (char *slash = path + strlen(*state) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
                *slash = '\0';
                assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
        }
}

void scratch_write(void **state, const char *name, const char *text)
{
        int fd;

        make_folders(state, name);
        fd = open(scratch_path(state, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

void scratch_mkdir(void **state, const char *name)
{
        make_folders(state, name);
        assert_true(mkdir(scratch_path(state, name), 0755) == 0 || errno == EEXIST);
}

void scratch_remove(void **state, const char *name)
{
        assert_int_equal(remove_all(scratch_path(state, name)), 0);
}

void scratch_assert_text(void **state, const char *name, const char *text)
{
        char buffer[4096];
        int fd = open(scratch_path(state, name), O_RDONLY | O_CLOEXEC);
        ssize_t n;

        assert_true(fd >= 0);
        n = read(fd, buffer, sizeof(buffer) - 1);
        close(fd);
        assert_true(n >= 0);
        buffer[n] = '\0';
        assert_string_equal(buffer, text);
}

bool scratch_exists(void **state, const char *name)
{
        return access(scratch_path(state, name), F_OK) == 0;
}

void scratch_lock(void **state, const char *name)
{
        struct stat st;

        assert_int_equal(stat(scratch_path(state, name), &st), 0);
        assert_int_equal(chmod(scratch_path(state, name), st.st_mode & 0555), 0);
}

void scratch_become_nobody(void)
{
        if (geteuid() == 0)
                assert_int_equal(seteuid(NOBODY), 0);
}

unsigned scratch_open_files(void)
{
        DIR *dir = opendir("/proc/self/fd");
        unsigned n = 0;

        assert_non_null(dir);
        while (readdir(dir) != NULL)
                n++;
        closedir(dir);
        /* ".", ".." and the folder itself. */
        return n - 3;
}
