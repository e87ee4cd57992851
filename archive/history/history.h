/* The history in PostgreSQL: what psmon saw and said, per run ("live", or a replay's name).
 * Writing is asynchronous on the loop; schema in schema.c (migrations, views, comments).
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_HISTORY_HISTORY_H
#define PSM_ARCHIVE_HISTORY_HISTORY_H

#include "base/fleet.h"
#include "base/maintenance.h"
#include "base/pg/pg.h"
#include "base/tick.h"

#define RUN_LIVE "live"

struct history;

/* Migrations of component "history" (blocking), for start-up and commands. */
int history_migrate(const char *conninfo, struct err *err) MUSTCHECK;

/* What makes the rows of a run; each "" when there is none. */
struct history_revision {
    const char *model, *model_hash, *config_hash, *maintenance; /* the last: a hash of the list */
    double budget;                                              /* false findings a week */
};

/* Opens a run for writing: registers the fleet's revision (supplies, channels) and the run. kind "live" or
 * "replay"; an existing replay name is ERR_CONFIG. Blocking start. */
struct history_run {
    const char *name, *kind;
    struct history_revision revision;
    tstamp_ns from, to;  /* replay's span; 0 for live */
    bool resume;         /* a replay that is there already goes on */
    int keep_ticks_days; /* older ticks are dropped once a day (a live run does it, for all); 0: never */
    tstamp_ns tail;      /* how long after its end maintenance can still be seen in scores */
};
int history_open(struct history **out, struct pg *pg, const char *conninfo, const struct fleet *f,
                 const struct maintenance *m, const struct history_run *run, struct err *err) MUSTCHECK;
/* A replay that is closed without history_finish was broken off: it can go on. */
void history_finish(struct history *h);
void history_close(struct history *h);

/* The run goes on by another model or configuration: what is put from now on names the new revision
 * (durable). The same again changes nothing. */
void history_put_revision(struct history *h, const struct history_revision *r);
/* The number in force. */
int history_revision(const struct history *h);

/* Stores a tick (one row of arrays; at the end of an hour also the hourly rows; and the findings that are
 * new or changed, and what was learned of supplies after work). False: the database is away and the tick must
 * be recomputed later; the gap is remembered (history_gap). Findings and what was learned are always kept
 * (durable). Never blocks. */
bool history_put_tick(struct history *h, const struct tick *t);

/* Oldest span of ticks that was computed but could not be stored since start; false: none. */
bool history_gap(const struct history *h, tstamp_ns *from, tstamp_ns *to);
/* Stores a recomputed tick's scores (no findings), and forgets the gap up to it. */
bool history_put_recomputed(struct history *h, const struct tick *t);

/* Maintenance that has changed in a run (durable): the list is stored, and where it says something else of
 * the past, from `before`, ticks and hours are to be computed again (history_redo). tail: see history_run. */
void history_put_maintenance(struct history *h, const struct maintenance *before, const struct maintenance *m,
                             tstamp_ns tail);

/* Oldest span of stored ticks and hours that are to be computed again; false: none. Known also after a
 * restart. */
bool history_redo(const struct history *h, tstamp_ns *from, tstamp_ns *to);
/* Puts a tick of that span, and hours as they end, in the place of the stored ones, under the revision in
 * force; what is no longer stored stays so. In order from `from` on. False: the database is away, begin again
 * later. */
bool history_redo_tick(struct history *h, const struct tick *t);
/* The span up to `to` is done. */
void history_redo_end(struct history *h, tstamp_ns to);

/* Looks whether the imported maintenance has changed since it was last asked for; changed then gets the list,
 * which it owns. Never blocks; nothing happens while the database is away. */
void history_watch_imported(struct history *h, void (*changed)(void *arg, struct maintenance *imported),
                            void *arg);

/* What the history does by itself to keep the database in order: once a day of a live run's own time, one
 * that failed or found a table in use again after an hour. */
enum history_job_state { JOB_UNKNOWN, JOB_OK, JOB_WAITS, JOB_FAILED };
enum { JOB_FORGET_TICKS, JOB_CLOSE_MONTHS, HISTORY_JOBS };
struct history_job {
    const char *name; /* "forget ticks" */
    enum history_job_state state;
    char said[160];             /* of the last try: what was done, or PostgreSQL's own words */
    tstamp_ns tried, succeeded; /* wall clock; 0: never. Known also from before a restart */
};
/* [HISTORY_JOBS]; those that are not done in this run stay unknown. */
const struct history_job *history_jobs(const struct history *h);
const char *history_job_word(enum history_job_state s); /* "not tried yet", "ok", "waits", "failed" */
/* The first of jobs[HISTORY_JOBS] that somebody should look at: failed, or waiting for three days; NULL:
 * none.
 */
const struct history_job *history_job_in_trouble(const struct history_job jobs[], tstamp_ns now);

/* Ticks waiting to be stored: replay pauses above ~64. */
size_t history_backlog(const struct history *h);

struct history_rank {
    int rank; /* 1 …; 0: not ranked */
    const char *supply, *reason;
    const char *finding, *class; /* id and class of the finding that carries it; NULL: none */
    double score, chance;        /* NaN: SQL NULL */
};
/* A weekly ranking, frozen when issued: rows and the report's document (JSON text), one transaction,
 * durable. taken as pg_submit_durable's: before that nobody may be told of it; NULL is allowed. */
