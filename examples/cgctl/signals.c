/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * signalfd. Two dispositions are changed beside the mask: SIGCHLD must not be ignored, as some parents leave it, or there
 * would be no exit status to wait for; SIGPIPE must be, or a closed standard error would end a manager before it has put
 * things back.
 */

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "signals.h"

int signals_take(struct signals *ret, const int *wanted)
{
        struct signals signals;
        sigset_t mask;

        sigemptyset(&mask);
        for (; *wanted; wanted++)
                sigaddset(&mask, *wanted);

        signals.fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (signals.fd < 0)
                return -errno;

        sigprocmask(SIG_BLOCK, &mask, &signals.mask_before);
        sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &signals.child_before);
        sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &signals.pipe_before);
        *ret = signals;
        return 0;
}

int signals_next(const struct signals *signals)
{
        struct signalfd_siginfo info;

        return read(signals->fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

void signals_restore(const struct signals *signals)
{
        sigaction(SIGCHLD, &signals->child_before, NULL);
        sigaction(SIGPIPE, &signals->pipe_before, NULL);
        sigprocmask(SIG_SETMASK, &signals->mask_before, NULL);
}
