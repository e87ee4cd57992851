/* One life of an alarm as the parts of this layer share it: the state machine, what it is about,
 * who acknowledged, what is still to be told. Not for includers outside alerts.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_OCCURRENCE_H
#define PSM_ALERTS_OCCURRENCE_H

#include "alerts/alarm.h"
#include "alerts/alerts.h"
#include "alerts/fold.h"

#define OCCURRENCE_KEY_LEN 208
#define OCCURRENCE_BY_LEN 64
#define OCCURRENCE_NOTE_LEN 256

/* Subject and detector of psmon's own conditions. */
#define MONITOR_SUBJECT "psmon"
#define MONITOR_WORD "monitor"

/* A finding of an occurrence's event, as it was last seen; its texts are valid UTF-8. closed: since when it
 * is not there any more. */
struct alarm_child {
    struct finding finding;
    struct fold_place place;
    tstamp_ns joined;
    char from[ALERTS_ID_LEN]; /* the occurrence that brought it when that was folded in; "": none */
    bool present;             /* in the tick being stepped */
    bool dirty;               /* differs from its row */
};

struct occurrence {
    char id[ALERTS_ID_LEN];
    char key[OCCURRENCE_KEY_LEN]; /* what it is about: of its finding */
    bool monitor;                 /* psmon's own condition; finding is then filled as far as it goes */
    struct finding finding;       /* the one that speaks for the event: of the widest subject */
    struct alarm_child *child;    /* all, in the order in which they came; owned. None of psmon's own */
    size_t n_children, cap_children;
    char folded_into[ALERTS_ID_LEN]; /* the occurrence that goes on for it; "": none */
    struct alarm alarm;
    tstamp_ns acknowledged; /* 0: not */
    char acknowledged_by[OCCURRENCE_BY_LEN], note[OCCURRENCE_NOTE_LEN];
    unsigned owed;             /* bits 1 << enum alarm_event_kind: happened in quiet ticks, not told */
    bool told;                 /* its raise was handed to the outbox (of a replay: would have been) */
    tstamp_ns announced;       /* when it was, or when it was left to a flood's alarm; 0: not yet */
    tstamp_ns grown;           /* when its growth was handed to the outbox last; 0: never */
    char flood[ALERTS_ID_LEN]; /* the flood's alarm that speaks for it; "": it was told by itself */
    bool ack_taken;            /* its acknowledgement was taken up and is being told */
    bool present;              /* in the tick being stepped: its condition, or one of its findings */
    bool dirty;                /* differs from its row */
};

static inline const char *occurrence_class(const struct occurrence *o)
{
    return o->monitor ? MONITOR_WORD : finding_class_name(o->finding.class);
}

static inline const char *occurrence_detector(const struct occurrence *o)
{
    return o->monitor ? MONITOR_WORD : o->finding.detector;
}

/* How many supplies it is about, none of psmon's own; how many of its findings hold. */
static inline uint32_t occurrence_supplies(const struct occurrence *o)
{
    return o->monitor ? 0 : o->finding.children ? o->finding.children : 1;
}

static inline size_t occurrence_n_open(const struct occurrence *o)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n_children; i++)
        n += o->child[i].finding.closed == 0;
    return n;
}

#endif
