#!/usr/bin/env python3
"""Kills psmon, the postmaster and backends at random instants and judges what is left; see kills.sh."""
import argparse, collections, http.server, json, os, random, signal, statistics, subprocess, sys, threading, time
import urllib.request

from standardwebhooks.webhooks import Webhook

p = argparse.ArgumentParser()
for name in ("psmon", "config", "page", "secret-file", "state", "log", "since"):
    p.add_argument("--" + name, required=True)
for name in ("hook-port", "kills", "seed"):
    p.add_argument("--" + name, type=int, required=True)
a = p.parse_args()
rng = random.Random(a.seed)
lock = threading.Lock()
received = []  # (id, type, occurrence, body)
bad = []
refused = 0


class Hook(http.server.BaseHTTPRequestHandler):
    """Verifies, remembers, and refuses every tenth message before it has looked at it."""

    judge = Webhook(open(a.secret_file).read().strip())

    def do_POST(self):
        global refused
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            if rng_hook.random() < 0.1:
                refused += 1
                status = 503
            else:
                status = 200
                self.take(body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def take(self, body):
        try:
            self.judge.verify(body.decode(), dict(self.headers))
        except Exception as e:
            bad.append((self.headers["webhook-id"], repr(e)))
        m = json.loads(body)
        if not m["type"].endswith("heartbeat"):
            received.append((self.headers["webhook-id"], m["type"].split(".")[-1], m["data"]["occurrence"], body))

    def log_message(self, *args):
        pass


rng_hook = random.Random(a.seed + 1)


def get(path):
    try:
        with urllib.request.urlopen("http://%s%s" % (a.page, path), timeout=2) as r:
            return r.read().decode()
    except urllib.error.HTTPError as e:  # /health that fails says why
        return e.read().decode()
    except OSError:
        return ""


def metric(name):
    for line in get("/metrics").splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return None


def live():
    return '"phase":"live"' in get("/api/ring").replace(": ", ":")


def await_(what, seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end or (monitor and monitor.poll() is not None):
            print("gave up waiting for", what, get("/health"), "exit status", monitor and monitor.poll(), "log:")
            print(b"".join(open(a.log, "rb").readlines()[-12:]).decode(errors="replace"))
            sys.exit(1)
        time.sleep(0.05)


monitor = None  # the one that runs


def start():
    global monitor
    log = open(a.log, "ab")
    monitor = subprocess.Popen([a.psmon, "run", "-c", a.config, "--since", a.since], stdout=log, stderr=log)


def postmaster():
    try:
        return int(open(a.state + "/postgres/data/postmaster.pid").readline())
    except (OSError, ValueError):
        return 0


def children(parent):
    out = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()[1]) == parent:
                out.append(int(pid))
        except OSError:
            pass
    return out


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def sql(text):
    command = ["psql", "-qAtX", "-F", "\t", "-h", a.state + "/postgres/socket", "-U", "psmon", "psmon", "-c", text]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "psmon", "--"] + command
    out = subprocess.run(command, cwd="/", check=True, capture_output=True, text=True).stdout
    return [line.split("\t") for line in out.splitlines()]


acknowledged = set()


def acknowledge():
    """As somebody in the control room, who has just heard of one; what the command says is so has to be told."""
    with lock:
        heard = sorted({o for _, kind, o, _ in received if kind == "raised"} - acknowledged)
    if heard:
        occurrence = rng.choice(heard)
        r = subprocess.run([a.psmon, "alarm", "-c", a.config, "ack", occurrence, "--by", "nightly"], capture_output=True)
        if r.returncode == 0:
            acknowledged.add(occurrence)


def verdict(name, ok, figures):
    print("figures %s: %s" % (name, figures))
    print("%s %s" % ("ok" if ok else "not ok", name))


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", a.hook_port), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    start()
    await_("the first start", 300, live)
    killed, back = collections.Counter(), []
    while sum(killed.values()) < a.kills:
        time.sleep(rng.choice((0.05, 0.5, 2)) * rng.random() * 2)
        if rng.random() < 0.2:
            acknowledge()
        victim = rng.choice(("psmon", "psmon", "postmaster", "backend"))
        if victim == "psmon":
            kill(monitor.pid)
            monitor.wait()
            killed[victim] += 1
            begun = time.monotonic()
            start()
            if rng.random() < 0.7:  # else it is killed again while it catches up, perhaps
                await_("a monitor that was killed", 60, live)
                back.append(time.monotonic() - begun)
        else:
            pid = postmaster()
            pids = children(pid) if victim == "backend" and pid else [pid]
            if pids and pids[0] and kill(rng.choice(pids)):
                killed[victim] += 1
        if monitor.poll() is not None:
            print("psmon ended by itself with status", monitor.returncode)
            sys.exit(1)
    print("killed", dict(killed), "live again after %.1f s (median), %.1f s (worst)"
          % (statistics.median(back or [0]), max(back or [0])), "messages", len(received), "refused", refused)
    settle()


