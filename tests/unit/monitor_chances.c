/* Whether stated chances hold: made-up supply-days whose chance is right, or wrong on purpose, by themselves
 * and through the history. SPDX-License-Identifier: MIT */
#include "monitor/chances/chances.h"

#include "alerts/alerts.h"
#include "base/mem.h"
#include "monitor/live/live.h"
#include "tests/fleet.h"
#include "tests/postgres.h"
#include "tests/query.h"

#include <math.h>

#define SECTORS 40
#define EACH 33
#define SUPPLIES (SECTORS * EACH)
#define WEEKS 12
#define DAYS (7 * WEEKS)
#define ALL (7.0 * SUPPLIES)
#define DAY(k) (T0 + (tstamp_ns)(k)*NS_PER_DAY)
static const tstamp_ns T0 = INT64_C(1793750400) * NS_PER_S; /* 2026-11-04T00:00:00Z */

static struct fleet *fleet;
static struct maintenance *none;

/* Fleets of 40 sectors of 33, two manifolds each: S07 has water S07A, S07B. */
static int make_fleet(void **state)
{
    (void)state;
    struct table_file table;
    FILE *out = table_begin(&table);
    fprintf(out, "supply,family,sector,signal,pv,unit,water\n");
    for (int s = 0; s < SUPPLIES; s++)
        fprintf(out, "P%04d,quad,S%02d,current,P%04d:I,A,S%02d%c\n", s, s / EACH, s, s / EACH,
                s % EACH < EACH / 2 ? 'A' : 'B');
    fleet = fleet_end(&table);
    none = maintenance_new();
    return 0;
}

static int free_fleet(void **state)
{
    (void)state;
    maintenance_free(none);
    fleet_free(fleet);
    return 0;
}

