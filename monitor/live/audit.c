/* Whether ticks said what the archive holds. A sample that reached the archiver later than archiver.settle
 * after its minute was not there when the tick was made: the tick stands as it was said, but is counted, and
 * the log says how much. Every supply is looked at once in an hour, minute by minute since the last time, in
 * a short range; of 7,920 channels these are 132 a minute, a tenth of a second of an appliance's time.
 * SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time/timefmt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUND 60 /* ticks in which every supply has its turn */
#define DEADLINE_S 60
#define WAIT 10 /* ticks until a minute is looked at: so late may a sample be to be found */
#define KEPT (2 * ROUND + WAIT)

struct audit {
    struct live *live;
    const struct fleet *fleet;
    float *said; /* (KEPT, n_channels) values of the last ticks, NaN: none; a ring by minute */
    tstamp_ns newest;
    size_t kept;                /* ticks without a hole up to newest */
    size_t turn;                /* whose supplies are next: those that leave this remainder */
    tstamp_ns looked_to[ROUND]; /* the last minute looked at, of each turn */
    tstamp_ns to;               /* of what is under way */
    uint32_t *channels;
    size_t n;
    struct grid *grid;
    struct record *record; /* of what is under way; NULL: nothing */
    struct source_request *request;
    uint64_t looked, corrected; /* channel-minutes in this round */
    uint32_t first;             /* the first channel corrected in it */
};

static float *said(const struct audit *a, tstamp_ns t)
{
    size_t row = (size_t)(t / a->live->session.world->settings->period) % KEPT;
    return a->said + row * a->fleet->n_channels;
}

static void end_request(struct audit *a)
{
    record_free(a->record);
    grid_free(a->grid);
    a->record = NULL;
    a->grid = NULL;
    a->request = NULL;
}

/* Compares a channel's minutes; NaN is NaN, for whatever reason. The newest minutes were read for what they
 * say of the connection. */
static void compare(struct audit *a, uint32_t channel)
{
    const float *held = record_column(a->record, channel, NULL);
    for (size_t k = 0; k < record_minutes(a->record) && record_time(a->record, k) <= a->to; k++) {
        float was = said(a, record_time(a->record, k))[channel], is = held[k];
        bool same = isnan(was) ? isnan(is) : was == is;
        if (!same && a->corrected++ == 0)
            a->first = channel;
        a->live->snapshot.readings_corrected += !same;
        a->looked++;
    }
}

static void on_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct audit *a = arg;
    record_push(a->record, channel, s, n);
}

static void on_read(void *arg, const struct source_result *r)
{
    struct audit *a = arg;
    if (r->code == 0) {
        for (size_t i = 0; i < a->n; i++)
            record_end(a->record, a->channels[i]);
        for (size_t i = 0; i < a->n; i++)
            compare(a, a->channels[i]);
    }
    end_request(a);
}

/* The dead-band and the connections that live polling knows. */
static struct grid *make_grid(const struct audit *a)
{
    const struct grid *now = a->live->session.pipeline->grid;
    struct grid *g = pipeline_grid(a->live->session.world);
    bool *dead = xcalloc(a->fleet->n_channels, sizeof *dead);
    grid_get_deadband(now, dead);
    grid_set_deadband(g, dead);
    free(dead);
    return g;
}

static void say_round(struct audit *a)
{
    if (a->corrected)
        log_warning(
            "audit",
            "%llu of %llu readings of the last hour reached the archive after their tick, the first of %s; "
            "archiver.settle says how long ticks wait",
            (unsigned long long)a->corrected, (unsigned long long)a->looked, a->fleet->channels[a->first].pv);
    a->looked = a->corrected = 0;
}

static void start(struct audit *a)
{
    const struct live *l = a->live;
    tstamp_ns period = l->session.world->settings->period;
    tstamp_ns from = a->newest - (tstamp_ns)(a->kept - 1) * period, *looked_to = &a->looked_to[a->turn];
    struct err err;
    a->n = 0;
    a->to = a->newest - WAIT * period;
    if (*looked_to >= from)
        from = *looked_to + period;
    *looked_to = a->to;
    for (size_t i = a->turn; i < a->fleet->n_supplies; i += ROUND) {
        const struct supply *p = &a->fleet->supplies[i];
        for (uint32_t c = p->first_channel; c < p->first_channel + p->n_channels; c++)
            a->channels[a->n++] = c;
    }
    a->turn = (a->turn + 1) % ROUND;
    if (a->turn == 0)
        say_round(a);
    if (a->n == 0)
        return;
    a->grid = make_grid(a);
    size_t minutes = (size_t)((a->newest - from) / period) + 1;
    if (record_new(&a->record, a->grid, a->fleet, from, minutes, NULL, &err) != 0)
        end_request(a); /* no memory for it: next time */
    else
        a->request = l->source->ops->range(l->source, a->channels, a->n, from, a->newest + 1, DEADLINE_S,
                                           on_samples, on_read, a);
}

void live_audit(struct live *l, const struct frame *f)
{
    const struct fleet *fleet = l->session.world->fleet;
    if (!l->audit) {
        l->audit = xcalloc(1, sizeof *l->audit);
        *l->audit = (struct audit){.live = l, .fleet = fleet};
        l->audit->said = xcalloc(KEPT * fleet->n_channels, sizeof *l->audit->said);
        l->audit->channels = xcalloc(fleet->n_channels, sizeof *l->audit->channels);
    }
    struct audit *a = l->audit;
    bool follows = f->t == a->newest + l->session.world->settings->period;
    a->kept = follows && a->kept < KEPT ? a->kept + 1 : follows ? KEPT : 1;
    a->newest = f->t;
    memcpy(said(a, f->t), f->value, fleet->n_channels * sizeof *f->value);
    if (a->request || a->kept <= WAIT)
        return;
    start(a);
}

void audit_free(struct audit *a)
{
    if (!a)
        return;
    source_cancel(a->request);
    free(a->said);
    free(a->channels);
    free(a);
}
