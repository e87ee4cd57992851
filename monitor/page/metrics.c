/* /metrics: Prometheus text format 0.0.4. No label has a value per supply: the number of series is fixed.
 * SPDX-License-Identifier: MIT */
#include "monitor/page/page_parts.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct buf *out, const char *name, const char *type, const char *help, double v)
{
    family(out, name, type, help);
    buf_printf(out, "%s %.15g\n", name, v);
}

/* A label value: backslash, quote and line end are escaped. */
static void label(struct buf *out, const char *text)
{
    for (const char *c = text ? text : ""; *c; c++) {
        if (*c == '\n')
            buf_str(out, "\\n");
        else if (*c == '"' || *c == '\\')
            buf_printf(out, "\\%c", *c);
        else
            buf_add(out, c, 1);
    }
}

static double seconds(tstamp_ns t)
{
    return (double)t / (double)NS_PER_S;
}

/* The kernel counts it in ticks since the machine started: field 22, behind a name that may hold anything. */
tstamp_ns metrics_process_start(void)
{
    char text[1024] = "";
    FILE *f = fopen("/proc/self/stat", "re");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    unsigned long long ticks;
    const char *name_end = strrchr(text, ')');
    if (!name_end ||
        sscanf(name_end, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &ticks) != 1)
        return clock_wall();
    tstamp_ns started = (tstamp_ns)ticks * (NS_PER_S / sysconf(_SC_CLK_TCK));
    return clock_wall() - (clock_boot() - started);
}

static void write_process(struct buf *out, tstamp_ns started)
{
    single(out, "process_start_time_seconds", "gauge", "Start of the process, Unix time.", seconds(started));
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) == 0)
        single(out, "process_cpu_seconds_total", "counter", "User and system CPU time.",
               (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                   1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec));
    FILE *f = fopen("/proc/self/statm", "re");
    long size, resident;
    if (f && fscanf(f, "%ld %ld", &size, &resident) == 2)
        single(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
               (double)resident * (double)sysconf(_SC_PAGESIZE));
    if (f)
        fclose(f);
}

static void write_supplies(struct buf *out, const struct tick *t)
{
    family(out, "psmon_supplies", "gauge",
           "Supplies in the last tick by what became of them: scored, or the one reason why not.");
    for (int k = 0; k < REASON_COUNT; k++) {
        char name[32];
        snprintf(name, sizeof name, "%s", reason_name((enum reason)k));
        for (char *c = name; *c; c++)
            if (*c == ' ')
                *c = '_';
        buf_printf(out, "psmon_supplies{state=\"%s\"} %" PRIu32 "\n", name, t ? t->ledger[k] : 0);
    }
    uint64_t count[CLASS_COUNT] = {0};
    for (size_t i = 0; t && i < t->n_findings; i++)
        if (!t->findings[i].closed)
            count[t->findings[i].class]++;
    family(out, "psmon_findings_open", "gauge", "Open findings by class.");
    for (int k = 0; k < CLASS_COUNT; k++)
        buf_printf(out, "psmon_findings_open{class=\"%s\"} %" PRIu64 "\n",
                   finding_class_name((enum finding_class)k), count[k]);
}

static void write_cycle(struct buf *out, const struct snapshot *s)
{
    const struct {
        const char *name;
        double seconds;
    } stages[] = {{"poll", s->poll_seconds}, {"compute", s->tick_seconds}, {"store", s->store_seconds}};
    single(out, "psmon_last_cycle_timestamp_seconds", "gauge",
           "Grid time of the last tick on the monitor's clock.", s->tick ? seconds(s->tick->t) : 0);
    single(out, "psmon_clock_seconds", "gauge",
           "The monitor's clock; differs from the wall clock in simulated time.", seconds(s->now));
    single(out, "psmon_cycles_total", "counter", "Ticks computed.", (double)s->ticks);
    single(out, "psmon_cycle_duration_seconds", "gauge", "Time the last tick took, all its stages.",
           s->poll_seconds + s->tick_seconds + s->store_seconds);
    family(out, "psmon_stage_duration_seconds", "gauge", "Parts of the last tick.");
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        buf_printf(out, "psmon_stage_duration_seconds{stage=\"%s\"} %.9g\n", stages[i].name,
                   stages[i].seconds);
}

