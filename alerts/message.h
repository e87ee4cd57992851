/* What is told, as JSON that README.md shows: an event of an occurrence, a sign of life, a test. It is made
 * when the event happens and kept in the outbox; an endpoint's shape makes of it what is sent. Pure. Not for
 * includers outside alerts, except MESSAGE_TYPE_PREFIX. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_MESSAGE_H
#define PSM_ALERTS_MESSAGE_H

#include "alerts/occurrence.h"

#define MESSAGE_TYPE_PREFIX "psmon.alarm."
#define MESSAGE_DIGITS 6 /* more than any of its numbers means; rows keep as many where they are text */

/* Other occurrences that a message names. */
struct message_links {
    const char *continued_as;  /* the occurrence that took over; NULL: none */
    const char *const *folded; /* [n_folded] alarms that were told before they became part of this one */
    size_t n_folded;
};

/* An event of an occurrence at data time t, one line, under 20 kB: of subjects and folded alarms as many as
 * have room, and their numbers. links may be NULL; caller frees. */
char *message_event(const struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t, const char *run,
                    const char *source, const struct message_links *links);

/* The same, of what neither disk nor database keep: with "durable": false in data. Caller frees. */
char *message_not_durable(const char *text);

/* A heartbeat (data: what is open and waiting) and a test; caller frees. */
char *message_heartbeat(tstamp_ns t, const char *run, const char *source, size_t n_open, size_t n_waiting);
char *message_test(tstamp_ns t, const char *source);

#endif
