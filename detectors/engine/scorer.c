/* The streaming detector: a minute in, a tick out; see scorer.h. The hour's work is in hour.c, the
 * fast path in rise.c. SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static float *nan_floats(size_t n)
{
    float *x = xcalloc(n + 1, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = NAN;
    return x;
}

/* ---- set up ---- */

static void init_levels(struct scorer *s)
{
    const struct feature_layout *l = s->layout;
    s->level_of = xcalloc(s->fleet->n_channels, sizeof *s->level_of);
    s->volts_level = xcalloc(l->n_supplies, sizeof *s->volts_level);
    s->magnet_level = xcalloc(l->n_supplies, sizeof *s->magnet_level);
    for (size_t c = 0; c < s->fleet->n_channels; c++)
        s->level_of[c] = -1;
    for (size_t i = 0; i < l->n_supplies; i++) {
        s->volts_level[i] = s->magnet_level[i] = -1;
        for (size_t k = 0; k < l->n_levels[i]; k++) {
            const struct feature_channel *ch = feature_at(l, i, k);
            s->level_of[ch->channel] = (int32_t)k;
            if (ch->kind == FEATURE_VOLTAGE)
                s->volts_level[i] = (int32_t)k;
            if (ch->kind == FEATURE_MAGNET)
                s->magnet_level[i] = (int32_t)k;
        }
    }
}

static void init_batch(struct scorer *s)
{
    struct batch *b = &s->batch;
    size_t n = s->fleet->n_supplies, families = s->fleet->groups[GROUP_FAMILY].n, at = 0;
    b->z = xcalloc(n, s->layout->width * sizeof *b->z);
    b->residual = xcalloc(n, s->layout->width * sizeof *b->residual);
    b->context = xcalloc(n, RECONSTRUCTION_CONTEXT * sizeof *b->context);
    b->error = xcalloc(n, sizeof *b->error);
    b->supply = xcalloc(n, sizeof *b->supply);
    b->order = xcalloc(n, sizeof *b->order);
    b->first = xcalloc(families + 1, sizeof *b->first);
    for (size_t k = 0; k < families; k++) {
        b->first[k] = at;
        for (uint32_t i = 0; i < n; i++)
            if (s->fleet->supplies[i].group[GROUP_FAMILY] == (int32_t)k)
                b->order[at++] = i;
    }
    b->first[families] = at;
}

static void init_windows(struct scorer *s)
{
    const struct reference *ref = &s->model->ref;
    size_t w = s->layout->width;
    s->windows = hist_windows_new(s->fleet->n_channels, s->o.window_minutes);
    for (size_t c = 0; c < s->fleet->n_channels; c++) {
        size_t cell = s->fleet->channels[c].supply * w + (size_t)s->level_of[c];
        if (s->level_of[c] >= 0 && ref->present[cell])
            hist_windows_reference(s->windows, c, ref->edges + cell * (HIST_BINS - 1),
                                   ref->counts + cell * HIST_BINS);
    }
}

static void init_model(struct scorer *s)
{
    const struct model *m = s->model;
    size_t n = s->fleet->n_supplies, w = s->layout->width;
    s->per_hour = m->per_hour;
    s->n_hours = m->divergence_hours;
    for (size_t i = 0; i < m->windows; i++)
        s->n_hours = m->window[i] > s->n_hours ? m->window[i] : s->n_hours;
    s->minutes = nan_floats(n * s->per_hour * w);
    s->hours = xcalloc(n, sizeof *s->hours);
    for (size_t i = 0; i < n; i++)
        hours_init(&s->hours[i], s->n_hours, w, (unsigned)s->per_hour);
    s->trail = nan_floats(n * TRAIL_HOURS * w);
    s->scores = nan_floats(n * DAY_SCORES);
    s->recent = xcalloc(n, s->o.window_minutes);
    s->recent_n = xcalloc(n, sizeof *s->recent_n);
    s->window_in = nan_floats(s->fleet->n_channels);
    s->rise = nan_floats(n);
    s->volts = nan_floats(n * VOLTS_KEPT);
    s->events = xcalloc(n, sizeof *s->events);
    s->explained = xcalloc(n, sizeof *s->explained);
    s->hour_chance = xcalloc(n, sizeof *s->hour_chance);
    s->moved = xcalloc(n, w);
    raw_init(&s->raw, m->windows, w);
    rate_init(&s->rate, n);
    init_batch(s);
    init_windows(s);
    double p = 10 * s->o.budget / model_chance(m, 1);
    s->cap = s->o.ungated ? (double)INFINITY : p < 1 ? tail_quantile(&m->tails.day, p) : 0;
}

