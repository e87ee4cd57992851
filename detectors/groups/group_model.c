/* References, tails and the file of groups; see group_model.h. SPDX-License-Identifier: MIT */
#include "detectors/groups/group_model.h"

#include "base/buf.h"
#include "base/finding.h"
#include "base/mem.h"
#include "detectors/verdict/groups.h"
#include "features/gain.h"
#include "features/record.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_HOURS 48 /* of a group's signal in a reference */
#define LEAST_NULL 12  /* window values for a spread of its own */
#define HOUR_TAIL 0.03
#define DAY_TAIL 0.10
#define SPREAD_LEAST (GROUP_EFFECT / 30)

const size_t group_window_hours[GROUP_WINDOWS] = {4, GROUP_WINDOW_MOST};

/* ---- hours ---- */

void group_hour_init(struct group_hour *h, size_t groups)
{
    size_t cells = groups * COMMON_SIGNALS;
    *h = (struct group_hour){.cells = cells,
                             .sum = xcalloc(cells + 1, sizeof *h->sum),
                             .base = xcalloc(cells + 1, sizeof *h->base),
                             .n = xcalloc(cells + 1, sizeof *h->n)};
}

void group_hour_fini(struct group_hour *h)
{
    free(h->sum);
    free(h->base);
    free(h->n);
}

void group_hour_add(struct group_hour *h, const struct feature_frame *ff)
{
    assert(ff->n_groups * COMMON_SIGNALS == h->cells);
    for (size_t i = 0; i < h->cells; i++) {
        float x = ff->group[i];
        if (isnan(x))
            continue;
        h->sum[i] += (double)x;
        h->base[i] += (double)ff->group_base[i];
        h->n[i]++;
    }
}

void group_hour_take(struct group_hour *h, unsigned per_hour, float value[], float doubt[])
{
    for (size_t i = 0; i < h->cells; i++) {
        bool enough = h->n[i] > 0 && 2 * h->n[i] >= per_hour;
        value[i] = enough ? (float)(h->sum[i] / h->n[i]) : NAN;
        if (doubt)
            doubt[i] = enough ? (float)(GAIN_UNKNOWN * fabs(h->base[i] / h->n[i])) : NAN;
        h->sum[i] = h->base[i] = 0;
        h->n[i] = 0;
    }
}

float group_window(const float value[], size_t cells, size_t cell, size_t end, size_t w, size_t lo)
{
    double sum = 0;
    size_t n = 0;
    for (size_t k = end + 1 > w + lo ? end + 1 - w : lo; k <= end; k++) {
        float x = value[k * cells + cell];
        if (!isnan(x)) {
            sum += (double)x;
            n++;
        }
    }
    return 2 * n >= w ? (float)(sum / (double)n) : NAN;
}

/* ---- learning ---- */

static void find_centres(const struct group_record *r, size_t cells, int leave, float centre[],
                         float hour_spread[])
{
    float *v = xcalloc(r->hours + 1, sizeof *v);
    for (size_t c = 0; c < cells; c++) {
        size_t n = 0;
        for (size_t h = 0; h < r->hours; h++)
            if (r->block[h] >= 0 && r->block[h] != leave && !isnan(r->value[h * cells + c]))
                v[n++] = r->value[h * cells + c];
        centre[c] = n < LEAST_HOURS ? NAN : (float)trimmed_mean(v, n);
        if (hour_spread)
            hour_spread[c] = n < LEAST_HOURS ? NAN : (float)robust_spread(v, n, (double)centre[c]);
    }
    free(v);
}

/* The null: window means about a centre that did not see their block, [GROUP_WINDOWS][hours][cells]. */
struct group_null {
    size_t hours, cells;
    int8_t *block; /* [hours] 0 or FOLDS - 1; -1: not of the null */
    float *of[GROUP_WINDOWS];
};

