/* JSON; see json.h. SPDX-License-Identifier: MIT */
#include "base/text/json.h"

#include "base/mem.h"
#include "base/text/words.h"
#include "base/time/timefmt.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- writing ---- */

json_t *value_text(const char *s)
{
    json_t *j = json_string(s ? s : "");
    if (j)
        return j;
    char *copy = xstrdup(s); /* from files and peers: may be no UTF-8 */
    words_clean(copy);
    j = json_string(copy);
    free(copy);
    assert(j);
    return j;
}

json_t *value_number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

json_t *value_instant(tstamp_ns t)
{
    char iso[TIMEFMT_LEN];
    return t ? json_string(timefmt_iso(iso, t)) : json_null();
}

json_t *value_chance(double chance)
{
    char words[WORDS_CHANCE_LEN];
    return json_string(words_chance(words, chance));
}

char *value_dump(json_t *value, size_t digits)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
    assert(text); /* every text in it went through value_text */
    json_decref(value);
    return text;
}

/* ---- reading ---- */

const char *field_text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

double field_number(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

/* ---- findings ---- */

static json_t *contributors(const struct finding *f)
{
    assert(f->n_by <= FINDING_CONTRIBUTORS);
    json_t *list = json_array();
    for (size_t i = 0; i < f->n_by; i++) {
        const struct contributor *c = &f->by[i];
        json_array_append_new(list, json_pack("{so so so so}", "signal", value_text(c->signal), "size",
                                              value_number(c->size), "unit", value_text(c->unit), "share",
                                              value_number(c->share)));
    }
    return list;
}

json_t *finding_json(const struct finding *f)
{
    json_t *j = json_object();
    json_object_set_new(j, "id", value_text(f->id));
    json_object_set_new(j, "subject", value_text(f->subject));
    json_object_set_new(j, "class", value_text(finding_class_name(f->class)));
    json_object_set_new(j, "detector", value_text(f->detector));
    json_object_set_new(j, "signal", value_text(f->signal));
    json_object_set_new(j, "reason", value_text(f->reason));
    json_object_set_new(j, "onset", value_instant(f->onset));
    json_object_set_new(j, "first_seen", value_instant(f->first_seen));
    json_object_set_new(j, "last_seen", value_instant(f->last_seen));
    json_object_set_new(j, "closed", value_instant(f->closed));
    json_object_set_new(j, "open", json_boolean(!f->closed));
    json_object_set_new(
        j, "chance", value_number(f->chance < CHANCE_LEAST ? CHANCE_LEAST : f->chance)); /* told by others */
    json_object_set_new(j, "chance_words", value_chance(f->chance));
    json_object_set_new(j, "size", value_number(f->size));
    json_object_set_new(j, "unit", value_text(f->unit));
    json_object_set_new(j, "effect", f->effect > 0 ? value_number(f->effect) : json_null());
    json_object_set_new(j, "direction", value_text(direction_name(f->direction)));
    json_object_set_new(j, "supplies", json_integer(f->children ? f->children : 1));
    json_object_set_new(j, "witness", json_boolean(f->witness));
    json_object_set_new(j, "contributors", contributors(f));
    json_object_set_new(
        j, "work",
        *f->work ? json_pack("{so so}", "start", value_instant(f->work_start), "work", value_text(f->work))
                 : json_null());
    return j;
}

char *finding_contributors(const struct finding *f, size_t digits)
{
    return value_dump(contributors(f), digits);
}

void finding_read_contributors(struct finding *f, const char *text)
{
    json_t *list = text ? json_loads(text, 0, NULL) : NULL, *j;
    size_t i;
    f->n_by = 0;
    json_array_foreach(list, i, j)
    {
        if (f->n_by == FINDING_CONTRIBUTORS)
            break;
        struct contributor *c = &f->by[f->n_by++];
        snprintf(c->signal, sizeof c->signal, "%s", field_text(j, "signal"));
        snprintf(c->unit, sizeof c->unit, "%s", field_text(j, "unit"));
        c->size = field_number(j, "size");
        c->share = field_number(j, "share");
    }
    json_decref(list);
}
