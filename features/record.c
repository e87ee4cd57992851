/* Spans of the grid in columns; see record.h.
 * Knows whole intervals: the sample that ends one says whether the connection was lost in it, but not when.
 * A dead-band channel may have been silent for a day before the loss: until then it is held, as far as
 * fresh readings of the same supply's other channels reach.
 * SPDX-License-Identifier: MIT */
#include "features/record.h"

#include "base/hashmap.h"
#include "base/mem.h"
#include "features/grid.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK 64 /* minutes transposed at once for record_frame */
#define TILE 16  /* channels side by side while transposing: one cache line of values */

/* Two qualities in one byte, while a minute is tentative: as it is unless held, and of what would be held. */
#define WHY_BITS 4
_Static_assert(QUALITY_COUNT <= 1 << WHY_BITS, "two qualities fit a byte");

/* A channel while its samples come in. */
struct filler {
    struct grid_channel state; /* as of the last sample pushed; a copy of the grid's at the start */
    size_t next;               /* first minute not decided */
    bool tentative; /* some minutes are not OK but keep a value until settled: INFINITY for what is no
                       reading, and what it is then stands in the quality's high bits, see WHY */
    bool lost;      /* the archiver says that it is not connected after the last sample */
    bool ended;
};

/* Behind the columns of a record that is kept: what it is of, where the grid stood at the end of each
 * channel, and which are kept (the last bytes of the file). */
struct keep {
    uint64_t key;
    struct grid_channel *state; /* [channels] */
    uint8_t *kept;              /* [channels] */
};

struct record {
    struct grid *grid;
    tstamp_ns from;
    size_t n, channels;
    void *map;
    size_t map_size;
    float *value;     /* (channels, n), column per channel */
    uint8_t *quality; /* (channels, n) */
    struct filler *filler;
    size_t block; /* first minute in the transposed block; SIZE_MAX: none */
    float *block_value;
    uint8_t *block_quality;
    int fd;           /* of a file that is kept, locked; -1: none */
    struct keep keep; /* within the map; state NULL: not kept */
};

static int map_file(struct record *r, int fd, const char *where, int flags, struct err *err)
{
    int rc = 0;
    if (fd >= 0) { /* reserve now: a full disk would otherwise end psmon by SIGBUS */
        int e = posix_fallocate(fd, 0, (off_t)r->map_size);
        if (e != 0)
            rc = err_set(err, ERR_IO, "no room for %zu MB in %s: %s", r->map_size >> 20, where, strerror(e));
    }
    if (rc == 0) {
        r->map = mmap(NULL, r->map_size, PROT_READ | PROT_WRITE, flags, fd, 0);
        if (r->map == MAP_FAILED) {
            r->map = NULL;
            rc = err_set(err, ERR_IO, "could not map %zu MB: %s", r->map_size >> 20, strerror(errno));
        }
    }
    return rc;
}

static int map_storage(struct record *r, const char *dir, struct err *err)
{
    int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    if (dir) {
        fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0)
            return err_set(err, ERR_IO, "could not make a temporary file in %s: %s", dir, strerror(errno));
        flags = MAP_SHARED;
    }
    int rc = map_file(r, fd, dir, flags, err);
    if (fd >= 0)
        close(fd);
    return rc;
}

static struct record *alloc(struct grid *g, const struct fleet *f, tstamp_ns from, size_t n)
{
    struct record *r = xcalloc(1, sizeof *r);
    r->grid = g;
    r->from = from;
    r->n = n;
    r->channels = f->n_channels;
    r->map_size = r->channels * n * (sizeof *r->value + 1) + 1;
    r->fd = -1;
    return r;
}

static void init_channel(struct record *r, uint32_t channel)
{
    size_t at = (size_t)channel * r->n;
    struct grid_channel *s = &r->filler[channel].state;
    for (size_t k = at; k < at + r->n; k++)
        r->value[k] = NAN;
    memset(r->quality + at, QUALITY_MISSING, r->n);
    *s = r->grid->channel[channel];
    if (s->last.t >= r->from) /* live polling was faster than this back-fill, which brings what was before */
        s->last.t = INT64_MIN;
}

