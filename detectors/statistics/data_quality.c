/* Data findings, the statistic that lives without a model; see data_quality.h.
 * SPDX-License-Identifier: MIT */
#include "detectors/statistics/data_quality.h"
#include "detectors/statistics/statistic.h"

#include "base/mem.h"
#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUPPLY_WAIT (5 * NS_PER_MIN)   /* after DATA_AWAY: whether the sector follows */
#define CHANNEL_WAIT (10 * NS_PER_MIN) /* and whether the supply's other channels follow */
#define AFTERMATH (20 * NS_PER_MIN)    /* after an outage of the whole its parts come back one by one */
#define BLIND_SHARE 0.5   /* of the known channels without data: psmon itself is blind, say nothing */
#define SECTOR_SUPPLIES 4 /* as many supplies and this share of a sector away: one finding */
#define SECTOR_SHARE 0.8
#define DRIVER_HEAT 0.1     /* change of LP15(q) that must move a temperature */
#define DRIVER_CURRENT 0.02 /* change of i that must move a voltage */
#define DRIVER_DAC 0.01     /* change of the DAC, relative to its largest, that must move a current */

struct channel_state {
    bool ever; /* sends at all */
    bool away; /* said to be without data */
    bool stuck;
    bool alive;                      /* fresh data in this minute, not a dead-band channel's old value */
    uint8_t quality;                 /* of the current spell without data */
    tstamp_ns bad_since, good_since; /* 0: not so */
    float value;                     /* last one */
    tstamp_ns same_since;
    float low, high; /* of the driver since then */
};

/* A supply's readings as a whole. */
struct supply_state {
    tstamp_ns same_since;  /* nothing changed since then; 0: not known */
    tstamp_ns frozen_last; /* last minute in which it was frozen */
    bool frozen;           /* said to be frozen */
    tstamp_ns gone_last;   /* last minute in which the whole supply was gone; 0: never */
};

/* What a minute's pass over the supplies finds of a sector. */
struct sector {
    size_t supplies, gone;
    tstamp_ns onset;
    const char *reason;
    bool open; /* some supply of it is not in maintenance */
};

struct data_quality {
    const struct fleet *fleet;
    struct channel_state *channel; /* [C] */
    struct supply_state *supply;   /* [S] */
    bool *frozen;                  /* [S] not to be scored */
    float *dac_scale;              /* [S] largest |DAC| of the reference; else seen */
    bool *dac_known;               /* [S] it is the reference's: what a restart finds again */
    bool *maintenance;             /* [S] of the last step */
    tstamp_ns *sector_gone;        /* [sectors] last minute in which the sector was gone; 0: never */
    tstamp_ns now;
    bool blind;
    struct sector *sector; /* [sectors] scratch */
};

struct data_quality *data_quality_new(const struct fleet *f, const float largest[])
{
    struct data_quality *d = xcalloc(1, sizeof *d);
    d->fleet = f;
    d->channel = xcalloc(f->n_channels, sizeof *d->channel);
    d->dac_scale = xcalloc(f->n_supplies, sizeof *d->dac_scale);
    d->dac_known = xcalloc(f->n_supplies, sizeof *d->dac_known);
    d->maintenance = xcalloc(f->n_supplies, sizeof *d->maintenance);
    d->supply = xcalloc(f->n_supplies, sizeof *d->supply);
    d->frozen = xcalloc(f->n_supplies, sizeof *d->frozen);
    d->sector_gone = xcalloc(f->groups[GROUP_SECTOR].n, sizeof *d->sector_gone);
    d->sector = xcalloc(f->groups[GROUP_SECTOR].n, sizeof *d->sector);
    for (size_t c = 0; c < f->n_channels; c++) {
        d->channel[c].ever = largest && !isnan(largest[c]);
        d->channel[c].value = NAN;
    }
    for (size_t s = 0; s < f->n_supplies; s++) {
        int32_t dac = f->supplies[s].known[SIGNAL_DAC];
        d->dac_known[s] = largest && dac >= 0 && largest[dac] > 0;
        d->dac_scale[s] = d->dac_known[s] ? largest[dac] : 0;
    }
    return d;
}

void data_quality_free(struct data_quality *d)
{
    if (!d)
        return;
    free(d->channel);
    free(d->dac_scale);
    free(d->dac_known);
    free(d->maintenance);
    free(d->supply);
    free(d->frozen);
    free(d->sector_gone);
    free(d->sector);
    free(d);
}

