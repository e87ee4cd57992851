/* Findings about the readings themselves: missing, stale, invalid, disconnected, no numbers for half an hour
 * while others have data (ten minutes when a quarter of all is); frozen (nothing of a supply changes for half
 * an hour although readings come); or stuck for 24 h while what drives the channel moved. A supply whose
 * channels are all away or frozen is one finding, and so are supplies of which something failed at one
 * moment, be it one signal: one cause (an IOC, a sector's network, the archiver's engine), told by the group
 * that it shows in. A DAC that is not sent again because it stands still is no fault. Channels that never had
 * a reading say nothing. Class data, outside the budget. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_DATA_QUALITY_H
#define PSM_DETECTORS_STATISTICS_DATA_QUALITY_H

#include "base/fleet.h"
#include "detectors/verdict/tracker.h"
#include "features/features.h"

#define DATA_AWAY (30 * NS_PER_MIN)      /* without data for longer: said */
#define DATA_AWAY_WIDE (10 * NS_PER_MIN) /* when much is: psmon is half blind */
#define DATA_BACK (10 * NS_PER_MIN)      /* with data for as long: over */
#define DATA_FROZEN (10 * NS_PER_MIN)    /* no change in any channel for as long: not to be scored */
#define DATA_STUCK NS_PER_DAY

struct data_quality;

/* largest[n_channels]: of the readings' sizes in the reference, NaN: it had none; channels that had are known
 * to send. NULL: those that send from now on, measured by what they send. Borrows the fleet. */
struct data_quality *data_quality_new(const struct fleet *f, const float largest[]);
void data_quality_free(struct data_quality *d);

/* One minute. features: modes, context (LP15(q) drives temperatures) and peak of the same minute.
 * maintenance[S]: nothing is opened there. */
void data_quality_step(struct data_quality *d, const struct frame *in, const struct feature_frame *features,
                       const bool maintenance[]);

/* [S]: readings come but have not changed for DATA_FROZEN, or did so until DATA_BACK ago (what is made of
 * differences still remembers it). A supply of fewer than two channels that send regularly never is. */
const bool *data_quality_frozen(const struct data_quality *d);

/* Appends what holds now. */
void data_quality_propose(struct data_quality *d, struct proposals *out);

#endif
