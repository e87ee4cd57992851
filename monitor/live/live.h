/* The resident monitor: its state, shared by the files of this room.
 *
 *   CATCHING_UP  recorded time is read in spans, up to now: the warm-up of the windows first, then ticks that
 *                were missed, quietly
 *   LIVE         one poll and one tick a period: archiver.settle after the tick's time the archive is asked
 * for its readings at that time, which are what a replay will find there BLIND        the archiver does not
 * answer, or answers nothing new: no ticks are made; polls go on with back-off; then the hole is caught up
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_LIVE_LIVE_H
#define PSM_MONITOR_LIVE_LIVE_H

#include "monitor/page/snapshot.h"
#include "monitor/session.h"
#include "monitor/span.h"

enum phase { PHASE_CATCHING_UP, PHASE_LIVE, PHASE_BLIND };

#define MAX_CONDITIONS 16
#define DISK_TEXT_LEN 200

#define PAGE_MISSED 2 /* tests in a row after which the page is opened again */

struct steps;         /* of the machine's clock */
struct model_watch;   /* notices and loads another model */
struct audit;         /* compares ticks with the archive afterwards */
struct repair;        /* recomputes ticks that the database missed */
struct chances_watch; /* whether the stated chance held */

struct live {
    struct context context;
    struct session session;
    uv_loop_t loop;
    struct source *source;

    enum phase phase;
    tstamp_ns last;         /* grid time of the last tick, scored or warm; 0: none */
    tstamp_ns polled;       /* grid time whose readings the poll under way asks for */
    tstamp_ns last_kept;    /* tick that the history had at the start; 0: none */
    tstamp_ns first_scored; /* frames before it are warm-up */
    struct span *span;
    tstamp_ns span_from, span_to;
    int spans; /* one after the other in this catching up */

    uv_timer_t timer;            /* next poll, or next attempt */
    struct source_request *poll; /* under way; NULL: none */
    unsigned failures;           /* polls or spans in a row that failed */
    size_t valueless;            /* channels that the last poll's live answer named without a value */
    bool fresh;                  /* the poll brought a sample that is newer than what was known */
    tstamp_ns last_fresh;        /* when a poll last did, monitor's clock */
    struct err archiver_error;
    bool archiver_tried, archiver_reached; /* something has come back of it; it has answered */
    bool archiver_up;
    tstamp_ns archiver_since;    /* monitor's clock; the start while it was never reached */
    tstamp_ns poll_began;        /* monotonic */
    tstamp_ns connections_asked; /* monotonic */
    bool asking;                 /* for it, now */
    bool waiting;                /* a tick is, for that answer */

    struct steps *steps;                  /* NULL until the first catching up */
    struct source_request *clock_request; /* which clock is right; NULL: not asked */
    tstamp_ns clock_asked;                /* monotonic; 0: not yet */

    struct repair *repair;
    struct audit *audit; /* NULL before the first live tick */
    struct model_watch *watch;
    struct chances_watch *chances; /* NULL before it is first asked */
    uv_timer_t housekeeping;       /* model, gaps, status */
    uv_timer_t watchdog;
    tstamp_ns alive_every, alive_told; /* of systemd's watchdog, monotonic; every 0: there is none */
    size_t memory_unused;              /* of the heap, when it was last given back */
    tstamp_ns page_tested;             /* monotonic */
    unsigned page_failures;            /* of its tests in a row */
    bool page_worked;
    int claim; /* of state_dir, see claim.c; -1 */
    uv_signal_t signals[3];
    bool stopping;

    struct snapshot snapshot;
    char phase_text[96], disk_text[DISK_TEXT_LEN];
    char model_trouble[400], clock_trouble[200];
    struct alerts_condition conditions[MAX_CONDITIONS];
    char condition_text[MAX_CONDITIONS][400];
    tstamp_ns stages_shown; /* monotonic */
};

/* run.c */
/* The session goes on in another world, which it takes over. reread: windows are made by what has changed:
 * recorded time is read again. */
void live_enter(struct live *l, struct world *next, bool reread);

/* Tells systemd's watchdog that work goes on, when it is time to: for work that keeps the loop from turning.
 */
void live_alive(struct live *l);

/* Gives the system back what the heap no longer uses, when it is much. */
void live_give_back_memory(struct live *l);

/* claim.c */
/* One monitor on a state_dir: takes it, or says who has it. Until live_unclaim. Errors: ERR_IO. */
int live_claim(struct live *l, struct err *err) MUSTCHECK;
void live_unclaim(struct live *l);

/* steps.c */
/* The time that the monitor goes by: the configured clock, unless the machine's was set and the archiver
 * disagrees. */
tstamp_ns live_now(const struct live *l);
/* Finds out what time it is, then catches up. last: tick of the history; 0: none. */
void live_begin(struct live *l, tstamp_ns last);
/* Notices a step since the last look; asks the archiver which clock is right. */
void live_look_at_clock(struct live *l);
void live_end_clock(struct live *l);
void live_clock_trouble(const struct live *l, char *text, size_t size); /* in words; "": none */

/* watch.c */
void live_watch_begin(struct live *l);
/* Looks whether another model is active, or the file of the same name has changed; loads it beside the loop
 * and takes it over when it can be used. */
void live_watch_model(struct live *l);
void live_watch_end(struct live *l); /* after the loop has run empty */

/* catchup.c */
/* Reads recorded time from after the last tick (or, with a fresh pipeline, from the warm-up) to now. */
void live_catch_up(struct live *l);
/* A fresh pipeline, and everything it needs to know read again. */
void live_restart(struct live *l);

/* poll.c */
tstamp_ns live_settled(const struct live *l);           /* newest grid time that may be asked for now */
void live_follow(struct live *l);                       /* starts LIVE */
void live_blind(struct live *l, const struct err *why); /* starts or continues BLIND */
double live_backoff_s(unsigned failures);               /* 1, 2, 4 … 60 s, with jitter */
void live_archiver_is(struct live *l, bool up);         /* what has come back of it */

/* repair.c */
void live_repair(struct live *l); /* starts a repair when there is a gap and none is under way */
/* Goes on in the next generation, like the live pipeline (pipeline_change). NULL is fine. */
void repair_change(struct repair *r, struct world *next);
void repair_free(struct repair *r);

/* chances.c */
void live_watch_chances(struct live *l); /* asks again when a day is over */
/* What was last known; NULL: nothing yet. */
const struct chances *live_chances(const struct live *l);
void live_watch_chances_end(struct live *l); /* after the loop has run empty */

/* audit.c */
void live_audit(struct live *l, const struct frame *f); /* after each live tick */
void audit_free(struct audit *a);

/* show.c */
size_t live_conditions(struct live *l, tstamp_ns now); /* fills l->conditions, returns their number */
const struct snapshot *live_snapshot(void *arg);
void live_show_stages(struct live *l);

#endif
