/* Whitening and autoencoder per family; see reconstruction.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/reconstruction.h"

#include "base/mem.h"
#include "detectors/net/whiten.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETWORK_COLUMNS 3 /* fewer: distance alone */

struct family {
    size_t d;
    uint32_t *column; /* [d] of the feature row */
    struct whiten whiten;
    struct autoenc *network; /* NULL: d < NETWORK_COLUMNS */
    bool fitted;
};

struct reconstruction {
    const struct feature_layout *layout;
    size_t n;
    struct family *family;
    bool *present;           /* [S][W] */
    float *input, *residual; /* scratch, grown */
    size_t input_cap, residual_cap;
};

struct reconstruction *reconstruction_new(const struct fleet *f, const struct feature_layout *l,
                                          const bool present[])
{
    struct reconstruction *j = xcalloc(1, sizeof *j);
    size_t cells = l->n_supplies * l->width;
    j->layout = l;
    j->n = f->groups[GROUP_FAMILY].n;
    j->family = xcalloc(j->n, sizeof *j->family);
    j->present = xcalloc(cells, sizeof *j->present);
    memcpy(j->present, present, cells * sizeof *present);
    for (size_t i = 0; i < j->n; i++)
        j->family[i].column = xcalloc(l->width, sizeof *j->family[i].column);
    for (uint32_t c = 0; c < l->width; c++) {
        for (size_t i = 0; i < j->n; i++) {
            bool any = false;
            for (size_t s = 0; s < l->n_supplies && !any; s++)
                any = f->supplies[s].group[GROUP_FAMILY] == (int32_t)i && present[s * l->width + c];
            if (any)
                j->family[i].column[j->family[i].d++] = c;
        }
    }
    return j;
}

void reconstruction_free(struct reconstruction *j)
{
    if (!j)
        return;
    for (size_t i = 0; i < j->n; i++) {
        free(j->family[i].column);
        if (j->family[i].fitted)
            whiten_free(&j->family[i].whiten);
        autoenc_free(j->family[i].network);
    }
    free(j->family);
    free(j->present);
    free(j->input);
    free(j->residual);
    free(j);
}

size_t reconstruction_families(const struct reconstruction *j)
{
    return j->n;
}

size_t reconstruction_columns(const struct reconstruction *j, size_t family)
{
    return j->family[family].d;
}

/* Columns of a family from a feature row; a column that the supply lacks stands at its mean, 0. */
static void gather(const struct family *fam, const bool present[], const float row[], float out[])
{
    for (size_t i = 0; i < fam->d; i++) {
        uint32_t c = fam->column[i];
        out[i] = !present || present[c] ? row[c] : 0;
        if (!present && isnan(out[i]))
            out[i] = 0;
    }
}

static void append_context(float *row, const float context[])
{
    for (size_t i = 0; i < RECONSTRUCTION_CONTEXT; i++)
        row[i] = isnan(context[i]) ? 0 : context[i];
}

static int fit_network(struct family *fam, const float *rows, size_t n, uint64_t seed,
                       struct autoenc_fit *fit, struct err *err)
{
    struct autoenc_options o = {.d = fam->d,
                                .context = RECONSTRUCTION_CONTEXT,
                                .seed = seed,
                                .weight_decay = -1,
                                .clip = RECONSTRUCTION_CLIP};
    struct autoenc_fit ignored;
    return autoenc_train(&fam->network, &o, rows, n, fit ? fit : &ignored, err);
}

int reconstruction_fit(struct reconstruction *j, size_t family, const float z[], const float context[],
                       size_t n, uint64_t seed, struct autoenc_fit *fit, struct err *err)
{
    struct family *fam = &j->family[family];
    size_t d = fam->d, stride = d + RECONSTRUCTION_CONTEXT, w = j->layout->width;
    if (d == 0 || n < 50 || n < 3 * d)
        return err_set(err, ERR_DATA, "%zu rows of %zu columns are too few", n, d);
    float *plain = xcalloc(n, d * sizeof *plain);
    for (size_t i = 0; i < n; i++)
        gather(fam, NULL, z + i * w, plain + i * d);
    double *zero = xcalloc(d, sizeof *zero), *one = xcalloc(d, sizeof *one);
    for (size_t i = 0; i < d; i++)
        one[i] = 1;
    int rc = whiten_fit(&fam->whiten, plain, n, d, zero, one, WHITEN_SHRINK);
    free(zero);
    free(one);
    if (rc != 0) {
        free(plain);
        return err_set(err, ERR_DATA, "cannot whiten %zu rows of %zu columns", n, d);
    }
    fam->fitted = true;
    if (d >= NETWORK_COLUMNS) {
        float *rows = xcalloc(n, stride * sizeof *rows);
        for (size_t i = 0; i < n; i++) {
            whiten_apply(&fam->whiten, plain + i * d, rows + i * stride, RECONSTRUCTION_CLIP);
            append_context(rows + i * stride + d, context + i * RECONSTRUCTION_CONTEXT);
        }
        rc = fit_network(fam, rows, n, seed, fit, err);
        free(rows);
    }
    free(plain);
    return rc;
}

