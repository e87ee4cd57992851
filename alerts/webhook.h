/* What a webhook message looks like: body, identifier, Standard Webhooks 1.0.0 headers and their
 * check. Pure. README.md shows a body. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_WEBHOOK_H
#define PSM_ALERTS_WEBHOOK_H

#include "alerts/occurrence.h"
#include "base/digest.h"

#define WEBHOOK_TYPE_PREFIX "psmon.alarm."
#define WEBHOOK_ID_LEN 40
#define WEBHOOK_KEY_MAX 96

/* The body (JSON, one line, under 20 kB; caller frees) of an event of an occurrence at data time t.
 * continued_as: the occurrence that took over, or NULL. */
char *webhook_body(const struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t, const char *run,
                   const char *source, const char *continued_as);

/* Bodies of a heartbeat (data: what is open and waiting) and of a test. */
char *webhook_heartbeat(tstamp_ns t, const char *run, const char *source, size_t n_open, size_t n_waiting);
char *webhook_test(tstamp_ns t, const char *source);

/* webhook-id of an event: the same for ever, made of run, occurrence, kind and life; contains no
 * dot. */
void webhook_id(char out[WEBHOOK_ID_LEN], const char *run, const char *occurrence,
                enum alarm_event_kind kind);
/* A fresh one, for heartbeats and tests. */
void webhook_random_id(char out[WEBHOOK_ID_LEN]);

/* Key of a secret "whsec_<base64>": its length, or -1 when malformed (16 to 96 bytes are taken). */
long webhook_key(uint8_t key[WEBHOOK_KEY_MAX], const char *secret);

/* "v1,<base64>" of id.timestamp.body, caller frees. */
char *webhook_signature(const uint8_t *key, size_t key_len, const char *id, int64_t unix_s, const void *body,
                        size_t len);

/* Header lines of one attempt, NULL-terminated; key_len 0: unsigned. */
struct webhook_headers {
    char *line[5];
};
void webhook_headers(struct webhook_headers *h, const uint8_t *key, size_t key_len, const char *id,
                     int64_t unix_s, const void *body, size_t len);
void webhook_headers_free(struct webhook_headers *h);

/* Checks a received message: one of the signatures (a list separated by blanks) fits and the
 * timestamp is within WEBHOOK_TOLERANCE_S of now. Returns NULL, or what is wrong. */
#define WEBHOOK_TOLERANCE_S 300
const char *webhook_check(const uint8_t *key, size_t key_len, const char *id, const char *timestamp,
                          const char *signatures, const void *body, size_t len, int64_t now_s);

#endif
