/* A receiver of webhooks that fails as the script says: a thread on real time that answers one request after
 * the other and keeps what it accepted. SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_VIRTUAL_RECEIVER_H
#define PSM_TESTS_VIRTUAL_RECEIVER_H

#include <stddef.h>
#include <stdint.h>

enum receiver_state {
    RECEIVER_ACCEPTS,
    RECEIVER_REFUSES, /* 503 */
    RECEIVER_DROPS,   /* closes without a word */
    RECEIVER_HANGS,   /* reads and never answers */
};

/* One accepted message. */
struct received {
    char id[80], type[40], occurrence[80];
};

/* Starts it. Each request says in its Referer, a digit, which state it meets. The port, or -1. */
int receiver_start(void);

/* What was accepted since the last receiver_forget, in order; borrowed until then. While no request is under
 * way. */
const struct received *receiver_accepted(size_t *n);
void receiver_forget(void);

#endif
