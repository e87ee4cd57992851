/* Asynchronous PostgreSQL: the connection and the queue; see pg.h. Knows nothing of what is stored.
 *
 * One transaction or query is under way at a time, its statements sent in one go (libpq's pipeline
 * mode) and ended by one Sync. Whatever is wrong with the connection ends in lost(), which starts over.
 * SPDX-License-Identifier: MIT */
#include "base/pg/internal.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 15000
#define ANSWER_MS 120000 /* a transaction without any answer for so long: the peer is gone */
#define BACKOFF_MIN_MS 200
#define BACKOFF_MAX_MS 10000
#define DISK_LOOK_MS 10000 /* a disk that is not well is tried again this often */

enum state { STATE_DOWN, STATE_CONNECTING, STATE_SETUP, STATE_UP };

struct item {
    struct item *next;
    struct pg_txn *txn; /* NULL: only in the spool, at offset */
    bool query, durable;
    bool writing; /* on its way into the spool; not sent before it is there */
    int64_t offset;
    uint64_t seq;                                /* in the spool, at offset; 0: not in it */
    void (*taken)(void *arg, enum pg_taken how); /* NULL: was called for the last time, or nobody asked */
    void *taken_arg;
    bool in_memory; /* that is what it was told */
    struct pg *pg;
    void (*done)(void *arg, bool ok);
    void (*done_rows)(void *arg, const struct pg_rows *rows);
    void *arg;
};

struct pg {
    uv_loop_t *loop;
    char *conninfo;
    PGconn *conn;
    uv_poll_t *poll;  /* on conn's socket, which may change while connecting */
    uv_timer_t timer; /* next attempt, connect deadline or answer deadline, after state */
    uv_timer_t kick;  /* sends what is queued, from the loop rather than from the submitter */
    uv_timer_t look;  /* after the disk, while it is not well */
    int handles;      /* timers not closed yet */
    enum state state;
    bool away;      /* the last attempt failed or the connection was lost */
    bool busy;      /* the head (or the setup) is under way */
    bool rollback;  /* the session is in a failed transaction */
    bool rejecting; /* the head is being put among the rejected */
    uint64_t backoff_ms;
    struct item *head, **tail;
    size_t n, n_spooled;
    struct pg_spool *spool;
    struct pg_rows *rows;           /* of what is under way */
    char sqlstate[6], failure[400]; /* first error of what is under way; "" none */
    unsigned long failures;
    void (*on_state)(void *arg, bool up);
    void *on_state_arg;
};

static void lost(struct pg *pg, const char *why);
static void send_next(struct pg *pg);

/* ---- queue ---- */

static struct item *enqueue(struct pg *pg, struct pg_txn *txn)
{
    struct item *it = xcalloc(1, sizeof *it);
    it->pg = pg;
    it->txn = txn;
    *pg->tail = it;
    pg->tail = &it->next;
    pg->n++;
    return it;
}

static struct item *pop(struct pg *pg)
{
    struct item *it = pg->head;
    pg->head = it->next;
    if (!pg->head)
        pg->tail = &pg->head;
    pg->n--;
    /* what is on its way into the log now empties it later */
    if (it->seq && --pg->n_spooled == 0 && !pg_spool_busy(pg->spool)) {
        struct err err;
        if (pg_spool_reset(pg->spool, &err) != 0)
            log_error("pg", "%s", err.msg);
    }
    return it;
}

/* Tells the submitter where the transaction is. */
static void tell_taken(struct item *it, enum pg_taken how)
{
    void (*taken)(void *arg, enum pg_taken how) = it->taken;
    if (!taken || (how == PG_IN_MEMORY && it->in_memory))
        return;
    it->in_memory = how == PG_IN_MEMORY;
    if (how != PG_IN_MEMORY)
        it->taken = NULL;
    taken(it->taken_arg, how);
}

/* The disk has refused these, and the database is away. */
static void tell_refused(struct pg *pg, enum pg_taken how)
{
    for (struct item *it = pg->head; it; it = it->next)
        if (it->durable && !it->seq && !it->writing)
            tell_taken(it, how);
}

/* Tells the submitter and frees. */
static void finish(struct item *it, bool ok, const struct pg_rows *rows)
{
    tell_taken(it, PG_SAFE); /* committed, or among the rejected */
    pg_txn_free(it->txn);
    if (it->query)
        it->done_rows(it->arg, ok ? rows : NULL);
    else if (it->done)
        it->done(it->arg, ok);
    free(it);
}

