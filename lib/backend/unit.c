/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/unit.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* Kinds of units that have groups and are not slices. */
static const char *const kinds[] = {".service", ".scope", ".socket", ".mount", ".swap"};

static bool ends_with(const char *name, const char *end)
{
        size_t n = strlen(name), length = strlen(end);

        return n > length && strcmp(name + n - length, end) == 0;
}

static bool is_slice(const char *name)
{
        return ends_with(name, ".slice");
}

static bool is_unit(const char *name)
{
        if (*name == '@' || strspn(name, LETTERS DIGITS ":-_.\\@") != strlen(name))
                return false;
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                if (ends_with(name, kinds[i]))
                        return true;
        return is_slice(name);
}

/* The first name of a path, without the "_" that systemd puts before one that could be a file of the kernel's. @return what is behind it. */
static const char *first_name(const char *path, char ret[static CGB_UNIT_NAME_SIZE])
{
        size_t n = strcspn(path, "/");
        const char *rest = path[n] == '/' ? path + n + 1 : path + n;

        if (*path == '_') {
                path++;
                n--;
        }
        if (n >= CGB_UNIT_NAME_SIZE)
                n = 0;
        memcpy(ret, path, n);
        ret[n] = '\0';
        return rest;
}

/* Slices are nested, and the first unit in them that is none is where systemd's own tree ends. */
static int walk(struct cgb_unit *ret, const char *path)
{
        char name[CGB_UNIT_NAME_SIZE];
        const char *rest = path;

        do {
                rest = first_name(rest, name);
                if (!is_unit(name))
                        return -ENXIO;
        } while (is_slice(name) && *rest != '\0');
        strcpy(ret->name, name);
        ret->below = rest;
        return 0;
}

/* "user@1000.service" */
static bool is_manager_of_user(const char *name, uid_t *ret)
{
        unsigned int uid;
        int end = 0;

        if (sscanf(name, "user@%u.service%n", &uid, &end) != 1 || end == 0 || name[end] != '\0')
                return false;
        *ret = uid;
        return true;
}

int cgb_unit_of_path(struct cgb_unit *ret, const char *path)
{
        struct cgb_unit unit = {.below = ""}, inner = {.is_users = true};
        int r = walk(&unit, path);

        if (r < 0)
                return r;
        if (*unit.below != '\0' && is_manager_of_user(unit.name, &inner.uid) && walk(&inner, unit.below) == 0)
                unit = inner;
        *ret = unit;
        return 0;
}
