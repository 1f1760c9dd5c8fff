/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../kernel/crew.h"
#include "workers.h"

/* How often somebody who waits for the workers looks whether a signal came, and when it gives them up. */
#define LOOK_SEC 1
#define GIVE_UP_LOOKS 60

/* The last one tells that it is done before it sleeps. */
#define FALL_ASLEEP_USEC USEC_PER_MSEC

struct orders {
        _Atomic uint32_t round;      /* changes: begin */
        _Atomic uint32_t unfinished; /* becomes 0: the round is over */
        uint32_t cpu_usec[];
};

static long futex(_Atomic uint32_t *word, int operation, uint32_t value, const struct timespec *timeout)
{
        return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

static size_t orders_size(const struct workers *workers)
{
        return sizeof(*workers->orders) + workers->room * sizeof(workers->orders->cpu_usec[0]);
}

int workers_open(struct workers *ret, size_t room)
{
        struct workers workers = {.room = room, .pids = calloc(room, sizeof(*workers.pids))};

        if (!workers.pids)
                return complain(-ENOMEM, "the table of %zu processes", room);
        workers.orders = share_memory(orders_size(&workers));
        if (!workers.orders) {
                free(workers.pids);
                return -ENOMEM;
        }
        *ret = workers;
        return 0;
}

/* To be woken and to fall asleep counts as well: what is used follows the orders, whatever that costs. */
static void work(struct orders *orders, size_t index)
{
        uint32_t seen = 0;
        uint64_t until_usec = thread_cpu_usec();

        for (;;) {
                while (atomic_load(&orders->round) == seen)
                        futex(&orders->round, FUTEX_WAIT, seen, NULL);
                seen = atomic_load(&orders->round);
                until_usec += orders->cpu_usec[index];
                while (thread_cpu_usec() < until_usec)
                        ;
                if (atomic_fetch_sub(&orders->unfinished, 1) == 1)
                        futex(&orders->unfinished, FUTEX_WAKE, 1, NULL);
        }
}

/* Born in its group: to be moved there would stop every process of the machine for a moment, thousands of times. */
int workers_add(struct workers *workers, const struct groups *groups, size_t group)
{
        struct clone_args how = {
                .flags = CLONE_INTO_CGROUP,
                .exit_signal = SIGCHLD,
                .cgroup = (unsigned int)groups->group[group].dir_fd,
        };
        pid_t parent = getpid();
        long pid;

        pid = syscall(SYS_clone3, &how, sizeof(how));
        if (pid < 0)
                return complain(-errno, "%s: no process could be started in it", groups->group[group].name);
        if (pid == 0) {
                die_with_parent(parent);
                work(workers->orders, workers->n);
        }
        workers->pids[workers->n++] = (pid_t)pid;
        return 0;
}

void workers_order(struct workers *workers, size_t index, uint64_t cpu_usec)
{
        workers->orders->cpu_usec[index] = (uint32_t)cpu_usec;
}

int workers_round(struct workers *workers, struct interrupt *interrupt)
{
        struct orders *orders = workers->orders;
        const struct timespec timeout = {.tv_sec = LOOK_SEC};
        uint32_t unfinished;
        unsigned looks = 0;

        atomic_store(&orders->unfinished, (uint32_t)workers->n);
        atomic_fetch_add(&orders->round, 1);
        futex(&orders->round, FUTEX_WAKE, INT_MAX, NULL);
        while ((unfinished = atomic_load(&orders->unfinished)) > 0) {
                if (futex(&orders->unfinished, FUTEX_WAIT, unfinished, &timeout) == 0 || errno != ETIMEDOUT)
                        continue;
                if (interrupted(interrupt))
                        return -EINTR;
                if (++looks == GIVE_UP_LOOKS)
                        return complain(-ETIMEDOUT, "%u of %zu processes of the load do not answer", unfinished, workers->n);
        }
        sleep_until_usec(now_usec() + FALL_ASLEEP_USEC);
        return interrupted(interrupt) ? -EINTR : 0;
}

void workers_close(struct workers *workers)
{
        for (size_t i = 0; i < workers->n; i++)
                kill(workers->pids[i], SIGKILL);
        for (; workers->n > 0; workers->n--)
                waitpid(workers->pids[workers->n - 1], NULL, 0);
        if (workers->orders)
                unshare_memory(workers->orders, orders_size(workers));
        free(workers->pids);
        *workers = (struct workers){0};
}
