# gluster.mk - a writer that closes its file before it unmaps it, then tar: bare.tar, hook.tar,
# function.tar and both.tar, each of its own file
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   PLUGIN=PATH   settle.so
#   WRITER=PATH   mmapwrite
#   SLOW=PATH     tar's compressor, which waits for a while first: tar, which reads on when the pipe to
#                 it is no longer full, takes its last look at the file that much later than its first

load $(PLUGIN)

hook both: private SETTLE = $@
bare hook function both:
	$(WRITER) --close-first --size=1M $@

bare.tar hook.tar: %.tar: %
	tar -I $(SLOW) -cf $@ $<
function.tar both.tar: %.tar: %
	tar -I $(SLOW) -cf $@ $(settle $<)

.DELETE_ON_ERROR:
