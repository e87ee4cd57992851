/* Tracking of findings; see tracker.h. SPDX-License-Identifier: MIT */
#include "detectors/verdict/tracker.h"

#include "base/digest.h"
#include "base/hashmap.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_CHANCE 1e300 /* weaker than any chance */
#define CLASS_HOURS 6   /* evaluations in a row that have to speak of another class */

struct track {
    struct finding f;
    char slot[FINDING_DETECTOR_LEN];
    bool proposed;              /* in the step under way */
    enum finding_class another; /* class that the last evaluations spoke of, and how many they were */
    unsigned spoke;
    const char *turned; /* why its class is not what it was first; NULL: it is */
};

struct tracker {
    struct track *track;
    size_t n, cap;
    struct hashmap *index; /* of track by key_of */
    struct finding *list;
    size_t list_cap;
};

struct proposal *proposals_add(struct proposals *p, enum proposal_kind kind)
{
    xgrow(&p->proposal, &p->cap, p->n + 1, sizeof *p->proposal);
    struct proposal *made = &p->proposal[p->n++];
    *made = (struct proposal){.kind = kind};
    made->now.chance = NO_CHANCE;
    return made;
}

void proposals_free(struct proposals *p)
{
    free(p->proposal);
    *p = (struct proposals){0};
}

struct tracker *tracker_new(void)
{
    struct tracker *f = xcalloc(1, sizeof *f);
    f->index = hashmap_new();
    return f;
}

void tracker_free(struct tracker *f)
{
    if (!f)
        return;
    hashmap_free(f->index);
    free(f->track);
    free(f->list);
    free(f);
}

#define KEY_LEN (FINDING_DETECTOR_LEN + FINDING_NAME_LEN + FINDING_CAUSE_LEN)

/* What tells findings of a subject apart in their slot. */
static const char *part_of(const struct finding *f)
{
    return f->class == CLASS_DATA ? f->signal : f->cause;
}

static void key_of(char out[KEY_LEN], const char *slot, const struct finding *f)
{
    snprintf(out, KEY_LEN, "%s\n%s\n%s", slot, f->subject, part_of(f));
}

static void put_index(struct tracker *f, size_t i)
{
    char key[KEY_LEN];
    const struct track *t = &f->track[i];
    key_of(key, t->slot, &t->f);
    hashmap_put(f->index, key, (int32_t)i);
}

static struct track *find(const struct tracker *f, const char *slot, const struct finding *what)
{
    char key[KEY_LEN];
    key_of(key, slot, what);
    int32_t i = hashmap_get(f->index, key);
    return i < 0 ? NULL : &f->track[i];
}

/* Only these two are told from the same evidence. */
static const char *const turned_words[CLASS_COUNT] = {
    [CLASS_EQUIPMENT] = "; no sensor, as was thought at first: other channels agree",
    [CLASS_SENSOR] = "; a sensor after all: no other channel agrees"};

static const char *turned_of(const struct finding *f)
{
    const char *words = turned_words[f->class];
    return words && strstr(f->reason, words) ? words : NULL;
}

static struct track *append(struct tracker *f, const char *slot, const struct finding *finding)
{
    xgrow(&f->track, &f->cap, f->n + 1, sizeof *f->track);
    struct track *t = &f->track[f->n];
    *t = (struct track){.f = *finding, .turned = turned_of(finding)};
    snprintf(t->slot, sizeof t->slot, "%s", slot);
    put_index(f, f->n++);
    return t;
}

void tracker_restore(struct tracker *f, const char *slot, const struct finding *open)
{
    struct track *known = find(f, slot, open);
    if (known) {
        known->f = *open;
        known->turned = turned_of(open);
    } else {
        append(f, slot, open);
    }
}

static void make_id(struct finding *f)
{
    char text[FINDING_NAME_LEN + 128], hex[DIGEST_HEX_LEN];
    uint8_t digest[DIGEST_LEN];
    /* several data findings of a subject may begin in one tick: the signal tells them apart */
    int n = snprintf(text, sizeof text, "%s\n%s\n%s\n%lld", f->subject, f->detector, part_of(f),
                     (long long)f->first_seen);
    digest_sha256(digest, text, (size_t)n);
    digest_hex(hex, digest, DIGEST_LEN);
    memcpy(f->id, hex, FINDING_ID_LEN - 1);
    f->id[FINDING_ID_LEN - 1] = '\0';
}

static bool is_stronger(const struct finding *f, const struct finding *now)
{
    return isnan(now->chance) || now->chance < f->chance ||
           (now->chance <= f->chance && now->effect > f->effect); /* at the floor the size tells */
}

/* What stronger evidence may change about a finding; id, detector, cause, onset and first_seen never. The
 * size of the same column is the largest so far. */
