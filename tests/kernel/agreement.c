/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The simulated node is held to the real kernel: one who asks for 20 or 100 ms of CPU again and again, beside seven groups
 * of as many loops as there are CPUs, under equal weights and under the law. The middle response of the one is within 15 %
 * of the other's.
 *
 * The node has no wake-ups, slices and ticks, and a kernel has; so the two may differ, but not by much. A machine on which
 * others run as well cannot be compared with a model that has its CPUs to itself: a run in which they did is passed over,
 * and if that are all, this is skipped. BENCH names the program.
 */

#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <json-c/json.h>

#define SKIP 77

#define TOLERANCE 0.15

/* What a guest loses on a quiet host is a tenth; half and more on a busy one. */
#define STALLED_MAX 0.2

#define HOG_GROUPS 7

/* The pauses that the bench of the kernel makes by itself, in the mean. */
#define PAUSE_SEC 0.7

static const char *bench;
static char folder[] = "/tmp/agreement-XXXXXX";
static struct json_object *kernel; /* what it measured */
static unsigned n_compared;

static void path_of(char *ret, size_t size, const char *name)
{
        snprintf(ret, size, "%s/%s", folder, name);
}

static unsigned count_cpus(void)
{
        cpu_set_t set;

        return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : (unsigned)CPU_COUNT(&set);
}

/* A minute of bursts, after a quarter of one in which credit is earned. */
static void write_trace(const char *path, double burst_sec)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        fputs("arrival_sec,workspace,kind,cpu_sec,parallelism,memory_bytes\n", file);
        for (double at = 15; at < 75; at += burst_sec + PAUSE_SEC)
                fprintf(file, "%.6f,probe,edit,%.6f,1,0\n", at, burst_sec);
        fclose(file);
}

static struct json_object *at(struct json_object *object, const char *key)
{
        struct json_object *found = NULL;

        if (!json_object_object_get_ex(object, key, &found))
                fail_msg("there is no \"%s\"", key);
        return found;
}

static double simulated_sec(const char *policy, double burst_sec)
{
        char trace[64], output[64], command[512];
        struct json_object *root;
        double p50;

        path_of(trace, sizeof(trace), "trace.csv");
        path_of(output, sizeof(output), "sim.json");
        write_trace(trace, burst_sec);
        snprintf(command, sizeof(command), "%s sim %s --cpus %u --hogs %d --policy %s --step 1 --json >%s 2>/dev/null",
                bench, trace, count_cpus(), HOG_GROUPS, policy, output);
        assert_int_equal(system(command), 0);
        root = json_object_from_file(output);
        assert_non_null(root);
        p50 = json_object_get_double(
                at(at(at(at(json_object_array_get_idx(at(root, "runs"), 0), "kinds"), "edit"), "response_sec"), "p50"));
        json_object_put(root);
        return p50;
}

static struct json_object *measured(const char *policy, double burst_sec)
{
        struct json_object *runs = at(kernel, "runs");

        for (size_t i = 0; i < json_object_array_length(runs); i++) {
                struct json_object *run = json_object_array_get_idx(runs, i);

                if (!strcmp(json_object_get_string(at(run, "policy")), policy) &&
                        fabs(json_object_get_double(at(run, "burst_usec")) / 1e6 - burst_sec) < 1e-6)
                        return run;
        }
        fail_msg("%s, %g s: is not in what the kernel's bench wrote", policy, burst_sec);
        return NULL;
}

static void assert_agreement(const char *policy, double burst_sec)
{
        struct json_object *run = measured(policy, burst_sec);
        double stalled = json_object_get_double(at(run, "stalled_of_all")),
               on_kernel = json_object_get_double(at(run, "p50_usec")) / 1e6;
        double simulated = simulated_sec(policy, burst_sec);

        print_message(
                "%s, %g ms of work: %.1f ms on the kernel, %.1f ms on the simulated node, %+.1f %%; others had %.0f %% of the CPUs\n",
                policy, burst_sec * 1e3, on_kernel * 1e3, simulated * 1e3, 100 * (on_kernel / simulated - 1), 100 * stalled);
        if (stalled > STALLED_MAX)
                return;
        n_compared++;
        if (!(fabs(on_kernel / simulated - 1) <= TOLERANCE))
                fail_msg("they differ by more than %.0f %%", 100 * TOLERANCE);
}

static void under_equal_weights_a_burst_takes_as_long_as_on_the_simulated_node(void **state)
{
        (void)state;
        assert_agreement("equal", 0.02);
        assert_agreement("equal", 0.1);
}

static void under_the_law_a_burst_takes_as_long_as_on_the_simulated_node(void **state)
{
        (void)state;
        assert_agreement("cgburst", 0.02);
        assert_agreement("cgburst", 0.1);
}

static bool measure(void)
{
        char output[64], command[512];

        path_of(output, sizeof(output), "kernel.json");
        snprintf(command, sizeof(command),
                "%s kernel --policy equal,cgburst --step 1 --burst 20,100 --repeats 1 --bursts 12 --warmup 10 --hog-groups %d "
                "--hogs-per-group %u --json %s >/dev/null",
                bench, HOG_GROUPS, count_cpus(), output);
        if (system(command) != 0)
                return false;
        kernel = json_object_from_file(output);
        return kernel != NULL;
}

static void remove_all(void)
{
        static const char *const names[] = {"trace.csv", "sim.json", "kernel.json"};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char path[64];

                path_of(path, sizeof(path), names[i]);
                unlink(path);
        }
        rmdir(folder);
}

static int compare_all(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(under_equal_weights_a_burst_takes_as_long_as_on_the_simulated_node),
                cmocka_unit_test(under_the_law_a_burst_takes_as_long_as_on_the_simulated_node),
        };

        int failed;

        if (!measure()) {
                print_message("the kernel's bench failed; what it says is above\n");
                return 1;
        }
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        if (failed == 0 && n_compared == 0)
                print_message("SKIPPED: others had the CPUs all the time\n");
        return failed ? failed : n_compared ? 0 : SKIP;
}

int main(void)
{
        char check[256];
        int result;

        bench = getenv("BENCH");
        snprintf(check, sizeof(check), "%s kernel --check", bench ? bench : "false");
        if (!bench || system(check) != 0) {
                print_message("SKIPPED: BENCH names no program, or it cannot make groups here\n");
                return SKIP;
        }
        if (!mkdtemp(folder))
                return 1;
        result = compare_all();
        json_object_put(kernel);
        remove_all();
        return result;
}
