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

static int read_range(const char *path, uint32_t first, uint32_t n, struct csvtable_mark *mark,
                      tstamp_ns from, tstamp_ns to)
{
    struct seen seen = {.from = from, .to = to};
    struct csvtable *t;
    struct err err = {0};
    for (int c = 0; c < CHANNELS; c++)
        seen.last[c] = INT64_MIN;
    struct csvrow_file file = {.path = path, .fleet = fuzz_fleet(), .first = first, .n = n};
    int rc = csvtable_open(&t, &file, mark, from, to, on_samples, &seen, &err);
    if (rc == 0) {
        const char *bad;
        char words[CSVTABLE_WORDS_LEN];
        while ((rc = csvtable_read(t, &err)) == 1)
            ;
        assert((csvtable_bad(t, &bad) > 0) == (*bad != '\0'));
        assert(strlen(csvtable_words(t, words)) < sizeof words);
        csvtable_close(t);
    }
    if (rc != 0)
        fuzz_is_error(rc, &err);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    fuzz_fleet();
    const char *path = fuzz_file(1, data, n);
    for (uint32_t first = 0; first < 2; first++) { /* as a supply's file, and as that of its second channel */
        struct csvtable_mark mark = {0};
        uint32_t channels = first ? 1 : CHANNELS;
        if (read_range(path, first, channels, &mark, FROM, LIMIT) == 0)
            (void)read_range(path, first, channels, &mark, LIMIT, LATER);
        free(mark.last);
    }
    return 0;
}
