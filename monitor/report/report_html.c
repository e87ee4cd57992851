/* A weekly report as one HTML file: no script, nothing from elsewhere, prints on A4 without cut rows,
 * readable on a phone, light and dark. See report_parts.h. SPDX-License-Identifier: MIT */
#include "monitor/embed.h"
#include "monitor/report/report_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

EMBED(report_css, "dashboards/report.css");

static void text(struct buf *out, const char *before, const char *s, const char *after)
{
    buf_str(out, before);
    buf_html(out, s);
    buf_str(out, after);
}

/* ---- charts ---- */

struct frame {
    double left, top, width, height;
};

/* One line over the week; holes stay holes; the scale is written at both ends. */
static void chart_line(struct buf *out, const json_t *values, struct frame f, const char *class,
                       bool from_zero)
{
    double lo = INFINITY, hi = -INFINITY;
    size_t i, n = json_array_size(values);
    json_t *v;
    json_array_foreach(values, i, v) if (json_is_number(v))
    {
        lo = fmin(lo, json_number_value(v));
        hi = fmax(hi, json_number_value(v));
    }
    if (!(hi >= lo))
        return;
    if (from_zero) {
        lo = fmin(lo, 0);
        hi = fmax(hi, 0);
    }
    if (!(hi > lo))
        hi = lo + 1;
    double scale = f.height / (hi - lo), step = f.width / (n > 1 ? (double)(n - 1) : 1);
    double base = f.top + (from_zero ? hi * scale : f.height);
    buf_printf(out, "<line class=\"g\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", f.left,
               f.left + f.width, base, base);
    buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.*g</text>", f.left - 3, f.top + 7,
               from_zero ? 3 : 4, hi);
    if (lo < 0 || !from_zero)
        buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.*g</text>", f.left - 3,
                   f.top + f.height, from_zero ? 3 : 4, lo);
    buf_printf(out, "<path class=\"%s\" d=\"", class);
    bool pen = false;
    json_array_foreach(values, i, v)
    {
        if (json_is_number(v))
            buf_printf(out, "%c%.1f %.1f", pen ? 'L' : 'M', f.left + (double)i * step,
                       f.top + (hi - json_number_value(v)) * scale);
        pen = json_is_number(v);
    }
    buf_str(out, "\"/>");
}

static bool any_number(const json_t *values)
{
    size_t i;
    json_t *v;
    json_array_foreach(values, i, v) if (json_is_number(v)) return true;
    return false;
}

static void chart(struct buf *out, const json_t *row)
{
    const json_t *c = json_object_get(row, "chart"), *line = json_object_get(c, "line");
    if (!any_number(json_object_get(c, "score")) && !line)
        return;
    bool residual = strcmp(field_text(line, "what"), "residual") == 0;
    int height = line ? 88 : 44;
    buf_printf(out,
               "<svg viewBox=\"0 0 180 %d\" role=\"img\" aria-label=\"the week by the hour: score%s%s\">",
               height, line ? " and " : "", field_text(line, "what"));
    buf_str(out, "<text x=\"34\" y=\"7\">score</text>");
    chart_line(out, json_object_get(c, "score"), (struct frame){34, 11, 144, 30}, "s", true);
    if (line) {
        char label[WORDS_SIGNAL_LEN];
        buf_str(out, "<text x=\"34\" y=\"53\">");
        buf_html(out, words_signal(label, field_text(line, "signal")));
        text(out, residual ? ", unexplained, " : ", ", field_text(line, "unit"), "</text>");
        chart_line(out, json_object_get(line, "values"), (struct frame){34, 58, 144, 27}, "r", residual);
    }
    buf_str(out, "</svg>");
}

/* ---- parts ---- */

static void fact(struct buf *out, const char *name, const char *value)
{
    text(out, "<div><dt>", name, "</dt>");
    text(out, "<dd>", value, "</dd></div>");
}

