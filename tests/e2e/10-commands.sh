#!/bin/sh
# The command line: help, versions, exit codes, errors that name what is wrong.
. "$(dirname "$0")/../support/e2e.sh"

for command in run train model replay report query audit alarm import score evaluate simulate receive check-config completion; do
    exits 0 "$command --help" "$PSMON" $command --help
    exits 0 "help $command" "$PSMON" help $command
    says "usage: psmon $command" "says the same"
done
exits 0 "version" "$PSMON" version
exits 0 "-V" "$PSMON" -V
says "psmon " "is the version"
exits 2 "no command is wrong use" "$PSMON"
exits 2 "an unknown command is wrong use" "$PSMON" frobnicate
exits 2 "a mistyped one too" "$PSMON" relpay
says "unknown command 'relpay' (did you mean 'replay'?); psmon --help lists them" "and what was meant is guessed"
exits 2 "help for it too" "$PSMON" help trian
says "did you mean 'train'?" "with the guess"
exits 2 "an unknown option is wrong use" "$PSMON" run --frobnicate
exits 2 "a mistyped one" "$PSMON" run --sicne now
says "unknown option --sicne (did you mean --since?); see psmon run --help" "with the guess"
exits 2 "a missing option is wrong use" "$PSMON" train --from 2026-01-01
exits 2 "a bad time is wrong use" "$PSMON" train -c x --from yesterdy --to today
says "'yesterdy' is not a time (want 2026-11-22T03:04:05Z, yesterday, now or -7d)" "and is named"
exits 2 "a number that is none is wrong use" "$PSMON" simulate --seed 99999999999999999999
says "--seed: '99999999999999999999' is not a whole number" "and is named"
exits 2 "a list with a word that is none" "$PSMON" simulate --labels-out "$work/none" --commons air,pumpp
says "--commons: there is no 'pumpp' (did you mean 'pump'?)" "names it, with the guess"
exits 2 "a failure mode that is none" "$PSMON" simulate --labels-out "$work/none" --fault-modes 3,17-20
says "--fault-modes: '17-20': numbers from 1 to 19, or all" "is named"
exits 0 "a ring that lives" "$PSMON" simulate --supplies 66 --from 2026-03-02 --days 35 --manifolds --physics b \
    --fault-modes all --fault-size any --fault-ends all --commons all --contexts all --labels-out "$work/labels.csv"
grep -q '^water:W0[12][AB],,[a-z_]*,common,' "$work/labels.csv" && grep -q '^\*,,current,benign,.*,lattice change,' "$work/labels.csv"
ok $? "has labels of common causes and of what is no fault"
exits 0 "rings that live are judged" "$PSMON" evaluate --supplies 33 --train-days 4 --rings 1 --weeks 1 --faulty-rings 1 \
    --faulty-weeks 1 --living all --no-in-sample --comparators --jobs 2 --tables-out "$work/tables.csv"
grep -q '^false findings,after a common cause,budget 1,' "$work/tables.csv"
ok $? "by what went on"
grep -q '^comparators at budget 1,CUSUM,false a week,' "$work/tables.csv" &&
    grep -q '^aims,.*faults present: measured / stated at budget 1",holds in a,' "$work/tables.csv"
ok $? "beside plainer detectors, and beside what is aimed at"
exits 2 "a physics that there is not" "$PSMON" evaluate --physics a,c
says "--physics: there is no 'c'" "is named"
exits 2 "a word that is not UTF-8" "$PSMON" alarm -c x ack A --by "$(printf 'J\374rgen')"
says "not UTF-8: J?rgen" "is named"
exits 2 "something to show that there is not" "$PSMON" query -c x finding
says "cannot show 'finding' (did you mean 'findings'?)" "with the guess"

# what shells complete comes of the tables of commands and options
suggest() { # WORD...: the suggestions for the last one
    "$PSMON" completion bash > "$work/completion"
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _psmon; printf "%s\n" "${COMPREPLY[@]}"' \
        completion "$work/completion" "$@"
}
completes() { # WANT WORD...
    want=$1
    shift
    suggest "$@" > "$work/last"
    test "$(tr '\n' ' ' < "$work/last")" = "$want"
}
try "bash completes commands" completes "replay report receive " psmon re
try "and after help" completes "train " psmon help tr
try "and options" completes "--from --format " psmon query --f
try "and words" completes "findings " psmon query fin
try "and words of model" completes "activate " psmon model a
try "every command has its lines" sh -c 'for c in $("$0" --help | sed -n "s/^  \([a-z-]*\) .*/\1/p"); do
    [ "$c" = version ] || grep -q "^$c) cat" "$1" || { echo "$c"; exit 1; }; done' "$PSMON" "$work/completion"

