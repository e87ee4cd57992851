/* Model files as a hostile writer would make them: the checksum is right, and the arrays are those of a model
 * that was trained here on a small simulated ring but for what the input changes. So the target follows the
 * model file wherever it goes. The input is a list of edits of eight bytes each: entry (u8, modulo the number
 * of arrays), what (u8), place (u16), value (u32) what 0: a byte at place; 1: eight bytes at element `place`,
 * all of value; 2: first dimension; 3: another type; 4: left out; 5: under the name of entry `place`; 6: cut
 * to `value` elements; 7: element `place` as a number. White box: the layout is mfile.c's.
 * SPDX-License-Identifier: MIT */
#include "detectors/model/model.h"
#include "archive/sim/ring.h"
#include "base/maintenance.h"
#include "base/mfile.c" /* NOLINT(bugprone-suspicious-include): white box */
#include "base/time/timefmt.h"
#include "detectors/engine/scorer.h"
#include "features/record.h"
#include "tests/fuzz/fuzz.h"

#include <gsl/gsl_errno.h>
#include <math.h>

enum { SUPPLIES = 8, DAYS = 6, BLOCK = 4096, EDIT = 8, EDITS = 16 };

static struct {
    struct sim *sim;
    struct fleet *fleet;
    struct maintenance *none;
    struct frame frame; /* one of many, for scoring */
    char path[40];
    struct mfile *file; /* of the trained model */
    uint32_t schema;
} world;

static void must(int rc, const struct err *err)
{
    if (rc != 0) {
        fprintf(stderr, "%s\n", err->msg);
        abort();
    }
}

static struct record *read_days(struct grid *g, tstamp_ns from)
{
    static struct sample block[BLOCK];
    struct record *r;
    struct err err = {0};
    tstamp_ns to = from + DAYS * NS_PER_DAY;
    must(record_new(&r, g, world.fleet, from, (size_t)DAYS * 1440, NULL, &err), &err);
    for (uint32_t c = 0; c < world.fleet->n_channels; c++) {
        size_t n;
        for (tstamp_ns at = from; (n = sim_read(world.sim, c, at, to, block, BLOCK)) > 0;
             at = block[n - 1].t + 1)
            record_push(r, c, block, n);
        record_end(r, c);
    }
    return r;
}

static void remove_file(void)
{
    unlink(world.path);
}

static void train(void)
{
    struct sim_options o = {.supplies = SUPPLIES, .seed = 1, .days = DAYS, .healthy_days = DAYS};
    struct model *model;
    struct err err = {0};
    struct buf bytes = {0};
    snprintf(world.path, sizeof world.path, "/dev/shm/psmon-fuzz-%ld", (long)getpid());
    must(atexit(remove_file), &err);
    gsl_set_error_handler_off();
    log_set_level(LOG_ERROR);
    must(timefmt_parse(&o.from, "2026-01-08T00:00:00Z", &err), &err);
    must(sim_new(&world.sim, &o, &err), &err);
    must(sim_write_fleet(world.sim, world.path, &err), &err);
    must(fleet_load(&world.fleet, world.path, &err), &err);
    must(maintenance_load(&world.none, NULL, world.fleet, &err), &err);
    struct grid *g = grid_new(world.fleet, &(struct grid_options){.period = NS_PER_MIN,
                                                                  .max_age = 5 * NS_PER_MIN,
                                                                  .deadband_hold = 60 * NS_PER_DAY});
    struct record *r = read_days(g, o.from);
    must(model_train(&model, world.fleet, r, world.none,
                     &(struct train_options){.seed = 1, .window_minutes = 720, .max_rows = 500}, &err),
         &err);
    must(model_save(model, world.path, NULL, &err), &err);
    model_free(model);
    record_free(r);
    grid_free(g);
    must(read_file(&bytes, world.path, &err), &err);
    memcpy(&world.schema, bytes.data + 8, sizeof world.schema);
    buf_free(&bytes);
    must(mfile_read(&world.file, world.path, world.schema, NULL, &err), &err);
}

static void resize(struct entry *e, size_t n)
{
    e->data = xreallocarray(e->data, n + 1, type_size[e->type]);
    if (n > e->n)
        memset((char *)e->data + e->n * type_size[e->type], 0, (n - e->n) * type_size[e->type]);
    e->n = n;
    e->dims = 1;
    e->shape[0] = n;
}

