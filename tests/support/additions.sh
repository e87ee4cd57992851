# Sourced by tests/e2e/*-add-*.sh, after e2e.sh: in a copy of the tree an addition is one new file and one line of a
# table; the copy is built, and what it built is $added.
# shellcheck shell=sh
here=$(cd "$(dirname "$0")/../.." && pwd)

# copy_tree: $copy is this tree with what is built of it, so that building the copy takes seconds
copy_tree() {
    copy=${work:?of e2e.sh}/tree
    mkdir -p "$copy/build" || return 1
    (cd "$here" && tar cf - --exclude=./build --exclude=./.git .) | tar xf - -C "$copy" || return 1
    cp -a "$(dirname "$BUILD_DIR")/gen" "$BUILD_DIR" "$copy/build/" || return 1
    rm -rf "$copy/build/$(basename "$BUILD_DIR")/e2e"
}

# add FILE ROOM TABLE LINE NEW: puts tests/additions/FILE into the folder ROOM and the line NEW after the only line of
# TABLE that is LINE
add() {
    cp "$here/tests/additions/$1" "$copy/$2/" || return 1
    [ "$(grep -cxF -- "$4" "$copy/$3")" -eq 1 ] || { echo "$3: not one line is: $4"; return 1; }
    line=$(grep -nxF -- "$4" "$copy/$3" | cut -d: -f1)
    { head -n "$line" "$here/$3"; printf '%s\n' "$5"; tail -n "+$((line + 1))" "$here/$3"; } > "$copy/$3"
}

# only_added: the copy differs from the tree by one file and one line that are new
only_added() {
    diff -r -x build -x .git "$here" "$copy" > "$work/difference"
    [ "$(grep -c '^Only in' "$work/difference")" -eq 1 ] && [ "$(grep -c '^diff' "$work/difference")" -eq 1 ] &&
        [ "$(grep -c '^>' "$work/difference")" -eq 1 ] && ! grep '^<' "$work/difference"
}

# build_copy: without a warning
build_copy() {
    sanitizers=$(basename "$BUILD_DIR" | sed -n 's/^san-//p' | tr - ,)
    # a make of its own: of the one that runs the tests neither its variables nor its job server
    env -u MAKEFLAGS -u MAKEOVERRIDES make -C "$copy" --no-print-directory SAN="$sanitizers" all > "$work/make.log" 2>&1 || {
        tail -n 20 "$work/make.log"
        return 1
    }
    # shellcheck disable=SC2034 # the tests run it
    added=$copy/build/$(basename "$BUILD_DIR")/psmon
    ! grep 'warning:' "$work/make.log"
}
