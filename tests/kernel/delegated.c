/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Without any privilege, in a subtree that was delegated: the directory, cgroup.procs and cgroup.subtree_control belong to
 * "nobody", who makes workspaces, moves processes, manages, and leaves everything as it was. Defaults for mount, parent and
 * state folder are those of a user.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"

#define NOBODY 65534

/* The group in which the user's processes begin, as a login manager would make it. */
#define SESSION "session"

static void give_away(const struct ground *ground, const char *group)
{
        static const char *const files[] = {"", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"};

        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
                char path[1024];

                snprintf(path, sizeof path, "%s/%s/%s", ground->mount, group, files[i]);
                assert_int_equal(chown(path, NOBODY, NOBODY), 0);
        }
}

static int setup(void **state)
{
        struct ground *ground = ground_new();
        char session[512];

        ground_make(ground, ground->top);
        if (!ground_passes_cpu_on(ground, ""))
                ground_write(ground, "", "cgroup.subtree_control", "+cpu");
        give_away(ground, ground->top);
        ground_make(ground, ground_below(ground, SESSION, session));
        give_away(ground, session);
        assert_int_equal(chown(ground->state, NOBODY, NOBODY), 0);
        *state = ground;
        return 0;
}

/* What the child may say of itself is its exit status: 0 or the line at which it found something wrong. */
#define DEMAND(condition)                                                                                             \
        do {                                                                                                          \
                if (!(condition)) {                                                                                   \
                        fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, strerror(errno)); \
                        _exit(1);                                                                                     \
                }                                                                                                     \
        } while (0)

