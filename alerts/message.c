/* Messages; see message.h. SPDX-License-Identifier: MIT */
#include "alerts/message.h"

#include "base/text/json.h"
#include "base/text/words.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_MAX 512
#define LIST_MAX 4000 /* bytes of JSON that a list of names may take */

/* Owns value. */
static void put(json_t *object, const char *key, json_t *value)
{
    int rc = json_object_set_new(object, key, value);
    assert(rc == 0); /* no value is NULL: texts went through value_text */
}

static void put_source(json_t *data, const char *source)
{
    char start[SOURCE_MAX];
    snprintf(start, sizeof start, "%s",
             source); /* the caller's own text: a message stays small all the same */
    put(data, "source", value_text(start));
}

/* {type, timestamp, data}; owns data. */
static char *envelope(const char *kind, tstamp_ns t, json_t *data)
{
    char type[64];
    snprintf(type, sizeof type, MESSAGE_TYPE_PREFIX "%s", kind);
    json_t *j = json_object();
    put(j, "type", json_string(type));
    put(j, "timestamp", value_instant(t));
    put(j, "data", data);
    return value_dump(j, MESSAGE_DIGITS);
}

static json_t *acknowledgement(const struct occurrence *o)
{
    if (!o->acknowledged)
        return json_null();
    json_t *j = json_object();
    put(j, "at", value_instant(o->acknowledged));
    put(j, "by", value_text(o->acknowledged_by));
    put(j, "note", value_text(o->note));
    return j;
}

/* What the occurrence is about, as everywhere (base/text/json.h), but without what an alarm does not keep:
 * after a restart the same message has to come out of its row. Its own life says that better (raised,
 * returned). psmon's own conditions have no supply and no direction. */
static json_t *subject_matter(const struct occurrence *o)
{
    const struct finding *f = &o->finding;
    char words[WORDS_CHANCE_LEN];
    static const char *const not_kept[] = {"last_seen", "closed", "open", "work", "effect"};
    json_t *data = finding_json(f);
    for (size_t i = 0; i < sizeof not_kept / sizeof *not_kept; i++)
        json_object_del(data, not_kept[i]);
    put(data, "chance_text", json_string(""));
    if (*words_chance(words, f->chance))
        put(data, "chance_text", json_sprintf("by chance %s over the ring", words));
    if (!o->monitor)
        return data;
    put(data, "class", json_string(MONITOR_WORD));
    put(data, "detector", json_string(MONITOR_WORD));
    put(data, "direction", json_null());
    put(data, "supplies", json_integer(0));
    return data;
}

/* A list that stays small. */
struct names_list {
    json_t *names;
    size_t bytes;
};

static void add_name(struct names_list *l, const char *name)
{
    json_t *text = value_text(name);
    char *dump = json_dumps(text, JSON_ENCODE_ANY);
    l->bytes += strlen(dump) + 1;
    free(dump);
    if (l->bytes <= LIST_MAX)
        json_array_append_new(l->names, text);
    else
        json_decref(text);
}

static bool named_before(const struct occurrence *o, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(o->child[k].finding.subject, o->child[i].finding.subject) == 0)
            return true;
    return false;
}

/* What the event is made of: how many findings, how many of them hold, and where, in the order in which they
 * came. */
static void put_children(json_t *data, const struct occurrence *o)
{
    struct names_list l = {.names = json_array()};
    for (size_t i = 0; i < o->n_children && l.bytes <= LIST_MAX; i++)
        if (!named_before(o, i))
            add_name(&l, o->child[i].finding.subject);
    put(data, "findings", json_integer((json_int_t)o->n_children));
    put(data, "open_findings", json_integer((json_int_t)occurrence_n_open(o)));
    put(data, "subjects", l.names);
}

static void put_links(json_t *data, const struct message_links *links)
{
    struct names_list l = {.names = json_array()};
    for (size_t i = 0; links && i < links->n_folded && l.bytes <= LIST_MAX; i++)
        add_name(&l, links->folded[i]);
    put(data, "folded", l.names);
    put(data, "n_folded", json_integer(links ? (json_int_t)links->n_folded : 0));
    if (links && links->continued_as)
        put(data, "continued_as", value_text(links->continued_as));
}

char *message_event(const struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t, const char *run,
                    const char *source, const struct message_links *links)
{
    json_t *data = subject_matter(o);
    put(data, "occurrence", value_text(o->id));
    put(data, "state", value_text(alarm_state_name(o->alarm.state)));
    put(data, "raised", value_instant(o->alarm.raised));
    put(data, "acknowledged", acknowledgement(o));
    put(data, "returned", value_instant(o->alarm.returned));
    put_children(data, o);
    put_links(data, links);
    put(data, "run", value_text(run));
    put_source(data, source);
    return envelope(alarm_event_name(kind), t, data);
}

char *message_not_durable(const char *text)
{
    json_t *j = json_loads(text, 0, NULL);
    put(json_object_get(j, "data"), "durable", json_false());
    return value_dump(j, MESSAGE_DIGITS);
}

char *message_heartbeat(tstamp_ns t, const char *run, const char *source, size_t n_open, size_t n_waiting)
{
    json_t *data = json_object();
    put(data, "open_alarms", json_integer((json_int_t)n_open));
    put(data, "waiting_messages", json_integer((json_int_t)n_waiting));
    put(data, "version", value_text(PSMON_VERSION));
    put(data, "run", value_text(run));
    put_source(data, source);
    return envelope("heartbeat", t, data);
}

char *message_test(tstamp_ns t, const char *source)
{
    struct occurrence o = {.id = "test", .monitor = true, .alarm = {.state = ALARM_UNACK, .raised = t}};
    o.finding =
        (struct finding){.subject = MONITOR_SUBJECT,
                         .signal = "test",
                         .supply = -1,
                         .first_seen = t,
                         .onset = t,
                         .chance = NAN,
                         .size = NAN,
                         .reason = "TEST: sent by psmon alarm test; nothing is wrong, nothing is to be done"};
    char *text = message_event(&o, ALARM_RAISED, t, "test", source, NULL);
    json_t *j = json_loads(text, 0, NULL);
    free(text);
    put(j, "type", json_string(MESSAGE_TYPE_PREFIX "test"));
    put(json_object_get(j, "data"), "test", json_true());
    return value_dump(j, MESSAGE_DIGITS);
}
