/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cgburst/cgburst.h>

/**
 * Fills @fault, which may be NULL, and returns @code, so that the place where a failure is seen says all there is to say:
 *
 *     return cgb_fault_set(fault, -EBUSY, path, "the group has processes of its own", "move them to a child group");
 *
 * @remedy NULL: the usual one for @code, see cgb_errno_remedy().
 */
int cgb_fault_set(struct cgb_fault *fault, int code, const char *file, const char *message, const char *remedy);

/** What usually helps against a negative errno in a cgroup tree; never NULL. */
const char *cgb_errno_remedy(int code);
