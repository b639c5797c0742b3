/* mark.c - tests of marks, on the file system of a temporary folder
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>

#include "folder.h"
#include "mark.h"
#include "mark_state.h"

#define MAKER "1f0c6a3b.77aa01c2.4711.12345678901.4026531836"
#define OTHER "1f0c6a3b.77aa01c2.4712.12345678901.4026531836"

static void make_mark(const char *directory, const char *name, const char *maker)
{
    char *copy = strdup(name);

    assert_int_equal(mark_make(directory, &copy, 1, maker, true, NULL, NO_PAGE), 1);
    free(copy);
}

static int read_of(const char *directory, const char *name, const char *maker, struct mark *mark)
{
    char *path = mark_path(directory, name, maker);
    int result = mark_read(path, mark), error = errno;

    free(path);
    errno = error;
    return result;
}

static void test_escape(void **state)
{
    static const char *const names[] = {"a", "lib/x.a", "my file", ".hidden", "..", "~", "%", "a%2fb", "tab\t",
                                        "line\nend", "/", "d/", "\xff\x01", "@", "a@b", "+", ""};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *text = mark_escape(names[i]), *name = mark_unescape(text);

        assert_string_equal(name, names[i]);
        assert_null(strpbrk(text, " /\n\t"));
        assert_true(*text != '.');
        free(text);
        free(name);
    }
}

static void test_what_is_not_escaped_so(void **state)
{
    static const char *const texts[] = {"%", "%2", "%zz", "a%", "%00", "%+1", "% 1"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        errno = 0;
        assert_null(mark_unescape(texts[i]));
        assert_int_equal(errno, EINVAL);
    }
}

static void test_paths(void **state)
{
    char *path = mark_path(".settle", "lib/x.a", MAKER), expected[PATH_MAX + 64];

    (void)state;
    assert_string_equal(path, ".settle/lib%2fx.a@4711.3359887542");
    free(path);
    /* a folder for marks of many folders: the name tells which */
    path = mark_path("/tree/marks", "/x", MAKER);
    assert_string_equal(path, "/tree/marks/%2fx@4711.3359887542");
    free(path);
    path = mark_path("/tree/marks", "/tree/lib/x", MAKER);
    assert_string_equal(path, "/tree/marks/%2e%2f%2flib%2fx@4711.3359887542");
    free(path);
    path = mark_path("/no/marks", "x", MAKER);
    assert_non_null(strstr(path, "settle-unit."));
    snprintf(expected, sizeof expected, "%s", strrchr(path, '%'));
    assert_string_equal(expected, "%2fx@4711.3359887542");
    free(path);
}

/* What a mark with the name NAME in DIRECTORY is found to be of; "" where that can't be told. */
static void found(const char *directory, const char *name, const char *expected)
{
    char *whole = mark_found(directory, strdup(name));

    assert_string_equal(whole ? whole : "", expected);
    free(whole);
}

static void test_names_in_a_folder_for_many_folders(void **state)
{
    char here[PATH_MAX], marks[PATH_MAX + 8];

    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    snprintf(marks, sizeof marks, "%s/marks", here);
    found("marks", "x", "x");
    found("marks", "./x", "./x");
    found("marks", ".//lib/x", "lib/x");
    found("lib/marks", ".//x", "lib/x");
    found("lib/marks", "x", "x");
    found("lib/marks", ".//marks/=x", ".//marks/=x");
    found("/tree/marks", "/elsewhere/x", "/elsewhere/x");
    found("/tree/marks", ".//lib/x", "/tree/lib/x");
    found("/tree/marks//", ".//lib/x", "/tree/lib/x");
    found("/marks", ".//x", "/x");
    found("/tree/marks", "./x", "");
    /* of a make to which the folder was "marks" */
    found(marks, "x", "x");
    found("/tree/marks", "x", "");
}

