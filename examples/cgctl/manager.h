/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_MANAGER_H
#define CGCTL_MANAGER_H

/*
 * A started context, its status socket, and the pieces of a poll loop around both: what cgctl daemon is all the time, and
 * cgctl run is while nobody else is. The loop itself, signals and events are the verb's.
 *
 *     manager_start(&manager, cgb, true);
 *     for (;;) {
 *             n = manager_prepare(&manager, fds, &timeout_msec);
 *             poll(fds, n, timeout_msec);
 *             manager_handle(&manager, fds, n);
 *             while (cgb_next_event(cgb, &event)) ...
 *     }
 *     manager_stop(&manager);
 */

#include "status-server.h"

#define MANAGER_FDS_MAX (STATUS_FDS_MAX + 1)

struct manager {
        struct cgb *cgb;              /* the caller's; NULL while it does not manage */
        struct status_server *server; /* NULL: managing goes on, nobody can ask */
        int server_error;             /* why there is none; 0 or a negative errno */
};

/* cgb_start(), and the socket if it is wanted. Returns what cgb_start() did; that the socket failed is in the manager. */
int manager_start(struct manager *manager, struct cgb *cgb, bool with_socket);

/*
 * Fills @fds, which has room for MANAGER_FDS_MAX, and lowers @timeout_msec (-1: none). Returns how many; 0 while it does
 * not manage.
 */
size_t manager_prepare(const struct manager *manager, struct pollfd *fds, int *timeout_msec);

/* After poll(). Returns what cgb_dispatch() did. */
int manager_handle(struct manager *manager, const struct pollfd *fds, size_t n);

/* Closes the socket and puts everything back: cgb_stop(), and what that returned. The context stays. */
int manager_stop(struct manager *manager);

#endif
