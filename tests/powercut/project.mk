# The project that the power-cut rig builds: the recipes that real ones have, and many cheap targets
# SPDX-License-Identifier: GPL-3.0-or-later
#
# generate.sh puts this beside the sources that it makes: in/, src/, fill.c, postprocess.c.  Each
# output follows from the sources alone (no time, no owner, no name of a folder), so that it can be
# compared with a clean build's.  No .DELETE_ON_ERROR, no .PRECIOUS: what is cut short is settle's
# affair.
#
#   SETTLE_SO=PATH   settle.so      BESIDE_PAUSE=SECONDS   how long a target of "beside" takes

load $(SETTLE_SO)

# All targets but the phony ones.
SETTLE = $@
all beside list nothing: private SETTLE =

in = $(patsubst in/%,out/%,$(sort $(wildcard in/$(1)*)))
overwritten := $(call in,overwritten)
direct := $(call in,direct)
lines := $(call in,lines)
renamed := $(call in,renamed)
edited := $(call in,edited)
joined := $(patsubst out/direct%,out/joined%,$(filter %0 %2 %4 %6 %8,$(direct)))
objects := $(patsubst src/m%.c,obj/m%.o,$(sort $(wildcard src/m*.c)))
mains := $(sort $(wildcard src/p*.c))
programs := $(mains:src/p%.c=bin/p%)
archives := $(mains:src/p%.c=lib/lib%.a)
partial := $(mains:src/p%.c=obj/partial%.o)
tools := fill postprocess
files := $(overwritten) $(direct) $(lines) $(renamed) $(edited) $(joined)
parts := $(archives) $(partial) $(programs)
tarballs := files.tar.gz parts.tar.gz

targets := $(tools:%=%.o) $(tools) $(files) $(objects) $(mains:src/p%.c=obj/p%.o) $(parts) $(tarballs)

all: $(targets)

$(tools:%=%.o): %.o: %.c
	$(CC) -O1 -c -o $@ $<
fill: fill.o
	$(CC) -o $@ $<
postprocess: postprocess.o
	$(CC) -o $@ $< -lelf

# Over the old one's blocks, of which nobody's journal knows.
$(overwritten): out/%: in/% | fill
	./fill $< over $@

# One write after the other.
$(direct): out/%: in/% | fill
	./fill $< 0 $@

# Three lines, after each of which the target is there and is newer than its prerequisites.
$(lines): out/%: in/% | fill
	./fill $< 0 $@
	./fill $< 1 $@
	./fill $< 2 $@

# The target appears at once.
$(renamed): out/%: in/% | fill
	./fill $< 0 $@.new
	mv -f $@.new $@

# Other programs than our own.
$(edited): out/%: in/%
	sed -e 's/[a-f]/&&/g' $< >$@
	sort -r $< $< $< >>$@

$(joined): out/joined%: out/direct%
	rm -f $@
	cat $< $< in/direct$* >$@

$(objects): obj/m%.o: src/m%.c
	$(CC) -O1 -c -o $@ $<

$(mains:src/p%.c=obj/p%.o): obj/p%.o: src/p%.c src/version.h
	$(CC) -O1 -c -o $@ $<

# The objects of program N are those whose number begins with N.
.SECONDEXPANSION:
own = $(filter obj/m$*%,$(objects))

$(archives): lib/lib%.a: $$(own)
	rm -f $@
	$(AR) rcD $@ $^

$(partial): obj/partial%.o: $$(own)
	$(LD) -r -o $@ $^

# Between the lines the target is there, newer than its prerequisites, and not what it should be.
$(programs): bin/p%: obj/p%.o lib/lib%.a | postprocess
	$(CC) -o $@ $^
	./postprocess $@

pack = tar -I 'gzip -n1' -cf $@ --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rw,go=r
files.tar.gz: $(edited) $(renamed)
	$(pack) $^

parts.tar.gz: $(parts)
	$(pack) $^

# For a second make in the same folder: targets that are nobody else's, and take their time.
beside := $(patsubst in/%,out/%,$(sort $(wildcard in/beside*)))
beside: $(beside)
$(beside): out/%: in/%
	cat $< >$@
	sleep $(BESIDE_PAUSE)
	cat $< >>$@
BESIDE_PAUSE = 0.3

list:
	@printf '%s\n' $(targets)

# What the plugin does when it is loaded, and nothing else.
nothing:

.PHONY: all beside list nothing
