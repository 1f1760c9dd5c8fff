/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The service as an operator has it: installed, with the shipped configuration, and started by systemd. What "meson install"
 * has left in a folder, which the environment variable INSTALLED names, is copied into the root of this host.
 */
#include <stdbool.h>

#define INSTALLED_CONFIG "/etc/cgburst/cgburst.conf"
#define INSTALLED_UNIT "/usr/local/lib/systemd/system/cgburst.service"

/** Is there no such copy, or a cgburst of somebody else's here? Says so, aloud. */
bool installed_is_missing(void);

/**
 * Puts it there, and starts the log daemon if the host has none. @settings: lines for the unit's section [Service], as of
 * "systemctl edit".
 */
void installed_put(const char *settings);

/** Stops the service, and takes all of that away. */
void installed_remove(void);

/** The service is started, and has said that it is ready. */
void installed_start(void);
