/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend that asks systemd, and a peer that plays it: the other end of a socket, which speaks D-Bus and answers as it
 * is told to. Units are folders, so the kernel's files say whatever a test writes there.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/systemd.h"
#include "fake.h"

#define CALLS_MAX 64
#define UNITS 12

/* How the peer answers. */
enum manner {
        OBEY,
        SILENT,
        REFUSE, /* with the error below */
};

/* A call that came. */
struct call {
        char unit[64];
        size_t n; /* properties */
        char names[CGB_SYSTEMD_PROPERTIES][32];
        uint64_t values[CGB_SYSTEMD_PROPERTIES];
};

struct stage {
        struct fake *fake;
        struct cgb_tree tree;
        struct cgb_fd_cache *fds;
        struct cgb_backend_host host;
        struct cgb_backend *backend;
        struct cgb_group_dir units[UNITS];

        sd_bus *peer;
        bool is_down; /* nobody can connect */
        enum manner manner;
        const char *error;
        uint64_t weight; /* that every unit has as its own */
        struct call calls[CALLS_MAX];
        size_t n_calls, n_gets;

        struct cgb_backend_result results[CALLS_MAX];
        size_t n_results;
        int absences, returns;
        int n_adopted;
        bool last_was_unset;
};

static int answer(struct stage *stage, sd_bus_message *message)
{
        if (stage->manner == SILENT)
                return 1;
        if (stage->manner == REFUSE)
                return sd_bus_reply_method_errorf(message, stage->error, "told so");
        if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Get"))
                return sd_bus_reply_method_return(message, "v", "t", stage->weight);
        return sd_bus_reply_method_return(message, NULL);
}

static void take_properties(struct call *call, sd_bus_message *message)
{
        const char *unit, *name;
        int runtime;

        assert_true(sd_bus_message_read(message, "sb", &unit, &runtime) >= 0);
        assert_true(runtime);
        snprintf(call->unit, sizeof call->unit, "%s", unit);
        assert_true(sd_bus_message_enter_container(message, 'a', "(sv)") >= 0);
        while (sd_bus_message_enter_container(message, 'r', "sv") > 0) {
                assert_true(call->n < CGB_SYSTEMD_PROPERTIES);
                assert_true(sd_bus_message_read(message, "s", &name) >= 0);
                assert_true(sd_bus_message_read(message, "v", "t", &call->values[call->n]) >= 0);
                snprintf(call->names[call->n++], sizeof call->names[0], "%s", name);
                assert_true(sd_bus_message_exit_container(message) >= 0);
        }
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct stage *stage = userdata;

        (void)error;
        if (sd_bus_message_is_method_call(message, "org.freedesktop.systemd1.Manager", "SetUnitProperties")) {
                assert_true(stage->n_calls < CALLS_MAX);
                take_properties(&stage->calls[stage->n_calls++], message);
        } else if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Get")) {
                stage->n_gets++;
        } else {
                return 0;
        }
        return answer(stage, message);
}

static void hang_up(struct stage *stage)
{
        sd_bus_close(stage->peer);
        stage->peer = sd_bus_unref(stage->peer);
}

static int connect_to_peer(struct cgb_systemd *systemd, sd_bus **ret)
{
        struct stage *stage = systemd->userdata;
        sd_id128_t id;
        int fds[2];

        if (stage->is_down)
                return -ECONNREFUSED;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        assert_true(sd_id128_randomize(&id) >= 0);
        assert_true(sd_bus_new(&stage->peer) >= 0);
        assert_true(sd_bus_set_fd(stage->peer, fds[0], fds[0]) >= 0);
        assert_true(sd_bus_set_server(stage->peer, 1, id) >= 0);
        assert_true(sd_bus_add_filter(stage->peer, NULL, on_message, stage) >= 0);
        assert_true(sd_bus_start(stage->peer) >= 0);
        assert_true(sd_bus_new(ret) >= 0);
        assert_true(sd_bus_set_fd(*ret, fds[1], fds[1]) >= 0);
        return sd_bus_start(*ret);
}

/*
 * Both have their turn, for so long. The backend has it only when its fd says that it has something to do, as in the loop.
 */
static void play(struct stage *stage, uint64_t usec)
{
        uint64_t end_usec = cgb_systemd_now_usec() + usec;

        do {
                struct pollfd fds[2] = {{.fd = stage->backend->fd, .events = POLLIN}, {.fd = -1}};

                if (stage->peer != NULL) {
                        while (sd_bus_process(stage->peer, NULL) > 0)
                                ;
                        fds[1].fd = sd_bus_get_fd(stage->peer);
                        fds[1].events = (short)sd_bus_get_events(stage->peer);
                }
                poll(fds, 2, 5);
                if (fds[0].revents != 0)
                        cgb_backend_process(stage->backend);
        } while (cgb_systemd_now_usec() < end_usec);
}

