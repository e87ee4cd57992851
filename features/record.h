/* Readings laid on the grid: a span of minutes of the whole fleet, one column per channel.
 *
 * One definition of a minute's reading, for training, replay and live: the newest sample at or before the
 * minute's time. Statistics of noise see the same reading: one a minute, whatever a channel's rate.
 * The grid never invents: that sample stands up to max_age; longer only for dead-band channels, while another
 * channel of the supply has a fresh reading, or no connection loss lies between sample and minute (live:
 * while the archiver says connected). INVALID severity, text and NaN are no readings. A span may live in an
 * unlinked temporary file (training: 30 days of 7,920 channels are 1.7 GB). SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_RECORD_H
#define PSM_FEATURES_RECORD_H

#include "base/err.h"
#include "base/fleet.h"
#include "base/types.h"

#include <stdbool.h>

enum quality {
    QUALITY_OK,
    QUALITY_HELD,         /* dead-band channel, held beyond max_age while connected */
    QUALITY_MISSING,      /* no sample known at all */
    QUALITY_STALE,        /* the last sample is older than max_age */
    QUALITY_INVALID,      /* severity INVALID */
    QUALITY_DISCONNECTED, /* the archiver says so, or the next sample is the first after a loss */
    QUALITY_NOT_NUMBER,   /* text or an array */
    QUALITY_NOT_FINITE,   /* NaN, infinite, or too large to be anything */
    QUALITY_COUNT
};
const char *quality_name(enum quality q);

/* One minute: value[n_channels] is NaN unless quality is OK or HELD. */
struct frame {
    tstamp_ns t;
    const float *value;
    const uint8_t *quality;
};

struct grid_options {
    tstamp_ns period;                /* 60 s */
    tstamp_ns max_age;               /* 5 min, for signals without their own */
    const tstamp_ns *signal_max_age; /* [fleet.signals.n], 0: max_age; NULL: none */
    tstamp_ns deadband_hold;         /* longest hold of a dead-band channel */
};

/* ---- per channel state, carried from span to span and into live polling ---- */
struct grid;
struct grid *grid_new(const struct fleet *f, const struct grid_options *o);
void grid_free(struct grid *g);

/* Says which channels send on change only, dead[n_channels] (the model remembers it; NULL: none known,
 * the grid then learns it: more than 1 % of a channel's intervals beyond max_age without a loss). */
void grid_set_deadband(struct grid *g, const bool dead[]);
/* Of channels that are not known[n_channels] to who said so the grid learns it all the same. */
void grid_learn_unknown(struct grid *g, const bool known[]);
void grid_get_deadband(const struct grid *g, bool dead[]);

/* Live: takes the reading of a channel for the next frame (older than or equal to the last one: ignored, as
 * the appliance repeats them), and the archiver's word on connections (1, 0, -1 not known). */
void grid_push(struct grid *g, uint32_t channel, const struct sample *s);
void grid_connections(struct grid *g, const int8_t connected[]);

/* Live: the frame at t from what is known now. Borrowed until the next call. Returns how many channels became
 * doubtful with it: silent beyond max_age for no reason that the readings tell, so that the archiver's word
 * on their connections decides; with a fresh word the frame can be made again. */
size_t grid_frame(struct grid *g, tstamp_ns t, struct frame *out);

/* Time of a channel's last accepted sample; INT64_MIN: none. */
tstamp_ns grid_last(const struct grid *g, uint32_t channel);

/* ---- spans ---- */
struct record;

/* Minutes t = from + k·period for k in 0 … n-1, all MISSING at first. dir: folder of the temporary
 * file; NULL: memory. Borrows g (the state before from, updated by record_push) and the fleet. */
int record_new(struct record **out, struct grid *g, const struct fleet *f, tstamp_ns from, size_t n,
               const char *dir, struct err *err) MUSTCHECK;
void record_free(struct record *r);

/* The same in a file that outlives the process, so that reading a month can go on where it was broken off:
 * what was kept there under the same fleet, span and options is taken up, anything else begins anew. One
 * process at a time: ERR_IO when another has it. The caller unlinks the file when it is done with it. */
int record_open(struct record **out, struct grid *g, const struct fleet *f, tstamp_ns from, size_t n,
                const char *path, struct err *err) MUSTCHECK;
/* Whether a channel is there from an earlier process: complete, not to be pushed or ended again. */
bool record_kept(const struct record *r, uint32_t channel);
/* Keeps channels, all of whole supplies and ended: on disk when it returns. Nothing in a record of
 * record_new. */
void record_keep(struct record *r, const uint32_t channels[], size_t n);

/* Adds samples of one channel in time order (any number of calls; channels in any order); then ends the
 * channel: the minutes after its last sample are filled as far as holding allows (a dead-band channel is
 * held unless the archiver's last word, or a SAMPLE_LOST, was "not connected"), learning of dead-band is
 * settled, and the grid's state advances, unless live polling is already further. Columns and frames are
 * complete only after record_end of all channels of a supply: a dead-band channel whose next sample follows a
 * loss is held as long as another channel of its supply has fresh readings. */
void record_push(struct record *r, uint32_t channel, const struct sample *s, size_t n);
void record_end(struct record *r, uint32_t channel);

/* Before record_end: the channels that are silent at the end of the span for no reason that its readings
 * tell; returns their number. What comes next from them decides, if it says that the connection was lost:
 * record_lost. */
size_t record_silent(const struct record *r, uint32_t channels[]);
void record_lost(struct record *r, uint32_t channel);

size_t record_minutes(const struct record *r);
tstamp_ns record_time(const struct record *r, size_t k);

/* Minute k of all channels; borrowed until the next call. Fast when k increases. */
void record_frame(struct record *r, size_t k, struct frame *out);

/* Column of one channel, [record_minutes]: values and qualities; borrowed. */
const float *record_column(const struct record *r, uint32_t channel, const uint8_t **quality);

#endif
