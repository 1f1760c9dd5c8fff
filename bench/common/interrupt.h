/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

/*
 * Waiting that a signal ends. SIGINT, SIGTERM and SIGHUP are blocked (in the children too: they are killed, never asked) and
 * taken from a file descriptor, so that whoever waits comes back and removes what it has made.
 */

#include <stdbool.h>
#include <stdint.h>

struct interrupt {
        int signal_fd;
        bool seen;
};

/* @return 0 or a negative errno. Complains. */
int interrupt_open(struct interrupt *ret);
void interrupt_close(struct interrupt *interrupt);

/* Has a signal come? Does not wait. Stays true. */
bool interrupted(struct interrupt *interrupt);

/*
 * Waits for @until_usec of now_usec(), or until one of two file descriptors (-1 = none) is readable or hung up.
 *
 * @return 0 when it is time; 1 when one is readable; -EINTR after a signal
 */
int wait_until(struct interrupt *interrupt, int fd, int other_fd, uint64_t until_usec);

#endif
