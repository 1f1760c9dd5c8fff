/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The queue of events, and how the other files put something into it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"

/* Four events for each of a thousand workspaces: more than one step of a large host brings. */
#define EVENTS_MAX 4096

/*
 * Behind it lie its fault, if it has one, and its name. A fault is a kilobyte, and changed weights have none: with room for
 * one in each, a step of some hundred changes took most of its time for fresh pages.
 */
struct cgb_event_entry {
        struct cgb_event_entry *next;
        struct cgb_event event;
};

static struct cgb_event_entry *take_first(struct cgb_event_queue *queue)
{
        struct cgb_event_entry *entry = queue->first;

        if (entry == NULL)
                return NULL;
        queue->first = entry->next;
        if (queue->first == NULL)
                queue->last = NULL;
        queue->n--;
        return entry;
}

static struct cgb_event_entry *copy(const struct cgb_event *event)
{
        size_t fault_size = event->fault != NULL ? sizeof *event->fault : 0, name_size = strlen(event->name) + 1;
        struct cgb_event_entry *entry = malloc(sizeof *entry + fault_size + name_size);
        char *behind;

        if (entry == NULL)
                return NULL;
        behind = (char *)(entry + 1);
        entry->next = NULL;
        entry->event = *event;
        if (event->fault != NULL)
                entry->event.fault = memcpy(behind, event->fault, fault_size);
        entry->event.name = memcpy(behind + fault_size, event->name, name_size);
        return entry;
}

void cgb_events_push(struct cgb_event_queue *queue, const struct cgb_event *event)
{
        struct cgb_event_entry *entry;

        if (queue->n >= EVENTS_MAX) {
                free(take_first(queue));
                queue->lost++;
        }
        entry = copy(event);
        if (entry == NULL) {
                queue->lost++;
                return;
        }
        if (queue->last != NULL)
                queue->last->next = entry;
        else
                queue->first = entry;
        queue->last = entry;
        queue->n++;
}

bool cgb_events_pop(struct cgb_event_queue *queue, struct cgb_event *ret)
{
        free(queue->taken);
        queue->taken = take_first(queue);
        if (queue->taken == NULL)
                return false;
        *ret = queue->taken->event;
        return true;
}

void cgb_events_clear(struct cgb_event_queue *queue)
{
        struct cgb_event_entry *entry;

        free(queue->taken);
        while ((entry = take_first(queue)) != NULL)
                free(entry);
        *queue = (struct cgb_event_queue){0};
}

void cgb_report(struct cgb *cgb, enum cgb_event_type type, const struct cgb_group *group, const struct cgb_event *details)
{
        struct cgb_event event = details != NULL ? *details : (struct cgb_event){0};

        event.type = type;
        event.name = group != NULL ? group->name : "";
        cgb_events_push(&cgb->events, &event);
        cgb_log(cgb, type == CGB_EVENT_WEIGHT ? CGB_LOG_DEBUG : CGB_LOG_INFO, "%s %s", event.name,
                cgb_event_type_to_string(type));
}

void cgb_report_error(struct cgb *cgb, struct cgb_group *group, enum cgb_file file, int code, const char *message)
{
        struct cgb_fault fault;
        char path[sizeof fault.file];

        if ((group->failing & 1u << file) != 0)
                return;
        group->failing |= 1u << file;
        cgb_group_file(cgb, group, file, path, sizeof path);
        cgb_fault_set(&fault, code, path, message, NULL);
        cgb_log(cgb, CGB_LOG_WARNING, "%s: %s (%s)", path, message, strerror(-code));
        cgb_report(cgb, CGB_EVENT_ERROR, group, &(struct cgb_event){.fault = &fault});
}

bool cgb_next_event(struct cgb *cgb, struct cgb_event *ret)
{
        return cgb_events_pop(&cgb->events, ret);
}
