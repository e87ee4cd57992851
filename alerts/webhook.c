/* Webhook messages; see webhook.h. Format: Standard Webhooks 1.0.0. SPDX-License-Identifier: MIT */
#include "alerts/webhook.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/timefmt.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_MAX 512

/* ---- text ---- */

/* Length of the UTF-8 sequence at s; 0 when it is none (RFC 3629: no overlong forms, no
 * surrogates). */
static size_t sequence(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
               : (s[0] & 0xf0) == 0xe0        ? 3
               : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                              : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

void webhook_clean(char *text)
{
    for (unsigned char *s = (unsigned char *)text; *s;) {
        size_t n = sequence(s);
        if (n == 0)
            *s = '?';
        s += n ? n : 1;
    }
}

void webhook_chance_text(char out[WEBHOOK_CHANCE_LEN], double chance)
{
    char words[FINDING_WORDS_LEN];
    out[0] = '\0';
    if (!isnan(chance))
        snprintf(out, WEBHOOK_CHANCE_LEN, "by chance %s over the ring", finding_chance_words(words, chance));
}

/* ---- JSON ---- */

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *instant(tstamp_ns t)
{
    char text[TIMEFMT_LEN];
    return t ? json_string(timefmt_iso(text, t)) : json_null();
}

/* Owns value. */
static void put(json_t *object, const char *key, json_t *value)
{
    int rc = json_object_set_new(object, key, value);
    assert(rc == 0); /* texts are clean, so no value is NULL */
}

static void put_text(json_t *object, const char *key, const char *text)
{
    char copy[SOURCE_MAX];
    snprintf(copy, sizeof copy, "%s", text);
    webhook_clean(copy);
    put(object, key, json_string(copy));
}

static json_t *contributors(const struct finding *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->n_by && i < FINDING_CONTRIBUTORS; i++) {
        const struct contributor *c = &f->by[i];
        json_t *j = json_object();
        put_text(j, "signal", c->signal);
        put(j, "size", number(c->size));
        put_text(j, "unit", c->unit);
        put(j, "share", number(c->share));
        json_array_append_new(list, j);
    }
    return list;
}

/* Owns j. Six significant digits are more than any of these numbers means. */
static char *dump(json_t *j)
{
    char *text = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(6));
    assert(text);
    json_decref(j);
    return text;
}

char *webhook_contributors(const struct finding *f)
{
    return dump(contributors(f));
}

static double number_of(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static void copy_text(char *out, size_t room, const json_t *j, const char *key)
{
    const char *text = json_string_value(json_object_get(j, key));
    snprintf(out, room, "%s", text ? text : "");
}

void webhook_parse_contributors(struct finding *f, const char *text)
{
    json_t *list = json_loads(text, 0, NULL), *j;
    size_t i;
    f->n_by = 0;
    json_array_foreach(list, i, j)
    {
        if (f->n_by == FINDING_CONTRIBUTORS)
            break;
        struct contributor *c = &f->by[f->n_by++];
        copy_text(c->signal, sizeof c->signal, j, "signal");
        copy_text(c->unit, sizeof c->unit, j, "unit");
        c->size = number_of(j, "size");
        c->share = number_of(j, "share");
    }
    json_decref(list);
}

/* {type, timestamp, data}; owns data. */
static char *envelope(const char *kind, tstamp_ns t, json_t *data)
{
    char type[64];
    snprintf(type, sizeof type, WEBHOOK_TYPE_PREFIX "%s", kind);
    json_t *j = json_object();
    put(j, "type", json_string(type));
    put(j, "timestamp", instant(t));
    put(j, "data", data);
    return dump(j);
}

static json_t *acknowledgement(const struct occurrence *o)
{
    if (!o->acknowledged)
        return json_null();
    json_t *j = json_object();
    put(j, "at", instant(o->acknowledged));
    put_text(j, "by", o->acknowledged_by);
    put_text(j, "note", o->note);
    return j;
}

static void put_finding(json_t *data, const struct occurrence *o)
{
    const struct finding *f = &o->finding;
    char text[WEBHOOK_CHANCE_LEN];
    webhook_chance_text(text, f->chance);
    put_text(data, "reason", f->reason);
    put(data, "onset", instant(f->onset));
    put(data, "first_seen", instant(f->first_seen));
    put(data, "chance", number(f->chance));
    put(data, "chance_text", json_string(text));
    put(data, "size", number(f->size));
    put_text(data, "unit", f->unit);
    put(data, "direction", o->monitor ? json_null() : json_string(direction_name(f->direction)));
    put(data, "supplies", json_integer(f->children ? f->children : !o->monitor));
    put(data, "witness", json_boolean(f->witness));
    put(data, "contributors", contributors(f));
}

char *webhook_body(const struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t, const char *run,
                   const char *source, const char *continued_as)
{
    json_t *data = json_object();
    put_text(data, "occurrence", o->id);
    put_text(data, "subject", o->finding.subject);
    put_text(data, "class", occurrence_class(o));
    put_text(data, "detector", occurrence_detector(o));
    put_text(data, "signal", o->finding.signal);
    put_text(data, "state", alarm_state_name(o->alarm.state));
    put_finding(data, o);
    put(data, "raised", instant(o->alarm.raised));
    put(data, "acknowledged", acknowledgement(o));
    put(data, "returned", instant(o->alarm.returned));
    if (continued_as)
        put_text(data, "continued_as", continued_as);
    put_text(data, "run", run);
    put_text(data, "source", source);
    return envelope(alarm_event_name(kind), t, data);
}

char *webhook_heartbeat(tstamp_ns t, const char *run, const char *source, size_t n_open, size_t n_waiting)
{
    json_t *data = json_object();
    put(data, "open_alarms", json_integer((json_int_t)n_open));
    put(data, "waiting_messages", json_integer((json_int_t)n_waiting));
    put_text(data, "version", PSMON_VERSION);
    put_text(data, "run", run);
    put_text(data, "source", source);
    return envelope("heartbeat", t, data);
}

char *webhook_test(tstamp_ns t, const char *source)
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
    char *body = webhook_body(&o, ALARM_RAISED, t, "test", source, NULL);
    json_t *j = json_loads(body, 0, NULL);
    free(body);
    put(j, "type", json_string(WEBHOOK_TYPE_PREFIX "test"));
    put(json_object_get(j, "data"), "test", json_true());
    return dump(j);
}

