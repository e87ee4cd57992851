/* psmon alarm: what is open, who looks after it, and whether the webhooks work.
 * SPDX-License-Identifier: MIT */
#include "alerts/alerts.h"
#include "archive/history/history.h"
#include "base/mem.h"
#include "base/net/http.h"
#include "base/text/words.h"
#include "monitor/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *config, *by, *note, *run;
    tstamp_ns since;
    bool children;
};

/* Columns of alerts_list. */
enum {
    COL_ID,
    COL_STATE,
    COL_SUBJECT,
    COL_CLASS,
    COL_DETECTOR,
    COL_SIGNAL,
    COL_RAISED,
    COL_RETURNED,
    COL_CHANCE,
    COL_REASON,
    COL_BY,
    COL_AT,
    COL_NOTE,
    COL_SUPPLIES,
    COL_FINDINGS,
    COL_OPEN,
    COL_FLOOD
};

/* Columns of alerts_children, and of what alerts_story says happened. */
enum { CHILD_ALARM, CHILD_SUBJECT, CHILD_CLASS, CHILD_DETECTOR, CHILD_JOINED, CHILD_CLOSED, CHILD_REASON };
enum { EVENT_AT, EVENT_NAME, EVENT_BY, EVENT_NOTE };

static const char *cell(const struct pg_rows *r, int row, int column)
{
    const char *v = r->value[row * r->n_columns + column];
    return v ? v : "";
}

static int width(const struct pg_rows *r, int column, const char *head)
{
    size_t w = strlen(head);
    for (int i = 0; i < r->n_rows; i++)
        if (strlen(cell(r, i, column)) > w)
            w = strlen(cell(r, i, column));
    return (int)w;
}

/* "2026-11-22 03:04" of PostgreSQL's text, with Z: the rest says nothing here. */
static const char *minute(char out[24], const char *time)
{
    snprintf(out, 24, *time ? "%.16sZ" : "%s", time);
    return out;
}

/* An event of several findings: how many, and how many of them hold. */
static void print_findings(const struct pg_rows *r, int i)
{
    long n = strtol(cell(r, i, COL_FINDINGS), NULL, 10), open = strtol(cell(r, i, COL_OPEN), NULL, 10);
    if (n > 1)
        printf("; %ld findings", n);
    if (n > 1 && open < n)
        printf(", %ld open", open);
}

static void print_child(const struct pg_rows *c, int i, int w)
{
    char at[24];
    printf("    %-*s  %-9s  %-10s  %-17s  %s", w, cell(c, i, CHILD_SUBJECT), cell(c, i, CHILD_CLASS),
           cell(c, i, CHILD_DETECTOR), minute(at, cell(c, i, CHILD_JOINED)), cell(c, i, CHILD_REASON));
    if (*cell(c, i, CHILD_CLOSED))
        printf("; over since %s", minute(at, cell(c, i, CHILD_CLOSED)));
    printf("\n");
}

/* The findings of one alarm, from c, which has them in its order. */
static void print_children(const struct pg_rows *c, const char *id)
{
    int w = c ? width(c, CHILD_SUBJECT, "") : 0;
    for (int i = 0; c && i < c->n_rows; i++)
        if (strcmp(cell(c, i, CHILD_ALARM), id) == 0)
            print_child(c, i, w);
}

static void print_row(const struct pg_rows *r, int i, const int w[3])
{
    char at[24], words[WORDS_CHANCE_LEN];
    const char *chance = cell(r, i, COL_CHANCE), *note = cell(r, i, COL_NOTE);
    printf("%-*s  %-9s  %-*s  %-9s  %-17s  %s", w[0], cell(r, i, COL_ID), cell(r, i, COL_STATE), w[1],
           cell(r, i, COL_SUBJECT), cell(r, i, COL_CLASS), minute(at, cell(r, i, COL_RAISED)),
           cell(r, i, COL_REASON));
    if (*chance)
        printf("; by chance %s over the ring", words_chance(words, strtod(chance, NULL)));
    print_findings(r, i);
    if (*cell(r, i, COL_FLOOD))
        printf("; not told by itself: alarm %s speaks for it", cell(r, i, COL_FLOOD));
    if (*cell(r, i, COL_RETURNED))
        printf("; over since %s", minute(at, cell(r, i, COL_RETURNED)));
    if (*cell(r, i, COL_BY))
        printf("; acknowledged by %s at %s%s%s", cell(r, i, COL_BY), minute(at, cell(r, i, COL_AT)),
               *note ? ": " : "", note);
    printf("\n");
}