/* Residual of whitened rows e (n, d) back in the columns of a feature row. */
static void scatter(const struct family *fam, const bool present[], const float e[], size_t w, float out[],
                    float *error)
{
    enum { STACK = 64 };
    float stack[STACK], *back = fam->d <= STACK ? stack : xcalloc(fam->d, sizeof *back);
    double sum = 0;
    for (size_t i = 0; i < fam->d; i++)
        sum += (double)e[i] * (double)e[i];
    whiten_back(&fam->whiten, e, back);
    memset(out, 0, w * sizeof *out);
    for (size_t i = 0; i < fam->d; i++)
        if (present[fam->column[i]] || isnan(back[i]))
            out[fam->column[i]] = back[i];
    if (error)
        *error = (float)(sum / (double)fam->d);
    if (back != stack)
        free(back);
}

void reconstruction_residual(struct reconstruction *j, size_t family, const uint32_t supply[],
                             const float z[], const float context[], size_t n, float out[], float error[])
{
    struct family *fam = &j->family[family];
    size_t d = fam->d, w = j->layout->width, stride = d + (fam->network ? RECONSTRUCTION_CONTEXT : 0);
    if (!fam->fitted) {
        for (size_t i = 0; i < n * w; i++)
            out[i] = NAN;
        for (size_t i = 0; error && i < n; i++)
            error[i] = NAN;
        return;
    }
    xgrow(&j->input, &j->input_cap, n * (d + RECONSTRUCTION_CONTEXT), sizeof *j->input);
    xgrow(&j->residual, &j->residual_cap, (n + 1) * d, sizeof *j->residual);
    float *plain = j->residual; /* one row, before the residuals take its place */
    for (size_t i = 0; i < n; i++) {
        float *row = j->input + i * stride;
        gather(fam, j->present + supply[i] * w, z + i * w, plain);
        whiten_apply(&fam->whiten, plain, row, RECONSTRUCTION_CLIP);
        if (fam->network)
            append_context(row + d, context + i * RECONSTRUCTION_CONTEXT);
    }
    const float *e = j->input;
    if (fam->network) {
        autoenc_residual(fam->network, j->input, n, j->residual);
        e = j->residual;
    }
    for (size_t i = 0; i < n; i++)
        scatter(fam, j->present + supply[i] * w, e + i * d, w, out + i * w, error ? error + i : NULL);
}

/* ---- files ---- */

static void put(struct mfile *m, size_t family, const char *what, const double *v, size_t n)
{
    char name[64];
    snprintf(name, sizeof name, "reconstruction.%zu.%s", family, what);
    mfile_put_f64(m, name, v, &n, 1);
}

void reconstruction_save(const struct reconstruction *j, struct mfile *m)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct family *fam = &j->family[i];
        double head[2] = {fam->fitted, fam->network != NULL};
        put(m, i, "head", head, 2);
        if (!fam->fitted)
            continue;
        put(m, i, "mean", fam->whiten.mean, fam->d);
        put(m, i, "sd", fam->whiten.sd, fam->d);
        put(m, i, "forward", fam->whiten.forward, fam->d * fam->d);
        put(m, i, "back", fam->whiten.back, fam->d * fam->d);
        char prefix[64];
        snprintf(prefix, sizeof prefix, "reconstruction.%zu.network", i);
        if (fam->network)
            autoenc_save(fam->network, m, prefix);
    }
}

static int get(const struct mfile *m, size_t family, const char *what, double **out, size_t n,
               struct err *err)
{
    char name[64];
    const double *v;
    size_t got;
    snprintf(name, sizeof name, "reconstruction.%zu.%s", family, what);
    int rc = mfile_get_f64(m, name, &v, &got, n, err);
    if (rc != 0)
        return rc;
    *out = xcalloc(n, sizeof **out);
    memcpy(*out, v, n * sizeof **out);
    return 0;
}

static int load_family(struct family *fam, size_t i, const struct mfile *m, struct err *err)
{
    double *head = NULL;
    int rc = get(m, i, "head", &head, 2, err);
    bool fitted = rc == 0 && head[0] != 0, network = rc == 0 && head[1] != 0;
    free(head);
    if (rc != 0 || !fitted)
        return rc;
    struct whiten *w = &fam->whiten;
    *w = (struct whiten){.d = fam->d};
    fam->fitted = true;
    if ((rc = get(m, i, "mean", &w->mean, fam->d, err)) != 0 ||
        (rc = get(m, i, "sd", &w->sd, fam->d, err)) != 0 ||
        (rc = get(m, i, "forward", &w->forward, fam->d * fam->d, err)) != 0 ||
        (rc = get(m, i, "back", &w->back, fam->d * fam->d, err)) != 0 || !network)
        return rc;
    char prefix[64];
    snprintf(prefix, sizeof prefix, "reconstruction.%zu.network", i);
    rc = autoenc_load(&fam->network, m, prefix, err);
    if (rc == 0 &&
        (autoenc_d(fam->network) != fam->d || autoenc_context(fam->network) != RECONSTRUCTION_CONTEXT))
        rc = err_set(err, ERR_DATA, "%s has %zu columns, the fleet %zu", prefix, autoenc_d(fam->network),
                     fam->d);
    return rc;
}

int reconstruction_load(struct reconstruction *j, const struct mfile *m, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < j->n; i++)
        rc = load_family(&j->family[i], i, m, err);
    return rc;
}
