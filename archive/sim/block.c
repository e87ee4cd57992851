/* Sampling a supply's day: noise, quantisation, scan times with jitter, lost samples, glitches, read
 * failures, alarm severities, dead-bands, connection losses, frozen values.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/block.h"

#include "archive/sim/effects.h"
#include "archive/sim/events.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define JITTER_US 300000u
#define LOST_OF_65536 66u   /* 0.1 % of the samples */
#define ODD_OF_65536 65535u /* from here on: a glitch or a read failure */
#define LOOK_BACK_DAYS 40   /* longer than a shutdown */

enum { ALARM_NONE = 0, ALARM_READ = 1, ALARM_HIHI = 3, ALARM_HIGH = 4 }; /* EPICS alarm status */

/* ---- connection ---- */

static int add_outage(struct outage out[], int n, int64_t start, int64_t end)
{
    if (n == BLOCK_OUTAGES || end <= -MINUTES_PER_DAY || start >= MINUTES_PER_DAY || end <= start)
        return n;
    out[n] = (struct outage){(int)start, (int)end};
    return n + 1;
}

/* Outages of a sector begin on their own day and last up to 40 minutes, but planted gaps may last hours: two
 * days back are enough for both to be seen by the day they reach into. */
int block_outages(const struct sim *s, uint32_t supply, int64_t day, struct outage out[BLOCK_OUTAGES])
{
    uint32_t sector = s->units[supply].sector;
    int n = 0;
    for (int64_t d = day - 2; d <= day; d++) {
        struct outage o;
        int64_t shift = (d - day) * MINUTES_PER_DAY;
        if (calendar_sector_outage(s->options.seed, sector, d, &o))
            n = add_outage(out, n, shift + o.start, shift + o.end);
    }
    for (size_t i = 0; i < s->n_faults; i++) {
        const struct sim_fault *f = &s->faults[i];
        if (f->mode == FAULT_DATA && f->kind == DATA_GAP && fault_concerns(f, supply, sector)) {
            tstamp_ns start = day * NS_PER_DAY;
            int64_t from = (f->onset - start) / NS_PER_MIN, to = (f->end - start) / NS_PER_MIN;
            n = add_outage(out, n, from, to);
        }
    }
    for (size_t i = 0; i < s->n_events; i++) {
        tstamp_ns lost;
        const struct sim_event *e = &s->events[i];
        if (event_loses(e, &lost) && sim_event_concerns(s, e, supply))
            n = add_outage(out, n, (lost - day * NS_PER_DAY) / NS_PER_MIN,
                           (e->end - day * NS_PER_DAY) / NS_PER_MIN);
    }
    return n;
}

static bool is_out(const struct outage o[], int n, int minute)
{
    for (int i = 0; i < n; i++)
        if (minute >= o[i].start && minute < o[i].end)
            return true;
    return false;
}

bool sim_connected(const struct sim *s, uint32_t supply, tstamp_ns t, tstamp_ns *lost)
{
    struct outage out[BLOCK_OUTAGES];
    int64_t day = day_of(t);
    int n = block_outages(s, supply, day, out), minute = (int)((t - day * NS_PER_DAY) / NS_PER_MIN);
    for (int i = 0; i < n; i++)
        if (minute >= out[i].start && minute < out[i].end) {
            if (lost)
                *lost = day * NS_PER_DAY + out[i].start * NS_PER_MIN;
            return false;
        }
    return true;
}

/* ---- samples ---- */

/* A converter's code: values leave the ring as multiples of its step, as readings do. */
static int32_t quantise(double v, double codes)
{
    double x = v * codes;
    return (int32_t)(x < 0 ? x - 0.5 : x + 0.5);
}

static uint32_t scan_us(const struct unit *u, int signal, uint64_t bits)
{
    return u->phase_us[signal] + (uint32_t)((bits >> 48) * JITTER_US >> 16);
}

struct sample block_sample(const struct block *b, const struct unit *u, int signal, int64_t day, int minute)
{
    static const uint8_t status[] = {ALARM_NONE, ALARM_HIGH, ALARM_HIHI, ALARM_READ};
    uint32_t word = b->word[signal][minute], severity = word >> BLOCK_SEVERITY_SHIFT & 3;
    return (struct sample){
        .t = day * NS_PER_DAY + minute * NS_PER_MIN + (int64_t)(word & BLOCK_US_MASK) * 1000 +
             u->nano[signal],
        .value = b->code[signal][minute] / u->codes[signal],
        .severity = (uint8_t)severity,
        .status = status[severity],
        .flags = word & BLOCK_RECONNECTED ? SAMPLE_RECONNECTED : 0,
    };
}

