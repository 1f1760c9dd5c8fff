/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The page stands alone, says what is missing, and shows what files say as text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "page.h"
#include "plot.h"

/* Two runs of one setup; the name of the second would be markup. */
static const char sim_json[] =
        "{\"schema\":1,\"runs\":["
        "{\"policy\":\"equal\",\"trace\":\"t\",\"cpus\":4,\"hogs\":0,\"lanes\":\"none\",\"step_usec\":0,\"kinds\":{\"edit\":{\"n\":7,\"slowdown\":"
        "{\"mean\":2,\"p50\":1,\"p95\":2,\"p99\":3,\"p99_9\":4,\"max\":5},\"response_sec\":{\"p50\":0.5,\"p99\":123456}}},"
        "\"series\":{\"every_sec\":60,\"groups\":{\"a\":{\"weight\":[100,null,200],\"slow\":[0.5,0.25,1],\"fast\":[null,null,null]}}}},"
        "{\"policy\":\"<b>&\\\"\",\"trace\":\"t\",\"cpus\":4,\"hogs\":0,\"lanes\":\"none\",\"step_usec\":1000000,\"kinds\":{\"edit\":{\"n\":7,"
        "\"slowdown\":{\"mean\":2,\"p50\":1,\"p95\":2,\"p99\":3,\"p99_9\":4,\"max\":5},\"response_sec\":{\"p50\":0.5,\"p99\":1}}}}]}";

static const char kernel_json[] =
        "{\"schema\":1,\"kernel\":\"6.0\",\"cpus\":2,\"runs\":[{\"policy\":\"alone\",\"burst_usec\":20000,\"step_usec\":0,\"p50_usec\":21000,"
        "\"p90_usec\":22000,\"p99_usec\":23000,\"p999_usec\":24000,\"max_usec\":24000}]}";

struct folder {
        char path[32];
        struct inputs inputs;
        char *page;
};

static int set_up(void **state)
{
        struct folder *folder = calloc(1, sizeof(*folder));

        strcpy(folder->path, "/tmp/report-XXXXXX");
        *state = folder;
        return mkdtemp(folder->path) ? 0 : -1;
}

static void name_file(char *ret, size_t size, const struct folder *folder, const char *name)
{
        snprintf(ret, size, "%s/%s", folder->path, name);
}

static int tear_down(void **state)
{
        static const char *const names[] = {"sim.json", "sim-memory-2.json", "kernel-6.json", "memory.json", "mine.json"};
        struct folder *folder = *state;

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char path[64];

                name_file(path, sizeof(path), folder, names[i]);
                unlink(path);
        }
        rmdir(folder->path);
        inputs_free(&folder->inputs);
        free(folder->page);
        free(folder);
        return 0;
}

static int add(struct folder *folder, const char *name, const char *text)
{
        char path[64];
        FILE *file;

        name_file(path, sizeof(path), folder, name);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        return inputs_add(&folder->inputs, path);
}

static void write_page(struct folder *folder)
{
        size_t n;
        FILE *html = open_memstream(&folder->page, &n);

        assert_non_null(html);
        assert_int_equal(page_write(html, &folder->inputs), 0);
        fclose(html);
}

static size_t count(const char *text, const char *what)
{
        size_t n = 0;

        for (text = strstr(text, what); text; text = strstr(text + 1, what))
                n++;
        return n;
}

static void what_is_missing_is_said_with_the_verb_that_measures_it(void **state)
{
        struct folder *folder = *state;

        assert_int_equal(add(folder, "kernel-6.json", kernel_json), 0);
        write_page(folder);
        assert_non_null(strstr(folder->page, "<code>cgburst-bench sim</code>"));
        assert_non_null(strstr(folder->page, "<code>cgburst-bench overhead</code>"));
        assert_null(strstr(folder->page, "<code>cgburst-bench kernel</code>"));
        assert_non_null(strstr(folder->page, "Linux 6.0"));
}

static void each_scenario_of_memory_is_a_table_of_its_policies(void **state)
{
        struct folder *folder = *state;

        assert_int_equal(
                add(folder, "memory.json",
                        "{\"schema\":1,\"scenarios\":[{\"scenario\":\"crowd\",\"setting\":\"six who do not fit\",\"policies\":["
                        "{\"policy\":\"equal\",\"median\":{\"stalled_sec\":12.5},\"repeats\":[{\"stalled_sec\":12.5}]}]}]}"),
                0);
        write_page(folder);
        assert_non_null(strstr(folder->page, "<h3>crowd</h3>"));
        assert_non_null(strstr(folder->page, "<caption>six who do not fit</caption>"));
        assert_non_null(strstr(folder->page, "<th scope=\"col\">median.stalled_sec</th>"));
        assert_non_null(strstr(folder->page, "<td>12.5</td>"));
}

static void names_from_files_are_text_and_never_markup(void **state)
{
        struct folder *folder = *state;

        assert_int_equal(add(folder, "sim.json", sim_json), 0);
        write_page(folder);
        assert_null(strstr(folder->page, "<b>"));
        assert_non_null(strstr(folder->page, "&lt;b&gt;&amp;"));
        assert_non_null(strstr(folder->page, "<td>123456</td>"));
}

