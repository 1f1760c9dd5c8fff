/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The restore journal: what each cpu.weight held before our first write, on disk before that write. Text, replaced as a whole
 * (write, fsync, rename), so that whatever is there is complete:
 *
 *     cgburst journal 1
 *     boot 5d0c...                 groups do not outlive a boot: another boot's journal is void
 *     weight 4711 100 alice        inode, weight, path below the parent (to the end of the line; a newline is \n, a backslash \\)
 */
#include <cgburst/cgburst.h>

#include "kernel/tree.h"

#define CGB_JOURNAL_SUFFIX ".journal"

/** One group, as the journal has it. */
struct cgb_journal_entry {
        uint64_t inode;
        uint32_t weight;
        const char *name;
};

/** The whole text of a journal, for cgb_state_write() with CGB_JOURNAL_SUFFIX. @return 0 and a string for free(); -ENOMEM. */
int cgb_journal_format(char **ret, const struct cgb_journal_entry *entries, size_t n);

/**
 * Puts back every weight that a journal names, if the group is still the same. Those that cannot be put back stay in it.
 *
 * @return how many files were put back; the first error
 */
int cgb_journal_replay(const struct cgb_tree *tree, const char *state_name, const char *parent, struct cgb_fault *fault);
