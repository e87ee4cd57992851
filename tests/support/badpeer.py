#!/usr/bin/env python3
"""An HTTP peer that misbehaves on command: archiver or webhook receiver, for unit and end-to-end tests.

Usage: badpeer.py [--port N] [--answers DIR] [--log FILE]

Prints "port N" when it listens. The first part of a request's path is its script, a list of behaviours
separated by commas, one per request; the last one repeats:  http://127.0.0.1:N/503,503,ok/retrieval
The script "live" is set while running:  curl -d '503,ok' http://127.0.0.1:N/_set
GET /_log gives the requests so far, one JSON object per line (also written to --log): script, behaviour,
method, path (without the script), headers, body, connection (number), time.

Behaviours                      (the connection stays open unless said otherwise)
  ok            a small archiver: getDataAtTime, getData.raw, getPVStatus, getApplianceInfo (which names the
                retrieval under the script retrieval-of-its-own, for which any behaviour but these is ok);
                else 200 {}
                (PVs "missing…" are not archived: absent, 404; getData.raw of "forbidden…" is 403; getDataAtTime
                never has "absent…", and "valueless…" without val; getData.raw of "text…" is text, of "milli…" in
                mA, of "old…" a day old; it begins in December 2025; getPVStatus: "lost…" is not connected)
  day           the same, getDataAtTime a day old;      future  a day ahead
  file:NAME     DIR/NAME.http as recorded, byte by byte in pieces of 7 bytes; closes
  200:TEXT      that status with that body (spaces as _, commas as ;), any status
  503:N         with Retry-After: N when N is a number; date:N the same as an HTTP date
  302:PATH      redirect to PATH on this server
  reset, close  no answer: RST, orderly close;          late_close  answers, then closes unannounced
  stall         never answers;                          stall_body  half of ok, then nothing
  half          half of ok by Content-Length, closes;   half_chunked  the same in chunked coding
  cut           half of ok, looks complete
  slow          ok in pieces of 8 bytes every 20 ms;    wait:S  ok after S seconds
  garbage       not HTTP;   html  200 with HTML;   empty  200 {};   none  200 without a body
  endless       a body that does not end;   connection  how many connections were accepted so far
Like Tomcat, closes each connection after its 100th request, which carries Connection: close.
Standard library only. SPDX-License-Identifier: MIT"""
import argparse
import calendar
import email.utils
import json
import os
import socket
import struct
import threading
import time
import urllib.parse

STATE = {"lock": threading.Lock(), "used": {}, "live": "ok", "log": [], "connections": 0}


