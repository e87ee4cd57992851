/* One file of readings, of a supply or of one of its channels, read forward from a time in slices; see
 * csvdir.c for the forms. Knows where it ended the last time, so that reading on is cheap. No loop here: the
 * caller decides when to read. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_CSVTABLE_H
#define PSM_ARCHIVE_CSVTABLE_H

#include "archive/csvrow.h"
#include "archive/source.h"

/* What is remembered of a file between readings; starts zeroed. */
struct csvtable_mark {
    uint64_t inode;
    int64_t offset; /* of a line */
    /* [n] newest before offset; t INT64_MIN: none. NULL: no mark */
    struct sample *last;
    int64_t counted; /* the lines before this offset were counted; */
    unsigned lines;  /* so many */
};

struct csvtable;

/* Opens a file for the samples from <= t < to. The mark is used and updated; it and what file names are
 * borrowed until csvtable_close. on gets samples as source.h promises for a range, for channels that have a
 * column. Errors: ERR_IO (names the file), ERR_DATA (file and line). */
int csvtable_open(struct csvtable **out, const struct csvrow_file *file, struct csvtable_mark *mark,
                  tstamp_ns from, tstamp_ns to, source_samples *on, void *arg, struct err *err) MUSTCHECK;

/* Whether a channel of the fleet has a column. */
bool csvtable_has(const struct csvtable *t, uint32_t channel);

/* Reads a slice (about 256 kB): 1 when there is more, 0 at the end, or ERR_IO, ERR_DATA (file and
 * line). A value that cannot be read is left out, as is a row without a time, one that goes back in time or
 * has too many or few fields: csvtable_bad. */
int csvtable_read(struct csvtable *t, struct err *err) MUSTCHECK;

/* Lines of which something was left out so far; *first: what and where of the first ("" when none). */
size_t csvtable_bad(const struct csvtable *t, const char **first);

/* How it is written, where that is not a matter of course; else "". Returns out. */
#define CSVTABLE_WORDS_LEN 192
char *csvtable_words(const struct csvtable *t, char out[CSVTABLE_WORDS_LEN]);

void csvtable_close(struct csvtable *t); /* NULL is fine */

#endif
