#!/bin/sh
# Fails on C files that differ from .clang-format; `make format` writes them.
set -eu
cd "$(dirname "$0")/../.."
bad=$(find base features detectors archive alerts monitor tests -name '*.[ch]' -exec clang-format --dry-run {} + 2>&1 |
    sed -n 's/^\([^:]*\):\([0-9]*\):.*\[-Wclang-format-violations\]$/\1:\2/p')
if [ -n "$bad" ]; then
    printf '%s\n' "$bad"
    echo "format: the above differ from .clang-format; make format"
    exit 1
fi
echo "format: all as .clang-format says"
