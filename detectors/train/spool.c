/* Feature rows in a mapped temporary file; see spool.h. SPDX-License-Identifier: MIT */
#include "detectors/train/spool.h"

#include "base/mem.h"
#include "detectors/groups/group_model.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int temporary(struct err *err)
{
    const char *dir = getenv("TMPDIR");
    char *path = xasprintf("%s/psmon-train-XXXXXX", dir && *dir ? dir : "/var/tmp");
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        err_set(err, ERR_IO, "could not create '%s': %s", path, strerror(errno));
    else
        unlink(path);
    free(path);
    return fd;
}

static int map_rows(struct spool *s, struct err *err)
{
    int fd = temporary(err);
    if (fd < 0)
        return ERR_IO;
    s->bytes = s->n_supplies * s->hours * s->per_hour * s->stride * sizeof *s->rows;
    int rc = posix_fallocate(fd, 0, (off_t)s->bytes);
    void *p = MAP_FAILED;
    if (rc == 0) {
        p = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        rc = p == MAP_FAILED ? errno : 0;
    }
    close(fd);
    if (rc != 0)
        return err_set(err, ERR_IO, "could not map %zu MB of temporary file: %s", s->bytes >> 20,
                       strerror(rc));
    s->rows = p;
    for (size_t i = 0; i < s->bytes / sizeof *s->rows; i++)
        s->rows[i] = NAN; /* minutes of the first and last hour outside the record stay so */
    return 0;
}

/* The hour (from begin) and place in it of the minute (t - period, t]. */
static size_t slot_of(const struct spool *s, tstamp_ns t, size_t *minute)
{
    tstamp_ns period = NS_PER_HOUR / s->per_hour, k = (t - s->begin + period - 1) / period - 1;
    *minute = (size_t)k % s->per_hour;
    return (size_t)k / s->per_hour;
}

static void mark_blocks(struct spool *s, struct record *r)
{
    size_t n = record_minutes(r), minute;
    memset(s->block, FOLDS, s->hours); /* not seen yet */
    for (size_t k = 0; k < n; k++) {
        int8_t *b = &s->block[slot_of(s, record_time(r, k), &minute)];
        int8_t fold = (int8_t)fold_of(k, n);
        *b = *b == FOLDS || *b == fold ? fold : -1;
    }
    for (size_t h = 0; h < s->hours; h++)
        if (s->block[h] == FOLDS)
            s->block[h] = -1;
}

int spool_new(struct spool **out, const struct fleet *f, size_t width, struct record *r, struct err *err)
{
    size_t n = record_minutes(r);
    if (n < 2)
        return err_set(err, ERR_DATA, "the record holds %zu minutes", n);
    tstamp_ns first = record_time(r, 0), last = record_time(r, n - 1);
    tstamp_ns period = record_time(r, 1) - first;
    if (period > NS_PER_HOUR || NS_PER_HOUR % period != 0)
        return err_set(err, ERR_DATA, "an hour is not a whole number of grid periods");
    struct spool *s = xcalloc(1, sizeof *s);
    s->n_supplies = f->n_supplies;
    s->per_hour = (unsigned)(NS_PER_HOUR / period);
    s->stride = width + ROW_CONTEXT;
    s->begin = (first - 1) / NS_PER_HOUR * NS_PER_HOUR;
    s->hours = (size_t)((last - s->begin + NS_PER_HOUR - 1) / NS_PER_HOUR);
    s->block = xcalloc(s->hours, sizeof *s->block);
    mark_blocks(s, r);
    int rc = map_rows(s, err);
    if (rc != 0)
        spool_free(s);
    else
        *out = s;
    return rc;
}

void spool_free(struct spool *s)
{
    if (!s)
        return;
    if (s->rows)
        munmap(s->rows, s->bytes);
    free(s->block);
    free(s);
}

void spool_seen_init(struct spool_seen *seen, const struct spool *s)
{
    *seen = (struct spool_seen){.days = (s->hours + 23) / 24,
                                .fitted = xcalloc(s->n_supplies, sizeof *seen->fitted),
                                .steady = xcalloc(s->n_supplies, sizeof *seen->steady)};
    for (size_t i = 0; i < statistics_count(); i++)
        if (statistics[i]->share > 0)
            seen->most[i] = xcalloc(s->n_supplies, seen->days * sizeof *seen->most[i]);
}

void spool_seen_fini(struct spool_seen *seen)
{
    free(seen->fitted);
    free(seen->steady);
    for (size_t i = 0; i < STATISTICS_MAX; i++)
        free(seen->most[i]);
}

static float *row_of(const struct spool *s, size_t supply, size_t hour, size_t minute)
{
    return s->rows + ((supply * s->hours + hour) * s->per_hour + minute) * s->stride;
}

const float *spool_hour(const struct spool *s, size_t supply, size_t hour)
{
    return row_of(s, supply, hour, 0);
}

/* Daily maxima of what is judged by the minute, gathered on the way. */
struct maxima {
    void *live[STATISTICS_MAX];
    int32_t *level;
    float *now;        /* [S] */
    unsigned *minutes; /* [S] of the statistic with a value, of the day */
    size_t n_supplies, day;
};

