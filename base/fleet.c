/* The fleet from fleet.csv; see fleet.h. SPDX-License-Identifier: MIT */
#include "base/fleet.h"

#include "base/hashmap.h"
#include "base/mem.h"
#include "base/table/csv.h"
#include "base/text/spelling.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum column {
    COL_SUPPLY,
    COL_FAMILY,
    COL_SECTOR,
    COL_SIGNAL,
    COL_PV,
    COL_UNIT,
    COL_REQUIRED,
    COL_WATER = COL_REQUIRED,
    COL_RACK,
    COL_FEEDER,
    COL_LOW,
    COL_HIGH,
    COL_RANGE,
    COL_COUNT
};

static const char *const column_names[COL_COUNT] = {"supply", "family", "sector", "signal", "pv",   "unit",
                                                    "water",  "rack",   "feeder", "low",    "high", "range"};
static const char *const known_signals[SIGNAL_KNOWN] = {
    "capacitor_temperature", "current", "magnet_temperature", "dac", "igbt_temperature", "voltage"};
static const int group_column[GROUP_COUNT] = {COL_FAMILY, COL_SECTOR, COL_WATER, COL_RACK, COL_FEEDER};

/* struct fleet with its look-up tables behind it, which readers of the fleet do not see */
struct fleet_full {
    struct fleet pub;
    struct hashmap *by_supply, *by_pv, *by_signal, *by_group[GROUP_COUNT];
    size_t supply_cap, channel_cap;
};

const char *group_name(enum group_kind g)
{
    static const char *const names[GROUP_COUNT] = {"family", "", "water", "rack", "feeder"};
    return names[g];
}

/* The index of a name, in order of appearance: indexes are dense, and arrays by them are small. */
static int32_t intern(struct names *names, struct hashmap *map, const char *name)
{
    int32_t i = hashmap_get(map, name);
    if (i < 0) {
        i = (int32_t)names->n;
        xgrow(&names->name, &names->cap, names->n + 1, sizeof *names->name);
        names->name[names->n++] = xstrdup(name);
        hashmap_put(map, name, i);
    }
    return i;
}

static int bad(const struct csv *c, struct err *err, const char *column, const char *what, const char *value)
{
    return err_set(err, ERR_CONFIG, "%s:%u: %s: %s '%.80s'", csv_path(c), csv_line(c), column, what, value);
}

static int unknown_column(const struct csv *c, const char *name, struct err *err)
{
    char hint[SPELLING_LEN];
    struct spelling s = spelling_of(name);
    for (int i = 0; i < COL_COUNT; i++)
        spelling_offer(&s, column_names[i]);
    return err_set(err, ERR_CONFIG, "%s:%u: unknown column '%.80s'%s", csv_path(c), csv_line(c), name,
                   spelling_hint(hint, &s));
}

static int read_columns(const struct csv *c, int col[COL_COUNT], struct err *err)
{
    for (int i = 0; i < COL_COUNT; i++) {
        if (i >= COL_REQUIRED)
            col[i] = csv_find(c, column_names[i]);
        else if (csv_require(c, column_names[i], &col[i], err) != 0)
            return err->code = ERR_CONFIG;
    }
    /* a column that nobody reads is more likely a slip of the pen ("feder") than a note */
    for (size_t j = 0; j < csv_columns(c); j++) {
        bool known = false;
        for (int i = 0; i < COL_COUNT; i++)
            known |= strcasecmp(csv_name(c, j), column_names[i]) == 0;
        if (!known)
            return unknown_column(c, csv_name(c, j), err);
        for (size_t i = 0; i < j; i++)
            if (strcasecmp(csv_name(c, i), csv_name(c, j)) == 0)
                return err_set(err, ERR_CONFIG, "%s:%u: column '%s' twice", csv_path(c), csv_line(c),
                               csv_name(c, j));
    }
    return 0;
}

/* The supply of a name; made, with these groups, when there is none. */
static uint32_t take_supply(struct fleet_full *f, const char *name, const int32_t group[GROUP_COUNT])
{
    struct fleet *p = &f->pub;
    int32_t i = hashmap_get(f->by_supply, name);
    if (i >= 0)
        return (uint32_t)i;
    i = (int32_t)p->n_supplies++;
    xgrow(&p->supplies, &f->supply_cap, p->n_supplies, sizeof *p->supplies);
    p->supplies[i] = (struct supply){.name = xstrdup(name)};
    memcpy(p->supplies[i].group, group, sizeof p->supplies[i].group);
    hashmap_put(f->by_supply, name, i);
    return (uint32_t)i;
}

