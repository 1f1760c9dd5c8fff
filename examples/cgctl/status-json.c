/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From a context to a document. Names of fields are those of the public headers, units included.
 */

#include <errno.h>

#include <cgburst/owner.h>

#include "json.h"
#include "status-json.h"

#define NSEC_PER_USEC 1000

static bool add_uint(struct json_object *object, const char *key, uint64_t value)
{
        return json_add(object, key, json_object_new_uint64(value));
}

static bool add_int(struct json_object *object, const char *key, int64_t value)
{
        return json_add(object, key, json_object_new_int64(value));
}

static bool add_bool(struct json_object *object, const char *key, bool value)
{
        return json_add(object, key, json_object_new_boolean(value));
}

static const char *const action_words[] = {
        [CGB_MEMORY_RAISE] = "raise",
        [CGB_MEMORY_LOWER] = "lower",
        [CGB_MEMORY_RECLAIM] = "reclaim",
};

/* Absent where the memory law has nothing to say. */
static bool add_memory(struct json_object *object, const struct cgb_memory_state *memory)
{
        struct json_object *part = json_object_new_object();

        return json_add(object, "memory", part) && add_uint(part, "usage_bytes", memory->usage_bytes) &&
               (memory->high_bytes == CGB_MEMORY_MAX ? json_add_text(part, "high_bytes", "max")
                                                     : add_uint(part, "high_bytes", memory->high_bytes)) &&
               add_uint(part, "headroom_bytes", memory->headroom_bytes) &&
               (!memory->droppable_known || add_uint(part, "droppable_bytes", memory->droppable_bytes)) &&
               add_uint(part, "floor_bytes", memory->floor_bytes) && add_uint(part, "fair_bytes", memory->fair_bytes) &&
               add_uint(part, "ceiling_bytes", memory->ceiling_bytes) &&
               add_int(part, "credit_byte_seconds", memory->credit_byte_seconds) &&
               add_int(part, "credit_cap_byte_seconds", memory->credit_cap_byte_seconds) &&
               add_bool(part, "growing", memory->growing) && add_bool(part, "frozen", memory->frozen) &&
               add_bool(part, "foreign", memory->foreign) &&
               json_add_text(part, "last_reason", cgb_memory_reason_to_string(memory->last_reason)) &&
               (memory->last_reason == CGB_MEMORY_REASON_NONE ||
                       (json_add_text(part, "last_action", action_words[memory->last_type]) &&
                               (memory->last_bytes == CGB_MEMORY_MAX ? json_add_text(part, "last_bytes", "max")
                                                                     : add_uint(part, "last_bytes", memory->last_bytes))));
}

static bool fill_workspace(struct json_object *object, const struct cgb_workspace *workspace)
{
        const struct cgb_account_state *account = &workspace->account;

        return json_add_text(object, "name", workspace->name) &&
               add_uint(object, "share_permille", account->share_permille) &&
               add_uint(object, "usage_usec", account->usage_usec) &&
               add_int(object, "slow_credit_usec", account->slow_credit_usec) &&
               add_int(object, "slow_cap_usec", account->slow_cap_usec) &&
               add_int(object, "fast_credit_usec", account->fast_credit_usec) &&
               add_int(object, "fast_cap_usec", account->fast_cap_usec) && add_uint(object, "weight", account->weight) &&
               add_uint(object, "written", account->written) &&
               json_add_text(object, "reason", cgb_reason_to_string(account->reason)) &&
               add_bool(object, "active", account->active) && add_bool(object, "foreign", workspace->foreign) &&
               json_add_text(object, "owner", cgb_owner_type_to_string(workspace->owner)) &&
               json_add_text(object, "writer", workspace->writer ? workspace->writer : "nobody") &&
               (!workspace->has_memory || add_memory(object, &workspace->memory));
}

static bool add_workspaces(struct json_object *document, const struct cgb *cgb)
{
        struct json_object *list = json_object_new_array();
        struct cgb_workspace workspace = {.size = sizeof(workspace)};

        if (!json_add(document, "workspaces", list))
                return false;

        for (size_t i = 0; cgb_get_workspace(cgb, i, &workspace) == 0; i++) {
                struct json_object *object = json_object_new_object();

                if (!object || !fill_workspace(object, &workspace) || json_object_array_add(list, object) < 0) {
                        json_object_put(object);
                        return false;
                }
        }
        return true;
}

static bool add_pool(struct json_object *document, const struct cgb_overview *overview)
{
        const struct cgb_memory_pool_state *pool = &overview->memory;
        struct json_object *part;

        if (pool->groups == 0)
                return true;
        part = json_object_new_object();
        return json_add(document, "memory", part) && add_uint(part, "size_bytes", pool->size_bytes) &&
               add_uint(part, "free_bytes", pool->free_bytes) && add_uint(part, "swap_free_bytes", pool->swap_free_bytes) &&
               add_uint(part, "reserve_bytes", pool->reserve_bytes) && add_bool(part, "contended", pool->contended) &&
               add_bool(part, "can_reclaim", overview->memory_can_reclaim) &&
               add_uint(part, "reclaimed_bytes", pool->reclaimed_bytes) &&
               add_uint(part, "limits_written", overview->limits_written) &&
               add_uint(part, "reclaims_late", overview->reclaims_late);
}

static bool fill(struct json_object *document, const struct cgb *cgb)
{
        struct cgb_overview overview = {.size = sizeof(overview)};

        return cgb_get_overview(cgb, &overview) == 0 && add_int(document, "schema", STATUS_SCHEMA) &&
               json_add_text(document, "mount", overview.mount) && json_add_text(document, "parent", overview.parent) &&
               add_uint(document, "cpus_permille", overview.cpus_permille) &&
               add_uint(document, "step_usec", overview.step_usec) && add_uint(document, "steps", overview.steps) &&
               add_uint(document, "price_permille", overview.pool.price_permille) &&
               add_int(document, "bank_usec", overview.pool.bank_nsec / NSEC_PER_USEC) &&
               add_uint(document, "weights_written", overview.weights_written) &&
               add_uint(document, "longest_dispatch_usec", overview.longest_dispatch_usec) &&
               add_uint(document, "calls", overview.calls) && add_uint(document, "under_way", overview.under_way) &&
               add_pool(document, &overview) && add_workspaces(document, cgb);
}

int status_json_new(struct json_object **ret, const struct cgb *cgb)
{
        struct json_object *document = json_object_new_object();

        if (!document || !fill(document, cgb)) {
                json_object_put(document);
                return -ENOMEM;
        }
        *ret = document;
        return 0;
}
