/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "files.h"

int check_output(const char *path)
{
        int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : -1;

        if (path && fd < 0)
                return complain(-errno, "%s", path);
        if (fd >= 0)
                close(fd);
        return 0;
}

int write_at(int dir_fd, const char *file, const char *text)
{
        int fd, error = 0;

        fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (write(fd, text, strlen(text)) < 0)
                error = -errno;
        close(fd);
        return error;
}

int read_fd(int fd, char *text, size_t size)
{
        ssize_t got = pread(fd, text, size - 1, 0);

        if (got < 0)
                return -errno;
        text[got] = '\0';
        return 0;
}

int read_at(int dir_fd, const char *file, char *text, size_t size)
{
        int fd, error;

        fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        error = read_fd(fd, text, size);
        close(fd);
        return error;
}

static bool has_word(const char *text, const char *word)
{
        size_t length = strlen(word);

        for (const char *at = text; (at = strstr(at, word)); at += length)
                if ((at == text || at[-1] == ' ') && (at[length] == '\0' || at[length] == ' ' || at[length] == '\n'))
                        return true;
        return false;
}

bool file_has_word(int dir_fd, const char *file, const char *word)
{
        char text[512];

        return read_at(dir_fd, file, text, sizeof(text)) >= 0 && has_word(text, word);
}

void remove_folder(const char *path)
{
        char pattern[PATH_MAX];
        glob_t found;

        snprintf(pattern, sizeof(pattern), "%s/*", path);
        if (!glob(pattern, 0, NULL, &found)) {
                for (size_t i = 0; i < found.gl_pathc; i++)
                        unlink(found.gl_pathv[i]);
                globfree(&found);
        }
        rmdir(path);
}
