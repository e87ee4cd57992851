#!/bin/sh
# Scores of two public data sets by `psmon score` with its default settings, as in the README:
#   public_tables.sh PSMON DATA SCORING
# PSMON: the binary. DATA: a folder with tep/ (Tennessee Eastman process; camaramm/tennessee-eastman-
# profBraatz @ 0643318: normal_train.csv, normal_test.csv, fault01_test.csv ... fault21_test.csv) and nab/
# (numenta/NAB @ ea702d7: machine_temperature_system_failure.csv, ambient_...), columns time, signals,
# label. SCORING: a folder with tep.py, pointwise.py, vus.py (Python 3, standard library).
# SPDX-License-Identifier: MIT
set -eu
[ $# -eq 3 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
psmon=$1 data=$2 scoring=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# column of a table by its name
column() {
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$2"
}

echo "Tennessee Eastman: learned from 500 rows, threshold from 960, 21 faults of 960 rows"
mkdir "$work/score" "$work/jsd" "$work/out"
for file in normal_test fault01_test fault02_test fault03_test fault04_test fault05_test fault06_test \
    fault07_test fault08_test fault09_test fault10_test fault11_test fault12_test fault13_test \
    fault14_test fault15_test fault16_test fault17_test fault18_test fault19_test fault20_test fault21_test; do
    k=$(echo "$file" | tr -cd 0-9)
    "$psmon" score --train "$data/tep/normal_train.csv" --calibrate "$data/tep/normal_test.csv" \
        --alpha 0.01 "$data/tep/$file.csv" -o "$work/out/${k:-00}.csv"
    column score "$work/out/${k:-00}.csv" > "$work/score/${k:-00}.txt"
done
python3 "$scoring/tep.py" "$work/score" | tail -1
# the program's own flags: rows after the fault, rows before it
awk -F, 'FNR == 1 { file++; next }
    file == 1 { normal += $3; window_normal += $NF; next }
    FNR - 1 <= 160 { before += $3; window_before += $NF; next }
    { after += $3; window_after += $NF; n++ }
    END { form = "%s column: rows after a fault %.4f, before it %.4f, healthy run %.4f\n"
          printf form, "flag", after / n, before / (160 * (file - 1)), normal / 960
          printf form, "window_flag", window_after / n, window_before / (160 * (file - 1)), window_normal / 960 }' "$work"/out/*.csv

for name in machine_temperature ambient_temperature; do
    table=$data/nab/${name}_system_failure.csv
    rows=$(($(wc -l < "$table") - 1))
    cut=$((rows * 15 / 100))
    head -n $((cut + 1)) "$table" > "$work/train.csv"
    { head -n 1 "$table"; tail -n +$((cut + 2)) "$table"; } > "$work/test.csv"
    "$psmon" score --train "$work/train.csv" "$work/test.csv" -o "$work/out.csv" 2> "$work/notes"
    column score "$work/out.csv" > "$work/s.txt"
    column label "$work/test.csv" > "$work/y.txt"
    echo "NAB $name: learned from the first $cut rows, the rest scored"
    python3 "$scoring/pointwise.py" "$work/s.txt" "$work/y.txt" | grep -E '^(AP|AUROC) '
    python3 "$scoring/vus.py" "$work/s.txt" "$work/y.txt" | grep VUS-PR
    awk -F, 'NR == FNR { y[NR] = $1; next } FNR > 1 { if (y[FNR - 1]) { a += $3; n++ } else { f += $3; m++ } }
        END { printf "flag column: labelled rows %.4f, other rows %.4f\n", a / n, f / m }' \
        "$work/y.txt" "$work/out.csv"
done
