/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * lanes.h - the groups "interactive" and "batch" inside a group that is somebody's workspace
 *
 * A group that passes controllers on may have no processes of its own, so lanes are all or nothing: every process of the
 * group goes into one of them. Before that the group is written down in "<state_name>.lanes", by path and inode; so whoever
 * comes after a crash can give the processes back to the group and remove the lanes. Callers hold the manager's lock.
 */
#include <cgburst/cgburst.h>

#include "kernel/tree.h"
#include "rules/lanes.h"

/** As many processes as are looked at in one group. A group with more gets no lanes. */
#define CGB_LANE_PROCESSES_MAX 4096

/** Says in which lane (enum cgb_lane) a process of the group goes; negative: it is not there any more. */
typedef int cgb_lane_chooser(void *userdata, pid_t pid);

/** The path of a lane. @return 0; -ENAMETOOLONG. */
int cgb_lane_path(char *ret, size_t size, const char *group, enum cgb_lane lane);

/** Could @group have lanes? @return 0; -EBUSY if it has groups of its own; -ENOENT if it is gone. */
int cgb_lanes_check(const struct cgb_tree *tree, const char *group, struct cgb_fault *fault);

/**
 * Makes both lanes in @group, moves its processes there, and passes the cpu controller on. If that fails, all is as it was.
 *
 * @return 0; -EBUSY if it has groups of its own; -EAGAIN if its processes come faster than they can be moved; -E2BIG;
 *         -EINVAL for a process that cannot be moved; -ENOENT if it is gone; -EACCES, -EROFS
 */
int cgb_lanes_make(const struct cgb_tree *tree, const char *state_name, const char *group, cgb_lane_chooser *choose,
        void *userdata, struct cgb_fault *fault);

/**
 * Takes back every lane that is written down: processes return to their group, and the lanes go. @return 0; else the first
 * error, and that lane stays written down.
 */
int cgb_lanes_undo(const struct cgb_tree *tree, const char *state_name, struct cgb_fault *fault);
