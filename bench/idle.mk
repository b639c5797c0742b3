# idle.mk - COUNT targets without SETTLE, whose recipe is RUN
# SPDX-License-Identifier: GPL-3.0-or-later

COUNT = 10000
RUN = :
targets := $(addprefix target,$(shell seq $(COUNT)))

all: $(targets)

ifdef SETTLE_SO
load $(SETTLE_SO)
endif

# A line that is just ":" costs make all that a line costs but the process, which it leaves out.
$(targets):
	@$(RUN)
