/* What the fuzz targets share. Each target is one libFuzzer entry point over one reader of foreign bytes; it
 * asserts what the reader's header promises, and ASAN and UBSAN see the rest. `make fuzz`; CONTRIBUTING.md
 * says how to keep what it finds. SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_FUZZ_H
#define PSM_TESTS_FUZZ_H

#include "base/err.h"
#include "base/fleet.h"
#include "base/log.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The input as a file in memory; the path is valid until the next call with the same slot. */
enum { FUZZ_FILES = 2 };
static inline const char *fuzz_file(int slot, const void *data, size_t n)
{
    static int fds[FUZZ_FILES];
    static char paths[FUZZ_FILES][32];
    if (fds[slot] == 0) {
        log_set_level(LOG_ERROR);
        fds[slot] = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(paths[slot], sizeof paths[slot], "/proc/self/fd/%d", fds[slot]);
    }
    if (fds[slot] < 0 || ftruncate(fds[slot], 0) != 0 || pwrite(fds[slot], data, n, 0) != (ssize_t)n)
        abort();
    return paths[slot];
}

/* Three supplies in two sectors: A with all six signals, B/2 with current and voltage, and 'C "3"' with a
 * signal of its own. Made once. */
static inline const struct fleet *fuzz_fleet(void)
{
    static const char text[] = "supply,family,sector,signal,pv,unit,water,range\n"
                               "A,quad,S1,capacitor_temperature,A:TC,degC,W1,\n"
                               "A,quad,S1,current,A:I,A,W1,100\n"
                               "A,quad,S1,magnet_temperature,A:TM,degC,W1,\n"
                               "A,quad,S1,dac,A:DAC,1,W1,\n"
                               "A,quad,S1,igbt_temperature,A:TI,degC,W1,\n"
                               "A,quad,S1,voltage,A:V,V,W1,\n"
                               "B/2,sext,S1,current,B:I,A,,50\n"
                               "B/2,sext,S1,voltage,B:V,V,,\n"
                               "\"C \"\"3\"\"\",sext,S2,pressure,C:P,bar,,\n";
    static struct fleet *fleet;
    struct err err = {0};
    if (!fleet && fleet_load(&fleet, fuzz_file(0, text, sizeof text - 1), &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        abort();
    }
    return fleet;
}

/* An error has a code and one line of text. */
static inline void fuzz_is_error(int rc, const struct err *err)
{
    assert(rc < 0 && err->code == rc);
    assert(err->msg[0] != '\0' && strlen(err->msg) < sizeof err->msg);
}

#endif
