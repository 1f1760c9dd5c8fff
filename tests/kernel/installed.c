/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ground.h"
#include "installed.h"
#include "units.h"

#define DROP_IN "/etc/systemd/system/cgburst.service.d"

/* The guest has its log daemon masked, for the quiet. */
#define JOURNAL "systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket"

/* What the host's own units have beside loops, which have 100 at the top of the tree. */
#define WEIGHT_OF_THE_HOST "1000"

bool installed_is_missing(void)
{
        const char *copy = getenv("INSTALLED");

        if (copy == NULL || access(copy, R_OK) < 0)
                print_message(
                        "SKIPPED: there is no installed copy; DESTDIR=$PWD/build/installed meson install -C build, and name it in INSTALLED\n");
        else if (access("/etc/cgburst", F_OK) == 0 || access("/usr/local/bin/cgctl", F_OK) == 0)
                print_message("SKIPPED: a cgburst is installed here already, and is left alone\n");
        else
                return false;
        return true;
}

/* PID 1, the bus, and the unit that this test is in are not to wait for the loops of the tests. */
static void be_heavy(const char *weight)
{
        assert_int_equal(
                units_sh(
                        "for unit in init.scope system.slice $(sed -n 's,^0::/\\([^/]*\\.service\\)/.*,\\1,p' /proc/self/cgroup); do "
                        "systemctl set-property --runtime $unit CPUWeight=%s; done",
                        weight),
                0);
}

void installed_put(const char *settings)
{
        assert_int_equal(units_sh("cp -r --preserve=mode,links %s/. / && ldconfig", getenv("INSTALLED")), 0);
        assert_int_equal(units_sh("mkdir -p /etc/cgburst " DROP_IN
                                  " && cp /usr/local/share/doc/cgburst/cgburst.conf " INSTALLED_CONFIG),
                0);
        assert_int_equal(units_sh("printf '[Service]\\n%%s\\n' '%s' >" DROP_IN "/test.conf", settings), 0);
        assert_int_equal(
                units_sh(
                        "if systemctl -q is-active systemd-journald; then systemctl daemon-reload; else systemctl -q unmask " JOURNAL
                        " && systemctl start " JOURNAL " && touch /run/cgburst-test-journal; fi"),
                0);
        be_heavy(WEIGHT_OF_THE_HOST);
}

void installed_remove(void)
{
        units_sh("systemctl stop cgburst; rm -r /run/cgburst; rm -r " DROP_IN " /etc/cgburst; "
                 "cd %s && find . -type f -printf '/%%P\\n' -o -type l -printf '/%%P\\n' | xargs rm && ldconfig; "
                 "if rm /run/cgburst-test-journal 2>/dev/null; then systemctl stop " JOURNAL "; systemctl -q mask " JOURNAL
                 "; else systemctl daemon-reload; fi",
                getenv("INSTALLED"));
        be_heavy("");
}

void installed_start(void)
{
        assert_int_equal(units_sh("systemctl start cgburst && test $(systemctl is-active cgburst) = active"), 0);
}