/* The columns, in the map; those of channels that are not kept are empty. */
static void init_columns(struct record *r)
{
    r->value = r->map;
    r->quality = (uint8_t *)(r->value + r->channels * r->n);
    r->filler = xcalloc(r->channels, sizeof *r->filler);
    for (uint32_t c = 0; c < r->channels; c++)
        if (!record_kept(r, c))
            init_channel(r, c);
    r->block = SIZE_MAX;
    r->block_value = xcalloc(BLOCK * r->channels, sizeof *r->block_value);
    r->block_quality = xcalloc(BLOCK * r->channels, 1);
}

int record_new(struct record **out, struct grid *g, const struct fleet *f, tstamp_ns from, size_t n,
               const char *dir, struct err *err)
{
    struct record *r = alloc(g, f, from, n);
    int rc = map_storage(r, dir, err);
    if (rc != 0) {
        free(r);
        return rc;
    }
    assert(r->map);
    init_columns(r);
    *out = r;
    return 0;
}

/* ---- a record that is kept ---- */

static uint64_t mix(uint64_t h, uint64_t v)
{
    return fnv1a(h, &v, sizeof v);
}

/* All that a column depends on beside its samples. */
static uint64_t key_of(const struct record *r, const struct fleet *f)
{
    const struct grid *g = r->grid;
    uint64_t h = mix(mix(mix(FNV1A_BASIS, f->hash), (uint64_t)r->from), r->n);
    h = mix(mix(mix(h, (uint64_t)g->period), (uint64_t)g->hold), sizeof(struct grid_channel));
    for (size_t c = 0; c < r->channels; c++)
        h = mix(mix(h, (uint64_t)g->max_age[c]),
                (uint64_t)(g->channel[c].deadband * 2 + g->channel[c].learns));
    return h;
}