struct history_ranking {
    int revision; /* the one that made it, as history_revision said then */
    int number;
    tstamp_ns week_start, issued_at;
    const struct history_rank *rows;
    size_t n;
    const char *document_json;
};
void history_put_ranking(struct history *h, const struct history_ranking *r,
                         void (*taken)(void *arg, enum pg_taken how), void *arg);

/* ---- replays, blocking ---- */
struct history_replay {
    tstamp_ns from, to; /* its span */
    tstamp_ns stands;   /* everything up to it is stored; 0: nothing is */
    bool finished;
    char run[16], model[128], model_hash[80]; /* of its newest revision */
};
/* Where a replay stands. Error: ERR_CONFIG when there is none of that name. */
int history_replay(const char *conninfo, const char *name, struct history_replay *out,
                   struct err *err) MUSTCHECK;
/* Removes it and everything that is stored of it here; nothing of it may be open. */
int history_remove_replay(const char *conninfo, const struct history_replay *r, struct err *err) MUSTCHECK;

/* ---- at start-up, blocking ---- */
/* Time of the run's last stored tick; 0: none. */
int history_last_tick(const char *conninfo, const char *run, tstamp_ns *t, struct err *err) MUSTCHECK;
/* Findings of the run that are open; *out caller frees. */
int history_open_findings(const char *conninfo, const struct fleet *f, const char *run, struct finding **out,
                          size_t *n, struct err *err) MUSTCHECK;
/* What the run has learned, by a model, of supplies after work; *out [*n] and each of it the caller frees.
 * What is of supplies or channels that have left the fleet is left out. */
int history_renewals(const char *conninfo, const struct fleet *f, const char *run, const char *model_hash,
                     struct renewal ***out, size_t *n, struct err *err) MUSTCHECK;
/* Findings of the run that were open at any time in [from, to); *out caller frees. */
int history_findings(const char *conninfo, const struct fleet *f, const char *run, tstamp_ns from,
                     tstamp_ns to, struct finding **out, size_t *n, struct err *err) MUSTCHECK;
/* The run that a command without --run speaks of: live where it has ticks, else the latest replay; NULL when
 * there is none. Caller frees. */
int history_default_run(const char *conninfo, char **run, struct err *err) MUSTCHECK;

/* ---- supply-days, blocking ---- */
struct history_day {
    tstamp_ns t;        /* end of the UTC day */
    const char *supply; /* name, also of one that has left the fleet */
    const char *model;  /* name of the one that judged it */
    double chance, any; /* a week over the scored fleet: after the minimum effect, before it */
    double all;         /* the chance at p = 1 */
    double budget;      /* in force; NaN: not known */
    unsigned beyond;    /* enum beyond */
};
/* Hands over the supply-days that a run stored with an end in (from, to], in no order; each borrowed. */
int history_days(const char *conninfo, const char *run, tstamp_ns from, tstamp_ns to,
                 void (*each)(void *arg, const struct history_day *d), void *arg, struct err *err) MUSTCHECK;
/* The newest end of a day stored of a run; 0: none. Error: ERR_CONFIG when there is no such run. */
int history_last_day(const char *conninfo, const char *run, tstamp_ns *t, struct err *err) MUSTCHECK;

/* Imported maintenance; *out caller frees. Entries of what is no longer in the fleet are left out. */
int history_imported(const char *conninfo, const struct fleet *f, struct maintenance **out,
                     struct err *err) MUSTCHECK;

/* ---- imports, blocking ---- */
enum history_table { HISTORY_TRIPS, HISTORY_OUTCOMES, HISTORY_MAINTENANCE };
/* A row in the order of the CSV contract: trips supply, time, cause; outcomes week, supply, outcome, note;
 * maintenance subject, start, end (NULL: open), work, repeat, timezone, until (NULL: none). Times in ISO
 * 8601. */
#define HISTORY_ROW_MAX 7
struct history_row {
    const char *value[HISTORY_ROW_MAX];
};
struct history_imported {
    size_t added, changed, same;
};
/* Writes rows in one transaction; one that is there already (by its key: supply and time, week and supply,
 * subject and start) is changed when it differs. Of rows with the same key the last counts. done may be NULL.
 */
int history_import(const char *conninfo, enum history_table table, const struct history_row rows[], size_t n,
                   struct history_imported *done, struct err *err) MUSTCHECK;

/* Takes imported maintenance back (by subject and start); *removed receives how many there were. */
int history_withdraw(const char *conninfo, const struct history_row rows[], size_t n, size_t *removed,
                     struct err *err) MUSTCHECK;

/* The document of the list issued for the week that holds `at` (0: the newest); *document NULL: none. Caller
 * frees. */
int history_report(const char *conninfo, const char *run, tstamp_ns at, char **document,
                   struct err *err) MUSTCHECK;

/* Models known: a row when trained, activated. */
int history_put_model(const char *conninfo, const char *name, const char *path, const char *hash,
                      tstamp_ns from, tstamp_ns to, const char *summary, bool active,
                      struct err *err) MUSTCHECK;

#endif
