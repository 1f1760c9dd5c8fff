/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The restore journal: what each cpu.weight and memory.high held before our first write, on disk before that write. Text,
 * "<state_name>.journal", always replaced as a whole, so that whatever is there is complete:
 *
 *     cgburst journal 1
 *     boot 5d0c...                 groups do not outlive a boot: another boot's journal is void
 *     weight 4711 100 alice        inode, weight, path below the parent (to the end of the line; a newline is \n, a backslash \\)
 *     high 4711 max alice          the same of memory.high
 *     unit-weight 4712 unset bob.scope     of a unit of systemd's, which puts it back itself: it had no weight of its own there
 *     unit-high 4712 max bob.scope
 */
#include <cgburst/cgburst.h>

#include "kernel/tree.h"

enum cgb_journal_file {
        CGB_JOURNAL_WEIGHT,
        CGB_JOURNAL_HIGH,
        CGB_JOURNAL_UNIT_WEIGHT, /* CGB_NO_LIMIT: unset */
        CGB_JOURNAL_UNIT_HIGH,
};

/** One file to put back. */
struct cgb_journal_entry {
        uint64_t inode;
        enum cgb_journal_file file;
        uint64_t value; /* CGB_NO_LIMIT is "max" */
        char *name;
        bool is_under_way; /* in memory alone, see put-back.c */
        int code;
};

/** A journal in memory. All zeros is an empty one. */
struct cgb_journal {
        struct cgb_journal_entry *entries;
        size_t n;
};

/** Copies @name. @return 0; -ENOMEM. */
int cgb_journal_add(
        struct cgb_journal *journal, uint64_t inode, enum cgb_journal_file file, uint64_t value, const char *name);

/** Takes an entry out. Those behind it move up. */
void cgb_journal_remove(struct cgb_journal *journal, size_t index);

bool cgb_journal_is_weight(enum cgb_journal_file file);
/** It is for the unit's manager to put back. */
bool cgb_journal_is_unit(enum cgb_journal_file file);

void cgb_journal_free(struct cgb_journal *journal);

/**
 * What is on disk. No file, another boot's or one that makes no sense is an empty journal. @return 0; -EACCES, -ENOMEM, ...
 */
int cgb_journal_load(struct cgb_journal *ret, const char *state_name, struct cgb_fault *fault);

/** Makes the disk hold exactly this; an empty journal is no file. @return 0 or a negative errno. */
int cgb_journal_save(const struct cgb_journal *journal, const char *state_name, struct cgb_fault *fault);

/** Its file holds the value, or there is no such group or file any more. */
bool cgb_journal_is_back(const struct cgb_journal_entry *entry, const struct cgb_tree *tree, const char *parent);

/**
 * Puts every value back whose group is still the same and holds something else, but for those of units. What cannot be put
 * back stays in @journal, and so do they; everything else leaves it. Of several failures the first is told.
 *
 * @ret_count: how many files were written
 * @return 0, or the first failure
 */
int cgb_journal_put_back(struct cgb_journal *journal, const struct cgb_tree *tree, const char *parent, size_t *ret_count,
        struct cgb_fault *fault);
