/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Koordinator (Kubernetes), CPU burst. A container that was throttled gets a fifth more quota, up to three times its base,
 * while less than half of the node is used; in the band below that, from nine tenths of it on, quotas stay as they are;
 * above it they shrink by a fifth, down to the base. A bucket of tokens for each container ends a burst that lasts: using
 * its base or more takes from it, using less than 0.6 of it puts back.
 *
 * It raises a quota after the throttling, a fifth at a time, and takes it away where the node is busy: when it would matter.
 */

#include "koordinator.h"

#define GROW 1.2
#define SHRINK 0.8
#define QUOTA_MAX 3.0    /* of the base */
#define NODE_BUSY 0.5    /* part of the node's CPUs */
#define COOLING 0.9      /* of NODE_BUSY: from here on nobody grows */
#define CONSUME_FROM 1.0 /* use over base */
#define SAVE_BELOW 0.6

/*
 * How long a burst at three times the base lasts from a full bucket. Ours: the size is the operator's to set, and no default
 * limits it.
 */
#define BUCKET_SEC 300.0

static double bucket_size(double base)
{
        return (QUOTA_MAX - 1) * base * BUCKET_SEC;
}

static double clamp(double number, double min, double max)
{
        return number < min ? min : number > max ? max : number;
}

struct koordinator koordinator_start(double base)
{
        return (struct koordinator){.quota = base, .tokens_sec = bucket_size(base)};
}

static void settle_tokens(struct koordinator *state, double base, const struct koordinator_sample *sample)
{
        double use = sample->used / base;

        if (use >= CONSUME_FROM || use < SAVE_BELOW)
                state->tokens_sec =
                        clamp(state->tokens_sec + (base - sample->used) * sample->elapsed_sec, 0, bucket_size(base));
}

double koordinator_step(struct koordinator *state, double base, double node_use, const struct koordinator_sample *sample)
{
        settle_tokens(state, base, sample);
        if (node_use >= NODE_BUSY || state->tokens_sec <= 0)
                state->quota *= SHRINK;
        else if (node_use < NODE_BUSY * COOLING && sample->throttled)
                state->quota *= GROW;
        state->quota = clamp(state->quota, base, base * QUOTA_MAX);
        return state->quota;
}
