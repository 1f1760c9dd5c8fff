/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults: what went wrong, in which file, and what to do about it, written down once, where it was seen.
 */
#include <errno.h>
#include <stdio.h>

#include "fault.h"

int cgb_fault_set(struct cgb_fault *fault, int code, const char *file, const char *message, const char *remedy)
{
        if (fault == NULL)
                return code;
        fault->code = code;
        snprintf(fault->file, sizeof fault->file, "%s", file);
        snprintf(fault->message, sizeof fault->message, "%s", message);
        snprintf(fault->remedy, sizeof fault->remedy, "%s", remedy != NULL ? remedy : cgb_errno_remedy(code));
        return code;
}

const char *cgb_errno_remedy(int code)
{
        switch (code) {
        case -EACCES:
        case -EPERM:
                return "run as root, or have the group delegated to you (systemd: Delegate=yes)";
        case -EROFS:
                return "the cgroup tree is mounted read-only: remount it read-write, or run outside of the container";
        case -EBUSY:
                return "move the processes of this group into a child group first";
        case -ENOSPC:
                return "raise cgroup.max.descendants or cgroup.max.depth of a parent, or remove dead groups";
        case -EMFILE:
        case -ENFILE:
                return "raise the limit of open files (LimitNOFILE=, ulimit -n)";
        case -EOPNOTSUPP:
                return "the group is threaded or of an invalid type: use a parent of type \"domain\"";
        case -EINVAL:
                return "the kernel refuses this value: see whether cpu.idle is 1 in this group, and write 0 there";
        case -ERANGE:
                return "the kernel refuses this value as out of range; please report it";
        case -EBADMSG:
                return "the file does not hold what the kernel documents for it; please report it with what it holds";
        case -ENOENT:
        case -ENODEV:
                return "see whether the group is there, and whether its parent passes the cpu controller on: cgctl doctor";
        case -EIO:
                return "see the kernel's log (dmesg)";
        default:
                return "see cgctl doctor";
        }
}
