/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inih splits lines into sections, keys and values; what they mean is here. It does not tell its handler the line, nor of a section
 * without keys, and it would cut long lines in two: so the reader, which hands it the lines, counts them, and looks at their length and
 * their brackets.
 */

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "options.h"

#define USEC_PER_SEC 1000000
#define STEP_MIN_USEC 10000
#define STEP_MAX_USEC (60 * USEC_PER_SEC)
#define SHARES_SCALE 100
#define PERMILLE_PER_HUNDREDTH 10

#define SPACES " \t\r\n"

/* More than anybody writes by hand; it bounds what a wrong file can make of memory. */
#define EXCLUDES_MAX 64

static const char rule_example[] = "see the example in cgctl(1): [rule users], match = user.slice/user-*.slice";

/* The rule that is being read. */
struct draft {
        char *name;                     /* NULL: none */
        unsigned line;                  /* of its section */
        char *match;
        unsigned match_line;
        char *exclude[EXCLUDES_MAX + 1];
        size_t n_excludes;
        uint64_t share_hundredths;
        bool has_shares, has_dry_run, is_dry;
};

struct parser {
        struct config config;
        config_complain *complain;
        void *userdata;
        const char *at;                 /* the rest of the text */
        unsigned line;
        unsigned section_line;
        bool section_is_empty;
        unsigned mistakes;
        bool no_memory;
        struct draft draft;
};

static void mistake(struct parser *parser, unsigned line, const char *remedy, const char *format, ...)
        __attribute__((__format__(__printf__, 4, 5)));

static void mistake(struct parser *parser, unsigned line, const char *remedy, const char *format, ...)
{
        char message[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        parser->mistakes++;
        parser->complain(parser->userdata, line, message, remedy);
}

/* ---------------------------------------------------------------------------------------------------- rules to parents */

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
        larger[config->n_parents] = (struct config_parent){ .path = path, .line = parser->draft.line };
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
        char **list = calloc(draft->n_excludes + 1, sizeof(*list));

        rule->exclude = (const char *const *)list;
        for (size_t i = 0; list && i < draft->n_excludes; i++) {
                const char *pattern = below(draft->exclude[i], draft->match, length);

                if (!pattern)
                        mistake(parser, draft->line, "begin both patterns alike, or leave this one out",
                                "[rule %s]: exclude %s is not in %.*s, where its match looks", draft->name,
                                draft->exclude[i], (int)length, draft->match);
                list[i] = strdup(pattern ? pattern : "-");
                if (!list[i])
                        return false;
        }
        return list;
}

/* What the library says of the rule, at the rule's line. */
static void check(struct parser *parser, const struct cgb_rule *rule)
{
        struct cgb_fault fault;

        if (cgb_rule_check(rule, &fault) < 0)
                mistake(parser, parser->draft.match_line, fault.remedy, "[rule %s]: %s: %s", parser->draft.name, fault.file,
                        fault.message);
}

static bool add_rule(struct parser *parser)
{
        const struct draft *draft = &parser->draft;
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
                .share_permille = (uint32_t)draft->share_hundredths * PERMILLE_PER_HUNDREDTH,
                .flags = draft->is_dry ? CGB_DRY_RUN : 0,
        };
        if (!rule->name || !rule->match || !copy_excludes(parser, rule, length))
                return false;
        check(parser, rule);
        return true;
}

static void clear_draft(struct draft *draft)
{
        for (size_t i = 0; i < draft->n_excludes; i++)
                free(draft->exclude[i]);
        free(draft->match);
        free(draft->name);
        *draft = (struct draft){ 0 };
}

static void finish_rule(struct parser *parser)
{
        const struct draft *draft = &parser->draft;

        if (draft->name && !draft->match)
                mistake(parser, draft->line, rule_example, "[rule %s]: it has no match", draft->name);
        else if (draft->name && !add_rule(parser))
                parser->no_memory = true;
        clear_draft(&parser->draft);
}

/* ---------------------------------------------------------------------------------------------------------------- keys */

/* Takes "1.5" with as many decimals as @scale has zeros, within the range. */
static bool take_number(struct parser *parser, const char *key, const char *value, uint64_t scale, uint64_t min, uint64_t max,
        uint64_t *ret)
{
        char range[96];

        if (options_take_decimal(value, scale, ret) && *ret >= min && *ret <= max)
                return true;
        snprintf(range, sizeof(range), "%s is a number from %g to %g", key, (double)min / (double)scale,
                (double)max / (double)scale);
        mistake(parser, parser->line, range, "%s: \"%s\" is not a number in its range", key, value);
        return false;
}

