/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl's reader of configurations, fed with anything. It is held to its word: what is refused was told of with a remedy and
 * leaves the result as it was; what is taken has rules that the library takes, and can be written down again and comes out
 * the same.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fuzz.h"

/* Fails loudly in every kind of build. */
static void check(bool holds, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
}

static void count(void *userdata, unsigned line, const char *message, const char *remedy)
{
        (void)line;
        check(*message != '\0', "a mistake has words");
        check(remedy != NULL && *remedy != '\0', "a mistake has a remedy");
        ++*(unsigned *)userdata;
}

static void write_path(FILE *out, const char *key, const struct config_parent *parent, const char *pattern)
{
        fprintf(out, "%s=%s%s%s\n", key, parent->path, *parent->path != '\0' ? "/" : "", pattern);
}

static void write_lane(FILE *out, const char *key, const char *const *patterns)
{
        for (; *patterns != NULL; patterns++)
                fprintf(out, "%s=%s\n", key, *patterns);
}

static void write_rule(FILE *out, const struct config_parent *parent, const struct cgb_rule *rule)
{
        fprintf(out, "[rule %s]\n", rule->name);
        write_path(out, "match", parent, rule->match);
        for (const char *const *exclude = rule->exclude; *exclude != NULL; exclude++)
                write_path(out, "exclude", parent, *exclude);
        if (rule->share_permille != 0)
                fprintf(out, "shares=%u.%02u\n", rule->share_permille / 1000, rule->share_permille % 1000 / 10);
        if (rule->memory_floor_bytes != 0)
                fprintf(out, "memory-floor=%" PRIu64 "\n", rule->memory_floor_bytes);
        write_lane(out, "interactive", rule->interactive);
        write_lane(out, "batch", rule->batch);
        fprintf(out, "dry-run=%s\n", (rule->flags & CGB_DRY_RUN) != 0 ? "yes" : "no");
}

/* The configuration as a file, for free(). */
static char *write_down(const struct config *config)
{
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        check(out != NULL, "there is memory");
        if (config->step_usec != 0)
                fprintf(out, "[daemon]\nstep=%" PRIu64 ".%06" PRIu64 "\n", config->step_usec / 1000000,
                        config->step_usec % 1000000);
        for (size_t i = 0; i < config->n_parents; i++)
                for (size_t j = 0; j < config->parents[i].n_rules; j++)
                        write_rule(out, &config->parents[i], &config->parents[i].rules[j]);
        check(fclose(out) == 0, "there is memory");
        return text;
}

static void check_taken(const struct config *config)
{
        unsigned complaints = 0;
        struct config again = {0};
        char *text = write_down(config), *text_again;

        check(config->n_parents > 0, "a configuration has a rule");
        for (size_t i = 0; i < config->n_parents; i++)
                for (size_t j = 0; j < config->parents[i].n_rules; j++)
                        check(cgb_rule_check(&config->parents[i].rules[j], NULL) == 0, "the library takes each rule");
        check(config_parse(&again, text, count, &complaints) == 0, "what was written down is taken");
        text_again = write_down(&again);
        check(strcmp(text, text_again) == 0, "what was written down comes out the same");
        free(text_again);
        free(text);
        config_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        unsigned complaints = 0;
        struct config config = {.step_usec = 4711};
        char *text = strndup((const char *)data, size);
        int r;

        check(text != NULL, "there is memory");
        r = config_parse(&config, text, count, &complaints);
        check(r == 0 || r == -EINVAL, "a configuration is taken or not");
        check((r == 0) == (complaints == 0), "what is refused is told of, and only that");
        if (r == 0) {
                check_taken(&config);
                config_free(&config);
        } else
                check(config.step_usec == 4711 && config.n_parents == 0, "what is refused leaves the result");
        free(text);
        return 0;
}
