/* Streaming reader of comma-separated tables (RFC 4180: quoted fields, doubled quotes, LF or CRLF;
 * a UTF-8 byte order mark is skipped; empty lines are skipped).
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_CSV_H
#define PSM_BASE_CSV_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* A field as it stands in its line, without the quotes and blanks around it; doubled quotes are still
 * doubled. */
struct csv_text {
    const char *s;
    size_t n;
    bool quoted;
};

/* Cuts the next field off a line that reaches to `end`: *p moves behind its comma, to NULL after the last
 * one. Returns NULL, or what is wrong with it. */
const char *csv_cut(struct csv_text *out, const char **p, const char *end);

struct csv;

/* Opens a file and reads its header line. Error: ERR_IO, ERR_DATA. */
int csv_open(struct csv **out, const char *path, struct err *err) MUSTCHECK;
void csv_close(struct csv *c);

/* Number of header columns, their names; index of a name, or -1. */
size_t csv_columns(const struct csv *c);
const char *csv_name(const struct csv *c, size_t column);
int csv_find(const struct csv *c, const char *name);

/* Reads the next row: 1, 0 at the end, or ERR_DATA naming file and line (a row must have as many
 * fields as the header). */
int csv_next(struct csv *c, struct err *err) MUSTCHECK;

/* Field of the current row; column -1 gives "". Valid until the next csv_next. Leading and trailing
 * blanks of unquoted fields are removed. */
const char *csv_field(const struct csv *c, int column);

/* Line of the current row, 1 = header; the path. For messages. */
unsigned csv_line(const struct csv *c);
const char *csv_path(const struct csv *c);

/* Field as a number: empty, "nan" and "null" give NaN; otherwise ERR_DATA naming file, line, column. */
int csv_number(const struct csv *c, int column, double *out, struct err *err) MUSTCHECK;

#endif
