/* Storing ticks of 1,320 supplies, 7,920 channels: as the history does it, against a row per supply.
 * With a folder as argument the cluster stays there, to be looked at.
 * SPDX-License-Identifier: MIT */
#include "archive/history/history.h"
#include "archive/history/cluster.h"
#include "base/mem.h"
#include "base/time/clock.h"
#include "tests/bench/proof.h"
#include "tests/postgres.h"

#include <math.h>
#include <sys/resource.h>
#include <time.h>

#define SUPPLIES 1320
#define CHANNELS (6 * SUPPLIES)
#define TICKS 600
#define NAIVE_TICKS 20

static const tstamp_ns T0 = INT64_C(1793750400) * NS_PER_S; /* 2026-11-04T00:00:00Z */

static void stop(const char *what)
{
    fprintf(stderr, "history: %s\n", what);
    exit(1);
}

static struct fleet *make_fleet(const char *dir)
{
    static const char *const signals[] = {"capacitor_temperature", "current", "magnet_temperature", "dac",
                                          "igbt_temperature",      "voltage"};
    char path[300];
    snprintf(path, sizeof path, "%s/fleet.csv", dir);
    FILE *f = fopen(path, "w");
    if (!f)
        stop("cannot write the fleet");
    fputs("supply,family,sector,signal,pv,unit\n", f);
    for (int s = 0; s < SUPPLIES; s++)
        for (int k = 0; k < 6; k++)
            fprintf(f, "S%02d:P%02d,fam,S%02d,%s,SR:S%02d:P%02d:%d,K\n", s / 33, s % 33, s / 33, signals[k],
                    s / 33, s % 33, k);
    fclose(f);
    struct fleet *fleet = NULL;
    struct err err;
    if (fleet_load(&fleet, path, &err) != 0)
        stop(err.msg);
    return fleet;
}

struct numbers {
    uint8_t mode[SUPPLIES], reason[SUPPLIES];
    float score[SUPPLIES], chance[SUPPLIES], reconstruction[SUPPLIES], value[CHANNELS], jsd[CHANNELS];
    struct figure figures[2];
};

static struct tick make_tick(struct numbers *n, int k)
{
    uint32_t x = (uint32_t)k * 2654435761u + 1; /* noise that does not compress, as readings do not */
    for (size_t c = 0; c < CHANNELS; c++) {
        x = x * 1664525u + 1013904223u;
        n->value[c] = 25.0f + (float)(x >> 8) * 1e-7f;
        n->jsd[c] = (float)(x >> 8) * 1e-9f;
    }
    for (size_t s = 0; s < SUPPLIES; s++) {
        n->mode[s] = MODE_STEADY;
        n->score[s] = n->value[s] - 20;
        n->chance[s] = 1 / n->score[s];
        n->reconstruction[s] = n->value[s + SUPPLIES];
    }
    n->figures[0] = (struct figure){"jsd", "divergence", "bit", true, true, n->jsd};
    n->figures[1] =
        (struct figure){"reconstruction", "reconstruction error", "", false, true, n->reconstruction};
    struct tick t = {.t = T0 + k * NS_PER_MIN,
                     .n_supplies = SUPPLIES,
                     .n_channels = CHANNELS,
                     .mode = n->mode,
                     .reason = n->reason,
                     .value = n->value,
                     .score = n->score,
                     .chance = n->chance,
                     .figures = n->figures,
                     .n_figures = 2,
                     .ledger = {SUPPLIES}};
    return t;
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void wait_for(uv_loop_t *loop, const struct pg *pg, size_t queued)
{
    while (!pg_up(pg) || pg_queued(pg) > queued)
        uv_run(loop, UV_RUN_ONCE);
}

/* A number of the database's. */
static double stored(const char *conninfo, const char *sql)
{
    struct pg_rows *rows = NULL;
    struct err err;
    if (pg_run(conninfo, sql, 0, NULL, &rows, &err) != 0)
        stop(err.msg);
    double v = rows->n_rows && rows->value[0] ? strtod(rows->value[0], NULL) : 0;
    pg_rows_free(rows);
    return v;
}

static double sum_of(const float *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i];
    return sum;
}

/* What is in the tables, against what was handed over. */
static bool prove(const char *conninfo, double handed, double handed_naive)
{
    bool same = proof_same("ticks stored (naive: handed over)",
                           stored(conninfo, "SELECT count(*) FROM ticks"), TICKS, 0);
    same = proof_same("sum of the readings stored (naive: handed over)",
                      stored(conninfo, "SELECT sum(x::float8) FROM ticks, unnest(value) x"), handed, 1e-9) &&
           same;
    return proof_same("sum of what the naive way stored (naive: handed over)",
                      stored(conninfo, "SELECT sum(x::float8) FROM naive, unnest(v) x"), handed_naive,
                      1e-9) &&
           same;
}

