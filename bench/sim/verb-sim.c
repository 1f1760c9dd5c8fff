/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgburst-bench sim: every trace under every policy, and each policy that is free to choose its step with every step. What
 * was finished before a signal is reported too.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../common/complain.h"
#include "../verbs.h"
#include "options.h"
#include "report.h"

struct session {
        struct sim_options options;
        struct interrupt interrupt;
        struct trace *traces;
        size_t n_traces;
        struct sim_row *rows;
        size_t n_rows;
        size_t n_runs; /* that there are to be */
};

/* @return how often this policy is to be run: once for each step, if it may have another than its own */
static size_t steps_of(const struct sim_options *options, const struct sim_choice *choice)
{
        bool is_free = choice->policy->step_usec > 0 && choice->policy->step_is_free;

        return is_free && options->n_steps > 0 ? options->n_steps : 1;
}

static int prepare(struct session *session)
{
        const struct sim_options *options = &session->options;
        int error = 0;

        for (size_t i = 0; i < options->n_choices; i++)
                session->n_runs += options->n_traces * steps_of(options, &options->choices[i]);
        session->traces = calloc(options->n_traces, sizeof(*session->traces));
        session->rows = calloc(session->n_runs, sizeof(*session->rows));
        if (!session->traces || !session->rows)
                return complain(-ENOMEM, "the list of runs");
        for (size_t i = 0; i < options->n_traces && error == 0; i++) {
                error = trace_load(&session->traces[i], options->traces[i], options->cpus);
                session->n_traces += error == 0;
        }
        return error;
}

static void tell_progress(const struct session *session)
{
        const struct sim_row *row = &session->rows[session->n_rows - 1];

        fprintf(stderr, "%s%s, %s: done in %.2f s, %zu of %zu%s", isatty(STDERR_FILENO) ? "\r" : "", row->plan.trace->name,
                row->plan.choice->name, row->result.elapsed_sec, session->n_rows, session->n_runs,
                isatty(STDERR_FILENO) ? "\033[K" : "\n");
        if (isatty(STDERR_FILENO) && session->n_rows == session->n_runs)
                fputc('\n', stderr);
}

static int run_one(struct session *session, const struct trace *trace, const struct sim_choice *choice, uint64_t step_usec)
{
        const struct sim_options *options = &session->options;
        struct sim_row *row = &session->rows[session->n_rows];
        int error;

        row->plan = (struct sim_plan){
                .trace = trace,
                .choice = choice,
                .cpus = options->cpus,
                .hogs = options->hogs,
                .lanes = options->lanes,
                .come_and_go = options->come_and_go,
                .step_usec = step_usec,
                .series_usec = options->series_usec,
                .interrupt = &session->interrupt,
        };
        error = sim_run(&row->result, &row->plan);
        if (error < 0)
                return error;
        session->n_rows++;
        tell_progress(session);
        return 0;
}

static int run_trace(struct session *session, const struct trace *trace)
{
        const struct sim_options *options = &session->options;

        for (size_t i = 0; i < options->n_choices; i++)
                for (size_t k = 0; k < steps_of(options, &options->choices[i]); k++) {
                        uint64_t step_usec = options->n_steps > 0 ? options->steps_usec[k] : 0;
                        int error = run_one(session, trace, &options->choices[i], step_usec);

                        if (error < 0)
                                return error;
                }
        return 0;
}

static int report(const struct session *session)
{
        size_t first = 0;

        if (session->options.json)
                return sim_report_json(session->rows, session->n_rows, stdout);
        for (size_t i = 1; i <= session->n_rows; i++)
                if (i == session->n_rows || session->rows[i].plan.trace != session->rows[first].plan.trace) {
                        if (first > 0)
                                putchar('\n');
                        sim_report_print(&session->rows[first], i - first, stdout);
                        first = i;
                }
        fflush(stdout);
        return 0;
}

static void free_session(struct session *session)
{
        for (size_t i = 0; i < session->n_rows; i++)
                sim_result_free(&session->rows[i].result);
        for (size_t i = 0; i < session->n_traces; i++)
                trace_free(&session->traces[i]);
        free(session->rows);
        free(session->traces);
}

static int simulate(struct session *session)
{
        int error = prepare(session), reported;

        for (size_t i = 0; i < session->n_traces && error == 0; i++)
                error = run_trace(session, &session->traces[i]);
        reported = error == 0 || session->n_rows > 0 ? report(session) : 0;
        if (error == -EINTR)
                fputs("\ncgburst-bench: interrupted; what was finished until then is above\n", stderr);
        free_session(session);
        return error < 0 ? error : reported;
}

int verb_sim(int argc, char **argv)
{
        struct session session = {0};
        int error = sim_options_parse(&session.options, argc, argv);

        if (error)
                return error < 0 ? 2 : 0;
        error = interrupt_open(&session.interrupt);
        if (error < 0)
                return 1;
        error = simulate(&session);
        interrupt_close(&session.interrupt);
        return error < 0;
}
