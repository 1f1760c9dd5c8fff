/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A tree and its files one at a time, in a folder.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/tree.h"
#include "scratch.h"

static struct cgb_tree open_tree(void **state)
{
        struct cgb_tree tree;

        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        return tree;
}

static void a_folder_is_opened_and_known_for_one(void **state)
{
        struct cgb_tree tree = open_tree(state);

        assert_false(tree.is_cgroup2);
        assert_string_equal(tree.mount, *state);
        cgb_tree_close(&tree);
        assert_null(tree.mount);
}

static void a_tree_that_is_not_there_is_told_with_a_remedy(void **state)
{
        struct cgb_tree tree = {.fd = 42};
        struct cgb_fault fault = {0};

        assert_int_equal(cgb_tree_open(&tree, scratch_path(state, "none"), &fault), -ENOENT);
        assert_int_equal(fault.code, -ENOENT);
        assert_string_equal(fault.file, scratch_path(state, "none"));
        assert_non_null(strstr(fault.remedy, "mount -t cgroup2"));
        scratch_write(state, "file", "");
        assert_int_equal(cgb_tree_open(&tree, scratch_path(state, "file"), NULL), -ENOTDIR);
        assert_int_equal(tree.fd, 42);
}

static void closing_again_or_what_was_never_open_closes_nothing(void **state)
{
        struct cgb_tree tree = open_tree(state), never = {0};
        unsigned before = scratch_open_files();

        cgb_tree_close(&tree);
        assert_int_equal(scratch_open_files(), before - 1);
        cgb_tree_close(&tree);
        cgb_tree_close(&never);
        assert_int_equal(scratch_open_files(), before - 1);
}

static void names_are_shown_from_the_mount_on(void **state)
{
        struct cgb_tree tree = open_tree(state);
        char name[256];

        cgb_tree_name(name, sizeof(name), &tree, "a/b", "cpu.stat");
        assert_string_equal(name, scratch_path(state, "a/b/cpu.stat"));
        cgb_tree_name(name, sizeof(name), &tree, "", "cpu.stat");
        assert_string_equal(name, scratch_path(state, "cpu.stat"));
        cgb_tree_name(name, sizeof(name), &tree, "a", "");
        assert_string_equal(name, scratch_path(state, "a"));
        cgb_tree_name(name, sizeof(name), &tree, "", "");
        assert_string_equal(name, *state);
        cgb_tree_name(name, 5, &tree, "a", "");
        assert_string_equal(name, "/tmp");
        cgb_tree_close(&tree);
}

static void finding_gives_the_inode_of_a_folder_and_of_nothing_else(void **state)
{
        struct cgb_tree tree = open_tree(state);
        uint64_t inode = 0;
        struct stat st;

        scratch_write(state, "a/file", "");
        assert_int_equal(stat(scratch_path(state, "a"), &st), 0);
        assert_int_equal(cgb_tree_find(&inode, &tree, "a"), 0);
        assert_int_equal(inode, st.st_ino);
        assert_int_equal(cgb_tree_find(NULL, &tree, ""), 0);
        assert_int_equal(cgb_tree_find(&inode, &tree, "b"), -ENOENT);
        assert_int_equal(cgb_tree_find(&inode, &tree, "a/file"), -ENOTDIR);
        assert_int_equal(inode, st.st_ino);
        cgb_tree_close(&tree);
}

static void a_file_is_read_up_to_the_size_of_the_buffer(void **state)
{
        struct cgb_tree tree = open_tree(state);
        char buffer[8];

        scratch_write(state, "a/f", "1234567");
        assert_int_equal(cgb_tree_read(&tree, "a", "f", buffer, sizeof(buffer)), 7);
        assert_memory_equal(buffer, "1234567", 7);
        assert_int_equal(cgb_tree_read(&tree, "a", "f", buffer, 7), -EMSGSIZE);
        assert_int_equal(cgb_tree_read(&tree, "a", "g", buffer, sizeof(buffer)), -ENOENT);
        assert_int_equal(cgb_tree_read(&tree, "b", "f", buffer, sizeof(buffer)), -ENOENT);
        scratch_write(state, "f", "");
        assert_int_equal(cgb_tree_read(&tree, "", "f", buffer, sizeof(buffer)), 0);
        cgb_tree_close(&tree);
}

static void a_write_leaves_the_value_and_makes_no_file(void **state)
{
        struct cgb_tree tree = open_tree(state);

        scratch_write(state, "a/f", "10000\n");
        assert_int_equal(cgb_tree_write(&tree, "a", "f", "7", 1), 0);
        scratch_assert_text(state, "a/f", "7");
        assert_int_equal(cgb_tree_write(&tree, "a", "g", "7", 1), -ENOENT);
        assert_false(scratch_exists(state, "a/g"));
        scratch_lock(state, "a/f");
        scratch_become_nobody();
        assert_int_equal(cgb_tree_write(&tree, "a", "f", "8", 1), -EACCES);
        cgb_tree_close(&tree);
}

