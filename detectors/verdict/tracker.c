/* Tracking of findings; see tracker.h. SPDX-License-Identifier: MIT */
#include "detectors/verdict/tracker.h"

#include "base/digest.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct track {
    struct finding f;
    enum slot slot;
    bool proposed; /* in the step under way */
};

struct tracker {
    struct track *track;
    size_t n, cap;
    struct finding *list;
    size_t list_cap;
};

struct tracker *tracker_new(void)
{
    return xcalloc(1, sizeof(struct tracker));
}

void tracker_free(struct tracker *f)
{
    if (!f)
        return;
    free(f->track);
    free(f->list);
    free(f);
}

static enum slot slot_of(const struct finding *f)
{
    if (f->class == CLASS_DATA)
        return SLOT_DATA;
    return strcmp(f->detector, "rate") == 0 ? SLOT_RATE : SLOT_SCORE;
}

static void append(struct tracker *f, enum slot slot, const struct finding *finding)
{
    xgrow(&f->track, &f->cap, f->n + 1, sizeof *f->track);
    f->track[f->n++] = (struct track){.f = *finding, .slot = slot};
}

void tracker_restore(struct tracker *f, const struct finding open[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        append(f, slot_of(&open[i]), &open[i]);
}

static struct track *find(const struct tracker *f, enum slot slot, const char *subject, const char *signal)
{
    for (size_t i = 0; i < f->n; i++) {
        struct track *t = &f->track[i];
        if (t->slot == slot && strcmp(t->f.subject, subject) == 0 &&
            (slot != SLOT_DATA || strcmp(t->f.signal, signal) == 0))
            return t;
    }
    return NULL;
}

static void make_id(struct finding *f)
{
    char text[FINDING_NAME_LEN + 128], hex[DIGEST_HEX_LEN];
    uint8_t digest[DIGEST_LEN];
    /* several data findings of a subject may begin in one tick: the signal tells them apart */
    int n = snprintf(text, sizeof text, "%s\n%s\n%s\n%lld", f->subject, f->detector,
                     f->class == CLASS_DATA ? f->signal : "", (long long)f->first_seen);
    digest_sha256(digest, text, (size_t)n);
    digest_hex(hex, digest, DIGEST_LEN);
    memcpy(f->id, hex, FINDING_ID_LEN - 1);
    f->id[FINDING_ID_LEN - 1] = '\0';
}

/* What stronger evidence may change about a finding; id, detector, onset and first_seen never. */
static void merge(struct finding *f, const struct finding *now)
{
    bool stronger = isnan(now->chance) || now->chance < f->chance;
    f->witness |= now->witness;
    f->children = now->children > f->children ? now->children : f->children;
    if (!stronger && (strcmp(f->signal, now->signal) != 0 || strcmp(f->unit, now->unit) != 0 ||
                      !(fabs(now->size) > fabs(f->size))))
        return;
    f->size = now->size;
    f->direction = now->direction;
    memcpy(f->reason, now->reason, sizeof f->reason);
    if (!stronger)
        return;
    f->chance = now->chance;
    f->class = now->class;
    memcpy(f->signal, now->signal, sizeof f->signal);
    memcpy(f->unit, now->unit, sizeof f->unit);
    memcpy(f->by, now->by, sizeof f->by);
    f->n_by = now->n_by;
}

static void open_new(struct tracker *f, enum slot slot, tstamp_ns t, const struct finding *now)
{
    struct finding made = *now;
    made.first_seen = made.last_seen = t;
    made.closed = 0;
    if (made.onset > t)
        made.onset = t;
    make_id(&made);
    append(f, slot, &made);
    f->track[f->n - 1].proposed = true;
}

static void take(struct tracker *f, enum slot slot, tstamp_ns t, const struct proposal *p)
{
    struct track *track = find(f, slot, p->now.subject, p->now.signal);
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
    merge(&track->f, &p->now);
}

static void forget_old(struct tracker *f, tstamp_ns t)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct finding *x = &f->track[i].f;
        if (!x->closed || t - x->closed < FINDINGS_APART)
            f->track[kept++] = f->track[i];
    }
    f->n = kept;
}

void tracker_step(struct tracker *f, enum slot slot, tstamp_ns t, const struct proposal p[], size_t n)
{
    forget_old(f, t);
    for (size_t i = 0; i < f->n; i++)
        f->track[i].proposed = false;
    for (size_t i = 0; i < n; i++)
        take(f, slot, t, &p[i]);
    for (size_t i = 0; i < f->n; i++) {
        struct track *track = &f->track[i];
        if (track->slot == slot && !track->proposed && !track->f.closed)
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

const struct finding *tracker_open(const struct tracker *f, enum slot slot, const char *subject,
                                   const char *signal)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct track *t = &f->track[i];
        if (t->slot == slot && !t->f.closed && strcmp(t->f.subject, subject) == 0 &&
            (!*signal || strcmp(t->f.signal, signal) == 0))
            return &t->f;
    }
    return NULL;
}
