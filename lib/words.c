/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words for people and for JSON. They are part of the contract: append, never change.
 */
#include <cgburst/cgburst.h>

const char *cgb_reason_to_string(enum cgb_reason reason)
{
        switch (reason) {
        case CGB_REASON_SHARE:
                return "share";
        case CGB_REASON_CREDIT:
                return "credit";
        case CGB_REASON_DEBT:
                return "debt";
        case CGB_REASON_REACH:
                return "reach";
        case CGB_REASON_FLOOR:
                return "floor";
        case CGB_REASON_RANGE:
                return "range";
        }
        return "unknown";
}

const char *cgb_memory_reason_to_string(enum cgb_memory_reason reason)
{
        static const char *const words[] = {
                [CGB_MEMORY_REASON_NONE] = "none",
                [CGB_MEMORY_REASON_NEAR] = "near",
                [CGB_MEMORY_REASON_HIT] = "hit",
                [CGB_MEMORY_REASON_REFAULTS] = "refaults",
                [CGB_MEMORY_REASON_PRESSED] = "pressed",
                [CGB_MEMORY_REASON_BELOW] = "below",
                [CGB_MEMORY_REASON_OVER_SHARE] = "over-share",
                [CGB_MEMORY_REASON_ASLEEP] = "asleep",
                [CGB_MEMORY_REASON_IDLE] = "idle",
                [CGB_MEMORY_REASON_FOLLOWED] = "followed",
                [CGB_MEMORY_REASON_FROZEN] = "frozen",
                [CGB_MEMORY_REASON_THAWED] = "thawed",
                [CGB_MEMORY_REASON_GROWING] = "growing",
        };

        return (size_t)reason < sizeof words / sizeof words[0] ? words[reason] : "unknown";
}

const char *cgb_event_type_to_string(enum cgb_event_type type)
{
        switch (type) {
        case CGB_EVENT_ADDED:
                return "added";
        case CGB_EVENT_GONE:
                return "gone";
        case CGB_EVENT_WEIGHT:
                return "weight";
        case CGB_EVENT_BOOSTED:
                return "boosted";
        case CGB_EVENT_SPENT:
                return "spent";
        case CGB_EVENT_PRESSURE:
                return "pressure";
        case CGB_EVENT_FOREIGN_WRITE:
                return "foreign-write";
        case CGB_EVENT_RESTORED:
                return "restored";
        case CGB_EVENT_ERROR:
                return "error";
        case CGB_EVENT_UNDONE:
                return "undone";
        case CGB_EVENT_MEMORY:
                return "memory";
        case CGB_EVENT_FROZEN:
                return "frozen";
        case CGB_EVENT_FOREIGN_LIMIT:
                return "foreign-limit";
        case CGB_EVENT_LANES:
                return "lanes";
        case CGB_EVENT_SORTED:
                return "sorted";
        case CGB_EVENT_GROWING:
                return "growing";
        }
        return "unknown";
}
