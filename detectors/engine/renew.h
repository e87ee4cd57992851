/* Supplies after work of their own: their levels may stand elsewhere, and stay there. What counts of the
 * hours since is collected; after some hours, again after twice and four times as many, each column's offset
 * against the model's reference is taken, and from then on it is taken from the rows before anybody judges
 * them. Until then the supply's columns say nothing. What is learned follows from the rows since the work and
 * from the model alone; who starts later brings it along (renew_restore). docs/detection.md §8.1. S =
 * supplies, W = columns of a feature row. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_ENGINE_RENEW_H
#define PSM_DETECTORS_ENGINE_RENEW_H

#include "base/maintenance.h"
#include "base/renewal.h"
#include "detectors/model/internal.h"

struct renewed_supply;

struct renew {
    const struct model *model;
    tstamp_ns t;                 /* last minute */
    float *rows;                 /* [S][W] of it, as they are judged */
    struct renewed_supply *unit; /* [S] */
    struct hours hour;           /* scratch: one hour of one supply */
    float *family;               /* [S] scratch */
    struct renewal **news;       /* [n_news] */
    size_t n_news, news_cap;
};
void renew_init(struct renew *r, const struct model *m);
void renew_fini(struct renew *r);

/* Before the first minute: what another scorer with the same model had learned; copied. What does not fit the
 * fleet or is of work that the model has seen is left out, what is of no work of the list is never used. */
void renew_restore(struct renew *r, const struct renewal *const list[], size_t n);

/* Work on a supply alone has begun. before [W]: how far off its columns were until then; NaN. */
void renew_begin(struct renew *r, size_t supply, const struct maintenance_period *p, const float before[]);

/* One minute: what counts of it is collected; *out receives the frame as it is to be judged. */
void renew_minute(struct renew *r, const struct minute *in, struct feature_frame *out);

/* Whether a supply has too little of a window at t because of the work: still collecting, or begun anew less
 * than `window` ago. */
bool renew_waits(const struct renew *r, size_t supply, tstamp_ns t, tstamp_ns window);

/* Adds to what is proposed of a supply that the work moved it further than units of its family differ. */
void renew_tell(const struct renew *r, struct proposals *p);

/* All that was learned, every supply's newest last; and what of it is new since it was last asked for.
 * Borrowed: until the next call, minute. */
const struct renewal *const *renew_all(struct renew *r, size_t *n);
const struct renewal *const *renew_news(struct renew *r, size_t *n);

#endif
