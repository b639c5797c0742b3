/* slots.c - tests of which target gets which page of a ledger; the ledger itself is made up (tests.mk, --wrap)
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <string.h>

#include "folder.h"
#include "mark.h"
#include "slots.h"

#define ADDRESS UINT64_C(0x123456000)
#define WITHOUT 3
#define LOOKS 8
#define ROOM 67  /* with SETTLE_BATCH_FILES=4: 64 for jobs and 4, but for the first, which nobody gets */

static struct settle_options options;
static char maker[MAKER_TEXT];

/* What the ledger was asked for. */
static struct {
    size_t pages, used;
    bool is_made, is_ended, any_marks, fails;
} ledger;

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the names that ld's --wrap calls
int __wrap_ledger_make(const char *directory, const char *of, size_t pages, uint64_t *address);
void __wrap_ledger_end(int lock, const char *directory, const char *of, size_t used, bool any_marks);

int __wrap_ledger_make(const char *directory, const char *of, size_t pages, uint64_t *address)
{
    assert_string_equal(directory, ".settle");
    assert_string_equal(of, maker);
    assert_false(ledger.is_made);
    ledger.is_made = true;
    ledger.pages = pages;
    *address = ADDRESS;
    return ledger.fails ? -1 : 42;
}

void __wrap_ledger_end(int lock, const char *directory, const char *of, size_t used, bool any_marks)
{
    assert_int_equal(lock, 42);
    assert_string_equal(directory, ".settle");
    assert_string_equal(of, maker);
    ledger.is_ended = true;
    ledger.used = used;
    ledger.any_marks = any_marks;
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

static int setup(void **state)
{
    memset(&ledger, 0, sizeof ledger);
    options = options_default;
    options.mode = MODE_DEFERRED;
    options.batch_files = 4;
    return folder_setup(state) < 0 || mkdir(".settle", 0777) < 0 || maker_describe(getpid(), maker) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    slots_end(".settle", maker);
    return folder_teardown(state);
}

static struct ledger_page take(void)
{
    return slots_take(".settle", maker, ORDER_OF_WRITES, &options);
}

/* The targets that a ledger is not worth it for. */
static void begin(void)
{
    for (int i = 0; i < WITHOUT; i++)
        assert_int_equal(take().number, 0);
    assert_false(ledger.is_made);
}

static void mark(const char *name)
{
    char *path = mark_path(".settle", name, maker);

    assert_non_null(path);
    assert_int_equal(symlink("a mark", path), 0);
    free(path);
}

static void unmark(const char *name)
{
    char *path = mark_path(".settle", name, maker);

    assert_non_null(path);
    assert_int_equal(unlink(path), 0);
    free(path);
}

/* The target of PAGE, whose file is NAME, is over. */
static void give(const struct ledger_page *page, const char *name)
{
    struct list files = {0};

    assert_int_equal(list_add(&files, name), 0);
    slots_give(page, &files);
    assert_int_equal(files.count, page->number == 0 ? 1 : 0);
    list_free(&files);
}

static void test_where_it_is_of_no_use(void **state)
{
    (void)state;
    options.mode = MODE_FSYNC;
    for (int i = 0; i < 2 * WITHOUT; i++)
        assert_int_equal(take().number, 0);
    options.mode = MODE_DEFERRED;
    for (int i = 0; i < 2 * WITHOUT; i++)
        assert_int_equal(slots_take(".settle", maker, ORDER_FREE, &options).number, 0);
    assert_false(ledger.is_made);
    slots_end(".settle", maker);
    assert_false(ledger.is_ended);
}

static void test_where_there_can_be_none(void **state)
{
    struct ledger_page page;

    (void)state;
    ledger.fails = true;
    begin();
    page = take();
    assert_true(ledger.is_made);
    assert_int_equal(page.number, 0);
    give(&page, "x");
    assert_int_equal(take().number, 0);  /* nor is it tried again */
    slots_end(".settle", maker);
    assert_false(ledger.is_ended);
}

/* Each that runs has its own, and those for whom there is none go without. */
static void test_all_at_once(void **state)
{
    bool has[ROOM + 1] = {false};

    (void)state;
    begin();
    for (int i = 0; i < ROOM; i++) {
        struct ledger_page page = take();

        assert_in_range(page.number, 1, ROOM);
        assert_false(has[page.number]);
        assert_int_equal(page.stale_count, 0);
        assert_int_equal(page.address, ADDRESS);
        has[page.number] = true;
    }
    assert_int_equal(ledger.pages, ROOM + 1);
    for (int i = 0; i < 2 * LOOKS; i++)
        assert_int_equal(take().number, 0);
    slots_end(".settle", maker);
    assert_int_equal(ledger.used, ROOM);
    assert_true(ledger.any_marks);  /* of those that run, for all that is known */
}

static void test_the_most_that_there_are(void **state)
{
    (void)state;
    options.batch_files = 1000000;
    begin();
    take();
    assert_int_equal(ledger.pages, 1024 + 64);
}

/* A page is taken again once its target's file isn't marked any more, not before. */
static void test_again(void **state)
{
    struct ledger_page page[ROOM], next;
    char name[16];

    (void)state;
    begin();
    for (int i = 0; i < ROOM; i++) {
        page[i] = take();
        snprintf(name, sizeof name, "t%d", i);
        mark(name);
        give(&page[i], name);
    }
    for (int i = 0; i < LOOKS; i++)
        assert_int_equal(take().number, 0);
    unmark("t0");
    unmark("t1");
    unmark("t2");
    for (int i = 0; i < LOOKS; i++) {
        next = take();
        if (next.number != 0)
            break;
    }
    /* it gets the first of the three, and empties the others */
    assert_int_equal(next.number, page[0].number);
    assert_int_equal(next.stale, page[1].number);
    assert_int_equal(next.stale_count, 2);
    assert_int_equal(take().number, 0);  /* they may not be empty before that one is over */
    mark("x");
    give(&next, "x");
    assert_int_equal(take().number, page[1].number);
    assert_int_equal(take().number, page[2].number);
    assert_int_equal(take().number, 0);
}

static void test_any_marks(void **state)
{
    (void)state;
    for (int is_left = 0; is_left < 2; is_left++) {
        struct ledger_page page;

        ledger.is_made = false;
        begin();
        page = take();
        mark("x");
        give(&page, "x");
        if (!is_left)
            unmark("x");
        slots_end(".settle", maker);
        assert_true(ledger.is_ended);
        assert_int_equal(ledger.used, page.number);
        assert_int_equal(ledger.any_marks, is_left);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_where_it_is_of_no_use),
        TEST(test_where_there_can_be_none),
        TEST(test_all_at_once),
        TEST(test_the_most_that_there_are),
        TEST(test_again),
        TEST(test_any_marks),
    };

    return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