static void merge(struct finding *f, const struct finding *now)
{
    bool stronger = is_stronger(f, now);
    bool same = strcmp(f->signal, now->signal) == 0 && strcmp(f->unit, now->unit) == 0;
    f->witness |= now->witness;
    f->children = now->children > f->children ? now->children : f->children;
    if (stronger)
        f->chance = now->chance;
    if (same && f->class != CLASS_DATA ? !(now->effect > f->effect) : !stronger)
        return;
    f->size = now->size;
    f->effect = now->effect;
    f->direction = now->direction;
    memcpy(f->reason, now->reason, sizeof f->reason);
    memcpy(f->signal, now->signal, sizeof f->signal);
    memcpy(f->unit, now->unit, sizeof f->unit);
    memcpy(f->by, now->by, sizeof f->by);
    f->n_by = now->n_by;
}

static void tell_turned(struct finding *f, const char *words)
{
    size_t n = words ? strlen(words) : 0, at = strlen(f->reason);
    if (n == 0 || strstr(f->reason, words))
        return;
    at = at + n < sizeof f->reason ? at : sizeof f->reason - 1 - n;
    memcpy(f->reason + at, words, n + 1);
}

/* The class that a finding was said with stays. It changes with the first witness, or when the evidence has
 * spoken of another one for some hours: then the reason says why. */
static void judge_class(struct track *t, enum finding_class now, bool witness)
{
    t->spoke = now == t->another ? t->spoke + 1 : 1;
    t->another = now;
    if (now == t->f.class || !turned_words[now] || !turned_words[t->f.class] ||
        (!witness && t->spoke < CLASS_HOURS))
        return;
    char *old = t->turned ? strstr(t->f.reason, t->turned) : NULL;
    if (old)
        *old = '\0';
    t->f.class = now;
    t->turned = turned_words[now];
}

static void open_new(struct tracker *f, const char *slot, tstamp_ns t, const struct finding *now)
{
    struct finding made = *now;
    made.first_seen = made.last_seen = t;
    made.closed = 0;
    if (made.onset > t)
        made.onset = t;
    make_id(&made);
    append(f, slot, &made)->proposed = true;
}

static void take(struct tracker *f, const char *slot, tstamp_ns t, const struct proposal *p)
{
    struct track *track = find(f, slot, &p->now);
    if (track && track->f.closed && p->kind != PROPOSE_SAY)
        return;
    if (!track) {
        if (p->kind == PROPOSE_SAY)
            open_new(f, slot, t, &p->now);
        return;
    }
    track->proposed = true;
    if (p->kind == PROPOSE_HOLD)
        return;
    track->f.closed = 0;
    track->f.last_seen = t;
    bool witness = p->now.witness && !track->f.witness;
    merge(&track->f, &p->now);
    if (p->kind == PROPOSE_SAY)
        judge_class(track, p->now.class, witness);
    tell_turned(&track->f, track->turned);
}

static void forget_old(struct tracker *f, tstamp_ns t)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct finding *x = &f->track[i].f;
        if (!x->closed || t - x->closed < FINDINGS_APART)
            f->track[kept++] = f->track[i];
    }
    if (kept == f->n)
        return;
    f->n = kept;
    hashmap_free(f->index);
    f->index = hashmap_new();
    for (size_t i = 0; i < kept; i++)
        put_index(f, i);
}

void tracker_step(struct tracker *f, const char *slot, tstamp_ns t, const struct proposals *p)
{
    forget_old(f, t);
    for (size_t i = 0; i < f->n; i++)
        f->track[i].proposed = false;
    for (size_t i = 0; i < p->n; i++)
        take(f, slot, t, &p->proposal[i]);
    for (size_t i = 0; i < f->n; i++) {
        struct track *track = &f->track[i];
        if (!track->proposed && !track->f.closed && strcmp(track->slot, slot) == 0)
            track->f.closed = t;
    }
}

struct finding *tracker_list(struct tracker *f, tstamp_ns t, size_t *n)
{
    xgrow(&f->list, &f->list_cap, f->n + 1, sizeof *f->list);
    *n = 0;
    for (size_t i = 0; i < f->n; i++)
        if (!f->track[i].f.closed || f->track[i].f.closed == t)
            f->list[(*n)++] = f->track[i].f;
    return f->list;
}

const struct finding *tracker_open(const struct tracker *f, const char *slot, const struct finding *like)
{
    const struct track *t = find(f, slot, like);
    return t && !t->f.closed ? &t->f : NULL;
}

const struct finding *tracker_next(const struct tracker *f, const char *slot, size_t *i)
{
    while (*i < f->n)
        if (strcmp(f->track[(*i)++].slot, slot) == 0)
            return &f->track[*i - 1].f;
    return NULL;
}