static void write_top(struct buf *out, const json_t *doc)
{
    char from[RANK_DAY_LEN], to[RANK_DAY_LEN], line[128];
    const json_t *period = json_object_get(doc, "period"), *budget = json_object_get(doc, "budget");
    double number = field_number(doc, "number");
    bool provisional = json_is_true(json_object_get(doc, "provisional"));
    if (provisional)
        buf_str(out, "<p class=\"provisional\">Provisional: not issued; made of what is stored now, and may "
                     "change.</p>");
    snprintf(line, sizeof line,
             isnan(number) ? "Weekly inspection list" : "Weekly inspection list %.0f-W%02.0f",
             floor(number / 100), fmod(number, 100));
    text(out, "<header class=\"keep\"><h1>", line, "</h1>");
    snprintf(line, sizeof line, "%s to %s", field_day(from, period, "from"), field_day(to, period, "to"));
    text(out, "<p class=\"soft\">", line, "");
    if (strcmp(field_text(doc, "run"), "live") != 0)
        text(out, ", run ", field_text(doc, "run"), "");
    text(out, provisional ? "; made " : "; issued ", field_text(doc, "issued_at"),
         "</p><dl class=\"facts\">");
    snprintf(line, sizeof line, "%.0f of %.0f", field_number(doc, "ranked"), field_number(doc, "supplies"));
    fact(out, "Supplies judged", line);
    snprintf(line, sizeof line, "%g", field_number(budget, "used"));
    fact(out, "Findings this week", line);
    snprintf(line, sizeof line, "%g", field_number(budget, "stated"));
    fact(out, "False ones to be expected", line);
    fact(out, "Model", field_text(json_object_get(doc, "model"), "name"));
    buf_str(out, "</dl></header>");
    char lacked[FIELD_LACKED_LEN], audited[FIELD_AUDIT_LEN];
    if (*field_lacked(lacked, doc))
        text(out, "<p class=\"soft\">", lacked, "</p>");
    if (*field_audit(audited, doc))
        text(out, "<p class=\"soft\">", audited, "</p>");
    if (!json_is_true(json_object_get(doc, "past_known")))
        buf_str(
            out,
            "<p class=\"provisional\">The database was away when this list was made: nothing is said about "
            "earlier lists, trips or the course of the week.</p>");
}

static void write_rank(struct buf *out, const json_t *row, bool past)
{
    const json_t *last = json_object_get(row, "last_rank");
    buf_printf(out, "<td class=\"n\"><span class=\"rank\">%.0f</span>", field_number(row, "rank"));
    if (json_is_integer(last) && json_integer_value(last))
        buf_printf(out, "<span class=\"last\">was %lld</span>", (long long)json_integer_value(last));
    else if (past)
        buf_str(out, "<span class=\"last\">new</span>");
    buf_str(out, "</td>");
}

/* A finding or a trend; lists of before there were parts have rows without. */
static bool says_something(const json_t *row)
{
    return json_object_get(row, "class") || json_object_get(row, "per_day");
}

static void write_why(struct buf *out, const json_t *row)
{
    size_t i;
    json_t *x;
    text(out, "<td class=\"why\">", field_text(row, "reason"), "");
    if (json_array_size(json_object_get(row, "contributors")) > 1) {
        buf_str(out, "<span class=\"by\">by ");
        json_array_foreach(json_object_get(row, "contributors"), i, x)
        {
            char label[WORDS_SIGNAL_LEN], size[FIELD_SIZE_LEN];
            text(out, i ? ", " : "", words_signal(label, field_text(x, "signal")), " ");
            buf_html(out, field_size(size, field_number(x, "size"), field_text(x, "unit")));
        }
        buf_str(out, "</span>");
    }
    if (says_something(row))
        text(out, "<span class=\"action\">", field_text(row, "action"), "</span>");
    const json_t *outcome = json_object_get(row, "outcome");
    if (outcome) {
        text(out, "<span class=\"earlier\">inspected since: ", field_outcome(outcome), "");
        text(out, *field_text(outcome, "note") ? ", " : "", field_text(outcome, "note"), "</span>");
    }
    json_array_foreach(json_object_get(row, "earlier"), i, x)
    {
        text(out, "<span class=\"earlier\">week of ", field_text(x, "week"), ": ");
        buf_str(out, field_outcome(x));
        text(out, *field_text(x, "note") ? ", " : "", field_text(x, "note"), "</span>");
    }
    buf_str(out, "</td>");
}

