/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who makes or removes a group in a folder may be killed at any moment, which no kernel lets happen half-way. The linker
 * puts a counter in between (--wrap), and the process dies before the system call whose turn it is: before each of them
 * in turn.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/verbs.h"
#include "scratch.h"

/* How many of the calls that change something are still allowed, and whether the next one kills or fails. */
static unsigned calls_left;
static bool next_fails;

/* What the child says by its exit status. */
#define KILLED 7
#define FINISHED 0
#define FAILED 1

/* More calls than any of the verbs makes, so that a test that never gets to the end fails. */
#define CALLS_MAX 200

int __real_mkdirat(int dir_fd, const char *path, mode_t mode);
int __wrap_mkdirat(int dir_fd, const char *path, mode_t mode);
int __real_unlinkat(int dir_fd, const char *path, int flags);
int __wrap_unlinkat(int dir_fd, const char *path, int flags);
int __real_renameat(int old_fd, const char *old_path, int new_fd, const char *new_path);
int __wrap_renameat(int old_fd, const char *old_path, int new_fd, const char *new_path);
ssize_t __real_pwrite64(int fd, const void *bytes, size_t n, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t n, off_t offset);

/* Only one call has its turn; those after it, which may clean up, are allowed again. */
static bool fails(void)
{
        if (calls_left-- != 0)
                return false;
        if (!next_fails)
                _exit(KILLED);
        errno = ENOSPC;
        return true;
}

int __wrap_mkdirat(int dir_fd, const char *path, mode_t mode)
{
        return fails() ? -1 : __real_mkdirat(dir_fd, path, mode);
}

int __wrap_unlinkat(int dir_fd, const char *path, int flags)
{
        return fails() ? -1 : __real_unlinkat(dir_fd, path, flags);
}

int __wrap_renameat(int old_fd, const char *old_path, int new_fd, const char *new_path)
{
        return fails() ? -1 : __real_renameat(old_fd, old_path, new_fd, new_path);
}

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t n, off_t offset)
{
        return fails() ? -1 : __real_pwrite64(fd, bytes, n, offset);
}

typedef int verb(const struct cgb_tree *tree, const char *path, struct cgb_fault *fault);

/*
 * Does it in a process that dies before the call that comes after @calls of them.
 *
 * @return false if it got to its end alive
 */
static bool is_killed(verb *act, const struct cgb_tree *tree, unsigned calls)
{
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                calls_left = calls;
                _exit(act(tree, "a", NULL) == 0 ? FINISHED : FAILED);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != FAILED);
        return WEXITSTATUS(status) == KILLED;
}

static int setup(void **state)
{
        calls_left = UINT32_MAX;
        next_fails = false;
        return scratch_setup(state);
}

static void what_was_half_made_can_be_removed_and_has_a_weight_only_when_complete(void **state)
{
        unsigned calls = 0, complete = 0;
        struct cgb_tree tree;
        bool killed;

        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        do {
                killed = is_killed(cgb_tree_make, &tree, calls++);
                if (scratch_exists(state, "a/cpu.weight")) {
                        scratch_assert_text(state, "a/cpu.weight", "100\n");
                        scratch_assert_text(state, "a/cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n");
                        scratch_assert_text(state, "a/cgroup.procs", "");
                        complete++;
                }
                if (scratch_exists(state, "a"))
                        assert_int_equal(cgb_tree_remove(&tree, "a", NULL), 0);
                assert_false(scratch_exists(state, "a"));
        } while (killed && calls < CALLS_MAX);
        assert_false(killed);
        assert_true(calls > 10); /* one for each file at least */
        assert_int_equal(complete, 1);
        cgb_tree_close(&tree);
}

static void what_cannot_be_made_whole_is_not_made(void **state)
{
        unsigned calls = 0;
        struct cgb_tree tree;
        int r;

        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        next_fails = true;
        do {
                calls_left = calls++;
                r = cgb_tree_make(&tree, "a", NULL);
                assert_int_equal(scratch_exists(state, "a"), r == 0);
                assert_true(r == 0 || r == -ENOSPC);
        } while (r < 0 && calls < CALLS_MAX);
        assert_int_equal(r, 0);
        assert_true(calls > 10);
        cgb_tree_close(&tree);
}

/* Enough that some come before and some after any other, in whatever order the folder is read. */
static void add_files(void **state)
{
        char name[64];

        for (int i = 0; i < 10; i++) {
                snprintf(name, sizeof(name), "a/memory.of_somebody_%d", i);
                scratch_write(state, name, "0\n");
        }
}

static void a_removal_that_was_cut_off_can_be_gone_on_with(void **state)
{
        struct cgb_tree tree;
        unsigned calls = 0;
        bool killed;

        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        do {
                assert_int_equal(cgb_tree_make(&tree, "a", NULL), 0);
                add_files(state);
                killed = is_killed(cgb_tree_remove, &tree, calls++);
                assert_int_equal(cgb_tree_remove(&tree, "a", NULL), killed ? 0 : -ENOENT);
                assert_false(scratch_exists(state, "a"));
        } while (killed && calls < CALLS_MAX);
        assert_false(killed);
        assert_true(calls > 8);
        cgb_tree_close(&tree);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_SCRATCH(what_was_half_made_can_be_removed_and_has_a_weight_only_when_complete),
                WITH_SCRATCH(what_cannot_be_made_whole_is_not_made),
                WITH_SCRATCH(a_removal_that_was_cut_off_can_be_gone_on_with),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
