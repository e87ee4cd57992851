/* base: what text of others can do to a line of the log, to an error, to a cell of a table: nothing.
 * SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text/escape.h"
#include "tests/near.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/psmon-log-XXXXXX";
static int real_stderr;

/* What goes to stderr from begin_capture on goes to the file; end_capture hands it over, without times. */
static void begin_capture(void)
{
    fflush(stderr);
    assert_non_null(freopen(path, "w", stderr));
}

static const char *end_capture(void)
{
    static char text[8192];
    fflush(stderr);
    FILE *f = fopen(path, "r");
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    dup2(real_stderr, 2);
    if (n > 0 && text[n - 1] == '\n')
        text[n - 1] = '\0';
    const char *rest = strchr(text, ' '); /* behind the time */
    return rest ? rest + 1 : text;
}

static const char *const hostile[] = {
    "SR:C12:Q3",
    "",
    "two words",
    "<script>alert(1)</script>",
    "a=b",
    "x\" level=error module=auth ok=\"",
    "x level=error",
    "line\nbreak 2026-01-01T00:00:00Z error module=run forged",
    "back\\slash",
    "esc\x1b[2J\x1b]0;title\x07",
    "tab\tand\rreturn",
    "caf\xc3\xa9 \xc2\xb0"
    "C",
    "latin \xb0"
    "C",
    "c1 \xc2\x9b"
    "31m",
    "turned \xe2\x80\xae"
    "gpj.exe",
    "isolate \xe2\x81\xa6 line \xe2\x80\xa8 separator",
    "%s%n%d",
};

/* A reader of logfmt, written for this test: the value of a key, unescaped as far as quotes and backslashes
 * go; counts the keys. False: not there. */
static bool value_of(const char *line, const char *key, char out[2048], int *keys)
{
    bool found = false;
    *keys = 0;
    for (const char *at = line; *at;) {
        size_t word = strcspn(at, " =\"");
        if (at[word] != '=') { /* prose: a word, or a quoted piece */
            at += word;
            if (*at == '"') {
                for (at++; *at && *at != '"'; at++)
                    at += *at == '\\' && at[1];
                at += *at == '"';
            } else if (*at) {
                at++;
            }
            continue;
        }
        ++*keys;
        bool mine = strlen(key) == word && strncmp(at, key, word) == 0;
        size_t n = 0;
        bool quoted = at[word + 1] == '"';
        for (at += word + 1 + quoted; *at && *at != (quoted ? '"' : ' '); at++) {
            if (quoted && *at == '\\' && strchr("\"\\", at[1]))
                at++;
            if (mine && n < 2047)
                out[n++] = *at;
        }
        at += *at == '"';
        if (mine) {
            out[n] = '\0';
            found = true;
        }
    }
    return found;
}

static void values_of_a_line_are_what_was_logged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        const char *s = hostile[i];
        char want[512], got[2048];
        int keys;
        escape_text(want, sizeof want, s, strlen(s), "");
        begin_capture();
        log_error("test", "subject=%s n=%d text=\"%s %s\" page=http://%s/ end=%s", s, 7, s, s, s, s);
        const char *line = end_capture();
        if (strpbrk(line, "\n\r\t\x1b\x07") || strstr(line, "\xc2\x9b") || strstr(line, "\xe2\x80\xae"))
            fail_msg("raw: %s", line);
        if (!value_of(line, "subject", got, &keys) || strcmp(got, want) != 0 || keys != 6)
            fail_msg("%d keys, subject '%s', want '%s': %s", keys, got, want, line);
        assert_true(value_of(line, "end", got, &keys));
        assert_string_equal(got, want);
        assert_true(value_of(line, "n", got, &keys));
        assert_string_equal(got, "7");
        begin_capture();
        log_error("test", "reload refused, what was in force stays: %s", s);
        line = end_capture();
        value_of(line, "", got, &keys);
        if (keys != 1) /* module */
            fail_msg("%d keys: %s", keys, line);
    }
}

static void numbers_are_printed_as_ever(void **state)
{
    (void)state;
    begin_capture();
    log_error("test", "%d %5.2f %g %zu %lu %lld %" PRIu64 " %x %c %% %-4d| %.3s %.*s", -3, 2.5, 1e-9,
              (size_t)8, 9ul, -10ll, UINT64_MAX, 255u, 'q', 7, "abcdef", 2, "xyz");
    assert_string_equal(end_capture(),
                        "error module=test -3  2.50 1e-09 8 9 -10 18446744073709551615 ff q % 7   | abc xy");
}

static void a_line_that_is_cut_is_still_a_line(void **state)
{
    (void)state;
    char long_text[5000];
    memset(long_text, ' ', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    begin_capture();
    log_error("test", "value=%s next=%s", long_text, long_text);
    const char *line = end_capture();
    assert_true(strlen(line) < 1100);
    assert_int_equal(line[strlen(line) - 1], '"');
}

static void an_error_is_one_line(void **state)
{
    (void)state;
    struct err err;
    err_set(&err, ERR_DATA, "supply \"%s\" is unknown", "a\nb\x1b[31m");
    err_wrap(&err, "file %s", "x\r\ny");
    assert_string_equal(err.msg, "file x\\r\\ny: supply \"a\\nb\\x1b[31m\" is unknown");
}

static void a_cell_is_no_formula(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"=HYPERLINK(\"http://evil/\";\"x\")", "\"'=HYPERLINK(\"\"http://evil/\"\";\"\"x\"\")\""},
        {"=1+1", "'=1+1"},
        {"+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"},
        {"-2+3", "'-2+3"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\t=1", "'\t=1"},
        {"\r=1", "\"'\r=1\""},
        {"＝1+1", "'＝1+1"},
        {"-2.5", "-2.5"},
        {"-1e-05", "-1e-05"},
        {"-Infinity", "-Infinity"},
        {"+3", "+3"},
        {"-", "-"},
        {"SR:C12:Q3", "SR:C12:Q3"},
        {"a=b", "a=b"},
        {"", ""},
        {"a, \"b\"", "\"a, \"\"b\"\"\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};
        buf_csv(&b, cases[i][0]);
        assert_string_equal(buf_text(&b), cases[i][1]);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_a_line_are_what_was_logged),
        cmocka_unit_test(numbers_are_printed_as_ever),
        cmocka_unit_test(a_line_that_is_cut_is_still_a_line),
        cmocka_unit_test(an_error_is_one_line),
        cmocka_unit_test(a_cell_is_no_formula),
    };
    close(mkstemp(path));
    real_stderr = dup(2);
    int failed = cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
    unlink(path);
    return failed;
}
