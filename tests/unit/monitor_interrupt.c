/* monitor/interrupt: a signal leaves first and then ends the process; after the watch nothing is left of it.
 * SPDX-License-Identifier: MIT */
#include "monitor/interrupt.h"

#include "tests/near.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(void *arg)
{
    if (write(*(int *)arg, "left", 4) != 4)
        _exit(9);
}

/* A child under watch, which says "up" when it is; ended: its watch is over by then. Its status after a
 * signal, and whether it said "left" before. */
static int child(int number, bool ended, bool *left)
{
    int fds[2];
    char heard[8] = "";
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct interrupt *i = interrupt_watch(say, &fds[1]);
        if (ended)
            interrupt_end(i);
        if (write(fds[1], "up", 2) != 2)
            _exit(8);
        for (;;)
            pause();
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], heard, 2), 2);
    kill(pid, number);
    int status;
    waitpid(pid, &status, 0);
    *left = read(fds[0], heard, sizeof heard) == 4;
    close(fds[0]);
    return status;
}

static void a_signal_leaves_first(void **state)
{
    (void)state;
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t k = 0; k < 2; k++) {
        bool left;
        int status = child(numbers[k], false, &left);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 128 + numbers[k]);
        assert_true(left);
    }
}

static void after_the_watch_signals_are_as_before(void **state)
{
    (void)state;
    bool left;
    int status = child(SIGTERM, true, &left);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_false(left);
}

/* As long as the thread could still run, what it works with must not go: ending joins it. */
static void ending_is_quick_and_leaves_nothing(void **state)
{
    (void)state;
    int none = -1;
    for (int k = 0; k < 100; k++)
        interrupt_end(interrupt_watch(say, &none));
    interrupt_end(NULL);
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    assert_false(sigismember(&now, SIGTERM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_leaves_first),
        cmocka_unit_test(after_the_watch_signals_are_as_before),
        cmocka_unit_test(ending_is_quick_and_leaves_nothing),
    };
    return cmocka_run_group_tests_name("monitor/interrupt", tests, NULL, NULL);
}
