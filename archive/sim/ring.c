/* The simulated ring: making it and reading samples out of its blocks; see ring.h.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/ring.h"

#include "archive/sim/ambient.h"
#include "archive/sim/event_effects.h"
#include "archive/sim/events.h"
#include "archive/sim/sim.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define LOOK_BACK_DAYS 45 /* for the newest sample: longer than a shutdown, in which DACs stand still */
#define LAST_DAY 84006.0  /* 2200-01-01 */
#define FIRST_TIME (NS_PER_DAY * 365) /* the archive begins in 1971 */

static void make_machine_day(void *arg, uint64_t key, void *value)
{
    struct sim *s = arg;
    calendar_day(&s->calendar, key_day(key), value);
    events_move_machine(s, key_day(key), value);
}

static void make_water_day(void *arg, uint64_t key, void *value)
{
    struct sim *s = arg;
    ambient_water(s->options.seed, &s->normal, key_number(key), key_day(key), value);
}

static void make_air_day(void *arg, uint64_t key, void *value)
{
    struct sim *s = arg;
    ambient_air(s->options.seed, &s->normal, key_number(key), key_day(key), value);
}

static void make_mains_day(void *arg, uint64_t key, void *value)
{
    struct sim *s = arg;
    ambient_mains(s->options.seed, &s->normal, key_number(key), key_day(key), value);
}

static int check_options(const struct sim_options *o, struct err *err)
{
    if (o->supplies < 1 || o->supplies > 1000000)
        return err_set(err, ERR_CONFIG, "%u supplies: from 1 to 1000000", o->supplies);
    if (!(o->days >= 0 && o->days <= 36525) || !(o->healthy_days >= 0 && o->healthy_days <= 36525))
        return err_set(err, ERR_CONFIG, "days and healthy days: from 0 to 36525");
    for (size_t i = 0; i < SIM_SECTOR_SIZES; i++)
        if (o->sector_sizes[i] > 1000)
            return err_set(err, ERR_CONFIG, "a sector of %u supplies: from 1 to 1000", o->sector_sizes[i]);
    if (!(o->in_common >= 0 && o->in_common <= 1))
        return err_set(err, ERR_CONFIG, "faults during common causes: a share from 0 to 1");
    if (o->from < FIRST_TIME)
        return err_set(err, ERR_CONFIG, "the simulated archive begins in 1971");
    if ((double)o->from / (double)NS_PER_DAY + o->days > LAST_DAY)
        return err_set(err, ERR_CONFIG, "the simulated archive ends in 2200");
    return 0;
}

static void open_caches(struct sim *s)
{
    size_t sectors = s->units[s->options.supplies - 1].sector + 1;
    size_t blocks = s->options.cache_bytes / sizeof(struct block);
    if (!blocks)
        blocks = 2 * (size_t)s->options.supplies + 256; /* a poll at midnight needs two days of each */
    s->machine_days = cache_new(sizeof(struct machine_day), 128, make_machine_day, s);
    s->water_days = cache_new(sizeof(struct ambient_day), 64 + 8 * sectors, make_water_day, s);
    s->air_days = cache_new(sizeof(struct ambient_day), 64 + 16 * sectors, make_air_day, s);
    if (s->options.physics == SIM_PHYSICS_B)
        s->mains_days = cache_new(sizeof(struct ambient_day), 64, make_mains_day, s);
    s->blocks = cache_new(sizeof(struct block), blocks, block_make, s);
}

int sim_new(struct sim **out, const struct sim_options *o, struct err *err)
{
    if (check_options(o, err))
        return ERR_CONFIG;
    struct sim *s = xcalloc(1, sizeof *s);
    s->options = *o;
    random_normal_init(&s->normal);
    s->calendar = calendar_make(o->seed, o->from);
    s->units = xcalloc(o->supplies, sizeof *s->units);
    layout_fill(s->units, o, &s->normal);
    s->pv = xcalloc(sim_channels(s), sizeof *s->pv);
    s->by_pv = hashmap_new();
    for (uint32_t c = 0; c < sim_channels(s); c++) {
        s->pv[c] = xasprintf("%s:%s", s->units[c / SIGNAL_KNOWN].name,
                             layout_suffix((enum signal)(c % SIGNAL_KNOWN)));
        hashmap_put(s->by_pv, s->pv[c], (int32_t)c);
    }
    events_plant(s);
    faults_plant(s);
    open_caches(s);
    *out = s;
    return 0;
}

