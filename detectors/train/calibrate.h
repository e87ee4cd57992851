/* From the window values of null blocks to what standardises and calibrates: scales of own and family, pooled
 * tails, the tail of the daily maximum. The standardisation is cross-fitted like the models: block 0 is
 * scaled by what the last block shows, and the other way round. docs/detection.md §6.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_TRAIN_CALIBRATE_H
#define PSM_DETECTORS_TRAIN_CALIBRATE_H

#include "detectors/train/fold.h"

/* Counts for the summary. */
struct calib_counts {
    size_t supply_hours, supply_days;
};

/* Sets m->scale, m->tail and m->day from the nulls. in_sample: scale every block by all blocks, wrong on
 * purpose. Needs kinds, min_effect, measures, and room (model_init_calibration). */
void calibrate(struct model *m, const struct nulls *n, bool in_sample, struct calib_counts *counts);

#endif
