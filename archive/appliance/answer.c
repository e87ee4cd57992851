/* The appliance's JSON answers; see answer.h. SPDX-License-Identifier: MIT */
#include "archive/appliance/answer.h"

#include "base/mem.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* jansson refuses text that is not UTF-8. Names are ASCII by the appliance's own rule, so the units that hold
 * such bytes may lose them. Returns NULL when the text is no JSON. */
static json_t *load_any_bytes(const char *text, size_t len, json_error_t *e)
{
    json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, e);
    if (j || json_error_code(e) != json_error_invalid_utf8)
        return j;
    char *ascii = xcalloc(len + 1, 1);
    for (size_t i = 0; i < len; i++)
        ascii[i] = (char)((unsigned char)text[i] < 128 ? text[i] : '?');
    j = json_loadb(ascii, len, JSON_REJECT_DUPLICATES, e);
    free(ascii);
    return j;
}

static json_t *load(const char *text, size_t len, struct err *err)
{
    json_error_t e;
    json_t *j = load_any_bytes(text, len, &e);
    if (j)
        return j;
    while (len && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    if (len && *text == '<')
        err_set(err, ERR_DATA, "a web page instead of JSON");
    else
        err_set(err, ERR_DATA, "bad JSON: %s", e.text);
    return NULL;
}

static int64_t integer(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_integer(v) ? json_integer_value(v) : -1;
}

/* False when it has no plausible time. */
static bool read_sample(struct sample *s, const json_t *o, tstamp_ns newest)
{
    int64_t secs = integer(o, "secs"), nanos = integer(o, "nanos");
    int64_t severity = integer(o, "severity"), status = integer(o, "status");
    if (secs <= 0 || secs > newest / NS_PER_S || nanos < 0 || nanos >= NS_PER_S)
        return false;
    const json_t *value = json_object_get(o, "val");
    *s = (struct sample){
        .t = secs * NS_PER_S + nanos,
        .value = json_is_number(value) ? json_number_value(value) : (double)NAN,
        .severity = (uint8_t)(severity > SEVERITY_INVALID ? SEVERITY_INVALID : severity < 0 ? 0 : severity),
        .status = (uint8_t)(status >= 0 && status <= UINT8_MAX ? status : 0),
    };
    return s->t <= newest;
}

int answer_latest(struct answer_counts *out, const char *text, size_t len, const struct fleet *f,
                  uint32_t first, uint32_t n, tstamp_ns newest, source_samples *on, void *arg,
                  struct err *err)
{
    *out = (struct answer_counts){0};
    json_t *j = load(text, len, err);
    if (!j)
        return ERR_DATA;
    if (!json_is_object(j) || json_object_size(j) == 0) {
        json_decref(j);
        return err_set(err, ERR_DATA, "an empty answer to a request for %u channels", n);
    }
    for (uint32_t c = first; c < first + n; c++) {
        const json_t *o = json_object_get(j, f->channels[c].pv);
        struct sample s;
        if (!o)
            continue;
        if (read_sample(&s, o, newest)) {
            out->answered++;
            on(arg, c, &s, 1);
        } else {
            out->implausible++;
        }
    }
    json_decref(j);
    return 0;
}

int answer_status(int8_t connected[], size_t *known, const char *text, size_t len, const struct fleet *f,
                  struct err *err)
{
    *known = 0;
    json_t *j = load(text, len, err);
    if (!j)
        return ERR_DATA;
    if (!json_is_array(j)) {
        json_decref(j);
        return err_set(err, ERR_DATA, "a status answer that is no list");
    }
    size_t i;
    json_t *o;
    json_array_foreach(j, i, o) {
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
