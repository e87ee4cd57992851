/* One supply's file of readings, read from the middle and then on from where it ended: samples in time order,
 * within the limits but for the newest before them. SPDX-License-Identifier: MIT */
#include "archive/csvtable.h"
#include "tests/fuzz/fuzz.h"

#define FROM (INT64_C(1767225600) * NS_PER_S) /* 2026-01-01 */
#define LIMIT (FROM + NS_PER_DAY)
#define LATER (LIMIT + NS_PER_DAY)

enum { CHANNELS = 6 }; /* of supply 0 */

struct seen {
    tstamp_ns from, to, last[CHANNELS];
};

static void on_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct seen *seen = arg;
    assert(channel < CHANNELS && n > 0);
    for (size_t i = 0; i < n; i++) {
        assert(s[i].t < seen->to && s[i].t >= seen->last[channel]);
        assert(s[i].t >= seen->from || seen->last[channel] == INT64_MIN);
        seen->last[channel] = s[i].t;
    }
}

static int read_range(const char *path, struct csvtable_mark *mark, tstamp_ns from, tstamp_ns to)
{
    struct seen seen = {.from = from, .to = to};
    struct csvtable *t;
    struct err err = {0};
    size_t answered;
    for (int c = 0; c < CHANNELS; c++)
        seen.last[c] = INT64_MIN;
    int rc = csvtable_open(&t, path, fuzz_fleet(), 0, mark, from, to, on_samples, &seen, &answered, &err);
    if (rc == 0) {
        while ((rc = csvtable_read(t, &err)) == 1)
            ;
        csvtable_close(t);
    }
    if (rc != 0)
        fuzz_is_error(rc, &err);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct csvtable_mark mark = {0};
    fuzz_fleet();
    const char *path = fuzz_file(1, data, n);
    if (read_range(path, &mark, FROM, LIMIT) == 0)
        (void)read_range(path, &mark, LIMIT, LATER);
    free(mark.last);
    return 0;
}