/* A number in 0 … 1 of a supply's day (splitmix64). */
static double draw(int supply, int day)
{
    uint64_t z = ((uint64_t)supply * 1000003 + (uint64_t)day) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

/* What is wrong with the chance of a supply's day: it is stated so many times too small. */
typedef double wrong(int supply, int day);

static double right(int supply, int day)
{
    (void)supply;
    (void)day;
    return 1;
}

static double tenth(int supply, int day)
{
    (void)supply;
    (void)day;
    return 10;
}

static double hundredfold(int supply, int day)
{
    (void)supply;
    (void)day;
    return 0.01;
}

/* All days by a chance that is `how`, the half of them without an effect. */
static void add_days(struct chances_sum *s, wrong *how)
{
    for (int day = 1; day <= DAYS; day++)
        for (int i = 0; i < SUPPLIES; i++) {
            double p = fmin(draw(i, day) / how(i, day), 1);
            const struct history_day d = {.t = DAY(day),
                                          .supply = fleet->supplies[i].name,
                                          .model = day <= 30 ? "old" : "new",
                                          .any = p * ALL,
                                          .chance = (i + day) % 2 ? p * ALL : ALL,
                                          .all = ALL,
                                          .budget = 1};
            chances_day(s, &d);
        }
}

static struct chances audited;

static const struct chances *audit(const struct chance_finding findings[], size_t n,
                                   const struct maintenance *m, wrong *how)
{
    struct chances_sum *s = chances_begin(fleet, m, DAY(0), DAY(DAYS), findings, n);
    add_days(s, how);
    chances_end(s, &audited);
    return &audited;
}

static struct chance_finding finding_on(const char *subject, int first, int closed)
{
    struct chance_finding x = {.f = {.supply = fleet_supply(fleet, subject),
                                     .chance = 0.2,
                                     .onset = DAY(first) - NS_PER_HOUR,
                                     .first_seen = DAY(first) + 6 * NS_PER_HOUR,
                                     .closed = closed ? DAY(closed) + 5 * NS_PER_HOUR : 0}};
    x.f.class = x.f.supply < 0 ? CLASS_COMMON : CLASS_EQUIPMENT;
    snprintf(x.f.subject, sizeof x.f.subject, "%s", subject);
    return x;
}

static void assert_says(const struct chances *c, const char *words)
{
    char line[CHANCES_LINE_LEN];
    if (!strstr(chances_line(line, c), words))
        fail_msg("\"%s\" is not in \"%s\"", words, line);
}

static void a_right_chance_holds(void **state)
{
    (void)state;
    const struct chances *c = audit(NULL, 0, none, right);
    assert_int_equal(c->days[CHANCES_QUIET], SUPPLIES * DAYS);
    assert_int_equal(c->days[CHANCES_ALL], SUPPLIES * DAYS);
    for (size_t k = 0; k < CHANCES_LEVELS; k++) /* twelve weeks */
        assert_near(c->cell[CHANCES_ALL][CHANCES_DAYS][k].stated, WEEKS * chances_level[k], 1e-9, 0);
    assert_int_equal(c->cell[CHANCES_ALL][CHANCES_DAYS][3].verdict, CHANCES_HOLD);
    assert_int_equal(c->cell[CHANCES_ALL][CHANCES_DAYS][2].verdict, CHANCES_HOLD);
    assert_int_equal(c->cell[CHANCES_ALL][CHANCES_EFFECT][3].verdict,
                     CHANCES_HOLD); /* half: fewer is as well */
    assert_true(c->uniform[CHANCES_ALL].distance < 0.01);
    assert_false(chances_broken(c));
    assert_int_equal(c->n_models, 2);
    assert_int_equal(c->model[0].days, 30 * SUPPLIES);
    assert_int_equal(c->model[1].days, (DAYS - 30) * SUPPLIES);
}

static void a_chance_stated_too_small_is_named(void **state)
{
    (void)state;
    const struct chances *c = audit(NULL, 0, none, tenth);
    assert_true(chances_broken(c));
    for (size_t k = 0; k < CHANCES_LEVELS; k++) {
        const struct chance_cell *x = &c->cell[CHANCES_QUIET][CHANCES_DAYS][k];
        assert_int_equal(x->verdict, CHANCES_OFTEN);
        assert_near(x->seen / x->stated, 10, 0.25, 0);
    }
    assert_says(c, "does not hold where nothing goes on");
    assert_near(c->uniform[CHANCES_QUIET].distance, 0.9, 0.01, 0);
    assert_near(c->uniform[CHANCES_QUIET].at, 0.1, 0.01, 0);
}

static void a_chance_stated_too_large_is_named_too(void **state)
{
    (void)state;
    const struct chances *c = audit(NULL, 0, none, hundredfold);
    assert_int_equal(c->cell[CHANCES_QUIET][CHANCES_DAYS][2].verdict, CHANCES_SELDOM);
    assert_int_equal(c->cell[CHANCES_QUIET][CHANCES_EFFECT][2].verdict, CHANCES_HOLD);
    assert_says(c, "at most 0.");
}

/* All of the ring is quiet in the same weeks: that says nothing of the others. */
static double quiet_for_some_weeks(int supply, int day)
{
    (void)supply;
    return day <= 42 ? 0.01 : 1;
}

static void a_few_quiet_weeks_are_not_too_seldom(void **state)
{
    (void)state;
    const struct chances *c = audit(NULL, 0, none, quiet_for_some_weeks);
    assert_true(c->cell[CHANCES_QUIET][CHANCES_DAYS][3].seen <
                0.55 * c->cell[CHANCES_QUIET][CHANCES_DAYS][3].stated);
    assert_int_equal(c->cell[CHANCES_QUIET][CHANCES_DAYS][3].verdict, CHANCES_OPEN);
    struct chances_sum *s = chances_begin(fleet, none, DAY(0), DAY(28), NULL, 0);
    add_days(s, hundredfold); /* later days are not of the span */
    chances_end(s, &audited);
    assert_int_equal(audited.cell[CHANCES_QUIET][CHANCES_DAYS][3].verdict, CHANCES_OPEN);
    assert_false(chances_broken(&audited));
}

/* Group events of two days in one half of S07 or of S20, thirty of them, three days after each of which the
 * sector's days are said a hundred times too small. */
static struct chance_finding *events(size_t *n)
{
    struct chance_finding *x = xcalloc(32, sizeof *x);
    *n = 0;
    for (int k = 0; k < 12; k++)
        x[(*n)++] = finding_on(k % 2 ? "water:S07A" : "S20", 7 * k, 7 * k + 2);
    return x;
}

static double after_events(int supply, int day)
{
    int sector = supply / EACH, k = (day - 1) / 7, since = (day - 1) % 7;
    bool there = sector == (k % 2 ? 7 : 20);
    return there && since > 2 && since <= 5 ? 100 : 1;
}

static void the_context_that_breaks_it_is_named(void **state)
{
    (void)state;
    size_t n;
    struct chance_finding *x = events(&n);
    const struct chances *c = audit(x, n, none, after_events);
    free(x);
    /* 12 events of a sector of 33: their own days 0, 1, 2, then three of which the first ones end */
    assert_int_equal(c->days[CHANCES_EVENT] % EACH, 0);
    assert_int_equal(c->days[CHANCES_AFTER], 12 * EACH * 3);
    assert_int_equal(c->cell[CHANCES_AFTER][CHANCES_DAYS][0].verdict, CHANCES_OFTEN);
    assert_int_equal(c->cell[CHANCES_QUIET][CHANCES_DAYS][3].verdict, CHANCES_HOLD);
    assert_true(c->cell[CHANCES_EVENT][CHANCES_DAYS][3].verdict != CHANCES_OFTEN);
    assert_says(c, "within 72 h after a group event");
    assert_says(c, "in 12 weeks to 2027-01-27");
}

/* One afternoon of one sector is one case, however many supplies it moves. */
static double one_event(int supply, int day)
{
    return supply / EACH == 3 && day == 40 ? 1e6 : 1;
}

static void a_single_event_is_a_single_case(void **state)
{
    (void)state;
    const struct chances *c = audit(NULL, 0, none, one_event);
    const struct chance_cell *x = &c->cell[CHANCES_QUIET][CHANCES_DAYS][0];
    assert_true(x->seen >= EACH && x->seen > 3 * x->stated);
    assert_true(x->cases < 3);
    assert_int_equal(x->verdict, CHANCES_OPEN);
    assert_false(chances_broken(c));
}

/* One supply for weeks is one case as well; where the finding is known to be true its days do not count. */
static double one_supply(int supply, int day)
{
    return supply == 5 && day > 10 && day <= 60 ? 1e6 : 1;
}

static void a_true_finding_is_left_out(void **state)
{
    (void)state;
    struct chance_finding x = finding_on("P0005", 10, 59);
    const struct chances *c = audit(&x, 1, none, one_supply);
    assert_int_equal(c->left_out, 0);
    assert_true(c->cell[CHANCES_QUIET][CHANCES_DAYS][0].seen > 50);
    assert_int_equal(c->cell[CHANCES_QUIET][CHANCES_DAYS][0].verdict, CHANCES_OPEN);
    assert_near(c->cell[CHANCES_QUIET][CHANCES_FINDINGS][0].seen, 1, 0, 0);
    x.truth = true;
    c = audit(&x, 1, none, one_supply);
    assert_int_equal(c->left_out, 54); /* from the day of its onset to three days after that of its end */
    assert_int_equal(c->true_findings, 1);
    assert_true(c->cell[CHANCES_QUIET][CHANCES_DAYS][0].seen < 30);
    assert_near(c->cell[CHANCES_QUIET][CHANCES_FINDINGS][0].seen, 0, 0, 0);
}

static void work_makes_a_context_for_as_long_as_it_was_large(void **state)
{
    (void)state;
    struct maintenance *m = maintenance_new();
    struct err err;
    const struct maintenance_entry swap =
                                       {"P0001", DAY(10) + NS_PER_HOUR, DAY(10) + 2 * NS_PER_HOUR, "swap", "",
                                        "",      MAINTENANCE_OPEN,      MAINTENANCE_FILE},
                                   ring = {"*", DAY(50) + NS_PER_HOUR, DAY(50) + 2 * NS_PER_HOUR, "day", "",
                                           "",  MAINTENANCE_OPEN,      MAINTENANCE_FILE};
    assert_int_equal(maintenance_add(m, fleet, &swap, &err), 0);
    assert_int_equal(maintenance_add(m, fleet, &ring, &err), 0);
    maintenance_order(m);
    const struct chances *c = audit(NULL, 0, m, right);
    assert_int_equal(c->days[CHANCES_WORK], 15 + 4 * SUPPLIES);
    maintenance_free(m);
}

/* What the reference never had is a context where nothing else goes on, the current first. */
static void what_the_reference_never_had_is_a_context(void **state)
{
    (void)state;
    const struct chance_finding x = finding_on("S03", 3, 4);
    struct chances_sum *s = chances_begin(fleet, none, DAY(0), DAY(7), &x, 1);
    for (int i = 0; i < SUPPLIES; i++) {
        unsigned beyond = (unsigned)i % 4; /* none, one, the other, both */
        const struct history_day d = {DAY(7), fleet->supplies[i].name, "m", ALL, ALL, ALL, 1, beyond};
        chances_day(s, &d);
    }
    chances_end(s, &audited);
    assert_int_equal(audited.days[CHANCES_AFTER], EACH); /* S03, whatever else */
    assert_in_range(audited.days[CHANCES_BEYOND], (SUPPLIES - EACH) / 2 - 1, (SUPPLIES - EACH) / 2 + 1);
    assert_in_range(audited.days[CHANCES_COMMON], (SUPPLIES - EACH) / 4 - 1, (SUPPLIES - EACH) / 4 + 1);
    assert_in_range(audited.days[CHANCES_QUIET], (SUPPLIES - EACH) / 4 - 1, (SUPPLIES - EACH) / 4 + 1);
}

/* The model changes half-way to one of fewer supplies, and the budget from 1 to 10. */
static void models_and_budgets_may_change(void **state)
{
    (void)state;
    const struct chance_finding found[] = {finding_on("P0001", 3, 4), finding_on("P0002", 43, 44)};
    struct chances_sum *s = chances_begin(fleet, none, DAY(0), DAY(DAYS), found, 2);
    for (int day = 1; day <= DAYS; day++)
        for (int i = 0; i < (day <= 42 ? SUPPLIES : SUPPLIES / 2); i++) {
            double all = day <= 42 ? ALL : ALL / 2, p = draw(i, day);
            const struct history_day d = {DAY(day), fleet->supplies[i].name, "m", p * all, p * all,
                                          all,      day <= 42 ? 1 : 10,      0};
            chances_day(s, &d);
        }
    const struct history_day gone = {DAY(3), "P9999", "m", 1, 1, ALL, 1, 0};
    chances_day(s, &gone);
    chances_end(s, &audited);
    for (size_t k = 0; k < CHANCES_LEVELS; k++) /* each week as many, whatever the model */
        assert_near(audited.cell[CHANCES_ALL][CHANCES_DAYS][k].stated, WEEKS * chances_level[k], 1e-9, 0);
    /* findings at up to 100 a week were kept in the second half alone */
    assert_near(audited.cell[CHANCES_ALL][CHANCES_FINDINGS][2].stated, WEEKS * 10, 1e-9, 0);
    assert_near(audited.cell[CHANCES_ALL][CHANCES_FINDINGS][3].stated, WEEKS * 100 / 2.0, 1e-9, 0);
    assert_near(audited.cell[CHANCES_ALL][CHANCES_FINDINGS][2].seen, 2, 0, 0);
    assert_near(audited.cell[CHANCES_ALL][CHANCES_FINDINGS][3].seen, 1, 0, 0);
    assert_int_equal(audited.gone, 1);
    assert_false(chances_broken(&audited));
}

/* ---- through the history ---- */

static char dir[] = "/tmp/psmon-chances-XXXXXX";
static char conninfo[128];

static int start_server(void **state)
{
    struct err err = {0};
    if (make_fleet(state) != 0 || postgres_make(dir, conninfo) != 0)
        return -1;
    if (history_migrate(conninfo, &err) != 0 || alerts_migrate(conninfo, &err) != 0) {
        print_error("%s\n", err.msg);
        return -1;
    }
    return 0;
}

static int stop_server(void **state)
{
    postgres_remove(dir);
    return free_fleet(state);
}

/* The last tick of each day as a run puts them, of chances stated ten times too small in S07 alone. */
static double in_one_sector(int supply, int day)
{
    (void)day;
    return supply / EACH == 7 ? 10 : 1;
}

static void put_days(struct history *h, struct pg *pg, uv_loop_t *loop, int days, wrong *how)
{
    float *x = xcalloc(2 * SUPPLIES, sizeof *x), *nan = xnan(SUPPLIES);
    uint8_t *zero = xcalloc(SUPPLIES, 1);
    const struct supply_days day = {x, x + SUPPLIES, zero, ALL};
    for (int k = 1; k <= days; k++) {
        for (int i = 0; i < SUPPLIES; i++) {
            double p = fmin(draw(i, k) / how(i, k), 1);
            x[i] = x[SUPPLIES + i] = (float)(p * ALL);
        }
        const struct tick t = {.t = DAY(k),
                               .n_supplies = SUPPLIES,
                               .n_channels = SUPPLIES,
                               .mode = zero,
                               .reason = zero,
                               .value = nan,
                               .score = nan,
                               .chance = nan,
                               .ledger = {SUPPLIES},
                               .day = &day};
        history_put_tick(h, &t);
        while (pg_queued(pg) > 4)
            uv_run(loop, UV_RUN_ONCE);
    }
    while (pg_queued(pg) > 0)
        uv_run(loop, UV_RUN_ONCE);
    free(x);
    free(nan);
    free(zero);
}

static void run_of(const char *name, int days, wrong *how)
{
    struct err err = {0};
    uv_loop_t loop;
    struct pg *pg;
    struct history *h;
    const struct history_run run = {.name = name, .kind = "replay", .revision = {"m1", "1", "2", "", 1}};
    uv_loop_init(&loop);
    if (pg_open(&pg, &loop, conninfo, NULL, &err) != 0 ||
        history_open(&h, pg, conninfo, fleet, none, &run, &err) != 0)
        fail_msg("%s", err.msg);
    while (!pg_up(pg))
        uv_run(&loop, UV_RUN_ONCE);
    put_days(h, pg, &loop, days, how);
    history_close(h);
    pg_close(pg, 10);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static const struct chances *gather(const char *run, int64_t weeks)
{
    struct err err = {0};
    if (chances_gather(&audited, conninfo, run, fleet, none, weeks, 0, &err) != 0)
        fail_msg("%s", err.msg);
    return &audited;
}

static void run_sql(const char *sql)
{
    struct err err = {0};
    if (pg_run(conninfo, sql, 0, NULL, NULL, &err) != 0)
        fail_msg("%s: %s", sql, err.msg);
}

static void what_a_run_stored_is_audited(void **state)
{
    (void)state;
    run_of("right", 28, right);
    run_of("wrong", 28, tenth);
    const struct chances *c = gather("right", 4);
    assert_true(c->from == DAY(0) && c->to == DAY(28));
    assert_int_equal(c->days[CHANCES_QUIET], 28 * SUPPLIES);
    assert_false(chances_broken(c));
    c = gather("right", 1);
    assert_int_equal(c->days[CHANCES_ALL], 7 * SUPPLIES);
    c = gather("wrong", 4);
    assert_says(c, "does not hold where nothing goes on");
    assert_near(c->cell[CHANCES_QUIET][CHANCES_DAYS][3].seen / c->cell[CHANCES_QUIET][CHANCES_DAYS][3].stated,
                10, 0.1, 0);
}

/* Findings of three supplies for four weeks each: of one a fault was found, of one the alarm was
 * acknowledged, and so it was of the third, where an inspection found nothing. */
static void what_inspections_found_decides_what_was_true(void **state)
{
    (void)state;
    run_of("truth", 28, in_one_sector);
    run_sql(
        "INSERT INTO findings (run, id, subject, supply, detector, class, signal, onset, first_seen, "
        "last_seen,"
        " chance, reason) SELECT (SELECT run FROM runs WHERE name = 'truth'), v.id, v.subject, (SELECT id "
        "FROM"
        " supply_ids WHERE name = v.subject), 'level', v.class, 'current', '2026-11-10T06:00Z',"
        " '2026-11-10T07:00Z', '2026-12-01T00:00Z', 0.01, 'x' FROM (VALUES ('f1', 'P0001', 'equipment'),"
        " ('f2', 'P0002', 'equipment'), ('f3', 'P0003', 'sensor'), ('f4', 'S07', 'common')) v(id, subject,"
        " class)");
    run_sql("INSERT INTO outcomes VALUES ('2026-11-23', 'P0001', 'fault_found', ''), ('2026-11-23', 'P0003',"
            " 'nothing_found', ''), ('2026-10-01', 'P0002', 'nothing_found', 'another time')");
    run_sql(
        "INSERT INTO alarms (run, occurrence, finding, key, subject, class, detector, signal, state, reason,"
        " pending_at, changed_at, acknowledged_by) SELECT 'truth', f, f, f, f, 'equipment', 'level', "
        "'current',"
        " 'ACK', 'x', now(), now(), 'somebody' FROM unnest(ARRAY['f2', 'f3']) f");
    /* f2 is a part of the event that was acknowledged, which f4 speaks for */
    run_sql(
        "UPDATE alarms SET finding = 'f4', subject = 'S07', class = 'common' WHERE occurrence = 'f2';"
        "INSERT INTO alarm_children (run, occurrence, finding, subject, class, detector, signal, reason,"
        " joined_at) SELECT 'truth', a, f, f, 'equipment', 'level', 'current', 'x', now() FROM (VALUES ('f2',"
        " 'f2'), ('f2', 'f4'), ('f3', 'f3')) v(a, f)");
    const struct chances *c = gather("truth", 4);
    assert_int_equal(c->true_findings, 2);
    assert_int_equal(c->left_out, 2 * 22); /* P0001, P0002, from the 10th of November on */
    assert_int_equal(c->days[CHANCES_EVENT], 22 * EACH);
    assert_near(c->cell[CHANCES_QUIET][CHANCES_FINDINGS][0].seen, 1, 0, 0); /* P0003's */
    assert_says(c, "while a group event goes on");
    struct buf out = {0};
    chances_text(&out, c);
    assert_non_null(strstr(buf_text(&out), "\ngroup event "));
    assert_non_null(strstr(buf_text(&out), "Left out: 44 supply-days "));
    buf_reset(&out);
    chances_csv(&out, c);
    assert_non_null(strstr(buf_text(&out), "\ngroup event,supply-days,100,726,"));
    buf_free(&out);
}

/* The weekly list has the line, in a document that knows it. */
static void the_weekly_list_says_whether_it_held(void **state)
{
    (void)state;
    struct err err = {0};
    struct buf out = {0};
    static const char document[] =
        "{\"psmon_report\": 1, \"rows\": [], \"audit\": {\"says\": \"the stated chance"
        " does not hold <here>\", \"broken\": true}}";
    assert_int_equal(report_render(&out, document, REPORT_TEXT, &err), 0);
    assert_non_null(strstr(buf_text(&out), "\nThe stated chance does not hold <here>.\n"));
    buf_reset(&out);
    assert_int_equal(report_render(&out, document, REPORT_HTML, &err), 0);
    assert_non_null(strstr(buf_text(&out), ">The stated chance does not hold &lt;here&gt;.</p>"));
    buf_free(&out);
}

/* A monitor whose run is audited; the alarm that it then has, or NULL. */
static const char *alarm_of(struct live *l, const char *run)
{
    char name[16];
    snprintf(name, sizeof name, "%s", run);
    l->session.run = name;
    l->last += NS_PER_DAY;
    const struct chances *before = live_chances(l);
    while (live_chances(l) == before) {
        live_watch_chances(l);
        uv_run(&l->loop, UV_RUN_ONCE);
    }
    for (size_t i = live_conditions(l, l->last); i-- > 0;)
        if (strcmp(l->conditions[i].name, "chance") == 0)
            return l->conditions[i].text;
    return NULL;
}

static void a_chance_that_does_not_hold_is_an_alarm_of_psmons_own(void **state)
{
    (void)state;
    static struct settings settings = {.period = NS_PER_MIN, .clock = {.speed = 1}};
    static struct pipeline pipeline;
    struct live *l = xcalloc(1, sizeof *l);
    struct err err = {0};
    uv_loop_init(&l->loop);
    if (pg_open(&l->session.pg, &l->loop, conninfo, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    l->context.conninfo = conninfo;
    l->session.pipeline = &pipeline;
    l->session.world = world_of(&settings, fleet, none, NULL);
    l->phase = PHASE_LIVE;
    l->last = DAY(28);
    assert_null(alarm_of(l, "right"));
    const char *says = alarm_of(l, "wrong");
    assert_non_null(says);
    assert_non_null(strstr(says, "the stated chance does not hold where nothing goes on: "));
    assert_null(alarm_of(l, "right"));
    pg_close(l->session.pg, 1);
    uv_run(&l->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&l->loop), 0);
    live_watch_chances_end(l);
    world_drop(l->session.world);
    free(l);
}

static void a_run_without_days_says_so(void **state)
{
    (void)state;
    struct err err = {0};
    run_of("empty", 0, right);
    const struct chances *c = gather("empty", 12);
    assert_says(c, "no day is over yet");
    assert_false(chances_broken(c));
    assert_int_equal(chances_gather(&audited, conninfo, "nobody", fleet, none, 12, 0, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "there is no run 'nobody'"));
}

int main(void)
{
    postgres_leave_root();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_chance_holds),
        cmocka_unit_test(a_chance_stated_too_small_is_named),
        cmocka_unit_test(a_chance_stated_too_large_is_named_too),
        cmocka_unit_test(a_few_quiet_weeks_are_not_too_seldom),
        cmocka_unit_test(the_context_that_breaks_it_is_named),
        cmocka_unit_test(a_single_event_is_a_single_case),
        cmocka_unit_test(a_true_finding_is_left_out),
        cmocka_unit_test(work_makes_a_context_for_as_long_as_it_was_large),
        cmocka_unit_test(what_the_reference_never_had_is_a_context),
        cmocka_unit_test(models_and_budgets_may_change),
        cmocka_unit_test(what_a_run_stored_is_audited),
        cmocka_unit_test(what_inspections_found_decides_what_was_true),
        cmocka_unit_test(the_weekly_list_says_whether_it_held),
        cmocka_unit_test(a_chance_that_does_not_hold_is_an_alarm_of_psmons_own),
        cmocka_unit_test(a_run_without_days_says_so),
    };
    return cmocka_run_group_tests_name("monitor_chances", tests, start_server, stop_server);
}