/* Takes out of the queue what does not outlive the connection; what is in the spool leaves memory. */
static struct item *take_disposable(struct pg *pg)
{
    struct item *out = NULL, **out_tail = &out, **p = &pg->head;
    while (*p) {
        struct item *it = *p;
        if (it->durable) {
            if (it->seq) {
                pg_txn_free(it->txn);
                it->txn = NULL;
            }
            p = &it->next;
        } else {
            *p = it->next;
            it->next = NULL;
            *out_tail = it;
            out_tail = &it->next;
            pg->n--;
        }
    }
    pg->tail = p;
    return out;
}

static void fail_all(struct item *list)
{
    while (list) {
        struct item *next = list->next;
        finish(list, false, NULL);
        list = next;
    }
}

/* ---- connection ---- */

static void free_poll(uv_handle_t *h)
{
    free(h);
}

static void unwatch(struct pg *pg)
{
    if (pg->poll)
        uv_close((uv_handle_t *)pg->poll, free_poll);
    pg->poll = NULL;
}

static void on_poll(uv_poll_t *h, int status, int events);

static void watch(struct pg *pg, int events)
{
    if (!pg->poll) {
        pg->poll = xcalloc(1, sizeof *pg->poll);
        pg->poll->data = pg;
        uv_poll_init(pg->loop, pg->poll, PQsocket(pg->conn));
    }
    uv_poll_start(pg->poll, events, on_poll);
}

static void flush(struct pg *pg)
{
    int more = PQflush(pg->conn);
    if (more < 0)
        lost(pg, PQerrorMessage(pg->conn));
    else
        watch(pg, UV_READABLE | (more ? UV_WRITABLE : 0));
}

static void on_timer(uv_timer_t *h);

static void connect_step(struct pg *pg)
{
    /* the socket may be another one after each step (several hosts, TLS refused) */
    unwatch(pg);
    PostgresPollingStatusType s = PQconnectPoll(pg->conn);
    if (s == PGRES_POLLING_FAILED) {
        lost(pg, PQerrorMessage(pg->conn));
    } else if (s != PGRES_POLLING_OK) {
        watch(pg, s == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE);
    } else {
        pg->state = STATE_SETUP;
        PQsetnonblocking(pg->conn, 1);
        PQenterPipelineMode(pg->conn);
        send_next(pg);
    }
}

static void ignore_notice(void *arg, const PGresult *r)
{
    (void)arg;
    (void)r;
}

