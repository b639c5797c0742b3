/* engine.c - tests of the engine, on a file system in memory
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "engine.h"
#include "fake.h"

#define OPENS "open openw"
#define SYNCS "start wait fiemap fsync fdatasync"

#define SIZE(array) (sizeof(array) / sizeof *(array))

static bool missing_ok, verbose;

/* What the engine told: a line of text for all, and the first outcomes themselves. */
static struct {
    char text[4096];
    struct outcome outcome[4];
    size_t count;
} told;

static int setup(void **state)
{
    (void)state;
    fake_start(FAKE_EXT4);
    fake_dir("d");
    missing_ok = verbose = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return fake.open == 0 ? 0 : -1;  /* a descriptor is left open */
}

/* "name settled", "name failed at fsync (Input/output error)"; a directory's name ends in "/". */
static void describe(char *text, size_t size, const struct outcome *outcome)
{
    static const char *const whats[] = {
        [OUTCOME_SETTLED] = "settled",
        [OUTCOME_MISSING] = "missing",
        [OUTCOME_LEFT_ALONE] = "left alone",
        [OUTCOME_FAILED] = "failed",
    };
    static const char *const steps[] = {
        [STEP_FIND] = "find",
        [STEP_OPEN] = "open",
        [STEP_LIST] = "list",
        [STEP_WRITEBACK] = "writeback",
        [STEP_FSYNC] = "fsync",
        [STEP_CLOSE] = "close",
        [STEP_QUIET] = "quiet",
        [STEP_STABLE] = "stable",
    };
    size_t end = (size_t)snprintf(text, size, "%s%s %s", outcome->name,
                                  outcome->is_directory ? "/" : "", whats[outcome->what]);

    if (outcome->what == OUTCOME_FAILED)
        snprintf(text + end, size - end, " at %s (%s)", steps[outcome->step],
                 strerror(outcome->error));
}

static void tell(const struct outcome *outcome, void *context)
{
    size_t end = strlen(told.text);

    assert_ptr_equal(context, &told);
    if (told.count < SIZE(told.outcome))
        told.outcome[told.count] = *outcome;
    if (told.count++ > 0)
        end += (size_t)snprintf(told.text + end, sizeof told.text - end, ", ");
    assert_true(end < sizeof told.text);
    describe(told.text + end, sizeof told.text - end, outcome);
}

/* Settles NAMES, separated by blanks. */
static int settle(enum settle_mode mode, const char *names)
{
    struct settle_options options = {
        .mode = mode, .verbose = verbose, .missing_ok = missing_ok, .timeout = 10};
    char *name[64];
    size_t count = 0;
    char *text = strdup(names), *rest;
    int result;

    memset(&told, 0, sizeof told);
    fake.steps = 0;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(count < SIZE(name));
        name[count++] = word;
    }
    result = engine_settle(&options, name, count,
                           &(struct engine_caller){.tell = tell, .context = &told});
    free(text);
    return result;
}

/* Settles NAMES, which ends with RESULT and tells TEXT. */
static void check(enum settle_mode mode, const char *names, int result, const char *text)
{
    int got = settle(mode, names);

    assert_string_equal(told.text, text);
    assert_int_equal(got, result);
}

/* Sets up a file and makes the call VERB on it fail with ERROR, TIMES over. */
static void failing_file(const char *name, const char *verb, int error, int times)
{
    fake_file(name);
    fake_fail(verb, name, error, times);
}

static void test_order_fsync(void **state)
{
    (void)state;
    fake_file("a");
    fake_file("d/b");
    fake_file("c");
    check(MODE_FSYNC, "a d/b c", 0, "a settled, d/b settled, c settled");
    assert_string_equal(fake_calls(SYNCS), "start a, start d/b, start c, fsync a, fsync d/b, "
                                           "fsync c, fsync ., fsync d");
    assert_string_equal(fake_calls("open close"),
                        "open a, open d/b, open c, close a, close d/b, close c, "
                        "open ., close ., open d, close d");
}

static void test_order_writeback(void **state)
{
    (void)state;
    fake_file("a");
    fake_file("d/b");
    check(MODE_WRITEBACK, "a d/b", 0, "a settled, d/b settled");
    assert_string_equal(fake_calls(SYNCS), "start a, start d/b, wait a, wait d/b");
    assert_string_equal(fake_calls(OPENS), "open a, open d/b");
}

