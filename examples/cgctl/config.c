/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inih splits lines into sections, keys and values; what they mean is here. It does not tell its handler the line, nor of a
 * section without keys, and it would cut long lines in two: so the reader, which hands it the lines, counts them, and looks
 * at their length and their brackets.
 */

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config-parser.h"

const char config_rule_example[] = "see the example in cgctl(1): [rule users], match = user.slice/user-*.slice";

void config_mistake(struct parser *parser, unsigned line, const char *remedy, const char *format, ...)
{
        char message[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        parser->mistakes++;
        parser->complain(parser->userdata, line, message, remedy);
}

/* ---------------------------------------------------------------------------------------- sections */

/* The name of "rule NAME"; NULL if the section is another. */
static const char *rule_name(const char *section)
{
        const char *name = section + strlen("rule");

        if (strncmp(section, "rule", strlen("rule")) || !*name || strspn(name, SPACES) == 0)
                return NULL;
        name += strspn(name, SPACES);
        return *name ? name : NULL;
}

/* Status and events tell a rule by its name. */
static bool is_taken(const struct config *config, const char *name)
{
        for (size_t i = 0; i < config->n_parents; i++)
                for (size_t j = 0; j < config->parents[i].n_rules; j++)
                        if (!strcmp(config->parents[i].rules[j].name, name))
                                return true;
        return false;
}

static void begin_section(struct parser *parser, const char *section)
{
        config_finish_rule(parser);
        if (!rule_name(section)) {
                if (parser->section_line == 0)
                        config_mistake(parser, parser->line, config_rule_example, "a key before the first section");
                else if (strcmp(section, "daemon"))
                        config_mistake(
                                parser, parser->section_line, config_rule_example, "there is no section [%s]", section);
                return;
        }
        if (is_taken(&parser->config, rule_name(section)))
                config_mistake(parser, parser->section_line, "give each rule a name of its own",
                        "there is a section [%s] already", section);
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
                config_take_rule_key(parser, key, value);
        else if (!strcmp(section, "daemon"))
                config_take_daemon_key(parser, key, value);
        return 1;
}

/* ------------------------------------------------------------------------------------------- lines */

static void complain_of_empty_section(struct parser *parser)
{
        if (parser->section_is_empty)
                config_mistake(parser, parser->section_line, config_rule_example, "a section without a key");
        parser->section_is_empty = false;
}

/* inih takes some of them for spaces, and no path of a group that is managed has any. */
static void complain_of_control_characters(struct parser *parser, size_t n)
{
        if (n > 0 && parser->at[n - 1] == '\r')
                n--;
        for (size_t i = 0; i < n; i++)
                if (iscntrl((unsigned char)parser->at[i]) && parser->at[i] != '\t') {
                        config_mistake(parser, parser->line, "take it away",
                                "there is a control character in the line: byte %d at %zu", parser->at[i], i + 1);
                        return;
                }
}

static void look_at_line(struct parser *parser, size_t n)
{
        size_t spaces = strspn(parser->at, " \t");

        complain_of_control_characters(parser, n);
        if (spaces >= n || parser->at[spaces] != '[')
                return;
        if (spaces > 0) /* inih would take it for more of the value above */
                config_mistake(parser, parser->line, "take away the spaces before it", "a section begins its line");
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
                config_mistake(parser, parser->line,
                        "divide it: exclude, interactive and batch may be given in several lines",
                        "the line is longer than %d bytes", size - 2);
                strcpy(buffer, "\n");
        } else {
                memcpy(buffer, parser->at, n);
                strcpy(buffer + n, "\n");
        }
        parser->at += n + (parser->at[n] == '\n');
        return buffer;
}

/* ---------------------------------------------------------------------------------------- together */

static int result_of(const struct parser *parser)
{
        return parser->no_memory ? -ENOMEM : parser->mistakes ? -EINVAL : 0;
}

int config_parse(struct config *ret, const char *text, config_complain *complain, void *userdata)
{
        struct parser parser = {.complain = complain, .userdata = userdata, .at = text};
        int bad_line = ini_parse_stream(read_line, &parser, take_key, &parser);

        complain_of_empty_section(&parser);
        config_finish_rule(&parser);
        if (bad_line > 0)
                config_mistake(&parser, (unsigned)bad_line, "write [section] or key = value",
                        "neither a section nor a key with a value");
        else if (bad_line < 0)
                parser.no_memory = true;
        if (!result_of(&parser) && !parser.config.n_parents)
                config_mistake(&parser, 0, config_rule_example, "there is no rule in it");
        config_check_parents_apart(&parser);

        int r = result_of(&parser);
        if (r == 0)
                *ret = parser.config;
        else
                config_free(&parser.config);
        return r;
}

/* The whole file, up to its first zero byte, as a string for free(); NULL with errno set. */
static char *read_file(const char *path, bool *ret_has_zero)
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
        *ret_has_zero = text && text[n - 1] == '\0';
        errno = error;
        return text;
}

int config_load(struct config *ret, const char *path, config_complain *complain, void *userdata)
{
        bool has_zero = false;
        char *text = read_file(path, &has_zero);

        if (!text) {
                int error = errno;

                complain(userdata, 0, strerror(error), "name a file that can be read");
                return -error;
        }

        int r = -EINVAL;

        if (has_zero) /* as a crash leaves them: what is behind it would be missing, and nobody would know */
                complain(userdata, 0, "there is a zero byte in it, so it is no text", "write it anew");
        else
                r = config_parse(ret, text, complain, userdata);
        free(text);
        return r;
}