static void print_list(const struct pg_rows *r, const struct pg_rows *children)
{
    const int w[3] = {width(r, COL_ID, "ID"), width(r, COL_SUBJECT, "SUBJECT"), 0};
    printf("%-*s  %-9s  %-*s  %-9s  %-17s  %s\n", w[0], "ID", "STATE", w[1], "SUBJECT", "CLASS", "RAISED",
           "TEXT");
    for (int i = 0; i < r->n_rows; i++) {
        print_row(r, i, w);
        if (strtol(cell(r, i, COL_FINDINGS), NULL, 10) > 1)
            print_children(children, cell(r, i, COL_ID));
    }
}

static int list(const struct context *c, const struct options *o)
{
    struct pg_rows *r = NULL, *children = NULL;
    struct err err = {0};
    int rc = alerts_list(c->conninfo, o->run, &r, &err);
    if (rc == 0 && o->children)
        rc = alerts_children(c->conninfo, o->run, &children, &err);
    if (rc == 0 && r->n_rows == 0)
        printf("no open alarms\n");
    else if (rc == 0)
        print_list(r, children);
    pg_rows_free(r);
    pg_rows_free(children);
    return rc != 0 ? command_fail(&err) : EXIT_OK;
}

static int show(const struct context *c, const struct options *o, const char *given)
{
    struct pg_rows *events = NULL, *children = NULL;
    struct err err = {0};
    if (alerts_story(c->conninfo, o->run, given, &events, &children, &err) != 0)
        return command_fail(&err);
    for (int i = 0; i < events->n_rows; i++) {
        char at[24];
        const char *by = cell(events, i, EVENT_BY), *note = cell(events, i, EVENT_NOTE);
        printf("%-17s  %s%s%s%s%s\n", minute(at, cell(events, i, EVENT_AT)), cell(events, i, EVENT_NAME),
               *by ? " by " : "", by, *note ? ": " : "", note);
    }
    int w = width(children, CHILD_SUBJECT, "");
    for (int i = 0; i < children->n_rows; i++)
        print_child(children, i, w);
    pg_rows_free(events);
    pg_rows_free(children);
    return EXIT_OK;
}

static int acknowledge(const struct context *c, const struct options *o, const char *given)
{
    char id[ALERTS_ID_LEN];
    struct err err = {0};
    const struct alerts_ack ack = {.run = o->run,
                                   .occurrence = given,
                                   .by = o->by,
                                   .note = o->note,
                                   .at = clock_now(&c->world->settings->clock)};
    if (alerts_acknowledge(c->conninfo, &ack, id, &err) != 0)
        return command_fail(&err);
    printf("acknowledged %s by %s\n", id, o->by);
    return EXIT_OK;
}

static int resend(const struct context *c, const struct options *o, const char *id)
{
    int n;
    struct err err = {0};
    if (alerts_resend(c->conninfo, o->run, id, o->since, &n, &err) != 0)
        return command_fail(&err);
    printf(n ? "%d dead letters are in the outbox again: psmon run sends them\n" : "no dead letters\n", n);
    return EXIT_OK;
}

static void print_answer(void *arg, const char *endpoint, const struct http_result *r, bool ok)
{
    char status[HTTP_STATUS_LEN];
    (void)arg;
    if (r->complete)
        printf("%s %s: %s in %.0f ms: %.*s\n", ok ? "ok    " : "FAILED", endpoint, http_status(status, r),
               r->seconds * 1e3, (int)strcspn(r->body, "\r\n"), r->body);
    else
        printf("FAILED %s: %s\n", endpoint, r->error);
}

static int test(const struct context *c)
{
    const struct settings *s = c->world->settings;
    if (s->n_webhooks == 0) {
        fprintf(stderr, "psmon: %s names no webhooks\n", s->path);
        return EXIT_USAGE;
    }
    struct alerts_webhook *hooks = settings_endpoints(s);
    size_t failed = 0;
    struct err err = {0};
    const struct alerts_options options = {.webhooks = hooks, .n_webhooks = s->n_webhooks, .source = s->hash};
    int rc = alerts_test(&options, clock_now(&s->clock), print_answer, NULL, &failed, &err);
    free(hooks);
    if (rc != 0)
        return command_fail(&err);
    return failed ? EXIT_FAILED : EXIT_OK;
}

