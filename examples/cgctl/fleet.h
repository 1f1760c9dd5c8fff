/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_FLEET_H
#define CGCTL_FLEET_H

/*
 * cgctl daemon with a configuration: a manager for each parent that it names. A parent that is not there is waited for, by
 * inotify; one that fails is tried again, and never stops the others. SIGHUP reads the file again: parents whose rules are
 * the same go on undisturbed, and a file with mistakes changes nothing.
 */

#include <cgburst/cgburst.h>

struct fleet_options {
        const struct cgb_options *library; /* for every context but parent and rules; step_usec if the file has none */
        const char *config;                /* the file */
        bool verbose;
};

/* Until SIGTERM or SIGINT. Returns an exit code. */
int fleet_run(const struct fleet_options *options);

#endif