static void on_done(void *userdata, const struct cgb_backend_result *result)
{
        struct stage *stage = userdata;

        assert_true(stage->n_results < CALLS_MAX);
        stage->results[stage->n_results++] = *result;
}

static void on_absent(void *userdata, int code)
{
        struct stage *stage = userdata;

        if (code < 0)
                stage->absences++;
        else
                stage->returns++;
}

static void on_adopted(void *userdata, uint64_t inode, bool weight_is_unset)
{
        struct stage *stage = userdata;

        (void)inode;
        stage->n_adopted++;
        stage->last_was_unset = weight_is_unset;
}

static struct cgb_systemd *systemd_of(struct stage *stage)
{
        return (struct cgb_systemd *)(void *)stage->backend;
}

static int setup(void **state)
{
        struct stage *stage = calloc(1, sizeof *stage);
        char path[64];

        assert_non_null(stage);
        stage->fake = fake_new();
        assert_int_equal(cgb_tree_open(&stage->tree, stage->fake->tree, NULL), 0);
        assert_int_equal(cgb_fd_cache_new(&stage->fds, 0), 0);
        stage->host = (struct cgb_backend_host){.fds = stage->fds,
                .tree = &stage->tree,
                .calls_per_second = 1000,
                .userdata = stage,
                .done = on_done,
                .absent = on_absent,
                .adopted = on_adopted};
        assert_int_equal(cgb_backend_open(&stage->backend, &cgb_backend_systemd, &stage->host), 0);
        systemd_of(stage)->connect = connect_to_peer;
        systemd_of(stage)->userdata = stage;
        for (int i = 0; i < UNITS; i++) {
                snprintf(path, sizeof path, "work/u%d.scope", i);
                fake_group(stage->fake, path, 100);
                assert_int_equal(cgb_group_dir_open(&stage->units[i], stage->fds, &stage->tree, path), 0);
        }
        *state = stage;
        return 0;
}

static int teardown(void **state)
{
        struct stage *stage = *state;

        cgb_backend_close(stage->backend);
        sd_bus_close_unref(stage->peer);
        for (int i = 0; i < UNITS; i++)
                cgb_group_dir_close(&stage->units[i], stage->fds);
        cgb_fd_cache_free(stage->fds);
        cgb_tree_close(&stage->tree);
        fake_free(stage->fake);
        free(stage);
        return 0;
}

static void want(struct stage *stage, int unit, enum cgb_file file, uint64_t value)
{
        assert_int_equal(cgb_backend_write(stage->backend, &stage->units[unit], file, value), 1);
}

static void memory(struct stage *stage, int unit, const char *current, const char *high)
{
        fake_write(stage->fake, stage->units[unit].path, "memory.current", current);
        fake_write(stage->fake, stage->units[unit].path, "memory.high", high);
}

static void all_that_a_unit_is_to_have_goes_in_one_call(void **state)
{
        struct stage *stage = *state;

        want(stage, 3, CGB_FILE_CPU_WEIGHT, 700);
        want(stage, 3, CGB_FILE_MEMORY_HIGH, 1ull << 30);
        want(stage, 3, CGB_FILE_MEMORY_LOW, 1ull << 20);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_calls, 1);
        assert_string_equal(stage->calls[0].unit, "u3.scope");
        assert_int_equal(stage->calls[0].n, 3);
        assert_string_equal(stage->calls[0].names[0], "CPUWeight");
        assert_int_equal(stage->calls[0].values[0], 700);
        assert_string_equal(stage->calls[0].names[1], "MemoryHigh");
        assert_int_equal(stage->calls[0].values[1], 1ull << 30);
        assert_string_equal(stage->calls[0].names[2], "MemoryLow");
        assert_int_equal(stage->n_results, 3);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(stage->results[i].code, 0);
}

static void of_several_values_for_one_property_the_last_one_is_sent(void **state)
{
        struct stage *stage = *state;

        for (uint64_t weight = 200; weight <= 900; weight += 100)
                want(stage, 0, CGB_FILE_CPU_WEIGHT, weight);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_calls, 1);
        assert_int_equal(stage->calls[0].values[0], 900);
        assert_int_equal(stage->n_results, 1);
        assert_int_equal(stage->results[0].value, 900);
}

