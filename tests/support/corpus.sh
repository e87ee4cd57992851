#!/bin/sh
# Runs a fuzz target (a program of tests/fuzz/main.c) over the inputs kept for it. $1: the program.
name=$(basename "$1" .t)
set -- "$1" tests/fuzz/corpus/"$name"/*
[ -e "$2" ] || { echo "not ok - tests/fuzz/corpus/$name holds nothing"; echo 1..1; exit 1; }
exec "$@"
