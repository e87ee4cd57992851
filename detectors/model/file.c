/* The model's file: a header of all that a model depends on, and named arrays, in a checksummed mfile; see
 * model.h. A file may be anything: each size is asked for by what fleet and header demand, each number that
 * is an index or a size is checked. SPDX-License-Identifier: MIT */
#include "detectors/model/internal.h"

#include "base/buf.h"
#include "base/mem.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 3: by measure, fleet as text; 4: gains of the current; 5: groups, gains to what is common */
#define MODEL_SCHEMA 5
#define NAME_LEN 96
#define TAIL_DOUBLES (sizeof(struct tail) / sizeof(double))
_Static_assert(sizeof(struct tail) % sizeof(double) == 0, "a tail is doubles only");

/* ---- the header ---- */

/* The measures in order, a line each: "level 24". */
static void measures_text(const struct measures *m, struct buf *out)
{
    for (size_t i = 0; i < m->n; i++)
        buf_printf(out, "%s %zu\n", m->at[i].of->name, m->at[i].hours);
    for (size_t i = 0; i < statistics_count(); i++)
        if (statistics[i]->share > 0)
            buf_printf(out, "%s\n", statistics[i]->name);
}

static int check_measures(const struct mfile *file, const struct model *m, struct err *err)
{
    const char *was = mfile_get_text(file, "measures");
    struct buf now = {0};
    measures_text(&m->measures, &now);
    int rc = was && strcmp(was, buf_text(&now)) == 0
                 ? 0
                 : err_set(err, ERR_DATA,
                           "made with other statistics than this psmon has: \"%.200s\", not \"%.200s\"; "
                           "train again",
                           was ? was : "", buf_text(&now));
    for (char *p = err->msg; rc != 0 && *p; p++)
        *p = *p == '\n' ? ' ' : *p;
    buf_free(&now);
    return rc;
}

static void put_head(const struct model *m, struct mfile *file)
{
    int64_t head[] = {m->from, m->to, m->period, m->window_minutes};
    size_t n = sizeof head / sizeof *head;
    struct buf fleet = {0}, measures = {0};
    fleet_text(m->fleet, &fleet);
    measures_text(&m->measures, &measures);
    mfile_put_i64(file, "head", head, &n, 1);
    mfile_put_text(file, "fleet", buf_text(&fleet));
    mfile_put_text(file, "measures", buf_text(&measures));
    mfile_put_text(file, "summary", model_summary(m));
    buf_free(&fleet);
    buf_free(&measures);
}

static int get_head(struct model *m, const struct mfile *file, struct err *err)
{
    const int64_t *h;
    int rc = mfile_get_i64(file, "head", &h, NULL, 4, err);
    if (rc != 0)
        return rc;
    bool times = h[0] >= 0 && h[0] < h[1] && h[1] <= INT64_MAX / 2;
    bool grid = h[2] > 0 && h[2] <= NS_PER_HOUR && NS_PER_HOUR % h[2] == 0 &&
                NS_PER_HOUR / h[2] <= UINT16_MAX;
    if (!times || !grid || h[3] < 1 || h[3] > UINT16_MAX)
        return err_set(err, ERR_DATA, "impossible times in its header");
    model_set_times(m, h[0], h[1], h[2], (unsigned)h[3]);
    return check_measures(file, m, err);
}

/* ---- arrays, read and written by the same lists ---- */

/* One array of the file, as it lies in memory. */
struct array {
    char name[NAME_LEN];
    enum { FLOATS, DOUBLES, BOOLS, BYTES, WORDS } of; /* the last three travel as int64 */
    void *at;
    size_t n;
    int64_t most; /* largest value of a whole number */
};

static struct array array_of(const char *name, int of, void *at, size_t n, int64_t most)
{
    struct array a = {.of = of, .at = at, .n = n, .most = most};
    snprintf(a.name, sizeof a.name, "%s", name);
    return a;
}

/* What every model has; the whole numbers come first, since what follows depends on presence. */
#define PLAIN_ARRAYS 15
static void plain_arrays(struct model *m, struct array out[PLAIN_ARRAYS])
{
    size_t S = m->fleet->n_supplies, cells = S * m->layout->width, C = m->fleet->n_channels, n = 0;
    const struct reference *r = &m->ref;
    out[n++] = array_of("present", BOOLS, r->present, cells, 1);
    out[n++] = array_of("counts", WORDS, r->counts, cells * HIST_BINS, UINT32_MAX);
    out[n++] = array_of("fit", BYTES, m->fit, S, FIT_COUNT - 1);
    out[n++] = array_of("deadband", BOOLS, m->deadband, C, 1);
    out[n++] = array_of("centre", FLOATS, r->centre, cells, 0);
    out[n++] = array_of("spread", FLOATS, r->spread, cells, 0);
    out[n++] = array_of("hour_centre", FLOATS, r->hour_centre, cells, 0);
    out[n++] = array_of("hour_spread", FLOATS, r->hour_spread, cells, 0);
    out[n++] = array_of("edges", FLOATS, r->edges, cells * (HIST_BINS - 1), 0);
    out[n++] = array_of("largest", FLOATS, m->largest, C, 0);
    out[n++] = array_of("low", FLOATS, r->low, S, 0);
    out[n++] = array_of("high", FLOATS, r->high, S, 0);
    out[n++] = array_of("gain_doubt", FLOATS, r->gain_doubt, S * m->layout->levels, 0);
    out[n++] = array_of("min_effect", FLOATS, m->min_effect, cells, 0);
    out[n++] = array_of("tail.day", DOUBLES, &m->day, TAIL_DOUBLES, 0);
}

