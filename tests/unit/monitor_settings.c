/* monitor/settings: what is read, what is refused and with which words. SPDX-License-Identifier: MIT */
#include "monitor/settings/settings.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/psmon-settings-XXXXXX";

static mode_t with_mode; /* of that file; 0: as it is */

#define LEAST "fleet: fleet.csv\narchiver:\n  url: http://archiver.example:17665\nstate_dir: /var/lib/psmon\n"
#define LEAST_BUT_ARCHIVER "fleet: fleet.csv\nstate_dir: /var/lib/psmon\n"

static int load(struct settings **s, const char *text, struct err *err)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, with_mode ? with_mode : 0600), 0);
    *err = (struct err){0};
    return settings_load(s, path, err);
}

static void the_least_that_runs(void **state)
{
    (void)state;
    struct settings *s;
    struct err err;
    assert_int_equal(load(&s,
                          LEAST "webhooks:\n  - url: https://example.org/hook\n"
                                "    secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
                          &err),
                     0);
    assert_string_equal(s->retrieval_url.clear, "http://archiver.example:17665/retrieval");
    assert_string_equal(s->management_url.clear, "http://archiver.example:17665/mgmt");
    assert_string_equal(s->fleet, "/tmp/fleet.csv");
    assert_int_equal(s->period, 60 * NS_PER_S);
    assert_int_equal(s->window, 12 * NS_PER_HOUR);
    assert_int_equal(s->max_age, 5 * NS_PER_MIN);
    assert_near(s->budget, 1, 0, 0);
    assert_string_equal(s->http_listen, "127.0.0.1:8088");
    assert_null(s->database_url.clear);
    assert_int_equal(s->n_webhooks, 1);
    assert_int_equal(strlen(s->hash), 64);
    settings_free(s);
}

static void everything_can_be_said(void **state)
{
    (void)state;
    struct settings *s;
    struct err err;
    assert_int_equal(load(&s,
                          "fleet: /a/fleet.csv\nmaintenance: m.csv\narchiver:\n"
                          "  retrieval_url: http://r:1/x\n  management_url: http://m:2/y\n"
                          "state_dir: s\ndatabase: {url: postgresql://h/d}\nbudget: 2.5\n"
                          "max_age: {default: 4 min, dac: 1 h}\nreport: {day: Tue, time: '07:30', size: 12}\n"
                          "clock: {start: 2026-01-05T00:00:00Z, wall: 2026-11-22T00:00:00Z, speed: 60}\n",
                          &err),
                     0);
    assert_string_equal(s->retrieval_url.clear, "http://r:1/x");
    assert_string_equal(s->management_url.clear, "http://m:2/y");
    assert_string_equal(s->state_dir, "/tmp/s");
    assert_string_equal(s->database_url.clear, "postgresql://h/d");
    assert_int_equal(s->max_age, 4 * NS_PER_MIN);
    assert_int_equal(s->n_signal_max_age, 1);
    assert_string_equal(s->signal_max_age[0].signal, "dac");
    assert_int_equal(s->signal_max_age[0].max_age, NS_PER_HOUR);
    assert_int_equal(s->report_day, 1);
    assert_int_equal(s->report_minute, 450);
    assert_near(s->clock.speed, 60, 0, 0);
    settings_free(s);
}

/* Issue 7.21: what people copy from a browser is an address of the archiver too. */
static void the_address_of_the_management_will_do(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://a.example:17665", "http://a.example:17665/mgmt", "http://a.example:17665/mgmt/ui/index.html",
        "http://a.example:17665/retrieval/", "http://a.example:17665/mgmt/bpl"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct settings *s;
        struct err err;
        char text[256];
        snprintf(text, sizeof text, "fleet: f.csv\narchiver: {url: '%s'}\nstate_dir: /s\n", urls[i]);
        assert_int_equal(load(&s, text, &err), 0);
        assert_string_equal(s->retrieval_url.clear, "http://a.example:17665/retrieval");
        assert_string_equal(s->management_url.clear, "http://a.example:17665/mgmt");
        assert_true(s->locate_retrieval);
        settings_free(s);
    }
    struct settings *s;
    struct err err;
    assert_int_equal(load(&s,
                          "fleet: f.csv\narchiver: {url: 'http://mgmt.example/mgmtx/a', retrieval_url: "
                          "'http://r:17668/retrieval'}\nstate_dir: /s\n",
                          &err),
                     0);
    assert_string_equal(s->management_url.clear, "http://mgmt.example/mgmtx/a/mgmt");
    assert_false(s->locate_retrieval); /* it is named */
    settings_free(s);
}