/* Finds or makes the row's supply; a known supply's per-supply columns must agree. */
static int read_supply(struct fleet_full *f, const struct csv *c, const int col[], uint32_t *supply,
                       struct err *err)
{
    const char *name = csv_field(c, col[COL_SUPPLY]);
    int32_t group[GROUP_COUNT];
    for (int g = 0; g < GROUP_COUNT; g++) {
        const char *value = csv_field(c, col[group_column[g]]);
        group[g] = *value ? intern(&f->pub.groups[g], f->by_group[g], value) : -1;
    }
    *supply = take_supply(f, name, group);
    const struct supply *s = &f->pub.supplies[*supply];
    for (int g = 0; g < GROUP_COUNT; g++)
        if (s->group[g] != group[g])
            return bad(c, err, column_names[group_column[g]],
                       "differs from an earlier row of the same supply:", csv_field(c, col[group_column[g]]));
    return 0;
}

static int read_limits(const struct csv *c, const int col[], struct channel *ch, struct err *err)
{
    double *const to[] = {&ch->low, &ch->high, &ch->range};
    for (int i = 0; i < 3; i++) {
        *to[i] = NAN;
        if (col[COL_LOW + i] >= 0 && csv_number(c, col[COL_LOW + i], to[i], err) != 0)
            return err->code = ERR_CONFIG;
        if (isinf(*to[i]))
            return bad(c, err, column_names[COL_LOW + i], "must be finite, not",
                       csv_field(c, col[COL_LOW + i]));
    }
    if (ch->range <= 0)
        return bad(c, err, "range", "must be positive, not", csv_field(c, col[COL_RANGE]));
    if (ch->low >= ch->high)
        return bad(c, err, "low", "must be below high, not", csv_field(c, col[COL_LOW]));
    return 0;
}

/* Names go into lines of logs, files and messages. */
static bool has_control(const char *s)
{
    while (*s && (unsigned char)*s >= ' ' && *s != 0x7f)
        s++;
    return *s != '\0';
}

static int check_texts(const struct csv *c, const int col[], struct err *err)
{
    for (int i = 0; i < COL_COUNT; i++) {
        const char *text = csv_field(c, col[i]);
        if (i < COL_REQUIRED && i != COL_UNIT && *text == '\0')
            return err_set(err, ERR_CONFIG, "%s:%u: %s is empty", csv_path(c), csv_line(c), column_names[i]);
        if (has_control(text))
            return err_set(err, ERR_CONFIG, "%s:%u: %s: a line break or another control character in it",
                           csv_path(c), csv_line(c), column_names[i]);
    }
    return 0;
}

static int read_row(struct fleet_full *f, const struct csv *c, const int col[], struct err *err)
{
    struct channel ch = {.low = NAN};
    int rc = check_texts(c, col, err);
    if (rc == 0)
        rc = read_supply(f, c, col, &ch.supply, err);
    if (rc == 0)
        rc = read_limits(c, col, &ch, err);
    if (rc != 0)
        return rc;
    const char *pv = csv_field(c, col[COL_PV]);
    if (hashmap_get(f->by_pv, pv) >= 0)
        return bad(c, err, "pv", "twice:", pv);
    ch.signal = (uint32_t)intern(&f->pub.signals, f->by_signal, csv_field(c, col[COL_SIGNAL]));
    /* here only against the rows just above, where the line can be named; finish finds the rest after sorting
     */
    for (size_t i = f->pub.n_channels; i-- > 0 && f->pub.channels[i].supply == ch.supply;)
        if (f->pub.channels[i].signal == ch.signal)
            return bad(c, err, "signal", "twice for one supply:", csv_field(c, col[COL_SIGNAL]));
    ch.pv = xstrdup(pv);
    ch.unit = xstrdup(csv_field(c, col[COL_UNIT]));
    hashmap_put(f->by_pv, pv, (int32_t)f->pub.n_channels);
    xgrow(&f->pub.channels, &f->channel_cap, f->pub.n_channels + 1, sizeof ch);
    f->pub.channels[f->pub.n_channels++] = ch;
    return 0;
}

static int by_supply_and_signal(const void *a, const void *b)
{
    const struct channel *x = a, *y = b;
    if (x->supply != y->supply)
        return x->supply < y->supply ? -1 : 1;
    return x->signal < y->signal ? -1 : x->signal > y->signal;
}