/* A glitch of 20 % for one sample, or a read that failed and left the value as it was. */
static uint32_t odd_reading(uint64_t bits, int32_t *code, int32_t before)
{
    uint64_t more = random_mix(bits);
    if (more & 1) {
        *code = before;
        return (uint32_t)SEVERITY_INVALID;
    }
    *code += (int32_t)((more & 2 ? 0.2 : -0.2) * *code);
    return SEVERITY_NONE;
}

/* Codes and words of a channel's day, all states sent or missing; *before is the code of the minute before.
 */
static void sample_channel(const struct sim *s, const struct unit *u, int signal, int64_t day,
                           const struct supply_day *p, struct block *b, int32_t *before)
{
    const double *value = p->value[signal];
    const float *noise = p->noise[signal];
    double codes = u->codes[signal];
    struct limits limits = layout_limits(u, (enum signal)signal);
    bool alarms = !isnan(limits.hihi);
    int32_t high = alarms ? quantise(limits.high, codes) : INT32_MAX;
    int32_t hihi = alarms ? quantise(limits.hihi, codes) : INT32_MAX;
    int64_t first = day * MINUTES_PER_DAY - 1;
    bool may_lose = signal != SIGNAL_DAC && !u->deadband[signal];
    int32_t last = 0;
    for (int k = 0; k < DAY_LEN; k++) {
        uint64_t bits = random_at(u->key[signal], first + k);
        double v = value[k] + (double)noise[k] * random_gauss(&s->normal, (uint32_t)bits);
        int32_t code = quantise(v, codes);
        uint32_t chance = bits >> 32 & 0xffff;
        uint32_t severity = code >= high ? code >= hihi ? SEVERITY_MAJOR : SEVERITY_MINOR : SEVERITY_NONE;
        if (chance >= ODD_OF_65536 && signal != SIGNAL_DAC)
            severity = odd_reading(bits, &code, last);
        last = code;
        if (k == 0) {
            *before = code;
            continue;
        }
        uint32_t state = may_lose && chance < LOST_OF_65536 ? BLOCK_MISSING : BLOCK_SENT;
        b->code[signal][k - 1] = code;
        b->word[signal][k - 1] = scan_us(u, signal, bits) | severity << BLOCK_SEVERITY_SHIFT |
                                 state << BLOCK_STATE_SHIFT;
    }
}

/* DAC codes carry neither noise nor faults of their own. */
static void sample_dac(const struct unit *u, int64_t day, const int32_t dac[DRIVE_LEN], struct block *b)
{
    for (int m = 0; m < MINUTES_PER_DAY; m++) {
        uint64_t bits = random_at(u->key[SIGNAL_DAC], day * MINUTES_PER_DAY + m);
        b->code[SIGNAL_DAC][m] = dac[DRIVE_DAY + m];
        b->word[SIGNAL_DAC][m] = scan_us(u, SIGNAL_DAC, bits) | (uint32_t)BLOCK_SENT << BLOCK_STATE_SHIFT;
    }
}

/* ---- frozen values ---- */

/* From the minute after its onset a frozen channel repeats the code of the onset. */
static void freeze(struct sim *s, uint32_t supply, int64_t day, tstamp_ns onset, tstamp_ns end, int signal,
                   struct block *b, int32_t *before)
{
    int64_t onset_day = day_of(onset);
    int at = (int)((onset - onset_day * NS_PER_DAY) / NS_PER_MIN);
    int64_t from = (onset - day * NS_PER_DAY) / NS_PER_MIN + 1;
    int64_t to = (end - day * NS_PER_DAY) / NS_PER_MIN;
    if (onset_day > day || to < 0)
        return;
    int32_t code;
    if (onset_day == day) {
        code = b->code[signal][at];
    } else {
        const struct block *then = cache_get(s->blocks, day_key(supply, onset_day));
        code = then->code[signal][at];
        cache_release(s->blocks, then);
        *before = code;
    }
    for (int64_t m = from < 0 ? 0 : from; m < to && m < MINUTES_PER_DAY; m++)
        b->code[signal][m] = code;
}

static void apply_freezing(struct sim *s, uint32_t supply, int64_t day, struct block *b,
                           int32_t before[SIGNAL_KNOWN])
{
    for (size_t i = 0; i < s->n_faults; i++) {
        const struct sim_fault *f = &s->faults[i];
        bool stuck = f->mode == FAULT_SENSOR && f->kind == SENSOR_STUCK;
        bool frozen = f->mode == FAULT_DATA && f->kind == DATA_FROZEN;
        if (!(stuck || frozen) || !fault_concerns(f, supply, s->units[supply].sector))
            continue;
        for (int c = 0; c < SIGNAL_KNOWN; c++)
            if (frozen || c == f->signal)
                freeze(s, supply, day, f->onset, f->end, c, b, &before[c]);
    }
    for (size_t i = 0; i < s->n_events; i++) {
        tstamp_ns lost;
        const struct sim_event *e = &s->events[i];
        if (e->kind == SIM_REBOOT && event_loses(e, &lost) && sim_event_concerns(s, e, supply))
            for (int c = 0; c < SIGNAL_KNOWN; c++)
                freeze(s, supply, day, e->onset, lost, c, b, &before[c]);
    }
}