static void test_mode_off(void **state)
{
    (void)state;
    fake_file("a");
    check(MODE_OFF, "a missing d", 0, "");
    assert_int_equal(fake.steps, 0);
}

static void test_no_names(void **state)
{
    (void)state;
    check(MODE_FSYNC, "", 0, "");
    assert_int_equal(fake.steps, 0);
}

static void test_symbolic_link(void **state)
{
    (void)state;
    fake_file("d/out");
    fake_link("link", "d/out");
    check(MODE_FSYNC, "link", 0, "link settled");
    assert_string_equal(fake_calls(SYNCS), "fsync d/out, fsync ., fsync d");
}

static void test_symbolic_link_writeback(void **state)
{
    (void)state;
    fake_file("d/out");
    fake_link("link", "d/out");
    check(MODE_WRITEBACK, "link", 0, "link settled");
    assert_string_equal(fake_calls(SYNCS), "start d/out, wait d/out");
    assert_string_equal(fake_calls(OPENS), "open d/out");
}

/* Each link is relative to the directory that it is in, or absolute. */
static void test_chain_of_links(void **state)
{
    (void)state;
    fake_dir("e");
    fake_dir("/f");
    fake_file("/f/out");
    fake_link("l1", "d/l2");
    fake_link("d/l2", "../e/l3");
    fake_link("e/l3", "/f/out");
    check(MODE_FSYNC, "l1", 0, "l1 settled");
    assert_string_equal(fake_calls(SYNCS),
                        "fsync /f/out, fsync ., fsync d, fsync e, fsync /f");
}

static void test_loop_of_links(void **state)
{
    (void)state;
    fake_link("l1", "l2");
    fake_link("l2", "l1");
    check(MODE_FSYNC, "l1", 1, "l1 failed at find (Too many levels of symbolic links)");
    assert_string_equal(fake_calls("open start"), "open .");
}

/* path_resolution(7): 40 links are followed, no more. */
static void test_longest_chain_of_links(void **state)
{
    static char name[42][12];

    (void)state;
    fake_file("0");
    for (int i = 1; i <= 41; i++) {
        snprintf(name[i - 1], sizeof *name, "%d", i - 1);
        snprintf(name[i], sizeof *name, "%d", i);
        fake_link(name[i], name[i - 1]);
    }
    check(MODE_FSYNC, "40", 0, "40 settled");
    assert_string_equal(fake_calls(SYNCS), "fsync 0, fsync .");
    check(MODE_FSYNC, "41", 1, "41 failed at find (Too many levels of symbolic links)");
}

static void test_dangling_link(void **state)
{
    (void)state;
    fake_link("link", "d/nothing");
    check(MODE_FSYNC, "link", 1, "link failed at find (No such file or directory)");
    missing_ok = true;
    check(MODE_FSYNC, "link", 0, "link missing");
}

static void test_same_file_twice(void **state)
{
    (void)state;
    fake_hard_link("d/hard", fake_file("a"));
    fake_link("link", "a");
    check(MODE_FSYNC, "a d/hard ./a link a", 0,
          "a settled, d/hard settled, ./a settled, link settled, a settled");
    assert_string_equal(fake_calls(SYNCS), "fsync a, fsync ., fsync d");
    check(MODE_WRITEBACK, "a d/hard", 0, "a settled, d/hard settled");
    assert_string_equal(fake_calls(SYNCS), "start a, wait a");
}

static void test_same_failure_twice(void **state)
{
    (void)state;
    fake_hard_link("d/hard", fake_file("a"));
    fake_fail("fsync", "a", EIO, 1);
    check(MODE_FSYNC, "a d/hard a", 1,
          "a failed at fsync (Input/output error), d/hard failed at fsync (Input/output error), "
          "a failed at fsync (Input/output error)");
    assert_string_equal(fake_calls("fsync"), "fsync a, fsync ., fsync d");
}

