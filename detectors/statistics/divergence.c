/* Divergence: Jensen-Shannon divergence, in bits, of a column's last hours from its reference, over quantile
 * bins of the reference. Finds changes of variance and shape. Judged by the hour as a logarithm, since
 * divergences of small windows are skewed and bounded; shown by the minute as it is. docs/detection.md §4.
 * SPDX-License-Identifier: MIT */
#include "detectors/statistics/statistic.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define FLOOR 0.001 /* bits, added before the logarithm */

static size_t windows(const struct reference_span *r, size_t hours[WINDOWS_MAX])
{
    hours[0] = r->shortest_hours;
    return 1;
}

static void window(const struct window *in, float out[])
{
    for (size_t c = 0; c < in->hours->width; c++) {
        uint32_t counts[HIST_BINS];
        bool enough = hours_counts(in->hours, in->end, in->lo, in->length, c, counts);
        const uint32_t *reference = in->reference->counts + (in->at + c) * HIST_BINS;
        out[c] = enough ? (float)log(hist_jsd(counts, reference) + FLOOR) : NAN;
    }
}

/* ---- the plain divergence of each channel's residual, minute by minute ---- */

struct live {
    struct place place;
    struct hist_windows *windows; /* [C] */
    float *in;                    /* [C] */
};

static void *open(const struct place *p)
{
    struct live *l = xcalloc(1, sizeof *l);
    l->place = *p;
    l->windows = hist_windows_new(p->fleet->n_channels, p->window_minutes);
    l->in = xcalloc(p->fleet->n_channels, sizeof *l->in);
    for (size_t c = 0; c < p->fleet->n_channels; c++) {
        size_t cell = p->fleet->channels[c].supply * p->layout->width + (size_t)p->level[c];
        if (p->level[c] >= 0 && p->reference->present[cell])
            hist_windows_reference(l->windows, c, p->reference->edges + cell * (HIST_BINS - 1),
                                   p->reference->counts + cell * HIST_BINS);
    }
    return l;
}

static void close(void *live)
{
    struct live *l = live;
    hist_windows_free(l->windows);
    free(l->in);
    free(l);
}

static void minute(void *live, const struct minute *m, float *const figure[])
{
    struct live *l = live;
    for (size_t c = 0; c < l->place.fleet->n_channels; c++) {
        size_t i = l->place.fleet->channels[c].supply;
        size_t cell = i * l->place.layout->width + (size_t)l->place.level[c];
        bool none = l->place.level[c] < 0 || !m->counts[cell];
        l->in[c] = none ? NAN : m->features->x[cell];
    }
    hist_windows_push(l->windows, l->in, figure[0]);
}

static const uint16_t *counts(const void *live, uint32_t channel)
{
    const struct live *l = live;
    return hist_windows_counts(l->windows, channel);
}

extern const struct statistic statistic_divergence;
const struct statistic statistic_divergence = {
    .name = "divergence",
    .words = "distribution of the last hours against the reference",
    .figure = {{"jsd", "divergence", "bit", true, true, NULL}},
    .of = OF_BOTH,
    .standard = STANDARD_MEDIAN,
    .least_scale = 0.05f, /* of log(JSD + FLOOR) */
    .of_shape = true,
    .windows = windows,
    .window = window,
    .open = open,
    .close = close,
    .minute = minute,
    .counts = counts,
};
