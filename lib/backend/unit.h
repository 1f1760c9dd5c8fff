/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which unit of systemd a group is, or is inside of, by its path alone: how systemd lays its tree out is part of its interface.
 *
 *     system.slice/cron.service                                           the unit cron.service of the system's manager
 *     machine.slice/build.scope/payload                                   "payload", inside of build.scope
 *     user.slice/user-7.slice/user@7.service/app.slice/a.scope            the unit a.scope of user 7's own manager
 *     user.slice/user-7.slice/user@7.service/mine                         "mine", inside of user@7.service
 *     work/alice                                                          none
 */
#include <stdbool.h>
#include <sys/types.h>

/** The longest name of a unit, its end included, as systemd limits it. */
#define CGB_UNIT_NAME_SIZE 256

struct cgb_unit {
        char name[CGB_UNIT_NAME_SIZE];
        bool is_users;                  /* of a user's own manager */
        uid_t uid;                      /* that user */
        const char *below;              /* in the path: what is inside of the unit; "": the group is the unit's own */
};

/** @path is relative to the top of the tree. @return 0; -ENXIO if no unit has it. */
int cgb_unit_of_path(struct cgb_unit *ret, const char *path);
