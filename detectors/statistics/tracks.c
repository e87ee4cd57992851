/* Tracks of single rows; see tracks.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/tracks.h"

#include "base/mem.h"
#include "detectors/model/tail.h"
#include "detectors/net/joint.h"
#include "detectors/statistics/smooth.h"
#include "detectors/statistics/spell.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Five and not the ring's three blocks: of 500 rows a third says too little of the others, and all fifths are
 * nulls, since no row is near another for long. Measured, detectors/README.md. */
#define PARTS 5
#define LEAST_NETWORK_ROWS 50
#define CLIP_SCALED 10.0    /* one value far out must not make the covariance */
#define SAME 1e-9f          /* of the channel's range: differences that are rounding */
#define CONSTANT_SCALE 0.1f /* of the range, or 0.1: how far a constant may go */
#define COLD_START 2.0      /* factor on the threshold without a calibration run: docs/detection.md §6 */
#define COLD_REACH 0.95     /* but no farther than this share of the scale's end */
#define COLD_POINT 0.01
#define TAIL_SHARE 0.03
#define LEAST_DEVIATION 0.14 /* scales: √0.02, what the whitening's shrinkage leaves to a column at least */
#define UNSEEN                                                                                  \
    0.01 /* scales: deviations so small in training are no measure; no multiple of them is told \
          */

/* What some rows say of others. */
struct fit {
    size_t d;
    float *centre, *scale; /* [d] */
    bool *constant;        /* [d] never moved */
    struct joint *joint;   /* of (x - centre)/scale */
    float *z;              /* [d] scratch */
};

struct learned {
    size_t d;        /* columns used */
    uint32_t *level; /* [d] of the supply's row */
    struct fit fit;
    struct track_null null;
    struct tail tail; /* of healthy scores */
    float *healthy;   /* [n_healthy] the same scores, sorted */
    size_t n_healthy;
    double stretch; /* 1 when calibrated: scores are divided by it before they meet the tail */
    double alarm;   /* chance from which on a row is an alarm */
};

/* Rows to learn from. */
struct table_rows {
    size_t n;
    float *x;    /* [n][d] */
    size_t *gap; /* [n] minutes missing before each */
};

/* ---- one fit ---- */

static void fit_scale(struct fit *f, size_t j, float v[], size_t n, double range)
{
    float whole = isnan(range) ? 0 : (float)range;
    f->centre[j] = 0;
    f->scale[j] = 1;
    if (n == 0)
        return;
    reference_scale(v, n, &f->centre[j], &f->scale[j]);
    f->constant[j] = f->scale[j] <= SAME * whole;
    if (f->constant[j])
        f->scale[j] = CONSTANT_SCALE * fmaxf(1, whole);
}

static double scaled(const struct fit *f, const float x[], size_t j)
{
    return ((double)x[j] - (double)f->centre[j]) / (double)f->scale[j];
}

/* z[d] of a row; the number of observed values. */
static size_t scale_row(const struct fit *f, const float x[], float z[])
{
    size_t observed = 0;
    for (size_t j = 0; j < f->d; j++) {
        double v = scaled(f, x, j);
        z[j] = (float)(v > CLIP_SCALED ? CLIP_SCALED : v < -CLIP_SCALED ? -CLIP_SCALED : v);
        observed += isnan(v) ? 0 : 1;
    }
    return observed;
}

/* Learns from the rows but [from, to); range[d] of each column. */
static void fit_open(struct fit *f, const struct table_rows *rows, size_t d, size_t from, size_t to,
                     const double range[], bool network, uint64_t seed, size_t most)
{
    size_t n = rows->n - (to - from), used = 0, thin = (n + most - 1) / most;
    float *v = xcalloc(n, sizeof *v), *z = xcalloc(n / thin + 1, d * sizeof *z);
    *f = (struct fit){.d = d,
                      .centre = xcalloc(d, sizeof *f->centre),
                      .scale = xcalloc(d, sizeof *f->scale),
                      .constant = xcalloc(d, sizeof *f->constant),
                      .z = xcalloc(d, sizeof *f->z)};
    for (size_t j = 0; j < d; j++) {
        size_t there = 0;
        for (size_t i = 0; i < rows->n; i++)
            if ((i < from || i >= to) && !isnan(rows->x[i * d + j]))
                v[there++] = rows->x[i * d + j];
        fit_scale(f, j, v, there, range[j]);
    }
    for (size_t i = 0, k = 0; i < rows->n; i++)
        if ((i < from || i >= to) && k++ % thin == 0)
            scale_row(f, rows->x + i * d, z + used++ * d);
    const struct joint_options o = {.d = d, .network = network, .seed = seed};
    f->joint = joint_fit(&o, z, NULL, used);
    free(v);
    free(z);
}

