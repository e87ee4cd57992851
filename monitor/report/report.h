/* The weekly report: made once from a ranking and the history, frozen as a JSON document (report_document.c
 * shows one), rendered to text, HTML, CSV or JSON any time later from that document alone.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_REPORT_H
#define PSM_MONITOR_REPORT_H

#include "archive/history/history.h"
#include "base/buf.h"
#include "monitor/chances/chances.h"
#include "monitor/rank.h"
#include "monitor/settings/settings.h"

struct report_input {
    const struct fleet *fleet;
    const struct maintenance *maintenance;
    const struct settings *settings;
    const char *run, *model, *model_hash, *model_summary, *config_hash;
    tstamp_ns week_start, week_end, issued_at;
    const struct rank_list *list;
    const struct rank_week *week;        /* for the charts of residuals, up to issued_at; NULL: none */
    uint64_t ledger_hours[REASON_COUNT]; /* supply-hours of the week per reason */
    double budget_used;                  /* findings of the week that count against the budget */
    const struct chances *chances;       /* whether the stated chance held; NULL: not asked */
    bool provisional;                    /* of a week that is not over: marked as such, kept nowhere */
    /* last 8 weeks' daily scores per supply for the small charts come from the history */
};

/* Gathers from the history what the document needs (last week's list, earlier lists against outcomes and
 * trips, number), on the connection's loop; then stores ranking and document through h and, when they are
 * safe, calls done with the document (borrowed). Never blocks. On database failure document is made without
 * the past and says so. Everything in `in` may be freed after the call; pg and h must live until done. h
 * NULL: nothing is stored.
 */
void report_issue(struct pg *pg, struct history *h, const struct report_input *in,
                  void (*done)(void *arg, const char *document_json), void *arg);

/* A list as it was issued, with what has become known since then (outcomes of its entries, trips after it)
 * added for who reads it; the stored document stays as it is. done gets the text (borrowed), without
 * additions when the database is away. Never blocks; pg must live until done. */
void report_since(struct pg *pg, const char *document_json,
                  void (*done)(void *arg, const char *document_json), void *arg);

/* When the week's list is due: the next instant strictly after t at report.day, report.time in
 * report.timezone. Where the clocks go forward over that time of day, the instant that far after midnight.
 * Sets TZ for the duration of the call: from one thread only. */
tstamp_ns report_due(const struct settings *s, tstamp_ns t);

enum report_format { REPORT_TEXT, REPORT_HTML, REPORT_CSV, REPORT_JSON, REPORT_FORMATS };
int report_render(struct buf *out, const char *document_json, enum report_format format,
                  struct err *err) MUSTCHECK;

/* A list as it is shown: its document and every form of it, made once. */
struct report_shown {
    char *document;
    struct buf form[REPORT_FORMATS];
    struct err err; /* code 0, or why forms are missing */
};
/* Copies the document. On any thread: it takes milliseconds a row. */
struct report_shown *report_shown_new(const char *document_json);
void report_shown_free(struct report_shown *s); /* NULL is fine */

#endif
