/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_MESSAGE_H
#define CGCTL_MESSAGE_H

/*
 * What the daemon tells: lines on standard error; where that is the journal, entries with fields and an id for each kind of
 * message, so that `journalctl MESSAGE_ID=...` finds them whatever their words are. The ids are listed in cgctl(1), and
 * never change their meaning.
 */

#include <stdarg.h>

#include <cgburst/cgburst.h>

/* What a message is about. Strings may be NULL. */
struct message {
        const char *kind; /* one of message_kinds[] */
        const char *parent;
        const char *workspace;
        const char *remedy;
};

/* Each kind, its id (sd-id128(3)) and its priority (syslog(3)). Ends with a NULL. */
struct message_kind {
        const char *name;
        const char *id;
        int priority;
};
extern const struct message_kind message_kinds[];

/* Tells one message, printed as by printf(). */
void message_print(const struct message *about, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));
void message_vprint(const struct message *about, const char *format, va_list arguments)
        __attribute__((__format__(__printf__, 2, 0)));

/* Is standard error the stream that JOURNAL_STREAM names (systemd.exec(5))? */
bool message_is_stream(const char *journal_stream, int fd);

#endif