static void fit_close(struct fit *f)
{
    free(f->centre);
    free(f->scale);
    free(f->constant);
    free(f->z);
    joint_free(f->joint);
}

/* What a row says; with too few values only `observed`. A missing value is what the others imply. */
static void fit_row(struct fit *f, const float x[], struct track_row *out)
{
    out->observed = scale_row(f, x, f->z);
    if (2 * out->observed < f->d)
        return;
    if (out->observed < f->d)
        joint_fill(f->joint, f->z, CLIP_SCALED);
    joint_deviation(f->joint, f->z, out->r);
    for (size_t j = 0; j < f->d;
         j++) /* the clipping is for the others' sake: of itself a column tells the truth */
        out->r[j] += isnan(x[j]) ? NAN : (float)(scaled(f, x, j) - (double)f->z[j]);
    joint_input(f->joint, f->z, NULL, out->u);
    const float *e = joint_residual(f->joint, out->u, 1, out->e);
    if (e != out->e)
        memcpy(out->e, e, f->d * sizeof *e);
}

/* ---- learning ---- */

static void take_columns(struct learned *t, const float row[], float x[])
{
    for (size_t j = 0; j < t->d; j++)
        x[j] = row[t->level[j]];
}

static struct table_rows gather(struct learned *t, const struct lesson *l)
{
    struct table_rows out = {0};
    size_t most = 0, gap = 0;
    for (size_t h = 0; h < l->hours; h++)
        most += l->in[h] ? l->per_hour : 0;
    out.x = xcalloc(most, t->d * sizeof *out.x);
    out.gap = xcalloc(most, sizeof *out.gap);
    for (size_t h = 0; h < l->hours; h++) {
        gap += l->in[h] ? 0 : l->per_hour;
        for (size_t m = 0; l->in[h] && m < l->per_hour; m++) {
            take_columns(t, l->rows(l->arg, 0, h) + m * l->stride, out.x + out.n * t->d);
            out.gap[out.n++] = gap;
            gap = 0;
        }
    }
    return out;
}

/* Every row as a fit sees it that did not see its fifth of the time. */
static void cross_fit(const struct lesson *l, const struct table_rows *rows, const double range[],
                      bool network, struct track_rows *out)
{
    size_t d = out->d;
    for (size_t k = 0; k < PARTS; k++) {
        size_t from = rows->n * k / PARTS, to = rows->n * (k + 1) / PARTS;
        struct fit fit;
        fit_open(&fit, rows, d, from, to, range, network, l->seed + k + 1, l->max_rows);
        for (size_t i = from; i < to; i++) {
            struct track_row row = track_row_at(out, i);
            fit_row(&fit, rows->x + i * d, &row);
            out->observed[i] = row.observed;
        }
        fit_close(&fit);
        if (l->progress)
            l->progress(l->progress_arg, (double)(k + 1), PARTS + 1);
    }
}

/* Takes over score[n] as the healthy ones. */
static void take_healthy(struct learned *t, float score[], size_t n)
{
    free(t->healthy);
    tail_fit(&t->tail, score, n, TAIL_SHARE); /* sorts */
    t->healthy = score;
    t->n_healthy = n;
}

void tracks_calibrate(void *learned, float score[], size_t n)
{
    struct learned *t = learned;
    take_healthy(t, score, n);
    t->stretch = 1;
}

double tracks_reach(const void *learned)
{
    return tail_reach(&((const struct learned *)learned)->tail);
}

void tracks_alarm_at(void *learned, double chance)
{
    ((struct learned *)learned)->alarm = chance;
}

/* Scores of the cross-fitted rows give the cold start's tail. Where the table wanders so much that twice
 * the usual score is past the end of the (clipped) scale, rows at its very end must still be flagged. */
static void fit_tail(struct learned *l, const struct track_rows *rows)
{
    float *score = xcalloc(rows->n, sizeof *score);
    struct tracks t;
    int which;
    tracks_open(&t, l->d);
    tracks_reset(&t, &l->null);
    for (size_t i = 0; i < rows->n; i++) {
        struct track_row row = track_row_at(rows, i);
        tracks_fade(&t, &l->null, rows->gap[i]);
        tracks_step(&t, &row);
        score[i] = (float)tracks_score(&t, &l->null, &which);
    }
    take_healthy(l, score, rows->n);
    double point = tail_quantile(&l->tail, COLD_POINT);
    double reach = point > 0 ? COLD_REACH * tracks_limit(&l->null) / point : COLD_START;
    l->stretch = fmin(fmax(reach, 1), COLD_START);
    tracks_close(&t);
}

static void learn_rows(struct learned *t, const struct lesson *l, const double range[])
{
    struct table_rows rows = gather(t, l);
    size_t n = rows.n, d = t->d;
    float *parts = xcalloc(3 * n, d * sizeof *parts);
    struct track_rows crossed = {.n = n,
                                 .d = d,
                                 .u = parts,
                                 .e = parts + n * d,
                                 .r = parts + 2 * n * d,
                                 .observed = xcalloc(n, sizeof *crossed.observed),
                                 .gap = rows.gap};
    bool network = n - (n + PARTS - 1) / PARTS >= LEAST_NETWORK_ROWS;
    cross_fit(l, &rows, range, network, &crossed);
    fit_open(&t->fit, &rows, d, 0, 0, range, network, l->seed, l->max_rows);
    track_null_open(&t->null, d);
    track_null_fit(&t->null, &crossed, joint_has_network(t->fit.joint));
    fit_tail(t, &crossed);
    if (l->progress)
        l->progress(l->progress_arg, PARTS + 1, PARTS + 1);
    free(rows.x);
    free(rows.gap);
    free(crossed.observed);
    free(parts);
}

static void *learn(const struct lesson *l)
{
    assert(l->fleet->n_supplies == 1);
    struct learned *t = xcalloc(1, sizeof *t);
    double *range = xcalloc(l->layout->levels, sizeof *range);
    t->level = xcalloc(l->layout->levels, sizeof *t->level);
    for (uint32_t k = 0; k < l->layout->levels; k++)
        if (l->reference->present[k]) {
            range[t->d] = l->fleet->channels[feature_at(l->layout, 0, k)->channel].range;
            t->level[t->d++] = k;
        }
    assert(t->d > 0);
    learn_rows(t, l, range);
    free(range);
    return t;
}

static void forget(void *learned)
{
    struct learned *t = learned;
    fit_close(&t->fit);
    track_null_close(&t->null);
    free(t->level);
    free(t->healthy);
    free(t);
}

bool tracks_have_network(const void *learned)
{
    return joint_has_network(((const struct learned *)learned)->fit.joint);
}

/* ---- chance ---- */

/* Share of the healthy scores that are at least this high, counting the row itself. */
static double share_above(const struct learned *t, double score)
{
    size_t lo = 0, hi = t->n_healthy; /* healthy[lo - 1] < score <= healthy[hi] */
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if ((double)t->healthy[mid] < score)
            lo = mid + 1;
        else
            hi = mid;
    }
    return (double)(1 + t->n_healthy - lo) / (double)(1 + t->n_healthy);
}

/* The larger of the empirical and the fitted probability within the healthy scores, so that no more than
 * alpha of these are flagged; beyond them the fitted tail. */
static double chance_of(const struct learned *t, double score)
{
    if (score > 0)
        score /= t->stretch;
    double share = share_above(t, score), fitted = tail_p(&t->tail, score);
    bool beyond = score > (double)t->healthy[t->n_healthy - 1];
    return beyond ? fmin(share, fitted) : fmax(share, fitted);
}

/* ---- by the minute ---- */

struct live {
    struct place place;
    struct learned *learned; /* its network computes in place */
    struct tracks tracks;
    struct spell spell;
    struct track_row row;
    float *x, *parts; /* [d]; behind row */
    tstamp_ns last;   /* INT64_MIN: none yet */
    int which;        /* the track that decides */
    size_t top;       /* while an alarm lasts: the column that is told, and what it does */
    struct spell_shift shift;
};

static void *open(const struct place *p)
{
    struct live *l = xcalloc(1, sizeof *l);
    l->place = *p;
    l->learned = p->learned;
    size_t d = l->learned->d;
    l->parts = xcalloc(4 * d, sizeof *l->parts);
    l->x = l->parts + 3 * d;
    l->row = (struct track_row){.u = l->parts, .e = l->parts + d, .r = l->parts + 2 * d};
    l->last = INT64_MIN;
    tracks_open(&l->tracks, d);
    tracks_reset(&l->tracks, &l->learned->null);
    spell_open(&l->spell, d);
    return l;
}

static void close(void *live)
{
    struct live *l = live;
    tracks_close(&l->tracks);
    spell_close(&l->spell);
    free(l->parts);
    free(l);
}

/* Mean square of a column's usual deviations, by which the columns are compared. */
static double usual2(const struct learned *t, size_t j)
{
    return fmax(t->null.deviation2[j], LEAST_DEVIATION * LEAST_DEVIATION);
}

/* What each column has in the alarm; the one whose deviation of late is most surprising is told. */
static void show_shifts(struct live *l, float part[])
{
    const struct learned *t = l->learned;
    l->shift.evidence = -1;
    for (size_t j = 0; j < t->d; j++) {
        struct spell_shift s = spell_shift(&l->spell, j, usual2(t, j));
        part[feature_at(l->place.layout, 0, t->level[j])->channel] = (float)s.evidence;
        if (s.evidence > l->shift.evidence) {
            l->shift = s;
            l->top = j;
        }
    }
    spell_tell(&l->spell, l->top, &l->shift, usual2(t, l->top));
}

static void show(struct live *l, float *const figure[])
{
    const struct learned *t = l->learned;
    double sum = 0;
    float score = (float)tracks_score(&l->tracks, &t->null, &l->which);
    for (size_t j = 0; j < t->d; j++)
        sum += (double)l->row.e[j] * (double)l->row.e[j];
    figure[TRACK_SCORE][0] = score;
    float chance = (float)chance_of(t, (double)score);
    spell_step(&l->spell, &l->tracks, &t->null, &l->row, l->which, chance <= (float)t->alarm, l->last);
    figure[TRACK_CHANCE][0] = chance;
    figure[TRACK_LASTS][0] = l->spell.lasts;
    figure[TRACK_RECONSTRUCTION][0] = (float)(sum / (double)l->row.observed);
    if (l->spell.lasts) {
        show_shifts(l, figure[TRACK_PART]);
        return;
    }
    const double *now = l->tracks.square[l->which], *usual = t->null.square[l->which / TRACK_SPEEDS];
    for (size_t j = 0; j < t->d; j++)
        figure[TRACK_PART][feature_at(l->place.layout, 0, t->level[j])->channel] = (float)(now[j] - usual[j]);
}

static void minute(void *live, const struct minute *m, float *const figure[])
{
    struct live *l = live;
    tstamp_ns t = m->frame->t, step = l->last == INT64_MIN ? l->place.period : t - l->last;
    tracks_fade(&l->tracks, &l->learned->null, (size_t)(step / l->place.period) - 1);
    l->last = t;
    figure[TRACK_SCORE][0] = figure[TRACK_CHANCE][0] = figure[TRACK_RECONSTRUCTION][0] = NAN;
    figure[TRACK_LASTS][0] = NAN;
    for (size_t c = 0; c < l->place.fleet->n_channels; c++)
        figure[TRACK_PART][c] = NAN;
    take_columns(l->learned, m->features->x, l->x);
    l->row.observed = 0;
    if (m->usable[0])
        fit_row(&l->learned->fit, l->x, &l->row);
    if (2 * l->row.observed < l->learned->d || l->row.observed == 0) {
        tracks_fade(&l->tracks, &l->learned->null, 1);
        return;
    }
    tracks_step(&l->tracks, &l->row);
    show(l, figure);
}

/* "xmeas_09 averages 0.93 above what the other signals imply (3.1 times the usual deviation)". */
static void explain(const void *live, size_t supply, struct finding *out)
{
    const struct live *l = live;
    const struct learned *t = l->learned;
    const struct spell_shift s = l->shift;
    size_t top = l->top;
    const struct channel *c =
        &l->place.fleet->channels[feature_at(l->place.layout, supply, t->level[top])->channel];
    const char *name = l->place.fleet->signals.name[c->signal];
    const char *from = t->fit.constant[top] ? "its value in all of training"
                       : t->d > 1           ? "what the other signals imply"
                                            : "its usual value";
    double usual = sqrt(t->null.deviation2[top]);
    char times[64] = "";
    out->supply = (int32_t)supply;
    out->onset = s.since - l->place.period;
    out->size = (double)t->fit.scale[top] * s.size;
    out->direction = !s.lasting ? DIRECTION_BOTH : s.size > 0 ? DIRECTION_UP : DIRECTION_DOWN;
    snprintf(out->signal, sizeof out->signal, "%s", name);
    if (!t->fit.constant[top] && usual >= UNSEEN)
        snprintf(times, sizeof times,
                 s.lasting ? " (%.2g times the usual deviation)" : " (%.2g times as widely as usual)",
                 fabs(s.size) / usual);
    if (s.lasting)
        snprintf(out->reason, sizeof out->reason, "%s averages %.3g %s %s%s", name, fabs(out->size),
                 s.size > 0 ? "above" : "below", from, times);
    else
        snprintf(out->reason, sizeof out->reason, "%s swings by %.3g around %s%s", name, out->size, from,
                 times);
}

const struct statistic statistic_tracks = {
    .name = "tracks",
    .words = "smoothed distance of rows from what their columns imply",
    .figure = {[TRACK_SCORE] = {"tracks", "tracks", "", false, false, NULL},
               [TRACK_CHANCE] = {"tracks_chance", "chance of a row", "", false, false, NULL},
               [TRACK_RECONSTRUCTION] = {"tracks_reconstruction", "reconstruction error", "", false, false,
                                         NULL},
               [TRACK_LASTS] = {"tracks_lasts", "an alarm's cause is there", "", false, false, NULL},
               [TRACK_PART] = {"tracks_part", "part of the score", "", true, false, NULL}},
    .of = OF_TABLES,
    .learn = learn,
    .forget = forget,
    .open = open,
    .close = close,
    .minute = minute,
    .explain = explain,
};
