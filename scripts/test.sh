#!/usr/bin/env bash
# The whole test: every build that we promise, and the tests that belong to it.
#
# Each step says what it does and how long it took; one that fails does not stop the others, so that
# one run shows all that is wrong. The last line counts the tests of all the builds together.
#
#   scripts/test.sh          the whole (CI); aims at less than 20 minutes on 2 cores
#   scripts/test.sh quick    one build, the tests labelled quick; less than a minute once built
set -u
cd "$(dirname "$0")/.." || exit 1

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
n_passed=0
n_failed=0
n_skipped=0
report=()
failed_steps=()

# Adds a finished ctest run's counts, from its own closing line: "P% tests passed, F tests failed
# out of N", skipped ones being among the N. A run that never came to that line counts as one failed
# test.
count_tests() {
    local counts skipped
    counts=$(sed -n 's/.*% tests passed, \([0-9]*\) tests* failed out of \([0-9]*\)$/\1 \2/p' "$1" |
        tail -n 1)
    if [ -z "$counts" ]; then
        n_failed=$((n_failed + 1))
        return
    fi
    skipped=$(grep -c '[*][*][*]Skipped' "$1")
    n_skipped=$((n_skipped + skipped))
    n_failed=$((n_failed + ${counts% *}))
    n_passed=$((n_passed + ${counts#* } - ${counts% *} - skipped))
}

# step NAME COMMAND...: runs it with its output shown and its seconds noted.
step() {
    local name=$1 start=$SECONDS log=$logs/step rc state=ok
    shift
    printf '\n== %s\n' "$name"
    "$@" 2>&1 | tee "$log"
    rc=${PIPESTATUS[0]}
    if [ "$rc" != 0 ]; then
        state=FAILED
        failed_steps+=("$name")
    fi
    if [ "$1" = ctest_in ]; then count_tests "$log"; fi
    report+=("$(printf '%-7s %5d s  %s' "$state" $((SECONDS - start)) "$name")")
    return "$rc"
}

# ctest_in FOLDER ARGS...: fails also when no test matches, so that a lost label is noticed. Address
# layout randomisation is switched off where that is allowed: ThreadSanitizer of gcc 12 does not
# start under the 32 bits of it that newer kernels use.
ctest_in() {
    local folder=$1 fixed_layout=
    shift
    if setarch "$(uname -m)" -R true 2>/dev/null; then fixed_layout="setarch $(uname -m) -R"; fi
    $fixed_layout ctest --test-dir "$folder" --output-on-failure --no-tests=error \
        --parallel "$(nproc)" "$@"
}

# Sanitizer reports end the test that made them; see -fno-sanitize-recover in CMakeLists.txt.
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1


case ${1:-whole} in
quick)
    step "bootstrap" scripts/bootstrap.sh || exit 1
    step "build: gcc, release" scripts/build.sh release &&
        step "tests: quick" ctest_in build -L quick
    ;;
whole)
    step "bootstrap" scripts/bootstrap.sh || exit 1
    step "build: gcc, release" scripts/build.sh release &&
        step "tests: all, release" ctest_in build
    step "build: clang, release" scripts/build.sh clang
    step "build: address and undefined-behaviour sanitizers" scripts/build.sh dev &&
        step "tests: all, with these sanitizers" ctest_in build-dev -LE style
    step "build: thread sanitizer" scripts/build.sh tsan &&
        step "tests: threads, with it" ctest_in build-tsan -L threads
    step "build: scalar kernels only" scripts/build.sh scalar-only &&
        step "tests: quick, scalar" ctest_in build-scalar -L quick -LE style
    ;;
*)
    echo "test.sh: unknown argument '$1'; known: quick" >&2
    exit 2
    ;;
esac

printf '\n'
printf '%s\n' "${report[@]}"
printf 'in %d min %d s\n' $((SECONDS / 60)) $((SECONDS % 60))
for name in ${failed_steps[@]+"${failed_steps[@]}"}; do
    printf 'step failed: %s\n' "$name"
done
printf 'tests: %d passed, %d failed, %d skipped\n' "$n_passed" "$n_failed" "$n_skipped"
[ ${#failed_steps[@]} = 0 ]
