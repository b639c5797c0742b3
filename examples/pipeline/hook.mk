# The same with the hook: output is settled each time a line of its recipe has succeeded.

include $(dir $(lastword $(MAKEFILE_LIST)))common.mk
load $(SETTLE_SO)

output: private SETTLE = $@

tarball.tgz: output
	tar zcf $@ $^
