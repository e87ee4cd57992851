/* Webhook messages; see webhook.h. Format: Standard Webhooks 1.0.0. SPDX-License-Identifier: MIT */
#include "alerts/webhook.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/words.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_MAX 512
#define DIGITS 6 /* more than any of these numbers means */

/* ---- JSON ---- */

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
             source); /* the caller's own text: a body stays small whatever it is */
    put(data, "source", value_text(start));
}

/* {type, timestamp, data}; owns data. */
static char *envelope(const char *kind, tstamp_ns t, json_t *data)
{
    char type[64];
    snprintf(type, sizeof type, WEBHOOK_TYPE_PREFIX "%s", kind);
    json_t *j = json_object();
    put(j, "type", json_string(type));
    put(j, "timestamp", value_instant(t));
    put(j, "data", data);
    return value_dump(j, DIGITS);
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

/* What the occurrence is about, as everywhere (base/json.h); psmon's own conditions have no supply and no
 * direction. */
static json_t *subject_matter(const struct occurrence *o)
{
    const struct finding *f = &o->finding;
    char words[WORDS_CHANCE_LEN];
    json_t *data = finding_json(f);
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

char *webhook_body(const struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t, const char *run,
                   const char *source, const char *continued_as)
{
    json_t *data = subject_matter(o);
    put(data, "occurrence", value_text(o->id));
    put(data, "state", value_text(alarm_state_name(o->alarm.state)));
    put(data, "raised", value_instant(o->alarm.raised));
    put(data, "acknowledged", acknowledgement(o));
    put(data, "returned", value_instant(o->alarm.returned));
    if (continued_as)
        put(data, "continued_as", value_text(continued_as));
    put(data, "run", value_text(run));
    put_source(data, source);
    return envelope(alarm_event_name(kind), t, data);
}

char *webhook_heartbeat(tstamp_ns t, const char *run, const char *source, size_t n_open, size_t n_waiting)
{
    json_t *data = json_object();
    put(data, "open_alarms", json_integer((json_int_t)n_open));
    put(data, "waiting_messages", json_integer((json_int_t)n_waiting));
    put(data, "version", value_text(PSMON_VERSION));
    put(data, "run", value_text(run));
    put_source(data, source);
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
    return value_dump(j, DIGITS);
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
