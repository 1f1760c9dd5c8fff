/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * process.h - what /proc says about a process, and which processes a group has
 *
 * Processes end between any two calls: -ESRCH is ordinary everywhere here.
 */

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#include "kernel/tree.h"

/* The name of a process, its end included (TASK_COMM_LEN). */
#define CGB_COMM_SIZE 16

/* Of a command line the beginning: what comes behind is data. */
#define CGB_CMDLINE_SIZE 4096

enum cgb_terminal {
        CGB_TERMINAL_NONE,
        CGB_TERMINAL_FOREGROUND, /* its group has the terminal: what is typed goes there */
        CGB_TERMINAL_BACKGROUND,
};

/* Each is a file to be read. */
enum cgb_process_part {
        CGB_PROCESS_STAT = 1 << 0, /* pid, parent, comm and terminal */
        CGB_PROCESS_EXE = 1 << 1,
        CGB_PROCESS_CMDLINE = 1 << 2,
};

/* Texts are empty where they were not asked for or may not be read. */
struct cgb_process {
        pid_t pid, parent;
        enum cgb_terminal terminal;
        char comm[CGB_COMM_SIZE];
        char exe[PATH_MAX];             /* without the " (deleted)" of one that was replaced since */
        char cmdline[CGB_CMDLINE_SIZE]; /* arguments with spaces between them */
};

/* The text of /proc/PID/stat: pid, parent, comm, terminal. @return 0; -EBADMSG, and *@ret as it was. */
int cgb_parse_process_stat(struct cgb_process *ret, const char *bytes, size_t n);

/* Reads what @parts asks for. @proc_fd: of /proc, or a folder like it. @return 0; -ESRCH; -EBADMSG. */
int cgb_process_read(struct cgb_process *ret, int proc_fd, pid_t pid, unsigned parts);

/* The group that a process is in, as it stands in /proc/PID/cgroup without its first slash. @return 0; -ESRCH. */
int cgb_process_group(char *ret, size_t size, int proc_fd, pid_t pid);

/*
 * The processes of a group, in no order, without those of its child groups.
 *
 * @ret: for free()
 * @return how many, at most @max; -ENOENT, -ENODEV if the group is gone; -EOPNOTSUPP if it is threaded; -EACCES; -ENOMEM
 */
ssize_t cgb_process_list(pid_t **ret, const struct cgb_tree *tree, const char *path, size_t max);