/* ---- what of a channel is told and compared ---- */

#define TEXT_FIELDS 7
static const char *const text_field[TEXT_FIELDS] = {"name", "family", "sector", "signal",
                                                    "PV",   "unit",   "range"};

/* The fields of a channel; number holds its range. */
static void text_fields(const struct fleet *f, uint32_t channel, const char *field[TEXT_FIELDS],
                        char number[32])
{
    const struct channel *c = &f->channels[channel];
    const struct supply *s = &f->supplies[c->supply];
    snprintf(number, 32, "%.9g", c->range);
    field[0] = s->name;
    field[1] = f->groups[GROUP_FAMILY].name[s->group[GROUP_FAMILY]];
    field[2] = f->groups[GROUP_SECTOR].name[s->group[GROUP_SECTOR]];
    field[3] = f->signals.name[c->signal];
    field[4] = c->pv;
    field[5] = c->unit;
    field[6] = number;
}

/* All but the range, each with its end mark, so that "a","bc" and "ab","c" differ. */
static uint64_t hash_channel(uint64_t h, const struct fleet *f, uint32_t channel)
{
    const char *field[TEXT_FIELDS];
    char number[32];
    text_fields(f, channel, field, number);
    for (size_t k = 0; k + 1 < TEXT_FIELDS; k++)
        h = fnv1a(h, field[k], strlen(field[k]) + 1);
    return h;
}

/* Orders the channels, links them to their supplies, and hashes what indexes depend on. */
static int finish(struct fleet_full *f, const char *path, struct err *err)
{
    struct fleet *p = &f->pub;
    if (p->n_channels == 0)
        return err_set(err, ERR_CONFIG, "%s: no channels", path);
    /* subjects of findings and maintenance name supplies and sectors alike: one name, one thing */
    for (size_t i = 0; i < p->groups[GROUP_SECTOR].n; i++)
        if (hashmap_get(f->by_supply, p->groups[GROUP_SECTOR].name[i]) >= 0)
            return err_set(err, ERR_CONFIG, "%s: sector '%s' bears the name of a supply", path,
                           p->groups[GROUP_SECTOR].name[i]);
    qsort(p->channels, p->n_channels, sizeof *p->channels, by_supply_and_signal);
    p->hash = FNV1A_BASIS;
    for (size_t i = 0; i < p->n_supplies; i++)
        memset(p->supplies[i].known, -1, sizeof p->supplies[i].known);
    for (size_t i = 0; i < p->n_channels; i++) {
        struct channel *ch = &p->channels[i];
        struct supply *s = &p->supplies[ch->supply];
        if (i > 0 && ch[-1].supply == ch->supply && ch[-1].signal == ch->signal)
            return err_set(err, ERR_CONFIG, "%s: supply '%s' has signal '%s' twice", path, s->name,
                           p->signals.name[ch->signal]);
        if (s->n_channels++ == 0)
            s->first_channel = (uint32_t)i;
        if (ch->signal < SIGNAL_KNOWN)
            s->known[ch->signal] = (int32_t)i;
        hashmap_put(f->by_pv, ch->pv, (int32_t)i); /* read_row's index was that of before sorting */
        p->hash = hash_channel(p->hash, p, (uint32_t)i);
    }
    return 0;
}

static struct fleet_full *fleet_new(void)
{
    struct fleet_full *f = xcalloc(1, sizeof *f);
    f->by_supply = hashmap_new();
    f->by_pv = hashmap_new();
    f->by_signal = hashmap_new();
    for (int g = 0; g < GROUP_COUNT; g++)
        f->by_group[g] = hashmap_new();
    for (int i = 0; i < SIGNAL_KNOWN; i++) /* first, so that their indexes are those of enum signal */
        intern(&f->pub.signals, f->by_signal, known_signals[i]);
    return f;
}

int fleet_load(struct fleet **out, const char *path, struct err *err)
{
    struct csv *c;
    int col[COL_COUNT];
    int rc = csv_open(&c, path, err);
    if (rc != 0)
        return err->code = ERR_CONFIG;
    struct fleet_full *f = fleet_new();
    rc = read_columns(c, col, err);
    int more = 1;
    while (rc == 0 && (more = csv_next(c, err)) > 0)
        rc = read_row(f, c, col, err);
    if (more < 0)
        rc = err->code = ERR_CONFIG;
    csv_close(c);
    if (rc == 0)
        rc = finish(f, path, err);
    if (rc != 0) {
        fleet_free(&f->pub);
        return rc;
    }
    *out = &f->pub;
    return 0;
}