static void take_excludes(struct parser *parser, const char *value)
{
        struct draft *draft = &parser->draft;

        for (value += strspn(value, SPACES); *value; value += strspn(value, SPACES)) {
                size_t n = strcspn(value, SPACES);

                if (draft->n_excludes == EXCLUDES_MAX) {
                        mistake(parser, parser->line, "use wildcards", "[rule %s]: more than %d exclude patterns", draft->name,
                                EXCLUDES_MAX);
                        return;
                }
                draft->exclude[draft->n_excludes] = strndup(value, n);
                if (!draft->exclude[draft->n_excludes++])
                        parser->no_memory = true;
                value += n;
        }
}

static void given_twice(struct parser *parser, const char *key)
{
        mistake(parser, parser->line, "keep one of them; one pattern a rule, one rule a pattern", "[rule %s]: %s is given twice",
                parser->draft.name, key);
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
                mistake(parser, parser->line, "dry-run is yes or no", "dry-run: \"%s\" is neither yes nor no", value);
}

static void take_rule_key(struct parser *parser, const char *key, const char *value)
{
        struct draft *draft = &parser->draft;

        if (!strcmp(key, "match"))
                take_match(parser, value);
        else if (!strcmp(key, "exclude"))
                take_excludes(parser, value);
        else if (!strcmp(key, "dry-run"))
                take_dry_run(parser, value);
        else if (!strcmp(key, "shares")) {
                if (draft->has_shares)
                        given_twice(parser, key);
                draft->has_shares = take_number(parser, key, value, SHARES_SCALE,
                        CGB_SHARE_MIN_PERMILLE / PERMILLE_PER_HUNDREDTH, CGB_SHARE_MAX_PERMILLE / PERMILLE_PER_HUNDREDTH,
                        &draft->share_hundredths);
        } else
                mistake(parser, parser->line, "a rule has match, exclude, shares and dry-run", "[rule %s]: there is no key \"%s\"",
                        draft->name, key);
}

static void take_daemon_key(struct parser *parser, const char *key, const char *value)
{
        if (strcmp(key, "step"))
                mistake(parser, parser->line, "[daemon] has step", "[daemon]: there is no key \"%s\"", key);
        else if (parser->config.step_usec)
                mistake(parser, parser->line, "keep one of them", "[daemon]: step is given twice");
        else
                take_number(parser, key, value, USEC_PER_SEC, STEP_MIN_USEC, STEP_MAX_USEC, &parser->config.step_usec);
}

/* The name of "rule NAME"; NULL if the section is another. */
static const char *rule_name(const char *section)
{
        const char *name = section + strlen("rule");

        if (strncmp(section, "rule", strlen("rule")) || !*name || strspn(name, SPACES) == 0)
                return NULL;
        name += strspn(name, SPACES);
        return *name ? name : NULL;
}

static void begin_section(struct parser *parser, const char *section)
{
        finish_rule(parser);
        if (!rule_name(section)) {
                if (strcmp(section, "daemon"))
                        mistake(parser, parser->section_line, rule_example, "there is no section [%s]", section);
                return;
        }
        parser->draft.name = strdup(rule_name(section));
        parser->draft.line = parser->section_line;
        parser->no_memory |= !parser->draft.name;
}

static int take_key(void *userdata, const char *section, const char *key, const char *value)
{
        struct parser *parser = userdata;

        if (parser->section_is_empty || (!*section && parser->section_line == 0))
                begin_section(parser, section);
        parser->section_is_empty = false;
        if (parser->draft.name)
                take_rule_key(parser, key, value);
        else if (!strcmp(section, "daemon"))
                take_daemon_key(parser, key, value);
        return 1;
}

/* --------------------------------------------------------------------------------------------------------------- lines */

static void complain_of_empty_section(struct parser *parser)
{
        if (parser->section_is_empty)
                mistake(parser, parser->section_line, rule_example, "a section without a key");
        parser->section_is_empty = false;
}

