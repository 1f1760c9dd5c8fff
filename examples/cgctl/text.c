/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Cleaning of names. UTF-8 as in RFC 3629: the second byte's range depends on the first, which keeps out overlong forms,
 * surrogates and what lies above U+10FFFF; all further bytes are 80..BF.
 */

#include <stdbool.h>
#include <string.h>

#include "text.h"

static bool within(unsigned char byte, unsigned char from, unsigned char to)
{
        return byte >= from && byte <= to;
}

static size_t length_by_lead(unsigned char lead)
{
        if (lead < 0x80)
                return 1;
        if (within(lead, 0xc2, 0xdf))
                return 2;
        if (within(lead, 0xe0, 0xef))
                return 3;
        return within(lead, 0xf0, 0xf4) ? 4 : 0;
}

static bool second_fits(unsigned char lead, unsigned char second)
{
        switch (lead) {
        case 0xe0:
                return within(second, 0xa0, 0xbf);
        case 0xed:
                return within(second, 0x80, 0x9f);
        case 0xf0:
                return within(second, 0x90, 0xbf);
        case 0xf4:
                return within(second, 0x80, 0x8f);
        default:
                return within(second, 0x80, 0xbf);
        }
}

size_t text_character(const char *text)
{
        const unsigned char *bytes = (const unsigned char *)text;
        size_t length = length_by_lead(bytes[0]);

        if (length > 1 && !second_fits(bytes[0], bytes[1]))
                return 0;
        for (size_t i = 2; i < length; i++)
                if (!within(bytes[i], 0x80, 0xbf))
                        return 0;
        return length;
}

/* C0, DEL and C1: the last are commands to a terminal as well (U+009B begins an escape sequence). */
static bool is_control(const char *text, size_t length)
{
        unsigned char first = (unsigned char)text[0];

        if (length == 1)
                return first < 0x20 || first == 0x7f;
        return length == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0;
}

static const char *copy(char *ret, size_t size, const char *text, const char *stand_in, bool refuse_controls)
{
        size_t n = 0;

        while (*text) {
                size_t length = text_character(text);
                bool good = length > 0 && !(refuse_controls && is_control(text, length));
                size_t add = good ? length : strlen(stand_in);

                if (n + add >= size)
                        break;
                memcpy(ret + n, good ? text : stand_in, add);
                n += add;
                text += length > 0 ? length : 1;
        }
        ret[n] = '\0';
        return ret;
}

const char *text_valid(char *ret, size_t size, const char *text)
{
        return copy(ret, size, text, "\xef\xbf\xbd", false);
}

const char *text_printable(char *ret, size_t size, const char *text)
{
        return copy(ret, size, text, "?", true);
}

size_t text_width(const char *text)
{
        size_t width = 0;

        for (; *text; text++)
                width += !within((unsigned char)*text, 0x80, 0xbf);
        return width;
}
