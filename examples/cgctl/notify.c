/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sd_notify. Errors are of no consequence to the managing, and are not looked at.
 */

#include "notify.h"

#ifdef HAVE_LIBSYSTEMD

#include <limits.h>
#include <systemd/sd-daemon.h>

void notify_ready(void)
{
        sd_notify(0, "READY=1");
}

void notify_status(const struct cgb_overview *overview)
{
        sd_notifyf(0, "STATUS=%u workspaces, %u awake, price %u.%03u", overview->workspaces, overview->pool.awake,
                overview->pool.price_permille / 1000, overview->pool.price_permille % 1000);
}

void notify_stopping(void)
{
        sd_notify(0, "STOPPING=1");
}

int notify_watchdog_msec(void)
{
        uint64_t usec;

        if (sd_watchdog_enabled(0, &usec) <= 0)
                return -1;

        /* Half of it, as sd_watchdog_enabled(3) advises; a millisecond at least, or the loop would spin. */
        uint64_t msec = usec / 2 / 1000;
        return msec > INT_MAX ? INT_MAX : msec < 1 ? 1 : (int)msec;
}

void notify_alive(void)
{
        sd_notify(0, "WATCHDOG=1");
}

#else

void notify_ready(void)
{
}

void notify_status(const struct cgb_overview *overview)
{
        (void)overview;
}

void notify_stopping(void)
{
}

int notify_watchdog_msec(void)
{
        return -1;
}

void notify_alive(void)
{
}

#endif
