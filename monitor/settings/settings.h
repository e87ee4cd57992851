/* The configuration: psmon.yaml read through libyaml's document API into one struct by one option table
 * (path, type, unit, default, range, reload, help), which also prints check-config and the sample file.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_SETTINGS_H
#define PSM_MONITOR_SETTINGS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/fleet.h"
#include "base/maintenance.h"
#include "base/secret.h"
#include "base/time/clock.h"

#include <stdbool.h>

struct alerts_webhook;

struct webhook_settings {
    char *name; /* NULL: none was given */
    struct secret url;
    struct secret secret;     /* whsec_<base64>; none: unsigned */
    struct secret old_secret; /* likewise, signs besides */
    char *shape;              /* NULL: the default of alerts/shapes */
    unsigned line;
};

struct settings {
    char *path; /* of the file itself */
    bool readable_by_all;
    char *fleet,
        *maintenance; /* paths, relative ones resolved against the file's folder; maintenance may be NULL */
    struct secret archiver_url; /* as written; none when the two below are named themselves */
    struct secret retrieval_url, management_url; /* complete; there may be no management_url */
    bool locate_retrieval;                       /* retrieval_url was not named, but made of archiver_url */
    char *time_format;                           /* of files (timecell_check); NULL: they tell themselves */
    char *time_zone;                             /* of their times that name none; NULL: UTC */
    int64_t connections, batch;
    tstamp_ns settle;
    char *state_dir;
    char *database_listen, *database_allow, *database_certificate, *database_key, *database_client_ca;
    struct secret database_url; /* none: private cluster in state_dir */
    struct webhook_settings *webhooks;
    size_t n_webhooks;
    char *http_listen, *http_hosts;
    tstamp_ns period, window, max_age;
    struct {
        char *signal;
        tstamp_ns max_age;
        unsigned line;
    } * signal_max_age;
    size_t n_signal_max_age;
    tstamp_ns deadband_hold;
    double budget;
    int64_t report_day;    /* 0 Monday … 6 */
    int64_t report_minute; /* of the day, local time */
    int64_t report_size;
    char *report_timezone; /* IANA name */
    tstamp_ns alarm_on_delay, alarm_off_delay, heartbeat;
    tstamp_ns keep_ticks;
    struct clock clock;
    char hash[65]; /* SHA-256 of the effective configuration, secrets left out */
};

/* Reads and checks a file. Error: ERR_CONFIG, one line with file, line and key. */
int settings_load(struct settings **out, const char *path, struct err *err) MUSTCHECK;
void settings_free(struct settings *s);

/* Makes fresh what follows on old after SIGHUP: what only a restart can change stays as in old, and is logged
 * by name. Returns whether anything has changed that windows are made by, so that recorded time has to be
 * read again. */
bool settings_succeed(struct settings *fresh, const struct settings *old);

/* The endpoints as alerts take them, [n_webhooks]; the caller frees the array, its texts are borrowed. */
struct alerts_webhook *settings_endpoints(const struct settings *s);

/* What is wrong with who may read the file, in words; NULL: nothing, or there is no secret in it. */
const char *settings_exposed(const struct settings *s);

/* The effective configuration as YAML with a comment per key; secrets are masked. */
void settings_print(const struct settings *s, struct buf *out);
/* Sets s->hash from what settings_print says. */
void settings_rehash(struct settings *s);
/* The sample file: every key with its default, unit, range and help. */
void settings_sample(struct buf *out);

#endif
