/* Signals that do less than their site may think; see signals.h. SPDX-License-Identifier: MIT */
#include "monitor/signals.h"

#include "base/text/spelling.h"

#include <assert.h>

static const struct channel *first_of(const struct fleet *f, uint32_t signal, size_t *n)
{
    const struct channel *first = NULL;
    *n = 0;
    for (size_t c = 0; c < f->n_channels; c++)
        if (f->channels[c].signal == signal) {
            first = first ? first : &f->channels[c];
            ++*n;
        }
    return first;
}

/* The ones of the six that the name of a channel's signal may stand for; not what its supply has too. */
static struct spelling meant(const struct fleet *f, const struct channel *c)
{
    struct spelling s = spelling_of(f->signals.name[c->signal]);
    for (uint32_t k = 0; k < SIGNAL_KNOWN; k++)
        if (f->supplies[c->supply].known[k] < 0)
            spelling_offer(&s, f->signals.name[k]);
    return s;
}

static void warn_unknown(const struct fleet *f, const char *path, FILE *to)
{
    for (uint32_t i = SIGNAL_KNOWN; i < f->signals.n; i++) {
        size_t n;
        const struct channel *first = first_of(f, i, &n);
        assert(first); /* signals are those of channels */
        const struct spelling s = meant(f, first);
        const char *best = spelling_best(&s);
        fprintf(to,
                "psmon: warning: %s: `%s` is not one of the six: treated without physics%s%s%s (%zu "
                "channel%s, %s first)\n",
                path, f->signals.name[i], best ? "; did you mean " : "", best ? best : "", best ? "?" : "", n,
                n == 1 ? "" : "s", first->pv);
    }
}

static void warn_missing(const struct fleet *f, const char *path, FILE *to)
{
    static const struct {
        enum signal signal;
        const char *loses;
    } needed[] = {
        {SIGNAL_CURRENT, "nothing of theirs is explained by physics, and every minute counts as steady"},
        {SIGNAL_DAC, "their current is compared as it is, not with what was asked for"},
    };
    for (size_t k = 0; k < sizeof needed / sizeof *needed; k++) {
        size_t n = 0, first = 0;
        for (size_t s = 0; s < f->n_supplies; s++)
            if (f->supplies[s].known[needed[k].signal] < 0 && n++ == 0)
                first = s;
        if (n)
            fprintf(to, "psmon: warning: %s: %zu of %zu supplies have no '%s' (%s first): %s\n", path, n,
                    f->n_supplies, f->signals.name[needed[k].signal], f->supplies[first].name,
                    needed[k].loses);
    }
}

void signals_warn(const struct fleet *f, const char *fleet_path, FILE *to)
{
    warn_unknown(f, fleet_path, to);
    warn_missing(f, fleet_path, to);
}
