/* Files of named arrays: the input is a file without its checksum, which is put right here, as a hostile
 * writer would. SPDX-License-Identifier: MIT */
#include "base/mfile.h"
#include "base/buf.h"
#include "tests/fuzz/fuzz.h"

#define SCHEMA 7

static void get_all(const struct mfile *m)
{
    struct err err;
    const double *d;
    const float *f;
    const int64_t *w;
    size_t k;
    double sum = 0;
    if (mfile_get_f64(m, "d", &d, &k, 0, &err) == 0 && k > 0)
        sum += d[0] + d[k - 1];
    if (mfile_get_f32(m, "f", &f, &k, 0, &err) == 0 && k > 0)
        sum += (double)(f[0] + f[k - 1]);
    if (mfile_get_i64(m, "w", &w, &k, 3, &err) == 0)
        sum += (double)w[0] + (double)w[2];
    const char *text = mfile_get_text(m, "t");
    sum += text ? (double)strlen(text) : 0;
    volatile double read = sum; /* so that the reads above are made */
    (void)read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf b = {0};
    uint8_t sum[DIGEST_LEN];
    struct mfile *m;
    char hex[DIGEST_HEX_LEN];
    struct err err = {0};
    buf_add(&b, data, n);
    digest_sha256(sum, data, n);
    buf_add(&b, sum, sizeof sum);
    int rc = mfile_read(&m, fuzz_file(0, b.data, b.len), SCHEMA, hex, &err);
    if (rc != 0) {
        fuzz_is_error(rc, &err);
    } else {
        get_all(m);
        mfile_free(m);
    }
    buf_free(&b);
    return 0;
}
