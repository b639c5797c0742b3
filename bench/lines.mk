# lines.mk - COUNT targets of one line each, settled in the way that HOW names
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   HOW=bare     not at all
#   HOW=settle   SETTLE = $@, with the plugin SETTLE_SO
#   HOW=line     a second line, "sync $@" (make runs it without a shell)
#   HOW=and      "&& sync $@" in the one line

COUNT = 500
targets := $(addprefix out/,$(shell seq $(COUNT)))

all: $(targets)

ifeq ($(HOW),settle)
load $(SETTLE_SO)
$(targets): private SETTLE = $@
endif

ifeq ($(HOW),line)
$(targets):
	@echo $@ >$@
	@sync $@
else ifeq ($(HOW),and)
$(targets):
	@echo $@ >$@ && sync $@
else
$(targets):
	@echo $@ >$@
endif

# The most memory that settle-sh, this shell's parent, had resident: "VmHWM: NUMBER kB".
memory: private SETTLE = $@
memory:
	@grep VmHWM /proc/$$PPID/status >$@

# What is in the folder of marks while a recipe runs.
marks: private SETTLE = $@
marks:
	@ls -A .settle >$@

.PHONY: memory marks
