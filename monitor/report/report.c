/* The weekly report: made, kept, scheduled, rendered; see report.h. SPDX-License-Identifier: MIT */
#include "monitor/report/report_parts.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time/timefmt.h"
#include "base/time/zone.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- issuing ---- */

/* The texts of a row, which are its own. */
struct row_words {
    char *supply, *reason, *finding;
};

/* A list under way: all it needs is its own, since the week goes on meanwhile. */
struct issue {
    json_t *document;
    char *text; /* of it, when it is complete */
    struct history *history;
    int revision; /* of the run, when the list was made */
    struct history_rank *rows;
    struct row_words *words; /* of each row */
    size_t n, rows_cap, words_cap;
    tstamp_ns week_start, issued_at;
    void (*done)(void *arg, const char *document_json);
    void *arg;
};

/* The list is shown once it is safe: one that may yet be lost is not issued. */
static void on_taken(void *arg, enum pg_taken how)
{
    struct issue *w = arg;
    if (how != PG_SAFE)
        log_error("report", "neither disk nor database keeps the list");
    if (how == PG_IN_MEMORY)
        return;
    w->done(w->arg, w->text);
    for (size_t i = 0; i < w->n; i++) {
        free(w->words[i].supply);
        free(w->words[i].reason);
        free(w->words[i].finding);
    }
    free(w->words);
    free(w->rows);
    free(w->text);
    json_decref(w->document);
    free(w);
}

static void on_past(void *arg, json_t *past)
{
    struct issue *w = arg;
    report_add_past(w->document, past);
    json_decref(past);
    w->text = value_dump(json_incref(w->document), 8);
    const struct history_ranking r = {.revision = w->revision,
                                      .number = (int)field_number(w->document, "number"),
                                      .week_start = w->week_start,
                                      .issued_at = w->issued_at,
                                      .rows = w->rows,
                                      .n = w->n,
                                      .document_json = w->text};
    if (w->history)
        history_put_ranking(w->history, &r, on_taken, w);
    else
        on_taken(w, PG_SAFE);
}

static void add_row(struct issue *w, const struct rank_entry *e, const char *supply, const char *reason)
{
    xgrow(&w->rows, &w->rows_cap, w->n + 1, sizeof *w->rows);
    xgrow(&w->words, &w->words_cap, w->n + 1, sizeof *w->words);
    struct row_words *words = &w->words[w->n];
    *words =
        (struct row_words){xstrdup(supply), xstrdup(reason), e->finding ? xstrdup(e->finding->id) : NULL};
    w->rows[w->n++] =
        (struct history_rank){.rank = e->rank,
                              .score = e->score,
                              .chance = e->chance,
                              .supply = words->supply,
                              .reason = words->reason,
                              .finding = words->finding,
                              .class = e->finding ? finding_class_name(e->finding->class) : NULL};
}

static bool has_row(const struct issue *w, const char *supply)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->rows[i].supply, supply) == 0)
            return true;
    return false;
}

/* Every row of the list by its subject, and the supplies of groups by the group's row: a trip of one was
 * foretold by it. A subject has one row: the first, which is the open one. */
static void add_rows(struct issue *w, const struct report_input *in)
{
    const struct rank_list *l = in->list;
    const struct fleet *f = in->fleet;
    for (size_t i = 0; i < l->n; i++)
        if (!has_row(w, rank_subject(&l->entry[i], f)))
            add_row(w, &l->entry[i], rank_subject(&l->entry[i], f), l->entry[i].reason);
    for (size_t i = 0; i < l->of[RANK_INSPECT]; i++) {
        char reason[FINDING_NAME_LEN + 32];
        snprintf(reason, sizeof reason, "in the row of %s", rank_subject(&l->entry[i], f));
        for (uint32_t s = 0; l->entry[i].supply < 0 && s < f->n_supplies; s++)
            if (finding_concerns(l->entry[i].finding, f, s) && !has_row(w, f->supplies[s].name))
                add_row(w, &l->entry[i], f->supplies[s].name, reason);
    }
}

void report_issue(struct pg *pg, struct history *h, const struct report_input *in,
                  void (*done)(void *arg, const char *document_json), void *arg)
{
    struct issue *w = xcalloc(1, sizeof *w);
    *w = (struct issue){.document = report_document(in),
                        .history = h,
                        .revision = h ? history_revision(h) : 0,
                        .week_start = in->week_start,
                        .issued_at = in->issued_at,
                        .done = done,
                        .arg = arg};
    add_rows(w, in);
    report_gather(pg, w->document, GATHER_PAST, on_past, w);
}

/* ---- what has become known since ---- */

struct later {
    json_t *document;
    void (*done)(void *arg, const char *document_json);
    void *arg;
};

static void on_since(void *arg, json_t *since)
{
    struct later *l = arg;
    if (since)
        report_add_since(l->document, since);
    json_decref(since);
    char *text = value_dump(l->document, 8);
    l->done(l->arg, text);
    free(text);
    free(l);
}

void report_since(struct pg *pg, const char *document_json,
                  void (*done)(void *arg, const char *document_json), void *arg)
{
    json_t *document = json_loads(document_json, 0, NULL);
    if (!document) { /* rendering says what is wrong with it */
        done(arg, document_json);
        return;
    }
    struct later *l = xcalloc(1, sizeof *l);
    *l = (struct later){document, done, arg};
    report_gather(pg, document, GATHER_SINCE, on_since, l);
}

/* ---- when it is due ---- */

tstamp_ns report_due(const struct settings *s, tstamp_ns t)
{
    struct zone zone;
    int64_t day, second, at = s->report_minute * INT64_C(60);
    zone_enter(&zone, s->report_timezone);
    zone_local(t, &day, &second);
    day += ((int)s->report_day - timefmt_weekday(day * NS_PER_DAY) + 7) % 7;
    tstamp_ns due = zone_instant(day, at);
    if (due <= t)
        due = zone_instant(day + 7, at);
    zone_leave(&zone);
    return due;
}

/* ---- rendering ---- */

int report_render(struct buf *out, const char *document_json, enum report_format format, struct err *err)
{
    json_error_t why;
    json_t *doc = json_loads(document_json, 0, &why);
    if (!doc)
        return err_set(err, ERR_DATA, "weekly report: line %d: %s", why.line, why.text);
    if (field_number(doc, "psmon_report") > 1 || isnan(field_number(doc, "psmon_report"))) {
        json_decref(doc);
        return err_set(err, ERR_DATA, "weekly report: not a document this version of psmon can read");
    }
    switch (format) {
    case REPORT_FORMATS:
    case REPORT_TEXT: report_text(out, doc); break;
    case REPORT_HTML: report_html(out, doc); break;
    case REPORT_CSV: report_csv(out, doc); break;
    case REPORT_JSON: {
        char *text = json_dumps(doc, JSON_INDENT(1) | JSON_REAL_PRECISION(8));
        buf_str(out, text ? text : "");
        buf_str(out, "\n");
        free(text);
        break;
    }
    }
    json_decref(doc);
    return 0;
}
