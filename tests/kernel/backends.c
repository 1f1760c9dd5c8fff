/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel holds is the same, whoever writes it: one policy with one load, played with a clock of its own, and what
 * it decides in each step is written by each backend to the same three units.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cgburst/policy.h>
#include <cgburst/scope.h>

#include "backend/backend.h"
#include "ground.h"
#include "units.h"

#define SLICE "cgbtest.slice"
#define UNITS 3
#define STEPS 40
#define STEP_USEC 1000000ull
#define CPUS 2

/* systemd needs some ms for a call, and a busy machine a hundredfold. */
#define FLUSH_USEC 20000000ull

static const char *const names[UNITS] = {"cgbt-alice", "cgbt-bob", "cgbt-carol"};

/*
 * What each of them uses of a step, permille of a CPU: they take turns in using all, and in every other step the next one
 * begins.
 */
static void load_at(int step, uint64_t ret_permille[static UNITS])
{
        int busy = step / 8 % UNITS, next = (busy + 1) % UNITS;

        memset(ret_permille, 0, UNITS * sizeof *ret_permille);
        ret_permille[next] = step % 2 == 1 ? 300 : 0;
        ret_permille[busy] = CPUS * 1000 - ret_permille[next];
}

struct stage {
        struct cgb_tree tree;
        struct cgb_fd_cache *fds;
        struct cgb_backend_host host;
        struct cgb_group_dir dirs[UNITS];
        pid_t sleepers[UNITS];
        int failed; /* what a backend that answers late said */
};

static void done(void *userdata, const struct cgb_backend_result *result)
{
        if (result->code != 0)
                ((struct stage *)userdata)->failed = result->code;
}

static void absent(void *userdata, int code)
{
        ((struct stage *)userdata)->failed = code;
}

static pid_t start_scope(const char *name, char ret_path[static 4096])
{
        struct cgb_scope scope = {.size = sizeof scope};
        struct cgb_scope_options options;
        struct cgb_fault fault;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
                for (;;)
                        pause();
        cgb_scope_options_init(&options);
        options.slice = SLICE;
        options.name = name;
        if (cgb_scope_start(&options, &pid, 1, &scope, &fault) < 0)
                fail_msg("%s: %s", fault.file, fault.message);
        strcpy(ret_path, scope.path);
        return pid;
}

static int setup(void **state)
{
        struct stage *stage = calloc(1, sizeof *stage);
        char path[4096];

        assert_non_null(stage);
        assert_int_equal(cgb_tree_open(&stage->tree, "/sys/fs/cgroup", NULL), 0);
        assert_int_equal(cgb_fd_cache_new(&stage->fds, 0), 0);
        stage->host = (struct cgb_backend_host){.fds = stage->fds,
                .tree = &stage->tree,
                .calls_per_second = 1000,
                .userdata = stage,
                .done = done,
                .absent = absent};
        for (int i = 0; i < UNITS; i++) {
                stage->sleepers[i] = start_scope(names[i], path);
                assert_int_equal(cgb_group_dir_open(&stage->dirs[i], stage->fds, &stage->tree, path), 0);
        }
        *state = stage;
        return 0;
}

static int teardown(void **state)
{
        struct stage *stage = *state;

        for (int i = 0; i < UNITS; i++) {
                cgb_group_dir_close(&stage->dirs[i], stage->fds);
                kill(stage->sleepers[i], SIGKILL);
                waitpid(stage->sleepers[i], NULL, 0);
        }
        units_sh("systemctl stop " SLICE);
        cgb_fd_cache_free(stage->fds);
        cgb_tree_close(&stage->tree);
        free(stage);
        return 0;
}

static uint32_t held(struct stage *stage, int unit)
{
        char text[64] = "";

        assert_true(
                cgb_group_read(stage->fds, &stage->tree, &stage->dirs[unit], CGB_FILE_CPU_WEIGHT, text, sizeof text) > 0);
        return (uint32_t)strtoul(text, NULL, 10);
}

/* A policy with the three accounts, as a context would have it. */
static struct cgb_policy *make_policy(cgb_node nodes[static UNITS], void **ret_memory)
{
        struct cgb_policy_options options;
        struct cgb_policy *policy;

        cgb_policy_options_init(&options, STEP_USEC, UNITS + 1);
        *ret_memory = malloc(cgb_policy_memory_size(&options));
        assert_non_null(*ret_memory);
        assert_int_equal(cgb_policy_init(&policy, *ret_memory, cgb_policy_memory_size(&options), &options), 0);
        for (int i = 0; i < UNITS; i++) {
                struct cgb_account_options account = {.size = sizeof account,
                        .parent = CGB_NODE_ROOT,
                        .share_permille = 1000,
                        .identity = (uint64_t)i + 1,
                        .weight = 100};

                assert_int_equal(cgb_policy_join(policy, &account, &nodes[i]), 0);
        }
        return policy;
}

