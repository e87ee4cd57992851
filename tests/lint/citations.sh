#!/bin/sh
# Fails on a document or section that a comment cites and docs/ does not have ("detection.md §6.3"), and on a file that a
# document names and the tree does not have.
set -eu
cd "$(dirname "$0")/../.."
bad=0
complain() {
    echo "$1"
    bad=1
}
cited=$(grep -rnoE '[a-z-]+\.md( §[0-9]+(\.[0-9]+)?)?' --include='*.[chy]*' --include='*.sh' base features detectors archive alerts monitor tests |
    grep -v '^tests/lint/' | sed 's/ §/§/; s/ /_/g')
for c in $cited; do
    where=${c%:*} what=${c##*:}
    document=${what%%§*} section=
    case $what in *§*) section=${what##*§} ;; esac
    file=docs/$document
    [ -e "$file" ] || file=$document
    [ -e "$file" ] || file=$(dirname "${where%%:*}")/$document
    if [ ! -e "$file" ]; then
        complain "$where: cites $document, which is not there"
    elif [ -n "$section" ] && ! grep -qE "^##+ $section " "$file"; then
        complain "$where: cites $file §$section, which is not there"
    fi
done
# `detectors/net/`, `features/hist.c` …, also with several names in braces, are paths from the root
for document in docs/*.md README.md CONTRIBUTING.md; do
    [ -e "$document" ] || continue
    named=$(grep -oE '`(base|features|detectors|archive|alerts|monitor|tests|docs|dashboards)/[A-Za-z0-9_./-]+`' "$document" | tr -d '\140' | sort -u)
    for path in $named; do
        [ -e "$path" ] || complain "$document: names $path, which is not there"
    done
done
[ $bad -eq 0 ] && echo "citations: what is cited is there"
exit $bad
