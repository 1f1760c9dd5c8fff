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
        }
        return "unknown";
}
