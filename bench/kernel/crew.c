/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/complain.h"
#include "crew.h"

void *share_memory(size_t size)
{
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (memory != MAP_FAILED)
                return memory;
        complain(-errno, "no memory to share with the processes of the load");
        return NULL;
}

void unshare_memory(void *memory, size_t size)
{
        munmap(memory, size);
}

void die_with_parent(pid_t parent)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) /* it ended before the call above */
                _exit(1);
}

/* Waits for the word that it is in its group. End-of-file instead: it could not be moved. */
static void work_in_group(int go_fd, pid_t parent, void (*work)(void *data), void *data)
{
        char word;

        die_with_parent(parent);
        if (read(go_fd, &word, 1) != 1)
                _exit(1);
        close(go_fd);
        work(data);
        _exit(0);
}

pid_t crew_start(struct crew *crew, struct groups *groups, size_t group, void (*work)(void *data), void *data)
{
        pid_t pid, parent = getpid();
        int go[2], error;

        if (crew->n == CREW_MAX)
                return complain(-ENOSPC, "more than %d processes", CREW_MAX);
        if (pipe2(go, O_CLOEXEC) < 0)
                return complain(-errno, "pipe2");
        fflush(NULL); /* nothing buffered may be printed twice */
        pid = fork();
        if (pid == 0) {
                close(go[1]);
                work_in_group(go[0], parent, work, data);
        }
        error = pid < 0 ? complain(-errno, "fork") : groups_attach(groups, group, pid);
        if (pid > 0)
                crew->pids[crew->n++] = pid;
        if (error >= 0 && write(go[1], "g", 1) != 1)
                error = complain(-EPIPE, "a process of the load ended before it began");
        close(go[0]);
        close(go[1]);
        return error < 0 ? error : pid;
}

void crew_kill(struct crew *crew)
{
        for (size_t i = 0; i < crew->n; i++)
                kill(crew->pids[i], SIGKILL);
        for (; crew->n > 0; crew->n--)
                waitpid(crew->pids[crew->n - 1], NULL, 0);
}