static void a_folder_of_csv(void **state)
{
    (void)state;
    struct settings *s;
    struct err err;
    assert_int_equal(load(&s, "fleet: f.csv\narchiver: {url: 'file:///data/ring/'}\nstate_dir: /s\n", &err),
                     0);
    assert_string_equal(s->retrieval_url.clear, "file:///data/ring");
    assert_null(s->management_url.clear);
    settings_free(s);
}

/* Each bad file is refused with one line that names file, line and key. */
static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {LEAST "colour: red\n", ":5: colour: unknown key"},
        {LEAST "http:\n  port: 80\n", ":6: http.port: unknown key"},
        {LEAST "budget: lots\n", ":5: budget: 'lots' is not a number"},
        {LEAST "budget: -1\n", ":5: budget: -1 is outside"},
        {LEAST "budget: nan\n", ":5: budget: 'nan' is not a number"},
        {LEAST "window: 5 parsecs\n", ":5: window: '5 parsecs' is not a duration"},
        {LEAST "period: 301123012h\n", ":5: period: '301123012h' is not a duration"},
        {LEAST "window: 10 s\n", ":5: window: 10 s is outside"},
        {LEAST "window: [1, 2]\n", ":5: window: is a list"},
        {LEAST "budget: 1\nbudget: 2\n", ":6: budget: stands twice"},
        {LEAST "report: {day: someday}\n", ":5: report.day: 'someday' is not a day"},
        {LEAST "budget: 0x10\n", ":5: budget: '0x10' is not a number"},
        {LEAST "report: {time: '6:+5'}\n", ":5: report.time: '6:+5' is not a time of day"},
        {LEAST "report: {time: '06:5'}\n", ":5: report.time: '06:5' is not a time of day"},
        {LEAST "report: {time: ''}\n", ":5: report.time: '' is not a time of day"},
        {LEAST "report: {time: 25:00}\n", ":5: report.time: '25:00' is not a time of day"},
        {LEAST "report: {timezone: Mars/Olympus}\n", ":5: report.timezone: 'Mars/Olympus' is not a known"},
        {LEAST "report: {timezone: Europe}\n", ":5: report.timezone: 'Europe' is not a known"},
        {LEAST "report: {timezone: tzdata.zi}\n", ":5: report.timezone: 'tzdata.zi' is not a known"},
        {LEAST "# 40 \xb0"
               "C\n",
         ":5: byte 0xb0 is not UTF-8"},
        {"fleet: f.csv\nstate_dir: /s\narchiver:\n  url: file:///d\n  time_format: '%H:%M'\n",
         ":5: archiver.time_format: '%H:%M' is not a format of times"},
        {LEAST "webhooks:\n  - shape: psmon\n", ":6: webhooks.url: is missing"},
        {LEAST "webhooks:\n  - url: ftp://x\n", ":6: webhooks.url: 'ftp://…' is not an http"},
        {LEAST "webhooks:\n  - {url: 'http://x', secret: whsec_short}\n", ":6: webhooks.secret: must be"},
        {LEAST "webhooks:\n  - {url: 'http://x', old_secret: whsec_short}\n",
         ":6: webhooks.old_secret: must be"},
        {LEAST "webhooks:\n  - {url: 'http://x'}\n  - {url: 'http://x'}\n", ":7: webhooks.url: stands twice"},
        {LEAST "webhooks:\n  - {url: 'http://x', name: a}\n  - {url: 'http://y', name: a}\n",
         ":7: webhooks.name: stands twice"},
        {LEAST "webhooks:\n  - {url: 'http://x', shape: sms}\n",
         ":6: webhooks.shape: 'sms' is not one of: psmon"},
        {LEAST "webhooks: http://x\n", ":5: webhooks: must be a list"},
        {LEAST "clock: {speed: 60}\n", ":5: clock.speed: needs"},
        {LEAST "database: {listen: everywhere}\n", ":5: database.listen: "},
        {LEAST "database: {url: 'host=h', listen: '127.0.0.1:5433'}\n",
         ":5: database.listen: is of the private"},
        {LEAST "database: {listen: '127.0.0.1:5433', certificate: a.crt}\n", "database.key belong together"},
        {LEAST "database: {client_ca: a.crt}\n", ":5: database.client_ca: needs"},
        {"fleet: f.csv\nstate_dir: /s\n", "archiver.url is missing"},
        {"archiver: {url: 'http://a'}\nstate_dir: /s\n", "fleet is missing"},
        {"fleet: [f.csv\n", ":"},
        {"", "is empty"},
        {"- a\n- b\n", ":1: is no configuration"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings *s;
        struct err err;
        int rc = load(&s, cases[i].text, &err);
        if (rc != ERR_CONFIG || !strstr(err.msg, cases[i].says) || !strstr(err.msg, path) ||
            strchr(err.msg, '\n'))
            fail_msg("case %zu: code %d, says '%s', want '%s'", i, rc, err.msg, cases[i].says);
    }
}