static void init_shown(struct scorer *s)
{
    size_t n = s->fleet->n_supplies, c = s->fleet->n_channels;
    s->shown = (struct shown){.reason = xcalloc(n, 1),
                              .mode = xcalloc(n, 1),
                              .residual = nan_floats(c),
                              .jsd = nan_floats(c),
                              .by = nan_floats(c),
                              .reconstruction = nan_floats(n),
                              .score = nan_floats(n),
                              .chance = nan_floats(n)};
    s->shown.figures[0] = (struct figure){"jsd", "divergence", "bit", true, true, s->shown.jsd};
    s->shown.figures[1] =
        (struct figure){"reconstruction", "reconstruction error", "", false, true, s->shown.reconstruction};
    s->shown.figures[2] = (struct figure){"reconstruction", "reconstruction", "sd", true, false, s->shown.by};
}

struct scorer *scorer_new(const struct model *model, const struct fleet *f, const struct maintenance *m,
                          const struct scorer_options *o)
{
    struct scorer *s = xcalloc(1, sizeof *s);
    s->model = model;
    s->fleet = f;
    s->maintenance = m;
    s->o = *o;
    s->hour = INT64_MIN;
    if (!model)
        s->own_layout = feature_layout_new(f);
    s->layout = model ? model->layout : s->own_layout;
    s->features = features_new(f, s->layout, model ? model->physics : NULL);
    s->data_quality = data_quality_new(f, model ? model->had_data : NULL);
    s->tracker = tracker_new();
    s->in_maintenance = xcalloc(f->n_supplies, sizeof *s->in_maintenance);
    s->usable = xcalloc(f->n_supplies, sizeof *s->usable);
    s->unknown = xcalloc(f->n_supplies, sizeof *s->unknown);
    init_levels(s);
    init_shown(s);
    if (model)
        init_model(s);
    return s;
}

static void free_model_part(struct scorer *s)
{
    for (size_t i = 0; s->hours && i < s->fleet->n_supplies; i++)
        hours_fini(&s->hours[i]);
    free(s->hours);
    hist_windows_free(s->windows);
    rate_fini(&s->rate);
    raw_fini(&s->raw);
    void *arrays[] = {s->minutes,        s->trail,       s->scores,       s->recent,      s->recent_n,
                      s->window_in,      s->rise,        s->volts,        s->events,      s->explained,
                      s->hour_chance,    s->moved,       s->proposal,     s->batch.z,     s->batch.context,
                      s->batch.residual, s->batch.error, s->batch.supply, s->batch.order, s->batch.first};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
}

void scorer_free(struct scorer *s)
{
    if (!s)
        return;
    if (s->model)
        free_model_part(s);
    features_free(s->features);
    data_quality_free(s->data_quality);
    tracker_free(s->tracker);
    feature_layout_free(s->own_layout);
    void *arrays[] = {s->in_maintenance, s->usable,       s->unknown,      s->level_of,
                      s->volts_level,    s->magnet_level, s->shown.reason, s->shown.mode,
                      s->shown.residual, s->shown.jsd,    s->shown.by,     s->shown.reconstruction,
                      s->shown.score,    s->shown.chance};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    free(s);
}

void scorer_restore(struct scorer *s, const struct finding open[], size_t n)
{
    tracker_restore(s->tracker, open, n);
}

void scorer_change(struct scorer *s, const struct maintenance *m, double budget)
{
    s->maintenance = m;
    s->o.budget = budget;
}

tstamp_ns scorer_warm_up(void)
{
    return 28 * NS_PER_HOUR; /* 24 h windows, and the settling before them */
}

/* ---- a minute ---- */

