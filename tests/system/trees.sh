# trees.sh - whole trees: deep, large, moving, with links, closed folders and other file systems in them
# SPDX-License-Identifier: GPL-3.0-or-later

# The names that out says were settled, sorted.
settled() {
    sed -n 's/^settle: \(.*\): settled, .*/\1/p' out | sort
}

works() {
    settle "$@"
    test "$status" = 0 || fail "settle $*: status $status: $(head -c 2000 out)"
}

# Names of 200 bytes: a path of 600 KB, and PATH_MAX is 4096.
test_a_deep_tree() {
    mkdir tree
    name=$(printf '%0200d' 0)
    "$BUILD/tests/maketree" tree --deep 3000 "$name"
    works -v tree/
    test "$(wc -l <out)" = 2 || fail "$(wc -l <out) lines"
    test "$(tail -n 1 out | grep -o "/$name" | wc -l)" = 3000 || fail "another path: $(tail -c 300 out)"
    tail -n 1 out | grep -q '/file: settled, 1 bytes' || fail "$(tail -c 300 out)"
}

test_a_deep_tree_is_synced_from_the_bottom_up() {
    mkdir tree
    "$BUILD/tests/maketree" tree --deep 30 d
    PRELOAD='' TRACE=fsync traced log -y "$BUILD/plugin/settle" tree/
    sed -n "s|.*<$(pwd -P)/*\\(.*\\)>.*|\\1|p" log | awk -F / '
        NR == 1 && $NF != "file" { exit 1 }
        NR > 2 && NF != previous - 1 { exit 1 }
        { previous = NF }
        END { exit NR != 33 }' || fail "$(cat log)"
}

# The set's memory: some 200 bytes a file, so that a million takes less than 200 MiB.
least_memory() {
    "$BUILD/tests/usage" used "$BUILD/plugin/settle" --files-from=/dev/null
    read -r base _ <used
}

test_the_memory_of_many_files() {
    test -z "$PRELOAD" || skip "a sanitizer takes memory of its own"
    ! grep -q '^CFLAGS = .*-fsanitize' "$BUILD/Makefile" || skip "a sanitizer takes memory of its own"
    least_memory
    mkdir tree
    "$BUILD/tests/maketree" tree 20000 1000
    "$BUILD/tests/usage" used "$BUILD/plugin/settle" -m writeback tree/
    read -r kib _ <used
    # arrays grow by doubling: up to twice what is needed, and some 3 MiB for 32 threads
    test $((kib - base)) -lt $((20000 * 200 / 1024 + 4096)) || fail "$base KiB for none, $kib for 20,000"
}

need_long() {
    test "${SETTLE_LONG_TESTS:-0}" = 1 || skip "takes minutes; SETTLE_LONG_TESTS=1 runs it"
}

# million FOLDER: prints the figure, which is in the test's output where it fails.
million() {
    "$BUILD/tests/maketree" "$1" 1000000 1000
    "$BUILD/tests/usage" used "$BUILD/plugin/settle" -m fsync "$1/"
    read -r kib milliseconds <used
    echo "1,000,000 files: $kib KiB, $milliseconds ms of processor time" | tee "${MILLION_LOG:-/dev/null}"
    test "$kib" -lt $((200 * 1024)) || fail "$kib KiB"
}

test_a_million_files_on_tmpfs() {
    need_long
    mkdir tree
    mount_or_skip -t tmpfs -o nr_inodes=1100000,size=6G tmpfs tree
    million tree
}

test_a_million_files_on_ext4() {
    need_long
    need mkfs.ext4 e2fsprogs
    mkdir tree
    truncate -s 12G image
    mkfs.ext4 -q -N 1200000 image
    mount_or_skip -o loop image tree
    mkdir tree/top
    million tree/top
}

# As an ordinary user: root reads any folder.
test_a_folder_that_cannot_be_read() {
    mkdir -p tree/closed tree/open
    touch tree/open/file tree/closed/file
    if test "$(id -u)" = 0; then
        need setpriv util-linux
        cp "$BUILD/plugin/settle" .
        chmod 755 . settle
        chown -R 65534 tree
        chmod 0 tree/closed
        as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
        $as_nobody ./settle --version >/dev/null 2>&1 || skip "needs a TMPDIR that other users can reach"
        status=0
        $as_nobody ./settle -v tree/ >out 2>&1 || status=$?
    else
        chmod 0 tree/closed
        settle -v tree/
    fi
    chmod 755 tree/closed
    test "$status" = 1 || fail "status $status: $(cat out)"
    grep -v ': settled, ' out >got
    expect got <<'EXPECTED'
settle: tree/closed: Permission denied
EXPECTED
    settled >got
    expect got <<'EXPECTED'
tree/
tree/open/file
EXPECTED
}

# What comes and goes while the tree is walked is no failure.
test_files_and_folders_that_vanish() {
    mkdir tree
    touch tree/stays
    (while test ! -e stop; do
        mkdir -p tree/a/b/c tree/d
        touch tree/a/1 tree/a/b/2 tree/a/b/c/3 tree/d/4 tree/5
        rm -rf tree/a tree/d tree/5
    done) 2>/dev/null &
    at_exit "touch '$PWD/stop'; wait $!"
    round=0
    while test $round -lt 100; do
        # a file that is being written to is waited for
        works tree/
        test ! -s out || fail "$(cat out)"
        round=$((round + 1))
    done
}

