/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Of what was read for a rule comes a rule of the library's, below its parent: the part of its pattern before the first
 * wildcard.
 */

#include <stdlib.h>
#include <string.h>

#include "config-parser.h"

/* How much of a pattern is before its first wildcard, in whole names, and leaves a name. */
static size_t parent_length(const char *match)
{
        size_t length = 0;

        for (const char *slash = strchr(match, '/'); slash; slash = strchr(slash + 1, '/')) {
                size_t n = (size_t)(slash - match);

                if (strcspn(match, "*?[") < n)
                        break;
                length = n;
        }
        return length;
}

static struct config_parent *find_parent(struct parser *parser, const char *match, size_t length)
{
        struct config *config = &parser->config;

        for (size_t i = 0; i < config->n_parents; i++)
                if (strlen(config->parents[i].path) == length && !strncmp(config->parents[i].path, match, length))
                        return &config->parents[i];

        struct config_parent *larger = reallocarray(config->parents, config->n_parents + 1, sizeof(*larger));
        char *path = strndup(match, length);

        if (larger)
                config->parents = larger;
        if (!larger || !path) {
                free(path);
                return NULL;
        }
        larger[config->n_parents] = (struct config_parent){.path = path, .line = parser->draft.line};
        return &larger[config->n_parents++];
}

/* The part of @pattern below the parent, which ends at @length; NULL if it is not below it. */
static const char *below(const char *pattern, const char *match, size_t length)
{
        if (length == 0)
                return pattern;
        return !strncmp(pattern, match, length) && pattern[length] == '/' ? pattern + length + 1 : NULL;
}

static bool copy_excludes(struct parser *parser, struct cgb_rule *rule, size_t length)
{
        const struct draft *draft = &parser->draft;
        char **list = calloc(draft->exclude.n + 1, sizeof(*list));

        rule->exclude = (const char *const *)list;
        for (size_t i = 0; list && i < draft->exclude.n; i++) {
                const char *pattern = below(draft->exclude.list[i], draft->match, length);

                if (!pattern)
                        config_mistake(parser, draft->line, "begin both patterns alike, or leave this one out",
                                "[rule %s]: exclude %s is not in %.*s, where its match looks", draft->name,
                                draft->exclude.list[i], (int)length, draft->match);
                list[i] = strdup(pattern ? pattern : "-");
                if (!list[i])
                        return false;
        }
        return list;
}

/* The rule takes the list over. */
static const char *const *take_list(struct patterns *patterns)
{
        char **list = calloc(patterns->n + 1, sizeof(*list));

        if (!list)
                return NULL;
        memcpy(list, patterns->list, patterns->n * sizeof(*list));
        patterns->n = 0;
        return (const char *const *)list;
}

/* The line of the pattern that the library complained of. */
static unsigned line_of(const struct draft *draft, const struct cgb_rule *rule, const char *pattern)
{
        for (const char *const *at = rule->interactive; *at; at++)
                if (!strcmp(*at, pattern))
                        return draft->interactive.line;
        for (const char *const *at = rule->batch; *at; at++)
                if (!strcmp(*at, pattern))
                        return draft->batch.line;
        return draft->match_line;
}

/* What the library says of the rule. */
static void check(struct parser *parser, const struct cgb_rule *rule)
{
        struct cgb_fault fault;

        if (cgb_rule_check(rule, &fault) < 0)
                config_mistake(parser, line_of(&parser->draft, rule, fault.file), fault.remedy, "[rule %s]: %s: %s",
                        parser->draft.name, fault.file, fault.message);
}

static bool add_rule(struct parser *parser)
{
        struct draft *draft = &parser->draft;
        size_t length = parent_length(draft->match);
        struct config_parent *parent = find_parent(parser, draft->match, length);
        struct cgb_rule *larger = parent ? reallocarray(parent->rules, parent->n_rules + 1, sizeof(*larger)) : NULL;

        if (!larger)
                return false;
        parent->rules = larger;

        struct cgb_rule *rule = &larger[parent->n_rules++];
        *rule = (struct cgb_rule){
                .name = strdup(draft->name),
                .match = strdup(below(draft->match, draft->match, length)),
                .share_permille = draft->share_permille,
                .memory_floor_bytes = draft->memory_floor_bytes,
                .flags = draft->is_dry ? CGB_DRY_RUN : 0,
                .interactive = take_list(&draft->interactive),
                .batch = take_list(&draft->batch),
        };
        if (!rule->name || !rule->match || !rule->interactive || !rule->batch || !copy_excludes(parser, rule, length))
                return false;
        check(parser, rule);
        return true;
}

static void clear_patterns(struct patterns *patterns)
{
        for (size_t i = 0; i < patterns->n; i++)
                free(patterns->list[i]);
}

static void clear_draft(struct draft *draft)
{
        clear_patterns(&draft->exclude);
        clear_patterns(&draft->interactive);
        clear_patterns(&draft->batch);
        free(draft->match);
        free(draft->name);
        *draft = (struct draft){0};
}

void config_finish_rule(struct parser *parser)
{
        const struct draft *draft = &parser->draft;

        if (draft->name && !draft->match)
                config_mistake(parser, draft->line, config_rule_example, "[rule %s]: it has no match", draft->name);
        else if (draft->name && !add_rule(parser))
                parser->no_memory = true;
        clear_draft(&parser->draft);
}

static bool has_inner_groups(const struct config_parent *parent)
{
        for (size_t i = 0; i < parent->n_rules; i++)
                if (strchr(parent->rules[i].match, '/'))
                        return true;
        return false;
}

/* Groups on the way of one parent's rules have accounts there; another's workspaces must not be among them. */
void config_check_parents_apart(struct parser *parser)
{
        const struct config *config = &parser->config;

        for (size_t i = 0; i < config->n_parents; i++)
                for (size_t j = 0; j < config->n_parents; j++) {
                        const struct config_parent *upper = &config->parents[i], *lower = &config->parents[j];

                        if (i == j || !has_inner_groups(upper) || !below(lower->path, upper->path, strlen(upper->path)))
                                continue;
                        config_mistake(parser, lower->line,
                                "let both patterns begin with the same names before the first wildcard",
                                "a rule of line %u looks into %s as well, and no weight may have two writers", upper->line,
                                lower->path);
                }
}

static void free_list(const char *const *list)
{
        for (const char *const *at = list; at && *at; at++)
                free((char *)*at);
        free((void *)list);
}

static void free_parent(struct config_parent *parent)
{
        for (size_t i = 0; i < parent->n_rules; i++) {
                const struct cgb_rule *rule = &parent->rules[i];

                free_list(rule->exclude);
                free_list(rule->interactive);
                free_list(rule->batch);
                free((char *)rule->match);
                free((char *)rule->name);
        }
        free(parent->rules);
        free(parent->path);
}

void config_free(struct config *config)
{
        for (size_t i = 0; i < config->n_parents; i++)
                free_parent(&config->parents[i]);
        free(config->parents);
        *config = (struct config){0};
}
