/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_CONFIG_REPORT_H
#define CGCTL_CONFIG_REPORT_H

/*
 * A configuration for somebody at a terminal: where it is, and its mistakes on standard error as "FILE:LINE: what", with the
 * remedy.
 */

#include "config.h"

#define CONFIG_DEFAULT "/etc/cgburst/cgburst.conf"

/* config_load(), and a message for each mistake. */
int config_report_load(struct config *ret, const char *path);

#endif