/* A directory stands for itself and its own entry, wherever that is. */
static void test_directories(void **state)
{
    static const struct {
        const char *name;
        const char *calls;
    } cases[] = {
        {"d", "fsync d, fsync ."},
        {"./d", "fsync d, fsync ."},
        {"/w/d", "fsync d, fsync ."},
        {"d/sub", "fsync d/sub, fsync d"},
        {"d/.", "fsync d, fsync ."},
        {"d/..", "fsync ., fsync /"},
        {"d/sub/..", "fsync d, fsync ."},
        {".", "fsync ., fsync /"},
        {"..", "fsync /"},
        {"/", "fsync /"},
        {"/w", "fsync ., fsync /"},
        {"to-sub", "fsync ., fsync d/sub, fsync d"},
        {"to-sub-and-slash", "fsync ., fsync d/sub, fsync d"},
        {"d d/sub .", "fsync d, fsync ., fsync d/sub, fsync /"},
    };

    (void)state;
    fake_dir("d/sub");
    fake_link("to-sub", "d/sub");
    fake_link("to-sub-and-slash", "d/sub/");
    for (size_t i = 0; i < SIZE(cases); i++) {
        assert_int_equal(settle(MODE_FSYNC, cases[i].name), 0);
        assert_string_equal(fake_calls(SYNCS), cases[i].calls);
        assert_int_equal(told.outcome[0].what, OUTCOME_SETTLED);
        assert_true(told.outcome[0].is_directory);
    }
}

static void test_directory_and_file_in_it(void **state)
{
    (void)state;
    fake_file("d/out");
    check(MODE_FSYNC, "d d/out", 0, "d/ settled, d/out settled");
    assert_string_equal(fake_calls(SYNCS), "fsync d/out, fsync d, fsync .");
}

static void test_directory_writeback(void **state)
{
    (void)state;
    check(MODE_WRITEBACK, "d .", 0, "d/ settled, ./ settled");
    assert_string_equal(fake_calls(OPENS), "");
    assert_string_equal(fake_calls(SYNCS), "");
}

static void test_directory_with_slash(void **state)
{
    (void)state;
    fake_file("d/a");
    fake_dir("d/sub");
    fake_file("d/sub/b");
    fake_link("d/link", "/w");
    fake_add("d/fifo", S_IFIFO | 0644);
    check(MODE_FSYNC, "d/", 0, "d// settled, d/a settled, d/sub/b settled");
    assert_string_equal(fake_calls(SYNCS), "start d/a, start d/sub/b, fsync d/a, fsync d/sub/b, "
                                           "fsync d/sub, fsync d, fsync .");
    check(MODE_WRITEBACK, "d/", 0, "d// settled, d/a settled, d/sub/b settled");
    assert_string_equal(fake_calls(SYNCS), "start d/a, start d/sub/b, wait d/a, wait d/sub/b");
    check(MODE_FSYNC, "d/a/", 1, "d/a// failed at find (Not a directory)");
    check(MODE_FSYNC, "none/", 1, "none// failed at find (No such file or directory)");
}

static void test_special_files(void **state)
{
    (void)state;
    fake_add("fifo", S_IFIFO | 0644);
    fake_add("socket", S_IFSOCK | 0644);
    fake_add("tty", S_IFCHR | 0644);
    fake_add("disk", S_IFBLK | 0644);
    fake_link("to-fifo", "fifo");
    check(MODE_WRITEBACK, "fifo socket tty disk to-fifo", 0,
          "fifo left alone, socket left alone, tty left alone, disk left alone, "
          "to-fifo left alone");
    assert_string_equal(fake_calls(OPENS), "");
    assert_int_equal(settle(MODE_FSYNC, "fifo socket tty disk"), 0);
    assert_string_equal(fake_calls(OPENS), "");
}

static void test_missing(void **state)
{
    (void)state;
    fake_file("a");
    check(MODE_FSYNC, "none/x none a", 1,
          "none/x failed at find (No such file or directory), "
          "none failed at find (No such file or directory), a settled");
    missing_ok = true;
    check(MODE_FSYNC, "none/x none a", 0, "none/x missing, none missing, a settled");
    check(MODE_WRITEBACK, "none", 0, "none missing");
    check(MODE_FSYNC, "a/x", 1, "a/x failed at find (Not a directory)");
}

/* Gone between lstat and open, or even before it could be opened again for the wait. */
static void test_vanishing(void **state)
{
    (void)state;
    missing_ok = true;
    failing_file("a", "open", ENOENT, 1);
    check(MODE_FSYNC, "a", 0, "a missing");
    fake_fail("open", "a", EMFILE, 1);
    fake_fail("open", "a", ENOENT, 1);
    check(MODE_FSYNC, "a", 0, "a missing");
    missing_ok = false;
    fake_fail("open", "a", ENOENT, 1);
    check(MODE_FSYNC, "a", 1, "a failed at open (No such file or directory)");
}