static void write_input(struct buf *out, const struct snapshot *s)
{
    single(out, "psmon_archiver_up", "gauge", "1 while the archiver answers.", s->archiver_up);
    family(out, "psmon_archiver_requests_total", "counter", "Polls of the archiver.");
    buf_printf(out, "psmon_archiver_requests_total{result=\"ok\"} %" PRIu64 "\n",
               s->polls - (s->poll_failures < s->polls ? s->poll_failures : s->polls));
    buf_printf(out, "psmon_archiver_requests_total{result=\"failed\"} %" PRIu64 "\n", s->poll_failures);
    single(out, "psmon_archiver_poll_duration_seconds", "gauge", "Time the last poll took.", s->poll_seconds);
    single(out, "psmon_archiver_last_poll_timestamp_seconds", "gauge",
           "When the last poll was answered, on the monitor's clock; 0: none yet.", seconds(s->last_poll));
    single(out, "psmon_samples_total", "counter", "Samples taken from the archiver.", (double)s->samples);
    single(out, "psmon_readings_corrected_total", "counter",
           "Readings of ticks that the archive held otherwise afterwards: it wrote them late.",
           (double)s->readings_corrected);
    single(out, "psmon_gaps_filled_total", "counter", "Holes filled from the archiver.",
           (double)s->gaps_filled);
}

static void write_delivery(struct buf *out, const struct snapshot *s)
{
    struct alerts_stats a = {0};
    const struct alarm_view *alarms = NULL;
    size_t n = s->alerts ? alerts_active(s->alerts, &alarms) : 0, acknowledged = 0, held = 0;
    if (s->alerts)
        alerts_stats(s->alerts, &a);
    for (size_t i = 0; i < n; i++) {
        acknowledged += alarms[i].acknowledged;
        held += *alarms[i].flood != '\0';
    }
    family(out, "psmon_alarms", "gauge", "Alarms that are not normal.");
    buf_printf(out, "psmon_alarms{acknowledged=\"no\"} %zu\npsmon_alarms{acknowledged=\"yes\"} %zu\n",
               n - acknowledged, acknowledged);
    single(
        out, "psmon_alarms_held_back", "gauge",
        "Of these such as were not told by themselves, being too many: the alarm \"flood\" speaks for them.",
        (double)held);
    single(out, "psmon_alarm_transitions_total", "counter", "Changes of alarm state.", (double)a.transitions);
    family(out, "psmon_webhook_attempts_total", "counter", "Webhook deliveries tried.");
    buf_printf(out, "psmon_webhook_attempts_total{result=\"ok\"} %lu\n", a.attempts_ok);
    buf_printf(out, "psmon_webhook_attempts_total{result=\"failed\"} %lu\n", a.attempts_failed);
    single(out, "psmon_webhook_dead_letters_total", "counter", "Messages given up.", (double)a.dead_letters);
    single(out, "psmon_outbox_depth", "gauge", "Messages waiting to be delivered.", (double)a.outbox_depth);
    single(out, "psmon_outbox_oldest_seconds", "gauge", "Age of the oldest of them.", a.outbox_oldest_s);
}

static void write_upkeep(struct buf *out, const struct history_job *jobs)
{
    family(out, "psmon_upkeep_failed", "gauge", "1 when the last try of a job on the database failed.");
    for (size_t i = 0; jobs && i < HISTORY_JOBS; i++)
        buf_printf(out, "psmon_upkeep_failed{job=\"%s\"} %d\n", jobs[i].name, jobs[i].state == JOB_FAILED);
    family(out, "psmon_upkeep_success_timestamp_seconds", "gauge",
           "When a job on the database last succeeded, Unix time; 0: never.");
    for (size_t i = 0; jobs && i < HISTORY_JOBS; i++)
        buf_printf(out, "psmon_upkeep_success_timestamp_seconds{job=\"%s\"} %.15g\n", jobs[i].name,
                   seconds(jobs[i].succeeded));
}