/* What a measure was calibrated to. */
#define MEASURE_ARRAYS 4
static size_t measure_arrays(const struct model *m, size_t i, struct array out[MEASURE_ARRAYS])
{
    const struct measure *x = &m->measures.at[i];
    const struct scale *s = &m->scale[i];
    size_t w = m->layout->width, cells = m->fleet->n_supplies * w, n = 0;
    out[n++] = array_of("spread", FLOATS, s->spread, cells, 0);
    out[n++] = array_of("tail", DOUBLES, m->tail[i], model_tails(m, i) * TAIL_DOUBLES, 0);
    if (s->mid)
        out[n++] = array_of("mid", FLOATS, s->mid, cells, 0);
    if (s->inverse)
        out[n++] = array_of("inverse", DOUBLES, s->inverse, m->supply_kinds.n * w * w, 0);
    for (size_t k = 0; k < n; k++) {
        char part[NAME_LEN];
        memcpy(part, out[k].name, sizeof part);
        snprintf(out[k].name, sizeof out[k].name, "%.40s.%zu.%.20s", x->of->name, x->hours, part);
    }
    return n;
}

static struct array own_tail(struct model *m, size_t statistic)
{
    struct array a = array_of("", DOUBLES, &m->own[statistic], TAIL_DOUBLES, 0);
    snprintf(a.name, sizeof a.name, "%.40s.tail", statistics[statistic]->name);
    return a;
}

static int64_t whole_at(const struct array *a, size_t i)
{
    return a->of == BOOLS   ? ((const bool *)a->at)[i]
           : a->of == BYTES ? ((const uint8_t *)a->at)[i]
                            : ((const uint32_t *)a->at)[i];
}

static void put_array(struct mfile *file, const struct array *a)
{
    if (a->of == FLOATS) {
        mfile_put_f32(file, a->name, a->at, &a->n, 1);
        return;
    }
    if (a->of == DOUBLES) {
        mfile_put_f64(file, a->name, a->at, &a->n, 1);
        return;
    }
    int64_t *v = xcalloc(a->n, sizeof *v);
    for (size_t i = 0; i < a->n; i++)
        v[i] = whole_at(a, i);
    mfile_put_i64(file, a->name, v, &a->n, 1);
    free(v);
}

static int get_whole(const struct mfile *file, const struct array *a, struct err *err)
{
    const int64_t *v;
    int rc = mfile_get_i64(file, a->name, &v, NULL, a->n, err);
    for (size_t i = 0; rc == 0 && i < a->n; i++) {
        if (v[i] < 0 || v[i] > a->most)
            return err_set(err, ERR_DATA, "%s: %lld is out of range", a->name, (long long)v[i]);
        if (a->of == BOOLS)
            ((bool *)a->at)[i] = v[i] != 0;
        else if (a->of == BYTES)
            ((uint8_t *)a->at)[i] = (uint8_t)v[i];
        else
            ((uint32_t *)a->at)[i] = (uint32_t)v[i];
    }
    return rc;
}

static int get_array(const struct mfile *file, const struct array *a, struct err *err)
{
    const float *f;
    const double *d;
    int rc;
    if (a->of == FLOATS) {
        rc = mfile_get_f32(file, a->name, &f, NULL, a->n, err);
        if (rc == 0)
            memcpy(a->at, f, a->n * sizeof *f);
        return rc;
    }
    if (a->of == DOUBLES) {
        rc = mfile_get_f64(file, a->name, &d, NULL, a->n, err);
        if (rc == 0)
            memcpy(a->at, d, a->n * sizeof *d);
        return rc;
    }
    return get_whole(file, a, err);
}

/* ---- write ---- */

