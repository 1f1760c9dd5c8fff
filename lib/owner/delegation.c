/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking a user's manager whether a unit is delegated: unlike PID 1's, it leaves no mark on the group (seen with systemd
 * 252).
 */
#include <stdlib.h>

#include "owner/owner.h"

#ifdef HAVE_LIBSYSTEMD
#include "bus.h"
#include "owner/unit.h"

bool cgb_owner_ask(struct cgb_owner_host *host, const char *unit)
{
        const char *interface = cgb_unit_is(unit, ".scope") ? CGB_SYSTEMD ".Scope" : CGB_SYSTEMD ".Service";
        char *path = NULL;
        int delegated = 0;

        if (host->bus_failed || (host->bus == NULL && cgb_bus_open((sd_bus **)&host->bus, true, NULL) < 0)) {
                host->bus_failed = true;
                return false;
        }
        if (sd_bus_path_encode(CGB_SYSTEMD_PATH "/unit", unit, &path) >= 0 &&
                sd_bus_get_property_trivial(host->bus, CGB_SYSTEMD, path, interface, "Delegate", NULL, 'b', &delegated) < 0)
                delegated = 0;
        free(path);
        return delegated != 0;
}

void cgb_owner_ask_no_more(struct cgb_owner_host *host)
{
        host->bus = sd_bus_flush_close_unref(host->bus);
}
#else
bool cgb_owner_ask(struct cgb_owner_host *host, const char *unit)
{
        (void)host;
        (void)unit;
        return false;
}

void cgb_owner_ask_no_more(struct cgb_owner_host *host)
{
        (void)host;
}
#endif
