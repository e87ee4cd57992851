/* A row of a file of readings as the folder of CSV has it: any table that base/table/readings.h knows, its
 * columns found among channels. Pure but for what it remembers of the last date. SPDX-License-Identifier: MIT
 */
#ifndef PSM_ARCHIVE_CSVROW_H
#define PSM_ARCHIVE_CSVROW_H

#include "base/fleet.h"
#include "base/table/readings.h"

/* A file and the channels of one supply that it may hold: first … first + n - 1. All borrowed. */
struct csvrow_file {
    const char *path;
    const struct fleet *fleet;
    uint32_t first, n;
    struct timecell times; /* how they are to be read; their zone is entered around what reads them */
};

struct csvrow {
    struct dialect dialect;
    struct readings readings;
    struct timecell times;
    char *header;            /* its text: files that were joined have it again */
    int32_t *channel_of;     /* [readings.n] index within the channels; -1: none of them */
    struct csv_text *cell;   /* [readings.n_fields] of the row that was read last */
    tstamp_ns time;          /* its time */
    enum timecell_form form; /* how it is written */
    char why[128];           /* what is wrong with it */
    char day_text[10];       /* the last date, and what it meant */
    tstamp_ns day;
};

/* Recognises a file by its first bytes and finds its channels among its columns: by the signal's name, in any
 * capitals, or the PV; a file of one channel and one column needs no name. *data: the offset of the first
 * row. all: `head` is the whole file. Error: ERR_DATA naming file and line. csvrow_free also after an error.
 */
int csvrow_open(struct csvrow *out, const struct csvrow_file *file, const char *head, size_t n_head, bool all,
                int64_t *data, struct err *err) MUSTCHECK;
void csvrow_free(struct csvrow *r);

/* What a line is. Of CSVROW_ROW time and cells are there; of CSVROW_BAD and CSVROW_END `why`. */
enum csvrow_kind {
    CSVROW_ROW,
    CSVROW_NOTHING, /* empty, a comment, the header again */
    CSVROW_BAD,     /* a row that cannot be read */
    CSVROW_END,     /* another channel's samples begin: the file is not what it seemed */
};
enum csvrow_kind csvrow_read(struct csvrow *r, const char *line, const char *end);

/* Column i of the row: 1 a sample, 0 none, -1 it cannot be read (why). */
int csvrow_sample(struct csvrow *r, size_t i, struct sample *out);

#endif