static void test_folders_of_marks(void **state)
{
    static const char *const same[] = {"", ".settle", "a/b", "/a/../b", "..a/b", "a/b.."};
    char here[PATH_MAX], *marks;

    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        marks = mark_directory(same[i]);
        assert_string_equal(marks, same[i]);
        free(marks);
    }
    assert_int_equal(mkdir("sub", 0777), 0);
    marks = mark_directory("sub/../marks//");
    assert_int_equal(strncmp(marks, here, strlen(here)), 0);
    assert_string_equal(marks + strlen(here), "/marks");
    free(marks);
    marks = mark_directory("a/b//");
    assert_string_equal(marks, "a/b");
    free(marks);
    marks = mark_directory("//");
    assert_string_equal(marks, "/");
    free(marks);
    marks = mark_directory("sub/..");
    assert_string_equal(marks, here);
    free(marks);
}

static bool is_untouched(const char *name)
{
    char *path = mark_path(".settle", name, MAKER);
    bool is = mark_is_untouched(path, name);

    free(path);
    return is;
}

static void assert_mark(const char *text, enum mark_end end, pid_t runner)
{
    struct mark mark;

    assert_int_equal(read_of(".settle", "x", MAKER, &mark), 0);
    assert_string_equal(mark.text, text);
    assert_int_equal(mark.maker_length, strlen(MAKER));
    assert_int_equal(mark.was_nothing, strchr(text, '!') != NULL);
    assert_int_equal(mark.end, end);
    assert_int_equal(mark.runner, runner);
}

/* MAKER's mark of the KIND, of this process. */
static const char *text_of(char kind)
{
    static char text[MARK_TEXT];

    snprintf(text, sizeof text, "%s%c%jd", MAKER, kind, (intmax_t)getpid());
    return text;
}

static void test_life(void **state)
{
    struct mark mark;

    (void)state;
    write_file("x");
    make_mark(".settle", "x", MAKER);
    assert_mark(text_of('='), MARK_RUNNING, getpid());
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, getpid()), 0);
    assert_mark(text_of('+'), MARK_SETTLED, getpid());
    make_mark(".settle", "x", MAKER);  /* which is there already */
    assert_mark(text_of('='), MARK_RUNNING, getpid());
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_RUNNING, 4194304), 0);
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_DEFERRED, 4194304), 0);
    assert_mark(MAKER "~4194304", MARK_DEFERRED, 4194304);

    assert_int_equal(mark_remove(".settle", "x", OTHER), 0);
    assert_int_equal(read_of(".settle", "x", MAKER, &mark), 0);
    assert_int_equal(mark_remove(".settle", "x", MAKER), 0);
    assert_int_equal(mark_remove(".settle", "x", MAKER), 0);
    assert_int_equal(rmdir(".settle"), 0);
}

static void test_removal_of_what_is_none(void **state)
{
    char *path = mark_path(".settle", "x", MAKER);

    (void)state;
    assert_non_null(path);
    assert_int_equal(mark_remove(".settle", "x", MAKER), 0);
    assert_int_equal(mkdir(".settle", 0777), 0);
    assert_int_equal(symlink("somewhere", path), 0);
    assert_int_equal(mark_remove(".settle", "x", MAKER), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(".settle"), 0);
    write_file(".settle");  /* who knows what has become of the marks? */
    assert_int_equal(mark_remove(".settle", "x", MAKER), -1);
    assert_int_equal(errno, ENOTDIR);
    free(path);
}

/* Of a file that was not there: the end is noted in the mark's time. */
static void test_life_from_nothing(void **state)
{
    (void)state;
    make_mark(".settle", "x", MAKER);
    assert_mark(text_of('!'), MARK_RUNNING, getpid());
    write_file("x");
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, getpid()), 0);
    assert_mark(text_of('!'), MARK_SETTLED, getpid());
    make_mark(".settle", "x", MAKER);  /* the next line, by chance by the same process */
    assert_mark(text_of('!'), MARK_RUNNING, getpid());
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_DEFERRED, getpid()), 0);
    assert_mark(text_of('!'), MARK_DEFERRED, getpid());
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_RUNNING, 4194304), 0);
    assert_mark(MAKER "!4194304", MARK_RUNNING, 4194304);
    assert_int_equal(mark_remove(".settle", "x", MAKER), 0);
    assert_int_equal(rmdir(".settle"), 0);
}

