# order.mk - a tool writes a side output, pN, and then its output, qN: which of them is the newer one?
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   LOG       a line is added for each target that is made
#   SETTLED   if set, both outputs are settled

load /settle/settle.so

outputs = q1 q2 q3 q4 q5

all: $(outputs)

ifdef SETTLED
$(outputs): private SETTLE = $< $@
endif

$(outputs): q%: p%
	/settle/mmapwrite --size=64K --close-first $<
	echo made >$@
	@echo $@ >>$(LOG)

# Made beside qN.
p%: ;

.PHONY: all