struct fleet *fleet_of_signals(const char *supply, char *const signals[], size_t n)
{
    struct fleet_full *f = fleet_new();
    struct fleet *p = &f->pub;
    p->supplies = xcalloc(1, sizeof *p->supplies);
    p->channels = xcalloc(n, sizeof *p->channels);
    p->n_supplies = 1;
    p->n_channels = n;
    struct supply *s = p->supplies;
    *s = (struct supply){.name = xstrdup(supply), .n_channels = (uint32_t)n};
    memset(s->known, -1, sizeof s->known);
    for (int g = 0; g < GROUP_COUNT; g++)
        s->group[g] = g == GROUP_FAMILY || g == GROUP_SECTOR ? intern(&p->groups[g], f->by_group[g], supply)
                                                             : -1;
    p->signals.name = xreallocarray(p->signals.name, SIGNAL_KNOWN + n, sizeof *p->signals.name);
    for (size_t i = 0; i < n; i++) {
        /* a signal of its own, though it bears the name of one that is known */
        p->signals.name[p->signals.n] = xstrdup(signals[i]);
        p->channels[i] = (struct channel){.pv = xstrdup(signals[i]),
                                          .unit = xstrdup(""),
                                          .signal = (uint32_t)p->signals.n++,
                                          .low = NAN,
                                          .high = NAN,
                                          .range = NAN};
    }
    p->signals.cap = p->signals.n;
    return p;
}

/* ---- as text ---- */

void fleet_text(const struct fleet *f, struct buf *out)
{
    for (uint32_t i = 0; i < f->n_channels; i++) {
        const char *field[TEXT_FIELDS];
        char number[32];
        text_fields(f, i, field, number);
        for (size_t k = 0; k < TEXT_FIELDS; k++)
            buf_printf(out, "%s%c", field[k], k + 1 < TEXT_FIELDS ? '\t' : '\n');
    }
}

/* Cuts a line of fleet_text into its fields, in place. */
static bool cut_text(char *line, char *field[TEXT_FIELDS])
{
    size_t n = 0;
    for (char *p = line; p && n <= TEXT_FIELDS; n++) {
        char *tab = strchr(p, '\t');
        if (n < TEXT_FIELDS)
            field[n] = p;
        if (tab)
            *tab++ = '\0';
        p = tab;
    }
    bool ok = n == TEXT_FIELDS;
    for (size_t k = 0; ok && k < 5; k++) /* a unit may be empty */
        ok = *field[k] != '\0';
    return ok;
}

static void add_text(struct fleet_full *f, char *const field[TEXT_FIELDS])
{
    struct fleet *p = &f->pub;
    int32_t group[GROUP_COUNT];
    for (int g = 0; g < GROUP_COUNT; g++)
        group[g] = -1;
    group[GROUP_FAMILY] = intern(&p->groups[GROUP_FAMILY], f->by_group[GROUP_FAMILY], field[1]);
    group[GROUP_SECTOR] = intern(&p->groups[GROUP_SECTOR], f->by_group[GROUP_SECTOR], field[2]);
    uint32_t supply = take_supply(f, field[0], group);
    xgrow(&p->channels, &f->channel_cap, p->n_channels + 1, sizeof *p->channels);
    p->channels[p->n_channels++] = (struct channel){
        .pv = xstrdup(field[4]),
        .unit = xstrdup(field[5]),
        .supply = supply,
        .signal = (uint32_t)intern(&p->signals, f->by_signal, field[3]),
        .low = NAN,
        .high = NAN,
        .range = strtod(field[6], NULL),
    };
}

int fleet_of_text(struct fleet **out, const char *text, struct err *err)
{
    struct fleet_full *f = fleet_new();
    char *copy = xstrdup(text), *save = NULL, *field[TEXT_FIELDS];
    int rc = 0;
    for (char *line = strtok_r(copy, "\n", &save); rc == 0 && line; line = strtok_r(NULL, "\n", &save)) {
        if (cut_text(line, field))
            add_text(f, field);
        else
            rc = err_set(err, ERR_DATA, "its list of channels is damaged at '%.80s'", line);
    }
    free(copy);
    if (rc == 0 && finish(f, "its list of channels", err) != 0)
        rc = err->code = ERR_DATA;
    if (rc != 0)
        fleet_free(&f->pub);
    else
        *out = &f->pub;
    return rc;
}