/* The line of a process that the mark is no more of ends: that is not the end of the other's. */
static void test_end_of_another(void **state)
{
    (void)state;
    for (int exists = 0; exists < 2; exists++) {
        make_mark(".settle", "x", MAKER);
        assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, 4711), 0);
        assert_mark(text_of(exists ? '=' : '!'), MARK_RUNNING, getpid());
        assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, getpid()), 0);
        assert_int_equal(mark_note(".settle", "x", MAKER, MARK_DEFERRED, 4711), 0);
        assert_mark(text_of(exists ? '+' : '!'), MARK_SETTLED, getpid());
        assert_int_equal(mark_remove(".settle", "x", MAKER), 0);
        write_file("x");
    }
}

/* The next line could not be marked: what is over is not the recipe. */
static void test_cut_short_between_lines(void **state)
{
    char *path = mark_path(".settle", "x", MAKER);

    (void)state;
    for (int exists = 0; exists < 2; exists++) {
        make_mark(".settle", "x", MAKER);
        mark_cut_short(".settle", "x", MAKER);  /* at the first line it is not over anyway */
        assert_int_equal(mark_is_untouched(path, "x"), exists);
        assert_int_equal(mark_note(".settle", "x", MAKER, exists ? MARK_DEFERRED : MARK_SETTLED, getpid()), 0);
        mark_cut_short(".settle", "x", MAKER);
        assert_mark(text_of(exists ? '~' : '!'), MARK_RUNNING, getpid());
        assert_int_equal(mark_is_untouched(path, "x"), exists);  /* what is known of it is not lost */
        assert_int_equal(mark_note(".settle", "x", MAKER, MARK_RUNNING, 4711), 0);
        assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, 4711), 0);
        assert_mark(exists ? MAKER "+4711" : MAKER "!4711", MARK_SETTLED, 4711);
        assert_int_equal(mark_is_untouched(path, "x"), exists);
        assert_int_equal(mark_remove(".settle", "x", MAKER), 0);
        write_file("x");
        tick();
    }
    free(path);
}

/* The same where nothing is known of the file, or the time could not be set. */
static void test_cut_short_of_a_file_of_which_nothing_is_known(void **state)
{
    char *path = mark_path(".settle", "x", MAKER);

    (void)state;
    write_file("x");
    make_mark(".settle", "x", MAKER);
    assert_int_equal(mark_set_time(path, (struct timespec){0, 0}), 0);
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, getpid()), 0);
    assert_mark(text_of('+'), MARK_SETTLED, getpid());
    mark_cut_short(".settle", "x", MAKER);
    assert_mark(text_of('+'), MARK_RUNNING, getpid());
    /* a file system whose times are whole seconds, ext4 with inodes of 128 bytes */
    assert_int_equal(mark_set_time(path, (struct timespec){3, 0}), 0);
    assert_mark(text_of('+'), MARK_RUNNING, getpid());
    assert_false(mark_is_untouched(path, "x"));
    free(path);
}

/* A line that runs keeps its mark, unless the other line is of the file's own target. */
static void test_mark_of_who_runs(void **state)
{
    char *names[2] = {(char *)"y", (char *)"x"};
    char text[MARK_TEXT];

    (void)state;
    snprintf(text, sizeof text, "%s!%jd", MAKER, (intmax_t)getppid());
    make_mark(".settle", "x", MAKER);
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_RUNNING, getppid()), 0);
    assert_int_equal(mark_make(".settle", names, 2, MAKER, true, NULL, NO_PAGE), 2);
    assert_mark(text, MARK_RUNNING, getppid());
    make_mark(".settle", "x", MAKER);
    assert_mark(text_of('!'), MARK_RUNNING, getpid());
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_RUNNING, getppid()), 0);
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, getppid()), 0);
    assert_int_equal(mark_make(".settle", names, 2, MAKER, true, NULL, NO_PAGE), 2);
    assert_mark(text_of('!'), MARK_RUNNING, getpid());
}

