/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose a group is, judged from its path and three questions about the groups on the way to it.
 *
 * The hard idea: a tree has several managers, one inside the other. PID 1 has the units at the top, down to services and
 * scopes; below one of these that is delegated, somebody else has the say, and that may be a systemd again: a user's, in
 * user@1000.service, or a container's. Each keeps its own processes in "init.scope", which is how it is known. So the path
 * is walked from the top with the manager of the moment in hand.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/path.h"
#include "owner/owner.h"
#include "owner/unit.h"

/* Where on the way down we are. */
enum place {
        PLAIN,       /* no manager knows what is here */
        MANAGED,     /* a manager keeps units here: its top, or a slice */
        UNDELEGATED, /* below a unit that has its group to itself */
        DELEGATED,   /* below one that was given away */
};

struct walk {
        const struct cgb_owner_view *view;
        struct cgb_owner *owner;
        enum place place;
        bool at_top;              /* of the manager: none of its units is on the way yet */
        bool is_unit;             /* the group that was come to last is a unit */
        struct cgb_owner outside; /* the owner, as it is beside the manager's units */
        char path[PATH_MAX];      /* to it */
};

/* "user@1000.service" holds the manager of user 1000. */
static bool parse_user_service(const char *unit, uid_t *ret)
{
        unsigned long uid;
        char *end;

        if (strncmp(unit, "user@", 5) != 0 || unit[5] < '0' || unit[5] > '9')
                return false;
        uid = strtoul(unit + 5, &end, 10);
        if (strcmp(end, ".service") != 0 || uid >= (uid_t)-1)
                return false;
        *ret = (uid_t)uid;
        return true;
}

/* Another manager begins here, if one does. */
static void meet_manager(struct walk *walk)
{
        struct cgb_owner *owner = walk->owner;
        uid_t uid;

        if ((walk->place != DELEGATED && walk->place != PLAIN) || !walk->view->has_manager(walk->view->userdata, walk->path))
                return;
        walk->outside = *owner;
        walk->at_top = true;
        walk->place = MANAGED;
        owner->manager = CGB_MANAGER_OTHER;
        if (walk->is_unit && parse_user_service(owner->unit, &uid)) {
                owner->manager = CGB_MANAGER_USER;
                owner->manager_uid = uid;
        }
}

/*
 * A group without a unit's name: at the top of a manager it is none of its business, and in one of its slices it is in its
 * way.
 */
static void enter_plain(struct walk *walk)
{
        if (!walk->at_top) {
                walk->place = UNDELEGATED;
                return;
        }
        *walk->owner = walk->outside;
        walk->place = walk->outside.delegated ? DELEGATED : PLAIN;
}

static void enter(struct walk *walk, const char *directory)
{
        const char *unit = cgb_unit_of_directory(directory);
        struct cgb_owner *owner = walk->owner;

        meet_manager(walk);
        cgb_path_join(walk->path, sizeof walk->path, walk->path, directory);
        walk->is_unit = walk->place == MANAGED && cgb_unit_has_group(unit);
        if (walk->place != MANAGED)
                return;
        if (!walk->is_unit) {
                enter_plain(walk);
                return;
        }
        walk->at_top = false;
        snprintf(owner->unit, sizeof owner->unit, "%s", unit);
        owner->delegated = walk->view->is_delegated(walk->view->userdata, walk->path, owner);
        if (owner->delegated)
                walk->place = DELEGATED;
        else if (!cgb_unit_is(unit, ".slice"))
                walk->place = UNDELEGATED;
}

static void walk_down(struct walk *walk, const char *path)
{
        while (*path != '\0') {
                size_t n = strcspn(path, "/");
                char name[NAME_MAX + 1];

                snprintf(name, sizeof name, "%.*s", (int)n, path);
                enter(walk, name);
                path += n + (path[n] == '/' ? 1 : 0);
        }
}

static void say(char ret[static 256], const char *format, const char *name)
{
        snprintf(ret, 256, format, name);
}

