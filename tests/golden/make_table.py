#!/usr/bin/env python3
"""Golden numbers for detectors/net/joint.c by NumPy in float64.

  make_table.py DIR     writes DIR/train.csv, DIR/rows.csv (tables) and DIR/fit.csv (name,index,value)

Median and half the central 68 %, clip at 10, covariance, shrink 0.02, Mahalanobis distance of the observed values,
deviation of each value from its conditional mean. Made once with NumPy 2.x; seed 20260911.
SPDX-License-Identifier: MIT
"""
import sys

import numpy as np

D, TRAIN, ROWS = 4, 90, 12


def write(path, x):
    with open(path, "w") as f:
        f.write("time," + ",".join("abcd"[:D]) + "\n")
        for i, row in enumerate(x):
            f.write("2026-01-01T%02d:%02d:00Z," % (i // 60, i % 60) +
                    ",".join("" if np.isnan(v) else "%.7g" % v for v in row) + "\n")


def main(folder):
    r = np.random.default_rng(20260911)
    mix, centre = r.normal(size=(D, D)), np.array([1e4, 0, -30, 2.5])

    def draw(n):
        x = r.normal(size=(n, D)) @ mix * [20, .01, 3, 1] + centre
        x[:, 3] = 7.25  # never changes
        return np.array([[float("%.7g" % v) for v in row] for row in x])

    train, rows = draw(TRAIN), draw(ROWS)
    rows[2, 0] = rows[5, 1] = rows[5, 2] = rows[9, 3] = np.nan
    rows[7, 1] += 0.05
    write(folder + "/train.csv", train)
    write(folder + "/rows.csv", rows)
    c = np.median(train, 0)
    o = np.sort(train, 0)
    s = .5 * (o[int(.84 * TRAIN)] - o[int(.16 * TRAIN)])
    s[3] = 0.1 * 7.25
    z = np.clip((train - c) / s, -10, 10)
    sigma = .98 * np.cov(z.T) + .02 * np.eye(D)
    out = []
    for x in rows:
        y = np.clip((x - c) / s, -10, 10)
        o = ~np.isnan(y)
        out.append(y[o] @ np.linalg.solve(sigma[np.ix_(o, o)], y[o]))
        for j in range(D):
            k = o.copy()
            k[j] = False
            out.append(y[j] - sigma[j, k] @ np.linalg.solve(sigma[np.ix_(k, k)], y[k]))
    with open(folder + "/fit.csv", "w") as f:
        f.write("name,index,value\n")
        for i, v in enumerate(out):
            f.write("row,%d,%s\n" % (i, "nan" if np.isnan(v) else "%.9g" % v))


if __name__ == "__main__":
    main(sys.argv[1])