/* As other programs set times: the end is not noted so.  And where the file system has none that fine. */
static void test_time_of_others(void **state)
{
    char *path = mark_path(".settle", "x", MAKER), text[MARK_TEXT];
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1}};

    (void)state;
    make_mark(".settle", "x", MAKER);
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
    assert_mark(text_of('!'), MARK_RUNNING, getpid());
    assert_int_equal(unlink(path), 0);
    snprintf(text, sizeof text, "%s!~%jd", MAKER, (intmax_t)getpid());
    assert_int_equal(symlink(text, path), 0);
    assert_mark(text, MARK_DEFERRED, getpid());
    *strchr(text, '~') = '+';
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(text, path), 0);
    assert_mark(text, MARK_SETTLED, getpid());
    assert_false(is_untouched("x"));
    free(path);
}

static struct timespec time_of(const char *name)
{
    struct mark mark;

    assert_int_equal(read_of(".settle", name, MAKER, &mark), 0);
    return mark.state;
}

static void assert_time(struct timespec time, struct timespec expected)
{
    assert_int_equal(time.tv_sec, expected.tv_sec);
    assert_int_equal(time.tv_nsec, expected.tv_nsec);
}

/* The time stays what it was when the mark was made, whatever is noted down and happens to the file. */
static void test_time(void **state)
{
    struct timespec before;
    struct stat st;

    (void)state;
    write_file("x");
    assert_int_equal(lstat("x", &st), 0);
    before = st.st_ctim;
    tick();
    make_mark(".settle", "x", MAKER);
    assert_time(time_of("x"), before);
    assert_true(is_untouched("x"));
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_RUNNING, 4720), 0);
    assert_time(time_of("x"), before);
    assert_true(is_untouched("x"));
    write_file("x");
    assert_false(is_untouched("x"));
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, 4720), 0);
    assert_time(time_of("x"), before);
    make_mark(".settle", "x", MAKER);
    assert_time(time_of("x"), before);
    assert_false(is_untouched("x"));
}

static void test_time_without_a_file(void **state)
{
    const struct timespec epoch = {0};

    (void)state;
    make_mark(".settle", "x", MAKER);
    assert_time(time_of("x"), epoch);
    write_file("x");
    assert_false(is_untouched("x"));
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_DEFERRED, getpid()), 0);
    assert_time(time_of("x"), epoch);
    assert_false(is_untouched("x"));
}

/* Nor is one whose mark was by chance made in the same tick of the clock. */
static void test_mark_of_the_same_tick(void **state)
{
    char *path = mark_path(".settle", "x", MAKER);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {0}};
    struct stat st;

    (void)state;
    make_mark(".settle", "x", MAKER);
    write_file("x");
    assert_int_equal(lstat("x", &st), 0);
    times[1] = st.st_ctim;
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
    assert_false(is_untouched("x"));
    free(path);
}

/* As where a link's time can't be set. */
static void test_time_that_was_not_set(void **state)
{
    char *path = mark_path(".settle", "x", MAKER);

    (void)state;
    write_file("x");
    assert_int_equal(mark_prepare(".settle"), 0);
    assert_int_equal(symlink(MAKER, path), 0);
    free(path);
    assert_false(is_untouched("x"));
}

/* ext4 keeps 59 bytes of a link's target in the inode. */
static void test_text_is_short(void **state)
{
    char maker[MAKER_TEXT];
    struct mark mark;

    (void)state;
    assert_true(MAKER_TEXT - 1 + sizeof "!+4194304" - 1 <= 59);
    assert_int_equal(maker_describe(getpid(), maker), 0);
    make_mark(".settle", "x", maker);
    assert_int_equal(mark_note(".settle", "x", maker, MARK_RUNNING, 4194304), 0);
    assert_int_equal(mark_note(".settle", "x", maker, MARK_SETTLED, 4194304), 0);
    assert_int_equal(read_of(".settle", "x", maker, &mark), 0);
    assert_int_equal(mark.runner, 4194304);
    assert_true(strlen(mark.text) <= 59);
}