/* ---- identity and signature ---- */

void webhook_id(char out[WEBHOOK_ID_LEN], const char *run, const char *occurrence, enum alarm_event_kind kind)
{
    uint8_t sha[DIGEST_LEN];
    char *what = xasprintf("%s\n%s\n%s", run, occurrence, alarm_event_name(kind));
    digest_sha256(sha, what, strlen(what));
    free(what);
    memcpy(out, "msg_", 4);
    digest_hex(out + 4, sha, 14);
}

void webhook_random_id(char out[WEBHOOK_ID_LEN])
{
    uint8_t bytes[14];
    digest_random(bytes, sizeof bytes);
    memcpy(out, "msg_", 4);
    digest_hex(out + 4, bytes, sizeof bytes);
}

long webhook_key(uint8_t key[WEBHOOK_KEY_MAX], const char *secret)
{
    if (strncmp(secret, "whsec_", 6) != 0 || strlen(secret + 6) > WEBHOOK_KEY_MAX / 3 * 4)
        return -1;
    long n = digest_base64_decode(key, secret + 6);
    return n < 16 ? -1 : n;
}

char *webhook_signature(const uint8_t *key, size_t key_len, const char *id, int64_t unix_s, const void *body,
                        size_t len)
{
    uint8_t mac[DIGEST_LEN];
    char text[4 * ((DIGEST_LEN + 2) / 3) + 1];
    struct buf signed_bytes = {0};
    buf_printf(&signed_bytes, "%s.%" PRId64 ".", id, unix_s);
    buf_add(&signed_bytes, body, len);
    digest_hmac(mac, key, key_len, signed_bytes.data, signed_bytes.len);
    buf_free(&signed_bytes);
    digest_base64(text, mac, sizeof mac);
    return xasprintf("v1,%s", text);
}

void webhook_headers(struct webhook_headers *h, const uint8_t *key, size_t key_len, const char *id,
                     int64_t unix_s, const void *body, size_t len)
{
    *h = (struct webhook_headers){{xstrdup("Content-Type: application/json"), xasprintf("webhook-id: %s", id),
                                   xasprintf("webhook-timestamp: %" PRId64, unix_s)}};
    if (key_len == 0)
        return;
    char *signature = webhook_signature(key, key_len, id, unix_s, body, len);
    h->line[3] = xasprintf("webhook-signature: %s", signature);
    free(signature);
}

void webhook_headers_free(struct webhook_headers *h)
{
    for (size_t i = 0; h->line[i]; i++)
        free(h->line[i]);
}

/* Equal, in a time that does not tell where they differ. */
static bool same(const char *a, size_t n, const char *b)
{
    if (strlen(b) != n)
        return false;
    unsigned diff = 0;
    for (size_t i = 0; i < n; i++)
        diff |= (unsigned)(unsigned char)(a[i] ^ b[i]);
    return diff == 0;
}

const char *webhook_check(const uint8_t *key, size_t key_len, const char *id, const char *timestamp,
                          const char *signatures, const void *body, size_t len, int64_t now_s)
{
    char *end;
    errno = 0;
    long long at = strtoll(timestamp, &end, 10);
    if (!*id || strchr(id, '.'))
        return "no webhook-id";
    if (!*timestamp || *end || errno)
        return "no webhook-timestamp";
    if (at < now_s - WEBHOOK_TOLERANCE_S || at > now_s + WEBHOOK_TOLERANCE_S)
        return "timestamp out of tolerance";
    if (!*signatures)
        return "no webhook-signature";
    char *want = webhook_signature(key, key_len, id, at, body, len);
    bool ok = false;
    for (const char *s = signatures; *s;) {
        size_t n = strcspn(s, " ");
        ok |= same(s, n, want);
        s += n + strspn(s + n, " ");
    }
    free(want);
    return ok ? NULL : "signature does not fit";
}
