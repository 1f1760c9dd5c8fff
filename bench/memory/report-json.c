/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A figure that there is none of is null. */

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <sys/utsname.h>

#include "../common/complain.h"
#include "report.h"

#define NUMBER_FORMAT "%.6g"

static struct json_object *number_object(double number)
{
        struct json_object *object = isfinite(number) ? json_object_new_double(number) : NULL;

        if (object)
                json_object_set_serializer(
                        object, json_object_double_to_json_string, (void *)(uintptr_t)NUMBER_FORMAT, NULL);
        return object;
}

static struct json_object *medians_object(const struct scenario *scenario, const struct memory_series *series)
{
        struct json_object *object = json_object_new_object();

        for (size_t i = 0; i < scenario->n_figures; i++)
                json_object_object_add(object, scenario->figures[i].key, number_object(memory_median(series, i)));
        return object;
}

static struct json_object *repeats_array(const struct scenario *scenario, const struct memory_series *series)
{
        struct json_object *array = json_object_new_array();

        for (size_t repeat = 0; repeat < series->n; repeat++) {
                struct json_object *object = json_object_new_object();

                for (size_t i = 0; i < scenario->n_figures; i++)
                        json_object_object_add(object, scenario->figures[i].key, number_object(series->values[repeat][i]));
                json_object_array_add(array, object);
        }
        return array;
}

static struct json_object *ratios_object(const struct memory_result *result, const struct memory_series *series)
{
        struct json_object *object = json_object_new_object();

        for (size_t i = 0; i < result->scenario->n_figures; i++)
                if (result->scenario->figures[i].ratio)
                        json_object_object_add(object, result->scenario->figures[i].key,
                                number_object(memory_median(series, i) / memory_median(&result->series[0], i)));
        return object;
}

static struct json_object *policies_array(const struct memory_result *result)
{
        struct json_object *array = json_object_new_array();

        for (size_t i = 0; i < result->n_series; i++) {
                const struct memory_series *series = &result->series[i];
                struct json_object *object = json_object_new_object();

                json_object_object_add(object, "policy", json_object_new_string(series->policy->name));
                json_object_object_add(object, "median", medians_object(result->scenario, series));
                json_object_object_add(object, "ratio_to_first", ratios_object(result, series));
                json_object_object_add(object, "repeats", repeats_array(result->scenario, series));
                json_object_array_add(array, object);
        }
        return array;
}

static struct json_object *result_object(const struct memory_result *result)
{
        struct json_object *object = json_object_new_object();

        json_object_object_add(object, "scenario", json_object_new_string(result->scenario->name));
        json_object_object_add(object, "setting", json_object_new_string(result->setting));
        json_object_object_add(object, "policies", policies_array(result));
        return object;
}

int memory_report_json(const struct memory_result *results, size_t n, const struct memory_options *options, FILE *file)
{
        struct json_object *object = json_object_new_object(), *array = json_object_new_array();
        struct utsname name;
        int error = 0;

        json_object_object_add(object, "schema", json_object_new_int(1));
        json_object_object_add(object, "kernel", json_object_new_string(uname(&name) < 0 ? "" : name.release));
        json_object_object_add(object, "step_usec", json_object_new_int64((int64_t)options->step_usec));
        json_object_object_add(object, "pool_bytes", json_object_new_int64((int64_t)options->pool_bytes));
        for (size_t i = 0; i < n; i++)
                json_object_array_add(array, result_object(&results[i]));
        json_object_object_add(object, "scenarios", array);
        if (fprintf(file, "%s\n", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN)) < 0)
                error = complain(-errno, "standard output");
        json_object_put(object);
        return error;
}
