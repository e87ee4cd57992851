#!/bin/sh
# Fails on shell scripts that shellcheck complains of (.shellcheckrc says what is left out, and why).
set -eu
cd "$(dirname "$0")/../.."
find .ci tests monitor -name '*.sh' -o -path .ci/run | sort | xargs shellcheck
echo "shell: shellcheck has nothing to say"