# So far as it was there: the walk goes on beyond it.
test_a_folder_that_vanishes_after_it_was_found() {
    mkdir -p tree/gone tree/stays
    touch tree/gone/file tree/stays/file
    need strace strace
    PRELOAD='' TRACE=fsync traced log -e inject=fsync:signal=STOP:when=1 "$BUILD/plugin/settle" tree/ \
        >out 2>&1 &
    traced=$!
    tries=0
    until grep -q 'stopped by SIGSTOP' log 2>/dev/null; do
        tries=$((tries + 1))
        test $tries -lt 200 || fail "has not stopped: $(cat log)"
        sleep 0.05
    done
    rm -r tree/gone
    kill -s CONT "$(sed -n 's/^\([0-9]*\) .*stopped by SIGSTOP.*/\1/p' log | head -n 1)"
    status=0
    wait $traced || status=$?
    test "$status" = 0 || fail "status $status: $(cat out)"
}

test_hard_links_once() {
    mkdir -p tree/a tree/b
    echo x >tree/a/file
    ln tree/a/file tree/b/file
    ln tree/a/file tree/another
    PRELOAD='' TRACE=fsync,fdatasync,syncfs traced log -y "$BUILD/plugin/settle" tree/
    test "$(grep -c '/\(file\|another\)>' log)" = 1 || fail "$(cat log)"
    # each folder that has one of its names
    test "$(grep -c '/tree\(/[ab]\)*>' log)" = 3 || fail "$(cat log)"
}

test_symbolic_links_are_not_followed() {
    mkdir -p tree/folder elsewhere
    touch tree/folder/file elsewhere/file
    ln -s . tree/self
    ln -s .. tree/folder/up
    ln -s ../elsewhere tree/away
    ln -s ../elsewhere/file tree/file
    ln -s nowhere tree/dangling
    mkfifo tree/fifo
    works -v tree/
    settled >got
    expect got <<'EXPECTED'
tree/
tree/folder/file
EXPECTED
}

# But the name that was given is: it stands for what it points to.
test_a_link_to_a_tree() {
    mkdir tree
    touch tree/file
    ln -s tree link
    works -v link/
    settled >got
    grep -q '/file$' got || fail "$(cat out)"
}

test_without_the_slash_no_walk() {
    mkdir tree
    touch tree/file
    works -v tree
    settled >got
    expect got <<'EXPECTED'
tree
EXPECTED
}

test_a_tree_that_is_none() {
    touch file
    settle file/ nothere/
    test "$status" = 1 || fail "status $status"
    expect out <<'EXPECTED'
settle: file/: Not a directory
settle: nothere/: No such file or directory
EXPECTED
}

test_another_file_system_below() {
    mkdir -p tree/other
    mount_or_skip -t tmpfs -o size=1M tmpfs tree/other
    mkdir tree/other/folder
    touch tree/file tree/other/folder/file
    works -v tree/
    settled >got
    expect got <<'EXPECTED'
tree/
tree/file
tree/other/folder/file
EXPECTED
}

test_proc_below_is_passed_over() {
    mkdir -p tree/proc
    mount_or_skip --bind /proc tree/proc
    touch tree/file
    works -v tree/
    settled >got
    expect got <<'EXPECTED'
tree/
tree/file
EXPECTED
}

# A file system that shows two others may pass on the inode numbers of both, bindfs for one: here both folders have one, and
# both files.
test_two_files_of_one_number() {
    need_root "to mount file systems"
    test -x "$BUILD/tests/fs/cachefs" || skip "needs libfuse3 (Debian package: libfuse3-dev)"
    test -c /dev/fuse || skip "needs /dev/fuse"
    command -v strace >/dev/null || skip "needs strace"
    mkdir below below/one below/two shown
    for part in one two; do
        mount -t tmpfs "$part" below/$part 2>/dev/null || skip "needs leave to mount"
        at_exit "umount '$PWD/below/$part'"
        echo text >below/$part/file$part
        sleep 0.01
    done
    test "$(stat -c %i below/one/fileone)" = "$(stat -c %i below/two/filetwo)" || skip "needs tmpfs with numbers of its own"
    "$BUILD/tests/fs/cachefs" "$PWD/below" shown || skip "needs leave to mount by FUSE"
    at_exit "umount -l '$PWD/shown'"
    for names in shown/one/fileone\ shown/two/filetwo shown/; do
        # shellcheck disable=SC2086 # two words
        strace -f -y -o log -e trace=fsync "$BUILD/plugin/settle" $names
        for synced in one/fileone two/filetwo one two; do
            grep -q "fsync([0-9]*<.*/shown/$synced>)" log || fail "$names: $synced: $(cat log)"
        done
    done
    strace -f -y -o log -e trace=fsync "$BUILD/plugin/settle" shown/one/fileone shown/ shown/one/../one/fileone
    test "$(grep -c 'fileone>)' log)" = 1 || fail "twice: $(cat log)"
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
