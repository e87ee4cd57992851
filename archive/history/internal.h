/* What the writing half of the history shares; see history.h. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_HISTORY_INTERNAL_H
#define PSM_ARCHIVE_HISTORY_INTERNAL_H

#include "archive/history/history.h"

#include "base/hashmap.h"
#include "base/time/timefmt.h"

/* Sums of one hour, by supply [S] and by channel [C]. */
struct hour {
    tstamp_ns start;                   /* 0: empty */
    int revision;                      /* of the last tick added */
    float *score, *chance, *jsd;       /* [S] largest, smallest, largest; NaN */
    double *reconstruction;            /* [S] sum of n_reconstruction values */
    uint16_t *n_reconstruction;        /* [S] */
    uint16_t (*reasons)[REASON_COUNT]; /* [S] ticks per reason */
    double *value, *by;                /* [C] sum of n_value readings, of n_by reconstructions */
    uint16_t *n_value, *n_by;          /* [C] */
};

/* What of a finding is in the database. */
struct stored_finding {
    struct finding f; /* as it was stored */
    tstamp_ns at;
};

struct history {
    struct pg *pg;
    const struct fleet *fleet;
    char run_id[16], fleet_id[16], revision_id[16]; /* numbers of the rows, as parameters */
    int revision;
    char *model, *model_hash, *config_hash, *maintenance;
    double budget;
    bool live, finished;
    int keep_ticks_days;
    int32_t *supply_id; /* [S] */
    struct hour hour;

    /* ticks: one transaction under way, the next one growing meanwhile */
    struct pg_txn *growing;
    size_t n_growing, n_in_flight;
    tstamp_ns growing_from, growing_to;
    int64_t day; /* whose partition the growing transaction makes */
    int batches; /* submitted and not answered: they know this struct */
    bool closed;
    tstamp_ns gap_from, gap_to; /* 0: none */

    tstamp_ns oldest, newest; /* of what is stored, to the hour; 0: nothing */
    struct {                  /* ticks and hours that are to be computed again */
        tstamp_ns from, to;   /* 0: none */
        struct pg_txn *txn;   /* growing */
        tstamp_ns since;      /* from, when it began to grow */
        struct hour hour;
        int under_way; /* submitted and not answered: they know this struct */
        bool failed;   /* one of them was not taken: begin again at from */
    } redo;

    char worktimes_stamp[64]; /* of the imported list that was handed out last */
    bool worktimes_asked;     /* a question is under way: it knows this struct */

    struct {
        struct history_job job[HISTORY_JOBS];
        tstamp_ns due[HISTORY_JOBS]; /* data time of the next try */
        bool under_way;              /* one is: it knows this struct */
    } jobs;

    struct stored_finding *finding;
    size_t n_findings, finding_cap;
    struct hashmap *finding_index; /* id to index */
};

/* ---- hours.c ---- */
void hour_init(struct hour *h, size_t n_supplies, size_t n_channels);
void hour_fini(struct hour *h);
/* The hour that a tick belongs to: it covers the minute that ends at t. */
tstamp_ns hour_of(tstamp_ns t);
void hour_add(struct hour *hour, const struct history *h, const struct tick *t);
/* Ends the hour: a statement that puts it in the place of the stored one. */
void hour_replace(const struct history *h, struct hour *hour, struct pg_txn *t);
/* Adds a tick; when it belongs to a later hour, the hour before is stored first. */
void hours_add(struct history *h, const struct tick *t);
void hours_flush(struct history *h);
/* Takes up the hour in which a live run was interrupted, from its stored ticks. Blocking. */
int hours_restore(struct history *h, const char *conninfo, struct err *err) MUSTCHECK;

/* ---- ticks.c ---- */
void ticks_put(struct history *h, const struct tick *t, bool recomputed);
void ticks_flush(struct history *h);
/* A statement that puts a tick in the place of the stored one, if that is still kept. */
void tick_replace(const struct history *h, const struct tick *t, struct pg_txn *txn);

