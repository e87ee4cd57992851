/* How a table of text is written, recognised from its first lines: what separates its fields, its decimal
 * mark, its line ends, what stands above its header. Tables come from people's spreadsheets, Grafana,
 * archivers and databases, which do not agree. Here too are the two pieces of text that depend on it: a
 * record and a field. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TABLE_DIALECT_H
#define PSM_BASE_TABLE_DIALECT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct dialect {
    char separator;       /* one of , ; | and the tab */
    char decimal;         /* . or , or 0: the first rows do not tell */
    char newline;         /* \n, or \r where that alone ends lines */
    bool comments;        /* lines that begin with # are not rows */
    bool browser;         /* the header is such a line, as the Phoebus Data Browser writes it */
    bool headless;        /* the first line is a row already, as in the appliance's getData.csv */
    size_t header;        /* where the header begins, behind any #; when headless where rows begin */
    unsigned header_line; /* its number, from 1 */
};

#define DIALECT_HEAD ((size_t)32 << 10) /* as much of a table tells what it is */

/* Recognises a table by its first bytes, as far as they are there; all: they are the whole table. Its first
 * line may say `sep=;`, as Excel understands it; lines that begin with # and lines of one field above a
 * header of several (titles) are not part of it. Errors: ERR_DATA naming the path, and the line where there
 * is one: no header, UTF-16 (who can convert does so before), sep= with another separator. */
int dialect_read(struct dialect *out, const char *head, size_t n, bool all, const char *path,
                 struct err *err) MUSTCHECK;

/* "separated by semicolons, decimal commas" for people; "" for a table of commas and decimal points. Returns
 * out. */
#define DIALECT_WORDS_LEN 96
char *dialect_words(char out[DIALECT_WORDS_LEN], const struct dialect *d);

/* A field as it stands in its record, without the quotes and blanks around it; doubled quotes are still
 * doubled. */
struct csv_text {
    const char *s;
    size_t n;
    bool quoted;
};

/* Cuts the next field off a record that reaches to `end`: *p moves behind its separator, to NULL after the
 * last one. Returns NULL, or what is wrong with it. */
const char *csv_cut(struct csv_text *out, const char **p, const char *end, char separator);

/* The length of the record that begins at p, with its line end, which is in a quoted field where it is none;
 * 0: it does not end within n bytes. Then *open, which may be NULL, is the offset of the quote that is open,
 * or n. */
size_t csv_record(const char *p, size_t n, char separator, char newline, size_t *open);

#endif
