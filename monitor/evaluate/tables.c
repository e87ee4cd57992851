/* Tables, as text and as CSV; see tables.h. SPDX-License-Identifier: MIT */
#include "monitor/evaluate/tables.h"

#include "base/buf.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void tables_begin(struct tables *t, const char *title, const char *about)
{
    *t = (struct tables){.title = xstrdup(title), .about = xstrdup(about)};
}

void tables_free(struct tables *t)
{
    for (size_t i = 0; i < t->n; i++) {
        struct table *x = &t->table[i];
        free(x->title);
        free(x->note);
        for (size_t c = 0; c < x->n_columns; c++)
            free(x->head[c]);
        for (size_t c = 0; c < x->n_cells; c++)
            free(x->cell[c]);
        free(x->cell);
    }
    free(t->table);
    free(t->title);
    free(t->about);
    *t = (struct tables){0};
}

struct table *tables_add(struct tables *t, const char *title, const char *note, const char *const head[],
                         size_t n)
{
    assert(n > 0 && n <= TABLE_COLUMNS);
    xgrow(&t->table, &t->cap, t->n + 1, sizeof *t->table);
    struct table *x = &t->table[t->n++];
    *x = (struct table){
        .title = xasprintf("%s%s", title, t->of ? t->of : ""), .note = xstrdup(note), .n_columns = n};
    for (size_t c = 0; c < n; c++)
        x->head[c] = xstrdup(head[c]);
    return x;
}

void table_cell(struct table *t, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    xgrow(&t->cell, &t->cap, t->n_cells + 1, sizeof *t->cell);
    t->cell[t->n_cells++] = xstrdup(text);
}

void table_number(struct table *t, double x, int decimals)
{
    if (isnan(x))
        table_cell(t, "-");
    else
        table_cell(t, "%.*f", decimals, x);
}

size_t table_rows(const struct table *t)
{
    return (t->n_cells + t->n_columns - 1) / t->n_columns;
}

static const char *cell_of(const struct table *t, size_t row, size_t column)
{
    size_t i = row * t->n_columns + column;
    return i < t->n_cells ? t->cell[i] : "";
}

/* ---- text ---- */

/* Columns that people see, not bytes: of UTF-8 the first byte of each character. */
static size_t width_of(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void print_padded(const char *s, size_t width, bool right, FILE *to)
{
    int pad = (int)(width - width_of(s));
    fprintf(to, "  %*s%s%*s", right ? pad : 0, "", s, right ? 0 : pad, "");
}

static void print_table(const struct table *t, FILE *to)
{
    size_t width[TABLE_COLUMNS], rows = table_rows(t);
    for (size_t c = 0; c < t->n_columns; c++) {
        width[c] = width_of(t->head[c]);
        for (size_t r = 0; r < rows; r++)
            width[c] = width_of(cell_of(t, r, c)) > width[c] ? width_of(cell_of(t, r, c)) : width[c];
    }
    fprintf(to, "\n%s%s%s\n\n", t->title, *t->note ? ": " : "", t->note);
    for (size_t c = 0; c < t->n_columns; c++)
        print_padded(t->head[c], width[c], c > 0, to);
    fputc('\n', to);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++)
            print_padded(cell_of(t, r, c), width[c], c > 0, to);
        fputc('\n', to);
    }
}

void tables_print(const struct tables *t, FILE *to)
{
    fprintf(to, "%s: %s\n", t->title, t->about);
    for (size_t i = 0; i < t->n; i++)
        print_table(&t->table[i], to);
}

/* ---- files ---- */

static void add_field(struct buf *out, const char *text, char after)
{
    buf_csv(out, text);
    buf_add(out, &after, 1);
}

static void add_csv(const struct table *t, struct buf *out)
{
    for (size_t r = 0; r < table_rows(t); r++)
        for (size_t c = 1; c < t->n_columns; c++) {
            const char *value = cell_of(t, r, c);
            if (*value == '\0' || strcmp(value, "-") == 0)
                continue;
            add_field(out, t->title, ',');
            add_field(out, cell_of(t, r, 0), ',');
            add_field(out, t->head[c], ',');
            add_field(out, value, '\n');
        }
}

static bool ends_with(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n >= m && strcmp(path + n - m, ending) == 0;
}

struct tables_file {
    const char *path; /* borrowed */
    FILE *f;
};

int tables_open(struct tables_file **out, const char *path, struct err *err)
{
    FILE *f = path ? fopen(path, "w") : NULL;
    *out = NULL;
    if (path && !f)
        return err_set(err, ERR_IO, "could not write \"%s\": %s", path, strerror(errno));
    if (f) {
        *out = xcalloc(1, sizeof **out);
        **out = (struct tables_file){path, f};
    }
    return 0;
}

static bool write_tables(const struct tables *t, const struct tables_file *to)
{
    struct buf out = {0};
    if (ends_with(to->path, ".html")) {
        tables_html(t, &out);
    } else if (ends_with(to->path, ".csv")) {
        buf_str(&out, "table,row,column,value\n");
        for (size_t i = 0; i < t->n; i++)
            add_csv(&t->table[i], &out);
    } else {
        tables_print(t, to->f);
    }
    bool ok = fwrite(buf_text(&out), 1, out.len, to->f) == out.len && !ferror(to->f);
    buf_free(&out);
    return ok;
}

int tables_write(const struct tables *t, struct tables_file *to, struct err *err)
{
    int rc = 0;
    if (!to)
        return 0;
    bool ok = write_tables(t, to);
    if (fclose(to->f) != 0 || !ok)
        rc = err_set(err, ERR_IO, "could not write \"%s\": %s", to->path, strerror(errno));
    free(to);
    return rc;
}

void tables_give_up(struct tables_file *to)
{
    if (!to)
        return;
    fclose(to->f);
    free(to);
}
