/* Asynchronous PostgreSQL on the libuv loop: one connection, transactions in order, reconnect with
 * back-off, and a disk spool for what must not be lost. The includer of libpq-fe.h.
 *
 * A transaction is a list of parametrised statements. The statements of one transaction are applied
 * all or none, transactions in the order submitted. Because the outcome of a commit is unknown when
 * the connection dies in it, statements must be idempotent (ON CONFLICT …): a transaction may be run
 * again. (For durable ones the database keeps the last number it committed in table psmon_spool, so
 * they are not even run again after our own kill -9.)
 *   durable      written to the spool (fsync, in a thread) before it is sent, and taken off it after commit:
 *                once it is on disk it survives the database's absence and our own kill -9; unbounded. Space
 *                for thousands is the spool's own beforehand, so that a disk that others fill takes them.
 *   disposable   kept in memory only, while the database is there; refused (pg_submit returns false)
 *                when it is away or more than PG_QUEUE_MAX wait: the caller remembers what to recompute.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_PG_PG_H
#define PSM_BASE_PG_PG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/types.h"

#include <stdbool.h>
#include <uv.h>

#define PG_QUEUE_MAX 256

struct pg;
struct pg_txn;

/* Opens the spool in folder spool_dir (made when absent; NULL: no spool, durable is refused) and starts
 * connecting to conninfo; a database that is away is not an error. What the spool holds is applied
 * first, before any later transaction. One process per spool folder: ERR_IO when another has it open.
 * Host names are resolved by libpq, which blocks: give addresses or a socket where that can hang. */
int pg_open(struct pg **out, uv_loop_t *loop, const char *conninfo, const char *spool_dir,
            struct err *err) MUSTCHECK;

/* Waits up to deadline_s for what is queued (running the loop), then closes. */
void pg_close(struct pg *pg, double deadline_s);

/* Whether libpq can read a connection string; what it says of one that it cannot may hold the password, and
 * is not repeated. Error: ERR_CONFIG. */
int pg_check(const char *conninfo, struct err *err) MUSTCHECK;
/* A connection string for people: key=value words, of what libpq itself hides only SECRET_MASK. Caller frees.
 */
char *pg_shown(const char *conninfo);

/* Connected and not behind: what costs it much may be asked of it. */
bool pg_up(const struct pg *pg);
/* It was lost, or could not be reached, and has not come back since. One that is behind is not away. */
bool pg_away(const struct pg *pg);
size_t pg_queued(const struct pg *pg);          /* transactions waiting, spooled ones included */
unsigned long pg_failures(const struct pg *pg); /* lost connections and failed statements since start */

/* Called on the loop whenever the connection comes up (up = true) or is lost. */
void pg_on_state(struct pg *pg, void (*on_state)(void *arg, bool up), void *arg);

/* Whether there is a spool, that is, whether durable transactions are taken. */
bool pg_durable(const struct pg *pg);

/* Builds a transaction. Parameters are text in PostgreSQL's input syntax (NULL pointer = SQL NULL),
 * copied. */
struct pg_txn *pg_txn_new(void);
void pg_txn_add(struct pg_txn *t, const char *sql, int n_params, const char *const params[]);
/* As pg_txn_add for values that may be in PostgreSQL's binary form; data NULL = SQL NULL. Copied. */
struct pg_value {
    const void *data;
    size_t length;
    bool binary;
};
void pg_txn_add_values(struct pg_txn *t, const char *sql, int n, const struct pg_value values[]);
size_t pg_txn_size(const struct pg_txn *t); /* statements */
void pg_txn_free(struct pg_txn *t);

/* Submits; takes t in any case. done (may be NULL) is called on the loop once it is committed (ok) or,
 * for a disposable one, lost, or when the database rejects it (a bug or a bad value: logged with the
 * SQLSTATE; a durable one is moved to a `rejected` file in the spool, never dropped silently). False:
 * refused, done is not called. */
bool pg_submit(struct pg *pg, struct pg_txn *t, bool durable, void (*done)(void *arg, bool ok), void *arg);

/* As pg_submit of a durable one; without a spool it is in memory until it is committed. taken is called on
 * the loop, not from inside this call, to say where it is: once with PG_IN_MEMORY, perhaps, and once at last.
 */
enum pg_taken {
    PG_IN_MEMORY, /* the disk refused it and the database is away: should we die now, it is lost */
    PG_SAFE,      /* on disk, or committed: until now nobody may be told of it as of something that lasts */
    PG_LEFT       /* pg_close came first */
};
void pg_submit_durable(struct pg *pg, struct pg_txn *t, void (*taken)(void *arg, enum pg_taken how),
                       void *arg);

/* How the spool's disk does; one that is not well is tried again every 10 s. */
enum pg_disk {
    PG_DISK_WELL,
    PG_DISK_SHORT,  /* there is no more space than is reserved: it takes what comes, for a while */
    PG_DISK_REFUSES /* what is durable is in memory only, or in the database */
};
enum pg_disk pg_disk(const struct pg *pg);

/* Rows of a query, all text; NULL for SQL NULL. */
struct pg_rows {
    int n_rows, n_columns;
    char **name;  /* [n_columns] */
    char **value; /* [n_rows * n_columns] */
};
void pg_rows_free(struct pg_rows *r);

/* Asynchronous read on the same connection, after what was submitted before it; rows is NULL on failure
 * and borrowed during the callback. */
void pg_query(struct pg *pg, const char *sql, int n_params, const char *const params[],
              void (*done)(void *arg, const struct pg_rows *rows), void *arg);

/* Blocking helpers for commands and start-up (never used while the loop serves a monitor). */
int pg_run(const char *conninfo, const char *sql, int n_params, const char *const params[],
           struct pg_rows **rows /* may be NULL */, struct err *err) MUSTCHECK;

/* Applies the migrations that are not yet in table psmon_schema (component, version), each in its own
 * transaction, under an advisory lock; refuses a database that is newer than this program.
 * migration[i] is version i + 1. Blocking. */
int pg_migrate(const char *conninfo, const char *component, const char *const migration[], int n,
               struct err *err) MUSTCHECK;

/* As pg_run, but hands over each row as it arrives (memory stays flat whatever the result's size). on_row
 * returns non-zero to stop early, which is not an error. n columns, value[i] NULL for SQL NULL. */
int pg_each(const char *conninfo, const char *sql, int n_params, const char *const params[],
            int (*on_row)(void *arg, int n, char *const name[], char *const value[]), void *arg,
            struct err *err) MUSTCHECK;

/* Text forms for parameters: arrays of float ("{1.5,NaN}", n values), times. Append to b. */
void pg_array_f32(struct buf *b, const float *v, size_t n);
void pg_array_f64(struct buf *b, const double *v, size_t n);
void pg_array_i32(struct buf *b, const int32_t *v, size_t n);
/* The same in binary form, for pg_txn_add_values: a tenth of the cost on both sides. Cast the parameter in
 * the statement ($1::float4[], $1::int2[], $1::int4[]). */
void pg_binary_f32(struct buf *b, const float *v, size_t n);
void pg_binary_i16(struct buf *b, const int16_t *v, size_t n);
void pg_binary_u8_as_i16(struct buf *b, const uint8_t *v, size_t n);
void pg_binary_i32(struct buf *b, const int32_t *v, size_t n);

#endif
