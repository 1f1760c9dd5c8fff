/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fork, gate, exec, wait.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "report.h"
#include "verb.h"

static _Noreturn void become(char **argv, int gate, const struct signals *signals)
{
        char go;

        if (read(gate, &go, 1) != 1)
                _exit(EXIT_RUN_FAILED);

        signals_restore(signals);
        execvp(argv[0], argv);

        int error = errno;
        report_error(argv[0], error, NULL);
        _exit(error == ENOENT ? EXIT_RUN_NOT_FOUND : EXIT_RUN_NOT_EXECUTABLE);
}

int command_hold(struct command *ret, char **argv, const struct signals *signals)
{
        int gate[2];

        if (pipe2(gate, O_CLOEXEC) < 0)
                return -errno;

        pid_t pid = fork();
        if (pid < 0) {
                int r = -errno;

                close(gate[0]);
                close(gate[1]);
                return r;
        }
        if (pid == 0) {
                /* Or the child would hold its own gate open, and never see that cgctl died. */
                close(gate[1]);
                become(argv, gate[0], signals);
        }

        close(gate[0]);
        *ret = (struct command){.pid = pid, .gate = gate[1]};
        return 0;
}

void command_release(struct command *command)
{
        /* If this fails the child is dead already, which command_ended() will tell. */
        while (write(command->gate, "g", 1) < 0 && errno == EINTR)
                ;
        close(command->gate);
}

void command_abandon(struct command *command)
{
        close(command->gate);
        while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR)
                ;
}

bool command_ended(const struct command *command, int *ret)
{
        int status;

        if (waitpid(command->pid, &status, WNOHANG) != command->pid)
                return false;
        *ret = WIFSIGNALED(status) ? EXIT_RUN_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
        return true;
}
