/* Whitening and autoencoder per family; see families.h. SPDX-License-Identifier: MIT */
#include "detectors/net/families.h"

#include "base/mem.h"
#include "detectors/net/joint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_ROWS 50
#define LEAST_PER_COLUMN 3

#define NO_COLUMN UINT32_MAX /* only supplies that are gone had it */

struct family {
    size_t d;
    uint32_t *column;    /* [d] of the feature row; NO_COLUMN */
    struct joint *joint; /* NULL: not fitted */
    size_t rows;         /* that it was fitted on, not kept in files */
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
        joint_free(j->family[i].joint);
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
        out[i] = c != NO_COLUMN && (!present || present[c]) ? row[c] : 0;
        if (!present && isnan(out[i]))
            out[i] = 0;
    }
}

void families_fit(struct families *j, size_t family, const struct rows *rows, uint64_t seed)
{
    struct family *fam = &j->family[family];
    size_t d = fam->d, n = rows->n;
    fam->rows = n;
    if (d == 0 || n < LEAST_ROWS || n < LEAST_PER_COLUMN * d)
        return;
    float *plain = xcalloc(n, d * sizeof *plain);
    for (size_t i = 0; i < n; i++)
        gather(fam, NULL, rows->z + i * j->layout->width, plain + i * d);
    const struct joint_options o = {
        .d = d, .context = ROW_CONTEXT, .least = d + 2, .network = true, .seed = seed};
    fam->joint = joint_fit(&o, plain, rows->context, n);
    if (fam->joint && d >= JOINT_COLUMNS && !joint_has_network(fam->joint)) {
        joint_free(fam->joint); /* distance would not compare with what others of the fleet say */
        fam->joint = NULL;
    }
    free(plain);
}

void families_describe(const struct families *j, const struct fleet *f, struct buf *out)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct family *fam = &j->family[i];
        const char *name = f->groups[GROUP_FAMILY].name[i];
        const struct autoenc_fit *fit = fam->joint ? joint_report(fam->joint) : NULL;
        if (!fam->joint)
            buf_printf(out, "family %s: no network: %zu rows of %zu columns are too few\n", name, fam->rows,
                       fam->d);
        else if (!joint_has_network(fam->joint))
            buf_printf(out, "family %s: distance only (%zu columns), %zu rows\n", name, fam->d, fam->rows);
        else
            buf_printf(out,
                       "family %s: network of %zu columns, %zu rows, %d epochs, loss %.4f training, "
                       "%.4f held out%s\n",
                       name, fam->d, fam->rows, fit->epochs, fit->train_loss, fit->held_loss,
                       fit->converged ? "" : "; NOT converged within its epochs");
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
    joint_back(fam->joint, e, back);
    memset(out, 0, w * sizeof *out);
    for (size_t i = 0; i < fam->d; i++)
        if (fam->column[i] != NO_COLUMN && (present[fam->column[i]] || isnan(back[i])))
            out[fam->column[i]] = back[i];
    if (error)
        *error = (float)(sum / (double)fam->d);
    if (back != stack)
        free(back);
}

void families_residual(struct families *j, size_t family, const struct rows *rows, float out[], float error[])
{
    struct family *fam = &j->family[family];
    size_t d = fam->d, n = rows->n, w = j->layout->width;
    if (!fam->joint) {
        for (size_t i = 0; i < n * w; i++)
            out[i] = NAN;
        for (size_t i = 0; error && i < n; i++)
            error[i] = NAN;
        return;
    }
    xgrow(&j->input, &j->input_cap, n * (d + ROW_CONTEXT), sizeof *j->input);
    xgrow(&j->residual, &j->residual_cap, (n + 1) * d, sizeof *j->residual);
    size_t stride = joint_width(fam->joint);
    float *plain = j->residual; /* one row, before the residuals take its place */
    for (size_t i = 0; i < n; i++) {
        gather(fam, j->present + rows->supply[i] * w, rows->z + i * w, plain);
        joint_input(fam->joint, plain, rows->context + i * ROW_CONTEXT, j->input + i * stride);
    }
    const float *e = joint_residual(fam->joint, j->input, n, j->residual);
    for (size_t i = 0; i < n; i++)
        scatter(fam, j->present + rows->supply[i] * w, e + i * d, w, out + i * w, error ? error + i : NULL);
}

/* ---- another fleet ---- */

static int32_t index_of(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->name[i], name) == 0)
            return (int32_t)i;
    return -1;
}

/* Where each column of the earlier row is now, by the known supplies of a family: to[width then], NO_COLUMN
 * where none has it. False: they do not agree. */
static bool columns_now(const struct layout_map *map, size_t family, uint32_t to[])
{
    for (size_t c = 0; c < map->from->width; c++)
        to[c] = NO_COLUMN;
    for (size_t s = 0; s < map->to->n_supplies; s++) {
        if (map->supply[s] < 0 || map->now->supplies[s].group[GROUP_FAMILY] != (int32_t)family)
            continue;
        for (uint32_t c = 0; c < map->to->width; c++) {
            int32_t was = layout_map_column(map, s, c);
            if (was < 0)
                continue;
            if (to[was] != NO_COLUMN && to[was] != c)
                return false;
            to[was] = c;
        }
    }
    return true;
}

static void take_family(struct family *fam, struct family *was, const uint32_t to[])
{
    free(fam->column);
    *fam = *was;
    *was = (struct family){0};
    for (size_t i = 0; i < fam->d; i++)
        fam->column[i] = to[fam->column[i]];
}

struct families *families_refit(struct families *was, const struct layout_map *map, const bool present[])
{
    struct families *j = families_new(map->now, map->to, present);
    uint32_t *to = xcalloc(map->from->width, sizeof *to);
    for (size_t i = 0; i < j->n; i++) {
        int32_t then = index_of(&map->then->groups[GROUP_FAMILY], map->now->groups[GROUP_FAMILY].name[i]);
        if (then >= 0 && columns_now(map, i, to))
            take_family(&j->family[i], &was->family[then], to);
    }
    free(to);
    return j;
}

/* ---- files ---- */

void families_save(const struct families *j, struct mfile *m, const char *prefix)
{
    char name[64];
    for (size_t i = 0; i < j->n; i++) {
        snprintf(name, sizeof name, "%s.%zu", prefix, i);
        joint_save(j->family[i].joint, m, name);
    }
}

int families_load(struct families *j, const struct mfile *m, const char *prefix, struct err *err)
{
    char name[64];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < j->n; i++) {
        snprintf(name, sizeof name, "%s.%zu", prefix, i);
        rc = joint_load(&j->family[i].joint, j->family[i].d, ROW_CONTEXT, m, name, err);
    }
    return rc;
}
