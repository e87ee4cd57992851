#!/bin/sh
# Fails on an option of a command that the man page does not tell, on a key of the configuration that man page or
# sample file do not tell, and on what they tell and psmon does not have.
set -eu
cd "$(dirname "$0")/../.."
man=monitor/psmon.1
bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# compare WHAT HAS TOLD WHERE: two sorted lists
compare() {
    comm -23 "$2" "$3" | sed "s|^|$4: not told: $1 |" > "$work/wrong"
    comm -13 "$2" "$3" | sed "s|^|$4: told, but psmon has no $1 |" >> "$work/wrong"
    [ ! -s "$work/wrong" ] || { cat "$work/wrong"; bad=1; }
}

# ---- options: a command's file against its section of the man page ----
for file in monitor/*.c monitor/*/*.c; do
    commands=$(tr '\n' ' ' < "$file" | grep -oE 'struct command command_[a-z_]+ = \{ *[.]name = "[a-z-]+"' | sed 's/.*"\(.*\)"/\1/')
    [ -n "$commands" ] || continue
    tr '\n' ' ' < "$file" | grep -oE '\{ *"[a-z-]+", *('"'.'"'|0), *OPTION_' | sed 's/[^"]*"\([^"]*\)".*/--\1/' | sort -u > "$work/has"
    : > "$work/told"
    for command in $commands; do
        sed 's/\\-/-/g' $man | awk -v c="$command" '/^\.S[SH] /{on = $1 == ".SS" && $2 == c; seen += on}
            on && /^\.B (-., )?--/ {sub(/.*--/, "--"); print $1}
            END {exit !seen}' >> "$work/told" || { echo "$man: not told: command $command"; bad=1; }
    done
    sort -u -o "$work/told" "$work/told"
    compare option "$work/has" "$work/told" "$man, $file"
done

# ---- keys: the option table against the man page, and against the sample file ----
sed -n '/settings_webhook_table\[\]/,/^};/s/^ *{"\([a-z_.]*\)", [A-Z_]*,.*/webhooks.\1/p' \
    monitor/settings/settings_options.c > "$work/hooks"
sed -n '/settings_table\[\]/,/^};/s/^ *{"\([a-z_.]*\)", [A-Z_]*,.*/\1/p' monitor/settings/settings_options.c |
    sort -u - "$work/hooks" > "$work/has"
[ "$(wc -l < "$work/has")" -ge 10 ] || { echo "documented: the option table is not where it was"; exit 1; }
sed 's/\\-/-/g' $man | awk '/^\.SH/ {on = $2 == "CONFIGURATION"} on && /^\.B [a-z]/ && /: / {sub(":", "", $2); print $2}' |
    sort -u > "$work/told"
compare key "$work/has" "$work/told" $man
# comments that hold a key look like "#   key: value" or "# key: value"; help texts never begin with a word and a colon
awk '{ line = $0; sub(/^# ?/, "", line); sub(/^  - /, "    ", line) }
    line ~ /^ *[a-z_]+:( |$)/ && line !~ /^psmon:/ {
        depth = match(line, /[a-z]/) - 1
        key = line; sub(/^ */, "", key); sub(/:.*/, "", key)
        if (depth == 0) parent = key
        print depth == 0 ? key : parent "." key
    }' monitor/psmon.yaml | sort -u > "$work/keys"
# a parent alone (archiver:) is no key
awk -F. '{key[$0]; if (NF > 1) parent[$1]} END {for (k in key) if (!(k in parent)) print k}' "$work/keys" | sort > "$work/told"
compare key "$work/has" "$work/told" monitor/psmon.yaml
[ $bad -eq 0 ] && echo "documented: every command, option and key, and nothing else"
exit $bad
