# writers.sh - processes that still have an output open or mapped for writing when its recipe has ended
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2016 # what stands in single quotes is for make

LINGER="$BUILD/tests/mmapwrite --size=64K"
export LINGER

# The process that mmapwrite --linger left behind in this folder.
find_lingerer() {
    lingerer=
    here=$(pwd -P)
    for process in /proc/[0-9]*; do
        if test "$(readlink "$process/cwd" 2>/dev/null)" = "$here" &&
            test "$(cat "$process/comm" 2>/dev/null)" = mmapwrite; then
            lingerer=${process#/proc/}
        fi
    done
    test -n "$lingerer" || fail "nobody lingers: $(cat out)"
    at_exit "kill $lingerer 2>/dev/null || :"
}

# FILE has what the lingering process wrote last, and no dirty page of it is left.
expect_late_write_settled() {
    test "$(tr -d '\000' <"$1" | od -An -tx1 | tr -d ' \n' | sed 's/\(02\)*//')" = '' ||
        fail "$1 was settled before the last write: $(od -tx1 "$1" | head -n 3)"
    test "$(wc -c <"$1")" = 65536 || fail "$1: $(wc -c <"$1") bytes"
    pages=$("$BUILD/tests/cachestat" "$1" 2>/dev/null) || return 0
    test "${pages#*: * }" = "0 0" || fail "dirty or in writeback: $pages"
}

# hold FILE [COMMAND...]: a process (started by COMMAND) that has FILE open for writing, for a minute; its
# pid in $holder.
hold() {
    file=$1
    shift
    "$@" sleep 60 3>>"$file" &
    holder=$!
    at_exit "kill $holder 2>/dev/null || :"
    tries=0
    until test "$(cat /proc/$holder/comm)" = sleep; do
        tries=$((tries + 1))
        test $tries -lt 500 || fail "no process to hold $file"
        sleep 0.01
    done
}

mount_tmpfs() {
    need_root "to mount a tmpfs"
    mkdir mnt
    mount -t tmpfs -o size=16M tmpfs mnt 2>/dev/null || skip "needs leave to mount"
    at_exit "umount -l '$PWD/mnt'"
}

mount_overlay() {
    need_root "to mount an overlayfs"
    grep -qw overlay /proc/filesystems || skip "needs overlayfs in the kernel"
    mount_tmpfs
    mkdir mnt/lower mnt/upper mnt/work over
    mount -t overlay -o lowerdir=mnt/lower,upperdir=mnt/upper,workdir=mnt/work overlay over 2>/dev/null ||
        skip "needs leave to mount an overlayfs"
    at_exit "umount -l '$PWD/over'"
}

# The hook, the function and the command, for OUTPUT in the makefile, which mmapwrite makes with the
# options $(linger).  Each is "FACE STATUS", with the text before and after the message's.

makefile() {
    cat >Makefile <<'MAKE'
load $(PLUGIN)
hooked: private SETTLE = $(output)
hooked:
	@$(LINGER) $(linger) $(output)
function: plain
	@echo "[$(settle $(output))]"
plain:
	@$(LINGER) $(linger) $(output)
.PHONY: hooked function plain
MAKE
}

# lets_go FOLDER: for each face, with the descriptor and with the mapping alone.
lets_go() {
    makefile
    for linger in --linger=0.5 '--linger=0.5 --close-first'; do
        output=$1/output
        rm -f "$output"
        run mk hooked "output=$output" "linger=$linger"
        test "$status" = 0 || fail "hook, $linger: status $status: $(cat out)"
        expect_late_write_settled "$output"
        rm -f "$output"
        run mk function "output=$output" "linger=$linger"
        test "$status $(cat out)" = "0 [$output]" || fail "function, $linger: status $status: $(cat out)"
        expect_late_write_settled "$output"
        rm -f "$output"
        # shellcheck disable=SC2086
        $LINGER $linger "$output"
        run "$BUILD/plugin/settle" "$output"
        test "$status" = 0 || fail "command, $linger: status $status: $(cat out)"
        expect_late_write_settled "$output"
    done
}

# stays FOLDER: the same where it doesn't let go in time.
stays() {
    makefile
    export SETTLE_TIMEOUT=0.3
    for linger in --linger=60 '--linger=60 --close-first'; do
        output=$1/output
        rm -f "$output"
        run mk hooked "output=$output" "linger=$linger"
        find_lingerer
        text="settle: $output: still open for writing by process $lingerer (mmapwrite)"
        expect out <<EXPECTED
$text
make: *** [Makefile:4: hooked] Error 125
EXPECTED
        test "$status" = 2 || fail "status $status"
        test -e "$output" || fail "removed, though nothing is lost"
        run "$BUILD/plugin/settle" "$output"
        expect out <<EXPECTED
$text
EXPECTED
        test "$status" = 1 || fail "status $status"
        kill "$lingerer"
        rm -f "$output"
        run mk function "output=$output" "linger=$linger"
        find_lingerer
        expect out <<EXPECTED
Makefile:6: *** settle: $output: still open for writing by process $lingerer (mmapwrite).  Stop.
EXPECTED
        test "$status" = 2 || fail "status $status"
        kill "$lingerer"
    done
}

test_lets_go_in_time() { lets_go .; }
test_lets_go_in_time_on_tmpfs() { mount_tmpfs; lets_go mnt; }
test_lets_go_in_time_on_overlayfs() { mount_overlay; lets_go over; }
test_stays() { stays .; }
test_stays_on_tmpfs() { mount_tmpfs; stays mnt; }
test_stays_on_overlayfs() { mount_overlay; stays over; }

test_the_others_are_settled_all_the_same() {
    touch first held last
    hold held
    run "$BUILD/plugin/settle" -t 0.2 -v first held last
    sed 's/: settled.*/: settled/' out >got
    expect got <<EXPECTED
settle: first: settled
settle: held: still open for writing by process $holder (sleep)
settle: last: settled
EXPECTED
    test "$status" = 1 || fail "status $status"
}

test_in_a_tree_and_in_mode_writeback() {
    mkdir tree
    touch tree/held
    hold tree/held
    for mode in fsync writeback; do
        run "$BUILD/plugin/settle" -t 0.2 -m $mode tree/
        expect out <<EXPECTED
settle: tree/held: still open for writing by process $holder (sleep)
EXPECTED
        test "$status" = 1 || fail "status $status"
    done
}

test_a_timeout_of_nothing_asks_once() {
    hold held
    run "$BUILD/plugin/settle" -t 0 held
    test "$status" = 1 || fail "status $status"
    expect out <<EXPECTED
settle: held: still open for writing by process $holder (sleep)
EXPECTED
}

test_readers_are_nobodys_concern() {
    touch file
    sleep 60 3<file &
    holder=$!
    at_exit "kill $holder"
    run "$BUILD/plugin/settle" -t 0 file
    test "$status" = 0 || fail "$(cat out)"
}

# Where nobody lingers, the check is a lease taken and given back: no look through /proc.
test_nobody_lingers_and_nobody_is_looked_for() {
    case $(stat -f -c %T .) in
    ext2/ext3 | xfs | btrfs | tmpfs) ;;
    *) skip "needs TMPDIR on ext4, xfs, btrfs or tmpfs, where a lease sees everything" ;;
    esac
    touch file
    PRELOAD='' TRACE=fcntl,openat traced log "$BUILD/plugin/settle" file
    test "$(grep -c F_SETLEASE log)" = 2 || fail "$(cat log)"
    ! grep '"/proc"' log || fail "looked through /proc"
}

