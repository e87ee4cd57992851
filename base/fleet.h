/* The fleet: supplies, their channels, and the groups that share a cause, from fleet.csv.
 * Indexes (supply, channel, signal, family, sector …) are dense, from 0, and fixed for the life of
 * the struct; a supply's channels are contiguous and ordered by signal.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_FLEET_H
#define PSM_BASE_FLEET_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The signals with known physics have these fixed indexes in every fleet; others follow. */
enum signal {
    SIGNAL_CAPACITOR_TEMPERATURE,
    SIGNAL_CURRENT,
    SIGNAL_MAGNET_TEMPERATURE,
    SIGNAL_DAC,
    SIGNAL_IGBT_TEMPERATURE,
    SIGNAL_VOLTAGE,
    SIGNAL_KNOWN /* number of the above */
};

/* Groups of supplies that share something; GROUP_FAMILY shares a design, the others a cause. */
enum group_kind { GROUP_FAMILY, GROUP_SECTOR, GROUP_WATER, GROUP_RACK, GROUP_FEEDER, GROUP_COUNT };

struct channel {
    char *pv;
    char *unit;
    uint32_t supply;
    uint32_t signal;         /* index into fleet.signals */
    double low, high, range; /* engineering limits and full scale in unit; NaN: not given */
};

struct supply {
    char *name;
    int32_t group[GROUP_COUNT]; /* index into fleet.groups[g]; -1: none (never for family, sector) */
    uint32_t first_channel, n_channels;
    int32_t known[SIGNAL_KNOWN]; /* channel of each known signal; -1: the supply lacks it */
};

struct names {
    char **name;
    size_t n, cap;
};

struct fleet {
    struct supply *supplies;
    size_t n_supplies;
    struct channel *channels;
    size_t n_channels;
    struct names signals;             /* the known six first, always */
    struct names groups[GROUP_COUNT]; /* names of families, sectors, … in order of appearance */
    uint64_t hash;                    /* of the content that indexes depend on: names, order, PVs */
};

/* Reads fleet.csv. Errors (ERR_CONFIG) name file, line and column: unknown column, empty or repeated
 * key, PV twice, a supply's columns that disagree, a sector that bears a supply's name. */
int fleet_load(struct fleet **out, const char *path, struct err *err) MUSTCHECK;
/* One supply, also its family and sector, whose channels have no physics, whatever their names are: channel i
 * is signals[i], in no unit. */
struct fleet *fleet_of_signals(const char *supply, char *const signals[], size_t n);
void fleet_free(struct fleet *f);

/* What a model depends on of a fleet, as text: a line per channel, its supply, family, sector, signal, PV,
 * unit and range parted by tabs. Appended to out. */
void fleet_text(const struct fleet *f, struct buf *out);
/* The fleet of such a text, without limits and without groups but family and sector. Error: ERR_DATA. */
int fleet_of_text(struct fleet **out, const char *text, struct err *err) MUSTCHECK;

/* How supply i of a fleet differs from supply j of an earlier one, in what fleet_text says of it, for people:
 * "the unit of its voltage was \"V\", is \"mV\"". False: they are the same. */
bool fleet_supply_differs(const struct fleet *now, uint32_t i, const struct fleet *then, uint32_t j,
                          char words[], size_t size);

/* Whether two fleets are the same in all that fleet.csv says. */
bool fleet_same(const struct fleet *a, const struct fleet *b);

/* Index of a supply, of a channel by PV; -1 when unknown. O(1). */
int32_t fleet_supply(const struct fleet *f, const char *name);
int32_t fleet_channel(const struct fleet *f, const char *pv);

/* "water", "rack" …: the prefix in subjects such as water:X; "" for sectors, which stand bare. */
const char *group_name(enum group_kind g);

#endif