static bool usable(uint8_t quality)
{
    return quality == QUALITY_OK || quality == QUALITY_HELD;
}

static void step_presence(struct channel_state *c, uint8_t quality, tstamp_ns t, bool may_open)
{
    c->alive = quality == QUALITY_OK;
    if (usable(quality)) {
        c->ever = true;
        c->bad_since = c->away ? c->bad_since : 0;
        c->good_since = c->good_since ? c->good_since : t;
        if (c->away && t - c->good_since >= DATA_BACK) {
            c->away = false;
            c->bad_since = 0;
        }
        return;
    }
    c->good_since = 0;
    c->quality = quality;
    c->bad_since = c->bad_since ? c->bad_since : t;
    if (c->ever && may_open && t - c->bad_since > DATA_AWAY)
        c->away = true;
}

/* What must move a channel, in units of how far it must move (1 = enough); NaN: unknown. */
static float driver(const struct data_quality *d, const struct frame *in, const struct feature_frame *ff,
                    uint32_t channel)
{
    const struct channel *ch = &d->fleet->channels[channel];
    const struct supply *s = &d->fleet->supplies[ch->supply];
    int32_t current = s->known[SIGNAL_CURRENT], dac = s->known[SIGNAL_DAC];
    switch (ch->signal) {
    case SIGNAL_CAPACITOR_TEMPERATURE:
    case SIGNAL_MAGNET_TEMPERATURE:
    case SIGNAL_IGBT_TEMPERATURE: return ff->context[ch->supply * 3 + 1] / (float)DRIVER_HEAT;
    case SIGNAL_VOLTAGE:
        return current < 0 ? NAN : in->value[current] / ff->peak[ch->supply] / (float)DRIVER_CURRENT;
    case SIGNAL_CURRENT: return dac < 0 ? NAN : in->value[dac] / d->dac_scale[ch->supply] / (float)DRIVER_DAC;
    default: return NAN;
    }
}

static void step_stuck(struct channel_state *c, float value, float drive, tstamp_ns t, bool may_open)
{
    if (isnan(value))
        return; /* a gap neither proves nor disproves */
    if (value != c->value) {
        c->value = value;
        c->same_since = t;
        c->low = c->high = drive;
        c->stuck = false;
        return;
    }
    c->low = !(drive >= c->low) && !isnan(drive) ? drive : c->low;
    c->high = !(drive <= c->high) && !isnan(drive) ? drive : c->high;
    if (may_open && t - c->same_since >= DATA_STUCK && c->high - c->low >= 1)
        c->stuck = true;
}

/* Whether anything that sends regularly changed; before the channels take this minute's values. */
static void step_frozen(struct data_quality *d, const struct frame *in, uint32_t s, uint8_t mode,
                        bool may_open)
{
    const struct supply *sup = &d->fleet->supplies[s];
    struct supply_state *state = &d->supply[s];
    size_t fresh = 0, changed = 0;
    for (uint32_t i = sup->first_channel; i < sup->first_channel + sup->n_channels; i++) {
        if (d->fleet->channels[i].signal == SIGNAL_DAC || isnan(in->value[i]))
            continue;
        fresh += in->quality[i] == QUALITY_OK ? 1U : 0U;
        changed += in->value[i] != d->channel[i].value ? 1U : 0U;
    }
    if (changed || fresh < 2 || !state->same_since)
        state->same_since = in->t;
    tstamp_ns run = in->t - state->same_since;
    if (run >= DATA_FROZEN)
        state->frozen_last = in->t;
    d->frozen[s] = state->frozen_last && in->t - state->frozen_last <= DATA_BACK;
    if (run > DATA_AWAY && mode != MODE_OFF && may_open)
        state->frozen = true;
    if (!d->frozen[s])
        state->frozen = false;
}

const bool *data_quality_frozen(const struct data_quality *d)
{
    return d->frozen;
}

