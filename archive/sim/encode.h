/* Samples as the Archiver Appliance writes them: PB lines (EPICSEvent.proto, escaped) and JSON rows.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_ENCODE_H
#define PSM_ARCHIVE_SIM_ENCODE_H

#include "base/buf.h"
#include "base/types.h"

/* PayloadType */
enum { ENCODE_INT = 5, ENCODE_DOUBLE = 6 };

struct encode_field {
    const char *name, *value;
};

/* PB: the line of PayloadInfo that opens a chunk. */
void encode_pb_header(struct buf *out, int type, const char *pv, int year, const struct encode_field fields[],
                      size_t n);

/* PB: a sample's line, escaped. At most ENCODE_PB_SAMPLE bytes are written to `to` when there are no
 * fields; returns their number. year_start: Unix second at which the chunk's year begins. */
#define ENCODE_PB_SAMPLE 64
size_t encode_pb_sample(unsigned char *to, int type, int64_t year_start, const struct sample *s);

/* The same with fields, and whether they changed: 1, 0, or -1 to leave that out. */
void encode_pb_sample_fields(struct buf *out, int type, int64_t year_start, const struct sample *s,
                             const struct encode_field fields[], size_t n, int actual_change);

/* A number as Java's Double.toString writes it: shortest digits, "1.0E-5", "NaN". */
#define ENCODE_DOUBLE_LEN 32
char *encode_double(char out[ENCODE_DOUBLE_LEN], double v);

/* Value of a sample in JSON; whole numbers for ENCODE_INT. */
char *encode_value(char out[ENCODE_DOUBLE_LEN], int type, double v);

/* UTC year of t and the Unix second of its start. */
int encode_year(tstamp_ns t, int64_t *start);

#endif
