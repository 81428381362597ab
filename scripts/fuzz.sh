#!/usr/bin/env bash
# Runs every fuzz target for a time, one after the other.
#
#   scripts/fuzz.sh SECONDS [TARGET...]
#
# A target is a program build-fuzz/fuzz_NAME from tests/fuzz. It starts from the generated seeds,
# from the inputs that broke it once (tests/fuzz/found/NAME) and from what earlier runs came upon
# (build-fuzz/corpus/NAME). An input that breaks it now is left in build-fuzz/findings/NAME. Prints
# one line per target; fails if any of them found something.
set -u
cd "$(dirname "$0")/.." || exit 1

seconds=${1:?usage: scripts/fuzz.sh SECONDS [TARGET...]}
shift
scripts/bootstrap.sh || exit 1
scripts/build.sh fuzz || exit 1
ctest --test-dir build-fuzz -R '^fuzz/' --no-tests=error --output-on-failure --quiet || {
    echo "fuzz: an input of the test itself fails; ctest --test-dir build-fuzz -R '^fuzz/'" >&2
    exit 1
}

targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    for program in build-fuzz/fuzz_*; do
        if [ -f "$program" ] && [ -x "$program" ]; then targets+=("${program##*/fuzz_}"); fi
    done
fi
if [ ${#targets[@]} = 0 ]; then
    echo "fuzz: no fuzz targets were built in build-fuzz" >&2
    exit 1
fi

# An input that takes more than this is a finding too: parsers have no business with either.
# ASan keeps freed memory apart for a while; by default more of it than the limit below allows.
export ASAN_OPTIONS=quarantine_size_mb=32
limits=(-max_len=4096 -timeout=5 -rss_limit_mb=512)
rc=0
for name in "${targets[@]}"; do
    corpus=build-fuzz/corpus/$name
    findings=build-fuzz/findings/$name
    log=build-fuzz/fuzz_$name.log
    mkdir -p "$corpus" "$findings"
    folders=("$corpus")
    for folder in "build-fuzz/tests/fuzz/seeds/$name" "tests/fuzz/found/$name"; do
        if [ -d "$folder" ]; then folders+=("$folder"); fi
    done
    result=clean
    if ! "build-fuzz/fuzz_$name" -max_total_time="$seconds" "${limits[@]}" -print_final_stats=1 \
        -artifact_prefix="$findings/" "${folders[@]}" >"$log" 2>&1; then
        result="FAILED, see $log and $findings/"
        rc=1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    echo "fuzz $name: $seconds s, ${runs:-?} inputs, ${edges:-?} edges: $result"
done
exit $rc
