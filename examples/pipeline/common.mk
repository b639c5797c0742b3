# What the three variants of the pipeline share.  Builds in the current folder.
#
#   SETTLE_SO=PATH   settle.so, where make doesn't find it
#   LINKER=NAME      bfd, gold, lld or mold
#   SIZE_MIB=N       how large the output is

SETTLE_SO = settle.so
LINKER = bfd
SIZE_MIB = 16

sources := $(dir $(lastword $(MAKEFILE_LIST)))
VPATH = $(sources)
OBJECTS = main.o ballast.o

all: tarball.tgz

output: $(OBJECTS) | postprocess
	$(CC) -fuse-ld=$(LINKER) $(CFLAGS) $(LDFLAGS) -o $@ $^
	./postprocess $@

main.o ballast.o: ballast.h
ballast.o: CPPFLAGS += -DSIZE_MIB=$(SIZE_MIB)
%.o: %.c
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

postprocess: postprocess.c
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lelf

# What is in the tarball is the output, and the output works.
check: tarball.tgz
	mkdir -p unpacked
	tar zxf tarball.tgz -C unpacked
	cmp output unpacked/output
	test "$$(unpacked/output)" = "$$(($(SIZE_MIB) * 1048576)) bytes of ballast"

clean:
	rm -rf $(OBJECTS) postprocess output tarball.tgz unpacked

.PHONY: all check clean
.DELETE_ON_ERROR:
