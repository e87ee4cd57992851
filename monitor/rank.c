/* The weekly ranking; see rank.h.
 *
 * Evidence of a supply: the k-th largest of the week's hourly scores (−log10 of the tail probability of its
 * last 24 h), k = 24, or half of the scored hours when fewer than 48 were scored: it must have held for a
 * day, an hour's extreme does not count. A finding first seen less than 24 h ago need only have held since.
 * What is judged by the minute (the rate of rise) has its own chance for evidence: scores of 24 h do not show
 * it. Score = evidence · weight. The weight says how much an inspection of the equipment is likely to find:
 *   1     an equipment finding that is open
 *   0.75  an equipment finding that closed during the week
 *   0.6   a sensor finding
 *   0.4   a data finding, a part in a common finding, or no finding: too small in engineering units to matter
 * Hysteresis: a supply keeps the score of the last list while the new one is within RANK_HOLD of it, so noise
 * does not reshuffle the list.
 * A supply without a finding that was scored for less than RANK_LEAST_HOURS comes behind all others, and is
 * on no list: what six hours say of it is chance. Order: score, highest first. Ties: an open finding first,
 * then the longer persistence (hours held), then the name. Supplies that were never scored in the week
 * follow, by name, with rank 0 and the reason that took most of their hours. SPDX-License-Identifier: MIT */
#include "monitor/rank.h"

#include "base/mem.h"
#include "base/text/words.h"
#include "base/time/timefmt.h"
#include "detectors/statistics/statistic.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_HOURS RANK_LEAST_HOURS /* evidence has to hold for so long */

struct rank_week {
    size_t n_supplies, hours;          /* hours begun so far */
    float *score;                      /* [S][RANK_HOURS], hour h at h mod RANK_HOURS; NaN: not scored */
    float *chance;                     /* [S] smallest of the week; NaN: none */
    uint32_t (*reasons)[REASON_COUNT]; /* [S] hours per reason */
    double *held;                      /* [S] NaN: none */
    float *residual;                   /* [C][RANK_HOURS] as score; NULL until the first were added */
    size_t n_channels;
};

struct rank_week *rank_week_new(size_t n_supplies)
{
    struct rank_week *w = xcalloc(1, sizeof *w);
    w->n_supplies = n_supplies;
    w->score = xcalloc(n_supplies * RANK_HOURS + 1, sizeof *w->score);
    w->chance = xcalloc(n_supplies + 1, sizeof *w->chance);
    w->reasons = xcalloc(n_supplies + 1, sizeof *w->reasons);
    w->held = xcalloc(n_supplies + 1, sizeof *w->held);
    for (size_t s = 0; s < n_supplies; s++)
        w->held[s] = (double)NAN;
    rank_week_reset(w);
    return w;
}

void rank_week_free(struct rank_week *w)
{
    if (!w)
        return;
    free(w->score);
    free(w->chance);
    free(w->reasons);
    free(w->held);
    free(w->residual);
    free(w);
}

void rank_week_reset(struct rank_week *w)
{
    w->hours = 0;
    fill_nan(w->score, w->n_supplies * RANK_HOURS);
    fill_nan(w->chance, w->n_supplies);
    fill_nan(w->residual, w->n_channels * RANK_HOURS);
    memset(w->reasons, 0, w->n_supplies * sizeof *w->reasons);
}

void rank_week_hold(struct rank_week *w, const struct rank_row rows[])
{
    for (size_t i = 0; i < w->n_supplies; i++)
        w->held[rows[i].supply] = rows[i].score;
}

void rank_week_begin_hour(struct rank_week *w)
{
    size_t at = w->hours++ % RANK_HOURS;
    for (size_t s = 0; s < w->n_supplies; s++)
        w->score[s * RANK_HOURS + at] = NAN;
    for (size_t c = 0; c < w->n_channels; c++)
        w->residual[c * RANK_HOURS + at] = NAN;
}

void rank_week_set(struct rank_week *w, uint32_t supply, double score, double chance)
{
    assert(supply < w->n_supplies && w->hours);
    w->score[supply * RANK_HOURS + (w->hours - 1) % RANK_HOURS] = (float)score;
    if (!isnan(chance) && !(chance >= (double)w->chance[supply]))
        w->chance[supply] = (float)chance;
}

