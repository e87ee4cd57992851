--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: psmon_close_month(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.psmon_close_month(p_before timestamp with time zone) RETURNS text
    LANGUAGE plpgsql
    AS $$ DECLARE part text; fresh text; m date; n bigint; BEGIN  SELECT c.relname, to_date(right(c.relname, 6), 'YYYYMM') INTO part, m FROM pg_class c   JOIN pg_inherits h ON h.inhrelid = c.oid WHERE h.inhparent = 'hours'::regclass   AND to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= p_before AT TIME ZONE 'UTC'   AND to_date(right(c.relname, 6), 'YYYYMM') NOT IN (SELECT month FROM hours_closed)   ORDER BY 2 LIMIT 1;  IF part IS NULL THEN RETURN NULL; END IF;  fresh := part || '_sorted';  SET LOCAL lock_timeout = '10s';  EXECUTE format('LOCK TABLE %I IN SHARE MODE', part);  EXECUTE format('CREATE TABLE %I (LIKE hours INCLUDING DEFAULTS INCLUDING STORAGE)', fresh);  EXECUTE format('INSERT INTO %I SELECT * FROM %I ORDER BY supply, t', fresh, part);  GET DIAGNOSTICS n = ROW_COUNT;  EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (supply, t, run)', fresh);  EXECUTE format('CREATE INDEX ON %I USING brin (t)', fresh);  EXECUTE format('ALTER TABLE hours DETACH PARTITION %I', part);  EXECUTE format('DROP TABLE %I', part);  EXECUTE format('ALTER TABLE %I RENAME TO %I', fresh, part);  EXECUTE format('ALTER TABLE hours ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part,   m::timestamp AT TIME ZONE 'UTC', (m + interval '1 month') AT TIME ZONE 'UTC');  INSERT INTO hours_closed (month, rows) VALUES (m, n);  RETURN part; EXCEPTION WHEN lock_not_available THEN RETURN NULL; END $$;


