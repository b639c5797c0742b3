/* setting.c - $(SETTLE), in the context of a target whose SHELL make is expanding
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "expansion.h"
#include "make.h"
#include "setting.h"

static struct {
    enum { NOT_ASKED, ASKED, ANSWERING } state;
    char *value;        /* what it is, */
    const char *asker;  /* and for which target it is found out */
} setting;

/* $(SETTLE) in the current context.  This runs while SHELL is being expanded, and a $(shell) in SETTLE
   needs SHELL: make would call that a variable that references itself.  It allows it for a function,
   however, that $(call) expands (function.c, func_call: exp_count), so SETTLE is expanded from within
   $(call SHELL), which comes back here by way of setting_answer; and by $(call) as well, since that $(shell) may be one in
   SETTLE, which make is expanding. */
char *setting_expand(void)
{
    char *raw = make_expand("$(value SETTLE)");

    if (!strchr(raw, '$'))
        return raw;
    free(raw);
    if (setting.state == ANSWERING)
        return make_expand("$(call SETTLE)");
    setting.state = ASKED;
    free(make_expand("$(call SHELL)"));
    if (setting.state == NOT_ASKED)
        return setting.value;
    setting.state = NOT_ASKED;  /* that SHELL is the target's own, and not being expanded */
    return make_expand("$(call SETTLE)");
}

void setting_answer_for(const char *unit)
{
    setting.asker = unit;
    setting.state = unit ? ANSWERING : NOT_ASKED;
}

const char *setting_asker(void)
{
    return setting.state == ANSWERING ? setting.asker : NULL;
}

bool setting_answer(void)
{
    char *target, *unit;

    if (setting.state != ASKED)
        return false;
    target = make_target();
    unit = make_unit(target);
    free(target);
    setting_answer_for(unit);
    setting.value = make_expand("$(call SETTLE)");
    setting_answer_for(NULL);
    free(unit);
    return true;
}

bool setting_may_run_shell(void)
{
    static const char *const variables[] = {
        "SETTLE", "SETTLE_MODE", "SETTLE_STABLE", "SETTLE_TIMEOUT", "SETTLE_VERBOSE", "SETTLE_DIR",
        "SETTLE_BATCH_FILES", "SETTLE_BATCH_BYTES", "SETTLE_BATCH_SECONDS",
    };
    char *files = make_expand("$(strip $(value SETTLE))");
    bool may = false;

    for (size_t i = 0; *files && !may && i < sizeof variables / sizeof *variables; i++)
        may = expansion_may_run_shell(variables[i]);
    free(files);
    return may;
}
