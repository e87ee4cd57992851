/* A finding: what moved, where, how much, since when, how sure. Shared by detectors (who say it),
 * alerts (who turn it into an alarm), archive (who keep it) and monitor (who shows it).
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_FINDING_H
#define PSM_BASE_FINDING_H

#include "base/fleet.h"
#include "base/types.h"

#include <stdbool.h>

enum finding_class { CLASS_EQUIPMENT, CLASS_SENSOR, CLASS_DATA, CLASS_COMMON, CLASS_COUNT };
enum direction { DIRECTION_UP, DIRECTION_DOWN, DIRECTION_BOTH, DIRECTION_COUNT };

#define FINDING_ID_LEN 40
#define FINDING_NAME_LEN 128
#define FINDING_DETECTOR_LEN 32
#define FINDING_CONTRIBUTORS 5
#define FINDING_WORK_LEN 96
#define FINDING_CAUSE_LEN 64

/* One channel's part in a finding. */
struct contributor {
    char signal[48];
    double size; /* signed shift in unit; for changes of variance the ratio of standard deviations */
    char unit[16];
    double share; /* 0..1 of the score */
};

struct finding {
    char id[FINDING_ID_LEN];             /* stable: the same occurrence has the same id in every tick and
                                            after a restart (made of subject, detector and first_seen) */
    char subject[FINDING_NAME_LEN];      /* supply, sector, water:X, rack:X, feeder:X or * */
    int32_t supply;                      /* index of the supply; -1: a group */
    char detector[FINDING_DETECTOR_LEN]; /* name of the statistic that carried it: "level", "rate", … */
    enum finding_class class;
    char cause[FINDING_CAUSE_LEN]; /* tells findings of one subject apart that live side by side; follows from
                                      signal, unit and direction; "": it has none (data: the signal) */
    char signal[48];               /* what moved most */
    tstamp_ns onset;               /* when it is thought to have begun */
    tstamp_ns first_seen;          /* when psmon first said it */
    tstamp_ns last_seen;           /* last tick in which it held */
    tstamp_ns closed;              /* 0: open */
    double chance; /* expected healthy findings this extreme per week over the scored fleet, smallest
                      so far; never below the floor to which the calibration reaches, and at it that or
                      less (base/text/words.h); NaN for class data */
    double size;   /* of the carrying channel, signed, in unit; largest so far */
    double effect; /* that size over the smallest that is worth a finding; 0: none is stated (data) */
    char unit[16]; /* K, A, V, ppm, K/min, "x" for a ratio, s for ages */
    enum direction direction;
    uint32_t children; /* supplies in a common finding */
    bool witness;      /* a second, independent channel or statistic agrees */
    struct contributor by[FINDING_CONTRIBUTORS];
    size_t n_by;
    char reason[256]; /* one line for people: "IGBT temperature 6.1 K above what its current explains" */
    char work[FINDING_WORK_LEN]; /* maintenance that may have caused or cured it; "": none */
    tstamp_ns work_start;        /* of that; after the onset: it may have cured it */
};

/* Is the supply the finding's subject, or in the group that is? */
bool finding_concerns(const struct finding *d, const struct fleet *f, uint32_t supply);

const char *finding_class_name(enum finding_class c);
const char *direction_name(enum direction d);

#endif
