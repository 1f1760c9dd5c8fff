/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A trigger wakes a loop. Urgent data of a socket stands for the kernel's event: poll() tells it as POLLPRI, too.
 */

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory/trigger.h"

#define PATIENCE_MSEC 10000
#define A_WHILE_MSEC 50

static bool is_readable(int fd, int timeout_msec)
{
        return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, timeout_msec) == 1;
}

/* What was read is gone, as an event of the kernel is. */
static int setup(void **state)
{
        static int ends[2];

        *state = ends;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
                return -1;
        return 0;
}

static void fire(void **state)
{
        assert_int_equal(send(((int *)*state)[1], "!", 1, MSG_OOB), 1);
}

static struct cgb_trigger *new_trigger(void **state)
{
        struct cgb_trigger *trigger;

        assert_int_equal(cgb_trigger_new(&trigger, ((int *)*state)[0]), 0);
        return trigger;
}

static int teardown(void **state)
{
        return close(((int *)*state)[1]);
}

static void an_event_is_kept_until_it_is_taken_even_if_others_poll_first(void **state)
{
        struct cgb_trigger *trigger = new_trigger(state);
        struct epoll_event event = {.events = EPOLLIN};
        int inner = epoll_create1(EPOLL_CLOEXEC);

        assert_int_equal(epoll_ctl(inner, EPOLL_CTL_ADD, cgb_trigger_fd(trigger), &event), 0);
        assert_false(is_readable(inner, A_WHILE_MSEC));
        assert_false(cgb_trigger_take(trigger));
        fire(state);
        assert_true(is_readable(inner, PATIENCE_MSEC));
        assert_true(is_readable(inner, 0));
        assert_true(cgb_trigger_take(trigger));
        close(inner);
        cgb_trigger_free(trigger);
}

static void the_descriptor_goes_with_the_trigger(void **state)
{
        char byte;

        cgb_trigger_free(new_trigger(state));
        assert_true(is_readable(((int *)*state)[1], PATIENCE_MSEC)); /* end of file: the other end is closed */
        assert_int_equal(read(((int *)*state)[1], &byte, 1), 0);
}

static void none_is_freed_all_the_same(void **state)
{
        (void)state;
        cgb_trigger_free(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        an_event_is_kept_until_it_is_taken_even_if_others_poll_first, setup, teardown),
                cmocka_unit_test_setup_teardown(the_descriptor_goes_with_the_trigger, setup, teardown),
                cmocka_unit_test(none_is_freed_all_the_same),
        };

        return cmocka_run_group_tests_name("trigger", tests, NULL, NULL);
}