void data_quality_step(struct data_quality *d, const struct frame *in, const struct feature_frame *ff,
                       const bool maintenance[])
{
    const struct fleet *f = d->fleet;
    size_t known = 0, there = 0;
    d->now = in->t;
    memcpy(d->maintenance, maintenance, f->n_supplies * sizeof *maintenance);
    for (size_t c = 0; c < f->n_channels; c++) {
        known += d->channel[c].ever;
        there += d->channel[c].ever && usable(in->quality[c]);
    }
    d->blind = (double)there < BLIND_SHARE * (double)known;
    for (size_t s = 0; s < f->n_supplies; s++) {
        int32_t dac = f->supplies[s].known[SIGNAL_DAC];
        if (dac >= 0 && !d->dac_known[s] && fabsf(in->value[dac]) > d->dac_scale[s])
            d->dac_scale[s] = fabsf(in->value[dac]);
    }
    for (uint32_t s = 0; s < f->n_supplies; s++)
        step_frozen(d, in, s, ff->mode[s], !d->blind && !maintenance[s]);
    for (uint32_t c = 0; c < f->n_channels; c++) {
        bool may_open = !d->blind && !maintenance[f->channels[c].supply];
        step_presence(&d->channel[c], in->quality[c], in->t, may_open);
        if (f->channels[c].signal != SIGNAL_DAC)
            step_stuck(&d->channel[c], in->value[c], driver(d, in, ff, c), in->t, may_open);
    }
}

/* ---- proposals ---- */

static struct finding *propose(const struct data_quality *d, struct proposals *out, enum proposal_kind kind,
                               const char *subject, int32_t supply, const char *signal, tstamp_ns onset)
{
    struct finding *x = &proposals_add(out, kind)->now;
    x->supply = supply;
    x->class = CLASS_DATA;
    x->direction = DIRECTION_BOTH;
    x->onset = onset;
    x->chance = NAN;
    x->size = (double)((d->now - onset) / NS_PER_S);
    snprintf(x->detector, sizeof x->detector, "data");
    snprintf(x->subject, sizeof x->subject, "%s", subject);
    snprintf(x->signal, sizeof x->signal, "%s", signal);
    snprintf(x->unit, sizeof x->unit, "s");
    return x;
}

static const char *why(uint8_t quality)
{
    switch (quality) {
    case QUALITY_STALE: return "its last reading is too old";
    case QUALITY_INVALID: return "its readings are marked invalid";
    case QUALITY_DISCONNECTED: return "the archiver is disconnected from it";
    default: return "the archive holds no reading";
    }
}

/* Number of channels of a supply that are away, of those that are away or alive (not those that went a
 * moment ago, or live on an old value); the state of the one that went first. */
static size_t count_away(const struct data_quality *d, uint32_t s, size_t *known,
                         const struct channel_state **first)
{
    const struct supply *sup = &d->fleet->supplies[s];
    size_t away = 0;
    *known = 0;
    *first = NULL;
    for (uint32_t i = 0; i < sup->n_channels; i++) {
        const struct channel_state *c = &d->channel[sup->first_channel + i];
        *known += c->away || (c->ever && c->alive) ? 1U : 0U;
        if (!c->away)
            continue;
        away++;
        if (!*first || c->bad_since < (*first)->bad_since)
            *first = c;
    }
    return away;
}

/* A DAC that stands still is not sent again, and after a short loss of connection nobody knows since when:
 * alone it is not away. */
static bool away_alone(const struct data_quality *d, uint32_t channel)
{
    const struct channel_state *c = &d->channel[channel];
    bool quiet = d->fleet->channels[channel].signal == SIGNAL_DAC &&
                 (c->quality == QUALITY_STALE || c->quality == QUALITY_DISCONNECTED);
    return c->away && !quiet && d->now - c->bad_since > DATA_AWAY + CHANNEL_WAIT;
}

static void propose_channels(const struct data_quality *d, struct proposals *out, uint32_t s,
                             enum proposal_kind kind, bool away)
{
    const struct supply *sup = &d->fleet->supplies[s];
    for (uint32_t i = sup->first_channel; i < sup->first_channel + sup->n_channels; i++) {
        const struct channel_state *c = &d->channel[i];
        bool gone = away && away_alone(d, i);
        if (!gone && !c->stuck)
            continue;
        const char *signal = d->fleet->signals.name[d->fleet->channels[i].signal];
        char words[WORDS_SIGNAL_LEN];
        words_signal(words, signal);
        struct finding *x =
            propose(d, out, kind, sup->name, (int32_t)s, signal, gone ? c->bad_since : c->same_since);
        if (gone)
            snprintf(x->reason, sizeof x->reason, "%s: no data: %s", words, why(c->quality));
        else
            snprintf(x->reason, sizeof x->reason, "%s unchanged for 24 h although what drives it moved",
                     words);
    }
}

