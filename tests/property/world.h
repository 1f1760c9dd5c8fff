/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_TESTS_WORLD_H
#define CGBURST_TESTS_WORLD_H

/*
 * A small machine under a policy: groups that want CPUs, a fluid scheduler that divides them by the weights the kernel
 * holds, counters that grow, and rounds in which the policy reads what it asks for and writes what it wants. All time and
 * all CPU time is whole microseconds, as in cpu.stat, and a parent's counter is exactly the sum of its children's.
 *
 * A world can carry the naive model beside the policy; it is then told what the policy was told. The world itself fails the
 * test when the policy breaks the protocol: asks twice in a round, writes a weight out of range, or to a group that is
 * gone.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <cgburst/policy.h>

#include "dice.h"
#include "fluid.h"
#include "naive.h"

#define WORLD_ROOT ((size_t)0)

/* Shows where in which scenario something was wrong, and fails. */
#define must(world, condition, ...)                                                                               \
        do {                                                                                                      \
                if (!(condition)) {                                                                               \
                        print_error("seed %llu, round %u: ", (unsigned long long)(world)->seed, (world)->rounds); \
                        print_error(__VA_ARGS__);                                                                 \
                        print_error("\n");                                                                        \
                        fail_msg("%s:%d: not so: %s", __FILE__, __LINE__, #condition);                            \
                }                                                                                                 \
        } while (0)

#define world_test(f) cmocka_unit_test_teardown(f, world_free_all)

struct world_group {
        bool there;
        bool gone; /* its directory has vanished: it runs no more and cannot be read */
        size_t parent, children;
        cgb_node node;
        uint32_t share_permille;
        uint32_t weight;        /* what the kernel holds */
        uint32_t believed;      /* what the policy was told of that */
        uint32_t cpus_permille; /* that its tasks may use */
        double wants;           /* CPUs */
        double got;             /* CPUs, in the last round */
        uint64_t usage_usec, stalled_usec;
        uint64_t ran_usec;                                             /* growth of usage_usec in the last round */
        uint64_t told_usec;                                            /* usage_usec when the policy last heard of it */
        uint64_t told_pool_usec, told_stalled_usec, told_machine_usec; /* the same of it as a pool */
        bool told_machine;
        uint64_t identity;
        unsigned asked, written; /* times in this round */
};

struct world {
        struct world *next; /* of all worlds there are */
        uint64_t seed;
        unsigned rounds;
        uint64_t now_usec;
        struct cgb_policy_options options;
        struct cgb_policy *policy;
        void *memory;
        size_t room;
        struct world_group *groups;
        size_t *by_node;     /* the group that is, or last was, this node */
        struct naive *model; /* NULL: none */
        bool read_all;       /* says of no pool what it used, so that every account is asked for */
        bool psi_off;
        double others; /* CPUs that are taken by groups outside of the tree; negative: nobody counts the machine's usage */
        uint64_t machine_usec;
        double queue;           /* part of a step in which somebody waits; negative: as the fluid has it */
        unsigned reads, writes; /* in the last round */
};

struct world *world_new(uint64_t seed, const struct cgb_policy_options *options, uint32_t cpus_permille);
void world_free(struct world *world);

/* Teardown of a test: frees the worlds that a failure left behind. */
int world_free_all(void **state);
void world_carry_model(struct world *world);

size_t world_join(struct world *world, size_t parent, uint32_t share_permille);
size_t world_restore(struct world *world, size_t parent, uint32_t share_permille, struct cgb_balance balance);
size_t world_restore_at(struct world *world, size_t parent, uint32_t share_permille, struct cgb_balance balance,
        uint64_t usage_usec, uint64_t identity);
void world_leave(struct world *world, size_t at);
void world_set_share(struct world *world, size_t at, uint32_t share_permille);

/* The four parts of a round, and all of them. */
void world_run(struct world *world, uint64_t step_usec);
void world_read(struct world *world);
void world_step(struct world *world);
void world_write(struct world *world);
void world_round(struct world *world, uint64_t step_usec);

struct cgb_account_state world_account(const struct world *world, size_t at);
struct cgb_pool_state world_pool(const struct world *world, size_t at);

/* Bank and slow credits of a pool together. */
int64_t world_total_nsec(const struct world *world, size_t pool);

#endif
