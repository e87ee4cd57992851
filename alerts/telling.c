/* Who is told what, and when: events of occurrences become messages; few of them, see flood.h.
 * SPDX-License-Identifier: MIT */
#include "alerts/flood.h"
#include "alerts/message.h"
#include "alerts/parts.h"
#include "alerts/store.h"
#include "alerts/webhook.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHICH_LEN (FINDING_NAME_LEN + 24)

/* The alarms that were told and have been folded into o; caller frees. */
static const char **folded_into(const struct occurrences *s, const struct occurrence *o, size_t *n)
{
    const char **list = xcalloc(s->n + 1, sizeof *list);
    *n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->occ[i]->told && strcmp(s->occ[i]->folded_into, o->id) == 0)
            list[(*n)++] = s->occ[i]->id;
    return list;
}

/* Growth is told for a wider subject, or for alarms that were folded in: no two are the same. */
static void which_growth(char out[WHICH_LEN], const struct occurrence *o, size_t n_folded)
{
    snprintf(out, WHICH_LEN, "%s\n%zu", o->finding.subject, n_folded);
}

void tell_now(struct occurrences *s, struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t,
              const char *continued_as)
{
    char id[WEBHOOK_ID_LEN], type[64], which[WHICH_LEN] = "";
    struct message_links links = {.continued_as = continued_as};
    const char **folded = folded_into(s, o, &links.n_folded);
    links.folded = folded;
    if (kind == ALARM_GROWN)
        which_growth(which, o, links.n_folded);
    webhook_id(id, s->run, o->id, kind, which);
    snprintf(type, sizeof type, MESSAGE_TYPE_PREFIX "%s", alarm_event_name(kind));
    char *text = message_event(o, kind, t, s->run, s->source, &links);
    outbox_add(s->outbox, s->txn, &(struct outbox_message){id, o->id, type, text, kind == ALARM_RETURNED});
    free(text);
    free(folded);
    o->told |= kind == ALARM_RAISED;
    o->dirty = true;
}

void tell_no_more(struct occurrences *s, const struct occurrence *o)
{
    outbox_withdraw(s->outbox, s->txn, o->id);
}

/* People hear of raised first; of the others only when they heard of that; and nothing more of what is part
 * of another. */
void tell(struct occurrence *o, enum alarm_event_kind kind)
{
    if (*o->folded_into || (kind != ALARM_RAISED && !o->told && !(o->owed & tell_bit(ALARM_RAISED))))
        return;
    o->owed |= tell_bit(kind);
    o->dirty = true;
}

/* What follows the raising, in the order of a life. */
static void tell_rest(struct occurrences *s, struct occurrence *o)
{
    unsigned owed = o->owed;
    if (owed & (tell_bit(ALARM_RAISED) | tell_bit(ALARM_GROWN)))
        return; /* it waits for that */
    o->owed = 0;
    if (owed & tell_bit(ALARM_ACKNOWLEDGED))
        tell_now(s, o, ALARM_ACKNOWLEDGED, o->acknowledged, NULL);
    if (owed & tell_bit(ALARM_RETURNED))
        tell_now(s, o, ALARM_RETURNED, o->alarm.returned, NULL);
}

void tell_acknowledged(struct occurrences *s, struct occurrence *o)
{
    if (!s->quiet)
        tell_rest(s, o);
}

/* ---- floods ---- */

bool tell_is_flood(const struct occurrence *o)
{
    return o->monitor && strcmp(o->finding.signal, FLOOD_WORD) == 0;
}

static struct occurrence *flood_alarm(const struct occurrences *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (tell_is_flood(s->occ[i]) && occurrence_alive(s->occ[i]))
            return s->occ[i];
    return NULL;
}

static struct flood_count count_window(const struct occurrences *s)
{
    struct flood_count c = {0};
    for (size_t i = 0; i < s->n; i++)
        if (!tell_is_flood(s->occ[i]))
            flood_add(&c, s->occ[i], s->now);
    return c;
}

/* Supplies are many: they are said by sector. */
static const char *place_name(const struct occurrences *s, const struct occurrence *o)
{
    struct fold_place p = fold_place(s->fleet, o->finding.subject);
    return p.kind == FOLD_SUPPLY
               ? s->fleet->groups[GROUP_SECTOR].name[s->fleet->supplies[p.index].group[GROUP_SECTOR]]
               : o->finding.subject;
}