static void it_names_the_package_when_there_are_no_time_zones(void **state)
{
    (void)state;
    struct settings *s;
    struct err err;
    char folder[] = "/tmp/psmon-no-zones-XXXXXX";
    assert_non_null(mkdtemp(folder));
    setenv("TZDIR", folder, 1);
    int rc = load(&s, LEAST "report: {timezone: Europe/Berlin}\n", &err);
    int utc = load(&s, LEAST, &(struct err){0});
    unsetenv("TZDIR");
    rmdir(folder);
    assert_int_equal(rc, ERR_CONFIG);
    assert_non_null(strstr(err.msg, "install the package tzdata"));
    assert_int_equal(utc, 0); /* UTC needs none */
    settings_free(s);
}

/* What check-config prints is itself a configuration that means the same. */
static void printed_settings_read_back(void **state)
{
    (void)state;
    struct settings *a, *b;
    struct err err;
    assert_int_equal(load(&a, LEAST "budget: 3\nmax_age: {default: 6 min, dac: 2 h}\n", &err), 0);
    struct buf text = {0};
    settings_print(a, &text);
    assert_int_equal(load(&b, buf_text(&text), &err), 0);
    assert_string_equal(a->hash, b->hash);
    settings_free(a);
    settings_free(b);
    buf_free(&text);
}

/* Also where a text means something else to YAML: a list, a comment, a quote, a line's end. */
static void printed_text_reads_back(void **state)
{
    (void)state;
    struct settings *a, *b;
    struct err err;
    assert_int_equal(load(&a,
                          "fleet: '/data/# 1: \"ring\"\\fleet.csv'\narchiver: {url: "
                          "'http://a:1'}\nstate_dir: \"/s\\n\\t é\"\n"
                          "http: {listen: '[::1]:8088'}\nbudget: 1.0000000001\nkeep: {ticks: 90061.5 s}\n",
                          &err),
                     0);
    struct buf text = {0};
    settings_print(a, &text);
    if (load(&b, buf_text(&text), &err) != 0)
        fail_msg("%s in\n%s", err.msg, buf_text(&text));
    assert_string_equal(b->fleet, "/data/# 1: \"ring\"\\fleet.csv");
    assert_string_equal(b->state_dir, "/s\n\t é");
    assert_string_equal(b->http_listen, "[::1]:8088");
    assert_near(b->budget, 1.0000000001, 0, 0);
    assert_int_equal(b->keep_ticks, 90061 * NS_PER_S + NS_PER_S / 2);
    assert_string_equal(a->hash, b->hash);
    settings_free(a);
    settings_free(b);
    buf_free(&text);
}

static void the_sample_is_valid_and_complete(void **state)
{
    (void)state;
    struct settings *s;
    struct err err;
    struct buf sample = {0}, committed = {0};
    settings_sample(&sample);
    assert_int_equal(load(&s, buf_text(&sample), &err), 0);
    settings_free(s);
    /* monitor/psmon.yaml is this text: `psmon check-config --sample` makes it */
    FILE *f = fopen("monitor/psmon.yaml", "r");
    assert_non_null(f);
    char block[4096];
    size_t n;
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        buf_add(&committed, block, n);
    fclose(f);
    assert_string_equal(buf_text(&committed), buf_text(&sample));
    buf_free(&sample);
    buf_free(&committed);
}

/* Each kind of what holds a secret, in each way to write it: nothing of it is printed, what is not secret is.
 */
