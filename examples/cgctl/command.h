/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_COMMAND_H
#define CGCTL_COMMAND_H

/*
 * A command that waits before it begins: forked, but held at a gate until it has been put into its group, so that not an
 * instruction of it runs outside.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "signals.h"

struct command {
        pid_t pid;
        int gate; /* a pipe's end: a byte opens it, closing it without one ends the child */
};

/* Forks. @signals are put back in the child; everything else it inherits. Returns 0 or a negative errno. */
int command_hold(struct command *ret, char **argv, const struct signals *signals);

/* Lets it begin. */
void command_release(struct command *command);

/* Ends it before it began, and waits for it. */
void command_abandon(struct command *command);

/* Takes the exit code if the command has ended: its own, or 128 + the signal that ended it. Does not wait. */
bool command_ended(const struct command *command, int *ret);

#endif
