# install.sh - what "make install" gives works, where it was put and where it is moved to
# SPDX-License-Identifier: GPL-3.0-or-later

# The tests install into the folder "root" of their own, for the prefix /opt/settle.
root=root
prefix=/opt/settle

# make in the build tree, without the sanitizer's preload.
build_make() {
    "$MAKE" -s --no-print-directory -C "$BUILD" DESTDIR="$(pwd -P)/root" prefix=$prefix "$@" \
        >build.log 2>&1 || fail "make $*: $(cat build.log)"
}

# The folder that the Makefile's variable $1 names.
folder() {
    "$MAKE" -s --no-print-directory -C "$BUILD" prefix=$prefix --eval="show:; @echo \$($1)" show
}

find_folders() {
    bindir=$(folder bindir)
    libdir=$(folder libdir)
    pkglibdir=$(folder pkglibdir)
    includedir=$(folder includedir)
    for path in "$bindir" "$pkglibdir" "$includedir"; do
        case $path in
        $prefix/*) ;;
        *) skip "configured with a folder that isn't below the prefix: $path" ;;
        esac
    done
}

installed() {
    (cd "$root" && find . -type f -o -type l) | sort
}

# The makefile in stdin must work with the installation below the folder $1: what it settles is said by
# settle.so and settle-sh of that installation, which $(SHELL) names.
works_from() {
    where=$(pwd -P)/$1
    cat >Makefile
    cat >>Makefile <<'EOF'
output: private SETTLE = $@
output:
	@echo '$(SHELL) $(settle input)' >$@
EOF
    touch input
    rm -f output
    mk -I "$where$includedir" WHERE="$where" SETTLE_VERBOSE=1 >out 2>&1 || fail "$(cat out)"
    sed 's/: settled, .*//' out >got
    expect got <<'EOF'
settle: input
settle: output
EOF
    test "$(cat output)" = "$where$pkglibdir/bourne/sh input" || fail "another settle-sh: $(cat output)"
}

# All ways to use the installation below the folder $1.
installation_works() {
    works_from "$1" <<EOF
load \$(WHERE)$pkglibdir/settle.so
EOF
    works_from "$1" <<EOF
load \$(WHERE)$libdir/settle.so
EOF
    works_from "$1" <<'EOF'
include settle.mk
EOF
    works_from "$1" <<EOF
include settle.mk
load \$(WHERE)$libdir/settle.so
load \$(WHERE)$pkglibdir/settle.so
EOF
    where=$(pwd -P)/$1
    "$where$bindir/settle" --plugin-path >out
    expect out <<EOF
$where$pkglibdir/settle.so
EOF
    works_from "$1" <<EOF
load \$(shell \$(WHERE)$bindir/settle --plugin-path)
EOF
    "$where$bindir/settle" -v input >out 2>&1
    grep -q '^settle: input: settled' out || fail "$(cat out)"
}

# What was built in the source tree, with other options maybe, is no part of a build beside it.
test_a_build_beside_a_built_source_tree() {
    mkdir source
    (cd "$SRC" && tar cf - --exclude=./.git --exclude=./build .) | (cd source && tar xf -)
    # shellcheck disable=SC2016 # for make
    for folder in source source/beside; do
        mkdir -p $folder
        ( cd $folder && "$PWD/$(test $folder = source || echo ../)configure" -q CC="$CC" &&
            "$MAKE" -s --eval='some: ; @$(MAKE) plugin/idset.o $(SHELL_EXTRA)' some ) >build.log 2>&1 ||
            fail "$(cat build.log)"
        test -e $folder/plugin/idset.o || fail "$folder: not built: $(cat build.log)"
    done
}

test_an_installation_works() {
    find_folders
    build_make install
    installation_works root
}

# A makefile that hands each target on, by a rule for any name, is not to do so with the plugin.
test_rules_for_any_name() {
    find_folders
    build_make install
    printf '%s\n' 'include settle.mk' 'include settle.mk' 'first: second' 'Makefile: ;' '%.mk: ;' '%: force; @echo $@' \
        'force: ;' >Makefile
    for option in --warn-undefined-variables -n -q; do
        status=0
        mk -I "root$includedir" $option >out 2>&1 || status=$?
        ! grep 'settle\|overriding' out || fail "$option"
        case $option in
        -q) test $status = 1 || fail "-q: status $status: $(cat out)" ;;
        *) test "$status $(wc -l <out)" = '0 2' || fail "$option: status $status: $(cat out)" ;;
        esac
    done
}

test_an_installation_that_was_moved_works() {
    find_folders
    build_make install
    mkdir -p elsewhere/usr
    mv root$prefix elsewhere/usr/moved
    rm -r root
    for name in bindir libdir pkglibdir includedir; do
        eval "$name=/usr/moved\${$name#$prefix}"
    done
    installation_works elsewhere
}

test_what_is_installed() {
    find_folders
    build_make install
    for path in "$bindir/settle" "$libdir/settle.so" "$pkglibdir/settle.so" "$pkglibdir/settle-sh" \
        "$pkglibdir/bourne/sh" "$includedir/settle.mk" "$(folder man1dir)/settle.1" \
        "$(folder man7dir)/settle.7" "$(folder bashcompletiondir)/settle" \
        "$(folder docdir)/README.md" "$(folder docdir)/NEWS" "$(folder docdir)/COPYING"; do
        test -s "root$path" || fail "not there or empty: $path"
        echo ".$path" | tr -s /
    done | sort >expected
    installed | diff expected - || fail "other files"
    case $(folder docdir) in
    */) fail "docdir lacks the package's name: $(folder docdir)" ;;
    esac
    # nothing of the place where it was installed to
    ! grep -rlF "$(pwd -P)" root || fail "has the path of DESTDIR in it"
    ! grep -F '@' "root$includedir/settle.mk" || fail "not filled in"
    test "$(stat -c %a "root$bindir/settle" "root$pkglibdir/settle-sh" | sort -u)" = 755 ||
        fail "programs can't be run by all"
    test "$(stat -c %a "root$includedir/settle.mk" "root$(folder man1dir)/settle.1")" = '644
644' || fail "files can't be read by all"
}

test_installing_again_changes_nothing() {
    find_folders
    build_make install
    installed >expected
    build_make install
    installed | diff expected - || fail "other files"
    installation_works root
}

test_install_strip() {
    need strip binutils
    need nm binutils
    find_folders
    build_make install
    installed >expected
    rm -r root
    build_make install-strip
    installed | diff expected - || fail "other files than without stripping"
    for path in "$bindir/settle" "$pkglibdir/settle-sh" "$pkglibdir/settle.so"; do
        nm "root$path" >symbols 2>&1 || :
        grep -q 'no symbols' symbols || fail "$path: not stripped: $(head -n 3 symbols)"
    done
    installation_works root
}

test_uninstall_leaves_no_file() {
    find_folders
    build_make install
    build_make uninstall
    test -z "$(installed)" || fail "left: $(installed)"
    for path in "$pkglibdir" "$(folder docdir)"; do
        test ! -e "root$path" || fail "left: $path"
    done
    # and once more, with nothing there
    build_make uninstall
}

test_uninstall_leaves_what_is_not_ours() {
    find_folders
    build_make install
    touch "root$pkglibdir/mine" "root$bindir/mine" "root$includedir/mine.mk"
    build_make uninstall
    installed >left
    printf '%s\n' ".$bindir/mine" ".$includedir/mine.mk" ".$pkglibdir/mine" | sort | diff - left ||
        fail "other files left"
}

. "$SRC/tests/lib.sh"
run_tests "$@"
