#!/bin/sh
# A small ring that lives, learned and judged by `psmon evaluate`: common causes of a water circuit, a sector and a rack,
# weather, set-points that change, supplies that are swapped, and faults, some of them while a common cause acts. What is
# aimed at on any ring has to hold on this one.
. "$(dirname "$0")/../support/e2e.sh"
cd "$work" || exit 1

"$PSMON" evaluate --supplies 66 --rings 0 --faulty-rings 1 --faulty-weeks 2 --train-days 14 --living all --seed 92 \
    --no-in-sample --tables-out ring.csv > ring.txt 2> log
try "a ring is judged" test -s ring.csv
# within ROW LEAST MOST: the value of an aim
within() {
    v=$(grep -F "aims,\"$1\",physics a," ring.csv | sed 's/.*,//')
    echo "# $1: $v"
    test -n "$v" && awk -v v="$v" -v least="$2" -v most="$3" 'BEGIN { exit !(v + 0 >= least && v + 0 <= most) }'
}
# found KIND: a common cause of that kind was found, and the group named
found() { grep -qxF "common causes,$1,group named,1" ring.csv; }
try "false findings are at most twice what is stated" \
    within "false findings, faults present: measured / stated at budget 1" 0 2
try "one event is one finding" within "findings per common event that was found, mean" 1 2
try "on the group that it concerns" within "of those, the right group named, %" 90 100
try "a circuit whose water is warmer is found" found "water temperature"
try "a sector whose air is, too" found "air handling"
try "and a rack whose fans fail" found "rack fan"
try "medium faults are found" within "medium faults found at budget 1, without modes 9 and 18, %" 95 100
try "what is found is what it is" within "class right, of what was found, %" 90 100
try "nearly all minutes are judged" within "supply-minutes outside maintenance that were scored, %" 95 100
plan