static void a_unit_has_one_call_under_way_and_all_of_them_a_few(void **state)
{
        struct stage *stage = *state;

        stage->manner = SILENT;
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 5000);
        cgb_backend_process(stage->backend);
        play(stage, 30000);
        assert_int_equal(stage->n_calls, 1);
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 6000);
        cgb_backend_process(stage->backend);
        play(stage, 30000);
        assert_int_equal(stage->n_calls, 1);
        for (int i = 1; i < UNITS; i++)
                want(stage, i, CGB_FILE_CPU_WEIGHT, 500);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_in_range(stage->n_calls, 2, UNITS / 2);
}

static void the_largest_changes_come_first_and_calls_a_second_are_limited(void **state)
{
        struct stage *stage = *state;

        stage->host.calls_per_second = 4;
        for (int i = 0; i < UNITS; i++)
                want(stage, i, CGB_FILE_CPU_WEIGHT, (uint64_t)(110 + 10 * (i * 5 % UNITS)));
        want(stage, 7, CGB_FILE_CPU_WEIGHT, 1); /* a hundredth is further away than anything above */
        cgb_backend_process(stage->backend);
        play(stage, 400000); /* four at once, and one in this time */
        assert_in_range(stage->n_calls, 4, 5);
        assert_string_equal(stage->calls[0].unit, "u7.scope");
        for (size_t i = 2; i < stage->n_calls; i++)
                assert_true(stage->calls[i - 1].values[0] > stage->calls[i].values[0]);
}

static void expect_code(struct stage *stage, const char *error, int code)
{
        stage->manner = REFUSE;
        stage->error = error;
        stage->n_results = 0;
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 700);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_results, 1);
        assert_int_equal(stage->results[0].code, code);
        assert_int_equal(stage->results[0].inode, stage->units[0].inode);
}

static void a_refusal_is_told_as_what_it_is(void **state)
{
        expect_code(*state, "org.freedesktop.systemd1.NoSuchUnit", -ENODEV);
        expect_code(*state, SD_BUS_ERROR_ACCESS_DENIED, -EACCES);
        expect_code(*state, SD_BUS_ERROR_INVALID_ARGS, -EINVAL);
        assert_int_equal(((struct stage *)*state)->n_calls, 3);
}

static void a_call_that_is_not_answered_is_made_again_and_given_up_in_the_end(void **state)
{
        struct stage *stage = *state;

        systemd_of(stage)->timeout_usec = 30000;
        stage->manner = SILENT;
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 700);
        cgb_backend_process(stage->backend);
        play(stage, 400000);
        assert_int_equal(stage->n_results, 1);
        assert_int_equal(stage->results[0].code, -ETIMEDOUT);
        assert_int_equal(stage->n_calls, 3);
        stage->manner = OBEY;
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 800);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->results[1].code, 0);
}

static void what_was_under_way_when_the_bus_went_is_sent_again(void **state)
{
        struct stage *stage = *state;

        stage->manner = SILENT;
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 700);
        want(stage, 1, CGB_FILE_CPU_WEIGHT, 900);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_calls, 2);
        stage->is_down = true;
        hang_up(stage);
        play(stage, 300000);
        want(stage, 1, CGB_FILE_CPU_WEIGHT, 950); /* wanted while nobody was there to hear it */
        assert_int_equal(stage->n_results, 0);
        assert_int_equal(stage->absences, 1);
        assert_int_equal(stage->returns, 0);
        stage->is_down = false;
        stage->manner = OBEY;
        play(stage, 1500000);
        assert_int_equal(stage->n_calls, 4);
        assert_int_equal(stage->n_results, 2);
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(stage->results[i].code, 0);
                assert_int_equal(stage->results[i].value, stage->results[i].inode == stage->units[0].inode ? 700 : 950);
        }
        assert_int_equal(stage->absences, 1);
        assert_int_equal(stage->returns, 1);
}

/* As while systemd executes itself anew: the bus is there, and it is not on it. */
static void a_manager_that_is_not_on_the_bus_is_asked_again_later(void **state)
{
        struct stage *stage = *state;

        stage->manner = REFUSE;
        stage->error = SD_BUS_ERROR_SERVICE_UNKNOWN;
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 700);
        cgb_backend_process(stage->backend);
        play(stage, 500000);
        assert_int_equal(stage->n_results, 0);
        assert_in_range(stage->n_calls, 2, 4); /* after pauses that grow */
        stage->manner = OBEY;
        play(stage, 1500000);
        assert_int_equal(stage->n_results, 1);
        assert_int_equal(stage->results[0].code, 0);
        assert_int_equal(stage->absences, 1);
        assert_int_equal(stage->returns, 1);
}

