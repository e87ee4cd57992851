/* A supply's day: the readings of its six channels as they were archived.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_BLOCK_H
#define PSM_ARCHIVE_SIM_BLOCK_H

#include "archive/sim/calendar.h"
#include "archive/sim/layout.h"
#include "base/types.h"

struct sim;

/* What became of a minute's reading. */
enum block_state { BLOCK_MISSING, BLOCK_UNCHANGED, BLOCK_SENT };

/* Readings are codes (value = code / codes per unit) and packed words, 8 bytes each. */
struct block {
    int32_t code[SIGNAL_KNOWN][MINUTES_PER_DAY];
    uint32_t word[SIGNAL_KNOWN][MINUTES_PER_DAY];
    struct sample dac_before; /* newest DAC sample before the day, for DACs with a dead-band */
};

/* Packing of a word: microseconds in the minute, severity, state, reconnected. */
#define BLOCK_US_MASK 0x03ffffffu
#define BLOCK_SEVERITY_SHIFT 26
#define BLOCK_STATE_SHIFT 28
#define BLOCK_RECONNECTED 0x40000000u

static inline enum block_state block_state(uint32_t word)
{
    return (enum block_state)(word >> BLOCK_STATE_SHIFT & 3);
}

/* Makes the block of a supply (maker of sim->blocks; the key is day_key of supply and day). */
void block_make(void *sim, uint64_t key, void *block);

/* Reading of a minute as a sample. */
struct sample block_sample(const struct block *b, const struct unit *u, int signal, int64_t day, int minute);

/* Outages of a supply that overlap a day and the one before it, counted from the day's start. At most
 * BLOCK_OUTAGES. */
#define BLOCK_OUTAGES 8
int block_outages(const struct sim *s, uint32_t supply, int64_t day, struct outage out[BLOCK_OUTAGES]);

#endif
