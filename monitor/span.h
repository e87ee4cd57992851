/* Recorded time, minute by minute: reads a span from a source in slices and hands the frames over in order,
 * while the next slice is already being read. Serves catching up, replay, evaluation and repair.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_SPAN_H
#define PSM_MONITOR_SPAN_H

#include "archive/source.h"
#include "features/record.h"

struct span;

struct span_options {
    uv_loop_t *loop;
    struct source *source;
    struct grid *grid; /* carries each channel's state across slices, and on into live polling */
    const struct fleet *fleet;
    tstamp_ns from, to; /* frames at from, from + period, … < to */
    tstamp_ns period;
    size_t slice;     /* minutes per slice; 0: a day */
    tstamp_ns newest; /* the archive holds nothing later; 0: not known */
    /* One frame, borrowed. False: no more for now; span_resume asks for the next one. */
    bool (*on_frame)(void *arg, const struct frame *f);
    /* Once, on the loop, after the last frame or when a slice could not be read at all (err: why). */
    void (*on_done)(void *arg, const struct err *err);
    void *arg;
};

/* Starts reading; copies the options, borrows what they point to. */
struct span *span_start(const struct span_options *o);
void span_resume(struct span *s);

/* Gives up without on_done, cancelling what it asked of the source, or frees after it. NULL is fine. */
void span_free(struct span *s);

/* Readings received so far. */
uint64_t span_samples(const struct span *s);

#endif
