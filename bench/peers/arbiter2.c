/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Arbiter2 (University of Utah, for HPC login nodes). Every 30 s a user's badness rises if it used more than a part t of its
 * quota, the more the more it used, and falls if it used less. From 0, steady use of t takes 600 s to 100; idleness takes
 * 1800 s back to 0. At 100 it is an offence: the quota shrinks for a while, to 0.8 for 30 min the first time, to 0.5 for an
 * hour, to 0.3 for two hours. Then badness begins at 0 again. An offence is forgotten after 3 h.
 *
 * It keeps a log, not a balance: short work is never favoured, and a penalty holds on an empty machine as well.
 */

#include "arbiter2.h"

#define BADNESS_MAX 100.0
#define STEP_SEC 30.0
#define RISE_SEC 600.0  /* from 0 to 100 at the threshold */
#define FALL_SEC 1800.0 /* from 100 to 0 when idle */
#define MINUTE_USEC UINT64_C(60000000)
#define FORGET_USEC (180 * MINUTE_USEC)

static const struct {
        double quota;
        uint64_t usec;
} penalties[] = {
        {.8, 30 * MINUTE_USEC},
        {.5, 60 * MINUTE_USEC},
        {.3, 120 * MINUTE_USEC},
};

#define N_PENALTIES (sizeof(penalties) / sizeof(penalties[0]))

/* A sum of steps that should be 100 may be 99.99999999999999. */
#define ROUNDING 1e-9

struct arbiter2 arbiter2_start(void)
{
        return (struct arbiter2){.quota = 1};
}

double arbiter2_badness(double badness, double use, double threshold)
{
        if (use >= threshold)
                badness += use * BADNESS_MAX * STEP_SEC / (RISE_SEC * threshold);
        else
                badness -= (1 - use) * BADNESS_MAX * STEP_SEC / FALL_SEC;
        return badness < 0 ? 0 : badness > BADNESS_MAX - ROUNDING ? BADNESS_MAX : badness;
}

static void penalise(struct arbiter2 *state, uint64_t now_usec)
{
        unsigned grade = state->offences < N_PENALTIES ? state->offences : N_PENALTIES - 1;

        state->offences = grade + 1;
        state->offended_usec = now_usec;
        state->penalty_until_usec = now_usec + penalties[grade].usec;
        state->quota = penalties[grade].quota;
        state->badness_cpu = state->badness_memory = 0;
}

static void forget(struct arbiter2 *state, uint64_t now_usec)
{
        while (state->offences > 0 && now_usec - state->offended_usec >= FORGET_USEC) {
                state->offences--;
                state->offended_usec += FORGET_USEC;
        }
}

double arbiter2_step(struct arbiter2 *state, double cpu, double memory, uint64_t now_usec)
{
        forget(state, now_usec);
        if (state->penalty_until_usec > now_usec)
                return state->quota;
        state->penalty_until_usec = 0;
        state->quota = 1;
        state->badness_cpu = arbiter2_badness(state->badness_cpu, cpu, ARBITER2_THRESHOLD_CPU);
        state->badness_memory = arbiter2_badness(state->badness_memory, memory, ARBITER2_THRESHOLD_MEMORY);
        if (state->badness_cpu >= BADNESS_MAX || state->badness_memory >= BADNESS_MAX)
                penalise(state, now_usec);
        return state->quota;
}
