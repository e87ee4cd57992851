#!/bin/sh
# psmon score from outside: the columns of OUT, what is refused, what is left alone.
. "$(dirname "$0")/../support/e2e.sh"
cd "$work" || exit 1

# Two signals, one following the other, and a label; with a third argument the relation breaks at row 300.
table() {
    awk -v n="$1" -v seed="$2" -v broken="${3:-0}" 'BEGIN {
        srand(seed)
        print "time,pressure,flow,label"
        for (i = 0; i < n; i++) {
            late = (i >= 300)
            a = rand() + rand() + rand() + rand() - 2
            f = 7 * a + rand() - ((broken && late) ? 6 : 0)
            printf "2026-03-%02dT%02d:%02d:00Z,%.4f,%.4f,%d\n", 1 + i / 1440, i / 60 % 24, i % 60, a, f, late
        }
    }'
}
table 600 1 > train.csv
table 900 2 > healthy.csv
table 400 3 1 > test.csv
score() { "$PSMON" score --train train.csv --calibrate healthy.csv "$@"; }
# scored TABLE OPTION...: its scores are those of test.csv
scored() { score "$@" -o - | cmp -s - scores.csv; }
first_column() { tail -n +2 "$1" | cut -d, -f1; }

try "scores a table" score test.csv -o scores.csv
try "columns as promised" test "$(head -n 1 scores.csv)" = "time,score,flag,jsd,reconstruction,chance,top,why,window_flag"
first_column test.csv > want
first_column scores.csv > got
try "one row per row, at its time" cmp want got
try "flags the broken relation, and little else" awk -F, '
    NR > 1 && NR <= 301 { before += $3 }
    NR > 320 { after += $3 }
    END { print before, after; exit !(before <= 15 && after >= 78) }' scores.csv
try "window_flag is chance <= alpha, and flag not without it" awk -F, '
    NR > 1 && ($NF != ($6 <= 0.01) || $3 > $NF) { bad = 1 }
    END { exit bad }' scores.csv
try "no temporary file is left" test -z "$(find . -name '*.tmp')"
try "the same on standard output" scored test.csv
try "a pipe is read as a file is" sh -c "cat test.csv | '$PSMON' score --train train.csv --calibrate healthy.csv \\
    /dev/stdin -o - | cmp -s - scores.csv"
sed '2,$s/[01]$/7/' test.csv > relabelled.csv
try "labels change nothing" scored relabelled.csv
try "an hour is 60 rows of a minute" scored test.csv --window "1 h"
sed '101s/,.*/,,,/' test.csv > gap.csv
score gap.csv -o - 2>/dev/null | sed -n 101p > got
echo '2026-03-01T01:39:00Z,,0,,,,,not scored: no values,0' > want
try "a row without values says so" cmp want got
exits 0 "scores into a device" "$PSMON" score --train train.csv test.csv -o /dev/null
says "cold-start" "without calibration it says so"
try "which stays one" test -c /dev/null

exits 2 "training table wanted" "$PSMON" score test.csv -o x.csv
exits 2 "table wanted" score -o x.csv
exits 2 "alpha out of range" score --alpha 1 test.csv -o x.csv
exits 2 "window of words" score --window later test.csv -o x.csv
sed '5s/.*/2026-03-01T00:03:00Z,high,1,0/' test.csv > text.csv
exits 0 "text among numbers costs its cell" score text.csv -o text-scores.csv
says "text.csv:5: pressure: 'high' is not a number" "with file, line and column"
try "and no row" test "$(wc -l < text-scores.csv)" = "$(wc -l < test.csv)"
sed '2,$s/,[^,]*,\([01]\)$/,high,\1/' test.csv > text.csv
exits 1 "a column of text" score text.csv -o x.csv
says "text.csv:2: flow: 'high' is not a number" "with file, line and column"
awk -F, -v OFS=';' 'NR == 1 { $1 = "Zeit" } NR > 1 { split($1, t, /[-T:Z]/); $1 = t[3] ":" t[2] ":" t[1] " " t[4] "h" t[5] }
    { $1 = $1; gsub(/[.]/, ","); if (NR > 1) { sub(":", "."); sub(":", "."); sub("h", ":") } print }' test.csv > german.csv
try "semicolons and decimal commas give the same scores" scored german.csv
exits 0 "and are said" score german.csv -o german-scores.csv
says "german.csv: separated by semicolons, decimal commas; times are day.month.year" "once"
awk -F, -v OFS=, 'NR > 1 { split($1, t, /[-T:Z]/); $1 = t[2] "/" t[3] "/" t[1] " " t[4] ":" t[5] } 1' test.csv > dates.csv
exits 1 "times that do not tell what they are" score dates.csv -o x.csv
says "dates.csv:2: time: '03/01/2026 00:00' is not a time" "are named"
says "the format is perhaps '%d/%m/%Y %H:%M'" "with a guess"
exits 2 "a zone that there is not" score --timezone Mars/Olympus test.csv -o x.csv
says "--timezone: 'Mars/Olympus' is not a known time zone" "is named"
exits 2 "a format of times without a day" score --time-format %H:%M dates.csv -o x.csv
for f in train healthy test; do
    awk -F, -v OFS=, 'NR > 1 { split($1, t, /[-T:Z]/); $1 = t[2] "/" t[3] "/" t[1] " " t[4] ":" t[5] } 1' $f.csv > dates-$f.csv
done
try "a format of times is taken" "$PSMON" score --time-format '%m/%d/%Y %H:%M' --train dates-train.csv \
    --calibrate dates-healthy.csv dates-test.csv -o dates-scores.csv
try "and means the same" cmp dates-scores.csv scores.csv
sed 's/,flow,/,level,/' test.csv > other.csv
exits 1 "other columns" score other.csv -o x.csv
says "column 'flow' of train.csv is missing" "and which"
head -n 30 healthy.csv > few.csv
exits 1 "too few rows" "$PSMON" score --train few.csv test.csv -o x.csv
says "few.csv: 29 rows" "and how many"
exits 1 "too few rows to calibrate" "$PSMON" score --train train.csv --calibrate few.csv test.csv -o x.csv
try "nothing is written when refused" test ! -e x.csv
plan
