/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which groups libcgroup's configuration names. Only their names are of interest, so this knows no more of the two formats
 * than words, braces, comments and columns (cgconfig.conf(5), cgrules.conf(5)).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "owner/owner.h"
#include "rules/glob.h"

/* What is left of a text. */
struct rest {
        const char *at;
        size_t n;
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word, quoted or not, or one of "{};=". @return false at the end. */
static bool next_word(struct rest *rest, struct rest *ret)
{
        const char *end = rest->at + rest->n, *at = rest->at, *begin;

        while (at < end && (is_blank(*at) || *at == '#')) {
                if (*at++ == '#')
                        while (at < end && *at != '\n')
                                at++;
        }
        begin = at;
        if (at < end && *at == '"') {
                begin = ++at;
                while (at < end && *at != '"')
                        at++;
                *ret = (struct rest){begin, (size_t)(at - begin)};
                at += at < end ? 1 : 0;
        } else {
                if (at < end && strchr("{};=", *at) != NULL)
                        at++;
                else
                        while (at < end && !is_blank(*at) && strchr("{};=#\"", *at) == NULL)
                                at++;
                *ret = (struct rest){begin, (size_t)(at - begin)};
        }
        *rest = (struct rest){at, (size_t)(end - at)};
        return begin < end;
}

static bool is_word(struct rest word, const char *text)
{
        return word.n == strlen(text) && memcmp(word.at, text, word.n) == 0;
}

/*
 * A path as a pattern: "%u" and its like stand for a name or a part of one, and what is special to us is not to them. @ret:
 * 3 * n + 1 bytes.
 */
static void to_pattern(char *ret, struct rest path)
{
        while (path.n > 0 && path.at[0] == '/') {
                path.at++;
                path.n--;
        }
        while (path.n > 0 && path.at[path.n - 1] == '/')
                path.n--;
        for (size_t i = 0; i < path.n; i++) {
                if (path.at[i] == '%' && i + 1 < path.n && strchr("uUgGpP", path.at[i + 1]) != NULL) {
                        *ret++ = '*';
                        i++;
                } else if (strchr("*?[", path.at[i]) != NULL) {
                        *ret++ = '[';
                        *ret++ = path.at[i];
                        *ret++ = ']';
                } else {
                        *ret++ = path.at[i];
                }
        }
        *ret = '\0';
}

/* The root group ("." or "/") is nobody's to claim, and what can be no path claims nothing. */
static int add(struct cgb_claims *claims, struct rest path)
{
        char **larger, *pattern = malloc(3 * path.n + 1);

        if (pattern == NULL)
                return -ENOMEM;
        to_pattern(pattern, path);
        if (cgb_glob_complain(pattern) != NULL || strcmp(pattern, ".") == 0) {
                free(pattern);
                return 0;
        }
        larger = realloc(claims->patterns, (claims->n + 1) * sizeof *larger);
        if (larger == NULL) {
                free(pattern);
                return -ENOMEM;
        }
        claims->patterns = larger;
        claims->patterns[claims->n++] = pattern;
        return 0;
}

int cgb_claims_add_cgconfig(struct cgb_claims *claims, const char *text, size_t n)
{
        struct rest rest = {text, n}, word;
        bool is_group = false;
        int depth = 0, r = 0;

        while (r == 0 && next_word(&rest, &word)) {
                if (is_group)
                        r = add(claims, word);
                is_group = depth == 0 && !is_group && (is_word(word, "group") || is_word(word, "template"));
                depth += is_word(word, "{") ? 1 : is_word(word, "}") && depth > 0 ? -1 : 0;
        }
        return r;
}

/* The next line without its comment. @return false at the end. */
static bool next_line(struct rest *rest, struct rest *ret)
{
        const char *end = memchr(rest->at, '\n', rest->n), *comment;
        size_t n = end != NULL ? (size_t)(end - rest->at) : rest->n;

        if (rest->n == 0)
                return false;
        *ret = (struct rest){rest->at, n};
        rest->at += n + (end != NULL ? 1 : 0);
        rest->n -= n + (end != NULL ? 1 : 0);
        comment = memchr(ret->at, '#', ret->n);
        if (comment != NULL)
                ret->n = (size_t)(comment - ret->at);
        return true;
}

/* "user[:process]  controllers  destination  [options]" */
int cgb_claims_add_cgrules(struct cgb_claims *claims, const char *text, size_t n)
{
        struct rest rest = {text, n}, line, user, controllers, destination;
        int r = 0;

        while (r == 0 && next_line(&rest, &line))
                if (next_word(&line, &user) && next_word(&line, &controllers) && next_word(&line, &destination))
                        r = add(claims, destination);
        return r;
}

bool cgb_claims_has(const struct cgb_claims *claims, const char *path)
{
        for (size_t i = 0; claims != NULL && i < claims->n; i++)
                if (cgb_glob_match(claims->patterns[i], path) == CGB_GLOB_YES)
                        return true;
        return false;
}

void cgb_claims_free(struct cgb_claims *claims)
{
        for (size_t i = 0; i < claims->n; i++)
                free(claims->patterns[i]);
        free(claims->patterns);
        *claims = (struct cgb_claims){0};
}
