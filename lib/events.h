/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A queue of what happened, oldest first. It is bounded, because an embedder may never take anything: then the oldest are
 * thrown away, and counted.
 */
#include <cgburst/cgburst.h>

struct cgb_event_entry;

struct cgb_event_queue {
        struct cgb_event_entry *first, *last;
        struct cgb_event_entry *taken; /* what the embedder looks at now */
        size_t n;
        uint64_t lost;
};

/** Copies @event, its name and its fault. Where memory is short the event is lost, and counted as such. */
void cgb_events_push(struct cgb_event_queue *queue, const struct cgb_event *event);

/** The oldest one; its pointers are good until the next call. @return false when there is none. */
bool cgb_events_pop(struct cgb_event_queue *queue, struct cgb_event *ret);

void cgb_events_clear(struct cgb_event_queue *queue);
