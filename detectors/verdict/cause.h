/* What moved and why: findings of one subject whose causes differ live side by side. Columns that show one
 * fault together have one cause: what cools a cabinet (IGBT and capacitor temperature), a coil (magnet
 * temperature and voltage), the regulated current, its noise and the voltage's; the noise of a temperature
 * and a signal without physics are causes of their own. Up and down are different. Follows from a finding's
 * signal, unit and direction alone. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_VERDICT_CAUSE_H
#define PSM_DETECTORS_VERDICT_CAUSE_H

#include "base/finding.h"
#include "detectors/model/internal.h"

/* A number that a supply's columns of one cause share, whichever their direction. */
size_t cause_of(const struct model *m, uint32_t supply, size_t column);

/* "coil up". */
void cause_name(char out[FINDING_CAUSE_LEN], const struct model *m, uint32_t supply, size_t column,
                enum direction direction);

/* Column of a supply that a finding's signal and unit name; the layout's width: it has none. */
size_t cause_column(const struct model *m, uint32_t supply, const struct finding *f);

/* Fills the cause of a finding that was read from the history. "" when no supply has its signal. */
void cause_restore(const struct model *m, struct finding *f);

#endif
