/* Text that holds a secret, or may: a key, a URL, a connection string. A type of its own, so that nobody
 * takes it for any text: who sends it says .clear, who shows it masks what its kind may hide
 * (alerts_endpoint_name for a webhook's URL, http_place for the archiver's, pg_shown for a database's,
 * SECRET_MASK for a key). SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_SECRET_H
#define PSM_BASE_SECRET_H

struct secret {
    char *clear; /* NULL: none. Whoever has the struct says who owns it */
};

#define SECRET_MASK "***"

#endif