def settle():
    await_("the monitor to be live", 120, live)
    await_("the database", 120, lambda: metric("psmon_db_up") == 1 and metric("psmon_db_queued") == 0)
    await_("the outbox to be empty", 300, lambda: metric("psmon_outbox_depth") == 0)
    time.sleep(1)
    rows = sql("SELECT occurrence, key, class, told, owed, raised_at, returned_at, extract(epoch FROM raised_at),"
               " extract(epoch FROM coalesce(returned_at, closed_at, 'infinity')), subject, detector,"
               " folded_into FROM alarms WHERE run = 'live' AND"
               " raised_at IS NOT NULL")
    outbox = sql("SELECT message, occurrence, split_part(type, '.', 3), state FROM outbox WHERE run = 'live'")
    monitor.send_signal(signal.SIGTERM)
    status = monitor.wait(120)
    judge(rows, outbox)
    verdict("stopped", status == 0, "exit status %d" % status)


def judge(rows, outbox):
    verdict("signatures", not bad, "%d of %d bad %s" % (len(bad), len(received), bad[:3]))
    heard = {(kind, occurrence) for _, kind, occurrence, _ in received}
    overtaken = {(kind, occurrence) for _, occurrence, kind, state in outbox if state == "superseded"}
    told = [r for r in rows if r[3] == "t"]
    lost = [r[0] for r in told if ("raised", r[0]) not in heard | overtaken]
    lost += [r[0] for r in told if r[6] and ("returned", r[0]) not in heard]
    folded = {r[0] for r in rows if r[11]}  # part of another alarm, which speaks for it
    lost += [o for o in acknowledged - folded if ("acknowledged", o) not in heard | overtaken]
    nowhere = {o for _, o in heard} - {r[0] for r in rows}
    verdict("told", not lost and not nowhere and len(told) > 0,
            "%d alarms told, %d acknowledged, %d lost %s, %d heard of that are in no table"
            % (len(told), len(acknowledged), len(lost), lost[:3], len(nowhere)))
    # one identifier an event, one event an identifier, the same words every time; one occurrence a life
    by_id, by_event = collections.defaultdict(set), collections.defaultdict(set)
    for id_, kind, occurrence, body in received:
        by_id[id_].add((kind, occurrence, body))
        if kind != "grown":  # an event can grow more than once
            by_event[kind, occurrence].add(id_)
    doubled = [k for k, v in list(by_id.items()) + list(by_event.items()) if len(v) > 1]
    lives = sorted(rows, key=lambda r: (r[1], float(r[7])))
    doubled += [y[0] for x, y in zip(lives, lives[1:]) if x[1] == y[1] and float(y[7]) < float(x[8])]
    verdict("doubled", not doubled, "%d of %d messages, %d alarms %s" % (len(doubled), len(received), len(rows), doubled[:3]))
    left = [m for m in outbox if m[3] not in ("delivered", "superseded")]
    verdict("outbox", not left, "%d messages, %d left %s" % (len(outbox), len(left), left[:3]))
    compare(rows)


def compare(rows):
    """A replay of the same time, undisturbed, says which alarms there were; the last half hour is left out, in which
    delays run."""
    end = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(max(float(r[7]) for r in rows) - 1800))
    subprocess.run([a.psmon, "replay", "-c", a.config, "--from", a.since, "--to", end, "--run", "truth"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    out = subprocess.run([a.psmon, "query", "-c", a.config, "alarms", "--run", "truth", "--format", "json"], check=True,
                         capture_output=True, text=True).stdout
    truth = json.loads(out)
    want = {(t["supply"], t["detector"], t["raised_at"][:16]) for t in truth if t["class"] != "monitor" and t["raised_at"]}
    limit = float(max(float(r[7]) for r in rows)) - 1800
    have = {(r[9], r[10], time.strftime("%Y-%m-%dT%H:%M", time.gmtime(float(r[7]))))
            for r in rows if r[2] != "monitor" and float(r[7]) < limit}
    verdict("truth", want == have, "%d alarms in a replay of the same time, missing %s, too many %s"
            % (len(want), sorted(want - have)[:3], sorted(have - want)[:3]))


main()
