/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * bus.h - a connection to systemd for calls that wait for their answers, which the loop never does
 */
#include <systemd/sd-bus.h>

#include <cgburst/cgburst.h>

#define CGB_SYSTEMD "org.freedesktop.systemd1"
#define CGB_SYSTEMD_PATH "/org/freedesktop/systemd1"
#define CGB_SYSTEMD_MANAGER CGB_SYSTEMD ".Manager"

/** A manager that does not answer for so long has a reason that waiting does not mend. */
#define CGB_BUS_TIMEOUT_USEC 10000000ull

/**
 * Connects to the system bus, or to the caller's own. @return 0 and a connection for sd_bus_flush_close_unref(); -ENOENT and
 * others if there is no such bus, with the remedy in @fault, which may be NULL
 */
int cgb_bus_open(sd_bus **ret, bool of_user, struct cgb_fault *fault);
