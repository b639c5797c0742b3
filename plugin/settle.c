/* settle.c - the command: settles files from a shell
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "list.h"
#include "marks.h"
#include "message.h"
#include "meter.h"
#include "options.h"
#include "probe.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum { OPTION_FILES_FROM = 256, OPTION_PLUGIN_PATH, OPTION_PROBE, OPTION_JSON, OPTION_HELP,
       OPTION_STATUS, OPTION_RECOVER, OPTION_VERSION };

static const struct option long_options[] = {
    {"mode", required_argument, NULL, 'm'},
    {"stable", required_argument, NULL, 's'},
    {"timeout", required_argument, NULL, 't'},
    {"verbose", no_argument, NULL, 'v'},
    {"null", no_argument, NULL, '0'},
    {"files-from", required_argument, NULL, OPTION_FILES_FROM},
    {"plugin-path", no_argument, NULL, OPTION_PLUGIN_PATH},
    {"probe", no_argument, NULL, OPTION_PROBE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"status", no_argument, NULL, OPTION_STATUS},
    {"recover", no_argument, NULL, OPTION_RECOVER},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: settle [OPTION]... FILE...\n"
    "       settle --probe [--json] [DIR]\n"
    "       settle --status | --recover [DIR]\n"
    "Wait until each FILE and its name are on stable storage, and nothing else:\n"
    "unrelated dirty data stays where it is.  DIR/ stands for everything below that\n"
    "directory, DIR for the directory itself, a symbolic link for what it points to.\n"
    "\n"
    "  -m, --mode=MODE        fsync (the default): survives a power cut;\n"
    "                         writeback: no dirty page left, no commit, no flush;\n"
    "                         off: do nothing\n"
    "  -s, --stable=SECONDS   ctime, mtime, size and blocks must stand still so long (0)\n"
    "  -t, --timeout=SECONDS  how long to wait for processes that have a file open for\n"
    "                         writing to let go, and for it to stand still (10)\n"
    "      --files-from=FILE  settle the files named in FILE, one a line;\n"
    "                         - is standard input\n"
    "  -0, --null             names in the --files-from FILE end with NUL\n"
    "  -v, --verbose          print a line for each file: bytes, seconds, what moved\n"
    "      --plugin-path      print where settle.so is, for make's \"load\"\n"
    "      --probe            find out whether the file system of the folder DIR (.)\n"
    "                         needs settle, and with what settings; takes 5 s\n"
    "      --json             print what --probe finds as JSON\n"
    "      --status           list the marks that make's recipes have in DIR (.): outputs\n"
    "                         that are being made, or were when make was cut short\n"
    "      --recover          remove the outputs in DIR (.) whose recipes were cut short,\n"
    "                         as the plugin does when it is loaded\n"
    "      --help             print this help\n"
    "      --version          print the version\n"
    "\n"
    "SETTLE_MODE, SETTLE_STABLE, SETTLE_TIMEOUT and SETTLE_VERBOSE in the environment\n"
    "give the defaults; SETTLE_DIR (.settle) is where --status and --recover look.\n"
    "Exit status: 0, 1 if a file failed, 2 for wrong usage.";

static const char version[] =
    "settle " PACKAGE_VERSION "\n"
    "License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>\n"
    "This is free software: you are free to change and redistribute it.\n"
    "There is NO WARRANTY, to the extent permitted by law.";

static _Noreturn void wrong_usage(void)
{
    static const char hint[] = "Try 'settle --help' for more information.\n";

    fputs(hint, stderr);
    exit(EXIT_USAGE);
}

/* Prints TEXT as a line to stdout and exits: 0 where all of it got there. */
static _Noreturn void print_and_exit(const char *text)
{
    if (puts(text) < 0 || fclose(stdout) != 0) {
        message("standard output: %s", strerror(errno));
        exit(EXIT_FAILED);
    }
    exit(0);
}

/* settle.so beside this program, as in the build tree, else in the library folder of the installation
   that this program is part of, wherever that was moved to. */
static _Noreturn void print_plugin_path(void)
{
    static const char *const places[] = {"settle.so", PKGLIBDIR_FROM_BINDIR "/settle.so"};
    char self[PATH_MAX], path[PATH_MAX + sizeof PKGLIBDIR_FROM_BINDIR + sizeof "/settle.so"];
    char found[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    self[n > 0 ? n : 0] = '\0';
    slash = strrchr(self, '/');
    for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%.*s/%s", (int)(slash - self), self, places[i]);
        if (realpath(path, found))
            print_and_exit(found);
    }
    if (access(PKGLIBDIR "/settle.so", F_OK) == 0)
        print_and_exit(PKGLIBDIR "/settle.so");
    message("settle.so is neither beside this program nor in " PKGLIBDIR);
    exit(EXIT_FAILED);
}

struct invocation {
    struct settle_options options;
    bool stable_given, timeout_given;  /* by options of ours, whatever the environment says */
    bool environment_is_wrong;  /* which matters to who settles */
    const char *wrong_variable, *expected;
    const char *files_from;
    int separator;
    bool json;
    int (*on_folder)(const struct invocation *call, const char *folder);  /* --probe and the like */
    struct list files;
};

static int probe(const struct invocation *call, const char *folder)
{
    return probe_run(folder, call->json);
}

static int status(const struct invocation *call, const char *folder)
{
    (void)call;
    return marks_status(folder);
}

