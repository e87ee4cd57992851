/* The model's file: named arrays in a checksummed mfile; see model.h. SPDX-License-Identifier: MIT */
#include "detectors/model/internal.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_SCHEMA 2 /* 2: arrays under the names of their statistics */

/* One array that is kept as it is in memory. */
struct kept {
    const char *name;
    float **at;
    size_t n;
};

#define KEPT_MAX 24

static size_t kept_arrays(struct model *m, struct kept k[KEPT_MAX])
{
    size_t S = m->fleet->n_supplies, cells = S * m->layout->width, n = 0;
    struct reference *r = &m->ref;
    struct scales *sc = &m->scales;
    k[n++] = (struct kept){"centre", &r->centre, cells};
    k[n++] = (struct kept){"spread", &r->spread, cells};
    k[n++] = (struct kept){"hour_centre", &r->hour_centre, cells};
    k[n++] = (struct kept){"hour_spread", &r->hour_spread, cells};
    k[n++] = (struct kept){"edges", &r->edges, cells * (HIST_BINS - 1)};
    k[n++] = (struct kept){"reconstruction_centre", &r->reconstruction_centre, cells};
    k[n++] = (struct kept){"low", &r->low, S};
    k[n++] = (struct kept){"high", &r->high, S};
    k[n++] = (struct kept){"min_effect", &m->min_effect, cells};
    k[n++] = (struct kept){"divergence_mid", &sc->divergence_mid, cells};
    k[n++] = (struct kept){"divergence_scale", &sc->divergence_scale, cells};
    static const char *const level[] = {"level_scale.0", "level_scale.1"};
    static const char *const reconstruction[] = {"reconstruction_scale.0", "reconstruction_scale.1"};
    for (size_t w = 0; w < m->windows; w++) {
        k[n++] = (struct kept){level[w], &sc->level[w], cells};
        k[n++] = (struct kept){reconstruction[w], &sc->reconstruction[w], cells};
    }
    return n;
}

/* Arrays of small whole numbers travel as int64. */
struct whole {
    const char *name;
    size_t n;
    int64_t (*get)(const struct model *m, size_t i);
    void (*set)(struct model *m, size_t i, int64_t v);
};

static int64_t get_present(const struct model *m, size_t i)
{
    return m->ref.present[i];
}
static void set_present(struct model *m, size_t i, int64_t v)
{
    m->ref.present[i] = v != 0;
}
static int64_t get_counts(const struct model *m, size_t i)
{
    return m->ref.counts[i];
}
static void set_counts(struct model *m, size_t i, int64_t v)
{
    m->ref.counts[i] = (uint32_t)v;
}
static int64_t get_fit(const struct model *m, size_t i)
{
    return m->fit[i];
}
static void set_fit(struct model *m, size_t i, int64_t v)
{
    m->fit[i] = (uint8_t)v;
}
static int64_t get_had(const struct model *m, size_t i)
{
    return m->had_data[i];
}
static void set_had(struct model *m, size_t i, int64_t v)
{
    m->had_data[i] = v != 0;
}
static int64_t get_dead(const struct model *m, size_t i)
{
    return m->deadband[i];
}
static void set_dead(struct model *m, size_t i, int64_t v)
{
    m->deadband[i] = v != 0;
}

#define WHOLE 5
static void whole_arrays(const struct model *m, struct whole k[WHOLE])
{
    size_t S = m->fleet->n_supplies, cells = S * m->layout->width, C = m->fleet->n_channels;
    k[0] = (struct whole){"present", cells, get_present, set_present};
    k[1] = (struct whole){"counts", cells * HIST_BINS, get_counts, set_counts};
    k[2] = (struct whole){"fit", S, get_fit, set_fit};
    k[3] = (struct whole){"had_data", C, get_had, set_had};
    k[4] = (struct whole){"deadband", C, get_dead, set_dead};
}

/* ---- tails and inverse covariances ---- */

#define TAIL_DOUBLES (sizeof(struct tail) / sizeof(double))

struct tail_entry {
    char name[32];
    struct tail *tails;
    size_t n;
};

#define TAIL_ENTRIES 7
static size_t tail_entries(struct model *m, struct tail_entry e[TAIL_ENTRIES])
{
    struct tails *t = &m->tails;
    size_t n = 0;
    e[n++] = (struct tail_entry){"tail.divergence", t->divergence, m->kinds.n};
    e[n++] = (struct tail_entry){"tail.day", &t->day, 1};
    e[n++] = (struct tail_entry){"tail.rate", &t->rate, 1};
    for (size_t w = 0; w < m->windows; w++) {
        snprintf(e[n].name, sizeof e[n].name, "tail.level.%zu", w);
        e[n].tails = t->level[w];
        e[n++].n = m->kinds.n;
        snprintf(e[n].name, sizeof e[n].name, "tail.reconstruction.%zu", w);
        e[n].tails = &t->reconstruction[w];
        e[n++].n = 1;
    }
    return n;
}

