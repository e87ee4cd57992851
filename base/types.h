/* The vocabulary of all layers: time, samples, modes, reasons.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TYPES_H
#define PSM_BASE_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef int64_t tstamp_ns; /* ns since 1970-01-01T00:00:00Z, UTC without leap seconds */

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_HOUR (3600 * NS_PER_S)
#define NS_PER_DAY (86400 * NS_PER_S)

/* EPICS alarm severity, epicsAlarmSeverity in alarm.h of EPICS Base */
enum severity { SEVERITY_NONE, SEVERITY_MINOR, SEVERITY_MAJOR, SEVERITY_INVALID };

enum sample_flag {
    SAMPLE_RECONNECTED = 1, /* first sample after a connection loss or an engine restart: the time
                               before it, back to the previous sample, is not covered */
    SAMPLE_LOST = 2,        /* no reading: the archiver has not been connected since t (value NaN) */
    SAMPLE_NOT_NUMBER = 4,  /* the archive holds text, an array or a structure here (value NaN) */
};

/* One archived reading of one channel. */
struct sample {
    tstamp_ns t;
    double value;     /* NaN: the archive holds no number here */
    uint8_t severity; /* enum severity */
    uint8_t status;   /* EPICS alarm status 0..21 */
    uint16_t flags;   /* enum sample_flag */
};

/* What a supply was doing in a minute. */
enum mode { MODE_UNKNOWN, MODE_OFF, MODE_RAMPING, MODE_SETTLING, MODE_STEADY, MODE_COUNT };

/* Why a supply was not scored in a tick; stored as these numbers. The precedence is in gate_reason. */
enum reason {
    REASON_SCORED = 0,
    REASON_MAINTENANCE,
    REASON_NO_MODEL,
    REASON_MISSING,
    REASON_STALE,
    REASON_OFF,
    REASON_RAMPING,
    REASON_SETTLING,
    REASON_MODE_NEVER_SEEN,
    REASON_TOO_FEW_SAMPLES,
    REASON_NO_NUMBER,  /* what comes is text or an array */
    REASON_INVALID,    /* what comes is marked INVALID, or NaN */
    REASON_AFTER_WORK, /* where it stands after work of its own is being learned */
    REASON_COUNT
};

/* "steady", "mode never seen" …; the words of the database, the page and the reports. */
const char *mode_name(enum mode m);
const char *reason_name(enum reason r);

#endif