static void a_weight_of_the_units_own_is_told_apart_from_none(void **state)
{
        struct stage *stage = *state;

        stage->weight = 100;
        assert_int_equal(cgb_backend_adopt(stage->backend, &stage->units[0]), 1);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_adopted, 1);
        assert_false(stage->last_was_unset);
        stage->weight = UINT64_MAX;
        assert_int_equal(cgb_backend_adopt(stage->backend, &stage->units[1]), 1);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_adopted, 2);
        assert_true(stage->last_was_unset);
        assert_int_equal(stage->n_calls, 0);
}

static void a_limit_below_usage_is_never_sent(void **state)
{
        struct stage *stage = *state;

        memory(stage, 0, "500000000\n", "max\n");
        want(stage, 0, CGB_FILE_MEMORY_HIGH, 400000000);
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 700);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_calls, 1);
        assert_int_equal(stage->calls[0].n, 1);
        assert_string_equal(stage->calls[0].names[0], "CPUWeight");
        assert_int_equal(stage->results[0].code, -EAGAIN);
        assert_int_equal(stage->results[0].file, CGB_FILE_MEMORY_HIGH);

        memory(stage, 0, "300000000\n", "max\n");
        want(stage, 0, CGB_FILE_MEMORY_HIGH, 400000000);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_calls, 2);
        assert_int_equal(stage->calls[1].values[0], 400000000);
}

/* Who is held has 8 MiB left: that must not be refused. */
static void a_limit_close_above_usage_is_sent(void **state)
{
        struct stage *stage = *state;

        memory(stage, 0, "300000000\n", "max\n");
        want(stage, 0, CGB_FILE_MEMORY_HIGH, 300000000 + (8 << 20));
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_calls, 1);
        assert_int_equal(stage->calls[0].values[0], 300000000 + (8 << 20));
}

static void a_limit_that_is_raised_is_sent_whatever_the_usage(void **state)
{
        struct stage *stage = *state;

        memory(stage, 0, "500000000\n", "300000000\n");
        want(stage, 0, CGB_FILE_MEMORY_HIGH, 400000000);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        assert_int_equal(stage->n_calls, 1);
        assert_int_equal(stage->results[0].code, 0);
}

static void a_group_that_is_forgotten_is_not_told_of(void **state)
{
        struct stage *stage = *state;

        stage->manner = SILENT;
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 700);
        want(stage, 1, CGB_FILE_CPU_WEIGHT, 700);
        cgb_backend_process(stage->backend);
        play(stage, 50000);
        cgb_backend_forget(stage->backend, stage->units[0].inode);
        hang_up(stage);
        stage->manner = OBEY;
        play(stage, 500000);
        assert_int_equal(stage->n_results, 1);
        assert_int_equal(stage->results[0].inode, stage->units[1].inode);
}

static void without_a_bus_the_end_does_not_wait_for_ever(void **state)
{
        struct stage *stage = *state;
        uint64_t begin_usec = cgb_systemd_now_usec();

        stage->is_down = true;
        want(stage, 0, CGB_FILE_CPU_WEIGHT, 700);
        want(stage, 1, CGB_FILE_CPU_WEIGHT, 700);
        cgb_backend_flush(stage->backend, 300000);
        assert_true(cgb_systemd_now_usec() - begin_usec >= 300000);
        assert_int_equal(stage->n_results, 2);
        assert_int_equal(stage->results[0].code, -ETIMEDOUT);
        assert_int_equal(stage->results[1].code, -ETIMEDOUT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(all_that_a_unit_is_to_have_goes_in_one_call),
                TEST(of_several_values_for_one_property_the_last_one_is_sent),
                TEST(a_unit_has_one_call_under_way_and_all_of_them_a_few),
                TEST(the_largest_changes_come_first_and_calls_a_second_are_limited),
                TEST(a_refusal_is_told_as_what_it_is),
                TEST(a_call_that_is_not_answered_is_made_again_and_given_up_in_the_end),
                TEST(what_was_under_way_when_the_bus_went_is_sent_again),
                TEST(a_manager_that_is_not_on_the_bus_is_asked_again_later),
                TEST(a_weight_of_the_units_own_is_told_apart_from_none),
                TEST(a_limit_below_usage_is_never_sent),
                TEST(a_limit_close_above_usage_is_sent),
                TEST(a_limit_that_is_raised_is_sent_whatever_the_usage),
                TEST(a_group_that_is_forgotten_is_not_told_of),
                TEST(without_a_bus_the_end_does_not_wait_for_ever),
        };

        return cmocka_run_group_tests_name("systemd", tests, NULL, NULL);
}
