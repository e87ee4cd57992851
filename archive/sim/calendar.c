/* The calendar. A week begins on Tuesday 08:00 with eight hours of maintenance (off or cycling, then
 * standardisation); the rest is user beam with now and then a study of eight hours in ramps, a dump followed
 * by standardisation, an optics change; four weeks of shutdown in every seventeen. The shutdowns' phase
 * hangs on the start of the simulation: the first ten weeks from there are free of them.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/calendar.h"

#include "archive/sim/random.h"

#define OUTAGE_CHANCE 0.01 /* per sector and day */
#define WEEK_NS (7 * NS_PER_DAY)
#define EPOCH_NS (5 * NS_PER_DAY + 8 * NS_PER_HOUR) /* 1970-01-06T08:00Z, a Tuesday */
#define CYCLE_WEEKS 17
#define SHUTDOWN_AT 10
#define SHUTDOWN_WEEKS 4
#define STANDARDISE_MIN 380 /* of the maintenance */
#define RAMP_UP_MIN 440
#define STUDY_MIN 480
#define OPTICS_RAMP_MIN 5
#define DUMPS_MAX 2

struct week {
    bool shutdown;
    int dump[DUMPS_MAX]; /* minute of the week; -1: none */
    int study, optics;   /* the same */
    uint64_t study_key;
};

/* Towards minus infinity: weeks before the epoch are weeks too. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t calendar_week(tstamp_ns t)
{
    return floor_div(t - EPOCH_NS, WEEK_NS);
}

tstamp_ns calendar_week_start(int64_t week)
{
    return EPOCH_NS + week * WEEK_NS;
}

struct calendar calendar_make(uint64_t seed, tstamp_ns from)
{
    return (struct calendar){.seed = seed, .first_week = calendar_week(from)};
}

bool calendar_shutdown(const struct calendar *c, int64_t week)
{
    int64_t since = week - c->first_week;
    int64_t phase = since - floor_div(since, CYCLE_WEEKS) * CYCLE_WEEKS;
    return phase >= SHUTDOWN_AT && phase < SHUTDOWN_AT + SHUTDOWN_WEEKS;
}

tstamp_ns calendar_in_operation(const struct calendar *c, tstamp_ns t)
{
    int64_t week = calendar_week(t);
    while (calendar_shutdown(c, week))
        t = calendar_week_start(++week);
    tstamp_ns up = calendar_week_start(week) + CALENDAR_MAINTENANCE_MIN * NS_PER_MIN + NS_PER_HOUR;
    return t < up ? up : t;
}

/* A minute between 09:00 and 17:00 of one of the five days from Wednesday on. */
static int working_minute(uint64_t bits)
{
    int day = (int)(bits % 5), minute = (int)((bits >> 8) % 480);
    return 16 * 60 + (day * 24 + 9) * 60 + minute;
}

/* A week is a function of its number alone: any week of any year can be made without those before it. */
static struct week week_make(const struct calendar *c, int64_t number)
{
    uint64_t key = random_key(c->seed, 'K', (uint64_t)number);
    struct week w = {.shutdown = calendar_shutdown(c, number), .study = -1, .optics = -1};
    w.study_key = random_at(key, 100);
    for (int i = 0; i < DUMPS_MAX; i++) {
        bool happens = random_unit(random_at(key, i)) < 0.4;
        w.dump[i] = happens ? 1000 + (int)(random_at(key, 10 + i) % 9000) : -1;
    }
    if (random_unit(random_at(key, 20)) < 0.5)
        w.study = working_minute(random_at(key, 21));
    if (random_unit(random_at(key, 30)) < 0.35)
        w.optics = working_minute(random_at(key, 31));
    return w;
}

/* Which set of set-points holds at the end of a week. Half of the maintenance days change the optics. */
static int64_t optics_at_end(const struct calendar *c, int64_t number)
{
    for (int64_t w = number;; w--) {
        if (week_make(c, w).optics >= 0)
            return 2 * w + 1;
        if ((random_key(c->seed, 'O', (uint64_t)w) & 1) || number - w > 60)
            return 2 * w; /* even: by a maintenance day; odd: within the week */
    }
}

static int64_t optics_at_start(const struct calendar *c, int64_t number)
{
    bool changed = random_key(c->seed, 'O', (uint64_t)number) & 1;
    return changed ? 2 * number : optics_at_end(c, number - 1);
}

/* A triangle 0 → 1 → 0 of the given period. */
static double triangle(double minute, double period)
{
    double x = minute / period - (double)(int)(minute / period);
    return x < 0.5 ? 2 * x : 2 - 2 * x;
}

double calendar_start_factor(int x)
{
    if (x < 0)
        return 0;
    if (x < RAMP_UP_MIN - STANDARDISE_MIN)
        return triangle(x, 20);
    x -= RAMP_UP_MIN - STANDARDISE_MIN;
    return x < 10 ? (x + 1) / 10.0 : 1;
}

