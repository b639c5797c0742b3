# The build of the report: where ctime and blocks move after postprocess has exited, tar says "output:
# file changed as we read it".

include $(dir $(lastword $(MAKEFILE_LIST)))common.mk

tarball.tgz: output
	tar zcf $@ $^
