/* job.c - tests of what travels from the plugin to settle-sh
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "job.h"

static struct job a_job(const char *target, const char *files)
{
    struct job job = {
        .options = options_default, .marks = (char *)".settle", .maker = (char *)"1.2.3.4.5",
        .target = (char *)target, .batch = (char *)"a b%20c", .shell = (char *)"/bin/sh -e",
        .files = (char *)files,
    };

    return job;
}

static void check_there_and_back(const char *target, const char *files)
{
    struct job job = a_job(target, files), back;
    char *text;

    job.options.mode = MODE_DEFERRED;
    job.options.stable = 1.5;
    job.order = (struct order_known){(dev_t)-1, ORDER_OF_WRITES};
    text = job_format(&job);
    assert_non_null(text);
    assert_int_equal(job_parse(&back, text), 0);
    assert_int_equal(back.options.mode, MODE_DEFERRED);
    assert_true(back.options.stable > 1.49 && back.options.stable < 1.51);
    assert_string_equal(back.marks, job.marks);
    assert_true(back.order.dev == job.order.dev);
    assert_int_equal(back.order.order, job.order.order);
    assert_string_equal(back.maker, job.maker);
    assert_string_equal(back.target, job.target);
    assert_string_equal(back.batch, job.batch);
    assert_string_equal(back.shell, job.shell);
    assert_string_equal(back.files, job.files);
    job_free(&back);
    free(text);
}

static void test_there_and_back(void **state)
{
    (void)state;
    check_there_and_back("x", "x");
    check_there_and_back("lib.a(x.o)", "lib.a\nx\ny z");
    check_there_and_back("", "");
}

static void test_a_page_there_and_back(void **state)
{
    struct job job = a_job("x", "x"), back;

    (void)state;
    for (size_t stale = 0; stale <= 1; stale++) {
        char *text;

        job.page = (struct ledger_page){.number = SIZE_MAX, .stale = stale * (SIZE_MAX - 1),
                                        .stale_count = stale * (SIZE_MAX / 2), .address = UINT64_MAX};
        text = job_format(&job);
        assert_non_null(text);
        assert_int_equal(job_parse(&back, text), 0);
        assert_memory_equal(&back.page, &job.page, sizeof job.page);
        assert_string_equal(back.files, "x");
        job_free(&back);
        free(text);
    }
}

/* A line's end in a field is a blank, and doesn't shift the others. */
static void test_line_end_in_a_field(void **state)
{
    struct job job = a_job("x", "x"), back;
    char *text;

    (void)state;
    job.shell = (char *)"/bin/sh\n-e";
    text = job_format(&job);
    assert_int_equal(job_parse(&back, text), 0);
    assert_string_equal(back.shell, "/bin/sh -e");
    assert_string_equal(back.files, "x");
    job_free(&back);
    free(text);
}

static void test_no_job(void **state)
{
    struct job job;

    (void)state;
    assert_int_equal(job_parse(&job, NULL), 0);
    assert_string_equal(job.files, "");
    assert_string_equal(job.marks, "");
    job_free(&job);
    assert_int_equal(job_parse(&job, ""), 0);
    job_free(&job);
}

static void test_wrong_jobs(void **state)
{
    static const char *const texts[] = {"x", "mode=fsync\n", "mode=fsync\na\nb\nc\n0 0\nd\ne", "mode=never\n\n\n\n\n\n\n",
                                        "mode\n\n\n\n\n\n\nx", "mode=fsync\n.settle\nmaker\nx\n0 0\n7 address\n\nsh\nx",
                                        "mode=fsync\n.settle\nmaker\nx\n0 4\n\n\nsh\nx"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct job job;

        errno = 0;
        assert_int_equal(job_parse(&job, texts[i]), -1);
        assert_int_equal(errno, EINVAL);
        job_free(&job);
    }
}

static void test_what_is_marked(void **state)
{
    static const struct {
        const char *target, *files, *marked;
    } cases[] = {
        {"x", "x", "x|"},
        {"my file", "my file", "my file|"},
        {"my file", "my other", ".settle/=my file|my|other|"},
        {"x", "a x\tb\nx", "x|a|b|"},
        {"x", "a b", ".settle/=x|a|b|"},
        {"lib.a(x.o)", "lib.a", ".settle/=lib.a(x.o)|lib.a|"},
        {"d/stamp", "d/", "d/stamp|d/|"},
        {"./d//stamp", "a d//", "./d//stamp|a|d//|"},
        {"d/stamp", "./", "d/stamp|./|"},
        {"../stamp", "./", ".settle/=../stamp|./|"},
        {"/stamp", "./", ".settle/=/stamp|./|"},
        {"/stamp", "/", "/stamp|/|"},
        {"d", "d/", ".settle/=d|d/|"},
        {"d/", "d", ".settle/=d/|d|"},
        {"d/stamp", "d", ".settle/=d/stamp|d|"},
        {"dd/stamp", "d/", ".settle/=dd/stamp|d/|"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct job job = a_job(cases[i].target, cases[i].files);
        struct list names = {0};
        char text[128] = "";
        size_t end = 0;

        assert_int_equal(job_marked(&job, &names), 0);
        for (size_t j = 0; j < names.count; j++)
            end += (size_t)snprintf(text + end, sizeof text - end, "%s|", names.name[j]);
        assert_string_equal(text, cases[i].marked);
        list_free(&names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_a_page_there_and_back),
        cmocka_unit_test(test_line_end_in_a_field),
        cmocka_unit_test(test_no_job),
        cmocka_unit_test(test_wrong_jobs),
        cmocka_unit_test(test_what_is_marked),
    };

    return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
