/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * lanes.h - which lane of its workspace a process belongs in, by its rule
 *
 * Pure: facts in, a lane out. A pattern is "WHAT:TEXT": comm, exe and cmdline with wildcards over the whole text, or
 * terminal:foreground, terminal:background and terminal:none.
 */
#include <cgburst/cgburst.h>

#include "kernel/process.h"

enum cgb_lane {
        CGB_LANE_INTERACTIVE,
        CGB_LANE_BATCH,
        CGB_LANES,
};

/** "interactive", "batch": also the name of the group. */
const char *cgb_lane_to_string(enum cgb_lane lane);

/** Is this a pattern? @return NULL; else what is wrong with it, in words that go on from "the pattern". */
const char *cgb_lane_complain(const char *pattern);

/** Has this rule lanes at all? */
bool cgb_rule_has_lanes(const struct cgb_rule *rule);

/** Which facts the rule's patterns ask for: enum cgb_process_part, or'ed. */
unsigned cgb_rule_process_parts(const struct cgb_rule *rule);

/**
 * The lane of a process. The child of a batch process is batch, whatever it is called. Else an interactive pattern comes
 * before a batch one, and who has neither is interactive: a wait that nobody has named is somebody's.
 */
enum cgb_lane cgb_lane_choose(const struct cgb_rule *rule, const struct cgb_process *process, bool parent_is_batch);
