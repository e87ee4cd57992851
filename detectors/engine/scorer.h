/* The streaming detector of a fleet: frames in, ticks out. Same code in run, replay and evaluate. Loops over
 * the table of statistics (statistics/statistic.h): by the hour into a score and its chance, by the minute
 * into events with a chance of their own; findings, ledger. docs/detection.md §4 to 7.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_ENGINE_SCORER_H
#define PSM_DETECTORS_ENGINE_SCORER_H

#include "base/tick.h"
#include "detectors/model/model.h"

struct scorer;
struct statistic;

struct scorer_options {
    double budget;           /* expected false findings per week over the whole fleet, class data apart */
    unsigned window_minutes; /* 720; the model's, see model_suits */
    tstamp_ns period;
    bool ungated; /* `evaluate`: score and chance of a tick are those before the minimum effect */
};

/* model NULL: ledger and data findings only. Borrows all. */
struct scorer *scorer_new(const struct model *model, const struct fleet *f, const struct maintenance *m,
                          const struct scorer_options *o);
void scorer_free(struct scorer *s);

/* Other maintenance and another budget from the next step on; borrowed and copied as by scorer_new. */
void scorer_change(struct scorer *s, const struct maintenance *m, double budget);

/* One minute; frames in order. warm: fills what is remembered; findings are tracked once all of it is full,
 * but out has none. out is borrowed until the next step. */
void scorer_step(struct scorer *s, const struct frame *in, bool warm, struct tick *out);

/* What a statistic that lives by the minute makes of a supply's last minute, on demand. */
void scorer_explain(const struct scorer *s, const struct statistic *by, size_t supply, struct finding *out);

/* Findings that were open when psmon stopped: from the first tick on that is not warm they go on under their
 * ids, whatever was tracked until then. */
void scorer_restore(struct scorer *s, const struct finding open[], size_t n);

/* What is known of supplies after work, to be handed to a scorer with the same model; borrowed until the next
 * step. Before the first step: what another one knew, copied. */
const struct renewal *const *scorer_renewals(struct scorer *s, size_t *n);
void scorer_restore_renewals(struct scorer *s, const struct renewal *const list[], size_t n);

/* How far back the score of a tick reaches: score, chance, reason and figures at t depend, to the last bit,
 * on the frames in (t - memory, t], the model and, of supplies after work, what was learned of them before.
 * The longest over the table of statistics. */
tstamp_ns scorer_memory(const struct model *m, tstamp_ns period);

/* From when frames must be fed, warm, so that findings from `first` on have the ids, onsets and chances that
 * they would have had psmon run since the model's reference ended; of what opened more than a week before
 * `first` only what scorer_restore brings is known. An onset is looked for in the 14 days before, but no
 * further back than a day before the reference's end. */
tstamp_ns scorer_warm_from(const struct model *m, tstamp_ns first, tstamp_ns period);

/* Reference against now for the page: counts of a channel's residual, HIST_BINS each; edges in unit.
 * False when the channel has none. */
bool scorer_histograms(const struct scorer *s, uint32_t channel, float edges[], uint32_t reference[],
                       uint32_t window[]);

#endif
