#!/usr/bin/env bash
# Installs what building and testing lanner needs and this machine lacks.
#
# Every need is a probe (does the tool run, does pkg-config know the library), not a package name:
# whatever provides it will do, and with nothing missing this takes a moment and prints nothing.
# Packages come from the system's apt-get; on other systems the missing ones are named instead.
#
#   scripts/bootstrap.sh            all: build, tests, fuzzing, checks
#   scripts/bootstrap.sh --build    only what building the program needs
#   ... --check                     install nothing; name what is missing and fail
#
# It does not install Node.js from outside the distribution (see check_node).
set -u

CMAKE_MIN=3.21
GCC_MIN=12
CLANG_MIN=14
NODE_MIN=20

scope=all
install=yes
for arg in "$@"; do
    case $arg in
    --build) scope=build ;;
    --check) install=no ;;
    *)
        echo "bootstrap: unknown option '$arg'; known: --build --check" >&2
        exit 2
        ;;
    esac
done

die() {
    echo "bootstrap: $*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }
has_jinja2() {
    python3 -c "import jinja2" 2>/dev/null || /usr/bin/python3 -c "import jinja2" 2>/dev/null
}
has_lib() { has pkg-config && pkg-config --exists "$1"; }
has_c_and_make() {
    has make && has g++ && has gcc && echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1
}

# clang's run-time libraries (sanitizers, libFuzzer) are a package of their own.
has_clang_rt() {
    has clang || return 1
    local dir
    dir=$(clang -print-runtime-dir)
    [ -e "$dir/libclang_rt.fuzzer-$(uname -m).a" ] || [ -e "$dir/libclang_rt.fuzzer.a" ]
}

# need PACKAGE PROBE...: notes PACKAGE as missing unless PROBE succeeds.
missing=()
need() {
    local package=$1
    shift
    "$@" || missing+=("$package")
}

list_missing() {
    missing=()
    need build-essential has_c_and_make
    need cmake has cmake
    need pkg-config has pkg-config
    need libhwloc-dev has_lib hwloc
    need libjansson-dev has_lib jansson
    need libpcre2-dev has_lib libpcre2-8
    need libutf8proc-dev has_lib libutf8proc
    need libedit-dev has_lib libedit
    if [ $scope = all ]; then
        need ninja-build has ninja
        need clang has clang
        need clang-format has clang-format
        need libclang-rt-dev has_clang_rt
        need libcmocka-dev has_lib cmocka
        need python3 has python3
        need python3-jinja2 has_jinja2
        need git has git
        need tmux has tmux
    fi
}

# as_root COMMAND...: runs it as root, or says the line that a person with the rights has to run.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    elif has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        die "missing: ${missing[*]}; run as root: apt-get update && apt-get install ${missing[*]}"
    fi
}

install_missing() {
    has apt-get || die "missing (Debian's names): ${missing[*]}; install them and try again"
    [ $install = yes ] || die "missing: ${missing[*]}; 'scripts/bootstrap.sh' installs them"
    echo "bootstrap: installing ${missing[*]}"
    as_root apt-get update -qq ||
        echo "bootstrap: apt-get update failed; going on with the package lists that are here" >&2
    as_root apt-get install -y -qq --no-install-recommends -o Acquire::Retries=3 \
        -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null || die "apt-get install ${missing[*]} failed"
    list_missing
    [ ${#missing[@]} = 0 ] || die "installed, but still not usable: ${missing[*]}"
}

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

check_versions() {
    local version
    version=$(cmake --version | sed -n '1s/[^0-9]*//p')
    at_least "$version" $CMAKE_MIN || die "cmake $version is too old, $CMAKE_MIN is needed"
    version=$(gcc -dumpfullversion)
    at_least "$version" $GCC_MIN || die "gcc $version is too old, $GCC_MIN is needed"
    [ $scope = all ] || return 0
    version=$(clang -dumpversion)
    at_least "$version" $CLANG_MIN || die "clang $version is too old, $CLANG_MIN is needed"
}

# Node runs only the comparison with llama.cpp (scripts/peer_setup.sh); without it that
# test is skipped. Where the distribution's own Node is too old (Debian 12 has 18), installing it
# would not help, so this warns, once per build folder, and goes on.
check_node() {
    local version=none note=build/.node_noted
    has node && version=$(node --version | tr -d v)
    [ "$version" != none ] && at_least "$version" $NODE_MIN && has npm && return 0
    [ -e $note ] && return 0
    echo "bootstrap: warning: Node $NODE_MIN or newer with npm is not here (found: $version);" \
        "the comparison with llama.cpp (model/peer_greedy) will be skipped" >&2
    mkdir -p build && touch $note
}

cd "$(dirname "$0")/.." || exit 1
list_missing
[ ${#missing[@]} = 0 ] || install_missing
check_versions
[ $scope = build ] || check_node
