/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "kernel/path.h"
#include "rules/lanes.h"
#include "rules/rules.h"

/* What a fault is about: the text at fault, or where it should be. */
static const char *text_or(const char *text, const char *field)
{
        return text != NULL && *text != '\0' ? text : field;
}

static int check_pattern(const char *pattern, const char *field, struct cgb_fault *fault)
{
        const char *complaint = pattern != NULL ? cgb_glob_complain(pattern) : "is missing";
        char message[sizeof((struct cgb_fault *)0)->message];

        if (complaint == NULL)
                return 0;
        snprintf(message, sizeof message, "the pattern %s", complaint);
        return cgb_fault_set(fault, -EINVAL, text_or(pattern, field), message,
                "write it as \"user-*.slice\" or \"**/docker-*.scope\", below the parent");
}

static int check_lanes(const char *const *patterns, const char *field, struct cgb_fault *fault)
{
        for (; patterns != NULL && *patterns != NULL; patterns++) {
                const char *complaint = cgb_lane_complain(*patterns);
                char message[sizeof((struct cgb_fault *)0)->message];

                if (complaint == NULL)
                        continue;
                snprintf(message, sizeof message, "the pattern %s", complaint);
                return cgb_fault_set(fault, -EINVAL, text_or(*patterns, field), message,
                        "write it as \"comm:vim\", \"exe:/usr/bin/*\", \"cmdline:*make*\" or \"terminal:foreground\"");
        }
        return 0;
}

int cgb_rule_check(const struct cgb_rule *rule, struct cgb_fault *fault)
{
        int r;

        if (rule == NULL)
                return cgb_fault_set(fault, -EINVAL, "rule", "there is none", "say at least what it is to match");
        r = check_pattern(rule->match, "match", fault);

        for (const char *const *exclude = rule->exclude; r == 0 && exclude != NULL && *exclude != NULL; exclude++)
                r = check_pattern(*exclude, "exclude", fault);
        if (r == 0 && rule->share_permille != 0 &&
                (rule->share_permille < CGB_SHARE_MIN_PERMILLE || rule->share_permille > CGB_SHARE_MAX_PERMILLE))
                r = cgb_fault_set(
                        fault, -EINVAL, rule->match, "the share is out of range", "10 to 100000, that is 0.01 to 100; or 0");
        if (r == 0)
                r = check_lanes(rule->interactive, "interactive", fault);
        if (r == 0)
                r = check_lanes(rule->batch, "batch", fault);
        if (r == 0 && (rule->flags & ~CGB_DRY_RUN) != 0)
                r = cgb_fault_set(fault, -EINVAL, rule->match, "there is a flag that this version does not know",
                        "use CGB_DRY_RUN or 0");
        return r;
}

static size_t count(const char *const *list)
{
        size_t n = 0;

        while (list != NULL && list[n] != NULL)
                n++;
        return n;
}

static void free_list(const char *const *list)
{
        for (size_t i = 0; i < count(list); i++)
                free((char *)list[i]);
        free((void *)list);
}

/* @return NULL without memory. */
static const char **copy_list(const char *const *list)
{
        size_t n = count(list);
        const char **copy = calloc(n + 1, sizeof *copy);

        for (size_t i = 0; copy != NULL && i < n; i++)
                if ((copy[i] = strdup(list[i])) == NULL) {
                        free_list(copy);
                        return NULL;
                }
        return copy;
}

static int copy_rule(struct cgb_rule *ret, const struct cgb_rule *rule)
{
        *ret = *rule;
        ret->name = strdup(rule->name != NULL ? rule->name : "");
        ret->match = strdup(rule->match);
        ret->exclude = copy_list(rule->exclude);
        ret->interactive = copy_list(rule->interactive);
        ret->batch = copy_list(rule->batch);
        return ret->name != NULL && ret->match != NULL && ret->exclude != NULL && ret->interactive != NULL &&
                               ret->batch != NULL
                       ? 0
                       : -ENOMEM;
}

static void free_rule(struct cgb_rule *rule)
{
        free_list(rule->batch);
        free_list(rule->interactive);
        free_list(rule->exclude);
        free((char *)rule->match);
        free((char *)rule->name);
}

int cgb_rules_copy(struct cgb_rules *ret, const struct cgb_rule *rules, size_t n, struct cgb_fault *fault)
{
        struct cgb_rules copy = {.n = 0};
        int r = 0;

        if (rules == NULL && n > 0)
                return cgb_fault_set(fault, -EINVAL, "rules", "there are none, and n_rules says that there are", "set both");
        for (size_t i = 0; r == 0 && i < n; i++)
                r = cgb_rule_check(&rules[i], fault);
        if (r < 0 || n == 0)
                return r;
        copy.rules = calloc(n, sizeof *copy.rules);
        for (size_t i = 0; copy.rules != NULL && r == 0 && i < n; i++)
                r = copy_rule(&copy.rules[copy.n++], &rules[i]);
        if (copy.rules == NULL || r < 0) {
                cgb_rules_free(&copy);
                return cgb_fault_set(fault, -ENOMEM, "rules", "out of memory", NULL);
        }
        *ret = copy;
        return 0;
}

void cgb_rules_free(struct cgb_rules *rules)
{
        for (size_t i = 0; i < rules->n; i++)
                free_rule(&rules->rules[i]);
        free(rules->rules);
        *rules = (struct cgb_rules){.n = 0};
}

static bool is_excluded(const struct cgb_rule *rule, const char *path)
{
        for (const char *const *exclude = rule->exclude; *exclude != NULL; exclude++)
                if (cgb_glob_match(*exclude, path) == CGB_GLOB_YES)
                        return true;
        return false;
}

static enum cgb_glob match_all(const struct cgb_rules *rules, const char *path, const struct cgb_rule **ret)
{
        enum cgb_glob best = CGB_GLOB_NO;

        for (size_t i = 0; i < rules->n && best != CGB_GLOB_YES; i++) {
                enum cgb_glob found = cgb_glob_match(rules->rules[i].match, path);

                if (found <= best || is_excluded(&rules->rules[i], path))
                        continue;
                best = found;
                *ret = &rules->rules[i];
        }
        return best;
}

enum cgb_glob cgb_rules_match(const struct cgb_rules *rules, const char *path, const struct cgb_rule **ret)
{
        char above[PATH_MAX];
        const struct cgb_rule *rule = NULL;
        enum cgb_glob found;

        snprintf(above, sizeof above, "%s", path);
        while (cgb_path_cut(above) && *above != '\0')
                if (match_all(rules, above, &rule) != CGB_GLOB_BELOW)
                        return CGB_GLOB_NO; /* in a workspace, or in what is excluded */
        found = match_all(rules, path, &rule);
        if (found == CGB_GLOB_YES)
                *ret = rule;
        return found;
}