static void add_place(struct flood_report *r, const char *name)
{
    size_t i = 0;
    while (i < r->n_places && strcmp(r->place[i].name, name) != 0)
        i++;
    if (i == r->n_places)
        snprintf(r->place[r->n_places++].name, FINDING_NAME_LEN, "%s", name);
    r->place[i].n++;
}

/* What a flood's alarm says of those it speaks for. */
static void describe(struct occurrences *s, struct occurrence *flood, bool over)
{
    char text[FLOOD_TEXT_LEN];
    struct flood_report r = {
        .place = xcalloc(s->n + 1, sizeof *r.place), .since = flood->alarm.pending, .over = over};
    for (size_t i = 0; i < s->n; i++) {
        const struct occurrence *o = s->occ[i];
        if (strcmp(o->flood, flood->id) != 0)
            continue;
        r.held++;
        r.open += occurrence_raised(o);
        add_place(&r, place_name(s, o));
    }
    flood_words(text, &r);
    free(r.place);
    if (strcmp(text, flood->finding.reason) == 0)
        return;
    snprintf(flood->finding.reason, sizeof flood->finding.reason, "%s", text);
    flood->dirty = true;
}

void tell_flood(struct occurrences *s)
{
    struct occurrence *flood = flood_alarm(s);
    if (!flood)
        return;
    struct flood_count c = count_window(s);
    flood->present = !flood_over(&c, flood->alarm.raised, s->now);
    describe(s, flood, !flood->present);
}

/* It is left to the flood's alarm, which begins with the first of them. */
static void hold_back(struct occurrences *s, struct occurrence *o)
{
    struct occurrence *flood = flood_alarm(s);
    if (!flood) {
        flood = event_condition(s, &(struct alerts_condition){FLOOD_WORD, ""});
        set_step(s, flood, &(struct alarm_input){.now = s->now, .present = true});
    }
    snprintf(o->flood, sizeof o->flood, "%s", flood->id);
    o->announced = s->now;
    o->owed = 0;
    o->dirty = true;
}

static void announce(struct occurrences *s, struct occurrence *o)
{
    o->announced = s->now;
    o->flood[0] = '\0';
    o->owed &= ~(tell_bit(ALARM_RAISED) | tell_bit(ALARM_GROWN));
    tell_now(s, o, ALARM_RAISED, o->alarm.raised, NULL);
}

static void announce_growth(struct occurrences *s, struct occurrence *o)
{
    o->grown = s->now;
    o->owed &= ~tell_bit(ALARM_GROWN);
    tell_now(s, o, ALARM_GROWN, s->now, NULL);
}

/* ---- a tick's end ---- */

/* Nothing to announce any more: what came and went untold is not told; what had been told has its end. */
static bool settled(struct occurrence *o)
{
    unsigned news = tell_bit(ALARM_RAISED) | tell_bit(ALARM_GROWN);
    if (!(o->owed & news))
        return true;
    if (occurrence_raised(o))
        return false;
    o->owed = o->owed & tell_bit(ALARM_RAISED) ? 0 : o->owed & ~news;
    o->dirty = true;
    return true;
}

/* Growth waits for room: it has been told of before, and the list shows it. */
static void announce_one(struct occurrences *s, struct occurrence *o, struct flood_count *c)
{
    bool raise = o->owed & tell_bit(ALARM_RAISED);
    if (raise && !flood_room(c)) {
        hold_back(s, o);
        return;
    }
    if (!raise && (!flood_room(c) || (o->grown && s->now - o->grown < FLOOD_WINDOW)))
        return;
    (raise ? announce : announce_growth)(s, o);
    c->told++;
}

void tell_due(struct occurrences *s, bool blind)
{
    struct flood_count c = count_window(s);
    struct occurrence **due = xcalloc(s->n + 1, sizeof(struct occurrence *));
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->occ[i]->owed && (s->occ[i]->monitor || !blind) && !tell_is_flood(s->occ[i]) &&
            !settled(s->occ[i]))
            due[n++] = s->occ[i];
    qsort(due, n, sizeof *due, flood_order);
    for (size_t i = 0; i < n; i++)
        announce_one(s, due[i], &c);
    free(due);
    struct occurrence *flood = flood_alarm(s);
    if (flood && n > 0)
        describe(s, flood, false);
    if (flood && flood->owed & tell_bit(ALARM_RAISED))
        announce(s, flood);
    for (size_t i = 0; i < s->n; i++)
        if (s->occ[i]->owed && (s->occ[i]->monitor || !blind))
            tell_rest(s, s->occ[i]);
}
