/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is printed: JSON that a parser takes, with the keys of docs/bench.md. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <json-c/json.h>

#include "policies.h"
#include "report.h"
#include "test-support.h"

/* Two of the same share on one CPU: each of one second takes two. The name would break JSON that is put together by hand. */
static struct json_object *report(void)
{
        struct trace trace = {.name = strdup("small")};
        struct sim_choice choice = {.policy = &sim_policy_cgburst, .name = "cgburst"};
        struct sim_row row = {.plan = {.trace = &trace, .choice = &choice, .cpus = 1, .hogs = 1, .step_usec = 250000}};
        struct json_object *parsed;
        char *text;
        size_t n;
        FILE *file = open_memstream(&text, &n);

        put(&trace, 1, "a \"b\"", "edit", 1, 1);
        assert_non_null(file);
        assert_int_equal(sim_run(&row.result, &row.plan), 0);
        assert_int_equal(sim_report_json(&row, 1, file), 0);
        fclose(file);
        parsed = json_tokener_parse(text);
        assert_non_null(parsed);
        free(text);
        sim_result_free(&row.result);
        trace_free(&trace);
        return parsed;
}

static struct json_object *at(struct json_object *object, const char *key)
{
        struct json_object *found = NULL;

        if (!json_object_object_get_ex(object, key, &found))
                fail_msg("there is no \"%s\"", key);
        return found;
}

static void a_run_is_json_of_schema_1_with_any_name(void **state)
{
        struct json_object *root = report(), *run, *edit;

        (void)state;
        assert_int_equal(json_object_get_int(at(root, "schema")), 1);
        run = json_object_array_get_idx(at(root, "runs"), 0);
        assert_string_equal(json_object_get_string(at(run, "policy")), "cgburst");
        assert_string_equal(json_object_get_string(at(run, "trace")), "small");
        assert_string_equal(json_object_get_string(at(run, "lanes")), "none");
        assert_int_equal(json_object_get_int(at(run, "cpus")), 1);
        assert_int_equal(json_object_get_int(at(run, "hogs")), 1);
        assert_int_equal(json_object_get_int(at(run, "step_usec")), 250000);
        edit = at(at(run, "kinds"), "edit");
        assert_int_equal(json_object_get_int(at(edit, "n")), 1);
        assert_true(json_object_get_double(at(at(edit, "slowdown"), "p99_9")) >= 1);
        assert_true(json_object_get_double(at(at(edit, "response_sec"), "p50")) >= 1);
        assert_true(json_object_get_double(at(at(at(run, "workspaces"), "a \"b\""), "wanted_sec")) == 1);
        assert_null(at(at(at(run, "workspaces"), "hog1"), "wanted_sec")); /* endless */
        json_object_put(root);
}

static void a_run_without_interactive_jobs_is_told_by_zeros_and_nulls(void **state)
{
        struct trace trace = {.name = strdup("hogs")};
        struct sim_choice choice = {.policy = &sim_policy_equal, .name = "equal"};
        struct sim_row row = {.plan = {.trace = &trace, .choice = &choice, .cpus = 1}};
        char *text;
        size_t n;
        FILE *file = open_memstream(&text, &n);

        (void)state;
        put(&trace, 0, "a", "hog", INFINITY, 1);
        trace.span_sec = 10;
        assert_non_null(file);
        assert_int_equal(sim_run(&row.result, &row.plan), 0);
        sim_report_print(&row, 1, file);
        assert_int_equal(sim_report_json(&row, 1, file), 0);
        fclose(file);
        assert_non_null(strstr(text, "\"kinds\":{}"));
        assert_non_null(strstr(text, "\"wanted_sec\":null,\"used_sec\":10"));
        assert_null(strstr(text, "inf"));
        free(text);
        sim_result_free(&row.result);
        trace_free(&trace);
}

/* Two hogs fill the CPU from the start; who comes after ten seconds was below its fair share until then, and they above. */
static void a_series_has_a_point_for_each_interval_and_tells_who_has_credit(void **state)
{
        struct trace trace = {.name = strdup("late"), .span_sec = 10};
        struct sim_choice choice = {.policy = &sim_policy_cgburst, .name = "cgburst"};
        struct sim_row row = {.plan = {.trace = &trace, .choice = &choice, .cpus = 1, .hogs = 2, .series_usec = 2500000}};
        const struct timeline *timeline = &row.result.timeline;
        const struct timeline_point *last;

        (void)state;
        put(&trace, 10, "late", "edit", 0.01, 1);
        assert_int_equal(sim_run(&row.result, &row.plan), 0);
        assert_int_equal(timeline->n, 4); /* at 2.5, 5, 7.5 and 10 s */
        assert_int_equal(timeline->n_groups, 3);
        last = &timeline->points[3 * 3];
        assert_string_equal(timeline->names[0], "late");
        assert_true(last[0].credit.slow > 0 && last[0].credit.slow <= 1);
        assert_true(last[0].credit.fast > last[0].credit.slow); /* the fast one is filled sooner */
        assert_true(last[1].credit.slow < 0 && last[1].credit.slow == last[2].credit.slow);
        assert_true(last[0].weight > last[1].weight);
        sim_result_free(&row.result);
        trace_free(&trace);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_run_is_json_of_schema_1_with_any_name),
                cmocka_unit_test(a_series_has_a_point_for_each_interval_and_tells_who_has_credit),
                cmocka_unit_test(a_run_without_interactive_jobs_is_told_by_zeros_and_nulls),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
