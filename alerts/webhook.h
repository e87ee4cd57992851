/* How a message goes out, whatever its shape: identifier, Standard Webhooks 1.0.0 headers and signature, and
 * their check. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_WEBHOOK_H
#define PSM_ALERTS_WEBHOOK_H

#include "alerts/alarm.h"
#include "alerts/shapes/shape.h"
#include "base/digest.h"

#define WEBHOOK_ID_LEN 40
#define WEBHOOK_KEY_MAX 96

/* webhook-id of an event: the same for ever, made of run, occurrence, kind, and of what tells it from others
 * of its kind ("" where there is one in a life); contains no dot. */
void webhook_id(char out[WEBHOOK_ID_LEN], const char *run, const char *occurrence, enum alarm_event_kind kind,
                const char *which);
/* A fresh one, for heartbeats and tests. */
void webhook_random_id(char out[WEBHOOK_ID_LEN]);

struct webhook_key {
    uint8_t bytes[WEBHOOK_KEY_MAX];
    size_t len; /* 0: messages are not signed */
};

/* A message is signed with each key that is there: while a secret is changed, receivers take either. */
#define WEBHOOK_KEYS 2

/* Key of a secret "whsec_<base64>" (NULL: none); false when malformed (16 to 96 bytes are taken). */
bool webhook_key(struct webhook_key *key, const char *secret);

/* "v1,<base64>" of id.timestamp.body, caller frees. */
char *webhook_signature(const struct webhook_key *key, const char *id, int64_t unix_s, const void *body,
                        size_t len);

/* One attempt: the body that shape makes of message (as the outbox keeps it), and all header lines. */
struct webhook {
    char *header[SHAPE_HEADERS_MAX + 4]; /* up to NULL */
    char *body;
};
void webhook_make(struct webhook *w, const struct shape *shape, const struct webhook_key key[WEBHOOK_KEYS],
                  const char *id, int64_t unix_s, const char *message);
void webhook_fini(struct webhook *w);

/* Checks a received message: one of the signatures (a list separated by blanks) fits and the
 * timestamp is within WEBHOOK_TOLERANCE_S of now. Returns NULL, or what is wrong. */
#define WEBHOOK_TOLERANCE_S 300
const char *webhook_check(const struct webhook_key *key, const char *id, const char *timestamp,
                          const char *signatures, const void *body, size_t len, int64_t now_s);

#endif
