/* Reconstruction: what a supply's columns say together. Per family a whitening and an autoencoder
 * (net/families.h) give each minute a signed residual per column; its mean over a day or three, whitened
 * again, is one number per supply. Finds shifts spread over several channels. docs/detection.md §4, §5. S =
 * supplies, W = columns. SPDX-License-Identifier: MIT */
#include "detectors/net/families.h"
#include "detectors/statistics/statistic.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CENTRE_STRIDE 4 /* every fourth minute makes the centre of the residual */

struct learned {
    struct families *families;
    size_t cells;  /* S·W */
    float *centre; /* [S][W] mean residual of the reference, which window means are counted from */
};

static struct learned *learned_new(struct families *families, size_t cells)
{
    struct learned *l = xcalloc(1, sizeof *l);
    *l = (struct learned){families, cells, xcalloc(cells, sizeof *l->centre)};
    return l;
}

static void forget(void *learned)
{
    struct learned *l = learned;
    families_free(l->families);
    free(l->centre);
    free(l);
}

/* ---- learning ---- */

static void add(struct rows *out, const struct lesson *l, uint32_t supply, size_t hour, size_t minute)
{
    const float *row = l->rows(l->arg, supply, hour) + minute * l->stride;
    rows_add(out, l->reference, supply, row, row + l->layout->width);
}

/* Rows of a family spread evenly over the reference, hour by hour, at most max_rows. */
static void family_rows(const struct lesson *l, size_t family, struct rows *out)
{
    size_t members = 0, hours = 0;
    for (size_t i = 0; i < l->fleet->n_supplies; i++)
        members += l->fleet->supplies[i].group[GROUP_FAMILY] == (int32_t)family;
    for (size_t h = 0; h < l->hours; h++)
        hours += l->in[h];
    double step = (double)members * (double)hours * l->per_hour / (double)l->max_rows;
    step = step > 1 ? step : 1;
    double next = 0, at = 0; /* positions in the family's minutes */
    for (size_t h = 0; h < l->hours; h++) {
        for (uint32_t i = 0; l->in[h] && i < l->fleet->n_supplies; i++) {
            if (l->fleet->supplies[i].group[GROUP_FAMILY] != (int32_t)family)
                continue;
            for (; next < at + l->per_hour; next += step)
                if (reference_has(l->reference, i))
                    add(out, l, i, h, (size_t)(next - at));
            at += l->per_hour;
        }
    }
}

static void learn_centre(const struct lesson *l, uint32_t supply, struct learned *out, struct rows *rows,
                         float **residual, size_t *cap)
{
    size_t w = l->layout->width;
    rows->n = 0;
    for (size_t h = 0; h < l->hours; h++)
        for (size_t m = h % CENTRE_STRIDE; l->in[h] && m < l->per_hour; m += CENTRE_STRIDE)
            add(rows, l, supply, h, m);
    xgrow(residual, cap, rows->n * w + 1, sizeof **residual);
    families_residual(out->families, (size_t)l->fleet->supplies[supply].group[GROUP_FAMILY], rows, *residual,
                      NULL);
    for (size_t c = 0; c < w; c++) {
        double sum = 0;
        for (size_t i = 0; i < rows->n; i++)
            sum += (double)(*residual)[i * w + c];
        out->centre[supply * w + c] = rows->n ? (float)(sum / (double)rows->n) : NAN;
    }
}

static void *learn(const struct lesson *l)
{
    size_t n = l->fleet->groups[GROUP_FAMILY].n, cap = 0;
    struct learned *out = learned_new(families_new(l->fleet, l->layout, l->reference->present),
                                      l->layout->n_supplies * l->layout->width);
    struct rows rows = {0};
    float *residual = NULL;
    for (size_t i = 0; i < n; i++) {
        rows.n = 0;
        family_rows(l, i, &rows);
        families_fit(out->families, i, &rows, l->seed + i);
        if (l->progress)
            l->progress(l->progress_arg, (double)i + 1, (double)n);
    }
    for (uint32_t i = 0; i < l->fleet->n_supplies; i++)
        learn_centre(l, i, out, &rows, &residual, &cap);
    free(residual);
    rows_free(&rows);
    return out;
}

static void describe(const void *learned, const struct fleet *f, struct buf *out)
{
    families_describe(((const struct learned *)learned)->families, f, out);
}

/* ---- files ---- */

static void save(const void *learned, struct mfile *m)
{
    const struct learned *l = learned;
    mfile_put_f32(m, "reconstruction.centre", l->centre, &l->cells, 1);
    families_save(l->families, m, "reconstruction");
}

static int load(void **learned, const struct fleet *f, const struct reference *r,
                const struct feature_layout *layout, const struct mfile *m, struct err *err)
{
    struct learned *l = learned_new(families_new(f, layout, r->present), layout->n_supplies * layout->width);
    const float *centre;
    int rc = mfile_get_f32(m, "reconstruction.centre", &centre, NULL, l->cells, err);
    if (rc == 0) {
        memcpy(l->centre, centre, l->cells * sizeof *centre);
        rc = families_load(l->families, m, "reconstruction", err);
    }
    if (rc != 0)
        forget(l);
    else
        *learned = l;
    return rc;
}

static void *refit(void *learned, const struct layout_map *map, const bool present[])
{
    struct learned *was = learned;
    size_t w = map->to->width;
    struct learned *l = learned_new(families_refit(was->families, map, present), map->to->n_supplies * w);
    for (size_t i = 0; i < l->cells; i++) {
        int32_t from = map->supply[i / w], column = from < 0 ? -1 : layout_map_column(map, i / w, i % w);
        l->centre[i] = column < 0 ? NAN : was->centre[(size_t)from * map->from->width + (size_t)column];
    }
    return l;
}

/* ---- scoring ---- */

static void residuals(void *learned, size_t family, const struct rows *in, float out[], float each[])
{
    families_residual(((struct learned *)learned)->families, family, in, out, each);
}

static void window(const struct window *in, float out[])
{
    const struct learned *l = in->learned;
    hours_mean(in->hours, in->end, in->lo, in->length, in->sum, l->centre + in->at, out);
}

extern const struct statistic statistic_reconstruction;
const struct statistic statistic_reconstruction = {
    .name = "reconstruction",
    .words = "mean residual of the family's autoencoder",
    .figure = {{"reconstruction", "reconstruction error", "", false, true, NULL},
               {"reconstruction", "reconstruction", "sd", true, false, NULL}},
    .standard = STANDARD_MAHALANOBIS,
    .least_scale = 0.01f, /* sd */
    .windows = statistic_days,
    .window = window,
    .learn = learn,
    .forget = forget,
    .describe = describe,
    .save = save,
    .load = load,
    .refit = refit,
    .rows = residuals,
};