--
-- Name: FUNCTION psmon_close_month(p_before timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.psmon_close_month(p_before timestamp with time zone) IS 'rewrites the oldest month that is over in order of supply and time, and swaps it in';


--
-- Name: psmon_default_run(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.psmon_default_run() RETURNS integer
    LANGUAGE sql STABLE
    AS $$ SELECT run FROM runs r WHERE kind = 'replay' OR EXISTS (SELECT FROM ticks k WHERE k.run = r.run) OR EXISTS (SELECT FROM hours h WHERE h.run = r.run) ORDER BY kind, started DESC, run DESC LIMIT 1 $$;


--
-- Name: FUNCTION psmon_default_run(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.psmon_default_run() IS 'the live run where it has data, else the latest replay';


--
-- Name: psmon_forget(integer, integer, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.psmon_forget(p_run integer, p_days integer, p_t timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$ DECLARE part regclass; n int := 0; BEGIN  SET LOCAL lock_timeout = '3s';  FOR part IN SELECT c.oid FROM pg_class c JOIN pg_inherits h ON h.inhrelid = c.oid   WHERE h.inhparent = to_regclass('ticks_run' || p_run) AND right(c.relname, 8) <   to_char((p_t AT TIME ZONE 'UTC')::date - p_days, 'YYYYMMDD') LOOP   EXECUTE format('DROP TABLE %s', part); n := n + 1;  END LOOP;  FOR part IN SELECT to_regclass('ticks_run' || run) FROM runs WHERE kind = 'replay'   AND coalesce(finished, started) < now() - p_days * interval '1 day'   AND to_regclass('ticks_run' || run) IS NOT NULL LOOP   EXECUTE format('DROP TABLE %s', part); n := n + 1;  END LOOP;  RETURN n; EXCEPTION WHEN lock_not_available THEN RETURN 0; END $$;


--
-- Name: FUNCTION psmon_forget(p_run integer, p_days integer, p_t timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.psmon_forget(p_run integer, p_days integer, p_t timestamp with time zone) IS 'drops ticks of a run older than so many days of its own time, and those of replays that ended so many days ago';


--
-- Name: psmon_frozen(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.psmon_frozen() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'table % is frozen: what was issued stays as it is', TG_TABLE_NAME; END $$;


--
-- Name: FUNCTION psmon_frozen(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.psmon_frozen() IS 'refuses changes of what was issued';


--
-- Name: psmon_hour_month(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.psmon_hour_month(p_t timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$ DECLARE month date := date_trunc('month', p_t AT TIME ZONE 'UTC')::date; part text := 'hours_' || to_char(month, 'YYYYMM'); BEGIN  IF to_regclass(part) IS NOT NULL THEN RETURN; END IF;  PERFORM pg_advisory_xact_lock(7730617366);  IF to_regclass(part) IS NULL THEN   EXECUTE format('CREATE TABLE %I (LIKE hours INCLUDING ALL)', part);   EXECUTE format('ALTER TABLE hours ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part,    month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');  END IF; END $$;


--
-- Name: FUNCTION psmon_hour_month(p_t timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.psmon_hour_month(p_t timestamp with time zone) IS 'makes the partition of hours for a month';


--
-- Name: psmon_iso(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.psmon_iso(t timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    AS $$ SELECT to_char(t AT TIME ZONE 'UTC', CASE WHEN extract(microsecond FROM t)::bigint % 1000000 = 0 THEN 'YYYY-MM-DD"T"HH24:MI:SS"Z"' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' END) $$;


--
-- Name: FUNCTION psmon_iso(t timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.psmon_iso(t timestamp with time zone) IS 'a time as ISO 8601 in UTC';


--
-- Name: psmon_tick_day(integer, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.psmon_tick_day(p_run integer, p_t timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$ DECLARE day date := (p_t AT TIME ZONE 'UTC')::date; whole text := 'ticks_run' || p_run; part text := whole || '_' || to_char(day, 'YYYYMMDD'); BEGIN  IF to_regclass(part) IS NOT NULL THEN RETURN; END IF;  PERFORM pg_advisory_xact_lock(7730617366);  IF to_regclass(whole) IS NULL THEN   EXECUTE format('CREATE TABLE %I (LIKE ticks INCLUDING ALL) PARTITION BY RANGE (t)', whole);   EXECUTE format('ALTER TABLE ticks ATTACH PARTITION %I FOR VALUES IN (%s)', whole, p_run);  END IF;  IF to_regclass(part) IS NULL THEN   EXECUTE format('CREATE TABLE %I (LIKE ticks INCLUDING ALL)', part);   EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', whole, part,    day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');  END IF; END $$;


--
-- Name: FUNCTION psmon_tick_day(p_run integer, p_t timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.psmon_tick_day(p_run integer, p_t timestamp with time zone) IS 'makes the partition of ticks for a run and a day';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: fleet_channels; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fleet_channels (
    fleet integer NOT NULL,
    i integer NOT NULL,
    supply integer NOT NULL,
    "position" integer NOT NULL,
    signal text NOT NULL,
    pv text NOT NULL,
    unit text NOT NULL,
    low double precision,
    high double precision,
    range double precision
);


--
-- Name: TABLE fleet_channels; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.fleet_channels IS 'channels of a revision: one signal of one supply, an archived PV';


--
-- Name: COLUMN fleet_channels.i; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.fleet_channels.i IS 'index in arrays by channel, from 1';


--
-- Name: COLUMN fleet_channels."position"; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.fleet_channels."position" IS 'index among the channels of its supply, from 1';


--
-- Name: COLUMN fleet_channels.low; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.fleet_channels.low IS 'engineering limits low and high, full scale range; in unit';


--
-- Name: fleet_supplies; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fleet_supplies (
    fleet integer NOT NULL,
    i integer NOT NULL,
    supply integer NOT NULL,
    family text,
    sector text,
    water text,
    rack text,
    feeder text
);


--
-- Name: TABLE fleet_supplies; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.fleet_supplies IS 'supplies of a revision';


--
-- Name: COLUMN fleet_supplies.i; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.fleet_supplies.i IS 'index in arrays by supply, from 1';


--
-- Name: runs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.runs (
    run integer NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    fleet integer NOT NULL,
    model text,
    model_hash text,
    config_hash text,
    from_t timestamp with time zone,
    to_t timestamp with time zone,
    started timestamp with time zone DEFAULT now() NOT NULL,
    finished timestamp with time zone,
    CONSTRAINT runs_kind_check CHECK ((kind = ANY (ARRAY['live'::text, 'replay'::text])))
);


--
-- Name: TABLE runs; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.runs IS 'the live run and the replays; everything below belongs to one';


--
-- Name: COLUMN runs.model; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.model IS 'of its newest revision, as model_hash and config_hash';


--
-- Name: COLUMN runs.from_t; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.from_t IS 'span of a replay, from_t to to_t; null for live';


--
-- Name: supply_ids; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.supply_ids (
    id integer NOT NULL,
    name text NOT NULL
);


--
-- Name: TABLE supply_ids; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.supply_ids IS 'every supply ever seen; its number in hours';


--
-- Name: ticks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ticks (
    run integer NOT NULL,
    t timestamp with time zone NOT NULL,
    fleet integer NOT NULL,
    recomputed boolean DEFAULT false NOT NULL,
    score real[],
    chance real[],
    reason smallint[],
    mode smallint[],
    reconstruction real[],
    jsd real[],
    value real[],
    ledger integer[],
    figure text[],
    figure_of text[],
    figure_unit text[],
    figures real[],
    revision integer
)
PARTITION BY LIST (run);
ALTER TABLE ONLY public.ticks ALTER COLUMN score SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks ALTER COLUMN chance SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks ALTER COLUMN reconstruction SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks ALTER COLUMN jsd SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks ALTER COLUMN value SET STORAGE EXTERNAL;


--
-- Name: TABLE ticks; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ticks IS 'what each tick said: arrays by supply or by channel of the fleet revision; for people: views scores, readings, ledger';


--
-- Name: COLUMN ticks.t; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.t IS 'end of the minute it covers';


--
-- Name: COLUMN ticks.recomputed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.recomputed IS 'stored later, from the archiver, after an outage of the database';


--
-- Name: COLUMN ticks.score; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.score IS 'by supply: -log10 of the tail probability of the last 24 h';


--
-- Name: COLUMN ticks.chance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.chance IS 'by supply: healthy supply-days this extreme per week over the fleet';


--
-- Name: COLUMN ticks.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.reason IS 'by supply: 0 scored, else why not; words in table reason_words';


--
-- Name: COLUMN ticks.mode; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.mode IS 'by supply: words in table mode_words';


--
-- Name: COLUMN ticks.reconstruction; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.reconstruction IS 'by supply: autoencoder error, mean squared whitened residual';


--
-- Name: COLUMN ticks.jsd; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.jsd IS 'by channel: Jensen-Shannon divergence of the last window, bits';


--
-- Name: COLUMN ticks.value; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.value IS 'by channel: the reading on the grid, in the channel''s unit';


--
-- Name: COLUMN ticks.ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.ledger IS 'supplies per reason, reason 0 first; the sum is the fleet';


--
-- Name: COLUMN ticks.figure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.figure IS 'names of further figures; values end to end in figures';


--
-- Name: COLUMN ticks.figure_of; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.figure_of IS 'supply or channel: what the figure has a value of each of';


--
-- Name: COLUMN ticks.figure_unit; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks.figure_unit IS 'its unit; empty: the channel''s own';


--
-- Name: figures; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.figures AS
 SELECT r.name AS run,
    k.t,
    s.name AS supply,
    c.signal,
    u.name AS figure,
    NULLIF(k.figures[(u.first + x.i)], 'NaN'::real) AS value,
    COALESCE(NULLIF(u.unit, ''::text), c.unit, ''::text) AS unit
   FROM ((((((public.ticks k
     JOIN public.runs r USING (run))
     CROSS JOIN LATERAL ( SELECT w.name,
            w.of,
            w.unit,
            (COALESCE(sum(w.n) OVER (ORDER BY w.at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), (0)::bigint))::integer AS first,
            w.n
           FROM ( SELECT v.name,
                    v.of,
                    v.unit,
                    v.at,
                    cardinality(
                        CASE v.of
                            WHEN 'channel'::text THEN k.value
                            ELSE k.score
                        END) AS n
                   FROM UNNEST(k.figure, k.figure_of, k.figure_unit) WITH ORDINALITY v(name, of, unit, at)) w) u)
     CROSS JOIN LATERAL generate_series(1, u.n) x(i))
     LEFT JOIN public.fleet_channels c ON (((u.of = 'channel'::text) AND (c.fleet = k.fleet) AND (c.i = x.i))))
     LEFT JOIN public.fleet_supplies f ON (((u.of = 'supply'::text) AND (f.fleet = k.fleet) AND (f.i = x.i))))
     JOIN public.supply_ids s ON ((s.id = COALESCE(c.supply, f.supply))));


--
-- Name: VIEW figures; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.figures IS 'further figures of each channel or supply in each tick: give t (and run) in WHERE';


--
-- Name: findings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.findings (
    run integer NOT NULL,
    id text NOT NULL,
    subject text NOT NULL,
    supply integer,
    detector text NOT NULL,
    class text NOT NULL,
    signal text NOT NULL,
    onset timestamp with time zone,
    first_seen timestamp with time zone NOT NULL,
    last_seen timestamp with time zone NOT NULL,
    closed timestamp with time zone,
    chance double precision,
    size double precision,
    unit text,
    direction text,
    children integer,
    witness boolean,
    contributors jsonb,
    reason text NOT NULL,
    work text,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    revision integer
);


--
-- Name: TABLE findings; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.findings IS 'what moved, where, how much, since when, how sure';


--
-- Name: COLUMN findings.subject; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.subject IS 'a supply, a sector, water:X, rack:X, feeder:X or *';


--
-- Name: COLUMN findings.supply; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.supply IS 'when the subject is one supply';


--
-- Name: COLUMN findings.onset; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.onset IS 'when it is thought to have begun';


--
-- Name: COLUMN findings.first_seen; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.first_seen IS 'when psmon first said it';


--
-- Name: COLUMN findings.last_seen; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.last_seen IS 'last tick in which it held, refreshed hourly while open';


--
-- Name: COLUMN findings.closed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.closed IS 'null while open';


--
-- Name: COLUMN findings.chance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.chance IS 'expected healthy findings this extreme per week over the fleet';


--
-- Name: COLUMN findings.size; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.size IS 'of the signal that moved most, signed, in unit';


--
-- Name: COLUMN findings.children; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.children IS 'supplies in a common finding';


--
-- Name: COLUMN findings.witness; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.witness IS 'a second, independent channel or statistic agrees';


--
-- Name: COLUMN findings.work; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.work IS 'time and work of the maintenance that may have caused it (before its onset) or cured it (since)';


--
-- Name: COLUMN findings.revision; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.findings.revision IS 'that said what the row says now';


--
-- Name: fleets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fleets (
    fleet integer NOT NULL,
    hash text NOT NULL,
    first_used timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE fleets; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.fleets IS 'revisions of the fleet: which supply and channel is which index';


--
-- Name: COLUMN fleets.hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.fleets.hash IS 'of names, order and PVs';


--
-- Name: fleets_fleet_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.fleets ALTER COLUMN fleet ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.fleets_fleet_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: hours; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hours (
    t timestamp with time zone NOT NULL,
    supply integer NOT NULL,
    run integer NOT NULL,
    fleet integer NOT NULL,
    score real,
    chance real,
    jsd real,
    reconstruction real,
    scored smallint NOT NULL,
    reason smallint NOT NULL,
    value real[],
    revision integer
)
PARTITION BY RANGE (t);


--
-- Name: TABLE hours; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.hours IS 'a supply in an hour, kept for ever; for people: views hourly, hourly_readings, worst_last_week';


--
-- Name: COLUMN hours.t; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours.t IS 'begin of the hour';


--
-- Name: COLUMN hours.score; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours.score IS 'largest of the hour; NaN none';


--
-- Name: COLUMN hours.chance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours.chance IS 'smallest of the hour; NaN none';


--
-- Name: COLUMN hours.jsd; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours.jsd IS 'largest of the hour over the channels, bits; NaN none';


--
-- Name: COLUMN hours.reconstruction; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours.reconstruction IS 'mean of the hour; NaN none';


--
-- Name: COLUMN hours.scored; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours.scored IS 'ticks in which it was scored';


--
-- Name: COLUMN hours.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours.reason IS 'the most frequent of the hour, 0 scored';


--
-- Name: COLUMN hours.value; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours.value IS 'mean reading of each channel of the supply, in order of position';


--
-- Name: COLUMN hours.revision; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours.revision IS 'of its last tick';


--
-- Name: reason_words; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.reason_words (
    reason smallint NOT NULL,
    word text NOT NULL
);


--
-- Name: TABLE reason_words; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.reason_words IS 'why a supply was not scored';


--
-- Name: hourly; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.hourly AS
 SELECT r.name AS run,
    h.t,
    s.name AS supply,
    f.family,
    f.sector,
    NULLIF(h.score, 'NaN'::real) AS score,
    NULLIF(h.chance, 'NaN'::real) AS chance,
    NULLIF(h.jsd, 'NaN'::real) AS jsd,
    NULLIF(h.reconstruction, 'NaN'::real) AS reconstruction,
    h.scored,
    w.word AS reason
   FROM ((((public.hours h
     JOIN public.runs r USING (run))
     JOIN public.supply_ids s ON ((s.id = h.supply)))
     JOIN public.fleet_supplies f ON (((f.fleet = h.fleet) AND (f.supply = h.supply))))
     JOIN public.reason_words w ON ((w.reason = h.reason)));


--
-- Name: VIEW hourly; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.hourly IS 'each supply in each hour, for ever';


--
-- Name: hourly_readings; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.hourly_readings AS
 SELECT r.name AS run,
    h.t,
    s.name AS supply,
    c.signal,
    NULLIF(h.value[c."position"], 'NaN'::real) AS value,
    c.unit
   FROM (((public.hours h
     JOIN public.runs r USING (run))
     JOIN public.supply_ids s ON ((s.id = h.supply)))
     JOIN public.fleet_channels c ON (((c.fleet = h.fleet) AND (c.supply = h.supply))));


--
-- Name: VIEW hourly_readings; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.hourly_readings IS 'mean reading of each channel in each hour, for ever';


--
-- Name: hours_202611; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hours_202611 (
    t timestamp with time zone NOT NULL,
    supply integer NOT NULL,
    run integer NOT NULL,
    fleet integer NOT NULL,
    score real,
    chance real,
    jsd real,
    reconstruction real,
    scored smallint NOT NULL,
    reason smallint NOT NULL,
    value real[],
    revision integer
);


--
-- Name: hours_202612; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hours_202612 (
    t timestamp with time zone NOT NULL,
    supply integer NOT NULL,
    run integer NOT NULL,
    fleet integer NOT NULL,
    score real,
    chance real,
    jsd real,
    reconstruction real,
    scored smallint NOT NULL,
    reason smallint NOT NULL,
    value real[],
    revision integer
);


--
-- Name: COLUMN hours_202612.t; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours_202612.t IS 'begin of the hour';


--
-- Name: COLUMN hours_202612.score; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours_202612.score IS 'largest of the hour; NaN none';


--
-- Name: COLUMN hours_202612.chance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours_202612.chance IS 'smallest of the hour; NaN none';


--
-- Name: COLUMN hours_202612.jsd; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours_202612.jsd IS 'largest of the hour over the channels, bits; NaN none';


--
-- Name: COLUMN hours_202612.reconstruction; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours_202612.reconstruction IS 'mean of the hour; NaN none';


--
-- Name: COLUMN hours_202612.scored; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours_202612.scored IS 'ticks in which it was scored';


--
-- Name: COLUMN hours_202612.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours_202612.reason IS 'the most frequent of the hour, 0 scored';


--
-- Name: COLUMN hours_202612.value; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours_202612.value IS 'mean reading of each channel of the supply, in order of position';


--
-- Name: COLUMN hours_202612.revision; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.hours_202612.revision IS 'of its last tick';


--
-- Name: hours_closed; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hours_closed (
    month date NOT NULL,
    closed_at timestamp with time zone DEFAULT now() NOT NULL,
    rows bigint NOT NULL
);


--
-- Name: TABLE hours_closed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.hours_closed IS 'months of hours that were rewritten in order of supply and time';


--
-- Name: ledger; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.ledger AS
 SELECT r.name AS run,
    k.t,
    w.word AS reason,
    u.n AS supplies
   FROM (((public.ticks k
     JOIN public.runs r USING (run))
     CROSS JOIN LATERAL unnest(k.ledger) WITH ORDINALITY u(n, i))
     JOIN public.reason_words w ON ((w.reason = (u.i - 1))));


--
-- Name: VIEW ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.ledger IS 'supplies scored, or not and why, in each tick; the sum is the fleet';


--
-- Name: maintenance; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.maintenance (
    subject text NOT NULL,
    start timestamp with time zone NOT NULL,
    "end" timestamp with time zone,
    work text NOT NULL
);


--
-- Name: TABLE maintenance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.maintenance IS 'periods that are neither learned from nor scored';


--
-- Name: COLUMN maintenance.subject; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.maintenance.subject IS 'a supply, a sector or *';


--
-- Name: COLUMN maintenance."end"; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.maintenance."end" IS 'null while it has none';


--
-- Name: mode_words; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mode_words (
    mode smallint NOT NULL,
    word text NOT NULL
);


--
-- Name: TABLE mode_words; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.mode_words IS 'what a supply was doing';


--
-- Name: models; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.models (
    name text NOT NULL,
    path text NOT NULL,
    hash text NOT NULL,
    from_t timestamp with time zone,
    to_t timestamp with time zone,
    summary text NOT NULL,
    active boolean NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    activated timestamp with time zone
);


--
-- Name: TABLE models; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.models IS 'models known; trained on from_t to to_t; at most one is active';


--
-- Name: outcomes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outcomes (
    week date NOT NULL,
    supply text NOT NULL,
    outcome text NOT NULL,
    note text NOT NULL,
    CONSTRAINT outcomes_outcome_check CHECK ((outcome = ANY (ARRAY['fault_found'::text, 'nothing_found'::text, 'not_inspected'::text])))
);


--
-- Name: TABLE outcomes; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.outcomes IS 'what inspections found, imported';


--
-- Name: COLUMN outcomes.week; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.outcomes.week IS 'week_start of the list that named the supply';


--
-- Name: psmon_schema; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.psmon_schema (
    component text NOT NULL,
    version integer NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE psmon_schema; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.psmon_schema IS 'migrations applied to this database';


--
-- Name: psmon_spool; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.psmon_spool (
    id text NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: rankings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.rankings (
    run integer NOT NULL,
    number integer NOT NULL,
    week_start timestamp with time zone NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    rank integer,
    supply text NOT NULL,
    score double precision,
    chance double precision,
    reason text NOT NULL,
    revision integer
);


--
-- Name: TABLE rankings; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.rankings IS 'weekly lists, frozen when issued';


--
-- Name: COLUMN rankings.number; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.rankings.number IS 'of the report, per run';


--
-- Name: COLUMN rankings.rank; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.rankings.rank IS '1: inspect first; null: not ranked';


--
-- Name: readings; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.readings AS
 SELECT r.name AS run,
    k.t,
    s.name AS supply,
    c.signal,
    NULLIF(u.value, 'NaN'::real) AS value,
    c.unit,
    NULLIF(u.jsd, 'NaN'::real) AS jsd,
    c.pv
   FROM ((((public.ticks k
     JOIN public.runs r USING (run))
     CROSS JOIN LATERAL UNNEST(k.value, k.jsd) WITH ORDINALITY u(value, jsd, i))
     JOIN public.fleet_channels c ON (((c.fleet = k.fleet) AND (c.i = u.i))))
     JOIN public.supply_ids s ON ((s.id = c.supply)));


--
-- Name: VIEW readings; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.readings IS 'each channel in each tick: give t (and run) in WHERE';


--
-- Name: reports; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.reports (
    run integer NOT NULL,
    number integer NOT NULL,
    week_start timestamp with time zone NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    model text,
    model_hash text,
    config_hash text,
    document jsonb NOT NULL,
    revision integer
);


--
-- Name: TABLE reports; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.reports IS 'weekly reports, frozen when issued; psmon report renders the document';


--
-- Name: revisions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.revisions (
    run integer NOT NULL,
    revision integer NOT NULL,
    since timestamp with time zone NOT NULL,
    fleet integer NOT NULL,
    model text,
    model_hash text,
    config_hash text
);


--
-- Name: TABLE revisions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.revisions IS 'by which model and configuration a run went on since when; ticks, hours, findings, rankings and reports name theirs (null: stored before revisions were kept)';


--
-- Name: COLUMN revisions.revision; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.revisions.revision IS 'ascending in a run; numbers may be left out';


--
-- Name: COLUMN revisions.since; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.revisions.since IS 'wall clock';


--
-- Name: run_starts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.run_starts (
    run integer NOT NULL,
    started timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    fleet integer NOT NULL,
    model text,
    model_hash text,
    config_hash text
);


--
-- Name: TABLE run_starts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.run_starts IS 'each start of a run, with what it used';


--
-- Name: runs_run_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.runs ALTER COLUMN run ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.runs_run_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: scores; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.scores AS
 SELECT r.name AS run,
    k.t,
    s.name AS supply,
    f.sector,
    NULLIF(u.score, 'NaN'::real) AS score,
    NULLIF(u.chance, 'NaN'::real) AS chance,
    NULLIF(u.reconstruction, 'NaN'::real) AS reconstruction,
    m.word AS mode,
    w.word AS reason
   FROM ((((((public.ticks k
     JOIN public.runs r USING (run))
     CROSS JOIN LATERAL UNNEST(k.score, k.chance, k.reconstruction, k.mode, k.reason) WITH ORDINALITY u(score, chance, reconstruction, mode, reason, i))
     JOIN public.fleet_supplies f ON (((f.fleet = k.fleet) AND (f.i = u.i))))
     JOIN public.supply_ids s ON ((s.id = f.supply)))
     JOIN public.mode_words m ON ((m.mode = u.mode)))
     JOIN public.reason_words w ON ((w.reason = u.reason)));


--
-- Name: VIEW scores; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.scores IS 'each supply in each tick: give t (and run) in WHERE';


--
-- Name: supplies; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.supplies AS
 SELECT s.name AS supply,
    f.family,
    f.sector,
    f.water,
    f.rack,
    f.feeder,
    f.fleet,
    f.i
   FROM (public.fleet_supplies f
     JOIN public.supply_ids s ON ((s.id = f.supply)))
  WHERE (f.fleet = ( SELECT run_starts.fleet
           FROM public.run_starts
          ORDER BY run_starts.started DESC
         LIMIT 1));


--
-- Name: VIEW supplies; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.supplies IS 'the fleet as it is now';


--
-- Name: supply_ids_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.supply_ids ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.supply_ids_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: tick_gaps; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tick_gaps (
    run integer NOT NULL,
    from_t timestamp with time zone NOT NULL
);


--
-- Name: TABLE tick_gaps; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.tick_gaps IS 'oldest tick that could not be stored and waits to be recomputed';


--
-- Name: ticks_run1; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ticks_run1 (
    run integer NOT NULL,
    t timestamp with time zone NOT NULL,
    fleet integer NOT NULL,
    recomputed boolean DEFAULT false NOT NULL,
    score real[],
    chance real[],
    reason smallint[],
    mode smallint[],
    reconstruction real[],
    jsd real[],
    value real[],
    ledger integer[],
    figure text[],
    figure_of text[],
    figure_unit text[],
    figures real[],
    revision integer
)
PARTITION BY RANGE (t);
ALTER TABLE ONLY public.ticks_run1 ALTER COLUMN score SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run1 ALTER COLUMN chance SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run1 ALTER COLUMN reconstruction SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run1 ALTER COLUMN jsd SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run1 ALTER COLUMN value SET STORAGE EXTERNAL;


--
-- Name: COLUMN ticks_run1.t; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.t IS 'end of the minute it covers';


--
-- Name: COLUMN ticks_run1.recomputed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.recomputed IS 'stored later, from the archiver, after an outage of the database';


--
-- Name: COLUMN ticks_run1.score; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.score IS 'by supply: -log10 of the tail probability of the last 24 h';


--
-- Name: COLUMN ticks_run1.chance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.chance IS 'by supply: healthy supply-days this extreme per week over the fleet';


--
-- Name: COLUMN ticks_run1.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.reason IS 'by supply: 0 scored, else why not; words in table reason_words';


--
-- Name: COLUMN ticks_run1.mode; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.mode IS 'by supply: words in table mode_words';


--
-- Name: COLUMN ticks_run1.reconstruction; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.reconstruction IS 'by supply: autoencoder error, mean squared whitened residual';


--
-- Name: COLUMN ticks_run1.jsd; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.jsd IS 'by channel: Jensen-Shannon divergence of the last window, bits';


--
-- Name: COLUMN ticks_run1.value; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.value IS 'by channel: the reading on the grid, in the channel''s unit';


--
-- Name: COLUMN ticks_run1.ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.ledger IS 'supplies per reason, reason 0 first; the sum is the fleet';


--
-- Name: COLUMN ticks_run1.figure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.figure IS 'names of further figures; values end to end in figures';


--
-- Name: COLUMN ticks_run1.figure_of; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.figure_of IS 'supply or channel: what the figure has a value of each of';


--
-- Name: COLUMN ticks_run1.figure_unit; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1.figure_unit IS 'its unit; empty: the channel''s own';


--
-- Name: ticks_run1_20261104; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ticks_run1_20261104 (
    run integer NOT NULL,
    t timestamp with time zone NOT NULL,
    fleet integer NOT NULL,
    recomputed boolean DEFAULT false NOT NULL,
    score real[],
    chance real[],
    reason smallint[],
    mode smallint[],
    reconstruction real[],
    jsd real[],
    value real[],
    ledger integer[],
    figure text[],
    figure_of text[],
    figure_unit text[],
    figures real[],
    revision integer
);
ALTER TABLE ONLY public.ticks_run1_20261104 ALTER COLUMN score SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run1_20261104 ALTER COLUMN chance SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run1_20261104 ALTER COLUMN reconstruction SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run1_20261104 ALTER COLUMN jsd SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run1_20261104 ALTER COLUMN value SET STORAGE EXTERNAL;


--
-- Name: COLUMN ticks_run1_20261104.t; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.t IS 'end of the minute it covers';


--
-- Name: COLUMN ticks_run1_20261104.recomputed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.recomputed IS 'stored later, from the archiver, after an outage of the database';


--
-- Name: COLUMN ticks_run1_20261104.score; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.score IS 'by supply: -log10 of the tail probability of the last 24 h';


--
-- Name: COLUMN ticks_run1_20261104.chance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.chance IS 'by supply: healthy supply-days this extreme per week over the fleet';


--
-- Name: COLUMN ticks_run1_20261104.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.reason IS 'by supply: 0 scored, else why not; words in table reason_words';


--
-- Name: COLUMN ticks_run1_20261104.mode; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.mode IS 'by supply: words in table mode_words';


--
-- Name: COLUMN ticks_run1_20261104.reconstruction; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.reconstruction IS 'by supply: autoencoder error, mean squared whitened residual';


--
-- Name: COLUMN ticks_run1_20261104.jsd; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.jsd IS 'by channel: Jensen-Shannon divergence of the last window, bits';


--
-- Name: COLUMN ticks_run1_20261104.value; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.value IS 'by channel: the reading on the grid, in the channel''s unit';


--
-- Name: COLUMN ticks_run1_20261104.ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.ledger IS 'supplies per reason, reason 0 first; the sum is the fleet';


--
-- Name: COLUMN ticks_run1_20261104.figure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.figure IS 'names of further figures; values end to end in figures';


--
-- Name: COLUMN ticks_run1_20261104.figure_of; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.figure_of IS 'supply or channel: what the figure has a value of each of';


--
-- Name: COLUMN ticks_run1_20261104.figure_unit; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run1_20261104.figure_unit IS 'its unit; empty: the channel''s own';


--
-- Name: ticks_run3; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ticks_run3 (
    run integer NOT NULL,
    t timestamp with time zone NOT NULL,
    fleet integer NOT NULL,
    recomputed boolean DEFAULT false NOT NULL,
    score real[],
    chance real[],
    reason smallint[],
    mode smallint[],
    reconstruction real[],
    jsd real[],
    value real[],
    ledger integer[],
    figure text[],
    figure_of text[],
    figure_unit text[],
    figures real[],
    revision integer
)
PARTITION BY RANGE (t);
ALTER TABLE ONLY public.ticks_run3 ALTER COLUMN score SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run3 ALTER COLUMN chance SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run3 ALTER COLUMN reconstruction SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run3 ALTER COLUMN jsd SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run3 ALTER COLUMN value SET STORAGE EXTERNAL;


--
-- Name: COLUMN ticks_run3.t; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.t IS 'end of the minute it covers';


--
-- Name: COLUMN ticks_run3.recomputed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.recomputed IS 'stored later, from the archiver, after an outage of the database';


--
-- Name: COLUMN ticks_run3.score; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.score IS 'by supply: -log10 of the tail probability of the last 24 h';


--
-- Name: COLUMN ticks_run3.chance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.chance IS 'by supply: healthy supply-days this extreme per week over the fleet';


--
-- Name: COLUMN ticks_run3.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.reason IS 'by supply: 0 scored, else why not; words in table reason_words';


--
-- Name: COLUMN ticks_run3.mode; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.mode IS 'by supply: words in table mode_words';


--
-- Name: COLUMN ticks_run3.reconstruction; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.reconstruction IS 'by supply: autoencoder error, mean squared whitened residual';


--
-- Name: COLUMN ticks_run3.jsd; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.jsd IS 'by channel: Jensen-Shannon divergence of the last window, bits';


--
-- Name: COLUMN ticks_run3.value; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.value IS 'by channel: the reading on the grid, in the channel''s unit';


--
-- Name: COLUMN ticks_run3.ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.ledger IS 'supplies per reason, reason 0 first; the sum is the fleet';


--
-- Name: COLUMN ticks_run3.figure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.figure IS 'names of further figures; values end to end in figures';


--
-- Name: COLUMN ticks_run3.figure_of; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.figure_of IS 'supply or channel: what the figure has a value of each of';


--
-- Name: COLUMN ticks_run3.figure_unit; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3.figure_unit IS 'its unit; empty: the channel''s own';


--
-- Name: ticks_run3_20261215; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ticks_run3_20261215 (
    run integer NOT NULL,
    t timestamp with time zone NOT NULL,
    fleet integer NOT NULL,
    recomputed boolean DEFAULT false NOT NULL,
    score real[],
    chance real[],
    reason smallint[],
    mode smallint[],
    reconstruction real[],
    jsd real[],
    value real[],
    ledger integer[],
    figure text[],
    figure_of text[],
    figure_unit text[],
    figures real[],
    revision integer
);
ALTER TABLE ONLY public.ticks_run3_20261215 ALTER COLUMN score SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run3_20261215 ALTER COLUMN chance SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run3_20261215 ALTER COLUMN reconstruction SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run3_20261215 ALTER COLUMN jsd SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.ticks_run3_20261215 ALTER COLUMN value SET STORAGE EXTERNAL;


--
-- Name: COLUMN ticks_run3_20261215.t; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.t IS 'end of the minute it covers';


--
-- Name: COLUMN ticks_run3_20261215.recomputed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.recomputed IS 'stored later, from the archiver, after an outage of the database';


--
-- Name: COLUMN ticks_run3_20261215.score; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.score IS 'by supply: -log10 of the tail probability of the last 24 h';


--
-- Name: COLUMN ticks_run3_20261215.chance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.chance IS 'by supply: healthy supply-days this extreme per week over the fleet';


--
-- Name: COLUMN ticks_run3_20261215.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.reason IS 'by supply: 0 scored, else why not; words in table reason_words';


--
-- Name: COLUMN ticks_run3_20261215.mode; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.mode IS 'by supply: words in table mode_words';


--
-- Name: COLUMN ticks_run3_20261215.reconstruction; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.reconstruction IS 'by supply: autoencoder error, mean squared whitened residual';


--
-- Name: COLUMN ticks_run3_20261215.jsd; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.jsd IS 'by channel: Jensen-Shannon divergence of the last window, bits';


--
-- Name: COLUMN ticks_run3_20261215.value; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.value IS 'by channel: the reading on the grid, in the channel''s unit';


--
-- Name: COLUMN ticks_run3_20261215.ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.ledger IS 'supplies per reason, reason 0 first; the sum is the fleet';


--
-- Name: COLUMN ticks_run3_20261215.figure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.figure IS 'names of further figures; values end to end in figures';


--
-- Name: COLUMN ticks_run3_20261215.figure_of; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.figure_of IS 'supply or channel: what the figure has a value of each of';


--
-- Name: COLUMN ticks_run3_20261215.figure_unit; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ticks_run3_20261215.figure_unit IS 'its unit; empty: the channel''s own';


--
-- Name: trips; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.trips (
    supply text NOT NULL,
    "time" timestamp with time zone NOT NULL,
    cause text NOT NULL
);


--
-- Name: TABLE trips; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.trips IS 'trips of supplies, imported';


--
-- Name: worst_last_week; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.worst_last_week AS
 WITH d AS (
         SELECT public.psmon_default_run() AS run
        ), newest AS (
         SELECT d.run,
            max(h.t) AS t
           FROM (d
             JOIN public.hours h ON ((h.run = d.run)))
          GROUP BY d.run
        ), best AS (
         SELECT h.supply,
            min(NULLIF(h.chance, 'NaN'::real)) AS chance,
            max(NULLIF(h.score, 'NaN'::real)) AS score,
            count(*) FILTER (WHERE (h.scored > 0)) AS hours_scored
           FROM (public.hours h
             JOIN newest n ON (((h.run = n.run) AND (h.t > (n.t - '7 days'::interval)))))
          GROUP BY h.supply
        )
 SELECT row_number() OVER (ORDER BY b.chance, b.score DESC, s.name) AS rank,
    s.name AS supply,
    l.family,
    l.sector,
    b.chance,
    b.score,
    b.hours_scored,
    ( SELECT f.reason
           FROM (public.findings f
             JOIN newest n ON ((f.run = n.run)))
          WHERE ((f.subject = s.name) AND (COALESCE(f.closed, 'infinity'::timestamp with time zone) > (n.t - '7 days'::interval)))
          ORDER BY f.chance
         LIMIT 1) AS finding
   FROM ((best b
     JOIN public.supply_ids s ON ((s.id = b.supply)))
     LEFT JOIN public.supplies l ON ((l.supply = s.name)))
  WHERE (b.chance IS NOT NULL)
  ORDER BY (row_number() OVER (ORDER BY b.chance, b.score DESC, s.name))
 LIMIT 10;


--
-- Name: VIEW worst_last_week; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.worst_last_week IS 'the ten worst supplies of the seven days before the newest hour';


--
-- Name: hours_202611; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hours ATTACH PARTITION public.hours_202611 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');


--
-- Name: hours_202612; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hours ATTACH PARTITION public.hours_202612 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');


--
-- Name: ticks_run1; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ticks ATTACH PARTITION public.ticks_run1 FOR VALUES IN (1);


--
-- Name: ticks_run1_20261104; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ticks_run1 ATTACH PARTITION public.ticks_run1_20261104 FOR VALUES FROM ('2026-11-04 00:00:00+00') TO ('2026-11-05 00:00:00+00');


--
-- Name: ticks_run3; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ticks ATTACH PARTITION public.ticks_run3 FOR VALUES IN (3);


--
-- Name: ticks_run3_20261215; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ticks_run3 ATTACH PARTITION public.ticks_run3_20261215 FOR VALUES FROM ('2026-12-15 00:00:00+00') TO ('2026-12-16 00:00:00+00');


--
-- Data for Name: findings; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.findings VALUES (3, 'S1-common', 'S1', NULL, 'level', 'common', 'voltage', '2026-12-08 16:20:00+00', '2026-12-08 17:20:00+00', '2026-12-08 17:20:00+00', NULL, NULL, -0.3, 'V', 'down', 0, false, '[{"size": -0.3, "unit": "V", "share": 0.75, "signal": "voltage"}, {"size": null, "unit": "A", "share": 0.25, "signal": "current"}]', 'voltage 0.3 V below, "really"', NULL, '2026-11-25 14:29:06.437973+00', 3);
INSERT INTO public.findings VALUES (3, 'Q05-level-1', 'Q05', 6, 'level', 'sensor', 'voltage', '2026-12-08 16:20:00+00', '2026-12-08 17:20:00+00', '2026-12-08 17:22:00+00', '2026-12-08 17:22:00+00', 0.025, -0.4, 'V', 'down', 0, false, '[{"size": -0.3, "unit": "V", "share": 0.75, "signal": "voltage"}, {"size": null, "unit": "A", "share": 0.25, "signal": "current"}]', 'voltage 0.3 V below, "really"', '2026-12-07T16:20:00Z fan replaced, both', '2026-11-25 14:29:06.480786+00', 3);
INSERT INTO public.findings VALUES (3, 'Q05-level-2', 'Q05', 6, 'level', 'sensor', 'voltage', '2026-12-15 15:00:00+00', '2026-12-15 16:00:00+00', '2026-12-15 16:00:00+00', NULL, 0.025, -0.3, 'V', 'down', 0, false, '[{"size": -0.3, "unit": "V", "share": 0.75, "signal": "voltage"}, {"size": null, "unit": "A", "share": 0.25, "signal": "current"}]', 'voltage 0.3 V below, "really"', NULL, '2026-11-25 14:29:06.854724+00', 3);


--
-- Data for Name: fleet_channels; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.fleet_channels VALUES (1, 1, 1, 1, 'current', 'SR:Q00:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 2, 1, 2, 'igbt_temperature', 'SR:Q00:2', 'K "x"', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 3, 1, 3, 'voltage', 'SR:Q00:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 4, 2, 1, 'current', 'SR:Q01:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 5, 2, 2, 'igbt_temperature', 'SR:Q01:2', 'K "x"', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 6, 2, 3, 'voltage', 'SR:Q01:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 7, 3, 1, 'current', 'SR:Q02:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 8, 3, 2, 'igbt_temperature', 'SR:Q02:2', 'K "x"', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 9, 3, 3, 'voltage', 'SR:Q02:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 10, 4, 1, 'current', 'SR:Q03:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 11, 4, 2, 'igbt_temperature', 'SR:Q03:2', 'K "x"', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 12, 4, 3, 'voltage', 'SR:Q03:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 13, 5, 1, 'current', 'SR:Q04:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 14, 5, 2, 'igbt_temperature', 'SR:Q04:2', 'K "x"', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 15, 5, 3, 'voltage', 'SR:Q04:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 16, 6, 1, 'current', 'SR:Q05:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 17, 6, 2, 'igbt_temperature', 'SR:Q05:2', 'K "x"', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 18, 6, 3, 'voltage', 'SR:Q05:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 19, 7, 1, 'current', 'SR:Q06:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 20, 7, 2, 'igbt_temperature', 'SR:Q06:2', 'K "x"', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 21, 7, 3, 'voltage', 'SR:Q06:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 22, 8, 1, 'current', 'SR:Q07:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 23, 8, 2, 'igbt_temperature', 'SR:Q07:2', 'K "x"', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 24, 8, 3, 'voltage', 'SR:Q07:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 25, 9, 1, 'current', 'SR:Q08:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 26, 9, 2, 'igbt_temperature', 'SR:Q08:2', 'K "x"', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 27, 9, 3, 'voltage', 'SR:Q08:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 28, 10, 1, 'current', 'SR:Q09:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 29, 10, 2, 'voltage', 'SR:Q09:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 30, 11, 1, 'current', 'SR:Q10:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 31, 11, 2, 'voltage', 'SR:Q10:1', 'V', NULL, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 32, 12, 1, 'current', 'SR:Q11:0', 'A', 1.5, NULL, NULL);
INSERT INTO public.fleet_channels VALUES (1, 33, 12, 2, 'voltage', 'SR:Q11:1', 'V', NULL, NULL, NULL);


--
-- Data for Name: fleet_supplies; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.fleet_supplies VALUES (1, 1, 1, 'quad', 'S0', 'W1', NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 2, 2, 'quad', 'S0', 'W1', NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 3, 3, 'quad', 'S0', 'W1', NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 4, 4, 'quad', 'S0', 'W1', NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 5, 5, 'quad', 'S1', 'W1', NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 6, 6, 'quad', 'S1', 'W1', NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 7, 7, 'quad', 'S1', NULL, NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 8, 8, 'quad', 'S1', NULL, NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 9, 9, 'quad', 'S2', NULL, NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 10, 10, 'quad', 'S2', NULL, NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 11, 11, 'quad', 'S2', NULL, NULL, NULL);
INSERT INTO public.fleet_supplies VALUES (1, 12, 12, 'quad', 'S2', NULL, NULL, NULL);


--
-- Data for Name: fleets; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.fleets OVERRIDING SYSTEM VALUE VALUES (1, 'ecfddcdc17524d7e', '2026-11-25 14:29:01.12073+00');


--
-- Data for Name: hours_202611; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 1, 3, 1, 0.59, 62.893085, 0.02, 31, 60, 0, '{30.5,1030.5,2030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 1, 1, 1, 0.59, 62.893085, 0.02, 31, 60, 0, '{30.5,1030.5,2030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 1, 1, 1, 0.59, 62.893085, 0.02, 91, 60, 0, '{90.5,1090.5,2090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 1, 3, 1, 0.59, 62.893085, 0.02, 91, 60, 0, '{90.5,1090.5,2090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 1, 1, 1, 0.3, 76.92308, 0.02, 136, 30, 0, '{135.5,1135.5,2135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 1, 3, 1, 0.31, 76.335884, 0.02, 136.5, 31, 0, '{136,1136,2136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 1, 3, 1, 0.01, 99.0099, 0.02, 1441.5, 1, 0, '{1441,2441,3441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 1, 3, 1, 0.01, 99.0099, 0.02, 2881.5, 1, 0, '{2881,3881,4881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 1, 3, 1, 0.01, 99.0099, 0.02, 4321.5, 1, 0, '{4321,5321,6321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 1, 3, 1, 0.01, 99.0099, 0.02, 5761.5, 1, 0, '{5761,6761,7761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 1, 3, 1, 0.01, 99.0099, 0.02, 24481.5, 1, 0, '{24481,25481,26481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 2, 3, 1, 1.5899999, 38.61004, 0.05, 31, 60, 0, '{3030.5,NaN,5030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 2, 1, 1, 1.5899999, 38.61004, 0.05, 31, 60, 0, '{3030.5,NaN,5030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 2, 3, 1, 1.5899999, 38.61004, 0.05, 91, 60, 0, '{3090.5,NaN,5090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 2, 1, 1, 1.5899999, 38.61004, 0.05, 91, 60, 0, '{3090.5,NaN,5090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 2, 1, 1, 1.3, 43.47826, 0.05, 136, 30, 0, '{3135.5,NaN,5135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 2, 3, 1, 1.31, 43.290043, 0.05, 136.5, 31, 0, '{3136,NaN,5136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 2, 3, 1, 1.01, 49.751244, 0.05, 1441.5, 1, 0, '{4441,NaN,6441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 2, 3, 1, 1.01, 49.751244, 0.05, 2881.5, 1, 0, '{5881,NaN,7881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 2, 3, 1, 1.01, 49.751244, 0.05, 4321.5, 1, 0, '{7321,NaN,9321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 2, 3, 1, 1.01, 49.751244, 0.05, 5761.5, 1, 0, '{8761,NaN,10761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 2, 3, 1, 1.01, 49.751244, 0.05, 24481.5, 1, 0, '{27481,NaN,29481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 3, 3, 1, 2.59, 27.855154, 0.08, 31, 60, 0, '{6030.5,7030.5,8030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 3, 1, 1, 2.59, 27.855154, 0.08, 31, 60, 0, '{6030.5,7030.5,8030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 3, 3, 1, 2.59, 27.855154, 0.08, 91, 60, 0, '{6090.5,7090.5,8090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 3, 1, 1, 2.59, 27.855154, 0.08, 91, 60, 0, '{6090.5,7090.5,8090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 3, 3, 1, 2.31, 30.211481, 0.08, 136.5, 31, 0, '{6136,7136,8136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 3, 1, 1, 2.3, 30.30303, 0.08, 136, 30, 0, '{6135.5,7135.5,8135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 3, 3, 1, 2.01, 33.22259, 0.08, 1441.5, 1, 0, '{7441,8441,9441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 3, 3, 1, 2.01, 33.22259, 0.08, 2881.5, 1, 0, '{8881,9881,10881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 3, 3, 1, 2.01, 33.22259, 0.08, 4321.5, 1, 0, '{10321,11321,12321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 3, 3, 1, 2.01, 33.22259, 0.08, 5761.5, 1, 0, '{11761,12761,13761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 3, 3, 1, 2.01, 33.22259, 0.08, 24481.5, 1, 0, '{30481,31481,32481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 4, 1, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{9030.5,10030.5,11030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{9030.5,10030.5,11030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{9090.5,10090.5,11090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 4, 1, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{9090.5,10090.5,11090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 4, 1, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{9135.5,10135.5,11135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{9136,10136,11136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{10441,11441,12441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{11881,12881,13881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{13321,14321,15321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{14761,15761,16761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{33481,34481,35481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 5, 3, 1, 4.59, 17.889088, 0.14, 31, 60, 0, '{12030.5,13030.5,14030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 5, 1, 1, 4.59, 17.889088, 0.14, 31, 60, 0, '{12030.5,13030.5,14030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 5, 3, 1, 4.59, 17.889088, 0.14, 91, 60, 0, '{12090.5,13090.5,14090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 5, 1, 1, 4.59, 17.889088, 0.14, 91, 60, 0, '{12090.5,13090.5,14090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 5, 1, 1, 4.3, 18.867924, 0.14, 136, 30, 0, '{12135.5,13135.5,14135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 5, 3, 1, 4.31, 18.832392, 0.14, 136.5, 31, 0, '{12136,13136,14136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 5, 3, 1, 4.01, 19.96008, 0.14, 1441.5, 1, 0, '{13441,14441,15441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 5, 3, 1, 4.01, 19.96008, 0.14, 2881.5, 1, 0, '{14881,15881,16881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 5, 3, 1, 4.01, 19.96008, 0.14, 4321.5, 1, 0, '{16321,17321,18321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 5, 3, 1, 4.01, 19.96008, 0.14, 5761.5, 1, 0, '{17761,18761,19761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 5, 3, 1, 4.01, 19.96008, 0.14, 24481.5, 1, 0, '{36481,37481,38481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 6, 1, 1, 5.59, 15.174506, 0.17, 31, 60, 0, '{15030.5,16030.5,17030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 6, 3, 1, 5.59, 15.174506, 0.17, 31, 60, 0, '{15030.5,16030.5,17030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 6, 3, 1, 5.59, 15.174506, 0.17, 91, 60, 0, '{15090.5,16090.5,17090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 6, 1, 1, 5.59, 15.174506, 0.17, 91, 60, 0, '{15090.5,16090.5,17090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 6, 1, 1, 5.3, 15.873015, 0.17, 136, 30, 0, '{15135.5,16135.5,17135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 6, 3, 1, 5.31, 15.84786, 0.17, 136.5, 31, 0, '{15136,16136,17136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 6, 3, 1, 5.01, 16.638935, 0.17, 1441.5, 1, 0, '{16441,17441,18441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 6, 3, 1, 5.01, 16.638935, 0.17, 2881.5, 1, 0, '{17881,18881,19881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 6, 3, 1, 5.01, 16.638935, 0.17, 4321.5, 1, 0, '{19321,20321,21321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 6, 3, 1, 5.01, 16.638935, 0.17, 5761.5, 1, 0, '{20761,21761,22761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 6, 3, 1, 5.01, 16.638935, 0.17, 24481.5, 1, 0, '{39481,40481,41481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 7, 3, 1, 6.59, 13.17523, 0.2, 31, 60, 0, '{18030.5,19030.5,20030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 7, 1, 1, 6.59, 13.17523, 0.2, 31, 60, 0, '{18030.5,19030.5,20030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 7, 3, 1, 6.59, 13.17523, 0.2, 91, 60, 0, '{18090.5,19090.5,20090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 7, 1, 1, 6.59, 13.17523, 0.2, 91, 60, 0, '{18090.5,19090.5,20090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 7, 3, 1, 6.31, 13.679891, 0.2, 136.5, 31, 0, '{18136,19136,20136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 7, 1, 1, 6.3, 13.698629, 0.2, 136, 30, 0, '{18135.5,19135.5,20135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 7, 3, 1, 6.01, 14.265335, 0.2, 1441.5, 1, 0, '{19441,20441,21441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 7, 3, 1, 6.01, 14.265335, 0.2, 2881.5, 1, 0, '{20881,21881,22881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 7, 3, 1, 6.01, 14.265335, 0.2, 4321.5, 1, 0, '{22321,23321,24321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 7, 3, 1, 6.01, 14.265335, 0.2, 5761.5, 1, 0, '{23761,24761,25761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 7, 3, 1, 6.01, 14.265335, 0.2, 24481.5, 1, 0, '{42481,43481,44481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 8, 3, 1, 7.59, 11.641443, 0.23, 31, 60, 0, '{21030.5,22030.5,23030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 8, 1, 1, 7.59, 11.641443, 0.23, 31, 60, 0, '{21030.5,22030.5,23030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 8, 3, 1, 7.59, 11.641443, 0.23, 91, 60, 0, '{21090.5,22090.5,23090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 8, 1, 1, 7.59, 11.641443, 0.23, 91, 60, 0, '{21090.5,22090.5,23090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 8, 1, 1, 7.3, 12.048192, 0.23, 136, 30, 0, '{21135.5,22135.5,23135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 8, 3, 1, 7.31, 12.033695, 0.23, 136.5, 31, 0, '{21136,22136,23136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 8, 3, 1, 7.01, 12.484394, 0.23, 1441.5, 1, 0, '{22441,23441,24441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 8, 3, 1, 7.01, 12.484394, 0.23, 2881.5, 1, 0, '{23881,24881,25881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 8, 3, 1, 7.01, 12.484394, 0.23, 4321.5, 1, 0, '{25321,26321,27321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 8, 3, 1, 7.01, 12.484394, 0.23, 5761.5, 1, 0, '{26761,27761,28761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 8, 3, 1, 7.01, 12.484394, 0.23, 24481.5, 1, 0, '{45481,46481,47481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 9, 1, 1, 8.59, 10.427528, 0.26, 31, 60, 0, '{24030.5,25030.5,26030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 9, 3, 1, 8.59, 10.427528, 0.26, 31, 60, 0, '{24030.5,25030.5,26030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 9, 3, 1, 8.59, 10.427528, 0.26, 91, 60, 0, '{24090.5,25090.5,26090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 9, 1, 1, 8.59, 10.427528, 0.26, 91, 60, 0, '{24090.5,25090.5,26090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 9, 1, 1, 8.3, 10.752688, 0.26, 136, 30, 0, '{24135.5,25135.5,26135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 9, 3, 1, 8.31, 10.741138, 0.26, 136.5, 31, 0, '{24136,25136,26136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 9, 3, 1, 8.01, 11.098779, 0.26, 1441.5, 1, 0, '{25441,26441,27441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 9, 3, 1, 8.01, 11.098779, 0.26, 2881.5, 1, 0, '{26881,27881,28881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 9, 3, 1, 8.01, 11.098779, 0.26, 4321.5, 1, 0, '{28321,29321,30321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 9, 3, 1, 8.01, 11.098779, 0.26, 5761.5, 1, 0, '{29761,30761,31761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 9, 3, 1, 8.01, 11.098779, 0.26, 24481.5, 1, 0, '{48481,49481,50481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 10, 3, 1, 9.59, 9.44287, 0.28, 31, 60, 0, '{27030.5,28030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 10, 1, 1, 9.59, 9.44287, 0.28, 31, 60, 0, '{27030.5,28030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 10, 1, 1, 9.59, 9.44287, 0.28, 91, 60, 0, '{27090.5,28090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 10, 3, 1, 9.59, 9.44287, 0.28, 91, 60, 0, '{27090.5,28090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 10, 1, 1, 9.3, 9.708737, 0.28, 136, 30, 0, '{27135.5,28135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 10, 3, 1, 9.31, 9.699321, 0.28, 136.5, 31, 0, '{27136,28136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 10, 3, 1, 9.01, 9.990009, 0.28, 1441.5, 1, 0, '{28441,29441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 10, 3, 1, 9.01, 9.990009, 0.28, 2881.5, 1, 0, '{29881,30881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 10, 3, 1, 9.01, 9.990009, 0.28, 4321.5, 1, 0, '{31321,32321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 10, 3, 1, 9.01, 9.990009, 0.28, 5761.5, 1, 0, '{32761,33761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 10, 3, 1, 9.01, 9.990009, 0.28, 24481.5, 1, 0, '{51481,52481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 11, 3, 1, 10.59, 8.628128, 0.3, 31, 60, 0, '{29030.5,30030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 11, 1, 1, 10.59, 8.628128, 0.3, 31, 60, 0, '{29030.5,30030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 11, 1, 1, 10.59, 8.628128, 0.3, 91, 60, 0, '{29090.5,30090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 11, 3, 1, 10.59, 8.628128, 0.3, 91, 60, 0, '{29090.5,30090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 11, 3, 1, 10.31, 8.841733, 0.3, 136.5, 31, 0, '{29136,30136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 11, 1, 1, 10.3, 8.849557, 0.3, 136, 30, 0, '{29135.5,30135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 11, 3, 1, 10.01, 9.082652, 0.3, 1441.5, 1, 0, '{30441,31441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 11, 3, 1, 10.01, 9.082652, 0.3, 2881.5, 1, 0, '{31881,32881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 11, 3, 1, 10.01, 9.082652, 0.3, 4321.5, 1, 0, '{33321,34321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 11, 3, 1, 10.01, 9.082652, 0.3, 5761.5, 1, 0, '{34761,35761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 11, 3, 1, 10.01, 9.082652, 0.3, 24481.5, 1, 0, '{53481,54481}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 12, 3, 1, 11.59, 7.9428115, 0.32, 31, 60, 0, '{31030.5,32030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 00:00:00+00', 12, 1, 1, 11.59, 7.9428115, 0.32, 31, 60, 0, '{31030.5,32030.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 12, 3, 1, 11.59, 7.9428115, 0.32, 91, 60, 0, '{31090.5,32090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 01:00:00+00', 12, 1, 1, 11.59, 7.9428115, 0.32, 91, 60, 0, '{31090.5,32090.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 12, 3, 1, 11.31, 8.123477, 0.32, 136.5, 31, 0, '{31136,32136}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-04 02:00:00+00', 12, 1, 1, 11.3, 8.130081, 0.32, 136, 30, 0, '{31135.5,32135.5}', 1);
INSERT INTO public.hours_202611 VALUES ('2026-11-05 00:00:00+00', 12, 3, 1, 11.01, 8.326394, 0.32, 1441.5, 1, 0, '{32441,33441}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-06 00:00:00+00', 12, 3, 1, 11.01, 8.326394, 0.32, 2881.5, 1, 0, '{33881,34881}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-07 00:00:00+00', 12, 3, 1, 11.01, 8.326394, 0.32, 4321.5, 1, 0, '{35321,36321}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-08 00:00:00+00', 12, 3, 1, 11.01, 8.326394, 0.32, 5761.5, 1, 0, '{36761,37761}', 3);
INSERT INTO public.hours_202611 VALUES ('2026-11-21 00:00:00+00', 12, 3, 1, 11.01, 8.326394, 0.32, 24481.5, 1, 0, '{55481,56481}', 3);


--
-- Data for Name: hours_202612; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 1, 3, 1, 0.01, 99.0099, 0.02, 43201.5, 1, 0, '{43201,44201,45201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 2, 3, 1, 1.01, 49.751244, 0.05, 43201.5, 1, 0, '{46201,NaN,48201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 3, 3, 1, 2.01, 33.22259, 0.08, 43201.5, 1, 0, '{49201,50201,51201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{52201,53201,54201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 5, 3, 1, 4.01, 19.96008, 0.14, 43201.5, 1, 0, '{55201,56201,57201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 6, 3, 1, 5.01, 16.638935, 0.17, 43201.5, 1, 0, '{58201,59201,60201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 7, 3, 1, 6.01, 14.265335, 0.2, 43201.5, 1, 0, '{61201,62201,63201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 8, 3, 1, 7.01, 12.484394, 0.23, 43201.5, 1, 0, '{64201,65201,66201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 9, 3, 1, 8.01, 11.098779, 0.26, 43201.5, 1, 0, '{67201,68201,69201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 10, 3, 1, 9.01, 9.990009, 0.28, 43201.5, 1, 0, '{70201,71201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 11, 3, 1, 10.01, 9.082652, 0.3, 43201.5, 1, 0, '{72201,73201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-04 00:00:00+00', 12, 3, 1, 11.01, 8.326394, 0.32, 43201.5, 1, 0, '{74201,75201}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 1, 3, 1, 0.2, 83.33333, 0.02, 50000.5, 3, 0, '{50000,51000,52000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 2, 3, 1, 1.2, 45.454544, 0.05, 50000.5, 3, 0, '{53000,NaN,55000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 3, 3, 1, 2.2, 31.25, 0.08, 50000.5, 3, 0, '{56000,57000,58000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{59000,60000,61000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 5, 3, 1, 4.2, 19.23077, 0.14, 50000.5, 3, 0, '{62000,63000,64000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 6, 3, 1, 5.2, 16.129032, 0.17, 50000.5, 3, 0, '{65000,66000,67000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 7, 3, 1, 6.2, 13.888889, 0.2, 50000.5, 3, 0, '{68000,69000,70000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 8, 3, 1, 7.2, 12.195122, 0.23, 50000.5, 3, 0, '{71000,72000,73000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 9, 3, 1, 8.2, 10.869565, 0.26, 50000.5, 3, 0, '{74000,75000,76000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 10, 3, 1, 9.2, 9.803922, 0.28, 50000.5, 3, 0, '{77000,78000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 11, 3, 1, 10.2, 8.928572, 0.3, 50000.5, 3, 0, '{79000,80000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-08 17:00:00+00', 12, 3, 1, 11.2, 8.196721, 0.32, 50000.5, 3, 0, '{81000,82000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 1, 3, 1, 0, 100, 0.02, 60000.5, 1, 0, '{60000,61000,62000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 2, 3, 1, 1, 50, 0.05, 60000.5, 1, 0, '{63000,NaN,65000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 3, 3, 1, 2, 33.333332, 0.08, 60000.5, 1, 0, '{66000,67000,68000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 4, 3, 1, 'NaN', 'NaN', 0.11, 'NaN', 0, 5, '{69000,70000,71000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 5, 3, 1, 4, 20, 0.14, 60000.5, 1, 0, '{72000,73000,74000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 6, 3, 1, 5, 16.666666, 0.17, 60000.5, 1, 0, '{75000,76000,77000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 7, 3, 1, 6, 14.285714, 0.2, 60000.5, 1, 0, '{78000,79000,80000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 8, 3, 1, 7, 12.5, 0.23, 60000.5, 1, 0, '{81000,82000,83000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 9, 3, 1, 8, 11.111111, 0.26, 60000.5, 1, 0, '{84000,85000,86000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 10, 3, 1, 9, 10, 0.28, 60000.5, 1, 0, '{87000,88000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 11, 3, 1, 10, 9.090909, 0.3, 60000.5, 1, 0, '{89000,90000}', 3);
INSERT INTO public.hours_202612 VALUES ('2026-12-15 15:00:00+00', 12, 3, 1, 11, 8.333333, 0.32, 60000.5, 1, 0, '{91000,92000}', 3);


--
-- Data for Name: hours_closed; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.hours_closed VALUES ('2026-11-01', '2026-11-25 14:29:06.279436+00', 132);


--
-- Data for Name: maintenance; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.maintenance VALUES ('*', '2026-10-01 00:00:00+00', NULL, 'open');
INSERT INTO public.maintenance VALUES ('Q01', '2026-11-01 00:00:00+00', '2026-11-02 00:00:00+00', 'fan');


--
-- Data for Name: mode_words; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.mode_words VALUES (0, 'unknown');
INSERT INTO public.mode_words VALUES (1, 'off');
INSERT INTO public.mode_words VALUES (2, 'ramping');
INSERT INTO public.mode_words VALUES (3, 'settling');
INSERT INTO public.mode_words VALUES (4, 'steady');


--
-- Data for Name: models; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.models VALUES ('a', '/p', 'hash', '2026-11-04 00:00:00+00', '2026-11-05 00:00:00+00', '12 supplies', true, '2026-11-25 14:29:07.208848+00', '2026-11-25 14:29:07.231297+00');
INSERT INTO public.models VALUES ('b', '/p', 'hash', '2026-11-04 00:00:00+00', '2026-11-05 00:00:00+00', '12 supplies', false, '2026-11-25 14:29:07.220333+00', '2026-11-25 14:29:07.220333+00');
INSERT INTO public.models VALUES ('c', '/p', 'hash', NULL, NULL, '', false, '2026-11-25 14:29:07.241646+00', NULL);


--
-- Data for Name: outcomes; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.outcomes VALUES ('2026-11-02', 'Q01', 'fault_found', 'fan, "dead"');
INSERT INTO public.outcomes VALUES ('2026-11-02', 'Q02', 'nothing_found', '');


--
-- Data for Name: psmon_schema; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.psmon_schema VALUES ('history', 1, '2026-11-25 14:29:00.744179+00');
INSERT INTO public.psmon_schema VALUES ('history', 2, '2026-11-25 14:29:00.803166+00');
INSERT INTO public.psmon_schema VALUES ('history', 3, '2026-11-25 14:29:00.831163+00');
INSERT INTO public.psmon_schema VALUES ('history', 4, '2026-11-25 14:29:00.835084+00');
INSERT INTO public.psmon_schema VALUES ('history', 5, '2026-11-25 14:29:00.843109+00');
INSERT INTO public.psmon_schema VALUES ('history', 6, '2026-11-25 14:29:00.879127+00');
INSERT INTO public.psmon_schema VALUES ('history', 7, '2026-11-25 14:29:00.926555+00');
INSERT INTO public.psmon_schema VALUES ('history', 8, '2026-11-25 14:29:00.939155+00');
INSERT INTO public.psmon_schema VALUES ('history', 9, '2026-11-25 14:29:00.947135+00');
INSERT INTO public.psmon_schema VALUES ('history', 10, '2026-11-25 14:29:00.951112+00');
INSERT INTO public.psmon_schema VALUES ('history', 11, '2026-11-25 14:29:00.955107+00');


--
-- Data for Name: psmon_spool; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.psmon_spool VALUES ('fe0d01b79fb55abcb0af80f32ab19836', 35, '2026-11-25 14:29:07.19512+00');


--
-- Data for Name: rankings; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.rankings VALUES (3, 7, '2026-11-04 00:00:00+00', '2026-11-05 00:00:00+00', 1, 'Q05', 3.5, 0.1, 'why', 3);
INSERT INTO public.rankings VALUES (3, 7, '2026-11-04 00:00:00+00', '2026-11-05 00:00:00+00', NULL, 'Q03', NULL, NULL, '', 3);
INSERT INTO public.rankings VALUES (3, 9, '2026-12-15 16:00:00+00', '2026-12-15 16:00:00+00', 1, 'Q05', 3.5, 0.1, 'why', 3);


--
-- Data for Name: reason_words; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.reason_words VALUES (0, 'scored');
INSERT INTO public.reason_words VALUES (1, 'maintenance');
INSERT INTO public.reason_words VALUES (2, 'no model');
INSERT INTO public.reason_words VALUES (3, 'missing');
INSERT INTO public.reason_words VALUES (4, 'stale');
INSERT INTO public.reason_words VALUES (5, 'off');
INSERT INTO public.reason_words VALUES (6, 'ramping');
INSERT INTO public.reason_words VALUES (7, 'settling');
INSERT INTO public.reason_words VALUES (8, 'mode never seen');
INSERT INTO public.reason_words VALUES (9, 'too few samples');


--
-- Data for Name: reports; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.reports VALUES (3, 7, '2026-11-04 00:00:00+00', '2026-11-05 00:00:00+00', 'm1', 'abc', 'def', '{"number": 7}', 3);
INSERT INTO public.reports VALUES (3, 9, '2026-12-15 16:00:00+00', '2026-12-15 16:00:00+00', 'm1', 'abc', 'def', '{"number": 9}', 3);


--
-- Data for Name: revisions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.revisions VALUES (1, 1, '2026-11-25 14:29:01.202731+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.revisions VALUES (3, 1, '2026-11-25 14:29:01.696103+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.revisions VALUES (3, 3, '2026-11-25 14:29:05.922209+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.revisions VALUES (3, 4, '2026-11-25 14:29:06.850308+00', 1, 'm2', 'bcd', 'def');
INSERT INTO public.revisions VALUES (3, 5, '2026-11-25 14:29:07.022575+00', 1, 'm1', 'abc', 'def');


--
-- Data for Name: run_starts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.run_starts VALUES (1, '2026-11-25 14:29:01.193188+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:01.687549+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:01.915876+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:02.160245+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:02.414306+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:05.918296+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:06.109074+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:06.401267+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:06.590413+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:06.80127+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:07.017286+00', 1, 'm1', 'abc', 'def');
INSERT INTO public.run_starts VALUES (3, '2026-11-25 14:29:07.157363+00', 1, 'm1', 'abc', 'def');


--
-- Data for Name: runs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (1, 'r1', 'replay', 1, 'm1', 'abc', 'def', NULL, NULL, '2026-11-25 14:29:01.177766+00', '2026-11-25 14:29:01.315199+00');
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (3, 'live', 'live', 1, 'm1', 'abc', 'def', NULL, NULL, '2026-11-25 14:29:01.680074+00', '2026-11-25 14:29:07.19512+00');


--
-- Data for Name: supply_ids; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (1, 'Q00');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (2, 'Q01');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (3, 'Q02');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (4, 'Q03');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (5, 'Q04');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (6, 'Q05');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (7, 'Q06');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (8, 'Q07');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (9, 'Q08');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (10, 'Q09');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (11, 'Q10');
INSERT INTO public.supply_ids OVERRIDING SYSTEM VALUE VALUES (12, 'Q11');


--
-- Data for Name: tick_gaps; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: ticks_run1_20261104; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 00:01:00+00', 1, false, '{0.01,1.01,2.01,NaN,4.01,5.01,6.01,7.01,8.01,9.01,10.01,11.01}', '{99.0099,49.751244,33.22259,NaN,19.96008,16.638935,14.265335,12.484394,11.098779,9.990009,9.082652,8.326394}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{1.5,1.5,1.5,NaN,1.5,1.5,1.5,1.5,1.5,1.5,1.5,1.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{1,1001,2001,3001,NaN,5001,6001,7001,8001,9001,10001,11001,12001,13001,14001,15001,16001,17001,18001,19001,20001,21001,22001,23001,24001,25001,26001,27001,28001,29001,30001,31001,32001}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 00:13:00+00', 1, false, '{0.13,1.13,2.13,NaN,4.13,5.13,6.13,7.13,8.13,9.13,10.13,11.13}', '{88.495575,46.948353,31.948881,NaN,19.493177,16.313213,14.025246,12.300123,10.952903,9.871668,8.984726,8.244023}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{13.5,13.5,13.5,NaN,13.5,13.5,13.5,13.5,13.5,13.5,13.5,13.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{13,1013,2013,3013,NaN,5013,6013,7013,8013,9013,10013,11013,12013,13013,14013,15013,16013,17013,18013,19013,20013,21013,22013,23013,24013,25013,26013,27013,28013,29013,30013,31013,32013}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 00:25:00+00', 1, false, '{0.25,1.25,2.25,NaN,4.25,5.25,6.25,7.25,8.25,9.25,10.25,11.25}', '{80,44.444443,30.76923,NaN,19.047619,16,13.793103,12.121212,10.810811,9.756098,8.888889,8.163265}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{25.5,25.5,25.5,NaN,25.5,25.5,25.5,25.5,25.5,25.5,25.5,25.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{25,1025,2025,3025,NaN,5025,6025,7025,8025,9025,10025,11025,12025,13025,14025,15025,16025,17025,18025,19025,20025,21025,22025,23025,24025,25025,26025,27025,28025,29025,30025,31025,32025}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 00:37:00+00', 1, false, '{0.37,1.37,2.37,NaN,4.37,5.37,6.37,7.37,8.37,9.37,10.37,11.37}', '{72.9927,42.194096,29.673592,NaN,18.621975,15.698587,13.5685215,11.947432,10.6723585,9.643202,8.795074,8.084074}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{37.5,37.5,37.5,NaN,37.5,37.5,37.5,37.5,37.5,37.5,37.5,37.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{37,1037,2037,3037,NaN,5037,6037,7037,8037,9037,10037,11037,12037,13037,14037,15037,16037,17037,18037,19037,20037,21037,22037,23037,24037,25037,26037,27037,28037,29037,30037,31037,32037}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 00:49:00+00', 1, false, '{0.49,1.49,2.49,NaN,4.49,5.49,6.49,7.49,8.49,9.49,10.49,11.49}', '{67.11409,40.16064,28.653296,NaN,18.214937,15.408321,13.351135,11.7785635,10.537408,9.532888,8.70322,8.006405}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{49.5,49.5,49.5,NaN,49.5,49.5,49.5,49.5,49.5,49.5,49.5,49.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{49,1049,2049,3049,NaN,5049,6049,7049,8049,9049,10049,11049,12049,13049,14049,15049,16049,17049,18049,19049,20049,21049,22049,23049,24049,25049,26049,27049,28049,29049,30049,31049,32049}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 01:01:00+00', 1, false, '{0.01,1.01,2.01,NaN,4.01,5.01,6.01,7.01,8.01,9.01,10.01,11.01}', '{99.0099,49.751244,33.22259,NaN,19.96008,16.638935,14.265335,12.484394,11.098779,9.990009,9.082652,8.326394}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{61.5,61.5,61.5,NaN,61.5,61.5,61.5,61.5,61.5,61.5,61.5,61.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{61,1061,2061,3061,NaN,5061,6061,7061,8061,9061,10061,11061,12061,13061,14061,15061,16061,17061,18061,19061,20061,21061,22061,23061,24061,25061,26061,27061,28061,29061,30061,31061,32061}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 01:13:00+00', 1, false, '{0.13,1.13,2.13,NaN,4.13,5.13,6.13,7.13,8.13,9.13,10.13,11.13}', '{88.495575,46.948353,31.948881,NaN,19.493177,16.313213,14.025246,12.300123,10.952903,9.871668,8.984726,8.244023}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{73.5,73.5,73.5,NaN,73.5,73.5,73.5,73.5,73.5,73.5,73.5,73.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{73,1073,2073,3073,NaN,5073,6073,7073,8073,9073,10073,11073,12073,13073,14073,15073,16073,17073,18073,19073,20073,21073,22073,23073,24073,25073,26073,27073,28073,29073,30073,31073,32073}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 01:25:00+00', 1, false, '{0.25,1.25,2.25,NaN,4.25,5.25,6.25,7.25,8.25,9.25,10.25,11.25}', '{80,44.444443,30.76923,NaN,19.047619,16,13.793103,12.121212,10.810811,9.756098,8.888889,8.163265}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{85.5,85.5,85.5,NaN,85.5,85.5,85.5,85.5,85.5,85.5,85.5,85.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{85,1085,2085,3085,NaN,5085,6085,7085,8085,9085,10085,11085,12085,13085,14085,15085,16085,17085,18085,19085,20085,21085,22085,23085,24085,25085,26085,27085,28085,29085,30085,31085,32085}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 01:37:00+00', 1, false, '{0.37,1.37,2.37,NaN,4.37,5.37,6.37,7.37,8.37,9.37,10.37,11.37}', '{72.9927,42.194096,29.673592,NaN,18.621975,15.698587,13.5685215,11.947432,10.6723585,9.643202,8.795074,8.084074}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{97.5,97.5,97.5,NaN,97.5,97.5,97.5,97.5,97.5,97.5,97.5,97.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{97,1097,2097,3097,NaN,5097,6097,7097,8097,9097,10097,11097,12097,13097,14097,15097,16097,17097,18097,19097,20097,21097,22097,23097,24097,25097,26097,27097,28097,29097,30097,31097,32097}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 01:49:00+00', 1, false, '{0.49,1.49,2.49,NaN,4.49,5.49,6.49,7.49,8.49,9.49,10.49,11.49}', '{67.11409,40.16064,28.653296,NaN,18.214937,15.408321,13.351135,11.7785635,10.537408,9.532888,8.70322,8.006405}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{109.5,109.5,109.5,NaN,109.5,109.5,109.5,109.5,109.5,109.5,109.5,109.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{109,1109,2109,3109,NaN,5109,6109,7109,8109,9109,10109,11109,12109,13109,14109,15109,16109,17109,18109,19109,20109,21109,22109,23109,24109,25109,26109,27109,28109,29109,30109,31109,32109}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 02:01:00+00', 1, false, '{0.01,1.01,2.01,NaN,4.01,5.01,6.01,7.01,8.01,9.01,10.01,11.01}', '{99.0099,49.751244,33.22259,NaN,19.96008,16.638935,14.265335,12.484394,11.098779,9.990009,9.082652,8.326394}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{121.5,121.5,121.5,NaN,121.5,121.5,121.5,121.5,121.5,121.5,121.5,121.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{121,1121,2121,3121,NaN,5121,6121,7121,8121,9121,10121,11121,12121,13121,14121,15121,16121,17121,18121,19121,20121,21121,22121,23121,24121,25121,26121,27121,28121,29121,30121,31121,32121}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 02:13:00+00', 1, false, '{0.13,1.13,2.13,NaN,4.13,5.13,6.13,7.13,8.13,9.13,10.13,11.13}', '{88.495575,46.948353,31.948881,NaN,19.493177,16.313213,14.025246,12.300123,10.952903,9.871668,8.984726,8.244023}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{133.5,133.5,133.5,NaN,133.5,133.5,133.5,133.5,133.5,133.5,133.5,133.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{133,1133,2133,3133,NaN,5133,6133,7133,8133,9133,10133,11133,12133,13133,14133,15133,16133,17133,18133,19133,20133,21133,22133,23133,24133,25133,26133,27133,28133,29133,30133,31133,32133}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);
INSERT INTO public.ticks_run1_20261104 VALUES (1, '2026-11-04 02:25:00+00', 1, false, '{0.25,1.25,2.25,NaN,4.25,5.25,6.25,7.25,8.25,9.25,10.25,11.25}', '{80,44.444443,30.76923,NaN,19.047619,16,13.793103,12.121212,10.810811,9.756098,8.888889,8.163265}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{145.5,145.5,145.5,NaN,145.5,145.5,145.5,145.5,145.5,145.5,145.5,145.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{145,1145,2145,3145,NaN,5145,6145,7145,8145,9145,10145,11145,12145,13145,14145,15145,16145,17145,18145,19145,20145,21145,22145,23145,24145,25145,26145,27145,28145,29145,30145,31145,32145}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 1);


--
-- Data for Name: ticks_run3_20261215; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.ticks_run3_20261215 VALUES (3, '2026-12-15 16:00:00+00', 1, false, '{0,1,2,NaN,4,5,6,7,8,9,10,11}', '{100,50,33.333332,NaN,20,16.666666,14.285714,12.5,11.111111,10,9.090909,8.333333}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{60000.5,60000.5,60000.5,NaN,60000.5,60000.5,60000.5,60000.5,60000.5,60000.5,60000.5,60000.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{60000,61000,62000,63000,NaN,65000,66000,67000,68000,69000,70000,71000,72000,73000,74000,75000,76000,77000,78000,79000,80000,81000,82000,83000,84000,85000,86000,87000,88000,89000,90000,91000,92000}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 3);
INSERT INTO public.ticks_run3_20261215 VALUES (3, '2026-12-15 16:01:00+00', 1, false, '{0.01,1.01,2.01,NaN,4.01,5.01,6.01,7.01,8.01,9.01,10.01,11.01}', '{99.0099,49.751244,33.22259,NaN,19.96008,16.638935,14.265335,12.484394,11.098779,9.990009,9.082652,8.326394}', '{0,0,0,5,0,0,0,0,0,0,0,0}', '{4,4,4,1,4,4,4,4,4,4,4,4}', '{60001.5,60001.5,60001.5,NaN,60001.5,60001.5,60001.5,60001.5,60001.5,60001.5,60001.5,60001.5}', '{0,0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.11,0.12,0.13,0.14,0.15,0.16,0.17,0.18,0.19,0.2,0.21,0.22,0.23,0.24,0.25,0.26,0.27,0.28,0.29,0.3,0.31,0.32}', '{60001,61001,62001,63001,NaN,65001,66001,67001,68001,69001,70001,71001,72001,73001,74001,75001,76001,77001,78001,79001,80001,81001,82001,83001,84001,85001,86001,87001,88001,89001,90001,91001,92001}', '{11,0,0,0,0,1,0,0,0,0}', '{pulse,age}', '{channel,supply}', '{"",h}', '{0,0.125,0.25,0.375,0.5,0.625,0.75,0.875,1,1.125,1.25,1.375,1.5,1.625,1.75,1.875,2,2.125,2.25,2.375,2.5,2.625,2.75,2.875,3,3.125,3.25,3.375,3.5,3.625,3.75,3.875,4,0,10,20,30,40,50,60,70,80,90,100,110}', 4);


--
-- Data for Name: trips; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.trips VALUES ('Q01', '2026-11-02 03:04:05.5+00', 'over temperature');


--
-- Name: fleets_fleet_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.fleets_fleet_seq', 40, true);


--
-- Name: runs_run_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.runs_run_seq', 40, true);


--
-- Name: supply_ids_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.supply_ids_id_seq', 183, true);


--
-- Name: findings findings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_pkey PRIMARY KEY (run, id);


--
-- Name: fleet_channels fleet_channels_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fleet_channels
    ADD CONSTRAINT fleet_channels_pkey PRIMARY KEY (fleet, i);


--
-- Name: fleet_supplies fleet_supplies_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fleet_supplies
    ADD CONSTRAINT fleet_supplies_pkey PRIMARY KEY (fleet, i);


--
-- Name: fleets fleets_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fleets
    ADD CONSTRAINT fleets_hash_key UNIQUE (hash);


--
-- Name: fleets fleets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fleets
    ADD CONSTRAINT fleets_pkey PRIMARY KEY (fleet);


--
-- Name: hours hours_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hours
    ADD CONSTRAINT hours_pkey PRIMARY KEY (supply, t, run);


--
-- Name: hours_202611 hours_202611_sorted_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hours_202611
    ADD CONSTRAINT hours_202611_sorted_pkey PRIMARY KEY (supply, t, run);


--
-- Name: hours_202612 hours_202612_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hours_202612
    ADD CONSTRAINT hours_202612_pkey PRIMARY KEY (supply, t, run);


--
-- Name: hours_closed hours_closed_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hours_closed
    ADD CONSTRAINT hours_closed_pkey PRIMARY KEY (month);


--
-- Name: maintenance maintenance_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.maintenance
    ADD CONSTRAINT maintenance_pkey PRIMARY KEY (subject, start);


--
-- Name: mode_words mode_words_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mode_words
    ADD CONSTRAINT mode_words_pkey PRIMARY KEY (mode);


--
-- Name: models models_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_pkey PRIMARY KEY (name);


--
-- Name: outcomes outcomes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outcomes
    ADD CONSTRAINT outcomes_pkey PRIMARY KEY (week, supply);


--
-- Name: psmon_schema psmon_schema_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.psmon_schema
    ADD CONSTRAINT psmon_schema_pkey PRIMARY KEY (component, version);


--
-- Name: psmon_spool psmon_spool_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.psmon_spool
    ADD CONSTRAINT psmon_spool_pkey PRIMARY KEY (id);


--
-- Name: rankings rankings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rankings
    ADD CONSTRAINT rankings_pkey PRIMARY KEY (run, number, supply);


--
-- Name: reason_words reason_words_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reason_words
    ADD CONSTRAINT reason_words_pkey PRIMARY KEY (reason);


--
-- Name: reports reports_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reports
    ADD CONSTRAINT reports_pkey PRIMARY KEY (run, number);


--
-- Name: revisions revisions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_pkey PRIMARY KEY (run, revision);


--
-- Name: run_starts run_starts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.run_starts
    ADD CONSTRAINT run_starts_pkey PRIMARY KEY (run, started);


--
-- Name: runs runs_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_name_key UNIQUE (name);


--
-- Name: runs runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (run);


--
-- Name: supply_ids supply_ids_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.supply_ids
    ADD CONSTRAINT supply_ids_name_key UNIQUE (name);


--
-- Name: supply_ids supply_ids_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.supply_ids
    ADD CONSTRAINT supply_ids_pkey PRIMARY KEY (id);


--
-- Name: tick_gaps tick_gaps_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tick_gaps
    ADD CONSTRAINT tick_gaps_pkey PRIMARY KEY (run);


--
-- Name: ticks ticks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ticks
    ADD CONSTRAINT ticks_pkey PRIMARY KEY (run, t);


--
-- Name: ticks_run1 ticks_run1_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ticks_run1
    ADD CONSTRAINT ticks_run1_pkey PRIMARY KEY (run, t);


--
-- Name: ticks_run1_20261104 ticks_run1_20261104_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ticks_run1_20261104
    ADD CONSTRAINT ticks_run1_20261104_pkey PRIMARY KEY (run, t);


--
-- Name: ticks_run3 ticks_run3_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ticks_run3
    ADD CONSTRAINT ticks_run3_pkey PRIMARY KEY (run, t);


--
-- Name: ticks_run3_20261215 ticks_run3_20261215_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ticks_run3_20261215
    ADD CONSTRAINT ticks_run3_20261215_pkey PRIMARY KEY (run, t);


--
-- Name: trips trips_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.trips
    ADD CONSTRAINT trips_pkey PRIMARY KEY (supply, "time");


--
-- Name: findings_run_first_seen_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX findings_run_first_seen_idx ON public.findings USING btree (run, first_seen);


--
-- Name: findings_subject_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX findings_subject_idx ON public.findings USING btree (subject);


--
-- Name: fleet_channels_fleet_supply_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX fleet_channels_fleet_supply_idx ON public.fleet_channels USING btree (fleet, supply);


--
-- Name: hours_t_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hours_t_idx ON ONLY public.hours USING brin (t);


--
-- Name: hours_202611_sorted_t_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hours_202611_sorted_t_idx ON public.hours_202611 USING brin (t);


--
-- Name: hours_202612_t_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hours_202612_t_idx ON public.hours_202612 USING brin (t);


--
-- Name: rankings_run_week_start_rank_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX rankings_run_week_start_rank_idx ON public.rankings USING btree (run, week_start, rank);


--
-- Name: hours_202611_sorted_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.hours_pkey ATTACH PARTITION public.hours_202611_sorted_pkey;


--
-- Name: hours_202611_sorted_t_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.hours_t_idx ATTACH PARTITION public.hours_202611_sorted_t_idx;


--
-- Name: hours_202612_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.hours_pkey ATTACH PARTITION public.hours_202612_pkey;


--
-- Name: hours_202612_t_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.hours_t_idx ATTACH PARTITION public.hours_202612_t_idx;


--
-- Name: ticks_run1_20261104_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.ticks_run1_pkey ATTACH PARTITION public.ticks_run1_20261104_pkey;


--
-- Name: ticks_run1_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.ticks_pkey ATTACH PARTITION public.ticks_run1_pkey;


--
-- Name: ticks_run3_20261215_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.ticks_run3_pkey ATTACH PARTITION public.ticks_run3_20261215_pkey;


--
-- Name: ticks_run3_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.ticks_pkey ATTACH PARTITION public.ticks_run3_pkey;


--
-- Name: rankings frozen; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER frozen BEFORE DELETE OR UPDATE OR TRUNCATE ON public.rankings FOR EACH STATEMENT EXECUTE FUNCTION public.psmon_frozen();


--
-- Name: reports frozen; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER frozen BEFORE DELETE OR UPDATE OR TRUNCATE ON public.reports FOR EACH STATEMENT EXECUTE FUNCTION public.psmon_frozen();


--
-- Name: findings findings_run_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_run_fkey FOREIGN KEY (run) REFERENCES public.runs(run);


--
-- Name: findings findings_supply_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_supply_fkey FOREIGN KEY (supply) REFERENCES public.supply_ids(id);


--
-- Name: fleet_channels fleet_channels_fleet_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fleet_channels
    ADD CONSTRAINT fleet_channels_fleet_fkey FOREIGN KEY (fleet) REFERENCES public.fleets(fleet);


--
-- Name: fleet_channels fleet_channels_supply_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fleet_channels
    ADD CONSTRAINT fleet_channels_supply_fkey FOREIGN KEY (supply) REFERENCES public.supply_ids(id);


--
-- Name: fleet_supplies fleet_supplies_fleet_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fleet_supplies
    ADD CONSTRAINT fleet_supplies_fleet_fkey FOREIGN KEY (fleet) REFERENCES public.fleets(fleet);


--
-- Name: fleet_supplies fleet_supplies_supply_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fleet_supplies
    ADD CONSTRAINT fleet_supplies_supply_fkey FOREIGN KEY (supply) REFERENCES public.supply_ids(id);


--
-- Name: rankings rankings_run_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rankings
    ADD CONSTRAINT rankings_run_fkey FOREIGN KEY (run) REFERENCES public.runs(run);


--
-- Name: reports reports_run_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reports
    ADD CONSTRAINT reports_run_fkey FOREIGN KEY (run) REFERENCES public.runs(run);


--
-- Name: revisions revisions_fleet_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_fleet_fkey FOREIGN KEY (fleet) REFERENCES public.fleets(fleet);


--
-- Name: revisions revisions_run_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_run_fkey FOREIGN KEY (run) REFERENCES public.runs(run);


--
-- Name: run_starts run_starts_run_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.run_starts
    ADD CONSTRAINT run_starts_run_fkey FOREIGN KEY (run) REFERENCES public.runs(run);


--
-- Name: runs runs_fleet_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_fleet_fkey FOREIGN KEY (fleet) REFERENCES public.fleets(fleet);


--
-- Name: tick_gaps tick_gaps_run_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tick_gaps
    ADD CONSTRAINT tick_gaps_run_fkey FOREIGN KEY (run) REFERENCES public.runs(run);


--
-- PostgreSQL database dump complete
--


