/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A place of one's own in a real cgroup tree, and processes that use the CPU there. Each test gets a group
 * "cgburst-test-<pid>" at the top of the tree, and with it goes whatever it left there: processes, groups, and what it
 * enabled above.
 *
 * Needs root and the cpu controller; a program says so and ends with GROUND_SKIP where these are missing
 * (ground_is_missing()).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <cgburst/cgburst.h>

/** The exit status of a test that could not be run. */
#define GROUND_SKIP 77

/** Busy processes and contexts at once. */
#define GROUND_LOOPS 64
#define GROUND_MANAGERS 4

struct ground {
        char mount[256];
        char top[64];               /* the name of the test's own group; not made by ground_new() */
        char state[64];             /* a folder for journal and lock */
        bool root_passed_cpu_on;    /* as it was found */
        uint32_t cpus;              /* that this process may use */
        struct cgb_options options; /* for this mount, top as the parent, and the state folder; to be changed at will */
        pid_t loops[GROUND_LOOPS];
        size_t n_loops;
        struct cgb *managers[GROUND_MANAGERS];
};

/** Is there nothing to stand on? Says why, aloud. */
bool ground_is_missing(void);

/** The same for what the memory law needs: its controller at the top of the tree, and swap. */
bool ground_memory_is_missing(void);

/**
 * The cgctl to be tested, which the first argument or the environment variable CGCTL names. @return NULL if there is none,
 * which is said aloud.
 */
const char *ground_cgctl(int argc, char **argv);

struct ground *ground_new(void);
void ground_free(struct ground *ground);
int ground_setup(void **state); /* the two for cmocka */
int ground_teardown(void **state);

/* The tree; paths are below the mount. */
void ground_make(const struct ground *ground, const char *group);
void ground_remove(const struct ground *ground, const char *group); /* rmdir; waits while its processes are ending */
bool ground_exists(const struct ground *ground, const char *group);
int ground_try_write(const struct ground *ground, const char *group, const char *file, const char *text); /* 0 or -errno */
void ground_write(const struct ground *ground, const char *group, const char *file, const char *text);
void ground_read(const struct ground *ground, const char *group, const char *file, char *ret, size_t size);
uint32_t ground_weight(const struct ground *ground, const char *group);
uint64_t ground_usage_usec(const struct ground *ground, const char *group);
bool ground_passes_cpu_on(const struct ground *ground, const char *group);
/** "<top>/<name>" in a buffer of the caller's. @return @ret. */
char *ground_below(const struct ground *ground, const char *name, char ret[static 512]);
/** Everything that has to be the same after as before: from the root to the top, and all below that. For free(). */
char *ground_picture(const struct ground *ground);

/* Nothing differs from when @before was taken, which is freed. */
void ground_assert_as_before(const struct ground *ground, char *before);

/* Processes. */
/** Starts @n processes that use the CPU without end, in this group from their beginning on. */
void ground_loop(struct ground *ground, const char *group, int n);
void ground_end_loops(struct ground *ground);
/**
 * Starts a process in this group with a heap that @fill writes, once, and that it does not use after that. It is the
 * caller's to kill and to wait for.
 */
pid_t ground_hold(
        const struct ground *ground, const char *group, uint64_t bytes, void (*fill)(uint64_t *memory, uint64_t bytes));

/* The context. */
struct cgb *ground_manager(struct ground *ground);       /* cgb_new() */
struct cgb *ground_started(struct ground *ground);       /* and cgb_start() */
void ground_end(struct ground *ground, struct cgb *cgb); /* cgb_free() */
void ground_create(struct cgb *cgb, const char *name, uint32_t share_permille);
/** Dispatches for so long. */
void ground_manage(struct cgb *cgb, double seconds);
/**
 * On the wall, since @cgb was started, and what of the CPU's time the longest needed since this was called last: a loop that
 * waits for a busy CPU like everybody is no slow loop.
 */
void ground_print_longest_dispatch(struct cgb *cgb);
uint64_t ground_now_usec(void); /* CLOCK_MONOTONIC */
bool ground_find(struct cgb *cgb, const char *name, struct cgb_workspace *ret);
bool ground_take_event(struct cgb *cgb, enum cgb_event_type type, const char *name, struct cgb_event *ret);
size_t ground_count_events(struct cgb *cgb, enum cgb_event_type type, const char *name);
/** Code, file, message and remedy are there, and @file is part of the file. */
void ground_assert_fault_names(const struct cgb_fault *fault, int code, const char *file);
/** @value is within @percent of @wanted. */
void ground_assert_near(const char *what, double value, double wanted, double percent);
