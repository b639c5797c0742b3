/* job.c - what travels from the plugin, inside make, to settle-sh
   SPDX-License-Identifier: GPL-3.0-or-later

   Lines: the options, the folder of the marks, their maker (worker_find looks for it there), the target, the order
   of the marks' file system, the page of the ledger, the batch, the shell; the rest is the files, which may have
   newlines between them. */

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

/* A number has 20 digits at most. */
#define PAGE_TEXT (4 * 21)
#define ORDER_TEXT (2 * 21)

/* A line's end within a field would be taken for its own: to a shell command it is a blank. */
static void write_field(char **end, const char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            *(*end)++ = ' ';
        else
            *(*end)++ = *text;
    *(*end)++ = '\n';
}

char *job_format(const struct job *job)
{
    char options[OPTIONS_TEXT], page[PAGE_TEXT], order[ORDER_TEXT];
    char *text = malloc(sizeof options + sizeof page + sizeof order + strlen(job->marks) + strlen(job->maker) +
                        strlen(job->target) + strlen(job->batch) + strlen(job->shell) +
                        strlen(job->files) + sizeof "\n\n\n\n\n\n\n\n");
    char *end = text;

    if (!text)
        return NULL;
    options_format(&job->options, options, sizeof options);
    write_field(&end, options);
    write_field(&end, job->marks);
    write_field(&end, job->maker);
    write_field(&end, job->target);
    snprintf(order, sizeof order, "%ju %d", (uintmax_t)job->order.dev, (int)job->order.order);
    write_field(&end, *job->marks ? order : "");
    snprintf(page, sizeof page, "%zu %" PRIu64 " %zu %zu", job->page.number, job->page.address, job->page.stale,
             job->page.stale_count);
    write_field(&end, job->page.number != 0 ? page : "");
    write_field(&end, job->batch);
    write_field(&end, job->shell);
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

/* Nothing where there is no page. */
static int parse_page(struct ledger_page *page, const char *text)
{
    if (!*text || sscanf(text, "%zu %" SCNu64 " %zu %zu", &page->number, &page->address, &page->stale,
                         &page->stale_count) == 4)
        return 0;
    errno = EINVAL;
    return -1;
}

/* Where there are no marks, nobody wants to know. */
static int parse_order(struct order_known *known, const char *text)
{
    uintmax_t dev;
    int order;

    if (!*text)
        return 0;
    if (sscanf(text, "%ju %d", &dev, &order) != 2 || order < ORDER_FREE || order > ORDER_NONE) {
        errno = EINVAL;
        return -1;
    }
    *known = (struct order_known){(dev_t)dev, (enum order)order};
    return 0;
}

int job_parse(struct job *job, const char *text)
{
    char *options, *page = NULL, *order = NULL;
    int result = -1;

    memset(job, 0, sizeof *job);
    job->options = options_default;
    if (!text || !*text)
        text = "\n\n\n\n\n\n\n\n";
    options = read_field(&text);
    if (options && (job->marks = read_field(&text)) && (job->maker = read_field(&text)) &&
        (job->target = read_field(&text)) && (order = read_field(&text)) && (page = read_field(&text)) &&
        (job->batch = read_field(&text)) && (job->shell = read_field(&text)) && (job->files = strdup(text))) {
        result = options_parse(&job->options, options);
        if (result < 0)
            errno = EINVAL;
        else if ((result = parse_order(&job->order, order)) == 0)
            result = parse_page(&job->page, page);
    }
    free(order);
    free(page);
    free(options);
    return result;
}

int job_names(const struct job *job, struct names *names)
{
    return strcmp(job->files, job->target) == 0 ? names_whole(names, job->files)
                                                : names_split(names, job->files);
}

void job_free(struct job *job)
{
    free(job->marks);
    free(job->maker);
    free(job->target);
    free(job->batch);
    free(job->shell);
    free(job->files);
    memset(job, 0, sizeof *job);
}

/* True where WORD is "NAME/", which stands for all below that directory, and TARGET is there. */
static bool is_below(const char *target, const char *word)
{
    size_t length;

    if (word[strlen(word) - 1] != '/')
        return false;
    word = names_without_dots(word);
    target = names_without_dots(target);
    length = strlen(word);
    if (length == 0)  /* "./" */
        return *target != '/' && strncmp(target, "../", 3) != 0;
    while (length > 0 && word[length - 1] == '/')
        length--;
    return strncmp(target, word, length) == 0 && target[length] == '/' &&
           target[length + strspn(target + length, "/")] != '\0';
}

/* The words of TEXT into WORDS, but for TARGET; *HAS_TARGET tells whether that was among them, or below one. */
static int split(const char *text, const char *target, bool *has_target, struct list *words)
{
    char *copy = strdup(text), *rest;
    int result = copy ? 0 : -1;

    for (char *word = copy ? strtok_r(copy, " \t\n", &rest) : NULL; word && result == 0;
         word = strtok_r(NULL, " \t\n", &rest))
        if (strcmp(word, target) == 0)
            *has_target = true;
        else {
            *has_target |= is_below(target, word);
            result = list_add(words, word);
        }
    free(copy);
    return result;
}

int job_marked(const struct job *job, struct list *names)
{
    bool is_target = strcmp(job->files, job->target) == 0;
    struct list words = {0};
    char *key = NULL;
    int result = 0;

    if (!is_target)
        result = split(job->files, job->target, &is_target, &words);
    if (result == 0 && !is_target && asprintf(&key, "%s/=%s", job->marks, job->target) < 0) {
        key = NULL;
        result = -1;
    }
    if (result == 0)
        result = list_add(names, key ? key : job->target);
    for (size_t i = 0; i < words.count && result == 0; i++)
        result = list_add(names, words.name[i]);
    free(key);
    list_free(&words);
    return result;
}
