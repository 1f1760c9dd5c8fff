/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reclaims in threads, in a folder. A pipe stands for a kernel that takes its time: without a reader not even opening it
 * comes back, and full it holds the write until that is cancelled.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/tree.h"
#include "memory/reclaim.h"
#include "scratch.h"

#define NEVER_USEC (3600 * 1000000ull)
#define PATIENCE_MS 10000

static struct cgb_tree tree;

static void make_group(void **state, const char *name, uint64_t *ret_inode)
{
        char file[64];

        strcat(strcpy(file, name), "/memory.current");
        scratch_write(state, file, "1048576\n");
        if (tree.fd <= 0)
                assert_int_equal(cgb_tree_open(&tree, scratch_path(state, "."), NULL), 0);
        assert_int_equal(cgb_tree_find(ret_inode, &tree, name), 0);
}

static const char *make_pipe(void **state, const char *name)
{
        const char *path = scratch_path(state, name);

        assert_int_equal(mkfifo(path, 0600), 0);
        return path;
}

static int teardown(void **state)
{
        cgb_tree_close(&tree);
        tree = (struct cgb_tree){0};
        return scratch_teardown(state);
}

static struct cgb_reclaimer *reclaimer_of(uint64_t deadline_usec)
{
        struct cgb_reclaimer *reclaimer;

        assert_int_equal(cgb_reclaimer_new(&reclaimer, &tree, deadline_usec), 0);
        return reclaimer;
}

static struct cgb_reclaimed wait_for_one(struct cgb_reclaimer *reclaimer)
{
        struct pollfd event = {.fd = cgb_reclaimer_fd(reclaimer), .events = POLLIN};
        struct cgb_reclaimed result;

        cgb_reclaimer_tend(reclaimer);
        while (!cgb_reclaimer_next(reclaimer, &result)) {
                assert_int_equal(poll(&event, 1, PATIENCE_MS), 1);
                cgb_reclaimer_tend(reclaimer);
        }
        return result;
}

static void it_writes_the_bytes_and_tells_what_is_used_after(void **state)
{
        struct cgb_reclaimer *reclaimer;
        struct cgb_reclaimed result;
        uint64_t inode;

        make_group(state, "a", &inode);
        scratch_write(state, "a/memory.reclaim", "");
        reclaimer = reclaimer_of(NEVER_USEC);
        assert_int_equal(cgb_reclaimer_ask(reclaimer, 3, "a", inode, 4096000), 0);
        result = wait_for_one(reclaimer);
        assert_int_equal(result.code, 0);
        assert_int_equal(result.node, 3);
        assert_int_equal(result.inode, inode);
        assert_int_equal(result.usage_bytes, 1048576);
        scratch_assert_text(state, "a/memory.reclaim", "4096000");
        cgb_reclaimer_free(reclaimer);
}

static void one_comes_after_the_other(void **state)
{
        struct cgb_reclaimer *reclaimer;
        uint64_t inode;

        make_group(state, "a", &inode);
        scratch_write(state, "a/memory.reclaim", "");
        reclaimer = reclaimer_of(NEVER_USEC);
        for (cgb_node node = 1; node <= 3; node++)
                assert_int_equal(cgb_reclaimer_ask(reclaimer, node, "a", inode, 4096), 0);
        for (cgb_node node = 1; node <= 3; node++)
                assert_int_equal(wait_for_one(reclaimer).node, node);
        cgb_reclaimer_free(reclaimer);
}

static void another_group_of_the_same_name_is_not_touched(void **state)
{
        struct cgb_reclaimer *reclaimer;
        uint64_t inode;

        make_group(state, "a", &inode);
        scratch_write(state, "a/memory.reclaim", "");
        reclaimer = reclaimer_of(NEVER_USEC);
        assert_int_equal(cgb_reclaimer_ask(reclaimer, 1, "a", inode + 1, 4096), 0);
        assert_int_equal(wait_for_one(reclaimer).code, -ENODEV);
        scratch_assert_text(state, "a/memory.reclaim", "");
        cgb_reclaimer_free(reclaimer);
}

