/* The parts of the weekly report, one per file, behind report.c. A document is a jansson object; see
 * report_document.c for its shape. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_REPORT_PARTS_H
#define PSM_MONITOR_REPORT_PARTS_H

#include "base/text/json.h"
#include "base/text/words.h"
#include "monitor/report/report.h"

/* ---- report_document.c ---- */
/* What the moment knows: everything but the past. Caller decrefs. */
json_t *report_document(const struct report_input *in);
/* Adds what the past says. past: {"number": rows, "last": rows, …} as report_gather.c asks for them, each an
 * array of arrays of text or null; a question that failed is absent. */
void report_add_past(json_t *document, const json_t *past);

/* Adds what has become known since an issued list: outcomes of its entries, trips after it. */
void report_add_since(json_t *document, const json_t *since);

/* ---- report_gather.c ---- */
/* Asks the history; done gets the answers (its own reference) or NULL when nothing could be asked.
 * GATHER_PAST: what was before the list; GATHER_SINCE: what has become known since it was issued. */
enum gather { GATHER_PAST, GATHER_SINCE };
void report_gather(struct pg *pg, const json_t *document, enum gather what,
                   void (*done)(void *arg, json_t *answers), void *arg);

/* ---- report_action.c ---- */
/* What to look at first, by what moved and which way. */
const char *report_action(const struct finding *d);

/* ---- renderers: from a document alone; what is absent is left out ---- */
void report_text(struct buf *out, const json_t *document); /* at most 100 columns */
void report_html(struct buf *out, const json_t *document); /* one file, no script */
void report_csv(struct buf *out, const json_t *document);  /* the rows */

/* ---- report_fields.c: members of documents in words, for the above ---- */
char *field_day(char out[RANK_DAY_LEN], const json_t *object, const char *key); /* "12 Nov 2026"; "" */
/* A size with its sign and unit: "+6.1 K", "2.4 times". */
#define FIELD_SIZE_LEN 48
char *field_size(char out[FIELD_SIZE_LEN], double size, const char *unit);
const char *field_outcome(const json_t *object); /* its "outcome": "fault found", …; "" */
/* How much a row weighs, in words: "12 × minimum effect"; of lists of before there were parts
 * its score; "": nothing is said. */
#define FIELD_WEIGHT_LEN 64
char *field_weight(char out[FIELD_WEIGHT_LEN], const json_t *row);
/* Where a row's subject is: "quadrupole, S07", "16 supplies". */
#define FIELD_PLACE_LEN 128
char *field_place(char out[FIELD_PLACE_LEN], const json_t *row);
/* Of a document: what its list lacked, in a line; "" when every supply had the hours. */
#define FIELD_LACKED_LEN 200
char *field_lacked(char out[FIELD_LACKED_LEN], const json_t *document);
/* Of a document: whether the stated chance held, in a line; "" when that was not asked. */
#define FIELD_AUDIT_LEN (CHANCES_LINE_LEN + 2)
char *field_audit(char out[FIELD_AUDIT_LEN], const json_t *document);
#endif