/* A supply's channel of that signal; -1: it has none. */
static int32_t channel_of(const struct fleet *f, const struct supply *s, const char *signal)
{
    for (uint32_t c = s->first_channel; c < s->first_channel + s->n_channels; c++)
        if (strcmp(f->signals.name[f->channels[c].signal], signal) == 0)
            return (int32_t)c;
    return -1;
}

static bool field_differs(const char *const now[], const char *const then[], char words[], size_t size)
{
    for (size_t k = 0; k < TEXT_FIELDS; k++) {
        if (strcmp(now[k], then[k]) == 0)
            continue;
        if (k < 3)
            snprintf(words, size, "its %s was \"%s\", is \"%s\"", text_field[k], then[k], now[k]);
        else
            snprintf(words, size, "the %s of its %s was \"%s\", is \"%s\"", text_field[k], now[3], then[k],
                     now[k]);
        return true;
    }
    return false;
}

bool fleet_supply_differs(const struct fleet *now, uint32_t i, const struct fleet *then, uint32_t j,
                          char words[], size_t size)
{
    const struct supply *a = &now->supplies[i], *b = &then->supplies[j];
    if (a->n_channels != b->n_channels) {
        snprintf(words, size, "it had %u channels, has %u", b->n_channels, a->n_channels);
        return true;
    }
    for (uint32_t k = 0; k < a->n_channels; k++) {
        const char *x[TEXT_FIELDS], *y[TEXT_FIELDS];
        char number[2][32];
        text_fields(now, a->first_channel + k, x, number[0]);
        int32_t was = channel_of(then, b, x[3]);
        if (was < 0) {
            snprintf(words, size, "it has a %s, which it had not", x[3]);
            return true;
        }
        text_fields(then, (uint32_t)was, y, number[1]);
        if (field_differs(x, y, words, size))
            return true;
    }
    return false;
}

static void names_free(struct names *n)
{
    for (size_t i = 0; i < n->n; i++)
        free(n->name[i]);
    free(n->name);
}

void fleet_free(struct fleet *fleet)
{
    if (!fleet)
        return;
    struct fleet_full *f = (struct fleet_full *)fleet;
    for (size_t i = 0; i < fleet->n_supplies; i++)
        free(fleet->supplies[i].name);
    for (size_t i = 0; i < fleet->n_channels; i++) {
        free(fleet->channels[i].pv);
        free(fleet->channels[i].unit);
    }
    free(fleet->supplies);
    free(fleet->channels);
    names_free(&fleet->signals);
    hashmap_free(f->by_supply);
    hashmap_free(f->by_pv);
    hashmap_free(f->by_signal);
    for (int g = 0; g < GROUP_COUNT; g++) {
        names_free(&fleet->groups[g]);
        hashmap_free(f->by_group[g]);
    }
    free(f);
}

int32_t fleet_supply(const struct fleet *f, const char *name)
{
    return hashmap_get(((const struct fleet_full *)f)->by_supply, name);
}

int32_t fleet_channel(const struct fleet *f, const char *pv)
{
    return hashmap_get(((const struct fleet_full *)f)->by_pv, pv);
}

static bool same_names(const struct names *a, const struct names *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = strcmp(a->name[i], b->name[i]) == 0;
    return same;
}

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a <= b && a >= b);
}

static bool same_channel(const struct channel *a, const struct channel *b)
{
    return strcmp(a->unit ? a->unit : "", b->unit ? b->unit : "") == 0 && same_number(a->low, b->low) &&
           same_number(a->high, b->high) && same_number(a->range, b->range);
}

bool fleet_same(const struct fleet *a, const struct fleet *b)
{
    bool same = a->hash == b->hash && a->n_supplies == b->n_supplies && a->n_channels == b->n_channels &&
                same_names(&a->signals, &b->signals);
    for (int g = 0; same && g < GROUP_COUNT; g++)
        same = same_names(&a->groups[g], &b->groups[g]);
    for (size_t i = 0; same && i < a->n_supplies; i++)
        same = memcmp(a->supplies[i].group, b->supplies[i].group, sizeof a->supplies[i].group) == 0;
    for (size_t i = 0; same && i < a->n_channels; i++)
        same = same_channel(&a->channels[i], &b->channels[i]);
    return same;
}