/* A supply's own maintenance ends its past: what was wrong may be mended. */
static void forget_supply(struct scorer *s, uint32_t i)
{
    size_t w = s->layout->width;
    hours_clear(&s->hours[i]);
    for (size_t k = 0; k < s->per_hour * w; k++)
        s->minutes[i * s->per_hour * w + k] = NAN;
    for (size_t k = 0; k < DAY_SCORES; k++)
        s->scores[i * DAY_SCORES + k] = NAN;
    for (size_t k = 0; k < TRAIL_HOURS * w; k++)
        s->trail[i * TRAIL_HOURS * w + k] = NAN;
}

static void step_maintenance(struct scorer *s, tstamp_ns t)
{
    bool *before = s->usable; /* scratch until judge_minutes */
    memcpy(before, s->in_maintenance, s->fleet->n_supplies * sizeof *before);
    maintenance_mask(s->maintenance, s->fleet, t, s->in_maintenance);
    for (uint32_t i = 0; s->model && i < s->fleet->n_supplies; i++) {
        if (!s->in_maintenance[i] || before[i])
            continue;
        const struct maintenance_period *p = maintenance_at(s->maintenance, s->fleet, i, t);
        if (p && p->supply >= 0)
            forget_supply(s, i);
    }
}

/* Which supplies' minute counts. */
static void judge_minutes(struct scorer *s, const struct feature_frame *ff)
{
    const bool *frozen = data_quality_frozen(s->data_quality);
    for (size_t i = 0; i < s->fleet->n_supplies; i++) {
        float at = ff->context[i * RECONSTRUCTION_CONTEXT];
        bool steady = s->model->fit[i] == FIT_OK && ff->mode[i] == MODE_STEADY;
        s->unknown[i] = ff->mode[i] == MODE_STEADY && (s->model->fit[i] == FIT_NEVER_STEADY ||
                                                       (steady && !reference_knows(&s->model->ref, i, at)));
        s->usable[i] = steady && !s->unknown[i] && !s->in_maintenance[i] && !frozen[i];
        uint8_t *slot = &s->recent[i * s->o.window_minutes + s->recent_at];
        s->recent_n[i] = (uint16_t)(s->recent_n[i] + s->usable[i] - *slot);
        *slot = s->usable[i];
    }
    s->recent_at = (s->recent_at + 1) % s->o.window_minutes;
}

static void put_minute(struct scorer *s, const struct feature_frame *ff, size_t minute)
{
    size_t w = s->layout->width;
    for (size_t i = 0; i < s->fleet->n_supplies; i++)
        if (s->usable[i])
            memcpy(s->minutes + (i * s->per_hour + minute) * w, ff->x + i * w, w * sizeof *ff->x);
}

/* Plain divergence of each channel's residual over its window. */
static void step_windows(struct scorer *s, const struct feature_frame *ff)
{
    size_t w = s->layout->width;
    for (size_t c = 0; c < s->fleet->n_channels; c++) {
        size_t i = s->fleet->channels[c].supply;
        bool none = s->level_of[c] < 0 || !s->usable[i];
        s->window_in[c] = none ? NAN : ff->x[i * w + (size_t)s->level_of[c]];
    }
    hist_windows_push(s->windows, s->window_in, s->shown.jsd);
}

/* One supply's row for its network; false when it is not whole. */
static bool standardise(const struct scorer *s, size_t i, const struct feature_frame *ff, float z[])
{
    const struct reference *ref = &s->model->ref;
    size_t w = s->layout->width;
    for (size_t c = 0; c < w; c++) {
        size_t cell = i * w + c;
        z[c] = (ff->x[cell] - ref->centre[cell]) / ref->spread[cell];
        if (ref->present[cell] && isnan(z[c]))
            return false;
    }
    return true;
}

static void show_reconstruction(struct scorer *s, size_t i, const float residual[], float error)
{
    struct hours *h = &s->hours[i];
    s->shown.reconstruction[i] = error;
    if (isnan(error))
        return;
    h->reconstruction_n[h->n - 1]++;
    for (size_t c = 0; c < h->width; c++)
        h->reconstruction[(h->n - 1) * h->width + c] += residual[c];
    for (size_t k = 0; k < s->layout->n_levels[i]; k++)
        s->shown.by[feature_at(s->layout, i, k)->channel] = residual[k];
}

