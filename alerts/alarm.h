/* The life of one alarm occurrence, as a pure state machine (words of ISA-18.2). No clock, no
 * memory of its own, no input or output: time and condition come in, the state changes, the events
 * come out. Times are data time, ns. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_ALARM_H
#define PSM_ALERTS_ALARM_H

#include "base/types.h"

#include <stdbool.h>

enum alarm_state {
    ALARM_NORMAL,    /* not yet begun, or over */
    ALARM_PENDING,   /* the condition holds, its on-delay has not passed: nobody is told */
    ALARM_UNACK,     /* raised, nobody has acknowledged */
    ALARM_ACK,       /* raised and acknowledged */
    ALARM_RTN_UNACK, /* the condition went away before anybody acknowledged */
    ALARM_STATE_COUNT
};

/* What happened. Each kind but the last happens at most once in an occurrence's life, so (occurrence, kind)
 * names a transition for ever. */
enum alarm_event_kind {
    ALARM_BEGUN,     /* NORMAL -> PENDING */
    ALARM_WITHDRAWN, /* gone before its on-delay had passed */
    ALARM_RAISED,
    ALARM_ACKNOWLEDGED,
    ALARM_RETURNED,   /* absent for the whole off-delay */
    ALARM_EXPIRED,    /* returned, and nobody acknowledged for rule.expire */
    ALARM_SUPERSEDED, /* another occurrence took over */
    ALARM_FOLDED,     /* it is part of another occurrence's event, which goes on for it */
    ALARM_GROWN,      /* its event is wider than it was; changes no state, and may happen again */
    ALARM_EVENT_COUNT
};

struct alarm_rule {
    tstamp_ns on_delay, off_delay; /* how long present before it is raised, absent before it returns */
    tstamp_ns expire;              /* RTN_UNACK that long: NORMAL */
};

struct alarm {
    enum alarm_state state;
    tstamp_ns since;            /* last change of any field; inputs older than this say nothing new */
    tstamp_ns pending;          /* when this life began; 0: never */
    tstamp_ns raised, returned; /* 0: not yet */
    tstamp_ns absent;           /* since when the condition is away while raised; 0: it holds */
};

struct alarm_input {
    tstamp_ns now;
    bool present;    /* the condition holds at now, and nothing suppresses it */
    bool ack;        /* somebody acknowledged this occurrence; without effect unless UNACK or RTN_UNACK */
    bool superseded; /* ends the occurrence at once */
    bool folded;     /* likewise, unless nothing holds it any more (RTN_UNACK) */
};

struct alarm_event {
    enum alarm_event_kind kind;
    enum alarm_state from, to;
    tstamp_ns t;
};

#define ALARM_EVENTS_MAX 2

/* Advances *a; writes what happened, in order, into out[ALARM_EVENTS_MAX] and returns the number.
 * An input whose now lies before a->since (a tick computed again) cannot change the condition; ack,
 * superseded and folded still count. */
int alarm_step(struct alarm *a, const struct alarm_rule *r, const struct alarm_input *in,
               struct alarm_event out[]);

/* "UNACK" …, "raised" …; alarm_state_parse returns ALARM_STATE_COUNT for an unknown word. */
const char *alarm_state_name(enum alarm_state s);
const char *alarm_event_name(enum alarm_event_kind k);
enum alarm_state alarm_state_parse(const char *name);

#endif