void rank_week_set_reason(struct rank_week *w, uint32_t supply, enum reason reason)
{
    assert(supply < w->n_supplies && reason < REASON_COUNT);
    w->reasons[supply][reason]++;
}

void rank_week_add(struct rank_week *w, const float score[], const float chance[], const uint8_t reason[])
{
    rank_week_begin_hour(w);
    for (uint32_t s = 0; s < w->n_supplies; s++) {
        rank_week_set(w, s, (double)score[s], (double)chance[s]);
        rank_week_set_reason(w, s, reason[s] < REASON_COUNT ? reason[s] : REASON_NO_MODEL);
    }
}

void rank_week_add_residuals(struct rank_week *w, const float residual[], size_t n_channels)
{
    assert(w->hours && (!w->residual || n_channels == w->n_channels));
    if (!w->residual) {
        w->residual = xcalloc(n_channels * RANK_HOURS + 1, sizeof *w->residual);
        w->n_channels = n_channels;
        fill_nan(w->residual, n_channels * RANK_HOURS);
    }
    for (size_t c = 0; c < n_channels; c++)
        w->residual[c * RANK_HOURS + (w->hours - 1) % RANK_HOURS] = residual[c];
}

/* A line of the ring, oldest hour first. */
static void unroll(const struct rank_week *w, const float line[], float out[])
{
    for (size_t h = 0; h < RANK_HOURS; h++)
        out[h] = line[(w->hours + h) % RANK_HOURS];
}

void rank_week_scores(const struct rank_week *w, uint32_t supply, float out[RANK_HOURS])
{
    unroll(w, w->score + supply * RANK_HOURS, out);
}

bool rank_week_residuals(const struct rank_week *w, size_t channel, float out[RANK_HOURS])
{
    bool any = false;
    if (!w->residual || channel >= w->n_channels)
        return false;
    unroll(w, w->residual + channel * RANK_HOURS, out);
    for (size_t h = 0; h < RANK_HOURS; h++)
        any = any || !isnan(out[h]);
    return any;
}

/* ---- words ---- */

char *rank_day(char out[RANK_DAY_LEN], tstamp_ns t, tstamp_ns now)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int year, month, day, this_year, unused;
    int64_t days = t / NS_PER_DAY - (t % NS_PER_DAY < 0);
    timefmt_civil(days, &year, &month, &day);
    timefmt_civil(now / NS_PER_DAY, &this_year, &unused, &unused);
    if (year == this_year)
        snprintf(out, RANK_DAY_LEN, "%d %s", day, months[month - 1]);
    else
        snprintf(out, RANK_DAY_LEN, "%d %s %d", day, months[month - 1], year);
    return out;
}

/* ---- findings of a supply ---- */

/* Which finding speaks for a supply: higher is better. */
static int precedence(const struct finding *d)
{
    static const int by_class[CLASS_COUNT] = {
        [CLASS_EQUIPMENT] = 6, [CLASS_SENSOR] = 4, [CLASS_COMMON] = 2, [CLASS_DATA] = 0};
    return by_class[d->class] + (d->closed == 0);
}

static bool speaks_before(const struct finding *a, const struct finding *b)
{
    if (!b || precedence(a) != precedence(b))
        return !b || precedence(a) > precedence(b);
    if (a->chance < b->chance || a->chance > b->chance)
        return a->chance < b->chance;
    return a->first_seen < b->first_seen;
}

static void pick_findings(const struct finding *carry[], const struct fleet *f,
                          const struct finding findings[], size_t n, tstamp_ns week_start)
{
    for (size_t i = 0; i < n; i++) {
        const struct finding *d = &findings[i];
        if (d->closed && d->closed < week_start)
            continue;
        if (d->supply >= 0) {
            if ((size_t)d->supply < f->n_supplies && speaks_before(d, carry[d->supply]))
                carry[d->supply] = d;
            continue;
        }
        for (uint32_t s = 0; s < f->n_supplies; s++)
            if (finding_concerns(d, f, s) && speaks_before(d, carry[s]))
                carry[s] = d;
    }
}

