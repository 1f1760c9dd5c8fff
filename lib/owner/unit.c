/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "owner/unit.h"

bool cgb_unit_is(const char *name, const char *type)
{
        size_t n = strlen(name), length = strlen(type);

        return n > length && strcmp(name + n - length, type) == 0;
}

/* "@" is left to what is before an instance. */
bool cgb_unit_has_group(const char *name)
{
        static const char *const types[] = {".slice", ".service", ".scope", ".socket", ".mount", ".swap"};
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@";
        size_t n = strlen(name);

        if (*name == '@' || n >= CGB_UNIT_NAME_SIZE || strspn(name, letters) != n)
                return false;
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
                if (cgb_unit_is(name, types[i]))
                        return true;
        return false;
}

const char *cgb_unit_of_directory(const char *directory)
{
        return directory + (*directory == '_' ? 1 : 0);
}
