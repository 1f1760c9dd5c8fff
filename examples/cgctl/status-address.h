/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_STATUS_ADDRESS_H
#define CGCTL_STATUS_ADDRESS_H

/*
 * Where manager and cgctl status meet: the UNIX stream socket "<state_name>.sock" (struct cgb_overview has state_name).
 * Connect and read one JSON document to its end; there is nothing to send. Everybody may: it says no more than
 * /sys/fs/cgroup does.
 */

#include <sys/socket.h>
#include <sys/un.h>

struct status_address {
        int directory; /* the state folder, O_PATH; the name below leads through it */
        struct sockaddr_un name;
};

/*
 * Returns 0 and an address for status_address_close(); -ENOENT without a state folder; -ENAMETOOLONG; another negative
 * errno.
 */
int status_address_open(struct status_address *ret, const char *state_name);

void status_address_close(struct status_address *address);

#endif