static void test_note_without_a_mark(void **state)
{
    (void)state;
    errno = 0;
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, 1), -1);
    assert_int_equal(errno, ENOENT);
    make_mark(".settle", "x", MAKER);
    assert_int_equal(mark_remove(".settle", "x", MAKER), 0);
    errno = 0;
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, 1), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(rmdir(".settle"), 0);  /* nothing is left behind */
}

/* By chance a maker of another boot has the same number and hash: its mark is not taken for ours. */
static void test_mark_of_the_same_name(void **state)
{
    static const char stranger[] = "1f0c6a3b.deadbeef.4711.7427060439.4026531836";
    struct mark mark;

    (void)state;
    write_file("x");
    make_mark(".settle", "x", stranger);
    assert_int_equal(mark_remove(".settle", "x", MAKER), 0);
    assert_int_equal(mark_note(".settle", "x", MAKER, MARK_SETTLED, 1), -1);
    assert_int_equal(read_of(".settle", "x", MAKER, &mark), 0);
    assert_memory_equal(mark.text, stranger, strlen(stranger));
    make_mark(".settle", "x", MAKER);
    assert_mark(text_of('='), MARK_RUNNING, getpid());
}

static void test_what_is_no_mark(void **state)
{
    struct mark mark;

    (void)state;
    assert_int_equal(symlink("somewhere", "link"), 0);
    assert_int_equal(mark_read("link", &mark), -1);
    assert_int_equal(errno, EINVAL);
    write_file("file");
    assert_int_equal(mark_read("file", &mark), -1);
    assert_int_equal(mark_read("nothing", &mark), -1);
    assert_int_equal(errno, ENOENT);
}

static char *long_name(char text[], size_t length)
{
    for (size_t i = 0; i < length; i++)
        text[i] = "abcdefghi/"[i % 10];
    text[length] = '\0';
    return text;
}

struct found {
    char names[8][1200];
    size_t count;
};

static void note(const char *path, const char *name, void *context)
{
    struct found *found = context;

    assert_true(is_there(path));
    assert_true(found->count < 8 && strlen(name) < 1200);
    snprintf(found->names[found->count++], sizeof *found->names, "%s", name);
}

static int compare(const void *left, const void *right)
{
    return strcmp(left, right);
}

static void test_each(void **state)
{
    struct found found = {.count = 0};
    char text[1200];

    (void)state;
    assert_int_equal(mark_each(".settle", note, &found), 0);
    assert_int_equal(found.count, 0);
    make_mark(".settle", "a b", MAKER);
    make_mark(".settle", ".hidden", MAKER);
    make_mark(".settle", "x@y", OTHER);
    make_mark(".settle", long_name(text, 1000), MAKER);
    assert_int_equal(symlink(MAKER, ".settle/no-owner"), 0);
    assert_int_equal(mkdir(".settle/d", 0777), 0);
    write_file(".settle/f@4711.3359887542");
    assert_int_equal(mark_each(".settle", note, &found), 0);
    assert_int_equal(found.count, 4);
    qsort(found.names, found.count, sizeof *found.names, compare);
    assert_string_equal(found.names[0], ".hidden");
    assert_string_equal(found.names[1], "a b");
    assert_string_equal(found.names[2], text);
    assert_string_equal(found.names[3], "x@y");
}

static void note_path(const char *path, void *context)
{
    note(path, path, context);
}