static void test_write_only_file(void **state)
{
    (void)state;
    fake_add("secret", S_IFREG | 0200);
    check(MODE_FSYNC, "secret", 0, "secret settled");
    assert_string_equal(fake_calls(OPENS), "open secret, openw secret, open .");
    assert_string_equal(fake_calls(SYNCS), "fsync secret, fsync .");
}

/* What opening for reading said tells more than what opening for writing says after it. */
static void test_no_access(void **state)
{
    (void)state;
    fake_add("closed", S_IFREG | 0000);
    fake_add("busy", S_IFREG | 0200);
    fake_fail("openw", "busy", ETXTBSY, FAKE_EVER);
    check(MODE_FSYNC, "closed busy", 1,
          "closed failed at open (Permission denied), busy failed at open (Permission denied)");
    assert_string_equal(fake_calls(OPENS),
                        "open closed, openw closed, open busy, openw busy, open .");
    assert_string_equal(fake_calls("start"), "");
}

/* Each call that a signal may interrupt is made again until it gets through. */
static void test_interrupted(void **state)
{
    static const struct {
        const char *verb;
        const char *path;
        enum settle_mode mode;
        unsigned long magic;
    } cases[] = {
        {"open", "d/a", MODE_FSYNC, FAKE_EXT4},
        {"openw", "d/w", MODE_FSYNC, FAKE_EXT4},
        {"start", "d/a", MODE_FSYNC, FAKE_EXT4},
        {"fsync", "d/a", MODE_FSYNC, FAKE_EXT4},
        {"open", "d", MODE_FSYNC, FAKE_EXT4},
        {"fsync", "d", MODE_FSYNC, FAKE_EXT4},
        {"start", "d/a", MODE_WRITEBACK, FAKE_EXT4},
        {"wait", "d/a", MODE_WRITEBACK, FAKE_EXT4},
        {"fdatasync", "d/a", MODE_WRITEBACK, FAKE_FUSE},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        char expected[128];

        setup(NULL);
        fake.magic = cases[i].magic;
        fake_file("d/a");
        fake_add("d/w", S_IFREG | 0200);
        fake_fail(cases[i].verb, cases[i].path, EINTR, 2);
        check(cases[i].mode, "d/a d/w", 0, "d/a settled, d/w settled");
        snprintf(expected, sizeof expected, "%s %s, %s %s, %s %s", cases[i].verb, cases[i].path,
                 cases[i].verb, cases[i].path, cases[i].verb, cases[i].path);
        assert_non_null(strstr(fake_calls(cases[i].verb), expected));
        assert_int_equal(fake.open, 0);
    }
}

/* close(2) is the exception: on Linux the descriptor is gone, and may be somebody else's by now. */
static void test_interrupted_close(void **state)
{
    (void)state;
    failing_file("a", "close", EINTR, FAKE_EVER);
    check(MODE_FSYNC, "a", 0, "a settled");
    assert_string_equal(fake_calls("close"), "close a, close .");
}

/* The kernel tells of lost pages once: the second try would succeed. */
static void test_failure_is_not_tried_again(void **state)
{
    (void)state;
    failing_file("a", "fsync", EIO, 1);
    check(MODE_FSYNC, "a", 1, "a failed at fsync (Input/output error)");
    assert_string_equal(fake_calls(SYNCS), "fsync a, fsync .");

    failing_file("b", "wait", ENOSPC, 1);
    check(MODE_WRITEBACK, "b", 1, "b failed at writeback (No space left on device)");
    assert_string_equal(fake_calls(SYNCS), "start b, wait b");

    fake.magic = FAKE_FUSE;
    failing_file("c", "fdatasync", EDQUOT, 1);
    check(MODE_WRITEBACK, "c", 1, "c failed at writeback (Disk quota exceeded)");
    assert_string_equal(fake_calls(SYNCS), "start c, fdatasync c");

    fake_fail("fsync", "d", EIO, 1);
    check(MODE_FSYNC, "d", 1, "d/ failed at fsync (Input/output error)");
    assert_string_equal(fake_calls(SYNCS), "fsync d, fsync .");
}

/* The start reports an error that the fsync after it would not see any more. */
static void test_failing_start(void **state)
{
    (void)state;
    failing_file("a", "start", EIO, 1);
    fake_file("b");
    check(MODE_FSYNC, "a b", 1, "a failed at writeback (Input/output error), b settled");
    assert_true(outcome_lost(&told.outcome[0]));
    assert_false(outcome_lost(&told.outcome[1]));
    assert_string_equal(fake_calls(SYNCS), "start a, start b, fsync b, fsync .");
    assert_string_equal(fake_calls("close"), "close a, close b, close .");
}