int model_save(const struct model *m, const char *path, char hex[DIGEST_HEX_LEN], struct err *err)
{
    struct mfile *file = mfile_new(MODEL_SCHEMA);
    struct model alias = *m; /* so that one list of arrays serves reading and writing */
    struct array plain[PLAIN_ARRAYS], of[MEASURE_ARRAYS];
    put_head(m, file);
    plain_arrays(&alias, plain);
    for (size_t i = 0; i < PLAIN_ARRAYS; i++)
        put_array(file, &plain[i]);
    for (size_t i = 0; i < m->measures.n; i++)
        for (size_t n = measure_arrays(m, i, of), k = 0; k < n; k++)
            put_array(file, &of[k]);
    for (size_t i = 0; i < statistics_count(); i++) {
        const struct array tail = own_tail(&alias, i);
        if (statistics[i]->share > 0)
            put_array(file, &tail);
        if (m->learned[i])
            statistics[i]->save(m->learned[i], file);
    }
    physics_save(m->physics, file, "physics");
    group_model_save(&m->groups, file);
    int rc = mfile_write(file, path, hex, err);
    mfile_free(file);
    return rc;
}

/* ---- read ---- */

static int get_plain(struct model *m, const struct mfile *file, struct err *err)
{
    struct array plain[PLAIN_ARRAYS];
    int rc = 0;
    plain_arrays(m, plain);
    for (size_t i = 0; rc == 0 && i < PLAIN_ARRAYS; i++)
        rc = get_array(file, &plain[i], err);
    return rc == 0 ? tail_check(&m->day, 1, "tail.day", err) : rc;
}

static int get_measures(struct model *m, const struct mfile *file, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->measures.n; i++) {
        struct array of[MEASURE_ARRAYS];
        size_t n = measure_arrays(m, i, of);
        for (size_t k = 0; rc == 0 && k < n; k++)
            rc = get_array(file, &of[k], err);
        if (rc == 0)
            rc = tail_check(m->tail[i], model_tails(m, i), m->measures.at[i].of->name, err);
    }
    return rc;
}

static int get_statistics(struct model *m, const struct mfile *file, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < statistics_count(); i++) {
        const struct statistic *s = statistics[i];
        const struct array tail = own_tail(m, i);
        if (s->share > 0)
            rc = get_array(file, &tail, err);
        if (rc == 0 && s->share > 0)
            rc = tail_check(&m->own[i], 1, tail.name, err);
        if (rc == 0 && s->load)
            rc = s->load(&m->learned[i], m->fleet, &m->ref, m->layout, file, err);
    }
    return rc;
}

static int get_all(struct model *m, const struct mfile *file, struct err *err)
{
    int rc = get_head(m, file, err);
    if (rc == 0)
        rc = get_plain(m, file, err);
    if (rc != 0)
        return rc;
    model_derive(m);
    rc = get_measures(m, file, err);
    if (rc == 0)
        rc = get_statistics(m, file, err);
    if (rc == 0)
        rc = physics_load(&m->physics, m->fleet, file, "physics", err);
    if (rc == 0)
        physics_complete(m->physics, m->layout);
    if (rc == 0)
        rc = group_model_load(&m->groups, file, err);
    const char *summary = mfile_get_text(file, "summary");
    m->summary = xstrdup(summary ? summary : "");
    return rc;
}

static int load_for(struct model **out, const struct fleet *f, const struct mfile *file, struct err *err)
{
    struct model *m = model_new(f);
    int rc = get_all(m, file, err);
    if (rc == 0)
        *out = m;
    else
        model_free(m);
    return rc;
}

/* A file of a fleet that was: read for that one, and moved to the one that is. */
static int load_moved(struct model **out, const struct fleet *f, const struct mfile *file, const char *text,
                      struct err *err)
{
    struct fleet *then = NULL;
    struct model *was = NULL;
    int rc = fleet_of_text(&then, text, err);
    if (rc == 0)
        rc = load_for(&was, then, file, err);
    if (rc == 0)
        rc = model_refit(out, was, f, err);
    model_free(was);
    fleet_free(then);
    return rc;
}

static int load_file(struct model **out, const struct fleet *f, const struct mfile *file, struct err *err)
{
    const char *then = mfile_get_text(file, "fleet");
    if (!then)
        return err_set(err, ERR_DATA, "it does not say for which fleet it was made");
    struct buf now = {0};
    fleet_text(f, &now);
    int rc = strcmp(then, buf_text(&now)) == 0 ? load_for(out, f, file, err)
                                               : load_moved(out, f, file, then, err);
    buf_free(&now);
    return rc;
}

int model_load(struct model **out, const struct fleet *f, const char *path, char hex[DIGEST_HEX_LEN],
               struct err *err)
{
    struct mfile *file = NULL;
    int rc = mfile_read(&file, path, MODEL_SCHEMA, hex, err);
    if (rc != 0)
        return rc;
    rc = load_file(out, f, file, err);
    mfile_free(file);
    return rc == 0 ? 0 : err_wrap(err, "%s", path);
}
