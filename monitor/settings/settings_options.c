/* The option table; see settings_options.h. SPDX-License-Identifier: MIT */
#include "monitor/settings/settings_options.h"

#include <stddef.h>

_Static_assert(sizeof(struct secret) == sizeof(char *), "texts, secret or not, are one pointer");
_Static_assert(sizeof(double) == 8 && sizeof(tstamp_ns) == 8, "all values but text have 8 bytes");

#define AT(field) offsetof(struct settings, field)
#define YEAR_S (366.0 * 86400)

const struct setting settings_table[] = {
    {"fleet", PATH, AT(fleet), NULL, 0, 0, true, NEEDS_RESTART,
     "the channels: CSV supply,family,sector,signal,pv,unit[,water,rack,feeder,low,high,range]"},
    {"maintenance", PATH, AT(maintenance), NULL, 0, 0, false, AT_ONCE,
     "periods never learned from nor scored: CSV supply,start,end,work[,repeat,timezone,until]; supply may "
     "be "
     "a sector, water:X, rack:X, feeder:X or *; repeat: daily, weekly, N days, N weeks"},
    {"archiver.url", ARCHIVE_URL, AT(archiver_url), NULL, 0, 0, false, NEEDS_RESTART,
     "the Archiver Appliance, /retrieval and /mgmt under it; or file:///DIR with a SUPPLY.csv or PV.csv "
     "each"},
    {"archiver.retrieval_url", ARCHIVE_URL, AT(retrieval_url), NULL, 0, 0, false, NEEDS_RESTART,
     "where retrieval lives when it is neither <url>/retrieval nor what the management at <url>/mgmt says"},
    {"archiver.management_url", ARCHIVE_URL, AT(management_url), NULL, 0, 0, false, NEEDS_RESTART,
     "where management lives when it is not <url>/mgmt"},
    {"archiver.connections", INTEGER, AT(connections), "4", 1, 16, false, NEEDS_RESTART,
     "parallel connections to the appliance"},
    {"archiver.settle", DURATION, AT(settle), "2 s", 0, 600, false, AT_ONCE,
     "how long after a tick's time its readings are asked for: samples take so long to reach the archiver"},
    {"archiver.batch", INTEGER, AT(batch), "2000", 1, 20000, false, NEEDS_RESTART, "PVs per live request"},
    {"archiver.time_format", TEXT, AT(time_format), NULL, 0, 0, false, NEEDS_RESTART,
     "of file:///DIR: how times are written, as strptime(3) has it; absent: they tell themselves"},
    {"archiver.timezone", TEXT, AT(time_zone), NULL, 0, 0, false, NEEDS_RESTART,
     "of file:///DIR: of times that name no zone, such as Europe/Berlin; absent: UTC"},
    {"state_dir", PATH, AT(state_dir), NULL, 0, 0, true, NEEDS_RESTART,
     "models, spool and the private database live here"},
    {"database.url", CONNINFO, AT(database_url), NULL, 0, 0, false, NEEDS_RESTART,
     "PostgreSQL as libpq names it; absent: a private cluster in state_dir"},
    {"database.listen", LISTEN, AT(database_listen), NULL, 0, 0, false, NEEDS_RESTART,
     "ADDRESS:PORT where the private database also answers members of psmon_reader, for Grafana and the "
     "like"},
    {"database.allow", TEXT, AT(database_allow), "samenet", 0, 0, false, NEEDS_RESTART,
     "networks they may come from, such as 10.0.0.0/8 192.168.7.0/24"},
    {"database.certificate", PATH, AT(database_certificate), NULL, 0, 0, false, NEEDS_RESTART,
     "PEM file: TLS, and nothing without it"},
    {"database.key", PATH, AT(database_key), NULL, 0, 0, false, NEEDS_RESTART,
     "PEM file of its key, readable by psmon's user alone"},
    {"database.client_ca", PATH, AT(database_client_ca), NULL, 0, 0, false, NEEDS_RESTART,
     "PEM file: they need a certificate that it signed, in the name of their role, in place of a password"},
    {"http.listen", LISTEN, AT(http_listen), "127.0.0.1:8088", 0, 0, false, NEEDS_RESTART,
     "address and port of the page, /api and /metrics"},
    {"http.hosts", TEXT, AT(http_hosts), NULL, 0, 0, false, NEEDS_RESTART,
     "names under which it is asked for, beside addresses, localhost and this machine's: monitor.example, "
     "grafana"},
    {"period", DURATION, AT(period), "60 s", 1, 3600, false, NEEDS_RESTART, "length of a tick"},
    {"window", DURATION, AT(window), "12 h", 3600, 7 * 86400.0, false, NEEDS_RESTART,
     "what the divergence looks back on"},
    {"max_age", DURATION, AT(max_age), "5 min", 1, 7 * 86400.0, false, READS_AGAIN,
     "how long a reading stands for the present; per signal: max_age: {default: 5 min, dac: 1 h}"},
    {"deadband_hold", DURATION, AT(deadband_hold), "60 d", 0, YEAR_S, false, READS_AGAIN,
     "the same for channels that send on change only, while the archiver is connected to them"},
    {"budget", NUMBER, AT(budget), "1", 0.001, 1000, false, AT_ONCE,
     "expected false findings per week, whole fleet, all detectors together; class data apart"},
    {"report.day", WEEKDAY, AT(report_day), "monday", 0, 6, false, AT_ONCE, "day the weekly list is issued"},
    {"report.time", DAYTIME, AT(report_minute), "06:00", 0, 1439, false, AT_ONCE, "time of that day"},
    {"report.size", INTEGER, AT(report_size), "20", 1, 1000, false, AT_ONCE,
     "rows of open findings on the list"},
    {"report.timezone", TEXT, AT(report_timezone), "UTC", 0, 0, false, AT_ONCE,
     "IANA name, such as America/Chicago"},
    {"alarm.on_delay", DURATION, AT(alarm_on_delay), "5 min", 0, 7 * 86400.0, false, NEEDS_RESTART,
     "a finding must hold so long before it is an alarm"},
    {"alarm.off_delay", DURATION, AT(alarm_off_delay), "1 h", 0, 30 * 86400.0, false, NEEDS_RESTART,
     "and be gone so long before the alarm returns to normal"},
    {"alarm.heartbeat", DURATION, AT(heartbeat), "15 min", 0, 7 * 86400.0, false, NEEDS_RESTART,
     "a sign of life to every webhook this often; 0: none"},
    {"keep.ticks", DURATION, AT(keep_ticks), "56 d", 86400, 50 * YEAR_S, false, NEEDS_RESTART,
     "scores of every minute are kept so long; hourly ones for ever"},
    {"clock.start", TIME, AT(clock.start), NULL, 0, 0, false, NEEDS_RESTART,
     "for a simulated ring: its time at the moment `wall`"},
    {"clock.wall", TIME, AT(clock.wall), NULL, 0, 0, false, NEEDS_RESTART, "wall-clock time at clock.start"},
    {"clock.speed", NUMBER, AT(clock.speed), "1", 0.001, 100000, false, NEEDS_RESTART,
     "simulated seconds per second"},
};
const size_t settings_table_len = sizeof settings_table / sizeof *settings_table;

