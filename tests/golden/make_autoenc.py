#!/usr/bin/env python3
"""Golden numbers for detectors/net/net.c, dense.c and whiten.c by NumPy in float64.

  make_autoenc.py DIR     writes DIR/net.csv and DIR/whiten.csv (name,index,value)

Made once with NumPy 2.x; the seed is 20260385. SPDX-License-Identifier: MIT
"""
import csv
import sys

import numpy as np

SIZES, ROWS, STEPS = (7, 6, 3, 6, 5), 11, 3
RATE, DECAY = 2.385e-3, 1e-2


def write(path, arrays):
    with open(path, "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(("name", "index", "value"))
        for name, a in arrays.items():
            for i, v in enumerate(np.asarray(a).ravel()):
                w.writerow((name, i, "%.9g" % v))


def split(p):
    out, at = [], 0
    for i, o in zip(SIZES, SIZES[1:]):
        out.append((p[at:at + i * o].reshape(o, i), p[at + i * o:at + i * o + o]))
        at += i * o + o
    return out


def forward(p, x):
    ys = [x]
    for k, (w, b) in enumerate(split(p)):
        z = ys[-1] @ w.T + b
        ys.append(z if k == len(SIZES) - 2 else np.tanh(z))
    return ys


def gradient(p, x, target):
    ys = forward(p, x)
    dy = 2 * (ys[-1] - target) / target.size
    parts = []
    for k in reversed(range(len(SIZES) - 1)):
        if k < len(SIZES) - 2:
            dy = dy * (1 - ys[k + 1] ** 2)
        parts.append(np.concatenate([(dy.T @ ys[k]).ravel(), dy.sum(0)]))
        dy = dy @ split(p)[k][0]
    return np.concatenate(parts[::-1])


def main(folder):
    r = np.random.default_rng(20260385)
    n = sum(i * o + o for i, o in zip(SIZES, SIZES[1:]))
    p = r.normal(0, .4, n).astype(np.float32).astype(float)
    x = r.normal(0, 1.3, (ROWS, SIZES[0])).astype(np.float32).astype(float)
    target = x[:, :SIZES[-1]]
    out = {"parameters": p, "x": x, "y": forward(p, x)[-1], "gradient": gradient(p, x, target)}
    m, v, q = np.zeros(n), np.zeros(n), p.copy()
    for t in range(1, STEPS + 1):
        g = gradient(q, x, target)
        m = .9 * m + .1 * g
        v = .999 * v + .001 * g * g
        q = q - RATE * DECAY * q - RATE * (m / (1 - .9 ** t)) / (np.sqrt(v / (1 - .999 ** t)) + 1e-8)
    out["after"] = q
    write(folder + "/net.csv", out)

    mix = r.normal(size=(4, 4))
    z = (r.normal(size=(60, 4)) @ mix * [1, 10, .1, 3] + [5, -2, 0, 100]).astype(np.float32).astype(float)
    s = .02
    c = (1 - s) * np.corrcoef(z.T) + s * np.eye(4)
    val, vec = np.linalg.eigh(c)
    root = vec @ np.diag(val ** -.5) @ vec.T
    u = (z - z.mean(0)) / z.std(0, ddof=1) @ root
    write(folder + "/whiten.csv", {"x": z, "u": u, "back": np.linalg.inv(root)})


if __name__ == "__main__":
    main(sys.argv[1])
