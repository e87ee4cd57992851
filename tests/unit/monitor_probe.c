/* check-config --probe against a small archiver (tests/support/badpeer.py), a receiver and a database that
 * are there, or not. SPDX-License-Identifier: MIT */
#include "monitor/probe.h"

#include "base/mem.h"
#include "base/time/timefmt.h"
#include "tests/near.h"
#include "tests/postgres.h"
#include "tests/support/peer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct peer peer;
static char folder[] = "/tmp/psmon-probe-XXXXXX";

static char *path_of(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    char *path = path_of(name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    free(path);
}

/* What a probe of these PVs says, the archiver answering as `script` says (NULL: the folder's files); *wrong
 * as it returns. */
static char *probe_of(const char *script, const char *const pvs[], size_t n, const char *more, size_t *wrong)
{
    char now[TIMEFMT_LEN], *text = NULL, *out = NULL, *path = path_of("psmon.yaml");
    size_t len = 0;
    struct context c;
    struct err err = {0};
    struct buf fleet = {0};
    buf_str(&fleet, "supply,family,sector,signal,pv,unit\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(&fleet, "Q%zu,quad,S1,current,%s,A\n", i, pvs[i]);
    write_file("fleet.csv", buf_text(&fleet));
    timefmt_iso(now, (tstamp_ns)time(NULL) * NS_PER_S);
    char *url = script ? xasprintf("http://127.0.0.1:%d/%s", peer.port, script)
                       : xasprintf("file://%s", folder);
    text = xasprintf("fleet: fleet.csv\narchiver: {url: '%s'}\nstate_dir: %s/state\n"
                     "clock: {start: 2026-11-22T02:30:00Z, wall: %s}\n%s",
                     url, folder, now, more);
    free(url);
    write_file("psmon.yaml", text);
    if (context_open(&c, path, &err) != 0)
        fail_msg("%s", err.msg);
    FILE *to = open_memstream(&out, &len);
    *wrong = probe(&c, strstr(more, "# send") != NULL, to);
    fclose(to);
    context_close(&c);
    buf_free(&fleet);
    free(text);
    free(path);
    return out;
}

/* Fails unless some line has both. */
static void expect(const char *text, const char *first, const char *second)
{
    for (const char *l = text; l && *l; l = strchr(l, '\n') ? strchr(l, '\n') + 1 : NULL) {
        size_t n = strcspn(l, "\n");
        const char *a = memmem(l, n, first, strlen(first)), *b = memmem(l, n, second, strlen(second));
        if (a && b)
            return;
    }
    fail_msg("no line with '%s' and '%s' in:\n%s", first, second, text);
}

static void what_is_wrong_with_a_pv_is_told(void **state)
{
    (void)state;
    static const char *const pvs[] = {"good:A", "missing:B", "text:C",   "milli:D",
                                      "old:E",  "lost:F",    "absent:G", "forbidden:H"};
    size_t wrong;
    char *text = probe_of("ok", pvs, 8, "", &wrong);
    if (wrong != 1)
        fail_msg("%s", text);
    assert_null(strstr(text, "good:A"));
    expect(text, "missing:B", "not archived");
    expect(text, "text:C", "its values are no numbers: text");
    expect(text, "milli:D", "its unit is mA, the fleet says A");
    expect(text, "old:E", "last sample at 2026-11-21T01:");
    expect(text, "lost:F", "the archiver is disconnected from it");
    expect(text, "lost:F",
           " 360 2025-12-01T00:00:00Z 2026-11-22T02:30:0"); /* an hour of 10 s, the first, the last */
    assert_null(strstr(text, "absent:G"));                  /* read by itself, and well */
    expect(text, "forbidden:H", "HTTP 403");
    expect(text, "archiver  WRONG", "2 of 8 PVs are well, 0 are odd");
    free(text);
}

static void all_is_well_where_it_is(void **state)
{
    (void)state;
    static const char *const pvs[] = {"good:A", "good:B"};
    size_t wrong;
    char *more = xasprintf("webhooks:\n  - url: http://127.0.0.1:%d/204:/T0/B0/verysecret\n", peer.port);
    char *text = probe_of("ok", pvs, 2, more, &wrong);
    assert_int_equal(wrong, 0);
    expect(text, "archiver  ok", "2 of 2 PVs are well");
    expect(text, "database  ok", "made in");
    expect(text, "webhook   ok", "nothing was sent");
    assert_null(strstr(text, "verysecret"));
    free(text);
    free(more);
    more = xasprintf("webhooks:\n  - url: http://127.0.0.1:%d/204:/T0/B0/verysecret # send\n", peer.port);
    text = probe_of("ok", pvs, 2, more, &wrong);
    assert_int_equal(wrong, 0);
    expect(text, "webhook   ok", "a test message: HTTP 204");
    free(text);
    free(more);
}

static void files_are_looked_into(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B"};
    size_t wrong;
    write_file("Q0.csv", "time,current\n2026-11-20T00:00:00Z,1\n2026-11-20T00:01:00Z,2\n");
    char *text = probe_of(NULL, pvs, 2, "", &wrong);
    assert_int_equal(wrong, 1);
    expect(text, "archiver  WRONG", "1 of 2 channels have no reading in the files, the first is B");
    free(text);
    write_file("Q1.csv", "time,current\n2026-11-20T00:00:00Z,1\n");
    text = probe_of(NULL, pvs, 2, "", &wrong);
    assert_int_equal(wrong, 0);
    expect(text, "archiver  ok", "files with readings of all 2 channels");
    free(text);
}

static void nobody_there_is_told_once_a_part(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C"};
    size_t wrong;
    char *text = probe_of("html", pvs, 3,
                          "database: {url: 'host=/nonexistent dbname=x'}\n"
                          "webhooks:\n  - url: http://127.0.0.1:1/x\n",
                          &wrong);
    assert_int_equal(wrong, 3);
    expect(text, "archiver  WRONG", "a web page (text/html;charset=utf-8) instead of readings");
    expect(text, "database  WRONG", "/nonexistent");
    expect(text, "webhook   WRONG", "could not connect: Connection refused");
    free(text);
}

static int start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return !mkdtemp(folder) || peer_start(&peer, "tests/golden/archiver") != 0;
}

static int stop(void **state)
{
    (void)state;
    char *command = xasprintf("rm -rf %s", folder);
    int rc = postgres_sh(command);
    free(command);
    peer_stop(&peer);
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_with_a_pv_is_told),
        cmocka_unit_test(all_is_well_where_it_is),
        cmocka_unit_test(files_are_looked_into),
        cmocka_unit_test(nobody_there_is_told_once_a_part),
    };
    return cmocka_run_group_tests_name("monitor/probe", tests, start, stop);
}
