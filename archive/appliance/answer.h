/* The appliance's JSON answers as samples and states. Pure: text in, callbacks out.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_APPLIANCE_ANSWER_H
#define PSM_ARCHIVE_APPLIANCE_ANSWER_H

#include "archive/source.h"

struct answer_counts {
    size_t answered; /* channels with a sample */
    /* answers without a readable time, or later than `newest`: not among answered */
    size_t implausible;
    size_t valueless; /* answers without val, as an engine that does not keep it gives them: not among
                         answered */
};

/* Reads an answer of getDataAtTime to a request for the channels first … first + n - 1 (n > 0):
 * calls on with one sample per channel that is answered; a value that is no number (null, text,
 * array) is NaN, text and arrays with SAMPLE_NOT_NUMBER. Bytes that are not UTF-8, which the appliance can
 * send in units, do not matter. A damaged answer gives no sample at all. Error (ERR_DATA): not JSON, or an
 * empty object, which is what the appliance answers when it has not read the request. */
int answer_latest(struct answer_counts *out, const char *text, size_t len, const struct fleet *f,
                  uint32_t first, uint32_t n, tstamp_ns newest, source_samples *on, void *arg,
                  struct err *err) MUSTCHECK;

/* Reads an answer of getPVStatus into connected[n_channels]: 1 or 0 for channels being archived,
 * others stay as they are (unknown, paused, or the appliance down). *known counts the former. Error
 * (ERR_DATA). */
int answer_status(int8_t connected[], size_t *known, const char *text, size_t len, const struct fleet *f,
                  struct err *err) MUSTCHECK;

#endif