static void test_descriptors_run_out(void **state)
{
    static const int errors[] = {EMFILE, ENFILE};

    (void)state;
    fake_file("a");
    fake_file("b");
    for (size_t i = 0; i < SIZE(errors); i++) {
        fake_fail("open", "b", errors[i], 1);
        check(MODE_FSYNC, "a b", 0, "a settled, b settled");
        assert_string_equal(fake_calls(SYNCS), "start a, fsync a, fsync b, fsync .");
    }
    fake_fail("open", "b", EMFILE, FAKE_EVER);
    check(MODE_FSYNC, "a b", 1, "a settled, b failed at open (Too many open files)");
}

static void test_failing_close(void **state)
{
    (void)state;
    failing_file("a", "close", EIO, 1);
    check(MODE_FSYNC, "a", 1, "a failed at close (Input/output error)");
    failing_file("b", "close", ENOSPC, 1);
    check(MODE_WRITEBACK, "b", 1, "b failed at close (No space left on device)");
}

static void test_first_failure_stands(void **state)
{
    (void)state;
    failing_file("a", "fsync", EIO, 1);
    fake_fail("fstat", "a", ESTALE, 1);
    fake_fail("close", "a", ENOSPC, 1);
    check(MODE_FSYNC, "a", 1, "a failed at fsync (Input/output error)");
    assert_string_equal(fake_calls("close"), "close a, close .");
}

/* Some file systems have no fsync for a directory; that much is documented, all else is final. */
static void test_directory_without_fsync(void **state)
{
    static const int ignored[] = {EINVAL, EBADF};
    static const int final[] = {EIO, ENOSPC, EROFS, EDQUOT};

    (void)state;
    fake_file("d/a");
    for (size_t i = 0; i < SIZE(ignored); i++) {
        fake_fail("fsync", "d", ignored[i], 1);
        check(MODE_FSYNC, "d/a", 0, "d/a settled");
        assert_string_equal(fake_calls("fsync"), "fsync d/a, fsync d");
        check(MODE_FSYNC, "d/a", 0, "d/a settled");
    }
    for (size_t i = 0; i < SIZE(final); i++) {
        char expected[128];

        fake.faults = 0;
        fake_fail("fsync", "d", final[i], 1);
        snprintf(expected, sizeof expected, "d/a settled, d/ failed at fsync (%s)",
                 strerror(final[i]));
        check(MODE_FSYNC, "d/a", 1, expected);
        assert_false(outcome_lost(&told.outcome[1]));
    }
}

/* One outcome for each name in the order given, then the directories that nobody named. */
static void test_order_of_outcomes(void **state)
{
    (void)state;
    fake_dir("e");
    fake_file("d/a");
    fake_file("e/b");
    fake_fail("fsync", "d", EIO, 1);
    fake_fail("fsync", "e", ENOSPC, 1);
    fake_fail("open", ".", EMFILE, 1);
    fake_fail("fsync", "d/a", EROFS, 1);
    check(MODE_FSYNC, "e/b none e d/a", 1,
          "e/b settled, none failed at find (No such file or directory), "
          "e/ failed at fsync (No space left on device), "
          "d/a failed at fsync (Read-only file system), "
          "./ failed at open (Too many open files), d/ failed at fsync (Input/output error)");
}

static void test_failing_directory_named_twice(void **state)
{
    (void)state;
    fake_fail("fsync", "d", EIO, 1);
    check(MODE_FSYNC, "d ./d", 1,
          "d/ failed at fsync (Input/output error), ./d/ failed at fsync (Input/output error)");
}

static void test_attributes_and_time(void **state)
{
    const struct outcome *outcome = &told.outcome[0];

    (void)state;
    verbose = true;
    fake_file("a")->moves_late = true;
    fake_file("b");
    fake_fail("start", "a", EINVAL, 1);  /* it took its time, and moved nothing */
    check(MODE_FSYNC, "a b", 0, "a settled, b settled");
    assert_int_equal(outcome->before.size, 10);
    assert_int_equal(outcome->before.blocks, 0);
    assert_int_equal(outcome->before.mtime.tv_sec, 1000);
    assert_int_equal(outcome->before.ctime.tv_sec, 1000);
    assert_int_equal(outcome->after.size, 10);
    assert_int_equal(outcome->after.blocks, 8);
    assert_int_equal(outcome->after.mtime.tv_sec, 1000);
    assert_int_equal(outcome->after.ctime.tv_sec, 1001);
    assert_true(outcome->seconds == FAKE_START_TAKES + FAKE_SYNC_TAKES);
    assert_true(told.outcome[1].seconds == FAKE_START_TAKES + FAKE_SYNC_TAKES);
    assert_memory_equal(&told.outcome[1].before, &told.outcome[1].after,
                        sizeof told.outcome[1].after);
}