static void look_at_line(struct parser *parser, size_t n)
{
        size_t spaces = strspn(parser->at, " \t");

        if (spaces >= n || parser->at[spaces] != '[')
                return;
        if (spaces > 0) /* inih would take it for more of the value above */
                mistake(parser, parser->line, "take away the spaces before it", "a section begins its line");
        complain_of_empty_section(parser);
        parser->section_line = parser->line;
        parser->section_is_empty = true;
}

/* As fgets() would read it. What is too long for inih's buffer is told, and passed over. */
static char *read_line(char *buffer, int size, void *stream)
{
        struct parser *parser = stream;
        size_t n = strcspn(parser->at, "\n");

        if (!*parser->at)
                return NULL;
        parser->line++;
        look_at_line(parser, n);
        if (n + 2 > (size_t)size) {
                mistake(parser, parser->line, "write one more exclude = line instead", "the line is longer than %d bytes", size - 2);
                strcpy(buffer, "\n");
        } else {
                memcpy(buffer, parser->at, n);
                strcpy(buffer + n, "\n");
        }
        parser->at += n + (parser->at[n] == '\n');
        return buffer;
}

/* ------------------------------------------------------------------------------------------------------------ together */

static bool has_inner_groups(const struct config_parent *parent)
{
        for (size_t i = 0; i < parent->n_rules; i++)
                if (strchr(parent->rules[i].match, '/'))
                        return true;
        return false;
}

/* Groups on the way of one parent's rules have accounts there; another's workspaces must not be among them. */
static void check_parents_apart(struct parser *parser)
{
        const struct config *config = &parser->config;

        for (size_t i = 0; i < config->n_parents; i++)
                for (size_t j = 0; j < config->n_parents; j++) {
                        const struct config_parent *upper = &config->parents[i], *lower = &config->parents[j];

                        if (i == j || !has_inner_groups(upper) || !below(lower->path, upper->path, strlen(upper->path)))
                                continue;
                        mistake(parser, lower->line, "let both patterns begin with the same names before the first wildcard",
                                "a rule of line %u looks into %s as well, and no weight may have two writers", upper->line,
                                lower->path);
                }
}

static int result_of(const struct parser *parser)
{
        return parser->no_memory ? -ENOMEM : parser->mistakes ? -EINVAL : 0;
}

int config_parse(struct config *ret, const char *text, config_complain *complain, void *userdata)
{
        struct parser parser = { .complain = complain, .userdata = userdata, .at = text };
        int bad_line = ini_parse_stream(read_line, &parser, take_key, &parser);

        complain_of_empty_section(&parser);
        finish_rule(&parser);
        if (bad_line > 0)
                mistake(&parser, (unsigned)bad_line, "write [section] or key = value", "neither a section nor a key with a value");
        else if (bad_line < 0)
                parser.no_memory = true;
        if (!result_of(&parser) && !parser.config.n_parents)
                mistake(&parser, 0, rule_example, "there is no rule in it");
        check_parents_apart(&parser);

        int r = result_of(&parser);
        if (r == 0)
                *ret = parser.config;
        else
                config_free(&parser.config);
        return r;
}

/* The whole file as a string for free(); NULL with errno set. */
static char *read_file(const char *path)
{
        FILE *file = fopen(path, "re");
        char *text = NULL;
        size_t room = 0;

        if (!file)
                return NULL;

        ssize_t n = getdelim(&text, &room, '\0', file);
        int error = n < 0 && ferror(file) ? errno : 0;

        fclose(file);
        if (n < 0 && !error) {
                free(text);
                return strdup("");
        }
        if (error) {
                free(text);
                text = NULL;
        }
        errno = error;
        return text;
}

int config_load(struct config *ret, const char *path, config_complain *complain, void *userdata)
{
        char *text = read_file(path);

        if (!text) {
                int error = errno;

                complain(userdata, 0, strerror(error), "name a file that can be read");
                return -error;
        }

        int r = config_parse(ret, text, complain, userdata);

        free(text);
        return r;
}

static void free_parent(struct config_parent *parent)
{
        for (size_t i = 0; i < parent->n_rules; i++) {
                const struct cgb_rule *rule = &parent->rules[i];

                for (const char *const *exclude = rule->exclude; exclude && *exclude; exclude++)
                        free((char *)*exclude);
                free((void *)rule->exclude);
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
        *config = (struct config){ 0 };
}