static void become_nobody(const struct ground *ground)
{
        char pid[16], session[512];

        snprintf(pid, sizeof pid, "%d", (int)getpid());
        DEMAND(ground_try_write(ground, ground_below(ground, SESSION, session), "cgroup.procs", pid) == 0);
        DEMAND(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        DEMAND(setenv("XDG_RUNTIME_DIR", ground->state, 1) == 0);
}

/* Runs @life as nobody in a process of its own. */
static void as_nobody(struct ground *ground, void (*life)(struct ground *ground))
{
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                become_nobody(ground);
                life(ground);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void find_the_default_parent(struct ground *ground)
{
        char *parent = NULL, wanted[512];

        DEMAND(cgb_default_parent(NULL, &parent, NULL) == 0);
        DEMAND(strcmp(parent, ground_below(ground, "cgburst", wanted)) == 0);
        free(parent);
}

static pid_t start_sleeping(void)
{
        pid_t pid = fork();

        DEMAND(pid >= 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;)
                        pause();
        }
        return pid;
}

static bool has_process(const struct ground *ground, const char *group, pid_t pid)
{
        char text[4096], wanted[16];

        ground_read(ground, group, "cgroup.procs", text, sizeof text);
        snprintf(wanted, sizeof wanted, "%d\n", (int)pid);
        return strncmp(text, wanted, strlen(wanted)) == 0;
}

static void make_attach_and_remove(struct ground *ground)
{
        struct cgb_workspace_options options = {.size = sizeof options, .name = "alice", .share_permille = 2000};
        char alice[512];
        struct cgb *cgb;
        pid_t pid = start_sleeping();

        (void)ground_below(ground, "cgburst/alice", alice);
        DEMAND(cgb_new(&cgb, &ground->options, NULL) == 0);
        DEMAND(cgb_create(cgb, &options) == 0);
        DEMAND(ground_weight(ground, alice) == 200);
        DEMAND(cgb_attach(cgb, "alice", pid) == 0);
        DEMAND(has_process(ground, alice, pid));
        DEMAND(cgb_remove(cgb, "alice") == -EBUSY);
        DEMAND(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
        for (int i = 0; i < 100 && cgb_remove(cgb, "alice") == -EBUSY; i++)
                usleep(10000);
        DEMAND(!ground_exists(ground, alice));
        cgb_free(cgb);
}

static void manage_two(struct ground *ground)
{
        struct cgb_workspace_options options = {.size = sizeof options, .name = "alice", .share_permille = 1000};
        char alice[512], bob[512];
        struct cgb *cgb;

        ground->options.step_usec = 250000;
        DEMAND(cgb_new(&cgb, &ground->options, NULL) == 0);
        DEMAND(cgb_create(cgb, &options) == 0);
        options.name = "bob";
        DEMAND(cgb_create(cgb, &options) == 0);
        ground_loop(ground, ground_below(ground, "cgburst/alice", alice), 2 * (int)ground->cpus);
        ground_below(ground, "cgburst/bob", bob);
        DEMAND(cgb_start(cgb) == 0);
        ground_manage(cgb, 4);
        DEMAND(ground_weight(ground, bob) > 2 * ground_weight(ground, alice));
        DEMAND(ground_count_events(cgb, CGB_EVENT_ERROR, NULL) == 0);
        DEMAND(cgb_stop(cgb) == 0);
        DEMAND(ground_weight(ground, alice) == 100 && ground_weight(ground, bob) == 100);
        ground_end_loops(ground);
        for (int i = 0; i < 100 && cgb_remove(cgb, "alice") == -EBUSY; i++)
                usleep(10000);
        DEMAND(cgb_remove(cgb, "bob") == 0);
        cgb_free(cgb);
}

static void die_managing(struct ground *ground)
{
        struct cgb_workspace_options options = {.size = sizeof options, .name = "alice", .share_permille = 1000};
        struct cgb *cgb;

        DEMAND(cgb_new(&cgb, &ground->options, NULL) == 0);
        DEMAND(cgb_create(cgb, &options) == 0);
        DEMAND(cgb_start(cgb) == 0);
        DEMAND(cgb_dispatch(cgb) == 0);
}

static void clean_up_after_the_dead(struct ground *ground)
{
        struct cgb *cgb;

        DEMAND(cgb_restore(&ground->options, NULL) >= 0);
        DEMAND(cgb_new(&cgb, &ground->options, NULL) == 0);
        DEMAND(cgb_remove(cgb, "alice") == 0);
        cgb_free(cgb);
}

/* By default a context finds all of this by itself. */
static void use_defaults(struct ground *ground)
{
        ground->options.mount = ground->options.parent = ground->options.state_dir = NULL;
}

static void assert_clean_after(
        struct ground *ground, void (*life)(struct ground *ground), void (*next_life)(struct ground *ground))
{
        char *before = ground_picture(ground);

        use_defaults(ground);
        as_nobody(ground, life);
        if (next_life != NULL)
                as_nobody(ground, next_life);
        ground_assert_as_before(ground, before);
}

static void the_default_parent_is_below_what_was_delegated(void **state)
{
        as_nobody(*state, find_the_default_parent);
}

static void a_user_makes_fills_and_removes_workspaces(void **state)
{
        assert_clean_after(*state, make_attach_and_remove, NULL);
}

static void a_user_manages_workspaces(void **state)
{
        assert_clean_after(*state, manage_two, NULL);
}

static void what_a_users_dead_manager_left_is_put_back_by_the_user(void **state)
{
        assert_clean_after(*state, die_managing, clean_up_after_the_dead);
}

static void try_to_take_a_process_from_elsewhere(struct ground *ground)
{
        struct cgb_workspace_options options = {.size = sizeof options, .name = "alice", .share_permille = 1000};
        const struct cgb_fault *fault;
        struct cgb *cgb;

        DEMAND(cgb_new(&cgb, &ground->options, NULL) == 0);
        DEMAND(cgb_create(cgb, &options) == 0);
        DEMAND(cgb_attach(cgb, "alice", getppid()) == -EACCES);
        fault = cgb_get_fault(cgb);
        DEMAND(strstr(fault->file, "cgroup.procs") != NULL && *fault->message != '\0' && *fault->remedy != '\0');
        DEMAND(cgb_remove(cgb, "alice") == 0);
        cgb_free(cgb);
}

static void a_process_from_outside_of_what_was_delegated_is_not_for_the_user_to_move(void **state)
{
        assert_clean_after(*state, try_to_take_a_process_from_elsewhere, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_default_parent_is_below_what_was_delegated, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_user_makes_fills_and_removes_workspaces, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_user_manages_workspaces, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        what_a_users_dead_manager_left_is_put_back_by_the_user, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_process_from_outside_of_what_was_delegated_is_not_for_the_user_to_move, setup, ground_teardown),
        };

        if (ground_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("delegated", tests, NULL, NULL);
}
