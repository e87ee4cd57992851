#!/bin/sh
# Fails on functions that psmon does not use: unsafe, not thread-safe, or blocking a daemon.
set -eu
cd "$(dirname "$0")/../.."
words='strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|atof|atol|alloca|system|popen|rand|srand|localtime|gmtime|ctime|asctime|tmpnam|mktemp'
if grep -rnE "(^|[^A-Za-z0-9_.>])($words) *\(" --include='*.[ch]' base features detectors archive alerts monitor tests | grep -vE '^[^:]*:[0-9]+: *(\*|/\*)'; then
    echo "functions: the above are not used in psmon (c17, *_r, snprintf, strtod with an end check instead)"
    exit 1
fi
echo "functions: none of the unwanted ones"
