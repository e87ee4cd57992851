/* Who is in the ring: names, groups and the spread of units; fixed by the seed.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_LAYOUT_H
#define PSM_ARCHIVE_SIM_LAYOUT_H

#include "archive/sim/random.h"
#include "archive/sim/ring.h"
#include "base/fleet.h"

#include <stdbool.h>

#define LAYOUT_DAC_FULL 32767

enum family { FAMILY_QUADRUPOLE, FAMILY_SEXTUPOLE, FAMILY_HORIZONTAL, FAMILY_VERTICAL, FAMILY_COUNT };

/* What physics b has beside the rest; see physics_b.c. */
struct unit_b {
    double fast_share, tau_fast, tau_slow; /* heat sink: share of the rise that follows at once; min */
    double fan_on, fan_full; /* °C at which it speeds up; what is left of the rise at full speed */
    double air_igbt, air_capacitor, water; /* K of the supply per K of air and of water */
    double mains_heat, mains_ripple;       /* K per % of mains; noise per % */
    double drift[SIGNAL_KNOWN];            /* of temperature sensors, K a week */
    double yoke_share, tau_yoke, skin;     /* of the magnet's rise; min; share of the air in its sensor */
    double contact, contact_per_k;         /* ohm at 30 °C, 1/K */
};

/* One supply with its magnet, as built. i is current over peak current. */
struct unit {
    char name[24];
    enum family family;
    uint32_t sector, rack, feeder; /* the rack within its sector */
    uint32_t water;                /* circuit or manifold that fleet.csv names */
    uint32_t loop;                 /* whose water has one temperature: two sectors */
    char manifold;                 /* 'A' or 'B', the half of its sector; 0: water is a circuit */
    bool corrector;
    double peak;                              /* [A] also the DAC's full scale */
    double setpoint;                          /* nominal i; correctors: the centre of their motion */
    double resistance;                        /* [ohm] coil at 40 °C */
    double cable;                             /* [ohm] */
    double water_rise;                        /* [K] of the magnet at i = 1 */
    double tau_coil, tau_igbt, tau_capacitor; /* [min] */
    double igbt_linear, igbt_square, capacitor_linear, capacitor_square; /* [K] at i = 1 */
    double gain;                                                         /* DAC to current, about 1 */
    double offset;                                                       /* [i] */
    double sensor_offset[SIGNAL_KNOWN];                                  /* temperatures [K] */
    double noise[SIGNAL_KNOWN];                                          /* white, sd: K, i, K, -, K, V */
    double own_sd[SIGNAL_KNOWN], own_tau[SIGNAL_KNOWN]; /* temperatures' own slow noise: K, min */
    double codes[SIGNAL_KNOWN];      /* codes per unit of the channel: value = code / codes */
    bool deadband[SIGNAL_KNOWN];     /* an unchanged code is not sent again */
    uint32_t phase_us[SIGNAL_KNOWN]; /* of the scan within the minute */
    uint16_t nano[SIGNAL_KNOWN];
    uint64_t key[SIGNAL_KNOWN]; /* of the channel's random numbers */
    struct unit_b b;            /* physics b only, else 0 */
    uint64_t motion_key, setpoint_key, wander_key, cycling_key;
};

/* Engineering limits of a channel: HIGH and HIHI alarm limits, low, full scale. NaN: none. */
struct limits {
    double low, high, hihi, range;
};

/* Number of a supply's group of a kind, the same for all its members. */
static inline uint32_t layout_group(const struct unit *u, enum group_kind g)
{
    switch (g) {
    case GROUP_WATER: return u->water;
    case GROUP_RACK: return u->sector << 8 | u->rack;
    case GROUP_FEEDER: return u->feeder;
    default: return u->sector;
    }
}

/* Makes it another unit of its family on the same magnet: all that is of the supply and not of the coil. */
void layout_swap(struct unit *u, enum sim_physics physics, uint64_t key, const struct random_normal *normal);

/* Fills units[o->supplies]. */
void layout_fill(struct unit units[], const struct sim_options *o, const struct random_normal *normal);

struct limits layout_limits(const struct unit *u, enum signal signal);
const char *layout_family(enum family f);
const char *layout_signal(enum signal s); /* "capacitor_temperature" … */
const char *layout_suffix(enum signal s); /* "CapTempM" … */
const char *layout_unit(enum signal s);   /* "°C" … */

/* "S01", "W01" or "W01B", "R01A", "F1". */
#define LAYOUT_NAME 16
void layout_sector_name(char out[LAYOUT_NAME], uint32_t sector);
void layout_group_name(char out[LAYOUT_NAME], enum group_kind g, const struct unit *u);

#endif
