# contests.sh - the contests in the guest, five of each kind at a time
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A contest runs over two mounts, host1 and host2, of the server's folder /export, in one of three ways:
# "bare", without settle, or settled in mode "fsync" or "writeback".  Results are TAP on descriptor 3.

contestants='1 2 3 4 5'
number=0 failed=0
: >/tmp/log

# One test's result, its title, and, where it failed, what is in the file log.
result() {
    number=$((number + 1))
    if test "$1" = 0; then
        echo "ok $number - nfs: $2" >&3
    else
        failed=$((failed + 1))
        echo "not ok $number - nfs: $2" >&3
        sed 's/^/# /' /tmp/log >&3
    fi
    : >/tmp/log
}

# How make is told to settle in the way $1.
way_arguments() {
    test "$1" = bare || echo SETTLED=yes SETTLE_MODE="$1" SETTLE_VERBOSE=1
}

# What mmapwrite writes, from a file system that keeps nothing back.
written() {
    test -e /tmp/written || /settle/mmapwrite --size=1M --close-first /tmp/written
    cat /tmp/written
}

# The contest of tar.  Counts in $complaints how often tar said that the file had changed, in $whole the
# archives that hold what was written, and in $zeros those that begin with zeros instead.
run_tar() {
    archives=/tmp/archives.$2
    mkdir -p "$archives"
    goals=
    for n in $contestants; do
        goals="$goals tar.$2.$n"
    done
    # shellcheck disable=SC2046,SC2086
    timeout 90 make -k -j5 -C "$1/host1" -f /tar.mk HOST2="$1/host2" SERVER=/export \
        ARCHIVES="$archives" $(way_arguments "$2") $goals >/tmp/log 2>&1 3>&-
    complaints=0 whole=0 zeros=0
    written >/tmp/expected
    for goal in $goals; do
        cat "$archives/$goal.said" >>/tmp/log
        ! grep -q 'file changed as we read it' "$archives/$goal.said" || complaints=$((complaints + 1))
        /usr/bin/tar xOf "$archives/$goal" "$goal" >/tmp/content
        ! cmp -s /tmp/content /tmp/expected || whole=$((whole + 1))
        test "$(wc -c </tmp/content) $(head -c 4096 /tmp/content | tr -d '\0' | wc -c)" != "1048576 0" ||
            zeros=$((zeros + 1))
    done
    rm -rf "$archives"
    echo "$complaints complaints, $whole whole archives, $zeros begin with zeros" >>/tmp/log
}

# The contest of order.  Leaves in $remade how many outputs the next make makes again.
run_order() {
    folder=$1/host1/order.$2
    mkdir "$folder"
    for run in first second; do
        : >/tmp/made
        # shellcheck disable=SC2046
        timeout 60 make -C "$folder" -f /order.mk LOG=/tmp/made $(way_arguments "$2") \
            >>/tmp/log 2>&1 3>&- || return 1
        remade=$(wc -l </tmp/made)
        echo "the $run make made $remade" >>/tmp/log
        test $run = second || test "$remade" = 5 || return 1
    done
}

# The command: what is on the server before and after it.  Leaves in $before and $after how often that
# is what was written.
run_command() {
    before=0 after=0
    written >/tmp/expected
    for n in $contestants; do
        file=command.$n
        /settle/mmapwrite --size=1M --close-first "$1/host1/$file" || return 1
        ! cmp -s "/export/$file" /tmp/expected || before=$((before + 1))
        /settle/settle -v "$1/host1/$file" >>/tmp/log 2>&1 || return 1
        ! cmp -s "/export/$file" /tmp/expected || after=$((after + 1))
    done
    echo "what was written: $before times before, $after times after settle" >>/tmp/log
}

server_look() {
    stat -c '%n %s %b %y %z' /export/tar.fsync.* /export/tar.writeback.*
}

# All contests over the mounts below $1, titles beginning with $2.
contests() {
    for way in fsync writeback; do
        run_tar "$1" $way
        test "$complaints $whole" = "0 5"
        result $? "$2: tar on a second host, settled ($way): no complaint, the content, 5 of 5"
    done
    server_look >/tmp/look
    run_tar "$1" bare
    test "$complaints $zeros" = "5 5"
    result $? "$2: tar on a second host, bare: file changed as we read it, and zeros, 5 of 5"
    # the bare contest ended when pages as old as the settled files were written back
    server_look >/tmp/later
    diff /tmp/look /tmp/later >/tmp/log 2>&1
    result $? "$2: tar on a second host, settled: nothing moved later"

    run_order "$1" bare && test "$remade" = 5
    result $? "$2: a by-product older than its product, bare: remade by the next make, 5 of 5"
    for way in fsync writeback; do
        run_order "$1" $way && test "$remade" = 0
        result $? "$2: a by-product older than its product, settled ($way): up to date, 5 of 5"
    done

    run_command "$1" && test "$before $after" = "0 5"
    result $? "$2: settle FILE: the server has zeros before and the content after, 5 of 5"
    rm -rf /export/*
}
