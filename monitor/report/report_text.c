/* A weekly report as text of at most 100 columns; see report_parts.h. SPDX-License-Identifier: MIT */
#include "monitor/report/report_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS 100

/* Width on a terminal: code points, which is right for all but wide scripts. */
static size_t width(const char *s, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

/* Appends words broken at blanks so that no line is wider than COLUMNS; the first line starts at column `at`,
 * the others are indented. A word wider than a line is cut. */
static void wrap(struct buf *out, size_t at, size_t indent, const char *s)
{
    for (;;) {
        s += strspn(s, " \n\r\t");
        size_t bytes = strcspn(s, " \n\r\t");
        if (!bytes)
            break;
        size_t w = width(s, bytes);
        if (at > indent && at + 1 + w > COLUMNS) {
            buf_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            buf_str(out, " ");
            at++;
        }
        while (width(s, bytes) > COLUMNS - indent) {
            size_t cut = COLUMNS - indent;
            while (cut > 1 && ((unsigned char)s[cut] & 0xC0) == 0x80)
                cut--;
            buf_add(out, s, cut);
            buf_printf(out, "\n%*s", (int)indent, "");
            s += cut;
            bytes -= cut;
        }
        buf_add(out, s, bytes);
        at += width(s, bytes);
        s += bytes;
    }
    buf_str(out, "\n");
}

static void head(struct buf *out, const char *title)
{
    buf_printf(out, "\n%s\n", title);
    for (size_t i = 0; i < width(title, strlen(title)); i++)
        buf_str(out, "-");
    buf_str(out, "\n");
}

static void write_top(struct buf *out, const json_t *doc)
{
    char from[RANK_DAY_LEN], to[RANK_DAY_LEN];
    const json_t *period = json_object_get(doc, "period"), *model = json_object_get(doc, "model");
    const char *run = field_text(doc, "run");
    double number = field_number(doc, "number");
    bool provisional = json_is_true(json_object_get(doc, "provisional"));
    if (provisional)
        buf_str(out, "*** PROVISIONAL: not issued; made of what is stored now, and may change ***\n\n");
    buf_str(out, "psmon weekly inspection list");
    if (!isnan(number))
        buf_printf(out, " %.0f-W%02.0f", floor(number / 100), fmod(number, 100));
    buf_printf(out, ", %s to %s%s%s\n", field_day(from, period, "from"), field_day(to, period, "to"),
               strcmp(run, "live") ? ", run " : "", strcmp(run, "live") ? run : "");
    buf_printf(out, "%s %s; model %s (%.12s); configuration %.12s\n", provisional ? "made" : "issued",
               field_text(doc, "issued_at"), field_text(model, "name"), field_text(model, "hash"),
               field_text(json_object_get(doc, "configuration"), "hash"));
    const json_t *budget = json_object_get(doc, "budget");
    buf_printf(out, "%.0f of %.0f supplies judged; findings this week: %g, false ones to be expected: %g\n",
               field_number(doc, "ranked"), field_number(doc, "supplies"), field_number(budget, "used"),
               field_number(budget, "stated"));
    char lacked[FIELD_LACKED_LEN], audited[FIELD_AUDIT_LEN];
    if (*field_lacked(lacked, doc))
        wrap(out, 0, 0, lacked);
    if (*field_audit(audited, doc))
        wrap(out, 0, 0, audited);
    if (!json_is_true(json_object_get(doc, "past_known")))
        buf_str(out,
                "The database was away: nothing is said about earlier lists, trips or the week's course.\n");
}

static void write_contributors(struct buf *out, const json_t *row)
{
    const json_t *list = json_object_get(row, "contributors");
    struct buf line = {0};
    size_t i;
    json_t *by;
    json_array_foreach(list, i, by)
    {
        char label[WORDS_SIGNAL_LEN], size[FIELD_SIZE_LEN];
        buf_printf(&line, "%s%s %s", i ? ", " : "by ", words_signal(label, field_text(by, "signal")),
                   field_size(size, field_number(by, "size"), field_text(by, "unit")));
    }
    if (line.len) {
        buf_printf(out, "%6s", "");
        wrap(out, 6, 6, buf_text(&line));
    }
    buf_free(&line);
}

static void write_outcome(struct buf *out, const json_t *outcome)
{
    struct buf line = {0};
    if (!outcome)
        return;
    const char *note = field_text(outcome, "note");
    buf_printf(&line, "inspected since: %s%s%s", field_outcome(outcome), *note ? ", " : "", note);
    buf_printf(out, "%6s", "");
    wrap(out, 6, 6, buf_text(&line));
    buf_free(&line);
}

static void write_earlier(struct buf *out, const json_t *row)
{
    size_t k;
    json_t *earlier;
    json_array_foreach(json_object_get(row, "earlier"), k, earlier)
    {
        struct buf line = {0};
        buf_printf(&line, "earlier, week of %s: %s %s", field_text(earlier, "week"), field_outcome(earlier),
                   field_text(earlier, "note"));
        buf_printf(out, "%6s", "");
        wrap(out, 6, 6, buf_text(&line));
        buf_free(&line);
    }
}

static void write_row(struct buf *out, const json_t *row)
{
    const json_t *last = json_object_get(row, "last_rank");
    double rank = field_number(row, "rank");
    char place[FIELD_PLACE_LEN], weight[FIELD_WEIGHT_LEN];
    struct buf line = {0};
    const char *supply = field_text(row, "supply");
    if (isnan(rank))
        buf_printf(out, "      %s ", supply);
    else
        buf_printf(out, "%4.0f  %s ", rank, supply);
    buf_printf(&line, "(%s", field_place(place, row));
    if (!isnan(rank))
        buf_printf(&line, "; %s priority", field_text(row, "priority"));
    buf_printf(&line, "%s%s", *field_weight(weight, row) ? "; " : "", weight);
    if (json_is_integer(last) && json_integer_value(last))
        buf_printf(&line, ", last week %lld", (long long)json_integer_value(last));
    buf_str(&line, ")");
    wrap(out, 7 + width(supply, strlen(supply)), 6, buf_text(&line));
    buf_printf(out, "%6s", "");
    wrap(out, 6, 6, field_text(row, "reason"));
    buf_free(&line);
}

static void write_rows(struct buf *out, const json_t *doc)
{
    const json_t *rows = json_object_get(doc, "rows");
    size_t i;
    json_t *row;
    head(out, "Inspect in this order");
    json_array_foreach(rows, i, row)
    {
        write_row(out, row);
        write_contributors(out, row);
        if (json_object_get(row, "class"))
            buf_printf(out, "%6s-> %s\n", "", field_text(row, "action"));
        write_outcome(out, json_object_get(row, "outcome"));
        write_earlier(out, row);
    }
    if (!json_array_size(rows))
        buf_str(out, field_number(doc, "ranked") > 0 ? "No finding is open.\n"
                                                     : "No supply was scored this week.\n");
    if (field_number(doc, "more") > 0)
        buf_printf(out, "      and %.0f more: the page and psmon query findings have them\n",
                   field_number(doc, "more"));
}

static void write_watch(struct buf *out, const json_t *doc)
{
    const json_t *watch = json_object_get(doc, "watch");
    size_t i;
    json_t *row;
    if (json_array_size(watch))
        head(out, "Watch: no finding yet, but a trend");
    json_array_foreach(watch, i, row)
    {
        write_row(out, row);
        buf_printf(out, "%6s-> %s\n", "", field_text(row, "action"));
        write_outcome(out, json_object_get(row, "outcome"));
    }
    if (*field_text(doc, "rest")) {
        buf_str(out, "\n");
        wrap(out, 0, 2, field_text(doc, "rest"));
    }
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
            head(out, title);
        any = true;
        write_row(out, row);
    }
}

