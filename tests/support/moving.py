#!/usr/bin/env python3
"""An Archiver Appliance that lives: its channels move while it is asked, as those of a real one do.

Usage: moving.py --dir DIR [--port N] [--start T] [--speed X] [--supplies N] [--late SHARE] [--outage FROM/TO]...

Writes DIR/fleet.csv and DIR/psmon.yaml (with the clock: simulated time starts at T and runs X times as fast), then
serves /retrieval/data/getDataAtTime, getData.raw and /mgmt/bpl/getPVStatus until it is killed.

Every sample is a pure function of its channel and number. It is taken at a jittered time and reaches the archive
some time later, in order; what has not arrived is not answered. Per supply:
  current             every second                 voltage, magnet_temperature   every 10 s
  igbt_temperature    every minute
  capacitor_temperature, dac    on change only: looked at once a minute, seldom another value
--late SHARE   so many of the samples of the 60 s channels arrive 5 to 40 s late
--outage       no supply of an even number is connected then; their next samples carry the marks of a real one
What of an appliance is imitated: the newest sample at or before `from` first; at `to`, whole seconds while it is in
the engine's memory; cnxlostepsecs in a last header while a channel is disconnected.
Standard library only. SPDX-License-Identifier: MIT"""
import argparse
import calendar
import hashlib
import http.server
import json
import os
import struct
import sys
import time
import urllib.parse

S = 10**9
MINUTE = 60 * S
SIGNALS = [("capacitor_temperature", "C", 60, 40), ("current", "A", 1, 0), ("magnet_temperature", "C", 10, 0),
           ("dac", "code", 60, 60), ("igbt_temperature", "C", 60, 0), ("voltage", "V", 10, 0)]