/* The manager writes, if the caller may ask it. */
static void judge_unit(struct cgb_owner *owner, const struct cgb_owner_view *view)
{
        owner->type = CGB_OWNER_UNIT;
        switch (owner->manager) {
        case CGB_MANAGER_USER:
                say(owner->why, "%.120s is a unit of a user's own systemd, which writes its attributes", owner->unit);
                if (view->caller == owner->manager_uid)
                        owner->writer = "systemd";
                else
                        snprintf(owner->remedy, sizeof owner->remedy,
                                "run as the user %u, whose manager can be asked only then", (unsigned)owner->manager_uid);
                return;
        case CGB_MANAGER_OTHER:
                say(owner->why, "%.120s is a unit of another systemd, inside of a container, which writes its attributes",
                        owner->unit);
                say(owner->remedy, "%s", "manage the group of the container, or run inside of it");
                return;
        default:
                say(owner->why, "%.120s is a unit, and systemd writes its attributes", owner->unit);
                if (view->caller == 0)
                        owner->writer = "systemd";
                else
                        say(owner->remedy, "%s", "run as root: systemd does not change its units for others");
        }
}

/* Nobody else writes there, but systemd decides which controllers the unit's groups have. */
static void judge_inside(struct cgb_owner *owner)
{
        owner->type = CGB_OWNER_INSIDE;
        owner->writer = "cgroupfs";
        say(owner->why, "inside of %.120s, which is systemd's without Delegate=: it may take the controllers away",
                owner->unit);
        if (cgb_unit_is(owner->unit, ".slice"))
                say(owner->remedy, "%s",
                        "name a parent that is no unit, such as cgburst at the top: a slice cannot be delegated");
        else if (cgb_unit_is(owner->unit, ".scope"))
                say(owner->remedy, "%s", "start it anew: systemd-run --scope -p Delegate=yes");
        else
                say(owner->remedy, "%s", "systemctl edit that unit: [Service] Delegate=yes; then restart it");
}

static void judge_libcgroup(struct cgb_owner *owner, const struct cgb_owner_view *view)
{
        if (owner->type == CGB_OWNER_UNIT) {
                say(owner->remedy, "%s",
                        "libcgroup's configuration names this group as well: take it out of cgconfig.conf or cgrules.conf");
                return;
        }
        owner->type = CGB_OWNER_LIBCGROUP;
        owner->writer = view->can_libcgroup ? "libcgroup" : "cgroupfs";
        say(owner->why, "%s", "libcgroup's configuration names it (cgconfig.conf, cgrules.conf)");
        owner->remedy[0] = '\0';
}

static void judge_place(struct cgb_owner *owner, const struct walk *walk)
{
        if (walk->is_unit) {
                judge_unit(owner, walk->view);
                return;
        }
        owner->writer = "cgroupfs";
        if (walk->place == UNDELEGATED) {
                judge_inside(owner);
        } else if (walk->place == DELEGATED) {
                owner->type = CGB_OWNER_DELEGATED;
                say(owner->why, "below %.120s, which is delegated", owner->unit);
        } else {
                owner->type = CGB_OWNER_NOBODY;
                owner->manager = CGB_MANAGER_NONE;
                say(owner->why, "%s", "no unit and in none, and in no configuration of libcgroup's");
        }
}

void cgb_owner_judge(struct cgb_owner *ret, const char *path, const struct cgb_owner_view *view)
{
        struct walk walk = {.view = view, .owner = ret, .place = view->has_systemd ? MANAGED : PLAIN};

        *ret = (struct cgb_owner){.size = sizeof *ret, .manager = view->has_systemd ? CGB_MANAGER_SYSTEM : CGB_MANAGER_NONE};
        walk.at_top = view->has_systemd;
        walk.outside = *ret;
        walk_down(&walk, path);
        judge_place(ret, &walk);
        if (cgb_claims_has(view->libcgroup, path))
                judge_libcgroup(ret, view);
}

const char *cgb_owner_type_to_string(enum cgb_owner_type type)
{
        static const char *const words[] = {
                [CGB_OWNER_NOBODY] = "nobody",
                [CGB_OWNER_UNIT] = "unit",
                [CGB_OWNER_INSIDE] = "inside",
                [CGB_OWNER_DELEGATED] = "delegated",
                [CGB_OWNER_LIBCGROUP] = "libcgroup",
        };

        return (size_t)type < sizeof words / sizeof words[0] ? words[type] : "unknown";
}
