/* base: clocks, buffers, digests, model files. SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/digest.h"
#include "base/mfile.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/psmon-base-text-XXXXXX";

/* A simulated clock that a configuration set going long ago, or very fast, shows the end of time. */
static void clocks_do_not_overflow(void **state)
{
    (void)state;
    tstamp_ns old = timefmt_days(TIMEFMT_FIRST_YEAR, 1, 1) * NS_PER_DAY,
              late = timefmt_days(TIMEFMT_LAST_YEAR, 12, 31) * NS_PER_DAY;
    assert_true(late - old > NS_PER_DAY && NS_PER_HOUR + late - old > late - old);
    assert_true(clock_now(&(struct clock){.start = late, .wall = 0, .speed = 100000}) > late);
    assert_true(clock_now(&(struct clock){.start = late, .wall = old, .speed = 1}) > late);
    assert_true(clock_now(&(struct clock){.start = old, .wall = late, .speed = 100000}) < old);
    assert_true(clock_now(&(struct clock){.start = 0, .wall = 0, .speed = 1}) > 0);
    assert_true(clock_wait_ms(&(struct clock){.start = old, .wall = late, .speed = 0.001}, late) > 0);
}

static void buffer_refuses_beyond_its_cap(void **state)
{
    (void)state;
    struct buf b = {.max = 8};
    assert_true(buf_str(&b, "12345"));
    assert_false(buf_str(&b, "6789"));
    assert_true(b.overflow);
    assert_string_equal(buf_text(&b), "12345");
    buf_free(&b);
    buf_html(&b, "a<b");
    assert_string_equal(buf_text(&b), "a&lt;b");
    buf_free(&b);
}

/* Standard Webhooks 1.0.0 publishes this vector. */
static void hmac_matches_the_published_vector(void **state)
{
    (void)state;
    const char *text = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
    uint8_t key[64], mac[DIGEST_LEN];
    long n = digest_base64_decode(key, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert_int_equal(n, 24);
    digest_hmac(mac, key, (size_t)n, text, strlen(text));
    char out[64];
    digest_base64(out, mac, sizeof mac);
    assert_string_equal(out, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void model_file_survives_and_detects_damage(void **state)
{
    (void)state;
    const double v[6] = {1.25, -2, 3, 4, 5, 6.5};
    struct mfile *m = mfile_new(7), *back;
    mfile_put_f64(m, "v", v, (size_t[]){2, 3}, 2);
    mfile_put_text(m, "t", "text");
    struct err err = {0};
    char hex[DIGEST_HEX_LEN], hex2[DIGEST_HEX_LEN];
    assert_int_equal(mfile_write(m, path, hex, &err), 0);
    mfile_free(m);
    assert_int_equal(mfile_read(&back, path, 7, hex2, &err), 0);
    assert_string_equal(hex, hex2);
    const double *got;
    size_t n;
    assert_int_equal(mfile_get_f64(back, "v", &got, &n, 6, &err), 0);
    assert_memory_equal(got, v, sizeof v);
    assert_int_equal(mfile_get_f64(back, "v", &got, &n, 5, &err), ERR_DATA);
    assert_string_equal(mfile_get_text(back, "t"), "text");
    mfile_free(back);
    assert_int_equal(mfile_read(&back, path, 8, NULL, &err), ERR_DATA);

    /* every single flipped byte and every truncation is noticed */
    FILE *f = fopen(path, "r");
    char bytes[4096];
    size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0x10;
        f = fopen(path, "w");
        fwrite(bytes, 1, size, f);
        fclose(f);
        bytes[i] ^= 0x10;
        assert_int_equal(mfile_read(&back, path, 7, NULL, &err), ERR_DATA);
    }
    for (size_t i = 0; i < size; i++) {
        f = fopen(path, "w");
        fwrite(bytes, 1, i, f);
        fclose(f);
        assert_int_equal(mfile_read(&back, path, 7, NULL, &err), ERR_DATA);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_do_not_overflow),
        cmocka_unit_test(buffer_refuses_beyond_its_cap),
        cmocka_unit_test(hmac_matches_the_published_vector),
        cmocka_unit_test(model_file_survives_and_detects_damage),
    };
    int fd = mkstemp(path);
    close(fd);
    int failed = cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
    unlink(path);
    return failed;
}
