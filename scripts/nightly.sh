#!/usr/bin/env bash
# What takes too long for every commit: the whole test, then hours of fuzzing.
#
#   scripts/nightly.sh [SECONDS_PER_TARGET]      default 1200
#
# Writes what happened to docs/measurements/nightly-DATE.md, to be committed by whoever ran it.
set -u
cd "$(dirname "$0")/.." || exit 1

seconds=${1:-1200}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
rc=0

scripts/test.sh 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" = 0 ] || rc=1
test_report=$(sed -n '/^\(ok\|FAILED\) .* s  /,$p' "$log")

scripts/fuzz.sh "$seconds" 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" = 0 ] || rc=1
fuzz_report=$(grep '^fuzz' "$log")

state=$(git describe --always --dirty 2>/dev/null || echo "no git checkout")
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
report=docs/measurements/nightly-$(date -u +%Y-%m-%d).md
mkdir -p docs/measurements
cat >"$report" <<END
# Nightly run of $(date -u '+%Y-%m-%d %H:%M') UTC

Commit $state; ${cpu:-unknown CPU}, $(nproc) CPUs, Linux $(uname -r); $(gcc --version | head -n 1);
$(clang --version | head -n 1). Made by \`scripts/nightly.sh $seconds\`.

## The whole test

\`\`\`
$test_report
\`\`\`

## Fuzzing

\`\`\`
$fuzz_report
\`\`\`
END
echo "written: $report"
exit $rc
