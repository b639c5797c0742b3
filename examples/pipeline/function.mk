# The same with the function: output is settled when the recipe that uses it starts.

include $(dir $(lastword $(MAKEFILE_LIST)))common.mk
load $(SETTLE_SO)

tarball.tgz: output
	tar zcf $@ $(settle $^)
