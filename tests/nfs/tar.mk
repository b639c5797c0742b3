# tar.mk - run on the first host: makes the files given as goals, and has the second host archive them
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   HOST2     the same folder as the second host sees it
#   SERVER    and as the server does
#   ARCHIVES  where the archives go; what tar says goes there too
#   SETTLED   if set, each line's output is settled
#
# Both are lines of one recipe because make, when it has run the last one, looks at $@, and on NFS a
# look from the host that wrote a file flushes it.

load /settle/settle.so

ifdef SETTLED
$(MAKECMDGOALS): private SETTLE = $@
endif

# tar's own status is the line's
.SHELLFLAGS = -o pipefail -c

$(MAKECMDGOALS):
	/settle/mmapwrite --size=1M --close-first $@
	cd $(HOST2) && /usr/bin/tar cf - $@ 2>$(ARCHIVES)/$@.said | sh /slow-reader.sh $(SERVER)/$@ >$(ARCHIVES)/$@
