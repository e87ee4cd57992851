/* Whitening and autoencoder per family; see families.h. SPDX-License-Identifier: MIT */
#include "detectors/net/families.h"

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
    size_t rows;            /* that it was fitted on, not kept in files */
    struct autoenc_fit fit; /* epochs 0: no network */
};

struct families {
    const struct feature_layout *layout;
    size_t n;
    struct family *family;
    bool *present;           /* [S][W] */
    float *input, *residual; /* scratch, grown */
    size_t input_cap, residual_cap;
};

struct families *families_new(const struct fleet *f, const struct feature_layout *l, const bool present[])
{
    struct families *j = xcalloc(1, sizeof *j);
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

void families_free(struct families *j)
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
    for (size_t i = 0; i < ROW_CONTEXT; i++)
        row[i] = isnan(context[i]) ? 0 : context[i];
}

static int fit_network(struct family *fam, const float plain[], const struct rows *in, uint64_t seed,
                       struct err *err)
{
    size_t d = fam->d, stride = d + ROW_CONTEXT;
    struct autoenc_options o = {
        .d = d, .context = ROW_CONTEXT, .seed = seed, .weight_decay = -1, .clip = FAMILY_CLIP};
    float *rows = xcalloc(in->n, stride * sizeof *rows);
    for (size_t i = 0; i < in->n; i++) {
        whiten_apply(&fam->whiten, plain + i * d, rows + i * stride, FAMILY_CLIP);
        append_context(rows + i * stride + d, in->context + i * ROW_CONTEXT);
    }
    int rc = autoenc_train(&fam->network, &o, rows, in->n, &fam->fit, err);
    free(rows);
    return rc;
}

static int fit_whitening(struct family *fam, const float plain[], size_t n)
{
    double *zero = xcalloc(fam->d, sizeof *zero), *one = xcalloc(fam->d, sizeof *one);
    for (size_t i = 0; i < fam->d; i++)
        one[i] = 1;
    int rc = whiten_fit(&fam->whiten, plain, n, fam->d, zero, one, WHITEN_SHRINK);
    free(zero);
    free(one);
    return rc;
}

void families_fit(struct families *j, size_t family, const struct rows *rows, uint64_t seed)
{
    struct family *fam = &j->family[family];
    size_t d = fam->d, n = rows->n;
    struct err ignored; /* without a network the family has no residual; the description says so */
    fam->rows = n;
    if (d == 0 || n < 50 || n < 3 * d)
        return;
    float *plain = xcalloc(n, d * sizeof *plain);
    for (size_t i = 0; i < n; i++)
        gather(fam, NULL, rows->z + i * j->layout->width, plain + i * d);
    fam->fitted = fit_whitening(fam, plain, n) == 0;
    if (fam->fitted && d >= NETWORK_COLUMNS && fit_network(fam, plain, rows, seed, &ignored) != 0) {
        whiten_free(&fam->whiten);
        fam->fitted = false;
    }
    free(plain);
}

void families_describe(const struct families *j, const struct fleet *f, struct buf *out)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct family *fam = &j->family[i];
        const char *name = f->groups[GROUP_FAMILY].name[i];
        if (!fam->fitted)
            buf_printf(out, "family %s: no network: %zu rows of %zu columns are too few\n", name, fam->rows,
                       fam->d);
        else if (!fam->network)
            buf_printf(out, "family %s: distance only (%zu columns), %zu rows\n", name, fam->d, fam->rows);
        else
            buf_printf(out,
                       "family %s: network of %zu columns, %zu rows, %d epochs, loss %.4f training, "
                       "%.4f held out%s\n",
                       name, fam->d, fam->rows, fam->fit.epochs, fam->fit.train_loss, fam->fit.held_loss,
                       fam->fit.converged ? "" : "; NOT converged within its epochs");
    }
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

