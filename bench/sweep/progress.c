/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "../common/clock.h"
#include "progress.h"

#define BAR_WIDTH 30
#define BAR_USEC (USEC_PER_SEC / 5)

void progress_begin(struct progress *ret, size_t done, size_t n)
{
        *ret = (struct progress){
                .bar = isatty(STDERR_FILENO), .before = done, .n = n, .tenths = 10 * done / n, .began_usec = now_usec()};
        if (done > 0)
                fprintf(stderr, "%zu of %zu runs are in the state file already\n", done, n);
}

double progress_left_sec(size_t before, size_t done, size_t n, double elapsed_sec)
{
        return done > before ? elapsed_sec / (double)(done - before) * (double)(n - done) : NAN;
}

static void tell_left(double seconds)
{
        if (isnan(seconds))
                fputs("time left: not known yet", stderr);
        else if (seconds >= 60)
                fprintf(stderr, "%.0f min %02.0f s left", floor(seconds / 60), floor(fmod(seconds, 60)));
        else
                fprintf(stderr, "%.0f s left", seconds);
}

static void draw_bar(const struct progress *progress, size_t done)
{
        fputs("\r[", stderr);
        for (size_t i = 0; i < BAR_WIDTH; i++)
                fputc(i < BAR_WIDTH * done / progress->n ? '#' : '.', stderr);
        fputs("] ", stderr);
}

void progress_tell(struct progress *progress, size_t done)
{
        uint64_t now = now_usec();
        size_t tenths = 10 * done / progress->n;

        if (progress->bar ? done < progress->n && now - progress->told_usec < BAR_USEC : tenths == progress->tenths)
                return;
        progress->told_usec = now;
        progress->tenths = tenths;
        if (progress->bar)
                draw_bar(progress, done);
        fprintf(stderr, "%zu of %zu runs, ", done, progress->n);
        tell_left(progress_left_sec(progress->before, done, progress->n, (double)(now - progress->began_usec) / 1e6));
        fputs(progress->bar ? "\033[K" : "\n", stderr);
}

void progress_end(struct progress *progress)
{
        if (progress->bar)
                fputc('\n', stderr);
}
