/* The simulated ring: magnet power supplies with physics, calendar, common causes, imperfect data and
 * planted faults, as a pure function of its options and the time. Any instant of any year can be read
 * alone; threads may read at once and get the same answers.
 * Physics, sizes: docs of each file in this folder. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_RING_H
#define PSM_ARCHIVE_SIM_RING_H

#include "archive/source.h"
#include "base/err.h"
#include "base/fleet.h"
#include "base/types.h"

#include <stdbool.h>
#include <stdio.h>

struct sim;

/* Mixed: small or medium; any: small, medium or large. What a fault or an event has is one of the first
 * three. */
enum sim_size { SIM_SMALL, SIM_MEDIUM, SIM_LARGE, SIM_MIXED, SIM_ANY };

/* How something ended. A repair is on a maintenance day, or by itself after some hours or days, or some hours
 * after it made the supply trip. */
enum sim_end { SIM_REPAIRED, SIM_BY_ITSELF, SIM_BY_TRIP, SIM_NEVER, SIM_ENDS };
#define SIM_FOR_EVER (INT64_MAX / 2) /* end of what never ends */
#define SIM_MODES 20                 /* numbers of failure modes: from 1 to 19 */

/* What happens besides faults: causes that a group shares, and what is nobody's fault. Sizes (small, medium,
 * large) and shapes: events.c. */
enum sim_event_kind {
    SIM_CLOG_MAGNET, /* filter of a magnet-water manifold: 0.7, 2, 5 K of magnets, over a day or so */
    SIM_CLOG_SUPPLY, /* of a supply-water manifold: 2, 4, 8 K of IGBTs, capacitors 0.4 of it */
    SIM_PUMP_TRIP,   /* of a water circuit, until the standby pump has taken over: 1, 3, 8 K of magnets */
    SIM_WATER,       /* a circuit's or a sector's water temperature off by 1, 2, 4 K, up or down */
    SIM_AIR,         /* air handling of a sector: 2, 4, 8 K, hunting */
    SIM_RACK_FAN,    /* fans of a rack: 3, 6, 12 K of IGBTs, capacitors a third of it */
    SIM_SAG,         /* mains, one sample of many supplies of a feeder or of all: 1.5, 4, 10 % of voltage */
    SIM_DIP,         /* a feeder low by 3, 6, 10 % for hours: ripple, warmer, no headroom */
    SIM_OUTAGE,      /* network of a sector: no samples */
    SIM_REBOOT,      /* IOC of a rack: frozen, then gone, then back */
    SIM_COMMONS,     /* number of the above */
    SIM_WARM = SIM_COMMONS, /* days of 3, 5, 8 K warmer air everywhere, water with it */
    SIM_COLD,
    SIM_SEASON,      /* a year of ±5.5 K in the air instead of ±1.5, ±1.6 K in the water */
    SIM_LATTICE,     /* every set-point by 0.5 % to 0.8, 1.5, 3 %; or back to where it was */
    SIM_STUDY,       /* eight hours of set-points that move by up to 3, 6, 10 % */
    SIM_DUMP,        /* a beam dump, then standardisation */
    SIM_SHUTDOWN,    /* two to five days off, then a cold start */
    SIM_SWAP,        /* another unit in a supply's place: offsets, gains, coefficients */
    SIM_CALIBRATION, /* of one supply: DCCT, voltage or a temperature */
    SIM_EVENT_KINDS
};

/* a: the plain ring's; b: of physics_b.c, which shares no simplification with a monitor's model. */
enum sim_physics { SIM_PHYSICS_A, SIM_PHYSICS_B };

#define SIM_SECTOR_SIZE 33u
#define SIM_SECTOR_SIZES 16

/* What stays 0 below `cache_bytes` is the plain ring, on which published figures were measured; every option
 * adds to it without changing the rest. */
struct sim_options {
    uint32_t supplies; /* >= 1; SIM_SECTOR_SIZE to a sector unless sector_sizes say otherwise */
    uint64_t seed;
    tstamp_ns from; /* faults are planted from `from` + healthy_days … */
    double days;    /* … to `from` + days; before and after, the ring is healthy */
    double healthy_days;
    double faults_per_week; /* over the whole ring; < 0: 1.5 % of the supplies; 0: none */
    enum sim_size fault_size;
    size_t cache_bytes; /* memory for blocks; 0: two days of the whole ring and some more */
    uint32_t sector_sizes[SIM_SECTOR_SIZES]; /* sizes of the sectors, in turn, up to the first 0 */
    bool manifolds;  /* water in fleet.csv: half a sector ("W07B") instead of two sectors ("W04") */
    uint32_t untold; /* bit of enum group_kind: water, racks or feeders that fleet.csv lacks */
    enum sim_physics physics;
    uint32_t modes; /* bit m: failure mode m is planted, with all its variants; 0: the plain cycle */
    uint32_t ends;  /* bit of enum sim_end: how faults end, repairs with a row in maintenance.csv; 0: repaired
                       or by a trip */
    uint32_t commons;        /* bit of enum sim_event_kind: which common causes come; 0: none */
    double commons_per_week; /* over the whole ring; < 0: one for 132 supplies */
    double in_common;  /* share of the faults that begin while a common cause runs in a group of theirs */
    uint32_t contexts; /* bit of enum sim_event_kind: which contexts come; 0: none */
};

