/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config-report.h"
#include "report.h"

static void complain(void *userdata, unsigned line, const char *message, const char *remedy)
{
        const char *path = userdata;

        if (line)
                report_line(remedy, "%s:%u: %s", path, line, message);
        else
                report_line(remedy, "%s: %s", path, message);
}

int config_report_load(struct config *ret, const char *path)
{
        return config_load(ret, path, complain, (char *)path);
}