static void maxima_open(struct maxima *x, const struct spool *s, const struct spool_pass *p)
{
    *x = (struct maxima){.level = place_levels(p->fleet, p->layout),
                         .now = xcalloc(s->n_supplies, sizeof *x->now),
                         .minutes = xcalloc(s->n_supplies, STATISTICS_MAX * sizeof *x->minutes),
                         .n_supplies = s->n_supplies};
    const struct place place = {.fleet = p->fleet,
                                .layout = p->layout,
                                .level = x->level,
                                .period = NS_PER_HOUR / (tstamp_ns)s->per_hour};
    for (size_t i = 0; i < statistics_count(); i++)
        if (statistics[i]->share > 0)
            x->live[i] = statistics[i]->open(&place);
}

static void maxima_close(struct maxima *x)
{
    for (size_t i = 0; i < statistics_count(); i++)
        if (x->live[i])
            statistics[i]->close(x->live[i]);
    free(x->level);
    free(x->now);
    free(x->minutes);
}

static void maxima_end_day(struct maxima *x, struct spool_seen *seen, unsigned per_hour)
{
    for (size_t k = 0; k < statistics_count(); k++) {
        unsigned *minutes = x->minutes + k * x->n_supplies;
        for (size_t i = 0; x->live[k] && i < x->n_supplies; i++) {
            if (minutes[i] < 12 * per_hour)
                seen->most[k][i * seen->days + x->day] = NAN;
            minutes[i] = 0;
        }
    }
}

static void maxima_step(struct maxima *x, struct spool_seen *seen, const struct spool *s, size_t hour,
                        const struct minute *m)
{
    if (hour / 24 != x->day) {
        maxima_end_day(x, seen, s->per_hour);
        x->day = hour / 24;
    }
    for (size_t k = 0; k < statistics_count(); k++) {
        if (!x->live[k])
            continue;
        float *const figure[FIGURES_MAX] = {x->now};
        statistics[k]->minute(x->live[k], m, figure);
        for (size_t i = 0; i < x->n_supplies; i++) {
            if (isnan(x->now[i]))
                continue;
            x->minutes[k * x->n_supplies + i]++;
            float *most = &seen->most[k][i * seen->days + x->day];
            *most = x->now[i] > *most ? x->now[i] : *most;
        }
    }
}

static void put_minute(struct spool *s, const struct feature_layout *l, const struct feature_frame *ff,
                       const bool usable[], size_t hour, size_t minute)
{
    size_t w = l->width;
    for (size_t i = 0; i < s->n_supplies; i++) {
        float *row = row_of(s, i, hour, minute);
        if (!usable[i]) {
            for (size_t c = 0; c < s->stride; c++)
                row[c] = NAN;
            continue;
        }
        memcpy(row, ff->x + i * w, w * sizeof *row);
        memcpy(row + w, ff->context + i * ROW_CONTEXT, ROW_CONTEXT * sizeof *row);
        for (size_t k = 0; k < l->n_levels[i]; k++)
            if (!feature_settled(l, ff, i, k))
                row[k] = NAN;
    }
}

static void note(struct spool_seen *seen, const struct feature_frame *ff, size_t n_supplies, size_t w)
{
    for (size_t i = 0; i < n_supplies; i++) {
        seen->steady[i] |= ff->mode[i] == MODE_STEADY;
        for (size_t c = 0; c < w && !seen->fitted[i]; c++)
            seen->fitted[i] = !isnan(ff->x[i * w + c]);
    }
}

void spool_fill(struct spool *s, const struct spool_pass *p, struct spool_seen *seen)
{
    size_t n = record_minutes(p->record), minute;
    bool *usable = xcalloc(s->n_supplies, sizeof *usable), *work = xcalloc(s->n_supplies, sizeof *work);
    struct maxima maxima = {0};
    if (seen)
        maxima_open(&maxima, s, p);
    struct features *engine = features_new(p->fleet, p->layout, p->physics);
    size_t cells = common_groups(p->fleet) * COMMON_SIGNALS, open = 0;
    struct group_hour group;
    group_hour_init(&group, common_groups(p->fleet));
    for (size_t i = 0; i < s->hours * cells; i++)
        p->groups[i] = NAN;
    for (size_t k = 0; k < n; k++) {
        struct frame frame;
        struct feature_frame ff;
        record_frame(p->record, k, &frame);
        features_step(engine, &frame, &ff);
        maintenance_mask(p->maintenance, p->fleet, frame.t, work);
        for (size_t i = 0; i < s->n_supplies; i++)
            usable[i] = !work[i] && ff.mode[i] == MODE_STEADY;
        size_t hour = slot_of(s, frame.t, &minute);
        put_minute(s, p->layout, &ff, usable, hour, minute);
        if (hour != open)
            group_hour_take(&group, s->per_hour, p->groups + open * cells, NULL);
        open = hour;
        group_hour_add(&group, &ff);
        if (seen) {
            note(seen, &ff, s->n_supplies, p->layout->width);
            maxima_step(&maxima, seen, s, hour, &(struct minute){&frame, &ff, work, usable, NULL, ff.x});
        }
        if (p->progress && k % 256 == 0)
            p->progress(p->arg, (double)k, (double)n);
    }
    if (seen)
        maxima_end_day(&maxima, seen, s->per_hour);
    group_hour_take(&group, s->per_hour, p->groups + open * cells, NULL);
    group_hour_fini(&group);
    maxima_close(&maxima);
    features_free(engine);
    free(usable);
    free(work);
}