enum sim_class { SIM_EQUIPMENT, SIM_SENSOR, SIM_DATA, SIM_COMMON, SIM_BENIGN };

/* A planted fault. Modes: docs/power-supplies.md §9 as told in faults.h. */
struct sim_fault {
    int32_t supply; /* -1: the whole sector */
    uint32_t sector;
    int mode;
    int kind;            /* variant within the mode, see faults.h */
    enum sim_size level; /* small, medium or large */
    int32_t signal;      /* the one that shows it most; -1: all */
    enum sim_class class;
    tstamp_ns onset, end; /* SIM_FOR_EVER: never */
    enum sim_end ended;
    tstamp_ns trip; /* when it made the supply trip; 0: it did not */
    double size;    /* of slow ones: when fully grown */
    const char *unit;
    uint64_t key; /* its own random numbers */
};

/* A common cause or a context. */
struct sim_event {
    enum sim_event_kind kind;
    enum sim_class class; /* common or benign */
    bool background;      /* the plain ring has it too: only the label is new */
    int32_t supply;       /* it concerns this one; -1: a group */
    enum group_kind group;
    uint32_t index; /* of the group, see layout_group; with GROUP_COUNT: the whole ring */
    double share;   /* of the group's supplies that are hit */
    enum sim_size level;
    tstamp_ns onset, end; /* SIM_FOR_EVER: never; heat fades after it */
    enum sim_end ended;
    int32_t signal; /* the one that shows it most; -1: all */
    double size;
    const char *unit;
    double strength; /* what makes it: see events.c */
    uint64_t key;
};

/* Error: ERR_CONFIG when an option makes no sense. */
int sim_new(struct sim **out, const struct sim_options *o, struct err *err) MUSTCHECK;
void sim_free(struct sim *s);

uint32_t sim_supplies(const struct sim *s);
uint32_t sim_channels(const struct sim *s); /* 6 a supply: channel = 6 · supply + enum signal */
const char *sim_supply_name(const struct sim *s, uint32_t supply);
uint32_t sim_supply_sector(const struct sim *s, uint32_t supply); /* from 0 */
const char *sim_pv(const struct sim *s, uint32_t channel);
int32_t sim_find(const struct sim *s, const char *pv); /* channel; -1: unknown */

/* Samples of a channel with from <= t < to in time order, at most max of them; returns their number.
 * Continue with from = last t + 1 when it returns max. Thread-safe; about 20 ns a sample when its
 * supply's day is in the cache, a day of six channels takes under a millisecond to make. */
size_t sim_read(struct sim *s, uint32_t channel, tstamp_ns from, tstamp_ns to, struct sample out[],
                size_t max);

/* The newest sample with t <= at; false: none since 1971. Thread-safe. */
bool sim_latest(struct sim *s, uint32_t channel, tstamp_ns at, struct sample *out);

/* True while the supply's controller answers at t. If not, *lost is when it stopped. */
bool sim_connected(const struct sim *s, uint32_t supply, tstamp_ns t, tstamp_ns *lost);

/* The planted faults, ordered by onset. */
const struct sim_fault *sim_faults(const struct sim *s, size_t *n);

/* Common causes and contexts, ordered by onset; of the plain ring none. */
const struct sim_event *sim_events(const struct sim *s, size_t *n);

/* True when the event concerns the supply. */
bool sim_event_concerns(const struct sim *s, const struct sim_event *e, uint32_t supply);

/* fleet.csv, maintenance.csv (periods that overlap from … to) and the labels
 * `supply,mode,signal,class,onset,end,trip,size,unit,kind,level,ended,members`; archive/README.md tells what
 * stands in them. Error: ERR_IO. */
int sim_write_fleet(const struct sim *s, const char *path, struct err *err) MUSTCHECK;
int sim_write_maintenance(const struct sim *s, const char *path, tstamp_ns from, tstamp_ns to,
                          struct err *err) MUSTCHECK;
int sim_write_labels(const struct sim *s, const char *path, struct err *err) MUSTCHECK;

/* One supply as a wide table `time,<six signals>,label` at the 60 s grid, from <= time < to; an empty
 * field is a missing reading; label 1 while a fault acts. Error: ERR_IO. Thread-safe. */
int sim_write_table(struct sim *s, uint32_t supply, const char *path, tstamp_ns from, tstamp_ns to,
                    struct err *err) MUSTCHECK;

/* The ring as a source of readings in this process, matched to the fleet by PV. Nothing after now(arg)
 * is answered. Borrows the ring and the fleet. */
int sim_source_open(struct source **out, uv_loop_t *loop, struct sim *s, const struct fleet *f,
                    tstamp_ns (*now)(void *arg), void *now_arg, struct err *err) MUSTCHECK;

#endif