# As root, what runs a command as an ordinary user.
as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'

# shellcheck disable=SC2086
need_nobody() {
    need_root "to become another user"
    need setpriv util-linux
    cp "$BUILD/plugin/settle" .
    chmod 755 . settle
    $as_nobody ./settle --version >/dev/null 2>&1 || skip "needs a TMPDIR that other users can reach"
}

test_another_users_file_that_cannot_be_told() {
    if test "$(id -u)" = 0; then
        need_nobody
        touch file
        # shellcheck disable=SC2086
        run $as_nobody ./settle -v file
        name='file'
    else
        name=/etc/passwd
        test "$(stat -c %u $name)" != "$(id -u)" || skip "needs a file of another user's"
        run "$BUILD/plugin/settle" -v $name
    fi
    test "$status" = 0 || fail "status $status: $(cat out)"
    grep -q "^settle: $name: settled, .*; whether another user's process writes to it can't be told\$" out ||
        fail "$(cat out)"
}

test_another_users_file_held_by_an_own_process() {
    need_nobody
    touch file
    # shellcheck disable=SC2086
    hold file $as_nobody
    # shellcheck disable=SC2086
    run $as_nobody ./settle -t 0.3 file
    expect out <<EXPECTED
settle: file: still open for writing by process $holder (sleep)
EXPECTED
    test "$status" = 1 || fail "status $status"
}