static void test_outcome_lost(void **state)
{
    static const int errors[] = {EIO, ENOSPC, EDQUOT, EROFS, EBADF, EINVAL, ENOMEM, ENOENT, EACCES};
    static const bool is_loss[] = {true, true, true};  /* the first three */

    (void)state;
    for (int step = STEP_FIND; step <= STEP_CLOSE; step++)
        for (size_t i = 0; i < SIZE(errors); i++) {
            struct outcome outcome = {.what = OUTCOME_FAILED,
                                      .step = (enum engine_step)step,
                                      .error = errors[i]};
            bool expected = i < SIZE(is_loss) && (step == STEP_WRITEBACK || step == STEP_FSYNC);

            assert_int_equal(outcome_lost(&outcome), expected);
            outcome.is_directory = true;
            assert_false(outcome_lost(&outcome));
            outcome.is_directory = false;
            outcome.what = OUTCOME_SETTLED;
            assert_false(outcome_lost(&outcome));
        }
}

/* Every call that the engine makes for "link -> d/out", and every errno that its page in section 2
   of the manual has (ioctl: with those of fs/ioctl.c for FIEMAP). */
static const struct call {
    const char *verb;
    const char *path;
    const char *failure;  /* as it is told, the reason left out */
    unsigned long magic;  /* of a file system where writeback makes this call */
    int errors[28];       /* up to the first 0 */
} calls[] = {
#define OPEN_ERRORS                                                                              \
    EACCES, EBADF, EBUSY, EDQUOT, EEXIST, EFAULT, EFBIG, EINTR, EINVAL, EISDIR, ELOOP, EMFILE,   \
        ENAMETOOLONG, ENFILE, ENODEV, ENOENT, ENOMEM, ENOSPC, ENOTDIR, ENXIO, EOPNOTSUPP,        \
        EOVERFLOW, EPERM, EROFS, ETXTBSY, EWOULDBLOCK
#define STAT_ERRORS \
    EACCES, EBADF, EFAULT, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOVERFLOW
#define SYNC_ERRORS EBADF, EDQUOT, EINTR, EINVAL, EIO, ENOSPC, EROFS
#define CLOSE_ERRORS EBADF, EDQUOT, EINTR, EIO, ENOSPC
#define RANGE_ERRORS EBADF, EINTR, EINVAL, EIO, ENOMEM, ENOSPC, ENOSYS, ESPIPE
    {"lstat", "link", "link failed at find", FAKE_EXT4, {STAT_ERRORS}},
    {"stat", ".", "link failed at find", FAKE_EXT4, {STAT_ERRORS}},
    {"readlink", "link", "link failed at find", FAKE_EXT4,
     {EACCES, EBADF, EFAULT, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR}},
    {"lstat", "d/out", "link failed at find", FAKE_EXT4, {STAT_ERRORS}},
    {"stat", "d", "link failed at find", FAKE_EXT4, {STAT_ERRORS}},
    {"open", "d/out", "link failed at open", FAKE_EXT4, {OPEN_ERRORS}},
    {"start", "d/out", "link failed at writeback", FAKE_EXT4, {RANGE_ERRORS}},
    {"fsync", "d/out", "link failed at fsync", FAKE_EXT4, {SYNC_ERRORS}},
    {"magic", "d/out", "link failed at writeback", FAKE_EXT4,
     {EBADF, EFAULT, EINTR, EIO, ENOMEM, ENOSYS, EOVERFLOW}},
    {"wait", "d/out", "link failed at writeback", FAKE_EXT4, {RANGE_ERRORS}},
    {"fdatasync", "d/out", "link failed at writeback", FAKE_FUSE, {SYNC_ERRORS}},
    {"fiemap", "d/out", "link failed at writeback", FAKE_OVERLAYFS,
     {EBADF, EBADR, EDQUOT, EFAULT, EINTR, EINVAL, EIO, ENOMEM, ENOSPC, ENOSYS, ENOTTY,
      EOPNOTSUPP}},
    {"fstat", "d/out", "link failed at find", FAKE_EXT4, {STAT_ERRORS}},
    {"close", "d/out", "link failed at close", FAKE_EXT4, {CLOSE_ERRORS}},
    {"open", "d", "link settled, d/ failed at open", FAKE_EXT4, {OPEN_ERRORS}},
    {"fsync", "d", "link settled, d/ failed at fsync", FAKE_EXT4, {SYNC_ERRORS}},
    {"close", "d", "link settled, d/ failed at close", FAKE_EXT4, {CLOSE_ERRORS}},
};