static void tail_to(const struct tail *t, double out[])
{
    double head[] = {t->n, t->p_u, t->u, t->xi, t->sigma};
    memcpy(out, head, sizeof head);
    memcpy(out + 5, t->q, sizeof t->q);
}

static void tail_from(struct tail *t, const double v[])
{
    *t = (struct tail){.n = v[0], .p_u = v[1], .u = v[2], .xi = v[3], .sigma = v[4]};
    memcpy(t->q, v + 5, sizeof t->q);
}

static void put_tails(struct model *m, struct mfile *file)
{
    struct tail_entry e[TAIL_ENTRIES];
    size_t n = tail_entries(m, e);
    for (size_t i = 0; i < n; i++) {
        size_t shape[2] = {e[i].n, TAIL_DOUBLES};
        double *v = xcalloc(e[i].n, TAIL_DOUBLES * sizeof *v);
        for (size_t k = 0; k < e[i].n; k++)
            tail_to(&e[i].tails[k], v + k * TAIL_DOUBLES);
        mfile_put_f64(file, e[i].name, v, shape, 2);
        free(v);
    }
}

static int get_tails(struct model *m, const struct mfile *file, struct err *err)
{
    struct tail_entry e[TAIL_ENTRIES];
    size_t n = tail_entries(m, e);
    for (size_t i = 0; i < n; i++) {
        const double *v;
        size_t got;
        int rc = mfile_get_f64(file, e[i].name, &v, &got, e[i].n * TAIL_DOUBLES, err);
        if (rc != 0)
            return rc;
        for (size_t k = 0; k < e[i].n; k++)
            tail_from(&e[i].tails[k], v + k * TAIL_DOUBLES);
    }
    return 0;
}

static size_t inverse_size(const struct model *m)
{
    return m->supply_kinds.n * m->layout->width * m->layout->width;
}

static int get_inverses(struct model *m, const struct mfile *file, struct err *err)
{
    for (size_t w = 0; w < m->windows; w++) {
        char name[32];
        const double *v;
        size_t got;
        snprintf(name, sizeof name, "inverse.%zu", w);
        int rc = mfile_get_f64(file, name, &v, &got, inverse_size(m), err);
        if (rc != 0)
            return rc;
        memcpy(m->scales.inverse[w], v, got * sizeof *v);
    }
    return 0;
}

/* ---- write ---- */

static void put_head(const struct model *m, struct mfile *file)
{
    int64_t head[] = {(int64_t)m->fleet->hash,
                      m->from,
                      m->to,
                      m->period,
                      (int64_t)m->per_hour,
                      (int64_t)m->divergence_hours,
                      (int64_t)m->windows,
                      (int64_t)m->window[0],
                      (int64_t)m->window[1],
                      (int64_t)m->fleet->n_supplies,
                      (int64_t)m->fleet->n_channels};
    size_t n = sizeof head / sizeof *head;
    mfile_put_i64(file, "head", head, &n, 1);
}

int model_save(const struct model *m, const char *path, char hex[DIGEST_HEX_LEN], struct err *err)
{
    struct mfile *file = mfile_new(MODEL_SCHEMA);
    struct model alias = *m; /* so that one table of arrays serves reading and writing */
    struct kept kept[KEPT_MAX];
    struct whole whole[WHOLE];
    put_head(m, file);
    mfile_put_text(file, "summary", model_summary(m));
    size_t n = kept_arrays(&alias, kept);
    for (size_t i = 0; i < n; i++)
        mfile_put_f32(file, kept[i].name, *kept[i].at, &kept[i].n, 1);
    whole_arrays(m, whole);
    for (size_t i = 0; i < WHOLE; i++) {
        int64_t *v = xcalloc(whole[i].n, sizeof *v);
        for (size_t k = 0; k < whole[i].n; k++)
            v[k] = whole[i].get(m, k);
        mfile_put_i64(file, whole[i].name, v, &whole[i].n, 1);
        free(v);
    }
    put_tails(&alias, file);
    for (size_t w = 0; w < m->windows; w++) {
        char name[32];
        size_t size = inverse_size(m);
        snprintf(name, sizeof name, "inverse.%zu", w);
        mfile_put_f64(file, name, m->scales.inverse[w], &size, 1);
    }
    physics_save(m->physics, file, "physics");
    reconstruction_save(m->reconstruction, file);
    int rc = mfile_write(file, path, hex, err);
    mfile_free(file);
    return rc;
}

