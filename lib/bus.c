/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "fault.h"

int cgb_bus_open(sd_bus **ret, bool of_user, struct cgb_fault *fault)
{
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        char message[sizeof fault->message];
        sd_bus *bus = NULL;
        int r = of_user ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);

        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, CGB_BUS_TIMEOUT_USEC);
        if (r >= 0) {
                *ret = bus;
                return 0;
        }
        sd_bus_unref(bus);
        snprintf(message, sizeof message, "no connection to the %s bus: %s", of_user ? "user's" : "system", strerror(-r));
        if (!of_user)
                return cgb_fault_set(fault, r, "/run/dbus/system_bus_socket", message,
                        "start dbus.service; a host without systemd has no units");
        return cgb_fault_set(fault, r, runtime != NULL ? runtime : "$XDG_RUNTIME_DIR", message,
                "log in (ssh, or machinectl shell), or as root: loginctl enable-linger USER, then export XDG_RUNTIME_DIR=/run/user/UID");
}
