/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * rules.h - which groups below a parent are workspaces, and under which rule
 */
#include <stddef.h>

#include <cgburst/cgburst.h>

#include "rules/glob.h"

/** A copy of the embedder's rules. All zeros is none: then every child is a workspace. */
struct cgb_rules {
        struct cgb_rule *rules;
        size_t n;
};

/** Copies and checks. @return 0; -EINVAL with the pattern named in @fault; -ENOMEM. */
int cgb_rules_copy(struct cgb_rules *ret, const struct cgb_rule *rules, size_t n, struct cgb_fault *fault);

void cgb_rules_free(struct cgb_rules *rules);

/**
 * What the rules say about @path, below the parent. The first rule that takes a group has it; nothing below a workspace is
 * one.
 *
 * @ret: the rule, if CGB_GLOB_YES is returned
 */
enum cgb_glob cgb_rules_match(const struct cgb_rules *rules, const char *path, const struct cgb_rule **ret);
