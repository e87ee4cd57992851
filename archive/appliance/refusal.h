/* Whether an answer speaks of the source as a whole: nobody there, a login wanted, a web page where readings
 * should be. Then every other request would fare the same, and need not be made. Pure.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_APPLIANCE_REFUSAL_H
#define PSM_ARCHIVE_APPLIANCE_REFUSAL_H

#include "base/net/http.h"

enum refusal {
    REFUSAL_NONE,  /* it serves; what is wrong, if anything, is this request's own */
    REFUSAL_BUSY,  /* not now: 503 while it starts, 429 */
    REFUSAL_PLAIN, /* unreachable, asks for a login, or is no archiver: so it stays until somebody mends it */
};

/* What the body of a 200 has to begin as. */
enum body_kind { BODY_PB, BODY_JSON };

/* The start of a body that refusal_of looks at; longer is fine. */
#define REFUSAL_HEAD 512

/* Judges an answer to a request for url; head, of n bytes: the start of its body. When it is refused, why[]
 * says by whom and how, on one line: "http://HOST:PORT/PATH: a web page (text/html) instead of readings,
 * titled
 * \"Sign in\": <!DOCTYPE html>". */
#define REFUSAL_LEN 384
enum refusal refusal_of(char why[REFUSAL_LEN], const struct http_result *r, const char *url,
                        enum body_kind kind, const char *head, size_t n);

/* Whether a body that begins so can be of that kind; a body without a byte can. */
bool refusal_begins_well(enum body_kind kind, const char *head, size_t n);

#endif