static void step_reconstruction(struct scorer *s, const struct feature_frame *ff)
{
    struct batch *b = &s->batch;
    size_t w = s->layout->width;
    for (size_t family = 0; family < reconstruction_families(s->model->reconstruction); family++) {
        size_t n = 0;
        for (size_t k = b->first[family]; k < b->first[family + 1]; k++) {
            uint32_t i = b->order[k];
            if (!s->usable[i] || !standardise(s, i, ff, b->z + n * w))
                continue;
            memcpy(b->context + n * RECONSTRUCTION_CONTEXT, ff->context + i * RECONSTRUCTION_CONTEXT,
                   RECONSTRUCTION_CONTEXT * sizeof *b->context);
            b->supply[n++] = i;
        }
        if (n)
            reconstruction_residual(s->model->reconstruction, family, b->supply, b->z, b->context, n,
                                    b->residual, b->error);
        for (size_t k = 0; k < n; k++)
            show_reconstruction(s, b->supply[k], b->residual + k * w, b->error[k]);
    }
}

static void show_residuals(struct scorer *s, const struct feature_frame *ff)
{
    for (size_t c = 0; c < s->fleet->n_channels; c++) {
        size_t i = s->fleet->channels[c].supply;
        s->shown.residual[c] = s->level_of[c] < 0 ? NAN
                                                  : ff->x[i * s->layout->width + (size_t)s->level_of[c]];
        s->shown.by[c] = NAN;
    }
    for (size_t i = 0; i < s->fleet->n_supplies; i++)
        s->shown.reconstruction[i] = NAN;
}

/* Makes room for the hour of a minute that ends at t; ends the one before when its last minute is lacking. */
static void begin_minute(struct scorer *s, tstamp_ns t, size_t *minute)
{
    int64_t hour = (t - 1) / NS_PER_HOUR;
    *minute = (size_t)(((t - 1) % NS_PER_HOUR) / (NS_PER_HOUR / (tstamp_ns)s->per_hour));
    if (hour == s->hour)
        return;
    if (s->hour_open)
        scorer_end_hour(s, (s->hour + 1) * NS_PER_HOUR);
    int64_t steps = s->hour == INT64_MIN ? 1 : hour - s->hour;
    size_t row = s->layout->width, n = s->fleet->n_supplies;
    for (int64_t k = 0; k < steps && k < TRAIL_HOURS; k++) {
        for (size_t i = 0; i < n; i++) {
            float *trail = s->trail + i * TRAIL_HOURS * row, *scores = s->scores + i * DAY_SCORES;
            if (k < (int64_t)s->n_hours)
                hours_shift(&s->hours[i]);
            memmove(trail, trail + row, (TRAIL_HOURS - 1) * row * sizeof *trail);
            memmove(scores, scores + 1, (DAY_SCORES - 1) * sizeof *scores);
            scores[DAY_SCORES - 1] = NAN;
            for (size_t c = 0; c < row; c++)
                trail[(TRAIL_HOURS - 1) * row + c] = NAN;
        }
    }
    for (size_t i = 0; i < n * s->per_hour * row; i++)
        s->minutes[i] = NAN;
    s->hour = hour;
    s->hour_open = true;
}

/* ---- the ledger ---- */

static enum reason reason_without_data(const struct scorer *s, const struct frame *in, size_t i)
{
    const struct supply *sup = &s->fleet->supplies[i];
    bool stale = false;
    for (uint32_t k = 0; k < sup->n_channels; k++)
        stale |= in->quality[sup->first_channel + k] == QUALITY_STALE;
    return stale ? REASON_STALE : REASON_MISSING;
}

static bool has_data(const struct scorer *s, const struct frame *in, size_t i)
{
    const struct supply *sup = &s->fleet->supplies[i];
    for (uint32_t k = 0; k < sup->n_channels; k++)
        if (!isnan(in->value[sup->first_channel + k]))
            return true;
    return false;
}