def iso(text):
    """Nanoseconds since 1970."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * S + int((fraction + "0" * 9)[:9])


def text_of(t):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t // S)) + ".%09dZ" % (t % S)


def mix(x):
    """SplitMix64: 64 bits from 64."""
    x = (x + 0x9E3779B97F4A7C15) & (1 << 64) - 1
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & (1 << 64) - 1
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & (1 << 64) - 1
    return x ^ x >> 31


class Channel:
    def __init__(self, pv, index, supply, signal, options):
        self.pv = pv
        self.period, self.change_in = SIGNALS[signal][2] * S, SIGNALS[signal][3]
        self.key = mix(int.from_bytes(hashlib.sha256(pv.encode()).digest()[:8], "big"))
        self.phase = self.key % self.period
        self.late = options.late if self.period == MINUTE else 0
        self.outages = options.outages if supply % 2 == 0 else []

    def sample(self, k):
        """(t, arrival, value, lost) of sample k; None: there is none."""
        bits = mix(self.key ^ k)
        jitter = 0.2 if self.period == S else 0.4
        t = k * self.period + self.phase + int((bits & 0xFFFF) / 0xFFFF * jitter * self.period)
        lost = 0
        for start, end in self.outages:
            if start <= t < end:
                return None
            if t - self.period < end <= t + self.period and self.sampled_last(k, end):
                lost = start
        if self.change_in and not lost and (bits >> 16) % self.change_in:
            return None
        wait = int((bits >> 32 & 0xFFF) / 0xFFF * 0.9 * S)
        if self.late and (bits >> 44) % 1000 < self.late * 1000:
            wait = int((5 + (bits >> 54) % 35) * S)
        return t, t + wait, 20 + (bits >> 24 & 0xFFFF) / 7.0, lost

    def sampled_last(self, k, end):
        """Whether sample k is the first at or after the end of an outage."""
        bits = mix(self.key ^ (k - 1))
        jitter = 0.2 if self.period == S else 0.4
        before = (k - 1) * self.period + self.phase + int((bits & 0xFFFF) / 0xFFFF * jitter * self.period)
        return before < end

    def lost_at(self, now):
        return next((start for start, end in self.outages if start <= now < end), 0)

    def range(self, start, end, now):
        """What has arrived by now: the newest at or before start, then all up to end. In the order of their times:
        one that is late holds up those after it."""
        k = (end - self.phase) // self.period + 1
        out, held = [], None
        while True:
            s = self.sample(k)
            k -= 1
            if s and s[0] <= end:
                if s[1] > now:
                    held = len(out)
                out.append(s)
                if s[0] <= start and s[1] <= now:
                    break
            if k * self.period < start - 10 * 86400 * S:
                break
        if held is not None:
            out = out[held + 1:]
        return out[::-1]

    def latest(self, now):
        found = self.range(now, now, now)
        return found[-1] if found else None


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def escape(line):
    return line.replace(b"\x1b", b"\x1b\x01").replace(b"\n", b"\x1b\x02").replace(b"\r", b"\x1b\x03") + b"\n"


def named(number, name, value):
    return field(number, field(1, name) + field(2, value))


def header(pv, year, lost=0):
    extra = named(15, b"cnxlostepsecs", b"%d" % (lost // S)) if lost else b""
    return escape(b"\x08\x06" + field(2, pv.encode()) + b"\x18" + varint(year) + extra)


def raw(channel, start, end, now):
    out, year, year_start = [], None, 0
    if end >= now - 20 * S:
        end = end // S * S + S - 1
    for t, _, value, lost in channel.range(start, end, now):
        if time.gmtime(t // S).tm_year != year:
            out.append(b"\n" if year else b"")
            year = time.gmtime(t // S).tm_year
            year_start = calendar.timegm((year, 1, 1, 0, 0, 0)) * S
            out.append(header(channel.pv, year))
        line = b"\x08" + varint((t - year_start) // S) + b"\x10" + varint(t % S) + b"\x19" + struct.pack("<d", value)
        if lost:
            line += named(7, b"cnxlostepsecs", b"%d" % (lost // S)) + named(7, b"cnxregainedepsecs", b"%d" % (t // S))
        out.append(escape(line))
    lost = channel.lost_at(now)
    if lost and end >= now - 20 * S:
        out.append((b"\n" if year else b"") + header(channel.pv, time.gmtime(now // S).tm_year, lost))
    return b"".join(out)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, status, content_type, body):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def now(self):
        o = self.server.options
        return o.start + int((time.time_ns() - o.wall) * o.speed)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/retrieval/bpl/getVersion":
            self.answer(200, "application/json", b'{"version":"Archiver Appliance Version 2.0.8"}')
            return
        channel = self.server.channels.get(query.get("pv"))
        if url.path != "/retrieval/data/getData.raw" or not channel:
            self.answer(404, "text/html", b"<html></html>")
            return
        body = raw(channel, iso(query["from"]), iso(query["to"]), self.now())
        self.answer(200, "application/x-protobuf", body)

    def do_POST(self):
        names = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        now, found = self.now(), {}
        if self.path.startswith("/mgmt/bpl/getPVStatus"):
            status = [{"pvName": n, "status": "Being archived",
                       "connectionState": "false" if self.server.channels[n].lost_at(now) else "true"}
                      for n in names if n in self.server.channels]
            self.answer(200, "application/json", json.dumps(status).encode())
            return
        for n in names:
            s = self.server.channels[n].latest(now) if n in self.server.channels else None
            if s:
                found[n] = {"secs": s[0] // S, "nanos": s[0] % S, "val": s[2], "severity": 0, "status": 0}
        self.answer(200, "application/json", json.dumps(found).encode())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--dir", required=True)
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--start", default="2026-03-02T00:00:00Z")
    p.add_argument("--wall", type=int, default=time.time_ns(), help="of --start, ns")
    p.add_argument("--speed", type=float, default=1)
    p.add_argument("--supplies", type=int, default=4)
    p.add_argument("--late", type=float, default=0)
    p.add_argument("--outage", action="append", default=[])
    o = p.parse_args()
    o.start = iso(o.start)
    o.outages = [tuple(iso(t) for t in text.split("/")) for text in o.outage]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", o.port), Handler)
    server.daemon_threads = True
    server.options, server.channels = o, {}
    fleet = "supply,family,sector,signal,pv,unit\n"
    for i in range(o.supplies):
        for k, (signal, unit, _, _) in enumerate(SIGNALS):
            pv = "S01:Q%d:%s" % (i + 1, signal)
            server.channels[pv] = Channel(pv, len(server.channels), i, k, o)
            fleet += "S01:Q%d,quadrupole,S01,%s,%s,%s\n" % (i + 1, signal, pv, unit)
    with open(os.path.join(o.dir, "fleet.csv"), "w", encoding="utf-8") as f:
        f.write(fleet)
    with open(os.path.join(o.dir, "psmon.yaml"), "w", encoding="utf-8") as f:
        f.write("fleet: fleet.csv\narchiver:\n  url: http://127.0.0.1:%d\nstate_dir: %s/state\n"
                'clock: {start: "%s", wall: "%s", speed: %g}\n'
                % (server.server_port, o.dir, text_of(o.start), text_of(o.wall), o.speed))
    print("port %d" % server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
