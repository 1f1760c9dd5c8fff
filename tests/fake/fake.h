/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A cgroup tree in a folder, with a clock that one sets. It starts out as
 *
 *     <tree>/            4 CPUs, passes the cpu controller on
 *     <tree>/work/       the managed parent, passes it on as well
 *     <state>/           for journal and lock; not made yet
 *
 * What the kernel would do by itself is done here by hand and no more: fake_use() adds to cpu.stat of a group and of all
 * above it, fake_run() lets groups use the CPUs for a number of steps. Every call fails the test by itself when the folder
 * cannot be written, so tests say only what they are about.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <cgburst/cgburst.h>

/** CPUs of the tree. */
#define FAKE_CPUS 4

/** One step in microseconds, as the options have it. */
#define FAKE_STEP_USEC 1000000ull

/** Contexts that one test may have open at once. */
#define FAKE_MANAGERS 8

struct cgb_backend_type;

struct fake {
        char *folder; /* all of it */
        char *tree;   /* <folder>/tree, the mount */
        char *state;  /* <folder>/state */
        uint64_t now_usec;
        struct cgb_options options; /* parent "work", step and clock as above; to be changed at will */

        /** Called by the clock: dispatch looks at it after it has heard of new groups, and before it reads any. */
        void (*on_clock)(struct fake *fake);
        /** Called with every message of the log. */
        void (*on_log)(struct fake *fake, const char *message);
        void *data; /* the test's own */

        struct cgb *managers[FAKE_MANAGERS]; /* those still open, so that a test that fails leaves nothing behind */
};

/** What a group uses of the CPUs while fake_run() runs, in thousandths of a CPU. */
struct fake_load {
        const char *name; /* below "work"; NULL ends a list */
        uint32_t cpu_permille;
};

/** alice uses four CPUs, and nobody else any. */
extern const struct fake_load fake_hog_alice[];

/* fake.c: the tree */
struct fake *fake_new(void);
void fake_free(struct fake *fake);
int fake_setup(void **state);     /* the two for cmocka, with the fake in *state */
int fake_setup_two(void **state); /* with work/alice and work/bob */
int fake_teardown(void **state);
int fake_setup_unprivileged(void **state); /* as "nobody" until the teardown, for permissions to mean something */
int fake_teardown_unprivileged(void **state);
char *fake_path(const struct fake *fake, const char *group, const char *file);   /* for free() */
void fake_group(const struct fake *fake, const char *group, uint32_t weight);    /* weight 0: without the cpu controller */
void fake_remove(const struct fake *fake, const char *group);                    /* rm -r */
void fake_recreate(const struct fake *fake, const char *group, uint32_t weight); /* another inode for certain */
bool fake_exists(const struct fake *fake, const char *group);
uint64_t fake_inode(const struct fake *fake, const char *group);
void fake_write(const struct fake *fake, const char *group, const char *file, const char *text);
char *fake_read(const struct fake *fake, const char *group, const char *file); /* for free() */
uint32_t fake_weight(const struct fake *fake, const char *group);
void fake_set_weight(const struct fake *fake, const char *group, uint32_t weight);
void fake_use(const struct fake *fake, const char *group, uint64_t usec);
void fake_stall(const struct fake *fake, const char *group, uint64_t usec);

/* Files of the manager's own, in the state folder. */
char *fake_state_file(const struct fake *fake, const char *name); /* its path, for free() */
char *fake_read_state(const struct fake *fake, const char *name); /* its text, for free(); NULL if there is none */
void fake_write_state(const struct fake *fake, const char *name, const char *text);

/**
 * All groups with weight and controllers passed on, a line each and in order: what has to be the same after as before. For
 * free().
 */
char *fake_picture(const struct fake *fake);

/* fake-manager.c: the context */
struct cgb *fake_manager(struct fake *fake);                                           /* cgb_new() */
struct cgb *fake_started(struct fake *fake);                                           /* and cgb_start() */
struct cgb *fake_started_with(struct fake *fake, const struct cgb_backend_type *type); /* and this one writes */
void fake_end(struct fake *fake, struct cgb *cgb);                                     /* cgb_free() */
void fake_step(struct fake *fake, struct cgb *cgb);                                    /* a step's time passes; dispatch */
void fake_run(struct fake *fake, struct cgb *cgb, int steps, const struct fake_load *loads);

/** A process of its own starts to manage, runs @steps and dies without a word. */
void fake_crash(struct fake *fake, int steps, const struct fake_load *loads);

/** cgb_restore(), whose fault says what went wrong if something did. */
int fake_restore(struct fake *fake);

/**
 * Takes events until one of that type comes, for @name or, with NULL, for anybody. @return false, and the queue is empty, if
 * none did.
 */
bool fake_take_event(struct cgb *cgb, enum cgb_event_type type, const char *name, struct cgb_event *ret);
/** Empties the queue. @return how many of that type there were, for @name or, with NULL, for anybody. */
size_t fake_count_events(struct cgb *cgb, enum cgb_event_type type, const char *name);
/** The workspace as it stands. @return false if there is none of that name. */
bool fake_find(struct cgb *cgb, const char *name, struct cgb_workspace *ret);

/** File, message and remedy are all there, and @file is part of the file. */
void fake_assert_fault_names(const struct cgb_fault *fault, int code, const char *file);

/** The tree is as it was when @before was drawn. */
void fake_assert_picture(const struct fake *fake, const char *before);