static double weight(const struct finding *d)
{
    if (d && d->class == CLASS_EQUIPMENT)
        return d->closed ? 0.75 : 1;
    return d && d->class == CLASS_SENSOR ? 0.6 : 0.4;
}

/* ---- score ---- */

/* The n largest of a supply's hours, descending, into top[n]; returns how many hours were scored. Insertion:
 * n is small, and most hours are not among the largest. */
static size_t largest(const struct rank_week *w, uint32_t s, float top[], size_t n)
{
    const float *v = w->score + s * RANK_HOURS;
    size_t scored = 0, have = 0;
    for (size_t h = 0; h < RANK_HOURS; h++) {
        if (isnan(v[h]))
            continue;
        scored++;
        if (have == n && !(v[h] > top[n - 1]))
            continue;
        size_t at = have < n ? have++ : n - 1;
        for (; at > 0 && top[at - 1] < v[h]; at--)
            top[at] = top[at - 1];
        top[at] = v[h];
    }
    return scored;
}

static double evidence(const struct rank_week *w, struct rank_row *r, tstamp_ns now)
{
    float top[DAY_HOURS];
    size_t n = largest(w, r->supply, top, DAY_HOURS);
    r->hours_scored = (uint32_t)n;
    if (!n)
        return (double)NAN;
    size_t k = n < 2 * DAY_HOURS ? (n + 1) / 2 : DAY_HOURS;
    const struct finding *d = r->finding;
    if (d && d->class == CLASS_EQUIPMENT && !d->closed && now - d->first_seen < (tstamp_ns)k * NS_PER_HOUR) {
        tstamp_ns hours = (now - d->first_seen) / NS_PER_HOUR;
        k = hours < 1 ? 1 : (size_t)hours;
    }
    const float *v = w->score + r->supply * RANK_HOURS;
    r->hours_held = 0;
    for (size_t h = 0; h < RANK_HOURS; h++)
        r->hours_held += v[h] >= top[k - 1];
    return (double)top[k - 1];
}

/* A rise within minutes does not show in scores of 24 h: its own chance, per supply-day, is the evidence. */
static double rate_evidence(const struct finding *d, size_t n_supplies)
{
    if (!d || d->class != CLASS_EQUIPMENT || !statistic_by_minute(d->detector) || !(d->chance >= 0))
        return (double)NAN;
    return -log10(fmax(d->chance, 1e-12) / (7 * (double)n_supplies));
}

static double with_hysteresis(double fresh, double held)
{
    if (isnan(held) || isnan(fresh))
        return fresh;
    double band = RANK_HOLD * fmax(1, fabs(held));
    return fabs(fresh - held) <= band ? held : fresh;
}

static enum reason main_reason(const struct rank_week *w, uint32_t s)
{
    int best = REASON_NO_MODEL;
    uint32_t most = 0;
    for (int k = REASON_SCORED + 1; k < REASON_COUNT; k++)
        if (w->reasons[s][k] > most) {
            most = w->reasons[s][k];
            best = k;
        }
    return (enum reason)best;
}

/* ---- the line of reason ---- */

static size_t append(struct rank_row *r, size_t at, const char *a, const char *b)
{
    if (at >= sizeof r->reason)
        return at;
    int n = snprintf(r->reason + at, sizeof r->reason - at, "%s%s", a, b);
    return n < 0 ? at : at + (size_t)n;
}

/* Work before the onset may have caused it, work after it may have cured it. */
static void append_work(struct rank_row *r, size_t at, tstamp_ns now)
{
    const struct finding *d = r->finding;
    char day[RANK_DAY_LEN];
    if (!d || !*d->work)
        return;
    at = append(r, at, d->work_start <= d->onset ? "; after: " : "; since then: ", d->work);
    append(r, at, ", ", rank_day(day, d->work_start, now));
}