static void add_null(struct group_null *n, const struct group_record *r, int block)
{
    float *centre = xcalloc(n->cells + 1, sizeof *centre);
    size_t lo = 0;
    find_centres(r, n->cells, block, centre, NULL);
    while (lo < n->hours && r->block[lo] != block)
        lo++;
    for (size_t h = lo; h < n->hours; h++) {
        if (r->block[h] != block)
            continue;
        n->block[h] = (int8_t)block;
        for (size_t w = 0; w < GROUP_WINDOWS; w++)
            for (size_t c = 0; c < n->cells; c++)
                n->of[w][h * n->cells + c] =
                    group_window(r->value, n->cells, c, h, group_window_hours[w], lo) - centre[c];
    }
    free(centre);
}

/* Mean square of a cell over a block of the null, or both (-1); NaN: too few. */
static double mean_square(const struct group_null *n, size_t w, size_t c, int block)
{
    double sum = 0;
    size_t count = 0;
    for (size_t h = 0; h < n->hours; h++) {
        float x = n->of[w][h * n->cells + c];
        if (n->block[h] < 0 || (block >= 0 && n->block[h] != block) || isnan(x))
            continue;
        sum += (double)x * (double)x;
        count++;
    }
    return count < LEAST_NULL ? (double)NAN : sum / (double)count;
}

/* Spreads of all cells: half a group's own, half the median of all that have the signal. */
static void find_spreads(const struct group_null *n, size_t w, int block, float spread[])
{
    float *own = xcalloc(n->cells + 1, sizeof *own), *v = xcalloc(n->cells + 1, sizeof *v);
    for (size_t c = 0; c < n->cells; c++)
        own[c] = (float)mean_square(n, w, c, block);
    for (size_t i = 0; i < COMMON_SIGNALS; i++) {
        size_t count = 0;
        for (size_t c = i; c < n->cells; c += COMMON_SIGNALS)
            if (!isnan(own[c]))
                v[count++] = own[c];
        float all = (float)robust_median(v, count);
        for (size_t c = i; c < n->cells; c += COMMON_SIGNALS) {
            float square = isnan(own[c]) ? all : 0.5f * (own[c] + all);
            spread[c] = fmaxf(sqrtf(square), (float)SPREAD_LEAST);
        }
    }
    free(own);
    free(v);
}

/* Tails of hours per window and signal; a block is counted in what the other one spreads. */
static void fit_tails(struct group_model *m, const struct group_null *n, float *spread[2][GROUP_WINDOWS])
{
    float *x = xcalloc(n->hours * n->cells + 1, sizeof *x);
    for (size_t w = 0; w < GROUP_WINDOWS; w++)
        for (size_t i = 0; i < COMMON_SIGNALS; i++) {
            size_t count = 0;
            for (size_t h = 0; h < n->hours; h++)
                for (size_t c = i; n->block[h] >= 0 && c < n->cells; c += COMMON_SIGNALS) {
                    float z = fabsf(n->of[w][h * n->cells + c]) / spread[n->block[h] == 0][w][c];
                    if (!isnan(z))
                        x[count++] = z;
                }
            tail_fit(&m->tail[w][i], x, count, HOUR_TAIL);
        }
    free(x);
}

static double surprise(const struct group_model *m, const float spread[GROUP_WINDOWS],
                       enum common_signal signal, const float shift[GROUP_WINDOWS])
{
    double most = NAN;
    for (size_t w = 0; w < GROUP_WINDOWS; w++)
        most = fmax(most, -log10(tail_p(&m->tail[w][signal], (double)(fabsf(shift[w]) / spread[w]))));
    return most;
}

/* Daily maxima of each group over its signals. */
static void fit_days(struct group_model *m, const struct group_null *n, float *spread[2][GROUP_WINDOWS])
{
    size_t groups = n->cells / COMMON_SIGNALS, count = 0;
    float *x = xcalloc(groups * (n->hours / 24 + 2) + 1, sizeof *x);
    for (size_t g = 0; g < groups; g++) {
        for (size_t day = 0; day < n->hours; day += 24) {
            double most = NAN;
            size_t seen = 0;
            for (size_t h = day; h < day + 24 && h < n->hours; h++) {
                bool any = false;
                for (size_t i = 0; n->block[h] >= 0 && i < COMMON_SIGNALS; i++) {
                    size_t c = g * COMMON_SIGNALS + i;
                    float s[GROUP_WINDOWS], shift[GROUP_WINDOWS];
                    for (size_t w = 0; w < GROUP_WINDOWS; w++) {
                        s[w] = spread[n->block[h] == 0][w][c];
                        shift[w] = n->of[w][h * n->cells + c];
                    }
                    double one = surprise(m, s, (enum common_signal)i, shift);
                    any |= !isnan(one);
                    most = fmax(most, one);
                }
                seen += any;
            }
            if (seen >= 12)
                x[count++] = (float)most;
        }
    }
    tail_fit(&m->day, x, count, DAY_TAIL);
    free(x);
}