test_an_own_file_held_by_a_process_that_cannot_be_seen() {
    need_nobody
    touch file
    chown 65534 file
    hold file
    # shellcheck disable=SC2086
    run $as_nobody ./settle -t 0.3 file
    expect out <<EXPECTED
settle: file: still open for writing by a process that can't be seen from here
EXPECTED
    test "$status" = 1 || fail "status $status"
}

test_root_sees_another_users_process() {
    need_nobody
    touch file
    chown 65534 file
    # shellcheck disable=SC2086
    hold file $as_nobody
    run ./settle -t 0.3 file
    expect out <<EXPECTED
settle: file: still open for writing by process $holder (sleep)
EXPECTED
}

# Ctrl-C while settle waits for a writer.

# Starts COMMAND with SIGINT's default disposition (a shell ignores it for what it starts in the
# background) in a session of its own, its pid in $waiting, and gives it a second to get to its waiting.
start_waiting() {
    # shellcheck disable=SC2086
    env --default-signal=INT ${PRELOAD:+LD_PRELOAD="$PRELOAD"} setsid "$@" >out 2>&1 &
    waiting=$!
    at_exit "kill -s KILL -- -$waiting 2>/dev/null || :"
    sleep 1
    kill -0 "$waiting" || fail "has not waited: $(cat out)"
}

# interrupted STATUS...: it must end within ten seconds, of a timeout of 60, with one of these.
interrupted() {
    kill -s INT -- "-$waiting"
    before=$(date +%s)
    status=0
    wait "$waiting" || status=$?
    test $(($(date +%s) - before)) -lt 10 || fail "went on waiting: $(cat out)"
    case " $* " in
    *" $status "*) ;;
    *) fail "status $status: $(cat out)" ;;
    esac
}

test_ctrl_c_ends_the_function() {
    hold held
    printf '%s\n' 'load $(PLUGIN)' 'all:' '	@echo $(settle held)' >Makefile
    start_waiting "$MAKE" SETTLE_TIMEOUT=60
    interrupted 130
}

test_ctrl_c_ends_settle_sh() {
    hold held
    printf '%s\n' 'load $(PLUGIN)' 'all: private SETTLE = held' 'all:' '	@:; touch ran' >Makefile
    start_waiting "$MAKE" SETTLE_TIMEOUT=60
    test -e ran || fail "the recipe has not run"
    # 2: where the job ends just before make's handler waits for it, make says "wait: No child processes"
    interrupted 130 2
    test -z "$(ps -o pid= --sid "$waiting")" || fail "still there: $(ps --sid "$waiting")"
}

test_ctrl_c_ends_the_command() {
    hold held
    start_waiting "$BUILD/plugin/settle" -t 60 held
    interrupted 130
}

# Openers and the lease.  LEASE_RACES says how many opens (Must hold: 100000).

race() {
    "$BUILD/tests/leaserace" "${LEASE_RACES:-5000}" "$1" >got || fail "status $?: $(cat got)"
    races=${LEASE_RACES:-5000}
    awk -v races="$races" '
        $1 == "blocking" && $2 == int(races / 2) && $3 == 0 { good++ }
        $1 == "nonblocking" && $2 + $3 == races - int(races / 2) && $2 > 0 && $4 == 0 { good++ }
        $1 == "checks" && $2 > 0 { good++ }
        $1 == "settler" && $2 == 0 { good++ }
        END { exit good != 4 }' got || fail "$(cat got)"
}

