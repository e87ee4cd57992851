/* The appliance's PB stream, whole and cut at a place that the input chooses: the same samples either way.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/pb.h"
#include "base/digest.h"
#include "tests/fuzz/fuzz.h"

struct seen {
    size_t samples;
    uint64_t sum; /* of times and severities, in order */
};

static void on_header(void *arg, const struct pb_header *h)
{
    (void)arg;
    assert(h->year >= 1970 && strlen(h->pv) < 1 << 20);
}

static void on_samples(void *arg, const struct sample *s, size_t n)
{
    struct seen *seen = arg;
    assert(n > 0 && n <= PB_BLOCK);
    for (size_t i = 0; i < n; i++)
        seen->sum = seen->sum * 31 + (uint64_t)s[i].t * 7 + (uint64_t)s[i].severity;
    seen->samples += n;
}

static int decode(struct seen *seen, const uint8_t *data, size_t n, size_t cut)
{
    static struct pb_decoder *d;
    struct err err = {0};
    *seen = (struct seen){0};
    if (!d)
        d = pb_new();
    pb_start(d, &(struct pb_options){INT64_MIN, INT64_MAX, on_header, on_samples, seen});
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < n; at += cut)
        rc = pb_feed(d, data + at, n - at < cut ? n - at : cut, &err);
    if (rc == 0)
        rc = pb_end(d, &err);
    if (rc != 0)
        fuzz_is_error(rc, &err);
    assert(pb_counts(d)->samples == seen->samples);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct seen whole, cut;
    int rc = decode(&whole, data, n, n ? n : 1);
    int again = decode(&cut, data, n, n ? 1 + data[n - 1] % 16 : 1);
    assert(rc == again && whole.samples == cut.samples && whole.sum == cut.sum);
    return 0;
}
