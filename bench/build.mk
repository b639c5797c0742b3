# build.mk - a build of many small C files; "sources" makes COUNT of them
# SPDX-License-Identifier: GPL-3.0-or-later

COUNT = 2000
objects := $(patsubst %,object/%.o,$(shell seq $(COUNT)))

all: $(objects)

ifdef SETTLE_SO
load $(SETTLE_SO)
$(objects): private SETTLE = $@
endif

$(objects): object/%.o: source/%.c
	@$(CC) -c -o $@ $<

sources:
	@mkdir -p source
	@seq $(COUNT) | awk '{ name = "source/" $$1 ".c"; \
		print "int f" $$1 "(int n)\n{\n    return n * " $$1 ";\n}" >name; close(name) }'

.PHONY: all sources
