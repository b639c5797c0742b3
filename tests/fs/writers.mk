# writers.mk - files written through mappings in each way there is, bare and settled
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds bare, hook and function, in the current folder, and puts down at once what became of the file:
#
#   PLUGIN=PATH   settle.so
#   WRITER=PATH   mmapwrite
#   NOTE=COMMAND  is run with the name of each file as soon as it is written, or settled

load $(PLUGIN)

ways = plain close_first no_unmap close_first_no_unmap write
size = 1M
# The last one is no mapping: write(2) dirties pages as well.
plain = $(WRITER) --size=$(size)
close_first = $(plain) --close-first
no_unmap = $(plain) --no-unmap
close_first_no_unmap = $(plain) --close-first --no-unmap
write = sh -c 'cat "$(WRITER)" >"$$0"'

bare: $(ways:%=bare_%)
hook: $(ways:%=hook_%)

$(ways:%=bare_%): bare_%:
	$($*) $@
	$(NOTE) $@

# Each line is settled; that of the note finds nothing to do.
$(ways:%=hook_%): private SETTLE = $@
$(ways:%=hook_%): hook_%:
	$($*) $@
	$(NOTE) $@

# One call for all of them.
$(ways:%=written_%): written_%:
	$($*) $@
function: $(ways:%=written_%)
	for file in $(settle $^); do $(NOTE) $$file || exit 1; done

.PHONY: bare hook function
