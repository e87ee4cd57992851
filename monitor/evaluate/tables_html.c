/* Tables as one page: no script, nothing from elsewhere, in the style of the weekly report. See tables.h.
 * SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/text/number.h"
#include "monitor/embed.h"
#include "monitor/evaluate/tables.h"

#include <string.h>

EMBED(tables_css, "dashboards/report.css");
EMBED(tables_more_css, "dashboards/tables.css");

static void text(struct buf *out, const char *before, const char *s, const char *after)
{
    buf_str(out, before);
    buf_html(out, s);
    buf_str(out, after);
}

static bool is_number(const char *s)
{
    double x;
    return number_parse(&x, s, strlen(s));
}

/* Whether a column is one of numbers: the first of its cells that says something is one. */
static bool of_numbers(const struct table *t, size_t column)
{
    for (size_t i = column; column > 0 && i < t->n_cells; i += t->n_columns)
        if (*t->cell[i] != '\0' && strcmp(t->cell[i], "-") != 0)
            return is_number(t->cell[i]);
    return false;
}

/* Numbers to the right; answers in their colours. */
static const char *class_of(const struct table *t, size_t i)
{
    if (strcmp(t->cell[i], "yes") == 0)
        return " class=\"yes\"";
    if (strcmp(t->cell[i], "NO") == 0)
        return " class=\"no\"";
    return of_numbers(t, i % t->n_columns) ? " class=\"n\"" : "";
}

static void add_rows(struct buf *out, const struct table *t)
{
    for (size_t i = 0; i < t->n_cells; i++) {
        if (i % t->n_columns == 0)
            text(out, i ? "</tr><tr><th scope=\"row\">" : "<tr><th scope=\"row\">", t->cell[i], "</th>");
        else {
            buf_printf(out, "<td%s>", class_of(t, i));
            text(out, "", t->cell[i], "</td>");
        }
    }
    if (t->n_cells)
        buf_str(out, "</tr>");
}

static void add_table(struct buf *out, const struct table *t)
{
    text(out, "<section><h2>", t->title, "</h2>");
    if (*t->note)
        text(out, "<p class=\"soft\">", t->note, "</p>");
    buf_str(out, "<div class=\"wide\"><table class=\"figures\"><thead><tr>");
    for (size_t c = 0; c < t->n_columns; c++)
        text(out, of_numbers(t, c) ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">", t->head[c],
             "</th>");
    buf_str(out, "</tr></thead><tbody>");
    add_rows(out, t);
    buf_str(out, "</tbody></table></div></section>");
}

void tables_html(const struct tables *t, struct buf *out)
{
    text(out, "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>", t->title, "</title>");
    buf_str(out, "<meta name=\"viewport\" content=\"width=device-width\"><style>");
    buf_add(out, tables_css, tables_css_len);
    buf_add(out, tables_more_css, tables_more_css_len);
    text(out, "</style></head><body><header><h1>", t->title, "</h1>");
    text(out, "<p class=\"soft\">", t->about, "</p></header>");
    for (size_t i = 0; i < t->n; i++)
        add_table(out, &t->table[i]);
    buf_str(out, "</body></html>\n");
}
