/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "late.h"

static unsigned first_weight(const struct run *run, size_t group)
{
        return group == INTERACTIVE ? run->plan->policy->interactive_weight : run->plan->policy->load_weight;
}

static void write_weights(FILE *file, const struct run *run, uint64_t at_usec)
{
        fputs("\"weights\":[", file);
        for (size_t i = 0; i < run->groups.n; i++) {
                unsigned weight = first_weight(run, i);

                if (run->manager.pid)
                        weight = manager_weight_at(run->manager.memory, i, weight, at_usec);
                fprintf(file, "%s%u", i ? "," : "", weight);
        }
        fputs("]", file);
}

/* How long before the burst the last weight was written; and if one was written within it, how long after its beginning. */
static void write_last_writes(FILE *file, const struct run *run, const struct probe_burst *burst)
{
        uint64_t begin = burst->due_usec, end = begin + burst->response_usec, last;

        if (!run->manager.pid)
                return;
        last = manager_last_write_usec(run->manager.memory, begin);
        if (last)
                fprintf(file, ",\"write_before_usec\":%" PRIu64, begin - last);
        last = manager_last_write_usec(run->manager.memory, end);
        if (last > begin)
                fprintf(file, ",\"write_within_usec\":%" PRIu64, last - begin);
}

static void write_burst(FILE *file, const struct run *run, const struct probe_burst *burst)
{
        fprintf(file,
                "\"cold\":%s,\"at_usec\":%" PRIu64 ",\"response_usec\":%" PRIu64 ",\"wake_usec\":%" PRIu64
                ",\"run_delay_usec\":%" PRIu64 ",\"cpu_usec\":%" PRIu64,
                burst->due_usec < run->measured_from_usec ? "true" : "false",
                burst->due_usec - run->probe->bursts[0].due_usec, burst->response_usec, burst->wake_usec,
                burst->run_delay_usec, burst->burst.cpu_usec);
        fprintf(file,
                ",\"waited_usec\":%" PRIu64 ",\"waits\":%u,\"longest_wait_usec\":%" PRIu64
                ",\"first_cpu\":%d,\"last_cpu\":%d,\"migrations\":%u,",
                burst->burst.waited_usec, burst->burst.waits, burst->burst.longest_wait_usec, burst->burst.first_cpu,
                burst->burst.last_cpu, burst->burst.migrations);
        fprintf(file, "\"elsewhere_usec\":%" PRIu64 ",\"machine_usec\":%" PRIu64 ",", run_elsewhere_usec(burst),
                run_machine_usec(run, burst));
        write_weights(file, run, burst->due_usec);
        write_last_writes(file, run, burst);
}

void late_write(FILE *file, const struct run *run, size_t repeat, uint64_t alone_usec)
{
        for (uint32_t i = 0; i < atomic_load(&run->probe->n); i++) {
                const struct probe_burst *burst = &run->probe->bursts[i];

                if (burst->response_usec * 1000 <= alone_usec * LATE_PERMILLE)
                        continue;
                fprintf(file, "{\"policy\":\"%s\",\"burst_usec\":%" PRIu64 ",\"step_usec\":%" PRIu64 ",\"repeat\":%zu,",
                        run->plan->policy->name, run->probe->plan.burst_usec, run->plan->policy->step_usec, repeat);
                write_burst(file, run, burst);
                fputs("}\n", file);
        }
        fflush(file);
}
