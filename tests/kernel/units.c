/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"
#include "units.h"

/* How long a condition is waited for: an emulated machine may take its time. */
#define PATIENCE 150
#define LOOK_EVERY_USEC 100000

/* Single quotes of the command itself end the quotes around it for a moment. */
#define AS_USER                                                                                             \
        "setpriv --reuid=" UNITS_USER " --regid=" UNITS_USER " --init-groups env -i HOME=/home/" UNITS_USER \
        " USER=" UNITS_USER                                                                                 \
        " PATH=/usr/local/bin:/usr/bin:/bin XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus sh -c "

static void quote(char *ret, size_t size, const char *text)
{
        size_t n = 0;

        ret[n++] = '\'';
        for (; *text != '\0'; text++) {
                assert_true(n + 6 < size);
                if (*text == '\'')
                        n += (size_t)sprintf(ret + n, "'\\''");
                else
                        ret[n++] = *text;
        }
        ret[n++] = '\'';
        ret[n] = '\0';
}

static int run(char *ret, size_t size, bool as_user, const char *format, va_list arguments)
{
        char text[4096], quoted[5000], command[6000], rest[256];
        size_t n = 0, got;
        FILE *out;
        int status;

        assert_true(vsnprintf(text, sizeof text, format, arguments) < (int)sizeof text);
        quote(quoted, sizeof quoted, text);
        snprintf(command, sizeof command, "exec %s%s 2>&1", as_user ? AS_USER : "sh -c ", quoted);
        out = popen(command, "re");
        assert_non_null(out);
        while (n + 1 < size && (got = fread(ret + n, 1, size - 1 - n, out)) > 0)
                n += got;
        while (fread(rest, 1, sizeof rest, out) > 0)
                ;
        ret[n] = '\0';
        status = pclose(out);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* What it printed is of interest only if it failed. */
static int run_aloud(bool as_user, const char *format, va_list arguments)
{
        char text[4096];
        int r = run(text, sizeof text, as_user, format, arguments);

        if (r != 0)
                print_message("%s: exit status %d: %s\n", format, r, text);
        return r;
}

int units_sh(const char *format, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = run_aloud(false, format, arguments);
        va_end(arguments);
        return r;
}

int units_sh_as_user(const char *format, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = run_aloud(true, format, arguments);
        va_end(arguments);
        return r;
}

int units_read(char *ret, size_t size, const char *format, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = run(ret, size, false, format, arguments);
        va_end(arguments);
        return r;
}

int units_read_as_user(char *ret, size_t size, const char *format, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = run(ret, size, true, format, arguments);
        va_end(arguments);
        return r;
}

static bool come_true(bool as_user, const char *format, va_list arguments)
{
        char text[4096];

        for (int i = 0; i < PATIENCE; i++) {
                va_list again;
                int r;

                va_copy(again, arguments);
                r = run(text, sizeof text, as_user, format, again);
                va_end(again);
                if (r == 0)
                        return true;
                usleep(LOOK_EVERY_USEC);
        }
        print_message("%s: %s\n", format, text);
        return false;
}

bool units_come_true(const char *format, ...)
{
        va_list arguments;
        bool r;

        va_start(arguments, format);
        r = come_true(false, format, arguments);
        va_end(arguments);
        return r;
}

bool units_come_true_as_user(const char *format, ...)
{
        va_list arguments;
        bool r;

        va_start(arguments, format);
        r = come_true(true, format, arguments);
        va_end(arguments);
        return r;
}

void units_assert_text(const char *text, const char *part)
{
        if (strstr(text, part) == NULL)
                fail_msg("\"%s\" is not in: %s", part, text);
}

bool units_are_missing(void)
{
        if (ground_is_missing())
                return true;
        if (access("/run/systemd/system", F_OK) < 0)
                print_message("SKIPPED: systemd is not PID 1 here\n");
        else if (system("command -v systemd-run setpriv >/dev/null && id -u " UNITS_USER " >/dev/null") != 0)
                print_message("SKIPPED: there is no systemd-run, no setpriv, or no user \"" UNITS_USER "\"\n");
        else if (units_sh("systemctl start user@1000.service") != 0)
                print_message("SKIPPED: the manager of \"" UNITS_USER "\" does not start\n");
        else
                return false;
        return true;
}
