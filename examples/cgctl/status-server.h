/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_STATUS_SERVER_H
#define CGCTL_STATUS_SERVER_H

/*
 * The manager's side of the status socket. No client can make the manager wait or grow: the number of clients is bounded,
 * sending never blocks, and who does not read in time is dropped.
 */

#include <poll.h>

#include <cgburst/cgburst.h>

struct status_server;

/* So many are answered at once; who comes then waits in the listening queue. */
#define STATUS_CLIENTS_MAX 16

/* Room for poll() to watch all of a server: the clients, and the socket that listens. */
#define STATUS_FDS_MAX (STATUS_CLIENTS_MAX + 1)

/*
 * Listens. The caller has the parent's lock, so a socket on which nobody answers is a dead manager's, and is replaced.
 *
 * Returns 0; -EADDRINUSE if somebody answers; -ENAMETOOLONG; another negative errno.
 */
int status_server_open(struct status_server **ret, const char *state_name);

/* Drops the clients, removes the socket, frees. NULL is allowed. Returns NULL. */
struct status_server *status_server_close(struct status_server *server);

/*
 * Fills @fds, which has room for STATUS_FDS_MAX, and lowers @timeout_msec (-1: none) to when it wants to be called.
 * Returns how many.
 */
size_t status_server_prepare(const struct status_server *server, struct pollfd *fds, int *timeout_msec);

/* After poll(): answers who came, goes on with who waits, drops who is too slow. @fds are as prepared. */
void status_server_handle(struct status_server *server, const struct pollfd *fds, size_t n, const struct cgb *cgb);

#endif