/* The CPUs are full, and somebody waits all the time. */
static void decide(
        struct cgb_policy *policy, const cgb_node nodes[static UNITS], int step, const uint64_t usage_usec[static UNITS])
{
        uint64_t now_usec = STEP_USEC * ((unsigned)step + 1);
        struct cgb_pool_sample pool = {.stalled_usec = now_usec, .machine_usec = CGB_UNKNOWN, .cpus_permille = CPUS * 1000};

        for (int i = 0; i < UNITS; i++)
                pool.usage_usec += usage_usec[i];
        assert_int_equal(cgb_policy_observe_pool(policy, CGB_NODE_ROOT, &pool), 0);
        for (int i = 0; i < UNITS; i++)
                assert_int_equal(
                        cgb_policy_observe(policy, nodes[i],
                                &(struct cgb_account_sample){.usage_usec = usage_usec[i], .identity = (uint64_t)i + 1}),
                        0);
        cgb_policy_step(policy, now_usec);
}

/* One step's writes, until the kernel has them. @return how many there were. */
static int write_actions(
        struct stage *stage, struct cgb_backend *backend, struct cgb_policy *policy, const cgb_node nodes[static UNITS])
{
        struct cgb_action action;
        int n = 0;

        for (; cgb_policy_next_action(policy, &action); n++)
                for (int i = 0; i < UNITS; i++)
                        if (nodes[i] == action.node)
                                assert_true(cgb_backend_write(
                                                    backend, &stage->dirs[i], CGB_FILE_CPU_WEIGHT, action.weight) >= 0);
        cgb_backend_flush(backend, FLUSH_USEC);
        assert_int_equal(stage->failed, 0);
        return n;
}

/* Plays the load by one backend. @ret: what the kernel holds after each step. @return how many weights were written. */
static int play(struct stage *stage, const char *name, uint32_t ret[static STEPS][UNITS])
{
        uint64_t usage_usec[UNITS] = {0}, permille[UNITS];
        struct cgb_backend *backend;
        cgb_node nodes[UNITS];
        void *memory;
        struct cgb_policy *policy = make_policy(nodes, &memory);
        int writes = 0;

        assert_int_equal(cgb_backend_open(&backend, cgb_backend_find(name), &stage->host), 0);
        for (int i = 0; i < UNITS; i++)
                assert_true(cgb_backend_write(backend, &stage->dirs[i], CGB_FILE_CPU_WEIGHT, 100) >= 0);
        cgb_backend_flush(backend, FLUSH_USEC);
        for (int step = 0; step < STEPS; step++) {
                load_at(step, permille);
                for (int i = 0; i < UNITS; i++)
                        usage_usec[i] += permille[i] * STEP_USEC / 1000;
                decide(policy, nodes, step, usage_usec);
                writes += write_actions(stage, backend, policy, nodes);
                for (int i = 0; i < UNITS; i++)
                        ret[step][i] = held(stage, i);
        }
        cgb_backend_close(backend);
        free(memory);
        return writes;
}

static void what_the_kernel_holds_after_each_step_is_the_same_for_all_backends(void **state)
{
        static const char *const backends[] = {"cgroupfs", "libcgroup", "systemd"};
        static uint32_t weights[3][STEPS][UNITS];
        int writes[3];

        for (int i = 0; i < 3; i++) {
                if (cgb_backend_find(backends[i]) == NULL)
                        fail_msg("%s is not in this build", backends[i]);
                writes[i] = play(*state, backends[i], weights[i]);
                print_message("%s: %d weights written in %d steps\n", backends[i], writes[i], STEPS);
                assert_int_equal(writes[i], writes[0]);
                for (int step = 0; step < STEPS; step++)
                        for (int unit = 0; unit < UNITS; unit++)
                                if (weights[i][step][unit] != weights[0][step][unit])
                                        fail_msg("step %d, %s: %u by %s and %u by %s", step, names[unit],
                                                weights[0][step][unit], backends[0], weights[i][step][unit], backends[i]);
        }
        assert_true(writes[0] > STEPS / 2); /* else there was nothing to compare */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        what_the_kernel_holds_after_each_step_is_the_same_for_all_backends, setup, teardown),
        };

        if (units_are_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("backends", tests, NULL, NULL);
}
