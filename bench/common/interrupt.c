/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "complain.h"
#include "interrupt.h"

int interrupt_open(struct interrupt *ret)
{
        sigset_t signals;
        int fd;

        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return complain(-errno, "sigprocmask");
        fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0)
                return complain(-errno, "signalfd");
        *ret = (struct interrupt){.signal_fd = fd};
        return 0;
}

void interrupt_close(struct interrupt *interrupt)
{
        close(interrupt->signal_fd);
}

/* The signal stays in the file descriptor, which is therefore readable ever after. */
bool interrupted(struct interrupt *interrupt)
{
        struct pollfd poll_fd = {.fd = interrupt->signal_fd, .events = POLLIN};

        if (poll(&poll_fd, 1, 0) > 0)
                interrupt->seen = true;
        return interrupt->seen;
}

static struct timespec time_left(uint64_t until_usec)
{
        uint64_t now = now_usec(), left = until_usec > now ? until_usec - now : 0;

        return (struct timespec){
                .tv_sec = (time_t)(left / USEC_PER_SEC),
                .tv_nsec = (long)(left % USEC_PER_SEC * 1000),
        };
}

int wait_until(struct interrupt *interrupt, int fd, int other_fd, uint64_t until_usec)
{
        struct pollfd poll_fds[] = {
                {.fd = interrupt->signal_fd, .events = POLLIN},
                {.fd = fd, .events = POLLIN}, /* poll() passes over negative ones */
                {.fd = other_fd, .events = POLLIN},
        };

        for (;;) {
                struct timespec left = time_left(until_usec);
                int ready = ppoll(poll_fds, 3, &left, NULL);

                if (poll_fds[0].revents || interrupt->seen) {
                        interrupt->seen = true;
                        return -EINTR;
                }
                if (ready > 0)
                        return 1;
                if (ready == 0)
                        return 0;
                if (errno != EINTR)
                        return complain(-errno, "ppoll");
        }
}