static char *names_of(const struct fleet *f, size_t *n)
{
    struct buf b = {0};
    *n = common_groups(f);
    for (size_t g = 0; g < *n; g++) {
        char subject[FINDING_NAME_LEN];
        struct moved_group of = {0};
        common_group(f, g, &of.group, &of.index);
        groups_subject(f, &of, subject, sizeof subject);
        buf_printf(&b, "%s\n", subject);
    }
    return b.data ? b.data : xstrdup("");
}

static void init(struct group_model *m, size_t n)
{
    size_t cells = n * COMMON_SIGNALS + 1;
    m->n = n;
    m->centre = xnan(cells);
    m->hour_spread = xnan(cells);
    for (size_t w = 0; w < GROUP_WINDOWS; w++)
        m->spread[w] = xnan(cells);
}

void group_model_learn(struct group_model *m, const struct fleet *f, const struct group_record *all,
                       const struct group_record *without_first, const struct group_record *without_last)
{
    size_t n;
    float *spread[2][GROUP_WINDOWS];
    m->names = names_of(f, &n);
    init(m, n);
    struct group_null null = {.hours = all->hours, .cells = n * COMMON_SIGNALS};
    null.block = xcalloc(null.hours + 1, sizeof *null.block);
    memset(null.block, -1, null.hours);
    for (size_t w = 0; w < GROUP_WINDOWS; w++)
        null.of[w] = xnan(null.hours * null.cells + 1);
    find_centres(all, null.cells, -2, m->centre, m->hour_spread);
    add_null(&null, without_first, 0);
    add_null(&null, without_last, FOLDS - 1);
    for (size_t w = 0; w < GROUP_WINDOWS; w++) {
        for (int b = 0; b < 2; b++) {
            spread[b][w] = xcalloc(null.cells + 1, sizeof *spread[b][w]);
            find_spreads(&null, w, b == 0 ? 0 : FOLDS - 1, spread[b][w]);
        }
        find_spreads(&null, w, -1, m->spread[w]);
    }
    fit_tails(m, &null, spread);
    fit_days(m, &null, spread);
    for (size_t w = 0; w < GROUP_WINDOWS; w++) {
        free(spread[0][w]);
        free(spread[1][w]);
        free(null.of[w]);
    }
    free(null.block);
}

void group_model_fini(struct group_model *m)
{
    free(m->names);
    free(m->centre);
    free(m->hour_spread);
    for (size_t w = 0; w < GROUP_WINDOWS; w++)
        free(m->spread[w]);
    *m = (struct group_model){0};
}

void group_model_copy(struct group_model *to, const struct group_model *from)
{
    size_t bytes = from->n * COMMON_SIGNALS * sizeof(float);
    init(to, from->n);
    to->names = xstrdup(from->names);
    memcpy(to->centre, from->centre, bytes);
    memcpy(to->hour_spread, from->hour_spread, bytes);
    for (size_t w = 0; w < GROUP_WINDOWS; w++)
        memcpy(to->spread[w], from->spread[w], bytes);
    memcpy(to->tail, from->tail, sizeof to->tail);
    to->day = from->day;
}

/* ---- the file ---- */

#define TAIL_DOUBLES (sizeof(struct tail) / sizeof(double))
static const char *const spread_name[GROUP_WINDOWS] = {"groups.spread.4", "groups.spread.24"};