static void secrets_are_masked(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"webhooks:\n  - {url: 'http://x', secret: whsec_hunter2hunter2hunter2hunter2hunter2A}\n", "***"},
        {"webhooks:\n  - {url: 'http://x', old_secret: whsec_hunter2hunter2hunter2hunter2hunter2A}\n", "***"},
        {"webhooks:\n  - url: https://hooks.example/services/T0/B0/hunter2\n", "https://hooks.example/…#"},
        {"webhooks:\n  - url: https://eve:hunter2@hooks.example/?token=hunter2\n", "https://hooks.example/"},
        {"database: {url: 'postgresql://eve:hunter2@db.example:5433/psmon'}\n",
         "user=eve password=*** dbname=psmon host=db.example port=5433"},
        {"database: {url: 'host=db.example user=eve password=hunter2'}\n", "host=db.example"},
        {"database: {url: 'postgresql://db.example/psmon?password=hunter2&sslpassword=hunter2'}\n",
         "db.example"},
        {"archiver: {url: 'http://eve:hunter2@archiver.example:17665'}\n", "http://archiver.example:17665"},
        {"archiver: {url: 'http://archiver.example/?key=hunter2'}\n", "http://archiver.example/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings *s;
        struct err err;
        char text[600];
        snprintf(text, sizeof text, "%s%s", strstr(cases[i][0], "archiver") ? LEAST_BUT_ARCHIVER : LEAST,
                 cases[i][0]);
        if (load(&s, text, &err) != 0)
            fail_msg("%s: %s", cases[i][0], err.msg);
        struct buf shown = {0};
        settings_print(s, &shown);
        if (strstr(buf_text(&shown), "hunter2") || !strstr(buf_text(&shown), cases[i][1]))
            fail_msg("%s: %s", cases[i][0], buf_text(&shown));
        buf_free(&shown);
        settings_free(s);
    }
}

/* What is refused is not repeated where it may hold one. */
static void errors_do_not_tell_secrets(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "webhooks:\n  - url: hooks.example/services/T0/hunter2\n",
        "webhooks:\n  - url: ftp://eve:hunter2@hooks.example/\n",
        "webhooks:\n  - {url: 'http://x', secret: hunter2}\n",
        "database: {url: 'host=db.example password=my hunter2'}\n",
        "database: {url: 'postgresql://eve:my@hunter2@db.example/psmon'}\n",
        "database: {url: 'postgresql://eve:my%zzhunter2@db.example/psmon'}\n",
        "archiver: {url: 'ftp://eve:hunter2@archiver.example'}\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct settings *s;
        struct err err;
        char text[600];
        snprintf(text, sizeof text, "%s%s", strstr(wrong[i], "archiver") ? LEAST_BUT_ARCHIVER : LEAST,
                 wrong[i]);
        assert_int_equal(load(&s, text, &err), ERR_CONFIG);
        if (strstr(err.msg, "hunter2"))
            fail_msg("%s", err.msg);
    }
}

static void who_may_read_a_secret_is_looked_at(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        mode_t mode;
        bool exposed;
    } cases[] = {{"", 0644, false},
                 {"webhooks:\n  - url: https://hooks.example/\n", 0644, false},
                 {"webhooks:\n  - url: https://hooks.example/services/T0\n", 0644, true},
                 {"webhooks:\n  - url: https://hooks.example/services/T0\n", 0640, false},
                 {"database: {url: 'host=db.example password=hunter2'}\n", 0604, true},
                 {"database: {url: 'dbname=psmon host=db.example'}\n", 0644, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings *s;
        struct err err;
        char text[600];
        snprintf(text, sizeof text, "%s%s", LEAST, cases[i].more);
        with_mode = cases[i].mode;
        assert_int_equal(load(&s, text, &err), 0);
        with_mode = 0;
        if ((settings_exposed(s) != NULL) != cases[i].exposed)
            fail_msg("%s %o", cases[i].more, (unsigned)cases[i].mode);
        settings_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_that_runs),
        cmocka_unit_test(everything_can_be_said),
        cmocka_unit_test(the_address_of_the_management_will_do),
        cmocka_unit_test(a_folder_of_csv),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(it_names_the_package_when_there_are_no_time_zones),
        cmocka_unit_test(printed_settings_read_back),
        cmocka_unit_test(printed_text_reads_back),
        cmocka_unit_test(the_sample_is_valid_and_complete),
        cmocka_unit_test(secrets_are_masked),
        cmocka_unit_test(errors_do_not_tell_secrets),
        cmocka_unit_test(who_may_read_a_secret_is_looked_at),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests_name("monitor/settings", tests, NULL, NULL);
    unlink(path);
    return failed;
}
