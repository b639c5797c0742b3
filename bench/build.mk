# build.mk - a build of many small C files; "sources" makes COUNT of them
# SPDX-License-Identifier: GPL-3.0-or-later
#
# CODE: "short", one function and no header, which no compiler is done with sooner; or "usual", what a small module
# looks like, built as Debian builds it.

COUNT = 2000
CODE = usual
objects := $(patsubst %,object/%.o,$(shell seq $(COUNT)))
flags_usual = -O2 -g

all: $(objects)

ifdef SETTLE_SO
load $(SETTLE_SO)
$(objects): private SETTLE = $@
endif

$(objects): object/%.o: source/%.c
	@$(CC) $(flags_$(CODE)) -c -o $@ $<

template := $(dir $(lastword $(MAKEFILE_LIST)))$(CODE).c.in
sources:
	@mkdir -p source
	@for number in $$(seq $(COUNT)); do sed "s/@/$$number/g" $(template) >source/$$number.c; done

.PHONY: all sources