test_openers_that_race_the_check() {
    touch file
    race file
}

test_openers_that_race_the_check_on_tmpfs() {
    mount_tmpfs
    touch mnt/file
    race mnt/file
}

# The same inside make, whose process holds the lease: its breaking sends a signal that kills nobody.
test_make_is_not_killed_by_a_lease_break() {
    touch file
    (while test ! -e stop; do : 3>>file; done) &
    opener=$!
    at_exit "touch '$PWD/stop'; wait $opener"
    cat >Makefile <<'MAKE'
load $(PLUGIN)
digits = 0 1 2 3 4 5 6 7 8 9
$(foreach i,$(digits),$(foreach j,$(digits),$(foreach k,$(digits),$(if $(settle file),))))
all:
	@echo done
MAKE
    run mk SETTLE_MODE=writeback
    expect out <<'EXPECTED'
done
EXPECTED
    test "$status" = 0 || fail "status $status"
}

# Nobody would ever let go of it.
test_what_make_itself_prints_to_is_no_writers() {
    mkdir tree
    printf '%s\n' 'load $(PLUGIN)' 'output: private SETTLE = tree/' 'output: ; @echo made; echo >tree/file' \
        'all: output ; @echo $(settle tree/)' >Makefile
    mk all SETTLE_TIMEOUT=1 >tree/log 2>&1 || fail "$(cat tree/log)"
    "$BUILD/plugin/settle" --timeout=1 tree/ >>tree/log 2>&1 || fail "$(cat tree/log)"
    printf 'made\ntree/\n' | diff - tree/log || fail "not as expected"
    status=0
    "$BUILD/plugin/settle" --timeout=0 tree/ >out 2>&1 7>>tree/log || status=$?
    test $status = 1 || fail "another descriptor: status $status"
}

# Then the file to be settled gets the number that is for printing.
test_nowhere_to_print_to() {
    echo text >file
    hold file
    printf '%s\n' 'load $(PLUGIN)' 'all: ; $(if $(settle file),)' >Makefile
    for closed in '>&-' '2>&-' '>&- 2>&-'; do
        status=0
        eval "'$BUILD/plugin/settle' --timeout=0.1 file 2>out $closed" || status=$?
        test $status = 1 || fail "$closed: status $status"
    done
    status=0
    mk SETTLE_TIMEOUT=0.1 2>out >&- || status=$?
    test $status = 2 || fail "make: status $status"
}

# What a process has mapped whose main thread has ended is known to its other threads alone.
test_the_main_thread_has_ended() {
    mount_overlay
    cat >threads.c <<'EOF'
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
static void *stay(void *text) { sleep(60); return text; }
int main(void)
{
    pthread_t thread;
    int fd = open("over/file", O_RDWR);
    char *text = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    *text = 'x';
    pthread_create(&thread, NULL, stay, text);
    pthread_exit(NULL);
}
EOF
    $CC -pthread -o threads threads.c
    echo text >over/file
    ./threads &
    threads=$!
    at_exit "kill -s KILL $threads 2>/dev/null || :"
    tries=0
    until grep -q '^State:	Z' "/proc/$threads/status"; do
        tries=$((tries + 1))
        test $tries -lt 500 || fail "its main thread does not end"
        sleep 0.01
    done
    run "$BUILD/plugin/settle" --timeout=0.1 over/file
    expect out <<EXPECTED
settle: over/file: still open for writing by process $threads (threads)
EXPECTED
    test "$status" = 1 || fail "status $status"
}

# Who lets go of a file on overlayfs may have put another one in its place.
test_replaced_when_let_go_of() {
    mount_overlay
    command -v strace >/dev/null || skip "needs strace"
    echo new >over/new
    (cd over && $LINGER --linger=1 file)
    (sleep 0.4; mv over/new over/file) &
    strace -f -y -o log -e trace=fsync "$BUILD/plugin/settle" over/file
    wait $!
    grep -q "fsync([0-9]*<.*/file>)" log || fail "$(cat log)"
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
