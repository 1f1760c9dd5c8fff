/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/stats.h"
#include "crew.h"
#include "probe.h"

struct probe *probe_new(const struct probe_plan *plan, const struct spinner *spinner, int wake_fd)
{
        struct probe *probe = share_memory(sizeof(*probe));

        if (!probe)
                return NULL;
        probe->spinner = *spinner;
        probe->plan = *plan;
        probe->wake_fd = wake_fd;
        return probe;
}

void probe_free(struct probe *probe)
{
        unshare_memory(probe, sizeof(*probe));
}

/* The second figure of schedstat: nanoseconds runnable but not running. */
static uint64_t run_delay_usec(int fd)
{
        char text[128], *end;
        ssize_t got;

        got = pread(fd, text, sizeof(text) - 1, 0);
        if (got <= 0)
                return 0;
        text[got] = '\0';
        strtoull(text, &end, 10);
        return strtoull(end, NULL, 10) / 1000;
}

static void answer(const struct probe *probe, int schedstat_fd, uint64_t due_usec, struct probe_burst *ret)
{
        uint64_t delay = run_delay_usec(schedstat_fd);

        *ret = (struct probe_burst){.due_usec = due_usec};
        sleep_until_usec(due_usec);
        ret->wake_usec = now_usec() - due_usec;
        spin_burst(&probe->spinner, probe->plan.burst_usec, &ret->burst);
        ret->response_usec = now_usec() - due_usec;
        ret->run_delay_usec = run_delay_usec(schedstat_fd) - delay;
}

void probe_work(void *data)
{
        struct probe *probe = data;
        const struct probe_plan *plan = &probe->plan;
        int schedstat_fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
        struct random random;

        prctl(PR_SET_TIMERSLACK, 1); /* the kernel may not bunch our wake-ups with others */
        random_seed(&random, plan->seed);
        for (uint32_t i = 0; i < PROBE_BURSTS_MAX; i++) {
                uint64_t due = now_usec() + random_between(&random, plan->think_min_usec, plan->think_max_usec);

                answer(probe, schedstat_fd, due, &probe->bursts[i]);
                atomic_store(&probe->n, i + 1);
                if (probe->wake_fd >= 0 && write(probe->wake_fd, "b", 1) < 0)
                        return;
        }
}
