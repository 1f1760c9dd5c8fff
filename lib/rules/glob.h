/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * glob.h - patterns over paths of groups
 *
 * A pattern is matched name by name, so that a wildcard never reaches across a slash: "*", "?" and "[a-z]" as in a shell,
 * and "**" in the place of a whole name for any number of names, none included. There is no escaping: systemd's names have
 * backslashes in them, and "[*]" is a star.
 */
#include <stdbool.h>

/** What a pattern says about a path. */
enum cgb_glob {
        CGB_GLOB_NO,    /**< neither this group nor one below it */
        CGB_GLOB_BELOW, /**< not this group, but there may be one below it */
        CGB_GLOB_YES,   /**< this group */
};

/**
 * Is this a pattern? @return NULL; else what is wrong with it, in words that go on from "the pattern": "begins with a
 * slash".
 */
const char *cgb_glob_complain(const char *pattern);

/** @pattern: one without complaint; @path: as cgb_path_is_valid() takes it. */
enum cgb_glob cgb_glob_match(const char *pattern, const char *path);

/** Does every "[" of @pattern have its "]"? */
bool cgb_glob_sets_are_closed(const char *pattern);

/** The same wildcards over a whole text, where "*" also takes slashes and spaces. @pattern: one whose sets are closed. */
bool cgb_glob_match_text(const char *pattern, const char *text);
