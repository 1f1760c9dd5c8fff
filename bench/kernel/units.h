/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_UNITS_H
#define BENCH_UNITS_H

/*
 * The groups of groups.h as scopes of systemd's in a slice of their own, so that systemd can be the one who writes their
 * weights. A scope needs a process from its beginning: one that sleeps, which is all that differs from groups made by mkdir.
 */

#include "groups.h"

/* At the top, and no dash in it: "a-b.slice" would be inside of "a.slice". */
#define UNITS_DEFAULT_SLICE "cgburstbench.slice"

/* The path of the slice's group, below the mount, which need not exist yet. @return 0 or a negative errno. Complains. */
int units_find(const char *slice, char *ret, size_t size);

/*
 * Starts one scope with this weight. Fills in the name and the process; files are the caller's to open. @return 0 or a
 * negative errno. Complains.
 */
int units_start(const char *slice, const char *name, unsigned weight, struct group *ret);

/* Once all processes were killed: waits for the one that sleeps, and until systemd has removed the group. */
void units_wait_gone(const struct groups *groups, struct group *group);

/* Ends the slice, which would stay. */
void units_stop_slice(const char *slice);

#endif
