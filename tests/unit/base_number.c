/* base/text/number against strtod. SPDX-License-Identifier: MIT */
#include "base/text/number.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fast path gives the same bits as strtod. */
static void numbers_as_strtod(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double v = (double)(int64_t)x * 1e-12, got;
        snprintf(text, sizeof text, i % 3 == 0 ? "%.6f" : i % 3 == 1 ? "%.15g" : "%.17g", v);
        assert_true(number_parse(&got, text, strlen(text)));
        v = strtod(text, NULL);
        assert_memory_equal(&got, &v, sizeof v);
    }
    static const char *const bad[] = {"", "-", ".", "1.2.3", "1e", "0x", "1 2", "--1", " 1", "1 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double v;
        char *exact = malloc(strlen(bad[i]) + 1);
        memcpy(exact, bad[i], strlen(bad[i]));
        if (number_parse(&v, exact, strlen(bad[i])))
            fail_msg("'%s' was read as %g", bad[i], v);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_as_strtod)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
