/* Findings into occurrences: one event is one occurrence, findings are its children (fold.h says which belong
 * together). Identifiers are made of what happened, never of when it was written, so a tick that is computed
 * again after a crash makes the same rows again. SPDX-License-Identifier: MIT */
#include "alerts/parts.h"
#include "alerts/store.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_LEN 640

void event_take_finding(struct finding *out, const struct finding *f)
{
    *out = *f;
    words_clean(out->id);
    words_clean(out->subject);
    words_clean(out->detector);
    words_clean(out->signal);
    words_clean(out->unit);
    words_clean(out->reason);
    for (size_t i = 0; i < f->n_by && i < FINDING_CONTRIBUTORS; i++) {
        words_clean(out->by[i].signal);
        words_clean(out->by[i].unit);
    }
}

/* A supply can have several findings at once, told apart by what moved. */
void event_key(char out[OCCURRENCE_KEY_LEN], const struct finding *f, bool monitor)
{
    snprintf(out, OCCURRENCE_KEY_LEN, "%s|%s|%s", f->subject, monitor ? MONITOR_WORD : f->detector,
             f->signal);
    words_clean(out);
}

/* ---- names ---- */

/* A life's own name says when it began, so that it is nobody else's, whatever has been forgotten meanwhile:
 * counting those remembered gave the same number twice. */
void event_name_life(char out[ALERTS_ID_LEN], const struct finding *f, tstamp_ns begun)
{
    snprintf(out, ALERTS_ID_LEN, "%.*s-%08llx", FINDING_ID_LEN, f->id,
             (unsigned long long)(begun / NS_PER_S));
}

/* The life that begins with its finding has the finding's name. So has one of which nobody can know yet
 * whether it began earlier, the database being away: mostly it goes on, and is told under the identifier it
 * has; merge_row sees to the others. */
static void name_occurrence(struct occurrences *s, struct occurrence *o)
{
    bool known = set_with_finding(s, o->finding.id, NULL) != NULL;
    if (o->finding.first_seen == s->now || (!s->restored && !known))
        snprintf(o->id, sizeof o->id, "%s", o->finding.id);
    else
        event_name_life(o->id, &o->finding, s->now);
}

/* ---- an event's history ---- */

/* The event is wider than it was. which: what tells this from other growth; note: for people. */
static void note_growth(struct occurrences *s, struct occurrence *o, const char *which, const char *note)
{
    store_note(s->txn, s->run, o, &(struct store_note){ALARM_GROWN, which, note, s->now});
    log_info("alarm", "%s=%s subject=%s text=\"%s\"", alarm_event_name(ALARM_GROWN), o->id,
             o->finding.subject, note);
    s->transitions++;
    o->dirty = true;
}

/* People hear of growth once by itself: what an event is called grows a few times at most, and its list has
 * the rest. An alarm that a flood's has spoken for is told itself when it becomes a group's. */
static void tell_wider(struct occurrence *o)
{
    if (occurrence_raised(o) && *o->flood)
        tell(o, ALARM_RAISED);
    else if (occurrence_raised(o) && !o->grown)
        tell(o, ALARM_GROWN);
}

static void speak_for(struct occurrences *s, struct occurrence *o, const struct finding *f, bool wider)
{
    char note[NOTE_LEN];
    snprintf(note, sizeof note, "from %s to %s: %s", o->finding.subject, f->subject, f->reason);
    o->finding = *f;
    event_key(o->key, f, false);
    o->dirty = true;
    if (!wider || o->alarm.state == ALARM_NORMAL)
        return;
    note_growth(s, o, f->subject, note);
    tell_wider(o);
}

static const struct alarm_child *wider_of(const struct fleet *f, const struct alarm_child *a,
                                          const struct alarm_child *b)
{
    size_t x = fold_width(f, &a->place), y = fold_width(f, &b->place);
    if (x != y)
        return x > y ? a : b;
    return b->present && !a->present ? b : a;
}

/* The widest finding speaks for the event, and goes on to when it is over: what the event was is not taken
 * back. Of equals one that holds, of those the first. */
