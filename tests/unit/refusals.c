/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the verbs make of the kernel's refusals. The linker puts a kernel in between (--wrap) that refuses with the errno
 * which each test sets; the values are those of kernel/cgroup/cgroup.c for each case.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "kernel/verbs.h"
#include "scratch.h"

/* What the kernel says next to whoever makes, writes or removes something; 0: it does what is asked. */
static int refusal;

int __real_mkdirat(int dir_fd, const char *path, mode_t mode);
int __wrap_mkdirat(int dir_fd, const char *path, mode_t mode);
int __real_unlinkat(int dir_fd, const char *path, int flags);
int __wrap_unlinkat(int dir_fd, const char *path, int flags);
ssize_t __real_pwrite64(int fd, const void *bytes, size_t n, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t n, off_t offset);

static bool refused(void)
{
        errno = refusal;
        return refusal != 0;
}

int __wrap_mkdirat(int dir_fd, const char *path, mode_t mode)
{
        return refused() ? -1 : __real_mkdirat(dir_fd, path, mode);
}

int __wrap_unlinkat(int dir_fd, const char *path, int flags)
{
        return refused() ? -1 : __real_unlinkat(dir_fd, path, flags);
}

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t n, off_t offset)
{
        return refused() ? -1 : __real_pwrite64(fd, bytes, n, offset);
}

static int setup(void **state)
{
        refusal = 0;
        return scratch_setup(state);
}

static int teardown(void **state)
{
        refusal = 0;
        return scratch_teardown(state);
}

/* A tree with a group "a" that has the controller and does not pass it on. */
static struct cgb_tree open_tree(void **state)
{
        struct cgb_tree tree;

        scratch_write(state, "a/cgroup.controllers", "cpu\n");
        scratch_write(state, "a/cgroup.subtree_control", "\n");
        scratch_write(state, "a/cgroup.procs", "");
        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        return tree;
}

/* How one refusal has to come out: as which errno, with which words in message and remedy. */
struct expected {
        int refusal;
        int code;
        const char *message;
        const char *remedy;
};

enum verb {
        MAKE,
        REMOVE,
        ENABLE,
        DISABLE,
        ATTACH,
};

static int call(enum verb verb, const struct cgb_tree *tree, struct cgb_fault *fault)
{
        switch (verb) {
        case MAKE:
                return cgb_tree_make(tree, "b", fault);
        case REMOVE:
                return cgb_tree_remove(tree, "a", fault);
        case ENABLE:
                return cgb_tree_enable(tree, "a", "cpu", fault);
        case DISABLE:
                return cgb_tree_disable(tree, "a", "cpu", fault);
        case ATTACH:
                return cgb_tree_attach(tree, "a", 1, fault);
        }
        return 0;
}

static void assert_refusals(void **state, enum verb verb, const char *file, const struct expected *expected, size_t n)
{
        struct cgb_tree tree = open_tree(state);

        if (verb == DISABLE)
                scratch_write(state, "a/cgroup.subtree_control", "cpu\n");
        for (size_t i = 0; i < n; i++) {
                struct cgb_fault fault = {0};

                refusal = expected[i].refusal;
                assert_int_equal(call(verb, &tree, &fault), expected[i].code);
                assert_int_equal(fault.code, expected[i].code);
                assert_string_equal(fault.file, scratch_path(state, file));
                if (strstr(fault.message, expected[i].message) == NULL)
                        fail_msg("\"%s\" does not say \"%s\"", fault.message, expected[i].message);
                if (strstr(fault.remedy, expected[i].remedy) == NULL)
                        fail_msg("\"%s\" does not say \"%s\"", fault.remedy, expected[i].remedy);
                assert_int_equal(call(verb, &tree, NULL), expected[i].code);
        }
        refusal = 0;
        cgb_tree_close(&tree);
}

#define ASSERT_REFUSALS(state, verb, file, expected) \
        assert_refusals(state, verb, file, expected, sizeof(expected) / sizeof((expected)[0]))

static void the_limit_of_groups_is_enospc_though_the_kernel_says_eagain(void **state)
{
        static const struct expected expected[] = {
                {EAGAIN, -ENOSPC, "cgroup.max.descendants", "cgroup.max.descendants"},
                {ENOSPC, -ENOSPC, "identifier", "remove groups"},
        };

        ASSERT_REFUSALS(state, MAKE, "b", expected);
}

static void a_tree_that_is_not_ours_says_who_may_write_it(void **state)
{
        static const struct expected expected[] = {
                {EACCES, -EACCES, "Permission denied", "root"},
                {EPERM, -EPERM, "cannot make", "root"},
                {EROFS, -EROFS, "Read-only", "remount"},
        };

        ASSERT_REFUSALS(state, MAKE, "b", expected);
}

static void a_group_in_use_is_not_removed(void **state)
{
        static const struct expected expected[] = {
                {EBUSY, -EBUSY, "processes or child groups", "first"},
                {EROFS, -EROFS, "Read-only", "remount"},
        };

        ASSERT_REFUSALS(state, REMOVE, "a", expected);
}

static void a_group_that_cannot_pass_a_controller_on_says_why(void **state)
{
        static const struct expected expected[] = {
                {EBUSY, -EBUSY, "processes of its own", "child group"},
                {EOPNOTSUPP, -EOPNOTSUPP, "threaded", "domain"},
                {EINVAL, -EOPNOTSUPP, "real-time", "CONFIG_RT_GROUP_SCHED"},
                {EACCES, -EACCES, "Permission denied", "Delegate"},
                {ENODEV, -ENODEV, "cannot enable", ""},
        };

        ASSERT_REFUSALS(state, ENABLE, "a/cgroup.subtree_control", expected);
}

static void a_controller_that_a_child_passes_on_stays(void **state)
{
        static const struct expected expected[] = {
                {EBUSY, -EBUSY, "child group", "there first"},
        };

        ASSERT_REFUSALS(state, DISABLE, "a/cgroup.subtree_control", expected);
}

static void a_process_that_cannot_be_moved_says_why(void **state)
{
        static const struct expected expected[] = {
                {ESRCH, -ESRCH, "no such process", ""},
                {EBUSY, -EBUSY, "cannot have processes", "child groups"},
                {EACCES, -EACCES, "common parent", "root"},
                {EINVAL, -EINVAL, "cannot be moved", ""},
                {ENODEV, -ENOENT, "removed", ""},
                {EOPNOTSUPP, -EOPNOTSUPP, "cannot move", "threaded"},
        };

        ASSERT_REFUSALS(state, ATTACH, "a/cgroup.procs", expected);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_SCRATCH(the_limit_of_groups_is_enospc_though_the_kernel_says_eagain),
                WITH_SCRATCH(a_tree_that_is_not_ours_says_who_may_write_it),
                WITH_SCRATCH(a_group_in_use_is_not_removed),
                WITH_SCRATCH(a_group_that_cannot_pass_a_controller_on_says_why),
                WITH_SCRATCH(a_controller_that_a_child_passes_on_stays),
                WITH_SCRATCH(a_process_that_cannot_be_moved_says_why),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