/* The errors that don't fail the file, and why. */
static const struct exception {
    const char *verb;
    const char *path;
    int error;       /* 0: each */
    bool only_once;  /* when the call goes on failing it is a failure */
    const char *why;
} exceptions[] = {
    {"open", "d/out", EINTR, false, "made again"},
    {"open", "d/out", EACCES, false, "opened for writing"},
    {"open", "d/out", EMFILE, true, "opened when the others are done"},
    {"open", "d/out", ENFILE, true, "opened when the others are done"},
    {"start", "d/out", EINTR, false, "made again"},
    {"start", "d/out", EINVAL, false, "no such call there, what follows writes the pages"},
    {"start", "d/out", ENOSYS, false, "no such call there, what follows writes the pages"},
    {"start", "d/out", ESPIPE, false, "no such call there, what follows writes the pages"},
    {"fsync", "d/out", EINTR, false, "made again"},
    {"magic", "d/out", 0, false, "fdatasync works everywhere"},
    {"wait", "d/out", EINTR, false, "made again"},
    {"wait", "d/out", EINVAL, false, "no such call there: fdatasync"},
    {"wait", "d/out", ENOSYS, false, "no such call there: fdatasync"},
    {"wait", "d/out", ESPIPE, false, "no such call there: fdatasync"},
    {"fdatasync", "d/out", EINTR, false, "made again"},
    {"fiemap", "d/out", EINTR, false, "made again"},
    {"fiemap", "d/out", EBADR, false, "flag not known there: fdatasync"},
    {"fiemap", "d/out", EINVAL, false, "no such call there: fdatasync"},
    {"fiemap", "d/out", ENOSYS, false, "no such call there: fdatasync"},
    {"fiemap", "d/out", ENOTTY, false, "no such call there: fdatasync"},
    {"fiemap", "d/out", EOPNOTSUPP, false, "no such call there: fdatasync"},
    {"close", "d/out", EINTR, false, "Linux has closed it all the same"},
    {"open", "d", EINTR, false, "made again"},
    {"fsync", "d", EINTR, false, "made again"},
    {"fsync", "d", EINVAL, false, "no fsync of directories there"},
    {"fsync", "d", EBADF, false, "no fsync of directories there"},
    {"close", "d", 0, false, "read only, it has nothing to report"},
};

static bool is_exception(const struct call *call, int error, int times)
{
    for (size_t i = 0; i < SIZE(exceptions); i++)
        if (strcmp(exceptions[i].verb, call->verb) == 0 &&
            strcmp(exceptions[i].path, call->path) == 0 &&
            (exceptions[i].error == error || exceptions[i].error == 0))
            return times == 1 || !exceptions[i].only_once;
    return false;
}

/* Lets CALL fail with ERROR.  Returns whether the call was made at all in this mode. */
static bool inject(const struct call *call, int error, int times, enum settle_mode mode)
{
    char got[sizeof told.text + 128], expected[sizeof got];
    size_t length;
    int result;
    bool fails;

    setup(NULL);
    fake.magic = call->magic;
    fake_file("d/out");
    fake_link("link", "d/out");
    fake_fail(call->verb, call->path, error, times);
    verbose = true;
    result = settle(mode, "link");

    /* the case comes first in both texts, so that a difference names it */
    length = (size_t)snprintf(got, sizeof got, "%s %s, %s, %d times, mode %d: ", call->verb,
                              call->path, strerror(error), times, mode);
    memcpy(expected, got, length + 1);
    snprintf(got + length, sizeof got - length, "%s", told.text);
    fails = fake.fired > 0 && !is_exception(call, error, times);
    if (fails)
        snprintf(expected + length, sizeof expected - length, "%s (%s)", call->failure,
                 strerror(error));
    else
        snprintf(expected + length, sizeof expected - length, "link settled");
    assert_string_equal(got, expected);
    assert_int_equal(result, fails);
    assert_int_equal(fake.open, 0);
    return fake.fired > 0;
}

