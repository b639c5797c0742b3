# tests.mk - the part of the Makefile that builds and runs the tests
# SPDX-License-Identifier: GPL-3.0-or-later

# A unit test is tests/unit/NAME.c, linked with all of settle but its three main files.
unit_tests =
ifeq ($(have_cmocka),yes)
unit_tests += $(patsubst $(srcdir)/%.c,%,$(sort $(wildcard $(srcdir)/tests/unit/*.c)))
endif
unit_objects = $(engine_objects) $(mark_objects) plugin/recipes.o plugin/slots.o plugin/pending.o plugin/rules.o \
	plugin/child.o plugin/job.o plugin/line.o plugin/orphans.o plugin/shell.o plugin/meter.o plugin/probe_verdict.o

system_tests = $(sort $(wildcard $(srcdir)/tests/system/*.sh))

# On real file systems, as root.
fs_tests = $(patsubst %,$(srcdir)/tests/fs/%.sh,takedown local gluster)

small_programs = tests/cachestat tests/maketree tests/thinwrite tests/usage
test_programs = $(unit_tests) tests/mmapwrite tests/leaserace $(small_programs)
ifeq ($(have_fuse3),yes)
test_programs += tests/latefs tests/cutdisk tests/fs/cachefs
endif

$(unit_tests): %: %.o $(unit_objects)
	$(LINK) $(made_up) -o $@ $< $(unit_objects) $(CMOCKA_LIBS) $(LIBS)
tests/unit/slots: made_up = -Wl,--wrap=ledger_make,--wrap=ledger_end

latefs_objects = $(patsubst $(srcdir)/%.c,%.o,$(wildcard $(srcdir)/tests/late*.c))
$(latefs_objects): CPPFLAGS += $(FUSE3_CFLAGS)
tests/latefs: $(latefs_objects)
	$(LINK) -o $@ $(latefs_objects) $(FUSE3_LIBS) $(LIBS)

tests/powercut/cutdisk.o tests/fs/cachefs.o: CPPFLAGS += $(FUSE3_CFLAGS)
tests/cutdisk: tests/powercut/cutdisk.o
	$(LINK) -o $@ $< $(FUSE3_LIBS) $(LIBS)
tests/fs/cachefs: tests/fs/cachefs.o
	$(LINK) -o $@ $< $(FUSE3_LIBS) $(LIBS)

tests/mmapwrite: examples/runtest/mmapwrite.o
	@$(MKDIR_P) $(@D)
	$(LINK) -o $@ $< $(LIBS)
$(small_programs): %: %.o
	$(LINK) -o $@ $< $(LIBS)
tests/leaserace: tests/leaserace.o $(engine_objects)
	$(LINK) -o $@ $< $(engine_objects) $(LIBS)

# The sanitizer's runtime must be there before the plugin is: make is started with it.
preload = $(if $(findstring -fsanitize=address,$(CFLAGS)),$(shell $(CC) -print-file-name=libasan.so))

test_environment = SRC='$(abspath $(srcdir))' BUILD='$(CURDIR)' MAKE='$(USER_MAKE)' CC='$(CC)' \
	have_cmocka=$(have_cmocka) have_libelf=$(have_libelf) PRELOAD='$(preload)'

check: all $(test_programs)
	@$(test_environment) sh $(srcdir)/tests/suite $(unit_tests:%=./%) $(system_tests) $(fs_tests)

# The same tests of the plugin, on what an installation into a folder of its own gives.
installcheck: all $(test_programs)
	@$(test_environment) sh $(srcdir)/tests/suite $(srcdir)/tests/system/install.sh

# On NFS, in an emulated machine.
check-nfs: all tests/mmapwrite
	@$(test_environment) sh $(srcdir)/tests/suite $(srcdir)/tests/nfs/check.sh

# The long version of tests/system/powercut.sh, as root: prints the tables for the documentation.
check-powercut: all $(test_programs)
	@$(test_environment) sh $(srcdir)/tests/powercut/table.sh

.PHONY: check-powercut

clean-tests:
	rm -f $(test_programs) $(unit_tests:%=%.o) $(unit_tests:%=%.d)
	rm -f $(foreach folder,tests tests/fs tests/powercut,$(folder)/*.o $(folder)/*.d)
	rm -f examples/runtest/mmapwrite.o examples/runtest/mmapwrite.d
	rm -rf tests/nfs.cache

.PHONY: check-nfs