static int recover_folder(const struct invocation *call, const char *folder)
{
    (void)call;
    return marks_recover(folder);
}

static void set_option(struct invocation *call, const char *key, const char *value)
{
    const char *expected;

    if (options_set(&call->options, key, value, &expected) == 0)
        return;
    message("--%s: '%s' is not %s", key, value, expected);
    wrong_usage();
}

static void read_environment(struct invocation *call)
{
    call->options = options_default;
    call->environment_is_wrong =
        options_from_environment(&call->options, &call->wrong_variable, &call->expected) < 0;
}

/* FUNCTION takes the place of settling. */
static void do_instead(struct invocation *call, int (*function)(const struct invocation *call, const char *folder))
{
    if (call->on_folder && call->on_folder != function) {
        message("only one of --probe, --status and --recover");
        wrong_usage();
    }
    call->on_folder = function;
}

static void read_options(struct invocation *call, int argc, char *argv[])
{
    int option;

    while ((option = getopt_long(argc, argv, "m:s:t:v0", long_options, NULL)) != -1)
        switch (option) {
        case 'm':
            set_option(call, "mode", optarg);
            break;
        case 's':
            set_option(call, "stable", optarg);
            call->stable_given = true;
            break;
        case 't':
            set_option(call, "timeout", optarg);
            call->timeout_given = true;
            break;
        case 'v':
            call->options.verbose = true;
            break;
        case '0':
            call->separator = '\0';
            break;
        case OPTION_FILES_FROM:
            call->files_from = optarg;
            break;
        case OPTION_PLUGIN_PATH:
            print_plugin_path();
        case OPTION_PROBE:
            do_instead(call, probe);
            break;
        case OPTION_STATUS:
            do_instead(call, status);
            break;
        case OPTION_RECOVER:
            do_instead(call, recover_folder);
            break;
        case OPTION_JSON:
            call->json = true;
            break;
        case OPTION_HELP:
            print_and_exit(help);
        case OPTION_VERSION:
            print_and_exit(version);
        default:
            wrong_usage();
        }
}

/* Where a value is to be mended: in VARIABLE, if it comes from there, else by OPTION, also a default. */
static const char *origin(bool is_given, const char *option, const char *variable)
{
    const char *value = getenv(variable);

    return !is_given && value && *value ? variable : option;
}

/* What makes no sense together, or alone. */
static void check_combinations(const struct invocation *call)
{
    if (call->environment_is_wrong && !call->on_folder) {
        message("%s: '%s' is not %s", call->wrong_variable, getenv(call->wrong_variable), call->expected);
        exit(EXIT_USAGE);
    }
    if (options_conflict(&call->options) && !call->on_folder)
        message("the time to stand still (%s) is longer than the timeout (%s)",
                origin(call->stable_given, "--stable", "SETTLE_STABLE"),
                origin(call->timeout_given, "--timeout", "SETTLE_TIMEOUT"));
    else if (call->json && call->on_folder != probe)
        message("--json goes with --probe");
    else if (call->separator == '\0' && !call->files_from)
        message("--null goes with --files-from");
    else if (call->files_from && call->on_folder)
        message("--files-from goes without --probe, --status and --recover");
    else
        return;
    wrong_usage();
}

static void out_of_memory(void)
{
    message("%s", strerror(errno));
    exit(EXIT_FAILED);
}

/* The names of --files-from, then those of the command line. */
static void collect_files(struct invocation *call, char *const argument[])
{
    if (call->files_from && list_read(&call->files, call->files_from, call->separator) < 0) {
        message("%s: %s", call->files_from, strerror(errno));
        exit(EXIT_FAILED);
    }
    for (; *argument; argument++)
        if (list_add(&call->files, *argument) < 0)
            out_of_memory();
    if (call->files.count == 0 && !call->files_from) {
        message("no file named");
        wrong_usage();
    }
}

static int work_on_folder(const struct invocation *call, char *const argument[])
{
    if (argument[0] && argument[1]) {
        message("one directory only: %s", argument[1]);
        wrong_usage();
    }
    return call->on_folder(call, argument[0] ? argument[0] : ".");
}

static void tell(const struct outcome *outcome, void *context)
{
    const struct settle_options *options = context;
    char *text;

    meter_clear();
    if (outcome->what != OUTCOME_FAILED && !options->verbose)
        return;
    text = message_of(outcome);
    message("%s", text ? text : outcome->name);
    free(text);
}

static void show(const struct progress *progress, void *context)
{
    (void)context;
    meter_show(progress);
}

int main(int argc, char *argv[])
{
    struct invocation call = {.separator = '\n'};
    struct engine_caller caller = {.tell = tell, .context = &call.options};
    int failed;

    read_environment(&call);
    read_options(&call, argc, argv);
    check_combinations(&call);
    if (call.on_folder)
        return work_on_folder(&call, argv + optind);
    collect_files(&call, argv + optind);
    if (call.options.mode == MODE_DEFERRED)
        call.options.mode = MODE_FSYNC;  /* nobody comes later */
    if (meter_start())
        caller.show = show;
    failed = engine_settle(&call.options, call.files.name, call.files.count, &caller);
    meter_clear();
    if (failed < 0)
        out_of_memory();
    list_free(&call.files);
    return failed ? EXIT_FAILED : 0;
}