/* ---- days.c ---- */
/* The supply-days of a tick that ends a UTC day (durable); of others nothing. */
void days_put(struct history *h, const struct tick *t);
/* A statement that puts them in the place of the stored ones. */
void days_replace(const struct history *h, const struct tick *t, struct pg_txn *txn);

/* ---- redo.c ---- */
/* What is left to be computed again from an earlier start. Blocking. */
int redo_open(struct history *h, const char *conninfo, struct err *err) MUSTCHECK;
/* Statements that ask for [from, to], a part of what is stored, to be computed again. */
void redo_ask(struct history *h, struct pg_txn *t, tstamp_ns from, tstamp_ns to);

/* ---- jobs.c ---- */
/* What is known of the jobs from earlier starts. Blocking. */
int jobs_open(struct history *h, const char *conninfo, struct err *err) MUSTCHECK;
/* A tick at t has passed: starts what is due. */
void jobs_step(struct history *h, tstamp_ns t);

/* ---- history.c ---- */
/* Frees a closed history when nobody knows it any more. */
void history_release_closed(struct history *h);

/* ---- findings.c ---- */
void findings_put(struct history *h, const struct tick *t);
/* What was not said and was open when the run stopped: who still tracks it says so again, and it is open; of
 * the rest nobody would ever say that it is over. Blocking. */
int findings_open(struct history *h, const char *conninfo, struct err *err) MUSTCHECK;

/* ---- renewals.c ---- */
/* What the tick has learned of supplies after work (durable). */
void renewals_put(struct history *h, const struct tick *t);

/* ---- revisions.c ---- */
/* The revision that a run which is opened goes on by: the newest stored one when nothing has changed, else a
 * new one. Blocking. */
int revisions_open(struct history *h, const char *conninfo, const struct history_revision *r,
                   struct err *err) MUSTCHECK;

/* ---- worktimes.c ---- */
/* The list as it stands, into the tables, and what of a live run's past it changes. Blocking; m may be NULL.
 */
int worktimes_open(struct history *h, const char *conninfo, const struct maintenance *m, tstamp_ns tail,
                   struct err *err) MUSTCHECK;

/* ---- register.c ---- */
/* Rows of the fleet's revision, and the numbers of them and of its supplies. Blocking. */
int register_fleet(struct history *h, const char *conninfo, struct err *err) MUSTCHECK;
/* The run's row and its start. Error: ERR_CONFIG when a run that is not live has the name already. Blocking.
 */
int register_run(struct history *h, const char *conninfo, const struct history_run *run,
                 struct err *err) MUSTCHECK;

/* ---- params.c ---- */
/* Appends an element to an array in text form ("{", quoted elements; NULL), or ends it. */
void history_array_text(struct buf *b, const char *s);
const char *history_array_end(struct buf *b);

/* Submits durable, or, for a connection without a spool, at least in memory. */
void history_submit(struct history *h, struct pg_txn *t);

/* Reconstruction per channel as it is stored: in hundredths of a standard deviation, up to 327.67 either way,
 * which takes half of what a float does; HISTORY_NONE for NaN. */
#define HISTORY_NONE INT16_MIN
int16_t history_hundredths(float sd);

/* The text of a time for a parameter; 0 gives NULL. */
const char *history_time(char out[TIMEFMT_LEN], tstamp_ns t);

/* A number from a statement that returns one as text; "" for no row or NULL. Blocking. */
int history_number(char out[16], const char *conninfo, const char *sql, int n, const char *const params[],
                   struct err *err) MUSTCHECK;
/* The instant of a statement that returns its Unix time in seconds; 0 for no row or NULL. Blocking. */
int history_instant(tstamp_ns *out, const char *conninfo, const char *sql, int n, const char *const params[],
                    struct err *err) MUSTCHECK;

#endif
