/* maker.c - who has made a mark, and whether it still runs
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maker.h"
#include "maker_lock.h"

struct maker {
    uint32_t machine, boot;
    pid_t pid;
    uint64_t start;   /* clock ticks after boot, as proc(5) has it */
    uint64_t space;   /* the PID namespace's inode */
};

/* FNV-1a. */
uint32_t maker_hash(const char *text)
{
    uint32_t hash = UINT32_C(2166136261);

    for (; *text && *text != '\n'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
    return hash;
}

/* The same of the first line of the file PATH, or of FALLBACK where there is none. */
static uint32_t hash_line(const char *path, const char *fallback)
{
    char line[256] = "";
    FILE *file = fopen(path, "re");

    if (!file || !fgets(line, sizeof line, file) || *line == '\n')
        snprintf(line, sizeof line, "%s", fallback);
    if (file)
        fclose(file);
    return maker_hash(line);
}

/* The start of process PID into *START.  Returns 0, or -1 where there is none, or only its zombie. */
static int read_start(pid_t pid, uint64_t *start)
{
    char path[64], text[1024], *field;
    FILE *file;
    size_t n;

    if (pid == getpid())
        snprintf(path, sizeof path, "/proc/self/stat");  /* even where /proc is another PID namespace's */
    else
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return -1;
    n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    /* proc(5): "pid (name) state ppid ..."; the name may hold anything, the start is the 22nd field */
    field = strrchr(text, ')');
    if (!field || strlen(field) < sizeof ") Z" - 1 || field[2] == 'Z' || field[2] == 'X') {
        errno = ESRCH;
        return -1;
    }
    for (int i = 2; i < 22 && field; i++)
        field = strchr(field + 1, ' ');
    if (!field) {
        errno = EINVAL;
        return -1;
    }
    *start = strtoull(field, NULL, 10);
    return 0;
}

/* False where the numbers in /proc are those of another PID namespace ("unshare -pf" without "--mount-proc"). */
static bool has_own_proc(void)
{
    char number[24] = "";

    return readlink("/proc/self", number, sizeof number - 1) > 0 && strtol(number, NULL, 10) == getpid();
}

static int describe(pid_t pid, struct maker *maker)
{
    struct stat space;
    char name[256] = "";

    gethostname(name, sizeof name - 1);
    maker->machine = hash_line("/etc/machine-id", name);
    maker->boot = hash_line("/proc/sys/kernel/random/boot_id", "");
    maker->pid = pid;
    maker->space = stat("/proc/self/ns/pid", &space) == 0 ? space.st_ino : 0;
    return read_start(pid, &maker->start);
}

int maker_describe(pid_t pid, char text[MAKER_TEXT])
{
    struct maker maker;
    int n;

    if (describe(pid, &maker) < 0)
        return -1;
    n = snprintf(text, MAKER_TEXT, "%08" PRIx32 ".%08" PRIx32 ".%d.%" PRIu64 ".%" PRIu64,
                 maker.machine, maker.boot, (int)maker.pid, maker.start, maker.space);
    if (n >= MAKER_TEXT) {
        errno = EOVERFLOW;
        return -1;
    }
    return 0;
}

/* The number to BASE at *TEXT up to a DELIMITER, which *TEXT is left behind; *FAILED
   becomes true where there is none. */
static uint64_t parse_number(const char **text, int base, char delimiter, bool *failed)
{
    char *end;
    uint64_t number;

    errno = 0;
    number = strtoull(*text, &end, base);
    if (!isxdigit((unsigned char)**text) || errno != 0 || *end != delimiter) {
        *failed = true;
        return 0;
    }
    *text = end + 1;
    return number;
}

static bool parse(const char *text, struct maker *maker)
{
    bool failed = false;

    maker->machine = (uint32_t)parse_number(&text, 16, '.', &failed);
    maker->boot = (uint32_t)parse_number(&text, 16, '.', &failed);
    maker->pid = (pid_t)parse_number(&text, 10, '.', &failed);
    maker->start = parse_number(&text, 10, '.', &failed);
    maker->space = parse_number(&text, 10, '\0', &failed);
    return !failed;
}

pid_t maker_pid(const char *text)
{
    struct maker maker;

    return parse(text, &maker) ? maker.pid : 0;
}

void maker_shorten(const char *text, char short_text[MAKER_SHORT])
{
    snprintf(short_text, MAKER_SHORT, "%d.%" PRIu32, (int)maker_pid(text), maker_hash(text));
}

enum maker_state maker_look(const char *text, size_t length, const char *directory, bool is_local)
{
    struct maker maker, here;
    char copy[MAKER_TEXT];
    uint64_t start;
    const uint32_t unknown = maker_hash("");  /* /proc/sys may be hidden from one of two containers */

    if (length >= sizeof copy)
        return MAKER_UNKNOWN;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (!parse(copy, &maker) || describe(getpid(), &here) < 0)
        return MAKER_UNKNOWN;
    if (maker.boot != here.boot && (maker.boot == unknown || here.boot == unknown) && is_local)
        return maker_is_unlocked(directory, copy) ? MAKER_GONE : MAKER_LIVES;
    if (maker.boot != here.boot)
        return is_local || maker.machine == here.machine ? MAKER_GONE : MAKER_ELSEWHERE;
    if (maker.space == here.space && maker.pid == here.pid && maker.start == here.start)
        return MAKER_SELF;
    if (maker.space != here.space || !has_own_proc())
        return maker_is_unlocked(directory, copy) ? MAKER_GONE : MAKER_LIVES;
    /* in another time namespace the same process has another start */
    if (read_start(maker.pid, &start) == 0)
        return start == maker.start || maker_is_locked(directory, copy) ? MAKER_LIVES : MAKER_GONE;
    /* With hidepid (proc(5)) another user's process, or our own in another user namespace, is not to be seen, but it is
       there. */
    if (errno != ESRCH && (kill(maker.pid, 0) == 0 || errno == EPERM))
        return maker_is_unlocked(directory, copy) ? MAKER_GONE : MAKER_LIVES;
    return MAKER_GONE;
}

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t maker_age(const char *text)
{
    const uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);  /* a second */
    struct timespec boot;
    struct maker maker;

    if (!parse(text, &maker) || clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
        return 0;
    return nanoseconds(boot) - (int64_t)(maker.start / ticks * 1000000000 +
                                         maker.start % ticks * (1000000000 / ticks));
}

size_t maker_children(pid_t **children)
{
    char path[64], *text = NULL, *end;
    size_t room = 0, count = 0;
    ssize_t length;
    FILE *file;

    *children = NULL;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    file = fopen(path, "re");
    if (!file)
        return 0;
    length = getdelim(&text, &room, '\0', file);  /* numbers, with a blank after each */
    if (length >= 0 || feof(file))
        *children = calloc((size_t)(length < 0 ? 0 : length) / 2 + 1, sizeof **children);
    for (char *c = text; *children && length > 0; c = end) {
        pid_t pid = (pid_t)strtol(c, &end, 10);

        if (end == c)
            break;
        (*children)[count++] = pid;
    }
    fclose(file);
    free(text);
    return count;
}