/* Share of the set-point at minute x of the maintenance: down in three minutes, off (a fifth of the supplies
 * cycles, for tests), three standardising triangles, which take iron through its whole loop, up in ten
 * minutes. */
static double maintenance_factor(int x, bool cycled)
{
    if (x < 3)
        return 1 - (x + 1) / 4.0;
    if (cycled && x >= 60 && x < 300) {
        double t = 2 * triangle(x - 60, 60);
        return t < 1 ? t : 1;
    }
    return calendar_start_factor(x - STANDARDISE_MIN);
}

static double study_step(uint64_t key, int step, double amplitude)
{
    if (step < 0 || step >= STUDY_MIN / 60)
        return 1;
    return 1 + random_between(random_at(key, step), -amplitude, amplitude);
}

/* An hour each and six minutes from one to the next. */
double calendar_study_level(uint64_t key, int minute, double amplitude)
{
    if (minute < 0 || minute >= CALENDAR_STUDY_MIN)
        return 1;
    int step = minute / 60, since = minute % 60;
    double before = study_step(key, step - 1, amplitude), now = study_step(key, step, amplitude);
    return since < 6 ? before + (now - before) * (since + 1) / 6.0 : now;
}

double calendar_dump_factor(int x)
{
    return x >= 0 && x < 24 ? 1 - triangle(x, 12) : 1;
}

/* The same with beam: a study's levels, after a dump two triangles. */
static double user_factor(const struct week *w, int x)
{
    double f = w->study >= 0 ? calendar_study_level(w->study_key, x - w->study, 0.06) : 1;
    for (int i = 0; i < DUMPS_MAX; i++)
        if (w->dump[i] >= 0)
            f *= calendar_dump_factor(x - w->dump[i] - 5);
    return f;
}

static double factor_at(const struct week *w, int x, bool cycled)
{
    if (w->shutdown)
        return x < 3 ? 1 - (x + 1) / 4.0 : 0;
    return x < CALENDAR_MAINTENANCE_MIN ? maintenance_factor(x, cycled) : user_factor(w, x);
}

void calendar_day(const struct calendar *c, int64_t day, struct machine_day *out)
{
    int64_t number = calendar_week(day * NS_PER_DAY);
    int x = (int)((day * NS_PER_DAY - calendar_week_start(number)) / NS_PER_MIN);
    struct week w = week_make(c, number);
    bool was_off = calendar_shutdown(c, number - 1);
    out->change = MINUTES_PER_DAY;
    out->optics[0] = w.optics >= 0 && x >= w.optics ? 2 * number + 1 : optics_at_start(c, number);
    out->optics[1] = out->optics[0];
    for (int m = 0; m < MINUTES_PER_DAY; m++, x++) {
        if (x == MINUTES_PER_WEEK) {
            was_off = w.shutdown;
            w = week_make(c, ++number);
            x = 0;
            out->optics[1] = optics_at_start(c, number);
            out->change = m;
        }
        if (x == w.optics) {
            out->optics[1] = 2 * number + 1;
            out->change = m;
        }
        for (int cycled = 0; cycled < 2; cycled++)
            out->factor[cycled][m] = was_off && x < 3 ? 0 : (float)factor_at(&w, x, cycled);
    }
}

void calendar_week_events(const struct calendar *c, int64_t week, struct calendar_week_events *out)
{
    *out = (struct calendar_week_events){0};
    struct week w = week_make(c, week);
    tstamp_ns start = calendar_week_start(week);
    if (w.shutdown)
        return;
    if (w.study >= 0)
        out->study = start + w.study * NS_PER_MIN;
    if (w.optics >= 0)
        out->optics = start + w.optics * NS_PER_MIN;
    if (random_key(c->seed, 'O', (uint64_t)week) & 1)
        out->maintenance_optics = start;
    for (int i = 0; i < DUMPS_MAX; i++)
        if (w.dump[i] >= 0)
            out->dump[i] = start + w.dump[i] * NS_PER_MIN;
}

int calendar_sags(const struct calendar *c, int64_t day, int minute[2], int feeder[2])
{
    int n = 0;
    uint64_t key = random_key(c->seed, 'G', (uint64_t)day);
    for (int i = 0; i < 2; i++) {
        if (random_unit(random_at(key, i)) >= 0.04)
            continue;
        minute[n] = (int)(random_at(key, 10 + i) % MINUTES_PER_DAY);
        feeder[n++] = (int)(random_at(key, 20 + i) % 5) - 1;
    }
    return n;
}

bool calendar_sector_outage(uint64_t seed, uint32_t sector, int64_t day, struct outage *out)
{
    uint64_t own = random_at(random_key(seed, 'N', sector), day);
    if (random_unit(own) >= OUTAGE_CHANCE)
        return false;
    out->start = (int)(random_at(own, 1) % MINUTES_PER_DAY);
    out->end = out->start + 3 + (int)(random_at(own, 2) % 38);
    return true;
}
