/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_EVENTS_H
#define CGCTL_EVENTS_H

/*
 * Events as lines on standard error, for a terminal or the journal.
 */

#include <cgburst/cgburst.h>

/* Prints all that wait. Every weight written makes an event: those only if @verbose. */
void events_print(struct cgb *cgb, bool verbose);

#endif