void sim_free(struct sim *s)
{
    if (!s)
        return;
    cache_free(s->blocks);
    if (s->mains_days)
        cache_free(s->mains_days);
    cache_free(s->air_days);
    cache_free(s->water_days);
    cache_free(s->machine_days);
    for (uint32_t c = 0; c < sim_channels(s); c++)
        free(s->pv[c]);
    hashmap_free(s->by_pv);
    free(s->pv);
    free(s->units);
    free(s->faults);
    free(s->events);
    free(s->renewals);
    free(s);
}

uint32_t sim_supplies(const struct sim *s)
{
    return s->options.supplies;
}

uint32_t sim_channels(const struct sim *s)
{
    return s->options.supplies * SIGNAL_KNOWN;
}

const char *sim_supply_name(const struct sim *s, uint32_t supply)
{
    return s->units[supply].name;
}

uint32_t sim_supply_sector(const struct sim *s, uint32_t supply)
{
    return s->units[supply].sector;
}

const char *sim_pv(const struct sim *s, uint32_t channel)
{
    return s->pv[channel];
}

int32_t sim_find(const struct sim *s, const char *pv)
{
    return hashmap_get(s->by_pv, pv);
}

const struct sim_fault *sim_faults(const struct sim *s, size_t *n)
{
    *n = s->n_faults;
    return s->faults;
}

const struct sim_event *sim_events(const struct sim *s, size_t *n)
{
    *n = s->n_events;
    return s->events;
}

size_t sim_read(struct sim *s, uint32_t channel, tstamp_ns from, tstamp_ns to, struct sample out[],
                size_t max)
{
    uint32_t supply = channel / SIGNAL_KNOWN;
    int signal = (int)(channel % SIGNAL_KNOWN);
    size_t n = 0;
    if (from < FIRST_TIME)
        from = FIRST_TIME;
    for (int64_t day = day_of(from); n < max && day * NS_PER_DAY < to; day++) {
        const struct block *b = cache_get(s->blocks, day_key(supply, day));
        int64_t skip = (from - day * NS_PER_DAY) / NS_PER_MIN;
        for (int m = skip < 0 ? 0 : (int)skip; m < MINUTES_PER_DAY && n < max; m++) {
            if (block_state(b->word[signal][m]) != BLOCK_SENT)
                continue;
            struct sample x = block_sample(b, &s->units[supply], signal, day, m);
            /* scan times have a phase and jitter within the minute: the first and last minute are looked at,
             * then judged */
            if (x.t >= to)
                break;
            if (x.t >= from)
                out[n++] = x;
        }
        cache_release(s->blocks, b);
    }
    return n;
}

/* The newest of a day with t <= at. */
static bool latest_of_day(struct sim *s, uint32_t channel, int64_t day, tstamp_ns at, struct sample *out)
{
    uint32_t supply = channel / SIGNAL_KNOWN;
    int signal = (int)(channel % SIGNAL_KNOWN);
    const struct unit *u = &s->units[supply];
    const struct block *b = cache_get(s->blocks, day_key(supply, day));
    int64_t last = (at - day * NS_PER_DAY) / NS_PER_MIN;
    bool found = false;
    for (int m = last >= MINUTES_PER_DAY ? MINUTES_PER_DAY - 1 : (int)last; m >= 0 && !found; m--) {
        if (block_state(b->word[signal][m]) != BLOCK_SENT)
            continue;
        *out = block_sample(b, u, signal, day, m);
        found = out->t <= at;
    }
    /* a DAC under dead-band is silent for weeks: its block knows the last word, else each day back would be
     * made for it */
    if (!found && signal == SIGNAL_DAC && u->deadband[signal] && b->dac_before.t) {
        *out = b->dac_before;
        found = true;
    }
    cache_release(s->blocks, b);
    return found;
}

bool sim_latest(struct sim *s, uint32_t channel, tstamp_ns at, struct sample *out)
{
    if (at < FIRST_TIME)
        return false;
    int64_t day = day_of(at);
    for (int64_t d = day; d > day - LOOK_BACK_DAYS; d--)
        if (latest_of_day(s, channel, d, at, out))
            return true;
    return false;
}
