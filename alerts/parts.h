/* The occurrences of a run, as the files that work on them share it: occurrences.c has the set and its calls,
 * events.c makes findings into occurrences, telling.c says what happened. Not for others.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_PARTS_H
#define PSM_ALERTS_PARTS_H

#include "alerts/occurrence.h"
#include "alerts/occurrences.h"
#include "base/hashmap.h"

/* Where a finding is. */
struct finding_at {
    size_t occurrence, child; /* in occ, in its children */
};

struct occurrences {
    struct outbox *outbox;
    char *run, *source;
    const struct fleet *fleet; /* borrowed; NULL: none */
    struct alarm_rule rule;
    struct occurrence **occ; /* oldest first; those that are over stay for STORE_REMEMBER */
    size_t n, cap;
    struct hashmap *by_finding; /* index in at of the latest with that finding; NULL: to be made */
    struct finding_at *at;
    size_t n_at, cap_at;
    struct pg_txn *txn; /* being built */
    tstamp_ns now;      /* data time of the last tick; 0: none yet */
    bool quiet;         /* the last tick was */
    bool restored;      /* what the database knew is here */
    struct alarm_view *view;
    size_t n_view, cap_view;
    unsigned long transitions;
};

/* ---- the set (occurrences.c) ---- */

/* Its condition is followed: a finding can hold it. */
bool occurrence_alive(const struct occurrence *o);
bool occurrence_raised(const struct occurrence *o);

/* The occurrence of a finding's identifier, one that is alive before others, and which of its children that
 * is (child may be NULL); NULL: there is none. */
struct occurrence *set_with_finding(struct occurrences *s, const char *id, struct alarm_child **child);
struct occurrence *set_with_id(struct occurrences *s, const char *id);
/* Takes over what o owns. */
struct occurrence *set_append(struct occurrences *s, const struct occurrence *o);
/* o has another child, its i-th. */
void set_put_child(struct occurrences *s, const struct occurrence *o, size_t i);

void set_step(struct occurrences *s, struct occurrence *o, const struct alarm_input *in);

/* ---- findings into occurrences (events.c) ---- */

/* Copies f, making its texts valid. */
void event_take_finding(struct finding *out, const struct finding *f);
void event_key(char out[OCCURRENCE_KEY_LEN], const struct finding *f, bool monitor);
void event_name_life(char out[ALERTS_ID_LEN], const struct finding *f, tstamp_ns begun);

/* What one tick says. */
void event_mark_findings(struct occurrences *s, const struct finding *findings, size_t n);
void event_mark_condition(struct occurrences *s, const struct alerts_condition *c);
/* A new one of psmon's own, that begins now. */
struct occurrence *event_condition(struct occurrences *s, const struct alerts_condition *c);

/* The children of another occurrence are `into`'s too from now on. */
void event_adopt(struct occurrences *s, struct occurrence *into, const struct occurrence *from);
/* Do both speak of one thing: a finding of one is one of the other's, or their keys are the same? */
bool event_shared(const struct occurrence *a, const struct occurrence *b);

/* ---- telling (telling.c) ---- */

static inline unsigned tell_bit(enum alarm_event_kind kind)
{
    return 1u << kind;
}

/* It is due to be told, with what else the tick brings. */
void tell(struct occurrence *o, enum alarm_event_kind kind);
/* Told at once: the outbox has it. continued_as: see message_event, or NULL. */
void tell_now(struct occurrences *s, struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t,
              const char *continued_as);
/* What was told of o is of no use any more to who has not got it yet. */
void tell_no_more(struct occurrences *s, const struct occurrence *o);

/* At the end of a tick that may tell; blind: only of psmon's own. */
void tell_due(struct occurrences *s, bool blind);
/* Acknowledgements, of what has been told and owes nothing before it. */
void tell_acknowledged(struct occurrences *s, struct occurrence *o);

/* Before occurrences are stepped: does a flood go on? */
void tell_flood(struct occurrences *s);
bool tell_is_flood(const struct occurrence *o);

#endif
