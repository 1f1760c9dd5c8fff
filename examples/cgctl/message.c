/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "message.h"
#include "report.h"

/* Append only; made by uuidgen. Those of events are called as the library calls them. */
const struct message_kind message_kinds[] = {
        {"added", "d48057f26db54d25ace26d770e159448", LOG_INFO},
        {"gone", "9da83f9c6e2b429abcb597dda4da0f94", LOG_INFO},
        {"weight", "9a702a724b16418194d1aa42f17d8e4f", LOG_DEBUG},
        {"boosted", "92e011bed5884a4591df6c8ed9f52010", LOG_INFO},
        {"spent", "7a0a803c4234404b99593a450dfacddd", LOG_INFO},
        {"pressure", "6f09db83dd6f44f7b75591decb262fe9", LOG_INFO},
        {"foreign-write", "c8f3d59012e643e7b3e7445ac7a31afb", LOG_NOTICE},
        {"restored", "2d1c566e731c46ed907ee8808c6db1a1", LOG_NOTICE},
        {"error", "28bb557036524b3eb065a063b3e100ad", LOG_WARNING},
        {"undone", "9655cd1edcd04f26b5843ca49ecfbdc6", LOG_NOTICE},
        {"memory", "9a7e16ef6cc04d77a2f4cad29042b815", LOG_DEBUG},
        {"frozen", "72c01b1d0218437dad3d06498e4e3c8d", LOG_NOTICE},
        {"foreign-limit", "98398db088614571a5f16d8177c73ae0", LOG_NOTICE},
        {"lanes", "c09f81c7b2284c7186a169dbc0c098f6", LOG_INFO},
        {"sorted", "6aad1247e6cc4a6a92ebce3d565f8e65", LOG_DEBUG},
        {"managed", "33cf1c2a13a442a49e0cabf5fc4b21e5", LOG_NOTICE},
        {"waiting", "d36247ba8d97447ea0820b0e59a90178", LOG_NOTICE},
        {"stopped", "03deb729c9b046e5837f45ca99dfbdb8", LOG_NOTICE},
        {"config-used", "7e29211f498d4b29850f4bf91600bbe4", LOG_NOTICE},
        {"config-refused", "acbe643f064249e0b2bb08524ef5ad2d", LOG_ERR},
        {"growing", "564709331ec54124bd5d77f2c6e4e3ab", LOG_NOTICE},
        {NULL, NULL, 0},
};

bool message_is_stream(const char *journal_stream, int fd)
{
        uintmax_t device, inode;
        struct stat stream;

        return journal_stream && sscanf(journal_stream, "%ju:%ju", &device, &inode) == 2 && fstat(fd, &stream) == 0 &&
               stream.st_dev == device && stream.st_ino == inode;
}

#ifdef HAVE_LIBSYSTEMD

/* The place in the source tells nobody anything. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

static const struct message_kind *find_kind(const char *name)
{
        const struct message_kind *kind = message_kinds;

        while (kind->name && strcmp(kind->name, name) != 0)
                kind++;
        return kind;
}

/*
 * Empty fields are left away by the journal's own readers, and are not worth a list that is built by hand. Returns whether
 * it was taken.
 */
static bool send_to_journal(const struct message *about, const char *text)
{
        const struct message_kind *kind = find_kind(about->kind ? about->kind : "");

        if (!kind->name || !message_is_stream(getenv("JOURNAL_STREAM"), STDERR_FILENO))
                return false;
        return sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i", kind->priority, "MESSAGE_ID=%s", kind->id,
                       "CGBURST_KIND=%s", kind->name, "CGBURST_PARENT=%s", about->parent ? about->parent : "",
                       "CGBURST_WORKSPACE=%s", about->workspace ? about->workspace : "", "CGBURST_REMEDY=%s",
                       about->remedy ? about->remedy : "", NULL) == 0;
}

#else

static bool send_to_journal(const struct message *about, const char *text)
{
        (void)about;
        (void)text;
        return false;
}

#endif

void message_vprint(const struct message *about, const char *format, va_list arguments)
{
        char text[2048];

        vsnprintf(text, sizeof text, format, arguments);
        if (!send_to_journal(about, text))
                report_line(about->remedy && *about->remedy ? about->remedy : NULL, "%s", text);
}

void message_print(const struct message *about, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        message_vprint(about, format, arguments);
        va_end(arguments);
}
