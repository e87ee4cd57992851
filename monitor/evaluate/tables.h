/* Tables as they are printed: made once of cells of text, then written as text, as CSV or as a page that a
 * person reads. A row's first cell is its name.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EVALUATE_TABLES_H
#define PSM_MONITOR_EVALUATE_TABLES_H

#include "base/err.h"

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 16

struct table {
    char *title, *note; /* note: how it is counted, for people; "": nothing to say */
    char *head[TABLE_COLUMNS];
    size_t n_columns;
    char **cell; /* [n_cells], row by row; the last row may be short: the rest is empty */
    size_t n_cells, cap;
};

struct tables {
    char *title, *about; /* of the whole; about: what was measured, one line */
    const char *of;      /* stands behind the titles of what is added, borrowed; NULL: nothing */
    struct table *table;
    size_t n, cap;
};

/* Zeroed before; ended by tables_free. */
void tables_begin(struct tables *t, const char *title, const char *about);
void tables_free(struct tables *t);

/* Another table; head[n], n <= TABLE_COLUMNS. Valid until the next is added. */
struct table *tables_add(struct tables *t, const char *title, const char *note, const char *const head[],
                         size_t n);
/* Its next cell, from left to right. */
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Its next cell as a number with so many decimals; "-" for NaN. */
void table_number(struct table *t, double x, int decimals);
size_t table_rows(const struct table *t);

/* As text. */
void tables_print(const struct tables *t, FILE *to);

/* A file to write them to, opened before the work begins: by the ending of its name .html one page, .csv
 * `table,row,column,value` without empty cells and dashes, any other text. path NULL: none, *out is NULL.
 * Error: ERR_IO. */
struct tables_file;
int tables_open(struct tables_file **out, const char *path, struct err *err) MUSTCHECK;
/* Writes the tables and closes the file; NULL is fine. Error: ERR_IO. */
int tables_write(const struct tables *t, struct tables_file *to, struct err *err) MUSTCHECK;
/* Closes it without any. NULL is fine. */
void tables_give_up(struct tables_file *to);

/* The page (tables_html.c). */
struct buf;
void tables_html(const struct tables *t, struct buf *out);

#endif
