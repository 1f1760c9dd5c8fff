/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_OWNER_H
#define CGBURST_OWNER_H

/**
 * cgburst/owner.h - whose a group is, and who therefore writes its files
 *
 * A file of a group has one writer. Where systemd runs, the attributes of a unit's own group are the business of the manager
 * that has the unit: what anybody else writes there is undone by its next reload. What lies below a unit that was delegated
 * (Delegate=) belongs to whom it was delegated to. A group that libcgroup's configuration names is set up by cgconfig, and a
 * host that is run with it expects its calls. All others are nobody's.
 *
 * Nothing here needs a context or changes anything. Functions may be called from any thread.
 */

#include <cgburst/cgburst.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which systemd has a unit. */
enum cgb_manager {
        CGB_MANAGER_NONE,   /**< the group is no unit and in none */
        CGB_MANAGER_SYSTEM, /**< PID 1 */
        CGB_MANAGER_USER,   /**< a user's own, see manager_uid */
        CGB_MANAGER_OTHER,  /**< one inside of a container, which cannot be asked from here */
};

/** Whose a group is. */
struct cgb_owner {
        size_t size; /**< sizeof(struct cgb_owner), set by the caller */
        enum cgb_owner_type type;
        enum cgb_manager manager;
        uid_t manager_uid;        /**< of a CGB_MANAGER_USER, else 0 */
        bool delegated;           /**< the unit that the group is, or is in, has delegation */
        uid_t uid;                /**< to whom the group's directory belongs */
        char unit[CGB_NAME_SIZE]; /**< the unit that the group is, or is in: "docker-1.scope"; empty: none */

        /**
         * Who is to write it: "cgroupfs", "systemd" or "libcgroup"; NULL: a manager that the caller cannot ask, so nobody
         * here. Static.
         */
        const char *writer;
        char why[256];    /**< all of this in a sentence for people */
        char remedy[256]; /**< how to make it better; empty where nothing is to be made better */
};

/**
 * A group that was found. A negative value ends the walk, and is returned by it. @owner is good until the function returns.
 */
typedef int cgb_owner_found(void *userdata, const char *name, const struct cgb_owner *owner);

/**
 * Whose is this group?
 *
 * @options: mount alone is used; NULL: found in /proc
 * @path: of the group, below the mount
 * @return 0; -EINVAL for an unknown size, or a path that cannot be; -ENOENT if there is no such group, or no cgroup v2;
 * -ENOMEM. @fault may be NULL.
 */
CGB_PUBLIC int cgb_get_owner(
        const struct cgb_options *options, const char *path, struct cgb_owner *ret, struct cgb_fault *fault);

/**
 * Tells the owner of every group that a context with these options would manage: those that a rule takes, or all down to the
 * depth.
 *
 * @options: mount, parent, rules and depth are used
 * @found: called with the name below the parent, in no order
 * @return 0, also if the parent does not exist; what @found returned; else as cgb_get_owner()
 */
CGB_PUBLIC int cgb_list_owners(
        const struct cgb_options *options, cgb_owner_found *found, void *userdata, struct cgb_fault *fault);

/** "nobody", "unit", "inside", "delegated", "libcgroup". */
CGB_PUBLIC const char *cgb_owner_type_to_string(enum cgb_owner_type type);

#ifdef __cplusplus
}
#endif

#endif
