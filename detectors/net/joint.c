/* Whitening and autoencoder of rows; see joint.h. SPDX-License-Identifier: MIT */
#include "detectors/net/joint.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHRINK 0.02

struct joint {
    size_t d, context;
    struct whiten whiten;
    double *precision;       /* (d,d) Σ^-1; NULL until asked for */
    struct autoenc *network; /* NULL: none */
    struct autoenc_fit report;
};

void joint_free(struct joint *j)
{
    if (!j)
        return;
    whiten_free(&j->whiten);
    free(j->precision);
    autoenc_free(j->network);
    free(j);
}

static const double *precision_of(struct joint *j)
{
    if (!j->precision)
        j->precision = whiten_precision(&j->whiten);
    return j->precision;
}

/* ---- learning ---- */

static size_t observed(const float z[], size_t d)
{
    size_t n = 0;
    for (size_t k = 0; k < d; k++)
        n += isnan(z[k]) ? 0 : 1;
    return n;
}

static void append_context(float *row, const float context[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        row[i] = isnan(context[i]) ? 0 : context[i];
}

/* Rows with half of their values learn; what is missing in them is what the others imply. */
static void fit_network(struct joint *j, const struct joint_options *o, const float z[],
                        const float context[], size_t n)
{
    size_t d = o->d, width = d + o->context, used = 0;
    struct autoenc_options options = {
        .d = d, .context = o->context, .seed = o->seed, .weight_decay = -1, .clip = JOINT_CLIP};
    struct err ignored; /* too few rows: joint_has_network says so */
    float *rows = xcalloc(n, width * sizeof *rows), *whole = xcalloc(d, sizeof *whole);
    for (size_t i = 0; i < n; i++) {
        size_t there = observed(z + i * d, d);
        if (2 * there < d)
            continue;
        memcpy(whole, z + i * d, d * sizeof *whole);
        if (there < d)
            joint_fill(j, whole, INFINITY);
        whiten_apply(&j->whiten, whole, rows + used * width, JOINT_CLIP);
        append_context(rows + used * width + d, context + i * o->context, o->context);
        used++;
    }
    if (autoenc_train(&j->network, &options, rows, used, &j->report, &ignored) != 0)
        j->network = NULL;
    free(rows);
    free(whole);
}

struct joint *joint_fit(const struct joint_options *o, const float z[], const float context[], size_t n)
{
    struct joint *j = xcalloc(1, sizeof *j);
    double *zero = xcalloc(o->d, sizeof *zero), *one = xcalloc(o->d, sizeof *one);
    j->d = o->d;
    j->context = o->context;
    for (size_t i = 0; i < o->d; i++)
        one[i] = 1;
    int rc = whiten_fit(&j->whiten, z, n, o->d, zero, one, SHRINK, o->least);
    free(zero);
    free(one);
    if (rc != 0) {
        joint_free(j);
        return NULL;
    }
    if (o->network && o->d >= JOINT_COLUMNS)
        fit_network(j, o, z, context, n);
    return j;
}

bool joint_has_network(const struct joint *j)
{
    return j->network;
}

const struct autoenc_fit *joint_report(const struct joint *j)
{
    return &j->report;
}

/* ---- use ---- */

size_t joint_width(const struct joint *j)
{
    return j->d + (j->network ? j->context : 0);
}

void joint_input(const struct joint *j, const float z[], const float context[], float row[])
{
    whiten_apply(&j->whiten, z, row, JOINT_CLIP);
    if (j->network)
        append_context(row + j->d, context, j->context);
}

const float *joint_residual(struct joint *j, const float rows[], size_t n, float e[])
{
    if (!j->network)
        return rows;
    autoenc_residual(j->network, rows, n, e);
    return e;
}

void joint_back(const struct joint *j, const float e[], float back[])
{
    whiten_back(&j->whiten, e, back);
}

void joint_fill(struct joint *j, float z[], double clip)
{
    whiten_fill(j->d, precision_of(j), z, clip);
}

void joint_deviation(struct joint *j, const float z[], float r[])
{
    for (size_t i = 0; i < j->d; i++) {
        const double *row = precision_of(j) + i * j->d;
        double sum = 0;
        for (size_t k = 0; k < j->d; k++)
            sum += row[k] * (double)z[k];
        r[i] = (float)(sum / row[i]);
    }
}

/* ---- files ---- */

static const char *name_of(char out[96], const char *prefix, const char *what)
{
    snprintf(out, 96, "%.60s.%.30s", prefix, what);
    return out;
}

static void put(struct mfile *m, const char *prefix, const char *what, const double *v, size_t n)
{
    char name[96];
    mfile_put_f64(m, name_of(name, prefix, what), v, &n, 1);
}

void joint_save(const struct joint *j, struct mfile *m, const char *prefix)
{
    double head[2] = {j != NULL, j && j->network};
    put(m, prefix, "head", head, 2);
    if (!j)
        return;
    put(m, prefix, "mean", j->whiten.mean, j->d);
    put(m, prefix, "sd", j->whiten.sd, j->d);
    put(m, prefix, "forward", j->whiten.forward, j->d * j->d);
    put(m, prefix, "back", j->whiten.back, j->d * j->d);
    char name[96];
    if (j->network)
        autoenc_save(j->network, m, name_of(name, prefix, "network"));
}

static int get(const struct mfile *m, const char *prefix, const char *what, double **out, size_t n,
               struct err *err)
{
    char name[96];
    const double *v;
    int rc = mfile_get_f64(m, name_of(name, prefix, what), &v, NULL, n, err);
    if (rc != 0)
        return rc;
    *out = xcalloc(n, sizeof **out);
    memcpy(*out, v, n * sizeof **out);
    return 0;
}

static int load_whitening(struct joint *j, const struct mfile *m, const char *prefix, struct err *err)
{
    struct whiten *w = &j->whiten;
    size_t d = j->d;
    w->d = d;
    int rc = get(m, prefix, "mean", &w->mean, d, err);
    if (rc == 0)
        rc = get(m, prefix, "sd", &w->sd, d, err);
    if (rc == 0)
        rc = get(m, prefix, "forward", &w->forward, d * d, err);
    if (rc == 0)
        rc = get(m, prefix, "back", &w->back, d * d, err);
    return rc;
}

static int load_network(struct joint *j, const struct mfile *m, const char *prefix, struct err *err)
{
    char name[96];
    int rc = autoenc_load(&j->network, m, name_of(name, prefix, "network"), err);
    if (rc == 0 && (autoenc_d(j->network) != j->d || autoenc_context(j->network) != j->context))
        rc = err_set(err, ERR_DATA, "%s has %zu columns, the fleet %zu", name, autoenc_d(j->network), j->d);
    return rc;
}

int joint_load(struct joint **out, size_t d, size_t context, const struct mfile *m, const char *prefix,
               struct err *err)
{
    double *head = NULL;
    int rc = get(m, prefix, "head", &head, 2, err);
    bool fitted = rc == 0 && head[0] != 0, network = rc == 0 && head[1] != 0;
    free(head);
    if (rc != 0 || !fitted)
        return rc;
    if (d == 0)
        return err_set(err, ERR_DATA, "%s was fitted, but there are no columns of it", prefix);
    struct joint *j = xcalloc(1, sizeof *j);
    j->d = d;
    j->context = context;
    rc = load_whitening(j, m, prefix, err);
    if (rc == 0 && network)
        rc = load_network(j, m, prefix, err);
    if (rc != 0) {
        joint_free(j);
        return rc;
    }
    *out = j;
    return 0;
}
