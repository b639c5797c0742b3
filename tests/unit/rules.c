/* rules.c - tests of which targets have double-colon rules
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <sys/wait.h>

#include "folder.h"
#include "rules.h"

static void read_text(const char *text)
{
    char *copy = strdup(text);

    assert_non_null(copy);
    rules_read_text(copy);
    free(copy);
}

/* Must be the first: what is known stays known. */
static void test_what_is_none(void **state)
{
    (void)state;
    read_text("");
    read_text("single: x\nother: a::b c::d\nimmediate ::= x::y\nposix :::= x\nv = a::b\n"
              "w += $(shell echo std::x)\nt: private X = a::b\n"
              "\t$(CXX) -D'x=std::y'\n\t@nm $@ | grep std::\n# single:: x\nx: # $(y):: z\n"
              "$(info a::b)\n$(call template,a::b)\nsingle: \\\n  a::b\nescaped\\:\\:colons: x\n");
    assert_false(rules_are_double("single"));
    assert_false(rules_are_double("other"));
    assert_false(rules_are_double("immediate"));
    assert_false(rules_are_double("posix"));
    assert_false(rules_are_double("v"));
    assert_false(rules_are_double("t"));
}

static void test_names(void **state)
{
    (void)state;
    read_text("a b::\nc ::x\n ./d .//e:: y\nf \\\n g:: z\nh i &:: z\nj k&:: z\nwith#comment::\nlast:: x");
    assert_true(rules_are_double("a"));
    assert_true(rules_are_double("b"));
    assert_true(rules_are_double("c"));
    assert_true(rules_are_double("d"));
    assert_true(rules_are_double("e"));
    assert_true(rules_are_double("f"));
    assert_true(rules_are_double("g"));
    assert_true(rules_are_double("h"));
    assert_true(rules_are_double("i"));
    assert_true(rules_are_double("j"));
    assert_true(rules_are_double("k"));
    assert_true(rules_are_double("last"));
    assert_false(rules_are_double("x"));
    assert_false(rules_are_double("z"));
    assert_false(rules_are_double("&"));
}

static void test_ends_of_lines(void **state)
{
    (void)state;
    read_text("\xef\xbb\xbf" "marked:: x\nX = a\\\\\nfollows:: x\nY = a\\\n continued::x\r\nreturned \\\r\n  :: x\r\n"
              "dir/inside:: x\n");
    assert_true(rules_are_double("marked"));
    assert_true(rules_are_double("follows"));
    assert_false(rules_are_double("continued"));
    assert_true(rules_are_double("returned"));
    assert_true(rules_are_double("inside"));
    assert_true(rules_are_double("other/inside"));
    assert_false(rules_are_double("inside/other"));
}

/* What stands behind a tab may be a rule all the same. */
static void test_names_behind_a_tab(void **state)
{
    (void)state;
    read_text("ifdef X\n\tindented:: x\nendif\n");
    assert_true(rules_are_double("indented"));
    assert_false(rules_are_double("unheard"));
}

/* One that can't be read, or has what make expands, counts for all targets; for each a process of its own. */
static bool any_after(const char *text, const char *makefile)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        if (text)
            read_text(text);
        else
            rules_read(makefile);
        _exit(rules_are_double("unheard"));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 1;
}

static void test_any(void **state)
{
    static const char *const texts[] = {
        "$(targets):: x\n", "${targets} a::\n", "$x:: y\n", "$(a:b=c):: y\n", "$(1)::$(2)\n",
        "*.o:: x\n",        "a\\ b:: x\n",      "~/x:: y\n", "a[bc]:: x\n",    "a?:: x\n",
        "define d\n$(1)::\nendef\n", "$(foreach t,a,$(eval $t:: ; x))\n", "lib.a(x y):: z\n",
        "colons = ::\n", "colons ::= :: \n", "a\\#b:: x\n", "colons = a::\n",
        "rule = t:: | $(1) ; x\n", "rule = $(1)::x\n", "rule = $1::x\n", "rule = t ::x\n", "t: X = t::$(1)\n",
        "Y = a\\\n continued:: x\n", "immediate ::= $(x)::y\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!any_after(texts[i], NULL))
            fail_msg("not seen: %s", texts[i]);
    assert_true(any_after(NULL, "no/such/makefile"));
    assert_false(any_after("colons = a::b\n# $(eval $t:: x)\n", NULL));
    assert_false(any_after("\t$(targets):: x\n", NULL));
    /* terminal pattern rules */
    assert_false(any_after("$(obj)/%:: $(src)/%_shipped\n\tx\n", NULL));
    assert_false(any_after("${a b}% $x/% :: x\n", NULL));
    assert_true(any_after("$(obj)/% $(b):: x\n", NULL));
    assert_true(any_after("$(addsuffix /%,a):: x\n", NULL));
    assert_true(any_after("$(a)\\%:: x\n", NULL));
}

static void write_bytes(const char *name, const char *bytes, size_t count)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void test_files(void **state)
{
    (void)state;
    write_file("empty");
    rules_read("empty");
    assert_false(rules_are_double("unheard"));
    write_bytes("text", "a: x\nb:: x\n", 11);
    write_bytes("hidden", "a: x\n\0b:: x\n", 12);  /* make may read on behind the NUL */
    assert_false(any_after(NULL, "text"));
    assert_true(any_after(NULL, "hidden"));
    assert_int_equal(mkfifo("fifo", 0600), 0);  /* make has read it, and it is not to be waited for */
    rules_read("fifo");
    assert_true(rules_are_double("unheard"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_ends_of_lines),
        cmocka_unit_test(test_names_behind_a_tab),
        cmocka_unit_test(test_any),
        cmocka_unit_test_setup_teardown(test_files, folder_setup, folder_teardown),
    };

    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