static void choose_speaker(struct occurrences *s, struct occurrence *o)
{
    const struct alarm_child *best = &o->child[0], *now = NULL;
    for (size_t i = 0; i < o->n_children; i++) {
        best = wider_of(s->fleet, best, &o->child[i]);
        if (strcmp(o->child[i].finding.id, o->finding.id) == 0)
            now = &o->child[i];
    }
    if (best != now)
        speak_for(s, o, &best->finding,
                  now && fold_width(s->fleet, &best->place) > fold_width(s->fleet, &now->place));
}

/* ---- children ---- */

static struct alarm_child *add_child(struct occurrences *s, struct occurrence *o, const struct alarm_child *c)
{
    xgrow(&o->child, &o->cap_children, o->n_children + 1, sizeof *o->child);
    struct alarm_child *made = &o->child[o->n_children++];
    *made = *c;
    made->dirty = true;
    o->present |= made->present;
    set_put_child(s, o, o->n_children - 1);
    return made;
}

static void join(struct occurrences *s, struct occurrence *o, const struct finding *f)
{
    struct alarm_child c = {.joined = s->now, .present = true};
    event_take_finding(&c.finding, f);
    c.place = fold_place(s->fleet, c.finding.subject);
    add_child(s, o, &c);
    choose_speaker(s, o);
}

static bool has_finding(const struct occurrence *o, const char *id)
{
    for (size_t i = 0; i < o->n_children; i++)
        if (strcmp(o->child[i].finding.id, id) == 0)
            return true;
    return false;
}

void event_adopt(struct occurrences *s, struct occurrence *into, const struct occurrence *from)
{
    for (size_t i = 0; i < from->n_children; i++) {
        if (has_finding(into, from->child[i].finding.id))
            continue;
        struct alarm_child *c = add_child(s, into, &from->child[i]);
        if (strcmp(into->id, from->id) != 0)
            snprintf(c->from, sizeof c->from, "%s", from->id);
    }
    if (into->n_children > 0)
        choose_speaker(s, into);
}

bool event_shared(const struct occurrence *a, const struct occurrence *b)
{
    if (strcmp(a->key, b->key) == 0)
        return true;
    for (size_t i = 0; i < b->n_children; i++)
        if (has_finding(a, b->child[i].finding.id))
            return true;
    return false;
}

/* ---- folding ---- */

/* o ends, `into` goes on for it: not a return to normal, and nobody is told but by what is told of `into`. */
static void fold_into(struct occurrences *s, struct occurrence *into, struct occurrence *o)
{
    char note[NOTE_LEN];
    snprintf(note, sizeof note, "took in alarm %s of %s", o->id, o->finding.subject);
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->occ[i]->folded_into, o->id) == 0) {
            snprintf(s->occ[i]->folded_into, sizeof into->id, "%s", into->id);
            s->occ[i]->dirty = true;
        }
    if (o->alarm.state == ALARM_NORMAL) /* it begins in this tick */
        set_step(s, o, &(struct alarm_input){.now = s->now, .present = true});
    snprintf(o->folded_into, sizeof o->folded_into, "%s", into->id);
    o->owed = 0;
    set_step(s, o, &(struct alarm_input){.now = s->now, .folded = true});
    note_growth(s, into, o->id, note);
    if (o->told) {
        tell_no_more(s, o);
        tell(into, ALARM_GROWN);
    }
    event_adopt(s, into, o);
    o->present = false; /* nothing holds it any more */
}

static bool belongs(const struct occurrences *s, const struct occurrence *o, const struct fold_part *part)
{
    if (o->monitor || (!occurrence_alive(o) && !o->present))
        return false;
    for (size_t i = 0; i < o->n_children; i++) {
        const struct fold_part child = {&o->child[i].finding, o->child[i].place};
        if (fold_one_event(s->fleet, &child, part))
            return true;
    }
    return false;
}

