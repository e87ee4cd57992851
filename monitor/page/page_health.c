/* Is psmon well? See page_parts.h. An outage shorter than HEALTH_GRACE is degraded, not failing, so that
 * readiness does not flap with every hiccup of the archiver. SPDX-License-Identifier: MIT */
#include "monitor/coverage.h"
#include "monitor/page/page_parts.h"

#include "base/pg/pg.h"
#include "base/text/json.h"
#include "base/time/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEALTH_GRACE (10 * NS_PER_MIN)

static void judge(struct health_check *c, enum health state, const char *text)
{
    c->state = state;
    snprintf(c->text, sizeof c->text, "%s", text);
}

static void check_archiver(struct health_check *c, const struct snapshot *s)
{
    if (s->archiver_up)
        return;
    int64_t minutes = (s->now - s->archiver_since) / NS_PER_MIN;
    const char *why = s->archiver_error ? s->archiver_error : "";
    c->state = s->now - s->archiver_since < HEALTH_GRACE ? HEALTH_DEGRADED : HEALTH_FAILING;
    if (s->archiver_reached)
        snprintf(c->text, sizeof c->text, "archiver away for %" PRId64 " min: %s", minutes, why);
    else
        snprintf(c->text, sizeof c->text, "archiver not reached since psmon started %" PRId64 " min ago%s%s",
                 minutes, *why ? ": " : ", no answer yet", why);
}

static void check_database(struct health_check *c, const struct snapshot *s)
{
    if (!s->database_up && s->disk_refuses) {
        judge(c, HEALTH_FAILING, "database away, and the disk takes nothing: alarms wait in memory only");
    } else if (!s->database_up) {
        judge(c, HEALTH_DEGRADED, "database away: alarms and findings wait on disk");
    } else if (s->db_queued > PG_QUEUE_MAX) {
        c->state = HEALTH_DEGRADED;
        snprintf(c->text, sizeof c->text, "database behind: %zu transactions wait", s->db_queued);
    }
}

/* While a hole is being filled the last tick is old for a good reason: the phase tells. */
static void check_ticks(struct health_check *c, const struct snapshot *s)
{
    tstamp_ns period = s->settings && s->settings->period > 0 ? s->settings->period : NS_PER_MIN;
    if (!s->tick) {
        judge(c, HEALTH_DEGRADED, "no tick yet");
        return;
    }
    tstamp_ns age = s->now - s->tick->t;
    if (s->clock_trouble && *s->clock_trouble)
        judge(c, HEALTH_DEGRADED, s->clock_trouble);
    if (age < -period) {
        c->state = HEALTH_DEGRADED;
        snprintf(c->text, sizeof c->text,
                 "last tick is %" PRId64 " min ahead of the clock, which is waited for", -age / NS_PER_MIN);
    }
    if (age <= 5 * period)
        return;
    bool filling = s->phase && strncmp(s->phase, "catching up", 11) == 0;
    c->state = filling || age < HEALTH_GRACE ? HEALTH_DEGRADED : HEALTH_FAILING;
    snprintf(c->text, sizeof c->text, "last tick is %" PRId64 " min old (%s)", age / NS_PER_MIN,
             s->phase ? s->phase : "");
}

static void check_upkeep(struct health_check *c, const struct snapshot *s)
{
    const struct history_job *j = history_job_in_trouble(s->jobs, clock_wall());
    if (!j)
        return;
    c->state = HEALTH_DEGRADED;
    snprintf(c->text, sizeof c->text, "%s %s: %s", j->name, history_job_word(j->state), j->said);
}

static void check_scoring(struct health_check *c, const struct snapshot *s)
{
    struct coverage of;
    if (!s->model_loaded || !s->tick)
        return;
    coverage_of(&of, s->tick, s->fleet);
    if (!coverage_lacks(&of, COVERAGE_PART) && (of.lost == 0 || s->tick->ledger[REASON_SCORED] > 0))
        return;
    c->state = HEALTH_DEGRADED;
    snprintf(c->text, sizeof c->text, "%zu of %zu supplies cannot be scored%s%s: %s", of.lost, of.wanted,
             *of.where ? ", in " : "", of.where, of.why);
}

enum health health_check(const struct snapshot *s, struct health_check checks[HEALTH_CHECKS])
{
    static const char *const names[HEALTH_CHECKS] = {"archiver", "database", "model", "ticks",
                                                     "scoring",  "upkeep",   "disk"};
    for (int i = 0; i < HEALTH_CHECKS; i++)
        checks[i] = (struct health_check){.name = names[i]};
    check_archiver(&checks[0], s);
    check_database(&checks[1], s);
    if (s->model_trouble && *s->model_trouble)
        judge(&checks[2], HEALTH_DEGRADED, s->model_trouble);
    check_ticks(&checks[3], s);
    check_scoring(&checks[4], s);
    check_upkeep(&checks[5], s);
    if (s->disk && *s->disk)
        judge(&checks[6], HEALTH_DEGRADED, s->disk);
    enum health worst = HEALTH_OK;
    for (int i = 0; i < HEALTH_CHECKS; i++)
        if (checks[i].state > worst)
            worst = checks[i].state;
    return worst;
}

/* Each job of the history by itself, those too that are well. */
static json_t *jobs_json(const struct history_job *jobs)
{
    json_t *list = json_array();
    for (size_t i = 0; jobs && i < HISTORY_JOBS; i++)
        json_array_append_new(list,
                              json_pack("{ss ss ss so* so*}", "job", jobs[i].name, "state",
                                        history_job_word(jobs[i].state), "said", jobs[i].said, "tried",
                                        jobs[i].tried ? value_instant(jobs[i].tried) : NULL, "succeeded",
                                        jobs[i].succeeded ? value_instant(jobs[i].succeeded) : NULL));
    return list;
}

int health_answer(struct buf *out, const struct snapshot *s)
{
    static const char *const words[] = {"ok", "degraded", "failing"};
    struct health_check checks[HEALTH_CHECKS];
    enum health worst = health_check(s, checks);
    json_t *list = json_array();
    for (int i = 0; i < HEALTH_CHECKS; i++)
        json_array_append_new(list, json_pack("{ss ss ss*}", "check", checks[i].name, "state",
                                              words[checks[i].state], "reason",
                                              *checks[i].text ? checks[i].text : NULL));
    json_t *root = json_pack("{ss ss* so so}", "status", words[worst], "phase", s->phase, "checks", list,
                             "jobs", jobs_json(s->jobs));
    char *text = json_dumps(root, JSON_COMPACT);
    buf_str(out, text ? text : "{}");
    free(text);
    json_decref(root);
    return worst == HEALTH_FAILING ? 503 : 200;
}