static void write_findings(struct buf *out, const json_t *list, const char *title)
{
    if (!json_array_size(list))
        return;
    head(out, title);
    size_t i;
    json_t *d;
    json_array_foreach(list, i, d)
    {
        struct buf line = {0};
        char day[RANK_DAY_LEN];
        buf_printf(&line, "%s: %s, since %s%s", field_text(d, "subject"), field_text(d, "reason"),
                   field_day(day, d, "onset"), json_is_true(json_object_get(d, "open")) ? "" : ", over");
        buf_str(out, "  ");
        wrap(out, 2, 4, buf_text(&line));
        buf_free(&line);
    }
}

/* What is no finding, and was known for good this week. */
static void write_renewed(struct buf *out, const json_t *list)
{
    if (!json_array_size(list))
        return;
    head(out, "Counted from elsewhere since work on them");
    size_t i;
    json_t *d;
    json_array_foreach(list, i, d)
    {
        struct buf line = {0};
        char day[RANK_DAY_LEN];
        buf_printf(&line, "%s: after '%s' on %s: %s against its reference", field_text(d, "supply"),
                   field_text(d, "work"), field_day(day, d, "work_start"), field_text(d, "words"));
        buf_str(out, "  ");
        wrap(out, 2, 4, buf_text(&line));
        buf_free(&line);
    }
}

static void join(struct buf *line, const json_t *names, const char *key)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
        buf_printf(line, "%s%s", i ? ", " : "", key ? field_text(name, key) : json_string_value(name));
}

static void write_changes(struct buf *out, const json_t *doc)
{
    const json_t *changes = json_object_get(doc, "changes");
    if (!json_is_integer(json_object_get(changes, "since")))
        return;
    head(out, "Changes since the last list");
    static const char *const keys[][2] = {{"new", NULL}, {"improved", "supply"}, {"closed", "subject"}};
    for (size_t k = 0; k < 3; k++) {
        struct buf line = {0};
        if (!json_object_get(changes, keys[k][0]))
            continue;
        join(&line, json_object_get(changes, keys[k][0]), keys[k][1]);
        buf_printf(out, "  %-9s ", keys[k][0]);
        wrap(out, 12, 12, line.len ? buf_text(&line) : "none");
        buf_free(&line);
    }
}