static void test_every_call_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(calls); i++)
        for (const int *error = calls[i].errors; *error; error++) {
            int ever = *error == EINTR ? 3 : FAKE_EVER;
            bool reached = false;

            reached |= inject(&calls[i], *error, 1, MODE_FSYNC);
            reached |= inject(&calls[i], *error, ever, MODE_FSYNC);
            reached |= inject(&calls[i], *error, 1, MODE_WRITEBACK);
            reached |= inject(&calls[i], *error, ever, MODE_WRITEBACK);
            assert_true(reached);
        }
}

static size_t count_steps(const char *verb)
{
    size_t count = 0;

    for (size_t i = 0; i < fake.steps; i++)
        count += strcmp(fake.step[i].verb, verb) == 0;
    return count;
}

/* All starts stand before the first wait. */
static void check_starts_first(const char *wait)
{
    size_t last_start = 0, first_wait = fake.steps;

    for (size_t i = fake.steps; i-- > 0;) {
        if (strcmp(fake.step[i].verb, "start") == 0 && last_start == 0)
            last_start = i;
        if (strcmp(fake.step[i].verb, wait) == 0)
            first_wait = i;
    }
    assert_in_range(last_start, 1, first_wait - 1);
}

static size_t settled;

static void count_settled(const struct outcome *outcome, void *context)
{
    (void)context;
    settled += outcome->what == OUTCOME_SETTLED;
}

static void set_descriptor_limit(rlim_t limit)
{
    struct rlimit now;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
    now.rlim_cur = limit;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

/* 700 files, where a process may have LIMIT descriptors. */
static void check_many(enum settle_mode mode, rlim_t limit)
{
    enum { MANY = 700 };
    static char name[MANY][8];
    const struct settle_options options = {.mode = mode};
    char *names[MANY];
    struct rlimit before;

    setup(NULL);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(name[i], sizeof *name, "d/%03zu", i);
        fake_file(names[i] = name[i]);
    }
    settled = 0;
    fake.dirty_in_all = UINT64_MAX;  /* no syncfs */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    set_descriptor_limit(limit);
    assert_int_equal(engine_settle(&options, names, MANY,
                                   &(struct engine_caller){.tell = count_settled}), 0);
    set_descriptor_limit(before.rlim_cur);

    assert_int_equal(settled, MANY);
    assert_int_equal(count_steps("start"), MANY);
    if (mode == MODE_FSYNC)
        assert_int_equal(count_steps("fsync"), MANY + 1);  /* and their directory */
    else
        assert_int_equal(count_steps("wait"), MANY);
    check_starts_first(mode == MODE_FSYNC ? "fsync" : "wait");
    assert_in_range(fake.peak, limit / 8, limit / 2);
    assert_int_equal(fake.open, 0);
}

static void test_descriptor_budget(void **state)
{
    (void)state;
    check_many(MODE_FSYNC, 1024);
    check_many(MODE_FSYNC, 512);
    check_many(MODE_WRITEBACK, 64);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_order_fsync),
        TEST(test_order_writeback),
        TEST(test_mode_off),
        TEST(test_no_names),
        TEST(test_symbolic_link),
        TEST(test_symbolic_link_writeback),
        TEST(test_chain_of_links),
        TEST(test_loop_of_links),
        TEST(test_longest_chain_of_links),
        TEST(test_dangling_link),
        TEST(test_same_file_twice),
        TEST(test_same_failure_twice),
        TEST(test_directories),
        TEST(test_directory_and_file_in_it),
        TEST(test_directory_writeback),
        TEST(test_directory_with_slash),
        TEST(test_special_files),
        TEST(test_missing),
        TEST(test_vanishing),
        TEST(test_write_only_file),
        TEST(test_no_access),
        TEST(test_interrupted),
        TEST(test_interrupted_close),
        TEST(test_failure_is_not_tried_again),
        TEST(test_failing_start),
        TEST(test_descriptors_run_out),
        TEST(test_failing_close),
        TEST(test_first_failure_stands),
        TEST(test_directory_without_fsync),
        TEST(test_order_of_outcomes),
        TEST(test_failing_directory_named_twice),
        TEST(test_attributes_and_time),
        TEST(test_outcome_lost),
        TEST(test_every_call_fails),
        TEST(test_descriptor_budget),
    };

    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