/* ---- sensors that come and go ---- */

/* Spells of invalid readings, ten minutes each, as a loose thermocouple has. */
static void apply_flapping(const struct sim *s, uint32_t supply, int64_t day, struct block *b)
{
    for (size_t i = 0; i < s->n_faults; i++) {
        const struct sim_fault *f = &s->faults[i];
        if (f->mode != FAULT_SENSOR || f->kind != SENSOR_FLAPPING || f->supply != (int32_t)supply)
            continue;
        int64_t from = (f->onset - day * NS_PER_DAY) / NS_PER_MIN,
                to = (f->end - day * NS_PER_DAY) / NS_PER_MIN;
        for (int64_t m = from < 0 ? 0 : from; m < to && m < MINUTES_PER_DAY; m++)
            if (random_unit(random_at(f->key, (day * MINUTES_PER_DAY + m) / 10)) < f->size)
                b->word[f->signal][m] |= (uint32_t)SEVERITY_INVALID << BLOCK_SEVERITY_SHIFT;
    }
}

/* ---- what is sent ---- */

/* Takes out what the connection loses and the dead-band holds back; marks the first after a loss. */
static void apply_sending(const struct outage o[], int n, bool deadband, int32_t before, const int32_t code[],
                          uint32_t word[])
{
    bool lost = n && is_out(o, n, -1);
    for (int m = 0; m < MINUTES_PER_DAY; m++) {
        if (block_state(word[m]) == BLOCK_MISSING)
            continue;
        uint32_t state = BLOCK_SENT;
        if (n && is_out(o, n, m)) {
            state = BLOCK_MISSING;
            lost = true;
        } else if (lost) {
            word[m] |= BLOCK_RECONNECTED;
            lost = false;
        } else if (deadband && code[m] == (m ? code[m - 1] : before)) {
            state = BLOCK_UNCHANGED;
        }
        word[m] = (word[m] & ~(3u << BLOCK_STATE_SHIFT)) | state << BLOCK_STATE_SHIFT;
    }
}

/* The newest DAC sample before a day, from the codes alone: may be weeks old. */
static struct sample dac_before(struct sim *s, uint32_t supply, int64_t day, struct block *scratch)
{
    const struct unit *u = &s->units[supply];
    int32_t *dac = xcalloc(DRIVE_LEN, sizeof *dac);
    struct sample found = {.t = 0, .value = NAN};
    /* not by way of other days' blocks, which would ask for theirs in turn */
    for (int64_t d = day - 1; d >= day - LOOK_BACK_DAYS && !found.t; d--) {
        struct outage out[BLOCK_OUTAGES];
        int n = block_outages(s, supply, d, out);
        drive_codes(s, supply, d, dac);
        sample_dac(u, d, dac, scratch);
        apply_sending(out, n, true, dac[DRIVE_DAY - 1], scratch->code[SIGNAL_DAC], scratch->word[SIGNAL_DAC]);
        for (int m = MINUTES_PER_DAY - 1; m >= 0 && !found.t; m--)
            if (block_state(scratch->word[SIGNAL_DAC][m]) == BLOCK_SENT)
                found = block_sample(scratch, u, SIGNAL_DAC, d, m);
    }
    free(dac);
    return found;
}

void block_make(void *sim, uint64_t key, void *block)
{
    struct sim *s = sim;
    struct block *b = block;
    uint32_t supply = key_number(key);
    int64_t day = key_day(key);
    const struct unit *u = &s->units[supply];
    if (u->deadband[SIGNAL_DAC])
        b->dac_before = dac_before(s, supply, day, b);

    struct supply_day *p = xcalloc(1, sizeof *p);
    effects_make(s, supply, day, p);
    int32_t before[SIGNAL_KNOWN] = {[SIGNAL_DAC] = p->drive.dac[DRIVE_DAY - 1]};
    for (int c = 0; c < SIGNAL_KNOWN; c++)
        if (c != SIGNAL_DAC)
            sample_channel(s, u, c, day, p, b, &before[c]);
    sample_dac(u, day, p->drive.dac, b);
    free(p);

    apply_freezing(s, supply, day, b, before);
    apply_flapping(s, supply, day, b);
    struct outage out[BLOCK_OUTAGES];
    int n = block_outages(s, supply, day, out);
    for (int c = 0; c < SIGNAL_KNOWN; c++)
        apply_sending(out, n, u->deadband[c], before[c], b->code[c], b->word[c]);
}
