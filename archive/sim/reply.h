/* Answers of getData and getDataForPVs, made piece by piece while they are sent.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_REPLY_H
#define PSM_ARCHIVE_SIM_REPLY_H

#include "archive/sim/encode.h"
#include "archive/sim/ring.h"
#include "base/net/httpd.h"

enum reply_format { REPLY_RAW, REPLY_JSON };

struct reply_request {
    enum reply_format format;
    uint32_t *channels; /* taken */
    size_t n;
    tstamp_ns from, to;
    tstamp_ns now; /* nothing newer is answered */
    bool many;     /* getDataForPVs, with its quirk at New Year */
};

struct reply;

struct reply *reply_new(struct sim *s, const struct reply_request *r);

/* For struct httpd_answer. */
int64_t reply_fill(void *reply, char *to, size_t max);
void reply_free(void *reply);

/* Metadata of a channel as the appliance names them: "EGU", "PREC", then alarm limits. Returns their
 * number; texts are written into room. */
#define REPLY_META 6
size_t reply_meta(const struct sim *s, uint32_t channel, bool with_limits,
                  struct encode_field out[REPLY_META], char room[REPLY_META][32]);

/* PayloadType of a channel. */
int reply_type(uint32_t channel);

#endif
