/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * All parsers of the kernel's texts, and patterns, fed with anything. The first byte of the input says which one, the rest
 * is its text.
 *
 * Beside "does not crash" every parser is held to its word: what is refused leaves the result as it was, and what is
 * taken can be printed again as the kernel would print it and comes out the same.
 */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kernel/mount.h"
#include "kernel/parse.h"
#include "kernel/path.h"
#include "kernel/process.h"
#include "owner/owner.h"
#include "rules/glob.h"

/* Fails loudly in every kind of build. */
static void check(bool holds, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
}

/* Calls a parser twice, on records that hold different bytes before. What it says and fills in must not depend on that. */
#define PARSE_TWICE(parse, first, second, bytes, n)                                                     \
        ({                                                                                              \
                int r_;                                                                                 \
                                                                                                        \
                memset(&(first), 0x11, sizeof(first));                                                  \
                memset(&(second), 0xee, sizeof(second));                                                \
                r_ = parse(&(first), bytes, n);                                                         \
                check(parse(&(second), bytes, n) == r_, #parse " says the same again");                 \
                check(r_ == 0 || r_ == -EBADMSG, #parse " takes it or not");                            \
                if (r_ < 0) {                                                                           \
                        check(is_filled(&(first), sizeof(first), 0x11), #parse " leaves the result");   \
                        check(is_filled(&(second), sizeof(second), 0xee), #parse " leaves the result"); \
                }                                                                                       \
                r_ == 0;                                                                                \
        })

static bool is_filled(const void *memory, size_t n, unsigned char byte)
{
        const unsigned char *bytes = memory;

        for (size_t i = 0; i < n; i++)
                if (bytes[i] != byte)
                        return false;
        return true;
}

static void fuzz_cpu_stat(const char *bytes, size_t n)
{
        struct cgb_cpu_stat a, b;
        uint64_t usage_usec, again_usec;
        char text[256];
        int length;

        PARSE_TWICE(cgb_parse_usage, usage_usec, again_usec, bytes, n);
        if (!PARSE_TWICE(cgb_parse_cpu_stat, a, b, bytes, n))
                return;
        check(cgb_parse_usage(&usage_usec, bytes, n) == 0 && usage_usec == a.usage_usec,
                "a usage alone is that of the whole");
        length = snprintf(text, sizeof(text), "usage_usec %" PRIu64 "\nuser_usec %" PRIu64 "\nsystem_usec %" PRIu64 "\n",
                a.usage_usec, a.user_usec, a.system_usec);
        check(cgb_parse_cpu_stat(&b, text, (size_t)length) == 0, "printed usages are taken");
        check(b.usage_usec == a.usage_usec && b.user_usec == a.user_usec && b.system_usec == a.system_usec,
                "usages survive");
}

static void check_average(uint32_t permyriad)
{
        check(permyriad <= UINT32_MAX - 100, "an average did not run over");
}

static void fuzz_pressure(const char *bytes, size_t n)
{
        struct cgb_pressure a, b;
        char text[256];
        int length;

        if (!PARSE_TWICE(cgb_parse_pressure, a, b, bytes, n))
                return;
        check_average(a.some.avg10_permyriad);
        check_average(a.some.avg60_permyriad);
        check_average(a.some.avg300_permyriad);
        length = snprintf(text, sizeof(text), "some avg10=%u.%02u avg60=%u.%02u avg300=%u.%02u total=%" PRIu64 "\n",
                a.some.avg10_permyriad / 100, a.some.avg10_permyriad % 100, a.some.avg60_permyriad / 100,
                a.some.avg60_permyriad % 100, a.some.avg300_permyriad / 100, a.some.avg300_permyriad % 100,
                a.some.total_usec);
        check(cgb_parse_pressure(&b, text, (size_t)length) == 0, "printed pressure is taken");
        check(b.some.avg10_permyriad == a.some.avg10_permyriad && b.some.avg60_permyriad == a.some.avg60_permyriad &&
                        b.some.avg300_permyriad == a.some.avg300_permyriad && b.some.total_usec == a.some.total_usec,
                "pressure survives");
}

static void fuzz_memory_events(const char *bytes, size_t n)
{
        struct cgb_memory_events a, b;

        if (PARSE_TWICE(cgb_parse_memory_events, a, b, bytes, n))
                check(memcmp(&a, &b, sizeof(a)) == 0, "memory.events is filled in whole");
}

static void fuzz_memory_stat(const char *bytes, size_t n)
{
        struct cgb_memory_stat a, b;

        if (PARSE_TWICE(cgb_parse_memory_stat, a, b, bytes, n))
                check(memcmp(&a, &b, sizeof(a)) == 0, "memory.stat is filled in whole");
}

static void fuzz_cgroup_events(const char *bytes, size_t n)
{
        struct cgb_cgroup_events a, b;

        if (!PARSE_TWICE(cgb_parse_cgroup_events, a, b, bytes, n))
                return;
        check(a.populated <= 1 && a.populated == b.populated, "populated is 0 or 1");
        check((a.frozen <= 1 || a.frozen == CGB_UNKNOWN) && a.frozen == b.frozen, "frozen is 0 or 1, or not known");
}

static void fuzz_u64(const char *bytes, size_t n)
{
        uint64_t a, b;
        char text[32];
        size_t length;

        if (!PARSE_TWICE(cgb_parse_u64, a, b, bytes, n))
                return;
        length = (size_t)snprintf(text, sizeof(text), "%" PRIu64 "\n", a);
        check(n == length || n == length - 1, "a number has one way to be written, with or without a newline");
        check(memcmp(text, bytes, n) == 0, "a number is written as it was read");
}

static void fuzz_limit(const char *bytes, size_t n)
{
        uint64_t a, b, value;

        if (PARSE_TWICE(cgb_parse_limit, a, b, bytes, n))
                check((n >= 3 && memcmp(bytes, "max", 3) == 0 && a == CGB_NO_LIMIT) ||
                                (cgb_parse_u64(&value, bytes, n) == 0 && value == a),
                        "a limit is max or a number");
}

static void fuzz_weight(const char *bytes, size_t n)
{
        uint32_t a, b;

        if (PARSE_TWICE(cgb_parse_weight, a, b, bytes, n))
                check(a >= CGB_WEIGHT_MIN && a <= CGB_WEIGHT_MAX && a == b, "a weight is in range");
}

static void fuzz_cpu_max(const char *bytes, size_t n)
{
        struct cgb_cpu_max a, b;

        if (PARSE_TWICE(cgb_parse_cpu_max, a, b, bytes, n))
                check(a.quota_usec > 0 && a.period_usec > 0 && memcmp(&a, &b, sizeof(a)) == 0,
                        "quota and period are above 0");
}

static void fuzz_cpu_list(const char *bytes, size_t n)
{
        uint32_t a, b;

        if (PARSE_TWICE(cgb_parse_cpu_list_count, a, b, bytes, n))
                check(a <= CGB_CPUS_MAX && a == b, "no list names more CPUs than there can be");
}

static void fuzz_words(const char *bytes, size_t n)
{
        const char *at = n >= 3 ? memmem(bytes, n, "cpu", 3) : NULL;

        if (cgb_list_has_word(bytes, n, "cpu"))
                check(at != NULL, "a word that is found is there");
}

static void fuzz_mountinfo(const char *bytes, size_t n)
{
        static struct cgb_mount mount; /* too large for some stacks */
        int r;

        memset(&mount, 0, sizeof(mount));
        /* Nothing is below this prefix, so that no file of the host is opened. */
        r = cgb_mount_find(&mount, bytes, n, "/nonexistent/");
        check(r == 0 || r == -ENOENT || r == -EBADMSG, "a mount is found or not");
        check((r == 0) == (mount.point[0] != '\0'), "a mount that is found has a place");
        check(!mount.has_cpu, "nothing was opened");
}

static void fuzz_own_group(const char *bytes, size_t n)
{
        static const char *const roots[] = {"/", "/a", "/docker/3f"};
        char own[PATH_MAX];

        for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
                if (cgb_mount_own_group(own, bytes, n, roots[i]) == 0)
                        check(cgb_path_is_valid(own), "one's own group has a clean path");
}

static void fuzz_paths(const char *bytes, size_t n)
{
        char *text = strndup(bytes, n);

        check(text != NULL, "there is memory");
        check(!cgb_name_is_valid(text) || cgb_path_is_valid(text), "a name is a path");
        if (cgb_path_is_valid(text)) {
                check(strstr(text, "//") == NULL && text[0] != '/', "a path is relative and clean");
                while (cgb_path_cut(text))
                        check(cgb_path_is_valid(text), "what is above a path is a path");
                check(text[0] == '\0', "above all is the root");
        }
        free(text);
}

/* A pattern and a path with a newline between them. */
static void fuzz_globs(const char *bytes, size_t n)
{
        char *pattern = strndup(bytes, n), *path, *above;

        check(pattern != NULL, "there is memory");
        path = strchr(pattern, '\n');
        if (path != NULL)
                *path++ = '\0';
        if (path != NULL && cgb_glob_complain(pattern) == NULL && cgb_path_is_valid(path) &&
                cgb_glob_match(pattern, path) != CGB_GLOB_NO) {
                above = strdup(path);
                check(above != NULL, "there is memory");
                while (cgb_path_cut(above))
                        check(cgb_glob_match(pattern, above) != CGB_GLOB_NO, "the way to a match can be gone");
                free(above);
        }
        free(pattern);
}

static void fuzz_process_stat(const char *bytes, size_t n)
{
        static struct cgb_process a, b; /* large */

        if (PARSE_TWICE(cgb_parse_process_stat, a, b, bytes, n))
                check(a.pid > 0 && a.pid == b.pid && a.parent == b.parent && a.terminal == b.terminal &&
                                strcmp(a.comm, b.comm) == 0 && strlen(a.comm) < CGB_COMM_SIZE,
                        "a process has a number and a short name");
}

/* A pattern, and a text behind a newline. */
static void fuzz_texts(const char *bytes, size_t n)
{
        char *pattern = strndup(bytes, n), *text;

        check(pattern != NULL, "there is memory");
        text = strchr(pattern, '\n');
        if (text != NULL)
                *text++ = '\0';
        if (text != NULL && cgb_glob_sets_are_closed(pattern)) {
                check(!cgb_glob_match_text(pattern, text) || strchr(pattern, '*') != NULL || strchr(pattern, '[') != NULL ||
                                strlen(pattern) == strlen(text),
                        "without a star lengths are alike");
                check(cgb_glob_match_text("*", text), "a star takes all");
        }
        free(pattern);
}

/* libcgroup's two files, whoever wrote them. */
static void fuzz_claims(const char *bytes, size_t n)
{
        struct cgb_claims claims = {0};

        check(cgb_claims_add_cgconfig(&claims, bytes, n) == 0, "there is memory");
        check(cgb_claims_add_cgrules(&claims, bytes, n) == 0, "there is memory");
        for (size_t i = 0; i < claims.n; i++)
                check(cgb_glob_complain(claims.patterns[i]) == NULL, "what is claimed can be a group");
        check(!cgb_claims_has(&claims, ""), "nobody claims the root");
        cgb_claims_free(&claims);
}

static void (*const targets[])(const char *bytes, size_t n) = {
        fuzz_cpu_stat,
        fuzz_pressure,
        fuzz_memory_events,
        fuzz_memory_stat,
        fuzz_cgroup_events,
        fuzz_u64,
        fuzz_limit,
        fuzz_weight,
        fuzz_cpu_max,
        fuzz_cpu_list,
        fuzz_words,
        fuzz_mountinfo,
        fuzz_own_group,
        fuzz_paths,
        fuzz_globs,
        fuzz_process_stat,
        fuzz_texts,
        fuzz_claims,
};

/* The first byte, from 'a' on: a letter can be typed into a seed. */
#define FIRST_TARGET 'a'

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const size_t n_targets = sizeof(targets) / sizeof(targets[0]);
        char *text;

        if (size == 0)
                return 0;
        /* Of exactly this size, so that a sanitizer sees one byte too many. */
        text = malloc(size > 1 ? size - 1 : 1);
        check(text != NULL, "there is memory");
        memcpy(text, data + 1, size - 1);
        targets[(uint8_t)(data[0] - FIRST_TARGET) % n_targets](text, size - 1);
        free(text);
        return 0;
}