/* The one that goes on: people know it; then the one that is raised; then the older. */
static bool goes_on(const struct occurrence *a, const struct occurrence *b)
{
    if (a->told != b->told)
        return a->told;
    if (occurrence_raised(a) != occurrence_raised(b))
        return occurrence_raised(a);
    if (occurrence_alive(a) != occurrence_alive(b))
        return occurrence_alive(a);
    if (a->alarm.pending != b->alarm.pending)
        return a->alarm.pending < b->alarm.pending;
    return strcmp(a->id, b->id) < 0;
}

/* The events that a new finding makes one: those of what its subject holds, and one of those that hold it. A
 * supply in two groups that moved is no reason for these to be one. */
struct meeting {
    struct occurrence *into, **held;
    size_t n_held;
};

static void meet(const struct occurrences *s, const struct fold_part *part, struct meeting *m)
{
    struct occurrence *above = NULL;
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (!belongs(s, o, part))
            continue;
        struct fold_place p = fold_place(s->fleet, o->finding.subject);
        if (strcmp(o->finding.subject, part->finding->subject) == 0 ||
            fold_within(s->fleet, &p, &part->place))
            m->held[m->n_held++] = o;
        else if (!above || goes_on(o, above))
            above = o;
    }
    if (above)
        m->held[m->n_held++] = above;
    for (size_t i = 0; i < m->n_held; i++)
        if (!m->into || goes_on(m->held[i], m->into))
            m->into = m->held[i];
}

/* A raised occurrence of this key whose own finding has gone: the next finding continues it
 * (off-delay, or the finding got a new name over a restart). */
static struct occurrence *to_continue(struct occurrences *s, const struct finding *f)
{
    char key[OCCURRENCE_KEY_LEN];
    event_key(key, f, false);
    for (size_t i = 0; i < s->n; i++)
        if (occurrence_raised(s->occ[i]) && !s->occ[i]->present && strcmp(s->occ[i]->key, key) == 0)
            return s->occ[i];
    return NULL;
}

static struct occurrence *begin_occurrence(struct occurrences *s, const struct finding *f, bool monitor)
{
    struct occurrence o = {.monitor = monitor, .present = true};
    event_take_finding(&o.finding, f);
    event_key(o.key, &o.finding, monitor);
    name_occurrence(s, &o);
    return set_append(s, &o);
}

static void present_new(struct occurrences *s, const struct finding *f)
{
    const struct fold_part part = {f, fold_place(s->fleet, f->subject)};
    struct meeting m = {.held = xcalloc(s->n + 1, sizeof(struct occurrence *))};
    meet(s, &part, &m);
    if (!m.into)
        m.into = to_continue(s, f);
    if (!m.into)
        m.into = begin_occurrence(s, f, false);
    join(s, m.into, f);
    for (size_t i = 0; i < m.n_held; i++)
        if (m.held[i] != m.into)
            fold_into(s, m.into, m.held[i]);
    free(m.held);
}

/* ---- one tick ---- */

static unsigned power_of_two(uint32_t n)
{
    unsigned p = 0;
    while (n >>= 1)
        p++;
    return p;
}

/* More supplies: the history has it at 2, 4, 8 …, which is the same whenever psmon was started anew. */
static void update_speaker(struct occurrences *s, struct occurrence *o, const struct finding *f)
{
    uint32_t before = o->finding.children;
    char which[40], note[NOTE_LEN];
    o->dirty |= strcmp(o->finding.reason, f->reason) != 0;
    o->finding = *f;
    event_key(o->key, f, false);
    if (before == 0 || power_of_two(f->children) <= power_of_two(before))
        return;
    snprintf(which, sizeof which, "%u or more supplies", 1u << power_of_two(f->children));
    snprintf(note, sizeof note, "from %u to %u supplies: %s", (unsigned)before, (unsigned)f->children,
             f->reason);
    note_growth(s, o, which, note);
}