def iso(text):
    """Nanoseconds since 1970."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int((fraction + "0" * 9)[:9])


def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def escape(line):
    return line.replace(b"\x1b", b"\x1b\x01").replace(b"\n", b"\x1b\x02").replace(b"\r", b"\x1b\x03") + b"\n"


def raw(pv, start, end, period=10):
    """Samples of the small archiver: value = t modulo 1000 + length of the name, at whole periods."""
    year = None
    out = b""
    if end - start > 400 * 86400 * 10**9:  # from the beginning: whoever asks so wants the first ones
        start, end = iso("2025-12-01T00:00:00Z"), iso("2025-12-01T00:10:00Z")
    elif pv.startswith("old"):
        start = end = start - 86400 * 10**9
    text = pv.startswith("text")
    t = start // (period * 10**9) * period
    while t * 10**9 <= end:
        this_year = time.gmtime(t).tm_year
        if this_year != year:
            out += b"\n" if year else b""
            year = this_year
            name = pv.encode()
            unit = b"z\x09\x0a\x03EGU\x12\x02mA" if pv.startswith("milli") else b""
            out += escape(b"\x08" + (b"\x00" if text else b"\x06") + b"\x12" + varint(len(name)) + name + b"\x18" +
                          varint(year) + unit)
        in_year = t - calendar.timegm((year, 1, 1, 0, 0, 0))
        value = b"\x1a\x02on" if text else b"\x19" + struct.pack("<d", t % 1000 + len(pv))
        out += escape(b"\x08" + varint(in_year) + b"\x10" + varint(0) + value)
        t += period
    return out


def archiver(path, body, shift):
    """(status, content type, body) of the well-behaved small archiver."""
    url = urllib.parse.urlsplit(path)
    query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
    if url.path.endswith("/data/getDataAtTime"):
        t = iso(query["at"]) // 10**9 - 60 + shift
        answer = {
            pv: {"secs": t, "nanos": 0, "val": float(t % 1000 + len(pv)), "severity": 0, "status": 0}
            for pv in json.loads(body) if not pv.startswith(("missing", "absent"))
        }
        for pv in answer:
            if pv.startswith("valueless"):
                del answer[pv]["val"]
        return 200, None, json.dumps(answer).encode()
    if url.path.endswith("/data/getData.raw"):
        if query["pv"].startswith("missing"):
            return 404, "text/html", b"<html>404</html>"
        if query["pv"].startswith("forbidden"):
            return 403, "text/html", b"<html>403</html>"
        return 200, "application/x-protobuf", raw(query["pv"], iso(query["from"]), iso(query["to"]))
    if url.path.endswith("/bpl/getApplianceInfo"):
        host = f"http://127.0.0.1:{STATE['port']}"
        return 200, "application/json", json.dumps({
            "identity": "appliance0", "mgmtURL": host + "/ok/mgmt/bpl",
            "dataRetrievalURL": host + "/retrieval-of-its-own/retrieval"}).encode()
    if url.path.endswith("/bpl/getPVStatus"):
        answer = [{"pvName": pv, "status": "Being archived", "connectionState": "false" if pv.startswith("lost") else "true"} for pv in json.loads(body)]
        return 200, "application/json", json.dumps(answer).encode()
    return 200, "application/json", b"{}"


class Connection:
    def __init__(self, sock, options, number):
        self.sock, self.options, self.number = sock, options, number
        self.file = sock.makefile("rb")
        self.requests = 0

    def serve(self):
        try:
            while self.requests < 100 and self.one():
                pass
        except (OSError, ValueError, KeyError):
            pass
        finally:
            self.file.close()
            self.sock.close()

    def one(self):
        line = self.file.readline().decode("latin-1").split()
        if len(line) < 3:
            return False
        headers = {}
        while True:
            name, _, value = self.file.readline().decode("latin-1").partition(":")
            if not value:
                break
            headers[name.strip().lower()] = value.strip()
        body = self.file.read(int(headers.get("content-length", "0")))
        self.requests += 1
        if line[1].startswith("/_"):
            return self.control(line[1], body)
        script, _, path = line[1].lstrip("/").partition("/")
        behaviour = self.next_behaviour(urllib.parse.unquote(script))
        entry = {
            "script": script, "behaviour": behaviour, "method": line[0], "path": "/" + path, "headers": headers,
            "body": body.decode("utf-8", "replace"), "connection": self.number, "time": time.time(),
        }
        with STATE["lock"]:
            STATE["log"].append(entry)
            if self.options.log:
                with open(self.options.log, "a", encoding="utf-8") as f:
                    f.write(json.dumps(entry) + "\n")
        return self.behave(behaviour, "/" + path, body)

    def control(self, path, body):
        if path == "/_set":
            with STATE["lock"]:
                STATE["live"] = body.decode().strip()
                STATE["used"].pop("live", None)
            return self.answer(200, "text/plain", b"ok\n")
        with STATE["lock"]:
            text = "".join(json.dumps(e) + "\n" for e in STATE["log"])
        return self.answer(200, "application/json", text.encode())

    @staticmethod
    def next_behaviour(script):
        with STATE["lock"]:
            steps = (STATE["live"] if script == "live" else script).split(",")
            used = STATE["used"].get(script, 0)
            STATE["used"][script] = used + 1
        return steps[min(used, len(steps) - 1)]

    def head(self, status, content_type, extra):
        text = f"HTTP/1.1 {status} \r\n"
        if content_type:
            text += f"Content-Type: {content_type}\r\n"
        if self.requests >= 100:
            text += "Connection: close\r\n"
        return (text + "".join(f"{k}: {v}\r\n" for k, v in extra.items()) + "\r\n").encode()

    def answer(self, status, content_type, body, **extra):
        extra = {k.replace("_", "-"): v for k, v in extra.items()}
        self.sock.sendall(self.head(status, content_type, {"Content-Length": len(body), **extra}) + body)
        return True

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def hang(self):
        """Until the client goes away."""
        self.sock.settimeout(120)
        while self.sock.recv(4096):
            pass
        return False

    def pieces(self, data, size, pause):
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(0, len(data), size):
            self.sock.sendall(data[i:i + size])
            if pause:
                time.sleep(pause)

    def behave(self, behaviour, path, body):
        name, _, detail = behaviour.partition(":")
        if name == "file":
            with open(os.path.join(self.options.answers, detail + ".http"), "rb") as f:
                self.pieces(f.read(), 7, 0)
            return False
        if name in ("reset", "close", "stall"):
            return {"reset": self.reset, "close": bool, "stall": self.hang}[name]()
        if name == "garbage":
            self.sock.sendall(bytes(range(256)) * 4)
            return False
        if name == "html":
            return self.answer(200, "text/html;charset=utf-8", b"<!doctype html><html><body>busy</body></html>")
        if name in ("empty", "none"):
            return self.answer(200, None, b"{}" if name == "empty" else b"")
        if name == "302":
            return self.answer(302, None, b"moved", Location=f"/{detail}{path}")
        if name.isdigit():
            if detail.startswith("date") or detail.replace(".", "").isdigit():
                seconds = float(detail.replace("date", ""))
                date = email.utils.formatdate(time.time() + seconds, usegmt=True)
                return self.answer(int(name), "text/html", b"<html>wait</html>",
                                   Retry_After=date if detail.startswith("date") else detail)
            return self.answer(int(name), "text/plain", detail.replace("_", " ").replace(";", ",").encode())
        if name == "connection":
            return self.answer(200, "text/plain", str(STATE["connections"]).encode())
        if name == "endless":
            self.sock.sendall(self.head(200, None, {"Transfer-Encoding": "chunked"}))
            while True:
                self.sock.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        if name == "wait":
            time.sleep(float(detail))
        status, kind, answer = archiver(path, body, {"day": -86400, "future": 86400}.get(name, 0))
        half = len(answer) // 2
        if name == "stall_body":
            self.sock.sendall(self.head(status, kind, {"Content-Length": len(answer)}) + answer[:half])
            return self.hang()
        if name == "half":
            self.sock.sendall(self.head(status, kind, {"Content-Length": len(answer)}) + answer[:half])
            return False
        if name == "half_chunked":
            self.sock.sendall(self.head(status, kind, {"Transfer-Encoding": "chunked"}) +
                              b"%x\r\n" % half + answer[:half] + b"\r\n")
            return False
        if name == "cut":
            return self.answer(status, kind, answer[:half])
        if name == "slow":
            self.sock.sendall(self.head(status, kind, {"Content-Length": len(answer)}))
            self.pieces(answer, 8, 0.02)
            return True
        self.answer(status, kind, answer)
        return name != "late_close"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--answers", default=".")
    parser.add_argument("--log")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", options.port), backlog=128)
    STATE["port"] = listener.getsockname()[1]
    print("port", listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        STATE["connections"] += 1
        connection = Connection(sock, options, STATE["connections"])
        threading.Thread(target=connection.serve, daemon=True).start()


if __name__ == "__main__":
    main()
