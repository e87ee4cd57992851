/* Data findings, the statistic that lives without a model; see data_quality.h.
 * SPDX-License-Identifier: MIT */
#include "detectors/statistics/data_quality.h"
#include "detectors/statistics/statistic.h"

#include "base/mem.h"
#include "base/text/words.h"
#include "detectors/verdict/groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUPPLY_WAIT (5 * NS_PER_MIN)   /* after DATA_AWAY: whether others follow */
#define CHANNEL_WAIT (10 * NS_PER_MIN) /* and whether the supply's other channels follow */
#define AFTERMATH (20 * NS_PER_MIN)    /* after an outage of the whole its parts come back one by one */
#define TOGETHER (10 * NS_PER_MIN)     /* what failed one after the other within it failed of one cause */
#define WIDE_SHARE 0.25     /* of the known channels without data: said sooner, after DATA_AWAY_WIDE */
#define BLIND_SHARE 0.95    /* the same: psmon itself is blind, say nothing */
#define CAUSES 16           /* groups of one moment */
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
    tstamp_ns group_last;  /* last minute in which it was part of a group's finding; 0: never */
};

/* What a minute's pass finds wrong with a supply. */
struct failing {
    tstamp_ns since;  /* 0: nothing */
    bool said;        /* for long enough to be said; else it may yet be part of what others say */
    bool whole;       /* nothing new of it at all */
    uint64_t signals; /* else: which, by bit; the last bit stands for all beyond */
    const char *why;
};
#define SIGNAL_BITS 64

/* A supply that fails, to be put in order of time. */
struct failed {
    tstamp_ns since;
    uint32_t supply;
};

struct data_quality {
    const struct fleet *fleet;
    struct channel_state *channel; /* [C] */
    struct supply_state *supply;   /* [S] */
    bool *frozen;                  /* [S] not to be scored */
    float *dac_scale;              /* [S] largest |DAC| of the reference; else seen */
    bool *dac_known;               /* [S] it is the reference's: what a restart finds again */
    bool *maintenance;             /* [S] of the last step */
    tstamp_ns now, limit;          /* of the last step; how long without data is said */
    bool blind;
    /* scratch of a minute's proposals */
    struct failing *failing; /* [S] */
    struct failed *failed;   /* [S] those that fail, the first of n_failed */
    size_t n_failed;
    struct group_search search;
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
    d->failing = xcalloc(f->n_supplies, sizeof *d->failing);
    d->failed = xcalloc(f->n_supplies, sizeof *d->failed);
    group_search_init(&d->search, f);
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
    free(d->failing);
    free(d->failed);
    group_search_fini(&d->search);
    free(d);
}

static bool usable(uint8_t quality)
{
    return quality == QUALITY_OK || quality == QUALITY_HELD;
}

/* limit: how long without data is said. */
static void step_presence(struct channel_state *c, uint8_t quality, tstamp_ns t, tstamp_ns limit,
                          bool may_open)
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
    if (c->ever && may_open && t - c->bad_since > limit)
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

/* Share of what is known to send that is without data. DACs are not counted: they may stand still. */
static double share_without(const struct data_quality *d, const struct frame *in)
{
    size_t known = 0, without = 0;
    for (size_t c = 0; c < d->fleet->n_channels; c++) {
        if (!d->channel[c].ever || d->fleet->channels[c].signal == SIGNAL_DAC)
            continue;
        known++;
        without += !usable(in->quality[c]);
    }
    return known ? (double)without / (double)known : 0;
}