static void start_connecting(struct pg *pg)
{
    static const char *const keys[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
    const char *const values[] = {pg->conninfo, "psmon", "UTF8", NULL};
    pg->state = STATE_CONNECTING;
    pg->conn = PQconnectStartParams(keys, values, 1);
    if (!pg->conn || PQstatus(pg->conn) == CONNECTION_BAD) {
        lost(pg, pg->conn ? PQerrorMessage(pg->conn) : "out of memory");
        return;
    }
    PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
    uv_timer_start(&pg->timer, on_timer, CONNECT_MS, 0);
    watch(pg, UV_WRITABLE);
}

static uint64_t backoff(struct pg *pg)
{
    uint64_t ms = (uint64_t)random_jitter((double)pg->backoff_ms, 0.5);
    pg->backoff_ms *= 2;
    if (pg->backoff_ms > BACKOFF_MAX_MS)
        pg->backoff_ms = BACKOFF_MAX_MS;
    return ms;
}

static void lost(struct pg *pg, const char *why)
{
    char line[400];
    bool was_up = pg->state == STATE_UP;
    if (!pg->away)
        log_warning("pg", "database away, ticks go on and retrying: %s", pg_one_line(line, sizeof line, why));
    pg->failures++;
    pg->away = true;
    pg->busy = pg->rollback = false;
    pg->state = STATE_DOWN;
    unwatch(pg);
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg_rows_free(pg->rows);
    pg->rows = NULL;
    uv_timer_start(&pg->timer, on_timer, backoff(pg), 0);
    tell_refused(pg, PG_IN_MEMORY);
    fail_all(take_disposable(pg));
    if (was_up && pg->on_state)
        pg->on_state(pg->on_state_arg, false);
}

static void on_timer(uv_timer_t *h)
{
    struct pg *pg = h->data;
    if (pg->state == STATE_DOWN)
        start_connecting(pg);
    else
        lost(pg, pg->state == STATE_CONNECTING ? "no connection in time" : "no answer in time");
}

/* ---- one transaction ---- */

static bool send_statement(struct pg *pg, const struct pg_statement *s)
{
    return PQsendQueryParams(pg->conn, s->sql, s->n, NULL, (const char *const *)s->value, s->length,
                             s->format, 0) == 1;
}

static bool send_sql(struct pg *pg, const char *sql, int n, const char *const params[])
{
    return PQsendQueryParams(pg->conn, sql, n, NULL, params, NULL, NULL, 0) == 1;
}

/* The session of a psmon that died, or of a connection that broke, may still be committing what it was sent:
 * one session at a time has the spool, and the newest ends the one before. */
#define SPOOL_LOCK "1886612781, ('x' || left($1, 8))::bit(32)::int" /* "psm-", and the spool's identity */

static bool send_setup(struct pg *pg)
{
    bool ok = send_sql(pg, "SET TimeZone = 'UTC'", 0, NULL) && send_sql(pg, "SET DateStyle = 'ISO'", 0, NULL);
    if (ok && pg->spool) {
        const char *id = pg_spool_id(pg->spool);
        ok = send_sql(pg,
                      "CREATE TABLE IF NOT EXISTS psmon_spool (id text PRIMARY KEY, seq bigint NOT NULL,"
                      " at timestamptz NOT NULL DEFAULT now())",
                      0, NULL) &&
             send_sql(pg,
                      "SELECT pg_terminate_backend(pid) FROM pg_locks, (VALUES (" SPOOL_LOCK
                      ")) k (class, id)"
                      " WHERE locktype = 'advisory' AND objsubid = 2 AND classid::bigint = k.class AND"
                      " objid::bigint = k.id::bigint & 4294967295 AND pid <> pg_backend_pid() AND"
                      " database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                      1, &id) &&
             send_sql(pg, "SELECT pg_advisory_lock(" SPOOL_LOCK ")", 1, &id) &&
             send_sql(pg, "SELECT seq FROM psmon_spool WHERE id = $1", 1, &id);
    }
    return ok;
}

/* The database's own note of how far it is, in the same transaction. */
static bool send_sequence(struct pg *pg, uint64_t seq)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, seq);
    const char *const params[2] = {pg_spool_id(pg->spool), number};
    return send_sql(pg,
                    "INSERT INTO psmon_spool (id, seq) VALUES ($1, $2::bigint) ON CONFLICT (id)"
                    " DO UPDATE SET seq = EXCLUDED.seq, at = now()",
                    2, params);
}

static bool send_item(struct pg *pg, const struct item *it)
{
    bool ok = !pg->rollback || send_sql(pg, "ROLLBACK", 0, NULL);
    ok = ok && (it->query || send_sql(pg, "BEGIN", 0, NULL));
    for (size_t i = 0; ok && i < it->txn->n; i++)
        ok = send_statement(pg, &it->txn->statement[i]);
    ok = ok && (!it->seq || send_sequence(pg, it->seq));
    return ok && (it->query || send_sql(pg, "COMMIT", 0, NULL));
}

/* Whether the head can be sent. Gets its statements back from the spool; one that cannot be read is given up,
 * loudly. */
static bool load_head(struct pg *pg)
{
    struct err err;
    if (pg->head && pg->head->writing)
        return false; /* on_spooled goes on */
    while (pg->head && !pg->head->txn &&
           pg_spool_load(pg->spool, pg->head->offset, &pg->head->txn, &err) != 0) {
        log_error("pg", "%s: transaction %" PRIu64 " is lost", err.msg, pg->head->seq);
        pg->failures++;
        finish(pop(pg), false, NULL);
    }
    return pg->head && !pg->head->writing;
}