static void naive(uv_loop_t *loop, struct pg *pg, struct numbers *n, double *seconds, double *handed)
{
    struct pg_txn *t = pg_txn_new();
    pg_txn_add(t,
               "CREATE UNLOGGED TABLE IF NOT EXISTS naive (t int, supply int, v float4[], PRIMARY KEY"
               " (supply, t))",
               0, NULL);
    pg_submit(pg, t, false, NULL, NULL);
    wait_for(loop, pg, 0);
    tstamp_ns start = clock_monotonic();
    for (int k = 0; k < NAIVE_TICKS; k++) {
        make_tick(n, k);
        *handed += sum_of(n->value, CHANNELS) + sum_of(n->jsd, CHANNELS);
        struct buf b = {0};
        buf_str(&b, "INSERT INTO naive VALUES ");
        for (int s = 0; s < SUPPLIES; s++) {
            buf_printf(&b, "%s(%d,%d,'{", s ? "," : "", k, s);
            for (int c = 0; c < 12; c++)
                buf_printf(&b, "%s%.9g", c ? "," : "",
                           (double)(c < 6 ? n->value[6 * s + c] : n->jsd[6 * s + c - 6]));
            buf_str(&b, "}')");
        }
        t = pg_txn_new();
        pg_txn_add(t, buf_text(&b), 0, NULL);
        buf_free(&b);
        pg_submit(pg, t, false, NULL, NULL);
        wait_for(loop, pg, 0);
    }
    *seconds = (double)(clock_monotonic() - start) / 1e9 / NAIVE_TICKS;
}

int main(int argc, char **argv)
{
    char dir[200] = "/var/tmp/psmon-bench-XXXXXX";
    postgres_leave_root();
    if (argc > 1)
        snprintf(dir, sizeof dir, "%s", argv[1]);
    else if (!mkdtemp(dir))
        stop("cannot make a folder");
    struct cluster *cluster = NULL;
    char *conninfo = NULL, spool[240], command[260];
    struct err err = {0};
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = NULL;
    snprintf(spool, sizeof spool, "%s/spool", dir);
    if (cluster_join(&cluster, dir, NULL, &conninfo, &err) != 0 || history_migrate(conninfo, &err) != 0 ||
        pg_open(&pg, &loop, conninfo, spool, &err) != 0)
        stop(err.msg);
    wait_for(&loop, pg, 0);
    struct fleet *fleet = make_fleet(dir);
    struct history_run run = {.name = "bench", .kind = "replay", .revision = {"", "", ""}};
    struct history *h = NULL;
    struct numbers *n = xcalloc(1, sizeof *n);
    if (history_open(&h, pg, conninfo, fleet, NULL, &run, &err) != 0)
        stop(err.msg);

    double put = 0, handed = 0, handed_naive = 0, cpu = cpu_s();
    tstamp_ns start = clock_monotonic();
    for (int k = 1; k <= TICKS; k++) {
        struct tick t = make_tick(n, k);
        double before = cpu_s();
        if (!history_put_tick(h, &t))
            stop("a tick was refused");
        put += cpu_s() - before;
        handed += sum_of(n->value, CHANNELS);
        while (history_backlog(h) > 64)
            uv_run(&loop, UV_RUN_ONCE);
    }
    wait_for(&loop, pg, 0);
    double wall = (double)(clock_monotonic() - start) / 1e9, naive_s;
    cpu = cpu_s() - cpu;
    naive(&loop, pg, n, &naive_s, &handed_naive);
    printf("history  %.0f ticks/s into PostgreSQL (%.2f ms of our CPU a tick, %.2f ms of it in the call);"
           " a row per supply, 12 values: %.1f ms a tick, ratio %.1f\n",
           TICKS / wall, 1e3 * cpu / TICKS, 1e3 * put / TICKS, 1e3 * naive_s, naive_s / (wall / TICKS));
    bool same = prove(conninfo, handed, handed_naive);
    history_close(h);
    pg_close(pg, 20);
    uv_loop_close(&loop);
    cluster_leave(cluster);
    fleet_free(fleet);
    free(conninfo);
    free(n);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (argc == 1 && postgres_sh(command) != 0)
        return EXIT_FAILURE;
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