const struct setting settings_webhook_table[] = {
    {"name", TEXT, offsetof(struct webhook_settings, name), NULL, 0, 0, false, AT_ONCE,
     "what it is called in tables, logs and alarms, and keeps its messages under when the url changes"},
    {"url", URL, offsetof(struct webhook_settings, url), NULL, 0, 0, true, AT_ONCE,
     "where alarms are posted, http:// or https://"},
    {"secret", KEY, offsetof(struct webhook_settings, secret), NULL, 0, 0, false, AT_ONCE,
     "whsec_ and the base64 of 24 to 64 bytes: signs what is sent (Standard Webhooks)"},
    {"old_secret", KEY, offsetof(struct webhook_settings, old_secret), NULL, 0, 0, false, AT_ONCE,
     "signs besides while secrets are changed: first both here, then the receiver, then this one away"},
    {"shape", TEXT, offsetof(struct webhook_settings, shape), NULL, 0, 0, false, AT_ONCE,
     "what the receiver understands; absent: psmon, the JSON of alerts/README.md"},
};
const size_t settings_webhook_table_len = sizeof settings_webhook_table / sizeof *settings_webhook_table;

const char *const settings_weekdays[7] = {"monday", "tuesday",  "wednesday", "thursday",
                                          "friday", "saturday", "sunday"};

bool setting_is_secret(const struct setting *o)
{
    return o->type == KEY || o->type == URL || o->type == ARCHIVE_URL || o->type == CONNINFO;
}

bool setting_is_text(const struct setting *o)
{
    return o->type == TEXT || o->type == PATH || o->type == LISTEN || setting_is_secret(o);
}