static enum reason reason_of(const struct scorer *s, const struct frame *in, const struct feature_frame *ff,
                             size_t i)
{
    if (s->in_maintenance[i])
        return REASON_MAINTENANCE;
    if (!s->model || (s->model->fit[i] != FIT_OK && s->model->fit[i] != FIT_NEVER_STEADY))
        return REASON_NO_MODEL;
    if (!has_data(s, in, i) || ff->mode[i] == MODE_UNKNOWN)
        return reason_without_data(s, in, i);
    switch (ff->mode[i]) {
    case MODE_OFF: return REASON_OFF;
    case MODE_RAMPING: return REASON_RAMPING;
    case MODE_SETTLING: return REASON_SETTLING;
    default: break;
    }
    if (s->unknown[i])
        return REASON_MODE_NEVER_SEEN;
    double score;
    scorer_day_chance(s, i, &score);
    bool few = 2 * (unsigned)s->recent_n[i] < s->o.window_minutes;
    return few || isnan(score) ? REASON_TOO_FEW_SAMPLES : REASON_SCORED;
}

static void show_scores(struct scorer *s, const struct frame *in, const struct feature_frame *ff,
                        struct tick *out)
{
    memset(out->ledger, 0, sizeof out->ledger);
    for (size_t i = 0; i < s->fleet->n_supplies; i++) {
        enum reason r = reason_of(s, in, ff, i);
        double score = NAN, chance = NAN;
        if (r == REASON_SCORED)
            chance = scorer_day_chance(s, i, &score);
        s->shown.reason[i] = (uint8_t)r;
        s->shown.mode[i] = ff->mode[i];
        s->shown.score[i] = (float)score;
        s->shown.chance[i] = (float)chance;
        out->ledger[r]++;
    }
}

static void show(struct scorer *s, const struct frame *in, bool hour, struct tick *out)
{
    out->t = in->t;
    out->n_supplies = s->fleet->n_supplies;
    out->n_channels = s->fleet->n_channels;
    out->mode = s->shown.mode;
    out->reason = s->shown.reason;
    out->value = in->value;
    out->quality = in->quality;
    out->residual = s->shown.residual;
    out->figures = s->shown.figures;
    out->n_figures = 3;
    out->score = s->shown.score;
    out->chance = s->shown.chance;
    out->hour = hour;
    struct finding *list = tracker_list(s->tracker, in->t, &out->n_findings);
    work_tell(list, out->n_findings, s->maintenance, s->fleet, in->t);
    out->findings = list;
}

/* The model's part of a minute; returns whether an hour was evaluated. */
static bool step_model(struct scorer *s, const struct frame *in, const struct feature_frame *ff, bool warm)
{
    size_t minute;
    int64_t before = s->hour;
    bool was_open = s->hour_open;
    judge_minutes(s, ff);
    begin_minute(s, in->t, &minute);
    bool evaluated = was_open && before != s->hour;
    put_minute(s, ff, minute);
    step_windows(s, ff);
    step_reconstruction(s, ff);
    scorer_rate(s, in, ff, warm);
    if (in->t % NS_PER_HOUR == 0) {
        scorer_end_hour(s, in->t);
        s->hour_open = false;
        evaluated = true;
    }
    return evaluated;
}

void scorer_step(struct scorer *s, const struct frame *in, bool warm, struct tick *out)
{
    struct feature_frame ff;
    features_step(s->features, in, &ff);
    step_maintenance(s, in->t);
    show_residuals(s, &ff);
    data_quality_step(s->data_quality, in, &ff, s->in_maintenance);
    bool hour = s->model && step_model(s, in, &ff, warm);
    show_scores(s, in, &ff, out);
    if (!warm) {
        size_t n;
        const struct proposal *p = data_quality_proposals(s->data_quality, &n);
        tracker_step(s->tracker, SLOT_DATA, in->t, p, n);
        if (hour)
            scorer_propose(s, in->t);
    }
    show(s, in, hour, out);
}

bool scorer_histograms(const struct scorer *s, uint32_t channel, float edges[], uint32_t reference[],
                       uint32_t window[])
{
    if (!s->model || s->level_of[channel] < 0)
        return false;
    size_t cell = s->fleet->channels[channel].supply * s->layout->width + (size_t)s->level_of[channel];
    const struct reference *ref = &s->model->ref;
    if (!ref->present[cell])
        return false;
    memcpy(edges, ref->edges + cell * (HIST_BINS - 1), (HIST_BINS - 1) * sizeof *edges);
    memcpy(reference, ref->counts + cell * HIST_BINS, HIST_BINS * sizeof *reference);
    const uint16_t *counts = hist_windows_counts(s->windows, channel);
    for (size_t b = 0; b < HIST_BINS; b++)
        window[b] = counts[b];
    return true;
}