static void write_row(struct buf *out, const json_t *row, bool past)
{
    char place[FIELD_PLACE_LEN], weight[FIELD_WEIGHT_LEN];
    const char *priority = field_text(row, "priority");
    buf_str(out, says_something(row) ? "<tr>" : "<tr class=\"quiet\">");
    write_rank(out, row, past);
    text(out, "<td><span class=\"supply\">", field_text(row, "supply"), "</span>");
    text(out, "<span class=\"place\">", field_place(place, row), "</span></td>");
    text(out, "<td><span class=\"priority ", priority, "\">");
    text(out, "", priority, "</span>");
    text(out, "<span class=\"place\">", field_weight(weight, row), "</span></td>");
    write_why(out, row);
    buf_str(out, "<td>");
    chart(out, row);
    buf_str(out, "</td></tr>");
}

static void write_table(struct buf *out, const json_t *rows, bool past)
{
    size_t i;
    json_t *row;
    buf_str(
        out,
        "<table class=\"list\"><thead><tr><th class=\"n\">Rank</th><th>Supply</th><th>Priority</th><th>Why, "
        "and what to do</th><th>The week</th></tr></thead><tbody>");
    json_array_foreach(rows, i, row) write_row(out, row, past);
    buf_str(out, "</tbody></table>");
}

static void write_rows(struct buf *out, const json_t *doc)
{
    const json_t *rows = json_object_get(doc, "rows"), *watch = json_object_get(doc, "watch");
    bool past = json_is_integer(json_object_get(json_object_get(doc, "changes"), "since"));
    buf_str(out, "<h2>Inspect in this order</h2>");
    if (json_array_size(rows))
        write_table(out, rows, past);
    else
        text(out, "<p>",
             field_number(doc, "ranked") > 0 ? "No finding is open." : "No supply was scored this week.",
             "</p>");
    if (field_number(doc, "more") > 0)
        buf_printf(out, "<p>And %.0f more: the page and psmon query findings have them.</p>",
                   field_number(doc, "more"));
    if (json_array_size(watch)) {
        buf_str(out, "<h2>Watch: no finding yet, but a trend</h2>");
        write_table(out, watch, past);
    }
    if (*field_text(doc, "rest"))
        text(out, "<p class=\"rest\">", field_text(doc, "rest"), ".</p>");
}

static void write_over(struct buf *out, const json_t *doc, const char *part, const char *title)
{
    size_t i;
    json_t *row;
    bool any = false;
    json_array_foreach(json_object_get(doc, "over"), i, row)
    {
        if (strcmp(field_text(row, "part"), part) != 0)
            continue;
        if (!any)
            text(out, "<h2>", title, "</h2><ul>");
        any = true;
        text(out, "<li><b>", field_text(row, "supply"), "</b>: ");
        text(out, "", field_text(row, "reason"), "</li>");
    }
    if (any)
        buf_str(out, "</ul>");
}

static void write_findings(struct buf *out, const json_t *list, const char *title, const char *none)
{
    size_t i;
    json_t *d;
    if (!list) /* a part of lists of before there were others */
        return;
    text(out, "<h2>", title, "</h2>");
    if (!json_array_size(list)) {
        text(out, "<p class=\"soft\">", none, "</p>");
        return;
    }
    buf_str(out, "<ul>");
    json_array_foreach(list, i, d)
    {
        char day[RANK_DAY_LEN];
        text(out, "<li><b>", field_text(d, "subject"), "</b>: ");
        text(out, "", field_text(d, "reason"), ", since ");
        text(out, "", field_day(day, d, "onset"), json_is_true(json_object_get(d, "open")) ? "" : ", over");
        text(out, ". <span class=\"soft\">", field_text(d, "action"), "</span></li>");
    }
    buf_str(out, "</ul>");
}

static void write_renewed(struct buf *out, const json_t *list)
{
    size_t i;
    json_t *d;
    if (!json_array_size(list))
        return;
    buf_str(out, "<h2>Counted from elsewhere since work on them</h2><ul>");
    json_array_foreach(list, i, d)
    {
        char day[RANK_DAY_LEN];
        text(out, "<li><b>", field_text(d, "supply"), "</b>: after “");
        text(out, "", field_text(d, "work"), "” on ");
        text(out, "", field_day(day, d, "work_start"), ": ");
        text(out, "", field_text(d, "words"), " against its reference</li>");
    }
    buf_str(out, "</ul>");
}

static void write_names(struct buf *out, const json_t *list, const char *key)
{
    size_t i;
    json_t *x;
    json_array_foreach(list, i, x)
        text(out, i ? ", " : "", key ? field_text(x, key) : json_string_value(x), "");
    if (!json_array_size(list))
        buf_str(out, "none");
}