/* Of the same file, by another make: not of one whose name goes on with "@". */
static void test_each_other(void **state)
{
    char text[1200];
    const char *const names[] = {"x", long_name(text, 300)};

    (void)state;
    make_mark(".settle", "x@y", OTHER);
    make_mark(".settle", "xx", OTHER);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct found found = {.count = 0};
        char *path = mark_path(".settle", names[i], MAKER), *other = mark_path(".settle", names[i], OTHER);

        assert_int_equal(mark_each_other(path, note_path, &found), 0);
        assert_int_equal(found.count, 0);
        make_mark(".settle", names[i], MAKER);
        make_mark(".settle", names[i], OTHER);
        assert_int_equal(mark_each_other(path, note_path, &found), 0);
        assert_int_equal(found.count, 1);
        assert_string_equal(found.names[0], other);
        free(other);
        free(path);
    }
    assert_int_equal(mark_each_other(".settle/no-owner", note_path, NULL), 0);
    write_file("file");
    assert_int_equal(mark_each_other("file/x@1.2", note_path, NULL), -1);
    assert_int_equal(errno, ENOTDIR);
}

/* Lengths around that of a piece, and nothing of the directories remains. */
static void test_long_names(void **state)
{
    char text[3001];
    struct mark mark;

    (void)state;
    for (size_t length = 215; length <= 3000; length = length < 235 ? length + 1 : length * 2) {
        long_name(text, length);
        make_mark(".settle", text, MAKER);
        assert_int_equal(mark_note(".settle", text, MAKER, MARK_RUNNING, 7), 0);
        assert_int_equal(mark_note(".settle", text, MAKER, MARK_SETTLED, 7), 0);
        assert_int_equal(read_of(".settle", text, MAKER, &mark), 0);
        assert_int_equal(mark.runner, 7);
        assert_int_equal(mark.end, MARK_SETTLED);
        assert_int_equal(mark_remove(".settle", text, MAKER), 0);
        assert_int_equal(rmdir(".settle"), 0);
    }
}

static void test_name_beyond_paths(void **state)
{
    static char text[8000];
    char *names[2];

    (void)state;
    names[0] = (char *)"short";
    names[1] = long_name(text, 7999);
    errno = 0;
    assert_int_equal(mark_make(".settle", names, 2, MAKER, true, NULL, NO_PAGE), 1);
    assert_int_equal(errno, ENAMETOOLONG);
}

static void test_no_folder_to_mark_in(void **state)
{
    char *name = (char *)"x";

    (void)state;
    write_file("file");
    errno = 0;
    assert_int_equal(mark_make("file/marks", &name, 1, MAKER, true, NULL, NO_PAGE), 0);
    assert_int_equal(errno, ENOTDIR);
    errno = 0;
    assert_int_equal(mark_make("none/marks", &name, 1, MAKER, true, NULL, NO_PAGE), 0);
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_what_is_not_escaped_so),
        IN_FOLDER(test_paths),
        IN_FOLDER(test_names_in_a_folder_for_many_folders),
        IN_FOLDER(test_folders_of_marks),
        IN_FOLDER(test_life),
        IN_FOLDER(test_removal_of_what_is_none),
        IN_FOLDER(test_life_from_nothing),
        IN_FOLDER(test_end_of_another),
        IN_FOLDER(test_cut_short_between_lines),
        IN_FOLDER(test_cut_short_of_a_file_of_which_nothing_is_known),
        IN_FOLDER(test_mark_of_who_runs),
        IN_FOLDER(test_time_of_others),
        IN_FOLDER(test_time),
        IN_FOLDER(test_time_without_a_file),
        IN_FOLDER(test_mark_of_the_same_tick),
        IN_FOLDER(test_time_that_was_not_set),
        IN_FOLDER(test_text_is_short),
        IN_FOLDER(test_note_without_a_mark),
        IN_FOLDER(test_mark_of_the_same_name),
        IN_FOLDER(test_what_is_no_mark),
        IN_FOLDER(test_each),
        IN_FOLDER(test_each_other),
        IN_FOLDER(test_long_names),
        IN_FOLDER(test_name_beyond_paths),
        IN_FOLDER(test_no_folder_to_mark_in),
    };

    return cmocka_run_group_tests_name("mark", tests, NULL, NULL);
}
