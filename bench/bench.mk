# bench.mk - the part of the Makefile that measures settle against its rivals
# SPDX-License-Identifier: GPL-3.0-or-later

bench_programs = bench/clock bench/dirty bench/fsync bench/tree

$(bench_programs): %: %.o
	$(LINK) -o $@ $< $(LIBS)

# Needs an otherwise idle machine; BENCH="1 3" picks contests, ROUNDS=9 says how often.
bench: all $(bench_programs)
	@SRC='$(abspath $(srcdir))' BUILD='$(CURDIR)' MAKE='$(USER_MAKE)' sh $(srcdir)/bench/run.sh

clean: clean-bench
clean-bench:
	rm -f $(bench_programs) $(bench_programs:%=%.o) $(bench_programs:%=%.d)
	rm -f bench/results.tsv bench/results.txt bench/results.svg

.PHONY: bench clean-bench

-include $(wildcard bench/*.d)