/* A label value of a name: words apart by underscores. */
static void word(struct buf *out, const char *name)
{
    for (const char *c = name; *c; c++)
        if (*c != '(' && *c != ')')
            buf_add(out, *c == ' ' || *c == '-' ? "_" : c, 1);
}

static void write_counts(struct buf *out, const struct chances *c, const char *name, bool seen)
{
    for (int i = 0; i < CHANCES_CONTEXTS; i++)
        for (int kind = 0; kind < CHANCES_KINDS; kind++)
            for (size_t k = 0; k < CHANCES_LEVELS; k++) {
                const struct chance_cell *x = &c->cell[i][kind][k];
                if (!(x->stated > 0))
                    continue;
                buf_printf(out, "%s{context=\"", name);
                word(out, chances_context_name((enum chance_context)i));
                buf_str(out, "\",kind=\"");
                word(out, chances_kind_name((enum chance_kind)kind));
                buf_printf(out, "\",chance=\"%g\"} %.9g\n", chances_level[k], seen ? x->seen : x->stated);
            }
}

static void write_chances(struct buf *out, const struct chances *c)
{
    if (!c || !c->to)
        return;
    single(out, "psmon_chance_broken", "gauge", "1 while the stated chance does not hold (psmon audit).",
           chances_broken(c));
    single(out, "psmon_chance_audited_timestamp_seconds", "gauge", "End of the last day that was audited.",
           seconds(c->to));
    family(out, "psmon_chance_stated", "gauge",
           "Supply-days and findings by chance at most so often a week, as many as were stated.");
    write_counts(out, c, "psmon_chance_stated", false);
    family(out, "psmon_chance_seen", "gauge", "The same, as many as came.");
    write_counts(out, c, "psmon_chance_seen", true);
    single(out, "psmon_chance_uniform_distance", "gauge",
           "Kolmogorov-Smirnov distance of supply-days' probabilities from uniform.",
           c->uniform[CHANCES_ALL].n ? c->uniform[CHANCES_ALL].distance : 0);
}

static void write_log(struct buf *out)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    family(out, "psmon_log_lines_total", "counter", "Log lines by level.");
    for (int k = LOG_ERROR; k <= LOG_DEBUG; k++)
        buf_printf(out, "psmon_log_lines_total{level=\"%s\"} %lu\n", levels[k], log_count((enum log_level)k));
}

void metrics_write(struct buf *out, const struct snapshot *s, tstamp_ns started)
{
    struct health_check checks[HEALTH_CHECKS];
    family(out, "psmon_build_info", "gauge", "Version; always 1.");
    buf_str(out, "psmon_build_info{version=\"" PSMON_VERSION "\"} 1\n");
    family(out, "psmon_model_info", "gauge", "The active model; 1 when loaded.");
    buf_str(out, "psmon_model_info{model=\"");
    label(out, s->model);
    buf_printf(out, "\"} %d\n", s->model_loaded);
    enum health health = health_check(s, checks);
    single(out, "psmon_up", "gauge", "1 unless /health says failing.", health != HEALTH_FAILING);
    single(out, "psmon_degraded", "gauge", "1 when /health is not ok.", health != HEALTH_OK);
    write_process(out, started);
    write_cycle(out, s);
    write_supplies(out, s->tick);
    write_input(out, s);
    write_delivery(out, s);
    single(out, "psmon_db_up", "gauge", "1 while the database answers.", s->database_up);
    single(out, "psmon_db_errors_total", "counter", "Lost connections and failed statements.",
           (double)s->db_failures);
    single(out, "psmon_disk_well", "gauge", "1 while the disk under state_dir takes what comes and has room.",
           !s->disk || !*s->disk);
    single(out, "psmon_db_queued", "gauge", "Transactions waiting, those on disk included.",
           (double)s->db_queued);
    write_upkeep(out, s->jobs);
    write_chances(out, s->chances);
    write_log(out);
}
