# trees.sh - contest 2: trees of small files
# SPDX-License-Identifier: GPL-3.0-or-later

BYTES=8192
# Seconds for each contestant in the largest trees: one round for who goes one by one.
LIMIT=20
LARGE=100000

contest_trees() {
    contest 2 "Trees of files of $BYTES bytes, 100 in a folder" "settle TREE/"
    if ! knows_trees; then
        leave_out "all" "this settle refuses TREE/"
        return
    fi
    keep_dirty
    on_file_systems all_trees ext4 xfs btrfs tmpfs
    contest_end
}

knows_trees() {
    mkdir "$WORK/probe" && touch "$WORK/probe/file" && "$COMMAND" "$WORK/probe/" 2>/dev/null
    set -- $?
    rm -rf "$WORK/probe"
    return "$1"
}

# In the folder $1, $PLACE, on a file system of type $2.
all_trees() {
    for count in $BENCH_TREES; do
        tree_alone "$count" "$2"
    done
    test "$2" != tmpfs || return 0
    tree_beside_dirty "$2"
    if limit_writes "$BENCH_DISK" 2>/dev/null; then
        tree_beside_dirty "$2, $BENCH_DISK MB/s"
        limit_writes 0
    else
        leave_out "a disk of $BENCH_DISK MB/s" "needs the blkio controller of cgroup v1"
    fi
}

# $1 files on a file system of type $2 where nothing else is dirty.
tree_alone() {
    case $1.$2 in
    10000.ext4 | 10000.xfs) aim "sync -f TREE<=1.5;fsync one by one<=0.125" ;;
    10000.*) aim "sync -f TREE<=1.5" ;;
    *) aim "" ;;
    esac
    title="$1 files, $2" x=$1
    before="rm -rf '$PLACE/tree' && sync -f '$PLACE' && '$TOOLS/tree' '$PLACE/tree' $1 $BYTES"
    if test "$1" -lt $LARGE; then
        limit=0
        set -- :: "find -exec sync {} +" find "$PLACE/tree" -type f -exec sync '{}' +
    else
        limit=$LIMIT
        set --
        note "$title: without \"find -exec sync {} +\", which takes as long as one by one"
    fi
    measure "$title" "$x" -l "$limit" -p "$before" \
        :: "settle TREE/" "$COMMAND" "$PLACE/tree/" \
        :: "sync -f TREE" sync -f "$PLACE/tree" \
        :: "fsync one by one" "$TOOLS/fsync" "$PLACE/tree" "$@"
    rm -rf "$PLACE/tree"
}

# 10,000 files on $1, a file system's type and maybe its disk's speed, where somebody else has 1 GiB of dirty data.
tree_beside_dirty() {
    count=10000 dirty=1024
    aim "sync -f TREE<=0.2"
    before="rm -rf '$PLACE/tree' '$PLACE/unrelated' && sync -f '$PLACE' &&
        '$TOOLS/dirty' new '$PLACE/unrelated' $dirty && '$TOOLS/tree' '$PLACE/tree' $count $BYTES"
    can_be_dirty "$PLACE" $dirty "$1" || return 0
    sh -ec "$before" && "$TOOLS/dirty" check "$PLACE/unrelated" $dirty
    if test $? = 1; then
        leave_out "beside $dirty MiB, $1" "making the tree makes the file system write the rest"
    else
        measure "$count files beside $dirty MiB, $1" "$count" -p "$before" \
            :: "settle TREE/" "$COMMAND" "$PLACE/tree/" \
            :: "sync -f TREE" sync -f "$PLACE/tree"
    fi
    rm -rf "$PLACE/tree" "$PLACE/unrelated"
}