static int wrong_use(const char *text)
{
    fprintf(stderr, "psmon alarm: %s; see psmon alarm --help\n", text);
    return EXIT_USAGE;
}

/* Checks the words; NULL when they make sense. */
static const char *misuse(const char *const word[], int n, const struct options *o)
{
    if (n == 0)
        return "say list, show ID, ack ID, resend or test";
    if (strcmp(word[0], "show") == 0)
        return n != 2 ? "show takes one alarm ID" : NULL;
    if (strcmp(word[0], "ack") == 0)
        return n != 2 ? "ack takes one alarm ID" : !o->by ? "ack needs --by NAME" : NULL;
    if (strcmp(word[0], "resend") == 0)
        return n > 2 || (n == 2) == (o->since != 0) ? "resend takes one message's id, or --since T" : NULL;
    if (strcmp(word[0], "list") != 0 && strcmp(word[0], "test") != 0)
        return "say list, show ID, ack ID, resend or test";
    return n > 1 ? "list and test take no further words" : NULL;
}

static int with_database(struct context *c, const struct options *o, const char *const word[])
{
    struct err err = {0};
    if (context_database(c, &err) != 0)
        return command_fail(&err);
    if (strcmp(word[0], "resend") == 0)
        return resend(c, o, word[1]);
    if (strcmp(word[0], "show") == 0)
        return show(c, o, word[1]);
    return strcmp(word[0], "ack") == 0 ? acknowledge(c, o, word[1]) : list(c, o);
}

static const char *word(int i)
{
    static const char *const words[] = {"list", "show", "ack", "resend", "test", NULL};
    return words[i];
}

static int run_alarm(int argc, char **argv)
{
    struct options o = {.note = "", .run = RUN_LIVE};
    const struct option_spec specs[] = {
        {"config", 'c', OPTION_TEXT, &o.config, "FILE", "configuration", true},
        {"by", 0, OPTION_TEXT, &o.by, "NAME", "ack: who acknowledges", false},
        {"note", 0, OPTION_TEXT, &o.note, "TEXT", "ack: what is known or being done", false},
        {"since", 0, OPTION_TIME, &o.since, "T", "resend: all messages that were given up since then", false},
        {"children", 0, OPTION_FLAG, &o.children, NULL, "list: the findings of each event too", false},
        {"run", 0, OPTION_TEXT, &o.run, "NAME", "alarms of a replay instead of the live run", false},
        {0}};
    const char *word[3] = {NULL};
    int n = 0, status;
    if (!command_options(
            argc, argv,
            "alarm -c FILE list [--children] | show ID | ack ID --by NAME [--note TEXT] | resend MESSAGE |"
            " resend --since T | test",
            "list shows the open alarms, oldest first. One event is one alarm, however many findings it is\n"
            "made of: --children shows these too.\n"
            "show says what became of one alarm, and its findings.\n"
            "ack acknowledges one occurrence; the beginning of its ID is enough when it fits one\n"
            "only. A running monitor takes it up within 2 s and tells the webhooks.\n"
            "resend puts dead letters back into the outbox: one message, by its webhook-id as\n"
            "psmon query deliveries shows it, or all that were given up since T.\n"
            "test sends a message of type psmon.alarm.test to every webhook and prints each\n"
            "answer; exit status 1 when one of them is not 2xx.",
            specs, word, 3, &n, &status))
        return status;
    const char *wrong = misuse(word, n, &o);
    if (wrong)
        return wrong_use(wrong);
    struct context c;
    struct err err = {0};
    if (context_open(&c, o.config, &err) != 0)
        return command_fail(&err);
    status = strcmp(word[0], "test") == 0 ? test(&c) : with_database(&c, &o, word);
    context_close(&c);
    return status;
}

const struct command command_alarm = {
    .name = "alarm",
    .summary = "alarms: list, show, acknowledge; send dead letters again; test webhooks",
    .run = run_alarm,
    .word = word};
