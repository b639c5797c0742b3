/* job.c - what travels from the plugin, inside make, to settle-sh
   SPDX-License-Identifier: GPL-3.0-or-later

   Lines: the options, the folder of the marks, their maker, the batch, the shell, "1" where the files are one; the rest is the files, which may
   have newlines between them. */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

/* A line's end within a field would be taken for its own: to a shell command it is a blank. */
static void write_field(char **end, const char *text)
{
    for (; *text; text++) {
        **end = *text;
        if (*text == '\n')
            **end = ' ';
        (*end)++;
    }
    *(*end)++ = '\n';
}

char *job_format(const struct job *job)
{
    char options[OPTIONS_TEXT];
    char *text = malloc(sizeof options + strlen(job->marks) + strlen(job->maker) + strlen(job->batch) +
                        strlen(job->shell) + strlen(job->files) + sizeof "\n\n\n\n\n1\n");
    char *end = text;

    if (!text)
        return NULL;
    options_format(&job->options, options, sizeof options);
    write_field(&end, options);
    write_field(&end, job->marks);
    write_field(&end, job->maker);
    write_field(&end, job->batch);
    write_field(&end, job->shell);
    write_field(&end, job->is_one ? "1" : "");
    memcpy(end, job->files, strlen(job->files) + 1);
    return text;
}

/* The next line of *TEXT, newly allocated, or NULL with errno. */
static char *read_field(const char **text)
{
    const char *newline = strchr(*text, '\n');
    char *field;

    if (!newline) {
        errno = EINVAL;
        return NULL;
    }
    field = strndup(*text, (size_t)(newline - *text));
    *text = newline + 1;
    return field;
}

int job_parse(struct job *job, const char *text)
{
    char *options, *one = NULL;
    int result = -1;

    memset(job, 0, sizeof *job);
    job->options = options_default;
    if (!text || !*text)
        text = "\n\n\n\n\n\n";
    options = read_field(&text);
    if (options && (job->marks = read_field(&text)) && (job->maker = read_field(&text)) &&
        (job->batch = read_field(&text)) && (job->shell = read_field(&text)) &&
        (one = read_field(&text)) && (job->files = strdup(text))) {
        job->is_one = strcmp(one, "1") == 0;
        result = options_parse(&job->options, options);
        if (result < 0)
            errno = EINVAL;
    }
    free(options);
    free(one);
    return result;
}

int job_names(const struct job *job, struct names *names)
{
    return job->is_one ? names_whole(names, job->files) : names_split(names, job->files);
}

void job_free(struct job *job)
{
    free(job->marks);
    free(job->maker);
    free(job->batch);
    free(job->shell);
    free(job->files);
    memset(job, 0, sizeof *job);
}