static void send_next(struct pg *pg)
{
    bool wait = pg->busy || (pg->rejecting && pg->state != STATE_SETUP);
    if (wait || (pg->state != STATE_SETUP && (pg->state != STATE_UP || !load_head(pg)))) {
        if (!pg->busy && pg->state == STATE_UP)
            uv_timer_stop(&pg->timer);
        return;
    }
    pg->busy = true;
    pg->sqlstate[0] = pg->failure[0] = '\0';
    bool ok = pg->state == STATE_SETUP ? send_setup(pg) : send_item(pg, pg->head);
    if (!ok || !PQpipelineSync(pg->conn)) {
        lost(pg, PQerrorMessage(pg->conn));
        return;
    }
    pg->rollback = false;
    uv_timer_start(&pg->timer, on_timer, ANSWER_MS, 0);
    flush(pg);
}

/* What a new connection may mend: connection (08), read-only or other transaction state (25), conflict
 * (40), resources (53), locks (55), shut-down (57), system (58), internal (XX). All else is the
 * transaction's own fault. */
static bool transient(const char *sqlstate)
{
    static const char *const classes[] = {"08", "25", "40", "53", "55", "57", "58", "XX"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(sqlstate, classes[i], 2) == 0)
            return true;
    return sqlstate[0] == '\0';
}

static void setup_done(struct pg *pg)
{
    if (pg->failure[0]) {
        lost(pg, pg->failure);
        return;
    }
    uint64_t committed = 0;
    if (pg->rows && pg->rows->n_rows == 1)
        committed = strtoull(pg->rows->value[0], NULL, 10);
    pg->state = STATE_UP;
    if (pg->away)
        log_info("pg", "database is back: transactions=%zu what=catching_up", pg->n);
    pg->away = false;
    /* those whose commit we did not hear of; they are the oldest spooled ones, and foremost */
    while (pg->head && pg->head->seq && pg->head->seq <= committed)
        finish(pop(pg), true, NULL);
    if (pg->on_state)
        pg->on_state(pg->on_state_arg, true);
}

static void wake(struct pg *pg);

static void on_rejected(void *arg)
{
    struct pg *pg = arg;
    pg->rejecting = false;
    finish(pop(pg), false, NULL);
    wake(pg);
}

static void item_failed(struct pg *pg)
{
    struct item *it = pg->head;
    pg->failures++;
    pg->rollback = !it->query;
    if (it->durable && transient(pg->sqlstate)) {
        lost(pg, pg->failure);
        return;
    }
    log_error("pg", "transaction rejected: sqlstate=%s %s", pg->sqlstate, pg->failure);
    if (it->durable && pg->spool) { /* it stays the head, and in the log, until that is on disk */
        pg->rejecting = true;
        pg_spool_reject(pg->spool, it->txn, pg->failure, on_rejected, pg);
    } else {
        finish(pop(pg), false, NULL);
    }
}

static void answered(struct pg *pg)
{
    struct pg_rows *rows = pg->rows;
    pg->busy = false;
    if (pg->state == STATE_SETUP) {
        setup_done(pg);
    } else if (pg->failure[0]) {
        item_failed(pg);
    } else {
        pg->backoff_ms = BACKOFF_MIN_MS;
        finish(pop(pg), true, rows);
    }
    pg_rows_free(pg->rows); /* lost() has done so already and left NULL */
    pg->rows = NULL;
}

static void take_result(struct pg *pg, const PGresult *r)
{
    switch (PQresultStatus(r)) {
    case PGRES_PIPELINE_SYNC: answered(pg); break;
    case PGRES_TUPLES_OK:
        pg_rows_free(pg->rows);
        pg->rows = pg_rows_of(r);
        break;
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
        if (!pg->failure[0]) {
            const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
            snprintf(pg->sqlstate, sizeof pg->sqlstate, "%s", state ? state : "");
            pg_one_line(pg->failure, sizeof pg->failure, PQresultErrorMessage(r));
        }
        break;
    default: /* COMMAND_OK; PIPELINE_ABORTED after an error that was noted */ break;
    }
}