static void tell_reason(struct rank_row *r, tstamp_ns now)
{
    const struct finding *d = r->finding;
    char day[RANK_DAY_LEN], words[WORDS_CHANCE_LEN];
    size_t at = 0;
    if (d) {
        if (d->supply < 0) {
            at = append(r, at, "common to ", strcmp(d->subject, "*") ? d->subject : "the whole ring");
            at = append(r, at, ": ", "");
        }
        at = append(r, at, d->reason, "");
        at = append(r, at, ", since ", rank_day(day, d->onset, now));
        if (d->closed)
            at = append(r, at, ", over since ", rank_day(day, d->closed, now));
    } else {
        at = append(r, at, "no finding", "");
        if (r->lacks) {
            char hours[64];
            snprintf(hours, sizeof hours, "%u h of this week, a list asks for %u", (unsigned)r->hours_scored,
                     RANK_LEAST_HOURS);
            at = append(r, at, "; scored in ", hours);
        }
    }
    if (!isnan(r->chance)) {
        at = append(r, at, d ? "; by chance " : "; its most unusual day comes by chance ",
                    words_chance(words, r->chance));
        at = append(r, at, " over the ring", "");
    }
    append_work(r, at, now);
}

static void tell_unranked(struct rank_row *r, const struct rank_week *w)
{
    enum reason main = r->unscored;
    if (w->hours)
        snprintf(r->reason, sizeof r->reason, "not scored this week: %s (%u of %u h)", reason_name(main),
                 w->reasons[r->supply][main], (unsigned)w->hours);
    else
        snprintf(r->reason, sizeof r->reason, "not scored: no hour of this week was evaluated");
}

/* ---- order ---- */

struct entry {
    struct rank_row row;
    const char *name;
};

static int in_order(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    bool ranked_a = !isnan(a->row.score), ranked_b = !isnan(b->row.score);
    if (ranked_a != ranked_b)
        return ranked_b - ranked_a;
    if (ranked_a && a->row.lacks != b->row.lacks)
        return a->row.lacks - b->row.lacks;
    if (ranked_a) {
        if (a->row.score < b->row.score || a->row.score > b->row.score)
            return a->row.score < b->row.score ? 1 : -1;
        if (a->row.open != b->row.open)
            return b->row.open - a->row.open;
        if (a->row.hours_held != b->row.hours_held)
            return a->row.hours_held < b->row.hours_held ? 1 : -1;
    }
    return strcmp(a->name, b->name);
}

static void fill_row(struct rank_row *r, const struct rank_week *w, tstamp_ns now)
{
    double e = fmax(evidence(w, r, now), rate_evidence(r->finding, w->n_supplies));
    r->onset = r->finding ? r->finding->onset : 0;
    r->open = r->finding && !r->finding->closed;
    r->score = with_hysteresis(e * weight(r->finding), w->held[r->supply]);
    if (isnan(r->score)) {
        r->chance = (double)NAN;
        r->unscored = main_reason(w, r->supply);
        tell_unranked(r, w);
        return;
    }
    r->lacks = !r->finding && r->hours_scored < RANK_LEAST_HOURS;
    bool own = r->finding && r->finding->class != CLASS_DATA && !isnan(r->finding->chance);
    r->chance = own ? r->finding->chance : (double)w->chance[r->supply];
    tell_reason(r, now);
}

void rank_fleet(struct rank_row rows[], const struct fleet *f, const struct rank_week *w,
                const struct finding findings[], size_t n_findings, tstamp_ns week_start, tstamp_ns now)
{
    size_t n = f->n_supplies;
    assert(n == w->n_supplies);
    const struct finding **carry = xcalloc(n + 1, sizeof *carry);
    struct entry *list = xcalloc(n + 1, sizeof *list);
    pick_findings(carry, f, findings, n_findings, week_start);
    for (uint32_t s = 0; s < n; s++) {
        list[s].name = f->supplies[s].name;
        list[s].row.supply = s;
        list[s].row.finding = carry[s];
        fill_row(&list[s].row, w, now);
    }
    qsort(list, n, sizeof *list, in_order);
    int rank = 0;
    for (size_t i = 0; i < n; i++) {
        rows[i] = list[i].row;
        rows[i].rank = isnan(rows[i].score) ? 0 : ++rank;
    }
    free(carry);
    free(list);
}