cat > "$work/fleet.csv" <<'X'
supply,family,sector,signal,pv,unit
Q1,quad,S1,current,Q1:I,A
Q1,quad,S1,voltage,Q1:V,V
X
write() { printf 'fleet: fleet.csv\narchiver: {url: "http://127.0.0.1:1"}\nstate_dir: %s/state\n%s\n' "$work" "$1" > "$work/c.yaml"; }
write ""
exits 0 "a small configuration is valid" "$PSMON" check-config -c "$work/c.yaml"
says "budget: 1" "and its defaults are printed"
exits 1 "nobody is where the archiver should be" "$PSMON" check-config -c "$work/c.yaml" --probe
says "archiver  WRONG  http://127.0.0.1:1/retrieval/data/getData.raw: could not connect: Connection refused" "which a probe says"
write "colour: red"
exits 2 "an unknown key is refused" "$PSMON" check-config -c "$work/c.yaml"
says "c.yaml:4: colour: unknown key" "with file, line and key"
write "http: {listen: 8088}"
exits 2 "an address without a port is refused before a start" "$PSMON" check-config -c "$work/c.yaml"
says "c.yaml:4: http.listen: '8088' is not ADDRESS:PORT such as 127.0.0.1:8088" "with what is wanted"
exits 2 "a folder for a configuration" "$PSMON" check-config -c "$work"
says "$work is a folder" "is told as one"
exits 2 "a file of another kind" "$PSMON" check-config -c "$work/fleet.csv"
says "fleet.csv:1: is no configuration" "too"
exits 2 "a configuration without -c" "$PSMON" check-config "$work/c.yaml"
says "(a configuration is named by -c)" "is told how"
write "settle: 3 s"
exits 2 "one in the wrong section" "$PSMON" check-config -c "$work/c.yaml"
says "c.yaml:4: settle: unknown key (did you mean 'archiver.settle'?)" "with the guess"
write ""
echo 'Q1,quad,S1,dac,Q1:I,1' >> "$work/fleet.csv"
exits 2 "a PV twice is refused" "$PSMON" check-config -c "$work/c.yaml"
says "fleet.csv:4: pv: twice: 'Q1:I'" "with file, line and PV"
sed -i '$d' "$work/fleet.csv"
echo 'Q1,sext,S1,dac,Q1:D,1' >> "$work/fleet.csv"
exits 2 "a supply that disagrees with itself is refused" "$PSMON" check-config -c "$work/c.yaml"
says "fleet.csv:4: family:" "with file, line and column"
sed -i '$d' "$work/fleet.csv"
exits 0 "there is no model yet" "$PSMON" model -c "$work/c.yaml" list
says "none; psmon train makes one" "and that is said"
exits 2 "none can be put in force" "$PSMON" model -c "$work/c.yaml" activate good
says "there is no model 'good'" "and which is said"
exits 2 "a period that ends before it begins" "$PSMON" train -c "$work/c.yaml" --from yesterday --to -7d
says "must be after --from" "is told as that"

# names that nearly are what they should be
cp "$work/fleet.csv" "$work/whole.csv"
echo 'Q1,quad,S1,igbt_temp,Q1:T,C' >> "$work/fleet.csv"
exits 0 "a signal of another name is allowed" "$PSMON" check-config -c "$work/c.yaml"
says '`igbt_temp` is not one of the six: treated without physics; did you mean igbt_temperature?' "and warned of"
says "1 of 1 supplies have no 'dac'" "as is what is missing"
sed -i '1s/signal/signl/' "$work/fleet.csv"
exits 2 "a column of another name is not" "$PSMON" check-config -c "$work/c.yaml"
says "fleet.csv:1: column 'signal' is missing (is 'signl' meant to be it?)" "with the guess"
sed -i '1s/signl/signal/; 1s/unit/unit,feder/' "$work/fleet.csv"
exits 2 "nor one that nobody reads" "$PSMON" check-config -c "$work/c.yaml"
says "unknown column 'feder' (did you mean 'feeder'?)" "with the guess"
cp "$work/whole.csv" "$work/fleet.csv"
write "max_age: {curent: 5 min}"
exits 2 "a signal that the fleet lacks" "$PSMON" check-config -c "$work/c.yaml"
says "c.yaml:4: max_age.curent: no channel of the fleet has this signal (did you mean 'current'?)" "with the guess"

