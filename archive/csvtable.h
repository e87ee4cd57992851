/* One supply's CSV file, read forward from a time in slices; see csvdir.c for the format. Knows
 * where it ended the last time, so that reading on is cheap. No loop here: the caller decides when
 * to read.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_CSVTABLE_H
#define PSM_ARCHIVE_CSVTABLE_H

#include "archive/source.h"

/* What is remembered of a file between readings; starts zeroed. */
struct csvtable_mark {
    uint64_t inode;
    int64_t offset; /* of a line */
    /* [n_channels of the supply] newest before offset; t INT64_MIN: none. NULL: no mark */
    struct sample *last;
};

struct csvtable;

/* Opens a supply's file for the samples from <= t < to. The mark is used and updated; it and the
 * path are borrowed until csvtable_close. on gets samples as source.h promises for a range, for
 * channels of the supply that have a column; *answered counts these. Errors: ERR_IO (names the
 * file), ERR_DATA (file and line). */
int csvtable_open(struct csvtable **out, const char *path, const struct fleet *f, uint32_t supply,
                  struct csvtable_mark *mark, tstamp_ns from, tstamp_ns to, source_samples *on, void *arg,
                  size_t *answered, struct err *err) MUSTCHECK;

/* Reads a slice (about 256 kB): 1 when there is more, 0 at the end, or ERR_IO, ERR_DATA (file and
 * line). */
int csvtable_read(struct csvtable *t, struct err *err) MUSTCHECK;
void csvtable_close(struct csvtable *t); /* NULL is fine */

#endif
