#!/bin/sh
# Fails on functions that psmon does not use: unsafe, not thread-safe, blocking a daemon, or belonging in one place.
set -eu
cd "$(dirname "$0")/../.."
layers="base features detectors archive alerts monitor"
bad=0

# unwanted WHY FUNCTIONS WHERE [FILE...]: calls of the functions in the C files of WHERE, but for those of the FILEs
unwanted() {
    why=$1 words=$2 where=$3
    shift 3
    allowed=$(printf '%s|' "$@" | sed 's/[.]/\\./g; s/|$//')
    # shellcheck disable=SC2086
    found=$(grep -rnE "(^|[^A-Za-z0-9_.>])($words) *\(" --include='*.[ch]' $where |
        grep -vE '^[^:]*:[0-9]+: *(\*|/\*)' | grep -vE "^(${allowed:-none}):" || true)
    [ -n "$found" ] || return 0
    printf '%s\n' "$found"
    echo "functions: the above: $why"
    bad=1
}

unwanted "no end to what is written: snprintf, struct buf" \
    'strcpy|strcat|stpcpy|strncpy|strncat|wcscpy|sprintf|vsprintf|gets|alloca|bcopy|bzero|index|rindex' "$layers tests"
unwanted "no sign of wrong input: strtod, strtol with an end check, base/text/number.h" \
    'atoi|atof|atol|atoll|scanf|sscanf|fscanf|vsscanf' "$layers" monitor/page/metrics.c
unwanted "one hidden state for all threads: the *_r functions, base/time/timefmt.h" \
    'strtok|localtime|gmtime|ctime|asctime|inet_ntoa|ttyname|getlogin|cuserid|ecvt|fcvt|crypt|lgamma|ftok' "$layers tests"
unwanted "not reproducible: seeded generators (archive/sim/random.h), digest_random for secrets" \
    'rand|srand|random|srandom|drand48|srand48' "$layers tests"
unwanted "a name another process can take first: mkstemp, mkdtemp" 'tmpnam|tempnam|mktemp|tmpfile' "$layers tests"
unwanted "a shell between psmon and the program, or a wait for it" 'system|popen' "$layers tests"
unwanted "jumps over owners" 'setjmp|longjmp|sigsetjmp|siglongjmp' "$layers"
unwanted "it may fail: xcalloc, xreallocarray, xstrdup, xasprintf of base/mem.h" \
    'malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf' "$layers" base/mem.c
unwanted "the loop stands still meanwhile: a timer" 'sleep|usleep|nanosleep|uv_sleep' "$layers" \
    archive/history/cluster.c monitor/commands/simulate.c monitor/live/run.c
unwanted "asks the network blocking: base/net/http.h" 'gethostbyname|getaddrinfo|getnameinfo' "$layers" base/net/listener.c
unwanted "of the whole process: one place" 'fork|vfork|execl|execv|execvp|setenv|putenv|unsetenv|setlocale|chdir|umask' \
    "$layers" archive/history/programs.c monitor/command.c monitor/main.c base/time/zone.c
unwanted "errors are returned (base/err.h); only a command ends the process" 'exit|_exit|perror|quick_exit' "$layers" \
    archive/history/programs.c monitor/interrupt.c
[ $bad -eq 0 ] && echo "functions: none of the unwanted ones"
exit $bad
