/* The daily jobs of a run, by its own time: old ticks go, of a replay of twenty years too; a live run's
 * months that are over are put in order. They are done in SQL (psmon_job in schema.c, which notes how each
 * went in table jobs); here is when, and what came of it. One at a time, each in a transaction of its own: a
 * lock that cannot be had costs that job alone, and a month that is rewritten (seconds) lets ticks through
 * before the next. SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A report over last year holds its locks for hours at most. */
#define WAITS_LONG (3 * NS_PER_DAY)

static const char *const names[HISTORY_JOBS] = {"forget ticks", "close months"};

/* A job under way. */
struct job_run {
    struct history *h;
    size_t job;
    tstamp_ns t; /* of the tick that it was due at */
};

const struct history_job *history_jobs(const struct history *h)
{
    return h->jobs.job;
}

const char *history_job_word(enum history_job_state s)
{
    static const char *const words[] = {"not tried yet", "ok", "waits", "failed"};
    return words[s];
}

const struct history_job *history_job_in_trouble(const struct history_job jobs[], tstamp_ns now)
{
    for (size_t i = 0; jobs && i < HISTORY_JOBS; i++)
        if (jobs[i].state == JOB_FAILED ||
            (jobs[i].state == JOB_WAITS && now - jobs[i].succeeded > WAITS_LONG))
            return &jobs[i];
    return NULL;
}

static enum history_job_state state_of(const char *word)
{
    return strcmp(word, "ok") == 0 ? JOB_OK : strcmp(word, "waits") == 0 ? JOB_WAITS : JOB_FAILED;
}

static void say(const struct history_job *j, enum history_job_state before)
{
    if (j->state == JOB_OK && (*j->said || before == JOB_FAILED))
        log_info("upkeep", "job=\"%s\" done: %s", j->name, j->said);
    else if (j->state == JOB_FAILED)
        log_error("upkeep", "job=\"%s\" failed, tried again in an hour: %s", j->name, j->said);
    else if (j->state == JOB_WAITS)
        log_warning("upkeep", "job=\"%s\" waits, tried again in an hour: %s", j->name, j->said);
}

/* Row: state, said, more; NULL: no answer. */
static void on_done(void *arg, const struct pg_rows *rows)
{
    struct job_run *r = arg;
    struct history *h = r->h;
    h->jobs.under_way = false;
    if (h->closed) {
        history_release_closed(h);
        free(r);
        return;
    }
    struct history_job *j = &h->jobs.job[r->job];
    enum history_job_state before = j->state;
    bool answered = rows && rows->n_rows == 1, more = answered && rows->value[2][0] == 't';
    if (answered || pg_up(h->pg)) { /* without an answer from a database that is there: refused */
        j->state = answered ? state_of(rows->value[0]) : JOB_FAILED;
        snprintf(j->said, sizeof j->said, "%s",
                 answered ? rows->value[1] : "the database refused the statement; see the log");
        j->tried = clock_wall();
        j->succeeded = j->state == JOB_OK ? j->tried : j->succeeded;
        say(j, before);
    }
    if (!answered || j->state != JOB_OK)
        h->jobs.due[r->job] = r->t + NS_PER_HOUR;
    else if (!more)
        h->jobs.due[r->job] = r->t - r->t % NS_PER_DAY + NS_PER_DAY;
    jobs_step(h, r->t); /* the next, or more of the same */
    free(r);
}

static void ask(struct history *h, size_t job, tstamp_ns t)
{
    char time[TIMEFMT_LEN], days[16];
    struct job_run *r = xcalloc(1, sizeof *r);
    *r = (struct job_run){h, job, t};
    snprintf(days, sizeof days, "%d", h->keep_ticks_days);
    const char *const params[4] = {names[job], h->run_id, days, timefmt_iso(time, t)};
    h->jobs.under_way = true;
    pg_query(h->pg, "SELECT state, said, more FROM psmon_job($1, $2::int, $3::int, $4::timestamptz)", 4,
             params, on_done, r);
}

static bool wanted(const struct history *h, size_t job)
{
    if (job == JOB_FORGET_TICKS)
        return h->keep_ticks_days > 0;
    return h->live; /* months are put in order by one at a time */
}

void jobs_step(struct history *h, tstamp_ns t)
{
    for (size_t i = 0; i < HISTORY_JOBS && !h->jobs.under_way && pg_up(h->pg); i++)
        if (wanted(h, i) && t >= h->jobs.due[i])
            ask(h, i, t);
}

int jobs_open(struct history *h, const char *conninfo, struct err *err)
{
    struct pg_rows *rows = NULL;
    for (size_t i = 0; i < HISTORY_JOBS; i++)
        h->jobs.job[i] = (struct history_job){.name = names[i]};
    int rc = pg_run(conninfo,
                    "SELECT job, state, said, extract(epoch FROM tried)::bigint, extract(epoch FROM"
                    " succeeded)::bigint FROM jobs",
                    0, NULL, &rows, err);
    if (rc != 0)
        return rc;
    for (int r = 0; r < rows->n_rows; r++) {
        char *const *v = rows->value + (size_t)r * (size_t)rows->n_columns;
        for (size_t i = 0; i < HISTORY_JOBS; i++) {
            struct history_job *j = &h->jobs.job[i];
            if (strcmp(v[0], names[i]) != 0 || !wanted(h, i))
                continue;
            j->state = state_of(v[1]);
            snprintf(j->said, sizeof j->said, "%s", v[2]);
            j->tried = strtoll(v[3], NULL, 10) * NS_PER_S;
            j->succeeded = v[4] ? strtoll(v[4], NULL, 10) * NS_PER_S : 0;
        }
    }
    pg_rows_free(rows);
    return 0;
}
