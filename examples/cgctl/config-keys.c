/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What each key of a section takes, and what is wrong with another value.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config-parser.h"
#include "options.h"

#define USEC_PER_SEC 1000000
#define STEP_MIN_USEC 10000
#define STEP_MAX_USEC (60 * USEC_PER_SEC)
#define SHARES_SCALE 100
#define PERMILLE_PER_HUNDREDTH 10

/* Takes "1.5" with as many decimals as @scale has zeros, within the range. */
static bool take_number(
        struct parser *parser, const char *key, const char *value, uint64_t scale, uint64_t min, uint64_t max, uint64_t *ret)
{
        char range[96];

        if (options_take_decimal(value, scale, ret) && *ret >= min && *ret <= max)
                return true;
        snprintf(range, sizeof(range), "%s is a number from %g to %g", key, (double)min / (double)scale,
                (double)max / (double)scale);
        config_mistake(parser, parser->line, range, "%s: \"%s\" is not a number in its range", key, value);
        return false;
}

/* Takes what @separators divide, without the spaces around it. */
static void take_patterns(
        struct parser *parser, struct patterns *patterns, const char *key, const char *value, const char *separators)
{
        patterns->line = parser->line;
        for (value += strspn(value, SPACES); *value; value += strspn(value, SPACES)) {
                size_t n = strcspn(value, separators), rest = n + (value[n] != '\0');

                while (n > 0 && strchr(SPACES, value[n - 1]))
                        n--;
                if (n == 0 || patterns->n == PATTERNS_MAX) {
                        config_mistake(parser, parser->line, n ? "use wildcards" : "take one comma away",
                                n ? "[rule %s]: %s has too many patterns" : "[rule %s]: %s has an empty pattern",
                                parser->draft.name, key);
                        return;
                }
                patterns->list[patterns->n] = strndup(value, n);
                if (!patterns->list[patterns->n++])
                        parser->no_memory = true;
                value += rest;
        }
}

static void given_twice(struct parser *parser, const char *key)
{
        config_mistake(parser, parser->line, "keep one of them; one pattern a rule, one rule a pattern",
                "[rule %s]: %s is given twice", parser->draft.name, key);
}

static void take_match(struct parser *parser, const char *value)
{
        if (parser->draft.match) {
                given_twice(parser, "match");
                return;
        }
        parser->draft.match = strdup(value);
        parser->draft.match_line = parser->line;
        parser->no_memory |= !parser->draft.match;
}

static void take_dry_run(struct parser *parser, const char *value)
{
        if (parser->draft.has_dry_run)
                given_twice(parser, "dry-run");
        parser->draft.has_dry_run = true;
        parser->draft.is_dry = !strcmp(value, "yes");
        if (strcmp(value, "yes") && strcmp(value, "no"))
                config_mistake(parser, parser->line, "dry-run is yes or no", "dry-run: \"%s\" is neither yes nor no", value);
}

static void take_shares(struct parser *parser, const char *value)
{
        uint64_t hundredths = 0;

        if (parser->draft.has_shares)
                given_twice(parser, "shares");
        parser->draft.has_shares =
                take_number(parser, "shares", value, SHARES_SCALE, CGB_SHARE_MIN_PERMILLE / PERMILLE_PER_HUNDREDTH,
                        CGB_SHARE_MAX_PERMILLE / PERMILLE_PER_HUNDREDTH, &hundredths);
        parser->draft.share_permille = (uint32_t)hundredths * PERMILLE_PER_HUNDREDTH;
}

static void take_memory_floor(struct parser *parser, const char *value)
{
        struct draft *draft = &parser->draft;

        if (draft->memory_floor_bytes)
                given_twice(parser, "memory-floor");
        if (!options_take_size(value, &draft->memory_floor_bytes))
                config_mistake(parser, parser->line, "a size is a whole number with K, M, G or T behind it, such as 512M",
                        "memory-floor: \"%s\" is not a size from " SIZE_RANGE, value);
}

void config_take_rule_key(struct parser *parser, const char *key, const char *value)
{
        struct draft *draft = &parser->draft;

        if (!strcmp(key, "match"))
                take_match(parser, value);
        else if (!strcmp(key, "exclude"))
                take_patterns(parser, &draft->exclude, key, value, SPACES);
        else if (!strcmp(key, "interactive"))
                take_patterns(parser, &draft->interactive, key, value, ",");
        else if (!strcmp(key, "batch"))
                take_patterns(parser, &draft->batch, key, value, ",");
        else if (!strcmp(key, "dry-run"))
                take_dry_run(parser, value);
        else if (!strcmp(key, "shares"))
                take_shares(parser, value);
        else if (!strcmp(key, "memory-floor"))
                take_memory_floor(parser, value);
        else
                config_mistake(parser, parser->line,
                        "a rule has match, exclude, shares, memory-floor, interactive, batch and dry-run",
                        "[rule %s]: there is no key \"%s\"", draft->name, key);
}

void config_take_daemon_key(struct parser *parser, const char *key, const char *value)
{
        if (strcmp(key, "step"))
                config_mistake(parser, parser->line, "[daemon] has step", "[daemon]: there is no key \"%s\"", key);
        else if (parser->config.step_usec)
                config_mistake(parser, parser->line, "keep one of them", "[daemon]: step is given twice");
        else
                take_number(parser, key, value, USEC_PER_SEC, STEP_MIN_USEC, STEP_MAX_USEC, &parser->config.step_usec);
}
