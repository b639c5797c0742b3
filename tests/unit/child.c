/* child.c - tests of running a shell, its end and its signals, with real processes
   SPDX-License-Identifier: GPL-3.0-or-later

   The processes are those of a build: a "make" (this test, or a process that it forked), below it a
   "settle-sh", which is a fork of this test that calls child_run, and below that the recipe. */

#include "config.h"

#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "orphans.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

#define LAST_SIGNAL SIGTERM  /* 1..15: all of them end a process by default */
#define PATIENCE 20          /* seconds until a test fails rather than hangs */

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};
static const int make_handles[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

static char self[4096];  /* path of this program, which is recipe and daemon, too */

/* As a recipe: names the signals that come, in their order, until none has come for a while. */
static _Noreturn void be_recipe(void)
{
    struct timespec patience = {.tv_sec = 10};
    sigset_t set;
    int number;

    sigemptyset(&set);
    for (size_t i = 0; i < SIZE(passed_on); i++)
        sigaddset(&set, passed_on[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    dprintf(STDOUT_FILENO, "ready ");
    while ((number = sigtimedwait(&set, NULL, &patience)) > 0) {
        dprintf(STDOUT_FILENO, "%d ", number);
        patience = (struct timespec){.tv_nsec = 150000000};
    }
    dprintf(STDOUT_FILENO, "end");
    _exit(0);
}

/* As a daemon that a recipe starts: in a session of its own. */
static _Noreturn void be_daemon(void)
{
    setsid();
    dprintf(STDOUT_FILENO, "ready %d ", (int)getpid());
    close(STDOUT_FILENO);
    sleep(30);
    _exit(0);
}

/* As settle-sh: names itself and runs ARGUMENT. */
static _Noreturn void be_shell(char *const argument[])
{
    int status;

    dprintf(STDOUT_FILENO, "%d ", (int)getpid());
    if (child_run(NULL, argument, NULL, NULL, &status) < 0)
        _exit(99);
    child_die_like(status);
}

static volatile pid_t shell_of_make;

static void wait_for_shell(void)
{
    while (waitpid(shell_of_make, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* GNU make's fatal_error_signal waits for the children before make ends. */
static void make_handler(int number)
{
    (void)number;
    wait_for_shell();
    _exit(2);
}

/* As make, a process group of its own: handles signals where it is told to, and runs settle-sh. */
static _Noreturn void be_make(char *const argument[])
{
    setpgid(0, 0);
    shell_of_make = fork();
    if (shell_of_make == 0)
        be_shell(argument);
    for (size_t i = 0; i < SIZE(make_handles); i++) {
        struct sigaction action = {.sa_handler = make_handler};

        sigaction(make_handles[i], &action, NULL);
    }
    wait_for_shell();
    _exit(0);
}

/* A recipe under way. */
struct job {
    pid_t parent;  /* the process that this test started */
    pid_t shell;   /* the one that calls child_run */
    int output;    /* where the recipe's output arrives */
};

/* True where there is something to read from FD within SECONDS, be it the end. */
static bool wait_for_output(int fd, int seconds)
{
    struct pollfd output = {.fd = fd, .events = POLLIN};

    return poll(&output, 1, 1000 * seconds) > 0;
}

/* The next word of the output, without its blank. */
static void read_word(int fd, char *word, size_t size)
{
    size_t length = 0;

    while (length + 1 < size && wait_for_output(fd, PATIENCE) && read(fd, word + length, 1) == 1 &&
           word[length] > ' ')
        length++;
    word[length] = '\0';
}

/* Waits for the end of PID and returns its wait status. */
static int wait_for_end(pid_t pid)
{
    const struct timespec nap = {.tv_nsec = 2000000};
    pid_t ended = 0;
    int status;

    for (int i = 0; ended == 0 && i < PATIENCE * 500; i++) {
        ended = waitpid(pid, &status, WNOHANG);
        if (ended == 0)
            nanosleep(&nap, NULL);
    }
    assert_int_equal(ended, pid);
    return status;
}

/* Runs ARGUMENT below a process that is what BE makes it, until it says that it is ready. */
static void start(struct job *job, void (*be)(char *const argument[]), char *const argument[])
{
    char word[32];
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    job->parent = fork();
    assert_int_not_equal(job->parent, -1);
    if (job->parent == 0) {
        dup2(ends[1], STDOUT_FILENO);
        be(argument);
        _exit(99);
    }
    close(ends[1]);
    job->output = ends[0];
    read_word(job->output, word, sizeof word);
    job->shell = (pid_t)strtol(word, NULL, 10);
    assert_int_not_equal(job->shell, 0);
    read_word(job->output, word, sizeof word);
    assert_string_equal(word, "ready");
}

static void start_line(struct job *job, const char *line)
{
    char *const argument[] = {(char *)"sh", (char *)"-c", (char *)line, self, NULL};

    start(job, be_shell, argument);
}

static void start_recipe(struct job *job, void (*be)(char *const argument[]))
{
    char *const argument[] = {self, (char *)"--recipe", NULL};

    start(job, be, argument);
}

/* Waits for the end.  Returns the wait status of the process that was started; what was put out
   until then into TEXT, and no process that could still write may be left. */
static int finish(const struct job *job, char *text, size_t size)
{
    int status = wait_for_end(job->parent);
    size_t length = 0;
    ssize_t n = 1;

    /* a moment is for a process that is about to close it */
    while (n > 0 && wait_for_output(job->output, 2)) {
        n = read(job->output, text + length, size - 1 - length);
        length += n > 0 ? (size_t)n : 0;
    }
    text[length] = '\0';
    assert_int_equal(n, 0);
    close(job->output);
    return status;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void count_call(void *count)
{
    ++*(int *)count;
}

/* Runs LINE with sh in this process.  Returns the wait status. */
static int run_line(const char *line)
{
    char *const argument[] = {(char *)"sh", (char *)"-c", (char *)line, NULL};
    int status = -1;

    assert_int_equal(child_run(NULL, argument, NULL, NULL, &status), 0);
    return status;
}

/* valgrind writes core files of its own, and makes a copy of the process where vfork shares its memory to hear
   of a failing exec. */
static bool under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload && strstr(preload, "vgpreload");
}

static void skip_under_valgrind(void)
{
    if (!under_valgrind())
        return;
    print_message("# skipped: under valgrind vfork can't tell of a failing exec\n");
    skip();
}

/* Starts from a clean slate, whatever started this: nothing ignored, nothing blocked; orphans come
   to this process, so that none escapes it. */
static int setup_group(void **state)
{
    struct rlimit limit;
    sigset_t none;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    (void)state;
    if (n <= 0 || getrlimit(RLIMIT_CORE, &limit) < 0)
        return -1;
    for (int number = 1; number <= LAST_SIGNAL; number++)
        if (number != SIGKILL)
            signal(number, SIG_DFL);
    sigemptyset(&none);
    limit.rlim_cur = 0;
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || setrlimit(RLIMIT_CORE, &limit) < 0)
        return -1;
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* No live process may be left, not even by a test that failed. */
static int teardown(void **state)
{
    pid_t pid;

    (void)state;
    do
        pid = waitpid(-1, NULL, WNOHANG);
    while (pid > 0);
    if (pid < 0 && errno == ECHILD)
        return 0;
    orphans_end(SIGKILL);
    return -1;
}

static void test_exit_statuses(void **state)
{
    (void)state;
    for (int n = 0; n <= 255; n++) {
        char line[24];

        snprintf(line, sizeof line, "exit %d", n);
        assert_int_equal(run_line(line), W_EXITCODE(n, 0));
    }
}

/* What a shell makes of a signal is above 128; ssh ends with 255, say, where it has failed. */
static void test_cut_short(void **state)
{
    static const struct {
        int status;
        bool is;
    } cases[] = {{0, false},   {1, false},       {128, false}, {129, true},
                 {137, true},  {128 + 64, true}, {193, false}, {255, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(child_is_cut_short(cases[i].status << 8), cases[i].is);
    assert_true(child_is_cut_short(SIGKILL));
}

static void test_death_by_signal(void **state)
{
    (void)state;
    for (int number = 1; number <= LAST_SIGNAL; number++) {
        char line[24];

        snprintf(line, sizeof line, "kill -%d $$", number);
        assert_int_equal(run_line(line), W_EXITCODE(0, number));
    }
}

/* The wait status of a process that dies like STATUS, where it may leave a core file, and blocks
   and ignores all signals. */
static int death_like(int status)
{
    int result;
    pid_t pid = fork();

    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        struct rlimit limit;
        sigset_t all;

        getrlimit(RLIMIT_CORE, &limit);
        limit.rlim_cur = limit.rlim_max;
        if (!under_valgrind())
            setrlimit(RLIMIT_CORE, &limit);
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        for (int number = 1; number <= LAST_SIGNAL; number++)
            if (number != SIGKILL)
                signal(number, SIG_IGN);
        child_die_like(status);
    }
    assert_int_equal(waitpid(pid, &result, 0), pid);
    return result;
}

static void test_die_like_statuses(void **state)
{
    (void)state;
    for (int n = 0; n <= 255; n++)
        assert_int_equal(death_like(W_EXITCODE(n, 0)), W_EXITCODE(n, 0));
}

/* A recipe's core file is the recipe's: none is left here, though the status says that one is. */
static void test_die_like_signals(void **state)
{
    (void)state;
    for (int number = 1; number <= LAST_SIGNAL; number++) {
        assert_int_equal(death_like(W_EXITCODE(0, number)), W_EXITCODE(0, number));
        assert_int_equal(death_like(W_EXITCODE(0, number) | WCOREFLAG), W_EXITCODE(0, number));
    }
}

static void test_cannot_run(void **state)
{
    static const struct {
        const char *program;
        int error;
    } cases[] = {
        {"/nothing/sh", ENOENT}, {"no-such-shell-in-path", ENOENT},
        {"/dev/null", EACCES},   {"/", EACCES},
        {"/dev/null/sh", ENOTDIR},
    };

    const char *before = getenv("PATH");
    char *path;

    (void)state;
    skip_under_valgrind();
    path = before ? strdup(before) : NULL;
    setenv("PATH", "/bin:/usr/bin", 1);  /* a folder that may not be searched would give EACCES */
    for (size_t i = 0; i < SIZE(cases); i++) {
        char *const argument[] = {(char *)cases[i].program, (char *)"-c", (char *)":", NULL};
        int calls = 0, status;

        errno = 0;
        assert_int_equal(child_run(NULL, argument, count_call, &calls, &status), -1);
        assert_int_equal(errno, cases[i].error);
        assert_int_equal(calls, 1);
    }
    if (path)
        setenv("PATH", path, 1);
    free(path);
}

static int pipe_to_recipe[2];

/* Has the recipe end, which would wait for ever otherwise, and sends this process a signal for it. */
static void answer_recipe(void *target)
{
    kill(*(pid_t *)target, SIGUSR1);
    assert_int_equal(write(pipe_to_recipe[1], "x\n", 2), 2);
}

/* What is done meanwhile is done while the recipe runs, and a signal that comes then is not lost. */
static void test_meanwhile(void **state)
{
    char line[128];
    char *const argument[] = {(char *)"sh", (char *)"-c", line, NULL};
    pid_t shell = getpid();
    int status = -1;

    (void)state;
    assert_int_equal(pipe(pipe_to_recipe), 0);
    snprintf(line, sizeof line, "trap 'exit 7' USR1; read answer <&%d; while :; do sleep 0.05; done",
             pipe_to_recipe[0]);
    assert_int_equal(child_run(NULL, argument, answer_recipe, &shell, &status), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    close(pipe_to_recipe[0]);
    close(pipe_to_recipe[1]);
}

/* A script that has no #! line: /bin/sh reads it, and its arguments are what they were. */
static void test_script_without_interpreter(void **state)
{
    static const char script[] = "test \"$#,$1,$2\" = '2,a b,c' && exit 7\n";
    char path[32];
    char *const argument[] = {path, (char *)"a b", (char *)"c", NULL};
    int fd = memfd_create("script", 0);
    int status = -1, got;

    (void)state;
    skip_under_valgrind();
    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, script, sizeof script - 1), sizeof script - 1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    got = child_run(NULL, argument, NULL, NULL, &status);
    close(fd);
    assert_int_equal(got, 0);
    assert_int_equal(status, W_EXITCODE(7, 0));
}

static unsigned long long current_mask(void)
{
    unsigned long long mask = 0;
    sigset_t set;

    sigprocmask(SIG_BLOCK, NULL, &set);
    for (int number = 1; number < 32; number++)
        if (sigismember(&set, number))
            mask |= 1ULL << (number - 1);
    return mask;
}

static void test_signal_mask(void **state)
{
    static const int blocked[][2] = {{0, 0}, {SIGTERM, 0}, {SIGUSR1, SIGWINCH}, {SIGCHLD, SIGHUP}};

    (void)state;
    for (size_t i = 0; i < SIZE(blocked); i++) {
        unsigned long long mask = 0;
        char pattern[64];
        /* no shell: dash clears the mask that it was given */
        char *const argument[] = {(char *)"grep", (char *)"-q", pattern,
                                  (char *)"/proc/self/status", NULL};
        sigset_t set, none;
        int got, status = -1;

        sigemptyset(&none);
        sigemptyset(&set);
        for (size_t k = 0; k < 2 && blocked[i][k]; k++) {
            sigaddset(&set, blocked[i][k]);
            mask |= 1ULL << (blocked[i][k] - 1);
        }
        snprintf(pattern, sizeof pattern, "^SigBlk:.%016llx$", mask);
        sigprocmask(SIG_SETMASK, &set, NULL);
        got = child_run(NULL, argument, NULL, NULL, &status);
        assert_int_equal(current_mask(), mask);
        sigprocmask(SIG_SETMASK, &none, NULL);
        assert_int_equal(got, 0);
        assert_int_equal(status, 0);
    }
}

/* A program that could not be run leaves the mask alone, too. */
static void test_signal_mask_after_failure(void **state)
{
    char *const argument[] = {(char *)"/nothing/sh", NULL};
    int status;

    (void)state;
    (void)child_run(NULL, argument, NULL, NULL, &status);
    assert_int_equal(current_mask(), 0);
}

/* Sends signal NUMBER to TARGET; the recipe of JOB must get it once. */
static void check_signal(const struct job *job, pid_t target, int number)
{
    char got[64], expected[64];

    assert_int_equal(kill(target, number), 0);
    finish(job, got, sizeof got);
    snprintf(expected, sizeof expected, "%d end", number);
    assert_string_equal(got, expected);
}

/* make tells its direct children only. */
static void test_signal_from_make(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(passed_on); i++) {
        struct job job;

        start_recipe(&job, be_shell);
        check_signal(&job, job.shell, passed_on[i]);
    }
}

static void test_signal_from_elsewhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(passed_on); i++) {
        struct job job;

        start_recipe(&job, be_make);
        check_signal(&job, job.shell, passed_on[i]);
    }
}

/* kill(-group): make, settle-sh and the recipe have it, and it must not be passed on. */
static void test_signal_to_the_group(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(make_handles); i++) {
        struct job job;

        start_recipe(&job, be_make);
        check_signal(&job, -job.parent, make_handles[i]);
    }
}

static void be_careless(char *const argument[])
{
    signal(SIGCHLD, SIG_IGN);
    be_shell(argument);
}

/* Some parents ignore SIGCHLD, and the kernel would then reap the shell without a trace. */
static void test_ignored_sigchld(void **state)
{
    char *const argument[] = {(char *)"sh", (char *)"-c", (char *)"printf 'ready '; exit 3", NULL};
    struct job job;
    char rest[64];

    (void)state;
    start(&job, be_careless, argument);
    assert_int_equal(finish(&job, rest, sizeof rest), W_EXITCODE(3, 0));
    assert_string_equal(rest, "");
}

static void be_nohup(char *const argument[])
{
    signal(SIGHUP, SIG_IGN);
    be_shell(argument);
}

/* nohup(1): a signal that was ignored from the start does not reach the recipe. */
static void test_ignored_signal(void **state)
{
    struct job job;

    (void)state;
    start_recipe(&job, be_nohup);
    assert_int_equal(kill(job.shell, SIGHUP), 0);
    check_signal(&job, job.shell, SIGTERM);
}

static void test_two_signals(void **state)
{
    struct job job;
    char word[32];

    (void)state;
    start_recipe(&job, be_shell);
    assert_int_equal(kill(job.shell, SIGUSR1), 0);
    read_word(job.output, word, sizeof word);
    assert_int_equal(strtol(word, NULL, 10), SIGUSR1);
    check_signal(&job, job.shell, SIGTERM);
}

/* Sends NUMBER to the shell of JOB.  Returns its wait status; *SECONDS is how long it took to end,
   all that it left behind included. */
static int stop(const struct job *job, int number, double *seconds)
{
    double begin = seconds_now();
    char rest[64];
    int status;

    assert_int_equal(kill(job->shell, number), 0);
    status = finish(job, rest, sizeof rest);
    assert_string_equal(rest, "");
    *seconds = seconds_now() - begin;
    return status;
}

/* A shell dies of the signal and leaves the process that it waits for, and that one its own. */
static void test_orphans_are_ended(void **state)
{
    static const struct {
        const char *line;
        int number;
    } cases[] = {
        {"sleep 100 & printf 'ready '; wait", SIGTERM},
        {"sleep 100 & printf 'ready '; wait", SIGHUP},
        {"(sleep 100 & printf 'ready '; wait; :) & wait", SIGTERM},
        {"(sleep 100 | sleep 100 & printf 'ready '; wait; :) & sleep 100", SIGTERM},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct job job;
        double seconds;

        start_line(&job, cases[i].line);
        assert_int_equal(stop(&job, cases[i].number, &seconds), W_EXITCODE(0, cases[i].number));
        assert_true(seconds < 3);  /* of the signal, not of the SIGKILL after five */
    }
}

/* The shell may have an answer of its own to the signal.  It is the background process that says it
   is ready: before, it could still lose the signal to the trap that it was forked with. */
static void test_status_of_a_trap(void **state)
{
    struct job job;
    double seconds;

    (void)state;
    start_line(&job, "trap 'exit 3' TERM; { printf 'ready '; exec sleep 100; } & wait");
    assert_int_equal(stop(&job, SIGTERM, &seconds), W_EXITCODE(3, 0));
    assert_true(seconds < 3);
}

/* An orphan that does not listen. */
static void test_stubborn_orphan_is_killed(void **state)
{
    struct job job;
    double seconds;

    (void)state;
    start_line(&job, "(trap '' TERM; printf 'ready '; exec sleep 100) & wait");
    assert_int_equal(stop(&job, SIGTERM, &seconds), W_EXITCODE(0, SIGTERM));
    assert_true(seconds > 4.5 && seconds < 8);
}

/* Ends PID, which is an orphan of ours by now; it must not have had a signal before. */
static void end_survivor(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, W_EXITCODE(0, SIGKILL));
}

/* A process that called setsid has left the build. */
static void test_daemon_is_left(void **state)
{
    struct job job;
    char word[32];
    double seconds;

    (void)state;
    start_line(&job, "\"$0\" --daemon & wait");
    read_word(job.output, word, sizeof word);
    assert_int_equal(stop(&job, SIGTERM, &seconds), W_EXITCODE(0, SIGTERM));
    assert_true(seconds < 3);
    end_survivor((pid_t)strtol(word, NULL, 10));
}

/* Nobody asked to stop: what a recipe leaves behind is its own business. */
static void test_background_process_is_left(void **state)
{
    static const struct {
        const char *line;
        int number;
    } cases[] = {
        {"trap 'exit 0' USR1; sleep 100 >&- & printf 'ready %d ' $!; wait", SIGUSR1},
        {"sleep 100 >&- & printf 'ready %d ' $!", 0},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct job job;
        char word[32];
        double seconds;

        start_line(&job, cases[i].line);
        read_word(job.output, word, sizeof word);
        assert_int_equal(stop(&job, cases[i].number, &seconds), 0);
        assert_true(seconds < 3);
        end_survivor((pid_t)strtol(word, NULL, 10));
    }
}

int main(int argc, char *argv[])
{
#define TEST(function) cmocka_unit_test_teardown(function, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_exit_statuses),
        TEST(test_cut_short),
        TEST(test_death_by_signal),
        TEST(test_die_like_statuses),
        TEST(test_die_like_signals),
        TEST(test_cannot_run),
        TEST(test_meanwhile),
        TEST(test_script_without_interpreter),
        TEST(test_signal_mask),
        TEST(test_signal_mask_after_failure),
        TEST(test_signal_from_make),
        TEST(test_signal_from_elsewhere),
        TEST(test_signal_to_the_group),
        TEST(test_ignored_sigchld),
        TEST(test_ignored_signal),
        TEST(test_two_signals),
        TEST(test_orphans_are_ended),
        TEST(test_status_of_a_trap),
        TEST(test_stubborn_orphan_is_killed),
        TEST(test_daemon_is_left),
        TEST(test_background_process_is_left),
    };

    if (argc > 1 && strcmp(argv[1], "--recipe") == 0)
        be_recipe();
    if (argc > 1 && strcmp(argv[1], "--daemon") == 0)
        be_daemon();
    return cmocka_run_group_tests_name("child", tests, setup_group, NULL);
}
