/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From document to table. A field that is missing reads as 0 or as "", as json-c has it: an older manager's answer still
 * makes a table. The CPU a workspace uses is what it used between two answers, over the steps between them: both are the
 * manager's own, so the time the answers took on the way does not matter.
 */

#include <cgburst/cgburst.h>
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "status-memory.h"
#include "status-table.h"
#include "text.h"

#define USEC_PER_SEC 1000000

/* Longer names push the rest of their line to the right instead of widening the whole table. */
#define NAME_WIDTH_MAX 32

/* What there is to compare with. */
struct since {
        struct json_object *workspaces; /* by name, as they were; may be NULL */
        int64_t usec;                   /* time between then and now */
};

static int64_t get_int(struct json_object *object, const char *key)
{
        return json_object_get_int64(json_object_object_get(object, key));
}

/* What each reason means, in words. */
static const char *explain(struct json_object *workspace)
{
        static const struct {
                enum cgb_reason reason;
                const char *words;
        } table[] = {
                {CGB_REASON_SHARE, "its share: no credit, no debt"},
                {CGB_REASON_CREDIT, "credit: it was below its share"},
                {CGB_REASON_DEBT, "debt: it was above its share"},
                {CGB_REASON_REACH, "credit, held at what a burst needs"},
                {CGB_REASON_FLOOR, "debt, raised to the floor"},
                {CGB_REASON_RANGE, "cut to the kernel's range"},
        };
        const char *reason = json_text(workspace, "reason");

        if (json_object_get_boolean(json_object_object_get(workspace, "foreign")))
                return strcmp(json_text(workspace, "writer"), "nobody")
                               ? "left alone: somebody else wrote it"
                               : "left alone: its manager cannot be asked from here";
        for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
                if (!strcmp(cgb_reason_to_string(table[i].reason), reason))
                        return table[i].words;
        return reason;
}

/* "+1.2s / 450s" */
static void format_credit(char *ret, size_t size, struct json_object *workspace, const char *credit, const char *cap)
{
        double seconds = (double)get_int(workspace, credit) / USEC_PER_SEC;
        double cap_seconds = (double)get_int(workspace, cap) / USEC_PER_SEC;

        snprintf(ret, size, "%+.1fs / %.*fs", seconds, cap_seconds < 10 ? 1 : 0, cap_seconds);
}

/* "12.3s", from an hour on "1:02:03". */
static void format_time(char *ret, size_t size, int64_t usec)
{
        int64_t seconds = usec / USEC_PER_SEC;

        if (seconds < 3600)
                snprintf(ret, size, "%.1fs", (double)usec / USEC_PER_SEC);
        else
                snprintf(ret, size, "%" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60), (int)(seconds % 60));
}

/*
 * The workspaces of @document by name, so that a comparison of two long lists stays cheap. NULL without a document or
 * memory.
 */
static struct json_object *index_by_name(struct json_object *document)
{
        struct json_object *list = json_object_object_get(document, "workspaces");
        struct json_object *index = list ? json_object_new_object() : NULL;

        for (size_t i = 0; index && i < json_object_array_length(list); i++) {
                struct json_object *workspace = json_object_array_get_idx(list, i);

                if (json_object_object_add(index, json_text(workspace, "name"), json_object_get(workspace)) < 0)
                        json_object_put(workspace);
        }
        return index;
}

/* "98%" of one CPU, or "-" where there is nothing to compare with. */
static void format_cpu(char *ret, size_t size, struct json_object *workspace, const struct since *since)
{
        struct json_object *earlier = json_object_object_get(since->workspaces, json_text(workspace, "name"));
        int64_t used = get_int(workspace, "usage_usec") - get_int(earlier, "usage_usec");

        if (!earlier || used < 0 || since->usec <= 0)
                snprintf(ret, size, "-");
        else
                snprintf(ret, size, "%.0f%%", 100 * (double)used / (double)since->usec);
}

static void print_workspace(FILE *stream, struct json_object *workspace, const struct since *since, int name_width)
{
        char name[TEXT_SIZE], cpu[16], time[32], slow[48], fast[48];

        text_printable(name, sizeof(name), json_text(workspace, "name"));
        format_cpu(cpu, sizeof(cpu), workspace, since);
        format_time(time, sizeof(time), get_int(workspace, "usage_usec"));
        format_credit(slow, sizeof(slow), workspace, "slow_credit_usec", "slow_cap_usec");
        format_credit(fast, sizeof(fast), workspace, "fast_credit_usec", "fast_cap_usec");

        int padding = name_width - (int)text_width(name);

        fprintf(stream, "%s%*s %c %6.2f %5s %9s %17s %14s %6" PRId64 "  %-9s  %s\n", name, padding > 0 ? padding : 0, "",
                json_object_get_boolean(json_object_object_get(workspace, "active")) ? '*' : ' ',
                (double)get_int(workspace, "share_permille") / 1000, cpu, time, slow, fast, get_int(workspace, "written"),
                json_text(workspace, "writer"), explain(workspace));
}

static void print_header(FILE *stream, struct json_object *document)
{
        char mount[TEXT_SIZE], parent[TEXT_SIZE];

        fprintf(stream, "%s on %s: %.2f CPUs, price %.2f, bank %+.1fs\n",
                text_printable(parent, sizeof(parent), json_text(document, "parent")),
                text_printable(mount, sizeof(mount), json_text(document, "mount")),
                (double)get_int(document, "cpus_permille") / 1000, (double)get_int(document, "price_permille") / 1000,
                (double)get_int(document, "bank_usec") / USEC_PER_SEC);
        fprintf(stream, "a step every %.2fs: %" PRId64 " so far, %" PRId64 " weights written, the longest took %.1f ms\n\n",
                (double)get_int(document, "step_usec") / USEC_PER_SEC, get_int(document, "steps"),
                get_int(document, "weights_written"), (double)get_int(document, "longest_dispatch_usec") / 1000);
}

static int longest_name(struct json_object *list, size_t n)
{
        size_t longest = strlen("WORKSPACE");

        for (size_t i = 0; i < n; i++) {
                size_t width = text_width(json_text(json_object_array_get_idx(list, i), "name"));

                if (width > longest)
                        longest = width;
        }
        return longest > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : (int)longest;
}

void status_table_print(FILE *stream, struct json_object *document, struct json_object *before)
{
        struct json_object *list = json_object_object_get(document, "workspaces");
        size_t n = list ? json_object_array_length(list) : 0;
        int name_width = longest_name(list, n);
        struct since since = {
                .workspaces = index_by_name(before),
                .usec = (get_int(document, "steps") - get_int(before, "steps")) * get_int(document, "step_usec"),
        };

        print_header(stream, document);
        if (n == 0)
                fprintf(stream, "no workspaces; cgctl run makes one\n");
        else
                fprintf(stream, "%-*s * %6s %5s %9s %17s %14s %6s  %-9s  %s\n", name_width, "WORKSPACE", "SHARE", "CPU",
                        "CPU TIME", "SLOW CREDIT", "FAST CREDIT", "WEIGHT", "WRITER", "WHY");
        for (size_t i = 0; i < n; i++)
                print_workspace(stream, json_object_array_get_idx(list, i), &since, name_width);
        status_memory_print(stream, document, name_width);
        json_object_put(since.workspaces);
}
