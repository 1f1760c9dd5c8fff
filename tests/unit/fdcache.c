/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The budget of open files: who keeps, who has to go, and that nobody ever gets another's.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/fdcache.h"

#define FILE_A 0
#define FILE_B 1

/* Any fd will do. */
static int open_something(void)
{
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static bool is_open(int fd)
{
        return fcntl(fd, F_GETFD) >= 0;
}

static struct cgb_fd_cache *new_cache(uint32_t capacity)
{
        struct cgb_fd_cache *cache = NULL;

        assert_int_equal(cgb_fd_cache_new(&cache, capacity), 0);
        return cache;
}

static void what_is_put_is_got_again_for_what_it_was_opened_for(void **state)
{
        struct cgb_fd_cache *cache = new_cache(4);
        uint64_t owner = cgb_fd_cache_new_owner(cache);
        int fd = open_something();
        cgb_fd_slot slot = cgb_fd_cache_put(cache, owner, FILE_A, fd, 5);

        (void)state;
        assert_int_equal(cgb_fd_cache_get(cache, slot, owner, FILE_A, 1), fd);
        assert_int_equal(cgb_fd_cache_get(cache, slot, owner, FILE_A, 5), fd);
        assert_int_equal(cgb_fd_cache_get(cache, slot, owner, FILE_A, 2), -1);
        assert_int_equal(cgb_fd_cache_get(cache, slot, owner, FILE_A, 7), -1);
        assert_int_equal(cgb_fd_cache_count(cache), 1);
        assert_int_equal(cgb_fd_cache_capacity(cache), 4);
        cgb_fd_cache_free(cache);
}

static void an_owner_of_zeros_has_nothing(void **state)
{
        struct cgb_fd_cache *cache = new_cache(2);

        (void)state;
        assert_int_equal(cgb_fd_cache_get(cache, 0, cgb_fd_cache_new_owner(cache), FILE_A, 1), -1);
        assert_int_equal(cgb_fd_cache_get(cache, 0, 0, 0, 1), -1);
        cgb_fd_cache_free(cache);
}

static void another_file_and_another_owner_get_nothing(void **state)
{
        struct cgb_fd_cache *cache = new_cache(2);
        uint64_t owner = cgb_fd_cache_new_owner(cache), other = cgb_fd_cache_new_owner(cache);
        cgb_fd_slot slot = cgb_fd_cache_put(cache, owner, FILE_A, open_something(), 1);

        (void)state;
        assert_int_not_equal(owner, other);
        assert_int_equal(cgb_fd_cache_get(cache, slot, owner, FILE_B, 1), -1);
        assert_int_equal(cgb_fd_cache_get(cache, slot, other, FILE_A, 1), -1);
        cgb_fd_cache_free(cache);
}

static void over_the_budget_the_least_recently_used_is_closed(void **state)
{
        struct cgb_fd_cache *cache = new_cache(3);
        uint64_t owner = cgb_fd_cache_new_owner(cache);
        cgb_fd_slot slots[4];
        int fds[4];

        (void)state;
        for (uint32_t i = 0; i < 3; i++)
                slots[i] = cgb_fd_cache_put(cache, owner, i, fds[i] = open_something(), 1);
        assert_int_equal(cgb_fd_cache_get(cache, slots[0], owner, 0, 1), fds[0]);

        fds[3] = open_something();
        slots[3] = cgb_fd_cache_put(cache, owner, 3, fds[3], 1);
        assert_false(is_open(fds[1]));
        assert_int_equal(cgb_fd_cache_get(cache, slots[1], owner, 1, 1), -1);
        assert_int_equal(cgb_fd_cache_get(cache, slots[0], owner, 0, 1), fds[0]);
        assert_int_equal(cgb_fd_cache_get(cache, slots[2], owner, 2, 1), fds[2]);
        assert_int_equal(cgb_fd_cache_get(cache, slots[3], owner, 3, 1), fds[3]);
        assert_int_equal(cgb_fd_cache_count(cache), 3);
        cgb_fd_cache_free(cache);
}

static void what_is_in_use_is_not_given_away_while_there_is_room(void **state)
{
        struct cgb_fd_cache *cache = new_cache(3);
        uint64_t owner = cgb_fd_cache_new_owner(cache);
        int fds[3];
        cgb_fd_slot slots[3];

        (void)state;
        slots[0] = cgb_fd_cache_put(cache, owner, 0, fds[0] = open_something(), 1);
        for (uint32_t i = 1; i < 3; i++) {
                assert_int_equal(cgb_fd_cache_get(cache, slots[0], owner, 0, 1), fds[0]);
                slots[i] = cgb_fd_cache_put(cache, owner, i, fds[i] = open_something(), 1);
        }
        for (uint32_t i = 0; i < 3; i++) {
                assert_int_equal(cgb_fd_cache_get(cache, slots[i], owner, i, 1), fds[i]);
                assert_true(is_open(fds[i]));
        }
        cgb_fd_cache_free(cache);
}

static void shrinking_closes_from_the_oldest_until_none_is_left(void **state)
{
        struct cgb_fd_cache *cache = new_cache(8);
        uint64_t owner = cgb_fd_cache_new_owner(cache);
        int first = open_something(), second = open_something();

        (void)state;
        cgb_fd_cache_put(cache, owner, FILE_A, first, 1);
        cgb_fd_cache_put(cache, owner, FILE_B, second, 1);
        assert_true(cgb_fd_cache_shrink(cache));
        assert_false(is_open(first));
        assert_true(is_open(second));
        assert_true(cgb_fd_cache_shrink(cache));
        assert_false(is_open(second));
        assert_false(cgb_fd_cache_shrink(cache));
        assert_int_equal(cgb_fd_cache_count(cache), 0);
        cgb_fd_cache_free(cache);
}

static void dropping_closes_ones_own_and_nobody_elses(void **state)
{
        struct cgb_fd_cache *cache = new_cache(1);
        uint64_t first = cgb_fd_cache_new_owner(cache), second = cgb_fd_cache_new_owner(cache);
        int fd1 = open_something(), fd2 = open_something();
        cgb_fd_slot slot1 = cgb_fd_cache_put(cache, first, FILE_A, fd1, 1), slot2;

        (void)state;
        slot2 = cgb_fd_cache_put(cache, second, FILE_A, fd2, 1);
        assert_int_equal(slot1, slot2);
        cgb_fd_cache_drop(cache, slot1, first, FILE_A);
        assert_true(is_open(fd2));
        cgb_fd_cache_drop(cache, slot2, second, FILE_A);
        assert_false(is_open(fd2));
        cgb_fd_cache_free(cache);
}

static void freeing_closes_everything(void **state)
{
        struct cgb_fd_cache *cache = new_cache(2);
        int fd = open_something();

        (void)state;
        cgb_fd_cache_put(cache, cgb_fd_cache_new_owner(cache), FILE_A, fd, 1);
        assert_null(cgb_fd_cache_free(cache));
        assert_false(is_open(fd));
        assert_null(cgb_fd_cache_free(NULL));
}

static void the_default_budget_is_half_of_the_limit(void **state)
{
        struct rlimit before, limit;
        struct cgb_fd_cache *cache;

        (void)state;
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        limit = before;
        limit.rlim_cur = 200;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(cgb_fd_cache_default_capacity(), 100);
        cache = new_cache(0);
        assert_int_equal(cgb_fd_cache_capacity(cache), 100);
        cgb_fd_cache_free(cache);

        limit.rlim_cur = 1;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(cgb_fd_cache_default_capacity(), 1);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void a_budget_out_of_all_proportion_is_cut(void **state)
{
        struct cgb_fd_cache *cache = new_cache(UINT32_MAX);

        (void)state;
        assert_in_range(cgb_fd_cache_capacity(cache), 10000, 1000000);
        cgb_fd_cache_free(cache);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_put_is_got_again_for_what_it_was_opened_for),
                cmocka_unit_test(an_owner_of_zeros_has_nothing),
                cmocka_unit_test(another_file_and_another_owner_get_nothing),
                cmocka_unit_test(over_the_budget_the_least_recently_used_is_closed),
                cmocka_unit_test(what_is_in_use_is_not_given_away_while_there_is_room),
                cmocka_unit_test(shrinking_closes_from_the_oldest_until_none_is_left),
                cmocka_unit_test(dropping_closes_ones_own_and_nobody_elses),
                cmocka_unit_test(freeing_closes_everything),
                cmocka_unit_test(the_default_budget_is_half_of_the_limit),
                cmocka_unit_test(a_budget_out_of_all_proportion_is_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
