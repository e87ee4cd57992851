/* Progress of long work; see progress.h. SPDX-License-Identifier: MIT */
#include "base/progress.h"

#include "base/time/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define QUIET_NS (2 * NS_PER_S)

void progress_start(struct progress *p, const char *what)
{
    *p = (struct progress){.what = what, .started = clock_monotonic()};
    p->shown = p->started;
}

static void print_left(double seconds)
{
    if (seconds < 90)
        fprintf(stderr, "%.0f s left", seconds);
    else
        fprintf(stderr, "%.0f min left", seconds / 60);
}

void progress_update(struct progress *p, double done, double total)
{
    if (!p || !(total > 0))
        return;
    tstamp_ns now = clock_monotonic(), elapsed = now - p->started;
    int terminal = isatty(STDERR_FILENO); /* else a log: whole lines, and few of them */
    if (elapsed < QUIET_NS || now - p->shown < (terminal ? NS_PER_S / 5 : 10 * NS_PER_S))
        return;
    p->shown = now;
    p->phase_shown = 1;
    double part = done < total ? done / total : 1;
    if (terminal) {
        char bar[31];
        for (int i = 0; i < 30; i++)
            bar[i] = i < (int)(part * 30) ? '#' : '.';
        bar[30] = '\0';
        fprintf(stderr, "\r%-28s [%s] %3.0f %%  ", p->what, bar, 100 * part);
    } else {
        fprintf(stderr, "%s: %.0f %%, ", p->what, 100 * part);
    }
    if (part > 0)
        print_left((double)elapsed / 1e9 * (1 - part) / part);
    fputs(terminal ? "\033[K" : "\n", stderr);
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (!p || !p->phase_shown)
        return;
    double seconds = (double)(clock_monotonic() - p->started) / 1e9;
    fprintf(stderr, "%s%s: done in %.1f s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", p->what, seconds);
    p->phase_shown = 0;
}

void progress_stage(struct progress *p, const char *stage, double done, double total)
{
    if (!p->what || strcmp(p->what, stage) != 0) {
        progress_end(p);
        progress_start(p, stage);
    }
    progress_update(p, done, total);
}