static void write_changes(struct buf *out, const json_t *doc)
{
    const json_t *changes = json_object_get(doc, "changes");
    buf_str(out, "<section class=\"keep\"><h2>Changes since the last list</h2>");
    if (!json_is_integer(json_object_get(changes, "since"))) {
        buf_str(out, "<p class=\"soft\">No earlier list is known.</p></section>");
        return;
    }
    buf_str(out, "<ul><li>New: ");
    write_names(out, json_object_get(changes, "new"), NULL);
    buf_str(out, "</li><li>No longer listed: ");
    write_names(out, json_object_get(changes, "improved"), "supply");
    if (json_object_get(changes, "closed")) {
        buf_str(out, "</li><li>Findings that closed: ");
        write_names(out, json_object_get(changes, "closed"), "subject");
    }
    buf_str(out, "</li></ul></section>");
}

static void write_not_ranked(struct buf *out, const json_t *doc)
{
    size_t i;
    json_t *x;
    const json_t *list = json_object_get(doc, "not_ranked");
    buf_str(out, "<h2>Not judged, and why</h2>");
    if (!json_array_size(list)) {
        buf_str(out, "<p class=\"soft\">Every supply was scored.</p>");
        return;
    }
    buf_str(out, "<ul>");
    json_array_foreach(list, i, x)
    {
        const json_t *names = json_object_get(x, "names");
        buf_printf(out, "<li>%.0f ", field_number(x, "supplies"));
        text(out, "<b>", field_text(x, "reason"), "</b>: ");
        write_names(out, names, NULL);
        buf_str(out, field_number(x, "supplies") > (double)json_array_size(names) ? ", …</li>" : "</li>");
    }
    buf_str(out, "</ul>");
}

static void write_ledger(struct buf *out, const json_t *doc)
{
    size_t i;
    json_t *x;
    double all = field_number(doc, "supply_hours");
    buf_str(
        out,
        "<section class=\"keep\"><h2>Ledger: what became of every supply-hour</h2><table class=\"small\">");
    json_array_foreach(json_object_get(doc, "ledger"), i, x)
    {
        text(out, "<tr><td>", field_text(x, "reason"), "</td>");
        buf_printf(out, "<td class=\"n\">%.0f</td><td class=\"n\">%.1f %%</td></tr>",
                   field_number(x, "supply_hours"), 100 * field_number(x, "supply_hours") / all);
    }
    buf_printf(
        out,
        "<tr class=\"sum\"><td>sum</td><td class=\"n\">%.0f</td><td class=\"n\"></td></tr></table></section>",
        all);
}

static void write_trips(struct buf *out, const json_t *trips)
{
    const json_t *listed = json_object_get(trips, "listed"), *missed = json_object_get(trips, "missed");
    size_t i;
    json_t *x;
    double median = field_number(trips, "median_lead_days");
    buf_printf(out, "<p>Trips of the last 12 weeks: %zu were on a list before by a finding, %zu were not",
               json_array_size(listed), json_array_size(missed));
    if (!isnan(median))
        buf_printf(out, "; median lead %.1f days", median);
    buf_str(out, ".</p>");
    if (json_array_size(listed) + json_array_size(missed) == 0)
        return;
    buf_str(out, "<ul>");
    json_array_foreach(listed, i, x)
    {
        text(out, "<li>", field_text(x, "supply"), ", ");
        text(out, "", field_text(x, "time"), ", ");
        text(out, "", field_text(x, "cause"), "");
        buf_printf(out, ": rank %.0f, %.1f days before: ", field_number(x, "rank"),
                   field_number(x, "lead_days"));
        text(out, "", field_text(x, "reason"), "</li>");
    }
    json_array_foreach(missed, i, x)
    {
        text(out, "<li>", field_text(x, "supply"), ", ");
        text(out, "", field_text(x, "time"), ", ");
        text(out, "", field_text(x, "cause"), ": <b>missed</b></li>");
    }
    buf_str(out, "</ul>");
}

