/* A table of readings: which of its columns are times and which are values. psmon's own tables, those of
 * spreadsheets, Grafana and pandas, the appliance's getData.csv and the Phoebus Data Browser's export are
 * known. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TABLE_READINGS_H
#define PSM_BASE_TABLE_READINGS_H

#include "base/table/dialect.h"
#include "base/table/timecell.h"
#include "base/types.h"

/* A column of values; it borrows nothing. */
struct readings_column {
    char *name;   /* as in the header, without the Data Browser's " Value"; "value" in getData.csv */
    int value;    /* the field */
    int severity; /* the field of its EPICS severity; -1: none */
    int status;   /* of its status, a number; -1: none */
};

struct readings {
    struct readings_column *column;
    size_t n;
    size_t n_fields; /* of a row */
    int time;        /* the field */
    int date;        /* the field of its date where that stands apart; -1: none */
    int nanos;       /* the field of nanoseconds that are to be added; -1: none */
};

/* Finds the columns by the names of a header (n_fields of them, "" when the table has none). The column of
 * times is called time, timestamp, datetime, date, date time … in any capitals, perhaps with a unit in
 * brackets, or is the first one and has no name. Without a header: the appliance's five (epoch, value,
 * severity, status, nanos). Columns without a name, and what the Data Browser writes beside values, are left
 * out. Error: ERR_DATA naming path and line, and what the header holds instead. readings_free also after an
 * error. */
int readings_find(struct readings *out, const struct dialect *d, char *const names[], size_t n_fields,
                  const char *path, struct err *err) MUSTCHECK;
void readings_free(struct readings *r);

/* The time of a row's fields; TIMECELL_NONE and why in *wrong. */
enum timecell_form readings_time(const struct readings *r, const struct csv_text field[],
                                 const struct timecell *how, tstamp_ns *out, const char **wrong);

/* Whether a row below the header holds units and not readings: no number, and no time where the times are. */
bool readings_is_units(const struct readings *r, const struct csv_text field[], const struct timecell *how);

/* Severity of a field: 0 to 3 or NONE, MINOR, MAJOR, INVALID, UNDEFINED (which is invalid, as is anything
 * else); empty is none. */
enum severity readings_severity(const struct csv_text *t);

#endif