static void read_results(struct pg *pg)
{
    if (!PQconsumeInput(pg->conn)) {
        lost(pg, PQerrorMessage(pg->conn));
        return;
    }
    while (pg->conn && pg->busy && !PQisBusy(pg->conn)) {
        PGresult *r = PQgetResult(pg->conn); /* NULL between two statements' results */
        if (r) {
            take_result(pg, r);
            PQclear(r);
        }
        if (pg->conn && PQstatus(pg->conn) == CONNECTION_BAD) {
            char why[400];
            snprintf(why, sizeof why, "%s", pg->failure[0] ? pg->failure : PQerrorMessage(pg->conn));
            lost(pg, why);
        }
    }
    if (pg->conn && !pg->busy)
        send_next(pg);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct pg *pg = h->data;
    if (status < 0) {
        /* libuv says EBADF for POLLERR, whatever happened to the peer */
        lost(pg, status == UV_EBADF ? "the connection broke" : uv_strerror(status));
    } else if (pg->state == STATE_CONNECTING) {
        connect_step(pg);
    } else {
        if (events & UV_READABLE)
            read_results(pg);
        if (pg->conn && pg->poll && (events & UV_WRITABLE))
            flush(pg);
    }
}

/* ---- the disk ---- */

static void on_look(uv_timer_t *h)
{
    struct pg *pg = h->data;
    if (pg_disk(pg) == PG_DISK_WELL)
        uv_timer_stop(h);
    else
        pg_spool_look(pg->spool);
}

static void watch_disk(struct pg *pg)
{
    if (pg_disk(pg) != PG_DISK_WELL && !uv_is_active((uv_handle_t *)&pg->look))
        uv_timer_start(&pg->look, on_look, DISK_LOOK_MS, DISK_LOOK_MS);
}

enum pg_disk pg_disk(const struct pg *pg)
{
    return pg->spool ? pg_spool_disk(pg->spool) : PG_DISK_WELL;
}

/* ---- the interface ---- */

static void found_in_spool(void *arg, uint64_t seq, int64_t offset)
{
    struct pg *pg = arg;
    struct item *it = enqueue(pg, NULL);
    it->durable = true;
    it->seq = seq;
    it->offset = offset;
    pg->n_spooled++;
}

int pg_open(struct pg **out, uv_loop_t *loop, const char *conninfo, const char *spool_dir, struct err *err)
{
    struct pg *pg = xcalloc(1, sizeof *pg);
    pg->loop = loop;
    pg->tail = &pg->head;
    pg->backoff_ms = BACKOFF_MIN_MS;
    if (spool_dir && pg_spool_open(&pg->spool, loop, spool_dir, found_in_spool, pg, err) != 0) {
        fail_all(pg->head);
        free(pg);
        return err->code;
    }
    if (pg->n)
        log_info("pg", "spool=%s transactions=%zu what=to_be_applied", spool_dir, pg->n);
    pg->conninfo = xstrdup(conninfo);
    uv_timer_init(loop, &pg->timer);
    uv_timer_init(loop, &pg->kick);
    uv_timer_init(loop, &pg->look);
    pg->timer.data = pg->kick.data = pg->look.data = pg;
    pg->handles = 3;
    watch_disk(pg);
    *out = pg;
    start_connecting(pg);
    return 0;
}

static void on_closed(uv_handle_t *h)
{
    struct pg *pg = h->data;
    pg->handles--;
}

static void on_deadline(uv_timer_t *h)
{
    *(bool *)h->data = true;
}

/* Runs the loop until everything that was submitted is on disk, or refused by it. */
static void settle_spool(struct pg *pg)
{
    while (pg->spool && pg_spool_busy(pg->spool))
        uv_run(pg->loop, UV_RUN_ONCE);
}

/* Runs the loop until the queue is empty or the deadline has passed. */
static void drain(struct pg *pg, double deadline_s)
{
    bool late = deadline_s <= 0;
    uv_timer_t deadline;
    uv_timer_init(pg->loop, &deadline);
    deadline.data = &late;
    uv_update_time(pg->loop);
    uv_timer_start(&deadline, on_deadline, (uint64_t)(deadline_s > 0 ? deadline_s * 1e3 : 0), 0);
    while (pg->n > 0 && !late)
        uv_run(pg->loop, UV_RUN_ONCE);
    settle_spool(pg);
    int left = pg->handles;
    deadline.data = pg;
    pg->handles++;
    uv_close((uv_handle_t *)&deadline, on_closed);
    while (pg->handles > left)
        uv_run(pg->loop, UV_RUN_NOWAIT);
}

