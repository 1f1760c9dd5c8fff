/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One line an event: what, who, and the number that goes with it.
 */

#include "events.h"
#include "report.h"

static void print_restored(const struct cgb_event *event)
{
        report_line(NULL, "put back %u file%s that a manager which died had left behind", event->restored,
                event->restored == 1 ? "" : "s");
}

static void print_pressure(const struct cgb_event *event)
{
        if (event->price_permille > 0)
                report_line(NULL, "pressure: the CPUs are contended, price %u.%03u", event->price_permille / 1000,
                        event->price_permille % 1000);
        else
                report_line(NULL, "pressure: over");
}

static void print_weight(const struct cgb_event *event)
{
        report_line(NULL, "%s %s: %u -> %u (%s)", cgb_event_type_to_string(event->type), event->name, event->action.previous,
                event->action.weight, cgb_reason_to_string(event->action.reason));
}

static void print_memory(const struct cgb_event *event)
{
        static const char *const verbs[] = {
                [CGB_MEMORY_RAISE] = "memory.high raised to",
                [CGB_MEMORY_LOWER] = "memory.high lowered to",
                [CGB_MEMORY_RECLAIM] = "asked to give",
        };
        const struct cgb_memory_action *action = &event->memory;

        if (action->bytes == CGB_MEMORY_MAX)
                report_line(NULL, "%s %s: memory.high is max again (%s)", cgb_event_type_to_string(event->type), event->name,
                        cgb_memory_reason_to_string(action->reason));
        else
                report_line(NULL, "%s %s: %s %.1f MiB (%s)", cgb_event_type_to_string(event->type), event->name,
                        verbs[action->type], (double)action->bytes / (1 << 20), cgb_memory_reason_to_string(action->reason));
}

static void print_event(const struct cgb_event *event)
{
        switch (event->type) {
        case CGB_EVENT_WEIGHT:
                print_weight(event);
                break;
        case CGB_EVENT_BOOSTED:
        case CGB_EVENT_SPENT:
                report_line(NULL, "%s %s: weight %u", cgb_event_type_to_string(event->type), event->name,
                        event->action.weight);
                break;
        case CGB_EVENT_PRESSURE:
                print_pressure(event);
                break;
        case CGB_EVENT_FOREIGN_WRITE:
                report_line(NULL, "%s: somebody else wrote its cpu.weight (%u); left alone from now on", event->name,
                        event->weight);
                break;
        case CGB_EVENT_UNDONE:
                report_line(NULL, "%s: somebody put its cpu.weight back (%u); written again, this once", event->name, event->weight);
                break;
        case CGB_EVENT_MEMORY:
        case CGB_EVENT_FROZEN:
                print_memory(event);
                break;
        case CGB_EVENT_FOREIGN_LIMIT:
                report_line(NULL, "%s: somebody else wrote its memory.high; left alone from now on", event->name);
                break;
        case CGB_EVENT_LANES:
                report_line(NULL, "%s has lanes: interactive and batch", event->name);
                break;
        case CGB_EVENT_SORTED:
                report_line(NULL, "%s: process %d goes into the batch lane", event->name, (int)event->pid);
                break;
        case CGB_EVENT_RESTORED:
                print_restored(event);
                break;
        case CGB_EVENT_ERROR:
                report_fault(event->fault, event->fault->code, event->name);
                break;
        case CGB_EVENT_ADDED:
        case CGB_EVENT_GONE:
        default:
                report_line(NULL, "%s %s", cgb_event_type_to_string(event->type), event->name);
                break;
        }
}

void events_print(struct cgb *cgb, bool verbose)
{
        struct cgb_event event;

        while (cgb_next_event(cgb, &event))
                if (verbose || (event.type != CGB_EVENT_WEIGHT && event.type != CGB_EVENT_MEMORY && event.type != CGB_EVENT_SORTED))
                        print_event(&event);
}
