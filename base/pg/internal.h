/* What the files of base/pg share: transactions in memory and on disk, connection helpers.
 * Not for includers of base/pg/pg.h. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_PG_INTERNAL_H
#define PSM_BASE_PG_INTERNAL_H

#include "base/pg/pg.h"

#include <libpq-fe.h>

struct pg_statement {
    char *sql;
    int n;
    char **value; /* NULL: SQL NULL; text values end in a NUL that length does not count */
    int *length, *format;
};

struct pg_txn {
    struct pg_statement *statement;
    size_t n, cap;
};

/* ---- txn.c ---- */
/* The transaction as bytes, appended to b, and back; ERR_DATA when the bytes make no sense. */
void pg_txn_write(const struct pg_txn *t, struct buf *b);
int pg_txn_read(struct pg_txn **out, const char *data, size_t n, struct err *err) MUSTCHECK;

/* ---- spool.c: a log of durable transactions ----
 * One file of records (magic, length, sequence number, checksum, transaction), begun anew when nothing in it
 * waits any more. Its blocks stay its own: on a disk that others have filled there is room for what comes
 * (PG_SPOOL_RESERVE; where the file system cannot reserve, there is what there is). Records are written and
 * fsynced by a thread of libuv's pool, one batch at a time: what is handed in while a batch is under way goes
 * into the next one, so the order is kept and a burst costs one fsync. The database itself remembers, in the
 * same transaction, the last sequence number it committed (table psmon_spool under the log's random id), so a
 * record whose commit's outcome was never heard is neither lost nor run twice. */
struct pg_spool;
#define PG_SPOOL_RESERVE (16 << 20) /* bytes ready beyond what is there: some thousand alarms */

/* Opens (and locks) the log in dir, calling found for each whole record in order; a torn tail is cut off. */
int pg_spool_open(struct pg_spool **out, uv_loop_t *loop, const char *dir,
                  void (*found)(void *arg, uint64_t seq, int64_t offset), void *arg,
                  struct err *err) MUSTCHECK;
/* Not while it is busy. NULL is allowed. */
void pg_spool_close(struct pg_spool *s);

/* Identity of the log in table psmon_spool, 32 hexadecimal digits. */
const char *pg_spool_id(const struct pg_spool *s);

/* Appends t (read during the call only). done is called on the loop, for one record after another in the
 * order of the calls, when it is on disk: seq and offset say where. seq 0: the disk refused it (logged), and
 * the log is as it was before. */
void pg_spool_append(struct pg_spool *s, const struct pg_txn *t,
                     void (*done)(void *arg, uint64_t seq, int64_t offset), void *arg);
/* Some done has not been called yet: then the loop has to run. */
bool pg_spool_busy(const struct pg_spool *s);

/* How the disk takes records. */
enum pg_disk pg_spool_disk(const struct pg_spool *s);
/* Tries again what the disk refused, without a record, in the thread. */
void pg_spool_look(struct pg_spool *s);

/* A record back from the disk. */
int pg_spool_load(struct pg_spool *s, int64_t offset, struct pg_txn **out, struct err *err) MUSTCHECK;

/* Appends a transaction the database will never take to the file `rejected`, with the reason, in a thread.
 * done is called on the loop when it is on disk, or (logged) the disk refused it. One at a time. */
void pg_spool_reject(struct pg_spool *s, const struct pg_txn *t, const char *reason, void (*done)(void *arg),
                     void *arg);

/* Everything is committed: begins the log anew. Not while it is busy. */
int pg_spool_reset(struct pg_spool *s, struct err *err) MUSTCHECK;

/* ---- sync.c ---- */
struct pg_rows *pg_rows_of(const PGresult *r);
/* PostgreSQL's message on one line, without its trailing newline, into out[n]; returns out. */
char *pg_one_line(char *out, size_t n, const char *message);

#endif
