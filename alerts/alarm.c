/* The alarm's state machine; see alarm.h. SPDX-License-Identifier: MIT */
#include "alerts/alarm.h"

#include <assert.h>
#include <string.h>

/* Why a transition fires. */
enum cause {
    CAUSE_PRESENT, /* the condition holds */
    CAUSE_ABSENT,  /* it does not */
    CAUSE_HELD,    /* it has held for the on-delay, and holds now */
    CAUSE_GONE,    /* it has been away for the off-delay */
    CAUSE_ACK,
    CAUSE_EXPIRED,
    CAUSE_SUPERSEDED,
    CAUSE_FOLDED,
};

/* The whole life; the first row that fits fires. README.md shows the same table. */
static const struct row {
    enum alarm_state from;
    enum cause cause;
    enum alarm_state to;
    enum alarm_event_kind event;
} table[] = {
    {ALARM_NORMAL, CAUSE_PRESENT, ALARM_PENDING, ALARM_BEGUN},
    {ALARM_PENDING, CAUSE_SUPERSEDED, ALARM_NORMAL, ALARM_SUPERSEDED},
    {ALARM_PENDING, CAUSE_FOLDED, ALARM_NORMAL, ALARM_FOLDED},
    {ALARM_PENDING, CAUSE_ABSENT, ALARM_NORMAL, ALARM_WITHDRAWN},
    {ALARM_PENDING, CAUSE_HELD, ALARM_UNACK, ALARM_RAISED},
    {ALARM_UNACK, CAUSE_SUPERSEDED, ALARM_NORMAL, ALARM_SUPERSEDED},
    {ALARM_UNACK, CAUSE_FOLDED, ALARM_NORMAL, ALARM_FOLDED},
    {ALARM_UNACK, CAUSE_ACK, ALARM_ACK, ALARM_ACKNOWLEDGED},
    {ALARM_UNACK, CAUSE_GONE, ALARM_RTN_UNACK, ALARM_RETURNED},
    {ALARM_ACK, CAUSE_SUPERSEDED, ALARM_NORMAL, ALARM_SUPERSEDED},
    {ALARM_ACK, CAUSE_FOLDED, ALARM_NORMAL, ALARM_FOLDED},
    {ALARM_ACK, CAUSE_GONE, ALARM_NORMAL, ALARM_RETURNED},
    {ALARM_RTN_UNACK, CAUSE_SUPERSEDED, ALARM_NORMAL, ALARM_SUPERSEDED},
    {ALARM_RTN_UNACK, CAUSE_ACK, ALARM_NORMAL, ALARM_ACKNOWLEDGED},
    {ALARM_RTN_UNACK, CAUSE_EXPIRED, ALARM_NORMAL, ALARM_EXPIRED},
};

static bool holds(enum cause c, const struct alarm *a, const struct alarm_rule *r,
                  const struct alarm_input *in, bool stale)
{
    switch (c) {
    case CAUSE_PRESENT: return !stale && in->present;
    case CAUSE_ABSENT: return !stale && !in->present;
    case CAUSE_HELD: return !stale && in->present && in->now - a->pending >= r->on_delay;
    case CAUSE_GONE: return !stale && a->absent != 0 && in->now - a->absent >= r->off_delay;
    case CAUSE_ACK: return in->ack;
    case CAUSE_EXPIRED: return !stale && in->now - a->returned >= r->expire;
    case CAUSE_SUPERSEDED: return in->superseded;
    case CAUSE_FOLDED: return in->folded;
    }
    return false;
}

static void note_condition(struct alarm *a, const struct alarm_input *in)
{
    if (a->state != ALARM_UNACK && a->state != ALARM_ACK)
        return;
    if (in->present == (a->absent == 0))
        return;
    a->absent = in->present ? 0 : in->now;
    a->since = in->now;
}

static void enter(struct alarm *a, const struct row *row, tstamp_ns t)
{
    if (row->event == ALARM_BEGUN)
        *a = (struct alarm){.pending = t};
    if (row->event == ALARM_RAISED)
        a->raised = t;
    if (row->event == ALARM_RETURNED)
        a->returned = t;
    a->state = row->to;
    a->since = t;
}

static const struct row *find_row(const struct alarm *a, const struct alarm_rule *r,
                                  const struct alarm_input *in, bool stale)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].from == a->state && holds(table[i].cause, a, r, in, stale))
            return &table[i];
    return NULL;
}

int alarm_step(struct alarm *a, const struct alarm_rule *r, const struct alarm_input *in,
               struct alarm_event out[])
{
    bool stale = in->now < a->since;
    tstamp_ns t = stale ? a->since : in->now;
    struct alarm_input left = *in;
    if (a->state != ALARM_UNACK && a->state != ALARM_RTN_UNACK)
        left.ack = false; /* an acknowledgement is for what was raised before it */
    if (a->state == ALARM_NORMAL)
        left.superseded = left.folded = false;
    if (!stale)
        note_condition(a, in);

    int n = 0;
    const struct row *row;
    while ((row = find_row(a, r, &left, stale)) != NULL) {
        assert(n < ALARM_EVENTS_MAX);
        out[n++] = (struct alarm_event){row->event, row->from, row->to, t};
        enter(a, row, t);
        if (row->cause == CAUSE_ACK)
            left.ack = false;
        if (a->state == ALARM_NORMAL)
            break; /* a life has ended; the next one begins with the next input */
    }
    return n;
}

static const char *const state_names[ALARM_STATE_COUNT] = {"NORMAL", "PENDING", "UNACK", "ACK", "RTN_UNACK"};

const char *alarm_state_name(enum alarm_state s)
{
    assert(s < ALARM_STATE_COUNT);
    return state_names[s];
}

enum alarm_state alarm_state_parse(const char *name)
{
    int s = 0;
    while (s < ALARM_STATE_COUNT && strcmp(state_names[s], name) != 0)
        s++;
    return (enum alarm_state)s;
}

const char *alarm_event_name(enum alarm_event_kind k)
{
    static const char *const names[ALARM_EVENT_COUNT] = {"begun",        "withdrawn", "raised",
                                                         "acknowledged", "returned",  "expired",
                                                         "superseded",   "folded",    "grown"};
    assert(k < ALARM_EVENT_COUNT);
    return names[k];
}
