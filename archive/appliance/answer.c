/* The appliance's JSON answers; see answer.h. The live answer, 2.5 MB for a large ring once a
 * minute, is scanned for the few members that matter, without a tree; of the rest only the
 * structure is checked.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/answer.h"

#include "base/mem.h"
#include "base/text/json.h"
#include "base/text/number.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32
#define NAME_ROOM 128 /* longer names are no PVs */

/* ---- scanning -------------------------------------------------------------------------------- */

struct scan {
    const char *p, *end;
};

/* A piece of the text; a string without its quotes, its escapes as they are. */
struct span {
    const char *p;
    size_t n;
};

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

/* Moves behind c when it comes next. */
static bool next_is(struct scan *s, char c)
{
    skip_blanks(s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool string(struct scan *s, struct span *out)
{
    if (!next_is(s, '"'))
        return false;
    out->p = s->p;
    while (s->p < s->end && *s->p != '"')
        s->p += *s->p == '\\' ? 2 : 1;
    if (s->p >= s->end)
        return false;
    out->n = (size_t)(s->p++ - out->p);
    return true;
}

/* A number or a word, which may be null, true, false. */
static bool plain(struct scan *s, struct span *out)
{
    skip_blanks(s);
    out->p = s->p;
    while (s->p < s->end && (isalnum((unsigned char)*s->p) || strchr("+-.", *s->p)) && *s->p)
        s->p++;
    out->n = (size_t)(s->p - out->p);
    return out->n > 0;
}

/* Skips any value; out is it when it is a number or a word, else empty. */
static bool value(struct scan *s, struct span *out, int depth)
{
    struct span ignored;
    *out = (struct span){s->p, 0};
    skip_blanks(s);
    if (s->p == s->end || depth == MAX_DEPTH)
        return false;
    if (*s->p == '"')
        return string(s, &ignored);
    if (*s->p != '{' && *s->p != '[')
        return plain(s, out);
    bool object = *s->p == '{';
    char close = *s->p++ == '{' ? '}' : ']';
    if (next_is(s, close))
        return true;
    do {
        if (object && !(string(s, &ignored) && next_is(s, ':')))
            return false;
        if (!value(s, &ignored, depth + 1))
            return false;
    } while (next_is(s, ','));
    return next_is(s, close);
}

static bool is(const struct span *s, const char *text)
{
    return s->n == strlen(text) && memcmp(s->p, text, s->n) == 0;
}

/* ---- live samples ---------------------------------------------------------------------------- */

struct entry {
    double secs, nanos, val, severity, status; /* NaN: absent, or not a number */
    bool has_val;                              /* there is a val */
    bool not_number;                           /* it is text, an array or an object */
};

/* The object of one channel. False: not well formed. Anything but an object gives an entry without
 * time. */
static bool read_entry(struct scan *s, struct entry *e)
{
    const struct {
        const char *name;
        double *to;
    } members[] = {{"secs", &e->secs},
                   {"nanos", &e->nanos},
                   {"val", &e->val},
                   {"severity", &e->severity},
                   {"status", &e->status}};
    struct span name, v;
    *e = (struct entry){NAN, NAN, NAN, NAN, NAN, false, false};
    skip_blanks(s);
    if (s->p < s->end && *s->p != '{')
        return value(s, &v, 1);
    if (!next_is(s, '{'))
        return false;
    if (next_is(s, '}'))
        return true;
    do {
        if (!string(s, &name) || !next_is(s, ':') || !value(s, &v, 1))
            return false;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            if (is(&name, members[i].name) && !number_parse(members[i].to, v.p, v.n))
                *members[i].to = NAN;
        if (is(&name, "val")) {
            e->has_val = true;
            e->not_number = v.n == 0; /* null, for NaN and infinities, is a word */
        }
    } while (next_is(s, ','));
    return next_is(s, '}');
}

/* False when it has no plausible time. */
static bool to_sample(struct sample *s, const struct entry *e, tstamp_ns newest)
{
    /* NOLINTNEXTLINE(bugprone-integer-division): whole seconds, then nanoseconds */
    if (!(e->secs >= 1 && e->secs <= (double)(newest / NS_PER_S)) || !(e->nanos >= 0 && e->nanos < 1e9))
        return false;
    *s = (struct sample){
        .t = (tstamp_ns)e->secs * NS_PER_S + (tstamp_ns)e->nanos,
        .value = e->val,
        .severity = e->severity > SEVERITY_INVALID ? SEVERITY_INVALID
                    : e->severity > 0              ? (uint8_t)e->severity
                                                   : SEVERITY_NONE,
        .status = e->status > 0 && e->status <= UINT8_MAX ? (uint8_t)e->status : 0,
        .flags = e->not_number ? SAMPLE_NOT_NUMBER : 0,
    };
    return s->t <= newest;
}

/* The channel of a name among those asked, else -1. Of escapes only those of the characters a PV or
 * a careless fleet can hold: the appliance writes / as \/. */
static int32_t channel_of(const struct fleet *f, const struct span *name, uint32_t first, uint32_t n)
{
    char pv[NAME_ROOM];
    size_t k = 0;
    for (size_t i = 0; i < name->n; i++) {
        if (name->p[i] == '\\' && (++i == name->n || !strchr("/\\\"", name->p[i])))
            return -1;
        if (k + 1 == sizeof pv)
            return -1;
        pv[k++] = name->p[i];
    }
    pv[k] = '\0';
    int32_t c = fleet_channel(f, pv);
    return c >= (int32_t)first && c < (int32_t)(first + n) ? c : -1;
}

/* Scans the whole answer into samples[n], t 0 where there is none; the number of names, or -1. */
static long scan_latest(struct sample samples[], struct answer_counts *counts, struct scan *s,
                        const struct fleet *f, uint32_t first, uint32_t n, tstamp_ns newest)
{
    long names = 0;
    struct span name;
    struct entry e;
    if (!next_is(s, '{'))
        return -1;
    if (next_is(s, '}'))
        return 0;
    do {
        if (!string(s, &name) || !next_is(s, ':') || !read_entry(s, &e))
            return -1;
        int32_t c = channel_of(f, &name, first, n);
        names++;
        if (c < 0 || samples[(uint32_t)c - first].t)
            continue;
        if (!e.has_val) {
            counts->valueless++;
            continue;
        }
        struct sample sample;
        bool plausible = to_sample(&sample, &e, newest);
        counts->answered += plausible;
        counts->implausible += !plausible;
        if (plausible)
            samples[(uint32_t)c - first] = sample;
    } while (next_is(s, ','));
    if (!next_is(s, '}'))
        return -1;
    skip_blanks(s);
    return s->p == s->end ? names : -1;
}

int answer_latest(struct answer_counts *out, const char *text, size_t len, const struct fleet *f,
                  uint32_t first, uint32_t n, tstamp_ns newest, source_samples *on, void *arg,
                  struct err *err)
{
    struct scan s = {text, text + len};
    struct sample *samples = xcalloc(n, sizeof *samples);
    *out = (struct answer_counts){0};
    long names = scan_latest(samples, out, &s, f, first, n, newest);
    for (uint32_t i = 0; names > 0 && i < n; i++)
        if (samples[i].t)
            on(arg, first + i, &samples[i], 1);
    free(samples);
    if (names > 0)
        return 0;
    *out = (struct answer_counts){0};
    if (names == 0)
        return err_set(err, ERR_DATA, "an empty answer to a request for %u channels", n);
    return err_set(err, ERR_DATA, "not the JSON expected, from byte %td of %zu", s.p - text, len);
}

/* ---- connection states ----------------------------------------------------------------------- */

int answer_status(int8_t connected[], size_t *known, const char *text, size_t len, const struct fleet *f,
                  struct err *err)
{
    json_error_t e;
    size_t i;
    json_t *o, *j = json_loadb(text, len, 0, &e);
    *known = 0;
    if (!json_is_array(j)) {
        json_decref(j);
        return err_set(err, ERR_DATA, "not a JSON list: %s", e.text);
    }
    json_array_foreach(j, i, o)
    {
        const char *pv = json_string_value(json_object_get(o, "pvName"));
        const char *status = json_string_value(json_object_get(o, "status"));
        const char *state = json_string_value(json_object_get(o, "connectionState"));
        int32_t c = pv ? fleet_channel(f, pv) : -1;
        if (c < 0 || !status || !state || strcmp(status, "Being archived") != 0)
            continue;
        connected[c] = strcmp(state, "true") == 0;
        ++*known;
    }
    json_decref(j);
    return 0;
}