/* ---- read ---- */

static int get_head(struct model *m, const struct mfile *file, struct err *err)
{
    const int64_t *h;
    size_t n;
    int rc = mfile_get_i64(file, "head", &h, &n, 11, err);
    if (rc != 0)
        return rc;
    if (h[9] != (int64_t)m->fleet->n_supplies || h[10] != (int64_t)m->fleet->n_channels)
        return err_set(err, ERR_DATA,
                       "made for another fleet: %lld supplies and %lld channels, not %zu "
                       "and %zu; train again",
                       (long long)h[9], (long long)h[10], m->fleet->n_supplies, m->fleet->n_channels);
    if (h[0] != (int64_t)m->fleet->hash)
        return err_set(err, ERR_DATA,
                       "made for another fleet: as many supplies and channels, but "
                       "other names, PVs or order; train again");
    if (h[4] < 1 || h[4] > UINT16_MAX || h[6] < 1 || h[6] > WINDOWS_MAX || h[5] < 1 || h[7] < 1)
        return err_set(err, ERR_DATA, "impossible windows");
    m->from = h[1];
    m->to = h[2];
    m->period = h[3];
    m->per_hour = (unsigned)h[4];
    m->divergence_hours = (size_t)h[5];
    m->windows = (size_t)h[6];
    m->window[0] = (size_t)h[7];
    m->window[1] = (size_t)h[8];
    return 0;
}

static int get_kept(struct model *m, const struct mfile *file, struct err *err)
{
    struct kept kept[KEPT_MAX];
    size_t n = kept_arrays(m, kept), got;
    for (size_t i = 0; i < n; i++) {
        const float *v;
        int rc = mfile_get_f32(file, kept[i].name, &v, &got, kept[i].n, err);
        if (rc != 0)
            return rc;
        memcpy(*kept[i].at, v, got * sizeof *v);
    }
    return 0;
}

static int get_whole(struct model *m, const struct mfile *file, struct err *err)
{
    struct whole whole[WHOLE];
    whole_arrays(m, whole);
    for (size_t i = 0; i < WHOLE; i++) {
        const int64_t *v;
        size_t got;
        int rc = mfile_get_i64(file, whole[i].name, &v, &got, whole[i].n, err);
        if (rc != 0)
            return rc;
        for (size_t k = 0; k < got; k++)
            whole[i].set(m, k, v[k]);
    }
    return 0;
}

/* What follows from presence, and the room for what is read next. */
static void derive(struct model *m)
{
    size_t S = m->fleet->n_supplies, w = m->layout->width;
    for (size_t i = 0; i < S * w; i++)
        if (!m->ref.present[i])
            m->kinds.of[i] = KIND_NONE;
    supply_kinds_init(&m->supply_kinds, &m->kinds, S, w);
    for (size_t s = 0; s < S; s++)
        m->n_scored += m->fit[s] == FIT_OK;
    scales_init(&m->scales, m->windows, S, m->supply_kinds.n, w);
    tails_init(&m->tails, m->windows, m->kinds.n);
    m->reconstruction = reconstruction_new(m->fleet, m->layout, m->ref.present);
}

int model_load(struct model **out, const struct fleet *f, const char *path, char hex[DIGEST_HEX_LEN],
               struct err *err)
{
    struct mfile *file = NULL;
    int rc = mfile_read(&file, path, MODEL_SCHEMA, hex, err);
    if (rc != 0)
        return rc;
    struct model *m = model_new(f);
    rc = get_head(m, file, err);
    if (rc == 0)
        rc = get_whole(m, file, err);
    if (rc == 0) {
        derive(m);
        rc = get_kept(m, file, err);
    }
    if (rc == 0)
        rc = get_tails(m, file, err);
    if (rc == 0)
        rc = get_inverses(m, file, err);
    if (rc == 0)
        rc = physics_load(&m->physics, f, file, "physics", err);
    if (rc == 0)
        rc = reconstruction_load(m->reconstruction, file, err);
    if (rc == 0) {
        const char *summary = mfile_get_text(file, "summary");
        m->summary = xstrdup(summary ? summary : "");
    }
    mfile_free(file);
    if (rc != 0) {
        err_wrap(err, "%s", path);
        model_free(m);
        return rc;
    }
    *out = m;
    return 0;
}
