/* A folder of CSV as a source (file:///DIR): one file SUPPLY.csv per supply ('/' in the name
 * replaced by '_'), header `time,<signal names…>[,label]`, rows in time order at any period, time
 * as ISO 8601 or epoch seconds; an empty field is no sample, `nan` a sample without a number.
 * Columns that are no signal of the supply are ignored. A last line without its line feed is taken
 * as still being written and not read. The newest samples are found by bisection, so a file is
 * never read as a whole for the sake of its end; the work is done in slices on the loop.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_CSVDIR_H
#define PSM_ARCHIVE_CSVDIR_H

#include "archive/source.h"

/* url: file:///DIR. Error: ERR_CONFIG (not such a URL, no such folder). A supply without file or
 * column is no error: its channels are not answered, and the log says so. */
int csvdir_open(struct source **out, uv_loop_t *loop, const struct fleet *f, const struct source_options *o,
                struct err *err) MUSTCHECK;

#endif