/* What a walk found: how many, and the sum of the inodes. */
struct found {
        unsigned n;
        unsigned stop_after;
        uint64_t inodes;
        char last[256];
};

static int note(void *userdata, const char *name, uint64_t inode)
{
        struct found *found = userdata;

        found->n++;
        found->inodes += inode;
        snprintf(found->last, sizeof(found->last), "%s", name);
        return found->n == found->stop_after ? -ECANCELED : 0;
}

static uint64_t inode_of(const struct cgb_tree *tree, const char *path)
{
        uint64_t inode = 0;

        assert_int_equal(cgb_tree_find(&inode, tree, path), 0);
        return inode;
}

static void a_walk_finds_child_groups_and_neither_files_nor_links(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct found found = {0};

        scratch_mkdir(state, "p/one");
        scratch_mkdir(state, "p/.two/deep");
        scratch_write(state, "p/file", "");
        assert_int_equal(symlink("one", scratch_path(state, "p/link")), 0);
        assert_int_equal(cgb_tree_list(&tree, "p", note, &found), 0);
        assert_int_equal(found.n, 2);
        assert_true(found.inodes == inode_of(&tree, "p/one") + inode_of(&tree, "p/.two"));
        cgb_tree_close(&tree);
}

static void a_walk_ends_when_it_is_told_to(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct found found = {.stop_after = 1};

        scratch_mkdir(state, "p/one");
        scratch_mkdir(state, "p/two");
        assert_int_equal(cgb_tree_list(&tree, "p", note, &found), -ECANCELED);
        assert_int_equal(found.n, 1);
        assert_int_equal(cgb_tree_list(&tree, "none", note, &found), -ENOENT);
        cgb_tree_close(&tree);
}

static void no_fd_is_left_open(void **state)
{
        struct cgb_tree tree = open_tree(state);
        unsigned before = scratch_open_files();
        struct found found = {0};
        char buffer[8];

        scratch_write(state, "a/f", "1");
        assert_int_equal(cgb_tree_read(&tree, "a", "f", buffer, sizeof(buffer)), 1);
        assert_int_equal(cgb_tree_read(&tree, "a", "f", buffer, 1), -EMSGSIZE);
        assert_int_equal(cgb_tree_write(&tree, "a", "f", "2", 1), 0);
        assert_int_equal(cgb_tree_list(&tree, "", note, &found), 0);
        assert_int_equal(scratch_open_files(), before);
        cgb_tree_close(&tree);
}

static void the_right_to_write_is_that_of_the_effective_user(void **state)
{
        struct cgb_tree tree = open_tree(state);

        scratch_write(state, "a/f", "");
        scratch_write(state, "b/f", "");
        assert_int_equal(chmod(scratch_path(state, "a"), 0777), 0);
        assert_int_equal(chmod(scratch_path(state, "a/f"), 0666), 0);
        scratch_lock(state, "b/f");
        scratch_lock(state, "b");
        scratch_become_nobody();
        assert_int_equal(cgb_tree_may_write(&tree, "a", ""), 0);
        assert_int_equal(cgb_tree_may_write(&tree, "a", "f"), 0);
        assert_int_equal(cgb_tree_may_write(&tree, "b", ""), -EACCES);
        assert_int_equal(cgb_tree_may_write(&tree, "b", "f"), -EACCES);
        assert_int_equal(cgb_tree_may_write(&tree, "b", "g"), -ENOENT);
        cgb_tree_close(&tree);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_SCRATCH(a_folder_is_opened_and_known_for_one),
                WITH_SCRATCH(a_tree_that_is_not_there_is_told_with_a_remedy),
                WITH_SCRATCH(closing_again_or_what_was_never_open_closes_nothing),
                WITH_SCRATCH(names_are_shown_from_the_mount_on),
                WITH_SCRATCH(finding_gives_the_inode_of_a_folder_and_of_nothing_else),
                WITH_SCRATCH(a_file_is_read_up_to_the_size_of_the_buffer),
                WITH_SCRATCH(a_write_leaves_the_value_and_makes_no_file),
                WITH_SCRATCH(a_walk_finds_child_groups_and_neither_files_nor_links),
                WITH_SCRATCH(a_walk_ends_when_it_is_told_to),
                WITH_SCRATCH(no_fd_is_left_open),
                WITH_SCRATCH(the_right_to_write_is_that_of_the_effective_user),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
