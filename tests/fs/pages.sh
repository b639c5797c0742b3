# pages.sh - prints cachestat's line for a file, and checks that the folder behind has it whole
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: pages.sh TOP PAGES BEHIND FILE    PAGES and BEHIND (which may be empty) are folders below TOP

set -eu
"$BUILD/tests/cachestat" "$1/$2/$4"
test -z "$3" || cmp "$4" "$1/$3/$4" >&2
