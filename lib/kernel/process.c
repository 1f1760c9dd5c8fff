/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/path.h"
#include "kernel/process.h"

/* Longer than /proc/PID/stat becomes with every number at its longest; and than a group's path. */
#define TEXT_SIZE (PATH_MAX + 64)

#define DELETED " (deleted)"

/* The name may have spaces, parentheses and newlines in it; no field behind it has a parenthesis. */
int cgb_parse_process_stat(struct cgb_process *ret, const char *bytes, size_t n)
{
        char text[TEXT_SIZE];
        const char *open, *close;
        int pid, parent, group, terminal, foreground, end = 0;

        if (n >= sizeof text || memchr(bytes, '\0', n) != NULL)
                return -EBADMSG;
        memcpy(text, bytes, n);
        text[n] = '\0';
        open = strchr(text, '(');
        close = strrchr(text, ')');
        if (open == NULL || close == NULL || close <= open || close - open - 1 >= CGB_COMM_SIZE ||
                sscanf(text, "%9d %n", &pid, &end) != 1 || text + end != open ||
                sscanf(close, ") %*c %9d %9d %*d %11d %11d ", &parent, &group, &terminal, &foreground) != 4 || pid <= 0)
                return -EBADMSG;
        ret->pid = pid;
        ret->parent = parent;
        ret->terminal = terminal == 0         ? CGB_TERMINAL_NONE
                        : foreground == group ? CGB_TERMINAL_FOREGROUND
                                              : CGB_TERMINAL_BACKGROUND;
        snprintf(ret->comm, sizeof ret->comm, "%.*s", (int)(close - open - 1), open + 1);
        return 0;
}

/* @return the length, the buffer's size at most; -ESRCH, and other errors. */
static ssize_t read_file(char *buffer, size_t size, int proc_fd, pid_t pid, const char *file)
{
        char name[64];
        ssize_t n;
        int fd;

        snprintf(name, sizeof name, "%d/%s", (int)pid, file);
        fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        n = read(fd, buffer, size);
        n = n < 0 ? -errno : n;
        close(fd);
        return n;
}

static int read_stat(struct cgb_process *ret, int proc_fd, pid_t pid)
{
        char text[TEXT_SIZE];
        ssize_t n = read_file(text, sizeof text, proc_fd, pid, "stat");

        return n < 0 ? (int)n : cgb_parse_process_stat(ret, text, (size_t)n);
}

/* Another user's executable is not for everybody to see (ptrace(2)): then it has no name. */
static void read_exe(struct cgb_process *ret, int proc_fd, pid_t pid)
{
        char name[64];
        ssize_t n;

        snprintf(name, sizeof name, "%d/exe", (int)pid);
        n = readlinkat(proc_fd, name, ret->exe, sizeof ret->exe - 1);
        ret->exe[n > 0 ? n : 0] = '\0';
        if (n > (ssize_t)strlen(DELETED) && strcmp(ret->exe + n - strlen(DELETED), DELETED) == 0)
                ret->exe[n - (ssize_t)strlen(DELETED)] = '\0';
}

static void read_cmdline(struct cgb_process *ret, int proc_fd, pid_t pid)
{
        ssize_t n = read_file(ret->cmdline, sizeof ret->cmdline - 1, proc_fd, pid, "cmdline");

        n = n > 0 ? n : 0;
        while (n > 0 && ret->cmdline[n - 1] == '\0')
                n--;
        for (ssize_t i = 0; i < n; i++)
                if (ret->cmdline[i] == '\0')
                        ret->cmdline[i] = ' ';
        ret->cmdline[n] = '\0';
}

int cgb_process_read(struct cgb_process *ret, int proc_fd, pid_t pid, unsigned parts)
{
        int r = read_stat(ret, proc_fd, pid);

        if (r < 0)
                return r;
        *ret->exe = *ret->cmdline = '\0';
        if ((parts & CGB_PROCESS_EXE) != 0)
                read_exe(ret, proc_fd, pid);
        if ((parts & CGB_PROCESS_CMDLINE) != 0)
                read_cmdline(ret, proc_fd, pid);
        return 0;
}

/* The line of cgroup v2 is "0::/path"; one that is gone ends in " (deleted)", and is no path of ours then. */
int cgb_process_group(char *ret, size_t size, int proc_fd, pid_t pid)
{
        char text[TEXT_SIZE];
        ssize_t n = read_file(text, sizeof text - 1, proc_fd, pid, "cgroup");
        char *line = text, *end;

        if (n < 0)
                return (int)n;
        text[n] = '\0';
        while (line != NULL && strncmp(line, "0::/", 4) != 0) {
                line = strchr(line, '\n');
                line = line != NULL ? line + 1 : NULL;
        }
        end = line != NULL ? strchr(line, '\n') : NULL;
        if (end == NULL || (size_t)(end - line) - 4 >= size)
                return -ESRCH;
        snprintf(ret, size, "%.*s", (int)(end - line) - 4, line + 4);
        return 0;
}

/* The kernel gives a list of processes a page at a time. @return the length; the text for free(). */
static ssize_t read_all(char **ret, int fd, size_t room)
{
        char *text = malloc(room + 1);
        size_t n = 0;
        ssize_t got = 1;

        if (text == NULL)
                return -ENOMEM;
        while (n < room && (got = read(fd, text + n, room - n)) > 0)
                n += (size_t)got;
        if (got < 0) {
                got = -errno;
                free(text);
                return got;
        }
        text[n] = '\0';
        *ret = text;
        return (ssize_t)n;
}

static size_t parse_list(pid_t *ret, size_t max, const char *text)
{
        size_t n = 0;
        const char *end;

        /* a line that was cut off is not a number */
        for (; n < max && (end = strchr(text, '\n')) != NULL; text = end + 1) {
                long pid = strtol(text, NULL, 10);

                if (pid > 0 && pid <= INT_MAX) /* 0: of another pid namespace, and not to be named from here */
                        ret[n++] = (pid_t)pid;
        }
        return n;
}

ssize_t cgb_process_list(pid_t **ret, const struct cgb_tree *tree, const char *path, size_t max)
{
        char name[PATH_MAX], *text = NULL;
        pid_t *pids;
        ssize_t n;
        int fd, r = cgb_path_join(name, sizeof name, path, "cgroup.procs");

        if (r < 0)
                return r;
        fd = openat(tree->fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;
        n = read_all(&text, fd, max * sizeof "4194304");
        close(fd);
        if (n < 0)
                return n;
        pids = calloc(max, sizeof *pids);
        if (pids != NULL)
                n = (ssize_t)parse_list(pids, max, text);
        free(text);
        if (pids == NULL)
                return -ENOMEM;
        *ret = pids;
        return n;
}