/* Whether a whole supply says nothing new, and since when. */
static bool is_gone(const struct data_quality *d, uint32_t s, tstamp_ns *since, const char **reason)
{
    size_t known;
    const struct channel_state *first;
    size_t away = count_away(d, s, &known, &first);
    if (known > 1 && away == known) {
        *since = first->bad_since;
        *reason = why(first->quality);
        return true;
    }
    *since = d->supply[s].same_since;
    *reason = "readings come but none of them changes";
    return d->supply[s].frozen;
}

static bool recent(const struct data_quality *d, tstamp_ns gone)
{
    return gone && d->now - gone <= AFTERMATH;
}

static void propose_supply(struct data_quality *d, struct proposals *out, uint32_t s)
{
    enum proposal_kind kind = d->maintenance[s] || d->blind ? PROPOSE_KEEP : PROPOSE_SAY;
    tstamp_ns since;
    const char *reason;
    bool gone = is_gone(d, s, &since, &reason);
    bool sector = recent(d, d->sector_gone[d->fleet->supplies[s].group[GROUP_SECTOR]]);
    if (gone)
        d->supply[s].gone_last = d->now;
    if (gone && !sector && d->now - since > DATA_AWAY + SUPPLY_WAIT) {
        struct finding *x = propose(d, out, kind, d->fleet->supplies[s].name, (int32_t)s, "", since);
        snprintf(x->reason, sizeof x->reason, "no data of the whole supply: %s", reason);
    }
    propose_channels(d, out, s, kind, !sector && !recent(d, d->supply[s].gone_last));
}

static bool sends(const struct data_quality *d, uint32_t s)
{
    const struct supply *sup = &d->fleet->supplies[s];
    for (uint32_t i = 0; i < sup->n_channels; i++)
        if (d->channel[sup->first_channel + i].ever)
            return true;
    return false;
}

/* What is gone of each sector, in one pass over the supplies. */
static void tally_sectors(struct data_quality *d)
{
    for (size_t i = 0; i < d->fleet->groups[GROUP_SECTOR].n; i++)
        d->sector[i] = (struct sector){.onset = d->now, .reason = ""};
    for (uint32_t s = 0; s < d->fleet->n_supplies; s++) {
        struct sector *sector = &d->sector[d->fleet->supplies[s].group[GROUP_SECTOR]];
        tstamp_ns since;
        const char *reason;
        sector->supplies += sends(d, s);
        sector->open |= !d->maintenance[s];
        if (!is_gone(d, s, &since, &reason))
            continue;
        sector->gone++;
        sector->onset = since < sector->onset ? since : sector->onset;
        sector->reason = reason;
    }
}

/* A sector whose supplies are nearly all gone is one finding. */
static void propose_sector(struct data_quality *d, struct proposals *out, size_t i)
{
    const struct sector *x = &d->sector[i];
    if (x->gone < SECTOR_SUPPLIES || (double)x->gone < SECTOR_SHARE * (double)x->supplies)
        return;
    d->sector_gone[i] = d->now;
    const char *name = d->fleet->groups[GROUP_SECTOR].name[i];
    struct finding *f =
        propose(d, out, !x->open || d->blind ? PROPOSE_KEEP : PROPOSE_SAY, name, -1, "", x->onset);
    f->children = (uint32_t)x->gone;
    snprintf(f->reason, sizeof f->reason, "no data from %zu of %zu supplies of sector %s: %s", x->gone,
             x->supplies, name, x->reason);
}

void data_quality_propose(struct data_quality *d, struct proposals *out)
{
    tally_sectors(d);
    for (size_t i = 0; i < d->fleet->groups[GROUP_SECTOR].n; i++)
        propose_sector(d, out, i);
    for (uint32_t s = 0; s < d->fleet->n_supplies; s++)
        propose_supply(d, out, s);
}

/* ---- the statistic ---- */

static void *open(const struct place *p)
{
    return data_quality_new(p->fleet, p->largest);
}

static void close(void *live)
{
    data_quality_free(live);
}

static void watch(void *live, const struct minute *m, bool blocked[])
{
    struct data_quality *d = live;
    data_quality_step(d, m->frame, m->features, m->maintenance);
    memcpy(blocked, data_quality_frozen(d), d->fleet->n_supplies * sizeof *blocked);
}

static void speak(void *live, struct proposals *out)
{
    data_quality_propose(live, out);
}

extern const struct statistic statistic_data;
const struct statistic statistic_data = {
    .name = "data",
    .words = "readings that are missing, stale, frozen or stuck",
    .memory = 2 * NS_PER_DAY, /* a channel is stuck after one */
    .open = open,
    .close = close,
    .watch = watch,
    .propose = speak,
};