/* Every attribute that could name something: only places within the page. */
static void the_page_needs_no_other_file(void **state)
{
        struct folder *folder = *state;

        assert_int_equal(add(folder, "sim.json", sim_json), 0);
        assert_int_equal(add(folder, "kernel-6.json", kernel_json), 0);
        write_page(folder);
        assert_int_equal(count(folder->page, "src="), 0);
        assert_int_equal(count(folder->page, "url("), 0);
        assert_int_equal(count(folder->page, "@import"), 0);
        assert_int_equal(count(folder->page, "<script"), 0);
        assert_int_equal(count(folder->page, "href="), count(folder->page, "href=\"#") + count(folder->page, "href='#"));
}

static void every_picture_has_a_name_a_description_and_a_caption(void **state)
{
        struct folder *folder = *state;

        assert_int_equal(add(folder, "sim.json", sim_json), 0);
        assert_int_equal(add(folder, "kernel-6.json", kernel_json), 0);
        write_page(folder);
        /* slowdown, weight and slow credit; nobody counts a fast one; and the responses of the kernel */
        assert_int_equal(count(folder->page, "<svg"), 4);
        assert_int_equal(count(folder->page, "role=\"img\""), 4);
        assert_int_equal(count(folder->page, "<title id="), 4);
        assert_int_equal(count(folder->page, "<desc id="), 4);
        assert_int_equal(count(folder->page, "<figcaption>"), 4);
}

static void no_two_pictures_have_an_id_in_common(void **state)
{
        struct folder *folder = *state;

        assert_int_equal(add(folder, "sim.json", sim_json), 0);
        write_page(folder);
        assert_true(count(folder->page, "gnuplot_canvas\"") > 1);
        for (const char *id = strstr(folder->page, " id=\""); id; id = strstr(id + 1, " id=\"")) {
                char name[81], whole[96];

                assert_true(sscanf(id, " id=\"%80[^\"]", name) == 1);
                snprintf(whole, sizeof(whole), " id=\"%s\"", name);
                assert_null(strstr(id + 1, whole));
        }
}

static void a_files_verb_is_that_of_its_name_or_the_one_that_is_given(void **state)
{
        struct folder *folder = *state;
        char given[80];

        assert_int_equal(add(folder, "kernel-6.json", kernel_json), 0);
        assert_string_equal(folder->inputs.list[0].verb, "kernel");
        assert_int_equal(add(folder, "mine.json", sim_json), -EINVAL);
        snprintf(given, sizeof(given), "sim=%s/mine.json", folder->path);
        assert_int_equal(inputs_add(&folder->inputs, given), 0);
        assert_string_equal(folder->inputs.list[1].verb, "sim");
        assert_int_equal(add(folder, "sim-memory-2.json", sim_json), 0);
        assert_string_equal(folder->inputs.list[2].verb, "sim-memory");
}

static void what_is_not_of_the_bench_is_refused(void **state)
{
        struct folder *folder = *state;

        assert_int_equal(add(folder, "sim.json", "{\"schema\":1,\"runs\":["), -EBADMSG);
        assert_int_equal(add(folder, "sim.json", "{\"schema\":2,\"runs\":[]}"), -EBADMSG);
        assert_int_equal(add(folder, "sim.json", "[]"), -EBADMSG);
}

static void one_file_has_all_of_them(void **state)
{
        struct folder *folder = *state;
        struct json_object *all, *reports;
        char path[64];

        assert_int_equal(add(folder, "sim.json", sim_json), 0);
        assert_int_equal(add(folder, "kernel-6.json", kernel_json), 0);
        name_file(path, sizeof(path), folder, "mine.json");
        assert_int_equal(inputs_write(&folder->inputs, path), 0);
        all = json_object_from_file(path);
        assert_true(json_object_object_get_ex(all, "reports", &reports));
        assert_int_equal(json_object_array_length(reports), 2);
        assert_true(json_object_equal(
                json_object_object_get(json_object_array_get_idx(reports, 1), "data"), folder->inputs.list[1].data));
        json_object_put(all);
}

static void without_gnuplot_it_says_so_and_no_page_is_made(void **state)
{
        char *path = strdup(getenv("PATH"));
        int error;

        (void)state;
        setenv("PATH", "/nowhere", 1);
        error = plot_check();
        setenv("PATH", path, 1);
        free(path);
        assert_int_equal(error, -ENOENT);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_folder(what_is_missing_is_said_with_the_verb_that_measures_it),
                in_folder(each_scenario_of_memory_is_a_table_of_its_policies),
                in_folder(names_from_files_are_text_and_never_markup),
                in_folder(the_page_needs_no_other_file),
                in_folder(every_picture_has_a_name_a_description_and_a_caption),
                in_folder(no_two_pictures_have_an_id_in_common),
                in_folder(a_files_verb_is_that_of_its_name_or_the_one_that_is_given),
                in_folder(what_is_not_of_the_bench_is_refused),
                in_folder(one_file_has_all_of_them),
                cmocka_unit_test(without_gnuplot_it_says_so_and_no_page_is_made),
        };

        if (plot_check() < 0)
                return 77;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
