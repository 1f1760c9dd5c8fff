/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * policy-only - the algorithm with sensors of one's own, and no kernel
 *
 *     policy-only         a story: A and B compute without end, C sleeps, computes for five seconds, sleeps
 *     policy-only -       each line of standard input is a step: what A, B and C used, as in "500 500 0",
 *                         in thousandths of a CPU
 *
 * Each has a share of 1 of a machine with one CPU. Printed is how use turns into credit, and credit into weight. What stands
 * here for the sensors could be a hypervisor's counters, and what prints could set its shares.
 */

#include <cgburst/policy.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_USEC 1000000u
#define USEC_PER_PERMILLE (STEP_USEC / 1000u)
#define CPUS_PERMILLE 1000u
#define WORKSPACES 3

/* The root and its children. */
#define CAPACITY (WORKSPACES + 1)

struct machine {
        struct cgb_policy *policy;
        cgb_node nodes[WORKSPACES];
        uint64_t usage_usec[WORKSPACES]; /* counters that only grow, as cpu.stat has them */
        uint64_t stalled_usec;
        uint64_t now_usec;
};

static int set_up(struct machine *machine, void *memory, size_t size, const struct cgb_policy_options *options)
{
        int r = cgb_policy_init(&machine->policy, memory, size, options);

        for (size_t i = 0; r >= 0 && i < WORKSPACES; i++) {
                const struct cgb_account_options account = {
                        .size = sizeof(account),
                        .parent = CGB_NODE_ROOT,
                        .share_permille = CGB_SHARE_DEFAULT_PERMILLE,
                        .identity = i + 1,
                        .weight = CGB_WEIGHT_DEFAULT,
                };

                r = cgb_policy_join(machine->policy, &account, &machine->nodes[i]);
        }
        return r;
}

static size_t index_of(const struct machine *machine, cgb_node node)
{
        size_t i = 0;

        while (machine->nodes[i] != node)
                i++;
        return i;
}

static uint64_t sum(const uint64_t values[WORKSPACES])
{
        uint64_t total = 0;

        for (size_t i = 0; i < WORKSPACES; i++)
                total += values[i];
        return total;
}

/* A round, as policy.h has it: the pool, the accounts it asks for, the step. */
static void step(struct machine *machine)
{
        const struct cgb_pool_sample pool = {
                .usage_usec = sum(machine->usage_usec),
                .stalled_usec = machine->stalled_usec,
                .cpus_permille = CPUS_PERMILLE,
        };
        cgb_node node;

        cgb_policy_observe_pool(machine->policy, CGB_NODE_ROOT, &pool);
        while (cgb_policy_next_to_read(machine->policy, CGB_NODE_ROOT, &node)) {
                size_t i = index_of(machine, node);
                const struct cgb_account_sample sample = {.usage_usec = machine->usage_usec[i], .identity = i + 1};

                cgb_policy_observe(machine->policy, node, &sample);
        }
        cgb_policy_step(machine->policy, machine->now_usec);
}

static void print_account(const struct machine *machine, size_t i)
{
        struct cgb_account_state state;

        cgb_policy_get_account(machine->policy, machine->nodes[i], &state);
        printf(" | %c %+6.2fs %+6.2fs %5u", (char)('A' + i), (double)state.slow_credit_usec / 1e6,
                (double)state.fast_credit_usec / 1e6, state.weight);
}

static void print_heading(void)
{
        printf("%-20s", "step, CPU used");
        for (size_t i = 0; i < WORKSPACES; i++)
                printf(" | %c   slow    fast  wght", (char)('A' + i));
        printf(" > changes\n");
}

static void print_step(struct machine *machine, const uint64_t used_permille[WORKSPACES])
{
        struct cgb_action action;

        printf("%3us used", (unsigned)(machine->now_usec / STEP_USEC));
        for (size_t i = 0; i < WORKSPACES; i++)
                printf(" %4u", (unsigned)used_permille[i]);
        for (size_t i = 0; i < WORKSPACES; i++)
                print_account(machine, i);
        while (cgb_policy_next_action(machine->policy, &action))
                printf(" > set %c to %u", (char)('A' + index_of(machine, action.node)), action.weight);
        putchar('\n');
}

/* One step of the machine. Somebody waited all the time if the CPU was full and more than one used it. */
static void live(struct machine *machine, const uint64_t used_permille[WORKSPACES])
{
        size_t users = 0;

        for (size_t i = 0; i < WORKSPACES; i++) {
                machine->usage_usec[i] += used_permille[i] * USEC_PER_PERMILLE;
                users += used_permille[i] > 0;
        }
        if (users > 1 && sum(used_permille) >= CPUS_PERMILLE - WORKSPACES)
                machine->stalled_usec += STEP_USEC;
        machine->now_usec += STEP_USEC;
        step(machine);
        print_step(machine, used_permille);
}

/* The kernel's part: the CPU goes by weight to those that want it. */
static void share_out(const struct machine *machine, const bool wants[WORKSPACES], uint64_t ret_permille[WORKSPACES])
{
        uint64_t weights[WORKSPACES];

        for (size_t i = 0; i < WORKSPACES; i++) {
                struct cgb_account_state state;

                cgb_policy_get_account(machine->policy, machine->nodes[i], &state);
                weights[i] = wants[i] ? state.written : 0;
        }
        for (size_t i = 0; i < WORKSPACES; i++)
                ret_permille[i] = CPUS_PERMILLE * weights[i] / sum(weights);
}

static void tell_story(struct machine *machine)
{
        for (unsigned second = 1; second <= 20; second++) {
                uint64_t used_permille[WORKSPACES];

                share_out(machine, (bool[]){true, true, second > 10 && second <= 15}, used_permille);
                live(machine, used_permille);
        }
}

static bool parse_step(const char *line, uint64_t ret_permille[WORKSPACES])
{
        unsigned a, b, c;
        char rest;

        if (sscanf(line, "%u %u %u %c", &a, &b, &c, &rest) != WORKSPACES || a > CPUS_PERMILLE || b > CPUS_PERMILLE ||
                c > CPUS_PERMILLE)
                return false;
        ret_permille[0] = a;
        ret_permille[1] = b;
        ret_permille[2] = c;
        return true;
}

static int read_steps(struct machine *machine, FILE *stream)
{
        char line[64];

        while (fgets(line, sizeof(line), stream)) {
                uint64_t used_permille[WORKSPACES];

                if (!parse_step(line, used_permille)) {
                        fprintf(stderr, "policy-only: not three numbers from 0 to %u: %s", CPUS_PERMILLE, line);
                        return 2;
                }
                live(machine, used_permille);
        }
        return 0;
}

int main(int argc, char **argv)
{
        struct machine machine = {0};
        struct cgb_policy_options options;

        cgb_policy_options_init(&options, STEP_USEC, CAPACITY);

        size_t size = cgb_policy_memory_size(&options);
        void *memory = malloc(size);
        int exit_code = 1, r = memory ? set_up(&machine, memory, size, &options) : -ENOMEM;

        if (r >= 0)
                print_heading();
        if (r < 0)
                fprintf(stderr, "policy-only: %s\n", strerror(-r));
        else if (argc > 1 && !strcmp(argv[1], "-"))
                exit_code = read_steps(&machine, stdin);
        else {
                tell_story(&machine);
                exit_code = 0;
        }
        free(memory);
        return exit_code;
}
