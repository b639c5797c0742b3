/* probe.c - settle --probe: what a folder's file system asks of settle
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "message.h"
#include "probe_room.h"

static int complain(const char *what)
{
    message("%s: %s", what, strerror(errno));
    return -1;
}

/* Ends as the signal NUMBER would have ended the program at once. */
static void die_of(int number)
{
    sigset_t set;

    signal(number, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void find_kernel(struct probe_facts *facts)
{
    struct utsname kernel;

    if (uname(&kernel) == 0)
        snprintf(facts->kernel, sizeof facts->kernel, "%s", kernel.release);
}

/* Fills FACTS; leaves nothing behind.  Returns 0, or -1 when it has complained. */
static int measure(struct probe_facts *facts)
{
    struct probe_room room;
    int result;

    if (room_open(&room, facts->directory) < 0)
        return complain(facts->directory);
    find_kernel(facts);
    probe_find_mount(room.fd, facts);
    result = probe_calls(&room, facts);
    if (result == 0)
        result = probe_watch(&room, facts);
    if (result < 0 && !room.stopped_by)
        complain(facts->directory);
    if (room_close(&room) < 0)
        result = complain(facts->directory);
    if (room.stopped_by)
        die_of(room.stopped_by);
    return result;
}

/* That all writers fail, for want of space for example, is more than a finding.  write(2), the
   last, says best why: a mapping only gives SIGBUS. */
static int why_unseen(const struct probe_facts *facts)
{
    int error = 0;

    for (int writer = PROBE_WRITERS - 1; writer >= 0; writer--)
        for (int watch = 0; watch < PROBE_WATCHES && !error; watch++)
            error = probe_error(&facts->trial[writer][watch]);
    return error;
}

static int print(const struct probe_facts *facts, bool json)
{
    const struct probe_verdict verdict = probe_judge(facts);

    if (json)
        probe_print_json(facts, &verdict);
    else
        probe_print(facts, &verdict);
    if (ferror(stdout) || fclose(stdout) != 0)
        return complain("standard output");
    if (verdict.status != PROBE_UNSEEN)
        return 0;
    errno = why_unseen(facts);
    return complain(facts->directory);
}

int probe_run(const char *directory, bool json)
{
    struct probe_facts facts = {.directory = directory};
    int result;

    signal(SIGCHLD, SIG_DFL);  /* where it is ignored, children can't be waited for */
    result = measure(&facts);
    if (result == 0)
        result = print(&facts, json);
    free(facts.type);
    free(facts.source);
    free(facts.mount_point);
    return result < 0 ? 1 : 0;
}