void data_quality_step(struct data_quality *d, const struct frame *in, const struct feature_frame *ff,
                       const bool maintenance[])
{
    const struct fleet *f = d->fleet;
    d->now = in->t;
    memcpy(d->maintenance, maintenance, f->n_supplies * sizeof *maintenance);
    double without = share_without(d, in);
    d->limit = without >= WIDE_SHARE ? DATA_AWAY_WIDE : DATA_AWAY;
    d->blind = without > BLIND_SHARE;
    for (size_t s = 0; s < f->n_supplies; s++) {
        int32_t dac = f->supplies[s].known[SIGNAL_DAC];
        if (dac >= 0 && !d->dac_known[s] && fabsf(in->value[dac]) > d->dac_scale[s])
            d->dac_scale[s] = fabsf(in->value[dac]);
    }
    for (uint32_t s = 0; s < f->n_supplies; s++)
        step_frozen(d, in, s, ff->mode[s], !d->blind && !maintenance[s]);
    for (uint32_t c = 0; c < f->n_channels; c++) {
        bool may_open = !d->blind && !maintenance[f->channels[c].supply];
        step_presence(&d->channel[c], in->quality[c], in->t, d->limit, may_open);
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
    case QUALITY_INVALID: return "its readings are marked INVALID";
    case QUALITY_NOT_NUMBER: return "its values are text or arrays, not numbers";
    case QUALITY_NOT_FINITE: return "its values are NaN or infinite";
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
static bool is_quiet(const struct data_quality *d, uint32_t channel)
{
    uint8_t quality = d->channel[channel].quality;
    return d->fleet->channels[channel].signal == SIGNAL_DAC &&
           (quality == QUALITY_STALE || quality == QUALITY_DISCONNECTED);
}

static const char STUCK[] = "unchanged for 24 h although what drives it moved";

static void propose_channels(const struct data_quality *d, struct proposals *out, uint32_t s,
                             enum proposal_kind kind, bool away, bool stuck)
{
    const struct supply *sup = &d->fleet->supplies[s];
    for (uint32_t i = sup->first_channel; i < sup->first_channel + sup->n_channels; i++) {
        const struct channel_state *c = &d->channel[i];
        bool gone = away && c->away && !is_quiet(d, i) && d->now - c->bad_since > DATA_AWAY + CHANNEL_WAIT;
        if (!gone && !(stuck && c->stuck))
            continue;
        const char *signal = d->fleet->signals.name[d->fleet->channels[i].signal];
        char words[WORDS_SIGNAL_LEN];
        words_signal(words, signal);
        struct finding *x =
            propose(d, out, kind, sup->name, (int32_t)s, signal, gone ? c->bad_since : c->same_since);
        if (gone)
            snprintf(x->reason, sizeof x->reason, "%s: no data: %s", words, why(c->quality));
        else
            snprintf(x->reason, sizeof x->reason, "%s %s", words, STUCK);
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

/* What is wrong with a supply alone; for what is wrong with a group that stands. */
static void propose_supply(struct data_quality *d, struct proposals *out, uint32_t s)
{
    enum proposal_kind kind = d->maintenance[s] || d->blind ? PROPOSE_KEEP : PROPOSE_SAY;
    const struct failing *x = &d->failing[s];
    bool grouped = recent(d, d->supply[s].group_last);
    if (x->whole)
        d->supply[s].gone_last = d->now;
    if (x->whole && !grouped && d->now - x->since > DATA_AWAY + SUPPLY_WAIT) {
        struct finding *f = propose(d, out, kind, d->fleet->supplies[s].name, (int32_t)s, "", x->since);
        snprintf(f->reason, sizeof f->reason, "no data of the whole supply: %s", x->why);
    }
    bool away = !grouped && !recent(d, d->supply[s].gone_last);
    propose_channels(d, out, s, kind, away, d->supply[s].group_last != d->now);
}

static bool sends(const struct data_quality *d, uint32_t s)
{
    const struct supply *sup = &d->fleet->supplies[s];
    for (uint32_t i = 0; i < sup->n_channels; i++)
        if (d->channel[sup->first_channel + i].ever)
            return true;
    return false;
}

/* ---- what failed together ---- */

static void add_channel(const struct data_quality *d, struct failing *x, uint32_t channel)
{
    const struct channel_state *c = &d->channel[channel];
    uint32_t signal = d->fleet->channels[channel].signal;
    /* those of one moment are away in different minutes: the first one waits no longer for the last */
    bool may_open = !d->blind && !d->maintenance[d->fleet->channels[channel].supply];
    bool soon = c->ever && c->bad_since && d->now - c->bad_since > d->limit / 2 && may_open;
    bool away = (c->away || soon) && !is_quiet(d, channel);
    if (!away && !c->stuck)
        return;
    x->said |= c->stuck || c->away;
    x->signals |= UINT64_C(1) << (signal < SIGNAL_BITS ? signal : SIGNAL_BITS - 1);
    tstamp_ns since = away ? c->bad_since : c->same_since;
    if (x->since && x->since <= since)
        return;
    x->since = since;
    x->why = away ? why(c->quality) : STUCK;
}

static struct failing look_at(const struct data_quality *d, uint32_t s)
{
    const struct supply *sup = &d->fleet->supplies[s];
    struct failing x = {0};
    x.whole = is_gone(d, s, &x.since, &x.why);
    x.said = x.whole;
    if (x.whole)
        return x;
    x.since = 0;
    for (uint32_t i = 0; i < sup->n_channels; i++)
        add_channel(d, &x, sup->first_channel + i);
    return x;
}

static int by_time(const void *a, const void *b)
{
    const struct failed *x = a, *y = b;
    if (x->since != y->since)
        return x->since < y->since ? -1 : 1;
    return x->supply < y->supply ? -1 : 1;
}

/* The signals as words: "magnet temperature and DAC"; of more than three how many. */
static void signal_words(const struct data_quality *d, uint64_t signals, char *out, size_t size)
{
    size_t n = (size_t)__builtin_popcountll(signals), len = 0;
    if (n > 3) {
        snprintf(out, size, "%zu signals", n);
        return;
    }
    *out = '\0';
    for (size_t i = 0; i < d->fleet->signals.n && i < SIGNAL_BITS && len < size; i++) {
        char words[WORDS_SIGNAL_LEN];
        if (signals >> i & 1)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " and " : "",
                                    words_signal(words, d->fleet->signals.name[i]));
    }
}

/* What a group's supplies have in common. */
struct cause {
    tstamp_ns onset;
    size_t whole;
    uint64_t signals;
    const char *why;
    bool open; /* some supply is not in maintenance */
};

static struct cause common_cause(struct data_quality *d, int32_t group)
{
    struct cause c = {.onset = d->now};
    for (uint32_t s = 0; s < d->fleet->n_supplies; s++) {
        const struct failing *x = &d->failing[s];
        if (d->search.parent[s] != group || !d->search.moved[s])
            continue;
        d->supply[s].group_last = d->now;
        c.whole += x->whole;
        c.signals |= x->signals;
        c.open |= !d->maintenance[s];
        if (!c.why || x->since < c.onset)
            c.why = x->why;
        c.onset = x->since < c.onset ? x->since : c.onset;
    }
    return c;
}

/* "no data of magnet temperature from 33 of 66 supplies of the ring (S01 (all 33)): …" */
static void say_cause(const struct data_quality *d, const struct moved_group *g, const struct cause *c,
                      struct finding *f)
{
    char signals[3 * WORDS_SIGNAL_LEN] = "", of[FINDING_NAME_LEN], where[96] = "";
    groups_words(d->fleet, g, of, sizeof of);
    if (g->group == GROUPS_RING)
        groups_where(d->fleet, d->search.moved, where, sizeof where);
    if (c->whole < g->moved && c->whole)
        snprintf(signals, sizeof signals, ", or not of every signal,");
    else if (c->signals) {
        memcpy(signals, " of ", 5);
        signal_words(d, c->signals, signals + 4, sizeof signals - 4);
    }
    snprintf(f->reason, sizeof f->reason, "no data%s from %zu of %zu supplies of %s%s%s%s: %s", signals,
             g->moved, g->members, of, *where ? " (" : "", where, *where ? ")" : "", c->why);
}

/* Supplies that failed at one moment: groups of them become one finding each. */
static void propose_groups(struct data_quality *d, struct proposals *out, const struct failed failed[],
                           size_t n)
{
    struct group_search *g = &d->search;
    bool said = false;
    for (size_t i = 0; i < n; i++)
        said |= d->failing[failed[i].supply].said;
    if (n < GROUPS_LEAST || !said)
        return;
    for (uint32_t s = 0; s < d->fleet->n_supplies; s++) {
        g->member[s] = sends(d, s);
        g->moved[s] = g->said[s] = false;
    }
    for (size_t i = 0; i < n; i++)
        g->moved[failed[i].supply] = g->said[failed[i].supply] = true;
    size_t groups = groups_find_failed(g, CAUSES);
    for (size_t k = 0; k < groups; k++) {
        char subject[FINDING_NAME_LEN];
        struct cause c = common_cause(d, (int32_t)k);
        groups_subject(d->fleet, &g->found[k], subject, sizeof subject);
        struct finding *f =
            propose(d, out, !c.open || d->blind ? PROPOSE_KEEP : PROPOSE_SAY, subject, -1, "", c.onset);
        f->children = (uint32_t)g->found[k].moved;
        say_cause(d, &g->found[k], &c, f);
    }
}

/* Moments at which supplies failed, one after the other in time. */
static void propose_moments(struct data_quality *d, struct proposals *out)
{
    qsort(d->failed, d->n_failed, sizeof *d->failed, by_time);
    for (size_t i = 0, k; i < d->n_failed; i = k) {
        for (k = i + 1; k < d->n_failed && d->failed[k].since - d->failed[k - 1].since <= TOGETHER; k++)
            ;
        propose_groups(d, out, d->failed + i, k - i);
    }
}

void data_quality_propose(struct data_quality *d, struct proposals *out)
{
    d->n_failed = 0;
    for (uint32_t s = 0; s < d->fleet->n_supplies; s++) {
        d->failing[s] = look_at(d, s);
        if (d->failing[s].since)
            d->failed[d->n_failed++] = (struct failed){d->failing[s].since, s};
    }
    propose_moments(d, out);
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
