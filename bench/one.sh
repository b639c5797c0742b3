# one.sh - contest 1: one output, beside unrelated dirty data
# SPDX-License-Identifier: GPL-3.0-or-later

contest_one() {
    contest 1 "One fresh output beside unrelated dirty data on the same file system" \
        "settle FILE"
    aim "fsync(2)<=1.1"
    keep_dirty
    mkdir -p "$WORK/own"
    type=$(type_of "$WORK")
    case $type in
    tmpfs | ramfs) leave_out "this folder" "$type writes nothing; name another one in BENCH_DIR" ;;
    *) beside_dirty "$WORK/own" "$type" "$BENCH_SIZES" ;;
    esac
    # One without neighbours, and one that is there where this folder is in a container's overlay; two
    # cases, for the sake of time.
    if mount_fs ext4; then
        BENCH_DIRTY="0 1024"
        beside_dirty "$PLACE" "ext4 on a loop device" 16
        unmount_fs ext4
    fi
    contest_end
}

# In the folder $1, called $2 in the table, with outputs of $3 MiB.
beside_dirty() {
    for dirty in $BENCH_DIRTY; do
        can_be_dirty "$1" "$dirty" "$2" || continue
        for size in $3; do
            # The two that write the unrelated data as well are the last ones.
            measure "$size MiB beside $dirty MiB, $2" "$dirty" \
                -p "'$TOOLS/dirty' keep '$1/unrelated' $dirty && '$TOOLS/dirty' new '$1/output' $size" \
                :: "settle FILE" "$COMMAND" "$1/output" \
                :: "fsync(2)" "$TOOLS/fsync" "$1/output" \
                :: "sync FILE" sync "$1/output" \
                :: "sync -f FILE" sync -f "$1/output" \
                :: "sync" sync
        done
    done
    rm -f "$1/unrelated" "$1/output"
}

# Whether $2 MiB of dirty data in the folder $1, called $3, stay dirty.
can_be_dirty() {
    what="beside $2 MiB, $3"
    if ! has_room "$1" $(($2 + 512)); then
        leave_out "$what" "not enough room in $1"
        return 1
    fi
    # Tried again, since anybody's sync(2) in that moment would write it.
    for _ in 1 2 3; do
        "$TOOLS/dirty" new "$1/unrelated" "$2" || return 1
        sleep 0.2
        status=0
        "$TOOLS/dirty" check "$1/unrelated" "$2" || status=$?
        test $status = 1 || break
    done
    case $status in
    77) note "$what: this kernel (before 6.5) can't tell whether the data stayed dirty" ;;
    1) leave_out "$what" "the kernel writes it at once: needs more memory, or root to raise vm.dirty_*" ;;
    esac
    test "$status" != 1
}
