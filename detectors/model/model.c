/* The trained model in memory; see model.h, internal.h. SPDX-License-Identifier: MIT */
#include "detectors/model/internal.h"

#include "base/mem.h"
#include "base/text/words.h"

#include <math.h>
#include <stdlib.h>

const char *fit_name(enum fit f)
{
    static const char *const names[FIT_COUNT] = {"fitted",
                                                 "no readings",
                                                 "its physics could not be fitted",
                                                 "never steady",
                                                 "too few steady minutes",
                                                 "not in the model as it is now"};
    return names[f];
}

struct model *model_new(const struct fleet *f)
{
    struct model *m = xcalloc(1, sizeof *m);
    m->fleet = f;
    m->layout = feature_layout_new(f);
    size_t s = f->n_supplies, w = m->layout->width;
    reference_init(&m->ref, s, w);
    kinds_init(&m->kinds, f, m->layout);
    m->min_effect = xcalloc(s, w * sizeof *m->min_effect);
    m->fit = xcalloc(s, sizeof *m->fit);
    m->largest = xcalloc(f->n_channels, sizeof *m->largest);
    m->deadband = xcalloc(f->n_channels, sizeof *m->deadband);
    return m;
}

void model_set_times(struct model *m, tstamp_ns from, tstamp_ns to, tstamp_ns period, unsigned window_minutes)
{
    m->from = from;
    m->to = to;
    m->period = period;
    m->per_hour = (unsigned)(NS_PER_HOUR / period);
    m->window_minutes = window_minutes;
    size_t hours = window_minutes / m->per_hour;
    measures_init(&m->measures, &(struct reference_span){.table = m->table,
                                                         .length = to - from,
                                                         .shortest_hours = hours ? hours : 1});
}

size_t model_tails(const struct model *m, size_t measure)
{
    return measures_row(&m->measures.at[measure]) ? 1 : m->kinds.n;
}

void model_init_calibration(struct model *m)
{
    size_t s = m->fleet->n_supplies, w = m->layout->width;
    supply_kinds_init(&m->supply_kinds, &m->kinds, s, w);
    for (size_t i = 0; i < m->measures.n; i++) {
        scale_init(&m->scale[i], &m->measures.at[i], s, m->supply_kinds.n, w);
        m->tail[i] = xcalloc(model_tails(m, i), sizeof *m->tail[i]);
    }
}

void model_derive(struct model *m)
{
    size_t S = m->fleet->n_supplies, w = m->layout->width;
    for (size_t i = 0; i < S * w; i++)
        if (!m->ref.present[i])
            m->kinds.of[i] = KIND_NONE;
    for (size_t s = 0; s < S; s++)
        m->n_scored += m->fit[s] == FIT_OK;
    model_init_calibration(m);
}

void model_free(struct model *m)
{
    if (!m)
        return;
    physics_free(m->physics);
    for (size_t i = 0; i < statistics_count(); i++)
        if (m->learned[i])
            statistics[i]->forget(m->learned[i]);
    reference_fini(&m->ref);
    kinds_fini(&m->kinds);
    supply_kinds_fini(&m->supply_kinds);
    for (size_t i = 0; i < m->measures.n; i++) {
        scale_fini(&m->scale[i]);
        free(m->tail[i]);
    }
    feature_layout_free(m->layout);
    free(m->min_effect);
    group_model_fini(&m->groups);
    free(m->fit);
    free(m->largest);
    free(m->deadband);
    free(m->known);
    free(m->lacks);
    free(m->summary);
    free(m);
}

void model_period(const struct model *m, tstamp_ns *from, tstamp_ns *to)
{
    *from = m->from;
    *to = m->to;
}

const bool *model_deadband(const struct model *m)
{
    return m->deadband;
}

const bool *model_known(const struct model *m)
{
    return m->known;
}

const char *model_lacks(const struct model *m)
{
    return m->lacks ? m->lacks : "";
}

const char *model_summary(const struct model *m)
{
    return m->summary ? m->summary : "";
}

int model_suits(const struct model *m, tstamp_ns window, tstamp_ns period, struct err *err)
{
    if (period != m->period)
        return err_set(err, ERR_CONFIG, "trained on a grid of %g s, period is %g s; train again",
                       (double)m->period / (double)NS_PER_S, (double)period / (double)NS_PER_S);
    if (window != (tstamp_ns)m->window_minutes * period)
        return err_set(err, ERR_CONFIG, "trained with window %g h, window is %g h; train again",
                       (double)(m->window_minutes * period) / (double)NS_PER_HOUR,
                       (double)window / (double)NS_PER_HOUR);
    return 0;
}

void model_yardstick(const struct model *m, const struct scale scale[], size_t supply, struct yardstick *out)
{
    size_t w = m->layout->width, at = supply * w;
    *out = (struct yardstick){.measures = &m->measures,
                              .width = w,
                              .kind = m->kinds.of + at,
                              .min_effect = m->min_effect + at,
                              .minute_spread = m->ref.spread + at};
    for (size_t i = 0; i < m->measures.n; i++) {
        const struct scale *s = &scale[i];
        out->scale[i] =
            (struct scale){.mid = s->mid ? s->mid + at : NULL,
                           .spread = s->spread + at,
                           .inverse = s->inverse ? s->inverse + m->supply_kinds.of[supply] * w * w : NULL};
        out->tail[i] = m->tail[i];
    }
}

/* The column of a channel's level in its supply's rows; -1: none. */
static int64_t level_of(const struct model *m, uint32_t channel)
{
    uint32_t supply = m->fleet->channels[channel].supply;
    for (size_t c = 0; c < m->layout->n_levels[supply]; c++)
        if (feature_at(m->layout, supply, c)->channel == channel)
            return (int64_t)c;
    return -1;
}

bool model_usual(const struct model *m, uint32_t channel, struct model_usual *out)
{
    size_t supply = m->fleet->channels[channel].supply;
    int64_t level = level_of(m, channel);
    size_t cell = supply * m->layout->width + (size_t)level;
    if (level < 0 || m->fit[supply] != FIT_OK || m->kinds.of[cell] == KIND_NONE)
        return false;
    *out = (struct model_usual){.centre = (double)m->ref.hour_centre[cell],
                                .day_spread = (double)m->scale[LEAD].spread[cell],
                                .effect = (double)m->min_effect[cell]};
    return true;
}

double model_chance(const struct model *m, double p)
{
    return 7 * (double)m->n_scored * p;
}

double model_said(const struct model *m, const struct tail *t, double p)
{
    return isnan(p) ? p : fmax(model_chance(m, p), words_chance_floor(model_chance(m, tail_reach(t))));
}

double model_score_share(void)
{
    double share = 1 - GROUP_SHARE;
    for (size_t i = 0; i < statistics_count(); i++)
        share -= statistics[i]->share;
    return share;
}
