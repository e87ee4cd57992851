/* Raw autoencoder error: one network a family on the six raw signals of a supply, each in standard deviations
 * of its own readings; the hour's mean squared error. SPDX-License-Identifier: MIT */
#include "detectors/net/autoenc.h"
#include "monitor/comparators/comparator.h"

#include <math.h>
#include <stdlib.h>

#define WIDTH SIGNAL_KNOWN
#define ROWS 20000 /* a family */
#define LEAST_ROWS 500
#define CLIP 20.0 /* wide: what is far off shall have a large error */

struct autoencoder {
    const struct fleet *fleet;
    double *mean, *sd;    /* [C] */
    struct autoenc **net; /* [families]; NULL: none */
    float *row, *error;   /* [COMPARATOR_MINUTES][WIDTH] */
};

static bool complete(const struct supply *s)
{
    for (int k = 0; k < WIDTH; k++)
        if (s->known[k] < 0)
            return false;
    return true;
}

static float standard(const struct autoencoder *a, size_t channel, float x)
{
    return (float)(((double)x - a->mean[channel]) / a->sd[channel]);
}

static void learn_scales(struct autoencoder *a, const struct comparator_reference *r)
{
    for (uint32_t c = 0; c < r->fleet->n_channels; c++)
        if (comparator_moments(r->column(r->arg, c), r->minutes, 1, COMPARATOR_LEAST, &a->mean[c], &a->sd[c]))
            a->sd[c] = comparator_spread(a->sd[c], a->mean[c]);
        else
            a->mean[c] = NAN;
}

static bool whole(const float row[WIDTH])
{
    for (int k = 0; k < WIDTH; k++)
        if (isnan(row[k]))
            return false;
    return true;
}

/* Every step-th minute of a supply behind rows[at]; returns where they end. */
static size_t add_rows(const struct autoencoder *a, const struct comparator_reference *r,
                       const struct supply *s, size_t step, float rows[], size_t at)
{
    size_t taken = r->minutes / step;
    float *of = xnan(taken * WIDTH + 1);
    for (int k = 0; k < WIDTH; k++) {
        const float *column = r->column(r->arg, (uint32_t)s->known[k]);
        for (size_t i = 0; i < taken; i++)
            of[i * WIDTH + (size_t)k] = standard(a, (size_t)s->known[k], column[i * step]);
    }
    for (size_t i = 0; i < taken; i++)
        if (whole(of + i * WIDTH)) {
            for (size_t k = 0; k < WIDTH; k++)
                rows[at * WIDTH + k] = of[i * WIDTH + k];
            at++;
        }
    free(of);
    return at;
}

/* Reports nothing: a family without a network is not judged. */
static struct autoenc *learn_family(const struct autoencoder *a, const struct comparator_reference *r,
                                    int32_t family)
{
    const struct fleet *f = r->fleet;
    size_t members = 0, n = 0;
    struct autoenc *net = NULL;
    struct autoenc_fit fit;
    struct err err;
    for (size_t i = 0; i < f->n_supplies; i++)
        members += f->supplies[i].group[GROUP_FAMILY] == family && complete(&f->supplies[i]);
    size_t step = members * r->minutes / ROWS + 1;
    float *rows = xcalloc(members * (r->minutes / step + 1) * WIDTH + 1, sizeof *rows);
    for (size_t i = 0; i < f->n_supplies; i++)
        if (f->supplies[i].group[GROUP_FAMILY] == family && complete(&f->supplies[i]))
            n = add_rows(a, r, &f->supplies[i], step, rows, n);
    const struct autoenc_options o = {.d = WIDTH, .seed = r->seed, .weight_decay = -1, .clip = CLIP};
    if (n >= LEAST_ROWS && autoenc_train(&net, &o, rows, n, &fit, &err) != 0)
        net = NULL;
    free(rows);
    return net;
}

static void *autoencoder_learn(const struct comparator_reference *r)
{
    size_t families = r->fleet->groups[GROUP_FAMILY].n, channels = r->fleet->n_channels;
    struct autoencoder *a = xcalloc(1, sizeof *a);
    *a = (struct autoencoder){.fleet = r->fleet,
                              .mean = xcalloc(channels + 1, sizeof *a->mean),
                              .sd = xcalloc(channels + 1, sizeof *a->sd),
                              .net = xcalloc(families + 1, sizeof(struct autoenc *)),
                              .row = xnan(COMPARATOR_MINUTES * WIDTH),
                              .error = xnan(COMPARATOR_MINUTES * WIDTH)};
    learn_scales(a, r);
    for (size_t k = 0; k < families; k++)
        a->net[k] = learn_family(a, r, (int32_t)k);
    return a;
}

static void autoencoder_free(void *self)
{
    struct autoencoder *a = self;
    for (size_t k = 0; k < a->fleet->groups[GROUP_FAMILY].n; k++)
        autoenc_free(a->net[k]);
    free(a->net);
    free(a->mean);
    free(a->sd);
    free(a->row);
    free(a->error);
    free(a);
}

static float mean_error(struct autoencoder *a, struct autoenc *net, const struct supply *s,
                        const float minute[])
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < COMPARATOR_MINUTES; i++)
        for (size_t k = 0; k < WIDTH; k++) {
            size_t c = (size_t)s->known[k];
            a->row[i * WIDTH + k] = standard(a, c, minute[i * a->fleet->n_channels + c]);
        }
    autoenc_residual(net, a->row, COMPARATOR_MINUTES, a->error);
    for (size_t i = 0; i < COMPARATOR_MINUTES * WIDTH; i++)
        if (!isnan(a->error[i])) {
            sum += (double)(a->error[i] * a->error[i]);
            n++;
        }
    return n < COMPARATOR_LEAST * WIDTH ? NAN : (float)(sum / (double)n);
}

static void autoencoder_hour(void *self, const float minute[], float value[])
{
    struct autoencoder *a = self;
    for (size_t i = 0; i < a->fleet->n_supplies; i++) {
        const struct supply *s = &a->fleet->supplies[i];
        struct autoenc *net = a->net[s->group[GROUP_FAMILY]];
        value[i] = net && complete(s) ? mean_error(a, net, s, minute) : NAN;
    }
}

const struct comparator comparator_autoencoder = {
    .name = "raw autoencoder",
    .words = "hourly error of six raw signals, one net a family",
    .learn = autoencoder_learn,
    .free = autoencoder_free,
    .hour = autoencoder_hour};
