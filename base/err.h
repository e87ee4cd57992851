/* Errors that travel: a caller-owned struct with a code and one line of text.
 * A function that can fail returns 0 or a negative ERR_* and fills *err; it does not log.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_ERR_H
#define PSM_BASE_ERR_H

#define MUSTCHECK __attribute__((warn_unused_result))

enum err_code {
    ERR_NONE = 0,
    ERR_CONFIG = -1,    /* configuration or command line: exit status 2 */
    ERR_IO = -2,        /* file system */
    ERR_NET = -3,       /* network peer refused, vanished or answered nonsense */
    ERR_DB = -4,        /* PostgreSQL */
    ERR_DATA = -5,      /* damaged or contradictory input data */
    ERR_TIMEOUT = -6,   /* a deadline passed */
    ERR_CANCELLED = -7, /* given up by the caller */
    ERR_LIB = -8,       /* a library refused something that should work */
};

struct err {
    int code;      /* 0 or ERR_* */
    char msg[512]; /* lower case, no full stop, names the object */
};

/* Sets code and text; returns code, so that `return err_set(err, ERR_IO, …)` works. err may be NULL. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "<context>: " before the text; returns err->code. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
