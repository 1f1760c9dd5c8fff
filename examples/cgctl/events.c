/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One line an event: what, who, and the number that goes with it.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "events.h"
#include "message.h"
#include "report.h"
#include "text.h"

/* An event, and whose. */
struct told {
        const struct cgb_event *event;
        const char *parent;
        struct cgb *cgb;
};

static void say(const struct told *told, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));

static void say(const struct told *told, const char *format, ...)
{
        const struct cgb_event *event = told->event;
        const struct message about = {
                .kind = cgb_event_type_to_string(event->type),
                .parent = told->parent,
                .workspace = event->name,
                .remedy = event->fault ? event->fault->remedy : NULL,
        };
        va_list arguments;

        va_start(arguments, format);
        message_vprint(&about, format, arguments);
        va_end(arguments);
}

static void print_restored(const struct told *told)
{
        const struct cgb_event *event = told->event;
        say(told, "put back %u file%s that a manager which died had left behind", event->restored,
                event->restored == 1 ? "" : "s");
}

static void print_pressure(const struct told *told)
{
        const struct cgb_event *event = told->event;
        if (event->price_permille > 0)
                say(told, "pressure: the CPUs are contended, price %u.%03u", event->price_permille / 1000,
                        event->price_permille % 1000);
        else
                say(told, "pressure: over");
}

static void print_weight(const struct told *told)
{
        const struct cgb_event *event = told->event;
        say(told, "%s %s: %u -> %u (%s)", cgb_event_type_to_string(event->type), event->name, event->action.previous,
                event->action.weight, cgb_reason_to_string(event->action.reason));
}

static void print_memory(const struct told *told)
{
        const struct cgb_event *event = told->event;
        static const char *const verbs[] = {
                [CGB_MEMORY_RAISE] = "memory.high raised to",
                [CGB_MEMORY_LOWER] = "memory.high lowered to",
                [CGB_MEMORY_RECLAIM] = "asked to give",
        };
        const struct cgb_memory_action *action = &event->memory;

        if (action->bytes == CGB_MEMORY_MAX)
                say(told, "%s %s: memory.high is max again (%s)", cgb_event_type_to_string(event->type), event->name,
                        cgb_memory_reason_to_string(action->reason));
        else
                say(told, "%s %s: %s %.1f MiB (%s)", cgb_event_type_to_string(event->type), event->name, verbs[action->type],
                        (double)action->bytes / (1 << 20), cgb_memory_reason_to_string(action->reason));
}

static bool is_dry(const struct told *told)
{
        struct cgb_workspace workspace = {.size = sizeof workspace};

        for (size_t i = 0; cgb_get_workspace(told->cgb, i, &workspace) >= 0; i++)
                if (!strcmp(workspace.name, told->event->name))
                        return workspace.dry_run;
        return false;
}

/* For the eyes: it may have ended, or have been given to another by now. */
static void process_name(char ret[static 16], pid_t pid)
{
        char path[64];
        FILE *file;

        snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
        file = fopen(path, "re");
        if (!file || !fgets(ret, 16, file))
                strcpy(ret, "ended");
        ret[strcspn(ret, "\n")] = '\0';
        if (file)
                fclose(file);
}

static void print_sorted(const struct told *told)
{
        char name[16], shown[64];

        process_name(name, told->event->pid);
        say(told, "%s: process %d (%s) %s into the batch lane", told->event->name, (int)told->event->pid,
                text_printable(shown, sizeof shown, name), is_dry(told) ? "would go" : "goes");
}

static void print_event(const struct told *told)
{
        const struct cgb_event *event = told->event;
        switch (event->type) {
        case CGB_EVENT_WEIGHT:
                print_weight(told);
                break;
        case CGB_EVENT_BOOSTED:
        case CGB_EVENT_SPENT:
                say(told, "%s %s: weight %u", cgb_event_type_to_string(event->type), event->name, event->action.weight);
                break;
        case CGB_EVENT_PRESSURE:
                print_pressure(told);
                break;
        case CGB_EVENT_FOREIGN_WRITE:
                say(told, "%s: somebody else wrote its cpu.weight (%u); left alone from now on", event->name, event->weight);
                break;
        case CGB_EVENT_UNDONE:
                say(told, "%s: somebody put its cpu.weight back (%u); written again, this once", event->name, event->weight);
                break;
        case CGB_EVENT_MEMORY:
        case CGB_EVENT_FROZEN:
                print_memory(told);
                break;
        case CGB_EVENT_GROWING:
                say(told, "%s %s: without end, %.1f MiB so far", cgb_event_type_to_string(event->type), event->name,
                        (double)event->memory.bytes / (1 << 20));
                break;
        case CGB_EVENT_FOREIGN_LIMIT:
                say(told, "%s: somebody else wrote its memory.high; left alone from now on", event->name);
                break;
        case CGB_EVENT_LANES:
                say(told, "%s %s lanes: interactive and batch", event->name, is_dry(told) ? "would have" : "has");
                break;
        case CGB_EVENT_SORTED:
                print_sorted(told);
                break;
        case CGB_EVENT_RESTORED:
                print_restored(told);
                break;
        case CGB_EVENT_ERROR:
                say(told, "%s: %s (%s)", *event->fault->file ? event->fault->file : event->name, event->fault->message,
                        error_name(event->fault->code));
                break;
        case CGB_EVENT_ADDED:
        case CGB_EVENT_GONE:
        default:
                say(told, "%s %s", cgb_event_type_to_string(event->type), event->name);
                break;
        }
}

void events_print(struct cgb *cgb, bool verbose)
{
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb_event event;

        cgb_get_overview(cgb, &overview);
        while (cgb_next_event(cgb, &event))
                if (verbose ||
                        (event.type != CGB_EVENT_WEIGHT && event.type != CGB_EVENT_MEMORY && event.type != CGB_EVENT_SORTED))
                        print_event(&(struct told){&event, overview.parent, cgb});
}