static void write_not_ranked(struct buf *out, const json_t *doc)
{
    const json_t *list = json_object_get(doc, "not_ranked");
    head(out, "Not judged, and why");
    size_t i;
    json_t *group;
    json_array_foreach(list, i, group)
    {
        struct buf line = {0};
        const json_t *names = json_object_get(group, "names");
        join(&line, names, NULL);
        if (field_number(group, "supplies") > (double)json_array_size(names))
            buf_str(&line, ", …");
        buf_printf(out, "  %5.0f %-20s ", field_number(group, "supplies"), field_text(group, "reason"));
        wrap(out, 29, 29, buf_text(&line));
        buf_free(&line);
    }
    if (!json_array_size(list))
        buf_str(out, "  none: every supply was scored\n");
}

static void write_ledger(struct buf *out, const json_t *doc)
{
    head(out, "Ledger: supply-hours of the week");
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(doc, "ledger"), i, row)
        buf_printf(out, "  %-20s %10.0f\n", field_text(row, "reason"), field_number(row, "supply_hours"));
    buf_printf(out, "  %-20s %10.0f\n", "sum", field_number(doc, "supply_hours"));
}

static void write_scoreboard(struct buf *out, const json_t *doc)
{
    const json_t *board = json_object_get(doc, "scoreboard"), *trips = json_object_get(doc, "trips");
    if (!board)
        return;
    head(out, "How earlier lists fared");
    buf_str(out, "  Entries that a finding carried; others say nothing of a supply.\n");
    buf_str(out, "  weeks  entries  fault found  nothing found  not inspected  no word  precision\n");
    size_t i;
    json_t *row;
    json_array_foreach(board, i, row)
    {
        double p = field_number(row, "precision");
        char share[16] = "-";
        if (!isnan(p))
            snprintf(share, sizeof share, "%.0f %%", 100 * p);
        buf_printf(out, "  %5.0f %8.0f %12.0f %14.0f %14.0f %8.0f %10s\n", field_number(row, "weeks"),
                   field_number(row, "entries"), field_number(row, "fault_found"),
                   field_number(row, "nothing_found"), field_number(row, "not_inspected"),
                   field_number(row, "unknown"), share);
    }
    const json_t *listed = json_object_get(trips, "listed"), *missed = json_object_get(trips, "missed");
    buf_printf(out, "  Trips of the last 12 weeks: %zu were on a list before by a finding, %zu were not.\n",
               json_array_size(listed), json_array_size(missed));
    json_array_foreach(listed, i, row)
    {
        struct buf line = {0};
        buf_printf(&line, "%s %s %s: rank %.0f, %.1f days before: %s", field_text(row, "time"),
                   field_text(row, "supply"), field_text(row, "cause"), field_number(row, "rank"),
                   field_number(row, "lead_days"), field_text(row, "reason"));
        buf_str(out, "    ");
        wrap(out, 4, 6, buf_text(&line));
        buf_free(&line);
    }
    json_array_foreach(missed, i, row) buf_printf(out, "    %s %s %s: missed\n", field_text(row, "time"),
                                                  field_text(row, "supply"), field_text(row, "cause"));
}

static void write_since(struct buf *out, const json_t *since)
{
    if (!since)
        return;
    head(out, "What became of this list");
    buf_printf(
        out,
        "  Entries with a finding: fault found %.0f, nothing found %.0f, not inspected %.0f, no word %.0f\n",
        field_number(since, "fault_found"), field_number(since, "nothing_found"),
        field_number(since, "not_inspected"), field_number(since, "unknown"));
    size_t i;
    json_t *trip;
    json_array_foreach(json_object_get(since, "trips"), i, trip)
        buf_printf(out, "    %s %s %s: trip %.1f days after\n", field_text(trip, "time"),
                   field_text(trip, "supply"), field_text(trip, "cause"), field_number(trip, "days"));
}

void report_text(struct buf *out, const json_t *doc)
{
    write_top(out, doc);
    write_rows(out, doc);
    write_watch(out, doc);
    write_over(out, doc, "ended", "Over: ended by itself this week");
    write_over(out, doc, "repaired", "Over: repaired since");
    write_findings(out, json_object_get(doc, "common"),
                   "Common causes"); /* of lists of before there were parts */
    write_changes(out, doc);
    write_findings(out, json_object_get(doc, "data"), "Data findings");
    write_renewed(out, json_object_get(doc, "renewed"));
    write_not_ranked(out, doc);
    write_ledger(out, doc);
    write_since(out, json_object_get(doc, "since"));
    write_scoreboard(out, doc);
}
