/* The live answer (getDataAtTime). A damaged one gives no sample at all. SPDX-License-Identifier: MIT */
#include "archive/appliance/answer.h"
#include "tests/fuzz/fuzz.h"

#define NEWEST (INT64_C(1798761600) * NS_PER_S)

static void on_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    assert(n == 1 && channel < fuzz_fleet()->n_channels && s->t <= NEWEST);
    ++*(size_t *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct fleet *f = fuzz_fleet();
    struct answer_counts counts;
    struct err err = {0};
    size_t samples = 0;
    char *text = malloc(n ? n : 1); /* exactly as long as the answer, without an end mark */
    memcpy(text, data, n);
    int rc =
        answer_latest(&counts, text, n, f, 0, (uint32_t)f->n_channels, NEWEST, on_samples, &samples, &err);
    if (rc != 0) {
        fuzz_is_error(rc, &err);
        assert(samples == 0);
    } else {
        assert(samples == counts.answered && counts.answered <= f->n_channels);
    }
    free(text);
    return 0;
}
