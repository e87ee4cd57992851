/* Incremental decoder of the Archiver Appliance's PB stream (.raw over HTTP, .pb files): chunks
 * separated by an empty line, each a header line and then one escaped protobuf message per sample
 * and line. Knows nothing of HTTP, and nothing of which samples are wanted beyond a range of
 * plausible times.
 * Format: epicsarchiver docs, "PB file format" and "PB over HTTP"; messages in pb.proto.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_APPLIANCE_PB_H
#define PSM_ARCHIVE_APPLIANCE_PB_H

#include "base/err.h"
#include "base/types.h"

#include <stdbool.h>

struct pb_decoder;

/* PayloadType of the format */
enum pb_type {
    PB_SCALAR_STRING,
    PB_SCALAR_SHORT,
    PB_SCALAR_FLOAT,
    PB_SCALAR_ENUM,
    PB_SCALAR_BYTE,
    PB_SCALAR_INT,
    PB_SCALAR_DOUBLE,
    PB_WAVEFORM_STRING,
    PB_WAVEFORM_SHORT,
    PB_WAVEFORM_FLOAT,
    PB_WAVEFORM_ENUM,
    PB_WAVEFORM_BYTE,
    PB_WAVEFORM_INT,
    PB_WAVEFORM_DOUBLE,
    PB_V4_GENERIC_BYTES
};

/* "double", "text", "array of 8 double": a type for people, in out[PB_TYPE_LEN]. */
#define PB_TYPE_LEN 32
char *pb_type_words(char out[PB_TYPE_LEN], int type, int element_count);

/* Whether samples of such a type are numbers. */
static inline bool pb_is_number(int type)
{
    return type >= PB_SCALAR_SHORT && type <= PB_SCALAR_DOUBLE;
}

struct pb_header {
    int type; /* enum pb_type, or one unknown here: its samples are not numbers */
    int year;
    int element_count; /* 1 when the header does not say */
    const char *pv;    /* borrowed during the call */
    const char *unit;  /* likewise; "": not told */
};

struct pb_options {
    /* samples before or after are dropped and counted: in answers for several PVs the appliance can
     * put a sample into the wrong year */
    tstamp_ns earliest, latest;
    void (*on_header)(void *arg, const struct pb_header *h); /* NULL: not called */
    /* Samples in the stream's order, at most PB_BLOCK at once, borrowed during the call; all of one
     * chunk. Strings, waveforms and unknown types have the value NaN and SAMPLE_NOT_NUMBER. */
    void (*on_samples)(void *arg, const struct sample *s, size_t n);
    void *arg;
};

#define PB_BLOCK 512

struct pb_counts {
    uint64_t headers, samples;
    uint64_t not_numbers; /* of samples: string, waveform or unknown type */
    uint64_t wrong_time;  /* not in samples: outside earliest..latest */
    uint64_t bad_lines;   /* not a message of the type that the header says */
    /* the stream ended in a header that says that the PV is disconnected now */
    bool disconnected;
    tstamp_ns lost; /* then: since when; 0: not told */
};

struct pb_decoder *pb_new(void);
void pb_free(struct pb_decoder *d); /* NULL is fine */

/* Begins a new stream. Copies the options. */
void pb_start(struct pb_decoder *d, const struct pb_options *o);

/* Takes the next piece of the stream, cut anywhere; delivers all samples that are complete. Error
 * (ERR_DATA): a line longer than 64 MiB; the decoder then has to be started anew. */
int pb_feed(struct pb_decoder *d, const void *data, size_t n, struct err *err) MUSTCHECK;

/* The stream is over. Error (ERR_DATA): its last line is incomplete, or lines could not be read (it
 * is not PB, or damaged); what could be read has been delivered. */
int pb_end(struct pb_decoder *d, struct err *err) MUSTCHECK;

/* Of the stream so far; valid until the next pb_start. */
const struct pb_counts *pb_counts(const struct pb_decoder *d);

#endif
