/* Why a row stands out; see why.h. SPDX-License-Identifier: MIT */
#include "detectors/table/why.h"

#include <math.h>
#include <stdio.h>

#define LASTING 0.6 /* mean deviation as a share of its root mean square: a shift, not unrest */

size_t why_top(const struct tracks *t, const struct track_null *n, int which)
{
    const double *now = t->square[which], *usual = n->square[which / TRACK_SPEEDS];
    size_t top = 0;
    for (size_t j = 1; j < t->d; j++)
        if (now[j] - usual[j] > now[top] - usual[top])
            top = j;
    return top;
}

const char *why_span(char out[], size_t size, tstamp_ns span)
{
    double s = (double)span / (double)NS_PER_S;
    if (s < 120)
        snprintf(out, size, "%.3g s", s);
    else if (s < 7200)
        snprintf(out, size, "%.3g min", s / 60);
    else if (s < 2 * 86400)
        snprintf(out, size, "%.3g h", s / 3600);
    else
        snprintf(out, size, "%.3g d", s / 86400);
    return out;
}

static void add(char out[], size_t size, const char *text)
{
    size_t n = 0;
    while (n < size && out[n])
        n++;
    if (n < size)
        snprintf(out + n, size - n, "%s", text);
}

void why_text(char out[], size_t size, const struct why *w)
{
    int speed = w->which % TRACK_SPEEDS;
    double mean = w->tracks->deviation[speed][w->top];
    double rms = sqrt(w->tracks->deviation2[speed][w->top]);
    double usual = sqrt(fmax(w->null->deviation2[w->top], 1e-12));
    const char *from = w->tracks->d > 1 ? "what the other signals imply" : "its usual value";
    char text[96];
    if (fabs(mean) >= LASTING * rms)
        snprintf(out, size, "%s averages %.3g %s %s (%.2g times the usual deviation)", w->name,
                 fabs(mean) * w->scale, mean > 0 ? "above" : "below", from, fabs(mean) / usual);
    else
        snprintf(out, size, "%s swings by %.3g around %s (%.2g times as widely as usual)", w->name,
                 rms * w->scale, from, rms / usual);
    if (isnan(w->now))
        add(out, size, ", now missing");
    else {
        snprintf(text, sizeof text, ", now %.5g", w->now);
        add(out, size, text);
    }
    double rows = ceil(1 / track_lambda[speed]);
    add(out, size, ", over about ");
    add(out, size, why_span(text, sizeof text, (tstamp_ns)(rows * (double)w->period)));
    if (w->missing > 0) {
        snprintf(text, sizeof text, "; %zu signals without a value", w->missing);
        add(out, size, text);
    }
}
