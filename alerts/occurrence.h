/* One life of an alarm as the parts of this layer share it: the state machine, what it is about,
 * who acknowledged, what is still to be told. Not for includers outside alerts.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_OCCURRENCE_H
#define PSM_ALERTS_OCCURRENCE_H

#include "alerts/alarm.h"
#include "alerts/alerts.h"

#define OCCURRENCE_KEY_LEN 208
#define OCCURRENCE_BY_LEN 64
#define OCCURRENCE_NOTE_LEN 256

/* Subject and detector of psmon's own conditions. */
#define MONITOR_SUBJECT "psmon"
#define MONITOR_WORD "monitor"

struct occurrence {
    char id[ALERTS_ID_LEN];
    char key[OCCURRENCE_KEY_LEN]; /* what it is about; at most one raised occurrence per key */
    bool monitor;                 /* psmon's own condition; finding is then filled as far as it goes */
    struct finding finding;       /* the latest that held it; its texts are valid UTF-8 */
    struct alarm alarm;
    tstamp_ns acknowledged; /* 0: not */
    char acknowledged_by[OCCURRENCE_BY_LEN], note[OCCURRENCE_NOTE_LEN];
    unsigned owed;  /* bits 1 << enum alarm_event_kind: happened in quiet ticks, not told */
    bool told;      /* its raise was handed to the outbox */
    bool ack_taken; /* its acknowledgement was taken up and is being told */
    bool present;   /* in the tick being stepped */
    bool dirty;     /* differs from its row */
};

static inline const char *occurrence_class(const struct occurrence *o)
{
    return o->monitor ? MONITOR_WORD : finding_class_name(o->finding.class);
}

static inline const char *occurrence_detector(const struct occurrence *o)
{
    return o->monitor ? MONITOR_WORD : o->finding.detector;
}

#endif
