/* The management's answer about connections (getPVStatus). SPDX-License-Identifier: MIT */
#include "archive/appliance/answer.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct fleet *f = fuzz_fleet();
    int8_t connected[16];
    struct err err = {0};
    size_t known = 0, told = 0;
    assert(f->n_channels <= sizeof connected);
    memset(connected, -1, sizeof connected);
    char *text = malloc(n ? n : 1);
    memcpy(text, data, n);
    int rc = answer_status(connected, &known, text, n, f, &err);
    if (rc != 0)
        fuzz_is_error(rc, &err);
    for (size_t c = 0; c < sizeof connected; c++) {
        assert(connected[c] >= -1 && connected[c] <= 1 && (c < f->n_channels || connected[c] == -1));
        told += connected[c] >= 0;
    }
    assert(rc != 0 || told <= known); /* a channel named twice counts twice */
    free(text);
    return 0;
}
