/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One name at a time, by fnmatch(3). "**" may stand for any number of names, and that is the only choice there is; with one
 * "**" a pattern the work stays linear in the length of the path, whatever people call their groups.
 */
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "rules/glob.h"

#define ANY_NAMES "**"

static size_t name_length(const char *path)
{
        return strcspn(path, "/");
}

static const char *next_name(const char *path)
{
        path += name_length(path);
        return *path == '/' ? path + 1 : path;
}

static bool is_any_names(const char *pattern)
{
        return name_length(pattern) == strlen(ANY_NAMES) && strncmp(pattern, ANY_NAMES, strlen(ANY_NAMES)) == 0;
}

/* Copies the first name of @path. @return false if it is longer than a name can be. */
static bool take_name(char ret[NAME_MAX + 1], const char *path)
{
        size_t n = name_length(path);

        if (n > NAME_MAX)
                return false;
        memcpy(ret, path, n);
        ret[n] = '\0';
        return true;
}

static bool name_matches(const char *pattern, const char *path)
{
        char wanted[NAME_MAX + 1], name[NAME_MAX + 1];

        return take_name(wanted, pattern) && take_name(name, path) && fnmatch(wanted, name, FNM_NOESCAPE) == 0;
}

/* A set ends at the first "]" that is not its first character; without one "[" would quietly be a plain character. */
bool cgb_glob_sets_are_closed(const char *name)
{
        for (const char *c = name; *c != '\0'; c++) {
                if (*c != '[')
                        continue;
                c += c[1] == '!' ? 2 : 1;
                c = *c != '\0' ? strchr(c + 1, ']') : NULL;
                if (c == NULL)
                        return false;
        }
        return true;
}

static const char *complain_of_name(const char *name, bool last, bool *any_names)
{
        if (*name == '\0')
                return "has an empty name in it, or a slash at an end";
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return "has \".\" or \"..\" in it";
        if (!cgb_glob_sets_are_closed(name))
                return "has a \"[\" without \"]\"";
        if (strcmp(name, ANY_NAMES) == 0) {
                if (last)
                        return "ends with \"**\": it has to say what the group itself is called";
                if (*any_names)
                        return "has more than one \"**\"";
                *any_names = true;
                return NULL;
        }
        return strstr(name, ANY_NAMES) != NULL ? "has \"**\" as a part of a name: it stands for whole names" : NULL;
}

const char *cgb_glob_complain(const char *pattern)
{
        const char *complaint = NULL;
        bool any_names = false, more = true;

        while (more && complaint == NULL) {
                char name[NAME_MAX + 1];

                if (!take_name(name, pattern))
                        return "has a name in it that is longer than names of groups can be";
                pattern += strlen(name);
                more = *pattern == '/';
                pattern += more;
                complaint = complain_of_name(name, !more, &any_names);
        }
        return complaint;
}

enum cgb_glob cgb_glob_match(const char *pattern, const char *path)
{
        enum cgb_glob here, deeper;

        if (*path == '\0')
                return *pattern == '\0' ? CGB_GLOB_YES : CGB_GLOB_BELOW;
        if (*pattern == '\0')
                return CGB_GLOB_NO;
        if (!is_any_names(pattern))
                return name_matches(pattern, path) ? cgb_glob_match(next_name(pattern), next_name(path)) : CGB_GLOB_NO;
        here = cgb_glob_match(next_name(pattern), path);
        if (here == CGB_GLOB_YES)
                return here;
        deeper = cgb_glob_match(pattern, next_name(path));
        return deeper > here ? deeper : here;
}

/* Is @c in the set that begins behind "["? Sets @ret to what comes behind "]". */
static bool set_has(const char *set, char c, const char **ret)
{
        bool negated = *set == '!', found = false;
        const char *first = set += negated;

        for (; *set != ']' || set == first; set++) {
                char low = *set;

                if (set[1] == '-' && set[2] != ']')
                        set += 2;
                found |= (unsigned char)low <= (unsigned char)c && (unsigned char)c <= (unsigned char)*set;
        }
        *ret = set + 1;
        return found != negated;
}

/*
 * One character of @text against what is at @pattern, which is no "*". @return what comes behind in the pattern; NULL: it is
 * another.
 */
static const char *match_one(const char *pattern, char c)
{
        const char *rest;

        if (*pattern == '[')
                return set_has(pattern + 1, c, &rest) ? rest : NULL;
        return *pattern == '?' || *pattern == c ? pattern + 1 : NULL;
}

bool cgb_glob_match_text(const char *pattern, const char *text)
{
        const char *star = NULL, *star_text = NULL, *rest;

        /* only the last "*" can still give way, so nobody's text makes this slower than the product of both lengths */
        while (*text != '\0') {
                if (*pattern == '*') {
                        star = ++pattern;
                        star_text = text;
                } else if (*pattern != '\0' && (rest = match_one(pattern, *text)) != NULL) {
                        pattern = rest;
                        text++;
                } else if (star != NULL) {
                        pattern = star;
                        text = ++star_text;
                } else
                        return false;
        }
        return pattern[strspn(pattern, "*")] == '\0';
}
