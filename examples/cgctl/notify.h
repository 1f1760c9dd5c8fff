/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_NOTIFY_H
#define CGCTL_NOTIFY_H

/*
 * What a service manager is told (sd_notify(3)). Without libsystemd, or when nobody asked for it, all of this does nothing.
 */

#include <stdbool.h>
#include <stdint.h>

#include <cgburst/cgburst.h>

/* READY=1: everything found is managed. */
void notify_ready(void);

/* STATUS=: a line for systemctl status. */
void notify_status(const struct cgb_overview *overview);

/* STOPPING=1: putting back has begun. */
void notify_stopping(void);

/* How often notify_alive() is expected; -1: it is not. */
int notify_watchdog_msec(void);

/* WATCHDOG=1. */
void notify_alive(void);

#endif
