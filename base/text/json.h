/* JSON: values that psmon writes, members that it reads, and the one shape of a finding. The includer of
 * jansson; whoever needs JSON includes this. Names are value_, field_ and finding_, for json_ is jansson's.
 *
 * A finding is the same object wherever it leaves psmon, on /api, in reports and in webhook messages:
 *
 * {"id": "5f0c…", "subject": "SR:C12:Q3", "class": "equipment", "detector": "level",
 *  "signal": "igbt_temperature", "reason": "IGBT temperature 6.1 K above what its current explains",
 *  "onset": "2026-11-12T00:00:00Z", "first_seen": "…", "last_seen": "…", "closed": null, "open": true,
 *  "chance": 0.025, "chance_words": "once in 40 weeks", "size": 6.1, "unit": "K", "effect": 12.2,
 *  "direction": "up", "supplies": 1, "witness": true,
 *  "contributors": [{"signal": "igbt_temperature", "size": 6.1, "unit": "K", "share": 0.8}],
 *  "work": {"start": "2026-11-11T08:00:00Z", "work": "fan replaced"}}
 *
 * What does not exist is null. effect: size over the smallest that is worth a finding. supplies: how many it
 * concerns. work: maintenance that may have caused or cured it. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TEXT_JSON_H
#define PSM_BASE_TEXT_JSON_H

#include "base/finding.h"

#include <jansson.h>

/* ---- writing: new references, never NULL ---- */
json_t *value_text(const char *s);   /* bytes that are no UTF-8 become '?'; NULL: "" */
json_t *value_number(double v);      /* null for what JSON cannot hold */
json_t *value_instant(tstamp_ns t);  /* ISO 8601 UTC; null for 0 */
json_t *value_chance(double chance); /* its words */

/* Compact text of value (taken) with so many significant digits; the caller frees. */
char *value_dump(json_t *value, size_t digits);

/* ---- reading ---- */
const char *field_text(const json_t *object, const char *key); /* "" when absent or no text */
double field_number(const json_t *object, const char *key);    /* NaN when absent or no number */

/* ---- findings ---- */
json_t *finding_json(const struct finding *f);

/* Its contributors alone, as the database keeps them, with so many significant digits (the caller frees), and
 * back; text that does not parse leaves none. */
char *finding_contributors(const struct finding *f, size_t digits);
void finding_read_contributors(struct finding *f, const char *text);

#endif