static void a_group_without_the_file_says_so(void **state)
{
        struct cgb_reclaimer *reclaimer;
        uint64_t inode;

        make_group(state, "a", &inode);
        reclaimer = reclaimer_of(NEVER_USEC);
        assert_int_equal(cgb_reclaimer_ask(reclaimer, 1, "a", inode, 4096), 0);
        assert_int_equal(wait_for_one(reclaimer).code, -ENOENT);
        cgb_reclaimer_free(reclaimer);
}

/*
 * A write that hangs is cancelled: EINTR, as the kernel says "in part", and the next one has its turn. (How far that comes
 * within its own millisecond is the machine's affair.)
 */
static void one_that_is_late_is_cancelled(void **state)
{
        struct cgb_reclaimer *reclaimer;
        uint64_t slow, quick;
        int fd;
        char full[65536] = {0};
        unsigned nodes = 0;

        make_group(state, "slow", &slow);
        make_group(state, "quick", &quick);
        scratch_write(state, "quick/memory.reclaim", "");
        fd = open(make_pipe(state, "slow/memory.reclaim"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        while (write(fd, full, sizeof full) > 0)
                ;
        reclaimer = reclaimer_of(1000);
        assert_int_equal(cgb_reclaimer_ask(reclaimer, 1, "slow", slow, 4096), 0);
        assert_int_equal(cgb_reclaimer_ask(reclaimer, 2, "quick", quick, 4096), 0);
        cgb_reclaimer_tend(reclaimer);
        usleep(50000);
        for (int seen = 0; seen < 2; seen++) {
                struct cgb_reclaimed result = wait_for_one(reclaimer);

                assert_true(result.code == -EINTR || (result.node == 2 && result.code == 0));
                nodes |= 1u << result.node;
        }
        assert_int_equal(nodes, 1u << 1 | 1u << 2);
        assert_int_equal(cgb_reclaimer_late(reclaimer), 0);
        cgb_reclaimer_free(reclaimer);
        close(fd);
}

/* Where not even that helps the next one goes on beside it, and when the context goes nobody waits. */
static void one_that_cannot_be_cancelled_holds_up_nobody(void **state)
{
        struct cgb_reclaimer *reclaimer;
        uint64_t stuck, quick;
        const char *pipe;
        int fd;

        make_group(state, "stuck", &stuck);
        make_group(state, "quick", &quick);
        scratch_write(state, "quick/memory.reclaim", "");
        pipe = make_pipe(state, "stuck/memory.reclaim");
        reclaimer = reclaimer_of(1000);
        assert_int_equal(cgb_reclaimer_ask(reclaimer, 1, "stuck", stuck, 4096), 0);
        assert_int_equal(cgb_reclaimer_ask(reclaimer, 2, "quick", quick, 4096), 0);
        cgb_reclaimer_tend(reclaimer);
        usleep(50000);
        assert_int_equal(wait_for_one(reclaimer).node, 2);
        assert_int_equal(cgb_reclaimer_late(reclaimer), 1);
        cgb_reclaimer_free(reclaimer);
        fd = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* lets the thread go */
        assert_true(fd >= 0);
        for (int i = 0; i < 1000 && scratch_open_files() > 6; i++)
                usleep(1000);
        close(fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(it_writes_the_bytes_and_tells_what_is_used_after, scratch_setup, teardown),
                cmocka_unit_test_setup_teardown(one_comes_after_the_other, scratch_setup, teardown),
                cmocka_unit_test_setup_teardown(another_group_of_the_same_name_is_not_touched, scratch_setup, teardown),
                cmocka_unit_test_setup_teardown(a_group_without_the_file_says_so, scratch_setup, teardown),
                cmocka_unit_test_setup_teardown(one_that_is_late_is_cancelled, scratch_setup, teardown),
                cmocka_unit_test_setup_teardown(one_that_cannot_be_cancelled_holds_up_nobody, scratch_setup, teardown),
        };

        return cmocka_run_group_tests_name("reclaim", tests, NULL, NULL);
}