static void put_number(struct entry *e, size_t at, uint32_t bits)
{
    static const char *const numbers[] = {"0",      "-1",  "1",   "1e300", "-1e300",
                                          "1e-300", "nan", "inf", "-inf",  "1e19"};
    double v = strtod(numbers[bits % (sizeof numbers / sizeof *numbers)], NULL);
    if (e->type == TYPE_F64)
        ((double *)e->data)[at] = v;
    else if (e->type == TYPE_F32)
        ((float *)e->data)[at] = (float)v;
    else if (e->type == TYPE_I64)
        ((int64_t *)e->data)[at] = bits % 4 == 0   ? INT64_MIN
                                   : bits % 4 == 1 ? INT64_MAX
                                   : bits % 4 == 2 ? -(int64_t)(bits >> 2)
                                                   : (int64_t)(bits >> 2);
}

static void edit(struct mfile *m, const uint8_t op[EDIT])
{
    uint16_t place;
    uint32_t value;
    if (m->n == 0)
        return;
    struct entry *e = &m->entry[op[0] % m->n];
    memcpy(&place, op + 2, sizeof place);
    memcpy(&value, op + 4, sizeof value);
    size_t bytes = e->n * type_size[e->type];
    switch (op[1] % 8) {
    case 0:
        if (bytes)
            ((uint8_t *)e->data)[place % bytes] = (uint8_t)value;
        break;
    case 1:
        if (bytes >= 8)
            memset((uint8_t *)e->data + place % (bytes / 8) * 8, (int)(value & 255), 8);
        break;
    case 2: resize(e, value % 4096); break;
    case 3:
        e->n = bytes / type_size[value % TYPE_COUNT];
        e->type = (enum type)(value % TYPE_COUNT);
        e->dims = 1;
        e->shape[0] = e->n;
        break;
    case 4: e->name[0] ^= 0x20; break;
    case 5: {
        char *name = xstrdup(m->entry[place % m->n].name);
        free(e->name);
        e->name = name;
        break;
    }
    case 6: resize(e, e->n ? value % e->n : 0); break;
    case 7:
        if (e->n)
            put_number(e, place % e->n, value);
        break;
    }
}

static struct mfile *copy(const struct mfile *from)
{
    struct mfile *m = mfile_new(from->schema);
    for (size_t i = 0; i < from->n; i++) {
        const struct entry *e = &from->entry[i];
        size_t shape[MAX_DIMS];
        for (uint32_t k = 0; k < e->dims; k++)
            shape[k] = e->shape[k];
        put(m, e->name, e->type, e->data, shape, (int)e->dims);
    }
    return m;
}

/* A model that was accepted scores without harm, whatever its numbers. */
static void score(const struct model *model)
{
    static float value[SUPPLIES * SIGNAL_KNOWN];
    static uint8_t quality[SUPPLIES * SIGNAL_KNOWN];
    struct scorer *s =
        scorer_new(model, world.fleet, world.none,
                   &(struct scorer_options){.budget = 1, .window_minutes = 720, .period = NS_PER_MIN});
    tstamp_ns t;
    struct tick tick;
    struct err err = {0};
    must(timefmt_parse(&t, "2026-01-13T00:00:00Z", &err), &err);
    for (int k = 0; k <= 120; k++) {
        for (int c = 0; c < SUPPLIES * SIGNAL_KNOWN; c++)
            value[c] = 20.0f + (float)((c * 7 + k) % 5);
        scorer_step(s, &(struct frame){.t = t + k * NS_PER_MIN, .value = value, .quality = quality}, false,
                    &tick);
    }
    scorer_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct model *model;
    struct err err = {0};
    char hex[DIGEST_HEX_LEN];
    if (!world.file)
        train();
    struct mfile *m = copy(world.file);
    for (size_t i = 0; i + EDIT <= n && i < (size_t)EDITS * EDIT; i += EDIT)
        edit(m, data + i);
    must(mfile_write(m, world.path, NULL, &err), &err);
    mfile_free(m);
    int rc = model_load(&model, world.fleet, world.path, hex, &err);
    if (n < EDIT)
        must(rc, &err); /* as trained */
    if (rc != 0) {
        fuzz_is_error(rc, &err);
    } else {
        score(model);
        model_free(model);
    }
    return 0;
}