void families_residual(struct families *j, size_t family, const struct rows *rows, float out[], float error[])
{
    struct family *fam = &j->family[family];
    size_t d = fam->d, n = rows->n, w = j->layout->width, stride = d + (fam->network ? ROW_CONTEXT : 0);
    if (!fam->fitted) {
        for (size_t i = 0; i < n * w; i++)
            out[i] = NAN;
        for (size_t i = 0; error && i < n; i++)
            error[i] = NAN;
        return;
    }
    xgrow(&j->input, &j->input_cap, n * (d + ROW_CONTEXT), sizeof *j->input);
    xgrow(&j->residual, &j->residual_cap, (n + 1) * d, sizeof *j->residual);
    float *plain = j->residual; /* one row, before the residuals take its place */
    for (size_t i = 0; i < n; i++) {
        float *row = j->input + i * stride;
        gather(fam, j->present + rows->supply[i] * w, rows->z + i * w, plain);
        whiten_apply(&fam->whiten, plain, row, FAMILY_CLIP);
        if (fam->network)
            append_context(row + d, rows->context + i * ROW_CONTEXT);
    }
    const float *e = j->input;
    if (fam->network) {
        autoenc_residual(fam->network, j->input, n, j->residual);
        e = j->residual;
    }
    for (size_t i = 0; i < n; i++)
        scatter(fam, j->present + rows->supply[i] * w, e + i * d, w, out + i * w, error ? error + i : NULL);
}

/* ---- files ---- */

static void put(struct mfile *m, const char *prefix, size_t family, const char *what, const double *v,
                size_t n)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%zu.%s", prefix, family, what);
    mfile_put_f64(m, name, v, &n, 1);
}

void families_save(const struct families *j, struct mfile *m, const char *prefix)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct family *fam = &j->family[i];
        double head[2] = {fam->fitted, fam->network != NULL};
        put(m, prefix, i, "head", head, 2);
        if (!fam->fitted)
            continue;
        put(m, prefix, i, "mean", fam->whiten.mean, fam->d);
        put(m, prefix, i, "sd", fam->whiten.sd, fam->d);
        put(m, prefix, i, "forward", fam->whiten.forward, fam->d * fam->d);
        put(m, prefix, i, "back", fam->whiten.back, fam->d * fam->d);
        char name[64];
        snprintf(name, sizeof name, "%s.%zu.network", prefix, i);
        if (fam->network)
            autoenc_save(fam->network, m, name);
    }
}

static int get(const struct mfile *m, const char *prefix, size_t family, const char *what, double **out,
               size_t n, struct err *err)
{
    char name[64];
    const double *v;
    snprintf(name, sizeof name, "%s.%zu.%s", prefix, family, what);
    int rc = mfile_get_f64(m, name, &v, NULL, n, err);
    if (rc != 0)
        return rc;
    *out = xcalloc(n, sizeof **out);
    memcpy(*out, v, n * sizeof **out);
    return 0;
}

static int load_whitening(struct family *fam, size_t i, const struct mfile *m, const char *prefix,
                          struct err *err)
{
    struct whiten *w = &fam->whiten;
    size_t d = fam->d;
    *w = (struct whiten){.d = d};
    fam->fitted = true;
    int rc = get(m, prefix, i, "mean", &w->mean, d, err);
    if (rc == 0)
        rc = get(m, prefix, i, "sd", &w->sd, d, err);
    if (rc == 0)
        rc = get(m, prefix, i, "forward", &w->forward, d * d, err);
    if (rc == 0)
        rc = get(m, prefix, i, "back", &w->back, d * d, err);
    return rc;
}

static int load_network(struct family *fam, size_t i, const struct mfile *m, const char *prefix,
                        struct err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%zu.network", prefix, i);
    int rc = autoenc_load(&fam->network, m, name, err);
    if (rc == 0 && (autoenc_d(fam->network) != fam->d || autoenc_context(fam->network) != ROW_CONTEXT))
        rc = err_set(err, ERR_DATA, "%s has %zu columns, the fleet %zu", name, autoenc_d(fam->network),
                     fam->d);
    return rc;
}

static int load_family(struct family *fam, size_t i, const struct mfile *m, const char *prefix,
                       struct err *err)
{
    double *head = NULL;
    int rc = get(m, prefix, i, "head", &head, 2, err);
    bool fitted = rc == 0 && head[0] != 0, network = rc == 0 && head[1] != 0;
    free(head);
    if (rc != 0 || !fitted)
        return rc;
    if (fam->d == 0)
        return err_set(err, ERR_DATA, "%s.%zu was fitted, but the family has no columns", prefix, i);
    rc = load_whitening(fam, i, m, prefix, err);
    return rc == 0 && network ? load_network(fam, i, m, prefix, err) : rc;
}

int families_load(struct families *j, const struct mfile *m, const char *prefix, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < j->n; i++)
        rc = load_family(&j->family[i], i, m, prefix, err);
    return rc;
}
