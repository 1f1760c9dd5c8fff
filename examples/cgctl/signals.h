/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_SIGNALS_H
#define CGCTL_SIGNALS_H

/*
 * Signals as something to poll for. From signals_take() on none of those asked for interrupts anything: what is being put
 * back is put back to its end, however often Ctrl-C is pressed.
 */

#include <signal.h>

struct signals {
        int fd; /* a signalfd, non-blocking */
        sigset_t mask_before;
        struct sigaction child_before, pipe_before;
};

/* Takes the signals of @wanted, a list that ends with 0. Returns 0 or a negative errno. */
int signals_take(struct signals *ret, const int *wanted);

/* The next signal, or 0 when none waits. */
int signals_next(const struct signals *signals);

/* For a child before exec: everything as cgctl itself found it. */
void signals_restore(const struct signals *signals);

#endif