void group_model_save(const struct group_model *m, struct mfile *file)
{
    size_t shape[2] = {m->n, COMMON_SIGNALS}, tails = GROUP_WINDOWS * COMMON_SIGNALS * TAIL_DOUBLES,
           one = TAIL_DOUBLES;
    mfile_put_text(file, "groups", m->names);
    mfile_put_f32(file, "groups.centre", m->centre, shape, 2);
    mfile_put_f32(file, "groups.hour_spread", m->hour_spread, shape, 2);
    for (size_t w = 0; w < GROUP_WINDOWS; w++)
        mfile_put_f32(file, spread_name[w], m->spread[w], shape, 2);
    mfile_put_f64(file, "groups.tail", &m->tail[0][0].n, &tails, 1);
    mfile_put_f64(file, "groups.day", &m->day.n, &one, 1);
}

static int get_floats(const struct mfile *file, const char *name, float to[], size_t n, struct err *err)
{
    const float *v;
    int rc = mfile_get_f32(file, name, &v, NULL, n, err);
    if (rc == 0)
        memcpy(to, v, n * sizeof *v);
    return rc;
}

int group_model_load(struct group_model *m, const struct mfile *file, struct err *err)
{
    const char *names = mfile_get_text(file, "groups");
    const double *tail = NULL, *day = NULL;
    size_t n = 0;
    for (const char *p = names; p && *p; p++)
        n += *p == '\n';
    if (!names)
        return err_set(err, ERR_DATA, "it holds nothing of groups");
    m->names = xstrdup(names);
    init(m, n);
    int rc = get_floats(file, "groups.centre", m->centre, n * COMMON_SIGNALS, err);
    if (rc == 0)
        rc = get_floats(file, "groups.hour_spread", m->hour_spread, n * COMMON_SIGNALS, err);
    for (size_t w = 0; rc == 0 && w < GROUP_WINDOWS; w++)
        rc = get_floats(file, spread_name[w], m->spread[w], n * COMMON_SIGNALS, err);
    if (rc == 0)
        rc = mfile_get_f64(file, "groups.tail", &tail, NULL, GROUP_WINDOWS * COMMON_SIGNALS * TAIL_DOUBLES,
                           err);
    if (rc == 0)
        rc = mfile_get_f64(file, "groups.day", &day, NULL, TAIL_DOUBLES, err);
    if (rc != 0)
        return rc;
    memcpy(m->tail, tail, sizeof m->tail);
    memcpy(&m->day, day, sizeof m->day);
    rc = tail_check(&m->tail[0][0], GROUP_WINDOWS * COMMON_SIGNALS, "groups.tail", err);
    return rc == 0 ? tail_check(&m->day, 1, "groups.day", err) : rc;
}

/* ---- use ---- */

int32_t *group_model_rows(const struct group_model *m, const struct fleet *f)
{
    size_t n;
    char *now = names_of(f, &n), *save = NULL;
    int32_t *row = xcalloc(n + 1, sizeof *row);
    size_t g = 0;
    for (char *name = strtok_r(now, "\n", &save); name; name = strtok_r(NULL, "\n", &save), g++) {
        size_t len = strlen(name), k = 0;
        row[g] = -1;
        for (const char *p = m->names; p && *p && row[g] < 0; p = strchr(p, '\n') + 1, k++)
            if (strncmp(p, name, len) == 0 && p[len] == '\n')
                row[g] = (int32_t)k;
    }
    free(now);
    return row;
}

size_t group_model_judged(const struct group_model *m, const int32_t row[], size_t groups)
{
    size_t n = 0;
    for (size_t g = 0; g < groups; g++) {
        bool any = false;
        for (size_t i = 0; row[g] >= 0 && i < COMMON_SIGNALS; i++)
            any |= !isnan(m->centre[(size_t)row[g] * COMMON_SIGNALS + i]);
        n += any;
    }
    return n;
}

double group_surprise(const struct group_model *m, size_t row, enum common_signal signal,
                      const float mean[GROUP_WINDOWS], const float doubt[GROUP_WINDOWS])
{
    size_t c = row * COMMON_SIGNALS + signal;
    float spread[GROUP_WINDOWS], shift[GROUP_WINDOWS];
    for (size_t w = 0; w < GROUP_WINDOWS; w++) {
        spread[w] = hypotf(m->spread[w][c], isnan(doubt[w]) ? 0 : doubt[w]);
        shift[w] = mean[w] - m->centre[c];
    }
    return surprise(m, spread, signal, shift);
}
