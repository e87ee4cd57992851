/* Whether the chance that psmon states holds where it is used: of some weeks of a run, supply-days and
 * findings at chances of at most 1, 3, 10, 100 a week, those that were stated and those that came, by what
 * went on. What stands behind psmon audit, the page, /metrics, the report's line and psmon's own alarm.
 *
 * A supply-day counts when 12 of its hours were evaluated. Of one that the model judged by itself c/all are
 * stated at chance c (all: the supply-days of its scored fleet in a week), whatever the model or the budget,
 * which may change within the weeks. Left out are the days of a supply while a finding of its own was open
 * that was true, from its onset on, and the 72 h for which windows hold it after: an outcome says "fault
 * found" for a list of a week in which it was open, or its alarm was acknowledged and no such outcome says
 * "nothing found". SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_CHANCES_CHANCES_H
#define PSM_MONITOR_CHANCES_CHANCES_H

#include "archive/history/history.h"
#include "base/buf.h"
#include "base/finding.h"
#include "base/maintenance.h"
#include "detectors/model/counts.h"

#define CHANCES_WEEKS 12 /* as long as nobody asks for others */

/* What went on, the first that applies. */
enum chance_context {
    CHANCES_EVENT,  /* an open finding of a group in the supply's sector, from its onset on */
    CHANCES_AFTER,  /* one ended within 72 h before, the longest window of a statistic */
    CHANCES_WORK,   /* work on it, or on it among others, within 72 h before; on it alone, within 14 days */
    CHANCES_BEYOND, /* it stood at a current that its reference never had */
    CHANCES_COMMON, /* air, water or groups so far off that what they do to it is doubtful (enum beyond) */
    CHANCES_QUIET,
    CHANCES_ALL, /* of them together */
    CHANCES_CONTEXTS
};

enum chance_kind {
    CHANCES_DAYS,     /* supply-days before the minimum effect: what the calibration is worth */
    CHANCES_EFFECT,   /* supply-days after it: not more than stated */
    CHANCES_FINDINGS, /* of supplies, said or not, data apart: not more than stated */
    CHANCES_KINDS
};

#define CHANCES_LEVELS 4
extern const double chances_level[CHANCES_LEVELS]; /* 1, 3, 10, 100 a week */

/* The stated chance holds within a factor of CHANCES_FACTOR. */
#define CHANCES_FACTOR 2.0
enum chance_verdict {
    CHANCES_OPEN,   /* too few cases: the range of what may be reaches over a limit */
    CHANCES_HOLD,   /* all of the range within the factor; of what may be fewer, not above it */
    CHANCES_OFTEN,  /* all of it above */
    CHANCES_SELDOM, /* all of it below, from eight weeks on; of CHANCES_DAYS alone */
    CHANCES_VERDICTS
};

struct chance_cell {
    double stated, seen;
    double cases;             /* independent ones that the seen are worth */
    struct count_range range; /* of the mean of what was seen (counts.h) */
    enum chance_verdict verdict;
};

#define CHANCES_MODELS 16
struct chances {
    char run[64];
    tstamp_ns from, to;             /* ends of the days that are stored: (from, to]; to 0: none is */
    size_t days[CHANCES_CONTEXTS];  /* supply-days that count */
    size_t left_out, true_findings; /* supply-days for a true finding; those findings */
    size_t gone;                    /* supply-days of supplies that left the fleet */
    struct chance_cell cell[CHANCES_CONTEXTS][CHANCES_KINDS][CHANCES_LEVELS]; /* stated 0: not known */
    struct uniform uniform[CHANCES_CONTEXTS]; /* of p before the minimum effect */
    struct {
        char name[64];
        size_t days;
    } model[CHANCES_MODELS]; /* that judged; the last stands for all others too */
    size_t n_models;
};

/* ---- adding up, chances.c ---- */
/* A finding as the history has it. */
struct chance_finding {
    struct finding f; /* subject, supply, class, chance, onset, first_seen, closed */
    bool truth;       /* see above */
};
struct chances_sum;
/* Of (from, to], whole UTC days; borrows all but the findings, which may be freed after the call. */
struct chances_sum *chances_begin(const struct fleet *f, const struct maintenance *m, tstamp_ns from,
                                  tstamp_ns to, const struct chance_finding findings[], size_t n);
void chances_day(struct chances_sum *s, const struct history_day *d);
/* Judges and frees. */
void chances_end(struct chances_sum *s, struct chances *out);

/* The cell that is farthest out, of single contexts unless only all together show it; NULL: none is out. */
const struct chance_cell *chances_worst(const struct chances *c, enum chance_context *context,
                                        enum chance_kind *kind, size_t *level);

/* ---- asking the history, chances_gather.c ---- */
/* Of the newest `weeks` of a run up to its last stored day, or up to `to` (0: that day). m: with the file's
 * maintenance; what was imported is asked for. Blocking: a second for twelve weeks of 1,320 supplies. A run
 * without supply-days gives out->to 0. */
int chances_gather(struct chances *out, const char *conninfo, const char *run, const struct fleet *f,
                   const struct maintenance *m, int64_t weeks, tstamp_ns to, struct err *err) MUSTCHECK;

/* ---- showing, chances_show.c ---- */
const char *chances_context_name(enum chance_context c); /* "group event", … */
const char *chances_kind_name(enum chance_kind k);
const char *chances_verdict_name(enum chance_verdict v);
/* In a line: what is worst and where, or that it holds, or that nothing can be told yet. */
#define CHANCES_LINE_LEN 400
char *chances_line(char out[CHANCES_LINE_LEN], const struct chances *c);
/* Whether that line is an alarm. */
bool chances_broken(const struct chances *c);
void chances_text(struct buf *out, const struct chances *c);
void chances_csv(struct buf *out, const struct chances *c);
void chances_json(struct buf *out, const struct chances *c);

#endif
