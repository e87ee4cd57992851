/* Webhook messages; see webhook.h. Format: Standard Webhooks 1.0.0. SPDX-License-Identifier: MIT */
#include "alerts/webhook.h"

#include "base/buf.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- identity and signature ---- */

void webhook_id(char out[WEBHOOK_ID_LEN], const char *run, const char *occurrence, enum alarm_event_kind kind,
                const char *which)
{
    uint8_t sha[DIGEST_LEN];
    char *what =
        xasprintf("%s\n%s\n%s%s%s", run, occurrence, alarm_event_name(kind), *which ? "\n" : "", which);
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

bool webhook_key(struct webhook_key *key, const char *secret)
{
    key->len = 0;
    if (!secret)
        return true;
    if (strncmp(secret, "whsec_", 6) != 0 || strlen(secret + 6) > WEBHOOK_KEY_MAX / 3 * 4)
        return false;
    long n = digest_base64_decode(key->bytes, secret + 6);
    if (n < 16)
        return false;
    key->len = (size_t)n;
    return true;
}

char *webhook_signature(const struct webhook_key *key, const char *id, int64_t unix_s, const void *body,
                        size_t len)
{
    uint8_t mac[DIGEST_LEN];
    char text[4 * ((DIGEST_LEN + 2) / 3) + 1];
    struct buf signed_bytes = {0};
    buf_printf(&signed_bytes, "%s.%" PRId64 ".", id, unix_s);
    buf_add(&signed_bytes, body, len);
    digest_hmac(mac, key->bytes, key->len, signed_bytes.data, signed_bytes.len);
    buf_free(&signed_bytes);
    digest_base64(text, mac, sizeof mac);
    return xasprintf("v1,%s", text);
}

/* One after the other, the newest key's first; NULL: there is no key. */
static char *signatures(const struct webhook_key key[WEBHOOK_KEYS], const char *id, int64_t unix_s,
                        const char *body)
{
    char *all = NULL;
    for (int i = 0; i < WEBHOOK_KEYS; i++) {
        if (key[i].len == 0)
            continue;
        char *before = all, *one = webhook_signature(&key[i], id, unix_s, body, strlen(body));
        all = xasprintf("%s%s%s", before ? before : "", before ? " " : "", one);
        free(before);
        free(one);
    }
    return all;
}

void webhook_make(struct webhook *w, const struct shape *shape, const struct webhook_key key[WEBHOOK_KEYS],
                  const char *id, int64_t unix_s, const char *message)
{
    size_t n = 0;
    json_t *json = json_loads(message, 0, NULL);
    *w = (struct webhook){.body = shape->body(message, json)};
    json_decref(json);
    for (size_t i = 0; shape->headers[i]; i++) {
        assert(n < SHAPE_HEADERS_MAX);
        w->header[n++] = xstrdup(shape->headers[i]);
    }
    w->header[n++] = xasprintf("webhook-id: %s", id);
    w->header[n++] = xasprintf("webhook-timestamp: %" PRId64, unix_s);
    char *all = signatures(key, id, unix_s, w->body);
    if (all)
        w->header[n] = xasprintf("webhook-signature: %s", all);
    free(all);
}

void webhook_fini(struct webhook *w)
{
    for (size_t i = 0; w->header[i]; i++)
        free(w->header[i]);
    free(w->body);
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

const char *webhook_check(const struct webhook_key *key, const char *id, const char *timestamp,
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
    char *want = webhook_signature(key, id, at, body, len);
    bool ok = false;
    for (const char *s = signatures; *s;) {
        size_t n = strcspn(s, " ");
        ok |= same(s, n, want);
        s += n + strspn(s + n, " ");
    }
    free(want);
    return ok ? NULL : "signature does not fit";
}
