/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_VERB_H
#define CGCTL_VERB_H

/*
 * What every verb of cgctl is made of. One file a verb; main.c has the table of them. A verb parses its own command line
 * (options.h has what they share), does its work, and returns one of the exit codes below, which the manual page
 * promises.
 */

enum exit_code {
        EXIT_OK = 0,
        EXIT_FAILED = 1, /* the host cannot do it, or it went wrong */
        EXIT_USAGE = 2,  /* the command line cannot be understood */
        EXIT_STATE = 3,  /* nobody manages the parent, or somebody already does */

        /* Of cgctl run alone, and as env(1), nohup(1) and timeout(1) have them: below are the command's own. */
        EXIT_RUN_FAILED = 125,
        EXIT_RUN_NOT_EXECUTABLE = 126,
        EXIT_RUN_NOT_FOUND = 127,
        EXIT_RUN_SIGNAL = 128, /* + the number of the signal that ended the command */
};

struct verb {
        const char *name;
        const char *summary; /* one line, for the list of verbs */
        const char *help;    /* all that --help prints */
        int (*run)(int argc, char **argv);
};

extern const struct verb verb_run, verb_daemon, verb_status, verb_doctor, verb_restore, verb_check_config;

#endif