static void update_child(struct occurrences *s, struct occurrence *o, struct alarm_child *c,
                         const struct finding *f)
{
    tstamp_ns was = c->finding.closed;
    char said[sizeof c->finding.reason];
    memcpy(said, c->finding.reason, sizeof said);
    event_take_finding(&c->finding, f);
    c->dirty |= (was != 0) != (f->closed != 0) || strcmp(said, c->finding.reason) != 0;
    c->present = f->closed == 0;
    o->present |= c->present;
    if (strcmp(c->finding.id, o->finding.id) == 0)
        update_speaker(s, o, &c->finding);
}

/* Those that no tick speaks of any more are over. */
static void close_absent(struct occurrences *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        for (size_t k = 0; k < o->n_children && occurrence_alive(o); k++)
            if (!o->child[k].present && !o->child[k].finding.closed) {
                o->child[k].finding.closed = s->now;
                o->child[k].dirty = true;
            }
    }
}

/* A finding that nothing follows yet. One whose life ended at or after this tick has lived through it
 * already. */
static bool is_new(struct occurrences *s, const struct finding *f)
{
    const struct occurrence *o = set_with_finding(s, f->id, NULL);
    return f->closed == 0 && (!o || (!occurrence_alive(o) && !o->present && o->alarm.since < s->now));
}

struct newcomer {
    const struct finding *finding;
    size_t width, index;
};

static int widest_first(const void *a, const void *b)
{
    const struct newcomer *x = a, *y = b;
    if (x->width != y->width)
        return (x->width < y->width) - (x->width > y->width);
    return (x->index > y->index) - (x->index < y->index);
}

/* Groups before their members, so that an event has its group's name from the first. */
static void present_all_new(struct occurrences *s, const struct finding *findings, size_t n)
{
    struct newcomer *list = xcalloc(n + 1, sizeof *list);
    size_t n_new = 0;
    for (size_t i = 0; i < n; i++)
        if (is_new(s, &findings[i])) {
            struct fold_place p = fold_place(s->fleet, findings[i].subject);
            list[n_new++] = (struct newcomer){&findings[i], fold_width(s->fleet, &p), i};
        }
    qsort(list, n_new, sizeof *list, widest_first);
    for (size_t i = 0; i < n_new; i++)
        present_new(s, list[i].finding);
    free(list);
}

void event_mark_findings(struct occurrences *s, const struct finding *findings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct alarm_child *c;
        struct occurrence *o = set_with_finding(s, findings[i].id, &c);
        if (o && occurrence_alive(o))
            update_child(s, o, c, &findings[i]);
    }
    present_all_new(s, findings, n);
    close_absent(s);
}

/* ---- psmon's own ---- */

/* A condition of psmon's own has no finding: one is made up, named after the tick it begins in. */
struct occurrence *event_condition(struct occurrences *s, const struct alerts_condition *c)
{
    struct finding f = {.subject = MONITOR_SUBJECT,
                        .supply = -1,
                        .onset = s->now,
                        .first_seen = s->now,
                        .last_seen = s->now,
                        .chance = NAN,
                        .size = NAN};
    char hex[2 * DIGEST_LEN + 1], what[256];
    uint8_t sha[DIGEST_LEN];
    snprintf(f.signal, sizeof f.signal, "%s", c->name);
    snprintf(f.reason, sizeof f.reason, "%s", c->text);
    snprintf(what, sizeof what, "%s\n%s\n%lld", s->run, c->name, (long long)s->now);
    digest_sha256(sha, what, strlen(what));
    snprintf(f.id, sizeof f.id, "psmon-%.20s", digest_hex(hex, sha, sizeof sha));
    return begin_occurrence(s, &f, true);
}

void event_mark_condition(struct occurrences *s, const struct alerts_condition *c)
{
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (!o->monitor || strncmp(o->finding.signal, c->name, sizeof o->finding.signal - 1) != 0)
            continue;
        if (occurrence_alive(o)) {
            o->present = true;
            snprintf(o->finding.reason, sizeof o->finding.reason, "%s", c->text);
            words_clean(o->finding.reason);
            return;
        }
        if (o->alarm.since >= s->now)
            return; /* lived through already */
    }
    event_condition(s, c);
}
