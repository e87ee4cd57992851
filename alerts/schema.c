/* The tables of component "alerts"; versioned, applied once each. Everything that is written is
 * idempotent: primary keys are made of what happened, not of when it was written.
 * SPDX-License-Identifier: MIT */
#include "alerts/alerts.h"

/* What an endpoint was called until migration 5, without what may be secret: the path. */
#define ENDPOINT_MASKED                                            \
    "CASE WHEN endpoint ~ '^[a-z]+://[^/]*/?$' THEN endpoint ELSE" \
    " substring(endpoint FROM '^[a-z]+://[^/#]*') || '/…#' ||"   \
    " left(encode(sha256(convert_to(endpoint, 'UTF8')), 'hex'), 8) END"

static const char *const migrations[] = {
    /* 1 */
    "CREATE TABLE alarms ("
    " run text NOT NULL, occurrence text NOT NULL, finding text NOT NULL, key text NOT NULL,"
    " subject text NOT NULL, class text NOT NULL, detector text NOT NULL, signal text NOT NULL,"
    " state text NOT NULL CHECK (state IN ('NORMAL','PENDING','UNACK','ACK','RTN_UNACK')),"
    " chance double precision, size double precision, unit text, direction text,"
    " reason text NOT NULL, contributors jsonb NOT NULL DEFAULT '[]', witness boolean,"
    " children integer, onset timestamptz, first_seen timestamptz,"
    " pending_at timestamptz NOT NULL, raised_at timestamptz, absent_since timestamptz,"
    " returned_at timestamptz, closed_at timestamptz,"
    " acknowledged_at timestamptz, acknowledged_by text, note text,"
    " told boolean NOT NULL DEFAULT false, owed integer NOT NULL DEFAULT 0,"
    " changed_at timestamptz NOT NULL,"
    " PRIMARY KEY (run, occurrence));"
    "CREATE INDEX alarms_not_normal ON alarms (run) WHERE state <> 'NORMAL';"
    "CREATE INDEX alarms_by_subject ON alarms (subject, raised_at);"
    "CREATE INDEX alarms_by_change ON alarms (run, changed_at);"
    "COMMENT ON TABLE alarms IS 'One row per alarm occurrence, the latest state. Rows without "
    "raised_at were"
    " withdrawn within their on-delay and never told to anybody. Times are data time.';"
    "COMMENT ON COLUMN alarms.occurrence IS 'Identifier of one life of an alarm; never changes; "
    "what"
    " acknowledgements and webhooks speak of';"
    "COMMENT ON COLUMN alarms.finding IS 'The finding that holds it (the latest one, when several "
    "in a row do)';"
    "COMMENT ON COLUMN alarms.key IS 'What it is about: subject, detector and for class data the "
    "signal';"
    "COMMENT ON COLUMN alarms.subject IS 'Supply, sector, water:X, rack:X, feeder:X, * or psmon "
    "itself';"
    "COMMENT ON COLUMN alarms.class IS 'equipment, sensor, data, common or monitor (psmon itself)';"
    "COMMENT ON COLUMN alarms.state IS 'ISA-18.2: PENDING (on-delay), UNACK, ACK, RTN_UNACK (went "
    "away"
    " unacknowledged), NORMAL (over)';"
    "COMMENT ON COLUMN alarms.chance IS 'Healthy findings this extreme expected per week over the "
    "fleet;"
    " NULL for classes data and monitor';"
    "COMMENT ON COLUMN alarms.size IS 'Shift of the carrying channel in unit, signed';"
    "COMMENT ON COLUMN alarms.onset IS 'When it is thought to have begun';"
    "COMMENT ON COLUMN alarms.first_seen IS 'When psmon first said it (the finding)';"
    "COMMENT ON COLUMN alarms.absent_since IS 'Off-delay running: the condition is away since "
    "then';"
    "COMMENT ON COLUMN alarms.told IS 'Its raise was handed to the webhooks';"
    "COMMENT ON COLUMN alarms.owed IS 'Bits of events of hole-filling ticks not yet notified';"
    "CREATE VIEW open_alarms AS SELECT run, occurrence, state, subject, class, detector, signal, "
    "raised_at,"
    " returned_at, chance, size, unit, direction, reason, acknowledged_by, acknowledged_at, note"
    " FROM alarms WHERE state IN ('UNACK','ACK','RTN_UNACK') ORDER BY raised_at;"
    "COMMENT ON VIEW open_alarms IS 'What psmon alarm list shows';",
    /* 2 */
    "CREATE TABLE alarm_transitions ("
    " run text NOT NULL, occurrence text NOT NULL, event text NOT NULL,"
    " from_state text NOT NULL, to_state text NOT NULL, at timestamptz NOT NULL,"
    " by_whom text, note text, recorded_at timestamptz NOT NULL DEFAULT now(),"
    " PRIMARY KEY (run, occurrence, event));"
    "CREATE INDEX alarm_transitions_by_time ON alarm_transitions (at);"
    "COMMENT ON TABLE alarm_transitions IS 'Every change of an alarm: begun, withdrawn, raised, "
    "acknowledged,"
    " returned, expired, superseded; each at most once per occurrence';"
    "COMMENT ON COLUMN alarm_transitions.at IS 'Data time of the tick that made it';"
    "COMMENT ON COLUMN alarm_transitions.recorded_at IS 'Wall-clock time when the database took "
    "it';"
    "CREATE TABLE alarm_acks ("
    " run text NOT NULL, occurrence text NOT NULL, by_whom text NOT NULL, note text NOT NULL "
    "DEFAULT '',"
    " at timestamptz NOT NULL, applied_at timestamptz, PRIMARY KEY (run, occurrence));"
    "CREATE INDEX alarm_acks_waiting ON alarm_acks (run) WHERE applied_at IS NULL;"
    "COMMENT ON TABLE alarm_acks IS 'Acknowledgements given with psmon alarm ack, bound to one "
    "occurrence';"
    "COMMENT ON COLUMN alarm_acks.applied_at IS 'When the monitor took it up and queued its "
    "webhooks; NULL: not yet';",
    /* 3 */
    "CREATE TABLE outbox ("
    " message text NOT NULL, endpoint text NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY,"
    " run text NOT NULL, occurrence text NOT NULL, type text NOT NULL, body text NOT NULL,"
    " state text NOT NULL CHECK (state IN ('waiting','delivered','dead','superseded')),"
    " attempts integer NOT NULL DEFAULT 0, created_at timestamptz NOT NULL, next_at timestamptz "
    "NOT NULL,"
    " finished_at timestamptz, error text, PRIMARY KEY (message, endpoint));"
    "CREATE INDEX outbox_waiting ON outbox (run, seq) WHERE state = 'waiting';"
    "COMMENT ON TABLE outbox IS 'Webhook messages, one row per message and endpoint, written in "
    "the transaction of"
    " the alarm change they speak of. Wall-clock times.';"
    "COMMENT ON COLUMN outbox.message IS 'webhook-id: the same in every attempt, at every "
    "endpoint';"
    "COMMENT ON COLUMN outbox.endpoint IS 'URL without user name, password and query';"
    "COMMENT ON COLUMN outbox.body IS 'Exactly the bytes sent and signed';"
    "COMMENT ON COLUMN outbox.state IS 'waiting; delivered (2xx); dead (given up, kept); "
    "superseded (never got"
    " through, and a later message says that the alarm returned)';"
    "CREATE TABLE deliveries ("
    " message text NOT NULL, endpoint text NOT NULL, started_at timestamptz NOT NULL,"
    " attempt integer NOT NULL, run text NOT NULL, occurrence text NOT NULL, type text NOT NULL,"
    " ok boolean NOT NULL, status integer, latency_s double precision, answer text, error text,"
    " PRIMARY KEY (message, endpoint, started_at));"
    "CREATE INDEX deliveries_by_time ON deliveries (started_at);"
    "COMMENT ON TABLE deliveries IS 'Every attempt to deliver a webhook message, and heartbeats "
    "that failed';"
    "COMMENT ON COLUMN deliveries.status IS 'HTTP status; NULL: no complete answer, see error';"
    "COMMENT ON COLUMN deliveries.answer IS 'First kilobyte of the answer';",
    /* 4 */
    "COMMENT ON COLUMN outbox.body IS 'The message as JSON; the shape of its endpoint makes of it, at each"
    " attempt, what is sent (shape psmon: these very bytes)'",
    /* 5: names of endpoints as outbox.c makes them; SHA-256 as there */
    "UPDATE outbox SET endpoint = " ENDPOINT_MASKED "; UPDATE deliveries SET endpoint = " ENDPOINT_MASKED ";"
    "COMMENT ON COLUMN outbox.endpoint IS 'Its name in the configuration, else scheme and host of its URL and"
    " a number made of the rest, which may be secret';"
    "ALTER TABLE outbox ADD resend boolean NOT NULL DEFAULT false;"
    "CREATE INDEX outbox_resend ON outbox (run) WHERE resend;"
    "COMMENT ON COLUMN outbox.resend IS 'psmon alarm resend has put it back, and no monitor has taken it up"
    " yet'",
    /* 6: who may acknowledge in SQL; the role is the history's, or an administrator's */
    "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'psmon_operator') THEN GRANT INSERT ON "
    "alarm_acks TO"
    " psmon_operator; END IF; END $$",
};

int alerts_migrate(const char *conninfo, struct err *err)
{
    return pg_migrate(conninfo, "alerts", migrations, sizeof migrations / sizeof *migrations, err);
}
