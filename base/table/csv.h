/* Streaming reader of tables of text as people and programs write them: what dialect.h recognises, quoted
 * fields (doubled quotes, line ends within), a UTF-8 byte order mark, UTF-16 with its mark. Empty lines,
 * comments where the table has some, and a header that stands there again are skipped. Text is UTF-8, or its
 * line is refused. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TABLE_CSV_H
#define PSM_BASE_TABLE_CSV_H

#include "base/err.h"
#include "base/table/dialect.h"
#include "base/table/timecell.h"

#include <stdbool.h>
#include <stddef.h>

struct csv;

/* Opens a file and reads its header line. Error: ERR_IO, ERR_DATA. */
int csv_open(struct csv **out, const char *path, struct err *err) MUSTCHECK;
void csv_close(struct csv *c);

/* How it is written; when headless the names are "". */
const struct dialect *csv_dialect(const struct csv *c);

/* Number of header columns, without those at the end that have no name; their names; index of a name, also in
 * other capitals, or -1. */
size_t csv_columns(const struct csv *c);
const char *csv_name(const struct csv *c, size_t column);
int csv_find(const struct csv *c, const char *name);
/* The index of a column that there must be. Error: ERR_DATA naming file, line and column, and what was
 * probably meant to be it. */
int csv_require(const struct csv *c, const char *name, int *column, struct err *err) MUSTCHECK;

/* Reads the next row: 1, 0 at the end, or ERR_DATA naming file and line (a row must have as many fields as
 * the header, but for empty ones behind; UTF-8; quotes that close), after which the next row can be read
 * unless csv_broken says that nothing can follow. ERR_IO. */
int csv_next(struct csv *c, struct err *err) MUSTCHECK;
bool csv_broken(const struct csv *c);

/* Field of the current row; column -1 gives "". Valid until the next csv_next. Leading and trailing
 * blanks of unquoted fields are removed. */
const char *csv_field(const struct csv *c, int column);
const struct csv_text *csv_row(const struct csv *c); /* [csv_columns] the same with their lengths */

/* Line of the current row, 1 = the file's first; the path. For messages. */
unsigned csv_line(const struct csv *c);
const char *csv_path(const struct csv *c);

/* Field as number_cell reads it, NaN for column -1; otherwise ERR_DATA naming file, line, column. */
int csv_number(const struct csv *c, int column, double *out, struct err *err) MUSTCHECK;

/* Field as timecell_read reads it (how may be NULL, and its zone is entered here); otherwise ERR_DATA naming
 * file, line, column. */
int csv_time(const struct csv *c, int column, const struct timecell *how, tstamp_ns *out,
             struct err *err) MUSTCHECK;

/* Bytes looked through for the ends of records so far: tests hold it to a small multiple of the file. */
size_t csv_looked(const struct csv *c);

#endif
