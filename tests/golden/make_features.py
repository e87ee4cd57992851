#!/usr/bin/env python3
"""Makes tests/golden/features/*.csv from independent implementations (NumPy, SciPy).

jsd.csv         histograms of counts and scipy.spatial.distance.jensenshannon(base=2)**2
lowpass.csv     a current i and first-order low passes of i² and |i| by scipy.signal.lfilter
regression.csv  supplies of one family: rows of regressors and target, and the ridge solution shrunk to
                the family's slopes, by numpy.linalg

Run once: python3 -m venv V && V/bin/pip install numpy scipy && V/bin/python tests/golden/make_features.py
SPDX-License-Identifier: MIT"""
import os
import numpy as np
from scipy.signal import lfilter
from scipy.spatial.distance import jensenshannon

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "features")


def write(name, header, rows):
    os.makedirs(HERE, exist_ok=True)
    with open(os.path.join(HERE, name), "w", newline="\n") as f:
        f.write(",".join(header) + "\n")
        for r in rows:
            f.write(",".join(repr(float(x)) if not float(x).is_integer() else str(int(x)) for x in r) + "\n")


def jsd():
    rng = np.random.default_rng(20261122)
    rows = []
    for i in range(200):
        p = rng.multinomial(720, rng.dirichlet(np.full(10, [0.1, 1, 30][i % 3])))
        q = rng.multinomial(20160, rng.dirichlet(np.full(10, [0.1, 1, 30, 300][i % 4])))
        if i == 0:
            q = p * 28
        if i == 1:
            p, q = np.array([720] + [0] * 9), np.array([0] * 9 + [20160])
        d = jensenshannon(p.astype(float), q.astype(float), base=2)
        rows.append(list(p) + list(q) + [0.0 if np.isnan(d) else d * d])
    write("jsd.csv", [f"p{k}" for k in range(10)] + [f"q{k}" for k in range(10)] + ["jsd"], rows)


def lowpass():
    rng = np.random.default_rng(7)
    n = 300
    x = np.where(np.arange(n) < 90, 0.52, -0.81) + 0.001 * rng.standard_normal(n)
    x = np.round(x, 6)
    x = ((160 * x).astype(np.float32) / np.float32(160)).astype(float)  # as read back in float
    out = [x]
    for signal in (x * x, np.abs(x)):
        for tau in (3, 15, 60):
            a = 1 - np.exp(-1 / tau)
            y, _ = lfilter([a], [1, -(1 - a)], signal, zi=[(1 - a) * signal[0]])
            out.append(y)
    write("lowpass.csv", ["i", "q3", "q15", "q60", "a3", "a15", "a60"], np.array(out).T)


def regression():
    """Three supplies of four regressors (first one constant); the last one hardly moves, in a corner."""
    rng = np.random.default_rng(11)
    rows, slopes_g, slopes_h = [], np.zeros((3, 3)), np.zeros(3)
    diag = np.zeros(3)
    data = []
    for s, n in enumerate((130, 150, 120)):
        x = np.column_stack([np.ones(n), rng.normal(0.5 if s < 2 else 0.05, 0.1 if s < 2 else 0.001, (n, 3))])
        x[:, 3] = x[:, 2] + 0.01 * rng.standard_normal(n)  # nearly collinear
        y = x @ np.array([30 + s, 5, 2, -1]) + 0.1 * rng.standard_normal(n)
        x, y = np.round(x, 6), np.round(y, 6)
        data.append((x, y))
        c = x[:, 1:] - x[:, 1:].mean(0)
        slopes_g += c.T @ c
        slopes_h += c.T @ (y - y.mean())
        diag += (x[:, 1:] ** 2).sum(0)
    family = np.linalg.solve(slopes_g + np.diag(1e-6 * diag), slopes_h)
    usual = np.concatenate([[0], diag / sum(len(y) for _, y in data)])
    for s, (x, y) in enumerate(data):
        G = x.T @ x
        D = np.diag(0.01 * np.maximum(np.diag(G), usual * len(x)))
        D[0, 0] = 0
        beta = np.linalg.solve(G + D, x.T @ y + D @ np.concatenate([[0], family]))
        for i in range(len(y)):
            rows.append([s, *x[i], y[i], *beta])
    write("regression.csv", ["supply", "x0", "x1", "x2", "x3", "y", "b0", "b1", "b2", "b3"], rows)


if __name__ == "__main__":
    jsd()
    lowpass()
    regression()
