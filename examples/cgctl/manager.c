/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The socket opens after the lock is ours and closes before it is let go, so that a successor never meets it.
 */

#include "manager.h"

static int open_server(struct manager *manager)
{
        struct cgb_overview overview = {.size = sizeof(overview)};
        int r = cgb_get_overview(manager->cgb, &overview);

        return r < 0 ? r : status_server_open(&manager->server, overview.state_name);
}

int manager_start(struct manager *manager, struct cgb *cgb, bool with_socket)
{
        int r = cgb_start(cgb);

        if (r < 0)
                return r;
        *manager = (struct manager){.cgb = cgb};
        manager->server_error = with_socket ? open_server(manager) : 0;
        return 0;
}

size_t manager_prepare(const struct manager *manager, struct pollfd *fds, int *timeout_msec)
{
        if (!manager->cgb)
                return 0;

        fds[0] = (struct pollfd){.fd = cgb_get_fd(manager->cgb), .events = POLLIN};
        return 1 + (manager->server ? status_server_prepare(manager->server, fds + 1, timeout_msec) : 0);
}

int manager_handle(struct manager *manager, const struct pollfd *fds, size_t n)
{
        if (!manager->cgb)
                return 0;

        int r = fds[0].revents ? cgb_dispatch(manager->cgb) : 0;

        if (manager->server)
                status_server_handle(manager->server, fds + 1, n - 1, manager->cgb);
        return r;
}

int manager_stop(struct manager *manager)
{
        struct cgb *cgb = manager->cgb;

        manager->server = status_server_close(manager->server);
        manager->cgb = NULL;
        return cgb ? cgb_stop(cgb) : 0;
}
