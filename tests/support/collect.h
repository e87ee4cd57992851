/* Collects what a source delivers and checks what every source promises.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_COLLECT_H
#define PSM_TESTS_COLLECT_H

#include "archive/source.h"
#include "base/mem.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLLECT_CHANNELS 8192

struct collect {
    struct sample *s[COLLECT_CHANNELS];
    size_t n[COLLECT_CHANNELS], cap[COLLECT_CHANNELS];
    int done;
    struct source_result result;
    char error[512], bad_first[256];
    int8_t connected[COLLECT_CHANNELS];
};

static inline void collect_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct collect *c = arg;
    assert_true(n > 0 && channel < COLLECT_CHANNELS && c->done == 0);
    for (size_t i = 0; i < n; i++) {
        if (c->n[channel])
            assert_true(s[i].t > c->s[channel][c->n[channel] - 1].t);
        xgrow(&c->s[channel], &c->cap[channel], c->n[channel] + 1, sizeof *s);
        c->s[channel][c->n[channel]++] = s[i];
    }
}

static inline void collect_done(void *arg, const struct source_result *r)
{
    struct collect *c = arg;
    c->done++;
    c->result = *r;
    snprintf(c->error, sizeof c->error, "%s", r->error);
    assert_true((r->code == 0) == (r->error[0] == '\0'));
    c->result.error = c->error;
    snprintf(c->bad_first, sizeof c->bad_first, "%s", r->bad_first ? r->bad_first : "");
    c->result.bad_first = c->bad_first;
}

static inline void collect_reset(struct collect *c)
{
    for (size_t i = 0; i < COLLECT_CHANNELS; i++)
        free(c->s[i]);
    memset(c, 0, sizeof *c);
}

/* A fleet with one supply per name, each with the given signals; its PVs are NAME:signal, or pvs[]
 * when given (then one signal per supply). */
static inline struct fleet *collect_fleet(const char *const names[], size_t n, const char *const signals[],
                                          size_t n_signals, const char *const pvs[])
{
    char path[] = "/tmp/psmon-fleet-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    fprintf(f, "supply,family,sector,signal,pv,unit\n");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_signals; k++)
            if (pvs)
                fprintf(f, "%s,F,S,%s,%s,A\n", names[i], signals[k], pvs[i]);
            else
                fprintf(f, "%s,F,S,%s,%s:%s,A\n", names[i], signals[k], names[i], signals[k]);
    fclose(f);
    struct fleet *fleet;
    struct err err = {0};
    if (fleet_load(&fleet, path, &err) != 0)
        fail_msg("%s", err.msg);
    unlink(path);
    return fleet;
}

#endif