static int open_file(struct record *r, const char *path, struct err *err)
{
    r->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (r->fd < 0)
        return err_set(err, ERR_IO, "could not open %s: %s", path, strerror(errno));
    if (flock(r->fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(err, ERR_IO, "%s is in use by another training", path);
    off_t had = lseek(r->fd, 0, SEEK_END);
    if (had != (off_t)r->map_size && ftruncate(r->fd, 0) != 0)
        return err_set(err, ERR_IO, "could not begin %s anew: %s", path, strerror(errno));
    return map_file(r, r->fd, path, MAP_SHARED, err);
}

int record_open(struct record **out, struct grid *g, const struct fleet *f, tstamp_ns from, size_t n,
                const char *path, struct err *err)
{
    struct record *r = alloc(g, f, from, n);
    size_t states = (r->map_size + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t) +
                    sizeof(uint64_t);
    r->map_size = states + r->channels * (sizeof *r->keep.state + 1);
    int rc = open_file(r, path, err);
    if (rc != 0) {
        record_free(r);
        return rc;
    }
    uint64_t *key = (uint64_t *)((char *)r->map + states) - 1;
    r->keep.state = (struct grid_channel *)((char *)r->map + states);
    r->keep.kept = (uint8_t *)(r->keep.state + r->channels);
    r->keep.key = key_of(r, f);
    if (*key != r->keep.key)
        memset(r->keep.kept, 0, r->channels);
    *key = r->keep.key;
    init_columns(r);
    for (uint32_t c = 0; c < r->channels; c++)
        if (record_kept(r, c)) {
            r->grid->channel[c] = r->filler[c].state = r->keep.state[c];
            r->filler[c].ended = true;
        }
    *out = r;
    return 0;
}

bool record_kept(const struct record *r, uint32_t channel)
{
    return r->keep.state && r->keep.kept[channel];
}

void record_keep(struct record *r, const uint32_t channels[], size_t n)
{
    if (!r->keep.state)
        return;
    for (size_t i = 0; i < n; i++) {
        assert(r->filler[channels[i]].ended);
        r->keep.state[channels[i]] = r->grid->channel[channels[i]];
    }
    /* in this order: what is said to be there is there, also after a power failure */
    msync(r->map, r->map_size, MS_SYNC);
    for (size_t i = 0; i < n; i++)
        r->keep.kept[channels[i]] = 1;
    msync(r->map, r->map_size, MS_SYNC);
}

void record_free(struct record *r)
{
    if (!r)
        return;
    if (r->map)
        munmap(r->map, r->map_size);
    if (r->fd >= 0)
        close(r->fd); /* which also unlocks */
    free(r->filler);
    free(r->block_value);
    free(r->block_quality);
    free(r);
}

/* Decides the minutes before `until` from the last sample. */
static void fill(struct record *r, uint32_t channel, tstamp_ns until, enum link link)
{
    struct filler *c = &r->filler[channel];
    const struct grid *g = r->grid;
    const struct held *h = &c->state.last;
    float *value = r->value + (size_t)channel * r->n;
    uint8_t *quality = r->quality + (size_t)channel * r->n;
    bool holds = c->state.deadband || c->state.learns; /* perhaps; settle() knows */
    size_t k = c->next;
    for (tstamp_ns t = record_time(r, k); k < r->n && t < until; k++, t += g->period) {
        enum quality q = grid_quality(h, t, g->max_age[channel], c->state.deadband, g->hold, link);
        bool silent = q == QUALITY_STALE || q == QUALITY_DISCONNECTED;
        value[k] = q <= QUALITY_HELD ? h->value : NAN;
        quality[k] = (uint8_t)q;
        if (silent && holds && t - h->t <= g->hold) {
            value[k] = isnan(h->value) ? INFINITY : h->value;
            quality[k] |= (uint8_t)(isnan(h->value) ? h->why << WHY_BITS : 0);
            c->tentative = true;
        }
    }
    c->next = k;
}

void record_push(struct record *r, uint32_t channel, const struct sample *s, size_t n)
{
    struct filler *c = &r->filler[channel];
    for (size_t i = 0; i < n; i++) {
        if (s[i].flags & SAMPLE_LOST)
            c->lost = true;
        if (s[i].t <= c->state.last.t || s[i].flags & SAMPLE_LOST)
            continue;
        bool lost = s[i].flags & SAMPLE_RECONNECTED;
        fill(r, channel, s[i].t, lost ? LINK_LOST : LINK_UP);
        if (c->state.learns && c->state.last.t != INT64_MIN && !lost)
            grid_learn(&c->state, s[i].t - c->state.last.t, r->grid->max_age[channel]);
        c->state.last = grid_held(&s[i]);
    }
}

/* Decides the tentative minutes of a channel: held, or without value. */
static void settle(struct record *r, const struct supply *s, uint32_t channel)
{
    struct filler *c = &r->filler[channel];
    float *value = r->value + (size_t)channel * r->n;
    uint8_t *quality = r->quality + (size_t)channel * r->n;
    for (size_t k = 0; k < r->n && c->tentative; k++) {
        if (quality[k] <= QUALITY_HELD || isnan(value[k]))
            continue;
        bool none = isinf(value[k]);
        uint8_t why = quality[k] >> WHY_BITS;
        quality[k] &= (1 << WHY_BITS) - 1;
        bool held = c->state.deadband &&
                    (quality[k] == QUALITY_STALE || grid_sibling_speaks(r->quality + k, r->n, s, channel));
        if (held)
            quality[k] = none ? why : QUALITY_HELD;
        if (!held || none)
            value[k] = NAN;
    }
    c->tentative = false;
}

/* Hands the state back to the grid, unless live polling is further. */
static void hand_back(struct record *r, uint32_t channel)
{
    const struct grid_channel *from = &r->filler[channel].state;
    struct grid_channel *to = &r->grid->channel[channel];
    to->intervals = from->intervals;
    to->long_ones = from->long_ones;
    to->deadband = from->deadband;
    if (r->filler[channel].lost)
        to->connected = 0;
    if (from->last.t > to->last.t)
        to->last = from->last;
}

/* A set-point that nobody touched throughout sends on change only; of other signals, silence from end to
 * end more likely means that they are dead. */
static void learn_untouched(struct record *r, uint32_t channel)
{
    struct grid_channel *c = &r->filler[channel].state;
    tstamp_ns silent = c->last.t == INT64_MIN ? 0 : record_time(r, r->n) - c->last.t;
    if (c->learns && r->grid->fleet->channels[channel].signal == SIGNAL_DAC && c->intervals == 0 &&
        silent > r->grid->max_age[channel])
        grid_learn(c, silent, r->grid->max_age[channel]);
}

static bool fresh_at_end(const struct record *r, uint32_t channel)
{
    tstamp_ns last = r->filler[channel].state.last.t;
    return last != INT64_MIN && record_time(r, r->n - 1) - last <= r->grid->max_age[channel];
}

size_t record_silent(const struct record *r, uint32_t channels[])
{
    const struct fleet *f = r->grid->fleet;
    size_t n = 0;
    for (uint32_t c = 0; c < r->channels; c++) {
        const struct filler *a = &r->filler[c];
        const struct supply *s = &f->supplies[f->channels[c].supply];
        if (a->lost || a->state.last.t == INT64_MIN || fresh_at_end(r, c))
            continue;
        /* a controller that is alive would have sent this channel's value when it came back: nothing was lost
         */
        bool alive = false;
        for (uint32_t k = s->first_channel; k < s->first_channel + s->n_channels; k++)
            alive |= k != c && fresh_at_end(r, k);
        if (!alive || !(a->state.deadband || a->state.learns))
            channels[n++] = c;
    }
    return n;
}

void record_lost(struct record *r, uint32_t channel)
{
    r->filler[channel].lost = true;
}

void record_end(struct record *r, uint32_t channel)
{
    const struct fleet *f = r->grid->fleet;
    const struct supply *s = &f->supplies[f->channels[channel].supply];
    bool lost = r->filler[channel].lost || r->grid->channel[channel].connected == 0, all = true;
    if (!lost)
        learn_untouched(r, channel);
    fill(r, channel, INT64_MAX, lost ? LINK_LOST : LINK_UP);
    hand_back(r, channel);
    r->filler[channel].ended = true;
    r->block = SIZE_MAX;
    for (uint32_t c = s->first_channel; c < s->first_channel + s->n_channels; c++)
        all &= r->filler[c].ended;
    for (uint32_t c = s->first_channel; all && c < s->first_channel + s->n_channels; c++)
        settle(r, s, c);
}

size_t record_minutes(const struct record *r)
{
    return r->n;
}

tstamp_ns record_time(const struct record *r, size_t k)
{
    return r->from + (tstamp_ns)k * r->grid->period;
}

static void transpose(struct record *r, size_t first)
{
    size_t rows = r->n - first < BLOCK ? r->n - first : BLOCK;
    for (size_t c = 0; c < r->channels; c += TILE) {
        size_t wide = r->channels - c < TILE ? r->channels - c : TILE;
        for (size_t j = 0; j < rows; j++) {
            float *value = r->block_value + j * r->channels + c;
            uint8_t *quality = r->block_quality + j * r->channels + c;
            for (size_t i = 0; i < wide; i++) {
                size_t at = (c + i) * r->n + first + j;
                value[i] = r->value[at];
                quality[i] = r->quality[at];
            }
        }
    }
    r->block = first;
}

void record_frame(struct record *r, size_t k, struct frame *out)
{
    size_t first = k - k % BLOCK;
    if (r->block != first)
        transpose(r, first);
    *out = (struct frame){record_time(r, k), r->block_value + (k - first) * r->channels,
                          r->block_quality + (k - first) * r->channels};
}

const float *record_column(const struct record *r, uint32_t channel, const uint8_t **quality)
{
    if (quality)
        *quality = r->quality + (size_t)channel * r->n;
    return r->value + (size_t)channel * r->n;
}
