/* psmon.yaml: read, printed as check-config does, and what was printed is read again to the same effect.
 * SPDX-License-Identifier: MIT */
#include "monitor/settings/settings.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct settings *s, *again;
    struct buf out = {0}, second = {0};
    struct err err = {0};
    int rc = settings_load(&s, fuzz_file(0, data, n), &err);
    if (rc != 0) {
        fuzz_is_error(rc, &err);
        return 0;
    }
    settings_print(s, &out);
    rc = settings_load(&again, fuzz_file(1, out.data, out.len), &err);
    if (rc != 0 && s->n_webhooks == 0) { /* masked secrets are not read back */
        fprintf(stderr, "%s\n%s\n", err.msg, out.data);
        abort();
    }
    if (rc == 0) {
        if (s->n_webhooks == 0) {
            settings_print(again, &second);
            assert(second.len == out.len && memcmp(second.data, out.data, out.len) == 0);
        }
        settings_free(again);
    }
    settings_free(s);
    buf_free(&out);
    buf_free(&second);
    return 0;
}
