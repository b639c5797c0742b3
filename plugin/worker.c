/* worker.c - processes that are at work on a marked file, though its make be gone
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "worker.h"

char *worker_describe(const char *maker, const char *outer)
{
    char *text;

    if (asprintf(&text, "%s%s%s=%jd %jd", outer ? outer : "", outer && *outer ? ";" : "", maker, (intmax_t)getpid(),
                 (intmax_t)getsid(0)) < 0)
        return NULL;
    return text;
}

/* The rest of VARIABLE behind "NAME=", or NULL where it is another one. */
static const char *value_of(const char *variable, const char *name)
{
    size_t length = strlen(name);

    return strncmp(variable, name, length) == 0 && variable[length] == '=' ? variable + length + 1 : NULL;
}

/* True where JOB, that of a settle-sh, is of MARK's maker. */
static bool is_shell(const struct mark *mark, const char *job)
{
    for (int line = 0; line < 2 && job; line++) {  /* the maker is in the third line: job.c */
        job = strchr(job, '\n');
        job += job != NULL;
    }
    return job && strncmp(job, mark->text, mark->maker_length) == 0 && job[mark->maker_length] == '\n';
}

/* True where LINE, one of those that process PID is of, is that which has made MARK. */
static bool is_of_line(const struct mark *mark, pid_t pid, const char *line)
{
    char *end;
    pid_t shell;

    if (strncmp(line, mark->text, mark->maker_length) != 0 || line[mark->maker_length] != '=')
        return false;
    shell = (pid_t)strtol(line + mark->maker_length + 1, &end, 10);
    return shell == mark->runner && getsid(pid) == (pid_t)strtol(end, NULL, 10);
}

/* The same of LINES, unless that line is over. */
static bool is_of_lines(const struct mark *mark, pid_t pid, const char *lines)
{
    bool is = false;

    for (; lines && !is && mark->end == MARK_RUNNING && !mark->has_failed; lines = strchr(lines, ';')) {
        lines += *lines == ';';
        is = is_of_line(mark, pid, lines);
    }
    return is;
}

static bool is_at_work(const struct mark *mark, pid_t pid)
{
    char path[64], *variable = NULL;
    bool is = false;
    size_t room = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%jd/environ", (intmax_t)pid);
    file = fopen(path, "re");
    while (file && !is && getdelim(&variable, &room, '\0', file) > 0) {
        const char *job = value_of(variable, JOB), *line = value_of(variable, WORKER);

        is = (job && is_shell(mark, job)) || is_of_lines(mark, pid, line);
    }
    free(variable);
    if (file)
        fclose(file);
    return is;
}

pid_t worker_find(const struct mark *mark)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    pid_t found = 0;

    while (proc && found == 0 && (entry = readdir(proc))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && is_at_work(mark, pid))
            found = pid;
    }
    if (proc)
        closedir(proc);
    return found;
}

bool worker_runs_us(const struct mark *mark)
{
    return is_of_lines(mark, getpid(), getenv(WORKER));
}
