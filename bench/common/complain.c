/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"

int complain(int error, const char *format, ...)
{
        char message[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        if (error)
                fprintf(stderr, "cgburst-bench: %s: %s\n", message, strerror(-error));
        else
                fprintf(stderr, "cgburst-bench: %s\n", message);
        return error;
}
