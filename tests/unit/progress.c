/* progress.c - tests of what the engine shows while it works
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <pthread.h>

#include "settle.h"

static struct {
    size_t times;
    size_t files, done;
    uint64_t bytes;
    pthread_t caller;
} shown;

/* Called from the thread that called the engine; the numbers only grow. */
static void show(const struct progress *progress, void *context)
{
    assert_ptr_equal(context, &told);
    assert_true(pthread_equal(pthread_self(), shown.caller));
    assert_true(progress->files >= shown.files && progress->done >= shown.done &&
                progress->bytes >= shown.bytes);
    assert_true(progress->done <= progress->files);
    shown.files = progress->files;
    shown.done = progress->done;
    shown.bytes = progress->bytes;
    shown.times++;
}

static void settle_and_show(enum settle_mode mode, const char *name)
{
    char *names[] = {strdup(name)};

    memset(&told, 0, sizeof told);
    memset(&shown, 0, sizeof shown);
    shown.caller = pthread_self();
    fake.steps = 0;
    asked.mode = mode;
    assert_int_equal(engine_settle(&asked, names, 1,
                                   &(struct engine_caller){tell, show, &told}), 0);
    free(names[0]);
}

/* What is found is shown at the latest when all is; nothing says that the end of the work is. */
static void check_progress(size_t files)
{
    assert_in_range(shown.times, 1, 1000);
    assert_int_equal(shown.files, files + 1);  /* and the name of the tree */
    assert_in_range(shown.done, 0, files);
    assert_int_equal(shown.bytes, 10 * files);
    assert_int_equal(told.count, files + 1);
}

/* By one thread, by many, and by syncfs. */
static void test_each_way(void **state)
{
    for (int mode = MODE_FSYNC; mode <= MODE_WRITEBACK; mode++)
        for (int is_dirty = 0; is_dirty <= 1; is_dirty++) {
            static const size_t counts[] = {1, 5, 100, 200};

            for (size_t i = 0; i < SIZE(counts); i++) {
                setup(state);
                many_files(counts[i]);
                fake.dirty_in_all = is_dirty ? UINT64_MAX : 0;
                settle_and_show((enum settle_mode)mode, "d/");
                check_progress(counts[i]);
                assert_int_equal(fake.open, 0);
            }
        }
}

static void test_while_waiting(void **state)
{
    (void)state;
    fake_file("d/a");
    fake.written[fake_find("/w/d/a") - fake.entry] = true;
    fake.let_go_at = 9;
    asked.stable = 9;
    asked.timeout = 20;
    settle_and_show(MODE_FSYNC, "d/");
    check_progress(1);
    assert_int_equal(shown.done, 1);
    assert_true(shown.times > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_way),
        TEST(test_while_waiting),
    };

    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