# make install and make uninstall
install_to() { env PSMON="$PSMON" DESTDIR="$work/root" PREFIX=/usr sh "$(dirname "$0")/../../monitor/install.sh" "$1"; }
exits 0 "it is installed" install_to install
etc=$work/root/etc/psmon
exits 0 "with a configuration and a fleet that are valid" "$PSMON" check-config -c "$etc/psmon.yaml"
says "fleet: 2 supplies, 10 channels" "the samples"
try "that only root and psmon can read" test "$(stat -c %a "$etc/psmon.yaml")" = 640
for file in bin/psmon share/man/man1/psmon.1 lib/systemd/system/psmon.service lib/sysusers.d/psmon.conf \
    lib/tmpfiles.d/psmon.conf share/bash-completion/completions/psmon share/zsh/site-functions/_psmon \
    share/doc/psmon/site.md share/doc/psmon/psmon.yaml; do
    [ -s "$work/root/usr/$file" ] || echo "$file is not there"
done > "$work/missing"
try "and all that belongs to it" test ! -s "$work/missing"
try "the unit starts what was installed" grep -q '^ExecStart=/usr/bin/psmon run -c /etc/psmon/psmon.yaml' \
    "$work/root/usr/lib/systemd/system/psmon.service"
printf 'fleet: fleet.csv\nmaintenance: maintenance.csv\narchiver: {url: "http://127.0.0.1:1"}\nstate_dir: %s/state\n' "$work" \
    > "$work/root/usr/share/doc/psmon/all.yaml"
exits 0 "the sample of maintenance is valid" "$PSMON" check-config -c "$work/root/usr/share/doc/psmon/all.yaml"
says "maintenance: 3 entries" "and read"
rm "$work/root/usr/share/doc/psmon/all.yaml"
echo "# mine" >> "$etc/psmon.yaml"
exits 0 "installed again" install_to install
try "it leaves a configuration alone" grep -q "# mine" "$etc/psmon.yaml"
exits 0 "it is uninstalled" install_to uninstall
try "what was edited stays" grep -q "# mine" "$etc/psmon.yaml"
rm "$etc/psmon.yaml"
try "and nothing else" test -z "$(find "$work/root" -type f)"

"$PSMON" check-config --sample > "$work/sample.yaml"
cp "$work/fleet.csv" "$work/sample-fleet.csv"
sed -i "s|^fleet: .*|fleet: $work/fleet.csv|" "$work/sample.yaml"
exits 0 "the sample file is valid" "$PSMON" check-config -c "$work/sample.yaml"
# ---- secrets: not in the list of processes, not for everybody's eyes ----
exits 2 "receive takes no secret as an option" "$PSMON" receive --listen 127.0.0.1:0 --secret whsec_x
SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
(umask 022 && "$PSMON" simulate --supplies 66 --days 1 --config-out "$work/psmon.yaml" --state-dir "$work/state" \
    --webhook http://127.0.0.1:9/hook --webhook-secret-file "$(secret_file)") > "$work/last" 2>&1
[ "$(stat -c %a "$work/psmon.yaml")" = 600 ] && grep -q "$SECRET" "$work/psmon.yaml"
ok $? "the configuration that simulate writes is for its owner only"
echo "archiver: {url: http://127.0.0.1:9}" >> "$work/psmon.yaml"
try "and checked" "$PSMON" check-config -c "$work/psmon.yaml"
! grep -q "everybody" "$work/last"
ok $? "without a warning"
chmod 644 "$work/psmon.yaml"
try "readable by all" "$PSMON" check-config -c "$work/psmon.yaml"
says "chmod o= $work/psmon.yaml" "there is one, with what to do"
! grep -q -e "$SECRET" -e /hook "$work/last"
ok $? "and no secret in what is printed"

# ---- a container's user: a number that nobody has named ----
if [ "$(id -u)" -eq 0 ]; then
    mkdir -m 777 "$work/nobody"
    sed "s|^state_dir: .*|state_dir: $work/nobody/state|" "$work/psmon.yaml" > "$work/nobody.yaml"
    chmod 644 "$work/nobody.yaml" "$work/fleet.csv"
    setpriv --reuid=54321 --regid=54321 --clear-groups "$PSMON" run -c "$work/nobody.yaml" > "$work/last" 2>&1 &
    pid=$!
    pids="$pid $pids"
    # with libnss-wrapper it has a database, without it says what to do
    await 60 grep -qE 'run supplies=|user id 54321 has no name, .*install package libnss-wrapper, or set database.url' "$work/last"
    ok $? "a user without a name has a database or is told what it takes"
fi

plan
