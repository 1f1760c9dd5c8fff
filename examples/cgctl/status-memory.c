/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The memory part of the table: a line for what there is, and one for each workspace that the memory law has.
 */

#include <cgburst/cgburst.h>
#include <string.h>

#include "json.h"
#include "status-memory.h"
#include "text.h"

#define MIB (1024.0 * 1024.0)

static double get_mib(struct json_object *object, const char *key)
{
        return (double)json_object_get_int64(json_object_object_get(object, key)) / MIB;
}

static bool get_bool(struct json_object *object, const char *key)
{
        return json_object_get_boolean(json_object_object_get(object, key));
}

/* "512.0", "max", or "-" where it is not known. */
static void format_mib(char *ret, size_t size, struct json_object *memory, const char *key)
{
        struct json_object *value = json_object_object_get(memory, key);

        if (!value)
                snprintf(ret, size, "-");
        else if (json_object_is_type(value, json_type_string))
                snprintf(ret, size, "%s", json_object_get_string(value));
        else
                snprintf(ret, size, "%.1f", get_mib(memory, key));
}

/* What was done last, and why, in words. */
static void format_last(char *ret, size_t size, struct json_object *memory)
{
        char bytes[32];
        const char *reason = json_text(memory, "last_reason");

        format_mib(bytes, sizeof(bytes), memory, "last_bytes");
        if (get_bool(memory, "foreign"))
                snprintf(ret, size, "left alone: somebody else wrote its limit");
        else if (get_bool(memory, "frozen"))
                snprintf(ret, size, "FROZEN: it grows without end while memory is short");
        else if (get_bool(memory, "growing"))
                snprintf(ret, size, "GROWING: without end, and not held");
        else if (!strcmp(reason, cgb_memory_reason_to_string(CGB_MEMORY_REASON_NONE)))
                snprintf(ret, size, "nothing was done");
        else
                snprintf(ret, size, "%s %s (%s)", json_text(memory, "last_action"), bytes, reason);
}

/* Credit in the seconds for which the fair share more could be held: that is what it is worth. */
static double credit_seconds(struct json_object *memory)
{
        double fair = get_mib(memory, "fair_bytes");

        return fair > 0 ? get_mib(memory, "credit_byte_seconds") / fair : 0;
}

static void print_one(FILE *stream, struct json_object *workspace, int name_width)
{
        struct json_object *memory = json_object_object_get(workspace, "memory");
        char name[TEXT_SIZE], high[32], droppable[32], last[128];

        text_printable(name, sizeof(name), json_text(workspace, "name"));
        format_mib(high, sizeof(high), memory, "high_bytes");
        format_mib(droppable, sizeof(droppable), memory, "droppable_bytes");
        format_last(last, sizeof(last), memory);

        int padding = name_width - (int)text_width(name);

        fprintf(stream, "%s%*s %9.1f %9s %9.1f %9s %9.1f %9.1f %+7.0fs  %s\n", name, padding > 0 ? padding : 0, "",
                get_mib(memory, "usage_bytes"), high, get_mib(memory, "headroom_bytes"), droppable,
                get_mib(memory, "floor_bytes"), get_mib(memory, "fair_bytes"), credit_seconds(memory), last);
}

void status_memory_print(FILE *stream, struct json_object *document, int name_width)
{
        struct json_object *pool = json_object_object_get(document, "memory");
        struct json_object *list = json_object_object_get(document, "workspaces");

        if (!pool)
                return;
        fprintf(stream, "\nmemory: %.0f MiB, %.0f free%s, swap free %.0f; %.1f MiB asked back so far%s%s\n",
                get_mib(pool, "size_bytes"), get_mib(pool, "free_bytes"), get_bool(pool, "contended") ? " (short)" : "",
                get_mib(pool, "swap_free_bytes"), get_mib(pool, "reclaimed_bytes"),
                get_bool(pool, "can_reclaim") ? "" : "; no memory.reclaim here: only watched",
                json_object_get_int64(json_object_object_get(pool, "swap_free_bytes")) == 0
                        ? "; no swap: only file pages can go"
                        : "");
        fprintf(stream, "%-*s %9s %9s %9s %9s %9s %9s %8s  %s\n", name_width, "MIB", "USAGE", "HIGH", "HEADROOM",
                "DROPPABLE", "FLOOR", "FAIR", "CREDIT", "LAST");
        for (size_t i = 0; i < json_object_array_length(list); i++)
                if (json_object_object_get(json_object_array_get_idx(list, i), "memory"))
                        print_one(stream, json_object_array_get_idx(list, i), name_width);
}