static void write_scoreboard(struct buf *out, const json_t *doc)
{
    const json_t *board = json_object_get(doc, "scoreboard");
    size_t i;
    json_t *x;
    if (!board)
        return;
    buf_str(out,
            "<section class=\"keep\"><h2>How earlier lists fared</h2>"
            "<p class=\"soft\">Entries that a finding carried; others say nothing of a supply.</p>"
            "<div class=\"wide\"><table class=\"small\">"
            "<thead><tr><th>last</th><th class=\"n\">entries</th><th class=\"n\">fault found</th>"
            "<th class=\"n\">nothing found</th><th class=\"n\">not inspected</th><th class=\"n\">no word</th>"
            "<th class=\"n\">precision</th></tr></thead><tbody>");
    json_array_foreach(board, i, x)
    {
        static const char *const keys[] = {"entries", "fault_found", "nothing_found", "not_inspected",
                                           "unknown"};
        buf_printf(out, "<tr><td>%.0f weeks</td>", field_number(x, "weeks"));
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            buf_printf(out, "<td class=\"n\">%.0f</td>", field_number(x, keys[k]));
        double p = field_number(x, "precision");
        if (isnan(p))
            buf_str(out, "<td class=\"n\">–</td></tr>");
        else
            buf_printf(out, "<td class=\"n\">%.0f %%</td></tr>", 100 * p);
    }
    buf_str(out, "</tbody></table></div></section>");
    write_trips(out, json_object_get(doc, "trips"));
}

static void write_since(struct buf *out, const json_t *since)
{
    size_t i;
    json_t *x;
    if (!since)
        return;
    buf_printf(
        out,
        "<section class=\"keep\"><h2>What became of this list</h2><p>Entries with a finding: fault found "
        "%.0f, nothing found %.0f, not inspected %.0f, no word %.0f.</p>",
        field_number(since, "fault_found"), field_number(since, "nothing_found"),
        field_number(since, "not_inspected"), field_number(since, "unknown"));
    if (json_array_size(json_object_get(since, "trips")))
        buf_str(out, "<ul>");
    json_array_foreach(json_object_get(since, "trips"), i, x)
    {
        text(out, "<li>", field_text(x, "supply"), ", ");
        text(out, "", field_text(x, "time"), ", ");
        text(out, "", field_text(x, "cause"), "");
        buf_printf(out, ": trip %.1f days after</li>", field_number(x, "days"));
    }
    if (i)
        buf_str(out, "</ul>");
    buf_str(out, "</section>");
}

#define CHANCE "“By chance once in N weeks” is how often a healthy ring shows something this extreme"
#define ORDER                                                                                           \
    CHANCE                                                                                              \
    ", said as far as the calibration reaches. Priority high: an open finding of equipment or of a "    \
    "group "                                                                                            \
    "that rises by the minute, that a second witness confirms, or that is three times what is worth a " \
    "finding; medium: others of these; low: sensors and data. Within a priority the largest comes "     \
    "first, a "                                                                                         \
    "witness counting twice."
/* of lists of before there were parts */
#define OLD_ORDER                                                                                    \
    CHANCE                                                                                           \
    ". Priority high: an open equipment finding that a second witness confirms, that is rarer than " \
    "once "                                                                                          \
    "in 100 weeks, or that rises by the minute; medium: other open equipment findings; low: the rest."

void report_html(struct buf *out, const json_t *doc)
{
    const json_t *model = json_object_get(doc, "model");
    buf_str(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                 "<title>psmon weekly inspection list</title><style>\n");
    buf_add(out, report_css, report_css_len);
    buf_str(out, "</style></head><body>\n");
    write_top(out, doc);
    write_rows(out, doc);
    write_over(out, doc, "ended", "Over: ended by itself this week");
    write_over(out, doc, "repaired", "Over: repaired since");
    write_findings(out, json_object_get(doc, "common"), "Common causes", "None.");
    write_changes(out, doc);
    write_findings(out, json_object_get(doc, "data"), "Data findings", "None.");
    write_renewed(out, json_object_get(doc, "renewed"));
    write_not_ranked(out, doc);
    write_since(out, json_object_get(doc, "since"));
    write_scoreboard(out, doc);
    write_ledger(out, doc);
    text(out, "<footer>Model ", field_text(model, "name"), "");
    text(out, *field_text(model, "hash") ? ", " : "", field_text(model, "hash"), "");
    text(out, *field_text(model, "summary") ? ": " : "", field_text(model, "summary"), "");
    text(out, ". Configuration ", field_text(json_object_get(doc, "configuration"), "hash"), ". ");
    buf_str(out, json_object_get(doc, "rest") ? ORDER : OLD_ORDER);
    buf_str(out, "</footer></body></html>\n");
}
