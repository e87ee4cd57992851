/* What supplies have in common: the temperatures of a circuit's water, a sector's air, a rack's fans, told by
 * the residuals of those that share them. Groups of fleet.csv are a tree of cells, coarse ones first: the
 * ring is cut by the kind of group that cuts it into the fewest parts, each part by the next kind, as long as
 * parts of at least COMMON_LEAST supplies come of it; what belongs to no such part stays with the cell that
 * was cut, which is one of its own smallest parts then.
 *
 * A cell's value in a minute is its parent's value plus what its smallest parts moved beyond that: the middle
 * of their deviations, of two middle ones the smaller, 0 when their signs differ. So two halves of a sector
 * that disagree do not meet in the middle: the one that stands where the other sectors and its own reference
 * have it is right, and the other's deviation is its own. A smallest part deviates by the median of its
 * supplies. Pure functions of one minute but for the media, which are low-passed. SPDX-License-Identifier:
 * MIT */
#ifndef PSM_FEATURES_COMMON_H
#define PSM_FEATURES_COMMON_H

#include "features/banks.h"
#include "features/layout.h"

#define COMMON_LEAST 4          /* supplies with the signal that make a cell of their own */
#define COMMON_VALID 3          /* of them valid in a minute, below which it has no deviation of its own */
#define COMMON_RING GROUP_COUNT /* as the kind of the root */

enum common_signal { COMMON_CAPACITOR, COMMON_MAGNET, COMMON_IGBT, COMMON_SIGNALS };
extern const enum signal common_signals[COMMON_SIGNALS];

/* A cell. Parents stand before their parts; the parts of a cell stand together. */
struct common_cell {
    int32_t parent;            /* -1: the ring */
    int kind;                  /* enum group_kind of which it is a part, or COMMON_RING … */
    int32_t index;             /* … and the group's index in fleet.groups */
    uint32_t first, n, direct; /* its supplies in member: those of no part of it first */
    uint32_t leaf, n_leaves;   /* the smallest parts of it among the tree's */
};

struct common {
    size_t n_supplies;
    struct common_tree {
        int32_t *level;   /* [S] level of the signal in the supply's row; -1: none */
        int32_t *cell;    /* [S] the smallest cell, also of supplies without the signal; -1: none */
        uint32_t *member; /* supplies that have the signal, cell by cell */
        struct common_cell *cells;
        uint32_t *leaf; /* cells with supplies of no part, as they stand in member */
        size_t n;       /* cells; 0: too few supplies have the signal */
    } tree[COMMON_SIGNALS];
    float *scratch;
};

/* apart[S], may be NULL: supplies that count as if they lacked the signals, since nothing is known of them.
 */
struct common *common_new(const struct fleet *f, const struct feature_layout *l, const bool apart[]);
void common_free(struct common *c);

/* The most cells of a signal: rows of what is kept per cell. */
size_t common_cells(const struct common *c);

/* Values of all cells, K: value[n], from the levels residual[S][stride] of steady supplies. A cell without a
 * deviation of its own has its parent's value; NaN: nor has the ring. beyond[n], may be NULL: deviations from
 * the parent, NaN: none of its own. */
void common_values(struct common *c, enum common_signal signal, const float *residual, size_t stride,
                   const uint8_t mode[], float value[], float beyond[]);

/* Groups of a fleet that may share a cause, numbered: sectors, waters, racks, feeders. */
size_t common_groups(const struct fleet *f);
void common_group(const struct fleet *f, size_t group, int *kind, size_t *index);

/* What groups did beyond what they are part of, and what that did: [G] each, from the cells' values. A group
 * that is cut by others is the mean of its cells, by their supplies; NaN: it is no cell. */
void common_of_groups(const struct common *c, const struct fleet *f, enum common_signal signal,
                      const float value[], const float beyond[], float out[], float base[]);

/* What cools, and warms what nothing else explains: the water, told by the magnets, and the air, told by the
 * capacitors. */
enum medium_kind { MEDIUM_WATER, MEDIUM_AIR, MEDIA };
enum common_signal medium_signal(enum medium_kind k);

#define MEDIUM_STRETCH NS_PER_HOUR /* banks.h; τ is 5 min */

/* Low-passed value of a cell. */
struct medium {
    double value;       /* K; NaN: unknown */
    double bank[BANKS]; /* one of which is the value */
    tstamp_ns t;        /* of the last value */
};
void medium_clear(struct medium m[], size_t n);
/* Advances by one minute: NaN is bridged for 10 min. */
void medium_step(struct medium *m, float value, tstamp_ns t);

/* What surrounds a supply, K, against the reference. */
struct surroundings {
    double of[MEDIA];
};
/* From m[COMMON_SIGNALS][cells]: 0 where the fleet has no common part of the signal, NaN when unknown. */
struct surroundings common_around(const struct common *c, const struct medium m[], size_t cells,
                                  size_t supply);

#endif