void pg_close(struct pg *pg, double deadline_s)
{
    if (!pg)
        return;
    drain(pg, deadline_s);
    pg->on_state = NULL;
    unwatch(pg);
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->state = STATE_DOWN;
    pg->away = true; /* refuses what the callbacks below may submit */
    if (pg->n > 0)
        log_warning("pg", "closing with transactions=%zu waiting, spooled=%zu", pg->n, pg->n_spooled);
    fail_all(take_disposable(pg));
    uv_close((uv_handle_t *)&pg->timer, on_closed);
    uv_close((uv_handle_t *)&pg->kick, on_closed);
    uv_close((uv_handle_t *)&pg->look, on_closed);
    settle_spool(pg); /* what the callbacks submitted */
    tell_refused(pg, PG_LEFT);
    settle_spool(pg);
    while (pg->handles > 0)
        uv_run(pg->loop, UV_RUN_NOWAIT);
    pg_rows_free(pg->rows);
    while (pg->head) { /* durable ones: they stay in the spool, and nobody is told otherwise */
        struct item *it = pg->head;
        pg->head = it->next;
        pg_txn_free(it->txn);
        free(it);
    }
    pg_spool_close(pg->spool);
    free(pg->conninfo);
    free(pg);
}

bool pg_up(const struct pg *pg)
{
    return pg->state == STATE_UP && pg->n <= PG_QUEUE_MAX;
}

bool pg_away(const struct pg *pg)
{
    return pg->away;
}

bool pg_durable(const struct pg *pg)
{
    return pg->spool != NULL;
}

size_t pg_queued(const struct pg *pg)
{
    return pg->n;
}

unsigned long pg_failures(const struct pg *pg)
{
    return pg->failures;
}

void pg_on_state(struct pg *pg, void (*on_state)(void *arg, bool up), void *arg)
{
    pg->on_state = on_state;
    pg->on_state_arg = arg;
}

static void on_kick(uv_timer_t *h)
{
    struct pg *pg = h->data;
    if (pg->state == STATE_DOWN) { /* what came while the database is away */
        fail_all(take_disposable(pg));
        tell_refused(pg, PG_IN_MEMORY);
    } else if (pg->state == STATE_UP) {
        send_next(pg);
    }
}

static void wake(struct pg *pg)
{
    if (!pg->busy)
        uv_timer_start(&pg->kick, on_kick, 0, 0);
}

/* A durable transaction is in the spool, or, when the disk refuses, at least in memory: better than losing it
 * now. */
static void on_spooled(void *arg, uint64_t seq, int64_t offset)
{
    struct item *it = arg;
    struct pg *pg = it->pg;
    it->writing = false;
    it->seq = seq;
    it->offset = offset;
    if (seq) {
        pg->n_spooled++;
        if (pg->away) { /* memory stays bounded however long the database is away */
            pg_txn_free(it->txn);
            it->txn = NULL;
        }
    } else {
        pg->failures++;
        log_error("pg", "a transaction is kept in memory only, until the database takes it");
    }
    if (seq || pg->away)
        tell_taken(it, seq ? PG_SAFE : PG_IN_MEMORY);
    watch_disk(pg);
    wake(pg);
}

static struct item *submit_durable(struct pg *pg, struct pg_txn *t)
{
    struct item *it = enqueue(pg, t);
    it->durable = true;
    it->writing = pg->spool != NULL;
    if (pg->spool)
        pg_spool_append(pg->spool, t, on_spooled, it);
    return it;
}

bool pg_submit(struct pg *pg, struct pg_txn *t, bool durable, void (*done)(void *arg, bool ok), void *arg)
{
    if (durable ? !pg->spool : pg->away || pg->n >= PG_QUEUE_MAX) {
        pg_txn_free(t);
        return false;
    }
    struct item *it = durable ? submit_durable(pg, t) : enqueue(pg, t);
    it->done = done;
    it->arg = arg;
    wake(pg);
    return true;
}

void pg_submit_durable(struct pg *pg, struct pg_txn *t, void (*taken)(void *arg, enum pg_taken how),
                       void *arg)
{
    struct item *it = submit_durable(pg, t);
    it->taken = taken;
    it->taken_arg = arg;
    wake(pg);
}

void pg_query(struct pg *pg, const char *sql, int n_params, const char *const params[],
              void (*done)(void *arg, const struct pg_rows *rows), void *arg)
{
    assert(done);
    struct pg_txn *t = pg_txn_new();
    pg_txn_add(t, sql, n_params, params);
    struct item *it = enqueue(pg, t);
    it->query = true;
    it->done_rows = done;
    it->arg = arg;
    wake(pg);
}
